/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ASM_PTRACE_H
#define ASM_PTRACE_H

#include <linux/types.h>

struct user_pt_regs {
	u64 regs[31];
	u64 sp;
	u64 pc;
	u64 pstate;
};

#define PSR_MODE_EL1h 0x00000005
#define PSR_F_BIT     0x00000040
#define PSR_I_BIT     0x00000080
#define PSR_A_BIT     0x00000100
#define PSR_D_BIT     0x00000200

#endif
