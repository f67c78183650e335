/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz.c - how fast sequences are lived and scenarios tortured: one process, one core, processor time, so that
 * other work on the machine counts less.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate.h"
#include "calls.h"
#include "subject.h"
#include "trial.h"

/* Runs that share a machine, as in a campaign. */
#define SHAPE_RUNS 256u
#define LENGTH	   16u

struct options {
	uint64_t runs, seed, shallow;
	bool digest;
	bool calibrate;	       /* else nothing but the benchmark is done, for profilers */
	const char *only;      /* NULL: all */
	const char *scenarios; /* that are tortured; NULL: none */
};

struct rate {
	uint64_t runs, calls, ns;
};

static void rate_print(const char *what, const struct rate *rate)
{
	if (rate->runs)
		printf("  %-28s %9.0f a second; %7.1f us, %6.1f RMI calls each (%" PRIu64
		       " runs)\n",
		       what, (double)rate->runs * 1e9 / (double)rate->ns,
		       (double)rate->ns / 1e3 / (double)rate->runs,
		       (double)rate->calls / (double)rate->runs, rate->runs);
}

static int fail(const char *what, int err, char *error)
{
	fprintf(stderr, "bench-fuzz: %s: %s\n", what, error ? error : strerror(-err));
	free(error);
	return err;
}

/* One shape's worth of runs. */
static int bench_shape(struct kvm_module *module, const struct options *options, uint64_t index,
		       struct rate *small, struct rate *big, uint64_t *digest)
{
	static struct fuzz_coverage coverage;
	static struct sequence sequence;
	static struct trial trial;
	struct shape shape;
	struct rate *rate;
	char *error = NULL;
	uint64_t run, begin, calls = coverage.calls;
	int err;

	shape_draw(&shape, options->seed * 1000003 + index, 4096);
	rate = shape.big ? big : small;
	begin = bench_cpu_ns();
	err = trial_create(&trial, &shape, module, -1, options->seed, &coverage, &error);
	if (err)
		return fail("machine", err, error);
	for (run = 0; run < SHAPE_RUNS && !err; run++) {
		coverage.watch = run % 8 == 0;
		sequence_draw(&sequence, &shape, options->seed * 7919 + index * SHAPE_RUNS + run,
			      LENGTH);
		err = trial_run(&trial, &sequence);
		if (options->digest && !err)
			*digest = *digest * 31 + trial_hash(&trial);
	}
	trial_destroy(&trial);
	rate->ns += bench_cpu_ns() - begin;
	rate->runs += SHAPE_RUNS;
	rate->calls += coverage.calls - calls;
	return err ? fail("reset", err, NULL) : 0;
}

static int bench_full(struct kvm_module *module, const struct options *options)
{
	struct rate small = {0}, big = {0}, all;
	uint64_t index, digest = 0;
	int err = 0;

	for (index = 0; index * SHAPE_RUNS < options->runs && !err; index++)
		err = bench_shape(module, options, index, &small, &big, &digest);
	all = (struct rate){small.runs + big.runs, small.calls + big.calls, small.ns + big.ns};
	printf("full sequences (VMM, KVM, RMM, guest; %u steps, 4 KiB pages)\n", LENGTH);
	rate_print("few pages", &small);
	rate_print("slots of megabytes", &big);
	rate_print("as they are drawn", &all);
	if (options->digest)
		printf("  digest of what the steps answered and left: %016" PRIx64 "\n", digest);
	return err;
}

static int bench_model(const struct options *options)
{
	struct rate rate = {.runs = options->runs * 10};
	static struct fuzz_coverage coverage;
	static struct call_op ops[CALLS_USUAL];
	struct calls_result result;
	struct calls_bench *bench;
	uint64_t run, begin, succeeded = 0;
	int err = calls_create(&bench);

	if (err)
		return fail("model", err, NULL);
	begin = bench_cpu_ns();
	for (run = 0; run < rate.runs; run++) {
		coverage.watch = run % 64 == 0;
		calls_draw_run(bench, options->seed * 7919 + run, ops, CALLS_USUAL, run % 64 == 0,
			       &coverage, NULL, &result);
		succeeded += result.succeeded;
		if (*result.label)
			err = fail(result.text, -EIO, NULL);
	}
	rate.ns = bench_cpu_ns() - begin;
	rate.calls = coverage.calls;
	calls_destroy(bench);
	printf("sequences of %u RMI calls over the model alone, invariants checked after each "
	       "call\n",
	       CALLS_USUAL);
	rate_print("as they are drawn", &rate);
	printf("  %.0f %% of the calls succeed; %u answers, %u state transitions\n",
	       100.0 * (double)succeeded / (double)rate.calls, coverage.num_answers,
	       coverage.num_transitions);
	return err;
}

