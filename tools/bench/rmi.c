// SPDX-License-Identifier: BSD-3-Clause
/*
 * rmi.c - how many RMI calls a second of processor time the model answers, loop by loop, by direct calls. Each
 * loop is run for a fixed number of rounds, several times; the best run counts, because anything else is
 * noise of the machine. Beside each figure stands the rate aimed at: twice the reference RMM's tuned host
 * build, scaled by the calibration where hashing decides; for measured DATA_CREATE nine tenths of what the
 * hash library does alone. Of DATA_CREATE only the calls of DATA_CREATE count, as there, not what prepares
 * them and cleans up.
 */
#include <errno.h>
#include <inttypes.h>
#include <rmm/rmi.h>
#include <rmm/rsi.h>
#include <rmm/rmm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "calibrate.h"

#define DRAM_BASE 0x100000000ull
#define DRAM_SIZE (256ull << 20)
#define GRANULE	  4096ull
#define BLOCK	  (2ull << 20)
#define ENTRIES	  512u
#define RUNS	  5
#define REFERENCE_SHA256_NS                                                                        \
	2400.0 /* by nettle, which is slower: the targets are a little higher than fair */

/* Where things are, as offsets from the start of DRAM. */
#define AT_PARAMS 0x0000ull
#define AT_SOURCE 0x1000ull
#define AT_RUN	  0x2000ull
#define AT_RD	  0x10000ull
#define AT_ROOTS  0x20000ull
#define AT_REC	  0x30000ull
#define AT_AUX	  0x31000ull
#define AT_TABLES 0x100000ull
#define AT_DATA	  BLOCK * 4

/* The Realm: 33 bits, so that the root tables are at level 2. */
#define IPA_BITS	33
#define START_LEVEL	2
#define NUM_ROOTS	8
#define IPA_PAGES	0x00000000ull /* one level 3 table */
#define IPA_BLOCKS	0x40000000ull /* left without level 3 tables */
#define IPA_RIPAS	0x10000000ull
#define IPA_MEASURED	0x20000000ull
#define IPA_UNPROTECTED (1ull << (IPA_BITS - 1))

struct bench {
	struct rmm *rmm;
	uint8_t *memory;
	uint64_t rd, rec;
	uint64_t request_base, request_top; /* what the Realm asks for at its next entry */
	uint8_t request_ripas;
	uint64_t uncounted_ns; /* of the round: spent on what it is not about */
};

static uint64_t pa(uint64_t offset)
{
	return DRAM_BASE + offset;
}

static void die(const char *what, uint64_t status)
{
	fprintf(stderr, "bench: %s failed with %" PRIx64 "\n", what, status);
	exit(1);
}

static uint64_t smc(struct bench *bench, struct rmm_regs *regs, uint64_t fid, uint64_t x1,
		    uint64_t x2, uint64_t x3, uint64_t x4, uint64_t x5)
{
	regs->x[0] = fid;
	regs->x[1] = x1;
	regs->x[2] = x2;
	regs->x[3] = x3;
	regs->x[4] = x4;
	regs->x[5] = x5;
	regs->x[6] = 0;
	rmm_smc(bench->rmm, regs);
	return regs->x[0];
}

static uint64_t call(struct bench *bench, uint64_t fid, uint64_t x1, uint64_t x2, uint64_t x3,
		     uint64_t x4, uint64_t x5)
{
	struct rmm_regs regs;

	return smc(bench, &regs, fid, x1, x2, x3, x4, x5);
}

static void must(struct bench *bench, const char *what, uint64_t fid, uint64_t x1, uint64_t x2,
		 uint64_t x3, uint64_t x4, uint64_t x5)
{
	const uint64_t status = call(bench, fid, x1, x2, x3, x4, x5);

	if (status != RMI_SUCCESS)
		die(what, status);
}

static void put64(struct bench *bench, uint64_t offset, uint64_t value)
{
	memcpy(bench->memory + offset, &value, sizeof(value));
}

