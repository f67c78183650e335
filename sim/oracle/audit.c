/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/audit.h>

#include <errno.h>
#include <inttypes.h>
#include <rmm/rmi.h>
#include <rmm/rsi.h>
#include <stdlib.h>
#include <string.h>

#define ERRNO_MAX 4095
/* Findings of one condition that are worth reading. */
#define MAX_REPORTS 8
/* Tables whose page may be on its way back: free_rtt() follows at once, several vCPUs may do it. */
#define RECENT_TABLES 8
/* Of a descriptor of shared memory: MemAttr in bits 5:2 (6: normal write-back, with FEAT_S2FWB), S2AP in bits 7:6. */
#define DESC_ATTRIBUTES 0xfcu
#define DESC_NORMAL_RW	(6u << 2 | 3u << 6)

enum condition {
	RETURN_VALUE,
	LOCKS_HELD,
	PGTABLE_ACCOUNTING,
	VMIDS,
	PAGE_NOT_NONSECURE,
	LEFT_DELEGATED,
	DATA_NOT_GMEM,
	DATA_UNCACHED,
	GMEM_REFCOUNT,
	WRONG_REALM,
	OUTSIDE_RANGE,
	NEEDLESS_TABLE,
	SHARED_ATTRIBUTES,
	MMU_LOCK,
	STILL_DELEGATED,
	STILL_ALLOCATED,
	STILL_ACCOUNTED,
	STILL_OPEN,
	GMEM_LEFT,
	NUM_CONDITIONS
};

static const char *const condition_names[NUM_CONDITIONS] = {
	[RETURN_VALUE] = "return-value",
	[LOCKS_HELD] = "locks-held",
	[PGTABLE_ACCOUNTING] = "pgtable-accounting",
	[VMIDS] = "vmids",
	[PAGE_NOT_NONSECURE] = "page-not-nonsecure",
	[LEFT_DELEGATED] = "left-delegated",
	[DATA_NOT_GMEM] = "data-not-gmem",
	[DATA_UNCACHED] = "data-uncached",
	[GMEM_REFCOUNT] = "gmem-refcount",
	[WRONG_REALM] = "wrong-realm",
	[OUTSIDE_RANGE] = "outside-range",
	[NEEDLESS_TABLE] = "needless-table",
	[SHARED_ATTRIBUTES] = "shared-attributes",
	[MMU_LOCK] = "mmu-lock",
	[STILL_DELEGATED] = "still-delegated",
	[STILL_ALLOCATED] = "still-allocated",
	[STILL_ACCOUNTED] = "still-accounted",
	[STILL_OPEN] = "still-open",
	[GMEM_LEFT] = "gmem-left",
};

/* Granules that RMI calls named, as intervals: bulk work goes from one granule to the next. */
struct interval {
	uint64_t start, end;
};

struct realm_note {
	uint64_t rd;
	uint32_t roots;
	uint8_t ipa_width;
	uint64_t pgd_start,
		pgd_end; /* delegated whole, also where the root tables do not fill it */
};

struct audit {
	struct machine *machine;
	struct rmm *rmm;
	struct dram *dram;
	const struct kvm_build *kvm;
	uint64_t page_size;
	bool maps_blocks; /* of more than a page */
	bool enabled;

	struct audit_call call; /* the system call that is being judged */
	/* The shared block that the last RMI call found in its way; level 0: it found none. */
	uint64_t block_ipa, block_level;
	/* The change of RIPAS that the RMM has just refused for want of a table; empty: it was something else. */
	struct {
		uint64_t rd, start, end;
	} wanted;
	bool strange;	   /* the RMM was made to refuse what only a strange one does */
	bool untold;	   /* to say what it maps: a page of which that is not known is kept */
	bool sees_folds;   /* that fail again */
	unsigned int open; /* system calls that have begun and did not end */

	struct interval *touched;
	size_t num_touched, max_touched;
	bool lost; /* there was no memory to note a granule: everything has to be looked at */

	uint64_t *leaked; /* ascending */
	size_t num_leaked, max_leaked;
	uint64_t leaked_tables;
	uint64_t tables[RECENT_TABLES];
	unsigned int next_table;

	struct realm_note *realms;
	size_t num_realms, max_realms;
	uint64_t roots;
	struct interval *pgds; /* of realms that were destroyed */
	size_t num_pgds, max_pgds;
	bool gives_up; /* the host may keep what belonged to a realm */

	struct kvm_inspect baseline;
	int64_t reported_pgtable, reported_vmids;
	bool has_vmids; /* the host takes them where they are counted */
	uint32_t reported_locks;
	unsigned int reports[NUM_CONDITIONS];
};

#define REPORT(audit, condition, ...)                                                              \
	do {                                                                                       \
		if ((audit)->reports[condition]++ < MAX_REPORTS)                                   \
			machine_report((audit)->machine, "host-audit", condition_names[condition], \
				       (audit)->call.name, __VA_ARGS__);                           \
	} while (0)

