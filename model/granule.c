/* SPDX-License-Identifier: BSD-3-Clause */
/* granule.c - delegation, wiping, and access to granules and Non-secure memory. */
#include <errno.h>
#include <string.h>
#include "command.h"
#include "granule.h"
#include "invariant.h"
#include "scan.h"

void granule_touch(struct bank *bank, uint64_t pa)
{
	const uint64_t chunk = ((pa - bank->base) >> GRANULE_SHIFT) / GRANULES_PER_CHUNK;
	const uint64_t bit = UINT64_C(1) << (chunk % 64);

	if (!(bank->touched[chunk / 64] & bit)) {
		bank->touched[chunk / 64] |= bit;
		bank->touched_words[chunk / 64 / 64] |= UINT64_C(1) << (chunk / 64 % 64);
	}
}

/* The first of `n` bits from `from` on that is set, or `n`. */
static uint64_t next_set_bit(const uint64_t *words, uint64_t n, uint64_t from)
{
	while (from < n) {
		const uint64_t rest = words[from / 64] >> (from % 64);

		if (rest)
			return from + (uint64_t)__builtin_ctzll(rest);
		from = (from / 64 + 1) * 64;
	}
	return n;
}

uint64_t bank_next_touched(const struct bank *bank, uint64_t index)
{
	const uint64_t end = bank_num_granules(bank);
	const uint64_t num_words = bank_num_touched(bank);
	uint64_t chunk = index / GRANULES_PER_CHUNK;
	uint64_t word = next_set_bit(bank->touched_words, num_words, chunk / 64);

	while (word < num_words) {
		const uint64_t in_word = word == chunk / 64 ? chunk % 64 : 0;
		const uint64_t bit = next_set_bit(&bank->touched[word], 64, in_word);
		const uint64_t first = (word * 64 + bit) * GRANULES_PER_CHUNK;

		if (bit < 64)
			return first > index ? first : index;
		word = next_set_bit(bank->touched_words, num_words, word + 1);
	}
	return end;
}

void granule_wipe(struct rmm *rmm, uint64_t pa, struct granule *granule)
{
	uint64_t *memory = granule_memory(rmm, pa);
	const uint64_t pattern = rmm->config.wipe_pattern;

	if (!pattern) {
		scan_wipe(memory, granule->dirty);
		granule->clean = true;
		granule->dirty = 0;
		return;
	}
	for (size_t i = 0; i < RMM_GRANULE_SIZE / sizeof(*memory); i++)
		memory[i] = granule_wipe_word(pattern, pa + i * sizeof(*memory));
	granule_dirty(granule, GRANULE_DIRTY);
}

void *granule_take(struct rmm *rmm, uint64_t pa, enum rmm_granule_state state, uint8_t eighths)
{
	struct granule *granule = granule_find(rmm, pa);

	granule_set_state(rmm, granule, state);
	granule_dirty(granule, eighths);
	return granule_memory(rmm, pa);
}

void granule_release(struct rmm *rmm, uint64_t pa)
{
	struct granule *granule = granule_find(rmm, pa);

	granule_set_state(rmm, granule, RMM_GRANULE_DELEGATED);
	granule->refcount = 0;
	if (!granule->clean || rmm->config.wipe_pattern)
		granule_wipe(rmm, pa, granule);
}

void granule_read(const struct rmm *rmm, uint64_t pa, void *data, size_t size)
{
	if (granule_find(rmm, pa)->clean)
		memset(data, 0, size);
	else
		memcpy(data, granule_memory(rmm, pa), size);
}

void granule_write(struct rmm *rmm, uint64_t pa, const void *data, size_t size)
{
	struct granule *granule = granule_find(rmm, pa);

	if (data) {
		granule_dirty(granule, granule_eighths(pa & GRANULE_MASK, size));
		memcpy(granule_memory(rmm, pa), data, size);
	} else if (!granule->clean) {
		memset(granule_memory(rmm, pa), 0, size);
	}
}

const uint8_t zero_granule[RMM_GRANULE_SIZE] __attribute__((aligned(64)));

void ns_read(const struct rmm *rmm, uint64_t pa, void *data, size_t size)
{
	if (ns_clean(rmm, pa))
		memset(data, 0, size);
	else
		memcpy(data, granule_memory(rmm, pa), size);
}

void ns_write(struct rmm *rmm, uint64_t pa, const void *data, size_t size)
{
	if (rmm->config.platform.ns_write)
		rmm->config.platform.ns_write(rmm->config.platform.ctx, pa & ~GRANULE_MASK);
	if (data)
		memcpy(granule_memory(rmm, pa), data, size);
	else
		memset(granule_memory(rmm, pa), 0, size);
}

static void gpt_change(struct rmm *rmm, uint64_t pa, struct granule *granule, enum rmm_gpt gpt)
{
	const bool clean = granule->clean;

	granule->gpt = gpt;
	if (gpt != RMM_GPT_REALM) {
		granule->clean = false;
		granule->dirty = 0;
	}
	if (rmm->config.platform.gpt_changed)
		rmm->config.platform.gpt_changed(rmm->config.platform.ctx, pa, gpt, clean);
}

uint64_t rmi_granule_delegate(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t pa = x[1];
	struct granule *granule;

	CHECKS(GRANULE_DELEGATE);
	FAIL_IF(gran_align, !granule_aligned(pa));
	FAIL_IF(gran_bound, !(granule = granule_find_delegable(rmm, pa)));
	FAIL_IF(gran_state, granule->state != RMM_GRANULE_UNDELEGATED);
	FAIL_IF(gran_gpt, granule->gpt != RMM_GPT_NS);
	CHECKS_END();

	granule_touch(bank_find(rmm, pa), pa);
	/* Wiped memory is to look wiped: with a pattern, memory that happens to be zero gets it too. */
	if (!rmm->config.wipe_pattern && ns_clean(rmm, pa)) {
		granule->clean = true;
	} else {
		granule->dirty = GRANULE_DIRTY;
		granule_wipe(rmm, pa, granule);
	}
	granule->state = RMM_GRANULE_DELEGATED;
	rmm->count[RMM_GRANULE_DELEGATED]++;
	gpt_change(rmm, pa, granule, RMM_GPT_REALM);
	return RMI_SUCCESS;
}

uint64_t rmi_granule_undelegate(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t pa = x[1];
	struct granule *granule;

	CHECKS(GRANULE_UNDELEGATE);
	FAIL_IF(gran_align, !granule_aligned(pa));
	FAIL_IF(gran_bound, !(granule = granule_find_delegable(rmm, pa)));
	FAIL_IF(gran_state, granule->state != RMM_GRANULE_DELEGATED);
	CHECKS_END();

	/* Whatever became DELEGATED was wiped then, and nothing writes to a DELEGATED granule. */
	granule->state = RMM_GRANULE_UNDELEGATED;
	rmm->count[RMM_GRANULE_DELEGATED]--;
	gpt_change(rmm, pa, granule, RMM_GPT_NS);
	return RMI_SUCCESS;
}

int rmm_set_gpt(struct rmm *rmm, uint64_t pa, enum rmm_gpt gpt)
{
	struct granule *granule = granule_find(rmm, pa);

	if (!granule_aligned(pa) || !granule || granule->state != RMM_GRANULE_UNDELEGATED ||
	    gpt == RMM_GPT_REALM || gpt > RMM_GPT_AAP)
		return -EINVAL;
	granule_touch(bank_find(rmm, pa), pa);
	gpt_change(rmm, pa, granule, gpt);
	if (rmm->checker)
		invariant_set_gpt(rmm, pa, gpt);
	return 0;
}
