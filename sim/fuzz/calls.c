/* SPDX-License-Identifier: BSD-3-Clause */
#include "calls.h"

#include <errno.h>
#include <rmm/rmi.h>
#include <rmm/rsi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../machine/rmi_log.h"

#define BASE	 UINT64_C(0x100000000)
#define GRANULES 64u
#define PAGE	 ((uint64_t)RMM_GRANULE_SIZE)
/* Granules that hold what the Host says; the pool of those that it gives away is behind them. */
#define PARAMS	     0u /* variants of parameters of a Realm */
#define NUM_PARAMS   4u
#define REC_PARAMS   4u
#define NUM_RECS     3u
#define RUN	     7u
#define SOURCE	     8u
#define POOL	     16u
#define NUM_POOL     (GRANULES - POOL)
#define ROOT(n)	     (POOL + 4u + (n)) /* of the first Realm; those of the second are behind them */
#define MAX_INPUTS   5u
#define NUM_NAMES    384u
#define GRANULE(num) (BASE + (num)*PAGE)

/* Both Realms have 33 bits: one root of level 1, and eight of level 2. The unprotected half begins at 4 GiB. */
#define HALF (UINT64_C(1) << 32)
static const uint64_t ipas[] = {
	0,
	PAGE,
	2 * PAGE,
	(2ull << 20) - PAGE,
	2ull << 20,
	(2ull << 20) + PAGE,
	(1ull << 30) - PAGE,
	1ull << 30,
	(1ull << 30) + PAGE,
	HALF - (2ull << 20),
	HALF - PAGE,
	HALF,
	HALF + PAGE,
	HALF + (2ull << 20),
	2 * HALF - PAGE,
	2 * HALF,
};
#define NUM_IPAS (sizeof(ipas) / sizeof(ipas[0]))

/* A byte for each of these. */
typedef uint8_t ipa_bytes __attribute__((vector_size(16)));
_Static_assert(sizeof(ipa_bytes) == NUM_IPAS, "one byte each");
#define NUM_DEPTHS 5u /* levels -1 to 3 */

struct calls_bench {
	struct rmm *rmm;
	struct rmm_bank bank;
	struct rmm_config config;
	uint8_t *memory;
	uint64_t dirty; /* bit of each granule that may hold something else than zeros */
	bool params_lost;
	/* The granule of the pool that a byte names; and behind these, of odd calls, the one that 128 or more name. */
	uint64_t named[NUM_NAMES];
	/* Of each level, and each IPA: 0xff for those that a table of that level for it describes, too. */
	ipa_bytes together[NUM_DEPTHS][NUM_IPAS];
	/* While calls are made. */
	const struct call_op *op;
	struct rmi_log *log;
	bool announces;
	struct calls_result *result;
	size_t index;
};

/* --- commands ----------------------------------------------------------------------------------------- */

/* Where a register comes from. */
enum input {
	NONE,
	REALM, /* rd: an RD, or a REC */
	GRANULE_IN,
	IPA,	    /* aligned to `level` unless bit 7 of detail is set */
	IPA_PAGE,   /* as it is */
	IPA_PARENT, /* aligned to what a table of `level` covers */
	TOP,	    /* an IPA behind that */
	LEVEL,
	REALM_PARAMS,
	REC_PARAM,
	RUN_PAGE,
	SOURCE_PAGE,
	FLAGS,
	DESC,
	TARGET, /* another REC */
	STATUS,
	NUMBER,
	NUM_INPUTS
};

static const struct {
	uint32_t fid;
	uint8_t inputs[MAX_INPUTS];
} commands[] = {
	{RMI_GRANULE_DELEGATE, {GRANULE_IN}},
	{RMI_GRANULE_UNDELEGATE, {GRANULE_IN}},
	{RMI_REALM_CREATE, {REALM, REALM_PARAMS}},
	{RMI_REALM_ACTIVATE, {REALM}},
	{RMI_REALM_DESTROY, {REALM}},
	{RMI_REC_CREATE, {REALM, GRANULE_IN, REC_PARAM}},
	{RMI_REC_DESTROY, {GRANULE_IN}},
	{RMI_REC_ENTER, {GRANULE_IN, RUN_PAGE}},
	{RMI_RTT_CREATE, {REALM, GRANULE_IN, IPA_PARENT, LEVEL}},
	{RMI_RTT_DESTROY, {REALM, IPA_PARENT, LEVEL}},
	{RMI_RTT_FOLD, {REALM, IPA_PARENT, LEVEL}},
	{RMI_RTT_READ_ENTRY, {REALM, IPA, LEVEL}},
	{RMI_RTT_MAP_UNPROTECTED, {REALM, IPA, LEVEL, DESC}},
	{RMI_RTT_UNMAP_UNPROTECTED, {REALM, IPA, LEVEL}},
	{RMI_RTT_INIT_RIPAS, {REALM, IPA_PAGE, TOP}},
	{RMI_RTT_SET_RIPAS, {REALM, GRANULE_IN, IPA_PAGE, TOP}},
	{RMI_DATA_CREATE, {REALM, GRANULE_IN, IPA, SOURCE_PAGE, FLAGS}},
	{RMI_DATA_CREATE_UNKNOWN, {REALM, GRANULE_IN, IPA}},
	{RMI_DATA_DESTROY, {REALM, IPA}},
	{RMI_PSCI_COMPLETE, {GRANULE_IN, TARGET, STATUS}},
	{RMI_REC_AUX_COUNT, {REALM}},
	{RMI_FEATURES, {NUMBER}},
	{RMI_VERSION, {NUMBER}},
};
#define NUM_COMMANDS (sizeof(commands) / sizeof(commands[0]))

