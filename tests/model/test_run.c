/* SPDX-License-Identifier: BSD-3-Clause */
/* REC_ENTER: the run page, events, nested calls. VERSION and FEATURES. Sections 3.1, 3.2, 4.3, 4.4, 6. */
#include "support.h"

#define U (UINT64_C(1) << 39)

START_TEST(test_version)
{
	/* The table of section 3.1 for an RMM that supports {1.0}; X1 and X2 are valid on failure too. */
	const struct {
		uint64_t request, x0;
	} cases[] = {
		{0x10000, SUCCESS}, {0x10001, INPUT}, {0x20000, INPUT},	   {0, INPUT},
		{1, INPUT},	    {0xffff, INPUT},  {0x7fffffff, INPUT},
	};
	struct host h;

	host_init(&h);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect(&h, cases[i].x0, cases[i].x0 ? "version" : NULL, RMI_VERSION,
		       cases[i].request);
		check_eq(h.regs.x[1], 0x10000);
		check_eq(h.regs.x[2], 0x10000);
		check_eq(h.regs.x[3], 0);
	}
	host_end(&h);
}
END_TEST

START_TEST(test_features)
{
	/* Each field of section 4.3 by its bits, each with a value that is no other's. */
	struct host h;

	host_init_config(&h);
	h.config.s2sz = 45;
	h.config.sve = true;
	h.config.sve_vl = 13;
	h.config.num_bps = 41;
	h.config.num_wps = 38;
	h.config.pmu = false;
	h.config.pmu_num_ctrs = 21;
	h.config.hash_sha_256 = false;
	h.config.hash_sha_512 = true;
	h.config.gicv3_num_lrs = 10;
	h.config.max_recs_order = 6;
	host_start(&h);
	ok(&h, RMI_FEATURES, 0);
	check_eq(h.regs.x[1], 45 | 0 << 8 | 1 << 9 | 13 << 10 | 41 << 14 | 38 << 20 | 0 << 26 |
				      UINT64_C(21) << 27 | UINT64_C(0) << 32 | UINT64_C(1) << 33 |
				      UINT64_C(10) << 34 | UINT64_C(6) << 38);
	ok(&h, RMI_FEATURES, 1);
	check_eq(h.regs.x[1], 0);
	ok(&h, RMI_FEATURES, UINT64_MAX);
	check_eq(h.regs.x[1], 0);
	host_end(&h);
	host_init_config(&h);
	h.config.lpa2 = true;
	h.config.s2sz = 52;
	host_start(&h);
	ok(&h, RMI_FEATURES, 0);
	/* The defaults, as the header names them. */
	check_eq(h.regs.x[1], 52 | 1 << 8 | 15 << 14 | 15 << 20 | 1 << 26 | UINT64_C(31) << 27 |
				      UINT64_C(3) << 32 | UINT64_C(3) << 34 | UINT64_C(10) << 38);
	host_end(&h);
}
END_TEST

START_TEST(test_ns_accesses)
{
	/* What the Host owns is read once, and only the run page is written. */
	struct host h;
	struct realm r;
	uint64_t src;

	host_init(&h);
	realm_prepare(&h, &r);
	h.reads = h.writes = 0;
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	check_eq(h.reads, 1);
	realm_add_rec(&h, &r, true);
	realm_tables(&h, &r, 0);
	src = host_page(&h);
	h.reads = 0;
	ok(&h, RMI_DATA_CREATE, r.rd, host_delegated(&h), 0, src, 1);
	check_eq(h.reads, 1);
	ok(&h, RMI_DATA_DESTROY, r.rd, 0);
	realm_activate(&h, &r);
	check_eq(h.reads, 1);
	check_eq(h.writes, 0);
	h.reads = 0;
	ok(&h, RMI_REC_ENTER, r.rec[0], r.run);
	check_eq(h.reads, 1);
	check_eq(h.writes, 1);
	host_end(&h);
}
END_TEST

