/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * random_rmi.c - a long run of random calls, with a check of every invariant from scratch now and then:
 * random_rmi [--calls N] [--seed S] [--check-every N]. Prints what was done and a digest of all answers and
 * of the state in the end, the same for the same arguments. Exit status 0 if nothing was wrong.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include "random_play.h"
#include "support.h"

static struct random_options options = {
	.seed = 1,
	.calls = 10000,
	.check_every = 1000,
	.invariants = RMM_INVARIANTS_STEP,
};

START_TEST(test_long_run)
{
	struct random_result result;

	random_play(&options, &result);
	printf("%" PRIu64 " calls, %" PRIu64 " succeeded, digest %016" PRIx64 "\n", result.calls,
	       result.succeeded, result.digest);
}
END_TEST

static bool number(const char *text, uint64_t min, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	return !errno && end != text && !*end && *text != '-' && *out >= min;
}

static int usage(const char *name)
{
	fprintf(stderr, "usage: %s [--calls N] [--seed S] [--check-every N]\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"calls", required_argument, NULL, 'c'},
		{"seed", required_argument, NULL, 's'},
		{"check-every", required_argument, NULL, 'e'},
		{NULL, 0, NULL, 0},
	};
	Suite *suite = suite_create("random_rmi");
	TCase *tcase = tcase_create("run");
	SRunner *runner;
	int option, failed;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		bool good = false;

		if (option == 'c')
			good = number(optarg, 1, &options.calls);
		else if (option == 's')
			good = number(optarg, 0, &options.seed);
		else if (option == 'e')
			good = number(optarg, 1, &options.check_every);
		if (!good)
			return usage(argv[0]);
	}
	if (optind != argc)
		return usage(argv[0]);
	tcase_add_test(tcase, test_long_run);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	/* In this process, where no timeout applies. */
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
