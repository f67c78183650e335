/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lock.h - what every lock of the kernel has in common here: a name, an owner, checks of its use
 * ("lock-recursion", "lock-imbalance", "lock-wrong-owner", "sleep-in-atomic"), and a scheduling
 * point at each operation. A lock that was found misused is still taken or dropped, so that a run
 * goes on.
 */
#ifndef SIM_LOCK_H
#define SIM_LOCK_H

#include <linux/types.h>
#include <sim/site.h>

enum linux_lock_kind {
	LINUX_LOCK_NONE, /* never initialised */
	LINUX_LOCK_SPIN,
	LINUX_LOCK_RWLOCK,
	LINUX_LOCK_MUTEX,
	LINUX_LOCK_RWSEM,
	LINUX_LOCK_SRCU,
};

enum linux_lock_mode {
	LINUX_LOCK_READ,
	LINUX_LOCK_WRITE,
};

struct linux_lock {
	u32 kind;         /* enum linux_lock_kind */
	u32 site;         /* of the initialisation, whose text is the name; 0: static_name */
	s32 owner;        /* tid, while depth is not 0 */
	u32 depth;        /* of exclusive holds; above 1 only after "lock-recursion" */
	u32 readers;      /* shared holds */
	u32 order_class;  /* for the checker of their order; 0: not looked at yet */
	const char *static_name;
};

#define LINUX_LOCK_INIT(kind_, name_) {.kind = (kind_), .static_name = (name_)}

void linux_lock_init(struct linux_lock *lock, enum linux_lock_kind kind,
		     const struct linux_site *site);
const char *linux_lock_name(const struct linux_lock *lock);
void linux_lock_acquire(struct linux_lock *lock, enum linux_lock_mode mode,
			const struct linux_site *site);
/* linux_lock_try - true if it was taken. */
bool linux_lock_try(struct linux_lock *lock, enum linux_lock_mode mode,
		    const struct linux_site *site);
void linux_lock_release(struct linux_lock *lock, enum linux_lock_mode mode,
			const struct linux_site *site);
/* linux_lock_held - by the current thread in a mode at least as strong. */
bool linux_lock_held(const struct linux_lock *lock, enum linux_lock_mode mode);
/* linux_lock_assert_held - report "lock-not-held" (or "lock-held") unless the claim holds. */
void linux_lock_assert_held(const struct linux_lock *lock, enum linux_lock_mode mode, bool held,
			    const struct linux_site *site);

/*
 * linux_lock_keep - until linux_lock_keep_end() the current thread must not drop `lock`, nor sleep: it
 * works for somebody who must not be kept waiting (may_block of an MMU notifier is false). A release, or
 * an offer to release it by cond_resched_lock() and its like, is reported as "lock-dropped".
 */
void linux_lock_keep(const struct linux_lock *lock);
void linux_lock_keep_end(void);

/*
 * linux_might_sleep - report "sleep-in-atomic" if the current thread must not sleep; `what` would
 * sleep.
 */
void linux_might_sleep(const char *what, const struct linux_site *site);

#endif
