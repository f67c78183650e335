/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * invariant_state.c - what must hold of the state at any moment, I1..I29: of one thing that a call
 * touched, and of everything.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "invariant.h"

#define HEX(value) ((unsigned long long)(value))

/* The widest index of a REC that mpidr can express. */
static uint64_t index_of_mpidr(uint64_t mpidr)
{
	return (mpidr & 0xf) + 16 * (mpidr >> 8 & 0xff) + 16 * 256 * (mpidr >> 16 & 0xff) +
	       16 * 256 * 256 * (mpidr >> 24 & 0xff);
}

void granule_differs(struct rmm *rmm, uint64_t pa, bool failed)
{
	const struct granule *granule = granule_find(rmm, pa);
	struct shadow *shadow = shadow_find(rmm, pa);
	struct granule *expected = &shadow->expected;

	if (failed)
		invariant_violated(rmm, INVARIANT_T1, "granule 0x%llx changed", HEX(pa));
	if ((granule->state == RMM_GRANULE_UNDELEGATED) != (granule->gpt != RMM_GPT_REALM))
		invariant_violated(rmm, INVARIANT_I1, "granule 0x%llx: state %u, GPT entry %u",
				   HEX(pa), granule->state, granule->gpt);
	if (granule->state != RMM_GRANULE_UNDELEGATED && !bank_find(rmm, pa)->delegable)
		invariant_violated(rmm, INVARIANT_I2, "granule 0x%llx is not delegable", HEX(pa));
	if (granule->state != expected->state || granule->gpt != expected->gpt)
		invariant_violated(rmm, INVARIANT_T2,
				   "granule 0x%llx: state %u and GPT entry %u, expected %u and %u",
				   HEX(pa), granule->state, granule->gpt, expected->state,
				   expected->gpt);
	if (granule->refcount != expected->refcount)
		invariant_violated(rmm, INVARIANT_I27,
				   "granule 0x%llx: %u references are counted, expected %u",
				   HEX(pa), granule->refcount, expected->refcount);
	/* Each is reported once: from now on this is what there is. */
	if (granule->state < RMM_GRANULE_NUM_STATES) {
		rmm->checker->count[expected->state]--;
		rmm->checker->count[granule->state]++;
		if (granule->state == RMM_GRANULE_RD || expected->state == RMM_GRANULE_RD)
			return;
		expected->state = granule->state;
	}
	expected->gpt = granule->gpt;
	expected->refcount = granule->refcount;
}

static void realm_compare_measurements(struct rmm *rmm, const struct rd *rd,
				       const struct rd *expected, uint64_t rd_pa, bool measures)
{
	if (memcmp(rd->measurements[0], expected->measurements[0], RSI_MEASUREMENT_SIZE) != 0) {
		invariant_violated(rmm, INVARIANT_I28, "RIM of the Realm at 0x%llx", HEX(rd_pa));
		if (!measures || expected->state != RMM_REALM_NEW)
			invariant_violated(rmm, INVARIANT_T3, "RIM of the Realm at 0x%llx",
					   HEX(rd_pa));
	}
	for (unsigned int i = 1; i < RSI_MEASUREMENTS; i++) {
		if (memcmp(rd->measurements[i], expected->measurements[i], RSI_MEASUREMENT_SIZE) !=
		    0)
			invariant_violated(rmm, INVARIANT_I29, "REM %u of the Realm at 0x%llx", i,
					   HEX(rd_pa));
	}
	for (unsigned int i = 0; i < RSI_MEASUREMENTS && rd->hash_algo == RMI_HASH_SHA_256; i++) {
		for (unsigned int j = 32; j < RSI_MEASUREMENT_SIZE; j++) {
			if (rd->measurements[i][j]) {
				invariant_violated(rmm, INVARIANT_I26,
						   "measurement %u of the Realm at 0x%llx", i,
						   HEX(rd_pa));
				break;
			}
		}
	}
}

