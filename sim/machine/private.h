/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_MACHINE_PRIVATE_H
#define SIM_MACHINE_PRIVATE_H

#include <sim/machine.h>
#include <sim/rmi_name.h>

struct machine {
	struct machine_config config;
	struct dram *dram;
	struct rmm *rmm;
	struct rmm_bank bank;
	const struct kvm_build *build;
	struct trace *trace;
	struct rmi_log *log; /* NULL: none */
	bool owns_trace;
	bool holds_module;
	bool booting;
	struct sim_port port;

	rmm_run_fn guest;
	void *guest_ctx;
	machine_fault_fn fault;
	uint32_t fault_mask; /* bit of each point that it is asked about */
	uint64_t num_faults; /* that happened */
	machine_rmi_fn rmi;
	uint64_t rmi_except; /* function identifier that `rmi` is not asked about */
	void *fault_ctx;
	uint64_t gpf_countdown; /* 0: none; the access that brings it to 0 faults */
	const struct machine_sched *sched; /* NULL: there is one actor */
	int32_t actor;

	/*
	 * RMI calls that have returned, as the trace tells of them. A ring with one place more than there are to be, where
	 * the next one is taken down while it is made.
	 */
	struct trace_event calls[MACHINE_LAST_CALLS + 1];
	unsigned int next_call;
	uint64_t num_calls;
	uint64_t num_folds_again; /* of them, with the answer TRACE_FOLD_AGAIN */
	uint64_t fold_limit;	  /* the next one above it is told of to `fold_limit_fn` first */
	void (*fold_limit_fn)(void *ctx);
	void *fold_limit_ctx;
	/* Why the last call of each command failed (rmi_command_slot()), NULL: it did not. */
	const char *reasons[RMI_COMMAND_SLOTS];

	struct finding *findings;
	size_t num_findings, max_findings;
	char *stack; /* for the next finding; may be NULL */
};

/* machine_port_init - fill the table through which the build reaches the machine. */
void machine_port_init(struct machine *machine);
void machine_findings_clear(struct machine *machine);
/* machine_granules_nonsecure - whether all granules of [pa, pa + size) are in DRAM and the Host's. */
bool machine_granules_nonsecure(const struct machine *machine, uint64_t pa, uint64_t size);

/*
 * machine_asan_register - let reports of AddressSanitizer about a protected granule of this machine say
 * whose it is. Nothing in other builds.
 */
void machine_asan_register(struct machine *machine);
void machine_asan_unregister(struct machine *machine);

#endif
