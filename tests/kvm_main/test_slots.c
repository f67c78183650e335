/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VMs, memslots, the user memory behind them, and memory attributes. Expected: the argument checks
 * of generic KVM, and of sections 1, 7 and 8 of the facts about KVM's Realm host.
 */
#include "vmm.h"

#include <stdlib.h>

#define MIB (1ull << 20)
#define RAM 0x80000000ull

START_TEST(vm_types)
{
	static const struct {
		uint64_t type;
		int expect; /* errno, 0: a VM */
		uint32_t ipa_bits;
	} cases[] = {
		{0, 0, 40},
		{40, 0, 40},
		{32, 0, 32},
		{48, 0, 48},
		{31, EINVAL, 0},
		{49, EINVAL, 0},
		{KVM_VM_TYPE_ARM_REALM, 0, 40},
		{KVM_VM_TYPE_ARM_REALM | 33, 0, 33},
		{KVM_VM_TYPE_ARM_REALM | 48, 0, 48},
		{KVM_VM_TYPE_ARM_REALM | 31, EINVAL, 0},
		{KVM_VM_TYPE_ARM_REALM | 49, EINVAL, 0},
		{KVM_VM_TYPE_ARM(2ull) | 40, EINVAL, 0},
		{KVM_VM_TYPE_ARM(15ull) | 40, EINVAL, 0},
		{1ull << 12 | 40, EINVAL, 0},
		{1ull << 63 | 40, EINVAL, 0},
		{1ull << 32 | 40, EINVAL, 0},
	};
	struct vmm *vmm = vmm_start(_i, NULL);
	struct kvm_inspect before = vmm_inspect(vmm), after;
	struct kvm_inspect_vm view;
	int64_t vm;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		vm = vmm_create_vm(vmm, cases[i].type);
		if (cases[i].expect) {
			ck_assert_int_eq(vm, -cases[i].expect);
			continue;
		}
		ck_assert_int_ge(vm, 0);
		ck_assert_int_eq(vmm->kvm->inspect_vm(vmm->tid, (int32_t)vm, &view), 0);
		ck_assert_uint_eq(view.ipa_bits, cases[i].ipa_bits);
		ck_assert_int_eq(view.is_realm, !!(cases[i].type & KVM_VM_TYPE_ARM_MASK));
		ck_assert_uint_eq(vmm_inspect(vmm).vms, 1);
		ck_assert_int_eq(vmm_close(vmm, vm), 0);
		ck_assert_uint_eq(vmm_inspect(vmm).vms, 0);
	}
	after = vmm_inspect(vmm);
	ck_assert_uint_eq(after.slab_objects, before.slab_objects);
	ck_assert_uint_eq(after.kernel_pages, before.kernel_pages);
	ck_assert_int_eq(vmm->kvm->inspect_vm(vmm->tid, 99, &view), -EBADF);
	vmm_stop(vmm);
}
END_TEST

/* Whichever allocation fails, nothing of the VM is left. */
START_TEST(vm_creation_runs_out_of_memory)
{
	static const int points[] = {PORT_FAULT_KMALLOC, PORT_FAULT_PAGE_ALLOC,
				     PORT_FAULT_PAGE_ZALLOC};
	struct vmm *vmm = vmm_start(_i, NULL);
	struct kvm_inspect before, after;
	unsigned int failed = 0;
	uint64_t nth;
	int64_t vm;
	size_t i;

	/* The table of descriptors and the like are there from now on. */
	ck_assert_int_eq(vmm_close(vmm, vmm_create_realm_vm(vmm)), 0);
	before = vmm_inspect(vmm);
	for (i = 0; i < 3; i++) {
		for (nth = 2;; nth++) {
			/* The first kmalloc() is that of opening /dev/kvm. */
			vmm_fail(vmm, points[i], i ? nth - 1 : nth);
			vm = vmm_create_vm(vmm, KVM_VM_TYPE_ARM_REALM | 40);
			if (!vmm_failed(vmm))
				break;
			failed++;
			ck_assert_int_eq(vm, -ENOMEM);
			after = vmm_inspect(vmm);
			ck_assert_uint_eq(after.slab_objects, before.slab_objects);
			ck_assert_uint_eq(after.kernel_pages, before.kernel_pages);
			ck_assert_uint_eq(after.vms, 0);
		}
		ck_assert_int_ge(vm, 0);
		ck_assert_int_eq(vmm_close(vmm, vm), 0);
	}
	/* struct kvm, its slots, the stage 2 and its root, the Realm's parameters at least. */
	ck_assert_uint_ge(failed, 5);
	vmm_stop(vmm);
}
END_TEST

