/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guest_memfd, and the ends of VMs. Expected: generic KVM's rules for guest_memfd (section 8 of the
 * facts about KVM's Realm host), and the order of teardown in its section 11.
 */
#include "vmm.h"

#include <stdlib.h>

#include <rmm/inspect.h>

#define RAM   0x80000000ull
#define BLOCK 0x200000ull

static int64_t fallocate(struct vmm *vmm, int64_t fd, uint32_t mode, uint64_t offset, uint64_t size)
{
	return vmm->kvm->sys_fallocate(vmm->tid, (int32_t)fd, mode, offset, size);
}

static int64_t bind_slot(struct vmm *vmm, int64_t vm, uint32_t slot, uint64_t gpa, uint64_t size,
			 int64_t gmem, uint64_t offset)
{
	struct kvm_userspace_memory_region2 region =
		vmm_region(slot, gpa, size, vmm_map(vmm, size, MAP_PRIVATE_));

	region.flags = KVM_MEM_GUEST_MEMFD;
	region.guest_memfd = (uint32_t)gmem;
	region.guest_memfd_offset = offset;
	return vmm_set_region(vmm, vm, region);
}

START_TEST(create_arguments)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	int64_t vm = vmm_create_realm_vm(vmm);
	struct kvm_create_guest_memfd args = {.size = vmm->page, .flags = 1};

	ck_assert_int_eq(vmm_ioctl_struct(vmm, vm, KVM_CREATE_GUEST_MEMFD, &args, sizeof(args)),
			 -EINVAL);
	ck_assert_int_eq(vmm_gmem(vmm, vm, 0), -EINVAL);
	ck_assert_int_eq(vmm_gmem(vmm, vm, vmm->page / 2), -EINVAL);
	ck_assert_int_eq(vmm_gmem(vmm, vm, vmm->page + 512), -EINVAL);
	ck_assert_int_eq(vmm_gmem(vmm, vm, 1ull << 63), -EINVAL);
	ck_assert_int_eq(vmm_gmem(vmm, vm, -vmm->page), -EINVAL);
	ck_assert_int_ge(vmm_gmem(vmm, vm, 1ull << 40), 0);
	vmm_stop(vmm);
}
END_TEST

START_TEST(fallocate_rules)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	const uint64_t page = vmm->page;
	int64_t vm = vmm_create_realm_vm(vmm);
	int64_t gmem = vmm_gmem(vmm, vm, 8 * page);

	ck_assert_int_eq(fallocate(vmm, gmem, 0, 0, page), -EOPNOTSUPP);
	ck_assert_int_eq(fallocate(vmm, gmem, 2, 0, page), -EOPNOTSUPP);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_KEEP_SIZE_ | 0x10, 0, page), -EOPNOTSUPP);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_KEEP_SIZE_, page / 2, page), -EINVAL);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_PUNCH_, 0, page / 2), -EINVAL);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_KEEP_SIZE_, 0, 0), -EINVAL);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_KEEP_SIZE_, 7 * page, 2 * page), -EINVAL);
	ck_assert_int_eq(fallocate(vmm, vm, FALLOC_KEEP_SIZE_, 0, page), -ENODEV);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 0);

	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_KEEP_SIZE_, page, 5 * page), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 5);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_KEEP_SIZE_, 0, 8 * page), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 8);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_PUNCH_, 2 * page, 3 * page), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 5);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_PUNCH_, 6 * page, 100 * page), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 3);
	ck_assert_int_eq(vmm_close(vmm, gmem), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 0);
	vmm_stop(vmm);
}
END_TEST

START_TEST(allocation_fails_part_way)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	int64_t vm = vmm_create_realm_vm(vmm);
	int64_t gmem = vmm_gmem(vmm, vm, 8 * vmm->page);

	vmm_fail(vmm, PORT_FAULT_GMEM_PAGE, 3);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_KEEP_SIZE_, 0, 8 * vmm->page), -ENOMEM);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 2);
	vmm->kvm->signal_set(vmm->tid, true);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_KEEP_SIZE_, 0, 8 * vmm->page), -EINTR);
	vmm->kvm->signal_set(vmm->tid, false);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_KEEP_SIZE_, 0, 8 * vmm->page), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 8);
	vmm_stop(vmm);
}
END_TEST

