/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vCPUs: creation, features, registers, running, MMIO, calls of the guest, the interrupt
 * controller. Expected: generic KVM on arm64, and sections 1, 9 and 10 of the facts about KVM's
 * Realm host.
 */
#include "vmm.h"

#include <stdlib.h>

#define RAM	   0x80000000ull
#define SHARED_BIT (1ull << 39) /* of a 40-bit Realm */
#define UART	   0x09000000ull
#define NUM_VCPUS  2

#define REG(group, number) (0x6030000000000000ull | (uint64_t)(group) << 16 | (number))
#define CORE_REG(offset)   REG(0x10, (offset) / 4)
#define REG_X(n)	   CORE_REG(8 * (n))
#define REG_SP		   CORE_REG(31 * 8)
#define REG_PC		   CORE_REG(32 * 8)
#define REG_PSTATE	   CORE_REG(33 * 8)
#define SYS_REG(op0, op1, crn, crm, op2)                                                           \
	REG(0x13, (op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

enum guest_action { GUEST_LOAD, GUEST_STORE, GUEST_SMC, GUEST_HOST_CALL };

/* What the guest does next. Filled in: sea, value (of a load), x (of a call). */
struct guest_op {
	enum guest_action action;
	uint64_t ipa;
	uint32_t width;
	bool sse, sf;
	uint64_t value;
	uint64_t x[4];
	bool issued, sea, done;
};

struct guest {
	struct vmm *vmm;
	struct guest_op *op[NUM_VCPUS]; /* one at a time; done or NULL: idle */
	uint64_t entry_x0[NUM_VCPUS];	/* x0 at the last entry */
	uint64_t entry_pc[NUM_VCPUS];
	unsigned int entries[NUM_VCPUS];
};

/* Leaves KVM_RUN: an interrupt of the host, with a signal pending for the thread. */
static void guest_idle(struct guest *guest, struct rmm_cpu *cpu)
{
	guest->vmm->kvm->signal_set(guest->vmm->tid, true);
	ck_assert_int_eq(rmm_cpu_event(cpu, RMM_EVENT_IRQ), RMM_EXIT);
}

static enum rmm_outcome guest_access(struct rmm_cpu *cpu, struct guest_op *op)
{
	struct rmm_access access = {
		.type = op->action == GUEST_LOAD ? RMM_READ : RMM_WRITE,
		.ipa = op->ipa,
		.size = op->width,
		.data = &op->value,
		.isv = true,
		.srt = 5,
		.sse = op->sse,
		.sf = op->sf,
		.far = op->ipa,
	};

	if (op->action == GUEST_STORE)
		rmm_cpu_regs(cpu)->gprs[5] = op->value;
	return rmm_cpu_access(cpu, &access);
}

/* The structure of a host call is at op->ipa, which must be RAM. */
static enum rmm_outcome guest_host_call(struct rmm_cpu *cpu, struct guest_op *op)
{
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);
	uint64_t call[32] = {0};
	struct rmm_access access = {
		.type = RMM_WRITE, .ipa = op->ipa, .size = sizeof(call), .data = call};
	enum rmm_outcome outcome;

	memcpy(call + 1, op->x, sizeof(op->x));
	outcome = rmm_cpu_access(cpu, &access);
	if (outcome != RMM_CONTINUE)
		return outcome;
	regs->gprs[0] = 0xc4000199;
	regs->gprs[1] = op->ipa;
	outcome = rmm_cpu_smc(cpu);
	op->issued = outcome == RMM_EXIT;
	return outcome;
}

static void guest_host_call_done(struct rmm_cpu *cpu, struct guest_op *op)
{
	uint64_t call[32];
	struct rmm_access access = {
		.type = RMM_READ, .ipa = op->ipa, .size = sizeof(call), .data = call};

	ck_assert_int_eq(rmm_cpu_access(cpu, &access), RMM_CONTINUE);
	memcpy(op->x, call + 1, sizeof(op->x));
}

/* The guest comes back from an exit that its operation had. */
static void guest_resume(struct rmm_cpu *cpu, struct guest_op *op)
{
	const struct rmm_entry *entry = rmm_cpu_entry(cpu);
	const struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);

	switch (op->action) {
	case GUEST_LOAD:
	case GUEST_STORE:
		op->sea = entry->sea_injected;
		op->done = entry->sea_injected || entry->mmio_emulated;
		if (entry->mmio_emulated && op->action == GUEST_LOAD)
			op->value = regs->gprs[5];
		break;
	case GUEST_SMC:
		op->done = op->issued;
		memcpy(op->x, regs->gprs, sizeof(op->x));
		break;
	case GUEST_HOST_CALL:
		op->done = op->issued && entry->host_call_done;
		if (op->done)
			guest_host_call_done(cpu, op);
		break;
	}
}

static void guest_run(void *ctx, struct rmm_cpu *cpu)
{
	struct guest *guest = ctx;
	const unsigned int id = (unsigned int)rmm_cpu_mpidr(cpu);
	struct guest_op *op = guest->op[id];
	enum rmm_outcome outcome = RMM_CONTINUE;

	guest->entry_x0[id] = rmm_cpu_regs(cpu)->gprs[0];
	guest->entry_pc[id] = rmm_cpu_regs(cpu)->pc;
	guest->entries[id]++;
	if (op && op->issued)
		guest_resume(cpu, op);
	if (!op || op->done) {
		guest_idle(guest, cpu);
		return;
	}
	switch (op->action) {
	case GUEST_LOAD:
	case GUEST_STORE:
		outcome = guest_access(cpu, op);
		op->issued = true;
		break;
	case GUEST_SMC:
		memcpy(rmm_cpu_regs(cpu)->gprs, op->x, sizeof(op->x));
		outcome = rmm_cpu_smc(cpu);
		op->issued = true;
		if (outcome == RMM_CONTINUE)
			memcpy(op->x, rmm_cpu_regs(cpu)->gprs, sizeof(op->x));
		break;
	case GUEST_HOST_CALL:
		outcome = guest_host_call(cpu, op);
		break;
	}
	if (outcome == RMM_EXIT)
		return;
	op->sea = outcome == RMM_SEA;
	op->done = true;
	guest_idle(guest, cpu);
}

struct vm {
	struct vmm *vmm;
	struct guest guest;
	int64_t fd, gic, gmem;
	int64_t vcpu[NUM_VCPUS];
	uint64_t run[NUM_VCPUS];
};

static int64_t vcpu_init(struct vm *vm, int64_t vcpu, uint32_t features)
{
	struct kvm_vcpu_init init = {.target = KVM_ARM_TARGET_GENERIC_V8, .features = {features}};

	return vmm_ioctl_struct(vm->vmm, vcpu, KVM_ARM_VCPU_INIT, &init, sizeof(init));
}

static int64_t vcpu_finalize(struct vm *vm, int64_t vcpu, int feature)
{
	return vmm_ioctl_struct(vm->vmm, vcpu, KVM_ARM_VCPU_FINALIZE, &feature, sizeof(feature));
}

static int64_t gic_create(struct vm *vm, uint32_t type, uint32_t flags)
{
	struct kvm_create_device device = {.type = type, .flags = flags};
	int64_t ret = vmm_ioctl_struct(vm->vmm, vm->fd, KVM_CREATE_DEVICE, &device, sizeof(device));

	return ret ? ret : device.fd;
}

static int64_t device_attr(struct vm *vm, int64_t fd, uint32_t cmd, uint32_t group, uint64_t attr,
			   uint64_t addr)
{
	struct kvm_device_attr args = {.group = group, .attr = attr, .addr = addr};

	return vmm_ioctl_struct(vm->vmm, fd, cmd, &args, sizeof(args));
}

