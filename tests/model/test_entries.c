/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What commands do to entries and tables: sections 2.4 to 2.10 of the facts. HIPAS, RIPAS, folding and
 * unfolding, liveness, `top`, reference counts.
 */
#include "support.h"

#define U (UINT64_C(1) << 39)

/* The six states of a protected entry, and how a NEW Realm gets a page at `ipa` into each. */
struct page_state {
	enum rmm_hipas hipas;
	enum rmm_ripas ripas;
};

static const struct page_state page_states[] = {
	{RMM_UNASSIGNED, RMM_EMPTY}, {RMM_UNASSIGNED, RMM_RAM}, {RMM_UNASSIGNED, RMM_DESTROYED},
	{RMM_ASSIGNED, RMM_EMPTY},   {RMM_ASSIGNED, RMM_RAM},	{RMM_ASSIGNED, RMM_DESTROYED},
};
#define NUM_PAGE_STATES (sizeof(page_states) / sizeof(page_states[0]))

static void make_page(struct host *h, struct realm *r, uint64_t ipa, const struct page_state *s)
{
	if (s->ripas == RMM_RAM) {
		ok(h, RMI_RTT_INIT_RIPAS, r->rd, ipa, ipa + PAGE);
	} else if (s->ripas == RMM_DESTROYED) {
		ok(h, RMI_RTT_INIT_RIPAS, r->rd, ipa, ipa + PAGE);
		ok(h, RMI_DATA_CREATE_UNKNOWN, r->rd, host_delegated(h), ipa);
		ok(h, RMI_DATA_DESTROY, r->rd, ipa);
	}
	if (s->hipas == RMM_ASSIGNED)
		ok(h, RMI_DATA_CREATE_UNKNOWN, r->rd, host_delegated(h), ipa);
}

static void check_page(struct host *h, struct realm *r, uint64_t ipa, enum rmm_hipas hipas,
		       enum rmm_ripas ripas)
{
	const struct entry_now e = read_entry(h, r, ipa, 3);
	struct rmm_entry_view view;

	check_eq(e.level, 3);
	check_eq(e.state, hipas == RMM_ASSIGNED ? RMI_RTTE_ASSIGNED : RMI_RTTE_UNASSIGNED);
	check_eq(e.ripas, ripas);
	if (hipas == RMM_UNASSIGNED)
		check_eq(e.desc, 0);
	else
		check_eq(state_of(h, e.desc), RMM_GRANULE_DATA);
	check(rmm_inspect_entry(h->rmm, r->rd, ipa, 3, &view));
	check_eq(view.hipas, hipas);
	check_eq(view.ripas, ripas);
	check_eq(view.pa, e.desc);
}

/* Every row of section 2.10 for the commands of a NEW Realm. UNASSIGNED stands for "not allowed". */
struct transition {
	bool allowed;
	enum rmm_hipas hipas;
	enum rmm_ripas ripas;
};

static const struct transition data_create[NUM_PAGE_STATES] = {
	{true, RMM_ASSIGNED, RMM_RAM},
	{true, RMM_ASSIGNED, RMM_RAM},
	{true, RMM_ASSIGNED, RMM_RAM},
	{false, 0, 0},
	{false, 0, 0},
	{false, 0, 0},
};
static const struct transition data_create_unknown[NUM_PAGE_STATES] = {
	{true, RMM_ASSIGNED, RMM_EMPTY},
	{true, RMM_ASSIGNED, RMM_RAM},
	{true, RMM_ASSIGNED, RMM_DESTROYED},
	{false, 0, 0},
	{false, 0, 0},
	{false, 0, 0},
};
static const struct transition data_destroy[NUM_PAGE_STATES] = {
	{false, 0, 0},
	{false, 0, 0},
	{false, 0, 0},
	{true, RMM_UNASSIGNED, RMM_EMPTY},
	{true, RMM_UNASSIGNED, RMM_DESTROYED},
	{true, RMM_UNASSIGNED, RMM_DESTROYED},
};
static const struct transition init_ripas[NUM_PAGE_STATES] = {
	{true, RMM_UNASSIGNED, RMM_RAM},
	{true, RMM_UNASSIGNED, RMM_RAM},
	{true, RMM_UNASSIGNED, RMM_RAM},
	{false, 0, 0},
	{false, 0, 0},
	{false, 0, 0},
};

static void check_transitions(uint64_t fid, const struct transition *transitions)
{
	struct host h;
	struct realm r;
	uint64_t table;

	host_init(&h);
	realm_create(&h, &r);
	realm_tables(&h, &r, 0);
	table = read_entry(&h, &r, 0, 2).desc;
	for (size_t i = 0; i < NUM_PAGE_STATES; i++) {
		const struct transition *t = &transitions[i];
		const uint64_t ipa = i * PAGE;
		const uint64_t pa = host_delegated(&h);
		uint32_t refcount;
		uint64_t data;
		const uint64_t args[6] = {
			r.rd, fid == RMI_DATA_DESTROY || fid == RMI_RTT_INIT_RIPAS ? ipa : pa,
			fid == RMI_RTT_INIT_RIPAS ? ipa + PAGE : ipa, host_page(&h)};

		make_page(&h, &r, ipa, &page_states[i]);
		check_page(&h, &r, ipa, page_states[i].hipas, page_states[i].ripas);
		data = read_entry(&h, &r, ipa, 3).desc;
		refcount = refcount_of(&h, table);
		expect_regs(&h, __FILE__, __LINE__, t->allowed ? SUCCESS : RTT(3),
			    t->allowed ? NULL : "rtte_state", fid, args);
		if (!t->allowed) {
			check_page(&h, &r, ipa, page_states[i].hipas, page_states[i].ripas);
			continue;
		}
		if (fid == RMI_DATA_DESTROY) {
			check_eq(h.regs.x[1], data);
			check_eq(state_of(&h, data), RMM_GRANULE_DELEGATED);
		}
		check_page(&h, &r, ipa, t->hipas, t->ripas);
		check_eq(refcount_of(&h, table), refcount + (t->hipas == RMM_ASSIGNED) -
							 (page_states[i].hipas == RMM_ASSIGNED));
	}
	host_end(&h);
}

START_TEST(test_transitions)
{
	check_transitions(RMI_DATA_CREATE, data_create);
	check_transitions(RMI_DATA_CREATE_UNKNOWN, data_create_unknown);
	check_transitions(RMI_DATA_DESTROY, data_destroy);
	check_transitions(RMI_RTT_INIT_RIPAS, init_ripas);
}
END_TEST

