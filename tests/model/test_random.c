/* SPDX-License-Identifier: BSD-3-Clause */
/* Random calls of a Host and two Realms: see random_play.c. */
#include "random_play.h"
#include "support.h"

START_TEST(test_random_calls)
{
	/* The checker changes nothing: with it and without, all answers are the same. */
	const struct random_options options = {
		.seed = (uint64_t)_i + 1,
		.calls = 60000,
		.check_every = 500,
		.invariants = _i == 0 ? RMM_INVARIANTS_OFF : RMM_INVARIANTS_STEP,
	};
	struct random_result first;

	random_play(&options, &first);
	if (_i == 0) {
		struct random_options again = options;
		struct random_result second;

		again.invariants = RMM_INVARIANTS_STEP;
		random_play(&again, &second);
		check_eq(first.digest, second.digest);
		check_eq(first.succeeded, second.succeeded);
	}
}
END_TEST

START_TEST(test_random_calls_full)
{
	const struct random_options options = {
		.seed = (uint64_t)_i + 100,
		.calls = 1500,
		.check_every = 500,
		.invariants = RMM_INVARIANTS_FULL,
	};
	struct random_result result;

	random_play(&options, &result);
}
END_TEST

Suite *suite_random(void)
{
	Suite *suite = suite_create("random calls");
	TCase *tcase = tcase_create("seeds");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, test_random_calls, 0, 8);
	tcase_add_loop_test(tcase, test_random_calls_full, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