START_TEST(extensions)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	int64_t vm = vmm_create_realm_vm(vmm), normal = vmm_create_vm(vmm, 0);
	int64_t kvm = vmm->kvm->sys_open(vmm->tid, "/dev/kvm");

	ck_assert_int_eq(vmm_ioctl(vmm, kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_RME), 1);
	ck_assert_int_eq(vmm_ioctl(vmm, vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_RME), 1);
	ck_assert_int_eq(vmm_ioctl(vmm, kvm, KVM_CHECK_EXTENSION, KVM_CAP_MEMORY_ATTRIBUTES), 8);
	ck_assert_int_eq(vmm_ioctl(vmm, vm, KVM_CHECK_EXTENSION, KVM_CAP_MEMORY_ATTRIBUTES), 8);
	ck_assert_int_eq(vmm_ioctl(vmm, normal, KVM_CHECK_EXTENSION, KVM_CAP_MEMORY_ATTRIBUTES), 0);
	ck_assert_int_eq(vmm_ioctl(vmm, vm, KVM_CHECK_EXTENSION, KVM_CAP_GUEST_MEMFD), 1);
	ck_assert_int_eq(vmm_ioctl(vmm, normal, KVM_CHECK_EXTENSION, KVM_CAP_GUEST_MEMFD), 0);
	ck_assert_int_eq(vmm_ioctl(vmm, kvm, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY2), 1);
	ck_assert_int_eq(vmm_ioctl(vmm, kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE), 48);
	ck_assert_int_eq(vmm_ioctl(vmm, kvm, KVM_CHECK_EXTENSION, 99999), 0);
	ck_assert_int_eq(vmm_ioctl(vmm, kvm, KVM_GET_API_VERSION, 0), 12);
	ck_assert_int_eq(vmm_ioctl(vmm, kvm, KVM_GET_API_VERSION, 1), -EINVAL);
	ck_assert_int_ge(vmm_ioctl(vmm, kvm, KVM_GET_VCPU_MMAP_SIZE, 0), (int64_t)vmm->page);
	ck_assert_int_eq(vmm_ioctl(vmm, kvm, 0x1234, 0), -EINVAL);
	ck_assert_int_eq(vmm_ioctl(vmm, vm, 0x1234, 0), -EINVAL);
	vmm_stop(vmm);
}
END_TEST

/* Every ioctl that takes a pointer says -EFAULT for a bad one, and nothing happened. */
START_TEST(bad_pointers)
{
	static const uint32_t vm_cmds[] = {
		KVM_SET_USER_MEMORY_REGION2, KVM_SET_USER_MEMORY_REGION, KVM_ENABLE_CAP,
		KVM_SET_MEMORY_ATTRIBUTES,   KVM_CREATE_GUEST_MEMFD,	 KVM_CREATE_DEVICE,
		KVM_ARM_PREFERRED_TARGET,    KVM_SET_DEVICE_ATTR,
	};
	struct vmm *vmm = vmm_start(_i, NULL);
	int64_t vm = vmm_create_realm_vm(vmm);
	uint64_t edge = vmm_map(vmm, 2 * vmm->page, MAP_PRIVATE_) + vmm->page;
	const uint64_t bad[] = {0, 1, 1ull << 48, ~0ull, ~0ull - 7, 0x800000000ull, edge - 4};
	const uint32_t files = vmm_inspect(vmm).files;
	size_t i, k;

	ck_assert_int_eq(vmm_munmap(vmm, edge, vmm->page), 0);
	for (i = 0; i < sizeof(vm_cmds) / sizeof(vm_cmds[0]); i++)
		for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
			ck_assert_int_eq(vmm_ioctl(vmm, vm, vm_cmds[i], bad[k]), -EFAULT);
	ck_assert_uint_eq(vmm_inspect(vmm).files, files);
	/* A pointer inside an argument, too. */
	for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		struct kvm_enable_cap cap = {
			.cap = KVM_CAP_ARM_RME,
			.args = {KVM_CAP_ARM_RME_CONFIG_REALM, bad[k]},
		};

		ck_assert_int_eq(vmm_ioctl_struct(vmm, vm, KVM_ENABLE_CAP, &cap, sizeof(cap)),
				 -EFAULT);
	}
	vmm_fail(vmm, PORT_FAULT_USER_ACCESS, 1);
	ck_assert_int_eq(vmm_gmem(vmm, vm, vmm->page), -EFAULT);
	vmm_stop(vmm);
}
END_TEST

