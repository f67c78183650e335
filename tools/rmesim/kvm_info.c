/* SPDX-License-Identifier: BSD-3-Clause */
/* kvm-info: what KVM builds say of themselves, without loading them. */
#include "rmesim.h"

#include <sim/kvm_note.h>
#include <stdlib.h>
#include <string.h>

static void print_value(const struct kvm_note *note, const char *key, const char *title)
{
	char *value = kvm_note_value(note, key, 0);

	if (value)
		printf("  %-12s %s\n", title, value);
	free(value);
}

static void print_abi(const struct kvm_note *note)
{
	char *value = kvm_note_value(note, "abi", 0);
	unsigned long abi = value ? strtoul(value, NULL, 10) : 0;

	if (value)
		printf("  %-12s %lu%s\n", "port ABI", abi,
		       abi == SIM_PORT_ABI ? "" : ", which is not this program's");
	free(value);
}

static void print_page_size(const struct kvm_note *note)
{
	char *value = kvm_note_value(note, "page_size", 0);

	if (value)
		printf("  %-12s %luK\n", "page size", strtoul(value, NULL, 10) / 1024);
	free(value);
}

static void print_sanitizers(const struct kvm_note *note)
{
	char *ubsan = kvm_note_value(note, "ubsan", 0);
	bool undefined = ubsan && !strcmp(ubsan, "yes");

	printf("  %-12s %s%s\n", "sanitizers", kvm_asan_words(note->asan),
	       undefined ? ", UndefinedBehaviorSanitizer" : "");
	free(ubsan);
}

static void print_files(const struct kvm_note *note)
{
	char *value;
	size_t i;

	for (i = 0; (value = kvm_note_value(note, "file", i)); i++) {
		char *equals = strchr(value, '=');

		if (equals)
			*equals = '\0';
		printf("  %-12s %s: %s\n", i ? "" : "yours", value, equals ? equals + 1 : "?");
		free(value);
	}
	value = kvm_note_value(note, "root", 0);
	printf("  %-12s %s%s%s\n", "rmesim's", i ? "the rest" : "all of it", value ? ", from " : "",
	       value ? value : "");
	free(value);
}

static bool print_info(const char *path)
{
	struct kvm_note note;
	char *error = NULL;
	int err = kvm_note_read(path, &note, &error);

	if (err) {
		usage_error("%s", error ? error : g_strerror(-err));
		free(error);
		return false;
	}
	printf("%s\n", path);
	if (!*note.text)
		fputs("  has no note: made by an older rmesim, or by hand\n", stdout);
	print_value(&note, "series", "series");
	print_value(&note, "era", "UAPI era");
	print_page_size(&note);
	print_abi(&note);
	print_value(&note, "compiler", "compiler");
	print_sanitizers(&note);
	print_value(&note, "coverage", "coverage");
	print_value(&note, "tree", "tree");
	print_files(&note);
	kvm_note_clear(&note);
	return true;
}

static int run(const struct command *command, struct options *options)
{
	bool good = true;
	unsigned int i;

	(void)command;
	if (!options->paths->len) {
		usage_error("kvm-info: expected a KVM build");
		return EXIT_USAGE;
	}
	for (i = 0; i < options->paths->len; i++)
		good &= print_info(options->paths->pdata[i]);
	return good ? EXIT_PASSED : EXIT_USAGE;
}

static const struct option_def *const kvm_info_options[] = {&option_help, NULL};

const struct command command_kvm_info = {
	.name = "kvm-info",
	.arguments = "FILE...",
	.summary = "Says what KVM builds are: series, page size, compiler, whose files.",
	.examples = "  rmesim kvm-info mine.so\n",
	.options = kvm_info_options,
	.run = run,
};
