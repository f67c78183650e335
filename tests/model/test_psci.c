/* SPDX-License-Identifier: BSD-3-Clause */
/* PSCI of a Realm and RMI_PSCI_COMPLETE: sections 3.15 and 5.3 of the facts. */
#include "support.h"

#define U (UINT64_C(1) << 39)

/* What is in registers that a call does not use; of 64 bits. */
#define JUNK UINT64_C(0x7700000077000)

struct psci {
	uint64_t x[4];
	enum rmm_outcome outcome;
	struct rmm_cpu_regs before, after;
	uint64_t sctlr;
};

static void do_psci(struct host *h, struct rmm_cpu *cpu)
{
	struct psci *p = h->realm_arg;
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);

	regs->pc = 0x1000;
	regs->sctlr_el1 |= p->sctlr;
	for (unsigned int i = 0; i < 31; i++)
		regs->gprs[i] = i < 4 ? p->x[i] : JUNK + i;
	p->before = *regs;
	p->outcome = rmm_cpu_smc(cpu);
	p->after = *regs;
}

static const struct rmi_rec_exit *psci_on(struct host *h, struct realm *r, unsigned int rec,
					  struct psci *p, uint64_t x0, uint64_t x1, uint64_t x2,
					  uint64_t x3)
{
	const uint64_t sctlr = p->sctlr;

	*p = (struct psci){.x = {x0, x1, x2, x3}, .sctlr = sctlr};
	memset(host_ptr(h, r->run + 0x800), 0xff, 0x800);
	h->realm = do_psci;
	h->realm_arg = p;
	ok(h, RMI_REC_ENTER, r->rec[rec], r->run);
	h->realm = NULL;
	return run_exit(h, r);
}
#define psci(h, r, p, x0, x1, x2, x3) psci_on(h, r, 0, p, x0, x1, x2, x3)

/* The call returned at once with `x0`; x1..x3 are zero and the rest is untouched. */
static void check_return(const struct psci *p, int64_t x0)
{
	check(p->outcome == RMM_CONTINUE);
	check_eq(p->after.gprs[0], (uint64_t)x0);
	for (unsigned int i = 1; i < 31; i++)
		check_eq(p->after.gprs[i], i < 4 ? 0 : p->before.gprs[i]);
	check_eq(p->after.pc, 0x1004);
}

static void check_psci_exit(const struct rmi_rec_exit *exit, uint64_t fid, uint64_t mpidr)
{
	struct rmi_rec_exit expected;

	memset(&expected, 0, sizeof(expected));
	expected.exit_reason = RMI_EXIT_PSCI;
	expected.gprs[0] = fid;
	expected.gprs[1] = mpidr;
	check(!memcmp(exit, &expected, sizeof(expected)));
}

/* A Realm with two RECs, of which the first runs; REC 1 is runnable or not. */
static void start(struct host *h, struct realm *r, uint64_t tfrmm, bool runnable)
{
	host_init_config(h);
	h->config.tfrmm = tfrmm;
	host_start(h);
	realm_create(h, r);
	realm_add_rec(h, r, true);
	realm_add_rec(h, r, runnable);
	realm_add_rec(h, r, false);
	realm_activate(h, r);
}

START_TEST(test_version_and_features)
{
	const uint64_t supported[] = {0x84000000, 0x84000001, 0xC4000001, 0x84000002,
				      0x84000003, 0xC4000003, 0x84000004, 0xC4000004,
				      0x84000008, 0x84000009, 0x8400000A, 0x80000000};
	const uint64_t others[] = {0x84000005, 0x84000006, 0x84000007, 0xC4000008,
				   0x8400000B, 0xC4000012, 0xC4000190, 0};
	struct host h;
	struct realm r;
	struct psci p = {0};

	start(&h, &r, 0, false);
	psci(&h, &r, &p, PSCI_VERSION, 1, 2, 3);
	check_return(&p, 0x10001);
	for (size_t i = 0; i < sizeof(supported) / sizeof(supported[0]); i++) {
		psci(&h, &r, &p, PSCI_FEATURES, supported[i], 0, 0);
		check_return(&p, 0);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		psci(&h, &r, &p, PSCI_FEATURES, others[i], 0, 0);
		check_return(&p, -1);
	}
	host_end(&h);
}
END_TEST

