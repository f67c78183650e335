/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the VMM's steps ask of a KVM: which ioctls with which structures in which order. The KVM
 * here only writes down what it is asked. Numbers and layouts are those of the facts about the
 * UAPI, written out.
 */
#include "support.h"

#include <dlfcn.h>
#include <errno.h>

/* ioctl numbers of v10 on arm64: direction << 30 | size << 16 | 0xae << 8 | number. */
#define NR_CREATE_VM	     0xae01u
#define NR_CHECK_EXTENSION   0xae03u
#define NR_MMAP_SIZE	     0xae04u
#define NR_CREATE_VCPU	     0xae41u
#define NR_RUN		     0xae80u
#define NR_MEMORY_REGION2    (1u << 30 | 160u << 16 | 0xae49u)
#define NR_ENABLE_CAP	     (1u << 30 | 104u << 16 | 0xaea3u)
#define NR_MEMORY_ATTRIBUTES (1u << 30 | 32u << 16 | 0xaed2u)
#define NR_GUEST_MEMFD	     (3u << 30 | 64u << 16 | 0xaed4u)
#define NR_CREATE_DEVICE     (3u << 30 | 12u << 16 | 0xaee0u)
#define NR_DEVICE_ATTR	     (1u << 30 | 24u << 16 | 0xaee1u)
#define NR_VCPU_INIT	     (1u << 30 | 32u << 16 | 0xaeaeu)
#define NR_VCPU_FINALIZE     (1u << 30 | 4u << 16 | 0xaec2u)
#define NR_GET_ONE_REG	     (1u << 30 | 16u << 16 | 0xaeabu)
#define NR_SET_ONE_REG	     (1u << 30 | 16u << 16 | 0xaeacu)
#define NR_SET_EVENTS	     (1u << 30 | 64u << 16 | 0xaea0u)
#define NR_PSCI_COMPLETE     (1u << 30 | 24u << 16 | 0xaed6u)

#define EXIT_MMIO	  6
#define EXIT_SYSTEM_EVENT 24
#define EXIT_MEMORY_FAULT 39

#define SLOT_BASE 0x80000000ull
#define SLOT_SIZE 0x1000000ull

static const struct world_slot slots[] = {{.base = SLOT_BASE, .size = SLOT_SIZE}};
static const struct world_realm realm = {
	.ipa_bits = 33, .hash_algo = 1, .vcpus = 2, .slots = slots, .num_slots = 1};

static struct kvm_module *module;
static struct world *world;
static struct fake *fake;
static void *handle;

static void setup_realm(const char *path, const struct world_realm *config)
{
	fake_state_fn *state;

	world = world_over(path, config, 1, &module);
	handle = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
	ck_assert_ptr_nonnull(handle);
	*(void **)&state = dlsym(handle, FAKE_SYMBOL);
	ck_assert_ptr_nonnull(state);
	fake = state();
	fake->num_calls = 0;
}

static void setup(void)
{
	setup_realm(FAKE_PATH, &realm);
}

static void teardown(void)
{
	dlclose(handle);
	world_done(world, module);
}

static uint64_t field(const uint8_t *data, unsigned int offset, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, data + offset, size);
	return value;
}

/* The calls so far, in order, must be these; NULL ends them. The list starts anew afterwards. */
static void assert_calls(const struct fake_call *expected, unsigned int num, const char *where)
{
	for (unsigned int i = 0; i < num && i < fake->num_calls; i++) {
		ck_assert_msg(!strcmp(fake->calls[i].name, expected[i].name) &&
				      fake->calls[i].cmd == expected[i].cmd &&
				      fake->calls[i].fd == expected[i].fd,
			      "%s: call %u is %s %#x on %d, expected %s %#x on %d", where, i,
			      fake->calls[i].name, fake->calls[i].cmd, fake->calls[i].fd,
			      expected[i].name, expected[i].cmd, expected[i].fd);
	}
	ck_assert_msg(fake->num_calls == num, "%s: %u calls, expected %u", where, fake->num_calls,
		      num);
}

#define IOCTL(descriptor, number)                                                                  \
	{                                                                                          \
		.name = "ioctl", .fd = (descriptor), .cmd = (number)                               \
	}
#define MMAP(descriptor)                                                                           \
	{                                                                                          \
		.name = "mmap", .fd = (descriptor), .cmd = 3                                       \
	}
#define CALL(what)                                                                                 \
	{                                                                                          \
		.name = (what), .fd = -1                                                           \
	}
#define ASSERT_CALLS(where, ...)                                                                   \
	do {                                                                                       \
		const struct fake_call expected_[] = {__VA_ARGS__};                                \
                                                                                                   \
		assert_calls(expected_, sizeof(expected_) / sizeof(expected_[0]), where);          \
	} while (0)

static const struct fake_call *call_of(uint32_t cmd)
{
	for (unsigned int i = 0; i < fake->num_calls; i++) {
		if (!strcmp(fake->calls[i].name, "ioctl") && fake->calls[i].cmd == cmd)
			return &fake->calls[i];
	}
	ck_abort_msg("no ioctl %#x", cmd);
	return NULL;
}