struct ask {
	uint64_t base, top, ripas, flags;
};

static void ask_ripas(struct host *h, struct rmm_cpu *cpu)
{
	const struct ask *ask = h->realm_arg;

	check(realm_smc(cpu, RSI_IPA_STATE_SET, ask->base, ask->top, ask->ripas, ask->flags) ==
	      RMM_EXIT);
}

START_TEST(test_set_ripas_transitions)
{
	for (unsigned int round = 0; round < 4; round++) {
		const uint64_t ripas = round & 1 ? RMI_RIPAS_RAM : RMI_RIPAS_EMPTY;
		const uint64_t flags = round & 2 ? RSI_CHANGE_DESTROYED : 0;
		struct host h;
		struct realm r;

		host_init(&h);
		realm_create(&h, &r);
		realm_add_rec(&h, &r, true);
		realm_tables(&h, &r, 0);
		for (size_t i = 0; i < NUM_PAGE_STATES; i++)
			make_page(&h, &r, i * PAGE, &page_states[i]);
		realm_activate(&h, &r);
		for (size_t i = 0; i < NUM_PAGE_STATES; i++) {
			const struct page_state *s = &page_states[i];
			struct ask ask = {i * PAGE, (i + 1) * PAGE, ripas, flags};
			const uint64_t data = read_entry(&h, &r, i * PAGE, 3).desc;

			enter(&h, &r, ask_ripas, &ask);
			if (s->ripas == RMM_DESTROYED && !flags) {
				expect(&h, RTT(3), "no_progress", RMI_RTT_SET_RIPAS, r.rd, r.rec[0],
				       ask.base, ask.top);
				check_page(&h, &r, i * PAGE, s->hipas, s->ripas);
			} else {
				ok(&h, RMI_RTT_SET_RIPAS, r.rd, r.rec[0], ask.base, ask.top);
				check_eq(h.regs.x[1], ask.top);
				check_page(&h, &r, i * PAGE, s->hipas, (enum rmm_ripas)ripas);
			}
			check_eq(read_entry(&h, &r, i * PAGE, 3).desc, data);
		}
		host_end(&h);
	}
}
END_TEST

START_TEST(test_set_ripas_progress)
{
	/* A request over a table, a stop at a TABLE, at the end of a table, at top, and a whole block. */
	struct ask ask = {0, 2 * GiB, RMI_RIPAS_RAM, 0};
	struct host h;
	struct realm r;
	struct rmm_rec_view rec;

	host_init(&h);
	realm_create(&h, &r);
	realm_add_rec(&h, &r, true);
	realm_tables(&h, &r, 4 * MiB);
	realm_tables(&h, &r, GiB);
	realm_activate(&h, &r);
	enter(&h, &r, ask_ripas, &ask);
	/* [0, 4 MiB): two entries of level 2, then a TABLE. */
	ok(&h, RMI_RTT_SET_RIPAS, r.rd, r.rec[0], 0, 2 * GiB);
	check_eq(h.regs.x[1], 4 * MiB);
	check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
	check_eq(rec.ripas_addr, 4 * MiB);
	check_eq(rec.ripas_top, 2 * GiB);
	/* In the table below, only as far as top says, then to its end. */
	ok(&h, RMI_RTT_SET_RIPAS, r.rd, r.rec[0], 4 * MiB, 4 * MiB + 3 * PAGE);
	check_eq(h.regs.x[1], 4 * MiB + 3 * PAGE);
	ok(&h, RMI_RTT_SET_RIPAS, r.rd, r.rec[0], 4 * MiB + 3 * PAGE, 2 * GiB);
	check_eq(h.regs.x[1], 6 * MiB);
	/* top inside an entry: the entries before it. */
	ok(&h, RMI_RTT_SET_RIPAS, r.rd, r.rec[0], 6 * MiB, 11 * MiB);
	check_eq(h.regs.x[1], 10 * MiB);
	expect(&h, RTT(2), "no_progress", RMI_RTT_SET_RIPAS, r.rd, r.rec[0], 10 * MiB, 11 * MiB);
	ok(&h, RMI_RTT_SET_RIPAS, r.rd, r.rec[0], 10 * MiB, 2 * GiB);
	check_eq(h.regs.x[1], GiB);
	for (uint64_t ipa = 0; ipa < GiB; ipa += 2 * MiB)
		check_eq(read_entry(&h, &r, ipa, 3).ripas, RMI_RIPAS_RAM);
	check_eq(read_entry(&h, &r, GiB, 3).ripas, RMI_RIPAS_EMPTY);
	/* HIPAS and RIPAS are what the entry has: a block can be changed as a whole. */
	realm_destroy(&h, &r);
	host_end(&h);
}
END_TEST

START_TEST(test_init_ripas_progress)
{
	struct host h;
	struct realm r;

	host_init(&h);
	realm_create(&h, &r);
	realm_tables(&h, &r, 4 * MiB);
	/* Up to a TABLE. */
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 0, GiB);
	check_eq(h.regs.x[1], 4 * MiB);
	/* Up to an entry that is ASSIGNED. */
	ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, host_delegated(&h), 4 * MiB + 5 * PAGE);
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 4 * MiB, GiB);
	check_eq(h.regs.x[1], 4 * MiB + 5 * PAGE);
	check_eq(read_entry(&h, &r, 4 * MiB + 5 * PAGE, 3).ripas, RMI_RIPAS_EMPTY);
	/* To the end of the table, and to top in the last entry that fits. */
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 4 * MiB + 6 * PAGE, GiB);
	check_eq(h.regs.x[1], 6 * MiB);
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 6 * MiB, 10 * MiB + PAGE);
	check_eq(h.regs.x[1], 10 * MiB);
	check_eq(read_entry(&h, &r, 10 * MiB, 3).ripas, RMI_RIPAS_EMPTY);
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, GiB - 2 * MiB, 2 * GiB);
	check_eq(h.regs.x[1], GiB);
	/* The last of the protected half, but nothing beyond. */
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, U - GiB, U);
	check_eq(h.regs.x[1], U);
	host_end(&h);
}
END_TEST

