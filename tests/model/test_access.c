/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory accesses of a Realm: the table of section 6.3, syndromes of 6.4, exceptions of 6.5. */
#include "support.h"

#define U      (UINT64_C(1) << 39)
#define IPAEND (UINT64_C(1) << 40)

/* Fields of ESR_ELx by their place in the architecture (section 6.4). */
#define EC(ec)	  ((uint64_t)(ec) << 26)
#define IL	  (UINT64_C(1) << 25)
#define ISV	  (UINT64_C(1) << 24)
#define SAS(log2) ((uint64_t)(log2) << 22)
#define SSE	  (UINT64_C(1) << 21)
#define SRT(reg)  ((uint64_t)(reg) << 16)
#define SF	  (UINT64_C(1) << 15)
#define EA	  (UINT64_C(1) << 9)
#define S1PTW	  (UINT64_C(1) << 7)
#define WNR	  (UINT64_C(1) << 6)

#define EL0T UINT64_C(0x0)
#define EL1T UINT64_C(0x4)
#define EL1H UINT64_C(0x5)
#define NZCV UINT64_C(0xf0000000)

/* One access that the Realm makes, and what came of it. */
struct attempt {
	struct rmm_access access;
	uint64_t pstate;
	uint64_t sctlr;
	uint64_t gpr; /* in register access.srt before */
	enum rmm_outcome outcome;
	struct rmm_cpu_regs before, after;
	struct rmm_entry entry;
	bool translate; /* rmm_cpu_translate() */
	struct rmm_translation translation;
};

static void attempt(struct host *h, struct rmm_cpu *cpu)
{
	struct attempt *a = h->realm_arg;
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);

	a->entry = *rmm_cpu_entry(cpu);
	regs->pstate = a->pstate;
	regs->vbar_el1 = 0x7000;
	regs->sctlr_el1 = a->sctlr;
	for (unsigned int i = 0; i < 31; i++)
		regs->gprs[i] = UINT64_C(0x1111111111111111) * (i % 15 + 1) + i;
	if (a->access.srt < 31)
		regs->gprs[a->access.srt] = a->gpr;
	a->before = *regs;
	a->outcome = a->translate ? rmm_cpu_translate(cpu, &a->access, &a->translation)
				  : rmm_cpu_access(cpu, &a->access);
	a->after = *regs;
	if (a->outcome == RMM_EXIT) {
		struct rmm_access again = a->access;

		check(rmm_cpu_access(cpu, &again) == RMM_EXIT);
		check_eq(again.done, 0);
	}
}

static const struct rmi_rec_exit *make_attempt(struct host *h, struct realm *r, struct attempt *a)
{
	/* Bytes that an exit leaves alone would show. */
	memset(host_ptr(h, r->run + 0x800), 0xff, 0x800);
	return enter(h, r, attempt, a);
}

static struct attempt attempt_at(uint64_t ipa, enum rmm_access_type type, uint32_t size)
{
	return (struct attempt){
		.access = {.type = type,
			   .ipa = ipa,
			   .size = size,
			   .far = UINT64_C(0xffff000000000000) | ipa},
		.pstate = NZCV | EL1H,
	};
}

/* All of the exit half must be as given: fields that are not named are zero (O9). */
static void check_exit(const struct rmi_rec_exit *exit, uint8_t reason, uint64_t esr, uint64_t far,
		       uint64_t hpfar, uint64_t gpr0)
{
	struct rmi_rec_exit expected;

	memset(&expected, 0, sizeof(expected));
	expected.exit_reason = reason;
	expected.esr = esr;
	expected.far = far;
	expected.hpfar = hpfar;
	expected.gprs[0] = gpr0;
	check_eq(exit->exit_reason, reason);
	check_eq(exit->esr, esr);
	check_eq(exit->far, far);
	check_eq(exit->hpfar, hpfar);
	check_eq(exit->gprs[0], gpr0);
	check(!memcmp(exit, &expected, sizeof(expected)));
}

/*
 * A Realm with a page in each state: UNASSIGNED and ASSIGNED by EMPTY, RAM and DESTROYED from IPA 0 on;
 * RAM without tables from GiB on; unprotected mappings of each kind.
 */
struct world {
	struct host h;
	struct realm r;
	uint64_t ns, secure, aap, delegated, block, ram;
};

enum {
	UNASSIGNED_EMPTY = 0x0000,
	ASSIGNED_EMPTY = 0x1000,
	UNASSIGNED_RAM = 0x2000,
	ASSIGNED_RAM = 0x3000,
	UNASSIGNED_DESTROYED = 0x4000,
	ASSIGNED_DESTROYED = 0x5000,
	ASSIGNED_RAM_2 = 0x6000, /* after it: UNASSIGNED/EMPTY */
	ASSIGNED_RAM_3 = 0x8000,
	ASSIGNED_RAM_4 = 0x9000,
};
#define NS_NONE	     (U + 0x0000) /* UNASSIGNED_NS */
#define NS_RW	     (U + 0x1000)
#define NS_NO_ACCESS (U + 0x2000)
#define NS_READ	     (U + 0x3000)
#define NS_WRITE     (U + 0x4000)
#define NS_DELEGATED (U + 0x5000) /* to a granule that is not Non-secure (any more) */
#define NS_NOWHERE   (U + 0x6000)
#define NS_SECURE    (U + 0x7000)
#define NS_AAP	     (U + 0x8000)
#define NS_DEVICE    (U + 0x9000)
#define NS_BLOCK     (U + 2 * MiB)
#define NS_BLOCK_RO  (U + 4 * MiB)
#define NS_L2	     (U + 6 * MiB) /* UNASSIGNED_NS */
#define NS_L1	     (U + GiB)

