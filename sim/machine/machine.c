/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/machine.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rmm/rmi.h>
#include <rmm/rsi.h>
#include <sim/rmi_name.h>

#include "error.h"
#include "module.h"
#include "private.h"
#include "rmi_log.h"

void machine_config_init(struct machine_config *config)
{
	memset(config, 0, sizeof(*config));
	config->dram.base = DRAM_DEFAULT_BASE;
	config->dram.size = DRAM_DEFAULT_SIZE;
	config->dram.page_size = 4096;
	config->dram.memfd = -1;
	rmm_config_init(&config->rmm);
	config->rmm.invariants = RMM_INVARIANTS_STEP;
	config->boot.size = sizeof(config->boot);
	config->boot.vmid_bits = config->rmm.vmid_bits;
}

static bool platform_is_clean(void *ctx, uint64_t pa)
{
	struct machine *machine = ctx;

	return dram_is_clean(machine->dram, pa);
}

static void platform_gpt_changed(void *ctx, uint64_t pa, enum rmm_gpt gpt, bool clean)
{
	struct machine *machine = ctx;

	if (!clean)
		dram_mark_dirty(machine->dram, pa);
	dram_protect(machine->dram, pa, gpt != RMM_GPT_NS && gpt != RMM_GPT_AAP);
}

static void platform_ns_write(void *ctx, uint64_t pa)
{
	struct machine *machine = ctx;

	dram_mark_dirty(machine->dram, pa);
}

static bool platform_ns_fault(void *ctx, uint64_t pa, bool write)
{
	struct machine *machine = ctx;

	(void)pa;
	(void)write;
	return machine->gpf_countdown && --machine->gpf_countdown == 0;
}

static void run_guest(void *ctx, struct rmm_cpu *cpu)
{
	struct machine *machine = ctx;

	if (machine->guest)
		machine->guest(machine->guest_ctx, cpu);
	else if (machine_cpu_event(machine, cpu, RMM_EVENT_IRQ) != RMM_EXIT)
		machine_report(machine, "rmm", "irq-no-exit", NULL,
			       "an IRQ did not make the REC exit");
}

static void rmm_violation(void *ctx, const char *label, const char *text)
{
	machine_report(ctx, "rmm", label, NULL, "%s", text);
}

/* A build only makes the events that somebody wants, and asks where somebody decides. */
static void port_masks_update(void *ctx)
{
	struct machine *machine = ctx;
	struct sim_port *port = &machine->port;

	port->event_mask =
		trace_wants(machine->trace, TRACE_HOST) ? (1u << PORT_EVENT_NUM_KINDS) - 1 : 0;
	port->sched = machine->sched != NULL;
	port->fault_mask = machine->fault ? machine->fault_mask : 0;
	if (machine->sched)
		port->fault_mask |= 1u << PORT_FAULT_RESCHED;
}

static int rmm_start(struct machine *machine, char **error)
{
	struct rmm_config config = machine->config.rmm;
	int err;

	machine->bank = (struct rmm_bank){
		.base = dram_base(machine->dram),
		.size = dram_size(machine->dram),
		.view = dram_rmm_view(machine->dram),
	};
	config.banks = &machine->bank;
	config.num_banks = 1;
	config.platform.ctx = machine;
	config.platform.is_clean = platform_is_clean;
	config.platform.gpt_changed = platform_gpt_changed;
	config.platform.ns_write = platform_ns_write;
	config.platform.ns_fault = platform_ns_fault;
	config.violation = rmm_violation;
	config.violation_ctx = machine;
	config.run = run_guest;
	config.run_ctx = machine;
	err = rmm_create(&config, &machine->rmm);
	if (err)
		return error_set(error, err, "the RMM refuses its configuration: %s",
				 strerror(-err));
	rmi_log_reset(machine->log, machine->bank.base, machine->bank.size, &config);
	return 0;
}

static int host_boot(struct machine *machine, char **error)
{
	int err;

	if (!machine->build)
		return 0;
	machine->booting = true;
	err = machine->build->boot(&machine->port, &machine->config.boot);
	machine->booting = false;
	if (err)
		return error_set(error, err, "%s does not boot: %s",
				 kvm_module_path(machine->config.kvm), strerror(-err));
	return 0;
}

