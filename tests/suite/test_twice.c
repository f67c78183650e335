/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_twice.c - a life of a machine is the same, event by event, whether the machine is new or was reset in
 * the same process after other lives. Runs scenarios of the suite, without their expectations.
 */
#include <check.h>
#include <sim/plan.h>
#include <sim/trace.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const files[] = {
	"scenarios/boot/kvmtool-13-running.yaml",
	"scenarios/boot/qemu-09-running.yaml",
	"scenarios/block/freed-in-part-by-the-vmm.yaml",
	"scenarios/reuse/side-by-side.yaml",
	"scenarios/slots/removed-and-added-again.yaml",
	"scenarios/ripas/guest-gives-back-unaligned.yaml",
};

struct recording {
	FILE *file;
	char *text;
	size_t size;
};

static void recording_open(struct recording *recording)
{
	recording->file = open_memstream(&recording->text, &recording->size);
	ck_assert_ptr_nonnull(recording->file);
}

static void recording_close(struct recording *recording)
{
	ck_assert_int_eq(fclose(recording->file), 0);
}

/* The trace of a life goes to whichever recording is current. */
static void record(void *ctx, const struct trace_event *event)
{
	struct recording **current = ctx;

	if (*current)
		trace_jsonl_sink((*current)->file, event);
}

static void steps_perform(struct world *world, const struct plan_step *steps, size_t num)
{
	for (size_t i = 0; i < num; i++) {
		char *error = NULL;

		if (steps[i].kind == PLAN_REPEAT) {
			for (uint64_t round = 0; round < steps[i].times; round++)
				steps_perform(world, steps[i].body, steps[i].num_body);
		} else if (steps[i].kind == PLAN_CALL) {
			struct step_call call = steps[i].call;

			ck_assert_msg(!world_perform(world, &call, &error), "%s: %s",
				      steps[i].title, error);
			step_result_clear(&call.result);
		}
	}
}

static void life(struct world *world, const struct plan *plan)
{
	steps_perform(world, plan->steps, plan->num_steps);
	world_teardown(world, false);
	ck_assert_uint_eq(machine_num_findings(world_machine(world)), 0);
}

static void recordings_compare(const struct plan *plan, const struct recording *a,
			       const struct recording *b, const char *what)
{
	size_t at = 0, line = 1;

	while (at < a->size && at < b->size && a->text[at] == b->text[at]) {
		line += a->text[at] == '\n';
		at++;
	}
	ck_assert_msg(a->size == b->size && at == a->size, "%s: %s differs from line %zu on",
		      plan->id, what, line);
}

static void plan_live_twice(const struct plan *plan)
{
	struct world_config config = {
		.realms = plan->realms, .num_realms = plan->num_realms, .seed = 7};
	struct recording first = {0}, second = {0}, anew = {0}, *current = NULL;
	char *path = kvm_module_default_path(plan->machine.page_size), *error = NULL;
	struct kvm_module *module = NULL;
	struct trace *trace = trace_create();
	struct world *world = NULL;

	ck_assert_ptr_nonnull(path);
	ck_assert_ptr_nonnull(trace);
	ck_assert_msg(!kvm_module_load(path, &module, &error), "%s", error);
	ck_assert_int_eq(trace_add_sink(trace, (1u << TRACE_NUM_KINDS) - 1, record, &current), 0);
	machine_config_init(&config.machine);
	plan_apply(plan, &config.machine);
	config.machine.kvm = module;
	config.machine.trace = trace;
	recording_open(&first);
	recording_open(&second);
	recording_open(&anew);

	ck_assert_msg(!world_create(&config, &world, &error), "%s", error);
	current = &first;
	life(world, plan);
	current = NULL;
	ck_assert_msg(!world_reset(world, &error), "%s", error);
	current = &second;
	life(world, plan);
	current = NULL;
	world_destroy(world);

	ck_assert_msg(!world_create(&config, &world, &error), "%s", error);
	current = &anew;
	life(world, plan);
	current = NULL;
	world_destroy(world);

	recording_close(&first);
	recording_close(&second);
	recording_close(&anew);
	ck_assert_uint_gt(first.size, 0);
	recordings_compare(plan, &first, &second, "the life after a reset");
	recordings_compare(plan, &first, &anew, "the life of another machine");
	trace_destroy(trace);
	kvm_module_unload(module);
	free(path);
	free(first.text);
	free(second.text);
	free(anew.text);
}

START_TEST(a_life_after_a_reset_is_the_first_life_again)
{
	struct scenario_set *set = scenario_set_create();
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", CHECKOUT, files[_i]);
	scenario_set_add_path(set, path);
	ck_assert_uint_gt(scenario_set_num_plans(set), 0);
	for (size_t i = 0; i < scenario_set_num_plans(set); i++)
		plan_live_twice(scenario_set_plan(set, i));
	scenario_set_destroy(set);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("twice");
	TCase *tcase = tcase_create("in one process");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_life_after_a_reset_is_the_first_life_again, 0,
			    (int)(sizeof(files) / sizeof(files[0])));
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
