/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_SPINLOCK_H
#define LINUX_SPINLOCK_H

#include <linux/cleanup.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/preempt.h>
#include <linux/rwlock.h>

typedef struct spinlock {
	struct linux_lock base;
} spinlock_t;
typedef spinlock_t raw_spinlock_t;

#define __SPIN_LOCK_UNLOCKED(x) {.base = LINUX_LOCK_INIT(LINUX_LOCK_SPIN, #x)}
#define DEFINE_SPINLOCK(x)      spinlock_t x = __SPIN_LOCK_UNLOCKED(x)
#define DEFINE_RAW_SPINLOCK(x)  DEFINE_SPINLOCK(x)
#define spin_lock_init(l)       linux_lock_init(&(l)->base, LINUX_LOCK_SPIN, LINUX_SITE_TEXT(#l))
#define spin_lock(l)            linux_lock_acquire(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE())
#define spin_trylock(l)         linux_lock_try(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE())
#define spin_unlock(l)          linux_lock_release(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE())
#define spin_lock_irq(l)        spin_lock(l)
#define spin_unlock_irq(l)      spin_unlock(l)
#define spin_lock_bh(l)         spin_lock(l)
#define spin_unlock_bh(l)       spin_unlock(l)
#define spin_lock_irqsave(l, flags)      ((flags) = 0, spin_lock(l))
#define spin_unlock_irqrestore(l, flags) ((void)(flags), spin_unlock(l))
#define spin_is_locked(l)       ((l)->base.depth != 0)
#define assert_spin_locked(l)   lockdep_assert_held(l)
#define raw_spin_lock_init(l)   spin_lock_init(l)
#define raw_spin_lock(l)        spin_lock(l)
#define raw_spin_unlock(l)      spin_unlock(l)
#define raw_spin_lock_irqsave(l, flags)      spin_lock_irqsave(l, flags)
#define raw_spin_unlock_irqrestore(l, flags) spin_unlock_irqrestore(l, flags)

DEFINE_GUARD(spinlock, spinlock_t *, spin_lock(_T), spin_unlock(_T))

#endif