START_TEST(create_vm_adds_private_slots)
{
	const struct fake_call *call;

	step_ok(world, "vmm.create_vm", NO_ARGS);
	ASSERT_CALLS("create_vm", IOCTL(FAKE_FD_KVM, NR_CREATE_VM), MMAP(-1),
		     IOCTL(FAKE_FD_VM, NR_GUEST_MEMFD), IOCTL(FAKE_FD_VM, NR_MEMORY_REGION2),
		     IOCTL(FAKE_FD_VM, NR_MEMORY_ATTRIBUTES));
	/* Bits 7:0 are the IPA size, type 1 in bits 11:8 is a realm. */
	ck_assert_uint_eq(call_of(NR_CREATE_VM)->args[0], 0x100 | 33);
	/* The shared half: anonymous, shared, fixed, aligned to 2 MiB. */
	ck_assert_uint_eq(fake->calls[1].args[0] % 0x200000, 0);
	ck_assert_uint_eq(fake->calls[1].args[1], SLOT_SIZE);
	ck_assert_uint_eq(fake->calls[1].args[2], 0x31);
	call = call_of(NR_GUEST_MEMFD);
	ck_assert_uint_eq(field(call->data, 0, 8), SLOT_SIZE);
	ck_assert_uint_eq(field(call->data, 8, 8), 0);
	call = call_of(NR_MEMORY_REGION2);
	ck_assert_uint_eq(field(call->data, 0, 4), 0);
	ck_assert_uint_eq(field(call->data, 4, 4), 1 << 2);
	ck_assert_uint_eq(field(call->data, 8, 8), SLOT_BASE);
	ck_assert_uint_eq(field(call->data, 16, 8), SLOT_SIZE);
	ck_assert_uint_eq(field(call->data, 24, 8), fake->calls[1].args[0]);
	ck_assert_uint_eq(field(call->data, 32, 8), 0);
	ck_assert_uint_eq(field(call->data, 40, 4), FAKE_FD_GMEM);
	call = call_of(NR_MEMORY_ATTRIBUTES);
	ck_assert_uint_eq(field(call->data, 0, 8), SLOT_BASE);
	ck_assert_uint_eq(field(call->data, 8, 8), SLOT_SIZE);
	ck_assert_uint_eq(field(call->data, 16, 8), 1 << 3);
	ck_assert_uint_eq(field(call->data, 24, 8), 0);
	ck_assert_int_eq(world_vm_fd(world, 0), FAKE_FD_VM);
	assert_clean(world);
}
END_TEST

START_TEST(a_step_implies_the_vm_once)
{
	step_ok(world, "vmm.init_ripas", ARGS({"base", SLOT_BASE}, {"size", 0x1000}));
	step_ok(world, "vmm.activate", NO_ARGS);
	ck_assert_str_eq(fake->calls[0].name, "ioctl");
	ck_assert_uint_eq(fake->calls[0].cmd, NR_CREATE_VM);
	for (unsigned int i = 1; i < fake->num_calls; i++)
		ck_assert(strcmp(fake->calls[i].name, "ioctl") ||
			  fake->calls[i].cmd != NR_CREATE_VM);
}
END_TEST

START_TEST(a_second_vm_of_one_realm_is_refused)
{
	struct step_call call;
	char *error = NULL;

	step_ok(world, "vmm.create_vm", NO_ARGS);
	call_prepare(&call, "vmm.create_vm", NO_ARGS);
	ck_assert_int_eq(world_perform(world, &call, &error), -EEXIST);
	ck_assert_ptr_nonnull(strstr(error, "vmm.close"));
	free(error);
}
END_TEST

START_TEST(shared_slots_get_no_attribute)
{
	struct world_realm shared = realm;

	teardown();
	shared.shared_at_first = true;
	setup_realm(FAKE_PATH, &shared);
	step_ok(world, "vmm.create_vm", NO_ARGS);
	ASSERT_CALLS("create_vm", IOCTL(FAKE_FD_KVM, NR_CREATE_VM), MMAP(-1),
		     IOCTL(FAKE_FD_VM, NR_GUEST_MEMFD), IOCTL(FAKE_FD_VM, NR_MEMORY_REGION2));
}
END_TEST

START_TEST(realm_is_configured_then_created)
{
	const struct fake_call *call;

	step_ok(world, "vmm.create_vm", NO_ARGS);
	fake->num_calls = 0;
	step_ok(world, "vmm.create_realm", NO_ARGS);
	ASSERT_CALLS("create_realm", IOCTL(FAKE_FD_VM, NR_ENABLE_CAP),
		     IOCTL(FAKE_FD_VM, NR_ENABLE_CAP));
	call = &fake->calls[0];
	/* KVM_CAP_ARM_RME of v10, sub-operation CONFIG_REALM: item HASH_ALGO (1) is SHA512 (1). */
	ck_assert_uint_eq(field(call->data, 0, 4), 244);
	ck_assert_uint_eq(field(call->data, 4, 4), 0);
	ck_assert_uint_eq(field(call->data, 8, 8), 0);
	ck_assert_uint_eq(field(call->sub, 0, 4), 1);
	ck_assert_uint_eq(field(call->sub, 4, 4), 1);
	call = &fake->calls[1];
	ck_assert_uint_eq(field(call->data, 8, 8), 1);
	ck_assert_uint_eq(field(call->data, 16, 8), 0);
	/* It was configured: the next attempt is the creation alone. */
	fake->num_calls = 0;
	step_ok(world, "vmm.create_realm", NO_ARGS);
	ck_assert_uint_eq(fake->num_calls, 1);
}
END_TEST

START_TEST(config_takes_hexadecimal_digits)
{
	struct step_call call;
	char *error = NULL;

	step_ok(world, "vmm.create_vm", NO_ARGS);
	fake->num_calls = 0;
	call_prepare(&call, "vmm.config", NO_ARGS);
	call_text(&call, "rpv", "0aFF 10");
	call_perform(world, &call);
	ck_assert_uint_eq(fake->num_calls, 1);
	ck_assert_uint_eq(field(fake->calls[0].sub, 0, 4), 0);
	ck_assert_uint_eq(field(fake->calls[0].sub, 4, 8), 0x10ff0a);
	/* What was configured by hand is not configured again. */
	fake->num_calls = 0;
	step_ok(world, "vmm.create_realm", NO_ARGS);
	ck_assert_uint_eq(fake->num_calls, 1);

	call_prepare(&call, "vmm.config", NO_ARGS);
	call_text(&call, "rpv", "0x");
	ck_assert_int_eq(world_perform(world, &call, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "'x'"));
	free(error);
	call_prepare(&call, "vmm.config", NO_ARGS);
	call_text(&call, "rpv", "123");
	ck_assert_int_eq(world_perform(world, &call, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "odd"));
	free(error);
}
END_TEST

