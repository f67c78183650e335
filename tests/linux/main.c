/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "test.h"

struct fake_port *fake;

static void setup(void)
{
	fake = fake_port_create(TEST_DRAM_SIZE, PAGE_SIZE);
	ck_assert_int_eq(linux_boot(&fake->port), 0);
}

static void teardown(void)
{
	linux_shutdown();
	fake_port_destroy(fake);
	fake = NULL;
}

TCase *test_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, setup, teardown);
	suite_add_tcase(suite, tcase);
	return tcase;
}

void test_nothing_left(void)
{
	struct kvm_inspect books;
	u64 slab_frames = 0;

	linux_inspect(&books);
	ck_assert_int_eq(books.slab_objects, 0);
	ck_assert_int_eq(books.kernel_pages, 0);
	ck_assert_int_eq(books.gmem_pages, 0);
	ck_assert_int_eq(books.user_pages, 0);
	ck_assert_int_eq(books.locks_held, 0);
	ck_assert_int_eq(books.pgtable_pages, 0);
	for (u64 i = 0; i < fake->num_frames; i++)
		slab_frames += fake->port.frames[i].kind == PORT_FRAME_SLAB;
	ck_assert_uint_eq(fake->frames_out, slab_frames);
}

int main(void)
{
	Suite *suite = suite_create("linux");
	SRunner *runner;
	int failed;

	macro_tests(suite);
	page_tests(suite);
	slab_tests(suite);
	cache_tests(suite);
	lock_tests(suite);
	sched_tests(suite);
	xarray_tests(suite);
	bitmap_tests(suite);
	print_tests(suite);
	smccc_tests(suite);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
