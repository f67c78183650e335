/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/contract.h>

#include <errno.h>
#include <inttypes.h>
#include <rmm/rmi.h>
#include <rmm/rsi.h>
#include <sim/dram.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "ledger.h"

#define GRANULE	    ((uint64_t)RMM_GRANULE_SIZE)
#define SLOT_MAX    64u
#define PENDING_MAX 64u
#define VCPU_MAX    64u
/* Accesses of which a fault exit may be about the last one: one that spans two granules is two. */
#define TRIED_MAX   (sizeof(((struct contract_thread *)0)->tried) / sizeof(uint64_t))
#define DIRTY_MAX   64u
#define MAX_REPORTS 8u
#define FOLDED_MAX  16u
/* Tables of one level that are looked at for one range. */
#define MAX_TABLES 64u
#define MAX_LEVEL  3
/* RMI calls that any system call may make. */
#define CALLS_FREE 1024u
#define ENTRIES	   512u
#define HUGE_SIZE  (ENTRIES * GRANULE)

/* A page: its RIPAS, or that it is not known, and whether it is backed. */
#define RIPAS_UNKNOWN 3u
#define RIPAS_MASK    3u
/* The last: as long as its attribute says shared, or no slot holds it. */
enum { BACKED_NO, BACKED_YES, BACKED_MAYBE, BACKED_NEVER };
#define PAGE(ripas, backed) ((uint32_t)(ripas) | (uint32_t)(backed) << 2)
#define PAGE_RIPAS(value)   ((value)&RIPAS_MASK)
#define PAGE_BACKED(value)  ((value) >> 2)
#define PAGE_UNKNOWN	    PAGE(RIPAS_UNKNOWN, BACKED_MAYBE)
#define BYTE_UNKNOWN	    0u
#define BYTE_KNOWN(value)   (0x100u | (value))
/* The RMM or the host stored it for the guest: it may have any value. */
#define BYTE_ANY	  0x200u
#define ATTRIBUTE_PRIVATE 1u
#define ATTRIBUTE_UNKNOWN 2u

/* What steps that overlap in time leave without a promise. */
#define OPEN_PAGES	(1u << 0) /* what backs a page, and its bytes */
#define OPEN_RIPAS	(1u << 1) /* its RIPAS, whatever it was */
#define OPEN_ATTRIBUTES (1u << 2)
#define OPEN_USER	(1u << 3) /* the VMM's memory behind it */
#define OPEN_FILLED	(1u << 4) /* it may be backed, whatever its attribute */
#define OPEN_BYTES	(1u << 5) /* these alone, wherever they are: the RMM stores some */

struct range {
	uint64_t start, end;
};
struct slot {
	uint32_t id;
	struct range ipa;   /* of the protected half */
	struct range whole; /* also what lies beyond it */
	int32_t gmem;
	bool closed; /* the file, not the slot */
	uint64_t offset, user;
};
/* A RIPAS change whose answer the guest does not have yet. */
struct pending {
	bool active;
	struct range ipa;
	enum rmm_ripas ripas;
	bool destroyed;
	uint64_t allowed; /* it may be answered up to here */
	uint64_t number;  /* of the realm's changes */
};
struct owner {
	uint64_t written[4]; /* bit of each byte value that it ever stored */
};
struct realm {
	bool exists, blind;
	uint64_t half; /* size of the protected half */
	struct interval_map pages, attributes, bytes;
	struct slot slots[SLOT_MAX];
	unsigned int num_slots;
	struct pending pending[PENDING_MAX];
	unsigned int max_pending; /* all behind so many are inactive */
	uint64_t num_asked;
	/* What is known of its life, and bit of each vCPU that has a REC. */
	enum answer_stage stage;
	uint64_t recs;
	struct interval_map open; /* OPEN_* of each address below the half */
	struct owner guest, vmm;
};
struct file {
	int32_t gmem;
	struct ledger pages;
};
struct dirty {
	uint64_t rd; /* or, below NUM_REALMS, the realm itself */
	bool by_index;
	struct range ipa;
};

/* A step of several that overlap. */
struct actor {
	bool active;
	struct contract_claim claim;
	bool met;	/* it was not alone */
	bool met_state; /* nor was its answer */
	bool met_hidden; /* nor was memory that no slot names */
};

struct contract {
	struct machine *machine;
	struct rmm *rmm;
	const struct kvm_build *kvm;
	struct contract_config config;
	uint64_t page_size;
	bool enabled;
	struct realm *realms;
	size_t num_realms;
	struct interval_map user; /* bytes of the VMM's memory */
	struct ledger user_pages;
	struct file files[SLOT_MAX];
	unsigned int num_files, max_files;
	bool untracked; /* somebody has pages that nobody told of */
	bool refused;	/* the RMM kept something, so that its pages stay the host's for ever */
	bool broken;	/* memory of a guest_memfd failed */
	bool closed;	/* a guest_memfd was closed */
	bool lost_slot; /* a slot was removed or replaced, while steps may overlap */
	/* The system call that is being made, and the machine's RMI calls before it. */
	struct contract_thread call;
	uint64_t first;
	uint64_t scratch_pages; /* of all threads */
	bool together;
	struct actor actors[CONTRACT_MAX_ACTORS];
	struct dirty dirty[DIRTY_MAX];
	unsigned int num_dirty;
	bool all_dirty;
	/* What the host unmapped, and folded, in this step. */
	struct {
		size_t realm;
		struct range ipa;
		bool shared;
	} folded[FOLDED_MAX];
	unsigned int num_folded;
	uint64_t faults; /* of the machine before this step */
	unsigned int reports;
};

/* --- small things ------------------------------------------------------------------------------------- */

#define REPORT(contract, condition, ...)                                                           \
	do {                                                                                       \
		if ((contract)->reports++ < MAX_REPORTS)                                           \
			machine_report((contract)->machine, "contract", condition, NULL,           \
				       __VA_ARGS__);                                               \
	} while (0)

static struct realm *judged(struct contract *contract, unsigned int index)
{
	struct realm *realm = &contract->realms[index];

	return contract->enabled && realm->exists && !realm->blind ? realm : NULL;
}

static struct range clip(const struct realm *realm, uint64_t base, uint64_t size)
{
	uint64_t end = base + size < base ? UINT64_MAX : base + size;

	return (struct range){base < realm->half ? base : realm->half,
			      end < realm->half ? end : realm->half};
}

static struct range meet(struct range a, struct range b)
{
	struct range both = {a.start > b.start ? a.start : b.start, a.end < b.end ? a.end : b.end};

	if (both.start > both.end)
		both.start = both.end;
	return both;
}

static void dirty_add(struct contract *contract, uint64_t rd, bool by_index, uint64_t start,
		      uint64_t end)
{
	/* Walks go from one granule to the next. */
	for (unsigned int i = contract->num_dirty; i > 0 && i + 2 > contract->num_dirty; i--) {
		struct dirty *last = &contract->dirty[i - 1];

		if (last->rd == rd && last->by_index == by_index && start <= last->ipa.end &&
		    end >= last->ipa.start) {
			if (start < last->ipa.start)
				last->ipa.start = start;
			if (end > last->ipa.end)
				last->ipa.end = end;
			return;
		}
	}
	if (contract->num_dirty == DIRTY_MAX) {
		contract->all_dirty = true;
		return;
	}
	contract->dirty[contract->num_dirty++] = (struct dirty){rd, by_index, {start, end}};
}

static void changed(struct contract *contract, const struct realm *realm, struct range range)
{
	if (range.start < range.end)
		dirty_add(contract, (uint64_t)(realm - contract->realms), true, range.start,
			  range.end);
}

/* Replaces the value of each page of the range by what `change` makes of it. */
static void pages_change(struct contract *contract, struct realm *realm, struct range range,
			 uint32_t (*change)(uint32_t page))
{
	uint64_t at = range.start, end;

	changed(contract, realm, range);
	while (at < range.end) {
		uint32_t page = interval_map_get(&realm->pages, at, &end);

		if (end > range.end)
			end = range.end;
		interval_map_set(&realm->pages, at, end, change(page));
		at = end;
	}
}

static void pages_set(struct contract *contract, struct realm *realm, struct range range,
		      uint32_t page)
{
	changed(contract, realm, range);
	interval_map_set(&realm->pages, range.start, range.end, page);
}

/* How many bytes from the first on are alike: fills are of one value. */
static uint64_t run_length(const uint8_t *data, uint64_t size)
{
	const uint64_t pattern = data[0] * UINT64_C(0x0101010101010101);
	uint64_t length = 1, word;

	for (; length + sizeof(word) <= size; length += sizeof(word)) {
		memcpy(&word, data + length, sizeof(word));
		if (word != pattern)
			break;
	}
	while (length < size && data[length] == data[0])
		length++;
	return length;
}

static void owner_add(struct owner *owner, const uint8_t *data, uint64_t size)
{
	for (uint64_t i = 0; i < size; i += run_length(data + i, size - i))
		owner->written[data[i] / 64] |= 1ull << data[i] % 64;
}

static bool owner_wrote(const struct owner *owner, uint8_t value)
{
	return owner->written[value / 64] >> value % 64 & 1;
}

/* --- pages of files and of the VMM -------------------------------------------------------------------- */

static struct file *file_find(struct contract *contract, int32_t gmem)
{
	struct file *file;

	for (unsigned int i = 0; i < contract->num_files; i++) {
		if (contract->files[i].gmem == gmem)
			return &contract->files[i];
	}
	if (contract->num_files == SLOT_MAX) {
		contract->untracked = true;
		return NULL;
	}
	file = &contract->files[contract->num_files++];
	if (contract->max_files < contract->num_files)
		contract->max_files = contract->num_files;
	file->gmem = gmem;
	ledger_init(&file->pages, contract->page_size);
	return file;
}

/* NULL: it has none, or none that is open. */
static struct file *slot_file(struct contract *contract, const struct slot *slot)
{
	return slot->gmem >= 0 && !slot->closed ? file_find(contract, slot->gmem) : NULL;
}

