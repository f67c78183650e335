/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_merge.c - what several campaigns found, in one directory. Findings of one name are one kind of finding: the
 * shortest is kept. Other files are inputs of a corpus: of those that are equal one is kept, under the name that
 * libFuzzer gives it. The result does not depend on the order of the directories.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "rmesim.h"

struct merging {
	GHashTable *files; /* name in the result -> GBytes */
	unsigned int findings, inputs, duplicates;
};

static bool is_finding(const char *name)
{
	return g_str_has_suffix(name, ".yaml") || g_str_has_suffix(name, ".rmi");
}

/* Shorter, or of one length the lower: whichever comes first. */
static bool is_better(GBytes *a, GBytes *b)
{
	gsize size_a = g_bytes_get_size(a), size_b = g_bytes_get_size(b);

	return size_a != size_b ? size_a < size_b : g_bytes_compare(a, b) < 0;
}

static void file_add(struct merging *merging, const char *name, GBytes *bytes)
{
	char *key = is_finding(name) ? g_strdup(name)
				     : g_compute_checksum_for_bytes(G_CHECKSUM_SHA1, bytes);
	GBytes *there = g_hash_table_lookup(merging->files, key);

	if (there)
		merging->duplicates++;
	else if (is_finding(name))
		merging->findings++;
	else
		merging->inputs++;
	if (!there || is_better(bytes, there))
		g_hash_table_insert(merging->files, g_strdup(key), g_bytes_ref(bytes));
	g_free(key);
}

/* All files of a directory; what is below it is not looked at. False: something cannot be read. */
static bool directory_add(struct merging *merging, const char *path)
{
	GError *error = NULL;
	GDir *directory = g_dir_open(path, 0, &error);
	const char *name;
	bool good = directory != NULL;

	while (good && (name = g_dir_read_name(directory))) {
		char *file = g_build_filename(path, name, NULL), *text;
		gsize size;

		if (g_file_test(file, G_FILE_TEST_IS_REGULAR)) {
			good = g_file_get_contents(file, &text, &size, &error);
			if (good) {
				GBytes *bytes = g_bytes_new_take(text, size);

				file_add(merging, name, bytes);
				g_bytes_unref(bytes);
			}
		}
		g_free(file);
	}
	if (!good) {
		usage_error("%s", error->message);
		g_error_free(error);
	}
	if (directory)
		g_dir_close(directory);
	return good;
}

static bool write_all(const struct merging *merging, const char *output)
{
	GHashTableIter iter;
	gpointer name, bytes;
	GError *error = NULL;
	bool good = true;

	if (g_mkdir_with_parents(output, 0777)) {
		usage_error("%s: %s", output, g_strerror(errno));
		return false;
	}
	g_hash_table_iter_init(&iter, merging->files);
	while (good && g_hash_table_iter_next(&iter, &name, &bytes)) {
		char *path = g_build_filename(output, name, NULL);
		gsize size;
		const char *data = g_bytes_get_data(bytes, &size);

		good = g_file_set_contents(path, data ? data : "", (gssize)size, &error);
		g_free(path);
	}
	if (!good) {
		usage_error("%s", error->message);
		g_error_free(error);
	}
	return good;
}

int fuzz_merge(const struct options *options, const char *output)
{
	struct merging merging = {.files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
								 (GDestroyNotify)g_bytes_unref)};
	int status = EXIT_PASSED;
	unsigned int i;

	/* All is read before anything is written, so that the result may be one of the directories. */
	for (i = 0; i < options->paths->len && status == EXIT_PASSED; i++) {
		if (!directory_add(&merging, options->paths->pdata[i]))
			status = EXIT_USAGE;
	}
	if (status == EXIT_PASSED && !g_hash_table_size(merging.files)) {
		usage_error("fuzz --merge: there is no file in these directories");
		status = EXIT_USAGE;
	}
	if (status == EXIT_PASSED && !write_all(&merging, output))
		status = EXIT_USAGE;
	if (status == EXIT_PASSED)
		printf("%s: %u findings, %u inputs; %u more were there already\n", output,
		       merging.findings, merging.inputs, merging.duplicates);
	g_hash_table_unref(merging.files);
	return status;
}
