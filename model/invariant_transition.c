/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * invariant_transition.c - what one call may do to the state, T1..T18: the books are brought forward by
 * what each successful command is to do, and entries and RECs are compared from before to after.
 */
#include <string.h>
#include "invariant.h"

#define HEX(value)   ((unsigned long long)(value))
#define RIPAS(entry) (((entry)&RTTE_RIPAS) >> RTTE_RIPAS_SHIFT)
#define HIPAS(entry) ((entry)&RTTE_HIPAS)

/* --- measurements, from section 7 of the facts --- */

static void put64(uint8_t *bytes, size_t offset, uint64_t value)
{
	for (unsigned int i = 0; i < 8; i++)
		bytes[offset + i] = (uint8_t)(value >> (8 * i));
}

static void desc_start(uint8_t desc[256], const struct rd *rd, uint8_t type)
{
	memset(desc, 0, 256);
	desc[0] = type;
	put64(desc, 8, 256);
	memcpy(desc + 0x10, rd->measurements[0], 64);
}

/* What is suspected is what the RMM hashes, not the library: if it is the very same, so is its digest. */
static void digest_page(struct call *call, const struct rd *rd, uint8_t *digest, const void *page)
{
	const struct hashed *hashed = &call->checker->hashed;

	/* The last one first. */
	for (unsigned int i = 1; i <= HASHED_PAGES; i++) {
		const struct hashed_page *known =
			&hashed->page[(hashed->next_page - i) % HASHED_PAGES];

		if (known->valid && known->algo == rd->hash_algo &&
		    !memcmp(known->data, page, RMM_GRANULE_SIZE)) {
			memcpy(digest, known->digest, HASH_MAX_SIZE);
			return;
		}
	}
	hash_digest(rd->hash_algo, digest, page, RMM_GRANULE_SIZE, NULL, 0);
	invariant_hashed(call->checker, rd->hash_algo, page, RMM_GRANULE_SIZE, digest);
}

static void rim_extend(struct call *call, struct rd *rd, const uint8_t desc[256])
{
	struct hashed *hashed = &call->checker->hashed;
	const unsigned int i = hashed->next;

	if (i < hashed->num && hashed->algo == rd->hash_algo &&
	    scan_is_same(hashed->descriptor[i].data, desc, 256)) {
		memcpy(rd->measurements[0], hashed->descriptor[i].digest, HASH_MAX_SIZE);
		hashed->next++;
	} else {
		hash_digest(rd->hash_algo, rd->measurements[0], desc, 256, NULL, 0);
	}
}

/*
 * The digest of a page that has these values at these offsets: eight bytes each, in the order of memory, so that a
 * value of fewer bytes is what is at its offset. The same values have the same digest in each Realm.
 */
static void digest_params(struct call *call, const struct rd *rd, uint8_t *digest,
			  const struct measured *wanted, const uint16_t offsets[MEASURED_VALUES])
{
	struct hashed *hashed = &call->checker->hashed;
	uint8_t page[0x1000] __attribute__((aligned(8)));
	struct measured *known;

	for (unsigned int i = 0; i < NUM_MEASURED; i++) {
		known = &hashed->params[i];
		if (known->kind == wanted->kind &&
		    !memcmp(known->values, wanted->values, sizeof(known->values))) {
			memcpy(digest, known->digest, HASH_MAX_SIZE);
			return;
		}
	}
	memset(page, 0, sizeof(page));
	for (unsigned int i = 0; i < MEASURED_VALUES; i++) {
		if (wanted->values[i])
			put64(page, offsets[i], wanted->values[i]);
	}
	digest_page(call, rd, digest, page);
	known = &hashed->params[hashed->next_params++ % NUM_MEASURED];
	*known = *wanted;
	memcpy(known->digest, digest, HASH_MAX_SIZE);
}

static void expect_rim_realm(struct call *call, struct rd *rd,
			     const struct rmi_realm_params *params)
{
	static const uint16_t offsets[MEASURED_VALUES] = {0, 0x8, 0x10, 0x18, 0x20, 0x28, 0x30};
	const struct measured measured = {.kind = 0x100u | rd->hash_algo,
					  .values = {params->flags, params->s2sz, params->sve_vl,
						     params->num_bps, params->num_wps,
						     params->pmu_num_ctrs, params->hash_algo}};

	digest_params(call, rd, rd->measurements[0], &measured, offsets);
}

static void expect_rim_data(struct call *call, struct rd *rd, uint64_t ipa, uint64_t flags,
			    const void *page)
{
	uint8_t desc[256] __attribute__((aligned(8)));

	desc_start(desc, rd, 0);
	put64(desc, 0x50, ipa);
	put64(desc, 0x58, flags);
	if (flags & 1)
		digest_page(call, rd, desc + 0x60, page);
	rim_extend(call, rd, desc);
}

