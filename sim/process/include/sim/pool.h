/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pool.h - run many small jobs, each in a process of its own. A small zygote per slot forks the children;
 * each slot owns a memfd that its successive children reuse, and makes a new one after a child that did
 * not end cleanly. So a job that crashes or hangs costs that job.
 */
#ifndef SIM_POOL_H
#define SIM_POOL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a child has: where its DRAM goes, and a way to say things to the parent. */
struct pool_child {
	int memfd;           /* all zeros, possibly shorter than needed; for dram_config.memfd */
	unsigned int slot;   /* for dram_config.slot: always 0, so that addresses do not depend on `jobs` */
	int output;          /* write end of a pipe; see pool_child_write() */
};
/* pool_child_write - append to the job's payload. 0 or -errno. */
int pool_child_write(struct pool_child *child, const void *data, size_t size);

enum pool_end {
	POOL_EXITED,   /* `code` is what run() returned */
	POOL_QUIT,     /* it exited with status `code` before run() returned: exit(), a sanitizer's report */
	POOL_SIGNAL,   /* `code` is the signal */
	POOL_TIMEOUT,  /* ended after timeout_ms */
	POOL_MEMORY,   /* killed because its memory passed max_memory_bytes */
	POOL_LOST,     /* the zygote could not run it: `code` is -errno */
};
struct pool_result {
	enum pool_end end;
	int code;
	const uint8_t *payload; /* what the child wrote, also when it crashed; valid during done() */
	size_t payload_size;
	/* What it printed on stderr, at most 256 KiB (the middle is left out), NUL terminated. */
	const char *stderr_text;
	size_t stderr_size;
	uint64_t wall_us;        /* for people; must not reach a report that is compared */
};

struct pool_config {
	unsigned int jobs;         /* slots: processes at once, at least 1 */
	size_t num_jobs;           /* jobs 0 .. num_jobs - 1 are started in this order */
	/* For one job; 0: none. Then it gets SIGALRM, and two seconds later SIGKILL. */
	unsigned int timeout_ms;
	/*
	 * Of one job: its private resident memory plus what the memfd grew by; or the size of its payload.
	 * Looked at every few milliseconds. 0: no limit.
	 */
	uint64_t max_memory_bytes;
	void *ctx;
	/*
	 * In the child; returns 0..127, and leaves the memfd all zeros when it returns. Standard input is
	 * empty. Whatever processes it started are killed when it ends.
	 */
	int (*run)(void *ctx, size_t job, struct pool_child *child);
	/*
	 * In the parent, for each job in the order of completion. False: start no more jobs; those that run
	 * are killed and not reported.
	 */
	bool (*done)(void *ctx, size_t job, const struct pool_result *result);
	/*
	 * Looked at several times a second: not 0 is as if done() had said stop. For a signal handler; may be
	 * NULL.
	 */
	const volatile sig_atomic_t *stop;
	/* In each zygote, before its first job; may be NULL: prepares what its jobs share. */
	void (*prepare)(void *ctx);
};

/*
 * pool_run - run all jobs. Returns 0 when each was reported, or done() or *stop said stop; -EINVAL (no jobs at once,
 * no run(), no done()); other -errno if zygotes cannot be made. No child survives it, nor the death of the
 * caller by any signal. A zygote that dies costs its job and is replaced.
 */
int pool_run(const struct pool_config *config);

#endif