void realm_differs(struct rmm *rmm, struct shadow_realm *realm, bool failed, bool measures)
{
	const struct rd *rd = memory_find(rmm, realm->rd);
	struct rd *expected = &realm->expected;

	if (failed)
		invariant_violated(rmm, INVARIANT_T1, "the Realm at 0x%llx changed",
				   HEX(realm->rd));
	if (rd->rtt_base != expected->rtt_base || rd->rtt_num_start != expected->rtt_num_start ||
	    rd->rtt_level_start != expected->rtt_level_start ||
	    rd->ipa_width != expected->ipa_width || rd->lpa2 != expected->lpa2)
		invariant_violated(rmm, INVARIANT_I7,
				   "the Realm at 0x%llx: %u tables at 0x%llx, level %d, %u bits; "
				   "expected %u at 0x%llx, %d, %u",
				   HEX(realm->rd), rd->rtt_num_start, HEX(rd->rtt_base),
				   rd->rtt_level_start, rd->ipa_width, expected->rtt_num_start,
				   HEX(expected->rtt_base), expected->rtt_level_start,
				   expected->ipa_width);
	if (rd->vmid != expected->vmid)
		invariant_violated(rmm, INVARIANT_I24, "the Realm at 0x%llx: VMID %u, expected %u",
				   HEX(realm->rd), rd->vmid, expected->vmid);
	if (rd->state != expected->state)
		invariant_violated(rmm, INVARIANT_T13, "the Realm at 0x%llx: state %u, expected %u",
				   HEX(realm->rd), rd->state, expected->state);
	if (rd->rec_index != expected->rec_index)
		invariant_violated(rmm, INVARIANT_T12,
				   "the Realm at 0x%llx: rec_index %u, expected %u", HEX(realm->rd),
				   rd->rec_index, expected->rec_index);
	if (rd->hash_algo != expected->hash_algo || rd->rec_aux != expected->rec_aux ||
	    memcmp(rd->rpv, expected->rpv, sizeof(rd->rpv)) != 0)
		invariant_violated(rmm, INVARIANT_T2, "attributes of the Realm at 0x%llx changed",
				   HEX(realm->rd));
	realm_compare_measurements(rmm, rd, expected, realm->rd, measures);
	if (realm->entered && rd->state == RMM_REALM_NEW)
		invariant_violated(rmm, INVARIANT_I25, "the Realm at 0x%llx has run",
				   HEX(realm->rd));
	/* Geometry and VMID stay as they were made: the checker's walks and books depend on them. */
	expected->state = rd->state;
	expected->rec_index = rd->rec_index;
	expected->hash_algo = rd->hash_algo;
	memcpy(expected->rpv, rd->rpv, sizeof(rd->rpv));
	memcpy(expected->measurements, rd->measurements, sizeof(rd->measurements));
}

static bool hipas_exists(uint64_t hipas)
{
	return hipas == RTTE_UNASSIGNED || hipas == RTTE_ASSIGNED || hipas == RTTE_TABLE ||
	       hipas == RTTE_UNASSIGNED_NS || hipas == RTTE_ASSIGNED_NS;
}