/* The next file may have the number, but the slots are not that one's. */
static void slots_lose_file(struct contract *contract, int32_t gmem)
{
	for (size_t r = 0; r < contract->num_realms; r++) {
		struct realm *realm = &contract->realms[r];

		for (unsigned int i = 0; i < realm->num_slots; i++)
			realm->slots[i].closed |= realm->slots[i].gmem == gmem;
	}
}

static void file_forget(struct contract *contract, int32_t gmem)
{
	for (unsigned int i = 0; i < contract->num_files; i++) {
		struct file gone = contract->files[i];

		if (gone.gmem != gmem)
			continue;
		contract->files[i] = contract->files[--contract->num_files];
		/* Its memory is kept for the next one. */
		contract->files[contract->num_files] = gone;
		return;
	}
}

/* The pages of the file that are behind [start, end) of the slot: one that is used is there. */
static void slot_pages(struct contract *contract, const struct slot *slot, uint64_t start,
		       uint64_t end, bool used)
{
	struct file *file = slot_file(contract, slot);
	uint64_t mask = contract->config.gmem_size - 1;

	if (!file)
		return;
	start = start - slot->whole.start + slot->offset;
	end = end - slot->whole.start + slot->offset;
	ledger_may_come(&file->pages, start & ~mask, (end + mask) & ~mask);
	if (used)
		ledger_set(&file->pages, start, end, LEDGER_PRESENT);
}

/* --- bytes -------------------------------------------------------------------------------------------- */

static void bytes_store(struct interval_map *bytes, uint64_t at, uint64_t size, const uint8_t *data)
{
	uint64_t i, run;

	for (i = 0; i < size; i += run) {
		run = run_length(data + i, size - i);
		interval_map_set(bytes, at + i, at + i + run, BYTE_KNOWN(data[i]));
	}
}

/*
 * Whether a guest stored such bytes that are not for who reads them: another guest, or, where the VMM reads, any. What the
 * VMM, one process for all realms, ever stored itself may be anybody's. New memory is zeros.
 */
static bool guest_alone(const struct contract *contract, const struct realm *realm, bool guests,
			uint8_t value, size_t *owner)
{
	bool found = false;

	if (!value || (guests && owner_wrote(&realm->guest, value)))
		return false;
	for (size_t r = 0; r < contract->num_realms; r++) {
		const struct realm *other = &contract->realms[r];

		if (owner_wrote(&other->vmm, value))
			return false;
		if (!found && owner_wrote(&other->guest, value)) {
			*owner = r;
			found = true;
		}
	}
	return found;
}

/*
 * What was read at `at`: what is known must be so, and what is not known must not be somebody else's. It is
 * known from now on.
 */
static void bytes_judge(struct contract *contract, const struct realm *realm, bool guests,
			struct interval_map *bytes, uint64_t at, uint64_t size, const uint8_t *data)
{
	uint64_t start = at, end;
	size_t owner = 0;

	while (at < start + size) {
		uint32_t known = interval_map_get(bytes, at, &end);

		if (end > start + size)
			end = start + size;
		for (; at < end; at += run_length(data + (at - start), end - at)) {
			uint8_t value = data[at - start];

			if (known == BYTE_KNOWN(value) || known == BYTE_ANY)
				continue;
			if (known != BYTE_UNKNOWN) {
				REPORT(contract, guests ? "guest-bytes" : "user-bytes",
				       "%s 0x%" PRIx64 " holds 0x%02x instead of 0x%02x, which was "
				       "stored there or is what new memory holds",
				       guests ? "IPA" : "address", at, value, known & 0xff);
				return;
			}
			if (!guest_alone(contract, realm, guests, value, &owner))
				continue;
			REPORT(contract, "foreign-bytes",
			       "%s 0x%" PRIx64
			       " holds 0x%02x, which only the guest of realm %zu ever wrote",
			       guests ? "IPA" : "address", at, value, owner);
			return;
		}
	}
	bytes_store(bytes, start, size, data);
}

/* --- the VMM ------------------------------------------------------------------------------------------ */

static void realm_clear(struct realm *realm)
{
	interval_map_init(&realm->pages, PAGE(RMM_EMPTY, BACKED_NO));
	interval_map_init(&realm->attributes, 0);
	interval_map_init(&realm->bytes, BYTE_UNKNOWN);
	interval_map_init(&realm->open, 0);
	realm->num_slots = 0;
	realm->blind = false;
	memset(realm->pending, 0, sizeof(realm->pending));
	realm->max_pending = 0;
	realm->stage = ANSWER_NONE;
	realm->recs = 0;
}

void contract_vm(struct contract *contract, unsigned int index, unsigned int ipa_bits)
{
	struct realm *realm = &contract->realms[index];

	/* What the one before it did unseen stays in its files, which may outlive it. */
	contract->untracked |= realm->blind;
	realm_clear(realm);
	realm->exists = ipa_bits > 1 && ipa_bits < 64;
	realm->half = realm->exists ? 1ull << (ipa_bits - 1) : 0;
}

/* What a page becomes when the host takes it away. */
static uint32_t page_unmapped(uint32_t page)
{
	switch (PAGE_BACKED(page)) {
	case BACKED_NO:
	case BACKED_NEVER:
		return page;
	case BACKED_YES:
		return PAGE(PAGE_RIPAS(page) == RMM_RAM ? (uint32_t)RMM_DESTROYED
							: PAGE_RIPAS(page),
			    BACKED_NO);
	default:
		return PAGE_RIPAS(page) == RMM_RAM ? PAGE_UNKNOWN
						   : PAGE(PAGE_RIPAS(page), BACKED_NO);
	}
}

/* More ranges than there is room for are not looked at. */
static void folded(struct contract *contract, const struct realm *realm, struct range range,
		   bool shared)
{
	if (contract->num_folded == FOLDED_MAX || range.start >= range.end)
		return;
	contract->folded[contract->num_folded].shared = shared && contract->config.by_top;
	contract->folded[contract->num_folded].realm = (size_t)(realm - contract->realms);
	contract->folded[contract->num_folded++].ipa = range;
}

static void settle(struct contract *contract, struct realm *realm, uint64_t ipa, uint64_t size);

static void unmap(struct contract *contract, struct realm *realm, struct range range)
{
	if (range.start >= range.end)
		return;
	settle(contract, realm, range.start, range.end - range.start);
	pages_change(contract, realm, range, page_unmapped);
	folded(contract, realm, range, true);
	interval_map_set(&realm->bytes, range.start, range.end, BYTE_UNKNOWN);
}

/* --- steps at the same time --- */

/* What is left to know of a page when others were at work on it, as long as none of them changes RIPAS. */
static uint32_t page_opened(uint32_t page)
{
	return PAGE(PAGE_RIPAS(page) == RMM_RAM ? RIPAS_UNKNOWN : PAGE_RIPAS(page), BACKED_MAYBE);
}

static uint32_t page_opened_unbacked(uint32_t page)
{
	return PAGE_BACKED(page) == BACKED_NEVER ? PAGE(PAGE_RIPAS(page_opened(page)), BACKED_NEVER)
						 : page_opened(page);
}

static uint32_t page_forget(uint32_t page)
{
	(void)page;
	return PAGE_UNKNOWN;
}

/* Forgets of [start, end) below the half, whole pages, what OPEN_* says. */
static void open_up(struct contract *contract, struct realm *realm, struct range range,
		    uint32_t what)
{
	const struct range pages = clip(realm, range.start, range.end - range.start);

	if (what & OPEN_PAGES) {
		pages_change(contract, realm, pages,
			     what & OPEN_RIPAS			      ? page_forget
			     : what & (OPEN_ATTRIBUTES | OPEN_FILLED) ? page_opened
								      : page_opened_unbacked);
		interval_map_set(&realm->bytes, pages.start, pages.end, BYTE_UNKNOWN);
	}
	if (what & OPEN_BYTES)
		interval_map_set(&realm->bytes, pages.start, pages.end, BYTE_ANY);
	if (what & OPEN_ATTRIBUTES)
		interval_map_set(&realm->attributes, range.start, range.end, ATTRIBUTE_UNKNOWN);
	for (unsigned int i = 0; i < realm->num_slots; i++) {
		const struct slot *slot = &realm->slots[i];
		const struct range part = meet(slot->whole, range);
		const uint64_t user = slot->user + (part.start - slot->whole.start);
		const uint64_t size = part.end - part.start;
		struct file *file;

		if (!size)
			continue;
		file = what & OPEN_PAGES ? slot_file(contract, slot) : NULL;
		if (file)
			ledger_set(&file->pages, part.start - slot->whole.start + slot->offset,
				   part.end - slot->whole.start + slot->offset, LEDGER_MAYBE);
		if (what & (OPEN_USER | OPEN_BYTES))
			interval_map_set(&contract->user, user, user + size,
					 what & OPEN_BYTES ? BYTE_ANY : BYTE_UNKNOWN);
		if (what & OPEN_USER)
			ledger_set(&contract->user_pages, user, user + size, LEDGER_MAYBE);
	}
}

static bool changes_ripas(const struct contract *contract, const struct realm *realm)
{
	for (unsigned int i = 0; i < CONTRACT_MAX_ACTORS; i++) {
		if (contract->actors[i].active && contract->actors[i].claim.ripas &&
		    &contract->realms[contract->actors[i].claim.realm] == realm)
			return true;
	}
	return false;
}

/* Something happens at an address of the guest, of either half: what others may be changing there is not known. */
static void settle(struct contract *contract, struct realm *realm, uint64_t ipa, uint64_t size)
{
	struct range range;
	uint64_t at, end;

	if (!contract->together)
		return;
	range.start = (ipa >= realm->half ? ipa - realm->half : ipa) & ~(GRANULE - 1);
	range.end = range.start + size + (ipa & (GRANULE - 1));
	if (range.end < range.start)
		range.end = UINT64_MAX;
	else
		range.end = (range.end + GRANULE - 1) & ~(GRANULE - 1);
	for (at = range.start; at < range.end; at = end) {
		uint32_t what = interval_map_get(&realm->open, at, &end);

		if (end > range.end)
			end = range.end;
		if (what && changes_ripas(contract, realm))
			what |= OPEN_RIPAS;
		if (what)
			open_up(contract, realm, (struct range){at, end}, what);
	}
}

