/* SPDX-License-Identifier: BSD-3-Clause */
/* lock.c - locks of all kinds: who holds them, and whether that is allowed. */
#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/srcu.h>
#include <linux/string.h>

#include "internal.h"

static u32 locks_held; /* by all threads, read sections included */
static u64 num_holds;  /* that there ever were */

u32 linux_locks_count(void)
{
	return locks_held;
}

void linux_lock_boot(void)
{
	locks_held = 0;
	num_holds = 0;
	linux_order_boot();
}

void linux_lock_init(struct linux_lock *lock, enum linux_lock_kind kind,
		     const struct linux_site *site)
{
	*lock = (struct linux_lock){.kind = kind, .site = linux_site_number(site)};
}

const char *linux_lock_name(const struct linux_lock *lock)
{
	const struct linux_site *site = linux_site_get(lock->site);
	const char *name = site && site->text ? site->text : lock->static_name;

	if (!name)
		return "a lock without a name";
	return name[0] == '&' ? name + 1 : name;
}

static void lock_sched_point(enum port_sched kind, const struct linux_lock *lock)
{
	if (linux_port->sched)
		linux_sched_others(kind, linux_lock_name(lock));
}

static bool lock_spins(const struct linux_lock *lock)
{
	return lock->kind == LINUX_LOCK_SPIN || lock->kind == LINUX_LOCK_RWLOCK;
}

static bool lock_sleeps(const struct linux_lock *lock)
{
	return lock->kind == LINUX_LOCK_MUTEX || lock->kind == LINUX_LOCK_RWSEM;
}

/* The thread's latest hold of the lock in this mode, or NULL. */
static struct linux_held_lock *held_find(struct task_struct *task, const struct linux_lock *lock,
					 enum linux_lock_mode mode)
{
	for (u32 i = task->num_held; i > 0; i--)
		if (task->held[i - 1].lock == lock && task->held[i - 1].mode == mode)
			return &task->held[i - 1];
	return NULL;
}

static void held_add(struct linux_lock *lock, enum linux_lock_mode mode,
		     const struct linux_site *site)
{
	struct task_struct *task = current;

	if (task->num_held == LINUX_MAX_HELD_LOCKS) {
		linux_report("lock-depth", site, "more than %d locks at once",
			     LINUX_MAX_HELD_LOCKS);
		return;
	}
	locks_held++;
	if (lock_spins(lock))
		task->atomic_depth++;
	task->held[task->num_held++] = (struct linux_held_lock){
		.lock = lock, .mode = mode, .site = linux_site_number(site), .number = ++num_holds};
}

static void held_remove(struct task_struct *task, struct linux_held_lock *held)
{
	struct linux_held_lock *last = &task->held[task->num_held - 1];

	locks_held--;
	if (lock_spins(held->lock))
		task->atomic_depth--;
	for (; held < last; held++)
		held[0] = held[1];
	*last = (struct linux_held_lock){0};
	task->num_held--;
}

bool linux_lock_held(const struct linux_lock *lock, enum linux_lock_mode mode)
{
	return held_find(current, lock, LINUX_LOCK_WRITE) ||
	       (mode == LINUX_LOCK_READ && held_find(current, lock, LINUX_LOCK_READ));
}

u64 linux_lock_hold(const char *name, bool write)
{
	const struct task_struct *task = current;

	for (u32 i = task->num_held; i > 0; i--) {
		const struct linux_held_lock *held = &task->held[i - 1];

		if ((held->mode == LINUX_LOCK_WRITE || !write) &&
		    !strcmp(linux_lock_name(held->lock), name))
			return held->number;
	}
	return 0;
}

void linux_lock_assert_held(const struct linux_lock *lock, enum linux_lock_mode mode, bool held,
			    const struct linux_site *site)
{
	if (linux_lock_held(lock, mode) == held)
		return;
	if (held)
		linux_report("lock-not-held", site, "%s is not held%s", linux_lock_name(lock),
			     mode == LINUX_LOCK_WRITE ? " for writing" : "");
	else
		linux_report("lock-held", site, "%s is held", linux_lock_name(lock));
}

void linux_might_sleep(const char *what, const struct linux_site *site)
{
	const struct task_struct *task = current;

	if (!task->atomic_depth && !task->non_block)
		return;
	for (u32 i = task->num_held; i > 0; i--) {
		if (lock_spins(task->held[i - 1].lock)) {
			linux_report("sleep-in-atomic", site, "%s while %s is held", what,
				     linux_lock_name(task->held[i - 1].lock));
			return;
		}
	}
	linux_report("sleep-in-atomic", site, "%s while %s", what,
		     task->atomic_depth ? "preemption is off" : "a notifier must not block");
}

