/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * baseline.h - findings that are known, so that a tree with known defects is still useful to test. A finding is
 * known by its oracle, its condition and the host function; what an expectation found, by the scenario's name.
 */
#ifndef TOOLS_BASELINE_H
#define TOOLS_BASELINE_H

#include <sim/result.h>

struct baseline;
struct baseline *baseline_create(void);
/* baseline_load - NULL after printing what is wrong with the file. */
struct baseline *baseline_load(const char *path);
void baseline_free(struct baseline *baseline);
bool baseline_has(const struct baseline *baseline, const char *oracle, const char *condition,
		  const char *function);
/* baseline_add - the findings of a run. */
void baseline_add(struct baseline *baseline, const struct result *result);
/* baseline_see - take note of those that were found again. */
void baseline_see(struct baseline *baseline, const struct result *result);
size_t baseline_count(const struct baseline *baseline);
size_t baseline_count_seen(const struct baseline *baseline);
/* baseline_write - to the file, written aside and put in place when it is whole. False after printing why not. */
bool baseline_write(const struct baseline *baseline, const char *path);

#endif