void entry_examine(struct rmm *rmm, const struct shadow_realm *realm, uint64_t ipa, int level,
		   uint64_t entry)
{
	const struct rd *rd = &realm->expected;
	const uint64_t hipas = entry & RTTE_HIPAS, addr = entry & RTTE_ADDR;
	const uint64_t ripas = (entry & RTTE_RIPAS) >> RTTE_RIPAS_SHIFT;
	const bool is_protected = ipa < UINT64_C(1) << (rd->ipa_width - 1);
	const bool ns = hipas == RTTE_UNASSIGNED_NS || hipas == RTTE_ASSIGNED_NS;
	const bool maps = hipas == RTTE_ASSIGNED || hipas == RTTE_ASSIGNED_NS;

	if (!hipas_exists(hipas) || (hipas != RTTE_TABLE && ns == is_protected)) {
		invariant_violated(rmm, INVARIANT_I9,
				   "the Realm at 0x%llx, IPA 0x%llx, level %d: entry 0x%llx",
				   HEX(realm->rd), HEX(ipa), level, HEX(entry));
		if (level > rd->rtt_level_start)
			invariant_violated(rmm, INVARIANT_I11,
					   "the Realm at 0x%llx, IPA 0x%llx, level %d",
					   HEX(realm->rd), HEX(ipa), level);
	}
	if ((hipas == RTTE_TABLE && level == RTT_PAGE_LEVEL) || (maps && level < 1))
		invariant_violated(rmm, INVARIANT_I8,
				   "the Realm at 0x%llx, IPA 0x%llx, level %d: entry 0x%llx",
				   HEX(realm->rd), HEX(ipa), level, HEX(entry));
	if (ripas > RMI_RIPAS_DESTROYED || ((ns || hipas == RTTE_TABLE) && ripas))
		invariant_violated(rmm, INVARIANT_I10,
				   "the Realm at 0x%llx, IPA 0x%llx, level %d: entry 0x%llx",
				   HEX(realm->rd), HEX(ipa), level, HEX(entry));
	if (entry & RTTE_LIVE && !rd->lpa2 && addr >> 48)
		invariant_violated(rmm, INVARIANT_I15, "the Realm at 0x%llx, IPA 0x%llx: PA 0x%llx",
				   HEX(realm->rd), HEX(ipa), HEX(addr));
	if (hipas == RTTE_ASSIGNED && level >= 0 &&
	    addr & ((UINT64_C(1) << (39 - 9 * level)) - 1)) {
		invariant_violated(rmm, INVARIANT_I13,
				   "the Realm at 0x%llx, IPA 0x%llx, level %d: PA 0x%llx is not "
				   "aligned",
				   HEX(realm->rd), HEX(ipa), level, HEX(addr));
		return;
	}
	if (hipas == RTTE_ASSIGNED) {
		const struct granule *granule = granule_find(rmm, addr);
		const struct shadow *shadow = shadow_find(rmm, addr);

		if (!granule || granule->state != RMM_GRANULE_DATA) {
			invariant_violated(rmm, INVARIANT_I13,
					   "the Realm at 0x%llx, IPA 0x%llx: PA 0x%llx is not DATA",
					   HEX(realm->rd), HEX(ipa), HEX(addr));
			if (granule && granule->state <= RMM_GRANULE_DELEGATED)
				invariant_violated(rmm, INVARIANT_I3,
						   "the Realm at 0x%llx maps 0x%llx",
						   HEX(realm->rd), HEX(addr));
		} else if (shadow->realm != rd->vmid || shadow->where != ipa) {
			/* The first granule of a block is its witness here; a census looks at all. */
			invariant_violated(rmm, INVARIANT_I12,
					   "DATA 0x%llx is mapped at IPA 0x%llx of the Realm at "
					   "0x%llx but belongs elsewhere",
					   HEX(addr), HEX(ipa), HEX(realm->rd));
			if (shadow->realm != rd->vmid)
				invariant_violated(rmm, INVARIANT_I14,
						   "DATA 0x%llx is shared by two Realms",
						   HEX(addr));
		}
	} else if (hipas == RTTE_TABLE && level < RTT_PAGE_LEVEL) {
		const struct granule *granule = granule_find(rmm, addr);
		const struct shadow *shadow = shadow_find(rmm, addr);

		if (!granule || granule->state != RMM_GRANULE_RTT) {
			invariant_violated(
				rmm, INVARIANT_I5,
				"the Realm at 0x%llx, IPA 0x%llx: table 0x%llx is no RTT",
				HEX(realm->rd), HEX(ipa), HEX(addr));
			if (granule && granule->state <= RMM_GRANULE_DELEGATED)
				invariant_violated(rmm, INVARIANT_I3,
						   "the Realm at 0x%llx has 0x%llx as a table",
						   HEX(realm->rd), HEX(addr));
		} else if (shadow->realm != rd->vmid ||
			   shadow->where != table_where(ipa, level + 1)) {
			invariant_violated(
				rmm, INVARIANT_I6,
				"table 0x%llx at IPA 0x%llx of the Realm at 0x%llx belongs "
				"elsewhere",
				HEX(addr), HEX(ipa), HEX(realm->rd));
		}
	}
}

