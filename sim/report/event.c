/* SPDX-License-Identifier: BSD-3-Clause */
#include "event.h"

#include <inttypes.h>
#include <rmm/rmi.h>
#include <sim/rmi_name.h>
#include <string.h>

#define MAX_PERIOD 6u
#define MIN_COUNT  3u /* fewer rounds are clearer one by one */

/* The value of one register in all rounds of a loop. */
struct values {
	uint64_t first, last, stride;
	bool constant, regular;
};

static struct values loop_values(const struct trace_event *const *events,
				 const struct event_loop *loop, size_t index, bool result,
				 unsigned int reg)
{
	struct values values = {.constant = true, .regular = true};
	size_t round;

	for (round = 0; round < loop->count; round++) {
		const struct trace_event *event =
			events[loop->first + round * loop->period + index];
		uint64_t value = result ? event->result[reg] : event->value[reg];

		if (!round)
			values.first = value;
		else if (round == 1)
			values.stride = value - values.first;
		else if (value - values.last != values.stride)
			values.regular = false;
		if (value != values.first)
			values.constant = false;
		values.last = value;
	}
	return values;
}

static void append_value(GString *out, const char *name, const struct values *values, bool number)
{
	int64_t first = (int64_t)values->first;

	g_string_append_printf(out, " %s=", name);
	/* Levels are signed, and small numbers read better without a prefix. */
	if (values->constant && (number || (first < 10 && first > -10))) {
		g_string_append_printf(out, "%" PRId64, first);
		return;
	}
	g_string_append_printf(out, "0x%" PRIx64, values->first);
	if (values->constant)
		return;
	g_string_append_printf(out, "..0x%" PRIx64, values->last);
	if (values->regular && (int64_t)values->stride > 0)
		g_string_append_printf(out, "(+0x%" PRIx64 ")", values->stride);
	else if (values->regular)
		g_string_append_printf(out, "(-0x%" PRIx64 ")", -values->stride);
}

/* Outputs that the command leaves undefined are not shown. */
static bool output_defined(const struct rmi_command *command, uint64_t code, unsigned int index)
{
	return code == RMI_SUCCESS || command->fid == RMI_VERSION ||
	       (RMI_RETURN_STATUS(code) == RMI_ERROR_RTT && !strcmp(command->outs[index], "top"));
}

static void append_rmi(GString *out, const struct trace_event *const *events,
		       const struct event_loop *loop, size_t index)
{
	const struct trace_event *event = events[loop->first + index];
	const struct rmi_command *command = rmi_command(event->value[0]);
	char text[RMI_RESULT_TEXT_SIZE];
	struct values values;
	unsigned int i;

	if (!command) {
		g_string_append_printf(out, "unknown fid=0x%" PRIx64 " -> %s", event->value[0],
				       rmi_result_text(event->result[0], text));
		return;
	}
	g_string_append(out, command->name);
	for (i = 0; i < command->num_args; i++) {
		values = loop_values(events, loop, index, false, i + 1);
		append_value(out, command->args[i], &values, false);
	}
	g_string_append_printf(out, " -> %s", rmi_result_text(event->result[0], text));
	for (i = 0; i < command->num_outs; i++) {
		if (!output_defined(command, event->result[0], i))
			continue;
		values = loop_values(events, loop, index, true, i + 1);
		append_value(out, command->outs[i], &values, false);
	}
	if (event->text)
		g_string_append_printf(out, " [%s]", event->text);
}

static void append_result(GString *out, uint64_t result)
{
	const char *name =
		result >= (uint64_t)-4095 ? strerrorname_np((int)-(int64_t)result) : NULL;

	if (name)
		g_string_append_printf(out, " -> -%s", name);
	else
		g_string_append_printf(out, " -> 0x%" PRIx64, result);
}