static void expect_rim_rec(struct call *call, struct rd *rd, const struct rmi_rec_params *params)
{
	static const uint16_t offsets[MEASURED_VALUES] = {0,	 0x200, 0x300, 0x308, 0x310,
							  0x318, 0x320, 0x328, 0x330, 0x338};
	struct measured measured = {.kind = 0x200u | rd->hash_algo,
				    .values = {params->flags, params->pc}};
	uint8_t desc[256] __attribute__((aligned(8)));

	memcpy(&measured.values[2], params->gprs, sizeof(params->gprs));
	desc_start(desc, rd, 1);
	digest_params(call, rd, desc + 0x50, &measured, offsets);
	rim_extend(call, rd, desc);
}

static void expect_rim_ripas(struct call *call, struct rd *rd, uint64_t base, uint64_t top)
{
	uint8_t desc[256] __attribute__((aligned(8)));

	desc_start(desc, rd, 2);
	put64(desc, 0x50, base);
	put64(desc, 0x58, top);
	rim_extend(call, rd, desc);
}

void expect_rem(struct rd *rd, uint64_t index, const uint64_t *value, uint64_t size, bool padded)
{
	const size_t old = rd->hash_algo == RMI_HASH_SHA_512 ? 64 : 32;
	uint8_t bytes[128] = {0};

	memcpy(bytes, rd->measurements[index], old);
	memcpy(bytes + old, value, size);
	hash_digest(rd->hash_algo, rd->measurements[index], bytes, old + (padded ? 64 : size), NULL,
		    0);
}

/* --- granules --- */

/* A granule goes from one state to another: the only ways are those of section 1.3. */
static struct shadow *granule_move(struct call *call, uint64_t pa, enum rmm_granule_state from,
				   enum rmm_granule_state to)
{
	struct shadow *shadow = shadow_find(call->rmm, pa);

	if (!shadow)
		return NULL;
	if (shadow->expected.state != from)
		invariant_violated(call->rmm, INVARIANT_T2,
				   "granule 0x%llx goes from state %u to %u", HEX(pa),
				   shadow->expected.state, to);
	call->checker->count[shadow->expected.state]--;
	call->checker->count[to]++;
	shadow->expected.state = (uint8_t)to;
	shadow->expected.refcount = 0;
	shadow->digest_valid = false;
	return shadow;
}

static void granule_own(struct shadow *shadow, const struct shadow_realm *realm, uint64_t where)
{
	if (!shadow)
		return;
	shadow->realm = realm->expected.vmid;
	shadow->where = where;
}

/* A granule was wiped, if somebody may have written to it. */
static void shadow_wiped(struct call *call, struct shadow *shadow, uint64_t pa)
{
	shadow->unchecked = shadow->resident;
	if (!shadow->resident || content_seems_wiped(call->rmm, pa))
		return;
	shadow->unchecked = false;
	invariant_violated(call->rmm, INVARIANT_I23, NOT_WIPED, HEX(pa));
}

/* A used granule becomes DELEGATED. What never was written need not be read to know that it is wiped. */
static void granule_return(struct call *call, uint64_t pa, enum rmm_granule_state from)
{
	struct shadow *shadow = granule_move(call, pa, from, RMM_GRANULE_DELEGATED);

	if (shadow)
		shadow_wiped(call, shadow, pa);
	granule_compare(call->rmm, pa, false);
}

void data_written(struct rmm *rmm, uint64_t pa)
{
	struct shadow *shadow = shadow_find(rmm, pa);

	/* Zeros into zeros: that it is still zero is for a check from scratch to find out. */
	if (shadow && !granule_find(rmm, pa)->clean) {
		shadow->digest_valid = shadow->unchecked = false;
		shadow->resident = true;
	}
}

/* --- entries --- */

static bool entry_is_named(const struct call *call, uint64_t ipa, int level)
{
	return call->placed && call->place.ipa == ipa && call->place.level == level;
}

