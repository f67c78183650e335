/* SPDX-License-Identifier: BSD-3-Clause */
/* internal.h - what the files of the runtime share with each other and with nobody else. */
#ifndef LINUX_INTERNAL_H
#define LINUX_INTERNAL_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <sim/linux.h>
#include <sim/lock.h>

#if LINUX_ASAN
#include <sanitizer/asan_interface.h>
#define linux_asan_poison(va, size)   __asan_poison_memory_region(va, size)
#define linux_asan_unpoison(va, size) __asan_unpoison_memory_region(va, size)
#else
#define linux_asan_poison(va, size)   ((void)(va), (void)(size))
#define linux_asan_unpoison(va, size) ((void)(va), (void)(size))
#endif
#define __no_asan __attribute__((__no_sanitize_address__))

/* Bytes of memory that nobody holds: pages, and freed objects inside pages of the slab. */
#define LINUX_POISON_PAGE   0xaa
#define LINUX_POISON_OBJECT 0x6b

void linux_page_boot(void);
void linux_slab_boot(void);
void linux_sched_boot(void);
void linux_cache_boot(void);
void linux_account_boot(void);

u64 linux_page_count(enum port_frame_kind kind);
u64 linux_slab_count(void);
s64 linux_region_bits(void);
void linux_lock_boot(void);
void linux_order_boot(void);
/* linux_lock_check_kept - reports if the current thread must not drop the lock now. */
void linux_lock_check_kept(const struct linux_lock *lock, const struct linux_site *site);
/* linux_order_wait - the current thread is about to wait for `lock`, for its readers if it is SRCU's. */
void linux_order_wait(struct linux_lock *lock, const struct linux_site *site);
u32 linux_locks_count(void);
s64 linux_account_sum(void);

/* linux_loop_restart - the code under test gets somewhere: the bound on its loops begins anew. */
void linux_loop_restart(void);

/*
 * linux_locks_check_freed - [start, start + size) is about to be freed: reports the locks in it that the current
 * thread holds, and gives them up.
 */
void linux_locks_check_freed(const void *start, size_t size, const struct linux_site *site);

/* linux_files_end - files whose last reference the current thread dropped under a lock. Not there without file.c. */
void linux_files_end(void) __attribute__((weak));

/* linux_locks_report_held - give up every lock of the current thread, reporting each. */
void linux_locks_report_held(void);

#endif
