/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm_coverage.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sim/kvm_note.h>
#include <stdlib.h>
#include <string.h>

/* Takes what each build's note says; false if one was not made for it. */
static bool take_notes(const struct options *options, GPtrArray *directories, GPtrArray *files,
		       bool *clang)
{
	unsigned int i;
	size_t j;

	for (i = 0; i < options->kvm->len; i++) {
		const char *path = options->kvm->pdata[i];
		char *error = NULL, *coverage, *compiler, *file;
		struct kvm_note note;

		if (kvm_note_read(path, &note, &error)) {
			usage_error("%s", error ? error : path);
			free(error);
			return false;
		}
		coverage = kvm_note_value(&note, "coverage", 0);
		compiler = kvm_note_value(&note, "compiler", 0);
		if (coverage) {
			g_ptr_array_add(directories, g_strdup(coverage));
			*clang = compiler && g_str_has_prefix(compiler, "clang");
		}
		for (j = 0; coverage && (file = kvm_note_value(&note, "file", j)); j++) {
			char *equals = strchr(file, '=');

			if (equals)
				g_ptr_array_add(files, g_strdup(equals + 1));
			free(file);
		}
		free(coverage);
		free(compiler);
		kvm_note_clear(&note);
		if (!directories->len) {
			usage_error("--coverage-html: %s was not made by kvm-build --coverage",
				    path);
			return false;
		}
	}
	if (directories->len)
		return true;
	usage_error("--coverage-html: expected --kvm FILE, made by kvm-build --coverage");
	return false;
}

static void remove_counters(const char *directory)
{
	GDir *dir = g_dir_open(directory, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		if (g_str_has_suffix(name, ".gcda")) {
			char *path = g_build_filename(directory, name, NULL);

			g_unlink(path);
			g_free(path);
		}
	}
	if (dir)
		g_dir_close(dir);
}

bool kvm_coverage_begin(const struct options *options)
{
	GPtrArray *directories = g_ptr_array_new_with_free_func(g_free);
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	char *gcovr = g_find_program_in_path("gcovr");
	bool clang = false, good = take_notes(options, directories, files, &clang);
	unsigned int i;

	if (good && !gcovr) {
		usage_error("--coverage-html: gcovr is not installed (Debian package gcovr)");
		good = false;
	}
	if (good && g_mkdir_with_parents(options->coverage_html, 0777)) {
		usage_error("--coverage-html: %s: %s", options->coverage_html, g_strerror(errno));
		good = false;
	}
	for (i = 0; good && i < directories->len; i++) {
		if (!g_file_test(directories->pdata[i], G_FILE_TEST_IS_DIR)) {
			usage_error("--coverage-html: %s, which the build's counters belong to, is "
				    "not there",
				    (const char *)directories->pdata[i]);
			good = false;
		} else {
			remove_counters(directories->pdata[i]);
		}
	}
	g_free(gcovr);
	g_ptr_array_unref(directories);
	g_ptr_array_unref(files);
	return good;
}

static void add(GPtrArray *arguments, const char *first, const char *second)
{
	g_ptr_array_add(arguments, g_strdup(first));
	if (second)
		g_ptr_array_add(arguments, g_strdup(second));
}

static bool run_gcovr(GPtrArray *arguments)
{
	GError *error = NULL;
	char *messages = NULL;
	int status = 0;
	bool good = g_spawn_sync(NULL, (char **)arguments->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL,
				 NULL, NULL, &messages, &status, &error);

	if (good)
		good = g_spawn_check_wait_status(status, &error);
	if (!good)
		usage_error("--coverage-html: gcovr: %s\n%s", error ? error->message : "failed",
			    messages ? messages : "");
	if (error)
		g_error_free(error);
	g_free(messages);
	return good;
}

/* The deepest directory that all files are below. g_free(). */
static char *find_root(const GPtrArray *files)
{
	char *root = g_path_get_dirname(files->pdata[0]);
	unsigned int i;

	for (i = 1; i < files->len; i++) {
		while (strcmp(root, "/")) {
			char *below = g_strdup_printf("%s/", root), *parent;
			bool inside = g_str_has_prefix(files->pdata[i], below);

			g_free(below);
			if (inside)
				break;
			parent = g_path_get_dirname(root);
			g_free(root);
			root = parent;
		}
	}
	return root;
}

bool kvm_coverage_end(const struct options *options)
{
	GPtrArray *directories = g_ptr_array_new_with_free_func(g_free);
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);
	char *index = g_build_filename(options->coverage_html, "index.html", NULL), *root = NULL;
	bool clang = false, good = take_notes(options, directories, files, &clang);
	unsigned int i;

	if (good && files->len) {
		root = find_root(files);
		add(arguments, "gcovr", NULL);
		add(arguments, "--root", root);
		add(arguments, "--gcov-executable", clang ? "llvm-cov gcov" : "gcov");
		add(arguments, "--html-details", index);
		for (i = 0; i < files->len; i++) {
			char *quoted = g_regex_escape_string(files->pdata[i], -1);

			add(arguments, "--filter", quoted);
			g_free(quoted);
		}
		for (i = 0; i < directories->len; i++)
			add(arguments, directories->pdata[i], NULL);
		g_ptr_array_add(arguments, NULL);
		good = run_gcovr(arguments);
	}
	if (good)
		fprintf(stderr, "rmesim: coverage of your files: %s\n", index);
	g_free(root);
	g_free(index);
	g_ptr_array_unref(arguments);
	g_ptr_array_unref(directories);
	g_ptr_array_unref(files);
	return good;
}
