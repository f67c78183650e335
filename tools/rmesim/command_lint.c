/* SPDX-License-Identifier: BSD-3-Clause */
#include "rmesim.h"

static int lint(const struct command *command, struct options *options)
{
	struct suite *suite = load_suite(options->paths, options->color);

	(void)command;
	if (!suite)
		return EXIT_USAGE;
	printf("%zu file%s, %zu run%s, no errors\n", suite_num_files(suite),
	       suite_num_files(suite) == 1 ? "" : "s", suite_num_plans(suite),
	       suite_num_plans(suite) == 1 ? "" : "s");
	suite_destroy(suite);
	return EXIT_PASSED;
}

static const struct option_def *const lint_options[] = {&option_color, &option_help, NULL};

const struct command command_lint = {
	.name = "lint",
	.arguments = "[FILES|DIRECTORIES]...",
	.summary =
		"Loads scenarios and says everything that is wrong with them, without running any.",
	.examples = "  rmesim lint scenarios/ripas          # a whole theme\n"
		    "  rmesim lint my-first-scenario.yaml\n",
	.options = lint_options,
	.run = lint,
};
