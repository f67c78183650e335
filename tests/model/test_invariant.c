/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each invariant finds what breaks it: a corruption is planted in the RMM's memory, or the RMM is replaced
 * by one that does wrong, and the violation is to be reported under the invariant's own label - by a check
 * from scratch, and at level step by a call that touches the place.
 */
#include "invariant.h"
#include <errno.h>
#include <stdlib.h>
#include "support.h"

#define U (UINT64_C(1) << 39) /* first unprotected IPA */

struct world {
	struct host h;
	struct realm a, b, c; /* c is prepared, not created */
	uint64_t d0, d1;      /* DATA of a, at IPA 0 and one page above */
	uint64_t rec, rec2;
	uint64_t page, free; /* Non-secure, DELEGATED */
	bool seen[NUM_INVARIANTS];
	unsigned int num_seen;
	struct rmm_regs *regs; /* of the call, for an edit */
	void (*edit)(struct world *w);
};

static struct world *world;
static uint64_t wipe_pattern; /* of the next world */

static int label_number(const char *label)
{
	size_t num;
	const struct rmm_invariant *table = rmm_invariants(&num);

	for (size_t i = 0; i < num; i++) {
		if (!strcmp(table[i].label, label))
			return (int)i;
	}
	ck_abort_msg("there is no invariant %s", label);
	return -1;
}

static void note(void *ctx, const char *label, const char *text)
{
	struct world *w = ctx;

	check(text[0] != 0);
	w->seen[label_number(label)] = true;
	w->num_seen++;
}

static uint64_t *entry_at(struct world *w, const struct realm *r, uint64_t ipa, int level)
{
	struct rmm_entry_view e;

	check(rmm_inspect_entry(w->h.rmm, r->rd, ipa, level, &e));
	check_eq((uint64_t)e.level, (uint64_t)level);
	return (uint64_t *)host_ptr(&w->h, e.table) + (ipa >> (39 - 9 * level)) % 512;
}

static uint64_t *page_at(struct world *w, uint64_t n)
{
	return entry_at(w, &w->a, n * PAGE, 3);
}

static struct rd *rd_of(struct world *w)
{
	return host_ptr(&w->h, w->a.rd);
}

static struct rec *rec_of(struct world *w)
{
	return host_ptr(&w->h, w->rec);
}

static struct granule *granule_of(struct world *w, uint64_t pa)
{
	return granule_find(w->h.rmm, pa);
}

static uint64_t table_at(struct world *w, const struct realm *r, uint64_t ipa)
{
	struct rmm_entry_view e;

	check(rmm_inspect_entry(w->h.rmm, r->rd, ipa, 3, &e));
	return e.table;
}

static void world_init(struct world *w, uint8_t level)
{
	memset(w, 0, sizeof(*w));
	world = w;
	host_init_config(&w->h);
	w->h.config.invariants = level;
	w->h.config.wipe_pattern = wipe_pattern;
	w->h.config.violation = note;
	w->h.config.violation_ctx = w;
	host_start(&w->h);
	realm_create(&w->h, &w->a);
	realm_prepare(&w->h, &w->b);
	ok(&w->h, RMI_REALM_CREATE, w->b.rd, w->b.params);
	realm_prepare(&w->h, &w->c);
	realm_tables(&w->h, &w->a, 0);
	realm_tables(&w->h, &w->a, U);
	realm_tables(&w->h, &w->b, 0);
	w->d0 = realm_ram(&w->h, &w->a, 0);
	w->d1 = realm_ram(&w->h, &w->a, PAGE);
	/* Page 7 is DESTROYED. */
	realm_ram(&w->h, &w->a, 7 * PAGE);
	ok(&w->h, RMI_DATA_DESTROY, w->a.rd, 7 * PAGE);
	w->rec = realm_add_rec(&w->h, &w->a, true);
	w->rec2 = realm_add_rec(&w->h, &w->a, false);
	realm_activate(&w->h, &w->a);
	w->page = host_page(&w->h);
	w->free = host_delegated(&w->h);
	check_eq((uint64_t)rmm_invariants_check(w->h.rmm, NULL), 0);
	check_eq(w->num_seen, 0);
}

/* --- calls that touch --- */

static void touch_page(struct world *w, uint64_t n)
{
	call(&w->h, RMI_RTT_READ_ENTRY, w->a.rd, n * PAGE, 3);
}

static void touch_0(struct world *w)
{
	touch_page(w, 0);
}

static void touch_5(struct world *w)
{
	touch_page(w, 5);
}

static void touch_table_0(struct world *w)
{
	call(&w->h, RMI_RTT_READ_ENTRY, w->a.rd, 0, 2);
}

static void touch_table_1(struct world *w)
{
	call(&w->h, RMI_RTT_READ_ENTRY, w->a.rd, 2 * MiB, 2);
}

static void touch_b(struct world *w)
{
	call(&w->h, RMI_RTT_READ_ENTRY, w->b.rd, 5 * PAGE, 3);
}

static void touch_free(struct world *w)
{
	call(&w->h, RMI_GRANULE_UNDELEGATE, w->free);
}

static void touch_device(struct world *w)
{
	call(&w->h, RMI_GRANULE_DELEGATE, DEVICE_BASE);
}

static void touch_rec(struct world *w)
{
	call(&w->h, RMI_REC_ENTER, w->rec, w->a.run);
}

static void touch_data(struct world *w)
{
	call(&w->h, RMI_DATA_DESTROY, w->a.rd, 0);
}

static void touch_realms(struct world *w)
{
	call(&w->h, RMI_REALM_CREATE, w->c.rd, w->c.params);
}

/* --- corruptions --- */

static void plant_gpt(struct world *w)
{
	granule_of(w, w->free)->gpt = RMM_GPT_NS;
}

static void plant_not_delegable(struct world *w)
{
	granule_touch(bank_find(w->h.rmm, DEVICE_BASE), DEVICE_BASE);
	granule_of(w, DEVICE_BASE)->state = RMM_GRANULE_DELEGATED;
	granule_of(w, DEVICE_BASE)->gpt = RMM_GPT_REALM;
}

static void plant_data_delegated(struct world *w)
{
	granule_of(w, w->d0)->state = RMM_GRANULE_DELEGATED;
}

