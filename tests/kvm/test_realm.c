// SPDX-License-Identifier: BSD-3-Clause
/*
 * A Realm from the VMM's ioctls to the RMM and back, at one host page size. What is expected comes from the
 * facts about RMM 1.0 and about the host's behaviour; each test names the mistake that it catches.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "host.h"

#define PAGE_GRANULES (HOST_PAGE / GRANULE)
#define FLAG_PRIVATE  KVM_MEMORY_EXIT_FLAG_PRIVATE

/* The size of what an entry at this level maps. */
static uint64_t entry_size(int level)
{
	return GRANULE << 9 * (3 - level);
}

/*
 * How many tables a change of [base, top) needs in a Realm that has none: one for each region of a table's
 * size that an end of the range cuts. The root is at start_level.
 */
static unsigned int tables_needed(int start_level, uint64_t base, uint64_t top)
{
	unsigned int needed = 0;
	int level;

	for (level = start_level + 1; level <= 3; level++) {
		uint64_t size = entry_size(level - 1);
		bool cut_base = base % size, cut_top = top % size;

		needed += cut_base;
		needed += cut_top && !(cut_base && base / size == top / size);
	}
	return needed;
}

static int start_level(unsigned int ipa_bits)
{
	return ipa_bits >= 44 ? 0 : ipa_bits >= 35 ? 1 : 2;
}

/* -- life -- */

static const struct {
	unsigned int ipa_bits;
	int level;
	unsigned int roots;
} geometries[] = {
	{32, 2, 4}, {33, 2, 8},	 {34, 2, 16}, {35, 1, 1}, {39, 1, 1},
	{40, 1, 2}, {43, 1, 16}, {44, 0, 1},  {47, 0, 1}, {48, 0, 1},
};

enum {
	STAGE_VM,
	STAGE_SLOT,
	STAGE_VCPUS,
	STAGE_CREATED,
	STAGE_RIPAS,
	STAGE_POPULATED,
	STAGE_REC,
	STAGE_ACTIVE,
	STAGE_RUN,
	NUM_STAGES
};

static void live_until(struct vm *vm, int stage)
{
	const uint64_t base = GIB, size = 4 * HOST_PAGE;

	if (stage >= STAGE_SLOT)
		vm_slot(vm, base, size);
	if (stage >= STAGE_VCPUS) {
		struct kvm_device_attr attr = {
			.group = KVM_DEV_ARM_VGIC_GRP_CTRL,
			.attr = KVM_DEV_ARM_VGIC_CTRL_INIT,
		};

		vm_vcpu(vm);
		vm_vcpu(vm);
		ck_assert_int_eq(host_ioctl_struct(vm->host, vm->gic, KVM_SET_DEVICE_ATTR, &attr,
						   sizeof(attr)),
				 0);
	}
	if (stage >= STAGE_CREATED)
		ck_assert_int_eq(vm_create_realm(vm), 0);
	if (stage >= STAGE_RIPAS)
		ck_assert_int_eq(vm_init_ripas(vm, base + HOST_PAGE, size - HOST_PAGE), 0);
	if (stage >= STAGE_POPULATED)
		ck_assert_int_eq(vm_populate(vm, base, HOST_PAGE), 0);
	if (stage >= STAGE_REC)
		ck_assert_int_eq(vm_finalize(vm, 0), 0);
	if (stage >= STAGE_ACTIVE) {
		ck_assert_int_eq(vm_finalize(vm, 1), 0);
		ck_assert_int_eq(vm_activate(vm), 0);
	}
	if (stage >= STAGE_RUN)
		ck_assert_int_eq(VM_GUEST(vm, {GUEST_WRITE, base, size, .value = 7},
					  {GUEST_EXPECT, base, size, .value = 7}),
				 0);
}

/* The first vCPU's REC runs at once, the others wait for PSCI. */
static bool check_runnable(void *ctx, uint64_t pa, const struct rmm_granule_view *view)
{
	struct rmm_rec_view rec;

	if (view->state != RMM_GRANULE_REC)
		return true;
	ck_assert(rmm_inspect_rec(ctx, pa, &rec));
	ck_assert_int_eq(rec.runnable, rec.mpidr == 0);
	return true;
}

/* A VM that ends after each step of its life, by its files being closed or by the process's exit. */
START_TEST(test_life)
{
	unsigned int g = (unsigned int)_i;
	int stage, orderly;

	for (stage = STAGE_VM; stage < NUM_STAGES; stage++) {
		for (orderly = 0; orderly <= 1; orderly++) {
			struct host host;
			struct vm vm;

			host_start(&host, NULL);
			vm_create(&host, &vm, geometries[g].ipa_bits);
			live_until(&vm, stage);
			if (stage >= STAGE_CREATED) {
				struct rmm_realm_view view;

				ck_assert(rmm_inspect_realm(host.rmm, vm_rd(&vm), &view));
				ck_assert_int_eq(view.rtt_level_start, geometries[g].level);
				ck_assert_uint_eq(view.rtt_num_start, geometries[g].roots);
				ck_assert_int_eq(host_inspect().pgtable_pages,
						 (int64_t)vm_tables(&vm));
				rmm_inspect_each_granule(host.rmm, check_runnable, host.rmm);
			}
			if (orderly)
				vm_close(&vm);
			host_stop(&host);
		}
	}
}
END_TEST

/* IPA widths that are none, and the default. */
START_TEST(test_ipa_width)
{
	struct host_options options = {.s2sz = 42};
	struct host host;
	struct vm vm;

	host_start(&host, &options);
	ck_assert_int_eq(vm_try_create(&host, &vm, KVM_VM_TYPE_ARM_REALM | 31), -EINVAL);
	ck_assert_int_eq(vm_try_create(&host, &vm, KVM_VM_TYPE_ARM_REALM | 43), -EINVAL);
	ck_assert_int_eq(vm_try_create(&host, &vm, 2 << 8 | 40), -EINVAL);
	vm_create(&host, &vm, 0);
	ck_assert_int_eq(vm_create_realm(&vm), 0);
	ck_assert_int_eq(vm_create_realm(&vm), -EEXIST);
	host_stop(&host);
}
END_TEST

/* Calls that come too early or too late, or name nothing. */
START_TEST(test_states)
{
	struct arm_rme_config config = {.cfg = ARM_RME_CONFIG_HASH_ALGO,
					.hash_algo = ARM_RME_CONFIG_HASH_ALGO_SHA512};
	struct host host;
	struct vm vm;

	host_start(&host, NULL);
	vm_create(&host, &vm, 40);
	vm_slot(&vm, GIB, 2 * HOST_PAGE);
	vm_vcpu(&vm);

	ck_assert_int_eq(vm_init_ripas(&vm, GIB, HOST_PAGE), -EPERM);
	ck_assert_int_eq(vm_populate(&vm, GIB, HOST_PAGE), -EPERM);
	ck_assert_int_eq(vm_activate(&vm), -EINVAL);
	ck_assert_int_eq(vm_finalize(&vm, 0), -ENOENT);
	ck_assert_int_eq(vm_cap(&vm, 5, NULL, 0), -EINVAL);
	ck_assert_int_eq(vm_cap(&vm, KVM_CAP_ARM_RME_CONFIG_REALM, NULL, 0), -EFAULT);
	config.cfg = 2;
	ck_assert_int_eq(vm_cap(&vm, KVM_CAP_ARM_RME_CONFIG_REALM, &config, sizeof(config)),
			 -EINVAL);
	config.cfg = ARM_RME_CONFIG_HASH_ALGO;
	config.hash_algo = 2;
	ck_assert_int_eq(vm_cap(&vm, KVM_CAP_ARM_RME_CONFIG_REALM, &config, sizeof(config)),
			 -EINVAL);
	config.hash_algo = ARM_RME_CONFIG_HASH_ALGO_SHA512;
	ck_assert_int_eq(vm_cap(&vm, KVM_CAP_ARM_RME_CONFIG_REALM, &config, sizeof(config)), 0);

	ck_assert_int_eq(vm_create_realm(&vm), 0);
	{
		struct rmm_realm_view view;

		ck_assert(rmm_inspect_realm(host.rmm, vm_rd(&vm), &view));
		ck_assert_int_eq(view.hash_algo, 1);
	}
	ck_assert_int_eq(vm_cap(&vm, KVM_CAP_ARM_RME_CONFIG_REALM, &config, sizeof(config)),
			 -EBUSY);
	ck_assert_int_eq(vm_finalize(&vm, 0), 0);
	ck_assert_int_eq(vm_finalize(&vm, 0), -EBUSY);
	ck_assert_int_eq(vm_activate(&vm), 0);
	ck_assert_int_eq(vm_activate(&vm), -EINVAL);
	ck_assert_int_eq(vm_create_realm(&vm), -EEXIST);
	ck_assert_int_eq(vm_init_ripas(&vm, GIB, HOST_PAGE), -EPERM);
	ck_assert_int_eq(vm_populate(&vm, GIB, HOST_PAGE), -EPERM);
	host_stop(&host);
}
END_TEST

/* -- RIPAS, by the VMM -- */

/* Ranges whose ends fall on, next to and off the edges of pages, blocks and GiBs. */
static const struct {
	uint64_t base, pages; /* base in host pages relative to 4 GiB */
} edges[] = {
	{0, 1},
	{(uint64_t)-1, 2},
	{(uint64_t)-1, BLOCK / HOST_PAGE},
	{1, BLOCK / HOST_PAGE},
	{0, BLOCK / HOST_PAGE},
	{(uint64_t)-1, BLOCK / HOST_PAGE + 2},
	{1, GIB / HOST_PAGE - 2},
	{0, GIB / HOST_PAGE},
	{(uint64_t)-1, GIB / HOST_PAGE + 2},
	{(uint64_t) - (int64_t)(BLOCK / HOST_PAGE), 3 * GIB / HOST_PAGE},
	{3, 2 * GIB / HOST_PAGE + 5},
};
#define NUM_EDGES ((int)(sizeof(edges) / sizeof(edges[0])))

/*
 * INIT_RIPAS sets exactly its range and makes exactly the tables that the ends cut. Catches a wrong
 * find_map_level(), a head or a tail that is lost, and tables made for nothing.
 */
