/* SPDX-License-Identifier: BSD-3-Clause */
/* guest_steps.c - what a guest step puts into the program of its vCPU. */
#include <errno.h>
#include <rmm/rsi.h>
#include <string.h>

#include "steps.h"
#include "world.h"

static int range_check(const struct step_call *call, uint64_t base, uint64_t size, char **error)
{
	if (size && base + size - 1 >= base)
		return 0;
	return world_error(error, -EINVAL, "%s: %#llx+%#llx is not a range of addresses",
			   call->def->name, (unsigned long long)base, (unsigned long long)size);
}

int guest_set_ripas(struct world *world, struct step_call *call, char **error)
{
	uint64_t base = call->args[RANGE_BASE].number, size = call->args[RANGE_SIZE].number;
	bool keep = call->args[SET_RIPAS_DESTROYED].number == SET_RIPAS_DESTROYED_KEEP;
	struct guest_op op = {
		.kind = GUEST_SET_RIPAS,
		.start = base,
		.cursor = base,
		.end = base + size,
		.x = {RSI_IPA_STATE_SET, base, base + size, call->args[SET_RIPAS_RIPAS].number,
		      keep ? 0 : RSI_CHANGE_DESTROYED},
	};
	int err = range_check(call, base, size, error);

	return err ? err : run_guest(world, call, &op, error);
}

int guest_get_ripas(struct world *world, struct step_call *call, char **error)
{
	uint64_t base = call->args[RANGE_BASE].number, size = call->args[RANGE_SIZE].number;
	struct guest_op op = {
		.kind = GUEST_GET_RIPAS,
		.start = base,
		.cursor = base,
		.end = base + size,
		.x = {RSI_IPA_STATE_GET, base, base + size},
	};
	int err = range_check(call, base, size, error);

	return err ? err : run_guest(world, call, &op, error);
}

static int access_step(struct world *world, struct step_call *call, enum rmm_access_type type,
		       uint32_t width, char **error)
{
	uint64_t ipa = call->args[ACCESS_IPA].number;
	uint64_t size = width ? width : call->args[ACCESS_SIZE].number;
	struct guest_op op = {
		.kind = GUEST_ACCESS,
		.type = type,
		.width = width,
		.start = ipa,
		.cursor = ipa,
		.end = ipa + size,
	};
	int err = range_check(call, ipa, size, error);

	if (err)
		return err;
	if (type != RMM_FETCH)
		op.mmio = (unsigned int)call->args[ACCESS_MMIO].number;
	if (type == RMM_WRITE)
		op.value = call->args[ACCESS_VALUE].number;
	if (type == RMM_READ)
		op.answer = call->args[ACCESS_ANSWER].number;
	return run_guest(world, call, &op, error);
}

int guest_write(struct world *world, struct step_call *call, char **error)
{
	return access_step(world, call, RMM_WRITE, 0, error);
}

int guest_read(struct world *world, struct step_call *call, char **error)
{
	return access_step(world, call, RMM_READ, 0, error);
}

int guest_fetch(struct world *world, struct step_call *call, char **error)
{
	return access_step(world, call, RMM_FETCH, 0, error);
}

static int instruction_step(struct world *world, struct step_call *call, enum rmm_access_type type,
			    char **error)
{
	uint64_t width = call->args[ACCESS_SIZE].number;

	if (width != 1 && width != 2 && width != 4 && width != 8)
		return world_error(error, -EINVAL, "%s: width is %llu, expected 1, 2, 4 or 8",
				   call->def->name, (unsigned long long)width);
	return access_step(world, call, type, (uint32_t)width, error);
}

int guest_store(struct world *world, struct step_call *call, char **error)
{
	return instruction_step(world, call, RMM_WRITE, error);
}

int guest_load(struct world *world, struct step_call *call, char **error)
{
	return instruction_step(world, call, RMM_READ, error);
}

int guest_host_call(struct world *world, struct step_call *call, char **error)
{
	uint64_t ipa = call->args[HOST_CALL_IPA].number;
	struct guest_op op = {
		.kind = GUEST_HOST_CALL,
		.start = ipa,
		.cursor = ipa,
		.end = ipa + sizeof(struct rsi_host_call),
		/* x2 and above are not the call's: they carry what goes into the structure. */
		.x = {RSI_HOST_CALL, ipa, call->args[HOST_CALL_IMM].number,
		      call->args[HOST_CALL_X0].number, call->args[HOST_CALL_X1].number,
		      call->args[HOST_CALL_X2].number},
	};
	int err = range_check(call, ipa, sizeof(struct rsi_host_call), error);

	return err ? err : run_guest(world, call, &op, error);
}

int guest_realm_config(struct world *world, struct step_call *call, char **error)
{
	uint64_t ipa = call->args[REALM_CONFIG_IPA].number;
	struct guest_op op = {
		.kind = GUEST_REALM_CONFIG,
		.start = ipa,
		.cursor = ipa,
		.end = ipa + sizeof(struct rsi_realm_config),
		.x = {RSI_REALM_CONFIG, ipa},
	};
	int err = range_check(call, ipa, sizeof(struct rsi_realm_config), error);

	return err ? err : run_guest(world, call, &op, error);
}

