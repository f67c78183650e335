/* SPDX-License-Identifier: BSD-3-Clause */
/* source.h - reading scenario files. */
#ifndef SCENARIO_SOURCE_H
#define SCENARIO_SOURCE_H

#include <sim/diagnostic.h>

/*
 * source_read - read a whole file. NULL after adding the reason to `diagnostics`: it cannot be opened or
 * read, or is larger than SOURCE_MAX_SIZE. source_destroy() releases it.
 */
struct source *source_read(const char *path, unsigned int order, struct diagnostics *diagnostics);
/* source_from_text - a source from memory, for tests; `path` only names it. A byte order mark is left out. */
struct source *source_from_text(const char *path, const char *text, size_t size,
				unsigned int order);
void source_destroy(struct source *source);
/* source_offset_place - the place of the byte at `offset`. */
struct place source_offset_place(const struct source *source, size_t offset);
/*
 * source_check_text - whether the text is UTF-8 without control characters. If not, false after adding the
 * first byte that is wrong.
 */
bool source_check_text(const struct source *source, struct diagnostics *diagnostics);

#endif
