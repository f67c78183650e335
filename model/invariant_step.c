/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * invariant_step.c - the calls that a Host makes most, at level step: whether one did just what it is to do
 * is seen by a few comparisons, while the RMM is still warm in the cache. Whatever is not so is left to
 * invariant_checked() and invariant_judge(), which know all cases and report.
 */
#include "invariant.h"

#define INLINE	     static inline __attribute__((always_inline))
#define RIPAS(entry) (((entry)&RTTE_RIPAS) >> RTTE_RIPAS_SHIFT)

/*
 * reg - a register. They were written one by one just before: loading two at a time would make the processor
 * wait until both are in the cache.
 */
INLINE uint64_t reg(const struct rmm_regs *regs, unsigned int number)
{
	return *(const volatile uint64_t *)&regs->x[number];
}

/* The RMM makes the call: by its function for this command, unless a test has put something in its place. */
INLINE void step_serve(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve, rmi_fn fn,
		       enum command command)
{
	if (__builtin_expect(serve == smc_serve, 1))
		smc_make(rmm, regs, fn, &commands[command]);
	else
		serve(rmm, regs);
}

/* What is known, and what is to be known, of one granule. */
struct known {
	struct granule *granule; /* NULL: there is none */
	struct shadow *shadow;
	bool delegable;
};

INLINE struct known known_find(const struct rmm *rmm, uint64_t pa)
{
	const struct bank *bank = bank_find(rmm, pa);
	struct known known = {0};

	if (bank) {
		const uint64_t i = (pa - bank->base) >> GRANULE_SHIFT;

		known.granule = &bank->granules[i];
		known.shadow = &bank->shadows[i];
		known.delegable = bank->delegable;
	}
	return known;
}

INLINE bool known_agrees(const struct known *known)
{
	return granule_agrees(known->granule, &known->shadow->expected);
}

/* A granule goes from one state to another, which the RMM's books have done. */
INLINE void known_move(struct rmm *rmm, struct shadow *shadow, enum rmm_granule_state to)
{
	rmm->checker->count[shadow->expected.state]--;
	rmm->checker->count[to]++;
	shadow->expected.state = (uint8_t)to;
	shadow->expected.refcount = 0;
	shadow->digest_valid = false;
}

void step_delegate(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve)
{
	const uint64_t x[7] = {reg(regs, 0), reg(regs, 1)};
	const struct rmm_platform *platform = &rmm->config.platform;
	const struct known known = known_find(rmm, x[1]);
	const bool aligned = granule_aligned(x[1]);
	bool was_clean;

	if (known.granule && !known_agrees(&known)) {
		invariant_checked(rmm, regs, serve);
		return;
	}
	was_clean = aligned && platform->is_clean && platform->is_clean(platform->ctx, x[1]);
	step_serve(rmm, regs, serve, rmi_granule_delegate, COMMAND_GRANULE_DELEGATE);
	if (reg(regs, 0) == RMI_ERROR_INPUT && (!known.granule || known_agrees(&known))) {
		rmm->checker->last_table.fid = 0;
		return;
	}
	if (reg(regs, 0) == RMI_SUCCESS && aligned && known.delegable &&
	    known.shadow->expected.state == RMM_GRANULE_UNDELEGATED &&
	    known.granule->state == RMM_GRANULE_DELEGATED && known.granule->gpt == RMM_GPT_REALM &&
	    !known.granule->refcount && (was_clean || content_seems_wiped(rmm, x[1]))) {
		known_move(rmm, known.shadow, RMM_GRANULE_DELEGATED);
		known.shadow->expected.gpt = RMM_GPT_REALM;
		known.shadow->resident = known.shadow->unchecked =
			!was_clean || rmm->config.wipe_pattern;
		rmm->checker->last_table.fid = 0;
		return;
	}
	invariant_judge(rmm, regs, x, &(struct before){.was_clean = was_clean, .child = PA_NONE});
}

