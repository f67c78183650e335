/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole lives of realms over the KVM builds: VMM, KVM, RMM and guest together, left at every stage.
 * The closing checks must find nothing, and a second life after a reset must be the first one
 * again.
 */
#include <sim/parallel.h>

#include "support.h"
#include "world.h"

#define SLOT_BASE 0x80000000ull
#define SLOT_SIZE 0x1000000ull
#define SHARED	  (1ull << 32)

static const char *const builds[] = {KVM_4K, KVM_16K, KVM_64K};
#define NUM_BUILDS 3

static const struct world_slot slots[] = {{.base = SLOT_BASE, .size = SLOT_SIZE}};
static const struct world_realm kvmtool_realm = {.name = "kvmtool",
						 .ipa_bits = 33,
						 .vcpus = 2,
						 .shared_at_first = true,
						 .slots = slots,
						 .num_slots = 1};
static const struct world_realm qemu_realm = {
	.name = "qemu", .ipa_bits = 33, .hash_algo = 1, .vcpus = 1, .slots = slots, .num_slots = 1};

struct stage {
	const char *name;
	struct arg args[5];
	unsigned int vcpu;
	enum step_memory_fault memory_fault;
	enum step_outcome outcome;
};

static const struct stage kvmtool[] = {
	{.name = "vmm.create_vm"},
	{.name = "vmm.create_irqchip"},
	{.name = "vmm.create_vcpus", .args = {{"finalize", 0}}},
	{.name = "vmm.create_realm"},
	{.name = "vmm.write", .args = {{"base", SLOT_BASE}, {"size", 0x10000}, {"value", 0x4b}}},
	{.name = "vmm.populate", .args = {{"base", SLOT_BASE}, {"size", 0x10000}}},
	{.name = "vmm.init_ripas", .args = {{"base", SLOT_BASE + 0x10000}, {"size", 0x10000}}},
	{.name = "vmm.finalize_vcpu"},
	{.name = "vmm.finalize_vcpu", .vcpu = 1},
	{.name = "vmm.activate"},
	{.name = "vmm.munmap", .args = {{"base", SLOT_BASE}, {"size", SLOT_SIZE}}},
	{.name = "vmm.set_attributes",
	 .args = {{"base", SLOT_BASE}, {"size", SLOT_SIZE}, {"to", 0}}},
	{.name = "guest.read", .args = {{"ipa", SLOT_BASE}, {"size", 0x10000}}},
	{.name = "guest.set_ripas",
	 .args = {{"base", SLOT_BASE}, {"size", SLOT_SIZE}, {"ripas", 1}, {"destroyed", 1}}},
	{.name = "guest.write",
	 .args = {{"ipa", SLOT_BASE + 0x1ff000}, {"size", 0x2000}, {"value", 1}}},
	{.name = "guest.psci_cpu_on", .args = {{"target", 1}}},
	{.name = "guest.write",
	 .args = {{"ipa", SLOT_BASE + 0x400000}, {"size", 0x20000}, {"value", 2}},
	 .vcpu = 1},
	{.name = "guest.set_ripas",
	 .args = {{"base", SLOT_BASE + 0x400000}, {"size", 0x10000}, {"ripas", 0}},
	 .vcpu = 1},
	{.name = "guest.write",
	 .args = {{"ipa", SHARED + SLOT_BASE + 0x400000}, {"size", 0x10000}, {"value", 3}}},
	{.name = "guest.set_ripas",
	 .args = {{"base", SLOT_BASE + 0x400000}, {"size", 0x10000}, {"ripas", 1}}},
	{.name = "guest.read",
	 .args = {{"ipa", SLOT_BASE + 0x400000}, {"size", 0x10000}},
	 .vcpu = 1},
	{.name = "guest.psci_cpu_off", .vcpu = 1},
	{.name = "guest.psci_system_off", .outcome = STEP_SHUTDOWN},
};