START_TEST(test_features_matter)
{
	/* What feature register 0 does not offer, REALM_CREATE refuses; and what it does, not. */
	struct host h;
	struct realm r;

	host_init_config(&h);
	h.config.hash_sha_256 = false;
	h.config.sve = true;
	h.config.sve_vl = 3;
	h.config.pmu_num_ctrs = 6;
	h.config.num_bps = 5;
	h.config.num_wps = 6;
	h.config.s2sz = 40;
	host_start(&h);
	realm_prepare(&h, &r);
	expect(&h, INPUT, "params_supp", RMI_REALM_CREATE, r.rd, r.params);
	r.p->hash_algo = RMI_HASH_SHA_512;
	r.p->flags = RMI_REALM_FLAG_SVE | RMI_REALM_FLAG_PMU;
	r.p->sve_vl = 4;
	r.p->pmu_num_ctrs = 6;
	expect(&h, INPUT, "params_supp", RMI_REALM_CREATE, r.rd, r.params);
	r.p->sve_vl = 3;
	r.p->pmu_num_ctrs = 7;
	expect(&h, INPUT, "params_supp", RMI_REALM_CREATE, r.rd, r.params);
	r.p->pmu_num_ctrs = 6;
	r.p->num_bps = 6;
	expect(&h, INPUT, "params_supp", RMI_REALM_CREATE, r.rd, r.params);
	r.p->num_bps = 5;
	r.p->num_wps = 7;
	expect(&h, INPUT, "params_supp", RMI_REALM_CREATE, r.rd, r.params);
	r.p->num_wps = 6;
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	ok(&h, RMI_REALM_DESTROY, r.rd);
	/* Without the flags these fields do not count. Unknown flags do not either. */
	r.p->flags = UINT64_MAX << 3;
	r.p->sve_vl = 15;
	r.p->pmu_num_ctrs = 31;
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	host_end(&h);
	host_init_config(&h);
	h.config.hash_sha_512 = false;
	h.config.pmu = false;
	host_start(&h);
	realm_prepare(&h, &r);
	r.p->hash_algo = RMI_HASH_SHA_512;
	expect(&h, INPUT, "params_supp", RMI_REALM_CREATE, r.rd, r.params);
	r.p->hash_algo = RMI_HASH_SHA_256;
	r.p->flags = RMI_REALM_FLAG_PMU;
	expect(&h, INPUT, "params_supp", RMI_REALM_CREATE, r.rd, r.params);
	r.p->flags = 0;
	ok(&h, RMI_REALM_CREATE, r.rd, r.params);
	host_end(&h);
}
END_TEST

START_TEST(test_unknown_fids)
{
	const uint64_t fids[] = {
		0,	     0xC400014F,    0xC4000156,	 0xC4000160,	0xC4000163,
		0xC400016A,  0xC400018F,    RSI_VERSION, RSI_HOST_CALL, PSCI_VERSION,
		PSCI_CPU_ON, SMCCC_VERSION, 0x84000150,	 0xC4020150,	UINT32_MAX};
	struct host h;

	host_init(&h);
	for (size_t i = 0; i < sizeof(fids) / sizeof(fids[0]); i++) {
		check_eq(call(&h, fids[i], 1, 2, 3, 4), UINT64_MAX);
		check_eq(h.regs.x[1] | h.regs.x[2] | h.regs.x[3] | h.regs.x[4], 0);
		ck_assert_ptr_null(rmm_last_call(h.rmm).command);
		ck_assert_ptr_null(rmm_last_call(h.rmm).condition);
	}
	/* Bit 16 is a hint, and the identifier is W0. */
	check_eq(call(&h, RMI_VERSION | 0x10000, 0x10000), SUCCESS);
	check_eq(call(&h, RMI_VERSION | UINT64_C(0xdead) << 32, 0x10000), SUCCESS);
	ck_assert_str_eq(rmm_last_call(h.rmm).command, "VERSION");
	host_end(&h);
}
END_TEST

START_TEST(test_aux_count)
{
	for (uint8_t n = 0; n <= 16; n++) {
		struct host h;
		struct realm r;

		host_init_config(&h);
		h.config.rec_aux = n;
		host_start(&h);
		realm_create(&h, &r);
		ok(&h, RMI_REC_AUX_COUNT, r.rd);
		check_eq(h.regs.x[1], n);
		realm_add_rec(&h, &r, true);
		check_eq(rmm_inspect_count(h.rmm, RMM_GRANULE_REC_AUX), n);
		for (unsigned int i = 0; i < n; i++)
			check_eq(state_of(&h, r.aux[0][i]), RMM_GRANULE_REC_AUX);
		check_eq(state_of(&h, r.rec[0]), RMM_GRANULE_REC);
		check_eq(refcount_of(&h, r.rd), 1);
		ok(&h, RMI_REC_DESTROY, r.rec[0]);
		check_eq(rmm_inspect_count(h.rmm, RMM_GRANULE_REC_AUX), 0);
		check_eq(state_of(&h, r.rec[0]), RMM_GRANULE_DELEGATED);
		check_eq(refcount_of(&h, r.rd), 0);
		host_end(&h);
	}
}
END_TEST

static void ask_about_aff2(struct host *h, struct rmm_cpu *cpu)
{
	(void)h;
	check(realm_smc(cpu, PSCI_AFFINITY_INFO, 0x10000, 0, 0, 0) == RMM_EXIT);
}

