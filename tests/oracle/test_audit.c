/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A canary for each rule of the host audit: a KVM that breaks just this rule must be found, and one
 * that breaks none must not.
 */
#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <rmm/rmi.h>

static const struct world_slot slots[] = {{.base = 0x80000000, .size = 0x1000000}};
static const struct world_realm realm = {
	.ipa_bits = 33, .vcpus = 1, .slots = slots, .num_slots = 1};

static struct kvm_module *module;
static struct world *world;
static struct fake *fake;
static void *handle;

static void setup(void)
{
	fake_state_fn *state;

	world = world_over(FAKE_PATH, &realm, 1, &module);
	handle = dlopen(FAKE_PATH, RTLD_NOW | RTLD_NOLOAD);
	ck_assert_ptr_nonnull(handle);
	*(void **)&state = dlsym(handle, FAKE_SYMBOL);
	ck_assert_ptr_nonnull(state);
	fake = state();
}

static void teardown(void)
{
	dlclose(handle);
	world_done(world, module);
}

/* A call for one page, with the fault planted. */
#define NR_ENABLE_CAP (1u << 30 | 104u << 16 | 0xaea3u)

static void do_call(enum fake_plant plant)
{
	step_ok(world, "vmm.create_realm", NO_ARGS);
	fake->plant = plant;
	step(world, "vmm.set_attributes", ARGS({"base", 0x80200000}, {"size", 0x1000}));
}

static bool refuse_undelegate(void *ctx, struct rmm_regs *regs)
{
	(void)ctx;
	if (regs->x[0] != RMI_GRANULE_UNDELEGATE)
		return false;
	regs->x[0] = RMI_ERROR_INPUT;
	return true;
}

START_TEST(sound_calls_are_not_found)
{
	do_call(FAKE_NOTHING);
	step(world, "vmm.set_attributes", ARGS({"base", 0x80000000}, {"size", 0x1000}));
	assert_clean(world);
}
END_TEST

/* This KVM says that it did, and makes no RMI call. */
START_TEST(a_promise_that_is_not_kept_is_found)
{
	do_call(FAKE_NOTHING);
	step_ok(world, "vmm.init_ripas", ARGS({"base", 0x80000000}, {"size", 0x1000}));
	ck_assert(was_found(world, "contract", "ripas"));
	ck_assert_uint_eq(machine_num_findings(world_machine(world)), 1);
}
END_TEST

/* Nobody gave the page to the guest: its RIPAS is EMPTY. */
START_TEST(a_page_that_is_nobodys_is_found)
{
	do_call(FAKE_DATA_IN_KERNEL_PAGE);
	ck_assert(was_found(world, "contract", "backed"));
}
END_TEST

/* What only the contract asks. */
static const struct contract_canary {
	enum fake_plant plant;
	const char *condition;
} contract_canaries[] = {
	{FAKE_GMEM_UNASKED, "gmem-pages"},   {FAKE_USER_UNASKED, "user-pages"},
	{FAKE_ASKS_IN_VAIN, "failed-calls"}, {FAKE_WORKS_IN_VAIN, "too-many-calls"},
	{FAKE_TABLE_IDLE, "table-left"},     {FAKE_ALIAS_TABLE_IDLE, "table-left"},
};

START_TEST(what_only_the_contract_asks_is_found)
{
	const struct contract_canary *canary = &contract_canaries[_i];

	step_ok(world, "vmm.create_realm", NO_ARGS);
	fake->plant = canary->plant;
	/* The slot is private at first: this unmaps, and promises that nothing is left of it. */
	step(world, "vmm.set_attributes", ARGS({"base", 0x80200000}, {"size", 0x1000}, {"to", 1}));
	ck_assert_msg(was_found(world, "contract", canary->condition), "%s was not found",
		      canary->condition);
	ck_assert_uint_eq(machine_num_findings(world_machine(world)), 1);
}
END_TEST

/* There is no realm to activate: kvm-rme.md 3. */
START_TEST(an_answer_that_is_not_due_is_found)
{
	step_ok(world, "vmm.create_vm", NO_ARGS);
	step(world, "vmm.activate", NO_ARGS);
	ck_assert(was_found(world, "contract", "answer"));
}
END_TEST