static void world_init(struct world *w, uint64_t tfrmm)
{
	struct host *h = &w->h;
	struct realm *r = &w->r;

	host_init_config(h);
	h->config.tfrmm = tfrmm;
	host_start(h);
	realm_create(h, r);
	realm_add_rec(h, r, true);
	realm_tables(h, r, 0);
	ok(h, RMI_DATA_CREATE_UNKNOWN, r->rd, host_delegated(h), ASSIGNED_EMPTY);
	ok(h, RMI_RTT_INIT_RIPAS, r->rd, UNASSIGNED_RAM, UNASSIGNED_RAM + PAGE);
	w->ram = realm_ram(h, r, ASSIGNED_RAM);
	realm_ram(h, r, UNASSIGNED_DESTROYED);
	ok(h, RMI_DATA_DESTROY, r->rd, UNASSIGNED_DESTROYED);
	realm_ram(h, r, ASSIGNED_DESTROYED);
	ok(h, RMI_DATA_DESTROY, r->rd, ASSIGNED_DESTROYED);
	ok(h, RMI_DATA_CREATE_UNKNOWN, r->rd, host_delegated(h), ASSIGNED_DESTROYED);
	realm_ram(h, r, ASSIGNED_RAM_2);
	realm_ram(h, r, ASSIGNED_RAM_3);
	realm_ram(h, r, ASSIGNED_RAM_4);
	ok(h, RMI_RTT_INIT_RIPAS, r->rd, 2 * MiB, 4 * MiB);
	ok(h, RMI_RTT_INIT_RIPAS, r->rd, GiB, 2 * GiB);
	w->ns = host_page(h);
	w->secure = host_page(h);
	w->aap = host_page(h);
	w->delegated = host_page(h);
	w->block = host_pages(h, 512);
	realm_tables(h, r, U);
	ok(h, RMI_RTT_MAP_UNPROTECTED, r->rd, NS_RW, 3, w->ns | 0xd8);
	ok(h, RMI_RTT_MAP_UNPROTECTED, r->rd, NS_NO_ACCESS, 3, w->ns | 0x18);
	ok(h, RMI_RTT_MAP_UNPROTECTED, r->rd, NS_READ, 3, w->ns | 0x58);
	ok(h, RMI_RTT_MAP_UNPROTECTED, r->rd, NS_WRITE, 3, w->ns | 0x98);
	ok(h, RMI_RTT_MAP_UNPROTECTED, r->rd, NS_DELEGATED, 3, w->delegated | 0xd8);
	ok(h, RMI_RTT_MAP_UNPROTECTED, r->rd, NS_NOWHERE, 3, NOWHERE | 0xd8);
	ok(h, RMI_RTT_MAP_UNPROTECTED, r->rd, NS_SECURE, 3, w->secure | 0xd8);
	ok(h, RMI_RTT_MAP_UNPROTECTED, r->rd, NS_AAP, 3, w->aap | 0xd8);
	ok(h, RMI_RTT_MAP_UNPROTECTED, r->rd, NS_DEVICE, 3, DEVICE_BASE | 0xc4);
	ok(h, RMI_RTT_MAP_UNPROTECTED, r->rd, NS_BLOCK, 2, w->block | 0xd4);
	ok(h, RMI_RTT_MAP_UNPROTECTED, r->rd, NS_BLOCK_RO, 2, w->block | 0x58);
	/* Mapped first, delegated afterwards. */
	ok(h, RMI_GRANULE_DELEGATE, w->delegated);
	check_eq((uint64_t)rmm_set_gpt(h->rmm, w->secure, RMM_GPT_SECURE), 0);
	check_eq((uint64_t)rmm_set_gpt(h->rmm, w->aap, RMM_GPT_AAP), 0);
	realm_activate(h, r);
}

/* A row of section 6.3: what a read, a write and a fetch at `ipa` come to. */
struct row {
	uint64_t ipa;
	enum rmm_outcome read, write, fetch;
	uint64_t fsc; /* of a read and write, where one exits; a fetch has the same */
};

static const struct row rows[] = {
	{UNASSIGNED_EMPTY, RMM_SEA, RMM_SEA, RMM_SEA, 0},
	{ASSIGNED_EMPTY, RMM_SEA, RMM_SEA, RMM_SEA, 0},
	{4 * MiB, RMM_SEA, RMM_SEA, RMM_SEA, 0},
	{2 * GiB, RMM_SEA, RMM_SEA, RMM_SEA, 0},
	{UNASSIGNED_RAM, RMM_EXIT, RMM_EXIT, RMM_EXIT, 0x07},
	{2 * MiB + 5 * PAGE, RMM_EXIT, RMM_EXIT, RMM_EXIT, 0x06},
	{GiB + 5 * PAGE, RMM_EXIT, RMM_EXIT, RMM_EXIT, 0x05},
	{ASSIGNED_RAM, RMM_CONTINUE, RMM_CONTINUE, RMM_CONTINUE, 0},
	{UNASSIGNED_DESTROYED, RMM_EXIT, RMM_EXIT, RMM_EXIT, 0x07},
	{ASSIGNED_DESTROYED, RMM_EXIT, RMM_EXIT, RMM_EXIT, 0x07},
	{NS_NONE, RMM_EXIT, RMM_EXIT, RMM_SEA, 0x07},
	{NS_L2 + PAGE, RMM_EXIT, RMM_EXIT, RMM_SEA, 0x06},
	{NS_L1 + PAGE, RMM_EXIT, RMM_EXIT, RMM_SEA, 0x05},
	{NS_RW, RMM_CONTINUE, RMM_CONTINUE, RMM_SEA, 0},
	{NS_AAP, RMM_CONTINUE, RMM_CONTINUE, RMM_SEA, 0},
	{NS_DEVICE, RMM_CONTINUE, RMM_CONTINUE, RMM_SEA, 0},
	{NS_BLOCK + 7 * PAGE, RMM_CONTINUE, RMM_CONTINUE, RMM_SEA, 0},
	{NS_NO_ACCESS, RMM_EXIT, RMM_EXIT, RMM_SEA, 0x0f},
	{NS_READ, RMM_CONTINUE, RMM_EXIT, RMM_SEA, 0x0f},
	{NS_WRITE, RMM_EXIT, RMM_CONTINUE, RMM_SEA, 0x0f},
	{NS_BLOCK_RO + PAGE, RMM_CONTINUE, RMM_EXIT, RMM_SEA, 0x0e},
	{NS_DELEGATED, RMM_EXIT, RMM_EXIT, RMM_SEA, 0x28},
	{NS_NOWHERE, RMM_EXIT, RMM_EXIT, RMM_SEA, 0x28},
	{NS_SECURE, RMM_EXIT, RMM_EXIT, RMM_SEA, 0x28},
};
#define NUM_ROWS (sizeof(rows) / sizeof(rows[0]))

