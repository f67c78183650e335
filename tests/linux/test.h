/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test.h - what the tests of sim/linux share: a booted runtime over a fake machine for each test.
 */
#ifndef TEST_LINUX_H
#define TEST_LINUX_H

#include <check.h>

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <sim/linux.h>

#include "fake_port.h"

#define TEST_DRAM_SIZE (32ull << 20)

extern struct fake_port *fake;

/* test_case - a case of `name` whose tests run with `fake` made and linux_boot() done. */
TCase *test_case(Suite *suite, const char *name);
/*
 * test_nothing_left - every frame is back, apart from empty pages that the slab keeps; no lock is
 * held.
 */
void test_nothing_left(void);

void macro_tests(Suite *suite);
void page_tests(Suite *suite);
void slab_tests(Suite *suite);
void cache_tests(Suite *suite);
void lock_tests(Suite *suite);
void sched_tests(Suite *suite);
void xarray_tests(Suite *suite);
void bitmap_tests(Suite *suite);
void print_tests(Suite *suite);
void smccc_tests(Suite *suite);

#endif
