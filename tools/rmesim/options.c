/* SPDX-License-Identifier: BSD-3-Clause */
#include "rmesim.h"

#include <errno.h>
#include <stdlib.h>
#include <inttypes.h>
#include <string.h>

#define MAX_JOBS 256u

void usage_error(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	fprintf(stderr, "rmesim: error: %s\n", text);
	g_free(text);
}

static bool parse_number(const char *name, const char *value, uint64_t min, uint64_t max,
			 uint64_t *out)
{
	bool hex = g_str_has_prefix(value, "0x");
	const char *digits = hex ? value + 2 : value;
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(digits, &end, hex ? 16 : 10);
	if (!g_ascii_isxdigit(*digits) || *end || errno || number < min || number > max) {
		usage_error("--%s: expected a number from %" PRIu64 " to %" PRIu64 ", found '%s'",
			    name, min, max, value);
		return false;
	}
	*out = number;
	return true;
}

static bool set_unsigned(const char *name, const char *value, unsigned int max, unsigned int *out)
{
	uint64_t number;

	if (!parse_number(name, value, 1, max, &number))
		return false;
	*out = (unsigned int)number;
	return true;
}

static bool set_filter(struct options *options, const char *value)
{
	g_ptr_array_add(options->filters, g_strdup(value));
	return true;
}

static bool set_exclude(struct options *options, const char *value)
{
	g_ptr_array_add(options->excludes, g_strdup(value));
	return true;
}

static bool set_tag(struct options *options, const char *value)
{
	g_ptr_array_add(options->tags, g_strdup(value));
	return true;
}

static bool set_level(struct options *options, const char *value)
{
	unsigned int i;

	for (i = 0; i < PLAN_NUM_LEVELS; i++) {
		if (!strcmp(plan_level_name((enum plan_level)i), value)) {
			options->level = (enum plan_level)i;
			return true;
		}
	}
	usage_error("--level: expected smoke, regression or long, found '%s'", value);
	return false;
}

static bool set_jobs(struct options *options, const char *value)
{
	return set_unsigned("jobs", value, MAX_JOBS, &options->jobs);
}

static bool set_seed(struct options *options, const char *value)
{
	return parse_number("seed", value, 0, UINT64_MAX, &options->seed);
}

static bool set_timeout(struct options *options, const char *value)
{
	return set_unsigned("timeout", value, 1000000, &options->timeout_s);
}

static bool set_repeat(struct options *options, const char *value)
{
	return set_unsigned("repeat", value, 1000000, &options->repeat);
}

static bool set_rmi_log(struct options *options, const char *value)
{
	options->rmi_log = value;
	return true;
}

static bool set_trace(struct options *options, const char *value)
{
	options->trace = value;
	return true;
}

static bool set_report(struct options *options, const char *value)
{
	const char *const *kinds = report_kinds();
	const char *equals = strchr(value, '=');
	size_t length = equals ? (size_t)(equals - value) : strlen(value);
	char *list;
	unsigned int i;

	for (i = 0; kinds[i]; i++) {
		if (equals && equals[1] && strlen(kinds[i]) == length &&
		    !strncmp(kinds[i], value, length)) {
			g_ptr_array_add(options->reports, g_strdup(value));
			return true;
		}
	}
	list = g_strjoinv("=FILE or ", (char **)(uintptr_t)kinds);
	usage_error("--report: expected %s=FILE (- is standard output), found '%s'", list, value);
	g_free(list);
	return false;
}

static bool set_follow(struct options *options, const char *value)
{
	options->follow = value;
	return true;
}

static bool set_kvm(struct options *options, const char *value)
{
	g_ptr_array_add(options->kvm, g_strdup(value));
	return true;
}

static bool set_baseline(struct options *options, const char *value)
{
	options->baseline = value;
	return true;
}

static bool set_write_baseline(struct options *options, const char *value)
{
	options->write_baseline = value;
	return true;
}