/* The Realm asks for one RIPAS change at each entry, then takes an interrupt. */
static void realm_run(void *ctx, struct rmm_cpu *cpu)
{
	struct bench *bench = ctx;
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);

	if (bench->request_top > bench->request_base) {
		memset(regs->gprs, 0, sizeof(regs->gprs));
		regs->gprs[0] = RSI_IPA_STATE_SET;
		regs->gprs[1] = bench->request_base;
		regs->gprs[2] = bench->request_top;
		regs->gprs[3] = bench->request_ripas;
		regs->gprs[4] = 1;
		bench->request_top = 0;
		if (rmm_cpu_smc(cpu) == RMM_EXIT)
			return;
	}
	if (rmm_cpu_event(cpu, RMM_EVENT_IRQ) != RMM_EXIT)
		die("IRQ", 0);
}

static void table_create(struct bench *bench, uint64_t table, uint64_t ipa)
{
	must(bench, "delegate", RMI_GRANULE_DELEGATE, table, 0, 0, 0, 0);
	must(bench, "RTT_CREATE", RMI_RTT_CREATE, bench->rd, table, ipa, 3, 0);
}

static void realm_create(struct bench *bench)
{
	bench->rd = pa(AT_RD);
	bench->rec = pa(AT_REC);
	put64(bench, AT_PARAMS + 0x8, IPA_BITS);
	put64(bench, AT_PARAMS + 0x18, 1);
	put64(bench, AT_PARAMS + 0x20, 1);
	put64(bench, AT_PARAMS + 0x808, pa(AT_ROOTS));
	put64(bench, AT_PARAMS + 0x810, START_LEVEL);
	put64(bench, AT_PARAMS + 0x818, NUM_ROOTS);
	must(bench, "delegate", RMI_GRANULE_DELEGATE, bench->rd, 0, 0, 0, 0);
	for (unsigned int i = 0; i < NUM_ROOTS; i++)
		must(bench, "delegate", RMI_GRANULE_DELEGATE, pa(AT_ROOTS + i * GRANULE), 0, 0, 0,
		     0);
	must(bench, "REALM_CREATE", RMI_REALM_CREATE, bench->rd, pa(AT_PARAMS), 0, 0, 0);
	table_create(bench, pa(AT_TABLES), IPA_PAGES);
	table_create(bench, pa(AT_TABLES + GRANULE), IPA_UNPROTECTED);
	table_create(bench, pa(AT_TABLES + 2 * GRANULE), IPA_RIPAS);
	table_create(bench, pa(AT_TABLES + 3 * GRANULE), IPA_MEASURED);
}

static void rec_create(struct bench *bench)
{
	struct rmm_regs regs;
	uint64_t num_aux;

	memset(bench->memory + AT_PARAMS, 0, GRANULE);
	if (smc(bench, &regs, RMI_REC_AUX_COUNT, bench->rd, 0, 0, 0, 0) != RMI_SUCCESS)
		die("REC_AUX_COUNT", regs.x[0]);
	num_aux = regs.x[1];
	put64(bench, AT_PARAMS, 1);
	put64(bench, AT_PARAMS + 0x800, num_aux);
	must(bench, "delegate", RMI_GRANULE_DELEGATE, bench->rec, 0, 0, 0, 0);
	for (unsigned int i = 0; i < num_aux; i++) {
		put64(bench, AT_PARAMS + 0x808 + 8 * i, pa(AT_AUX + i * GRANULE));
		must(bench, "delegate", RMI_GRANULE_DELEGATE, pa(AT_AUX + i * GRANULE), 0, 0, 0, 0);
	}
	must(bench, "REC_CREATE", RMI_REC_CREATE, bench->rd, bench->rec, pa(AT_PARAMS), 0, 0);
}

/* Each loop returns the number of calls (or entries) that one round stands for. */
static uint64_t loop_read_entry(struct bench *bench)
{
	for (unsigned int i = 0; i < ENTRIES; i++)
		must(bench, "READ_ENTRY", RMI_RTT_READ_ENTRY, bench->rd, IPA_PAGES + i * GRANULE, 3,
		     0, 0);
	return ENTRIES;
}

