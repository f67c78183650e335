/* SPDX-License-Identifier: BSD-3-Clause */
/* invariant.c - the checker's books, its reports, and one call of the Host from before to after. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "invariant.h"

#define INVARIANT_ROW(label, text) {#label, text},
static const struct rmm_invariant invariants[NUM_INVARIANTS] = {INVARIANTS(INVARIANT_ROW)};

const struct rmm_invariant *rmm_invariants(size_t *num_invariants)
{
	*num_invariants = NUM_INVARIANTS;
	return invariants;
}

void invariant_violated(struct rmm *rmm, enum invariant which, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	rmm->checker->violations++;
	rmm->config.violation(rmm->config.violation_ctx, invariants[which].label, text);
}

static size_t num_banks(const struct rmm *rmm)
{
	return (size_t)(rmm->banks_end - rmm->banks);
}

static size_t shadows_size(const struct bank *bank)
{
	return (bank->size >> GRANULE_SHIFT) * sizeof(struct shadow);
}

static size_t realms_size(const struct rmm *rmm)
{
	return sizeof(struct shadow_realm) << rmm->config.vmid_bits;
}

/* Zeroed memory whose pages cost nothing until they are written. */
static void *lazy_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int checker_create(struct rmm *rmm)
{
	struct checker *checker;

	if (rmm->config.invariants == RMM_INVARIANTS_OFF)
		return 0;
	checker = calloc(1, sizeof(*checker));
	if (!checker)
		return -ENOMEM;
	rmm->checker = checker;
	checker->level = rmm->config.invariants;
	checker->shadows = calloc(num_banks(rmm), sizeof(*checker->shadows));
	checker->realms = lazy_alloc(realms_size(rmm));
	if (!checker->shadows || !checker->realms)
		return -ENOMEM;
	for (size_t i = 0; i < num_banks(rmm); i++) {
		checker->shadows[i] = lazy_alloc(shadows_size(&rmm->banks[i]));
		if (!checker->shadows[i])
			return -ENOMEM;
	}
	return 0;
}

void checker_destroy(struct rmm *rmm)
{
	struct checker *checker = rmm->checker;

	if (!checker)
		return;
	for (size_t i = 0; checker->shadows && i < num_banks(rmm); i++) {
		if (checker->shadows[i])
			munmap(checker->shadows[i], shadows_size(&rmm->banks[i]));
	}
	if (checker->realms)
		munmap(checker->realms, realms_size(rmm));
	free(checker->shadows);
	free(checker);
	rmm->checker = NULL;
}

void checker_reset(struct rmm *rmm)
{
	struct checker *checker = rmm->checker;

	for (const struct bank *bank = rmm->banks; bank < rmm->banks_end; bank++) {
		struct shadow *shadows = checker->shadows[bank - rmm->banks];
		const uint64_t end = bank->size >> GRANULE_SHIFT;

		for (uint64_t i = 0; (i = bank_next_touched(bank, i)) < end; i++) {
			if (shadows[i].expected.state == RMM_GRANULE_RD)
				memset(&checker->realms[shadows[i].realm], 0,
				       sizeof(*checker->realms));
			memset(&shadows[i], 0, sizeof(shadows[i]));
		}
	}
	memset(checker->count, 0, sizeof(checker->count));
	checker->last_table.fid = 0;
	checker->running = 0;
}

void invariant_set_gpt(struct rmm *rmm, uint64_t pa, enum rmm_gpt gpt)
{
	shadow_find(rmm, pa)->expected.gpt = gpt & 0x7f;
}

/* --- memory --- */

typedef uint64_t words2 __attribute__((vector_size(16), may_alias));

uint64_t content_digest(const void *memory)
{
	const words2 *words = memory;
	words2 a = {0, 0}, b = {0, 0}, c = {0, 0}, d = {0, 0};

	for (unsigned int i = 0; i < RMM_GRANULE_SIZE / sizeof(words2); i += 2) {
		a += words[i];
		b += a;
		c += words[i + 1] ^ (words[i + 1] << 7);
		d += c;
	}
	return (b[0] * 3 + b[1] * 5 + d[0] * 7 + d[1] * 11) ^ (a[0] << 1) ^ (c[1] << 3);
}

