/* SPDX-License-Identifier: BSD-3-Clause */
/* RSI commands and the RIPAS change protocol: sections 5.1 and 5.2 of the facts. */
#include "support.h"

#define U (UINT64_C(1) << 39)

/* One SMC of the Realm with x0..x10, and its registers afterwards. */
struct smc {
	uint64_t x[11];
	enum rmm_outcome outcome;
	struct rmm_cpu_regs before, after;
	const char *condition;
};

static void do_smc(struct host *h, struct rmm_cpu *cpu)
{
	struct smc *smc = h->realm_arg;
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);

	regs->pc = 0x1000;
	for (unsigned int i = 0; i < 31; i++)
		regs->gprs[i] = i < 11 ? smc->x[i] : 0xabcd00 + i;
	smc->before = *regs;
	smc->outcome = rmm_cpu_smc(cpu);
	smc->after = *regs;
	smc->condition = rmm_last_realm_call(h->rmm).condition;
}

static const struct rmi_rec_exit *smc_regs(struct host *h, struct realm *r, struct smc *smc,
					   const uint64_t *x)
{
	memset(smc, 0, sizeof(*smc));
	memcpy(smc->x, x, sizeof(smc->x));
	memset(host_ptr(h, r->run + 0x800), 0xff, 0x800);
	return enter(h, r, do_smc, smc);
}
#define smc(h, r, s, ...) smc_regs(h, r, s, (const uint64_t[11]){__VA_ARGS__})

/* The call returned to the Realm with x0 and `n` more results; all else is as before, x1..x3 zero. */
static void check_return(const struct smc *s, uint64_t x0, unsigned int n, const uint64_t *results)
{
	check(s->outcome == RMM_CONTINUE);
	check_eq(s->after.pc, 0x1004);
	check_eq(s->after.gprs[0], x0);
	for (unsigned int i = 1; i < 31; i++) {
		uint64_t expected = i <= 3 ? 0 : s->before.gprs[i];

		if (i <= n)
			expected = results[i - 1];
		check_eq(s->after.gprs[i], expected);
	}
}

static void check_error(const struct smc *s, uint64_t x0, const char *condition,
			unsigned int outputs)
{
	const uint64_t zeros[8] = {0};

	ck_assert_ptr_nonnull(s->condition);
	ck_assert_str_eq(s->condition, condition);
	check_return(s, x0, outputs, zeros);
}

static void check_fiq(const struct rmi_rec_exit *exit)
{
	check_eq(exit->exit_reason, RMI_EXIT_FIQ);
}

START_TEST(test_version_and_features)
{
	const uint64_t version[2] = {0x10000, 0x10000}, zero[1] = {0};
	struct host h;
	struct realm r;
	struct smc s;

	host_init(&h);
	realm_running(&h, &r);
	check_fiq(smc(&h, &r, &s, RSI_VERSION, 0x10000));
	check_return(&s, RSI_SUCCESS, 2, version);
	ck_assert_ptr_null(s.condition);
	smc(&h, &r, &s, RSI_VERSION, 0x10001);
	check_return(&s, RSI_ERROR_INPUT, 2, version);
	ck_assert_str_eq(s.condition, "version");
	smc(&h, &r, &s, RSI_VERSION, 0x20000);
	check_return(&s, RSI_ERROR_INPUT, 2, version);
	/* With the hint bit. */
	smc(&h, &r, &s, RSI_VERSION | 0x10000, 0x10000);
	check_return(&s, RSI_SUCCESS, 2, version);
	for (uint64_t i = 0; i < 3; i++) {
		smc(&h, &r, &s, RSI_FEATURES, i, 7, 7, 7);
		check_return(&s, RSI_SUCCESS, 1, zero);
	}
	host_end(&h);
}
END_TEST

