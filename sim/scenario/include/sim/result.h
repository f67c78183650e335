/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * result.h - running plans, and what came of them. Each plan runs in a process of its own, which sends a
 * record of what happened; here records are read, put in order, and handed to reports.
 */
#ifndef SIM_RESULT_H
#define SIM_RESULT_H

#include <sim/plan.h>
#include <sim/survey.h>

enum result_status {
	RESULT_PASSED,
	RESULT_FAILED,	/* an expectation, or an oracle */
	RESULT_ERROR,	/* it could not be carried out */
	RESULT_CRASHED, /* its process died */
	RESULT_TIMEOUT, /* it ran longer than allowed; not reproducible as such */
	RESULT_INVALID, /* it asks for something impossible, found only while it ran */
	RESULT_SKIPPED,
	RESULT_KNOWN, /* it failed, and all that was found is in the baseline */
	RESULT_NUM_STATUSES,
};
/* result_status_name - "passed", "failed", ... */
const char *result_status_name(enum result_status status);

/* Something that was expected, beside what was found. */
struct result_mismatch {
	struct place place;
	char *subject, *expected, *actual;
};
/* Lines that explain a failure: the last RMI calls, the tables around an address, ... */
struct result_block {
	char *title, *text;
};
/* What the blocks' title is that say where the host was. */
#define RESULT_STACK "where the host was"
/* The block that a run has in which a foreign host did something another way than rmesim's own does. */
#define RESULT_WAYS "another way than rmesim's own host"
/* Something that must not happen, as a baseline knows it: by the first three. */
struct result_finding {
	char *oracle;	 /* "warn", "host-audit", "crash", "expectation", ... */
	char *condition; /* "WARN", "SIGSEGV", "outcome", ... */
	char *function;	 /* of the host; of an expectation: the scenario's name */
	char *message;
	bool known; /* it is in the baseline */
};
/* A step as it was performed; only if asked for. */
struct result_step {
	uint32_t number; /* as in the trace; 0: before the first step */
	struct place place;
	char *title, *name;
	char *outcome; /* in words; NULL: the step asks nothing of the machine */
	char *calls; /* RMI calls in words, "" if there were none; as campaign_config.calls says */
	struct survey survey; /* after it */
};

/* What happened, as in the trace. */
struct result_event {
	struct trace_event event; /* its texts live as long as the result */
	bool has_granules;	  /* how many granules are in each state has changed, or is new */
	uint64_t granules[RMM_GRANULE_NUM_STATES];
};

/* A page to follow: a granule of DRAM, or an IPA of every realm that has it (and its shared alias). */
struct follow_target {
	bool is_pa;
	uint64_t address; /* of a granule */
};
#define FOLLOW_END UINT32_MAX
/* Something that concerned the page that is followed. */
struct result_life {
	struct trace_event
		event; /* its texts live as long as the result; step FOLLOW_END: after all steps */
	const char *changes; /* states that are new after it; NULL: none */
};

struct result {
	const struct plan *plan;
	enum result_status status;
	uint64_t seed;		 /* that this run had */
	unsigned int repetition; /* from 0 */
	uint32_t num_steps;	 /* that were performed */
	uint64_t num_calls;	 /* RMI calls */
	uint64_t wall_us;	 /* for people: no report that is compared may show it */
	/* Where it ended, unless it passed. */
	bool has_place;
	struct place place;
	uint32_t step;
	char *step_title, *step_name, *why;
	char *reason; /* one line, unless it passed */
	struct result_mismatch *mismatches;
	size_t num_mismatches;
	struct result_block *blocks;
	size_t num_blocks;
	struct result_finding *findings;
	size_t num_findings;
	struct result_step *steps;
	size_t num_steps_kept;
	/*
	 * Of parallel steps: how many schedules were run, and the one that did not pass (or that a crash ended),
	 * as a list of turns that can stand behind `schedule:`; NULL: none.
	 */
	uint64_t num_schedules;
	char *schedule;
	char *trace; /* JSON Lines */
	size_t trace_size;
	char *rmi_log; /* as <sim/rmi_log.h> says */
	size_t rmi_log_size;
	struct result_event *events; /* all but what the host did within its own memory */
	size_t num_events, max_events;
	struct result_life *lives; /* in the order of time; only if campaign_config.follow */
	size_t num_lives, max_lives;
	struct _GStringChunk *strings; /* that events share */
};

/* result_ways - what the block RESULT_WAYS says, a line for each difference; NULL: there is none. */
const char *result_ways(const struct result *result);

/* What result_step.calls is, if steps are kept. */
enum calls_kept {
	CALLS_COUNTED, /* how many of each command, on one line */
	/*
	 * To compare two hosts. The run's steps have one more, which is its end, when everything is given back; and an
	 * outcome has one line for the answer and one for each exit.
	 */
	CALLS_DIGESTED, /* one line, alike where all calls are: their order, arguments, results */
	CALLS_LISTED, /* a line for each call; granules are numbered in the order in which calls first have them */
};

struct campaign_config {
	const struct plan *const *plans;
	size_t num_plans;
	unsigned int repeat;	 /* runs of each plan, at least 1 */
	unsigned int jobs;	 /* processes at once */
	unsigned int timeout_ms; /* of one run; 0: none */
	uint64_t seed;		 /* of the first run of each plan; others are derived from it */
	/*
	 * All runs are done by the caller's process, one after the other, for a debugger: `jobs` and `timeout_ms` say
	 * nothing then, and a crash is its end.
	 */
	bool in_process;
	bool fail_fast;		  /* stop after the first one (in order) that does not pass */
	unsigned int trace_kinds; /* TRACE_MASK() of events whose text is kept; 0: none is */
	bool events;		  /* keep result.events */
	bool rmi_log;		  /* keep the RMI calls, to be replayed */
	const struct follow_target *follow; /* keep result.lives of this page; NULL: of none */
	bool keep_steps;		    /* keep each step and a survey after it */
	enum calls_kept calls;		    /* what is kept of a step's RMI calls */
	bool verbose;			    /* longer explanations */
	/*
	 * Judge also the way in which somebody else's host keeps its promises: RMI calls, WARNs about an RMM that was
	 * made to fail, tables. Without it a difference is a note of a run that passes (RESULT_WAYS).
	 */
	bool exact;
	/* The KVM build for a page size; or NULL, and *reason why the scenario is skipped (g_free()). */
	struct kvm_module *(*module)(void *ctx, uint32_t page_size, char **reason);
	/*
	 * Whether a finding is known: then it does not make a run fail, which goes on where it can. NULL: none is.
	 * Called in the runs' processes, too.
	 */
	bool (*known)(void *ctx, const char *oracle, const char *condition, const char *function);
	/* Called for each run, in the order of the plans whatever the number of jobs. */
	void (*done)(void *ctx, const struct result *result);
	void *ctx;
};
/*
 * campaign_run - run all plans. 0, or -errno when runs could not even be started. *not_run (may be NULL) is
 * the number of runs that `fail_fast` left out.
 */
int campaign_run(const struct campaign_config *config, size_t *not_run);

/* seed_derive - the seed of run `index` of a campaign; `seed` itself for 0. */
uint64_t seed_derive(uint64_t seed, uint64_t index);

#endif
