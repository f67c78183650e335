/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory: what is wiped, what is not even touched, what the platform is told, banks, reset, and that
 * state and results do not depend on where memory is mapped.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "support.h"

#define U (UINT64_C(1) << 39)

static void fill(struct host *h, uint64_t pa, uint8_t byte)
{
	memset(host_ptr(h, pa), byte, PAGE);
}

static bool is_filled(struct host *h, uint64_t pa, uint8_t byte)
{
	const uint8_t *p = host_ptr(h, pa);

	for (unsigned int i = 0; i < PAGE; i++) {
		if (p[i] != byte)
			return false;
	}
	return true;
}

static bool is_clean(struct host *h, uint64_t pa)
{
	struct rmm_granule_view view;

	check(rmm_inspect_granule(h->rmm, pa, &view));
	return view.clean;
}

static enum rmm_gpt gpt_of(struct host *h, uint64_t pa)
{
	struct rmm_granule_view view;

	check(rmm_inspect_granule(h->rmm, pa, &view));
	return view.gpt;
}

struct access {
	enum rmm_access_type type;
	uint64_t ipa;
	uint8_t bytes[16];
	bool null;
};

static void do_access(struct host *h, struct rmm_cpu *cpu)
{
	struct access *a = h->realm_arg;
	struct rmm_access access = {.type = a->type,
				    .ipa = a->ipa,
				    .size = sizeof(a->bytes),
				    .data = a->null ? NULL : a->bytes};

	check(rmm_cpu_access(cpu, &access) == RMM_CONTINUE);
}

START_TEST(test_delegate_wipes)
{
	struct host h;
	uint64_t pa;

	host_init(&h);
	pa = host_page(&h);
	fill(&h, pa, 0x5a);
	ok(&h, RMI_GRANULE_DELEGATE, pa);
	check(is_filled(&h, pa, 0));
	check_eq(gpt_of(&h, pa), RMM_GPT_REALM);
	check(is_clean(&h, pa));
	ok(&h, RMI_GRANULE_UNDELEGATE, pa);
	check(is_filled(&h, pa, 0));
	check_eq(gpt_of(&h, pa), RMM_GPT_NS);
	host_end(&h);
}
END_TEST

START_TEST(test_release_wipes)
{
	/* Each kind of granule, with something in it, is zero once it is DELEGATED again (I23). */
	struct host h;
	struct realm r;
	uint64_t src, data, table, aux;
	struct access a = {.type = RMM_WRITE, .ipa = 0};

	host_init(&h);
	realm_create(&h, &r);
	realm_add_rec(&h, &r, true);
	src = host_page(&h);
	fill(&h, src, 0x77);
	realm_tables(&h, &r, 0);
	data = host_delegated(&h);
	ok(&h, RMI_DATA_CREATE, r.rd, data, 0, src);
	check(is_filled(&h, data, 0x77));
	check(!is_clean(&h, data));
	realm_activate(&h, &r);
	memset(a.bytes, 0x99, sizeof(a.bytes));
	enter(&h, &r, do_access, &a);
	ok(&h, RMI_DATA_DESTROY, r.rd, 0);
	check(is_filled(&h, data, 0));
	check(is_clean(&h, data));
	table = read_entry(&h, &r, 0, 2).desc;
	check(!is_clean(&h, table));
	ok(&h, RMI_RTT_DESTROY, r.rd, 0, 3);
	check(is_filled(&h, table, 0));
	/* A DESTROYED table, folded. */
	ok(&h, RMI_RTT_CREATE, r.rd, table, 0, 3);
	check(!is_filled(&h, table, 0));
	ok(&h, RMI_RTT_FOLD, r.rd, 0, 3);
	check(is_filled(&h, table, 0));
	check(is_clean(&h, table));
	aux = r.aux[0][0];
	ok(&h, RMI_REC_DESTROY, r.rec[0]);
	check(is_filled(&h, r.rec[0], 0));
	check(is_filled(&h, aux, 0));
	ok(&h, RMI_RTT_DESTROY, r.rd, 0, 2);
	ok(&h, RMI_REALM_DESTROY, r.rd);
	check(is_filled(&h, r.rd, 0));
	check(is_filled(&h, r.rtt_base, 0));
	check(is_filled(&h, r.rtt_base + PAGE, 0));
	host_end(&h);
}
END_TEST

/* Nothing is in DRAM that a Realm had: pages from `first` on. */
static void check_zeros(struct host *h, uint64_t first, const char *when, unsigned int index)
{
	for (uint64_t pa = first; pa < h->next; pa += PAGE)
		ck_assert_msg(is_filled(h, pa, 0), "%s, index %u: 0x%llx", when, index,
			      (unsigned long long)pa);
}

START_TEST(test_wipes_wherever_written)
{
	/* Only what was written need be wiped: entries and bytes at every edge of what that may be rounded to. */
	static const unsigned int indices[] = {0, 1, 62, 63, 64, 127, 128, 255, 256, 447, 448, 510};

	for (unsigned int i = 0; i < 2 * sizeof(indices) / sizeof(indices[0]); i++) {
		const unsigned int index = indices[i / 2];
		const uint64_t ipa = index * PAGE;
		/* Around the same place in the page: the sixteen bytes cross it. */
		struct access a = {.type = RMM_WRITE, .ipa = ipa + index * 8};
		struct host h;
		struct realm r;
		uint64_t first, data, pa;

		host_init(&h);
		first = h.next;
		realm_create(&h, &r);
		realm_add_rec(&h, &r, true);
		realm_tables(&h, &r, 0);
		realm_tables(&h, &r, U);
		ok(&h, RMI_RTT_INIT_RIPAS, r.rd, ipa, ipa + 2 * PAGE);
		data = host_delegated(&h);
		ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, data, ipa);
		pa = host_page(&h);
		ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, U + ipa, 3, pa | 0xd8);
		realm_activate(&h, &r);
		memset(a.bytes, 0x99, sizeof(a.bytes));
		enter(&h, &r, do_access, &a);
		check(!is_filled(&h, data, 0));
		memset(host_ptr(&h, r.params), 0, PAGE);
		memset(host_ptr(&h, r.rec_params), 0, PAGE);
		memset(host_ptr(&h, r.run), 0, PAGE);
		if (i % 2) {
			rmm_reset(h.rmm);
			check_zeros(&h, first, "reset", index);
		} else {
			ok(&h, RMI_DATA_DESTROY, r.rd, ipa);
			check(is_filled(&h, data, 0));
			ok(&h, RMI_RTT_UNMAP_UNPROTECTED, r.rd, U + ipa, 3);
			ok(&h, RMI_RTT_DESTROY, r.rd, 0, 3);
			ok(&h, RMI_RTT_DESTROY, r.rd, U, 3);
			ok(&h, RMI_RTT_DESTROY, r.rd, 0, 2);
			ok(&h, RMI_RTT_DESTROY, r.rd, U, 2);
			ok(&h, RMI_REC_DESTROY, r.rec[0]);
			ok(&h, RMI_REALM_DESTROY, r.rd);
			check_zeros(&h, first, "destroyed", index);
		}
		host_end(&h);
	}
}
END_TEST

/* --- the platform --- */

struct platform {
	struct host *h;
	uint64_t clean_from; /* granules from here on are known to be zero ... */
	uint64_t clean_end;
	uint64_t written[64]; /* ... unless they are among these */
	unsigned int num_written;
	/* the last change of the GPT, and how many there were */
	uint64_t pa;
	enum rmm_gpt gpt;
	bool clean;
	unsigned int changes;
};

