/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything that the step table offers is drawn, or is listed as what is not, with a reason. */
#include <check.h>
#include <errno.h>
#include <sim/step.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "life.h"
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

/* A share of all has races, each of them one that a scenario could say; the same seed draws the same. */
START_TEST(races)
{
	static struct sequence sequence, again;
	unsigned int with = 0, faulty = 0, guests = 0, meet = 0, three = 0, i, r, s;
	struct shape shape;

	for (i = 0; i < 20000; i++) {
		shape_draw(&shape, i / 16 + 1, 0);
		sequence_draw(&sequence, &shape, i + 1, 16);
		with += sequence.num_races > 0;
		faulty += sequence.num_races && sequence.num_faults;
		if (sequence.num_races && sequence.num_steps > 16 + 2)
			abort();
		for (r = 0; r < sequence.num_races; r++) {
			const struct race *race = &sequence.races[r];
			uint64_t pages[2][8] = {{0}};
			unsigned int num[2] = {0}, j, k;

			if (!sequence_race_fits(&sequence, race))
				abort();
			three += race->num_actors == 3;
			guests += sequence.steps[race->first].def->actor == STEP_ACTOR_GUEST;
			/* Where the first actor is at work, and where the others are. */
			for (s = race->first; s < race->first + race_steps(race); s++) {
				const struct step_call *call = &sequence.steps[s];
				const bool other = s >= race->first + race->num[0];
				int at = step_param_find(call->def, "base");

				if (at < 0)
					at = step_param_find(call->def, "ipa");
				if (at >= 0 && num[other] < 8)
					pages[other][num[other]++] =
						call->args[at].number & ~(1ull << (shape.ipa_bits - 1));
			}
			for (j = 0, k = 0; j < num[0] && !k; j++) {
				for (s = 0; s < num[1]; s++)
					k |= pages[0][j] / shape.page_size ==
					     pages[1][s] / shape.page_size;
			}
			meet += k;
		}
		sequence_draw(&again, &shape, i + 1, 16);
		if (again.num_races != sequence.num_races ||
		    memcmp(again.races, sequence.races, sequence.num_races * sizeof(struct race)))
			abort();
	}
	/* One in 16, about; a quarter of them with a fault, nine in ten with a guest, a half at one page. */
	ck_assert_uint_ge(with, 20000 / 32);
	ck_assert_uint_le(with, 20000 / 10);
	ck_assert_uint_ge(faulty, with / 6);
	ck_assert_uint_le(faulty, with / 3);
	ck_assert_uint_ge(guests, with / 2);
	ck_assert_uint_ge(meet, with / 4);
	ck_assert_uint_ge(three, with / 16);
}
END_TEST

/* What two actors cannot do at once, in a scenario either. */
START_TEST(races_that_do_not_fit)
{
	static struct sequence sequence;
	struct race race = {.num_actors = 2, .num = {1, 1}};
	struct shape shape;

	shape_draw(&shape, 1, 4096);
	sequence.shape = &shape;
	sequence.num_steps = 3;
	step_call_init(&sequence.steps[0], step_find("guest.psci_version"));
	step_call_init(&sequence.steps[1], step_find("vmm.signal"));
	step_call_init(&sequence.steps[2], step_find("guest.psci_version"));
	ck_assert(sequence_race_fits(&sequence, &race));
	/* One vCPU, and two that drive it; or not for itself. */
	step_call_init(&sequence.steps[1], step_find("vmm.run"));
	ck_assert(!sequence_race_fits(&sequence, &race));
	sequence.steps[1].vcpu = 1;
	ck_assert(sequence_race_fits(&sequence, &race));
	step_call_init(&sequence.steps[1], step_find("vmm.create_vcpus"));
	ck_assert(!sequence_race_fits(&sequence, &race));
	step_call_init(&sequence.steps[1], step_find("vmm.activate"));
	ck_assert(!sequence_race_fits(&sequence, &race));
	step_call_init(&sequence.steps[1], step_find("rmm.smc"));
	ck_assert(!sequence_race_fits(&sequence, &race));
	step_call_init(&sequence.steps[1], step_find("vmm.close"));
	race.num_actors = 3;
	race.num[2] = 1;
	ck_assert(!sequence_race_fits(&sequence, &race));
	sequence.steps[2].vcpu = 1;
	ck_assert(sequence_race_fits(&sequence, &race));
	race.num[2] = 2;
	ck_assert(!sequence_race_fits(&sequence, &race));
}
END_TEST