static void check_unchanged(const struct attempt *a)
{
	check(!memcmp(&a->before, &a->after, sizeof(a->before)));
}

static void check_sea(const struct attempt *a, uint64_t esr, uint64_t vector)
{
	struct rmm_cpu_regs expected = a->before;

	expected.esr_el1 = esr;
	expected.far_el1 = a->access.far;
	expected.elr_el1 = a->before.pc;
	expected.spsr_el1 = a->before.pstate;
	expected.pstate = 0x3c5;
	expected.pc = 0x7000 + vector;
	check_eq(a->after.esr_el1, esr);
	check_eq(a->after.pc, expected.pc);
	check(!memcmp(&a->after, &expected, sizeof(expected)));
}

/* One access with isv, `log2` of its size, and a register. */
static void check_isv(struct world *w, const struct row *row, bool write, unsigned int log2,
		      uint8_t srt)
{
	const enum rmm_outcome outcome = write ? row->write : row->read;
	struct attempt a = attempt_at(row->ipa + (UINT64_C(8) << log2),
				      write ? RMM_WRITE : RMM_READ, 1u << log2);
	const uint64_t mask = UINT64_MAX >> (64 - (8 << log2));
	const bool unprotected = row->ipa >= U;
	uint8_t buffer[8] = {0};
	uint64_t esr = EC(0x24) | row->fsc;
	const struct rmi_rec_exit *exit;
	struct rmm_rec_view rec;

	a.access.data = buffer;
	a.access.isv = true;
	a.access.sse = !write;
	a.access.sf = log2 == 3;
	a.access.srt = srt;
	a.gpr = UINT64_C(0xfedcba9876543210);
	exit = make_attempt(&w->h, &w->r, &a);
	check_eq(a.outcome, outcome);
	if (outcome == RMM_CONTINUE) {
		check_unchanged(&a);
		check_eq(a.access.done, 1u << log2);
	} else if (outcome == RMM_SEA) {
		check_sea(&a,
			  EC(0x25) | IL | ISV | SAS(log2) | (write ? WNR : SSE) | SRT(srt) |
				  (log2 == 3 ? SF : 0) | EA | 0x10,
			  0x200);
	}
	if (outcome != RMM_EXIT) {
		/* The Host is told nothing. */
		check_exit(exit, RMI_EXIT_FIQ, 0, 0, 0, 0);
		return;
	}
	check_unchanged(&a);
	check_eq(a.access.done, 0);
	if (unprotected) {
		esr |= ISV | SAS(log2) | (log2 == 3 ? SF : 0) | (write ? WNR : 0);
		check_exit(exit, RMI_EXIT_SYNC, esr, a.access.ipa & 0xfff, row->ipa >> 8,
			   write && srt != 31 ? UINT64_C(0xfedcba9876543210) & mask : 0);
	} else {
		check_exit(exit, RMI_EXIT_SYNC, esr, 0, row->ipa >> 8, 0);
	}
	check(rmm_inspect_rec(w->h.rmm, w->r.rec[0], &rec));
	check_eq(rec.emulatable_abort, unprotected);
}

START_TEST(test_rows_isv)
{
	struct world w;

	world_init(&w, 0);
	for (size_t i = 0; i < NUM_ROWS; i++) {
		for (unsigned int log2 = 0; log2 <= 3; log2++) {
			check_isv(&w, &rows[i], false, log2, 5);
			check_isv(&w, &rows[i], true, log2, 5);
		}
		check_isv(&w, &rows[i], false, 2, 31);
		check_isv(&w, &rows[i], true, 2, 31);
		check_isv(&w, &rows[i], true, 3, 0);
		check_isv(&w, &rows[i], true, 3, 30);
	}
	host_end(&w.h);
}
END_TEST

/* Without isv: pairs, SIMD and so on; a write is told from a read only by the Realm itself. */
static void check_no_isv(struct world *w, const struct row *row, bool write, bool s1ptw, bool tfrmm)
{
	const enum rmm_outcome outcome = write ? row->write : row->read;
	struct attempt a = attempt_at(row->ipa + 0x120, write ? RMM_WRITE : RMM_READ, 16);
	const bool unprotected = row->ipa >= U;
	const struct rmi_rec_exit *exit;
	struct rmm_rec_view rec;

	a.access.s1ptw = s1ptw;
	a.access.srt = 7;
	a.access.sf = true;
	exit = make_attempt(&w->h, &w->r, &a);
	check_eq(a.outcome, outcome);
	if (outcome == RMM_SEA)
		check_sea(&a, EC(0x25) | IL | (write ? WNR : 0) | EA | 0x10, 0x200);
	if (outcome != RMM_EXIT) {
		check_exit(exit, RMI_EXIT_FIQ, 0, 0, 0, 0);
		return;
	}
	if (unprotected && tfrmm)
		/* Q14: no IL, WnR and far shown, and the low byte of x0 with a write. */
		check_exit(exit, RMI_EXIT_SYNC, EC(0x24) | row->fsc | (write ? WNR : 0), 0x120,
			   row->ipa >> 8, write ? a.before.gprs[0] & 0xff : 0);
	else
		check_exit(exit, RMI_EXIT_SYNC, EC(0x24) | row->fsc | (unprotected ? IL : 0), 0,
			   row->ipa >> 8, 0);
	check(rmm_inspect_rec(w->h.rmm, w->r.rec[0], &rec));
	check(!rec.emulatable_abort);
}

