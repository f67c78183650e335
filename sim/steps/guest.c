/* SPDX-License-Identifier: BSD-3-Clause */
#include "guest.h"

#include <rmm/rsi.h>
#include <string.h>

#include "world.h"

/* The register that emulatable loads and stores go through. */
#define ACCESS_REGISTER 1u
#define INSTRUCTION	4u

void guest_reset(struct guest *guest)
{
	memset(guest, 0, sizeof(*guest));
}

bool guest_push(struct guest *guest, const struct guest_op *op)
{
	if (guest->num == GUEST_MAX_OPS)
		return false;
	guest->ops[(guest->head + guest->num++) % GUEST_MAX_OPS] = *op;
	return true;
}

void guest_abandon(struct guest *guest)
{
	/* Only the head can be in flight. */
	guest->num = guest->num && guest->ops[guest->head].in_flight ? 1 : 0;
}

struct guest_op *guest_head(struct guest *guest)
{
	return guest->num ? &guest->ops[guest->head] : NULL;
}

const struct guest_op *guest_op_at(const struct guest *guest, unsigned int index)
{
	return &guest->ops[(guest->head + index) % GUEST_MAX_OPS];
}

uint64_t guest_op_word(const struct guest_op *op)
{
	return op->width ? op->value : op->value * 0x0101010101010101ull;
}

bool guest_op_range(const struct guest_op *op, uint64_t *start, uint64_t *end)
{
	switch (op->kind) {
	case GUEST_SMC:
		if (op->status_in_x0 || op->x[0] < RSI_FID_FIRST || op->x[0] > RSI_FID_LAST)
			return false;
		/* A raw call may name any addresses. */
		*start = 0;
		*end = UINT64_MAX;
		return true;
	case GUEST_HVC:
	case GUEST_EVENT:
	case GUEST_TIMER:
		return false;
	default:
		*start = op->start;
		*end = op->end;
		return true;
	}
}

/* The operation at the head of a queue that is not empty. */
static struct guest_op *op_current(struct guest *guest)
{
	return &guest->ops[guest->head];
}

static const char *op_name(const struct guest_op *op)
{
	switch (op->kind) {
	case GUEST_ACCESS:
		return op->type == RMM_WRITE ? "write" : op->type == RMM_READ ? "read" : "fetch";
	case GUEST_SMC:
		return "smc";
	case GUEST_SET_RIPAS:
		return "set_ripas";
	case GUEST_GET_RIPAS:
		return "get_ripas";
	case GUEST_HOST_CALL:
		return "host_call";
	case GUEST_REALM_CONFIG:
		return "realm_config";
	case GUEST_HVC:
		return "hvc";
	case GUEST_EVENT:
		return "event";
	case GUEST_TIMER:
		return "timer";
	}
	return NULL;
}

/* Number of the realm whose guest runs. */
static unsigned int realm_running(const struct world *world)
{
	return world->running ? world->running->realm->index : 0;
}

/* The operation at the head is over. After anything but success the program does not go on. */
static void op_finish(struct world *world, struct guest *guest, enum step_outcome outcome)
{
	struct guest_op *op = op_current(guest);

	guest->result.outcome = outcome;
	guest->result.value = op->value;
	guest->result.done = op->cursor - op->start;
	if (op->kind != GUEST_SET_RIPAS)
		guest->result.has_response = guest->result.rejected = false;
	guest->finished++;
	guest->progress++;
	if (trace_wants(world->trace, TRACE_REALM)) {
		struct trace_event event = {
			.kind = TRACE_REALM,
			.actor = world->running ? world->running->tid : -1,
			.value = {op->start, op->end - op->start, outcome},
			.text = op_name(op),
			.name = op_name(op),
		};

		trace_emit(world->trace, &event);
	}
	if (outcome == STEP_OK) {
		guest->head = (guest->head + 1) % GUEST_MAX_OPS;
		guest->num--;
	} else {
		guest->num = 0;
	}
}

