/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/parallel.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* Of one actor; host code has the kernel's small frames, sanitizers make them large. */
#define STACK_SIZE (1u << 20)
/* Points of all actors in one run: far above what the steps of a test pass, and reached in a second. */
#define MAX_POINTS (1u << 22)
/* Points that one passes while others could go on; a loop that waits for them gets no further. */
#define MAX_TURN   (1u << 14)
#define PLACE_SIZE 48u

/* What the world knows of the step that is being performed, while its actor does not run. */
struct thread {
	struct vcpu *running;
	struct world_rmi_call *calls;
	size_t num_calls, max_calls;
	uint64_t counts[COMMAND_NUM_FIDS + 1];
	uint64_t total, budget;
	unsigned int warns;
	jmp_buf guard;
	bool guarded;
	const char *dead_call;
	uint32_t trace_step;
	int32_t tid, machine_actor;
	uint64_t scratch;
	struct audit_call audit;
	bool dropped; /* it gave a lock up to let others run */
	char place[PLACE_SIZE];
};

struct parallel {
	struct parallel_config config;
	struct actors *actors;
	struct world *world; /* while they run */
	struct machine_sched sched;
	struct thread thread[SCHEDULE_MAX_ACTORS];
};

/* Exchanges what the world has for what the actor had, or back. */
static void thread_swap(struct world *world, struct thread *thread)
{
	const struct thread was = *thread;

	thread->running = world->running;
	thread->calls = world->calls;
	thread->num_calls = world->num_calls;
	thread->max_calls = world->max_calls;
	memcpy(thread->counts, world->counts, sizeof(thread->counts));
	thread->total = world->total;
	thread->budget = world->budget;
	thread->warns = world->warns;
	memcpy(&thread->guard, &world->guard, sizeof(thread->guard));
	thread->guarded = world->guarded;
	thread->trace_step = trace_step(world->trace);
	thread->tid = world->tid;
	thread->machine_actor = machine_actor(world->machine);
	thread->scratch = world->scratch;

	world->running = was.running;
	world->calls = was.calls;
	world->num_calls = was.num_calls;
	world->max_calls = was.max_calls;
	memcpy(world->counts, was.counts, sizeof(world->counts));
	world->total = was.total;
	world->budget = was.budget;
	world->warns = was.warns;
	memcpy(&world->guard, &was.guard, sizeof(world->guard));
	world->guarded = was.guarded;
	trace_set_step(world->trace, was.trace_step);
	world->tid = was.tid;
	machine_set_actor(world->machine, was.machine_actor);
	world->scratch = was.scratch;
	audit_swap(world->audit, &thread->audit);
}

static void actor_enter(void *ctx, unsigned int actor)
{
	struct parallel *parallel = ctx;

	thread_swap(parallel->world, &parallel->thread[actor]);
	if (parallel->config.enter)
		parallel->config.enter(parallel->config.ctx, actor);
}

static void actor_leave(void *ctx, unsigned int actor)
{
	struct parallel *parallel = ctx;

	if (parallel->config.leave)
		parallel->config.leave(parallel->config.ctx, actor);
	thread_swap(parallel->world, &parallel->thread[actor]);
}

static void actor_run(void *ctx, unsigned int actor)
{
	struct parallel *parallel = ctx;

	parallel->config.run(parallel->config.ctx, actor);
	/* Nothing can be said of a host that was left in the middle: the others do not go on either. */
	if (parallel->world->dead)
		actors_stop(parallel->actors);
}

int parallel_create(const struct parallel_config *config, struct parallel **out)
{
	struct parallel *parallel = calloc(1, sizeof(*parallel));
	struct actors_config actors = {.num = config->num,
				       .stack_size = STACK_SIZE,
				       .max_points = MAX_POINTS,
				       .max_turn = MAX_TURN,
				       .ctx = parallel,
				       .run = actor_run,
				       .enter = actor_enter,
				       .leave = actor_leave};
	int err;

	if (!parallel)
		return -ENOMEM;
	parallel->config = *config;
	err = actors_create(&actors, &parallel->actors);
	if (err) {
		free(parallel);
		return err;
	}
	*out = parallel;
	return 0;
}

void parallel_destroy(struct parallel *parallel)
{
	if (!parallel)
		return;
	for (unsigned int i = 0; i < parallel->config.num; i++)
		free(parallel->thread[i].calls);
	actors_destroy(parallel->actors);
	free(parallel);
}

const char *parallel_place(const struct parallel *parallel, unsigned int actor)
{
	return actor < SCHEDULE_MAX_ACTORS ? parallel->thread[actor].place : "";
}

/* --- what the machine asks ------------------------------------------------------------------------------ */

