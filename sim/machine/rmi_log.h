/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rmi_log.h - the RMI calls of a machine as text that `rmesim rmi` replays on the RMM alone: what the RMM
 * will read of the Host's memory, what the Realm does while a REC runs, and the calls. `log` may be NULL
 * everywhere.
 *
 * Each call that reached the RMM is followed by "#= x0 x1 x2 x3 x4" (hexadecimal, then the result in words),
 * on its own line or, for a call that was made while a REC runs, where it returned: in the order of these
 * comments `rmesim rmi` prints its results. A call that was answered by fault injection is a line of comment:
 * the RMM never saw it. Two RECs that run at once and do not leave in the reverse order of their entry
 * cannot be told in this form; a line beginning with "#!" says so, and what follows is comment up to the next
 * .reset.
 */
#ifndef SIM_MACHINE_RMI_LOG_H
#define SIM_MACHINE_RMI_LOG_H

#include <rmm/rmm.h>
#include <stdio.h>

struct rmi_log;

/* rmi_log_create - a log that is written to `out`, which outlives it; NULL: out of memory. */
struct rmi_log *rmi_log_create(FILE *out);
/* rmi_log_destroy - whether `out` could be written is for its owner to ask. */
void rmi_log_destroy(struct rmi_log *log);

/* rmi_log_reset - a new RMM: DRAM and platform are written. */
void rmi_log_reset(struct rmi_log *log, uint64_t base, uint64_t size,
		   const struct rmm_config *config);
/*
 * rmi_log_announce - the call with registers x0..x6 in `in` may not come back: a line of comment, "#? " and
 * the call, stands for it until then.
 */
void rmi_log_announce(struct rmi_log *log, const uint64_t in[7]);
/* rmi_log_call - the call with registers x0..x6 in `in` is about to be made on `rmm`. */
void rmi_log_call(struct rmi_log *log, const struct rmm *rmm, const uint64_t in[7]);
/* rmi_log_result - it returned x0..x4 in `out`; `condition` is what failed, or NULL. */
void rmi_log_result(struct rmi_log *log, const uint64_t in[7], const uint64_t out[5],
		    const char *condition);
/* rmi_log_injected - it was answered by somebody else than the RMM. */
void rmi_log_injected(struct rmi_log *log, const uint64_t in[7], const uint64_t out[5]);

/* What another agent did to the GPT, after it was done: machine_set_gpt(), machine_set_gpf(). */
void rmi_log_set_gpt(struct rmi_log *log, uint64_t pa, enum rmm_gpt gpt);
void rmi_log_set_gpf(struct rmi_log *log, uint64_t nth);

/* What the running REC does; for an access after it was made. */
void rmi_log_realm_smc(struct rmi_log *log, const struct rmm_cpu *cpu, const uint64_t gprs[18]);
void rmi_log_realm_access(struct rmi_log *log, const struct rmm_cpu *cpu,
			  const struct rmm_access *access, enum rmm_outcome outcome);
void rmi_log_realm_event(struct rmi_log *log, const struct rmm_cpu *cpu, enum rmm_event event);
void rmi_log_realm_hvc(struct rmi_log *log, const struct rmm_cpu *cpu);

#endif
