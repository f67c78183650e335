/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * coverage.h - what sequences reached in the RMM: which condition of which command failed (or none did), and from
 * which state to which the granule or RTT entry went that a call was about.
 */
#ifndef FUZZ_COVERAGE_H
#define FUZZ_COVERAGE_H

#include <rmm/inspect.h>

#define COVERAGE_SLOTS	     64u /* the last six bits of a function identifier tell commands apart */
#define COVERAGE_SLOT(fid)   ((fid) & (COVERAGE_SLOTS - 1))
#define COVERAGE_STATES	     16u
#define COVERAGE_MAX_ANSWERS 512u

struct fuzz_coverage {
	/* State transitions are looked at: each costs two walks of a table. */
	bool watch;
	uint64_t calls;
	/* Answers in the order in which they were first seen; `label` NULL: success. */
	struct {
		uint8_t slot;
		const char *label;
	} answers[COVERAGE_MAX_ANSWERS];
	unsigned int num_answers;
	/* Transitions, likewise: slot, state before, state after. */
	uint16_t transitions[COVERAGE_SLOTS * COVERAGE_STATES * COVERAGE_STATES];
	unsigned int num_transitions;

	bool success[COVERAGE_SLOTS];
	/* Condition of the last call that failed, if it was new or known. */
	const char *last[COVERAGE_SLOTS];
	const char *labels[COVERAGE_SLOTS][32];
	uint8_t num_labels[COVERAGE_SLOTS];
	uint64_t seen[COVERAGE_SLOTS * COVERAGE_STATES * COVERAGE_STATES / 64];
	unsigned int before;
};

/* What the two below do where it is not decided at once that there is nothing to note. */
void fuzz_coverage_watch(struct fuzz_coverage *coverage, const struct rmm *rmm, const uint64_t *x);
void fuzz_coverage_note(struct fuzz_coverage *coverage, const struct rmm *rmm, const uint64_t *x,
			uint64_t result, const char *label);

/*
 * fuzz_coverage_before, fuzz_coverage_after - around each call of the RMM: its registers, its answer. Of an RTT_FOLD the
 * first is not needed.
 */
static inline void fuzz_coverage_before(struct fuzz_coverage *coverage, const struct rmm *rmm,
					const uint64_t *x)
{
	if (coverage->watch)
		fuzz_coverage_watch(coverage, rmm, x);
}

static inline void fuzz_coverage_after(struct fuzz_coverage *coverage, const struct rmm *rmm,
				       const uint64_t *x, uint64_t result, const char *label)
{
	const unsigned int slot = (unsigned int)COVERAGE_SLOT(x[0]);

	coverage->calls++;
	/* Most calls succeed, or fail like the one of their command that failed last. */
	if (label ? coverage->last[slot] != label : !coverage->success[slot] || coverage->watch)
		fuzz_coverage_note(coverage, rmm, x, result, label);
}

/* fuzz_coverage_command - name of the command of a slot, or NULL. */
const char *fuzz_coverage_command(unsigned int slot);
/* fuzz_coverage_conditions - how many failure conditions the RMI has. */
unsigned int fuzz_coverage_conditions(void);

#endif