static int64_t gic_init(struct vm *vm)
{
	return device_attr(vm, vm->gic, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_CTRL,
			   KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
}

static int64_t realm_cap(struct vm *vm, uint64_t op, void *arg, size_t size)
{
	const uint64_t at = vm->vmm->args + 4096;
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_RME, .args = {op, at}};

	if (size)
		ck_assert_int_eq(vm->vmm->kvm->user_write(vm->vmm->tid, at, arg, size),
				 (int64_t)size);
	return vmm_ioctl_struct(vm->vmm, vm->fd, KVM_ENABLE_CAP, &cap, sizeof(cap));
}

static void vm_vcpu(struct vm *vm, unsigned int id)
{
	vm->vcpu[id] = vmm_ioctl(vm->vmm, vm->fd, KVM_CREATE_VCPU, id);
	ck_assert_int_ge(vm->vcpu[id], 0);
	vm->run[id] = (uint64_t)vmm_mmap(vm->vmm, 0, vm->vmm->page, PROT_RW_, MAP_SHARED_,
					 vm->vcpu[id], 0);
	ck_assert_int_gt((int64_t)vm->run[id], 0);
}

#define FEATURES_REC (1u << KVM_ARM_VCPU_PSCI_0_2 | 1u << KVM_ARM_VCPU_REC)

/* An active Realm with RAM at RAM and two vCPUs, the second powered off. */
static void vm_realm(struct vm *vm, int index)
{
	struct arm_rme_init_ripas ripas = {.base = RAM};
	struct kvm_userspace_memory_region2 region;
	unsigned int i;

	memset(vm, 0, sizeof(*vm));
	vm->vmm = vmm_start(index, NULL);
	vm->guest.vmm = vm->vmm;
	machine_set_guest(vm->vmm->machine, guest_run, &vm->guest);
	vm->fd = vmm_create_realm_vm(vm->vmm);
	vm->gmem = vmm_gmem(vm->vmm, vm->fd, 16 * vm->vmm->page);
	ripas.size = 16 * vm->vmm->page;
	region = vmm_region(0, RAM, ripas.size, vmm_map(vm->vmm, ripas.size, MAP_PRIVATE_));
	region.flags = KVM_MEM_GUEST_MEMFD;
	region.guest_memfd = (uint32_t)vm->gmem;
	ck_assert_int_eq(vmm_set_region(vm->vmm, vm->fd, region), 0);
	ck_assert_int_eq(vmm_attributes(vm->vmm, vm->fd, RAM, ripas.size, 8), 0);
	vm->gic = gic_create(vm, KVM_DEV_TYPE_ARM_VGIC_V3, 0);
	for (i = 0; i < NUM_VCPUS; i++) {
		vm_vcpu(vm, i);
		ck_assert_int_eq(vcpu_init(vm, vm->vcpu[i],
					   FEATURES_REC | (i ? 1u << KVM_ARM_VCPU_POWER_OFF : 0)),
				 0);
	}
	ck_assert_int_eq(gic_init(vm), 0);
	ck_assert_int_eq(realm_cap(vm, KVM_CAP_ARM_RME_CREATE_REALM, NULL, 0), 0);
	ck_assert_int_eq(realm_cap(vm, KVM_CAP_ARM_RME_INIT_RIPAS_REALM, &ripas, sizeof(ripas)), 0);
	for (i = 0; i < NUM_VCPUS; i++)
		ck_assert_int_eq(vcpu_finalize(vm, vm->vcpu[i], KVM_ARM_VCPU_REC), 0);
	ck_assert_int_eq(realm_cap(vm, KVM_CAP_ARM_RME_ACTIVATE_REALM, NULL, 0), 0);
}

static int64_t vm_run(struct vm *vm, unsigned int id)
{
	vm->vmm->kvm->signal_set(vm->vmm->tid, false);
	return vmm_ioctl(vm->vmm, vm->vcpu[id], KVM_RUN, 0);
}

static struct kvm_run vm_kvm_run(struct vm *vm, unsigned int id)
{
	struct kvm_run run;

	ck_assert_int_eq(vm->vmm->kvm->user_read(vm->vmm->tid, vm->run[id], &run, sizeof(run)),
			 (int64_t)sizeof(run));
	return run;
}

static void vm_kvm_run_put(struct vm *vm, unsigned int id, const struct kvm_run *run)
{
	ck_assert_int_eq(vm->vmm->kvm->user_write(vm->vmm->tid, vm->run[id], run, sizeof(*run)),
			 (int64_t)sizeof(*run));
}

/* Runs until the operation is done and the guest idle: KVM_RUN returns -EINTR then. */
static void vm_do(struct vm *vm, unsigned int id, struct guest_op *op)
{
	vm->guest.op[id] = op;
	ck_assert_int_eq(vm_run(vm, id), -EINTR);
	ck_assert_uint_eq(vm_kvm_run(vm, id).exit_reason, KVM_EXIT_INTR);
	ck_assert(op->done);
}

static int64_t one_reg(struct vm *vm, int64_t vcpu, uint32_t cmd, uint64_t id, uint64_t *value)
{
	const uint64_t at = vm->vmm->args + 4096;
	struct kvm_one_reg reg = {.id = id, .addr = at};
	int64_t ret;

	ck_assert_int_eq(vm->vmm->kvm->user_write(vm->vmm->tid, at, value, 8), 8);
	ret = vmm_ioctl_struct(vm->vmm, vcpu, cmd, &reg, sizeof(reg));
	ck_assert_int_eq(vm->vmm->kvm->user_read(vm->vmm->tid, at, value, 8), 8);
	return ret;
}

static int64_t set_reg(struct vm *vm, int64_t vcpu, uint64_t id, uint64_t value)
{
	return one_reg(vm, vcpu, KVM_SET_ONE_REG, id, &value);
}

static int64_t get_reg(struct vm *vm, int64_t vcpu, uint64_t id, uint64_t *value)
{
	return one_reg(vm, vcpu, KVM_GET_ONE_REG, id, value);
}

static int64_t set_events(struct vm *vm, unsigned int id, bool serror, bool ext_dabt)
{
	struct kvm_vcpu_events events = {
		.exception = {.serror_pending = serror, .ext_dabt_pending = ext_dabt}};

	return vmm_ioctl_struct(vm->vmm, vm->vcpu[id], KVM_SET_VCPU_EVENTS, &events,
				sizeof(events));
}

/* -- before anything runs -- */

