// SPDX-License-Identifier: BSD-3-Clause
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rmm/rsi.h>

#include "host.h"

/* arm64 Linux. */
#define USER_PROT_RW	   3u
#define USER_MAP_SHARED	   1u
#define USER_MAP_ANONYMOUS 0x20u
#define FALLOC_PUNCH_KEEP  3u

#define ARGS_SIZE 0x10000u

/*
 * One DRAM serves all machines of its size, reset in between, as making one costs far more than a machine. It
 * is also what a test that failed leaves behind, whose struct host is gone.
 */
static struct dram *live_dram;
static struct rmm *live_rmm;

/* -- the port -- */

static void port_smc(void *ctx, uint64_t regs[18])
{
	struct host *host = ctx;
	struct rmm_regs x;

	if (regs[0] >= RMI_FID_FIRST && regs[0] <= RMI_FID_LAST)
		host->calls[regs[0] - RMI_FID_FIRST]++;
	if (host->fault_fired && !host->then_fired && (uint32_t)regs[0] == host->then_fid) {
		host->then_fired = true;
		regs[0] = RMI_ERROR_INPUT;
		memset(&regs[1], 0, 4 * sizeof(regs[0]));
		return;
	}
	if (host->fault_nth && (uint32_t)regs[0] == host->fault_fid) {
		host->fault_seen++;
		if (host->fault_seen == host->fault_nth ||
		    (host->fault_always && host->fault_seen > host->fault_nth)) {
			host->fault_fired = true;
			regs[0] = host->fault_x0;
			memset(&regs[1], 0, 4 * sizeof(regs[0]));
			return;
		}
	}
	memcpy(x.x, regs, sizeof(x.x));
	rmm_smc(host->rmm, &x);
	memcpy(regs, x.x, sizeof(x.x));
}

static int64_t port_frame_alloc(void *ctx, unsigned int order)
{
	return dram_frame_alloc(((struct host *)ctx)->dram, order);
}

static void port_frame_free(void *ctx, uint64_t index, unsigned int order)
{
	struct host *host = ctx;
	uint64_t pa = host->port.phys_base + index * HOST_PAGE;
	uint64_t offset;

	/* The first of all rules: memory that the RMM holds is never given back. */
	for (offset = 0; offset < HOST_PAGE << order; offset += GRANULE) {
		struct rmm_granule_view view;

		ck_assert(rmm_inspect_granule(host->rmm, pa + offset, &view));
		ck_assert_msg(view.state == RMM_GRANULE_UNDELEGATED, "frame %#llx freed while %s",
			      (unsigned long long)(pa + offset),
			      rmm_granule_state_name(view.state));
	}
	ck_assert_int_eq(dram_frame_free(host->dram, index, order), 0);
}

static bool port_is_nonsecure(void *ctx, uint64_t pa, uint64_t size)
{
	struct host *host = ctx;
	uint64_t at;

	for (at = pa & ~(GRANULE - 1); at < pa + size; at += GRANULE) {
		struct rmm_granule_view view;

		if (!rmm_inspect_granule(host->rmm, at, &view) || view.gpt != RMM_GPT_NS)
			return false;
	}
	return true;
}

static void port_event(void *ctx, const struct port_event *event)
{
	(void)ctx;
	if (event->kind == PORT_EVENT_PRINT && getenv("HOST_VERBOSE"))
		fprintf(stderr, "kernel: %s\n", event->text);
}

static bool port_fault_decide(void *ctx, enum port_fault point, uint64_t address)
{
	struct host *host = ctx;

	(void)address;
	if (host->fault_point != (int)point || !host->point_nth)
		return false;
	if (++host->point_seen != host->point_nth)
		return false;
	host->fault_fired = true;
	return true;
}

static void port_sched_point(void *ctx, enum port_sched kind, const char *object)
{
	struct host *host = ctx;
	int64_t tid = host->tid;

	if (!host->race || host->racing || kind != PORT_SCHED_LOCK || !object ||
	    !strstr(object, host->race_lock) || ++host->race_seen != host->race_nth)
		return;
	host->racing = true;
	host->tid = host->race_tid;
	host->race(host->race_vm);
	host->tid = tid;
	host->racing = false;
}

/* There is nobody else. */
static bool port_sched_wait(void *ctx, enum port_sched kind, const char *object,
			    bool (*done)(void *arg), void *arg)
{
	port_sched_point(ctx, kind, object);
	return done(arg);
}

