/* SPDX-License-Identifier: BSD-3-Clause */
/* cpu.h - a REC while it runs: from REC_ENTER to its exit. */
#ifndef MODEL_CPU_H
#define MODEL_CPU_H

#include "rec.h"
#include "rtt.h"

struct rmm_cpu {
	struct rmm *rmm;
	/* While the REC runs neither it nor its Realm can be destroyed, so that these stay where they are. */
	struct rec *rec;
	struct rd *rd;
	uint64_t rec_pa;
	struct rmm_cpu_regs regs;
	struct rmm_cpu_shared shared;
	struct rmm_entry entry;
	bool trap_wfi, trap_wfe;
	bool exited;
	struct rmi_rec_exit exit;
};

/*
 * cpu_exit - the REC exits for `reason` (RMI_EXIT_*). What depended on the exit before is forgotten, as far
 * as the entry did not complete it; the caller fills in what belongs to this one.
 */
void cpu_exit(struct rmm_cpu *cpu, uint8_t reason);

/* cpu_take_exception - an exception is taken to the Realm's EL1. FAR_EL1 is left to the caller. */
void cpu_take_exception(struct rmm_cpu_regs *regs, bool from_el0, uint64_t esr);

/* abort_inject_sea - a Synchronous External Abort for the access with syndrome `esr` (ESR_EL2). */
void abort_inject_sea(struct rmm_cpu_regs *regs, bool from_el0, uint64_t esr, uint64_t far);

/* abort_complete_mmio - the access of the last exit, an Emulatable Data Abort, was done by the Host. */
void abort_complete_mmio(struct rmm_cpu *cpu, uint64_t value);

/*
 * abort_exit_for_buffer - exit as if the Realm had made a data access at `ipa`, where the walk ended at
 * `level`: the RMM cannot reach a buffer that a call named.
 */
void abort_exit_for_buffer(struct rmm_cpu *cpu, uint64_t ipa, int level);

/* psci_call - the Realm calls PSCI function `fid`. False if there is no such function. */
bool psci_call(struct rmm_cpu *cpu, uint32_t fid);

/* rsi_complete - on entry: give the Realm the results of a RIPAS change or Host call. */
void rsi_complete(struct rmm_cpu *cpu, const struct rmi_rec_enter *enter);

#endif