START_TEST(test_init_ripas)
{
	static const unsigned int widths[] = {34, 40, 48};
	const uint64_t base = 4 * GIB + edges[_i].base * HOST_PAGE;
	const uint64_t size = edges[_i].pages * HOST_PAGE;
	unsigned int w;

	for (w = 0; w < 3; w++) {
		struct host host;
		struct vm vm;
		uint64_t tables;

		host_start(&host, NULL);
		vm_create(&host, &vm, widths[w]);
		ck_assert_int_eq(vm_create_realm(&vm), 0);
		ck_assert_int_eq(vm_init_ripas(&vm, base, size), 0);
		vm_check(&vm, 0, base, RMM_UNASSIGNED, RMM_EMPTY);
		vm_check(&vm, base, size, RMM_UNASSIGNED, RMM_RAM);
		vm_check(&vm, base + size, (1ull << (widths[w] - 1)) - base - size, RMM_UNASSIGNED,
			 RMM_EMPTY);
		tables = tables_needed(start_level(widths[w]), base, base + size);
		ck_assert_uint_eq(vm_tables(&vm), tables);
		ck_assert_int_eq(host_inspect().pgtable_pages, (int64_t)tables);
		host_stop(&host);
	}
}
END_TEST

/* The order of the checks, and that what is refused asks the RMM nothing. */
START_TEST(test_init_ripas_errors)
{
	const uint64_t half = 1ull << 39;
	struct host host;
	struct vm vm;

	host_start(&host, NULL);
	vm_create(&host, &vm, 40);
	ck_assert_int_eq(vm_init_ripas(&vm, HOST_PAGE, UINT64_MAX), -EINVAL);
	ck_assert_int_eq(vm_init_ripas(&vm, 1, 0), -EPERM);
	ck_assert_int_eq(vm_create_realm(&vm), 0);
	host_calls_clear(&host);
	ck_assert_int_eq(vm_init_ripas(&vm, HOST_PAGE, UINT64_MAX), -EINVAL);
	ck_assert_int_eq(vm_init_ripas(&vm, 1, 0), 0);
	ck_assert_int_eq(vm_init_ripas(&vm, HOST_PAGE / 2, HOST_PAGE), -EINVAL);
	ck_assert_int_eq(vm_init_ripas(&vm, HOST_PAGE, HOST_PAGE / 2), -EINVAL);
	ck_assert_int_eq(vm_init_ripas(&vm, half - HOST_PAGE, 2 * HOST_PAGE), -EINVAL);
	ck_assert_int_eq(vm_init_ripas(&vm, half, HOST_PAGE), -EINVAL);
	ck_assert_uint_eq(host_calls(&host, RMI_RTT_INIT_RIPAS), 0);
	ck_assert_int_eq(vm_init_ripas(&vm, half - HOST_PAGE, HOST_PAGE), 0);
	vm_check(&vm, half - HOST_PAGE, HOST_PAGE, RMM_UNASSIGNED, RMM_RAM);
	host_stop(&host);
}
END_TEST

/* -- populating -- */

START_TEST(test_populate)
{
	const uint64_t base = GIB - 2 * HOST_PAGE, size = 4 * HOST_PAGE;
	struct host host;
	struct vm vm;
	uint64_t ipa;

	host_start(&host, NULL);
	vm_create(&host, &vm, 40);
	vm_slot(&vm, base, size);
	vm_vcpu(&vm);
	for (ipa = base; ipa < base + size; ipa += GRANULE) {
		uint8_t value = (uint8_t)(1 + (ipa - base) / GRANULE);

		ck_assert_int_eq(
			kvm_build.user_write((int32_t)host.tid, vm_user(&vm, ipa), &value, 1), 1);
	}
	ck_assert_int_eq(vm_create_realm(&vm), 0);
	ck_assert_int_eq(vm_populate(&vm, base, size - HOST_PAGE), 0);
	vm_check(&vm, base, size - HOST_PAGE, RMM_ASSIGNED, RMM_RAM);
	vm_check(&vm, base + size - HOST_PAGE, HOST_PAGE, RMM_UNASSIGNED, RMM_EMPTY);
	ck_assert_uint_eq(rmm_inspect_count(host.rmm, RMM_GRANULE_DATA), 3 * PAGE_GRANULES);
	ck_assert_int_eq(host_inspect().pgtable_pages, (int64_t)vm_tables(&vm));

	/* Over what is populated: again, and as RAM. */
	ck_assert_int_eq(vm_populate(&vm, base, HOST_PAGE), -ENXIO);
	ck_assert_int_eq(vm_init_ripas(&vm, base, size), -EINVAL);
	/* No slot; beyond it; not aligned; flags; wrap; nothing. */
	ck_assert_int_eq(vm_populate(&vm, base - HOST_PAGE, HOST_PAGE), -EFAULT);
	ck_assert_int_eq(vm_populate(&vm, base + size - HOST_PAGE, 2 * HOST_PAGE), -EINVAL);
	ck_assert_int_eq(vm_populate(&vm, base + 1, HOST_PAGE), -EINVAL);
	ck_assert_int_eq(vm_populate(&vm, base, HOST_PAGE - 1), -EINVAL);
	ck_assert_int_eq(vm_populate(&vm, -HOST_PAGE, 2 * HOST_PAGE), -EINVAL);
	ck_assert_int_eq(vm_populate(&vm, base, 0), 0);
	vm_check(&vm, base + size - HOST_PAGE, HOST_PAGE, RMM_UNASSIGNED, RMM_EMPTY);

	ck_assert_int_eq(vm_finalize(&vm, 0), 0);
	ck_assert_int_eq(vm_activate(&vm), 0);
	host.policy = VMM_RETURN;
	{
		struct kvm_device_attr attr = {
			.group = KVM_DEV_ARM_VGIC_GRP_CTRL,
			.attr = KVM_DEV_ARM_VGIC_CTRL_INIT,
		};

		ck_assert_int_eq(
			host_ioctl_struct(&host, vm.gic, KVM_SET_DEVICE_ATTR, &attr, sizeof(attr)),
			0);
	}
	for (ipa = base; ipa < base + size - HOST_PAGE; ipa += GRANULE)
		ck_assert_int_eq(VM_GUEST(&vm, {GUEST_EXPECT, ipa, GRANULE,
						.value = (uint8_t)(1 + (ipa - base) / GRANULE)}),
				 0);
	/* The last page is EMPTY: an access does not even reach the host. */
	{
		struct guest_op read = {GUEST_READ, base + size - HOST_PAGE, .size = HOST_PAGE};

		ck_assert_int_eq(vm_guest(&vm, &read, 1), 0);
		ck_assert_uint_eq(read.seas, PAGE_GRANULES);
	}
	host_stop(&host);
}
END_TEST

/* -- RIPAS, by the guest -- */

#define SLOT_SIZE (4 * BLOCK)

/*
 * Ranges in granules around the GiB edge in the middle of the slot. The guest's granularity is its own, not
 * the host's page size.
 */
static const struct {
	int64_t from, to;
} changes[] = {
	{0, 1},	  {-1, 1},	 {-512, 0},	{-513, 1}, {-515, 517}, {0, 512},  {1, 512},
	{0, 513}, {-1024, 1024}, {-1023, 1023}, {5, 6},	   {-16, 16},	{-17, 15}, {-512, 512},
};
#define NUM_CHANGES ((int)(sizeof(changes) / sizeof(changes[0])))

static uint64_t host_page_refs(struct host *host, uint64_t pa)
{
	return (uint64_t)host->port.frames[(pa - host->port.phys_base) / HOST_PAGE].refcount;
}

/*
 * RAM to EMPTY: all of the range is unmapped, undelegated and released and nothing else is, whatever the
 * edges. Back to RAM: tables as needed, nothing mapped before it is touched.
 */
