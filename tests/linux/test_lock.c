/* SPDX-License-Identifier: BSD-3-Clause */
/* test_lock.c - each planted misuse of a lock is reported, and correct use is not. */
#include "test.h"

#include <linux/kvm_host.h>
#include <linux/mutex.h>
#include <linux/rwlock.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>

static struct {
	spinlock_t spin;
	rwlock_t rw;
	struct mutex mutex;
	struct rw_semaphore sem;
	struct srcu_struct srcu;
} locks;

static struct task_struct *tasks[2];

static void locks_init(void)
{
	spin_lock_init(&locks.spin);
	rwlock_init(&locks.rw);
	mutex_init(&locks.mutex);
	init_rwsem(&locks.sem);
	init_srcu_struct(&locks.srcu);
	tasks[0] = linux_task_create(NULL, NULL, 0);
	tasks[1] = linux_task_create(NULL, NULL, 0);
	linux_syscall_enter(tasks[0]);
}

static u32 held(void)
{
	struct kvm_inspect books;

	linux_inspect(&books);
	return books.locks_held;
}

START_TEST(correct_use)
{
	int index;

	locks_init();
	fake->num_events = 0;
	mutex_lock(&locks.mutex);
	index = srcu_read_lock(&locks.srcu);
	write_lock(&locks.rw);
	spin_lock(&locks.spin);
	ck_assert_uint_eq(held(), 4);
	lockdep_assert_held(&locks.mutex);
	lockdep_assert_held_write(&locks.rw);
	lockdep_assert_held(&locks.spin);
	ck_assert(srcu_read_lock_held(&locks.srcu));
	/* An atomic allocation is allowed here. */
	free_page(__get_free_page(GFP_ATOMIC));
	spin_unlock(&locks.spin);
	write_unlock(&locks.rw);
	/* A read section of sleepable RCU may sleep. */
	free_page(__get_free_page(GFP_KERNEL));
	ck_assert_int_eq(cond_resched(), 0);
	srcu_read_unlock(&locks.srcu, index);
	mutex_unlock(&locks.mutex);
	read_lock(&locks.rw);
	lockdep_assert_held_read(&locks.rw);
	read_unlock(&locks.rw);
	down_read(&locks.sem);
	up_read(&locks.sem);
	down_write(&locks.sem);
	up_write(&locks.sem);
	synchronize_srcu(&locks.srcu);
	index = srcu_read_lock(&locks.srcu);
	srcu_read_unlock(&locks.srcu, index);
	lockdep_assert_not_held(&locks.mutex);
	ck_assert_uint_eq(held(), 0);
	ck_assert_int_eq(fake->num_warns, 0);
	/* Every operation is a scheduling point and an event with the lock's name. */
	ck_assert_uint_eq(fake->sched_points[PORT_SCHED_LOCK], 8);
	ck_assert_uint_eq(fake->sched_points[PORT_SCHED_UNLOCK], 8);
	ck_assert_int_eq(fake->events[0].kind, PORT_EVENT_LOCK);
	ck_assert_str_eq(fake->events[0].text, "locks.mutex");
	ck_assert_uint_eq(fake->events[0].a, 1);
	ck_assert_uint_eq(fake->events[0].b, 1);
	ck_assert_str_eq(fake->events[1].text, "locks.srcu");
	ck_assert_uint_eq(fake->events[1].b, 0);
}
END_TEST

/* Not what must not sleep, nor what is within a section without preemption. */
START_TEST(others_run_where_one_may_sleep)
{
	const uint64_t *points = fake->sched_points;
	uint64_t before;

	locks_init();
	before = points[PORT_SCHED_RESCHED];
	free_page(__get_free_page(GFP_KERNEL));
	ck_assert_uint_eq(points[PORT_SCHED_RESCHED], before + 1);
	free_page(__get_free_page(GFP_ATOMIC));
	preempt_disable();
	local_irq_disable();
	local_irq_enable();
	ck_assert_uint_eq(points[PORT_SCHED_RESCHED], before + 1);
	preempt_enable();
	ck_assert_uint_eq(points[PORT_SCHED_RESCHED], before + 2);
	before = points[PORT_SCHED_UNLOCK];
	linux_rcu_point("something");
	ck_assert_uint_eq(points[PORT_SCHED_UNLOCK], before + 1);
}
END_TEST