enum {
	ROW_DELEGATE,
	ROW_UNDELEGATE,
	ROW_REALM_CREATE,
	ROW_ACTIVATE,
	ROW_REALM_DESTROY,
	ROW_REC_CREATE,
	ROW_REC_DESTROY,
	ROW_REC_ENTER,
	ROW_RTT_CREATE,
	ROW_RTT_DESTROY,
	ROW_RTT_FOLD,
	ROW_READ_ENTRY,
	ROW_MAP,
	ROW_UNMAP,
	ROW_INIT_RIPAS,
	ROW_SET_RIPAS,
	ROW_DATA_CREATE,
	ROW_DATA_UNKNOWN,
	ROW_DATA_DESTROY,
	ROW_PSCI_COMPLETE
};

#define LEVEL_SHIFT(level) ((level) < 0 || (level) > 3 ? 12 : 12 + 9 * (3 - (level)))
#define LEVEL_MASK(level)  ((UINT64_C(1) << LEVEL_SHIFT(level)) - 1)

/*
 * What a call's detail says, by its bits 0 to 2 and 6; and behind these, of odd calls, whose bit 7 is set: nothing is
 * aligned, and a range of RIPAS may have many entries, each of which INIT_RIPAS hashes.
 */
struct detail {
	int64_t level;	 /* 0 to 3 and, seldom, what is no level at all */
	uint64_t entry;	 /* bits of an IPA that are left if it is aligned to an entry there */
	uint64_t parent; /* or to one of its parent */
	uint64_t size;	 /* of a range of RIPAS */
};
#define DETAIL_ROW(i, n)                                                                           \
	[i] = {n, ~LEVEL_MASK(n), ~LEVEL_MASK((n)-1), (1 + ((i)&3)) * PAGE},                       \
	[16 + (i)] = {n, UINT64_MAX, UINT64_MAX, (i)&4 ? 2 << 20 : (1 + ((i)&3)) * PAGE}
static const struct detail details[32] = {
	DETAIL_ROW(0, 0),  DETAIL_ROW(1, 1),  DETAIL_ROW(2, 2),	 DETAIL_ROW(3, 3),
	DETAIL_ROW(4, 0),  DETAIL_ROW(5, 1),  DETAIL_ROW(6, 2),	 DETAIL_ROW(7, 3),
	DETAIL_ROW(8, -2), DETAIL_ROW(9, -1), DETAIL_ROW(10, 0), DETAIL_ROW(11, 1),
	DETAIL_ROW(12, 2), DETAIL_ROW(13, 3), DETAIL_ROW(14, 4), DETAIL_ROW(15, 5),
};

/* All that a register may be: which ones are asked for is as random as the calls, and branches would be guessed wrong. */
static inline void op_inputs(const struct calls_bench *bench, const struct call_op *op,
			     uint64_t value[NUM_INPUTS])
{
	const unsigned int bits = op->detail;
	const unsigned int plain = (bits & 7) | (bits >> 3 & 8);
	const struct detail *const detail = &details[plain | (bits >> 3 & 0x10)];
	const uint64_t ipa = ipas[op->ipa % NUM_IPAS];
	const uint64_t rd = bench->named[op->rd];

	value[NONE] = 0;
	value[REALM] = rd;
	/* The granule is one of the whole DRAM, and not of the pool, if it is to be odd. */
	value[GRANULE_IN] = bench->named[op->granule + (op->granule & bits & 0x80)];
	value[IPA] = ipa & detail->entry;
	value[IPA_PAGE] = ipa;
	value[IPA_PARENT] = ipa & detail->parent;
	value[TOP] = ipa + detail->size;
	value[LEVEL] = (uint64_t)detail->level;
	value[REALM_PARAMS] = GRANULE(PARAMS + op->granule % NUM_PARAMS);
	value[REC_PARAM] = GRANULE(REC_PARAMS + op->ipa % NUM_RECS);
	value[RUN_PAGE] = GRANULE(RUN);
	value[SOURCE_PAGE] = GRANULE(SOURCE);
	value[FLAGS] = (bits & 0x0c) == 0x0c;
	value[DESC] = (bench->named[op->granule] & details[plain].entry) | 0xd8;
	value[TARGET] = rd;
	value[STATUS] = (0 - (uint64_t)(bits & 1)) & (uint64_t)-3;
	value[NUMBER] = (0 - (uint64_t)(bits & 1)) & (uint64_t)op->ipa << 16;
}

