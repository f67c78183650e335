/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz.h - sequences of steps that nobody wrote, judged by the oracles alone; and making what fails small. Run
 * i of a campaign is decided by (seed, i) and nothing else, so that what is found does not depend on how
 * many processes there are.
 */
#ifndef SIM_FUZZ_H
#define SIM_FUZZ_H

#include <signal.h>

#include <sim/plan.h>

typedef struct kvm_module *(*fuzz_module_fn)(void *ctx, uint32_t page_size, char **reason);

struct fuzz_finding {
	uint64_t run;	/* the first that showed it */
	uint64_t count; /* runs that showed it */
	const char *oracle, *condition, *function, *message;
	/* A scenario that replays it; of a run over the model alone RMI calls, as `rmesim rmi` takes them. */
	const char *yaml;
};
struct fuzz_report {
	struct fuzz_finding *findings; /* by their first run */
	size_t num_findings;
	uint64_t runs, steps, calls; /* sequences, their steps, RMI calls */
	uint64_t failed_steps;	     /* that answered with an error: misuse, or bad luck */
	uint64_t answers;	     /* (RMI command, condition or success) pairs that were seen */
	uint64_t conditions, all_conditions; /* failure conditions seen, and that the RMI has */
	/* (RMI command, state before, state after) of the granule or RTT entry that a call was about */
	uint64_t transitions;
	uint64_t
		digest; /* of runs over the model alone: of all answers, and of some states in the end */
};
struct fuzz_config {
	uint64_t runs;	     /* 0: until the time is over */
	unsigned int time_s; /* 0: no limit */
	uint64_t first;	     /* index of the first run */
	uint64_t seed;
	unsigned int jobs;
	unsigned int max_findings; /* stop when so many distinct ones are known; 0: never */
	/* Of a sequence, with those that make the realm; 0: as the machine says. */
	unsigned int steps;
	bool model;		 /* only the RMM: sequences of 64 RMI calls */
	uint32_t page_size;	 /* of all machines; 0: that is drawn */
	unsigned int timeout_ms; /* of one run */
	/* Set by a signal handler: end as if the time were over; may be NULL. */
	const volatile sig_atomic_t *stop;
	fuzz_module_fn module;
	/* Called now and then; may be NULL. */
	void (*progress)(void *ctx, const struct fuzz_report *so_far);
	void *ctx;
};
/* fuzz_run - 0 and *report (fuzz_report_free()); -ENOENT: no KVM build; other -errno of the system. */
int fuzz_run(const struct fuzz_config *config, struct fuzz_report **report);
void fuzz_report_free(struct fuzz_report *report);

struct shrink_config {
	unsigned int timeout_ms;   /* of one attempt */
	unsigned int max_attempts; /* 0: 4000 */
	uint64_t seed;
	const char *id; /* of the plan; NULL: the first that fails */
	/*
	 * What it must fail of: "contract/backed", "warn/WARN in realm_unmap" (without a function: in any),
	 * "crashed", "timeout"; NULL: whatever.
	 */
	const char *failure;
	/* Set by a signal handler: what is the smallest so far is good enough; may be NULL. */
	const volatile sig_atomic_t *stop;
	/* Called after each attempt; may be NULL. */
	void (*progress)(void *ctx, unsigned int attempts);
	fuzz_module_fn module;
	/* Builds of a sound host: if the scenario passes there, so does the result. NULL: there are none. */
	fuzz_module_fn sound;
	void *ctx; /* of all of these */
};
struct shrink_result {
	char *text;    /* the smallest that was found, g_free() */
	char *failure; /* what it fails of, in one line, g_free() */
	unsigned int steps_before; /* with those of preludes */
	unsigned int steps_after, attempts;
	bool sound; /* it passes on a sound host */
};
/*
 * shrink_text - make a failing scenario small: the steps behind the failure go, then chunks and single steps, also those
 * within others, keys and arguments, the matrix, faults, actors; preludes are written out and numbers become simple, as long
 * as it fails in the same way: of the same oracle, condition and function; or of the same expectation in the same kind of step,
 * with the same found. Where it passes with config->sound it goes on to, and where it fails in another way it does not fail in
 * the same. Its `about:` says what it fails of, and it was run once more. 0; -EINVAL: it does not load, or asks for something
 * impossible; -ENOENT: it has no run config->id; -ENODATA: it does not fail, or not of that; -ENOTSUP: its steps are not lines of
 * their own, and cannot be made so; -EAGAIN: it, or what was made of it, did not fail once more; other -errno of the system.
 */
int shrink_text(const char *path, const char *text, const struct shrink_config *config,
		struct shrink_result *result);
/*
 * shrink_check - runs the scenario that stands in file `path`, as any reader of it would. True if the first run of
 * it that fails does so of config->failure. *failure: what it does fail of, "nothing" too; g_free().
 */
bool shrink_check(const char *path, const struct shrink_config *config, char **failure);

#endif
