/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's program on an RMM without a host: outcomes of accesses and calls are those that the
 * facts about the RMM promise (sections 5 and 6), whatever the interpreter makes of them.
 */
#include "support.h"

#include <errno.h>
#include <rmm/rmi.h>
#include <rmm/rsi.h>

#define BASE   DRAM_DEFAULT_BASE
#define RD     (BASE + 0x0000)
#define ROOTS  (BASE + 0x8000)
#define PARAMS (BASE + 0x20000)
#define RECS   (BASE + 0x30000)
#define AUX    (BASE + 0x40000)
#define TABLE  (BASE + 0x100000)
#define DATA   (BASE + 0x200000)
#define SHARED (1ull << 32) /* top bit of 33 */

/* IPAs, each in a 2 MiB block of its own. */
#define EMPTY_IPA 0x600000ull
#define RAM_IPA	  0x200000ull /* two granules are mapped there */

static const struct world_realm realm = {.ipa_bits = 33, .vcpus = 2};
static struct kvm_module *module;
static struct world *world;

static struct step_result smc(uint64_t fid, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4)
{
	return step(world, "rmm.smc",
		    ARGS({"fid", fid}, {"x1", x1}, {"x2", x2}, {"x3", x3}, {"x4", x4}));
}

static void smc_ok(uint64_t fid, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4)
{
	struct step_result result = smc(fid, x1, x2, x3, x4);

	ck_assert_msg(result.outcome == STEP_OK, "RMI call %#llx gave %#llx",
		      (unsigned long long)fid, (unsigned long long)result.value);
}

static void store(uint64_t pa, uint64_t value)
{
	step_ok(world, "rmm.write", ARGS({"pa", pa}, {"value", value}));
}

static uint64_t rec_of(unsigned int index)
{
	return RECS + index * 0x1000;
}

static void rec_make(unsigned int index)
{
	uint64_t aux = AUX + index * 0x10000;

	smc_ok(RMI_GRANULE_DELEGATE, rec_of(index), 0, 0, 0);
	store(PARAMS + 0x000, index == 0);
	store(PARAMS + 0x100, index);
	store(PARAMS + 0x200, RAM_IPA);
	store(PARAMS + 0x800, 16);
	for (unsigned int i = 0; i < 16; i++) {
		smc_ok(RMI_GRANULE_DELEGATE, aux + i * 0x1000, 0, 0, 0);
		store(PARAMS + 0x808 + i * 8, aux + i * 0x1000);
	}
	smc_ok(RMI_REC_CREATE, RD, rec_of(index), PARAMS, 0);
}

/*
 * 2 MiB at RAM_IPA are RAM, the first two granules of it mapped; the rest is EMPTY. Two RECs, the
 * second of them off.
 */
static void setup(void)
{
	world = world_over(NULL, &realm, 1, &module);
	smc_ok(RMI_GRANULE_DELEGATE, RD, 0, 0, 0);
	for (unsigned int i = 0; i < 8; i++)
		smc_ok(RMI_GRANULE_DELEGATE, ROOTS + i * 0x1000, 0, 0, 0);
	store(PARAMS + 0x008, 33);
	store(PARAMS + 0x018, 1);
	store(PARAMS + 0x020, 1);
	store(PARAMS + 0x808, ROOTS);
	store(PARAMS + 0x810, 2);
	store(PARAMS + 0x818, 8);
	smc_ok(RMI_REALM_CREATE, RD, PARAMS, 0, 0);
	step_ok(world, "rmm.write", ARGS({"pa", PARAMS}, {"size", 0x1000}, {"value", 0}));
	smc_ok(RMI_GRANULE_DELEGATE, TABLE, 0, 0, 0);
	smc_ok(RMI_RTT_CREATE, RD, TABLE, RAM_IPA, 3);
	smc_ok(RMI_RTT_INIT_RIPAS, RD, RAM_IPA, RAM_IPA + 0x200000, 0);
	for (unsigned int i = 0; i < 2; i++) {
		smc_ok(RMI_GRANULE_DELEGATE, DATA + i * 0x1000, 0, 0, 0);
		smc_ok(RMI_DATA_CREATE_UNKNOWN, RD, DATA + i * 0x1000, RAM_IPA + i * 0x1000, 0);
	}
	rec_make(0);
	rec_make(1);
	smc_ok(RMI_REALM_ACTIVATE, RD, 0, 0, 0);
}

