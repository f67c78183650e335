/* SPDX-License-Identifier: BSD-3-Clause */
/* crash_text.h - what a process that died printed: why it died, and where the host was. */
#ifndef SCENARIO_CRASH_TEXT_H
#define SCENARIO_CRASH_TEXT_H

struct crash_text {
	char *condition; /* "SIGSEGV", "heap-use-after-free", "undefined-behaviour"; NULL: unknown */
	char *function;	 /* of the host, innermost; NULL: unknown */
	char *place;	 /* "file:line" of it */
	char *stack;	 /* a line for each frame */
};

/* crash_text_read - `signal` is the one that ended the process, or 0. To be undone by crash_text_clear(). */
void crash_text_read(const char *text, int signal, struct crash_text *out);
void crash_text_clear(struct crash_text *crash);
/* crash_text_without_stack - the text without the lines that were made for crash_text_read(). g_free(). */
char *crash_text_without_stack(const char *text);
/* crash_text_resolve - frames of stack_capture() as lines for people. g_free(). NULL: there are none. */
char *crash_text_resolve(const char *frames);

#endif