/* The same at an address of the VMM. */
static void settle_user(struct contract *contract, struct realm *realm, uint64_t user,
			uint64_t size)
{
	if (!contract->together)
		return;
	for (unsigned int i = 0; i < realm->num_slots; i++) {
		const struct slot *slot = &realm->slots[i];
		const struct range mapped = {slot->user,
					     slot->user + (slot->whole.end - slot->whole.start)};
		const struct range part = meet(mapped, (struct range){user, user + size});

		if (part.start < part.end)
			settle(contract, realm, slot->whole.start + (part.start - slot->user),
			       part.end - part.start);
	}
	for (unsigned int i = 0; i < CONTRACT_MAX_ACTORS; i++) {
		if (i != contract->call.actor && contract->actors[i].active &&
		    contract->actors[i].claim.hidden)
			interval_map_set(&contract->user, user, user + size, BYTE_UNKNOWN);
	}
}

/* The VMM's memory that no slot names may be anywhere. */
static void user_forget(struct contract *contract)
{
	interval_map_init(&contract->user, BYTE_UNKNOWN);
	ledger_set(&contract->user_pages, 0, UINT64_MAX, LEDGER_MAYBE);
}

/* Two steps overlap in time: what of their ranges has no promise then. */
static void claims_meet(struct contract *contract, struct actor *a, struct actor *b)
{
	const struct contract_claim *x = &a->claim, *y = &b->claim;
	struct realm *realm = &contract->realms[x->realm];
	uint32_t what = 0;

	a->met = b->met = true;
	if (x->files || y->files)
		contract->untracked = true;
	/* Whoever uses a file while it is closed is the one that ends it, and takes what it held. */
	if ((x->files || y->files) && x->realm == y->realm) {
		a->claim.takes = b->claim.takes = true;
		a->claim.num = b->claim.num = 1;
		a->claim.ranges[0].start = b->claim.ranges[0].start = 0;
		a->claim.ranges[0].end = b->claim.ranges[0].end = UINT64_MAX;
	}
	if (x->hidden || y->hidden) {
		a->met_hidden = b->met_hidden = true;
		user_forget(contract);
	}
	if (x->realm != y->realm)
		return;
	a->met_state |= y->state;
	b->met_state |= x->state;
	if (x->takes || y->takes)
		what |= OPEN_PAGES;
	if (x->ripas && y->ripas)
		what |= OPEN_RIPAS;
	if (x->bytes || y->bytes)
		what |= OPEN_BYTES;
	if (x->fills || y->fills)
		what |= OPEN_FILLED;
	if (x->attributes && y->attributes)
		what |= OPEN_ATTRIBUTES;
	if (x->user || y->user)
		what |= OPEN_USER;
	for (unsigned int i = 0; what && i < x->num; i++) {
		for (unsigned int j = 0; j < y->num; j++) {
			const struct range part =
				meet((struct range){x->ranges[i].start, x->ranges[i].end},
				     (struct range){y->ranges[j].start, y->ranges[j].end});
			uint64_t at = part.start, end;

			for (; at < part.end; at = end) {
				uint32_t open = interval_map_get(&realm->open, at, &end);

				if (end > part.end)
					end = part.end;
				interval_map_set(&realm->open, at, end, open | what);
			}
		}
	}
}

static void claims_meet_all(struct contract *contract, struct actor *actor)
{
	for (unsigned int i = 0; i < CONTRACT_MAX_ACTORS; i++) {
		struct actor *other = &contract->actors[i];

		if (other != actor && other->active)
			claims_meet(contract, actor, other);
	}
}

static bool any_active(const struct contract *contract)
{
	for (unsigned int i = 0; contract->together && i < CONTRACT_MAX_ACTORS; i++) {
		if (contract->actors[i].active)
			return true;
	}
	return false;
}

void contract_thread_started(struct contract *contract)
{
	contract->scratch_pages += contract->config.scratch_pages;
}

void contract_swap(struct contract *contract, struct contract_thread *call)
{
	const uint64_t now = machine_num_calls(contract->machine);
	const struct contract_thread next = *call;

	*call = contract->call;
	call->made = now - contract->first;
	contract->call = next;
	contract->first = now - next.made;
}

void contract_step_begin(struct contract *contract, const struct contract_claim *claim)
{
	struct actor *actor = &contract->actors[contract->call.actor];
	const uint64_t mask = (contract->config.map_size > contract->config.gmem_size
				       ? contract->config.map_size
				       : contract->config.gmem_size) -
			      1;

	if (!contract->enabled || claim->realm >= contract->num_realms)
		return;
	*actor = (struct actor){.active = true, .claim = *claim};
	/* Of a page of the host all are concerned, or of a block. */
	for (unsigned int i = 0; i < actor->claim.num; i++) {
		uint64_t *end = &actor->claim.ranges[i].end;

		actor->claim.ranges[i].start &= ~mask;
		*end = *end > UINT64_MAX - mask ? UINT64_MAX : (*end + mask) & ~mask;
	}
	claims_meet_all(contract, actor);
}

void contract_step_converts(struct contract *contract)
{
	struct actor *actor = &contract->actors[contract->call.actor];

	if (!contract->together || !actor->active)
		return;
	actor->claim.takes = actor->claim.fills = true;
	actor->claim.attributes = actor->claim.user = true;
	claims_meet_all(contract, actor);
}

/* What was open and is the last step's is so no more. */
static void open_close(struct contract *contract, struct realm *realm, unsigned int index,
		       struct range range)
{
	const uint32_t what = interval_map_get(&realm->open, range.start, NULL);

	interval_map_set(&realm->open, range.start, range.end, 0);
	for (unsigned int i = 0; i < CONTRACT_MAX_ACTORS; i++) {
		const struct contract_claim *claim = &contract->actors[i].claim;

		for (unsigned int j = 0; contract->actors[i].active && j < claim->num; j++) {
			const struct range part = meet(range, (struct range){claim->ranges[j].start,
									     claim->ranges[j].end});

			if (claim->realm == index)
				interval_map_set(&realm->open, part.start, part.end, what);
		}
	}
}

void contract_step_end(struct contract *contract)
{
	struct actor *actor = &contract->actors[contract->call.actor];
	const struct contract_claim *claim = &actor->claim;
	struct realm *realm = &contract->realms[claim->realm];

	if (!actor->active)
		return;
	actor->active = false;
	/* A table that somebody is about to fill stays for something. */
	if (actor->met)
		contract->num_folded = 0;
	/* In which order it was with what others did is not known. */
	if (actor->met_hidden)
		user_forget(contract);
	for (unsigned int i = 0; i < claim->num; i++) {
		uint64_t at = claim->ranges[i].start, end;

		for (; at < claim->ranges[i].end; at = end) {
			uint32_t what = interval_map_get(&realm->open, at, &end);

			if (end > claim->ranges[i].end)
				end = claim->ranges[i].end;
			if (!what)
				continue;
			open_up(contract, realm, (struct range){at, end}, what);
			open_close(contract, realm, claim->realm, (struct range){at, end});
		}
		changed(contract, realm,
			clip(realm, claim->ranges[i].start,
			     claim->ranges[i].end - claim->ranges[i].start));
	}
}

void contract_together(struct contract *contract, bool together)
{
	const unsigned int current = contract->call.actor;

	for (unsigned int i = 0; i < CONTRACT_MAX_ACTORS; i++) {
		contract->call.actor = i;
		contract_step_end(contract);
	}
	contract->call.actor = current;
	contract->together = together;
	contract->lost_slot = false;
}

/* The first part of [start, end) that no step is at work on; empty: there is none. */
static struct range part_idle(const struct contract *contract, size_t index, struct range range)
{
	bool moved = contract->together;

	while (moved) {
		moved = false;
		for (unsigned int i = 0; i < CONTRACT_MAX_ACTORS; i++) {
			const struct contract_claim *claim = &contract->actors[i].claim;

			for (unsigned int j = 0; contract->actors[i].active && j < claim->num;
			     j++) {
				if (claim->realm != index || claim->ranges[j].end <= range.start ||
				    claim->ranges[j].start >= range.end)
					continue;
				if (claim->ranges[j].start > range.start) {
					range.end = claim->ranges[j].start;
					continue;
				}
				range.start = claim->ranges[j].end;
				if (range.start >= range.end)
					return (struct range){range.end, range.end};
				moved = true;
			}
		}
	}
	return range;
}

/* Nothing may back these pages, or something may again. */
static uint32_t page_never(uint32_t page)
{
	return PAGE_BACKED(page) == BACKED_NO ? PAGE(PAGE_RIPAS(page), BACKED_NEVER) : page;
}

static uint32_t page_again(uint32_t page)
{
	return PAGE_BACKED(page) == BACKED_NEVER ? PAGE(PAGE_RIPAS(page), BACKED_NO) : page;
}

static void unmap_for_good(struct contract *contract, struct realm *realm, struct range range)
{
	unmap(contract, realm, range);
	/* Of postings before v9 faults are known to race with this. */
	if (contract->config.by_top)
		pages_change(contract, realm, range, page_never);
}

void contract_slot(struct contract *contract, unsigned int index, uint32_t id, uint64_t base,
		   uint64_t size, int32_t gmem, uint64_t offset, uint64_t user)
{
	struct realm *realm = judged(contract, index);

	if (!realm) {
		contract->untracked = true;
		return;
	}
	for (unsigned int i = 0; i < realm->num_slots; i++) {
		struct range old = realm->slots[i].whole;

		if (realm->slots[i].id != id)
			continue;
		/* Where it was, and as large: at most its flags are others, and nothing is unmapped. */
		if (size && old.start == base && old.end - old.start == size)
			return;
		unmap_for_good(contract, realm, realm->slots[i].ipa);
		realm->slots[i] = realm->slots[--realm->num_slots];
		contract->lost_slot |= contract->together;
		break;
	}
	if (!size)
		return;
	if (realm->num_slots == SLOT_MAX) {
		realm->blind = true;
		return;
	}
	realm->slots[realm->num_slots++] =
		(struct slot){id, clip(realm, base, size), {base, base + size}, gmem, false, offset, user};
	pages_change(contract, realm, clip(realm, base, size), page_again);
}