START_TEST(recursion)
{
	locks_init();
	spin_lock(&locks.spin);
	spin_lock(&locks.spin);
	ck_assert_int_eq(fake_warned(fake, "lock-recursion"), 1);
	ck_assert_str_eq(fake->warns[0].message, "locks.spin is held by this thread already");
	spin_unlock(&locks.spin);
	spin_unlock(&locks.spin);
	mutex_lock(&locks.mutex);
	mutex_lock(&locks.mutex);
	mutex_unlock(&locks.mutex);
	mutex_unlock(&locks.mutex);
	ck_assert_int_eq(fake_warned(fake, "lock-recursion"), 2);
	read_lock(&locks.rw);
	write_lock(&locks.rw);
	ck_assert_int_eq(fake_warned(fake, "lock-recursion"), 3);
	write_unlock(&locks.rw);
	read_unlock(&locks.rw);
	ck_assert_uint_eq(held(), 0);
	ck_assert_int_eq(fake->num_warns, 3);
}
END_TEST

START_TEST(imbalance)
{
	locks_init();
	spin_unlock(&locks.spin);
	ck_assert_int_eq(fake_warned(fake, "lock-imbalance"), 1);
	read_lock(&locks.rw);
	write_unlock(&locks.rw);
	ck_assert_int_eq(fake_warned(fake, "lock-imbalance"), 2);
	read_unlock(&locks.rw);
	mutex_lock(&locks.mutex);
	mutex_unlock(&locks.mutex);
	mutex_unlock(&locks.mutex);
	ck_assert_int_eq(fake_warned(fake, "lock-imbalance"), 3);
	srcu_read_unlock(&locks.srcu, 0);
	ck_assert_int_eq(fake_warned(fake, "srcu-imbalance"), 1);
	preempt_enable();
	ck_assert_int_eq(fake_warned(fake, "preempt-imbalance"), 1);
	ck_assert_uint_eq(held(), 0);
	ck_assert_int_eq(fake->num_warns, 5);
}
END_TEST

START_TEST(wrong_owner)
{
	locks_init();
	mutex_lock(&locks.mutex);
	spin_lock(&locks.spin);
	linux_syscall_enter(tasks[1]);
	mutex_unlock(&locks.mutex);
	ck_assert_int_eq(fake_warned(fake, "lock-wrong-owner"), 1);
	lockdep_assert_held(&locks.spin);
	ck_assert_int_eq(fake_warned(fake, "lock-not-held"), 1);
	spin_unlock(&locks.spin);
	ck_assert_int_eq(fake_warned(fake, "lock-wrong-owner"), 2);
	linux_syscall_enter(tasks[0]);
	ck_assert_uint_eq(held(), 0);
	/* The other thread's atomic section ended with its lock. */
	might_sleep();
	ck_assert_int_eq(fake->num_warns, 3);
}
END_TEST

START_TEST(claims)
{
	locks_init();
	read_lock(&locks.rw);
	lockdep_assert_held_write(&locks.rw);
	ck_assert_int_eq(fake_warned(fake, "lock-not-held"), 1);
	lockdep_assert_not_held(&locks.rw);
	ck_assert_int_eq(fake_warned(fake, "lock-held"), 1);
	read_unlock(&locks.rw);
	lockdep_assert_held(&locks.rw);
	lockdep_assert_held(&locks.mutex);
	ck_assert_int_eq(fake_warned(fake, "lock-not-held"), 3);
}
END_TEST

/* Sleeping where it is forbidden, one way each. */
static void sleep_by_page(void)
{
	free_page(__get_free_page(GFP_KERNEL));
}

static void sleep_by_kmalloc(void)
{
	kfree(kmalloc(10, GFP_KERNEL_ACCOUNT));
}