static void rec_check_request(struct rmm *rmm, const struct shadow_realm *realm, uint64_t rec_pa,
			      const struct rec *rec)
{
	const uint64_t base = shadow_find(rmm, rec_pa)->where;
	const uint64_t end = UINT64_C(1) << (realm->expected.ipa_width - 1);
	const unsigned int pending =
		rec->psci_pending + rec->host_call_pending + (rec->ripas_top != 0);

	if (pending > 1 || (pending && realm->expected.state == RMM_REALM_NEW))
		invariant_violated(rmm, INVARIANT_I19, "the REC at 0x%llx waits for %u things",
				   HEX(rec_pa), pending);
	if (rec->ripas_top &&
	    (base > rec->ripas_addr || rec->ripas_addr > rec->ripas_top || rec->ripas_top > end ||
	     (rec->ripas_addr | rec->ripas_top) & GRANULE_MASK || rec->ripas_value > RMI_RIPAS_RAM))
		invariant_violated(rmm, INVARIANT_I19,
				   "the REC at 0x%llx asks for RIPAS %u of 0x%llx, at 0x%llx, to "
				   "0x%llx",
				   HEX(rec_pa), rec->ripas_value, HEX(base), HEX(rec->ripas_addr),
				   HEX(rec->ripas_top));
}

static void rec_check_aux(struct rmm *rmm, const struct shadow_realm *realm, uint64_t rec_pa,
			  const struct rec *rec)
{
	if (rec->num_aux != realm->expected.rec_aux || rec->num_aux > RMI_REC_MAX_AUX) {
		invariant_violated(rmm, INVARIANT_I17, "the REC at 0x%llx has %u aux granules",
				   HEX(rec_pa), rec->num_aux);
		return;
	}
	for (unsigned int i = 0; i < rec->num_aux; i++) {
		const struct bank *bank = bank_find(rmm, rec->aux[i]);
		const uint64_t n = bank ? (rec->aux[i] - bank->base) >> GRANULE_SHIFT : 0;
		const struct granule *granule = bank ? &bank->granules[n] : NULL;
		const struct shadow *shadow = bank ? &bank->shadows[n] : NULL;

		if (granule && granule->state <= RMM_GRANULE_DELEGATED)
			invariant_violated(rmm, INVARIANT_I3,
					   "the REC at 0x%llx has 0x%llx as an aux granule",
					   HEX(rec_pa), HEX(rec->aux[i]));
		/* Each knows its number: none can be named twice. */
		if (!granule || granule->state != RMM_GRANULE_REC_AUX || shadow->where != rec_pa ||
		    shadow->digest != i)
			invariant_violated(rmm, INVARIANT_I17,
					   "aux granule %u (0x%llx) of the REC at 0x%llx", i,
					   HEX(rec->aux[i]), HEX(rec_pa));
	}
}

