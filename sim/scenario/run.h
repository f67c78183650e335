/* SPDX-License-Identifier: BSD-3-Clause */
/* run.h - performing one plan in this process. */
#ifndef SCENARIO_RUN_H
#define SCENARIO_RUN_H

#include "record.h"

struct run_config {
	uint64_t seed;
	int memfd;		   /* for DRAM; -1: one of its own */
	struct kvm_module *module; /* NULL: a machine without KVM */
	/* As campaign_config has it; may be NULL. */
	bool (*known)(void *ctx, const char *oracle, const char *condition, const char *function);
	void *known_ctx;
	unsigned int trace_kinds; /* as campaign_config has it */
	bool rmi_log, events, keep_steps, verbose;
	enum calls_kept calls;		    /* as in campaign_config */
	const struct follow_target *follow; /* NULL: no page */
	bool exact;			    /* as in campaign_config */
	bool last_words;		    /* this process runs nothing else: see crash_watch() */
};

/* plan_run - perform the plan and record what happens. The record always ends with RECORD_END. */
void plan_run(const struct plan *plan, const struct run_config *config, struct recorder *recorder);

#endif