static bool content_zero(const void *memory)
{
	const words2 *words = memory;
	words2 all = {0, 0}, more = {0, 0};

	for (unsigned int i = 0; i < RMM_GRANULE_SIZE / sizeof(words2); i += 4) {
		all |= words[i] | words[i + 1];
		more |= words[i + 2] | words[i + 3];
	}
	all |= more;
	return !(all[0] | all[1]);
}

bool content_wiped(const struct rmm *rmm, uint64_t pa)
{
	const uint64_t *memory = memory_find(rmm, pa);

	if (!rmm->config.wipe_pattern)
		return content_zero(memory);
	for (unsigned int i = 0; i < RMM_GRANULE_SIZE / sizeof(*memory); i++) {
		if (memory[i] != granule_wipe_word(rmm->config.wipe_pattern, pa + i * 8))
			return false;
	}
	return true;
}

bool table_filled(const uint64_t *entries, uint64_t first, uint64_t stride)
{
	const words2 *words = (const words2 *)entries;
	words2 expected = {first, first + stride}, differs = {0, 0};
	const words2 step = {2 * stride, 2 * stride};

	for (unsigned int i = 0; i < RTT_ENTRIES / 2; i++) {
		differs |= words[i] ^ expected;
		expected += step;
	}
	return !(differs[0] | differs[1]);
}

uint64_t unfold_stride(uint64_t parent, int level)
{
	const uint64_t hipas = parent & RTTE_HIPAS;

	return hipas == RTTE_ASSIGNED || hipas == RTTE_ASSIGNED_NS ? UINT64_C(1) << (39 - 9 * level)
								   : 0;
}

bool place_find(const struct rmm *rmm, const struct shadow_realm *realm, uint64_t ipa, int target,
		struct place *place)
{
	const struct rd *rd = &realm->expected;
	int level = rd->rtt_level_start;
	unsigned int shift = 39 - 9 * (unsigned int)level;
	const uint64_t start = ipa >> shift;
	uint64_t table = rd->rtt_base + start / RTT_ENTRIES * RMM_GRANULE_SIZE;
	unsigned int index = start % RTT_ENTRIES;

	for (;;) {
		const uint64_t *entries = memory_find(rmm, table);

		if (!entries)
			return false;
		place->entry = entries[index];
		if (level >= target || (place->entry & RTTE_HIPAS) != RTTE_TABLE) {
			place->entries = entries;
			place->table = table;
			place->index = index;
			place->level = level;
			place->ipa = ipa >> shift << shift;
			return true;
		}
		table = place->entry & RTTE_ADDR;
		level++;
		shift -= 9;
		index = (ipa >> shift) % RTT_ENTRIES;
	}
}

/* --- one call of the Host --- */

