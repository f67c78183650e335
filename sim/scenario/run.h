/* SPDX-License-Identifier: BSD-3-Clause */
/* run.h - performing one plan in this process. */
#ifndef SCENARIO_RUN_H
#define SCENARIO_RUN_H

#include "record.h"

struct run_config {
	uint64_t seed;
	int memfd;		   /* for DRAM; -1: one of its own */
	struct kvm_module *module; /* NULL: a machine without KVM */
	bool trace, rmi_log, events, keep_steps, verbose;
	const struct follow_target *follow; /* NULL: no page */
	bool last_words;		    /* this process runs nothing else: see crash_watch() */
};

/* plan_run - perform the plan and record what happens. The record always ends with RECORD_END. */
void plan_run(const struct plan *plan, const struct run_config *config, struct recorder *recorder);

#endif