START_TEST(test_guest_ripas)
{
	static uint64_t pas[SLOT_SIZE / GRANULE];
	const uint64_t slot = GIB - SLOT_SIZE / 2;
	const uint64_t base = GIB + (uint64_t)changes[_i].from * GRANULE;
	const uint64_t top = GIB + (uint64_t)changes[_i].to * GRANULE;
	struct host host;
	struct vm vm;
	uint64_t ipa, tables;

	host_start(&host, NULL);
	host.policy = VMM_IGNORE;
	vm_create(&host, &vm, 40);
	vm_slot(&vm, slot, SLOT_SIZE);
	vm_boot(&vm);

	/* 8 MiB aligned to blocks: one table for each GiB, both of 2 MiB entries. */
	ck_assert_uint_eq(vm_tables(&vm), 2);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, slot, SLOT_SIZE, .value = 0x5a}), 0);
	ck_assert_uint_eq(host.num_exits, 0);
	vm_check(&vm, slot, SLOT_SIZE, RMM_ASSIGNED, RMM_RAM);
	ck_assert_uint_eq(vm_tables(&vm), 2 + SLOT_SIZE / BLOCK);
	ck_assert_int_eq(host_inspect().pgtable_pages, (int64_t)vm_tables(&vm));
	for (ipa = slot; ipa < slot + SLOT_SIZE; ipa += GRANULE) {
		pas[(ipa - slot) / GRANULE] = vm_entry(&vm, ipa).pa;
		/* The page cache's, and one for the mapping, whatever the number of granules. */
		ck_assert_uint_eq(host_page_refs(&host, vm_entry(&vm, ipa).pa), 2);
	}

	host_calls_clear(&host);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_SET_RIPAS, base, top - base, .ripas = 0}), 0);
	ck_assert_uint_eq(host.num_exits, 1);
	ck_assert_int_eq(host.exits[0].ret, -EFAULT);
	ck_assert_uint_eq(host.exits[0].reason, KVM_EXIT_MEMORY_FAULT);
	ck_assert_uint_eq(host.exits[0].gpa, base);
	ck_assert_uint_eq(host.exits[0].size, top - base);
	ck_assert_uint_eq(host.exits[0].flags, 0);

	/* One table holds all of it and cannot fold: one attempt at each level. */
	if (base / BLOCK == (top - 1) / BLOCK && top - base < BLOCK)
		ck_assert_uint_eq(host_calls(&host, RMI_RTT_FOLD), 2);
	vm_check(&vm, slot, base - slot, RMM_ASSIGNED, RMM_RAM);
	vm_check(&vm, base, top - base, RMM_UNASSIGNED, RMM_EMPTY);
	vm_check(&vm, top, slot + SLOT_SIZE - top, RMM_ASSIGNED, RMM_RAM);
	ck_assert_uint_eq(host_calls(&host, RMI_DATA_DESTROY), (top - base) / GRANULE);
	ck_assert_uint_eq(host_calls(&host, RMI_DATA_CREATE_UNKNOWN), 0);
	for (ipa = slot; ipa < slot + SLOT_SIZE; ipa += GRANULE) {
		uint64_t pa = pas[(ipa - slot) / GRANULE];
		uint64_t page = ipa & ~(HOST_PAGE - 1);
		bool given = ipa >= base && ipa < top;
		bool whole = page >= base && page + HOST_PAGE <= top;
		struct rmm_granule_view view;

		ck_assert(rmm_inspect_granule(host.rmm, pa, &view));
		ck_assert_int_eq(view.state, given ? RMM_GRANULE_UNDELEGATED : RMM_GRANULE_DATA);
		ck_assert_uint_eq(host_page_refs(&host, pa), whole ? 1 : 2);
	}
	/* Tables of wholly empty blocks and GiBs have folded, and are accounted no longer. */
	tables = (slot < base) + (top < slot + SLOT_SIZE);
	for (ipa = slot; ipa < slot + SLOT_SIZE; ipa += BLOCK)
		tables += !(ipa >= base && ipa + BLOCK <= top);
	ck_assert_uint_eq(vm_tables(&vm), tables);
	ck_assert_int_eq(host_inspect().pgtable_pages, (int64_t)vm_tables(&vm));

	/* What the guest has kept it still has; what it gave away aborts within. */
	if (base > slot)
		ck_assert_int_eq(VM_GUEST(&vm, {GUEST_EXPECT, slot, base - slot, .value = 0x5a}),
				 0);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_EXPECT, top, slot + SLOT_SIZE - top, .value = 0x5a}),
			 0);
	{
		struct guest_op read = {GUEST_READ, base, .size = top - base};

		ck_assert_int_eq(vm_guest(&vm, &read, 1), 0);
		ck_assert_uint_eq(read.seas, (top - base) / GRANULE);
	}
	ck_assert_uint_eq(host.num_exits, 0);

	host_calls_clear(&host);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_SET_RIPAS, base, top - base, .ripas = 1}), 0);
	ck_assert_uint_eq(host.num_exits, 1);
	ck_assert_uint_eq(host.exits[0].gpa, base);
	ck_assert_uint_eq(host.exits[0].size, top - base);
	ck_assert_uint_eq(host.exits[0].flags, FLAG_PRIVATE);
	vm_check(&vm, base, top - base, RMM_UNASSIGNED, RMM_RAM);
	ck_assert_uint_eq(host_calls(&host, RMI_DATA_CREATE_UNKNOWN), 0);
	/* Each GiB is a table again if it had none left. */
	tables += !(slot < base) + !(top < slot + SLOT_SIZE);
	ck_assert_uint_eq(vm_tables(&vm), tables);

	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, base, top - base, .value = 0x33}), 0);
	vm_check(&vm, slot, SLOT_SIZE, RMM_ASSIGNED, RMM_RAM);
	for (ipa = slot; ipa < slot + SLOT_SIZE; ipa += GRANULE)
		ck_assert_uint_eq(host_page_refs(&host, vm_entry(&vm, ipa).pa), 2);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_EXPECT, base, top - base, .value = 0x33},
				  {GUEST_EXPECT, top, slot + SLOT_SIZE - top, .value = 0x5a}),
			 0);
	host_stop(&host);
}
END_TEST

/*
 * A change of memory that was never backed, over GiBs, with ends that need tables at every level and a cache
 * that never holds more than the minimum. Catches a cache that is drained, and a signal that loses the rest.
 */
void linux_cache_fill_set(bool only_min);

START_TEST(test_guest_ripas_sparse)
{
	static const struct {
		unsigned int width;
		uint64_t size;
		bool signals;
	} cases[] = {
		{34, 5 * GIB, false}, {34, 5 * GIB, true},    {40, 5 * GIB, false},
		{40, 5 * GIB, true},  {48, 5 * GIB, false},   {48, 5 * GIB, true},
		{34, GIB / 2, false}, {40, GIB / 2, false},   {48, GIB / 2, false},
		{40, BLOCK, false},   {48, 600 * GIB, false}, {40, 5 * GIB, true},
	};
	const unsigned int width = cases[_i].width;
	const uint64_t base = GIB - GRANULE, size = cases[_i].size + 2 * GRANULE;
	const bool signals = cases[_i].signals;
	struct host host;
	struct vm vm;

	host_start(&host, NULL);
	host.policy = VMM_IGNORE;
	vm_create(&host, &vm, width);
	/* With tables on the way each GiB is a round of its own. */
	if (_i == 11) {
		uint64_t at;

		ck_assert_int_eq(vm_create_realm(&vm), 0);
		for (at = GIB; at < 6 * GIB; at += GIB)
			ck_assert_int_eq(vm_init_ripas(&vm, at + BLOCK, HOST_PAGE), 0);
		vm_boot_created(&vm);
	} else {
		vm_boot(&vm);
	}
	linux_cache_fill_set(true);
	if (signals) {
		struct guest_op op = {GUEST_SET_RIPAS, base, size, .ripas = 1};
		unsigned int interrupted = 0;

		host.ops = &op;
		host.num_ops = 1;
		host.next_op = 0;
		ck_assert_int_eq(vm_run_once(&vm, 0), -EFAULT);
		/* A signal arrives while the change is made, again and again, until it is complete. */
		do {
			host_calls_clear(&host);
			host.fault_point = PORT_FAULT_SIGNAL;
			host.point_nth = 2;
			host.point_seen = 0;
			ck_assert_int_eq(vm_run_once(&vm, 0), -EINTR);
			host.fault_point = -1;
			interrupted++;
			ck_assert_uint_lt(interrupted, 20);
			ck_assert_uint_eq(host_calls(&host, RMI_REC_ENTER), 0);
		} while (host_calls(&host, RMI_RTT_SET_RIPAS));
		ck_assert_int_eq(vm_run_once(&vm, 0), -EINTR);
		ck_assert_uint_eq(host_calls(&host, RMI_RTT_SET_RIPAS), 0);
		ck_assert_uint_eq(op.done, size);
		ck_assert_uint_gt(interrupted, _i == 11 ? 6 : 2);
	} else {
		struct guest_op op = {GUEST_SET_RIPAS, base, size, .ripas = 1};

		host_calls_clear(&host);
		ck_assert_int_eq(vm_guest(&vm, &op, 1), 0);
		ck_assert_uint_eq(op.done, size);
		/* One request, so the change was completed before the guest ran again. */
		ck_assert_uint_eq(host_calls(&host, RMI_REC_ENTER), 2);
	}
	linux_cache_fill_set(false);
	vm_check(&vm, base, size, RMM_UNASSIGNED, RMM_RAM);
	if (_i != 11)
		ck_assert_uint_eq(vm_tables(&vm),
				  tables_needed(start_level(width), base, base + size));
	vm_check(&vm, base - GRANULE, GRANULE, RMM_UNASSIGNED, RMM_EMPTY);
	vm_check(&vm, base + size, GRANULE, RMM_UNASSIGNED, RMM_EMPTY);
	host_stop(&host);
}
END_TEST

/*
 * The whole protected half in one request needs no table, and gives the ones it has back. Catches a change
 * that is cut into pieces smaller than an entry.
 */
START_TEST(test_guest_ripas_everything)
{
	struct host host;
	struct vm vm;

	host_start(&host, NULL);
	host.policy = VMM_IGNORE;
	vm_create(&host, &vm, 48);
	vm_vcpu(&vm);
	vm_boot(&vm);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_SET_RIPAS, 0, 1ull << 47, .ripas = 1}), 0);
	ck_assert_uint_eq(vm_tables(&vm), 0);
	vm_check(&vm, 0, 1ull << 47, RMM_UNASSIGNED, RMM_RAM);
	host_stop(&host);
}
END_TEST

/* Pages that the VMM destroyed first: with consent they become EMPTY, without it the change stops there. */
START_TEST(test_guest_ripas_destroyed)
{
	const uint64_t base = GIB, size = 8 * HOST_PAGE;
	struct host host;
	struct vm vm;
	struct guest_op op;

	host_start(&host, NULL);
	host.policy = VMM_IGNORE;
	vm_create(&host, &vm, 40);
	vm_slot(&vm, base, size);
	vm_boot(&vm);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, base, size, .value = 1}), 0);

	ck_assert_int_eq(vm_attributes(&vm, base + 4 * HOST_PAGE, HOST_PAGE, false), 0);
	vm_check(&vm, base + 4 * HOST_PAGE, HOST_PAGE, RMM_UNASSIGNED, RMM_DESTROYED);
	op = (struct guest_op){GUEST_SET_RIPAS, base, size, .ripas = 0, .keep_destroyed = true};
	host_calls_clear(&host);
	ck_assert_int_eq(vm_guest(&vm, &op, 1), 0);
	/* The guest sees where it stopped, and that the host has not refused. */
	ck_assert_uint_eq(op.done, 4 * HOST_PAGE);
	ck_assert_uint_eq(op.response, 0);
	vm_check(&vm, base, 4 * HOST_PAGE, RMM_UNASSIGNED, RMM_EMPTY);
	vm_check(&vm, base + 4 * HOST_PAGE, HOST_PAGE, RMM_UNASSIGNED, RMM_DESTROYED);
	vm_check(&vm, base + 5 * HOST_PAGE, 3 * HOST_PAGE, RMM_ASSIGNED, RMM_RAM);
	ck_assert_uint_eq(host_calls(&host, RMI_DATA_DESTROY), 4 * PAGE_GRANULES);

	op = (struct guest_op){GUEST_SET_RIPAS, base + 4 * HOST_PAGE, 4 * HOST_PAGE, .ripas = 0};
	ck_assert_int_eq(vm_guest(&vm, &op, 1), 0);
	ck_assert_uint_eq(op.done, 4 * HOST_PAGE);
	vm_check(&vm, base, size, RMM_UNASSIGNED, RMM_EMPTY);
	host_stop(&host);
}
END_TEST

/*
 * A change that the RMM stops is not tried again when KVM_RUN is interrupted before the guest could see how far
 * it came.
 */