START_TEST(test_init_ripas_destroyed)
{
	/* Q3: a DESTROYED entry becomes RAM; the reference stops at it. */
	for (int tfrmm = 0; tfrmm < 2; tfrmm++) {
		struct host h;
		struct realm r;

		host_init_config(&h);
		h.config.tfrmm = tfrmm ? RMM_TFRMM_Q3 : 0;
		host_start(&h);
		realm_create(&h, &r);
		realm_ram(&h, &r, PAGE);
		ok(&h, RMI_DATA_DESTROY, r.rd, PAGE);
		ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 0, 4 * PAGE);
		check_eq(h.regs.x[1], tfrmm ? PAGE : 4 * PAGE);
		if (tfrmm)
			expect(&h, RTT(3), "rtte_state", RMI_RTT_INIT_RIPAS, r.rd, PAGE, 4 * PAGE);
		check_eq(read_entry(&h, &r, PAGE, 3).ripas,
			 tfrmm ? RMI_RIPAS_DESTROYED : RMI_RIPAS_RAM);
		host_end(&h);
	}
}
END_TEST

START_TEST(test_read_entry_destroyed)
{
	/* Q1: the address of an ASSIGNED/DESTROYED entry; the reference shows 0. */
	for (int tfrmm = 0; tfrmm < 2; tfrmm++) {
		const struct page_state destroyed = {RMM_ASSIGNED, RMM_DESTROYED};
		struct host h;
		struct realm r;

		host_init_config(&h);
		h.config.tfrmm = tfrmm ? RMM_TFRMM_Q1 : 0;
		host_start(&h);
		realm_create(&h, &r);
		realm_tables(&h, &r, 0);
		make_page(&h, &r, 0, &destroyed);
		check_eq(read_entry(&h, &r, 0, 3).desc, tfrmm ? 0 : h.next - PAGE);
		check_eq(read_entry(&h, &r, 0, 3).state, RMI_RTTE_ASSIGNED);
		check_eq(read_entry(&h, &r, 0, 3).ripas, RMI_RIPAS_DESTROYED);
		host_end(&h);
	}
}
END_TEST

START_TEST(test_set_ripas_top_unaligned)
{
	/* Q4b: the reference takes a top that is not granule aligned, as far as whole entries go. */
	struct ask ask = {0, 4 * PAGE, RMI_RIPAS_RAM, 0};
	struct host h;
	struct realm r;

	host_init_config(&h);
	h.config.tfrmm = RMM_TFRMM_Q4B;
	host_start(&h);
	realm_running(&h, &r);
	enter(&h, &r, ask_ripas, &ask);
	ok(&h, RMI_RTT_SET_RIPAS, r.rd, r.rec[0], 0, 3 * PAGE - 8);
	check_eq(h.regs.x[1], 2 * PAGE);
	expect(&h, RTT(3), "no_progress", RMI_RTT_SET_RIPAS, r.rd, r.rec[0], 2 * PAGE,
	       2 * PAGE + 8);
	host_end(&h);
}
END_TEST

START_TEST(test_realm_create_rtt_unaligned)
{
	/* Q5: the reference takes starting tables that are only granule aligned. */
	struct host h;
	struct realm r;

	host_init_config(&h);
	h.config.tfrmm = RMM_TFRMM_Q5;
	host_start(&h);
	realm_prepare(&h, &r);
	r.p->rtt_base = host_delegated_n(&h, 4) + PAGE;
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	check_eq(state_of(&h, r.p->rtt_base), RMM_GRANULE_RTT);
	check_eq(state_of(&h, r.p->rtt_base + PAGE), RMM_GRANULE_RTT);
	check_eq(state_of(&h, r.p->rtt_base + 2 * PAGE), RMM_GRANULE_DELEGATED);
	ok(&h, RMI_REALM_DESTROY, r.rd);
	realm_prepare(&h, &r);
	r.p->rtt_base += 8;
	expect(&h, INPUT, "rtt_align", RMI_REALM_CREATE, r.rd, r.params);
	host_end(&h);
}
END_TEST

/* A parent entry in some state: what its child's entries are, and what they fold into. */
struct unfolding {
	const char *name;
	uint64_t ipa;
	int level; /* of the child */
	enum rmm_hipas hipas;
	enum rmm_ripas ripas;
	uint64_t step; /* between the addresses of the child's entries */
};

static void check_unfold(struct host *h, struct realm *r, const struct unfolding *u)
{
	const uint64_t size = PAGE << (9 * (3 - u->level));
	const uint64_t rtt = host_delegated(h);
	struct rmm_entry_view parent, child, again;
	uint64_t parent_refcount, hash;

	/* Whatever was in the granule is no part of the table. */
	check(rmm_inspect_entry(h->rmm, r->rd, u->ipa, u->level - 1, &parent));
	check_eq(parent.level, u->level - 1);
	check_eq(parent.hipas, u->hipas);
	check_eq(parent.ripas, u->ripas);
	parent_refcount = refcount_of(h, parent.table);
	hash = rmm_inspect_hash(h->rmm);
	ok(h, RMI_RTT_CREATE, r->rd, rtt, u->ipa, (uint64_t)u->level);
	check_eq(state_of(h, rtt), RMM_GRANULE_RTT);
	check_eq(refcount_of(h, rtt), u->hipas == RMM_ASSIGNED ? 512 : 0);
	check_eq(refcount_of(h, parent.table), parent_refcount + (u->hipas != RMM_ASSIGNED));
	check_eq(read_entry(h, r, u->ipa, u->level - 1).state, RMI_RTTE_TABLE);
	check_eq(read_entry(h, r, u->ipa, u->level - 1).desc, rtt);
	check_eq(read_entry(h, r, u->ipa, u->level - 1).ripas, 0);
	for (uint64_t i = 0; i < 512; i++) {
		check(rmm_inspect_entry(h->rmm, r->rd, u->ipa + i * size, 3, &child));
		check_eq(child.level, u->level);
		check_eq(child.hipas, u->hipas);
		check_eq(child.ripas, u->ripas);
		check_eq(child.pa, parent.pa + i * u->step);
		check_eq(child.memattr, parent.memattr);
		check_eq(child.s2ap, parent.s2ap);
		check_eq(child.table, rtt);
	}
	/* T18: folding is the way back. */
	ok(h, RMI_RTT_FOLD, r->rd, u->ipa, (uint64_t)u->level);
	check_eq(h->regs.x[1], rtt);
	check_eq(state_of(h, rtt), RMM_GRANULE_DELEGATED);
	check_eq(refcount_of(h, rtt), 0);
	check_eq(refcount_of(h, parent.table), parent_refcount);
	check(rmm_inspect_entry(h->rmm, r->rd, u->ipa, 3, &again));
	check_eq(again.level, u->level - 1);
	check_eq(again.hipas, parent.hipas);
	check_eq(again.ripas, parent.ripas);
	check_eq(again.pa, parent.pa);
	check_eq(again.memattr, parent.memattr);
	check_eq(again.s2ap, parent.s2ap);
	check_eq(rmm_inspect_hash(h->rmm), hash);
}

