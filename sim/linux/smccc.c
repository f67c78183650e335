/* SPDX-License-Identifier: BSD-3-Clause */
/* smccc.c - secure monitor calls: the only way into the RMM. */
#include <linux/arm-smccc.h>
#include <linux/sched.h>

#include "internal.h"

static void smc(uint64_t regs[18])
{
	struct task_struct *task = linux_current;

	linux_loop_restart();
	linux_sched_point(PORT_SCHED_SMC, "smc");
	linux_port->smc(linux_port->ctx, regs);
	/* Other threads may have run while a REC did. */
	linux_current = task;
}

void linux_smccc_call(const unsigned long in[8], struct arm_smccc_res *res)
{
	uint64_t regs[18] = {in[0], in[1], in[2], in[3], in[4], in[5], in[6], in[7]};

	smc(regs);
	if (res)
		*res = (struct arm_smccc_res){
			.a0 = regs[0], .a1 = regs[1], .a2 = regs[2], .a3 = regs[3]};
}

void arm_smccc_1_2_smc(const struct arm_smccc_1_2_regs *args, struct arm_smccc_1_2_regs *res)
{
	uint64_t regs[18] = {args->a0,	args->a1,  args->a2,  args->a3,	 args->a4,  args->a5,
			     args->a6,	args->a7,  args->a8,  args->a9,	 args->a10, args->a11,
			     args->a12, args->a13, args->a14, args->a15, args->a16, args->a17};

	smc(regs);
	*res = (struct arm_smccc_1_2_regs){regs[0],  regs[1],  regs[2],	 regs[3],  regs[4],
					   regs[5],  regs[6],  regs[7],	 regs[8],  regs[9],
					   regs[10], regs[11], regs[12], regs[13], regs[14],
					   regs[15], regs[16], regs[17]};
}
