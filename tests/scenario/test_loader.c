/* SPDX-License-Identifier: BSD-3-Clause */
/* From YAML to plans: what a sound scenario means. What is wrong with unsound ones is in test_bad.c. */
#include "support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(test_whole)
{
	struct scenario_set *set =
		set_from_text("# a comment\n"
			      "scenario: ripas.one-two3\n"
			      "about: >\n"
			      "  Some words.\n"
			      "tags: [smoke, ripas]\n"
			      "level: long\n"
			      "machine:\n"
			      "  memory: 1G\n"
			      "  base: 0x1_0000_0000\n"
			      "  page_size: 64K\n"
			      "  quarantine: 7\n"
			      "  block_mappings: true\n"
			      "  gmem_huge: true\n"
			      "  rmm: {abi: \"1.0\", rec_aux: 2, vmid_bits: 16, s2sz: 40, pmu: "
			      "false, tfrmm: [Q3, Q4b], invariants: full}\n"
			      "realm:\n"
			      "  ipa_bits: 41\n"
			      "  hash: sha512\n"
			      "  rpv: \"00ff\"\n"
			      "  vcpus: 3\n"
			      "  attributes: shared\n"
			      "  on_memory_fault: stop\n"
			      "  slots:\n"
			      "    - {base: 0x8000_0000, size: 16M, gmem_offset: 2M}\n"
			      "    - {base: 4G, size: 64K, gmem: false, readonly: true}\n"
			      "teardown: {allow: [leaks, warns]}\n"
			      "steps:\n"
			      "  - vmm.create_realm:\n");
	const struct plan *plan = only_plan(set);
	struct machine_config config;
	const struct world_realm *realm = plan->realms;

	ck_assert_str_eq(plan->id, "ripas.one-two3");
	ck_assert_str_eq(plan->name, "ripas.one-two3");
	ck_assert_str_eq(plan->about, "Some words.\n");
	ck_assert_uint_eq(plan->num_tags, 2);
	ck_assert_str_eq(plan->tags[1], "ripas");
	ck_assert_int_eq(plan->level, PLAN_LONG);
	ck_assert_uint_eq(plan->place.line, 2);
	ck_assert_uint_eq(plan->place.column, 11);

	machine_config_init(&config);
	plan_apply(plan, &config);
	ck_assert_uint_eq(config.dram.size, 1ull << 30);
	ck_assert_uint_eq(config.dram.base, 1ull << 32);
	ck_assert_uint_eq(config.dram.page_size, 65536);
	ck_assert_uint_eq(config.dram.quarantine, 7);
	ck_assert(config.boot.block_mappings);
	ck_assert(config.boot.gmem_huge);
	ck_assert_uint_eq(config.rmm.rec_aux, 2);
	ck_assert_uint_eq(config.rmm.vmid_bits, 16);
	ck_assert_uint_eq(config.boot.vmid_bits, 16);
	ck_assert_uint_eq(config.rmm.s2sz, 40);
	ck_assert(!config.rmm.pmu);
	ck_assert_uint_eq(config.rmm.tfrmm, RMM_TFRMM_Q3 | RMM_TFRMM_Q4B);
	ck_assert_uint_eq(config.rmm.invariants, RMM_INVARIANTS_FULL);

	ck_assert_uint_eq(plan->num_realms, 1);
	ck_assert_str_eq(realm->name, "realm");
	ck_assert_uint_eq(realm->ipa_bits, 41);
	ck_assert_uint_eq(realm->hash_algo, 1);
	ck_assert(realm->has_rpv);
	ck_assert_uint_eq(realm->rpv[0], 0);
	ck_assert_uint_eq(realm->rpv[1], 0xff);
	ck_assert_uint_eq(realm->rpv[2], 0);
	ck_assert_uint_eq(realm->vcpus, 3);
	ck_assert(realm->shared_at_first);
	ck_assert_uint_eq(realm->num_slots, 2);
	ck_assert_uint_eq(realm->slots[0].gmem_offset, 2u << 20);
	ck_assert(!realm->slots[0].no_gmem);
	ck_assert_uint_eq(realm->slots[1].base, 4ull << 30);
	ck_assert(realm->slots[1].no_gmem);
	ck_assert(realm->slots[1].readonly);
	ck_assert(plan->allow_leaks);
	ck_assert(plan->allow_warns);
	ck_assert_int_eq(plan->steps[0].call.memory_fault, STEP_CONVERT_STOP);
	scenario_set_destroy(set);
}
END_TEST