int machine_create(const struct machine_config *config, struct machine **out, char **error)
{
	struct machine *machine = calloc(1, sizeof(*machine));
	int err;

	if (error)
		*error = NULL;
	if (!machine)
		return error_set(error, -ENOMEM, "the machine: %s", strerror(ENOMEM));
	machine->config = *config;
	machine->actor = -1;
	machine->fold_limit = UINT64_MAX;
	if (config->kvm) {
		machine->build = kvm_module_build(config->kvm);
		machine->config.dram.page_size = machine->build->info.page_size;
		machine->holds_module = kvm_module_take(config->kvm);
		if (!machine->holds_module) {
			err = error_set(error, -EBUSY, "%s is used by another machine",
					kvm_module_path(config->kvm));
			goto fail;
		}
	}
	machine->trace = config->trace ? config->trace : trace_create();
	machine->owns_trace = !config->trace;
	if (!machine->trace) {
		err = error_set(error, -ENOMEM, "the trace: %s", strerror(ENOMEM));
		goto fail;
	}
	err = dram_create(&machine->config.dram, &machine->dram);
	if (err) {
		error_set(
			error, err,
			"DRAM of 0x%llx bytes at 0x%llx, page size %u, slot %u, cannot be had: %s",
			(unsigned long long)machine->config.dram.size,
			(unsigned long long)machine->config.dram.base,
			machine->config.dram.page_size, machine->config.dram.slot, strerror(-err));
		goto fail;
	}
	if (config->rmi_log) {
		machine->log = rmi_log_create(config->rmi_log);
		if (!machine->log) {
			err = error_set(error, -ENOMEM, "the log of RMI calls: %s",
					strerror(ENOMEM));
			goto fail;
		}
	}
	err = rmm_start(machine, error);
	if (err)
		goto fail;
	machine_port_init(machine);
	port_masks_update(machine);
	trace_on_change(machine->trace, port_masks_update, machine);
	machine_asan_register(machine);
	err = host_boot(machine, error);
	if (err)
		goto fail;
	*out = machine;
	return 0;

fail:
	machine_destroy(machine);
	return err;
}

void machine_destroy(struct machine *machine)
{
	if (!machine)
		return;
	if (machine->rmm) {
		/* The granules that it still holds are wiped, so that the memfd is zeros afterwards. */
		rmm_reset(machine->rmm);
		rmm_destroy(machine->rmm);
	}
	machine_asan_unregister(machine);
	dram_destroy(machine->dram);
	if (machine->holds_module) {
		/* The process may end without running what writes them at exit. */
		if (machine->build)
			machine->build->coverage_flush();
		kvm_module_restore(machine->config.kvm);
		kvm_module_give_back(machine->config.kvm);
	}
	if (machine->owns_trace)
		trace_destroy(machine->trace);
	else if (machine->trace)
		trace_on_change(machine->trace, NULL, NULL);
	machine_findings_clear(machine);
	rmi_log_destroy(machine->log);
	free(machine);
}

int machine_reset(struct machine *machine)
{
	rmm_reset(machine->rmm);
	dram_reset(machine->dram);
	if (machine->build)
		kvm_module_restore(machine->config.kvm);
	machine_findings_clear(machine);
	machine->num_calls = machine->next_call = 0;
	machine->num_folds_again = 0;
	memset(machine->reasons, 0, sizeof(machine->reasons));
	machine->num_faults = 0;
	machine->gpf_countdown = 0;
	machine->actor = -1;
	trace_set_step(machine->trace, 0);
	rmi_log_reset(machine->log, machine->bank.base, machine->bank.size, &machine->config.rmm);
	return host_boot(machine, NULL);
}

struct rmm *machine_rmm(const struct machine *machine)
{
	return machine->rmm;
}

struct dram *machine_dram(const struct machine *machine)
{
	return machine->dram;
}

const struct kvm_build *machine_kvm(const struct machine *machine)
{
	return machine->build;
}

struct trace *machine_trace(const struct machine *machine)
{
	return machine->trace;
}

uint32_t machine_page_size(const struct machine *machine)
{
	return dram_page_size(machine->dram);
}

const char machine_injected[] = "injected";

bool machine_refused_strangely(const struct trace_event *event)
{
	const uint32_t fid = smccc_fid(event->value[0]);

	return event->text == machine_injected && fid != RMI_GRANULE_DELEGATE &&
	       fid != RMI_GRANULE_UNDELEGATE;
}

uint64_t machine_num_calls(const struct machine *machine)
{
	return machine->num_calls;
}

uint64_t machine_num_folds_again(const struct machine *machine)
{
	return machine->num_folds_again;
}

void machine_set_fold_limit(struct machine *machine, uint64_t limit, void (*fn)(void *ctx),
			    void *ctx)
{
	machine->fold_limit = limit;
	machine->fold_limit_fn = fn;
	machine->fold_limit_ctx = ctx;
}

const struct trace_event *machine_last_call(const struct machine *machine, uint64_t back)
{
	if (back >= MACHINE_LAST_CALLS || back >= machine->num_calls)
		return NULL;
	return &machine->calls[(machine->next_call + MACHINE_LAST_CALLS - back) %
			       (MACHINE_LAST_CALLS + 1)];
}