static void sleep_by_mutex(void)
{
	mutex_lock(&locks.mutex);
	mutex_unlock(&locks.mutex);
}

static void sleep_by_semaphore(void)
{
	down_read(&locks.sem);
	up_read(&locks.sem);
}

static void sleep_by_cond_resched(void)
{
	cond_resched();
}

static void sleep_by_srcu(void)
{
	synchronize_srcu(&locks.srcu);
}

/* What copies would do; the copies themselves belong to the address spaces. */
unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long n)
{
	(void)from;
	memset(to, 0x5a, n - 1);
	return 1;
}

static void sleep_by_user_copy(void)
{
	u8 bytes[4] = {1, 2, 3, 4};

	ck_assert_uint_eq(copy_from_user(bytes, (void *)0x1000, 4), 1);
	/* What did not come over is zeroed. */
	ck_assert(bytes[2] == 0x5a && bytes[3] == 0);
}

START_TEST(sleep_in_atomic)
{
	void (*const ways[])(void) = {sleep_by_page,	  sleep_by_kmalloc, sleep_by_mutex,
				      sleep_by_semaphore, sleep_by_srcu,    sleep_by_cond_resched,
				      sleep_by_user_copy};

	locks_init();
	for (u32 i = 0; i < ARRAY_SIZE(ways); i++) {
		fake_warns_clear(fake);
		ways[i]();
		mutex_lock(&locks.mutex);
		if (ways[i] != sleep_by_mutex)
			ways[i]();
		mutex_unlock(&locks.mutex);
		ck_assert_int_eq(fake->num_warns, 0);
		spin_lock(&locks.spin);
		ways[i]();
		spin_unlock(&locks.spin);
		ck_assert_int_eq(fake_warned(fake, "sleep-in-atomic"), 1);
		ck_assert_ptr_nonnull(strstr(fake->warns[0].message, "while locks.spin is held"));
		read_lock(&locks.rw);
		ways[i]();
		read_unlock(&locks.rw);
		ck_assert_int_eq(fake_warned(fake, "sleep-in-atomic"), 2);
		preempt_disable();
		ways[i]();
		preempt_enable();
		ck_assert_int_eq(fake_warned(fake, "sleep-in-atomic"), 3);
		current->non_block++;
		ways[i]();
		current->non_block--;
		ck_assert_int_eq(fake_warned(fake, "sleep-in-atomic"), 4);
		ck_assert_ptr_nonnull(strstr(fake->warns[3].message, "a notifier must not block"));
		ck_assert_int_eq(fake->num_warns, 4);
	}
}
END_TEST

START_TEST(rescheduling_drops_the_lock)
{
	locks_init();
	write_lock(&locks.rw);
	fake->num_events = 0;
	ck_assert_int_eq(cond_resched_rwlock_write(&locks.rw), 0);
	ck_assert_int_eq(fake->num_events, 1);
	ck_assert_int_eq(fake->events[0].kind, PORT_EVENT_RESCHED);
	ck_assert_uint_eq(fake->events[0].a, 0);
	fake->fault_in[PORT_FAULT_RESCHED] = 1;
	fake->num_events = 0;
	ck_assert_int_eq(cond_resched_rwlock_write(&locks.rw), 1);
	/* Dropped, rescheduled, taken. */
	ck_assert_int_eq(fake->num_events, 3);
	ck_assert_int_eq(fake->events[0].kind, PORT_EVENT_LOCK);
	ck_assert_uint_eq(fake->events[0].a, 0);
	ck_assert_uint_eq(fake->events[1].a, 1);
	ck_assert_uint_eq(fake->events[2].a, 1);
	lockdep_assert_held_write(&locks.rw);
	ck_assert_int_eq(fake->num_warns, 0);

	spin_lock(&locks.spin);
	ck_assert_int_eq(cond_resched_rwlock_write(&locks.rw), 0);
	ck_assert_int_eq(fake_warned(fake, "sleep-in-atomic"), 1);
	spin_unlock(&locks.spin);
	write_unlock(&locks.rw);
	ck_assert_int_eq(cond_resched_rwlock_write(&locks.rw), 0);
	ck_assert_int_eq(fake_warned(fake, "lock-not-held"), 1);
	ck_assert_uint_eq(held(), 0);
}
END_TEST

