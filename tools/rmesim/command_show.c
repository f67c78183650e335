/* SPDX-License-Identifier: BSD-3-Clause */
#include "rmesim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct show {
	const struct options *options;
	struct kvm_builds *builds;
	struct report_summary summary;
	char *extra;
	struct follow_target follow; /* options->follow says whether there is one */
};

/* Block characters are drawn unless the environment names a character set that has none. */
static bool locale_is_narrow(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *value = NULL, *charset;
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(names) && !(value && *value); i++)
		value = getenv(names[i]);
	charset = value ? strchr(value, '.') : NULL;
	return charset && g_ascii_strncasecmp(charset, ".utf-8", 6) &&
	       g_ascii_strncasecmp(charset, ".utf8", 5);
}

static struct kvm_module *find_module(void *ctx, uint32_t page_size, char **reason)
{
	const struct show *show = ctx;

	return kvm_builds_module(show->builds, page_size, reason);
}

/* What the closing checks have made sure of. */
static const char *closing_words(const struct plan *plan)
{
	if (plan->hostile)
		return "; a hostile scenario, so that the host was not audited";
	if (plan->machine.no_kvm || plan->allow_leaks)
		return "";
	return "; everything was given back";
}

static void take_result(void *ctx, const struct result *result)
{
	struct show *show = ctx;
	struct map_options options = {
		.color = color_wanted(show->options->color, stdout),
		.ascii = show->options->ascii || locale_is_narrow(),
		.verbose = show->options->verbose,
	};
	struct report_run run = {
		.program = program_name(), .options = show->extra, .num_runs = 1, .header = ""};

	show->summary.counts[result->status]++;
	if (show->options->follow)
		life_print(result, &show->follow, stdout, &options);
	else
		map_print(result, stdout, &options);
	putchar('\n');
	if (result->status == RESULT_PASSED) {
		printf("passed: %u steps, %" PRIu64 " RMI calls%s\n", result->num_steps,
		       result->num_calls, closing_words(result->plan));
	} else if (result->status == RESULT_SKIPPED) {
		printf("skipped: %s\n", result->reason ? result->reason : "");
	} else {
		printf("%s: %s\n", result_status_name(result->status),
		       result->reason ? result->reason : "");
		failure_print(result, &run, stdout, options.color);
	}
}

/* Arguments that are no files are names of scenarios. */
static GPtrArray *split_arguments(struct options *options)
{
	GPtrArray *paths = g_ptr_array_new();
	struct stat status;
	unsigned int i;

	for (i = 0; i < options->paths->len; i++) {
		char *argument = options->paths->pdata[i];

		if (stat(argument, &status) && !strchr(argument, '/') &&
		    !g_str_has_suffix(argument, ".yaml"))
			g_ptr_array_add(options->filters, g_strdup(argument));
		else
			g_ptr_array_add(paths, argument);
	}
	/* Then none of the files that are there is meant. */
	if (options->filters->len && !paths->len && !g_file_test("scenarios", G_FILE_TEST_EXISTS)) {
		usage_error("show: there is no file '%s', and no scenarios/ here to look for a "
			    "scenario of that name",
			    (const char *)options->filters->pdata[0]);
		g_ptr_array_unref(paths);
		return NULL;
	}
	return paths;
}

/* A number as scenarios have them: 0x8000_0000. */
static bool parse_address(const char *text, uint64_t *address)
{
	char **parts = g_strsplit(text, "_", -1), *digits = g_strjoinv("", parts), *end;
	bool hex = g_str_has_prefix(digits, "0x"), good;
	const char *first = hex ? digits + 2 : digits;

	errno = 0;
	*address = strtoull(first, &end, hex ? 16 : 10);
	good = g_ascii_isxdigit(*first) && !*end && !errno;
	g_strfreev(parts);
	g_free(digits);
	return good;
}

