/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * text.h - a scenario as the lines that its author wrote. Nothing here knows what they mean: whether a text is a scenario
 * is the loader's to say.
 */
#ifndef FUZZ_TEXT_H
#define FUZZ_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* lines_split - the lines of a text, without their ends; g_ptr_array_unref(). Lines are counted from 0 everywhere. */
GPtrArray *lines_split(const char *text);
const char *line_at(const GPtrArray *lines, unsigned int line);
/* lines_join - the text of all lines but [first, end). g_free(). */
char *lines_join(const GPtrArray *lines, unsigned int first, unsigned int end);
/* line_offset - where that line begins in the text that the lines are of, in bytes. */
size_t line_offset(const GPtrArray *lines, unsigned int line);
unsigned int line_indent(const char *line);
/* line_is_blank - nothing but space. */
bool line_is_blank(const char *line);
/* line_is_silent - nothing but space and a comment. */
bool line_is_silent(const char *line);
/*
 * line_key - whether this is the first key in a line, behind the dashes of lists. *value (may be NULL): what stands behind
 * its colon and spaces, "" too.
 */
bool line_key(const char *line, const char *key, const char **value);
/* key_column - where the first key in a line stands: behind spaces and dashes of lists. */
unsigned int key_column(const char *line);
/* line_is_item - it begins with the dash of a list. */
bool line_is_item(const char *line);
/*
 * block_end - the line behind what begins in `line`: lines that are indented further belong to it, and so do items of a list
 * that stand right below their key.
 */
unsigned int block_end(const GPtrArray *lines, unsigned int line);
/* key_line - the line with this key of the scenario, or lines->len. */
unsigned int key_line(const GPtrArray *lines, const char *key);
/*
 * steps_find - the lines in which the steps begin, and the line behind the last one; empty if there are none. A step ends
 * where the next one begins: with its dash, which may stand on a line above its place (`- name: ...`). g_array_unref().
 */
GArray *steps_find(const GPtrArray *lines);
/* step_key - the line of this key of the step in `step`, `- KEY:` or below it, or lines->len: it has none. */
unsigned int step_key(const GPtrArray *lines, unsigned int step, const char *key);
/* steps_num - steps of the scenario, without those that are within others. */
unsigned int steps_num(const char *text);

/*
 * element_end - the end of the element of {} or [] that begins at `at`: its comma or bracket, or NULL if it does not end
 * in the line.
 */
const char *element_end(const char *at);
/* text_without_element - the text without the element that begins at `offset`, or NULL. g_free(). */
char *text_without_element(const char *text, size_t offset);
/* number_length - length of the number that begins at `at`, in bytes, and its value; 0: there is none. */
size_t number_length(const char *text, const char *at, uint64_t *value);

#endif
