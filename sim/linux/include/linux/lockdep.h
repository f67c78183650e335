/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_LOCKDEP_H
#define LINUX_LOCKDEP_H

#include <sim/lock.h>

/* The macros take any of the lock types: each begins with a struct linux_lock named `base`. */
#define lockdep_is_held(l) linux_lock_held(&(l)->base, LINUX_LOCK_READ)
#define lockdep_assert_held(l)                                                                     \
	linux_lock_assert_held(&(l)->base, LINUX_LOCK_READ, true, LINUX_SITE_TEXT(#l))
#define lockdep_assert_held_read(l) lockdep_assert_held(l)
#define lockdep_assert_held_write(l)                                                               \
	linux_lock_assert_held(&(l)->base, LINUX_LOCK_WRITE, true, LINUX_SITE_TEXT(#l))
#define lockdep_assert_not_held(l)                                                                 \
	linux_lock_assert_held(&(l)->base, LINUX_LOCK_READ, false, LINUX_SITE_TEXT(#l))
#define lockdep_assert_held_once(l) lockdep_assert_held(l)
#define lockdep_assert(cond)        WARN_ON(!(cond))

#endif
