/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * host.h - a small machine for tests of sim/kvm: DRAM, an RMM, one KVM build that is linked in, a VMM process
 * and a scripted guest. Nothing here knows how the host does its work: it makes system calls, plays the
 * guest, counts SMCs, lets one of them or one allocation fail, and keeps the books that have to balance.
 */
#ifndef TESTS_KVM_HOST_H
#define TESTS_KVM_HOST_H

#include <check.h>

#include <rmm/inspect.h>
#include <rmm/rmi.h>
#include <rmm/rmm.h>
#include <sim/dram.h>
#include <sim/port.h>

#include "../../sim/linux/include/uapi/linux/kvm.h"

/* Check would make a system call for each assertion that holds. There are millions. */
#define _mark_point(file, line) ((void)0)

/* The build that is linked in. */
extern const struct kvm_build kvm_build;

#define HOST_PAGE  ((uint64_t)1 << TEST_PAGE_SHIFT)
#define GRANULE    ((uint64_t)4096)
#define BLOCK      ((uint64_t)0x200000)
#define GIB        ((uint64_t)1 << 30)
#define MAX_SLOTS  4
#define MAX_VCPUS  4
#define MAX_EXITS  64
#define NUM_CALLS  64

/* What a guest does, one after the other. Filled in: done, seas, response, new_base. */
enum guest_action { GUEST_WRITE, GUEST_READ, GUEST_EXPECT, GUEST_SET_RIPAS };
struct guest_op {
	enum guest_action action;
	uint64_t ipa, size; /* an access touches one byte of each granule */
	uint32_t ripas;
	bool keep_destroyed; /* without CHANGE_DESTROYED */
	uint8_t value;       /* written, or (EXPECT) what has to be read */
	uint64_t done;       /* bytes of the range that were dealt with */
	unsigned int seas;   /* accesses that took an external abort instead */
	uint64_t response;
	bool issued;
};

struct exit_record {
	int64_t ret;
	uint32_t reason;
	uint64_t gpa, size, flags;
};

/* What the VMM does about a KVM_EXIT_MEMORY_FAULT. */
enum vmm_policy { VMM_CONVERT, VMM_IGNORE, VMM_RETURN };

struct host_options {
	bool block_mappings, gmem_huge;
	uint64_t dram_size;    /* 0: 64 MiB */
	uint32_t rec_aux;      /* plus one; 0: 2 */
	uint8_t s2sz;          /* 0: 48 */
	uint64_t wipe_pattern;
};

struct vm;

struct host {
	struct dram *dram;
	struct rmm *rmm;
	struct sim_port port;
	int64_t tid;
	uint64_t args; /* user address of a page for ioctl arguments */

	uint64_t calls[NUM_CALLS]; /* SMCs by function, from RMI_FID_FIRST */
	unsigned int warns, violations;
	char last_warn[512];

	/* The nth SMC of that function gives this x0 and does nothing. */
	uint32_t fault_fid;
	uint64_t fault_nth, fault_x0;
	bool fault_always;    /* and all that follow it */
	bool fault_fired;
	uint64_t fault_seen;
	uint32_t then_fid; /* after that, the next SMC of this function fails too, with RMI_ERROR_INPUT */
	bool then_fired;
	/* The nth time that this point is asked it says yes. */
	int fault_point;
	uint64_t point_nth, point_seen;

	/*
	 * At the nth time that a thread is about to take a lock of that name, another one of the process
	 * does this first. It is busy while that runs.
	 */
	const char *race_lock;
	uint64_t race_nth, race_seen;
	void (*race)(struct vm *vm);
	struct vm *race_vm;
	int64_t race_tid;
	bool racing;

	struct guest_op *ops;
	unsigned int num_ops, next_op;
	struct exit_record exits[MAX_EXITS];
	unsigned int num_exits;
	enum vmm_policy policy;

	struct kvm_inspect booted;
};