START_TEST(test_guest_ripas_stopped)
{
	const uint64_t base = GIB, size = 4 * HOST_PAGE;
	struct guest_op op = {GUEST_SET_RIPAS, base, size, .ripas = 1, .keep_destroyed = true};
	struct host host;
	struct vm vm;

	host_start(&host, NULL);
	vm_create(&host, &vm, 40);
	vm_slot(&vm, base, size);
	vm_boot(&vm);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, base, size, .value = 1}), 0);
	ck_assert_int_eq(vm_punch(&vm, base + HOST_PAGE, HOST_PAGE), 0);

	host.ops = &op;
	host.num_ops = 1;
	host.next_op = 0;
	ck_assert_int_eq(vm_run_once(&vm, 0), -EFAULT);
	host_calls_clear(&host);
	host.fault_point = PORT_FAULT_SIGNAL;
	host.point_seen = 0;
	host.point_nth = 2;
	ck_assert_int_eq(vm_run_once(&vm, 0), -EINTR);
	host.fault_point = -1;
	ck_assert_uint_eq(host_calls(&host, RMI_REC_ENTER), 0);
	ck_assert_uint_gt(host_calls(&host, RMI_RTT_SET_RIPAS), 0);

	host_calls_clear(&host);
	/* The guest asks once more from where it stopped, and gives up. */
	ck_assert_int_eq(vm_run_once(&vm, 0), -EFAULT);
	ck_assert_uint_eq(host_calls(&host, RMI_RTT_SET_RIPAS), 0);
	ck_assert_uint_eq(op.done, HOST_PAGE);
	ck_assert_int_eq(vm_run_once(&vm, 0), -EINTR);
	ck_assert_uint_eq(host.next_op, 1);
	ck_assert_uint_eq(op.done, HOST_PAGE);
	host_stop(&host);
}
END_TEST

/* Giving back what is hardly backed costs what is there, not what could be. */
START_TEST(test_guest_ripas_thin)
{
	const uint64_t base = GIB, size = SLOT_SIZE;
	struct host host;
	struct vm vm;

	host_start(&host, NULL);
	host.policy = VMM_IGNORE;
	vm_create(&host, &vm, 40);
	vm_slot(&vm, base, size);
	vm_boot(&vm);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, base + 3 * HOST_PAGE, GRANULE, .value = 1},
				  {GUEST_WRITE, base + size - 4 * HOST_PAGE, GRANULE, .value = 1}),
			 0);
	host_calls_clear(&host);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_SET_RIPAS, base, size, .ripas = 0}), 0);
	vm_check(&vm, base, size, RMM_UNASSIGNED, RMM_EMPTY);
	/* Each mapped granule once, and a step at the start of each of the two tables and over what has none. */
	ck_assert_uint_eq(host_calls(&host, RMI_DATA_DESTROY), 2 * PAGE_GRANULES + 3);
	host_stop(&host);
}
END_TEST

/* A page that was destroyed under the guest and mapped again faults for ever: the VMM is told, once. */
START_TEST(test_guest_destroyed_fault)
{
	const uint64_t base = GIB, size = 2 * HOST_PAGE;
	struct host host;
	struct vm vm;

	host_start(&host, NULL);
	host.policy = VMM_RETURN;
	vm_create(&host, &vm, 40);
	vm_slot(&vm, base, size);
	vm_boot(&vm);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, base, size, .value = 1}), 0);
	ck_assert_int_eq(vm_punch(&vm, base, HOST_PAGE), 0);
	vm_check(&vm, base, HOST_PAGE, RMM_UNASSIGNED, RMM_DESTROYED);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_READ, base, .size = GRANULE}), -EFAULT);
	ck_assert_uint_eq(host.num_exits, 1);
	ck_assert_uint_eq(host.exits[0].reason, KVM_EXIT_MEMORY_FAULT);
	ck_assert_uint_eq(host.exits[0].gpa, base);
	ck_assert_uint_eq(host.exits[0].size, HOST_PAGE);
	ck_assert_uint_eq(host.exits[0].flags, FLAG_PRIVATE);
	vm_check(&vm, base, HOST_PAGE, RMM_ASSIGNED, RMM_DESTROYED);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_EXPECT, base + HOST_PAGE, HOST_PAGE, .value = 1}), 0);
	host_stop(&host);
}
END_TEST

/* Part of a host page given away before any of it was backed stays unbacked when the rest is faulted in. */
START_TEST(test_guest_partial_page)
{
	const uint64_t base = GIB, size = 2 * HOST_PAGE;
	struct host host;
	struct vm vm;
	uint64_t i;

	host_start(&host, NULL);
	host.policy = VMM_IGNORE;
	vm_create(&host, &vm, 40);
	vm_slot(&vm, base, size);
	vm_boot(&vm);
	for (i = 1; i < PAGE_GRANULES; i += 2)
		ck_assert_int_eq(
			VM_GUEST(&vm, {GUEST_SET_RIPAS, base + i * GRANULE, GRANULE, .ripas = 0}),
			0);
	/* The first access backs what is RAM of the page. */
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, base, GRANULE, .value = 9}), 0);
	for (i = 0; i < PAGE_GRANULES; i++)
		vm_check(&vm, base + i * GRANULE, GRANULE, i % 2 ? RMM_UNASSIGNED : RMM_ASSIGNED,
			 i % 2 ? RMM_EMPTY : RMM_RAM);
	for (i = 2; i < PAGE_GRANULES; i += 2)
		ck_assert_int_eq(
			VM_GUEST(&vm, {GUEST_WRITE, base + i * GRANULE, GRANULE, .value = 9}), 0);
	/* Taken back one after the other: each faults in alone, and the page keeps its one reference. */
	for (i = 1; i < PAGE_GRANULES; i += 2) {
		ck_assert_int_eq(
			VM_GUEST(&vm, {GUEST_SET_RIPAS, base + i * GRANULE, GRANULE, .ripas = 1},
				 {GUEST_WRITE, base + i * GRANULE, GRANULE, .value = 9}),
			0);
		ck_assert_uint_eq(host_page_refs(&host, vm_entry(&vm, base).pa), 2);
	}
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_EXPECT, base, HOST_PAGE, .value = 9}), 0);
	/* And given away one after the other: the last one brings the page back. */
	{
		uint64_t pa = vm_entry(&vm, base).pa;

		for (i = 0; i < PAGE_GRANULES; i++) {
			ck_assert_uint_eq(host_page_refs(&host, pa), 2);
			ck_assert_int_eq(VM_GUEST(&vm, {GUEST_SET_RIPAS, base + i * GRANULE,
							GRANULE, .ripas = 0}),
					 0);
		}
		ck_assert_uint_eq(host_page_refs(&host, pa), 1);
	}
	host_stop(&host);
}
END_TEST

/* -- unmapping -- */

/* Each cause takes what its filter says: of the private and of the shared alias, and nothing beside it. */
START_TEST(test_unmap_filters)
{
	enum { TO_SHARED, TO_PRIVATE, MUNMAP, PUNCH, DELETE, NUM_CAUSES };
	const uint64_t base = GIB - 4 * HOST_PAGE, size = 8 * HOST_PAGE;
	const uint64_t shared = 1ull << 39;
	int cause;

	for (cause = TO_SHARED; cause < NUM_CAUSES; cause++) {
		/* The part that is hit crosses the GiB. */
		const uint64_t hit = base + 2 * HOST_PAGE, hit_size = 3 * HOST_PAGE;
		struct rmm_entry_view private_entry, shared_entry;
		struct host host;
		struct vm vm;
		bool private_gone, shared_gone;

		host_start(&host, NULL);
		host.policy = VMM_RETURN;
		vm_create(&host, &vm, 40);
		vm_slot(&vm, base, size);
		vm_boot(&vm);
		/* Both aliases at once: first the private one, then the attribute says shared. */
		ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, base, size, .value = 1}), 0);
		if (cause != TO_SHARED) {
			/* The attribute takes the private alias away, so map it after the shared one. */
			ck_assert_int_eq(vm_attributes(&vm, base, size, false), 0);
			ck_assert_int_eq(
				VM_GUEST(&vm, {GUEST_WRITE, shared | base, size, .value = 2}), 0);
			vm_check(&vm, shared | base, size, RMM_ASSIGNED_NS, RMM_RIPAS_NONE);
			vm_check(&vm, base, size, RMM_UNASSIGNED, RMM_DESTROYED);
		}
		if (cause == TO_PRIVATE || cause == PUNCH) {
			uint8_t value;

			ck_assert_int_eq(kvm_build.user_read((int32_t)host.tid, vm_user(&vm, hit),
							     &value, 1),
					 1);
			ck_assert_uint_eq(value, 2);
		}
		host_calls_clear(&host);
		switch (cause) {
		case TO_SHARED:
			ck_assert_int_eq(vm_attributes(&vm, hit, hit_size, false), 0);
			break;
		case TO_PRIVATE:
			ck_assert_int_eq(vm_attributes(&vm, hit, hit_size, true), 0);
			break;
		case MUNMAP:
			ck_assert_int_eq(kvm_build.sys_munmap((int32_t)host.tid, vm_user(&vm, hit),
							      hit_size),
					 0);
			break;
		case PUNCH:
			ck_assert_int_eq(vm_punch(&vm, hit, hit_size), 0);
			break;
		case DELETE:
			ck_assert_int_eq(vm_delete_slot(&vm, 0), 0);
			break;
		}
		private_entry = vm_entry(&vm, hit);
		shared_entry = vm_entry(&vm, shared | hit);
		private_gone = cause == TO_SHARED;
		/* In a Realm the unmap of private memory takes the shared alias too. */
		shared_gone = cause != TO_SHARED;
		if (private_gone) {
			vm_check(&vm, hit, hit_size, RMM_UNASSIGNED, RMM_DESTROYED);
			vm_check(&vm, base, hit - base, RMM_ASSIGNED, RMM_RAM);
			vm_check(&vm, hit + hit_size, base + size - hit - hit_size, RMM_ASSIGNED,
				 RMM_RAM);
			ck_assert_uint_eq(host_calls(&host, RMI_DATA_DESTROY), hit_size / GRANULE);
		} else {
			ck_assert_int_eq(private_entry.hipas, RMM_UNASSIGNED);
		}
		if (shared_gone) {
			ck_assert_int_eq(shared_entry.hipas, RMM_UNASSIGNED_NS);
			if (cause != DELETE) {
				vm_check(&vm, shared | hit, hit_size, RMM_UNASSIGNED_NS,
					 RMM_RIPAS_NONE);
				vm_check(&vm, shared | base, hit - base, RMM_ASSIGNED_NS,
					 RMM_RIPAS_NONE);
				vm_check(&vm, (shared | hit) + hit_size,
					 base + size - hit - hit_size, RMM_ASSIGNED_NS,
					 RMM_RIPAS_NONE);
			}
		}
		if (cause == TO_PRIVATE || cause == MUNMAP)
			ck_assert_uint_eq(host_calls(&host, RMI_DATA_DESTROY), 0);
		if (cause == DELETE)
			ck_assert_int_eq(host_inspect().pgtable_pages, (int64_t)vm_tables(&vm));
		host_stop(&host);
	}
}
END_TEST

