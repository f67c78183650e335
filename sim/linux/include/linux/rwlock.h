/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_RWLOCK_H
#define LINUX_RWLOCK_H

#include <linux/cleanup.h>
#include <linux/lockdep.h>

typedef struct {
	struct linux_lock base;
} rwlock_t;

#define __RW_LOCK_UNLOCKED(x) {.base = LINUX_LOCK_INIT(LINUX_LOCK_RWLOCK, #x)}
#define DEFINE_RWLOCK(x)      rwlock_t x = __RW_LOCK_UNLOCKED(x)
#define rwlock_init(l)        linux_lock_init(&(l)->base, LINUX_LOCK_RWLOCK, LINUX_SITE_TEXT(#l))
#define read_lock(l)          linux_lock_acquire(&(l)->base, LINUX_LOCK_READ, LINUX_SITE())
#define read_unlock(l)        linux_lock_release(&(l)->base, LINUX_LOCK_READ, LINUX_SITE())
#define read_trylock(l)       linux_lock_try(&(l)->base, LINUX_LOCK_READ, LINUX_SITE())
#define write_lock(l)         linux_lock_acquire(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE())
#define write_unlock(l)       linux_lock_release(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE())
#define write_trylock(l)      linux_lock_try(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE())

DEFINE_GUARD(read_lock, rwlock_t *, read_lock(_T), read_unlock(_T))
DEFINE_GUARD(write_lock, rwlock_t *, write_lock(_T), write_unlock(_T))

#endif
