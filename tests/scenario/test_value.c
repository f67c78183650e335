/* SPDX-License-Identifier: BSD-3-Clause */
/* What a scalar of a scenario means: the section "Values" of the language, case by case. */
#include "value.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct number_case {
	const char *text;
	unsigned int flags;
	uint64_t value;
};

static const struct number_case numbers[] = {
	{"0", 0, 0},
	{"7", 0, 7},
	{"1_000", 0, 1000},
	{"18446744073709551615", 0, UINT64_MAX},
	{"0xff", 0, 255},
	{"0xFF", 0, 255},
	{"0x8000_0000", 0, 0x80000000ull},
	{"0x1_8020_0000", 0, 0x180200000ull},
	{"4K", VALUE_UNIT, 4096},
	{"2M", VALUE_UNIT, 2u << 20},
	{"3G", VALUE_UNIT, 3ull << 30},
	{"1T", VALUE_UNIT, 1ull << 40},
	{"0x10K", VALUE_UNIT, 16384},
	{"1_024K", VALUE_UNIT, 1u << 20},
	{"4096", VALUE_UNIT, 4096},
	{"-3", VALUE_NEGATIVE, (uint64_t)-3},
	{"-9223372036854775808", VALUE_NEGATIVE, 1ull << 63},
};

START_TEST(test_number)
{
	uint64_t value = 99;

	ck_assert_ptr_null(value_parse_number(numbers[_i].text, numbers[_i].flags, &value));
	ck_assert_uint_eq(value, numbers[_i].value);
}
END_TEST

static const struct {
	const char *text;
	unsigned int flags;
	const char *problem; /* part of it */
} bad_numbers[] = {
	{"", 0, "expected a number"},
	{"_1", 0, "expected a number"},
	{"1_", 0, "expected a number"},
	{"1__0", 0, "expected a number"},
	{"0x", 0, "expected a number"},
	{"0x_1", 0, "expected a number"},
	{"0xfg", 0, "expected a number"},
	{"1.5", 0, "expected a number"},
	{"1e3", 0, "expected a number"},
	{"12 ", 0, "expected a number"},
	{"010", 0, "leading zeros"},
	{"00", 0, "leading zeros"},
	{"0_1", 0, "leading zeros"},
	{"0o7", 0, "hexadecimal with 0x"},
	{"0b1", 0, "hexadecimal with 0x"},
	{"0X1", 0, "hexadecimal with 0x"},
	{"4K", 0, "without a unit"},
	{"4k", VALUE_UNIT, "expected a number"},
	{"4KB", VALUE_UNIT, "expected a number"},
	{"4 K", VALUE_UNIT, "expected a number"},
	{"K", VALUE_UNIT, "expected a number"},
	{"-1", 0, "negative"},
	{"--1", VALUE_NEGATIVE, "expected a number"},
	{"+1", 0, "expected a number"},
	{"18446744073709551616", 0, "64 bits"},
	{"0x1_0000_0000_0000_0000", 0, "64 bits"},
	{"16777216T", VALUE_UNIT, "64 bits"},
	{"-9223372036854775809", VALUE_NEGATIVE, "64 bits"},
	{"yes", 0, "expected a number"},
};

START_TEST(test_bad_number)
{
	uint64_t value;
	const char *problem =
		value_parse_number(bad_numbers[_i].text, bad_numbers[_i].flags, &value);

	ck_assert_msg(problem && strstr(problem, bad_numbers[_i].problem), "%s: %s",
		      bad_numbers[_i].text, problem ? problem : "accepted");
}
END_TEST

START_TEST(test_bool)
{
	static const char *const others[] = {"yes", "no", "on", "off", "True", "FALSE",
					     "1",   "0",  "",	"y",   "truex"};
	bool value;
	size_t i;

	ck_assert_ptr_null(value_parse_bool("true", &value));
	ck_assert(value);
	ck_assert_ptr_null(value_parse_bool("false", &value));
	ck_assert(!value);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert_msg(value_parse_bool(others[i], &value) != NULL, "%s", others[i]);
	/* Whoever writes YAML 1.1 learns what to write instead. */
	ck_assert_ptr_nonnull(strstr(value_parse_bool("on", &value), "write true"));
	ck_assert_ptr_nonnull(strstr(value_parse_bool("No", &value), "write false"));
}
END_TEST

static const struct {
	const char *text;
	uint64_t base, size;
} ranges[] = {
	{"0x8000_0000+2M", 0x80000000ull, 2u << 20},
	{"0x8000_0000..0x8020_0000", 0x80000000ull, 2u << 20},
	{"2G..3G", 2ull << 30, 1ull << 30},
	{"0+4K", 0, 4096},
	{"0xffff_ffff_ffff_f000+4K", 0xfffffffffffff000ull, 4096},
	{"0x1000", 0x1000, 4096}, /* lone */
};

START_TEST(test_range)
{
	uint64_t base, size;

	ck_assert_ptr_null(value_parse_range(ranges[_i].text, 4096, &base, &size));
	ck_assert_uint_eq(base, ranges[_i].base);
	ck_assert_uint_eq(size, ranges[_i].size);
}
END_TEST