/* The other thread gives the lock up when it is scheduled the third time. */
static void let_other_unlock(struct fake_port *port, enum port_sched kind, const char *object)
{
	(void)object;
	if (kind != PORT_SCHED_LOCK || port->sched_points[kind] < 3)
		return;
	port->on_sched = NULL;
	linux_syscall_enter(tasks[1]);
	write_unlock(&locks.rw);
}

START_TEST(waiting_for_another_thread)
{
	locks_init();
	linux_syscall_enter(tasks[1]);
	write_lock(&locks.rw);
	linux_syscall_enter(tasks[0]);
	ck_assert(!write_trylock(&locks.rw));
	ck_assert(!read_trylock(&locks.rw));
	fake->sched_points[PORT_SCHED_LOCK] = 0;
	fake->on_sched = let_other_unlock;
	read_lock(&locks.rw);
	/* Who waited is current again. */
	ck_assert(current == tasks[0]);
	ck_assert_uint_eq(fake->sched_points[PORT_SCHED_LOCK], 3);
	lockdep_assert_held_read(&locks.rw);
	read_unlock(&locks.rw);
	ck_assert_int_eq(fake->num_warns, 0);
}
END_TEST

START_TEST(readers_keep_writers_out)
{
	locks_init();
	/* The semaphore first: taking it may sleep. */
	down_read(&locks.sem);
	read_lock(&locks.rw);
	linux_syscall_enter(tasks[1]);
	ck_assert(!write_trylock(&locks.rw) && !down_write_trylock(&locks.sem));
	ck_assert(read_trylock(&locks.rw) && down_read_trylock(&locks.sem));
	linux_syscall_enter(tasks[0]);
	read_unlock(&locks.rw);
	up_read(&locks.sem);
	ck_assert(!write_trylock(&locks.rw));
	linux_syscall_enter(tasks[1]);
	read_unlock(&locks.rw);
	up_read(&locks.sem);
	linux_syscall_enter(tasks[0]);
	ck_assert(write_trylock(&locks.rw) && !read_trylock(&locks.rw));
	write_unlock(&locks.rw);
	ck_assert(mutex_trylock(&locks.mutex) && !mutex_trylock(&locks.mutex));
	mutex_unlock(&locks.mutex);
	ck_assert_uint_eq(held(), 0);
	ck_assert_int_eq(fake->num_warns, 0);
}
END_TEST

START_TEST(deadlock)
{
	locks_init();
	linux_syscall_enter(tasks[1]);
	mutex_lock(&locks.mutex);
	linux_syscall_enter(tasks[0]);
	mutex_lock(&locks.mutex);
	ck_assert_int_eq(fake_warned(fake, "deadlock"), 1);
	fake_warns_clear(fake);
	(void)srcu_read_lock(&locks.srcu);
	synchronize_srcu(&locks.srcu);
	ck_assert_int_eq(fake_warned(fake, "deadlock"), 1);
}
END_TEST

START_TEST(return_with_locks)
{
	struct task_struct *init = current;

	locks_init();
	linux_syscall_enter(tasks[0]);
	mutex_lock(&locks.mutex);
	write_lock(&locks.rw);
	(void)srcu_read_lock(&locks.srcu);
	linux_syscall_exit(init);
	ck_assert(current == init);
	ck_assert_int_eq(fake_warned(fake, "lock-held-at-return"), 3);
	ck_assert_str_eq(fake->warns[0].function, "return_with_locks_fn");
	ck_assert_uint_eq(held(), 0);
	linux_syscall_enter(tasks[0]);
	might_sleep();
	mutex_lock(&locks.mutex);
	mutex_unlock(&locks.mutex);
	preempt_disable();
	linux_syscall_exit(init);
	ck_assert_int_eq(fake_warned(fake, "preempt-imbalance"), 1);
	ck_assert_int_eq(fake->num_warns, 4);
}
END_TEST