/* The exception handler of this Realm skips the instruction. */
static void sea_taken(struct world *world, struct guest *guest, struct rmm_cpu *cpu)
{
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);

	regs->pc = regs->elr_el1 + INSTRUCTION;
	regs->pstate = regs->spsr_el1;
	op_finish(world, guest, STEP_SEA);
}

static uint32_t access_chunk(const struct guest_op *op)
{
	uint64_t left = op->end - op->cursor;
	uint64_t granule = RMM_GRANULE_SIZE - op->cursor % RMM_GRANULE_SIZE;

	if (op->width)
		return op->width;
	return (uint32_t)(left < granule ? left : granule);
}

static bool is_register_size(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

/* `size` bytes of what was read came from op->cursor. */
static void access_read(struct world *world, struct guest_op *op, uint32_t size)
{
	uint64_t offset = op->cursor - op->start;
	uint64_t word = 0;

	if (op->end - op->start <= sizeof(word)) {
		memcpy(&word, world->buffers->read, size);
		op->value |= word << (8 * offset);
		return;
	}
	if (!offset)
		op->value = world->buffers->read[0];
	op->mixed |= world->buffers->read[0] != (uint8_t)op->value ||
		     memcmp(world->buffers->read, world->buffers->read + 1, size - 1);
	if (op->mixed)
		op->value = UINT64_MAX;
}

/* The access at the cursor is done, by the CPU or by the host's emulation. */
static void access_done(struct world *world, struct guest *guest, uint32_t size)
{
	struct guest_op *op = op_current(guest);

	if (op->type == RMM_READ)
		access_read(world, op, size);
	op->cursor += size;
	guest->progress++;
	if (op->cursor >= op->end)
		op_finish(world, guest, STEP_OK);
}

static void access_emulated(struct world *world, struct guest *guest, struct rmm_cpu *cpu)
{
	struct guest_op *op = op_current(guest);

	if (op->type == RMM_READ) {
		const uint64_t value = rmm_cpu_regs(cpu)->gprs[ACCESS_REGISTER];

		memcpy(world->buffers->read, &value, sizeof(value));
		if (op->answered)
			contract_device(world->contract, realm_running(world), op->cursor,
					access_chunk(op), op->answer, value);
		op->answered = false;
	}
	access_done(world, guest, access_chunk(op));
}

/* How many of `size` bytes at `ipa` are in its granule. */
static uint32_t granule_part(uint64_t ipa, uint32_t size)
{
	const uint64_t room = RMM_GRANULE_SIZE - ipa % RMM_GRANULE_SIZE;

	return size < room ? size : (uint32_t)room;
}

/* Of the bytes of an access `size` were accessed. A store without data is of zeros. */
static void access_promise(struct world *world, const struct rmm_access *access, uint32_t size)
{
	static const uint8_t zeros[RMM_GRANULE_SIZE];
	const uint8_t *data = access->data;

	if (access->type == RMM_FETCH)
		data = NULL;
	else if (access->type == RMM_WRITE && !data)
		data = zeros;
	for (uint32_t done = 0, part; done < size; done += part) {
		part = granule_part(access->ipa + done, size - done);
		contract_access(world->contract, realm_running(world), access->ipa + done, part,
				access->type == RMM_WRITE, data ? data + done : NULL);
	}
}

/* It did not come to its end: what is in the granule before that is done all the same. */
static void access_tried(struct world *world, const struct rmm_access *access,
			 enum rmm_outcome outcome)
{
	const unsigned int realm = realm_running(world);
	const uint64_t ipa = access->ipa + access->done;

	access_promise(world, access, access->done);
	contract_tried(world->contract, realm, ipa);
	if (access->type == RMM_FETCH)
		contract_fetched(world->contract);
	if (outcome == RMM_SEA)
		contract_sea(world->contract, realm, ipa);
}

static enum rmm_outcome access_execute(struct world *world, struct guest *guest,
				       struct rmm_cpu *cpu)
{
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);
	struct guest_op *op = op_current(guest);
	uint64_t finished = guest->finished;

	for (bool first = true; guest->finished == finished; first = false) {
		uint32_t size = access_chunk(op);
		struct rmm_access access = {
			.type = op->type,
			.ipa = op->cursor,
			.size = size,
			.far = op->cursor,
		};
		enum rmm_outcome outcome;

		if (!first)
			machine_sched_point(world->machine, PORT_SCHED_SMC,
					    "the guest's next instruction");
		switch (op->type) {
		case RMM_FETCH:
			access.ipa &= ~(uint64_t)(INSTRUCTION - 1);
			access.far = access.ipa;
			access.size = INSTRUCTION;
			break;
		case RMM_READ:
			access.data = world->buffers->read;
			break;
		case RMM_WRITE:
			if (op->width)
				access.data = &op->value;
			else if (op->value)
				access.data = (void *)world_fill(world, (uint8_t)op->value);
			break;
		}
		if (op->type != RMM_FETCH && is_register_size(size)) {
			access.isv = true;
			access.srt = ACCESS_REGISTER;
			access.sf = size == 8;
			if (op->type == RMM_WRITE)
				regs->gprs[ACCESS_REGISTER] = guest_op_word(op);
		}
		outcome = machine_cpu_access(world->machine, cpu, &access);
		if (outcome != RMM_CONTINUE)
			access_tried(world, &access, outcome);
		if (outcome == RMM_SEA)
			sea_taken(world, guest, cpu);
		if (outcome != RMM_CONTINUE)
			return outcome;
		regs->pc += INSTRUCTION;
		access_promise(world, &access, access.size);
		access_done(world, guest, size);
	}
	return RMM_CONTINUE;
}