START_TEST(binding_rules)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	const uint64_t page = vmm->page;
	int64_t vm = vmm_create_realm_vm(vmm), other = vmm_create_realm_vm(vmm);
	int64_t normal = vmm_create_vm(vmm, 0);
	int64_t gmem = vmm_gmem(vmm, vm, 16 * page), theirs = vmm_gmem(vmm, other, 16 * page);
	int64_t normals = vmm_gmem(vmm, normal, 16 * page);
	const uint64_t hva = vmm_map(vmm, 4 * page, MAP_PRIVATE_);
	struct kvm_userspace_memory_region2 region;

	ck_assert_int_ge(normals, 0);
	/*
	 * Not a guest_memfd, another VM's, not in the file, not aligned; VMs without private
	 * memory.
	 */
	ck_assert_int_eq(bind_slot(vmm, vm, 0, RAM, page, vm, 0), -EINVAL);
	ck_assert_int_eq(bind_slot(vmm, vm, 0, RAM, page, 77, 0), -EBADF);
	ck_assert_int_eq(bind_slot(vmm, vm, 0, RAM, page, theirs, 0), -EINVAL);
	ck_assert_int_eq(bind_slot(vmm, vm, 0, RAM, 17 * page, gmem, 0), -EINVAL);
	ck_assert_int_eq(bind_slot(vmm, vm, 0, RAM, page, gmem, 16 * page), -EINVAL);
	ck_assert_int_eq(bind_slot(vmm, vm, 0, RAM, page, gmem, page / 2), -EINVAL);
	ck_assert_int_eq(bind_slot(vmm, vm, 0, RAM, page, gmem, -page), -EINVAL);
	ck_assert_int_eq(bind_slot(vmm, normal, 0, RAM, page, normals, 0), -EINVAL);

	region = vmm_region(0, RAM, 4 * page, hva);
	region.flags = KVM_MEM_GUEST_MEMFD;
	region.guest_memfd = (uint32_t)gmem;
	region.guest_memfd_offset = 4 * page;
	ck_assert_int_eq(vmm_set_region(vmm, vm, region), 0);
	/* One range backs one slot at a time. */
	ck_assert_int_eq(bind_slot(vmm, vm, 1, 2 * RAM, 4 * page, gmem, page), -EINVAL);
	ck_assert_int_eq(bind_slot(vmm, vm, 1, 2 * RAM, page, gmem, 7 * page), -EINVAL);
	ck_assert_int_eq(bind_slot(vmm, vm, 1, 2 * RAM, 16 * page, gmem, 0), -EINVAL);
	ck_assert_int_eq(bind_slot(vmm, vm, 1, 2 * RAM, 4 * page, gmem, 0), 0);
	ck_assert_int_eq(bind_slot(vmm, vm, 2, 3 * RAM, 8 * page, gmem, 8 * page), 0);
	/* Such a slot can only be deleted; then its range is free again. */
	ck_assert_int_eq(bind_slot(vmm, vm, 0, RAM, 4 * page, gmem, 4 * page), -EINVAL);
	ck_assert_int_eq(vmm_set_region(vmm, vm, vmm_region(0, RAM, 4 * page, hva)), -EINVAL);
	ck_assert_int_eq(vmm_delete_slot(vmm, vm, 0), 0);
	ck_assert_int_eq(bind_slot(vmm, vm, 5, 5 * RAM, 5 * page, gmem, 4 * page), -EINVAL);
	ck_assert_int_eq(bind_slot(vmm, vm, 5, 5 * RAM, 4 * page, gmem, 4 * page), 0);
	/* A slot that was refused for another reason leaves the range free. */
	ck_assert_int_eq(vmm_delete_slot(vmm, vm, 5), 0);
	ck_assert_int_eq(bind_slot(vmm, vm, 5, 1ull << 40, 4 * page, gmem, 4 * page), -EFAULT);
	ck_assert_int_eq(bind_slot(vmm, vm, 5, 5 * RAM, 4 * page, gmem, 4 * page), 0);
	vmm_stop(vmm);
}
END_TEST

