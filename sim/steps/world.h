/* SPDX-License-Identifier: BSD-3-Clause */
/* world.h - a machine, the VMM process on it, and its realms, as the steps see them. */
#ifndef SIM_STEPS_WORLD_H
#define SIM_STEPS_WORLD_H

#include <setjmp.h>
#include <sim/audit.h>
#include <sim/contract.h>
#include <sim/step.h>

#include "command.h"
#include "first_run.h"
#include "guest.h"
#include "uapi.h"

#define WORLD_MAX_SLOTS 32
/* Bytes of the process's memory that ioctl structures are placed in. */
#define WORLD_SCRATCH_SIZE 0x10000u
/* Bytes that an ioctl structure may have. */
#define WORLD_MAX_DATA 4096u
/* What a host with block mappings maps at once. */
#define BLOCK_SIZE (UINT64_C(2) << 20)

struct slot {
	bool used;	      /* known to the VMM; the memory behind it is there */
	bool added;	      /* KVM has it */
	bool added_with_gmem; /* and the guest_memfd stays the slot's when its file is closed */
	bool readonly;
	bool log_dirty;
	uint32_t id;
	int32_t gmem_fd; /* -1: none */
	uint64_t base, size;
	uint64_t gmem_offset;
	uint64_t uaddr; /* of the shared half */
};

struct vcpu {
	struct realm *realm;
	unsigned int index;
	int32_t fd; /* -1: closed */
	int32_t tid;
	uint64_t run;	/* address of its kvm_run in the process; 0: not mapped */
	bool signalled; /* a signal is pending for its thread */
	enum { VCPU_MADE, VCPU_THREAD, VCPU_MAPPED, VCPU_READY } stage; /* of vmm.create_vcpus */
	bool unfinished; /* vmm.create_vcpus failed before its REC was created */
	struct guest guest;
};

struct realm {
	struct world_realm config; /* `slots` is owned */
	unsigned int index;
	int32_t vm_fd;	    /* -1: none */
	int32_t irqchip_fd; /* -1: none */
	bool vm_made;	    /* there was a VM: no other is made by implication */
	bool is_realm;
	bool configured;
	bool irqchip_decided;	/* the scenario made one, or said that there is none */
	bool irqchip_done;	/* nothing is left to do before the first run */
	struct first_run first; /* era D */
	uint8_t ipa_bits;
	uint64_t rd;
	struct slot slots[WORLD_MAX_SLOTS];
	unsigned int num_slots;
	bool aliased; /* two of them, deleted ones among them, are or were of the same memory of the VMM */
	bool busy; /* a thread is making what a step implies */
	/* A thread is changing slots: a VMM does one at a time, so that it knows in which order KVM did it. */
	bool slots_busy;
	bool raw; /* a call by hand succeeded: slots may be other than what is known here */
	struct vcpu *vcpus;
	unsigned int num_vcpus, max_vcpus;
};

/* Bytes on their way to and from simulated memory. */
struct world_buffers {
	uint64_t fill_value; /* what `fill` is filled with */
	uint8_t fill[RMM_GRANULE_SIZE];
	uint8_t read[RMM_GRANULE_SIZE];
};

struct world {
	struct machine *machine;
	struct rmm *rmm;
	struct dram *dram;
	struct trace *trace;
	const struct kvm_build *kvm; /* NULL: none */
	const struct uapi *uapi;
	struct audit *audit;
	struct contract *contract;
	uint64_t *rds; /* of each realm, for the contract */
	uint64_t seed;
	uint32_t page_size;
	uint64_t map_size; /* the most that one fault maps: a page, or a block */

	int32_t tid, kvm_fd;
	uint64_t scratch;   /* address of the process */
	uint64_t next_user; /* where the next mapping goes */
	uint64_t run_size;

	struct realm *realms;
	size_t num_realms;

	struct parallel *parallel; /* several actors run; NULL: there is one */

	bool torn_down;
	bool hostile; /* the scenario made RMI calls behind the host's back */

	/* The step that is being performed. */
	uint32_t step;
	struct vcpu *running; /* whose KVM_RUN (or REC_ENTER) is in progress */
	struct world_rmi_call *calls;
	size_t num_calls, max_calls;
	uint64_t counts[COMMAND_NUM_FIDS +
			1]; /* the last: function identifiers that are no command */
	uint64_t total;
	/*
	 * RTT_FOLDs that fail again, which most calls are, are not seen but counted by the machine: so many of them are
	 * in the numbers here.
	 */
	uint64_t folds_again;
	bool sees_folds; /* it sees them after all */
	uint64_t num_syscalls; /* of this life, accesses of the VMM among them */
	unsigned int warns;
	uint64_t num_last; /* calls since the beginning of the run; the machine has the last ones */

	/*
	 * A host that makes RMI calls without end is left by a jump. Nothing can be said of its
	 * state then, so that no system call is made any more.
	 */
	jmp_buf guard;
	uint64_t budget;
	uint64_t warn_budget; /* the same for WARNs */
	bool guarded;
	bool dead;
	bool looped; /* it is dead, and what was reported says why */
	const char *dead_call;

	struct world_buffers *buffers; /* of the thread that runs */
	struct world_buffers own_buffers;
};

/* world_calls_update - `counts`, `total` and `num_last` are those of now: what the machine has counted is in them. */
void world_calls_update(struct world *world);
/* world_calls_watch - see each call (else: those that do not fail again as an RTT_FOLD did before), with the budget of now. */
void world_calls_watch(struct world *world, bool all);

