/* SPDX-License-Identifier: BSD-3-Clause */
/* target.h - what a fuzz target offers to engines, and to replay.c. */
#ifndef TESTS_FUZZ_TARGET_H
#define TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

/* As libFuzzer has them; 0. A target that finds something says what, and aborts. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
				 size_t size2, uint8_t *out, size_t max_size, unsigned int seed);

/* target_digest - of what the last input did, and of the state that it left. */
uint64_t target_digest(void);
/* target_seed - an input for a corpus that `seed` decides; its size, 0: this target has none. */
size_t target_seed(uint64_t seed, uint8_t *out, size_t max_size);

#endif