static uint64_t loop_data(struct bench *bench)
{
	for (unsigned int i = 0; i < ENTRIES; i++) {
		const uint64_t data = pa(AT_DATA + i * GRANULE);

		must(bench, "DELEGATE", RMI_GRANULE_DELEGATE, data, 0, 0, 0, 0);
		must(bench, "CREATE_UNKNOWN", RMI_DATA_CREATE_UNKNOWN, bench->rd, data,
		     IPA_PAGES + i * GRANULE, 0, 0);
	}
	for (unsigned int i = 0; i < ENTRIES; i++) {
		must(bench, "DATA_DESTROY", RMI_DATA_DESTROY, bench->rd, IPA_PAGES + i * GRANULE, 0,
		     0, 0);
		must(bench, "UNDELEGATE", RMI_GRANULE_UNDELEGATE, pa(AT_DATA + i * GRANULE), 0, 0,
		     0, 0);
	}
	return 4 * ENTRIES;
}

static uint64_t loop_table(struct bench *bench)
{
	must(bench, "RTT_CREATE", RMI_RTT_CREATE, bench->rd, pa(AT_TABLES + 8 * GRANULE),
	     IPA_BLOCKS, 3, 0);
	must(bench, "RTT_FOLD", RMI_RTT_FOLD, bench->rd, IPA_BLOCKS, 3, 0, 0);
	return 2;
}

static void data_assign(struct bench *bench)
{
	for (unsigned int i = 0; i < ENTRIES; i++) {
		const uint64_t data = pa(AT_DATA + i * GRANULE);

		must(bench, "DELEGATE", RMI_GRANULE_DELEGATE, data, 0, 0, 0, 0);
		must(bench, "CREATE_UNKNOWN", RMI_DATA_CREATE_UNKNOWN, bench->rd, data,
		     IPA_PAGES + i * GRANULE, 0, 0);
	}
}

static void data_release(struct bench *bench)
{
	for (unsigned int i = 0; i < ENTRIES; i++) {
		must(bench, "DATA_DESTROY", RMI_DATA_DESTROY, bench->rd, IPA_PAGES + i * GRANULE, 0,
		     0, 0);
		must(bench, "UNDELEGATE", RMI_GRANULE_UNDELEGATE, pa(AT_DATA + i * GRANULE), 0, 0,
		     0, 0);
	}
}

static uint64_t loop_fold_assigned(struct bench *bench)
{
	must(bench, "RTT_FOLD", RMI_RTT_FOLD, bench->rd, IPA_PAGES, 3, 0, 0);
	must(bench, "RTT_CREATE", RMI_RTT_CREATE, bench->rd, pa(AT_TABLES), IPA_PAGES, 3, 0);
	return 2;
}

static uint64_t loop_init_ripas(struct bench *bench)
{
	must(bench, "INIT_RIPAS", RMI_RTT_INIT_RIPAS, bench->rd, IPA_BLOCKS,
	     IPA_BLOCKS + (1ull << 30), 0, 0);
	return ENTRIES;
}

static uint64_t loop_unprotected(struct bench *bench)
{
	for (unsigned int i = 0; i < ENTRIES; i++)
		must(bench, "MAP_UNPROTECTED", RMI_RTT_MAP_UNPROTECTED, bench->rd,
		     IPA_UNPROTECTED + i * GRANULE, 3, pa(AT_DATA + i * GRANULE) | 0xd8, 0);
	for (unsigned int i = 0; i < ENTRIES; i++)
		must(bench, "UNMAP_UNPROTECTED", RMI_RTT_UNMAP_UNPROTECTED, bench->rd,
		     IPA_UNPROTECTED + i * GRANULE, 3, 0, 0);
	return 2 * ENTRIES;
}