/* 3: -ENXIO is what the RMM's refusal becomes, of an RMI call that this one made. */
START_TEST(an_error_without_a_cause_is_found)
{
	static const struct {
		enum fake_plant before, meanwhile;
		bool found;
	} cases[] = {
		{FAKE_NOTHING, FAKE_NOTHING, true},
		{FAKE_NOTHING, FAKE_MANY_CALLS, true},
		{FAKE_NOTHING, FAKE_UNDELEGATE_REFUSED, false},
		{FAKE_UNDELEGATE_REFUSED, FAKE_NOTHING, true},
		{FAKE_UNDELEGATE_REFUSED, FAKE_MANY_CALLS, true},
	};

	machine_set_faults(world_machine(world), NULL, refuse_undelegate, NULL);
	do_call(cases[_i].before);
	assert_clean(world);
	fake->fail_cmd = NR_ENABLE_CAP;
	fake->fail_ret = -ENXIO;
	fake->plant = cases[_i].meanwhile;
	step(world, "vmm.activate", NO_ARGS);
	ck_assert_int_eq(was_found(world, "contract", "answer"), cases[_i].found);
}
END_TEST

/* A fault exit is about pages of the host: kvm-rme.md 7. */
START_TEST(an_exit_that_says_something_else_is_found)
{
	step_ok(world, "vmm.create_realm", NO_ARGS);
	step_ok(world, "vmm.create_vcpus", ARGS({"count", 1}));
	step_ok(world, "vmm.activate", NO_ARGS);
	assert_clean(world);
	fake->script[fake->num_script++] = (struct fake_run){.ret = -EFAULT,
							     .reason = 39,
							     .gpa = 0x80200800,
							     .size = 0x1000,
							     .is_private = true};
	step(world, "guest.write", ARGS({"ipa", 0x80200000}, {"size", 0x1000}));
	ck_assert(was_found(world, "contract", "exit"));
}
END_TEST

static const struct canary {
	enum fake_plant plant;
	const char *condition;
} canaries[] = {
	{FAKE_RETURN_BELOW_ERRNO, "return-value"},
	{FAKE_RETURN_POSITIVE, "return-value"},
	{FAKE_LOCK_HELD, "locks-held"},
	{FAKE_PGTABLE_UNEVEN, "pgtable-accounting"},
	{FAKE_VMID_LOST, "vmids"},
	{FAKE_LEFT_DELEGATED, "left-delegated"},
	{FAKE_FREED_DELEGATED, "page-not-nonsecure"},
	{FAKE_NEVER_ALLOCATED, "page-not-nonsecure"},
	{FAKE_GMEM_REFERENCE, "gmem-refcount"},
	{FAKE_DATA_IN_KERNEL_PAGE, "data-not-gmem"},
	{FAKE_DATA_WITHOUT_REFERENCE, "gmem-refcount"},
	{FAKE_DATA_UNCACHED, "data-uncached"},
	{FAKE_WRONG_REALM, "wrong-realm"},
	{FAKE_OUTSIDE_RANGE, "outside-range"},
	{FAKE_TABLE_BESIDE_RANGE, "outside-range"},
};

START_TEST(each_fault_is_found)
{
	const struct canary *canary = &canaries[_i];
	const struct finding *finding;
	size_t i;

	do_call(canary->plant);
	ck_assert_msg(was_found(world, "host-audit", canary->condition), "%s was not found",
		      canary->condition);
	/* It names the call after which it was found. The contract speaks at the end of the step. */
	i = machine_num_findings(world_machine(world)) - 1;
	while (i && strcmp(machine_finding(world_machine(world), i)->oracle, "host-audit"))
		i--;
	finding = machine_finding(world_machine(world), i);
	ck_assert_str_eq(finding->oracle, "host-audit");
	ck_assert_str_eq(finding->function, "KVM_SET_MEMORY_ATTRIBUTES");
	ck_assert_uint_eq(finding->step, 2);
}
END_TEST

