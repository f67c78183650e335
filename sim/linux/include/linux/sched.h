/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_SCHED_H
#define LINUX_SCHED_H

#include <linux/preempt.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <sim/lock.h>

struct mm_struct;
struct file;
struct files_struct;

#define LINUX_MAX_HELD_LOCKS 24

struct linux_held_lock {
	struct linux_lock *lock;
	u32 mode;  /* enum linux_lock_mode */
	u32 site;
	u64 number; /* of the hold, counted from the boot */
};

struct task_struct {
	pid_t pid;             /* the thread's number */
	pid_t tgid;            /* its process's */
	struct mm_struct *mm;
	struct files_struct *files;
	bool signal_pending;
	bool signal_injected;  /* by the fault point, for the rest of this system call */
	bool exiting;
	bool in_syscall;       /* between linux_syscall_enter() and linux_syscall_exit() */
	u32 atomic_depth;      /* spinning locks held and sections without preemption */
	u32 non_block;         /* notifiers that must not block */
	u32 num_held;
	struct file *files_left; /* end when it leaves the kernel: their last reference went under a lock */
	const struct linux_lock *kept; /* must not be dropped now; NULL: none */
	struct linux_held_lock held[LINUX_MAX_HELD_LOCKS];
	struct task_struct *next; /* in order of pid */
};

/* The thread that runs now; never NULL. */
extern struct task_struct *linux_current;
#define current linux_current

static inline pid_t task_pid_nr(const struct task_struct *task)
{
	return task->pid;
}

static inline pid_t task_tgid_nr(const struct task_struct *task)
{
	return task->tgid;
}

/* signal_pending - of the current thread; the fault point `signal` can make one appear. */
bool signal_pending(struct task_struct *task);
static inline bool fatal_signal_pending(struct task_struct *task)
{
	return task->exiting;
}

/* linux_rcu_point - something was looked up under RCU, which keeps nobody from changing it. */
void linux_rcu_point(const char *what);

int linux_cond_resched(const struct linux_site *site);
int linux_cond_resched_lock(struct linux_lock *lock, enum linux_lock_mode mode,
			    const struct linux_site *site);
/* cond_resched - others may run; always 0. Must not be called where sleeping is forbidden. */
#define cond_resched() linux_cond_resched(LINUX_SITE())
/* cond_resched_rwlock_write - 1 if it dropped the lock and took it again, else 0. */
#define cond_resched_rwlock_write(l)                                                               \
	linux_cond_resched_lock(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE())
#define cond_resched_rwlock_read(l)                                                                \
	linux_cond_resched_lock(&(l)->base, LINUX_LOCK_READ, LINUX_SITE())
#define cond_resched_lock(l) linux_cond_resched_lock(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE())
#define need_resched() false
#define might_sleep() linux_might_sleep("might_sleep", LINUX_SITE())
#define might_fault() linux_might_sleep("an access to user memory", LINUX_SITE())

#endif
