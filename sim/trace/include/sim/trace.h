/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trace.h - the one stream of events that every report reads. Events carry logical step numbers only: the
 * same run gives the same stream, byte for byte, in every process and build.
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <sim/port.h>

enum trace_kind {
	TRACE_STEP_BEGIN, /* text: the step's name */
	TRACE_STEP_END,   /* value[0]: the result, 0 or -errno as a signed number */
	/*
	 * One RMI call: value[0..6] x0..x6 in, result[0..4] x0..x4 out, text: the condition that failed, which is a
	 * constant of the program.
	 */
	TRACE_RMI,
	/*
	 * One RSI call: value[0..6] x0..x6 in, name: the command, text: the condition that failed. result[0..3] x0..x3
	 * out, unless the REC exited (result[4] is 1): what the Realm is told then is known at a later entry.
	 */
	TRACE_RSI,
	TRACE_REALM,      /* what the Realm did: text says it; value[0] IPA, value[1] size, value[2] outcome */
	TRACE_SYSCALL,    /* a VMM's system call: text: its name; value[0..3] arguments, result[0] */
	TRACE_EXIT,       /* KVM_RUN returned: value[0] exit_reason, value[1..3] its details, result[0] */
	TRACE_HOST,       /* a port_event: value[0] kind, value[1..4] a..d, text */
	TRACE_FAULT,      /* what can fail failed on demand: name: its fault point, value[0] address, 0: it has none */
	TRACE_WARN,       /* text: "rule file:line function: message" */
	TRACE_FINDING,    /* text: "oracle/condition: message" */
	TRACE_NUM_KINDS,
};

/* How an RMI call ended, for those who need not see each of them. */
enum trace_answer {
	TRACE_DONE, /* it succeeded */
	TRACE_FAILED, /* for another reason than the last call of its command, or for a reason that is not known */
	TRACE_AGAIN, /* for the reason for which the last call of its command failed */
	TRACE_FOLD_AGAIN, /* likewise, and it was an RTT_FOLD: hosts try one for each table that there could be */
	TRACE_NUM_ANSWERS,
};

struct trace_event {
	enum trace_kind kind;
	enum trace_answer answer; /* of TRACE_RMI */
	uint32_t step;   /* number of the step that it belongs to, from 1; 0 before the first */
	int32_t actor;   /* tid of the VMM thread that runs, -1: none */
	uint64_t value[7];
	uint64_t result[5];
	const char *text; /* valid during the sink call only; may be NULL */
	const char *name; /* static: RMI command, event or system call name; may be NULL */
};

struct trace;
/* What is asked with each event: each struct trace begins with it. trace_now() - that of `trace`, which keeps it. */
struct trace_now {
	uint32_t step;
	uint32_t answers; /* bit of each answer to an RMI call (enum trace_answer) that any sink wants to see */
};
static inline const struct trace_now *trace_now(const struct trace *trace)
{
	return (const struct trace_now *)(const void *)trace;
}
typedef void (*trace_sink_fn)(void *ctx, const struct trace_event *event);

#define TRACE_MASK(kind) (1u << (kind))
#define TRACE_MASK_ALL ((1u << TRACE_NUM_KINDS) - 1)

/* trace_create - a stream without sinks, at step 0; NULL: out of memory. */
struct trace *trace_create(void);
/* trace_destroy - NULL is ignored. */
void trace_destroy(struct trace *trace);
/* trace_add_sink - `sink` sees each event of a kind whose bit is in `mask` from now on; 0, or -ENOSPC: there are 64. */
int trace_add_sink(struct trace *trace, uint32_t mask, trace_sink_fn sink, void *ctx);
/*
 * trace_set_answers - of TRACE_RMI the sink that was added last with this function and ctx sees only calls whose answer's
 * bit is in `answers` from now on; nothing if there is none. No sink may call it while an event is told.
 */
void trace_set_answers(struct trace *trace, trace_sink_fn sink, void *ctx, uint32_t answers);
#define TRACE_ANSWERS_ALL ((1u << TRACE_NUM_ANSWERS) - 1)
/* trace_remove_sink - the sink that was added last with this function and ctx; nothing if there is none. */
void trace_remove_sink(struct trace *trace, trace_sink_fn sink, void *ctx);
/* trace_kind_name - "step_begin", "rmi", ...; NULL for a number that names no kind. */
const char *trace_kind_name(unsigned int kind);
/* trace_wants - whether any sink wants `kind`: callers skip the work of making an event otherwise. */
bool trace_wants(const struct trace *trace, enum trace_kind kind);
/* trace_on_change - call `fn` after each change of what trace_wants() answers; NULL: nobody. Only one. */
void trace_on_change(struct trace *trace, void (*fn)(void *ctx), void *ctx);
/*
 * trace_emit - fills event->step and hands the event to the sinks in the order they were added. A sink may
 * emit events itself; it must not add or remove sinks.
 */
void trace_emit(struct trace *trace, struct trace_event *event);
void trace_set_step(struct trace *trace, uint32_t step);
uint32_t trace_step(const struct trace *trace);

/*
 * trace_jsonl_sink - writes each event as one line of JSON to the FILE in ctx: values as hex strings, a
 * result from -4095 to -1 by its name ("-EPERM"), kinds as lower-case words ("rmi"), RMI results decoded
 * ("RTT/2"), keys in a fixed order, text that is not UTF-8 with U+FFFD for what cannot be shown. Whether
 * the file could be written is for its owner to ask (ferror()).
 *
 *   {"step":3,"actor":0,"kind":"rmi","name":"RTT_CREATE","args":{"rd":"0x800001000",...},
 *    "result":"RTT/2","out":{},"condition":"rtt_walk"}
 *   {"step":4,"actor":1,"kind":"rsi","name":"HOST_CALL","args":{"x1":"0x1008"},
 *    "result":"0x1","out":{"x1":"0x0","x2":"0x0","x3":"0x0"},"condition":"addr_align"}
 */
void trace_jsonl_sink(void *file, const struct trace_event *event);

#endif
