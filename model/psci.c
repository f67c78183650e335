/* SPDX-License-Identifier: BSD-3-Clause */
/* psci.c - the Power State Coordination Interface towards a Realm, and RMI_PSCI_COMPLETE. */
#include <string.h>
#include "command.h"
#include "cpu.h"

/* A function of the Realm and its SMC32 form, where it has both, are one here. */
static uint32_t psci_function(uint64_t fid)
{
	switch ((uint32_t)fid) {
	case PSCI_CPU_SUSPEND_32:
		return PSCI_CPU_SUSPEND;
	case PSCI_CPU_ON_32:
		return PSCI_CPU_ON;
	case PSCI_AFFINITY_INFO_32:
		return PSCI_AFFINITY_INFO;
	default:
		return (uint32_t)fid;
	}
}

static bool psci_supports(uint32_t fid)
{
	switch (psci_function(fid)) {
	case SMCCC_VERSION:
	case PSCI_VERSION:
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON:
	case PSCI_AFFINITY_INFO:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
		return true;
	default:
		return false;
	}
}

/* Give the Realm its result. A PSCI call returns in x0 and leaves nothing in x1..x3. */
static void psci_return(struct rmm_cpu_regs *regs, int64_t value)
{
	regs->gprs[0] = (uint64_t)value;
	regs->gprs[1] = 0;
	regs->gprs[2] = 0;
	regs->gprs[3] = 0;
}

static void psci_exit(struct rmm_cpu *cpu, uint64_t mpidr)
{
	cpu_exit(cpu, RMI_EXIT_PSCI);
	cpu->exit.gprs[0] = cpu->regs.gprs[0];
	cpu->exit.gprs[1] = mpidr;
}

/* The Host is to complete the request, whose arguments stay in the registers until then. */
static void psci_exit_pending(struct rmm_cpu *cpu)
{
	psci_exit(cpu, cpu->regs.gprs[1]);
	cpu->rec->psci_pending = true;
}

static void psci_cpu_on(struct rmm_cpu *cpu, uint64_t mpidr, uint64_t entry)
{
	const uint32_t index = rec_index_by_psci_mpidr(mpidr);

	if (entry >= realm_protected_end(cpu->rd))
		psci_return(&cpu->regs, PSCI_INVALID_ADDRESS);
	else if (index >= cpu->rd->rec_index)
		psci_return(&cpu->regs, PSCI_INVALID_PARAMETERS);
	else if (index == cpu->rec->index)
		psci_return(&cpu->regs, PSCI_ALREADY_ON);
	else
		psci_exit_pending(cpu);
}

static void psci_affinity_info(struct rmm_cpu *cpu, uint64_t mpidr, uint64_t lowest_level)
{
	const uint32_t index = rec_index_by_psci_mpidr(mpidr);

	if (lowest_level != 0 || index >= cpu->rd->rec_index)
		psci_return(&cpu->regs, PSCI_INVALID_PARAMETERS);
	else if (index == cpu->rec->index)
		psci_return(&cpu->regs, PSCI_AFFINITY_ON);
	else
		psci_exit_pending(cpu);
}

bool psci_call(struct rmm_cpu *cpu, uint32_t fid)
{
	uint64_t *gprs = cpu->regs.gprs;

	if (!psci_supports(fid) || fid == SMCCC_VERSION)
		return false;
	/* What the Host and PSCI_COMPLETE see later are the function and arguments that count. */
	gprs[0] = fid;
	if (!(fid & SMCCC_SMC64_BIT)) {
		for (unsigned int i = 1; i <= 3; i++)
			gprs[i] = (uint32_t)gprs[i];
	}
	switch (psci_function(fid)) {
	case PSCI_VERSION:
		psci_return(&cpu->regs, PSCI_VERSION_1_1);
		break;
	case PSCI_FEATURES:
		psci_return(&cpu->regs,
			    psci_supports((uint32_t)gprs[1]) ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED);
		break;
	case PSCI_CPU_ON:
		psci_cpu_on(cpu, gprs[1], gprs[2]);
		break;
	case PSCI_AFFINITY_INFO:
		psci_affinity_info(cpu, gprs[1], gprs[2]);
		break;
	case PSCI_CPU_OFF:
		cpu->rec->runnable = false;
		psci_exit(cpu, 0);
		break;
	case PSCI_CPU_SUSPEND:
		psci_exit(cpu, 0);
		psci_return(&cpu->regs, PSCI_SUCCESS);
		break;
	default: /* SYSTEM_OFF, SYSTEM_RESET */
		cpu->rd->state = RMM_REALM_SYSTEM_OFF;
		psci_exit(cpu, 0);
		break;
	}
	cpu->regs.pc += 4;
	return true;
}