/* Memory that a held lock is in goes: the thread holds it no more, and nothing looks at it again. */
START_TEST(freed_with_a_lock)
{
	struct two_locks {
		spinlock_t first;
		u8 between[64];
		spinlock_t second;
	} *object = kzalloc(sizeof(*object), GFP_KERNEL);
	struct task_struct *init = current;
	spinlock_t *alone;

	ck_assert_ptr_nonnull(object);
	spin_lock_init(&object->first);
	spin_lock_init(&object->second);
	locks_init();
	linux_syscall_enter(tasks[0]);
	spin_lock(&object->first);
	spin_unlock(&object->first);
	spin_lock(&locks.spin);
	spin_lock(&object->second);
	kfree(object);
	ck_assert_int_eq(fake_warned(fake, "lock-freed"), 1);
	ck_assert_ptr_nonnull(strstr(fake->warns[0].message, "object->second is freed"));
	ck_assert_uint_eq(held(), 1);

	alone = (spinlock_t *)__get_free_page(GFP_ATOMIC);
	ck_assert_ptr_nonnull(alone);
	spin_lock_init(alone);
	spin_lock(alone);
	free_page((unsigned long)alone);
	ck_assert_int_eq(fake_warned(fake, "lock-freed"), 2);
	spin_unlock(&locks.spin);
	linux_syscall_exit(init);
	ck_assert_int_eq(fake->num_warns, 2);
}
END_TEST

/* One path takes a before b, another one b before a: no thread has to meet another for it to be found. */
START_TEST(order_of_two)
{
	locks_init();
	mutex_lock(&locks.mutex);
	down_read(&locks.sem);
	up_read(&locks.sem);
	mutex_unlock(&locks.mutex);
	ck_assert_int_eq(fake->num_warns, 0);
	linux_syscall_enter(tasks[1]);
	down_read(&locks.sem);
	/* To try is not to wait. */
	ck_assert(mutex_trylock(&locks.mutex));
	mutex_unlock(&locks.mutex);
	ck_assert_int_eq(fake->num_warns, 0);
	mutex_lock(&locks.mutex);
	ck_assert_int_eq(fake_warned(fake, "lock-order"), 1);
	/* Both places are named: where it is waited for, and where it was the other way round. */
	ck_assert_str_eq(fake->warns[0].function, "order_of_two_fn");
	ck_assert_ptr_nonnull(strstr(fake->warns[0].message,
				     "waiting for locks.mutex while holding locks.sem, taken in "
				     "order_of_two_fn"));
	ck_assert_ptr_nonnull(strstr(fake->warns[0].message,
				     "locks.sem taken while holding it in order_of_two_fn"));
	mutex_unlock(&locks.mutex);
	/* Said once. */
	mutex_lock(&locks.mutex);
	mutex_unlock(&locks.mutex);
	up_read(&locks.sem);
	ck_assert_int_eq(fake->num_warns, 1);
}
END_TEST

START_TEST(order_of_three)
{
	locks_init();
	mutex_lock(&locks.mutex);
	down_write(&locks.sem);
	up_write(&locks.sem);
	mutex_unlock(&locks.mutex);
	down_write(&locks.sem);
	write_lock(&locks.rw);
	write_unlock(&locks.rw);
	up_write(&locks.sem);
	mutex_lock(&locks.mutex);
	write_lock(&locks.rw);
	write_unlock(&locks.rw);
	mutex_unlock(&locks.mutex);
	ck_assert_int_eq(fake->num_warns, 0);
	/* mutex, sem, rw: so the mutex never comes behind rw. */
	write_lock(&locks.rw);
	mutex_lock(&locks.mutex);
	ck_assert_int_eq(fake_warned(fake, "lock-order"), 1);
	ck_assert_int_eq(fake_warned(fake, "sleep-in-atomic"), 1);
	mutex_unlock(&locks.mutex);
	write_unlock(&locks.rw);
}
END_TEST

