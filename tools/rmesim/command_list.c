/* SPDX-License-Identifier: BSD-3-Clause */
#include "rmesim.h"

#include <inttypes.h>
#include <string.h>

static void print_param(const struct step_param *param)
{
	static const char *const types[] = {
		[STEP_ADDRESS] = "address", [STEP_SIZE] = "size",   [STEP_NUMBER] = "number",
		[STEP_BOOL] = "true|false", [STEP_STRING] = "text",
	};
	char *type = param->type == STEP_ENUM ? g_strjoinv("|", (char **)(uintptr_t)param->names)
					      : g_strdup(types[param->type]);

	printf("    %-14s %s%s", param->name, type, param->required ? ", required" : "");
	if (!param->required && param->type == STEP_ENUM)
		printf(", default %s", param->names[param->fallback]);
	else if (!param->required && param->type == STEP_BOOL)
		printf(", default %s", param->fallback ? "true" : "false");
	else if (!param->required && param->fallback)
		printf(", default 0x%" PRIx64, param->fallback);
	if (param->max)
		printf(", 0x%" PRIx64 " to 0x%" PRIx64, param->min, param->max);
	printf("\n                   %s\n", param->help ? param->help : "");
	g_free(type);
}

static void list_steps(void)
{
	const struct step_def *def;
	size_t i, j;

	for (i = 0; (def = step_at(i)); i++) {
		printf("%s%s%s\n  %s\n", def->name, def->raw ? " (raw)" : "",
		       def->hostile ? " (hostile)" : "", def->help ? def->help : "");
		for (j = 0; j < def->num_params; j++)
			print_param(&def->params[j]);
		putchar('\n');
	}
}

static void list_faults(void)
{
	struct fault_info info;
	char name[64];
	size_t i;

	for (i = 0; fault_info_at(i, &info); i++) {
		snprintf(name, sizeof(name), "%s%s", info.rmm ? "rmi." : "", info.name);
		printf("%-28s %-17s %s%s%s%s\n", name,
		       info.environment && info.rmm ? "environment, rmm"
		       : info.rmm		    ? "rmm"
						    : "environment",
		       info.help, info.rmm ? " (" : "", info.statuses, info.rmm ? ")" : "");
	}
}

static void list_expectations(void)
{
	struct expect_info info;
	size_t i;

	for (i = 0; expect_info_at(i, &info); i++)
		printf("%-14s %-8s %s\n", info.name, info.state ? "state" : "answer", info.help);
}

static void list_plan(const struct plan *plan, int width, bool verbose)
{
	char *tags = plan->tags ? g_strjoinv(", ", (char **)(uintptr_t)plan->tags) : g_strdup("");

	printf(*tags ? "%-*s  %-10s  %s\n" : "%-*s  %s\n", width, plan->id,
	       plan_level_name(plan->level), tags);
	if (verbose) {
		char **words = g_strsplit_set(plan->about, "\n", -1);
		unsigned int i;

		for (i = 0; words[i]; i++) {
			if (*words[i])
				printf("    %s\n", words[i]);
		}
		printf("    %s:%u\n", plan->place.source->path, plan->place.line);
		g_strfreev(words);
	}
	g_free(tags);
}

static int list(const struct command *command, struct options *options)
{
	struct scenario_set *set;
	GPtrArray *plans;
	int width = 0;
	unsigned int num_selected, i;

	(void)command;
	if (options->steps)
		list_steps();
	if (options->faults)
		list_faults();
	if (options->expectations)
		list_expectations();
	if (options->steps || options->faults || options->expectations)
		return EXIT_PASSED;
	set = load_scenarios(options->paths, options->color);
	if (!set)
		return EXIT_USAGE;
	plans = select_plans(set, options);
	num_selected = plans->len;
	shard_select(options->shard, plans);
	for (i = 0; i < plans->len; i++) {
		const struct plan *plan = plans->pdata[i];

		width = MAX(width, (int)strlen(plan->id));
	}
	for (i = 0; i < plans->len; i++)
		list_plan(plans->pdata[i], width, options->verbose);
	if (!num_selected)
		say_none_selected(set, options);
	else if (!plans->len)
		usage_error("shard %u/%u has no run: only %u %s chosen", options->shard.index,
			    options->shard.total, num_selected, num_selected == 1 ? "was" : "were");
	i = plans->len;
	g_ptr_array_unref(plans);
	scenario_set_destroy(set);
	return i ? EXIT_PASSED : EXIT_USAGE;
}

static const struct option_def *const list_options[] = {
	&option_filter,	 &option_exclude, &option_tag,	  &option_level,
	&option_shard,	 &option_steps,	  &option_faults, &option_expectations,
	&option_verbose, &option_color,	  &option_help,	  NULL,
};

const struct command command_list = {
	.name = "list",
	.arguments = "[FILES|DIRECTORIES]...",
	.summary = "Lists the runs that scenarios give, or the words that they are made of.",
	.examples = "  rmesim list scenarios/ --tag smoke\n"
		    "  rmesim list --steps                  # every step and its parameters\n"
		    "  rmesim list --expectations --faults\n",
	.options = list_options,
	.run = list,
};
