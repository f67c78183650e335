/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

/* Wider values are printed below each other instead of side by side. */
#define SIDE_BY_SIDE_WIDTH 44u

static void print_lines(FILE *out, const char *text, const char *indent)
{
	char *plain = text_plain(text, true);
	char **lines = g_strsplit(plain, "\n", -1);
	unsigned int i;

	for (i = 0; lines[i]; i++) {
		if (*lines[i] || lines[i + 1])
			fprintf(out, "%s%s\n", indent, lines[i]);
	}
	g_strfreev(lines);
	g_free(plain);
}

static void print_plain(FILE *out, const char *text)
{
	char *plain = text_plain(text, false);

	fputs(plain, out);
	g_free(plain);
}

/* Characters, since text_plain() leaves one for each. */
static int width(const char *text)
{
	return text ? (int)g_utf8_strlen(text, -1) : 0;
}

/* printf's field width counts bytes; people count characters. */
static void print_padded(FILE *out, const char *text, int columns)
{
	print_plain(out, text);
	fprintf(out, "%*s", MAX(0, columns - width(text)), "");
}

static void print_mismatches(const struct result *result, FILE *out, bool color)
{
	int subject = 0, expected = 8, actual = 0;
	bool side_by_side = true;
	size_t i;

	for (i = 0; i < result->num_mismatches; i++) {
		const struct result_mismatch *mismatch = &result->mismatches[i];

		subject = MAX(subject, width(mismatch->subject));
		expected = MAX(expected, width(mismatch->expected));
		actual = MAX(actual, MIN(width(mismatch->actual), (int)SIDE_BY_SIDE_WIDTH));
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
			print_padded(out, mismatch->subject, subject + 2);
			fputs(green, out);
			print_padded(out, mismatch->expected, expected + 2);
			fprintf(out, "%s%s", COLOR_RESET(color), red);
		} else {
			fputs("    ", out);
			print_plain(out, mismatch->subject);
			fprintf(out, "\n      expected  %s", green);
			print_plain(out, mismatch->expected);
			fprintf(out, "%s\n      actual    %s", COLOR_RESET(color), red);
		}
		print_plain(out, mismatch->actual);
		fputs(COLOR_RESET(color), out);
		if (mismatch->place.line && mismatch->place.line != result->place.line)
			fprintf(out, "%*s(line %u)", 3 + MAX(0, actual - width(mismatch->actual)),
				"", mismatch->place.line);
		fputc('\n', out);
	}
}

/* What a terminal obeys: C0, DEL, and C1 as UTF-8 has it. */
static bool is_control(const char *at)
{
	unsigned char byte = (unsigned char)at[0], next = (unsigned char)at[1];

	return byte < 0x20 || byte == 0x7f || (byte == 0xc2 && next >= 0x80 && next < 0xa0);
}

/* A word as bash would want it. */
static char *shell_word(const char *text)
{
	const char *at;
	GString *word;

	if (*text &&
	    strspn(text,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:+%@") ==
		    strlen(text))
		return g_strdup(text);
	for (at = text; *at; at++) {
		if (is_control(at))
			break;
	}
	if (!*at)
		return g_shell_quote(text);
	/* On one line, and without what a terminal would obey. */
	word = g_string_new("$'");
	for (at = text; *at; at++) {
		if (is_control(at))
			g_string_append_printf(word, "\\%03o", (unsigned char)*at);
		else if (*at == '\'' || *at == '\\')
			g_string_append_printf(word, "\\%c", *at);
		else
			g_string_append_c(word, *at);
	}
	g_string_append_c(word, '\'');
	return g_string_free(word, FALSE);
}

char *reproducer_text(const struct result *result, const struct report_run *run)
{
	const struct plan *plan = result->plan;
	char *program = shell_word(run->program), *file = shell_word(plan->place.source->path);
	char *filter = shell_word(plan->id), *text;

	text = g_strdup_printf("%s run %s --filter %s%s --seed %" PRIu64 "%s", program, file,
			       filter, plan->level == PLAN_LONG ? " --level long" : "",
			       result->seed, run->options);
	g_free(program);
	g_free(file);
	g_free(filter);
	return text;
}

void failure_print(const struct result *result, const struct report_run *run, FILE *out, bool color)
{
	const struct plan *plan = result->plan;
	char *command;
	size_t i;

	if (result->has_place) {
		fputs("  ", out);
		print_plain(out, result->place.source->path);
		fprintf(out, ":%u:%u: step %u: ", result->place.line, result->place.column,
			result->step);
		print_plain(out, result->step_title);
		if (result->step_name) {
			fputs(" (", out);
			print_plain(out, result->step_name);
			fputc(')', out);
		}
		fputc('\n', out);
		place_print_line(result->place, out, "  ", color);
	} else {
		fputs("  ", out);
		print_plain(out, plan->place.source->path);
		fprintf(out, ":%u:%u: outside of any step\n", plan->place.line, plan->place.column);
	}
	print_mismatches(result, out, color);
	if (result->why) {
		fputs("  why: ", out);
		print_plain(out, result->why);
		fputc('\n', out);
	}
	for (i = 0; i < result->num_blocks; i++) {
		fprintf(out, "  %s", COLOR(color, "1"));
		print_plain(out, result->blocks[i].title);
		fprintf(out, "%s\n", COLOR_RESET(color));
		print_lines(out, result->blocks[i].text, "    ");
	}
	command = reproducer_text(result, run);
	fprintf(out, "  reproduce: %s\n", command);
	g_free(command);
}