START_TEST(test_rec_index)
{
	/* Section 4.5: index 15 is 0xF, 16 is 0x100, 17 is 0x101; the index of a destroyed REC is gone. */
	struct host h;
	struct realm r;
	struct rmi_rec_params *params;
	struct rmm_realm_view view;
	uint64_t recs[40];

	host_init_config(&h);
	h.config.rec_aux = 0;
	h.config.max_recs_order = 15;
	host_start(&h);
	realm_create(&h, &r);
	params = host_ptr(&h, r.rec_params);
	params->flags = RMI_REC_FLAG_RUNNABLE;
	for (uint64_t i = 0; i < 40; i++) {
		struct rmm_rec_view rec;

		recs[i] = host_delegated(&h);
		params->mpidr = i + 1;
		if (i % 16 != 15)
			expect(&h, INPUT, "mpidr_index", RMI_REC_CREATE, r.rd, recs[i],
			       r.rec_params);
		/* An index is no field but all of them. */
		for (unsigned int shift = 8; i && shift <= 24; shift += 8) {
			params->mpidr = i << shift;
			if (shift > 8 || i < 16)
				expect(&h, INPUT, "mpidr_index", RMI_REC_CREATE, r.rd, recs[i],
				       r.rec_params);
		}
		params->mpidr = (i & 15) | i / 16 << 8;
		ok(&h, RMI_REC_CREATE, r.rd, recs[i], r.rec_params);
		check(rmm_inspect_rec(h.rmm, recs[i], &rec));
		check_eq(rec.mpidr, params->mpidr);
		check_eq(rec.owner, r.rd);
	}
	ok(&h, RMI_REC_DESTROY, recs[39]);
	expect(&h, INPUT, "mpidr_index", RMI_REC_CREATE, r.rd, recs[39], r.rec_params);
	check(rmm_inspect_realm(h.rmm, r.rd, &view));
	check_eq(view.num_recs, 39);
	check_eq(view.rec_index, 40);
	/* Up to where Aff1 and Aff2 are full: the next is the first of Aff2, of Aff3. */
	for (uint64_t i = 40; i <= 4096; i++) {
		params->mpidr = (i & 15) | (i >> 4 & 255) << 8 | i >> 12 << 16;
		check_eq(call(&h, RMI_REC_CREATE, r.rd, recs[39], r.rec_params), SUCCESS);
		check_eq(call(&h, RMI_REC_DESTROY, recs[39]), SUCCESS);
	}
	check_eq(params->mpidr, 0x10000);
	/* PSCI finds the one of Aff2 too: index 4096. */
	realm_activate(&h, &r);
	h.realm = ask_about_aff2;
	ok(&h, RMI_REC_ENTER, recs[0], r.run);
	check_eq(run_exit(&h, &r)->exit_reason, RMI_EXIT_PSCI);
	host_end(&h);
}
END_TEST

struct seen {
	struct rmm_cpu_regs regs;
	uint64_t rd, rec, mpidr;
	struct rmm_entry entry;
};

static void look(struct host *h, struct rmm_cpu *cpu)
{
	struct seen *seen = h->realm_arg;

	seen->regs = *rmm_cpu_regs(cpu);
	seen->rd = rmm_cpu_rd(cpu);
	seen->rec = rmm_cpu_rec(cpu);
	seen->mpidr = rmm_cpu_mpidr(cpu);
	seen->entry = *rmm_cpu_entry(cpu);
}

START_TEST(test_rec_attributes)
{
	struct seen seen;
	struct host h;
	struct realm r;
	struct rmi_rec_params *params;
	struct rmm_rec_view rec;
	uint64_t pa;

	host_init(&h);
	realm_create(&h, &r);
	realm_add_rec(&h, &r, false);
	params = host_ptr(&h, r.rec_params);
	params->mpidr = 1;
	params->pc = 0x1234567890;
	params->flags = RMI_REC_FLAG_RUNNABLE;
	for (uint64_t i = 0; i < 8; i++)
		params->gprs[i] = 100 + i;
	params->aux[0] = host_delegated(&h);
	params->aux[1] = host_delegated(&h);
	pa = host_delegated(&h);
	/* What is behind the list is no part of it. */
	params->aux[2] = params->aux[0];
	params->aux[3] = pa;
	h.reads = h.writes = 0;
	ok(&h, RMI_REC_CREATE, r.rd, pa, r.rec_params);
	/* The parameters are read, once. */
	check_eq(h.reads, 1);
	check_eq(h.writes, 0);
	check(rmm_inspect_rec(h.rmm, pa, &rec));
	check_eq(rec.rec, pa);
	check_eq(rec.pc, 0x1234567890);
	check(rec.runnable && !rec.running && !rec.psci_pending && !rec.host_call_pending);
	check(!rec.emulatable_abort && rec.ripas_addr == 0 && rec.ripas_top == 0);
	for (uint64_t i = 0; i < 31; i++)
		check_eq(rec.gprs[i], i < 8 ? 100 + i : 0);
	check_eq(rec.num_aux, 2);
	check_eq(rec.aux[0], params->aux[0]);
	check_eq(rec.aux[1], params->aux[1]);
	check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
	check(!rec.runnable);
	check(!rmm_inspect_rec(h.rmm, r.rd, &rec));
	params->mpidr = 2;
	params->aux[0] = host_delegated(&h);
	params->aux[1] = host_delegated(&h);
	params->aux[2] = h.next + 8;
	ok(&h, RMI_REC_CREATE, r.rd, host_delegated(&h), r.rec_params);
	realm_activate(&h, &r);
	h.realm = look;
	h.realm_arg = &seen;
	ok(&h, RMI_REC_ENTER, pa, r.run);
	check_eq(seen.rec, pa);
	check_eq(seen.mpidr, 1);
	check_eq(seen.regs.pc, 0x1234567890);
	host_end(&h);
}
END_TEST