static bool lock_is_free(const struct linux_lock *lock, enum linux_lock_mode mode)
{
	return !lock->depth && (mode == LINUX_LOCK_READ || !lock->readers);
}

static bool lock_free_for_read(void *lock)
{
	return lock_is_free((const struct linux_lock *)lock, LINUX_LOCK_READ);
}

static bool lock_free_for_write(void *lock)
{
	return lock_is_free((const struct linux_lock *)lock, LINUX_LOCK_WRITE);
}

static void lock_take(struct linux_lock *lock, enum linux_lock_mode mode,
		      const struct linux_site *site)
{
	if (mode == LINUX_LOCK_READ) {
		lock->readers++;
	} else {
		lock->depth++;
		lock->owner = current->pid;
	}
	held_add(lock, mode, site);
	if (linux_event_wanted(PORT_EVENT_LOCK))
		linux_event_make(PORT_EVENT_LOCK, 1, mode == LINUX_LOCK_WRITE, 0, 0,
				 linux_lock_name(lock));
}

static void lock_check_initialised(const struct linux_lock *lock, const struct linux_site *site)
{
	if (lock->kind == LINUX_LOCK_NONE || lock->kind > LINUX_LOCK_SRCU)
		linux_report("lock-uninitialised", site, "a lock that was never initialised");
}

void linux_lock_acquire(struct linux_lock *lock, enum linux_lock_mode mode,
			const struct linux_site *site)
{
	lock_check_initialised(lock, site);
	if (lock_sleeps(lock))
		linux_might_sleep(lock->kind == LINUX_LOCK_MUTEX ? "mutex_lock" : "a semaphore",
				  site);
	linux_order_wait(lock, site);
	lock_sched_point(PORT_SCHED_LOCK, lock);
	/* Waiting for oneself has no end, so the lock is taken once more. */
	if (linux_lock_held(lock, LINUX_LOCK_READ))
		linux_report("lock-recursion", site, "%s is held by this thread already",
			     linux_lock_name(lock));
	else
		(void)linux_wait_until(mode == LINUX_LOCK_READ ? lock_free_for_read
							       : lock_free_for_write,
				       lock, PORT_SCHED_LOCK, linux_lock_name(lock), site);
	lock_take(lock, mode, site);
}

bool linux_lock_try(struct linux_lock *lock, enum linux_lock_mode mode,
		    const struct linux_site *site)
{
	lock_check_initialised(lock, site);
	lock_sched_point(PORT_SCHED_LOCK, lock);
	if (!lock_is_free(lock, mode))
		return false;
	lock_take(lock, mode, site);
	return true;
}

static void lock_drop(struct linux_lock *lock, enum linux_lock_mode mode)
{
	if (mode == LINUX_LOCK_READ)
		lock->readers--;
	else if (--lock->depth == 0)
		lock->owner = 0;
	if (linux_event_wanted(PORT_EVENT_LOCK))
		linux_event_make(PORT_EVENT_LOCK, 0, mode == LINUX_LOCK_WRITE, 0, 0,
				 linux_lock_name(lock));
}

void linux_lock_keep(const struct linux_lock *lock)
{
	current->kept = lock;
}

void linux_lock_keep_end(void)
{
	current->kept = NULL;
}

void linux_lock_check_kept(const struct linux_lock *lock, const struct linux_site *site)
{
	if (current->kept == lock)
		linux_report("lock-dropped", site, "%s is given up where the caller must not wait",
			     linux_lock_name(lock));
}

/*
 * A release by a thread that does not hold the lock in that mode: report, then do what is possible.
 */
static void lock_release_wrongly(struct linux_lock *lock, enum linux_lock_mode mode,
				 const struct linux_site *site)
{
	bool taken = mode == LINUX_LOCK_READ ? lock->readers != 0 : lock->depth != 0;
	struct linux_held_lock *held = NULL;
	struct task_struct *task;

	if (!taken) {
		linux_report("lock-imbalance", site, "%s is not held that way by anybody",
			     linux_lock_name(lock));
		return;
	}
	linux_report("lock-wrong-owner", site, "%s is held by another thread",
		     linux_lock_name(lock));
	for (task = linux_task_next(0); task && !held; task = linux_task_next(task->pid)) {
		held = held_find(task, lock, mode);
		if (held)
			held_remove(task, held);
	}
	lock_drop(lock, mode);
}