void step_undelegate(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve)
{
	const uint64_t x[7] = {reg(regs, 0), reg(regs, 1)};
	const struct known known = known_find(rmm, x[1]);

	if (known.granule && !known_agrees(&known)) {
		invariant_checked(rmm, regs, serve);
		return;
	}
	step_serve(rmm, regs, serve, rmi_granule_undelegate, COMMAND_GRANULE_UNDELEGATE);
	if (reg(regs, 0) == RMI_ERROR_INPUT && (!known.granule || known_agrees(&known))) {
		rmm->checker->last_table.fid = 0;
		return;
	}
	if (reg(regs, 0) == RMI_SUCCESS && granule_aligned(x[1]) && known.granule &&
	    known.shadow->expected.state == RMM_GRANULE_DELEGATED &&
	    known.granule->state == RMM_GRANULE_UNDELEGATED && known.granule->gpt == RMM_GPT_NS &&
	    !known.granule->refcount && (!known.shadow->resident || content_wiped(rmm, x[1]))) {
		rmm->checker->count[RMM_GRANULE_DELEGATED]--;
		rmm->checker->count[RMM_GRANULE_UNDELEGATED]++;
		memset(known.shadow, 0, sizeof(*known.shadow));
		rmm->checker->last_table.fid = 0;
		return;
	}
	invariant_judge(rmm, regs, x, &(struct before){.child = PA_NONE});
}

/* --- calls about one entry --- */

/* The Realm that `rd` names and where the walk ends for `ipa`, if such a walk is made at all. */
INLINE struct shadow_realm *entry_find(const struct rmm *rmm, uint64_t rd, uint64_t ipa,
				       int64_t level, struct place *place)
{
	struct recent *const recent = &rmm->checker->recent;
	struct shadow_realm *realm;

	if (rd == recent->rd && level == recent->level && ipa >> recent->shift == recent->block) {
		const unsigned int shift = recent->shift - 9;

		place->bank = recent->bank;
		place->entries = recent->entries;
		place->table = recent->table;
		place->ipa = ipa >> shift << shift;
		place->index = ipa >> shift & (RTT_ENTRIES - 1);
		place->entry = place->entries[place->index];
		place->level = (int)level;
		return recent->realm;
	}
	realm = realm_find(rmm, rd);
	if (!realm || ipa >= realm_ipa_end(&realm->expected) || level > RTT_PAGE_LEVEL ||
	    level < realm->expected.rtt_level_start ||
	    !place_walk(rmm, realm, ipa, (int)level, place))
		return NULL;
	if (place->level == level && level > realm->expected.rtt_level_start) {
		const uint64_t i = (place->table - place->bank->base) >> GRANULE_SHIFT;

		recent->rd = rd;
		recent->level = level;
		recent->shift = 48 - 9 * (unsigned int)level;
		recent->block = ipa >> recent->shift;
		recent->realm = realm;
		recent->bank = place->bank;
		recent->entries = place->entries;
		recent->table = place->table;
		recent->granule = &place->bank->granules[i];
		recent->shadow = &place->bank->shadows[i];
		recent->child_level = level < RTT_PAGE_LEVEL ? (uint64_t)level + 1 : NO_CHILD;
		recent->half = realm_protected_end(&realm->expected);
	}
	return realm;
}

/* What of an RD is behind its first 16 bytes and before `next`. */
INLINE uint64_t rd_second(const struct rd *rd)
{
	return (uint64_t)rd->rtt_num_start << 32 | rd->rec_index;
}
_Static_assert(offsetof(struct rd, rtt_num_start) == 16 && offsetof(struct rd, rec_index) == 20 &&
		       offsetof(struct rd, next) == 24,
	       "that is all");

/*
 * The RD is as it is to be, but for the RPV and REMs, which none of these commands has anything to do with: they are
 * compared with every other call.
 */
INLINE bool realm_agrees_briefly(const struct shadow_realm *realm)
{
	typedef uint64_t words2 __attribute__((vector_size(16), may_alias));
	const struct rd *rd = realm->memory, *expected = &realm->expected;
	const words2 *a = (const words2 *)rd->measurements[0],
		     *b = (const words2 *)expected->measurements[0];
	words2 differs = {0, 0};

	for (unsigned int i = 0; i < RSI_MEASUREMENT_SIZE / sizeof(*a); i++)
		differs |= a[i] ^ b[i];
	a = (const words2 *)rd;
	b = (const words2 *)expected;
	differs |= *a ^ *b;
	return !(differs[0] | differs[1] | (rd_second(rd) ^ rd_second(expected)));
}

/*
 * Nothing but the entry changed of what the call named, its Realm and its table, whose references are now
 * `references` more: the books say so only if it is true.
 */