static void plant_list(struct world *w)
{
	w->h.rmm->first_realm = w->a.rd > w->b.rd ? w->a.rd : w->b.rd;
}

static void plant_table_delegated(struct world *w)
{
	granule_of(w, table_at(w, &w->a, 0))->state = RMM_GRANULE_DELEGATED;
}

static void plant_table_twice(struct world *w)
{
	*entry_at(w, &w->a, 2 * MiB, 2) = RTTE_TABLE | table_at(w, &w->a, 0);
}

static void plant_geometry(struct world *w)
{
	rd_of(w)->rtt_num_start = 4;
}

static void plant_table_at_3(struct world *w)
{
	*page_at(w, 5) = RTTE_TABLE | w->free;
}

static void plant_wrong_half(struct world *w)
{
	*page_at(w, 5) = RTTE_UNASSIGNED_NS;
}

static void plant_ripas_3(struct world *w)
{
	*page_at(w, 5) = RTTE_RIPAS;
}

static void plant_data_twice(struct world *w)
{
	*page_at(w, 5) = RTTE_ASSIGNED | w->d0;
}

static void plant_not_data(struct world *w)
{
	*page_at(w, 5) = RTTE_ASSIGNED | w->free;
}

static void plant_data_of_a(struct world *w)
{
	*entry_at(w, &w->b, 5 * PAGE, 3) = RTTE_ASSIGNED | w->d0;
}

static void plant_high(struct world *w)
{
	*page_at(w, 5) = RTTE_ASSIGNED | HIGH_BASE;
}

static void plant_owner(struct world *w)
{
	rec_of(w)->owner = w->b.rd;
}

static void plant_aux(struct world *w)
{
	rec_of(w)->aux[1] = rec_of(w)->aux[0];
}

static void plant_index(struct world *w)
{
	rec_of(w)->mpidr = 1;
}

static void plant_pending(struct world *w)
{
	rec_of(w)->psci_pending = true;
	rec_of(w)->host_call_pending = true;
}

static void plant_content(struct world *w)
{
	((uint8_t *)host_ptr(&w->h, w->d0))[1234] ^= 0x10;
}

static void plant_residue(struct world *w)
{
	((uint8_t *)host_ptr(&w->h, w->free))[4095] = 1;
}

static void plant_vmid(struct world *w)
{
	rd_of(w)->vmid = w->b.p->vmid;
}

static void plant_new(struct world *w)
{
	ok(&w->h, RMI_REC_ENTER, w->rec, w->a.run);
	rd_of(w)->state = RMM_REALM_NEW;
}

static void plant_long_measurement(struct world *w)
{
	rd_of(w)->measurements[2][63] = 1;
}

static void plant_refcount(struct world *w)
{
	granule_of(w, table_at(w, &w->a, 0))->refcount++;
}

static void plant_rim(struct world *w)
{
	rd_of(w)->measurements[0][3] ^= 1;
}

static void plant_rem(struct world *w)
{
	rd_of(w)->measurements[4][3] ^= 1;
}

static const struct {
	enum invariant label;
	void (*plant)(struct world *w);
	void (*touch)(struct world *w);
} states[] = {
	{INVARIANT_I1, plant_gpt, touch_free},
	{INVARIANT_I2, plant_not_delegable, touch_device},
	{INVARIANT_I3, plant_data_delegated, touch_0},
	{INVARIANT_I4, plant_list, touch_realms},
	{INVARIANT_I5, plant_table_delegated, touch_table_0},
	{INVARIANT_I6, plant_table_twice, touch_table_1},
	{INVARIANT_I7, plant_geometry, touch_0},
	{INVARIANT_I8, plant_table_at_3, touch_5},
	{INVARIANT_I9, plant_wrong_half, touch_5},
	{INVARIANT_I10, plant_ripas_3, touch_5},
	{INVARIANT_I11, plant_wrong_half, touch_5},
	{INVARIANT_I12, plant_data_twice, touch_5},
	{INVARIANT_I13, plant_not_data, touch_5},
	{INVARIANT_I14, plant_data_of_a, touch_b},
	{INVARIANT_I15, plant_high, touch_5},
	{INVARIANT_I16, plant_owner, touch_rec},
	{INVARIANT_I17, plant_aux, touch_rec},
	{INVARIANT_I18, plant_index, touch_rec},
	{INVARIANT_I19, plant_pending, touch_rec},
	{INVARIANT_I22, plant_content, touch_data},
	{INVARIANT_I23, plant_residue, touch_free},
	{INVARIANT_I24, plant_vmid, touch_0},
	{INVARIANT_I25, plant_new, touch_0},
	{INVARIANT_I26, plant_long_measurement, touch_rec},
	{INVARIANT_I27, plant_refcount, touch_0},
	{INVARIANT_I28, plant_rim, touch_0},
	{INVARIANT_I29, plant_rem, touch_rec},
};

static void expect_seen(const struct world *w, enum invariant label, const char *how)
{
	size_t num;

	ck_assert_msg(w->seen[label], "%s is not reported %s", rmm_invariants(&num)[label].label,
		      how);
}

START_TEST(test_state)
{
	size_t violations = 0;
	struct world w;

	world_init(&w, RMM_INVARIANTS_STEP);
	states[_i].plant(&w);
	check_eq(w.num_seen, 0);
	check_eq((uint64_t)rmm_invariants_check(w.h.rmm, &violations), 0);
	expect_seen(&w, states[_i].label, "from scratch");
	check_eq(violations, w.num_seen);
	host_end(&w.h);

	world_init(&w, RMM_INVARIANTS_STEP);
	states[_i].plant(&w);
	states[_i].touch(&w);
	expect_seen(&w, states[_i].label, "by a step");
	host_end(&w.h);
}
END_TEST

/* --- an RMM that does wrong: it answers as it should, then something is edited --- */

static void broken_smc(struct rmm *rmm, struct rmm_regs *regs)
{
	smc_serve(rmm, regs);
	world->regs = regs;
	world->edit(world);
}

static void wrong(struct world *w, void (*edit)(struct world *w), uint64_t fid, uint64_t x1,
		  uint64_t x2, uint64_t x3, uint64_t x4)
{
	struct rmm_regs regs = {{fid, x1, x2, x3, x4}};

	w->edit = edit;
	invariant_smc(w->h.rmm, &regs, broken_smc);
}

