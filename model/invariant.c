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

/* --- books --- */

static size_t num_banks(const struct rmm *rmm)
{
	return (size_t)(rmm->banks_end - rmm->banks);
}

/* The parts of the mapping begin at cache lines. */
static size_t part_size(uint64_t size)
{
	return (size + 63) & ~UINT64_C(63);
}

static size_t shadows_size(const struct bank *bank)
{
	return part_size((bank->size >> GRANULE_SHIFT) * sizeof(struct shadow));
}

int checker_create(struct rmm *rmm)
{
	const size_t head =
		part_size(sizeof(struct checker) + num_banks(rmm) * sizeof(struct shadow *));
	const size_t realms = part_size(sizeof(struct shadow_realm) << rmm->config.vmid_bits);
	size_t size = head + realms;
	struct checker *checker;
	uint8_t *p;

	if (rmm->config.invariants == RMM_INVARIANTS_OFF)
		return 0;
	for (size_t i = 0; i < num_banks(rmm); i++)
		size += shadows_size(&rmm->banks[i]);
	/* Zeros whose pages cost nothing until they are written. */
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		 -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	checker = (struct checker *)p;
	checker->size = size;
	checker->level = rmm->config.invariants;
	checker->recent.block = FORGOTTEN;
	checker->recent.shift = GRANULE_SHIFT;
	checker->realms = (struct shadow_realm *)(p + head);
	p += head + realms;
	for (size_t i = 0; i < num_banks(rmm); i++) {
		rmm->banks[i].shadows = (struct shadow *)p;
		p += shadows_size(&rmm->banks[i]);
	}
	rmm->checker = checker;
	return 0;
}

void checker_destroy(struct rmm *rmm)
{
	if (rmm->checker)
		munmap(rmm->checker, rmm->checker->size);
	rmm->checker = NULL;
}

void checker_reset(struct rmm *rmm)
{
	struct checker *checker = rmm->checker;

	for (const struct bank *bank = rmm->banks; bank < rmm->banks_end; bank++) {
		struct shadow *shadows = bank->shadows;

		bank_each_chunk(bank, first, num)
		{
			for (uint64_t i = first; i < first + num; i++) {
				if (shadows[i].expected.state == RMM_GRANULE_RD)
					memset(&checker->realms[shadows[i].realm], 0,
					       sizeof(*checker->realms));
			}
			memset(&shadows[first], 0, num * sizeof(*shadows));
		}
	}
	memset(checker->count, 0, sizeof(checker->count));
	checker->last_table.fid = 0;
	checker->recent.block = FORGOTTEN;
	checker->running = 0;
}

void invariant_set_gpt(struct rmm *rmm, uint64_t pa, enum rmm_gpt gpt)
{
	shadow_find(rmm, pa)->expected.gpt = gpt & 0x7f;
}

/* --- memory --- */

bool content_wiped(const struct rmm *rmm, uint64_t pa)
{
	const uint64_t *memory = memory_find(rmm, pa);

	if (!rmm->config.wipe_pattern)
		return scan_is_zero(memory);
	for (unsigned int i = 0; i < RMM_GRANULE_SIZE / sizeof(*memory); i++) {
		if (memory[i] != granule_wipe_word(rmm->config.wipe_pattern, pa + i * 8))
			return false;
	}
	return true;
}

void invariant_hashed(struct checker *checker, uint8_t algo, const void *data, size_t size,
		      const uint8_t *digest)
{
	struct hashed *hashed = &checker->hashed;

	if (checker->level != RMM_INVARIANTS_STEP)
		return;
	if (size == RMM_GRANULE_SIZE) {
		struct hashed_page *page = &hashed->page[hashed->next_page++ % HASHED_PAGES];

		page->valid = true;
		page->algo = algo;
		memcpy(page->data, data, size);
		memcpy(page->digest, digest, HASH_MAX_SIZE);
		return;
	}
	hashed->algo = algo;
	if (hashed->num < HASHED_DESCRIPTORS) {
		memcpy(hashed->descriptor[hashed->num].data, data, size);
		memcpy(hashed->descriptor[hashed->num].digest, digest, HASH_MAX_SIZE);
		hashed->num++;
	}
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
	return place_walk(rmm, realm, ipa, target, place);
}

/* --- one call of the Host --- */