START_TEST(punch_and_close_invalidate)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	const uint64_t page = vmm->page, gfn = RAM / page;
	int64_t vm = vmm_create_realm_vm(vmm);
	int64_t gmem = vmm_gmem(vmm, vm, 32 * page);
	uint64_t seq;

	/* File pages 4 to 11 at RAM, 20 to 23 at twice that. */
	ck_assert_int_eq(bind_slot(vmm, vm, 0, RAM, 8 * page, gmem, 4 * page), 0);
	ck_assert_int_eq(bind_slot(vmm, vm, 1, 2 * RAM, 4 * page, gmem, 20 * page), 0);
	seq = vmm_seq(vmm, vm);
	vmm_events_clear(vmm);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_PUNCH_, 0, 4 * page), 0);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_PUNCH_, 12 * page, 8 * page), 0);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_KEEP_SIZE_, 0, 32 * page), 0);
	ck_assert_uint_eq(vmm->num_events, 0);
	ck_assert_uint_eq(vmm_seq(vmm, vm), seq);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_PUNCH_, 3 * page, 3 * page), 0);
	ck_assert_uint_eq(vmm->num_events, 1);
	vmm_expect_event(vmm, 0, gfn, 2, FILTER_PRIVATE);
	ck_assert_uint_eq(vmm_seq(vmm, vm), seq + 1);
	vmm_events_clear(vmm);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_PUNCH_, 10 * page, 12 * page), 0);
	ck_assert_uint_eq(vmm->num_events, 2);
	vmm_expect_event(vmm, 0, gfn + 6, 2, FILTER_PRIVATE);
	vmm_expect_event(vmm, 1, 2 * gfn, 2, FILTER_PRIVATE);
	ck_assert_uint_eq(vmm_seq(vmm, vm), seq + 2);
	/*
	 * The last close takes it all; a copy of the descriptor's use by a slot does not hold it.
	 */
	vmm_events_clear(vmm);
	ck_assert_int_eq(vmm_close(vmm, gmem), 0);
	ck_assert_uint_eq(vmm->num_events, 2);
	vmm_expect_event(vmm, 0, gfn, 8, FILTER_PRIVATE);
	vmm_expect_event(vmm, 1, 2 * gfn, 4, FILTER_PRIVATE);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 0);
	/* The slots are still there, with nothing behind them. */
	ck_assert_int_eq(vmm_delete_slot(vmm, vm, 0), 0);
	ck_assert_int_eq(vmm_close(vmm, vm), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).vms, 0);
	vmm_stop(vmm);
}
END_TEST

/*
 * With huge backing, a 2 MiB aligned part comes as one piece of memory, and its pages go one by
 * one.
 */
START_TEST(huge_backing)
{
	const struct kvm_boot_config boot = {
		.size = sizeof(boot),
		.gmem_huge = true,
		.vmid_bits = 8,
	};
	struct vmm *vmm = vmm_start(_i, &boot);
	const uint64_t page = vmm->page, per_block = BLOCK / page;
	int64_t vm = vmm_create_realm_vm(vmm);
	int64_t gmem = vmm_gmem(vmm, vm, 3 * BLOCK - page);

	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_KEEP_SIZE_, BLOCK + 3 * page, page), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, per_block);
	/* The last part is not all in the file. */
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_KEEP_SIZE_, 2 * BLOCK, page), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, per_block + 1);
	/* Without so much memory in one piece, single pages do. */
	vmm_fail(vmm, PORT_FAULT_GMEM_PAGE, 1);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_KEEP_SIZE_, 0, page), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, per_block + 2);
	/* A part that has a page stays with single pages. */
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_KEEP_SIZE_, page, page), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, per_block + 3);
	ck_assert_int_eq(fallocate(vmm, gmem, FALLOC_PUNCH_, BLOCK + page, 2 * page), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, per_block + 1);
	ck_assert_int_eq(vmm_close(vmm, gmem), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 0);
	vmm_stop(vmm);
}
END_TEST