static const struct stage qemu[] = {
	{.name = "vmm.create_vm"},
	{.name = "vmm.remove_slot", .args = {{"slot", 0}}},
	{.name = "vmm.add_slot", .args = {{"base", SLOT_BASE}, {"size", SLOT_SIZE}}},
	{.name = "vmm.create_vcpus", .args = {{"finalize", 0}}},
	{.name = "vmm.create_realm"},
	{.name = "vmm.init_ripas", .args = {{"base", SLOT_BASE}, {"size", SLOT_SIZE / 2}}},
	{.name = "vmm.write",
	 .args = {{"base", SLOT_BASE + SLOT_SIZE / 2}, {"size", 0x20000}, {"value", 9}}},
	{.name = "vmm.populate", .args = {{"base", SLOT_BASE + SLOT_SIZE / 2}, {"size", 0x20000}}},
	{.name = "vmm.finalize_vcpu"},
	{.name = "vmm.activate"},
	{.name = "guest.write", .args = {{"ipa", SLOT_BASE}, {"size", 0x30000}, {"value", 5}}},
	{.name = "guest.set_ripas",
	 .args = {{"base", SLOT_BASE + 0x10000}, {"size", 0x10000}, {"ripas", 0}},
	 .memory_fault = STEP_CONVERT_QEMU},
	{.name = "guest.write",
	 .args = {{"ipa", SHARED + SLOT_BASE + 0x10000}, {"size", 8}, {"value", 6}}},
	{.name = "vmm.punch_hole", .args = {{"base", SLOT_BASE + 0x10000}, {"size", 0x10000}}},
	{.name = "guest.set_ripas",
	 .args = {{"base", SLOT_BASE + 0x10000}, {"size", 0x10000}, {"ripas", 1}},
	 .memory_fault = STEP_CONVERT_QEMU},
	{.name = "guest.write",
	 .args = {{"ipa", SLOT_BASE + 0x10000}, {"size", 0x10000}, {"value", 7}}},
	{.name = "guest.set_ripas",
	 .args = {{"base", SLOT_BASE}, {"size", 0x10000}, {"ripas", 0}},
	 .memory_fault = STEP_CONVERT_RETURN,
	 .outcome = STEP_STOPPED},
	{.name = "vmm.run"},
	{.name = "vmm.close", .args = {{"what", 0}}},
};

static void stage_do(struct world *world, const struct stage *stage)
{
	struct step_call call;

	call_prepare(&call, stage->name, stage->args);
	call.vcpu = stage->vcpu;
	call.memory_fault = stage->memory_fault;
	call_perform(world, &call);
	ck_assert_msg(call.result.outcome == stage->outcome && !call.result.err, "%s: %s, error %d",
		      stage->name, step_outcome_name(call.result.outcome), call.result.err);
	assert_clean(world);
	step_result_clear(&call.result);
}

static void leave_everywhere(const char *path, const struct world_realm *realm,
			     const struct stage *stages, unsigned int num)
{
	struct kvm_module *module;
	struct world *world = world_over(path, realm, 1, &module);
	char *error = NULL;

	for (unsigned int last = 0; last <= num; last++) {
		for (unsigned int i = 0; i < last; i++)
			stage_do(world, &stages[i]);
		world_teardown(world, false);
		assert_clean(world);
		ck_assert_int_eq(world_reset(world, &error), 0);
	}
	world_done(world, module);
}

START_TEST(kvmtool_can_be_left_everywhere)
{
	leave_everywhere(builds[_i], &kvmtool_realm, kvmtool, sizeof(kvmtool) / sizeof(kvmtool[0]));
}
END_TEST

START_TEST(qemu_can_be_left_everywhere)
{
	leave_everywhere(builds[_i], &qemu_realm, qemu, sizeof(qemu) / sizeof(qemu[0]));
}
END_TEST

START_TEST(two_realms_live_side_by_side)
{
	const struct world_realm realms[] = {kvmtool_realm, qemu_realm};
	struct kvm_module *module;
	struct world *world = world_over(builds[_i], realms, 2, &module);
	unsigned int num = sizeof(kvmtool) / sizeof(kvmtool[0]) - 1;

	for (unsigned int i = 0; i < num; i++) {
		for (unsigned int r = 0; r < 2; r++) {
			struct step_call call;

			call_prepare(&call, kvmtool[i].name, kvmtool[i].args);
			call.realm = r;
			call.vcpu = kvmtool[i].vcpu;
			/* The second one has one vCPU. */
			if (r && (call.vcpu || !strcmp(kvmtool[i].name, "guest.psci_cpu_on")))
				continue;
			call_perform(world, &call);
			ck_assert_msg(call.result.outcome == STEP_OK,
				      "%s of realm %u: %s, error %d", kvmtool[i].name, r,
				      step_outcome_name(call.result.outcome), call.result.err);
			step_result_clear(&call.result);
		}
	}
	ck_assert_uint_ne(world_rd(world, 0), world_rd(world, 1));
	ck_assert_uint_ne(world_rd(world, 1), 0);
	world_teardown(world, false);
	assert_clean(world);
	ck_assert_uint_eq(world_rd(world, 0), 0);
	world_done(world, module);
}
END_TEST