/* What only the hva notifier hits leaves private memory alone, even where both aliases exist. */
START_TEST(test_munmap_keeps_private)
{
	const uint64_t base = GIB, size = 4 * HOST_PAGE;
	struct host host;
	struct vm vm;

	host_start(&host, NULL);
	host.policy = VMM_RETURN;
	vm_create(&host, &vm, 40);
	vm_slot(&vm, base, size);
	vm_boot(&vm);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, base, size, .value = 1}), 0);
	ck_assert_int_eq(kvm_build.sys_munmap((int32_t)host.tid, vm_user(&vm, base), size), 0);
	vm_check(&vm, base, size, RMM_ASSIGNED, RMM_RAM);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_EXPECT, base, size, .value = 1}), 0);
	host_stop(&host);
}
END_TEST

/* An access that is not as the attribute says is the VMM's business: where, how much, and which half. */
START_TEST(test_attribute_mismatch)
{
	const uint64_t base = GIB, size = 4 * HOST_PAGE, shared = 1ull << 39;
	struct host host;
	struct vm vm;

	host_start(&host, NULL);
	host.policy = VMM_RETURN;
	vm_create(&host, &vm, 40);
	vm_slot(&vm, base, size);
	vm_boot(&vm);
	ck_assert_int_eq(
		VM_GUEST(&vm, {GUEST_WRITE, (shared | base) + HOST_PAGE + 8, GRANULE, .value = 1}),
		-EFAULT);
	ck_assert_uint_eq(host.num_exits, 1);
	ck_assert_uint_eq(host.exits[0].reason, KVM_EXIT_MEMORY_FAULT);
	ck_assert_uint_eq(host.exits[0].gpa, base + HOST_PAGE);
	ck_assert_uint_eq(host.exits[0].size, HOST_PAGE);
	ck_assert_uint_eq(host.exits[0].flags, 0);
	ck_assert_int_eq(vm_attributes(&vm, base, size, false), 0);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, base + HOST_PAGE + 8, GRANULE, .value = 1}),
			 -EFAULT);
	ck_assert_uint_eq(host.num_exits, 1);
	ck_assert_uint_eq(host.exits[0].reason, KVM_EXIT_MEMORY_FAULT);
	ck_assert_uint_eq(host.exits[0].gpa, base + HOST_PAGE);
	ck_assert_uint_eq(host.exits[0].size, HOST_PAGE);
	ck_assert_uint_eq(host.exits[0].flags, FLAG_PRIVATE);
	ck_assert_uint_eq(rmm_inspect_count(host.rmm, RMM_GRANULE_DATA), 0);
	host_stop(&host);
}
END_TEST

/*
 * Accesses that no slot backs. A protected one is the VMM's business; a shared one is a device's, whose
 * address it gets without the shared bit.
 */
START_TEST(test_no_slot)
{
	const uint64_t shared = 1ull << 39, device = 0x9000008;
	struct guest_op read = {GUEST_READ, shared | device, .size = 2 * GRANULE};
	struct host host;
	struct kvm_run run;
	struct vm vm;
	int i;

	host_start(&host, NULL);
	host.policy = VMM_RETURN;
	vm_create(&host, &vm, 40);
	vm_slot(&vm, GIB, HOST_PAGE);
	vm_boot(&vm);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_SET_RIPAS, 2 * GIB, HOST_PAGE, .ripas = 1}), -EFAULT);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_READ, 2 * GIB + 4, .size = GRANULE}), -EFAULT);
	ck_assert_uint_eq(host.exits[0].reason, KVM_EXIT_MEMORY_FAULT);
	ck_assert_uint_eq(host.exits[0].gpa, 2 * GIB);
	ck_assert_uint_eq(host.exits[0].size, HOST_PAGE);
	ck_assert_uint_eq(host.exits[0].flags, FLAG_PRIVATE);

	host.ops = &read;
	host.num_ops = 1;
	host.next_op = 0;
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(vm_run_once(&vm, 0), 0);
		ck_assert_int_eq(
			kvm_build.user_read((int32_t)host.tid, vm.runs[0], &run, sizeof(run)),
			(int64_t)sizeof(run));
		ck_assert_uint_eq(run.exit_reason, KVM_EXIT_MMIO);
		ck_assert_uint_eq(run.mmio.phys_addr, device + (uint64_t)i * GRANULE);
		ck_assert_uint_eq(run.mmio.is_write, 0);
	}
	ck_assert_int_eq(vm_run_once(&vm, 0), -EINTR);
	ck_assert_uint_eq(read.done, 2 * GRANULE);
	/* What was emulated once is not held against the next entries. */
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, GIB, HOST_PAGE, .value = 1}), 0);
	host_stop(&host);
}
END_TEST

/* A REC that cannot be entered: because another vCPU switched the Realm off, or for no good reason. */
START_TEST(test_rec_enter_refused)
{
	struct host host;
	struct kvm_run run;
	struct vm vm;

	host_start(&host, NULL);
	vm_create(&host, &vm, 40);
	vm_slot(&vm, GIB, HOST_PAGE);
	vm_boot(&vm);
	host.fault_fid = RMI_REC_ENTER;
	host.fault_nth = 1;
	host.fault_x0 = RMI_RETURN_CODE(RMI_ERROR_REALM, 1);
	ck_assert_int_eq(vm_run_once(&vm, 0), 0);
	ck_assert_int_eq(kvm_build.user_read((int32_t)host.tid, vm.runs[0], &run, sizeof(run)),
			 (int64_t)sizeof(run));
	ck_assert_uint_eq(run.exit_reason, KVM_EXIT_SHUTDOWN);
	host.fault_seen = 0;
	host.fault_x0 = RMI_RETURN_CODE(RMI_ERROR_REALM, 0);
	ck_assert_int_eq(vm_run_once(&vm, 0), -ENXIO);
	host.fault_seen = 0;
	host.fault_x0 = RMI_ERROR_REC;
	ck_assert_int_eq(vm_run_once(&vm, 0), -ENXIO);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, GIB, HOST_PAGE, .value = 1}), 0);
	host_stop(&host);
}
END_TEST

/* Sharing and taking back, as Linux does it, with data going both ways. */
START_TEST(test_share)
{
	const uint64_t base = GIB, size = 4 * HOST_PAGE, shared = 1ull << 39;
	struct host host;
	struct vm vm;
	uint8_t value = 0x42;
	int round;

	host_start(&host, NULL);
	vm_create(&host, &vm, 40);
	vm_slot(&vm, base, size);
	vm_boot(&vm);
	for (round = 0; round < 3; round++) {
		ck_assert_int_eq(
			VM_GUEST(&vm, {GUEST_WRITE, base, size, .value = 1},
				 {GUEST_SET_RIPAS, base + HOST_PAGE, HOST_PAGE, .ripas = 0},
				 {GUEST_WRITE, (shared | base) + HOST_PAGE, HOST_PAGE, .value = 2}),
			0);
		ck_assert_int_eq(kvm_build.user_read((int32_t)host.tid,
						     vm_user(&vm, base + HOST_PAGE), &value, 1),
				 1);
		ck_assert_uint_eq(value, 2);
		value = 0x42;
		ck_assert_int_eq(kvm_build.user_write((int32_t)host.tid,
						      vm_user(&vm, base + HOST_PAGE), &value, 1),
				 1);
		ck_assert_int_eq(
			VM_GUEST(
				&vm,
				{GUEST_EXPECT, (shared | base) + HOST_PAGE, GRANULE, .value = 0x42},
				{GUEST_SET_RIPAS, base + HOST_PAGE, HOST_PAGE, .ripas = 1},
				{GUEST_WRITE, base + HOST_PAGE, HOST_PAGE, .value = 3},
				{GUEST_EXPECT, base, HOST_PAGE, .value = 1},
				{GUEST_EXPECT, base + HOST_PAGE, HOST_PAGE, .value = 3}),
			0);
		vm_check(&vm, (shared | base) + HOST_PAGE, HOST_PAGE, RMM_UNASSIGNED_NS,
			 RMM_RIPAS_NONE);
	}
	host_stop(&host);
}
END_TEST

/* A slot that reaches beyond the protected half: what is beyond is nobody's. */
START_TEST(test_unmap_top)
{
	const uint64_t half = 1ull << 39;
	struct host host;
	struct vm vm;

	host_start(&host, NULL);
	host.policy = VMM_RETURN;
	vm_create(&host, &vm, 40);
	vm_slot(&vm, half - 2 * HOST_PAGE, 4 * HOST_PAGE);
	ck_assert_int_eq(vm_create_realm(&vm), 0);
	ck_assert_int_eq(vm_populate(&vm, half - 2 * HOST_PAGE, 2 * HOST_PAGE), 0);
	vm_check(&vm, half - 2 * HOST_PAGE, 2 * HOST_PAGE, RMM_ASSIGNED, RMM_RAM);
	ck_assert_int_eq(vm_attributes(&vm, half - HOST_PAGE, 2 * HOST_PAGE, false), 0);
	vm_check(&vm, half - 2 * HOST_PAGE, HOST_PAGE, RMM_ASSIGNED, RMM_RAM);
	vm_check(&vm, half - HOST_PAGE, HOST_PAGE, RMM_UNASSIGNED, RMM_DESTROYED);
	ck_assert_int_eq(vm_delete_slot(&vm, 0), 0);
	vm_check(&vm, half - 2 * HOST_PAGE, 2 * HOST_PAGE, RMM_UNASSIGNED, RMM_DESTROYED);
	host_stop(&host);
}
END_TEST

/* -- somebody else in between -- */

#define RACE_BASE GIB

static void race_to_shared(struct vm *vm)
{
	ck_assert_int_eq(vm_attributes(vm, RACE_BASE, HOST_PAGE, false), 0);
}

static void race_to_shared_and_back(struct vm *vm)
{
	ck_assert_int_eq(vm_attributes(vm, RACE_BASE, HOST_PAGE, false), 0);
	ck_assert_int_eq(vm_attributes(vm, RACE_BASE, HOST_PAGE, true), 0);
}

static void race_punch(struct vm *vm)
{
	ck_assert_int_eq(vm_punch(vm, RACE_BASE, HOST_PAGE), 0);
}

static void race_munmap(struct vm *vm)
{
	ck_assert_int_eq(
		kvm_build.sys_munmap((int32_t)vm->host->tid, vm_user(vm, RACE_BASE), HOST_PAGE), 0);
}

