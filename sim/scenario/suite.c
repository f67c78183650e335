/* SPDX-License-Identifier: BSD-3-Clause */
#include "loader.h"
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

/* Directories below each other. A tree that is deeper is a loop or a mistake. */
#define MAX_DIRECTORY_DEPTH 32u

struct suite {
	struct arena *arena;
	struct diagnostics *diagnostics;
	GPtrArray *sources; /* struct source */
	GArray *seen;	    /* struct file_id of each source */
	GHashTable
		*names; /* scenario name -> struct plan: the first one; only asked, never walked */
	struct loader_plans plans;
};

/* The same file under two names is one file. */
struct file_id {
	dev_t device;
	ino_t inode;
};

static void free_source(void *source)
{
	source_destroy(source);
}

struct suite *suite_create(void)
{
	struct suite *suite = g_new0(struct suite, 1);

	suite->arena = arena_create();
	suite->diagnostics = diagnostics_create();
	suite->sources = g_ptr_array_new_with_free_func(free_source);
	suite->seen = g_array_new(FALSE, FALSE, sizeof(struct file_id));
	suite->names = g_hash_table_new(g_str_hash, g_str_equal);
	return suite;
}

void suite_destroy(struct suite *suite)
{
	if (!suite)
		return;
	g_free(suite->plans.items);
	g_hash_table_unref(suite->names);
	g_array_unref(suite->seen);
	g_ptr_array_unref(suite->sources);
	diagnostics_destroy(suite->diagnostics);
	arena_destroy(suite->arena);
	g_free(suite);
}

/* A name belongs to one scenario, whichever file it stands in. */
static void suite_check_names(struct suite *suite, size_t first)
{
	size_t i;

	for (i = first; i < suite->plans.num; i++) {
		struct plan *plan = suite->plans.items[i];
		const struct plan *other = g_hash_table_lookup(suite->names, plan->name);

		if (!other) {
			g_hash_table_insert(suite->names, (void *)(uintptr_t)plan->name, plan);
		} else if (other->place.source != plan->place.source) {
			diagnostics_add(suite->diagnostics, plan->place,
					"duplicate scenario id `%s`", plan->name);
			diagnostics_note(suite->diagnostics, other->place,
					 "it stands here already");
		}
	}
}

static void suite_add_source(struct suite *suite, struct source *source)
{
	size_t first = suite->plans.num;
	struct node *root;

	g_ptr_array_add(suite->sources, source);
	root = document_parse(source, suite->arena, suite->diagnostics);
	if (root)
		loader_load(source, root, suite->arena, suite->diagnostics, &suite->plans);
	suite_check_names(suite, first);
}

void suite_add_text(struct suite *suite, const char *path, const char *text, size_t size)
{
	suite_add_source(suite, source_from_text(path, text, size, suite->sources->len));
}

static void suite_add_file(struct suite *suite, const char *path, const struct stat *status)
{
	struct file_id id = {.device = status->st_dev, .inode = status->st_ino};
	struct source *source;
	unsigned int i;

	for (i = 0; i < suite->seen->len; i++) {
		struct file_id *other = &g_array_index(suite->seen, struct file_id, i);

		if (other->device == id.device && other->inode == id.inode)
			return;
	}
	g_array_append_val(suite->seen, id);
	source = source_read(path, suite->sources->len, suite->diagnostics);
	if (source)
		suite_add_source(suite, source);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The number of *.yaml files below `path`. */
static size_t suite_add_directory(struct suite *suite, const char *path, unsigned int depth)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	DIR *directory = opendir(path);
	struct dirent *entry;
	struct stat status;
	size_t found = 0;
	unsigned int i;

	if (!directory || depth > MAX_DIRECTORY_DEPTH) {
		diagnostics_add_path(suite->diagnostics, path, "cannot read the directory: %s",
				     directory ? "nested too deeply" : strerror(errno));
		found = 1;
		goto out;
	}
	for (errno = 0; (entry = readdir(directory)); errno = 0) {
		if (entry->d_name[0] != '.')
			g_ptr_array_add(names, g_strdup(entry->d_name));
	}
	if (errno)
		diagnostics_add_path(suite->diagnostics, path, "cannot read the directory: %s",
				     strerror(errno));
	g_ptr_array_sort(names, compare_names);
	for (i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		char *full = g_build_filename(path, name, NULL);
		bool yaml = g_str_has_suffix(name, ".yaml");

		/* Links to directories are not followed: they could lead back here. */
		if (lstat(full, &status) < 0) {
			diagnostics_add_path(suite->diagnostics, full, "cannot open: %s",
					     strerror(errno));
		} else if (S_ISDIR(status.st_mode)) {
			found += suite_add_directory(suite, full, depth + 1);
		} else if (yaml && stat(full, &status) < 0) {
			diagnostics_add_path(suite->diagnostics, full, "cannot open: %s",
					     strerror(errno));
			found++;
		} else if (yaml) {
			suite_add_file(suite, full, &status);
			found++;
		}
		g_free(full);
	}
out:
	if (directory)
		closedir(directory);
	g_ptr_array_unref(names);
	return found;
}

void suite_add_path(struct suite *suite, const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0) {
		diagnostics_add_path(suite->diagnostics, path, "cannot open: %s", strerror(errno));
		return;
	}
	if (!S_ISDIR(status.st_mode)) {
		suite_add_file(suite, path, &status);
		return;
	}
	if (!suite_add_directory(suite, path, 0))
		diagnostics_add_path(suite->diagnostics, path, "no *.yaml file in this directory");
}

struct diagnostics *suite_diagnostics(struct suite *suite)
{
	return suite->diagnostics;
}

size_t suite_num_files(const struct suite *suite)
{
	return suite->sources->len;
}

size_t suite_num_plans(const struct suite *suite)
{
	return suite->plans.num;
}

const struct plan *suite_plan(const struct suite *suite, size_t index)
{
	return suite->plans.items[index];
}