static bool platform_is_clean(void *ctx, uint64_t pa)
{
	const struct platform *p = ctx;

	check(pa % PAGE == 0);
	for (unsigned int i = 0; i < p->num_written; i++) {
		if (p->written[i] == pa)
			return false;
	}
	return pa >= p->clean_from && pa < p->clean_end;
}

static void platform_gpt_changed(void *ctx, uint64_t pa, enum rmm_gpt gpt, bool clean)
{
	struct platform *p = ctx;

	p->pa = pa;
	p->gpt = gpt;
	p->clean = clean;
	p->changes++;
}

static void platform_ns_write(void *ctx, uint64_t pa)
{
	struct platform *p = ctx;

	check(pa % PAGE == 0);
	check(p->num_written < 64);
	p->written[p->num_written++] = pa;
}

static void host_init_platform(struct host *h, struct platform *p)
{
	*p = (struct platform){
		.h = h, .clean_from = LOW_BASE + GiB, .clean_end = LOW_BASE + LOW_SIZE};
	host_init_config(h);
	h->config.platform = (struct rmm_platform){
		.ctx = p,
		.is_clean = platform_is_clean,
		.gpt_changed = platform_gpt_changed,
		.ns_write = platform_ns_write,
	};
	host_start(h);
}

/* Whether the page that holds `p` was ever touched, and so has memory. */
static bool is_resident(const void *p)
{
	unsigned char vec = 0;

	check(mincore((void *)(uintptr_t)p, PAGE, &vec) == 0);
	return vec & 1;
}

START_TEST(test_gpt_changed)
{
	struct platform p;
	struct host h;
	uint64_t pa;

	host_init_platform(&h, &p);
	pa = host_page(&h);
	fill(&h, pa, 1);
	ok(&h, RMI_GRANULE_DELEGATE, pa);
	check_eq(p.changes, 1);
	check_eq(p.pa, pa);
	check_eq(p.gpt, RMM_GPT_REALM);
	check(p.clean);
	expect(&h, INPUT, "gran_state", RMI_GRANULE_DELEGATE, pa);
	check_eq(p.changes, 1);
	ok(&h, RMI_GRANULE_UNDELEGATE, pa);
	check_eq(p.changes, 2);
	check_eq(p.gpt, RMM_GPT_NS);
	check(p.clean);
	check_eq((uint64_t)rmm_set_gpt(h.rmm, pa, RMM_GPT_SECURE), 0);
	check_eq(p.changes, 3);
	check_eq(p.gpt, RMM_GPT_SECURE);
	check(!p.clean);
	host_end(&h);
}
END_TEST

START_TEST(test_set_gpt)
{
	struct host h;
	uint64_t pa;

	host_init(&h);
	pa = host_page(&h);
	for (int gpt = RMM_GPT_NS; gpt <= RMM_GPT_AAP; gpt++) {
		const int expected = gpt == RMM_GPT_REALM ? -EINVAL : 0;

		ck_assert_int_eq(rmm_set_gpt(h.rmm, pa, (enum rmm_gpt)gpt), expected);
		if (!expected)
			check_eq(gpt_of(&h, pa), gpt);
	}
	ck_assert_int_eq(rmm_set_gpt(h.rmm, pa, (enum rmm_gpt)5), -EINVAL);
	ck_assert_int_eq(rmm_set_gpt(h.rmm, pa + 8, RMM_GPT_NS), -EINVAL);
	ck_assert_int_eq(rmm_set_gpt(h.rmm, NOWHERE, RMM_GPT_NS), -EINVAL);
	ck_assert_int_eq(rmm_set_gpt(h.rmm, DEVICE_BASE, RMM_GPT_ROOT), 0);
	check_eq((uint64_t)rmm_set_gpt(h.rmm, pa, RMM_GPT_NS), 0);
	ok(&h, RMI_GRANULE_DELEGATE, pa);
	ck_assert_int_eq(rmm_set_gpt(h.rmm, pa, RMM_GPT_NS), -EINVAL);
	check_eq(gpt_of(&h, pa), RMM_GPT_REALM);
	host_end(&h);
}
END_TEST

START_TEST(test_clean_is_not_touched)
{
	/* A granule that is known to be zero goes through a Realm's hands without getting memory. */
	struct platform p;
	struct host h;
	struct realm r;
	struct access a = {.type = RMM_READ};
	uint64_t data, data2, aux;
	uint8_t bytes[16];

	host_init_platform(&h, &p);
	realm_create(&h, &r);
	realm_tables(&h, &r, 0);
	realm_tables(&h, &r, U);
	data = LOW_BASE + 2 * GiB;
	data2 = data + PAGE;
	aux = data + 2 * PAGE;
	h.next = data + 4 * PAGE;
	ok(&h, RMI_GRANULE_DELEGATE, data);
	ok(&h, RMI_GRANULE_DELEGATE, data2);
	ok(&h, RMI_GRANULE_DELEGATE, aux);
	ok(&h, RMI_GRANULE_DELEGATE, aux + PAGE);
	check(is_clean(&h, data));
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 0, PAGE);
	ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, data, 0);
	/* A source that is known to be zero makes a page that is. */
	ok(&h, RMI_DATA_CREATE, r.rd, data2, PAGE, aux + 10 * PAGE, 1);
	check(is_clean(&h, data2));
	{
		struct rmi_rec_params *params = host_ptr(&h, r.rec_params);

		params->flags = 1;
		params->num_aux = 2;
		params->aux[0] = aux;
		params->aux[1] = aux + PAGE;
		h.next = LOW_BASE + GiB / 2;
		r.rec[0] = host_delegated(&h);
		r.num_recs = 1;
		ok(&h, RMI_REC_CREATE, r.rd, r.rec[0], r.rec_params);
	}
	realm_activate(&h, &r);
	memset(a.bytes, 0xff, sizeof(a.bytes));
	enter(&h, &r, do_access, &a);
	memset(bytes, 0, sizeof(bytes));
	check(!memcmp(a.bytes, bytes, sizeof(bytes)));
	/* Writing zeros is not writing. */
	a = (struct access){.type = RMM_WRITE, .null = true};
	enter(&h, &r, do_access, &a);
	check(is_clean(&h, data));
	memset(bytes, 0xff, sizeof(bytes));
	check(rmm_inspect_read(h.rmm, data + 8, bytes, sizeof(bytes)));
	check_eq(bytes[0] | bytes[15], 0);
	rmm_inspect_hash(h.rmm);
	/* Through an unprotected mapping too, and when the RMM reads for the Host. */
	ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, U, 3, (aux + 11 * PAGE) | 0xd8);
	a = (struct access){.type = RMM_READ, .ipa = U};
	enter(&h, &r, do_access, &a);
	check(rmm_inspect_read(h.rmm, aux + 12 * PAGE, bytes, sizeof(bytes)));
	check_eq(bytes[0] | bytes[15], 0);
	ok(&h, RMI_DATA_DESTROY, r.rd, 0);
	ok(&h, RMI_DATA_DESTROY, r.rd, PAGE);
	ok(&h, RMI_REC_DESTROY, r.rec[0]);
	for (uint64_t pa = data; pa < data + 4 * PAGE; pa += PAGE) {
		ok(&h, RMI_GRANULE_UNDELEGATE, pa);
		check(p.clean);
	}
	for (uint64_t pa = data; pa < aux + 16 * PAGE; pa += PAGE)
		check(!is_resident(host_ptr(&h, pa)));
	host_end(&h);
}
END_TEST

