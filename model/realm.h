/* SPDX-License-Identifier: BSD-3-Clause */
/* realm.h - the Realm Descriptor, as it lies in its granule. */
#ifndef MODEL_REALM_H
#define MODEL_REALM_H

#include <rmm/rmi.h>
#include <rmm/rsi.h>
#include "granule.h"

/* The number of RECs is the reference count of the granule. */
struct rd {
	uint64_t rtt_base;
	uint8_t state; /* RMM_REALM_* */
	uint8_t ipa_width;
	int8_t rtt_level_start;
	uint8_t hash_algo; /* RMI_HASH_* */
	bool lpa2;
	uint8_t rec_aux;
	uint16_t vmid;
	uint32_t rtt_num_start;
	uint32_t rec_index;
	uint64_t next; /* PA of the RD with the next higher address, or PA_NONE */
	uint8_t rpv[64];
	uint8_t measurements[RSI_MEASUREMENTS][RSI_MEASUREMENT_SIZE];
};
_Static_assert(sizeof(struct rd) <= RMM_GRANULE_SIZE, "an RD is one granule");
_Static_assert(offsetof(struct rd, rtt_base) == 0 && offsetof(struct rd, lpa2) < 16,
	       "struct folded_walk has all of it that walks ask for");
_Static_assert(offsetof(struct rd, rpv) % 32 == 0 &&
		       offsetof(struct rd, measurements) == offsetof(struct rd, rpv) + 64,
	       "the checker compares these at once");

/* realm_ipa_end, realm_protected_end - first IPA above the IPA space, or above its protected half. */
static inline uint64_t realm_ipa_end(const struct rd *rd)
{
	return UINT64_C(1) << rd->ipa_width;
}

static inline uint64_t realm_protected_end(const struct rd *rd)
{
	return UINT64_C(1) << (rd->ipa_width - 1);
}

/* realm_pa_end - first physical address that an RTT entry of this Realm cannot hold. */
static inline uint64_t realm_pa_end(const struct rd *rd)
{
	return UINT64_C(1) << (rd->lpa2 ? 52 : 48);
}

/*
 * realm_geometry_valid - an IPA space of `ipa_width` bits can start with `num` tables at `level`
 * (table in section 2.1 of the facts), on a platform whose physical addresses have `pa_bits`.
 */
bool realm_geometry_valid(unsigned int ipa_width, int64_t level, uint32_t num, bool lpa2,
			  unsigned int pa_bits);

#endif
