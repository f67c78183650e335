/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each file of bad/ is wrong in ways that NAME.expect lists, one line for each error and note:
 * "LINE:COLUMN: error: message". All of them must be found, and nothing else.
 */
#include "support.h"

#include <check.h>
#include <dirent.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

static GPtrArray *names; /* of the files, without .yaml */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void find_names(void)
{
	DIR *directory = opendir(BAD_DIRECTORY);
	struct dirent *entry;

	names = g_ptr_array_new();
	while (directory && (entry = readdir(directory))) {
		if (g_str_has_suffix(entry->d_name, ".yaml"))
			g_ptr_array_add(names, g_strndup(entry->d_name, strlen(entry->d_name) - 5));
	}
	if (directory)
		closedir(directory);
	g_ptr_array_sort(names, compare_names);
}

/* The lines that begin with the file's name, without it; excerpts and carets have a test of their own. */
static char *headlines(const char *text, const char *file)
{
	char **lines = g_strsplit(text, "\n", -1);
	GString *result = g_string_new(NULL);
	unsigned int i;

	for (i = 0; lines[i]; i++) {
		const char *line = lines[i];

		if (!g_str_has_prefix(line, file))
			continue;
		line += strlen(file);
		g_string_append_printf(result, "%s\n",
				       g_str_has_prefix(line, ": ") ? line : line + 1);
	}
	g_strfreev(lines);
	return g_string_free(result, FALSE);
}

START_TEST(test_bad)
{
	const char *name = names->pdata[_i];
	char *file = g_strdup_printf("%s.yaml", name);
	char *path = g_strdup_printf("%s/%s.yaml", BAD_DIRECTORY, name);
	char *golden = g_strdup_printf("%s/%s.expect", BAD_DIRECTORY, name);
	struct scenario_set *set = scenario_set_create();
	char *text, *expected, *printed, *actual;
	gsize size;

	ck_assert(g_file_get_contents(path, &text, &size, NULL));
	ck_assert_msg(g_file_get_contents(golden, &expected, NULL, NULL), "%s is missing", golden);
	scenario_set_add_text(set, file, text, size);
	printed = diagnostics_text(set);
	actual = headlines(printed, file);
	/* Longer than what Check can carry. */
	if (strcmp(actual, expected))
		fprintf(stderr, "%s:\n--- expected\n%s--- found\n%s", file, expected, actual);
	ck_assert_msg(!strcmp(actual, expected), "%s: the errors differ", file);
	ck_assert_uint_ne(diagnostics_count(scenario_set_diagnostics(set)), 0);
	ck_assert_uint_eq(scenario_set_num_plans(set), 0);
	free(printed);
	g_free(actual);
	g_free(expected);
	g_free(text);
	g_free(golden);
	g_free(path);
	g_free(file);
	scenario_set_destroy(set);
}
END_TEST

/* Cut anywhere, and with any byte changed, a file is accepted or refused with a reason, never worse. */
START_TEST(test_mangled)
{
	const char *name = names->pdata[_i];
	char *path = g_strdup_printf("%s/%s.yaml", BAD_DIRECTORY, name);
	char *text, *copy;
	gsize size, at;

	ck_assert(g_file_get_contents(path, &text, &size, NULL));
	size = MIN(size, (gsize)400);
	copy = g_malloc(size + 1);
	for (at = 0; at < size; at++) {
		struct scenario_set *set = scenario_set_create();

		memcpy(copy, text, size);
		copy[at] = "{}[]:-&*!|>'\"%@` \n#,?\x80\t"[at % 24];
		scenario_set_add_text(set, "cut.yaml", text, at);
		scenario_set_add_text(set, "changed.yaml", copy, size);
		ck_assert(diagnostics_count(scenario_set_diagnostics(set)) ||
			  scenario_set_num_plans(set));
		scenario_set_destroy(set);
	}
	g_free(copy);
	g_free(text);
	g_free(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bad");
	TCase *tcase = tcase_create("bad");
	SRunner *runner;
	int failed;

	find_names();
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, test_bad, 0, (int)names->len);
	tcase_add_loop_test(tcase, test_mangled, 0, (int)names->len);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner) || !names->len;
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