/* A 2 MiB block of DATA at `ipa` in state `ripas`. */
static void make_block(struct host *h, struct realm *r, uint64_t ipa, enum rmm_ripas ripas)
{
	const struct page_state s = {RMM_UNASSIGNED, ripas};
	const uint64_t pa = host_delegated_n(h, 512);

	realm_tables(h, r, ipa);
	for (uint64_t i = 0; i < 512; i++) {
		make_page(h, r, ipa + i * PAGE, &s);
		ok(h, RMI_DATA_CREATE_UNKNOWN, r->rd, pa + i * PAGE, ipa + i * PAGE);
	}
	ok(h, RMI_RTT_FOLD, r->rd, ipa, 3);
}

START_TEST(test_unfold_and_fold)
{
	const uint64_t prots[] = {0, RMI_DESC_S2AP_READ, RMI_DESC_S2AP_WRITE, RMI_DESC_S2AP_MASK};
	struct unfolding u;
	struct host h;
	struct realm r;

	host_init(&h);
	realm_create(&h, &r);
	u = (struct unfolding){"level 1, EMPTY", 0, 2, RMM_UNASSIGNED, RMM_EMPTY, 0};
	check_unfold(&h, &r, &u);
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, GiB, 2 * GiB);
	u = (struct unfolding){"level 1, RAM", GiB, 2, RMM_UNASSIGNED, RMM_RAM, 0};
	check_unfold(&h, &r, &u);
	ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 0, 2);
	u = (struct unfolding){"level 2, EMPTY", 0, 3, RMM_UNASSIGNED, RMM_EMPTY, 0};
	check_unfold(&h, &r, &u);
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 2 * MiB, 4 * MiB);
	u = (struct unfolding){"level 2, RAM", 2 * MiB, 3, RMM_UNASSIGNED, RMM_RAM, 0};
	check_unfold(&h, &r, &u);
	ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 4 * MiB, 3);
	ok(&h, RMI_RTT_DESTROY, r.rd, 4 * MiB, 3);
	u = (struct unfolding){"level 2, DESTROYED", 4 * MiB, 3, RMM_UNASSIGNED, RMM_DESTROYED, 0};
	check_unfold(&h, &r, &u);
	for (int ripas = RMM_EMPTY; ripas <= RMM_DESTROYED; ripas++) {
		const uint64_t ipa = (8 + 2 * (uint64_t)ripas) * MiB;

		make_block(&h, &r, ipa, (enum rmm_ripas)ripas);
		u = (struct unfolding){"block", ipa, 3, RMM_ASSIGNED, (enum rmm_ripas)ripas, PAGE};
		check_unfold(&h, &r, &u);
	}
	u = (struct unfolding){"level 1, NS", U, 2, RMM_UNASSIGNED_NS, RMM_RIPAS_NONE, 0};
	check_unfold(&h, &r, &u);
	ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), U, 2);
	u = (struct unfolding){"level 2, NS", U, 3, RMM_UNASSIGNED_NS, RMM_RIPAS_NONE, 0};
	check_unfold(&h, &r, &u);
	/* Every memory type and permission that a mapping can have is inherited. */
	for (uint64_t memattr = 0; memattr < 8; memattr++) {
		if (memattr == RMI_MEMATTR_RESERVED)
			continue;
		for (size_t i = 0; i < 4; i++) {
			const uint64_t desc = 5 * GiB | memattr << 2 | prots[i];

			ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, U, 2, desc);
			check_eq(read_entry(&h, &r, U, 2).desc, desc);
			u = (struct unfolding){"2 MiB, NS",    U,   3, RMM_ASSIGNED_NS,
					       RMM_RIPAS_NONE, PAGE};
			check_unfold(&h, &r, &u);
			ok(&h, RMI_RTT_UNMAP_UNPROTECTED, r.rd, U, 2);
		}
	}
	ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, U + GiB, 1, 7 * GiB | 0xd8);
	u = (struct unfolding){"1 GiB, NS", U + GiB, 2, RMM_ASSIGNED_NS, RMM_RIPAS_NONE, 2 * MiB};
	check_unfold(&h, &r, &u);
	realm_destroy(&h, &r);
	host_end(&h);
}
END_TEST

/* True of the memory of this test: what is delegated was never written. The parameters were. */
static bool is_clean(void *ctx, uint64_t pa)
{
	const struct host *h = ctx;

	return pa >= LOW_BASE + GiB && pa < h->next;
}

START_TEST(test_fold_1g_block)
{
	/* 512 blocks of 2 MiB, which make one of 1 GiB; it is unfolded, and destroyed page by page. */
	struct unfolding u;
	struct host h;
	struct realm r;
	uint64_t pa;

	host_init_config(&h);
	h.config.platform.is_clean = is_clean;
	host_start(&h);
	realm_create(&h, &r);
	ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 0, 2);
	pa = host_pages(&h, GiB / PAGE);
	for (uint64_t ipa = 0; ipa < GiB; ipa += PAGE)
		check_eq(call(&h, RMI_GRANULE_DELEGATE, pa + ipa), SUCCESS);
	for (uint64_t block = 0; block < GiB; block += 2 * MiB) {
		check_eq(call(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), block, 3), SUCCESS);
		for (uint64_t ipa = block; ipa < block + 2 * MiB; ipa += PAGE)
			check_eq(call(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, pa + ipa, ipa), SUCCESS);
		check_eq(call(&h, RMI_RTT_FOLD, r.rd, block, 3), SUCCESS);
	}
	ok(&h, RMI_RTT_FOLD, r.rd, 0, 2);
	check_eq(read_entry(&h, &r, 0, 1).state, RMI_RTTE_ASSIGNED);
	check_eq(read_entry(&h, &r, 0, 1).desc, pa);
	u = (struct unfolding){"1 GiB", 0, 2, RMM_ASSIGNED, RMM_EMPTY, 2 * MiB};
	check_unfold(&h, &r, &u);
	/* A walk into it ends at level 1; nothing of it can be taken away as it is. */
	expect(&h, RTT(1), "rtt_walk", RMI_DATA_DESTROY, r.rd, 5 * PAGE);
	check_eq(h.regs.x[2], 5 * PAGE);
	expect(&h, RTT(1), "rtte_state", RMI_RTT_DESTROY, r.rd, 0, 2);
	check_eq(h.regs.x[2], 0);
	host_end(&h);
}
END_TEST

