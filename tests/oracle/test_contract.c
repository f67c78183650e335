/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The contract, told by hand: over a real host and what it really did, one thing more is said to have happened.
 * What the promises of contract.h do not allow must be found, under its condition and at its address, and what they
 * allow must not.
 */
#include "support.h"
#include "world.h"

#include <errno.h>
#include <sim/contract.h>
#include <string.h>

#define PAGE 0x1000ull
#define HALF (1ull << 32)
/* In the first slot of either realm: RAM that nobody touched, up to RAM_END. */
#define RAM	0x80000000ull
#define RAM_END 0x80800000ull
/* Of the first realm: a page that its guest filled with 0x11; one that the VMM took away from it; and one that is shared. */
#define USED	  0x80001000ull
#define DESTROYED 0x80400000ull
#define SHARED	  0x80200000ull
/* In no RAM, but in the slot. */
#define EMPTY 0x80900000ull

static const struct world_slot slots[] = {{.base = RAM, .size = 0x1000000},
					  {.base = 0x90000000, .size = 0x200000}};
static const struct world_realm realms[] = {
	{.name = "first", .ipa_bits = 33, .vcpus = 2, .slots = slots, .num_slots = 2},
	{.name = "second", .ipa_bits = 33, .vcpus = 1, .slots = slots, .num_slots = 1},
};

static struct kvm_module *module;
static struct world *world;
static struct contract *contract;

static void step_in(unsigned int realm, const char *name, const struct arg *args)
{
	struct step_call call;

	call_prepare(&call, name, args);
	call.realm = realm;
	call_perform(world, &call);
	ck_assert_msg(!call.result.err, "%s: error %d", name, call.result.err);
	step_result_clear(&call.result);
}

static void setup(void)
{
	world = world_over(KVM_4K, realms, 2, &module);
	contract = world->contract;
	for (unsigned int r = 0; r < 2; r++) {
		step_in(r, "vmm.create_realm", NO_ARGS);
		step_in(r, "vmm.init_ripas", ARGS({"base", RAM}, {"size", RAM_END - RAM}));
		step_in(r, "vmm.create_vcpus", NO_ARGS);
		step_in(r, "vmm.activate", NO_ARGS);
	}
	step_in(0, "guest.write", ARGS({"ipa", USED}, {"size", PAGE}, {"value", 0x11}));
	step_in(0, "guest.write", ARGS({"ipa", DESTROYED}, {"size", PAGE}, {"value", 0x11}));
	step_in(0, "vmm.set_attributes", ARGS({"base", DESTROYED}, {"size", PAGE}, {"to", 1}));
	step_in(0, "vmm.set_attributes", ARGS({"base", DESTROYED}, {"size", PAGE}, {"to", 0}));
	step_in(0, "vmm.set_attributes", ARGS({"base", SHARED}, {"size", PAGE}, {"to", 1}));
	assert_clean(world);
}

static void teardown(void)
{
	world_done(world, module);
}

/* --- what is said ------------------------------------------------------------------------------------- */

/* An address of the VMM that is the shared half of this one. */
static uint64_t user_of(uint64_t ipa)
{
	return world->realms[0].slots[0].uaddr + (ipa - RAM);
}

static void guest_bytes(unsigned int realm, uint64_t ipa, bool write, uint8_t value, uint32_t size)
{
	uint8_t data[PAGE];

	ck_assert_uint_le(size, sizeof(data));
	memset(data, value, size);
	contract_access(contract, realm, ipa, size, write, data);
}

static void vmm_bytes(unsigned int realm, uint64_t user, bool write, uint8_t value, uint64_t size)
{
	uint8_t data[PAGE];

	ck_assert_uint_le(size, sizeof(data));
	memset(data, value, size);
	contract_user_access(contract, realm, user, size, write, data);
}

static void change(uint64_t base, uint64_t top, enum rmm_ripas ripas, bool consent,
		   uint64_t new_base)
{
	contract_ripas_asked(contract, 0, 0, base, top, ripas, consent);
	contract_ripas_answered(contract, 0, 0, new_base);
}

static void check(void)
{
	contract_check(contract, world->rds);
}

static size_t num_found(void)
{
	return machine_num_findings(world_machine(world));
}

/* One finding more than before, of this condition, that says this. */
static void found_next(size_t before, const char *condition, const char *text)
{
	const struct finding *finding;

	ck_assert_msg(num_found() > before, "%s was not found (%s)", condition, text);
	finding = machine_finding(world_machine(world), before);
	ck_assert_str_eq(finding->oracle, "contract");
	ck_assert_str_eq(finding->condition, condition);
	ck_assert_msg(strstr(finding->message, text), "%s: %s, expected %s", condition,
		      finding->message, text);
}

static void found(const char *condition, const char *text)
{
	found_next(0, condition, text);
	ck_assert_uint_eq(num_found(), 1);
}

/* This among others: a page that is missing is one less of the guest_memfd, too. */
static void found_among(const char *condition, const char *text)
{
	const struct machine *machine = world_machine(world);

	for (size_t i = 0; i < machine_num_findings(machine); i++) {
		const struct finding *finding = machine_finding(machine, i);

		if (!strcmp(finding->condition, condition) && strstr(finding->message, text))
			return;
	}
	ck_abort_msg("%s was not found (%s)", condition, text);
}

/* --- bytes -------------------------------------------------------------------------------------------- */

