/* SPDX-License-Identifier: BSD-3-Clause */
#include "prelude.h"

#include "source.h"

#include <glib.h>
#include <string.h>

/*
 * Where preludes are for files that stand elsewhere, seen from the directory of the program: the installed ones,
 * and for a program that was built and not installed those of its checkout (build/bin, build/release/bin).
 */
static const char *const beside_program[] = {"../share/rmesim", "../..", "../../.."};

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
					  const char *name, GString *searched)
{
	char *file = g_strconcat(name, ".yaml", NULL);
	char *full = g_build_filename(directory, PRELUDE_DIRECTORY, file, NULL);
	char *path = path_shorten(full);
	const struct prelude *prelude = NULL;

	if (g_file_test(full, G_FILE_TEST_EXISTS)) {
		prelude = library_read(library, path);
	} else {
		char *parent = g_build_filename(directory, PRELUDE_DIRECTORY, NULL);
		char *shown = path_shorten(parent);

		if (g_file_test(parent, G_FILE_TEST_IS_DIR))
			g_string_append_printf(searched, "%s%s", searched->len ? ", " : "", shown);
		g_free(shown);
		g_free(parent);
	}
	g_free(path);
	g_free(full);
	g_free(file);
	return prelude;
}

const struct prelude *prelude_find(struct prelude_library *library, const struct source *from,
				   const char *name, char **searched)
{
	char *file = g_canonicalize_filename(from->path, NULL);
	char *directory = g_path_get_dirname(file), *above;
	GString *places = g_string_new(NULL);
	const struct prelude *prelude;
	char *program;
	size_t i;

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
	g_free(file);
	program = prelude ? NULL : program_directory();
	for (i = 0; program && !prelude && i < G_N_ELEMENTS(beside_program); i++) {
		directory = g_canonicalize_filename(beside_program[i], program);
		prelude = library_look(library, directory, name, places);
		g_free(directory);
	}
	g_free(program);
	*searched = g_string_free(places, FALSE);
	if (prelude) {
		g_free(*searched);
		*searched = NULL;
	}
	return prelude;
}