/* --- running --- */

static void look_and_change(struct host *h, struct rmm_cpu *cpu)
{
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);

	look(h, cpu);
	for (unsigned int i = 0; i < 31; i++)
		regs->gprs[i] = 1000 + i;
	regs->pc = 0x4000;
	regs->pstate = 1;
	regs->sp_el0 = 2;
	regs->sp_el1 = 3;
	regs->vbar_el1 = 4;
	regs->elr_el1 = 5;
	regs->spsr_el1 = 6;
	regs->esr_el1 = 7;
	regs->far_el1 = 8;
	regs->sctlr_el1 = 9;
}

START_TEST(test_registers)
{
	struct host h;
	struct realm r;
	struct seen seen;
	struct rmm_cpu_regs expected = {.pc = 0x4000,
					.pstate = 1,
					.sp_el0 = 2,
					.sp_el1 = 3,
					.vbar_el1 = 4,
					.elr_el1 = 5,
					.spsr_el1 = 6,
					.esr_el1 = 7,
					.far_el1 = 8,
					.sctlr_el1 = 9};

	host_init(&h);
	realm_running(&h, &r);
	enter(&h, &r, look_and_change, &seen);
	/* As after reset: EL1h with DAIF masked, MMU off. */
	check_eq(seen.regs.pstate, 0x3c5);
	check_eq(seen.regs.sctlr_el1, 0x30d00800);
	check_eq(seen.regs.pc, 0);
	check_eq(seen.rd, r.rd);
	check_eq(seen.rec, r.rec[0]);
	check_eq(seen.mpidr, 0);
	check(!seen.entry.sea_injected && !seen.entry.mmio_emulated && !seen.entry.ripas_done);
	check(!seen.entry.host_call_done && !seen.entry.psci_done);
	/* The Host's gprs are for other purposes. */
	run_enter(&h, &r)->gprs[0] = 99;
	enter(&h, &r, look_and_change, &seen);
	for (unsigned int i = 0; i < 31; i++)
		expected.gprs[i] = 1000 + i;
	check(!memcmp(&seen.regs, &expected, sizeof(expected)));
	host_end(&h);
}
END_TEST

static void check_zero_but(const struct rmi_rec_exit *exit, const struct rmi_rec_exit *expected)
{
	const uint8_t *got = (const uint8_t *)exit, *want = (const uint8_t *)expected;

	for (size_t i = 0; i < sizeof(*exit); i++)
		ck_assert_msg(got[i] == want[i], "exit byte %zx is %x, expected %x", i, got[i],
			      want[i]);
}

struct event {
	enum rmm_event event;
	enum rmm_outcome outcome;
	uint64_t pc, x0;
};

static void raise_event(struct host *h, struct rmm_cpu *cpu)
{
	struct event *e = h->realm_arg;

	rmm_cpu_regs(cpu)->gprs[0] = 0x123456789a;
	rmm_cpu_regs(cpu)->pc = 0x1000;
	e->outcome = rmm_cpu_event(cpu, e->event);
	e->pc = rmm_cpu_regs(cpu)->pc;
	if (e->outcome == RMM_EXIT) {
		/* Nothing more happens to a REC that has exited. */
		check(rmm_cpu_event(cpu, RMM_EVENT_SERROR) == RMM_EXIT);
		check(rmm_cpu_smc(cpu) == RMM_EXIT);
		check(rmm_cpu_hvc(cpu) == RMM_EXIT);
		check_eq(rmm_cpu_regs(cpu)->pc, e->pc);
	}
}