START_TEST(a_guest_reads_what_it_wrote)
{
	guest_bytes(0, USED + 8, false, 0x11, 8);
	assert_clean(world);
	guest_bytes(0, USED + PAGE - 1, true, 0x22, 1);
	guest_bytes(0, USED + PAGE - 1, false, 0x22, 1);
	guest_bytes(0, USED + PAGE - 2, false, 0x11, 1);
	assert_clean(world);
	guest_bytes(0, USED + PAGE - 2, false, 0x11, 2);
	found("guest-bytes", "IPA 0x80001fff holds 0x11 instead of 0x22");
}
END_TEST

/* Each byte counts, however many before it are alike. */
START_TEST(each_byte_of_an_access_counts)
{
	uint8_t data[48];
	char text[64];

	memset(data, 1, 17);
	memset(data + 17, 2, 8);
	memset(data + 25, 3, 22);
	data[47] = 4;
	contract_access(contract, 0, USED + 3, sizeof(data), true, data);
	contract_access(contract, 0, USED + 3, sizeof(data), false, data);
	guest_bytes(0, USED, false, 0x11, 3);
	guest_bytes(0, USED + 3 + sizeof(data), false, 0x11, 8);
	assert_clean(world);
	data[_i] ^= 0x40;
	contract_access(contract, 0, USED + 3, sizeof(data), false, data);
	snprintf(text, sizeof(text), "IPA 0x%llx holds 0x%02x instead", USED + 3 + (unsigned int)_i,
		 data[_i]);
	found("guest-bytes", text);
}
END_TEST

/* What new memory holds is not known; what was read of it is. */
START_TEST(what_was_read_stays)
{
	guest_bytes(0, RAM, false, 0x33, 4);
	guest_bytes(0, RAM, false, 0x33, 4);
	guest_bytes(0, RAM + 4, false, 0x34, 4);
	assert_clean(world);
	guest_bytes(0, RAM + 3, false, 0x34, 1);
	found("guest-bytes", "IPA 0x80000003 holds 0x34 instead of 0x33");
}
END_TEST

/* Each byte value is told from others. */
static const uint8_t tags[] = {1, 63, 64, 127, 128, 0xa5, 255};

START_TEST(bytes_of_another_guest_are_found)
{
	guest_bytes(1, RAM, true, tags[_i], 16);
	guest_bytes(0, RAM, false, 0, 16);
	guest_bytes(0, RAM + 16, false, (uint8_t)(tags[_i] - 1), 16);
	assert_clean(world);
	guest_bytes(0, RAM + 32, false, tags[_i], 1);
	found("foreign-bytes", "IPA 0x80000020 ");
}
END_TEST

START_TEST(bytes_that_a_guest_or_its_vmm_wrote_too_are_not_foreign)
{
	guest_bytes(1, RAM, true, tags[_i], 16);
	if (_i % 2)
		guest_bytes(0, USED, true, tags[_i], 1);
	else
		vmm_bytes(0, user_of(SHARED), true, tags[_i], 1);
	guest_bytes(0, RAM, false, tags[_i], 16);
	assert_clean(world);
}
END_TEST

/* Of whichever realm: the VMM is one process. */
START_TEST(private_bytes_that_the_vmm_reads_are_found)
{
	const unsigned int of = (unsigned int)_i;

	contract_user_changed(contract, user_of(SHARED), PAGE);
	guest_bytes(of, RAM, true, 0xa5, 16);
	vmm_bytes(0, user_of(SHARED), false, 0xa4, 16);
	assert_clean(world);
	vmm_bytes(0, user_of(SHARED) + 16, false, 0xa5, 1);
	found("foreign-bytes", of ? "only the guest of realm 1 " : "only the guest of realm 0 ");
}
END_TEST

START_TEST(what_a_vmm_wrote_anywhere_it_may_read)
{
	contract_user_changed(contract, user_of(SHARED), PAGE);
	guest_bytes(0, RAM, true, 0xa5, 16);
	vmm_bytes((unsigned int)_i, user_of(RAM_END), true, 0xa5, 1);
	vmm_bytes(0, user_of(SHARED), false, 0xa5, 16);
	assert_clean(world);
}
END_TEST

START_TEST(the_guest_and_the_vmm_share_bytes)
{
	vmm_bytes(0, user_of(SHARED), true, 0x21, 64);
	vmm_bytes(0, user_of(SHARED) + 1, false, 0x21, 63);
	guest_bytes(0, HALF + SHARED, false, 0x21, 64);
	guest_bytes(0, HALF + SHARED + 8, true, 0x22, 8);
	vmm_bytes(0, user_of(SHARED) + 8, false, 0x22, 8);
	vmm_bytes(0, user_of(SHARED), false, 0x21, 8);
	vmm_bytes(0, user_of(SHARED) + 16, false, 0x21, 48);
	assert_clean(world);
	if (_i)
		guest_bytes(0, HALF + SHARED + 8, false, 0x21, 8);
	else
		vmm_bytes(0, user_of(SHARED) + 8, false, 0x21, 8);
	found("user-bytes", "holds 0x21 instead of 0x22");
}
END_TEST

