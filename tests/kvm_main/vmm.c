/* SPDX-License-Identifier: BSD-3-Clause */
#include "vmm.h"

#include <stdio.h>
#include <stdlib.h>

#define ARGS_SIZE 65536u

static const char *const modules[NUM_PAGE_SIZES] = {
	MODULE_DIR "/kvm-4k.so",
	MODULE_DIR "/kvm-16k.so",
	MODULE_DIR "/kvm-64k.so",
};

/* A test that failed left its machine, which nobody else may use. */
static struct vmm *alive;

static void vmm_free(struct vmm *vmm)
{
	machine_destroy(vmm->machine);
	kvm_module_unload(vmm->module);
	free(vmm);
	alive = NULL;
}

static void see_event(void *ctx, const struct trace_event *event)
{
	struct vmm *vmm = ctx;

	if (event->value[0] != PORT_EVENT_INVALIDATE || vmm->num_events == MAX_EVENTS)
		return;
	vmm->events[vmm->num_events++] = (struct invalidation){
		.start = event->value[1],
		.end = event->value[2],
		.filter = (uint32_t)event->value[3],
		.may_block = event->value[4],
	};
}

static bool decide_fault(void *ctx, enum port_fault point, uint64_t address)
{
	struct vmm *vmm = ctx;

	(void)address;
	return (int)point == vmm->fault_point && ++vmm->fault_seen == vmm->fault_nth;
}

struct vmm *vmm_start(int index, const struct kvm_boot_config *boot)
{
	struct machine_config config;
	char *error = NULL;
	struct vmm *vmm;

	if (alive)
		vmm_free(alive);
	vmm = calloc(1, sizeof(*vmm));
	ck_assert_ptr_nonnull(vmm);
	ck_assert_msg(!kvm_module_load(modules[index], &vmm->module, &error), "%s", error);
	machine_config_init(&config);
	config.kvm = vmm->module;
	if (boot)
		config.boot = *boot;
	ck_assert_msg(!machine_create(&config, &vmm->machine, &error), "%s", error);
	alive = vmm;
	ck_assert_int_eq(
		trace_add_sink(machine_trace(vmm->machine), 1u << TRACE_HOST, see_event, vmm), 0);
	vmm->fault_point = -1;
	machine_set_faults(vmm->machine, decide_fault, NULL, vmm);
	vmm->kvm = machine_kvm(vmm->machine);
	vmm->page = machine_page_size(vmm->machine);
	vmm->kvm->inspect(&vmm->before);
	vmm->tid = (int32_t)vmm->kvm->process_create();
	ck_assert_int_gt(vmm->tid, 0);
	vmm->args = vmm_map(vmm, ARGS_SIZE, MAP_PRIVATE_ | MAP_POPULATE_);
	return vmm;
}

void vmm_stop_checks(struct vmm *vmm)
{
	struct kvm_inspect after = vmm_inspect(vmm);
	size_t i;

	for (i = 0; i < machine_num_findings(vmm->machine); i++)
		fprintf(stderr, "finding: %s\n", machine_finding(vmm->machine, i)->message);
	ck_assert_uint_eq(machine_num_findings(vmm->machine), 0);
	ck_assert_uint_eq(after.files, 0);
	ck_assert_uint_eq(after.vms, 0);
	ck_assert_uint_eq(after.gmem_pages, 0);
	ck_assert_uint_eq(after.user_pages, 0);
	ck_assert_uint_eq(after.locks_held, 0);
	ck_assert_int_eq(after.pgtable_pages, 0);
	ck_assert_uint_eq(after.kernel_pages, vmm->before.kernel_pages);
	ck_assert_uint_eq(after.slab_objects, vmm->before.slab_objects);
	vmm_free(vmm);
}

void vmm_stop(struct vmm *vmm)
{
	vmm->kvm->process_exit(vmm->tid);
	vmm_stop_checks(vmm);
}

struct kvm_inspect vmm_inspect(struct vmm *vmm)
{
	struct kvm_inspect books;

	vmm->kvm->inspect(&books);
	return books;
}

int64_t vmm_ioctl(struct vmm *vmm, int64_t fd, uint32_t cmd, uint64_t arg)
{
	int64_t ret = vmm->kvm->sys_ioctl(vmm->tid, (int32_t)fd, cmd, arg);

	ck_assert_uint_eq(vmm_inspect(vmm).locks_held, 0);
	return ret;
}

int64_t vmm_ioctl_struct(struct vmm *vmm, int64_t fd, uint32_t cmd, void *arg, size_t size)
{
	int64_t ret;

	ck_assert_int_eq(vmm->kvm->user_write(vmm->tid, vmm->args, arg, size), (int64_t)size);
	ret = vmm_ioctl(vmm, fd, cmd, vmm->args);
	ck_assert_int_eq(vmm->kvm->user_read(vmm->tid, vmm->args, arg, size), (int64_t)size);
	return ret;
}