INLINE bool entry_alone(const struct shadow_realm *realm, const struct place *place, int references)
{
	const uint64_t i = (place->table - place->bank->base) >> GRANULE_SHIFT;
	const struct granule *table = &place->bank->granules[i];
	struct granule *expected = &place->bank->shadows[i].expected;
	const uint16_t refcount = (uint16_t)(expected->refcount + references);

	struct granule wanted = *expected;

	wanted.refcount = refcount;
	if (__builtin_expect(granule_agrees(table, &wanted) &&
				     granule_agrees(realm->granule, &realm->shadow->expected) &&
				     realm_agrees_briefly(realm),
			     1)) {
		expected->refcount = refcount;
		return true;
	}
	return false;
}

/* What is to be said of the next live entry after a call at the one in `place`, which is not live. */
INLINE uint64_t entry_top(const struct place *place)
{
	const unsigned int num = place->level < 0 ? 16 : RTT_ENTRIES;
	const unsigned int i = scan_other(place->entries, place->index + 1, num, RTTE_LIVE, 0);

	return place->ipa + ((uint64_t)(i - place->index) << (39 - 9 * place->level));
}

/*
 * The rest of a call about one entry: `good` if it did just what it is to do. READ_ENTRY, MAP_UNPROTECTED,
 * UNMAP_UNPROTECTED and FOLD have the same arguments.
 */
INLINE void entry_finish(struct rmm *rmm, const struct rmm_regs *regs, const uint64_t *x,
			 struct shadow_realm *realm, const struct place *place, bool good)
{
	if (good && entry_alone(realm, place, 0)) {
		/* Only mappings of DATA and tables take more than a moment. */
		entry_check(rmm, realm, place->ipa, place->level, place->entries[place->index]);
		rmm->checker->last_table.fid = 0;
		return;
	}
	invariant_judge(rmm, regs, x,
			&(struct before){.realm = realm, .place = place, .child = PA_NONE});
}

/* What a call about one entry did: `x` are its arguments. True if it was just what it is to do. */
typedef bool (*entry_good_fn)(const struct rmm_regs *regs, const uint64_t *x,
			      const struct shadow_realm *realm, const struct place *place);

/* READ_ENTRY, MAP_UNPROTECTED and UNMAP_UNPROTECTED: rd, ipa and level are the arguments of all. */
INLINE void step_entry(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve, rmi_fn fn,
		       enum command command, entry_good_fn good)
{
	const uint64_t x[7] = {reg(regs, 0), reg(regs, 1), reg(regs, 2), reg(regs, 3),
			       reg(regs, 4)};
	struct shadow_realm *realm;
	struct place place;

	realm = entry_find(rmm, x[1], x[2], (int64_t)x[3], &place);
	if (!realm) {
		invariant_checked(rmm, regs, serve);
		return;
	}
	step_serve(rmm, regs, serve, fn, command);
	entry_finish(rmm, regs, x, realm, &place, good(regs, x, realm, &place));
}

INLINE bool read_entry_good(const struct rmm_regs *regs, const uint64_t *x,
			    const struct shadow_realm *realm, const struct place *place)
{
	const uint64_t entry = place->entry, live = 0 - (entry & RTTE_LIVE);
	uint64_t differs;

	(void)x;
	differs = reg(regs, 0) ^ RMI_SUCCESS;
	differs |= reg(regs, 1) ^ (uint64_t)(int64_t)place->level;
	differs |=
		reg(regs, 2) ^ (entry & RTTE_TABLE_BIT ? RMI_RTTE_TABLE : live & RMI_RTTE_ASSIGNED);
	differs |= reg(regs, 3) ^
		   (entry & live & (RTTE_ADDR | (entry & RTTE_NS ? RTTE_MEMATTR | RTTE_S2AP : 0)));
	differs |= reg(regs, 4) ^ RIPAS(entry);
	differs |= entry ^ place->entries[place->index];
	return !differs && !realm->expected.lpa2;
}

void step_read_entry(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve)
{
	step_entry(rmm, regs, serve, rmi_rtt_read_entry, COMMAND_RTT_READ_ENTRY, read_entry_good);
}