START_TEST(new_memory_of_the_vmm_holds_zeros)
{
	const uint64_t user = user_of(SHARED);

	vmm_bytes(0, user, true, 0x21, 0x1000);
	vmm_bytes(0, user + PAGE, true, 0x21, 0x1000);
	vmm_bytes(0, user + 2 * PAGE, true, 0x21, 0x1000);
	contract_user_fresh(contract, user + PAGE, PAGE);
	vmm_bytes(0, user + PAGE - 1, false, 0x21, 1);
	vmm_bytes(0, user + 2 * PAGE, false, 0x21, 1);
	vmm_bytes(0, user + PAGE, false, 0, PAGE);
	assert_clean(world);
	vmm_bytes(0, user + 2 * PAGE - 1, false, 0x21, 1);
	found("user-bytes", "holds 0x21 instead of 0x00");
}
END_TEST

START_TEST(nothing_is_known_of_memory_that_changed)
{
	const uint64_t user = user_of(SHARED);

	vmm_bytes(0, user, true, 0x21, PAGE);
	contract_user_changed(contract, user + 8, 8);
	vmm_bytes(0, user + 8, false, 0x22, 8);
	assert_clean(world);
	vmm_bytes(0, user + 7, false, 0x22, 1);
	vmm_bytes(0, user + 16, false, 0x22, 1);
	ck_assert_uint_eq(num_found(), 2);
	ck_assert(was_found(world, "contract", "user-bytes"));
}
END_TEST

/* The RMM stores some for the guest: what a host call answers, a Realm's configuration. */
START_TEST(bytes_that_somebody_else_stored_may_be_any)
{
	contract_written(contract, 0, USED + 8, 8);
	guest_bytes(1, RAM, true, 0xa5, 1);
	guest_bytes(0, USED + 8, false, 0xa5, 8);
	guest_bytes(0, USED, false, 0x11, 8);
	assert_clean(world);
	guest_bytes(0, USED + 16, false, 0xa5, 1);
	found("guest-bytes", "IPA 0x80001010 ");
}
END_TEST

/* --- populate ----------------------------------------------------------------------------------------- */

START_TEST(a_populated_page_has_the_bytes_of_the_vmm)
{
	const struct slot *second = &world->realms[0].slots[1];
	/* In the middle of the first slot, of its last page and the second, of the second. */
	const uint64_t base = _i ? second->base + PAGE : RAM + 0x300000;
	const uint64_t user = _i ? second->uaddr + PAGE : user_of(base);

	vmm_bytes(0, user, true, 0x5a, PAGE);
	vmm_bytes(0, user + PAGE, true, 0x5b, PAGE);
	contract_populate(contract, 0, base, 2 * PAGE, 0);
	guest_bytes(0, base, false, 0x5a, PAGE);
	guest_bytes(0, base + PAGE, false, 0x5b, PAGE);
	assert_clean(world);
	guest_bytes(0, base + PAGE - 1, false, 0x5b, 1);
	found("guest-bytes", "holds 0x5b instead of 0x5a");
}
END_TEST

START_TEST(nothing_is_known_of_a_page_that_could_not_be_populated)
{
	contract_populate(contract, 0, USED, PAGE, -EINVAL);
	check();
	guest_bytes(0, USED, false, 0x77, 8);
	assert_clean(world);
	/* A populate that ends is not over the next page. */
	contract_populate(contract, 0, USED - PAGE, PAGE, -EINVAL);
	check();
	assert_clean(world);
	guest_bytes(0, USED + 8, false, 0x77, 8);
	guest_bytes(0, USED, false, 0x78, 1);
	found("guest-bytes", "IPA 0x80001000 ");
}
END_TEST

/* What was stored for the guest at a moment that nobody knows may still come after the populate. */
START_TEST(bytes_of_any_value_survive_a_populate_that_failed)
{
	guest_bytes(1, RAM, true, 0xa5, 1);
	contract_written(contract, 0, USED, 8);
	contract_populate(contract, 0, USED, PAGE, -EINVAL);
	guest_bytes(0, USED, false, 0xa5, 8);
	assert_clean(world);
	guest_bytes(0, USED + 8, false, 0xa5, 8);
	found("foreign-bytes", "IPA 0x80001008 ");
}
END_TEST

START_TEST(a_populated_page_that_is_not_there_is_found)
{
	contract_populate(contract, 0, RAM + 0x300000, PAGE, 0);
	check();
	found_among("backed", "IPA 0x80300000..0x80301000 is not backed");
}
END_TEST

/* --- RIPAS and tables --------------------------------------------------------------------------------- */

START_TEST(ram_that_was_not_made_is_found)
{
	contract_init_ripas(contract, 0, EMPTY, PAGE, 0);
	check();
	found("ripas", "IPA 0x80900000..0x80901000 is EMPTY, and RAM was promised");
}
END_TEST

START_TEST(what_failed_promises_nothing)
{
	contract_init_ripas(contract, 0, EMPTY, PAGE, -ENOMEM);
	contract_attributes(contract, 0, USED, PAGE, false, -ENOMEM);
	contract_ripas_asked(contract, 0, 0, EMPTY, EMPTY + PAGE, RMM_RAM, true);
	check();
	contract_ripas_refused(contract, 0, 0);
	contract_ripas_answered(contract, 0, 0, EMPTY + PAGE);
	check();
	contract_closing(contract, world->rds);
	assert_clean(world);
}
END_TEST