/* One access inside the RSI operations: no more than a granule, never emulated. */
static enum rmm_outcome buffer_access(struct world *world, struct rmm_cpu *cpu,
				      enum rmm_access_type type, uint64_t ipa, void *data,
				      uint32_t size)
{
	struct rmm_access access = {
		.type = type, .ipa = ipa, .size = size, .far = ipa, .data = data};

	contract_tried(world->contract, realm_running(world), ipa);
	return machine_cpu_access(world->machine, cpu, &access);
}

static void smc_done(struct world *world, struct guest *guest, struct rmm_cpu *cpu)
{
	const uint64_t *x = rmm_cpu_regs(cpu)->gprs;
	struct guest_op *op = op_current(guest);
	uint64_t was;

	op->in_flight = false;
	guest->progress++;
	switch (op->kind) {
	case GUEST_SMC:
		op->value = x[0];
		op->cursor = op->start + x[1];
		if (op->status_in_x0) {
			op->cursor = op->start;
			if (x[0] == RSI_SUCCESS)
				op->value = x[1];
			op_finish(world, guest, x[0] == RSI_SUCCESS ? STEP_OK : STEP_ERROR);
			return;
		}
		op_finish(world, guest, STEP_OK);
		return;
	case GUEST_SET_RIPAS:
		if (x[0] != RSI_SUCCESS) {
			contract_ripas_refused(world->contract, realm_running(world),
					       world->running ? world->running->index : 0);
			op->value = x[0];
			op_finish(world, guest, STEP_ERROR);
			return;
		}
		was = op->cursor;
		if (x[1] < was || x[1] > op->end) {
			machine_report(
				world->machine, "rmm", "ripas-new-base", NULL,
				"RSI_IPA_STATE_SET of %#llx..%#llx answered the new base %#llx",
				(unsigned long long)was, (unsigned long long)op->end,
				(unsigned long long)x[1]);
			op_finish(world, guest, STEP_ERROR);
			return;
		}
		contract_ripas_answered(world->contract, realm_running(world),
					world->running ? world->running->index : 0, x[1]);
		op->cursor = x[1];
		op->value = x[1];
		guest->result.has_response = true;
		guest->result.rejected = x[2] == RSI_RESPONSE_REJECT;
		/* A refusal is an answer; to be left without one is not. */
		if (op->cursor == op->end || guest->result.rejected)
			op_finish(world, guest, STEP_OK);
		else if (op->cursor == was)
			op_finish(world, guest, STEP_INCOMPLETE);
		return;
	case GUEST_GET_RIPAS:
		if (x[0] != RSI_SUCCESS) {
			op->value = x[0];
			op_finish(world, guest, STEP_ERROR);
			return;
		}
		if (op->cursor == op->start)
			op->value = x[2];
		if (x[1] <= op->cursor || x[1] > op->end) {
			machine_report(world->machine, "rmm", "ripas-get-top", NULL,
				       "RSI_IPA_STATE_GET of %#llx..%#llx answered the top %#llx",
				       (unsigned long long)op->cursor, (unsigned long long)op->end,
				       (unsigned long long)x[1]);
			op_finish(world, guest, STEP_ERROR);
			return;
		}
		contract_told_ripas(world->contract, realm_running(world), op->cursor, x[1],
				    (enum rmm_ripas)x[2]);
		if (op->value != x[2]) {
			op_finish(world, guest, STEP_OK);
			return;
		}
		op->cursor = x[1];
		if (op->cursor == op->end)
			op_finish(world, guest, STEP_OK);
		return;
	case GUEST_HOST_CALL:
	case GUEST_REALM_CONFIG:
		if (x[0] != RSI_SUCCESS) {
			op->value = x[0];
			op_finish(world, guest, STEP_ERROR);
			return;
		}
		op->phase++;
		return;
	default:
		return;
	}
}