static void transition_hipas(struct call *call, uint64_t ipa, int level, uint64_t old, uint64_t new)
{
	const bool named = entry_is_named(call, ipa, level);
	const bool destroys = call->fid == RMI_DATA_DESTROY && named;
	const bool creates =
		(call->fid == RMI_DATA_CREATE || call->fid == RMI_DATA_CREATE_UNKNOWN) && named;

	if (HIPAS(old) != HIPAS(new) &&
	    !(creates && HIPAS(old) == RTTE_UNASSIGNED && HIPAS(new) == RTTE_ASSIGNED) &&
	    !(destroys && HIPAS(old) == RTTE_ASSIGNED && HIPAS(new) == RTTE_UNASSIGNED))
		invariant_violated(call->rmm, INVARIANT_T9,
				   "IPA 0x%llx, level %d: entry 0x%llx becomes 0x%llx", HEX(ipa),
				   level, HEX(old), HEX(new));
	if (HIPAS(old) == RTTE_ASSIGNED && !destroys &&
	    (HIPAS(new) != RTTE_ASSIGNED || (old & RTTE_ADDR) != (new &RTTE_ADDR)))
		invariant_violated(call->rmm, INVARIANT_T10,
				   "IPA 0x%llx, level %d: entry 0x%llx becomes 0x%llx", HEX(ipa),
				   level, HEX(old), HEX(new));
	if (destroys && RIPAS(old) == RMI_RIPAS_RAM && RIPAS(new) != RMI_RIPAS_DESTROYED)
		invariant_violated(call->rmm, INVARIANT_T10,
				   "IPA 0x%llx: RAM is taken away and RIPAS becomes %llu", HEX(ipa),
				   HEX(RIPAS(new)));
}

static void transition_ripas(struct call *call, uint64_t ipa, int level, uint64_t old, uint64_t new)
{
	const struct rd *rd = &call->realm->expected;
	const uint64_t from = RIPAS(old), to = RIPAS(new);
	const uint64_t end = ipa + (UINT64_C(1) << (39 - 9 * level));
	const bool named = entry_is_named(call, ipa, level);
	const bool set = call->fid == RMI_RTT_SET_RIPAS;
	const bool in_range = (set || call->fid == RMI_RTT_INIT_RIPAS) &&
			      ipa >= call->x[call->kind->ipa] && end <= call->out[1];
	const bool is_new = rd->state == RMM_REALM_NEW;
	const bool measured = is_new && ((call->fid == RMI_DATA_CREATE && named) ||
					 (call->fid == RMI_RTT_INIT_RIPAS && in_range));
	const bool consent = set && in_range && to == call->rec.ripas_value;
	const char *const text = "IPA 0x%llx, level %d: RIPAS %llu becomes %llu";

#define FLAG_IF(label, condition)                                                                  \
	do {                                                                                       \
		if (condition)                                                                     \
			invariant_violated(call->rmm, INVARIANT_##label, text, HEX(ipa), level,    \
					   HEX(from), HEX(to));                                    \
	} while (0)
	FLAG_IF(T8, set && !consent);
	FLAG_IF(T4, to == RMI_RIPAS_EMPTY && !consent);
	FLAG_IF(T5, to == RMI_RIPAS_RAM && !consent && !measured);
	FLAG_IF(T6, to == RMI_RIPAS_DESTROYED &&
			    !(call->fid == RMI_DATA_DESTROY && named && from == RMI_RIPAS_RAM));
	FLAG_IF(T7, from == RMI_RIPAS_DESTROYED && !measured &&
			    !(consent && call->rec.ripas_destroyed));
	FLAG_IF(T11, call->fid == RMI_DATA_CREATE_UNKNOWN ||
			     (call->fid == RMI_DATA_DESTROY && from == RMI_RIPAS_EMPTY));
#undef FLAG_IF
}

void transition_examine(struct call *call, uint64_t ipa, int level, uint64_t old, uint64_t new)
{
	const bool named = entry_is_named(call, ipa, level);

	if (!call->success) {
		invariant_violated(call->rmm, INVARIANT_T1,
				   "IPA 0x%llx, level %d: entry 0x%llx became 0x%llx", HEX(ipa),
				   level, HEX(old), HEX(new));
		return;
	}
	/* Tables come and go where they are named; what that does is judged with the table. */
	if (named && (call->fid == RMI_RTT_CREATE || call->fid == RMI_RTT_DESTROY ||
		      call->fid == RMI_RTT_FOLD))
		return;
	if (ipa >= UINT64_C(1) << (call->realm->expected.ipa_width - 1)) {
		if (!(named && call->fid == RMI_RTT_MAP_UNPROTECTED &&
		      HIPAS(old) == RTTE_UNASSIGNED_NS && HIPAS(new) == RTTE_ASSIGNED_NS) &&
		    !(named && call->fid == RMI_RTT_UNMAP_UNPROTECTED &&
		      HIPAS(old) == RTTE_ASSIGNED_NS && new == RTTE_UNASSIGNED_NS))
			invariant_violated(call->rmm, INVARIANT_T2,
					   "IPA 0x%llx, level %d: entry 0x%llx becomes 0x%llx",
					   HEX(ipa), level, HEX(old), HEX(new));
		return;
	}
	transition_hipas(call, ipa, level, old, new);
	if (RIPAS(old) != RIPAS(new))
		transition_ripas(call, ipa, level, old, new);
}

