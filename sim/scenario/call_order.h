/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * call_order.h - the RMI calls between two moments of a run, in a form in which two hosts can be compared: all of them in
 * their order, with what went in and what came out. Which granules a host has is its allocator's affair, so each is
 * named by a number, in the order in which the run's calls first had it; what is done with the same granule stays to be
 * seen.
 */
#ifndef SCENARIO_CALL_ORDER_H
#define SCENARIO_CALL_ORDER_H

#include <glib.h>
#include <sim/trace.h>

struct call_order {
	GHashTable *granules; /* number of each that was met, by address */
	bool listed;	      /* the calls are kept as text, else as a digest */
	uint64_t digest;
	uint64_t num; /* calls since call_order_take() */
	GString *list;
};

void call_order_init(struct call_order *order, bool listed);
void call_order_clear(struct call_order *order);
/* call_order_event - a trace sink for TRACE_RMI; ctx is the order. */
void call_order_event(void *ctx, const struct trace_event *event);
/*
 * call_order_take - what there was since the last time: one line a call, or one line that is the same where the calls
 * are; "" if there were none. g_free().
 */
char *call_order_take(struct call_order *order);

#endif