START_TEST(vcpus_are_made_then_finalized_in_order)
{
	const uint64_t gpr = 0x6030000000100000ull;

	step_ok(world, "vmm.create_realm", NO_ARGS);
	fake->num_calls = 0;
	ck_assert_uint_eq(step_ok(world, "vmm.create_vcpus", NO_ARGS).done, 2);
	ASSERT_CALLS(
		"create_vcpus", IOCTL(FAKE_FD_VM, NR_CREATE_VCPU), MMAP(FAKE_FD_VCPU),
		IOCTL(FAKE_FD_VCPU, NR_VCPU_INIT), IOCTL(FAKE_FD_VCPU, NR_SET_ONE_REG),
		IOCTL(FAKE_FD_VCPU, NR_SET_ONE_REG), IOCTL(FAKE_FD_VCPU, NR_SET_ONE_REG),
		IOCTL(FAKE_FD_VCPU, NR_SET_ONE_REG), IOCTL(FAKE_FD_VCPU, NR_SET_ONE_REG),
		IOCTL(FAKE_FD_VM, NR_CREATE_VCPU), MMAP(FAKE_FD_VCPU + 1),
		IOCTL(FAKE_FD_VCPU + 1, NR_VCPU_INIT), IOCTL(FAKE_FD_VCPU + 1, NR_SET_ONE_REG),
		IOCTL(FAKE_FD_VCPU + 1, NR_SET_ONE_REG), IOCTL(FAKE_FD_VCPU + 1, NR_SET_ONE_REG),
		IOCTL(FAKE_FD_VCPU + 1, NR_SET_ONE_REG), IOCTL(FAKE_FD_VCPU + 1, NR_SET_ONE_REG),
		IOCTL(FAKE_FD_VCPU, NR_VCPU_FINALIZE), IOCTL(FAKE_FD_VCPU + 1, NR_VCPU_FINALIZE));
	ck_assert_uint_eq(fake->calls[0].args[0], 0);
	ck_assert_uint_eq(fake->calls[8].args[0], 1);
	/* PSCI_0_2 is bit 2, REC bit 9, and POWER_OFF (bit 0) is for all but the first. */
	ck_assert_uint_eq(field(fake->calls[2].data, 4, 4), 1 << 2 | 1 << 9);
	ck_assert_uint_eq(field(fake->calls[10].data, 4, 4), 1 << 2 | 1 << 9 | 1 << 0);
	/* x0 to x3, then pc (word 64 of the core registers): the base of the first slot. */
	ck_assert_uint_eq(field(fake->calls[4].data, 0, 8), gpr | 2);
	ck_assert_uint_eq(field(fake->calls[7].data, 0, 8), gpr | 64);
	ck_assert_uint_eq(field(fake->calls[7].sub, 0, 8), SLOT_BASE);
	ck_assert_uint_eq(field(fake->calls[16].data, 0, 4), 9);
}
END_TEST

START_TEST(finalize_can_wait)
{
	step_ok(world, "vmm.create_vcpus",
		ARGS({"finalize", 0}, {"rec", 0}, {"psci", 0}, {"count", 1}));
	ck_assert_uint_eq(field(call_of(NR_VCPU_INIT)->data, 4, 4), 0);
	for (unsigned int i = 0; i < fake->num_calls; i++)
		ck_assert_uint_ne(fake->calls[i].cmd, NR_VCPU_FINALIZE);
	fake->num_calls = 0;
	step_ok(world, "vmm.finalize_vcpu", NO_ARGS);
	ASSERT_CALLS("finalize_vcpu", IOCTL(FAKE_FD_VCPU, NR_VCPU_FINALIZE));
}
END_TEST

START_TEST(sub_operations_carry_their_structures)
{
	const struct fake_call *call;

	step_ok(world, "vmm.create_vm", NO_ARGS);
	fake->num_calls = 0;
	step_ok(world, "vmm.init_ripas", ARGS({"base", 0x80200000}, {"size", 0x200000}));
	call = call_of(NR_ENABLE_CAP);
	ck_assert_uint_eq(field(call->data, 8, 8), 2);
	ck_assert_uint_eq(field(call->sub, 0, 8), 0x80200000);
	ck_assert_uint_eq(field(call->sub, 8, 8), 0x200000);
	fake->num_calls = 0;
	ck_assert_uint_eq(
		step_ok(world, "vmm.populate", ARGS({"base", 0x80000000}, {"size", 0x3000})).done,
		0x3000);
	call = call_of(NR_ENABLE_CAP);
	ck_assert_uint_eq(field(call->data, 8, 8), 3);
	ck_assert_uint_eq(field(call->sub, 0, 8), 0x80000000);
	ck_assert_uint_eq(field(call->sub, 8, 8), 0x3000);
	ck_assert_uint_eq(field(call->sub, 16, 4), 1);
	fake->num_calls = 0;
	step_ok(world, "vmm.populate", ARGS({"base", 0}, {"size", 0}, {"measure", 0}));
	ck_assert_uint_eq(field(call_of(NR_ENABLE_CAP)->sub, 16, 4), 0);
	fake->num_calls = 0;
	step_ok(world, "vmm.activate", NO_ARGS);
	ck_assert_uint_eq(field(call_of(NR_ENABLE_CAP)->data, 8, 8), 4);
	ck_assert_uint_eq(field(call_of(NR_ENABLE_CAP)->data, 16, 8), 0);
}
END_TEST

START_TEST(errors_are_results)
{
	struct step_result result;

	step_ok(world, "vmm.create_vm", NO_ARGS);
	fake->fail_cmd = NR_ENABLE_CAP;
	fake->fail_ret = -EINVAL;
	result = step(world, "vmm.activate", NO_ARGS);
	ck_assert_int_eq(result.err, -EINVAL);
	ck_assert_int_eq(result.outcome, STEP_ERROR);
	fake->fail_ret = -EPERM;
	result = step(world, "vmm.populate", ARGS({"base", 0}, {"size", 0x1000}));
	ck_assert_int_eq(result.err, -EPERM);
	ck_assert_uint_eq(result.done, 0);
	assert_clean(world);
}
END_TEST

/* A realm that is ready to run. */
static void boot(void)
{
	step_ok(world, "vmm.create_realm", NO_ARGS);
	step_ok(world, "vmm.create_vcpus", ARGS({"count", 1}));
	step_ok(world, "vmm.activate", NO_ARGS);
	fake->num_calls = 0;
}

static void script(struct fake_run next)
{
	fake->script[fake->num_script++] = next;
}

#define MEMORY_FAULT(start, length, to_private)                                                    \
	((struct fake_run){.ret = -EFAULT,                                                         \
			   .reason = EXIT_MEMORY_FAULT,                                            \
			   .gpa = (start),                                                         \
			   .size = (length),                                                       \
			   .is_private = (to_private)})
#define POWER_OFF ((struct fake_run){.reason = EXIT_SYSTEM_EVENT, .data = 1})

static struct step_call *guest_write(enum step_memory_fault policy)
{
	static struct step_call call;

