/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm_manifest.h"

#include "rmesim.h"

#include <string.h>

#define MANIFEST "share/rmesim/kvm-build/manifest"
#define FORMAT	 "rmesim-kvm-build 1"
/* In a build or an installation the program stands in bin/, or in lib/rmesim/KIND/bin/. */
#define MAX_PARENTS 4

char *program_directory(void)
{
	char *program = g_file_read_link("/proc/self/exe", NULL), *directory = NULL;

	if (program)
		directory = g_path_get_dirname(program);
	g_free(program);
	return directory;
}

static char *find_manifest(void)
{
	char *directory = program_directory();
	unsigned int i;

	for (i = 0; directory && i < MAX_PARENTS; i++) {
		char *parent = g_path_get_dirname(directory), *path;

		g_free(directory);
		directory = parent;
		path = g_build_filename(directory, MANIFEST, NULL);
		if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
			g_free(directory);
			return path;
		}
		g_free(path);
	}
	g_free(directory);
	return NULL;
}

static bool read_line(struct kvm_manifest *manifest, const char *path, const char *line)
{
	const char *value = strchr(line, ' ');
	char *key = value ? g_strndup(line, (size_t)(value - line)) : g_strdup(line);
	bool good = true;

	value = value ? value + 1 : "";
	if (!strcmp(key, "root")) {
		char *directory = g_path_get_dirname(path);

		g_free(manifest->root);
		manifest->root = g_canonicalize_filename(value, directory);
		g_free(directory);
	} else if (!strcmp(key, "source")) {
		g_ptr_array_add(manifest->sources, g_strdup(value));
	} else if (!strcmp(key, "include")) {
		g_ptr_array_add(manifest->includes, g_strdup(value));
	} else if (!strcmp(key, "compile")) {
		g_ptr_array_add(manifest->compile, g_strdup(value));
	} else if (!strcmp(key, "link")) {
		g_ptr_array_add(manifest->link, g_strdup(value));
	} else if (!strcmp(key, "exports")) {
		g_free(manifest->exports);
		manifest->exports = g_strdup(value);
	} else if (strcmp(key, "version") && strcmp(key, "host")) {
		usage_error("%s: unknown line '%s'", path, line);
		good = false;
	}
	g_free(key);
	return good;
}

static bool read_manifest(struct kvm_manifest *manifest, const char *path)
{
	GError *error = NULL;
	char *text = NULL, **lines;
	bool good = true;
	unsigned int i;

	if (!g_file_get_contents(path, &text, NULL, &error)) {
		usage_error("kvm-build: %s", error->message);
		g_error_free(error);
		return false;
	}
	lines = g_strsplit(text, "\n", -1);
	if (!lines[0] || strcmp(lines[0], FORMAT)) {
		usage_error("%s: expected '%s' in its first line", path, FORMAT);
		good = false;
	}
	for (i = 1; good && lines[i]; i++) {
		if (*lines[i])
			good = read_line(manifest, path, lines[i]);
	}
	if (good && (!manifest->root || !manifest->exports || !manifest->sources->len)) {
		usage_error("%s: is not whole", path);
		good = false;
	}
	g_strfreev(lines);
	g_free(text);
	return good;
}

struct kvm_manifest *kvm_manifest_load(void)
{
	struct kvm_manifest *manifest = g_new0(struct kvm_manifest, 1);
	char *path = find_manifest();
	bool good = path != NULL;

	manifest->sources = g_ptr_array_new_with_free_func(g_free);
	manifest->includes = g_ptr_array_new_with_free_func(g_free);
	manifest->compile = g_ptr_array_new_with_free_func(g_free);
	manifest->link = g_ptr_array_new_with_free_func(g_free);
	if (!path)
		usage_error("kvm-build: no " MANIFEST
			    " beside this program: it belongs to rmesim's installation");
	if (path)
		good = read_manifest(manifest, path);
	g_free(path);
	if (good)
		return manifest;
	kvm_manifest_free(manifest);
	return NULL;
}

void kvm_manifest_free(struct kvm_manifest *manifest)
{
	g_ptr_array_unref(manifest->sources);
	g_ptr_array_unref(manifest->includes);
	g_ptr_array_unref(manifest->compile);
	g_ptr_array_unref(manifest->link);
	g_free(manifest->root);
	g_free(manifest->exports);
	g_free(manifest);
}