/* As many as there are, each where it is, after the step and not at the end only. */
START_TEST(each_realm_and_range_is_looked_at)
{
	contract_init_ripas(contract, 0, EMPTY, PAGE, 0);
	contract_init_ripas(contract, 1, EMPTY + 4 * PAGE, PAGE, 0);
	contract_init_ripas(contract, 0, EMPTY + 8 * PAGE, PAGE, 0);
	check();
	ck_assert_uint_eq(num_found(), 3);
	found_next(0, "ripas", "IPA 0x80900000..0x80901000 is EMPTY");
	found_next(1, "ripas", "IPA 0x80904000..0x80905000 is EMPTY");
	found_next(2, "ripas", "IPA 0x80908000..0x80909000 is EMPTY");
}
END_TEST

START_TEST(more_ranges_than_are_kept_are_looked_at)
{
	for (unsigned int i = 0; i < 100; i++)
		contract_init_ripas(contract, 0, RAM + 4 * i * PAGE, PAGE, 0);
	contract_init_ripas(contract, 0, EMPTY, PAGE, 0);
	check();
	found("ripas", "IPA 0x80900000..0x80901000 is EMPTY");
}
END_TEST

START_TEST(a_step_is_looked_at_once)
{
	contract_init_ripas(contract, 0, EMPTY, PAGE, 0);
	check();
	check();
	ck_assert_uint_eq(num_found(), 1);
}
END_TEST

START_TEST(the_end_looks_at_everything)
{
	contract_init_ripas(contract, 1, EMPTY, PAGE, 0);
	contract_closing(contract, world->rds);
	found("ripas", "IPA 0x80900000..0x80901000 is EMPTY");
}
END_TEST

START_TEST(what_the_guest_gave_back_is_not_its_any_more)
{
	change(USED, USED + PAGE, RMM_EMPTY, false, USED + PAGE);
	check();
	found("ripas", "IPA 0x80001000..0x80002000 is RAM, and EMPTY was promised");
}
END_TEST

START_TEST(what_the_guest_asked_for_is_its)
{
	change(EMPTY, EMPTY + PAGE, RMM_RAM, false, EMPTY + PAGE);
	check();
	found("ripas", "IPA 0x80900000..0x80901000 is EMPTY, and RAM was promised");
}
END_TEST

/* How far the RMM came is nobody's to know before the answer; what is beside is. */
START_TEST(a_change_that_waits_is_open)
{
	contract_ripas_asked(contract, 0, 1, RAM, RAM + PAGE, RMM_EMPTY, false);
	contract_init_ripas(contract, 0, EMPTY, PAGE, 0);
	contract_ripas_asked(contract, 0, 0, EMPTY, EMPTY + PAGE, RMM_RAM, false);
	check();
	assert_clean(world);
	contract_init_ripas(contract, 0, EMPTY - PAGE, 3 * PAGE, 0);
	check();
	found("ripas", "IPA 0x808ff000..0x80900000 is EMPTY");
}
END_TEST

/* kvm-rme.md 10: nothing but a DESTROYED page ends it. */
START_TEST(a_change_that_ends_early_for_nothing_is_found)
{
	change(RAM, RAM + 2 * PAGE, RMM_RAM, false, RAM + PAGE);
	found("ripas-answer", "a change to RAM ends at IPA 0x80001000");
}
END_TEST

START_TEST(a_change_ends_at_a_destroyed_page)
{
	const bool consent = _i;

	change(DESTROYED - PAGE, DESTROYED + PAGE, RMM_RAM, consent, DESTROYED);
	check();
	if (consent)
		found("ripas-answer", "ends at IPA 0x80400000, which is DESTROYED and may");
	else
		assert_clean(world);
}
END_TEST

START_TEST(a_destroyed_page_changes_with_consent_only)
{
	const bool consent = _i;

	change(DESTROYED - PAGE, DESTROYED + PAGE, RMM_RAM, consent, DESTROYED + PAGE);
	if (consent)
		assert_clean(world);
	else
		found("ripas-answer", "IPA 0x80400000 was DESTROYED");
}
END_TEST

START_TEST(what_a_guest_is_told_of_ripas_is_so)
{
	contract_told_ripas(contract, 0, RAM, RAM + PAGE, RMM_RAM);
	contract_told_ripas(contract, 0, RAM_END - PAGE, RAM_END, RMM_RAM);
	contract_told_ripas(contract, 0, DESTROYED, DESTROYED + PAGE, RMM_DESTROYED);
	contract_told_ripas(contract, 0, EMPTY, EMPTY + PAGE, RMM_EMPTY);
	assert_clean(world);
	contract_told_ripas(contract, 0, RAM_END - PAGE, RAM_END + PAGE, RMM_RAM);
	found("ripas-answer", "IPA 0x80800000 is RAM, and it is EMPTY");
}
END_TEST

/* Of what somebody else may have stored or changed nothing is known of RIPAS either. */
START_TEST(what_is_not_known_may_be_told)
{
	contract_init_ripas(contract, 0, EMPTY, PAGE, -ENOMEM);
	contract_told_ripas(contract, 0, EMPTY, EMPTY + PAGE, RMM_RAM);
	assert_clean(world);
	contract_told_ripas(contract, 0, EMPTY, EMPTY + 2 * PAGE, RMM_RAM);
	found("ripas-answer", "IPA 0x80901000 is RAM, and it is EMPTY");
}
END_TEST

/* --- what the VMM takes away -------------------------------------------------------------------------- */

enum taking { BY_ATTRIBUTE, BY_HOLE, BY_SLOT, NUM_TAKING };

