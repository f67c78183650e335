/* SPDX-License-Identifier: BSD-3-Clause */
/* sequence.h - a machine and steps that were drawn, and the scenario that says the same. */
#ifndef FUZZ_SEQUENCE_H
#define FUZZ_SEQUENCE_H

#include "life.h"

#define SEQUENCE_MAX_STEPS  256u
#define SEQUENCE_MAX_SLOTS  3u
#define SEQUENCE_MAX_FAULTS 2u

/* What a machine is like; runs with the same shape share one. */
struct shape {
	uint32_t page_size;
	uint8_t ipa_bits;
	unsigned int num_realms, vcpus;
	struct world_slot slots[SEQUENCE_MAX_SLOTS];
	size_t num_slots;
};
struct sequence {
	const struct shape *shape;
	struct step_call steps[SEQUENCE_MAX_STEPS];
	unsigned int num_steps;
	struct {
		unsigned int point;
		uint64_t nth;
	} faults[SEQUENCE_MAX_FAULTS];
	unsigned int num_faults;
};

/* shape_draw - the shape that `seed` decides. */
void shape_draw(struct shape *shape, uint64_t seed);
/* sequence_draw - the steps that `seed` decides, `length` of them behind those that make the realm. */
void sequence_draw(struct sequence *sequence, const struct shape *shape, uint64_t seed,
		   unsigned int length);
/*
 * sequence_yaml - as a scenario. answers[i] is what step i answered, for its expectation; steps that could not
 * be carried out are left out. `fired` has a bit for each fault that happened: others are left out. g_free().
 */
char *sequence_yaml(const struct sequence *sequence, const struct life_answer *answers,
		    unsigned int num_answers, unsigned int fired, const char *id,
		    const char *about);

#endif