/* Entering a read section waits for nobody; waiting for the readers is waiting for what they wait for. */
START_TEST(order_with_srcu)
{
	int index;

	locks_init();
	mutex_lock(&locks.mutex);
	index = srcu_read_lock(&locks.srcu);
	srcu_read_unlock(&locks.srcu, index);
	mutex_unlock(&locks.mutex);
	index = srcu_read_lock(&locks.srcu);
	mutex_lock(&locks.mutex);
	mutex_unlock(&locks.mutex);
	srcu_read_unlock(&locks.srcu, index);
	ck_assert_int_eq(fake->num_warns, 0);
	mutex_lock(&locks.mutex);
	synchronize_srcu(&locks.srcu);
	ck_assert_int_eq(fake_warned(fake, "lock-order"), 1);
	mutex_unlock(&locks.mutex);
}
END_TEST

/* may_block is false: the lock is neither dropped nor offered. */
START_TEST(kept_lock)
{
	locks_init();
	write_lock(&locks.rw);
	linux_lock_keep(&locks.rw.base);
	cond_resched_rwlock_write(&locks.rw);
	ck_assert_int_eq(fake_warned(fake, "lock-dropped"), 1);
	ck_assert_str_eq(fake->warns[0].message,
			 "locks.rw is given up where the caller must not wait");
	write_unlock(&locks.rw);
	write_lock(&locks.rw);
	ck_assert_int_eq(fake_warned(fake, "lock-dropped"), 2);
	spin_lock(&locks.spin);
	spin_unlock(&locks.spin);
	linux_lock_keep_end();
	cond_resched_rwlock_write(&locks.rw);
	write_unlock(&locks.rw);
	ck_assert_int_eq(fake->num_warns, 2);
}
END_TEST

START_TEST(never_initialised)
{
	static spinlock_t lock;

	locks_init();
	spin_lock(&lock);
	spin_unlock(&lock);
	ck_assert_int_eq(fake_warned(fake, "lock-uninitialised"), 2);
	cleanup_srcu_struct(&locks.srcu);
	(void)srcu_read_lock(&locks.srcu);
	ck_assert_int_eq(fake_warned(fake, "lock-uninitialised"), 3);
}
END_TEST

START_TEST(srcu_waits_for_old_readers_only)
{
	int old, new;

	locks_init();
	old = srcu_read_lock(&locks.srcu);
	linux_syscall_enter(tasks[1]);
	/* Nobody ends the old section: the wait is bounded and reported. */
	synchronize_srcu(&locks.srcu);
	ck_assert_int_eq(fake_warned(fake, "deadlock"), 1);
	new = srcu_read_lock(&locks.srcu);
	ck_assert_int_ne(old, new);
	srcu_read_unlock(&locks.srcu, new);
	linux_syscall_enter(tasks[0]);
	srcu_read_unlock(&locks.srcu, old);
	ck_assert_uint_eq(held(), 0);
	ck_assert_int_eq(fake->num_warns, 1);
}
END_TEST

void lock_tests(Suite *suite)
{
	TCase *tcase = test_case(suite, "lock");

	tcase_add_test(tcase, correct_use);
	tcase_add_test(tcase, others_run_where_one_may_sleep);
	tcase_add_test(tcase, recursion);
	tcase_add_test(tcase, imbalance);
	tcase_add_test(tcase, wrong_owner);
	tcase_add_test(tcase, claims);
	tcase_add_test(tcase, sleep_in_atomic);
	tcase_add_test(tcase, rescheduling_drops_the_lock);
	tcase_add_test(tcase, waiting_for_another_thread);
	tcase_add_test(tcase, readers_keep_writers_out);
	tcase_add_test(tcase, deadlock);
	tcase_add_test(tcase, return_with_locks);
	tcase_add_test(tcase, freed_with_a_lock);
	tcase_add_test(tcase, order_of_two);
	tcase_add_test(tcase, order_of_three);
	tcase_add_test(tcase, order_with_srcu);
	tcase_add_test(tcase, kept_lock);
	tcase_add_test(tcase, never_initialised);
	tcase_add_test(tcase, srcu_waits_for_old_readers_only);
}