/* --- torture ------------------------------------------------------------------------------------------ */

struct shots {
	uint64_t runs, findings;
};

static void on_line(void *ctx, const char *line)
{
	struct shots *shots = ctx;

	/* As torture_run() counts: one that is impossible is none. */
	shots->runs += !strncmp(line, "end\t", 4) && !strstr(line, "\timpossible");
	shots->findings += !strncmp(line, "finding\t", 8);
	shots->findings += !strncmp(line, "unsound\t", 8);
}

static int bench_torture(struct kvm_module *module, const struct options *options)
{
	struct torture_config config = {.jobs = 1, .timeout_ms = 60000, .shallow = options->shallow};
	struct scenario_set *set = scenario_set_create();
	struct shots shots = {0};
	const struct subject_output output = {on_line, &shots};
	size_t num = 0, i;
	uint64_t ns;

	scenario_set_add_path(set, options->scenarios);
	if (diagnostics_count(scenario_set_diagnostics(set))) {
		diagnostics_print(scenario_set_diagnostics(set), stderr, false);
		scenario_set_destroy(set);
		return -EINVAL;
	}
	ns = bench_cpu_ns();
	for (i = 0; i < scenario_set_num_plans(set); i++) {
		const struct plan *plan = scenario_set_plan(set, i);

		if (plan->num_faults || plan->hostile || plan->machine.no_kvm ||
		    plan->machine.page_size != 4096)
			continue;
		subject_run(&config, plan, 0, module, -1, 0, &output);
		num++;
	}
	ns = bench_cpu_ns() - ns;
	printf("torture of %zu plans of %s with 4 KiB pages, up to %" PRIu64
	       " hits of each point in each\n",
	       num, options->scenarios, options->shallow);
	if (shots.runs)
		printf("  %9.0f faulted runs a minute; %7.1f us each (%" PRIu64
		       " runs, %" PRIu64 " findings)\n",
		       (double)shots.runs * 6e10 / (double)ns, (double)ns / 1e3 / (double)shots.runs,
		       shots.runs, shots.findings);
	scenario_set_destroy(set);
	return 0;
}

static bool is_wanted(const struct options *options, const char *part)
{
	return !options->only || !strcmp(options->only, part);
}

static int bench_host(const struct options *options)
{
	char *path = kvm_module_default_path(4096), *error = NULL;
	struct kvm_module *module;
	int err = kvm_module_load(path, &module, &error);

	if (err) {
		fail(path, err, error);
		free(path);
		return err;
	}
	if (is_wanted(options, "full"))
		err = bench_full(module, options);
	if (!err && is_wanted(options, "torture") && options->scenarios)
		err = bench_torture(module, options);
	kvm_module_unload(module);
	free(path);
	return err;
}

int main(int argc, char **argv)
{
	struct options options = {.runs = 20000, .seed = 1, .shallow = 3, .calibrate = true};
	struct bench_calibration calibration;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--runs=", 7)) {
			options.runs = strtoull(argv[i] + 7, NULL, 10);
		} else if (!strncmp(argv[i], "--seed=", 7)) {
			options.seed = strtoull(argv[i] + 7, NULL, 10);
		} else if (!strncmp(argv[i], "--shallow=", 10)) {
			options.shallow = strtoull(argv[i] + 10, NULL, 10);
		} else if (!strncmp(argv[i], "--only=", 7)) {
			options.only = argv[i] + 7;
		} else if (!strcmp(argv[i], "--digest")) {
			options.digest = true;
		} else if (!strcmp(argv[i], "--no-calibration")) {
			options.calibrate = false;
		} else if (*argv[i] != '-' && !options.scenarios) {
			options.scenarios = argv[i];
		} else {
			fprintf(stderr,
				"usage: %s [--runs=N] [--seed=S] [--only=model|full|torture] "
				"[--shallow=K] [--digest] [--no-calibration] [SCENARIOS]\n"
				"--digest: of the full sequences, to compare two builds by; it "
				"takes time\n"
				"SCENARIOS are tortured: a file or a directory\n",
				argv[0]);
			return 2;
		}
	}
	if (options.calibrate) {
		if (bench_calibrate(&calibration))
			return 1;
		bench_calibration_print(&calibration, stdout);
	}
	if (is_wanted(&options, "model") && bench_model(&options))
		return 1;
	return (!options.only || strcmp(options.only, "model")) && bench_host(&options) ? 1 : 0;
}
