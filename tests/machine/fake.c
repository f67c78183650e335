/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A KVM build without a kernel: it does one thing with its port for each ioctl. Variants that must be
 * refused are made by defining FAKE_ABI, FAKE_PAGE_SIZE, FAKE_SANITIZERS, FAKE_SERIES, FAKE_NO_SYMBOL,
 * FAKE_MISSING, FAKE_LONG or FAKE_TLS.
 */
#include <errno.h>

#include <sim/port.h>

#include "fake.h"

#ifndef FAKE_ABI
#define FAKE_ABI SIM_PORT_ABI
#endif
#ifndef FAKE_PAGE_SIZE
#define FAKE_PAGE_SIZE 4096
#endif
#ifndef FAKE_SERIES
#define FAKE_SERIES "fake"
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN KVM_BUILD_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN KVM_BUILD_ASAN
#endif
#endif
#ifndef HAS_ASAN
#define HAS_ASAN 0u
#endif
#ifndef FAKE_SANITIZERS
#define FAKE_SANITIZERS HAS_ASAN
#endif

static const struct sim_port *port;
static uint32_t vmid_bits;
static uint64_t in_bss;
static uint64_t in_data = 1000;
static uint8_t odd_bytes[5001] = {7}; /* red zones of a sanitizer lie around it */

/* Counters as gcov, clang's source coverage and libFuzzer keep them. */
static uint64_t gcov_counter __asm__("__gcov0.fake") __attribute__((used)) = 5;
static uint64_t llvm_counter __attribute__((section("__llvm_prf_cnts"), used)) = 5;
static uint64_t sancov_counter __attribute__((section("__sancov_cntrs"), used)) = 5;

#ifdef FAKE_TLS
__thread int fake_tls __attribute__((visibility("default"))) = 1;
#endif

static uint64_t page_index(uint64_t pa)
{
	return (pa - port->phys_base) / FAKE_PAGE_SIZE;
}

static uint8_t *page_byte(uint64_t pa)
{
	return port->host_view + (pa - port->phys_base);
}

static int64_t smc(uint64_t fid, uint64_t arg)
{
	uint64_t regs[18] = {fid, arg};

	port->smc(port->ctx, regs);
	return (int64_t)regs[0];
}

static int fake_boot(const struct sim_port *given, const struct kvm_boot_config *config)
{
	if (in_bss || in_data != 1000)
		return -EINVAL; /* it was not reset */
	port = given;
	vmid_bits = config->vmid_bits;
	if (vmid_bits == 16)
		return -ENODEV; /* how tests make it fail */
	return smc(0xc4000150, 0x10000) ? -EIO : 0;
}

static void fake_shutdown(void)
{
}

static int64_t fake_process_create(void)
{
	return 1;
}

static int64_t fake_thread_create(int32_t tid)
{
	return tid + 1;
}

static void fake_process_exit(int32_t tid)
{
	(void)tid;
}

static void fake_signal_set(int32_t tid, bool pending)
{
	(void)tid;
	(void)pending;
}

static int64_t fake_open(int32_t tid, const char *path)
{
	(void)tid;
	(void)path;
	return -ENOENT;
}

static int64_t fake_close(int32_t tid, int32_t fd)
{
	(void)tid;
	(void)fd;
	return -EBADF;
}

static int64_t fake_alloc(unsigned int order)
{
	int64_t index = port->frame_alloc(port->ctx, order);

	if (index < 0)
		return -ENOMEM;
	port->frames[index].kind = PORT_FRAME_PAGE;
	port->frames[index].site = 1;
	return (int64_t)port->phys_base + index * FAKE_PAGE_SIZE;
}

static int64_t fake_ioctl(int32_t tid, int32_t fd, uint32_t cmd, uint64_t arg)
{
	static const struct port_warn warn = {"WARN", "fake.c", 12, "fake_function",
					      "it is \"fake\""};
	(void)tid;
	(void)fd;
	switch ((enum fake_cmd)cmd) {
	case FAKE_COUNT:
		odd_bytes[5000] = (uint8_t)arg;
		in_bss += arg;
		in_data += arg;
		return (int64_t)(in_bss + in_data + odd_bytes[5000]);
	case FAKE_COUNTERS:
		gcov_counter += arg;
		llvm_counter += arg;
		sancov_counter += arg;
		return (int64_t)(gcov_counter + llvm_counter + sancov_counter);
	case FAKE_ALLOC:
		return fake_alloc((unsigned int)arg);
	case FAKE_FREE:
		port->frame_free(port->ctx, page_index(arg), 0);
		return 0;
	case FAKE_WRITE:
		port->frames[page_index(arg)].flags |= PORT_FRAME_DIRTY;
		*page_byte(arg) = 0xaa;
		return 0;
	case FAKE_READ:
		return *page_byte(arg);
	case FAKE_DELEGATE:
		return smc(0xc4000151, arg);
	case FAKE_UNDELEGATE:
		return smc(0xc4000152, arg);
	case FAKE_WARN:
		port->warn(port->ctx, &warn);
		return 0;
	case FAKE_EVENT:
		port->event(port->ctx, &(struct port_event){
					       .kind = PORT_EVENT_PRINT, .a = 1, .text = "hello"});
		return port->event_mask;
	case FAKE_FAULT:
		return port->fault_decide(port->ctx, (enum port_fault)arg, 0x1234);
	case FAKE_NONSECURE:
		return port->is_nonsecure(port->ctx, arg, FAKE_PAGE_SIZE);
	}
	return -ENOTTY;
}

