/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each failure condition of each RMI command, violated alone, and each pair that can be violated at
 * once: the one that is first in canonical order is reported, with its own return code. Labels, codes
 * and order are those of the facts, section 3; what the specification orders is part of it.
 */
#include <stdio.h>
#include "support.h"

#define U      (UINT64_C(1) << 39) /* the unprotected half of the Realms here */
#define IPAEND (UINT64_C(1) << 40)

/* More than any command has. */
#define MAX_CONDITIONS 24

struct fixture {
	struct host h;
	struct realm r; /* NEW at first, s2sz 40, starting level 1 */
	struct realm other;
	uint64_t delegated, delegated_high, src, block;
	struct rmi_rec_params *rec_params;
	uint64_t x[7];	   /* x1.. of the call */
	uint64_t *running; /* the call is made while this REC runs */
};

/* How a row makes its condition fail. What a violation changes is said by bits, so that pairs exclude. */
enum how {
	SET,  /* x[arg] = value */
	ADD,  /* x[arg] += value */
	GRAN, /* x[arg] = a granule in state `value` */
	FN,   /* fn(); `value` has the bits of what it changes */
};

#define X(n)	(1u << (n))
#define STATE	X(8)  /* state of the Realm */
#define PARAMS	X(9)  /* contents of a parameter page; more than one field can be changed */
#define REQUEST X(10) /* what the REC has asked for */
#define GPT	X(11)

struct violation {
	const char *label;
	uint64_t x0;
	enum how how;
	int arg;
	uint64_t value;
	void (*fn)(struct fixture *f);
	unsigned int changes; /* beside X(arg) */
};

/* For different arguments the granules are different. */
static uint64_t granule_in(struct fixture *f, enum rmm_granule_state state, int arg)
{
	switch (state) {
	case RMM_GRANULE_UNDELEGATED:
		return host_page(&f->h);
	case RMM_GRANULE_DELEGATED:
		return host_delegated(&f->h);
	case RMM_GRANULE_RD:
		return arg == 2 ? f->r.rd : f->other.rd;
	case RMM_GRANULE_REC:
		return f->other.rec[0];
	case RMM_GRANULE_REC_AUX:
		return f->other.aux[0][arg == 2];
	case RMM_GRANULE_DATA:
		return read_entry(&f->h, &f->r, 0, 3).desc;
	default:
		return f->other.rtt_base;
	}
}

static void violate(struct fixture *f, const struct violation *v)
{
	switch (v->how) {
	case SET:
		f->x[v->arg] = v->value;
		break;
	case ADD:
		f->x[v->arg] += v->value;
		break;
	case GRAN:
		f->x[v->arg] = granule_in(f, (enum rmm_granule_state)v->value, v->arg);
		break;
	case FN:
		v->fn(f);
		break;
	}
}

static unsigned int changes(const struct violation *v)
{
	return v->changes | (v->arg ? X(v->arg) : 0);
}

/*
 * r: DATA at 0 in a level 3 table, an empty level 3 table at 4 MiB, a 2 MiB block at 6 MiB; unprotected: a
 * page at U, a block at U + 2 MiB. `other` has a REC and nothing else.
 */
static void fixture_fill(struct fixture *f)
{
	struct host *h = &f->h;

	memset(f->x, 0, sizeof(f->x));
	f->running = NULL;
	realm_create(h, &f->other);
	realm_add_rec(h, &f->other, true);
	realm_create(h, &f->r);
	realm_ram(h, &f->r, 0);
	realm_tables(h, &f->r, 4 * MiB);
	realm_tables(h, &f->r, 6 * MiB);
	f->block = host_delegated_n(h, 512);
	for (uint64_t i = 0; i < 512; i++)
		ok(h, RMI_DATA_CREATE_UNKNOWN, f->r.rd, f->block + i * PAGE, 6 * MiB + i * PAGE);
	ok(h, RMI_RTT_FOLD, f->r.rd, 6 * MiB, 3);
	realm_tables(h, &f->r, U);
	ok(h, RMI_RTT_MAP_UNPROTECTED, f->r.rd, U, 3, host_page(h) | 0xd8);
	ok(h, RMI_RTT_MAP_UNPROTECTED, f->r.rd, U + 2 * MiB, 2, host_pages(h, 512) | 0xd8);
	f->delegated = host_delegated(h);
	f->delegated_high = HIGH_BASE;
	check_eq(call(h, RMI_GRANULE_DELEGATE, HIGH_BASE), SUCCESS);
	f->src = host_page(h);
}

static void fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	host_init(&f->h);
	fixture_fill(f);
}

/* The same state again. */
static void fixture_again(struct fixture *f)
{
	host_restart(&f->h);
	fixture_fill(f);
}

/* What the nested call of a test is to be; the Realm's function makes it. */
struct nested {
	struct fixture *f;
	uint64_t fid;
	const char *label;
	uint64_t x0;
};

static void in_realm(struct host *h, struct rmm_cpu *cpu)
{
	struct nested *n = h->realm_arg;

	(void)cpu;
	h->realm = NULL;
	expect_regs(h, n->label, 0, n->x0, n->label, n->fid, &n->f->x[1]);
}

static void make_call(struct fixture *f, uint64_t fid, const char *label, uint64_t x0,
		      const char *what)
{
	struct nested n = {f, fid, label, x0};

	if (!f->running) {
		expect_regs(&f->h, what, 0, x0, label, fid, &f->x[1]);
		return;
	}
	f->h.realm = in_realm;
	f->h.realm_arg = &n;
	f->h.entries = 0;
	/* On its own run page, so that the call may find another one in any state. */
	check_eq(call(&f->h, RMI_REC_ENTER, *f->running, host_page(&f->h)), SUCCESS);
	check_eq(f->h.entries, 1);
}

struct command {
	uint64_t fid;
	void (*good)(struct fixture *f); /* state and x for a call that succeeds */
	const struct violation *rows;
	size_t num_rows;
};

