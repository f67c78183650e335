/* SPDX-License-Identifier: BSD-3-Clause */
/* test_xarray.c - the radix tree against an array of everything that was stored. */
#include "test.h"

#include <linux/string.h>
#include <linux/xarray.h>

/* Indices of the model: a window at 0, and windows far up, so that the tree has many levels. */
#define WINDOW	    300
#define NUM_WINDOWS 4
static const unsigned long window_base[NUM_WINDOWS] = {0, 4000, 1ul << 36, ~0ul - WINDOW + 1};
static void *model[NUM_WINDOWS][WINDOW];

static u32 random_state;

static u32 random_next(u32 below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

static u64 live_objects(void)
{
	struct kvm_inspect books;

	linux_inspect(&books);
	return books.slab_objects;
}

/* Each ck_assert() costs a system call, so the inner loops only count. */
static void compare(const struct xarray *xa)
{
	u64 seen = 0, expected = 0, wrong = 0;
	unsigned long index;
	void *entry;

	for (u32 w = 0; w < NUM_WINDOWS; w++) {
		for (u32 i = 0; i < WINDOW; i++) {
			unsigned long last;

			wrong += xa_load(xa, window_base[w] + i) != model[w][i];
			wrong += xa_load_extent(xa, window_base[w] + i, &last) != model[w][i];
			/* Everything up to `last` is the same, as far as the window reaches. */
			for (u32 j = i; j < WINDOW && window_base[w] + j <= last; j++)
				wrong += model[w][j] != model[w][i];
			expected += model[w][i] != NULL;
		}
	}
	xa_for_each(xa, index, entry)
	{
		u32 w = NUM_WINDOWS - 1;

		while (index < window_base[w])
			w--;
		if (index - window_base[w] < WINDOW)
			wrong += entry != model[w][index - window_base[w]];
		else
			wrong++;
		seen++;
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(seen, expected);
	ck_assert(!expected || !xa_empty(xa));
}

START_TEST(against_a_model)
{
	DEFINE_XARRAY(xa);

	memset(model, 0, sizeof(model));
	random_state = (u32)_i + 1;
	fake->port.event_mask = 0;
	for (int step = 0; step < 1500; step++) {
		u32 w = random_next(NUM_WINDOWS);
		u32 first = random_next(WINDOW);
		u32 last = first + random_next(WINDOW - first);
		void *entry = random_next(3) ? xa_mk_value(random_next(3)) : NULL;
		unsigned long index = window_base[w] + first;
		u64 before = live_objects();
		void *old;

		/* Memory runs out in one step of eight: then nothing may have changed. */
		if (!random_next(8))
			fake->fault_in[PORT_FAULT_KMALLOC] = 1 + (int)random_next(4);
		switch (random_next(6)) {
		case 0:
		case 1:
			old = xa_store(&xa, index, entry, GFP_KERNEL);
			if (xa_is_err(old)) {
				ck_assert_int_eq(xa_err(old), -ENOMEM);
				ck_assert_uint_eq(live_objects(), before);
				break;
			}
			ck_assert_ptr_eq(old, model[w][first]);
			model[w][first] = entry;
			break;
		case 2:
			old = xa_erase(&xa, index);
			if (xa_is_err(old))
				break;
			ck_assert_ptr_eq(old, model[w][first]);
			model[w][first] = NULL;
			break;
		case 3:
		case 4:
			old = xa_store_range(&xa, index, window_base[w] + last, entry, GFP_KERNEL);
			if (xa_is_err(old)) {
				ck_assert_int_eq(xa_err(old), -ENOMEM);
				ck_assert_uint_eq(live_objects(), before);
				break;
			}
			ck_assert_ptr_null(old);
			for (u32 i = first; i <= last; i++)
				model[w][i] = entry;
			break;
		default:
			if (xa_reserve(&xa, index, GFP_KERNEL))
				break;
			ck_assert_ptr_eq(xa_load(&xa, index), model[w][first]);
			/* A store cannot fail now. */
			fake->fault_always[PORT_FAULT_KMALLOC] = true;
			if (random_next(2)) {
				ck_assert_ptr_eq(xa_store(&xa, index, xa_mk_value(7), GFP_KERNEL),
						 model[w][first]);
				model[w][first] = xa_mk_value(7);
			} else {
				xa_release(&xa, index);
			}
			fake->fault_always[PORT_FAULT_KMALLOC] = false;
			break;
		}
		fake->fault_in[PORT_FAULT_KMALLOC] = 0;
		if (step % 50 == 0)
			compare(&xa);
	}
	compare(&xa);
	for (u32 w = 0; w < NUM_WINDOWS; w++) {
		for (u32 i = 0; i < WINDOW; i++)
			xa_erase(&xa, window_base[w] + i);
		memset(model[w], 0, sizeof(model[w]));
	}
	/* An empty tree needs nothing. */
	ck_assert(xa_empty(&xa));
	ck_assert_uint_eq(live_objects(), 0);
	ck_assert_int_eq(fake->num_warns, 0);
	test_nothing_left();
}
END_TEST

START_TEST(entries)
{
	DEFINE_XARRAY(xa);
	u32 value = 5;

	ck_assert(xa_is_value(xa_mk_value(9)) && xa_to_value(xa_mk_value(9)) == 9);
	ck_assert(!xa_is_value(&value) && !xa_is_value(NULL) && !xa_is_err(&value) &&
		  !xa_is_err(NULL));
	ck_assert(!xa_is_err(xa_mk_value(~0ul)));
	/* Index 0 alone takes no memory. */
	ck_assert_ptr_null(xa_store(&xa, 0, &value, GFP_KERNEL));
	ck_assert_uint_eq(live_objects(), 0);
	ck_assert_ptr_eq(xa_load(&xa, 0), &value);
	ck_assert_ptr_null(xa_load(&xa, 1));
	ck_assert_int_eq(xa_insert(&xa, 0, &value, GFP_KERNEL), -EBUSY);
	ck_assert_int_eq(xa_insert(&xa, ~0ul, &value, GFP_KERNEL), 0);
	ck_assert_ptr_eq(xa_load(&xa, ~0ul), &value);
	ck_assert_ptr_eq(xa_load(&xa, 0), &value);
	ck_assert_ptr_null(xa_load(&xa, ~0ul - 1));
	xa_destroy(&xa);
	ck_assert(xa_empty(&xa));
	test_nothing_left();
}
END_TEST

START_TEST(shrinking)
{
	DEFINE_XARRAY(xa);

	for (unsigned long i = 0; i < 64; i++)
		xa_store(&xa, i, xa_mk_value(i), GFP_KERNEL);
	ck_assert_uint_eq(live_objects(), 1);
	/* Beyond what the tree covers nothing is there, and nothing is needed. */
	fake->fault_always[PORT_FAULT_KMALLOC] = true;
	ck_assert_ptr_null(xa_store_range(&xa, 10, 70, NULL, GFP_KERNEL));
	ck_assert_ptr_null(xa_store_range(&xa, 64, ~0ul, NULL, GFP_KERNEL));
	for (unsigned long i = 0; i < 64; i++)
		ck_assert_ptr_eq(xa_load(&xa, i), i < 10 ? xa_mk_value(i) : NULL);
	ck_assert_ptr_null(xa_store_range(&xa, 0, 9, NULL, GFP_KERNEL));
	ck_assert(xa_empty(&xa));
	/* Empty is as good as new. */
	ck_assert_ptr_null(xa_store(&xa, 0, xa_mk_value(1), GFP_KERNEL));
	ck_assert_ptr_eq(xa_load(&xa, 0), xa_mk_value(1));
	ck_assert_ptr_eq(xa_erase(&xa, 0), xa_mk_value(1));
	ck_assert_int_eq(xa_err(xa_store_range(&xa, 5, 4, NULL, GFP_KERNEL)), -EINVAL);
	test_nothing_left();
}
END_TEST

START_TEST(finding)
{
	DEFINE_XARRAY(xa);
	const unsigned long stored[] = {3, 64, 65, 5000, 1ul << 40};
	unsigned long index = 0;
	void *entry;
	u32 n = 0;

	for (u32 i = 0; i < ARRAY_SIZE(stored); i++)
		xa_store(&xa, stored[i], xa_mk_value(i), GFP_KERNEL);
	xa_for_each_range (&xa, index, entry, 4, 5000) {
		ck_assert_uint_eq(index, stored[1 + n]);
		ck_assert_uint_eq(xa_to_value(entry), 1 + n);
		n++;
	}
	ck_assert_uint_eq(n, 3);
	index = 66;
	ck_assert_ptr_null(xa_find(&xa, &index, 4999));
	ck_assert_uint_eq(index, 66);
	index = 5000;
	ck_assert_ptr_eq(xa_find_after(&xa, &index, ~0ul), xa_mk_value(4));
	ck_assert_uint_eq(index, 1ul << 40);
	ck_assert_ptr_null(xa_find_after(&xa, &index, ~0ul));
	/* Entries may be erased while they are walked. */
	xa_for_each(&xa, index, entry) ck_assert_ptr_eq(xa_erase(&xa, index), entry);
	ck_assert(xa_empty(&xa));
	test_nothing_left();
}
END_TEST

START_TEST(ranges_cost_little)
{
	DEFINE_XARRAY(xa);
	/* The pages of a terabyte. */
	unsigned long first = 0x80000, last = first + (1ul << (40 - PAGE_SHIFT)) - 1, end, at;
	u32 extents = 0, wrong = 0;

	ck_assert_ptr_null(xa_store_range(&xa, first, last, xa_mk_value(8), GFP_KERNEL));
	ck_assert_uint_le(live_objects(), 12);
	for (at = first; at <= last; at = end + 1) {
		wrong += xa_load_extent(&xa, at, &end) != xa_mk_value(8);
		if (end > last)
			end = last;
		extents++;
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_le(extents, 12 * 64);
	ck_assert_ptr_null(xa_load(&xa, first - 1));
	ck_assert_ptr_null(xa_load(&xa, last + 1));
	/* One index out of the middle. */
	ck_assert_ptr_eq(xa_erase(&xa, first + 12345), xa_mk_value(8));
	ck_assert_ptr_null(xa_load(&xa, first + 12345));
	ck_assert_ptr_eq(xa_load(&xa, first + 12344), xa_mk_value(8));
	ck_assert_ptr_eq(xa_load(&xa, first + 12346), xa_mk_value(8));
	ck_assert_ptr_null(xa_store_range(&xa, 0, ~0ul, NULL, GFP_KERNEL));
	ck_assert(xa_empty(&xa));
	test_nothing_left();
}
END_TEST

START_TEST(dense_entries_cost_little)
{
	enum { COUNT = 100000 };
	DEFINE_XARRAY(xa);
	u64 wrong = 0;

	fake->port.event_mask = 0;
	for (unsigned long i = 0; i < COUNT; i++)
		xa_store(&xa, i, xa_mk_value(i), GFP_KERNEL);
	for (unsigned long i = 0; i < COUNT; i++)
		wrong += xa_load(&xa, i) != xa_mk_value(i);
	ck_assert_uint_eq(wrong, 0);
	/* Under 9.5 bytes an entry, and no more than a page of each size on top. */
	ck_assert_uint_le(fake->frames_out * PAGE_SIZE, COUNT * 19 / 2 + PAGE_SIZE);
	xa_destroy(&xa);
	test_nothing_left();
}
END_TEST

void xarray_tests(Suite *suite)
{
	TCase *tcase = test_case(suite, "xarray");

	tcase_add_loop_test(tcase, against_a_model, 0, 20);
	tcase_add_test(tcase, entries);
	tcase_add_test(tcase, shrinking);
	tcase_add_test(tcase, finding);
	tcase_add_test(tcase, ranges_cost_little);
	tcase_add_test(tcase, dense_entries_cost_little);
}