START_TEST(test_clean_ends_with_a_write)
{
	struct platform p;
	struct host h;
	struct realm r;
	uint64_t data, pa;
	struct access a = {.type = RMM_WRITE, .bytes = {1}};
	uint8_t byte = 0;

	host_init_platform(&h, &p);
	realm_create(&h, &r);
	realm_add_rec(&h, &r, true);
	realm_tables(&h, &r, 0);
	realm_tables(&h, &r, U);
	data = LOW_BASE + 2 * GiB;
	ok(&h, RMI_GRANULE_DELEGATE, data);
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 0, PAGE);
	ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, data, 0);
	realm_activate(&h, &r);
	enter(&h, &r, do_access, &a);
	check(!is_clean(&h, data));
	a = (struct access){.type = RMM_READ};
	enter(&h, &r, do_access, &a);
	check_eq(a.bytes[0], 1);
	/* What was written is wiped, and zeros again after that. */
	ok(&h, RMI_DATA_DESTROY, r.rd, 0);
	check(is_clean(&h, data));
	check(is_filled(&h, data, 0));
	/* The platform hears of what is written to Non-secure memory: run page, mapping. */
	pa = data + PAGE;
	ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, U, 3, pa | 0xd8);
	a = (struct access){.type = RMM_WRITE, .ipa = U + 0x20, .bytes = {3}};
	p.num_written = 0;
	enter(&h, &r, do_access, &a);
	check_eq(p.num_written, 2);
	check_eq(p.written[0], pa);
	check_eq(p.written[1], r.run);
	check_eq(((uint8_t *)host_ptr(&h, pa))[0x20], 3);
	check(rmm_inspect_read(h.rmm, pa + 0x20, &byte, 1));
	check_eq(byte, 3);
	host_end(&h);
}
END_TEST

static void translate_write(struct host *h, struct rmm_cpu *cpu)
{
	struct rmm_translation *t = h->realm_arg;
	const struct rmm_access access = {.type = RMM_WRITE, .ipa = 0, .size = 4};

	check(rmm_cpu_translate(cpu, &access, t) == RMM_CONTINUE);
}

static void translate_read(struct host *h, struct rmm_cpu *cpu)
{
	struct rmm_translation *t = h->realm_arg;
	const struct rmm_access access = {.type = RMM_READ, .ipa = 0, .size = 4};

	check(rmm_cpu_translate(cpu, &access, t) == RMM_CONTINUE);
}

static void translate_ns(struct host *h, struct rmm_cpu *cpu)
{
	struct rmm_translation *t = h->realm_arg;
	const struct rmm_access access = {.type = RMM_WRITE, .ipa = U, .size = 4};

	check(rmm_cpu_translate(cpu, &access, t) == RMM_CONTINUE);
}

START_TEST(test_translate_and_clean)
{
	struct platform p;
	struct host h;
	struct realm r;
	struct rmm_translation t;
	uint64_t data;

	host_init_platform(&h, &p);
	realm_create(&h, &r);
	realm_add_rec(&h, &r, true);
	realm_tables(&h, &r, 0);
	realm_tables(&h, &r, U);
	data = LOW_BASE + 2 * GiB;
	ok(&h, RMI_GRANULE_DELEGATE, data);
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 0, PAGE);
	ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, data, 0);
	ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, U, 3, (data + PAGE) | 0xd8);
	realm_activate(&h, &r);
	enter(&h, &r, translate_read, &t);
	check(t.clean);
	check(is_clean(&h, data));
	enter(&h, &r, translate_write, &t);
	check(!t.clean);
	check(!is_clean(&h, data));
	p.num_written = 0;
	enter(&h, &r, translate_ns, &t);
	check_eq(p.written[0], data + PAGE);
	check(!t.clean);
	/* The Realm may have written anywhere in it. */
	memset(host_ptr(&h, data), 0x99, PAGE);
	ok(&h, RMI_DATA_DESTROY, r.rd, 0);
	check(is_filled(&h, data, 0));
	host_end(&h);
}
END_TEST

START_TEST(test_clean_does_not_leak)
{
	/*
	 * A granule goes from one Realm to another, to the Host and back, in every role; what was in it
	 * never shows, whatever the bookkeeping says about zeros.
	 */
	for (int known_clean = 0; known_clean < 2; known_clean++) {
		struct platform p;
		struct host h;
		struct realm a, b;
		struct access access = {.type = RMM_WRITE};
		uint64_t pa;

		host_init_platform(&h, &p);
		if (!known_clean)
			p.clean_end = p.clean_from;
		pa = LOW_BASE + 2 * GiB;
		realm_create(&h, &a);
		realm_add_rec(&h, &a, true);
		realm_tables(&h, &a, 0);
		ok(&h, RMI_RTT_INIT_RIPAS, a.rd, 0, PAGE);
		realm_create(&h, &b);
		realm_add_rec(&h, &b, true);
		realm_tables(&h, &b, 0);
		ok(&h, RMI_RTT_INIT_RIPAS, b.rd, 0, PAGE);
		realm_activate(&h, &a);
		realm_activate(&h, &b);
		ok(&h, RMI_GRANULE_DELEGATE, pa);
		for (int round = 0; round < 3; round++) {
			ok(&h, RMI_DATA_CREATE_UNKNOWN, a.rd, pa, 0);
			access = (struct access){.type = RMM_WRITE};
			memset(access.bytes, 0xe1, sizeof(access.bytes));
			enter(&h, &a, do_access, &access);
			ok(&h, RMI_DATA_DESTROY, a.rd, 0);
			if (round == 1) {
				/* As a table in between. */
				ok(&h, RMI_RTT_CREATE, a.rd, pa, 2 * MiB, 3);
				ok(&h, RMI_RTT_DESTROY, a.rd, 2 * MiB, 3);
			} else if (round == 2) {
				ok(&h, RMI_GRANULE_UNDELEGATE, pa);
				check(is_filled(&h, pa, 0));
				fill(&h, pa, 0xd2);
				p.written[p.num_written++] = pa;
				ok(&h, RMI_GRANULE_DELEGATE, pa);
			}
			ok(&h, RMI_DATA_CREATE_UNKNOWN, b.rd, pa, 0);
			access = (struct access){.type = RMM_READ};
			memset(access.bytes, 0xff, sizeof(access.bytes));
			enter(&h, &b, do_access, &access);
			for (unsigned int i = 0; i < sizeof(access.bytes); i++)
				check_eq(access.bytes[i], 0);
			check(is_filled(&h, pa, 0));
			ok(&h, RMI_DATA_DESTROY, b.rd, 0);
			/* DESTROYED now; the Realms' next pages are to be readable. */
			ok(&h, RMI_RTT_DESTROY, a.rd, 0, 3);
			ok(&h, RMI_RTT_DESTROY, b.rd, 0, 3);
			realm_destroy(&h, &a);
			realm_destroy(&h, &b);
			realm_create(&h, &a);
			realm_add_rec(&h, &a, true);
			realm_tables(&h, &a, 0);
			ok(&h, RMI_RTT_INIT_RIPAS, a.rd, 0, PAGE);
			realm_activate(&h, &a);
			realm_create(&h, &b);
			realm_add_rec(&h, &b, true);
			realm_tables(&h, &b, 0);
			ok(&h, RMI_RTT_INIT_RIPAS, b.rd, 0, PAGE);
			realm_activate(&h, &b);
			p.num_written = round == 2 ? 1 : 0;
		}
		host_end(&h);
	}
}
END_TEST

