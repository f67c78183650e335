/* SPDX-License-Identifier: BSD-3-Clause */
/* realm.c - the commands that create, activate and destroy Realms. */
#include <string.h>
#include "command.h"
#include "measurement.h"
#include "rtt.h"

bool realm_geometry_valid(unsigned int ipa_width, int64_t level, uint32_t num, bool lpa2,
			  unsigned int pa_bits)
{
	unsigned int min, max, single;

	if (level < (lpa2 ? -1 : 0) || level > RTT_PAGE_LEVEL)
		return false;
	/* At least two entries, one for each half; at most sixteen full tables. */
	min = rtt_shift((int)level) + 1;
	single = rtt_shift((int)level) + 9;
	if (level < 0)
		max = min + 3;
	else if (level == 0 && !lpa2)
		max = min + 8;
	else
		max = min + 8 + 4;
	if (ipa_width < min || ipa_width > max)
		return false;
	if (level == 0 && pa_bits < 44)
		return false;
	return num == (ipa_width <= single ? 1u : 1u << (ipa_width - single));
}

/* The parameters, and not what is between them and behind. */
static void params_read(const struct rmm *rmm, uint64_t pa, struct rmi_realm_params *params)
{
	const struct rmi_realm_params *from = ns_view(rmm, pa);

	params->flags = from->flags;
	params->s2sz = from->s2sz;
	params->sve_vl = from->sve_vl;
	params->num_bps = from->num_bps;
	params->num_wps = from->num_wps;
	params->pmu_num_ctrs = from->pmu_num_ctrs;
	params->hash_algo = from->hash_algo;
	memcpy(params->rpv, from->rpv, sizeof(params->rpv));
	params->vmid = from->vmid;
	params->rtt_base = from->rtt_base;
	params->rtt_level_start = from->rtt_level_start;
	params->rtt_num_start = from->rtt_num_start;
}

static bool params_supported(const struct rmm_config *config, const struct rmi_realm_params *params)
{
	if (params->flags & RMI_REALM_FLAG_LPA2 && !config->lpa2)
		return false;
	if (params->s2sz < config->min_ipa_width || params->s2sz > config->s2sz)
		return false;
	if (params->num_bps == 0 || params->num_bps > config->num_bps)
		return false;
	if (params->num_wps == 0 || params->num_wps > config->num_wps)
		return false;
	if (params->flags & RMI_REALM_FLAG_SVE && (!config->sve || params->sve_vl > config->sve_vl))
		return false;
	if (params->flags & RMI_REALM_FLAG_PMU &&
	    (!config->pmu || params->pmu_num_ctrs > config->pmu_num_ctrs))
		return false;
	return params->hash_algo == RMI_HASH_SHA_512 ? config->hash_sha_512 : config->hash_sha_256;
}

static bool rd_aliases_rtt(uint64_t rd_pa, const struct rmi_realm_params *params)
{
	return params->rtt_num_start && rd_pa >= params->rtt_base &&
	       rd_pa - params->rtt_base <= (uint64_t)(params->rtt_num_start - 1) * RMM_GRANULE_SIZE;
}

static bool rtt_base_aligned(const struct rmm *rmm, const struct rmi_realm_params *params)
{
	if (rmm_follows_tfrmm(rmm, RMM_TFRMM_Q5) || !params->rtt_num_start)
		return granule_aligned(params->rtt_base);
	return params->rtt_base % ((uint64_t)params->rtt_num_start * RMM_GRANULE_SIZE) == 0;
}

static bool rtt_roots_delegated(const struct rmm *rmm, const struct rmi_realm_params *params)
{
	for (uint32_t i = 0; i < params->rtt_num_start; i++) {
		if (!granule_in_state(rmm, params->rtt_base + (uint64_t)i * RMM_GRANULE_SIZE,
				      RMM_GRANULE_DELEGATED))
			return false;
	}
	return true;
}

static bool vmid_free(const struct rmm *rmm, uint16_t vmid)
{
	uint64_t pa = rmm->first_realm;

	if (vmid >> rmm->config.vmid_bits)
		return false;
	while (pa != PA_NONE) {
		const struct rd *rd = granule_memory(rmm, pa);

		if (rd->vmid == vmid)
			return false;
		pa = rd->next;
	}
	return true;
}

