/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_kvm.h"

#include <errno.h>
#include <rmm/rmi.h>
#include <string.h>

#include "sim/linux/include/uapi/linux/kvm.h"

#define MAX_PAGES 512
#define PAGE	  4096u

_Static_assert(sizeof(struct kvm_run) <= PAGE, "one page holds it");

static struct fake state;
static const struct sim_port *port;
static int32_t next_tid, next_vm, next_gmem;
static uint64_t run_addr[16];
static uint64_t refused_pa;
static struct kvm_inspect books;
static struct {
	uint64_t addr;
	uint8_t bytes[PAGE];
} pages[MAX_PAGES];
static unsigned int num_pages;

/* Program memory without any rules: what was never written is zero. */
static uint8_t *page_at(uint64_t addr, bool create)
{
	for (unsigned int i = 0; i < num_pages; i++) {
		if (pages[i].addr == addr / PAGE * PAGE)
			return pages[i].bytes;
	}
	if (!create || num_pages == MAX_PAGES)
		return NULL;
	pages[num_pages].addr = addr / PAGE * PAGE;
	return pages[num_pages++].bytes;
}

static int64_t user_copy(uint64_t addr, void *buffer, uint64_t size, bool write)
{
	for (uint64_t i = 0; i < size; i++) {
		uint8_t *page = page_at(addr + i, write);
		uint8_t *byte = (uint8_t *)buffer + i;

		if (write && !page)
			return -EFAULT;
		if (write)
			page[(addr + i) % PAGE] = *byte;
		else
			*byte = page ? page[(addr + i) % PAGE] : 0;
	}
	return (int64_t)size;
}

static int64_t fake_user_read(int32_t tid, uint64_t addr, void *buffer, uint64_t size)
{
	(void)tid;
	return user_copy(addr, buffer, size, false);
}

static int64_t fake_user_write(int32_t tid, uint64_t addr, const void *buffer, uint64_t size)
{
	(void)tid;
	return user_copy(addr, (void *)(uintptr_t)buffer, size, true);
}

static struct fake_call *call_note(const char *name, int32_t tid, int32_t fd)
{
	static struct fake_call overflow;
	struct fake_call *call =
		state.num_calls < FAKE_MAX_CALLS ? &state.calls[state.num_calls++] : &overflow;

	memset(call, 0, sizeof(*call));
	call->name = name;
	call->tid = tid;
	call->fd = fd;
	return call;
}

static uint64_t smc(uint64_t fid, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4)
{
	uint64_t regs[18] = {fid, x1, x2, x3, x4};

	port->smc(port->ctx, regs);
	return regs[0];
}

static uint64_t frame_get(unsigned int order, enum port_frame_kind kind)
{
	int64_t index = port->frame_alloc(port->ctx, order);

	for (int64_t i = index; i < index + (1 << order); i++) {
		port->frames[i].refcount = 1;
		port->frames[i].kind = (uint8_t)kind;
	}
	return port->phys_base + (uint64_t)index * PAGE;
}

static struct port_frame *frame_of(uint64_t pa)
{
	return &port->frames[(pa - port->phys_base) / PAGE];
}

static void frame_put(uint64_t pa)
{
	frame_of(pa)->refcount = 0;
	port->frame_free(port->ctx, (pa - port->phys_base) / PAGE, 0);
}

/* A Realm of 33 bits, in pages of the kernel. */
static uint64_t realm_make(uint16_t vmid)
{
	uint64_t rd = frame_get(0, PORT_FRAME_PAGE);
	uint64_t roots = frame_get(3, PORT_FRAME_PAGE);
	uint64_t params_pa = frame_get(0, PORT_FRAME_PAGE);
	struct rmi_realm_params *params = (void *)(port->host_view + (params_pa - port->phys_base));

	memset(params, 0, sizeof(*params));
	frame_of(params_pa)->flags |= PORT_FRAME_DIRTY;
	params->s2sz = 33;
	params->num_bps = 1;
	params->num_wps = 1;
	params->rtt_base = roots;
	params->rtt_level_start = 2;
	params->rtt_num_start = 8;
	params->vmid = vmid;
	smc(RMI_GRANULE_DELEGATE, rd, 0, 0, 0);
	for (uint64_t i = 0; i < 8; i++)
		smc(RMI_GRANULE_DELEGATE, roots + i * PAGE, 0, 0, 0);
	smc(RMI_REALM_CREATE, rd, params_pa, 0, 0);
	frame_put(params_pa);
	return rd;
}