static const struct call_kind kinds[] = {
	[RMI_GRANULE_DELEGATE - RMI_FID_FIRST] = {.granule = 1},
	[RMI_GRANULE_UNDELEGATE - RMI_FID_FIRST] = {.granule = 1},
	[RMI_DATA_CREATE - RMI_FID_FIRST] = {.rd = 1, .granule = 2, .ipa = 3, .buffer = 4},
	[RMI_DATA_CREATE_UNKNOWN - RMI_FID_FIRST] = {.rd = 1, .granule = 2, .ipa = 3},
	[RMI_DATA_DESTROY - RMI_FID_FIRST] = {.rd = 1, .ipa = 2},
	[RMI_REALM_ACTIVATE - RMI_FID_FIRST] = {.rd = 1},
	[RMI_REALM_CREATE - RMI_FID_FIRST] = {.granule = 1, .buffer = 2},
	[RMI_REALM_DESTROY - RMI_FID_FIRST] = {.rd = 1},
	[RMI_REC_CREATE - RMI_FID_FIRST] = {.rd = 1, .granule = 2, .buffer = 3},
	[RMI_REC_DESTROY - RMI_FID_FIRST] = {.rec = 1},
	[RMI_REC_ENTER - RMI_FID_FIRST] = {.rec = 1, .buffer = 2},
	[RMI_RTT_CREATE -
		RMI_FID_FIRST] = {.rd = 1, .granule = 2, .ipa = 3, .level = 4, .parent = 1},
	[RMI_RTT_DESTROY - RMI_FID_FIRST] = {.rd = 1, .ipa = 2, .level = 3, .parent = 1},
	[RMI_RTT_MAP_UNPROTECTED - RMI_FID_FIRST] = {.rd = 1, .ipa = 2, .level = 3},
	[RMI_RTT_READ_ENTRY - RMI_FID_FIRST] = {.rd = 1, .ipa = 2, .level = 3, .reads = 1},
	[RMI_RTT_UNMAP_UNPROTECTED - RMI_FID_FIRST] = {.rd = 1, .ipa = 2, .level = 3},
	[RMI_PSCI_COMPLETE - RMI_FID_FIRST] = {.rec = 1, .other_rec = 2},
	[RMI_RTT_FOLD - RMI_FID_FIRST] = {.rd = 1, .ipa = 2, .level = 3, .parent = 1},
	[RMI_REC_AUX_COUNT - RMI_FID_FIRST] = {.rd = 1, .reads = 1},
	[RMI_RTT_INIT_RIPAS - RMI_FID_FIRST] = {.rd = 1, .ipa = 2},
	[RMI_RTT_SET_RIPAS - RMI_FID_FIRST] = {.rd = 1, .rec = 2, .ipa = 3},
};
#define NUM_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The page that DATA_DESTROY takes away: whoever changed it has to be found now. */
static void call_data(struct call *call)
{
	const uint64_t pa = call->place.entry & RTTE_ADDR;
	struct shadow *shadow = shadow_find(call->rmm, pa);

	if (!shadow || !shadow->digest_valid || (call->place.entry & RTTE_HIPAS) != RTTE_ASSIGNED ||
	    call->place.level != RTT_PAGE_LEVEL || granule_find(call->rmm, pa)->clean)
		return;
	if (content_digest(memory_find(call->rmm, pa)) != shadow->digest)
		invariant_violated(call->rmm, INVARIANT_I22, "content of DATA 0x%llx changed",
				   (unsigned long long)pa);
}

/* The entry that the call is about, if its arguments name one. */
static void call_place(struct call *call)
{
	const struct call_kind *kind = call->kind;
	const struct rd *rd = &call->realm->expected;
	int64_t target = RTT_PAGE_LEVEL;

	if (!kind->ipa || call->x[kind->ipa] >= realm_ipa_end(rd))
		return;
	if (kind->level) {
		target = (int64_t)call->x[kind->level];
		if (target > RTT_PAGE_LEVEL || target < rd->rtt_level_start + kind->parent)
			return;
		target -= kind->parent;
	}
	call->placed =
		place_find(call->rmm, call->realm, call->x[kind->ipa], (int)target, &call->place);
	if (!call->placed) {
		invariant_violated(call->rmm, INVARIANT_I5,
				   "the tables for IPA 0x%llx lead outside memory",
				   (unsigned long long)call->x[kind->ipa]);
		return;
	}
	if (!call->kind->reads)
		granule_compare(call->rmm, call->place.table, false);
	if (call->fid == RMI_DATA_DESTROY)
		call_data(call);
	if (call->fid == RMI_RTT_SET_RIPAS || call->fid == RMI_RTT_INIT_RIPAS)
		memcpy(call->u.table, call->place.entries, sizeof(call->u.table));
}