START_TEST(a_second_life_is_the_first_again)
{
	unsigned int num = sizeof(kvmtool) / sizeof(kvmtool[0]) - 1;
	struct kvm_module *module;
	struct world *world = world_over(builds[_i], &kvmtool_realm, 1, &module);
	uint64_t hashes[sizeof(kvmtool) / sizeof(kvmtool[0])];
	uint64_t calls[sizeof(kvmtool) / sizeof(kvmtool[0])];
	char *error = NULL;

	for (unsigned int life = 0; life < 3; life++) {
		for (unsigned int i = 0; i < num; i++) {
			uint64_t hash;

			stage_do(world, &kvmtool[i]);
			hash = machine_hash(world_machine(world));
			if (!life) {
				hashes[i] = hash;
				calls[i] = world_rmi_count(world, NULL);
			}
			ck_assert_msg(hashes[i] == hash, "life %u differs after %s", life,
				      kvmtool[i].name);
			ck_assert_uint_eq(calls[i], world_rmi_count(world, NULL));
		}
		/* The second life ends in an orderly way, the first in the middle of everything. */
		if (life == 1)
			world_teardown(world, false);
		ck_assert_int_eq(world_reset(world, &error), 0);
	}
	world_done(world, module);
}
END_TEST

/* The first call of a command fails, then the same step works: what a host promises. */
static bool fail_once(void *ctx, struct rmm_regs *regs)
{
	uint64_t *fid = ctx;

	if (regs->x[0] != *fid)
		return false;
	*fid = 0;
	regs->x[0] = 1; /* RMI_ERROR_INPUT */
	return true;
}

START_TEST(an_unfinished_access_is_forgotten)
{
	uint64_t fid = 0xC4000154; /* RMI_DATA_CREATE_UNKNOWN */
	struct kvm_module *module;
	struct world *world = world_over(builds[_i], &qemu_realm, 1, &module);
	struct step_result result;

	for (unsigned int i = 0; i < 10; i++)
		stage_do(world, &qemu[i]);
	machine_set_faults(world_machine(world), NULL, fail_once, &fid);
	result = step(world, "guest.write", ARGS({"ipa", SLOT_BASE}, {"value", 1}));
	ck_assert_int_eq(result.outcome, STEP_ERROR);
	ck_assert_int_lt(result.err, 0);
	/* The guest turns to something else; nothing is written at SLOT_BASE any more. */
	step_ok(world, "guest.write", ARGS({"ipa", SLOT_BASE + 0x100000}, {"value", 2}));
	ck_assert_uint_eq(step_ok(world, "guest.read", ARGS({"ipa", SLOT_BASE})).value, 0);
	assert_clean(world);
	world_teardown(world, false);
	assert_clean(world);
	world_done(world, module);
}
END_TEST

START_TEST(an_unfinished_access_goes_on_with_vmm_run)
{
	uint64_t fid = 0xC4000154;
	struct kvm_module *module;
	struct world *world = world_over(builds[_i], &qemu_realm, 1, &module);

	for (unsigned int i = 0; i < 10; i++)
		stage_do(world, &qemu[i]);
	machine_set_faults(world_machine(world), NULL, fail_once, &fid);
	ck_assert_int_eq(step(world, "guest.write", ARGS({"ipa", SLOT_BASE}, {"value", 1})).outcome,
			 STEP_ERROR);
	step_ok(world, "vmm.run", NO_ARGS);
	ck_assert_uint_eq(step_ok(world, "guest.read", ARGS({"ipa", SLOT_BASE})).value, 1);
	world_done(world, module);
}
END_TEST

