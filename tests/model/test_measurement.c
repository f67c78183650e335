/* SPDX-License-Identifier: BSD-3-Clause */
/* RIM and REM against every vector, and what they do not depend on: section 7 of the facts. */
#include <stdio.h>
#include "support.h"
#include "vectors.h"

#define BASE UINT64_C(0x40000000)

/* Both values of a vector, by hash_algo. */
#define VECTOR(id)                                                                                 \
	(const char *const[2])                                                                     \
	{                                                                                          \
		id##_SHA_256, id##_SHA_512                                                         \
	}

struct params {
	uint64_t flags;
	uint8_t s2sz, sve_vl, num_bps, num_wps, pmu_num_ctrs;
	int level;
	uint32_t num;
};

static const struct params a2 = {0, 41, 0, 5, 5, 0, 1, 4};

/* A host that can do all that a vector asks for. */
static void start(struct host *h)
{
	host_init_config(h);
	h->config.lpa2 = true;
	h->config.s2sz = 52;
	h->config.sve = true;
	h->config.sve_vl = 15;
	host_start(h);
}

static void create(struct host *h, struct realm *r, const struct params *p, uint8_t algo)
{
	realm_prepare_as(h, r, p->s2sz, p->level, p->num);
	r->p->flags = p->flags;
	r->p->sve_vl = p->sve_vl;
	r->p->num_bps = p->num_bps;
	r->p->num_wps = p->num_wps;
	r->p->pmu_num_ctrs = p->pmu_num_ctrs;
	r->p->hash_algo = algo;
	ok(h, RMI_REALM_CREATE, r->rd, r->params);
}

static void check_measurement(struct host *h, const struct realm *r, unsigned int index,
			      const char *hex)
{
	struct rmm_realm_view view;
	char got[129] = "";

	check(rmm_inspect_realm(h->rmm, r->rd, &view));
	for (size_t i = 0; i < 64; i++) {
		if (i < strlen(hex) / 2)
			sprintf(got + 2 * i, "%02x", view.measurements[index][i]);
		else
			check_eq(view.measurements[index][i], 0);
	}
	ck_assert_str_eq(got, hex);
}

static void check_rim(struct host *h, const struct realm *r, const char *const *vector)
{
	check_measurement(h, r, 0, vector[r->p->hash_algo]);
}

static const struct {
	struct params params;
	const char *const rim[2]; /* by hash_algo */
} realm_cases[] = {
	{{0, 48, 0, 1, 1, 0, 0, 1}, {A1_SHA_256, A1_SHA_512}},
	{{0, 41, 0, 5, 5, 0, 1, 4}, {A2_SHA_256, A2_SHA_512}},
	{{0, 40, 0, 15, 15, 0, 1, 2}, {A3_SHA_256, A3_SHA_512}},
	{{0, 32, 0, 1, 1, 0, 1, 1}, {A4_SHA_256, A4_SHA_512}},
	{{1, 52, 0, 5, 3, 0, 0, 16}, {A5_SHA_256, A5_SHA_512}},
	{{2, 48, 15, 5, 5, 0, 0, 1}, {A6_SHA_256, A6_SHA_512}},
	{{4, 48, 0, 5, 5, 6, 0, 1}, {A7_SHA_256, A7_SHA_512}},
	{{7, 52, 3, 15, 15, 31, -1, 1}, {A8_SHA_256, A8_SHA_512}},
	{{4, 48, 0, 5, 5, 0, 0, 1}, {A9_SHA_256, A9_SHA_512}},
};

START_TEST(test_realm_create)
{
	for (uint8_t algo = 0; algo < 2; algo++) {
		for (size_t i = 0; i < sizeof(realm_cases) / sizeof(realm_cases[0]); i++) {
			struct host h;
			struct realm r;

			start(&h);
			create(&h, &r, &realm_cases[i].params, algo);
			check_rim(&h, &r, realm_cases[i].rim);
			for (unsigned int rem = 1; rem <= 4; rem++)
				check_measurement(&h, &r, rem, "");
			host_end(&h);
		}
	}
}
END_TEST