static void teardown(void)
{
	assert_clean(world);
	world_done(world, module);
}

START_TEST(bytes_are_kept)
{
	struct step_result result;

	result = step_ok(world, "guest.write",
			 ARGS({"ipa", RAM_IPA + 0xffe}, {"size", 4}, {"value", 0x21}));
	ck_assert_uint_eq(result.done, 4);
	result = step_ok(world, "guest.read", ARGS({"ipa", RAM_IPA + 0xffc}, {"size", 8}));
	/* Granules come without any content of others; this RMM wipes with zeros. */
	ck_assert_uint_eq(result.value, 0x0000212121210000);
	result = step_ok(world, "guest.store",
			 ARGS({"ipa", RAM_IPA + 0x100}, {"value", 0x1122334455667788}));
	result = step_ok(world, "guest.load", ARGS({"ipa", RAM_IPA + 0x100}, {"width", 2}));
	ck_assert_uint_eq(result.value, 0x7788);
	result = step_ok(world, "guest.load", ARGS({"ipa", RAM_IPA + 0x104}, {"width", 4}));
	ck_assert_uint_eq(result.value, 0x11223344);
	/* Two granules full of one value, and one byte that differs. */
	step_ok(world, "guest.write", ARGS({"ipa", RAM_IPA}, {"size", 0x2000}, {"value", 0x44}));
	result = step_ok(world, "guest.read", ARGS({"ipa", RAM_IPA}, {"size", 0x2000}));
	ck_assert_uint_eq(result.value, 0x44);
	ck_assert_uint_eq(result.done, 0x2000);
	step_ok(world, "guest.write", ARGS({"ipa", RAM_IPA + 0x1fff}, {"value", 0x45}));
	result = step_ok(world, "guest.read", ARGS({"ipa", RAM_IPA}, {"size", 0x2000}));
	ck_assert_uint_eq(result.value, UINT64_MAX);
	/* The last of nine bytes is part of the comparison, too. */
	result = step_ok(world, "guest.read", ARGS({"ipa", RAM_IPA + 0x1ff7}, {"size", 9}));
	ck_assert_uint_eq(result.value, UINT64_MAX);
	step_ok(world, "guest.fetch", ARGS({"ipa", RAM_IPA}, {"size", 0x2000}));
}
END_TEST

START_TEST(writing_zero_writes)
{
	step_ok(world, "guest.write", ARGS({"ipa", RAM_IPA}, {"size", 0x1000}, {"value", 0xff}));
	step_ok(world, "guest.write", ARGS({"ipa", RAM_IPA + 8}, {"size", 0x10}, {"value", 0}));
	ck_assert_uint_eq(
		step_ok(world, "guest.read", ARGS({"ipa", RAM_IPA + 8}, {"size", 0x10})).value, 0);
	ck_assert_uint_eq(step_ok(world, "guest.read", ARGS({"ipa", RAM_IPA + 0x18})).value, 0xff);
}
END_TEST

START_TEST(empty_is_an_abort_to_the_realm)
{
	static const char *const accesses[] = {"guest.read", "guest.fetch", "guest.write",
					       "guest.load"};
	struct step_result result;
	struct rmm_rec_view rec;

	for (unsigned int i = 0; i < 4; i++) {
		struct step_call call;

		call_prepare(&call, accesses[i], ARGS({"ipa", EMPTY_IPA}));
		call_perform(world, &call);
		ck_assert_msg(call.result.outcome == STEP_SEA, "%s: %s", accesses[i],
			      step_outcome_name(call.result.outcome));
		ck_assert_uint_eq(call.result.done, 0);
	}
	/* The handler returns behind the instruction: four of them were executed. */
	ck_assert(rmm_inspect_rec(machine_rmm(world_machine(world)), rec_of(0), &rec));
	ck_assert_uint_eq(rec.pc, RAM_IPA + 4 * 4);
	step_ok(world, "guest.write", ARGS({"ipa", RAM_IPA}, {"value", 1}));
	/* From RAM into EMPTY: done says how far it came. */
	step_ok(world, "rmm.smc",
		ARGS({"fid", RMI_DATA_DESTROY}, {"x1", RD}, {"x2", RAM_IPA + 0x1000}));
	result = step(world, "guest.write",
		      ARGS({"ipa", RAM_IPA + 0xf00}, {"size", 0x200}, {"value", 2}));
	/* It is DESTROYED now, which the host is told of. */
	ck_assert_int_eq(result.outcome, STEP_DATA_ABORT_EXIT);
	ck_assert_uint_eq(result.done, 0x100);
	ck_assert_uint_eq(result.value, RAM_IPA + 0x1000);
}
END_TEST

