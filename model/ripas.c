/* SPDX-License-Identifier: BSD-3-Clause */
/* ripas.c - the commands by which RIPAS changes: the Host's before activation, the Realm's after. */
#include "command.h"
#include "measurement.h"
#include "rec.h"
#include "rtt.h"

/*
 * How many entries, from the one where the walk for `base` ended, lie in this table and end at or below
 * `top`: both commands stop there at the latest.
 */
static unsigned int entries_below(const struct walk *walk, uint64_t base, uint64_t top)
{
	const unsigned int left = rtt_num_entries(walk->level) - walk->index;
	const uint64_t wanted = (top - base) >> rtt_shift(walk->level);

	return wanted < left ? (unsigned int)wanted : left;
}

/* RTT_INIT_RIPAS can change `entry`. */
static bool ripas_can_init(const struct rmm *rmm, uint64_t entry)
{
	if (rtte_hipas(entry) != RTTE_UNASSIGNED)
		return false;
	return rtte_ripas(entry) != RMI_RIPAS_DESTROYED || !rmm_follows_tfrmm(rmm, RMM_TFRMM_Q3);
}

uint64_t rmi_rtt_init_ripas(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1], base = x[2], top = x[3];
	struct granule *rd_gran;
	unsigned int limit;
	struct walk walk;
	struct rd *rd;
	void *memory;

	CHECKS(RTT_INIT_RIPAS);
	FAIL_IF(size_valid, top <= base);
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	rd = memory;
	FAIL_IF(top_gran_align, !granule_aligned(top));
	FAIL_IF(top_bound, top > realm_protected_end(rd));
	FAIL_IF(base_gran_align, !granule_aligned(base));
	FAIL_IF(realm_state, rd->state != RMM_REALM_NEW);
	walk = rtt_walk(rmm, rd, base, RTT_PAGE_LEVEL);
	limit = entries_below(&walk, base, top);
	FAIL_IF_AT(base_align, !rtt_aligned(base, walk.level), walk.level);
	FAIL_IF_AT(rtte_state, !ripas_can_init(rmm, walk.entry), walk.level);
	FAIL_IF_AT(no_progress, limit == 0, walk.level);
	CHECKS_END();

	const uint64_t size = rtt_entry_size(walk.level);
	uint64_t ipa = base;

	rtt_dirty(&walk, limit);
	for (unsigned int i = 0; i < limit; i++) {
		uint64_t *entry = &walk.entries[walk.index + i];

		if (!ripas_can_init(rmm, *entry))
			break;
		*entry = rtte_with_ripas(*entry, RMI_RIPAS_RAM);
		measurement_ripas(rmm, rd, ipa, ipa + size);
		ipa += size;
	}
	out->x[1] = ipa;
	return RMI_SUCCESS;
}

/* RTT_SET_RIPAS can change `entry` for the request of `rec`. */
static bool ripas_can_set(const struct rec *rec, uint64_t entry)
{
	if (rtte_is_table(entry))
		return false;
	return rtte_ripas(entry) != RMI_RIPAS_DESTROYED || rec->ripas_destroyed;
}

uint64_t rmi_rtt_set_ripas(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1], rec_pa = x[2], base = x[3], top = x[4];
	struct granule *rd_gran, *rec_gran;
	const struct rd *rd;
	void *memory;
	unsigned int limit;
	struct walk walk;
	struct rec *rec;

	CHECKS(RTT_SET_RIPAS);
	FAIL_IF(size_valid, top <= base);
	FAIL_IF(top_gran_align, !granule_aligned(top) && !rmm_follows_tfrmm(rmm, RMM_TFRMM_Q4B));
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	FAIL_IF(rec_align, !granule_aligned(rec_pa));
	FAIL_IF(rec_bound, !(rec_gran = granule_find_delegable(rmm, rec_pa)));
	FAIL_IF(rec_gran_state, rec_gran->state != RMM_GRANULE_REC);
	rd = memory;
	rec = granule_memory(rmm, rec_pa);
	FAIL_IF(rec_state, rec_is_running(rec_gran));
	FAIL_IF(rec_owner, rec->owner != rd_pa);
	FAIL_IF(base_bound, base != rec->ripas_addr);
	FAIL_IF(top_bound, top > rec->ripas_top);
	walk = rtt_walk(rmm, rd, base, RTT_PAGE_LEVEL);
	limit = entries_below(&walk, base, top);
	FAIL_IF_AT(base_align, !rtt_aligned(base, walk.level), walk.level);
	FAIL_IF_AT(no_progress, limit == 0 || !ripas_can_set(rec, walk.entry), walk.level);
	CHECKS_END();

	uint64_t *const entries = &walk.entries[walk.index];
	unsigned int i;

	rtt_dirty(&walk, limit);
	for (i = 0; i < limit && ripas_can_set(rec, entries[i]); i++)
		entries[i] = rtte_with_ripas(entries[i], rec->ripas_value);
	rec->ripas_addr = base + i * rtt_entry_size(walk.level);
	out->x[1] = rec->ripas_addr;
	return RMI_SUCCESS;
}