static void append_host(GString *out, const struct trace_event *event)
{
	g_string_append_printf(out, "host %s", event->name ? event->name : "");
	if (event->value[0] == PORT_EVENT_INVALIDATE)
		g_string_append_printf(out, " gfn 0x%" PRIx64 "..0x%" PRIx64, event->value[1],
				       event->value[2]);
	else if (event->value[0] == PORT_EVENT_PAGE_ALLOC ||
		 event->value[0] == PORT_EVENT_PAGE_FREE)
		g_string_append_printf(out, " 0x%" PRIx64 " order %" PRIu64, event->value[1],
				       event->value[2]);
	if (event->text)
		g_string_append_printf(out, " (%s)", event->text);
}

static void append_event(GString *out, const struct trace_event *const *events,
			 const struct event_loop *loop, size_t index)
{
	const struct trace_event *event = events[loop->first + index];
	const char *text = event->text ? event->text : "", *reason;
	struct values values;

	switch (event->kind) {
	case TRACE_RMI:
		append_rmi(out, events, loop, index);
		break;
	case TRACE_REALM:
		g_string_append_printf(out, "guest %s", text);
		values = loop_values(events, loop, index, false, 0);
		append_value(out, "ipa", &values, false);
		values = loop_values(events, loop, index, false, 1);
		append_value(out, "size", &values, false);
		g_string_append_printf(out, " -> %s",
				       step_outcome_name((enum step_outcome)event->value[2]));
		break;
	case TRACE_SYSCALL:
		g_string_append(out, event->name ? event->name : text);
		append_result(out, event->result[0]);
		break;
	case TRACE_EXIT:
		reason = step_exit_reason_name((uint32_t)event->value[0]);
		g_string_append_printf(out, "exit %s", reason ? reason : "?");
		if (event->value[1] || event->value[2])
			g_string_append_printf(out, " 0x%" PRIx64 " 0x%" PRIx64, event->value[1],
					       event->value[2]);
		append_result(out, event->result[0]);
		break;
	case TRACE_HOST:
		append_host(out, event);
		break;
	case TRACE_FAULT:
		g_string_append_printf(out, "fault %s", event->name ? event->name : "");
		if (event->value[0])
			g_string_append_printf(out, " 0x%" PRIx64, event->value[0]);
		break;
	case TRACE_RSI:
	case TRACE_STEP_BEGIN:
	case TRACE_STEP_END:
	case TRACE_WARN:
	case TRACE_FINDING:
	case TRACE_NUM_KINDS:
		g_string_append(out, text);
		break;
	}
}

char *event_loop_text(const struct trace_event *const *events, const struct event_loop *loop,
		      size_t index)
{
	GString *out = g_string_new(NULL);

	append_event(out, events, loop, index);
	return g_string_free(out, FALSE);
}

char *event_text(const struct trace_event *event)
{
	struct event_loop once = {.first = 0, .period = 1, .count = 1};

	return event_loop_text(&event, &once, 0);
}

/* Whether both do the same, with whatever operands, to the same end. */
static bool same_shape(const struct trace_event *a, const struct trace_event *b)
{
	if (a->kind != b->kind || a->actor != b->actor || g_strcmp0(a->text, b->text) ||
	    g_strcmp0(a->name, b->name))
		return false;
	switch (a->kind) {
	case TRACE_RMI:
		return a->value[0] == b->value[0] && a->result[0] == b->result[0];
	case TRACE_REALM:
		return a->value[1] == b->value[1] && a->value[2] == b->value[2];
	case TRACE_SYSCALL:
		return a->result[0] == b->result[0];
	case TRACE_EXIT:
		return !memcmp(a->value, b->value, sizeof(a->value)) &&
		       a->result[0] == b->result[0];
	default:
		return false;
	}
}

struct event_loop event_loop_find(const struct trace_event *const *events, size_t first, size_t end)
{
	struct event_loop best = {.first = first, .period = 1, .count = 1};
	size_t period;

	for (period = 1; period <= MAX_PERIOD && first + period <= end; period++) {
		size_t at = first + period, count;

		while (at < end && same_shape(events[at], events[at - period]))
			at++;
		count = (at - first) / period;
		/* A longer period must cover more, or it only hides a shorter one. */
		if (count >= MIN_COUNT && count * period > best.count * best.period)
			best = (struct event_loop){
				.first = first, .period = period, .count = count};
	}
	return best;
}
