/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "steps.h"

/* Mappings of the process begin here and are this far apart. */
#define USER_BASE  0x100000000ull
#define USER_ALIGN (2ull << 20)

int world_error(char **error, int err, const char *format, ...)
{
	va_list args;

	if (!error)
		return err;
	va_start(args, format);
	if (vasprintf(error, format, args) < 0)
		*error = NULL;
	va_end(args);
	return err;
}

struct realm *world_call_realm(struct world *world, const struct step_call *call)
{
	return &world->realms[call->realm];
}

struct slot *world_slot(struct realm *realm, uint32_t id)
{
	for (unsigned int i = 0; i < realm->num_slots; i++) {
		if (realm->slots[i].used && realm->slots[i].id == id)
			return &realm->slots[i];
	}
	return NULL;
}

static bool slot_holds(const struct slot *slot, uint64_t ipa)
{
	return slot->used && ipa >= slot->base && ipa - slot->base < slot->size;
}

struct slot *world_slot_at(struct realm *realm, uint64_t ipa)
{
	for (unsigned int i = 0; i < realm->num_slots; i++) {
		if (realm->slots[i].added && slot_holds(&realm->slots[i], ipa))
			return &realm->slots[i];
	}
	return NULL;
}

struct slot *world_slot_any(struct realm *realm, uint64_t ipa)
{
	struct slot *slot = world_slot_at(realm, ipa);

	for (unsigned int i = 0; !slot && i < realm->num_slots; i++) {
		if (slot_holds(&realm->slots[i], ipa))
			slot = &realm->slots[i];
	}
	return slot;
}

int world_vcpu(struct world *world, const struct step_call *call, struct vcpu **vcpu, char **error)
{
	struct realm *realm = world_call_realm(world, call);

	if (call->vcpu >= realm->num_vcpus)
		return world_error(
			error, -ENOENT,
			"%s needs vCPU %u of realm '%s', which has %u: vmm.create_vcpus makes them",
			call->def->name, call->vcpu, realm->config.name, realm->num_vcpus);
	*vcpu = &realm->vcpus[call->vcpu];
	return 0;
}

uint64_t world_user_alloc(struct world *world, uint64_t size)
{
	uint64_t addr = world->next_user;

	world->next_user += ((size + USER_ALIGN - 1) & ~(USER_ALIGN - 1)) + USER_ALIGN;
	return addr;
}

const uint8_t *world_fill(struct world *world, uint8_t value)
{
	if (world->buffers->fill_value != value) {
		memset(world->buffers->fill, value, sizeof(world->buffers->fill));
		world->buffers->fill_value = value;
	}
	return world->buffers->fill;
}

void world_refresh_rd(struct world *world, struct realm *realm)
{
	struct rmm_realm_view realm_view;
	struct kvm_inspect_vm view;
	int32_t fd = realm->vm_fd;

	if (!world->kvm) {
		uint64_t rds[64];
		size_t num = rmm_inspect_realms(world->rmm, rds, sizeof(rds) / sizeof(rds[0]));

		realm->rd = realm->index < num && realm->index < sizeof(rds) / sizeof(rds[0])
				    ? rds[realm->index]
				    : 0;
		return;
	}
	/*
	 * A VM whose descriptor was closed, or is being closed, lives on with its vCPUs, and with whoever is in a
	 * call of theirs; it may get its RD when they run.
	 */
	for (unsigned int i = 0; fd < 0 && i < realm->num_vcpus; i++)
		fd = realm->vcpus[i].fd;
	if (!world->dead && !world->kvm->inspect_vm(world->tid, fd, &view))
		realm->rd = view.rd;
	else if (!realm->rd || !rmm_inspect_realm(world->rmm, realm->rd, &realm_view))
		realm->rd = 0;
}

int world_answer(struct world *world, struct step_call *call, int64_t ret, char **error)
{
	struct step_result *result = &call->result;

	if (ret == UAPI_UNSUPPORTED)
		return world_error(error, -EOPNOTSUPP,
				   "%s: KVM's interface of era %s has no such call in this program",
				   call->def->name, uapi_era_name(world->uapi));
	result->err = ret < 0 ? (int)ret : 0;
	result->outcome = ret < 0 ? STEP_ERROR : STEP_OK;
	return 0;
}

static void rmi_call_of(const struct trace_event *event, struct world_rmi_call *call)
{
	memcpy(call->x, event->value, sizeof(call->x));
	memcpy(call->out, event->result, sizeof(call->out));
	call->command = command_slot_name(command_slot(event->value[0]));
	call->condition = event->text;
}

