/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * linux.h - what sim/linux offers beside the kernel's own API: starting up, threads as the system
 * call layer sees them, and the instrument port. Code from a kernel tree never includes this.
 */
#ifndef SIM_LINUX_H
#define SIM_LINUX_H

#include <stdarg.h>

#include <linux/types.h>
#include <sim/port.h>
#include <sim/site.h>

struct mm_struct;
struct files_struct;
struct page;
struct task_struct;

/* The port of the running kernel; NULL before linux_boot(). */
extern const struct sim_port *linux_port;

/*
 * linux_boot - start the runtime over `port`. All state of sim/linux is set anew, whatever it was.
 * Returns 0; -EINVAL if the port's ABI, size or DRAM (not page aligned) do not fit this build.
 */
int linux_boot(const struct sim_port *port);

/* linux_shutdown - forget the port. Nothing is freed: what is left is the audit's to find. */
void linux_shutdown(void);

/* linux_lock_hold - lock_hold() of struct kvm_build. */
u64 linux_lock_hold(const char *name, bool write);
/* linux_inspect - fill the members that sim/linux keeps books of; the others are left alone:
 * pgtable_pages, locks_held, gmem_pages, user_pages, kernel_pages, slab_objects, vmids. */
void linux_inspect(struct kvm_inspect *out);

/* -- threads -- */

#define LINUX_MAX_TASKS 1024

/*
 * linux_task_create - a new thread. `tgid` is the process it joins, 0: a process of its own. The
 * references that mm and files stand for are the caller's business. Returns NULL if memory or the
 * table ran out. Numbers (tids) start at 1 and are never used twice before a reboot.
 */
struct task_struct *linux_task_create(struct mm_struct *mm, struct files_struct *files, pid_t tgid);
/* linux_task_find - the live thread of that number, or NULL. */
struct task_struct *linux_task_find(pid_t tid);
/*
 * linux_task_next - the live thread with the lowest number above `tid`, or NULL: to walk all of
 * them.
 */
struct task_struct *linux_task_next(pid_t tid);
/* linux_task_destroy - the thread is gone; it must not be current. Locks it holds are reported. */
void linux_task_destroy(struct task_struct *task);

/*
 * linux_syscall_enter - the thread enters the kernel; returns who was current, for
 * linux_syscall_exit(); nobody if that is another thread in the middle of its system call, which goes on
 * by itself.
 */
struct task_struct *linux_syscall_enter(struct task_struct *task);
/*
 * linux_syscall_exit - the current thread goes back to its program: locks, read sections and atomic
 * sections it still has are reported ("lock-held-at-return") and given up, an injected signal is
 * gone, `previous` is current again.
 */
void linux_syscall_exit(struct task_struct *previous);

/* linux_sched_point - other actors, if there are any, may run now; `current` is the same afterwards. */
void linux_sched_others(enum port_sched kind, const char *object);
static inline void linux_sched_point(enum port_sched kind, const char *object)
{
	if (linux_port->sched)
		linux_sched_others(kind, object);
}

/*
 * linux_wait_until - give the processor away until done(arg). If nobody is left who could bring that
 * about, "deadlock" is reported for `object` and false is returned. done() looks and changes nothing.
 */
bool linux_wait_until(bool (*done)(void *arg), void *arg, enum port_sched kind, const char *object,
		      const struct linux_site *site);

/*
 * linux_sleep_until - the same for a sleep that something may end or not: false if nobody is left who
 * could, and nothing is reported.
 */
bool linux_sleep_until(bool (*done)(void *arg), void *arg, const char *object);

/* -- the instrument port -- */

/* linux_fault - true if the machine wants the operation at this point to fail. */
bool linux_fault_ask(enum port_fault point, u64 address);
static inline bool linux_fault(enum port_fault point, u64 address)
{
	return (linux_port->fault_mask & 1u << point) && linux_fault_ask(point, address);
}

/* linux_event - report an event, if anybody wants this kind: linux_event_wanted(). */
void linux_event_make(enum port_event_kind kind, u64 a, u64 b, u64 c, u64 d, const char *text);
static inline bool linux_event_wanted(enum port_event_kind kind)
{
	return linux_port && (linux_port->event_mask & 1u << kind);
}
static inline void linux_event(enum port_event_kind kind, u64 a, u64 b, u64 c, u64 d,
			       const char *text)
{
	if (linux_event_wanted(kind))
		linux_event_make(kind, a, b, c, d, text);
}

/* linux_report - a rule of the kernel was broken at `site`; the message is in printk's format. */
void linux_report(const char *rule, const struct linux_site *site, const char *fmt, ...)
	__printf(3, 4);
void linux_vreport(const char *rule, const struct linux_site *site, const char *fmt, va_list args)
	__printf(3, 0);

/*
 * linux_format - vsnprintf for the kernel: %p prints no address (addresses differ from run to run)
 * but "(null)" or "(ptr)", %pe the error number. Returns the length that the whole text has.
 */
int linux_format(char *buffer, size_t size, const char *fmt, va_list args) __printf(3, 0);

/* -- memory -- */

/*
 * linux_page_alloc - the page allocator behind alloc_pages(), for owners with books of their own.
 * `kind` says who holds it, `point` which fault point is asked (PORT_NUM_FAULTS: none). With
 * __GFP_CLEAN the content is zeros and the page counts as clean until page_mark_dirty(). NULL: none
 * left, or made to fail.
 */
struct page *linux_page_alloc(gfp_t gfp, unsigned int order, enum port_frame_kind kind,
			      enum port_fault point, const struct linux_site *site);
/* linux_page_put - drop a reference; the last one gives the page back. */
void linux_page_put(struct page *page, const struct linux_site *site);

/* page_mark_dirty - the page may hold something else than zeros from now on. */
void page_mark_dirty(struct page *page);
/* page_is_clean - it is known to hold zeros. */
bool page_is_clean(const struct page *page);

/*
 * linux_host_access_ok - the host may touch [pa, pa + size): DRAM, not free, all Non-secure. Else
 * it is reported ("granule-protection" or "bad-address", naming `what`) and false comes back.
 */
bool linux_host_access_ok(u64 pa, u64 size, const char *what, const struct linux_site *site);

/*
 * linux_cache_fill_set - memory caches are filled up to the minimum asked for only, not to
 * capacity.
 */
void linux_cache_fill_set(bool only_min);

#endif