START_TEST(test_suspend)
{
	const uint64_t fids[] = {PSCI_CPU_SUSPEND, PSCI_CPU_SUSPEND_32};

	for (int i = 0; i < 2; i++) {
		struct host h;
		struct realm r;
		struct psci p = {0};
		struct rmm_rec_view rec;

		start(&h, &r, 0, false);
		check_psci_exit(psci(&h, &r, &p, fids[i], 1, 2, 3), fids[i], 0);
		check(p.outcome == RMM_EXIT);
		/* It may be entered again at any time, and finds 0. */
		check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
		check(!rec.psci_pending && rec.runnable);
		check_eq(rec.gprs[0] | rec.gprs[1] | rec.gprs[2] | rec.gprs[3], 0);
		check_eq(rec.gprs[4], JUNK + 4);
		check_eq(rec.pc, 0x1004);
		ok(&h, RMI_REC_ENTER, r.rec[0], r.run);
		host_end(&h);
	}
}
END_TEST

START_TEST(test_off)
{
	struct host h;
	struct realm r;
	struct psci p = {0};
	struct rmm_rec_view rec;

	start(&h, &r, 0, false);
	check_psci_exit(psci(&h, &r, &p, PSCI_CPU_OFF, 1, 2, 3), PSCI_CPU_OFF, 0);
	check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
	check(!rec.runnable && !rec.psci_pending);
	expect(&h, REC, "rec_runnable", RMI_REC_ENTER, r.rec[0], r.run);
	host_end(&h);
}
END_TEST

START_TEST(test_system_off)
{
	const uint64_t fids[] = {PSCI_SYSTEM_OFF, PSCI_SYSTEM_RESET};

	for (int i = 0; i < 2; i++) {
		struct host h;
		struct realm r;
		struct psci p = {0};
		struct rmm_realm_view view;

		start(&h, &r, 0, true);
		check_psci_exit(psci(&h, &r, &p, fids[i], 1, 2, 3), fids[i], 0);
		check(rmm_inspect_realm(h.rmm, r.rd, &view));
		check_eq(view.state, RMM_REALM_SYSTEM_OFF);
		expect(&h, REALM(1), "system_off", RMI_REC_ENTER, r.rec[0], r.run);
		expect(&h, REALM(1), "system_off", RMI_REC_ENTER, r.rec[1], r.run);
		expect(&h, REALM(0), "realm_state", RMI_REALM_ACTIVATE, r.rd);
		realm_destroy(&h, &r);
		host_end(&h);
	}
}
END_TEST

START_TEST(test_cpu_on_checks)
{
	/* In the order of section 5.3: entry, then mpidr, then the caller itself. */
	const struct {
		uint64_t mpidr, entry;
		int64_t x0;
	} cases[] = {
		{1, U, -9},
		{99, U, -9},
		{0, U, -9},
		{1, UINT64_MAX, -9},
		{3, 0, -2},
		{0x100, 0, -2},
		{0x10000, 0, -2},
		{UINT64_C(1) << 32, 0, -2},
		{0, U - 4, -4},
		{0, 0, -4},
		{0xf, 0, -2},
		/* Bits outside the affinity fields do not count (4.5). */
		{UINT64_C(0x80) << 24, 0, -4},
		{0x10, 0, -4},
		{UINT64_C(0xffffff) << 40, 0, -4},
	};
	struct host h;
	struct realm r;
	struct psci p = {0};

	start(&h, &r, 0, false);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_eq(psci(&h, &r, &p, PSCI_CPU_ON, cases[i].mpidr, cases[i].entry, 5)
				 ->exit_reason,
			 RMI_EXIT_FIQ);
		check_return(&p, cases[i].x0);
	}
	host_end(&h);
}
END_TEST

START_TEST(test_affinity_info_checks)
{
	const struct {
		uint64_t mpidr, level;
		int64_t x0;
	} cases[] = {{1, 1, -2}, {99, 1, -2}, {0, 1, -2}, {3, 0, -2}, {0, 0, 0}};
	struct host h;
	struct realm r;
	struct psci p = {0};

	start(&h, &r, 0, false);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		psci(&h, &r, &p, PSCI_AFFINITY_INFO, cases[i].mpidr, cases[i].level, 5);
		check_return(&p, cases[i].x0);
	}
	host_end(&h);
}
END_TEST