/* The table of 2.6 broken at one entry: 512 entries that would fold, but for entry `i`. */
static void check_unfoldable(struct host *h, struct realm *r, uint64_t ipa)
{
	expect(h, RTT(3), "rtt_homo", RMI_RTT_FOLD, r->rd, ipa, 3);
	check_eq(h->regs.x[1], 0);
}

START_TEST(test_fold_one_entry_differs)
{
	/* The first, the last, and one at each place in any group of entries that code may look at. */
	const unsigned int places[] = {0,  1,  2,  3,	4,   5,	  6,   7,   8,	 15,
				       16, 17, 31, 100, 255, 256, 496, 509, 510, 511};
	struct host h;
	struct realm r;
	uint64_t pa;

	host_init(&h);
	realm_create(&h, &r);
	pa = host_delegated_n(&h, 512);
	realm_tables(&h, &r, 0);
	realm_tables(&h, &r, U);
	for (uint64_t i = 0; i < 512; i++)
		ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, U + i * PAGE, 3, (6 * GiB + i * PAGE) | 0xd8);
	for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++) {
		const uint64_t i = places[p] * PAGE;
		const uint64_t bad[] = {
			(7 * GiB + i) | 0xd8, /* another address */
			(6 * GiB + i) | 0xd4, /* another memory type */
			(6 * GiB + i) | 0x58, /* another permission */
		};

		/* RIPAS of one UNASSIGNED entry. */
		ok(&h, RMI_RTT_INIT_RIPAS, r.rd, i, i + PAGE);
		check_unfoldable(&h, &r, 0);
		/* One ASSIGNED entry, of which the table's reference count tells. */
		ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, pa, i);
		check_unfoldable(&h, &r, 0);
		ok(&h, RMI_DATA_DESTROY, r.rd, i);
		/* DESTROYED now, as all others are from the second round on. */
		if (p == 0)
			check_unfoldable(&h, &r, 0);
		ok(&h, RMI_RTT_DESTROY, r.rd, 0, 3);
		ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 0, 3);
		for (uint64_t j = 0; j < 512; j++)
			ok(&h, RMI_RTT_INIT_RIPAS, r.rd, j * PAGE, (j + 1) * PAGE);
		ok(&h, RMI_RTT_FOLD, r.rd, 0, 3);
		ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 0, 3);
		ok(&h, RMI_RTT_DESTROY, r.rd, 0, 3);
		ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 0, 3);

		ok(&h, RMI_RTT_UNMAP_UNPROTECTED, r.rd, U + i, 3);
		check_unfoldable(&h, &r, U);
		for (size_t k = 0; k < 3; k++) {
			ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, U + i, 3, bad[k]);
			check_unfoldable(&h, &r, U);
			ok(&h, RMI_RTT_UNMAP_UNPROTECTED, r.rd, U + i, 3);
		}
		ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, U + i, 3, (6 * GiB + i) | 0xd8);
	}
	ok(&h, RMI_RTT_FOLD, r.rd, U, 3);
	host_end(&h);
}
END_TEST

START_TEST(test_fold_data)
{
	/* Contiguous but not aligned; aligned but one of another RIPAS; one missing; descending. */
	struct host h;
	struct realm r;
	uint64_t pa;

	host_init(&h);
	realm_create(&h, &r);
	pa = host_delegated_n(&h, 1024);
	realm_tables(&h, &r, 0);
	for (uint64_t i = 0; i < 512; i++)
		ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, pa + (i + 1) * PAGE, i * PAGE);
	check_unfoldable(&h, &r, 0);
	for (uint64_t i = 0; i < 512; i++)
		ok(&h, RMI_DATA_DESTROY, r.rd, i * PAGE);
	for (uint64_t i = 0; i < 511; i++)
		ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, pa + i * PAGE, i * PAGE);
	check_unfoldable(&h, &r, 0);
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 511 * PAGE, 512 * PAGE);
	ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, pa + 511 * PAGE, 511 * PAGE);
	check_unfoldable(&h, &r, 0);
	/* RAM, then DESTROYED, EMPTY being what the others are. */
	ok(&h, RMI_DATA_DESTROY, r.rd, 511 * PAGE);
	ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, pa + 511 * PAGE, 511 * PAGE);
	check_unfoldable(&h, &r, 0);
	realm_destroy(&h, &r);
	host_end(&h);
}
END_TEST

START_TEST(test_fold_with_table)
{
	/* A TABLE entry, first or last, is never folded; nor what is otherwise the same. */
	struct host h;
	struct realm r;

	host_init(&h);
	realm_create(&h, &r);
	ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 0, 2);
	for (uint64_t ipa = 0; ipa < GiB; ipa += GiB - 2 * MiB) {
		ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), ipa, 3);
		expect(&h, RTT(2), "rtt_homo", RMI_RTT_FOLD, r.rd, 0, 2);
		expect(&h, RTT(2), "rtt_live", RMI_RTT_DESTROY, r.rd, 0, 2);
		ok(&h, RMI_RTT_FOLD, r.rd, ipa, 3);
	}
	ok(&h, RMI_RTT_FOLD, r.rd, 0, 2);
	host_end(&h);
}
END_TEST

START_TEST(test_fold_tables_that_look_contiguous)
{
	/* 512 tables at ascending addresses, 2 MiB apart: as numbers they are a row of blocks. */
	struct host h;
	struct realm r;
	uint64_t pa;

	host_init(&h);
	realm_create(&h, &r);
	ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 0, 2);
	pa = host_pages(&h, GiB / PAGE);
	for (uint64_t ipa = 0; ipa < GiB; ipa += 2 * MiB) {
		ok(&h, RMI_GRANULE_DELEGATE, pa + ipa);
		ok(&h, RMI_RTT_CREATE, r.rd, pa + ipa, ipa, 3);
	}
	expect(&h, RTT(2), "rtt_homo", RMI_RTT_FOLD, r.rd, 0, 2);
	host_end(&h);
}
END_TEST

START_TEST(test_fold_level_1)
{
	/* A level 1 table of blocks has no block to fold into. Q2: the index is that of the parent. */
	for (int tfrmm = 0; tfrmm < 2; tfrmm++) {
		const uint64_t half = UINT64_C(1) << 47;
		struct host h;
		struct realm r;

		host_init_config(&h);
		h.config.tfrmm = tfrmm ? RMM_TFRMM_Q2 : 0;
		host_start(&h);
		realm_prepare_as(&h, &r, 48, 0, 1);
		ok(&h, RMI_REALM_CREATE, r.rd, r.params);
		ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), half, 1);
		ok(&h, RMI_RTT_FOLD, r.rd, half, 1);
		ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), half, 1);
		for (uint64_t i = 0; i < 511; i++)
			ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, half + i * GiB, 1, i * GiB | 0xd8);
		expect(&h, RTT(1), "rtt_homo", RMI_RTT_FOLD, r.rd, half, 1);
		ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, half + 511 * GiB, 1, 511 * GiB | 0xd8);
		expect(&h, RTT(tfrmm ? 0 : 1), "rtt_homo", RMI_RTT_FOLD, r.rd, half, 1);
		host_end(&h);
	}
}
END_TEST