/* --- RECs --- */

void transition_rec(struct call *call, uint64_t rec_pa, const struct rec *old,
		    const struct rec *new)
{
	const bool turns_on = call->success && call->fid == RMI_PSCI_COMPLETE && call->has_other &&
			      rec_pa == call->x[2] &&
			      (uint32_t)call->rec.regs.gprs[0] != PSCI_AFFINITY_INFO &&
			      call->x[3] == PSCI_SUCCESS;
	struct rec expected;

	if (!memcmp(old, new, sizeof(*old)))
		return;
	if (old->runnable != new->runnable && !(turns_on && new->runnable))
		invariant_violated(call->rmm, INVARIANT_T14,
				   "the REC at 0x%llx becomes runnable=%d", HEX(rec_pa),
				   new->runnable);
	if (!call->success) {
		/* The reference completes a request that it refuses. */
		if (call->fid != RMI_PSCI_COMPLETE || !(call->rmm->config.tfrmm & RMM_TFRMM_Q7))
			invariant_violated(call->rmm, INVARIANT_T1, "the REC at 0x%llx changed",
					   HEX(rec_pa));
		return;
	}
	if (call->fid == RMI_RTT_SET_RIPAS && rec_pa == call->x[2]) {
		const size_t head = offsetof(struct rec, ripas_addr),
			     tail = head + sizeof(uint64_t);

		if (new->ripas_addr <= old->ripas_addr || new->ripas_addr != call->out[1])
			invariant_violated(call->rmm, INVARIANT_T8,
					   "the request of the REC at 0x%llx goes from 0x%llx to "
					   "0x%llx, out_top is 0x%llx",
					   HEX(rec_pa), HEX(old->ripas_addr), HEX(new->ripas_addr),
					   HEX(call->out[1]));
		if (memcmp(old, new, head) != 0 ||
		    memcmp((const char *)old + tail, (const char *)new + tail,
			   sizeof(*new) - tail) != 0)
			invariant_violated(call->rmm, INVARIANT_T2, "the REC at 0x%llx changed",
					   HEX(rec_pa));
		return;
	}
	memcpy(&expected, old, sizeof(expected));
	if (call->fid == RMI_PSCI_COMPLETE && rec_pa == call->x[1]) {
		expected.psci_pending = false;
		expected.psci_completed = true;
		expected.regs.gprs[0] = new->regs.gprs[0];
		expected.regs.gprs[1] = expected.regs.gprs[2] = expected.regs.gprs[3] = 0;
	} else if (turns_on && !old->runnable) {
		expected.runnable = true;
		expected.regs = new->regs;
	}
	if (memcmp(&expected, new, sizeof(expected)) != 0)
		invariant_violated(call->rmm, INVARIANT_T2, "the REC at 0x%llx changed",
				   HEX(rec_pa));
}

/* --- what each command is to do --- */

static uint64_t entry_now(const struct call *call)
{
	return call->place.entries[call->place.index];
}

void apply_delegate(struct call *call)
{
	const uint64_t pa = call->x[1];
	struct shadow *shadow =
		granule_move(call, pa, RMM_GRANULE_UNDELEGATED, RMM_GRANULE_DELEGATED);

	if (!shadow)
		return;
	shadow->expected.gpt = RMM_GPT_REALM;
	shadow->resident = !call->was_clean || call->rmm->config.wipe_pattern;
	shadow_wiped(call, shadow, pa);
}

void apply_undelegate(struct call *call)
{
	const uint64_t pa = call->x[1];
	const struct granule *granule = granule_find(call->rmm, pa);
	struct shadow *shadow =
		granule_move(call, pa, RMM_GRANULE_DELEGATED, RMM_GRANULE_UNDELEGATED);
	bool wiped;

	if (!shadow)
		return;
	wiped = !shadow->resident || content_wiped(call->rmm, pa);
	if (!wiped)
		invariant_violated(call->rmm, INVARIANT_I23, NOT_WIPED, HEX(pa));
	if (!wiped || granule->state != RMM_GRANULE_UNDELEGATED || granule->gpt != RMM_GPT_NS)
		invariant_violated(call->rmm, INVARIANT_T17,
				   "granule 0x%llx comes back with state %u, GPT entry %u", HEX(pa),
				   granule->state, granule->gpt);
	memset(shadow, 0, sizeof(*shadow));
}