START_TEST(test_not_supported)
{
	const uint64_t fids[] = {RMI_VERSION, RMI_REC_ENTER, RMI_RTT_SET_RIPAS, 0xC400019A,
				 0xC40001CF,  0xC400018F,    0x84000190,	0x80000001,
				 0x84000005,  0xC4000008,    0x8400000B,	0,
				 UINT32_MAX};
	struct host h;
	struct realm r;
	struct smc s;

	host_init(&h);
	realm_running(&h, &r);
	for (size_t i = 0; i < sizeof(fids) / sizeof(fids[0]); i++) {
		smc(&h, &r, &s, RSI_FEATURES);
		ck_assert_str_eq(rmm_last_realm_call(h.rmm).command, "FEATURES");
		check_fiq(smc(&h, &r, &s, fids[i], 1, 2, 3, 4));
		check(s.outcome == RMM_CONTINUE);
		s.before.gprs[0] = UINT64_MAX;
		s.before.pc += 4;
		check(!memcmp(&s.before, &s.after, sizeof(s.before)));
		ck_assert_ptr_null(rmm_last_realm_call(h.rmm).command);
	}
	smc(&h, &r, &s, SMCCC_VERSION);
	check_eq(s.after.gprs[0], 0x10002);
	host_end(&h);
}
END_TEST

START_TEST(test_attestation)
{
	/* This RMM makes no tokens: INIT fails, and then there is none to go on with. */
	struct host h;
	struct realm r;
	struct smc s;

	host_init(&h);
	realm_running(&h, &r);
	check_fiq(smc(&h, &r, &s, RSI_ATTESTATION_TOKEN_INIT, 1, 2, 3, 4, 5, 6, 7, 8));
	check_error(&s, RSI_ERROR_UNKNOWN, "no_token", 1);
	smc(&h, &r, &s, RSI_ATTESTATION_TOKEN_CONTINUE, 0x1000, 0, 4096);
	check_error(&s, RSI_ERROR_STATE, "attest_state", 1);
	smc(&h, &r, &s, RSI_ATTESTATION_TOKEN_CONTINUE, 0x1000, 4095, 1);
	check_error(&s, RSI_ERROR_STATE, "attest_state", 1);
	smc(&h, &r, &s, RSI_ATTESTATION_TOKEN_CONTINUE, 0x1008, 0, 0);
	check_error(&s, RSI_ERROR_INPUT, "addr_align", 1);
	smc(&h, &r, &s, RSI_ATTESTATION_TOKEN_CONTINUE, U, 0, 0);
	check_error(&s, RSI_ERROR_INPUT, "addr_bound", 1);
	smc(&h, &r, &s, RSI_ATTESTATION_TOKEN_CONTINUE, 0x1000, 4096, 0);
	check_error(&s, RSI_ERROR_INPUT, "offset_bound", 1);
	smc(&h, &r, &s, RSI_ATTESTATION_TOKEN_CONTINUE, 0x1000, 1, UINT64_MAX);
	check_error(&s, RSI_ERROR_INPUT, "size_overflow", 1);
	smc(&h, &r, &s, RSI_ATTESTATION_TOKEN_CONTINUE, 0x1000, 1, 4096);
	check_error(&s, RSI_ERROR_INPUT, "size_bound", 1);
	host_end(&h);
}
END_TEST

START_TEST(test_realm_config)
{
	for (uint8_t algo = 0; algo < 2; algo++) {
		struct host h;
		struct realm r;
		struct smc s;
		struct rsi_realm_config expected;
		uint64_t data;

		host_init(&h);
		realm_prepare(&h, &r);
		r.p->hash_algo = algo;
		memset(&expected, 0, sizeof(expected));
		for (unsigned int i = 0; i < 64; i++)
			expected.rpv[i] = r.p->rpv[i] = (uint8_t)(i + 17);
		expected.ipa_width = 40;
		expected.hash_algo = algo;
		ok(&h, RMI_REALM_CREATE, r.rd, r.params);
		realm_add_rec(&h, &r, true);
		data = realm_ram(&h, &r, 0x3000);
		memset(host_ptr(&h, data), 0xcc, PAGE);
		realm_activate(&h, &r);
		check_fiq(smc(&h, &r, &s, RSI_REALM_CONFIG, 0x3000));
		check_return(&s, RSI_SUCCESS, 0, NULL);
		check(!memcmp(host_ptr(&h, data), &expected, sizeof(expected)));
		smc(&h, &r, &s, RSI_REALM_CONFIG, 0x3100);
		check_error(&s, RSI_ERROR_INPUT, "addr_align", 0);
		smc(&h, &r, &s, RSI_REALM_CONFIG, U);
		check_error(&s, RSI_ERROR_INPUT, "addr_bound", 0);
		smc(&h, &r, &s, RSI_REALM_CONFIG, UINT64_C(1) << 40);
		check_error(&s, RSI_ERROR_INPUT, "addr_bound", 0);
		smc(&h, &r, &s, RSI_REALM_CONFIG, 0x4000);
		check_error(&s, RSI_ERROR_INPUT, "addr_ripas", 0);
		host_end(&h);
	}
}
END_TEST