/*
 * A page of `kind`, mapped at `ipa` of the Realm below a table that is made for it and accounted.
 */
static uint64_t data_map(uint64_t ipa, enum port_frame_kind kind, int32_t refcount)
{
	uint64_t table = frame_get(0, PORT_FRAME_PAGE);
	uint64_t data = frame_get(0, kind);

	smc(RMI_GRANULE_DELEGATE, table, 0, 0, 0);
	smc(RMI_RTT_CREATE, state.rd, table, ipa & ~0x1fffffull, 3);
	books.pgtable_pages++;
	frame_of(data)->refcount = refcount;
	smc(RMI_GRANULE_DELEGATE, data, 0, 0, 0);
	smc(RMI_DATA_CREATE_UNKNOWN, state.rd, data, ipa, 0);
	return data;
}

static int64_t plant(uint32_t cmd, const struct fake_call *call, int64_t ret)
{
	const struct kvm_memory_attributes *range = (const void *)call->data;
	enum fake_plant what = state.plant;
	uint64_t pa;

	state.plant = FAKE_NOTHING;
	switch (what) {
	case FAKE_RETURN_BELOW_ERRNO:
		return -5000;
	case FAKE_RETURN_POSITIVE:
		return 0x204;
	case FAKE_LOCK_HELD:
		books.locks_held = 1;
		break;
	case FAKE_PGTABLE_UNEVEN:
		books.pgtable_pages++;
		break;
	case FAKE_VMID_LOST:
		books.vmids += 2;
		break;
	case FAKE_LEFT_DELEGATED:
		smc(RMI_GRANULE_DELEGATE, frame_get(0, PORT_FRAME_PAGE), 0, 0, 0);
		break;
	case FAKE_UNDELEGATE_REFUSED:
		/* The test's fault hook refuses it. */
		refused_pa = frame_get(0, PORT_FRAME_PAGE);
		smc(RMI_GRANULE_DELEGATE, refused_pa, 0, 0, 0);
		smc(RMI_GRANULE_UNDELEGATE, refused_pa, 0, 0, 0);
		break;
	case FAKE_TAKEN_BACK_AND_LEFT:
		smc(RMI_GRANULE_UNDELEGATE, refused_pa, 0, 0, 0);
		smc(RMI_GRANULE_DELEGATE, refused_pa, 0, 0, 0);
		break;
	case FAKE_FREED_DELEGATED:
		pa = frame_get(0, PORT_FRAME_PAGE);
		smc(RMI_GRANULE_DELEGATE, pa, 0, 0, 0);
		frame_put(pa);
		break;
	case FAKE_NEVER_ALLOCATED:
		smc(RMI_GRANULE_DELEGATE, port->phys_base + port->dram_size - PAGE, 0, 0, 0);
		break;
	case FAKE_GMEM_REFERENCE:
		pa = frame_get(0, PORT_FRAME_GMEM);
		frame_of(pa)->refcount = 2;
		smc(RMI_GRANULE_DELEGATE, pa, 0, 0, 0);
		smc(RMI_GRANULE_UNDELEGATE, pa, 0, 0, 0);
		break;
	case FAKE_DATA_IN_KERNEL_PAGE:
		data_map(range->address, PORT_FRAME_PAGE, 1);
		break;
	case FAKE_DATA_WITHOUT_REFERENCE:
		data_map(range->address, PORT_FRAME_GMEM, 1);
		break;
	case FAKE_DATA_UNCACHED:
		pa = data_map(range->address, PORT_FRAME_GMEM, 1);
		frame_of(pa)->flags |= PORT_FRAME_UNCACHED;
		break;
	case FAKE_WRONG_REALM:
		smc(RMI_DATA_DESTROY, realm_make(7), range->address, 0, 0);
		break;
	case FAKE_OUTSIDE_RANGE:
		smc(RMI_DATA_DESTROY, state.rd, range->address + range->size, 0, 0);
		break;
	case FAKE_TABLE_BESIDE_RANGE:
		smc(RMI_RTT_FOLD, state.rd, (range->address & ~0x1fffffull) + 0x200000, 3, 0);
		break;
	case FAKE_SHARED_BLOCK:
	case FAKE_SHARED_DEVICE:
		/* S2AP to read and to write, MemAttr 6 (normal) or 1 (device). */
		smc(RMI_RTT_MAP_UNPROTECTED, state.rd, range->address | 1ull << 32, 2,
		    port->phys_base | 0xc0 | (what == FAKE_SHARED_DEVICE ? 1 : 6) << 2);
		break;
	case FAKE_RIPAS_TABLE:
		pa = frame_get(0, PORT_FRAME_PAGE);
		smc(RMI_RTT_INIT_RIPAS, state.rd, range->address, range->address + range->size, 0);
		smc(RMI_GRANULE_DELEGATE, pa, 0, 0, 0);
		smc(RMI_RTT_CREATE, state.rd, pa, range->address & ~0x1fffffull, 3);
		books.pgtable_pages++;
		break;
	case FAKE_TABLE_KEPT:
	case FAKE_TABLE_KEPT_UNACCOUNTED:
		/* The test's fault hook refuses GRANULE_UNDELEGATE. */
		pa = frame_get(0, PORT_FRAME_PAGE);
		smc(RMI_GRANULE_DELEGATE, pa, 0, 0, 0);
		smc(RMI_RTT_CREATE, state.rd, pa, range->address & ~0x1fffffull, 3);
		smc(RMI_RTT_FOLD, state.rd, range->address & ~0x1fffffull, 3, 0);
		smc(RMI_GRANULE_UNDELEGATE, pa, 0, 0, 0);
		books.pgtable_pages += what == FAKE_TABLE_KEPT;
		break;
	case FAKE_GMEM_UNASKED:
		books.gmem_pages++;
		break;
	case FAKE_USER_UNASKED:
		books.user_pages += 17;
		break;
	case FAKE_ASKS_IN_VAIN:
		for (unsigned int i = 0; i < 2000; i++)
			smc(RMI_DATA_DESTROY, state.rd, range->address, 0, 0);
		break;
	case FAKE_WORKS_IN_VAIN:
		for (unsigned int i = 0; i < 2000; i++)
			smc(RMI_RTT_READ_ENTRY, state.rd, range->address, 2, 0);
		break;
	case FAKE_TABLE_IDLE:
	case FAKE_ALIAS_TABLE_IDLE:
		pa = frame_get(0, PORT_FRAME_PAGE);
		smc(RMI_GRANULE_DELEGATE, pa, 0, 0, 0);
		smc(RMI_RTT_CREATE, state.rd, pa,
		    (range->address & ~0x1fffffull) |
			    (what == FAKE_ALIAS_TABLE_IDLE ? 1ull << 32 : 0),
		    3);
		books.pgtable_pages++;
		break;
	case FAKE_MANY_CALLS:
		for (unsigned int i = 0; i < 100; i++)
			smc(RMI_FEATURES, 0, 0, 0, 0);
		break;
	case FAKE_ENDLESS:
		for (;;)
			smc(RMI_FEATURES, 0, 0, 0, 0);
	case FAKE_ENDLESS_FOLDS:
		for (unsigned int i = 1;; i++)
			smc(i % 1000 ? RMI_RTT_FOLD : RMI_FEATURES, 0, 0, 0, 0);
	default:
		/* The others happen when the process exits. */
		state.plant = what;
		break;
	}
	(void)cmd;
	return ret;
}

