/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * calls.h - sequences of RMI calls over the model alone, each call five bytes, so that any bytes are a sequence. What
 * a call's bytes mean does not depend on the state: a part of a sequence means the same by itself.
 */
#ifndef FUZZ_CALLS_H
#define FUZZ_CALLS_H

#include <stddef.h>
#include <stdio.h>

#include "coverage.h"
#include "dice.h"

#define CALLS_MAX   1024u
#define CALLS_USUAL 64u

/* One call; `granule`, `ipa` and `detail` as the command takes them. */
struct call_op {
	uint8_t command; /* row of the commands, modulo their number */
	uint8_t rd;	 /* granule of the pool that is the RD or the REC */
	uint8_t granule; /* of the pool; variant of parameters */
	uint8_t ipa;	 /* of a table of addresses near edges */
	uint8_t detail;	 /* level, size, flags; what the Realm does */
};
_Static_assert(sizeof(struct call_op) == 5, "bytes are calls as they are");

struct calls_bench;

/* calls_create - an RMM with invariants at level step. 0 or -errno. */
int calls_create(struct calls_bench **out);
void calls_destroy(struct calls_bench *bench);

struct calls_result {
	uint64_t digest; /* of all that was answered; with `state`, of the state in the end, too */
	uint64_t succeeded;
	/* The first invariant that did not hold, "" if all did, and after which call. */
	char label[16];
	char text[256];
	size_t at;
};
/* calls_announce - from now on a log has each call before it is made, too: rmi_log_announce(). */
void calls_announce(struct calls_bench *bench);
/*
 * calls_run - make the calls on a new RMM. `coverage` may be NULL; `log` gets the calls as text for `rmesim rmi`, and
 * may be NULL.
 */
void calls_run(struct calls_bench *bench, const struct call_op *ops, size_t num, bool state,
	       struct fuzz_coverage *coverage, FILE *log, struct calls_result *result);
/*
 * calls_draw_run - draw `num` calls by `seed`, mostly such as can succeed, and make each as soon as it is drawn.
 * `ops` has room for them.
 */
void calls_draw_run(struct calls_bench *bench, uint64_t seed, struct call_op *ops, size_t num,
		    bool state, struct fuzz_coverage *coverage, FILE *log,
		    struct calls_result *result);
/*
 * calls_shrink - leave calls out as long as the invariant of that label does not hold. The number of calls
 * that are left in `ops`.
 */
size_t calls_shrink(struct calls_bench *bench, struct call_op *ops, size_t num, const char *label);
/* calls_mutate - change, add, leave out, or move some calls; the new number, at most `max`. */
size_t calls_mutate(struct dice *dice, struct call_op *ops, size_t num, size_t max);
/* calls_cross - calls of both, in their order; the number in `out`, at most `max`. */
size_t calls_cross(struct dice *dice, const struct call_op *a, size_t num_a,
		   const struct call_op *b, size_t num_b, struct call_op *out, size_t max);

#endif