/*
 * The registers of a call, twice, because the first are overwritten. Each one by itself: they are read one by one soon
 * after, and two that are written at once, or copied, are not to be had before both are in the cache.
 */
static inline void op_regs(const struct calls_bench *bench, const struct call_op *op,
			   uint64_t *regs, uint64_t *copy)
{
	const unsigned int row = op->command % NUM_COMMANDS;
	volatile uint64_t *const x = regs, *const in = copy;
	uint64_t value[NUM_INPUTS];
	unsigned int i;

	op_inputs(bench, op, value);
	x[0] = commands[row].fid;
	in[0] = commands[row].fid;
	for (i = 0; i < MAX_INPUTS; i++) {
		const uint64_t input = value[commands[row].inputs[i]];

		x[1 + i] = input;
		in[1 + i] = input;
	}
	x[6] = 0;
	in[6] = 0;
}

/* --- the Host's memory -------------------------------------------------------------------------------- */

static void *granule_at(const struct calls_bench *bench, unsigned int num)
{
	return bench->memory + num * PAGE;
}

static void realm_params_fill(struct calls_bench *bench, unsigned int num, uint16_t vmid,
			      uint64_t root, int level, uint32_t roots)
{
	struct rmi_realm_params *params = granule_at(bench, PARAMS + num);

	params->s2sz = 33;
	params->num_bps = params->num_wps = 1;
	params->vmid = vmid;
	params->rtt_base = root;
	params->rtt_level_start = level;
	params->rtt_num_start = roots;
	params->hash_algo = num == 2;
}

static void params_fill(struct calls_bench *bench)
{
	unsigned int i;

	memset(bench->memory, 0, POOL * PAGE);
	realm_params_fill(bench, 0, 0, GRANULE(ROOT(0)), 1, 1);
	realm_params_fill(bench, 1, 1, GRANULE(ROOT(4)), 2, 8);
	realm_params_fill(bench, 2, 1, GRANULE(ROOT(12)), 1, 1);
	realm_params_fill(bench, 3, 1, GRANULE(ROOT(1)), 2, 8); /* not aligned */
	for (i = 0; i < NUM_RECS; i++) {
		struct rmi_rec_params *rec = granule_at(bench, REC_PARAMS + i);

		rec->flags = i != 1; /* the second waits for CPU_ON */
		rec->mpidr = i % 2;
		rec->pc = 0x1000;
	}
	memset(granule_at(bench, SOURCE), 0x5a, PAGE);
	bench->dirty |= (UINT64_C(1) << POOL) - 1;
	bench->dirty &= ~(UINT64_C(1) << RUN);
	bench->params_lost = false;
}

static unsigned int granule_num(uint64_t pa)
{
	return (unsigned int)((pa - BASE) / PAGE % GRANULES);
}

static bool is_clean(void *ctx, uint64_t pa)
{
	const struct calls_bench *bench = ctx;

	return !(bench->dirty >> granule_num(pa) & 1);
}

static void gpt_changed(void *ctx, uint64_t pa, enum rmm_gpt gpt, bool clean)
{
	struct calls_bench *bench = ctx;
	unsigned int num = granule_num(pa);

	bench->params_lost |= num < POOL && gpt != RMM_GPT_NS;
	if (clean)
		bench->dirty &= ~(UINT64_C(1) << num);
	else
		bench->dirty |= UINT64_C(1) << num;
}

static void ns_write(void *ctx, uint64_t pa)
{
	struct calls_bench *bench = ctx;

	bench->dirty |= UINT64_C(1) << granule_num(pa);
}

static void violation(void *ctx, const char *label, const char *text)
{
	struct calls_bench *bench = ctx;
	struct calls_result *result = bench->result;

	if (!result || *result->label)
		return;
	snprintf(result->label, sizeof(result->label), "%s", label);
	snprintf(result->text, sizeof(result->text), "%s", text);
	result->at = bench->index;
}

/* --- the Realm ---------------------------------------------------------------------------------------- */