	step_result_clear(&call.result);
	call_prepare(&call, "guest.write",
		     ARGS({"ipa", 0x80200000}, {"size", 0x1000}, {"value", 1}));
	call.memory_fault = policy;
	call_perform(world, &call);
	return &call;
}

START_TEST(first_run_implies_the_irqchip)
{
	boot();
	script(POWER_OFF);
	ck_assert_int_eq(guest_write(STEP_CONVERT_STOP)->result.outcome, STEP_SHUTDOWN);
	ASSERT_CALLS("first run", IOCTL(FAKE_FD_VM, NR_CREATE_DEVICE),
		     IOCTL(FAKE_FD_GIC, NR_DEVICE_ATTR), IOCTL(FAKE_FD_VCPU, NR_RUN));
	/* GICv3; control group 4, initialise 0. */
	ck_assert_uint_eq(field(fake->calls[0].data, 0, 4), 7);
	ck_assert_uint_eq(field(fake->calls[1].data, 4, 4), 4);
	ck_assert_uint_eq(field(fake->calls[1].data, 8, 8), 0);
	/* The vCPU runs on its own thread. */
	ck_assert_int_eq(fake->calls[0].tid, FAKE_TID);
	ck_assert_int_ne(fake->calls[2].tid, FAKE_TID);
	fake->num_calls = 0;
	script(POWER_OFF);
	guest_write(STEP_CONVERT_STOP);
	ASSERT_CALLS("second run", IOCTL(FAKE_FD_VCPU, NR_RUN));
}
END_TEST

START_TEST(irqchip_is_the_scenarios_choice)
{
	step_ok(world, "vmm.create_irqchip", ARGS({"kind", 2}));
	boot();
	script(POWER_OFF);
	guest_write(STEP_CONVERT_STOP);
	ASSERT_CALLS("no irqchip", IOCTL(FAKE_FD_VCPU, NR_RUN));
}
END_TEST

START_TEST(irqchip_made_early_is_initialised_at_the_first_run)
{
	step_ok(world, "vmm.create_irqchip", NO_ARGS);
	boot();
	script(POWER_OFF);
	guest_write(STEP_CONVERT_STOP);
	ASSERT_CALLS("early irqchip", IOCTL(FAKE_FD_GIC, NR_DEVICE_ATTR),
		     IOCTL(FAKE_FD_VCPU, NR_RUN));
}
END_TEST

/* What happens between two KVM_RUNs when the guest wants [gpa, gpa + size) otherwise. */
static void convert(enum step_memory_fault policy, bool to_private)
{
	struct step_call *call;

	boot();
	script(MEMORY_FAULT(0x80201000, 0x3000, to_private));
	script(POWER_OFF);
	call = guest_write(policy);
	ck_assert_int_eq(call->result.outcome, STEP_SHUTDOWN);
	ck_assert_uint_eq(call->result.num_exits, 2);
	ck_assert_uint_eq(call->result.exits[0].reason, EXIT_MEMORY_FAULT);
	ck_assert_int_eq(call->result.exits[0].err, -EFAULT);
	ck_assert_uint_eq(call->result.exits[0].gpa, 0x80201000);
	ck_assert_uint_eq(call->result.exits[0].size, 0x3000);
	ck_assert_int_eq(call->result.exits[0].is_private, to_private);
	/* The irqchip and the first KVM_RUN. */
	fake->num_calls -= 3;
	memmove(fake->calls, fake->calls + 3, fake->num_calls * sizeof(fake->calls[0]));
}

static void assert_attributes(const struct fake_call *call, uint64_t attributes)
{
	ck_assert_uint_eq(field(call->data, 0, 8), 0x80201000);
	ck_assert_uint_eq(field(call->data, 8, 8), 0x3000);
	ck_assert_uint_eq(field(call->data, 16, 8), attributes);
}

START_TEST(kvmtool_unmaps_before_it_makes_private)
{
	convert(STEP_CONVERT_KVMTOOL, true);
	ASSERT_CALLS("kvmtool", CALL("munmap"), IOCTL(FAKE_FD_VM, NR_MEMORY_ATTRIBUTES),
		     IOCTL(FAKE_FD_VCPU, NR_RUN));
	ck_assert_uint_eq(fake->calls[0].args[0] % 0x200000, 0x1000);
	ck_assert_uint_eq(fake->calls[0].args[1], 0x3000);
	assert_attributes(&fake->calls[1], 1 << 3);
	/* The thread that ran is the one that converts. */
	ck_assert_int_ne(fake->calls[0].tid, FAKE_TID);
	ck_assert_int_eq(fake->calls[1].tid, fake->calls[0].tid);
}
END_TEST

START_TEST(kvmtool_maps_after_it_made_shared)
{
	convert(STEP_CONVERT_KVMTOOL, false);
	ASSERT_CALLS("kvmtool", IOCTL(FAKE_FD_VM, NR_MEMORY_ATTRIBUTES), MMAP(-1),
		     IOCTL(FAKE_FD_VCPU, NR_RUN));
	assert_attributes(&fake->calls[0], 0);
	ck_assert_uint_eq(fake->calls[1].args[1], 0x3000);
	ck_assert_uint_eq(fake->calls[1].args[2], 0x31);
}
END_TEST

START_TEST(qemu_discards_after_it_made_private)
{
	convert(STEP_CONVERT_QEMU, true);
	ASSERT_CALLS("qemu", IOCTL(FAKE_FD_VM, NR_MEMORY_ATTRIBUTES), CALL("madvise"),
		     IOCTL(FAKE_FD_VCPU, NR_RUN));
	assert_attributes(&fake->calls[0], 1 << 3);
	ck_assert_uint_eq(fake->calls[1].args[1], 0x3000);
}
END_TEST

START_TEST(qemu_punches_after_it_made_shared)
{
	convert(STEP_CONVERT_QEMU, false);
	ASSERT_CALLS("qemu", IOCTL(FAKE_FD_VM, NR_MEMORY_ATTRIBUTES),
		     {.name = "fallocate", .fd = FAKE_FD_GMEM}, IOCTL(FAKE_FD_VCPU, NR_RUN));
	assert_attributes(&fake->calls[0], 0);
	/* PUNCH_HOLE | KEEP_SIZE, where the slot has the range in its file. */
	ck_assert_uint_eq(fake->calls[1].args[0], 3);
	ck_assert_uint_eq(fake->calls[1].args[1], 0x201000);
	ck_assert_uint_eq(fake->calls[1].args[2], 0x3000);
}
END_TEST

