/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guest.h - what a Realm's CPU does: a short queue of operations. The machine's run callback
 * executes them through the services of rmm.h until the REC exits; what an exit interrupted is
 * executed again, or found emulated, at the next entry.
 */
#ifndef SIM_STEPS_GUEST_H
#define SIM_STEPS_GUEST_H

#include <sim/step.h>

#define GUEST_MAX_OPS 2
/* Entries without progress after which the host is said to be endless. */
#define GUEST_MAX_STUCK 64
/* Entries without progress after which it lets other threads finish, which may be what the host waits for. */
#define GUEST_MAX_TRIES 16

enum guest_kind {
	GUEST_ACCESS,	 /* walk [cursor, end) with one access a granule, or one of `width` bytes */
	GUEST_SMC,	 /* one SMC with registers x[] */
	GUEST_SET_RIPAS, /* RSI_IPA_STATE_SET from cursor to end, as Linux loops */
	GUEST_GET_RIPAS, /* RSI_IPA_STATE_GET while the answer is the same */
	GUEST_HOST_CALL, /* store the structure, call, load gprs[0] */
	GUEST_REALM_CONFIG, /* call, load ipa_width */
	GUEST_HVC,
	GUEST_EVENT, /* something takes the REC out: `value` is an rmm_event */
	GUEST_TIMER, /* write a timer's registers: x[0] not 0: the physical one; x[1]: control; x[2]: compare value */
};

struct guest_op {
	enum guest_kind kind;
	enum rmm_access_type type;
	uint32_t width; /* of one load or store; 0: a walk */
	uint64_t start, cursor, end;
	uint64_t value; /* to write; or what was read, or the RIPAS */
	uint64_t x[11]; /* of SMCs */
	unsigned int phase;
	bool in_flight;	   /* the SMC went to the host; its results come with the next entry */
	bool stops;	   /* the SMC does not come back: CPU_OFF, SYSTEM_OFF */
	bool mixed;	   /* not all bytes that were read are equal */
	bool status_in_x0; /* x0 is an RSI status: anything but SUCCESS is an error */
	/* What the VMM does about KVM_EXIT_MMIO while this operation runs. */
	unsigned int mmio;
	uint64_t answer;
	bool answered; /* the VMM has given the answer to the last exit */
};

struct guest_result {
	enum step_outcome outcome;
	uint64_t value, done;
	bool has_response, rejected;
};

struct guest {
	struct guest_op ops[GUEST_MAX_OPS];
	unsigned int head, num;
	struct guest_result result; /* of the operation that ended last */
	uint64_t finished;	    /* operations that ended */
	uint64_t progress;	    /* changes whenever the guest gets anywhere */
	uint64_t seen;		    /* progress at the last entry */
	unsigned int stuck;	    /* entries since */
	bool idle;		    /* it asked to be let out because it has nothing to do */
};

/* guest_reset - nothing to do, nothing done. */
void guest_reset(struct guest *guest);
/* guest_push - false if the queue is full. */
bool guest_push(struct guest *guest, const struct guest_op *op);
/*
 * guest_abandon - the guest turns to something else: instructions that did not complete are
 * forgotten. An SMC that the host has not answered yet stays, because its answer comes with the
 * next entry.
 */
void guest_abandon(struct guest *guest);
/* guest_head - the operation that is being executed, or NULL. */
struct guest_op *guest_head(struct guest *guest);
/* guest_op_at - number `index` below guest->num, the one that is being executed first. */
const struct guest_op *guest_op_at(const struct guest *guest, unsigned int index);
/* guest_op_word - what a GUEST_ACCESS that writes stores, of which a narrow one takes the low bytes. */
uint64_t guest_op_word(const struct guest_op *op);
/* guest_op_range - the IPAs that an operation concerns; false: none. */
bool guest_op_range(const struct guest_op *op, uint64_t *start, uint64_t *end);

/* guest_run - the machine's run callback; ctx is the world. */
void guest_run(void *ctx, struct rmm_cpu *cpu);

#endif
