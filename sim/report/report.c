/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <glib.h>
#include <string.h>

static const struct report_def *const defs[] = {&report_text, &report_tap};

const char *const *report_kinds(void)
{
	static const char *names[G_N_ELEMENTS(defs) + 1];
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(defs); i++)
		names[i] = defs[i]->kind;
	return names;
}

struct report *report_create(const char *kind, FILE *out, const struct report_options *options)
{
	struct report *report;
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(defs); i++) {
		if (strcmp(defs[i]->kind, kind))
			continue;
		report = g_new0(struct report, 1);
		report->def = defs[i];
		report->out = out;
		report->options = *options;
		report->state = g_malloc0(defs[i]->state_size);
		return report;
	}
	return NULL;
}

void report_begin(struct report *report, const struct report_run *run)
{
	report->run = *run;
	report->def->begin(report);
	fflush(report->out);
}

void report_result(struct report *report, const struct result *result)
{
	report->num_results++;
	report->def->result(report, result);
	fflush(report->out);
}

void report_end(struct report *report, const struct report_summary *summary)
{
	report->def->end(report, summary);
	fflush(report->out);
}

void report_destroy(struct report *report)
{
	if (!report)
		return;
	g_free(report->state);
	g_free(report);
}

char *result_name(const struct result *result)
{
	if (!result->repetition)
		return g_strdup(result->plan->id);
	return g_strdup_printf("%s (repetition %u)", result->plan->id, result->repetition + 1);
}
