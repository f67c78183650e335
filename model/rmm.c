/* SPDX-License-Identifier: BSD-3-Clause */
/* rmm.c - making an RMM, resetting it, and its configuration. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <rmm/rmi.h>
#include "granule.h"
#include "invariant.h"
#include "scan.h"

#define TFRMM_ITEMS                                                                                \
	(RMM_TFRMM_Q1 | RMM_TFRMM_Q2 | RMM_TFRMM_Q3 | RMM_TFRMM_Q4B | RMM_TFRMM_Q5 |               \
	 RMM_TFRMM_Q6 | RMM_TFRMM_Q7 | RMM_TFRMM_Q14 | RMM_TFRMM_Q17 | RMM_TFRMM_Q23)

/* An RTT entry holds physical addresses below this. */
#define PA_END (UINT64_C(1) << 52)

void rmm_config_init(struct rmm_config *config)
{
	*config = (struct rmm_config){
		.s2sz = 48,
		.min_ipa_width = 32,
		.num_bps = 15,
		.num_wps = 15,
		.pmu = true,
		.pmu_num_ctrs = 31,
		.hash_sha_256 = true,
		.hash_sha_512 = true,
		.gicv3_num_lrs = 3,
		.max_recs_order = 10,
		.vmid_bits = 8,
		.rec_aux = 16,
	};
}

static bool fits(unsigned int value, unsigned int width)
{
	return value >> width == 0;
}

static bool config_valid(const struct rmm_config *config)
{
	return config->s2sz <= (config->lpa2 ? 52 : 48) && config->min_ipa_width >= 13 &&
	       config->min_ipa_width <= config->s2sz &&
	       fits(config->sve_vl, RMI_FEATURE_0_SVE_VL_WIDTH) &&
	       fits(config->num_bps, RMI_FEATURE_0_NUM_BPS_WIDTH) &&
	       fits(config->num_wps, RMI_FEATURE_0_NUM_WPS_WIDTH) &&
	       fits(config->pmu_num_ctrs, RMI_FEATURE_0_PMU_NUM_CTRS_WIDTH) &&
	       fits(config->gicv3_num_lrs, RMI_FEATURE_0_GICV3_NUM_LRS_WIDTH) &&
	       fits(config->max_recs_order, RMI_FEATURE_0_MAX_RECS_ORDER_WIDTH) &&
	       (config->vmid_bits == 8 || config->vmid_bits == 16) &&
	       config->invariants <= RMM_INVARIANTS_FULL &&
	       (config->invariants == RMM_INVARIANTS_OFF || config->violation) &&
	       config->rec_aux <= RMI_REC_MAX_AUX && !(config->tfrmm & ~TFRMM_ITEMS);
}

static bool bank_valid(const struct rmm_bank *bank)
{
	return bank->size && bank->view && granule_aligned(bank->base) &&
	       granule_aligned(bank->size) && granule_aligned((uintptr_t)bank->view) &&
	       bank->base < PA_END && bank->size <= PA_END - bank->base &&
	       !(bank->flags & ~RMM_BANK_NOT_DELEGABLE);
}

static uint64_t feature_0(const struct rmm_config *config)
{
	return (uint64_t)config->s2sz << RMI_FEATURE_0_S2SZ_SHIFT |
	       (uint64_t)config->lpa2 << RMI_FEATURE_0_LPA2_SHIFT |
	       (uint64_t)config->sve << RMI_FEATURE_0_SVE_EN_SHIFT |
	       (uint64_t)config->sve_vl << RMI_FEATURE_0_SVE_VL_SHIFT |
	       (uint64_t)config->num_bps << RMI_FEATURE_0_NUM_BPS_SHIFT |
	       (uint64_t)config->num_wps << RMI_FEATURE_0_NUM_WPS_SHIFT |
	       (uint64_t)config->pmu << RMI_FEATURE_0_PMU_EN_SHIFT |
	       (uint64_t)config->pmu_num_ctrs << RMI_FEATURE_0_PMU_NUM_CTRS_SHIFT |
	       (uint64_t)config->hash_sha_256 << RMI_FEATURE_0_HASH_SHA_256_SHIFT |
	       (uint64_t)config->hash_sha_512 << RMI_FEATURE_0_HASH_SHA_512_SHIFT |
	       (uint64_t)config->gicv3_num_lrs << RMI_FEATURE_0_GICV3_NUM_LRS_SHIFT |
	       (uint64_t)config->max_recs_order << RMI_FEATURE_0_MAX_RECS_ORDER_SHIFT;
}

