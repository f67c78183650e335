/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * asm/rmi_cmds.h - one function for each RMI command.
 *
 * Every function returns the command's return code: RMI_RETURN_STATUS() and RMI_RETURN_INDEX() take it
 * apart. Addresses are physical, IPAs are the Realm's, both in bytes. Outputs are always written; what
 * they mean on a failure is for the command to say, and most leave them undefined then.
 */
#ifndef __ASM_RMI_CMDS_H
#define __ASM_RMI_CMDS_H

#include <linux/arm-smccc.h>
#include <asm/rmi_smc.h>

/* An RTT entry as RMI_RTT_READ_ENTRY describes it. */
struct rtt_entry {
	unsigned long walk_level; /* level at which the walk ended */
	unsigned long desc;       /* address and, for an unprotected entry, attributes */
	int state;                /* enum rmi_rtt_entry_state */
	int ripas;                /* enum rmi_ripas */
};

/* RMI_DATA_CREATE - map the granule `data` at `ipa` with a copy of `src`, measured or not. */
static inline int rmi_data_create(unsigned long rd, unsigned long data, unsigned long ipa,
				  unsigned long src, unsigned long flags)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_DATA_CREATE, rd, data, ipa, src, flags, &res);
	return res.a0;
}

/* RMI_DATA_CREATE_UNKNOWN - map the granule `data` at `ipa`, its content unknown to the Host. */
static inline int rmi_data_create_unknown(unsigned long rd, unsigned long data, unsigned long ipa)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_DATA_CREATE_UNKNOWN, rd, data, ipa, &res);
	return res.a0;
}

/*
 * RMI_DATA_DESTROY - unmap the page at `ipa`. *data_out: its granule, on success. *top_out: the next live
 * address, on success and on RMI_ERROR_RTT.
 */
static inline int rmi_data_destroy(unsigned long rd, unsigned long ipa, unsigned long *data_out,
				   unsigned long *top_out)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_DATA_DESTROY, rd, ipa, &res);
	*data_out = res.a1;
	*top_out = res.a2;
	return res.a0;
}

/* RMI_FEATURES - feature register `index`. */
static inline int rmi_features(unsigned long index, unsigned long *out)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_FEATURES, index, &res);
	*out = res.a1;
	return res.a0;
}

/* RMI_GRANULE_DELEGATE - give the granule at `phys` to the RMM. */
static inline int rmi_granule_delegate(unsigned long phys)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_GRANULE_DELEGATE, phys, &res);
	return res.a0;
}

/* RMI_GRANULE_UNDELEGATE - take the granule at `phys` back. */
static inline int rmi_granule_undelegate(unsigned long phys)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_GRANULE_UNDELEGATE, phys, &res);
	return res.a0;
}

/* RMI_PSCI_COMPLETE - answer a PSCI request of `calling_rec` that names `target_rec`. */
static inline int rmi_psci_complete(unsigned long calling_rec, unsigned long target_rec,
				    unsigned long status)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_PSCI_COMPLETE, calling_rec, target_rec, status, &res);
	return res.a0;
}

/* RMI_REALM_ACTIVATE - from NEW to ACTIVE. */
static inline int rmi_realm_activate(unsigned long rd)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_REALM_ACTIVATE, rd, &res);
	return res.a0;
}

/* RMI_REALM_CREATE - make a Realm of the delegated granule `rd`; `params` is a struct realm_params. */
static inline int rmi_realm_create(unsigned long rd, unsigned long params)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_REALM_CREATE, rd, params, &res);
	return res.a0;
}

/* RMI_REALM_DESTROY - the Realm must have neither RECs nor tables below its starting level. */
static inline int rmi_realm_destroy(unsigned long rd)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_REALM_DESTROY, rd, &res);
	return res.a0;
}

/* RMI_REC_AUX_COUNT - how many auxiliary granules each REC of the Realm needs. */
static inline int rmi_rec_aux_count(unsigned long rd, unsigned long *aux_count)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_REC_AUX_COUNT, rd, &res);
	*aux_count = res.a1;
	return res.a0;
}

/* RMI_REC_CREATE - make a REC of the delegated granule `rec`; `params` is a struct rec_params. */
static inline int rmi_rec_create(unsigned long rd, unsigned long rec, unsigned long params)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_REC_CREATE, rd, rec, params, &res);
	return res.a0;
}