START_TEST(test_defaults)
{
	struct scenario_set *set = set_from_steps("  - vmm.create_realm:\n");
	const struct plan *plan = only_plan(set);
	struct machine_config config, untouched;

	machine_config_init(&config);
	machine_config_init(&untouched);
	plan_apply(plan, &config);
	ck_assert_uint_eq(config.dram.size, 64u << 20);
	ck_assert_uint_eq(config.dram.page_size, 4096);
	/* Members one by one would miss a new one, all bytes would compare padding. */
	ck_assert_uint_eq(plan->machine.num_rmm, 0);
	ck_assert_uint_eq(config.rmm.rec_aux, untouched.rmm.rec_aux);
	ck_assert_uint_eq(config.rmm.invariants, untouched.rmm.invariants);
	ck_assert_int_eq(plan->level, PLAN_REGRESSION);
	ck_assert_uint_eq(plan->num_tags, 0);
	ck_assert_uint_eq(plan->realms[0].hash_algo, 0);
	ck_assert(!plan->realms[0].shared_at_first);
	ck_assert(!plan->hostile);
	ck_assert(!plan->allow_leaks);
	ck_assert_int_eq(plan->steps[0].call.memory_fault, STEP_CONVERT_KVMTOOL);
	ck_assert_uint_eq(plan->steps[0].call.vcpu, 0);
	scenario_set_destroy(set);
}
END_TEST

/* Every type of parameter, and that an absent one has its row's fallback. */
START_TEST(test_arguments)
{
	struct scenario_set *set =
		set_from_steps("  - name: all of them\n"
			       "    why: because\n"
			       "    vcpu: 1\n"
			       "    on_memory_fault: {convert: qemu}\n"
			       "    vmm.types: {address: 0x8000_0000, size: 2M, number: -3,\n"
			       "      flag: true, mode: second, text: \"010\"}\n");
	const struct plan_step *step = only_plan(set)->steps;
	const struct step_value *args = step->call.args;

	ck_assert_str_eq(step->name, "all of them");
	ck_assert_str_eq(step->why, "because");
	ck_assert_str_eq(step->title, "vmm.types address=0x8000_0000 size=2M number=-3 flag=true "
				      "mode=second text=010 vcpu=1");
	ck_assert_uint_eq(step->place.line, 9);
	ck_assert_uint_eq(step->place.column, 5);
	ck_assert_uint_eq(step->call.vcpu, 1);
	ck_assert_int_eq(step->call.memory_fault, STEP_CONVERT_QEMU);
	ck_assert_uint_eq(args[0].number, 0x80000000ull);
	ck_assert_uint_eq(args[1].number, 2u << 20);
	ck_assert_uint_eq(args[2].number, (uint64_t)-3);
	ck_assert(!args[3].given);
	ck_assert_uint_eq(args[3].number, 5);
	ck_assert_uint_eq(args[4].number, 1);
	ck_assert_uint_eq(args[5].number, 1);
	ck_assert_str_eq(args[6].string, "010");
	scenario_set_destroy(set);
}
END_TEST