START_TEST(enable_cap_errors)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	int64_t realm = vmm_create_realm_vm(vmm), normal = vmm_create_vm(vmm, 0);
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_RME, .args = {99, vmm->args}};

	ck_assert_int_eq(vmm_ioctl_struct(vmm, realm, KVM_ENABLE_CAP, &cap, sizeof(cap)), -EINVAL);
	cap.args[0] = KVM_CAP_ARM_RME_CREATE_REALM;
	ck_assert_int_eq(vmm_ioctl_struct(vmm, normal, KVM_ENABLE_CAP, &cap, sizeof(cap)), -EINVAL);
	cap.flags = 1;
	ck_assert_int_eq(vmm_ioctl_struct(vmm, realm, KVM_ENABLE_CAP, &cap, sizeof(cap)), -EINVAL);
	cap.flags = 0;
	cap.cap = 1;
	ck_assert_int_eq(vmm_ioctl_struct(vmm, realm, KVM_ENABLE_CAP, &cap, sizeof(cap)), -EINVAL);
	cap.cap = KVM_CAP_ARM_RME;
	ck_assert_int_eq(vmm_ioctl_struct(vmm, realm, KVM_ENABLE_CAP, &cap, sizeof(cap)), 0);
	vmm_stop(vmm);
}
END_TEST

START_TEST(region_arguments)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	const uint64_t page = vmm->page;
	int64_t vm = vmm_create_realm_vm(vmm);
	uint64_t hva = vmm_map(vmm, 4 * page, MAP_PRIVATE_);
	struct kvm_userspace_memory_region2 good = vmm_region(3, RAM, 2 * page, hva), bad;