START_TEST(creation)
{
	static const int points[] = {PORT_FAULT_KMALLOC, PORT_FAULT_PAGE_ALLOC,
				     PORT_FAULT_PAGE_ZALLOC};
	struct vm vm = {.vmm = vmm_start(_i, NULL)};
	struct kvm_inspect before, after;
	unsigned int failed = 0;
	int64_t fd = -1;
	uint64_t nth;
	size_t i;

	vm.fd = vmm_create_realm_vm(vm.vmm);
	ck_assert_int_eq(vmm_ioctl(vm.vmm, vm.fd, KVM_CREATE_VCPU, 512), -EINVAL);
	ck_assert_int_eq(vmm_ioctl(vm.vmm, vm.fd, KVM_CREATE_VCPU, ~0ull), -EINVAL);
	ck_assert_int_ge(vmm_ioctl(vm.vmm, vm.fd, KVM_CREATE_VCPU, 511), 0);
	ck_assert_int_eq(vmm_ioctl(vm.vmm, vm.fd, KVM_CREATE_VCPU, 511), -EEXIST);
	/* The array of vCPUs does not shrink once it has grown. */
	ck_assert_int_ge(vmm_ioctl(vm.vmm, vm.fd, KVM_CREATE_VCPU, 510), 0);
	for (i = 0; i < 3; i++) {
		for (nth = 1;; nth++) {
			before = vmm_inspect(vm.vmm);
			vmm_fail(vm.vmm, points[i], nth);
			fd = vmm_ioctl(vm.vmm, vm.fd, KVM_CREATE_VCPU, i);
			if (!vmm_failed(vm.vmm))
				break;
			failed++;
			after = vmm_inspect(vm.vmm);
			ck_assert_int_eq(fd, -ENOMEM);
			ck_assert_uint_eq(after.slab_objects, before.slab_objects);
			ck_assert_uint_eq(after.kernel_pages, before.kernel_pages);
			ck_assert_uint_eq(after.files, before.files);
		}
		ck_assert_int_ge(fd, 0);
	}
	ck_assert_uint_ge(failed, 3);
	/* Only the page with struct kvm_run can be touched. */
	nth = (uint64_t)vmm_mmap(vm.vmm, 0, 2 * vm.vmm->page, PROT_RW_, MAP_SHARED_, fd, 0);
	ck_assert_int_eq(vmm_get(vm.vmm, nth), 0);
	ck_assert_int_eq(vmm_get(vm.vmm, nth + vm.vmm->page), -EFAULT);
	/* A private mapping is a copy from the first write on. */
	nth = (uint64_t)vmm_mmap(vm.vmm, 0, vm.vmm->page, PROT_RW_, MAP_PRIVATE_, fd, 0);
	ck_assert_int_eq(vmm_put(vm.vmm, nth, 3), 0);
	ck_assert_int_eq(vmm_get(vm.vmm, nth), 3);
	nth = (uint64_t)vmm_mmap(vm.vmm, 0, vm.vmm->page, PROT_RW_, MAP_SHARED_, fd, 0);
	ck_assert_int_eq(vmm_get(vm.vmm, nth), 0);
	vmm_stop(vm.vmm);
}
END_TEST

START_TEST(init_rules)
{
	struct vm vm = {.vmm = vmm_start(_i, NULL)};
	struct kvm_vcpu_init init = {.target = 77};
	int64_t vcpu, second, normal;
	uint64_t value;

	vm.fd = vmm_create_realm_vm(vm.vmm);
	vcpu = vmm_ioctl(vm.vmm, vm.fd, KVM_CREATE_VCPU, 0);
	second = vmm_ioctl(vm.vmm, vm.fd, KVM_CREATE_VCPU, 1);
	ck_assert_int_eq(vmm_ioctl_struct(vm.vmm, vcpu, KVM_ARM_VCPU_INIT, &init, sizeof(init)),
			 -EINVAL);
	ck_assert_int_eq(
		vmm_ioctl_struct(vm.vmm, vm.fd, KVM_ARM_PREFERRED_TARGET, &init, sizeof(init)), 0);
	ck_assert_uint_eq(init.target, KVM_ARM_TARGET_GENERIC_V8);
	init.features[3] = 1;
	ck_assert_int_eq(vmm_ioctl_struct(vm.vmm, vcpu, KVM_ARM_VCPU_INIT, &init, sizeof(init)),
			 -ENOENT);
	ck_assert_int_eq(vcpu_init(&vm, vcpu, 1u << KVM_ARM_VCPU_EL1_32BIT), -EINVAL);
	ck_assert_int_eq(vcpu_init(&vm, vcpu, FEATURES_REC | 1u << KVM_ARM_VCPU_EL1_32BIT),
			 -EINVAL);
	ck_assert_int_eq(vcpu_init(&vm, vcpu, 1u << KVM_ARM_VCPU_HAS_EL2), -EINVAL);
	ck_assert_int_eq(vcpu_init(&vm, vcpu, 1u << 31), -EINVAL);
	ck_assert_int_eq(vcpu_init(&vm, vcpu, 1u << KVM_ARM_VCPU_PTRAUTH_ADDRESS), -EINVAL);
	/* Nothing else works before it. */
	ck_assert_int_eq(get_reg(&vm, vcpu, REG_PC, &value), -ENOEXEC);
	ck_assert_int_eq(vcpu_finalize(&vm, vcpu, KVM_ARM_VCPU_REC), -ENOEXEC);
	ck_assert_int_eq(vmm_ioctl(vm.vmm, vcpu, KVM_RUN, 0), -ENOEXEC);
	ck_assert_int_eq(vmm_ioctl(vm.vmm, vcpu, KVM_RUN, 1), -EINVAL);

	ck_assert_int_eq(vcpu_init(&vm, vcpu, FEATURES_REC), 0);
	ck_assert_int_eq(set_reg(&vm, vcpu, REG_X(3), 77), 0);
	/* Again, with the same features: registers as at power-on. With others: no. */
	ck_assert_int_eq(vcpu_init(&vm, vcpu, 1u << KVM_ARM_VCPU_PSCI_0_2), -EINVAL);
	ck_assert_int_eq(get_reg(&vm, vcpu, REG_X(3), &value), 0);
	ck_assert_uint_eq(value, 77);
	ck_assert_int_eq(vcpu_init(&vm, vcpu, FEATURES_REC | 1u << KVM_ARM_VCPU_POWER_OFF), 0);
	ck_assert_int_eq(get_reg(&vm, vcpu, REG_X(3), &value), 0);
	ck_assert_uint_eq(value, 0);
	ck_assert_int_eq(get_reg(&vm, vcpu, REG_PSTATE, &value), 0);
	ck_assert_uint_eq(value, 0x3c5); /* EL1h, D A I F masked */
	/* All vCPUs of a VM have the same. */
	ck_assert_int_eq(vcpu_init(&vm, second, 1u << KVM_ARM_VCPU_PSCI_0_2), -EINVAL);
	ck_assert_int_eq(vcpu_init(&vm, second, FEATURES_REC), 0);
	ck_assert_int_eq(vcpu_finalize(&vm, second, 77), -EINVAL);
	ck_assert_int_eq(vcpu_finalize(&vm, second, KVM_ARM_VCPU_SVE), -EINVAL);
	/* The Realm does not exist. */
	ck_assert_int_eq(vcpu_finalize(&vm, second, KVM_ARM_VCPU_REC), -ENOENT);
	/* RECs are for Realms. */
	normal = vmm_create_vm(vm.vmm, 0);
	vcpu = vmm_ioctl(vm.vmm, normal, KVM_CREATE_VCPU, 0);
	ck_assert_int_eq(vcpu_init(&vm, vcpu, FEATURES_REC), -EINVAL);
	ck_assert_int_eq(vcpu_init(&vm, vcpu, 1u << KVM_ARM_VCPU_PSCI_0_2), 0);
	ck_assert_int_eq(vcpu_finalize(&vm, vcpu, KVM_ARM_VCPU_REC), -EINVAL);
	vmm_stop(vm.vmm);
}
END_TEST