static void port_warn(void *ctx, const struct port_warn *warn)
{
	struct host *host = ctx;

	/* Anything but a WARN is a rule of the kernel that was broken, which nothing excuses. */
	if (strcmp(warn->rule, "WARN"))
		host->violations++;
	host->warns++;
	snprintf(host->last_warn, sizeof(host->last_warn), "%s at %s:%d %s: %s", warn->rule,
		 warn->file, warn->line, warn->function, warn->message ? warn->message : "");
	if (getenv("HOST_VERBOSE"))
		fprintf(stderr, "warn: %s\n", host->last_warn);
}

/* -- the RMM's platform -- */

static bool platform_is_clean(void *ctx, uint64_t pa)
{
	(void)ctx;
	return dram_is_clean(live_dram, pa);
}

static void platform_gpt_changed(void *ctx, uint64_t pa, enum rmm_gpt gpt, bool clean)
{
	(void)ctx;
	if (!clean)
		dram_mark_dirty(live_dram, pa);
	dram_protect(live_dram, pa, gpt != RMM_GPT_NS);
}

static void platform_ns_write(void *ctx, uint64_t pa)
{
	(void)ctx;
	dram_mark_dirty(live_dram, pa);
}

/* -- the guest -- */

static bool guest_set_ripas(struct host *host, struct rmm_cpu *cpu, struct guest_op *op)
{
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);
	uint64_t base = op->ipa + op->done;

	(void)host;
	if (op->issued) {
		ck_assert(rmm_cpu_entry(cpu)->ripas_done);
		ck_assert_uint_eq(regs->gprs[0], RSI_SUCCESS);
		ck_assert_uint_ge(regs->gprs[1], base);
		ck_assert_uint_le(regs->gprs[1], op->ipa + op->size);
		op->response = regs->gprs[2];
		op->issued = false;
		/* Linux gives up when a round came no further. */
		if (regs->gprs[1] == base)
			return true;
		op->done = regs->gprs[1] - op->ipa;
		if (op->done == op->size)
			return true;
		base = regs->gprs[1];
	}
	memset(regs->gprs, 0, sizeof(regs->gprs));
	regs->gprs[0] = RSI_IPA_STATE_SET;
	regs->gprs[1] = base;
	regs->gprs[2] = op->ipa + op->size;
	regs->gprs[3] = op->ripas;
	regs->gprs[4] = op->keep_destroyed ? 0 : RSI_CHANGE_DESTROYED;
	op->issued = true;
	ck_assert_int_eq(rmm_cpu_smc(cpu), RMM_EXIT);
	return false;
}

static bool guest_access(struct rmm_cpu *cpu, struct guest_op *op)
{
	/* The VMM did the access that the last entry stopped at. */
	if (op->issued && rmm_cpu_entry(cpu)->mmio_emulated)
		op->done += GRANULE;
	op->issued = false;
	while (op->done < op->size) {
		uint8_t byte = op->value;
		struct rmm_access access = {
			.type = op->action == GUEST_WRITE ? RMM_WRITE : RMM_READ,
			.ipa = op->ipa + op->done,
			.size = 1,
			.data = &byte,
			.isv = true,
			.srt = 1,
			.sf = true,
			.far = op->ipa + op->done,
		};

		switch (rmm_cpu_access(cpu, &access)) {
		case RMM_EXIT:
			op->issued = true;
			return false;
		case RMM_SEA:
			op->seas++;
			break;
		case RMM_CONTINUE:
			if (op->action == GUEST_EXPECT)
				ck_assert_msg(byte == op->value, "ipa %#llx holds %#x, not %#x",
					      (unsigned long long)access.ipa, byte, op->value);
			break;
		}
		op->done += GRANULE;
	}
	return true;
}

static void guest_run(void *ctx, struct rmm_cpu *cpu)
{
	struct host *host = ctx;

	while (host->next_op < host->num_ops) {
		struct guest_op *op = &host->ops[host->next_op];
		bool finished = op->action == GUEST_SET_RIPAS ? guest_set_ripas(host, cpu, op)
							      : guest_access(cpu, op);

		if (!finished)
			return;
		host->next_op++;
	}
	/* Nothing is left to do: the VMM's thread gets a signal, which is an interrupt for the CPU. */
	kvm_build.signal_set((int32_t)host->tid, true);
	ck_assert_int_eq(rmm_cpu_event(cpu, RMM_EVENT_IRQ), RMM_EXIT);
}

