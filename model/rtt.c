/* SPDX-License-Identifier: BSD-3-Clause */
/* rtt.c - translation tables: scans, and the commands that create, destroy, fold and read tables. */
#include <string.h>
#include "command.h"
#include "rtt.h"
#include "scan.h"

unsigned int rtt_num_entries(int level)
{
	return level < 0 ? 16 : RTT_ENTRIES;
}

uint64_t rtt_table_ipa(const struct walk *walk, uint64_t ipa)
{
	return ipa & ~((rtt_entry_size(walk->level) * RTT_ENTRIES) - 1);
}

uint64_t rtt_skip_non_live(const struct walk *walk, uint64_t ipa)
{
	if (rtte_is_live(walk->entries[walk->index]))
		return ipa;
	return rtt_table_ipa(walk, ipa) + scan_other(walk->entries, walk->index + 1,
						     rtt_num_entries(walk->level), RTTE_LIVE, 0) *
						  rtt_entry_size(walk->level);
}

void rtt_root_create(struct rmm *rmm, const struct rd *rd, uint32_t number)
{
	const uint64_t pa = rd->rtt_base + (uint64_t)number * RMM_GRANULE_SIZE;
	const uint64_t size = rtt_entry_size(rd->rtt_level_start);
	const bool clean = granule_find(rmm, pa)->clean;
	/* Numbers of the first entry of this table, and of the unprotected half. */
	const uint64_t first = (uint64_t)number * RTT_ENTRIES;
	const uint64_t half = realm_protected_end(rd) / size;
	const unsigned int unprotected = half <= first		      ? 0
					 : half < first + RTT_ENTRIES ? (unsigned int)(half - first)
								      : RTT_ENTRIES;
	const uint8_t written =
		unprotected < RTT_ENTRIES
			? granule_eighths(unprotected * sizeof(uint64_t),
					  (RTT_ENTRIES - unprotected) * sizeof(uint64_t))
			: 0;
	uint64_t *entries = granule_take(rmm, pa, RMM_GRANULE_RTT, clean ? written : GRANULE_DIRTY);

	/* Entries beyond the IPA space, which a small one leaves in its table, are never reached. */
	if (unprotected < RTT_ENTRIES) {
		scan_fill(entries, RTTE_UNASSIGNED_NS, 0);
		memset(entries, 0, unprotected * sizeof(*entries));
	} else if (!clean) {
		scan_fill(entries, RTTE_UNASSIGNED, 0);
	}
}

/* What the entries of a table that is inserted under `parent`, or can be folded into it, differ by. */
static uint64_t rtt_stride(uint64_t entry, int level)
{
	return rtte_is_live(entry) ? rtt_entry_size(level) : 0;
}

uint64_t rmi_rtt_create(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1], rtt_pa = x[2], ipa = x[3];
	const int64_t level = (int64_t)x[4];
	struct granule *rtt_gran, *rd_gran;
	const struct rd *rd;
	void *memory;
	struct walk walk;

	CHECKS(RTT_CREATE);
	FAIL_IF(rtt_align, !granule_aligned(rtt_pa));
	FAIL_IF(rtt_bound, !(rtt_gran = granule_find_delegable(rmm, rtt_pa)));
	FAIL_IF(rtt_state, rtt_gran->state != RMM_GRANULE_DELEGATED);
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	rd = memory;
	FAIL_IF(level_bound, level <= rd->rtt_level_start || level > RTT_PAGE_LEVEL);
	FAIL_IF(ipa_bound, ipa >= realm_ipa_end(rd));
	FAIL_IF(ipa_align, !rtt_aligned(ipa, (int)level - 1));
	FAIL_IF(rtt_bound2, rtt_pa >= realm_pa_end(rd));
	walk = rtt_walk(rmm, rd, ipa, (int)level - 1);
	FAIL_IF_AT(rtt_walk, walk.level < level - 1, walk.level);
	FAIL_IF_AT(rtte_state, rtte_is_table(walk.entry), walk.level);
	CHECKS_END();

	const bool clean = rtt_gran->clean;
	const bool assigned = rtte_hipas(walk.entry) == RTTE_ASSIGNED;
	const uint64_t stride = rtt_stride(walk.entry, (int)level);
	uint64_t *entries = granule_take(rmm, rtt_pa, RMM_GRANULE_RTT,
					 walk.entry || !clean ? GRANULE_DIRTY : 0);

	if (walk.entry || !clean)
		scan_fill(entries, walk.entry, stride);
	rtt_dirty(&walk, 1);
	walk.entries[walk.index] = RTTE_TABLE | rtt_pa;
	rtt_gran->refcount = assigned ? RTT_ENTRIES : 0;
	if (!assigned)
		walk.granule->refcount++;
	return RMI_SUCCESS;
}

