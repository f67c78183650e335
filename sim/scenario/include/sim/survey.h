/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * survey.h - what all IPA spaces of a machine look like at one moment, as intervals: the base of the maps
 * that people look at.
 */
#ifndef SIM_SURVEY_H
#define SIM_SURVEY_H

#include <sim/step.h>

/* Intervals of one realm that are kept; a realm with more of them is cut off there. */
#define SURVEY_MAX_INTERVALS 65536u
/* Tables of one realm that are kept. */
#define SURVEY_MAX_TABLES 65536u

/* Neighbouring entries of one table level with the same RIPAS and HIPAS. */
struct survey_interval {
	uint64_t base, size;
	uint8_t hipas; /* enum rmm_hipas */
	uint8_t ripas; /* enum rmm_ripas */
	int8_t level;
};
/* A table of translation entries, as the walk finds it. */
struct survey_table {
	uint64_t base; /* first IPA that it translates */
	uint64_t pa;
	int8_t level;
};
struct survey_realm {
	bool exists;   /* the RMM has the Realm */
	bool cut;      /* there are more intervals */
	uint8_t state; /* rmm_realm_view.state */
	uint8_t ipa_width;
	int8_t level_start;		   /* of the starting tables */
	struct survey_interval *intervals; /* ascending and without gaps, from IPA 0 */
	size_t num_intervals;
	struct survey_table *tables; /* in the order of the walk: a table before those below it */
	size_t num_tables;
};
struct survey {
	struct survey_realm *realms; /* as many as the plan has */
	size_t num_realms;
	uint64_t granules[RMM_GRANULE_NUM_STATES];
	bool has_host;
	struct kvm_inspect host;
};

/* survey_take - look at all realms; `whole`: false leaves the intervals out. */
void survey_take(struct world *world, bool whole, struct survey *out);
void survey_clear(struct survey *survey);
/* survey_find - the interval that holds `ipa`, or NULL. */
const struct survey_interval *survey_find(const struct survey_realm *realm, uint64_t ipa);

#endif
