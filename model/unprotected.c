/* SPDX-License-Identifier: BSD-3-Clause */
/* unprotected.c - the commands that map and unmap Non-secure memory in the unprotected half. */
#include "command.h"
#include "rtt.h"

/*
 * Whether a Realm can have an unprotected mapping at `level`. The starting level is known only for a
 * Realm that exists; without one the conditions on rd are the ones that fail.
 */
static bool level_maps(const struct rmm *rmm, uint64_t rd_pa, int64_t level)
{
	const struct rd *rd;

	if (level < 1 || level > RTT_PAGE_LEVEL)
		return false;
	if (!granule_in_state(rmm, rd_pa, RMM_GRANULE_RD))
		return true;
	rd = granule_memory(rmm, rd_pa);
	return level >= rd->rtt_level_start;
}

static bool ipa_unprotected(const struct rd *rd, uint64_t ipa)
{
	return ipa >= realm_protected_end(rd) && ipa < realm_ipa_end(rd);
}

/* Bits above the fields of a descriptor are judged as part of the address: they make it too high. */
static bool attr_valid(const struct rd *rd, uint64_t desc)
{
	const uint64_t fields =
		RMI_DESC_MEMATTR_MASK | RMI_DESC_S2AP_MASK |
		(rd->lpa2 ? RMI_DESC_ADDR_LPA2_MASK | RMI_DESC_OA_51_50_MASK : RTTE_ADDR);

	return !(desc & ~fields) &&
	       (desc & RMI_DESC_MEMATTR_MASK) >> RMI_DESC_MEMATTR_SHIFT != RMI_MEMATTR_RESERVED;
}

static uint64_t desc_addr(const struct rd *rd, uint64_t desc)
{
	if (!rd->lpa2)
		return desc & RTTE_ADDR;
	return (desc & RMI_DESC_ADDR_LPA2_MASK) |
	       (desc & RMI_DESC_OA_51_50_MASK) >> RMI_DESC_OA_51_50_SHIFT << 50;
}

uint64_t rmi_rtt_map_unprotected(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1], ipa = x[2], desc = x[4];
	const int64_t level = (int64_t)x[3];
	struct granule *rd_gran;
	const struct rd *rd;
	void *memory;
	struct walk walk;
	uint64_t addr;

	CHECKS(RTT_MAP_UNPROTECTED);
	FAIL_IF(level_bound, !level_maps(rmm, rd_pa, level));
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	rd = memory;
	addr = desc_addr(rd, desc);
	FAIL_IF(attr_valid, !attr_valid(rd, desc));
	FAIL_IF(addr_align, !rtt_aligned(addr, (int)level));
	FAIL_IF(addr_bound, addr >= realm_pa_end(rd));
	FAIL_IF(ipa_bound, !ipa_unprotected(rd, ipa));
	FAIL_IF(ipa_align, !rtt_aligned(ipa, (int)level));
	walk = rtt_walk(rmm, rd, ipa, (int)level);
	FAIL_IF_AT(rtt_walk, walk.level < level, walk.level);
	FAIL_IF_AT(rtte_state, rtte_is_live(walk.entry), walk.level);
	CHECKS_END();

	/*
	 * The output address is not looked at: the GPT protects what it names when it is accessed. No entry of this
	 * half ever is zero, so that the table is known to hold something here since it was made.
	 */
	walk.entries[walk.index] =
		RTTE_ASSIGNED_NS | addr | (desc & (RMI_DESC_MEMATTR_MASK | RMI_DESC_S2AP_MASK));
	return RMI_SUCCESS;
}

uint64_t rmi_rtt_unmap_unprotected(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1], ipa = x[2];
	const int64_t level = (int64_t)x[3];
	struct granule *rd_gran;
	const struct rd *rd;
	void *memory;
	struct walk walk;

	CHECKS(RTT_UNMAP_UNPROTECTED);
	FAIL_IF(level_bound, !level_maps(rmm, rd_pa, level));
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	rd = memory;
	FAIL_IF(ipa_bound, !ipa_unprotected(rd, ipa));
	FAIL_IF(ipa_align, !rtt_aligned(ipa, (int)level));
	walk = rtt_walk(rmm, rd, ipa, (int)level);
	out->x[1] = rtt_skip_non_live(&walk, ipa);
	FAIL_IF_AT(rtt_walk, walk.level < level, walk.level);
	FAIL_IF_AT(rtte_state, rtte_hipas(walk.entry) != RTTE_ASSIGNED_NS, walk.level);
	CHECKS_END();

	walk.entries[walk.index] = RTTE_UNASSIGNED_NS;
	out->x[1] = rtt_skip_non_live(&walk, ipa);
	return RMI_SUCCESS;
}
