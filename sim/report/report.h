/* SPDX-License-Identifier: BSD-3-Clause */
/* report.h - the table of reports. A new kind is one new row and one file. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <sim/report.h>

struct report {
	const struct report_def *def;
	FILE *out;
	struct report_options options;
	struct report_run run;
	size_t num_results;
	void *state; /* the kind's own; released with g_free() */
};

struct report_def {
	const char *kind;
	size_t state_size;
	unsigned int needs; /* enum report_need */
	bool mixes;	    /* its lines may stand among other output */
	void (*begin)(struct report *report);
	void (*result)(struct report *report, const struct result *result);
	void (*end)(struct report *report, const struct report_summary *summary);
	void (*clear)(struct report *report); /* what `state` points to; may be NULL */
};

extern const struct report_def report_text, report_tap, report_junit, report_jsonl, report_github,
	report_perfetto, report_html;

/*
 * text_plain - `text` as it may be shown anywhere: valid UTF-8, and control characters, which a terminal
 * would obey, as the pictures that Unicode has of them; lines stay lines if `keep_lines`. "" for NULL.
 * g_free().
 */
char *text_plain(const char *text, bool keep_lines);
/* result_is_bad - neither passed nor skipped. */
bool result_is_bad(const struct result *result);
/* result_reason - why it did not pass, in one line; "" if it did. */
const char *result_reason(const struct result *result);
/* failure_text - what failure_print() prints, without colour. free(). */
char *failure_text(const struct result *result, const struct report_run *run);

/* SGR sequences, or "" without colour. */
#define COLOR(on, code) ((on) ? "\033[" code "m" : "")
#define COLOR_RESET(on) COLOR(on, "0")

#endif
