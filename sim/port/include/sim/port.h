/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * port.h - the binary interface between rmesim and a KVM build (a shared object made of sim/kvm,
 * sim/linux and possibly somebody's own rme.c). Two tables cross it:
 *
 *   struct sim_port   what rmesim gives to a build: the RMM's SMC conduit, page frames, and the
 *                     instrument port (events, fault decisions, scheduling points, warnings)
 *   struct kvm_build  what a build exports under the symbol `kvm_build`: what it is, the system calls
 *                     that KVM serves or observes, and inspection
 *
 * The instrument port is never used by the code under test to do its work: it observes, or decides
 * what hardware leaves undetermined. Only fixed-width types cross; both sides check `abi_version`.
 */
#ifndef SIM_PORT_H
#define SIM_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_PORT_ABI 6u
#define KVM_BUILD_SYMBOL "kvm_build"

/*
 * What a build says of itself without being loaded: an ELF note whose description is text, lines
 * "key=value", NUL terminated. Keys: abi, page_size, series, era, compiler, asan (none, gcc, clang), ubsan,
 * and those of `rmesim kvm-build`: tree, root, coverage, file (NAME=PATH, for each file that is the user's).
 */
#define KVM_BUILD_NOTE_SECTION ".note.rmesim"
#define KVM_BUILD_NOTE_NAME    "rmesim"
#define KVM_BUILD_NOTE_TYPE    1u

/*
 * One page frame of simulated DRAM, host page by host page: the storage behind `struct page`. The table
 * is lazily touched; an all-zero entry is a free frame that was never handed out.
 */
struct port_frame {
	int32_t refcount;
	uint8_t kind;    /* enum port_frame_kind: who holds it */
	uint8_t order;   /* of the allocation that starts here */
	uint8_t flags;   /* PORT_FRAME_* */
	uint8_t reserved;
	uint32_t site;   /* offset of the allocating source line's record in the build, 0: none */
	uint32_t link;   /* for the holder: next frame of a list */
};
_Static_assert(sizeof(struct port_frame) == 16, "decides the footprint of large realms");

#define PORT_FRAME_DIRTY (1u << 0)  /* may hold something else than zeros */
#define PORT_FRAME_LEAKED (1u << 1) /* was freed while the RMM had a granule of it, and is lost */
#define PORT_FRAME_UNCACHED (1u << 2) /* of kind GMEM: no file has it any more, only mappings may */
#define PORT_FRAME_BROKEN (1u << 3) /* its memory failed: it is never handed out again */

enum port_frame_kind {
	PORT_FRAME_FREE,
	PORT_FRAME_PAGE,  /* alloc_page and its like */
	PORT_FRAME_SLAB,  /* backs kmalloc and caches */
	PORT_FRAME_GMEM,  /* in a guest_memfd's page cache */
	PORT_FRAME_USER,  /* anonymous page of a VMM process */
	PORT_FRAME_QUARANTINE,
};

/* Points at which a correct host and kernel can meet bad luck. Names: port_fault_name(). */
#define PORT_FAULTS(X)                                                                             \
	X(PAGE_ALLOC, "page_alloc")                                                                \
	X(PAGE_ZALLOC, "page_zalloc")                                                              \
	X(CACHE_TOPUP, "cache_topup")                                                              \
	X(KMALLOC, "kmalloc")                                                                      \
	X(BITMAP_ALLOC, "bitmap_alloc")                                                            \
	X(GMEM_PAGE, "gmem_page")                                                                  \
	X(USER_PAGE, "user_page")                                                                  \
	X(USER_ACCESS, "user_access")                                                              \
	X(SIGNAL, "signal")                                                                        \
	X(RESCHED, "resched")
#define PORT_FAULT_ENUM(id, name) PORT_FAULT_##id,
enum port_fault { PORT_FAULTS(PORT_FAULT_ENUM) PORT_NUM_FAULTS };
#undef PORT_FAULT_ENUM

enum port_sched {
	PORT_SCHED_LOCK,
	PORT_SCHED_UNLOCK,
	PORT_SCHED_RESCHED,
	PORT_SCHED_SMC,
};

/* What a build reports while it works. `a` to `d` as each kind says. */
enum port_event_kind {
	PORT_EVENT_PRINT,      /* text: a kernel message, without newline */
	PORT_EVENT_PAGE_ALLOC, /* a: physical address, b: order, text: "function" of the allocation */
	PORT_EVENT_PAGE_FREE,  /* a: physical address, b: order */
	PORT_EVENT_PGTABLE,    /* a: physical address, b: +1 or -1 (int64), c: the sum after it */
	PORT_EVENT_LOCK,       /* text: the lock's name, a: 1 taken, 0 dropped; b: 1 for write */
	PORT_EVENT_RESCHED,    /* a: 1 if a lock was dropped and taken again */
	PORT_EVENT_INVALIDATE, /* a: gfn start, b: gfn end, c: KVM_FILTER_* bits, d: may_block */
	PORT_EVENT_NUM_KINDS,
};
struct port_event {
	enum port_event_kind kind;
	uint64_t a, b, c, d;
	const char *text; /* valid during the call only */
};

/* A rule of the kernel that was broken, or a WARN that fired. */
struct port_warn {
	const char *rule; /* "WARN", "double-free", "lock-held", ...: stable, keys a finding */
	const char *file; /* of the host source line */
	int line;
	const char *function;
	const char *message; /* the condition's or the format's text, expanded */
};

struct sim_port {
	uint32_t abi_version; /* SIM_PORT_ABI */
	uint32_t size;        /* sizeof(struct sim_port) */
	void *ctx;            /* first argument of every function below */

	/* Seam 2: one SMC. regs[0..17] in and out, x0 first. */
	void (*smc)(void *ctx, uint64_t regs[18]);

	/* Simulated DRAM: physical [phys_base, phys_base + dram_size) is at host_view. */
	uint64_t phys_base;
	uint64_t dram_size;
	uint8_t *host_view;
	struct port_frame *frames; /* indexed by (pa - phys_base) / page_size */
	/* 2^order physically contiguous frames, aligned to their size; index of the first, -1: none left. */
	int64_t (*frame_alloc)(void *ctx, unsigned int order);
	/* Gives 2^order frames back; frames[i].refcount is 0 by then. */
	void (*frame_free)(void *ctx, uint64_t index, unsigned int order);
	/* True if the Host may access all granules of [pa, pa + size). */
	bool (*is_nonsecure)(void *ctx, uint64_t pa, uint64_t size);

	/* The instrument port. */
	uint32_t event_mask; /* bit of each port_event_kind that is wanted */
	void (*event)(void *ctx, const struct port_event *event);
	uint32_t fault_mask; /* bit of each port_fault that is decided; the others never fail */
	bool (*fault_decide)(void *ctx, enum port_fault point, uint64_t address); /* true: let it fail */
	bool sched; /* there are other threads: without them sched_point need not be called */
	/* Other threads may run now. */
	void (*sched_point)(void *ctx, enum port_sched kind, const char *object);
	/*
	 * The thread cannot go on before done(arg), which may be asked at any time and changes nothing. True:
	 * it holds now. False: nobody is left who could make it so.
	 */
	bool (*sched_wait)(void *ctx, enum port_sched kind, const char *object, bool (*done)(void *arg),
			   void *arg);
	void (*warn)(void *ctx, const struct port_warn *warn);
};

/* How the KVM of a build is spoken to. */
enum kvm_uapi_era {
	KVM_UAPI_ERA_A = 1, /* v3-v6 */
	KVM_UAPI_ERA_B,     /* v7-v8 */
	KVM_UAPI_ERA_C,     /* v9-v10 */
	KVM_UAPI_ERA_D,     /* v12 */
};
#define KVM_BUILD_ASAN (1u << 0)
#define KVM_BUILD_UBSAN (1u << 1)

struct kvm_build_info {
	uint32_t abi_version; /* SIM_PORT_ABI that it was built for */
	uint32_t page_size;   /* 4096, 16384 or 65536 */
	uint32_t uapi_era;    /* enum kvm_uapi_era */
	uint32_t sanitizers;  /* KVM_BUILD_* */
	const char *series;   /* "v10" */
	const char *compiler; /* "gcc 12.2.0" */
};

/* Options of the host that a machine chooses when it boots. */
struct kvm_boot_config {
	uint32_t size;           /* sizeof(struct kvm_boot_config) */
	bool block_mappings;     /* map 2 MiB at once where guest_memfd's backing allows it (v10: off) */
	bool gmem_huge;          /* guest_memfd backs 2 MiB aligned parts with contiguous memory */
	uint32_t vmid_bits;      /* 8 or 16 */
};

/* A snapshot of what the host's books say. */
struct kvm_inspect {
	int64_t pgtable_pages;    /* kvm_account_pgtable_pages: the sum */
	uint32_t locks_held;      /* locks and read sections of all kinds that are held now */
	uint64_t gmem_pages;      /* pages in guest_memfds' page caches */
	uint64_t user_pages;      /* anonymous pages of VMM processes */
	uint64_t kernel_pages;    /* pages behind alloc_page and its like that are not free */
	uint64_t slab_objects;    /* live kmalloc objects */
	uint32_t files;           /* open files */
	uint32_t vms;             /* struct kvm that exist */
	int64_t vmids;            /* bits that bitmap_find_free_region took, less those given back */
};
struct kvm_inspect_vm {
	bool is_realm;
	uint64_t rd;              /* physical address of the RD, 0: none */
	uint32_t realm_state;     /* enum realm_state of the build */
	uint32_t ipa_bits;
	uint64_t mmu_invalidate_seq;
};

/*
 * System calls return what Linux returns: 0 or a positive value, or -errno. `tid` is the calling thread.
 * User addresses are addresses of the simulated process, not of this one.
 */
struct kvm_build {
	struct kvm_build_info info;

	/*
	 * boot - start the kernel over `port` (which outlives the build's use): the allocators, then KVM's
	 * own initialisation, which asks the RMM for its version and features. 0 or -errno.
	 */
	int (*boot)(const struct sim_port *port, const struct kvm_boot_config *config);
	/* shutdown - the opposite; processes that still live are exited first. */
	void (*shutdown)(void);

	int64_t (*process_create)(void);              /* a process with one thread: its tid, or -errno */
	int64_t (*thread_create)(int32_t tid);        /* one more thread in tid's process: its tid */
	void (*process_exit)(int32_t tid);            /* exit_group: closes files, tears the mm down */
	void (*signal_set)(int32_t tid, bool pending); /* whether a signal is pending for the thread */

	int64_t (*sys_open)(int32_t tid, const char *path); /* "/dev/kvm"; others: -ENOENT */
	int64_t (*sys_close)(int32_t tid, int32_t fd);
	int64_t (*sys_ioctl)(int32_t tid, int32_t fd, uint32_t cmd, uint64_t arg);
	int64_t (*sys_mmap)(int32_t tid, uint64_t addr, uint64_t length, uint32_t prot, uint32_t flags,
			    int32_t fd, uint64_t offset); /* prot and flags as on arm64 Linux */
	int64_t (*sys_munmap)(int32_t tid, uint64_t addr, uint64_t length);
	int64_t (*sys_madvise)(int32_t tid, uint64_t addr, uint64_t length, uint32_t advice);
	/*
	 * oom_reap - no system call, but what the kernel's OOM reaper does to the process: pages of its mappings
	 * go as with MADV_DONTNEED, in notifiers that must not block. 0 or -errno.
	 */
	int64_t (*oom_reap)(int32_t tid, uint64_t addr, uint64_t length);
	/*
	 * memory_failure - no system call either, but what the kernel does when hardware reports that the memory
	 * behind bytes [offset, offset + length) of guest_memfd `fd` is broken. 0; -ENOENT if the file has no page
	 * there; -EBADF, -EINVAL if fd is something else.
	 */
	int64_t (*memory_failure)(int32_t tid, int32_t fd, uint64_t offset, uint64_t length);
	int64_t (*sys_fallocate)(int32_t tid, int32_t fd, uint32_t mode, uint64_t offset, uint64_t length);
	/* Loads and stores of the program itself: bytes done, or -EFAULT where it would get a signal. */
	int64_t (*user_read)(int32_t tid, uint64_t addr, void *buffer, uint64_t size);
	int64_t (*user_write)(int32_t tid, uint64_t addr, const void *buffer, uint64_t size);

	void (*inspect)(struct kvm_inspect *out);
	/* inspect_vm - -EBADF if fd is neither a VM of tid's process nor a vCPU of one. */
	int (*inspect_vm)(int32_t tid, int32_t fd, struct kvm_inspect_vm *out);
	/* site_name - "function file:line" of a frame's `site`; NULL if there is none. */
	const char *(*site_name)(uint32_t site);
	/*
	 * lock_hold - the number of the hold that the running thread has on a lock of that name ("kvm->mmu_lock"), for
	 * writing, or unless `write` for reading; holds are counted from the boot. 0: it has none.
	 */
	uint64_t (*lock_hold)(const char *name, bool write);
	void (*coverage_flush)(void);
};

/* port_fault_name - "page_alloc", ...; NULL for a number that names no point. */
static inline const char *port_fault_name(unsigned int fault)
{
#define PORT_FAULT_NAME(id, name) name,
	static const char *const names[] = {PORT_FAULTS(PORT_FAULT_NAME)};
#undef PORT_FAULT_NAME

	return fault < PORT_NUM_FAULTS ? names[fault] : NULL;
}

#endif