/* RMI_REC_DESTROY - the REC and its auxiliary granules become DELEGATED. */
static inline int rmi_rec_destroy(unsigned long rec)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_REC_DESTROY, rec, &res);
	return res.a0;
}

/* RMI_REC_ENTER - run the REC until it exits; `run_ptr` is a struct rec_run. */
static inline int rmi_rec_enter(unsigned long rec, unsigned long run_ptr)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_REC_ENTER, rec, run_ptr, &res);
	return res.a0;
}

/* RMI_RTT_CREATE - put the delegated granule `rtt` as a table of `level` below the entry for `ipa`. */
static inline int rmi_rtt_create(unsigned long rd, unsigned long rtt, unsigned long ipa, long level)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_RTT_CREATE, rd, rtt, ipa, level, &res);
	return res.a0;
}

/*
 * RMI_RTT_DESTROY - remove the table of `level` that covers `ipa`. *out_rtt: its granule, on success.
 * *out_top: the next live address, on success and on RMI_ERROR_RTT.
 */
static inline int rmi_rtt_destroy(unsigned long rd, unsigned long ipa, long level,
				  unsigned long *out_rtt, unsigned long *out_top)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_RTT_DESTROY, rd, ipa, level, &res);
	*out_rtt = res.a1;
	*out_top = res.a2;
	return res.a0;
}

/*
 * RMI_RTT_FOLD - replace the table of `level` that covers `ipa` by one entry of its parent. *out_rtt: its
 * granule, on success.
 */
static inline int rmi_rtt_fold(unsigned long rd, unsigned long ipa, long level,
			       unsigned long *out_rtt)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_RTT_FOLD, rd, ipa, level, &res);
	*out_rtt = res.a1;
	return res.a0;
}

/* RMI_RTT_INIT_RIPAS - RAM for [base, top) of a NEW Realm. *out_top: how far it came, on success. */
static inline int rmi_rtt_init_ripas(unsigned long rd, unsigned long base, unsigned long top,
				     unsigned long *out_top)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_RTT_INIT_RIPAS, rd, base, top, &res);
	*out_top = res.a1;
	return res.a0;
}

/* RMI_RTT_MAP_UNPROTECTED - map Non-secure memory at `ipa`, as `desc` describes it. */
static inline int rmi_rtt_map_unprotected(unsigned long rd, unsigned long ipa, long level,
					  unsigned long desc)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_RTT_MAP_UNPROTECTED, rd, ipa, level, desc, &res);
	return res.a0;
}

/* RMI_RTT_READ_ENTRY - where the walk for `ipa` down to `level` ends. *rtt is valid on success. */
static inline int rmi_rtt_read_entry(unsigned long rd, unsigned long ipa, long level,
				     struct rtt_entry *rtt)
{
	struct arm_smccc_1_2_regs regs = {
		.a0 = SMC_RMI_RTT_READ_ENTRY,
		.a1 = rd,
		.a2 = ipa,
		.a3 = level,
	};

	arm_smccc_1_2_invoke(&regs, &regs);
	rtt->walk_level = regs.a1;
	rtt->state = regs.a2 & 0xFF;
	rtt->desc = regs.a3;
	rtt->ripas = regs.a4 & 0xFF;
	return regs.a0;
}

/*
 * RMI_RTT_SET_RIPAS - apply the change that the Realm asked for through `rec` to [base, top). *out_top:
 * how far it came, on success.
 */
static inline int rmi_rtt_set_ripas(unsigned long rd, unsigned long rec, unsigned long base,
				    unsigned long top, unsigned long *out_top)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_RTT_SET_RIPAS, rd, rec, base, top, &res);
	*out_top = res.a1;
	return res.a0;
}

/*
 * RMI_RTT_UNMAP_UNPROTECTED - unmap the entry of `level` at `ipa`. *out_top: the next live address, on
 * success and on RMI_ERROR_RTT.
 */
static inline int rmi_rtt_unmap_unprotected(unsigned long rd, unsigned long ipa, long level,
					    unsigned long *out_top)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_RTT_UNMAP_UNPROTECTED, rd, ipa, level, &res);
	*out_top = res.a1;
	return res.a0;
}

#endif