/* Only DATA_CREATE counts: its pages come and go between the rounds. */
static uint64_t data_create(struct bench *bench, uint64_t flags)
{
	uint64_t start = bench_cpu_ns();

	for (unsigned int i = 0; i < ENTRIES; i++)
		must(bench, "DELEGATE", RMI_GRANULE_DELEGATE, pa(AT_DATA + BLOCK + i * GRANULE), 0,
		     0, 0, 0);
	bench->uncounted_ns += bench_cpu_ns() - start;
	for (unsigned int i = 0; i < ENTRIES; i++)
		must(bench, "DATA_CREATE", RMI_DATA_CREATE, bench->rd,
		     pa(AT_DATA + BLOCK + i * GRANULE), IPA_MEASURED + i * GRANULE, pa(AT_SOURCE),
		     flags);
	start = bench_cpu_ns();
	for (unsigned int i = 0; i < ENTRIES; i++) {
		must(bench, "DATA_DESTROY", RMI_DATA_DESTROY, bench->rd, IPA_MEASURED + i * GRANULE,
		     0, 0, 0);
		must(bench, "UNDELEGATE", RMI_GRANULE_UNDELEGATE, pa(AT_DATA + BLOCK + i * GRANULE),
		     0, 0, 0, 0);
	}
	bench->uncounted_ns += bench_cpu_ns() - start;
	return ENTRIES;
}

static uint64_t loop_data_create_measured(struct bench *bench)
{
	return data_create(bench, 1);
}

static uint64_t loop_data_create_unmeasured(struct bench *bench)
{
	return data_create(bench, 0);
}

static uint64_t loop_set_ripas(struct bench *bench)
{
	bench->request_base = IPA_RIPAS;
	bench->request_top = IPA_RIPAS + BLOCK;
	bench->request_ripas ^= 1;
	must(bench, "REC_ENTER", RMI_REC_ENTER, bench->rec, pa(AT_RUN), 0, 0, 0);
	must(bench, "SET_RIPAS", RMI_RTT_SET_RIPAS, bench->rd, bench->rec, IPA_RIPAS,
	     IPA_RIPAS + BLOCK, 0);
	must(bench, "REC_ENTER", RMI_REC_ENTER, bench->rec, pa(AT_RUN), 0, 0, 0);
	return ENTRIES;
}

static uint64_t loop_rejected(struct bench *bench)
{
	for (unsigned int i = 0; i < ENTRIES; i++) {
		if (call(bench, RMI_GRANULE_DELEGATE, 1, 0, 0, 0, 0) != RMI_ERROR_INPUT)
			die("rejected call", 0);
	}
	return ENTRIES;
}

struct loop {
	const char *name;
	const char *unit;
	double target_millions;		     /* per second */
	enum { PLAIN, SCALED, HASH } target; /* as it is; scaled with the hash; the hash itself */
	uint64_t rounds;
	uint64_t (*round)(struct bench *bench);
};

static void loop_measure(struct bench *bench, const struct loop *loop,
			 const struct bench_calibration *calibration)
{
	double target = loop->target_millions;
	double best = 0;

	if (loop->target == SCALED)
		target *= REFERENCE_SHA256_NS / calibration->sha256_4k_ns;
	else if (loop->target == HASH)
		target = 0.9 * 1000.0 / (calibration->sha256_4k_ns + calibration->sha256_256_ns);
	for (unsigned int run = 0; run < RUNS; run++) {
		const uint64_t start = bench_cpu_ns();
		uint64_t count = 0;
		double rate;

		bench->uncounted_ns = 0;
		for (uint64_t i = 0; i < loop->rounds; i++)
			count += loop->round(bench);
		rate = (double)count * 1000.0 /
		       (double)(bench_cpu_ns() - start - bench->uncounted_ns);
		if (rate > best)
			best = rate;
	}
	printf("%-44s %9.2f M %s/s   target %8.2f   ratio %5.2f\n", loop->name, best, loop->unit,
	       target, best / target);
}