static void check_buffer_exit(const struct rmi_rec_exit *exit, const struct smc *s, uint64_t ipa,
			      int level)
{
	struct rmi_rec_exit expected;

	/* EC and DFSC only, far 0; the SMC is executed again with the registers as they were. */
	memset(&expected, 0, sizeof(expected));
	expected.exit_reason = RMI_EXIT_SYNC;
	expected.esr = UINT64_C(0x24) << 26 | (4 + (uint64_t)level);
	expected.hpfar = (ipa & ~UINT64_C(0xfff)) >> 8;
	check(!memcmp(exit, &expected, sizeof(expected)));
	if (!s)
		return;
	check(s->outcome == RMM_EXIT);
	check(!memcmp(&s->before, &s->after, sizeof(s->before)));
}

START_TEST(test_buffers)
{
	/* Section 5.1: RAM without DATA, or DESTROYED, exits as a data access there. */
	const uint64_t fids[] = {RSI_REALM_CONFIG, RSI_HOST_CALL};
	struct host h;
	struct realm r;
	struct smc s;
	struct rmm_rec_view rec;

	host_init(&h);
	realm_create(&h, &r);
	realm_add_rec(&h, &r, true);
	realm_tables(&h, &r, 0);
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 0x1000, 0x2000);
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 2 * MiB, 4 * MiB);
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, GiB, 2 * GiB);
	realm_ram(&h, &r, 0x2000);
	ok(&h, RMI_DATA_DESTROY, r.rd, 0x2000);
	realm_ram(&h, &r, 0x3000);
	ok(&h, RMI_DATA_DESTROY, r.rd, 0x3000);
	ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, host_delegated(&h), 0x3000);
	realm_activate(&h, &r);
	for (unsigned int i = 0; i < 2; i++) {
		check_buffer_exit(smc(&h, &r, &s, fids[i], 0x1000), &s, 0x1000, 3);
		check_buffer_exit(smc(&h, &r, &s, fids[i], 2 * MiB + PAGE), &s, 2 * MiB + PAGE, 2);
		check_buffer_exit(smc(&h, &r, &s, fids[i], GiB + PAGE), &s, GiB + PAGE, 1);
		check_buffer_exit(smc(&h, &r, &s, fids[i], 0x2000), &s, 0x2000, 3);
		check_buffer_exit(smc(&h, &r, &s, fids[i], 0x3000), &s, 0x3000, 3);
	}
	/* It is no abort that the Host can emulate or turn into an SEA. */
	check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
	check(!rec.emulatable_abort && !rec.host_call_pending);
	run_enter(&h, &r)->flags = RMI_ENTER_FLAG_EMUL_MMIO | RMI_ENTER_FLAG_INJECT_SEA;
	expect(&h, REC, "rec_mmio", RMI_REC_ENTER, r.rec[0], r.run);
	host_end(&h);
}
END_TEST

