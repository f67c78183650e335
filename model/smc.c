/* SPDX-License-Identifier: BSD-3-Clause */
/* smc.c - one SMC of the Host: which command it is, and its registers. */
#include "command.h"
#include "granule.h"
#include "invariant.h"
#include "rtt.h"

static uint64_t rmi_version(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t version =
		RMI_ABI_VERSION_ENCODE(RMI_ABI_MAJOR_VERSION, RMI_ABI_MINOR_VERSION);

	(void)rmm;
	/* There is only one revision: it is the highest, and the nearest to any other request. */
	out->x[1] = version;
	out->x[2] = version;
	CHECKS(VERSION);
	FAIL_IF(version, (x[1] & UINT64_C(0x7fffffff)) != version);
	CHECKS_END();
	return RMI_SUCCESS;
}

static uint64_t rmi_features(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	out->x[1] = x[1] == 0 ? rmm->feature_0 : 0;
	return RMI_SUCCESS;
}

#define SLOT(name, fn) [RMI_##name - RMI_FID_FIRST] = {fn, &commands[COMMAND_##name]}
static const struct {
	rmi_fn fn;
	const struct rmm_command *command;
} slots[] = {
	SLOT(VERSION, rmi_version),
	SLOT(GRANULE_DELEGATE, rmi_granule_delegate),
	SLOT(GRANULE_UNDELEGATE, rmi_granule_undelegate),
	SLOT(DATA_CREATE, rmi_data_create),
	SLOT(DATA_CREATE_UNKNOWN, rmi_data_create_unknown),
	SLOT(DATA_DESTROY, rmi_data_destroy),
	SLOT(REALM_ACTIVATE, rmi_realm_activate),
	SLOT(REALM_CREATE, rmi_realm_create),
	SLOT(REALM_DESTROY, rmi_realm_destroy),
	SLOT(REC_CREATE, rmi_rec_create),
	SLOT(REC_DESTROY, rmi_rec_destroy),
	SLOT(REC_ENTER, rmi_rec_enter),
	SLOT(RTT_CREATE, rmi_rtt_create),
	SLOT(RTT_DESTROY, rmi_rtt_destroy),
	SLOT(RTT_MAP_UNPROTECTED, rmi_rtt_map_unprotected),
	SLOT(RTT_READ_ENTRY, rmi_rtt_read_entry),
	SLOT(RTT_UNMAP_UNPROTECTED, rmi_rtt_unmap_unprotected),
	SLOT(PSCI_COMPLETE, rmi_psci_complete),
	SLOT(FEATURES, rmi_features),
	SLOT(RTT_FOLD, rmi_rtt_fold),
	SLOT(REC_AUX_COUNT, rmi_rec_aux_count),
	SLOT(RTT_INIT_RIPAS, rmi_rtt_init_ripas),
	SLOT(RTT_SET_RIPAS, rmi_rtt_set_ripas),
};

__attribute__((noinline)) void smc_serve(struct rmm *rmm, struct rmm_regs *regs)
{
	const uint32_t slot = smccc_fid(regs->x[0]) - RMI_FID_FIRST;

	if (slot >= sizeof(slots) / sizeof(slots[0]) || !slots[slot].fn) {
		regs->x[0] = SMCCC_NOT_SUPPORTED;
		regs->x[1] = regs->x[2] = regs->x[3] = regs->x[4] = 0;
		rmm->last_call = (struct last_call){NULL, NULL};
		return;
	}
	smc_make(rmm, regs, slots[slot].fn, slots[slot].command);
}

void rmm_smc(struct rmm *rmm, struct rmm_regs *regs)
{
	if (__builtin_expect(rmm->checker != NULL, 0))
		invariant_smc(rmm, regs, smc_serve);
	else if (regs->x[0] != RMI_RTT_FOLD ||
		 !rtt_fold_again(rmm, regs, &commands[COMMAND_RTT_FOLD]))
		smc_serve(rmm, regs);
}
