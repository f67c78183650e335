/* SPDX-License-Identifier: BSD-3-Clause */
#include "rmesim.h"

static int lint(const struct command *command, struct options *options)
{
	struct scenario_set *set = load_scenarios(options->paths, options->color);

	(void)command;
	if (!set)
		return EXIT_USAGE;
	printf("%zu file%s, %zu run%s, no errors\n", scenario_set_num_files(set),
	       scenario_set_num_files(set) == 1 ? "" : "s", scenario_set_num_plans(set),
	       scenario_set_num_plans(set) == 1 ? "" : "s");
	scenario_set_destroy(set);
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