static bool attributes_known(const struct realm *realm, uint64_t at, uint64_t end)
{
	uint64_t next;

	for (; at < end; at = next) {
		if (interval_map_get(&realm->attributes, at, &next) == ATTRIBUTE_UNKNOWN)
			return false;
	}
	return true;
}

void contract_attributes(struct contract *contract, unsigned int index, uint64_t base,
			 uint64_t size, bool to_private, int64_t ret)
{
	struct realm *realm = judged(contract, index);
	uint32_t value = to_private ? ATTRIBUTE_PRIVATE : 0;
	uint64_t end;
	bool known;

	if (!realm || ret < 0)
		return;
	known = attributes_known(realm, base, base + size);
	/* What has the attribute already is left alone, but only as a whole. */
	if (interval_map_get(&realm->attributes, base, &end) == value && end >= base + size)
		return;
	interval_map_set(&realm->attributes, base, base + size, value);
	for (unsigned int i = 0; i < realm->num_slots && !to_private; i++) {
		const struct range part = meet(realm->slots[i].ipa, clip(realm, base, size));

		if (known)
			unmap_for_good(contract, realm, part);
		else
			open_up(contract, realm, part, OPEN_PAGES);
	}
	if (to_private)
		pages_change(contract, realm, clip(realm, base, size), page_again);
}

/* What of a file's bytes slots map is unmapped. */
static void unmap_file(struct contract *contract, unsigned int index, int32_t gmem,
		       struct range bytes)
{
	struct realm *realm = judged(contract, index);

	for (unsigned int i = 0; realm && i < realm->num_slots; i++) {
		const struct slot *slot = &realm->slots[i];
		struct range part = {slot->offset,
				     slot->offset + (slot->ipa.end - slot->ipa.start)};

		if (slot->gmem != gmem || slot->closed)
			continue;
		part = meet(part, bytes);
		unmap(contract, realm,
		      (struct range){part.start - slot->offset + slot->ipa.start,
				     part.end - slot->offset + slot->ipa.start});
	}
}

void contract_hole(struct contract *contract, unsigned int index, int32_t gmem, uint64_t offset,
		   uint64_t size)
{
	struct range hole = {offset, offset + size < offset ? UINT64_MAX : offset + size};
	struct file *file;

	file = hole.end == UINT64_MAX ? NULL : file_find(contract, gmem);
	if (file)
		/* Who met the hole through a slot that is gone since cannot be told any more. */
		ledger_set(&file->pages, hole.start, hole.end,
			   contract->lost_slot ? LEDGER_MAYBE : LEDGER_ABSENT);
	else
		file_forget(contract, gmem);
	contract->closed |= !file;
	unmap_file(contract, index, gmem, hole);
	if (!file)
		slots_lose_file(contract, gmem);
}

void contract_broken(struct contract *contract, unsigned int index, int32_t gmem, uint64_t offset,
		     uint64_t size)
{
	contract->broken = true;
	unmap_file(contract, index, gmem, (struct range){offset, offset + size});
}

static uint32_t page_init(uint32_t page)
{
	return PAGE(RMM_RAM, PAGE_BACKED(page));
}

void contract_init_ripas(struct contract *contract, unsigned int index, uint64_t base,
			 uint64_t size, int64_t ret)
{
	struct realm *realm = judged(contract, index);

	if (!realm)
		return;
	/* What was set before an error stays set. */
	pages_change(contract, realm, clip(realm, base, size), ret < 0 ? page_forget : page_init);
}

/* The pages that a populate reads and fills, or may have before it failed. */
static void populate_pages(struct contract *contract, const struct realm *realm, struct range range,
			   bool success)
{
	for (unsigned int i = 0; i < realm->num_slots; i++) {
		const struct slot *slot = &realm->slots[i];
		struct range part = meet(slot->whole, range);
		uint64_t user = slot->user + (part.start - slot->whole.start);

		if (part.start == part.end)
			continue;
		slot_pages(contract, slot, part.start, part.end, success);
		ledger_may_come(&contract->user_pages, user, user + (part.end - part.start));
	}
}

/* Where the RMM stored something that may still be so. */
static void bytes_forget(struct interval_map *bytes, struct range range)
{
	uint64_t at = range.start, end;

	for (; at < range.end; at = end) {
		uint32_t known = interval_map_get(bytes, at, &end);

		if (end > range.end)
			end = range.end;
		if (known != BYTE_ANY)
			interval_map_set(bytes, at, end, BYTE_UNKNOWN);
	}
}

void contract_populate(struct contract *contract, unsigned int index, uint64_t base, uint64_t size,
		       int64_t ret)
{
	struct realm *realm = judged(contract, index);
	/* Pages are got before the RMM says that they are beyond the protected half. */
	const struct range got = {base, size > UINT64_MAX - base ? base : base + size};
	struct range range;

	if (!realm)
		return;
	range = clip(realm, base, size);
	populate_pages(contract, realm, got, ret >= 0);
	pages_change(contract, realm, range, page_forget);
	bytes_forget(&realm->bytes, range);
	if (ret < 0)
		return;
	pages_set(contract, realm, range, PAGE(RMM_RAM, BACKED_YES));
	for (unsigned int i = 0; i < realm->num_slots; i++) {
		const struct slot *slot = &realm->slots[i];
		struct range part = meet(slot->ipa, range);
		uint64_t at = part.start, end;

		while (at < part.end) {
			uint64_t user = slot->user + (at - slot->ipa.start);
			uint32_t value = interval_map_get(&contract->user, user, &end);
			uint64_t left = end - user;

			if (left > part.end - at)
				left = part.end - at;
			interval_map_set(&realm->bytes, at, at + left, value);
			at += left;
		}
	}
}

void contract_user_access(struct contract *contract, unsigned int index, uint64_t user,
			  uint64_t size, bool write, const uint8_t *data)
{
	struct realm *realm = judged(contract, index);

	if (!contract->enabled)
		return;
	/* Of an ordinary VM, too: pages are counted over all of the VMM. */
	if (write)
		ledger_set(&contract->user_pages, user, user + size, LEDGER_PRESENT);
	else
		ledger_may_come(&contract->user_pages, user, user + size);
	if (!realm)
		return;
	settle_user(contract, realm, user, size);
	if (write) {
		owner_add(&realm->vmm, data, size);
		bytes_store(&contract->user, user, size, data);
	} else {
		bytes_judge(contract, realm, false, &contract->user, user, size, data);
	}
}

void contract_user_changed(struct contract *contract, uint64_t user, uint64_t size)
{
	if (!contract->enabled)
		return;
	interval_map_set(&contract->user, user, user + size, BYTE_UNKNOWN);
	/*
	 * Advice may bring or take what is around it, too; and pages of a mapping that is partly gone may stay
	 * with the object behind it.
	 */
	ledger_set(&contract->user_pages, user & ~(HUGE_SIZE - 1),
		   (user + size + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1), LEDGER_MAYBE);
}

void contract_user_fresh(struct contract *contract, uint64_t user, uint64_t size)
{
	if (contract->enabled)
		interval_map_set(&contract->user, user, user + size, BYTE_KNOWN(0));
}

static void answer_facts(const struct contract *contract, const struct realm *realm,
			 const struct contract_request *request, struct answer_facts *facts)
{
	*facts = (struct answer_facts){
		.stage = realm->stage,
		.has_rec = realm->recs >> request->vcpu & 1,
		.half = realm->half,
		.page_size = contract->page_size,
	};
	for (unsigned int i = 0; i < realm->num_slots; i++) {
		const struct slot *slot = &realm->slots[i];

		if (request->base < slot->whole.start || request->base >= slot->whole.end)
			continue;
		facts->has_slot = true;
		facts->has_gmem = slot->gmem >= 0;
		facts->slot_end = slot->whole.end;
	}
}

static const struct slot *slot_at(const struct realm *realm, uint64_t ipa)
{
	for (unsigned int i = 0; i < realm->num_slots; i++) {
		if (ipa >= realm->slots[i].ipa.start && ipa < realm->slots[i].ipa.end)
			return &realm->slots[i];
	}
	return NULL;
}

/* What the system call that has just failed ran into. */
static void failure_facts(const struct contract *contract, const struct realm *realm,
			  struct answer_facts *facts)
{
	/* Whoever it was that ran into it. */
	const bool faults = machine_num_faults(contract->machine) != contract->call.faults;

	facts->calls = machine_num_calls(contract->machine) - contract->first;
	facts->refused = faults || contract->call.refused;
	facts->switched_off = contract->call.switched_off;
	facts->starved = facts->refused ||
			 dram_num_touched(machine_dram(contract->machine)) * contract->page_size >=
				 dram_size(machine_dram(contract->machine));
	facts->broken = contract->broken || contract->together;
	facts->plain = contract->together;
	facts->fetched = contract->call.fetched;
	/* What is behind a shared address, and in a file that was closed, may be nothing. */
	facts->nowhere =
		faults || contract->together || contract->closed || !contract->call.num_tried;
	for (unsigned int i = 0; i < TRIED_MAX && i < contract->call.num_tried; i++) {
		const uint64_t ipa = contract->call.tried[i];
		const struct slot *slot = ipa < realm->half ? slot_at(realm, ipa) : NULL;

		facts->plain |= slot && slot->gmem < 0;
		facts->nowhere |= !slot || slot->gmem < 0;
	}
}

