/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef __ASM_RMI_CMDS_H
#define __ASM_RMI_CMDS_H

#include <linux/arm-smccc.h>

#include <asm/rmi_smc.h>

#define RMI_CALL_1_2 arm_smccc_1_2_smc
#include "../../../../../common/rmi_cmds.h"

#endif