#define KIND(name, ...) [RMI_##name - RMI_FID_FIRST] = {__VA_ARGS__}
static const struct call_kind kinds[] = {
	KIND(GRANULE_DELEGATE, .granule = 1, .apply = apply_delegate),
	KIND(GRANULE_UNDELEGATE, .granule = 1, .apply = apply_undelegate),
	KIND(DATA_CREATE, .rd = 1, .granule = 2, .ipa = 3, .buffer = 4, .measures = 1,
	     .apply = apply_data_create),
	KIND(DATA_CREATE_UNKNOWN, .rd = 1, .granule = 2, .ipa = 3,
	     .apply = apply_data_create_unknown),
	KIND(DATA_DESTROY, .rd = 1, .ipa = 2, .apply = apply_data_destroy,
	     .output = output_destroy),
	KIND(REALM_ACTIVATE, .rd = 1, .apply = apply_realm_activate),
	KIND(REALM_CREATE, .granule = 1, .buffer = 2, .measures = 1, .apply = apply_realm_create,
	     .output = output_realm_create),
	KIND(REALM_DESTROY, .rd = 1, .apply = apply_realm_destroy),
	KIND(REC_CREATE, .rd = 1, .granule = 2, .buffer = 3, .measures = 1,
	     .apply = apply_rec_create),
	KIND(REC_DESTROY, .rec = 1, .apply = apply_rec_destroy),
	KIND(REC_ENTER, .rec = 1, .buffer = 2, .apply = apply_rec_enter),
	KIND(RTT_CREATE, .rd = 1, .granule = 2, .ipa = 3, .level = 4, .parent = 1,
	     .apply = apply_rtt_create),
	KIND(RTT_DESTROY, .rd = 1, .ipa = 2, .level = 3, .parent = 1, .apply = apply_rtt_destroy,
	     .output = output_destroy),
	KIND(RTT_MAP_UNPROTECTED, .rd = 1, .ipa = 2, .level = 3),
	KIND(RTT_READ_ENTRY, .rd = 1, .ipa = 2, .level = 3, .reads = 1,
	     .output = output_read_entry),
	KIND(RTT_UNMAP_UNPROTECTED, .rd = 1, .ipa = 2, .level = 3, .output = output_unmap),
	KIND(PSCI_COMPLETE, .rec = 1, .other_rec = 2),
	KIND(RTT_FOLD, .rd = 1, .ipa = 2, .level = 3, .parent = 1, .apply = apply_rtt_fold,
	     .output = output_fold),
	KIND(REC_AUX_COUNT, .rd = 1, .reads = 1),
	KIND(RTT_INIT_RIPAS, .rd = 1, .ipa = 2, .measures = 1, .ripas = 1, .apply = apply_ripas,
	     .output = output_ripas),
	KIND(RTT_SET_RIPAS, .rd = 1, .rec = 2, .ipa = 3, .ripas = 1, .apply = apply_ripas,
	     .output = output_ripas),
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
	if (scan_digest(memory_find(call->rmm, pa)) != shadow->digest)
		invariant_violated(call->rmm, INVARIANT_I22, "content of DATA 0x%llx changed",
				   (unsigned long long)pa);
}

