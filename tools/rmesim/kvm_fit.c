/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm_fit.h"

#include "rmesim.h"

#include <errno.h>
#include <sim/kvm_note.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REEXECUTED "RMESIM_REEXECUTED"

/* Where each kind of program is below an installation's prefix; a build directory is such a prefix, too. */
static const char *const places[] = {
	[KVM_ASAN_NONE] = "bin/rmesim",
	[KVM_ASAN_GCC] = "lib/rmesim/asan-gcc/bin/rmesim",
	[KVM_ASAN_CLANG] = "lib/rmesim/asan-clang/bin/rmesim",
};

/* What tools/install calls them. */
static const char *const kinds[] = {
	[KVM_ASAN_NONE] = "plain", [KVM_ASAN_GCC] = "gcc", [KVM_ASAN_CLANG] = "clang"};

/* The prefix that this program is installed, or built, below. g_free(). */
static char *find_prefix(void)
{
	char *program = g_file_read_link("/proc/self/exe", NULL), *prefix = NULL;
	unsigned int i;

	/* The longer ones end as the short one does. */
	for (i = G_N_ELEMENTS(places); program && i-- && !prefix;) {
		char *tail = g_strdup_printf("/%s", places[i]);

		if (g_str_has_suffix(program, tail))
			prefix = g_strndup(program, strlen(program) - strlen(tail));
		g_free(tail);
	}
	g_free(program);
	return prefix;
}

static bool fits(const char *path, enum kvm_asan wanted)
{
	enum kvm_asan asan;

	return !access(path, X_OK) && !program_asan_read(path, &asan) && asan == wanted;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_build_directory(const char *path)
{
	char *cache = g_build_filename(path, "CMakeCache.txt", NULL);
	bool is = g_file_test(cache, G_FILE_TEST_IS_REGULAR);

	g_free(cache);
	return is;
}

/* Build directories often stand beside each other; what stands beside an installation is another one. */
static char *find_beside(const char *prefix, enum kvm_asan wanted)
{
	char *parent = g_path_get_dirname(prefix), *found = NULL;
	GPtrArray *entries = g_ptr_array_new_with_free_func(g_free);
	GDir *dir = is_build_directory(prefix) ? g_dir_open(parent, 0, NULL) : NULL;
	const char *name;
	unsigned int i;

	while (dir && (name = g_dir_read_name(dir))) {
		char *directory = g_build_filename(parent, name, NULL);

		if (is_build_directory(directory))
			g_ptr_array_add(entries,
					g_build_filename(directory, places[KVM_ASAN_NONE], NULL));
		g_free(directory);
	}
	g_ptr_array_sort(entries, compare_texts);
	for (i = 0; i < entries->len && !found; i++) {
		if (fits(entries->pdata[i], wanted))
			found = g_strdup(entries->pdata[i]);
	}
	if (dir)
		g_dir_close(dir);
	g_ptr_array_unref(entries);
	g_free(parent);
	return found;
}

static char *find_program(const char *prefix, enum kvm_asan wanted)
{
	char *path = g_build_filename(prefix, places[wanted], NULL);

	if (fits(path, wanted))
		return path;
	g_free(path);
	return find_beside(prefix, wanted);
}

static void say_missing(const char *file, const char *prefix, enum kvm_asan wanted)
{
	usage_error("%s was built with %s, this rmesim with %s, and there is none that fits: "
		    "%s/%s is not there",
		    file, kvm_asan_words(wanted), kvm_asan_words(kvm_asan_self()),
		    prefix ? prefix : "PREFIX", places[wanted]);
	fprintf(stderr, "to build and install it, in a checkout of rmesim: tools/install %s %s\n",
		prefix ? prefix : "PREFIX", kinds[wanted]);
}

/* Becomes the program that fits. Only returns if there is none. */
static void become(const char *file, enum kvm_asan wanted, char **arguments)
{
	char *prefix = find_prefix(), *path = NULL;

	/* One that says of itself what it is not must not be called again and again. */
	if (prefix && !getenv(REEXECUTED))
		path = find_program(prefix, wanted);
	if (path) {
		g_setenv(REEXECUTED, "1", TRUE);
		execv(path, arguments);
		usage_error("%s cannot be run: %s", path, g_strerror(errno));
	} else {
		say_missing(file, prefix, wanted);
	}
	g_free(path);
	g_free(prefix);
}

bool kvm_fit(const GPtrArray *files, char **arguments)
{
	const char *first = NULL;
	enum kvm_asan wanted = KVM_ASAN_NONE;
	unsigned int i;

	for (i = 0; i < files->len; i++) {
		struct kvm_note note;

		if (kvm_note_read(files->pdata[i], &note, NULL))
			continue;
		if (first && note.asan != wanted) {
			usage_error(
				"%s was built with %s, but %s with %s: one run cannot have both",
				first, kvm_asan_words(wanted), (char *)files->pdata[i],
				kvm_asan_words(note.asan));
			kvm_note_clear(&note);
			return false;
		}
		first = files->pdata[i];
		wanted = note.asan;
		kvm_note_clear(&note);
	}
	if (!first || wanted == kvm_asan_self()) {
		g_unsetenv(REEXECUTED);
		return true;
	}
	become(first, wanted, arguments);
	return false;
}
