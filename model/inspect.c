/* SPDX-License-Identifier: BSD-3-Clause */
/* inspect.c - read-only views of the RMM's state. */
#include <string.h>
#include "rec.h"
#include "rtt.h"
#include "scan.h"

static struct rmm_granule_view granule_view(const struct granule *granule)
{
	return (struct rmm_granule_view){
		.state = granule->state,
		.gpt = granule->gpt,
		.refcount = granule->refcount,
		.clean = granule->clean,
	};
}

bool rmm_inspect_granule(const struct rmm *rmm, uint64_t pa, struct rmm_granule_view *view)
{
	const struct granule *granule = granule_find(rmm, pa);

	if (!granule || !granule_aligned(pa))
		return false;
	*view = granule_view(granule);
	return true;
}

uint64_t rmm_inspect_count(const struct rmm *rmm, enum rmm_granule_state state)
{
	uint64_t others = 0;

	if (state != RMM_GRANULE_UNDELEGATED)
		return rmm->count[state];
	for (int i = RMM_GRANULE_UNDELEGATED + 1; i < RMM_GRANULE_NUM_STATES; i++)
		others += rmm->count[i];
	return rmm->num_granules - others;
}

const char *rmm_granule_state_name(enum rmm_granule_state state)
{
	static const char *const names[] = {
		"UNDELEGATED", "DELEGATED", "RD", "REC", "REC_AUX", "DATA", "RTT",
	};

	return names[state];
}

const char *rmm_hipas_name(enum rmm_hipas hipas)
{
	static const char *const names[] = {
		"UNASSIGNED", "ASSIGNED", "TABLE", "UNASSIGNED_NS", "ASSIGNED_NS",
	};

	return names[hipas];
}

const char *rmm_ripas_name(enum rmm_ripas ripas)
{
	static const char *const names[] = {"EMPTY", "RAM", "DESTROYED", "NONE"};

	return names[ripas];
}

bool rmm_inspect_undelegated(const struct rmm *rmm, uint64_t pa, uint64_t size)
{
	for (; size; pa += RMM_GRANULE_SIZE, size -= RMM_GRANULE_SIZE) {
		const struct granule *granule = granule_find(rmm, pa);

		if (!granule || granule->state != RMM_GRANULE_UNDELEGATED)
			return false;
	}
	return true;
}

bool rmm_inspect_nonsecure(const struct rmm *rmm, uint64_t pa, uint64_t size)
{
	for (; size; pa += RMM_GRANULE_SIZE, size -= RMM_GRANULE_SIZE) {
		if (!ns_permits(rmm, pa))
			return false;
	}
	return true;
}

void rmm_inspect_each_granule(const struct rmm *rmm,
			      bool (*fn)(void *ctx, uint64_t pa,
					 const struct rmm_granule_view *view),
			      void *ctx)
{
	for (const struct bank *bank = rmm->banks; bank < rmm->banks_end; bank++) {

		bank_each_touched(bank, i) {
			const struct rmm_granule_view view = granule_view(&bank->granules[i]);

			if (view.state == RMM_GRANULE_UNDELEGATED)
				continue;
			if (!fn(ctx, bank->base + (i << GRANULE_SHIFT), &view))
				return;
		}
	}
}

bool rmm_inspect_realm(const struct rmm *rmm, uint64_t rd_pa, struct rmm_realm_view *view)
{
	const struct rd *rd;

	if (!granule_in_state(rmm, rd_pa, RMM_GRANULE_RD))
		return false;
	rd = granule_memory(rmm, rd_pa);
	view->rd = rd_pa;
	view->state = rd->state;
	view->ipa_width = rd->ipa_width;
	view->rtt_level_start = rd->rtt_level_start;
	view->rtt_num_start = rd->rtt_num_start;
	view->rtt_base = rd->rtt_base;
	view->vmid = rd->vmid;
	view->hash_algo = rd->hash_algo;
	view->num_recs = granule_find(rmm, rd_pa)->refcount;
	view->rec_index = rd->rec_index;
	memcpy(view->measurements, rd->measurements, sizeof(view->measurements));
	return true;
}

