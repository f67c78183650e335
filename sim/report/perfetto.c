/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Trace Event format that Perfetto and chrome://tracing read: for each run a process for the machine
 * (its steps, the VMM's threads, the RMM, counters of granules) and one for each Realm with a track for each
 * vCPU. The clock is the number of the event: one event is one microsecond there, and nothing in it is
 * a duration.
 */
#include "event.h"
#include "report.h"

#include <inttypes.h>
#include <rmm/rmi.h>
#include <sim/json.h>
#include <sim/rmi_name.h>
#include <string.h>

/* Threads of the machine's process; the VMM's own follow by their tid. */
enum { TRACK_STEPS = 1, TRACK_RMM = 2, TRACK_VMM = 16 };

/* A vCPU: where it is drawn, and what is drawn there already. */
struct vcpu {
	uint64_t rec;
	unsigned int pid, tid;
	uint64_t run_end, enter_end;
};
struct realm {
	uint64_t rd;
	unsigned int pid, num_recs;
};
/* A thread of the VMM between two system calls. */
struct actor {
	int32_t tid;
	bool busy;	/* something happened since its last system call */
	uint64_t begin; /* when that began */
	bool in_guest;	/* events of a Realm that is running */
	uint64_t guest_begin;
	uint64_t rec; /* entered last; 0: none */
	uint64_t end; /* of its last system call */
	bool named;
};

struct perfetto_state {
	unsigned int next_pid;
	bool comma;
	/* Of the run that is being written. */
	unsigned int pid;
	GArray *vcpus, *realms, *actors;
	bool in_step;
	uint64_t step_begin;
};

/* --- events of the format ---------------------------------------------------------------------------- */

static FILE *event_begin(struct report *report, char phase, const char *name, unsigned int pid,
			 unsigned int tid)
{
	struct perfetto_state *state = report->state;

	fprintf(report->out,
		"%s\n{\"ph\":\"%c\",\"pid\":%u,\"tid\":%u,\"name\":", state->comma ? "," : "",
		phase, pid, tid);
	json_put_string(report->out, name);
	state->comma = true;
	return report->out;
}

static void put_name(struct report *report, const char *kind, unsigned int pid, unsigned int tid,
		     const char *name)
{
	FILE *out = event_begin(report, 'M', kind, pid, tid);

	fputs(",\"args\":{\"name\":", out);
	json_put_string(out, name);
	fputs("}}", out);
}

static void put_slice(struct report *report, unsigned int pid, unsigned int tid, uint64_t begin,
		      uint64_t end, const char *name, const char *text)
{
	FILE *out = event_begin(report, 'X', name, pid, tid);

	fprintf(out, ",\"ts\":%" PRIu64 ",\"dur\":%" PRIu64 ",\"args\":{\"text\":", begin,
		end - begin);
	json_put_text(out, text);
	fputs("}}", out);
}

static void put_instant(struct report *report, unsigned int pid, unsigned int tid, uint64_t at,
			const char *name, const char *text)
{
	FILE *out = event_begin(report, 'i', name, pid, tid);

	fprintf(out, ",\"ts\":%" PRIu64 ",\"s\":\"t\",\"args\":{\"text\":", at);
	json_put_text(out, text);
	fputs("}}", out);
}

static void put_granules(struct report *report, uint64_t at, const uint64_t *granules)
{
	const struct perfetto_state *state = report->state;
	FILE *out = event_begin(report, 'C', "granules", state->pid, 0);
	unsigned int i;

	fprintf(out, ",\"ts\":%" PRIu64 ",\"args\":{", at);
	/* UNDELEGATED would dwarf the others. */
	for (i = RMM_GRANULE_DELEGATED; i < RMM_GRANULE_NUM_STATES; i++)
		fprintf(out, "%s\"%s\":%" PRIu64, i == RMM_GRANULE_DELEGATED ? "" : ",",
			rmm_granule_state_name((enum rmm_granule_state)i), granules[i]);
	fputs("}}", out);
}

/* --- who is who -------------------------------------------------------------------------------------- */

static struct realm *find_realm(struct perfetto_state *state, uint64_t rd)
{
	unsigned int i;

	/* The last one: an RD's granule may serve again. */
	for (i = state->realms->len; i; i--) {
		struct realm *realm = &g_array_index(state->realms, struct realm, i - 1);

		if (realm->rd == rd)
			return realm;
	}
	return NULL;
}

static struct vcpu *find_vcpu(struct perfetto_state *state, uint64_t rec)
{
	unsigned int i;

	for (i = state->vcpus->len; i; i--) {
		struct vcpu *vcpu = &g_array_index(state->vcpus, struct vcpu, i - 1);

		if (vcpu->rec == rec)
			return vcpu;
	}
	return NULL;
}

static struct actor *find_actor(struct report *report, int32_t tid)
{
	struct perfetto_state *state = report->state;
	struct actor new_actor = {.tid = tid};
	unsigned int i;

	for (i = 0; i < state->actors->len; i++) {
		struct actor *actor = &g_array_index(state->actors, struct actor, i);

		if (actor->tid == tid)
			return actor;
	}
	g_array_append_val(state->actors, new_actor);
	return &g_array_index(state->actors, struct actor, state->actors->len - 1);
}

static unsigned int actor_track(struct report *report, struct actor *actor)
{
	const struct perfetto_state *state = report->state;
	unsigned int tid = TRACK_VMM + (unsigned int)MAX(0, actor->tid);

	if (!actor->named) {
		char *name = g_strdup_printf("VMM thread %d", actor->tid);

		put_name(report, "thread_name", state->pid, tid, name);
		g_free(name);
		actor->named = true;
	}
	return tid;
}

static void learn_names(struct report *report, const struct result *result,
			const struct trace_event *event)
{
	struct perfetto_state *state = report->state;
	char *id, *name;

	if (event->result[0] != RMI_SUCCESS)
		return;
	if (event->value[0] == RMI_REALM_CREATE) {
		struct realm realm = {.rd = event->value[1], .pid = state->next_pid++};

		id = result_name(result);
		name = g_strdup_printf("%s: Realm %u (RD 0x%" PRIx64 ")", id, state->realms->len,
				       realm.rd);
		put_name(report, "process_name", realm.pid, 0, name);
		g_array_append_val(state->realms, realm);
		g_free(name);
		g_free(id);
	} else if (event->value[0] == RMI_REC_CREATE) {
		struct realm *realm = find_realm(state, event->value[1]);
		struct vcpu vcpu = {.rec = event->value[2]};

		if (!realm)
			return;
		vcpu.pid = realm->pid;
		vcpu.tid = ++realm->num_recs;
		name = g_strdup_printf("vCPU %u (REC 0x%" PRIx64 ")", vcpu.tid - 1, vcpu.rec);
		put_name(report, "thread_name", vcpu.pid, vcpu.tid, name);
		g_array_append_val(state->vcpus, vcpu);
		g_free(name);
	}
}

/* --- one run ----------------------------------------------------------------------------------------- */

/* Two ticks an event, so that what surrounds an event can begin before it. */
static uint64_t tick(size_t index)
{
	return 2 * (uint64_t)(index + 1);
}

static void take_rmi(struct report *report, const struct result *result, size_t index,
		     struct actor *actor)
{
	struct perfetto_state *state = report->state;
	const struct trace_event *event = &result->events[index].event;
	const struct rmi_command *command = rmi_command(event->value[0]);
	char *text = event_text(event);

	put_slice(report, state->pid, TRACK_RMM, tick(index), tick(index) + 1,
		  command ? command->name : "unknown", text);
	/* A status that the RMM did not give. */
	if (!g_strcmp0(event->text, "injected"))
		put_instant(report, state->pid, TRACK_RMM, tick(index), "fault", text);
	learn_names(report, result, event);
	if (actor && command && command->fid == RMI_REC_ENTER) {
		struct vcpu *vcpu = find_vcpu(state, event->value[1]);

		actor->rec = event->value[1];
		if (vcpu) {
			uint64_t begin = actor->in_guest ? actor->guest_begin : tick(index);

			begin = MAX(begin, MAX(vcpu->run_end + 1, vcpu->enter_end));
			if (begin <= tick(index))
				put_slice(report, vcpu->pid, vcpu->tid, begin, tick(index) + 1,
					  "REC_ENTER", text);
			vcpu->enter_end = tick(index) + 1;
		}
	}
	if (actor)
		actor->in_guest = false;
	if (result->events[index].has_granules)
		put_granules(report, tick(index), result->events[index].granules);
	g_free(text);
}

static void take_syscall(struct report *report, const struct result *result, size_t index,
			 struct actor *actor)
{
	struct perfetto_state *state = report->state;
	const struct trace_event *event = &result->events[index].event;
	const char *name = event->name ? event->name : event->text ? event->text : "system call";
	struct vcpu *vcpu = strcmp(name, "KVM_RUN") ? NULL : find_vcpu(state, actor->rec);
	char *text = event_text(event);
	uint64_t begin = actor->begin - 1, end = tick(index) + 1;

	begin = MAX(begin, actor->end);
	if (vcpu) {
		begin = MAX(begin, vcpu->run_end);
		put_slice(report, vcpu->pid, vcpu->tid, begin, end, name, text);
		vcpu->run_end = end;
	} else {
		put_slice(report, state->pid, actor_track(report, actor), begin, end, name, text);
	}
	actor->end = end;
	actor->busy = false;
	actor->in_guest = false;
	g_free(text);
}

/* An event of a Realm, an exit: on the vCPU's track where there is one. */
static void take_instant(struct report *report, const struct result *result, size_t index,
			 struct actor *actor, const char *name)
{
	struct perfetto_state *state = report->state;
	const struct trace_event *event = &result->events[index].event;
	const struct vcpu *vcpu = actor ? find_vcpu(state, actor->rec) : NULL;
	char *text = event_text(event);

	if (vcpu && (event->kind == TRACE_REALM || event->kind == TRACE_EXIT))
		put_instant(report, vcpu->pid, vcpu->tid, tick(index), name, text);
	else
		put_instant(report, state->pid, TRACK_STEPS, tick(index), name, text);
	g_free(text);
}

static void end_step(struct report *report, const struct result *result, uint32_t number,
		     uint64_t end, const char *name)
{
	struct perfetto_state *state = report->state;
	bool bad = result_is_bad(result) && result->has_place && result->step == number;
	char *title = g_strdup_printf("%s%u %s", bad ? "FAILED: " : "", number, name ? name : "");

	put_slice(report, state->pid, TRACK_STEPS, state->step_begin, end, title,
		  bad ? result_reason(result) : NULL);
	state->in_step = false;
	g_free(title);
}

static void take_event(struct report *report, const struct result *result, size_t index)
{
	struct perfetto_state *state = report->state;
	const struct trace_event *event = &result->events[index].event;
	struct actor *actor = event->actor >= 0 ? find_actor(report, event->actor) : NULL;

	if (actor && !actor->busy && event->kind != TRACE_EXIT) {
		actor->busy = true;
		actor->begin = tick(index);
	}
	switch (event->kind) {
	case TRACE_STEP_BEGIN:
		state->in_step = true;
		state->step_begin = tick(index);
		break;
	case TRACE_STEP_END:
		if (state->in_step)
			end_step(report, result, event->step, tick(index), event->text);
		break;
	case TRACE_RMI:
		take_rmi(report, result, index, actor);
		break;
	case TRACE_SYSCALL:
		if (actor)
			take_syscall(report, result, index, actor);
		break;
	case TRACE_REALM:
		if (actor && !actor->in_guest) {
			actor->in_guest = true;
			actor->guest_begin = tick(index);
		}
		take_instant(report, result, index, actor, event->text ? event->text : "guest");
		break;
	case TRACE_EXIT:
		take_instant(report, result, index, actor, "exit");
		break;
	case TRACE_FAULT:
		take_instant(report, result, index, actor, "fault");
		break;
	case TRACE_WARN:
		take_instant(report, result, index, actor, "WARN");
		break;
	case TRACE_FINDING:
		take_instant(report, result, index, actor, "finding");
		break;
	case TRACE_HOST:
	case TRACE_RSI:
	case TRACE_NUM_KINDS:
		break;
	}
}

static void perfetto_begin(struct report *report)
{
	struct perfetto_state *state = report->state;
	FILE *out = report->out;

	state->next_pid = 1;
	state->vcpus = g_array_new(FALSE, FALSE, sizeof(struct vcpu));
	state->realms = g_array_new(FALSE, FALSE, sizeof(struct realm));
	state->actors = g_array_new(FALSE, FALSE, sizeof(struct actor));
	fputs("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"rmesim\":", out);
	json_put_string(out, report->run.version);
	fputs(",\"kvm\":", out);
	json_put_string(out, report->run.kvm);
	fprintf(out,
		",\"seed\":\"%" PRIu64
		"\",\"clock\":\"numbers of events, no time\"},\"traceEvents\":[",
		report->run.seed);
}

static void perfetto_result(struct report *report, const struct result *result)
{
	struct perfetto_state *state = report->state;
	char *name = result_name(result), *title;
	size_t i;

	g_array_set_size(state->vcpus, 0);
	g_array_set_size(state->realms, 0);
	g_array_set_size(state->actors, 0);
	state->in_step = false;
	state->pid = state->next_pid++;
	title = g_strdup_printf("%s (%s)", name, result_status_name(result->status));
	put_name(report, "process_name", state->pid, 0, title);
	put_name(report, "thread_name", state->pid, TRACK_STEPS, "steps");
	put_name(report, "thread_name", state->pid, TRACK_RMM, "RMM");
	for (i = 0; i < result->num_events; i++)
		take_event(report, result, i);
	/* A step in which the process died. */
	if (state->in_step)
		end_step(report, result, result->step, tick(result->num_events),
			 result->step_title);
	g_free(title);
	g_free(name);
}

static void perfetto_end(struct report *report, const struct report_summary *summary)
{
	(void)summary;
	fputs("\n]}\n", report->out);
}

static void perfetto_clear(struct report *report)
{
	struct perfetto_state *state = report->state;

	if (!state->vcpus)
		return;
	g_array_unref(state->vcpus);
	g_array_unref(state->realms);
	g_array_unref(state->actors);
}

const struct report_def report_perfetto = {
	.kind = "perfetto",
	.state_size = sizeof(struct perfetto_state),
	.needs = REPORT_NEEDS_EVENTS,
	.begin = perfetto_begin,
	.result = perfetto_result,
	.end = perfetto_end,
	.clear = perfetto_clear,
};
