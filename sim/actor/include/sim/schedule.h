/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * schedule.h - who runs when: what decides at each scheduling point which actor goes on, and goes through the
 * possible decisions from one run to the next.
 *
 * A schedule in words is a list of turns: an actor runs until it has passed `points` scheduling points, where
 * it is preempted, or (points 0) until it ends or cannot go on. Behind the last turn nobody is preempted, and
 * of those that can go on the first one does.
 */
#ifndef SIM_SCHEDULE_H
#define SIM_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHEDULE_MAX_ACTORS 16u

struct schedule_turn {
	unsigned int actor;
	uint64_t points; /* that it passes before it is preempted; 0: it is not */
};

struct schedule;

/*
 * schedule_create_all - every schedule with at most `preemptions` preemptions, each once. To go on with another
 * actor when one ends, waits or gives way is free, as is who begins. NULL: out of memory.
 */
struct schedule *schedule_create_all(unsigned int preemptions);
/* schedule_create_random - `runs` schedules; run i depends on `seed` and i alone. NULL: out of memory. */
struct schedule *schedule_create_random(uint64_t seed, uint64_t runs);
/* schedule_create_turns - one schedule, which is given. NULL: out of memory. */
struct schedule *schedule_create_turns(const struct schedule_turn *turns, size_t num);
/*
 * schedule_bend - turns that were given are followed as far as they fit; where one does not, the first actor that can
 * go on does. To be called before schedule_next().
 */
void schedule_bend(struct schedule *schedule);
/* schedule_destroy - NULL is ignored. */
void schedule_destroy(struct schedule *schedule);

/* schedule_next - prepare for the (first or) next run; false: there is none left. */
bool schedule_next(struct schedule *schedule);
/* schedule_num_runs - runs that were prepared. */
uint64_t schedule_num_runs(const struct schedule *schedule);
/* schedule_turns - the turns of the run so far; the last one is going on. Valid until the next call. */
const struct schedule_turn *schedule_turns(const struct schedule *schedule, size_t *num);
/* schedule_misfit - why the turns that were given could not be followed; NULL: they could. */
const char *schedule_misfit(const struct schedule *schedule);

/* --- for whoever runs the actors; see actors.h --- */

/*
 * schedule_pick - the actor that has its turn is at a scheduling point, and can go on or not (`forced`). Picks
 * the one that goes on: the current one (unless forced), or one of `others` (bit i: actor i), which is not 0.
 */
unsigned int schedule_pick(struct schedule *schedule, bool forced, unsigned int current,
			   uint32_t others);
/* schedule_ask - a point at which it would give up a lock if it were preempted: whether it is. */
bool schedule_ask(struct schedule *schedule);
/* schedule_pass - it passes a point where there is nobody else to go on. */
void schedule_pass(struct schedule *schedule);

#endif