void rec_check(struct rmm *rmm, uint64_t rec_pa)
{
	const struct granule *granule = granule_find(rmm, rec_pa);
	const struct rec *rec = memory_find(rmm, rec_pa);
	const struct shadow_realm *realm = realm_find(rmm, rec->owner);
	const struct granule *owner = granule_find(rmm, rec->owner);

	if (!realm || !owner || owner->state != RMM_GRANULE_RD ||
	    realm->expected.vmid != shadow_find(rmm, rec_pa)->realm) {
		invariant_violated(rmm, INVARIANT_I16, "the REC at 0x%llx has owner 0x%llx",
				   HEX(rec_pa), HEX(rec->owner));
		if (owner && owner->state <= RMM_GRANULE_DELEGATED)
			invariant_violated(rmm, INVARIANT_I3, "the REC at 0x%llx has owner 0x%llx",
					   HEX(rec_pa), HEX(rec->owner));
		return;
	}
	if (rec->index != index_of_mpidr(rec->mpidr) || rec->index >= realm->expected.rec_index)
		invariant_violated(rmm, INVARIANT_I18,
				   "the REC at 0x%llx has index %u, mpidr 0x%llx; rec_index is %u",
				   HEX(rec_pa), rec->index, HEX(rec->mpidr),
				   realm->expected.rec_index);
	if (realm->expected.state == RMM_REALM_NEW && granule->refcount)
		invariant_violated(rmm, INVARIANT_I25, "the REC at 0x%llx runs", HEX(rec_pa));
	rec_check_request(rmm, realm, rec_pa, rec);
	rec_check_aux(rmm, realm, rec_pa, rec);
}

/* --- everything --- */

struct index {
	uint64_t owner;
	uint64_t index;
};

struct census {
	struct rmm *rmm;
	uint64_t found[RMM_GRANULE_NUM_STATES];
	uint64_t mapped; /* granules that mappings name */
	struct index *indices;
	size_t num_indices;
};

/* Call `fn` for each granule that was touched. */
static void census_each(struct census *census,
			void (*fn)(struct census *census, uint64_t pa, struct granule *granule,
				   struct shadow *shadow))
{
	struct rmm *rmm = census->rmm;

	for (const struct bank *bank = rmm->banks; bank < rmm->banks_end; bank++) {
		struct shadow *shadows = bank->shadows;

		bank_each_touched(bank, i)
			fn(census, bank->base + (i << GRANULE_SHIFT), &bank->granules[i],
			   &shadows[i]);
	}
}

static void census_granule(struct census *census, uint64_t pa, struct granule *granule,
			   struct shadow *shadow)
{
	struct rmm *rmm = census->rmm;

	shadow->marks = 0;
	if (granule->state >= RMM_GRANULE_NUM_STATES) {
		invariant_violated(rmm, INVARIANT_T2, "granule 0x%llx: there is no state %u",
				   HEX(pa), granule->state);
		return;
	}
	census->found[granule->state]++;
	granule_compare(rmm, pa, false);
}

static void census_data(struct census *census, const struct shadow_realm *realm, uint64_t ipa,
			int level, uint64_t addr)
{
	struct rmm *rmm = census->rmm;
	const uint64_t size = UINT64_C(1) << (39 - 9 * level);

	for (uint64_t pa = addr; pa < addr + size;
	     pa += RMM_GRANULE_SIZE, ipa += RMM_GRANULE_SIZE) {
		struct shadow *shadow = shadow_find(rmm, pa);

		census->mapped++;
		if (!shadow)
			return;
		/* The first granule was judged with the entry. */
		if (pa != addr && granule_find(rmm, pa)->state != RMM_GRANULE_DATA)
			invariant_violated(rmm, INVARIANT_I13,
					   "the Realm at 0x%llx, IPA 0x%llx: PA 0x%llx is not DATA",
					   HEX(realm->rd), HEX(ipa), HEX(pa));
		if (shadow->marks & MARK_DATA)
			invariant_violated(rmm, INVARIANT_I12, "DATA 0x%llx is mapped twice",
					   HEX(pa));
		else if (pa != addr &&
			 (shadow->realm != realm->expected.vmid || shadow->where != ipa))
			invariant_violated(rmm, INVARIANT_I12,
					   "DATA 0x%llx is mapped at IPA 0x%llx of the Realm at "
					   "0x%llx but belongs elsewhere",
					   HEX(pa), HEX(ipa), HEX(realm->rd));
		shadow->marks |= MARK_DATA;
	}
}

