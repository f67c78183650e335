/* SPDX-License-Identifier: BSD-3-Clause */
/* run.c - REC_ENTER: the run page, the Realm's turn, the exit. */
#include <string.h>
#include "command.h"
#include "cpu.h"

#define LR_STATE(lr)	((lr) >> 62)
#define LR_HW		(UINT64_C(1) << 61)
#define LR_PRIORITY_LOW (UINT64_C(7) << 48) /* five priority bits are implemented */
#define LR_PINTID	UINT64_C(0x1fff00000000)
#define LR_EOI		(UINT64_C(1) << 41)
#define LR_VINTID(lr)	((uint32_t)(lr))
#define VINTID_SPI_LAST 1019u
#define VINTID_LPI	8192u
#define VINTID_LAST	65535u /* sixteen identifier bits are implemented */

static bool gicv3_valid(const struct rmm *rmm, const struct rmi_rec_enter *enter)
{
	if (enter->gicv3_hcr & ~RMI_GICV3_HCR_ENTER_MASK)
		return false;
	for (unsigned int i = 0; i <= rmm->config.gicv3_num_lrs; i++) {
		const uint64_t lr = enter->gicv3_lrs[i];
		const uint32_t vintid = LR_VINTID(lr);

		if (LR_STATE(lr) == 0)
			continue;
		if (lr & (LR_HW | LR_PRIORITY_LOW | (LR_PINTID & ~LR_EOI)))
			return false;
		if (vintid > VINTID_LAST || (vintid > VINTID_SPI_LAST && vintid < VINTID_LPI))
			return false;
		for (unsigned int j = 0; j < i; j++) {
			if (LR_STATE(enter->gicv3_lrs[j]) &&
			    LR_VINTID(enter->gicv3_lrs[j]) == vintid)
				return false;
		}
	}
	return true;
}

void cpu_exit(struct rmm_cpu *cpu, uint8_t reason)
{
	struct rec *rec = cpu->rec;

	cpu->exited = true;
	cpu->exit.exit_reason = reason;
	rec->emulatable_abort = false;
	rec->unprotected_abort = false;
}

static size_t cpu_num_lrs(const struct rmm_cpu *cpu)
{
	return cpu->rmm->config.gicv3_num_lrs + 1u;
}

/* Section 6.1 of the facts: what is done for the Host before the Realm runs. May exit. */
static void cpu_enter(struct rmm_cpu *cpu, const struct rmi_rec_enter *enter)
{
	struct rec *rec = cpu->rec;

	memset(cpu->shared.gicv3_lrs, 0, sizeof(cpu->shared.gicv3_lrs));
	memcpy(cpu->shared.gicv3_lrs, enter->gicv3_lrs,
	       cpu_num_lrs(cpu) * sizeof(cpu->shared.gicv3_lrs[0]));
	cpu->shared.gicv3_hcr = enter->gicv3_hcr;
	cpu->shared.gicv3_misr = 0;
	cpu->shared.pmu_ovf = false;
	if (enter->flags & RMI_ENTER_FLAG_INJECT_SEA && rec->unprotected_abort) {
		abort_inject_sea(&cpu->regs, rec->abort_from_el0, rec->abort_esr, rec->abort_far);
		cpu->entry.sea_injected = true;
	} else if (enter->flags & RMI_ENTER_FLAG_EMUL_MMIO) {
		abort_complete_mmio(cpu, enter->gprs[0]);
		cpu->entry.mmio_emulated = true;
	}
	cpu->trap_wfi = enter->flags & RMI_ENTER_FLAG_TRAP_WFI;
	cpu->trap_wfe = enter->flags & RMI_ENTER_FLAG_TRAP_WFE;
	cpu->entry.psci_done = rec->psci_completed;
	rec->psci_completed = false;
	rsi_complete(cpu, enter);
}

/* What every exit shows, whatever its reason. */
static void cpu_exit_shared(struct rmm_cpu *cpu)
{
	struct rmi_rec_exit *exit = &cpu->exit;
	const struct rmm_cpu_shared *shared = &cpu->shared;

	memcpy(exit->gicv3_lrs, shared->gicv3_lrs, cpu_num_lrs(cpu) * sizeof(exit->gicv3_lrs[0]));
	exit->gicv3_hcr =
		shared->gicv3_hcr & (RMI_GICV3_HCR_ENTER_MASK | RMI_GICV3_HCR_EOICOUNT_MASK);
	exit->gicv3_misr = shared->gicv3_misr;
	exit->gicv3_vmcr = shared->gicv3_vmcr;
	exit->cntp_ctl = shared->cntp_ctl;
	exit->cntp_cval = shared->cntp_cval;
	exit->cntv_ctl = shared->cntv_ctl;
	exit->cntv_cval = shared->cntv_cval;
	exit->pmu_ovf_status = shared->pmu_ovf;
}

