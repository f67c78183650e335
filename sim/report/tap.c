/* SPDX-License-Identifier: BSD-3-Clause */
/* TAP 13, flat; what explains a failure are comment lines, as readers of KTAP expect. */
#include "report.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* `#` would begin a directive, a line end another line. */
static void print_description(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '#' || *text == '\\')
			fputc('\\', out);
		fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
	}
}

static void print_comment(FILE *out, const char *text)
{
	char **lines = g_strsplit(text, "\n", -1);
	unsigned int i;

	for (i = 0; lines[i]; i++) {
		if (*lines[i] || lines[i + 1])
			fprintf(out, "# %s\n", lines[i]);
	}
	g_strfreev(lines);
}

static void tap_begin(struct report *report)
{
	fputs("TAP version 13\n", report->out);
	print_comment(report->out, report->run.header);
	fprintf(report->out, "1..%zu\n", report->run.num_runs);
}

static void tap_result(struct report *report, const struct result *result)
{
	bool passed = result->status == RESULT_PASSED, skipped = result->status == RESULT_SKIPPED;
	bool known = result->status == RESULT_KNOWN;
	char *name = result_name(result), *text = NULL;
	size_t size;
	FILE *stream;

	fprintf(report->out, "%s %zu - ", passed || skipped ? "ok" : "not ok", report->num_results);
	print_description(report->out, name);
	if (skipped) {
		fputs(" # SKIP ", report->out);
		print_description(report->out, result->reason ? result->reason : "");
	}
	if (known) {
		fputs(" # TODO in the baseline: ", report->out);
		print_description(report->out, result->reason ? result->reason : "");
	}
	fputc('\n', report->out);
	if (result->plan->hostile)
		print_comment(report->out, "hostile: the host was not audited");
	if (!passed && !skipped && !known) {
		stream = open_memstream(&text, &size);
		if (!stream)
			g_error("out of memory");
		fprintf(stream, "%s: %s\n", result_status_name(result->status),
			result->reason ? result->reason : "");
		failure_print(result, &report->run, stream, false);
		fclose(stream);
		print_comment(report->out, text);
		free(text);
	}
	g_free(name);
}

static void tap_end(struct report *report, const struct report_summary *summary)
{
	if (summary->aborted)
		fprintf(report->out, "Bail out! %s\n", summary->aborted);
	else if (summary->not_run)
		fprintf(report->out, "Bail out! stopped after the first failure\n");
}

const struct report_def report_tap = {
	.kind = "tap",
	.begin = tap_begin,
	.result = tap_result,
	.end = tap_end,
};