START_TEST(qemu_stops_at_what_it_cannot_convert)
{
	struct step_call *call;

	boot();
	script(MEMORY_FAULT(0x80201800, 0x1000, true));
	call = guest_write(STEP_CONVERT_QEMU);
	ck_assert_int_eq(call->result.outcome, STEP_ERROR);
	ck_assert_int_eq(call->result.err, -EINVAL);
	/* No RAM there: to private is an error, to shared is ignored. */
	script(MEMORY_FAULT(0x40000000, 0x1000, true));
	ck_assert_int_eq(guest_write(STEP_CONVERT_QEMU)->result.outcome, STEP_ERROR);
	fake->num_calls = 0;
	script(MEMORY_FAULT(0x40000000, 0x1000, false));
	script(POWER_OFF);
	ck_assert_int_eq(guest_write(STEP_CONVERT_QEMU)->result.outcome, STEP_SHUTDOWN);
	ASSERT_CALLS("qemu", IOCTL(FAKE_FD_VCPU, NR_RUN), IOCTL(FAKE_FD_VCPU, NR_RUN));
}
END_TEST

START_TEST(stop_runs_again_and_gives_up_when_nothing_changes)
{
	struct step_call *call;

	boot();
	script(MEMORY_FAULT(0x80200000, 0x1000, true));
	script(MEMORY_FAULT(0x80200000, 0x2000, true));
	script(MEMORY_FAULT(0x80200000, 0x2000, true));
	call = guest_write(STEP_CONVERT_STOP);
	ck_assert_int_eq(call->result.outcome, STEP_STOPPED);
	ck_assert_int_eq(call->result.err, 0);
	ck_assert_uint_eq(call->result.num_exits, 3);
	for (unsigned int i = 0; i < fake->num_calls; i++)
		ck_assert(fake->calls[i].cmd != NR_MEMORY_ATTRIBUTES);
}
END_TEST

START_TEST(a_vcpu_that_never_runs_is_not_waited_for)
{
	struct step_call *call;

	boot();
	/* As KVM does for a vCPU that is off: the fake is interrupted once its script is over. */
	call = guest_write(STEP_CONVERT_STOP);
	ck_assert_int_eq(call->result.outcome, STEP_STOPPED);
	ck_assert_uint_eq(call->result.num_exits, 2);
	ck_assert_int_eq(call->result.exits[0].err, -EINTR);
	assert_clean(world);
}
END_TEST

START_TEST(return_ends_the_step_at_the_exit)
{
	struct step_call *call;

	boot();
	script(MEMORY_FAULT(0x80200000, 0x1000, true));
	call = guest_write(STEP_CONVERT_RETURN);
	ck_assert_int_eq(call->result.outcome, STEP_STOPPED);
	ck_assert_uint_eq(call->result.num_exits, 1);
	ck_assert_uint_eq(call->result.done, 0);
}
END_TEST

START_TEST(efault_alone_is_an_error)
{
	struct step_call *call;

	boot();
	script((struct fake_run){.ret = -EFAULT, .reason = 0});
	call = guest_write(STEP_CONVERT_KVMTOOL);
	ck_assert_int_eq(call->result.outcome, STEP_ERROR);
	ck_assert_int_eq(call->result.err, -EFAULT);
}
END_TEST

START_TEST(mmio_is_answered)
{
	struct step_call call;

	boot();
	script((struct fake_run){.reason = EXIT_MMIO, .gpa = 0x9000000, .size = 4});
	script(POWER_OFF);
	call_prepare(&call, "guest.load",
		     ARGS({"ipa", 0x109000000}, {"width", 4}, {"answer", 0xcafef00d}));
	call_perform(world, &call);
	ck_assert_uint_eq(call.result.exits[0].gpa, 0x9000000);
	ck_assert_uint_eq(call.result.exits[0].size, 4);
	ck_assert_int_eq(call.result.exits[0].is_write, false);
	ck_assert_uint_eq(field(fake->mmio_data, 0, 8), 0xcafef00d);
	step_result_clear(&call.result);
}
END_TEST

START_TEST(mmio_write_carries_its_bytes)
{
	struct step_call call;

	boot();
	script((struct fake_run){.reason = EXIT_MMIO,
				 .gpa = 0x9000000,
				 .size = 2,
				 .is_write = true,
				 .data = 0x12345678});
	call_prepare(&call, "guest.store",
		     ARGS({"ipa", 0x109000000}, {"width", 2}, {"value", 0x5678}, {"mmio", 2}));
	call_perform(world, &call);
	ck_assert_int_eq(call.result.outcome, STEP_STOPPED);
	/* kvm_run.mmio.len bytes of data count. */
	ck_assert_uint_eq(call.result.exits[0].data, 0x5678);
	step_result_clear(&call.result);
}
END_TEST

START_TEST(mmio_can_be_refused_with_an_abort)
{
	struct step_call call;

	boot();
	script((struct fake_run){.reason = EXIT_MMIO, .gpa = 0x9000000, .size = 8});
	script(POWER_OFF);
	call_prepare(&call, "guest.load", ARGS({"ipa", 0x109000000}, {"mmio", 1}));
	call_perform(world, &call);
	ck_assert_uint_eq(field(call_of(NR_SET_EVENTS)->data, 0, 1), 0);
	ck_assert_uint_eq(field(call_of(NR_SET_EVENTS)->data, 2, 1), 1);
	step_result_clear(&call.result);
}
END_TEST

START_TEST(run_is_one_kvm_run)
{
	struct step_result result;

	boot();
	step_ok(world, "vmm.create_irqchip", ARGS({"kind", 2}));
	fake->num_calls = 0;
	script(MEMORY_FAULT(0x80200000, 0x1000, true));
	result = step(world, "vmm.run", ARGS({"immediate_exit", 1}));
	ck_assert_int_eq(result.err, -EFAULT);
	ck_assert_int_eq(result.outcome, STEP_STOPPED);
	ck_assert_uint_eq(fake->immediate_exit, 1);
	ASSERT_CALLS("run", IOCTL(FAKE_FD_VCPU, NR_RUN));
	script((struct fake_run){.ret = -EINTR, .reason = 10});
	result = step(world, "vmm.run", NO_ARGS);
	ck_assert_uint_eq(fake->immediate_exit, 0);
	/* Nobody but KVM itself ended it. */
	ck_assert_int_eq(result.err, -EINTR);
}
END_TEST