/* world_error - *error in words (NULL is allowed); returns err. */
int world_error(char **error, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* world_slot - the slot of that number, or NULL. */
struct slot *world_slot(struct realm *realm, uint32_t id);
/* world_slot_at - the added slot that holds guest physical address `ipa`, or NULL. */
struct slot *world_slot_at(struct realm *realm, uint64_t ipa);
/* world_slot_any - as world_slot_at, but a slot that was removed does too. */
struct slot *world_slot_any(struct realm *realm, uint64_t ipa);
/* world_vcpu - 0, or -ENOENT with *error if that vCPU was never made. */
int world_vcpu(struct world *world, const struct step_call *call, struct vcpu **vcpu, char **error);
/* world_realm_state - the realm that the call is for. */
struct realm *world_call_realm(struct world *world, const struct step_call *call);
/* world_user_alloc - addresses for a mapping of `size` bytes, 2 MiB aligned. */
uint64_t world_user_alloc(struct world *world, uint64_t size);
/* world_fill - a granule full of bytes of that value. */
const uint8_t *world_fill(struct world *world, uint8_t value);
/* world_refresh_rd - look up the realm's RD again. */
void world_refresh_rd(struct world *world, struct realm *realm);

/*
 * world_answer - fill call->result from what a system call returned: 0, or -EOPNOTSUPP with *error
 * if the era has no such call.
 */
int world_answer(struct world *world, struct step_call *call, int64_t ret, char **error);

/* lifecycle.c: what other steps imply. */
int lifecycle_create_vm(struct world *world, struct realm *realm, int64_t *ret);
int64_t lifecycle_before_run(struct world *world, struct realm *realm);
/* memory.c: adds a slot with what is behind it. */
int64_t memory_slot_add(struct world *world, struct realm *realm, struct slot *slot, bool gmem,
			bool make_private);
/* memory.c: converts as the VMM's policy says; 0 or -errno that stops the VMM. */
int64_t memory_convert(struct world *world, struct realm *realm, int32_t tid,
		       enum step_memory_fault policy, const struct step_exit *exit);

/* run.c: queue `op`, then run the vCPU until it is done. */
int run_guest(struct world *world, struct step_call *call, const struct guest_op *op, char **error);
/* run.c: one KVM_RUN, for vmm.run. */
int run_once(struct world *world, struct step_call *call, struct vcpu *vcpu, char **error);

/*
 * parallel.c: the guest was entered again without having got anywhere. `patiently`: others come to their ends first, or to
 * where they cannot go on.
 */
void world_yield(struct world *world, bool patiently);
/*
 * parallel.c: what a step of several that overlap in time is for, and its end. Nothing where there is one actor.
 * parallel_step_converts() - the VMM converts memory on its behalf. parallel_take() - a lock of the VMM's own,
 * `taken`: until it is false again, others wait who take it.
 */
void parallel_take(struct world *world, bool *taken);
void parallel_step_begin(struct world *world, const struct step_call *call);
void parallel_step_converts(struct world *world);
void parallel_step_end(struct world *world);
/*
 * parallel.c: a file is about to be closed. Where a call of another thread is under way it may be this that ends the file,
 * and tears down what that held.
 */
void parallel_file_closes(struct world *world);

/* Beginning and end of every system call; see sys.c. */
struct sys_scope {
	const char *name;
	int32_t tid;
	uint64_t rd; /* the realm that it is for; 0: any */
	uint64_t start,
		end;   /* guest physical addresses that it is for; both 0: none, [0, ~0): any */
	bool positive; /* it may return a number above 0 */
};
int64_t sys_ioctl(struct world *world, const struct sys_scope *scope, int32_t fd, uint32_t cmd,
		  uint64_t arg);
int64_t sys_mmap(struct world *world, const struct sys_scope *scope, uint64_t addr, uint64_t length,
		 uint32_t prot, uint32_t flags, int32_t fd, uint64_t offset);
int64_t sys_munmap(struct world *world, const struct sys_scope *scope, uint64_t addr,
		   uint64_t length);
int64_t sys_madvise(struct world *world, const struct sys_scope *scope, uint64_t addr,
		    uint64_t length, uint32_t advice);
int64_t sys_oom_reap(struct world *world, const struct sys_scope *scope, uint64_t addr,
		     uint64_t length);
int64_t sys_memory_failure(struct world *world, const struct sys_scope *scope, int32_t fd,
			   uint64_t offset, uint64_t length);
int64_t sys_fallocate(struct world *world, const struct sys_scope *scope, int32_t fd, uint32_t mode,
		      uint64_t offset, uint64_t length);
int64_t sys_open(struct world *world, const char *path);
int64_t sys_close(struct world *world, int32_t fd);
/* The process is gone afterwards. */
void sys_exit(struct world *world);
/* Loads and stores of the program: bytes done or -EFAULT. */
int64_t sys_user_read(struct world *world, int32_t tid, uint64_t addr, void *buffer, uint64_t size);
int64_t sys_user_write(struct world *world, int32_t tid, uint64_t addr, const void *buffer,
		       uint64_t size);

/* The end of the protected half, in bytes. KVM takes a type of VM without a width for 40 bits. */
static inline uint64_t realm_half(const struct realm *realm)
{
	return 1ull << ((realm->ipa_bits ? realm->ipa_bits : 40) - 1);
}

/* The end of [base, base + size), or the top of the address space if it is beyond. */
static inline uint64_t range_end(uint64_t base, uint64_t size)
{
	return base + size < base ? UINT64_MAX : base + size;
}

#endif