#define EXPECT_BAD(err, change)                                                                    \
	do {                                                                                       \
		bad = good;                                                                        \
		change;                                                                            \
		ck_assert_int_eq(vmm_set_region(vmm, vm, bad), -(err));                            \
	} while (0)

	EXPECT_BAD(EINVAL, bad.flags = 8);
	EXPECT_BAD(EINVAL, bad.flags = 1u << 16);
	EXPECT_BAD(EINVAL, bad.memory_size += 1);
	EXPECT_BAD(EINVAL, bad.guest_phys_addr += page / 2);
	EXPECT_BAD(EINVAL, bad.userspace_addr += 512);
	EXPECT_BAD(EINVAL, bad.userspace_addr = 1ull << 48);
	EXPECT_BAD(EINVAL, bad.userspace_addr = (1ull << 48) - page);
	EXPECT_BAD(EINVAL, bad.slot = 32767);
	EXPECT_BAD(EINVAL, bad.slot = 1u << 16);
	EXPECT_BAD(EINVAL, bad.guest_phys_addr = -page);
	EXPECT_BAD(EINVAL, bad.memory_size = 0); /* nothing to delete */
	EXPECT_BAD(EFAULT, bad.guest_phys_addr = 1ull << 40);
	EXPECT_BAD(EFAULT, bad.guest_phys_addr = (1ull << 40) - page);
	EXPECT_BAD(EINVAL, bad.flags = KVM_MEM_GUEST_MEMFD | KVM_MEM_READONLY);
	EXPECT_BAD(EINVAL, bad.flags = KVM_MEM_GUEST_MEMFD | KVM_MEM_LOG_DIRTY_PAGES);
	EXPECT_BAD(EBADF, (bad.flags = KVM_MEM_GUEST_MEMFD, bad.guest_memfd = 1000));

	ck_assert_int_eq(vmm_set_region(vmm, vm, good), 0);
	/* The same again is nothing new. */
	ck_assert_int_eq(vmm_set_region(vmm, vm, good), 0);
	EXPECT_BAD(EEXIST, bad.slot = 4);
	EXPECT_BAD(EEXIST, (bad.slot = 4, bad.guest_phys_addr += page));
	EXPECT_BAD(EEXIST, (bad.slot = 4, bad.guest_phys_addr -= page));
	/* Its size, its user memory and whether it can be written are fixed. */
	EXPECT_BAD(EINVAL, bad.memory_size = page);
	EXPECT_BAD(EINVAL, bad.userspace_addr += page);
	EXPECT_BAD(EINVAL, bad.flags = KVM_MEM_READONLY);
	/* What touches it is no overlap, nor is what it moves away from. */
	bad = vmm_region(4, RAM + 2 * page, page, hva);
	ck_assert_int_eq(vmm_set_region(vmm, vm, bad), 0);
	bad = vmm_region(5, RAM - page, page, hva);
	ck_assert_int_eq(vmm_set_region(vmm, vm, bad), 0);
	bad = good;
	bad.guest_phys_addr += page;
	ck_assert_int_eq(vmm_set_region(vmm, vm, bad), -EEXIST);
	bad.guest_phys_addr = RAM + 16 * page;
	ck_assert_int_eq(vmm_set_region(vmm, vm, bad), 0);
	bad.guest_phys_addr += page;
	ck_assert_int_eq(vmm_set_region(vmm, vm, bad), 0);
	bad.flags = KVM_MEM_LOG_DIRTY_PAGES;
	ck_assert_int_eq(vmm_set_region(vmm, vm, bad), 0);
	bad = vmm_region(6, RAM, 2 * page, hva);
	ck_assert_int_eq(vmm_set_region(vmm, vm, bad), 0);
	/* Moving too far is refused, and the slot is where it was. */
	bad.guest_phys_addr = 1ull << 40;
	ck_assert_int_eq(vmm_set_region(vmm, vm, bad), -EFAULT);
	bad = vmm_region(7, RAM + page, page, hva);
	ck_assert_int_eq(vmm_set_region(vmm, vm, bad), -EEXIST);
	ck_assert_int_eq(vmm_delete_slot(vmm, vm, 6), 0);
	ck_assert_int_eq(vmm_delete_slot(vmm, vm, 6), -EINVAL);
	ck_assert_int_eq(vmm_set_region(vmm, vm, bad), 0);
	vmm_stop(vmm);
}
END_TEST

START_TEST(old_region_ioctl)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	int64_t vm = vmm_create_vm(vmm, 0);
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = RAM,
		.memory_size = vmm->page,
		.userspace_addr = vmm_map(vmm, vmm->page, MAP_PRIVATE_),
		.flags = KVM_MEM_GUEST_MEMFD,
	};

	ck_assert_int_eq(
		vmm_ioctl_struct(vmm, vm, KVM_SET_USER_MEMORY_REGION, &region, sizeof(region)),
		-EINVAL);
	region.flags = KVM_MEM_READONLY;
	ck_assert_int_eq(
		vmm_ioctl_struct(vmm, vm, KVM_SET_USER_MEMORY_REGION, &region, sizeof(region)), 0);
	ck_assert_int_eq(vmm_delete_slot(vmm, vm, 0), 0);
	vmm_stop(vmm);
}
END_TEST

/*
 * What the VMM does to its memory reaches the frames that it is behind, in every slot, and no
 * others.
 */
