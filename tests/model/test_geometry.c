/* SPDX-License-Identifier: BSD-3-Clause */
/* Starting levels, concatenation, IPA widths, ends of tables: sections 2.1 and 2.5 of the facts. */
#include "support.h"

/* The table of section 2.1. */
struct geometry {
	int level;
	uint8_t first,
		last; /* widths that start with one table, or where it differs: one row each */
	uint32_t num;
	bool lpa2; /* only then */
};

static const struct geometry valid[] = {
	{2, 32, 32, 4, false}, {2, 33, 33, 8, false},  {2, 34, 34, 16, false},
	{1, 32, 39, 1, false}, {1, 40, 40, 2, false},  {1, 41, 41, 4, false},
	{1, 42, 42, 8, false}, {1, 43, 43, 16, false}, {0, 40, 48, 1, false},
	{0, 49, 49, 2, true},  {0, 50, 50, 4, true},   {0, 51, 51, 8, true},
	{0, 52, 52, 16, true}, {-1, 49, 52, 1, true},
};

static bool is_valid(int level, unsigned int width, uint32_t num, bool lpa2)
{
	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
		const struct geometry *g = &valid[i];

		if (g->level == level && width >= g->first && width <= g->last && g->num == num &&
		    (lpa2 || !g->lpa2))
			return true;
	}
	return false;
}

static void check_geometries(struct host *h, bool lpa2)
{
	const uint32_t nums[] = {0, 1, 2, 3, 4, 5, 8, 15, 16, 17, 32};
	const uint64_t rtt = host_delegated_n(h, 32);
	struct realm r;

	realm_prepare(h, &r);
	r.p->flags = lpa2 ? RMI_REALM_FLAG_LPA2 : 0;
	for (int level = -2; level <= 4; level++) {
		for (unsigned int width = 32; width <= h->config.s2sz; width++) {
			for (size_t i = 0; i < sizeof(nums) / sizeof(nums[0]); i++) {
				r.p->rtt_level_start = level;
				r.p->rtt_num_start = nums[i];
				r.p->s2sz = (uint8_t)width;
				r.p->rtt_base = rtt;
				if (nums[i])
					r.p->rtt_base = (rtt + nums[i] * PAGE - 1) /
							(nums[i] * PAGE) * (nums[i] * PAGE);
				if (is_valid(level, width, nums[i], lpa2)) {
					ok(h, RMI_REALM_CREATE, r.rd, r.params);
					ok(h, RMI_REALM_DESTROY, r.rd);
				} else {
					expect(h, INPUT, "rtt_num_level", RMI_REALM_CREATE, r.rd,
					       r.params);
				}
			}
		}
	}
}

START_TEST(test_geometries)
{
	struct host h;

	host_init(&h);
	check_geometries(&h, false);
	host_end(&h);
}
END_TEST

static void host_init_lpa2(struct host *h)
{
	host_init_config(h);
	h->config.lpa2 = true;
	h->config.s2sz = 52;
	host_start(h);
}

START_TEST(test_geometries_lpa2)
{
	struct host h;

	host_init_lpa2(&h);
	check_geometries(&h, true);
	/* Without the flag an IPA space has 48 bits at most, whatever the platform can do. */
	check_geometries(&h, false);
	host_end(&h);
}
END_TEST

START_TEST(test_level_0_needs_44_bits)
{
	struct host h;
	struct realm r;

	for (uint8_t bits = 43; bits <= 44; bits++) {
		host_init_config(&h);
		h.config.s2sz = bits;
		host_start(&h);
		realm_prepare_as(&h, &r, 40, 0, 1);
		expect(&h, bits < 44 ? INPUT : SUCCESS, bits < 44 ? "rtt_num_level" : NULL,
		       RMI_REALM_CREATE, r.rd, r.params);
		host_end(&h);
	}
}
END_TEST