START_TEST(mmio_is_emulated)
{
	struct kvm_module *module;
	struct world *world = world_over(builds[_i], &qemu_realm, 1, &module);
	struct step_call call;

	for (unsigned int i = 0; i < 10; i++)
		stage_do(world, &qemu[i]);
	call_prepare(&call, "guest.load",
		     ARGS({"ipa", SHARED + 0x9000008}, {"width", 2}, {"answer", 0x12345678}));
	call_perform(world, &call);
	ck_assert_int_eq(call.result.outcome, STEP_OK);
	/* Two bytes of the device's answer reach the register. */
	ck_assert_uint_eq(call.result.value, 0x5678);
	ck_assert_uint_eq(call.result.num_exits, 1);
	/* The shared bit is not shown to the VMM. */
	ck_assert_uint_eq(call.result.exits[0].gpa, 0x9000008);
	ck_assert_uint_eq(call.result.exits[0].size, 2);
	step_result_clear(&call.result);
	call_prepare(&call, "guest.store",
		     ARGS({"ipa", SHARED + 0x9000010}, {"width", 4}, {"value", 0xa1b2c3d4}));
	call_perform(world, &call);
	ck_assert_int_eq(call.result.outcome, STEP_OK);
	ck_assert(call.result.exits[0].is_write);
	ck_assert_uint_eq(call.result.exits[0].data, 0xa1b2c3d4);
	step_result_clear(&call.result);
	/* Refused by the VMM: an abort is taken to the Realm, which goes on behind it. */
	ck_assert_int_eq(
		step(world, "guest.load", ARGS({"ipa", SHARED + 0x9000000}, {"mmio", 1})).outcome,
		STEP_SEA);
	step_ok(world, "guest.write", ARGS({"ipa", SLOT_BASE}, {"value", 1}));
	world_teardown(world, false);
	assert_clean(world);
	world_done(world, module);
}
END_TEST

START_TEST(a_call_whose_buffer_is_not_there_is_made_again)
{
	struct kvm_module *module;
	struct world *world = world_over(builds[_i], &qemu_realm, 1, &module);
	struct step_result result;

	for (unsigned int i = 0; i < 10; i++)
		stage_do(world, &qemu[i]);
	/* RAM that nobody touched: the RMM exits with an abort, KVM maps the page. */
	result = step_ok(world, "guest.realm_config", ARGS({"ipa", SLOT_BASE + 0x200000}));
	ck_assert_uint_eq(result.value, 33);
	ck_assert_uint_ge(world_rmi_count(world, "DATA_CREATE_UNKNOWN"), 1);
	assert_clean(world);
	world_done(world, module);
}
END_TEST

static void count_run(void *ctx, unsigned int actor)
{
	(void)actor;
	++*(unsigned int *)ctx;
}

/* A call that did not come back leaves a host that can do nothing more: not even make a thread. */
START_TEST(nothing_runs_in_parallel_on_a_host_that_was_left)
{
	unsigned int runs = 0;
	const struct parallel_config config = {.num = 2, .ctx = &runs, .run = count_run};
	struct kvm_module *module;
	struct world *world = world_over(builds[_i], &qemu_realm, 1, &module);
	struct schedule *schedule = schedule_create_random(1, 2);
	struct parallel *parallel;
	char *error = NULL;

	ck_assert_int_eq(parallel_create(&config, &parallel), 0);
	ck_assert(schedule_next(schedule));
	ck_assert_int_eq(parallel_run(parallel, world, schedule, &error), 0);
	ck_assert_uint_eq(runs, 2);
	ck_assert(schedule_next(schedule));
	world_teardown(world, false);
	world->dead = true;
	ck_assert_int_eq(parallel_run(parallel, world, schedule, &error), 0);
	ck_assert_ptr_null(error);
	ck_assert_uint_eq(runs, 2);
	parallel_destroy(parallel);
	schedule_destroy(schedule);
	world_done(world, module);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("world");
	TCase *tcase = tcase_create("world");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, kvmtool_can_be_left_everywhere, 0, NUM_BUILDS);
	tcase_add_loop_test(tcase, qemu_can_be_left_everywhere, 0, NUM_BUILDS);
	tcase_add_loop_test(tcase, two_realms_live_side_by_side, 0, NUM_BUILDS);
	tcase_add_loop_test(tcase, a_second_life_is_the_first_again, 0, NUM_BUILDS);
	tcase_add_loop_test(tcase, an_unfinished_access_is_forgotten, 0, NUM_BUILDS);
	tcase_add_loop_test(tcase, an_unfinished_access_goes_on_with_vmm_run, 0, NUM_BUILDS);
	tcase_add_loop_test(tcase, mmio_is_emulated, 0, NUM_BUILDS);
	tcase_add_loop_test(tcase, a_call_whose_buffer_is_not_there_is_made_again, 0, NUM_BUILDS);
	tcase_add_loop_test(tcase, nothing_runs_in_parallel_on_a_host_that_was_left, 0, NUM_BUILDS);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
