/* SPDX-License-Identifier: BSD-3-Clause */
#include "loader.h"
#include "prelude.h"
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

/* Directories below each other. A tree that is deeper is a loop or a mistake. */
#define MAX_DIRECTORY_DEPTH 32u

struct scenario_set {
	struct arena *arena;
	struct diagnostics *diagnostics;
	GPtrArray *sources; /* struct source */
	GArray *seen;	    /* struct file_id of each source */
	GHashTable
		*names; /* scenario name -> struct plan: the first one; only asked, never walked */
	struct loader_plans plans;
	struct prelude_library *preludes;
	size_t num_preludes; /* of the sources */
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

static void own_prelude(void *ctx, struct source *source)
{
	struct scenario_set *set = ctx;

	g_ptr_array_add(set->sources, source);
	set->num_preludes++;
}

static unsigned int next_order(void *ctx)
{
	const struct scenario_set *set = ctx;

	return set->sources->len;
}

struct scenario_set *scenario_set_create(void)
{
	struct scenario_set *set = g_new0(struct scenario_set, 1);

	set->arena = arena_create();
	set->diagnostics = diagnostics_create();
	set->sources = g_ptr_array_new_with_free_func(free_source);
	set->seen = g_array_new(FALSE, FALSE, sizeof(struct file_id));
	set->names = g_hash_table_new(g_str_hash, g_str_equal);
	set->preludes =
		prelude_library_create(set->arena, set->diagnostics, own_prelude, next_order, set);
	return set;
}

void scenario_set_destroy(struct scenario_set *set)
{
	if (!set)
		return;
	g_free(set->plans.items);
	prelude_library_destroy(set->preludes);
	g_hash_table_unref(set->names);
	g_array_unref(set->seen);
	g_ptr_array_unref(set->sources);
	diagnostics_destroy(set->diagnostics);
	arena_destroy(set->arena);
	g_free(set);
}

/* A name belongs to one scenario, whichever file it stands in. */
static void scenario_set_check_names(struct scenario_set *set, size_t first)
{
	size_t i;

	for (i = first; i < set->plans.num; i++) {
		struct plan *plan = set->plans.items[i];
		const struct plan *other = g_hash_table_lookup(set->names, plan->name);

		if (!other) {
			g_hash_table_insert(set->names, (void *)(uintptr_t)plan->name, plan);
		} else if (other->place.source != plan->place.source) {
			diagnostics_add(set->diagnostics, plan->place, "duplicate scenario id `%s`",
					plan->name);
			diagnostics_note(set->diagnostics, other->place, "it stands here already");
		}
	}
}

static void scenario_set_add_source(struct scenario_set *set, struct source *source)
{
	size_t first = set->plans.num;
	struct node *root;

	g_ptr_array_add(set->sources, source);
	root = document_parse(source, set->arena, set->diagnostics);
	if (root)
		loader_load(source, root, set->arena, set->diagnostics, set->preludes, &set->plans);
	scenario_set_check_names(set, first);
}

void scenario_set_add_text(struct scenario_set *set, const char *path, const char *text,
			   size_t size)
{
	scenario_set_add_source(set, source_from_text(path, text, size, set->sources->len));
}

static void scenario_set_add_file(struct scenario_set *set, const char *path,
				  const struct stat *status)
{
	struct file_id id = {.device = status->st_dev, .inode = status->st_ino};
	struct source *source;
	unsigned int i;

	for (i = 0; i < set->seen->len; i++) {
		struct file_id *other = &g_array_index(set->seen, struct file_id, i);

		if (other->device == id.device && other->inode == id.inode)
			return;
	}
	g_array_append_val(set->seen, id);
	source = source_read(path, set->sources->len, set->diagnostics);
	if (source)
		scenario_set_add_source(set, source);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The number of *.yaml files below `path`. */
static size_t scenario_set_add_directory(struct scenario_set *set, const char *path,
					 unsigned int depth)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	DIR *directory = opendir(path);
	struct dirent *entry;
	struct stat status;
	size_t found = 0;
	unsigned int i;

	if (!directory || depth > MAX_DIRECTORY_DEPTH) {
		diagnostics_add_path(set->diagnostics, path, "cannot read the directory: %s",
				     directory ? "nested too deeply" : strerror(errno));
		found = 1;
		goto out;
	}
	for (errno = 0; (entry = readdir(directory)); errno = 0) {
		if (entry->d_name[0] != '.')
			g_ptr_array_add(names, g_strdup(entry->d_name));
	}
	if (errno)
		diagnostics_add_path(set->diagnostics, path, "cannot read the directory: %s",
				     strerror(errno));
	g_ptr_array_sort(names, compare_names);
	for (i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		char *full = g_build_filename(path, name, NULL);
		bool yaml = g_str_has_suffix(name, ".yaml");

		/* Links to directories are not followed: they could lead back here. */
		if (lstat(full, &status) < 0) {
			diagnostics_add_path(set->diagnostics, full, "cannot open: %s",
					     strerror(errno));
		} else if (S_ISDIR(status.st_mode) && !strcmp(name, PRELUDE_DIRECTORY)) {
			/* Parts of scenarios, that are loaded where they are used. */
		} else if (S_ISDIR(status.st_mode)) {
			found += scenario_set_add_directory(set, full, depth + 1);
		} else if (yaml && stat(full, &status) < 0) {
			diagnostics_add_path(set->diagnostics, full, "cannot open: %s",
					     strerror(errno));
			found++;
		} else if (yaml) {
			scenario_set_add_file(set, full, &status);
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

void scenario_set_add_path(struct scenario_set *set, const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0) {
		diagnostics_add_path(set->diagnostics, path, "cannot open: %s", strerror(errno));
		return;
	}
	if (!S_ISDIR(status.st_mode)) {
		scenario_set_add_file(set, path, &status);
		return;
	}
	if (!scenario_set_add_directory(set, path, 0))
		diagnostics_add_path(set->diagnostics, path, "no *.yaml file in this directory");
}

struct diagnostics *scenario_set_diagnostics(struct scenario_set *set)
{
	return set->diagnostics;
}

size_t scenario_set_num_files(const struct scenario_set *set)
{
	return set->sources->len - set->num_preludes;
}

size_t scenario_set_num_plans(const struct scenario_set *set)
{
	return set->plans.num;
}

const struct plan *scenario_set_plan(const struct scenario_set *set, size_t index)
{
	return set->plans.items[index];
}