START_TEST(what_was_taken_away_is_not_there)
{
	switch (_i) {
	case BY_ATTRIBUTE:
		contract_attributes(contract, 0, USED, PAGE, false, 0);
		break;
	case BY_HOLE:
		contract_hole(contract, 0, world->realms[0].slots[0].gmem_fd, USED - RAM, PAGE);
		break;
	default:
		contract_slot(contract, 0, world->realms[0].slots[0].id, 0, 0, -1, 0, 0);
		break;
	}
	check();
	found_among("ripas", "0x80001000..0x80002000 is RAM, and DESTROYED was promised");
}
END_TEST

START_TEST(a_hole_is_where_it_is)
{
	contract_hole(contract, 0, world->realms[0].slots[0].gmem_fd, USED - RAM - PAGE, PAGE);
	contract_hole(contract, 0, world->realms[0].slots[0].gmem_fd, USED - RAM + PAGE, PAGE);
	contract_hole(contract, 0, world->realms[0].slots[1].gmem_fd, USED - RAM, PAGE);
	contract_hole(contract, 1, world->realms[1].slots[0].gmem_fd, USED - RAM, PAGE);
	check();
	guest_bytes(0, USED, false, 0x11, PAGE);
	assert_clean(world);
}
END_TEST

/* --- accesses ----------------------------------------------------------------------------------------- */

START_TEST(an_access_needs_ram)
{
	contract_access(contract, 0, RAM, 4, false, NULL);
	contract_access(contract, 0, RAM_END - 4, 4, false, NULL);
	assert_clean(world);
	contract_access(contract, 0, _i ? RAM_END : DESTROYED, 4, false, NULL);
	found("access",
	      _i ? "IPA 0x80800000, which is EMPTY" : "IPA 0x80400000, which is DESTROYED");
}
END_TEST

START_TEST(an_access_needs_the_attribute)
{
	switch (_i) {
	case 0:
		guest_bytes(0, SHARED, false, 0, 4);
		ck_assert(was_found(world, "contract", "access"));
		break;
	case 1:
		guest_bytes(0, HALF + RAM, false, 0, 4);
		found("access", "0x80000000 as shared, which the VMM has made private");
		break;
	default:
		guest_bytes(0, HALF + SHARED, false, 0, 4);
		guest_bytes(0, SHARED - PAGE, false, 0, 4);
		guest_bytes(0, SHARED + PAGE, false, 0, 4);
		assert_clean(world);
		break;
	}
}
END_TEST

START_TEST(an_access_that_nothing_backs_is_found)
{
	guest_bytes(0, RAM, true, 1, 4);
	check();
	found_among("backed", "IPA 0x80000000..0x80001000 is not backed, and the guest uses it");
}
END_TEST

START_TEST(an_abort_is_for_what_is_empty)
{
	contract_sea(contract, 0, EMPTY);
	contract_sea(contract, 0, HALF + RAM);
	assert_clean(world);
	contract_sea(contract, 0, _i ? RAM : DESTROYED);
	found("access", _i ? "IPA 0x80000000, which is RAM" : "IPA 0x80400000, which is DESTROYED");
}
END_TEST

/* --- exits and devices -------------------------------------------------------------------------------- */

START_TEST(an_exit_names_what_was_tried)
{
	static const struct {
		uint64_t ipa, gpa, size;
		bool is_private, found;
	} cases[] = {
		{DESTROYED + 8, DESTROYED, PAGE, true, false},
		{DESTROYED + 8, DESTROYED + PAGE, PAGE, true, true},
		{DESTROYED + 8, DESTROYED, 2 * PAGE, true, true},
		{DESTROYED + 8, DESTROYED + 8, PAGE, true, true},
		{DESTROYED + 8, DESTROYED, PAGE, false, true},
		/* The VMM has to convert. */
		{SHARED, SHARED, PAGE, true, false},
		{HALF + RAM, RAM, PAGE, false, false},
		/* As the guest accessed it. */
		{HALF + SHARED, SHARED, PAGE, false, true},
		{RAM, RAM, PAGE, true, true},
	};

	contract_call_begin(contract, 0, UINT64_MAX);
	contract_tried(contract, 0, cases[_i].ipa);
	contract_fault_exit(contract, 0, 0, cases[_i].gpa, cases[_i].size, cases[_i].is_private);
	if (cases[_i].found)
		found("exit", "KVM_EXIT_MEMORY_FAULT");
	else
		assert_clean(world);
}
END_TEST

START_TEST(an_exit_for_a_change_names_its_range)
{
	contract_ripas_asked(contract, 0, 0, RAM, RAM + 2 * PAGE, RMM_EMPTY, false);
	contract_fault_exit(contract, 0, 0, RAM, 2 * PAGE, false);
	assert_clean(world);
	contract_fault_exit(contract, 0, 0, RAM + (_i == 0) * PAGE, (2 - (_i == 1)) * PAGE,
			    _i == 2);
	found("exit", "KVM_EXIT_MEMORY_FAULT");
}
END_TEST

START_TEST(an_mmio_exit_names_what_was_tried)
{
	contract_call_begin(contract, 0, UINT64_MAX);
	contract_tried(contract, 0, HALF + 0x1234);
	contract_mmio_exit(contract, 0, 0x1234);
	assert_clean(world);
	contract_mmio_exit(contract, 0, HALF + 0x1234);
	found("exit", "KVM_EXIT_MMIO says 0x100001234");
}
END_TEST