static void edit_page_5_ram(struct world *w)
{
	*page_at(w, 5) = rtte_with_ripas(*page_at(w, 5), RMI_RIPAS_RAM);
}

static void do_t1(struct world *w)
{
	wrong(w, edit_page_5_ram, RMI_DATA_DESTROY, w->a.rd, 5 * PAGE, 0, 0);
}

static void edit_t2(struct world *w)
{
	granule_of(w, w->page)->state = RMM_GRANULE_DATA;
}

static void do_t2(struct world *w)
{
	wrong(w, edit_t2, RMI_GRANULE_DELEGATE, w->page, 0, 0, 0);
}

static void do_t3(struct world *w)
{
	wrong(w, plant_rim, RMI_RTT_READ_ENTRY, w->a.rd, 0, 3, 0);
}

static void edit_t4(struct world *w)
{
	*page_at(w, 0) = rtte_with_ripas(*page_at(w, 0), RMI_RIPAS_EMPTY);
}

static void do_t4(struct world *w)
{
	wrong(w, edit_t4, RMI_RTT_READ_ENTRY, w->a.rd, 0, 3, 0);
}

static void do_t5(struct world *w)
{
	wrong(w, edit_page_5_ram, RMI_RTT_READ_ENTRY, w->a.rd, 5 * PAGE, 3, 0);
}

static void edit_t6(struct world *w)
{
	*page_at(w, 0) = rtte_with_ripas(*page_at(w, 0), RMI_RIPAS_DESTROYED);
}

static void do_t6(struct world *w)
{
	wrong(w, edit_t6, RMI_RTT_READ_ENTRY, w->a.rd, 0, 3, 0);
}

static void edit_t7(struct world *w)
{
	*page_at(w, 7) = RTTE_UNASSIGNED;
}

static void do_t7(struct world *w)
{
	check_eq(rtte_ripas(*page_at(w, 7)), RMI_RIPAS_DESTROYED);
	wrong(w, edit_t7, RMI_RTT_READ_ENTRY, w->a.rd, 7 * PAGE, 3, 0);
}

static void realm_asks(struct host *h, struct rmm_cpu *cpu)
{
	(void)h;
	check_eq(realm_smc(cpu, RSI_IPA_STATE_SET, 8 * PAGE, 10 * PAGE, RSI_RIPAS_RAM, 0),
		 RMM_EXIT);
}

static void edit_t8(struct world *w)
{
	*page_at(w, 8) = RTTE_UNASSIGNED;
}

static void do_t8(struct world *w)
{
	enter(&w->h, &w->a, realm_asks, NULL);
	wrong(w, edit_t8, RMI_RTT_SET_RIPAS, w->a.rd, w->rec, 8 * PAGE, 10 * PAGE);
}

static void edit_t9(struct world *w)
{
	*page_at(w, 0) = RTTE_UNASSIGNED | RMI_RIPAS_RAM << RTTE_RIPAS_SHIFT;
}

static void do_t9(struct world *w)
{
	wrong(w, edit_t9, RMI_RTT_READ_ENTRY, w->a.rd, 0, 3, 0);
}

static void edit_t10(struct world *w)
{
	*page_at(w, 0) = rtte_with_ripas(RTTE_ASSIGNED | w->d1, RMI_RIPAS_RAM);
}

static void do_t10(struct world *w)
{
	wrong(w, edit_t10, RMI_RTT_READ_ENTRY, w->a.rd, 0, 3, 0);
}

static void do_t11(struct world *w)
{
	wrong(w, edit_page_5_ram, RMI_DATA_CREATE_UNKNOWN, w->a.rd, w->free, 5 * PAGE, 0);
}

static void edit_t12(struct world *w)
{
	rd_of(w)->rec_index++;
}

static void do_t12(struct world *w)
{
	wrong(w, edit_t12, RMI_RTT_READ_ENTRY, w->a.rd, 0, 3, 0);
}

static void edit_t13(struct world *w)
{
	rd_of(w)->state = RMM_REALM_SYSTEM_OFF;
}

static void do_t13(struct world *w)
{
	wrong(w, edit_t13, RMI_RTT_READ_ENTRY, w->a.rd, 0, 3, 0);
}

static void edit_t14(struct world *w)
{
	rec_of(w)->runnable = false;
}

static void do_t14(struct world *w)
{
	wrong(w, edit_t14, RMI_REC_ENTER, w->rec, w->a.run, 0, 0);
}

static void edit_t15(struct world *w)
{
	rec_of(w)->ripas_top = PAGE;
}

static void do_t15(struct world *w)
{
	wrong(w, edit_t15, RMI_REC_ENTER, w->rec, w->a.run, 0, 0);
}

static void edit_t16(struct world *w)
{
	rec_of(w)->emulatable_abort = true;
}

static void do_t16(struct world *w)
{
	wrong(w, edit_t16, RMI_REC_ENTER, w->rec, w->a.run, 0, 0);
}

static void edit_t17(struct world *w)
{
	granule_of(w, w->free)->gpt = RMM_GPT_ROOT;
}

static void do_t17(struct world *w)
{
	wrong(w, edit_t17, RMI_GRANULE_UNDELEGATE, w->free, 0, 0, 0);
}

static void edit_x1(struct world *w)
{
	w->regs->x[1] += PAGE;
}

static void do_t18(struct world *w)
{
	ok(&w->h, RMI_RTT_CREATE, w->a.rd, w->free, 2 * MiB, 3);
	wrong(w, edit_x1, RMI_RTT_FOLD, w->a.rd, 2 * MiB, 3, 0);
}

static void edit_o1(struct world *w)
{
	w->regs->x[0] |= 0x10000;
}

static void do_o1(struct world *w)
{
	wrong(w, edit_o1, RMI_GRANULE_DELEGATE, 1, 0, 0, 0);
}

static void edit_o2(struct world *w)
{
	w->regs->x[0] = RTT(3);
}

static void do_o2(struct world *w)
{
	wrong(w, edit_o2, RMI_RTT_CREATE, w->a.rd, w->free, 0, 3);
}

static void edit_x2(struct world *w)
{
	w->regs->x[2] += PAGE;
}

static void do_o3(struct world *w)
{
	wrong(w, edit_x2, RMI_DATA_DESTROY, w->a.rd, 0, 0, 0);
}