int64_t vmm_close(struct vmm *vmm, int64_t fd)
{
	return vmm->kvm->sys_close(vmm->tid, (int32_t)fd);
}

int64_t vmm_mmap(struct vmm *vmm, uint64_t addr, uint64_t size, uint32_t prot, uint32_t flags,
		 int64_t fd, uint64_t offset)
{
	return vmm->kvm->sys_mmap(vmm->tid, addr, size, prot, flags, (int32_t)fd, offset);
}

uint64_t vmm_map(struct vmm *vmm, uint64_t size, uint32_t flags)
{
	int64_t addr = vmm_mmap(vmm, 0, size, PROT_RW_, flags | MAP_ANON_, -1, 0);

	ck_assert_msg(addr > 0, "mmap of %#llx: %lld", (unsigned long long)size, (long long)addr);
	return (uint64_t)addr;
}

int64_t vmm_munmap(struct vmm *vmm, uint64_t addr, uint64_t size)
{
	return vmm->kvm->sys_munmap(vmm->tid, addr, size);
}

int64_t vmm_madvise(struct vmm *vmm, uint64_t addr, uint64_t size, uint32_t advice)
{
	return vmm->kvm->sys_madvise(vmm->tid, addr, size, advice);
}

int vmm_put(struct vmm *vmm, uint64_t addr, uint8_t value)
{
	int64_t ret = vmm->kvm->user_write(vmm->tid, addr, &value, 1);

	return ret == 1 ? 0 : (int)ret;
}

int vmm_get(struct vmm *vmm, uint64_t addr)
{
	uint8_t value;
	int64_t ret = vmm->kvm->user_read(vmm->tid, addr, &value, 1);

	return ret == 1 ? value : (int)ret;
}

void vmm_events_clear(struct vmm *vmm)
{
	vmm->num_events = 0;
}

void vmm_expect_event(struct vmm *vmm, size_t index, uint64_t start, uint64_t pages,
		      uint32_t filter)
{
	const struct invalidation *event = &vmm->events[index];

	ck_assert_uint_lt(index, vmm->num_events);
	ck_assert_uint_eq(event->start, start);
	ck_assert_uint_eq(event->end, start + pages);
	ck_assert_uint_eq(event->filter, filter);
	ck_assert(event->may_block);
}

void vmm_fail(struct vmm *vmm, int point, uint64_t nth)
{
	vmm->fault_point = point;
	vmm->fault_nth = nth;
	vmm->fault_seen = 0;
}

bool vmm_failed(const struct vmm *vmm)
{
	return vmm->fault_seen >= vmm->fault_nth;
}

int64_t vmm_create_vm(struct vmm *vmm, uint64_t type)
{
	int64_t kvm = vmm->kvm->sys_open(vmm->tid, "/dev/kvm");
	int64_t vm;

	ck_assert_int_ge(kvm, 0);
	vm = vmm_ioctl(vmm, kvm, KVM_CREATE_VM, type);
	ck_assert_int_eq(vmm_close(vmm, kvm), 0);
	return vm;
}

int64_t vmm_create_realm_vm(struct vmm *vmm)
{
	int64_t vm = vmm_create_vm(vmm, KVM_VM_TYPE_ARM_REALM | 40);

	ck_assert_msg(vm >= 0, "KVM_CREATE_VM: %lld", (long long)vm);
	return vm;
}

int64_t vmm_gmem(struct vmm *vmm, int64_t vm, uint64_t size)
{
	struct kvm_create_guest_memfd args = {.size = size};

	return vmm_ioctl_struct(vmm, vm, KVM_CREATE_GUEST_MEMFD, &args, sizeof(args));
}

struct kvm_userspace_memory_region2 vmm_region(uint32_t slot, uint64_t gpa, uint64_t size,
					       uint64_t hva)
{
	return (struct kvm_userspace_memory_region2){
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = hva,
	};
}

int64_t vmm_set_region(struct vmm *vmm, int64_t vm, struct kvm_userspace_memory_region2 region)
{
	return vmm_ioctl_struct(vmm, vm, KVM_SET_USER_MEMORY_REGION2, &region, sizeof(region));
}

int64_t vmm_delete_slot(struct vmm *vmm, int64_t vm, uint32_t slot)
{
	return vmm_set_region(vmm, vm, vmm_region(slot, 0, 0, 0));
}

int64_t vmm_attributes(struct vmm *vmm, int64_t vm, uint64_t gpa, uint64_t size,
		       uint64_t attributes)
{
	struct kvm_memory_attributes args = {
		.address = gpa,
		.size = size,
		.attributes = attributes,
	};

	return vmm_ioctl_struct(vmm, vm, KVM_SET_MEMORY_ATTRIBUTES, &args, sizeof(args));
}

uint64_t vmm_seq(struct vmm *vmm, int64_t vm)
{
	struct kvm_inspect_vm view;

	ck_assert_int_eq(vmm->kvm->inspect_vm(vmm->tid, (int32_t)vm, &view), 0);
	return view.mmu_invalidate_seq;
}
