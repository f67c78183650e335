/* SPDX-License-Identifier: BSD-3-Clause */
/* fuzz_rmi.c - bytes as RMI calls on the model alone, five bytes a call; its invariants are checked after each. */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>

#include "calls.h"

#define MAX_CALLS 256u

static struct calls_bench *bench;
static struct calls_result result;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!calls_create(&bench))
		return 0;
	fprintf(stderr, "fuzz_rmi: out of memory\n");
	exit(2);
}

static size_t num_calls(size_t size)
{
	const size_t num = size / sizeof(struct call_op);

	return num < MAX_CALLS ? num : MAX_CALLS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct call_op *ops = (const struct call_op *)data;

	calls_run(bench, ops, num_calls(size), true, NULL, NULL, &result);
	if (!*result.label)
		return 0;
	fprintf(stderr, "invariant %s does not hold after call %zu: %s\n", result.label, result.at,
		result.text);
	calls_run(bench, ops, num_calls(size), true, NULL, stderr, &result);
	abort();
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct dice dice = {seed};

	return calls_mutate(&dice, (struct call_op *)data, num_calls(size), num_calls(max_size)) *
	       sizeof(struct call_op);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
				 size_t size2, uint8_t *out, size_t max_size, unsigned int seed)
{
	struct dice dice = {seed};

	return calls_cross(&dice, (const struct call_op *)data1, num_calls(size1),
			   (const struct call_op *)data2, num_calls(size2), (struct call_op *)out,
			   num_calls(max_size)) *
	       sizeof(struct call_op);
}

uint64_t target_digest(void)
{
	return result.digest;
}

size_t target_seed(uint64_t seed, uint8_t *out, size_t max_size)
{
	struct calls_result drawn;
	size_t num = num_calls(max_size);

	if (num > CALLS_USUAL)
		num = CALLS_USUAL;
	calls_draw_run(bench, seed, (struct call_op *)out, num, false, NULL, NULL, &drawn);
	return num * sizeof(struct call_op);
}