void apply_realm_create(struct call *call)
{
	const struct rmi_realm_params *params = &call->u.realm_params;
	const uint64_t rd_pa = call->x[1];
	struct shadow_realm *realm = &call->checker->realms[params->vmid];
	struct shadow *shadow;

	if (params->vmid >> call->rmm->config.vmid_bits || realm->exists) {
		invariant_violated(call->rmm, INVARIANT_I24, "VMID %u is given to a second Realm",
				   params->vmid);
		return;
	}
	if (!memory_find(call->rmm, rd_pa)) {
		invariant_violated(call->rmm, INVARIANT_T2, "a Realm is made at 0x%llx",
				   HEX(rd_pa));
		return;
	}
	memset(realm, 0, sizeof(*realm));
	realm->exists = true;
	realm->rd = rd_pa;
	realm->memory = memory_find(call->rmm, rd_pa);
	realm->granule = granule_find(call->rmm, rd_pa);
	realm->shadow = shadow_find(call->rmm, rd_pa);
	realm->expected.rtt_base = params->rtt_base;
	realm->expected.state = RMM_REALM_NEW;
	realm->expected.ipa_width = params->s2sz;
	realm->expected.rtt_level_start = (int8_t)params->rtt_level_start;
	realm->expected.rtt_num_start = params->rtt_num_start;
	realm->expected.hash_algo = params->hash_algo;
	realm->expected.lpa2 = params->flags & RMI_REALM_FLAG_LPA2;
	realm->expected.rec_aux = call->rmm->config.rec_aux;
	realm->expected.vmid = params->vmid;
	memcpy(realm->expected.rpv, params->rpv, sizeof(params->rpv));
	expect_rim_realm(call, &realm->expected, params);
	shadow = granule_move(call, rd_pa, RMM_GRANULE_DELEGATED, RMM_GRANULE_RD);
	granule_own(shadow, realm, 0);
	if (shadow)
		shadow->resident = true;
	for (uint32_t i = 0; i < params->rtt_num_start; i++) {
		const uint64_t pa = params->rtt_base + (uint64_t)i * RMM_GRANULE_SIZE;

		shadow = granule_move(call, pa, RMM_GRANULE_DELEGATED, RMM_GRANULE_RTT);
		if (!shadow)
			continue;
		granule_own(shadow, realm,
			    table_where((uint64_t)i << (48 - 9 * (int)params->rtt_level_start),
					(int)params->rtt_level_start));
		shadow->resident = true;
		granule_compare(call->rmm, pa, false);
	}
	call->realm = realm;
	realms_check(call->rmm);
}

void apply_realm_activate(struct call *call)
{
	struct rd *expected = &call->realm->expected;

	if (expected->state != RMM_REALM_NEW)
		invariant_violated(call->rmm, INVARIANT_T13, "the Realm at 0x%llx was in state %u",
				   HEX(call->realm->rd), expected->state);
	expected->state = RMM_REALM_ACTIVE;
}

void apply_realm_destroy(struct call *call)
{
	struct shadow_realm *realm = call->realm;

	if (!realm)
		return;
	if (shadow_find(call->rmm, realm->rd)->expected.refcount)
		invariant_violated(call->rmm, INVARIANT_I16,
				   "the Realm at 0x%llx goes before its RECs", HEX(realm->rd));
	for (uint32_t i = 0; i < realm->expected.rtt_num_start; i++) {
		const uint64_t pa = realm->expected.rtt_base + (uint64_t)i * RMM_GRANULE_SIZE;

		if (shadow_find(call->rmm, pa)->expected.refcount)
			invariant_violated(call->rmm, INVARIANT_I5,
					   "starting table 0x%llx goes before what is below it",
					   HEX(pa));
		granule_return(call, pa, RMM_GRANULE_RTT);
	}
	granule_return(call, realm->rd, RMM_GRANULE_RD);
	realm->exists = false;
	realms_check(call->rmm);
}

void apply_rec_create(struct call *call)
{
	const struct rmi_rec_params *params = &call->u.rec_params;
	struct shadow *shadow;

	if (!call->realm)
		return;
	shadow = granule_move(call, call->x[2], RMM_GRANULE_DELEGATED, RMM_GRANULE_REC);
	granule_own(shadow, call->realm, 0);
	if (shadow)
		shadow->resident = true;
	for (uint64_t i = 0; i < params->num_aux && i < RMI_REC_MAX_AUX; i++) {
		shadow = granule_move(call, params->aux[i], RMM_GRANULE_DELEGATED,
				      RMM_GRANULE_REC_AUX);
		granule_own(shadow, call->realm, call->x[2]);
		if (!shadow)
			continue;
		shadow->digest = i;
		granule_compare(call->rmm, params->aux[i] & ~GRANULE_MASK, false);
	}
	if (params->flags & RMI_REC_FLAG_RUNNABLE)
		expect_rim_rec(call, &call->realm->expected, params);
	call->realm->expected.rec_index++;
	shadow_find(call->rmm, call->realm->rd)->expected.refcount++;
	granule_compare(call->rmm, call->x[2] & ~GRANULE_MASK, false);
	rec_check(call->rmm, call->x[2]);
}