START_TEST(test_events)
{
	const uint64_t wfi = RMI_ENTER_FLAG_TRAP_WFI, wfe = RMI_ENTER_FLAG_TRAP_WFE;
	/* Section 6.2: reasons and esr; TI of WFI 0, WFE 1, WFIT 2, WFET 3; gprs[0] of the timed ones. */
	const struct {
		enum rmm_event event;
		uint64_t flags;
		bool exits;
		uint8_t reason;
		uint64_t esr, gpr, tfrmm_esr;
	} cases[] = {
		{RMM_EVENT_IRQ, 0, true, RMI_EXIT_IRQ, 0, 0, 0},
		{RMM_EVENT_FIQ, 0, true, RMI_EXIT_FIQ, 0, 0, 0},
		{RMM_EVENT_SERROR, 0, true, RMI_EXIT_SERROR, UINT64_C(0x2f) << 26 | 0x11, 0,
		 UINT64_C(0x2f) << 26 | 0x11},
		{RMM_EVENT_WFI, wfi, true, RMI_EXIT_SYNC, 1 << 26, 0, 1 << 26},
		{RMM_EVENT_WFE, wfe, true, RMI_EXIT_SYNC, 1 << 26 | 1, 0, 1 << 26 | 1},
		{RMM_EVENT_WFIT, wfi, true, RMI_EXIT_SYNC, 1 << 26 | 2, 0x123456789a, 1 << 26},
		{RMM_EVENT_WFET, wfe, true, RMI_EXIT_SYNC, 1 << 26 | 3, 0x123456789a, 1 << 26 | 1},
		{RMM_EVENT_WFI, wfe, false, RMI_EXIT_FIQ, 0, 0, 0},
		{RMM_EVENT_WFE, wfi, false, RMI_EXIT_FIQ, 0, 0, 0},
		{RMM_EVENT_WFIT, wfe, false, RMI_EXIT_FIQ, 0, 0, 0},
		{RMM_EVENT_WFET, wfi, false, RMI_EXIT_FIQ, 0, 0, 0},
	};

	for (int tfrmm = 0; tfrmm < 2; tfrmm++) {
		struct host h;
		struct realm r;

		host_init_config(&h);
		h.config.tfrmm = tfrmm ? RMM_TFRMM_Q23 : 0;
		host_start(&h);
		realm_running(&h, &r);
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct event e = {.event = cases[i].event};
			struct rmi_rec_exit expected;

			memset(host_ptr(&h, r.run + 0x800), 0xff, 0x800);
			run_enter(&h, &r)->flags = cases[i].flags;
			memset(&expected, 0, sizeof(expected));
			expected.exit_reason = cases[i].reason;
			expected.esr = tfrmm ? cases[i].tfrmm_esr : cases[i].esr;
			expected.gprs[0] = cases[i].gpr;
			check_zero_but(enter(&h, &r, raise_event, &e), &expected);
			check_eq(e.outcome, cases[i].exits ? RMM_EXIT : RMM_CONTINUE);
			/* A wait that the Host does in the Realm's place is over when it returns. */
			check_eq(e.pc, cases[i].reason == RMI_EXIT_SYNC ? 0x1004 : 0x1000);
		}
		host_end(&h);
	}
}
END_TEST

static void hvc(struct host *h, struct rmm_cpu *cpu)
{
	struct seen *seen = h->realm_arg;
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);

	regs->pc = 0x1000;
	regs->vbar_el1 = 0x8000;
	regs->far_el1 = 77;
	regs->pstate = seen->regs.pstate;
	check(rmm_cpu_hvc(cpu) == RMM_CONTINUE);
	seen->regs = *regs;
}

START_TEST(test_hvc)
{
	/* EC 0 with IL, from EL1t, EL1h and EL0. */
	const uint64_t pstates[] = {4, 5, 0, 0x10}, vectors[] = {0, 0x200, 0x400, 0x600};
	struct host h;
	struct realm r;

	host_init(&h);
	realm_running(&h, &r);
	for (int i = 0; i < 4; i++) {
		struct seen seen = {.regs.pstate = pstates[i]};

		check_eq(enter(&h, &r, hvc, &seen)->exit_reason, RMI_EXIT_FIQ);
		check_eq(seen.regs.esr_el1, UINT64_C(1) << 25);
		check_eq(seen.regs.elr_el1, 0x1000);
		check_eq(seen.regs.spsr_el1, pstates[i]);
		check_eq(seen.regs.pc, 0x8000 + vectors[i]);
		check_eq(seen.regs.pstate, 0x3c5);
		check_eq(seen.regs.far_el1, 77);
	}
	host_end(&h);
}
END_TEST

START_TEST(test_no_callback)
{
	struct host h;
	struct realm r;

	host_init_config(&h);
	h.config.run = NULL;
	host_start(&h);
	realm_running(&h, &r);
	check_eq(enter(&h, &r, NULL, NULL)->exit_reason, RMI_EXIT_FIQ);
	check_eq(h.entries, 0);
	host_end(&h);
}
END_TEST