/* Where the address of the first Realm at or above `rd_pa` stands in the list of Realms. */
static uint64_t *realm_link(struct rmm *rmm, uint64_t rd_pa)
{
	uint64_t *link = &rmm->first_realm;

	while (*link < rd_pa)
		link = &((struct rd *)granule_memory(rmm, *link))->next;
	return link;
}

uint64_t rmi_realm_create(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1], params_pa = x[2];
	struct rmi_realm_params params;
	struct granule *rd_gran;

	CHECKS(REALM_CREATE);
	FAIL_IF(params_align, !granule_aligned(params_pa));
	FAIL_IF(params_bound, !granule_find_delegable(rmm, params_pa));
	FAIL_IF(params_pas, ns_faults(rmm, params_pa, false));
	params_read(rmm, params_pa, &params);
	FAIL_IF(params_valid, params.hash_algo > RMI_HASH_SHA_512);
	FAIL_IF(params_supp, !params_supported(&rmm->config, &params));
	FAIL_IF(alias, rd_aliases_rtt(rd_pa, &params));
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_delegable(rmm, rd_pa)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_DELEGATED);
	FAIL_IF(rtt_align, !rtt_base_aligned(rmm, &params));
	FAIL_IF(rtt_num_level,
		!realm_geometry_valid(params.s2sz, params.rtt_level_start, params.rtt_num_start,
				      params.flags & RMI_REALM_FLAG_LPA2, rmm->config.s2sz));
	FAIL_IF(rtt_state, !rtt_roots_delegated(rmm, &params));
	FAIL_IF(vmid_valid, !vmid_free(rmm, params.vmid));
	CHECKS_END();

	uint64_t *link = realm_link(rmm, rd_pa);
	struct rd *rd = granule_take(rmm, rd_pa, RMM_GRANULE_RD, granule_eighths(0, sizeof(*rd)));

	memset(rd, 0, sizeof(*rd));
	rd->rtt_base = params.rtt_base;
	rd->state = RMM_REALM_NEW;
	rd->ipa_width = params.s2sz;
	rd->rtt_level_start = (int8_t)params.rtt_level_start;
	rd->rtt_num_start = params.rtt_num_start;
	rd->hash_algo = params.hash_algo;
	rd->lpa2 = params.flags & RMI_REALM_FLAG_LPA2;
	rd->rec_aux = rmm->config.rec_aux;
	rd->vmid = params.vmid;
	memcpy(rd->rpv, params.rpv, sizeof(rd->rpv));
	rd->next = *link;
	*link = rd_pa;
	for (uint32_t i = 0; i < rd->rtt_num_start; i++)
		rtt_root_create(rmm, rd, i);
	measurement_realm(rmm, rd, &params);
	return RMI_SUCCESS;
}

uint64_t rmi_realm_activate(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1];
	struct granule *rd_gran;
	struct rd *rd;
	void *memory;

	CHECKS(REALM_ACTIVATE);
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	rd = memory;
	FAIL_IF(realm_state, rd->state != RMM_REALM_NEW);
	CHECKS_END();

	rd->state = RMM_REALM_ACTIVE;
	return RMI_SUCCESS;
}

static bool realm_live(const struct rmm *rmm, const struct granule *rd_gran, const struct rd *rd)
{
	if (rd_gran->refcount)
		return true;
	for (uint32_t i = 0; i < rd->rtt_num_start; i++) {
		if (granule_find(rmm, rd->rtt_base + (uint64_t)i * RMM_GRANULE_SIZE)->refcount)
			return true;
	}
	return false;
}

uint64_t rmi_realm_destroy(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1];
	struct granule *rd_gran;
	const struct rd *rd;
	void *memory;

	CHECKS(REALM_DESTROY);
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	rd = memory;
	FAIL_IF(realm_live, realm_live(rmm, rd_gran, rd));
	CHECKS_END();

	for (uint32_t i = 0; i < rd->rtt_num_start; i++)
		granule_release(rmm, rd->rtt_base + (uint64_t)i * RMM_GRANULE_SIZE);
	*realm_link(rmm, rd_pa) = rd->next;
	granule_release(rmm, rd_pa);
	return RMI_SUCCESS;
}