/* -- ends -- */

enum { END_VM, END_GMEM, END_VCPU, END_GIC, END_MAP, NUM_ENDS };

struct life {
	int64_t fd[NUM_ENDS];
	uint64_t run;
};

static int64_t realm_cap(struct vmm *vmm, int64_t vm, uint64_t op, void *arg, size_t size)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_RME, .args = {op, vmm->args + 4096}};

	if (size)
		ck_assert_int_eq(vmm->kvm->user_write(vmm->tid, vmm->args + 4096, arg, size),
				 (int64_t)size);
	return vmm_ioctl_struct(vmm, vm, KVM_ENABLE_CAP, &cap, sizeof(cap));
}

/* A VM with everything that keeps it alive: `stage` says how far its Realm has come. */
static void life_begin(struct vmm *vmm, struct life *life, int stage)
{
	struct kvm_create_device gic = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	struct arm_rme_init_ripas ripas = {.base = RAM + 4 * vmm->page, .size = 12 * vmm->page};
	struct arm_rme_populate_realm populate = {.base = RAM, .size = 4 * vmm->page, .flags = 1};
	struct kvm_vcpu_init init = {
		.target = KVM_ARM_TARGET_GENERIC_V8,
		.features = {1u << KVM_ARM_VCPU_PSCI_0_2 | 1u << KVM_ARM_VCPU_REC},
	};
	int rec = KVM_ARM_VCPU_REC;

	life->fd[END_VM] = vmm_create_realm_vm(vmm);
	life->fd[END_GMEM] = vmm_gmem(vmm, life->fd[END_VM], 16 * vmm->page);
	ck_assert_int_eq(
		bind_slot(vmm, life->fd[END_VM], 0, RAM, 16 * vmm->page, life->fd[END_GMEM], 0), 0);
	ck_assert_int_eq(vmm_attributes(vmm, life->fd[END_VM], RAM, 16 * vmm->page, 8), 0);
	ck_assert_int_eq(
		vmm_ioctl_struct(vmm, life->fd[END_VM], KVM_CREATE_DEVICE, &gic, sizeof(gic)), 0);
	life->fd[END_GIC] = gic.fd;
	life->fd[END_VCPU] = vmm_ioctl(vmm, life->fd[END_VM], KVM_CREATE_VCPU, 0);
	ck_assert_int_ge(life->fd[END_VCPU], 0);
	life->run =
		(uint64_t)vmm_mmap(vmm, 0, vmm->page, PROT_RW_, MAP_SHARED_, life->fd[END_VCPU], 0);
	ck_assert_int_eq(vmm_get(vmm, life->run), 0);
	ck_assert_int_eq(
		vmm_ioctl_struct(vmm, life->fd[END_VCPU], KVM_ARM_VCPU_INIT, &init, sizeof(init)),
		0);
	if (stage < 1)
		return;
	ck_assert_int_eq(realm_cap(vmm, life->fd[END_VM], KVM_CAP_ARM_RME_CREATE_REALM, NULL, 0),
			 0);
	ck_assert_int_eq(realm_cap(vmm, life->fd[END_VM], KVM_CAP_ARM_RME_INIT_RIPAS_REALM, &ripas,
				   sizeof(ripas)),
			 0);
	ck_assert_int_eq(realm_cap(vmm, life->fd[END_VM], KVM_CAP_ARM_RME_POPULATE_REALM, &populate,
				   sizeof(populate)),
			 0);
	ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 4);
	if (stage < 2)
		return;
	ck_assert_int_eq(
		vmm_ioctl_struct(vmm, life->fd[END_VCPU], KVM_ARM_VCPU_FINALIZE, &rec, sizeof(rec)),
		0);
	ck_assert_int_eq(realm_cap(vmm, life->fd[END_VM], KVM_CAP_ARM_RME_ACTIVATE_REALM, NULL, 0),
			 0);
}