static void violation(void *ctx, const char *label, const char *text)
{
	(void)ctx;
	fprintf(stderr, "bench: %s: %s\n", label, text);
	exit(1);
}

/* --invariants=off|step: what the checker costs is the ratio of two runs. */
static bool options_parse(int argc, char **argv, struct rmm_config *config)
{
	config->violation = violation;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--invariants=step"))
			config->invariants = RMM_INVARIANTS_STEP;
		else if (!strcmp(argv[i], "--invariants=off"))
			config->invariants = RMM_INVARIANTS_OFF;
		else
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	static const struct loop pages[] = {
		{"READ_ENTRY, level 3", "calls", 40, PLAIN, 4000, loop_read_entry},
		{"DELEGATE CREATE_UNKNOWN DESTROY UNDELEGATE", "calls", 17.2, PLAIN, 500,
		 loop_data},
		{"RTT_CREATE + RTT_FOLD", "calls", 8.4, PLAIN, 200000, loop_table},
	};
	static const struct loop fold = {"fold and unfold of 512 ASSIGNED entries",
					 "calls",
					 2.0,
					 PLAIN,
					 100000,
					 loop_fold_assigned};
	static const struct loop measured[] = {
		{"INIT_RIPAS of 1 GiB at level 2", "entries", 2.6, SCALED, 100, loop_init_ripas},
		{"DATA_CREATE, measured", "calls", 0, HASH, 20, loop_data_create_measured},
		{"DATA_CREATE, unmeasured", "calls", 3.6, SCALED, 100, loop_data_create_unmeasured},
	};
	static const struct loop others[] = {
		{"MAP_UNPROTECTED + UNMAP_UNPROTECTED", "calls", 38, PLAIN, 2000, loop_unprotected},
		{"REC_ENTER with SET_RIPAS of 512 entries", "entries", 320, PLAIN, 20000,
		 loop_set_ripas},
		{"a rejected call", "calls", 140, PLAIN, 20000, loop_rejected},
	};
	struct bench bench = {0};
	struct bench_calibration calibration;
	struct rmm_bank bank = {.base = DRAM_BASE, .size = DRAM_SIZE};
	struct rmm_config config;
	int err;

	rmm_config_init(&config);
	if (!options_parse(argc, argv, &config)) {
		fprintf(stderr, "usage: %s [--invariants=off|step]\n", argv[0]);
		return 2;
	}
	err = bench_calibrate(&calibration);
	if (err) {
		fprintf(stderr, "bench: calibration failed: %s\n", strerror(-err));
		return 1;
	}
	bench_calibration_print(&calibration, stdout);
	bench.memory = mmap(NULL, DRAM_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bench.memory == MAP_FAILED) {
		perror("bench: mmap");
		return 1;
	}
	bank.view = bench.memory;
	config.banks = &bank;
	config.num_banks = 1;
	config.run = realm_run;
	config.run_ctx = &bench;
	err = rmm_create(&config, &bench.rmm);
	if (err) {
		fprintf(stderr, "bench: rmm_create: %s\n", strerror(-err));
		return 1;
	}
	memset(bench.memory + AT_SOURCE, 0x5a, GRANULE);
	realm_create(&bench);
	for (size_t i = 0; i < sizeof(measured) / sizeof(measured[0]); i++)
		loop_measure(&bench, &measured[i], &calibration);
	must(&bench, "DELEGATE", RMI_GRANULE_DELEGATE, pa(AT_TABLES + 8 * GRANULE), 0, 0, 0, 0);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		loop_measure(&bench, &pages[i], &calibration);
	data_assign(&bench);
	loop_measure(&bench, &fold, &calibration);
	data_release(&bench);
	rec_create(&bench);
	must(&bench, "REALM_ACTIVATE", RMI_REALM_ACTIVATE, bench.rd, 0, 0, 0, 0);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		loop_measure(&bench, &others[i], &calibration);
	rmm_destroy(bench.rmm);
	munmap(bench.memory, DRAM_SIZE);
	return 0;
}
