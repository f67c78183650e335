/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef __ASM_RMI_CMDS_H
#define __ASM_RMI_CMDS_H

#include <linux/arm-smccc.h>

#include <asm/rmi_smc.h>

/* The RMM's geometry, whatever the host's PAGE_SIZE. */
#define RMM_PAGE_SHIFT	    12
#define RMM_PAGE_SIZE	    BIT(RMM_PAGE_SHIFT)
#define RMM_RTT_MAX_LEVEL   3
#define RMM_RTT_BLOCK_LEVEL 2

#define RMI_CALL_1_2 arm_smccc_1_2_smc
#include "../../../../../common/rmi_cmds.h"

#endif