START_TEST(test_wipe_pattern)
{
	/* Wiped memory is neither what it was, nor zero, nor the same elsewhere; and nothing is clean. */
	struct platform p;
	struct host h;
	struct realm r;
	uint64_t pa, other, table, first[2], dirty;

	host_init_config(&h);
	p = (struct platform){
		.h = &h, .clean_from = LOW_BASE + GiB, .clean_end = LOW_BASE + LOW_SIZE};
	h.config.platform = (struct rmm_platform){
		.ctx = &p, .is_clean = platform_is_clean, .gpt_changed = platform_gpt_changed};
	h.config.wipe_pattern = UINT64_C(0x123456789);
	/* Pages are written behind the RMM's back, which the checker would report. */
	h.config.invariants = RMM_INVARIANTS_OFF;
	host_start(&h);
	pa = LOW_BASE + 2 * GiB;
	other = host_page(&h);
	fill(&h, other, 0x5a);
	ok(&h, RMI_GRANULE_DELEGATE, pa);
	check(!p.clean);
	check(!is_clean(&h, pa));
	memcpy(first, host_ptr(&h, pa), sizeof(first));
	check(first[0] != 0 && first[1] != 0 && first[0] != first[1]);
	ok(&h, RMI_GRANULE_DELEGATE, other);
	memcpy(&dirty, host_ptr(&h, other), sizeof(dirty));
	check(dirty != UINT64_C(0x5a5a5a5a5a5a5a5a) && dirty != 0 && dirty != first[0]);
	/* Tables, Realms and RECs do not depend on what they are made of. */
	realm_create(&h, &r);
	realm_add_rec(&h, &r, true);
	realm_tables(&h, &r, 0);
	realm_tables(&h, &r, U);
	for (uint64_t i = 0; i < 512; i++) {
		check_eq(read_entry(&h, &r, i * PAGE, 3).state, RMI_RTTE_UNASSIGNED);
		check_eq(read_entry(&h, &r, i * PAGE, 3).ripas, RMI_RIPAS_EMPTY);
	}
	ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, pa, 0);
	check(!memcmp(host_ptr(&h, pa), first, sizeof(first)));
	memset(host_ptr(&h, pa), 0x3c, PAGE);
	ok(&h, RMI_DATA_DESTROY, r.rd, 0);
	check(!memcmp(host_ptr(&h, pa), first, sizeof(first)));
	table = read_entry(&h, &r, 0, 2).desc;
	ok(&h, RMI_RTT_FOLD, r.rd, 0, 3);
	check(!is_filled(&h, table, 0));
	/* Data from a clean source is zero. */
	realm_tables(&h, &r, 0);
	ok(&h, RMI_DATA_CREATE, r.rd, pa, 0, LOW_BASE + 3 * GiB);
	check(is_filled(&h, pa, 0));
	ok(&h, RMI_DATA_DESTROY, r.rd, 0);
	ok(&h, RMI_GRANULE_UNDELEGATE, pa);
	check(!p.clean);
	check(!memcmp(host_ptr(&h, pa), first, sizeof(first)));
	/* A reset leaves zeros all the same. */
	rmm_reset(h.rmm);
	check(is_filled(&h, other, 0));
	check(is_filled(&h, r.rd, 0));
	host_end(&h);
}
END_TEST

START_TEST(test_reset)
{
	struct platform p;
	struct host h;
	struct realm r;
	uint64_t empty, used, secure, ns;
	unsigned int changes;
	uint64_t not_undelegated = 0;

	host_init_platform(&h, &p);
	empty = rmm_inspect_hash(h.rmm);
	secure = host_page(&h);
	fill(&h, secure, 0x44);
	ns = host_page(&h);
	fill(&h, ns, 0x55);
	ok(&h, RMI_GRANULE_DELEGATE, ns);
	ok(&h, RMI_GRANULE_UNDELEGATE, ns);
	fill(&h, ns, 0x55);
	check_eq(rmm_inspect_hash(h.rmm), empty);
	check_eq((uint64_t)rmm_set_gpt(h.rmm, secure, RMM_GPT_SECURE), 0);
	realm_running(&h, &r);
	enter(&h, &r, NULL, NULL);
	used = rmm_inspect_hash(h.rmm);
	check(used != empty);
	check_eq(call(&h, RMI_GRANULE_DELEGATE, HIGH_BASE + HIGH_SIZE - PAGE), SUCCESS);
	for (int s = RMM_GRANULE_DELEGATED; s < RMM_GRANULE_NUM_STATES; s++)
		not_undelegated += rmm_inspect_count(h.rmm, (enum rmm_granule_state)s);
	changes = p.changes;
	rmm_reset(h.rmm);
	/* Each granule whose GPT entry was not NS is told of, and the rest is not. */
	check_eq(p.changes - changes, not_undelegated + 1);
	check_eq(p.gpt, RMM_GPT_NS);
	check_eq(p.pa, HIGH_BASE + HIGH_SIZE - PAGE);
	check_eq(rmm_inspect_hash(h.rmm), empty);
	for (int s = RMM_GRANULE_DELEGATED; s < RMM_GRANULE_NUM_STATES; s++)
		check_eq(rmm_inspect_count(h.rmm, (enum rmm_granule_state)s), 0);
	check_eq(rmm_inspect_count(h.rmm, RMM_GRANULE_UNDELEGATED),
		 (LOW_SIZE + HIGH_SIZE + DEVICE_SIZE) / PAGE);
	check_eq(rmm_inspect_realms(h.rmm, NULL, 0), 0);
	check_eq(gpt_of(&h, secure), RMM_GPT_NS);
	check_eq(gpt_of(&h, r.rd), RMM_GPT_NS);
	check_eq(state_of(&h, r.rd), RMM_GRANULE_UNDELEGATED);
	check_eq(state_of(&h, HIGH_BASE + HIGH_SIZE - PAGE), RMM_GRANULE_UNDELEGATED);
	/* What the RMM had is zero, what it never had is not touched. */
	check(is_filled(&h, r.rd, 0));
	check(is_filled(&h, r.rec[0], 0));
	check(is_filled(&h, secure, 0x44));
	check(is_filled(&h, ns, 0x55));
	ck_assert_ptr_null(rmm_last_call(h.rmm).command);
	/* The second life is like the first, granule by granule. */
	h.next = LOW_BASE;
	host_page(&h);
	host_page(&h);
	check_eq((uint64_t)rmm_set_gpt(h.rmm, secure, RMM_GPT_SECURE), 0);
	{
		const uint16_t vmid = r.p->vmid;

		realm_prepare(&h, &r);
		r.p->vmid = vmid;
	}
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	realm_add_rec(&h, &r, true);
	realm_tables(&h, &r, 0);
	realm_activate(&h, &r);
	enter(&h, &r, NULL, NULL);
	check_eq(rmm_inspect_hash(h.rmm), used);
	host_end(&h);
}
END_TEST

/* --- inspection --- */

struct walker {
	uint64_t last;
	uint64_t count[RMM_GRANULE_NUM_STATES];
	uint64_t stop_after;
};

static bool walk(void *ctx, uint64_t pa, const struct rmm_granule_view *view)
{
	struct walker *w = ctx;

	check(pa > w->last);
	w->last = pa;
	w->count[view->state]++;
	check_eq(view->gpt, RMM_GPT_REALM);
	return --w->stop_after != 0;
}