/* The table that RTT_DESTROY and RTT_FOLD take away. */
static void call_child(struct call *call)
{
	const uint64_t entry = call->place.entry;
	const uint64_t *entries;
	uint64_t all = 0;

	call->child = entry & RTTE_ADDR;
	entries = memory_find(call->rmm, call->child);
	if ((entry & RTTE_HIPAS) != RTTE_TABLE || !entries) {
		call->child = PA_NONE;
		return;
	}
	granule_compare(call->rmm, call->child, false);
	call->child_first = entries[0];
	if (call->fid == RMI_RTT_FOLD) {
		const uint64_t stride = unfold_stride(entries[0], call->place.level + 1);

		/* Its first address is aligned to what becomes one entry, and there can be such an entry. */
		call->child_homogeneous =
			table_filled(entries, entries[0], stride) &&
			(!stride || (call->place.level >= 1 &&
				     rtt_aligned(entries[0] & RTTE_ADDR, call->place.level)));
	} else {
		for (unsigned int i = 0; i < RTT_ENTRIES; i++)
			all |= entries[i];
		call->child_union = all;
	}
}

static bool call_rec(struct call *call, unsigned int arg, struct rec *copy)
{
	const uint64_t pa = call->x[arg];
	const struct shadow *shadow;

	if (!arg || !granule_aligned(pa))
		return false;
	shadow = shadow_find(call->rmm, pa);
	if (!shadow || shadow->expected.state != RMM_GRANULE_REC)
		return false;
	granule_compare(call->rmm, pa, false);
	memcpy(copy, memory_find(call->rmm, pa), sizeof(*copy));
	return true;
}

static void call_buffer(struct call *call)
{
	const struct rmm_platform *platform = &call->rmm->config.platform;
	const struct granule *granule;

	call->buffer = call->x[call->kind->buffer];
	granule = granule_aligned(call->buffer) ? granule_find(call->rmm, call->buffer) : NULL;
	call->buffer_permitted =
		granule && (granule->gpt == RMM_GPT_NS || granule->gpt == RMM_GPT_AAP);
	if (!call->buffer_permitted ||
	    (call->fid != RMI_REALM_CREATE && call->fid != RMI_REC_CREATE))
		return;
	if (platform->is_clean && platform->is_clean(platform->ctx, call->buffer))
		memset(&call->u, 0, sizeof(call->u));
	else
		memcpy(&call->u, memory_find(call->rmm, call->buffer), sizeof(call->u));
}

/*
 * Registers were written one by one just before they are copied here: copying two at a time would make the
 * processor wait for both to be in the cache.
 */
static void registers_copy(uint64_t *to, const struct rmm_regs *regs, unsigned int num)
{
	const volatile uint64_t *from = regs->x;

	for (unsigned int i = 0; i < num; i++)
		to[i] = from[i];
}

static void call_before(struct call *call, struct rmm *rmm, const struct rmm_regs *regs)
{
	const uint32_t fid = (uint32_t)regs->x[0] & ~SMCCC_SVE_HINT_BIT;
	const struct call_kind *kind;

	call->rmm = rmm;
	call->checker = rmm->checker;
	call->fid = fid;
	call->realm = NULL;
	call->placed = call->has_rec = call->has_other = call->ran = false;
	call->buffer_permitted = true;
	call->child = PA_NONE;
	registers_copy(call->x, regs, 7);
	call->kind = kind = &kinds[fid - RMI_FID_FIRST < NUM_KINDS ? fid - RMI_FID_FIRST : 0];
	/* Whoever changed something since the last call has to be found before this one hides it. */
	if (kind->granule && granule_find(rmm, call->x[kind->granule]))
		granule_compare(rmm, call->x[kind->granule] & ~GRANULE_MASK, false);
	if (fid == RMI_GRANULE_DELEGATE) {
		const struct rmm_platform *platform = &rmm->config.platform;

		call->was_clean = platform->is_clean && granule_aligned(call->x[1]) &&
				  platform->is_clean(platform->ctx, call->x[1]);
	}
	if (kind->buffer)
		call_buffer(call);
	if (kind->rec)
		call->has_rec = call_rec(call, kind->rec, &call->rec);
	if (kind->other_rec)
		call->has_other = call_rec(call, kind->other_rec, &call->other);
	if (kind->rd)
		call->realm = realm_find(rmm, call->x[kind->rd]);
	else if (call->has_rec)
		call->realm = realm_find(rmm, call->rec.owner);
	if (!call->realm)
		return;
	if (!kind->reads)
		granule_compare(rmm, call->realm->rd, false);
	if (kind->rd)
		call_place(call);
	if (call->placed && (fid == RMI_RTT_DESTROY || fid == RMI_RTT_FOLD))
		call_child(call);
}

