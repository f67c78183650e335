/* SPDX-License-Identifier: BSD-3-Clause */
/* The worked examples of the facts (section 10), row by row. */
#include "support.h"

#define UNPROT UINT64_C(0x8000000000)

/* expect() and the value of one output register. */
#define expect_out(host, x0, label, reg, value, fid, ...)                                          \
	do {                                                                                       \
		expect(host, x0, label, fid, __VA_ARGS__);                                         \
		check_eq((host)->regs.x[reg], value);                                              \
	} while (0)

START_TEST(test_rtt_scenario)
{
	struct host h;
	struct realm r;
	uint64_t rd, t1, t2, t3, d1, d2, n1, src;

	host_init(&h);
	realm_create(&h, &r);
	rd = r.rd;
	t1 = host_delegated(&h);
	t2 = host_delegated(&h);
	t3 = host_delegated(&h);
	d1 = host_delegated(&h);
	d2 = host_delegated(&h);
	n1 = host_pages(&h, 512);
	src = host_page(&h);

	/* 1 */
	ok(&h, RMI_RTT_READ_ENTRY, rd, 0, 3);
	check_eq(h.regs.x[1], 1);
	check_eq(h.regs.x[2], 0);
	check_eq(h.regs.x[3], 0);
	check_eq(h.regs.x[4], 0);
	/* 2..7 */
	expect(&h, RTT(1), "rtt_walk", RMI_DATA_CREATE, rd, d1, 0x1000, src, 1);
	expect_out(&h, RTT(1), "rtt_walk", 2, UNPROT, RMI_DATA_DESTROY, rd, 0x1000);
	expect(&h, RTT(1), "rtt_walk", RMI_RTT_CREATE, rd, t1, 0, 3);
	expect(&h, INPUT, "ipa_align", RMI_RTT_CREATE, rd, t1, 0x200000, 2);
	expect(&h, INPUT, "level_bound", RMI_RTT_CREATE, rd, t1, 0, 1);
	expect(&h, RTT(1), "no_progress", RMI_RTT_INIT_RIPAS, rd, 0, 0x400000);
	/* 8..13 */
	ok(&h, RMI_RTT_CREATE, rd, t1, 0, 2);
	expect(&h, RTT(1), "rtte_state", RMI_RTT_CREATE, rd, t2, 0, 2);
	expect_out(&h, SUCCESS, NULL, 1, 0x400000, RMI_RTT_INIT_RIPAS, rd, 0, 0x400000);
	expect(&h, RTT(2), "base_align", RMI_RTT_INIT_RIPAS, rd, 0x1000, 0x3000);
	expect_out(&h, SUCCESS, NULL, 1, 0x400000, RMI_RTT_INIT_RIPAS, rd, 0x200000, 0x500000);
	ok(&h, RMI_RTT_CREATE, rd, t2, 0, 3);
	for (uint64_t i = 0; i < 512; i++) {
		const struct entry_now e = read_entry(&h, &r, i * PAGE, 3);

		check_eq(e.level, 3);
		check_eq(e.state, RMI_RTTE_UNASSIGNED);
		check_eq(e.ripas, RMI_RIPAS_RAM);
	}
	/* 14..17 */
	ok(&h, RMI_DATA_CREATE, rd, d1, 0, src, 1);
	expect(&h, RTT(3), "rtte_state", RMI_DATA_CREATE, rd, d2, 0, src, 1);
	ok(&h, RMI_DATA_CREATE_UNKNOWN, rd, d2, 0x3000);
	check_eq(read_entry(&h, &r, 0x3000, 3).ripas, RMI_RIPAS_RAM);
	expect(&h, RTT(3), "rtte_state", RMI_RTT_INIT_RIPAS, rd, 0, 0x1000);
	/* 18..21 */
	expect_out(&h, RTT(3), "rtt_live", 2, 0, RMI_RTT_DESTROY, rd, 0, 3);
	expect_out(&h, RTT(2), "rtt_live", 2, 0, RMI_RTT_DESTROY, rd, 0, 2);
	expect_out(&h, RTT(2), "rtte_state", 2, 0x40000000, RMI_RTT_DESTROY, rd, 0x200000, 3);
	expect(&h, RTT(3), "rtt_homo", RMI_RTT_FOLD, rd, 0, 3);
	/* 22..27 */
	expect_out(&h, SUCCESS, NULL, 2, 0x3000, RMI_DATA_DESTROY, rd, 0);
	check_eq(h.regs.x[1], d1);
	check_eq(read_entry(&h, &r, 0, 3).ripas, RMI_RIPAS_DESTROYED);
	expect_out(&h, RTT(3), "rtte_state", 2, 0x3000, RMI_DATA_DESTROY, rd, 0);
	expect_out(&h, SUCCESS, NULL, 2, 0x200000, RMI_DATA_DESTROY, rd, 0x3000);
	check_eq(h.regs.x[1], d2);
	expect(&h, RTT(3), "rtt_homo", RMI_RTT_FOLD, rd, 0, 3);
	expect_out(&h, SUCCESS, NULL, 2, 0x40000000, RMI_RTT_DESTROY, rd, 0, 3);
	check_eq(h.regs.x[1], t2);
	ok(&h, RMI_RTT_READ_ENTRY, rd, 0, 2);
	check_eq(h.regs.x[1], 2);
	check_eq(h.regs.x[2], 0);
	check_eq(h.regs.x[3], 0);
	check_eq(h.regs.x[4], 2);
	/* 28..36 */
	ok(&h, RMI_RTT_CREATE, rd, t2, UNPROT, 2);
	ok(&h, RMI_RTT_MAP_UNPROTECTED, rd, UNPROT, 2, n1 | 0xd8);
	expect(&h, RTT(2), "rtt_walk", RMI_RTT_MAP_UNPROTECTED, rd, UNPROT + 0x1000, 3, n1 | 0xd8);
	expect_out(&h, RTT(2), "rtt_walk", 1, UNPROT + 0x1000, RMI_RTT_UNMAP_UNPROTECTED, rd,
		   UNPROT + 0x1000, 3);
	ok(&h, RMI_RTT_CREATE, rd, t3, UNPROT, 3);
	for (uint64_t i = 0; i < 512; i++) {
		const struct entry_now e = read_entry(&h, &r, UNPROT + i * PAGE, 3);

		check_eq(e.level, 3);
		check_eq(e.state, RMI_RTTE_ASSIGNED);
		check_eq(e.desc, (n1 + i * PAGE) | 0xd8);
		check_eq(e.ripas, 0);
	}
	expect_out(&h, RTT(2), "rtte_state", 1, UNPROT, RMI_RTT_UNMAP_UNPROTECTED, rd, UNPROT, 2);
	expect_out(&h, SUCCESS, NULL, 1, UNPROT + 0x1000, RMI_RTT_UNMAP_UNPROTECTED, rd, UNPROT, 3);
	expect_out(&h, RTT(3), "rtte_state", 1, UNPROT + 0x1000, RMI_RTT_UNMAP_UNPROTECTED, rd,
		   UNPROT, 3);
	expect(&h, RTT(3), "rtt_homo", RMI_RTT_FOLD, rd, UNPROT, 3);
	expect_out(&h, SUCCESS, NULL, 2, 0x8040000000, RMI_RTT_DESTROY, rd, UNPROT, 3);
	check_eq(h.regs.x[1], t3);
	check_eq(read_entry(&h, &r, UNPROT, 2).state, RMI_RTTE_UNASSIGNED);
	/* 37..44 */
	expect(&h, INPUT, "attr_valid", RMI_RTT_MAP_UNPROTECTED, rd, UNPROT, 2, n1 | 0xd1);
	expect(&h, INPUT, "addr_align", RMI_RTT_MAP_UNPROTECTED, rd, UNPROT, 2,
	       (n1 + 0x1000) | 0xd8);
	expect(&h, INPUT, "ipa_bound", RMI_RTT_MAP_UNPROTECTED, rd, 0, 3, n1 | 0xd8);
	expect(&h, REALM(0), "realm_live", RMI_REALM_DESTROY, rd);
	expect_out(&h, SUCCESS, NULL, 2, UNPROT, RMI_RTT_DESTROY, rd, 0, 2);
	check_eq(h.regs.x[1], t1);
	expect_out(&h, SUCCESS, NULL, 2, 0x10000000000, RMI_RTT_DESTROY, rd, UNPROT, 2);
	check_eq(h.regs.x[1], t2);
	expect_out(&h, RTT(1), "rtte_state", 2, UNPROT, RMI_RTT_DESTROY, rd, 0, 2);
	ok(&h, RMI_REALM_DESTROY, rd);
	host_end(&h);
}
END_TEST

