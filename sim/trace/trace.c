/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/trace.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sink {
	uint32_t mask;
	uint32_t answers; /* of TRACE_RMI */
	trace_sink_fn fn;
	void *ctx;
};

#define MAX_SINKS 64u

/* Who is called for one kind of event, or one kind of answer to an RMI call: most events are of few. */
struct row {
	size_t num;
	struct {
		trace_sink_fn fn;
		void *ctx;
	} calls[MAX_SINKS];
};

struct trace {
	struct trace_now now;
	struct sink sinks[MAX_SINKS];
	size_t num_sinks;
	/* TRACE_RMI has a row of its own for each answer, behind those of all kinds. */
	struct row rows[TRACE_NUM_KINDS + TRACE_NUM_ANSWERS];
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

static void row_update(struct trace *trace, unsigned int at)
{
	const bool is_answer = at >= TRACE_NUM_KINDS;
	const uint32_t kind = TRACE_MASK(is_answer ? TRACE_RMI : at);
	struct row *row = &trace->rows[at];

	row->num = 0;
	for (size_t i = 0; i < trace->num_sinks; i++) {
		const struct sink *sink = &trace->sinks[i];

		if (!(sink->mask & kind) ||
		    (is_answer && !(sink->answers & 1u << (at - TRACE_NUM_KINDS))))
			continue;
		row->calls[row->num].fn = sink->fn;
		row->calls[row->num++].ctx = sink->ctx;
	}
	if (is_answer) {
		const uint32_t bit = 1u << (at - TRACE_NUM_KINDS);

		trace->now.answers =
			row->num ? trace->now.answers | bit : trace->now.answers & ~bit;
	}
}

static void rows_update(struct trace *trace)
{
	for (unsigned int at = 0; at < TRACE_NUM_KINDS + TRACE_NUM_ANSWERS; at++)
		row_update(trace, at);
	if (trace->on_change)
		trace->on_change(trace->on_change_ctx);
}

/* How many sinks there are up to the last one with this function and ctx; 0: it is not there. */
static size_t sink_find(const struct trace *trace, trace_sink_fn sink, const void *ctx)
{
	size_t at = trace->num_sinks;

	while (at > 0 && (trace->sinks[at - 1].fn != sink || trace->sinks[at - 1].ctx != ctx))
		at--;
	return at;
}

int trace_add_sink(struct trace *trace, uint32_t mask, trace_sink_fn sink, void *ctx)
{
	if (trace->num_sinks == MAX_SINKS)
		return -ENOSPC;
	trace->sinks[trace->num_sinks++] = (struct sink){mask, TRACE_ANSWERS_ALL, sink, ctx};
	rows_update(trace);
	return 0;
}

void trace_remove_sink(struct trace *trace, trace_sink_fn sink, void *ctx)
{
	size_t at = sink_find(trace, sink, ctx);

	if (!at)
		return;
	for (; at < trace->num_sinks; at++)
		trace->sinks[at - 1] = trace->sinks[at];
	trace->num_sinks--;
	rows_update(trace);
}

void trace_set_answers(struct trace *trace, trace_sink_fn sink, void *ctx, uint32_t answers)
{
	size_t at = sink_find(trace, sink, ctx);
	uint32_t changed;

	if (!at)
		return;
	changed = trace->sinks[at - 1].answers ^ answers;
	trace->sinks[at - 1].answers = answers;
	for (unsigned int i = 0; i < TRACE_NUM_ANSWERS; i++) {
		if (changed & 1u << i)
			row_update(trace, TRACE_NUM_KINDS + i);
	}
}

bool trace_wants(const struct trace *trace, enum trace_kind kind)
{
	return trace->rows[kind].num != 0;
}

void trace_on_change(struct trace *trace, void (*fn)(void *ctx), void *ctx)
{
	trace->on_change = fn;
	trace->on_change_ctx = ctx;
}

void trace_emit(struct trace *trace, struct trace_event *event)
{
	const struct row *row = &trace->rows[event->kind == TRACE_RMI
						     ? TRACE_NUM_KINDS + (unsigned int)event->answer
						     : (unsigned int)event->kind];

	event->step = trace->now.step;
	for (size_t i = 0; i < row->num; i++)
		row->calls[i].fn(row->calls[i].ctx, event);
}

void trace_set_step(struct trace *trace, uint32_t step)
{
	trace->now.step = step;
}

uint32_t trace_step(const struct trace *trace)
{
	return trace->now.step;
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