static int64_t run_next(int32_t fd)
{
	static const struct fake_run interrupted = {.ret = -EINTR, .reason = KVM_EXIT_INTR};
	const struct fake_run *next;
	struct kvm_run run;
	uint64_t addr = run_addr[fd - FAKE_FD_VCPU];

	if (state.repeat_script && state.next_script == state.num_script)
		state.next_script = 0;
	next = state.next_script < state.num_script ? &state.script[state.next_script++]
						    : &interrupted;
	user_copy(addr, &run, sizeof(run), false);
	state.immediate_exit = run.immediate_exit;
	memcpy(state.mmio_data, run.mmio.data, sizeof(state.mmio_data));
	run.exit_reason = next->reason;
	switch (next->reason) {
	case KVM_EXIT_MEMORY_FAULT:
		run.memory_fault.gpa = next->gpa;
		run.memory_fault.size = next->size;
		run.memory_fault.flags = next->is_private ? KVM_MEMORY_EXIT_FLAG_PRIVATE : 0;
		break;
	case KVM_EXIT_MMIO:
		run.mmio.phys_addr = next->gpa;
		run.mmio.len = (uint32_t)next->size;
		run.mmio.is_write = next->is_write;
		memcpy(run.mmio.data, &next->data, sizeof(run.mmio.data));
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		run.system_event.type = (uint32_t)next->data;
		break;
	default:
		break;
	}
	user_copy(addr, &run, sizeof(run), true);
	return next->ret;
}

