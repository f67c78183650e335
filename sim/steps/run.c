/* SPDX-License-Identifier: BSD-3-Clause */
/* run.c - KVM_RUN in a loop, as a VMM does it; or REC_ENTER where there is no host. */
#include "steps.h"
#include "world.h"

#include <errno.h>
#include <rmm/rmi.h>
#include <stdlib.h>
#include <string.h>

/*
 * Returns of KVM_RUN in one step, beside four a granule, after which the host is said to be
 * endless.
 */
#define MAX_RETURNS 1024u

static int exit_add(struct step_result *result, const struct step_exit *exit)
{
	if (result->num_exits == result->max_exits) {
		size_t max = result->max_exits ? 2 * result->max_exits : 8;
		struct step_exit *grown = realloc(result->exits, max * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		result->exits = grown;
		result->max_exits = max;
	}
	result->exits[result->num_exits++] = *exit;
	return 0;
}

/*
 * What a KVM_RUN may be about: all that the guest's queue names, rounded to what a fault maps.
 * RIPAS changes are exact.
 */
static void run_scope(const struct world *world, const struct vcpu *vcpu, uint64_t *start,
		      uint64_t *end)
{
	const struct realm *realm = vcpu->realm;
	uint64_t half = realm_half(realm);
	uint64_t mask = world->map_size - 1;

	*start = UINT64_MAX;
	*end = 0;
	for (unsigned int i = 0; i < vcpu->guest.num; i++) {
		const struct guest_op *op = guest_op_at(&vcpu->guest, i);
		uint64_t from, to;

		if (!guest_op_range(op, &from, &to))
			continue;
		if (to == UINT64_MAX) {
			*start = 0;
			*end = UINT64_MAX;
			return;
		}
		if (from >= half) {
			from -= half;
			to -= half;
		}
		if (op->kind != GUEST_SET_RIPAS) {
			from &= ~mask;
			to = (to + mask) & ~mask;
		}
		if (from < *start)
			*start = from;
		if (to > *end)
			*end = to;
	}
	if (*start > *end)
		*start = *end = 0;
}

/* What the guest stores to a device is what its VMM is told. */
static void mmio_judge(struct world *world, struct vcpu *vcpu, const struct step_exit *exit)
{
	const struct guest_op *op = guest_head(&vcpu->guest);
	const unsigned int realm = vcpu->realm->index;

	contract_mmio_exit(world->contract, realm, exit->gpa);
	if (exit->is_write && op && op->kind == GUEST_ACCESS && op->type == RMM_WRITE)
		contract_device(world->contract, realm, exit->gpa, exit->size,
				guest_op_word(op), exit->data);
}

/* One KVM_RUN. A signal that was pending is delivered when it returns. */
static int64_t run_vcpu(struct world *world, struct vcpu *vcpu, struct step_exit *exit)
{
	const struct guest_op *op = guest_head(&vcpu->guest);
	/* The RMM stores the answer of a host call before the guest goes on, and may find no page there. */
	const bool answers = op && op->in_flight && op->kind == GUEST_HOST_CALL;
	const uint64_t answered = answers ? op->start : 0;
	uint64_t start, end;
	int64_t ret;

	run_scope(world, vcpu, &start, &end);
	vcpu->guest.idle = false;
	if (answers)
		contract_tried(world->contract, vcpu->realm->index, answered);
	world->running = vcpu;
	ret = uapi_run(world, vcpu->realm, vcpu, start, end, exit);
	world->running = NULL;
	/* What was tried in the call is asked about next, and the call began after the first time. */
	if (answers)
		contract_tried(world->contract, vcpu->realm->index, answered);
	contract_answer(world->contract, vcpu->realm->index,
			&(struct contract_request){.call = CONTRACT_RUN,
						   .vcpu = vcpu->index,
						   .told = uapi_exit_class(exit->reason) ==
							   UAPI_EXIT_MEMORY_FAULT},
			ret);
	if (ret == -EFAULT && uapi_exit_class(exit->reason) == UAPI_EXIT_MEMORY_FAULT)
		contract_fault_exit(world->contract, vcpu->realm->index, vcpu->index, exit->gpa,
				    exit->size, exit->is_private);
	if (!ret && uapi_exit_class(exit->reason) == UAPI_EXIT_MMIO)
		mmio_judge(world, vcpu, exit);
	/* Nobody reads the reason of a vCPU whose kvm_run is not mapped. */
	if (!ret && vcpu->run && uapi_exit_class(exit->reason) == UAPI_EXIT_OTHER)
		contract_strange_exit(world->contract, vcpu->realm->index,
				      step_exit_reason_name(exit->reason));
	if (vcpu->signalled && !world->dead) {
		vcpu->signalled = false;
		world->kvm->signal_set(vcpu->tid, false);
	}
	return ret;
}

static void result_from_guest(struct step_result *result, const struct guest *guest)
{
	result->outcome = guest->result.outcome;
	result->value = guest->result.value;
	result->done = guest->result.done;
	result->has_response = guest->result.has_response;
	result->rejected = guest->result.rejected;
}

/* The operation did not end; say how far it came. */
static void result_unfinished(struct step_result *result, const struct guest *guest,
			      enum step_outcome outcome, int err)
{
	result->outcome = outcome;
	result->err = err;
	if (guest->num) {
		const struct guest_op *op = guest_op_at(guest, guest->num - 1);

		result->done = op->cursor - op->start;
	}
}

static bool exits_equal(const struct step_exit *a, const struct step_exit *b)
{
	return a->reason == b->reason && a->err == b->err && a->gpa == b->gpa &&
	       a->size == b->size && a->is_private == b->is_private && a->is_write == b->is_write &&
	       a->data == b->data;
}

enum after_exit { AFTER_RUN, AFTER_END };

/* What the VMM does about an exit; AFTER_END: the step ends, `result` says how. */
static enum after_exit exit_handle(struct world *world, struct step_call *call, struct vcpu *vcpu,
				   int64_t ret, const struct step_exit *exit)
{
	struct step_result *result = &call->result;
	struct guest *guest = &vcpu->guest;
	struct guest_op *op = guest_head(guest);
	enum uapi_exit class = uapi_exit_class(exit->reason);
	int64_t err = 0;

	if (ret == -EINTR)
		return AFTER_RUN;
	if (ret < 0 && !(ret == -EFAULT && class == UAPI_EXIT_MEMORY_FAULT)) {
		result_unfinished(result, guest, STEP_ERROR, (int)ret);
		return AFTER_END;
	}
	switch (class) {
	case UAPI_EXIT_MEMORY_FAULT:
		if (call->memory_fault == STEP_CONVERT_RETURN) {
			result_unfinished(result, guest, STEP_STOPPED, 0);
			return AFTER_END;
		}
		err = memory_convert(world, vcpu->realm, vcpu->tid, call->memory_fault, exit);
		break;
	case UAPI_EXIT_MMIO:
		if (op && op->mmio == MMIO_RETURN) {
			result_unfinished(result, guest, STEP_STOPPED, 0);
			return AFTER_END;
		}
		if (op && op->mmio == MMIO_SEA)
			err = uapi_set_events(world, vcpu->realm, vcpu, vcpu->tid, false, true);
		else if (!exit->is_write)
			err = uapi_answer_mmio(world, vcpu, op ? op->answer : 0);
		if (op && op->kind == GUEST_ACCESS)
			op->answered = !exit->is_write && !err && op->mmio != MMIO_SEA;
		break;
	case UAPI_EXIT_HYPERCALL:
		break;
	case UAPI_EXIT_SHUTDOWN:
		guest->num = 0;
		result->outcome = STEP_SHUTDOWN;
		return AFTER_END;
	default:
		result_unfinished(result, guest, STEP_ERROR, 0);
		return AFTER_END;
	}
	if (err < 0) {
		result_unfinished(result, guest, STEP_ERROR, (int)err);
		return AFTER_END;
	}
	return AFTER_RUN;
}

static int run_loop(struct world *world, struct step_call *call, struct vcpu *vcpu,
		    uint64_t granules, char **error)
{
	struct step_result *result = &call->result;
	struct guest *guest = &vcpu->guest;
	uint64_t limit = MAX_RETURNS + 4 * granules;
	struct step_exit last = {0};
	uint64_t last_progress = 0;
	bool has_last = false;

	for (uint64_t i = 0; i < limit; i++) {
		struct step_exit exit;
		int64_t ret = run_vcpu(world, vcpu, &exit);

		if (world->dead) {
			result_unfinished(result, guest, STEP_ERROR, -EDEADLK);
			return 0;
		}
		if (ret == -EINTR && guest->idle) {
			if (guest->num)
				continue;
			result_from_guest(result, guest);
			return 0;
		}
		if (exit_add(result, &exit))
			return world_error(error, -ENOMEM, "out of memory");
		/* Nothing that this VMM does will change what comes back. */
		if (has_last && guest->progress == last_progress && exits_equal(&exit, &last)) {
			result_unfinished(result, guest, STEP_STOPPED, 0);
			return 0;
		}
		if (exit_handle(world, call, vcpu, ret, &exit) == AFTER_END)
			return 0;
		last = exit;
		last_progress = guest->progress;
		has_last = true;
	}
	machine_report(world->machine, "liveness", "endless-run", "KVM_RUN",
		       "KVM_RUN returned %llu times in one step", (unsigned long long)limit);
	guest->num = 0;
	result_unfinished(result, guest, STEP_ERROR, -EDEADLK);
	return 0;
}

static int irqchip_missing(struct step_call *call, int err, char **error)
{
	call->result.implied = STEP_IMPLIED_IRQCHIP;
	call->result.implied_err = err;
	return world_error(error, err, "%s: the irqchip that it implies could not be made: %s",
			   call->def->name, strerror(-err));
}

/* What has to be there before the first KVM_RUN, once for all vCPUs. */
static int run_prepare(struct world *world, struct step_call *call, struct realm *realm,
		       char **error)
{
	int64_t ret;
	int err;

	parallel_take(world, &realm->busy);
	err = first_run_ready(world, call, realm, error);
	ret = err ? 0 : lifecycle_before_run(world, realm);
	realm->busy = false;
	return ret < 0 ? irqchip_missing(call, (int)ret, error) : err;
}

int run_once(struct world *world, struct step_call *call, struct vcpu *vcpu, char **error)
{
	struct step_result *result = &call->result;
	uint64_t finished = vcpu->guest.finished;
	struct step_exit exit;
	int64_t ret;
	int err = run_prepare(world, call, vcpu->realm, error);

	if (err)
		return err;
	vcpu->guest.stuck = 0;
	ret = run_vcpu(world, vcpu, &exit);
	if (vcpu->guest.finished != finished)
		result_from_guest(result, &vcpu->guest);
	if (ret == -EINTR && vcpu->guest.idle)
		return 0;
	if (exit_add(result, &exit))
		return world_error(error, -ENOMEM, "out of memory");
	result->err = ret < 0 ? (int)ret : 0;
	if (uapi_exit_class(exit.reason) == UAPI_EXIT_SHUTDOWN && ret >= 0)
		result->outcome = STEP_SHUTDOWN;
	else if (uapi_exit_class(exit.reason) == UAPI_EXIT_MEMORY_FAULT && ret == -EFAULT)
		result->outcome = STEP_STOPPED;
	else if (ret < 0)
		result->outcome = STEP_ERROR;
	else if (!world->dead && vcpu->guest.num)
		result->outcome = STEP_STOPPED;
	return 0;
}

struct rec_search {
	const struct rmm *rmm;
	uint64_t rd, rec;
	uint64_t index;
};

static bool rec_match(void *ctx, uint64_t pa, const struct rmm_granule_view *granule)
{
	struct rec_search *search = ctx;
	struct rmm_rec_view view;

	if (granule->state != RMM_GRANULE_REC || !rmm_inspect_rec(search->rmm, pa, &view) ||
	    view.owner != search->rd ||
	    ((view.mpidr & 0xf) | (view.mpidr >> 8 & 0xffffff) << 4) != search->index)
		return true;
	search->rec = pa;
	return false;
}

/* There is no host: the step is one REC_ENTER after the other until something has to be decided. */
static int run_rec(struct world *world, struct step_call *call, struct vcpu *vcpu, char **error)
{
	struct rec_search search = {.rmm = world->rmm, .rd = vcpu->realm->rd, .index = vcpu->index};
	uint64_t base = dram_base(world->dram);
	/* Several may run at once: each vCPU has a page of its own. */
	uint64_t run_pa = base + dram_size(world->dram) - (vcpu->index + 1ull) * RMM_GRANULE_SIZE;
	struct rmi_rec_run *run = (void *)(dram_host_view(world->dram) + (run_pa - base));
	struct step_result *result = &call->result;
	struct guest *guest = &vcpu->guest;
	struct rmm_granule_view granule;
	struct rmm_regs regs = {0};

	rmm_inspect_each_granule(world->rmm, rec_match, &search);
	if (!search.rec)
		return world_error(error, -ENOENT, "%s: realm %u has no REC with index %u",
				   call->def->name, call->realm, vcpu->index);
	if (!rmm_inspect_granule(world->rmm, run_pa, &granule) ||
	    granule.state != RMM_GRANULE_UNDELEGATED)
		return world_error(error, -EBUSY,
				   "%s: the granule at %#llx, at the end of memory, is needed for "
				   "the run page",
				   call->def->name, (unsigned long long)run_pa);
	dram_mark_dirty(world->dram, run_pa);
	memset(run, 0, sizeof(*run));
	regs.x[0] = RMI_REC_ENTER;
	regs.x[1] = search.rec;
	regs.x[2] = run_pa;
	machine_sched_point(world->machine, PORT_SCHED_SMC, "smc");
	world->running = vcpu;
	machine_smc(world->machine, &regs);
	world->running = NULL;
	if (regs.x[0] != RMI_SUCCESS) {
		guest->num = 0;
		result->outcome = STEP_ERROR;
		result->value = regs.x[0];
		return 0;
	}
	if (guest->idle) {
		result_from_guest(result, guest);
		return 0;
	}
	result_unfinished(result, guest, STEP_STOPPED, 0);
	if (run->exit.exit_reason == RMI_EXIT_SYNC) {
		uint64_t class = run->exit.esr >> RMI_ESR_EC_SHIFT & 0x3f;

		result->value = run->exit.hpfar << 8 | (run->exit.far & 0xfff);
		if (class == RMI_ESR_EC_DATA_ABORT)
			result->outcome = STEP_DATA_ABORT_EXIT;
		else if (class == RMI_ESR_EC_INST_ABORT)
			result->outcome = STEP_INSTRUCTION_ABORT_EXIT;
		guest->num = 0;
	} else if (guest->num == 0) {
		/* The call was not meant to come back. */
		result_from_guest(result, guest);
	}
	return 0;
}

/* Without a host nobody made vCPUs: they are as many as the steps speak of. */
static int rec_vcpu(struct world *world, struct step_call *call, struct vcpu **vcpu, char **error)
{
	struct realm *realm = world_call_realm(world, call);

	world_refresh_rd(world, realm);
	if (!realm->rd)
		return world_error(error, -ENOENT, "%s: the RMM has no realm %u", call->def->name,
				   call->realm);
	if (call->vcpu >= realm->max_vcpus) {
		unsigned int count = call->vcpu + 1;
		struct vcpu *grown = realloc(realm->vcpus, count * sizeof(*grown));

		if (!grown)
			return world_error(error, -ENOMEM, "out of memory");
		realm->vcpus = grown;
		realm->max_vcpus = count;
	}
	for (; realm->num_vcpus <= call->vcpu; realm->num_vcpus++) {
		realm->vcpus[realm->num_vcpus] = (struct vcpu){
			.realm = realm, .index = realm->num_vcpus, .fd = -1, .tid = -1};
		guest_reset(&realm->vcpus[realm->num_vcpus].guest);
	}
	*vcpu = &realm->vcpus[call->vcpu];
	return 0;
}

int run_guest(struct world *world, struct step_call *call, const struct guest_op *op, char **error)
{
	struct vcpu *vcpu;
	int err;

	if (world->kvm)
		err = world_vcpu(world, call, &vcpu, error);
	else
		err = rec_vcpu(world, call, &vcpu, error);
	if (err)
		return err;
	if (world->kvm) {
		err = run_prepare(world, call, vcpu->realm, error);
		if (err)
			return err;
	}
	guest_abandon(&vcpu->guest);
	if (!guest_push(&vcpu->guest, op))
		return world_error(error, -ENOSPC, "%s: vCPU %u has %d operations that did not end",
				   call->def->name, call->vcpu, GUEST_MAX_OPS);
	vcpu->guest.stuck = 0;
	vcpu->guest.result.has_response = false;
	vcpu->guest.result.rejected = false;
	if (!world->kvm)
		return run_rec(world, call, vcpu, error);
	return run_loop(world, call, vcpu, (op->end - op->start) / RMM_GRANULE_SIZE, error);
}
