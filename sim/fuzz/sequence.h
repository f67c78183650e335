/* SPDX-License-Identifier: BSD-3-Clause */
/* sequence.h - a machine and steps that nobody wrote, how they are drawn, and the scenario that says the same. */
#ifndef FUZZ_SEQUENCE_H
#define FUZZ_SEQUENCE_H

#include <sim/schedule.h>

#include "dice.h"
#include "life.h"

#define SEQUENCE_MAX_STEPS  256u
#define SEQUENCE_MAX_SLOTS  3u
#define SEQUENCE_MAX_REALMS 2u
#define SEQUENCE_MAX_FAULTS 2u
#define SEQUENCE_MAX_RACES  2u
#define RACE_MAX_ACTORS	    3u
#define RACE_MAX_STEPS	    2u /* of each actor */

/* What a machine is like; runs with the same shape share one. */
struct shape {
	uint32_t page_size;
	uint32_t quarantine;
	uint8_t ipa_bits;
	uint8_t rec_aux;
	bool big; /* slots of megabytes, and steps over all of them: costs a thousand times more */
	bool blocks;	     /* block mappings */
	unsigned int length; /* steps of a sequence, unless somebody asks for another number */
	unsigned int num_realms, vcpus;
	struct world_slot slots[SEQUENCE_MAX_SLOTS];
	size_t num_slots;
};
/* Steps that several actors perform at the same time: those of the first from `first` on, then those of the next. */
struct race {
	unsigned int first, num_actors;
	unsigned int num[RACE_MAX_ACTORS];
	uint64_t seed; /* of the schedule */
};
struct sequence {
	const struct shape *shape;
	/* Has steps that are calls behind the host's back: its oracles do not count then. */
	bool hostile;
	struct step_call steps[SEQUENCE_MAX_STEPS];
	unsigned int num_steps;
	struct race races[SEQUENCE_MAX_RACES]; /* in the order of their steps */
	unsigned int num_races;
	struct {
		unsigned int point;
		uint64_t nth;
	} faults[SEQUENCE_MAX_FAULTS];
	unsigned int num_faults;
};

/* shape_draw - the shape that `seed` decides; page_size 0: it decides that, too. */
void shape_draw(struct shape *shape, uint64_t seed, uint32_t page_size);
/*
 * sequence_draw - the steps that `seed` decides: those that make the realms, mostly, and others up to `length`
 * altogether (a few more if it takes more to make the realms).
 */
void sequence_draw(struct sequence *sequence, const struct shape *shape, uint64_t seed,
		   unsigned int length);

/* Rows that a sequence is made of, from 0 on. sequence_row - its step, or NULL past the last. */
const struct step_def *sequence_row(unsigned int row);
/* A step that is never drawn, and why. sequence_undrawn - from 0 on; NULL past the last. */
struct sequence_undrawn {
	const char *name, *reason;
};
const struct sequence_undrawn *sequence_undrawn(unsigned int index);
/* sequence_row_of - the row of a step. */
unsigned int sequence_row_of(const struct step_def *def);
/* sequence_draw_step - one more step of that row. */
void sequence_draw_step(struct dice *dice, const struct shape *shape, unsigned int row,
			struct step_call *call);
/* race_steps - of all its actors. sequence_race - the race that step is in, or NULL. */
unsigned int race_steps(const struct race *race);
const struct race *sequence_race(const struct sequence *sequence, unsigned int step);
/*
 * sequence_race_fits - whether these steps can overlap: they are there, in no other race, none is made behind the host's
 * back, no two actors drive one vCPU, and none does while the realm is activated.
 */
bool sequence_race_fits(const struct sequence *sequence, const struct race *race);
/*
 * sequence_draw_race - steps behind the last one that overlap, most of them about one page: at most RACE_MAX_ACTORS *
 * RACE_MAX_STEPS, for which there is room, as there is for a race. If they do not fit they are steps like others.
 */
void sequence_draw_race(struct dice *dice, struct sequence *sequence);
/* sequence_draw_fault - what happens to fail. */
void sequence_draw_fault(struct dice *dice, struct sequence *sequence);
/* sequence_strings - texts that parameters of type STEP_STRING take; NULL past the last. */
const char *sequence_string(unsigned int index);
/*
 * sequence_settle - bring what bytes gave within bounds that keep a sequence cheap and its oracles sound: sizes
 * that are walked, numbers of vCPUs, whose granules are taken. Drawn ones are settled.
 */
void sequence_settle(struct sequence *sequence);

/* What a run of a sequence did. */
struct sequence_outcome {
	const struct life_answer *answers; /* of the first `num` steps */
	const unsigned int *warns; /* of each of them: documented WARNs, which are expected */
	unsigned int num;
	unsigned int fired; /* bit of each fault that happened */
	bool closing_warns; /* documented WARNs behind the last step */
	/* Of each race the turns that its actors took; none: it did not come to its end. */
	const struct schedule_turn *turns[SEQUENCE_MAX_RACES];
	size_t num_turns[SEQUENCE_MAX_RACES];
};
/*
 * sequence_yaml - as a scenario that expects these answers. Steps that could not be carried out and faults that did not
 * happen are left out; of a step that implied a VM or an irqchip, and came no further, the step stands that makes
 * those. g_free().
 */
char *sequence_yaml(const struct sequence *sequence, const struct sequence_outcome *outcome,
		    const char *id, const char *about);

#endif
