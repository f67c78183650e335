/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random calls of a Host and its Realms, valid and not. After each call its outputs are checked against
 * section 8.3 of the facts; now and then the whole state is checked from scratch against 8.1, through
 * the inspection functions alone; at the end everything can be taken down (S1).
 */
#include "random_play.h"
#include "support.h"
#include <rmm/invariant.h>

#define POOL	   384 /* granules that are played with */
#define NUM_REALMS 2

#define NUM_HIGH  4   /* beside them, granules above 48 bits */
#define NUM_ROOTS 64  /* for RDs and starting tables, behind the pool */
#define NUM_BLOCK 512 /* for a block */
#define NUM_ALL	  (POOL + NUM_ROOTS + NUM_BLOCK + NUM_HIGH)

struct random_realm {
	struct realm r; /* where it is, while it exists */
	bool exists;
	unsigned int width;
	int level;
	uint32_t num;
	uint64_t roots; /* granules that its starting tables come from */
	uint64_t rd;
	uint64_t vmid;
	uint64_t ripas_addr, ripas_top; /* of the last exit due to RIPAS change */
	uint64_t ripas_rec;
};

struct play {
	struct host h;
	uint64_t state;	      /* of the generator */
	uint64_t pool, block; /* first granules */
	uint64_t params, run, run2, src;
	struct random_realm realms[NUM_REALMS];
	uint64_t calls, succeeded, digest;
	unsigned int depth; /* of calls made while a REC runs */
	bool lpa2;
};

