/* SPDX-License-Identifier: BSD-3-Clause */
/* test_cache.c - KVM's memory caches, and the accounting of tables. */
#include "test.h"

#include <linux/kvm_host.h>

START_TEST(topping_up)
{
	struct kvm_mmu_memory_cache mc = {.gfp_zero = __GFP_ZERO};
	u8 *object;

	ck_assert_int_eq(kvm_mmu_topup_memory_cache(&mc, 3), 0);
	ck_assert_int_eq(kvm_mmu_memory_cache_nr_free_objects(&mc), 40);
	for (int i = 0; i < 37; i++) {
		object = (u8 *)kvm_mmu_memory_cache_alloc(&mc);
		ck_assert_ptr_null(memchr_inv(object, 0, PAGE_SIZE));
		free_page((unsigned long)object);
	}
	/* Enough is left: nothing is asked for. */
	fake->allocations = 0;
	ck_assert_int_eq(kvm_mmu_topup_memory_cache(&mc, 3), 0);
	ck_assert_uint_eq(fake->allocations, 0);
	ck_assert_int_eq(kvm_mmu_topup_memory_cache(&mc, 4), 0);
	ck_assert_int_eq(kvm_mmu_memory_cache_nr_free_objects(&mc), 40);
	kvm_mmu_free_memory_cache(&mc);
	ck_assert_int_eq(kvm_mmu_memory_cache_nr_free_objects(&mc), 0);
	ck_assert_int_eq(fake->num_warns, 0);
	test_nothing_left();
}
END_TEST

START_TEST(topping_up_fails)
{
	struct kvm_mmu_memory_cache mc = {.gfp_zero = __GFP_ZERO};

	/* The minimum is missed by one; what was got stays. */
	fake->fault_in[PORT_FAULT_CACHE_TOPUP] = 3;
	ck_assert_int_eq(kvm_mmu_topup_memory_cache(&mc, 3), -ENOMEM);
	ck_assert_int_eq(kvm_mmu_memory_cache_nr_free_objects(&mc), 2);
	/* The minimum is reached, then memory runs out: that is enough. */
	fake->fault_in[PORT_FAULT_CACHE_TOPUP] = 2;
	ck_assert_int_eq(kvm_mmu_topup_memory_cache(&mc, 3), 0);
	ck_assert_int_eq(kvm_mmu_memory_cache_nr_free_objects(&mc), 3);
	kvm_mmu_free_memory_cache(&mc);
	linux_cache_fill_set(true);
	ck_assert_int_eq(kvm_mmu_topup_memory_cache(&mc, 3), 0);
	ck_assert_int_eq(kvm_mmu_memory_cache_nr_free_objects(&mc), 3);
	linux_cache_fill_set(false);
	kvm_mmu_free_memory_cache(&mc);
	test_nothing_left();
}
END_TEST

START_TEST(empty_cache_warns)
{
	struct kvm_mmu_memory_cache mc = {.gfp_zero = __GFP_ZERO};
	DEFINE_SPINLOCK(lock);
	void *object;

	/* The way out is an atomic allocation: no complaint about sleeping. */
	spin_lock(&lock);
	object = kvm_mmu_memory_cache_alloc(&mc);
	spin_unlock(&lock);
	ck_assert_ptr_nonnull(object);
	ck_assert_int_eq(fake->num_warns, 1);
	ck_assert_str_eq(fake->warns[0].rule, "WARN");
	ck_assert_str_eq(fake->warns[0].function, "empty_cache_warns_fn");
	spin_lock(&lock);
	ck_assert_int_eq(kvm_mmu_topup_memory_cache(&mc, 1), 0);
	spin_unlock(&lock);
	ck_assert_int_ge(fake_warned(fake, "sleep-in-atomic"), 1);
	kvm_mmu_free_memory_cache(&mc);
	free_page((unsigned long)object);
	test_nothing_left();
}
END_TEST

START_TEST(accounting)
{
	void *table = (void *)get_zeroed_page(GFP_KERNEL);
	struct kvm_inspect books;

	fake->num_events = 0;
	kvm_account_pgtable_pages(table, 1);
	linux_inspect(&books);
	ck_assert_int_eq(books.pgtable_pages, 1);
	ck_assert_int_eq(fake->events[0].kind, PORT_EVENT_PGTABLE);
	ck_assert_uint_eq(fake->events[0].a, virt_to_phys(table));
	ck_assert_int_eq((int64_t)fake->events[0].b, 1);
	ck_assert_uint_eq(fake->events[0].c, 1);
	kvm_account_pgtable_pages(table, -1);
	ck_assert_int_eq((int64_t)fake->events[1].b, -1);
	ck_assert_int_eq(fake->num_warns, 0);

	/* As v7 and v8 do where an allocation failed. */
	kvm_account_pgtable_pages(NULL, 1);
	ck_assert_int_eq(fake_warned(fake, "bad-address"), 1);
	linux_inspect(&books);
	ck_assert_int_eq(books.pgtable_pages, 0);
	/* As v9 to v12 do: the page was freed just before. The sum is still right. */
	kvm_account_pgtable_pages(table, 1);
	free_page((unsigned long)table);
	kvm_account_pgtable_pages(table, -1);
	ck_assert_int_eq(fake_warned(fake, "use-after-free"), 1);
	linux_inspect(&books);
	ck_assert_int_eq(books.pgtable_pages, 0);
	table = kmalloc(64, GFP_KERNEL);
	kvm_account_pgtable_pages(table, 1);
	ck_assert_int_eq(fake_warned(fake, "wrong-owner"), 1);
	kvm_account_pgtable_pages(table, -2);
	ck_assert_int_eq(fake_warned(fake, "accounting-underflow"), 1);
	kfree(table);
}
END_TEST

void cache_tests(Suite *suite)
{
	TCase *tcase = test_case(suite, "cache");

	tcase_add_test(tcase, topping_up);
	tcase_add_test(tcase, topping_up_fails);
	tcase_add_test(tcase, empty_cache_warns);
	tcase_add_test(tcase, accounting);
}