static enum rmm_outcome realm_smc(struct calls_bench *bench, struct rmm_cpu *cpu, uint64_t x0,
				  uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4)
{
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);

	regs->gprs[0] = x0;
	regs->gprs[1] = x1;
	regs->gprs[2] = x2;
	regs->gprs[3] = x3;
	regs->gprs[4] = x4;
	memset(&regs->gprs[5], 0, 13 * sizeof(regs->gprs[0]));
	if (bench->log)
		rmi_log_realm_smc(bench->log, cpu, regs->gprs);
	return rmm_cpu_smc(cpu);
}

static enum rmm_outcome realm_access(struct calls_bench *bench, struct rmm_cpu *cpu,
				     enum rmm_access_type type, uint64_t ipa)
{
	uint64_t data = 0x1122334455667788;
	struct rmm_access access = {.type = type,
				    .ipa = ipa,
				    .size = 8,
				    .data = &data,
				    .isv = type != RMM_FETCH,
				    .sf = true,
				    .far = ipa};
	enum rmm_outcome outcome = rmm_cpu_access(cpu, &access);

	if (bench->log)
		rmi_log_realm_access(bench->log, cpu, &access, outcome);
	return outcome;
}

/* What the Realm does is told by the bytes of the REC_ENTER; then there is an interrupt. */
static void realm_run(void *ctx, struct rmm_cpu *cpu)
{
	struct calls_bench *bench = ctx;
	const struct call_op *op = bench->op;
	const uint64_t ipa = ipas[op->ipa % NUM_IPAS];
	enum rmm_outcome outcome = RMM_CONTINUE;

	switch (op->detail & 15) {
	case 0:
	case 1:
	case 2:
		outcome = realm_smc(bench, cpu, RSI_IPA_STATE_SET, ipa,
				    ipa + (1 + (op->detail >> 6)) * PAGE, op->detail >> 4 & 1,
				    op->detail >> 5 & 1);
		break;
	case 3:
		outcome = realm_smc(bench, cpu, RSI_IPA_STATE_GET, ipa, ipa + PAGE, 0, 0);
		break;
	case 4:
		outcome = realm_smc(bench, cpu, RSI_HOST_CALL, ipa, 0, 0, 0);
		break;
	case 5:
		outcome = realm_smc(bench, cpu, RSI_REALM_CONFIG, ipa, 0, 0, 0);
		break;
	case 6:
		outcome = realm_smc(bench, cpu, RSI_MEASUREMENT_READ, op->detail >> 4, 0, 0, 0);
		break;
	case 7: /* CPU_ON, CPU_OFF, AFFINITY_INFO, SYSTEM_OFF */
		outcome = realm_smc(bench, cpu,
				    (op->detail >> 4) % 3 == 0	 ? 0xc4000003
				    : (op->detail >> 4) % 3 == 1 ? 0x84000002
								 : 0xc4000004,
				    op->ipa & 1, ipa, 0, 0);
		break;
	case 8:
		outcome = realm_smc(bench, cpu, op->detail & 0x80 ? 0x84000008 : 0x84000000, 0, 0,
				    0, 0);
		break;
	case 9:
	case 10:
	case 11:
		outcome = realm_access(bench, cpu, RMM_WRITE, ipa);
		break;
	case 12:
		outcome = realm_access(bench, cpu, RMM_READ, ipa);
		break;
	case 13:
		outcome = realm_access(bench, cpu, RMM_FETCH, ipa);
		break;
	default:
		break;
	}
	if (outcome == RMM_EXIT)
		return;
	if (bench->log)
		rmi_log_realm_event(bench->log, cpu, RMM_EVENT_IRQ);
	/* An interrupt always ends the run. */
	(void)rmm_cpu_event(cpu, RMM_EVENT_IRQ);
}

/* --- lives -------------------------------------------------------------------------------------------- */

static void together_fill(struct calls_bench *bench)
{
	unsigned int depth, i, j;

	for (depth = 0; depth < NUM_DEPTHS; depth++) {
		const int shift = LEVEL_SHIFT((int)depth - 2);

		for (i = 0; i < NUM_IPAS; i++) {
			for (j = 0; j < NUM_IPAS; j++)
				bench->together[depth][i][j] =
					ipas[i] >> shift == ipas[j] >> shift ? 0xff : 0;
		}
	}
}