START_TEST(test_buffer_in_block)
{
	/* A page inside a 2 MiB block. */
	struct host h;
	struct realm r;
	struct smc s;
	uint64_t pa;
	uint64_t *config;

	host_init(&h);
	realm_create(&h, &r);
	realm_add_rec(&h, &r, true);
	realm_tables(&h, &r, 0);
	pa = host_delegated_n(&h, 512);
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 0, 2 * MiB);
	for (uint64_t i = 0; i < 512; i++)
		ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, pa + i * PAGE, i * PAGE);
	ok(&h, RMI_RTT_FOLD, r.rd, 0, 3);
	realm_activate(&h, &r);
	smc(&h, &r, &s, RSI_REALM_CONFIG, 77 * PAGE);
	check_return(&s, RSI_SUCCESS, 0, NULL);
	config = host_ptr(&h, pa + 77 * PAGE);
	check_eq(config[0], 40);
	check_eq(*(uint64_t *)host_ptr(&h, pa), 0);
	host_end(&h);
}
END_TEST

START_TEST(test_ipa_state_get)
{
	struct host h;
	struct realm r;
	struct smc s;

	host_init(&h);
	realm_create(&h, &r);
	realm_add_rec(&h, &r, true);
	realm_tables(&h, &r, 0);
	/* EMPTY, RAM x 3, DESTROYED, EMPTY...; RAM at level 2 from 2 MiB on; TABLE at 6 MiB. */
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 0x1000, 0x4000);
	realm_ram(&h, &r, 0x4000);
	realm_ram(&h, &r, 0x2000);
	ok(&h, RMI_DATA_DESTROY, r.rd, 0x4000);
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 2 * MiB, 8 * MiB);
	realm_tables(&h, &r, 6 * MiB);
	realm_activate(&h, &r);
	const struct {
		uint64_t base, top, out_top, ripas;
	} cases[] = {
		{0, 0x1000, 0x1000, RSI_RIPAS_EMPTY},
		{0, 0x3000, 0x1000, RSI_RIPAS_EMPTY},
		{0x1000, 0x8000, 0x4000, RSI_RIPAS_RAM},
		{0x1000, 0x3000, 0x3000, RSI_RIPAS_RAM},
		{0x3000, 0x8000, 0x4000, RSI_RIPAS_RAM},
		{0x4000, 0x8000, 0x5000, RSI_RIPAS_DESTROYED},
		{0x5000, 0x8000, 0x8000, RSI_RIPAS_EMPTY},
		{0x5000, U, 2 * MiB, RSI_RIPAS_EMPTY},
		{2 * MiB, U, 6 * MiB, RSI_RIPAS_RAM},
		{2 * MiB + 3 * PAGE, U, 6 * MiB, RSI_RIPAS_RAM},
		{2 * MiB + 3 * PAGE, 2 * MiB + 5 * PAGE, 2 * MiB + 5 * PAGE, RSI_RIPAS_RAM},
		{6 * MiB, U, 8 * MiB, RSI_RIPAS_RAM},
		{8 * MiB, U, GiB, RSI_RIPAS_EMPTY},
		{GiB, U, U, RSI_RIPAS_EMPTY},
		{U - PAGE, U, U, RSI_RIPAS_EMPTY},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint64_t results[2] = {cases[i].out_top, cases[i].ripas};

		check_fiq(smc(&h, &r, &s, RSI_IPA_STATE_GET, cases[i].base, cases[i].top));
		check_return(&s, RSI_SUCCESS, 2, results);
	}
	smc(&h, &r, &s, RSI_IPA_STATE_GET, 0x10, 0x1000);
	check_error(&s, RSI_ERROR_INPUT, "base_align", 2);
	smc(&h, &r, &s, RSI_IPA_STATE_GET, 0, 0x1800);
	check_error(&s, RSI_ERROR_INPUT, "top_align", 2);
	smc(&h, &r, &s, RSI_IPA_STATE_GET, 0x1000, 0x1000);
	check_error(&s, RSI_ERROR_INPUT, "size_valid", 2);
	smc(&h, &r, &s, RSI_IPA_STATE_GET, 0x2000, 0x1000);
	check_error(&s, RSI_ERROR_INPUT, "size_valid", 2);
	smc(&h, &r, &s, RSI_IPA_STATE_GET, 0, U + PAGE);
	check_error(&s, RSI_ERROR_INPUT, "rgn_bound", 2);
	smc(&h, &r, &s, RSI_IPA_STATE_GET, U, U + PAGE);
	check_error(&s, RSI_ERROR_INPUT, "rgn_bound", 2);
	host_end(&h);
}
END_TEST