/* Each geometry's halves, limits and table ends. */
static void check_space(struct host *h, const struct geometry *g, unsigned int width)
{
	const int level = g->level;
	const uint64_t size = PAGE << (9 * (3 - level));
	const uint64_t half = UINT64_C(1) << (width - 1);
	const uint64_t entries = level < 0 ? 16 : 512;
	struct realm r;

	realm_prepare_as(h, &r, (uint8_t)width, level, g->num);
	r.p->flags = g->lpa2 ? RMI_REALM_FLAG_LPA2 : 0;
	ok(h, RMI_REALM_CREATE, r.rd, r.params);
	for (unsigned int i = 0; i < 4; i++) {
		const uint64_t ipas[] = {0, half - size, half, 2 * half - size};
		const uint64_t ipa = ipas[i];
		const uint64_t end = (ipa / (entries * size) + 1) * (entries * size);
		struct rmm_entry_view e;

		ok(h, RMI_RTT_READ_ENTRY, r.rd, ipa, (uint64_t)level);
		check_eq(h->regs.x[1], (uint64_t)(int64_t)level);
		check(rmm_inspect_entry(h->rmm, r.rd, ipa, 3, &e));
		check_eq(e.hipas, ipa < half ? RMM_UNASSIGNED : RMM_UNASSIGNED_NS);
		check_eq(e.ripas, ipa < half ? RMM_EMPTY : RMM_RIPAS_NONE);
		check_eq(e.size, size);
		check_eq(e.ipa, ipa);
		check_eq(e.table, r.rtt_base + ipa / size / 512 * PAGE);
		/* Nothing is live: top is the end of the one starting table, not clipped to anything. */
		if (ipa < half) {
			expect(h, RTT(level), "rtt_walk", RMI_DATA_DESTROY, r.rd, ipa + PAGE);
			check_eq(h->regs.x[2], end);
		} else {
			expect(h, RTT(level), "rtt_walk", RMI_RTT_UNMAP_UNPROTECTED, r.rd,
			       ipa + PAGE, 3);
			check_eq(h->regs.x[1], end);
		}
		expect(h, RTT(level), "rtte_state", RMI_RTT_DESTROY, r.rd, ipa,
		       (uint64_t)level + 1);
		check_eq(h->regs.x[2], end);
	}
	expect(h, INPUT, "ipa_bound", RMI_RTT_READ_ENTRY, r.rd, 2 * half, (uint64_t)level);
	check(!rmm_inspect_entry(h->rmm, r.rd, 2 * half, 3, &(struct rmm_entry_view){0}));
	expect(h, INPUT, "ipa_bound", RMI_DATA_DESTROY, r.rd, half);
	check_eq(h->regs.x[2], 0);
	expect(h, INPUT, "ipa_bound", RMI_RTT_UNMAP_UNPROTECTED, r.rd, half - PAGE, 3);
	check_eq(h->regs.x[1], 0);
	expect(h, INPUT, "ipa_bound", RMI_RTT_UNMAP_UNPROTECTED, r.rd, 2 * half, 3);
	/* Tables under the first and the last entry of the protected half, all the way down. */
	for (unsigned int i = 0; i < 2; i++) {
		const uint64_t last = i ? half - PAGE : 0;

		for (int l = level + 1; l <= 3; l++) {
			const uint64_t ipa = last & ~((PAGE << (9 * (4 - l))) - 1);

			if (read_entry(h, &r, ipa, l - 1).state != RMI_RTTE_TABLE)
				ok(h, RMI_RTT_CREATE, r.rd, host_delegated(h), ipa, (uint64_t)l);
		}
		ok(h, RMI_DATA_CREATE_UNKNOWN, r.rd, host_delegated(h), last);
		check_eq(read_entry(h, &r, last, 3).level, 3);
		check_eq(read_entry(h, &r, last, 3).state, RMI_RTTE_ASSIGNED);
	}
	realm_destroy(h, &r);
}

START_TEST(test_spaces)
{
	struct host h;

	host_init_lpa2(&h);
	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
		for (unsigned int width = valid[i].first; width <= valid[i].last; width++)
			check_space(&h, &valid[i], width);
	}
	host_end(&h);
}
END_TEST

START_TEST(test_top_unclipped)
{
	/* The example of section 2.5: w = 32, starting level 1, top is far outside the IPA space. */
	struct host h;
	struct realm r;

	host_init(&h);
	realm_prepare_as(&h, &r, 32, 1, 1);
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	expect(&h, RTT(1), "rtt_walk", RMI_DATA_DESTROY, r.rd, 0);
	check_eq(h.regs.x[2], UINT64_C(0x8000000000));
	/* It can lie in the other half: a live unprotected entry ends the scan from a protected IPA. */
	ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 3 * GiB, 2);
	expect(&h, RTT(1), "rtt_walk", RMI_DATA_DESTROY, r.rd, 0);
	check_eq(h.regs.x[2], 3 * GiB);
	host_end(&h);
}
END_TEST

