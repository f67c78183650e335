/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * documented.h - what the facts (kvm-rme.md, and the kernel's rules) say of a call in which one thing failed:
 * the errors it may give, the WARNs that belong to it, and what it may leave behind so that trying
 * again gives an error too.
 */
#ifndef FUZZ_DOCUMENTED_H
#define FUZZ_DOCUMENTED_H

#include <stdbool.h>

#include "point.h"

/* documented_errno - whether system call `call` may return -`error` when `point` failed in it. */
bool documented_errno(const char *call, unsigned int point, int error);
/*
 * documented_warn - whether `function` has a WARN for this failure. Only refused RMI calls have one.
 */
bool documented_warn(const char *function, unsigned int point);
/*
 * documented_retry - whether step `step`, which was left by an error because `point` failed in system call
 * `call`, may give -`error` (0: succeed with pages that are not as without the failure) when it is tried
 * again.
 */
bool documented_retry(const char *step, const char *call, unsigned int point, int error);
/* documented_kept - whether a step may answer as without the failure, with pages left as they were. */
bool documented_kept(const char *step, unsigned int point);
/*
 * documented_strange - whether only an RMM that is not as specified fails so. Then nothing is promised of what a
 * guest sees, nor of trying again; all else is.
 */
bool documented_strange(unsigned int point);
/* documented_leaks - whether pages may be lost for good: the RMM did not give them back. */
bool documented_leaks(unsigned int point);

#endif