void contract_answer(struct contract *contract, unsigned int index,
		     const struct contract_request *request, int64_t ret)
{
	static const char *const names[CONTRACT_NUM_CALLS] = {
		[CONTRACT_CONFIG] = "CONFIG_REALM",
		[CONTRACT_CREATE] = "CREATE_REALM",
		[CONTRACT_INIT_RIPAS] = "INIT_RIPAS_REALM",
		[CONTRACT_POPULATE] = "POPULATE_REALM",
		[CONTRACT_ACTIVATE] = "ACTIVATE_REALM",
		[CONTRACT_FINALIZE] = "KVM_ARM_VCPU_FINALIZE",
		[CONTRACT_RUN] = "KVM_RUN",
	};
	struct realm *realm = judged(contract, index);
	struct answer_facts facts;
	int error = 0;
	bool fits;

	/* A host that does not come back answers nothing, nor does a file that was closed. */
	if (!realm || !contract->config.answers || ret == -EDEADLK || ret == -EBADF ||
	    request->vcpu >= VCPU_MAX)
		return;
	answer_facts(contract, realm, request, &facts);
	if (ret < 0)
		failure_facts(contract, realm, &facts);
	fits = contract->actors[contract->call.actor].met_state ||
	       answer_fits(request, &facts, ret, &error);
	if (!fits && error)
		REPORT(contract, "answer", "%s answers %" PRId64 ", where %d is due",
		       names[request->call], ret, -error);
	else if (!fits)
		REPORT(contract, "answer", "%s answers %" PRId64 ", for which there is no reason",
		       names[request->call], ret);
	if (ret < 0)
		return;
	if (request->call == CONTRACT_CREATE)
		realm->stage = ANSWER_NEW;
	else if (request->call == CONTRACT_ACTIVATE)
		realm->stage = ANSWER_ACTIVE;
	else if (request->call == CONTRACT_FINALIZE)
		realm->recs |= 1ull << request->vcpu;
}

/*
 * 7: an access that the memory attribute fits is the host's to deal with, unless the page was destroyed under the guest, or
 * there is no slot. Each page that the guest has tried has to say so.
 */
static bool is_needless_exit(const struct contract *contract, const struct realm *realm,
			     uint64_t gpa, bool is_private)
{
	const struct slot *slot = slot_at(realm, gpa);
	const uint32_t attribute = interval_map_get(&realm->attributes, gpa, NULL);

	if (contract->together || !contract->call.num_tried || !slot || slot->gmem < 0 ||
	    attribute == ATTRIBUTE_UNKNOWN || (attribute == ATTRIBUTE_PRIVATE) != is_private)
		return false;
	for (unsigned int i = 0; i < TRIED_MAX && i < contract->call.num_tried; i++) {
		const uint64_t ipa = contract->call.tried[i];
		uint32_t page;

		if (ipa >= realm->half)
			continue;
		page = interval_map_get(&realm->pages, ipa & ~(GRANULE - 1), NULL);
		if (PAGE_RIPAS(page) != RMM_RAM)
			return false;
	}
	return true;
}

void contract_fault_exit(struct contract *contract, unsigned int index, unsigned int vcpu,
			 uint64_t gpa, uint64_t size, bool is_private)
{
	struct realm *realm = judged(contract, index);
	const uint64_t page = ~(contract->page_size - 1);
	bool known = false;

	if (!realm || !contract->config.answers || vcpu >= PENDING_MAX)
		return;
	if (realm->pending[vcpu].active) {
		const struct pending *pending = &realm->pending[vcpu];

		known = gpa == pending->ipa.start &&
			size == pending->ipa.end - pending->ipa.start &&
			is_private == (pending->ripas == RMM_RAM);
	} else if (!contract->call.num_tried) {
		/* Of one that nobody saw only the form is known. */
		known = gpa < realm->half && !(gpa & ~page) && size == contract->page_size;
	}
	for (unsigned int i = 0; i < TRIED_MAX && i < contract->call.num_tried; i++) {
		const uint64_t ipa = contract->call.tried[i];

		known |= gpa == (ipa & (realm->half - 1) & page) && size == contract->page_size &&
			 is_private == (ipa < realm->half);
	}
	if (known && !realm->pending[vcpu].active &&
	    is_needless_exit(contract, realm, gpa, is_private))
		REPORT(contract, "exit",
		       "KVM_EXIT_MEMORY_FAULT says 0x%" PRIx64
		       ", %s, which is as the guest accessed it",
		       gpa, is_private ? "private" : "shared");
	if (!known)
		REPORT(contract, "exit",
		       "KVM_EXIT_MEMORY_FAULT says 0x%" PRIx64 "+0x%" PRIx64
		       ", %s, which is not what the guest accessed or asked for",
		       gpa, size, is_private ? "private" : "shared");
}

void contract_mmio_exit(struct contract *contract, unsigned int index, uint64_t gpa)
{
	struct realm *realm = judged(contract, index);
	bool known;

	if (!realm || !contract->config.answers)
		return;
	known = !contract->call.num_tried && gpa < realm->half;
	for (unsigned int i = 0; i < TRIED_MAX && i < contract->call.num_tried; i++)
		known |= gpa == (contract->call.tried[i] & (realm->half - 1));
	if (!known)
		REPORT(contract, "exit",
		       "KVM_EXIT_MMIO says 0x%" PRIx64 ", which is not what the guest accessed",
		       gpa);
}

void contract_device(struct contract *contract, unsigned int index, uint64_t address, uint64_t size,
		     uint64_t given, uint64_t got)
{
	const uint64_t mask = size < sizeof(given) ? (1ull << 8 * size) - 1 : UINT64_MAX;

	if (judged(contract, index) && contract->config.answers && ((given ^ got) & mask))
		REPORT(contract, "device",
		       "of the device at 0x%" PRIx64 " 0x%" PRIx64 " was given, and 0x%" PRIx64
		       " arrived",
		       address, given & mask, got & mask);
}

void contract_strange_exit(struct contract *contract, unsigned int index, const char *reason)
{
	if (judged(contract, index) && contract->config.answers)
		REPORT(contract, "exit",
		       "KVM_RUN ends with exit reason %s, for which there is no "
		       "reason",
		       reason);
}

/* --- the guest ---------------------------------------------------------------------------------------- */

/* What a fault brought along with the page: the host maps more than a granule at once. */
static uint32_t page_beside(uint32_t page)
{
	return PAGE_BACKED(page) == BACKED_YES || PAGE_BACKED(page) == BACKED_NEVER
		       ? page
		       : PAGE(PAGE_RIPAS(page), BACKED_MAYBE);
}

/* An access that needs another attribute than there is does not succeed: it is the VMM's to deal with. */
static void attribute_judge(struct contract *contract, const struct realm *realm, uint64_t gpa,
			    uint32_t needed)
{
	const struct slot *slot = slot_at(realm, gpa);
	const uint32_t attribute = interval_map_get(&realm->attributes, gpa, NULL);

	if (!contract->config.answers || contract->together || !slot || slot->gmem < 0 ||
	    attribute == needed || attribute == ATTRIBUTE_UNKNOWN)
		return;
	REPORT(contract, "access",
	       "the guest accessed 0x%" PRIx64 " as %s, which the VMM has made %s", gpa,
	       needed ? "private" : "shared", needed ? "shared" : "private");
}

/* The guest and the VMM see the same bytes. */
static void shared_access(struct contract *contract, struct realm *realm, uint64_t ipa,
			  uint32_t size, bool write, const uint8_t *data)
{
	const struct slot *slot = slot_at(realm, ipa - realm->half);
	uint64_t user;

	if (!slot || !data)
		return;
	attribute_judge(contract, realm, ipa - realm->half, 0);
	user = slot->user + (ipa - realm->half - slot->ipa.start);
	ledger_set(&contract->user_pages, user, user + size, LEDGER_PRESENT);
	if (write) {
		owner_add(&realm->vmm, data, size);
		bytes_store(&contract->user, user, size, data);
	} else {
		bytes_judge(contract, realm, false, &contract->user, user, size, data);
	}
}

/* The page of a file that is behind a protected address. */
static void access_pages(struct contract *contract, const struct realm *realm, uint64_t ipa,
			 bool used)
{
	const struct slot *slot = slot_at(realm, ipa);

	if (slot)
		slot_pages(contract, slot, ipa, ipa + 1, used);
}

/*
 * A fault at `ipa` makes the host map all of what it maps at once, or some of it before it fails. What is EMPTY
 * does not fault: the RMM answers such an access.
 */
static void fault_pages(struct contract *contract, struct realm *realm, uint64_t ipa)
{
	const uint64_t unit = contract->config.map_size;
	uint32_t page = interval_map_get(&realm->pages, ipa & ~(GRANULE - 1), NULL);

	if (unit == GRANULE || PAGE_BACKED(page) == BACKED_YES || PAGE_RIPAS(page) == RMM_EMPTY)
		return;
	pages_change(contract, realm, clip(realm, ipa & ~(unit - 1), unit), page_beside);
}

void contract_tried(struct contract *contract, unsigned int index, uint64_t ipa)
{
	struct realm *realm = judged(contract, index);
	const struct slot *slot;
	uint64_t user;

	if (!realm)
		return;
	settle(contract, realm, ipa, 1);
	contract->call.tried[contract->call.num_tried++ % TRIED_MAX] = ipa;
	if (ipa < realm->half) {
		access_pages(contract, realm, ipa, false);
		fault_pages(contract, realm, ipa);
		return;
	}
	slot = slot_at(realm, ipa - realm->half);
	if (!slot)
		return;
	user = slot->user + (ipa - realm->half - slot->ipa.start);
	ledger_may_come(&contract->user_pages, user, user + 1);
}

/* What could not be unmapped, because something failed, stays. */
static bool never_is_meant(const struct contract *contract)
{
	return !machine_num_faults(contract->machine) && !contract->refused;
}

void contract_fetched(struct contract *contract)
{
	contract->call.fetched = true;
}