START_TEST(run_needs_everything)
{
	struct vm vm = {.vmm = vmm_start(_i, NULL)};

	vm.guest.vmm = vm.vmm;
	machine_set_guest(vm.vmm->machine, guest_run, &vm.guest);
	vm.fd = vmm_create_realm_vm(vm.vmm);
	vm_vcpu(&vm, 0);
	ck_assert_int_eq(vcpu_init(&vm, vm.vcpu[0], FEATURES_REC), 0);
	ck_assert_int_eq(vm_run(&vm, 0), -EPERM);
	ck_assert_int_eq(realm_cap(&vm, KVM_CAP_ARM_RME_CREATE_REALM, NULL, 0), 0);
	ck_assert_int_eq(vm_run(&vm, 0), -EPERM);
	ck_assert_int_eq(vcpu_finalize(&vm, vm.vcpu[0], KVM_ARM_VCPU_REC), 0);
	ck_assert_int_eq(vm_run(&vm, 0), -EPERM);
	ck_assert_int_eq(realm_cap(&vm, KVM_CAP_ARM_RME_ACTIVATE_REALM, NULL, 0), 0);
	ck_assert_int_eq(vm_run(&vm, 0), -EOPNOTSUPP);
	vm.gic = gic_create(&vm, KVM_DEV_TYPE_ARM_VGIC_V3, 0);
	ck_assert_int_ge(vm.gic, 0);
	ck_assert_int_eq(vm_run(&vm, 0), -EBUSY);
	ck_assert_int_eq(gic_init(&vm), 0);
	ck_assert_uint_eq(vm.guest.entries[0], 0);
	ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
	ck_assert_uint_eq(vm.guest.entries[0], 1);
	vmm_stop(vm.vmm);
}
END_TEST

START_TEST(realm_vcpu_without_rec)
{
	struct vm vm = {.vmm = vmm_start(_i, NULL)};

	vm.fd = vmm_create_realm_vm(vm.vmm);
	vm_vcpu(&vm, 0);
	ck_assert_int_eq(vcpu_init(&vm, vm.vcpu[0], 1u << KVM_ARM_VCPU_PSCI_0_2), 0);
	ck_assert_int_eq(realm_cap(&vm, KVM_CAP_ARM_RME_CREATE_REALM, NULL, 0), 0);
	ck_assert_int_eq(vcpu_finalize(&vm, vm.vcpu[0], KVM_ARM_VCPU_REC), -EINVAL);
	ck_assert_int_eq(realm_cap(&vm, KVM_CAP_ARM_RME_ACTIVATE_REALM, NULL, 0), 0);
	ck_assert_int_eq(vm_run(&vm, 0), -EPERM);
	vmm_stop(vm.vmm);
}
END_TEST

START_TEST(gic_rules)
{
	struct vm vm = {.vmm = vmm_start(_i, NULL)};
	uint64_t value = 0x08000000;
	uint32_t irqs = 100;

	vm.fd = vmm_create_realm_vm(vm.vmm);
	ck_assert_int_eq(gic_create(&vm, KVM_DEV_TYPE_ARM_VGIC_V2, 0), -ENODEV);
	ck_assert_int_eq(gic_create(&vm, 99, 0), -ENODEV);
	ck_assert_int_eq(gic_create(&vm, KVM_DEV_TYPE_ARM_VGIC_V3, KVM_CREATE_DEVICE_TEST), 0);
	vm.gic = gic_create(&vm, KVM_DEV_TYPE_ARM_VGIC_V3, 0);
	ck_assert_int_gt(vm.gic, 0);
	ck_assert_int_eq(gic_create(&vm, KVM_DEV_TYPE_ARM_VGIC_V3, 0), -EEXIST);
#define GIC(cmd, group, attr, addr) device_attr(&vm, vm.gic, cmd, group, attr, addr)
	ck_assert_int_eq(GIC(KVM_SET_DEVICE_ATTR, 77, 0, 0), -ENXIO);
	ck_assert_int_eq(GIC(KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_CTRL, 77, 0), -ENXIO);
	ck_assert_int_eq(GIC(KVM_HAS_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_CTRL, 0, 0), 0);
	ck_assert_int_eq(GIC(KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_ADDR, 2, 0), -EFAULT);
	ck_assert_int_eq(vm.vmm->kvm->user_write(vm.vmm->tid, vm.vmm->args + 4096, &value, 8), 8);
	ck_assert_int_eq(
		GIC(KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_ADDR, 2, vm.vmm->args + 4096), 0);
	ck_assert_int_eq(
		GIC(KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_ADDR, 2, vm.vmm->args + 4096),
		-EEXIST);
	value = 1ull << 40;
	ck_assert_int_eq(vm.vmm->kvm->user_write(vm.vmm->tid, vm.vmm->args + 4096, &value, 8), 8);
	ck_assert_int_eq(
		GIC(KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_ADDR, 3, vm.vmm->args + 4096),
		-E2BIG);
	ck_assert_int_eq(
		GIC(KVM_GET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_ADDR, 2, vm.vmm->args + 4096), 0);
	ck_assert_int_eq(vm.vmm->kvm->user_read(vm.vmm->tid, vm.vmm->args + 4096, &value, 8), 8);
	ck_assert_uint_eq(value, 0x08000000);
	ck_assert_int_eq(vm.vmm->kvm->user_write(vm.vmm->tid, vm.vmm->args + 4096, &irqs, 4), 4);
	ck_assert_int_eq(
		GIC(KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, vm.vmm->args + 4096),
		-EINVAL);
	ck_assert_int_eq(vmm_ioctl(vm.vmm, vm.gic, KVM_RUN, 0), -ENOTTY);
	ck_assert_int_ge(vmm_ioctl(vm.vmm, vm.fd, KVM_CREATE_VCPU, 0), 0);
	ck_assert_int_eq(gic_init(&vm), 0);
	ck_assert_int_eq(gic_init(&vm), 0);
	/* Too late for more vCPUs. */
	ck_assert_int_eq(vmm_ioctl(vm.vmm, vm.fd, KVM_CREATE_VCPU, 1), -EBUSY);
	vmm_stop(vm.vmm);
}
END_TEST

/* -- an ordinary VM -- */

START_TEST(ordinary_vcpu)
{
	struct vm vm = {.vmm = vmm_start(_i, NULL)};
	struct kvm_mp_state state = {.mp_state = 3};
	struct kvm_run run;

	vm.fd = vmm_create_vm(vm.vmm, 0);
	vm_vcpu(&vm, 0);
	ck_assert_int_eq(vcpu_init(&vm, vm.vcpu[0], 1u << KVM_ARM_VCPU_PSCI_0_2), 0);
	/* No CPU here runs it. */
	ck_assert_int_eq(vm_run(&vm, 0), 0);
	run = vm_kvm_run(&vm, 0);
	ck_assert_uint_eq(run.exit_reason, KVM_EXIT_FAIL_ENTRY);
	ck_assert_uint_eq(run.fail_entry.hardware_entry_failure_reason, 1);
	/* A signal, and being asked to leave at once. */
	vm.vmm->kvm->signal_set(vm.vmm->tid, true);
	ck_assert_int_eq(vmm_ioctl(vm.vmm, vm.vcpu[0], KVM_RUN, 0), -EINTR);
	ck_assert_uint_eq(vm_kvm_run(&vm, 0).exit_reason, KVM_EXIT_INTR);
	ck_assert_int_eq(vmm_put(vm.vmm, vm.run[0] + 1, 1), 0);
	ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
	ck_assert_int_eq(vmm_put(vm.vmm, vm.run[0] + 1, 0), 0);
	/* One that is off waits until it is on, or until a signal. */
	ck_assert_int_eq(
		vmm_ioctl_struct(vm.vmm, vm.vcpu[0], KVM_SET_MP_STATE, &state, sizeof(state)),
		-EINVAL);
	state.mp_state = KVM_MP_STATE_STOPPED;
	ck_assert_int_eq(
		vmm_ioctl_struct(vm.vmm, vm.vcpu[0], KVM_SET_MP_STATE, &state, sizeof(state)), 0);
	ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
	ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
	state.mp_state = KVM_MP_STATE_RUNNABLE;
	ck_assert_int_eq(
		vmm_ioctl_struct(vm.vmm, vm.vcpu[0], KVM_SET_MP_STATE, &state, sizeof(state)), 0);
	ck_assert_int_eq(vm_run(&vm, 0), 0);
	/* Signals can come at any time that the kernel looks for one. */
	vmm_fail(vm.vmm, PORT_FAULT_SIGNAL, 1);
	ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
	ck_assert_int_eq(vm_run(&vm, 0), 0);
	vmm_stop(vm.vmm);
}
END_TEST

