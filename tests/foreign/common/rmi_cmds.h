/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of RMI 1.0 as the foreign trees' asm/rmi_cmds.h give them. RMI_CALL_1_2: regs in, regs out. */
#include <linux/arm-smccc.h>

#include <asm/rmi_smc.h>

struct rtt_entry {
	unsigned long walk_level;
	unsigned long desc;
	int state;
	int ripas;
};

/* A command that gives nothing but its status. */
#define RMI_COMMAND(name, fid, params, ...)                                                        \
	static inline int rmi_##name params                                                        \
	{                                                                                          \
		struct arm_smccc_res res;                                                          \
                                                                                                   \
		arm_smccc_1_1_invoke(fid, __VA_ARGS__, &res);                                      \
		return res.a0;                                                                     \
	}

RMI_COMMAND(granule_delegate, SMC_RMI_GRANULE_DELEGATE, (unsigned long phys), phys)
RMI_COMMAND(granule_undelegate, SMC_RMI_GRANULE_UNDELEGATE, (unsigned long phys), phys)
RMI_COMMAND(realm_create, SMC_RMI_REALM_CREATE, (unsigned long rd, unsigned long params), rd,
	    params)
RMI_COMMAND(realm_activate, SMC_RMI_REALM_ACTIVATE, (unsigned long rd), rd)
RMI_COMMAND(realm_destroy, SMC_RMI_REALM_DESTROY, (unsigned long rd), rd)
RMI_COMMAND(rec_create, SMC_RMI_REC_CREATE,
	    (unsigned long rd, unsigned long rec, unsigned long params), rd, rec, params)
RMI_COMMAND(rec_destroy, SMC_RMI_REC_DESTROY, (unsigned long rec), rec)
RMI_COMMAND(rec_enter, SMC_RMI_REC_ENTER, (unsigned long rec, unsigned long run), rec, run)
RMI_COMMAND(psci_complete, SMC_RMI_PSCI_COMPLETE,
	    (unsigned long calling_rec, unsigned long target_rec, unsigned long status),
	    calling_rec, target_rec, status)
RMI_COMMAND(data_create, SMC_RMI_DATA_CREATE,
	    (unsigned long rd, unsigned long data, unsigned long ipa, unsigned long src,
	     unsigned long flags),
	    rd, data, ipa, src, flags)
RMI_COMMAND(data_create_unknown, SMC_RMI_DATA_CREATE_UNKNOWN,
	    (unsigned long rd, unsigned long data, unsigned long ipa), rd, data, ipa)
RMI_COMMAND(rtt_create, SMC_RMI_RTT_CREATE,
	    (unsigned long rd, unsigned long rtt, unsigned long ipa, long level), rd, rtt, ipa,
	    level)
RMI_COMMAND(rtt_map_unprotected, SMC_RMI_RTT_MAP_UNPROTECTED,
	    (unsigned long rd, unsigned long ipa, long level, unsigned long desc), rd, ipa, level,
	    desc)

/* A command with one output. */
#define RMI_COMMAND_OUT(name, fid, params, ...)                                                    \
	static inline int rmi_##name params                                                        \
	{                                                                                          \
		struct arm_smccc_res res;                                                          \
                                                                                                   \
		arm_smccc_1_1_invoke(fid, __VA_ARGS__, &res);                                      \
		*out = res.a1;                                                                     \
		return res.a0;                                                                     \
	}

RMI_COMMAND_OUT(features, SMC_RMI_FEATURES, (unsigned long index, unsigned long *out), index)
RMI_COMMAND_OUT(rec_aux_count, SMC_RMI_REC_AUX_COUNT, (unsigned long rd, unsigned long *out), rd)
RMI_COMMAND_OUT(rtt_fold, SMC_RMI_RTT_FOLD,
		(unsigned long rd, unsigned long ipa, long level, unsigned long *out), rd, ipa,
		level)
RMI_COMMAND_OUT(rtt_unmap_unprotected, SMC_RMI_RTT_UNMAP_UNPROTECTED,
		(unsigned long rd, unsigned long ipa, long level, unsigned long *out), rd, ipa,
		level)
RMI_COMMAND_OUT(rtt_init_ripas, SMC_RMI_RTT_INIT_RIPAS,
		(unsigned long rd, unsigned long base, unsigned long top, unsigned long *out), rd,
		base, top)
RMI_COMMAND_OUT(rtt_set_ripas, SMC_RMI_RTT_SET_RIPAS,
		(unsigned long rd, unsigned long rec, unsigned long base, unsigned long top,
		 unsigned long *out),
		rd, rec, base, top)

static inline int rmi_data_destroy(unsigned long rd, unsigned long ipa, unsigned long *data,
				   unsigned long *top)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_DATA_DESTROY, rd, ipa, &res);
	*data = res.a1;
	*top = res.a2;
	return res.a0;
}

static inline int rmi_rtt_destroy(unsigned long rd, unsigned long ipa, long level,
				  unsigned long *rtt, unsigned long *top)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_RTT_DESTROY, rd, ipa, level, &res);
	*rtt = res.a1;
	*top = res.a2;
	return res.a0;
}

static inline int rmi_rtt_read_entry(unsigned long rd, unsigned long ipa, long level,
				     struct rtt_entry *entry)
{
	struct arm_smccc_1_2_regs regs = {SMC_RMI_RTT_READ_ENTRY, rd, ipa, level};

	RMI_CALL_1_2(&regs, &regs);
	entry->walk_level = regs.a1;
	entry->state = regs.a2 & 0xFF;
	entry->desc = regs.a3;
	entry->ripas = regs.a4 & 0xFF;
	return regs.a0;
}

#undef RMI_COMMAND
#undef RMI_COMMAND_OUT