INLINE bool map_good(const struct rmm_regs *regs, const uint64_t *x,
		     const struct shadow_realm *realm, const struct place *place)
{
	return reg(regs, 0) == RMI_SUCCESS && place->entry == RTTE_UNASSIGNED_NS &&
	       place->level >= 1 && place->level == (int)x[3] &&
	       !(x[4] & ~(UINT64_C(0xfffffffff000) | RTTE_MEMATTR | RTTE_S2AP)) &&
	       place->entries[place->index] == (RTTE_ASSIGNED_NS | x[4]) && !realm->expected.lpa2;
}

void step_map(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve)
{
	step_entry(rmm, regs, serve, rmi_rtt_map_unprotected, COMMAND_RTT_MAP_UNPROTECTED,
		   map_good);
}

INLINE bool unmap_good(const struct rmm_regs *regs, const uint64_t *x,
		       const struct shadow_realm *realm, const struct place *place)
{
	(void)realm;
	return reg(regs, 0) == RMI_SUCCESS && place->level == (int)x[3] &&
	       (place->entry & RTTE_HIPAS) == RTTE_ASSIGNED_NS &&
	       place->entries[place->index] == RTTE_UNASSIGNED_NS &&
	       reg(regs, 1) == entry_top(place);
}

void step_unmap(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve)
{
	step_entry(rmm, regs, serve, rmi_rtt_unmap_unprotected, COMMAND_RTT_UNMAP_UNPROTECTED,
		   unmap_good);
}

void step_data_create_unknown(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve)
{
	const uint64_t x[7] = {reg(regs, 0), reg(regs, 1), reg(regs, 2), reg(regs, 3)};
	const struct known data = known_find(rmm, x[2]);
	struct shadow_realm *realm = NULL;
	struct place place;
	bool good;

	if (data.granule && known_agrees(&data) && !rmm->config.wipe_pattern)
		realm = entry_find(rmm, x[1], x[3], RTT_PAGE_LEVEL, &place);
	if (!realm) {
		invariant_checked(rmm, regs, serve);
		return;
	}
	step_serve(rmm, regs, serve, rmi_data_create_unknown, COMMAND_DATA_CREATE_UNKNOWN);
	good = reg(regs, 0) == RMI_SUCCESS && place.level == RTT_PAGE_LEVEL &&
	       granule_aligned(x[2]) && x[3] < realm_protected_end(&realm->expected) &&
	       !(x[2] >> 48) && !(place.entry & ~RTTE_RIPAS) &&
	       (place.entry & RTTE_RIPAS) != RTTE_RIPAS &&
	       place.entries[place.index] == (place.entry | RTTE_ASSIGNED | x[2]) &&
	       data.shadow->expected.state == RMM_GRANULE_DELEGATED &&
	       data.granule->state == RMM_GRANULE_DATA && data.granule->gpt == RMM_GPT_REALM &&
	       !data.granule->refcount;
	if (good && entry_alone(realm, &place, 1)) {
		known_move(rmm, data.shadow, RMM_GRANULE_DATA);
		data.shadow->realm = realm->expected.vmid;
		data.shadow->where = x[3];
		data.shadow->digest = 0;
		data.shadow->digest_valid = true;
		rmm->checker->last_table.fid = 0;
		return;
	}
	invariant_judge(rmm, regs, x,
			&(struct before){.realm = realm, .place = &place, .child = PA_NONE});
}

