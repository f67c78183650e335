/* SPDX-License-Identifier: BSD-3-Clause */
/* kvm-info: what KVM builds say of themselves, without loading them. */
#include "rmesim.h"

#include <json-glib/json-glib.h>
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

static void add_text(JsonBuilder *json, const char *name, const struct kvm_note *note,
		     const char *key)
{
	char *value = kvm_note_value(note, key, 0);

	json_builder_set_member_name(json, name);
	if (value)
		json_builder_add_string_value(json, value);
	else
		json_builder_add_null_value(json);
	free(value);
}

static void add_number(JsonBuilder *json, const char *name, const struct kvm_note *note,
		       const char *key)
{
	char *value = kvm_note_value(note, key, 0);

	json_builder_set_member_name(json, name);
	if (value)
		json_builder_add_int_value(json, strtol(value, NULL, 10));
	else
		json_builder_add_null_value(json);
	free(value);
}

/* One object; what the note does not say is null. */
static bool add_info(JsonBuilder *json, const char *path)
{
	static const char *const asan[] = {
		[KVM_ASAN_NONE] = "none", [KVM_ASAN_GCC] = "gcc", [KVM_ASAN_CLANG] = "clang"};
	struct kvm_note note;
	char *error = NULL, *value;
	int err = kvm_note_read(path, &note, &error);
	size_t i;

	if (err) {
		usage_error("%s", error ? error : g_strerror(-err));
		free(error);
		return false;
	}
	json_builder_begin_object(json);
	json_builder_set_member_name(json, "build");
	json_builder_add_string_value(json, path);
	add_text(json, "series", &note, "series");
	add_text(json, "uapi_era", &note, "era");
	add_number(json, "page_size", &note, "page_size");
	add_number(json, "port_abi", &note, "abi");
	add_text(json, "compiler", &note, "compiler");
	json_builder_set_member_name(json, "asan");
	json_builder_add_string_value(json, asan[note.asan]);
	value = kvm_note_value(&note, "ubsan", 0);
	json_builder_set_member_name(json, "ubsan");
	json_builder_add_boolean_value(json, value && !strcmp(value, "yes"));
	free(value);
	add_text(json, "coverage", &note, "coverage");
	add_text(json, "tree", &note, "tree");
	add_text(json, "root", &note, "root");
	json_builder_set_member_name(json, "files");
	json_builder_begin_object(json);
	for (i = 0; (value = kvm_note_value(&note, "file", i)); i++) {
		char *equals = strchr(value, '=');

		if (equals) {
			*equals = '\0';
			json_builder_set_member_name(json, value);
			json_builder_add_string_value(json, equals + 1);
		}
		free(value);
	}
	json_builder_end_object(json);
	json_builder_end_object(json);
	kvm_note_clear(&note);
	return true;
}

static bool print_json(const GPtrArray *paths)
{
	JsonBuilder *json = json_builder_new();
	JsonNode *root;
	bool good = true;
	unsigned int i;
	char *text;

	json_builder_begin_array(json);
	for (i = 0; i < paths->len; i++)
		good &= add_info(json, paths->pdata[i]);
	json_builder_end_array(json);
	root = json_builder_get_root(json);
	text = json_to_string(root, TRUE);
	puts(text);
	g_free(text);
	json_node_unref(root);
	g_object_unref(json);
	return good;
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
	if (options->json)
		return print_json(options->paths) ? EXIT_PASSED : EXIT_USAGE;
	for (i = 0; i < options->paths->len; i++)
		good &= print_info(options->paths->pdata[i]);
	return good ? EXIT_PASSED : EXIT_USAGE;
}

static const struct option_def *const kvm_info_options[] = {&option_json, &option_help, NULL};

const struct command command_kvm_info = {
	.name = "kvm-info",
	.arguments = "FILE...",
	.summary = "Says what KVM builds are: series, page size, compiler, whose files.",
	.examples = "  rmesim kvm-info mine.so\n"
		    "  rmesim kvm-info --json mine.so | jq -r '.[0].series'\n",
	.options = kvm_info_options,
	.run = run,
};
