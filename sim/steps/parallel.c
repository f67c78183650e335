/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/parallel.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "steps.h"
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
	struct contract_thread contract;
	struct world_buffers *buffers;
	bool dropped; /* it gave a lock up to let others run */
	const char *verb, *object; /* where it was last, in words */
};

struct parallel {
	struct parallel_config config;
	struct actors *actors;
	struct world *world; /* while they run */
	struct machine_sched sched;
	struct thread thread[SCHEDULE_MAX_ACTORS];
	struct world_buffers buffers[SCHEDULE_MAX_ACTORS];
	char place[PLACE_SIZE];
};

/* Exchanges what the world has for what the actor had, or back. */
static void thread_swap(struct world *world, struct thread *thread)
{
	struct world_buffers *const buffers = world->buffers;
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

	world->buffers = thread->buffers;
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
	thread->buffers = buffers;
	audit_swap(world->audit, &thread->audit);
	contract_swap(world->contract, &thread->contract);
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

const char *parallel_place(struct parallel *parallel, unsigned int actor)
{
	const struct thread *thread = &parallel->thread[actor % SCHEDULE_MAX_ACTORS];

	snprintf(parallel->place, sizeof(parallel->place), "%s%s", thread->verb ? thread->verb : "",
		 thread->object ? thread->object : "");
	return parallel->place;
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

	thread->verb = verbs[kind];
	thread->object = object;
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

	thread->verb = "waiting for ";
	thread->object = object;
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
void world_yield(struct world *world, bool patiently)
{
	struct parallel *parallel = world->parallel;
	struct thread *thread;

	if (!parallel)
		return;
	thread = &parallel->thread[actors_current(parallel->actors)];
	thread->verb = "getting nowhere";
	thread->object = NULL;
	if (patiently)
		actors_stand_back(parallel->actors);
	else
		actors_yield(parallel->actors);
}

/* --- what a step is for ---------------------------------------------------------------------------------- */

void parallel_step_converts(struct world *world)
{
	if (world->parallel)
		contract_step_converts(world->contract);
}

void parallel_step_end(struct world *world)
{
	if (world->parallel)
		contract_step_end(world->contract);
}

void parallel_file_closes(struct world *world)
{
	struct parallel *parallel = world->parallel;

	for (unsigned int i = 0; parallel && i < parallel->config.num; i++) {
		struct thread *thread = &parallel->thread[i];

		if (i == actors_current(parallel->actors))
			continue;
		thread->audit.scope = (struct audit_scope){.end = UINT64_MAX};
		thread->contract.start = 0;
		thread->contract.end = UINT64_MAX;
	}
}

static bool is_free(void *taken)
{
	return !*(const bool *)taken;
}

void parallel_take(struct world *world, bool *taken)
{
	if (world->parallel)
		(void)actors_wait(world->parallel->actors, is_free, taken, false);
	*taken = true;
}

static void claim_add(struct contract_claim *claim, uint64_t half, uint64_t start, uint64_t end)
{
	if (half && start >= half && start < 2 * half) {
		start -= half;
		end = end > half ? end - half : end;
	}
	if (start >= end)
		return;
	/* More than there is room for are one that holds them. */
	if (claim->num == CONTRACT_MAX_RANGES) {
		claim->ranges[0].start = 0;
		claim->ranges[0].end = UINT64_MAX;
		return;
	}
	claim->ranges[claim->num].start = start;
	claim->ranges[claim->num++].end = end;
}

static void claim_all(struct contract_claim *claim)
{
	claim->num = 1;
	claim->ranges[0].start = 0;
	claim->ranges[0].end = UINT64_MAX;
}

/* What a vCPU is in the middle of, it may come to an end of. */
static void claim_queue(struct contract_claim *claim, const struct realm *realm, unsigned int index)
{
	const struct vcpu *vcpu = index < realm->num_vcpus ? &realm->vcpus[index] : NULL;

	for (unsigned int i = 0; vcpu && i < vcpu->guest.num; i++) {
		const struct guest_op *op = guest_op_at(&vcpu->guest, i);
		uint64_t start, end;

		if (!guest_op_range(op, &start, &end))
			continue;
		claim_add(claim, realm_half(realm), start, end);
		if (op->kind == GUEST_SET_RIPAS || end == UINT64_MAX)
			claim->takes = claim->ripas = true;
		if (op->kind == GUEST_HOST_CALL || op->kind == GUEST_REALM_CONFIG)
			claim->bytes = true;
	}
}

/* The range that the arguments name; false: they name none. */
static bool claim_args(const struct step_call *call, uint64_t *start, uint64_t *end)
{
	const struct step_def *def = call->def;
	int base = step_param_find(def, "base");
	const int size = step_param_find(def, "size"), width = step_param_find(def, "width");
	uint64_t length = RMM_GRANULE_SIZE;

	if (base < 0)
		base = step_param_find(def, "ipa");
	if (base < 0)
		return false;
	*start = call->args[base].number;
	if (size >= 0)
		length = call->args[size].number;
	else if (width >= 0)
		length = call->args[width].number;
	*end = range_end(*start, length);
	return true;
}

static void claim_slot(struct contract_claim *claim, struct realm *realm, uint32_t id)
{
	const struct slot *slot = world_slot(realm, id);

	if (slot)
		claim_add(claim, 0, slot->base, range_end(slot->base, slot->size));
}

/* Whether the VMM means memory by these addresses that is in no slot. */
static bool range_is_hidden(const struct realm *realm, uint64_t start, uint64_t end)
{
	for (unsigned int i = 0; i < realm->num_slots; i++) {
		const struct slot *slot = &realm->slots[i];

		if (slot->used && !slot->added && slot->base < end &&
		    start < range_end(slot->base, slot->size))
			return true;
	}
	return false;
}

/* A file of a vCPU is one of several that keep the VM. */
static bool closes_little(const struct realm *realm, const struct step_call *call)
{
	return call->def->perform == vmm_close && realm->vm_fd >= 0 &&
	       call->args[CLOSE_WHAT].number == CLOSE_WHAT_VCPU;
}

static bool attributes_fill(const struct step_call *call)
{
	return call->args[SET_ATTRIBUTES_BITS].given ||
	       call->args[SET_ATTRIBUTES_TO].number != SET_ATTRIBUTES_TO_SHARED;
}

/* As its row says, and, of a few, as its arguments do. */
static void claim_make(struct realm *realm, const struct step_call *call,
		       struct contract_claim *claim)
{
	const unsigned int slot = (unsigned int)step_param_find(call->def, "slot");
	unsigned int claims = call->def->claims;
	uint64_t start = 0, end = 0;

	if (closes_little(realm, call))
		claims = STEP_CLAIMS_STATE;
	if (call->def->perform == vmm_set_attributes && !attributes_fill(call))
		claims &= ~(unsigned int)STEP_CLAIMS_FILLS;
	/* A slot that is not there yet may be when its turn comes. */
	if (call->def->perform == vmm_remove_slot &&
	    !world_slot(realm, (uint32_t)call->args[slot].number))
		claims |= STEP_CLAIMS_EVERYWHERE;
	/* The VM that it implies has all of its slots. */
	if (!realm->vm_made)
		claims |= STEP_CLAIMS_PAGES | STEP_CLAIMS_FILLS | STEP_CLAIMS_ATTRIBUTES |
			  STEP_CLAIMS_STATE | STEP_CLAIMS_EVERYWHERE;
	claim->takes = claims & STEP_CLAIMS_PAGES;
	claim->ripas = claims & STEP_CLAIMS_RIPAS;
	claim->bytes = claims & STEP_CLAIMS_BYTES;
	claim->fills = claims & STEP_CLAIMS_FILLS;
	claim->attributes = claims & STEP_CLAIMS_ATTRIBUTES;
	claim->user = claims & STEP_CLAIMS_USER;
	claim->files = claims & STEP_CLAIMS_FILES;
	claim->state = claims & STEP_CLAIMS_STATE;
	if (claim_args(call, &start, &end))
		claim_add(claim, call->def->actor == STEP_ACTOR_GUEST ? realm_half(realm) : 0,
			  start, end);
	claim->hidden = claim->user &&
			(claims & STEP_CLAIMS_EVERYWHERE || range_is_hidden(realm, start, end));
	if (claims & STEP_CLAIMS_SLOT)
		claim_slot(claim, realm, (uint32_t)call->args[slot].number);
	if (claims & STEP_CLAIMS_QUEUE)
		claim_queue(claim, realm, call->vcpu);
	/* The same memory has several addresses. */
	if (claims & STEP_CLAIMS_EVERYWHERE || (realm->aliased && claim->num))
		claim_all(claim);
}

void parallel_step_begin(struct world *world, const struct step_call *call)
{
	struct contract_claim claim = {.realm = call->realm};

	if (!world->parallel || !world->kvm || call->def->actor == STEP_ACTOR_RMM)
		return;
	claim_make(&world->realms[call->realm], call, &claim);
	contract_step_begin(world->contract, &claim);
}

/* --- a run ----------------------------------------------------------------------------------------------- */

/* Each actor is a thread with a place of its own for the structures of its ioctls. */
static int thread_start(struct parallel *parallel, struct world *world, unsigned int actor,
			char **error)
{
	struct thread *thread = &parallel->thread[actor];
	struct world_rmi_call *calls = thread->calls;
	size_t max_calls = thread->max_calls;
	int64_t ret;

	memset(thread, 0, sizeof(*thread));
	thread->calls = calls;
	thread->max_calls = max_calls;
	thread->trace_step = trace_step(world->trace);
	thread->tid = world->tid;
	thread->machine_actor = -1;
	thread->scratch = world->scratch;
	thread->buffers = &parallel->buffers[actor];
	thread->contract.actor = actor;
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
	contract_thread_started(world->contract);
	return 0;
}

int parallel_run(struct parallel *parallel, struct world *world, struct schedule *schedule,
		 char **error)
{
	enum actors_end end;
	int err;

	/* A host that was left in the middle makes no threads, and no step is carried out there. */
	if (world->dead)
		return 0;
	for (unsigned int i = 0; i < parallel->config.num; i++) {
		err = thread_start(parallel, world, i, error);
		if (err)
			return err;
	}
	parallel->world = world;
	parallel->sched = (struct machine_sched){.ctx = parallel,
						 .point = sched_point,
						 .wait = sched_wait,
						 .resched = sched_resched};
	world->parallel = parallel;
	/* The calls of each are its own. */
	world_calls_update(world);
	world_calls_watch(world, true);
	machine_set_sched(world->machine, &parallel->sched);
	contract_together(world->contract, true);
	end = actors_run(parallel->actors, schedule);
	contract_together(world->contract, false);
	machine_set_sched(world->machine, NULL);
	world->parallel = NULL;
	world_calls_watch(world, false);
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
