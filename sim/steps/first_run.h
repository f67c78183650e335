/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * first_run.h - what the steps of a realm's life do where the first KVM_RUN does it all (era D).
 *
 * Each returns 0 with call->result, or -EOPNOTSUPP with *error if the era has nothing that does what the
 * step means.
 */
#ifndef SIM_STEPS_FIRST_RUN_H
#define SIM_STEPS_FIRST_RUN_H

#include <sim/step.h>

#define FIRST_RUN_MAX_RAM 64u

struct realm;
struct vcpu;

/* What the VMM wants of the first KVM_RUN. */
struct first_run_range {
	uint64_t base, end;
};
struct first_run {
	bool create;
	bool active;		/* it has been */
	unsigned int finalized; /* vCPUs, from the first one on */
	struct first_run_range ram[FIRST_RUN_MAX_RAM];
	unsigned int num_ram;
};

int first_run_config(struct world *world, struct step_call *call, char **error);
int first_run_create_realm(struct world *world, struct step_call *call, char **error);
int first_run_init_ripas(struct world *world, struct step_call *call, char **error);
/* first_run_may_finalize - whether vCPU `index` is the next one: 0 or -EOPNOTSUPP. */
int first_run_may_finalize(const struct world *world, const struct step_call *call,
			   const struct realm *realm, unsigned int index, char **error);
int first_run_finalize(struct world *world, struct step_call *call, struct vcpu *vcpu,
		       char **error);
/* Does it at once; the source is what the VMM has mapped for these addresses. */
int first_run_populate(struct world *world, struct step_call *call, uint32_t flags, char **error);
int first_run_activate(struct world *world, struct step_call *call, char **error);
/* first_run_ready - whether KVM_RUN is nothing but that: 0 or -EOPNOTSUPP. In other eras always. */
int first_run_ready(const struct world *world, const struct step_call *call,
		    const struct realm *realm, char **error);

#endif