START_TEST(test_realms)
{
	struct scenario_set *set =
		set_from_text("scenario: a\n"
			      "about: two of them\n"
			      "realms:\n"
			      "  first: {ipa_bits: 33}\n"
			      "  second-one: {ipa_bits: 40, on_memory_fault: return}\n"
			      "steps:\n"
			      "  - vmm.create_realm:\n"
			      "  - {realm: second-one, vmm.create_realm: }\n"
			      "  - {realm: second-one, expect: {ripas: {0+4K: empty}}}\n");
	const struct plan *plan = only_plan(set);

	ck_assert_uint_eq(plan->num_realms, 2);
	ck_assert_str_eq(plan->realms[1].name, "second-one");
	ck_assert_uint_eq(plan->steps[0].call.realm, 0);
	ck_assert_uint_eq(plan->steps[1].call.realm, 1);
	ck_assert_int_eq(plan->steps[0].call.memory_fault, STEP_CONVERT_KVMTOOL);
	ck_assert_int_eq(plan->steps[1].call.memory_fault, STEP_CONVERT_RETURN);
	ck_assert_uint_eq(plan->steps[2].realm, 1);
	scenario_set_destroy(set);
}
END_TEST

/* One plan for each combination, the last name running fastest; each with its own values. */
START_TEST(test_matrix)
{
	static const char *const ids[] = {"m[page_size=4K,n=1]", "m[page_size=4K,n=2]",
					  "m[page_size=64K,n=1]", "m[page_size=64K,n=2]"};
	static const uint64_t sizes[] = {4096, 4096, 65536, 65536},
			      values[] = {0x11, 0x12, 0x11, 0x12};
	static const uint64_t addresses[] = {512, 512, 32, 32};
	struct scenario_set *set = set_from_text(
		"scenario: m\n"
		"about: costs $5\n"
		"matrix:\n"
		"  page_size: [4K, 64K]\n"
		"  n: [1, 2]\n"
		"machine: {page_size: $page_size}\n"
		"realm: {ipa_bits: 33}\n"
		"steps:\n"
		"  - vmm.types: {size: $page_size, number: 0x1$(n), text: \"$$ $n$page_size\",\n"
		"      address: {by: page_size, 4K: 512, 64K: 32}}\n");
	size_t i;

	ck_assert_uint_eq(diagnostics_count(scenario_set_diagnostics(set)), 0);
	ck_assert_uint_eq(scenario_set_num_plans(set), 4);
	for (i = 0; i < 4; i++) {
		const struct plan *plan = scenario_set_plan(set, i);
		const struct step_value *args = plan->steps[0].call.args;

		ck_assert_str_eq(plan->id, ids[i]);
		ck_assert_str_eq(plan->name, "m");
		ck_assert_str_eq(plan->about, "costs $5");
		ck_assert_uint_eq(plan->machine.page_size, sizes[i]);
		ck_assert_uint_eq(args[0].number, addresses[i]);
		ck_assert_uint_eq(args[1].number, sizes[i]);
		ck_assert_uint_eq(args[2].number, values[i]);
	}
	ck_assert_str_eq(scenario_set_plan(set, 1)->steps[0].call.args[6].string, "$ 24K");
	scenario_set_destroy(set);
}
END_TEST

/* Whole expectations may depend on the matrix, not only numbers. */
START_TEST(test_matrix_by_any)
{
	struct scenario_set *set = set_from_text("scenario: m\n"
						 "about: x\n"
						 "matrix: {way: [short, long]}\n"
						 "realm: {ipa_bits: 33}\n"
						 "steps:\n"
						 "  by: way\n"
						 "  short:\n"
						 "    - vmm.create_realm:\n"
						 "  long:\n"
						 "    - vmm.create_realm:\n"
						 "    - vmm.types:\n");

	ck_assert_uint_eq(diagnostics_count(scenario_set_diagnostics(set)), 0);
	ck_assert_uint_eq(scenario_set_plan(set, 0)->num_steps, 1);
	ck_assert_uint_eq(scenario_set_plan(set, 1)->num_steps, 2);
	scenario_set_destroy(set);
}
END_TEST