void apply_rec_destroy(struct call *call)
{
	if (!call->has_rec)
		return;
	for (unsigned int i = 0; i < call->rec.num_aux && i < RMI_REC_MAX_AUX; i++)
		granule_return(call, call->rec.aux[i], RMM_GRANULE_REC_AUX);
	granule_return(call, call->x[1], RMM_GRANULE_REC);
	if (call->realm)
		shadow_find(call->rmm, call->realm->rd)->expected.refcount--;
}

void apply_data_create(struct call *call)
{
	struct rmm *rmm = call->rmm;
	const struct rmm_platform *platform = &rmm->config.platform;
	const uint64_t pa = call->x[2], ipa = call->x[3], src = call->x[4], flags = call->x[5];
	const void *memory = memory_find(rmm, pa), *source = memory_find(rmm, src);
	struct shadow *shadow;

	if (!call->placed || !memory || !source)
		return;
	if (platform->is_clean && platform->is_clean(platform->ctx, src))
		source = zero_granule;
	shadow = granule_move(call, pa, RMM_GRANULE_DELEGATED, RMM_GRANULE_DATA);
	granule_own(shadow, call->realm, ipa);
	/* What is known to be zero need not be read, and is not: its memory may not exist yet. */
	if (source != zero_granule || !granule_find(rmm, pa)->clean) {
		shadow->resident = true;
		shadow->digest = scan_digest(memory);
		if (memcmp(memory, source, RMM_GRANULE_SIZE) != 0)
			invariant_violated(rmm, INVARIANT_I22,
					   "DATA 0x%llx is not what its source holds", HEX(pa));
	} else {
		shadow->digest = 0;
	}
	shadow->digest_valid = true;
	shadow->unchecked = false;
	shadow_find(rmm, call->place.table)->expected.refcount++;
	if (call->realm->expected.state != RMM_REALM_NEW)
		invariant_violated(rmm, INVARIANT_T3, "the Realm at 0x%llx is not NEW",
				   HEX(call->realm->rd));
	expect_rim_data(call, &call->realm->expected, ipa, flags, source);
	if (entry_now(call) != (RTTE_ASSIGNED | pa | UINT64_C(1) << RTTE_RIPAS_SHIFT))
		invariant_violated(rmm, INVARIANT_I12, "DATA 0x%llx is not mapped at IPA 0x%llx",
				   HEX(pa), HEX(ipa));
}

void apply_data_create_unknown(struct call *call)
{
	const uint64_t pa = call->x[2], ipa = call->x[3];
	struct shadow *shadow;

	if (!call->placed)
		return;
	shadow = granule_move(call, pa, RMM_GRANULE_DELEGATED, RMM_GRANULE_DATA);
	if (!shadow)
		return;
	granule_own(shadow, call->realm, ipa);
	/*
	 * It was wiped when it became DELEGATED, and this does not touch it: what got into it in between is
	 * found when its Realm reads it, or when it goes.
	 */
	shadow->digest = 0;
	shadow->digest_valid = !call->rmm->config.wipe_pattern || shadow->resident;
	if (call->rmm->config.wipe_pattern && shadow->resident)
		shadow->digest = scan_digest(memory_find(call->rmm, pa));
	shadow_find(call->rmm, call->place.table)->expected.refcount++;
	if (HIPAS(entry_now(call)) != RTTE_ASSIGNED || (entry_now(call) & RTTE_ADDR) != pa)
		invariant_violated(call->rmm, INVARIANT_I12,
				   "DATA 0x%llx is not mapped at IPA 0x%llx", HEX(pa), HEX(ipa));
}

void apply_data_destroy(struct call *call)
{
	if (!call->placed)
		return;
	granule_return(call, call->place.entry & RTTE_ADDR, RMM_GRANULE_DATA);
	shadow_find(call->rmm, call->place.table)->expected.refcount--;
}