static int64_t fake_mmap(int32_t tid, uint64_t addr, uint64_t length, uint32_t prot, uint32_t flags,
			 int32_t fd, uint64_t offset)
{
	(void)tid;
	(void)addr;
	(void)length;
	(void)prot;
	(void)flags;
	(void)fd;
	(void)offset;
	return -ENODEV;
}

static int64_t fake_munmap(int32_t tid, uint64_t addr, uint64_t length)
{
	(void)tid;
	(void)addr;
	(void)length;
	return 0;
}

static int64_t fake_oom_reap(int32_t tid, uint64_t addr, uint64_t length)
{
	(void)tid;
	(void)addr;
	(void)length;
	return 0;
}

static int64_t fake_memory_failure(int32_t tid, int32_t fd, uint64_t offset, uint64_t length)
{
	(void)tid;
	(void)fd;
	(void)offset;
	(void)length;
	return 0;
}

static int64_t fake_madvise(int32_t tid, uint64_t addr, uint64_t length, uint32_t advice)
{
	(void)tid;
	(void)addr;
	(void)length;
	(void)advice;
	return 0;
}

static int64_t fake_fallocate(int32_t tid, int32_t fd, uint32_t mode, uint64_t offset,
			      uint64_t length)
{
	(void)tid;
	(void)fd;
	(void)mode;
	(void)offset;
	(void)length;
	return -EBADF;
}

static int64_t fake_user_read(int32_t tid, uint64_t addr, void *buffer, uint64_t size)
{
	(void)tid;
	(void)addr;
	(void)buffer;
	(void)size;
	return -EFAULT;
}

static int64_t fake_user_write(int32_t tid, uint64_t addr, const void *buffer, uint64_t size)
{
	(void)tid;
	(void)addr;
	(void)buffer;
	(void)size;
	return -EFAULT;
}

static void fake_inspect(struct kvm_inspect *out)
{
	*out = (struct kvm_inspect){.pgtable_pages = (int64_t)in_bss};
}

static int fake_inspect_vm(int32_t tid, int32_t fd, struct kvm_inspect_vm *out)
{
	(void)tid;
	(void)fd;
	(void)out;
	return -EBADF;
}

static uint64_t fake_lock_hold(const char *name, bool write)
{
	(void)name;
	(void)write;
	return 0;
}

static const char *fake_site_name(uint32_t site)
{
	return site == 1 ? "fake_alloc fake.c:77" : NULL;
}

#ifdef FAKE_LONG
/* A build of a port ABI whose table is longer, but which calls it by the same number. */
struct long_build {
	struct kvm_build build;
	void *more;
};
#define BUILD_TYPE struct long_build
#define TABLE(...)                                                                                 \
	{                                                                                          \
		.build = { __VA_ARGS__ }                                                           \
	}
#else
#define BUILD_TYPE struct kvm_build
#define TABLE(...)                                                                                 \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#endif
#ifdef FAKE_MISSING
#define COVERAGE_FLUSH NULL
#else
static void fake_coverage_flush(void)
{
}
#define COVERAGE_FLUSH fake_coverage_flush
#endif

#ifdef FAKE_NO_SYMBOL
#define TABLE_NAME kvm_bulid
#else
#define TABLE_NAME kvm_build
#endif
extern const BUILD_TYPE TABLE_NAME;

__attribute__((visibility("default"))) const BUILD_TYPE TABLE_NAME =
	TABLE(.info =
		      {
			      .abi_version = FAKE_ABI,
			      .page_size = FAKE_PAGE_SIZE,
			      .uapi_era = KVM_UAPI_ERA_C,
			      .sanitizers = FAKE_SANITIZERS,
			      .series = FAKE_SERIES,
			      .compiler = "none",
		      },
	      .boot = fake_boot, .shutdown = fake_shutdown, .process_create = fake_process_create,
	      .thread_create = fake_thread_create, .process_exit = fake_process_exit,
	      .signal_set = fake_signal_set, .sys_open = fake_open, .sys_close = fake_close,
	      .sys_ioctl = fake_ioctl, .sys_mmap = fake_mmap, .sys_munmap = fake_munmap,
	      .sys_madvise = fake_madvise, .oom_reap = fake_oom_reap,
	      .memory_failure = fake_memory_failure,
	      .sys_fallocate = fake_fallocate,
	      .user_read = fake_user_read, .user_write = fake_user_write, .inspect = fake_inspect,
	      .inspect_vm = fake_inspect_vm, .site_name = fake_site_name, .lock_hold = fake_lock_hold,
	      .coverage_flush = COVERAGE_FLUSH);
