/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * plan.h - scenarios that were loaded and found sound. A scenario with a matrix gives one plan for each
 * combination of its values; a plan holds no names to resolve and nothing that can still be malformed.
 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include <sim/diagnostic.h>
#include <sim/schedule.h>
#include <sim/step.h>

enum plan_level { PLAN_SMOKE, PLAN_REGRESSION, PLAN_LONG, PLAN_NUM_LEVELS };
/* plan_level_name - "smoke", "regression", "long". */
const char *plan_level_name(enum plan_level level);

/* A count that is expected: a number or a comparison. */
enum plan_relation { PLAN_EQ, PLAN_NE, PLAN_LT, PLAN_LE, PLAN_GT, PLAN_GE };
struct plan_count {
	enum plan_relation relation;
	uint64_t value;
};
bool plan_count_holds(struct plan_count count, uint64_t actual);

/* One expectation: a row of the table of expectations and what is expected. */
struct expect_def;
struct plan_expect {
	const struct expect_def *def;
	struct place place;
	const void *data; /* as the row has it */
};
struct plan_expects {
	struct plan_expect *items;
	size_t num;
	bool has_errno, has_outcome, has_response, has_warns; /* what replaces the default */
	const char *why;				      /* may be NULL */
};

enum plan_step_kind {
	PLAN_CALL,     /* a row of the step table */
	PLAN_EXPECT,   /* look at the state */
	PLAN_NOTE,     /* say something */
	PLAN_REPEAT,   /* `body`, `times` times */
	PLAN_SNAPSHOT, /* remember the state's digest under `text` */
	PLAN_PARALLEL, /* `parallel`: several actors as if at once */
	PLAN_SAME_AS,  /* the state's digest is the one remembered under `text` */
};
/* Actors of PLAN_PARALLEL, and how it is decided which one goes on. */
struct plan_step;
struct plan_actor {
	const char *name;
	const struct plan_step *steps;
	size_t num_steps;
};
enum plan_schedules {
	PLAN_SCHEDULES_ALL,    /* all with at most `preemptions` */
	PLAN_SCHEDULES_RANDOM, /* `runs` of them, drawn with `seed` */
	PLAN_SCHEDULE_TURNS,   /* the one that `turns` describes */
};
struct plan_parallel {
	enum plan_schedules kind;
	unsigned int preemptions;
	uint64_t seed, runs;
	const struct schedule_turn *turns;
	size_t num_turns;
	const struct plan_actor *actors;
	unsigned int num_actors;
};

struct plan_step {
	enum plan_step_kind kind;
	struct place place;
	const char *title; /* "guest.write ipa=0x80200000 size=2M": what it does, in one line */
	const char *name, *why; /* may be NULL */
	const char *text;	/* PLAN_NOTE, PLAN_SNAPSHOT, PLAN_SAME_AS */
	unsigned int realm;	/* index in plan.realms */
	struct step_call call;	/* PLAN_CALL: to be copied and performed */
	struct plan_expects expects;
	const struct plan_step *body;
	size_t num_body;
	uint64_t times;
	const struct plan_parallel *parallel;
	unsigned int snapshot; /* index of the remembered digest */
};

/* Fault injection. Which occurrence fails is counted from the first step to the end of the closing checks. */
struct rmi_command;
/* What `step:` of a fault calls the closing of all that is open behind the last step. */
#define PLAN_TEARDOWN_STEP "teardown"
struct plan_fault {
	struct place place;
	const char *title; /* "rmi.RTT_CREATE nth=1 status=ERROR_INPUT" */
	struct place step_place;
	const char *step;      /* only occurrences in the step of this name count; NULL: all do */
	enum port_fault point; /* if `command` is NULL */
	const struct rmi_command *command;
	bool always;
	uint64_t nth; /* from 1, unless `always` */
	bool has_range;
	uint64_t base, size;   /* only occurrences with an address in it count */
	uint8_t status, index; /* of an RMI command; ERROR_RTT takes its index from the walk */
};

/* Values for the machine that differ from machine_config_init(). */
struct plan_rmm_value {
	unsigned int field; /* row of the table of RMM options */
	uint64_t value;
};
struct plan_machine {
	uint64_t memory, base; /* bytes */
	uint32_t page_size;    /* of the host */
	uint32_t quarantine;
	bool no_kvm;
	bool block_mappings, gmem_huge;
	struct plan_rmm_value *rmm;
	size_t num_rmm;
};

struct plan {
	const char *id;	     /* "ripas.split[page_size=4K]" */
	const char *name;    /* "ripas.split" */
	const char *variant; /* "page_size=4K", "" without a matrix */
	const char *about;
	const char *const *tags; /* NULL terminated; NULL if there are none */
	size_t num_tags;
	enum plan_level level;
	struct place place;
	const struct source *const *sources; /* that its steps stand in: its file, then preludes */
	size_t num_sources;
	struct plan_machine machine;
	const struct world_realm *realms;
	size_t num_realms;
	const struct plan_step *steps;
	size_t num_steps;
	unsigned int num_snapshots;
	size_t keep_calls;	   /* RMI calls of a step that its expectations look at, one by one */
	unsigned int num_explored; /* parallel steps that are run under many schedules */
	const struct plan_fault *faults;
	size_t num_faults;
	const char
		*since; /* "v6": on KVM builds of earlier postings it is skipped; NULL: on none */
	const char *own_host; /* why only rmesim's own host can be judged; NULL: any can */
	bool hostile;	      /* the host audit's findings do not count */
	bool allow_leaks;     /* teardown: {allow: [leaks]} */
	bool allow_warns;     /* teardown: {allow: [warns]} */
};

/* plan_apply - write the plan's machine over `config`, which machine_config_init() has filled. */
void plan_apply(const struct plan *plan, struct machine_config *config);

/* All plans of some files, in the order of files, scenarios and matrix values. */
struct scenario_set;
struct scenario_set *scenario_set_create(void);
void scenario_set_destroy(struct scenario_set *set);
/*
 * scenario_set_add_path - load a file, or every *.yaml below a directory, sorted by name. A file that was loaded
 * already is not loaded again. What is wrong goes to scenario_set_diagnostics().
 */
void scenario_set_add_path(struct scenario_set *set, const char *path);
/* scenario_set_add_text - load a scenario from memory. */
void scenario_set_add_text(struct scenario_set *set, const char *path, const char *text,
			   size_t size);
struct diagnostics *scenario_set_diagnostics(struct scenario_set *set);
/* scenario_set_num_files - files that were read, sound or not. */
size_t scenario_set_num_files(const struct scenario_set *set);
size_t scenario_set_num_plans(const struct scenario_set *set);
const struct plan *scenario_set_plan(const struct scenario_set *set, size_t index);

/* Vocabulary of its own, for `rmesim list`. Each returns NULL past the end. */
struct expect_info {
	const char *name, *help;
	bool state; /* of the machine, not of the step's answer */
};
bool expect_info_at(size_t index, struct expect_info *info);
struct fault_info {
	const char *name;      /* "page_alloc", "rmi.RTT_CREATE" */
	bool environment, rmm; /* classes it has */
	const char *help;
	char statuses[64]; /* class rmm: "ERROR_INPUT ERROR_RTT" */
};
bool fault_info_at(size_t index, struct fault_info *info);

#endif