/* The entries that *_RIPAS may change, and their neighbours: of them it is to keep its hands off. */
static void call_entries(struct call *call)
{
	const unsigned int shift = 39 - 9 * (unsigned int)call->place.level;
	const uint64_t base = call->place.ipa, top = call->x[call->kind->ipa + 1];
	const unsigned int first = call->place.index ? call->place.index - 1 : 0;
	const uint64_t left = RTT_ENTRIES - call->place.index;
	uint64_t wanted = top > base ? ((top - base - 1) >> shift) + 2 : 1;

	if (wanted > left)
		wanted = left;
	call->u.entries.first = first;
	call->u.entries.num = (unsigned int)wanted + call->place.index - first;
	memcpy(call->u.entries.old, &call->place.entries[first],
	       call->u.entries.num * sizeof(call->u.entries.old[0]));
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
		place_walk(call->rmm, call->realm, call->x[kind->ipa], (int)target, &call->place);
	if (!call->placed)
		invariant_violated(call->rmm, INVARIANT_I5,
				   "the tables for IPA 0x%llx lead outside memory",
				   (unsigned long long)call->x[kind->ipa]);
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
			scan_is_filled(entries, entries[0], stride) &&
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

/* What of the Host's parameters means something. */
static void realm_params_copy(struct rmi_realm_params *to, const struct rmi_realm_params *from)
{
	to->flags = from->flags;
	to->s2sz = from->s2sz;
	to->sve_vl = from->sve_vl;
	to->num_bps = from->num_bps;
	to->num_wps = from->num_wps;
	to->pmu_num_ctrs = from->pmu_num_ctrs;
	to->hash_algo = from->hash_algo;
	memcpy(to->rpv, from->rpv, sizeof(to->rpv));
	to->vmid = from->vmid;
	to->rtt_base = from->rtt_base;
	to->rtt_level_start = from->rtt_level_start;
	to->rtt_num_start = from->rtt_num_start;
}

static void rec_params_copy(struct rmi_rec_params *to, const struct rmi_rec_params *from)
{
	to->flags = from->flags;
	to->mpidr = from->mpidr;
	to->pc = from->pc;
	memcpy(to->gprs, from->gprs, sizeof(to->gprs));
	to->num_aux = from->num_aux;
	memcpy(to->aux, from->aux, sizeof(to->aux));
}

static void call_buffer(struct call *call)
{
	const struct rmm_platform *platform = &call->rmm->config.platform;
	const struct granule *granule;
	const void *view;

	call->buffer = call->x[call->kind->buffer];
	granule = granule_aligned(call->buffer) ? granule_find(call->rmm, call->buffer) : NULL;
	call->buffer_permitted =
		granule && (granule->gpt == RMM_GPT_NS || granule->gpt == RMM_GPT_AAP);
	if (!call->buffer_permitted ||
	    (call->fid != RMI_REALM_CREATE && call->fid != RMI_REC_CREATE))
		return;
	view = platform->is_clean && platform->is_clean(platform->ctx, call->buffer)
		       ? zero_granule
		       : memory_find(call->rmm, call->buffer);
	if (call->fid == RMI_REALM_CREATE)
		realm_params_copy(&call->u.realm_params, view);
	else
		rec_params_copy(&call->u.rec_params, view);
}

/*
 * Registers were written one by one just before they are copied here: copying two at a time would make the
 * processor wait for both to be in the cache.
 */
static void registers_copy(uint64_t *to, const uint64_t *regs, unsigned int num)
{
	const volatile uint64_t *from = regs;

	for (unsigned int i = 0; i < num; i++)
		to[i] = from[i];
}

static void call_init(struct call *call, struct rmm *rmm, const uint64_t *x)
{
	const uint32_t fid = smccc_fid(x[0]);

	call->rmm = rmm;
	call->checker = rmm->checker;
	call->fid = fid;
	call->kind = &kinds[fid - RMI_FID_FIRST < NUM_KINDS ? fid - RMI_FID_FIRST : 0];
	call->realm = NULL;
	call->placed = call->has_rec = call->has_other = call->ran = false;
	call->buffer_permitted = true;
	call->child = PA_NONE;
	registers_copy(call->x, x, 7);
}

/* Whoever changed something since the last call has to be found before this one hides it. */
static void call_before(struct call *call, struct rmm *rmm, const uint64_t *x)
{
	const struct call_kind *kind;
	uint32_t fid;

	call_init(call, rmm, x);
	kind = call->kind;
	fid = call->fid;
	call->checker->recent.block = FORGOTTEN;
	if (kind->granule) {
		const struct bank *bank = bank_find(rmm, call->x[kind->granule]);

		if (bank)
			granule_compare_in(rmm, bank, call->x[kind->granule] & ~GRANULE_MASK,
					   false);
	}
	if (fid == RMI_GRANULE_DELEGATE) {
		const struct rmm_platform *platform = &rmm->config.platform;

		call->was_clean = platform->is_clean && granule_aligned(call->x[1]) &&
				  platform->is_clean(platform->ctx, call->x[1]);
	}
	if (kind->measures) {
		struct hashed *hashed = &call->checker->hashed;

		hashed->num = hashed->next = 0;
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
	if (!call->realm || !kind->rd)
		return;
	call_place(call);
	if (!call->placed)
		return;
	if (fid == RMI_DATA_DESTROY)
		call_data(call);
	if (fid == RMI_RTT_DESTROY || fid == RMI_RTT_FOLD)
		call_child(call);
	if (kind->ripas)
		call_entries(call);
}

/* The command was allowed to do what it says it did. */
static bool call_possible(struct call *call)
{
	const struct call_kind *kind = call->kind;

	if (kind->buffer && !call->buffer_permitted) {
		invariant_violated(call->rmm, INVARIANT_I21,
				   "the buffer at 0x%llx is not the Host's",
				   (unsigned long long)call->buffer);
		return false;
	}
	if ((kind->rd && !call->realm) || (kind->ipa && !call->placed)) {
		invariant_violated(call->rmm, INVARIANT_T2,
				   "a command succeeds where there is no Realm or no entry");
		return false;
	}
	return true;
}

static void call_compare_recs(struct call *call, bool failed)
{
	const struct call_kind *kind = call->kind;
	struct rmm *rmm = call->rmm;

	if (call->has_rec && (failed || call->fid != RMI_REC_DESTROY)) {
		const uint64_t pa = call->x[kind->rec];

		granule_compare(rmm, pa, failed);
		if (!call->ran)
			transition_rec(call, pa, &call->rec, memory_find(rmm, pa));
		rec_check(rmm, pa);
	}
	if (call->has_other) {
		const uint64_t pa = call->x[kind->other_rec];

		granule_compare(rmm, pa, failed);
		transition_rec(call, pa, &call->other, memory_find(rmm, pa));
	}
}

/* After the books say what there is to be: compare what the call named. */
static void call_compare(struct call *call)
{
	const struct call_kind *kind = call->kind;
	struct rmm *rmm = call->rmm;
	const bool failed = !call->success && !call->ran;

	if (kind->granule) {
		const struct bank *bank = bank_find(rmm, call->x[kind->granule]);

		if (bank)
			granule_compare_in(rmm, bank, call->x[kind->granule] & ~GRANULE_MASK,
					   failed);
	}
	if (call->realm && call->realm->exists) {
		granule_compare(rmm, call->realm->rd, failed);
		realm_compare(rmm, call->realm, failed, kind->measures);
	}
	if (kind->ipa && call->placed) {
		const uint64_t now = call->place.entries[call->place.index];

		granule_compare(rmm, call->place.table, failed);
		if (failed)
			transition_entry(call, call->place.ipa, call->place.level,
					 call->place.entry, now);
		entry_check(rmm, call->realm, call->place.ipa, call->place.level, now);
	}
	if (kind->rec)
		call_compare_recs(call, failed);
}

static void call_after(struct call *call, const struct rmm_regs *regs)
{
	const struct call_kind *kind = call->kind;
	const uint32_t fid = call->fid;

	registers_copy(call->out, regs->x, 5);
	call->success = call->out[0] == RMI_SUCCESS;
	if (call->success && call_possible(call)) {
		if (kind->apply)
			kind->apply(call);
		if (kind->ipa && !kind->ripas)
			transition_entry(call, call->place.ipa, call->place.level,
					 call->place.entry, call->place.entries[call->place.index]);
	}
	call_compare(call);
	if (!call->success)
		output_error(call);
	if (kind->output)
		kind->output(call);
	if (!call->success || (fid != RMI_RTT_CREATE && fid != RMI_RTT_FOLD))
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
		const struct shadow *shadows = bank->shadows;

		bank_each_touched(bank, i)
		{
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

void invariant_checked(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve)
{
	struct checker *checker = rmm->checker;
	const uint64_t entries = checker->entries;
	struct call call;
	bool enters;

	call_before(&call, rmm, regs->x);
	enters = call.fid == RMI_REC_ENTER;
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

void invariant_judge(struct rmm *rmm, const struct rmm_regs *regs, const uint64_t *x,
		     const struct before *before)
{
	struct call call;

	call_init(&call, rmm, x);
	call.checker->recent.block = FORGOTTEN;
	call.was_clean = before->was_clean;
	call.realm = before->realm;
	call.placed = before->place != NULL;
	if (before->place)
		call.place = *before->place;
	call.child = before->child;
	call.child_first = before->child_first;
	call.child_homogeneous = true;
	call_after(&call, regs);
}

void invariant_smc(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve)
{
	if (rmm->checker->level == RMM_INVARIANTS_STEP) {
		/* Most calls are this one. */
		if (regs->x[0] == RMI_RTT_FOLD) {
			step_rtt_fold(rmm, regs, serve);
			return;
		}
		switch (smccc_fid(regs->x[0])) {
		case RMI_GRANULE_DELEGATE:
			step_delegate(rmm, regs, serve);
			return;
		case RMI_GRANULE_UNDELEGATE:
			step_undelegate(rmm, regs, serve);
			return;
		case RMI_RTT_CREATE:
			step_rtt_create(rmm, regs, serve);
			return;
		case RMI_RTT_FOLD:
			step_rtt_fold(rmm, regs, serve);
			return;
		case RMI_DATA_CREATE_UNKNOWN:
			step_data_create_unknown(rmm, regs, serve);
			return;
		case RMI_DATA_DESTROY:
			step_data_destroy(rmm, regs, serve);
			return;
		case RMI_RTT_READ_ENTRY:
			step_read_entry(rmm, regs, serve);
			return;
		case RMI_RTT_MAP_UNPROTECTED:
			step_map(rmm, regs, serve);
			return;
		case RMI_RTT_UNMAP_UNPROTECTED:
			step_unmap(rmm, regs, serve);
			return;
		}
	}
	invariant_checked(rmm, regs, serve);
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