START_TEST(test_concatenated_tables)
{
	/* w = 34 from level 2 by 16 tables: each is one granule, and scans end with it. */
	struct host h;
	struct realm r;

	host_init(&h);
	realm_prepare_as(&h, &r, 34, 2, 16);
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	for (uint64_t i = 0; i < 16; i++) {
		const bool protected = i < 8;

		ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), i * GiB + 2 * MiB * 511, 3);
		check_eq(refcount_of(&h, r.rtt_base + i * PAGE), 1);
		if (protected)
			expect(&h, RTT(2), "rtt_walk", RMI_DATA_DESTROY, r.rd, i * GiB);
		else
			expect(&h, RTT(2), "rtt_walk", RMI_RTT_UNMAP_UNPROTECTED, r.rd, i * GiB, 3);
		check_eq(h.regs.x[protected ? 2 : 1], i * GiB + 2 * MiB * 511);
		if (i < 15) {
			expect(&h, RTT(2), "rtte_state", RMI_RTT_DESTROY, r.rd, (i + 1) * GiB, 3);
			check_eq(h.regs.x[2], (i + 2) * GiB);
		}
	}
	/* A table in any of them keeps the Realm alive. */
	for (uint64_t i = 0; i < 16; i++) {
		expect(&h, REALM(0), "realm_live", RMI_REALM_DESTROY, r.rd);
		ok(&h, RMI_RTT_DESTROY, r.rd, i * GiB + 2 * MiB * 511, 3);
		check_eq(h.regs.x[2], (i + 1) * GiB);
	}
	ok(&h, RMI_REALM_DESTROY, r.rd);
	for (uint64_t i = 0; i < 16; i++)
		check_eq(state_of(&h, r.rtt_base + i * PAGE), RMM_GRANULE_DELEGATED);
	host_end(&h);
}
END_TEST

START_TEST(test_lpa2_addresses)
{
	const uint64_t half = UINT64_C(1) << 51;
	/* All bits of an output address, of which 51:50 are shown in bits 9:8 of a descriptor. */
	const uint64_t addr = UINT64_C(0xfffffffe00000);
	struct host h;
	struct realm r;

	host_init_lpa2(&h);
	realm_prepare_as(&h, &r, 52, 0, 16);
	r.p->flags = RMI_REALM_FLAG_LPA2;
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	for (int level = 1; level <= 3; level++) {
		ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 0, (uint64_t)level);
		ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), half, (uint64_t)level);
	}
	/* Data and tables above 48 bits. */
	check_eq(call(&h, RMI_GRANULE_DELEGATE, HIGH_BASE), SUCCESS);
	check_eq(call(&h, RMI_GRANULE_DELEGATE, HIGH_BASE + PAGE), SUCCESS);
	ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, HIGH_BASE, 0);
	check_eq(read_entry(&h, &r, 0, 3).desc, HIGH_BASE);
	ok(&h, RMI_RTT_CREATE, r.rd, HIGH_BASE + PAGE, 2 * MiB, 3);
	check_eq(read_entry(&h, &r, 2 * MiB, 2).desc, HIGH_BASE + PAGE);
	ok(&h, RMI_DATA_DESTROY, r.rd, 0);
	check_eq(h.regs.x[1], HIGH_BASE);
	/* A mapping of the last 2 MiB of 52 bits. */
	ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, half + 2 * MiB, 2,
	   (addr & UINT64_C(0x3ffffffffffff)) | 3 << 8 | 0xd8);
	check_eq(read_entry(&h, &r, half + 2 * MiB, 2).desc,
		 (addr & UINT64_C(0x3ffffffffffff)) | 3 << 8 | 0xd8);
	ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), half + 2 * MiB, 3);
	check_eq(read_entry(&h, &r, half + 4 * MiB - PAGE, 3).desc,
		 UINT64_C(0x3fffffffff000) | 3 << 8 | 0xd8);
	/* Bits 50 and up are no address bits, 11:10 and 63:50 stay forbidden, alignment counts 51:50. */
	expect(&h, INPUT, "attr_valid", RMI_RTT_MAP_UNPROTECTED, r.rd, half, 3,
	       UINT64_C(1) << 50 | 0xd8);
	expect(&h, INPUT, "attr_valid", RMI_RTT_MAP_UNPROTECTED, r.rd, half, 3, 0x4d8);
	expect(&h, INPUT, "attr_valid", RMI_RTT_MAP_UNPROTECTED, r.rd, half, 3, 0x8d8);
	host_end(&h);
}
END_TEST

START_TEST(test_lpa2_level_minus_1)
{
	const uint64_t size = UINT64_C(1) << 48;
	struct host h;
	struct realm r;

	host_init_lpa2(&h);
	realm_prepare_as(&h, &r, 52, -1, 1);
	r.p->flags = RMI_REALM_FLAG_LPA2;
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	/* A negative level in an index is two's complement of eight bits: 0xff. */
	expect(&h, 0xff04, "rtt_walk", RMI_RTT_CREATE, r.rd, host_delegated(&h), 0, 1);
	expect(&h, 0xff04, "rtt_walk", RMI_DATA_DESTROY, r.rd, 0);
	check_eq(h.regs.x[2], 16 * size);
	/* Only 16 of its entries exist. */
	ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 15 * size, 0);
	expect(&h, 0xff04, "rtt_walk", RMI_DATA_DESTROY, r.rd, 0);
	check_eq(h.regs.x[2], 15 * size);
	ok(&h, RMI_RTT_DESTROY, r.rd, 15 * size, 0);
	check_eq(h.regs.x[2], 16 * size);
	/* All UNASSIGNED folds at level 0 too. */
	ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), 0, 0);
	ok(&h, RMI_RTT_FOLD, r.rd, 0, 0);
	ok(&h, RMI_REALM_DESTROY, r.rd);
	host_end(&h);
}
END_TEST