void step_data_destroy(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve)
{
	const uint64_t x[7] = {reg(regs, 0), reg(regs, 1), reg(regs, 2)};
	struct shadow_realm *realm;
	struct known data = {0};
	struct place place;
	uint64_t ripas;
	bool good;

	realm = entry_find(rmm, x[1], x[2], RTT_PAGE_LEVEL, &place);
	if (realm && place.level == RTT_PAGE_LEVEL && (place.entry & RTTE_HIPAS) == RTTE_ASSIGNED)
		data = known_find(rmm, place.entry & RTTE_ADDR);
	/* Content that the RMM is about to wipe has to be seen before; and a pattern takes its time. */
	if (!data.granule || !data.granule->clean || !known_agrees(&data) ||
	    rmm->config.wipe_pattern) {
		invariant_checked(rmm, regs, serve);
		return;
	}
	step_serve(rmm, regs, serve, rmi_data_destroy, COMMAND_DATA_DESTROY);
	ripas = RIPAS(place.entry) == RMI_RIPAS_RAM ? RMI_RIPAS_DESTROYED : RIPAS(place.entry);
	good = reg(regs, 0) == RMI_SUCCESS && reg(regs, 1) == (place.entry & RTTE_ADDR) &&
	       x[2] < realm_protected_end(&realm->expected) &&
	       place.entries[place.index] == (RTTE_UNASSIGNED | ripas << RTTE_RIPAS_SHIFT) &&
	       reg(regs, 2) == entry_top(&place) &&
	       data.shadow->expected.state == RMM_GRANULE_DATA &&
	       data.granule->state == RMM_GRANULE_DELEGATED && data.granule->gpt == RMM_GPT_REALM &&
	       !data.granule->refcount &&
	       (!data.shadow->resident || content_seems_wiped(rmm, place.entry & RTTE_ADDR));
	if (good && entry_alone(realm, &place, -1)) {
		known_move(rmm, data.shadow, RMM_GRANULE_DELEGATED);
		data.shadow->unchecked = data.shadow->resident;
		rmm->checker->last_table.fid = 0;
		return;
	}
	invariant_judge(rmm, regs, x,
			&(struct before){.realm = realm, .place = &place, .child = PA_NONE});
}

/* --- tables --- */

/* The last call was `fid`, for the same table. */
INLINE bool table_again(const struct rmm *rmm, uint32_t fid, uint64_t rd, uint64_t ipa,
			uint64_t level)
{
	const struct checker *checker = rmm->checker;

	return checker->last_table.fid == fid && checker->last_table.rd == rd &&
	       checker->last_table.ipa == ipa && checker->last_table.level == level;
}

INLINE void table_note(struct rmm *rmm, uint32_t fid, uint64_t rd, uint64_t ipa, uint64_t level,
		       uint64_t rtt, uint64_t parent)
{
	struct checker *checker = rmm->checker;

	checker->last_table.fid = fid;
	checker->last_table.rd = rd;
	checker->last_table.ipa = ipa;
	checker->last_table.level = level;
	checker->last_table.rtt = rtt;
	checker->last_table.parent = parent;
}

void step_rtt_create(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve)
{
	const uint64_t x[7] = {reg(regs, 0), reg(regs, 1), reg(regs, 2), reg(regs, 3),
			       reg(regs, 4)};
	const struct known child = known_find(rmm, x[2]);
	const int level = (int)x[4];
	struct shadow_realm *realm = NULL;
	struct place place;
	bool assigned, good;

	if (child.granule && known_agrees(&child) && granule_aligned(x[2]) &&
	    x[4] <= RTT_PAGE_LEVEL)
		realm = entry_find(rmm, x[1], x[3], level - 1, &place);
	if (!realm) {
		invariant_checked(rmm, regs, serve);
		return;
	}
	rmm->checker->recent.block = FORGOTTEN;
	step_serve(rmm, regs, serve, rmi_rtt_create, COMMAND_RTT_CREATE);
	if (reg(regs, 0) != RMI_SUCCESS) {
		/* The parent is missing, or the table is there already: the answer says which, and nothing else. */
		good = reg(regs, 0) == RMI_RETURN_CODE(RMI_ERROR_RTT, place.level) &&
		       (place.level < level - 1 || (place.entry & RTTE_TABLE_BIT)) &&
		       place.entries[place.index] == place.entry && !reg(regs, 1) &&
		       !reg(regs, 2) && !reg(regs, 3) && !reg(regs, 4) && known_agrees(&child);
		entry_finish(rmm, regs, x, realm, &place, good);
		return;
	}
	assigned = (place.entry & RTTE_HIPAS) == RTTE_ASSIGNED;
	good = place.level == level - 1 && !(place.entry & RTTE_TABLE_BIT) &&
	       place.entries[place.index] == (RTTE_TABLE | x[2]) &&
	       child.shadow->expected.state == RMM_GRANULE_DELEGATED &&
	       child.granule->state == RMM_GRANULE_RTT && child.granule->gpt == RMM_GPT_REALM &&
	       child.granule->refcount == (assigned ? RTT_ENTRIES : 0) &&
	       scan_is_filled(memory_find(rmm, x[2]), place.entry,
			      unfold_stride(place.entry, level)) &&
	       !(table_again(rmm, RMI_RTT_FOLD, x[1], x[3], x[4]) &&
		 place.entry != rmm->checker->last_table.parent);
	if (good && entry_alone(realm, &place, !assigned)) {
		known_move(rmm, child.shadow, RMM_GRANULE_RTT);
		child.shadow->realm = realm->expected.vmid;
		child.shadow->where = table_where(place.ipa, level);
		child.shadow->resident = true;
		child.shadow->expected.refcount = child.granule->refcount;
		table_note(rmm, RMI_RTT_CREATE, x[1], x[3], x[4], x[2], place.entry);
		return;
	}
	invariant_judge(rmm, regs, x,
			&(struct before){.realm = realm, .place = &place, .child = PA_NONE});
}

