/* SPDX-License-Identifier: BSD-3-Clause */
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scenario_set *set_from_text(const char *text)
{
	struct scenario_set *set = scenario_set_create();

	scenario_set_add_text(set, "t.yaml", text, strlen(text));
	return set;
}

struct scenario_set *set_from_steps(const char *steps)
{
	struct scenario_set *set;
	char *text;

	if (asprintf(&text,
		     "scenario: a.b\n"
		     "about: a test\n"
		     "realm: {ipa_bits: 33, vcpus: 2, slots: [{base: 0x8000_0000, size: 16M}]}\n"
		     "steps:\n%s",
		     steps) < 0)
		abort();
	set = set_from_text(text);
	free(text);
	return set;
}

char *diagnostics_text(struct scenario_set *set)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(stream);
	diagnostics_print(scenario_set_diagnostics(set), stream, false);
	fclose(stream);
	return text;
}

const struct plan *only_plan(struct scenario_set *set)
{
	char *text = diagnostics_text(set);

	ck_assert_str_eq(text, "");
	free(text);
	ck_assert_uint_eq(scenario_set_num_plans(set), 1);
	return scenario_set_plan(set, 0);
}
