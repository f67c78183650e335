/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GitHub Actions: a workflow command for each failure, which becomes a mark at the step's line, and a
 * summary in Markdown. GitHub shows no more than ten annotations of one step of a job.
 */
#include "report.h"

#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ANNOTATIONS 10u
/* A step's summary is refused as a whole above 1 MiB. */
#define MAX_DETAILS_BYTES (512u << 10)

struct github_state {
	size_t num_bad;
	GString *rows, *details;
	size_t left_out; /* failures without details */
};

static void put_escaped(FILE *out, const char *text, bool property)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '%' || byte < 0x20 || byte == 0x7f ||
		    (property && (byte == ':' || byte == ',')))
			fprintf(out, "%%%02X", byte);
		else
			fputc(byte, out);
	}
}

static void put_annotation(const struct report *report, const struct result *result)
{
	const struct place *place = result->has_place ? &result->place : &result->plan->place;
	char *name = result_name(result), *command = reproducer_text(result, &report->run);
	char *text;

	fputs("::error file=", report->out);
	put_escaped(report->out, result->plan->place.source->path, true);
	fprintf(report->out, ",line=%u,col=%u,title=", MAX(1u, place->line),
		MAX(1u, place->column));
	put_escaped(report->out, name, true);
	fputs("::", report->out);
	text = g_strdup_printf("%s: %s\nreproduce: %s", result_status_name(result->status),
			       result_reason(result), command);
	put_escaped(report->out, text, false);
	fputc('\n', report->out);
	g_free(text);
	g_free(command);
	g_free(name);
}

/* Text between tags, which Markdown leaves alone; in a table, on one line. */
static void append_html(GString *out, const char *text, bool one_line)
{
	char *valid = g_utf8_make_valid(text, -1);
	const char *at;

	for (at = valid; *at; at++) {
		unsigned char byte = (unsigned char)*at;

		if (one_line && byte == '\n')
			g_string_append(out, "<br>");
		else if (strchr("<>&\"|*_`[]\\#~", byte))
			g_string_append_printf(out, "&#%u;", byte);
		else if (byte >= 0x20 || byte == '\n')
			g_string_append_c(out, (char)byte);
		else
			g_string_append(out, "\xef\xbf\xbd");
	}
	g_free(valid);
}

static void append_details(const struct report *report, const struct result *result)
{
	struct github_state *state = report->state;
	char *name = result_name(result), *text;

	g_string_append_printf(state->rows, "| %s | <code>", result_status_name(result->status));
	append_html(state->rows, name, true);
	g_string_append(state->rows, "</code> | ");
	append_html(state->rows, result->plan->place.source->path, true);
	g_string_append_printf(state->rows, ":%u | ",
			       result->has_place ? result->place.line : result->plan->place.line);
	append_html(state->rows, result_reason(result), true);
	g_string_append(state->rows, " |\n");

	text = failure_text(result, &report->run);
	g_string_append(state->details, "<details><summary><code>");
	append_html(state->details, name, true);
	g_string_append(state->details, "</code></summary>\n\n<pre>");
	append_html(state->details, text, false);
	g_string_append(state->details, "</pre>\n</details>\n\n");
	free(text);
	g_free(name);
}

static void github_begin(struct report *report)
{
	struct github_state *state = report->state;

	state->rows = g_string_new(NULL);
	state->details = g_string_new(NULL);
}

static void github_result(struct report *report, const struct result *result)
{
	struct github_state *state = report->state;

	if (!result_is_bad(result))
		return;
	if (state->num_bad++ < MAX_ANNOTATIONS)
		put_annotation(report, result);
	if (state->rows->len + state->details->len < MAX_DETAILS_BYTES)
		append_details(report, result);
	else
		state->left_out++;
}

static void put_summary(const struct report *report, const struct report_summary *summary)
{
	const struct github_state *state = report->state;
	FILE *out = report->options.summary;
	GString *version = g_string_new(NULL);
	unsigned int i;

	fprintf(out, "### rmesim: %zu of %zu runs passed\n\n", summary->counts[RESULT_PASSED],
		report->num_results);
	fprintf(out, "%zu scenario%s", summary->num_scenarios,
		summary->num_scenarios == 1 ? "" : "s");
	for (i = 0; i < RESULT_NUM_STATUSES; i++) {
		if (summary->counts[i])
			fprintf(out, ", %zu %s", summary->counts[i],
				result_status_name((enum result_status)i));
	}
	if (summary->not_run)
		fprintf(out, ", %zu not run", summary->not_run);
	append_html(version, report->run.header, true);
	fprintf(out, ".\n\n%s\n\n", version->str);
	g_string_free(version, TRUE);
	if (summary->aborted)
		fprintf(out, "**The campaign ended early: %s**\n\n", summary->aborted);
	if (state->rows->len)
		fprintf(out, "| | run | place | |\n|---|---|---|---|\n%s\n%s", state->rows->str,
			state->details->str);
	if (state->left_out)
		fprintf(out, "%zu more are not shown here.\n", state->left_out);
}

static void github_end(struct report *report, const struct report_summary *summary)
{
	struct github_state *state = report->state;

	if (state->num_bad > MAX_ANNOTATIONS)
		fprintf(report->out,
			"::notice title=rmesim::%zu more of %zu runs did not pass; see the "
			"summary\n",
			state->num_bad - MAX_ANNOTATIONS, report->num_results);
	if (summary->aborted) {
		fputs("::error title=rmesim::the campaign ended early: ", report->out);
		put_escaped(report->out, summary->aborted, false);
		fputc('\n', report->out);
	}
	if (report->options.summary)
		put_summary(report, summary);
}

static void github_clear(struct report *report)
{
	struct github_state *state = report->state;

	if (state->rows)
		g_string_free(state->rows, TRUE);
	if (state->details)
		g_string_free(state->details, TRUE);
}

const struct report_def report_github = {
	.kind = "github",
	.state_size = sizeof(struct github_state),
	.mixes = true,
	.begin = github_begin,
	.result = github_result,
	.end = github_end,
	.clear = github_clear,
};