START_TEST(test_bad_range)
{
	static const char *const texts[] = {
		"",
		"+2M",
		"0x1000+",
		"0x1000+0",
		"0x1000..0x1000",
		"0x2000..0x1000",
		"0x1000...0x2000",
		"0x1000 + 4K",
		"0x1000+4K+4K",
		"0x1000-0x2000",
		"0xffff_ffff_ffff_f000+8K",
		"0x1000.0x2000",
		"..0x1000",
		"0x1000+010",
	};
	uint64_t base, size;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(value_parse_range(texts[i], 4096, &base, &size) != NULL, "%s",
			      texts[i]);
	ck_assert_ptr_nonnull(value_parse_range("0x1000", 0, &base, &size));
}
END_TEST

static const struct {
	const char *text;
	enum plan_relation relation;
	uint64_t value, holds, fails;
} counts[] = {
	{"512", PLAN_EQ, 512, 512, 511}, {"==3", PLAN_EQ, 3, 3, 4},  {"!=3", PLAN_NE, 3, 4, 3},
	{">=1", PLAN_GE, 1, 1, 0},	 {">1", PLAN_GT, 1, 2, 1},   {"<=1", PLAN_LE, 1, 1, 2},
	{"<1", PLAN_LT, 1, 0, 1},	 {">= 1", PLAN_GE, 1, 7, 0},
};

START_TEST(test_count)
{
	struct plan_count count;

	ck_assert_ptr_null(value_parse_count(counts[_i].text, 0, &count));
	ck_assert_int_eq(count.relation, counts[_i].relation);
	ck_assert_uint_eq(count.value, counts[_i].value);
	ck_assert(plan_count_holds(count, counts[_i].holds));
	ck_assert(!plan_count_holds(count, counts[_i].fails));
}
END_TEST

START_TEST(test_bad_count)
{
	static const char *const texts[] = {"", ">", "=>1", "=1", ">=", ">=-1", ">1x", "~1", ">>1"};
	struct plan_count count;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(value_parse_count(texts[i], 0, &count) != NULL, "%s", texts[i]);
}
END_TEST

START_TEST(test_bytes)
{
	uint8_t bytes[3];
	size_t num;

	ck_assert_ptr_null(value_parse_bytes("00aBff", bytes, sizeof(bytes), &num));
	ck_assert_uint_eq(num, 3);
	ck_assert_mem_eq(bytes, "\x00\xab\xff", 3);
	ck_assert_ptr_nonnull(value_parse_bytes("0", bytes, sizeof(bytes), &num));
	ck_assert_ptr_nonnull(value_parse_bytes("", bytes, sizeof(bytes), &num));
	ck_assert_ptr_nonnull(value_parse_bytes("0g", bytes, sizeof(bytes), &num));
	ck_assert_ptr_nonnull(value_parse_bytes("00000000", bytes, sizeof(bytes), &num));
}
END_TEST

/* The plain words that YAML 1.1 (its type repository) does not take for text. */
START_TEST(test_trap)
{
	static const char *const traps[] = {"yes",  "No",   "ON",   "off",   "true",  "False",
					    "y",    "N",    "~",    "null",  "Null",  "010",
					    "0x1f", "0o17", "0b11", "12",    "-1",    "+1",
					    "1.5",  ".5",   "1e3",  "1_000", "12:30", "1.5e+3"};
	static const char *const texts[] = {"yesterday", "nothing", "ram",    "4K",
					    "v1.0",	 "a1",	    "0x",     "0xzz",
					    "one two",	 "-",	    "1.0.1a", "off-by-one"};
	size_t i;

	for (i = 0; i < sizeof(traps) / sizeof(traps[0]); i++)
		ck_assert_msg(value_trap(traps[i]) != NULL, "%s", traps[i]);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(value_trap(texts[i]) == NULL, "%s", texts[i]);
}
END_TEST

START_TEST(test_nearest)
{
	static const char *const names[] = {"vmm.init_ripas", "vmm.create_vcpus", "guest.write",
					    "ok", NULL};

	ck_assert_str_eq(name_nearest("vmm.init_ripsa", names), "vmm.init_ripas");
	ck_assert_str_eq(name_nearest("create_vcpus", names), "vmm.create_vcpus");
	ck_assert_str_eq(name_nearest("Guest.Write", names), "guest.write");
	ck_assert_str_eq(name_nearest("o", names), "ok");
	ck_assert_ptr_null(name_nearest("something_else", names));
	/* A third of the longer one's letters may be wrong, here four of eleven; a swap counts once. */
	ck_assert_str_eq(name_nearest("gxxxx.write", names), "guest.write");
	ck_assert_ptr_null(name_nearest("gxxxx.wxite", names));
	ck_assert_str_eq(name_nearest("ugse.twrtie", names), "guest.write");
	ck_assert_str_eq(name_nearest("est.write", names), "guest.write");
	ck_assert_ptr_null(name_nearest("write", names));
	ck_assert_ptr_null(name_nearest("", names));
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
	Suite *suite = suite_create("value");
	TCase *tcase = tcase_create("value");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_number, 0, COUNT(numbers));
	tcase_add_loop_test(tcase, test_bad_number, 0, COUNT(bad_numbers));
	tcase_add_test(tcase, test_bool);
	tcase_add_loop_test(tcase, test_range, 0, COUNT(ranges));
	tcase_add_test(tcase, test_bad_range);
	tcase_add_loop_test(tcase, test_count, 0, COUNT(counts));
	tcase_add_test(tcase, test_bad_count);
	tcase_add_test(tcase, test_bytes);
	tcase_add_test(tcase, test_trap);
	tcase_add_test(tcase, test_nearest);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
