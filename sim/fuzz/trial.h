/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trial.h - one machine in this process that lives sequences, one after the other, by reset. What the oracles find
 * is kept until the next one; nothing is written, and no text is made while nothing is found.
 */
#ifndef FUZZ_TRIAL_H
#define FUZZ_TRIAL_H

#include "coverage.h"
#include "point.h"
#include "sequence.h"

struct trial {
	struct shape shape;
	struct world_realm realms[SEQUENCE_MAX_REALMS];
	struct life life;
	bool used; /* the machine is to be reset before it lives again */

	/* The sequence at hand, or the last one. */
	const struct sequence *sequence;
	uint64_t counts[POINT_MAX]; /* how often each fault point was reached */
	bool armed;
	unsigned int fired;    /* bit of each fault that happened */
	uint64_t fired_points; /* bit of each point that failed */
	struct life_answer answers[SEQUENCE_MAX_STEPS];
	unsigned int num_answers;
	size_t found[SEQUENCE_MAX_STEPS]; /* findings of the machine up to the end of each step */

	unsigned int warns[SEQUENCE_MAX_STEPS]; /* for trial_outcome() */
	/* The race that is going on, and what turns were taken in those that ended. */
	const struct race *race;
	struct schedule_turn *turns[SEQUENCE_MAX_RACES];
	size_t num_turns[SEQUENCE_MAX_RACES];
	struct fuzz_coverage *coverage; /* where RMI calls are counted */
	uint64_t runs, steps, failed_steps;
	/* Called after each step, may be NULL. */
	void (*answered)(void *ctx, unsigned int step);
	void *answered_ctx;
};

/*
 * trial_create - a machine of that shape over `module`; `memfd` as in dram_config. 0, or -errno with *error in
 * words (free()).
 */
int trial_create(struct trial *trial, const struct shape *shape, struct kvm_module *module,
		 int memfd, uint64_t seed, struct fuzz_coverage *coverage, char **error);
void trial_destroy(struct trial *trial);
/* trial_run - live `sequence`, which has the trial's shape, to its end. 0, or -errno if no reset is possible. */
int trial_run(struct trial *trial, const struct sequence *sequence);
/* trial_finding - the first finding of the last run that counts; NULL: there is none. */
const struct finding *trial_finding(const struct trial *trial);
/*
 * trial_outcome - what the last run did, for sequence_yaml(); what it points to is the trial's. Called with a
 * run that is not over, too: all but `closing_warns` is known then.
 */
void trial_outcome(struct trial *trial, struct sequence_outcome *outcome);
/* trial_hash - digest of the state that the last run ended in, and of what its steps answered. */
uint64_t trial_hash(const struct trial *trial);

#endif