static void edit_o4(struct world *w)
{
	w->regs->x[1]++;
}

static void do_o4(struct world *w)
{
	wrong(w, edit_o4, RMI_RTT_INIT_RIPAS, w->b.rd, 0, 2 * PAGE, 0);
}

static void do_o5(struct world *w)
{
	wrong(w, edit_o4, RMI_RTT_READ_ENTRY, w->a.rd, 0, 3, 0);
}

static void do_o8(struct world *w)
{
	wrong(w, edit_x1, RMI_DATA_DESTROY, w->a.rd, 0, 0, 0);
}

static void edit_o9(struct world *w)
{
	struct rmi_rec_run *run = host_ptr(&w->h, w->a.run);

	run->exit.far = PAGE;
}

static void do_o9(struct world *w)
{
	wrong(w, edit_o9, RMI_REC_ENTER, w->rec, w->a.run, 0, 0);
}

/* An RMM that succeeds whatever it was asked. */
static void yes_smc(struct rmm *rmm, struct rmm_regs *regs)
{
	(void)rmm;
	memset(regs, 0, sizeof(*regs));
}

/* An RMM that does not wipe: what was left is found at the latest when somebody is about to get it. */
static void do_residue_read(struct host *h, struct rmm_cpu *cpu)
{
	struct rmm_access access = {.type = RMM_READ, .ipa = 5 * PAGE, .size = 1};

	check(!world->seen[INVARIANT_I23]);
	check_eq(rmm_cpu_access(cpu, &access), RMM_CONTINUE);
	(void)h;
}

static void realm_asks_5(struct host *h, struct rmm_cpu *cpu)
{
	(void)h;
	check_eq(realm_smc(cpu, RSI_IPA_STATE_SET, 5 * PAGE, 6 * PAGE, RSI_RIPAS_RAM, 0), RMM_EXIT);
}

START_TEST(test_residue)
{
	struct world w;

	world_init(&w, RMM_INVARIANTS_STEP);
	enter(&w.h, &w.a, realm_asks_5, NULL);
	ok(&w.h, RMI_RTT_SET_RIPAS, w.a.rd, w.rec, 5 * PAGE, 6 * PAGE);
	((uint8_t *)host_ptr(&w.h, w.free))[777] = 1;
	ok(&w.h, RMI_DATA_CREATE_UNKNOWN, w.a.rd, w.free, 5 * PAGE);
	check_eq(w.num_seen, 0);
	enter(&w.h, &w.a, do_residue_read, NULL);
	expect_seen(&w, INVARIANT_I23, "when a Realm reads what another left");
	host_end(&w.h);

	/* And what was given back, when the Host gets it. */
	world_init(&w, RMM_INVARIANTS_STEP);
	ok(&w.h, RMI_DATA_CREATE_UNKNOWN, w.a.rd, w.free, 5 * PAGE);
	((uint8_t *)host_ptr(&w.h, w.free))[777] = 1;
	ok(&w.h, RMI_DATA_DESTROY, w.a.rd, 5 * PAGE);
	ok(&w.h, RMI_GRANULE_UNDELEGATE, w.free);
	expect_seen(&w, INVARIANT_I23, "when the Host gets what a Realm left");
	host_end(&w.h);
}
END_TEST

START_TEST(test_pattern)
{
	/* Wiped is what looks so, which is not zero if there is a pattern. */
	struct world w;

	wipe_pattern = UINT64_C(0x123456789);
	world_init(&w, RMM_INVARIANTS_STEP);
	ok(&w.h, RMI_DATA_CREATE_UNKNOWN, w.a.rd, w.free, 5 * PAGE);
	ok(&w.h, RMI_DATA_DESTROY, w.a.rd, 5 * PAGE);
	ok(&w.h, RMI_GRANULE_UNDELEGATE, w.free);
	check_eq(w.num_seen, 0);
	host_end(&w.h);

	world_init(&w, RMM_INVARIANTS_STEP);
	((uint8_t *)host_ptr(&w.h, w.free))[777] ^= 1;
	ok(&w.h, RMI_GRANULE_UNDELEGATE, w.free);
	wipe_pattern = 0;
	expect_seen(&w, INVARIANT_I23, "with a pattern");
	host_end(&w.h);
}
END_TEST

static void do_i21(struct world *w)
{
	struct rmm_regs regs = {{RMI_REC_ENTER, w->rec, w->free}};

	invariant_smc(w->h.rmm, &regs, yes_smc);
}

/* --- a Realm's side that does wrong --- */

static enum rmm_outcome yes_access(struct rmm_cpu *cpu, struct rmm_access *access)
{
	(void)cpu;
	access->done = access->size;
	return RMM_CONTINUE;
}

static enum rmm_outcome sea_access(struct rmm_cpu *cpu, struct rmm_access *access)
{
	(void)cpu;
	access->done = 0;
	return RMM_SEA;
}

static void realm_i20(struct host *h, struct rmm_cpu *cpu)
{
	struct rmm_access access = {.type = RMM_WRITE, .ipa = U, .size = 8};

	(void)h;
	check_eq(invariant_access(cpu, &access, yes_access), RMM_CONTINUE);
}

static void do_i20(struct world *w)
{
	ok(&w->h, RMI_RTT_MAP_UNPROTECTED, w->a.rd, U, 3, w->free | 0xd8);
	enter(&w->h, &w->a, realm_i20, NULL);
}

static void realm_o10(struct host *h, struct rmm_cpu *cpu)
{
	struct rmm_access access = {.type = RMM_READ, .ipa = 0, .size = 8};

	(void)h;
	check_eq(invariant_access(cpu, &access, sea_access), RMM_SEA);
}

static void do_o10(struct world *w)
{
	enter(&w->h, &w->a, realm_o10, NULL);
}

static enum rmm_outcome far_state_get(struct rmm_cpu *cpu)
{
	uint64_t *x = rmm_cpu_regs(cpu)->gprs;

	x[0] = RSI_SUCCESS;
	x[1] = x[2];
	x[2] = RSI_RIPAS_RAM;
	return RMM_CONTINUE;
}

static void realm_o6(struct host *h, struct rmm_cpu *cpu)
{
	uint64_t *x = rmm_cpu_regs(cpu)->gprs;

	(void)h;
	/* Pages 0 and 1 are RAM, the next is not. */
	x[0] = RSI_IPA_STATE_GET;
	x[1] = 0;
	x[2] = 3 * PAGE;
	check_eq(invariant_realm_smc(cpu, far_state_get), RMM_CONTINUE);
}