START_TEST(test_rows_no_isv)
{
	for (int tfrmm = 0; tfrmm < 2; tfrmm++) {
		struct world w;

		world_init(&w, tfrmm ? RMM_TFRMM_Q14 : 0);
		for (size_t i = 0; i < NUM_ROWS; i++) {
			check_no_isv(&w, &rows[i], false, false, tfrmm);
			check_no_isv(&w, &rows[i], true, false, tfrmm);
			check_no_isv(&w, &rows[i], false, true, tfrmm);
		}
		host_end(&w.h);
	}
}
END_TEST

START_TEST(test_rows_fetch)
{
	struct world w;

	world_init(&w, 0);
	for (size_t i = 0; i < NUM_ROWS; i++) {
		const struct row *row = &rows[i];
		struct attempt a = attempt_at(row->ipa + 0x40, RMM_FETCH, 4);
		const struct rmi_rec_exit *exit;
		struct rmm_rec_view rec;

		/* These say nothing about a fetch. */
		a.access.isv = true;
		a.access.srt = 3;
		exit = make_attempt(&w.h, &w.r, &a);
		check_eq(a.outcome, row->fetch);
		if (row->fetch == RMM_SEA)
			check_sea(&a, EC(0x21) | IL | EA | 0x10, 0x200);
		if (row->fetch == RMM_EXIT)
			check_exit(exit, RMI_EXIT_SYNC, EC(0x20) | row->fsc, 0, row->ipa >> 8, 0);
		else
			check_exit(exit, RMI_EXIT_FIQ, 0, 0, 0, 0);
		check(rmm_inspect_rec(w.h.rmm, w.r.rec[0], &rec));
		check(!rec.emulatable_abort);
	}
	host_end(&w.h);
}
END_TEST

START_TEST(test_address_size)
{
	/* Beyond the IPA space stage 1 would have refused the address: level 0 with the MMU off, else 3. */
	const uint64_t ipas[] = {IPAEND, IPAEND + NS_RW, UINT64_C(1) << 48, UINT64_MAX - 7};
	struct world w;

	world_init(&w, 0);
	for (size_t i = 0; i < sizeof(ipas) / sizeof(ipas[0]); i++) {
		for (int mmu = 0; mmu < 2; mmu++) {
			for (int type = RMM_READ; type <= RMM_FETCH; type++) {
				struct attempt a =
					attempt_at(ipas[i], (enum rmm_access_type)type, 4);

				a.sctlr = UINT64_C(0x30d00800) | (uint64_t)mmu;
				check_exit(make_attempt(&w.h, &w.r, &a), RMI_EXIT_FIQ, 0, 0, 0, 0);
				check_eq(a.outcome, RMM_SEA);
				check_sea(&a,
					  EC(type == RMM_FETCH ? 0x21 : 0x25) | IL |
						  (type == RMM_WRITE ? WNR : 0) | (mmu ? 3 : 0),
					  0x200);
			}
		}
	}
	host_end(&w.h);
}
END_TEST

START_TEST(test_vectors)
{
	/* pstate, whether from EL0, the vector's offset, and EC relative to that of EL0 */
	const struct {
		uint64_t pstate;
		bool from_el0;
		uint64_t vector;
	} cases[] = {
		{EL1T, false, 0x000},
		{NZCV | EL1H | 0x3c0, false, 0x200},
		{EL0T, true, 0x400},
		{NZCV | 0x10, true, 0x600},
	};
	struct world w;

	world_init(&w, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int fetch = 0; fetch < 2; fetch++) {
			struct attempt a =
				attempt_at(UNASSIGNED_EMPTY + 8, fetch ? RMM_FETCH : RMM_READ, 4);

			a.pstate = cases[i].pstate;
			a.access.from_el0 = cases[i].from_el0;
			make_attempt(&w.h, &w.r, &a);
			check_eq(a.outcome, RMM_SEA);
			check_sea(&a,
				  EC((fetch ? 0x20 : 0x24) + !cases[i].from_el0) | IL | EA | 0x10,
				  cases[i].vector);
		}
	}
	host_end(&w.h);
}
END_TEST

START_TEST(test_memory)
{
	/* What is written is read back, through the mapping and at the physical address. */
	struct world w;
	uint8_t out[64], in[64];

	world_init(&w, 0);
	for (unsigned int i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7 + 1);
	for (unsigned int i = 0; i < 4; i++) {
		const uint64_t ipas[] = {ASSIGNED_RAM, NS_RW, NS_AAP, NS_BLOCK + 300 * PAGE};
		const uint64_t pas[] = {w.ram, w.ns, w.aap, w.block + 300 * PAGE};
		struct attempt a = attempt_at(ipas[i] + 0xfc0, RMM_WRITE, 64);

		a.access.data = out;
		make_attempt(&w.h, &w.r, &a);
		check_eq(a.outcome, RMM_CONTINUE);
		check_eq(a.access.done, 64);
		check(!memcmp(host_ptr(&w.h, pas[i] + 0xfc0), out, 64));
		check(rmm_inspect_read(w.h.rmm, pas[i] + 0xfc0, in, 64));
		check(!memcmp(in, out, 64));
		memset(in, 0, sizeof(in));
		a = attempt_at(ipas[i] + 0xfc0, RMM_READ, 64);
		a.access.data = in;
		make_attempt(&w.h, &w.r, &a);
		check(!memcmp(in, out, 64));
		memset(in, 0, sizeof(in));
		/* A write without data writes zeros, a read without room moves nothing. */
		a = attempt_at(ipas[i] + 0xfc8, RMM_WRITE, 8);
		make_attempt(&w.h, &w.r, &a);
		check(!memcmp(host_ptr(&w.h, pas[i] + 0xfc0), out, 8));
		check(!memcmp(host_ptr(&w.h, pas[i] + 0xfc8), in, 8));
		check(!memcmp(host_ptr(&w.h, pas[i] + 0xfd0), out + 16, 48));
		a = attempt_at(ipas[i] + 0xfc0, RMM_READ, 64);
		make_attempt(&w.h, &w.r, &a);
		check_eq(a.access.done, 64);
	}
	host_end(&w.h);
}
END_TEST