START_TEST(no_exit_is_strange)
{
	contract_strange_exit(contract, 0, "unknown");
	found("exit", "exit reason unknown");
}
END_TEST

START_TEST(a_device_gets_what_was_given)
{
	static const struct {
		uint64_t size, given, got;
		bool found;
	} cases[] = {
		{1, 0x1ff, 0xff, false},   {1, 0x80, 0, true},	     {2, 0x1ffff, 0xffff, false},
		{4, 1ull << 32, 0, false}, {4, 1ull << 31, 0, true}, {8, 1ull << 63, 0, true},
	};

	contract_device(contract, 0, 0x1000, cases[_i].size, cases[_i].given, cases[_i].got);
	if (cases[_i].found)
		found("device", "the device at 0x1000");
	else
		assert_clean(world);
}
END_TEST

/* --- steps at the same time --------------------------------------------------------------------------- */

/* One step of each of two actors, claims that meet or do not. */
static struct contract_thread threads[2];
static unsigned int actor;

static void as(unsigned int next)
{
	struct contract_thread call = threads[next];

	if (next == actor)
		return;
	call.actor = next;
	contract_swap(contract, &call);
	threads[actor] = call;
	actor = next;
}

static void begin(unsigned int who, struct contract_claim claim, uint64_t base, uint64_t size)
{
	claim.num = 1;
	claim.ranges[0].start = base;
	claim.ranges[0].end = base + size;
	as(who);
	contract_step_begin(contract, &claim);
}

static void end(unsigned int who)
{
	as(who);
	contract_step_end(contract);
}

static void both_begin(const struct contract_claim *first, uint64_t base,
		       const struct contract_claim *second)
{
	contract_together(contract, true);
	begin(0, *first, base, PAGE);
	begin(1, *second, USED, PAGE);
}

static const struct {
	struct contract_claim first, second;
	uint64_t base;
	bool open;
} races[] = {
	{{0}, {0}, USED, false},
	{{.takes = true}, {0}, USED, true},
	{{0}, {.takes = true}, USED, true},
	{{.takes = true}, {0}, USED + PAGE, false},
	{{.takes = true}, {0}, USED - PAGE, false},
	{{.takes = true, .realm = 1}, {0}, USED, false},
	{{.bytes = true}, {0}, USED, true},
	{{0}, {.bytes = true}, USED, true},
	{{.bytes = true}, {0}, USED + PAGE, false},
	{{.fills = true}, {0}, USED, false},
	{{.attributes = true}, {.attributes = true}, USED, false},
	{{.user = true}, {0}, USED, false},
	{{.ripas = true}, {.ripas = true}, USED, false},
};

START_TEST(bytes_are_open_where_steps_meet)
{
	vmm_bytes(0, user_of(USED), true, 0x21, 8);
	both_begin(&races[_i].first, races[_i].base, &races[_i].second);
	/* Each access is one moment; the next may be after the page went. */
	guest_bytes(0, USED, false, 0x77, 1);
	if (!races[_i].open) {
		found("guest-bytes", "IPA 0x80001000 ");
		return;
	}
	guest_bytes(0, USED, false, 0x78, 1);
	assert_clean(world);
	end(0);
	guest_bytes(0, USED, false, 0x79, 1);
	end(1);
	guest_bytes(0, USED, false, 0x7a, 1);
	check();
	assert_clean(world);
	/* Nobody is at work there any more. */
	guest_bytes(0, USED, false, 0x7b, 1);
	found("guest-bytes", "IPA 0x80001000 holds 0x7b instead of 0x7a");
}
END_TEST

START_TEST(memory_of_the_vmm_is_open_where_a_step_maps_it)
{
	static const struct {
		struct contract_claim first;
		uint64_t base;
		bool open, elsewhere;
	} cases[] = {
		{{0}, USED, false, false},
		{{.user = true}, USED, true, false},
		{{.user = true}, USED + PAGE, false, false},
		{{.user = true, .realm = 1}, USED, false, false},
		{{.takes = true}, USED, false, false},
		/* What is in no slot may be anywhere, of whichever realm it was. */
		{{.user = true, .hidden = true}, USED, true, true},
		{{.user = true, .hidden = true, .realm = 1}, USED, true, true},
	};

	vmm_bytes(0, user_of(USED), true, 0x21, 8);
	vmm_bytes(0, user_of(EMPTY), true, 0x21, 8);
	both_begin(&cases[_i].first, cases[_i].base, &(struct contract_claim){0});
	vmm_bytes(0, user_of(USED), false, 0x77, 1);
	ck_assert_uint_eq(num_found(), cases[_i].open ? 0 : 1);
	vmm_bytes(0, user_of(EMPTY), false, 0x77, 1);
	ck_assert_uint_eq(num_found(), (cases[_i].open ? 0 : 1) + (cases[_i].elsewhere ? 0 : 1));
	end(0);
	end(1);
	contract_together(contract, false);
	vmm_bytes(0, user_of(USED), true, 0x22, 8);
	vmm_bytes(0, user_of(USED), false, 0x77, 1);
	ck_assert_uint_eq(num_found(), (cases[_i].open ? 1 : 2) + (cases[_i].elsewhere ? 0 : 1));
}
END_TEST