/*
 * What is mapped privately is in the guest_memfd, if anything may be; and shared memory that is gone is not
 * mapped.
 */
static void race_check(struct vm *vm, bool may_be_private, bool may_be_shared)
{
	const uint64_t shared = 1ull << 39;
	struct rmm_entry_view entry = vm_entry(vm, RACE_BASE);

	ck_assert(entry.hipas == RMM_UNASSIGNED || may_be_private);
	/* The page cache's reference and the mapping's. */
	if (entry.hipas == RMM_ASSIGNED)
		ck_assert_uint_eq(host_page_refs(vm->host, entry.pa), 2);
	ck_assert(vm_entry(vm, shared | RACE_BASE).hipas == RMM_UNASSIGNED_NS || may_be_shared);
}

/*
 * At each taking of mmu_lock within a fault, or within populating, the VMM's other thread takes the memory away
 * first. Catches a fault that maps what it looked at before.
 */
START_TEST(test_race)
{
	static const struct {
		void (*race)(struct vm *vm);
		bool shared_after, shared_fault, populate;
	} cases[] = {
		{race_to_shared, true, false, false},
		{race_to_shared_and_back, false, false, false},
		{race_punch, false, false, false},
		{race_munmap, true, true, false},
		{race_punch, false, false, true},
		{race_munmap, false, false, true},
	};
	const uint64_t shared = 1ull << 39;
	uint64_t n;

	for (n = 1; n < 20; n++) {
		struct guest_op op = {GUEST_WRITE, RACE_BASE, .size = HOST_PAGE, .value = 1};
		struct host host;
		struct vm vm;
		bool raced;

		host_start(&host, NULL);
		host.policy = VMM_RETURN;
		vm_create(&host, &vm, 40);
		vm_slot(&vm, RACE_BASE, 2 * HOST_PAGE);
		if (!cases[_i].populate)
			vm_boot(&vm);
		else
			ck_assert_int_eq(vm_create_realm(&vm), 0);
		if (cases[_i].shared_fault) {
			ck_assert_int_eq(vm_attributes(&vm, RACE_BASE, HOST_PAGE, false), 0);
			op.ipa |= shared;
		}
		host.race_tid = kvm_build.thread_create((int32_t)host.tid);
		ck_assert_int_gt(host.race_tid, 0);
		host.race_lock = "mmu_lock";
		host.race_nth = n;
		host.race_vm = &vm;
		host.race = cases[_i].race;
		if (cases[_i].populate)
			vm_populate(&vm, RACE_BASE, HOST_PAGE);
		else
			vm_guest(&vm, &op, 1);
		host.race = NULL;
		raced = host.race_seen >= n;
		race_check(&vm, !cases[_i].shared_fault && !(cases[_i].shared_after && raced),
			   cases[_i].shared_fault && !raced);
		host_stop(&host);
		if (!raced)
			break;
	}
	ck_assert_uint_gt(n, 1);
}
END_TEST

/* Tables that only shared memory needed come back when it is taken away, whoever takes it. */
START_TEST(test_shared_tables)
{
	const uint64_t base = GIB - BLOCK, size = 2 * BLOCK, shared = 1ull << 39;
	struct host host;
	struct vm vm;
	uint64_t tables;
	int cause;

	for (cause = 0; cause < 3; cause++) {
		host_start(&host, NULL);
		host.policy = VMM_RETURN;
		vm_create(&host, &vm, 40);
		vm_slot(&vm, base, size);
		vm_boot(&vm);
		tables = vm_tables(&vm);
		ck_assert_int_eq(vm_attributes(&vm, base, size, false), 0);
		ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, shared | base, size, .value = 1}), 0);
		/* A table of blocks and one of pages on either side of the GiB. */
		ck_assert_uint_eq(vm_tables(&vm), tables + 4);
		host_calls_clear(&host);
		if (cause == 0)
			ck_assert_int_eq(vm_attributes(&vm, base, size, true), 0);
		else if (cause == 1)
			ck_assert_int_eq(
				kvm_build.sys_munmap((int32_t)host.tid, vm_user(&vm, base), size),
				0);
		else
			ck_assert_int_eq(vm_punch(&vm, base, size), 0);
		ck_assert_uint_eq(vm_tables(&vm), tables);
		ck_assert_int_eq(host_inspect().pgtable_pages, (int64_t)tables);
		ck_assert_uint_le(host_calls(&host, RMI_RTT_UNMAP_UNPROTECTED), size / GRANULE + 8);
		host_stop(&host);
	}
}
END_TEST

/* -- blocks -- */

/*
 * With block mappings a fault brings 2 MiB. Giving part of it away costs one table, which comes back when the
 * rest is given away or at the end; each host page of the block has its own reference.
 */
START_TEST(test_block)
{
	const struct host_options options = {.block_mappings = true, .gmem_huge = true};
	const uint64_t base = 4 * BLOCK, size = 2 * BLOCK;
	struct host host;
	struct vm vm;
	uint64_t pa, at, tables;

	host_start(&host, &options);
	host.policy = VMM_IGNORE;
	vm_create(&host, &vm, 40);
	vm_slot(&vm, base, size);
	vm_boot(&vm);
	tables = vm_tables(&vm);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, base + 5 * GRANULE, GRANULE, .value = 1}), 0);
	ck_assert_int_eq(vm_entry(&vm, base).level, 2);
	vm_check(&vm, base, BLOCK, RMM_ASSIGNED, RMM_RAM);
	vm_check(&vm, base + BLOCK, BLOCK, RMM_UNASSIGNED, RMM_RAM);
	ck_assert_uint_eq(vm_tables(&vm), tables);
	ck_assert_int_eq(host_inspect().pgtable_pages, (int64_t)tables);
	pa = vm_entry(&vm, base).pa;
	for (at = 0; at < BLOCK; at += HOST_PAGE)
		ck_assert_uint_eq(host_page_refs(&host, pa + at), 2);

	host_calls_clear(&host);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_SET_RIPAS, base + BLOCK / 2, HOST_PAGE, .ripas = 0}),
			 0);
	ck_assert_uint_eq(host_calls(&host, RMI_RTT_CREATE), 1);
	ck_assert_uint_eq(vm_tables(&vm), tables + 1);
	ck_assert_int_eq(host_inspect().pgtable_pages, (int64_t)tables + 1);
	vm_check(&vm, base, BLOCK / 2, RMM_ASSIGNED, RMM_RAM);
	vm_check(&vm, base + BLOCK / 2, HOST_PAGE, RMM_UNASSIGNED, RMM_EMPTY);
	vm_check(&vm, base + BLOCK / 2 + HOST_PAGE, BLOCK / 2 - HOST_PAGE, RMM_ASSIGNED, RMM_RAM);
	for (at = 0; at < BLOCK; at += HOST_PAGE)
		ck_assert_uint_eq(host_page_refs(&host, pa + at), at == BLOCK / 2 ? 1 : 2);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_EXPECT, base + 5 * GRANULE, GRANULE, .value = 1}), 0);

	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_SET_RIPAS, base, BLOCK, .ripas = 0}), 0);
	vm_check(&vm, base, BLOCK, RMM_UNASSIGNED, RMM_EMPTY);
	ck_assert_uint_eq(vm_tables(&vm), tables);
	ck_assert_int_eq(host_inspect().pgtable_pages, (int64_t)tables);
	for (at = 0; at < BLOCK; at += HOST_PAGE)
		ck_assert_uint_eq(host_page_refs(&host, pa + at), 1);

	/* A whole block goes in one piece from the guest's view: unfolded, emptied, folded. */
	ck_assert_int_eq(
		VM_GUEST(&vm, {GUEST_WRITE, base + 2 * BLOCK - GRANULE, GRANULE, .value = 1}), 0);
	ck_assert_int_eq(vm_entry(&vm, base + BLOCK).level, 2);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_SET_RIPAS, base + BLOCK, BLOCK, .ripas = 0}), 0);
	vm_check(&vm, base, 2 * BLOCK, RMM_UNASSIGNED, RMM_EMPTY);
	ck_assert_int_eq(host_inspect().pgtable_pages, (int64_t)vm_tables(&vm));

	/* And one is left mapped for the end. */
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_SET_RIPAS, base, BLOCK, .ripas = 1},
				  {GUEST_WRITE, base, GRANULE, .value = 1}),
			 0);
	ck_assert_int_eq(vm_entry(&vm, base).level, 2);
	host_stop(&host);
}
END_TEST

/* A block that is not all RAM, or not all private, is mapped page by page. */
START_TEST(test_block_refused)
{
	const struct host_options options = {.block_mappings = true, .gmem_huge = true};
	const uint64_t base = 4 * BLOCK, size = 2 * BLOCK;
	struct host host;
	struct vm vm;

	host_start(&host, &options);
	host.policy = VMM_IGNORE;
	vm_create(&host, &vm, 40);
	vm_slot(&vm, base, size);
	vm_boot(&vm);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_SET_RIPAS, base + HOST_PAGE, HOST_PAGE, .ripas = 0},
				  {GUEST_WRITE, base, GRANULE, .value = 1}),
			 0);
	vm_check(&vm, base, HOST_PAGE, RMM_ASSIGNED, RMM_RAM);
	vm_check(&vm, base + HOST_PAGE, HOST_PAGE, RMM_UNASSIGNED, RMM_EMPTY);
	vm_check(&vm, base + 2 * HOST_PAGE, BLOCK - 2 * HOST_PAGE, RMM_UNASSIGNED, RMM_RAM);
	ck_assert_int_eq(vm_attributes(&vm, base + BLOCK, HOST_PAGE, false), 0);
	ck_assert_int_eq(
		VM_GUEST(&vm, {GUEST_WRITE, base + BLOCK + HOST_PAGE, GRANULE, .value = 1}), 0);
	vm_check(&vm, base + BLOCK + HOST_PAGE, HOST_PAGE, RMM_ASSIGNED, RMM_RAM);
	vm_check(&vm, base + BLOCK + 2 * HOST_PAGE, BLOCK - 2 * HOST_PAGE, RMM_UNASSIGNED, RMM_RAM);
	host_stop(&host);
}
END_TEST

/*
 * Without memory for the table a block cannot be given back: it stays, the rest goes, nothing warns, and the
 * end of the VM tries again.
 */