START_TEST(test_crossing)
{
	/* Each page is checked in turn; what fails is told of the page that failed. */
	struct world w;
	uint8_t data[0x2000];
	struct attempt a;
	const struct rmi_rec_exit *exit;

	world_init(&w, 0);
	memset(data, 0x5a, sizeof(data));
	/* Both pages there. */
	a = attempt_at(ASSIGNED_RAM_3 + 0xffc, RMM_WRITE, 8);
	a.access.data = data;
	make_attempt(&w.h, &w.r, &a);
	check_eq(a.outcome, RMM_CONTINUE);
	check_eq(a.access.done, 8);
	check_eq(
		*(uint32_t *)host_ptr(&w.h, read_entry(&w.h, &w.r, ASSIGNED_RAM_3, 3).desc + 0xffc),
		0x5a5a5a5a);
	check_eq(*(uint32_t *)host_ptr(&w.h, read_entry(&w.h, &w.r, ASSIGNED_RAM_4, 3).desc),
		 0x5a5a5a5a);
	check_eq(*(uint32_t *)host_ptr(&w.h, read_entry(&w.h, &w.r, ASSIGNED_RAM_4, 3).desc + 4),
		 0);
	/* SEA in the second: far is where the second page starts. */
	a = attempt_at(ASSIGNED_RAM_2 + 0xffe, RMM_WRITE, 8);
	a.access.data = data;
	make_attempt(&w.h, &w.r, &a);
	check_eq(a.outcome, RMM_SEA);
	check_eq(a.access.done, 2);
	check_eq(a.after.far_el1, a.access.far + 2);
	check_eq(
		*(uint16_t *)host_ptr(&w.h, read_entry(&w.h, &w.r, ASSIGNED_RAM_2, 3).desc + 0xffe),
		0x5a5a);
	/* Exit in the second, protected. */
	a = attempt_at(ASSIGNED_RAM + 0xffc, RMM_READ, 8);
	a.access.isv = true;
	exit = make_attempt(&w.h, &w.r, &a);
	check_eq(a.outcome, RMM_EXIT);
	check_eq(a.access.done, 4);
	check_exit(exit, RMI_EXIT_SYNC, EC(0x24) | 7, 0, (ASSIGNED_RAM + PAGE) >> 8, 0);
	/* Exit in the second, unprotected and emulatable. */
	a = attempt_at(NS_RW + 0xffc, RMM_WRITE, 8);
	a.access.isv = true;
	a.access.sf = true;
	a.gpr = 77;
	exit = make_attempt(&w.h, &w.r, &a);
	check_eq(a.access.done, 4);
	check_exit(exit, RMI_EXIT_SYNC, EC(0x24) | ISV | SAS(3) | SF | WNR | 0xf, 0,
		   (NS_RW + PAGE) >> 8, 77);
	/* Exit in the first: nothing is done. */
	a = attempt_at(NS_NONE + 0xffc, RMM_WRITE, 8);
	exit = make_attempt(&w.h, &w.r, &a);
	check_eq(a.access.done, 0);
	check_eq(exit->hpfar, NS_NONE >> 8);
	/* A whole page from the middle of one to the middle of the next. */
	a = attempt_at(ASSIGNED_RAM_3 + 0x800, RMM_WRITE, 4096);
	a.access.data = data;
	make_attempt(&w.h, &w.r, &a);
	check_eq(a.outcome, RMM_CONTINUE);
	check_eq(a.access.done, 4096);
	/* From the last byte of the IPA space on. */
	a = attempt_at(IPAEND - 1, RMM_READ, 2);
	exit = make_attempt(&w.h, &w.r, &a);
	check_eq(a.outcome, RMM_EXIT);
	check_eq(exit->hpfar, (IPAEND - PAGE) >> 8);
	host_end(&w.h);
}
END_TEST

START_TEST(test_isv_size)
{
	/* isv needs a size that a register can have. */
	const uint32_t sizes[] = {3, 5, 6, 7, 12, 16, 32, 64};
	struct world w;

	world_init(&w, 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct attempt a = attempt_at(NS_NONE + 8, RMM_READ, sizes[i]);

		a.access.isv = true;
		check_exit(make_attempt(&w.h, &w.r, &a), RMI_EXIT_SYNC, EC(0x24) | IL | 7, 0,
			   NS_NONE >> 8, 0);
	}
	host_end(&w.h);
}
END_TEST