static void world_sink(void *ctx, const struct trace_event *event);

/* RTT_FOLDs that failed again and are not yet in the world's numbers. */
static uint64_t folds_unseen(const struct world *world)
{
	return machine_num_folds_again(world->machine) - world->folds_again;
}

void world_calls_update(struct world *world)
{
	const uint64_t more = folds_unseen(world);

	world->folds_again += more;
	world->counts[command_slot(RMI_RTT_FOLD)] += more;
	world->total += more;
	world->num_last += more;
}

/* One more of the calls that are only counted would be too many. */
static void budget_spent(void *ctx)
{
	struct world *world = ctx;

	if (world->guarded)
		world_calls_watch(world, true);
}

/* How many of the calls that are only counted may still come. */
static void budget_tell(struct world *world)
{
	const uint64_t left = world->budget > world->total ? world->budget - world->total : 0;

	machine_set_fold_limit(world->machine, world->folds_again + left, budget_spent, world);
}

void world_calls_watch(struct world *world, bool all)
{
	all |= world->max_calls != 0;
	if (all != world->sees_folds) {
		world->sees_folds = all;
		trace_set_answers(world->trace, world_sink, world,
				  all ? TRACE_ANSWERS_ALL
				      : TRACE_ANSWERS_ALL & ~(1u << TRACE_FOLD_AGAIN));
	}
	budget_tell(world);
}

/* What the RMM answered, for expectations and reports. */
static void world_sink(void *ctx, const struct trace_event *event)
{
	struct world *world = ctx;
	int slot;

	if (event->kind == TRACE_WARN) {
		world->warns++;
		/* After this report the host does not go on. */
		world->looped = !strncmp(event->text, "endless-loop ", 13);
		if (world->guarded && (world->looped || world->warns > world->warn_budget)) {
			if (!world->looped)
				machine_stack_keep(world->machine);
			world->guarded = false;
			world->dead = true;
			_longjmp(world->guard, 1);
		}
		return;
	}
	world_calls_update(world);
	if (event->answer != TRACE_FOLD_AGAIN) {
		/* A command has a name. */
		slot = event->name ? command_slot(event->value[0]) : (int)COMMAND_NUM_FIDS;
		world->counts[slot]++;
		world->total++;
		world->num_last++;
	}
	budget_tell(world);
	if (world->num_calls < world->max_calls)
		rmi_call_of(event, &world->calls[world->num_calls++]);
	if (world->guarded && world->total > world->budget) {
		machine_stack_keep(world->machine);
		world->guarded = false;
		world->dead = true;
		_longjmp(world->guard, 1);
	}
}

uint64_t world_rmi_count(const struct world *world, const char *command)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i <= COMMAND_NUM_FIDS; i++) {
		const char *name = i < COMMAND_NUM_FIDS ? command_slot_name((int)i) : NULL;

		if (command && (!name || strcmp(name, command)))
			continue;
		count += world->counts[i];
		if (i == (unsigned int)command_slot(RMI_RTT_FOLD))
			count += folds_unseen(world);
	}
	return count;
}

const struct world_rmi_call *world_rmi_calls(const struct world *world, size_t *num)
{
	*num = world->num_calls;
	return world->calls;
}

size_t world_last_calls(const struct world *world, struct world_rmi_call *calls, size_t max)
{
	uint64_t num = world->num_last + folds_unseen(world);

	if (num > MACHINE_LAST_CALLS)
		num = MACHINE_LAST_CALLS;
	if (num > max)
		num = max;
	for (uint64_t i = 0; i < num; i++)
		rmi_call_of(machine_last_call(world->machine, num - 1 - i), &calls[i]);
	return (size_t)num;
}

uint64_t world_num_syscalls(const struct world *world)
{
	return world->num_syscalls;
}

unsigned int world_num_warns(const struct world *world)
{
	return world->warns;
}

