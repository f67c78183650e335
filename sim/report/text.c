/* SPDX-License-Identifier: BSD-3-Clause */
/* The report for people. Runs of one scenario share a line as long as they all pass. */
#include "report.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

struct text_state {
	const struct plan *scenario; /* of the runs that were not printed yet */
	size_t passed;
	uint64_t schedules; /* that those ran */
	size_t bad;	    /* printed already, each by itself */
	size_t ways;	    /* runs of the whole report in which a host had its own way */
};

static const char *const words[] = {
	[RESULT_PASSED] = "ok",	    [RESULT_FAILED] = "FAIL",	  [RESULT_ERROR] = "ERROR",
	[RESULT_CRASHED] = "CRASH", [RESULT_TIMEOUT] = "TIMEOUT", [RESULT_INVALID] = "INVALID",
	[RESULT_SKIPPED] = "skip",  [RESULT_KNOWN] = "known",
};

static void print_word(const struct report *report, enum result_status status)
{
	bool color = report->options.color;
	const char *code = status == RESULT_PASSED ? COLOR(color, "32")
			   : status == RESULT_SKIPPED || status == RESULT_KNOWN
				   ? COLOR(color, "33")
				   : COLOR(color, "1;31");

	fprintf(report->out, "%s%-7s%s ", code, words[status], COLOR_RESET(color));
}

/* Whoever reads "ok" must know what was not looked at. */
static const char *hostile_words(const struct plan *plan)
{
	return plan->hostile ? "  hostile: the host was not audited" : "";
}

static void text_flush(struct report *report)
{
	struct text_state *state = report->state;
	char *name;

	if (state->scenario && state->passed) {
		print_word(report, RESULT_PASSED);
		name = text_plain(state->scenario->name, false);
		fputs(name, report->out);
		g_free(name);
		if (state->bad)
			fprintf(report->out, "  (%zu other runs)", state->passed);
		else if (state->passed > 1)
			fprintf(report->out, "  (%zu runs)", state->passed);
		if (state->schedules)
			fprintf(report->out, "  (%" PRIu64 " schedules)", state->schedules);
		fprintf(report->out, "%s\n", hostile_words(state->scenario));
	}
	*state = (struct text_state){.ways = state->ways};
}

static void text_begin(struct report *report)
{
	fprintf(report->out, "%s\n", report->run.header);
}

/* What a foreign host did in its own way: the first, or all of it. */
static void print_ways(struct report *report, const struct result *result, const char *name)
{
	struct text_state *state = report->state;
	char **lines = g_strsplit(result_ways(result), "\n", -1);
	unsigned int num = g_strv_length(lines), i;

	/* The text ends with a newline. */
	if (num)
		num--;
	print_word(report, result->status);
	fprintf(report->out, "%s: in another way than rmesim's own host: %s", name,
		num ? lines[0] : "");
	if (num > 1 && !report->options.verbose)
		fprintf(report->out, ", and %u more", num - 1);
	fputc('\n', report->out);
	for (i = 1; i < num && report->options.verbose; i++)
		fprintf(report->out, "        %s\n", lines[i]);
	state->ways++;
	state->bad++;
	g_strfreev(lines);
}

static void text_result(struct report *report, const struct result *result)
{
	struct text_state *state = report->state;
	char *name = result_name(result), *reason = text_plain(result->reason, false);

	if (state->scenario && strcmp(state->scenario->name, result->plan->name))
		text_flush(report);
	state->scenario = result->plan;
	if (result->status == RESULT_PASSED && result_ways(result)) {
		print_ways(report, result, name);
	} else if (result->status == RESULT_PASSED && !report->options.verbose) {
		state->passed++;
		state->schedules += result->num_schedules;
	} else if (result->status == RESULT_PASSED) {
		print_word(report, result->status);
		fprintf(report->out, "%s  (%u steps, %" PRIu64 " RMI calls", name,
			result->num_steps, result->num_calls);
		if (result->num_schedules)
			fprintf(report->out, ", %" PRIu64 " schedules", result->num_schedules);
		fprintf(report->out, ")%s\n", hostile_words(result->plan));
	} else if (result->status == RESULT_SKIPPED || result->status == RESULT_KNOWN) {
		print_word(report, result->status);
		fprintf(report->out, "%s: %s\n", name, reason);
		state->bad++;
	} else {
		print_word(report, result->status);
		fprintf(report->out, "%s: %s\n", name, reason);
		failure_print(result, &report->run, report->out, report->options.color);
		state->bad++;
	}
	g_free(name);
	g_free(reason);
}

static void text_end(struct report *report, const struct report_summary *summary)
{
	const struct text_state *state = report->state;
	size_t total = 0;
	unsigned int i;

	text_flush(report);
	for (i = 0; i < RESULT_NUM_STATUSES; i++)
		total += summary->counts[i];
	fprintf(report->out, "\n%zu scenario%s, %zu run%s:", summary->num_scenarios,
		summary->num_scenarios == 1 ? "" : "s", total, total == 1 ? "" : "s");
	for (i = 0; i < RESULT_NUM_STATUSES; i++) {
		if (summary->counts[i] || i == RESULT_PASSED)
			fprintf(report->out, "%s %zu %s", i == RESULT_PASSED ? "" : ",",
				summary->counts[i], result_status_name((enum result_status)i));
		if (i == RESULT_PASSED && state->ways)
			fprintf(report->out, " (%zu in another way than rmesim's own host)",
				state->ways);
	}
	if (summary->not_run)
		fprintf(report->out, ", %zu not run after the first failure", summary->not_run);
	fputc('\n', report->out);
	if (summary->aborted)
		fprintf(report->out, "the campaign ended early: %s\n", summary->aborted);
}

const struct report_def report_text = {
	.kind = "text",
	.state_size = sizeof(struct text_state),
	.begin = text_begin,
	.result = text_result,
	.end = text_end,
};