static void census_table(struct census *census, const struct shadow_realm *realm, uint64_t table,
			 uint64_t ipa, int level)
{
	struct rmm *rmm = census->rmm;
	const uint64_t size = UINT64_C(1) << (39 - 9 * level);
	const uint64_t end = UINT64_C(1) << realm->expected.ipa_width;
	const uint64_t *entries = memory_find(rmm, table);
	uint32_t references = 0;

	for (unsigned int i = 0; i < RTT_ENTRIES; i++, ipa += size) {
		const uint64_t entry = entries[i];
		const uint64_t hipas = entry & RTTE_HIPAS, addr = entry & RTTE_ADDR;
		struct shadow *shadow;

		if (ipa >= end) {
			if (entry & RTTE_LIVE)
				invariant_violated(rmm, INVARIANT_I9,
						   "the Realm at 0x%llx: entry 0x%llx beyond the "
						   "IPA space",
						   HEX(realm->rd), HEX(entry));
			continue;
		}
		if (hipas == RTTE_TABLE || hipas == RTTE_ASSIGNED)
			references++;
		if (entry)
			entry_check(rmm, realm, ipa, level, entry);
		else if (ipa >= end / 2)
			entry_check(rmm, realm, ipa, level, entry);
		if (hipas == RTTE_ASSIGNED && level >= 1)
			census_data(census, realm, ipa, level, addr);
		if (hipas != RTTE_TABLE || level >= RTT_PAGE_LEVEL)
			continue;
		shadow = granule_aligned(addr) ? shadow_find(rmm, addr) : NULL;
		if (!shadow || granule_find(rmm, addr)->state != RMM_GRANULE_RTT)
			continue;
		if (shadow->marks & MARK_TABLE) {
			invariant_violated(rmm, INVARIANT_I6, "table 0x%llx has two parents",
					   HEX(addr));
			continue;
		}
		shadow->marks |= MARK_TABLE;
		census_table(census, realm, addr, ipa, level + 1);
	}
	if (granule_find(rmm, table)->refcount != references)
		invariant_violated(rmm, INVARIANT_I27,
				   "table 0x%llx: %u references are counted, %u found", HEX(table),
				   granule_find(rmm, table)->refcount, references);
}

static void census_realm(struct census *census, uint64_t pa, struct granule *granule,
			 struct shadow *shadow)
{
	struct rmm *rmm = census->rmm;
	struct shadow_realm *realm = &rmm->checker->realms[shadow->realm];
	const struct rd *rd;

	if (shadow->expected.state != RMM_GRANULE_RD)
		return;
	rd = &realm->expected;
	realm_compare(rmm, realm, false, false);
	realm->recs = 0;
	if (granule->state != RMM_GRANULE_RD)
		invariant_violated(rmm, INVARIANT_I4, "the Realm at 0x%llx has lost its RD",
				   HEX(pa));
	if (realm->entered && rd->state == RMM_REALM_NEW)
		invariant_violated(rmm, INVARIANT_I25, "the Realm at 0x%llx has run", HEX(pa));
	for (unsigned int i = 0; i < RSI_MEASUREMENTS && rd->hash_algo == RMI_HASH_SHA_256; i++) {
		for (unsigned int j = 32; j < RSI_MEASUREMENT_SIZE; j++) {
			if (rd->measurements[i][j])
				invariant_violated(rmm, INVARIANT_I26,
						   "measurement %u of the Realm at 0x%llx", i,
						   HEX(pa));
		}
	}
	for (uint32_t i = 0; i < rd->rtt_num_start; i++) {
		const uint64_t table = rd->rtt_base + (uint64_t)i * RMM_GRANULE_SIZE;
		const uint8_t state = granule_find(rmm, table)->state;

		shadow_find(rmm, table)->marks |= MARK_TABLE;
		if (state == RMM_GRANULE_RTT)
			continue;
		invariant_violated(rmm, INVARIANT_I5, "starting table 0x%llx is no RTT",
				   HEX(table));
		if (state <= RMM_GRANULE_DELEGATED)
			invariant_violated(rmm, INVARIANT_I3,
					   "the Realm at 0x%llx has 0x%llx as a table", HEX(pa),
					   HEX(table));
	}
	for (uint32_t i = 0; i < rd->rtt_num_start; i++)
		census_table(census, realm, rd->rtt_base + (uint64_t)i * RMM_GRANULE_SIZE,
			     (uint64_t)i << (48 - 9 * rd->rtt_level_start), rd->rtt_level_start);
}

