/* SPDX-License-Identifier: BSD-3-Clause */
/* coverage.c - what of the RMM scenarios reach. */
#include "coverage.h"

#include <inttypes.h>
#include <rmm/conditions.h>
#include <sim/trace.h>
#include <string.h>

/* How often one command succeeded, and failed by each of its conditions. */
struct counts {
	const struct rmm_command *command;
	uint64_t successes;
	uint64_t *failures; /* as many as the command has conditions */
};

struct coverage {
	struct kvm_builds *builds;
	struct counts *counts; /* all commands, as rmm_commands() has them */
	size_t num_counts;
	struct report_summary summary;
};

static void counts_create(struct coverage *coverage)
{
	size_t num_commands, i;
	const struct rmm_command *table = rmm_commands(&num_commands);

	coverage->counts = g_new0(struct counts, num_commands);
	for (i = 0; i < num_commands; i++) {
		coverage->counts[coverage->num_counts++] = (struct counts){
			.command = &table[i],
			.failures = g_new0(uint64_t, table[i].num_conditions),
		};
	}
}

static void counts_destroy(struct coverage *coverage)
{
	size_t i;

	for (i = 0; i < coverage->num_counts; i++)
		g_free(coverage->counts[i].failures);
	g_free(coverage->counts);
}

/*
 * The text value of `key` ("\"name\":\"") in a line of the trace, or NULL. Names and labels hold nothing
 * that JSON writes in another way.
 */
static const char *text_find(const char *line, size_t size, const char *key, size_t *length)
{
	const char *value = memmem(line, size, key, strlen(key)), *end;

	if (!value)
		return NULL;
	value += strlen(key);
	end = memchr(value, '"', size - (size_t)(value - line));
	if (!end)
		return NULL;
	*length = (size_t)(end - value);
	return value;
}

static bool text_is(const char *text, size_t length, const char *name)
{
	return strlen(name) == length && !memcmp(text, name, length);
}

static void call_count(struct coverage *coverage, enum rmm_interface interface, const char *line,
		       size_t size)
{
	size_t name_length, label_length = 0, i, j;
	const char *name = text_find(line, size, "\"name\":\"", &name_length);
	const char *label = text_find(line, size, "\"condition\":\"", &label_length);

	/* An unknown function identifier has no name. */
	for (i = 0; name && i < coverage->num_counts; i++) {
		struct counts *counts = &coverage->counts[i];

		if (counts->command->interface != interface ||
		    !text_is(name, name_length, counts->command->name))
			continue;
		if (!label)
			counts->successes++;
		/* A result that was injected is none of the RMM's, and no condition has its label. */
		for (j = 0; label && j < counts->command->num_conditions; j++) {
			if (text_is(label, label_length, counts->command->conditions[j].label))
				counts->failures[j]++;
		}
		return;
	}
}

static void take_result(void *ctx, const struct result *result)
{
	static const char rmi[] = "\"kind\":\"rmi\"", rsi[] = "\"kind\":\"rsi\"";
	struct coverage *coverage = ctx;
	const char *line = result->trace, *end = line + result->trace_size;

	coverage->summary.counts[result->status]++;
	if (result->status != RESULT_PASSED && result->status != RESULT_SKIPPED)
		usage_error("%s: %s: %s", result->plan->id, result_status_name(result->status),
			    result->reason ? result->reason : "no reason is known");
	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const size_t size = (size_t)((newline ? newline : end) - line);

		/* A line that a dying process left half is none. */
		if (newline && memmem(line, size, rmi, sizeof(rmi) - 1))
			call_count(coverage, RMM_INTERFACE_RMI, line, size);
		else if (newline && memmem(line, size, rsi, sizeof(rsi) - 1))
			call_count(coverage, RMM_INTERFACE_RSI, line, size);
		line += size + 1;
	}
}

static struct kvm_module *find_module(void *ctx, uint32_t page_size, char **reason)
{
	const struct coverage *coverage = ctx;

	return kvm_builds_module(coverage->builds, page_size, reason);
}