/* -- the machine -- */

/* The machine's DRAM: empty, all of it Non-secure. */
static struct dram *machine_dram(uint64_t size)
{
	struct dram_config config = {
		.base = DRAM_DEFAULT_BASE,
		.size = size,
		.page_size = (uint32_t)HOST_PAGE,
		.memfd = -1,
	};

	if (live_rmm) {
		rmm_reset(live_rmm);
		rmm_destroy(live_rmm);
		live_rmm = NULL;
	}
	if (live_dram && dram_size(live_dram) == size) {
		dram_reset(live_dram);
		return live_dram;
	}
	dram_destroy(live_dram);
	live_dram = NULL;
	ck_assert_int_eq(dram_create(&config, &live_dram), 0);
	return live_dram;
}

static uint64_t user_map(struct host *host, uint64_t size)
{
	int64_t ret = kvm_build.sys_mmap((int32_t)host->tid, 0, size, USER_PROT_RW,
					 USER_MAP_SHARED | USER_MAP_ANONYMOUS, -1, 0);

	ck_assert_msg(ret > 0, "mmap: %lld", (long long)ret);
	return (uint64_t)ret;
}

void host_start(struct host *host, const struct host_options *options)
{
	static const struct host_options defaults;
	struct kvm_boot_config boot_config = {.size = sizeof(boot_config), .vmid_bits = 8};
	struct rmm_config rmm_config;
	struct rmm_bank bank;
	uint64_t at;

	if (!options)
		options = &defaults;
	memset(host, 0, sizeof(*host));
	host->fault_point = -1;
	host->dram = machine_dram(options->dram_size ? options->dram_size : DRAM_DEFAULT_SIZE);

	bank = (struct rmm_bank){
		.base = dram_base(host->dram),
		.size = dram_size(host->dram),
		.view = dram_rmm_view(host->dram),
	};
	rmm_config_init(&rmm_config);
	rmm_config.banks = &bank;
	rmm_config.num_banks = 1;
	rmm_config.platform = (struct rmm_platform){
		.is_clean = platform_is_clean,
		.gpt_changed = platform_gpt_changed,
		.ns_write = platform_ns_write,
	};
	rmm_config.run = guest_run;
	rmm_config.run_ctx = host;
	rmm_config.rec_aux = (uint8_t)(options->rec_aux ? options->rec_aux - 1 : 2);
	if (options->s2sz)
		rmm_config.s2sz = options->s2sz;
	rmm_config.wipe_pattern = options->wipe_pattern;
	ck_assert_int_eq(rmm_create(&rmm_config, &host->rmm), 0);
	live_rmm = host->rmm;

	host->port = (struct sim_port){
		.abi_version = SIM_PORT_ABI,
		.size = sizeof(host->port),
		.ctx = host,
		.smc = port_smc,
		.phys_base = dram_base(host->dram),
		.dram_size = dram_size(host->dram),
		.host_view = dram_host_view(host->dram),
		.frames = dram_frames(host->dram),
		.frame_alloc = port_frame_alloc,
		.frame_free = port_frame_free,
		.is_nonsecure = port_is_nonsecure,
		.event_mask = 1u << PORT_EVENT_PRINT,
		.event = port_event,
		.fault_mask = ~0u,
		.fault_decide = port_fault_decide,
		.sched = true,
		.sched_point = port_sched_point,
		.sched_wait = port_sched_wait,
		.warn = port_warn,
	};
	boot_config.block_mappings = options->block_mappings;
	boot_config.gmem_huge = options->gmem_huge;
	ck_assert_int_eq(kvm_build.boot(&host->port, &boot_config), 0);

	host->booted = host_inspect();
	host->tid = kvm_build.process_create();
	ck_assert_msg(host->tid > 0, "process_create: %lld", (long long)host->tid);
	host->args = user_map(host, ARGS_SIZE);
	/* Its pages exist from the start, whatever fails later. */
	for (at = 0; at < ARGS_SIZE; at += HOST_PAGE)
		ck_assert_int_eq(kvm_build.user_write((int32_t)host->tid, host->args + at, "", 1),
				 1);
}

