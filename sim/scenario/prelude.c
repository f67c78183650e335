/* SPDX-License-Identifier: BSD-3-Clause */
#include "prelude.h"

#include "source.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* Names of preludes that are compared with a wrong one. */
#define MAX_LISTED 1000u

/*
 * Where preludes are for files that stand elsewhere, seen from the directory of the program: the installed ones (the
 * program of a sanitizer is in lib/rmesim/KIND/bin), and for a program that was built and not installed those of its
 * checkout (build/bin, build/release/bin).
 */
static const char *const beside_program[] = {"../share/rmesim", "../../../../share/rmesim", "../..",
					     "../../.."};

struct prelude_library {
	struct arena *arena;
	struct diagnostics *diagnostics;
	void (*own)(void *ctx, struct source *source);
	unsigned int (*order)(void *ctx);
	void *ctx;
	GPtrArray *preludes; /* struct prelude, as they were read */
};

static void prelude_free(void *data)
{
	struct prelude *prelude = data;

	g_free(prelude->path);
	g_free(prelude);
}

struct prelude_library *prelude_library_create(struct arena *arena, struct diagnostics *diagnostics,
					       void (*own)(void *ctx, struct source *source),
					       unsigned int (*order)(void *ctx), void *ctx)
{
	struct prelude_library *library = g_new0(struct prelude_library, 1);

	library->arena = arena;
	library->diagnostics = diagnostics;
	library->own = own;
	library->order = order;
	library->ctx = ctx;
	library->preludes = g_ptr_array_new_with_free_func(prelude_free);
	return library;
}

void prelude_library_destroy(struct prelude_library *library)
{
	if (!library)
		return;
	g_ptr_array_unref(library->preludes);
	g_free(library);
}

static const struct prelude *library_read(struct prelude_library *library, const char *path)
{
	struct prelude *prelude;
	struct source *source;
	unsigned int i;

	for (i = 0; i < library->preludes->len; i++) {
		prelude = library->preludes->pdata[i];
		if (!strcmp(prelude->path, path))
			return prelude;
	}
	prelude = g_new0(struct prelude, 1);
	prelude->path = g_strdup(path);
	g_ptr_array_add(library->preludes, prelude);
	source = source_read(path, library->order(library->ctx), library->diagnostics);
	if (!source)
		return prelude;
	library->own(library->ctx, source);
	prelude->source = source;
	prelude->root = document_parse(source, library->arena, library->diagnostics);
	return prelude;
}

/* The path as a user would write it here. */
static char *path_shorten(const char *path)
{
	char *here = g_get_current_dir(), *result;
	size_t length = strlen(here);

	if (!strncmp(path, here, length) && path[length] == '/')
		result = g_strdup(path + length + 1);
	else
		result = g_strdup(path);
	g_free(here);
	return result;
}

static char *program_directory(void)
{
	char *program = g_file_read_link("/proc/self/exe", NULL), *directory;

	if (!program)
		return NULL;
	directory = g_path_get_dirname(program);
	g_free(program);
	return directory;
}

/* The prelude in `directory`, or NULL. */
static const struct prelude *library_look(struct prelude_library *library, const char *directory,
					  const char *name, GPtrArray *places)
{
	char *file = g_strconcat(name, ".yaml", NULL);
	char *full = g_build_filename(directory, PRELUDE_DIRECTORY, file, NULL);
	char *path = path_shorten(full);
	const struct prelude *prelude = NULL;

	if (g_file_test(full, G_FILE_TEST_EXISTS)) {
		prelude = library_read(library, path);
	} else {
		char *parent = g_build_filename(directory, PRELUDE_DIRECTORY, NULL);

		if (g_file_test(parent, G_FILE_TEST_IS_DIR) &&
		    !g_ptr_array_find_with_equal_func(places, parent, g_str_equal, NULL))
			g_ptr_array_add(places, g_steal_pointer(&parent));
		g_free(parent);
	}
	g_free(path);
	g_free(full);
	g_free(file);
	return prelude;
}

/* The prelude in the directory of `file`, an absolute path, or in the nearest above it that has it. */
static const struct prelude *library_climb(struct prelude_library *library, const char *file,
					   const char *name, GPtrArray *places)
{
	char *directory = g_path_get_dirname(file), *above;
	const struct prelude *prelude;

	for (;;) {
		prelude = library_look(library, directory, name, places);
		above = g_path_get_dirname(directory);
		if (prelude || !strcmp(above, directory))
			break;
		g_free(directory);
		directory = above;
	}
	g_free(above);
	g_free(directory);
	return prelude;
}

static void names_collect(const char *directory, const char *prefix, unsigned int depth,
			  GPtrArray *names)
{
	GDir *entries = depth ? g_dir_open(directory, 0, NULL) : NULL;
	const char *entry;

	while (entries && names->len < MAX_LISTED && (entry = g_dir_read_name(entries))) {
		char *path = g_build_filename(directory, entry, NULL);
		char *name = g_strconcat(prefix, entry, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
			char *below = g_strconcat(name, "/", NULL);

			names_collect(path, below, depth - 1, names);
			g_free(below);
		} else if (g_str_has_suffix(name, ".yaml")) {
			g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(".yaml")));
		}
		g_free(name);
		g_free(path);
	}
	if (entries)
		g_dir_close(entries);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "looked in A, B; did you mean `boot/plain`?" */
static char *describe_search(const GPtrArray *places, const char *name)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GString *text = g_string_new(places->len ? "; looked in " : NULL);
	const char *nearest;
	unsigned int i;

	for (i = 0; i < places->len; i++) {
		char *shown = path_shorten(places->pdata[i]);

		g_string_append_printf(text, "%s%s", i ? ", " : "", shown);
		g_free(shown);
		names_collect(places->pdata[i], "", PRELUDE_MAX_DEPTH, names);
	}
	/* The order in which a directory lists its files decides nothing. */
	g_ptr_array_sort(names, compare_texts);
	g_ptr_array_add(names, NULL);
	nearest = name_nearest(name, (const char *const *)names->pdata);
	if (nearest)
		g_string_append_printf(text, "; did you mean `%s`?", nearest);
	g_ptr_array_unref(names);
	return g_string_free(text, FALSE);
}

const struct prelude *prelude_find(struct prelude_library *library, const struct source *from,
				   const char *name, char **searched)
{
	GPtrArray *places = g_ptr_array_new_with_free_func(g_free);
	char *file = g_canonicalize_filename(from->path, NULL), *directory, *program;
	const struct prelude *prelude = library_climb(library, file, name, places);
	char *real = prelude ? NULL : realpath(file, NULL);
	size_t i;

	/* A symbolic link to a file that stands beside its preludes. */
	if (real && strcmp(real, file))
		prelude = library_climb(library, real, name, places);
	free(real);
	g_free(file);
	program = prelude ? NULL : program_directory();
	for (i = 0; program && !prelude && i < G_N_ELEMENTS(beside_program); i++) {
		directory = g_canonicalize_filename(beside_program[i], program);
		prelude = library_look(library, directory, name, places);
		g_free(directory);
	}
	g_free(program);
	*searched = prelude ? NULL : describe_search(places, name);
	g_ptr_array_unref(places);
	return prelude;
}