static enum rmm_outcome smc_execute(struct world *world, struct guest *guest, struct rmm_cpu *cpu)
{
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);
	struct guest_op *op = op_current(guest);
	uint64_t pc = regs->pc;
	enum rmm_outcome outcome;

	memcpy(regs->gprs, op->x, sizeof(op->x));
	if (op->kind == GUEST_SET_RIPAS || op->kind == GUEST_GET_RIPAS)
		regs->gprs[1] = op->cursor;
	if (op->kind == GUEST_SET_RIPAS)
		contract_ripas_asked(world->contract, realm_running(world),
				     world->running ? world->running->index : 0, op->cursor,
				     op->end, (enum rmm_ripas)op->x[3],
				     op->x[4] & RSI_CHANGE_DESTROYED);
	else if (op->kind == GUEST_SMC && op->x[0] == RSI_IPA_STATE_SET)
		contract_blind(world->contract, realm_running(world));
	else if (op->kind == GUEST_SMC && op->x[1] < UINT64_MAX - RMM_GRANULE_SIZE)
		contract_written(world->contract, realm_running(world),
				 op->x[1] & ~(uint64_t)(RMM_GRANULE_SIZE - 1), RMM_GRANULE_SIZE);
	else if (op->kind == GUEST_HOST_CALL || op->kind == GUEST_REALM_CONFIG)
		contract_tried(world->contract, realm_running(world), op->start);
	outcome = machine_cpu_smc(world->machine, cpu);
	switch (outcome) {
	case RMM_CONTINUE:
		smc_done(world, guest, cpu);
		break;
	case RMM_SEA:
		sea_taken(world, guest, cpu);
		break;
	case RMM_EXIT:
		/* An SMC that has to be executed again leaves the pc where it was. */
		op->in_flight = regs->pc != pc;
		if (op->in_flight)
			guest->progress++;
		if (op->stops)
			op_finish(world, guest, STEP_OK);
		break;
	}
	return outcome;
}