START_TEST(test_each_granule)
{
	/* Across banks and at their edges, in ascending order, only those that are not UNDELEGATED. */
	const uint64_t pas[] = {LOW_BASE + PAGE,
				LOW_BASE + 63 * PAGE,
				LOW_BASE + 64 * PAGE,
				LOW_BASE + 4095 * PAGE,
				LOW_BASE + 4096 * PAGE,
				LOW_BASE + GiB,
				LOW_BASE + 3 * GiB,
				LOW_BASE + LOW_SIZE - PAGE,
				HIGH_BASE,
				HIGH_BASE + HIGH_SIZE - PAGE};
	const uint64_t n = sizeof(pas) / sizeof(pas[0]);
	struct host h;
	struct walker w;

	host_init(&h);
	w = (struct walker){.stop_after = 100};
	rmm_inspect_each_granule(h.rmm, walk, &w);
	check_eq(w.last, 0);
	for (uint64_t i = 0; i < n; i++)
		ok(&h, RMI_GRANULE_DELEGATE, pas[(i * 7) % n]);
	ok(&h, RMI_GRANULE_DELEGATE, LOW_BASE + 62 * PAGE);
	ok(&h, RMI_GRANULE_UNDELEGATE, LOW_BASE + 62 * PAGE);
	check_eq((uint64_t)rmm_set_gpt(h.rmm, DEVICE_BASE, RMM_GPT_ROOT), 0);
	w = (struct walker){.stop_after = 100};
	rmm_inspect_each_granule(h.rmm, walk, &w);
	check_eq(w.count[RMM_GRANULE_DELEGATED], n);
	check_eq(w.last, pas[n - 1]);
	check_eq(rmm_inspect_count(h.rmm, RMM_GRANULE_DELEGATED), n);
	for (uint64_t i = 1; i <= n; i++) {
		w = (struct walker){.stop_after = i};
		rmm_inspect_each_granule(h.rmm, walk, &w);
		check_eq(w.last, pas[i - 1]);
	}
	rmm_reset(h.rmm);
	w = (struct walker){.stop_after = 100};
	rmm_inspect_each_granule(h.rmm, walk, &w);
	check_eq(w.last, 0);
	host_end(&h);
}
END_TEST

START_TEST(test_touched_everywhere)
{
	/* One granule at a time, at distances of every scale: each is found by itself. */
	struct host h;

	host_init(&h);
	for (uint64_t at = 0; at < LOW_SIZE; at = at * 2 + PAGE) {
		struct walker w = {.stop_after = 100};

		ok(&h, RMI_GRANULE_DELEGATE, LOW_BASE + at);
		rmm_inspect_each_granule(h.rmm, walk, &w);
		check_eq(w.last, LOW_BASE + at);
		check_eq(w.count[RMM_GRANULE_DELEGATED], 1);
		rmm_reset(h.rmm);
		check_eq(state_of(&h, LOW_BASE + at), RMM_GRANULE_UNDELEGATED);
	}
	host_end(&h);
}
END_TEST

START_TEST(test_counts)
{
	struct host h;
	struct realm r;
	const uint64_t all = (LOW_SIZE + HIGH_SIZE + DEVICE_SIZE) / PAGE;

	host_init(&h);
	check_eq(rmm_inspect_count(h.rmm, RMM_GRANULE_UNDELEGATED), all);
	realm_create(&h, &r);
	realm_add_rec(&h, &r, true);
	realm_ram(&h, &r, 0);
	check_eq(rmm_inspect_count(h.rmm, RMM_GRANULE_RD), 1);
	check_eq(rmm_inspect_count(h.rmm, RMM_GRANULE_RTT), 4);
	check_eq(rmm_inspect_count(h.rmm, RMM_GRANULE_REC), 1);
	check_eq(rmm_inspect_count(h.rmm, RMM_GRANULE_REC_AUX), 2);
	check_eq(rmm_inspect_count(h.rmm, RMM_GRANULE_DATA), 1);
	check_eq(rmm_inspect_count(h.rmm, RMM_GRANULE_DELEGATED), 0);
	check_eq(rmm_inspect_count(h.rmm, RMM_GRANULE_UNDELEGATED), all - 9);
	realm_destroy(&h, &r);
	check_eq(rmm_inspect_count(h.rmm, RMM_GRANULE_DELEGATED), 9);
	host_end(&h);
}
END_TEST

START_TEST(test_names)
{
	ck_assert_str_eq(rmm_granule_state_name(RMM_GRANULE_UNDELEGATED), "UNDELEGATED");
	ck_assert_str_eq(rmm_granule_state_name(RMM_GRANULE_DELEGATED), "DELEGATED");
	ck_assert_str_eq(rmm_granule_state_name(RMM_GRANULE_RD), "RD");
	ck_assert_str_eq(rmm_granule_state_name(RMM_GRANULE_REC), "REC");
	ck_assert_str_eq(rmm_granule_state_name(RMM_GRANULE_REC_AUX), "REC_AUX");
	ck_assert_str_eq(rmm_granule_state_name(RMM_GRANULE_DATA), "DATA");
	ck_assert_str_eq(rmm_granule_state_name(RMM_GRANULE_RTT), "RTT");
	ck_assert_str_eq(rmm_hipas_name(RMM_UNASSIGNED), "UNASSIGNED");
	ck_assert_str_eq(rmm_hipas_name(RMM_ASSIGNED), "ASSIGNED");
	ck_assert_str_eq(rmm_hipas_name(RMM_TABLE), "TABLE");
	ck_assert_str_eq(rmm_hipas_name(RMM_UNASSIGNED_NS), "UNASSIGNED_NS");
	ck_assert_str_eq(rmm_hipas_name(RMM_ASSIGNED_NS), "ASSIGNED_NS");
	ck_assert_str_eq(rmm_ripas_name(RMM_EMPTY), "EMPTY");
	ck_assert_str_eq(rmm_ripas_name(RMM_RAM), "RAM");
	ck_assert_str_eq(rmm_ripas_name(RMM_DESTROYED), "DESTROYED");
	ck_assert_str_eq(rmm_ripas_name(RMM_RIPAS_NONE), "NONE");
}
END_TEST

START_TEST(test_inspect_bounds)
{
	struct host h;
	struct realm r;
	struct rmm_granule_view view;
	struct rmm_realm_view realm;
	struct rmm_entry_view entry;
	uint8_t buffer[2 * 4096];

	host_init(&h);
	realm_create(&h, &r);
	check(!rmm_inspect_granule(h.rmm, NOWHERE, &view));
	check(!rmm_inspect_granule(h.rmm, LOW_BASE + 8, &view));
	check(!rmm_inspect_granule(h.rmm, LOW_BASE + LOW_SIZE, &view));
	check(rmm_inspect_granule(h.rmm, LOW_BASE + LOW_SIZE - PAGE, &view));
	check(rmm_inspect_granule(h.rmm, DEVICE_BASE, &view));
	check(!rmm_inspect_realm(h.rmm, r.rtt_base, &realm));
	check(!rmm_inspect_realm(h.rmm, NOWHERE, &realm));
	check(!rmm_inspect_realm(h.rmm, r.rd + 8, &realm));
	check(rmm_inspect_realm(h.rmm, r.rd, &realm));
	check_eq(realm.rd, r.rd);
	check_eq(realm.ipa_width, 40);
	check_eq((uint64_t)realm.rtt_level_start, 1);
	check_eq(realm.rtt_num_start, 2);
	check_eq(realm.rtt_base, r.rtt_base);
	check_eq(realm.vmid, r.p->vmid);
	check_eq(realm.hash_algo, 0);
	check_eq(realm.state, RMM_REALM_NEW);
	check(!rmm_inspect_entry(h.rmm, r.rtt_base, 0, 3, &entry));
	check(rmm_inspect_entry(h.rmm, r.rd, 0, 7, &entry));
	check(rmm_inspect_entry(h.rmm, r.rd, GiB + 5, 3, &entry));
	check_eq(entry.ipa, GiB);
	check_eq(entry.size, GiB);
	/* Reads across granules, up to the end of a bank and not beyond; from each kind of granule. */
	fill(&h, LOW_BASE + LOW_SIZE - PAGE, 0x42);
	fill(&h, LOW_BASE + LOW_SIZE - 2 * PAGE, 0x41);
	check(rmm_inspect_read(h.rmm, LOW_BASE + LOW_SIZE - 2 * PAGE + 8, buffer, 2 * PAGE - 8));
	check_eq(buffer[0], 0x41);
	check_eq(buffer[PAGE - 9], 0x41);
	check_eq(buffer[PAGE - 8], 0x42);
	check_eq(buffer[2 * PAGE - 9], 0x42);
	check(!rmm_inspect_read(h.rmm, LOW_BASE + LOW_SIZE - PAGE + 8, buffer, PAGE));
	check(!rmm_inspect_read(h.rmm, NOWHERE, buffer, 1));
	check(rmm_inspect_read(h.rmm, r.rd, buffer, PAGE));
	check(!memcmp(buffer, host_ptr(&h, r.rd), PAGE));
	host_end(&h);
}
END_TEST