/*
 * RTT_FOLD where there is no table, again and again: as hosts ask for each that there could be. That must not keep it from
 * seeing what changed since it walked there.
 */
static void folds_nothing(struct host *h, uint64_t rd, uint64_t ipa, int level)
{
	for (int i = 0; i < 3; i++)
		expect(h, RTT(level - 1), "rtte_state", RMI_RTT_FOLD, rd, ipa, (uint64_t)level);
}

/* No value of a register stands for a walk that there was not. */
static void folds_of_nobody(struct host *h, uint64_t ipa)
{
	const uint64_t values[] = {0, 1, 2, 3, 4, UINT64_MAX, UINT64_MAX - 1};
	const size_t num = sizeof(values) / sizeof(values[0]);

	for (size_t rd = 0; rd < num; rd++) {
		for (size_t level = 0; level < num; level++) {
			const char *const label = values[rd] ? "rd_align" : "rd_bound";

			expect(h, INPUT, label, RMI_RTT_FOLD, values[rd], ipa, values[level]);
			expect(h, INPUT, label, RMI_RTT_FOLD, values[rd], UINT64_MAX,
			       values[level]);
			expect(h, INPUT, label, RMI_RTT_READ_ENTRY, values[rd], ipa, values[level]);
		}
	}
}

static void check_fold_arguments(struct host *h)
{
	struct realm r, small;

	folds_of_nobody(h, 0);
	realm_create(h, &r);
	realm_tables(h, &r, 0);
	/* What was known is forgotten with this call. */
	folds_nothing(h, r.rd, 2 * MiB, 3);
	ok(h, RMI_RTT_CREATE, r.rd, host_delegated(h), 2 * MiB, 3);
	folds_of_nobody(h, 4 * MiB);
	ok(h, RMI_RTT_FOLD, r.rd, 2 * MiB, 3);
	folds_of_nobody(h, 4 * MiB);
	folds_nothing(h, r.rd, 2 * MiB, 3);
	folds_nothing(h, r.rd, GiB - 2 * MiB, 3);
	expect(h, INPUT, "ipa_align", RMI_RTT_FOLD, r.rd, 2 * MiB + PAGE, 3);
	folds_nothing(h, r.rd, 2 * MiB, 3);
	expect(h, INPUT, "level_bound", RMI_RTT_FOLD, r.rd, 2 * MiB, 4);
	folds_nothing(h, r.rd, 2 * MiB, 3);
	expect(h, INPUT, "level_bound", RMI_RTT_FOLD, r.rd, 2 * MiB, 3 | 1ull << 32);
	folds_nothing(h, r.rd, 2 * MiB, 3);
	expect(h, RTT(1), "rtt_walk", RMI_RTT_FOLD, r.rd, GiB + 2 * MiB, 3);
	folds_nothing(h, r.rd, 2 * MiB, 3);
	expect(h, INPUT, "rd_state", RMI_RTT_FOLD, r.rtt_base, 2 * MiB, 3);
	folds_nothing(h, r.rd, 2 * MiB, 3);
	/* The entry itself: a table with another RIPAS in it, which folds only when it has none. */
	ok(h, RMI_RTT_CREATE, r.rd, host_delegated(h), 2 * MiB, 3);
	ok(h, RMI_RTT_FOLD, r.rd, 2 * MiB, 3);
	folds_nothing(h, r.rd, 2 * MiB, 3);
	/* Root tables: two of them, of 512 GiB each. */
	folds_nothing(h, r.rd, GiB, 2);
	folds_nothing(h, r.rd, 513 * GiB, 2);
	ok(h, RMI_RTT_CREATE, r.rd, host_delegated(h), GiB, 2);
	folds_nothing(h, r.rd, 513 * GiB, 2);
	ok(h, RMI_RTT_FOLD, r.rd, GiB, 2);
	/* One that describes more than the IPA space has. */
	realm_prepare_as(h, &small, 33, 1, 1);
	ok(h, RMI_REALM_CREATE, small.rd, small.params);
	folds_nothing(h, small.rd, GiB, 2);
	expect(h, INPUT, "ipa_bound", RMI_RTT_FOLD, small.rd, 8 * GiB, 2);
	realm_destroy(h, &small);
	realm_destroy(h, &r);
}

static void check_fold_path(struct host *h)
{
	const uint64_t g1 = host_delegated(h), g2 = host_delegated(h), other = host_delegated(h);
	struct realm a, b;

	/* Tables at levels 1 and 2 lead to what is asked for. */
	realm_prepare_as(h, &a, 48, 0, 1);
	realm_prepare_as(h, &b, 48, 0, 1);
	ok(h, RMI_REALM_CREATE, a.rd, a.params);
	ok(h, RMI_REALM_CREATE, b.rd, b.params);
	ok(h, RMI_RTT_CREATE, a.rd, g1, 0, 1);
	ok(h, RMI_RTT_CREATE, a.rd, g2, 0, 2);
	folds_nothing(h, a.rd, 2 * MiB, 3);
	/* The lower one is replaced, by one in which there is a table. */
	ok(h, RMI_RTT_DESTROY, a.rd, 0, 2);
	expect(h, RTT(1), "rtt_walk", RMI_RTT_FOLD, a.rd, 2 * MiB, 3);
	ok(h, RMI_RTT_CREATE, a.rd, other, 0, 2);
	ok(h, RMI_RTT_CREATE, a.rd, g2, 2 * MiB, 3);
	ok(h, RMI_RTT_FOLD, a.rd, 2 * MiB, 3);
	folds_nothing(h, a.rd, 2 * MiB, 3);
	/* Both are another Realm's, where they lead to one another as they did here. */
	ok(h, RMI_RTT_DESTROY, a.rd, 0, 2);
	ok(h, RMI_RTT_CREATE, a.rd, g2, 0, 2);
	folds_nothing(h, a.rd, 2 * MiB, 3);
	ok(h, RMI_RTT_DESTROY, a.rd, 0, 2);
	ok(h, RMI_RTT_DESTROY, a.rd, 0, 1);
	ok(h, RMI_RTT_CREATE, b.rd, g1, 0, 1);
	ok(h, RMI_RTT_CREATE, b.rd, g2, 0, 2);
	expect(h, RTT(0), "rtt_walk", RMI_RTT_FOLD, a.rd, 2 * MiB, 3);
	folds_nothing(h, b.rd, 2 * MiB, 3);
	realm_destroy(h, &a);
	realm_destroy(h, &b);
}