void host_stop(struct host *host)
{
	struct kvm_inspect inspect;

	if (host->tid > 0)
		kvm_build.process_exit((int32_t)host->tid);
	inspect = host_inspect();
	ck_assert_msg(!host->violations, "%u rules broken, the last report: %s", host->violations,
		      host->last_warn);
	ck_assert_msg(!host->warns, "%u warnings, the last: %s", host->warns, host->last_warn);
	ck_assert_uint_eq(host_granules(host), 0);
	ck_assert_uint_eq(inspect.vms, 0);
	ck_assert_uint_eq(inspect.files, 0);
	ck_assert_uint_eq(inspect.locks_held, 0);
	ck_assert_int_eq(inspect.pgtable_pages, 0);
	ck_assert_uint_eq(inspect.gmem_pages, 0);
	ck_assert_uint_eq(inspect.user_pages, 0);
	ck_assert_uint_eq(inspect.kernel_pages, host->booted.kernel_pages);
	ck_assert_uint_eq(inspect.slab_objects, host->booted.slab_objects);
	kvm_build.shutdown();
}

void host_stop_leaking(struct host *host)
{
	struct kvm_inspect inspect;
	uint64_t i, others = 0;

	if (host->tid > 0)
		kvm_build.process_exit((int32_t)host->tid);
	inspect = host_inspect();
	ck_assert_msg(!host->violations, "%u rules broken, the last report: %s", host->violations,
		      host->last_warn);
	ck_assert_uint_eq(inspect.vms, 0);
	ck_assert_uint_eq(inspect.files, 0);
	ck_assert_uint_eq(inspect.locks_held, 0);
	ck_assert_uint_eq(inspect.slab_objects, host->booted.slab_objects);

	/* What is left is held because the RMM has part of it. */
	for (i = 0; i < host->port.dram_size / HOST_PAGE; i++) {
		const struct port_frame *frame = &host->port.frames[i];
		uint64_t pa = host->port.phys_base + i * HOST_PAGE;
		bool with_rmm = !port_is_nonsecure(host, pa, HOST_PAGE);

		if (with_rmm)
			ck_assert_msg(frame->refcount > 0, "%#llx is free", (unsigned long long)pa);
		else if (frame->refcount > 0 && frame->kind != PORT_FRAME_SLAB)
			others++;
	}
	ck_assert_uint_eq(inspect.user_pages, 0);
	ck_assert_uint_le(others, host->booted.kernel_pages);
	kvm_build.shutdown();
}

struct kvm_inspect host_inspect(void)
{
	struct kvm_inspect inspect;

	memset(&inspect, 0, sizeof(inspect));
	kvm_build.inspect(&inspect);
	return inspect;
}

uint64_t host_granules(const struct host *host)
{
	uint64_t sum = 0;
	int state;

	for (state = RMM_GRANULE_DELEGATED; state < RMM_GRANULE_NUM_STATES; state++)
		sum += rmm_inspect_count(host->rmm, state);
	return sum;
}

uint64_t host_calls(const struct host *host, uint32_t fid)
{
	return host->calls[fid - RMI_FID_FIRST];
}

void host_calls_clear(struct host *host)
{
	memset(host->calls, 0, sizeof(host->calls));
}

int64_t host_ioctl(struct host *host, int fd, uint32_t cmd, uint64_t arg)
{
	int64_t ret = kvm_build.sys_ioctl((int32_t)host->tid, fd, cmd, arg);

	if (!host->racing)
		ck_assert_uint_eq(host_inspect().locks_held, 0);
	ck_assert_msg(ret >= -4095, "ioctl %#x returned %lld", cmd, (long long)ret);
	return ret;
}

int64_t host_ioctl_struct(struct host *host, int fd, uint32_t cmd, void *arg, size_t size)
{
	int64_t ret;

	ck_assert_uint_le(size, ARGS_SIZE);
	ck_assert_int_eq(kvm_build.user_write((int32_t)host->tid, host->args, arg, size),
			 (int64_t)size);
	ret = host_ioctl(host, fd, cmd, host->args);
	ck_assert_int_eq(kvm_build.user_read((int32_t)host->tid, host->args, arg, size),
			 (int64_t)size);
	return ret;
}

/* -- the VMM -- */