void contract_access(struct contract *contract, unsigned int index, uint64_t ipa, uint32_t size,
		     bool write, const uint8_t *data)
{
	struct realm *realm = judged(contract, index);
	uint64_t granule = ipa & ~(GRANULE - 1);
	uint32_t page;

	if (!realm)
		return;
	settle(contract, realm, ipa, size);
	if (ipa >= realm->half) {
		shared_access(contract, realm, ipa, size, write, data);
		return;
	}
	page = interval_map_get(&realm->pages, granule, NULL);
	if (PAGE_RIPAS(page) != RMM_RAM && PAGE_RIPAS(page) != RIPAS_UNKNOWN)
		REPORT(contract, "access", "the guest accessed IPA 0x%" PRIx64 ", which is %s", ipa,
		       rmm_ripas_name((enum rmm_ripas)PAGE_RIPAS(page)));
	if (PAGE_BACKED(page) == BACKED_NEVER && never_is_meant(contract))
		REPORT(contract, "access",
		       "the guest accessed IPA 0x%" PRIx64 ", which the VMM took away from it",
		       ipa);
	if (PAGE_BACKED(page) == BACKED_NO)
		attribute_judge(contract, realm, granule, ATTRIBUTE_PRIVATE);
	if (PAGE_BACKED(page) != BACKED_YES) {
		access_pages(contract, realm, granule, true);
		fault_pages(contract, realm, ipa);
		pages_set(contract, realm, (struct range){granule, granule + GRANULE},
			  PAGE(RMM_RAM, BACKED_YES));
	}
	if (!data)
		return;
	if (write) {
		owner_add(&realm->guest, data, size);
		bytes_store(&realm->bytes, ipa, size, data);
	} else {
		bytes_judge(contract, realm, true, &realm->bytes, ipa, size, data);
	}
}

void contract_written(struct contract *contract, unsigned int index, uint64_t ipa, uint64_t size)
{
	struct realm *realm = judged(contract, index);

	if (!realm)
		return;
	contract_tried(contract, index, ipa);
	if (ipa < realm->half) {
		interval_map_set(&realm->bytes, ipa, ipa + size, BYTE_ANY);
	} else {
		const struct slot *slot = slot_at(realm, ipa - realm->half);

		if (slot)
			contract_user_changed(
				contract, slot->user + (ipa - realm->half - slot->ipa.start), size);
	}
}

void contract_sea(struct contract *contract, unsigned int index, uint64_t ipa)
{
	struct realm *realm = judged(contract, index);
	uint32_t page;

	/* In the other half, and beyond, it may have other reasons. */
	if (!realm || ipa >= realm->half)
		return;
	settle(contract, realm, ipa, 1);
	page = interval_map_get(&realm->pages, ipa & ~(GRANULE - 1), NULL);
	if (PAGE_RIPAS(page) != RMM_EMPTY && PAGE_RIPAS(page) != RIPAS_UNKNOWN)
		REPORT(contract, "access",
		       "the guest got an SEA for its access to IPA 0x%" PRIx64 ", which is %s", ipa,
		       rmm_ripas_name((enum rmm_ripas)PAGE_RIPAS(page)));
}

void contract_told_ripas(struct contract *contract, unsigned int index, uint64_t base, uint64_t end,
			 enum rmm_ripas ripas)
{
	struct realm *realm = judged(contract, index);
	uint64_t at = base & ~(GRANULE - 1), next;

	if (realm && base < end)
		settle(contract, realm, at, end - at);
	for (; realm && at < end && at < realm->half; at = next) {
		uint32_t page = interval_map_get(&realm->pages, at, &next);

		if (PAGE_RIPAS(page) == RIPAS_UNKNOWN || PAGE_RIPAS(page) == (uint32_t)ripas)
			continue;
		REPORT(contract, "ripas-answer",
		       "the guest was told that IPA 0x%" PRIx64 " is %s, and it is %s", at,
		       rmm_ripas_name(ripas), rmm_ripas_name((enum rmm_ripas)PAGE_RIPAS(page)));
		return;
	}
}

/* For want of memory for a table a block stays mapped (it is not split), and nothing else. */
static bool may_be_unsplit(const struct contract *contract)
{
	return contract->config.map_size > contract->page_size &&
	       machine_num_faults(contract->machine);
}

/* Whether another vCPU's change has no answer yet. */
static bool others_wait(const struct realm *realm, unsigned int vcpu)
{
	for (unsigned int i = 0; i < realm->max_pending; i++) {
		if (i != vcpu && realm->pending[i].active)
			return true;
	}
	return false;
}

/* The first page of the range that is DESTROYED, or its end. */
static uint64_t first_destroyed(const struct realm *realm, struct range range)
{
	uint64_t at, end;

	for (at = range.start; at < range.end; at = end) {
		if (PAGE_RIPAS(interval_map_get(&realm->pages, at, &end)) == RMM_DESTROYED)
			return at;
	}
	return range.end;
}

void contract_ripas_asked(struct contract *contract, unsigned int index, unsigned int vcpu,
			  uint64_t base, uint64_t top, enum rmm_ripas ripas, bool destroyed)
{
	struct realm *realm = judged(contract, index);
	struct pending *pending;

	if (!realm)
		return;
	if (vcpu >= PENDING_MAX) {
		realm->blind = true;
		return;
	}
	if (vcpu >= realm->max_pending)
		realm->max_pending = vcpu + 1;
	pending = &realm->pending[vcpu];
	*pending = (struct pending){true,	clip(realm, base, top > base ? top - base : 0),
				    ripas,	destroyed,
				    UINT64_MAX, ++realm->num_asked};
	if (!contract->config.ripas_first)
		return;
	contract->num_folded = 0;
	/* Where two wait, what is DESTROYED now may not be when it is this one's turn. */
	if (!destroyed && !others_wait(realm, vcpu))
		pending->allowed = first_destroyed(realm, pending->ipa);
	/* Nobody was told how much of it is made by now. */
	interval_map_set(&realm->pages, pending->ipa.start, pending->ipa.end, PAGE_UNKNOWN);
	if (ripas == RMM_EMPTY)
		interval_map_set(&realm->bytes, pending->ipa.start, pending->ipa.end, BYTE_UNKNOWN);
}

static void without_consent(struct contract *contract, const struct pending *pending, uint64_t ipa)
{
	REPORT(contract, "ripas-answer",
	       "IPA 0x%" PRIx64 " was DESTROYED, and its change to %s was answered without the "
	       "guest's consent",
	       ipa, rmm_ripas_name(pending->ripas));
}

/*
 * What a page is that the guest was told of. A host that changes it before the VMM has its say makes EMPTY of what stays
 * so, and RAM of what the VMM may destroy until the guest knows; and then another vCPU's may have come in between.
 */
static uint32_t page_answered(const struct contract *contract, const struct pending *pending,
			      uint32_t page, bool last)
{
	if (contract->config.ripas_first && (pending->ripas == RMM_RAM || !last))
		return PAGE_UNKNOWN;
	if (pending->ripas == RMM_EMPTY)
		return PAGE(RMM_EMPTY,
			    PAGE_BACKED(page) == BACKED_NEVER ? BACKED_NEVER : BACKED_NO);
	return PAGE(RMM_RAM, PAGE_BACKED(page));
}

/*
 * A change ends early at a page that is DESTROYED, without the guest's consent, and nowhere else: where memory or time
 * ran out KVM_RUN says so, and the next one goes on.
 */
static void stop_judge(struct contract *contract, const struct realm *realm,
		       const struct pending *pending, uint64_t new_base)
{
	uint32_t page;

	if (!contract->config.answers || contract->together || new_base < pending->ipa.start ||
	    new_base >= pending->ipa.end)
		return;
	page = interval_map_get(&realm->pages, new_base & ~(GRANULE - 1), NULL);
	if (PAGE_RIPAS(page) == RIPAS_UNKNOWN ||
	    (PAGE_RIPAS(page) == RMM_DESTROYED && !pending->destroyed))
		return;
	REPORT(contract, "ripas-answer",
	       "a change to %s ends at IPA 0x%" PRIx64 ", which is %s%s, and not at 0x%" PRIx64,
	       rmm_ripas_name(pending->ripas), new_base,
	       rmm_ripas_name((enum rmm_ripas)PAGE_RIPAS(page)),
	       pending->destroyed ? " and may be changed whatever it is" : "", pending->ipa.end);
}

void contract_ripas_answered(struct contract *contract, unsigned int index, unsigned int vcpu,
			     uint64_t new_base)
{
	struct realm *realm = judged(contract, index);
	struct pending pending;
	uint64_t at, end;
	bool last;

	if (!realm || vcpu >= PENDING_MAX || !realm->pending[vcpu].active)
		return;
	pending = realm->pending[vcpu];
	realm->pending[vcpu].active = false;
	last = pending.number == realm->num_asked && !others_wait(realm, vcpu);
	settle(contract, realm, pending.ipa.start, pending.ipa.end - pending.ipa.start);
	changed(contract, realm, pending.ipa);
	stop_judge(contract, realm, &pending, new_base);
	/*
	 * A change to RAM makes entries alike that the fold before it could not join; one that stopped may have
	 * made a table for what it did not come to.
	 */
	if (pending.ripas != RMM_EMPTY || new_base < pending.ipa.end)
		contract->num_folded = 0;
	if (new_base < pending.ipa.end)
		pending.ipa.end = new_base;
	if (pending.allowed < pending.ipa.end)
		without_consent(contract, &pending, pending.allowed);
	if (pending.ripas == RMM_EMPTY)
		folded(contract, realm, pending.ipa, false);
	for (at = pending.ipa.start; at < pending.ipa.end; at = end) {
		uint32_t page = interval_map_get(&realm->pages, at, &end);

		if (end > pending.ipa.end)
			end = pending.ipa.end;
		if (PAGE_RIPAS(page) == RMM_DESTROYED && !pending.destroyed &&
		    !contract->config.ripas_first && !may_be_unsplit(contract))
			without_consent(contract, &pending, at);
		if (pending.ripas == RMM_EMPTY)
			interval_map_set(&realm->bytes, at, end, BYTE_UNKNOWN);
		interval_map_set(&realm->pages, at, end,
				 page_answered(contract, &pending, page, last));
	}
}

