/* SPDX-License-Identifier: BSD-3-Clause */
/* fault.h - the faults of a plan while it runs: which occurrence fails, and what the caller is told. */
#ifndef SCENARIO_FAULT_H
#define SCENARIO_FAULT_H

#include <glib.h>
#include <sim/plan.h>

struct fault_state {
	uint64_t seen; /* occurrences that matched */
	uint64_t fired;
};
struct fault_injector {
	const struct plan *plan;
	struct machine *machine;
	const char *step; /* name of the step that runs, PLAN_TEARDOWN_STEP at the end, or NULL */
	struct fault_state *states; /* one for each of the plan's faults */
	char *refused;		    /* why a fault contradicts the model's state; NULL: none did */
	const struct plan_fault *refused_fault;
};

/* fault_injector_init - prepare for `plan`; fault_injector_clear() releases it. */
void fault_injector_init(struct fault_injector *injector, const struct plan *plan);
void fault_injector_clear(struct fault_injector *injector);
/* fault_injector_attach - from now on `machine` asks the injector, if the plan has faults. */
void fault_injector_attach(struct fault_injector *injector, struct machine *machine);

/*
 * For those that choose faults themselves instead of reading them from a plan. The failures that the
 * specification lists for a command, as bits 1 << RMI_ERROR_*; 0: it cannot fail.
 */
unsigned int fault_statuses(const struct rmi_command *command);
/* fault_is_environment - whether a correct RMM refuses the command (ERROR_INPUT) under bad luck alone. */
bool fault_is_environment(const struct rmi_command *command);
/*
 * fault_refuse - fill the registers of a call as an RMM that answers `status` would; false if the state of
 * the RMM does not allow this answer.
 */
bool fault_refuse(const struct machine *machine, const struct rmi_command *command, uint8_t status,
		  struct rmm_regs *regs);

#endif