START_TEST(user_memory_invalidates)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	const uint64_t page = vmm->page, gfn = RAM / page, high = 4 * gfn;
	int64_t vm = vmm_create_realm_vm(vmm);
	uint64_t hva = vmm_map(vmm, 16 * page, MAP_PRIVATE_);
	uint64_t seq;

	/* Pages 4 to 11 of the mapping; the second half of them once more elsewhere. */
	ck_assert_int_eq(vmm_set_region(vmm, vm, vmm_region(0, RAM, 8 * page, hva + 4 * page)), 0);
	ck_assert_int_eq(vmm_set_region(vmm, vm, vmm_region(9, 4 * RAM, 4 * page, hva + 8 * page)),
			 0);
	seq = vmm_seq(vmm, vm);
	vmm_events_clear(vmm);

	ck_assert_int_eq(vmm_madvise(vmm, hva, 4 * page, MADV_DONTNEED_), 0);
	ck_assert_int_eq(vmm_madvise(vmm, hva + 12 * page, 4 * page, MADV_DONTNEED_), 0);
	ck_assert_int_eq(vmm_madvise(vmm, hva, 16 * page, MADV_WILLNEED_), 0);
	ck_assert_uint_eq(vmm->num_events, 0);
	ck_assert_uint_eq(vmm_seq(vmm, vm), seq);

	ck_assert_int_eq(vmm_madvise(vmm, hva + 3 * page, 2 * page, MADV_DONTNEED_), 0);
	ck_assert_uint_eq(vmm->num_events, 1);
	vmm_expect_event(vmm, 0, gfn, 1, FILTER_SHARED);
	ck_assert_uint_eq(vmm_seq(vmm, vm), seq + 1);

	vmm_events_clear(vmm);
	ck_assert_int_eq(vmm_munmap(vmm, hva + 7 * page, 2 * page), 0);
	ck_assert_uint_eq(vmm->num_events, 2);
	vmm_expect_event(vmm, 0, gfn + 3, 2, FILTER_SHARED);
	vmm_expect_event(vmm, 1, high, 1, FILTER_SHARED);
	ck_assert_uint_eq(vmm_seq(vmm, vm), seq + 2);

	/* There is nothing to unmap any more, so that nobody hears of it. */
	vmm_events_clear(vmm);
	ck_assert_int_eq(vmm_munmap(vmm, hva + 7 * page, 2 * page), 0);
	ck_assert_uint_eq(vmm->num_events, 0);
	/* Mapping over a hole tells nobody; mapping over memory does. */
	ck_assert_int_eq(vmm_mmap(vmm, hva + 7 * page, 2 * page, PROT_RW_,
				  MAP_PRIVATE_ | MAP_ANON_ | MAP_FIXED_, -1, 0),
			 (int64_t)(hva + 7 * page));
	ck_assert_uint_eq(vmm->num_events, 0);
	ck_assert_int_eq(vmm_mmap(vmm, hva + 11 * page, 2 * page, PROT_RW_,
				  MAP_PRIVATE_ | MAP_ANON_ | MAP_FIXED_, -1, 0),
			 (int64_t)(hva + 11 * page));
	ck_assert_uint_eq(vmm->num_events, 2);
	vmm_expect_event(vmm, 0, gfn + 7, 1, FILTER_SHARED);
	vmm_expect_event(vmm, 1, high + 3, 1, FILTER_SHARED);

	/* A slot that moved is met at its new place, one that went is not met. */
	ck_assert_int_eq(vmm_set_region(vmm, vm, vmm_region(0, 8 * RAM, 8 * page, hva + 4 * page)),
			 0);
	ck_assert_int_eq(vmm_delete_slot(vmm, vm, 9), 0);
	vmm_events_clear(vmm);
	ck_assert_int_eq(vmm_munmap(vmm, hva, 16 * page), 0);
	ck_assert_uint_eq(vmm->num_events, 1);
	vmm_expect_event(vmm, 0, 8 * gfn, 8, FILTER_SHARED);
	vmm_stop(vmm);
}
END_TEST

/*
 * Deleting and moving take everything of the old place; creating and changing flags take nothing.
 */