/* The answer of firmware that is not the RMM of this machine. */
static void smc_refuse(const struct machine *machine, struct rmm_regs *regs)
{
	const uint64_t version = RMI_ABI_VERSION_ENCODE(2, 0);
	const uint64_t not_supported = UINT64_MAX;

	memset(regs->x, 0, sizeof(regs->x));
	regs->x[0] = not_supported;
	if (machine->config.rmi == MACHINE_RMI_2_0) {
		regs->x[0] = RMI_ERROR_INPUT;
		regs->x[1] = regs->x[2] = version;
	}
}

/*
 * Registers were written one by one just before they are copied: copying two at a time would make the processor wait
 * for both.
 */
static inline void registers_copy(uint64_t *to, const uint64_t *regs, unsigned int num)
{
	const volatile uint64_t *from = regs;

	for (unsigned int i = 0; i < num; i++)
		to[i] = from[i];
}

/* REC_ENTER: the Realm has its turn, and others may make calls meanwhile. */
static inline bool rmi_is_enter(uint64_t x0)
{
	return smccc_fid(x0) == RMI_REC_ENTER;
}

/* How the call ended; `condition` failed. */
static enum trace_answer smc_answer(struct machine *machine, const struct rmi_command *command,
				    uint64_t result, const char *condition)
{
	const char **reason, *last;

	if (!command)
		return result == RMI_SUCCESS ? TRACE_DONE : TRACE_FAILED;
	reason = &machine->reasons[rmi_command_slot(command)];
	last = *reason;
	*reason = condition;
	if (result == RMI_SUCCESS)
		return TRACE_DONE;
	/* Each injected result is news. */
	if (!condition || condition != last || condition == machine_injected)
		return TRACE_FAILED;
	return command->fid == RMI_RTT_FOLD ? TRACE_FOLD_AGAIN : TRACE_AGAIN;
}

/* The call that is taken down in `event`, but for what it answered, is over: `regs` are its results. */
static inline void smc_note(struct machine *machine, struct trace_event *event,
			    struct rmm_regs *regs, const char *condition)
{
	const struct rmi_command *const command = rmi_command(event->value[0]);
	const struct trace_now *const now = trace_now(machine->trace);
	const enum trace_answer answer = smc_answer(machine, command, regs->x[0], condition);

	machine->num_calls++;
	machine->next_call = machine->next_call < MACHINE_LAST_CALLS ? machine->next_call + 1 : 0;
	event->kind = TRACE_RMI;
	event->answer = answer;
	event->actor = machine->actor;
	event->step = now->step;
	registers_copy(event->result, regs->x, 5);
	event->text = condition;
	event->name = command ? command->name : NULL;
	if (answer == TRACE_FOLD_AGAIN && ++machine->num_folds_again > machine->fold_limit)
		machine->fold_limit_fn(machine->fold_limit_ctx);
	if (now->answers & 1u << answer)
		trace_emit(machine->trace, event);
}

/* A call that a hook may answer, that is logged, that finds no RMM, or in which others may be made. */
static __attribute__((noinline)) void smc_watched(struct machine *machine, struct rmm_regs *regs)
{
	struct rmi_log *log = machine->log;
	struct trace_event *event;
	const char *condition;
	uint64_t in[7];

	registers_copy(in, regs->x, 7);
	if (machine->rmi && !machine->booting && machine->rmi(machine->fault_ctx, regs)) {
		machine->num_faults++;
		condition = machine_injected;
		if (log)
			rmi_log_injected(log, in, regs->x);
	} else if (machine->config.rmi != MACHINE_RMI_1_0) {
		smc_refuse(machine, regs);
		condition = NULL;
		if (log)
			rmi_log_injected(log, in, regs->x);
	} else {
		if (log)
			rmi_log_call(log, machine->rmm, in);
		rmm_smc(machine->rmm, regs);
		condition = rmm_last_call(machine->rmm).condition;
		if (log)
			rmi_log_result(log, in, regs->x, condition);
	}
	/* Only now: other calls may have been made while a REC ran. */
	event = &machine->calls[machine->next_call];
	registers_copy(event->value, in, 7);
	smc_note(machine, event, regs, condition);
}

void machine_smc(struct machine *machine, struct rmm_regs *regs)
{
	const uint64_t fid = *(const volatile uint64_t *)&regs->x[0];
	struct trace_event *event;

	if ((machine->rmi && fid != machine->rmi_except) || machine->log ||
	    machine->config.rmi != MACHINE_RMI_1_0 || rmi_is_enter(fid)) {
		smc_watched(machine, regs);
		return;
	}
	event = &machine->calls[machine->next_call];
	registers_copy(event->value, regs->x, 7);
	rmm_smc(machine->rmm, regs);
	smc_note(machine, event, regs, rmm_last_call(machine->rmm).condition);
}