static uint64_t page(struct host *h, int fill)
{
	const uint64_t pa = host_page(h);
	uint8_t *bytes = host_ptr(h, pa);

	for (unsigned int i = 0; i < PAGE; i++)
		bytes[i] = (uint8_t)(fill < 0 ? i : (unsigned int)fill);
	return pa;
}

static void data(struct host *h, struct realm *r, uint64_t ipa, uint64_t src, uint64_t flags)
{
	const uint64_t pa = host_delegated(h);

	realm_tables(h, r, ipa);
	ok(h, RMI_DATA_CREATE, r->rd, pa, ipa, src, flags);
	check(!memcmp(host_ptr(h, pa), host_ptr(h, src), PAGE));
}

static void rec(struct host *h, struct realm *r, uint64_t flags, uint64_t pc, const uint64_t *gprs)
{
	struct rmi_rec_params *params = host_ptr(h, r->rec_params);

	memset(params, 0, sizeof(*params));
	params->flags = flags;
	params->mpidr = r->num_recs;
	params->pc = pc;
	memcpy(params->gprs, gprs, sizeof(params->gprs));
	params->num_aux = 2;
	params->aux[0] = host_delegated(h);
	params->aux[1] = host_delegated(h);
	r->rec[r->num_recs++] = host_delegated(h);
	ok(h, RMI_REC_CREATE, r->rd, r->rec[r->num_recs - 1], r->rec_params);
}

/* What was hashed before is remembered: it is to be the same values, and a reset leaves no others. */
START_TEST(test_remembered_realms)
{
	struct host h;
	struct realm r;

	start(&h);
	/* Each four times, by both algorithms in turn: from the third on nothing is new. */
	for (size_t i = 0; i < 4 * sizeof(realm_cases) / sizeof(realm_cases[0]); i++) {
		create(&h, &r, &realm_cases[i / 4].params, i & 1);
		check_rim(&h, &r, realm_cases[i / 4].rim);
		rmm_reset(h.rmm);
	}
	host_end(&h);
}
END_TEST

/* The RIM of a Realm with one REC. */
static void rec_rim(struct host *h, uint8_t algo, uint64_t pc, const uint64_t *gprs, uint8_t *rim)
{
	struct rmm_realm_view view;
	struct realm r;

	create(h, &r, &a2, algo);
	rec(h, &r, 1, pc, gprs);
	check(rmm_inspect_realm(h->rmm, r.rd, &view));
	memcpy(rim, view.measurements[0], sizeof(view.measurements[0]));
}

START_TEST(test_remembered_recs)
{
	struct host h;

	start(&h);
	/* Each value in turn is another one: eight registers, the PC, none; by both algorithms, and again. */
	for (unsigned int i = 0; i < 40; i++) {
		const unsigned int which = i / 4;
		const uint64_t pc = which == 8 ? 0x1000 : 0;
		const uint8_t algo = i & 1;
		uint64_t gprs[8] = {0};
		uint8_t rim[64], fresh_rim[64];
		struct host fresh;

		if (which < 8)
			gprs[which] = 5;
		start(&fresh);
		rec_rim(&fresh, algo, pc, gprs, fresh_rim);
		host_end(&fresh);
		rec_rim(&h, algo, pc, gprs, rim);
		check(!memcmp(rim, fresh_rim, sizeof(rim)));
		rmm_reset(h.rmm);
	}
	host_end(&h);
}
END_TEST