/* Zeroed memory whose pages cost nothing until they are written. NULL if there is no more. */
static void *lazy_alloc(uint64_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Bytes of bank->granules, rounded up so that the words behind it are aligned. */
static uint64_t bank_granules_size(const struct bank *bank)
{
	return (bank_num_granules(bank) * sizeof(struct granule) + 7) & ~UINT64_C(7);
}

/* The bank's own memory: granules, touched, touched_words, one behind the other. */
static uint64_t bank_alloc_size(const struct bank *bank)
{
	const uint64_t touched = bank_num_touched(bank);

	return bank_granules_size(bank) + (touched + words_for_bits(touched)) * sizeof(uint64_t);
}

static int bank_init(struct bank *bank, const struct rmm_bank *config)
{
	uint8_t *p;

	bank->base = config->base;
	bank->size = config->size;
	bank->view = config->view;
	bank->delegable = !(config->flags & RMM_BANK_NOT_DELEGABLE);
	p = lazy_alloc(bank_alloc_size(bank));
	if (!p)
		return -ENOMEM;
	bank->granules = (struct granule *)p;
	bank->touched = (uint64_t *)(p + bank_granules_size(bank));
	bank->touched_words = bank->touched + bank_num_touched(bank);
	return 0;
}

static int bank_compare(const void *a, const void *b)
{
	const struct bank *x = a, *y = b;

	return x->base < y->base ? -1 : x->base > y->base;
}

static int banks_init(struct rmm *rmm, const struct rmm_config *config)
{
	for (size_t i = 0; i < config->num_banks; i++) {
		int ret;

		if (!bank_valid(&config->banks[i]))
			return -EINVAL;
		ret = bank_init(rmm->banks_end, &config->banks[i]);
		if (ret)
			return ret;
		rmm->num_granules += bank_num_granules(rmm->banks_end);
		rmm->banks_end++;
	}
	qsort(rmm->banks, config->num_banks, sizeof(*rmm->banks), bank_compare);
	for (struct bank *bank = rmm->banks + 1; bank < rmm->banks_end; bank++) {
		if (bank->base < bank[-1].base + bank[-1].size)
			return -EINVAL;
	}
	return 0;
}

int rmm_create(const struct rmm_config *config, struct rmm **out)
{
	struct rmm *rmm;
	int ret;

	if (!config->num_banks || !config_valid(config))
		return -EINVAL;
	rmm = calloc(1, sizeof(*rmm));
	if (!rmm)
		return -ENOMEM;
	rmm->banks = calloc(config->num_banks, sizeof(*rmm->banks));
	rmm->banks_end = rmm->banks;
	if (!rmm->banks) {
		ret = -ENOMEM;
		goto out;
	}
	rmm->config = *config;
	rmm->config.banks = NULL;
	rmm->feature_0 = feature_0(config);
	rmm->first_realm = PA_NONE;
	rmm->folded_walk.block = FOLDED_WALK_NONE;
	rmm->folded_walk.shift = GRANULE_SHIFT;
	ret = banks_init(rmm, config);
	if (!ret)
		ret = checker_create(rmm);
out:
	if (ret)
		rmm_destroy(rmm);
	else
		*out = rmm;
	return ret;
}

void rmm_destroy(struct rmm *rmm)
{
	if (!rmm)
		return;
	checker_destroy(rmm);
	for (struct bank *bank = rmm->banks; bank < rmm->banks_end; bank++)
		munmap(bank->granules, bank_alloc_size(bank));
	free(rmm->banks);
	free(rmm);
}

/* Nothing is known of the granule: it is as it was at first. */
static inline bool granule_is_new(const struct granule *granule)
{
	static const struct granule untouched;

	return !memcmp(granule, &untouched, sizeof(*granule));
}

/* The granule is Non-secure again, with no trace of what the RMM had in it. */
static void granule_reset(struct rmm *rmm, const struct bank *bank, uint64_t index)
{
	const struct rmm_platform *platform = &rmm->config.platform;
	struct granule *granule = &bank->granules[index];
	const bool realm = granule->gpt == RMM_GPT_REALM;
	const bool tells = granule->gpt != RMM_GPT_NS && platform->gpt_changed;

	if (realm && !granule->clean)
		scan_wipe(bank->view + (index << GRANULE_SHIFT), granule->dirty);
	memset(granule, 0, sizeof(*granule));
	if (tells)
		platform->gpt_changed(platform->ctx, bank->base + (index << GRANULE_SHIFT),
				      RMM_GPT_NS, realm);
}

/* Of a chunk nothing may be known but of one granule. Which ones it is takes no branches, which nobody could guess. */
static void chunk_reset(struct rmm *rmm, const struct bank *bank, uint64_t first, uint64_t num)
{
	uint64_t touched = 0;

	for (uint64_t i = 0; i < num; i++)
		touched |= (uint64_t)!granule_is_new(&bank->granules[first + i]) << i;
	for (; touched; touched &= touched - 1)
		granule_reset(rmm, bank, first + (uint64_t)__builtin_ctzll(touched));
}

void rmm_reset(struct rmm *rmm)
{
	if (rmm->checker)
		checker_reset(rmm);
	for (struct bank *bank = rmm->banks; bank < rmm->banks_end; bank++) {
		bank_each_chunk(bank, first, num) chunk_reset(rmm, bank, first, num);
		for (uint64_t i = 0; i < words_for_bits(bank_num_touched(bank)); i++) {
			for (uint64_t bits = bank->touched_words[i]; bits; bits &= bits - 1)
				bank->touched[i * 64 + (uint64_t)__builtin_ctzll(bits)] = 0;
			/* Written only where needed: an untouched page of it stays without memory. */
			if (bank->touched_words[i])
				bank->touched_words[i] = 0;
		}
	}
	memset(rmm->count, 0, sizeof(rmm->count));
	rmm->first_realm = PA_NONE;
	rmm->folded_walk.block = FOLDED_WALK_NONE;
	rmm->last_call = (struct last_call){NULL, NULL};
	rmm->last_realm_call = (struct last_call){NULL, NULL};
}
