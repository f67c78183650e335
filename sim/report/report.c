/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

static const struct report_def *const defs[] = {&report_text,  &report_tap,    &report_junit,
						&report_jsonl, &report_github, &report_perfetto,
						&report_html};

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

unsigned int report_needs(const struct report *report)
{
	return report->def->needs;
}

bool report_mixes(const char *kind)
{
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(defs); i++) {
		if (!strcmp(defs[i]->kind, kind))
			return defs[i]->mixes;
	}
	return false;
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
	if (report->def->clear)
		report->def->clear(report);
	g_free(report->state);
	g_free(report);
}

char *text_plain(const char *text, bool keep_lines)
{
	char *valid = g_utf8_make_valid(text ? text : "", -1);
	GString *plain = g_string_new(NULL);
	const char *at;

	for (at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);

		if (character < 0x20 && !(keep_lines && character == '\n'))
			character += 0x2400;
		else if (character == 0x7f)
			character = 0x2421;
		else if (character > 0x7f && character < 0xa0)
			character = 0xfffd;
		g_string_append_unichar(plain, character);
	}
	g_free(valid);
	return g_string_free(plain, FALSE);
}

char *result_name(const struct result *result)
{
	char *id = text_plain(result->plan->id, false), *name;

	if (!result->repetition)
		return id;
	name = g_strdup_printf("%s (repetition %u)", id, result->repetition + 1);
	g_free(id);
	return name;
}

bool result_is_bad(const struct result *result)
{
	return result->status != RESULT_PASSED && result->status != RESULT_SKIPPED &&
	       result->status != RESULT_KNOWN;
}

const char *result_reason(const struct result *result)
{
	return result->reason ? result->reason : "";
}

char *failure_text(const struct result *result, const struct report_run *run)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		g_error("out of memory");
	failure_print(result, run, stream, false);
	if (fclose(stream))
		g_error("out of memory");
	return text;
}