START_TEST(test_chain)
{
	const uint64_t gprs[8] = {0x48000000, 0, 0, 0, 0, 0, 0, UINT64_C(0x1122334455667788)};

	for (uint8_t algo = 0; algo < 2; algo++) {
		struct host h;
		struct realm r;

		start(&h);
		create(&h, &r, &a2, algo);
		check_rim(&h, &r, VECTOR(B0));
		ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), BASE, 2);
		ok(&h, RMI_RTT_INIT_RIPAS, r.rd, BASE, BASE + 2 * MiB);
		check_rim(&h, &r, VECTOR(B1));
		ok(&h, RMI_RTT_INIT_RIPAS, r.rd, BASE + 2 * MiB, BASE + 4 * MiB);
		check_rim(&h, &r, VECTOR(B2));
		ok(&h, RMI_RTT_INIT_RIPAS, r.rd, BASE + 4 * MiB, BASE + 256 * MiB);
		check_eq(h.regs.x[1], BASE + 256 * MiB);
		check_rim(&h, &r, VECTOR(B128));
		data(&h, &r, BASE, page(&h, 0), 1);
		check_rim(&h, &r, VECTOR(B129));
		data(&h, &r, BASE + PAGE, page(&h, -1), 1);
		check_rim(&h, &r, VECTOR(B130));
		data(&h, &r, BASE + 2 * PAGE, page(&h, 0x3c), 0);
		check_rim(&h, &r, VECTOR(B131));
		rec(&h, &r, 1, BASE, gprs);
		check_rim(&h, &r, VECTOR(B132));
		rec(&h, &r, 0, BASE + 4, gprs);
		check_rim(&h, &r, VECTOR(B133));
		host_end(&h);
	}
}
END_TEST

START_TEST(test_ripas_granularity)
{
	for (uint8_t algo = 0; algo < 2; algo++) {
		struct host h;
		struct realm r;

		start(&h);
		create(&h, &r, &a2, algo);
		ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), BASE, 2);
		ok(&h, RMI_RTT_INIT_RIPAS, r.rd, BASE, BASE + 4 * MiB);
		check_rim(&h, &r, VECTOR(C1));
		create(&h, &r, &a2, algo);
		realm_tables(&h, &r, BASE);
		realm_tables(&h, &r, BASE + 2 * MiB);
		ok(&h, RMI_RTT_INIT_RIPAS, r.rd, BASE, BASE + 4 * MiB);
		ok(&h, RMI_RTT_INIT_RIPAS, r.rd, BASE + 2 * MiB, BASE + 4 * MiB);
		check_rim(&h, &r, VECTOR(C2));
		create(&h, &r, &a2, algo);
		ok(&h, RMI_RTT_INIT_RIPAS, r.rd, BASE, 2 * BASE);
		check_rim(&h, &r, VECTOR(C3));
		create(&h, &r, &a2, algo);
		ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), BASE, 2);
		ok(&h, RMI_RTT_INIT_RIPAS, r.rd, BASE, 2 * BASE);
		check_rim(&h, &r, VECTOR(C4));
		create(&h, &r, &a2, algo);
		realm_tables(&h, &r, 0);
		ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 0, PAGE);
		check_rim(&h, &r, VECTOR(C5));
		host_end(&h);
	}
}
END_TEST

START_TEST(test_data_create)
{
	for (uint8_t algo = 0; algo < 2; algo++) {
		struct host h;
		struct realm r;

		start(&h);
		create(&h, &r, &a2, algo);
		data(&h, &r, 0, page(&h, 0), 1);
		check_rim(&h, &r, VECTOR(D1));
		create(&h, &r, &a2, algo);
		data(&h, &r, BASE, page(&h, 0xff), 1);
		check_rim(&h, &r, VECTOR(D2));
		create(&h, &r, &a2, algo);
		data(&h, &r, BASE, page(&h, 0x77), 0);
		check_rim(&h, &r, VECTOR(D3));
		create(&h, &r, &a2, algo);
		data(&h, &r, 0x7ffff000, page(&h, -1), 1);
		check_rim(&h, &r, VECTOR(D4));
		if (algo == 0) {
			create(&h, &r, &a2, algo);
			data(&h, &r, BASE, page(&h, 0), 1);
			check_measurement(&h, &r, 0, H1_SHA_256);
		}
		host_end(&h);
	}
}
END_TEST