START_TEST(test_gic)
{
	const uint64_t pending = UINT64_C(1) << 62, active = UINT64_C(2) << 62,
		       hw = UINT64_C(1) << 61;
	const uint64_t group = UINT64_C(1) << 60, eoi = UINT64_C(1) << 41;
	/* Section 4.4: one list register, and whether an entry with it is refused. */
	const struct {
		uint64_t lr;
		bool valid;
	} lrs[] = {
		{0, true},
		{pending | 0, true},
		{pending | 27, true},
		{active | 1019, true},
		{pending | active | group | 1019, true},
		{pending | 1020, false},
		{pending | 1056, false},
		{pending | 4096, false},
		{pending | 8191, false},
		{pending | 8192, true},
		{active | 65535, true},
		{pending | 65536, false},
		{pending | UINT32_MAX, false},
		{pending | hw | 27, false},
		{active | hw | 27, false},
		{pending | eoi | 27, true},
		{pending | UINT64_C(1) << 32 | 27, false},
		{pending | UINT64_C(1) << 40 | 27, false},
		{pending | UINT64_C(1) << 44 | 27, false},
		{pending | UINT64_C(0xf8) << 48 | 27, true},
		{pending | UINT64_C(0x01) << 48 | 27, false},
		{pending | UINT64_C(0x04) << 48 | 27, false},
		/* An inactive one is not looked at. */
		{hw | 5000, true},
		{UINT32_MAX, true},
	};
	struct host h;
	struct realm r;

	host_init(&h);
	realm_running(&h, &r);
	for (unsigned int n = 0; n < 16; n++) {
		for (size_t i = 0; i < sizeof(lrs) / sizeof(lrs[0]); i++) {
			struct rmi_rec_enter *e = run_enter(&h, &r);
			/* Three list registers beside the first, GICV3_NUM_LRS being 3. */
			const bool valid = lrs[i].valid || n > 3;
			const struct rmi_rec_exit *exit;

			memset(e, 0, sizeof(*e));
			e->gicv3_lrs[n] = lrs[i].lr;
			expect(&h, valid ? SUCCESS : REC, valid ? NULL : "rec_gicv3", RMI_REC_ENTER,
			       r.rec[0], r.run);
			exit = run_exit(&h, &r);
			for (unsigned int j = 0; valid && j < 16; j++)
				check_eq(exit->gicv3_lrs[j], j == n && n <= 3 ? lrs[i].lr : 0);
		}
	}
	/* The same interrupt twice, unless one of the two is inactive; every pair. */
	for (unsigned int a = 0; a < 4; a++) {
		for (unsigned int b = 0; b < a; b++) {
			struct rmi_rec_enter *e = run_enter(&h, &r);

			memset(e, 0, sizeof(*e));
			e->gicv3_lrs[a] = pending | 27;
			e->gicv3_lrs[b] = active | 27;
			expect(&h, REC, "rec_gicv3", RMI_REC_ENTER, r.rec[0], r.run);
			e->gicv3_lrs[b] = 27;
			ok(&h, RMI_REC_ENTER, r.rec[0], r.run);
			e->gicv3_lrs[b] = active | 28;
			ok(&h, RMI_REC_ENTER, r.rec[0], r.run);
			check_eq(run_exit(&h, &r)->gicv3_lrs[a], pending | 27);
			check_eq(run_exit(&h, &r)->gicv3_lrs[b], active | 28);
		}
	}
	memset(run_enter(&h, &r), 0, sizeof(struct rmi_rec_enter));
	for (unsigned int bit = 0; bit < 64; bit++) {
		const bool valid = UINT64_C(0x40fe) >> bit & 1;

		run_enter(&h, &r)->gicv3_hcr = UINT64_C(1) << bit;
		expect(&h, valid ? SUCCESS : REC, valid ? NULL : "rec_gicv3", RMI_REC_ENTER,
		       r.rec[0], r.run);
		if (valid)
			check_eq(run_exit(&h, &r)->gicv3_hcr, UINT64_C(1) << bit);
	}
	host_end(&h);
}
END_TEST

START_TEST(test_all_lrs)
{
	struct host h;
	struct realm r;

	host_init_config(&h);
	h.config.gicv3_num_lrs = 15;
	host_start(&h);
	realm_running(&h, &r);
	for (unsigned int i = 0; i < 16; i++)
		run_enter(&h, &r)->gicv3_lrs[i] = UINT64_C(1) << 62 | (100 + i);
	ok(&h, RMI_REC_ENTER, r.rec[0], r.run);
	for (unsigned int i = 0; i < 16; i++)
		check_eq(run_exit(&h, &r)->gicv3_lrs[i], UINT64_C(1) << 62 | (100 + i));
	run_enter(&h, &r)->gicv3_lrs[15] = run_enter(&h, &r)->gicv3_lrs[0];
	expect(&h, REC, "rec_gicv3", RMI_REC_ENTER, r.rec[0], r.run);
	host_end(&h);
}
END_TEST

/* What a CPU leaves in the REC's shared state, and what it found there. */
static void leave_shared(struct host *h, struct rmm_cpu *cpu)
{
	struct rmm_cpu_shared *found = h->realm_arg, *shared = rmm_cpu_shared(cpu);

	*found = *shared;
	shared->gicv3_hcr = UINT64_MAX;
	for (unsigned int i = 0; i < 16; i++)
		shared->gicv3_lrs[i] = 0x1000 + i;
	shared->gicv3_misr = 1;
	shared->gicv3_vmcr = 2;
	shared->cntp_ctl = 3;
	shared->cntp_cval = 4;
	shared->cntv_ctl = 5;
	shared->cntv_cval = 6;
	shared->pmu_ovf = true;
	check(rmm_cpu_event(cpu, RMM_EVENT_IRQ) == RMM_EXIT);
}