START_TEST(test_hash)
{
	/* Content, state, reference counts and GPT count; what is known of zeros, and Non-secure content, not. */
	struct platform p;
	struct host h;
	uint64_t pa, a, b;
	uint64_t *word;

	host_init_platform(&h, &p);
	pa = host_page(&h);
	a = rmm_inspect_hash(h.rmm);
	ok(&h, RMI_GRANULE_DELEGATE, pa);
	b = rmm_inspect_hash(h.rmm);
	check(a != b);
	ok(&h, RMI_GRANULE_UNDELEGATE, pa);
	check_eq(rmm_inspect_hash(h.rmm), a);
	fill(&h, pa, 7);
	check_eq(rmm_inspect_hash(h.rmm), a);
	ok(&h, RMI_GRANULE_DELEGATE, pa);
	check_eq(rmm_inspect_hash(h.rmm), b);
	ok(&h, RMI_GRANULE_UNDELEGATE, pa);
	check_eq((uint64_t)rmm_set_gpt(h.rmm, pa, RMM_GPT_ROOT), 0);
	check(rmm_inspect_hash(h.rmm) != a);
	check_eq((uint64_t)rmm_set_gpt(h.rmm, pa, RMM_GPT_NS), 0);
	check_eq(rmm_inspect_hash(h.rmm), a);
	/* Every word of a granule counts. */
	{
		struct realm r;
		uint64_t seen[512];

		realm_create(&h, &r);
		pa = realm_ram(&h, &r, 0);
		word = host_ptr(&h, pa);
		a = rmm_inspect_hash(h.rmm);
		for (unsigned int i = 0; i < 512; i++) {
			word[i] = 1;
			seen[i] = rmm_inspect_hash(h.rmm);
			check(seen[i] != a);
			check(i == 0 || seen[i] != seen[i - 1]);
			word[i] = 0;
		}
		check_eq(rmm_inspect_hash(h.rmm), a);
	}
	host_end(&h);
}
END_TEST

/* --- where memory is --- */

/* A life with something of everything, whose outputs are folded into a digest. */
static uint64_t life(struct host *h)
{
	struct realm r;
	struct access a = {.type = RMM_WRITE, .bytes = {1, 2, 3}};
	uint64_t digest = 0;

	realm_prepare(h, &r);
	r.p->vmid = 7;
	ok(h, RMI_REALM_CREATE, r.rd, r.params);
	realm_add_rec(h, &r, true);
	realm_ram(h, &r, 0);
	realm_ram(h, &r, GiB);
	realm_activate(h, &r);
	enter(h, &r, do_access, &a);
	for (uint64_t i = 0; i < 16; i++) {
		call(h, RMI_DATA_DESTROY, r.rd, i * PAGE);
		for (int j = 0; j < 5; j++)
			digest = digest * 31 + h->regs.x[j];
	}
	return digest * 31 + rmm_inspect_hash(h->rmm);
}

START_TEST(test_views)
{
	/* The same calls over other addresses of the process, and with more known about zeros. */
	uint64_t digests[3];
	struct platform p;
	struct host h;
	void *hole;

	host_init(&h);
	digests[0] = life(&h);
	hole = mmap(NULL, GiB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	{
		struct host other;

		host_init(&other);
		check(other.banks[0].view != h.banks[0].view);
		digests[1] = life(&other);
		host_end(&other);
	}
	munmap(hole, GiB);
	host_end(&h);
	host_init_platform(&h, &p);
	p.clean_from = LOW_BASE + 0x100 * PAGE;
	digests[2] = life(&h);
	check_eq(digests[0], digests[1]);
	check_eq(digests[0], digests[2]);
	host_end(&h);
}
END_TEST

START_TEST(test_view_is_base)
{
	/* Physical addresses may equal those of the process. */
	const uint64_t size = 4 * MiB;
	uint8_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct rmm_bank bank = {(uintptr_t)p, size, p, 0};
	struct rmm_config config;
	struct rmm *rmm;
	struct rmm_regs regs = {.x = {RMI_GRANULE_DELEGATE, (uintptr_t)p}};

	rmm_config_init(&config);
	config.banks = &bank;
	config.num_banks = 1;
	ck_assert_int_eq(rmm_create(&config, &rmm), 0);
	p[5] = 1;
	rmm_smc(rmm, &regs);
	check_eq(regs.x[0], SUCCESS);
	check_eq(p[5], 0);
	rmm_destroy(rmm);
	munmap(p, size);
}
END_TEST

START_TEST(test_two_rmms)
{
	/* No globals: what is done to one is not seen in the other. */
	struct host a, b;
	uint64_t empty;

	host_init(&a);
	host_init(&b);
	empty = rmm_inspect_hash(b.rmm);
	life(&a);
	check_eq(rmm_inspect_hash(b.rmm), empty);
	ck_assert_ptr_null(rmm_last_call(b.rmm).command);
	host_end(&a);
	host_end(&b);
}
END_TEST

START_TEST(test_hash_is_of_the_state)
{
	/* What the Host has in its own memory, beside the RMM's too, is no part of the RMM's state. */
	struct host h;
	struct realm r;
	uint64_t pa, hash;

	host_init(&h);
	realm_create(&h, &r);
	pa = host_pages(&h, 4) + PAGE;
	memset(host_ptr(&h, pa - PAGE), 0x11, 3 * PAGE);
	ok(&h, RMI_GRANULE_DELEGATE, pa);
	/* A table: what is known to be zero is not looked at. */
	ok(&h, RMI_RTT_CREATE, r.rd, pa, 0, r.p->rtt_level_start + 1);
	hash = rmm_inspect_hash(h.rmm);
	memset(host_ptr(&h, pa - PAGE), 0x22, PAGE);
	memset(host_ptr(&h, pa + PAGE), 0x22, PAGE);
	check_eq(rmm_inspect_hash(h.rmm), hash);
	host_end(&h);
}
END_TEST

START_TEST(test_destroy_leaves_nothing)
{
#ifdef __SANITIZE_ADDRESS__
	/* Its allocator does not tell, and its leak checker does. */
#else
	struct host h;
	struct rmm *rmm;
	size_t before;

	host_init_config(&h);
	host_start(&h);
	/* Twice the same, because the first time fills the allocator's own caches, which count as used. */
	for (unsigned int i = 0; i < 2; i++) {
		before = mallinfo2().uordblks;
		for (unsigned int j = 0; j < 10; j++) {
			ck_assert_int_eq(rmm_create(&h.config, &rmm), 0);
			rmm_destroy(rmm);
		}
	}
	check_eq(mallinfo2().uordblks, before);
	host_end(&h);
#endif
}
END_TEST

START_TEST(test_large_bank)
{
	/* A tebibyte is declared; what is not used costs nothing. */
	const uint64_t size = UINT64_C(1) << 40;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct rmm_bank bank = {UINT64_C(1) << 41, size, p, 0};
	struct rusage before, after;
	struct rmm_config config;
	struct rmm *rmm;

	check(p != MAP_FAILED);
	rmm_config_init(&config);
	config.banks = &bank;
	config.num_banks = 1;
	ck_assert_int_eq(rmm_create(&config, &rmm), 0);
	check(getrusage(RUSAGE_SELF, &before) == 0);
	for (uint64_t at = 0; at < size; at = at * 2 + PAGE) {
		struct rmm_regs regs = {.x = {RMI_GRANULE_DELEGATE, bank.base + at}};
		struct walker w = {.stop_after = 2};

		rmm_smc(rmm, &regs);
		check_eq(regs.x[0], SUCCESS);
		rmm_inspect_each_granule(rmm, walk, &w);
		check_eq(w.last, bank.base + at);
		check_eq(rmm_inspect_count(rmm, RMM_GRANULE_UNDELEGATED), size / PAGE - 1);
		rmm_inspect_hash(rmm);
		rmm_reset(rmm);
	}
	/* Whoever looks at what was never touched gets pages of bookkeeping: 2^18 for this bank. */
	check(getrusage(RUSAGE_SELF, &after) == 0);
	check(after.ru_minflt - before.ru_minflt < 2000);
	rmm_destroy(rmm);
	munmap(p, size);
}
END_TEST

START_TEST(test_bank_of_any_size)
{
	/* Bookkeeping of banks whose number of granules is at the edge of its units. */
	const uint64_t counts[] = {1, 2, 3, 63, 64, 65, 4095, 4096, 4097, 262143, 262144, 262145};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		const uint64_t size = counts[i] * PAGE;
		void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		struct rmm_bank bank = {LOW_BASE, size, p, 0};
		struct rmm_config config;
		struct rmm *rmm;
		struct walker w = {.stop_after = 5};

		rmm_config_init(&config);
		config.banks = &bank;
		config.num_banks = 1;
		ck_assert_int_eq(rmm_create(&config, &rmm), 0);
		for (int last = 0; last < 2; last++) {
			struct rmm_regs regs = {
				.x = {RMI_GRANULE_DELEGATE, LOW_BASE + (last ? size - PAGE : 0)}};

			rmm_smc(rmm, &regs);
			check_eq(regs.x[0], counts[i] == 1 && last ? INPUT : SUCCESS);
		}
		rmm_inspect_each_granule(rmm, walk, &w);
		check_eq(w.count[RMM_GRANULE_DELEGATED], counts[i] == 1 ? 1 : 2);
		check_eq(w.last, LOW_BASE + size - PAGE);
		rmm_reset(rmm);
		check_eq(rmm_inspect_count(rmm, RMM_GRANULE_UNDELEGATED), counts[i]);
		rmm_destroy(rmm);
		munmap(p, size);
	}
}
END_TEST