START_TEST(test_smc32_arguments)
{
	/* The SMC32 forms take 32 bits of each register. */
	const uint64_t junk = UINT64_C(0xdeadbeef00000000);
	struct host h;
	struct realm r;
	struct psci p = {0};
	struct rmm_rec_view rec;

	start(&h, &r, 0, false);
	psci(&h, &r, &p, PSCI_AFFINITY_INFO_32, junk, junk, junk);
	check_return(&p, 0);
	check_eq(p.after.gprs[4], JUNK + 4);
	check_psci_exit(psci(&h, &r, &p, PSCI_CPU_ON_32, junk | 1, junk | 0x2000, junk | 5),
			PSCI_CPU_ON_32, 1);
	check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
	check(rec.psci_pending);
	ok(&h, RMI_PSCI_COMPLETE, r.rec[0], r.rec[1], PSCI_SUCCESS);
	check(rmm_inspect_rec(h.rmm, r.rec[1], &rec));
	check_eq(rec.pc, 0x2000);
	check_eq(rec.gprs[0], 5);
	/* The hint bit is no part of the function that the Host and PSCI_COMPLETE see. */
	check_psci_exit(psci(&h, &r, &p, PSCI_CPU_ON | 0x10000, 2, 0x2000, 0), PSCI_CPU_ON, 2);
	host_end(&h);
}
END_TEST

static void note_start(struct host *h, struct rmm_cpu *cpu)
{
	struct psci *p = h->realm_arg;

	p->after = *rmm_cpu_regs(cpu);
	p->outcome = rmm_cpu_entry(cpu)->psci_done ? RMM_EXIT : RMM_CONTINUE;
}

/* What the calling REC finds when it runs again. */
static void check_result(struct host *h, struct realm *r, int64_t x0)
{
	struct psci p = {0};

	enter(h, r, note_start, &p);
	check(p.outcome == RMM_EXIT);
	check_eq(p.after.gprs[0], (uint64_t)x0);
	check_eq(p.after.gprs[1] | p.after.gprs[2] | p.after.gprs[3], 0);
	check_eq(p.after.gprs[4], JUNK + 4);
	check_eq(p.after.pc, 0x1004);
	enter(h, r, note_start, &p);
	check(p.outcome == RMM_CONTINUE);
}

/* REC 1 of a Realm had these registers when it was turned off. */
static void turn_off_rec_1(struct host *h, struct realm *r)
{
	struct psci p = {0};

	psci_on(h, r, 1, &p, PSCI_CPU_OFF, 11, 12, 13);
}

START_TEST(test_cpu_on)
{
	/* Q17: the target's gprs[1..30] are zero; the reference leaves them. */
	for (int tfrmm = 0; tfrmm < 2; tfrmm++) {
		struct host h;
		struct realm r;
		struct psci p = {0};
		struct rmm_rec_view rec;

		start(&h, &r, tfrmm ? RMM_TFRMM_Q17 : 0, true);
		turn_off_rec_1(&h, &r);
		/* Big-endian, with the MMU on: the first is inherited, the second is not. */
		p.sctlr = UINT64_C(3) << 24 | 1;
		check_psci_exit(
			psci(&h, &r, &p, PSCI_CPU_ON, 1, 0x40002000, UINT64_C(0x123456789abcdef0)),
			PSCI_CPU_ON, 1);
		check(p.outcome == RMM_EXIT);
		check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
		check(rec.psci_pending);
		expect(&h, REC, "rec_psci", RMI_REC_ENTER, r.rec[0], r.run);
		expect(&h, REC, "rec_runnable", RMI_REC_ENTER, r.rec[1], r.run);
		ok(&h, RMI_PSCI_COMPLETE, r.rec[0], r.rec[1], PSCI_SUCCESS);
		check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
		check(!rec.psci_pending);
		check(rmm_inspect_rec(h.rmm, r.rec[1], &rec));
		check(rec.runnable);
		check_result(&h, &r, 0);
		h.realm = note_start;
		h.realm_arg = &p;
		ok(&h, RMI_REC_ENTER, r.rec[1], r.run);
		check_eq(p.after.pc, 0x40002000);
		check_eq(p.after.gprs[0], UINT64_C(0x123456789abcdef0));
		check_eq(p.after.pstate, 0x3c5);
		check_eq(p.after.sctlr_el1 & 1, 0);
		check_eq(p.after.sctlr_el1 >> 24 & 3, 3);
		for (uint64_t i = 1; i < 31; i++)
			check_eq(p.after.gprs[i], !tfrmm ? 0 : i < 4 ? 10 + i : JUNK + i);
		/* A second completion is refused. */
		expect(&h, INPUT, "pending", RMI_PSCI_COMPLETE, r.rec[0], r.rec[1], PSCI_SUCCESS);
		host_end(&h);
	}
}
END_TEST