START_TEST(test_ipa_state_set_errors)
{
	struct host h;
	struct realm r;
	struct smc s;
	struct rmm_rec_view rec;

	host_init(&h);
	realm_running(&h, &r);
	check_fiq(smc(&h, &r, &s, RSI_IPA_STATE_SET, 0x10, 0x1000, 0));
	check_error(&s, RSI_ERROR_INPUT, "base_align", 2);
	check_fiq(smc(&h, &r, &s, RSI_IPA_STATE_SET, 0, 0x1010, 0));
	check_error(&s, RSI_ERROR_INPUT, "top_align", 2);
	check_fiq(smc(&h, &r, &s, RSI_IPA_STATE_SET, 0x1000, 0x1000, 0));
	check_error(&s, RSI_ERROR_INPUT, "size_valid", 2);
	check_fiq(smc(&h, &r, &s, RSI_IPA_STATE_SET, 0, U + PAGE, 0));
	check_error(&s, RSI_ERROR_INPUT, "rgn_bound", 2);
	check_fiq(smc(&h, &r, &s, RSI_IPA_STATE_SET, 0, 0x1000, 2));
	check_error(&s, RSI_ERROR_INPUT, "ripas_valid", 2);
	check_fiq(smc(&h, &r, &s, RSI_IPA_STATE_SET, 0, 0x1000, 3));
	check_error(&s, RSI_ERROR_INPUT, "ripas_valid", 2);
	check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
	check_eq(rec.ripas_top, 0);
	/* All of the protected half can be asked for; upper bits of X3 and X4 do not count (Q19). */
	check_eq(smc(&h, &r, &s, RSI_IPA_STATE_SET, 0, U, 0xffffff01, UINT64_MAX)->exit_reason,
		 RMI_EXIT_RIPAS_CHANGE);
	check_eq(run_exit(&h, &r)->ripas_value, 1);
	host_end(&h);
}
END_TEST

START_TEST(test_ripas_change_exit)
{
	/* What an exit shows, what the REC holds, and that other exits end the request (T15). */
	for (uint64_t ripas = 0; ripas < 2; ripas++) {
		for (uint64_t flags = 0; flags < 2; flags++) {
			struct host h;
			struct realm r;
			struct smc s;
			struct rmi_rec_exit expected;
			struct rmm_rec_view rec;

			host_init(&h);
			realm_running(&h, &r);
			memset(&expected, 0, sizeof(expected));
			expected.exit_reason = RMI_EXIT_RIPAS_CHANGE;
			expected.ripas_base = 0x3000;
			expected.ripas_top = 0x200000;
			expected.ripas_value = (uint8_t)ripas;
			check(!memcmp(
				smc(&h, &r, &s, RSI_IPA_STATE_SET, 0x3000, 0x200000, ripas, flags),
				&expected, sizeof(expected)));
			check(s.outcome == RMM_EXIT);
			check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
			check_eq(rec.ripas_addr, 0x3000);
			check_eq(rec.ripas_top, 0x200000);
			check_eq(rec.ripas_value, ripas);
			check_eq(rec.ripas_destroyed, flags);
			check_eq(rec.pc, 0x1004);
			ok(&h, RMI_REC_ENTER, r.rec[0], r.run);
			check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
			check_eq(rec.ripas_addr, 0);
			check_eq(rec.ripas_top, 0);
			/* x0..x3 of the Realm: SUCCESS, new base, ACCEPT, 0; the rest as it was. */
			check_eq(rec.gprs[0], 0);
			check_eq(rec.gprs[1], 0x3000);
			check_eq(rec.gprs[2], 0);
			check_eq(rec.gprs[3], 0);
			check_eq(rec.gprs[4], flags);
			check_eq(rec.gprs[11], 0xabcd0b);
			host_end(&h);
		}
	}
}
END_TEST