START_TEST(a_fault_is_reported_once)
{
	size_t num;

	do_call(FAKE_LOCK_HELD);
	num = machine_num_findings(world_machine(world));
	ck_assert_uint_eq(num, 1);
	step(world, "vmm.set_attributes", ARGS({"base", 0x80200000}, {"size", 0x1000}));
	ck_assert_uint_eq(machine_num_findings(world_machine(world)), num);
	fake->plant = FAKE_PGTABLE_UNEVEN;
	step(world, "vmm.set_attributes", ARGS({"base", 0x80200000}, {"size", 0x1000}));
	step(world, "vmm.set_attributes", ARGS({"base", 0x80200000}, {"size", 0x1000}));
	ck_assert_uint_eq(machine_num_findings(world_machine(world)), num + 1);
}
END_TEST

/* As if the walk had ended at level 2. */
static bool refuse_init_ripas(void *ctx, struct rmm_regs *regs)
{
	(void)ctx;
	if (regs->x[0] != RMI_RTT_INIT_RIPAS)
		return false;
	regs->x[0] = RMI_ERROR_RTT | 2 << 8;
	return true;
}

/* kvm-rme.md 10: tables are made down to the level whose entries the range covers. */
START_TEST(a_table_that_a_change_covers_is_found)
{
	step_ok(world, "vmm.create_realm", NO_ARGS);
	machine_set_faults(world_machine(world), NULL, refuse_init_ripas, NULL);
	fake->plant = FAKE_RIPAS_TABLE;
	step(world, "vmm.set_attributes", ARGS({"base", 0x80200000}, {"size", 0x1ff000}));
	assert_clean(world);
	fake->plant = FAKE_RIPAS_TABLE;
	step(world, "vmm.set_attributes", ARGS({"base", 0x80400000}, {"size", 0x200000}));
	ck_assert(was_found(world, "host-audit", "needless-table"));
}
END_TEST

/* kvm-rme.md 6. */
START_TEST(shared_memory_that_is_a_device_is_found)
{
	step_ok(world, "vmm.create_realm", NO_ARGS);
	fake->plant = FAKE_SHARED_BLOCK;
	step(world, "vmm.set_attributes", ARGS({"base", 0x80200000}, {"size", 0x200000}));
	assert_clean(world);
	fake->plant = FAKE_SHARED_DEVICE;
	step(world, "vmm.set_attributes", ARGS({"base", 0x80400000}, {"size", 0x200000}));
	ck_assert(was_found(world, "host-audit", "shared-attributes"));
}
END_TEST

/* kvm-rme.md 12: shared memory is mapped under mmu_lock, read; what the VMM takes away goes under it, written. */
START_TEST(work_without_mmu_lock_is_found)
{
	static const struct {
		bool unlocked, reads;
		enum fake_plant plant;
		bool found;
	} cases[] = {
		{false, false, FAKE_SHARED_BLOCK, false}, {false, true, FAKE_SHARED_BLOCK, false},
		{true, false, FAKE_SHARED_BLOCK, true},	  {false, false, FAKE_OUTSIDE_RANGE, false},
		{false, true, FAKE_OUTSIDE_RANGE, true},
	};

	step_ok(world, "vmm.create_realm", NO_ARGS);
	fake->unlocked = cases[_i].unlocked;
	fake->reads = cases[_i].reads;
	fake->plant = cases[_i].plant;
	step(world, "vmm.set_attributes", ARGS({"base", 0x80200000}, {"size", 0x200000}));
	ck_assert_int_eq(was_found(world, "host-audit", "mmu-lock"), cases[_i].found);
}
END_TEST

START_TEST(pages_that_the_rmm_keeps_are_leaked_on_purpose)
{
	machine_set_faults(world_machine(world), NULL, refuse_undelegate, NULL);
	do_call(FAKE_UNDELEGATE_REFUSED);
	assert_clean(world);
	fake->plant = FAKE_TABLE_KEPT;
	step_ok(world, "vmm.set_attributes", ARGS({"base", 0x80200000}, {"size", 0x1000}));
	assert_clean(world);
	fake->plant = FAKE_TABLE_KEPT_UNACCOUNTED;
	step_ok(world, "vmm.set_attributes", ARGS({"base", 0x80400000}, {"size", 0x1000}));
	ck_assert(was_found(world, "host-audit", "pgtable-accounting"));
}
END_TEST