int64_t vm_try_create(struct host *host, struct vm *vm, uint64_t type)
{
	int64_t kvm_fd = kvm_build.sys_open((int32_t)host->tid, "/dev/kvm");
	int64_t ret;

	ck_assert_msg(kvm_fd >= 0, "open: %lld", (long long)kvm_fd);
	memset(vm, 0, sizeof(*vm));
	vm->host = host;
	vm->gic = -1;
	ret = host_ioctl(host, (int)kvm_fd, KVM_CREATE_VM, type);
	ck_assert_int_eq(kvm_build.sys_close((int32_t)host->tid, (int)kvm_fd), 0);
	vm->fd = (int)ret;
	return ret;
}

void vm_create(struct host *host, struct vm *vm, unsigned int ipa_bits)
{
	int64_t ret = vm_try_create(host, vm, KVM_VM_TYPE_ARM_REALM | ipa_bits);

	ck_assert_msg(ret >= 0, "CREATE_VM: %lld", (long long)ret);
	vm->ipa_bits = ipa_bits ? ipa_bits : 40;
}

void vm_close(struct vm *vm)
{
	int32_t tid = (int32_t)vm->host->tid;
	unsigned int i;

	for (i = 0; i < vm->num_vcpus; i++) {
		ck_assert_int_eq(kvm_build.sys_munmap(tid, vm->runs[i], HOST_PAGE), 0);
		ck_assert_int_eq(kvm_build.sys_close(tid, vm->vcpus[i]), 0);
	}
	for (i = 0; i < vm->num_slots; i++)
		ck_assert_int_eq(kvm_build.sys_close(tid, vm->slots[i].gmem), 0);
	if (vm->gic >= 0)
		ck_assert_int_eq(kvm_build.sys_close(tid, vm->gic), 0);
	ck_assert_int_eq(kvm_build.sys_close(tid, vm->fd), 0);
}

void vm_slot(struct vm *vm, uint64_t gpa, uint64_t size)
{
	struct kvm_create_guest_memfd create = {.size = size};
	struct kvm_userspace_memory_region2 region = {
		.slot = vm->num_slots,
		.flags = KVM_MEM_GUEST_MEMFD,
		.guest_phys_addr = gpa,
		.memory_size = size,
	};
	int64_t gmem;

	gmem = host_ioctl_struct(vm->host, vm->fd, KVM_CREATE_GUEST_MEMFD, &create, sizeof(create));
	ck_assert_msg(gmem >= 0, "CREATE_GUEST_MEMFD: %lld", (long long)gmem);
	vm->slots[vm->num_slots].gmem = (int)gmem;
	vm->slots[vm->num_slots].gpa = gpa;
	vm->slots[vm->num_slots].size = size;
	vm->slots[vm->num_slots].hva = user_map(vm->host, size);
	region.guest_memfd = (uint32_t)gmem;
	region.userspace_addr = vm->slots[vm->num_slots].hva;
	ck_assert_int_eq(host_ioctl_struct(vm->host, vm->fd, KVM_SET_USER_MEMORY_REGION2, &region,
					   sizeof(region)),
			 0);
	vm->num_slots++;
	ck_assert_int_eq(vm_attributes(vm, gpa, size, true), 0);
}

int64_t vm_delete_slot(struct vm *vm, unsigned int slot)
{
	struct kvm_userspace_memory_region2 region = {.slot = slot};

	return host_ioctl_struct(vm->host, vm->fd, KVM_SET_USER_MEMORY_REGION2, &region,
				 sizeof(region));
}

int64_t vm_cap(struct vm *vm, uint64_t op, void *arg, size_t size)
{
	struct host *host = vm->host;
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_ARM_RME,
		.args = {op, arg ? host->args + 0x1000 : 0},
	};

	if (arg)
		ck_assert_int_eq(
			kvm_build.user_write((int32_t)host->tid, host->args + 0x1000, arg, size),
			(int64_t)size);
	return host_ioctl_struct(host, vm->fd, KVM_ENABLE_CAP, &cap, sizeof(cap));
}

int64_t vm_create_realm(struct vm *vm)
{
	return vm_cap(vm, KVM_CAP_ARM_RME_CREATE_REALM, NULL, 0);
}

int64_t vm_init_ripas(struct vm *vm, uint64_t base, uint64_t size)
{
	struct arm_rme_init_ripas args = {.base = base, .size = size};

	return vm_cap(vm, KVM_CAP_ARM_RME_INIT_RIPAS_REALM, &args, sizeof(args));
}

