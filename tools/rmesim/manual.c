/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * manual.c - the manual page and the shells' completions. Everything in them comes from the tables of
 * commands and options, so that a new command or option is in all three.
 */
#include "manual.h"

#include "rmesim.h"

#include <string.h>

/* --- the page ------------------------------------------------------------------------------------------ */

/* Text for troff: no character of it is a command. */
static void put_roff(const char *text, size_t length)
{
	bool line_begins = true;
	size_t i;

	for (i = 0; i < length; i++) {
		if (line_begins && (text[i] == '.' || text[i] == '\''))
			fputs("\\&", stdout);
		if (text[i] == '\\')
			fputs("\\e", stdout);
		else if (text[i] == '-')
			fputs("\\-", stdout);
		else
			putchar(text[i]);
		line_begins = text[i] == '\n';
	}
}

static void put_option(const struct option_def *option)
{
	fputs(".TP\n\\fB", stdout);
	if (option->letter)
		printf("\\-%c\\fR, \\fB", option->letter);
	fputs("\\-\\-", stdout);
	put_roff(option->name, strlen(option->name));
	fputs("\\fR", stdout);
	if (option->argument) {
		fputs(" \\fI", stdout);
		put_roff(option->argument, strlen(option->argument));
		fputs("\\fR", stdout);
	}
	putchar('\n');
	put_roff(option->help, strlen(option->help));
	putchar('\n');
}

static void put_command(const struct command *command)
{
	const struct option_def *const *option;
	const char *at, *end;

	printf(".SS \"rmesim %s", command->name);
	if (command->arguments && *command->arguments) {
		putchar(' ');
		put_roff(command->arguments, strlen(command->arguments));
	}
	fputs("\"\n", stdout);
	/* Paragraphs are apart by an empty line. */
	for (at = command->summary; *at; at = *end ? end + 1 : end) {
		end = at + strcspn(at, "\n");
		if (end == at)
			fputs(".PP\n", stdout);
		else {
			put_roff(at, (size_t)(end - at));
			putchar('\n');
			if (*end)
				fputs(".br\n", stdout);
		}
	}
	for (option = command->options; option && *option; option++)
		put_option(*option);
	if (command->examples) {
		fputs(".PP\n.nf\n", stdout);
		put_roff(command->examples, strlen(command->examples));
		fputs(".fi\n", stdout);
	}
}

void manual_print_man(void)
{
	unsigned int i;

	fputs(".\\\" SPDX-License-Identifier: BSD-3-Clause\n"
	      ".\\\" Made by `rmesim docs man` from the program's table of commands.\n"
	      ".TH RMESIM 1 \"\" \"rmesim\" \"User Commands\"\n"
	      ".SH NAME\n"
	      "rmesim \\- run the host side of Arm CCA in one process\n"
	      ".SH SYNOPSIS\n"
	      ".B rmesim\n"
	      ".I COMMAND\n"
	      "[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"
	      ".SH DESCRIPTION\n"
	      "Runs the host side of Arm CCA's Realm memory management in one process: scenarios "
	      "drive KVM's "
	      "ioctls,\n"
	      "KVM drives a model of the RMM, and oracles watch both. \\fBrmesim docs\\fR prints "
	      "the manual of the\n"
	      "scenario language.\n"
	      ".SH COMMANDS\n",
	      stdout);
	for (i = 0; i < command_table_size; i++)
		put_command(command_table[i]);
	fputs(".SH \"EXIT STATUS\"\n"
	      ".TP\n0\nall passed\n"
	      ".TP\n1\na scenario failed\n"
	      ".TP\n2\nwrong usage or invalid input; nothing ran, or nothing was chosen\n"
	      ".TP\n77\nall were skipped\n"
	      ".TP\n124\na run timed out\n"
	      ".SH ENVIRONMENT\n"
	      ".TP\n.B NO_COLOR\nno colour, unless \\-\\-color=always\n"
	      ".TP\n\\fBTEST_SHARD_INDEX\\fR, \\fBTEST_TOTAL_SHARDS\\fR, "
	      "\\fBTEST_SHARD_STATUS_FILE\\fR\n"
	      "as Bazel sets them: which part of the runs is meant, as \\-\\-shard says it\n"
	      ".TP\n.B JOB_COMPLETION_INDEX\n"
	      "as a Kubernetes Indexed Job sets it: the part, of as many as TEST_TOTAL_SHARDS or "
	      "JOB_COMPLETIONS "
	      "says\n"
	      ".SH FILES\n"
	      ".TP\n.I preludes/\n"
	      "beginnings that scenarios share, looked for from the directory of a scenario "
	      "upwards\n",
	      stdout);
}

/* --- completion ---------------------------------------------------------------------------------------- */

/* The same in one string, or NULL. */
static char *joined_words(const struct option_def *option)
{
	const char *const *words = option_words(option);

	return words ? g_strjoinv(" ", (char **)(uintptr_t)words) : NULL;
}

/* Inside of '...' in a shell, with a backslash before each of the characters in `escaped`. */
static void put_quoted(const char *text, const char *escaped)
{
	for (; *text; text++) {
		if (strchr(escaped, *text))
			putchar('\\');
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*text);
	}
}

