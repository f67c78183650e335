/* SPDX-License-Identifier: BSD-3-Clause */
/* data.c - the commands that give a Realm memory and take it away. */
#include "command.h"
#include "measurement.h"
#include "rtt.h"

/* The entry where `walk` ended becomes ASSIGNED to the granule at `pa`, with `ripas`. */
static void data_map(const struct walk *walk, uint64_t pa, uint64_t ripas)
{
	rtt_dirty(walk, 1);
	walk->entries[walk->index] = rtte_with_ripas(RTTE_ASSIGNED | pa, ripas);
	walk->granule->refcount++;
}

uint64_t rmi_data_create(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1], data_pa = x[2], ipa = x[3], src_pa = x[4], flags = x[5];
	struct granule *data_gran, *rd_gran;
	struct rd *rd;
	void *memory;
	struct walk walk;

	CHECKS(DATA_CREATE);
	FAIL_IF(flags, flags & ~RMI_DATA_FLAG_MEASURE);
	FAIL_IF(src_align, !granule_aligned(src_pa));
	FAIL_IF(src_bound, !granule_find_delegable(rmm, src_pa));
	FAIL_IF(src_pas, ns_faults(rmm, src_pa, false));
	FAIL_IF(data_align, !granule_aligned(data_pa));
	FAIL_IF(data_bound, !(data_gran = granule_find_delegable(rmm, data_pa)));
	FAIL_IF(data_state, data_gran->state != RMM_GRANULE_DELEGATED);
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	rd = memory;
	FAIL_IF(realm_state, rd->state != RMM_REALM_NEW);
	FAIL_IF(ipa_bound, ipa >= realm_protected_end(rd));
	FAIL_IF(ipa_align, !granule_aligned(ipa));
	FAIL_IF(data_bound2, data_pa >= realm_pa_end(rd));
	walk = rtt_walk(rmm, rd, ipa, RTT_PAGE_LEVEL);
	FAIL_IF_AT(rtt_walk, walk.level < RTT_PAGE_LEVEL, walk.level);
	FAIL_IF_AT(rtte_state, rtte_is_live(walk.entry), walk.level);
	CHECKS_END();

	const bool src_clean = ns_clean(rmm, src_pa);

	granule_set_state(rmm, data_gran, RMM_GRANULE_DATA);
	if (!src_clean || !data_gran->clean) {
		ns_read(rmm, src_pa, granule_memory(rmm, data_pa), RMM_GRANULE_SIZE);
		data_gran->clean = src_clean;
		data_gran->dirty = src_clean ? 0 : GRANULE_DIRTY;
	}
	data_map(&walk, data_pa, RMI_RIPAS_RAM);
	measurement_data(rmm, rd, ipa, flags, src_clean ? NULL : granule_memory(rmm, data_pa));
	return RMI_SUCCESS;
}

uint64_t rmi_data_create_unknown(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1], data_pa = x[2], ipa = x[3];
	struct granule *data_gran, *rd_gran;
	const struct rd *rd;
	void *memory;
	struct walk walk;

	CHECKS(DATA_CREATE_UNKNOWN);
	FAIL_IF(data_align, !granule_aligned(data_pa));
	FAIL_IF(data_bound, !(data_gran = granule_find_delegable(rmm, data_pa)));
	FAIL_IF(data_state, data_gran->state != RMM_GRANULE_DELEGATED);
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	rd = memory;
	FAIL_IF(ipa_bound, ipa >= realm_protected_end(rd));
	FAIL_IF(ipa_align, !granule_aligned(ipa));
	FAIL_IF(data_bound2, data_pa >= realm_pa_end(rd));
	walk = rtt_walk(rmm, rd, ipa, RTT_PAGE_LEVEL);
	FAIL_IF_AT(rtt_walk, walk.level < RTT_PAGE_LEVEL, walk.level);
	FAIL_IF_AT(rtte_state, rtte_is_live(walk.entry), walk.level);
	CHECKS_END();

	/* The content is what was left by the wipe when the granule became DELEGATED. */
	granule_set_state(rmm, data_gran, RMM_GRANULE_DATA);
	data_map(&walk, data_pa, rtte_ripas(walk.entry));
	return RMI_SUCCESS;
}

uint64_t rmi_data_destroy(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1], ipa = x[2];
	struct granule *rd_gran;
	const struct rd *rd;
	void *memory;
	struct walk walk;

	CHECKS(DATA_DESTROY);
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	rd = memory;
	FAIL_IF(ipa_bound, ipa >= realm_protected_end(rd));
	FAIL_IF(ipa_align, !granule_aligned(ipa));
	walk = rtt_walk(rmm, rd, ipa, RTT_PAGE_LEVEL);
	out->x[2] = rtt_skip_non_live(&walk, ipa);
	FAIL_IF_AT(rtt_walk, walk.level < RTT_PAGE_LEVEL, walk.level);
	FAIL_IF_AT(rtte_state, !rtte_is_live(walk.entry), walk.level);
	CHECKS_END();

	const uint64_t ripas = rtte_ripas(walk.entry);

	rtt_dirty(&walk, 1);
	walk.entries[walk.index] = rtte_with_ripas(
		RTTE_UNASSIGNED, ripas == RMI_RIPAS_RAM ? RMI_RIPAS_DESTROYED : ripas);
	walk.granule->refcount--;
	out->x[1] = rtte_addr(walk.entry);
	granule_release(rmm, out->x[1]);
	out->x[2] = rtt_skip_non_live(&walk, ipa);
	return RMI_SUCCESS;
}