size_t rmm_inspect_realms(const struct rmm *rmm, uint64_t *rds, size_t max)
{
	uint64_t pa = rmm->first_realm;
	size_t n = 0;

	while (pa != PA_NONE) {
		if (n < max)
			rds[n] = pa;
		n++;
		pa = ((const struct rd *)granule_memory(rmm, pa))->next;
	}
	return n;
}

static enum rmm_hipas entry_hipas(uint64_t entry)
{
	switch (rtte_hipas(entry)) {
	case RTTE_UNASSIGNED:
		return RMM_UNASSIGNED;
	case RTTE_ASSIGNED:
		return RMM_ASSIGNED;
	case RTTE_UNASSIGNED_NS:
		return RMM_UNASSIGNED_NS;
	case RTTE_ASSIGNED_NS:
		return RMM_ASSIGNED_NS;
	default:
		return RMM_TABLE;
	}
}

static void entry_view(const struct walk *walk, uint64_t ipa, struct rmm_entry_view *view)
{
	view->hipas = entry_hipas(walk->entry);
	view->ripas = RMM_RIPAS_NONE;
	if (view->hipas == RMM_UNASSIGNED || view->hipas == RMM_ASSIGNED)
		view->ripas = (enum rmm_ripas)rtte_ripas(walk->entry);
	view->level = (int8_t)walk->level;
	view->size = rtt_entry_size(walk->level);
	view->ipa = ipa & ~(view->size - 1);
	view->pa = rtte_addr(walk->entry);
	view->table = walk->table;
	view->memattr = (uint8_t)((walk->entry & RTTE_MEMATTR) >> RMI_DESC_MEMATTR_SHIFT);
	view->s2ap = (uint8_t)((walk->entry & RTTE_S2AP) >> RMI_DESC_S2AP_SHIFT);
}

/* False as rmm_inspect_entry(). */
static bool entry_walk(const struct rmm *rmm, uint64_t rd_pa, uint64_t ipa, int level,
		       struct walk *walk)
{
	const struct rd *rd;

	if (!granule_in_state(rmm, rd_pa, RMM_GRANULE_RD))
		return false;
	rd = granule_memory(rmm, rd_pa);
	if (ipa >= realm_ipa_end(rd))
		return false;
	*walk = rtt_walk(rmm, rd, ipa, level < RTT_PAGE_LEVEL ? level : RTT_PAGE_LEVEL);
	return true;
}

bool rmm_inspect_entry(const struct rmm *rmm, uint64_t rd_pa, uint64_t ipa, int level,
		       struct rmm_entry_view *view)
{
	struct walk walk;

	if (!entry_walk(rmm, rd_pa, ipa, level, &walk))
		return false;
	entry_view(&walk, ipa, view);
	return true;
}

bool rmm_inspect_run(const struct rmm *rmm, uint64_t rd_pa, uint64_t ipa, int level,
		     struct rmm_entry_view *view, uint64_t *end)
{
	const uint64_t state = RTTE_HIPAS | RTTE_RIPAS;
	unsigned int i, num;
	struct walk walk;
	uint64_t ipa_end;

	if (!entry_walk(rmm, rd_pa, ipa, level, &walk))
		return false;
	entry_view(&walk, ipa, view);
	i = walk.index + 1;
	num = rtt_num_entries(walk.level);
	if (!rtte_is_table(walk.entry))
		i = scan_other(walk.entries, i, num, state, walk.entry);
	*end = view->ipa + (uint64_t)(i - walk.index) * view->size;
	/* What a starting table has beyond the IPA space is not reached. */
	ipa_end = realm_ipa_end(granule_memory(rmm, rd_pa));
	if (*end > ipa_end)
		*end = ipa_end;
	return true;
}

