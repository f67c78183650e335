/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * audit.h - the host audit: what must hold of the host's books after every system call, judged from
 * the RMI calls that it made, the RMM's granules and the page frames. It knows nothing of the
 * host's code.
 *
 * What it finds goes to machine_report() as oracle "host-audit" with one of these conditions:
 *
 *   return-value          a system call returned less than -4095, or a number where 0 or -errno
 *                         is promised
 *   locks-held            a lock or read section is still held
 *   pgtable-accounting    accounted page-table pages differ from the tables that RTT_CREATE made
 *                         and that are live, or were leaked on purpose
 *   vmids                 VMIDs are taken that no realm has, or realms have some that are free
 *   page-not-nonsecure    a frame that is free holds a granule that is not the host's
 *   left-delegated        a granule stays DELEGATED although no GRANULE_UNDELEGATE of it failed
 *   data-not-gmem         a DATA granule lies in a frame that is no guest_memfd page
 *   data-uncached         a DATA granule lies in a page that a hole took from its guest_memfd, and it is no part of
 *                         a block that there may have been no memory to split
 *   gmem-refcount         a guest_memfd page's references are not one for the page cache, plus
 *                         one if any of its granules is mapped (or could not be taken back)
 *   wrong-realm           an RMI call named another realm than the system call is for
 *   outside-range         an RMI call concerned addresses that the system call is not for
 *   needless-table        a change of RIPAS made a table that it covers as a whole
 *   shared-attributes     shared memory was mapped otherwise than as normal memory for reading and writing
 *   mmu-lock              an RMI call changed what is mapped without the hold on kvm->mmu_lock that keeps others out of it
 *   still-delegated, still-allocated, still-accounted, still-open, gmem-left
 *                         something is left at the end
 *
 * Its cost is that of the granules which RMI calls named since the last check; audit_full() costs
 * what was touched since the machine was made.
 */
#ifndef SIM_AUDIT_H
#define SIM_AUDIT_H

#include <sim/machine.h>

struct audit;

/*
 * audit_create - starts to listen to the machine's trace. `map_size`: bytes that the host maps at most at once. 0 or
 * -ENOMEM.
 */
int audit_create(struct machine *machine, uint64_t map_size, struct audit **out);
/* audit_destroy - NULL is ignored. */
void audit_destroy(struct audit *audit);
/*
 * audit_reset - after machine_reset(), or when nothing has happened yet: what is allocated now is
 * what the closing checks allow to be left.
 */
void audit_reset(struct audit *audit);
/* audit_enable - `false`: nothing is judged any more, only counted. */
void audit_enable(struct audit *audit, bool enable);

/* What a system call is for: RMI calls that it makes outside of this are findings. */
struct audit_scope {
	uint64_t rd; /* physical address of the realm's RD; 0: any realm */
	/*
	 * Guest physical addresses, of either half; those of the shared one without the shared bit, unless the
	 * range begins in the other half. start == end: none at all. [0, UINT64_MAX): any.
	 */
	uint64_t start, end;
};
/* audit_begin - the system call `name` (a string that stays) begins. */
void audit_begin(struct audit *audit, const char *name, const struct audit_scope *scope);
/*
 * audit_end - judge the state after it returned `ret`. `positive`: it may return numbers above 0.
 */
void audit_end(struct audit *audit, int64_t ret, bool positive);

/*
 * Several threads may be in system calls at once. What a call returned and the range of its RMI calls are
 * judged for each; the state only when none is left in the middle, since a call may own what others see.
 */
struct audit_call {
	const char *name; /* NULL: none */
	struct audit_scope scope;
	bool in_call;
	/* On mmu_lock, under which the RMM changed RIPAS last before the REC is entered; 0: none. */
	uint64_t ripas_hold;
};
/* audit_swap - another thread goes on: exchanges what is known of the call that is being made. */
void audit_swap(struct audit *audit, struct audit_call *call);

/* audit_full - judge every granule and frame that was ever touched. Must be quiescent. */
void audit_full(struct audit *audit);
/*
 * audit_closing - judge the end, after the last process exited. `allow_leaks`: pages that the RMM
 * refused to give back may be left.
 */
void audit_closing(struct audit *audit, bool allow_leaks);

/* audit_num_leaked - granules that a failed GRANULE_UNDELEGATE keeps from the host. */
size_t audit_num_leaked(const struct audit *audit);

#endif
