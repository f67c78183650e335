/* SPDX-License-Identifier: BSD-3-Clause */
/* dice.h - numbers that a seed decides (SplitMix64). */
#ifndef FUZZ_DICE_H
#define FUZZ_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

static inline uint64_t dice_next(struct dice *dice)
{
	uint64_t value = dice->state += 0x9e3779b97f4a7c15ull;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ull;
	value = (value ^ value >> 27) * 0x94d049bb133111ebull;
	return value ^ value >> 31;
}

/* dice_below - from 0 to bound - 1; `bound` is at least 1 and at most 2^32. */
static inline uint64_t dice_below(struct dice *dice, uint64_t bound)
{
	return (dice_next(dice) >> 32) * bound >> 32;
}

static inline bool dice_one_in(struct dice *dice, uint64_t bound)
{
	return !dice_below(dice, bound);
}

#endif