START_TEST(signal_is_delivered_once)
{
	boot();
	step_ok(world, "vmm.signal", NO_ARGS);
	ck_assert(fake->signals[1]);
	script((struct fake_run){.ret = -EINTR, .reason = 10});
	ck_assert_int_eq(step(world, "vmm.run", NO_ARGS).err, -EINTR);
	ck_assert(!fake->signals[1]);
}
END_TEST

START_TEST(slots_come_and_go)
{
	const struct fake_call *call;

	step_ok(world, "vmm.create_vm", NO_ARGS);
	fake->num_calls = 0;
	step_ok(world, "vmm.remove_slot", ARGS({"slot", 0}));
	call = call_of(NR_MEMORY_REGION2);
	ck_assert_uint_eq(field(call->data, 0, 4), 0);
	ck_assert_uint_eq(field(call->data, 16, 8), 0);
	fake->num_calls = 0;
	/* The same guest_memfd and the same mapping as before. */
	step_ok(world, "vmm.add_slot",
		ARGS({"base", SLOT_BASE}, {"size", SLOT_SIZE}, {"gmem_of", 0}, {"private", 0}));
	ASSERT_CALLS("add_slot", IOCTL(FAKE_FD_VM, NR_MEMORY_REGION2));
	ck_assert_uint_eq(field(fake->calls[0].data, 40, 4), FAKE_FD_GMEM);
	ck_assert_uint_eq(field(fake->calls[0].data, 0, 4), 0);
	fake->num_calls = 0;
	step_ok(world, "vmm.add_slot", ARGS({"base", 0x90000000}, {"size", 0x200000}, {"gmem", 0}));
	ASSERT_CALLS("add_slot", MMAP(-1), IOCTL(FAKE_FD_VM, NR_MEMORY_REGION2));
	ck_assert_uint_eq(field(fake->calls[1].data, 0, 4), 1);
	ck_assert_uint_eq(field(fake->calls[1].data, 4, 4), 0);
}
END_TEST

START_TEST(memory_steps_name_the_right_part)
{
	uint64_t mapping;

	step_ok(world, "vmm.create_vm", NO_ARGS);
	mapping = fake->calls[1].args[0];
	fake->num_calls = 0;
	step_ok(world, "vmm.munmap", ARGS({"base", 0x80203000}, {"size", 0x1000}));
	step_ok(world, "vmm.mmap", ARGS({"base", 0x80203000}, {"size", 0x1000}));
	step_ok(world, "vmm.madvise", ARGS({"base", 0x80ff0000}, {"size", 0x100000}));
	step_ok(world, "vmm.punch_hole", ARGS({"base", 0x7ff00000}, {"size", 0x200000}));
	ASSERT_CALLS("memory", CALL("munmap"), MMAP(-1), CALL("madvise"),
		     {.name = "fallocate", .fd = FAKE_FD_GMEM});
	ck_assert_uint_eq(fake->calls[0].args[0], mapping + 0x203000);
	ck_assert_uint_eq(fake->calls[1].args[0], mapping + 0x203000);
	/* Cut to the slot; MADV_DONTNEED is 4. */
	ck_assert_uint_eq(fake->calls[2].args[0], mapping + 0xff0000);
	ck_assert_uint_eq(fake->calls[2].args[1], 0x10000);
	ck_assert_uint_eq(fake->calls[2].args[2], 4);
	ck_assert_uint_eq(fake->calls[3].args[1], 0);
	ck_assert_uint_eq(fake->calls[3].args[2], 0x100000);
}
END_TEST

START_TEST(memory_steps_need_a_slot)
{
	struct step_call call;
	char *error = NULL;

	call_prepare(&call, "vmm.munmap", ARGS({"base", 0x40000000}, {"size", 0x1000}));
	ck_assert_int_eq(world_perform(world, &call, &error), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error, "0x40000000"));
	free(error);
}
END_TEST

START_TEST(vmm_writes_and_reads_shared_memory)
{
	struct step_result result;

	step_ok(world, "vmm.write", ARGS({"base", 0x80000ffe}, {"size", 4}, {"value", 0x5a}));
	result = step_ok(world, "vmm.read", ARGS({"base", 0x80000ffe}, {"size", 4}));
	ck_assert_uint_eq(result.value, 0x5a5a5a5a);
	ck_assert_uint_eq(result.done, 4);
	step_ok(world, "vmm.write", ARGS({"base", 0x80001001}, {"size", 1}, {"value", 0x5b}));
	result = step_ok(world, "vmm.read", ARGS({"base", 0x80000ffe}, {"size", 4}));
	ck_assert_uint_eq(result.value, 0x5b5a5a5a);
	/* More than eight bytes: one value if all are equal. */
	step_ok(world, "vmm.write", ARGS({"base", 0x80002000}, {"size", 0x2000}, {"value", 0x77}));
	result = step_ok(world, "vmm.read", ARGS({"base", 0x80002000}, {"size", 0x2000}));
	ck_assert_uint_eq(result.value, 0x77);
	step_ok(world, "vmm.write", ARGS({"base", 0x80003fff}, {"size", 1}, {"value", 0x78}));
	result = step_ok(world, "vmm.read", ARGS({"base", 0x80002000}, {"size", 0x2000}));
	ck_assert_uint_eq(result.value, UINT64_MAX);
}
END_TEST

START_TEST(registers_have_kvms_identifiers)
{
	const struct fake_call *call;

	step_ok(world, "vmm.create_vcpus", ARGS({"count", 1}, {"finalize", 0}));
	fake->num_calls = 0;
	/* Register 32 of the table is pc; struct kvm_regs has it at byte 256, which is word 64. */
	step_ok(world, "vmm.one_reg", ARGS({"register", 32}, {"value", 0x8000}));
	call = call_of(NR_SET_ONE_REG);
	ck_assert_uint_eq(field(call->data, 0, 8), 0x6030000000100040ull);
	ck_assert_uint_eq(field(call->sub, 0, 8), 0x8000);
	ck_assert_uint_eq(step_ok(world, "vmm.one_reg", ARGS({"register", 5})).value,
			  0x1122334455667788);
	ck_assert_uint_eq(field(call_of(NR_GET_ONE_REG)->data, 0, 8), 0x603000000010000aull);
}
END_TEST