static void do_o6(struct world *w)
{
	enter(&w->h, &w->a, realm_o6, NULL);
}

static void reject_empty(struct rmm_cpu *cpu, const struct rmi_rec_enter *enter)
{
	(void)enter;
	rmm_cpu_regs(cpu)->gprs[1] = cpu->rec->ripas_addr;
	rmm_cpu_regs(cpu)->gprs[2] = RSI_RESPONSE_REJECT;
	cpu->rec->ripas_addr = cpu->rec->ripas_top = 0;
}

static void realm_o7(struct host *h, struct rmm_cpu *cpu)
{
	(void)h;
	/* As if it had asked for EMPTY before; nobody may refuse that. */
	cpu->rec->ripas_addr = PAGE;
	cpu->rec->ripas_top = 2 * PAGE;
	cpu->rec->ripas_value = RMI_RIPAS_EMPTY;
	invariant_complete(cpu, NULL, reject_empty);
}

static void do_o7(struct world *w)
{
	enter(&w->h, &w->a, realm_o7, NULL);
}

static const struct {
	enum invariant label;
	void (*act)(struct world *w);
} acts[] = {
	{INVARIANT_I20, do_i20}, {INVARIANT_I21, do_i21}, {INVARIANT_T1, do_t1},
	{INVARIANT_T2, do_t2},	 {INVARIANT_T3, do_t3},	  {INVARIANT_T4, do_t4},
	{INVARIANT_T5, do_t5},	 {INVARIANT_T6, do_t6},	  {INVARIANT_T7, do_t7},
	{INVARIANT_T8, do_t8},	 {INVARIANT_T9, do_t9},	  {INVARIANT_T10, do_t10},
	{INVARIANT_T11, do_t11}, {INVARIANT_T12, do_t12}, {INVARIANT_T13, do_t13},
	{INVARIANT_T14, do_t14}, {INVARIANT_T15, do_t15}, {INVARIANT_T16, do_t16},
	{INVARIANT_T17, do_t17}, {INVARIANT_T18, do_t18}, {INVARIANT_O1, do_o1},
	{INVARIANT_O2, do_o2},	 {INVARIANT_O3, do_o3},	  {INVARIANT_O4, do_o4},
	{INVARIANT_O5, do_o5},	 {INVARIANT_O6, do_o6},	  {INVARIANT_O7, do_o7},
	{INVARIANT_O8, do_o8},	 {INVARIANT_O9, do_o9},	  {INVARIANT_O10, do_o10},
};

START_TEST(test_act)
{
	static const uint8_t levels[] = {RMM_INVARIANTS_STEP, RMM_INVARIANTS_FULL};

	for (unsigned int i = 0; i < 2; i++) {
		struct world w;

		world_init(&w, levels[i]);
		acts[_i].act(&w);
		expect_seen(&w, acts[_i].label, i ? "at level full" : "at level step");
		host_end(&w.h);
	}
}
END_TEST

/* Each invariant is one of those above. */
START_TEST(test_all)
{
	bool tested[NUM_INVARIANTS] = {false};
	size_t num;
	const struct rmm_invariant *table = rmm_invariants(&num);

	check_eq(num, 29 + 18 + 10);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		tested[states[i].label] = true;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		tested[acts[i].label] = true;
	for (size_t i = 0; i < num; i++)
		ck_assert_msg(tested[i], "%s has no test", table[i].label);
}
END_TEST

/* What a call did elsewhere is seen at level full, and only there. */
static void edit_elsewhere(struct world *w)
{
	uint64_t *entry = entry_at(w, &w->b, 3 * PAGE, 3);

	*entry = rtte_with_ripas(*entry, RMI_RIPAS_RAM);
}

START_TEST(test_elsewhere)
{
	struct world w;

	world_init(&w, RMM_INVARIANTS_FULL);
	wrong(&w, edit_elsewhere, RMI_GRANULE_DELEGATE, w.page, 0, 0, 0);
	expect_seen(&w, INVARIANT_T5, "in another Realm");
	expect_seen(&w, INVARIANT_T2, "in another Realm");
	host_end(&w.h);
	world_init(&w, RMM_INVARIANTS_STEP);
	wrong(&w, edit_elsewhere, RMI_GRANULE_DELEGATE, w.page, 0, 0, 0);
	check_eq(w.num_seen, 0);
	host_end(&w.h);
}
END_TEST

/* The number is that of the check, whatever was found before it. */
START_TEST(test_violations_of_each_check)
{
	size_t first = 0, second = 0;
	struct world w;

	world_init(&w, RMM_INVARIANTS_STEP);
	states[0].plant(&w);
	check_eq((uint64_t)rmm_invariants_check(w.h.rmm, &first), 0);
	check(first > 0);
	states[1].plant(&w);
	check_eq((uint64_t)rmm_invariants_check(w.h.rmm, &second), 0);
	check(second > 0);
	check_eq(first + second, w.num_seen);
	host_end(&w.h);
}
END_TEST

/*
 * What T18 calls the identity, where no other invariant compares what is before with what is after: all entries of the
 * new table, or the entry that it was folded into, become another that each of the two calls alone could have seen.
 */
