/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rewrite.h - the text of a scenario in other words that mean the same, or nearly so: whoever uses one tries whether it
 * does. Each returns what g_free() takes, or NULL where there is nothing to be done.
 */
#ifndef FUZZ_REWRITE_H
#define FUZZ_REWRITE_H

#include <glib.h>

/* rewrite_expand - steps, faults, realms and what holds them as lines of their own, not within {} and []. */
char *rewrite_expand(const char *text);
/*
 * rewrite_inline - with the preludes in the place of `use:`; `find` gives the text of one (g_free()), or NULL. NULL if one
 * cannot be had.
 */
char *rewrite_inline(const char *text, char *(*find)(void *ctx, const char *name), void *ctx);
/* rewrite_unrepeat - the steps of the `repeat:` in that line in its place, once. */
char *rewrite_unrepeat(const GPtrArray *lines, unsigned int line);
/*
 * rewrite_unparallel - the steps of the actors of the `parallel:` in that line in its place: number `way` of the ways to do so,
 * which are each actor alone, all of them, all of them backwards.
 */
char *rewrite_unparallel(const GPtrArray *lines, unsigned int line, unsigned int way);
/* rewrite_narrow - each name of the matrix with only its value of `variant` ("cpus=2,page_size=4K"). */
char *rewrite_narrow(const char *text, const char *variant);
/* rewrite_unname - that value of the matrix where its name stood: setting "cpus=2". */
char *rewrite_unname(const char *text, const char *setting);
/* rewrite_one_realm - `realm:` instead of `realms:` with one only. */
char *rewrite_one_realm(const char *text);
/*
 * rewrite_names - without names such as "step 4" that no fault refers to; others have the number that the step has now.
 */
char *rewrite_names(const char *text);
/* rewrite_tidy - without the blank lines and the empty {} that are left where something went. */
char *rewrite_tidy(const char *text);

#endif
