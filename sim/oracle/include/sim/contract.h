/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * contract.h - what the guest and the VMM were promised, as flat maps of intervals: the RIPAS of each IPA, whether
 * it is backed, its memory attribute, and the value of its bytes. It is computed from what they did and
 * what they were told, never from tables or from the host's code, and compared with what the RMM holds.
 *
 * What it finds goes to machine_report() as oracle "contract" with one of these conditions:
 *
 *   ripas           the RIPAS of an IPA is not what was promised
 *   backed          a granule that the guest gave back is still mapped, whatever the host's page size, or one
 *                   that it wrote is not any more
 *   guest-bytes     the guest reads something else than it wrote
 *   user-bytes      shared memory does not hold what was written there
 *   foreign-bytes   somebody reads what only another owner ever wrote
 *   access          an access succeeded where the guest has no RAM or the memory attribute says otherwise, or failed
 *                   where it has
 *   ripas-answer    the guest was told another RIPAS, that it changed without its consent, or that the change stopped
 *                   where nothing stands in its way
 *   table-left      after an unmap a table stays whose entries say what its parent could say
 *   gmem-pages      the guest_memfds hold more pages than were asked for, or fewer than are in use
 *   user-pages      the same of the VMM's own memory
 *   failed-calls    a system call made more RMI calls that failed than what it found can explain
 *   too-many-calls  it made more that succeeded than its range has work for
 *   answer          a system call gave another error than is due for what it was asked, or succeeded where one is due
 *   device          what the guest stores to a device is not what the VMM is told, or what that answers not what the guest loads
 *   exit            KVM_EXIT_MEMORY_FAULT or KVM_EXIT_MMIO does not name what the guest accessed or asked for, or KVM_RUN
 *                   ends with a reason that there is none for
 *
 * That RMI calls stay inside the range of their system call, and the tables that cover it, is asked by the
 * host audit (outside-range), which knows the range of each.
 *
 * Its cost is that of what a step changed; contract_closing() looks at everything.
 */
#ifndef SIM_CONTRACT_H
#define SIM_CONTRACT_H

#include <sim/machine.h>

struct contract;

struct contract_config {
	size_t num_realms;
	uint64_t map_size;	/* bytes that the host maps at most at once */
	uint64_t gmem_size;	/* bytes that a guest_memfd allocates at most at once */
	uint64_t scratch_pages; /* of the VMM's memory, that hold arguments of one thread */
	/*
	 * The host goes by the tops that the RMM gives, and folds tables of shared memory: what a posting of
	 * the series is known not to do is not asked of it.
	 */
	bool by_top;
	/* A guest's change of RIPAS is made before the VMM is asked, not when it runs the vCPU again: up to v5. */
	bool ripas_first;
	/* Errors are those of the posting that kvm-rme.md describes. */
	bool answers;
};
/*
 * contract_create - 0 or -ENOMEM. Listens to the machine's trace for what RMI calls named. The machine's KVM
 * build is asked for its page counts.
 */
int contract_create(struct machine *machine, const struct contract_config *config,
		    struct contract **out);
/* contract_destroy - NULL is ignored. */
void contract_destroy(struct contract *contract);
/* contract_reset - nothing was promised yet. */
void contract_reset(struct contract *contract);
/* contract_enable - `false`: nothing is judged until contract_reset(). */
void contract_enable(struct contract *contract, bool enable);
/* contract_blind - something was done to the realm that promises nothing that could be followed. */
void contract_blind(struct contract *contract, unsigned int realm);

/* --- the VMM. `ret` is what the system call returned. ------------------------------------------------- */

/*
 * A new VM with that many IPA bits; nothing is left of the one before it, but what its files hold. If that one was
 * blind, nobody knows what they hold: pages are not counted any more.
 */
void contract_vm(struct contract *contract, unsigned int realm, unsigned int ipa_bits);
/*
 * A slot was added; size 0: deleted. `gmem` identifies its guest_memfd (-1: none), `offset` is where in it the
 * slot begins, `user` the address of its shared half.
 */
void contract_slot(struct contract *contract, unsigned int realm, uint32_t id, uint64_t base,
		   uint64_t size, int32_t gmem, uint64_t offset, uint64_t user);
void contract_attributes(struct contract *contract, unsigned int realm, uint64_t base,
			 uint64_t size, bool to_private, int64_t ret);