START_TEST(test_cpu_on_runnable)
{
	struct host h;
	struct realm r;
	struct psci p = {0};
	struct rmm_rec_view before, after;

	memset(&before, 0, sizeof(before));
	memset(&after, 0, sizeof(after));
	start(&h, &r, 0, true);
	psci(&h, &r, &p, PSCI_CPU_ON, 1, 0x2000, 5);
	check(rmm_inspect_rec(h.rmm, r.rec[1], &before));
	ok(&h, RMI_PSCI_COMPLETE, r.rec[0], r.rec[1], PSCI_SUCCESS);
	check(rmm_inspect_rec(h.rmm, r.rec[1], &after));
	check(!memcmp(&before, &after, sizeof(before)));
	check_result(&h, &r, PSCI_ALREADY_ON);
	host_end(&h);
}
END_TEST

START_TEST(test_cpu_on_denied)
{
	struct host h;
	struct realm r;
	struct psci p = {0};
	struct rmm_rec_view rec;

	start(&h, &r, 0, false);
	psci(&h, &r, &p, PSCI_CPU_ON, 1, 0x2000, 5);
	ok(&h, RMI_PSCI_COMPLETE, r.rec[0], r.rec[1], (uint64_t)PSCI_DENIED);
	check(rmm_inspect_rec(h.rmm, r.rec[1], &rec));
	check(!rec.runnable);
	check_eq(rec.pc, 0);
	check_result(&h, &r, PSCI_DENIED);
	host_end(&h);
}
END_TEST

START_TEST(test_cpu_on_denied_runnable)
{
	/* Q7: refused and nothing changes; the reference completes it with ALREADY_ON all the same. */
	struct host h;
	struct realm r;
	struct psci p = {0};

	start(&h, &r, 0, true);
	psci(&h, &r, &p, PSCI_CPU_ON, 1, 0x2000, 5);
	expect(&h, INPUT, "status", RMI_PSCI_COMPLETE, r.rec[0], r.rec[1], (uint64_t)PSCI_DENIED);
	ok(&h, RMI_PSCI_COMPLETE, r.rec[0], r.rec[1], PSCI_SUCCESS);
	check_result(&h, &r, PSCI_ALREADY_ON);
	host_end(&h);

	start(&h, &r, RMM_TFRMM_Q7, true);
	psci(&h, &r, &p, PSCI_CPU_ON, 1, 0x2000, 5);
	check_eq(call(&h, RMI_PSCI_COMPLETE, r.rec[0], r.rec[1], 1), INPUT);
	check_eq(call(&h, RMI_PSCI_COMPLETE, r.rec[0], r.rec[1], (uint64_t)PSCI_DENIED), INPUT);
	ck_assert_str_eq(rmm_last_call(h.rmm).condition, "status");
	check_result(&h, &r, PSCI_ALREADY_ON);
	/* Only that: a REC that is off is denied as ever. */
	psci(&h, &r, &p, PSCI_CPU_ON, 2, 0x2000, 5);
	ok(&h, RMI_PSCI_COMPLETE, r.rec[0], r.rec[2], (uint64_t)PSCI_DENIED);
	check_result(&h, &r, PSCI_DENIED);
	host_end(&h);
}
END_TEST

START_TEST(test_affinity_info)
{
	const uint64_t fids[] = {PSCI_AFFINITY_INFO, PSCI_AFFINITY_INFO_32};

	for (int runnable = 0; runnable < 2; runnable++) {
		for (int i = 0; i < 2; i++) {
			struct host h;
			struct realm r;
			struct psci p = {0};

			start(&h, &r, 0, runnable);
			check_psci_exit(psci(&h, &r, &p, fids[i], 1, 0, 9), fids[i], 1);
			expect(&h, REC, "rec_psci", RMI_REC_ENTER, r.rec[0], r.run);
			expect(&h, INPUT, "status", RMI_PSCI_COMPLETE, r.rec[0], r.rec[1],
			       (uint64_t)PSCI_DENIED);
			ok(&h, RMI_PSCI_COMPLETE, r.rec[0], r.rec[1], PSCI_SUCCESS);
			check_result(&h, &r, runnable ? 0 : 1);
			host_end(&h);
		}
	}
}
END_TEST

