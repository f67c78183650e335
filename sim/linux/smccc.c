/* SPDX-License-Identifier: BSD-3-Clause */
/* smccc.c - secure monitor calls: the only way into the RMM. */
#include <linux/arm-smccc.h>
#include <linux/sched.h>

#include "internal.h"

static void smc(unsigned long regs[18])
{
	struct task_struct *task = linux_current;

	linux_loop_restart();
	linux_sched_point(PORT_SCHED_SMC, "smc");
	_Static_assert(sizeof(*regs) == sizeof(uint64_t), "registers have 64 bits");
	linux_port->smc(linux_port->ctx, (uint64_t *)regs);
	/* Other threads may have run while a REC did. */
	linux_current = task;
}

void linux_smccc_call(unsigned long a0, unsigned long a1, unsigned long a2, unsigned long a3,
		      unsigned long a4, unsigned long a5, unsigned long a6, unsigned long a7,
		      struct arm_smccc_res *res)
{
	unsigned long regs[18];
	/* Volatile, so that no compiler makes a call of memset() of it, which sanitizers make dear. */
	volatile unsigned long *const in = regs;
	/* They are written one by one: loading two at a time would make the processor wait for both. */
	const volatile unsigned long *out = regs;

	in[0] = a0;
	in[1] = a1;
	in[2] = a2;
	in[3] = a3;
	in[4] = a4;
	in[5] = a5;
	in[6] = a6;
	in[7] = a7;
	in[8] = in[9] = in[10] = in[11] = in[12] = 0;
	in[13] = in[14] = in[15] = in[16] = in[17] = 0;
	smc(regs);
	if (!res)
		return;
	res->a0 = out[0];
	res->a1 = out[1];
	res->a2 = out[2];
	res->a3 = out[3];
}

void arm_smccc_1_2_smc(const struct arm_smccc_1_2_regs *args, struct arm_smccc_1_2_regs *res)
{
	unsigned long regs[18] = {args->a0,	args->a1,  args->a2,  args->a3,	 args->a4,  args->a5,
			     args->a6,	args->a7,  args->a8,  args->a9,	 args->a10, args->a11,
			     args->a12, args->a13, args->a14, args->a15, args->a16, args->a17};

	smc(regs);
	*res = (struct arm_smccc_1_2_regs){regs[0],  regs[1],  regs[2],	 regs[3],  regs[4],
					   regs[5],  regs[6],  regs[7],	 regs[8],  regs[9],
					   regs[10], regs[11], regs[12], regs[13], regs[14],
					   regs[15], regs[16], regs[17]};
}