START_TEST(test_block_no_memory)
{
	const struct host_options options = {.block_mappings = true, .gmem_huge = true};
	const uint64_t base = 4 * BLOCK, size = 2 * BLOCK;
	struct host host;
	struct vm vm;

	host_start(&host, &options);
	host.policy = VMM_IGNORE;
	vm_create(&host, &vm, 40);
	vm_slot(&vm, base, size);
	vm_boot(&vm);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, base, GRANULE, .value = 1},
				  {GUEST_WRITE, base + BLOCK, GRANULE, .value = 1}),
			 0);
	host.fault_point = PORT_FAULT_PAGE_ZALLOC;
	host.point_nth = 1;
	ck_assert_int_eq(vm_attributes(&vm, base, size, false), 0);
	ck_assert(host.fault_fired);
	host.fault_point = -1;
	vm_check(&vm, base, BLOCK, RMM_ASSIGNED, RMM_RAM);
	ck_assert_int_eq(vm_entry(&vm, base).level, 2);
	vm_check(&vm, base + BLOCK, BLOCK, RMM_UNASSIGNED, RMM_DESTROYED);
	host_stop(&host);

	/* It fails at the end of the VM only. */
	host_start(&host, &options);
	vm_create(&host, &vm, 40);
	vm_slot(&vm, base, size);
	vm_boot(&vm);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, base, GRANULE, .value = 1}), 0);
	host.fault_point = PORT_FAULT_PAGE_ZALLOC;
	host.point_seen = 0;
	host.point_nth = 1;
	host.fault_fired = false;
	kvm_build.process_exit((int32_t)host.tid);
	host.tid = 0;
	ck_assert(host.fault_fired);
	host_stop(&host);
}
END_TEST

/* An RMI call from outside the host: what another version of it might have done. */
static uint64_t by_hand(struct host *host, uint64_t fid, uint64_t x1, uint64_t x2, uint64_t x3,
			uint64_t x4)
{
	struct rmm_regs regs = {.x = {fid, x1, x2, x3, x4}};

	rmm_smc(host->rmm, &regs);
	return regs.x[0];
}

/*
 * Shared memory that a larger entry maps: to unmap a page of it the entry is split, once for each level, and
 * all else stays; without memory for that the whole entry goes, since the page is not the guest's any more.
 */
START_TEST(test_shared_block)
{
	const uint64_t shared = 1ull << 39, page = 0x40000000ull - 3 * HOST_PAGE;
	const uint64_t rw = 0xd8;
	int level, starved;

	for (level = 1; level <= 2; level++) {
		for (starved = 0; starved <= 1; starved++) {
			const uint64_t size = entry_size(level);
			const uint64_t block = page & ~(size - 1);
			struct host host;
			struct vm vm;
			uint64_t tables;

			host_start(&host, NULL);
			host.policy = VMM_RETURN;
			vm_create(&host, &vm, 40);
			vm_slot(&vm, page, HOST_PAGE);
			vm_slot(&vm, page - 2 * BLOCK, HOST_PAGE);
			vm_boot(&vm);
			if (level == 2) {
				/* A neighbour, so that there is a table for entries of this size. */
				ck_assert_int_eq(
					vm_attributes(&vm, page - 2 * BLOCK, HOST_PAGE, false), 0);
				ck_assert_int_eq(
					VM_GUEST(&vm, {GUEST_WRITE, shared | (page - 2 * BLOCK),
						       GRANULE, .value = 1}),
					0);
			}
			ck_assert_uint_eq(by_hand(&host, RMI_RTT_MAP_UNPROTECTED, vm_rd(&vm),
						  shared | block, (uint64_t)level, 8 * GIB | rw),
					  RMI_SUCCESS);
			tables = vm_tables(&vm);
			host.fault_point = starved ? PORT_FAULT_PAGE_ZALLOC : -1;
			host.point_nth = 1;
			ck_assert_int_eq(kvm_build.sys_munmap((int32_t)host.tid, vm_user(&vm, page),
							      HOST_PAGE),
					 0);
			host.fault_point = -1;
			vm_check(&vm, shared | page, HOST_PAGE, RMM_UNASSIGNED_NS, RMM_RIPAS_NONE);
			if (starved) {
				vm_check(&vm, shared | block, size, RMM_UNASSIGNED_NS,
					 RMM_RIPAS_NONE);
			} else {
				vm_check(&vm, shared | block, page - block, RMM_ASSIGNED_NS,
					 RMM_RIPAS_NONE);
				vm_check(&vm, (shared | page) + HOST_PAGE,
					 block + size - page - HOST_PAGE, RMM_ASSIGNED_NS,
					 RMM_RIPAS_NONE);
				ck_assert_uint_eq(vm_tables(&vm), tables + (uint64_t)(3 - level));
			}
			ck_assert_int_eq(host_inspect().pgtable_pages, (int64_t)vm_tables(&vm));
			host_stop(&host);
		}
	}
}
END_TEST

/* An old mapping that does not allow the access is replaced by the page that is there now. */
START_TEST(test_shared_replaced)
{
	const uint64_t shared = 1ull << 39, base = GIB;
	struct host host;
	struct vm vm;
	uint64_t at;
	uint8_t value = 0;

	host_start(&host, NULL);
	host.policy = VMM_RETURN;
	vm_create(&host, &vm, 40);
	vm_slot(&vm, base, 2 * HOST_PAGE);
	vm_boot(&vm);
	ck_assert_int_eq(vm_attributes(&vm, base, 2 * HOST_PAGE, false), 0);
	ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, shared | base, GRANULE, .value = 1}), 0);
	for (at = base + HOST_PAGE; at < base + 2 * HOST_PAGE; at += GRANULE)
		ck_assert_uint_eq(by_hand(&host, RMI_RTT_MAP_UNPROTECTED, vm_rd(&vm), shared | at,
					  3, (8 * GIB + at) | 0x58),
				  RMI_SUCCESS);
	ck_assert_int_eq(
		VM_GUEST(&vm, {GUEST_WRITE, (shared | base) + HOST_PAGE, HOST_PAGE, .value = 5}),
		0);
	ck_assert_int_eq(
		kvm_build.user_read((int32_t)host.tid, vm_user(&vm, base + HOST_PAGE), &value, 1),
		1);
	ck_assert_uint_eq(value, 5);
	host_stop(&host);
}
END_TEST

/*
 * A fault, or populating, that fails at some granule of a host page. The errno is named; what is mapped is the
 * guest's and keeps the page's one reference; the fault works when it is tried again.
 */
START_TEST(test_partial_failure)
{
	static const uint32_t fids[] = {RMI_GRANULE_DELEGATE, RMI_DATA_CREATE_UNKNOWN,
					RMI_DATA_CREATE};
	const uint64_t base = GIB;
	uint64_t n;
	int i;

	for (i = 0; i < 3; i++) {
		for (n = 1; n <= PAGE_GRANULES; n++) {
			const bool populate = fids[i] == RMI_DATA_CREATE;
			struct host host;
			struct vm vm;

			host_start(&host, NULL);
			vm_create(&host, &vm, 40);
			vm_slot(&vm, base, 2 * HOST_PAGE);
			ck_assert_int_eq(vm_create_realm(&vm), 0);
			/* All tables that the page needs, made by its neighbour. */
			ck_assert_int_eq(vm_init_ripas(&vm, base, HOST_PAGE), 0);
			if (!populate) {
				vm_boot_created(&vm);
				vm_check(&vm, base, 2 * HOST_PAGE, RMM_UNASSIGNED, RMM_RAM);
			}
			host.fault_fid = fids[i];
			host.fault_nth = n;
			host.fault_seen = 0;
			host.fault_x0 = RMI_ERROR_INPUT;
			if (populate)
				ck_assert_int_eq(vm_populate(&vm, base, HOST_PAGE), -ENXIO);
			else
				ck_assert_int_eq(VM_GUEST(&vm, {GUEST_WRITE, base + HOST_PAGE - 8,
								GRANULE, .value = 1}),
						 -ENXIO);
			ck_assert(host.fault_fired);
			vm_check(&vm, base, (n - 1) * GRANULE, RMM_ASSIGNED, RMM_RAM);
			vm_check(&vm, base + (n - 1) * GRANULE, HOST_PAGE - (n - 1) * GRANULE,
				 RMM_UNASSIGNED, RMM_RAM);
			ck_assert_uint_eq(rmm_inspect_count(host.rmm, RMM_GRANULE_DATA), n - 1);
			if (n > 1)
				ck_assert_uint_eq(host_page_refs(&host, vm_entry(&vm, base).pa), 2);
			if (!populate) {
				ck_assert_int_eq(
					VM_GUEST(&vm, {GUEST_WRITE, base, HOST_PAGE, .value = 1}),
					0);
				vm_check(&vm, base, HOST_PAGE, RMM_ASSIGNED, RMM_RAM);
				ck_assert_uint_eq(host_page_refs(&host, vm_entry(&vm, base).pa), 2);
			}
			host_stop(&host);
		}
	}
}
END_TEST

/* -- a whole life with one thing going wrong -- */

/*
 * All that touches memory. Steps that fail are made once more: what was left must not stand in the way. The
 * fault point, if there is one, begins to count when the VM and its slot exist.
 */
static void torture_life(struct host *host, uint64_t point_nth)
{
	const uint64_t base = GIB - BLOCK, size = 2 * BLOCK, shared = 1ull << 39;
	struct kvm_device_attr attr = {
		.group = KVM_DEV_ARM_VGIC_GRP_CTRL,
		.attr = KVM_DEV_ARM_VGIC_CTRL_INIT,
	};
	struct vm vm;
	unsigned int i;

	vm_create(host, &vm, 40);
	vm_slot(&vm, base, size);
	vm_vcpu(&vm);
	host_ioctl_struct(host, vm.gic, KVM_SET_DEVICE_ATTR, &attr, sizeof(attr));

	host->point_nth = point_nth;
	for (i = 0; i < 2 && vm_create_realm(&vm); i++)
		;
	for (i = 0; i < 2 && vm_populate(&vm, base, HOST_PAGE); i++)
		;
	for (i = 0; i < 2 && vm_init_ripas(&vm, base + HOST_PAGE, size - HOST_PAGE); i++)
		;
	for (i = 0; i < 2 && vm_finalize(&vm, 0); i++)
		;
	for (i = 0; i < 2 && vm_activate(&vm); i++)
		;
	host->policy = VMM_IGNORE;
	for (i = 0; i < 2; i++) {
		struct guest_op ops[] = {
			{GUEST_WRITE, base + HOST_PAGE, HOST_PAGE, .value = 1},
			{GUEST_WRITE, base + BLOCK + 3 * HOST_PAGE, HOST_PAGE, .value = 1},
			{GUEST_SET_RIPAS, base + BLOCK + 3 * HOST_PAGE, HOST_PAGE, .ripas = 0},
			{GUEST_SET_RIPAS, base + BLOCK / 2 - GRANULE, BLOCK + GRANULE, .ripas = 0},
			{GUEST_SET_RIPAS, base, size, .ripas = 1},
			{GUEST_WRITE, base + BLOCK, HOST_PAGE, .value = 2},
		};

		if (!vm_guest(&vm, ops, 6))
			break;
	}
	vm_attributes(&vm, base + BLOCK, BLOCK, false);
	for (i = 0; i < 2; i++) {
		struct guest_op ops[] = {
			{GUEST_WRITE, (shared | base) + BLOCK, 2 * HOST_PAGE, .value = 1},
		};

		if (!vm_guest(&vm, ops, 1))
			break;
	}
	vm_punch(&vm, base, HOST_PAGE);
	vm_attributes(&vm, base + BLOCK, HOST_PAGE, true);
}

