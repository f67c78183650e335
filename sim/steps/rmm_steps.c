/* SPDX-License-Identifier: BSD-3-Clause */
/* rmm_steps.c - the Host's side of the RMM by hand: where there is no KVM, or behind its back. */
#include <errno.h>
#include <rmm/rmi.h>
#include <string.h>

#include "steps.h"
#include "world.h"

int rmm_smc_step(struct world *world, struct step_call *call, char **error)
{
	const struct step_value *args = call->args;
	struct rmm_regs regs = {0};

	(void)error;
	regs.x[0] = args[SMC_FID].given ? args[SMC_FID].number
					: command_fid((unsigned int)args[SMC_COMMAND].number);
	for (unsigned int i = 0; i < 6; i++)
		regs.x[1 + i] = args[SMC_X1 + i].number;
	machine_sched_point(world->machine, PORT_SCHED_SMC, "smc");
	machine_smc(world->machine, &regs);
	call->result.value = regs.x[0];
	call->result.done = regs.x[1];
	call->result.outcome = regs.x[0] == RMI_SUCCESS ? STEP_OK : STEP_ERROR;
	return 0;
}

/* Memory that the host may touch now: in DRAM, all of it Non-secure. NULL with *error otherwise. */
static uint8_t *host_memory(struct world *world, struct step_call *call, uint64_t pa, uint64_t size,
			    char **error)
{
	uint64_t base = dram_base(world->dram), end = base + dram_size(world->dram);

	if (pa < base || pa >= end || size > end - pa) {
		world_error(error, -EINVAL,
			    "%s: %#llx+%#llx is not in memory, which is %#llx..%#llx",
			    call->def->name, (unsigned long long)pa, (unsigned long long)size,
			    (unsigned long long)base, (unsigned long long)end);
		return NULL;
	}
	for (uint64_t g = pa & ~(uint64_t)(RMM_GRANULE_SIZE - 1); g < pa + size;
	     g += RMM_GRANULE_SIZE) {
		struct rmm_granule_view view;

		if (!rmm_inspect_granule(world->rmm, g, &view) ||
		    (view.gpt != RMM_GPT_NS && view.gpt != RMM_GPT_AAP)) {
			world_error(error, -EFAULT,
				    "%s: granule %#llx is not Non-secure: the access is a Granule "
				    "Protection "
				    "Fault",
				    call->def->name, (unsigned long long)g);
			return NULL;
		}
	}
	return dram_host_view(world->dram) + (pa - base);
}

int rmm_write_step(struct world *world, struct step_call *call, char **error)
{
	uint64_t pa = call->args[RMM_MEMORY_PA].number, size = call->args[RMM_MEMORY_SIZE].number;
	uint64_t value = call->args[RMM_MEMORY_VALUE].number;
	uint8_t *memory = host_memory(world, call, pa, size, error);

	if (!memory)
		return -EINVAL;
	for (uint64_t g = pa & ~(uint64_t)(RMM_GRANULE_SIZE - 1); g < pa + size;
	     g += RMM_GRANULE_SIZE)
		dram_mark_dirty(world->dram, g);
	for (uint64_t i = 0; i < size; i++)
		memory[i] = (uint8_t)(value >> (8 * (i % 8)));
	call->result.done = size;
	return 0;
}

int rmm_read_step(struct world *world, struct step_call *call, char **error)
{
	uint64_t pa = call->args[RMM_MEMORY_PA].number, size = call->args[RMM_MEMORY_SIZE].number;
	const uint8_t *memory = host_memory(world, call, pa, size, error);

	if (!memory)
		return -EINVAL;
	memcpy(&call->result.value, memory, size);
	call->result.done = size;
	return 0;
}

int rmm_set_gpt_step(struct world *world, struct step_call *call, char **error)
{
	/* In the order of their names in the step table. */
	static const enum rmm_gpt gpts[] = {RMM_GPT_NS, RMM_GPT_SECURE, RMM_GPT_ROOT, RMM_GPT_AAP};
	uint64_t pa = call->args[RMM_GPT_PA].number;

	if (!machine_set_gpt(world->machine, pa, gpts[call->args[RMM_GPT_PAS].number]))
		return 0;
	return world_error(error, -EINVAL,
			   "%s: %#llx is not the address of an UNDELEGATED granule in memory",
			   call->def->name, (unsigned long long)pa);
}

int rmm_set_gpf_step(struct world *world, struct step_call *call, char **error)
{
	(void)error;
	machine_set_gpf(world->machine, call->args[RMM_GPF_NTH].number);
	return 0;
}