START_TEST(test_create_fold_create)
{
	struct world w;
	uint64_t *entries;

	world_init(&w, RMM_INVARIANTS_STEP);
	ok(&w.h, RMI_RTT_CREATE, w.a.rd, w.free, 2 * MiB, 3);
	entries = host_ptr(&w.h, w.free);
	for (unsigned int i = 0; i < RTT_ENTRIES; i++)
		entries[i] = rtte_with_ripas(entries[i], RMI_RIPAS_RAM);
	ok(&w.h, RMI_RTT_FOLD, w.a.rd, 2 * MiB, 3);
	expect_seen(&w, INVARIANT_T18, "when a new table was changed and folded");
	host_end(&w.h);

	world_init(&w, RMM_INVARIANTS_STEP);
	ok(&w.h, RMI_RTT_CREATE, w.a.rd, w.free, 2 * MiB, 3);
	ok(&w.h, RMI_RTT_FOLD, w.a.rd, 2 * MiB, 3);
	check_eq(w.num_seen, 0);
	entries = entry_at(&w, &w.a, 2 * MiB, 2);
	*entries = rtte_with_ripas(*entries, RMI_RIPAS_RAM);
	ok(&w.h, RMI_RTT_CREATE, w.a.rd, w.free, 2 * MiB, 3);
	expect_seen(&w, INVARIANT_T18, "when a folded entry was changed and unfolded");
	host_end(&w.h);

	/* Of another table nothing of this is said. */
	world_init(&w, RMM_INVARIANTS_STEP);
	ok(&w.h, RMI_RTT_CREATE, w.a.rd, w.free, 2 * MiB, 3);
	ok(&w.h, RMI_RTT_CREATE, w.b.rd, host_delegated(&w.h), 4 * MiB, 3);
	ok(&w.h, RMI_RTT_FOLD, w.b.rd, 4 * MiB, 3);
	ok(&w.h, RMI_RTT_FOLD, w.a.rd, 2 * MiB, 3);
	check_eq(w.num_seen, 0);
	host_end(&w.h);
}
END_TEST

/* --- an RTT_FOLD that finds no table, after another one about the same parent --- */

/* The parent's entry that it asks about. */
static uint64_t *entry_asked(struct world *w)
{
	return entry_at(w, &w->a, 4 * MiB, 2);
}

static void edit_fold_index(struct world *w)
{
	w->regs->x[0] = RTT(1);
}

static void edit_fold_level(struct world *w)
{
	w->regs->x[0] = RTT(3);
}

static void edit_fold_entry(struct world *w)
{
	*entry_asked(w) ^= (uint64_t)RMI_RIPAS_RAM << RTTE_RIPAS_SHIFT;
}

static void edit_fold_table(struct world *w)
{
	granule_of(w, table_at(w, &w->a, 4 * MiB))->refcount++;
}

static void edit_fold_rd_granule(struct world *w)
{
	granule_of(w, w->a.rd)->refcount++;
}

static void edit_fold_rd(struct world *w)
{
	rd_of(w)->rtt_num_start++;
}

static void edit_fold_rim(struct world *w)
{
	rd_of(w)->measurements[0][RSI_MEASUREMENT_SIZE - 1] ^= 1;
}

static void plant_fold_ripas_3(struct world *w)
{
	*entry_asked(w) = RTTE_RIPAS;
}

static void plant_fold_ns(struct world *w)
{
	*entry_asked(w) = RTTE_UNASSIGNED_NS;
}

/* Each thing that such a call may change or say, and each entry that must not be there, is seen with the very call. */
START_TEST(test_fold_again)
{
	static void (*const edits[])(struct world * w) = {
		edit_fold_index,      edit_fold_level, edit_fold_entry, edit_fold_table,
		edit_fold_rd_granule, edit_fold_rd,    edit_fold_rim,
	};
	static void (*const plants[])(struct world * w) = {plant_fold_ripas_3, plant_fold_ns};
	const unsigned int num_edits = sizeof(edits) / sizeof(edits[0]);
	struct world w;

	world_init(&w, RMM_INVARIANTS_STEP);
	expect(&w.h, RTT(2), "rtte_state", RMI_RTT_FOLD, w.a.rd, 2 * MiB, 3);
	expect(&w.h, RTT(2), "rtte_state", RMI_RTT_FOLD, w.a.rd, 2 * MiB, 3);
	if ((unsigned int)_i < num_edits) {
		wrong(&w, edits[_i], RMI_RTT_FOLD, w.a.rd, 4 * MiB, 3, 0);
	} else {
		plants[(unsigned int)_i - num_edits](&w);
		call(&w.h, RMI_RTT_FOLD, w.a.rd, 4 * MiB, 3);
	}
	check(w.num_seen);
	host_end(&w.h);
}
END_TEST

static uint64_t clean_page;

static bool is_clean_page(void *ctx, uint64_t pa)
{
	(void)ctx;
	return pa == clean_page;
}

/* A parameter page that is known to be zero is not looked at: a REC with MPIDR 0, not runnable. */
START_TEST(test_clean_params)
{
	struct rmm_rec_view rec;
	struct world w;
	uint64_t pa;

	memset(&w, 0, sizeof(w));
	world = &w;
	host_init_config(&w.h);
	w.h.config.invariants = RMM_INVARIANTS_STEP;
	w.h.config.violation = note;
	w.h.config.violation_ctx = &w;
	w.h.config.rec_aux = 0;
	w.h.config.platform.is_clean = is_clean_page;
	host_start(&w.h);
	realm_create(&w.h, &w.a);
	clean_page = host_page(&w.h);
	memset(host_ptr(&w.h, clean_page), 0, PAGE);
	pa = host_delegated(&w.h);
	ok(&w.h, RMI_REC_CREATE, w.a.rd, pa, clean_page);
	check(rmm_inspect_rec(w.h.rmm, pa, &rec));
	check(!rec.runnable);
	check_eq((uint64_t)rmm_invariants_check(w.h.rmm, NULL), 0);
	check_eq(w.num_seen, 0);
	clean_page = 0;
	host_end(&w.h);
}
END_TEST

/* --- the same invariants broken in other ways, and what is not to be said then --- */

/* A bit of the encoding that makes no state of section 2.2. */
static void edit_no_hipas(struct world *w)
{
	*page_at(w, 5) = RTTE_TABLE_BIT;
}

static void edit_maps_nowhere(struct world *w)
{
	*page_at(w, 5) = rtte_with_ripas(RTTE_ASSIGNED | NOWHERE, RMI_RIPAS_RAM);
}

static void edit_maps_a_table(struct world *w)
{
	*page_at(w, 5) = rtte_with_ripas(RTTE_ASSIGNED | w->a.rtt_base, RMI_RIPAS_RAM);
}

static void edit_rec_index(struct world *w)
{
	rd_of(w)->rec_index++;
}

/* `b` is NEW, where DATA_CREATE and RTT_INIT_RIPAS make RAM, and nothing else does. */
static void edit_new_ram(struct world *w)
{
	edit_elsewhere(w);
}

static void edit_ripas_addr(struct world *w)
{
	rec_of(w)->ripas_addr += PAGE;
}

static void edit_ripas_top(struct world *w)
{
	rec_of(w)->ripas_top += PAGE;
}