START_TEST(test_control)
{
	struct scenario_set *set = set_from_steps("  - note: here it begins\n"
						  "  - snapshot: before\n"
						  "  - repeat:\n"
						  "      times: 3\n"
						  "      steps:\n"
						  "        - vmm.create_realm:\n"
						  "        - snapshot: inner\n"
						  "  - same_as: before\n"
						  "  - expect: {granules: {rtt: 0}}\n");
	const struct plan *plan = only_plan(set);

	ck_assert_uint_eq(plan->num_steps, 5);
	ck_assert_int_eq(plan->steps[0].kind, PLAN_NOTE);
	ck_assert_str_eq(plan->steps[0].text, "here it begins");
	ck_assert_int_eq(plan->steps[1].kind, PLAN_SNAPSHOT);
	ck_assert_int_eq(plan->steps[2].kind, PLAN_REPEAT);
	ck_assert_uint_eq(plan->steps[2].times, 3);
	ck_assert_uint_eq(plan->steps[2].num_body, 2);
	ck_assert_int_eq(plan->steps[3].kind, PLAN_SAME_AS);
	ck_assert_uint_eq(plan->steps[3].snapshot, plan->steps[1].snapshot);
	ck_assert_uint_ne(plan->steps[2].body[1].snapshot, plan->steps[1].snapshot);
	ck_assert_uint_eq(plan->num_snapshots, 2);
	ck_assert_int_eq(plan->steps[4].kind, PLAN_EXPECT);
	scenario_set_destroy(set);
}
END_TEST

START_TEST(test_faults)
{
	struct scenario_set *set = set_from_text(
		"scenario: a\n"
		"about: x\n"
		"machine: {base: 0x8000_0000, memory: 64M}\n"
		"faults:\n"
		"  - {point: page_alloc, nth: 3}\n"
		"  - {point: rmi.GRANULE_UNDELEGATE, address: 0x8300_0000+2M, always: true}\n"
		"  - {point: rmi.RTT_CREATE, nth: 1, status: ERROR_RTT, class: rmm}\n"
		"  - {point: rmi.REC_ENTER, nth: 2, status: ERROR_REALM, index: 1, class: rmm}\n"
		"  - {point: kmalloc, nth: 1, step: twice}\n"
		"  - {point: kmalloc, nth: 9, step: teardown}\n"
		"realm: {ipa_bits: 33}\n"
		"steps:\n"
		"  - repeat:\n"
		"      times: 2\n"
		"      steps:\n"
		"        - vmm.create_realm:\n"
		"          name: twice\n");
	const struct plan_fault *faults = only_plan(set)->faults;

	ck_assert_uint_eq(only_plan(set)->num_faults, 6);
	ck_assert_int_eq(faults[0].point, PORT_FAULT_PAGE_ALLOC);
	ck_assert_uint_eq(faults[0].nth, 3);
	ck_assert(!faults[0].has_range);
	ck_assert(faults[1].always);
	ck_assert_uint_eq(faults[1].status, 1);
	ck_assert_uint_eq(faults[1].base, 0x83000000);
	ck_assert_uint_eq(faults[1].size, 2u << 20);
	ck_assert_uint_eq(faults[2].status, 4);
	ck_assert_uint_eq(faults[3].status, 2);
	ck_assert_uint_eq(faults[3].index, 1);
	ck_assert_ptr_null(faults[3].step);
	ck_assert_str_eq(faults[4].step, "twice");
	ck_assert_str_eq(faults[4].title, "kmalloc nth=1 step=twice");
	ck_assert_str_eq(faults[5].step, "teardown");
	scenario_set_destroy(set);
}
END_TEST