static uint64_t level_size(uint64_t level)
{
	return 1ull << (12 + 9 * (3 - level));
}

/*
 * The array with room for one more than its `num` items of `size` bytes; NULL: there is no memory, and it is as it was.
 */
static void *room_make(void *items, size_t num, size_t *max, size_t size)
{
	const size_t more = *max ? 2 * *max : 16;
	void *grown;

	if (num < *max)
		return items;
	grown = realloc(items, more * size);
	if (grown)
		*max = more;
	return grown;
}

static void touch(struct audit *audit, uint64_t pa)
{
	struct interval *last, *grown;

	/* Data and tables alternate: look at the last few intervals. */
	for (size_t i = audit->num_touched; i > 0 && i + 4 > audit->num_touched; i--) {
		last = &audit->touched[i - 1];
		if (pa >= last->start && pa < last->end)
			return;
		if (pa == last->end) {
			last->end += RMM_GRANULE_SIZE;
			return;
		}
		if (pa + RMM_GRANULE_SIZE == last->start) {
			last->start = pa;
			return;
		}
	}
	grown = room_make(audit->touched, audit->num_touched, &audit->max_touched, sizeof(*grown));
	if (!grown) {
		audit->lost = true;
		return;
	}
	audit->touched = grown;
	audit->touched[audit->num_touched++] = (struct interval){pa, pa + RMM_GRANULE_SIZE};
}

