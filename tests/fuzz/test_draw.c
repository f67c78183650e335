/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything that the step table offers is drawn, or is listed as what is not, with a reason. */
#include <check.h>
#include <sim/step.h>
#include <stdlib.h>
#include <string.h>

#include "sequence.h"

#define NUM_SEQUENCES 60000u
#define MAX_STEPS     128u
#define MAX_NAMES     64u

/* What was seen of a step. */
struct seen {
	unsigned int drawn;
	unsigned int given[STEP_MAX_PARAMS], left_out[STEP_MAX_PARAMS];
	unsigned int values[STEP_MAX_PARAMS][MAX_NAMES];
};
static struct seen seen[MAX_STEPS];
/* Slots without a guest_memfd that were added, with their log, and somewhere else; slots over memory in use. */
static unsigned int ordinary, logged, moved, shared;

/* Not by ck_assert(), which writes each time: this is called a million times. */
static size_t step_index(const struct step_def *def)
{
	size_t i;

	for (i = 0; step_at(i) != def; i++) {
		if (!step_at(i) || i + 1 == MAX_STEPS)
			abort();
	}
	return i;
}

static const struct step_value *arg(const struct step_call *call, const char *name)
{
	int index = step_param_find(call->def, name);

	if (index < 0)
		abort();
	return &call->args[index];
}

static void look_at_slots(const struct sequence *sequence)
{
	bool there[SEQUENCE_MAX_REALMS][64] = {0}, removed[SEQUENCE_MAX_REALMS][64] = {0};
	unsigned int i;

	for (i = 0; i < sequence->num_steps; i++) {
		const struct step_call *call = &sequence->steps[i];
		uint64_t id;

		if (!strcmp(call->def->name, "vmm.remove_slot")) {
			id = arg(call, "slot")->number;
			if (id < 64)
				removed[call->realm][id] = true;
		}
		if (strcmp(call->def->name, "vmm.add_slot"))
			continue;
		id = arg(call, "slot")->number;
		if (arg(call, "gmem_of")->given &&
		    arg(call, "gmem_of")->number < sequence->shape->num_slots &&
		    !removed[call->realm][arg(call, "gmem_of")->number])
			shared++;
		if (!arg(call, "slot")->given || !arg(call, "gmem")->given ||
		    arg(call, "gmem")->number || id < sequence->shape->num_slots || id >= 64)
			continue;
		ordinary++;
		logged += arg(call, "log_dirty")->number == 1;
		moved += there[call->realm][id] && arg(call, "gmem_of")->given &&
			 arg(call, "gmem_of")->number == id;
		there[call->realm][id] = true;
	}
}

static void draw_all(void)
{
	static struct sequence sequence;
	struct shape shape;
	unsigned int i, j, k;

	for (i = 0; i < NUM_SEQUENCES; i++) {
		shape_draw(&shape, i / 16 + 1, 0);
		sequence_draw(&sequence, &shape, i * UINT64_C(0x9e3779b97f4a7c15) + 1, 16);
		for (j = 0; j < sequence.num_steps; j++) {
			const struct step_call *call = &sequence.steps[j];
			struct seen *of = &seen[step_index(call->def)];

			of->drawn++;
			for (k = 0; k < call->def->num_params; k++) {
				if (!call->args[k].given) {
					of->left_out[k]++;
					continue;
				}
				of->given[k]++;
				if (call->args[k].number < MAX_NAMES)
					of->values[k][call->args[k].number]++;
			}
		}
		look_at_slots(&sequence);
	}
}

static const char *reason_of(const char *name)
{
	const struct sequence_undrawn *at;
	unsigned int i;

	for (i = 0; (at = sequence_undrawn(i)); i++) {
		if (!strcmp(at->name, name))
			return at->reason;
	}
	return NULL;
}

START_TEST(steps)
{
	const struct step_def *def;
	size_t i;

	for (i = 0; (def = step_at(i)); i++) {
		const char *reason = reason_of(def->name);

		ck_assert_msg(!reason || strlen(reason) > 10, "%s: no reason is given", def->name);
		ck_assert_msg(!!seen[i].drawn != !!reason,
			      "%s was drawn %u times, and is%s listed as what is not drawn",
			      def->name, seen[i].drawn, reason ? "" : " not");
	}
	for (i = 0; sequence_undrawn((unsigned int)i); i++)
		ck_assert_msg(step_find(sequence_undrawn((unsigned int)i)->name),
			      "%s is no step", sequence_undrawn((unsigned int)i)->name);
}
END_TEST

/* A number for a request is another way to say what the names say; bytes of engines have it. */
static bool is_by_number(const struct step_param *param, unsigned int value)
{
	return !strcmp(param->names[value], "by_number");
}

START_TEST(choices)
{
	const struct step_def *def;
	size_t i, k;

	for (i = 0; (def = step_at(i)); i++) {
		for (k = 0; seen[i].drawn && k < def->num_params; k++) {
			const struct step_param *param = &def->params[k];
			unsigned int value;

			ck_assert_msg(!param->required || seen[i].given[k], "%s: no %s", def->name,
				      param->name);
			for (value = 0; param->type == STEP_ENUM && param->names[value]; value++)
				ck_assert_msg(seen[i].values[k][value] || is_by_number(param, value),
					      "%s: %s is never %s", def->name, param->name,
					      param->names[value]);
			for (value = 0; param->type == STEP_BOOL && value < 2; value++)
				ck_assert_msg(seen[i].values[k][value], "%s: %s is never %u",
					      def->name, param->name, value);
		}
	}
}
END_TEST

START_TEST(slots)
{
	ck_assert_uint_gt(ordinary, 0);
	ck_assert_uint_gt(logged, 0);
	ck_assert_uint_gt(moved, 0);
	ck_assert_uint_gt(shared, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("draw");
	TCase *tcase = tcase_create("draw");
	SRunner *runner;
	int failed;

	tcase_add_unchecked_fixture(tcase, draw_all, NULL);
	tcase_add_test(tcase, steps);
	tcase_add_test(tcase, choices);
	tcase_add_test(tcase, slots);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