static bool set_coverage_html(struct options *options, const char *value)
{
	options->coverage_html = value;
	return true;
}
static const char *const color_names[] = {
	[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never", NULL};

static bool set_color(struct options *options, const char *value)
{
	unsigned int i;

	for (i = 0; color_names[i]; i++) {
		if (!strcmp(color_names[i], value)) {
			options->color = (enum color_mode)i;
			return true;
		}
	}
	usage_error("--color: expected auto, always or never, found '%s'", value);
	return false;
}

static bool set_shard(struct options *options, const char *value)
{
	options->has_shard = true;
	if (shard_parse(value, &options->shard))
		return true;
	usage_error(
		"--shard: expected INDEX/TOTAL such as 0/4, the index from 0 and below the total, "
		"found '%s'",
		value);
	return false;
}

static bool set_output(struct options *options, const char *value)
{
	options->output = value;
	return true;
}

#define FLAG(member)                                                                               \
	static bool set_##member(struct options *options, const char *value)                       \
	{                                                                                          \
		(void)value;                                                                       \
		options->member = true;                                                            \
		return true;                                                                       \
	}
FLAG(fail_fast)
FLAG(in_process)
FLAG(exact)
FLAG(json)
FLAG(verbose)
FLAG(ascii)
FLAG(help)
FLAG(steps)
FLAG(faults)
FLAG(expectations)
FLAG(conditions)

static const char *const *level_words(void)
{
	static const char *words[PLAN_NUM_LEVELS + 1];
	unsigned int i;

	for (i = 0; i < PLAN_NUM_LEVELS; i++)
		words[i] = plan_level_name((enum plan_level)i);
	return words;
}

/* "text=", "tap=", ... */
static const char *const *report_words(void)
{
	static const char *words[16];
	const char *const *kinds = report_kinds();
	size_t i;

	for (i = 0; kinds[i] && i < G_N_ELEMENTS(words) - 1; i++) {
		if (!words[i])
			words[i] = g_strconcat(kinds[i], "=", NULL);
	}
	return words;
}

const struct option_def option_filter = {
	0, "filter", "GLOB",
	"only scenarios whose id or name matches (* and ?); several: any of them", set_filter};
const struct option_def option_exclude = {0, "exclude", "GLOB", "not those that match",
					  set_exclude};
const struct option_def option_tag = {0, "tag", "TAG",
				      "only those with this tag; several: any of them", set_tag};
const struct option_def option_level = {
	0, "level", "LEVEL", "up to this level: smoke, regression (default) or long", set_level};
const struct option_def option_jobs = {
	'j', "jobs", "N", "processes at once (default: one for each processor)", set_jobs};
const struct option_def option_seed = {0, "seed", "N",
				       "decides everything that is random (default 1)", set_seed};
const struct option_def option_timeout = {0, "timeout", "SECONDS", "for each run (default 60)",
					  set_timeout};
const struct option_def option_repeat = {
	0, "repeat", "N", "run each N times, with seeds derived from the first", set_repeat};
const struct option_def option_rmi_log = {
	0, "rmi-log", "FILE", "write the RMI calls there, for 'rmesim rmi'", set_rmi_log};
const struct option_def option_trace = {0, "trace", "FILE", "write all events there, as JSON Lines",
					set_trace};
const struct option_def option_report = {
	0, "report", "KIND=FILE",
	"write a report: text, tap, junit, jsonl, github, perfetto or html; - is standard output, "
	"which then "
	"carries "
	"nothing else (github: and the text); several reports at once are fine",
	set_report};
const struct option_def option_follow = {0, "follow", "ADDR",
					 "instead of the maps, the life of one page: what touched "
					 "it and each state that it was in; an IPA "
					 "(or ipa:IPA), or a granule of DRAM (or pa:PA)",
					 set_follow};
#define KVM_HELP                                                                                   \
	"a KVM build to test instead of the one that comes with rmesim; several, one for "         \
	"each page size"
const struct option_def option_kvm = {0, "kvm", "FILE", KVM_HELP, set_kvm};
const struct option_def option_kvm_compared = {
	0, "kvm", "FILE", KVM_HELP "; two of one page size are compared, step by step", set_kvm};
const struct option_def option_baseline = {
	0, "baseline", "FILE", "findings that are known, and so do not fail", set_baseline};
const struct option_def option_write_baseline = {
	0, "write-baseline", "FILE", "write what is found as a baseline; nothing fails then",
	set_write_baseline};
const struct option_def option_coverage_html = {
	0, "coverage-html", "DIR",
	"write which lines of your rme.c ran, with gcovr; the KVM build is one of kvm-build "
	"--coverage",
	set_coverage_html};
const struct option_def option_json = {0, "json", NULL, "an array of objects, for programs",
				       set_json};
const struct option_def option_exact = {0, "exact", NULL,
					"judge also how your own host does what it promises (RMI "
					"calls, tables, WARNs about an RMM that was made to "
					"fail), as if it were rmesim's",
					set_exact};
const struct option_def option_fail_fast = {
	0, "fail-fast", NULL, "stop after the first run that does not pass", set_fail_fast};
const struct option_def option_in_process = {0, "in-process", NULL,
					     "for a debugger: everything in this process, one run "
					     "after the other; there is no time limit, and "
					     "a crash ends it all",
					     set_in_process};
const struct option_def option_verbose = {'v', "verbose", NULL, "say more", set_verbose};
const struct option_def option_color = {
	0, "color", "WHEN", "auto (default: on a terminal, unless NO_COLOR is set), always, never",
	set_color};
const struct option_def option_ascii = {0, "ascii", NULL, "draw with ASCII characters only",
					set_ascii};
const struct option_def option_steps = {0, "steps", NULL,
					"the vocabulary of steps instead of scenarios", set_steps};
const struct option_def option_faults = {0, "faults", NULL, "the fault points instead of scenarios",
					 set_faults};
const struct option_def option_expectations = {
	0, "expectations", NULL, "the expectations instead of scenarios", set_expectations};
const struct option_def option_conditions = {
	0, "conditions", NULL, "the failure conditions of the RMI commands", set_conditions};
const struct option_def option_shard = {
	0, "shard", "I/N",
	"only part I (from 0) of N; also from TEST_SHARD_INDEX and TEST_TOTAL_SHARDS, or "
	"JOB_COMPLETION_INDEX and JOB_COMPLETIONS",
	set_shard};
const struct option_def option_merge_output = {'o', "output", "FILE", "where to write (default: -)",
					       set_output};
const struct option_def option_help = {'h', "help", NULL, "this text", set_help};

const char *const *option_words(const struct option_def *option)
{
	if (option == &option_level)
		return level_words();
	if (option == &option_report)
		return report_words();
	return option == &option_color ? color_names : NULL;
}

void options_init(struct options *options)
{
	*options = (struct options){
		.paths = g_ptr_array_new_with_free_func(g_free),
		.filters = g_ptr_array_new_with_free_func(g_free),
		.excludes = g_ptr_array_new_with_free_func(g_free),
		.tags = g_ptr_array_new_with_free_func(g_free),
		.reports = g_ptr_array_new_with_free_func(g_free),
		.kvm = g_ptr_array_new_with_free_func(g_free),
		.level = PLAN_REGRESSION,
		.jobs = MIN(g_get_num_processors(), MAX_JOBS),
		.seed = 1,
		.timeout_s = 60,
		.repeat = 1,
		.build = {.includes = g_ptr_array_new_with_free_func(g_free),
			  .adds = g_ptr_array_new_with_free_func(g_free),
			  .cflags = g_ptr_array_new_with_free_func(g_free),
			  .cc = "gcc",
			  .page_shift = 12},
		.shard = {.total = 1},
	};
}

void options_clear(struct options *options)
{
	g_ptr_array_unref(options->paths);
	g_ptr_array_unref(options->filters);
	g_ptr_array_unref(options->excludes);
	g_ptr_array_unref(options->tags);
	g_ptr_array_unref(options->reports);
	g_ptr_array_unref(options->kvm);
	g_ptr_array_unref(options->build.includes);
	g_ptr_array_unref(options->build.adds);
	g_ptr_array_unref(options->build.cflags);
}

static const struct option_def *find_long(const struct command *command, const char *name,
					  size_t length)
{
	const struct option_def *const *option;

	for (option = command->options; *option; option++) {
		if (strlen((*option)->name) == length && !strncmp((*option)->name, name, length))
			return *option;
	}
	return NULL;
}

static const struct option_def *find_short(const struct command *command, char letter)
{
	const struct option_def *const *option;

	for (option = command->options; *option; option++) {
		if ((*option)->letter == letter)
			return *option;
	}
	return NULL;
}

static void unknown_option(const struct command *command, const char *text, size_t length)
{
	const char *names[32] = {NULL}, *nearest;
	char *name = g_strndup(text, length);
	size_t i;

	for (i = 0; command->options[i] && i < G_N_ELEMENTS(names) - 1; i++)
		names[i] = command->options[i]->name;
	nearest = name_nearest(name, names);
	if (nearest)
		usage_error("%s: unknown option '--%s': did you mean '--%s'?", command->name, name,
			    nearest);
	else
		usage_error("%s: unknown option '--%s': see 'rmesim %s --help'", command->name,
			    name, command->name);
	g_free(name);
}

bool options_parse(const struct command *command, int argc, char **argv, struct options *options)
{
	bool only_paths = false;
	int i;

	for (i = 1; i < argc; i++) {
		const char *argument = argv[i], *value = NULL;
		const struct option_def *option;

		if (only_paths || *argument != '-' || !strcmp(argument, "-")) {
			g_ptr_array_add(options->paths, g_strdup(argument));
			continue;
		}
		if (!strcmp(argument, "--")) {
			only_paths = true;
			continue;
		}
		if (argument[1] == '-') {
			const char *equals = strchr(argument, '=');
			size_t length =
				equals ? (size_t)(equals - argument - 2) : strlen(argument + 2);

			option = find_long(command, argument + 2, length);
			if (!option) {
				unknown_option(command, argument + 2, length);
				return false;
			}
			value = equals ? equals + 1 : NULL;
		} else {
			option = find_short(command, argument[1]);
			if (!option) {
				usage_error("%s: unknown option '-%c': see 'rmesim %s --help'",
					    command->name, argument[1], command->name);
				return false;
			}
			value = argument[2] ? argument + 2 : NULL;
		}
		if (!option->argument && value) {
			usage_error("%s: --%s takes no value, found '%s'", command->name,
				    option->name, value);
			return false;
		}
		if (option->argument && !value) {
			value = argv[++i];
			if (i == argc) {
				usage_error("%s: --%s needs a value: %s", command->name,
					    option->name, option->argument);
				return false;
			}
		}
		if (!option->set(options, value))
			return false;
	}
	return true;
}

void command_help(const struct command *command, FILE *out)
{
	const struct option_def *const *option;

	fprintf(out, "usage: rmesim %s %s\n\n%s\n\noptions:\n", command->name, command->arguments,
		command->summary);
	for (option = command->options; *option; option++) {
		const struct option_def *def = *option;
		char *head = g_strdup_printf(
			"%s%c%s--%s%s%s", def->letter ? "-" : " ", def->letter ? def->letter : ' ',
			def->letter ? ", " : "  ", def->name, def->argument ? " " : "",
			def->argument ? def->argument : "");

		fprintf(out, "  %-26s  %s\n", head, def->help);
		g_free(head);
	}
	fprintf(out, "\nexamples:\n%s", command->examples);
}