START_TEST(a_leak_that_ended_excuses_nothing)
{
	machine_set_faults(world_machine(world), NULL, refuse_undelegate, NULL);
	do_call(FAKE_UNDELEGATE_REFUSED);
	assert_clean(world);
	machine_set_faults(world_machine(world), NULL, NULL, NULL);
	fake->plant = FAKE_TAKEN_BACK_AND_LEFT;
	step_ok(world, "vmm.set_attributes", ARGS({"base", 0x80200000}, {"size", 0x1000}));
	ck_assert(was_found(world, "host-audit", "left-delegated"));
}
END_TEST

START_TEST(a_leak_of_an_earlier_life_excuses_nothing)
{
	char *error = NULL;

	machine_set_faults(world_machine(world), NULL, refuse_undelegate, NULL);
	do_call(FAKE_UNDELEGATE_REFUSED);
	machine_set_faults(world_machine(world), NULL, NULL, NULL);
	ck_assert_int_eq(world_reset(world, &error), 0);
	/* The same frame is handed out again. */
	do_call(FAKE_LEFT_DELEGATED);
	ck_assert(was_found(world, "host-audit", "left-delegated"));
}
END_TEST

static const struct canary leftovers[] = {
	{FAKE_LEAVE_DELEGATED, "still-delegated"},
	{FAKE_LEAVE_PAGE, "still-allocated"},
	{FAKE_LEAVE_OBJECT, "still-allocated"},
	{FAKE_LEAVE_GMEM, "gmem-left"},
	{FAKE_LEAVE_USER, "still-allocated"},
	{FAKE_LEAVE_FILE, "still-open"},
	{FAKE_LEAVE_VM, "still-open"},
	{FAKE_LEAVE_PGTABLE, "still-accounted"},
};

START_TEST(what_is_left_at_the_end_is_found)
{
	step_ok(world, "vmm.create_vm", NO_ARGS);
	fake->plant = leftovers[_i].plant;
	world_teardown(world, false);
	ck_assert_msg(was_found(world, "host-audit", leftovers[_i].condition), "%s was not found",
		      leftovers[_i].condition);
}
END_TEST

START_TEST(a_clean_end_is_not_found)
{
	step_ok(world, "vmm.create_vm", NO_ARGS);
	world_teardown(world, false);
	assert_clean(world);
}
END_TEST

START_TEST(leaks_can_be_allowed)
{
	machine_set_faults(world_machine(world), NULL, refuse_undelegate, NULL);
	do_call(FAKE_UNDELEGATE_REFUSED);
	world_teardown(world, true);
	assert_clean(world);
}
END_TEST

START_TEST(allowed_leaks_excuse_no_page_that_is_the_hosts)
{
	step_ok(world, "vmm.create_vm", NO_ARGS);
	fake->plant = FAKE_LEAVE_GMEM;
	world_teardown(world, true);
	ck_assert(was_found(world, "host-audit", "gmem-left"));
}
END_TEST

START_TEST(allowed_leaks_excuse_what_the_rmm_keeps)
{
	static const struct {
		bool kept, realm;
		enum fake_plant plant;
		bool found;
	} cases[] = {
		{false, false, FAKE_LEAVE_PAGE, true}, {false, false, FAKE_LEAVE_OBJECT, true},
		{true, false, FAKE_LEAVE_PAGE, false}, {true, false, FAKE_LEAVE_OBJECT, true},
		{false, true, FAKE_LEAVE_PAGE, false}, {false, true, FAKE_LEAVE_OBJECT, false},
	};

	step_ok(world, "vmm.create_vm", NO_ARGS);
	if (cases[_i].realm)
		step_ok(world, "vmm.create_realm", NO_ARGS);
	if (cases[_i].kept) {
		machine_set_faults(world_machine(world), NULL, refuse_undelegate, NULL);
		fake->plant = FAKE_UNDELEGATE_REFUSED;
		step(world, "vmm.set_attributes", ARGS({"base", 0x80200000}, {"size", 0x1000}));
	}
	fake->plant = cases[_i].plant;
	world_teardown(world, true);
	ck_assert_int_eq(was_found(world, "host-audit", "still-allocated"), cases[_i].found);
}
END_TEST