START_TEST(test_shared_state)
{
	/* Sections 4.4 and 6.2: the fields that every exit shows, at their offsets in the run page. */
	const struct {
		unsigned int offset;
		uint64_t left; /* the value that the CPU leaves */
		bool kept;     /* it is there at the next entry */
	} fields[] = {
		/* The bits that a Host may set, and EOIcount, 31:27. */
		{0xb00, 0xf80040fe, false}, {0xb08, 0x1000, false}, {0xb20, 0x1003, false},
		{0xb88, 1, false},	    {0xb90, 2, true},	    {0xc00, 3, true},
		{0xc08, 4, true},	    {0xc10, 5, true},	    {0xc18, 6, true},
	};
	struct rmm_cpu_shared found;
	const uint8_t *run;
	struct host h;
	struct realm r;
	uint64_t word;

	host_init(&h);
	realm_running(&h, &r);
	h.realm = leave_shared;
	h.realm_arg = &found;
	for (unsigned int entry = 0; entry < 2; entry++) {
		memset(host_ptr(&h, r.run), 0, 4096);
		run_enter(&h, &r)->gicv3_hcr = 2;
		run_enter(&h, &r)->gicv3_lrs[3] = UINT64_C(1) << 62 | 40;
		/* Beyond GICV3_NUM_LRS, which is 3: not a list register of this platform. */
		run_enter(&h, &r)->gicv3_lrs[4] = UINT64_C(1) << 62 | 41;
		ok(&h, RMI_REC_ENTER, r.rec[0], r.run);
		check_eq(found.gicv3_hcr, 2);
		for (unsigned int i = 0; i < 16; i++)
			check_eq(found.gicv3_lrs[i], i == 3 ? UINT64_C(1) << 62 | 40 : 0);
		check_eq(found.gicv3_misr, 0);
		check(!found.pmu_ovf);
		check_eq(found.gicv3_vmcr, entry ? 2 : 0);
		check_eq(found.cntp_ctl, entry ? 3 : 0);
		check_eq(found.cntp_cval, entry ? 4 : 0);
		check_eq(found.cntv_ctl, entry ? 5 : 0);
		check_eq(found.cntv_cval, entry ? 6 : 0);
		run = host_ptr(&h, r.run);
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
			memcpy(&word, run + fields[i].offset, 8);
			check_eq(word, fields[i].left);
		}
		memcpy(&word, run + 0xb28, 8);
		check_eq(word, 0);
		check_eq(run[0xf00], 1);
	}
	/* A CPU that leaves it alone: the timers stand still, and nothing overflows. */
	h.realm = NULL;
	ok(&h, RMI_REC_ENTER, r.rec[0], r.run);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		memcpy(&word, run + fields[i].offset, 8);
		if (fields[i].offset == 0xb00)
			check_eq(word, 2);
		else if (fields[i].offset == 0xb20)
			check_eq(word, UINT64_C(1) << 62 | 40);
		else
			check_eq(word, fields[i].kept ? fields[i].left : 0);
	}
	check_eq(run[0xf00], 0);
	host_end(&h);
}
END_TEST

START_TEST(test_exit_gpf)
{
	/* The exit half cannot be written: ERROR_INPUT, though the Realm has run. */
	struct host h;
	struct realm r;
	struct event e = {.event = RMM_EVENT_IRQ};
	struct rmm_rec_view rec;

	host_init(&h);
	realm_running(&h, &r);
	memset(host_ptr(&h, r.run + 0x800), 0xee, 0x800);
	h.fault_in = 1;
	h.realm = raise_event;
	h.realm_arg = &e;
	check_eq(call(&h, RMI_REC_ENTER, r.rec[0], r.run), INPUT);
	ck_assert_str_eq(rmm_last_call(h.rmm).condition, "run_exit_gpf");
	check_eq(h.entries, 1);
	check_eq(run_exit(&h, &r)->exit_reason, 0xee);
	check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
	check_eq(rec.gprs[0], 0x123456789a);
	check(!rec.running);
	/* The first access is that of the entry half: nothing has happened then. */
	h.fault_in = 0;
	h.entries = 0;
	expect(&h, INPUT, "run_enter_gpf", RMI_REC_ENTER, r.rec[0], r.run);
	check_eq(h.entries, 0);
	ok(&h, RMI_REC_ENTER, r.rec[0], r.run);
	host_end(&h);
}
END_TEST

/* --- calls while a REC runs --- */

struct nest {
	struct realm *r;
	uint64_t run2;
};

