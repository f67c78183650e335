/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * diagnostic.h - input files as they were read, places in them, and everything that is wrong with them.
 * Diagnostics are collected, not printed at once, so that all errors of all files come out together.
 */
#ifndef SIM_DIAGNOSTIC_H
#define SIM_DIAGNOSTIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Largest file that is read. A scenario is a page or two of text. */
#define SOURCE_MAX_SIZE (4u << 20)

/* A file of scenarios, whole, as it was when it was read. */
struct source {
	char *path;	    /* as the user named it */
	char *text;	    /* NUL terminated; may hold other NUL bytes as well */
	size_t size;	    /* bytes, without that NUL */
	size_t *lines;	    /* offset of each line's first byte */
	size_t num_lines;   /* at least 1 */
	unsigned int order; /* files sort in the order in which they were read */
};

/* A place in a source. Lines and columns count from 1, columns in characters. Line 0: the whole file. */
struct place {
	const struct source *source;
	unsigned int line, column;
	unsigned int width; /* characters that are meant, at least 1 */
};

struct diagnostics;

/* diagnostics_create - an empty collection. */
struct diagnostics *diagnostics_create(void);
void diagnostics_destroy(struct diagnostics *diagnostics);
/*
 * diagnostics_add - add an error at `place`; the text is one sentence without a full stop. The same text at
 * the same place is kept once.
 */
void diagnostics_add(struct diagnostics *diagnostics, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* diagnostics_note - attach "see there" to the error that was added last. */
void diagnostics_note(struct diagnostics *diagnostics, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* diagnostics_add_path - an error about a path of which nothing could be read. */
void diagnostics_add_path(struct diagnostics *diagnostics, const char *path, const char *format,
			  ...) __attribute__((format(printf, 3, 4)));
/* diagnostics_count - number of errors (notes do not count). */
size_t diagnostics_count(const struct diagnostics *diagnostics);
/*
 * diagnostics_print - every error as "file:line:col: error: message", the source line and a caret; files in
 * the order of reading, errors in the order of their places.
 */
void diagnostics_print(const struct diagnostics *diagnostics, FILE *out, bool color);

/*
 * place_print_line - the source line of `place` with its number, and a caret below it; each of both lines
 * starts with `indent`. Long lines are cut around the caret. Nothing for line 0.
 */
void place_print_line(struct place place, FILE *out, const char *indent, bool color);

/*
 * name_nearest - the name of `names` that is most like `text` by edit distance, or NULL if none is near
 * (more than a third of the letters differ). `names` ends with NULL.
 */
const char *name_nearest(const char *text, const char *const *names);

#endif
