/* SPDX-License-Identifier: BSD-3-Clause */
/* test_bitmap.c - bit maps against arrays of bool. */
#include "test.h"

#include <linux/bitmap.h>

#define NUM_BITS 200

START_TEST(against_a_model)
{
	DECLARE_BITMAP(map, NUM_BITS);
	bool model[NUM_BITS] = {false};
	u32 state = 7;

	bitmap_zero(map, NUM_BITS);
	for (int step = 0; step < 3000; step++) {
		u32 bit, count;
		unsigned long next, zero, weight = 0;

		state = state * 1664525 + 1013904223;
		bit = (state >> 8) % NUM_BITS;
		count = (state >> 20) % (NUM_BITS - bit);
		switch ((state >> 4) % 6) {
		case 0:
			bitmap_set(map, bit, count);
			for (u32 i = bit; i < bit + count; i++)
				model[i] = true;
			break;
		case 1:
			bitmap_clear(map, bit, count);
			for (u32 i = bit; i < bit + count; i++)
				model[i] = false;
			break;
		case 2:
		case 3:
			ck_assert_int_eq(test_and_set_bit(bit, map), model[bit]);
			model[bit] = true;
			break;
		default:
			ck_assert_int_eq(test_and_clear_bit(bit, map), model[bit]);
			model[bit] = false;
			break;
		}
		for (next = bit; next < NUM_BITS && !model[next];)
			next++;
		for (zero = bit; zero < NUM_BITS && model[zero];)
			zero++;
		for (u32 i = 0; i < NUM_BITS; i++)
			weight += model[i];
		ck_assert_uint_eq(find_next_bit(map, NUM_BITS, bit), next);
		ck_assert_uint_eq(find_next_zero_bit(map, NUM_BITS, bit), zero);
		ck_assert_uint_eq(bitmap_weight(map, NUM_BITS), weight);
		ck_assert_int_eq(bitmap_empty(map, NUM_BITS), weight == 0);
		ck_assert_int_eq(bitmap_full(map, NUM_BITS), weight == NUM_BITS);
	}
	/* Bits behind the end do not count. */
	bitmap_fill(map, NUM_BITS);
	ck_assert_uint_eq(bitmap_weight(map, 70), 70);
	ck_assert_uint_eq(find_next_zero_bit(map, NUM_BITS, 0), NUM_BITS);
	bitmap_zero(map, NUM_BITS);
	set_bit(100, map);
	ck_assert_uint_eq(find_first_bit(map, 90), 90);
	ck_assert_uint_eq(find_first_bit(map, 101), 100);
}
END_TEST

START_TEST(regions)
{
	unsigned long *map = bitmap_zalloc(256, GFP_KERNEL);

	ck_assert_ptr_nonnull(map);
	for (int i = 0; i < 256; i++)
		ck_assert_int_eq(bitmap_find_free_region(map, 256, 0), i);
	ck_assert_int_eq(bitmap_find_free_region(map, 256, 0), -ENOMEM);
	bitmap_release_region(map, 77, 0);
	ck_assert_int_eq(bitmap_find_free_region(map, 256, 0), 77);
	bitmap_release_region(map, 62, 1);
	bitmap_release_region(map, 64, 1);
	/* Four free bits, but none of them aligned to four. */
	ck_assert_int_eq(bitmap_find_free_region(map, 256, 2), -ENOMEM);
	bitmap_release_region(map, 66, 1);
	ck_assert_int_eq(bitmap_find_free_region(map, 256, 2), 64);
	ck_assert_int_eq(bitmap_allocate_region(map, 62, 1), 0);
	ck_assert_int_eq(bitmap_allocate_region(map, 62, 1), -EBUSY);
	bitmap_free(map);
	/* VMIDs of 16 bits, and a length that ends inside a region. */
	map = bitmap_zalloc(1u << 16, GFP_KERNEL);
	ck_assert_int_eq(bitmap_find_free_region(map, 1u << 16, 0), 0);
	ck_assert_int_eq(bitmap_find_free_region(map, 6, 2), -ENOMEM);
	bitmap_free(map);
	fake->fault_in[PORT_FAULT_BITMAP_ALLOC] = 1;
	ck_assert_ptr_null(bitmap_zalloc(256, GFP_KERNEL));
	ck_assert_uint_eq(fake->fault_asked[PORT_FAULT_KMALLOC], 0);
	ck_assert_int_eq(fake->num_warns, 0);
	test_nothing_left();
}
END_TEST

void bitmap_tests(Suite *suite)
{
	TCase *tcase = test_case(suite, "bitmap");

	tcase_add_test(tcase, against_a_model);
	tcase_add_test(tcase, regions);
}