START_TEST(ripas_is_open_where_steps_change_it)
{
	static const struct {
		struct contract_claim first;
		uint64_t ipa;
		enum rmm_ripas told;
		bool found;
	} cases[] = {
		{{.takes = true}, USED, RMM_DESTROYED, false},
		{{.takes = true, .ripas = true}, USED, RMM_EMPTY, false},
		{{0}, USED, RMM_DESTROYED, true},
		{{.takes = true}, EMPTY, RMM_RAM, true},
		{{.takes = true, .ripas = true}, EMPTY, RMM_RAM, false},
		{{.takes = true, .ripas = true, .realm = 1}, EMPTY, RMM_RAM, true},
	};

	contract_together(contract, true);
	begin(0, cases[_i].first, cases[_i].ipa, PAGE);
	begin(1, (struct contract_claim){0}, cases[_i].ipa, PAGE);
	contract_told_ripas(contract, 0, cases[_i].ipa, cases[_i].ipa + PAGE, cases[_i].told);
	if (cases[_i].found)
		found("ripas-answer", "the guest was told");
	else
		assert_clean(world);
}
END_TEST

/* What a step is at work on is compared when it has ended; what is beside it, at once. */
START_TEST(what_a_step_works_on_is_compared_at_its_end)
{
	contract_together(contract, true);
	begin(1, (struct contract_claim){.ripas = true}, EMPTY, PAGE);
	contract_init_ripas(contract, 0, EMPTY, PAGE, 0);
	check();
	assert_clean(world);
	contract_init_ripas(contract, 0, EMPTY + 2 * PAGE, PAGE, 0);
	check();
	found("ripas", "IPA 0x80902000..0x80903000 is EMPTY");
	if (_i)
		contract_together(contract, false);
	else
		end(1);
	check();
	ck_assert_uint_eq(num_found(), 2);
	found_next(1, "ripas", "IPA 0x80900000..0x80901000 is EMPTY");
}
END_TEST

/* What a conversion takes is known from the moment on at which the VMM decides it. */
START_TEST(a_step_may_convert_memory_after_all)
{
	both_begin(&(struct contract_claim){0}, USED, &(struct contract_claim){0});
	contract_step_converts(contract);
	guest_bytes(0, USED, false, 0x77, 1);
	assert_clean(world);
}
END_TEST

/* An error that is due or not by what another step does meanwhile. */
START_TEST(an_answer_is_open_where_another_changes_the_state)
{
	const struct contract_request create = {.call = CONTRACT_CREATE};
	const struct contract_claim claim = {.state = _i == 1, .realm = _i == 2};

	both_begin(&claim, USED, &(struct contract_claim){.realm = 0, .state = false});
	contract_answer(contract, 0, &create, 0);
	if (_i == 1)
		assert_clean(world);
	else
		found("answer", "CREATE_REALM answers 0, where -17 is due");
}
END_TEST

/* --- how many pages there are ------------------------------------------------------------------------- */

START_TEST(pages_of_the_vmm_are_counted)
{
	vmm_bytes(0, user_of(EMPTY), false, 0, 1);
	contract_user_changed(contract, user_of(RAM), PAGE);
	contract_tried(contract, 0, HALF + RAM + 0x400000);
	check();
	assert_clean(world);
	/* More than those that may hold arguments. */
	for (unsigned int i = 0; i < 64; i++)
		vmm_bytes(0, user_of(EMPTY) + 0x600000 + i * PAGE, true, 1, 1);
	check();
	found("user-pages", "pages of the VMM's memory");
}
END_TEST

START_TEST(pages_of_a_guest_memfd_are_counted)
{
	const struct slot *slot = &world->realms[0].slots[_i];

	contract_tried(contract, 0, slot->base + 0x10000);
	check();
	assert_clean(world);
	guest_bytes(0, slot->base + 0x20000, false, 0, 1);
	check();
	found_among("gmem-pages", "pages of the guest_memfds");
}
END_TEST

START_TEST(a_page_that_a_hole_leaves_is_found)
{
	contract_hole(contract, 0, world->realms[0].slots[0].gmem_fd, USED - RAM, PAGE);
	check();
	found_among("gmem-pages", "pages of the guest_memfds");
}
END_TEST

START_TEST(pages_of_a_file_that_is_closed_meanwhile_are_not_counted)
{
	both_begin(&(struct contract_claim){.files = true, .realm = 1}, USED,
		   &(struct contract_claim){0});
	guest_bytes(0, RAM, false, 0, 1);
	contract_together(contract, false);
	check();
	ck_assert(!was_found(world, "contract", "gmem-pages"));
	ck_assert(was_found(world, "contract", "backed"));
}
END_TEST

/* --- when nothing is asked ---------------------------------------------------------------------------- */

START_TEST(nothing_is_asked_of_who_is_blind)
{
	contract_blind(contract, 0);
	contract_init_ripas(contract, 0, EMPTY, PAGE, 0);
	guest_bytes(0, USED, false, 0x12, 1);
	check();
	contract_closing(contract, world->rds);
	assert_clean(world);
	contract_init_ripas(contract, 1, EMPTY, PAGE, 0);
	check();
	found("ripas", "IPA 0x80900000..0x80901000 is EMPTY");
}
END_TEST

START_TEST(nothing_is_asked_when_it_is_off)
{
	contract_enable(contract, false);
	contract_init_ripas(contract, 0, EMPTY, PAGE, 0);
	guest_bytes(0, USED, false, 0x12, 1);
	vmm_bytes(0, user_of(RAM), false, 0x12, 1);
	change(RAM, RAM + 2 * PAGE, RMM_RAM, false, RAM + PAGE);
	check();
	contract_closing(contract, world->rds);
	assert_clean(world);
}
END_TEST