/* store - SMC - load, around a structure in the Realm's memory. */
static enum rmm_outcome buffer_execute(struct world *world, struct guest *guest,
				       struct rmm_cpu *cpu)
{
	struct guest_op *op = op_current(guest);
	struct rsi_host_call structure = {.imm = (uint16_t)op->x[2]};
	enum rmm_outcome outcome;

	/* The RMM reports a buffer that is not there as it does an access. */
	contract_tried(world->contract, realm_running(world), op->start);
	switch (op->phase) {
	case 0:
		if (op->kind != GUEST_HOST_CALL) {
			op->phase++;
			return RMM_CONTINUE;
		}
		memcpy(structure.gprs, &op->x[3], 3 * sizeof(op->x[0]));
		/* A call that names no such place is the RMM's to refuse. */
		if (op->start % RSI_HOST_CALL_ALIGN) {
			op->phase++;
			return RMM_CONTINUE;
		}
		outcome = buffer_access(world, cpu, RMM_WRITE, op->start, &structure,
					sizeof(structure));
		if (outcome == RMM_CONTINUE)
			contract_access(world->contract, realm_running(world), op->start,
					sizeof(structure), true, (const uint8_t *)&structure);
		break;
	case 1:
		return smc_execute(world, guest, cpu);
	default:
		outcome = buffer_access(
			world, cpu, RMM_READ,
			op->start + (op->kind == GUEST_HOST_CALL
					     ? offsetof(struct rsi_host_call, gprs)
					     : offsetof(struct rsi_realm_config, ipa_width)),
			&op->value, sizeof(op->value));
		break;
	}
	if (outcome == RMM_SEA)
		sea_taken(world, guest, cpu);
	if (outcome != RMM_CONTINUE)
		return outcome;
	/* The guest, the host and the RMM store into it. */
	contract_written(world->contract, realm_running(world), op->start & ~(uint64_t)0xfff,
			 RMM_GRANULE_SIZE);
	op->phase++;
	guest->progress++;
	if (op->phase > 2) {
		op->cursor = op->end;
		op_finish(world, guest, STEP_OK);
	}
	return RMM_CONTINUE;
}

/* There is no time here: a timer keeps what it was given, and never fires. */
static void timer_write(struct rmm_cpu *cpu, const struct guest_op *op)
{
	struct rmm_cpu_shared *shared = rmm_cpu_shared(cpu);

	if (op->x[0]) {
		shared->cntp_ctl = op->x[1];
		shared->cntp_cval = op->x[2];
	} else {
		shared->cntv_ctl = op->x[1];
		shared->cntv_cval = op->x[2];
	}
}

static enum rmm_outcome op_execute(struct world *world, struct guest *guest, struct rmm_cpu *cpu)
{
	const enum rmm_event event = (enum rmm_event)op_current(guest)->value;
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);

	switch (op_current(guest)->kind) {
	case GUEST_ACCESS:
		return access_execute(world, guest, cpu);
	case GUEST_HOST_CALL:
	case GUEST_REALM_CONFIG:
		return buffer_execute(world, guest, cpu);
	case GUEST_HVC:
		if (machine_cpu_hvc(world->machine, cpu) == RMM_EXIT)
			return RMM_EXIT;
		regs->pc = regs->elr_el1 + INSTRUCTION;
		regs->pstate = regs->spsr_el1;
		op_finish(world, guest, STEP_UNDEFINED);
		return RMM_CONTINUE;
	case GUEST_EVENT:
		/* It interrupts nothing: the guest goes on behind it. */
		op_finish(world, guest, STEP_OK);
		return machine_cpu_event(world->machine, cpu, event);
	case GUEST_TIMER:
		timer_write(cpu, op_current(guest));
		op_finish(world, guest, STEP_OK);
		return RMM_CONTINUE;
	default:
		return smc_execute(world, guest, cpu);
	}
}

static uint32_t rec_index(uint64_t mpidr)
{
	return (uint32_t)((mpidr & 0xf) | (mpidr >> 8 & 0xffffff) << 4);
}