static size_t leaked_position(const struct audit *audit, uint64_t pa)
{
	size_t low = 0, high = audit->num_leaked;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (audit->leaked[middle] < pa)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_leaked(const struct audit *audit, uint64_t pa)
{
	size_t position = leaked_position(audit, pa);

	return position < audit->num_leaked && audit->leaked[position] == pa;
}

static void leaked_add(struct audit *audit, uint64_t pa)
{
	size_t position = leaked_position(audit, pa);
	uint64_t *grown;

	if (position < audit->num_leaked && audit->leaked[position] == pa)
		return;
	grown = room_make(audit->leaked, audit->num_leaked, &audit->max_leaked, sizeof(*grown));
	if (!grown) {
		audit->lost = true;
		return;
	}
	audit->leaked = grown;
	memmove(&audit->leaked[position + 1], &audit->leaked[position],
		(audit->num_leaked - position) * sizeof(*audit->leaked));
	audit->leaked[position] = pa;
	audit->num_leaked++;
}

static void leaked_remove(struct audit *audit, uint64_t pa)
{
	size_t position = leaked_position(audit, pa);

	if (position == audit->num_leaked || audit->leaked[position] != pa)
		return;
	audit->num_leaked--;
	memmove(&audit->leaked[position], &audit->leaked[position + 1],
		(audit->num_leaked - position) * sizeof(*audit->leaked));
}

size_t audit_num_leaked(const struct audit *audit)
{
	return audit->num_leaked;
}

static void table_note(struct audit *audit, uint64_t pa)
{
	audit->tables[audit->next_table++ % RECENT_TABLES] = pa;
}

/* The granule is the host's again: whatever it is used for next, it is no table that was taken down. */
static void table_forget(struct audit *audit, uint64_t pa)
{
	for (unsigned int i = 0; i < RECENT_TABLES; i++) {
		if (audit->tables[i] == pa)
			audit->tables[i] = 0;
	}
}

/*
 * A page whose UNDELEGATE fails is kept for ever. It stays accounted if it was a page-table page.
 */
static void undelegate_failed(struct audit *audit, uint64_t pa)
{
	struct rmm_granule_view view;

	if (!rmm_inspect_granule(audit->rmm, pa, &view) || view.state == RMM_GRANULE_UNDELEGATED)
		return;
	if (!is_leaked(audit, pa)) {
		for (unsigned int i = 0; i < RECENT_TABLES; i++) {
			if (audit->tables[i] == pa) {
				audit->tables[i] = 0;
				audit->leaked_tables++;
				break;
			}
		}
	}
	leaked_add(audit, pa);
}

static const struct realm_note *realm_note_find(const struct audit *audit, uint64_t rd)
{
	for (size_t i = 0; i < audit->num_realms; i++) {
		if (audit->realms[i].rd == rd)
			return &audit->realms[i];
	}
	return NULL;
}

/*
 * The host delegates every granule of its PGD, which with large pages is larger than the root
 * tables of the Realm: the granules right behind these that are DELEGATED when the Realm is
 * created. Hardware concatenates at most 16 tables of the host's page size.
 */
static uint64_t pgd_end(const struct audit *audit, const struct rmm_realm_view *realm)
{
	uint64_t end = realm->rtt_base + (uint64_t)realm->rtt_num_start * RMM_GRANULE_SIZE;
	struct rmm_granule_view view;

	while (end < realm->rtt_base + 16 * audit->page_size &&
	       rmm_inspect_granule(audit->rmm, end, &view) && view.state == RMM_GRANULE_DELEGATED)
		end += RMM_GRANULE_SIZE;
	return end;
}

static bool is_pgd(const struct audit *audit, uint64_t pa)
{
	for (size_t i = 0; i < audit->num_realms; i++) {
		if (pa >= audit->realms[i].pgd_start && pa < audit->realms[i].pgd_end)
			return true;
	}
	return false;
}

static void realm_created(struct audit *audit, uint64_t rd)
{
	struct rmm_realm_view view;
	struct realm_note *grown;

	if (!rmm_inspect_realm(audit->rmm, rd, &view))
		return;
	grown = room_make(audit->realms, audit->num_realms, &audit->max_realms, sizeof(*grown));
	if (!grown) {
		/*
		 * The number of root tables is not known any more, so nothing can be
		 * judged.
		 */
		audit->enabled = false;
		machine_report(audit->machine, "host-audit", "no-memory", NULL,
			       "the audit ran out of memory and stopped");
		return;
	}
	audit->realms = grown;
	audit->roots += view.rtt_num_start;
	audit->realms[audit->num_realms++] = (struct realm_note){
		rd, view.rtt_num_start, view.ipa_width, view.rtt_base, pgd_end(audit, &view)};
}

/* Its granules are taken back next. */
static void pgd_note(struct audit *audit, const struct realm_note *realm)
{
	struct interval *grown;

	grown = room_make(audit->pgds, audit->num_pgds, &audit->max_pgds, sizeof(*grown));
	if (!grown) {
		audit->gives_up = true;
		return;
	}
	audit->pgds = grown;
	audit->pgds[audit->num_pgds++] = (struct interval){realm->pgd_start, realm->pgd_end};
}

/* A granule of a PGD is refused: of one that a Realm had, or of one for which the RMM made none. */
static void pgd_failed(struct audit *audit, uint64_t pa)
{
	audit->gives_up |=
		audit->call.name && !strcmp(audit->call.name, "KVM_CAP_ARM_RME_CREATE_REALM");
	for (size_t i = 0; i < audit->num_pgds; i++)
		audit->gives_up |= pa >= audit->pgds[i].start && pa < audit->pgds[i].end;
}

static void realm_destroyed(struct audit *audit, uint64_t rd)
{
	for (size_t i = 0; i < audit->num_realms; i++) {
		if (audit->realms[i].rd != rd)
			continue;
		pgd_note(audit, &audit->realms[i]);
		audit->roots -= audit->realms[i].roots;
		audit->realms[i] = audit->realms[--audit->num_realms];
		return;
	}
}

/* What of a realm's address space a call concerns. */
struct call_range {
	uint64_t rd, start, end;
	bool whole; /* all of it must be inside the scope; else it must only meet it */
};

/* False if the call concerns no addresses of a realm. */
static bool call_range(const struct audit *audit, const struct trace_event *event,
		       struct call_range *out)
{
	const uint64_t *x = event->value;
	uint64_t level;

	switch (smccc_fid(x[0])) {
	case RMI_DATA_CREATE:
	case RMI_DATA_CREATE_UNKNOWN:
		*out = (struct call_range){x[1], x[3], x[3] + RMM_GRANULE_SIZE, true};
		return true;
	case RMI_DATA_DESTROY:
		*out = (struct call_range){x[1], x[2], x[2] + RMM_GRANULE_SIZE, true};
		return true;
	case RMI_RTT_INIT_RIPAS:
		*out = (struct call_range){x[1], x[2], x[3], true};
		return true;
	case RMI_RTT_SET_RIPAS:
		*out = (struct call_range){x[1], x[3], x[4], true};
		return true;
	case RMI_RTT_CREATE:
		if (x[4] < 1 || x[4] > 3)
			return false;
		*out = (struct call_range){x[1], x[3], x[3] + level_size(x[4] - 1), false};
		return true;
	case RMI_RTT_DESTROY:
	case RMI_RTT_FOLD:
		if (x[3] < 1 || x[3] > 3)
			return false;
		*out = (struct call_range){x[1], x[2], x[2] + level_size(x[3] - 1), false};
		return true;
	case RMI_RTT_MAP_UNPROTECTED:
	case RMI_RTT_UNMAP_UNPROTECTED:
		level = x[3];
		if (level > 3)
			return false;
		/*
		 * A call that fails looks at a table; one that succeeds changes all that it maps. A
		 * block that is known to be in the way may go whole: without memory it cannot be
		 * split, and what is shared can be faulted in again.
		 */
		*out = (struct call_range){
			x[1], x[2], x[2] + level_size(level),
			event->result[0] == RMI_SUCCESS &&
				!(audit->block_level == level && audit->block_ipa == x[2])};
		return true;
	default:
		return false;
	}
}

static bool range_fits(const struct audit_scope *scope, const struct call_range *range)
{
	return range->whole ? range->start >= scope->start && range->end <= scope->end
			    : range->start < scope->end && range->end > scope->start;
}

/* Whether calls may concern any realm and any place. */
static bool scope_is_open(const struct audit *audit)
{
	return !audit->call.in_call ||
	       (!audit->call.scope.rd && audit->call.scope.end == UINT64_MAX);
}

static void judge_range(struct audit *audit, const struct trace_event *event)
{
	const struct audit_scope *scope = &audit->call.scope;
	const struct realm_note *note;
	struct call_range range;
	uint64_t half;

	if (scope_is_open(audit))
		return;
	if (!call_range(audit, event, &range))
		return;
	if (scope->rd && range.rd != scope->rd) {
		REPORT(audit, WRONG_REALM,
		       "%s names the realm of RD %#" PRIx64 ", the call is for %#" PRIx64,
		       event->name ? event->name : "an RMI call", range.rd, scope->rd);
		return;
	}
	if (scope->end == UINT64_MAX)
		return;
	note = realm_note_find(audit, range.rd);
	if (!note)
		return;
	/* What goes on across the middle names the other half itself. */
	if (range_fits(scope, &range))
		return;
	half = 1ull << (note->ipa_width - 1);
	if (range.start >= half) {
		range.start -= half;
		range.end -= half;
		if (range_fits(scope, &range))
			return;
	}
	REPORT(audit, OUTSIDE_RANGE,
	       "%s concerns %#" PRIx64 "..%#" PRIx64 ", the call is for %#" PRIx64 "..%#" PRIx64,
	       event->name ? event->name : "an RMI call", range.start, range.end, scope->start,
	       scope->end);
}

/*
 * A change of RIPAS needs tables where it begins or ends inside of an entry. One whose place it covers as a whole
 * says nothing that the entry could not say. Calls of several vCPUs mix, and then nobody knows what one is for.
 */
static void judge_table(struct audit *audit, const struct trace_event *event)
{
	const uint64_t *x = event->value;
	const uint32_t fid = smccc_fid(x[0]);
	uint64_t size, start;

	switch (fid) {
	case RMI_RTT_INIT_RIPAS:
	case RMI_RTT_SET_RIPAS:
		audit->wanted.rd = x[1];
		audit->wanted.start = fid == RMI_RTT_SET_RIPAS ? x[3] : x[2];
		audit->wanted.end = fid == RMI_RTT_SET_RIPAS ? x[4] : x[3];
		if ((event->result[0] & 0xff) != RMI_ERROR_RTT || audit->open != 1)
			audit->wanted.end = audit->wanted.start;
		break;
	case RMI_RTT_CREATE:
		if (event->result[0] != RMI_SUCCESS || x[1] != audit->wanted.rd || x[4] < 1 ||
		    x[4] > 3)
			break;
		size = level_size(x[4] - 1);
		start = x[3] & ~(size - 1);
		if (start >= audit->wanted.start && start < audit->wanted.end &&
		    size <= audit->wanted.end - start)
			REPORT(audit, NEEDLESS_TABLE,
			       "a table of level %" PRIu64 " at %#" PRIx64
			       " is made for a change of RIPAS of %#" PRIx64 "..%#" PRIx64
			       ", which covers all of it",
			       x[4], start, audit->wanted.start, audit->wanted.end);
		break;
	case RMI_GRANULE_DELEGATE:
	case RMI_GRANULE_UNDELEGATE:
		break;
	default:
		audit->wanted.end = audit->wanted.start;
		break;
	}
}

/* 6: normal memory that the guest may read and write. Calls by hand may say something else. */
static void judge_shared(struct audit *audit, const struct trace_event *event)
{
	const uint64_t *x = event->value;

	if (!audit->open || event->result[0] != RMI_SUCCESS ||
	    smccc_fid(x[0]) != RMI_RTT_MAP_UNPROTECTED ||
	    (x[4] & DESC_ATTRIBUTES) == DESC_NORMAL_RW)
		return;
	REPORT(audit, SHARED_ATTRIBUTES,
	       "shared memory at %#" PRIx64 " is mapped with attributes %#" PRIx64
	       ", not normal write-back memory for reading and writing (%#x)",
	       x[2], x[4] & DESC_ATTRIBUTES, DESC_NORMAL_RW);
}

/* Whether the call failed because a larger entry covers what it was to unmap. */
static void block_note(struct audit *audit, const struct trace_event *event)
{
	uint64_t index = event->result[0] >> 8 & 0xff;

	audit->block_level = 0;
	if (smccc_fid(event->value[0]) != RMI_RTT_UNMAP_UNPROTECTED ||
	    (event->result[0] & 0xff) != RMI_ERROR_RTT || index < 1 || index >= event->value[3])
		return;
	audit->block_level = index;
	audit->block_ipa = event->value[2] & ~(level_size(index) - 1);
}

/* Whether what the call takes away is the VMM's to take: others unwind what they could not do in whole. */
static bool call_unmaps(const struct audit_call *call)
{
	return strcmp(call->name, "KVM_RUN") != 0 &&
	       strcmp(call->name, "KVM_CAP_ARM_RME_POPULATE_REALM") != 0;
}

/*
 * What kvm-rme.md section 12 has of mmu_lock, but for the rows where v10 took none: written for a RIPAS change, and not
 * given up before what became EMPTY is unmapped; written for what the VMM takes away; at least read where shared memory
 * is mapped.
 */
static void judge_lock(struct audit *audit, const struct trace_event *event)
{
	static const char name[] = "kvm->mmu_lock";
	const uint32_t fid = smccc_fid(event->value[0]);
	/* A VM that ends in this call is taken apart by nobody else. */
	const bool ends = audit->call.scope.end == UINT64_MAX;
	uint64_t hold;

	if (!audit->call.in_call || !audit->kvm)
		return;
	switch (fid) {
	case RMI_REC_ENTER:
		audit->call.ripas_hold = 0;
		return;
	case RMI_RTT_SET_RIPAS:
		hold = audit->kvm->lock_hold(name, true);
		if (event->result[0] == RMI_SUCCESS)
			audit->call.ripas_hold = hold;
		break;
	case RMI_DATA_DESTROY:
	case RMI_RTT_UNMAP_UNPROTECTED:
		if (ends || !(call_unmaps(&audit->call) ||
			      (audit->call.ripas_hold && fid == RMI_DATA_DESTROY)))
			return;
		hold = audit->kvm->lock_hold(name, true);
		if (audit->call.ripas_hold && hold != audit->call.ripas_hold) {
			REPORT(audit, MMU_LOCK,
			       "DATA_DESTROY at %#" PRIx64
			       ": %s was given up since the RIPAS was changed",
			       event->value[2], name);
			return;
		}
		break;
	case RMI_RTT_MAP_UNPROTECTED:
		hold = audit->kvm->lock_hold(name, false);
		break;
	default:
		return;
	}
	if (!hold)
		REPORT(audit, MMU_LOCK, "%s at %#" PRIx64 ": %s is not held%s", event->name,
		       event->value[fid == RMI_RTT_SET_RIPAS ? 3 : 2], name,
		       fid == RMI_RTT_MAP_UNPROTECTED ? "" : " for writing");
}

static void audit_sink(void *ctx, const struct trace_event *event)
{
	struct audit *audit = ctx;
	const uint64_t *x = event->value;
	bool success = event->result[0] == RMI_SUCCESS;

	if (machine_refused_strangely(event)) {
		audit->strange = true;
		audit->untold |= smccc_fid(x[0]) == RMI_RTT_READ_ENTRY;
	}
	/* The most frequent answer, without anything in it that the switch would look at. */
	if (!success && x[0] == RMI_RTT_FOLD) {
		audit->block_level = 0;
		audit->wanted.end = audit->wanted.start;
		if (audit->enabled)
			judge_range(audit, event);
		return;
	}
	switch (smccc_fid(x[0])) {
	case RMI_GRANULE_DELEGATE:
		touch(audit, x[1]);
		break;
	case RMI_GRANULE_UNDELEGATE:
		touch(audit, x[1]);
		if (success) {
			leaked_remove(audit, x[1]);
			table_forget(audit, x[1]);
		} else {
			undelegate_failed(audit, x[1]);
			pgd_failed(audit, x[1]);
		}
		break;
	case RMI_DATA_CREATE:
	case RMI_DATA_CREATE_UNKNOWN:
		touch(audit, x[2]);
		break;
	case RMI_DATA_DESTROY:
		if (success)
			touch(audit, event->result[1]);
		break;
	case RMI_RTT_CREATE:
		touch(audit, x[2]);
		if (!success)
			table_note(audit, x[2]);
		break;
	case RMI_RTT_DESTROY:
	case RMI_RTT_FOLD:
		if (success) {
			touch(audit, event->result[1]);
			table_note(audit, event->result[1]);
		}
		break;
	case RMI_REALM_CREATE:
		touch(audit, x[1]);
		if (success)
			realm_created(audit, x[1]);
		break;
	case RMI_REALM_DESTROY:
		touch(audit, x[1]);
		if (success)
			realm_destroyed(audit, x[1]);
		break;
	case RMI_REC_CREATE:
		touch(audit, x[2]);
		break;
	case RMI_REC_DESTROY:
		touch(audit, x[1]);
		break;
	default:
		break;
	}
	if (audit->enabled) {
		judge_range(audit, event);
		judge_table(audit, event);
		judge_shared(audit, event);
		judge_lock(audit, event);
	}
	block_note(audit, event);
}

/* Judges the host page that holds `pa`; returns the address behind it. */
static uint64_t judge_page(struct audit *audit, uint64_t pa)
{
	uint64_t start = pa & ~(audit->page_size - 1);
	uint64_t index = (start - dram_base(audit->dram)) / audit->page_size;
	const struct port_frame *frame = &dram_frames(audit->dram)[index];
	bool is_free = frame->kind == PORT_FRAME_FREE || frame->kind == PORT_FRAME_QUARANTINE;
	const bool cached = !(frame->flags & PORT_FRAME_UNCACHED);
	bool any = false, leaked = false;
	int expected;

	/* Most are the Host's altogether. */
	const uint64_t end = rmm_inspect_undelegated(audit->rmm, start, audit->page_size)
				     ? start
				     : start + audit->page_size;

	for (uint64_t g = start; g < end; g += RMM_GRANULE_SIZE) {
		struct rmm_granule_view view;

		if (!rmm_inspect_granule(audit->rmm, g, &view) ||
		    view.state == RMM_GRANULE_UNDELEGATED)
			continue;
		any = true;
		if (is_free)
			REPORT(audit, PAGE_NOT_NONSECURE,
			       "granule %#" PRIx64 " is %s, its frame is free", g,
			       rmm_granule_state_name(view.state));
		if (view.state == RMM_GRANULE_DELEGATED) {
			if (is_leaked(audit, g))
				leaked = true;
			else if (!is_pgd(audit, g))
				REPORT(audit, LEFT_DELEGATED,
				       "granule %#" PRIx64 " was left DELEGATED", g);
		}
		if (view.state == RMM_GRANULE_DATA && !is_free && frame->kind != PORT_FRAME_GMEM)
			REPORT(audit, DATA_NOT_GMEM,
			       "granule %#" PRIx64 " is DATA, its frame is no guest_memfd page", g);
		/*
		 * A block that cannot be split for want of memory stays, and what a strange RMM does not destroy.
		 * Before v9 faults raced with holes.
		 */
		if (view.state == RMM_GRANULE_DATA && !cached && !is_free &&
		    audit->kvm->info.uapi_era == KVM_UAPI_ERA_C && !audit->strange &&
		    !(audit->maps_blocks && machine_num_faults(audit->machine)))
			REPORT(audit, DATA_UNCACHED,
			       "granule %#" PRIx64
			       " is DATA, and no guest_memfd has its page any more",
			       g);
	}
	/* Since v12 a mapping holds no reference: the notifier guards its page. */
	expected = cached + (any && audit->kvm->info.uapi_era < KVM_UAPI_ERA_D);
	if (frame->kind == PORT_FRAME_GMEM && !leaked && frame->refcount != expected &&
	    !(audit->untold && frame->refcount > expected))
		REPORT(audit, GMEM_REFCOUNT,
		       "guest_memfd page %#" PRIx64 " has %d references, %d were expected (%s)",
		       start, frame->refcount, expected, any ? "mapped" : "not mapped");
	return start + audit->page_size;
}

static void judge_touched(struct audit *audit)
{
	uint64_t base = dram_base(audit->dram);
	uint64_t end = base + dram_size(audit->dram);

	for (size_t i = 0; i < audit->num_touched; i++) {
		const struct interval *interval = &audit->touched[i];
		uint64_t pa = interval->start;

		while (pa < interval->end) {
			if (pa >= base && pa < end)
				pa = judge_page(audit, pa);
			else
				pa += RMM_GRANULE_SIZE;
		}
	}
	audit->num_touched = 0;
}

/* Each realm has one, as long as the RMM has the realm. */
static void judge_vmids(struct audit *audit, int64_t taken)
{
	const int64_t realms = (int64_t)audit->num_realms;
	int64_t difference = taken - realms;

	audit->has_vmids |= taken != 0;
	if (!audit->has_vmids || difference == audit->reported_vmids)
		return;
	if (difference)
		REPORT(audit, VMIDS, "%" PRId64 " VMIDs are taken, for %" PRId64 " realms", taken,
		       realms);
	audit->reported_vmids = difference;
}

static void judge_books(struct audit *audit)
{
	struct kvm_inspect books;
	int64_t tables, difference;

	audit->kvm->inspect(&books);
	if (books.locks_held != audit->reported_locks) {
		if (books.locks_held)
			REPORT(audit, LOCKS_HELD, "%u locks or read sections are still held",
			       books.locks_held);
		audit->reported_locks = books.locks_held;
	}
	/* Only from v9 on is every table accounted where it is allocated and freed. */
	if (audit->kvm->info.uapi_era < KVM_UAPI_ERA_C)
		return;
	tables = (int64_t)(rmm_inspect_count(audit->rmm, RMM_GRANULE_RTT) - audit->roots +
			   audit->leaked_tables);
	difference = books.pgtable_pages - audit->baseline.pgtable_pages - tables;
	if (difference != audit->reported_pgtable) {
		REPORT(audit, PGTABLE_ACCOUNTING,
		       "%" PRId64 " page-table pages are accounted, %" PRId64
		       " tables are live or leaked",
		       books.pgtable_pages - audit->baseline.pgtable_pages, tables);
		audit->reported_pgtable = difference;
	}
	judge_vmids(audit, books.vmids - audit->baseline.vmids);
}

/* Of an RTT_FOLD that fails only the place is judged: not where any would do. */
static void folds_want(struct audit *audit)
{
	const bool wanted = !scope_is_open(audit);

	if (wanted == audit->sees_folds)
		return;
	audit->sees_folds = wanted;
	trace_set_answers(machine_trace(audit->machine), audit_sink, audit,
			  wanted ? TRACE_ANSWERS_ALL
				 : TRACE_ANSWERS_ALL & ~(1u << TRACE_FOLD_AGAIN));
	audit->block_level = 0;
}

void audit_begin(struct audit *audit, const char *name, const struct audit_scope *scope)
{
	audit->call = (struct audit_call){.name = name, .scope = *scope, .in_call = true};
	folds_want(audit);
	audit->open++;
}

void audit_swap(struct audit *audit, struct audit_call *call)
{
	const struct audit_call was = audit->call;

	audit->call = *call;
	*call = was;
	folds_want(audit);
}

void audit_end(struct audit *audit, int64_t ret, bool positive)
{
	const char *name = audit->call.name;

	audit->call.in_call = false;
	audit->wanted.end = audit->wanted.start;
	if (audit->open)
		audit->open--;
	if (!audit->enabled) {
		audit->num_touched = 0;
		return;
	}
	if (ret < -ERRNO_MAX || (ret > 0 && !positive))
		REPORT(audit, RETURN_VALUE,
		       "%s returned %" PRId64 ", which is neither 0 nor -errno", name, ret);
	if (audit->open) {
		audit->call.name = NULL;
		return;
	}
	judge_books(audit);
	if (audit->lost) {
		audit->lost = false;
		audit_full(audit);
	} else {
		judge_touched(audit);
	}
	audit->call.name = NULL;
}

static bool full_granule(void *ctx, uint64_t pa, const struct rmm_granule_view *view)
{
	struct audit *audit = ctx;
	uint64_t index = (pa - dram_base(audit->dram)) / audit->page_size;

	/* Frames that were handed out are walked below. */
	if (index >= dram_num_touched(audit->dram))
		REPORT(audit, PAGE_NOT_NONSECURE,
		       "granule %#" PRIx64 " is %s, its frame was never allocated", pa,
		       rmm_granule_state_name(view->state));
	return true;
}

void audit_full(struct audit *audit)
{
	uint64_t num;

	if (!audit->enabled)
		return;
	audit->num_touched = 0;
	rmm_inspect_each_granule(audit->rmm, full_granule, audit);
	num = dram_num_touched(audit->dram);
	for (uint64_t i = 0; i < num; i++)
		judge_page(audit, dram_base(audit->dram) + i * audit->page_size);
	judge_books(audit);
}

struct left {
	uint64_t count, first;
	enum rmm_granule_state state;
};

static bool left_granule(void *ctx, uint64_t pa, const struct rmm_granule_view *view)
{
	struct left *left = ctx;

	if (!left->count++) {
		left->first = pa;
		left->state = view->state;
	}
	return true;
}

/* Pages of which the RMM has something. */
struct kept {
	const struct audit *audit;
	uint64_t last; /* number of the last one + 1; 0: none yet */
	uint64_t gmem_pages, kernel_pages;
};

/* Granules come in ascending order. */
static bool kept_granule(void *ctx, uint64_t pa, const struct rmm_granule_view *view)
{
	struct kept *kept = ctx;
	const struct audit *audit = kept->audit;
	const uint64_t index = (pa - dram_base(audit->dram)) / audit->page_size;
	enum port_frame_kind kind;

	(void)view;
	if (kept->last == index + 1 || index >= dram_num_touched(audit->dram))
		return true;
	kept->last = index + 1;
	kind = dram_frames(audit->dram)[index].kind;
	kept->gmem_pages += kind == PORT_FRAME_GMEM;
	kept->kernel_pages += kind == PORT_FRAME_PAGE;
	return true;
}

/*
 * What the RMM keeps of a guest_memfd or of the host's own pages stays, and nothing else does. But with one granule of
 * a PGD, or with a Realm that the RMM does not destroy, the host may give up all that belongs to it (kvm-rme.md 4, 11).
 * Before v9 a page that was not taken back was not all that was lost; v12 makes a Realm in whatever call comes first.
 */
static void judge_leaks(struct audit *audit, const struct kvm_inspect *now)
{
	const struct kvm_inspect *was = &audit->baseline;
	struct kept kept = {.audit = audit};

	rmm_inspect_each_granule(audit->rmm, kept_granule, &kept);
	if (!audit->untold && now->gmem_pages > was->gmem_pages + kept.gmem_pages)
		REPORT(audit, GMEM_LEFT,
		       "%" PRId64 " guest_memfd pages are left, of which the RMM keeps %" PRIu64,
		       (int64_t)(now->gmem_pages - was->gmem_pages), kept.gmem_pages);
	if (audit->gives_up || audit->num_realms || audit->kvm->info.uapi_era != KVM_UAPI_ERA_C)
		return;
	if (now->kernel_pages > was->kernel_pages + kept.kernel_pages ||
	    now->slab_objects != was->slab_objects)
		REPORT(audit, STILL_ALLOCATED,
		       "%" PRId64 " pages, of which the RMM keeps %" PRIu64 ", and %" PRId64
		       " objects are left",
		       (int64_t)(now->kernel_pages - was->kernel_pages), kept.kernel_pages,
		       (int64_t)(now->slab_objects - was->slab_objects));
}

void audit_closing(struct audit *audit, bool allow_leaks)
{
	const struct kvm_inspect *was = &audit->baseline;
	struct left left = {0};
	struct kvm_inspect now;

	if (!audit->enabled)
		return;
	audit->call.name = "closing";
	audit_full(audit);
	audit->kvm->inspect(&now);
	if (now.files != was->files || now.vms != was->vms)
		REPORT(audit, STILL_OPEN, "%d files and %d VMs are left",
		       (int)(now.files - was->files), (int)(now.vms - was->vms));
	if (now.user_pages != was->user_pages)
		REPORT(audit, STILL_ALLOCATED, "%" PRId64 " pages of the process are left",
		       (int64_t)(now.user_pages - was->user_pages));
	if (allow_leaks) {
		judge_leaks(audit, &now);
		return;
	}
	rmm_inspect_each_granule(audit->rmm, left_granule, &left);
	if (left.count)
		REPORT(audit, STILL_DELEGATED,
		       "%" PRIu64 " granules are not the host's, the first is %#" PRIx64 " (%s)",
		       left.count, left.first, rmm_granule_state_name(left.state));
	if (now.gmem_pages != was->gmem_pages)
		REPORT(audit, GMEM_LEFT, "%" PRId64 " guest_memfd pages are left",
		       (int64_t)(now.gmem_pages - was->gmem_pages));
	if (now.kernel_pages != was->kernel_pages || now.slab_objects != was->slab_objects)
		REPORT(audit, STILL_ALLOCATED, "%" PRId64 " pages and %" PRId64 " objects are left",
		       (int64_t)(now.kernel_pages - was->kernel_pages),
		       (int64_t)(now.slab_objects - was->slab_objects));
	if (now.pgtable_pages != was->pgtable_pages)
		REPORT(audit, STILL_ACCOUNTED, "%" PRId64 " page-table pages are still accounted",
		       now.pgtable_pages - was->pgtable_pages);
}

void audit_enable(struct audit *audit, bool enable)
{
	audit->enabled = enable && audit->kvm;
}

void audit_reset(struct audit *audit)
{
	audit->call.name = NULL;
	audit->call.in_call = false;
	folds_want(audit);
	audit->open = 0;
	audit->wanted.start = audit->wanted.end = 0;
	audit->strange = audit->untold = false;
	audit->num_touched = 0;
	audit->lost = false;
	audit->num_leaked = 0;
	audit->leaked_tables = 0;
	memset(audit->tables, 0, sizeof(audit->tables));
	audit->num_realms = audit->num_pgds = 0;
	audit->gives_up = false;
	audit->roots = 0;
	audit->reported_pgtable = audit->reported_vmids = 0;
	audit->has_vmids = false;
	audit->reported_locks = 0;
	memset(audit->reports, 0, sizeof(audit->reports));
	memset(&audit->baseline, 0, sizeof(audit->baseline));
	if (audit->kvm)
		audit->kvm->inspect(&audit->baseline);
}

int audit_create(struct machine *machine, uint64_t map_size, struct audit **out)
{
	struct audit *audit = calloc(1, sizeof(*audit));
	int err;

	if (!audit)
		return -ENOMEM;
	audit->machine = machine;
	audit->rmm = machine_rmm(machine);
	audit->dram = machine_dram(machine);
	audit->kvm = machine_kvm(machine);
	audit->page_size = machine_page_size(machine);
	audit->maps_blocks = map_size > audit->page_size;
	audit->sees_folds = true;
	audit_enable(audit, true);
	err = trace_add_sink(machine_trace(machine), 1u << TRACE_RMI, audit_sink, audit);
	if (err) {
		free(audit);
		return err;
	}
	audit_reset(audit);
	*out = audit;
	return 0;
}

void audit_destroy(struct audit *audit)
{
	if (!audit)
		return;
	trace_remove_sink(machine_trace(audit->machine), audit_sink, audit);
	free(audit->touched);
	free(audit->leaked);
	free(audit->realms);
	free(audit->pgds);
	free(audit);
}