/* A call with up to three arguments whose x0 is the value. */
static int smc_step(struct world *world, struct step_call *call, uint64_t fid, uint64_t x1,
		    uint64_t x2, uint64_t x3, bool stops, char **error)
{
	struct guest_op op = {.kind = GUEST_SMC, .x = {fid, x1, x2, x3}, .stops = stops};
	int err = run_guest(world, call, &op, error);

	/* `done` is x1 of a raw call only. */
	if (!err)
		call->result.done = 0;
	return err;
}

/* The MPIDR that PSCI uses: Aff3 is in bits 39:32. */
static uint64_t target_mpidr(const struct step_call *call)
{
	uint64_t index = call->args[PSCI_TARGET].number;

	if (call->args[PSCI_MPIDR].given)
		return call->args[PSCI_MPIDR].number;
	return (index & 0xf) | (index >> 4 & 0xff) << 8 | (index >> 12 & 0xff) << 16;
}

int guest_psci_version(struct world *world, struct step_call *call, char **error)
{
	return smc_step(world, call, PSCI_VERSION, 0, 0, 0, false, error);
}

int guest_psci_features(struct world *world, struct step_call *call, char **error)
{
	return smc_step(world, call, PSCI_FEATURES, call->args[PSCI_FEATURES_FUNCTION].number, 0, 0,
			false, error);
}

int guest_psci_cpu_suspend(struct world *world, struct step_call *call, char **error)
{
	return smc_step(world, call, PSCI_CPU_SUSPEND, 0, 0, 0, false, error);
}

int guest_psci_cpu_off(struct world *world, struct step_call *call, char **error)
{
	return smc_step(world, call, PSCI_CPU_OFF, 0, 0, 0, true, error);
}

int guest_psci_cpu_on(struct world *world, struct step_call *call, char **error)
{
	const struct realm *realm = world_call_realm(world, call);
	uint64_t entry = call->args[PSCI_ENTRY].number;

	if (!call->args[PSCI_ENTRY].given && realm->config.num_slots)
		entry = realm->config.slots[0].base;
	return smc_step(world, call, PSCI_CPU_ON, target_mpidr(call), entry,
			call->args[PSCI_CONTEXT].number, false, error);
}

int guest_psci_affinity_info(struct world *world, struct step_call *call, char **error)
{
	return smc_step(world, call, PSCI_AFFINITY_INFO, target_mpidr(call),
			call->args[PSCI_LEVEL].number, 0, false, error);
}

int guest_psci_system_off(struct world *world, struct step_call *call, char **error)
{
	return smc_step(world, call, PSCI_SYSTEM_OFF, 0, 0, 0, true, error);
}

int guest_psci_system_reset(struct world *world, struct step_call *call, char **error)
{
	return smc_step(world, call, PSCI_SYSTEM_RESET, 0, 0, 0, true, error);
}

int guest_measurement_read(struct world *world, struct step_call *call, char **error)
{
	struct guest_op op = {
		.kind = GUEST_SMC,
		.x = {RSI_MEASUREMENT_READ, call->args[MEASUREMENT_INDEX].number},
		.status_in_x0 = true,
	};

	return run_guest(world, call, &op, error);
}

int guest_measurement_extend(struct world *world, struct step_call *call, char **error)
{
	struct guest_op op = {
		.kind = GUEST_SMC,
		.x = {RSI_MEASUREMENT_EXTEND, call->args[MEASUREMENT_INDEX].number,
		      call->args[EXTEND_SIZE].number},
		.status_in_x0 = true,
	};

	memset(&op.x[3], (int)call->args[EXTEND_VALUE].number, 8 * sizeof(op.x[0]));
	return run_guest(world, call, &op, error);
}

int guest_rsi(struct world *world, struct step_call *call, char **error)
{
	struct guest_op op = {.kind = GUEST_SMC};

	for (unsigned int i = 0; i < RSI_NUM; i++)
		op.x[i] = call->args[RSI_X0 + i].number;
	return run_guest(world, call, &op, error);
}

int guest_hvc(struct world *world, struct step_call *call, char **error)
{
	struct guest_op op = {.kind = GUEST_HVC};

	return run_guest(world, call, &op, error);
}

int guest_timer(struct world *world, struct step_call *call, char **error)
{
	struct guest_op op = {.kind = GUEST_TIMER,
			      .x = {call->args[TIMER_WHICH].number == STEP_TIMER_PHYSICAL,
				    call->args[TIMER_CTL].number, call->args[TIMER_CVAL].number}};

	return run_guest(world, call, &op, error);
}

int guest_event(struct world *world, struct step_call *call, char **error)
{
	static const enum rmm_event events[] = {
		[STEP_EVENT_FIQ] = RMM_EVENT_FIQ,
		[STEP_EVENT_SERROR] = RMM_EVENT_SERROR,
	};
	struct guest_op op = {.kind = GUEST_EVENT, .value = events[call->args[EVENT_WHAT].number]};

	return run_guest(world, call, &op, error);
}