/* Bytes [offset, offset + size) of a guest_memfd were given back; all of it when it is closed. */
void contract_hole(struct contract *contract, unsigned int realm, int32_t gmem, uint64_t offset,
		   uint64_t size);
/* What these bytes are in is broken: nothing of it is mapped any more, but the file keeps its pages. */
void contract_broken(struct contract *contract, unsigned int realm, int32_t gmem, uint64_t offset,
		     uint64_t size);
void contract_init_ripas(struct contract *contract, unsigned int realm, uint64_t base,
			 uint64_t size, int64_t ret);
void contract_populate(struct contract *contract, unsigned int realm, uint64_t base, uint64_t size,
		       int64_t ret);
/* The VMM's own memory: `data` was stored at, or loaded from, address `user`. */
void contract_user_access(struct contract *contract, unsigned int realm, uint64_t user,
			  uint64_t size, bool write, const uint8_t *data);
/* What is mapped at [user, user + size) changed. */
void contract_user_changed(struct contract *contract, uint64_t user, uint64_t size);
/*
 * New memory was mapped at [user, user + size), whole pages: it holds zeros, for whoever reads it first. A
 * guest that still finds there what was stored earlier has kept the old page.
 */
void contract_user_fresh(struct contract *contract, uint64_t user, uint64_t size);

/* System calls whose errors are promised. */
enum contract_call {
	CONTRACT_CONFIG,
	CONTRACT_CREATE,
	CONTRACT_INIT_RIPAS,
	CONTRACT_POPULATE,
	CONTRACT_ACTIVATE,
	CONTRACT_FINALIZE,
	CONTRACT_RUN,
	CONTRACT_NUM_CALLS
};
struct contract_request {
	enum contract_call call;
	unsigned int vcpu;   /* of CONTRACT_FINALIZE and CONTRACT_RUN */
	uint64_t base, size; /* of CONTRACT_INIT_RIPAS and CONTRACT_POPULATE */
	bool told;	     /* of CONTRACT_RUN: it ended with KVM_EXIT_MEMORY_FAULT */
	bool flags_known;    /* of CONTRACT_POPULATE: it has no flag that nobody knows */
};
/* contract_answer - judges what the realm's VM, or its vCPU, answered. */
void contract_answer(struct contract *contract, unsigned int realm,
		     const struct contract_request *request, int64_t ret);
/* contract_fault_exit - KVM_RUN ended with KVM_EXIT_MEMORY_FAULT, which says this. */
void contract_fault_exit(struct contract *contract, unsigned int realm, unsigned int vcpu,
			 uint64_t gpa, uint64_t size, bool is_private);
/* KVM_EXIT_MMIO, which says this address. */
void contract_mmio_exit(struct contract *contract, unsigned int realm, uint64_t gpa);
/*
 * Of `size` bytes of a device one side gave the low ones of `given`, and the other got `got`: the guest, which stores,
 * and the VMM, which is told; or the other way round.
 */
void contract_device(struct contract *contract, unsigned int realm, uint64_t address, uint64_t size,
		     uint64_t given, uint64_t got);
/* KVM_RUN returned 0 with a reason that no Realm has on a sound RMM. */
void contract_strange_exit(struct contract *contract, unsigned int realm, const char *reason);

/* What a system call may concern, as in struct audit_scope. */
void contract_call_begin(struct contract *contract, uint64_t start, uint64_t end);
/* contract_call_end - judges how many RMI calls the system call `name` made. */
void contract_call_end(struct contract *contract, const char *name);

/* --- the guest ---------------------------------------------------------------------------------------- */

/* An access of one instruction succeeded. `data` is NULL for a fetch. */
void contract_access(struct contract *contract, unsigned int realm, uint64_t ipa, uint32_t size,
		     bool write, const uint8_t *data);
/* An access that the host has to do something for, whatever that is. */
void contract_tried(struct contract *contract, unsigned int realm, uint64_t ipa);
/* It was for an instruction. */
void contract_fetched(struct contract *contract);
/* Bytes that somebody else stored for the guest: their values are not known. */
void contract_written(struct contract *contract, unsigned int realm, uint64_t ipa, uint64_t size);
/* The access was answered by a Synchronous External Abort. */
void contract_sea(struct contract *contract, unsigned int realm, uint64_t ipa);
/* The guest was told that [base, end) has this RIPAS. */
void contract_told_ripas(struct contract *contract, unsigned int realm, uint64_t base, uint64_t end,
			 enum rmm_ripas ripas);