void manual_print_bash(void)
{
	const struct option_def *const *option;
	unsigned int i;

	fputs("# SPDX-License-Identifier: BSD-3-Clause\n"
	      "# bash completion for rmesim; made by `rmesim docs bash`\n"
	      "_rmesim()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} "
	      "command=${COMP_WORDS[1]} "
	      "options= values=\n"
	      "\tCOMPREPLY=()\n"
	      "\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W '",
	      stdout);
	for (i = 0; i < command_table_size; i++)
		printf("%s ", command_table[i]->name);
	fputs("help --help --version' -- \"$cur\"))\n\t\treturn\n\tfi\n"
	      "\t# bash takes --name=value for three words\n"
	      "\t[ \"$cur\" = = ] && cur= && prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\t[ \"$prev\" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
	      "\tcase $command in\n",
	      stdout);
	for (i = 0; i < command_table_size; i++) {
		const struct command *command = command_table[i];

		if (!command->options)
			continue;
		printf("\t%s)\n\t\toptions='", command->name);
		for (option = command->options; *option; option++)
			printf("%s--%s", option == command->options ? "" : " ", (*option)->name);
		fputs("'\n\t\tcase $prev in\n", stdout);
		for (option = command->options; *option; option++) {
			char *words = joined_words(*option);

			if (!(*option)->argument)
				continue;
			fputs("\t\t", stdout);
			if ((*option)->letter)
				printf("-%c | ", (*option)->letter);
			printf("--%s) values=", (*option)->name);
			if (words)
				printf("'%s' ;;\n", words);
			else
				printf("%s ;;\n",
				       strstr((*option)->argument, "FILE") ? ":file" : ":any");
			g_free(words);
		}
		fputs("\t\tesac\n\t\t;;\n", stdout);
	}
	fputs("\thelp) options='", stdout);
	for (i = 0; i < command_table_size; i++)
		printf("%s%s", i ? " " : "", command_table[i]->name);
	fputs("' ;;\n\tesac\n"
	      "\tcase $values in\n"
	      "\t:any) ;;\n"
	      "\t:file) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
	      "\t?*) COMPREPLY=($(compgen -W \"$values\" -- \"$cur\")) ;;\n"
	      "\t*)\n"
	      "\t\tif [[ $cur == -* || $command == help ]]; then\n"
	      "\t\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	      "\t\telse\n"
	      "\t\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
	      "\t\tfi\n"
	      "\t\t;;\n"
	      "\tesac\n"
	      "}\n"
	      "complete -o filenames -F _rmesim rmesim\n",
	      stdout);
}

/* Special inside of [...] of an argument to _arguments. */
#define ZSH_SPECIAL "[]:\\"

void manual_print_zsh(void)
{
	const struct option_def *const *option;
	unsigned int i;

	fputs("#compdef rmesim\n"
	      "# SPDX-License-Identifier: BSD-3-Clause\n"
	      "# zsh completion for rmesim; made by `rmesim docs zsh`\n"
	      "_rmesim() {\n"
	      "\tlocal -a commands\n"
	      "\tcommands=(\n",
	      stdout);
	for (i = 0; i < command_table_size; i++) {
		char *line = g_strndup(command_table[i]->summary,
				       strcspn(command_table[i]->summary, "\n"));

		printf("\t\t'%s:", command_table[i]->name);
		put_quoted(line, "");
		fputs("'\n", stdout);
		g_free(line);
	}
	fputs("\t)\n"
	      "\tif (( CURRENT == 2 )); then\n"
	      "\t\t_describe -t commands command commands\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tlocal command=$words[2]\n"
	      "\t(( CURRENT-- ))\n"
	      "\tshift words\n"
	      "\tcase $command in\n",
	      stdout);
	for (i = 0; i < command_table_size; i++) {
		const struct command *command = command_table[i];

		if (!command->options)
			continue;
		printf("\t%s)\n\t\t_arguments", command->name);
		for (option = command->options; *option; option++) {
			char *words = joined_words(*option);
			const char *file =
				(*option)->argument && strstr((*option)->argument, "FILE")
					? "_files"
					: " ";

			if ((*option)->letter)
				printf(" \\\n\t\t\t'*'{-%c,--%s}'[", (*option)->letter,
				       (*option)->name);
			else
				printf(" \\\n\t\t\t'*--%s[", (*option)->name);
			put_quoted((*option)->help, ZSH_SPECIAL);
			putchar(']');
			if ((*option)->argument) {
				putchar(':');
				put_quoted((*option)->argument, ZSH_SPECIAL);
				if (words)
					printf(":(%s)", words);
				else
					printf(":%s", file);
			}
			putchar('\'');
			g_free(words);
		}
		fputs(" \\\n\t\t\t'*:file:_files'\n\t\t;;\n", stdout);
	}
	fputs("\thelp) _describe -t commands command commands ;;\n"
	      "\tesac\n"
	      "}\n"
	      "_rmesim \"$@\"\n",
	      stdout);
}
