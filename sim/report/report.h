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
	void (*begin)(struct report *report);
	void (*result)(struct report *report, const struct result *result);
	void (*end)(struct report *report, const struct report_summary *summary);
};

extern const struct report_def report_text, report_tap;

/* SGR sequences, or "" without colour. */
#define COLOR(on, code) ((on) ? "\033[" code "m" : "")
#define COLOR_RESET(on) COLOR(on, "0")

#endif