/* After the books say what there is to be: compare what the call named. */
static void call_compare(struct call *call)
{
	const struct call_kind *kind = call->kind;
	struct rmm *rmm = call->rmm;
	const bool failed = !call->success && !call->ran;

	if (kind->granule && granule_find(rmm, call->x[kind->granule]))
		granule_compare(rmm, call->x[kind->granule] & ~GRANULE_MASK, failed);
	if (call->realm && call->realm->exists) {
		granule_compare(rmm, call->realm->rd, failed);
		realm_compare(rmm, call->realm, failed,
			      call->fid == RMI_DATA_CREATE || call->fid == RMI_RTT_INIT_RIPAS ||
				      call->fid == RMI_REC_CREATE);
	}
	if (call->placed) {
		const uint64_t now = call->place.entries[call->place.index];

		granule_compare(rmm, call->place.table, failed);
		if (failed)
			transition_entry(call, call->place.ipa, call->place.level,
					 call->place.entry, now);
		entry_check(rmm, call->realm, call->place.ipa, call->place.level, now);
	}
	if (call->has_rec && call->fid != RMI_REC_DESTROY) {
		granule_compare(rmm, call->x[kind->rec], failed);
		if (!call->ran)
			transition_rec(call, call->x[kind->rec], &call->rec,
				       memory_find(rmm, call->x[kind->rec]));
		rec_check(rmm, call->x[kind->rec]);
	} else if (call->has_rec && failed) {
		granule_compare(rmm, call->x[kind->rec], true);
		transition_rec(call, call->x[kind->rec], &call->rec,
			       memory_find(rmm, call->x[kind->rec]));
	}
	if (call->has_other) {
		granule_compare(rmm, call->x[kind->other_rec], failed);
		transition_rec(call, call->x[kind->other_rec], &call->other,
			       memory_find(rmm, call->x[kind->other_rec]));
	}
}

static void call_after(struct call *call, const struct rmm_regs *regs)
{
	registers_copy(call->out, regs, 5);
	call->success = call->out[0] == RMI_SUCCESS;
	if (call->success)
		transition_apply(call);
	call_compare(call);
	output_check(call);
	if (!call->success || (call->fid != RMI_RTT_CREATE && call->fid != RMI_RTT_FOLD))
		call->checker->last_table.fid = 0;
}

/* --- level full: copies of all tables and RECs around one call --- */

struct copies {
	struct copy {
		uint64_t pa;
		uint8_t state;
		struct shadow shadow;
		uint64_t content[RMM_GRANULE_SIZE / sizeof(uint64_t)];
	} * copy;
	size_t num;
};

static int copies_take(const struct rmm *rmm, struct copies *copies)
{
	copies->num = 0;
	copies->copy = malloc(
		(rmm->checker->count[RMM_GRANULE_RTT] + rmm->checker->count[RMM_GRANULE_REC] + 1) *
		sizeof(*copies->copy));
	if (!copies->copy)
		return -ENOMEM;
	for (const struct bank *bank = rmm->banks; bank < rmm->banks_end; bank++) {
		const struct shadow *shadows = rmm->checker->shadows[bank - rmm->banks];
		const uint64_t end = bank->size >> GRANULE_SHIFT;

		for (uint64_t i = 0; (i = bank_next_touched(bank, i)) < end; i++) {
			const uint8_t state = shadows[i].expected.state;
			struct copy *copy = &copies->copy[copies->num];

			if (state != RMM_GRANULE_RTT && state != RMM_GRANULE_REC)
				continue;
			copy->pa = bank->base + (i << GRANULE_SHIFT);
			copy->state = state;
			copy->shadow = shadows[i];
			memcpy(copy->content, bank->view + (i << GRANULE_SHIFT),
			       sizeof(copy->content));
			copies->num++;
		}
	}
	return 0;
}

