/* SPDX-License-Identifier: BSD-3-Clause */
/* explain.h - what a reader of a failure asks next: state around the address, before the step and after. */
#ifndef SCENARIO_EXPLAIN_H
#define SCENARIO_EXPLAIN_H

#include "record.h"

/* All that is looked at, at one moment. */
struct moment {
	bool known;
	struct survey survey;
	char *walk; /* the translation of the address, table by table; NULL: not asked for */
};

/* moment_take - look at the machine now; `address` of realm `realm`, NULL: there is none. */
void moment_take(struct world *world, unsigned int realm, const uint64_t *address,
		 struct moment *moment);
void moment_clear(struct moment *moment);

/* explain_calls - a block with the last `max` RMI calls. */
void explain_calls(struct recorder *recorder, const struct world *world, size_t max);
/*
 * explain_map - a block with the intervals around `address`, `around` on each side, and its translation;
 * `before` may be unknown. Nothing if the realm has no such address after the step.
 */
void explain_map(struct recorder *recorder, const struct plan *plan, unsigned int realm,
		 uint64_t address, const struct moment *before, const struct moment *after,
		 unsigned int around);
/* explain_books - a block with granules, pages and locks; `warns`: WARNs that fired in the whole run. */
void explain_books(struct recorder *recorder, const struct moment *before,
		   const struct moment *after, unsigned int warns);

#endif
