/* SPDX-License-Identifier: BSD-3-Clause */
/* random_play.h - random calls of a Host and two Realms, checked as they go. */
#ifndef TESTS_MODEL_RANDOM_PLAY_H
#define TESTS_MODEL_RANDOM_PLAY_H

#include <stdint.h>

struct random_options {
	uint64_t seed;
	uint64_t calls;	      /* of the Host, at least */
	uint64_t check_every; /* calls between two checks of the whole state */
	uint8_t invariants;   /* RMM_INVARIANTS_* */
};

struct random_result {
	uint64_t calls, succeeded;
	uint64_t digest; /* of all that was answered, and of the state in the end */
};

/* random_play - make the calls. Anything wrong fails the test that it is called from. */
void random_play(const struct random_options *options, struct random_result *result);

#endif