static __attribute__((noinline)) void fold_anywhere(struct rmm *rmm, struct rmm_regs *regs,
						    smc_fn serve)
{
	const uint64_t x[7] = {reg(regs, 0), reg(regs, 1), reg(regs, 2), reg(regs, 3)};
	struct shadow_realm *realm = NULL;
	struct known child = {0};
	struct place place;
	uint64_t rtt = 0, first = 0, stride;
	const uint64_t *entries;
	bool good;

	if (x[3] <= RTT_PAGE_LEVEL)
		realm = entry_find(rmm, x[1], x[2], (int64_t)x[3] - 1, &place);
	if (realm && place.level == (int)x[3] - 1 && (place.entry & RTTE_HIPAS) == RTTE_TABLE) {
		rtt = place.entry & RTTE_ADDR;
		child = known_find(rmm, rtt);
	}
	if (realm && !rtt) {
		/* No such table. */
		step_serve(rmm, regs, serve, rmi_rtt_fold, COMMAND_RTT_FOLD);
		good = reg(regs, 0) == RMI_RETURN_CODE(RMI_ERROR_RTT, place.level) &&
		       place.entries[place.index] == place.entry && !reg(regs, 1) &&
		       !reg(regs, 2) && !reg(regs, 3) && !reg(regs, 4);
		entry_finish(rmm, regs, x, realm, &place, good);
		return;
	}
	if (!child.granule || !known_agrees(&child)) {
		invariant_checked(rmm, regs, serve);
		return;
	}
	/* Tables that cannot be folded, and those in the wrong state, are for the others. */
	entries = memory_find(rmm, rtt);
	first = entries[0];
	stride = unfold_stride(first, place.level + 1);
	if (child.shadow->expected.state != RMM_GRANULE_RTT || (first & RTTE_TABLE_BIT) ||
	    (stride && (place.level < 1 || !rtt_aligned(first & RTTE_ADDR, place.level))) ||
	    !scan_is_filled(entries, first, stride)) {
		invariant_checked(rmm, regs, serve);
		return;
	}
	rmm->checker->recent.block = FORGOTTEN;
	step_serve(rmm, regs, serve, rmi_rtt_fold, COMMAND_RTT_FOLD);
	good = reg(regs, 0) == RMI_SUCCESS && reg(regs, 1) == rtt &&
	       place.entries[place.index] == first &&
	       child.granule->state == RMM_GRANULE_DELEGATED &&
	       child.granule->gpt == RMM_GPT_REALM && !child.granule->refcount &&
	       content_seems_wiped(rmm, rtt) &&
	       !(table_again(rmm, RMI_RTT_CREATE, x[1], x[2], x[3]) &&
		 (first != rmm->checker->last_table.parent || rtt != rmm->checker->last_table.rtt));
	if (good && entry_alone(realm, &place, (first & RTTE_HIPAS) == RTTE_ASSIGNED ? 0 : -1)) {
		known_move(rmm, child.shadow, RMM_GRANULE_DELEGATED);
		child.shadow->unchecked = true;
		entry_check(rmm, realm, place.ipa, place.level, first);
		table_note(rmm, RMI_RTT_FOLD, x[1], x[2], x[3], 0, first);
		return;
	}
	invariant_judge(
		rmm, regs, x,
		&(struct before){
			.realm = realm, .place = &place, .child = rtt, .child_first = first});
}