/* RSI_IPA_STATE_SET left for the host; from now on the change may happen, piece by piece. */
void contract_ripas_asked(struct contract *contract, unsigned int realm, unsigned int vcpu,
			  uint64_t base, uint64_t top, enum rmm_ripas ripas, bool destroyed);
/* It came back: the guest was told that [base, new_base) changed, and nothing else. */
void contract_ripas_answered(struct contract *contract, unsigned int realm, unsigned int vcpu,
			     uint64_t new_base);
/* It was nothing that can be asked: the guest was told of an error, and nothing changes. */
void contract_ripas_refused(struct contract *contract, unsigned int realm, unsigned int vcpu);

/* --- steps at the same time --------------------------------------------------------------------------- */

/*
 * Steps that overlap in time (`parallel:`) have no order that could be promised. While a step is being performed, what
 * it is for is not compared with the RMM's tables; where two such ranges meet, and one of the steps takes memory away or
 * changes RIPAS, nothing is known from the first of them on until the last of them has ended, and then only what later
 * steps or the tables say. Everything else stays promised: other addresses and realms, what a step alone was for, and what
 * accesses read and wrote among themselves, since each of them is one moment; what the RMM stores for a guest is not.
 */
#define CONTRACT_MAX_ACTORS 16u
#define CONTRACT_MAX_RANGES 8u

/* What a step is for, and what it may do to it. */
struct contract_claim {
	unsigned int realm;
	/* Addresses of the guest below its half; those of the other half count as these. */
	struct {
		uint64_t start, end;
	} ranges[CONTRACT_MAX_RANGES];
	unsigned int num;
	bool takes;	 /* takes memory of the guest away, or gives it some */
	bool ripas;	 /* changes RIPAS */
	bool bytes;	 /* has the RMM store there, at a moment that nobody tells */
	bool fills;	 /* has pages mapped, or lets others do so, that the VMM had taken away */
	bool attributes; /* changes memory attributes */
	bool user;	 /* changes what is mapped in the VMM */
	bool hidden;	 /* and some of that is in no slot */
	bool files;	 /* closes files, whose numbers others may get */
	bool state;	 /* errors of other calls depend on whether they came before it */
};

/* What belongs to the system call that an actor is making; all 0 but `actor`: none. */
struct contract_thread {
	unsigned int actor; /* below CONTRACT_MAX_ACTORS */
	bool in_call;
	uint64_t start, end;
	uint64_t done;		 /* RMI calls that succeeded */
	uint64_t made;		 /* RMI calls, while it does not run */
	uint64_t faults;	 /* injected before it */
	bool refused;		 /* an RMI call said more than where a walk ends */
	bool switched_off;	 /* the last one said so of the Realm */
	uint64_t tables, others; /* granules before it */
	uint64_t tried[2];	 /* what the guest accessed last */
	unsigned int num_tried;
	bool fetched; /* an instruction was among it */
};

/* contract_together - steps may overlap from now on, or do so no more: what did not end is unknown. */
void contract_together(struct contract *contract, bool together);
/* contract_thread_started - one more thread, which has memory of its own for arguments. */
void contract_thread_started(struct contract *contract);
/* contract_swap - another actor goes on: exchanges what is known of its system call. */
void contract_swap(struct contract *contract, struct contract_thread *call);
/* contract_step_begin - the actor that runs begins a step. */
void contract_step_begin(struct contract *contract, const struct contract_claim *claim);
/* contract_step_converts - its VMM is about to convert memory, which the step did not claim at first. */
void contract_step_converts(struct contract *contract);
/* contract_step_end - it has ended. Before contract_check(). */
void contract_step_end(struct contract *contract);

/* --- judging ------------------------------------------------------------------------------------------ */

/*
 * contract_check - after a step: what it changed, what its RMI calls named, and a granule on either side.
 * rds[i] is the RD of realm i, 0: there is none.
 */
void contract_check(struct contract *contract, const uint64_t *rds);
/* contract_closing - everything, while the realms still stand. */
void contract_closing(struct contract *contract, const uint64_t *rds);

#endif
