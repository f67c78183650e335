/* SPDX-License-Identifier: BSD-3-Clause */
/* test_slab.c - kmalloc against a naive model, and its checks. */
#include "test.h"

#include <linux/string.h>

#if LINUX_ASAN
#include <sanitizer/asan_interface.h>
#endif

#define NUM_OBJECTS 400

static u32 random_state;

static u32 random_next(u32 below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

/* Sizes around every limit, and a few of whole pages. */
static size_t random_size(void)
{
	static const u16 sizes[] = {1,	 15,  16,   17,	  100,	192,  193,
				    520, 992, 1000, 2016, 2017, 4064, 5000};

	return random_next(10) ? sizes[random_next(ARRAY_SIZE(sizes))]
			       : PAGE_SIZE * (1 + random_next(3)) + 8;
}

START_TEST(objects_keep_their_bytes)
{
	static struct {
		u8 *va;
		size_t size;
		u8 tag;
	} objects[NUM_OBJECTS];
	struct kvm_inspect books;
	u32 live = 0;

	memset(objects, 0, sizeof(objects));
	random_state = 1;
	fake->port.event_mask = 0;
	for (int step = 0; step < 20000; step++) {
		u32 i = random_next(NUM_OBJECTS);

		if (objects[i].va) {
			ck_assert_ptr_null(
				memchr_inv(objects[i].va, objects[i].tag, objects[i].size));
			ck_assert_uint_eq(ksize(objects[i].va), objects[i].size);
			kfree(objects[i].va);
			objects[i].va = NULL;
			live--;
			continue;
		}
		objects[i].size = random_size();
		objects[i].tag = (u8)step;
		objects[i].va = (u8 *)(step & 1 ? kzalloc(objects[i].size, GFP_KERNEL)
						: kmalloc(objects[i].size, GFP_KERNEL));
		ck_assert_ptr_nonnull(objects[i].va);
		ck_assert_uint_eq((unsigned long)objects[i].va % 16, 0);
		ck_assert_uint_lt((u64)((unsigned long)objects[i].va - linux_memory.host_view),
				  linux_memory.size);
		if (step & 1)
			ck_assert_ptr_null(memchr_inv(objects[i].va, 0, objects[i].size));
		else
			ck_assert_int_ne(objects[i].va[0], 0);
		memset(objects[i].va, objects[i].tag, objects[i].size);
		live++;
		linux_inspect(&books);
		ck_assert_uint_eq(books.slab_objects, live);
	}
	for (u32 i = 0; i < NUM_OBJECTS; i++)
		kfree(objects[i].va);
	ck_assert_int_eq(fake->num_warns, 0);
	test_nothing_left();
}
END_TEST

START_TEST(misuse_is_reported)
{
	u8 *va = (u8 *)kmalloc(100, GFP_KERNEL);
	u8 *other = (u8 *)kmalloc(100, GFP_KERNEL);
	u8 *large = (u8 *)kmalloc(PAGE_SIZE * 2, GFP_KERNEL);
	struct page *page = alloc_page(GFP_KERNEL);
	int local = 0;

	kfree(va);
	kfree(va);
	ck_assert_int_eq(fake_warned(fake, "double-free"), 1);
	kfree(other + 16);
	ck_assert_int_eq(fake_warned(fake, "bad-free"), 1);
	kfree(page_address(page));
	ck_assert_int_eq(fake_warned(fake, "bad-free"), 2);
	kfree((void *)((unsigned long)other & PAGE_MASK));
	ck_assert_int_eq(fake_warned(fake, "bad-free"), 3);
	kfree(&local);
	ck_assert_int_eq(fake_warned(fake, "bad-address"), 1);
	kfree(large);
	kfree(large);
	ck_assert_int_eq(fake_warned(fake, "double-free"), 2);
	kfree(NULL);
	kfree(ZERO_SIZE_PTR);
	ck_assert_int_eq(fake->num_warns, 6);
	fake_warns_clear(fake);

#if LINUX_ASAN
	ck_assert(__asan_address_is_poisoned(va));
	ck_assert(__asan_address_is_poisoned(other - 1));
	ck_assert(!__asan_address_is_poisoned(other + 99));
	ck_assert(__asan_address_is_poisoned(other + 104));
	__asan_unpoison_memory_region(va, 100);
	__asan_unpoison_memory_region(other - 16, 16);
#endif
	/* Freed memory says so. */
	ck_assert_ptr_null(memchr_inv(va, 0x6b, 100));
	va[50] = 0;
	ck_assert(kmalloc(100, GFP_KERNEL) == va);
	ck_assert_int_eq(fake_warned(fake, "write-after-free"), 1);
	/* Writing below an object. */
	memset(other - 8, 0xff, 8);
	memset(other - 16, 0xff, 8);
	kfree(other);
	ck_assert_int_eq(fake_warned(fake, "slab-corruption"), 1);
	put_page(page);
}
END_TEST

START_TEST(last_freed_first_reused)
{
	void *a = kmalloc(64, GFP_KERNEL);
	void *b = kmalloc(64, GFP_KERNEL);
	void *c = kmalloc(64, GFP_KERNEL);

	ck_assert(a < b && b < c);
	kfree(a);
	kfree(c);
	ck_assert(kmalloc(64, GFP_KERNEL) == c);
	ck_assert(kmalloc(64, GFP_KERNEL) == a);
	kfree(a);
	kfree(b);
	kfree(c);
	test_nothing_left();
}
END_TEST

START_TEST(full_pages_take_objects_again)
{
	static void *objects[2 * PAGE_SIZE / 64];
	u32 count = 0;

	/* Until a second page begins. */
	do {
		objects[count] = kmalloc(64, GFP_KERNEL);
		ck_assert_ptr_nonnull(objects[count]);
	} while (PAGE_ALIGN_DOWN((unsigned long)objects[count++]) ==
		 PAGE_ALIGN_DOWN((unsigned long)objects[0]));
	kfree(objects[1]);
	ck_assert(kmalloc(64, GFP_KERNEL) == objects[1]);
	while (count)
		kfree(objects[--count]);
	test_nothing_left();
}
END_TEST

START_TEST(empty_pages_go_back)
{
	enum { COUNT = 5000 };
	static void *objects[COUNT];

	for (int i = 0; i < COUNT; i++)
		objects[i] = kmalloc(96, GFP_KERNEL);
	ck_assert_uint_ge(fake->frames_out, COUNT * 96 / PAGE_SIZE);
	for (int i = 0; i < COUNT; i++)
		kfree(objects[i]);
	/* One is kept. */
	ck_assert_uint_eq(fake->frames_out, 1);
	test_nothing_left();
}
END_TEST

START_TEST(failures)
{
	volatile size_t huge = SIZE_MAX / 2;

	fake->fault_in[PORT_FAULT_KMALLOC] = 2;
	kfree(kmalloc(10, GFP_KERNEL));
	ck_assert_ptr_null(kzalloc(10, GFP_KERNEL));
	ck_assert_ptr_nonnull(krealloc(NULL, 10, GFP_KERNEL));
	/* A product that wraps is no small allocation. */
	ck_assert_ptr_null(kcalloc(huge, 4, GFP_KERNEL));
	ck_assert_ptr_null(kvmalloc(huge, GFP_KERNEL));
	ck_assert(kmalloc(0, GFP_KERNEL) == ZERO_SIZE_PTR);
}
END_TEST

START_TEST(resizing)
{
	u8 *va = (u8 *)kmemdup("0123456789", 10, GFP_KERNEL);

	va = (u8 *)krealloc(va, 3000, GFP_KERNEL);
	ck_assert_int_eq(memcmp(va, "0123456789", 10), 0);
	va = (u8 *)krealloc(va, 4, GFP_KERNEL);
	ck_assert_int_eq(memcmp(va, "0123", 4), 0);
	ck_assert_uint_eq(ksize(va), 4);
	kvfree(va);
	ck_assert_int_eq(fake->num_warns, 0);
	test_nothing_left();
}
END_TEST

void slab_tests(Suite *suite)
{
	TCase *tcase = test_case(suite, "slab");

	tcase_add_test(tcase, objects_keep_their_bytes);
	tcase_add_test(tcase, misuse_is_reported);
	tcase_add_test(tcase, last_freed_first_reused);
	tcase_add_test(tcase, full_pages_take_objects_again);
	tcase_add_test(tcase, empty_pages_go_back);
	tcase_add_test(tcase, failures);
	tcase_add_test(tcase, resizing);
}
