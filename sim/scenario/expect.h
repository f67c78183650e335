/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * expect.h - the table of expectations: each row loads one key of `expect:` and compares it with what
 * happened. A new expectation is one new row.
 */
#ifndef SCENARIO_EXPECT_H
#define SCENARIO_EXPECT_H

#include "loader.h"

#include <glib.h>

/* What a check looks at, and where it puts what does not agree. */
struct checker {
	struct world *world;
	unsigned int realm;
	const struct step_result *result; /* NULL: there was no step */
	/* Called for each disagreement. `subject` is the expectation's name, with an index or range. */
	void (*mismatch)(void *ctx, const struct plan_expect *item, const char *subject,
			 const char *expected, const char *actual, bool has_address,
			 uint64_t address);
	/* Whether the expectation means anything on this KVM build. NULL: all of them do. */
	bool (*applies)(void *ctx, const struct plan_expect *item);
	void *ctx;
};

struct expect_def {
	const char *name;
	const char *help; /* one sentence */
	bool state;	  /* of the machine; otherwise of what the step answered */
	bool realm;	  /* of a realm: the scenario must have one */
	/* Says how rmesim's own host does it. A host that keeps the same promises may do it otherwise. */
	bool way;
	struct shape shape;
	bool (*load)(struct loader *loader, const struct node *node, struct plan_expect *item);
	void (*check)(const struct checker *checker, const struct plan_expect *item);
};

/* expect_check - compare everything that `expects` mentions. */
void expect_check(const struct checker *checker, const struct plan_expects *expects);
/* expect_names_errno - whether `errno` is expected, and `error` (positive; 0: none) is one that it may be. */
bool expect_names_errno(const struct plan_expects *expects, int error);
/* expect_answer_begin - what a step answered, without its exits: "incomplete, response accept". g_string_free(). */
GString *expect_answer_begin(const struct step_result *result);
/* expect_outcome_text - how a step ended, in words: "incomplete, response accept; exit memory_fault ...". g_free(). */
char *expect_outcome_text(const struct step_result *result);
/* expect_mismatch - report a disagreement; `expected` and `actual` are freed with g_free(). */
void expect_mismatch(const struct checker *checker, const struct plan_expect *item, char *subject,
		     char *expected, char *actual);
void expect_mismatch_at(const struct checker *checker, const struct plan_expect *item,
			char *subject, char *expected, char *actual, uint64_t address);
/* count_text - a plan_count as the user wrote it: ">=1". To be freed with g_free(). */
char *count_text(struct plan_count count);
/* errno_text - "EPERM", "0" or the number of an error that has no name. Static. */
const char *errno_text(int error);

/* The rows of expect_state.c. */
extern const struct expect_def expect_state_defs[];
extern const size_t expect_num_state_defs;

#endif