START_TEST(ordinary_registers)
{
	struct vm vm = {.vmm = vmm_start(_i, NULL)};
	struct kvm_one_reg bad = {.id = REG_PC, .addr = 8};
	int64_t vcpu;
	uint64_t value;
	unsigned int i;

	vm.fd = vmm_create_vm(vm.vmm, 0);
	ck_assert_int_ge(vmm_ioctl(vm.vmm, vm.fd, KVM_CREATE_VCPU, 0), 0);
	vcpu = vmm_ioctl(vm.vmm, vm.fd, KVM_CREATE_VCPU, 0x123);
	ck_assert_int_eq(vcpu_init(&vm, vcpu, 1u << KVM_ARM_VCPU_PSCI_0_2), 0);
	for (i = 0; i < 31; i++)
		ck_assert_int_eq(set_reg(&vm, vcpu, REG_X(i), 1000 + i), 0);
	ck_assert_int_eq(set_reg(&vm, vcpu, REG_SP, 2000), 0);
	ck_assert_int_eq(set_reg(&vm, vcpu, REG_PC, 2001), 0);
	ck_assert_int_eq(set_reg(&vm, vcpu, REG_PSTATE, 2002), 0);
	for (i = 0; i < 31; i++) {
		ck_assert_int_eq(get_reg(&vm, vcpu, REG_X(i), &value), 0);
		ck_assert_uint_eq(value, 1000 + i);
	}
	ck_assert_int_eq(get_reg(&vm, vcpu, REG_SP, &value), 0);
	ck_assert_uint_eq(value, 2000);
	ck_assert_int_eq(get_reg(&vm, vcpu, REG_PC, &value), 0);
	ck_assert_uint_eq(value, 2001);
	/* MPIDR_EL1: RES1 bit 31; Aff0 has four bits of the number, Aff1 the others. */
	ck_assert_int_eq(get_reg(&vm, vcpu, SYS_REG(3, 0, 0, 0, 5), &value), 0);
	ck_assert_uint_eq(value, 1ull << 31 | 0x12 << 8 | 3);
	ck_assert_int_eq(get_reg(&vm, vcpu, CORE_REG(4), &value), -ENOENT);
	ck_assert_int_eq(get_reg(&vm, vcpu, CORE_REG(34 * 8 + 4), &value), -ENOENT);
	ck_assert_int_eq(get_reg(&vm, vcpu, SYS_REG(3, 7, 15, 15, 7), &value), -ENOENT);
	ck_assert_int_eq(get_reg(&vm, vcpu, REG(0x19, 0), &value), -ENOENT);
	ck_assert_int_eq(get_reg(&vm, vcpu, REG_PC & ~(0xffull << 56), &value), -EINVAL);
	ck_assert_int_eq(get_reg(&vm, vcpu, REG_PC ^ 1ull << 52, &value), -ENOENT);
	ck_assert_int_eq(vmm_ioctl_struct(vm.vmm, vcpu, KVM_GET_ONE_REG, &bad, sizeof(bad)),
			 -EFAULT);
	ck_assert_int_eq(vmm_ioctl_struct(vm.vmm, vcpu, KVM_SET_ONE_REG, &bad, sizeof(bad)),
			 -EFAULT);
	vmm_stop(vm.vmm);
}
END_TEST

/* -- a Realm -- */

/* KVM_GET_REG_LIST with room for `room` identifiers. */
static int64_t reg_list(struct vm *vm, int64_t vcpu, uint64_t room, uint64_t *n, uint64_t *ids)
{
	uint64_t list[65] = {room};
	int64_t ret;

	ret = vmm_ioctl_struct(vm->vmm, vcpu, KVM_GET_REG_LIST, list, sizeof(list));
	*n = list[0];
	memcpy(ids, list + 1, sizeof(list) - sizeof(list[0]));
	return ret;
}

/* Each register of the list can be read, and of a Realm's list be set; the RMM has the others. */
START_TEST(list_of_registers)
{
	uint64_t ids[64], n = 0, value;
	struct vm vm = {.vmm = vmm_start(_i, NULL)};
	int64_t vcpu;
	bool found = false;

	vm.fd = vmm_create_vm(vm.vmm, 0);
	vcpu = vmm_ioctl(vm.vmm, vm.fd, KVM_CREATE_VCPU, 0);
	ck_assert_int_eq(reg_list(&vm, vcpu, 64, &n, ids), -ENOEXEC);
	ck_assert_int_eq(vcpu_init(&vm, vcpu, 1u << KVM_ARM_VCPU_PSCI_0_2), 0);
	ck_assert_int_eq(reg_list(&vm, vcpu, 42, &n, ids), -E2BIG);
	/* x0 to x30, SP, PC, PSTATE, the PSCI version, MPIDR, three ID registers, four of timers. */
	ck_assert_uint_eq(n, 43);
	ck_assert_int_eq(reg_list(&vm, vcpu, 43, &n, ids), 0);
	for (uint64_t i = 0; i < n; i++) {
		ck_assert_int_eq(get_reg(&vm, vcpu, ids[i], &value), 0);
		ck_assert_int_eq(set_reg(&vm, vcpu, ids[i], value), 0);
		for (uint64_t j = 0; j < i; j++)
			ck_assert_uint_ne(ids[i], ids[j]);
	}
	/* CNTV_CVAL_EL0 goes by the number of CNTVCT_EL0. */
	ck_assert_int_eq(set_reg(&vm, vcpu, SYS_REG(3, 3, 14, 0, 2), 77), 0);
	ck_assert_int_eq(get_reg(&vm, vcpu, SYS_REG(3, 3, 14, 0, 2), &value), 0);
	ck_assert_uint_eq(value, 77);
	ck_assert_int_eq(get_reg(&vm, vcpu, SYS_REG(3, 3, 14, 3, 1), &value), 0);
	ck_assert_uint_eq(value, 0);
	ck_assert_int_eq(vmm_ioctl(vm.vmm, vcpu, KVM_GET_REG_LIST, 8), -EFAULT);
	vmm_stop(vm.vmm);

	vm_realm(&vm, _i);
	/* Finalized is a vCPU whose Realm is active. */
	vcpu = vmm_ioctl(vm.vmm, vmm_create_realm_vm(vm.vmm), KVM_CREATE_VCPU, 0);
	ck_assert_int_eq(vcpu_init(&vm, vcpu, FEATURES_REC), 0);
	ck_assert_int_eq(reg_list(&vm, vcpu, 64, &n, ids), -EPERM);
	ck_assert_int_eq(reg_list(&vm, vm.vcpu[0], 64, &n, ids), 0);
	/* x0 to x30, PC and ID_AA64DFR0_EL1. */
	ck_assert_uint_eq(n, 33);
	for (uint64_t i = 0; i < n; i++) {
		ck_assert_int_eq(get_reg(&vm, vm.vcpu[0], ids[i], &value), 0);
		ck_assert_int_eq(set_reg(&vm, vm.vcpu[0], ids[i], value), 0);
		found |= ids[i] == SYS_REG(3, 0, 0, 5, 0);
	}
	ck_assert(found);
	ck_assert_int_eq(get_reg(&vm, vm.vcpu[0], SYS_REG(3, 3, 14, 2, 2), &value), 0);
	ck_assert_int_eq(set_reg(&vm, vm.vcpu[0], SYS_REG(3, 3, 14, 2, 2), value), -EINVAL);
	vmm_stop(vm.vmm);
}
END_TEST