/* Whether the address names a page of this plan, and which. */
static bool find_target(const struct plan *plan, const char *text, struct follow_target *target)
{
	const char *number = strchr(text, ':') ? strchr(text, ':') + 1 : text;
	bool any_pa = g_str_has_prefix(text, "pa:"), any_ipa = g_str_has_prefix(text, "ipa:");
	bool in_dram, in_space = false;
	uint64_t address;
	size_t i;

	if ((number != text && !any_pa && !any_ipa) || !parse_address(number, &address)) {
		usage_error("show: --follow: expected an address, ipa:ADDRESS or pa:ADDRESS, found "
			    "'%s'",
			    text);
		return false;
	}
	address &= ~(uint64_t)(RMM_GRANULE_SIZE - 1);
	in_dram = address >= plan->machine.base &&
		  address - plan->machine.base < plan->machine.memory;
	for (i = 0; i < plan->num_realms; i++)
		in_space |= address < 1ull << plan->realms[i].ipa_bits;
	in_dram &= !any_ipa;
	in_space &= !any_pa;
	if (in_dram == in_space) {
		usage_error(in_dram ? "show: --follow: 0x%" PRIx64
				      " is an IPA and in DRAM: write ipa:%s or pa:%s"
				    : "show: --follow: 0x%" PRIx64
				      " is neither in a realm's IPA space nor in DRAM",
			    address, text, text);
		return false;
	}
	*target = (struct follow_target){.is_pa = in_dram, .address = address};
	return true;
}

static int show_plan(struct show *show, const GPtrArray *plans)
{
	const struct options *options = show->options;
	struct campaign_config config = {
		.plans = (const struct plan *const *)plans->pdata,
		.num_plans = 1,
		.repeat = 1,
		.jobs = 1,
		.timeout_ms = options->timeout_s * 1000,
		.seed = options->seed,
		.keep_steps = true,
		.follow = options->follow ? &show->follow : NULL,
		.verbose = options->verbose,
		.module = find_module,
		.done = take_result,
		.ctx = show,
	};
	char *version = version_line(), *kvm = kvm_builds_text(show->builds, false);
	int err;

	printf("%s; %s; seed %" PRIu64 "\n\n", version, kvm, options->seed);
	g_free(version);
	g_free(kvm);
	err = campaign_run(&config, NULL);
	if (err) {
		usage_error("processes cannot be started: %s", g_strerror(-err));
		return EXIT_USAGE;
	}
	if (plans->len > 1)
		printf("\nThis was the first of %u runs that match; another one:\n  %s show %s "
		       "--filter '%s'\n",
		       plans->len, program_name(),
		       ((const struct plan *)plans->pdata[1])->place.source->path,
		       ((const struct plan *)plans->pdata[1])->id);
	return exit_code(&show->summary);
}

static int show(const struct command *command, struct options *options)
{
	struct show state = {.options = options};
	GPtrArray *paths = split_arguments(options), *plans = NULL, *first;
	struct scenario_set *set = NULL;
	int status = EXIT_USAGE;

	if (!paths)
		return EXIT_USAGE;
	if (!options->paths->len && !options->filters->len) {
		usage_error(
			"show: expected a file or the name of a scenario: see 'rmesim %s --help'",
			command->name);
		goto out;
	}
	/* Whoever names a scenario wants to see it, whatever its level. */
	options->level = PLAN_LONG;
	set = load_scenarios(paths, options->color);
	if (!set)
		goto out;
	plans = select_plans(set, options);
	if (!plans->len) {
		usage_error("show: no scenario matches%s%s", options->filters->len ? ": " : "",
			    options->filters->len ? (const char *)options->filters->pdata[0] : "");
		goto out;
	}
	first = g_ptr_array_new();
	g_ptr_array_add(first, plans->pdata[0]);
	state.builds = kvm_builds_load(options->kvm, first, false);
	g_ptr_array_unref(first);
	if (!state.builds)
		goto out;
	if (options->follow && !find_target(plans->pdata[0], options->follow, &state.follow)) {
		kvm_builds_unload(state.builds);
		goto out;
	}
	state.extra = kvm_options(options);
	status = show_plan(&state, plans);
	g_free(state.extra);
	kvm_builds_unload(state.builds);
out:
	if (plans)
		g_ptr_array_unref(plans);
	g_ptr_array_unref(paths);
	scenario_set_destroy(set);
	return status;
}

static const struct option_def *const show_options[] = {
	&option_follow,	 &option_filter, &option_tag,	&option_seed,
	&option_timeout, &option_kvm,	 &option_color, &option_ascii,
	&option_verbose, &option_help,	 NULL,
};

const struct command command_show = {
	.name = "show",
	.arguments = "FILE|SCENARIO [FILES|DIRECTORIES]...",
	.summary = "Runs one scenario and draws its realms before and after each step.\n\n"
		   "SCENARIO is the name or id of one in the files given, or in scenarios/.",
	.examples = "  rmesim show scenarios/ripas/guest-gives-back-2m.yaml\n"
		    "  rmesim show 'ripas.guest-gives-back-2m[page_size=16K]'\n"
		    "  rmesim show my.yaml --ascii --color never\n"
		    "  rmesim show my.yaml --follow 0x8020_0000\n",
	.options = show_options,
	.run = show,
};
