/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_ripas.c - bytes as steps of a VMM and a guest, on KVM and the RMM, judged by all oracles. One machine lives
 * input after input, with one reset each. The KVM build is the one that RMESIM_KVM names, or kvm-4k.so beside this program,
 * or the one of its build tree.
 */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "trial.h"

static struct kvm_module *module;
static struct trial trial;
static struct fuzz_coverage coverage;
static struct sequence sequence;
static int shape_number = -1;

static void die(const char *what, char *error)
{
	fprintf(stderr, "fuzz_ripas: %s: %s\n", what, error ? error : "out of memory");
	exit(2);
}

static char *beside_program(void)
{
	char *program = g_file_read_link("/proc/self/exe", NULL);
	char *directory = g_path_get_dirname(program ? program : ".");
	char *path = g_build_filename(directory, "kvm-4k.so", NULL);

	g_free(program);
	g_free(directory);
	if (g_file_test(path, G_FILE_TEST_EXISTS))
		return path;
	g_free(path);
	return kvm_module_default_path(4096);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *wanted = getenv("RMESIM_KVM");
	char *path = wanted ? strdup(wanted) : beside_program(), *error = NULL;

	(void)argc;
	(void)argv;
	if (!path || kvm_module_load(path, &module, &error))
		die(path ? path : "KVM build", error);
	free(path);
	return 0;
}

/* Machines of one shape follow each other by reset; another shape needs another machine. */
static void shape_choose(unsigned int number)
{
	struct shape shape;
	char *error = NULL;

	if (shape_number == (int)number)
		return;
	if (shape_number >= 0)
		trial_destroy(&trial);
	bytes_shape(number, &shape);
	if (trial_create(&trial, &shape, module, -1, 1, &coverage, &error))
		die("machine", error);
	shape_number = (int)number;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sequence_outcome outcome;
	const struct finding *finding;

	shape_choose(bytes_shape_number(data, size));
	bytes_read(data, size, &trial.shape, &sequence);
	if (trial_run(&trial, &sequence))
		die("reset", NULL);
	finding = trial_finding(&trial);
	if (!finding)
		return 0;
	trial_outcome(&trial, &outcome);
	fprintf(stderr, "finding: %s/%s in %s: %s\n%s", finding->oracle, finding->condition,
		finding->function, finding->message,
		sequence_yaml(&sequence, &outcome, "fuzz.found", "Found by a fuzz target."));
	abort();
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	return bytes_mutate(data, size, max_size, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
				 size_t size2, uint8_t *out, size_t max_size, unsigned int seed)
{
	return bytes_cross(data1, size1, data2, size2, out, max_size, seed);
}

uint64_t target_digest(void)
{
	return trial_hash(&trial);
}

size_t target_seed(uint64_t seed, uint8_t *out, size_t max_size)
{
	return bytes_draw(seed, out, max_size);
}