START_TEST(realm_registers)
{
	struct vm vm;
	uint64_t value;

	vm_realm(&vm, _i);
	ck_assert_int_eq(set_reg(&vm, vm.vcpu[0], REG_X(0), 1), 0);
	ck_assert_int_eq(set_reg(&vm, vm.vcpu[0], REG_X(30), 1), 0);
	ck_assert_int_eq(set_reg(&vm, vm.vcpu[0], REG_PC, 1), 0);
	ck_assert_int_eq(set_reg(&vm, vm.vcpu[0], REG_SP, 1), -EINVAL);
	ck_assert_int_eq(set_reg(&vm, vm.vcpu[0], REG_PSTATE, 1), -EINVAL);
	ck_assert_int_eq(set_reg(&vm, vm.vcpu[0], SYS_REG(3, 3, 9, 12, 0), 0), 0);
	ck_assert_int_eq(set_reg(&vm, vm.vcpu[0], SYS_REG(3, 0, 0, 0, 5), 0), -EINVAL);
	ck_assert_int_eq(set_reg(&vm, vm.vcpu[0], REG(0x14, 0), 0x10001), -EINVAL);
	/* Breakpoints and watchpoints as many as the RMM has: fields of sixteen at most. */
	ck_assert_int_eq(get_reg(&vm, vm.vcpu[0], SYS_REG(3, 0, 0, 5, 0), &value), 0);
	ck_assert_uint_eq(value >> 12 & 15, 15);
	ck_assert_uint_eq(value >> 20 & 15, 15);
	ck_assert_int_eq(set_reg(&vm, vm.vcpu[0], SYS_REG(3, 0, 0, 5, 0), value), 0);
	ck_assert_int_eq(set_reg(&vm, vm.vcpu[0], SYS_REG(3, 0, 0, 5, 0), value - (1 << 12)),
			 -EBUSY);
	vmm_stop(vm.vmm);
}
END_TEST

START_TEST(mmio_of_every_width)
{
	static const struct {
		uint32_t width;
		bool sse, sf;
		uint64_t data, expect;
	} loads[] = {
		{1, false, true, 0x80, 0x80},
		{1, true, true, 0x80, 0xffffffffffffff80},
		{1, true, false, 0x80, 0xffffff80},
		{2, false, false, 0x9234, 0x9234},
		{2, true, true, 0x9234, 0xffffffffffff9234},
		{4, false, true, 0xf1234567, 0xf1234567},
		{4, true, true, 0xf1234567, 0xfffffffff1234567},
		{8, false, true, 0xf123456789abcdef, 0xf123456789abcdef},
	};
	struct kvm_run run;
	struct vm vm;
	size_t i;

	vm_realm(&vm, _i);
	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		struct guest_op op = {
			.action = GUEST_LOAD,
			.ipa = SHARED_BIT | UART | 0x18,
			.width = loads[i].width,
			.sse = loads[i].sse,
			.sf = loads[i].sf,
		};

		vm.guest.op[0] = &op;
		ck_assert_int_eq(vm_run(&vm, 0), 0);
		run = vm_kvm_run(&vm, 0);
		ck_assert_uint_eq(run.exit_reason, KVM_EXIT_MMIO);
		/* The VMM knows nothing of the shared bit. */
		ck_assert_uint_eq(run.mmio.phys_addr, UART | 0x18);
		ck_assert_uint_eq(run.mmio.len, loads[i].width);
		ck_assert_uint_eq(run.mmio.is_write, 0);
		memset(run.mmio.data, 0xee, 8);
		memcpy(run.mmio.data, &loads[i].data, loads[i].width);
		vm_kvm_run_put(&vm, 0, &run);
		ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
		ck_assert(op.done);
		ck_assert(!op.sea);
		ck_assert_uint_eq(op.value, loads[i].expect);
	}
	for (i = 1; i <= 8; i *= 2) {
		struct guest_op op = {
			.action = GUEST_STORE,
			.ipa = SHARED_BIT | UART,
			.width = (uint32_t)i,
			.sf = true,
			.value = 0x1122334455667788,
		};
		uint64_t data = 0;

		vm.guest.op[0] = &op;
		ck_assert_int_eq(vm_run(&vm, 0), 0);
		run = vm_kvm_run(&vm, 0);
		ck_assert_uint_eq(run.exit_reason, KVM_EXIT_MMIO);
		ck_assert_uint_eq(run.mmio.is_write, 1);
		ck_assert_uint_eq(run.mmio.len, i);
		memcpy(&data, run.mmio.data, 8);
		ck_assert_uint_eq(data, i == 8 ? op.value : op.value & ((1ull << 8 * i) - 1));
		/* Leaving at once does not lose the access, nor repeat it. */
		run.immediate_exit = 1;
		vm_kvm_run_put(&vm, 0, &run);
		ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
		ck_assert(!op.done);
		ck_assert_int_eq(vmm_put(vm.vmm, vm.run[0] + 1, 0), 0);
		ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
		ck_assert(op.done);
		ck_assert(!op.sea);
	}
	vmm_stop(vm.vmm);
}
END_TEST

START_TEST(abort_instead_of_mmio)
{
	struct guest_op load = {
		.action = GUEST_LOAD, .ipa = SHARED_BIT | UART, .width = 4, .sf = true};
	struct kvm_vcpu_events events;
	struct vm vm;

	vm_realm(&vm, _i);
	ck_assert_int_eq(set_events(&vm, 0, false, false), 0);
	ck_assert_int_eq(set_events(&vm, 0, true, false), -EINVAL);
	/* Only in answer to an access that waits for the VMM. */
	ck_assert_int_eq(set_events(&vm, 0, false, true), -EINVAL);
	vm.guest.op[0] = &load;
	ck_assert_int_eq(vm_run(&vm, 0), 0);
	ck_assert_uint_eq(vm_kvm_run(&vm, 0).exit_reason, KVM_EXIT_MMIO);
	ck_assert_int_eq(set_events(&vm, 0, true, false), -EINVAL);
	ck_assert_int_eq(set_events(&vm, 0, false, true), 0);
	/* It was asked for: once is enough. */
	ck_assert_int_eq(set_events(&vm, 0, false, true), -EINVAL);
	memset(&events, 0xff, sizeof(events));
	ck_assert_int_eq(
		vmm_ioctl_struct(vm.vmm, vm.vcpu[0], KVM_GET_VCPU_EVENTS, &events, sizeof(events)),
		0);
	ck_assert_uint_eq(events.exception.ext_dabt_pending, 0);
	ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
	ck_assert(load.done);
	ck_assert(load.sea);
	/* The next access is emulated as ever. */
	load.done = load.issued = load.sea = false;
	ck_assert_int_eq(vm_run(&vm, 0), 0);
	ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
	ck_assert(load.done);
	ck_assert(!load.sea);
	vmm_stop(vm.vmm);
}
END_TEST

