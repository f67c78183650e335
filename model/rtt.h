/* SPDX-License-Identifier: BSD-3-Clause */
/* rtt.h - Realm Translation Tables: entries, walks, scans. */
#ifndef MODEL_RTT_H
#define MODEL_RTT_H

#include "realm.h"

#define RTT_ENTRIES    512
#define RTT_PAGE_LEVEL 3

/*
 * An entry. The fields that RTT_READ_ENTRY shows are where it shows them. UNASSIGNED with RIPAS EMPTY
 * is zero, so that a table of those need not be written into a granule that is known to be zero.
 */
#define RTTE_LIVE	 UINT64_C(0x001) /* holds an address: ASSIGNED, ASSIGNED_NS, TABLE */
#define RTTE_NS		 UINT64_C(0x002) /* UNASSIGNED_NS, ASSIGNED_NS */
#define RTTE_MEMATTR	 RMI_DESC_MEMATTR_MASK
#define RTTE_TABLE_BIT	 UINT64_C(0x020)
#define RTTE_S2AP	 RMI_DESC_S2AP_MASK
#define RTTE_RIPAS_SHIFT 8
#define RTTE_RIPAS	 UINT64_C(0x300)
#define RTTE_ADDR	 UINT64_C(0x000ffffffffff000)

#define RTTE_HIPAS	   (RTTE_LIVE | RTTE_NS | RTTE_TABLE_BIT)
#define RTTE_UNASSIGNED	   UINT64_C(0)
#define RTTE_ASSIGNED	   RTTE_LIVE
#define RTTE_UNASSIGNED_NS RTTE_NS
#define RTTE_ASSIGNED_NS   (RTTE_LIVE | RTTE_NS)
#define RTTE_TABLE	   (RTTE_LIVE | RTTE_TABLE_BIT)

static inline uint64_t rtte_hipas(uint64_t entry)
{
	return entry & RTTE_HIPAS;
}

/* rtte_ripas - RMI_RIPAS_*; EMPTY for entries that have none. */
static inline uint64_t rtte_ripas(uint64_t entry)
{
	return (entry & RTTE_RIPAS) >> RTTE_RIPAS_SHIFT;
}

static inline uint64_t rtte_with_ripas(uint64_t entry, uint64_t ripas)
{
	return (entry & ~RTTE_RIPAS) | (ripas << RTTE_RIPAS_SHIFT);
}

static inline bool rtte_is_live(uint64_t entry)
{
	return (entry & RTTE_LIVE) != 0;
}

static inline bool rtte_is_table(uint64_t entry)
{
	return (entry & RTTE_TABLE_BIT) != 0;
}

static inline uint64_t rtte_addr(uint64_t entry)
{
	return entry & RTTE_ADDR;
}

/* rtt_shift, rtt_entry_size - of the IPA range that one entry of a table at `level` describes. */
static inline unsigned int rtt_shift(int level)
{
	return GRANULE_SHIFT + 9 * (unsigned int)(RTT_PAGE_LEVEL - level);
}

static inline uint64_t rtt_entry_size(int level)
{
	return UINT64_C(1) << rtt_shift(level);
}

static inline bool rtt_aligned(uint64_t address, int level)
{
	return (address & (rtt_entry_size(level) - 1)) == 0;
}

/* Where a walk ended. */
struct walk {
	uint64_t *entries; /* of the table */
	struct granule *granule;
	uint64_t entry;
	uint64_t table;	    /* its physical address */
	unsigned int index; /* of the entry in the table */
	int level;
};

/*
 * rtt_walk - RttWalk() of the specification: from the starting level towards `target`, as long as the
 * entry for `ipa` is a TABLE. `ipa` is inside the IPA space, `target` not above the starting level.
 */
static inline struct walk rtt_walk(const struct rmm *rmm, const struct rd *rd, uint64_t ipa,
				   int target)
{
	unsigned int shift = rtt_shift(rd->rtt_level_start);
	const uint64_t start = ipa >> shift;
	struct walk walk = {
		.table = rd->rtt_base + start / RTT_ENTRIES * RMM_GRANULE_SIZE,
		.index = start % RTT_ENTRIES,
		.level = rd->rtt_level_start,
	};

	for (;;) {
		const struct bank *bank = bank_find(rmm, walk.table);
		const uint64_t offset = walk.table - bank->base;

		walk.entries = (uint64_t *)(bank->view + offset);
		walk.granule = &bank->granules[offset >> GRANULE_SHIFT];
		walk.entry = walk.entries[walk.index];
		if (walk.level >= target || !rtte_is_table(walk.entry))
			return walk;
		walk.level++;
		shift -= 9;
		walk.table = rtte_addr(walk.entry);
		walk.index = (ipa >> shift) % RTT_ENTRIES;
	}
}

/*
 * rtt_fold_again - make the call if it is an RTT_FOLD (which x0 need not say) that finds no table where rmm->folded_walk
 * ends; false: it is to be made by rmi_rtt_fold().
 */
static inline __attribute__((always_inline)) bool rtt_fold_again(struct rmm *rmm,
								 struct rmm_regs *regs,
								 const struct rmm_command *command)
{
	const struct folded_walk *const walk = &rmm->folded_walk;
	const volatile uint64_t *const x = regs->x;
	const uint64_t ipa = x[2];
	unsigned int shift;

	if ((x[1] ^ walk->rd) | (x[3] ^ (uint64_t)walk->level) | (ipa >> walk->shift ^ walk->block))
		return false;
	shift = walk->shift - 9;
	if (walk->granule->state != RMM_GRANULE_RD ||
	    (walk->descriptor[0] ^ walk->descriptor_read[0]) |
		    (walk->descriptor[1] ^ walk->descriptor_read[1]) |
		    (*walk->above[0] ^ walk->above_read[0]) |
		    (*walk->above[1] ^ walk->above_read[1]) |
		    (ipa & ((UINT64_C(1) << shift) - 1)) |
		    (walk->entries[ipa >> shift & (RTT_ENTRIES - 1)] & RTTE_TABLE_BIT))
		return false;
	regs->x[0] = RMI_RETURN_CODE(RMI_ERROR_RTT, walk->level - 1);
	regs->x[1] = regs->x[2] = regs->x[3] = regs->x[4] = 0;
	rmm->last_call = (struct last_call){command, walk->condition};
	return true;
}

/* rtt_dirty - `num` entries are about to be written, from the one on where a walk ended. */
static inline void rtt_dirty(const struct walk *walk, unsigned int num)
{
	granule_dirty(walk->granule, granule_eighths(walk->index * sizeof(*walk->entries),
						     num * sizeof(*walk->entries)));
}

/*
 * rtt_skip_non_live - SkipNonLive() of the specification for the table where the walk for `ipa` ended,
 * as it is now: `ipa` itself if its entry is live, else the IPA of the next live entry, else the IPA
 * after the table's last entry. That end is not clipped to the IPA space.
 */
uint64_t rtt_skip_non_live(const struct walk *walk, uint64_t ipa);

/* rtt_table_ipa - the first IPA that the table where the walk for `ipa` ended describes. */
uint64_t rtt_table_ipa(const struct walk *walk, uint64_t ipa);

/* rtt_num_entries - 512, except at level -1. */
unsigned int rtt_num_entries(int level);

/* rtt_root_create - make starting table number `number` of a new Realm from a DELEGATED granule. */
void rtt_root_create(struct rmm *rmm, const struct rd *rd, uint32_t number);

/* rtt_desc - an entry as RTT_READ_ENTRY shows it. */
uint64_t rtt_desc(const struct rd *rd, uint64_t entry);

#endif