START_TEST(test_levels_above_1)
{
	/* DFSC and IFSC of translation faults at level 0 and at level -1, which has a code of its own. */
	for (int level = -1; level <= 0; level++) {
		const uint64_t fsc = level ? 0x2b : 0x04;
		struct attempt a = attempt_at(PAGE, RMM_READ, 4);
		struct host h;
		struct realm r;

		host_init_config(&h);
		h.config.lpa2 = true;
		h.config.s2sz = 52;
		host_start(&h);
		realm_prepare_as(&h, &r, level ? 52 : 48, level, 1);
		r.p->flags = RMI_REALM_FLAG_LPA2;
		ok(&h, RMI_REALM_CREATE, r.rd, r.params);
		realm_add_rec(&h, &r, true);
		ok(&h, RMI_RTT_INIT_RIPAS, r.rd, 0, level ? UINT64_C(1) << 48 : UINT64_C(1) << 39);
		realm_activate(&h, &r);
		check_exit(make_attempt(&h, &r, &a), RMI_EXIT_SYNC, EC(0x24) | fsc, 0, PAGE >> 8,
			   0);
		a = attempt_at(PAGE, RMM_FETCH, 4);
		check_exit(make_attempt(&h, &r, &a), RMI_EXIT_SYNC, EC(0x20) | fsc, 0, PAGE >> 8,
			   0);
		/* The IPA of the last page, all 52 bits of it. */
		a = attempt_at((UINT64_C(1) << r.p->s2sz) - PAGE, RMM_READ, 4);
		check_exit(make_attempt(&h, &r, &a), RMI_EXIT_SYNC, EC(0x24) | IL | fsc, 0,
			   ((UINT64_C(1) << r.p->s2sz) - PAGE) >> 8, 0);
		host_end(&h);
	}
}
END_TEST

START_TEST(test_ns_fault)
{
	/* Another agent's change of the GPT is met at the access, also of a Realm. */
	struct world w;
	struct attempt a;

	world_init(&w, 0);
	/* The run page is read once and written once, and the access is what it is. */
	for (int write = 0; write < 2; write++) {
		w.h.reads = w.h.writes = 0;
		a = attempt_at(NS_RW, write ? RMM_WRITE : RMM_READ, 4);
		make_attempt(&w.h, &w.r, &a);
		check_eq(w.h.reads, write ? 1 : 2);
		check_eq(w.h.writes, write ? 2 : 1);
	}
	w.h.fault_pa = w.block + 9 * PAGE;
	a = attempt_at(NS_BLOCK + 9 * PAGE + 0x10, RMM_READ, 4);
	a.access.isv = true;
	check_exit(make_attempt(&w.h, &w.r, &a), RMI_EXIT_SYNC, EC(0x24) | ISV | SAS(2) | 0x28,
		   0x10, (NS_BLOCK + 9 * PAGE) >> 8, 0);
	host_end(&w.h);
}
END_TEST

START_TEST(test_translate)
{
	const struct {
		uint64_t ipa;
		enum rmm_access_type type;
		bool readable, writable, executable;
		uint8_t memattr;
		uint64_t size;
	} cases[] = {
		{ASSIGNED_RAM, RMM_READ, true, true, true, 0, PAGE},
		{ASSIGNED_RAM, RMM_WRITE, true, true, true, 0, PAGE},
		{ASSIGNED_RAM, RMM_FETCH, true, true, true, 0, PAGE},
		{NS_RW, RMM_WRITE, true, true, false, 6, PAGE},
		{NS_READ, RMM_READ, true, false, false, 6, PAGE},
		{NS_WRITE, RMM_WRITE, false, true, false, 6, PAGE},
		{NS_DEVICE, RMM_READ, true, true, false, 1, PAGE},
		{NS_BLOCK + 9 * PAGE, RMM_READ, true, true, false, 5, 2 * MiB},
	};
	struct world w;

	world_init(&w, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint64_t pas[] = {w.ram, w.ram, w.ram,	   w.ns,
					w.ns,  w.ns,  DEVICE_BASE, w.block + 9 * PAGE};
		struct attempt a = attempt_at(cases[i].ipa + 0x123, cases[i].type, 4);

		a.translate = true;
		make_attempt(&w.h, &w.r, &a);
		check_eq(a.outcome, RMM_CONTINUE);
		check_eq(a.translation.pa, pas[i]);
		check_eq(a.translation.ns, cases[i].ipa >= U);
		check_eq(a.translation.readable, cases[i].readable);
		check_eq(a.translation.writable, cases[i].writable);
		check_eq(a.translation.executable, cases[i].executable);
		check_eq(a.translation.memattr, cases[i].memattr);
		check_eq(a.translation.size, cases[i].size);
	}
	/* Its aborts are those of an access. */
	for (size_t i = 0; i < NUM_ROWS; i++) {
		struct attempt a = attempt_at(rows[i].ipa + 0x10, RMM_READ, 4);

		a.translate = true;
		make_attempt(&w.h, &w.r, &a);
		check_eq(a.outcome, rows[i].read);
		if (rows[i].read == RMM_EXIT)
			check_eq(run_exit(&w.h, &w.r)->esr,
				 EC(0x24) | rows[i].fsc | (rows[i].ipa >= U ? IL : 0));
	}
	host_end(&w.h);
}
END_TEST

/* --- the life of an emulatable abort --- */

/* An access that exits with a Data Abort at NS_NONE + offset. */
static void abort_at(struct world *w, struct attempt *a)
{
	make_attempt(&w->h, &w->r, a);
	check_eq(a->outcome, RMM_EXIT);
}

/* Enter again with `flags` and gprs[0] = value; the Realm makes an access that proceeds. */
static struct attempt reenter(struct world *w, uint64_t flags, uint64_t value)
{
	struct attempt a = attempt_at(ASSIGNED_RAM, RMM_READ, 4);

	memset(run_enter(&w->h, &w->r), 0, sizeof(struct rmi_rec_enter));
	run_enter(&w->h, &w->r)->flags = flags;
	run_enter(&w->h, &w->r)->gprs[0] = value;
	make_attempt(&w->h, &w->r, &a);
	run_enter(&w->h, &w->r)->flags = 0;
	return a;
}

static void note_regs(struct host *h, struct rmm_cpu *cpu)
{
	struct attempt *a = h->realm_arg;

	a->entry = *rmm_cpu_entry(cpu);
	a->after = *rmm_cpu_regs(cpu);
}

/* The same, but the Realm only shows its registers. */
static struct attempt reenter_regs(struct world *w, uint64_t flags, uint64_t value)
{
	struct attempt a = {.outcome = RMM_CONTINUE};

