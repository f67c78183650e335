/* SPDX-License-Identifier: BSD-3-Clause */
/* test_rewrite.c - every scenario of the suite in other words: it means the same. */
#include <check.h>
#include <glib.h>
#include <sim/plan.h>
#include <stdlib.h>
#include <string.h>

#include "rewrite.h"
#include "text.h"

static char *find_prelude(void *ctx, const char *name)
{
	char *path = g_strdup_printf("%s/preludes/%s.yaml", SOURCE_DIR, name), *text = NULL;

	(void)ctx;
	if (!g_file_get_contents(path, &text, NULL, NULL))
		text = NULL;
	g_free(path);
	return text;
}

/* What the steps do, a line each, without where they stand. */
static void steps_print(const struct plan_step *steps, size_t num, GString *out)
{
	size_t i, j;

	for (i = 0; i < num; i++) {
		const struct plan_step *step = &steps[i];

		/* The steps of a prelude stand in one, too. */
		if (step->kind != PLAN_REPEAT || step->times != 1)
			g_string_append_printf(out, "%s (%s), realm %u, %zu expectations\n",
					       step->title, step->name ? step->name : "",
					       step->realm, step->expects.num);
		if (step->kind == PLAN_REPEAT)
			steps_print(step->body, step->num_body, out);
		for (j = 0; step->kind == PLAN_PARALLEL && j < step->parallel->num_actors; j++)
			steps_print(step->parallel->actors[j].steps,
				    step->parallel->actors[j].num_steps, out);
	}
}

/* What the plans of a text are, or what is wrong with it. */
static char *plans_print(const char *path, const char *text)
{
	struct scenario_set *set = scenario_set_create();
	GString *out = g_string_new(NULL);
	size_t i, j, k;

	scenario_set_add_text(set, path, text, strlen(text));
	g_string_append_printf(out, "%zu errors\n",
			       diagnostics_count(scenario_set_diagnostics(set)));
	for (i = 0; i < scenario_set_num_plans(set); i++) {
		const struct plan *plan = scenario_set_plan(set, i);

		g_string_append_printf(out, "%s: memory %" G_GUINT64_FORMAT ", %u, %zu options\n",
				       plan->id, plan->machine.memory, plan->machine.page_size,
				       plan->machine.num_rmm);
		for (j = 0; j < plan->num_realms; j++) {
			const struct world_realm *realm = &plan->realms[j];

			g_string_append_printf(out, "%s: %u bits, %u vCPUs", realm->name,
					       realm->ipa_bits, realm->vcpus);
			for (k = 0; k < realm->num_slots; k++)
				g_string_append_printf(out, ", 0x%" G_GINT64_MODIFIER "x",
						       realm->slots[k].base);
			g_string_append_c(out, '\n');
		}
		for (j = 0; j < plan->num_faults; j++)
			g_string_append_printf(out, "fault %s\n", plan->faults[j].title);
		steps_print(plan->steps, plan->num_steps, out);
	}
	scenario_set_destroy(set);
	return g_string_free(out, FALSE);
}

struct seen {
	unsigned int files, expanded, inlined, tidied;
};

/* Takes `other`, which means what `text` does if it is something. */
static unsigned int same(const char *path, const char *text, char *other)
{
	char *wanted, *found;

	if (!other)
		return 0;
	wanted = plans_print(path, text);
	found = plans_print(path, other);
	if (strcmp(wanted, found))
		ck_abort_msg("%s:\n%s\nmeans\n%s\nand not\n%s", path, other, found, wanted);
	g_free(wanted);
	g_free(found);
	g_free(other);
	return 1;
}

static void file_check(const char *path, struct seen *seen)
{
	char *text = NULL, *inlined;

	ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
	seen->files++;
	seen->expanded += same(path, text, rewrite_expand(text));
	seen->tidied += same(path, text, rewrite_tidy(text));
	inlined = rewrite_inline(text, find_prelude, NULL);
	if (inlined) {
		ck_assert_msg(!strstr(inlined, "use: "), "%s:\n%s", path, inlined);
		/* One after the other, as shrinking does it. */
		same(path, inlined, rewrite_expand(inlined));
	}
	seen->inlined += same(path, text, inlined);
	g_free(text);
}

static void directory_check(const char *path, struct seen *seen)
{
	GDir *directory = g_dir_open(path, 0, NULL);
	const char *name;

	ck_assert_ptr_nonnull(directory);
	while ((name = g_dir_read_name(directory))) {
		char *entry = g_build_filename(path, name, NULL);

		if (g_file_test(entry, G_FILE_TEST_IS_DIR) && strcmp(name, "preludes") != 0)
			directory_check(entry, seen);
		else if (g_str_has_suffix(name, ".yaml"))
			file_check(entry, seen);
		g_free(entry);
	}
	g_dir_close(directory);
}

