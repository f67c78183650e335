/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * afl_mutator.c - what a fuzz target tells libFuzzer about changing inputs, for AFL++: steps and calls are
 * changed, not bytes. afl-fuzz loads it: AFL_CUSTOM_MUTATOR_LIBRARY.
 */
#include <stdlib.h>
#include <string.h>

#include "target.h"

/* Of so many inputs one is crossed with another. */
#define CROSS_ONE_IN 8u
#define MAX_SIZE     4096u

#define EXPORTED __attribute__((visibility("default")))

struct mutator {
	uint64_t state;
	uint8_t out[MAX_SIZE];
};

/* As <afl-fuzz.h> has them. `afl` is the fuzzer's own. */
EXPORTED void *afl_custom_init(void *afl, unsigned int seed);
EXPORTED size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t buf_size, uint8_t **out_buf,
				uint8_t *add_buf, size_t add_buf_size, size_t max_size);
EXPORTED void afl_custom_deinit(void *data);

void *afl_custom_init(void *afl, unsigned int seed)
{
	struct mutator *mutator = malloc(sizeof(*mutator));

	(void)afl;
	if (mutator)
		mutator->state = seed;
	return mutator;
}

/* Changes buf, or what is made of it and of add_buf, which may be NULL. The result is the mutator's. */
size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t buf_size, uint8_t **out_buf,
		       uint8_t *add_buf, size_t add_buf_size, size_t max_size)
{
	struct mutator *mutator = data;
	const size_t max = max_size < MAX_SIZE ? max_size : MAX_SIZE;
	const unsigned int seed = (unsigned int)((mutator->state += 0x9e3779b97f4a7c15ull) >> 32);
	size_t size = buf_size < max ? buf_size : max;

	*out_buf = mutator->out;
	if (add_buf && seed % CROSS_ONE_IN == 0)
		return LLVMFuzzerCustomCrossOver(buf, buf_size, add_buf, add_buf_size, mutator->out,
						 max, seed);
	memcpy(mutator->out, buf, size);
	return LLVMFuzzerCustomMutator(mutator->out, size, max, seed);
}

void afl_custom_deinit(void *data)
{
	free(data);
}