START_TEST(test_rec_create)
{
	const uint64_t zero[8] = {0}, count[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	uint64_t ones[8];

	memset(ones, 0xff, sizeof(ones));
	for (uint8_t algo = 0; algo < 2; algo++) {
		struct host h;
		struct realm r;

		start(&h);
		create(&h, &r, &a2, algo);
		rec(&h, &r, 1, 0, zero);
		check_rim(&h, &r, VECTOR(E1));
		create(&h, &r, &a2, algo);
		rec(&h, &r, 1, 0x80000000, count);
		check_rim(&h, &r, VECTOR(E2));
		create(&h, &r, &a2, algo);
		rec(&h, &r, 0, 0x80000000, count);
		check_rim(&h, &r, VECTOR(E3));
		create(&h, &r, &a2, algo);
		rec(&h, &r, 1, UINT64_MAX, ones);
		check_rim(&h, &r, VECTOR(E4));
		host_end(&h);
	}
}
END_TEST

START_TEST(test_order)
{
	const uint64_t zero[8] = {0};

	for (uint8_t algo = 0; algo < 2; algo++) {
		struct host h;
		struct realm r;
		uint64_t src;

		start(&h);
		src = page(&h, 0);
		create(&h, &r, &a2, algo);
		data(&h, &r, BASE, src, 1);
		rec(&h, &r, 1, 0, zero);
		check_rim(&h, &r, VECTOR(F1));
		create(&h, &r, &a2, algo);
		rec(&h, &r, 1, 0, zero);
		data(&h, &r, BASE, src, 1);
		check_rim(&h, &r, VECTOR(F2));
		create(&h, &r, &a2, algo);
		data(&h, &r, BASE, src, 1);
		ok(&h, RMI_DATA_DESTROY, r.rd, BASE);
		data(&h, &r, BASE, src, 1);
		check_rim(&h, &r, VECTOR(F3));
		host_end(&h);
	}
}
END_TEST

START_TEST(test_not_measured)
{
	/* S3 and section 7.5: two Realms that differ in all that is not measured have the same RIM. */
	const uint64_t gprs[8] = {9, 8, 7};
	struct rmm_realm_view views[2];
	struct host h;
	struct realm r;

	start(&h);
	for (unsigned int i = 0; i < 2; i++) {
		struct rmi_rec_params *params;
		const uint8_t junk = i ? 0xa7 : 0;

		realm_prepare_as(&h, &r, 40, i ? 0 : 1, i ? 1 : 2);
		memset(r.p->rpv, junk, sizeof(r.p->rpv));
		memset(r.p->sbz_009, junk, sizeof(r.p->sbz_009));
		memset(r.p->sbz_011, junk, sizeof(r.p->sbz_011));
		memset(r.p->sbz_019, junk, sizeof(r.p->sbz_019));
		memset(r.p->sbz_021, junk, sizeof(r.p->sbz_021));
		memset(r.p->sbz_029, junk, sizeof(r.p->sbz_029));
		memset(r.p->sbz_031, junk, sizeof(r.p->sbz_031));
		memset(r.p->sbz_440, junk, sizeof(r.p->sbz_440));
		memset(r.p->sbz_802, junk, sizeof(r.p->sbz_802));
		memset(r.p->sbz_81c, junk, sizeof(r.p->sbz_81c));
		ok(&h, RMI_REALM_CREATE, r.rd, r.params);
		for (int level = i ? 1 : 2; level <= 3; level++)
			ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 0, (uint64_t)level);
		ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 0, 4 * PAGE);
		host_page(&h);
		data(&h, &r, PAGE, page(&h, i ? 0x11 : 0x22), 0);
		params = host_ptr(&h, r.rec_params);
		if (i) {
			/* A first REC that is not runnable: another mpidr, other auxiliary granules. */
			rec(&h, &r, 0, 0, gprs);
			ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), UINT64_C(1) << 39, 1);
			ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, UINT64_C(1) << 39, 1, 0xd8);
		}
		rec(&h, &r, 1, 0x1000, gprs);
		memset(params, 0, sizeof(*params));
		if (i) {
			/* None of these, nor commands that fail. */
			ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, host_delegated(&h), 2 * PAGE);
			ok(&h, RMI_DATA_DESTROY, r.rd, 2 * PAGE);
			ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 2 * MiB, 3);
			ok(&h, RMI_RTT_FOLD, r.rd, 2 * MiB, 3);
			ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 2 * MiB, 3);
			ok(&h, RMI_RTT_DESTROY, r.rd, 2 * MiB, 3);
			ok(&h, RMI_RTT_UNMAP_UNPROTECTED, r.rd, UINT64_C(1) << 39, 1);
			expect(&h, RTT(3), "rtte_state", RMI_RTT_INIT_RIPAS, r.rd, PAGE, 2 * PAGE);
			expect(&h, RTT(3), "rtte_state", RMI_DATA_CREATE, r.rd, host_delegated(&h),
			       PAGE, r.run, 1);
			ok(&h, RMI_REC_DESTROY, r.rec[0]);
			realm_activate(&h, &r);
		}
		check(rmm_inspect_realm(h.rmm, r.rd, &views[i]));
	}
	check(!memcmp(views[0].measurements, views[1].measurements, sizeof(views[0].measurements)));
	host_end(&h);
}
END_TEST

