/* SPDX-License-Identifier: BSD-3-Clause */
/* follow.h - the life of one page while a plan runs. */
#ifndef SCENARIO_FOLLOW_H
#define SCENARIO_FOLLOW_H

#include "record.h"

struct follow {
	const struct plan *plan;
	struct follow_target target;
	struct recorder *recorder; /* NULL: only find out which granules back the page */
	struct world *world;	   /* NULL while there is none */
	GArray *granules;	   /* uint64_t: those whose states are told */
	bool between;		   /* no step is being performed */
	GPtrArray *states; /* what was told last, one text for each thing that has a state */
};

/* follow_init - `granules`: that another life found; NULL: none are known. Copied. */
void follow_init(struct follow *follow, const struct plan *plan, const struct follow_target *target,
		 struct recorder *recorder, const GArray *granules);
void follow_clear(struct follow *follow);
/* follow_event - a sink for all events. */
void follow_event(void *follow, const struct trace_event *event);

#endif