/* What stands for a step that was not carried out, but made what it implies; behind an irqchip that failed nothing does. */
START_TEST(races_that_only_imply)
{
	static const struct schedule_turn turns[] = {{.actor = 0, .points = 2}, {.actor = 1}};
	static struct sequence sequence = {.num_steps = 3, .num_races = 1};
	static struct life_answer answers[3];
	struct sequence_outcome outcome = {
		.answers = answers, .num = 3, .turns = {turns}, .num_turns = {2}};
	struct shape shape;
	char *text;

	shape_draw(&shape, 1, 4096);
	shape.num_realms = 1;
	sequence.shape = &shape;
	sequence.races[0] = (struct race){.num_actors = 2, .num = {1, 1}};
	step_call_init(&sequence.steps[0], step_find("guest.psci_version"));
	step_call_init(&sequence.steps[1], step_find("vmm.signal"));
	step_call_init(&sequence.steps[2], step_find("vmm.close"));
	answers[0] = (struct life_answer){.refused = -ENOENT, .implied = STEP_IMPLIED_VM};
	text = sequence_yaml(&sequence, &outcome, "a", "A.");
	ck_assert_ptr_nonnull(strstr(text, "      schedule: [a0*2, a1]\n"
					   "      actors:\n"
					   "        a0:\n"
					   "          - vmm.create_vm:\n"
					   "        a1:\n"
					   "          - vmm.signal:\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n  - vmm.close:\n"));
	g_free(text);
	answers[0].implied = STEP_IMPLIED_IRQCHIP;
	answers[0].implied_err = -ENOMEM;
	text = sequence_yaml(&sequence, &outcome, "a", "A.");
	ck_assert_ptr_nonnull(strstr(text, "          - vmm.create_irqchip: {init: now}\n"
					   "            expect: {errno: ENOMEM}\n"));
	ck_assert_ptr_null(strstr(text, "vmm.close"));
	g_free(text);
	answers[0].implied = STEP_IMPLIED_NOTHING;
	text = sequence_yaml(&sequence, &outcome, "a", "A.");
	ck_assert_ptr_null(strstr(text, "parallel"));
	ck_assert_ptr_nonnull(strstr(text, "steps:\n  - vmm.signal:\n"));
	g_free(text);
}
END_TEST

/* An actor whose steps nothing stands for: what others do when it is its turn depends on its being there. */
START_TEST(races_with_an_idle_actor)
{
	static const struct schedule_turn turns[] = {
		{.actor = 0, .points = 2}, {.actor = 2}, {.actor = 0, .points = 3}, {.actor = 1}};
	static struct sequence sequence = {.num_steps = 3, .num_races = 1};
	static struct life_answer answers[3];
	struct sequence_outcome outcome = {
		.answers = answers, .num = 3, .turns = {turns}, .num_turns = {4}};
	struct shape shape;
	char *text;

	shape_draw(&shape, 1, 4096);
	shape.num_realms = 1;
	sequence.shape = &shape;
	sequence.races[0] = (struct race){.num_actors = 3, .num = {1, 1, 1}};
	step_call_init(&sequence.steps[0], step_find("guest.psci_version"));
	step_call_init(&sequence.steps[1], step_find("vmm.signal"));
	step_call_init(&sequence.steps[2], step_find("vmm.close"));
	answers[2] = (struct life_answer){.refused = -ENOENT};
	text = sequence_yaml(&sequence, &outcome, "a", "A.");
	ck_assert_ptr_nonnull(strstr(text, "      schedule: [a0*2, a2, a0*3, a1]\n"
					   "      actors:\n"
					   "        a0:\n"
					   "          - guest.psci_version:\n"
					   "        a1:\n"
					   "          - vmm.signal:\n"
					   "        a2: []\n"));
	g_free(text);
}
END_TEST

