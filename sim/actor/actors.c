/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/actors.h>

#include <errno.h>
#include <stdlib.h>

#include <sim/fiber.h>

enum actor_state {
	ACTOR_READY,
	ACTOR_YIELDED, /* ready as soon as another one has passed a point */
	ACTOR_STANDS_BACK, /* ready as soon as nobody else can go on */
	ACTOR_WAITING,
	ACTOR_GIVEN_UP, /* ready; what it waits for will not come */
	ACTOR_ENDED,
};

struct actor {
	struct actors *actors;
	unsigned int index;
	struct fiber *fiber;
	enum actor_state state;
	bool (*done)(void *arg);
	void *arg;
	bool optionally;
	bool gives_way; /* said yes to actors_ask() and has not given way yet */
};

struct actors {
	struct actors_config config;
	struct schedule *schedule;
	unsigned int current;
	uint64_t points, turn_points;
	bool stopped, endless;
	struct actor actor[SCHEDULE_MAX_ACTORS];
};

static void actor_main(void *arg)
{
	struct actor *actor = arg;

	actor->actors->config.run(actor->actors->config.ctx, actor->index);
}

int actors_create(const struct actors_config *config, struct actors **out)
{
	struct actors *actors;
	int err = 0;

	if (!config->num || config->num > SCHEDULE_MAX_ACTORS || !config->run)
		return -EINVAL;
	actors = calloc(1, sizeof(*actors));
	if (!actors)
		return -ENOMEM;
	actors->config = *config;
	for (unsigned int i = 0; i < config->num && !err; i++) {
		struct actor *actor = &actors->actor[i];

		actor->actors = actors;
		actor->index = i;
		err = fiber_create(config->stack_size, actor_main, actor, &actor->fiber);
	}
	if (err) {
		actors_destroy(actors);
		return err;
	}
	*out = actors;
	return 0;
}

void actors_destroy(struct actors *actors)
{
	if (!actors)
		return;
	for (unsigned int i = 0; i < actors->config.num; i++)
		fiber_destroy(actors->actor[i].fiber);
	free(actors);
}

unsigned int actors_current(const struct actors *actors)
{
	return actors->current;
}

uint64_t actors_num_points(const struct actors *actors)
{
	return actors->points;
}

static bool actor_can_go_on(const struct actor *actor)
{
	return actor->state == ACTOR_READY || actor->state == ACTOR_GIVEN_UP ||
	       (actor->state == ACTOR_WAITING && actor->done(actor->arg));
}

/* Those that can go on; without `except`. */
static uint32_t actors_ready(const struct actors *actors, unsigned int except)
{
	uint32_t ready = 0;

	for (unsigned int i = 0; i < actors->config.num; i++) {
		if (i != except && actor_can_go_on(&actors->actor[i]))
			ready |= 1u << i;
	}
	return ready;
}

/* Nobody can go on: whoever gave way may after all, or one that waits is told that it waits in vain. */
static uint32_t actors_wake(struct actors *actors)
{
	struct actor *told = NULL;
	uint32_t ready = 0;

	for (unsigned int i = 0; i < actors->config.num; i++) {
		struct actor *actor = &actors->actor[i];

		if (actor->state == ACTOR_YIELDED || actor->state == ACTOR_STANDS_BACK) {
			actor->state = ACTOR_READY;
			ready |= 1u << i;
		} else if (actor->state == ACTOR_WAITING &&
			   (!told || (actor->optionally && !told->optionally))) {
			told = actor;
		}
	}
	if (ready || !told)
		return ready;
	told->state = ACTOR_GIVEN_UP;
	return 1u << told->index;
}

enum actors_end actors_run(struct actors *actors, struct schedule *schedule)
{
	const struct actors_config *config = &actors->config;
	uint32_t ready;