static void life_end(struct vmm *vmm, struct life *life, int which)
{
	if (which == END_MAP)
		ck_assert_int_eq(vmm_munmap(vmm, life->run, vmm->page), 0);
	else
		ck_assert_int_eq(vmm_close(vmm, life->fd[which]), 0);
}

static void order_next(int *order)
{
	int i = NUM_ENDS - 2, k = NUM_ENDS - 1, t;

	while (i >= 0 && order[i] > order[i + 1])
		i--;
	if (i < 0)
		return;
	while (order[k] < order[i])
		k--;
	t = order[i];
	order[i] = order[k];
	order[k] = t;
	for (i++, k = NUM_ENDS - 1; i < k; i++, k--) {
		t = order[i];
		order[i] = order[k];
		order[k] = t;
	}
}

static uint64_t delegated(struct vmm *vmm)
{
	uint64_t sum = 0;
	int state;

	for (state = RMM_GRANULE_DELEGATED; state < RMM_GRANULE_NUM_STATES; state++)
		sum += rmm_inspect_count(machine_rmm(vmm->machine), state);
	return sum;
}

static uint64_t data_granules(struct vmm *vmm)
{
	return rmm_inspect_count(machine_rmm(vmm->machine), RMM_GRANULE_DATA);
}

/* What takes private memory away takes it from the Realm too, and only what it names. */
START_TEST(private_memory_is_taken)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	const uint64_t page = vmm->page, per_page = page / 4096;
	struct life life;
	int way;

	for (way = 0; way < 4; way++) {
		life_begin(vmm, &life, 1);
		ck_assert_uint_eq(data_granules(vmm), 4 * per_page);
		switch (way) {
		case 0:
			ck_assert_int_eq(vmm_delete_slot(vmm, life.fd[END_VM], 0), 0);
			ck_assert_uint_eq(data_granules(vmm), 0);
			ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 4);
			break;
		case 1:
			ck_assert_int_eq(
				fallocate(vmm, life.fd[END_GMEM], FALLOC_PUNCH_, page, 2 * page),
				0);
			ck_assert_uint_eq(data_granules(vmm), 2 * per_page);
			ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 2);
			break;
		case 2:
			ck_assert_int_eq(vmm_attributes(vmm, life.fd[END_VM], RAM, page, 0), 0);
			ck_assert_uint_eq(data_granules(vmm), 3 * per_page);
			ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 4);
			break;
		default:
			life_end(vmm, &life, END_GMEM);
			ck_assert_uint_eq(data_granules(vmm), 0);
			ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 0);
			break;
		}
		vmm->kvm->process_exit(vmm->tid);
		ck_assert_uint_eq(delegated(vmm), 0);
		vmm->tid = (int32_t)vmm->kvm->process_create();
		vmm->args = vmm_map(vmm, 65536, MAP_PRIVATE_ | MAP_POPULATE_);
	}
	vmm_stop(vmm);
}
END_TEST

/* Counts, for the invalidation by the closing of a guest_memfd, what the Realm had left then. */
struct exit_watch {
	struct vmm *vmm;
	uint64_t data_at_close;
	bool closed;
};

static void watch_exit(void *ctx, const struct trace_event *event)
{
	struct exit_watch *watch = ctx;

	if (event->value[0] != PORT_EVENT_INVALIDATE || watch->closed)
		return;
	watch->closed = true;
	watch->data_at_close = data_granules(watch->vmm);
}

/* The address space goes before the files: by then the Realm has lost everything. */
START_TEST(exit_takes_the_address_space_first)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	struct exit_watch watch = {.vmm = vmm};
	struct life life;

	life_begin(vmm, &life, 2);
	ck_assert_int_eq(
		trace_add_sink(machine_trace(vmm->machine), 1u << TRACE_HOST, watch_exit, &watch),
		0);
	vmm->kvm->process_exit(vmm->tid);
	ck_assert(watch.closed);
	ck_assert_uint_eq(watch.data_at_close, 0);
	vmm_stop_checks(vmm);
}
END_TEST