START_TEST(test_measured)
{
	/* Every bit of each measured field of REALM_CREATE counts; flags with the bits that mean nothing. */
	struct rmm_realm_view first, other;
	struct host h;
	struct realm r;

	start(&h);
	create(&h, &r, &a2, 0);
	check(rmm_inspect_realm(h.rmm, r.rd, &first));
	realm_prepare_as(&h, &r, 41, 1, 4);
	r.p->flags = UINT64_C(1) << 63;
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	check(rmm_inspect_realm(h.rmm, r.rd, &other));
	check(memcmp(first.measurements, other.measurements, 64));
	host_end(&h);
}
END_TEST

/* --- REMs --- */

struct rem {
	uint64_t index, size;
	uint64_t status;
	uint64_t out[9];
};

static void extend(struct host *h, struct rmm_cpu *cpu)
{
	struct rem *rem = h->realm_arg;
	uint64_t *gprs = rmm_cpu_regs(cpu)->gprs;
	uint8_t value[64];

	for (unsigned int i = 0; i < 64; i++)
		value[i] = (uint8_t)i;
	gprs[0] = RSI_MEASUREMENT_EXTEND;
	gprs[1] = rem->index;
	gprs[2] = rem->size;
	memcpy(&gprs[3], value, sizeof(value));
	gprs[11] = UINT64_MAX;
	check(rmm_cpu_smc(cpu) == RMM_CONTINUE);
	rem->status = gprs[0];
	check_eq(gprs[1] | gprs[2] | gprs[3], 0);
}

static void read_measurement(struct host *h, struct rmm_cpu *cpu)
{
	struct rem *rem = h->realm_arg;
	uint64_t *gprs = rmm_cpu_regs(cpu)->gprs;

	for (unsigned int i = 0; i < 31; i++)
		gprs[i] = UINT64_C(0xfeedfacefeedface);
	gprs[0] = RSI_MEASUREMENT_READ;
	gprs[1] = rem->index;
	check(rmm_cpu_smc(cpu) == RMM_CONTINUE);
	memcpy(rem->out, gprs, sizeof(rem->out));
	for (unsigned int i = 9; i < 31; i++)
		check_eq(gprs[i], UINT64_C(0xfeedfacefeedface));
}

static void start_rem(struct host *h, struct realm *r, uint8_t algo, bool padded)
{
	host_init_config(h);
	h->config.rem_zero_padded = padded;
	host_start(h);
	realm_prepare(h, r);
	r->p->hash_algo = algo;
	ok(h, RMI_REALM_CREATE, r->rd, r->params);
	realm_add_rec(h, r, true);
	realm_activate(h, r);
}

