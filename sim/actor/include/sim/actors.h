/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * actors.h - functions that run as if at once: one at a time in truth, each on a stack of its own, and another
 * one only at the points where they say so. Which one is for the schedule to decide.
 */
#ifndef SIM_ACTORS_H
#define SIM_ACTORS_H

#include <sim/schedule.h>

struct actors;

struct actors_config {
	unsigned int num;  /* at most SCHEDULE_MAX_ACTORS */
	size_t stack_size; /* of each, in bytes */
	/* Points of all actors together after which they are said to be endless. */
	uint64_t max_points;
	/*
	 * Points that one passes without a break while others could go on, after which it has to give way:
	 * code that waits for others by looking again and again gets on so.
	 */
	uint64_t max_turn;
	void *ctx;
	void (*run)(void *ctx, unsigned int actor); /* what the actor does */
	/* It goes on now, or stops for now; NULL: nobody wants to know. Not called inside an actor. */
	void (*enter)(void *ctx, unsigned int actor);
	void (*leave)(void *ctx, unsigned int actor);
};

/* actors_create - 0; -EINVAL (no or too many actors, no run()); -ENOMEM. */
int actors_create(const struct actors_config *config, struct actors **out);
/* actors_destroy - NULL is ignored. What stands on the stacks of actors that did not end is dropped. */
void actors_destroy(struct actors *actors);

enum actors_end {
	ACTORS_ENDED,	/* all of them */
	ACTORS_STOPPED, /* actors_stop() */
	ACTORS_ENDLESS, /* max_points */
	ACTORS_MISFIT,	/* schedule_misfit() says why */
};
/*
 * actors_run - run all of them from their beginning, as `schedule` (after schedule_next()) decides. After
 * anything but ACTORS_ENDED some have been left in the middle; they begin anew at the next actors_run().
 */
enum actors_end actors_run(struct actors *actors, struct schedule *schedule);

/* actors_current - the one that runs now. */
unsigned int actors_current(const struct actors *actors);
/* actors_num_points - points that were passed in this run. */
uint64_t actors_num_points(const struct actors *actors);

/* --- called by an actor -------------------------------------------------------------------------------- */

/* actors_point - others may run before this returns. */
void actors_point(struct actors *actors);
/*
 * actors_yield - as actors_point(), and it waits for what others do: it goes on only after one of them has
 * passed a point, if there is one that can go on.
 */
void actors_yield(struct actors *actors);
/* actors_stand_back - the same, but it goes on only when none of the others can. */
void actors_stand_back(struct actors *actors);
/*
 * actors_wait - it cannot go on before done(arg), which is asked whenever somebody else stops. True: it holds.
 * False: nobody can go on, and of those who wait this one is told first: it waits `optionally` where others do
 * not, or has the lowest number.
 */
bool actors_wait(struct actors *actors, bool (*done)(void *arg), void *arg, bool optionally);
/*
 * actors_ask - a point at which it can let others run if it gives something up. True: it is to give it up, and
 * to say so by actors_give_way(); points before that do not count.
 */
bool actors_ask(struct actors *actors);
void actors_give_way(struct actors *actors);
/* actors_stop - nobody runs any more: actors_run() returns. Does not return. */
void actors_stop(struct actors *actors) __attribute__((noreturn));

#endif