static void note_entry(struct host *h, struct rmm_cpu *cpu)
{
	struct smc *s = h->realm_arg;
	struct rmm_rec_view rec;

	s->after = *rmm_cpu_regs(cpu);
	s->x[0] = rmm_cpu_entry(cpu)->ripas_done;
	s->x[1] = rmm_cpu_entry(cpu)->host_call_done;
	s->x[2] = rmm_cpu_entry(cpu)->psci_done;
	/* A request that was completed is over at once. */
	check(rmm_inspect_rec(h->rmm, rmm_cpu_rec(cpu), &rec));
	check_eq(rec.ripas_addr, 0);
	check_eq(rec.ripas_top, 0);
	check(!rec.host_call_pending);
}

START_TEST(test_ripas_response)
{
	/* Section 5.2 step 3: REJECT is heard only for RAM that was not all given. */
	for (unsigned int i = 0; i < 12; i++) {
		const uint64_t ripas = i % 2;
		const bool reject = i / 2 % 2;
		const unsigned int progress = i / 4; /* none, some, all */
		const uint64_t new_base = progress * 0x1000;
		struct host h;
		struct realm r;
		struct smc s;

		host_init(&h);
		realm_running(&h, &r);
		smc(&h, &r, &s, RSI_IPA_STATE_SET, 0, 0x2000, ripas, 1);
		if (progress)
			ok(&h, RMI_RTT_SET_RIPAS, r.rd, r.rec[0], 0, new_base);
		run_enter(&h, &r)->flags = reject ? RMI_ENTER_FLAG_RIPAS_RESPONSE : 0;
		enter(&h, &r, note_entry, &s);
		check_eq(s.x[0], 1);
		check_eq(s.x[1] | s.x[2], 0);
		check_eq(s.after.gprs[0], RSI_SUCCESS);
		check_eq(s.after.gprs[1], new_base);
		check_eq(s.after.gprs[2], reject && ripas && progress < 2 ? RSI_RESPONSE_REJECT
									  : RSI_RESPONSE_ACCEPT);
		enter(&h, &r, note_entry, &s);
		check_eq(s.x[0], 0);
		host_end(&h);
	}
}
END_TEST

START_TEST(test_shared_memory_cycle)
{
	/* The cycle of section 5.2 with its exact states, from private to shared and back. */
	struct host h;
	struct realm r;
	struct smc s;
	uint64_t data;
	const uint64_t p = 0x5000;

	host_init(&h);
	realm_create(&h, &r);
	realm_add_rec(&h, &r, true);
	data = realm_ram(&h, &r, p);
	realm_tables(&h, &r, U + p);
	realm_activate(&h, &r);
	smc(&h, &r, &s, RSI_IPA_STATE_SET, p, p + PAGE, RSI_RIPAS_EMPTY, 1);
	ok(&h, RMI_RTT_SET_RIPAS, r.rd, r.rec[0], p, p + PAGE);
	check_eq(read_entry(&h, &r, p, 3).state, RMI_RTTE_ASSIGNED);
	check_eq(read_entry(&h, &r, p, 3).ripas, RMI_RIPAS_EMPTY);
	ok(&h, RMI_DATA_DESTROY, r.rd, p);
	check_eq(h.regs.x[1], data);
	check_eq(read_entry(&h, &r, p, 3).ripas, RMI_RIPAS_EMPTY);
	ok(&h, RMI_GRANULE_UNDELEGATE, data);
	ok(&h, RMI_RTT_MAP_UNPROTECTED, r.rd, U + p, 3, data | 0xd8);
	smc(&h, &r, &s, RSI_IPA_STATE_SET, p, p + PAGE, RSI_RIPAS_RAM, 1);
	ok(&h, RMI_RTT_UNMAP_UNPROTECTED, r.rd, U + p, 3);
	ok(&h, RMI_RTT_SET_RIPAS, r.rd, r.rec[0], p, p + PAGE);
	check_eq(read_entry(&h, &r, p, 3).state, RMI_RTTE_UNASSIGNED);
	check_eq(read_entry(&h, &r, p, 3).ripas, RMI_RIPAS_RAM);
	ok(&h, RMI_GRANULE_DELEGATE, data);
	ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, data, p);
	check_eq(read_entry(&h, &r, p, 3).state, RMI_RTTE_ASSIGNED);
	check_eq(read_entry(&h, &r, p, 3).ripas, RMI_RIPAS_RAM);
	/* In the wrong order the page is DESTROYED, and a request without consent stalls. */
	smc(&h, &r, &s, RSI_IPA_STATE_SET, p, p + PAGE, RSI_RIPAS_EMPTY, 0);
	ok(&h, RMI_DATA_DESTROY, r.rd, p);
	expect(&h, RTT(3), "no_progress", RMI_RTT_SET_RIPAS, r.rd, r.rec[0], p, p + PAGE);
	host_end(&h);
}
END_TEST