struct found {
	const uint64_t *expected; /* ascending, ends with 0 */
};

static bool find(void *ctx, uint64_t pa, const struct rmm_granule_view *view)
{
	struct found *f = ctx;

	(void)view;
	check_eq(pa, *f->expected);
	f->expected++;
	return true;
}

START_TEST(test_touched_sets)
{
	/* Sets of granules, near and far, of which each is found and no other; also after a reset. */
	const uint64_t size = UINT64_C(1) << 40;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct rmm_bank bank = {UINT64_C(1) << 40, size, p, 0};
	struct rmm_config config;
	uint64_t seed = 1;
	struct rmm *rmm;

	check(p != MAP_FAILED);
	rmm_config_init(&config);
	config.banks = &bank;
	config.num_banks = 1;
	check_eq((uint64_t)rmm_create(&config, &rmm), 0);
	for (unsigned int round = 0; round < 60; round++) {
		uint64_t expected[65] = {0};
		struct found f = {expected};
		uint64_t at = 0;
		unsigned int n = 0;

		while (n < 64) {
			struct rmm_regs regs = {.x = {RMI_GRANULE_DELEGATE}};

			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			/* Distances from one granule to some 2^27 of them. */
			at += (1 + (seed >> 36) % (UINT64_C(1) << (seed >> 33) % 28)) * PAGE;
			if (at >= size)
				break;
			regs.x[1] = expected[n++] = bank.base + at;
			rmm_smc(rmm, &regs);
			check_eq(regs.x[0], SUCCESS);
		}
		rmm_inspect_each_granule(rmm, find, &f);
		check_eq((uint64_t)(f.expected - expected), n);
		rmm_reset(rmm);
		rmm_inspect_each_granule(rmm, find, &f);
		check_eq((uint64_t)(f.expected - expected), n);
		check_eq(rmm_inspect_count(rmm, RMM_GRANULE_UNDELEGATED), size / PAGE);
	}
	rmm_destroy(rmm);
	munmap(p, size);
}
END_TEST

/* --- configuration --- */

#define REFUSED(statement)                                                                         \
	do {                                                                                       \
		struct rmm_config config = h.config;                                               \
		struct rmm_bank banks[3];                                                          \
		struct rmm *rmm = NULL;                                                            \
		memcpy(banks, h.banks, sizeof(banks));                                             \
		config.banks = banks;                                                              \
		statement;                                                                         \
		ck_assert_int_eq(rmm_create(&config, &rmm), -EINVAL);                              \
		ck_assert_ptr_null(rmm);                                                           \
	} while (0)

#define TAKEN(statement)                                                                           \
	do {                                                                                       \
		struct rmm_config config = h.config;                                               \
		struct rmm_bank banks[3];                                                          \
		struct rmm *rmm = NULL;                                                            \
		memcpy(banks, h.banks, sizeof(banks));                                             \
		config.banks = banks;                                                              \
		statement;                                                                         \
		ck_assert_int_eq(rmm_create(&config, &rmm), 0);                                    \
		rmm_destroy(rmm);                                                                  \
	} while (0)

