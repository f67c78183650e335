/* SPDX-License-Identifier: BSD-3-Clause */
/* The unit tests of the RMM. */
#include <stdlib.h>
#include "support.h"

int main(void)
{
	SRunner *runner = srunner_create(suite_worked());
	int failed;

	srunner_add_suite(runner, suite_conditions());
	srunner_add_suite(runner, suite_geometry());
	srunner_add_suite(runner, suite_entries());
	srunner_add_suite(runner, suite_access());
	srunner_add_suite(runner, suite_run());
	srunner_add_suite(runner, suite_rsi());
	srunner_add_suite(runner, suite_psci());
	srunner_add_suite(runner, suite_measurement());
	srunner_add_suite(runner, suite_memory());
	srunner_add_suite(runner, suite_random());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