int calls_create(struct calls_bench **out)
{
	struct calls_bench *bench = calloc(1, sizeof(*bench));
	unsigned int i;
	int err;

	if (!bench)
		return -ENOMEM;
	bench->memory = mmap(NULL, GRANULES * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bench->memory == MAP_FAILED) {
		free(bench);
		return -ENOMEM;
	}
	params_fill(bench);
	together_fill(bench);
	bench->bank = (struct rmm_bank){BASE, GRANULES * PAGE, bench->memory, 0};
	rmm_config_init(&bench->config);
	bench->config.banks = &bench->bank;
	bench->config.num_banks = 1;
	bench->config.platform = (struct rmm_platform){.ctx = bench,
						       .is_clean = is_clean,
						       .gpt_changed = gpt_changed,
						       .ns_write = ns_write};
	bench->config.run = realm_run;
	bench->config.run_ctx = bench;
	bench->config.rec_aux = 0;
	bench->config.invariants = RMM_INVARIANTS_STEP;
	bench->config.violation = violation;
	bench->config.violation_ctx = bench;
	for (i = 0; i < NUM_NAMES; i++)
		bench->named[i] =
			i < 256 ? GRANULE(POOL + i % NUM_POOL) : GRANULE((i - 128) % GRANULES);
	err = rmm_create(&bench->config, &bench->rmm);
	if (err) {
		munmap(bench->memory, GRANULES * PAGE);
		free(bench);
		return err;
	}
	*out = bench;
	return 0;
}

void calls_destroy(struct calls_bench *bench)
{
	if (!bench)
		return;
	rmm_destroy(bench->rmm);
	munmap(bench->memory, GRANULES * PAGE);
	free(bench);
}