static void census_rec(struct census *census, uint64_t pa, struct granule *granule,
		       struct shadow *shadow)
{
	struct rmm *rmm = census->rmm;
	const struct rec *rec = memory_find(rmm, pa);
	struct shadow_realm *realm;

	(void)shadow;
	if (granule->state != RMM_GRANULE_REC)
		return;
	rec_check(rmm, pa);
	if (granule->refcount > 1)
		invariant_violated(rmm, INVARIANT_I27, "the REC at 0x%llx: %u references", HEX(pa),
				   granule->refcount);
	realm = realm_find(rmm, rec->owner);
	if (realm)
		realm->recs++;
	census->indices[census->num_indices++] =
		(struct index){.owner = rec->owner, .index = index_of_mpidr(rec->mpidr)};
	for (unsigned int i = 0; i < rec->num_aux && i < RMI_REC_MAX_AUX; i++) {
		struct shadow *aux = shadow_find(rmm, rec->aux[i]);

		if (!aux)
			continue;
		if (aux->marks & MARK_AUX)
			invariant_violated(rmm, INVARIANT_I17,
					   "aux granule 0x%llx belongs to two RECs",
					   HEX(rec->aux[i]));
		aux->marks |= MARK_AUX;
	}
}

static void census_content(struct census *census, uint64_t pa, struct granule *granule,
			   struct shadow *shadow)
{
	struct rmm *rmm = census->rmm;

	switch (granule->state) {
	case RMM_GRANULE_DELEGATED:
		if (!content_wiped(rmm, pa))
			invariant_violated(rmm, INVARIANT_I23, NOT_WIPED, HEX(pa));
		break;
	case RMM_GRANULE_DATA:
		if (!(shadow->marks & MARK_DATA)) {
			invariant_violated(rmm, INVARIANT_I12, "DATA 0x%llx is not mapped",
					   HEX(pa));
		}
		if (!shadow->digest_valid && !rmm->checker->running) {
			shadow->digest = scan_digest(memory_find(rmm, pa));
			shadow->digest_valid = true;
		} else if (shadow->digest_valid &&
			   shadow->digest != scan_digest(memory_find(rmm, pa))) {
			invariant_violated(rmm, INVARIANT_I22, "content of DATA 0x%llx changed",
					   HEX(pa));
			shadow->digest_valid = false;
		}
		break;
	case RMM_GRANULE_RTT:
		if (!(shadow->marks & MARK_TABLE))
			invariant_violated(rmm, INVARIANT_I5, "RTT 0x%llx is no Realm's table",
					   HEX(pa));
		return;
	case RMM_GRANULE_REC_AUX:
		if (!(shadow->marks & MARK_AUX))
			invariant_violated(rmm, INVARIANT_I17, "REC_AUX 0x%llx is no REC's",
					   HEX(pa));
		break;
	case RMM_GRANULE_RD:
		if (shadow->expected.state != RMM_GRANULE_RD)
			invariant_violated(rmm, INVARIANT_I4, "RD 0x%llx is no Realm's", HEX(pa));
		return;
	case RMM_GRANULE_REC:
		return;
	}
	if (granule->refcount)
		invariant_violated(rmm, INVARIANT_I27, "granule 0x%llx: %u references", HEX(pa),
				   granule->refcount);
}

