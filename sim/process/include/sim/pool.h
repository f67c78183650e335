/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pool.h - run many small jobs, each in a process of its own. A small zygote per slot forks the children;
 * each slot owns a memfd that its successive children reuse, and makes a new one after a child that did
 * not end cleanly. So a job that crashes or hangs costs that job.
 */
#ifndef SIM_POOL_H
#define SIM_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a child has: where its DRAM goes, and a way to say things to the parent. */
struct pool_child {
	int memfd;           /* all zeros; for dram_config.memfd */
	unsigned int slot;   /* for dram_config.slot: the same for all children of this zygote */
	int output;          /* write end of a pipe; see pool_child_write() */
};
/* pool_child_write - append to the job's payload. 0 or -errno. */
int pool_child_write(struct pool_child *child, const void *data, size_t size);

enum pool_end {
	POOL_EXITED,   /* `code` is what run() returned */
	POOL_SIGNAL,   /* `code` is the signal */
	POOL_TIMEOUT,  /* killed after timeout_ms */
	POOL_MEMORY,   /* killed because its memory passed max_memory_bytes */
	POOL_LOST,     /* the zygote could not run it: `code` is -errno */
};
struct pool_result {
	enum pool_end end;
	int code;
	const uint8_t *payload; /* what the child wrote, also when it crashed; valid during done() */
	size_t payload_size;
	const char *stderr_text; /* what it printed on stderr, at most 256 KiB, NUL terminated */
	size_t stderr_size;
	uint64_t wall_us;        /* for people; must not reach a report that is compared */
};

struct pool_config {
	unsigned int jobs;         /* slots: processes at once, at least 1 */
	size_t num_jobs;           /* jobs 0 .. num_jobs - 1 are started in this order */
	unsigned int timeout_ms;   /* for one job; 0: none */
	uint64_t max_memory_bytes; /* resident memory and the memfd's blocks of one job; 0: no limit */
	void *ctx;
	int (*run)(void *ctx, size_t job, struct pool_child *child); /* in the child; returns 0..127 */
	/*
	 * In the parent, for each job in the order of completion. False: start no more jobs; those that run
	 * are killed and not reported.
	 */
	bool (*done)(void *ctx, size_t job, const struct pool_result *result);
	/* Asked in the child's zygote right after the fork, may be NULL: prepares what all jobs share. */
	void (*prepare)(void *ctx);
};

/*
 * pool_run - run all jobs. Returns 0 when each was reported or done() said stop, else -errno. No child
 * survives it, nor the death of the caller by any signal.
 */
int pool_run(const struct pool_config *config);

#endif