void apply_rtt_create(struct call *call)
{
	const uint64_t pa = call->x[2], parent = call->place.entry;
	const int level = call->place.level + 1;
	const uint64_t *entries = memory_find(call->rmm, pa);
	struct shadow *shadow;
	bool assigned, filled;

	if (!call->placed || !entries)
		return;
	assigned = HIPAS(parent) == RTTE_ASSIGNED;
	shadow = granule_move(call, pa, RMM_GRANULE_DELEGATED, RMM_GRANULE_RTT);
	granule_own(shadow, call->realm, table_where(call->place.ipa, level));
	shadow->resident = true;
	shadow->expected.refcount = assigned ? RTT_ENTRIES : 0;
	shadow_find(call->rmm, call->place.table)->expected.refcount += !assigned;
	filled = scan_is_filled(entries, parent, unfold_stride(parent, level));
	if (!filled || entry_now(call) != (RTTE_TABLE | pa))
		invariant_violated(
			call->rmm, INVARIANT_T9,
			"IPA 0x%llx: a table of level %d does not stand for entry 0x%llx",
			HEX(call->place.ipa), level, HEX(parent));
	if (call->checker->last_table.fid == RMI_RTT_FOLD &&
	    call->checker->last_table.rd == call->x[1] &&
	    call->checker->last_table.ipa == call->x[3] &&
	    call->checker->last_table.level == call->x[4] &&
	    (!filled || parent != call->checker->last_table.parent))
		invariant_violated(call->rmm, INVARIANT_T18,
				   "IPA 0x%llx, level %d: a table that was folded comes back as "
				   "another",
				   HEX(call->x[3]), level);
	call->checker->last_table.fid = RMI_RTT_CREATE;
	call->checker->last_table.rd = call->x[1];
	call->checker->last_table.ipa = call->x[3];
	call->checker->last_table.level = call->x[4];
	call->checker->last_table.rtt = pa;
	call->checker->last_table.parent = parent;
}

/* A table that goes: its granule, and the parent's reference. */
static void child_return(struct call *call, bool keeps_reference)
{
	struct shadow *shadow = shadow_find(call->rmm, call->child);

	if (shadow)
		granule_return(call, call->child, RMM_GRANULE_RTT);
	shadow_find(call->rmm, call->place.table)->expected.refcount -= !keeps_reference;
}

void apply_rtt_destroy(struct call *call)
{
	const uint64_t end = UINT64_C(1) << (call->realm->expected.ipa_width - 1);
	const bool is_protected = call->x[2] < end;
	const uint64_t expected = is_protected ? RTTE_UNASSIGNED | (uint64_t)RMI_RIPAS_DESTROYED
									   << RTTE_RIPAS_SHIFT
					       : RTTE_UNASSIGNED_NS;

	if (call->child == PA_NONE) {
		invariant_violated(call->rmm, INVARIANT_T2, "IPA 0x%llx: there was no table",
				   HEX(call->x[2]));
		return;
	}
	if (is_protected ? call->child_union & RTTE_LIVE : call->child_union & RTTE_TABLE_BIT)
		invariant_violated(call->rmm, INVARIANT_T9,
				   "IPA 0x%llx: a table goes that is not empty", HEX(call->x[2]));
	if (entry_now(call) != expected)
		invariant_violated(call->rmm, INVARIANT_T6,
				   "IPA 0x%llx: entry 0x%llx after the table is gone",
				   HEX(call->x[2]), HEX(entry_now(call)));
	child_return(call, false);
}

void apply_rtt_fold(struct call *call)
{
	const uint64_t now = entry_now(call);

	if (call->child == PA_NONE) {
		invariant_violated(call->rmm, INVARIANT_T2, "IPA 0x%llx: there was no table",
				   HEX(call->x[2]));
		return;
	}
	if (!call->child_homogeneous || now != call->child_first)
		invariant_violated(call->rmm, INVARIANT_T9,
				   "IPA 0x%llx: entry 0x%llx does not stand for the table",
				   HEX(call->x[2]), HEX(now));
	if (call->checker->last_table.fid == RMI_RTT_CREATE &&
	    call->checker->last_table.rd == call->x[1] &&
	    call->checker->last_table.ipa == call->x[2] &&
	    call->checker->last_table.level == call->x[3] &&
	    (now != call->checker->last_table.parent ||
	     call->out[1] != call->checker->last_table.rtt))
		invariant_violated(call->rmm, INVARIANT_T18,
				   "IPA 0x%llx: entry 0x%llx was 0x%llx before the table",
				   HEX(call->x[2]), HEX(now),
				   HEX(call->checker->last_table.parent));
	child_return(call, HIPAS(now) == RTTE_ASSIGNED);
	call->checker->last_table.fid = RMI_RTT_FOLD;
	call->checker->last_table.rd = call->x[1];
	call->checker->last_table.ipa = call->x[2];
	call->checker->last_table.level = call->x[3];
	call->checker->last_table.parent = call->child_first;
}