START_TEST(test_config)
{
	struct host h;

	host_init_config(&h);
	host_start(&h);
	TAKEN((void)0);
	REFUSED(config.num_banks = 0);
	REFUSED(config.s2sz = 49);
	TAKEN(config.lpa2 = true; config.s2sz = 52);
	REFUSED(config.lpa2 = true; config.s2sz = 53);
	REFUSED(config.min_ipa_width = 49);
	REFUSED(config.min_ipa_width = 12);
	TAKEN(config.min_ipa_width = 13);
	TAKEN(config.min_ipa_width = 48);
	REFUSED(config.sve_vl = 16);
	TAKEN(config.sve_vl = 15);
	REFUSED(config.num_bps = 64);
	TAKEN(config.num_bps = 63);
	REFUSED(config.num_wps = 64);
	TAKEN(config.num_wps = 63);
	REFUSED(config.pmu_num_ctrs = 32);
	REFUSED(config.gicv3_num_lrs = 16);
	TAKEN(config.gicv3_num_lrs = 15);
	REFUSED(config.max_recs_order = 16);
	TAKEN(config.max_recs_order = 15);
	REFUSED(config.vmid_bits = 9);
	TAKEN(config.vmid_bits = 16);
	REFUSED(config.rec_aux = 17);
	REFUSED(config.tfrmm = 1);
	TAKEN(config.tfrmm = RMM_TFRMM_Q1 | RMM_TFRMM_Q2 | RMM_TFRMM_Q3 | RMM_TFRMM_Q4B |
			     RMM_TFRMM_Q5 | RMM_TFRMM_Q6 | RMM_TFRMM_Q7 | RMM_TFRMM_Q14 |
			     RMM_TFRMM_Q17 | RMM_TFRMM_Q23);
	REFUSED(banks[0].base += 8);
	REFUSED(banks[0].size += 8);
	REFUSED(banks[0].size = 0);
	REFUSED(banks[0].view = NULL);
	REFUSED(banks[0].view = (uint8_t *)banks[0].view + 8);
	REFUSED(banks[0].flags = 2);
	REFUSED(banks[1].base = LOW_BASE + LOW_SIZE - PAGE);
	REFUSED(banks[1].base = LOW_BASE);
	REFUSED(banks[2].base = LOW_BASE - DEVICE_SIZE + PAGE);
	TAKEN(banks[1].base = LOW_BASE + LOW_SIZE);
	TAKEN(banks[2].base = LOW_BASE - DEVICE_SIZE);
	REFUSED(banks[1].base = UINT64_C(1) << 52);
	REFUSED(banks[1].base = (UINT64_C(1) << 52) - HIGH_SIZE + PAGE);
	TAKEN(banks[1].base = (UINT64_C(1) << 52) - HIGH_SIZE);
	rmm_destroy(NULL);
	host_end(&h);
}
END_TEST

START_TEST(test_no_memory)
{
	/* The bookkeeping of a bank of 2^50 bytes takes 2^40, which this process may not map. */
	const struct rmm_bank banks[2] = {
		{LOW_BASE, PAGE, (void *)(uintptr_t)PAGE, 0},
		{UINT64_C(1) << 50, UINT64_C(1) << 50, (void *)(uintptr_t)PAGE, 0}};
	struct rmm_config config;
	struct rlimit before, limit;
	struct rmm *rmm = NULL;
	unsigned long pages;
	FILE *statm;

	statm = fopen("/proc/self/statm", "r");
	check(statm && fscanf(statm, "%lu", &pages) == 1);
	fclose(statm);
	check(getrlimit(RLIMIT_AS, &before) == 0);
	limit = before;
	limit.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + 64 * GiB;
	rmm_config_init(&config);
	config.banks = banks;
	config.num_banks = 2;
	check(setrlimit(RLIMIT_AS, &limit) == 0);
	ck_assert_int_eq(rmm_create(&config, &rmm), -ENOMEM);
	check(setrlimit(RLIMIT_AS, &before) == 0);
	ck_assert_ptr_null(rmm);
}
END_TEST

START_TEST(test_default_config)
{
	struct rmm_config c;

	memset(&c, 0xff, sizeof(c));
	rmm_config_init(&c);
	check_eq(c.s2sz, 48);
	check_eq(c.min_ipa_width, 32);
	check(!c.lpa2 && !c.sve && c.sve_vl == 0);
	check_eq(c.num_bps, 15);
	check_eq(c.num_wps, 15);
	check(c.pmu && c.pmu_num_ctrs == 31);
	check(c.hash_sha_256 && c.hash_sha_512);
	check_eq(c.gicv3_num_lrs, 3);
	check_eq(c.max_recs_order, 10);
	check_eq(c.vmid_bits, 8);
	check_eq(c.rec_aux, 16);
	check_eq(c.tfrmm, 0);
	check_eq(c.wipe_pattern, 0);
	check(!c.rem_zero_padded);
	ck_assert_ptr_null(c.banks);
	check_eq(c.num_banks, 0);
	check(!c.run && !c.platform.is_clean && !c.platform.gpt_changed && !c.platform.ns_write &&
	      !c.platform.ns_fault);
}
END_TEST

/* Ranges of granules: one that is different is seen wherever it is, as are ends of memory. */
START_TEST(test_inspect_ranges)
{
	struct host h;
	uint64_t pa, gpt_pa;

	host_init(&h);
	pa = host_pages(&h, 16);
	for (uint64_t at = 0; at < 16; at++) {
		ok(&h, RMI_GRANULE_DELEGATE, pa + at * PAGE);
		for (uint64_t from = 0; from < 16; from++) {
			for (uint64_t end = from; end <= 16; end++) {
				const bool without = at < from || at >= end;
				const uint64_t start = pa + from * PAGE, size = (end - from) * PAGE;

				check(rmm_inspect_undelegated(h.rmm, start, size) == without);
				check(rmm_inspect_nonsecure(h.rmm, start, size) == without);
			}
		}
		ok(&h, RMI_GRANULE_UNDELEGATE, pa + at * PAGE);
	}
	check(!rmm_inspect_undelegated(h.rmm, NOWHERE, PAGE));
	check(!rmm_inspect_nonsecure(h.rmm, NOWHERE, PAGE));
	check(!rmm_inspect_undelegated(h.rmm, LOW_BASE + LOW_SIZE - PAGE, 2 * PAGE));
	check(!rmm_inspect_nonsecure(h.rmm, LOW_BASE + LOW_SIZE - PAGE, 2 * PAGE));
	/* What is another's is not the RMM's, and not the Host's either; AAP is everybody's. */
	gpt_pa = pa + PAGE;
	check(!rmm_set_gpt(h.rmm, gpt_pa, RMM_GPT_SECURE));
	check(rmm_inspect_undelegated(h.rmm, pa, 3 * PAGE));
	check(!rmm_inspect_nonsecure(h.rmm, pa, 3 * PAGE));
	check(!rmm_set_gpt(h.rmm, gpt_pa, RMM_GPT_AAP));
	check(rmm_inspect_nonsecure(h.rmm, pa, 3 * PAGE));
	host_end(&h);
}
END_TEST

Suite *suite_memory(void)
{
	Suite *suite = suite_create("memory");
	TCase *tcase = tcase_create("granules");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_delegate_wipes);
	tcase_add_test(tcase, test_release_wipes);
	tcase_add_test(tcase, test_wipes_wherever_written);
	tcase_add_test(tcase, test_gpt_changed);
	tcase_add_test(tcase, test_set_gpt);
	tcase_add_test(tcase, test_clean_is_not_touched);
	tcase_add_test(tcase, test_clean_ends_with_a_write);
	tcase_add_test(tcase, test_translate_and_clean);
	tcase_add_test(tcase, test_clean_does_not_leak);
	tcase_add_test(tcase, test_wipe_pattern);
	tcase_add_test(tcase, test_reset);
	tcase_add_test(tcase, test_each_granule);
	tcase_add_test(tcase, test_touched_everywhere);
	tcase_add_test(tcase, test_counts);
	tcase_add_test(tcase, test_names);
	tcase_add_test(tcase, test_inspect_bounds);
	tcase_add_test(tcase, test_hash);
	tcase_add_test(tcase, test_views);
	tcase_add_test(tcase, test_view_is_base);
	tcase_add_test(tcase, test_two_rmms);
	tcase_add_test(tcase, test_hash_is_of_the_state);
	tcase_add_test(tcase, test_destroy_leaves_nothing);
	tcase_add_test(tcase, test_large_bank);
	tcase_add_test(tcase, test_touched_sets);
	tcase_add_test(tcase, test_bank_of_any_size);
	tcase_add_test(tcase, test_config);
	tcase_add_test(tcase, test_no_memory);
	tcase_add_test(tcase, test_inspect_ranges);
	tcase_add_test(tcase, test_default_config);
	suite_add_tcase(suite, tcase);
	return suite;
}
