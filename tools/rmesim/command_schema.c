/* SPDX-License-Identifier: BSD-3-Clause */
#include "rmesim.h"

#include <sim/language.h>
#include <string.h>

static int schema(const struct command *command, struct options *options)
{
	const char *name = options->paths->len ? options->paths->pdata[0] : "scenario";
	char *text;

	if (options->paths->len > 1 || (strcmp(name, "scenario") && strcmp(name, "prelude"))) {
		usage_error("%s: expected scenario or prelude, or nothing: see 'rmesim %s --help'",
			    command->name, command->name);
		return EXIT_USAGE;
	}
	text = schema_text(!strcmp(name, "prelude"));
	fputs(text, stdout);
	g_free(text);
	return EXIT_PASSED;
}

static const struct option_def *const schema_options[] = {&option_help, NULL};

const struct command command_schema = {
	.name = "schema",
	.arguments = "[scenario|prelude]",
	.summary =
		"Prints the JSON Schema (draft-07) of scenario files, for editors and validators.",
	.examples = "  rmesim schema >schema/scenario.schema.json\n"
		    "  rmesim schema prelude\n",
	.options = schema_options,
	.run = schema,
};