static void copy_compare_table(struct call *call, const struct copy *copy)
{
	struct shadow_realm *const named = call->realm;
	const uint64_t *now = memory_find(call->rmm, copy->pa);
	const int level = (int)(copy->shadow.where & GRANULE_MASK) - 1;
	const uint64_t ipa = copy->shadow.where & ~GRANULE_MASK;

	for (unsigned int i = 0; i < RTT_ENTRIES; i++) {
		if (now[i] == copy->content[i])
			continue;
		/* The entry's own Realm counts: the command may have named another. */
		call->realm = &call->checker->realms[copy->shadow.realm];
		transition_entry(call, ipa + ((uint64_t)i << (39 - 9 * level)), level,
				 copy->content[i], now[i]);
		if (call->success && named != call->realm)
			invariant_violated(call->rmm, INVARIANT_T2,
					   "an entry of another Realm changed, in table 0x%llx",
					   (unsigned long long)copy->pa);
		call->realm = named;
	}
}

static void copies_compare(struct call *call, const struct copies *copies)
{
	for (size_t i = 0; i < copies->num; i++) {
		const struct copy *copy = &copies->copy[i];
		const bool named =
			call->kind->rec &&
			(copy->pa == call->x[call->kind->rec] ||
			 (call->kind->other_rec && copy->pa == call->x[call->kind->other_rec]));

		/* What became something else is in the books. */
		if (shadow_find(call->rmm, copy->pa)->expected.state != copy->state)
			continue;
		if (copy->state == RMM_GRANULE_RTT)
			copy_compare_table(call, copy);
		else if (!named)
			transition_rec(call, copy->pa, (const struct rec *)copy->content,
				       memory_find(call->rmm, copy->pa));
	}
}

static void full_smc(struct call *call, struct rmm_regs *regs, smc_fn serve)
{
	struct rmm *rmm = call->rmm;
	struct copies copies = {NULL, 0};
	int err = copies_take(rmm, &copies);

	serve(rmm, regs);
	call_after(call, regs);
	if (!err)
		copies_compare(call, &copies);
	free(copies.copy);
	if (!err)
		err = state_check(rmm);
	if (err)
		invariant_violated(rmm, INVARIANT_T1, "no memory for a check from scratch");
}

void invariant_smc(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve)
{
	struct checker *checker = rmm->checker;
	const uint64_t entries = checker->entries;
	const bool enters = ((uint32_t)regs->x[0] & ~SMCCC_SVE_HINT_BIT) == RMI_REC_ENTER;
	struct call call;

	call_before(&call, rmm, regs);
	if (enters && call.has_rec) {
		checker->running++;
		/* RUNNING, until it returns. */
		shadow_find(rmm, call.x[1])->expected.refcount++;
	}
	if (checker->level == RMM_INVARIANTS_FULL && !enters) {
		full_smc(&call, regs, serve);
		return;
	}
	serve(rmm, regs);
	call.ran = checker->entries != entries;
	if (enters && call.has_rec) {
		checker->running--;
		shadow_find(rmm, call.x[1])->expected.refcount--;
	}
	call_after(&call, regs);
	if (checker->level == RMM_INVARIANTS_FULL && state_check(rmm))
		invariant_violated(rmm, INVARIANT_T1, "no memory for a check from scratch");
}

int rmm_invariants_check(struct rmm *rmm, size_t *violations)
{
	uint64_t before;
	int err;

	if (!rmm->checker)
		return -EINVAL;
	before = rmm->checker->violations;
	err = state_check(rmm);
	if (violations)
		*violations = rmm->checker->violations - before;
	return err;
}