	actors->schedule = schedule;
	actors->points = actors->turn_points = 0;
	actors->stopped = actors->endless = false;
	for (unsigned int i = 0; i < config->num; i++) {
		struct actor *actor = &actors->actor[i];

		actor->state = ACTOR_READY;
		actor->gives_way = false;
		fiber_restart(actor->fiber, actor_main, actor);
	}
	ready = actors_ready(actors, SCHEDULE_MAX_ACTORS);
	actors->current = schedule_pick(schedule, true, 0, ready);
	while (!schedule_misfit(schedule)) {
		const unsigned int current = actors->current;
		struct actor *actor = &actors->actor[current];

		if (actor->state == ACTOR_WAITING)
			actor->state = ACTOR_READY;
		actors->turn_points = 0;
		if (config->enter)
			config->enter(config->ctx, current);
		fiber_resume(actor->fiber);
		if (config->leave)
			config->leave(config->ctx, current);
		if (actors->stopped)
			return ACTORS_STOPPED;
		if (actors->endless)
			return ACTORS_ENDLESS;
		if (fiber_ended(actor->fiber))
			actor->state = ACTOR_ENDED;
		/* Who was preempted has picked its successor. */
		if (actors->current != current)
			continue;
		ready = actors_ready(actors, SCHEDULE_MAX_ACTORS);
		if (!ready)
			ready = actors_wake(actors);
		if (!ready)
			return ACTORS_ENDED;
		actors->current = schedule_pick(schedule, true, current, ready);
	}
	return ACTORS_MISFIT;
}

/* --- called by an actor -------------------------------------------------------------------------------- */

static void actor_suspend(struct actor *actor)
{
	fiber_suspend(actor->fiber);
}

/* One more point; does not return if that was one too many. */
static void point_count(struct actors *actors, struct actor *actor)
{
	actors->points++;
	actors->turn_points++;
	for (unsigned int i = 0; i < actors->config.num; i++) {
		if (i != actor->index && actors->actor[i].state == ACTOR_YIELDED)
			actors->actor[i].state = ACTOR_READY;
	}
	if (!actors->config.max_points || actors->points <= actors->config.max_points)
		return;
	actors->endless = true;
	for (;;)
		actor_suspend(actor);
}

void actors_point(struct actors *actors)
{
	struct actor *actor = &actors->actor[actors->current];
	uint32_t others;

	if (actor->gives_way)
		return;
	point_count(actors, actor);
	others = actors_ready(actors, actor->index);
	if (!others) {
		schedule_pass(actors->schedule);
		return;
	}
	if (actors->config.max_turn && actors->turn_points >= actors->config.max_turn) {
		schedule_pass(actors->schedule);
		actor->state = ACTOR_YIELDED;
		actor_suspend(actor);
		return;
	}
	actors->current = schedule_pick(actors->schedule, false, actor->index, others);
	if (actors->current != actor->index)
		actor_suspend(actor);
}

static void actor_yield(struct actors *actors, enum actor_state state)
{
	struct actor *actor = &actors->actor[actors->current];

	point_count(actors, actor);
	schedule_pass(actors->schedule);
	if (!actors_ready(actors, actor->index))
		return;
	actor->state = state;
	actor_suspend(actor);
}

void actors_yield(struct actors *actors)
{
	actor_yield(actors, ACTOR_YIELDED);
}

void actors_stand_back(struct actors *actors)
{
	actor_yield(actors, ACTOR_STANDS_BACK);
}

bool actors_wait(struct actors *actors, bool (*done)(void *arg), void *arg, bool optionally)
{
	struct actor *actor = &actors->actor[actors->current];

	while (!done(arg)) {
		actor->state = ACTOR_WAITING;
		actor->done = done;
		actor->arg = arg;
		actor->optionally = optionally;
		actor_suspend(actor);
		if (actor->state == ACTOR_GIVEN_UP) {
			actor->state = ACTOR_READY;
			return false;
		}
	}
	return true;
}

bool actors_ask(struct actors *actors)
{
	struct actor *actor = &actors->actor[actors->current];
	bool others = false;

	point_count(actors, actor);
	/* Those who wait may wait for the very thing that would be given up. */
	for (unsigned int i = 0; i < actors->config.num; i++)
		others |= i != actor->index && actors->actor[i].state != ACTOR_ENDED;
	if (others)
		actor->gives_way = schedule_ask(actors->schedule);
	else
		schedule_pass(actors->schedule);
	return actor->gives_way;
}

void actors_give_way(struct actors *actors)
{
	struct actor *actor = &actors->actor[actors->current];
	uint32_t others;

	actor->gives_way = false;
	others = actors_ready(actors, actor->index);
	/* It gave up for nothing if nobody can go on. */
	actors->current = schedule_pick(actors->schedule, true, actor->index,
					others ? others : 1u << actor->index);
	if (actors->current != actor->index)
		actor_suspend(actor);
}

void actors_stop(struct actors *actors)
{
	actors->stopped = true;
	for (;;)
		actor_suspend(&actors->actor[actors->current]);
}