uint64_t rmi_rec_enter(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rec_pa = x[1], run_pa = x[2];
	const uint64_t exit_pa = run_pa + offsetof(struct rmi_rec_run, exit);
	struct rmi_rec_enter enter;
	struct granule *rec_gran;
	struct rmm_cpu cpu;
	struct rec *rec;
	struct rd *rd;

	CHECKS(REC_ENTER);
	FAIL_IF(run_align, !granule_aligned(run_pa));
	FAIL_IF(run_bound, !granule_find_delegable(rmm, run_pa));
	FAIL_IF(run_pas, !ns_permits(rmm, run_pa));
	FAIL_IF(rec_align, !granule_aligned(rec_pa));
	FAIL_IF(rec_bound, !(rec_gran = granule_find_delegable(rmm, rec_pa)));
	FAIL_IF(rec_gran_state, rec_gran->state != RMM_GRANULE_REC);
	FAIL_IF(rec_state, rec_is_running(rec_gran));
	FAIL_IF(run_enter_gpf, ns_faults(rmm, run_pa, false));
	ns_read(rmm, run_pa, &enter, offsetof(struct rmi_rec_enter, sbz_388));
	rec = granule_memory(rmm, rec_pa);
	rd = granule_memory(rmm, rec->owner);
	const bool inject_sea = enter.flags & RMI_ENTER_FLAG_INJECT_SEA;
	FAIL_IF(realm_new, rd->state == RMM_REALM_NEW);
	FAIL_IF_AT(system_off, rd->state == RMM_REALM_SYSTEM_OFF, 1);
	FAIL_IF(rec_runnable, !rec->runnable);
	FAIL_IF(rec_psci, rec->psci_pending);
	FAIL_IF(rec_gicv3, !gicv3_valid(rmm, &enter));
	FAIL_IF(inject_sea,
		inject_sea && !rec->unprotected_abort && rmm_follows_tfrmm(rmm, RMM_TFRMM_Q6));
	FAIL_IF(rec_mmio, enter.flags & RMI_ENTER_FLAG_EMUL_MMIO && !rec->emulatable_abort &&
				  !(inject_sea && rec->unprotected_abort));

	rec_gran->refcount = 1;
	memset(&cpu, 0, sizeof(cpu));
	cpu.rmm = rmm;
	cpu.rec = rec;
	cpu.rd = rd;
	cpu.rec_pa = rec_pa;
	cpu.regs = rec->regs;
	cpu.shared = rec->shared;
	cpu_enter(&cpu, &enter);
	if (!cpu.exited && rmm->config.run)
		rmm->config.run(rmm->config.run_ctx, &cpu);
	/* A Realm that says nothing is interrupted for the Host. */
	if (!cpu.exited)
		cpu_exit(&cpu, RMI_EXIT_FIQ);
	rec->regs = cpu.regs;
	rec->shared = cpu.shared;
	rec_gran->refcount = 0;
	cpu_exit_shared(&cpu);

	FAIL_IF(run_exit_gpf, ns_faults(rmm, run_pa, true));
	CHECKS_END();
	ns_write(rmm, exit_pa, &cpu.exit, sizeof(cpu.exit));
	return RMI_SUCCESS;
}

struct rmm_cpu_regs *rmm_cpu_regs(struct rmm_cpu *cpu)
{
	return &cpu->regs;
}

struct rmm_cpu_shared *rmm_cpu_shared(struct rmm_cpu *cpu)
{
	return &cpu->shared;
}

const struct rmm_entry *rmm_cpu_entry(const struct rmm_cpu *cpu)
{
	return &cpu->entry;
}

uint64_t rmm_cpu_rd(const struct rmm_cpu *cpu)
{
	return cpu->rec->owner;
}

uint64_t rmm_cpu_rec(const struct rmm_cpu *cpu)
{
	return cpu->rec_pa;
}

uint64_t rmm_cpu_mpidr(const struct rmm_cpu *cpu)
{
	return cpu->rec->mpidr;
}

static enum rmm_outcome cpu_exit_wfx(struct rmm_cpu *cpu, uint64_t ti, bool trapped)
{
	if (!trapped)
		return RMM_CONTINUE;
	if (rmm_follows_tfrmm(cpu->rmm, RMM_TFRMM_Q23))
		ti &= 1;
	cpu_exit(cpu, RMI_EXIT_SYNC);
	cpu->exit.esr = RMI_ESR_EC_WFX << RMI_ESR_EC_SHIFT | ti;
	/* The instruction is complete: the Host waits in its place. */
	cpu->regs.pc += 4;
	return RMM_EXIT;
}

enum rmm_outcome rmm_cpu_event(struct rmm_cpu *cpu, enum rmm_event event)
{
	enum rmm_outcome outcome = RMM_EXIT;

	if (cpu->exited)
		return RMM_EXIT;
	switch (event) {
	case RMM_EVENT_IRQ:
		cpu_exit(cpu, RMI_EXIT_IRQ);
		break;
	case RMM_EVENT_FIQ:
		cpu_exit(cpu, RMI_EXIT_FIQ);
		break;
	case RMM_EVENT_SERROR:
		cpu_exit(cpu, RMI_EXIT_SERROR);
		cpu->exit.esr = RMI_ESR_EC_SERROR << RMI_ESR_EC_SHIFT | RMI_FSC_SERROR;
		break;
	case RMM_EVENT_WFI:
		outcome = cpu_exit_wfx(cpu, 0, cpu->trap_wfi);
		break;
	case RMM_EVENT_WFE:
		outcome = cpu_exit_wfx(cpu, 1, cpu->trap_wfe);
		break;
	case RMM_EVENT_WFIT:
		outcome = cpu_exit_wfx(cpu, 2, cpu->trap_wfi);
		break;
	case RMM_EVENT_WFET:
		outcome = cpu_exit_wfx(cpu, 3, cpu->trap_wfe);
		break;
	}
	if (outcome == RMM_EXIT && (event == RMM_EVENT_WFIT || event == RMM_EVENT_WFET))
		cpu->exit.gprs[0] = cpu->regs.gprs[0];
	return outcome;
}