static bool race_equal(const struct race *a, const struct race *b)
{
	return a->first == b->first && a->num_actors == b->num_actors &&
	       !memcmp(a->num, b->num, a->num_actors * sizeof(*a->num)) &&
	       (uint16_t)a->seed == (uint16_t)b->seed;
}

/* What is written as bytes is read again, races too. */
START_TEST(races_as_bytes)
{
	static struct sequence sequence, again;
	unsigned int with = 0, i, r;
	uint8_t data[4096];
	struct shape shape;
	size_t size;

	for (i = 0; i < 5000; i++) {
		bytes_shape(i % BYTES_SHAPES, &shape);
		sequence_draw(&sequence, &shape, i + 1, 16);
		size = bytes_write(&sequence, i % BYTES_SHAPES, data, sizeof(data));
		ck_assert_uint_eq(bytes_shape_number(data, size), i % BYTES_SHAPES);
		bytes_read(data, size, &shape, &again);
		if (again.num_steps != sequence.num_steps || again.num_races != sequence.num_races)
			ck_abort_msg("sequence %u has other steps or races", i);
		for (r = 0; r < sequence.num_races; r++) {
			if (!race_equal(&sequence.races[r], &again.races[r]))
				ck_abort_msg("sequence %u has another race", i);
		}
		with += sequence.num_races > 0;
	}
	ck_assert_uint_ge(with, 5000 / 32);
}
END_TEST

/* Races come, change, move and go as inputs are changed, and those that there are can take place. */
START_TEST(races_in_changed_bytes)
{
	static struct sequence sequence;
	unsigned int made = 0, gone = 0, reseeded = 0, shifted = 0, i, r;
	struct race before = {0};
	bool had = false;
	uint8_t data[2][4096], crossed[4096];
	size_t size[2] = {0};
	struct shape shape;

	for (i = 0; i < 40000; i++) {
		const unsigned int k = i % 2;

		if (i % 64 < 2)
			size[k] = bytes_draw(i, data[k], sizeof(data[k]));
		size[k] = bytes_mutate(data[k], size[k], sizeof(data[k]), i + 1);
		ck_assert_uint_le(size[k], sizeof(data[k]));
		bytes_shape(bytes_shape_number(data[k], size[k]), &shape);
		bytes_read(data[k], size[k], &shape, &sequence);
		for (r = 0; r < sequence.num_races; r++) {
			if (!sequence_race_fits(&sequence, &sequence.races[r]))
				ck_abort_msg("input %u has a race that does not fit", i);
		}
		if (k)
			continue;
		made += !had && sequence.num_races;
		gone += had && !sequence.num_races;
		if (had && sequence.num_races) {
			reseeded += sequence.races[0].first == before.first &&
				    sequence.races[0].seed != before.seed;
			shifted += sequence.races[0].first != before.first &&
				   sequence.races[0].seed == before.seed;
		}
		had = sequence.num_races;
		before = sequence.races[0];
		if (i % 16)
			continue;
		r = (unsigned int)bytes_cross(data[0], size[0], data[1], size[1], crossed,
					      sizeof(crossed), i);
		ck_assert_uint_le(r, sizeof(crossed));
		bytes_shape(bytes_shape_number(crossed, r), &shape);
		bytes_read(crossed, r, &shape, &sequence);
		for (r = 0; r < sequence.num_races; r++) {
			if (!sequence_race_fits(&sequence, &sequence.races[r]))
				ck_abort_msg("a crossed input has a race that does not fit");
		}
	}
	ck_assert_uint_ge(made, 100);
	ck_assert_uint_ge(gone, 100);
	ck_assert_uint_ge(reseeded, 100);
	ck_assert_uint_ge(shifted, 100);
}
END_TEST

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
	tcase_add_test(tcase, races);
	tcase_add_test(tcase, races_that_do_not_fit);
	tcase_add_test(tcase, races_that_only_imply);
	tcase_add_test(tcase, races_with_an_idle_actor);
	tcase_add_test(tcase, races_as_bytes);
	tcase_add_test(tcase, races_in_changed_bytes);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
