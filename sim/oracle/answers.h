/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * answers.h - what a system call may answer, by kvm-rme.md 3, 9 and 10: which error it must give for what it was asked
 * in the state that the realm is in, and which others anything that fails on the way can give.
 */
#ifndef SIM_ORACLE_ANSWERS_H
#define SIM_ORACLE_ANSWERS_H

#include <sim/contract.h>

enum answer_stage { ANSWER_NONE, ANSWER_NEW, ANSWER_ACTIVE };

/* What a request depends on, beside itself. */
struct answer_facts {
	enum answer_stage stage;
	bool has_rec;	    /* of the vCPU that it is about */
	uint64_t half;	    /* size of the protected half */
	uint64_t page_size; /* of the host */
	/* Of the first chunk of a populate: the slot at its base, and whether that has a guest_memfd. */
	bool has_slot, has_gmem;
	uint64_t slot_end;
	/* Of one that failed: what it ran into. */
	uint64_t calls;	   /* RMI calls that it made */
	bool starved;	   /* memory may have been short, or the RMM did not take it */
	bool refused;	   /* an RMI call said more than where a walk ends */
	bool switched_off; /* the RMM said so of the Realm */
	bool broken;	   /* memory of a guest_memfd failed once */
	bool plain;	   /* the guest accessed a protected address of a slot without a guest_memfd */
	bool nowhere;	   /* there may be nothing behind what the guest accessed */
	bool fetched;	   /* the guest fetched an instruction */
};

#define ANSWER_CHUNK (UINT64_C(2) << 20) /* of a populate */

/*
 * answer_fits - whether `ret` is among what may be answered. If not, *error is the one that had to be given, 0 if the
 * call should succeed or fail in another way.
 */
bool answer_fits(const struct contract_request *request, const struct answer_facts *facts,
		 int64_t ret, int *error);

#endif