static void census_owner(struct census *census, uint64_t pa, struct granule *granule,
			 struct shadow *shadow)
{
	struct rmm *rmm = census->rmm;
	const struct shadow_realm *realm = &rmm->checker->realms[shadow->realm];
	const uint64_t max = (UINT64_C(1) << rmm->config.max_recs_order) - 1;

	if (shadow->expected.state != RMM_GRANULE_RD)
		return;
	if (realm->recs != granule->refcount) {
		invariant_violated(rmm, INVARIANT_I16,
				   "the Realm at 0x%llx counts %u RECs, %llu are found", HEX(pa),
				   granule->refcount, HEX(realm->recs));
		invariant_violated(rmm, INVARIANT_I27, "RD 0x%llx", HEX(pa));
	}
	if (realm->recs > realm->expected.rec_index || realm->recs > max)
		invariant_violated(rmm, INVARIANT_I18, "the Realm at 0x%llx has %llu RECs", HEX(pa),
				   HEX(realm->recs));
}

/* The list of Realms: as long as there are RDs, ascending, each with its own VMID. */
void realms_check(struct rmm *rmm)
{
	uint64_t pa = rmm->first_realm, last = 0, listed = 0;

	while (pa != PA_NONE) {
		const struct granule *granule = granule_aligned(pa) ? granule_find(rmm, pa) : NULL;
		const struct shadow_realm *realm = granule ? realm_find(rmm, pa) : NULL;
		const struct rd *rd;

		if (!realm || granule->state != RMM_GRANULE_RD || (listed && pa <= last)) {
			invariant_violated(rmm, INVARIANT_I4, "0x%llx is listed as a Realm",
					   HEX(pa));
			return;
		}
		rd = memory_find(rmm, pa);
		/* VMIDs number the books, so that each of them is expected once only. */
		if (rd->vmid != realm->expected.vmid)
			invariant_violated(rmm, INVARIANT_I24, "the Realm at 0x%llx has VMID %u",
					   HEX(pa), rd->vmid);
		listed++;
		last = pa;
		pa = rd->next;
	}
	if (listed != rmm->checker->count[RMM_GRANULE_RD] || listed != rmm->count[RMM_GRANULE_RD])
		invariant_violated(rmm, INVARIANT_I4,
				   "%llu Realms are listed, %llu counted, %llu granules are RDs",
				   HEX(listed), HEX(rmm->count[RMM_GRANULE_RD]),
				   HEX(rmm->checker->count[RMM_GRANULE_RD]));
}

static int index_compare(const void *a, const void *b)
{
	const struct index *x = a, *y = b;

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void census_indices(struct census *census)
{
	qsort(census->indices, census->num_indices, sizeof(*census->indices), index_compare);
	for (size_t i = 1; i < census->num_indices; i++) {
		if (!index_compare(&census->indices[i], &census->indices[i - 1]))
			invariant_violated(census->rmm, INVARIANT_I18,
					   "two RECs of the Realm at 0x%llx have index %llu",
					   HEX(census->indices[i].owner),
					   HEX(census->indices[i].index));
	}
}

int state_check(struct rmm *rmm)
{
	struct census census = {.rmm = rmm};

	census_each(&census, census_granule);
	census.indices = malloc((census.found[RMM_GRANULE_REC] + 1) * sizeof(*census.indices));
	if (!census.indices)
		return -ENOMEM;
	census_each(&census, census_realm);
	census_each(&census, census_rec);
	census_each(&census, census_content);
	census_each(&census, census_owner);
	realms_check(rmm);
	census_indices(&census);
	if (census.mapped != census.found[RMM_GRANULE_DATA] ||
	    census.mapped != rmm->count[RMM_GRANULE_DATA])
		invariant_violated(rmm, INVARIANT_I14,
				   "%llu granules are mapped, %llu counted, %llu are DATA",
				   HEX(census.mapped), HEX(rmm->count[RMM_GRANULE_DATA]),
				   HEX(census.found[RMM_GRANULE_DATA]));
	free(census.indices);
	return 0;
}