static const uint32_t torture_fids[] = {
	RMI_GRANULE_DELEGATE,	   RMI_GRANULE_UNDELEGATE, RMI_DATA_CREATE,
	RMI_DATA_CREATE_UNKNOWN,   RMI_DATA_DESTROY,	   RMI_REALM_ACTIVATE,
	RMI_REALM_CREATE,	   RMI_REALM_DESTROY,	   RMI_REC_CREATE,
	RMI_REC_DESTROY,	   RMI_REC_ENTER,	   RMI_RTT_CREATE,
	RMI_RTT_DESTROY,	   RMI_RTT_FOLD,	   RMI_RTT_INIT_RIPAS,
	RMI_RTT_MAP_UNPROTECTED,   RMI_RTT_READ_ENTRY,	   RMI_RTT_SET_RIPAS,
	RMI_RTT_UNMAP_UNPROTECTED, RMI_REC_AUX_COUNT,
};
#define NUM_TORTURE_FIDS ((int)(sizeof(torture_fids) / sizeof(torture_fids[0])))

/* Calls whose failure the host may answer by a warning, because nothing is left that it could do. */
static bool may_warn(uint32_t fid)
{
	switch (fid) {
	case RMI_GRANULE_UNDELEGATE:
	case RMI_DATA_DESTROY:
	case RMI_REALM_DESTROY:
	case RMI_REC_DESTROY:
	case RMI_RTT_CREATE:
	case RMI_RTT_DESTROY:
	case RMI_RTT_FOLD:
	case RMI_RTT_INIT_RIPAS:
	case RMI_RTT_SET_RIPAS:
	case RMI_RTT_UNMAP_UNPROTECTED:
		return true;
	default:
		return false;
	}
}

/* Calls whose failure leaves something with the RMM for ever. */
static bool may_leak(uint32_t fid)
{
	return fid == RMI_GRANULE_UNDELEGATE || fid == RMI_REALM_DESTROY || fid == RMI_REC_DESTROY;
}

/*
 * The nth call of one kind fails, for every n up to a bound that spans the whole life. Nothing crashes,
 * nothing that the RMM holds is freed, and apart from what cannot come back everything balances.
 */
static void torture_rmi(uint32_t fid, bool blocks)
{
	const struct host_options options = {
		.block_mappings = blocks,
		.gmem_huge = blocks,
		.rec_aux = blocks ? 17 : 3,
	};
	uint64_t total, n;
	struct host host;

	host_start(&host, &options);
	torture_life(&host, 0);
	kvm_build.process_exit((int32_t)host.tid);
	total = host_calls(&host, fid);
	/* At 4K the host has to ask for entries only when something is in the way. */
	ck_assert(total > 0 || fid == RMI_RTT_READ_ENTRY);
	host.tid = 0;
	host_stop(&host);

	for (n = 1; n <= total; n++) {
		/* Of calls that are made by the hundred, most of those in the middle are alike. */
		if (n > 30 && n + 40 < total && n % (1 + total / 24))
			continue;
		host_start(&host, &options);
		host.fault_fid = fid;
		host.fault_nth = n;
		host.fault_x0 = RMI_ERROR_INPUT;
		torture_life(&host, 0);
		kvm_build.process_exit((int32_t)host.tid);
		host.tid = 0;
		ck_assert(host.fault_fired);
		if (may_warn(fid))
			host.warns = 0;
		if (may_leak(fid)) {
			ck_assert_msg(!host.warns, "%s", host.last_warn);
			host_stop_leaking(&host);
		} else {
			host_stop(&host);
		}
	}
}

START_TEST(test_torture_rmi)
{
	torture_rmi(torture_fids[_i / 2], _i % 2);
}
END_TEST

/* What is done about one failure fails as well: what the RMM holds then is kept, and nothing else is. */
START_TEST(test_torture_pairs)
{
	static const struct {
		uint32_t fid, then;
	} pairs[] = {
		{RMI_DATA_CREATE, RMI_GRANULE_UNDELEGATE},
		{RMI_DATA_CREATE_UNKNOWN, RMI_GRANULE_UNDELEGATE},
		{RMI_REC_CREATE, RMI_GRANULE_UNDELEGATE},
		{RMI_REALM_CREATE, RMI_GRANULE_UNDELEGATE},
		{RMI_RTT_CREATE, RMI_GRANULE_UNDELEGATE},
		{RMI_REC_AUX_COUNT, RMI_REALM_DESTROY},
		{RMI_REC_AUX_COUNT, RMI_GRANULE_UNDELEGATE},
		{RMI_GRANULE_DELEGATE, RMI_GRANULE_UNDELEGATE},
	};
	unsigned int n, i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		for (n = 1; n < 40; n++) {
			const struct host_options options = {.rec_aux = 17};
			struct host host;

			host_start(&host, &options);
			host.fault_fid = pairs[i].fid;
			host.fault_nth = n;
			host.fault_x0 = RMI_ERROR_INPUT;
			host.then_fid = pairs[i].then;
			torture_life(&host, 0);
			kvm_build.process_exit((int32_t)host.tid);
			host.tid = 0;
			host_stop_leaking(&host);
			if (!host.fault_fired)
				break;
		}
		ck_assert_uint_gt(n, 1);
	}
}
END_TEST

/* A VMID is free again after a Realm that came to nothing, and after one that ended. */
START_TEST(test_vmid)
{
	struct host host;
	struct vm vm;
	int i;

	host_start(&host, NULL);
	vm_create(&host, &vm, 40);
	host.fault_fid = RMI_REALM_CREATE;
	host.fault_nth = 1;
	host.fault_always = true;
	host.fault_x0 = RMI_ERROR_INPUT;
	for (i = 0; i < 260; i++)
		ck_assert_int_eq(vm_create_realm(&vm), -ENXIO);
	host.fault_nth = 0;
	ck_assert_int_eq(vm_create_realm(&vm), 0);
	vm_close(&vm);
	for (i = 0; i < 260; i++) {
		vm_create(&host, &vm, 40);
		ck_assert_int_eq(vm_create_realm(&vm), 0);
		vm_close(&vm);
	}
	host_stop(&host);
}
END_TEST

/* The same for allocations: none of them may warn or leak. */
static const int torture_points[] = {
	PORT_FAULT_PAGE_ALLOC, PORT_FAULT_PAGE_ZALLOC, PORT_FAULT_CACHE_TOPUP, PORT_FAULT_KMALLOC,
	PORT_FAULT_GMEM_PAGE,  PORT_FAULT_USER_PAGE,   PORT_FAULT_RESCHED,     PORT_FAULT_SIGNAL,
};
#define NUM_TORTURE_POINTS ((int)(sizeof(torture_points) / sizeof(torture_points[0])))

START_TEST(test_torture_alloc)
{
	const bool blocks = _i % 2;
	const struct host_options options = {.block_mappings = blocks, .gmem_huge = blocks};
	uint64_t n;

	for (n = 1; n < 400; n++) {
		struct host host;
		bool fired;

		host_start(&host, &options);
		host.fault_point = torture_points[_i / 2];
		torture_life(&host, n);
		fired = host.fault_fired;
		kvm_build.process_exit((int32_t)host.tid);
		host.tid = 0;
		host_stop(&host);
		if (!fired)
			break;
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("realm");
	TCase *tcase = tcase_create("realm");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 0);
	tcase_add_loop_test(tcase, test_life, 0, (int)(sizeof(geometries) / sizeof(geometries[0])));
	tcase_add_test(tcase, test_ipa_width);
	tcase_add_test(tcase, test_states);
	tcase_add_loop_test(tcase, test_init_ripas, 0, NUM_EDGES);
	tcase_add_test(tcase, test_init_ripas_errors);
	tcase_add_test(tcase, test_populate);
	tcase_add_loop_test(tcase, test_guest_ripas, 0, NUM_CHANGES);
	tcase_add_loop_test(tcase, test_guest_ripas_sparse, 0, 12);
	tcase_add_test(tcase, test_guest_ripas_everything);
	tcase_add_test(tcase, test_guest_ripas_destroyed);
	tcase_add_test(tcase, test_guest_ripas_stopped);
	tcase_add_test(tcase, test_guest_ripas_thin);
	tcase_add_test(tcase, test_guest_destroyed_fault);
	tcase_add_test(tcase, test_guest_partial_page);
	tcase_add_test(tcase, test_unmap_filters);
	tcase_add_test(tcase, test_munmap_keeps_private);
	tcase_add_test(tcase, test_unmap_top);
	tcase_add_loop_test(tcase, test_race, 0, 6);
	tcase_add_test(tcase, test_attribute_mismatch);
	tcase_add_test(tcase, test_no_slot);
	tcase_add_test(tcase, test_rec_enter_refused);
	tcase_add_test(tcase, test_share);
	tcase_add_test(tcase, test_shared_tables);
	tcase_add_test(tcase, test_block);
	tcase_add_test(tcase, test_block_refused);
	tcase_add_test(tcase, test_block_no_memory);
	tcase_add_test(tcase, test_shared_block);
	tcase_add_test(tcase, test_shared_replaced);
	tcase_add_test(tcase, test_partial_failure);
	tcase_add_loop_test(tcase, test_torture_rmi, 0, 2 * NUM_TORTURE_FIDS);
	tcase_add_test(tcase, test_torture_pairs);
	tcase_add_test(tcase, test_vmid);
	tcase_add_loop_test(tcase, test_torture_alloc, 0, 2 * NUM_TORTURE_POINTS);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