void contract_ripas_refused(struct contract *contract, unsigned int index, unsigned int vcpu)
{
	struct realm *realm = judged(contract, index);

	if (realm && vcpu < PENDING_MAX)
		realm->pending[vcpu].active = false;
}

/* --- judging ------------------------------------------------------------------------------------------ */

/* Whether the RMM said more than where a walk ends; that an entry is in use counts. */
static bool is_refusal(const struct trace_event *event)
{
	const uint64_t status = event->result[0] & 0xff, index = event->result[0] >> 8 & 0xff;

	switch (smccc_fid(event->value[0])) {
	case RMI_DATA_CREATE:
	case RMI_DATA_CREATE_UNKNOWN:
		return status && (status != RMI_ERROR_RTT || index == MAX_LEVEL);
	default:
		return status && status != RMI_ERROR_RTT;
	}
}

static void contract_sink(void *ctx, const struct trace_event *event)
{
	struct contract *contract = ctx;
	const uint64_t *x = event->value;

	if (!contract->enabled)
		return;
	if (event->text == machine_injected) {
		contract->refused = true;
		/* What a guest may rely on when the RMM itself is not as specified is nobody's promise. */
		contract->enabled = !machine_refused_strangely(event);
		if (!contract->enabled)
			return;
	}
	contract->call.switched_off =
		smccc_fid(x[0]) == RMI_REC_ENTER && event->result[0] == (RMI_ERROR_REALM | 1 << 8);
	if (event->result[0] != RMI_SUCCESS) {
		contract->call.refused |= is_refusal(event);
		return;
	}
	contract->call.done++;
	switch (smccc_fid(x[0])) {
	case RMI_DATA_CREATE:
	case RMI_DATA_CREATE_UNKNOWN:
		dirty_add(contract, x[1], false, x[3], x[3] + GRANULE);
		break;
	case RMI_DATA_DESTROY:
	case RMI_RTT_DESTROY:
		dirty_add(contract, x[1], false, x[2], x[2] + GRANULE);
		break;
	case RMI_RTT_INIT_RIPAS:
		dirty_add(contract, x[1], false, x[2], event->result[1]);
		break;
	case RMI_RTT_SET_RIPAS:
		dirty_add(contract, x[1], false, x[3], event->result[1]);
		break;
	default:
		break;
	}
}

static bool is_pending(const struct realm *realm, uint64_t at, uint64_t *end)
{
	bool found = false;

	for (unsigned int i = 0; i < realm->max_pending; i++) {
		const struct pending *pending = &realm->pending[i];

		if (!pending->active || at >= pending->ipa.end || *end <= pending->ipa.start)
			continue;
		if (at < pending->ipa.start) {
			*end = pending->ipa.start;
		} else {
			if (*end > pending->ipa.end)
				*end = pending->ipa.end;
			found = true;
		}
	}
	return found;
}

/* Whether the entry may be as it is although `page` was promised; what was open is known afterwards. */
static bool entry_judge(struct contract *contract, struct realm *realm, struct range range,
			uint32_t page, const struct rmm_entry_view *entry, bool pending)
{
	bool assigned = entry->hipas == RMM_ASSIGNED;
	bool unsplit = assigned && may_be_unsplit(contract);
	uint32_t actual = PAGE(entry->ripas, assigned ? BACKED_YES : BACKED_NO);

	/* After a fault it may be backed again, but what is nobody's may not. */
	if (PAGE_BACKED(page) == BACKED_NEVER && !never_is_meant(contract))
		page = PAGE(PAGE_RIPAS(page), BACKED_NO);
	if (page == actual)
		return true;
	if (pending) {
		if (assigned && PAGE_BACKED(page) == BACKED_NO)
			interval_map_set(&realm->pages, range.start, range.end,
					 PAGE(PAGE_RIPAS(page), BACKED_MAYBE));
		return true;
	}
	if (PAGE_RIPAS(page) != RIPAS_UNKNOWN && PAGE_RIPAS(page) != (uint32_t)entry->ripas) {
		if (unsplit && PAGE_RIPAS(page) == RMM_DESTROYED && entry->ripas == RMM_RAM) {
			interval_map_set(&realm->pages, range.start, range.end, actual);
			return true;
		}
		REPORT(contract, "ripas",
		       "IPA 0x%" PRIx64 "..0x%" PRIx64 " is %s, and %s was promised", range.start,
		       range.end, rmm_ripas_name(entry->ripas),
		       rmm_ripas_name((enum rmm_ripas)PAGE_RIPAS(page)));
		return false;
	}
	/*
	 * The host may back a page before the guest touches it, also one that is DESTROYED; what it may
	 * not do is to keep what was given back, or to take away what is in use.
	 */
	if (PAGE_BACKED(page) == BACKED_YES && !assigned) {
		REPORT(contract, "backed",
		       "IPA 0x%" PRIx64 "..0x%" PRIx64 " is not backed, and the guest uses it",
		       range.start, range.end);
		return false;
	}
	if (PAGE_BACKED(page) == BACKED_NEVER) {
		if (assigned) {
			REPORT(contract, "backed",
			       "IPA 0x%" PRIx64 "..0x%" PRIx64
			       " is backed, and the VMM took it away from the guest",
			       range.start, range.end);
			return false;
		}
		actual = PAGE(entry->ripas, BACKED_NEVER);
	}
	if (PAGE_BACKED(page) == BACKED_NO && assigned && entry->ripas == RMM_EMPTY && !unsplit) {
		REPORT(contract, "backed",
		       "IPA 0x%" PRIx64 "..0x%" PRIx64 " is backed, and it is not the guest's",
		       range.start, range.end);
		return false;
	}
	interval_map_set(&realm->pages, range.start, range.end, actual);
	return true;
}

static void range_judge(struct contract *contract, struct realm *realm, uint64_t rd,
			struct range range)
{
	struct rmm_entry_view entry;
	uint64_t at = range.start, run_end;

	while (at < range.end && rmm_inspect_run(contract->rmm, rd, at, 3, &entry, &run_end)) {
		const uint32_t actual =
			PAGE(entry.ripas, entry.hipas == RMM_ASSIGNED ? BACKED_YES : BACKED_NO);

		while (at < range.end && at < run_end) {
			uint64_t end, entry_end = (at & ~(entry.size - 1)) + entry.size;
			uint32_t page = interval_map_get(&realm->pages, at, &end);
			bool pending;

			if (end > run_end)
				end = run_end;
			if (end > range.end)
				end = range.end;
			/* As promised, as far as that goes; else entry by entry. */
			if (page == actual || (PAGE_BACKED(page) == BACKED_NEVER &&
					       PAGE(PAGE_RIPAS(page), BACKED_NO) == actual)) {
				at = end;
				continue;
			}
			if (end > entry_end)
				end = entry_end;
			pending = is_pending(realm, at, &end);
			if (!entry_judge(contract, realm, (struct range){at, end}, page, &entry,
					 pending))
				return;
			at = end;
		}
	}
}

/* Without what a step is at work on. */
static void range_judge_idle(struct contract *contract, struct realm *realm, uint64_t rd,
			     struct range range)
{
	while (range.start < range.end) {
		const struct range part =
			part_idle(contract, (size_t)(realm - contract->realms), range);

		range_judge(contract, realm, rd, part);
		range.start = part.end;
	}
}

/* With a granule on either side. */
static struct range widen(const struct realm *realm, struct range range)
{
	range.start &= ~(GRANULE - 1);
	range.end = (range.end + GRANULE - 1) & ~(GRANULE - 1);
	if (range.start >= GRANULE)
		range.start -= GRANULE;
	range.end += GRANULE;
	return (struct range){range.start < realm->half ? range.start : realm->half,
			      range.end < realm->half ? range.end : realm->half};
}

static uint64_t table_span(int level)
{
	return GRANULE << (9 * (MAX_LEVEL + 1 - level));
}

/* A table of `level` whose entries map nothing, and say nothing that its parent could not. */
static bool table_is_idle(const struct rmm *rmm, uint64_t rd, int level, uint64_t base)
{
	struct rmm_entry_view first;
	uint64_t end;

	return rmm_inspect_run(rmm, rd, base, level, &first, &end) && first.level == level &&
	       (first.hipas == RMM_UNASSIGNED || first.hipas == RMM_UNASSIGNED_NS) &&
	       end >= base + table_span(level);
}

/* False: a table stays for nothing, and was reported. */
static bool tables_judge(struct contract *contract, uint64_t rd, int level, struct range range,
			 uint64_t limit)
{
	const uint64_t span = table_span(level);
	uint64_t at = range.start & ~(span - 1);

	for (unsigned int n = 0; at < range.end && n < MAX_TABLES; n++, at += span) {
		if (at + span > limit || !table_is_idle(contract->rmm, rd, level, at))
			continue;
		REPORT(contract, "table-left",
		       "0x%" PRIx64 "..0x%" PRIx64 " was unmapped, and the table of level %d at "
		       "0x%" PRIx64 " stays for nothing",
		       range.start, range.end, level, at);
		return false;
	}
	return true;
}

static void folded_judge(struct contract *contract, const uint64_t *rds)
{
	/* A table that the RMM keeps, or a walk that was cut short, leaves some. */
	if (machine_num_faults(contract->machine) != contract->faults)
		return;
	for (unsigned int i = 0; i < contract->num_folded; i++) {
		size_t r = contract->folded[i].realm;
		struct range range = contract->folded[i].ipa, alias;
		struct realm *realm = judged(contract, (unsigned int)r);
		struct rmm_realm_view view;

		if (!realm || !rds[r] || !rmm_inspect_realm(contract->rmm, rds[r], &view))
			continue;
		alias = (struct range){range.start + realm->half, range.end + realm->half};
		for (int level = MAX_LEVEL; level > view.rtt_level_start; level--) {
			if (!tables_judge(contract, rds[r], level, range, realm->half) ||
			    (contract->folded[i].shared &&
			     !tables_judge(contract, rds[r], level, alias, 2 * realm->half)))
				return;
		}
	}
}

/* --- how many ----------------------------------------------------------------------------------------- */