START_TEST(slots_invalidate)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	const uint64_t page = vmm->page, gfn = RAM / page;
	int64_t vm = vmm_create_realm_vm(vmm);
	uint64_t hva = vmm_map(vmm, 4 * page, MAP_PRIVATE_);

	vmm_events_clear(vmm);
	ck_assert_int_eq(vmm_set_region(vmm, vm, vmm_region(0, RAM, 4 * page, hva)), 0);
	ck_assert_uint_eq(vmm->num_events, 0);
	ck_assert_int_eq(vmm_set_region(vmm, vm, vmm_region(0, 2 * RAM, 4 * page, hva)), 0);
	ck_assert_uint_eq(vmm->num_events, 1);
	vmm_expect_event(vmm, 0, gfn, 4, FILTER_SHARED | FILTER_PRIVATE);
	ck_assert_int_eq(vmm_delete_slot(vmm, vm, 0), 0);
	ck_assert_uint_eq(vmm->num_events, 2);
	vmm_expect_event(vmm, 1, 2 * gfn, 4, FILTER_SHARED | FILTER_PRIVATE);
	vmm_stop(vmm);
}
END_TEST

/* Whichever allocation of a change of slots fails, the slots are as before. */
START_TEST(slots_run_out_of_memory)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	const uint64_t page = vmm->page;
	int64_t vm = vmm_create_realm_vm(vmm);
	int64_t gmem = vmm_gmem(vmm, vm, 8 * page);
	uint64_t hva = vmm_map(vmm, 4 * page, MAP_PRIVATE_);
	struct kvm_userspace_memory_region2 region = vmm_region(1, RAM, 4 * page, hva);
	uint64_t nth, objects;
	unsigned int change;
	int64_t ret;

	region.flags = KVM_MEM_GUEST_MEMFD;
	region.guest_memfd = (uint32_t)gmem;
	region.guest_memfd_offset = 4 * page;
	/* Create with a guest_memfd, delete, create without, move, delete. */
	for (change = 0; change < 5; change++) {
		struct kvm_userspace_memory_region2 next = region;

		if (change == 1 || change == 4)
			next = vmm_region(1, 0, 0, 0);
		else if (change == 2)
			next = vmm_region(1, RAM, 4 * page, hva);
		else if (change == 3)
			next = vmm_region(1, 2 * RAM, 4 * page, hva);
		objects = vmm_inspect(vmm).slab_objects;
		for (nth = 1;; nth++) {
			vmm_fail(vmm, PORT_FAULT_KMALLOC, nth);
			ret = vmm_set_region(vmm, vm, next);
			if (!vmm_failed(vmm))
				break;
			ck_assert_int_eq(ret, -ENOMEM);
			ck_assert_uint_eq(vmm_inspect(vmm).slab_objects, objects);
			/* Old and new place: still taken or still free. */
			vmm_events_clear(vmm);
			vmm_fail(vmm, -1, 0);
			ck_assert_int_eq(vmm_madvise(vmm, hva, page, MADV_DONTNEED_), 0);
			ck_assert_uint_eq(vmm->num_events, change == 0 || change == 2 ? 0 : 1);
			if (vmm->num_events)
				vmm_expect_event(vmm, 0, (change == 4 ? 2 * RAM : RAM) / page, 1,
						 FILTER_SHARED);
		}
		ck_assert_uint_ge(nth, 2);
		ck_assert_int_eq(ret, 0);
	}
	vmm_stop(vmm);
}
END_TEST

/* -- attributes -- */

START_TEST(attribute_arguments)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	const uint64_t page = vmm->page;
	int64_t vm = vmm_create_realm_vm(vmm), normal = vmm_create_vm(vmm, 0);
	struct kvm_memory_attributes args = {
		.address = RAM,
		.size = page,
		.attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE,
		.flags = 1,
	};

	ck_assert_int_eq(vmm_ioctl_struct(vmm, vm, KVM_SET_MEMORY_ATTRIBUTES, &args, sizeof(args)),
			 -EINVAL);
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM, page, 1), -EINVAL);
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM, page, 8 | 1ull << 63), -EINVAL);
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM, 0, 8), -EINVAL);
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM + 1, page, 8), -EINVAL);
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM, page + 1, 8), -EINVAL);
	ck_assert_int_eq(vmm_attributes(vmm, vm, -page, 2 * page, 8), -EINVAL);
	ck_assert_int_eq(vmm_attributes(vmm, vm, -page, page, 8), -EINVAL);
	ck_assert_int_eq(vmm_attributes(vmm, normal, RAM, page, 8), -EINVAL);
	ck_assert_int_eq(vmm_attributes(vmm, normal, RAM, page, 0), 0);
	/* Slots do not have to be there. */
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM, page, 8), 0);
	ck_assert_int_eq(vmm_attributes(vmm, vm, 0, -page, 8), 0);
	ck_assert_int_eq(vmm_attributes(vmm, vm, 0, -page, 0), 0);
	vmm_stop(vmm);
}
END_TEST