/* REC 1 runs, and has just asked to be turned off; meanwhile the Host completes a request about it. */
static void complete_about_me(struct host *h, struct rmm_cpu *cpu)
{
	struct realm *r = h->realm_arg;

	h->realm = NULL;
	check(realm_smc(cpu, PSCI_CPU_OFF, 0, 0, 0, 0) == RMM_EXIT);
	ok(h, RMI_PSCI_COMPLETE, r->rec[0], r->rec[1], PSCI_SUCCESS);
}

START_TEST(test_target_running)
{
	struct host h;
	struct realm r;
	struct psci p = {0};
	struct rmm_rec_view rec;

	start(&h, &r, 0, true);
	psci(&h, &r, &p, PSCI_CPU_ON, 1, 0x2000, 5);
	h.realm = complete_about_me;
	h.realm_arg = &r;
	ok(&h, RMI_REC_ENTER, r.rec[1], r.run);
	check(rmm_inspect_rec(h.rmm, r.rec[1], &rec));
	check(!rec.runnable);
	check_result(&h, &r, PSCI_ALREADY_ON);
	host_end(&h);
}
END_TEST

START_TEST(test_destroyed_target)
{
	/* Q13: the index of a destroyed REC still counts; the caller then waits for ever. */
	struct host h;
	struct realm r;
	struct psci p = {0};

	start(&h, &r, 0, false);
	ok(&h, RMI_REC_DESTROY, r.rec[2]);
	check_psci_exit(psci(&h, &r, &p, PSCI_CPU_ON, 2, 0x2000, 5), PSCI_CPU_ON, 2);
	expect(&h, INPUT, "target_state", RMI_PSCI_COMPLETE, r.rec[0], r.rec[2], PSCI_SUCCESS);
	expect(&h, INPUT, "target", RMI_PSCI_COMPLETE, r.rec[0], r.rec[1], PSCI_SUCCESS);
	expect(&h, REC, "rec_psci", RMI_REC_ENTER, r.rec[0], r.run);
	ok(&h, RMI_REC_DESTROY, r.rec[0]);
	host_end(&h);
}
END_TEST

START_TEST(test_psci_mpidr_layout)
{
	/* 18 RECs: index 17 is Aff1 1, Aff0 1 in either layout; Aff3 is at 39:32 here. */
	struct host h;
	struct realm r;
	struct psci p = {0};
	struct rmi_rec_params *params;
	uint64_t last = 0;

	host_init_config(&h);
	h.config.rec_aux = 0;
	host_start(&h);
	realm_create(&h, &r);
	realm_add_rec(&h, &r, true);
	params = host_ptr(&h, r.rec_params);
	for (uint64_t i = 1; i < 18; i++) {
		params->mpidr = (i & 15) | i / 16 << 8;
		params->flags = 0;
		last = host_delegated(&h);
		ok(&h, RMI_REC_CREATE, r.rd, last, r.rec_params);
	}
	realm_activate(&h, &r);
	psci(&h, &r, &p, PSCI_CPU_ON, 0x102, 0x2000, 5);
	check_return(&p, PSCI_INVALID_PARAMETERS);
	check_psci_exit(psci(&h, &r, &p, PSCI_CPU_ON, 0x101, 0x2000, 5), PSCI_CPU_ON, 0x101);
	ok(&h, RMI_PSCI_COMPLETE, r.rec[0], last, PSCI_SUCCESS);
	host_end(&h);
}
END_TEST

Suite *suite_psci(void)
{
	Suite *suite = suite_create("PSCI");
	TCase *tcase = tcase_create("Realm");

	tcase_add_test(tcase, test_version_and_features);
	tcase_add_test(tcase, test_suspend);
	tcase_add_test(tcase, test_off);
	tcase_add_test(tcase, test_system_off);
	tcase_add_test(tcase, test_cpu_on_checks);
	tcase_add_test(tcase, test_affinity_info_checks);
	tcase_add_test(tcase, test_smc32_arguments);
	tcase_add_test(tcase, test_cpu_on);
	tcase_add_test(tcase, test_cpu_on_runnable);
	tcase_add_test(tcase, test_cpu_on_denied);
	tcase_add_test(tcase, test_cpu_on_denied_runnable);
	tcase_add_test(tcase, test_affinity_info);
	tcase_add_test(tcase, test_target_running);
	tcase_add_test(tcase, test_destroyed_target);
	tcase_add_test(tcase, test_psci_mpidr_layout);
	suite_add_tcase(suite, tcase);
	return suite;
}