/* --- Host calls --- */

START_TEST(test_host_call)
{
	/* At each place in a page that a structure can have: first, last, and the last page of a half. */
	for (uint64_t offset = 0; offset < PAGE; offset += 0xf00) {
		struct host h;
		struct realm r;
		struct smc s;
		struct rsi_host_call *c;
		struct rmi_rec_exit expected;
		struct rmm_rec_view rec;
		uint64_t data;

		host_init(&h);
		realm_create(&h, &r);
		realm_add_rec(&h, &r, true);
		data = realm_ram(&h, &r, 0x3000);
		realm_activate(&h, &r);
		memset(host_ptr(&h, data), 0x99, PAGE);
		c = host_ptr(&h, data + offset);
		c->imm = 0xbeef;
		memset(&expected, 0, sizeof(expected));
		expected.exit_reason = RMI_EXIT_HOST_CALL;
		expected.imm = 0xbeef;
		for (uint64_t i = 0; i < 31; i++)
			expected.gprs[i] = c->gprs[i] = 500 + i;
		check(!memcmp(smc(&h, &r, &s, RSI_HOST_CALL, 0x3000 + offset), &expected,
			      sizeof(expected)));
		check(s.outcome == RMM_EXIT);
		check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
		check(rec.host_call_pending);
		check_eq(rec.pc, 0x1004);
		for (uint64_t i = 0; i < 31; i++)
			run_enter(&h, &r)->gprs[i] = 700 + i;
		enter(&h, &r, note_entry, &s);
		check_eq(s.x[1], 1);
		check_eq(s.x[0] | s.x[2], 0);
		check_eq(s.after.gprs[0], RSI_SUCCESS);
		check_eq(s.after.gprs[1] | s.after.gprs[2] | s.after.gprs[3], 0);
		check_eq(s.after.gprs[12], 0xabcd0c);
		for (uint64_t i = 0; i < 31; i++)
			check_eq(c->gprs[i], 700 + i);
		check_eq(c->imm, 0xbeef);
		/* Nothing beside the structure is written, not even its unused bytes. */
		check_eq(c->sbz_002[0], 0x99);
		for (uint64_t i = 0; i < PAGE; i++) {
			if (i < offset || i >= offset + 0x100)
				check_eq(((uint8_t *)host_ptr(&h, data))[i], 0x99);
		}
		/* Once. */
		enter(&h, &r, note_entry, &s);
		check_eq(s.x[1], 0);
		host_end(&h);
	}
}
END_TEST

START_TEST(test_host_call_errors)
{
	struct host h;
	struct realm r;
	struct smc s;

	host_init(&h);
	realm_running(&h, &r);
	check_fiq(smc(&h, &r, &s, RSI_HOST_CALL, 0x80));
	check_error(&s, RSI_ERROR_INPUT, "addr_align", 0);
	check_fiq(smc(&h, &r, &s, RSI_HOST_CALL, U));
	check_error(&s, RSI_ERROR_INPUT, "addr_bound", 0);
	check_fiq(smc(&h, &r, &s, RSI_HOST_CALL, 0x1100));
	check_error(&s, RSI_ERROR_INPUT, "addr_ripas", 0);
	host_end(&h);
}
END_TEST

