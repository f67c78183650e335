/* SPDX-License-Identifier: BSD-3-Clause */
/* rec.h - the Realm Execution Context, as it lies in its granule. */
#ifndef MODEL_REC_H
#define MODEL_REC_H

#include "realm.h"

/* A REC is RUNNING while the reference count of its granule is 1. */
struct rec {
	uint64_t owner; /* PA of the RD */
	uint64_t mpidr;
	uint32_t index; /* that mpidr stands for */
	bool runnable;
	bool psci_pending;   /* the request is in regs.gprs[0..3] */
	bool psci_completed; /* by PSCI_COMPLETE since the REC last ran */
	bool host_call_pending;
	uint8_t ripas_value;		/* RMI_RIPAS_* */
	bool ripas_destroyed;		/* CHANGE_DESTROYED was given */
	uint64_t ripas_addr, ripas_top; /* both 0 if no request is pending */
	uint64_t host_call_ipa;
	/* The last exit, as far as the next entry depends on it. */
	bool emulatable_abort;
	bool unprotected_abort; /* a Data Abort at an unprotected IPA */
	bool abort_from_el0;
	uint64_t abort_esr, abort_far; /* ESR_EL2 and FAR_EL2 as hardware would have had them */
	struct rmm_cpu_shared shared; /* as it was left at the last exit */
	struct rmm_cpu_regs regs;
	uint8_t num_aux;
	uint64_t aux[RMI_REC_MAX_AUX];
};
_Static_assert(sizeof(struct rec) <= RMM_GRANULE_SIZE, "a REC is one granule");

/* PSTATE after reset, and when an exception is taken: EL1h, DAIF masked. */
#define PSTATE_EL1H_DAIF UINT64_C(0x3c5)

/* rec_regs_reset - the PE state after reset: MMU off, little-endian, all registers zero. */
void rec_regs_reset(struct rmm_cpu_regs *regs);

/* rec_is_running - whether a REC_ENTER of the REC in granule `rec_gran` has not returned yet. */
static inline bool rec_is_running(const struct granule *rec_gran)
{
	return rec_gran->refcount != 0;
}

/* rec_index_by_rmi_mpidr, rec_index_by_psci_mpidr - the REC index of an mpidr in either layout. */
uint32_t rec_index_by_rmi_mpidr(uint64_t mpidr);
uint32_t rec_index_by_psci_mpidr(uint64_t mpidr);

#endif
