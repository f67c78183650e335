/* SPDX-License-Identifier: BSD-3-Clause */
#include "crash_text.h"

#include <glib.h>
#include <sim/last_words.h>
#include <sim/stack.h>
#include <stdlib.h>
#include <string.h>

static bool is_stack_line(const char *line)
{
	return g_str_has_prefix(line, LAST_WORDS_STACK);
}

char *crash_text_without_stack(const char *text)
{
	char **lines = g_strsplit(text, "\n", -1);
	GString *kept = g_string_new(NULL);
	unsigned int i;

	for (i = 0; lines[i]; i++) {
		if (!is_stack_line(lines[i]))
			g_string_append_printf(kept, "%s%s", lines[i], lines[i + 1] ? "\n" : "");
	}
	g_strfreev(lines);
	return g_string_free(kept, FALSE);
}

char *crash_text_resolve(const char *frames)
{
	struct stack_frame *resolved = NULL;
	size_t num = stack_resolve(frames, &resolved);
	char *text = stack_text(resolved, num), *copy = g_strdup(text);

	free(text);
	stack_frames_free(resolved, num);
	return copy;
}

/* The frames that the process printed itself. */
static void read_own_stack(char **lines, struct crash_text *out)
{
	struct stack_frame *resolved = NULL;
	GString *frames = g_string_new(NULL);
	unsigned int i;
	size_t num;
	char *text;

	for (i = 0; lines[i]; i++) {
		if (is_stack_line(lines[i]))
			g_string_append_printf(frames, "%s\n", lines[i] + strlen(LAST_WORDS_STACK));
	}
	num = stack_resolve(frames->str, &resolved);
	text = stack_text(resolved, num);
	if (num) {
		out->function = g_strdup(resolved[0].function);
		out->place = g_strdup_printf("%s:%u", resolved[0].file, resolved[0].line);
		out->stack = g_strdup(text);
	}
	free(text);
	stack_frames_free(resolved, num);
	g_string_free(frames, TRUE);
}

/*
 * A frame of a sanitizer's report, "    #1 0x7f... in FUNCTION FILE:LINE:COLUMN", of code that is compiled into
 * KVM builds, if it is one. False for those of the sanitizer and of the C library.
 */
static bool read_sanitizer_frame(const char *line, char **function, char **place)
{
	const char *in = strstr(line, " in "), *blank, *colon;

	while (*line == ' ')
		line++;
	if (*line != '#' || !in)
		return false;
	in += strlen(" in ");
	blank = strchr(in, ' ');
	if (!blank || g_str_has_prefix(in, "__asan") || g_str_has_prefix(in, "__interceptor") ||
	    strstr(blank, "libsanitizer") || strstr(blank, "compiler-rt") || blank[1] == '(' ||
	    g_str_has_prefix(blank + 1, "sim/linux/") || strstr(blank, "/sim/linux/"))
		return false;
	colon = strchr(blank, ':');
	if (!colon || !g_ascii_isdigit(colon[1]))
		return false;
	*function = g_strndup(in, (size_t)(blank - in));
	*place = g_strndup(blank + 1,
			   (size_t)(colon - blank - 1) + 1 + strspn(colon + 1, "0123456789"));
	return true;
}

/* Why a sanitizer ended the process, in its words, and the first frame of the host. */
static void read_sanitizer(char **lines, struct crash_text *out)
{
	static const char address[] = "ERROR: AddressSanitizer: ",
			  undefined[] = ": runtime error: ";
	unsigned int i;

	for (i = 0; lines[i] && !out->place; i++) {
		const char *found = strstr(lines[i], address);

		if (found && !out->condition) {
			found += strlen(address);
			out->condition = g_strndup(found, strcspn(found, " :"));
		} else if (strstr(lines[i], undefined) && !out->condition) {
			out->condition = g_strdup("undefined-behaviour");
		} else if (out->condition) {
			read_sanitizer_frame(lines[i], &out->function, &out->place);
		}
	}
	/* Its report says the line even where there is no stack. */
	for (i = 0; lines[i] && !out->place; i++) {
		const char *found = strstr(lines[i], undefined);
		unsigned int colons = 0;

		while (found && found > lines[i] && colons < 1)
			colons += *--found == ':';
		if (found && found > lines[i])
			out->place = g_strndup(lines[i], (size_t)(found - lines[i]));
	}
	if (out->place && !out->function)
		out->function = g_strdup("");
}

void crash_text_read(const char *text, int signal, struct crash_text *out)
{
	char *valid = g_utf8_make_valid(text, -1), **lines = g_strsplit(valid, "\n", -1);

	*out = (struct crash_text){0};
	read_own_stack(lines, out);
	if (!out->place)
		read_sanitizer(lines, out);
	if (!out->condition && signal)
		out->condition =
			g_strdup_printf("SIG%s", sigabbrev_np(signal) ? sigabbrev_np(signal) : "?");
	g_strfreev(lines);
	g_free(valid);
}

void crash_text_clear(struct crash_text *crash)
{
	g_free(crash->condition);
	g_free(crash->function);
	g_free(crash->place);
	g_free(crash->stack);
	*crash = (struct crash_text){0};
}
