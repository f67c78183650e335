/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * loop.c - a bound on loops that never leave the code under test. One that calls the RMM again and again is
 * stopped by a budget of calls; one that does not is stopped here, alike on every machine. The sources that
 * are to be watched are compiled with -fsanitize-coverage=trace-pc, which calls in at each basic block.
 */
#include <stdlib.h>

#include "internal.h"

/* Basic blocks without a call into the RMM: far more than a walk over the largest realm's slots needs. */
#define BLOCK_LIMIT (1ull << 26)

static u64 blocks;

void linux_loop_restart(void)
{
	blocks = 0;
}

void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void)
{
	if (likely(++blocks <= BLOCK_LIMIT))
		return;
	/* The report itself may run such code. */
	blocks = 0;
	linux_report(
		"endless-loop", LINUX_SITE(),
		"the host code does not come back: %llu basic blocks without a call into the RMM",
		BLOCK_LIMIT);
	/* Whoever takes reports leaves by a jump, if it can go on at all. */
	abort();
}
