/* SPDX-License-Identifier: BSD-3-Clause */
/* docs.c - documents that are made from the program's own tables. */
#include "docs.h"

#include "manual.h"

#include <ctype.h>
#include <rmm/conditions.h>
#include <rmm/rmi.h>
#include <rmm/rsi.h>
#include <sim/language.h>
#include <sim/rmi_name.h>
#include <string.h>

/* X0 when `condition` fails, as the specification writes it. */
static void result_print(const struct rmm_command *command, const struct rmm_condition *condition)
{
	static const char *const rmi[] = {"SUCCESS", "ERROR_INPUT", "ERROR_REALM", "ERROR_REC",
					  "ERROR_RTT"};
	static const char *const rsi[] = {"SUCCESS", "ERROR_INPUT", "ERROR_STATE", "INCOMPLETE",
					  "ERROR_UNKNOWN"};
	static const char *const indices[] = {
		[RMM_INDEX_ZERO] = "",
		[RMM_INDEX_ONE] = ", 1",
		[RMM_INDEX_WALK] = ", walk",
		[RMM_INDEX_LEVEL] = ", level",
		[RMM_INDEX_PARENT] = ", level-1",
		[RMM_INDEX_PAGE] = ", 3",
	};

	printf("%s%s", (command->interface == RMM_INTERFACE_RMI ? rmi : rsi)[condition->status],
	       indices[condition->index]);
}

/* "`rd_bound`, `rd_state`" from "rd_bound rd_state". */
static void labels_print(const char *labels)
{
	const char *separator = "";

	while (*labels) {
		size_t length = strcspn(labels, " ");

		printf("%s`%.*s`", separator, (int)length, labels);
		separator = ", ";
		labels += length + strspn(labels + length, " ");
	}
}

/* The anchor that a viewer of Markdown gives to the heading of a command. */
static void anchor_print(const char *interface, const char *name)
{
	printf("%s_", interface);
	for (; *name; name++)
		putchar(tolower((unsigned char)*name));
}

/* "in X1 rd, X2 ipa": registers from x1, by name where `names` has them. */
static void registers_print(const char *kind, unsigned int count, const char *const *names)
{
	unsigned int i;

	printf("%s ", kind);
	if (!names && count > 1)
		printf("X1 to X%u", count);
	else if (!names && count)
		fputs("X1", stdout);
	for (i = 0; names && i < count; i++)
		printf("%sX%u %s", i ? ", " : "", i + 1, names[i]);
	if (!count)
		fputs("nothing", stdout);
}

static void command_print(const struct rmm_command *command)
{
	const char *prefix = command->interface == RMM_INTERFACE_RMI ? "RMI" : "RSI";
	/* NULL for RSI: nobody prints those calls with the names of their registers. */
	const struct rmi_command *rmi = rmi_command(command->fid);
	size_t i;

	printf("### %s_%s\n\n0x%08X; ", prefix, command->name, command->fid);
	registers_print("in:", command->inputs, rmi ? rmi->args : NULL);
	fputs("; ", stdout);
	registers_print("out, beside X0:", command->outputs, rmi ? rmi->outs : NULL);
	fputs(".\n\n", stdout);
	if (!command->num_conditions) {
		fputs("It cannot fail.\n\n", stdout);
		return;
	}
	fputs("| | condition | it fails when | X0 | the specification orders before it |\n"
	      "|---|---|---|---|---|\n",
	      stdout);
	for (i = 0; i < command->num_conditions; i++) {
		const struct rmm_condition *condition = &command->conditions[i];

		printf("| %zu | `%s` | %s | ", i + 1, condition->label, condition->text);
		result_print(command, condition);
		fputs(" | ", stdout);
		labels_print(condition->after);
		fputs(*condition->after ? " |\n" : "|\n", stdout);
	}
	putchar('\n');
}

static void interface_print(enum rmm_interface interface, const char *name, const char *title)
{
	size_t num_commands, i;
	const struct rmm_command *table = rmm_commands(&num_commands);

	printf("## %s\n\n| command | function identifier | conditions |\n|---|---|---|\n", title);
	for (i = 0; i < num_commands; i++) {
		if (table[i].interface != interface)
			continue;
		printf("| [%s](#", table[i].name);
		anchor_print(name, table[i].name);
		printf(") | 0x%08X | %zu |\n", table[i].fid, table[i].num_conditions);
	}
	putchar('\n');
	for (i = 0; i < num_commands; i++) {
		if (table[i].interface == interface)
			command_print(&table[i]);
	}
}

static void rmm_commands_print(void)
{
	fputs("# The commands of the RMM\n"
	      "\n"
	      "`rmesim docs rmm-commands` writes this from the tables that the model's code is "
	      "compiled against\n"
	      "(`rmm/conditions.h`), so that what is here is what the model does.\n"
	      "\n"
	      "A command checks its conditions in the order of its table; the first that fails "
	      "decides X0, and nothing else has\n"
	      "happened then. The specification fixes only a part of that order: the last column "
	      "has the conditions that it wants\n"
	      "checked before. Behind the status is what bits 15:8 of X0 hold: a fixed number, the "
	      "level argument, the level above\n"
	      "it (level-1), or the level at which the walk ended; they are zero where nothing is "
	      "said. Labels are those of the\n"
	      "specification where it has any. It has neither labels nor an order for the Realm's "
	      "side.\n"
	      "\n",
	      stdout);
	interface_print(RMM_INTERFACE_RMI, "rmi", "The Host's side: RMI");
	interface_print(RMM_INTERFACE_RSI, "rsi", "The Realm's side: RSI");
}

static void reference_print(void)
{
	char *text = reference_text();

	fputs(text, stdout);
	g_free(text);
}

static const struct {
	const char *name;
	void (*print)(void);
} documents[] = {
	{"scenario-reference", reference_print},
	{"rmm-commands", rmm_commands_print},
	{"man", manual_print_man},
	{"bash", manual_print_bash},
	{"zsh", manual_print_zsh},
};

static int docs(const struct command *command, struct options *options)
{
	const char *name = options->paths->len ? options->paths->pdata[0] : documents[0].name;
	GString *names;
	size_t i;

	if (options->paths->len > 1) {
		usage_error("%s: expected the name of one document, found %u arguments: see "
			    "'rmesim %s --help'",
			    command->name, options->paths->len, command->name);
		return EXIT_USAGE;
	}
	names = g_string_new(NULL);
	for (i = 0; i < G_N_ELEMENTS(documents); i++) {
		if (!strcmp(documents[i].name, name)) {
			documents[i].print();
			g_string_free(names, TRUE);
			return EXIT_PASSED;
		}
		g_string_append_printf(names, "%s%s", i ? ", " : "", documents[i].name);
	}
	usage_error("%s: no document '%s': expected one of: %s", command->name, name, names->str);
	g_string_free(names, TRUE);
	return EXIT_USAGE;
}

static const struct option_def *const no_options[] = {&option_help, NULL};

const struct command command_docs = {
	.name = "docs",
	.arguments = "[scenario-reference|rmm-commands|man|bash|zsh]",
	.summary = "Prints a document that is made from the program's own tables.\n\n"
		   "scenario-reference: the manual of the scenario language, as Markdown (the "
		   "default).\n"
		   "rmm-commands: all RMI and RSI commands with their failure conditions, as "
		   "Markdown.\n"
		   "man: the manual page of rmesim. bash, zsh: completion for these shells.",
	.examples = "  rmesim docs | less\n"
		    "  rmesim docs rmm-commands >docs/rmm-commands.md\n"
		    "  source <(rmesim docs bash)\n",
	.options = no_options,
	.run = docs,
};