bool rmm_inspect_rec(const struct rmm *rmm, uint64_t rec_pa, struct rmm_rec_view *view)
{
	const struct rec *rec;

	if (!granule_in_state(rmm, rec_pa, RMM_GRANULE_REC))
		return false;
	rec = granule_memory(rmm, rec_pa);
	view->rec = rec_pa;
	view->owner = rec->owner;
	view->mpidr = rec->mpidr;
	view->pc = rec->regs.pc;
	view->running = rec_is_running(granule_find(rmm, rec_pa));
	view->runnable = rec->runnable;
	view->psci_pending = rec->psci_pending;
	view->host_call_pending = rec->host_call_pending;
	view->emulatable_abort = rec->emulatable_abort;
	view->ripas_addr = rec->ripas_addr;
	view->ripas_top = rec->ripas_top;
	view->ripas_value = (enum rmm_ripas)rec->ripas_value;
	view->ripas_destroyed = rec->ripas_destroyed;
	memcpy(view->gprs, rec->regs.gprs, sizeof(view->gprs));
	view->num_aux = rec->num_aux;
	memcpy(view->aux, rec->aux, sizeof(view->aux));
	return true;
}

bool rmm_inspect_read(const struct rmm *rmm, uint64_t pa, void *buffer, size_t size)
{
	const struct bank *bank = bank_find(rmm, pa);
	uint8_t *to = buffer;

	if (!bank || size > bank->size - (pa - bank->base))
		return false;
	while (size) {
		const size_t room = RMM_GRANULE_SIZE - (pa & GRANULE_MASK);
		const size_t part = size < room ? size : room;

		if (granule_find(rmm, pa)->gpt == RMM_GPT_REALM)
			granule_read(rmm, pa, to, part);
		else
			ns_read(rmm, pa, to, part);
		to += part;
		pa += part;
		size -= part;
	}
	return true;
}

#define HASH_PRIME_1 UINT64_C(0x9e3779b185ebca87)
#define HASH_PRIME_2 UINT64_C(0xc2b2ae3d27d4eb4f)

static uint64_t hash_step(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * HASH_PRIME_1;
	return hash ^ hash >> 29;
}

static uint64_t hash_content(const uint64_t *content)
{
	uint64_t lanes[4] = {HASH_PRIME_2, HASH_PRIME_2 + 1, HASH_PRIME_2 + 2, HASH_PRIME_2 + 3};

	for (size_t i = 0; i < RMM_GRANULE_SIZE / sizeof(*content); i += 4) {
		for (size_t j = 0; j < 4; j++)
			lanes[j] = hash_step(lanes[j], content[i + j]);
	}
	return hash_step(hash_step(hash_step(lanes[0], lanes[1]), lanes[2]), lanes[3]);
}

uint64_t rmm_inspect_hash(const struct rmm *rmm)
{
	static const uint64_t zeros[RMM_GRANULE_SIZE / sizeof(uint64_t)];
	const uint64_t clean = hash_content(zeros);
	uint64_t hash = HASH_PRIME_2;

	for (const struct bank *bank = rmm->banks; bank < rmm->banks_end; bank++) {

		bank_each_touched(bank, i) {
			const struct granule *granule = &bank->granules[i];
			const uint64_t content = i << GRANULE_SHIFT;

			if (granule->gpt == RMM_GPT_NS)
				continue;
			hash = hash_step(hash, bank->base + content);
			hash = hash_step(hash, (uint64_t)granule->state << 32 |
						       (uint64_t)granule->gpt << 16 |
						       granule->refcount);
			if (granule->gpt != RMM_GPT_REALM)
				continue;
			/* Whether zeros are known to be zeros is no part of the state. */
			hash = hash_step(
				hash,
				granule->clean
					? clean
					: hash_content((const uint64_t *)(bank->view + content)));
		}
	}
	return hash;
}

static struct rmm_call call_view(const struct last_call *last)
{
	return (struct rmm_call){
		.command = last->command ? last->command->name : NULL,
		.condition = last->condition ? last->condition->label : NULL,
	};
}

struct rmm_call rmm_last_call(const struct rmm *rmm)
{
	return call_view(&rmm->last_call);
}

struct rmm_call rmm_last_realm_call(const struct rmm *rmm)
{
	return call_view(&rmm->last_realm_call);
}
