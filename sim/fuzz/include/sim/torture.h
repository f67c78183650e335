/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * torture.h - run scenarios again and again, each time with one thing failing: the Nth time that a fault point
 * is reached, for every N. Judged is not what the scenario expects, but what must hold after any error.
 *
 * Findings have one of these conditions, beside those of the other oracles:
 *
 * What fails in a `parallel:` is judged by what the system call in which it failed returns, by the other oracles, and by
 * the same step alone afterwards, which can have memory again.
 *
 *   errno            the system call in which the fault happened returned an error that the facts do not
 *                    give it
 *   changed          after the step, what the guest sees of a page is neither as before the step nor as
 *                    after it without the fault; or the step answered as without the fault, but the
 *                    pages are not as without it
 *   retry            the step, tried again without the fault, did not answer as it should
 *   retry-state      it did, but the pages are not as they should be
 *   lost-fault       the same steps did not come to the same point again
 *   crash, hang      the process died, or did not come back in time (not reproducible as such)
 */
#ifndef SIM_TORTURE_H
#define SIM_TORTURE_H

#include <signal.h>

#include <sim/plan.h>

/* One failure, or two, that were made to happen. */
struct torture_shot {
	const char *point;  /* "page_alloc", "rmi.RTT_CREATE" */
	const char *status; /* of an RMI call, "" for others */
	uint64_t nth;	    /* time that the point was reached, from 1 */
	unsigned int
		second; /* with it fails the hit of any point that comes so many later; 0: none */
};
struct torture_finding {
	const struct plan *plan;
	struct torture_shot shot; /* the first that showed it */
	unsigned int schedule;	  /* from 0 on, of what is `parallel:` */
	/* "`schedule: [...]` at line 12, ...": what it was in that run; "" if there is none, or that is not known. */
	const char *turns;
	const char *oracle, *condition, *function, *message;
	const char *call;   /* system call in which the fault happened, "" for none */
	struct place place; /* of the step in which it happened; line 0: after the last one */
	const char *step;   /* its title */
	uint64_t count;	    /* shots that showed the same */
};
/* What came of the shots at one point in one system call. */
struct torture_cell {
	const char *call, *point;
	uint64_t runs, reported, otherwise, findings;
};
struct torture_report {
	struct torture_finding *findings;
	size_t num_findings;
	struct torture_cell *cells; /* by call, then point */
	size_t num_cells;
	const char **unreached; /* names of points that were never reached; NULL terminated */
	uint64_t runs;		/* with a fault */
	uint64_t impossible;	/* shots that the state of the RMM does not allow */
	size_t num_plans;	/* that were tortured */
	size_t num_skipped; /* plans with faults of their own, hostile ones, and those without KVM */
	size_t num_unsound; /* that fail without any fault */
};

struct torture_config {
	const struct plan *const *plans;
	size_t num_plans;
	unsigned int jobs;	 /* processes at once */
	unsigned int timeout_ms; /* of one run */
	uint64_t seed;
	uint64_t shallow;    /* of each point in each scenario only so many hits; 0: all */
	bool pairs;	     /* fail a second hit too, each of the next few */
	unsigned int schedules; /* under which what is `parallel:` is run, unless its `schedule:` is given; from 1 */
	unsigned int schedule;	/* only this one, from 1; 0: all */
	bool rmm;	     /* also what only a strange RMM answers (class rmm) */
	const char *point;   /* only this one; NULL: all */
	uint64_t nth;	     /* only this hit of it; 0: all */
	const char *status;  /* only this status; NULL: all */
	unsigned int second; /* with this second hit; 0: as `pairs` says */
	bool single;	     /* drop a lock at one `resched` a life, too, not at all of a step */
	unsigned int max_findings; /* stop after so many distinct ones; 0: never */
	/* Set by a signal handler: report what there is; may be NULL. */
	const volatile sig_atomic_t *stop;
	struct kvm_module *(*module)(void *ctx, uint32_t page_size, char **reason);
	/* Called now and then; may be NULL. */
	void (*progress)(void *ctx, size_t plans_done, uint64_t runs, size_t findings);
	void *ctx;
};
/* torture_run - 0 and *report (torture_report_free()), or -errno if no process can be started. */
int torture_run(const struct torture_config *config, struct torture_report **report);
void torture_report_free(struct torture_report *report);
/* torture_point_known - whether there is a fault point of that name. */
bool torture_point_known(const char *name);

#endif