static int64_t ioctl_answer(struct fake_call *call, uint64_t arg)
{
	struct kvm_create_device device;
	struct kvm_vcpu_events events = {.exception = {.ext_dabt_pending = 1}};
	const struct kvm_enable_cap *cap = (const void *)call->data;
	struct kvm_one_reg reg;
	uint64_t value = 0x1122334455667788;

	switch (call->cmd) {
	case KVM_GET_VCPU_MMAP_SIZE:
		return PAGE;
	case KVM_CREATE_VM:
		return FAKE_FD_VM + next_vm++;
	case KVM_CHECK_EXTENSION:
		return arg == 244;
	case KVM_CREATE_VCPU:
		return FAKE_FD_VCPU + (int32_t)arg;
	case KVM_CREATE_GUEST_MEMFD:
		return FAKE_FD_GMEM + next_gmem++;
	case KVM_CREATE_DEVICE:
		memcpy(&device, call->data, sizeof(device));
		device.fd = FAKE_FD_GIC;
		user_copy(arg, &device, sizeof(device), true);
		return 0;
	case KVM_ENABLE_CAP:
		if (cap->args[0] == KVM_CAP_ARM_RME_CREATE_REALM)
			state.rd = realm_make(0);
		return 0;
	case KVM_GET_ONE_REG:
		memcpy(&reg, call->data, sizeof(reg));
		user_copy(reg.addr, &value, sizeof(value), true);
		return 0;
	case KVM_GET_VCPU_EVENTS:
		user_copy(arg, &events, sizeof(events), true);
		return 0;
	case KVM_RUN:
		return run_next(call->fd);
	default:
		return 0;
	}
}

static int64_t fake_ioctl(int32_t tid, int32_t fd, uint32_t cmd, uint64_t arg)
{
	struct fake_call *call = call_note("ioctl", tid, fd);
	uint32_t size = cmd >> 16 & 0x3fff;

	call->cmd = cmd;
	call->args[0] = arg;
	if (size && size <= sizeof(call->data))
		user_copy(arg, call->data, size, false);
	if (cmd == KVM_ENABLE_CAP) {
		const struct kvm_enable_cap *cap = (const void *)call->data;

		if (cap->args[1])
			user_copy(cap->args[1], call->sub, sizeof(call->sub), false);
	}
	if (cmd == KVM_SET_ONE_REG) {
		const struct kvm_one_reg *reg = (const void *)call->data;

		user_copy(reg->addr, call->sub, sizeof(uint64_t), false);
	}
	if (state.fail_cmd == cmd)
		call->ret = state.fail_ret;
	else
		call->ret = ioctl_answer(call, arg);
	if (fd >= FAKE_FD_VM && state.plant)
		call->ret = plant(cmd, call, call->ret);
	return call->ret;
}

static int64_t fake_mmap(int32_t tid, uint64_t addr, uint64_t length, uint32_t prot, uint32_t flags,
			 int32_t fd, uint64_t offset)
{
	struct fake_call *call = call_note("mmap", tid, fd);

	call->cmd = prot;
	call->args[0] = addr;
	call->args[1] = length;
	call->args[2] = flags;
	call->args[3] = offset;
	call->ret = (int64_t)addr;
	if (fd >= FAKE_FD_VCPU && fd < FAKE_FD_VCPU + 16)
		run_addr[fd - FAKE_FD_VCPU] = addr;
	return call->ret;
}

static int64_t fake_munmap(int32_t tid, uint64_t addr, uint64_t length)
{
	struct fake_call *call = call_note("munmap", tid, -1);

	call->args[0] = addr;
	call->args[1] = length;
	return 0;
}

static int64_t fake_oom_reap(int32_t tid, uint64_t addr, uint64_t length)
{
	struct fake_call *call = call_note("oom_reap", tid, -1);

	call->args[0] = addr;
	call->args[1] = length;
	return 0;
}

static int64_t fake_memory_failure(int32_t tid, int32_t fd, uint64_t offset, uint64_t length)
{
	struct fake_call *call = call_note("memory_failure", tid, fd);

	call->args[0] = offset;
	call->args[1] = length;
	return 0;
}

static int64_t fake_madvise(int32_t tid, uint64_t addr, uint64_t length, uint32_t advice)
{
	struct fake_call *call = call_note("madvise", tid, -1);

	call->args[0] = addr;
	call->args[1] = length;
	call->args[2] = advice;
	return 0;
}