static uint64_t next(struct play *p)
{
	uint64_t z = (p->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t below(struct play *p, uint64_t n)
{
	return next(p) % n;
}

static bool chance(struct play *p, uint64_t percent)
{
	return below(p, 100) < percent;
}

static uint64_t pool_granule(struct play *p)
{
	return p->pool + below(p, POOL) * PAGE;
}

/* All granules that can be delegated here, by number; and the number of one. */
static uint64_t nth_granule(const struct play *p, uint64_t n)
{
	return n < NUM_ALL - NUM_HIGH ? p->pool + n * PAGE
				      : HIGH_BASE + (n - (NUM_ALL - NUM_HIGH)) * PAGE;
}

static uint64_t number_of(const struct play *p, uint64_t pa)
{
	const uint64_t n = pa >= HIGH_BASE ? NUM_ALL - NUM_HIGH + (pa - HIGH_BASE) / PAGE
					   : (pa - p->pool) / PAGE;

	check(n < NUM_ALL && nth_granule(p, n) == pa);
	return n;
}

/* A granule of the pool in `state` if one is found soon; now and then something else altogether. */
static uint64_t granule_in(struct play *p, enum rmm_granule_state state)
{
	uint64_t pa = pool_granule(p);

	switch (below(p, 40)) {
	case 0:
		return pa + 8;
	case 1:
		return NOWHERE;
	case 2:
		return DEVICE_BASE;
	case 3:
		return HIGH_BASE + below(p, NUM_HIGH) * PAGE;
	case 4:
		return pa;
	}
	for (unsigned int i = 0; i < POOL && state_of(&p->h, pa) != state; i++)
		pa = pa + PAGE < p->pool + POOL * PAGE ? pa + PAGE : p->pool;
	return pa;
}

static uint64_t some_rd(struct play *p)
{
	return chance(p, 3) ? granule_in(p, RMM_GRANULE_RTT) : p->realms[below(p, NUM_REALMS)].rd;
}

/* `ipa` rounded down to the entry size of `level`, if there is such a level. */
static uint64_t aligned_to(uint64_t ipa, int level)
{
	return level >= -1 && level <= 3 ? ipa & ~((PAGE << (9 * (3 - level))) - 1) : ipa;
}

/* An IPA where things happen: few pages at few places, at the edges of tables and halves. */
static uint64_t some_ipa(struct play *p, const struct random_realm *r, int level)
{
	const uint64_t half = UINT64_C(1) << (r->width - 1);
	const uint64_t places[] = {0,
				   0,
				   0,
				   2 * MiB,
				   4 * MiB,
				   GiB,
				   half - 2 * MiB,
				   half - PAGE,
				   half,
				   half,
				   half + 2 * MiB,
				   half + GiB,
				   2 * half - 2 * MiB};
	uint64_t ipa = places[below(p, sizeof(places) / sizeof(places[0]))];

	if (chance(p, 3))
		return next(p) >> below(p, 64);
	if (chance(p, 50))
		ipa += below(p, 8) * PAGE;
	return chance(p, 90) ? aligned_to(ipa, level) : ipa;
}

static int some_level(struct play *p, const struct random_realm *r)
{
	if (chance(p, 5))
		return (int)below(p, 9) - 3;
	return r->level + (int)below(p, (uint64_t)(4 - r->level));
}

/* The same for commands about a table, which is not a starting table. */
static int table_level(struct play *p, const struct random_realm *r)
{
	return chance(p, 5) ? some_level(p, r)
			    : r->level + 1 + (int)below(p, (uint64_t)(3 - r->level));
}

/* The level at which the walk for `ipa` ends, as one that a valid call would name; now and then another. */
static int walk_level(struct play *p, const struct random_realm *r, uint64_t ipa, int other)
{
	struct rmm_entry_view e;

	return chance(p, 80) && rmm_inspect_entry(p->h.rmm, r->rd, ipa, 3, &e) ? e.level : other;
}

/* An IPA whose entry is in state `hipas`, if one is found soon. */
static uint64_t ipa_in(struct play *p, const struct random_realm *r, enum rmm_hipas hipas,
		       uint64_t set)
{
	struct rmm_entry_view e;
	uint64_t ipa = 0;

	for (unsigned int i = 0; i < 6; i++) {
		ipa = some_ipa(p, r, 3);
		ipa = set ? ipa | set : ipa & ~(UINT64_C(1) << (r->width - 1));
		if (rmm_inspect_entry(p->h.rmm, r->rd, ipa, 3, &e) && e.hipas == hipas)
			break;
	}
	return ipa;
}

/* Mostly the RD of a Realm that exists and is NEW, or is not: as the command wants it. */
static uint64_t rd_in(struct play *p, bool is_new)
{
	for (unsigned int i = 0; i < 2 * NUM_REALMS; i++) {
		struct rmm_realm_view view;
		const uint64_t rd = some_rd(p);

		if (!rmm_inspect_realm(p->h.rmm, rd, &view) ||
		    (view.state == RMM_REALM_NEW) == is_new)
			return rd;
	}
	return some_rd(p);
}

static const struct random_realm *realm_at(const struct play *p, uint64_t rd)
{
	for (unsigned int i = 0; i < NUM_REALMS; i++) {
		if (p->realms[i].rd == rd)
			return &p->realms[i];
	}
	return &p->realms[0];
}

static bool is_live(enum rmm_hipas hipas)
{
	return hipas == RMM_ASSIGNED || hipas == RMM_ASSIGNED_NS || hipas == RMM_TABLE;
}

/* O3: `top` of a scan in the table where the walk for `ipa` towards `target` ended. */
static void check_top(struct play *p, uint64_t rd, uint64_t ipa, int target, uint64_t x0,
		      uint64_t top)
{
	const struct random_realm *r = realm_at(p, rd);
	const uint64_t end = UINT64_C(1) << r->width;
	struct rmm_entry_view e;
	uint64_t table_end, at;

	if (RMI_RETURN_STATUS(x0) == RMI_ERROR_INPUT) {
		check_eq(top, 0);
		return;
	}
	check(x0 == SUCCESS ? top > ipa : top >= ipa);
	check(rmm_inspect_entry(p->h.rmm, rd, ipa, target, &e));
	check_eq(top == ipa, is_live(e.hipas));
	table_end = (ipa / (e.size * 512) + 1) * (e.size * 512);
	check(top <= table_end);
	for (at = e.ipa; at < top && at < end; at += e.size) {
		struct rmm_entry_view other;

		if (at < ipa)
			continue;
		check(rmm_inspect_entry(p->h.rmm, rd, at, e.level, &other));
		check(!is_live(other.hipas));
	}
	if (top > ipa && top < table_end) {
		check(rmm_inspect_entry(p->h.rmm, rd, top, e.level, &e));
		check(is_live(e.hipas));
	}
}

/* O1 and O2, and O3 to O5 and O8 for the commands that they are about. */
static void check_outputs(struct play *p, uint64_t fid, const uint64_t *a, uint64_t entry_pa)
{
	const uint64_t *x = p->h.regs.x;
	const unsigned int status = RMI_RETURN_STATUS(x[0]);
	const int index = (int8_t)RMI_RETURN_INDEX(x[0]);
	const struct random_realm *r = realm_at(p, a[0]);
	const uint64_t known =
		fid >= RMI_VERSION && fid <= RMI_RTT_SET_RIPAS && rmm_command_by_fid((uint32_t)fid);

	if (!known) {
		check_eq(x[0], UINT64_MAX);
		return;
	}
	check_eq(x[0] >> 16, 0);
	check(status <= RMI_ERROR_RTT);
	if (status == RMI_ERROR_RTT)
		check(index >= r->level && index <= 3);
	else
		check(index == 0 || (fid == RMI_REC_ENTER && x[0] == REALM(1)));
	switch (fid) {
	case RMI_RTT_CREATE:
		if (status == RMI_ERROR_RTT)
			check(index <= (int)a[3] - 1);
		break;
	case RMI_RTT_DESTROY:
		check_top(p, a[0], a[1],
			  x[0] == SUCCESS || index < (int)a[2] ? (int)a[2] - 1 : (int)a[2] - 1,
			  x[0], x[2]);
		/* fall through */
	case RMI_RTT_FOLD:
		if (status == RMI_ERROR_RTT)
			check(index <= (int)a[2]);
		if (x[0] == SUCCESS) {
			check_eq(x[1], entry_pa);
			check_eq(state_of(&p->h, x[1]), RMM_GRANULE_DELEGATED);
		}
		break;
	case RMI_DATA_DESTROY:
		check_top(p, a[0], a[1], 3, x[0], x[2]);
		if (x[0] == SUCCESS) {
			check_eq(x[1], entry_pa);
			check_eq(state_of(&p->h, x[1]), RMM_GRANULE_DELEGATED);
		}
		break;
	case RMI_RTT_UNMAP_UNPROTECTED:
		check_top(p, a[0], a[1], (int)a[2], x[0], x[1]);
		break;
	case RMI_RTT_INIT_RIPAS:
		if (x[0] == SUCCESS)
			check(x[1] > a[1] && x[1] <= a[2]);
		break;
	case RMI_RTT_SET_RIPAS:
		if (x[0] == SUCCESS)
			check(x[1] > a[2] && x[1] <= a[3]);
		break;
	case RMI_RTT_READ_ENTRY:
		if (x[0] == SUCCESS) {
			check((int64_t)x[1] <= (int64_t)a[2] && (int64_t)x[1] >= r->level);
			check(x[2] <= RMI_RTTE_TABLE && x[4] <= RMI_RIPAS_DESTROYED);
			check_eq(x[3] & ~(UINT64_C(0xfffffffff000) | 0xdc), 0);
			if (a[1] >= UINT64_C(1) << (r->width - 1))
				check_eq(x[4], 0);
		}
		break;
	}
}

/* Make one call and check what it answers. */
static uint64_t play_call(struct play *p, uint64_t fid, const uint64_t *a)
{
	/* Now and then: a call that fails changes nothing (T1). REC_ENTER may have run calls inside. */
	const bool compare = below(p, 64) == 0 && fid != RMI_REC_ENTER;
	const uint64_t before = compare ? rmm_inspect_hash(p->h.rmm) : 0;
	struct rmm_entry_view e;
	uint64_t entry_pa = 0;
	uint64_t x0;

	if (fid == RMI_DATA_DESTROY && rmm_inspect_entry(p->h.rmm, a[0], a[1], 3, &e))
		entry_pa = e.pa;
	if ((fid == RMI_RTT_DESTROY || fid == RMI_RTT_FOLD) &&
	    rmm_inspect_entry(p->h.rmm, a[0], a[1], (int)a[2] - 1, &e))
		entry_pa = e.pa;
	x0 = call_regs(&p->h, fid, a);
	p->calls++;
	p->succeeded += x0 == SUCCESS;
	for (unsigned int i = 0; i < 5; i++)
		p->digest = p->digest * UINT64_C(0x100000001b3) ^ p->h.regs.x[i];
	check_eq(x0 == SUCCESS || x0 == UINT64_MAX, !rmm_last_call(p->h.rmm).condition);
	check_outputs(p, fid, a, entry_pa);
	if (compare && x0 != SUCCESS)
		check_eq(rmm_inspect_hash(p->h.rmm), before);
	return x0;
}
#define PLAY(p, fid, ...) play_call(p, fid, (const uint64_t[6]){__VA_ARGS__})

static void random_call(struct play *p);

/* A granule that can be made a table of any Realm. */
static bool granule_ok(const struct play *p, uint64_t pa)
{
	struct rmm_granule_view view;

	return pa < HIGH_BASE && rmm_inspect_granule(p->h.rmm, pa, &view) &&
	       view.state == RMM_GRANULE_DELEGATED;
}

/* What a Realm does while it runs: accesses and calls, and the Host's calls meanwhile. */
static void random_realm(struct host *h, struct rmm_cpu *cpu)
{
	struct play *p = h->realm_arg;
	const struct random_realm *r = realm_at(p, rmm_cpu_rd(cpu));
	const uint64_t half = UINT64_C(1) << (r->width - 1);
	const uint64_t fids[] = {RSI_IPA_STATE_SET,
				 RSI_IPA_STATE_SET,
				 RSI_IPA_STATE_GET,
				 RSI_REALM_CONFIG,
				 RSI_HOST_CALL,
				 RSI_MEASUREMENT_READ,
				 RSI_MEASUREMENT_EXTEND,
				 PSCI_CPU_ON,
				 PSCI_CPU_OFF,
				 PSCI_AFFINITY_INFO,
				 PSCI_CPU_SUSPEND,
				 PSCI_FEATURES,
				 RSI_ATTESTATION_TOKEN_CONTINUE};
	uint8_t bytes[64] = {0};

	p->depth++;
	for (unsigned int i = 0; i < 6; i++) {
		enum rmm_outcome outcome;

		if (chance(p, 40)) {
			struct rmm_access a = {
				.type = (enum rmm_access_type)below(p, 3),
				.ipa = some_ipa(p, r, 3) + below(p, 4096),
				.size = 1 + (uint32_t)below(p, 64),
				.data = chance(p, 70) ? bytes : NULL,
				.isv = chance(p, 50),
				.srt = (uint8_t)below(p, 32),
				.sse = chance(p, 30),
				.sf = chance(p, 30),
				.from_el0 = chance(p, 20),
			};

			outcome = rmm_cpu_access(cpu, &a);
			check(a.done <= a.size && (outcome == RMM_CONTINUE) == (a.done == a.size));
		} else if (chance(p, 60)) {
			uint64_t *g = rmm_cpu_regs(cpu)->gprs;
			const uint64_t base = some_ipa(p, r, 3),
				       fid = fids[below(p, sizeof(fids) / sizeof(fids[0]))];
			const bool range = fid == RSI_IPA_STATE_SET || fid == RSI_IPA_STATE_GET;

			/* SYSTEM_OFF ends a Realm's life; rarely. */
			g[0] = chance(p, 1) ? PSCI_SYSTEM_OFF : fid;
			g[1] = range || fid == RSI_REALM_CONFIG || fid == RSI_HOST_CALL
				       ? base
				       : below(p, 6);
			g[2] = range ? base + (1 + below(p, 6)) * (chance(p, 80) ? PAGE : 2 * MiB)
				     : below(p, 3);
			g[3] = below(p, 2);
			g[4] = below(p, 2);
			outcome = rmm_cpu_smc(cpu);
			if (outcome == RMM_CONTINUE && fid == RSI_IPA_STATE_GET &&
			    g[0] == RSI_SUCCESS)
				check(g[1] > base && g[1] <= half);
		} else if (chance(p, 40)) {
			outcome = rmm_cpu_event(cpu, (enum rmm_event)below(p, 7));
		} else if (p->depth < 3) {
			random_call(p);
			outcome = RMM_CONTINUE;
			h->realm_arg = p;
			h->realm = random_realm;
		} else {
			outcome = rmm_cpu_hvc(cpu);
		}
		if (outcome == RMM_EXIT)
			break;
	}
	p->depth--;
}

static void play_realm_create(struct play *p)
{
	struct random_realm *r = &p->realms[below(p, NUM_REALMS)];
	struct rmi_realm_params *params = host_ptr(&p->h, p->params);

	if (state_of(&p->h, r->rd) == RMM_GRANULE_RD && chance(p, 90))
		return;
	for (uint64_t i = 0; i < r->num; i++)
		call(&p->h, RMI_GRANULE_DELEGATE, r->roots + i * PAGE);
	call(&p->h, RMI_GRANULE_DELEGATE, r->rd);
	memset(params, 0, sizeof(*params));
	params->s2sz = (uint8_t)r->width;
	params->num_bps = 1;
	params->num_wps = 1;
	params->hash_algo = (uint8_t)below(p, 2);
	params->vmid = (uint16_t)(chance(p, 90) ? r->vmid : below(p, 3));
	params->rtt_base = r->roots;
	params->rtt_level_start = r->level;
	params->rtt_num_start = r->num;
	PLAY(p, RMI_REALM_CREATE, r->rd, p->params);
}

static void play_rec_create(struct play *p)
{
	struct rmi_rec_params *params = host_ptr(&p->h, p->params);
	const uint64_t rd = rd_in(p, true);
	struct rmm_realm_view view = {0};

	rmm_inspect_realm(p->h.rmm, rd, &view);
	memset(params, 0, sizeof(*params));
	params->flags = below(p, 4) != 0;
	params->mpidr = chance(p, 95) ? view.rec_index : below(p, 20);
	params->num_aux = chance(p, 95) ? 2 : below(p, 20);
	params->aux[0] = granule_in(p, RMM_GRANULE_DELEGATED);
	params->aux[1] = granule_in(p, RMM_GRANULE_DELEGATED);
	PLAY(p, RMI_REC_CREATE, rd, granule_in(p, RMM_GRANULE_DELEGATED), p->params);
}

static void play_rec_enter(struct play *p)
{
	struct rmi_rec_run *run = host_ptr(&p->h, p->run);
	uint64_t rec = granule_in(p, RMM_GRANULE_REC);
	struct rmm_realm_view realm = {0};
	struct rmm_rec_view view = {0};

	for (unsigned int i = 0; i < 3; i++) {
		if (rmm_inspect_rec(p->h.rmm, rec, &view) &&
		    rmm_inspect_realm(p->h.rmm, view.owner, &realm) &&
		    realm.state == RMM_REALM_ACTIVE && view.runnable)
			break;
		rec = granule_in(p, RMM_GRANULE_REC);
	}
	memset(&run->enter, 0, sizeof(run->enter));
	run->enter.flags = chance(p, 50) ? 0 : below(p, 32);
	run->enter.gprs[0] = next(p);
	p->h.realm = random_realm;
	p->h.realm_arg = p;
	PLAY(p, RMI_REC_ENTER, rec, p->run);
	p->h.realm = NULL;
}

static void play_set_ripas(struct play *p)
{
	const uint64_t rec = granule_in(p, RMM_GRANULE_REC);
	struct rmm_rec_view view = {0};
	uint64_t base, top;

	rmm_inspect_rec(p->h.rmm, rec, &view);
	if (!view.ripas_top && chance(p, 90))
		return;
	base = chance(p, 90) ? view.ripas_addr : below(p, 8) * PAGE;
	top = chance(p, 70) ? view.ripas_top : base + below(p, 8) * PAGE;
	PLAY(p, RMI_RTT_SET_RIPAS, chance(p, 95) ? view.owner : some_rd(p), rec, base, top);
}

/* All that a Realm has is taken away, by calls that must succeed. Not while a REC runs. */
static void take_down_realm(struct play *p, const struct random_realm *r)
{
	struct rmi_realm_params params = {.rtt_level_start = r->level, .rtt_num_start = r->num};
	struct realm realm = {.rd = r->rd, .p = &params};

	for (uint64_t i = 0; i < NUM_ALL; i++) {
		struct rmm_rec_view rec;

		if (rmm_inspect_rec(p->h.rmm, nth_granule(p, i), &rec) && rec.owner == r->rd)
			ok(&p->h, RMI_REC_DESTROY, rec.rec);
	}
	if (state_of(&p->h, r->rd) == RMM_GRANULE_RD)
		realm_destroy(&p->h, &realm);
}

/* A block of DATA at 4 MiB, where a Realm has nothing yet; all of this must succeed. */
static void make_block(struct play *p, const struct random_realm *r)
{
	struct rmm_realm_view view;
	struct rmm_entry_view e;
	uint64_t table;

	if (p->depth || !rmm_inspect_realm(p->h.rmm, r->rd, &view))
		return;
	for (uint64_t i = 0; i < NUM_BLOCK; i++) {
		if (state_of(&p->h, p->block + i * PAGE) > RMM_GRANULE_DELEGATED)
			return;
	}
	for (;;) {
		check(rmm_inspect_entry(p->h.rmm, r->rd, 4 * MiB, 3, &e));
		if (e.level == 3 || e.hipas != RMM_UNASSIGNED)
			break;
		table = granule_in(p, RMM_GRANULE_DELEGATED);
		if (!granule_ok(p, table))
			return;
		ok(&p->h, RMI_RTT_CREATE, r->rd, table, 4 * MiB & ~(e.size - 1),
		   (uint64_t)e.level + 1);
	}
	if (e.level < 3 || refcount_of(&p->h, e.table))
		return;
	for (uint64_t i = 0; i < NUM_BLOCK; i++) {
		call(&p->h, RMI_GRANULE_DELEGATE, p->block + i * PAGE);
		ok(&p->h, RMI_DATA_CREATE_UNKNOWN, r->rd, p->block + i * PAGE, 4 * MiB + i * PAGE);
	}
	/* Not all have the same RIPAS, perhaps. */
	PLAY(p, RMI_RTT_FOLD, r->rd, 4 * MiB, 3);
}

static void random_call(struct play *p)
{
	const uint64_t rd = some_rd(p), new_rd = rd_in(p, true);
	const struct random_realm *r = realm_at(p, rd), *new_r = realm_at(p, new_rd);
	const int child = table_level(p, r);
	int level = some_level(p, r);
	const uint64_t half = UINT64_C(1) << (r->width - 1), new_half = UINT64_C(1)
									<< (new_r->width - 1);
	struct rmm_realm_view view = {0};
	uint64_t ipa;

	switch (below(p, 26)) {
	case 0:
	case 1:
		PLAY(p, RMI_GRANULE_DELEGATE, granule_in(p, RMM_GRANULE_UNDELEGATED));
		break;
	case 2:
		PLAY(p, RMI_GRANULE_UNDELEGATE, granule_in(p, RMM_GRANULE_DELEGATED));
		break;
	case 3:
	case 4:
		play_realm_create(p);
		break;
	case 5:
		if (p->depth == 0 && chance(p, 4))
			take_down_realm(p, r);
		else if (chance(p, 3))
			make_block(p, r);
		else if (rmm_inspect_realm(p->h.rmm, rd, &view) &&
			 chance(p, view.num_recs > 1 ? 10 : 1))
			PLAY(p, RMI_REALM_ACTIVATE, rd);
		else if (chance(p, 5))
			PLAY(p, RMI_REALM_DESTROY, rd);
		break;
	case 6:
		if (chance(p, 30))
			play_rec_create(p);
		break;
	case 7:
		if (chance(p, 3))
			PLAY(p, RMI_REC_DESTROY, granule_in(p, RMM_GRANULE_REC));
		else if (chance(p, 20))
			PLAY(p, RMI_REC_AUX_COUNT, rd);
		break;
	case 8:
	case 9:
	case 10:
		play_rec_enter(p);
		break;
	case 11:
		PLAY(p, RMI_PSCI_COMPLETE, granule_in(p, RMM_GRANULE_REC),
		     granule_in(p, RMM_GRANULE_REC), chance(p, 70) ? 0 : (uint64_t)PSCI_DENIED);
		break;
	case 12:
	case 13:
		ipa = some_ipa(p, r, child - 1);
		level = walk_level(p, r, ipa, child - 1) + 1;
		PLAY(p, RMI_RTT_CREATE, rd, granule_in(p, RMM_GRANULE_DELEGATED),
		     aligned_to(ipa, level - 1), (uint64_t)level);
		break;
	case 14:
		if (chance(p, 30))
			PLAY(p, RMI_RTT_DESTROY, rd, some_ipa(p, r, child - 1), (uint64_t)child);
		break;
	case 15:
		if (chance(p, 50))
			PLAY(p, RMI_RTT_FOLD, rd, some_ipa(p, r, child - 1), (uint64_t)child);
		break;
	case 16:
		PLAY(p, RMI_RTT_READ_ENTRY, rd, some_ipa(p, r, level), (uint64_t)level);
		break;
	case 17:
		ipa = ipa_in(p, r, RMM_UNASSIGNED_NS, half);
		level = walk_level(p, r, ipa, child);
		PLAY(p, RMI_RTT_MAP_UNPROTECTED, rd, aligned_to(ipa, level), (uint64_t)level,
		     level >= 3 ? pool_granule(p) | 0xd8
				: (GiB * 4) | (below(p, 8) << 2) | (below(p, 4) << 6));
		break;
	case 18:
		ipa = ipa_in(p, r, RMM_ASSIGNED_NS, half);
		level = walk_level(p, r, ipa, child);
		PLAY(p, RMI_RTT_UNMAP_UNPROTECTED, rd, aligned_to(ipa, level), (uint64_t)level);
		break;
	case 19:
		PLAY(p, RMI_DATA_CREATE, new_rd, granule_in(p, RMM_GRANULE_DELEGATED),
		     some_ipa(p, new_r, 3) & ~new_half, chance(p, 95) ? p->src : pool_granule(p),
		     below(p, 2));
		break;
	case 20:
		PLAY(p, RMI_DATA_CREATE_UNKNOWN, rd, granule_in(p, RMM_GRANULE_DELEGATED),
		     some_ipa(p, r, 3) & ~half);
		break;
	case 21:
	case 22:
		PLAY(p, RMI_DATA_DESTROY, rd, ipa_in(p, r, RMM_ASSIGNED, 0));
		break;
	case 23:
		ipa = some_ipa(p, new_r, 3) & ~new_half;
		PLAY(p, RMI_RTT_INIT_RIPAS, new_rd, ipa,
		     ipa + (1 + below(p, 5)) * (chance(p, 70) ? PAGE : 2 * MiB));
		break;
	case 24:
		play_set_ripas(p);
		break;
	case 25:
		/* Anything at all. */
		if (chance(p, 30)) {
			const uint64_t fid = chance(p, 50) ? RMI_FID_FIRST + below(p, 0x40)
							   : next(p) & UINT32_MAX;

			if ((fid & ~UINT64_C(0x10000)) != RMI_REC_ENTER)
				PLAY(p, fid, granule_in(p, (enum rmm_granule_state)below(p, 7)),
				     granule_in(p, (enum rmm_granule_state)below(p, 7)),
				     next(p) >> below(p, 64), next(p) >> below(p, 64), below(p, 2));
		}
		break;
	}
}

/* --- the state from scratch --- */

struct census {
	struct play *p;
	uint8_t rtt[NUM_ALL], data[NUM_ALL], aux[NUM_ALL];
	uint64_t rtts, datas, recs[NUM_REALMS], rec_total;
};

static void census_table(struct census *c, const struct random_realm *r, uint64_t table,
			 uint64_t ipa, int level)
{
	const uint64_t size = PAGE << (9 * (3 - level));
	const uint64_t half = UINT64_C(1) << (r->width - 1);
	struct host *h = &c->p->h;
	uint64_t refcount = 0;

	/* I5, I6: an RTT granule, found once. */
	check_eq(state_of(h, table), RMM_GRANULE_RTT);
	check(!c->rtt[number_of(c->p, table)]++);
	c->rtts++;
	for (uint64_t i = 0; i < 512 && ipa + i * size < 2 * half; i++) {
		struct rmm_entry_view e;

		check(rmm_inspect_entry(h->rmm, r->rd, ipa + i * size, level, &e));
		check_eq((uint64_t)(int64_t)e.level, (uint64_t)(int64_t)level);
		check_eq(e.table, table);
		/* I8, I9, I10 */
		if (e.hipas == RMM_UNASSIGNED || e.hipas == RMM_ASSIGNED) {
			check(e.ipa < half);
			check(e.ripas <= RMM_DESTROYED);
		} else if (e.hipas != RMM_TABLE) {
			check(e.ipa >= half);
			check_eq(e.ripas, RMM_RIPAS_NONE);
		}
		check(e.hipas != RMM_TABLE || level < 3);
		check((e.hipas != RMM_ASSIGNED && e.hipas != RMM_ASSIGNED_NS) || level > 0);
		if (e.hipas == RMM_TABLE || e.hipas == RMM_ASSIGNED) {
			refcount++;
			check(e.pa < UINT64_C(1) << 48);
		}
		if (e.hipas == RMM_TABLE)
			census_table(c, r, e.pa, e.ipa, level + 1);
		if (e.hipas != RMM_ASSIGNED)
			continue;
		/* I12, I13 */
		check_eq(e.pa & (size - 1), 0);
		for (uint64_t pa = e.pa; pa < e.pa + size; pa += PAGE) {
			check_eq(state_of(h, pa), RMM_GRANULE_DATA);
			check(!c->data[number_of(c->p, pa)]++);
			c->datas++;
		}
	}
	/* I27 */
	check_eq(refcount_of(h, table), refcount);
}

static bool census_granule(void *ctx, uint64_t pa, const struct rmm_granule_view *view)
{
	struct census *c = ctx;
	struct rmm_rec_view rec;

	check_eq(view->gpt, RMM_GPT_REALM);
	if (view->state == RMM_GRANULE_DELEGATED || view->state == RMM_GRANULE_REC_AUX ||
	    view->state == RMM_GRANULE_DATA)
		check_eq(view->refcount, 0);
	if (view->state != RMM_GRANULE_REC)
		return true;
	check(rmm_inspect_rec(c->p->h.rmm, pa, &rec));
	check_eq(view->refcount, rec.running);
	/* I16, I17, I19 */
	check_eq(state_of(&c->p->h, rec.owner), RMM_GRANULE_RD);
	for (unsigned int i = 0; i < NUM_REALMS; i++)
		c->recs[i] += rec.owner == c->p->realms[i].rd;
	c->rec_total++;
	check_eq(rec.num_aux, 2);
	for (unsigned int i = 0; i < rec.num_aux; i++) {
		check_eq(state_of(&c->p->h, rec.aux[i]), RMM_GRANULE_REC_AUX);
		check(!c->aux[number_of(c->p, rec.aux[i])]++);
	}
	check(rec.psci_pending + rec.host_call_pending + (rec.ripas_top != 0) <= 1);
	if (rec.ripas_top) {
		check(rec.ripas_addr <= rec.ripas_top);
		check_eq((rec.ripas_addr | rec.ripas_top) % PAGE, 0);
		check(rec.ripas_value <= RMM_RAM);
	}
	return true;
}

static void check_state(struct play *p)
{
	struct census c = {.p = p};
	uint64_t rds[NUM_REALMS];
	size_t realms = rmm_inspect_realms(p->h.rmm, rds, NUM_REALMS);
	uint16_t vmids[NUM_REALMS];
	uint64_t num_recs = 0;
	size_t n = 0;

	rmm_inspect_each_granule(p->h.rmm, census_granule, &c);
	for (unsigned int i = 0; i < NUM_REALMS; i++) {
		const struct random_realm *r = &p->realms[i];
		struct rmm_realm_view view;

		if (!rmm_inspect_realm(p->h.rmm, r->rd, &view))
			continue;
		check_eq(refcount_of(&p->h, r->rd), view.num_recs);
		check_eq(c.recs[i], view.num_recs);
		check(view.num_recs <= view.rec_index);
		check_eq(view.rtt_base, r->roots);
		num_recs += view.num_recs;
		vmids[n++] = view.vmid;
		for (uint64_t k = 0; k < r->num; k++)
			census_table(&c, r, r->roots + k * PAGE,
				     k * 512 * (PAGE << (9 * (3 - r->level))), r->level);
		/* I26 */
		for (unsigned int k = 0; view.hash_algo == 0 && k < 5; k++) {
			for (unsigned int j = 32; j < 64; j++)
				check_eq(view.measurements[k][j], 0);
		}
	}
	/* I4, I5, I14, I16, I17, I24 */
	check_eq(realms, n);
	check_eq(rmm_inspect_count(p->h.rmm, RMM_GRANULE_RD), n);
	check_eq(rmm_inspect_count(p->h.rmm, RMM_GRANULE_RTT), c.rtts);
	check_eq(rmm_inspect_count(p->h.rmm, RMM_GRANULE_DATA), c.datas);
	check_eq(rmm_inspect_count(p->h.rmm, RMM_GRANULE_REC), num_recs);
	check_eq(rmm_inspect_count(p->h.rmm, RMM_GRANULE_REC), c.rec_total);
	check_eq(rmm_inspect_count(p->h.rmm, RMM_GRANULE_REC_AUX), 2 * num_recs);
	check(n < 2 || vmids[0] != vmids[1]);
}

/* S1: from any state the Host can get everything back. */
static void take_down(struct play *p)
{
	for (unsigned int i = 0; i < NUM_REALMS; i++)
		take_down_realm(p, &p->realms[i]);
	/* Tables by which blocks were split came from elsewhere. */
	for (uint64_t pa = LOW_BASE; pa < p->h.next; pa += PAGE) {
		if (state_of(&p->h, pa) != RMM_GRANULE_UNDELEGATED)
			ok(&p->h, RMI_GRANULE_UNDELEGATE, pa);
	}
	for (uint64_t i = 0; i < NUM_HIGH; i++)
		call(&p->h, RMI_GRANULE_UNDELEGATE, HIGH_BASE + i * PAGE);
	check_eq(rmm_inspect_realms(p->h.rmm, NULL, 0), 0);
}

static void violation(void *ctx, const char *label, const char *text)
{
	const struct play *p = ctx;

	ck_abort_msg("call %" PRIu64 ": %s: %s", p->calls, label, text);
}

void random_play(const struct random_options *options, struct random_result *result)
{
	static struct play play;
	struct play *p = &play;
	static const struct {
		unsigned int width;
		int level;
		uint32_t num;
	} shapes[] = {{33, 1, 1}, {34, 2, 16}, {40, 1, 2}, {41, 0, 1}, {32, 2, 4}, {32, 1, 1}};

	memset(p, 0, sizeof(*p));
	p->state = options->seed;
	host_init_config(&p->h);
	p->h.config.invariants = options->invariants;
	p->h.config.violation = violation;
	p->h.config.violation_ctx = p;
	host_start(&p->h);
	/* The block is aligned; what is before it is the pool, and the granules of RDs and starting tables. */
	p->block = host_pages(&p->h, 2 * NUM_BLOCK) + NUM_BLOCK * PAGE;
	p->pool = p->block - (POOL + NUM_ROOTS) * PAGE;
	p->params = host_page(&p->h);
	p->run = host_page(&p->h);
	p->src = host_page(&p->h);
	for (unsigned int i = 0; i < NUM_REALMS; i++) {
		const size_t shape = below(p, sizeof(shapes) / sizeof(shapes[0]));
		struct random_realm *r = &p->realms[i];

		r->width = shapes[shape].width;
		r->level = shapes[shape].level;
		r->num = shapes[shape].num;
		r->roots = p->pool + (POOL + 16 * i) * PAGE;
		r->rd = p->pool + (POOL + 48 + i) * PAGE;
		r->vmid = i;
	}
	while (p->calls < options->calls) {
		const uint64_t before = p->calls;

		random_call(p);
		if (p->calls / options->check_every == before / options->check_every)
			continue;
		check_state(p);
		if (options->invariants)
			check(!rmm_invariants_check(p->h.rmm, NULL));
	}
	p->digest = p->digest * 31 + rmm_inspect_hash(p->h.rmm);
	/* No toy: a fair part of the calls must have got through. */
	ck_assert_msg(p->succeeded * 3 >= p->calls,
		      "only %" PRIu64 " of %" PRIu64 " calls succeeded", p->succeeded, p->calls);
	take_down(p);
	check_eq(rmm_inspect_count(p->h.rmm, RMM_GRANULE_UNDELEGATED),
		 (LOW_SIZE + HIGH_SIZE + DEVICE_SIZE) / PAGE);
	host_end(&p->h);
	*result = (struct random_result){p->calls, p->succeeded, p->digest};
}
