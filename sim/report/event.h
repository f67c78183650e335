/* SPDX-License-Identifier: BSD-3-Clause */
/* event.h - events in words, and long loops of them in few. */
#ifndef REPORT_EVENT_H
#define REPORT_EVENT_H

#include <glib.h>
#include <sim/result.h>

/* event_text - what happened, in one line. g_free(). */
char *event_text(const struct trace_event *event);

/*
 * A loop of events: `period` of them, `count` times; what differs between the rounds is only the values of
 * registers. A single event is a loop of 1 once.
 */
struct event_loop {
	size_t first, period, count;
};
/*
 * event_loop_find - the loop that begins at events[first] and covers most of the events up to `end`.
 * `events` are those with an index, so that a reader may have left some out.
 */
struct event_loop event_loop_find(const struct trace_event *const *events, size_t first,
				  size_t end);
/*
 * event_loop_text - the event `index` (below period) of the loop: registers that change are shown as
 * first..last, with the stride where it is constant. g_free().
 */
char *event_loop_text(const struct trace_event *const *events, const struct event_loop *loop,
		      size_t index);

#endif