static int64_t fake_fallocate(int32_t tid, int32_t fd, uint32_t mode, uint64_t offset,
			      uint64_t length)
{
	struct fake_call *call = call_note("fallocate", tid, fd);

	call->args[0] = mode;
	call->args[1] = offset;
	call->args[2] = length;
	return 0;
}

static int64_t fake_open(int32_t tid, const char *path)
{
	(void)tid;
	return strcmp(path, "/dev/kvm") ? -ENOENT : FAKE_FD_KVM;
}

static int64_t fake_close(int32_t tid, int32_t fd)
{
	call_note("close", tid, fd);
	return 0;
}

static int fake_boot(const struct sim_port *given, const struct kvm_boot_config *config)
{
	(void)config;
	port = given;
	return 0;
}

static void fake_shutdown(void)
{
}

static int64_t fake_process_create(void)
{
	next_tid = FAKE_TID;
	return next_tid++;
}

static int64_t fake_thread_create(int32_t tid)
{
	(void)tid;
	return next_tid++;
}

static void fake_process_exit(int32_t tid)
{
	uint64_t pa;

	call_note("exit", tid, -1);
	switch (state.plant) {
	case FAKE_LEAVE_DELEGATED:
		pa = frame_get(0, PORT_FRAME_PAGE);
		smc(RMI_GRANULE_DELEGATE, pa, 0, 0, 0);
		break;
	case FAKE_LEAVE_PAGE:
		books.kernel_pages++;
		break;
	case FAKE_LEAVE_OBJECT:
		books.slab_objects++;
		break;
	case FAKE_LEAVE_GMEM:
		books.gmem_pages++;
		break;
	case FAKE_LEAVE_USER:
		books.user_pages++;
		break;
	case FAKE_LEAVE_FILE:
		books.files++;
		break;
	case FAKE_LEAVE_VM:
		books.vms++;
		break;
	case FAKE_LEAVE_PGTABLE:
		books.pgtable_pages++;
		break;
	default:
		break;
	}
}

static void fake_signal_set(int32_t tid, bool pending)
{
	state.signals[tid - FAKE_TID] = pending;
}

static void fake_inspect(struct kvm_inspect *out)
{
	*out = books;
}

static int fake_inspect_vm(int32_t tid, int32_t fd, struct kvm_inspect_vm *out)
{
	(void)tid;
	memset(out, 0, sizeof(*out));
	if (fd < FAKE_FD_VM || fd >= FAKE_FD_VCPU)
		return -EBADF;
	out->is_realm = true;
	out->rd = state.rd;
	return 0;
}

static uint64_t fake_lock_hold(const char *name, bool write)
{
	return !state.unlocked && !(state.reads && write) && !strcmp(name, "kvm->mmu_lock");
}

static const char *fake_site_name(uint32_t site)
{
	(void)site;
	return NULL;
}

static void fake_coverage_flush(void)
{
}

struct fake *fake_state(void);
struct fake *fake_state(void)
{
	return &state;
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZERS KVM_BUILD_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZERS KVM_BUILD_ASAN
#endif
#endif
#ifndef SANITIZERS
#define SANITIZERS 0
#endif
#ifndef FAKE_ERA
#define FAKE_ERA KVM_UAPI_ERA_C
#endif

extern const struct kvm_build kvm_build;
const struct kvm_build kvm_build = {
	.info = {.abi_version = SIM_PORT_ABI,
		 .page_size = PAGE,
		 .uapi_era = FAKE_ERA,
		 .sanitizers = SANITIZERS,
		 .series = "v10",
		 .compiler = __VERSION__},
	.boot = fake_boot,
	.shutdown = fake_shutdown,
	.process_create = fake_process_create,
	.thread_create = fake_thread_create,
	.process_exit = fake_process_exit,
	.signal_set = fake_signal_set,
	.sys_open = fake_open,
	.sys_close = fake_close,
	.sys_ioctl = fake_ioctl,
	.sys_mmap = fake_mmap,
	.sys_munmap = fake_munmap,
	.sys_madvise = fake_madvise,
	.oom_reap = fake_oom_reap,
	.memory_failure = fake_memory_failure,
	.sys_fallocate = fake_fallocate,
	.user_read = fake_user_read,
	.user_write = fake_user_write,
	.inspect = fake_inspect,
	.inspect_vm = fake_inspect_vm,
	.site_name = fake_site_name,
	.lock_hold = fake_lock_hold,
	.coverage_flush = fake_coverage_flush,
};