START_TEST(psci_complete_names_the_target)
{
	const struct fake_call *call;

	step_ok(world, "vmm.create_vcpus", ARGS({"count", 1}, {"finalize", 0}));
	step_ok(world, "vmm.psci_complete", ARGS({"target", 17}, {"status", 1}));
	call = call_of(NR_PSCI_COMPLETE);
	/* Aff0 has four bits; DENIED is -3. */
	ck_assert_uint_eq(field(call->data, 0, 8), 0x101);
	ck_assert_uint_eq(field(call->data, 8, 4), 0xfffffffd);
}
END_TEST

START_TEST(events_are_read_back)
{
	step_ok(world, "vmm.create_vcpus", ARGS({"count", 1}, {"finalize", 0}));
	ck_assert_uint_eq(step_ok(world, "vmm.vcpu_events", ARGS({"get", 1})).value, 2);
}
END_TEST

START_TEST(extension_is_asked_by_name)
{
	ck_assert_uint_eq(step_ok(world, "vmm.check_extension", ARGS({"name", 0}, {"fd", 1})).value,
			  1);
	/* /dev/kvm is asked; no VM is implied. */
	ASSERT_CALLS("check_extension", IOCTL(FAKE_FD_KVM, NR_CHECK_EXTENSION));
	ck_assert_uint_eq(fake->calls[0].args[0], 244);
	ck_assert_uint_eq(step_ok(world, "vmm.check_extension", ARGS({"number", 9})).value, 0);
}
END_TEST

START_TEST(raw_ioctl_passes_bytes)
{
	struct step_call call;

	step_ok(world, "vmm.create_vm", NO_ARGS);
	fake->num_calls = 0;
	call_prepare(&call, "vmm.ioctl", ARGS({"number", NR_MEMORY_ATTRIBUTES}));
	call_text(&call, "data", "00000080000000000010000000000000ff0000000000000001");
	call_perform(world, &call);
	ck_assert_uint_eq(fake->num_calls, 1);
	ck_assert_uint_eq(field(fake->calls[0].data, 0, 8), 0x80000000);
	ck_assert_uint_eq(field(fake->calls[0].data, 16, 8), 0xff);
	ck_assert_uint_eq(field(fake->calls[0].data, 24, 8), 1);
	fake->num_calls = 0;
	call_prepare(&call, "vmm.ioctl", ARGS({"request", 5}, {"arg", 0x10}));
	call_perform(world, &call);
	ck_assert_uint_eq(fake->calls[0].cmd, NR_ENABLE_CAP);
	ck_assert_uint_eq(fake->calls[0].args[0], 0x10);
}
END_TEST

START_TEST(close_closes_all)
{
	boot();
	step_ok(world, "vmm.close", NO_ARGS);
	ASSERT_CALLS("close", CALL("munmap"), {.name = "close", .fd = FAKE_FD_VCPU},
		     {.name = "close", .fd = FAKE_FD_GMEM}, {.name = "close", .fd = FAKE_FD_VM});
	ck_assert_int_eq(world_vm_fd(world, 0), -1);
	/* A VM that was closed is not made again by implication. */
	fake->num_calls = 0;
	step(world, "vmm.activate", NO_ARGS);
	ASSERT_CALLS("activate", IOCTL(-1, NR_ENABLE_CAP));
}
END_TEST

START_TEST(unknown_vcpus_are_named)
{
	struct step_call call;
	char *error = NULL;

	call_prepare(&call, "guest.read", ARGS({"ipa", 0x80000000}));
	call.vcpu = 3;
	ck_assert_int_eq(world_perform(world, &call, &error), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error, "vCPU 3"));
	free(error);
}
END_TEST

START_TEST(after_the_end_there_are_no_steps)
{
	struct step_call call;
	char *error = NULL;

	step_ok(world, "vmm.create_vm", NO_ARGS);
	world_teardown(world, false);
	world_teardown(world, false);
	ck_assert_uint_eq(fake->num_calls, 6);
	ck_assert_str_eq(fake->calls[5].name, "exit");
	call_prepare(&call, "vmm.activate", NO_ARGS);
	ck_assert_int_eq(world_perform(world, &call, &error), -ESRCH);
	free(error);
	ck_assert_int_eq(world_reset(world, &error), 0);
	step_ok(world, "vmm.create_vm", NO_ARGS);
	assert_clean(world);
}
END_TEST

/* The last posting of an era stands for one that is not known by name: v8 for era B. */
START_TEST(other_eras_have_their_numbers)
{
	struct step_call call;
	char *error = NULL;

	teardown();
	setup_realm(FAKE_ERA_B_PATH, &realm);
	step_ok(world, "vmm.create_vm", NO_ARGS);
	ck_assert_uint_eq(call_of(NR_CREATE_VM)->args[0], 0x100 | 33);
	step_ok(world, "vmm.create_realm", NO_ARGS);
	/* KVM_CAP_ARM_RME is 240 there. */
	ck_assert_uint_eq(field(call_of(NR_ENABLE_CAP)->data, 0, 4), 240);
	/* Bytes of v10 are not sent to it. */
	call_prepare(&call, "vmm.ioctl", ARGS({"request", 5}));
	ck_assert_int_eq(world_perform(world, &call, &error), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(error, "era B (v8)"));
	free(error);
}
END_TEST

START_TEST(an_endless_call_is_a_finding)
{
	struct step_call call;
	char *error = NULL;

	step_ok(world, "vmm.create_vm", NO_ARGS);
	fake->plant = FAKE_ENDLESS;
	ck_assert_int_eq(step(world, "vmm.activate", NO_ARGS).err, -EDEADLK);
	ck_assert(was_found(world, "liveness", "endless-call"));
	call_prepare(&call, "vmm.activate", NO_ARGS);
	ck_assert_int_eq(world_perform(world, &call, &error), -EDEADLK);
	ck_assert_ptr_nonnull(strstr(error, "ACTIVATE"));
	free(error);
	world_teardown(world, false);
	/* A new start forgets it. */
	ck_assert_int_eq(world_reset(world, &error), 0);
	step_ok(world, "vmm.create_vm", NO_ARGS);
	assert_clean(world);
}
END_TEST

