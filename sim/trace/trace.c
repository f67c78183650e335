/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/trace.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sink {
	uint32_t mask;
	trace_sink_fn fn;
	void *ctx;
};

#define MAX_SINKS 64u

struct trace {
	struct sink sinks[MAX_SINKS];
	size_t num_sinks;
	/* Numbers of those that want a kind, and how many: most events are of one kind. */
	uint8_t wanting[TRACE_NUM_KINDS][MAX_SINKS];
	uint8_t num_wanting[TRACE_NUM_KINDS];
	uint32_t step;
	void (*on_change)(void *ctx);
	void *on_change_ctx;
};

struct trace *trace_create(void)
{
	return calloc(1, sizeof(struct trace));
}

void trace_destroy(struct trace *trace)
{
	free(trace);
}

static void wanted_update(struct trace *trace)
{
	memset(trace->num_wanting, 0, sizeof(trace->num_wanting));
	for (size_t i = 0; i < trace->num_sinks; i++) {
		for (unsigned int kind = 0; kind < TRACE_NUM_KINDS; kind++) {
			if (trace->sinks[i].mask & TRACE_MASK(kind))
				trace->wanting[kind][trace->num_wanting[kind]++] = (uint8_t)i;
		}
	}
	if (trace->on_change)
		trace->on_change(trace->on_change_ctx);
}

int trace_add_sink(struct trace *trace, uint32_t mask, trace_sink_fn sink, void *ctx)
{
	if (trace->num_sinks == MAX_SINKS)
		return -ENOSPC;
	trace->sinks[trace->num_sinks++] = (struct sink){mask, sink, ctx};
	wanted_update(trace);
	return 0;
}

void trace_remove_sink(struct trace *trace, trace_sink_fn sink, void *ctx)
{
	size_t at = trace->num_sinks;

	while (at > 0 && (trace->sinks[at - 1].fn != sink || trace->sinks[at - 1].ctx != ctx))
		at--;
	if (!at)
		return;
	for (; at < trace->num_sinks; at++)
		trace->sinks[at - 1] = trace->sinks[at];
	trace->num_sinks--;
	wanted_update(trace);
}

bool trace_wants(const struct trace *trace, enum trace_kind kind)
{
	return trace->num_wanting[kind] != 0;
}

void trace_on_change(struct trace *trace, void (*fn)(void *ctx), void *ctx)
{
	trace->on_change = fn;
	trace->on_change_ctx = ctx;
}

void trace_emit(struct trace *trace, struct trace_event *event)
{
	event->step = trace->step;
	for (unsigned int i = 0; i < trace->num_wanting[event->kind]; i++) {
		const struct sink *sink = &trace->sinks[trace->wanting[event->kind][i]];

		sink->fn(sink->ctx, event);
	}
}

void trace_set_step(struct trace *trace, uint32_t step)
{
	trace->step = step;
}

uint32_t trace_step(const struct trace *trace)
{
	return trace->step;
}

const char *trace_kind_name(unsigned int kind)
{
	static const char *const names[TRACE_NUM_KINDS] = {
		[TRACE_STEP_BEGIN] = "step_begin",
		[TRACE_STEP_END] = "step_end",
		[TRACE_RMI] = "rmi",
		[TRACE_RSI] = "rsi",
		[TRACE_REALM] = "realm",
		[TRACE_SYSCALL] = "syscall",
		[TRACE_EXIT] = "exit",
		[TRACE_HOST] = "host",
		[TRACE_FAULT] = "fault",
		[TRACE_WARN] = "warn",
		[TRACE_FINDING] = "finding",
	};

	return kind < TRACE_NUM_KINDS ? names[kind] : NULL;
}