static void count_judge(struct contract *contract, const char *condition, const char *what,
			uint64_t least, uint64_t most, uint64_t actual)
{
	if (actual < least)
		REPORT(contract, condition,
		       "there are %" PRIu64 " pages of %s, and at least %" PRIu64 " are in use",
		       actual, what, least);
	else if (actual > most)
		REPORT(contract, condition,
		       "there are %" PRIu64 " pages of %s, and nobody asked for more than %" PRIu64,
		       actual, what, most);
}

static void counts_judge(struct contract *contract)
{
	uint64_t least = 0, most = 0;
	struct kvm_inspect books;
	bool known = true;

	if (!contract->enabled || !contract->kvm || contract->untracked)
		return;
	for (size_t r = 0; r < contract->num_realms; r++) {
		if (contract->realms[r].blind)
			return;
	}
	contract->kvm->inspect(&books);
	for (unsigned int i = 0; i < contract->num_files && known; i++)
		known = ledger_count(&contract->files[i].pages, &least, &most);
	/* A page that the RMM keeps, or a block that could not be split, stays out of its file. */
	if (contract->refused || (contract->config.map_size > contract->page_size &&
				  machine_num_faults(contract->machine)))
		most = UINT64_MAX;
	if (known)
		count_judge(contract, "gmem-pages", "the guest_memfds", least, most,
			    books.gmem_pages);
	least = 0;
	most = contract->scratch_pages;
	if (ledger_count(&contract->user_pages, &least, &most))
		count_judge(contract, "user-pages", "the VMM's memory", least, most,
			    books.user_pages);
}

static uint64_t roots_count(const struct contract *contract)
{
	uint64_t rds[64], roots = 0;
	size_t num = rmm_inspect_realms(contract->rmm, rds, sizeof(rds) / sizeof(rds[0]));
	struct rmm_realm_view view;

	for (size_t i = 0; i < num && i < sizeof(rds) / sizeof(rds[0]); i++) {
		if (rmm_inspect_realm(contract->rmm, rds[i], &view))
			roots += (uint64_t)view.rtt_num_start * ENTRIES;
	}
	return roots;
}

void contract_call_begin(struct contract *contract, uint64_t start, uint64_t end)
{
	if (!contract->enabled)
		return;
	contract->call.num_tried = 0;
	contract->call.fetched = false;
	contract->call.in_call = true;
	contract->call.start = start;
	contract->call.end = end;
	contract->call.done = 0;
	contract->call.faults = machine_num_faults(contract->machine);
	contract->call.refused = contract->call.switched_off = false;
	contract->first = machine_num_calls(contract->machine);
	contract->call.tables = rmm_inspect_count(contract->rmm, RMM_GRANULE_RTT);
	contract->call.others = rmm_inspect_count(contract->rmm, RMM_GRANULE_DATA) +
				rmm_inspect_count(contract->rmm, RMM_GRANULE_DELEGATED) +
				rmm_inspect_count(contract->rmm, RMM_GRANULE_REC_AUX) +
				rmm_inspect_count(contract->rmm, RMM_GRANULE_REC) +
				rmm_inspect_count(contract->rmm, RMM_GRANULE_RD);
}

/*
 * A call that succeeds moves a granule, an entry or a table: each granule of the range, in either half, is
 * worth a few of them, and so is each table. A call that fails finds something out: what is missing, what
 * is in the way, where to go on. That happens once or twice at each table, at each root entry, and behind
 * each call that succeeded; walking over what is not there granule by granule, or asking again what was
 * answered, needs more. The factors are generous: what is asked is that the work grows with what there is.
 */
void contract_call_end(struct contract *contract, const char *name)
{
	const uint64_t spans = (contract->call.end - contract->call.start) / HUGE_SIZE;
	const uint64_t calls = machine_num_calls(contract->machine) - contract->first;
	uint64_t granules, roots, failed;

	if (!contract->call.in_call)
		return;
	contract->call.in_call = false;
	if (!contract->enabled || calls < CALLS_FREE)
		return;
	failed = calls - contract->call.done;
	roots = roots_count(contract) + 16 * ENTRIES * (contract->call.end == UINT64_MAX);
	if (contract->call.end == UINT64_MAX) {
		granules = contract->call.others + ENTRIES * (contract->call.tables + 16);
	} else {
		granules = (contract->call.end - contract->call.start) / GRANULE + 1;
		roots = spans < roots ? spans : roots;
	}
	if (contract->call.done > CALLS_FREE + 16 * (granules + contract->call.tables))
		REPORT(contract, "too-many-calls",
		       "%s made %" PRIu64 " RMI calls that succeeded; its range has %" PRIu64
		       " granules, and there were %" PRIu64 " tables",
		       name, contract->call.done, granules, contract->call.tables);
	if (!contract->config.by_top)
		roots += 2 * granules;
	if (failed > CALLS_FREE + 8 * (contract->call.done + contract->call.tables) + 16 * roots)
		REPORT(contract, "failed-calls",
		       "%s made %" PRIu64 " RMI calls that failed, and %" PRIu64
		       " that succeeded; there were %" PRIu64 " tables",
		       name, failed, contract->call.done, contract->call.tables);
}

static void dirty_clear(struct contract *contract)
{
	contract->num_folded = 0;
	contract->faults = machine_num_faults(contract->machine);
	contract->num_dirty = 0;
	contract->all_dirty = false;
}

/* The Realm is gone, or was never made: all that was promised is void. */
static void realm_follow(struct realm *realm, uint64_t rd)
{
	if (rd || !realm->exists)
		return;
	interval_map_init(&realm->pages, PAGE(RMM_EMPTY, BACKED_NO));
	interval_map_init(&realm->bytes, BYTE_UNKNOWN);
	memset(realm->pending, 0, sizeof(realm->pending));
	realm->max_pending = 0;
}

void contract_check(struct contract *contract, const uint64_t *rds)
{
	for (size_t r = 0; r < contract->num_realms; r++) {
		struct realm *realm = judged(contract, (unsigned int)r);

		if (realm)
			realm_follow(realm, rds[r]);
	}
	/* What a step has begun is nobody's to count. */
	if (!any_active(contract)) {
		folded_judge(contract, rds);
		counts_judge(contract);
	}
	if (contract->all_dirty)
		contract_closing(contract, rds);
	for (unsigned int i = 0; i < contract->num_dirty; i++) {
		const struct dirty *dirty = &contract->dirty[i];

		for (size_t r = 0; r < contract->num_realms; r++) {
			struct realm *realm = judged(contract, (unsigned int)r);

			if (realm && rds[r] &&
			    (dirty->by_index ? dirty->rd == r : dirty->rd == rds[r]))
				range_judge_idle(contract, realm, rds[r], widen(realm, dirty->ipa));
		}
	}
	dirty_clear(contract);
}

void contract_closing(struct contract *contract, const uint64_t *rds)
{
	for (size_t r = 0; r < contract->num_realms; r++) {
		struct realm *realm = judged(contract, (unsigned int)r);

		if (realm && rds[r])
			range_judge_idle(contract, realm, rds[r], (struct range){0, realm->half});
	}
	dirty_clear(contract);
}

/* --- from beginning to end ---------------------------------------------------------------------------- */

int contract_create(struct machine *machine, const struct contract_config *config,
		    struct contract **out)
{
	struct contract *contract = calloc(1, sizeof(*contract));

	if (!contract)
		return -ENOMEM;
	contract->realms = calloc(config->num_realms + 1, sizeof(*contract->realms));
	if (!contract->realms) {
		free(contract);
		return -ENOMEM;
	}
	contract->machine = machine;
	contract->rmm = machine_rmm(machine);
	contract->kvm = machine_kvm(machine);
	contract->page_size = machine_page_size(machine);
	contract->config = *config;
	contract->num_realms = config->num_realms;
	if (trace_add_sink(machine_trace(machine), TRACE_MASK(TRACE_RMI), contract_sink,
			   contract)) {
		free(contract->realms);
		free(contract);
		return -ENOMEM;
	}
	/* Of a host that folds whatever there could be nothing is known by what fails again. */
	trace_set_answers(machine_trace(machine), contract_sink, contract,
			  TRACE_ANSWERS_ALL & ~(1u << TRACE_FOLD_AGAIN));
	contract_reset(contract);
	*out = contract;
	return 0;
}

void contract_destroy(struct contract *contract)
{
	if (!contract)
		return;
	trace_remove_sink(machine_trace(contract->machine), contract_sink, contract);
	for (size_t r = 0; r < contract->num_realms; r++) {
		interval_map_free(&contract->realms[r].pages);
		interval_map_free(&contract->realms[r].attributes);
		interval_map_free(&contract->realms[r].bytes);
		interval_map_free(&contract->realms[r].open);
	}
	for (unsigned int i = 0; i < contract->max_files; i++)
		ledger_free(&contract->files[i].pages);
	ledger_free(&contract->user_pages);
	interval_map_free(&contract->user);
	free(contract->realms);
	free(contract);
}

void contract_reset(struct contract *contract)
{
	for (size_t r = 0; r < contract->num_realms; r++) {
		struct realm *realm = &contract->realms[r];

		realm_clear(realm);
		realm->exists = false;
		memset(&realm->guest, 0, sizeof(realm->guest));
		memset(&realm->vmm, 0, sizeof(realm->vmm));
	}
	interval_map_init(&contract->user, BYTE_UNKNOWN);
	ledger_init(&contract->user_pages, contract->page_size);
	contract->num_files = 0;
	contract->untracked = false;
	contract->refused = false;
	contract->broken = contract->closed = contract->lost_slot = false;
	contract->call = (struct contract_thread){0};
	contract->scratch_pages = contract->config.scratch_pages;
	contract->together = false;
	memset(contract->actors, 0, sizeof(contract->actors));
	contract->enabled = true;
	contract->reports = 0;
	dirty_clear(contract);
}

void contract_enable(struct contract *contract, bool enable)
{
	contract->enabled = enable;
}

void contract_blind(struct contract *contract, unsigned int realm)
{
	contract->realms[realm].blind = true;
}
