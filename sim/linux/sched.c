/* SPDX-License-Identifier: BSD-3-Clause */
/* sched.c - threads, signals, and giving the processor away. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/* Who runs while no thread does: start-up and what the machine does by itself. */
static struct task_struct init_task;
struct task_struct *linux_current = &init_task;

static struct {
	struct task_struct *first; /* in order of pid */
	struct task_struct *last;
	u32 count;
	pid_t next_pid;
} tasks;

void linux_sched_boot(void)
{
	memset(&init_task, 0, sizeof(init_task));
	memset(&tasks, 0, sizeof(tasks));
	tasks.next_pid = 1;
	linux_current = &init_task;
}

struct task_struct *linux_task_create(struct mm_struct *mm, struct files_struct *files, pid_t tgid)
{
	struct task_struct *task;

	if (tasks.count == LINUX_MAX_TASKS)
		return NULL;
	task = (struct task_struct *)kzalloc(sizeof(*task), GFP_KERNEL);
	if (!task)
		return NULL;
	task->pid = tasks.next_pid++;
	task->tgid = tgid ? tgid : task->pid;
	task->mm = mm;
	task->files = files;
	if (tasks.last)
		tasks.last->next = task;
	else
		tasks.first = task;
	tasks.last = task;
	tasks.count++;
	return task;
}

struct task_struct *linux_task_next(pid_t tid)
{
	struct task_struct *task = tasks.first;

	while (task && task->pid <= tid)
		task = task->next;
	return task;
}

struct task_struct *linux_task_find(pid_t tid)
{
	struct task_struct *task = linux_task_next(tid - 1);

	return task && task->pid == tid ? task : NULL;
}

void linux_task_destroy(struct task_struct *task)
{
	struct task_struct *previous = linux_syscall_enter(task);
	struct task_struct **link = &tasks.first;

	linux_syscall_exit(previous);
	tasks.last = NULL;
	while (*link != task) {
		tasks.last = *link;
		link = &(*link)->next;
	}
	*link = task->next;
	if (task->next)
		for (tasks.last = task->next; tasks.last->next;)
			tasks.last = tasks.last->next;
	tasks.count--;
	kfree(task);
}

struct task_struct *linux_syscall_enter(struct task_struct *task)
{
	struct task_struct *previous = linux_current;

	linux_loop_restart();
	/* It may be gone when this one comes back. */
	if (previous->in_syscall)
		previous = &init_task;
	task->in_syscall = true;
	linux_current = task;
	return previous;
}

void linux_syscall_exit(struct task_struct *previous)
{
	linux_locks_report_held();
	if (current->files_left && linux_files_end) {
		linux_files_end();
		linux_locks_report_held();
	}
	current->signal_injected = false;
	current->in_syscall = false;
	linux_current = previous;
}

bool signal_pending(struct task_struct *task)
{
	if (task->signal_pending || task->signal_injected)
		return true;
	if (task == current && linux_fault(PORT_FAULT_SIGNAL, 0))
		task->signal_injected = true;
	return task->signal_injected;
}

void linux_preempt_count_add(int value, const struct linux_site *site)
{
	if (value < 0 && current->atomic_depth < (u32)-value) {
		linux_report("preempt-imbalance", site,
			     "preemption is enabled more often than disabled");
		return;
	}
	current->atomic_depth += (u32)value;
	if (value < 0 && !current->atomic_depth)
		linux_sched_point(PORT_SCHED_RESCHED, "preemption is on again");
}

void linux_rcu_point(const char *what)
{
	linux_sched_point(PORT_SCHED_UNLOCK, what);
}

int linux_cond_resched(const struct linux_site *site)
{
	linux_might_sleep("cond_resched", site);
	linux_event(PORT_EVENT_RESCHED, 0, 0, 0, 0, NULL);
	linux_sched_point(PORT_SCHED_RESCHED, "cond_resched");
	return 0;
}

static __attribute__((__noinline__)) int resched_examine(struct linux_lock *lock,
							 enum linux_lock_mode mode,
							 const struct linux_site *site)
{
	const bool held = linux_lock_held(lock, mode);
	bool drop;

	if (!held)
		linux_lock_assert_held(lock, mode, true, site);
	if (current->atomic_depth > 1)
		linux_report("sleep-in-atomic", site,
			     "rescheduling can drop %s, but that is not all",
			     linux_lock_name(lock));
	drop = held && linux_fault(PORT_FAULT_RESCHED, 0);
	/* Said once: the release below would say it again. */
	if (!drop)
		linux_lock_check_kept(lock, site);
	if (drop)
		linux_lock_release(lock, mode, site);
	linux_event(PORT_EVENT_RESCHED, drop, 0, 0, 0, NULL);
	if (linux_port->sched)
		linux_sched_others(PORT_SCHED_RESCHED, linux_lock_name(lock));
	if (drop)
		linux_lock_acquire(lock, mode, site);
	return drop;
}

int linux_cond_resched_lock(struct linux_lock *lock, enum linux_lock_mode mode,
			    const struct linux_site *site)
{
	const struct task_struct *task = current;
	const u32 num = task->num_held;

	/* Mostly it is the last lock that was taken, nothing is wrong, and nobody has anything to decide. */
	if (num && task->held[num - 1].lock == lock && task->held[num - 1].mode >= (u32)mode &&
	    task->atomic_depth <= 1 && task->kept != lock && !linux_port->sched &&
	    !(linux_port->fault_mask & 1u << PORT_FAULT_RESCHED) &&
	    !linux_event_wanted(PORT_EVENT_RESCHED))
		return 0;
	return resched_examine(lock, mode, site);
}