static void bench_reset(struct calls_bench *bench)
{
	uint64_t left;

	rmm_reset(bench->rmm);
	if (bench->params_lost)
		params_fill(bench);
	/* What is Non-secure again, and was written since: the run page, and what a Realm had mapped. */
	left = bench->dirty & ~(((UINT64_C(1) << POOL) - 1) & ~(UINT64_C(1) << RUN));
	bench->dirty &= ~left;
	for (; left; left &= left - 1)
		memset(granule_at(bench, (unsigned int)__builtin_ctzll(left)), 0, PAGE);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

/* Makes one call; what it returned is in regs. */
static void op_make(struct calls_bench *bench, const struct call_op *op,
		    struct fuzz_coverage *coverage, struct rmm_regs *regs)
{
	uint64_t in[7];

	op_regs(bench, op, regs->x, in);
	bench->op = op;
	if (coverage)
		fuzz_coverage_before(coverage, bench->rmm, in);
	if (bench->log)
		rmi_log_call(bench->log, bench->rmm, in);
	if (bench->announces)
		rmi_log_announce(bench->log, in);
	rmm_smc(bench->rmm, regs);
	if (coverage)
		fuzz_coverage_after(coverage, bench->rmm, in, regs->x[0],
				    rmm_last_call(bench->rmm).condition);
	if (bench->log)
		rmi_log_result(bench->log, in, regs->x, rmm_last_call(bench->rmm).condition);
	bench->result->succeeded += regs->x[0] == RMI_SUCCESS;
	bench->result->digest =
		mix(mix(bench->result->digest, regs->x[0]), regs->x[1] + 3 * regs->x[2]);
}

static void run_begin(struct calls_bench *bench, FILE *log, struct calls_result *result)
{
	bench_reset(bench);
	if (log) {
		bench->log = rmi_log_create(log);
		rmi_log_reset(bench->log, BASE, GRANULES * PAGE, &bench->config);
	}
	result->digest = result->succeeded = result->at = 0;
	*result->label = *result->text = '\0';
	bench->result = result;
	bench->index = 0;
}

static void run_end(struct calls_bench *bench, bool state)
{
	struct calls_result *result = bench->result;

	if (state)
		result->digest = mix(result->digest, rmm_inspect_hash(bench->rmm));
	bench->result = NULL;
	rmi_log_destroy(bench->log);
	bench->log = NULL;
}

void calls_announce(struct calls_bench *bench)
{
	bench->announces = true;
}

void calls_run(struct calls_bench *bench, const struct call_op *ops, size_t num, bool state,
	       struct fuzz_coverage *coverage, FILE *log, struct calls_result *result)
{
	struct rmm_regs regs;

	run_begin(bench, log, result);
	for (; bench->index < num; bench->index++)
		op_make(bench, &ops[bench->index], coverage, &regs);
	run_end(bench, state);
}

/* --- drawing ------------------------------------------------------------------------------------------ */

/* What the generator remembers of what succeeded. It may be wrong: then a call fails, no more. */
struct shadow {
	struct dice dice;
	uint64_t delegated; /* bit of each granule of the pool that is DELEGATED */
	uint64_t given;	    /* that has another state */
	ipa_bytes depth[2];
	uint64_t data[2], mapped[2]; /* bit of each IPA */
	uint8_t realms;		     /* bit of each Realm */
	uint8_t active;
	uint8_t recs[2];
	uint8_t waiting; /* RECs that asked for a change of RIPAS: bit of each Realm */
};

#define POOL_MASK ((UINT64_C(1) << NUM_POOL) - 1)

/* The RD of Realm 0 or 1, its RECs, and its roots: always the same granules of the pool. */
#define RD_OF(realm)	 ((uint8_t)(realm))
#define REC_OF(realm, n) ((uint8_t)(20 + (realm)*2 + (n)))
#define FIRST_FREE	 24u
static const uint64_t roots_of[2] = {UINT64_C(1) << 4, UINT64_C(0xff) << 8};

#define PICKED 4u
static uint8_t pick(struct shadow *shadow, uint64_t mask)
{
	uint64_t left[PICKED];
	unsigned int skip, last, i;

	mask &= POOL_MASK;
	if (!mask)
		return (uint8_t)dice_below(&shadow->dice, NUM_POOL);
	/* One of the lowest: that is random enough, and cheap without branches, which nobody could guess. */
	skip = (unsigned int)dice_below(&shadow->dice, PICKED);
	for (last = 0, i = 0; i < PICKED; i++) {
		left[i] = mask;
		mask &= mask - 1;
		last += i + 1 < PICKED && mask;
	}
	return (uint8_t)__builtin_ctzll(left[skip < last ? skip : last]);
}

static void draw_random(struct shadow *shadow, struct call_op *op)
{
	uint64_t bits = dice_next(&shadow->dice);

	*op = (struct call_op){(uint8_t)((bits & 0xffff) * NUM_COMMANDS >> 16), (bits >> 16) & 3,
			       (uint8_t)(bits >> 24), (uint8_t)(bits >> 32), (uint8_t)(bits >> 40)};
}

/* What has to be there before a Realm can be: true if `op` is the next thing to do for it. */
static bool draw_making(struct shadow *shadow, unsigned int realm, struct call_op *op)
{
	uint64_t wanted = roots_of[realm] | UINT64_C(1) << RD_OF(realm);

	if (shadow->realms & 1u << realm)
		return false;
	wanted &= ~shadow->delegated;
	if (wanted)
		*op = (struct call_op){ROW_DELEGATE, 0, (uint8_t)__builtin_ctzll(wanted), 0, 0};
	else
		*op = (struct call_op){ROW_REALM_CREATE, RD_OF(realm), (uint8_t)realm, 0, 0};
	return true;
}

static void draw_op(struct shadow *shadow, struct call_op *op)
{
	struct dice *dice = &shadow->dice;
	const uint64_t bits = dice_next(dice);
	const unsigned int realm = shadow->realms & 2 && bits & 1;
	const uint8_t rd = RD_OF(realm), ipa = (uint8_t)(bits >> 8) % NUM_IPAS;
	const uint8_t depth = shadow->depth[realm][ipa];
	const uint64_t free_mask = shadow->delegated & ~((UINT64_C(1) << FIRST_FREE) - 1);
	const bool active = shadow->active & 1u << realm;

	/* A steady share of misuse. */
	if ((bits >> 16 & 15) == 0) {
		draw_random(shadow, op);
		return;
	}
	if (draw_making(shadow, 0, op) || ((bits >> 20 & 15) == 0 && draw_making(shadow, 1, op)))
		return;
	if (!(free_mask & (free_mask - 1))) {
		*op = (struct call_op){ROW_DELEGATE, 0, 0, 0, 0};
		op->granule = pick(shadow, ~(shadow->delegated | shadow->given) &
						   ~((UINT64_C(1) << FIRST_FREE) - 1));
		return;
	}
	switch (bits >> 24 & 31) {
	case 0:
	case 1:
		*op = (struct call_op){ROW_UNDELEGATE, 0, pick(shadow, free_mask), 0, 0};
		break;
	case 2:
	case 3:
	case 4:
		if (shadow->delegated >> REC_OF(realm, shadow->recs[realm] & 1) & 1)
			*op = (struct call_op){ROW_REC_CREATE, rd,
					       REC_OF(realm, shadow->recs[realm] & 1),
					       shadow->recs[realm], 0};
		else
			*op = (struct call_op){ROW_DELEGATE, 0,
					       REC_OF(realm, shadow->recs[realm] & 1), 0, 0};
		break;
	case 5:
		*op = (struct call_op){shadow->recs[realm] ? ROW_ACTIVATE : ROW_READ_ENTRY, rd, 0,
				       ipa, depth};
		break;
	case 6:
	case 7:
	case 8:
	case 9:
	case 10:
		if (active && shadow->recs[realm]) {
			*op = (struct call_op){ROW_REC_ENTER, rd, REC_OF(realm, bits >> 30 & 1),
					       ipa, (uint8_t)(bits >> 40)};
			if (shadow->waiting & 1u << realm)
				op->command = ROW_SET_RIPAS;
			break;
		}
		*op = (struct call_op){ROW_INIT_RIPAS, rd, 0, ipa, (uint8_t)(bits >> 40) & 3};
		break;
	case 11:
		*op = (struct call_op){ROW_RTT_FOLD, rd, 0, ipa, depth};
		break;
	case 12:
		*op = (struct call_op){ROW_RTT_DESTROY, rd, 0, ipa, depth};
		break;
	case 13:
	case 14:
		*op = (struct call_op){ROW_READ_ENTRY, rd, 0, ipa, (uint8_t)(bits >> 40) & 3};
		break;
	case 15:
	case 16:
		if (shadow->data[realm]) {
			*op = (struct call_op){ROW_DATA_DESTROY, rd, 0,
					       (uint8_t)__builtin_ctzll(shadow->data[realm]), 3};
			break;
		}
		/* fall through */
	case 17:
		if (shadow->mapped[realm]) {
			*op = (struct call_op){ROW_UNMAP, rd, 0,
					       (uint8_t)__builtin_ctzll(shadow->mapped[realm]), 3};
			break;
		}
		/* fall through */
	case 18:
		if ((bits >> 33 & 7) == 0) {
			*op = (struct call_op){bits >> 36 & 1 ? ROW_REALM_DESTROY : ROW_REC_DESTROY,
					       rd, REC_OF(realm, bits >> 37 & 1), 0, 0};
			break;
		}
		/* fall through */
	default:
		if (depth < 3)
			*op = (struct call_op){ROW_RTT_CREATE, rd, pick(shadow, free_mask), ipa,
					       (uint8_t)(depth + 1)};
		else if (ipas[ipa] >= HALF)
			*op = (struct call_op){
				ROW_MAP, rd, (uint8_t)(FIRST_FREE + 16 + (bits >> 40 & 3)), ipa, 3};
		else if (active || bits >> 41 & 3)
			*op = (struct call_op){ROW_DATA_UNKNOWN, rd, pick(shadow, free_mask), ipa,
					       3};
		else
			*op = (struct call_op){ROW_DATA_CREATE, rd, pick(shadow, free_mask), ipa,
					       (bits >> 43 & 7) == 0 ? 0x0f : 3};
		break;
	}
}

static void depth_set(const struct calls_bench *bench, struct shadow *shadow, unsigned int realm,
		      unsigned int ipa, int level)
{
	ipa_bytes *const depth = &shadow->depth[realm];
	const ipa_bytes same = bench->together[level + 1][ipa];

	*depth = (*depth & ~same) | (same & (uint8_t)level);
}

/* What the answer to a call says of the state. */
static void shadow_learn(const struct calls_bench *bench, struct shadow *shadow,
			 const struct call_op *op, const struct rmm_regs *regs)
{
	const unsigned int realm = op->rd & 1, ipa = op->ipa % NUM_IPAS;
	const uint64_t granule = UINT64_C(1) << op->granule % NUM_POOL, bit = UINT64_C(1) << ipa;
	const bool good = regs->x[0] == RMI_SUCCESS;
	const uint8_t status = regs->x[0] & 0xff;

	if (!good && status == RMI_ERROR_RTT && op->rd < 2)
		depth_set(bench, shadow, realm, ipa, (int)(regs->x[0] >> 8 & 0xff) & 3);
	if (!good)
		return;
	switch (op->command % NUM_COMMANDS) {
	case ROW_DELEGATE:
		shadow->delegated |= granule;
		break;
	case ROW_UNDELEGATE:
		shadow->delegated &= ~granule;
		break;
	case ROW_REALM_CREATE:
		shadow->realms |= (uint8_t)(1u << realm);
		shadow->delegated &= ~(roots_of[realm] | UINT64_C(1) << RD_OF(realm));
		memset(&shadow->depth[realm], realm ? 2 : 1, sizeof(shadow->depth[realm]));
		break;
	case ROW_REALM_DESTROY:
		shadow->realms &= (uint8_t) ~(1u << realm);
		shadow->active &= (uint8_t) ~(1u << realm);
		shadow->delegated |= roots_of[realm] | UINT64_C(1) << RD_OF(realm);
		break;
	case ROW_ACTIVATE:
		shadow->active |= (uint8_t)(1u << realm);
		break;
	case ROW_REC_CREATE:
		shadow->recs[realm]++;
		shadow->delegated &= ~granule;
		break;
	case ROW_REC_DESTROY:
		shadow->delegated |= granule;
		shadow->recs[realm] = 0;
		break;
	case ROW_REC_ENTER:
		if ((op->detail & 15) < 3)
			shadow->waiting |= (uint8_t)(1u << realm);
		break;
	case ROW_SET_RIPAS:
		shadow->waiting &= (uint8_t) ~(1u << realm);
		break;
	case ROW_RTT_CREATE:
		shadow->delegated &= ~granule;
		shadow->given |= granule;
		depth_set(bench, shadow, realm, ipa, op->detail & 3);
		break;
	case ROW_RTT_DESTROY:
	case ROW_RTT_FOLD:
		depth_set(bench, shadow, realm, ipa, (op->detail & 3) - 1);
		shadow->given &= ~(UINT64_C(1) << (granule_num(regs->x[1]) - POOL) % 64);
		shadow->delegated |= UINT64_C(1) << (granule_num(regs->x[1]) - POOL) % 64;
		break;
	case ROW_DATA_CREATE:
	case ROW_DATA_UNKNOWN:
		shadow->delegated &= ~granule;
		shadow->given |= granule;
		shadow->data[realm] |= bit;
		break;
	case ROW_DATA_DESTROY:
		shadow->data[realm] &= ~bit;
		shadow->given &= ~(UINT64_C(1) << (granule_num(regs->x[1]) - POOL) % 64);
		shadow->delegated |= UINT64_C(1) << (granule_num(regs->x[1]) - POOL) % 64;
		break;
	case ROW_MAP:
		shadow->mapped[realm] |= bit;
		break;
	case ROW_UNMAP:
		shadow->mapped[realm] &= ~bit;
		break;
	default:
		break;
	}
}

void calls_draw_run(struct calls_bench *bench, uint64_t seed, struct call_op *ops, size_t num,
		    bool state, struct fuzz_coverage *coverage, FILE *log,
		    struct calls_result *result)
{
	struct shadow shadow = {.dice = {seed}};
	struct rmm_regs regs;

	run_begin(bench, log, result);
	for (; bench->index < num; bench->index++) {
		struct call_op *op = &ops[bench->index];

		draw_op(&shadow, op);
		op_make(bench, op, coverage, &regs);
		shadow_learn(bench, &shadow, op, &regs);
	}
	run_end(bench, state);
}

/* --- changing ----------------------------------------------------------------------------------------- */

size_t calls_shrink(struct calls_bench *bench, struct call_op *ops, size_t num, const char *label)
{
	struct call_op *fewer = malloc(num * sizeof(*fewer) + 1);
	struct calls_result result;
	size_t chunk, at;

	if (!fewer)
		return num;
	calls_run(bench, ops, num, false, NULL, NULL, &result);
	if (*result.label && result.at + 1 < num)
		num = result.at + 1;
	for (chunk = num / 2; chunk; chunk /= 2) {
		for (at = 0; at + chunk <= num;) {
			memcpy(fewer, ops, at * sizeof(*ops));
			memcpy(fewer + at, ops + at + chunk, (num - at - chunk) * sizeof(*ops));
			calls_run(bench, fewer, num - chunk, false, NULL, NULL, &result);
			if (strcmp(result.label, label)) {
				at += chunk;
				continue;
			}
			num -= chunk;
			memcpy(ops, fewer, num * sizeof(*ops));
		}
	}
	free(fewer);
	return num;
}

size_t calls_mutate(struct dice *dice, struct call_op *ops, size_t num, size_t max)
{
	unsigned int changes = 1 + (unsigned int)dice_below(dice, 4);
	struct shadow shadow = {.dice = {dice_next(dice)}};

	for (; changes; changes--) {
		size_t at = num ? dice_below(dice, num) : 0, to;
		struct call_op op;

		draw_random(&shadow, &op);
		switch (dice_below(dice, 6)) {
		case 0: /* one more */
			if (num == max)
				break;
			memmove(&ops[at + (num > 0)], &ops[at], (num - at) * sizeof(op));
			if (num)
				ops[at] = op;
			else
				ops[0] = op;
			num++;
			break;
		case 1: /* one less */
			if (num < 2)
				break;
			memmove(&ops[at], &ops[at + 1], (num - at - 1) * sizeof(op));
			num--;
			break;
		case 2: /* one twice */
			if (num == max || !num)
				break;
			memmove(&ops[at + 1], &ops[at], (num - at) * sizeof(op));
			num++;
			break;
		case 3: /* two change places */
			if (!num)
				break;
			to = dice_below(dice, num);
			op = ops[at];
			ops[at] = ops[to];
			ops[to] = op;
			break;
		default: /* one argument of one is another's */
			if (num)
				((uint8_t *)&ops[at])[dice_below(dice, sizeof(op))] =
					(uint8_t)dice_next(dice);
			break;
		}
	}
	return num;
}

size_t calls_cross(struct dice *dice, const struct call_op *a, size_t num_a,
		   const struct call_op *b, size_t num_b, struct call_op *out, size_t max)
{
	size_t head = num_a ? dice_below(dice, num_a + 1) : 0;
	size_t from = num_b ? dice_below(dice, num_b + 1) : 0;
	size_t tail = num_b - from;

	if (head > max)
		head = max;
	if (tail > max - head)
		tail = max - head;
	memcpy(out, a, head * sizeof(*a));
	memcpy(out + head, b + from, tail * sizeof(*b));
	return head + tail;
}