START_TEST(attributes_invalidate)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	const uint64_t page = vmm->page, gfn = RAM / page;
	int64_t vm = vmm_create_realm_vm(vmm);
	uint64_t hva = vmm_map(vmm, 16 * page, MAP_PRIVATE_);
	uint64_t seq;

	ck_assert_int_eq(vmm_set_region(vmm, vm, vmm_region(0, RAM, 8 * page, hva)), 0);
	ck_assert_int_eq(vmm_set_region(vmm, vm, vmm_region(1, RAM + 12 * page, 4 * page, hva)), 0);
	seq = vmm_seq(vmm, vm);
	vmm_events_clear(vmm);
	/* Nothing has the attribute, so that there is nothing to take away. */
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM, 16 * page, 0), 0);
	ck_assert_uint_eq(vmm->num_events, 0);
	ck_assert_uint_eq(vmm_seq(vmm, vm), seq);
	/* Private: the shared alias goes, of the parts that are slots. */
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM + 4 * page, 10 * page, 8), 0);
	ck_assert_uint_eq(vmm->num_events, 2);
	vmm_expect_event(vmm, 0, gfn + 4, 4, FILTER_SHARED);
	vmm_expect_event(vmm, 1, gfn + 12, 2, FILTER_SHARED);
	ck_assert_uint_eq(vmm_seq(vmm, vm), seq + 1);
	/* All of it has the attribute: nothing happens. */
	vmm_events_clear(vmm);
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM + 5 * page, 3 * page, 8), 0);
	ck_assert_uint_eq(vmm->num_events, 0);
	/* One page has not: it happens to the whole range. */
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM + 3 * page, 3 * page, 8), 0);
	ck_assert_uint_eq(vmm->num_events, 1);
	vmm_expect_event(vmm, 0, gfn + 3, 3, FILTER_SHARED);
	/* Shared again: everything goes. */
	vmm_events_clear(vmm);
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM + 6 * page, page, 0), 0);
	ck_assert_uint_eq(vmm->num_events, 1);
	vmm_expect_event(vmm, 0, gfn + 6, 1, FILTER_PRIVATE);
	/* Between the slots: it is remembered, and nobody is told. */
	vmm_events_clear(vmm);
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM + 8 * page, 4 * page, 0), 0);
	ck_assert_uint_eq(vmm->num_events, 0);
	ck_assert_int_eq(vmm_set_region(vmm, vm, vmm_region(2, RAM + 8 * page, 4 * page, hva)), 0);
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM + 8 * page, 4 * page, 0), 0);
	ck_assert_uint_eq(vmm->num_events, 0);
	vmm_stop(vmm);
}
END_TEST

START_TEST(attributes_run_out_of_memory)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	const uint64_t page = vmm->page, gfn = RAM / page;
	int64_t vm = vmm_create_realm_vm(vmm);
	uint64_t hva = vmm_map(vmm, 16 * page, MAP_PRIVATE_);
	uint64_t nth, seq;
	int64_t ret;

	ck_assert_int_eq(vmm_set_region(vmm, vm, vmm_region(0, RAM, 16 * page, hva)), 0);
	seq = vmm_seq(vmm, vm);
	for (nth = 1;; nth++) {
		vmm_fail(vmm, PORT_FAULT_KMALLOC, nth);
		vmm_events_clear(vmm);
		ret = vmm_attributes(vmm, vm, RAM + page, 3 * page, 8);
		if (!vmm_failed(vmm))
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_uint_eq(vmm->num_events, 0);
		ck_assert_uint_eq(vmm_seq(vmm, vm), seq);
		/* None of it has the attribute. */
		vmm_fail(vmm, -1, 0);
		ck_assert_int_eq(vmm_attributes(vmm, vm, RAM, 16 * page, 0), 0);
		ck_assert_uint_eq(vmm->num_events, 0);
	}
	ck_assert_uint_ge(nth, 2);
	ck_assert_int_eq(ret, 0);
	vmm_expect_event(vmm, 0, gfn + 1, 3, FILTER_SHARED);
	vmm_stop(vmm);
}
END_TEST