/* Whatever holds a VM goes in any order: the VM lives until the last of it, and not longer. */
START_TEST(every_order_of_closing)
{
	const int stage = _i / NUM_PAGE_SIZES;
	struct vmm *vmm = vmm_start(_i % NUM_PAGE_SIZES, NULL);
	int order[NUM_ENDS] = {0, 1, 2, 3, 4};
	struct life life;
	int round, i;

	for (round = 0; round < 120; round++) {
		life_begin(vmm, &life, stage);
		for (i = 0; i < NUM_ENDS; i++) {
			ck_assert_uint_eq(vmm_inspect(vmm).vms, 1);
			life_end(vmm, &life, order[i]);
			if (order[i] == END_GMEM)
				ck_assert_uint_eq(vmm_inspect(vmm).gmem_pages, 0);
		}
		ck_assert_uint_eq(vmm_inspect(vmm).vms, 0);
		ck_assert_uint_eq(vmm_inspect(vmm).files, 0);
		ck_assert_int_eq(vmm_inspect(vmm).pgtable_pages, 0);
		ck_assert_uint_eq(delegated(vmm), 0);
		ck_assert_uint_eq(machine_num_findings(vmm->machine), 0);
		order_next(order);
	}
	vmm_stop(vmm);
}
END_TEST

/* The process exits after any first part of that: what is left is undone all the same. */
START_TEST(exit_after_any_close)
{
	const int stage = _i / NUM_PAGE_SIZES;
	int closed, i;

	for (closed = 0; closed < 1 << NUM_ENDS; closed++) {
		struct vmm *vmm = vmm_start(_i % NUM_PAGE_SIZES, NULL);
		struct life life;

		life_begin(vmm, &life, stage);
		for (i = 0; i < NUM_ENDS; i++) {
			if (closed & 1 << i)
				life_end(vmm, &life, i);
		}
		vmm->kvm->process_exit(vmm->tid);
		ck_assert_uint_eq(delegated(vmm), 0);
		vmm_stop_checks(vmm);
	}
}
END_TEST

/* kvm_run stays readable through a mapping after the descriptor is gone. */
START_TEST(run_page_outlives_descriptor)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	struct life life;

	life_begin(vmm, &life, 0);
	ck_assert_int_eq(vmm_put(vmm, life.run + 1, 1), 0);
	life_end(vmm, &life, END_VCPU);
	ck_assert_int_eq(vmm_get(vmm, life.run + 1), 1);
	life_end(vmm, &life, END_VM);
	ck_assert_int_eq(vmm_get(vmm, life.run + 1), 1);
	ck_assert_int_eq(vmm_madvise(vmm, life.run, vmm->page, MADV_DONTNEED_), 0);
	ck_assert_int_eq(vmm_get(vmm, life.run + 1), 1);
	vmm_stop(vmm);
}
END_TEST

/* The kernel stops while processes run: they exit first. */
START_TEST(shutdown_ends_processes)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	struct life life;

	life_begin(vmm, &life, 2);
	vmm->kvm->shutdown();
	ck_assert_uint_eq(delegated(vmm), 0);
	ck_assert_uint_eq(machine_num_findings(vmm->machine), 0);
	ck_assert_int_eq(machine_reset(vmm->machine), 0);
	vmm->tid = (int32_t)vmm->kvm->process_create();
	vmm->args = vmm_map(vmm, 65536, MAP_PRIVATE_);
	life_begin(vmm, &life, 2);
	vmm_stop(vmm);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gmem");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, create_arguments, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, fallocate_rules, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, allocation_fails_part_way, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, binding_rules, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, punch_and_close_invalidate, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, huge_backing, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, private_memory_is_taken, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, exit_takes_the_address_space_first, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, every_order_of_closing, 0, 3 * NUM_PAGE_SIZES);
	tcase_add_loop_test(all, exit_after_any_close, 0, 3 * NUM_PAGE_SIZES);
	tcase_add_loop_test(all, run_page_outlives_descriptor, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, shutdown_ends_processes, 0, NUM_PAGE_SIZES);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