START_TEST(events_without_rec)
{
	struct vm vm = {.vmm = vmm_start(_i, NULL)};
	struct kvm_arm_rmm_psci_complete complete = {.target_mpidr = 0};

	vm.fd = vmm_create_realm_vm(vm.vmm);
	vm_vcpu(&vm, 0);
	ck_assert_int_eq(set_events(&vm, 0, false, true), -ENOEXEC);
	ck_assert_int_eq(vmm_ioctl_struct(vm.vmm, vm.vcpu[0], KVM_ARM_VCPU_RMM_PSCI_COMPLETE,
					  &complete, sizeof(complete)),
			 -EPERM);
	ck_assert_int_eq(vcpu_init(&vm, vm.vcpu[0], FEATURES_REC), 0);
	ck_assert_int_eq(set_events(&vm, 0, false, true), -EINVAL);
	ck_assert_int_eq(set_events(&vm, 0, false, false), 0);
	ck_assert_int_eq(vmm_ioctl_struct(vm.vmm, vm.vcpu[0], KVM_ARM_VCPU_RMM_PSCI_COMPLETE,
					  &complete, sizeof(complete)),
			 -EINVAL);
	complete.target_mpidr = 5;
	ck_assert_int_eq(vmm_ioctl_struct(vm.vmm, vm.vcpu[0], KVM_ARM_VCPU_RMM_PSCI_COMPLETE,
					  &complete, sizeof(complete)),
			 -EINVAL);
	vmm_stop(vm.vmm);
}
END_TEST

/* -- calls -- */

static int64_t set_filter(struct vm *vm, uint32_t base, uint32_t count, uint8_t action, uint8_t pad)
{
	struct kvm_smccc_filter filter = {.base = base, .nr_functions = count, .action = action};
	const uint64_t at = vm->vmm->args + 8192;

	filter.pad[14] = pad;
	ck_assert_int_eq(vm->vmm->kvm->user_write(vm->vmm->tid, at, &filter, sizeof(filter)),
			 (int64_t)sizeof(filter));
	return device_attr(vm, vm->fd, KVM_SET_DEVICE_ATTR, KVM_ARM_VM_SMCCC_CTRL,
			   KVM_ARM_VM_SMCCC_FILTER, at);
}

START_TEST(host_calls)
{
	struct guest_op op = {.action = GUEST_HOST_CALL, .ipa = RAM};
	struct kvm_run run;
	struct vm vm;

	vm_realm(&vm, _i);
	ck_assert_int_eq(device_attr(&vm, vm.fd, KVM_SET_DEVICE_ATTR, 9, 0, 0), -ENXIO);
	ck_assert_int_eq(device_attr(&vm, vm.fd, KVM_HAS_DEVICE_ATTR, KVM_ARM_VM_SMCCC_CTRL,
				     KVM_ARM_VM_SMCCC_FILTER, 0),
			 0);
	ck_assert_int_eq(set_filter(&vm, 0x84000100, 0, KVM_SMCCC_FILTER_DENY, 0), -EINVAL);
	ck_assert_int_eq(set_filter(&vm, 0xfffffff0, 17, KVM_SMCCC_FILTER_DENY, 0), -EINVAL);
	ck_assert_int_eq(set_filter(&vm, 0x84000100, 1, 3, 0), -EINVAL);
	ck_assert_int_eq(set_filter(&vm, 0x84000100, 1, KVM_SMCCC_FILTER_DENY, 1), -EINVAL);
	ck_assert_int_eq(set_filter(&vm, 0x80000000, 1, KVM_SMCCC_FILTER_DENY, 0), -EEXIST);
	ck_assert_int_eq(set_filter(&vm, 0x7fffffff, 2, KVM_SMCCC_FILTER_DENY, 0), -EEXIST);
	ck_assert_int_eq(set_filter(&vm, 0xc500ff00, 16, KVM_SMCCC_FILTER_FWD_TO_USER, 0), 0);
	ck_assert_int_eq(set_filter(&vm, 0xc500ff0f, 1, KVM_SMCCC_FILTER_DENY, 0), -EEXIST);
	ck_assert_int_eq(set_filter(&vm, 0xc500fef0, 17, KVM_SMCCC_FILTER_DENY, 0), -EEXIST);
	ck_assert_int_eq(set_filter(&vm, 0x8600ff01, 1, KVM_SMCCC_FILTER_DENY, 0), 0);

	/* Unknown: not supported. SMCCC_VERSION 1.1: served. Denied. */
	op.x[0] = 0x84001234;
	vm_do(&vm, 0, &op);
	ck_assert_uint_eq(op.x[0], ~0ull);
	op = (struct guest_op){.action = GUEST_HOST_CALL, .ipa = RAM, .x = {0x80000000, 7, 7, 7}};
	vm_do(&vm, 0, &op);
	ck_assert_uint_eq(op.x[0], 0x10001);
	op = (struct guest_op){.action = GUEST_HOST_CALL, .ipa = RAM, .x = {0x8600ff01}};
	vm_do(&vm, 0, &op);
	ck_assert_uint_eq(op.x[0], ~0ull);
	/* The VMM's: it reads the arguments and writes the results as registers. */
	op = (struct guest_op){.action = GUEST_HOST_CALL, .ipa = RAM, .x = {0xc500ff07, 41, 42}};
	vm.guest.op[0] = &op;
	ck_assert_int_eq(vm_run(&vm, 0), 0);
	run = vm_kvm_run(&vm, 0);
	ck_assert_uint_eq(run.exit_reason, KVM_EXIT_HYPERCALL);
	ck_assert_uint_eq(run.hypercall.nr, 0xc500ff07);
	ck_assert_int_eq(get_reg(&vm, vm.vcpu[0], REG_X(2), &op.value), 0);
	ck_assert_uint_eq(op.value, 42);
	ck_assert_int_eq(set_reg(&vm, vm.vcpu[0], REG_X(0), 43), 0);
	ck_assert_int_eq(set_reg(&vm, vm.vcpu[0], REG_X(3), 44), 0);
	ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
	ck_assert(op.done);
	ck_assert_uint_eq(op.x[0], 43);
	ck_assert_uint_eq(op.x[1], 41);
	ck_assert_uint_eq(op.x[3], 44);
	/* The guest has run: the filter is as it is. */
	ck_assert_int_eq(set_filter(&vm, 0xc600ff00, 1, KVM_SMCCC_FILTER_DENY, 0), -EBUSY);
	vmm_stop(vm.vmm);
}
END_TEST

#define PSCI_CPU_OFF	   0x84000002ull
#define PSCI_CPU_ON	   0xc4000003ull
#define PSCI_AFFINITY_INFO 0xc4000004ull
#define PSCI_SYSTEM_OFF	   0x84000008ull
#define PSCI_SYSTEM_RESET  0x84000009ull

static uint64_t vm_psci(struct vm *vm, unsigned int id, uint64_t fn, uint64_t a, uint64_t b,
			uint64_t c)
{
	struct guest_op op = {.action = GUEST_SMC, .x = {fn, a, b, c}};

	vm_do(vm, id, &op);
	vm->guest.op[id] = NULL;
	return op.x[0];
}