START_TEST(reset_forgets)
{
	contract_enable(contract, false);
	contract_reset(contract);
	contract_vm(contract, 0, 33);
	contract_slot(contract, 0, 0, RAM, 0x1000000, -1, 0, 0);
	contract_closing(contract, world->rds);
	found("ripas", "IPA 0x80000000..");
}
END_TEST

#define CASES(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	TCase *tcase = tcase_create("contract");
	Suite *suite = suite_create("contract");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_guest_reads_what_it_wrote);
	tcase_add_loop_test(tcase, each_byte_of_an_access_counts, 0, 48);
	tcase_add_test(tcase, what_was_read_stays);
	tcase_add_loop_test(tcase, bytes_of_another_guest_are_found, 0, CASES(tags));
	tcase_add_loop_test(tcase, bytes_that_a_guest_or_its_vmm_wrote_too_are_not_foreign, 0,
			    CASES(tags));
	tcase_add_loop_test(tcase, private_bytes_that_the_vmm_reads_are_found, 0, 2);
	tcase_add_loop_test(tcase, what_a_vmm_wrote_anywhere_it_may_read, 0, 2);
	tcase_add_loop_test(tcase, the_guest_and_the_vmm_share_bytes, 0, 2);
	tcase_add_test(tcase, new_memory_of_the_vmm_holds_zeros);
	tcase_add_test(tcase, nothing_is_known_of_memory_that_changed);
	tcase_add_test(tcase, bytes_that_somebody_else_stored_may_be_any);
	tcase_add_loop_test(tcase, a_populated_page_has_the_bytes_of_the_vmm, 0, 2);
	tcase_add_test(tcase, nothing_is_known_of_a_page_that_could_not_be_populated);
	tcase_add_test(tcase, bytes_of_any_value_survive_a_populate_that_failed);
	tcase_add_test(tcase, a_populated_page_that_is_not_there_is_found);
	tcase_add_test(tcase, ram_that_was_not_made_is_found);
	tcase_add_test(tcase, what_failed_promises_nothing);
	tcase_add_test(tcase, each_realm_and_range_is_looked_at);
	tcase_add_test(tcase, more_ranges_than_are_kept_are_looked_at);
	tcase_add_test(tcase, a_step_is_looked_at_once);
	tcase_add_test(tcase, the_end_looks_at_everything);
	tcase_add_test(tcase, what_the_guest_gave_back_is_not_its_any_more);
	tcase_add_test(tcase, what_the_guest_asked_for_is_its);
	tcase_add_test(tcase, a_change_that_waits_is_open);
	tcase_add_test(tcase, a_change_that_ends_early_for_nothing_is_found);
	tcase_add_loop_test(tcase, a_change_ends_at_a_destroyed_page, 0, 2);
	tcase_add_loop_test(tcase, a_destroyed_page_changes_with_consent_only, 0, 2);
	tcase_add_test(tcase, what_a_guest_is_told_of_ripas_is_so);
	tcase_add_test(tcase, what_is_not_known_may_be_told);
	tcase_add_loop_test(tcase, what_was_taken_away_is_not_there, 0, NUM_TAKING);
	tcase_add_test(tcase, a_hole_is_where_it_is);
	tcase_add_loop_test(tcase, an_access_needs_ram, 0, 2);
	tcase_add_loop_test(tcase, an_access_needs_the_attribute, 0, 3);
	tcase_add_test(tcase, an_access_that_nothing_backs_is_found);
	tcase_add_loop_test(tcase, an_abort_is_for_what_is_empty, 0, 2);
	tcase_add_loop_test(tcase, an_exit_names_what_was_tried, 0, 9);
	tcase_add_loop_test(tcase, an_exit_for_a_change_names_its_range, 0, 3);
	tcase_add_test(tcase, an_mmio_exit_names_what_was_tried);
	tcase_add_test(tcase, no_exit_is_strange);
	tcase_add_loop_test(tcase, a_device_gets_what_was_given, 0, 6);
	tcase_add_loop_test(tcase, bytes_are_open_where_steps_meet, 0, CASES(races));
	tcase_add_loop_test(tcase, memory_of_the_vmm_is_open_where_a_step_maps_it, 0, 7);
	tcase_add_loop_test(tcase, ripas_is_open_where_steps_change_it, 0, 6);
	tcase_add_loop_test(tcase, what_a_step_works_on_is_compared_at_its_end, 0, 2);
	tcase_add_test(tcase, a_step_may_convert_memory_after_all);
	tcase_add_loop_test(tcase, an_answer_is_open_where_another_changes_the_state, 0, 3);
	tcase_add_test(tcase, pages_of_the_vmm_are_counted);
	tcase_add_loop_test(tcase, pages_of_a_guest_memfd_are_counted, 0, 2);
	tcase_add_test(tcase, a_page_that_a_hole_leaves_is_found);
	tcase_add_test(tcase, pages_of_a_file_that_is_closed_meanwhile_are_not_counted);
	tcase_add_test(tcase, nothing_is_asked_of_who_is_blind);
	tcase_add_test(tcase, nothing_is_asked_when_it_is_off);
	tcase_add_test(tcase, reset_forgets);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
