/* SPDX-License-Identifier: BSD-3-Clause */
#include "rmesim.h"

#include <signal.h>
#include <string.h>

static void print_help(FILE *out)
{
	unsigned int i;

	fputs("usage: rmesim COMMAND [OPTIONS] [ARGUMENTS]\n\n"
	      "Runs the host side of Arm CCA's Realm memory management in one process: scenarios "
	      "drive KVM's\n"
	      "ioctls, KVM drives a model of the RMM, and oracles watch both.\n\ncommands:\n",
	      out);
	for (i = 0; i < command_table_size; i++) {
		const char *summary = command_table[i]->summary;

		fprintf(out, "  %-9s %.*s\n", command_table[i]->name, (int)strcspn(summary, "\n"),
			summary);
	}
	fputs("\n  --version  version, commit and ABIs\n  --help     this text; of one command: "
	      "rmesim COMMAND --help\n"
	      "\nexit codes: 0 all passed, 1 a scenario failed, 2 wrong usage or invalid input, 77 "
	      "all skipped,\n"
	      "124 a run timed out\n",
	      out);
}

static const struct command *find_command(const char *name)
{
	const char **names, *nearest;
	unsigned int i;

	for (i = 0; i < command_table_size; i++) {
		if (!strcmp(command_table[i]->name, name))
			return command_table[i];
	}
	names = g_new0(const char *, command_table_size + 1);
	for (i = 0; i < command_table_size; i++)
		names[i] = command_table[i]->name;
	nearest = name_nearest(name, names);
	g_free(names);
	if (nearest)
		usage_error("unknown command '%s': did you mean '%s'?", name, nearest);
	else
		usage_error("unknown command '%s': see 'rmesim --help'", name);
	return NULL;
}

/* Output that could not be written must not look like success. */
static int finish(int status)
{
	if ((fflush(stdout) || ferror(stdout)) && status == EXIT_PASSED) {
		usage_error("cannot write to standard output");
		return EXIT_USAGE;
	}
	return status;
}

int main(int argc, char **argv)
{
	const struct command *command;
	struct options options;
	int status = EXIT_USAGE;

	/* A file that may not grow is an error like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	program_set_name(argv[0]);
	program_set_arguments(argv);
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--version")) {
		version_print(stdout);
		return finish(EXIT_PASSED);
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    (!strcmp(argv[1], "help") && argc < 3)) {
		print_help(stdout);
		return finish(EXIT_PASSED);
	}
	if (!strcmp(argv[1], "help")) {
		command = find_command(argv[2]);
		if (!command)
			return EXIT_USAGE;
		if (command->raw)
			return finish(command->raw(2, (char *[]){argv[2], (char *)"--help", NULL}));
		command_help(command, stdout);
		return finish(EXIT_PASSED);
	}
	if (argv[1][0] == '-') {
		usage_error("unknown option '%s': see 'rmesim --help'", argv[1]);
		return EXIT_USAGE;
	}
	command = find_command(argv[1]);
	if (!command)
		return EXIT_USAGE;
	if (command->raw)
		return finish(command->raw(argc - 1, argv + 1));
	options_init(&options);
	if (options_parse(command, argc - 1, argv + 1, &options)) {
		if (options.help) {
			command_help(command, stdout);
			status = EXIT_PASSED;
		} else {
			status = command->run(command, &options);
		}
	}
	options_clear(&options);
	return finish(status);
}