START_TEST(psci_turns_vcpus_on_and_off)
{
	struct guest_op off = {.action = GUEST_SMC, .x = {PSCI_CPU_OFF}};
	struct kvm_mp_state state;
	struct vm vm;

	vm_realm(&vm, _i);
	/* It is off: it does not run. */
	ck_assert_int_eq(vm_run(&vm, 1), -EINTR);
	ck_assert_uint_eq(vm.guest.entries[1], 0);
	ck_assert_uint_eq(vm_psci(&vm, 0, PSCI_AFFINITY_INFO, 1, 0, 0), 1);
	ck_assert_uint_eq(vm_psci(&vm, 0, PSCI_CPU_ON, 1, RAM + 0x100, 0xabc), 0);
	ck_assert_uint_eq(vm_psci(&vm, 0, PSCI_AFFINITY_INFO, 1, 0, 0), 0);
	ck_assert_int_eq(
		vmm_ioctl_struct(vm.vmm, vm.vcpu[1], KVM_GET_MP_STATE, &state, sizeof(state)), 0);
	ck_assert_uint_eq(state.mp_state, KVM_MP_STATE_RUNNABLE);
	ck_assert_int_eq(vm_run(&vm, 1), -EINTR);
	ck_assert_uint_eq(vm.guest.entries[1], 1);
	ck_assert_uint_eq(vm.guest.entry_x0[1], 0xabc);
	ck_assert_uint_eq(vm.guest.entry_pc[1], RAM + 0x100);
	/* It is on already; there is no third. */
	ck_assert_uint_eq(vm_psci(&vm, 0, PSCI_CPU_ON, 1, RAM, 0), (uint64_t)-4);
	ck_assert_uint_eq(vm_psci(&vm, 0, PSCI_CPU_ON, 2, RAM, 0), (uint64_t)-2);
	/* Off by itself: KVM_RUN waits, and the REC is not entered. */
	vm.guest.op[1] = &off;
	ck_assert_int_eq(vm_run(&vm, 1), -EINTR);
	ck_assert_uint_eq(vm.guest.entries[1], 2);
	ck_assert_int_eq(vm_run(&vm, 1), -EINTR);
	ck_assert_uint_eq(vm.guest.entries[1], 2);
	vm.guest.op[1] = NULL;
	ck_assert_uint_eq(vm_psci(&vm, 0, PSCI_AFFINITY_INFO, 1, 0, 0), 1);
	ck_assert_uint_eq(vm_psci(&vm, 0, PSCI_CPU_ON, 1, RAM + 0x200, 0xdef), 0);
	ck_assert_int_eq(vm_run(&vm, 1), -EINTR);
	ck_assert_uint_eq(vm.guest.entry_x0[1], 0xdef);
	ck_assert_uint_eq(vm.guest.entry_pc[1], RAM + 0x200);
	vmm_stop(vm.vmm);
}
END_TEST

START_TEST(psci_ends_the_system)
{
	const bool reset = _i >= NUM_PAGE_SIZES;
	struct guest_op end = {.action = GUEST_SMC,
			       .x = {reset ? PSCI_SYSTEM_RESET : PSCI_SYSTEM_OFF}};
	struct kvm_mp_state state = {.mp_state = KVM_MP_STATE_RUNNABLE};
	struct kvm_run run;
	struct vm vm;

	vm_realm(&vm, _i % NUM_PAGE_SIZES);
	vm.guest.op[0] = &end;
	ck_assert_int_eq(vm_run(&vm, 0), 0);
	run = vm_kvm_run(&vm, 0);
	ck_assert_uint_eq(run.exit_reason, KVM_EXIT_SYSTEM_EVENT);
	ck_assert_uint_eq(run.system_event.type,
			  reset ? KVM_SYSTEM_EVENT_RESET : KVM_SYSTEM_EVENT_SHUTDOWN);
	/* All vCPUs are off. One that is turned on by the VMM finds a Realm that is off. */
	ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
	ck_assert_int_eq(vm_run(&vm, 1), -EINTR);
	ck_assert_int_eq(
		vmm_ioctl_struct(vm.vmm, vm.vcpu[0], KVM_SET_MP_STATE, &state, sizeof(state)), 0);
	ck_assert_int_eq(vm_run(&vm, 0), 0);
	ck_assert_uint_eq(vm_kvm_run(&vm, 0).exit_reason, KVM_EXIT_SHUTDOWN);
	vmm_stop(vm.vmm);
}
END_TEST

static int64_t psci_complete(struct vm *vm, unsigned int id, uint64_t mpidr, int32_t status)
{
	struct kvm_arm_rmm_psci_complete complete = {
		.target_mpidr = mpidr,
		.psci_status = (uint32_t)status,
	};

	return vmm_ioctl_struct(vm->vmm, vm->vcpu[id], KVM_ARM_VCPU_RMM_PSCI_COMPLETE, &complete,
				sizeof(complete));
}

/* The VMM has PSCI handed to itself, and answers the RMM. */
START_TEST(psci_in_the_vmm)
{
	struct guest_op on = {.action = GUEST_SMC, .x = {PSCI_CPU_ON, 1, RAM, 0x77}};
	struct kvm_mp_state state = {.mp_state = KVM_MP_STATE_RUNNABLE};
	struct vm vm;

	vm_realm(&vm, _i);
	ck_assert_int_eq(set_filter(&vm, 0xc4000000, 32, KVM_SMCCC_FILTER_FWD_TO_USER, 0), 0);
	ck_assert_int_eq(psci_complete(&vm, 0, 1, 0), -EINVAL);
	vm.guest.op[0] = &on;
	ck_assert_int_eq(vm_run(&vm, 0), 0);
	ck_assert_uint_eq(vm_kvm_run(&vm, 0).exit_reason, KVM_EXIT_HYPERCALL);
	ck_assert_uint_eq(vm_kvm_run(&vm, 0).hypercall.nr, PSCI_CPU_ON);
	/* Without an answer the RMM does not enter the REC. */
	ck_assert_int_eq(vm_run(&vm, 0), -ENXIO);
	ck_assert_int_eq(psci_complete(&vm, 0, 9, 0), -EINVAL);
	ck_assert_int_eq(psci_complete(&vm, 0, 0, 0), -EINVAL);
	ck_assert_int_eq(psci_complete(&vm, 1, 1, 0), -EINVAL);
	/* DENIED has to reach the RMM as the negative number that it is. */
	ck_assert_int_eq(psci_complete(&vm, 0, 1, -3), 0);
	ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
	ck_assert(on.done);
	ck_assert_uint_eq(on.x[0], (uint64_t)-3);

	on = (struct guest_op){.action = GUEST_SMC, .x = {PSCI_CPU_ON, 1, RAM, 0x77}};
	ck_assert_int_eq(vm_run(&vm, 0), 0);
	ck_assert_int_eq(psci_complete(&vm, 0, 1, 0), 0);
	ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
	ck_assert_uint_eq(on.x[0], 0);
	ck_assert_int_eq(
		vmm_ioctl_struct(vm.vmm, vm.vcpu[1], KVM_SET_MP_STATE, &state, sizeof(state)), 0);
	ck_assert_int_eq(vm_run(&vm, 1), -EINTR);
	ck_assert_uint_eq(vm.guest.entry_x0[1], 0x77);
	vmm_stop(vm.vmm);
}
END_TEST

/*
 * A signal between the preparation and the entry: the guest is not entered, and later runs as if
 * nothing was.
 */
START_TEST(signals_on_the_way_in)
{
	struct vm vm;
	uint64_t nth;

	vm_realm(&vm, _i);
	for (nth = 1;; nth++) {
		unsigned int entries = vm.guest.entries[0];

		vmm_fail(vm.vmm, PORT_FAULT_SIGNAL, nth);
		ck_assert_int_eq(vm_run(&vm, 0), -EINTR);
		if (!vmm_failed(vm.vmm))
			break;
		ck_assert_uint_eq(vm.guest.entries[0], entries);
	}
	/* Where sleeping is allowed, and once more with interrupts off. */
	ck_assert_uint_ge(nth, 3);
	ck_assert_uint_eq(vm.guest.entries[0], 1);
	vmm_stop(vm.vmm);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vcpu");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(all, creation, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, init_rules, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, run_needs_everything, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, realm_vcpu_without_rec, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, gic_rules, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, ordinary_vcpu, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, ordinary_registers, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, list_of_registers, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, realm_registers, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, mmio_of_every_width, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, abort_instead_of_mmio, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, events_without_rec, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, host_calls, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, psci_turns_vcpus_on_and_off, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, psci_ends_the_system, 0, 2 * NUM_PAGE_SIZES);
	tcase_add_loop_test(all, psci_in_the_vmm, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, signals_on_the_way_in, 0, NUM_PAGE_SIZES);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