static void check_fold_realm(struct host *h)
{
	struct realm a, b, c;
	uint64_t words[2], entry;
	uint64_t table = host_delegated(h);

	/* The RD is another Realm's, and what was its root table, with all below it, belongs to a third. */
	realm_create(h, &a);
	ok(h, RMI_RTT_CREATE, a.rd, table, 0, 2);
	folds_nothing(h, a.rd, 2 * MiB, 3);
	realm_destroy(h, &a);
	realm_prepare(h, &b);
	b.rtt_base = b.p->rtt_base = a.rtt_base;
	ok(h, RMI_REALM_CREATE, b.rd, b.params);
	ok(h, RMI_RTT_CREATE, b.rd, table, 0, 2);
	realm_prepare(h, &c);
	c.rd = a.rd;
	c.p->vmid = a.p->vmid;
	ok(h, RMI_REALM_CREATE, c.rd, c.params);
	expect(h, RTT(1), "rtt_walk", RMI_RTT_FOLD, c.rd, 2 * MiB, 3);
	folds_nothing(h, b.rd, 2 * MiB, 3);
	/* Nothing but its state tells the granule of an RD from one that the Host wrote the same to. */
	memcpy(words, host_ptr(h, b.rd), sizeof(words));
	memcpy(&entry, host_ptr(h, b.rtt_base), sizeof(entry));
	realm_destroy(h, &b);
	ok(h, RMI_GRANULE_UNDELEGATE, b.rd);
	ok(h, RMI_GRANULE_UNDELEGATE, b.rtt_base);
	memcpy(host_ptr(h, b.rd), words, sizeof(words));
	memcpy(host_ptr(h, b.rtt_base), &entry, sizeof(entry));
	expect(h, INPUT, "rd_state", RMI_RTT_FOLD, b.rd, 2 * MiB, 3);
	realm_destroy(h, &c);
	/* The same RD and the same root table, of a smaller IPA space. */
	realm_prepare(h, &a);
	ok(h, RMI_REALM_CREATE, a.rd, a.params);
	folds_nothing(h, a.rd, 9 * GiB, 2);
	realm_destroy(h, &a);
	realm_prepare_as(h, &b, 33, 1, 1);
	b.rd = a.rd;
	b.rtt_base = b.p->rtt_base = a.rtt_base;
	ok(h, RMI_REALM_CREATE, b.rd, b.params);
	expect(h, INPUT, "ipa_bound", RMI_RTT_FOLD, b.rd, 9 * GiB, 2);
	realm_destroy(h, &b);
}

START_TEST(test_fold_nothing)
{
	static const uint8_t levels[] = {RMM_INVARIANTS_OFF, RMM_INVARIANTS_STEP,
					 RMM_INVARIANTS_FULL};
	struct host h;

	host_init_config(&h);
	h.config.invariants = levels[_i];
	host_start(&h);
	check_fold_arguments(&h);
	check_fold_path(&h);
	check_fold_realm(&h);
	/* A new life: what was there in the last one is not. */
	host_restart(&h);
	folds_of_nobody(&h, 0);
	check_fold_realm(&h);
	host_end(&h);
}
END_TEST

START_TEST(test_rtt_destroy_parent)
{
	/* Whatever a table without live entries holds, the parent is DESTROYED or UNASSIGNED_NS. */
	struct host h;
	struct realm r;

	host_init(&h);
	realm_create(&h, &r);
	for (uint64_t i = 0; i < 2; i++) {
		const uint64_t base = i * U;
		const uint64_t t2 = host_delegated(&h), t3 = host_delegated(&h);

		ok(&h, RMI_RTT_CREATE, r.rd, t2, base, 2);
		ok(&h, RMI_RTT_CREATE, r.rd, t3, base + 6 * MiB, 3);
		check_eq(refcount_of(&h, t2), 1);
		if (i == 0)
			ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 6 * MiB, 6 * MiB + 3 * PAGE);
		else
			ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, U + 6 * MiB, 3, 0xd8);
		ok(&h, RMI_RTT_DESTROY, r.rd, base + 6 * MiB, 3);
		check_eq(h.regs.x[1], t3);
		check_eq(h.regs.x[2], base + GiB);
		check_eq(refcount_of(&h, t2), 0);
		check_eq(state_of(&h, t3), RMM_GRANULE_DELEGATED);
		check_eq(read_entry(&h, &r, base + 6 * MiB, 2).ripas, i ? 0 : RMI_RIPAS_DESTROYED);
		check_eq(read_entry(&h, &r, base + 6 * MiB, 2).state, RMI_RTTE_UNASSIGNED);
		if (i == 1)
			ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, U + 6 * MiB, 2, 0xd8);
		/* A block mapping does not keep the table above alive. */
		ok(&h, RMI_RTT_DESTROY, r.rd, base, 2);
		check_eq(h.regs.x[1], t2);
		check_eq(refcount_of(&h, r.rtt_base + i * PAGE), 0);
		check_eq(read_entry(&h, &r, base, 1).ripas, i ? 0 : RMI_RIPAS_DESTROYED);
	}
	/* Root tables that hold only blocks do not keep the Realm alive. */
	ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, U + GiB, 1, 0xd8);
	ok(&h, RMI_REALM_DESTROY, r.rd);
	host_end(&h);
}
END_TEST

START_TEST(test_rtt_create_over_assigned_ns)
{
	/* The parent's count: an ASSIGNED_NS block is not counted before it becomes a TABLE. */
	struct host h;
	struct realm r;
	uint64_t t2;

	host_init(&h);
	realm_create(&h, &r);
	t2 = host_delegated(&h);
	ok(&h, RMI_RTT_CREATE, r.rd, t2, U, 2);
	ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, U, 2, 0xd8);
	check_eq(refcount_of(&h, t2), 0);
	ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), U, 3);
	check_eq(refcount_of(&h, t2), 1);
	ok(&h, RMI_RTT_FOLD, r.rd, U, 3);
	check_eq(refcount_of(&h, t2), 0);
	ok(&h, RMI_RTT_UNMAP_UNPROTECTED, r.rd, U, 2);
	check_eq(refcount_of(&h, t2), 0);
	host_end(&h);
}
END_TEST

