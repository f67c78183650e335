/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * record.h - what a run tells its parent, as a stream of chunks: a type, a length, a payload. A child that
 * dies leaves a prefix of the stream, and everything before the cut still counts. The reader trusts
 * nothing: the child may have been overwritten by the very bug that is being looked for.
 */
#ifndef SCENARIO_RECORD_H
#define SCENARIO_RECORD_H

#include <glib.h>
#include <sim/result.h>

enum record_type {
	RECORD_STEP_BEGIN = 1, /* a step begins: where, number, title, name, why */
	RECORD_STEP_KEPT,      /* struct result_step */
	RECORD_MISMATCH,
	RECORD_BLOCK,
	RECORD_CALLS, /* the last RMI calls of a process that is dying */
	RECORD_FINDING,
	RECORD_TRACE,	  /* more lines of the trace */
	RECORD_RMI_LOG,	  /* more lines of the log of RMI calls */
	RECORD_EVENTS,	  /* more struct result_event */
	RECORD_LIFE,	  /* struct result_life */
	RECORD_TURN,	  /* of the schedule that is being run, one more turn; empty: it begins */
	RECORD_SCHEDULES, /* how many schedules were run */
	RECORD_END,	  /* status, reason, counters: the run is complete */
};

struct recorder {
	int (*write)(void *ctx, const void *data, size_t size); /* 0 or -errno */
	void *ctx;
	int error; /* first one; nothing is written after it */
};

void record_step_begin(struct recorder *recorder, uint32_t number, const struct plan_step *step);
void record_step_kept(struct recorder *recorder, const struct result_step *step);
void record_mismatch(struct recorder *recorder, const struct result_mismatch *mismatch);
void record_block(struct recorder *recorder, const char *title, const char *text);
/* record_calls - struct world_rmi_call as they are; neither allocates nor locks. */
void record_calls(struct recorder *recorder, const struct world_rmi_call *calls, size_t num);
void record_finding(struct recorder *recorder, const struct result_finding *finding);
void record_trace(struct recorder *recorder, const char *text, size_t size);
void record_rmi_log(struct recorder *recorder, const char *text, size_t size);
/* record_event_append - one event for record_events(); `granules` NULL: as at the last event that had them. */
void record_event_append(GByteArray *bytes, const struct trace_event *event,
			 const uint64_t *granules);
void record_events(struct recorder *recorder, const void *data, size_t size);
void record_life(struct recorder *recorder, const struct trace_event *event, const char *changes);
void record_turn(struct recorder *recorder, const char *turn);
void record_schedules(struct recorder *recorder, uint64_t num);
void record_end(struct recorder *recorder, enum result_status status, const char *reason,
		uint32_t num_steps, uint64_t num_calls, bool at_step);

/*
 * record_read - fills the members of `result` that a record has from `data`; places are in `source`.
 * True if the record is complete: it has its RECORD_END and nothing behind it.
 */
bool record_read(const uint8_t *data, size_t size, const struct source *source,
		 struct result *result);
/* result_clear - release what a result points to. */
void result_clear(struct result *result);

#endif