/* A value is written once and used twice. */
START_TEST(test_alias)
{
	struct scenario_set *set =
		set_from_steps("  - vmm.init_ripas: &range {base: 0x8000_0000, size: 2M}\n"
			       "  - vmm.init_ripas: *range\n");
	const struct plan *plan = only_plan(set);

	ck_assert_uint_eq(plan->steps[1].call.args[0].number, 0x80000000ull);
	/* The step is where it is used, not where the anchor is. */
	ck_assert_uint_eq(plan->steps[1].place.line, 6);
	scenario_set_destroy(set);
}
END_TEST

/* Not an error: CRLF, a byte order mark, comments and blank lines, non-ASCII words. */
START_TEST(test_harmless)
{
	struct scenario_set *set =
		set_from_text("\xef\xbb\xbf# \xc3\xa4\r\n\r\nscenario: a\r\nabout: \xe2\x82\xac"
			      "\r\nrealm: {ipa_bits: 33}\r\nsteps:\r\n  - vmm.create_realm:\r\n");

	ck_assert_str_eq(only_plan(set)->about, "\xe2\x82\xac");
	scenario_set_destroy(set);
}
END_TEST

START_TEST(test_level_names)
{
	ck_assert_str_eq(plan_level_name(PLAN_SMOKE), "smoke");
	ck_assert_str_eq(plan_level_name(PLAN_REGRESSION), "regression");
	ck_assert_str_eq(plan_level_name(PLAN_LONG), "long");
}
END_TEST

/* The first file that has a name owns it. */
START_TEST(test_duplicate_ids)
{
	static const char text[] = "scenario: same.name\nabout: x\nrealm: {ipa_bits: 33}\n"
				   "steps:\n  - vmm.create_realm:\n";
	struct scenario_set *set = scenario_set_create();
	char *diagnostics;

	scenario_set_add_text(set, "one.yaml", text, strlen(text));
	scenario_set_add_text(set, "two.yaml", text, strlen(text));
	diagnostics = diagnostics_text(set);
	ck_assert_str_eq(diagnostics, "two.yaml:1:11: error: duplicate scenario id `same.name`\n"
				      "    1 | scenario: same.name\n"
				      "      |           ^~~~~~~~~\n"
				      "one.yaml:1:11: note: it stands here already\n"
				      "    1 | scenario: same.name\n"
				      "      |           ^~~~~~~~~\n");
	free(diagnostics);
	scenario_set_destroy(set);
}
END_TEST

/* A caret below the character that is meant: tabs, wide lines and non-ASCII text included. */
START_TEST(test_excerpts)
{
	struct scenario_set *set =
		set_from_text("scenario: a\n"
			      "about: \"\xc3\xa4\tb\" # \xe2\x82\xac\n"
			      "realm: {ipa_bits: 33}\n"
			      "steps:\n"
			      "  - {why: \"\xc3\xa4\xc3\xb6\", vmm.create_raelm: }\n");
	char *text = diagnostics_text(set);

	ck_assert_str_eq(text,
			 "t.yaml:5:17: error: unknown step or key `vmm.create_raelm`: did you mean "
			 "`vmm.create_realm`?\n"
			 "    5 |   - {why: \"\xc3\xa4\xc3\xb6\", vmm.create_raelm: }\n"
			 "      |                 ^~~~~~~~~~~~~~~~\n");
	free(text);
	scenario_set_destroy(set);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loader");
	TCase *tcase = tcase_create("loader");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, test_whole);
	tcase_add_test(tcase, test_defaults);
	tcase_add_test(tcase, test_arguments);
	tcase_add_test(tcase, test_realms);
	tcase_add_test(tcase, test_matrix);
	tcase_add_test(tcase, test_matrix_by_any);
	tcase_add_test(tcase, test_control);
	tcase_add_test(tcase, test_faults);
	tcase_add_test(tcase, test_alias);
	tcase_add_test(tcase, test_harmless);
	tcase_add_test(tcase, test_level_names);
	tcase_add_test(tcase, test_duplicate_ids);
	tcase_add_test(tcase, test_excerpts);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