	memset(run_enter(&w->h, &w->r), 0, sizeof(struct rmi_rec_enter));
	run_enter(&w->h, &w->r)->flags = flags;
	run_enter(&w->h, &w->r)->gprs[0] = value;
	enter(&w->h, &w->r, note_regs, &a);
	run_enter(&w->h, &w->r)->flags = 0;
	return a;
}

START_TEST(test_emulate_read)
{
	const uint64_t value = UINT64_C(0xf1e2d3c4b5a69788);
	/* What a load of each size leaves in its register: zero extended, sign extended to 32 and to 64 bits. */
	const struct {
		unsigned int log2;
		bool sse, sf;
		uint64_t result;
	} cases[] = {
		{0, false, false, 0x88},
		{1, false, false, 0x9788},
		{2, false, false, 0xb5a69788},
		{3, false, true, UINT64_C(0xf1e2d3c4b5a69788)},
		{0, true, false, 0xffffff88},
		{1, true, false, 0xffff9788},
		{0, true, true, UINT64_C(0xffffffffffffff88)},
		{1, true, true, UINT64_C(0xffffffffffff9788)},
		{2, true, true, UINT64_C(0xffffffffb5a69788)},
		{0, false, true, 0x88},
		{2, false, true, 0xb5a69788},
	};
	struct world w;

	world_init(&w, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned int srt = 0; srt < 32; srt++) {
			struct attempt a = attempt_at(NS_NONE + 8, RMM_READ, 1u << cases[i].log2),
				       b;
			struct rmm_cpu_regs expected;

			a.access.isv = true;
			a.access.sse = cases[i].sse;
			a.access.sf = cases[i].sf;
			a.access.srt = (uint8_t)srt;
			a.gpr = UINT64_C(0x5555555555555555);
			abort_at(&w, &a);
			expected = a.after;
			if (srt < 31)
				expected.gprs[srt] = cases[i].result;
			expected.pc += 4;
			b = reenter_regs(&w, RMI_ENTER_FLAG_EMUL_MMIO, value);
			check(b.entry.mmio_emulated);
			check(!b.entry.sea_injected);
			check(!memcmp(&b.after, &expected, sizeof(expected)));
		}
	}
	/* A positive value of a load that sign extends. */
	{
		struct attempt a = attempt_at(NS_NONE + 8, RMM_READ, 1);

		a.access.isv = a.access.sse = a.access.sf = true;
		abort_at(&w, &a);
		check_eq(reenter_regs(&w, RMI_ENTER_FLAG_EMUL_MMIO, 0xff7f).after.gprs[0], 0x7f);
	}
	host_end(&w.h);
}
END_TEST

START_TEST(test_emulate_write)
{
	struct world w;
	struct attempt a, b;
	struct rmm_cpu_regs expected;

	world_init(&w, 0);
	a = attempt_at(NS_NONE + 8, RMM_WRITE, 8);
	a.access.isv = true;
	a.access.srt = 4;
	abort_at(&w, &a);
	expected = a.after;
	expected.pc += 4;
	b = reenter_regs(&w, RMI_ENTER_FLAG_EMUL_MMIO, 0x1234);
	check(b.entry.mmio_emulated);
	check(!memcmp(&b.after, &expected, sizeof(expected)));
	host_end(&w.h);
}
END_TEST

START_TEST(test_retry)
{
	/* Without emul_mmio the registers are as they were: the instruction is executed again. */
	struct world w;
	struct attempt a, b;

	world_init(&w, 0);
	a = attempt_at(NS_NONE + 8, RMM_READ, 8);
	a.access.isv = true;
	abort_at(&w, &a);
	b = reenter_regs(&w, 0, 0x1234);
	check(!b.entry.mmio_emulated);
	check(!memcmp(&b.after, &a.after, sizeof(a.after)));
	host_end(&w.h);
}
END_TEST

START_TEST(test_emulate_only_once)
{
	struct world w;
	struct attempt a;

	world_init(&w, 0);
	a = attempt_at(NS_NONE + 8, RMM_READ, 8);
	a.access.isv = true;
	abort_at(&w, &a);
	reenter(&w, RMI_ENTER_FLAG_EMUL_MMIO, 0);
	run_enter(&w.h, &w.r)->flags = RMI_ENTER_FLAG_EMUL_MMIO;
	expect(&w.h, REC, "rec_mmio", RMI_REC_ENTER, w.r.rec[0], w.r.run);
	/* Nor after a non-emulatable abort, at an unprotected IPA or not, or a fetch. */
	run_enter(&w.h, &w.r)->flags = 0;
	a.access.isv = false;
	abort_at(&w, &a);
	run_enter(&w.h, &w.r)->flags = RMI_ENTER_FLAG_EMUL_MMIO;
	expect(&w.h, REC, "rec_mmio", RMI_REC_ENTER, w.r.rec[0], w.r.run);
	run_enter(&w.h, &w.r)->flags = 0;
	a = attempt_at(UNASSIGNED_RAM, RMM_READ, 8);
	a.access.isv = true;
	abort_at(&w, &a);
	run_enter(&w.h, &w.r)->flags = RMI_ENTER_FLAG_EMUL_MMIO;
	expect(&w.h, REC, "rec_mmio", RMI_REC_ENTER, w.r.rec[0], w.r.run);
	run_enter(&w.h, &w.r)->flags = 0;
	a = attempt_at(UNASSIGNED_RAM, RMM_FETCH, 4);
	abort_at(&w, &a);
	run_enter(&w.h, &w.r)->flags = RMI_ENTER_FLAG_EMUL_MMIO;
	expect(&w.h, REC, "rec_mmio", RMI_REC_ENTER, w.r.rec[0], w.r.run);
	host_end(&w.h);
}
END_TEST