static struct thread *place_note(struct parallel *parallel, enum port_sched kind,
				 const char *object)
{
	static const char *const verbs[] = {
		[PORT_SCHED_LOCK] = "before locking ",
		[PORT_SCHED_UNLOCK] = "after unlocking ",
		[PORT_SCHED_RESCHED] = "rescheduling, ",
		[PORT_SCHED_SMC] = "before ",
	};
	struct thread *thread = &parallel->thread[actors_current(parallel->actors)];

	snprintf(thread->place, sizeof(thread->place), "%s%s", verbs[kind], object ? object : "?");
	return thread;
}

static void sched_point(void *ctx, enum port_sched kind, const char *object)
{
	struct parallel *parallel = ctx;
	struct thread *thread = place_note(parallel, kind, object);

	if (thread->dropped && kind == PORT_SCHED_RESCHED) {
		thread->dropped = false;
		actors_give_way(parallel->actors);
	} else {
		actors_point(parallel->actors);
	}
}

static bool sched_wait(void *ctx, enum port_sched kind, const char *object, bool (*done)(void *arg),
		       void *arg)
{
	struct parallel *parallel = ctx;
	struct thread *thread = &parallel->thread[actors_current(parallel->actors)];

	snprintf(thread->place, sizeof(thread->place), "waiting for %s", object ? object : "?");
	return actors_wait(parallel->actors, done, arg, kind == PORT_SCHED_RESCHED);
}

static bool sched_resched(void *ctx)
{
	struct parallel *parallel = ctx;
	struct thread *thread = place_note(parallel, PORT_SCHED_RESCHED, "the lock is dropped");

	thread->dropped = actors_ask(parallel->actors);
	return thread->dropped;
}

/* The guest gets nowhere: the host may be waiting for another thread, by trying again. */
void world_yield(struct world *world)
{
	struct parallel *parallel = world->parallel;
	struct thread *thread;

	if (!parallel)
		return;
	thread = &parallel->thread[actors_current(parallel->actors)];
	snprintf(thread->place, sizeof(thread->place), "getting nowhere");
	actors_yield(parallel->actors);
}

/* --- a run ----------------------------------------------------------------------------------------------- */

/* Each actor is a thread with a place of its own for the structures of its ioctls. */
static int thread_start(struct world *world, struct thread *thread, char **error)
{
	struct world_rmi_call *calls = thread->calls;
	size_t max_calls = thread->max_calls;
	int64_t ret;

	*thread = (struct thread){.calls = calls,
				  .max_calls = max_calls,
				  .trace_step = trace_step(world->trace),
				  .tid = world->tid,
				  .machine_actor = -1,
				  .scratch = world->scratch};
	if (!world->kvm)
		return 0;
	ret = world->kvm->thread_create(world->tid);
	if (ret < 0)
		return world_error(error, (int)ret, "a thread could not be created: %s",
				   strerror((int)-ret));
	thread->tid = (int32_t)ret;
	thread->scratch = world_user_alloc(world, WORLD_SCRATCH_SIZE);
	ret = uapi_mmap_anonymous(world, thread->scratch, WORLD_SCRATCH_SIZE);
	if (ret < 0)
		return world_error(error, (int)ret, "a thread got no memory: %s",
				   strerror((int)-ret));
	return 0;
}

int parallel_run(struct parallel *parallel, struct world *world, struct schedule *schedule,
		 char **error)
{
	enum actors_end end;
	int err;

	for (unsigned int i = 0; i < parallel->config.num; i++) {
		err = thread_start(world, &parallel->thread[i], error);
		if (err)
			return err;
	}
	/* What is promised follows from the order of calls, and those that overlap have none. */
	contract_enable(world->contract, false);
	parallel->world = world;
	parallel->sched = (struct machine_sched){.ctx = parallel,
						 .point = sched_point,
						 .wait = sched_wait,
						 .resched = sched_resched};
	world->parallel = parallel;
	machine_set_sched(world->machine, &parallel->sched);
	end = actors_run(parallel->actors, schedule);
	machine_set_sched(world->machine, NULL);
	world->parallel = NULL;
	parallel->world = NULL;
	switch (end) {
	case ACTORS_ENDED:
	case ACTORS_STOPPED:
		return 0;
	case ACTORS_ENDLESS:
		world->dead = true;
		world->dead_call = "parallel steps";
		machine_report(world->machine, "liveness", "endless-parallel", NULL,
			       "the actors passed %u scheduling points and did not end",
			       MAX_POINTS);
		return 0;
	case ACTORS_MISFIT:
		/* They were left in the middle. */
		world->dead = true;
		world->dead_call = "parallel steps";
		return world_error(error, -EINVAL, "%s", schedule_misfit(schedule));
	}
	return 0;
}