START_TEST(unbacked_ram_exits_to_the_host)
{
	struct step_result result;

	result = step(world, "guest.write",
		      ARGS({"ipa", RAM_IPA + 0x1000}, {"size", 0x3000}, {"value", 3}));
	ck_assert_int_eq(result.outcome, STEP_DATA_ABORT_EXIT);
	ck_assert_uint_eq(result.done, 0x1000);
	ck_assert_uint_eq(result.value, RAM_IPA + 0x2000);
	result = step(world, "guest.fetch", ARGS({"ipa", RAM_IPA + 0x2000}));
	ck_assert_int_eq(result.outcome, STEP_INSTRUCTION_ABORT_EXIT);
	/* The host maps it, and the same access proceeds. */
	smc_ok(RMI_GRANULE_DELEGATE, DATA + 0x2000, 0, 0, 0);
	smc_ok(RMI_DATA_CREATE_UNKNOWN, RD, DATA + 0x2000, RAM_IPA + 0x2000, 0);
	step_ok(world, "guest.fetch", ARGS({"ipa", RAM_IPA + 0x2000}));
}
END_TEST

START_TEST(unprotected_access_exits_and_is_never_code)
{
	struct step_result result;

	result = step(world, "guest.store",
		      ARGS({"ipa", SHARED + 0x9000123}, {"width", 1}, {"value", 7}));
	ck_assert_int_eq(result.outcome, STEP_DATA_ABORT_EXIT);
	/* An emulatable abort also tells the offset in the page. */
	ck_assert_uint_eq(result.value, SHARED + 0x9000123);
	result = step(world, "guest.fetch", ARGS({"ipa", SHARED}));
	ck_assert_int_eq(result.outcome, STEP_SEA);
}
END_TEST

START_TEST(ripas_is_what_the_rmm_says)
{
	struct step_result result;

	result = step_ok(world, "guest.get_ripas", ARGS({"base", RAM_IPA}, {"size", 0x600000}));
	ck_assert_uint_eq(result.value, RSI_RIPAS_RAM);
	/* RAM ends after 2 MiB. */
	ck_assert_uint_eq(result.done, 0x200000);
	result = step_ok(world, "guest.get_ripas", ARGS({"base", EMPTY_IPA}, {"size", 0x40000000}));
	ck_assert_uint_eq(result.value, RSI_RIPAS_EMPTY);
	ck_assert_uint_eq(result.done, 0x40000000);
	/* ERROR_INPUT: not aligned, or not protected. */
	result = step(world, "guest.get_ripas", ARGS({"base", RAM_IPA + 1}));
	ck_assert_int_eq(result.outcome, STEP_ERROR);
	ck_assert_uint_eq(result.value, RSI_ERROR_INPUT);
	ck_assert_int_eq(step(world, "guest.get_ripas", ARGS({"base", SHARED})).outcome,
			 STEP_ERROR);
}
END_TEST

static struct step_result set_ripas(uint64_t base, uint64_t size, unsigned int ripas)
{
	return step(world, "guest.set_ripas",
		    ARGS({"base", base}, {"size", size}, {"ripas", ripas}));
}