static struct rmi_rec_exit *exit_of(struct world *w)
{
	return &((struct rmi_rec_run *)host_ptr(&w->h, w->a.run))->exit;
}

/* IDS, AET, EA: section 6.2 lists them for SERROR. */
static void edit_serror(struct world *w)
{
	exit_of(w)->esr |= UINT64_C(1) << 24 | UINT64_C(7) << 10 | UINT64_C(1) << 9;
}

static void edit_serror_more(struct world *w)
{
	exit_of(w)->esr |= UINT64_C(1) << 8;
}

static void edit_pmu(struct world *w)
{
	exit_of(w)->pmu_ovf_status = 1;
}

static void edit_pmu_more(struct world *w)
{
	exit_of(w)->pmu_ovf_status = 2;
}

static void raise_serror(struct host *h, struct rmm_cpu *cpu)
{
	(void)h;
	check(rmm_cpu_event(cpu, RMM_EVENT_SERROR) == RMM_EXIT);
}

static void ask_for_ram(struct host *h, struct rmm_cpu *cpu)
{
	static const uint64_t x[] = {RSI_IPA_STATE_SET, PAGE, 4 * PAGE, RSI_RIPAS_RAM, 0};

	(void)h;
	memcpy(rmm_cpu_regs(cpu)->gprs, x, sizeof(x));
	check(rmm_cpu_smc(cpu) == RMM_EXIT);
}

#define NO_LABEL NUM_INVARIANTS
enum in_world { OF_A, OF_B, A_REC };

static const struct {
	void (*edit)(struct world *w);
	uint32_t fid;
	enum in_world x1; /* x1 of the call; x2, x3 */
	uint64_t x2, x3;
	realm_fn realm;
	unsigned int label, other; /* which is seen; which is not */
} ways[] = {
	{edit_no_hipas, RMI_RTT_READ_ENTRY, OF_A, 5 * PAGE, 3, NULL, INVARIANT_I9, NO_LABEL},
	{edit_maps_nowhere, RMI_RTT_READ_ENTRY, OF_A, 5 * PAGE, 3, NULL, INVARIANT_I13,
	 INVARIANT_I3},
	{edit_maps_a_table, RMI_RTT_READ_ENTRY, OF_A, 5 * PAGE, 3, NULL, INVARIANT_I13,
	 INVARIANT_I3},
	{edit_rec_index, RMI_DATA_DESTROY, OF_A, 5 * PAGE, 0, NULL, INVARIANT_T1, NO_LABEL},
	{edit_rec_index, RMI_DATA_DESTROY, OF_A, 0, 0, NULL, INVARIANT_T12, INVARIANT_T1},
	{edit_new_ram, RMI_RTT_READ_ENTRY, OF_B, 3 * PAGE, 3, NULL, INVARIANT_T5, NO_LABEL},
	{edit_ripas_addr, RMI_REC_ENTER, A_REC, 0, 0, NULL, INVARIANT_T15, NO_LABEL},
	{edit_ripas_top, RMI_REC_ENTER, A_REC, 0, 0, NULL, INVARIANT_T15, NO_LABEL},
	{edit_ripas_addr, RMI_REC_ENTER, A_REC, 0, 0, ask_for_ram, INVARIANT_T15, NO_LABEL},
	{edit_ripas_top, RMI_REC_ENTER, A_REC, 0, 0, ask_for_ram, INVARIANT_T15, NO_LABEL},
	{edit_serror, RMI_REC_ENTER, A_REC, 0, 0, raise_serror, NO_LABEL, INVARIANT_O9},
	{edit_serror_more, RMI_REC_ENTER, A_REC, 0, 0, raise_serror, INVARIANT_O9, NO_LABEL},
	{edit_pmu, RMI_REC_ENTER, A_REC, 0, 0, NULL, NO_LABEL, INVARIANT_O9},
	{edit_pmu_more, RMI_REC_ENTER, A_REC, 0, 0, NULL, INVARIANT_O9, NO_LABEL},
};

START_TEST(test_other_ways)
{
	static const uint8_t levels[] = {RMM_INVARIANTS_STEP, RMM_INVARIANTS_FULL};
	size_t num;

	for (unsigned int i = 0; i < 2; i++) {
		struct world w;

		world_init(&w, levels[i]);
		w.h.realm = ways[_i].realm;
		wrong(&w, ways[_i].edit, ways[_i].fid,
		      ways[_i].x1 == OF_A   ? w.a.rd
		      : ways[_i].x1 == OF_B ? w.b.rd
					    : w.rec,
		      ways[_i].x1 == A_REC ? w.a.run : ways[_i].x2, ways[_i].x3, 0);
		if (ways[_i].label != NO_LABEL)
			expect_seen(&w, ways[_i].label, "of a way to break it");
		ck_assert_msg(ways[_i].other == NO_LABEL || !w.seen[ways[_i].other],
			      "%s is reported", rmm_invariants(&num)[ways[_i].other].label);
		host_end(&w.h);
	}
}
END_TEST

/* An RTT_CREATE that fails, as it has to, where a table is already or where its parent is missing; and what it may not do. */
static void edit_nothing(struct world *w)
{
	(void)w;
}

static void edit_parent(struct world *w)
{
	*entry_at(w, &w->a, 0, 2) = RTTE_UNASSIGNED;
}

static void edit_grandparent(struct world *w)
{
	uint64_t *entry = entry_at(w, &w->a, GiB, 1);

	*entry = rtte_with_ripas(*entry, RMI_RIPAS_RAM);
}

static void edit_free(struct world *w)
{
	granule_of(w, w->free)->state = RMM_GRANULE_RTT;
}

static void edit_parent_refcount(struct world *w)
{
	granule_of(w, table_at(w, &w->a, 2 * MiB))->refcount++;
}

static void edit_off(struct world *w)
{
	rd_of(w)->state = RMM_REALM_SYSTEM_OFF;
}

static const struct {
	void (*edit)(struct world *w);
	uint64_t ipa;
	unsigned int label;
} refused[] = {
	{edit_nothing, 0, NO_LABEL},
	{edit_nothing, GiB, NO_LABEL},
	{edit_parent, 0, INVARIANT_T1},
	{edit_grandparent, GiB, INVARIANT_T1},
	{edit_free, 0, INVARIANT_T1},
	{edit_free, GiB, INVARIANT_T1},
	{edit_parent_refcount, 0, INVARIANT_T1},
	{edit_off, 0, INVARIANT_T1},
	{plant_rim, GiB, INVARIANT_T1},
	{edit_o1, 0, INVARIANT_O1},
	{edit_o2, GiB, INVARIANT_O2},
};