/* DENIED may be said only of a request to turn on a REC that is off. */
static bool status_permitted(uint64_t function, int64_t status, bool target_runnable)
{
	return status == PSCI_SUCCESS ||
	       (status == PSCI_DENIED && function == PSCI_CPU_ON && !target_runnable);
}

/* The target of CPU_ON starts: as after reset but for what the caller gave it. */
static void target_start(struct rmm *rmm, struct rec *target, const struct rec *calling)
{
	struct rmm_cpu_regs regs;
	/* EE and E0E: it starts with the caller's endianness. */
	const uint64_t endianness = calling->regs.sctlr_el1 & UINT64_C(0x3000000);

	rec_regs_reset(&regs);
	if (rmm_follows_tfrmm(rmm, RMM_TFRMM_Q17))
		memcpy(regs.gprs, target->regs.gprs, sizeof(regs.gprs));
	regs.gprs[0] = calling->regs.gprs[3];
	regs.pc = calling->regs.gprs[2];
	regs.sctlr_el1 |= endianness;
	target->regs = regs;
	target->runnable = true;
}

static void psci_complete(struct rec *calling, int64_t value)
{
	calling->psci_pending = false;
	calling->psci_completed = true;
	psci_return(&calling->regs, value);
}

uint64_t rmi_psci_complete(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t calling_pa = x[1], target_pa = x[2];
	const int64_t status = (int64_t)x[3];
	struct granule *calling_gran, *target_gran;
	struct rec *calling, *target;
	uint32_t function;
	bool runnable;

	CHECKS(PSCI_COMPLETE);
	FAIL_IF(alias, calling_pa == target_pa);
	FAIL_IF(calling_align, !granule_aligned(calling_pa));
	FAIL_IF(calling_bound, !(calling_gran = granule_find_delegable(rmm, calling_pa)));
	FAIL_IF(calling_state, calling_gran->state != RMM_GRANULE_REC);
	FAIL_IF(target_align, !granule_aligned(target_pa));
	FAIL_IF(target_bound, !(target_gran = granule_find_delegable(rmm, target_pa)));
	FAIL_IF(target_state, target_gran->state != RMM_GRANULE_REC);
	calling = granule_memory(rmm, calling_pa);
	target = granule_memory(rmm, target_pa);
	FAIL_IF(calling_running, rec_is_running(calling_gran));
	FAIL_IF(pending, !calling->psci_pending);
	FAIL_IF(owner, calling->owner != target->owner);
	FAIL_IF(target, rec_index_by_psci_mpidr(calling->regs.gprs[1]) != target->index);
	function = psci_function(calling->regs.gprs[0]);
	/* A REC that runs is on, even if it has just asked to be turned off. */
	runnable = target->runnable || rec_is_running(target_gran);
	if (status == PSCI_DENIED && function == PSCI_CPU_ON && runnable &&
	    rmm_follows_tfrmm(rmm, RMM_TFRMM_Q7))
		psci_complete(calling, PSCI_ALREADY_ON);
	FAIL_IF(status, !status_permitted(function, status, runnable));
	CHECKS_END();

	if (function == PSCI_AFFINITY_INFO) {
		psci_complete(calling, runnable ? PSCI_AFFINITY_ON : PSCI_AFFINITY_OFF);
	} else if (status == PSCI_DENIED) {
		psci_complete(calling, PSCI_DENIED);
	} else if (runnable) {
		psci_complete(calling, PSCI_ALREADY_ON);
	} else {
		target_start(rmm, target, calling);
		psci_complete(calling, PSCI_SUCCESS);
	}
	return RMI_SUCCESS;
}