int64_t vm_populate(struct vm *vm, uint64_t base, uint64_t size)
{
	struct arm_rme_populate_realm args = {
		.base = base,
		.size = size,
		.flags = KVM_ARM_RME_POPULATE_FLAGS_MEASURE,
	};

	return vm_cap(vm, KVM_CAP_ARM_RME_POPULATE_REALM, &args, sizeof(args));
}

int64_t vm_activate(struct vm *vm)
{
	return vm_cap(vm, KVM_CAP_ARM_RME_ACTIVATE_REALM, NULL, 0);
}

static void vm_gic(struct vm *vm)
{
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};

	ck_assert_int_eq(
		host_ioctl_struct(vm->host, vm->fd, KVM_CREATE_DEVICE, &device, sizeof(device)), 0);
	vm->gic = (int)device.fd;
}

void vm_vcpu(struct vm *vm)
{
	struct kvm_vcpu_init init = {
		.target = KVM_ARM_TARGET_GENERIC_V8,
		.features[0] = 1u << KVM_ARM_VCPU_PSCI_0_2 | 1u << KVM_ARM_VCPU_REC,
	};
	unsigned int i = vm->num_vcpus;
	int64_t fd, run;

	if (vm->gic < 0)
		vm_gic(vm);
	fd = host_ioctl(vm->host, vm->fd, KVM_CREATE_VCPU, i);
	ck_assert_msg(fd >= 0, "CREATE_VCPU: %lld", (long long)fd);
	run = kvm_build.sys_mmap((int32_t)vm->host->tid, 0, HOST_PAGE, USER_PROT_RW,
				 USER_MAP_SHARED, (int)fd, 0);
	ck_assert_msg(run > 0, "mmap of kvm_run: %lld", (long long)run);
	vm->vcpus[i] = (int)fd;
	vm->runs[i] = (uint64_t)run;
	vm->num_vcpus++;
	ck_assert_int_eq(
		host_ioctl_struct(vm->host, (int)fd, KVM_ARM_VCPU_INIT, &init, sizeof(init)), 0);
}

int64_t vm_finalize(struct vm *vm, unsigned int vcpu)
{
	int feature = KVM_ARM_VCPU_REC;

	return host_ioctl_struct(vm->host, vm->vcpus[vcpu], KVM_ARM_VCPU_FINALIZE, &feature,
				 sizeof(feature));
}

int64_t vm_attributes(struct vm *vm, uint64_t base, uint64_t size, bool private)
{
	struct kvm_memory_attributes attributes = {
		.address = base,
		.size = size,
		.attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
	};

	return host_ioctl_struct(vm->host, vm->fd, KVM_SET_MEMORY_ATTRIBUTES, &attributes,
				 sizeof(attributes));
}

static unsigned int vm_find_slot(struct vm *vm, uint64_t gpa)
{
	unsigned int i;

	for (i = 0; i < vm->num_slots; i++) {
		if (gpa - vm->slots[i].gpa < vm->slots[i].size)
			return i;
	}
	ck_abort_msg("no slot at %#llx", (unsigned long long)gpa);
}

int64_t vm_punch(struct vm *vm, uint64_t gpa, uint64_t size)
{
	unsigned int slot = vm_find_slot(vm, gpa);

	return kvm_build.sys_fallocate((int32_t)vm->host->tid, vm->slots[slot].gmem,
				       FALLOC_PUNCH_KEEP, gpa - vm->slots[slot].gpa, size);
}

uint64_t vm_user(struct vm *vm, uint64_t gpa)
{
	unsigned int slot = vm_find_slot(vm, gpa);

	return vm->slots[slot].hva + (gpa - vm->slots[slot].gpa);
}

uint64_t vm_rd(struct vm *vm)
{
	struct kvm_inspect_vm inspect;

	ck_assert_int_eq(kvm_build.inspect_vm((int32_t)vm->host->tid, vm->fd, &inspect), 0);
	return inspect.rd;
}