/* Whose REC it is that runs. */
static struct vcpu *vcpu_of(struct world *world, const struct rmm_cpu *cpu)
{
	uint64_t rd = rmm_cpu_rd(cpu);
	uint32_t index = rec_index(rmm_cpu_mpidr(cpu));
	struct vcpu *running = world->running;

	/* The KVM_RUN that runs it may have created its Realm. */
	if (running && !running->realm->rd)
		world_refresh_rd(world, running->realm);
	if (running && running->realm->rd == rd && running->index == index)
		return running;
	if (running)
		machine_report(
			world->machine, "host-audit", "wrong-rec", "KVM_RUN",
			"KVM_RUN of vCPU %u entered the REC with index %u of the realm of RD %#llx",
			running->index, index, (unsigned long long)rd);
	for (size_t r = 0; r < world->num_realms; r++) {
		struct realm *realm = &world->realms[r];

		if (realm->rd == rd && index < realm->num_vcpus)
			return &realm->vcpus[index];
	}
	return NULL;
}

/* Nothing is left to do: the host is interrupted, and its thread has a signal. */
static void guest_idle(struct world *world, struct vcpu *vcpu, struct rmm_cpu *cpu)
{
	if (vcpu) {
		vcpu->guest.idle = true;
		if (world->kvm && vcpu->tid >= 0) {
			vcpu->signalled = true;
			world->kvm->signal_set(vcpu->tid, true);
		}
	}
	if (machine_cpu_event(world->machine, cpu, RMM_EVENT_IRQ) != RMM_EXIT)
		machine_report(world->machine, "rmm", "irq-not-taken", NULL,
			       "an interrupt for the host did not make the REC exit");
}

void guest_run(void *ctx, struct rmm_cpu *cpu)
{
	struct world *world = ctx;
	const struct rmm_entry *entry = rmm_cpu_entry(cpu);
	struct vcpu *vcpu = vcpu_of(world, cpu);
	struct guest_op *op;
	struct guest *guest;

	if (!vcpu) {
		guest_idle(world, NULL, cpu);
		return;
	}
	guest = &vcpu->guest;
	guest->idle = false;
	guest->stuck = guest->progress == guest->seen ? guest->stuck + 1 : 0;
	op = guest_head(guest);
	if (op && entry->sea_injected)
		sea_taken(world, guest, cpu);
	else if (op && entry->mmio_emulated && op->kind == GUEST_ACCESS)
		access_emulated(world, guest, cpu);
	else if (op && op->in_flight)
		smc_done(world, guest, cpu);
	if (guest->stuck >= GUEST_MAX_STUCK && guest_head(guest)) {
		machine_report(world->machine, "liveness", "endless-fault", "KVM_RUN",
			       "the vCPU was entered %u times and its %s at %#llx gets nowhere",
			       guest->stuck, op_name(op_current(guest)),
			       (unsigned long long)op_current(guest)->cursor);
		guest->stuck = 0;
		op_finish(world, guest, STEP_ERROR);
	}
	guest->seen = guest->progress;
	/* Once or twice is how a fault is resolved; then the host may be waiting for somebody by trying again. */
	if (guest->stuck > 2)
		world_yield(world, guest->stuck > GUEST_MAX_TRIES);
	while (guest_head(guest)) {
		bool stops = op_current(guest)->stops;

		machine_sched_point(world->machine, PORT_SCHED_SMC, "the guest's next instruction");

		if (op_execute(world, guest, cpu) != RMM_EXIT)
			continue;
		/* A CPU that turned itself off leaves KVM_RUN with nothing to wait for. */
		if (stops && world->kvm && vcpu->tid >= 0) {
			guest->idle = true;
			vcpu->signalled = true;
			world->kvm->signal_set(vcpu->tid, true);
		}
		return;
	}
	guest_idle(world, vcpu, cpu);
}