START_TEST(test_rem)
{
	const struct {
		uint64_t size;
		unsigned int times;
		const char *const *rem, *const *padded;
	} cases[] = {
		{0, 1, VECTOR(G1), VECTOR(G1_PADDED)},
		{1, 1, VECTOR(G2), VECTOR(G2_PADDED)},
		{32, 1, VECTOR(G3), VECTOR(G3_PADDED)},
		{64, 1, VECTOR(G4), VECTOR(G4_PADDED)},
		{32, 2, VECTOR(G5), NULL},
	};

	for (uint8_t algo = 0; algo < 2; algo++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			for (int padded = 0; padded < 2; padded++) {
				const char *const *vector = padded ? cases[i].padded : cases[i].rem;
				struct rem rem = {.index = 1 + i % 4, .size = cases[i].size};
				struct rmm_realm_view before, after;
				struct host h;
				struct realm r;

				if (!vector)
					continue;
				start_rem(&h, &r, algo, padded);
				check(rmm_inspect_realm(h.rmm, r.rd, &before));
				for (unsigned int n = 0; n < cases[i].times; n++) {
					enter(&h, &r, extend, &rem);
					check_eq(rem.status, RSI_SUCCESS);
				}
				check_measurement(&h, &r, (unsigned int)rem.index, vector[algo]);
				/* The others are as they were. */
				check(rmm_inspect_realm(h.rmm, r.rd, &after));
				for (unsigned int k = 0; k < 5; k++) {
					if (k != rem.index)
						check(!memcmp(before.measurements[k],
							      after.measurements[k], 64));
				}
				host_end(&h);
			}
		}
	}
}
END_TEST

START_TEST(test_rem_errors)
{
	struct rem bad[] = {{.index = 0, .size = 32},
			    {.index = 5, .size = 32},
			    {.index = UINT64_MAX, .size = 32},
			    {.index = 1, .size = 65},
			    {.index = 4, .size = UINT64_MAX}};
	const char *const labels[] = {"index_bound", "index_bound", "index_bound", "size_bound",
				      "size_bound"};
	struct host h;
	struct realm r;

	start_rem(&h, &r, 0, false);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rmm_realm_view before, after;

		check(rmm_inspect_realm(h.rmm, r.rd, &before));
		enter(&h, &r, extend, &bad[i]);
		check_eq(bad[i].status, RSI_ERROR_INPUT);
		ck_assert_str_eq(rmm_last_realm_call(h.rmm).command, "MEASUREMENT_EXTEND");
		ck_assert_str_eq(rmm_last_realm_call(h.rmm).condition, labels[i]);
		check(rmm_inspect_realm(h.rmm, r.rd, &after));
		check(!memcmp(before.measurements, after.measurements,
			      sizeof(before.measurements)));
	}
	host_end(&h);
}
END_TEST

START_TEST(test_measurement_read)
{
	for (uint8_t algo = 0; algo < 2; algo++) {
		struct rem rem = {.index = 3, .size = 32};
		struct rmm_realm_view view;
		struct host h;
		struct realm r;

		start_rem(&h, &r, algo, false);
		enter(&h, &r, extend, &rem);
		check(rmm_inspect_realm(h.rmm, r.rd, &view));
		for (rem.index = 0; rem.index <= 4; rem.index++) {
			enter(&h, &r, read_measurement, &rem);
			check_eq(rem.out[0], RSI_SUCCESS);
			check(!memcmp(&rem.out[1], view.measurements[rem.index], 64));
		}
		for (rem.index = 5; rem.index; rem.index <<= 29) {
			enter(&h, &r, read_measurement, &rem);
			check_eq(rem.out[0], RSI_ERROR_INPUT);
			ck_assert_str_eq(rmm_last_realm_call(h.rmm).condition, "index_bound");
			for (unsigned int i = 1; i <= 8; i++)
				check_eq(rem.out[i], 0);
		}
		host_end(&h);
	}
}
END_TEST

Suite *suite_measurement(void)
{
	Suite *suite = suite_create("measurement");
	TCase *tcase = tcase_create("vectors");

	tcase_add_test(tcase, test_realm_create);
	tcase_add_test(tcase, test_remembered_realms);
	tcase_add_test(tcase, test_remembered_recs);
	tcase_add_test(tcase, test_chain);
	tcase_add_test(tcase, test_ripas_granularity);
	tcase_add_test(tcase, test_data_create);
	tcase_add_test(tcase, test_rec_create);
	tcase_add_test(tcase, test_order);
	tcase_add_test(tcase, test_not_measured);
	tcase_add_test(tcase, test_measured);
	tcase_add_test(tcase, test_rem);
	tcase_add_test(tcase, test_rem_errors);
	tcase_add_test(tcase, test_measurement_read);
	suite_add_tcase(suite, tcase);
	return suite;
}