/* The process, before it does anything with KVM. */
static int process_start(struct world *world, char **error)
{
	int64_t ret;

	world->torn_down = false;
	world->hostile = false;
	world->dead = false;
	world->looped = false;
	world->tid = -1;
	world->next_user = USER_BASE;
	world->running = NULL;
	world->step = 0;
	world->total = 0;
	world->folds_again = machine_num_folds_again(world->machine);
	world_calls_watch(world, false);
	world->num_last = 0;
	world->num_calls = 0;
	world->warns = 0;
	memset(world->counts, 0, sizeof(world->counts));
	for (size_t r = 0; r < world->num_realms; r++) {
		struct realm *realm = &world->realms[r];

		realm->vm_fd = -1;
		realm->irqchip_fd = -1;
		realm->vm_made = false;
		realm->rd = 0;
		realm->num_slots = 0;
		realm->aliased = realm->raw = realm->busy = realm->slots_busy = false;
		realm->num_vcpus = 0;
	}
	machine_set_guest(world->machine, guest_run, world);
	audit_enable(world->audit, true);
	audit_reset(world->audit);
	contract_reset(world->contract);
	if (!world->kvm)
		return 0;
	ret = world->kvm->process_create();
	if (ret < 0)
		return world_error(error, (int)ret, "the VMM process could not be created: %s",
				   strerror((int)-ret));
	world->tid = (int32_t)ret;
	world->scratch = world_user_alloc(world, WORLD_SCRATCH_SIZE);
	ret = uapi_mmap_anonymous(world, world->scratch, WORLD_SCRATCH_SIZE);
	if (ret < 0)
		return world_error(error, (int)ret, "the VMM process got no memory: %s",
				   strerror((int)-ret));
	ret = uapi_open_kvm(world);
	if (ret < 0)
		return world_error(error, (int)ret, "/dev/kvm could not be opened: %s",
				   strerror((int)-ret));
	world->kvm_fd = (int32_t)ret;
	ret = uapi_vcpu_mmap_size(world);
	if (ret < 0)
		return world_error(error, (int)ret, "KVM_GET_VCPU_MMAP_SIZE failed: %s",
				   strerror((int)-ret));
	world->run_size = (uint64_t)ret;
	return 0;
}

static int realms_copy(struct world *world, const struct world_config *config, char **error)
{
	world->realms = calloc(config->num_realms, sizeof(*world->realms));
	if (!world->realms)
		return world_error(error, -ENOMEM, "out of memory");
	world->num_realms = config->num_realms;
	world->rds = calloc(config->num_realms + 1, sizeof(*world->rds));
	world->calls = calloc(config->keep_calls + 1, sizeof(*world->calls));
	world->max_calls = config->keep_calls;
	if (!world->rds || !world->calls)
		return world_error(error, -ENOMEM, "out of memory");
	for (size_t r = 0; r < config->num_realms; r++) {
		const struct world_realm *from = &config->realms[r];
		struct realm *realm = &world->realms[r];
		struct world_slot *slots = NULL;
		char *name = strdup(from->name ? from->name : "realm");

		realm->index = (unsigned int)r;
		realm->config = *from;
		realm->config.name = name;
		realm->config.slots = NULL;
		if (!name)
			return world_error(error, -ENOMEM, "out of memory");
		if (from->num_slots > WORLD_MAX_SLOTS)
			return world_error(error, -EINVAL,
					   "realm '%s' has %zu slots, at most %d are possible",
					   name, from->num_slots, WORLD_MAX_SLOTS);
		if (from->num_slots) {
			slots = malloc(from->num_slots * sizeof(*slots));
			if (!slots)
				return world_error(error, -ENOMEM, "out of memory");
			memcpy(slots, from->slots, from->num_slots * sizeof(*slots));
		}
		realm->config.slots = slots;
	}
	return 0;
}

void world_destroy(struct world *world)
{
	if (!world)
		return;
	if (world->machine) {
		audit_destroy(world->audit);
		contract_destroy(world->contract);
		trace_remove_sink(world->trace, world_sink, world);
		machine_destroy(world->machine);
	}
	for (size_t r = 0; r < world->num_realms; r++) {
		free((char *)world->realms[r].config.name);
		free((struct world_slot *)world->realms[r].config.slots);
		free(world->realms[r].vcpus);
	}
	free(world->realms);
	free(world->rds);
	free(world->calls);
	free(world);
}

static int contract_start(struct world *world, const struct machine_config *machine)
{
	const struct contract_config config = {
		.num_realms = world->num_realms,
		.map_size = world->map_size,
		.gmem_size = machine->boot.block_mappings || machine->boot.gmem_huge
				     ? BLOCK_SIZE
				     : world->page_size,
		.scratch_pages = WORLD_SCRATCH_SIZE / world->page_size,
		.by_top = world_series(world) >= 9,
		.ripas_first = world->kvm && world_series(world) <= 5,
		.answers = world_series(world) == 10,
	};

	return contract_create(world->machine, &config, &world->contract);
}