START_TEST(the_suite_means_the_same)
{
	struct seen seen = {0};

	directory_check(SOURCE_DIR "/scenarios", &seen);
	ck_assert_uint_gt(seen.files, 100);
	ck_assert_uint_gt(seen.expanded, 0);
	ck_assert_uint_gt(seen.inlined, 5);
	ck_assert_uint_eq(seen.tidied, seen.files);
}
END_TEST

/* Any bytes: what is cut out of lines and brackets stays within them. */
START_TEST(halves_of_scenarios_do_no_harm)
{
	static const char *const names[] = {"/scenarios/parallel/host-calls-on-a-running-rec.yaml",
					    "/scenarios/parallel/two-vcpus-fault-one-page.yaml",
					    "/preludes/boot/kvmtool.yaml"};
	size_t i, cut;

	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		char *path = g_strconcat(SOURCE_DIR, names[i], NULL), *text = NULL;
		size_t length;

		ck_assert(g_file_get_contents(path, &text, &length, NULL));
		for (cut = 0; cut < length; cut += 7) {
			char *head = g_strndup(text, cut), *tail = g_strdup(text + cut);
			char *texts[] = {head, tail};
			unsigned int j, line;

			for (j = 0; j < 2; j++) {
				GPtrArray *lines = lines_split(texts[j]);

				g_free(rewrite_expand(texts[j]));
				g_free(rewrite_inline(texts[j], find_prelude, NULL));
				g_free(rewrite_narrow(texts[j], "page_size=4K,cpus=2"));
				g_free(rewrite_unname(texts[j], "page_size=4K"));
				g_free(rewrite_one_realm(texts[j]));
				g_free(rewrite_names(texts[j]));
				g_free(rewrite_tidy(texts[j]));
				for (line = 0; line < lines->len; line++) {
					g_free(rewrite_unrepeat(lines, line));
					g_free(rewrite_unparallel(lines, line, 1));
				}
				g_ptr_array_unref(lines);
				g_free(texts[j]);
			}
		}
		g_free(text);
		g_free(path);
	}
}
END_TEST

START_TEST(each_in_other_words)
{
	static const char *const matrix = "matrix:\n  a: [1, 2]\n  b: [x]\nsteps:\n"
					  "  - note: $a $(b) $$a {by: a, 1: no, 2: yes}\n";
	static const char *const names =
		"faults:\n  - {point: kmalloc, nth: 1, step: step 9}\nsteps:\n"
		"  - name: step 7\n    vmm.activate:\n"
		"  - vmm.activate:\n    name: step 9\n"
		"  - name: the last\n    vmm.activate:\n";
	char *text = rewrite_narrow(matrix, "a=2,b=x"), *other;

	ck_assert_str_eq(text, "matrix:\n  a: [2]\n  b: [x]\nsteps:\n"
			       "  - note: $a $(b) $$a {by: a, 1: no, 2: yes}\n");
	other = rewrite_unname(text, "a=2");
	g_free(text);
	text = rewrite_unname(other, "b=x");
	ck_assert_str_eq(text, "steps:\n  - note: 2 x $$a yes\n");
	g_free(other);
	g_free(text);

	text = rewrite_names(names);
	ck_assert_str_eq(text, "faults:\n  - {point: kmalloc, nth: 1, step: step 2}\nsteps:\n"
			       "  - vmm.activate:\n"
			       "  - vmm.activate:\n    name: step 2\n"
			       "  - name: the last\n    vmm.activate:\n");
	g_free(text);

	text = rewrite_one_realm("realms:\n  a:\n    ipa_bits: 33\nsteps:\n");
	ck_assert_str_eq(text, "realm:\n  ipa_bits: 33\nsteps:\n");
	g_free(text);
	ck_assert_ptr_null(rewrite_one_realm("realms:\n  a: {}\n  b: {}\nsteps:\n"));

	text = rewrite_tidy("\nscenario: x\n\n\nabout: >\n  one\n\n  two\n\nsteps:\n\n  - "
			    "vmm.activate: {}\n\n");
	ck_assert_str_eq(text,
			 "scenario: x\n\nabout: >\n  one\n\n  two\n\nsteps:\n  - vmm.activate:\n");
	g_free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rewrite");
	TCase *tcase = tcase_create("rewrite");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, the_suite_means_the_same);
	tcase_add_test(tcase, halves_of_scenarios_do_no_harm);
	tcase_add_test(tcase, each_in_other_words);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
