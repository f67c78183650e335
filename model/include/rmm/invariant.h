/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * invariant.h - the RMM watches itself: what must always hold of its state (I1..I29), of what one command
 * does to it (T1..T18), and of what commands answer (O1..O10), section 8 of the facts.
 *
 * rmm_config.invariants selects how much is checked while calls are made; each violation is reported
 * through rmm_config.violation. The checker keeps books of its own (what each granule and Realm is to be
 * after the calls so far) and compares the RMM's memory with them; it never changes the RMM.
 *
 * RMM_INVARIANTS_STEP looks at what a call named and could have touched, so that it can be left on: it takes
 * about as long as the calls themselves (tools/bench/rmi). Three things it looks at later than
 * RMM_INVARIANTS_FULL, which sees them at once. A granule that is wiped is looked at in a few places, and as a
 * whole when somebody is about to get it: the Host by GRANULE_UNDELEGATE, a Realm by its first access. The RPV
 * and the REMs are compared by calls other than those about one entry. What was changed where no call looks
 * is found by rmm_invariants_check(). And the digest of the last bytes that were hashed is not computed a
 * second time: the hash library is not what is suspected.
 */
#ifndef RMM_INVARIANT_H
#define RMM_INVARIANT_H

#include <stddef.h>
#include <rmm/rmm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library is built with hidden visibility: only what is declared in public headers is exported. */
#pragma GCC visibility push(default)

struct rmm_invariant {
	const char *label; /* "I12" */
	const char *text;  /* what it states, as a phrase */
};

/* rmm_invariants - the table of all invariants: I1.., T1.., O1.. */
const struct rmm_invariant *rmm_invariants(size_t *num_invariants);

/*
 * rmm_invariants_check - check the whole state from scratch now, at the cost of what was touched since the
 * last reset. Violations are reported as always; their number is stored in *violations, which may be NULL.
 * Returns 0; -EINVAL if rmm_config.invariants is RMM_INVARIANTS_OFF: there are no books then; -ENOMEM. May be
 * called while a REC runs, but not by a callback of the platform.
 */
int rmm_invariants_check(struct rmm *rmm, size_t *violations);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif
