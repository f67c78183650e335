/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef __ASM_RMI_SMC_H
#define __ASM_RMI_SMC_H

#include <linux/arm-smccc.h>

#define RMI_RIPAS_VALUE_TYPE u64
#include "../../../../../common/rmi_smc.h"

#endif
