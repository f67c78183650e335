/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_MUTEX_H
#define LINUX_MUTEX_H

#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/lockdep.h>

struct mutex {
	struct linux_lock base;
};

#define __MUTEX_INITIALIZER(x)     {.base = LINUX_LOCK_INIT(LINUX_LOCK_MUTEX, #x)}
#define DEFINE_MUTEX(x)            struct mutex x = __MUTEX_INITIALIZER(x)
#define mutex_init(l)                                                                              \
	linux_lock_init(&(l)->base, LINUX_LOCK_MUTEX, LINUX_SITE_TEXT(#l))
#define mutex_lock(l)              linux_lock_acquire(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE())
#define mutex_lock_nested(l, sub)  mutex_lock(l)
#define mutex_trylock(l)           linux_lock_try(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE())
#define mutex_unlock(l)            linux_lock_release(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE())
#define mutex_is_locked(l)         ((l)->base.depth != 0)
#define mutex_destroy(l)           ((void)(l))
int linux_mutex_lock_killable(struct mutex *lock, const struct linux_site *site);
/* mutex_lock_killable - 0, or -EINTR if the process is being killed: then it is not taken. */
#define mutex_lock_killable(l)      linux_mutex_lock_killable(l, LINUX_SITE())
#define mutex_lock_interruptible(l) linux_mutex_lock_killable(l, LINUX_SITE())

DEFINE_GUARD(mutex, struct mutex *, mutex_lock(_T), mutex_unlock(_T))

#endif