static void host_calls(struct host *h, struct rmm_cpu *cpu)
{
	struct nest *n = h->realm_arg;
	struct realm *r = n->r;
	struct rmm_rec_view rec;
	struct rmm_access access = {.type = RMM_READ, .ipa = 0, .size = 4};
	uint64_t data;

	h->realm = NULL;
	check(rmm_inspect_rec(h->rmm, r->rec[0], &rec));
	check(rec.running);
	check_eq(refcount_of(h, r->rec[0]), 1);
	expect(h, REC, "rec_state", RMI_REC_ENTER, r->rec[0], n->run2);
	expect(h, REC, "rec_state", RMI_REC_DESTROY, r->rec[0]);
	expect(h, REC, "rec_state", RMI_RTT_SET_RIPAS, r->rd, r->rec[0], 0, PAGE);
	expect(h, REALM(0), "realm_live", RMI_REALM_DESTROY, r->rd);
	/* Another REC runs meanwhile. */
	ok(h, RMI_REC_ENTER, r->rec[1], n->run2);
	/* The page that the Realm uses is taken away, with its table; the Realm finds it gone. */
	check(rmm_cpu_access(cpu, &access) == RMM_CONTINUE);
	data = read_entry(h, r, 0, 3).desc;
	ok(h, RMI_DATA_DESTROY, r->rd, 0);
	ok(h, RMI_RTT_DESTROY, r->rd, 0, 3);
	ok(h, RMI_RTT_DESTROY, r->rd, 0, 2);
	ok(h, RMI_GRANULE_UNDELEGATE, data);
	check(rmm_cpu_access(cpu, &access) == RMM_EXIT);
}

START_TEST(test_nested_calls)
{
	struct host h;
	struct realm r;
	struct nest n = {&r, 0};
	const struct rmi_rec_exit *exit;
	struct rmm_rec_view rec;

	host_init(&h);
	realm_create(&h, &r);
	realm_add_rec(&h, &r, true);
	realm_add_rec(&h, &r, true);
	realm_ram(&h, &r, 0);
	realm_activate(&h, &r);
	n.run2 = host_page(&h);
	exit = enter(&h, &r, host_calls, &n);
	check_eq(h.entries, 2);
	check_eq(exit->exit_reason, RMI_EXIT_SYNC);
	check_eq(exit->esr, UINT64_C(0x24) << 26 | 5);
	/* The call that ended last is the outer one. */
	ck_assert_str_eq(rmm_last_call(h.rmm).command, "REC_ENTER");
	ck_assert_ptr_null(rmm_last_call(h.rmm).condition);
	check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
	check(!rec.running);
	check_eq(refcount_of(&h, r.rec[0]), 0);
	host_end(&h);
}
END_TEST

static void delegate_run_page(struct host *h, struct rmm_cpu *cpu)
{
	const struct realm *r = h->realm_arg;

	(void)cpu;
	ok(h, RMI_GRANULE_DELEGATE, r->run);
}

START_TEST(test_run_page_delegated)
{
	/* The run page is not the Host's any more when the REC exits. */
	struct host h;
	struct realm r;

	host_init(&h);
	realm_running(&h, &r);
	h.realm = delegate_run_page;
	h.realm_arg = &r;
	check_eq(call(&h, RMI_REC_ENTER, r.rec[0], r.run), INPUT);
	ck_assert_str_eq(rmm_last_call(h.rmm).condition, "run_exit_gpf");
	check_eq(state_of(&h, r.run), RMM_GRANULE_DELEGATED);
	for (unsigned int i = 0; i < PAGE; i++)
		check_eq(((uint8_t *)host_ptr(&h, r.run))[i], 0);
	host_end(&h);
}
END_TEST

static void change_run_page(struct host *h, struct rmm_cpu *cpu)
{
	struct realm *r = h->realm_arg;

	/* The Host writes to the entry half while the Realm runs: it was read once. */
	run_enter(h, r)->flags = 0;
	check(rmm_cpu_event(cpu, RMM_EVENT_WFI) == RMM_EXIT);
}

START_TEST(test_run_page_read_once)
{
	struct host h;
	struct realm r;

	host_init(&h);
	realm_running(&h, &r);
	run_enter(&h, &r)->flags = RMI_ENTER_FLAG_TRAP_WFI;
	check_eq(enter(&h, &r, change_run_page, &r)->exit_reason, RMI_EXIT_SYNC);
	host_end(&h);
}
END_TEST

Suite *suite_run(void)
{
	Suite *suite = suite_create("running");
	TCase *tcase = tcase_create("REC");

	tcase_add_test(tcase, test_version);
	tcase_add_test(tcase, test_features);
	tcase_add_test(tcase, test_ns_accesses);
	tcase_add_test(tcase, test_features_matter);
	tcase_add_test(tcase, test_unknown_fids);
	tcase_add_test(tcase, test_aux_count);
	tcase_add_test(tcase, test_rec_index);
	tcase_add_test(tcase, test_rec_attributes);
	tcase_add_test(tcase, test_registers);
	tcase_add_test(tcase, test_events);
	tcase_add_test(tcase, test_hvc);
	tcase_add_test(tcase, test_no_callback);
	tcase_add_test(tcase, test_gic);
	tcase_add_test(tcase, test_all_lrs);
	tcase_add_test(tcase, test_shared_state);
	tcase_add_test(tcase, test_exit_gpf);
	tcase_add_test(tcase, test_nested_calls);
	tcase_add_test(tcase, test_run_page_delegated);
	tcase_add_test(tcase, test_run_page_read_once);
	suite_add_tcase(suite, tcase);
	return suite;
}