START_TEST(ripas_change_waits_for_the_host)
{
	struct rmm_rec_view rec;
	struct step_result result;

	ck_assert_int_eq(set_ripas(RAM_IPA, 0x4000, 0).outcome, STEP_STOPPED);
	ck_assert(rmm_inspect_rec(machine_rmm(world_machine(world)), rec_of(0), &rec));
	ck_assert_uint_eq(rec.ripas_addr, RAM_IPA);
	ck_assert_uint_eq(rec.ripas_top, RAM_IPA + 0x4000);
	ck_assert_int_eq(rec.ripas_value, RMM_EMPTY);
	ck_assert(rec.ripas_destroyed);
	/* The host does a quarter: the guest asks for the rest. */
	smc_ok(RMI_RTT_SET_RIPAS, RD, rec_of(0), RAM_IPA, RAM_IPA + 0x1000);
	result = step(world, "guest.get_ripas", ARGS({"base", RAM_IPA}, {"size", 0x2000}));
	ck_assert_int_eq(result.outcome, STEP_STOPPED);
	ck_assert(rmm_inspect_rec(machine_rmm(world_machine(world)), rec_of(0), &rec));
	ck_assert_uint_eq(rec.ripas_addr, RAM_IPA + 0x1000);
	ck_assert_uint_eq(rec.ripas_top, RAM_IPA + 0x4000);
	smc_ok(RMI_RTT_SET_RIPAS, RD, rec_of(0), RAM_IPA + 0x1000, RAM_IPA + 0x4000);
	result = step_ok(world, "guest.get_ripas", ARGS({"base", RAM_IPA}, {"size", 0x8000}));
	ck_assert_uint_eq(result.value, RSI_RIPAS_EMPTY);
	ck_assert_uint_eq(result.done, 0x4000);
	ck_assert(!result.has_response);
}
END_TEST

START_TEST(ripas_change_without_progress_is_given_up)
{
	struct step_result result;

	ck_assert_int_eq(set_ripas(RAM_IPA, 0x4000, 0).outcome, STEP_STOPPED);
	/* The host does nothing. */
	result = step(world, "guest.get_ripas", ARGS({"base", RAM_IPA}));
	ck_assert_int_eq(result.outcome, STEP_INCOMPLETE);
	ck_assert_uint_eq(result.done, 0);
	ck_assert(result.has_response);
	ck_assert(!result.rejected);
	/* The program is free for other things. */
	ck_assert_uint_eq(step_ok(world, "guest.get_ripas", ARGS({"base", RAM_IPA})).value,
			  RSI_RIPAS_RAM);
}
END_TEST

START_TEST(destroyed_pages_are_kept_on_request)
{
	struct rmm_rec_view rec;
	struct step_call call;

	call_prepare(&call, "guest.set_ripas",
		     ARGS({"base", RAM_IPA}, {"size", 0x1000}, {"ripas", 1}, {"destroyed", 1}));
	call_perform(world, &call);
	ck_assert(rmm_inspect_rec(machine_rmm(world_machine(world)), rec_of(0), &rec));
	ck_assert(!rec.ripas_destroyed);
	ck_assert_int_eq(rec.ripas_value, RMM_RAM);
}
END_TEST

START_TEST(bad_ripas_arguments_do_not_exit)
{
	struct step_result result = set_ripas(RAM_IPA + 8, 0x1000, 0);

	ck_assert_int_eq(result.outcome, STEP_ERROR);
	ck_assert_uint_eq(result.value, RSI_ERROR_INPUT);
	ck_assert_int_eq(set_ripas(SHARED - 0x1000, 0x2000, 0).outcome, STEP_ERROR);
}
END_TEST

START_TEST(raw_calls_are_answered)
{
	struct step_result result;

	result = step_ok(world, "guest.rsi", ARGS({"x0", RSI_VERSION}, {"x1", 0x10000}));
	ck_assert_uint_eq(result.value, RSI_SUCCESS);
	ck_assert_uint_eq(result.done, 0x10000);
	/* Neither RSI nor PSCI: SMCCC_NOT_SUPPORTED. */
	ck_assert_uint_eq(step_ok(world, "guest.rsi", ARGS({"x0", 0x12345678})).value, UINT64_MAX);
	ck_assert_uint_eq(step_ok(world, "guest.rsi", ARGS({"x0", RMI_VERSION})).value, UINT64_MAX);
}
END_TEST

START_TEST(psci_is_version_1_1)
{
	ck_assert_uint_eq(step_ok(world, "guest.psci_version", NO_ARGS).value, 0x10001);
	ck_assert_uint_eq(
		step_ok(world, "guest.psci_features", ARGS({"function", PSCI_CPU_ON})).value, 0);
}
END_TEST