static bool named(const char *labels, const char *label)
{
	const size_t length = strlen(label);
	const char *at = labels;

	while ((at = strstr(at, label))) {
		if ((at == labels || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
		at += length;
	}
	return false;
}

static size_t condition_index(const struct rmm_command *known, const char *label)
{
	size_t i = 0;

	while (i < known->num_conditions && strcmp(known->conditions[i].label, label))
		i++;
	return i;
}

/* tried[a][b]: conditions a and b of the command were violated at once. */
typedef bool pairs[MAX_CONDITIONS][MAX_CONDITIONS];

/*
 * Ordered pairs that no two rows violate at once. One row does, since both conditions are about the same argument: the
 * row of `first` where its comment says so. Or none can: without an object, or an IPA of the IPA space, there is nothing
 * of which `second` could be true.
 */
static const struct {
	const char *command, *first, *second; /* labels, separated by spaces */
} not_by_two_rows[] = {
	{"DATA_CREATE", "ipa_bound", "rtt_walk rtte_state"},
	{"DATA_CREATE_UNKNOWN", "ipa_bound", "rtt_walk rtte_state"},
	{"DATA_DESTROY", "ipa_bound", "rtt_walk rtte_state"},
	{"RTT_MAP_UNPROTECTED", "ipa_bound", "rtt_walk rtte_state"},
	{"RTT_UNMAP_UNPROTECTED", "ipa_bound", "rtt_walk rtte_state"},
	{"RTT_INIT_RIPAS", "top_gran_align base_align rtte_state", "no_progress"},
	{"RTT_SET_RIPAS", "top_gran_align base_bound base_align", "no_progress"},
	{"RTT_SET_RIPAS", "base_bound", "base_align"},
	/* Nothing that could be true: */
	{"REC_CREATE", "rd_bound rd_state", "num_recs"},
	{"REC_DESTROY", "rec_bound rec_gran_state", "rec_state"},
	{"REC_ENTER", "rec_align rec_bound rec_gran_state",
	 "rec_state realm_new system_off rec_runnable rec_psci"},
	{"RTT_SET_RIPAS", "rec_bound rec_gran_state", "rec_state rec_owner"},
	{"RTT_CREATE", "ipa_bound", "rtt_walk rtte_state"},
	{"RTT_DESTROY", "ipa_bound", "rtt_walk rtte_state"},
	{"RTT_FOLD", "ipa_bound", "rtt_walk rtte_state"},
};

/* Each pair that the specification orders was violated at once, or is one of those. */
static void check_pairs(const struct rmm_command *known, const pairs tried)
{
	for (size_t j = 0; j < known->num_conditions; j++) {
		const struct rmm_condition *second = &known->conditions[j];

		for (size_t i = 0; i < j; i++) {
			const char *first = known->conditions[i].label;
			bool listed = false;

			for (size_t k = 0; k < sizeof(not_by_two_rows) / sizeof(not_by_two_rows[0]);
			     k++)
				listed |= !strcmp(not_by_two_rows[k].command, known->name) &&
					  named(not_by_two_rows[k].first, first) &&
					  named(not_by_two_rows[k].second, second->label);
			ck_assert_msg(!named(second->after, first) || tried[i][j] != listed,
				      "%s: %s and %s at once are %s", known->name, first,
				      second->label,
				      listed ? "in a table of what is not tried" : "not tried");
		}
	}
}

static void check_command(const struct command *c)
{
	const struct rmm_command *known = rmm_command_by_fid((uint32_t)c->fid);
	struct fixture f;
	pairs tried = {{false}};
	char what[128];
	size_t next = 0;

	fixture_init(&f);
	c->good(&f);
	make_call(&f, c->fid, NULL, SUCCESS, known->name);
	for (size_t i = 0; i < c->num_rows; i++) {
		const struct violation *v = &c->rows[i];

		/* The table of the model has the labels in the same order, and no more of them. */
		while (next < known->num_conditions &&
		       strcmp(known->conditions[next].label, v->label))
			next++;
		ck_assert_msg(next < known->num_conditions, "%s has no %s there", known->name,
			      v->label);
		check_eq(known->conditions[next].status, v->x0 & 0xff);

		snprintf(what, sizeof(what), "%s row %zu", known->name, i);
		fixture_again(&f);
		c->good(&f);
		violate(&f, v);
		make_call(&f, c->fid, v->label, v->x0, what);
		for (size_t j = i + 1; j < c->num_rows; j++) {
			if (changes(v) & changes(&c->rows[j]) & ~PARAMS ||
			    !strcmp(v->label, c->rows[j].label))
				continue;
			snprintf(what, sizeof(what), "%s rows %zu and %zu", known->name, i, j);
			fixture_again(&f);
			c->good(&f);
			violate(&f, &c->rows[j]);
			violate(&f, v);
			make_call(&f, c->fid, v->label, v->x0, what);
			tried[next][condition_index(known, c->rows[j].label)] = true;
		}
	}
	check_pairs(known, tried);
	host_end(&f.h);
}

/* Every condition of the model's table appears in a row. `not_here` are tested elsewhere, by name. */
static void check_complete(const struct command *c, const char *not_here)
{
	const struct rmm_command *known = rmm_command_by_fid((uint32_t)c->fid);

	for (size_t i = 0; i < known->num_conditions; i++) {
		bool found = not_here && !strcmp(known->conditions[i].label, not_here);

		for (size_t j = 0; j < c->num_rows; j++)
			found |= !strcmp(known->conditions[i].label, c->rows[j].label);
		ck_assert_msg(found, "%s: no row for %s", known->name, known->conditions[i].label);
	}
}

#define ARRAY_SIZE(a)	     (sizeof(a) / sizeof((a)[0]))
#define RUN(fid, good, rows) RUN_BUT(fid, good, rows, NULL)
#define RUN_BUT(fid, good, rows, not_here)                                                         \
	do {                                                                                       \
		const struct command c_ = {fid, good, rows, ARRAY_SIZE(rows)};                     \
		check_complete(&c_, not_here);                                                     \
		check_command(&c_);                                                                \
	} while (0)

/* GRAN(rd, RD) where rd is x1. */
#define ROWS_RD                                                                                    \
	{"rd_align", INPUT, ADD, 1, 8, NULL, 0}, {"rd_bound", INPUT, SET, 1, NOWHERE, NULL, 0},    \
		{"rd_bound", INPUT, SET, 1, DEVICE_BASE, NULL, 0},                                 \
		{"rd_state", INPUT, GRAN, 1, RMM_GRANULE_UNDELEGATED, NULL, 0},                    \
		{"rd_state", INPUT, GRAN, 1, RMM_GRANULE_DELEGATED, NULL, 0},                      \
		{"rd_state", INPUT, GRAN, 1, RMM_GRANULE_REC, NULL, 0},                            \
	{                                                                                          \
		"rd_state", INPUT, GRAN, 1, RMM_GRANULE_RTT, NULL, 0                               \
	}

/* GRAN(x, DELEGATED). */
#define ROWS_DELEGATED(align, bound, state, arg)                                                   \
	{align, INPUT, ADD, arg, 0x800, NULL, 0}, {bound, INPUT, SET, arg, NOWHERE, NULL, 0},      \
		{bound, INPUT, SET, arg, DEVICE_BASE, NULL, 0},                                    \
		{bound, INPUT, SET, arg, UINT64_MAX - 0xfff, NULL, 0},                             \
		{state, INPUT, GRAN, arg, RMM_GRANULE_UNDELEGATED, NULL, 0},                       \
		{state, INPUT, GRAN, arg, RMM_GRANULE_RD, NULL, 0},                                \
		{state, INPUT, GRAN, arg, RMM_GRANULE_REC, NULL, 0},                               \
		{state, INPUT, GRAN, arg, RMM_GRANULE_REC_AUX, NULL, 0},                           \
		{state, INPUT, GRAN, arg, RMM_GRANULE_DATA, NULL, 0},                              \
	{                                                                                          \
		state, INPUT, GRAN, arg, RMM_GRANULE_RTT, NULL, 0                                  \
	}

/* GRAN(x, REC). */
#define ROWS_REC(align, bound, state, arg)                                                         \
	{align, INPUT, ADD, arg, 1, NULL, 0},                                                      \
		{bound, INPUT, SET, arg, NOWHERE + (arg)*PAGE, NULL, 0},                           \
		{bound, INPUT, SET, arg, DEVICE_BASE + (arg)*PAGE, NULL, 0},                       \
		{state, INPUT, GRAN, arg, RMM_GRANULE_UNDELEGATED, NULL, 0},                       \
		{state, INPUT, GRAN, arg, RMM_GRANULE_DELEGATED, NULL, 0},                         \
		{state, INPUT, GRAN, arg, RMM_GRANULE_RD, NULL, 0},                                \
	{                                                                                          \
		state, INPUT, GRAN, arg, RMM_GRANULE_REC_AUX, NULL, 0                              \
	}

/* NSBUF(p): the granule is not Non-secure because it is delegated, or by the GPT alone. */
#define ROWS_NSBUF(align, bound, pas, arg, fn)                                                     \
	{align, INPUT, ADD, arg, 0x10, NULL, 0}, {bound, INPUT, SET, arg, NOWHERE, NULL, 0},       \
		{bound, INPUT, SET, arg, DEVICE_BASE, NULL, 0},                                    \
		{pas, INPUT, GRAN, arg, RMM_GRANULE_DELEGATED, NULL, 0},                           \
		{pas, INPUT, GRAN, arg, RMM_GRANULE_RTT, NULL, 0},                                 \
	{                                                                                          \
		pas, INPUT, FN, arg, 0, fn, 0                                                      \
	}

static void secure(struct fixture *f, int arg)
{
	check_eq((uint64_t)rmm_set_gpt(f->h.rmm, f->x[arg] & ~UINT64_C(0xfff), RMM_GPT_SECURE), 0);
}

static void secure_1(struct fixture *f)
{
	secure(f, 1);
}

static void secure_2(struct fixture *f)
{
	secure(f, 2);
}

static void secure_3(struct fixture *f)
{
	secure(f, 3);
}

static void secure_4(struct fixture *f)
{
	secure(f, 4);
}

static void root_1(struct fixture *f)
{
	check_eq((uint64_t)rmm_set_gpt(f->h.rmm, f->x[1], RMM_GPT_ROOT), 0);
}

static void aap_1(struct fixture *f)
{
	check_eq((uint64_t)rmm_set_gpt(f->h.rmm, f->x[1], RMM_GPT_AAP), 0);
}

static void activate(struct fixture *f)
{
	realm_activate(&f->h, &f->r);
}

static void good_delegate(struct fixture *f)
{
	f->x[1] = host_page(&f->h);
}

START_TEST(test_granule_delegate)
{
	static const struct violation rows[] = {
		{"gran_align", INPUT, ADD, 1, 8, NULL, 0},
		{"gran_bound", INPUT, SET, 1, NOWHERE, NULL, 0},
		{"gran_bound", INPUT, SET, 1, DEVICE_BASE, NULL, 0},
		{"gran_bound", INPUT, SET, 1, LOW_BASE + LOW_SIZE, NULL, 0},
		{"gran_bound", INPUT, SET, 1, LOW_BASE - PAGE, NULL, 0},
		{"gran_state", INPUT, GRAN, 1, RMM_GRANULE_DELEGATED, NULL, 0},
		{"gran_state", INPUT, GRAN, 1, RMM_GRANULE_DATA, NULL, 0},
		{"gran_state", INPUT, GRAN, 1, RMM_GRANULE_RD, NULL, 0},
		{"gran_gpt", INPUT, FN, 1, 0, secure_1, 0},
		{"gran_gpt", INPUT, FN, 1, 0, root_1, 0},
		{"gran_gpt", INPUT, FN, 1, 0, aap_1, 0},
	};

	RUN(RMI_GRANULE_DELEGATE, good_delegate, rows);
}
END_TEST

static void good_undelegate(struct fixture *f)
{
	f->x[1] = f->delegated;
}

START_TEST(test_granule_undelegate)
{
	static const struct violation rows[] = {
		ROWS_DELEGATED("gran_align", "gran_bound", "gran_state", 1),
	};

	RUN(RMI_GRANULE_UNDELEGATE, good_undelegate, rows);
}
END_TEST

/* Parameters of a third Realm. */
static struct realm third;

static void good_realm_create(struct fixture *f)
{
	realm_prepare(&f->h, &third);
	f->x[1] = third.rd;
	f->x[2] = third.params;
}

#define PARAM(name, field, to)                                                                     \
	static void name(struct fixture *f)                                                        \
	{                                                                                          \
		(void)f;                                                                           \
		third.p->field = to;                                                               \
	}
PARAM(hash_2, hash_algo, 2)
PARAM(hash_255, hash_algo, 255)
PARAM(lpa2, flags, RMI_REALM_FLAG_LPA2)
PARAM(sve, flags, RMI_REALM_FLAG_SVE)
PARAM(s2sz_31, s2sz, 31)
PARAM(s2sz_49, s2sz, 49)
PARAM(bps_0, num_bps, 0)
PARAM(bps_16, num_bps, 16)
PARAM(wps_0, num_wps, 0)
PARAM(wps_16, num_wps, 16)
PARAM(num_1, rtt_num_start, 1)
PARAM(num_3, rtt_num_start, 3)
PARAM(num_0, rtt_num_start, 0)
PARAM(start_3, rtt_level_start, 3)
PARAM(start_2, rtt_level_start, 2)
PARAM(start_4, rtt_level_start, 4)
PARAM(start_minus_1, rtt_level_start, -1)
PARAM(start_far, rtt_level_start, INT64_MIN)
PARAM(start_wrap, rtt_level_start, INT64_C(0x100000001))
PARAM(vmid_256, vmid, 256)

static void pmu_32(struct fixture *f)
{
	(void)f;
	third.p->flags = RMI_REALM_FLAG_PMU;
	third.p->pmu_num_ctrs = 32;
}

static void vmid_used(struct fixture *f)
{
	third.p->vmid = f->other.p->vmid;
}

static void vmid_used_2(struct fixture *f)
{
	third.p->vmid = f->r.p->vmid;
}

static void rd_is_root(struct fixture *f)
{
	f->x[1] = third.p->rtt_base;
}

static void rd_is_last_root(struct fixture *f)
{
	f->x[1] = third.p->rtt_base + PAGE;
}

static void rtt_base_odd(struct fixture *f)
{
	/* Three delegated granules of which the second starts a pair. */
	third.p->rtt_base = host_delegated_n(&f->h, 4) + PAGE;
}

static void rtt_base_unaligned(struct fixture *f)
{
	(void)f;
	third.p->rtt_base += 0x100;
}

static void root_undelegated(struct fixture *f)
{
	ok(&f->h, RMI_GRANULE_UNDELEGATE, third.rtt_base);
}

static void last_root_undelegated(struct fixture *f)
{
	ok(&f->h, RMI_GRANULE_UNDELEGATE, third.rtt_base + PAGE);
}

static void root_nowhere(struct fixture *f)
{
	(void)f;
	third.p->rtt_base = NOWHERE + MiB;
}

static void root_device(struct fixture *f)
{
	(void)f;
	third.p->rtt_base = DEVICE_BASE + 64 * PAGE;
}

START_TEST(test_realm_create)
{
	static const struct violation rows[] = {
		ROWS_NSBUF("params_align", "params_bound", "params_pas", 2, secure_2),
		{"params_valid", INPUT, FN, 0, 0, hash_2, X(12)},
		{"params_valid", INPUT, FN, 0, 0, hash_255, X(12)},
		{"params_supp", INPUT, FN, 0, 0, lpa2, X(13)},
		{"params_supp", INPUT, FN, 0, 0, sve, X(13)},
		{"params_supp", INPUT, FN, 0, 0, pmu_32, X(13)},
		{"params_supp", INPUT, FN, 0, 0, s2sz_31, X(14)},
		{"params_supp", INPUT, FN, 0, 0, s2sz_49, X(14)},
		{"params_supp", INPUT, FN, 0, 0, bps_0, X(15)},
		{"params_supp", INPUT, FN, 0, 0, bps_16, X(15)},
		{"params_supp", INPUT, FN, 0, 0, wps_0, X(16)},
		{"params_supp", INPUT, FN, 0, 0, wps_16, X(16)},
		{"alias", INPUT, FN, 1, 0, rd_is_root, X(17) | X(18)},
		{"alias", INPUT, FN, 1, 0, rd_is_last_root, X(17) | X(18) | X(19)},
		ROWS_DELEGATED("rd_align", "rd_bound", "rd_state", 1),
		{"rtt_align", INPUT, FN, 0, 0, rtt_base_odd, X(17) | X(18)},
		{"rtt_align", INPUT, FN, 0, 0, rtt_base_unaligned, X(17)},
		{"rtt_num_level", INPUT, FN, 0, 0, num_1, X(18)},
		{"rtt_num_level", INPUT, FN, 0, 0, num_0, X(18)},
		{"rtt_num_level", INPUT, FN, 0, 0, start_3, X(19)},
		{"rtt_num_level", INPUT, FN, 0, 0, start_2, X(19)},
		{"rtt_num_level", INPUT, FN, 0, 0, start_4, X(19)},
		{"rtt_num_level", INPUT, FN, 0, 0, start_minus_1, X(19)},
		{"rtt_num_level", INPUT, FN, 0, 0, start_far, X(19)},
		{"rtt_num_level", INPUT, FN, 0, 0, start_wrap, X(19)},
		{"rtt_state", INPUT, FN, 0, 0, root_undelegated, X(17)},
		{"rtt_state", INPUT, FN, 0, 0, last_root_undelegated, X(17)},
		{"rtt_state", INPUT, FN, 0, 0, root_nowhere, X(17)},
		{"rtt_state", INPUT, FN, 0, 0, root_device, X(17)},
		{"vmid_valid", INPUT, FN, 0, 0, vmid_256, X(20)},
		{"vmid_valid", INPUT, FN, 0, 0, vmid_used, X(20)},
		{"vmid_valid", INPUT, FN, 0, 0, vmid_used_2, X(20)},
	};

	RUN(RMI_REALM_CREATE, good_realm_create, rows);
}
END_TEST

START_TEST(test_realm_create_num_start)
{
	/* Neither of these is an alignment that the address could fail, or a power of two. */
	struct fixture f;

	fixture_init(&f);
	good_realm_create(&f);
	num_3(&f);
	third.p->rtt_base = 3 * PAGE * 0x60000;
	expect(&f.h, INPUT, "rtt_num_level", RMI_REALM_CREATE, f.x[1], f.x[2]);
	third.p->rtt_num_start = UINT32_MAX;
	third.p->rtt_base = 0;
	expect(&f.h, INPUT, "alias", RMI_REALM_CREATE, f.x[1], f.x[2]);
	host_end(&f.h);
}
END_TEST

static void good_rd(struct fixture *f)
{
	f->x[1] = f->r.rd;
}

START_TEST(test_realm_activate)
{
	static const struct violation rows[] = {
		ROWS_RD,
		{"realm_state", REALM(0), FN, 0, 0, activate, STATE},
	};

	RUN(RMI_REALM_ACTIVATE, good_rd, rows);
}
END_TEST

static void good_realm_destroy(struct fixture *f)
{
	realm_create(&f->h, &third);
	f->x[1] = third.rd;
}

static void third_has_table(struct fixture *f)
{
	ok(&f->h, RMI_RTT_CREATE, third.rd, host_delegated(&f->h), 0, 2);
}

static void third_has_unprotected_table(struct fixture *f)
{
	ok(&f->h, RMI_RTT_CREATE, third.rd, host_delegated(&f->h), U, 2);
}

static void third_has_rec(struct fixture *f)
{
	realm_add_rec(&f->h, &third, false);
}

START_TEST(test_realm_destroy)
{
	static const struct violation rows[] = {
		ROWS_RD,
		{"realm_live", REALM(0), FN, 0, 0, third_has_table, STATE},
		{"realm_live", REALM(0), FN, 0, 0, third_has_unprotected_table, STATE},
		{"realm_live", REALM(0), FN, 0, 0, third_has_rec, STATE},
	};

	RUN(RMI_REALM_DESTROY, good_realm_destroy, rows);
}
END_TEST

START_TEST(test_rec_aux_count)
{
	static const struct violation rows[] = {ROWS_RD};

	RUN(RMI_REC_AUX_COUNT, good_rd, rows);
}
END_TEST

static void good_rec_create(struct fixture *f)
{
	f->x[1] = f->r.rd;
	f->x[2] = f->delegated;
	f->x[3] = host_page(&f->h);
	f->rec_params = host_ptr(&f->h, f->x[3]);
	f->rec_params->flags = RMI_REC_FLAG_RUNNABLE;
	f->rec_params->num_aux = 2;
	f->rec_params->aux[0] = host_delegated(&f->h);
	f->rec_params->aux[1] = host_delegated(&f->h);
}

#define REC_PARAM(name, field, to)                                                                 \
	static void name(struct fixture *f)                                                        \
	{                                                                                          \
		f->rec_params->field = to;                                                         \
	}
REC_PARAM(num_aux_17, num_aux, 17)
REC_PARAM(num_aux_far, num_aux, UINT64_MAX)
REC_PARAM(num_aux_1, num_aux, 1)
REC_PARAM(num_aux_0, num_aux, 0)
REC_PARAM(aux_unaligned, aux[1], f->rec_params->aux[1] + 8)
REC_PARAM(aux_nowhere, aux[1], NOWHERE)
REC_PARAM(aux_device, aux[0], DEVICE_BASE)
REC_PARAM(aux_ns, aux[1], host_page(&f->h))
REC_PARAM(aux_used, aux[0], f->other.rec[0])
REC_PARAM(aux_is_aux, aux[1], f->rec_params->aux[0])
REC_PARAM(aux_is_rec, aux[1], f->x[2])
REC_PARAM(mpidr_1, mpidr, 1)
REC_PARAM(mpidr_bit_4, mpidr, 0x10)
REC_PARAM(mpidr_bit_32, mpidr, UINT64_C(1) << 32)
REC_PARAM(mpidr_aff3, mpidr, 0x1000000)

static void num_aux_3(struct fixture *f)
{
	f->rec_params->num_aux = 3;
	f->rec_params->aux[2] = host_delegated(&f->h);
}

START_TEST(test_rec_create)
{
	static const struct violation rows[] = {
		ROWS_NSBUF("params_align", "params_bound", "params_pas", 3, secure_3),
		{"num_aux_bound", INPUT, FN, 0, 0, num_aux_17, X(12)},
		{"num_aux_bound", INPUT, FN, 0, 0, num_aux_far, X(12)},
		{"aux_align", INPUT, FN, 0, 0, aux_unaligned, X(13)},
		{"aux_state", INPUT, FN, 0, 0, aux_nowhere, X(13)},
		{"aux_state", INPUT, FN, 0, 0, aux_device, X(14)},
		{"aux_state", INPUT, FN, 0, 0, aux_ns, X(13)},
		{"aux_state", INPUT, FN, 0, 0, aux_used, X(14)},
		{"aux_alias", INPUT, FN, 0, 0, aux_is_aux, X(13) | X(14)},
		{"aux_alias", INPUT, FN, 2, 0, aux_is_rec, X(13)},
		ROWS_DELEGATED("rec_align", "rec_bound", "rec_state", 2),
		ROWS_RD,
		{"realm_state", REALM(0), FN, 0, 0, activate, STATE},
		{"mpidr_index", INPUT, FN, 0, 0, mpidr_1, X(15)},
		{"mpidr_index", INPUT, FN, 0, 0, mpidr_bit_4, X(15)},
		{"mpidr_index", INPUT, FN, 0, 0, mpidr_bit_32, X(15)},
		{"mpidr_index", INPUT, FN, 0, 0, mpidr_aff3, X(15)},
		{"num_aux", INPUT, FN, 0, 0, num_aux_1, X(12) | X(13)},
		{"num_aux", INPUT, FN, 0, 0, num_aux_0, X(12) | X(13) | X(14)},
		{"num_aux", INPUT, FN, 0, 0, num_aux_3, X(12)},
	};

	RUN_BUT(RMI_REC_CREATE, good_rec_create, rows, "num_recs");
}
END_TEST

START_TEST(test_rec_create_num_recs)
{
	/* MAX_RECS_ORDER 1: one REC at most. */
	struct fixture f;

	memset(&f, 0, sizeof(f));
	host_init_config(&f.h);
	f.h.config.max_recs_order = 1;
	host_start(&f.h);
	realm_create(&f.h, &f.r);
	realm_add_rec(&f.h, &f.r, true);
	f.delegated = host_delegated(&f.h);
	good_rec_create(&f);
	f.rec_params->mpidr = 1;
	expect(&f.h, REALM(0), "num_recs", RMI_REC_CREATE, f.x[1], f.x[2], f.x[3]);
	/* before realm_state, mpidr_index and num_aux; after rd_bound and rd_state */
	f.rec_params->mpidr = 0;
	f.rec_params->num_aux = 1;
	activate(&f);
	expect(&f.h, REALM(0), "num_recs", RMI_REC_CREATE, f.x[1], f.x[2], f.x[3]);
	expect(&f.h, INPUT, "rd_bound", RMI_REC_CREATE, NOWHERE, f.x[2], f.x[3]);
	expect(&f.h, INPUT, "rd_state", RMI_REC_CREATE, f.x[3], f.x[2], f.x[3]);
	host_end(&f.h);
}
END_TEST

static void good_rec_destroy(struct fixture *f)
{
	f->x[1] = f->other.rec[0];
}

static void other_runs(struct fixture *f)
{
	realm_activate(&f->h, &f->other);
	f->running = &f->other.rec[0];
}

START_TEST(test_rec_destroy)
{
	static const struct violation rows[] = {
		ROWS_REC("rec_align", "rec_bound", "rec_gran_state", 1),
		{"rec_state", REC, FN, 1, 0, other_runs, STATE},
	};

	RUN(RMI_REC_DESTROY, good_rec_destroy, rows);
}
END_TEST

static void good_rtt_create(struct fixture *f)
{
	f->x[1] = f->r.rd;
	f->x[2] = f->delegated;
	f->x[3] = 2 * MiB;
	f->x[4] = 3;
}

static void level_1_ipa_0(struct fixture *f)
{
	f->x[3] = 0;
	f->x[4] = 1;
}

static void rtt_is_high(struct fixture *f)
{
	f->x[2] = f->delegated_high;
}

START_TEST(test_rtt_create)
{
	static const struct violation rows[] = {
		ROWS_DELEGATED("rtt_align", "rtt_bound", "rtt_state", 2),
		ROWS_RD,
		{"level_bound", INPUT, SET, 4, 4, NULL, X(3)},
		{"level_bound", INPUT, FN, 4, 0, level_1_ipa_0, X(3)},
		{"level_bound", INPUT, SET, 4, 0, NULL, X(3)},
		{"level_bound", INPUT, SET, 4, UINT64_MAX, NULL, X(3)},
		{"level_bound", INPUT, SET, 4, UINT64_C(0x100000003), NULL, 0},
		{"level_bound", INPUT, SET, 4, INT64_MIN, NULL, X(3)},
		{"ipa_bound", INPUT, SET, 3, IPAEND, NULL, 0},
		{"ipa_bound", INPUT, SET, 3, UINT64_C(1) << 63, NULL, 0},
		{"ipa_align", INPUT, SET, 3, 2 * MiB + PAGE, NULL, 0},
		{"ipa_align", INPUT, SET, 4, 2, NULL, X(3)},
		{"rtt_bound2", INPUT, FN, 2, 0, rtt_is_high, 0},
		{"rtt_walk", RTT(1), SET, 3, GiB, NULL, 0},
		{"rtt_walk", RTT(1), SET, 3, U + GiB, NULL, 0},
		{"rtte_state", RTT(2), SET, 3, 0, NULL, 0},
		{"rtte_state", RTT(2), SET, 3, U, NULL, 0},
	};

	RUN(RMI_RTT_CREATE, good_rtt_create, rows);
}
END_TEST

static void good_rtt_destroy(struct fixture *f)
{
	f->x[1] = f->r.rd;
	f->x[2] = 4 * MiB;
	f->x[3] = 3;
}

static void level_1_ipa_0_x2(struct fixture *f)
{
	f->x[2] = 0;
	f->x[3] = 1;
}

/* Rows that RTT_DESTROY and RTT_FOLD share. */
#define ROWS_TABLE                                                                                 \
	ROWS_RD, {"level_bound", INPUT, SET, 3, 4, NULL, 0},                                       \
		{"level_bound", INPUT, FN, 3, 0, level_1_ipa_0_x2, X(2)},                          \
		{"level_bound", INPUT, SET, 3, 0, NULL, X(2)},                                     \
		{"level_bound", INPUT, SET, 3, UINT64_MAX, NULL, X(2)},                            \
		{"level_bound", INPUT, SET, 3, UINT64_C(0x100000003), NULL, 0},                    \
		{"ipa_bound", INPUT, SET, 2, IPAEND, NULL, 0},                                     \
		{"ipa_align", INPUT, ADD, 2, PAGE, NULL, 0},                                       \
		{"ipa_align", INPUT, SET, 3, 2, NULL, X(2)},                                       \
		{"rtt_walk", RTT(1), SET, 2, GiB, NULL, 0},                                        \
		{"rtt_walk", RTT(1), SET, 2, U + GiB, NULL, 0},                                    \
		{"rtte_state", RTT(2), SET, 2, 2 * MiB, NULL, 0},                                  \
		{"rtte_state", RTT(2), SET, 2, 6 * MiB, NULL, 0},                                  \
		{"rtte_state", RTT(2), SET, 2, U + 2 * MiB, NULL, 0},                              \
	{                                                                                          \
		"rtte_state", RTT(2), SET, 2, U + 4 * MiB, NULL, 0                                 \
	}

START_TEST(test_rtt_destroy)
{
	static const struct violation rows[] = {
		ROWS_TABLE,
		{"rtt_live", RTT(3), SET, 2, 0, NULL, 0},
	};

	RUN(RMI_RTT_DESTROY, good_rtt_destroy, rows);
}
END_TEST

START_TEST(test_rtt_fold)
{
	static const struct violation rows[] = {
		ROWS_TABLE,
		{"rtt_homo", RTT(3), SET, 2, 0, NULL, 0},
		{"rtt_homo", RTT(3), SET, 2, U, NULL, 0},
	};

	RUN(RMI_RTT_FOLD, good_rtt_destroy, rows);
}
END_TEST

static void good_read_entry(struct fixture *f)
{
	f->x[1] = f->r.rd;
	f->x[2] = PAGE;
	f->x[3] = 3;
}

static void level_0_ipa_0_x2(struct fixture *f)
{
	f->x[2] = 0;
	f->x[3] = 0;
}

START_TEST(test_rtt_read_entry)
{
	static const struct violation rows[] = {
		ROWS_RD,
		{"level_bound", INPUT, SET, 3, 4, NULL, 0},
		{"level_bound", INPUT, FN, 3, 0, level_0_ipa_0_x2, X(2)},
		{"level_bound", INPUT, SET, 3, UINT64_MAX, NULL, X(2)},
		{"level_bound", INPUT, SET, 3, UINT64_C(0x100000003), NULL, 0},
		{"ipa_bound", INPUT, SET, 2, IPAEND, NULL, 0},
		{"ipa_align", INPUT, ADD, 2, 8, NULL, 0},
		{"ipa_align", INPUT, SET, 3, 2, NULL, X(2)},
	};

	RUN(RMI_RTT_READ_ENTRY, good_read_entry, rows);
}
END_TEST

static void good_map(struct fixture *f)
{
	f->x[1] = f->r.rd;
	f->x[2] = U + PAGE;
	f->x[3] = 3;
	f->x[4] = f->src | 0xd8;
}

static void level_0_aligned(struct fixture *f)
{
	f->x[2] = U;
	f->x[3] = 0;
	f->x[4] = 0xd8;
}

static void addr_1_page_off(struct fixture *f)
{
	f->x[2] = U + 4 * MiB;
	f->x[3] = 2;
	f->x[4] = PAGE | 0xd8;
}

/* An unprotected IPA at which `level` alone is wrong: aligned to it, walks end there. */
#define ROWS_UNPROTECTED(level_0)                                                                  \
	{"level_bound", INPUT, SET, 3, 4, NULL, 0},                                                \
		{"level_bound", INPUT, FN, 3, 0, level_0, X(2) | X(4)},                            \
		{"level_bound", INPUT, SET, 3, UINT64_MAX, NULL, X(2) | X(4)},                     \
		{"level_bound", INPUT, SET, 3, UINT64_C(0x100000003), NULL, 0}, ROWS_RD

START_TEST(test_rtt_map_unprotected)
{
	static const struct violation rows[] = {
		ROWS_UNPROTECTED(level_0_aligned),
		{"attr_valid", INPUT, ADD, 4, 1, NULL, 0},
		{"attr_valid", INPUT, ADD, 4, 2, NULL, 0},
		{"attr_valid", INPUT, ADD, 4, 0x20, NULL, 0},
		{"attr_valid", INPUT, ADD, 4, 0x100, NULL, 0},
		{"attr_valid", INPUT, ADD, 4, 0x200, NULL, 0},
		{"attr_valid", INPUT, ADD, 4, 0x400, NULL, 0},
		{"attr_valid", INPUT, ADD, 4, 0x800, NULL, 0},
		{"attr_valid", INPUT, ADD, 4, UINT64_C(1) << 52, NULL, 0},
		{"attr_valid", INPUT, ADD, 4, UINT64_C(1) << 63, NULL, 0},
		/* MemAttr 0b110 becomes 0b100 */
		{"attr_valid", INPUT, ADD, 4, -UINT64_C(8), NULL, 0},
		{"addr_align", INPUT, FN, 4, 0, addr_1_page_off, X(2) | X(3)},
		{"addr_bound", INPUT, ADD, 4, UINT64_C(1) << 48, NULL, 0},
		{"addr_bound", INPUT, ADD, 4, UINT64_C(1) << 51, NULL, 0},
		/* with rtte_state; with rtt_walk */
		{"ipa_bound", INPUT, SET, 2, PAGE, NULL, 0},
		{"ipa_bound", INPUT, SET, 2, U - PAGE, NULL, 0},
		{"ipa_bound", INPUT, SET, 2, IPAEND, NULL, 0},
		{"ipa_bound", INPUT, SET, 2, IPAEND + U, NULL, 0},
		{"ipa_align", INPUT, ADD, 2, 0x800, NULL, 0},
		{"rtt_walk", RTT(2), SET, 2, U + 4 * MiB, NULL, 0},
		{"rtt_walk", RTT(2), SET, 2, U + 2 * MiB, NULL, 0},
		{"rtt_walk", RTT(1), SET, 2, U + GiB, NULL, 0},
		{"rtte_state", RTT(3), SET, 2, U, NULL, 0},
	};

	RUN(RMI_RTT_MAP_UNPROTECTED, good_map, rows);
}
END_TEST

static void good_unmap(struct fixture *f)
{
	f->x[1] = f->r.rd;
	f->x[2] = U;
	f->x[3] = 3;
}

START_TEST(test_rtt_unmap_unprotected)
{
	static const struct violation rows[] = {
		ROWS_UNPROTECTED(level_0_aligned),
		/* with rtte_state; with rtt_walk */
		{"ipa_bound", INPUT, SET, 2, 0, NULL, 0},
		{"ipa_bound", INPUT, SET, 2, U - PAGE, NULL, 0},
		{"ipa_bound", INPUT, SET, 2, IPAEND, NULL, 0},
		{"ipa_align", INPUT, ADD, 2, 0x800, NULL, 0},
		{"rtt_walk", RTT(2), SET, 2, U + 4 * MiB, NULL, 0},
		{"rtt_walk", RTT(2), SET, 2, U + 2 * MiB, NULL, 0},
		{"rtt_walk", RTT(1), SET, 2, U + GiB, NULL, 0},
		{"rtte_state", RTT(3), SET, 2, U + PAGE, NULL, 0},
		{"rtte_state", RTT(2), SET, 3, 2, NULL, X(2)},
	};

	RUN(RMI_RTT_UNMAP_UNPROTECTED, good_unmap, rows);
}
END_TEST

START_TEST(test_unprotected_starting_level)
{
	/* Q12: level 1 in a Realm whose starting level is 2 is refused, before anything about rd. */
	struct realm r;
	struct host h;

	host_init(&h);
	realm_prepare_as(&h, &r, 34, 2, 16);
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	expect(&h, INPUT, "level_bound", RMI_RTT_MAP_UNPROTECTED, r.rd, UINT64_C(1) << 33, 1, 0xd8);
	expect(&h, INPUT, "level_bound", RMI_RTT_UNMAP_UNPROTECTED, r.rd, UINT64_C(1) << 33, 1);
	ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, UINT64_C(1) << 33, 2, 0xd8);
	/* Without a Realm there is no starting level: what is wrong is rd. */
	expect(&h, INPUT, "rd_state", RMI_RTT_MAP_UNPROTECTED, r.run, UINT64_C(1) << 33, 1, 0xd8);
	host_end(&h);
}
END_TEST

static void good_data_create(struct fixture *f)
{
	f->x[1] = f->r.rd;
	f->x[2] = f->delegated;
	f->x[3] = PAGE;
	f->x[4] = f->src;
	f->x[5] = RMI_DATA_FLAG_MEASURE;
}

static void src_faults(struct fixture *f)
{
	f->h.fault_pa = f->src;
}

/* An IPA of the other half, with rtte_state, and with rtt_walk; one beyond both. */
#define ROWS_DATA_IPA                                                                              \
	{"ipa_bound", INPUT, SET, 3, U, NULL, 0},                                                  \
		{"ipa_bound", INPUT, SET, 3, U + 4 * MiB, NULL, 0},                                \
		{"ipa_bound", INPUT, SET, 3, IPAEND, NULL, 0},                                     \
		{"ipa_bound", INPUT, SET, 3, UINT64_C(1) << 63, NULL, 0},                          \
		{"ipa_align", INPUT, ADD, 3, 8, NULL, 0},                                          \
		{"data_bound2", INPUT, FN, 2, 0, rtt_is_high, 0},                                  \
		{"rtt_walk", RTT(2), SET, 3, 2 * MiB, NULL, 0},                                    \
		{"rtt_walk", RTT(2), SET, 3, 6 * MiB, NULL, 0},                                    \
		{"rtt_walk", RTT(1), SET, 3, GiB, NULL, 0},                                        \
		{"rtt_walk", RTT(1), SET, 3, U - PAGE, NULL, 0},                                   \
	{                                                                                          \
		"rtte_state", RTT(3), SET, 3, 0, NULL, 0                                           \
	}

START_TEST(test_data_create)
{
	static const struct violation rows[] = {
		{"flags", INPUT, ADD, 5, 2, NULL, 0},
		{"flags", INPUT, ADD, 5, UINT64_C(1) << 63, NULL, 0},
		ROWS_NSBUF("src_align", "src_bound", "src_pas", 4, secure_4),
		{"src_pas", INPUT, FN, 4, 0, src_faults, 0},
		ROWS_DELEGATED("data_align", "data_bound", "data_state", 2),
		ROWS_RD,
		{"realm_state", REALM(0), FN, 0, 0, activate, STATE},
		ROWS_DATA_IPA,
	};

	RUN(RMI_DATA_CREATE, good_data_create, rows);
}
END_TEST

START_TEST(test_data_create_unknown)
{
	static const struct violation rows[] = {
		ROWS_DELEGATED("data_align", "data_bound", "data_state", 2),
		ROWS_RD,
		ROWS_DATA_IPA,
	};

	RUN(RMI_DATA_CREATE_UNKNOWN, good_data_create, rows);
}
END_TEST

static void good_data_destroy(struct fixture *f)
{
	f->x[1] = f->r.rd;
	f->x[2] = 0;
}

START_TEST(test_data_destroy)
{
	static const struct violation rows[] = {
		ROWS_RD,
		/* with rtte_state; with rtt_walk */
		{"ipa_bound", INPUT, SET, 2, U, NULL, 0},
		{"ipa_bound", INPUT, SET, 2, U + 4 * MiB, NULL, 0},
		{"ipa_bound", INPUT, SET, 2, IPAEND, NULL, 0},
		{"ipa_align", INPUT, ADD, 2, 8, NULL, 0},
		{"rtt_walk", RTT(2), SET, 2, 2 * MiB, NULL, 0},
		{"rtt_walk", RTT(2), SET, 2, 6 * MiB, NULL, 0},
		{"rtt_walk", RTT(1), SET, 2, GiB, NULL, 0},
		{"rtte_state", RTT(3), SET, 2, PAGE, NULL, 0},
	};

	RUN(RMI_DATA_DESTROY, good_data_destroy, rows);
}
END_TEST

static void good_init_ripas(struct fixture *f)
{
	f->x[1] = f->r.rd;
	f->x[2] = PAGE;
	f->x[3] = 3 * PAGE;
}

#define RANGE(name, arg, base, top)                                                                \
	static void name(struct fixture *f)                                                        \
	{                                                                                          \
		f->x[arg] = base;                                                                  \
		f->x[(arg) + 1] = top;                                                             \
	}
RANGE(range_off_2m, 2, 2 * MiB + PAGE, 6 * MiB)
RANGE(range_off_2m_short, 2, 2 * MiB + PAGE, 2 * MiB + 2 * PAGE)
RANGE(range_assigned, 2, 0, PAGE)
RANGE(range_block, 2, 6 * MiB, 8 * MiB)
RANGE(range_block_short, 2, 6 * MiB, 6 * MiB + PAGE)
RANGE(range_short, 2, 2 * MiB, 4 * MiB - PAGE)
RANGE(range_short_unaligned, 2, 2 * MiB, 2 * MiB + 8)
RANGE(range_backwards, 2, 3 * PAGE, PAGE)

START_TEST(test_rtt_init_ripas)
{
	static const struct violation rows[] = {
		{"size_valid", INPUT, SET, 3, PAGE, NULL, 0},
		{"size_valid", INPUT, FN, 2, 0, range_backwards, X(3)},
		ROWS_RD,
		{"top_gran_align", INPUT, ADD, 3, 8, NULL, 0},
		/* with no_progress */
		{"top_gran_align", INPUT, FN, 2, 0, range_short_unaligned, X(3)},
		{"top_bound", INPUT, SET, 3, U + PAGE, NULL, 0},
		{"top_bound", INPUT, SET, 3, UINT64_MAX & ~UINT64_C(0xfff), NULL, 0},
		{"base_gran_align", INPUT, ADD, 2, 8, NULL, 0},
		{"realm_state", REALM(0), FN, 0, 0, activate, STATE},
		{"base_align", RTT(2), FN, 2, 0, range_off_2m, X(3)},
		/* with no_progress */
		{"base_align", RTT(2), FN, 2, 0, range_off_2m_short, X(3)},
		{"rtte_state", RTT(3), FN, 2, 0, range_assigned, X(3)},
		{"rtte_state", RTT(2), FN, 2, 0, range_block, X(3)},
		/* with no_progress */
		{"rtte_state", RTT(2), FN, 2, 0, range_block_short, X(3)},
		{"no_progress", RTT(2), FN, 2, 0, range_short, X(3)},
	};

	RUN(RMI_RTT_INIT_RIPAS, good_init_ripas, rows);
}
END_TEST

struct ask {
	uint64_t base, top;
};

static void ask_ripas(struct host *h, struct rmm_cpu *cpu)
{
	const struct ask *ask = h->realm_arg;

	realm_smc(cpu, RSI_IPA_STATE_SET, ask->base, ask->top, RMI_RIPAS_RAM, 0);
}

/* `other` gets a level 3 table at 0, and asks for [0x1000, 4 MiB). */
static void good_set_ripas(struct fixture *f)
{
	struct ask ask = {PAGE, 4 * MiB};

	realm_tables(&f->h, &f->other, 0);
	realm_activate(&f->h, &f->other);
	enter(&f->h, &f->other, ask_ripas, &ask);
	f->x[1] = f->other.rd;
	f->x[2] = f->other.rec[0];
	f->x[3] = PAGE;
	f->x[4] = 4 * MiB;
}

static void ask_again(struct fixture *f, uint64_t base, uint64_t top)
{
	struct ask ask = {base, top};

	enter(&f->h, &f->other, ask_ripas, &ask);
	f->x[3] = base;
	f->x[4] = top;
}

#define ASK(name, base, top)                                                                       \
	static void name(struct fixture *f)                                                        \
	{                                                                                          \
		ask_again(f, base, top);                                                           \
	}
ASK(ask_off_2m, 2 * MiB + PAGE, 8 * MiB)
ASK(ask_off_2m_short, 2 * MiB + PAGE, 2 * MiB + 2 * PAGE)
ASK(ask_short, 2 * MiB, 4 * MiB - PAGE)

static void ask_short_unaligned(struct fixture *f)
{
	ask_again(f, 2 * MiB, 4 * MiB);
	f->x[4] = 2 * MiB + 8;
}

/* Less than the entry at level 2, and not where the request stands. */
static void short_elsewhere(struct fixture *f)
{
	f->x[3] = 2 * MiB;
	f->x[4] = 2 * MiB + PAGE;
}

static void ask_destroyed(struct fixture *f)
{
	ok(&f->h, RMI_DATA_CREATE_UNKNOWN, f->other.rd, host_delegated(&f->h), PAGE);
	ok(&f->h, RMI_RTT_SET_RIPAS, f->other.rd, f->other.rec[0], PAGE, 2 * PAGE);
	ok(&f->h, RMI_DATA_DESTROY, f->other.rd, PAGE);
	ask_again(f, PAGE, 2 * PAGE);
}

static void rec_of_r(struct fixture *f)
{
	f->x[2] = realm_add_rec(&f->h, &f->r, true);
}

static void requester_runs(struct fixture *f)
{
	f->running = &f->other.rec[0];
}

START_TEST(test_rtt_set_ripas)
{
	static const struct violation rows[] = {
		{"size_valid", INPUT, SET, 4, PAGE, NULL, X(3)},
		{"size_valid", INPUT, SET, 4, 0, NULL, X(3)},
		{"top_gran_align", INPUT, ADD, 4, -UINT64_C(8), NULL, 0},
		/* with no_progress */
		{"top_gran_align", INPUT, FN, 4, 0, ask_short_unaligned, X(3) | REQUEST},
		ROWS_RD,
		ROWS_REC("rec_align", "rec_bound", "rec_gran_state", 2),
		/* The request is over as soon as the REC runs: the other conditions are those of none. */
		{"rec_state", REC, FN, 2, 0, requester_runs, REQUEST},
		{"rec_owner", REC, FN, 2, 0, rec_of_r, REQUEST},
		{"base_bound", INPUT, SET, 3, 2 * PAGE, NULL, REQUEST},
		{"base_bound", INPUT, SET, 3, 0, NULL, REQUEST},
		/* with base_align; with no_progress */
		{"base_bound", INPUT, SET, 3, 2 * MiB + PAGE, NULL, REQUEST},
		{"base_bound", INPUT, FN, 3, 0, short_elsewhere, X(4) | REQUEST},
		{"top_bound", INPUT, SET, 4, 4 * MiB + PAGE, NULL, REQUEST},
		{"base_align", RTT(2), FN, 3, 0, ask_off_2m, X(4) | REQUEST},
		/* with no_progress */
		{"base_align", RTT(2), FN, 3, 0, ask_off_2m_short, X(4) | REQUEST},
		{"no_progress", RTT(2), FN, 3, 0, ask_short, X(4) | REQUEST},
		{"no_progress", RTT(3), FN, 3, 0, ask_destroyed, X(4) | REQUEST},
	};

	RUN(RMI_RTT_SET_RIPAS, good_set_ripas, rows);
}
END_TEST

static void good_rec_enter(struct fixture *f)
{
	realm_activate(&f->h, &f->other);
	f->x[1] = f->other.rec[0];
	f->x[2] = f->other.run;
}

/* Another Realm, still NEW, or its REC not runnable. */
static void rec_of_new(struct fixture *f)
{
	f->x[1] = realm_add_rec(&f->h, &f->r, true);
}

static void rec_of_new_not_runnable(struct fixture *f)
{
	f->x[1] = realm_add_rec(&f->h, &f->r, false);
}

static void rec_not_runnable(struct fixture *f)
{
	f->x[1] = realm_add_rec(&f->h, &f->r, false);
	realm_activate(&f->h, &f->r);
}

static void call_psci(struct host *h, struct rmm_cpu *cpu)
{
	const uint64_t *args = h->realm_arg;

	check_eq((uint64_t)realm_smc(cpu, args[0], args[1], args[2], args[3], 0), RMM_EXIT);
}

static void system_off(struct fixture *f)
{
	uint64_t args[4] = {PSCI_SYSTEM_OFF};

	/* On another run page: this one may be what a second condition is about. */
	f->h.realm = call_psci;
	f->h.realm_arg = args;
	ok(&f->h, RMI_REC_ENTER, f->other.rec[0], host_page(&f->h));
	f->h.realm = NULL;
}

static void psci_pends(struct fixture *f)
{
	uint64_t args[4] = {PSCI_CPU_ON, 1, 0, 0};

	realm_add_rec(&f->h, &f->r, true);
	realm_add_rec(&f->h, &f->r, false);
	realm_activate(&f->h, &f->r);
	enter(&f->h, &f->r, call_psci, args);
	f->x[1] = f->r.rec[0];
}

static void run_faults(struct fixture *f)
{
	f->h.fault_pa = f->x[2];
}

static void hcr_bit_0(struct fixture *f)
{
	run_enter(&f->h, &f->other)->gicv3_hcr = 1;
}

static void lr_hw(struct fixture *f)
{
	run_enter(&f->h, &f->other)->gicv3_lrs[1] = UINT64_C(3) << 61 | 27;
}

static void emul_mmio(struct fixture *f)
{
	run_enter(&f->h, &f->other)->flags |= RMI_ENTER_FLAG_EMUL_MMIO;
}

/* The run page of the call is an unused one, not that of the REC that runs. */
static void rec_runs(struct fixture *f)
{
	f->running = &f->other.rec[0];
}

START_TEST(test_rec_enter)
{
	static const struct violation rows[] = {
		ROWS_NSBUF("run_align", "run_bound", "run_pas", 2, secure_2),
		ROWS_REC("rec_align", "rec_bound", "rec_gran_state", 1),
		{"rec_state", REC, FN, 1, 0, rec_runs, 0},
		{"run_enter_gpf", INPUT, FN, 2, 0, run_faults, 0},
		{"realm_new", REALM(0), FN, 1, 0, rec_of_new, STATE},
		{"realm_new", REALM(0), FN, 1, 0, rec_of_new_not_runnable, STATE},
		{"system_off", REALM(1), FN, 1, 0, system_off, STATE},
		{"rec_runnable", REC, FN, 1, 0, rec_not_runnable, STATE},
		{"rec_psci", REC, FN, 1, 0, psci_pends, STATE},
		{"rec_gicv3", REC, FN, 0, 0, hcr_bit_0, X(12)},
		{"rec_gicv3", REC, FN, 0, 0, lr_hw, X(12)},
		{"rec_mmio", REC, FN, 0, 0, emul_mmio, X(13)},
	};

	const struct command c = {RMI_REC_ENTER, good_rec_enter, rows, ARRAY_SIZE(rows)};

	/* inject_sea and run_exit_gpf have tests of their own, with what comes before and after. */
	check_command(&c);
}
END_TEST

/* REC 0 of `other` has asked to turn REC 1 on. */
static void good_psci_complete(struct fixture *f)
{
	uint64_t args[4] = {PSCI_CPU_ON, 1, 0x1000, 0};

	realm_add_rec(&f->h, &f->other, false);
	realm_add_rec(&f->h, &f->other, true);
	realm_activate(&f->h, &f->other);
	enter(&f->h, &f->other, call_psci, args);
	f->x[1] = f->other.rec[0];
	f->x[2] = f->other.rec[1];
	f->x[3] = PSCI_SUCCESS;
}

static void same_rec(struct fixture *f)
{
	f->x[2] = f->x[1];
}

static void calling_idle(struct fixture *f)
{
	f->x[1] = f->other.rec[2];
}

static void calling_runs(struct fixture *f)
{
	/* A REC with nothing pending can run; it fails by calling_running before pending. */
	f->x[1] = f->other.rec[2];
	f->running = &f->other.rec[2];
}

static void target_of_r(struct fixture *f)
{
	realm_add_rec(&f->h, &f->r, true);
	f->x[2] = realm_add_rec(&f->h, &f->r, true);
}

static void target_not_named(struct fixture *f)
{
	f->x[2] = f->other.rec[2];
}

START_TEST(test_psci_complete)
{
	static const struct violation rows[] = {
		{"alias", INPUT, FN, 2, 0, same_rec, X(1)},
		ROWS_REC("calling_align", "calling_bound", "calling_state", 1),
		ROWS_REC("target_align", "target_bound", "target_state", 2),
		{"calling_running", INPUT, FN, 1, 0, calling_runs, 0},
		{"pending", INPUT, FN, 1, 0, calling_idle, 0},
		{"owner", INPUT, FN, 2, 0, target_of_r, 0},
		/* the REC that would be the calling one in calling_running and pending */
		{"target", INPUT, FN, 2, 0, target_not_named, X(1)},
		{"status", INPUT, SET, 3, 1, NULL, 0},
		{"status", INPUT, SET, 3, (uint64_t)PSCI_ALREADY_ON, NULL, 0},
		{"status", INPUT, SET, 3, (uint64_t)PSCI_NOT_SUPPORTED, NULL, 0},
		{"status", INPUT, SET, 3, (uint64_t)PSCI_INVALID_PARAMETERS, NULL, 0},
		{"status", INPUT, SET, 3, UINT64_C(0xfffffffd), NULL, 0},
	};

	RUN(RMI_PSCI_COMPLETE, good_psci_complete, rows);
}
END_TEST

/* All but the commands that have no failure conditions, or one that is tested with the versions. */
START_TEST(test_tables)
{
	size_t n;
	const struct rmm_command *c = rmm_commands(&n);
	size_t rmi = 0;

	for (size_t i = 0; i < n; i++) {
		if (c[i].interface == RMM_INTERFACE_RMI)
			rmi++;
		ck_assert_ptr_eq(rmm_command_by_fid(c[i].fid), &c[i]);
		ck_assert_ptr_eq(rmm_command_by_name(c[i].interface, c[i].name), &c[i]);
		for (size_t j = 0; j < c[i].num_conditions; j++) {
			const char *after = c[i].conditions[j].after;
			char label[64];
			int used;

			for (size_t k = 0; k < j; k++)
				ck_assert_str_ne(c[i].conditions[k].label,
						 c[i].conditions[j].label);
			/* What the specification orders before a condition is before it here. */
			while (sscanf(after, "%63s%n", label, &used) == 1) {
				bool found = false;

				for (size_t k = 0; k < j; k++)
					found |= !strcmp(c[i].conditions[k].label, label);
				ck_assert_msg(found, "%s: %s is not before %s", c[i].name, label,
					      c[i].conditions[j].label);
				after += used;
			}
		}
	}
	/* 23 commands of RMI and 10 of RSI: the tables of sections 3 and 5.1. */
	check_eq(rmi, 23);
	check_eq(n, 33);
	ck_assert_ptr_null(rmm_command_by_fid(0xC4000156));
	ck_assert_ptr_null(rmm_command_by_name(RMM_INTERFACE_RSI, "REC_ENTER"));
	ck_assert_str_eq(rmm_command_by_fid(0xC4000166)->name, "RTT_FOLD");
	ck_assert_str_eq(rmm_command_by_fid(0xC4000198)->name, "IPA_STATE_GET");
}
END_TEST

Suite *suite_conditions(void)
{
	Suite *suite = suite_create("conditions");
	TCase *tcase = tcase_create("RMI");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_granule_delegate);
	tcase_add_test(tcase, test_granule_undelegate);
	tcase_add_test(tcase, test_realm_create);
	tcase_add_test(tcase, test_realm_create_num_start);
	tcase_add_test(tcase, test_realm_activate);
	tcase_add_test(tcase, test_realm_destroy);
	tcase_add_test(tcase, test_rec_aux_count);
	tcase_add_test(tcase, test_rec_create);
	tcase_add_test(tcase, test_rec_create_num_recs);
	tcase_add_test(tcase, test_rec_destroy);
	tcase_add_test(tcase, test_rec_enter);
	tcase_add_test(tcase, test_rtt_create);
	tcase_add_test(tcase, test_rtt_destroy);
	tcase_add_test(tcase, test_rtt_fold);
	tcase_add_test(tcase, test_rtt_read_entry);
	tcase_add_test(tcase, test_rtt_map_unprotected);
	tcase_add_test(tcase, test_rtt_unmap_unprotected);
	tcase_add_test(tcase, test_unprotected_starting_level);
	tcase_add_test(tcase, test_data_create);
	tcase_add_test(tcase, test_data_create_unknown);
	tcase_add_test(tcase, test_data_destroy);
	tcase_add_test(tcase, test_rtt_init_ripas);
	tcase_add_test(tcase, test_rtt_set_ripas);
	tcase_add_test(tcase, test_psci_complete);
	tcase_add_test(tcase, test_tables);
	suite_add_tcase(suite, tcase);
	return suite;
}