/* Entries from *_RIPAS one by one: what each was, and what it is. */
static void ripas_examine(struct call *call, uint64_t value)
{
	const int level = call->place.level;
	const unsigned int first = call->u.entries.first;
	const uint64_t size = UINT64_C(1) << (39 - 9 * level);
	uint64_t ipa = call->place.ipa - (call->place.index - first) * size;

	for (unsigned int i = 0; i < call->u.entries.num; i++, ipa += size) {
		const uint64_t now = call->place.entries[first + i];

		transition_entry(call, ipa, level, call->u.entries.old[i], now);
		if (ipa >= call->place.ipa && ipa + size <= call->out[1] && RIPAS(now) != value)
			invariant_violated(call->rmm, INVARIANT_T8,
					   "IPA 0x%llx: RIPAS is %llu, not %llu", HEX(ipa),
					   HEX(RIPAS(now)), HEX(value));
	}
}

void apply_ripas(struct call *call)
{
	const bool set = call->fid == RMI_RTT_SET_RIPAS;
	const bool is_new = call->realm->expected.state == RMM_REALM_NEW;
	const uint64_t value = set ? call->rec.ripas_value : RMI_RIPAS_RAM;
	const uint64_t size = UINT64_C(1) << (39 - 9 * call->place.level);
	const uint64_t end = call->out[1];
	const uint64_t *old = call->u.entries.old;
	const uint64_t *now = &call->place.entries[call->u.entries.first];
	const unsigned int before = call->place.index - call->u.entries.first;
	unsigned int num = call->u.entries.num - before;
	uint64_t any = 0;
	bool good;

	if (!set && !is_new)
		invariant_violated(call->rmm, INVARIANT_T3, "the Realm at 0x%llx is not NEW",
				   HEX(call->realm->rd));
	if (end < call->place.ipa)
		num = 0;
	else if ((end - call->place.ipa) / size < num)
		num = (unsigned int)((end - call->place.ipa) / size);
	/* Nearly always each entry in the range is as before but for its RIPAS, and no other changed. */
	good = scan_is_replaced(&now[before], &old[before], num, RTTE_RIPAS,
				value << RTTE_RIPAS_SHIFT, &any);
	if (set ? any & RMI_RIPAS_DESTROYED << RTTE_RIPAS_SHIFT && !call->rec.ripas_destroyed
		: any & RTTE_HIPAS || !is_new)
		good = false;
	if (before && now[0] != old[0])
		good = false;
	for (unsigned int i = before + num; i < call->u.entries.num; i++)
		good = good && now[i] == old[i];
	if (!good)
		ripas_examine(call, value);
	for (uint64_t ipa = call->place.ipa; !set && num > 0; ipa += size, num--)
		expect_rim_ripas(call, &call->realm->expected, ipa, ipa + size);
}

void apply_rec_enter(struct call *call)
{
	struct rmm *rmm = call->rmm;
	const struct rec *rec;
	const struct rmi_rec_run *run = memory_find(rmm, call->x[2]);

	if (!call->has_rec || !call->realm || !run)
		return;
	if (call->realm->expected.state == RMM_REALM_NEW)
		invariant_violated(rmm, INVARIANT_I25, "a REC of the NEW Realm at 0x%llx ran",
				   HEX(call->realm->rd));
	rec = memory_find(rmm, call->x[1]);
	if (call->rec.runnable != rec->runnable &&
	    !(call->rec.runnable && run->exit.exit_reason == RMI_EXIT_PSCI &&
	      run->exit.gprs[0] == PSCI_CPU_OFF))
		invariant_violated(rmm, INVARIANT_T14, "the REC at 0x%llx becomes runnable=%d",
				   HEX(call->x[1]), rec->runnable);
	if (run->exit.exit_reason == RMI_EXIT_RIPAS_CHANGE
		    ? rec->ripas_addr != run->exit.ripas_base ||
			      rec->ripas_top != run->exit.ripas_top
		    : rec->ripas_addr || rec->ripas_top)
		invariant_violated(rmm, INVARIANT_T15,
				   "the REC at 0x%llx exits for %u with a request 0x%llx..0x%llx",
				   HEX(call->x[1]), run->exit.exit_reason, HEX(rec->ripas_addr),
				   HEX(rec->ripas_top));
	if (rec->emulatable_abort != (run->exit.exit_reason == RMI_EXIT_SYNC &&
				      run->exit.esr >> RMI_ESR_EC_SHIFT == RMI_ESR_EC_DATA_ABORT &&
				      run->exit.esr & RMI_ESR_ISV))
		invariant_violated(rmm, INVARIANT_T16,
				   "the REC at 0x%llx: emulatable=%d after esr 0x%llx",
				   HEX(call->x[1]), rec->emulatable_abort, HEX(run->exit.esr));
	output_exit(call);
}