START_TEST(test_host_call_buffer_gone)
{
	/* The page was taken: the Realm does not run, the call stays pending, until it is back. */
	struct host h;
	struct realm r;
	struct smc s;
	struct rmm_rec_view rec;

	host_init(&h);
	realm_create(&h, &r);
	realm_add_rec(&h, &r, true);
	realm_ram(&h, &r, 0x3000);
	ok(&h, RMI_DATA_DESTROY, r.rd, 0x3000);
	ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 0x3000, 0x4000);
	ok(&h, RMI_DATA_CREATE_UNKNOWN, r.rd, host_delegated(&h), 0x3000);
	realm_activate(&h, &r);
	smc(&h, &r, &s, RSI_HOST_CALL, 0x3200);
	ok(&h, RMI_DATA_DESTROY, r.rd, 0x3000);
	h.entries = 0;
	for (int i = 0; i < 2; i++) {
		memset(host_ptr(&h, r.run + 0x800), 0xff, 0x800);
		ok(&h, RMI_REC_ENTER, r.rec[0], r.run);
		check_eq(h.entries, 0);
		check_buffer_exit(run_exit(&h, &r), NULL, 0x3200, 3);
		check(rmm_inspect_rec(h.rmm, r.rec[0], &rec));
		check(rec.host_call_pending);
		check_eq(rec.pc, 0x1004);
	}
	host_end(&h);
}
END_TEST

static void other_asks_empty(struct host *h, struct rmm_cpu *cpu)
{
	(void)h;
	check(realm_smc(cpu, RSI_IPA_STATE_SET, 0x3000, 0x4000, RSI_RIPAS_EMPTY, 0) == RMM_EXIT);
}

START_TEST(test_host_call_buffer_empty)
{
	/* Q15: another REC has made the page EMPTY: nothing is written, x0 is as it was, the Realm goes on. */
	struct host h;
	struct realm r;
	struct smc s;

	host_init(&h);
	realm_create(&h, &r);
	realm_add_rec(&h, &r, true);
	realm_add_rec(&h, &r, true);
	realm_ram(&h, &r, 0x3000);
	realm_activate(&h, &r);
	smc(&h, &r, &s, RSI_HOST_CALL, 0x3000);
	h.realm = other_asks_empty;
	ok(&h, RMI_REC_ENTER, r.rec[1], r.run);
	ok(&h, RMI_RTT_SET_RIPAS, r.rd, r.rec[1], 0x3000, 0x4000);
	enter(&h, &r, note_entry, &s);
	check_eq(s.x[1], 1);
	check_eq(s.after.gprs[0], RSI_HOST_CALL);
	enter(&h, &r, note_entry, &s);
	check_eq(s.x[1], 0);
	host_end(&h);
}
END_TEST

Suite *suite_rsi(void)
{
	Suite *suite = suite_create("RSI");
	TCase *tcase = tcase_create("Realm");

	tcase_add_test(tcase, test_version_and_features);
	tcase_add_test(tcase, test_not_supported);
	tcase_add_test(tcase, test_attestation);
	tcase_add_test(tcase, test_realm_config);
	tcase_add_test(tcase, test_buffers);
	tcase_add_test(tcase, test_buffer_in_block);
	tcase_add_test(tcase, test_ipa_state_get);
	tcase_add_test(tcase, test_ipa_state_set_errors);
	tcase_add_test(tcase, test_ripas_change_exit);
	tcase_add_test(tcase, test_ripas_response);
	tcase_add_test(tcase, test_shared_memory_cycle);
	tcase_add_test(tcase, test_host_call);
	tcase_add_test(tcase, test_host_call_errors);
	tcase_add_test(tcase, test_host_call_buffer_gone);
	tcase_add_test(tcase, test_host_call_buffer_empty);
	suite_add_tcase(suite, tcase);
	return suite;
}
