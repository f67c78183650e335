/* SPDX-License-Identifier: BSD-3-Clause */
/* Scans see every bit of what they are given, and nothing beyond it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "scan.h"

#define WORDS 512

static uint64_t page[WORDS] __attribute__((aligned(4096)));

START_TEST(test_fill)
{
	static const uint64_t strides[] = {0, 1, 0x1000, 0x200000, UINT64_C(1) << 55};

	for (unsigned int s = 0; s < sizeof(strides) / sizeof(strides[0]); s++) {
		const uint64_t first = UINT64_C(0x8000000012345301), stride = strides[s];

		scan_fill(page, first, stride);
		for (unsigned int i = 0; i < WORDS; i++)
			ck_assert_uint_eq(page[i], first + i * stride);
		ck_assert(scan_is_filled(page, first, stride));
		ck_assert(!scan_is_filled(page, first + 1, stride));
		ck_assert(!scan_is_filled(page, first, stride + 1));
		for (unsigned int i = 0; i < WORDS; i++) {
			page[i] ^= UINT64_C(1) << i % 64;
			ck_assert_msg(!scan_is_filled(page, first, stride), "word %u", i);
			page[i] ^= UINT64_C(1) << i % 64;
		}
		ck_assert(scan_is_filled(page, first, stride));
	}
}
END_TEST

START_TEST(test_wipe)
{
	for (unsigned int eighths = 0; eighths < 256; eighths++) {
		memset(page, 0xa5, sizeof(page));
		scan_wipe(page, (uint8_t)eighths);
		for (unsigned int i = 0; i < WORDS; i++)
			ck_assert_uint_eq(page[i], eighths >> i / (WORDS / 8) & 1
							   ? 0
							   : UINT64_C(0xa5a5a5a5a5a5a5a5));
	}
}
END_TEST

START_TEST(test_zero)
{
	memset(page, 0, sizeof(page));
	ck_assert(scan_is_zero(page));
	ck_assert_uint_eq(scan_digest(page), 0);
	for (unsigned int bit = 0; bit < WORDS * 64; bit++) {
		page[bit / 64] = UINT64_C(1) << bit % 64;
		ck_assert_msg(!scan_is_zero(page), "bit %u", bit);
		ck_assert_msg(scan_digest(page) != 0, "bit %u", bit);
		page[bit / 64] = 0;
	}
}
END_TEST

START_TEST(test_digest)
{
	/* Words that change places, and single bits, show. */
	uint64_t digest;

	for (unsigned int i = 0; i < WORDS; i++)
		page[i] = i * UINT64_C(0x9e3779b97f4a7c15);
	digest = scan_digest(page);
	for (unsigned int i = 0; i < WORDS; i++) {
		const unsigned int other = (i + 1 + i % 9) % WORDS;
		const uint64_t word = page[i];

		page[i] = page[other];
		page[other] = word;
		ck_assert_msg(scan_digest(page) != digest, "words %u and %u", i, other);
		page[other] = page[i];
		page[i] = word ^ UINT64_C(1) << i % 64;
		ck_assert_msg(scan_digest(page) != digest, "word %u", i);
		page[i] = word;
	}
	ck_assert_uint_eq(scan_digest(page), digest);
}
END_TEST

START_TEST(test_same)
{
	static uint64_t a[70], b[70];

	for (unsigned int size = 0; size <= 512; size += 32) {
		for (unsigned int from = 0; from < 3; from++) {
			for (unsigned int i = 0; i < 70; i++)
				a[i] = b[i] = i * 3;
			ck_assert(scan_is_same(&a[from], &b[from + 0], size));
			for (unsigned int i = 0; i < 70; i++) {
				b[i] ^= UINT64_C(0x100);
				ck_assert_int_eq(scan_is_same(&a[from], &b[from], size),
						 i < from || i >= from + size / 8);
				b[i] ^= UINT64_C(0x100);
			}
		}
	}
}
END_TEST

/* Each place where the first one can be, from each place on; what is before it, behind the end or no bit of the mask is not. */
START_TEST(test_other)
{
	const uint64_t mask = UINT64_C(0x8000000000000301), value = UINT64_C(0x1);
	static const unsigned int ends[] = {1, 2, 15, 16, 17, 31, 32, 33, 100, 511, 512};

	for (unsigned int i = 0; i < WORDS; i++)
		page[i] = (UINT64_C(0x123456789abcd000) ^ (uint64_t)i << 32) | value;
	for (unsigned int e = 0; e < sizeof(ends) / sizeof(ends[0]); e++) {
		const unsigned int end = ends[e];

		for (unsigned int from = 0; from <= end; from += from % 37 ? 1 : 3)
			ck_assert_uint_eq(scan_other(page, from, end, mask, value | 0x800), end);
		for (unsigned int at = 0; at < WORDS; at++) {
			const uint64_t bits[] = {0x1, 0x100, 0x200, UINT64_C(1) << 63};
			const uint64_t was = page[at];

			page[at] ^= bits[at % 4];
			for (unsigned int from = at > 40 ? at - 40 : 0; from <= end; from += 7) {
				const unsigned int expected = at >= from && at < end ? at : end;

				if (scan_other(page, from, end, mask, value) != expected)
					ck_abort_msg("word %u, from %u to %u", at, from, end);
			}
			if (at < end)
				ck_assert_uint_eq(scan_other(page, at, end, mask, value), at);
			page[at] = was;
		}
	}
}
END_TEST

START_TEST(test_replaced)
{
	static uint64_t old[64], now[64];
	const uint64_t mask = 0x300, value = 0x100;

	for (unsigned int num = 0; num <= 60; num++) {
		uint64_t any = 0, expected = 0;

		for (unsigned int i = 0; i < 64; i++) {
			old[i] = UINT64_C(1) << i;
			now[i] = (old[i] & ~mask) | value;
		}
		for (unsigned int i = 0; i < num; i++)
			expected |= old[i + 1];
		ck_assert(scan_is_replaced(&now[1], &old[1], num, mask, value, &any));
		ck_assert_uint_eq(any, expected);
		for (unsigned int i = 0; i < 64; i++) {
			const bool inside = i >= 1 && i < num + 1;

			/* A bit of the mask, and one that is none. */
			now[i] ^= 0x200;
			ck_assert(scan_is_replaced(&now[1], &old[1], num, mask, value, &any) !=
				  inside);
			now[i] ^= 0x200 ^ 0x40;
			ck_assert(scan_is_replaced(&now[1], &old[1], num, mask, value, &any) !=
				  inside);
			now[i] ^= 0x40;
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scans");
	TCase *tcase = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, test_fill);
	tcase_add_test(tcase, test_wipe);
	tcase_add_test(tcase, test_zero);
	tcase_add_test(tcase, test_digest);
	tcase_add_test(tcase, test_same);
	tcase_add_test(tcase, test_other);
	tcase_add_test(tcase, test_replaced);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