/* One RSI_IPA_STATE_SET of the Realm at the end of an entry; its results at the start of the next. */
struct request {
	uint64_t base, top, ripas, flags;
	uint64_t results[3];
	bool done;
};

static void request_realm(struct host *h, struct rmm_cpu *cpu)
{
	struct request *request = h->realm_arg;

	request->done = rmm_cpu_entry(cpu)->ripas_done;
	memcpy(request->results, rmm_cpu_regs(cpu)->gprs, sizeof(request->results));
	if (request->top)
		check_eq((uint64_t)realm_smc(cpu, RSI_IPA_STATE_SET, request->base, request->top,
					     request->ripas, request->flags),
			 RMM_EXIT);
}

/* REC_ENTER with `response`, whereupon the Realm notes its results and makes the next request. */
static void next_request(struct host *h, struct realm *r, struct request *request, bool reject,
			 uint64_t base, uint64_t top, uint64_t ripas, uint64_t flags)
{
	const struct rmi_rec_exit *exit;

	*request = (struct request){.base = base, .top = top, .ripas = ripas, .flags = flags};
	run_enter(h, r)->flags = reject ? RMI_ENTER_FLAG_RIPAS_RESPONSE : 0;
	exit = enter(h, r, request_realm, request);
	if (!top)
		return;
	check_eq(exit->exit_reason, RMI_EXIT_RIPAS_CHANGE);
	check_eq(exit->ripas_base, base);
	check_eq(exit->ripas_top, top);
	check_eq(exit->ripas_value, ripas);
}