void linux_lock_release(struct linux_lock *lock, enum linux_lock_mode mode,
			const struct linux_site *site)
{
	struct linux_held_lock *held = held_find(current, lock, mode);

	lock_check_initialised(lock, site);
	linux_lock_check_kept(lock, site);
	if (held) {
		held_remove(current, held);
		lock_drop(lock, mode);
	} else {
		lock_release_wrongly(lock, mode, site);
	}
	lock_sched_point(PORT_SCHED_UNLOCK, lock);
}

int linux_mutex_lock_killable(struct mutex *lock, const struct linux_site *site)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	linux_lock_acquire(&lock->base, LINUX_LOCK_WRITE, site);
	return 0;
}

void linux_locks_check_freed(const void *start, size_t size, const struct linux_site *site)
{
	struct task_struct *task = current;
	u32 i = task->num_held;

	while (i-- > 0) {
		struct linux_held_lock held = task->held[i];

		if ((unsigned long)held.lock - (unsigned long)start >= size)
			continue;
		linux_report("lock-freed", site, "%s is freed while it is held",
			     linux_lock_name(held.lock));
		held_remove(task, &task->held[i]);
		lock_drop(held.lock, (enum linux_lock_mode)held.mode);
	}
}

void linux_locks_report_held(void)
{
	struct task_struct *task = current;

	while (task->num_held) {
		struct linux_held_lock held = task->held[task->num_held - 1];
		const struct linux_site *site = linux_site_get(held.site);

		linux_report("lock-held-at-return", site, "%s, taken here, is still held",
			     linux_lock_name(held.lock));
		held_remove(task, &task->held[task->num_held - 1]);
		lock_drop(held.lock, (enum linux_lock_mode)held.mode);
	}
	if (task->atomic_depth)
		linux_report("preempt-imbalance", LINUX_SITE(), "preemption is still disabled");
	task->atomic_depth = 0;
}

/* -- sleepable RCU -- */

int linux_init_srcu(struct srcu_struct *ssp, const struct linux_site *site)
{
	*ssp = (struct srcu_struct){.index = 0};
	linux_lock_init(&ssp->base, LINUX_LOCK_SRCU, site);
	return 0;
}

int linux_srcu_read_lock(struct srcu_struct *ssp, const struct linux_site *site)
{
	u32 index = ssp->index & 1;

	lock_check_initialised(&ssp->base, site);
	lock_sched_point(PORT_SCHED_LOCK, &ssp->base);
	index = ssp->index & 1;
	ssp->half[index]++;
	lock_take(&ssp->base, LINUX_LOCK_READ, site);
	return (int)index;
}

void linux_srcu_read_unlock(struct srcu_struct *ssp, int index, const struct linux_site *site)
{
	if ((index != 0 && index != 1) || !ssp->half[index]) {
		linux_report("srcu-imbalance", site, "%s: no read section has the index %d",
			     linux_lock_name(&ssp->base), index);
		return;
	}
	ssp->half[index]--;
	linux_lock_release(&ssp->base, LINUX_LOCK_READ, site);
}

static bool srcu_half_is_empty(void *readers)
{
	return *(const u32 *)readers == 0;
}

void linux_synchronize_srcu(struct srcu_struct *ssp, const struct linux_site *site)
{
	u32 old = ssp->index & 1;

	linux_might_sleep("synchronize_srcu", site);
	if (held_find(current, &ssp->base, LINUX_LOCK_READ)) {
		linux_report("deadlock", site, "waiting for one's own read section of %s",
			     linux_lock_name(&ssp->base));
		return;
	}
	linux_order_wait(&ssp->base, site);
	ssp->index ^= 1;
	(void)linux_wait_until(srcu_half_is_empty, &ssp->half[old], PORT_SCHED_LOCK,
			       linux_lock_name(&ssp->base), site);
}

void linux_cleanup_srcu(struct srcu_struct *ssp, const struct linux_site *site)
{
	if (ssp->half[0] || ssp->half[1])
		linux_report("srcu-imbalance", site, "%s ends with readers inside",
			     linux_lock_name(&ssp->base));
	ssp->base.kind = LINUX_LOCK_NONE;
}