START_TEST(cpu_on_starts_the_other)
{
	struct step_result result;

	/* RMI_ERROR_REC: it is off. */
	result = step_on(world, 1, "guest.read", ARGS({"ipa", RAM_IPA}));
	ck_assert_int_eq(result.outcome, STEP_ERROR);
	ck_assert_uint_eq(result.value, RMI_ERROR_REC);
	result = step(world, "guest.psci_cpu_on", ARGS({"target", 1}, {"entry", RAM_IPA}));
	ck_assert_int_eq(result.outcome, STEP_STOPPED);
	smc_ok(RMI_PSCI_COMPLETE, rec_of(0), rec_of(1), 0, 0);
	step_ok(world, "guest.write", ARGS({"ipa", RAM_IPA}, {"value", 9}));
	result = step_on(world, 1, "guest.read", ARGS({"ipa", RAM_IPA}));
	ck_assert_int_eq(result.outcome, STEP_OK);
	ck_assert_uint_eq(result.value, 9);
	/* And off again. */
	ck_assert_int_eq(step_on(world, 1, "guest.psci_cpu_off", NO_ARGS).outcome, STEP_OK);
	result = step_on(world, 1, "guest.read", ARGS({"ipa", RAM_IPA}));
	ck_assert_uint_eq(result.value, RMI_ERROR_REC);
}
END_TEST

START_TEST(system_off_is_the_end)
{
	struct step_result result;

	step(world, "guest.psci_system_off", NO_ARGS);
	result = step(world, "guest.read", ARGS({"ipa", RAM_IPA}));
	ck_assert_int_eq(result.outcome, STEP_ERROR);
	/* ERROR_REALM with index 1. */
	ck_assert_uint_eq(result.value, 0x102);
}
END_TEST

START_TEST(hvc_is_undefined)
{
	ck_assert_int_eq(step(world, "guest.hvc", NO_ARGS).outcome, STEP_UNDEFINED);
	step_ok(world, "guest.write", ARGS({"ipa", RAM_IPA}, {"value", 1}));
}
END_TEST

START_TEST(realm_config_says_the_width)
{
	ck_assert_uint_eq(step_ok(world, "guest.realm_config", ARGS({"ipa", RAM_IPA})).value, 33);
	/* A buffer that is not there is the host's to provide. */
	ck_assert_int_eq(step(world, "guest.realm_config", ARGS({"ipa", RAM_IPA + 0x5000})).outcome,
			 STEP_DATA_ABORT_EXIT);
	ck_assert_int_eq(step(world, "guest.realm_config", ARGS({"ipa", RAM_IPA + 8})).outcome,
			 STEP_ERROR);
}
END_TEST

START_TEST(measurements_extend)
{
	struct step_result result;

	ck_assert_uint_eq(step_ok(world, "guest.measurement_read", ARGS({"index", 1})).value, 0);
	step_ok(world, "guest.measurement_extend", ARGS({"index", 1}, {"value", 0xaa}));
	ck_assert_uint_ne(step_ok(world, "guest.measurement_read", ARGS({"index", 1})).value, 0);
	ck_assert_uint_eq(step_ok(world, "guest.measurement_read", ARGS({"index", 2})).value, 0);
	result = step(world, "guest.measurement_read", ARGS({"index", 5}));
	ck_assert_int_eq(result.outcome, STEP_ERROR);
	ck_assert_uint_eq(result.value, RSI_ERROR_INPUT);
	ck_assert_int_eq(
		step(world, "guest.measurement_extend", ARGS({"index", 0}, {"value", 1})).outcome,
		STEP_ERROR);
}
END_TEST

START_TEST(host_call_reaches_the_host)
{
	ck_assert_int_eq(
		step(world, "guest.host_call", ARGS({"ipa", RAM_IPA + 0x100}, {"imm", 0x77}))
			.outcome,
		STEP_STOPPED);
	/* The host enters again with zeros, which is its answer. */
	step_ok(world, "guest.load", ARGS({"ipa", RAM_IPA + 0x100}, {"width", 2}));
	ck_assert_uint_eq(
		step_ok(world, "guest.load", ARGS({"ipa", RAM_IPA + 0x100}, {"width", 2})).value,
		0x77);
	ck_assert_int_eq(step(world, "guest.host_call", ARGS({"ipa", RAM_IPA + 8})).outcome,
			 STEP_ERROR);
}
END_TEST