START_TEST(test_rtt_bounds_of_level_0)
{
	struct host h;
	struct realm r;

	host_init(&h);
	realm_prepare_as(&h, &r, 48, 0, 1);
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	/* Level 0 can be read and holds tables, but no mappings. */
	check_eq(read_entry(&h, &r, 0, 0).level, 0);
	expect(&h, INPUT, "level_bound", RMI_RTT_MAP_UNPROTECTED, r.rd, UINT64_C(1) << 47, 0, 0xd8);
	expect(&h, INPUT, "level_bound", RMI_RTT_UNMAP_UNPROTECTED, r.rd, UINT64_C(1) << 47, 0);
	expect(&h, RTT(0), "rtt_walk", RMI_RTT_MAP_UNPROTECTED, r.rd, UINT64_C(1) << 47, 1, 0xd8);
	ok(&h, RMI_RTT_CREATE, r.rd, host_delegated(&h), UINT64_C(1) << 47, 1);
	ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, UINT64_C(1) << 47, 1, 0xd8);
	expect(&h, INPUT, "level_bound", RMI_RTT_CREATE, r.rd, host_delegated(&h), 0, 0);
	expect(&h, INPUT, "level_bound", RMI_RTT_READ_ENTRY, r.rd, 0, UINT64_MAX);
	host_end(&h);
}
END_TEST

START_TEST(test_min_ipa_width)
{
	struct host h;
	struct realm r;

	host_init_config(&h);
	h.config.min_ipa_width = 36;
	host_start(&h);
	realm_prepare_as(&h, &r, 35, 1, 1);
	expect(&h, INPUT, "params_supp", RMI_REALM_CREATE, r.rd, r.params);
	r.p->s2sz = 36;
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	host_end(&h);
}
END_TEST

START_TEST(test_level_3)
{
	/* The formula of section 2.1 for level 3, of which only a platform with small IPA spaces has a use. */
	const struct {
		uint8_t width;
		uint32_t num;
		bool valid;
	} cases[] = {
		{13, 1, true},	{21, 1, true},	{22, 2, true},	 {25, 16, true},
		{22, 1, false}, {25, 8, false}, {26, 16, false}, {26, 32, false},
	};
	struct host h;
	struct realm r;

	host_init_config(&h);
	h.config.min_ipa_width = 13;
	host_start(&h);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint64_t half = UINT64_C(1) << (cases[i].width - 1);

		realm_prepare_as(&h, &r, cases[i].width, 3, cases[i].num);
		expect(&h, cases[i].valid ? SUCCESS : INPUT,
		       cases[i].valid ? NULL : "rtt_num_level", RMI_REALM_CREATE, r.rd, r.params);
		if (!cases[i].valid)
			continue;
		ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, host_delegated(&h), half - PAGE);
		ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, half, 3, 0xd8);
		expect(&h, INPUT, "level_bound", RMI_RTT_CREATE, r.rd, host_delegated(&h), 0, 3);
		ok(&h, RMI_DATA_DESTROY, r.rd, half - PAGE);
		ok(&h, RMI_REALM_DESTROY, r.rd);
	}
	host_end(&h);
}
END_TEST

Suite *suite_geometry(void)
{
	Suite *suite = suite_create("geometry");
	TCase *tcase = tcase_create("RTT");

	tcase_add_test(tcase, test_geometries);
	tcase_add_test(tcase, test_geometries_lpa2);
	tcase_add_test(tcase, test_level_0_needs_44_bits);
	tcase_add_test(tcase, test_spaces);
	tcase_add_test(tcase, test_top_unclipped);
	tcase_add_test(tcase, test_concatenated_tables);
	tcase_add_test(tcase, test_lpa2_addresses);
	tcase_add_test(tcase, test_lpa2_level_minus_1);
	tcase_add_test(tcase, test_rtt_bounds_of_level_0);
	tcase_add_test(tcase, test_min_ipa_width);
	tcase_add_test(tcase, test_level_3);
	suite_add_tcase(suite, tcase);
	return suite;
}