/* Calls that nobody sees one by one count as all others do. */
START_TEST(endless_folds_are_found_as_soon)
{
	uint64_t budget = 1u << 20;

	/* Whoever keeps calls sees all of them. */
	teardown();
	world_keep_calls = 0;
	setup();
	step_ok(world, "vmm.create_vm", NO_ARGS);
	for (size_t i = 0; i < realm.num_slots; i++)
		budget += realm.slots[i].size / 4096 * 16;
	for (int life = 0; life < 2; life++) {
		char *error = NULL;

		fake->plant = FAKE_ENDLESS_FOLDS;
		ck_assert_int_eq(step(world, "vmm.activate", NO_ARGS).err, -EDEADLK);
		ck_assert(was_found(world, "liveness", "endless-call"));
		/* The first one beyond is not made any more. */
		ck_assert_uint_eq(world_rmi_count(world, NULL), budget + 1);
		ck_assert_uint_eq(world_rmi_count(world, "FEATURES"), (budget + 1) / 1000);
		ck_assert_uint_eq(world_rmi_count(world, "RTT_FOLD"),
				  budget + 1 - (budget + 1) / 1000);
		ck_assert_int_eq(world_reset(world, &error), 0);
		step_ok(world, "vmm.create_vm", NO_ARGS);
		ck_assert_uint_eq(world_rmi_count(world, NULL), 0);
	}
	world_keep_calls = 64;
}
END_TEST

START_TEST(kvm_run_without_end_is_a_finding)
{
	boot();
	script(MEMORY_FAULT(0x80200000, 0x1000, true));
	script(MEMORY_FAULT(0x80200000, 0x2000, true));
	fake->repeat_script = true;
	ck_assert_int_eq(guest_write(STEP_CONVERT_STOP)->result.err, -EDEADLK);
	ck_assert(was_found(world, "liveness", "endless-run"));
}
END_TEST

START_TEST(calls_of_the_step_are_counted)
{
	size_t num;

	step_ok(world, "vmm.create_vm", NO_ARGS);
	ck_assert_uint_eq(world_rmi_count(world, NULL), 0);
	step_ok(world, "vmm.create_realm", NO_ARGS);
	/* The fake delegates an RD and eight root tables. */
	ck_assert_uint_eq(world_rmi_count(world, "GRANULE_DELEGATE"), 9);
	ck_assert_uint_eq(world_rmi_count(world, "REALM_CREATE"), 1);
	ck_assert_uint_eq(world_rmi_count(world, "RTT_CREATE"), 0);
	ck_assert_uint_eq(world_rmi_count(world, NULL), 10);
	ck_assert_str_eq(world_rmi_calls(world, &num)[9].command, "REALM_CREATE");
	ck_assert_uint_eq(num, 10);
	ck_assert_uint_eq(world_rd(world, 0), world_rmi_calls(world, &num)[9].x[1]);
	step_ok(world, "vmm.activate", NO_ARGS);
	ck_assert_uint_eq(world_rmi_count(world, NULL), 0);
	ck_assert_uint_eq(world_last_calls(world, (struct world_rmi_call[2]){{.command = ""}}, 2),
			  2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vmm");
	TCase *tcase = tcase_create("vmm");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, create_vm_adds_private_slots);
	tcase_add_test(tcase, a_step_implies_the_vm_once);
	tcase_add_test(tcase, a_second_vm_of_one_realm_is_refused);
	tcase_add_test(tcase, shared_slots_get_no_attribute);
	tcase_add_test(tcase, realm_is_configured_then_created);
	tcase_add_test(tcase, config_takes_hexadecimal_digits);
	tcase_add_test(tcase, vcpus_are_made_then_finalized_in_order);
	tcase_add_test(tcase, finalize_can_wait);
	tcase_add_test(tcase, sub_operations_carry_their_structures);
	tcase_add_test(tcase, errors_are_results);
	tcase_add_test(tcase, first_run_implies_the_irqchip);
	tcase_add_test(tcase, irqchip_is_the_scenarios_choice);
	tcase_add_test(tcase, irqchip_made_early_is_initialised_at_the_first_run);
	tcase_add_test(tcase, kvmtool_unmaps_before_it_makes_private);
	tcase_add_test(tcase, kvmtool_maps_after_it_made_shared);
	tcase_add_test(tcase, qemu_discards_after_it_made_private);
	tcase_add_test(tcase, qemu_punches_after_it_made_shared);
	tcase_add_test(tcase, qemu_stops_at_what_it_cannot_convert);
	tcase_add_test(tcase, stop_runs_again_and_gives_up_when_nothing_changes);
	tcase_add_test(tcase, a_vcpu_that_never_runs_is_not_waited_for);
	tcase_add_test(tcase, return_ends_the_step_at_the_exit);
	tcase_add_test(tcase, efault_alone_is_an_error);
	tcase_add_test(tcase, mmio_is_answered);
	tcase_add_test(tcase, mmio_write_carries_its_bytes);
	tcase_add_test(tcase, mmio_can_be_refused_with_an_abort);
	tcase_add_test(tcase, run_is_one_kvm_run);
	tcase_add_test(tcase, signal_is_delivered_once);
	tcase_add_test(tcase, slots_come_and_go);
	tcase_add_test(tcase, memory_steps_name_the_right_part);
	tcase_add_test(tcase, memory_steps_need_a_slot);
	tcase_add_test(tcase, vmm_writes_and_reads_shared_memory);
	tcase_add_test(tcase, registers_have_kvms_identifiers);
	tcase_add_test(tcase, psci_complete_names_the_target);
	tcase_add_test(tcase, events_are_read_back);
	tcase_add_test(tcase, extension_is_asked_by_name);
	tcase_add_test(tcase, raw_ioctl_passes_bytes);
	tcase_add_test(tcase, close_closes_all);
	tcase_add_test(tcase, unknown_vcpus_are_named);
	tcase_add_test(tcase, after_the_end_there_are_no_steps);
	tcase_add_test(tcase, other_eras_have_their_numbers);
	tcase_add_test(tcase, an_endless_call_is_a_finding);
	tcase_add_test(tcase, endless_folds_are_found_as_soon);
	tcase_add_test(tcase, kvm_run_without_end_is_a_finding);
	tcase_add_test(tcase, calls_of_the_step_are_counted);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