/* A call about an entry that was found without a walk did something else than it is to do. */
static __attribute__((noinline, cold)) void recent_judge(struct rmm *rmm,
							 const struct rmm_regs *regs, uint64_t fid,
							 uint64_t rd, uint64_t ipa, uint64_t before)
{
	const struct recent *const recent = &rmm->checker->recent;
	const uint64_t x[7] = {fid, rd, ipa, recent->child_level};
	struct place place;
	struct shadow_realm *realm = entry_find(rmm, rd, ipa, recent->level, &place);

	place.entry = before;
	invariant_judge(rmm, regs, x,
			&(struct before){.realm = realm, .place = &place, .child = PA_NONE});
}

/* granule_agrees() of what nobody has just written to: all at once. */
INLINE bool granule_still_agrees(const struct granule *a, const struct granule *b)
{
	const struct granule all = {.state = 0xf, .gpt = 7, .refcount = UINT16_MAX};
	uint32_t mask, x, y;

	memcpy(&mask, &all, sizeof(mask));
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return !((x ^ y) & mask);
}

/* What is unusual about an entry that was found without a walk is looked at as of any other. */
static __attribute__((noinline)) void recent_examine(struct rmm *rmm, uint64_t ipa, uint64_t entry)
{
	const struct recent *const recent = &rmm->checker->recent;
	const unsigned int shift = recent->shift - 9;

	entry_check(rmm, recent->realm, ipa >> shift << shift, (int)recent->level, entry);
}

/*
 * An RTT_FOLD about the table of the last walk, where there is no such table, was made: it says so and changed
 * nothing. `entry` was `before`.
 */
INLINE void recent_finish(struct rmm *rmm, const struct rmm_regs *regs, uint64_t fid, uint64_t rd,
			  uint64_t ipa, const uint64_t *entry, uint64_t before)
{
	const struct recent *const recent = &rmm->checker->recent;
	const struct shadow_realm *const realm = recent->realm;

	if (__builtin_expect(
		    ((reg(regs, 0) ^ RMI_RETURN_CODE(RMI_ERROR_RTT, recent->level)) | reg(regs, 1) |
		     reg(regs, 2) | reg(regs, 3) | reg(regs, 4) | (*entry ^ before)) ||
			    !granule_still_agrees(recent->granule, &recent->shadow->expected) ||
			    !granule_still_agrees(realm->granule, &realm->shadow->expected) ||
			    !realm_agrees_briefly(realm),
		    0)) {
		recent_judge(rmm, regs, fid, rd, ipa, before);
		return;
	}
	rmm->checker->last_table.fid = 0;
	/* UNASSIGNED names nothing. */
	if (ipa >= recent->half || before & ~RTTE_RIPAS || before == RTTE_RIPAS)
		recent_examine(rmm, ipa, before);
}

static __attribute__((noinline)) void recent_fold(struct rmm *rmm, struct rmm_regs *regs,
						  smc_fn serve, const uint64_t *entry)
{
	const uint64_t fid = reg(regs, 0), rd = reg(regs, 1), ipa = reg(regs, 2), before = *entry;

	step_serve(rmm, regs, serve, rmi_rtt_fold, COMMAND_RTT_FOLD);
	recent_finish(rmm, regs, fid, rd, ipa, entry, before);
}

/*
 * Hosts ask for each table that there could be, one after the other, so that nearly all calls are these: the parent is
 * that of the call before, and there is no such table. Everything else is for fold_anywhere(). Nothing is called here
 * but to end with.
 */
void step_rtt_fold(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve)
{
	const struct recent *const recent = &rmm->checker->recent;
	const uint64_t fid = reg(regs, 0), rd = reg(regs, 1), ipa = reg(regs, 2);
	const uint64_t *entry;
	uint64_t before;

	if ((rd ^ recent->rd) | (reg(regs, 3) ^ recent->child_level) |
	    (ipa >> recent->shift ^ recent->block)) {
		fold_anywhere(rmm, regs, serve);
		return;
	}
	entry = &recent->entries[ipa >> (recent->shift - 9) & (RTT_ENTRIES - 1)];
	before = *entry;
	if ((before & RTTE_HIPAS) == RTTE_TABLE)
		fold_anywhere(rmm, regs, serve);
	else if (serve != smc_serve || !rtt_fold_again(rmm, regs, &commands[COMMAND_RTT_FOLD]))
		recent_fold(rmm, regs, serve, entry);
	else
		recent_finish(rmm, regs, fid, rd, ipa, entry, before);
}