static void check_results(const struct request *request, uint64_t new_base, uint64_t response)
{
	check(request->done);
	check_eq(request->results[0], RSI_SUCCESS);
	check_eq(request->results[1], new_base);
	check_eq(request->results[2], response);
}

START_TEST(test_ripas_scenario)
{
	struct request q;
	struct host h;
	struct realm r;
	uint64_t rd, rec;

	host_init(&h);
	realm_create(&h, &r);
	rd = r.rd;
	rec = realm_add_rec(&h, &r, true);
	/* P0 ASSIGNED/RAM, P1 UNASSIGNED/EMPTY, P2 UNASSIGNED/DESTROYED, P3 UNASSIGNED/EMPTY */
	realm_ram(&h, &r, 0);
	realm_ram(&h, &r, 0x2000);
	ok(&h, RMI_DATA_DESTROY, rd, 0x2000);
	realm_activate(&h, &r);

	/* a */
	next_request(&h, &r, &q, false, 0, 0x4000, RMI_RIPAS_RAM, 0);
	/* b..f */
	expect(&h, INPUT, "base_bound", RMI_RTT_SET_RIPAS, rd, rec, 0x1000, 0x4000);
	expect(&h, INPUT, "top_bound", RMI_RTT_SET_RIPAS, rd, rec, 0, 0x5000);
	expect_out(&h, SUCCESS, NULL, 1, 0x1000, RMI_RTT_SET_RIPAS, rd, rec, 0, 0x1000);
	expect_out(&h, SUCCESS, NULL, 1, 0x2000, RMI_RTT_SET_RIPAS, rd, rec, 0x1000, 0x4000);
	expect(&h, RTT(3), "no_progress", RMI_RTT_SET_RIPAS, rd, rec, 0x2000, 0x4000);
	/* g, h */
	next_request(&h, &r, &q, false, 0x2000, 0x4000, RMI_RIPAS_RAM, 1);
	check_results(&q, 0x2000, 0);
	expect_out(&h, SUCCESS, NULL, 1, 0x4000, RMI_RTT_SET_RIPAS, rd, rec, 0x2000, 0x4000);
	for (uint64_t ipa = 0x2000; ipa < 0x4000; ipa += PAGE) {
		check_eq(read_entry(&h, &r, ipa, 3).state, RMI_RTTE_UNASSIGNED);
		check_eq(read_entry(&h, &r, ipa, 3).ripas, RMI_RIPAS_RAM);
	}
	/* i, and the request of j */
	next_request(&h, &r, &q, true, 0, 0x1000, RMI_RIPAS_EMPTY, 0);
	check_results(&q, 0x4000, 0);
	/* j, and the request of k */
	next_request(&h, &r, &q, true, 0, 0x1000, RMI_RIPAS_RAM, 0);
	check_results(&q, 0, 0);
	/* k */
	next_request(&h, &r, &q, true, 0, 0, 0, 0);
	check_results(&q, 0, 1);
	/* l */
	expect(&h, INPUT, "top_bound", RMI_RTT_SET_RIPAS, rd, rec, 0, 0x1000);
	realm_destroy(&h, &r);
	host_end(&h);
}
END_TEST

Suite *suite_worked(void)
{
	Suite *suite = suite_create("worked examples");
	TCase *tcase = tcase_create("section 10");

	tcase_add_test(tcase, test_rtt_scenario);
	tcase_add_test(tcase, test_ripas_scenario);
	suite_add_tcase(suite, tcase);
	return suite;
}