uint64_t rmi_rtt_destroy(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1], ipa = x[2];
	const int64_t level = (int64_t)x[3];
	struct granule *rd_gran;
	const struct rd *rd;
	void *memory;
	struct walk walk;

	CHECKS(RTT_DESTROY);
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	rd = memory;
	FAIL_IF(level_bound, level <= rd->rtt_level_start || level > RTT_PAGE_LEVEL);
	FAIL_IF(ipa_bound, ipa >= realm_ipa_end(rd));
	FAIL_IF(ipa_align, !rtt_aligned(ipa, (int)level - 1));
	walk = rtt_walk(rmm, rd, ipa, (int)level - 1);
	out->x[2] = rtt_skip_non_live(&walk, ipa);
	FAIL_IF_AT(rtt_walk, walk.level < level - 1, walk.level);
	FAIL_IF_AT(rtte_state, !rtte_is_table(walk.entry), walk.level);
	const uint64_t rtt_pa = rtte_addr(walk.entry);
	FAIL_IF_AT(rtt_live, granule_find(rmm, rtt_pa)->refcount != 0, (int)level);
	CHECKS_END();

	rtt_dirty(&walk, 1);
	walk.entries[walk.index] = ipa < realm_protected_end(rd)
					   ? rtte_with_ripas(RTTE_UNASSIGNED, RMI_RIPAS_DESTROYED)
					   : RTTE_UNASSIGNED_NS;
	walk.granule->refcount--;
	granule_release(rmm, rtt_pa);
	out->x[1] = rtt_pa;
	out->x[2] = rtt_skip_non_live(&walk, ipa);
	return RMI_SUCCESS;
}

/* Whether the entries of a table of `level` can be one entry of its parent: section 2.6. */
static bool rtt_is_homogeneous(const uint64_t *entries, int level)
{
	const uint64_t first = entries[0];

	if (rtte_is_table(first))
		return false;
	if (rtte_is_live(first) && !rtt_aligned(rtte_addr(first), level - 1))
		return false;
	return scan_is_filled(entries, first, rtt_stride(first, level));
}

/* RTT_FOLD at `level` found no table: take note of where. */
static void folded_walk_note(struct rmm *rmm, uint64_t rd_pa, const struct granule *granule,
			     const struct rd *rd, uint64_t ipa, int64_t level,
			     const struct rmm_condition *condition)
{
	struct folded_walk *const note = &rmm->folded_walk;
	const int parent = (int)level - 1, above = parent - rd->rtt_level_start;
	const unsigned int shift = rtt_shift(parent) + 9;

	note->block = FOLDED_WALK_NONE;
	/* Of a parent that describes more than there is, only a part is asked for. */
	if (above > (int)FOLDED_WALK_LEVELS || ((ipa >> shift) + 1) << shift > realm_ipa_end(rd))
		return;
	note->rd = rd_pa;
	note->level = level;
	note->granule = granule;
	note->descriptor = (const word_of_any *)rd;
	memcpy(note->descriptor_read, note->descriptor, sizeof(note->descriptor_read));
	for (int i = 0; i < (int)FOLDED_WALK_LEVELS; i++) {
		note->above_read[i] = 0;
		note->above[i] = &note->above_read[i];
		if (i < above) {
			const struct walk walk = rtt_walk(rmm, rd, ipa, rd->rtt_level_start + i);

			note->above[i] = &walk.entries[walk.index];
			note->above_read[i] = walk.entry;
		}
	}
	note->entries = rtt_walk(rmm, rd, ipa, parent).entries;
	note->condition = condition;
	note->shift = shift;
	note->block = ipa >> shift;
}