int world_create(const struct world_config *config, struct world **out, char **error)
{
	struct world *world = calloc(1, sizeof(*world));
	int err;

	*out = NULL;
	if (error)
		*error = NULL;
	if (!world)
		return world_error(error, -ENOMEM, "out of memory");
	world->buffers = &world->own_buffers;
	world->buffers->fill_value = 0;
	world->seed = config->seed;
	err = realms_copy(world, config, error);
	if (err)
		goto fail;
	err = machine_create(&config->machine, &world->machine, error);
	if (err)
		goto fail;
	world->rmm = machine_rmm(world->machine);
	world->dram = machine_dram(world->machine);
	world->trace = machine_trace(world->machine);
	world->kvm = machine_kvm(world->machine);
	world->page_size = machine_page_size(world->machine);
	world->map_size = config->machine.boot.block_mappings ? BLOCK_SIZE : world->page_size;
	if (world->kvm) {
		world->uapi = uapi_find(&world->kvm->info);
		if (!world->uapi) {
			err = world_error(
				error, -EINVAL,
				"the KVM build says that it has a UAPI era %u, which there is "
				"not",
				world->kvm->info.uapi_era);
			goto fail;
		}
	}
	err = audit_create(world->machine, world->map_size, &world->audit);
	if (!err)
		err = contract_start(world, &config->machine);
	if (err) {
		world_error(error, err, "out of memory");
		goto fail;
	}
	/* Last, because it may leave by a jump. */
	err = trace_add_sink(world->trace, 1u << TRACE_RMI | 1u << TRACE_WARN, world_sink, world);
	if (err) {
		world_error(error, err, "out of memory");
		goto fail;
	}
	world->sees_folds = true;
	err = process_start(world, error);
	if (err)
		goto fail;
	*out = world;
	return 0;

fail:
	world_destroy(world);
	return err;
}

int world_reset(struct world *world, char **error)
{
	int err = machine_reset(world->machine);

	if (error)
		*error = NULL;
	if (err)
		return world_error(error, err, "the machine could not be reset: %s",
				   strerror(-err));
	return process_start(world, error);
}

/* Compares what was promised with what is; `whole`: all of it. */
static void world_judge(struct world *world, bool whole)
{
	if (!world->kvm || world->dead)
		return;
	for (size_t r = 0; r < world->num_realms; r++) {
		world_refresh_rd(world, &world->realms[r]);
		world->rds[r] = world->realms[r].rd;
	}
	if (whole)
		contract_closing(world->contract, world->rds);
	else
		contract_check(world->contract, world->rds);
}

void world_teardown(struct world *world, bool allow_leaks)
{
	if (world->torn_down)
		return;
	world->torn_down = true;
	if (!world->kvm || world->dead)
		return;
	audit_full(world->audit);
	world_judge(world, true);
	sys_exit(world);
	if (world->dead)
		return;
	audit_closing(world->audit, allow_leaks);
}

struct machine *world_machine(const struct world *world)
{
	return world->machine;
}

uint64_t world_rd(struct world *world, unsigned int realm)
{
	if (realm >= world->num_realms || world->torn_down)
		return 0;
	world_refresh_rd(world, &world->realms[realm]);
	return world->realms[realm].rd;
}

const struct world_realm *world_realm(const struct world *world, unsigned int realm)
{
	return realm < world->num_realms ? &world->realms[realm].config : NULL;
}

size_t world_num_realms(const struct world *world)
{
	return world->num_realms;
}

int32_t world_vm_fd(const struct world *world, unsigned int realm)
{
	return realm < world->num_realms ? world->realms[realm].vm_fd : -1;
}

bool world_ripas_waits(const struct world *world, unsigned int realm)
{
	for (unsigned int i = 0; realm < world->num_realms && i < world->realms[realm].num_vcpus;
	     i++) {
		const struct guest *guest = &world->realms[realm].vcpus[i].guest;
		const struct guest_op *op = &guest->ops[guest->head];

		if (guest->num && op->in_flight && op->kind == GUEST_SET_RIPAS)
			return true;
	}
	return false;
}

int32_t world_tid(const struct world *world)
{
	return world->tid;
}

/* Whether the step is about a VM at all. */
static bool step_needs_vm(const struct step_call *call)
{
	step_perform_fn *perform = call->def->perform;

	if (perform == vmm_create_vm)
		return false;
	if (perform == vmm_check_extension)
		return call->args[CHECK_EXTENSION_FD].number == CHECK_EXTENSION_FD_VM;
	if (perform == vmm_ioctl)
		return call->args[IOCTL_FD].number != IOCTL_FD_SYSTEM;
	return true;
}