void vm_boot_created(struct vm *vm)
{
	struct kvm_device_attr attr = {
		.group = KVM_DEV_ARM_VGIC_GRP_CTRL,
		.attr = KVM_DEV_ARM_VGIC_CTRL_INIT,
	};
	unsigned int i;

	if (!vm->num_vcpus)
		vm_vcpu(vm);
	ck_assert_int_eq(
		host_ioctl_struct(vm->host, vm->gic, KVM_SET_DEVICE_ATTR, &attr, sizeof(attr)), 0);
	for (i = 0; i < vm->num_slots; i++)
		ck_assert_int_eq(vm_init_ripas(vm, vm->slots[i].gpa, vm->slots[i].size), 0);
	for (i = 0; i < vm->num_vcpus; i++)
		ck_assert_int_eq(vm_finalize(vm, i), 0);
	ck_assert_int_eq(vm_activate(vm), 0);
}

void vm_boot(struct vm *vm)
{
	ck_assert_int_eq(vm_create_realm(vm), 0);
	vm_boot_created(vm);
}

/* -- running -- */

int64_t vm_run_once(struct vm *vm, unsigned int vcpu)
{
	struct host *host = vm->host;
	struct exit_record *record = &host->exits[host->num_exits];
	struct kvm_run run;

	ck_assert_uint_lt(host->num_exits, MAX_EXITS);
	memset(record, 0, sizeof(*record));
	record->ret = host_ioctl(host, vm->vcpus[vcpu], KVM_RUN, 0);
	kvm_build.signal_set((int32_t)host->tid, false);
	ck_assert_int_eq(kvm_build.user_read((int32_t)host->tid, vm->runs[vcpu], &run, sizeof(run)),
			 (int64_t)sizeof(run));
	record->reason = run.exit_reason;
	if (run.exit_reason == KVM_EXIT_MEMORY_FAULT) {
		record->gpa = run.memory_fault.gpa;
		record->size = run.memory_fault.size;
		record->flags = run.memory_fault.flags;
	}
	if (record->ret != -EINTR)
		host->num_exits++;
	return record->ret;
}

int64_t vm_guest(struct vm *vm, struct guest_op *ops, unsigned int num)
{
	struct host *host = vm->host;

	host->ops = ops;
	host->num_ops = num;
	host->next_op = 0;
	host->num_exits = 0;
	for (;;) {
		int64_t ret = vm_run_once(vm, 0);
		const struct exit_record *last;

		if (ret == -EINTR && host->next_op == host->num_ops)
			return 0;
		if (ret == -EINTR)
			continue;
		last = &host->exits[host->num_exits - 1];
		if (ret != -EFAULT || last->reason != KVM_EXIT_MEMORY_FAULT ||
		    host->policy == VMM_RETURN)
			return ret ? ret : -EPROTO;
		if (host->policy == VMM_CONVERT)
			vm_attributes(
				vm, last->gpa & ~(HOST_PAGE - 1),
				((last->gpa + last->size + HOST_PAGE - 1) & ~(HOST_PAGE - 1)) -
					(last->gpa & ~(HOST_PAGE - 1)),
				last->flags & KVM_MEMORY_EXIT_FLAG_PRIVATE);
	}
}

/* -- looking -- */

struct rmm_entry_view vm_entry(struct vm *vm, uint64_t ipa)
{
	struct rmm_entry_view view;

	ck_assert_msg(rmm_inspect_entry(vm->host->rmm, vm_rd(vm), ipa, 3, &view),
		      "no entry for %#llx", (unsigned long long)ipa);
	return view;
}

void vm_check(struct vm *vm, uint64_t base, uint64_t size, enum rmm_hipas hipas,
	      enum rmm_ripas ripas)
{
	uint64_t ipa = base;

	while (ipa < base + size) {
		struct rmm_entry_view view = vm_entry(vm, ipa);

		ck_assert_msg(view.hipas == hipas && view.ripas == ripas,
			      "%#llx is %s %s, not %s %s", (unsigned long long)ipa,
			      rmm_hipas_name(view.hipas), rmm_ripas_name(view.ripas),
			      rmm_hipas_name(hipas), rmm_ripas_name(ripas));
		ipa = view.ipa + view.size;
	}
}

uint64_t vm_tables(struct vm *vm)
{
	struct rmm_realm_view view;

	ck_assert(rmm_inspect_realm(vm->host->rmm, vm_rd(vm), &view));
	return rmm_inspect_count(vm->host->rmm, RMM_GRANULE_RTT) - view.rtt_num_start;
}