START_TEST(test_failed_enter_consumes_nothing)
{
	struct world w;
	struct attempt a, b;

	world_init(&w, 0);
	a = attempt_at(NS_NONE + 8, RMM_READ, 8);
	a.access.isv = true;
	abort_at(&w, &a);
	run_enter(&w.h, &w.r)->gicv3_hcr = 1;
	expect(&w.h, REC, "rec_gicv3", RMI_REC_ENTER, w.r.rec[0], w.r.run);
	check_eq(run_exit(&w.h, &w.r)->exit_reason, RMI_EXIT_SYNC);
	b = reenter_regs(&w, RMI_ENTER_FLAG_EMUL_MMIO, 3);
	check(b.entry.mmio_emulated);
	check_eq(b.after.gprs[0], 3);
	host_end(&w.h);
}
END_TEST

START_TEST(test_inject_sea)
{
	/* After each kind of abort at an unprotected IPA; emul_mmio is then ignored. */
	for (int isv = 0; isv < 2; isv++) {
		for (int emul = 0; emul < 2; emul++) {
			struct world w;
			struct attempt a, b;
			struct rmm_cpu_regs expected;

			world_init(&w, 0);
			a = attempt_at(NS_NONE + 8, RMM_WRITE, 4);
			a.access.isv = isv;
			a.access.srt = 9;
			a.access.s1ptw = true;
			a.access.from_el0 = emul;
			a.pstate = emul ? EL0T : EL1T;
			abort_at(&w, &a);
			expected = a.after;
			expected.esr_el1 = EC(emul ? 0x24 : 0x25) | IL | EA | WNR | 0x10;
			if (isv)
				expected.esr_el1 |= ISV | SAS(2) | SRT(9);
			expected.far_el1 = a.access.far;
			expected.elr_el1 = a.after.pc;
			expected.spsr_el1 = a.after.pstate;
			expected.pc = 0x7000 + (emul ? 0x400 : 0);
			expected.pstate = 0x3c5;
			b = reenter_regs(&w,
					 RMI_ENTER_FLAG_INJECT_SEA |
						 (emul ? RMI_ENTER_FLAG_EMUL_MMIO : 0),
					 1);
			check(b.entry.sea_injected);
			check(!b.entry.mmio_emulated);
			check_eq(b.after.esr_el1, expected.esr_el1);
			check(!memcmp(&b.after, &expected, sizeof(expected)));
			/* Once. */
			b = reenter_regs(&w, RMI_ENTER_FLAG_INJECT_SEA, 0);
			check(!b.entry.sea_injected);
			host_end(&w.h);
		}
	}
}
END_TEST

START_TEST(test_inject_sea_without_abort)
{
	/* Q6: no effect after other exits; the reference refuses. emul_mmio still counts then. */
	for (int tfrmm = 0; tfrmm < 2; tfrmm++) {
		struct world w;
		struct attempt a;

		world_init(&w, tfrmm ? RMM_TFRMM_Q6 : 0);
		run_enter(&w.h, &w.r)->flags = RMI_ENTER_FLAG_INJECT_SEA;
		expect(&w.h, tfrmm ? REC : SUCCESS, tfrmm ? "inject_sea" : NULL, RMI_REC_ENTER,
		       w.r.rec[0], w.r.run);
		run_enter(&w.h, &w.r)->flags = RMI_ENTER_FLAG_INJECT_SEA | RMI_ENTER_FLAG_EMUL_MMIO;
		expect(&w.h, REC, tfrmm ? "inject_sea" : "rec_mmio", RMI_REC_ENTER, w.r.rec[0],
		       w.r.run);
		/* What comes before it in order. */
		run_enter(&w.h, &w.r)->gicv3_hcr = 1;
		expect(&w.h, REC, "rec_gicv3", RMI_REC_ENTER, w.r.rec[0], w.r.run);
		run_enter(&w.h, &w.r)->gicv3_hcr = 0;
		run_enter(&w.h, &w.r)->flags = 0;
		/* A protected abort is none of these. */
		a = attempt_at(UNASSIGNED_RAM, RMM_READ, 8);
		abort_at(&w, &a);
		run_enter(&w.h, &w.r)->flags = RMI_ENTER_FLAG_INJECT_SEA;
		expect(&w.h, tfrmm ? REC : SUCCESS, tfrmm ? "inject_sea" : NULL, RMI_REC_ENTER,
		       w.r.rec[0], w.r.run);
		/* After one it takes effect in either. */
		run_enter(&w.h, &w.r)->flags = 0;
		a = attempt_at(NS_NONE, RMM_READ, 8);
		abort_at(&w, &a);
		check(reenter_regs(&w, RMI_ENTER_FLAG_INJECT_SEA, 0).entry.sea_injected);
		host_end(&w.h);
	}
}
END_TEST

Suite *suite_access(void)
{
	Suite *suite = suite_create("memory accesses");
	TCase *tcase = tcase_create("Realm");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_rows_isv);
	tcase_add_test(tcase, test_rows_no_isv);
	tcase_add_test(tcase, test_rows_fetch);
	tcase_add_test(tcase, test_address_size);
	tcase_add_test(tcase, test_vectors);
	tcase_add_test(tcase, test_memory);
	tcase_add_test(tcase, test_crossing);
	tcase_add_test(tcase, test_isv_size);
	tcase_add_test(tcase, test_levels_above_1);
	tcase_add_test(tcase, test_ns_fault);
	tcase_add_test(tcase, test_translate);
	tcase_add_test(tcase, test_emulate_read);
	tcase_add_test(tcase, test_emulate_write);
	tcase_add_test(tcase, test_retry);
	tcase_add_test(tcase, test_emulate_only_once);
	tcase_add_test(tcase, test_failed_enter_consumes_nothing);
	tcase_add_test(tcase, test_inject_sea);
	tcase_add_test(tcase, test_inject_sea_without_abort);
	suite_add_tcase(suite, tcase);
	return suite;
}