/* Random changes of attributes over some slots, against an array of attributes. */
#define MODEL_PAGES 640

START_TEST(random_attributes)
{
	/* Slots, in frames from RAM; in between is nothing. */
	static const unsigned int slots[][2] = {{0, 64}, {70, 1}, {71, 200}, {512, 100}};
	struct vmm *vmm = vmm_start(_i % NUM_PAGE_SIZES, NULL);
	const uint64_t page = vmm->page, gfn = RAM / page;
	uint64_t seed = 0x2545f4914f6cdd1dull * (uint64_t)(_i + 1);
	int64_t vm = vmm_create_realm_vm(vmm);
	uint64_t hva = vmm_map(vmm, 200 * page, MAP_PRIVATE_);
	uint8_t private[MODEL_PAGES] = {0};
	unsigned int round, i;

	for (i = 0; i < 4; i++)
		ck_assert_int_eq(vmm_set_region(vmm, vm,
						vmm_region(i, RAM + slots[i][0] * page,
							   slots[i][1] * page, hva)),
				 0);
	for (round = 0; round < 500; round++) {
		unsigned int first, count, set, seen = 0;
		bool same = true;

		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		first = (seed >> 33) % MODEL_PAGES;
		count = 1 + (seed >> 43) % (round & 1 ? 8 : MODEL_PAGES);
		set = (seed >> 60) & 1;
		if (count > MODEL_PAGES - first)
			count = MODEL_PAGES - first;
		for (i = first; i < first + count; i++) {
			same &= private[i] == set;
			private[i] = (uint8_t)set;
		}
		vmm_events_clear(vmm);
		ck_assert_int_eq(
			vmm_attributes(vmm, vm, RAM + first * page, count * page, set ? 8 : 0), 0);
		for (i = 0; i < 4 && !same; i++) {
			unsigned int from = slots[i][0], to = from + slots[i][1];

			from = from > first ? from : first;
			to = to < first + count ? to : first + count;
			if (from < to)
				vmm_expect_event(vmm, seen++, gfn + from, to - from,
						 set ? FILTER_SHARED : FILTER_PRIVATE);
		}
		ck_assert_uint_eq(vmm->num_events, seen);
	}
	vmm_stop(vmm);
}
END_TEST

/* A terabyte costs next to nothing. */
START_TEST(attributes_of_a_terabyte)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	int64_t vm = vmm_create_vm(vmm, KVM_VM_TYPE_ARM_REALM | 48);
	uint64_t objects = vmm_inspect(vmm).slab_objects;

	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM, 1ull << 40, 8), 0);
	ck_assert_uint_lt(vmm_inspect(vmm).slab_objects, objects + 64);
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM + 64 * MIB, vmm->page, 0), 0);
	ck_assert_uint_lt(vmm_inspect(vmm).slab_objects, objects + 128);
	ck_assert_int_eq(vmm_attributes(vmm, vm, RAM, 1ull << 40, 0), 0);
	vmm_stop(vmm);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slots");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(all, vm_types, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, vm_creation_runs_out_of_memory, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, extensions, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, bad_pointers, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, enable_cap_errors, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, region_arguments, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, old_region_ioctl, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, user_memory_invalidates, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, slots_invalidate, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, slots_run_out_of_memory, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, attribute_arguments, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, attributes_invalidate, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, attributes_run_out_of_memory, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, random_attributes, 0, 9);
	tcase_add_loop_test(all, attributes_of_a_terabyte, 0, NUM_PAGE_SIZES);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