START_TEST(allowed_leaks_excuse_no_open_file)
{
	step_ok(world, "vmm.create_vm", NO_ARGS);
	fake->plant = FAKE_LEAVE_FILE;
	world_teardown(world, true);
	ck_assert(was_found(world, "host-audit", "still-open"));
}
END_TEST

START_TEST(leaks_are_not_allowed_unasked)
{
	machine_set_faults(world_machine(world), NULL, refuse_undelegate, NULL);
	do_call(FAKE_UNDELEGATE_REFUSED);
	world_teardown(world, false);
	ck_assert(was_found(world, "host-audit", "still-delegated"));
}
END_TEST

START_TEST(hostile_calls_turn_it_off)
{
	step_ok(world, "vmm.create_realm", NO_ARGS);
	/* A granule that no host knows of. */
	step_ok(world, "rmm.smc",
		ARGS({"fid", RMI_GRANULE_DELEGATE}, {"x1", DRAM_DEFAULT_BASE + 0x3000000}));
	fake->plant = FAKE_LEFT_DELEGATED;
	step_ok(world, "vmm.set_attributes", ARGS({"base", 0x80200000}, {"size", 0x1000}));
	world_teardown(world, false);
	assert_clean(world);
}
END_TEST

START_TEST(reset_forgets)
{
	char *error = NULL;

	do_call(FAKE_LEFT_DELEGATED);
	ck_assert_int_eq(world_reset(world, &error), 0);
	assert_clean(world);
	do_call(FAKE_NOTHING);
	assert_clean(world);
	/* And it still looks. */
	ck_assert_int_eq(world_reset(world, &error), 0);
	do_call(FAKE_PGTABLE_UNEVEN);
	ck_assert(was_found(world, "host-audit", "pgtable-accounting"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("host audit");
	TCase *tcase = tcase_create("audit");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, sound_calls_are_not_found);
	tcase_add_loop_test(tcase, what_only_the_contract_asks_is_found, 0,
			    sizeof(contract_canaries) / sizeof(contract_canaries[0]));
	tcase_add_loop_test(tcase, each_fault_is_found, 0, sizeof(canaries) / sizeof(canaries[0]));
	tcase_add_test(tcase, a_fault_is_reported_once);
	tcase_add_test(tcase, a_table_that_a_change_covers_is_found);
	tcase_add_test(tcase, shared_memory_that_is_a_device_is_found);
	tcase_add_loop_test(tcase, work_without_mmu_lock_is_found, 0, 5);
	tcase_add_test(tcase, pages_that_the_rmm_keeps_are_leaked_on_purpose);
	tcase_add_test(tcase, a_leak_that_ended_excuses_nothing);
	tcase_add_test(tcase, a_leak_of_an_earlier_life_excuses_nothing);
	tcase_add_loop_test(tcase, what_is_left_at_the_end_is_found, 0,
			    sizeof(leftovers) / sizeof(leftovers[0]));
	tcase_add_test(tcase, a_clean_end_is_not_found);
	tcase_add_test(tcase, leaks_can_be_allowed);
	tcase_add_test(tcase, allowed_leaks_excuse_no_page_that_is_the_hosts);
	tcase_add_loop_test(tcase, allowed_leaks_excuse_what_the_rmm_keeps, 0, 6);
	tcase_add_test(tcase, allowed_leaks_excuse_no_open_file);
	tcase_add_test(tcase, leaks_are_not_allowed_unasked);
	tcase_add_test(tcase, hostile_calls_turn_it_off);
	tcase_add_test(tcase, a_promise_that_is_not_kept_is_found);
	tcase_add_test(tcase, a_page_that_is_nobodys_is_found);
	tcase_add_test(tcase, an_answer_that_is_not_due_is_found);
	tcase_add_loop_test(tcase, an_error_without_a_cause_is_found, 0, 5);
	tcase_add_test(tcase, an_exit_that_says_something_else_is_found);
	tcase_add_test(tcase, reset_forgets);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