struct vm {
	struct host *host;
	int fd;
	unsigned int ipa_bits;
	struct {
		uint64_t gpa, size, hva;
		int gmem;
	} slots[MAX_SLOTS];
	unsigned int num_slots;
	int vcpus[MAX_VCPUS];
	uint64_t runs[MAX_VCPUS]; /* user addresses of the kvm_run pages */
	unsigned int num_vcpus;
	int gic;
};

/* host_start - boot it all; the checked failure of a part fails the test. */
void host_start(struct host *host, const struct host_options *options);
/*
 * host_stop - end the process and check that everything balances: no warning, no granule is delegated, nothing
 * is allocated, accounted or locked. host_stop_leaking: but what the RMM keeps may stay allocated, marked.
 */
void host_stop(struct host *host);
void host_stop_leaking(struct host *host);

uint64_t host_calls(const struct host *host, uint32_t fid);
void host_calls_clear(struct host *host);
struct kvm_inspect host_inspect(void);
/* Granules that are not UNDELEGATED. */
uint64_t host_granules(const struct host *host);

/* The system calls; each checks that no lock is held after it. */
int64_t host_ioctl(struct host *host, int fd, uint32_t cmd, uint64_t arg);
/* The argument is copied to user memory, and back. */
int64_t host_ioctl_struct(struct host *host, int fd, uint32_t cmd, void *arg, size_t size);

int64_t vm_try_create(struct host *host, struct vm *vm, uint64_t type);
void vm_create(struct host *host, struct vm *vm, unsigned int ipa_bits);
void vm_close(struct vm *vm);
/* vm_slot - a slot with a guest_memfd, PRIVATE from the start, and a shared mapping of the same size. */
void vm_slot(struct vm *vm, uint64_t gpa, uint64_t size);
int64_t vm_cap(struct vm *vm, uint64_t op, void *arg, size_t size);
int64_t vm_create_realm(struct vm *vm);
int64_t vm_init_ripas(struct vm *vm, uint64_t base, uint64_t size);
int64_t vm_populate(struct vm *vm, uint64_t base, uint64_t size);
int64_t vm_activate(struct vm *vm);
/* vm_vcpu - create and initialise the next vCPU (and the GIC before the first). */
void vm_vcpu(struct vm *vm);
int64_t vm_finalize(struct vm *vm, unsigned int vcpu);
int64_t vm_attributes(struct vm *vm, uint64_t base, uint64_t size, bool private);
int64_t vm_punch(struct vm *vm, uint64_t gpa, uint64_t size);
int64_t vm_delete_slot(struct vm *vm, unsigned int slot);
/* vm_user - the VMM's own address of a shared page of the guest. */
uint64_t vm_user(struct vm *vm, uint64_t gpa);
uint64_t vm_rd(struct vm *vm);
/* vm_boot - slots excepted, all that is needed to run: realm, one vCPU, INIT_RIPAS of the slots, active. */
void vm_boot(struct vm *vm);
/* vm_boot_created - the same for a realm that exists. */
void vm_boot_created(struct vm *vm);

/* vm_run_once - one KVM_RUN, recorded. */
int64_t vm_run_once(struct vm *vm, unsigned int vcpu);
/*
 * vm_guest - have the guest do all of `ops`. 0: it has; else what KVM_RUN returned that the VMM's policy does
 * not deal with. The exits on the way are in host->exits.
 */
int64_t vm_guest(struct vm *vm, struct guest_op *ops, unsigned int num);
#define VM_GUEST(vm, ...)                                                                          \
	vm_guest(vm, (struct guest_op[]){__VA_ARGS__},                                             \
		 sizeof((struct guest_op[]){__VA_ARGS__}) / sizeof(struct guest_op))

/* The entry at which the RMM's walk for an address ends. */
struct rmm_entry_view vm_entry(struct vm *vm, uint64_t ipa);
/* vm_check - all of [base, base + size) is in this state; fails the test otherwise. */
void vm_check(struct vm *vm, uint64_t base, uint64_t size, enum rmm_hipas hipas, enum rmm_ripas ripas);
/* vm_tables - tables below the root that the Realm has. */
uint64_t vm_tables(struct vm *vm);

#endif