uint64_t rmi_rtt_fold(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1], ipa = x[2];
	const int64_t level = (int64_t)x[3];
	struct granule *rd_gran;
	const struct rd *rd;
	void *memory;
	struct walk walk;

	CHECKS(RTT_FOLD);
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	rd = memory;
	FAIL_IF(level_bound, level <= rd->rtt_level_start || level > RTT_PAGE_LEVEL);
	FAIL_IF(ipa_bound, ipa >= realm_ipa_end(rd));
	FAIL_IF(ipa_align, !rtt_aligned(ipa, (int)level - 1));
	walk = rtt_walk(rmm, rd, ipa, (int)level - 1);
	FAIL_IF_AT(rtt_walk, walk.level < level - 1, walk.level);
	if (!rtte_is_table(walk.entry))
		folded_walk_note(rmm, rd_pa, rd_gran, rd, ipa, level, &checks[CHECK_rtte_state]);
	FAIL_IF_AT(rtte_state, !rtte_is_table(walk.entry), walk.level);
	const uint64_t rtt_pa = rtte_addr(walk.entry);
	struct granule *const rtt_gran = granule_find(rmm, rtt_pa);
	const uint64_t *const entries = granule_memory(rmm, rtt_pa);
	const uint64_t first = entries[0];
	const bool homogeneous = rtt_is_homogeneous(entries, (int)level);
	/* There are no blocks at level 0. */
	const bool too_big = rtte_is_live(first) && level < 2;
	const bool tfrmm = too_big && homogeneous && rmm_follows_tfrmm(rmm, RMM_TFRMM_Q2);
	FAIL_IF_AT(rtt_homo, !homogeneous || too_big, (int)level - tfrmm);
	CHECKS_END();

	rtt_dirty(&walk, 1);
	walk.entries[walk.index] = first;
	if (rtte_hipas(first) != RTTE_ASSIGNED)
		walk.granule->refcount--;
	/* A table of zeros is as good as wiped. */
	rtt_gran->clean = first == 0;
	granule_release(rmm, rtt_pa);
	out->x[1] = rtt_pa;
	return RMI_SUCCESS;
}

uint64_t rtt_desc(const struct rd *rd, uint64_t entry)
{
	uint64_t desc = rtte_addr(entry);

	if (rd->lpa2)
		desc = (desc & RMI_DESC_ADDR_LPA2_MASK) |
		       ((desc >> 50 << RMI_DESC_OA_51_50_SHIFT) & RMI_DESC_OA_51_50_MASK);
	return desc | (entry & (RTTE_MEMATTR | RTTE_S2AP));
}

uint64_t rmi_rtt_read_entry(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1], ipa = x[2];
	const int64_t level = (int64_t)x[3];
	struct granule *rd_gran;
	const struct rd *rd;
	void *memory;
	struct walk walk;

	CHECKS(RTT_READ_ENTRY);
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	rd = memory;
	FAIL_IF(level_bound, level < rd->rtt_level_start || level > RTT_PAGE_LEVEL);
	FAIL_IF(ipa_bound, ipa >= realm_ipa_end(rd));
	FAIL_IF(ipa_align, !rtt_aligned(ipa, (int)level));
	CHECKS_END();

	walk = rtt_walk(rmm, rd, ipa, (int)level);
	out->x[1] = (uint64_t)(int64_t)walk.level;
	out->x[4] = rtte_ripas(walk.entry);
	if (!rtte_is_live(walk.entry))
		return RMI_SUCCESS;
	out->x[2] = rtte_is_table(walk.entry) ? RMI_RTTE_TABLE : RMI_RTTE_ASSIGNED;
	if (out->x[4] != RMI_RIPAS_DESTROYED || !rmm_follows_tfrmm(rmm, RMM_TFRMM_Q1))
		out->x[3] = rtt_desc(rd, walk.entry);
	return RMI_SUCCESS;
}