START_TEST(test_create_refused)
{
	static const uint8_t levels[] = {RMM_INVARIANTS_STEP, RMM_INVARIANTS_FULL};

	for (unsigned int i = 0; i < 2; i++) {
		struct world w;

		world_init(&w, levels[i]);
		wrong(&w, refused[_i].edit, RMI_RTT_CREATE, w.a.rd, w.free, refused[_i].ipa, 3);
		if (refused[_i].label != NO_LABEL)
			expect_seen(&w, refused[_i].label, "where RTT_CREATE fails");
		else
			check_eq(w.num_seen, 0);
		host_end(&w.h);
	}
}
END_TEST

/* Who is told of an access that does not proceed: the table of section 6.3. */
static const struct {
	uint64_t ipa;
	enum rmm_access_type type;
	bool sea_right, exit_right;
} aborts[] = {
	{0, RMM_READ, false, false},	   /* ASSIGNED, RAM */
	{5 * PAGE, RMM_READ, true, false}, /* UNASSIGNED, EMPTY */
	{5 * PAGE, RMM_FETCH, true, false},
	{7 * PAGE, RMM_WRITE, false, true}, /* UNASSIGNED, DESTROYED */
	{U, RMM_READ, false, true},	    /* UNASSIGNED_NS */
	{U, RMM_FETCH, true, false},
	{2 * U, RMM_READ, true, false}, /* beyond the IPA space */
	{4 * U - PAGE, RMM_WRITE, true, false},
	{4 * U, RMM_FETCH, true, false},
};

static enum rmm_outcome exit_access(struct rmm_cpu *cpu, struct rmm_access *access)
{
	(void)cpu;
	access->done = 0;
	return RMM_EXIT;
}

static void abort_wrongly(struct host *h, struct rmm_cpu *cpu)
{
	const unsigned int *which = h->realm_arg;
	struct rmm_access access = {
		.type = aborts[*which / 2].type, .ipa = aborts[*which / 2].ipa, .size = 4};

	invariant_access(cpu, &access, *which % 2 ? exit_access : sea_access);
}

/* The page behind the range that was asked for becomes RAM with it. */
static void edit_behind(struct world *w)
{
	*page_at(w, 10) = rtte_with_ripas(*page_at(w, 10), RMI_RIPAS_RAM);
}

START_TEST(test_ripas_behind)
{
	struct world w;

	world_init(&w, RMM_INVARIANTS_STEP);
	enter(&w.h, &w.a, realm_asks, NULL);
	wrong(&w, edit_behind, RMI_RTT_SET_RIPAS, w.a.rd, w.rec, 8 * PAGE, 10 * PAGE);
	expect_seen(&w, INVARIANT_T8, "behind the range");
	host_end(&w.h);
}
END_TEST

/* Each of the two RECs is sound by itself; only what looks at both can tell. */
START_TEST(test_two_recs_of_one_index)
{
	struct world w;
	struct rec *second;

	world_init(&w, RMM_INVARIANTS_STEP);
	second = host_ptr(&w.h, w.rec2);
	second->index = rec_of(&w)->index;
	second->mpidr = rec_of(&w)->mpidr;
	ck_assert_int_eq(rmm_invariants_check(w.h.rmm, NULL), 0);
	expect_seen(&w, INVARIANT_I18, "two RECs of one index");
	host_end(&w.h);
}
END_TEST

START_TEST(test_aborts)
{
	for (unsigned int i = 0; i < 2 * sizeof(aborts) / sizeof(aborts[0]); i++) {
		const bool right = i % 2 ? aborts[i / 2].exit_right : aborts[i / 2].sea_right;
		struct world w;

		world_init(&w, RMM_INVARIANTS_STEP);
		w.h.realm = abort_wrongly;
		w.h.realm_arg = &i;
		ok(&w.h, RMI_REC_ENTER, w.rec, w.a.run);
		ck_assert_msg(w.seen[INVARIANT_O10] != right, "an %s at IPA 0x%llx: O10 is %s",
			      i % 2 ? "exit" : "SEA", (unsigned long long)aborts[i / 2].ipa,
			      right ? "reported" : "not reported");
		host_end(&w.h);
	}
}
END_TEST

START_TEST(test_levels)
{
	struct host h;
	struct rmm *rmm = NULL;

	host_init_config(&h);
	h.config.invariants = RMM_INVARIANTS_OFF;
	h.config.violation = NULL;
	host_start(&h);
	ck_assert_int_eq(rmm_invariants_check(h.rmm, NULL), -EINVAL);
	h.config.invariants = RMM_INVARIANTS_STEP;
	ck_assert_int_eq(rmm_create(&h.config, &rmm), -EINVAL);
	h.config.violation = note;
	h.config.invariants = RMM_INVARIANTS_FULL + 1;
	ck_assert_int_eq(rmm_create(&h.config, &rmm), -EINVAL);
	host_end(&h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("invariants");
	TCase *tcase = tcase_create("each");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_state, 0, (int)(sizeof(states) / sizeof(states[0])));
	tcase_add_loop_test(tcase, test_act, 0, (int)(sizeof(acts) / sizeof(acts[0])));
	tcase_add_test(tcase, test_all);
	tcase_add_test(tcase, test_residue);
	tcase_add_test(tcase, test_pattern);
	tcase_add_test(tcase, test_elsewhere);
	tcase_add_loop_test(tcase, test_other_ways, 0, (int)(sizeof(ways) / sizeof(ways[0])));
	tcase_add_loop_test(tcase, test_create_refused, 0,
			    (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(tcase, test_ripas_behind);
	tcase_add_test(tcase, test_two_recs_of_one_index);
	tcase_add_test(tcase, test_aborts);
	tcase_add_test(tcase, test_violations_of_each_check);
	tcase_add_test(tcase, test_create_fold_create);
	tcase_add_loop_test(tcase, test_fold_again, 0, 9);
	tcase_add_test(tcase, test_clean_params);
	tcase_add_test(tcase, test_levels);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
