/* SPDX-License-Identifier: BSD-3-Clause */
/* test_sched.c - threads, signals, and reference counts. */
#include "test.h"

#include <linux/kref.h>
#include <linux/mutex.h>

START_TEST(threads)
{
	struct task_struct *a = linux_task_create(NULL, NULL, 0);
	struct task_struct *b = linux_task_create(NULL, NULL, a->pid);
	struct task_struct *c = linux_task_create(NULL, NULL, 0);
	struct task_struct *init = current;

	ck_assert_int_eq(a->pid, 1);
	ck_assert_int_eq(a->tgid, 1);
	ck_assert_int_eq(b->pid, 2);
	ck_assert_int_eq(b->tgid, 1);
	ck_assert_int_eq(c->tgid, 3);
	ck_assert(linux_task_find(2) == b && !linux_task_find(4) && !linux_task_find(0));
	ck_assert(!linux_task_find(-5));
	ck_assert(linux_task_next(0) == a && linux_task_next(2) == c && !linux_task_next(3));
	ck_assert(linux_syscall_enter(a) == init && current == a);
	ck_assert_int_eq(task_pid_nr(current), 1);
	linux_syscall_exit(init);
	linux_task_destroy(b);
	ck_assert(current == init && !linux_task_find(2) && linux_task_next(1) == c);
	linux_task_destroy(c);
	/* Numbers are not used again. */
	b = linux_task_create(NULL, NULL, 0);
	ck_assert_int_eq(b->pid, 4);
	linux_task_destroy(a);
	linux_task_destroy(b);
	ck_assert_ptr_null(linux_task_next(0));
	fake->fault_in[PORT_FAULT_KMALLOC] = 1;
	ck_assert_ptr_null(linux_task_create(NULL, NULL, 0));
	ck_assert_int_eq(fake->num_warns, 0);
	test_nothing_left();
}
END_TEST

START_TEST(a_thread_takes_no_lock_with_it)
{
	struct task_struct *a = linux_task_create(NULL, NULL, 0);
	struct task_struct *init = linux_syscall_enter(a);
	DEFINE_MUTEX(mutex);

	mutex_lock(&mutex);
	linux_syscall_enter(init);
	linux_task_destroy(a);
	ck_assert_int_eq(fake_warned(fake, "lock-held-at-return"), 1);
	ck_assert(!mutex_is_locked(&mutex));
	test_nothing_left();
}
END_TEST

START_TEST(signals)
{
	struct task_struct *a = linux_task_create(NULL, NULL, 0);
	struct task_struct *init = linux_syscall_enter(a);

	ck_assert(!signal_pending(current));
	a->signal_pending = true;
	ck_assert(signal_pending(current));
	a->signal_pending = false;
	fake->fault_in[PORT_FAULT_SIGNAL] = 1;
	ck_assert(signal_pending(current));
	/* It does not go away before the system call ends. */
	ck_assert(signal_pending(current));
	linux_syscall_exit(init);
	linux_syscall_enter(a);
	ck_assert(!signal_pending(current));
	linux_syscall_exit(init);
	linux_task_destroy(a);
}
END_TEST

static int releases;

static void on_release(struct kref *kref)
{
	(void)kref;
	releases++;
}

START_TEST(reference_counts)
{
	refcount_t r = REFCOUNT_INIT(1);
	struct kref kref;

	refcount_inc(&r);
	ck_assert(!refcount_dec_and_test(&r));
	ck_assert(refcount_dec_and_test(&r));
	ck_assert(!refcount_inc_not_zero(&r));
	ck_assert_int_eq(fake->num_warns, 0);
	ck_assert(!refcount_dec_and_test(&r));
	ck_assert_int_eq(fake_warned(fake, "refcount-underflow"), 1);
	refcount_inc(&r);
	ck_assert_int_eq(fake_warned(fake, "use-after-free"), 1);
	releases = 0;
	kref_init(&kref);
	kref_get(&kref);
	ck_assert_int_eq(kref_put(&kref, on_release), 0);
	ck_assert_int_eq(kref_put(&kref, on_release), 1);
	ck_assert_int_eq(releases, 1);
}
END_TEST

START_TEST(boot_starts_anew)
{
	void *table = (void *)get_zeroed_page(GFP_KERNEL);
	struct kvm_inspect books;

	linux_syscall_enter(linux_task_create(NULL, NULL, 0));
	ck_assert_ptr_nonnull(table);
	ck_assert_int_eq(linux_boot(&fake->port), 0);
	linux_inspect(&books);
	ck_assert_uint_eq(books.kernel_pages, 0);
	ck_assert_uint_eq(books.slab_objects, 0);
	ck_assert_int_eq(current->pid, 0);
	ck_assert_int_eq(linux_task_create(NULL, NULL, 0)->pid, 1);
}
END_TEST

void sched_tests(Suite *suite)
{
	TCase *tcase = test_case(suite, "sched");

	tcase_add_test(tcase, threads);
	tcase_add_test(tcase, a_thread_takes_no_lock_with_it);
	tcase_add_test(tcase, signals);
	tcase_add_test(tcase, reference_counts);
	tcase_add_test(tcase, boot_starts_anew);
}