START_TEST(memory_of_others_is_out_of_reach)
{
	struct step_call call;
	char *error = NULL;

	call_prepare(&call, "rmm.write", ARGS({"pa", RD}, {"value", 1}));
	ck_assert_int_lt(world_perform(world, &call, &error), 0);
	ck_assert_ptr_nonnull(strstr(error, "Granule Protection Fault"));
	free(error);
	call_prepare(&call, "rmm.read", ARGS({"pa", 0x1000}));
	ck_assert_int_lt(world_perform(world, &call, &error), 0);
	free(error);
	store(BASE + 0x300000, 0x0123456789abcdef);
	ck_assert_uint_eq(
		step_ok(world, "rmm.read", ARGS({"pa", BASE + 0x300002}, {"size", 2})).value,
		0x89ab);
	/* Any address space may access it: so may the Host (section 1.1 of the facts). */
	step_ok(world, "rmm.set_gpt", ARGS({"pa", BASE + 0x300000}, {"pas", 3}));
	step_ok(world, "rmm.read", ARGS({"pa", BASE + 0x300000}));
	step_ok(world, "rmm.set_gpt", ARGS({"pa", BASE + 0x300000}, {"pas", 1}));
	call_prepare(&call, "rmm.read", ARGS({"pa", BASE + 0x300000}));
	ck_assert_int_lt(world_perform(world, &call, &error), 0);
	ck_assert_ptr_nonnull(strstr(error, "Granule Protection Fault"));
	free(error);
	/* What the RMM holds is changed by nobody else. */
	call_prepare(&call, "rmm.set_gpt", ARGS({"pa", RD}, {"pas", 0}));
	ck_assert_int_eq(world_perform(world, &call, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "UNDELEGATED"));
	free(error);
	call_prepare(&call, "rmm.set_gpt", ARGS({"pa", BASE + 8}, {"pas", 0}));
	ck_assert_int_eq(world_perform(world, &call, &error), -EINVAL);
	free(error);
}
END_TEST

START_TEST(steps_of_a_vmm_need_a_host)
{
	struct step_call call;
	char *error = NULL;

	call_prepare(&call, "vmm.activate", NO_ARGS);
	ck_assert_int_eq(world_perform(world, &call, &error), -ENODEV);
	free(error);
	call_prepare(&call, "guest.read", ARGS({"ipa", 0}));
	call.vcpu = 5;
	ck_assert_int_eq(world_perform(world, &call, &error), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error, "index 5"));
	free(error);
	call_prepare(&call, "guest.load", ARGS({"ipa", 0}, {"width", 3}));
	ck_assert_int_eq(world_perform(world, &call, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "1, 2, 4 or 8"));
	free(error);
	call_prepare(&call, "guest.read", ARGS({"ipa", UINT64_MAX}, {"size", 2}));
	ck_assert_int_eq(world_perform(world, &call, &error), -EINVAL);
	free(error);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guest");
	TCase *tcase = tcase_create("guest");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, bytes_are_kept);
	tcase_add_test(tcase, writing_zero_writes);
	tcase_add_test(tcase, empty_is_an_abort_to_the_realm);
	tcase_add_test(tcase, unbacked_ram_exits_to_the_host);
	tcase_add_test(tcase, unprotected_access_exits_and_is_never_code);
	tcase_add_test(tcase, ripas_is_what_the_rmm_says);
	tcase_add_test(tcase, ripas_change_waits_for_the_host);
	tcase_add_test(tcase, ripas_change_without_progress_is_given_up);
	tcase_add_test(tcase, destroyed_pages_are_kept_on_request);
	tcase_add_test(tcase, bad_ripas_arguments_do_not_exit);
	tcase_add_test(tcase, raw_calls_are_answered);
	tcase_add_test(tcase, psci_is_version_1_1);
	tcase_add_test(tcase, cpu_on_starts_the_other);
	tcase_add_test(tcase, system_off_is_the_end);
	tcase_add_test(tcase, hvc_is_undefined);
	tcase_add_test(tcase, realm_config_says_the_width);
	tcase_add_test(tcase, measurements_extend);
	tcase_add_test(tcase, host_call_reaches_the_host);
	tcase_add_test(tcase, memory_of_others_is_out_of_reach);
	tcase_add_test(tcase, steps_of_a_vmm_need_a_host);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
