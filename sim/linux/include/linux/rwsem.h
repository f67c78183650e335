/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_RWSEM_H
#define LINUX_RWSEM_H

#include <linux/cleanup.h>
#include <linux/lockdep.h>

struct rw_semaphore {
	struct linux_lock base;
};

#define DECLARE_RWSEM(x)                                                                           \
	struct rw_semaphore x = {.base = LINUX_LOCK_INIT(LINUX_LOCK_RWSEM, #x)}
#define init_rwsem(l)         linux_lock_init(&(l)->base, LINUX_LOCK_RWSEM, LINUX_SITE_TEXT(#l))
#define down_read(l)          linux_lock_acquire(&(l)->base, LINUX_LOCK_READ, LINUX_SITE())
#define up_read(l)            linux_lock_release(&(l)->base, LINUX_LOCK_READ, LINUX_SITE())
#define down_read_trylock(l)  linux_lock_try(&(l)->base, LINUX_LOCK_READ, LINUX_SITE())
#define down_write(l)         linux_lock_acquire(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE())
#define up_write(l)           linux_lock_release(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE())
#define down_write_trylock(l) linux_lock_try(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE())

DEFINE_GUARD(rwsem_read, struct rw_semaphore *, down_read(_T), up_read(_T))
DEFINE_GUARD(rwsem_write, struct rw_semaphore *, down_write(_T), up_write(_T))

#endif
