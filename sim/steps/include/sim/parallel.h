/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * parallel.h - several threads of the VMM at once: each performs steps of its own, and a schedule decides at
 * lock operations, rescheduling points, SMCs and between a guest's instructions which one goes on.
 */
#ifndef SIM_PARALLEL_H
#define SIM_PARALLEL_H

#include <sim/actors.h>
#include <sim/step.h>

struct parallel;

struct parallel_config {
	unsigned int num; /* actors, at most SCHEDULE_MAX_ACTORS */
	void *ctx;
	/* What an actor does: calls of world_perform(), which return as ever. */
	void (*run)(void *ctx, unsigned int actor);
	/* It goes on now, or stops for now; may be NULL. */
	void (*enter)(void *ctx, unsigned int actor);
	void (*leave)(void *ctx, unsigned int actor);
};

/* parallel_create - the actors' stacks; used for any number of runs. 0 or -errno. */
int parallel_create(const struct parallel_config *config, struct parallel **out);
/* parallel_destroy - NULL is ignored. */
void parallel_destroy(struct parallel *parallel);

/*
 * parallel_run - run the actors on `world`, each as a thread of its VMM process, as `schedule` (after
 * schedule_next()) decides. 0; or -errno with *error in words when threads could not be made; -EINVAL if the
 * schedule does not fit what happens (schedule_misfit()). On a host that was left in the middle nothing is run,
 * and it is 0. Deadlocks and endlessness are findings of the machine ("warn/deadlock",
 * "liveness/endless-parallel").
 */
int parallel_run(struct parallel *parallel, struct world *world, struct schedule *schedule,
		 char **error);

/*
 * Where an actor was last preempted or left, in words: "before smc"; "" before its first point. Valid until the next
 * question; names of locks are the host's, so not after a crash.
 */
const char *parallel_place(struct parallel *parallel, unsigned int actor);

#endif
