/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

/* Wider values are printed below each other instead of side by side. */
#define SIDE_BY_SIDE_WIDTH 44u

static const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

static void print_lines(FILE *out, const char *text, const char *indent)
{
	char **lines = g_strsplit(text, "\n", -1);
	unsigned int i;

	for (i = 0; lines[i]; i++) {
		if (*lines[i] || lines[i + 1])
			fprintf(out, "%s%s\n", indent, lines[i]);
	}
	g_strfreev(lines);
}

static int width(const char *text)
{
	return (int)g_utf8_strlen(text_or_empty(text), -1);
}

/* printf's field width counts bytes; people count characters. */
static void print_padded(FILE *out, const char *text, int columns)
{
	fprintf(out, "%s%*s", text, MAX(0, columns - width(text)), "");
}

static void print_mismatches(const struct result *result, FILE *out, bool color)
{
	int subject = 0, expected = 8;
	bool side_by_side = true;
	size_t i;

	for (i = 0; i < result->num_mismatches; i++) {
		const struct result_mismatch *mismatch = &result->mismatches[i];

		subject = MAX(subject, width(mismatch->subject));
		expected = MAX(expected, width(mismatch->expected));
		if (width(mismatch->expected) > (int)SIDE_BY_SIDE_WIDTH)
			side_by_side = false;
	}
	if (result->num_mismatches && side_by_side)
		fprintf(out, "    %*s  %s%-*s  %s%s\n", subject, "", COLOR(color, "1"), expected,
			"expected", "actual", COLOR_RESET(color));
	for (i = 0; i < result->num_mismatches; i++) {
		const struct result_mismatch *mismatch = &result->mismatches[i];
		const char *green = COLOR(color, "32"), *red = COLOR(color, "31");

		if (side_by_side) {
			fputs("    ", out);
			print_padded(out, text_or_empty(mismatch->subject), subject + 2);
			fputs(green, out);
			print_padded(out, text_or_empty(mismatch->expected), expected + 2);
			fprintf(out, "%s%s%s", color ? "\033[0m" : "", red,
				text_or_empty(mismatch->actual));
		} else {
			fprintf(out, "    %s\n      expected  %s%s%s\n      actual    %s%s",
				text_or_empty(mismatch->subject), green,
				text_or_empty(mismatch->expected), COLOR_RESET(color), red,
				text_or_empty(mismatch->actual));
		}
		fputs(COLOR_RESET(color), out);
		if (mismatch->place.line && mismatch->place.line != result->place.line)
			fprintf(out, "   (line %u)", mismatch->place.line);
		fputc('\n', out);
	}
}

/* A word as a shell would want it. */
static char *shell_word(const char *text)
{
	if (*text &&
	    strspn(text,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:+%@") ==
		    strlen(text))
		return g_strdup(text);
	return g_shell_quote(text);
}

void failure_print(const struct result *result, const struct report_run *run, FILE *out, bool color)
{
	const struct plan *plan = result->plan;
	char *program, *file, *filter;
	size_t i;

	if (result->has_place) {
		fprintf(out, "  %s:%u:%u: step %u: %s", plan->place.source->path,
			result->place.line, result->place.column, result->step,
			text_or_empty(result->step_title));
		if (result->step_name)
			fprintf(out, " (%s)", result->step_name);
		fputc('\n', out);
		place_print_line(result->place, out, "  ", color);
	} else {
		fprintf(out, "  %s:%u:%u: outside of any step\n", plan->place.source->path,
			plan->place.line, plan->place.column);
	}
	print_mismatches(result, out, color);
	if (result->why)
		fprintf(out, "  why: %s\n", result->why);
	for (i = 0; i < result->num_blocks; i++) {
		fprintf(out, "  %s%s%s\n", COLOR(color, "1"),
			text_or_empty(result->blocks[i].title), COLOR_RESET(color));
		print_lines(out, text_or_empty(result->blocks[i].text), "    ");
	}
	program = shell_word(run->program);
	file = shell_word(plan->place.source->path);
	filter = shell_word(plan->id);
	fprintf(out, "  reproduce: %s run %s --filter %s%s --seed %" PRIu64 "%s\n", program, file,
		filter, plan->level == PLAN_LONG ? " --level long" : "", result->seed,
		run->options);
	g_free(program);
	g_free(file);
	g_free(filter);
}