/* What the step needs before it can be tried. */
static int step_prepare(struct world *world, struct step_call *call, char **error)
{
	struct realm *realm = world_call_realm(world, call);
	int64_t ret;
	int err;

	if (call->def->actor == STEP_ACTOR_RMM)
		return 0;
	if (!world->kvm) {
		if (call->def->actor == STEP_ACTOR_VMM)
			return world_error(error, -ENODEV, "%s: this machine has no KVM",
					   call->def->name);
		return 0;
	}
	if (realm->vm_made || !step_needs_vm(call))
		return 0;
	parallel_take(world, &realm->busy);
	if (realm->vm_made) {
		realm->busy = false;
		return 0;
	}
	err = lifecycle_create_vm(world, realm, &ret);
	realm->busy = false;
	call->result.implied = STEP_IMPLIED_VM;
	call->result.implied_err = err ? err : ret < 0 ? (int)ret : 0;
	if (err)
		return world_error(error, err, "%s: the VM that it implies could not be made",
				   call->def->name);
	if (ret < 0)
		return world_error(error, (int)ret,
				   "%s: the VM that it implies could not be made: %s",
				   call->def->name, strerror((int)-ret));
	return 0;
}

int world_perform(struct world *world, struct step_call *call, char **error)
{
	struct step_result *result = &call->result;
	struct trace_event event = {.actor = -1, .name = call->def->name, .text = call->def->name};
	int err;

	if (error)
		*error = NULL;
	result->err = 0;
	result->outcome = STEP_OK;
	result->value = 0;
	result->done = 0;
	result->has_response = false;
	result->rejected = false;
	result->num_exits = 0;
	result->implied = STEP_IMPLIED_NOTHING;
	result->implied_err = 0;
	world->num_calls = 0;
	world->warns = 0;
	world_calls_update(world);
	memset(world->counts, 0, sizeof(world->counts));
	if (call->realm >= world->num_realms && call->def->actor != STEP_ACTOR_RMM)
		return world_error(error, -ENOENT, "%s: there is no realm %u", call->def->name,
				   call->realm);
	if (world->torn_down)
		return world_error(error, -ESRCH, "%s: everything was torn down", call->def->name);
	if (world->dead)
		return world_error(error, -EDEADLK, "%s: the host is still in %s", call->def->name,
				   world->dead_call);
	trace_set_step(world->trace, ++world->step);
	if (trace_wants(world->trace, TRACE_STEP_BEGIN)) {
		event.kind = TRACE_STEP_BEGIN;
		trace_emit(world->trace, &event);
	}
	if (call->def->hostile && world->kvm && !world->hostile) {
		/* The host cannot know what was done behind its back. */
		world->hostile = true;
		audit_enable(world->audit, false);
		contract_enable(world->contract, false);
	}
	parallel_step_begin(world, call);
	err = step_prepare(world, call, error);
	if (!err)
		err = call->def->perform(world, call, error);
	parallel_step_end(world);
	world_judge(world, false);
	if (trace_wants(world->trace, TRACE_STEP_END)) {
		event.kind = TRACE_STEP_END;
		event.value[0] = (uint64_t)(int64_t)(err ? err : result->err);
		trace_emit(world->trace, &event);
	}
	return err;
}

unsigned int world_series(const struct world *world)
{
	return world->kvm ? uapi_series(world->uapi) : 0;
}

bool world_accounts_tables(const struct world *world)
{
	return !world->kvm || uapi_series(world->uapi) >= 9;
}

bool world_offers_realms(struct world *world)
{
	return world->kvm && uapi_check_extension(world, world->kvm_fd, STEP_CAP_ARM_RME) > 0;
}

uint64_t world_num_tables(const struct world *world)
{
	uint64_t num = rmm_inspect_count(world->rmm, RMM_GRANULE_RTT);
	size_t num_realms = rmm_inspect_realms(world->rmm, NULL, 0), i;
	uint64_t *rds = calloc(num_realms + 1, sizeof(*rds));
	struct rmm_realm_view view;

	if (!rds)
		abort();
	rmm_inspect_realms(world->rmm, rds, num_realms);
	for (i = 0; i < num_realms; i++) {
		if (rmm_inspect_realm(world->rmm, rds[i], &view))
			num -= view.rtt_num_start;
	}
	free(rds);
	return num;
}