/* The commands of both interfaces share some names: the Realm's are told by their prefix. */
static void row_print(const struct rmm_command *command, const char *label, uint64_t count)
{
	if (command->interface == RMM_INTERFACE_RSI)
		printf("RSI_%-26s %-16s ", command->name, label);
	else
		printf("%-22s %-16s ", command->name, label);
	if (count)
		printf("%" PRIu64 "\n", count);
	else
		puts("never");
}

static void coverage_print(const struct coverage *coverage)
{
	size_t reached = 0, total = 0, i, j;

	for (i = 0; i < coverage->num_counts; i++) {
		const struct counts *counts = &coverage->counts[i];
		const struct rmm_command *command = counts->command;

		row_print(command, "success", counts->successes);
		for (j = 0; j < command->num_conditions; j++) {
			row_print(command, command->conditions[j].label, counts->failures[j]);
			reached += counts->failures[j] != 0;
		}
		total += command->num_conditions;
	}
	printf("\n%zu of %zu conditions reached\n", reached, total);
}

static int coverage_take(struct coverage *coverage, const GPtrArray *plans,
			 const struct options *options)
{
	struct campaign_config config = {
		.plans = (const struct plan *const *)plans->pdata,
		.num_plans = plans->len,
		.repeat = 1,
		.jobs = options->jobs,
		.timeout_ms = options->timeout_s * 1000,
		.seed = options->seed,
		.trace_kinds = TRACE_MASK(TRACE_RMI) | TRACE_MASK(TRACE_RSI),
		.module = find_module,
		.done = take_result,
		.ctx = coverage,
	};
	int err = campaign_run(&config, NULL);

	if (err) {
		usage_error("processes cannot be started: %s", g_strerror(-err));
		return EXIT_USAGE;
	}
	if (coverage->summary.counts[RESULT_SKIPPED])
		usage_error("%zu of %u runs were skipped, what they would reach is not counted",
			    coverage->summary.counts[RESULT_SKIPPED], plans->len);
	coverage_print(coverage);
	return exit_code(&coverage->summary);
}

static int coverage(const struct command *command, struct options *options)
{
	struct coverage state = {0};
	struct scenario_set *set = NULL;
	GPtrArray *plans = NULL;
	int status = EXIT_USAGE;

	if (!options->conditions) {
		usage_error("%s: expected --conditions: see 'rmesim %s --help'", command->name,
			    command->name);
		return EXIT_USAGE;
	}
	set = load_scenarios(options->paths, options->color);
	if (!set)
		return EXIT_USAGE;
	plans = select_plans(set, options);
	if (!plans->len) {
		say_none_selected(set, options);
		goto out;
	}
	state.builds = kvm_builds_load(options->kvm, plans, false);
	if (!state.builds)
		goto out;
	counts_create(&state);
	status = coverage_take(&state, plans, options);
	counts_destroy(&state);
	kvm_builds_unload(state.builds);
out:
	g_ptr_array_unref(plans);
	scenario_set_destroy(set);
	return status;
}

static const struct option_def *const coverage_options[] = {
	&option_conditions, &option_filter, &option_exclude, &option_tag,
	&option_level,	    &option_jobs,   &option_seed,    &option_timeout,
	&option_kvm,	    &option_color,  &option_help,    NULL,
};

const struct command command_coverage = {
	.name = "coverage",
	.arguments = "--conditions [FILES|DIRECTORIES]...",
	.summary =
		"Runs scenarios and counts what of the RMM they reach.\n\n"
		"--conditions: for each RMI and RSI command how often it succeeded, and how often "
		"each of\n"
		"its failure conditions decided its result. Injected results do not count; an "
		"RSI command\n"
		"at which the REC exits has succeeded. 'rmesim docs rmm-commands' says what each "
		"condition\n"
		"is.",
	.examples = "  rmesim coverage --conditions scenarios/ | grep never\n"
		    "  rmesim coverage --conditions scenarios/rec --level long\n",
	.options = coverage_options,
	.run = coverage,
};