int machine_set_gpt(struct machine *machine, uint64_t pa, enum rmm_gpt gpt)
{
	const int err = rmm_set_gpt(machine->rmm, pa, gpt);

	if (!err)
		rmi_log_set_gpt(machine->log, pa, gpt);
	return err;
}

void machine_set_gpf(struct machine *machine, uint64_t nth)
{
	machine->gpf_countdown = nth;
	rmi_log_set_gpf(machine->log, nth);
}

enum rmm_outcome machine_cpu_access(struct machine *machine, struct rmm_cpu *cpu,
				    struct rmm_access *access)
{
	const enum rmm_outcome outcome = rmm_cpu_access(cpu, access);

	rmi_log_realm_access(machine->log, cpu, access, outcome);
	return outcome;
}

enum rmm_outcome machine_cpu_smc(struct machine *machine, struct rmm_cpu *cpu)
{
	const uint64_t *const gprs = rmm_cpu_regs(cpu)->gprs;
	struct trace_event event = {.kind = TRACE_RSI, .actor = machine->actor};
	struct rmm_call call;

	rmi_log_realm_smc(machine->log, cpu, gprs);
	if (!trace_wants(machine->trace, TRACE_RSI))
		return rmm_cpu_smc(cpu);
	memcpy(event.value, gprs, sizeof(event.value));
	event.result[4] = rmm_cpu_smc(cpu) == RMM_EXIT;
	memcpy(event.result, gprs, 4 * sizeof(event.result[0]));
	call = rmm_last_realm_call(machine->rmm);
	event.name = call.command;
	event.text = call.condition;
	/* PSCI, and what the RMM does not know, are none of RSI. */
	if (event.name)
		trace_emit(machine->trace, &event);
	return event.result[4] ? RMM_EXIT : RMM_CONTINUE;
}

enum rmm_outcome machine_cpu_hvc(struct machine *machine, struct rmm_cpu *cpu)
{
	rmi_log_realm_hvc(machine->log, cpu);
	return rmm_cpu_hvc(cpu);
}

enum rmm_outcome machine_cpu_event(struct machine *machine, struct rmm_cpu *cpu,
				   enum rmm_event event)
{
	rmi_log_realm_event(machine->log, cpu, event);
	return rmm_cpu_event(cpu, event);
}

void machine_set_guest(struct machine *machine, rmm_run_fn run, void *ctx)
{
	machine->guest = run;
	machine->guest_ctx = ctx;
}

void machine_set_actor(struct machine *machine, int32_t tid)
{
	machine->actor = tid;
}

void machine_set_faults(struct machine *machine, machine_fault_fn fault, machine_rmi_fn rmi,
			void *ctx)
{
	machine->fault = fault;
	machine->rmi = rmi;
	machine->fault_ctx = ctx;
	machine->fault_mask = (1u << PORT_NUM_FAULTS) - 1;
	machine->rmi_except = UINT64_MAX;
	port_masks_update(machine);
}

void machine_set_rmi_except(struct machine *machine, uint64_t fid)
{
	machine->rmi_except = fid;
}

void machine_set_fault_mask(struct machine *machine, uint32_t points)
{
	machine->fault_mask = points;
	port_masks_update(machine);
}

uint64_t machine_num_faults(const struct machine *machine)
{
	return machine->num_faults;
}

int32_t machine_actor(const struct machine *machine)
{
	return machine->actor;
}

void machine_set_sched(struct machine *machine, const struct machine_sched *sched)
{
	machine->sched = sched;
	port_masks_update(machine);
}

void machine_sched_point(struct machine *machine, enum port_sched kind, const char *object)
{
	if (machine->sched)
		machine->sched->point(machine->sched->ctx, kind, object);
}

static bool is_rmms(void *ctx, uint64_t pa)
{
	const struct machine *machine = ctx;

	return !machine_granules_nonsecure(machine, pa, RMM_GRANULE_SIZE);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ (hash >> 32);
}

uint64_t machine_hash(const struct machine *machine)
{
	/*
	 * Not the build's segments: they hold addresses of its own code and data, which differ between
	 * runs. What it keeps there is seen through its books.
	 */
	uint64_t hash = mix(dram_hash(machine->dram, is_rmms, (void *)(uintptr_t)machine),
			    rmm_inspect_hash(machine->rmm));
	struct kvm_inspect books = {0};

	if (!machine->build)
		return hash;
	machine->build->inspect(&books);
	hash = mix(hash, (uint64_t)books.pgtable_pages);
	hash = mix(hash, books.locks_held);
	hash = mix(hash, books.gmem_pages);
	hash = mix(hash, books.user_pages);
	hash = mix(hash, books.kernel_pages);
	hash = mix(hash, books.slab_objects);
	hash = mix(hash, (uint64_t)books.vmids);
	return mix(mix(hash, books.files), books.vms);
}