START_TEST(test_top)
{
	/* One or two live entries at any distance: top is the next live one, or the end of the table. */
	struct host h;
	struct realm r;
	uint64_t d0, d1;

	host_init(&h);
	realm_create(&h, &r);
	realm_tables(&h, &r, 0);
	d0 = host_delegated(&h);
	d1 = host_delegated(&h);
	for (uint64_t at = 0; at < 512; at += at < 32 || at > 480 ? 1 : 37) {
		ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, d0, at * PAGE);
		for (uint64_t from = 0; from < 512; from += from < 32 || from > 480 ? 1 : 37) {
			const uint64_t ipa = from * PAGE;

			if (from == at)
				continue;
			expect(&h, RTT(3), "rtte_state", RMI_DATA_DESTROY, r.rd, ipa);
			check_eq(h.regs.x[2], from < at ? at * PAGE : 2 * MiB);
		}
		/* After a successful call the entry itself does not count. */
		if (at + 1 < 512) {
			const uint64_t next = at + (512 - at) / 2;

			ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, d1, next * PAGE);
			ok(&h, RMI_DATA_DESTROY, r.rd, at * PAGE);
			check_eq(h.regs.x[2], next * PAGE);
			ok(&h, RMI_DATA_DESTROY, r.rd, next * PAGE);
		} else {
			ok(&h, RMI_DATA_DESTROY, r.rd, at * PAGE);
		}
		check_eq(h.regs.x[2], 2 * MiB);
	}
	host_end(&h);
}
END_TEST

START_TEST(test_top_inside_block)
{
	/* Q10: inside a live block top is ipa, aligned to nothing but what the command asks for. */
	struct host h;
	struct realm r;

	host_init(&h);
	realm_create(&h, &r);
	make_block(&h, &r, 4 * MiB, RMM_EMPTY);
	expect(&h, RTT(2), "rtt_walk", RMI_DATA_DESTROY, r.rd, 4 * MiB + 7 * PAGE);
	check_eq(h.regs.x[2], 4 * MiB + 7 * PAGE);
	expect(&h, RTT(2), "rtt_walk", RMI_DATA_DESTROY, r.rd, 2 * MiB + 7 * PAGE);
	check_eq(h.regs.x[2], 4 * MiB);
	expect(&h, RTT(2), "rtt_walk", RMI_DATA_DESTROY, r.rd, 6 * MiB + 7 * PAGE);
	check_eq(h.regs.x[2], GiB);
	host_end(&h);
}
END_TEST

START_TEST(test_two_realms)
{
	/* VMIDs, RDs and RTTs of two Realms are their own; a VMID is free when its Realm is gone. */
	struct host h;
	struct realm a, b, c;
	uint64_t rds[3];

	host_init(&h);
	realm_create(&h, &a);
	realm_create(&h, &b);
	realm_prepare(&h, &c);
	c.p->vmid = b.p->vmid;
	expect(&h, INPUT, "vmid_valid", RMI_REALM_CREATE, c.rd, c.params);
	check_eq(rmm_inspect_realms(h.rmm, rds, 3), 2);
	check_eq(rds[0], a.rd);
	check_eq(rds[1], b.rd);
	ok(&h, RMI_REALM_DESTROY, b.rd);
	ok(&h, RMI_REALM_CREATE, c.rd, c.params);
	check_eq(rmm_inspect_realms(h.rmm, rds, 3), 2);
	check_eq(rds[1], c.rd);
	c.p->vmid++;
	c.p->rtt_base = b.rtt_base;
	ok(&h, RMI_REALM_CREATE, b.rd, c.params);
	/* In order of address, whatever the order in which they were made; more than fit are counted. */
	rds[2] = 0;
	check_eq(rmm_inspect_realms(h.rmm, rds, 2), 3);
	check_eq(rds[2], 0);
	check_eq(rmm_inspect_realms(h.rmm, rds, 3), 3);
	check_eq(rds[0], a.rd);
	check_eq(rds[1], b.rd);
	check_eq(rds[2], c.rd);
	ok(&h, RMI_REALM_DESTROY, a.rd);
	ok(&h, RMI_REALM_DESTROY, c.rd);
	check_eq(rmm_inspect_realms(h.rmm, rds, 3), 1);
	check_eq(rds[0], b.rd);
	ok(&h, RMI_REALM_DESTROY, b.rd);
	check_eq(rmm_inspect_realms(h.rmm, rds, 3), 0);
	host_end(&h);
}
END_TEST

START_TEST(test_vmid_bits)
{
	struct host h;
	struct realm r;

	host_init_config(&h);
	h.config.vmid_bits = 16;
	host_start(&h);
	realm_prepare(&h, &r);
	r.p->vmid = 0xffff;
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	realm_prepare(&h, &r);
	r.p->vmid = 0;
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	host_end(&h);
}
END_TEST

Suite *suite_entries(void)
{
	Suite *suite = suite_create("entries");
	TCase *tcase = tcase_create("RTT");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_transitions);
	tcase_add_test(tcase, test_set_ripas_transitions);
	tcase_add_test(tcase, test_set_ripas_progress);
	tcase_add_test(tcase, test_init_ripas_progress);
	tcase_add_test(tcase, test_init_ripas_destroyed);
	tcase_add_test(tcase, test_read_entry_destroyed);
	tcase_add_test(tcase, test_set_ripas_top_unaligned);
	tcase_add_test(tcase, test_realm_create_rtt_unaligned);
	tcase_add_test(tcase, test_unfold_and_fold);
	tcase_add_test(tcase, test_fold_1g_block);
	tcase_add_test(tcase, test_fold_one_entry_differs);
	tcase_add_test(tcase, test_fold_data);
	tcase_add_test(tcase, test_fold_with_table);
	tcase_add_test(tcase, test_fold_tables_that_look_contiguous);
	tcase_add_test(tcase, test_fold_level_1);
	tcase_add_loop_test(tcase, test_fold_nothing, 0, 3);
	tcase_add_test(tcase, test_rtt_destroy_parent);
	tcase_add_test(tcase, test_rtt_create_over_assigned_ns);
	tcase_add_test(tcase, test_top);
	tcase_add_test(tcase, test_top_inside_block);
	tcase_add_test(tcase, test_two_realms);
	tcase_add_test(tcase, test_vmid_bits);
	suite_add_tcase(suite, tcase);
	return suite;
}
