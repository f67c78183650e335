/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include "call_order.h"
#include "crash.h"
#include "expect.h"
#include "explain.h"
#include "fault.h"
#include "follow.h"
#include "rmi_text.h"
#include "turns_text.h"

#include <errno.h>
#include <inttypes.h>
#include <sim/parallel.h>
#include <sim/stack.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* How much of the history explains a failure, and with -v. */
#define LAST_CALLS	   8u
#define LAST_CALLS_VERBOSE 64u
#define AROUND_INTERVALS   3u /* intervals shown on each side of the address */
#define AROUND_VERBOSE	   12u
/* Findings of one step that are told one by one, unless they are of more kinds: a host in a loop has thousands. */
#define MAX_TOLD 32u
/* RMI calls of a run that is repeated to see what was before its failure. */
#define MAX_CALLS_TWICE 1000000u

/* Text that grows, and how much of it was sent already. */
struct stream {
	FILE *file;
	char *text;
	size_t size, sent;
};
/*
 * What the host does within its own memory is most of a trace and explains little of it; what a guest calls is told
 * by what it did.
 */
#define EVENTS_MASK  (TRACE_MASK_ALL & ~(TRACE_MASK(TRACE_HOST) | TRACE_MASK(TRACE_RSI)))
#define EVENTS_CHUNK (16u << 10) /* bytes */

/* The actors of one parallel step, and what each is doing. */
struct team {
	struct run *run;
	const struct plan_parallel *plan;
	struct parallel *parallel;
	struct schedule *schedule; /* that decides now */
	size_t turns_seen;
	struct {
		const struct plan_step *current;
		uint32_t step;
		const char *fault_step;
	} actors[SCHEDULE_MAX_ACTORS];
	GString *story; /* the turns in words */
	char *ran;	/* the schedule that was run last, with its story */
};

struct run {
	const struct plan *plan;
	const struct run_config *config;
	struct recorder *recorder;
	struct world *world;
	struct trace *trace;
	struct stream trace_stream, log_stream;
	GByteArray *events;	 /* that were not sent yet; NULL: nobody wants them */
	struct call_order order; /* of RMI calls, if they are compared */
	uint64_t granules[RMM_GRANULE_NUM_STATES]; /* at the last event */
	struct fault_injector faults;
	uint64_t *digests; /* of each snapshot */
	uint32_t step, last_step;
	uint64_t num_calls;
	/* Parallel steps, in the order in which they are met; see plan_run(). */
	GPtrArray *teams;
	size_t num_met;
	size_t focus; /* the one that is run under `schedule`; others under their first one */
	struct schedule *schedule; /* NULL: all under their first one */
	bool exploring;		   /* `schedule` is made when the step is met, and run through */
	uint64_t num_schedules;
	struct recorder
		*watcher; /* learns where the run is, so that the place of a crash is known */
	bool in_team, explained;
	bool at_step;			/* it failed at a step, not at the end */
	const struct plan_step *blamed; /* what failed, while other actors went on */
	uint32_t blamed_step;
	size_t findings_seen;
	size_t num_known; /* findings that the baseline has */
	/* The step that is being judged. */
	const struct plan_step *current;
	bool failed;	      /* nothing more is done */
	bool skipped;	      /* and that is no failure */
	bool foreign;	      /* somebody else's host, which may have its own ways */
	GString *ways;	      /* that differ from those of rmesim's own host; NULL: none */
	const char *left_out; /* why some expectation was not looked at; NULL: all were */
	const struct step_result *result; /* of the step that is being judged */
	bool has_address;		  /* a place in the IPA space that the failure is about */
	uint64_t address;
	enum result_status status;
	char *reason;
	unsigned int realm, warns;
	struct moment after;
	/* A run that only looks: it stops before this step, 0: it does not. */
	uint32_t stop_before;
	bool stopped;
	bool ended;	       /* all is closed */
	struct follow *follow; /* NULL: no page is followed */
};

/* --- failures ---------------------------------------------------------------------------------------- */

static void run_fail(struct run *run, enum result_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void run_fail(struct run *run, enum result_status status, const char *format, ...)
{
	va_list args;

	if (!run->failed) {
		run->blamed = run->current;
		run->blamed_step = run->step;
	}
	run->failed = true;
	/* What is new matters more than what is known, and among equals the first. */
	if (run->reason && (run->status != RESULT_KNOWN || status == RESULT_KNOWN))
		return;
	g_free(run->reason);
	run->status = status;
	va_start(args, format);
	run->reason = g_strdup_vprintf(format, args);
	va_end(args);
}

/* Takes note of what must not happen. True if it is known to. */
static bool run_finding(struct run *run, const char *oracle, const char *condition,
			const char *function, const char *message)
{
	const struct run_config *config = run->config;
	struct result_finding finding = {
		.oracle = (char *)(uintptr_t)oracle,
		.condition = (char *)(uintptr_t)condition,
		.function = (char *)(uintptr_t)function,
		.message = (char *)(uintptr_t)message,
		.known = config->known &&
			 config->known(config->known_ctx, oracle, condition, function),
	};

	record_finding(run->recorder, &finding);
	run->num_known += finding.known;
	return finding.known;
}

/* The run ends because of an expectation that does not hold. */
static void run_fail_expectation(struct run *run, const char *subject, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void run_fail_expectation(struct run *run, const char *subject, const char *format, ...)
{
	va_list args;
	char *text;
	bool known;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	known = run_finding(run, "expectation", subject, run->plan->name, text);
	run_fail(run, known ? RESULT_KNOWN : RESULT_FAILED, "%s", text);
	g_free(text);
}

static void run_mismatch(struct run *run, struct place place, const char *subject,
			 const char *expected, const char *actual)
{
	struct result_mismatch mismatch = {
		.place = place,
		.subject = (char *)(uintptr_t)subject,
		.expected = (char *)(uintptr_t)expected,
		.actual = (char *)(uintptr_t)actual,
	};

	record_mismatch(run->recorder, &mismatch);
}

static bool rmi_fault_fired(const struct run *run)
{
	size_t i;

	for (i = 0; i < run->plan->num_faults; i++) {
		if (run->faults.states[i].fired && run->plan->faults[i].command)
			return true;
	}
	return false;
}

/* Whether a foreign host that differs here has its own way, rather than a defect. */
static bool is_way(const struct run *run, const struct plan_expect *item, const char *subject)
{
	if (!run->foreign)
		return false;
	/* Tables are the host's affair, and with it how many granules it has delegated. */
	if (!strcmp(subject, "granules.rtt") || !strcmp(subject, "granules.delegated"))
		return true;
	/* Whether it warns of an RMM that fails. */
	if (!strcmp(item->def->name, "warns"))
		return rmi_fault_fired(run);
	return item->def->way;
}

static void run_expectation(void *ctx, const struct plan_expect *item, const char *subject,
			    const char *expected, const char *actual, bool has_address,
			    uint64_t address)
{
	struct run *run = ctx;

	if (is_way(run, item, subject)) {
		if (!run->ways)
			run->ways = g_string_new(NULL);
		g_string_append_printf(run->ways, "%s:%u:%u: step %u: %s: expected %s, found %s\n",
				       item->place.source ? item->place.source->path : "?",
				       item->place.line, item->place.column, run->step, subject,
				       expected, actual);
		return;
	}
	if (has_address && !run->has_address) {
		run->has_address = true;
		run->address = address;
	}
	run_mismatch(run, item->place, subject, expected, actual);
	run_fail_expectation(run, subject, "%s: expected %s, found %s", subject, expected, actual);
}

/* The first address that the step's parameters name. */
static bool step_address(const struct plan_step *step, uint64_t *address)
{
	const struct step_def *def = step->call.def;
	size_t i;

	for (i = 0; step->kind == PLAN_CALL && i < def->num_params; i++) {
		if (def->params[i].type == STEP_ADDRESS && step->call.args[i].given) {
			*address = step->call.args[i].number;
			return true;
		}
	}
	return false;
}

/* WARNs of the whole run, also those that somebody expected. */
static unsigned int count_warns(const struct run *run)
{
	struct machine *machine = world_machine(run->world);
	unsigned int warns = 0;
	size_t i;

	for (i = 0; i < machine_num_findings(machine); i++) {
		if (!strcmp(machine_finding(machine, i)->oracle, "warn"))
			warns++;
	}
	return warns;
}

/* Which of the faults that were asked for have come to pass. */
static void explain_faults(const struct run *run)
{
	GString *text = g_string_new(NULL);
	size_t i;

	for (i = 0; i < run->plan->num_faults; i++) {
		const struct fault_state *state = &run->faults.states[i];

		g_string_append_printf(text, "%s: reached %" PRIu64 " time%s, %s\n",
				       run->plan->faults[i].title, state->seen,
				       state->seen == 1 ? "" : "s",
				       state->fired ? "happened" : "has not happened");
	}
	if (text->len)
		record_block(run->recorder, "injected faults until then", text->str);
	g_string_free(text, TRUE);
}

/* What a reader of a failure asks next; more is told when the run is over, by run_tell(). */
static void run_explain(struct run *run)
{
	bool has_address = run->has_address;
	uint64_t address = run->address;

	if (run->explained)
		return;
	run->explained = true;
	if (!has_address && run->current)
		has_address = step_address(run->current, &address);
	run->has_address = has_address;
	run->address = address;
	run->realm = run->current ? run->current->realm : 0;
	run->warns = count_warns(run);
	explain_calls(run->recorder, run->world,
		      run->config->verbose ? LAST_CALLS_VERBOSE : LAST_CALLS);
	explain_faults(run);
	moment_take(run->world, run->realm, has_address ? &address : NULL, &run->after);
}

/* --- findings ---------------------------------------------------------------------------------------- */

/*
 * A WARN is a finding, unless the step counts its WARNs or the scenario allows them at the end; in a
 * hostile scenario the host was lied to and its WARNs mean nothing.
 */
static bool finding_allowed(const struct run *run, const struct finding *finding, bool closing)
{
	if (!strcmp(finding->oracle, "host-audit"))
		return run->plan->hostile;
	if (strcmp(finding->oracle, "warn") || strcmp(finding->condition, "WARN"))
		return false;
	if (run->plan->hostile)
		return true;
	/* A host may warn of an RMM that does not do its part. */
	if (run->foreign && rmi_fault_fired(run))
		return true;
	return closing ? run->plan->allow_warns : run->current && run->current->expects.has_warns;
}

/* The function of the host's that a finding is about. g_free(). */
static char *finding_function(const struct finding *finding)
{
	struct stack_frame *frames = NULL;
	char *function;
	size_t num;

	/* What stops a loop knows where it is, but not what that is called. */
	if (strcmp(finding->condition, "endless-loop") || !finding->stack)
		return g_strdup(finding->function);
	num = stack_resolve(finding->stack, &frames);
	function = g_strdup(num ? frames[0].function : finding->function);
	stack_frames_free(frames, num);
	return function;
}

/* `times` findings that are alike, of which this is the first. True if it is not known; only then `tell` matters. */
static bool run_judge_finding(struct run *run, const struct finding *finding, size_t times,
			      bool tell, GHashTable *stacks)
{
	struct place place = run->current ? run->current->place : run->plan->place;
	char *function = finding_function(finding);
	char *subject = g_strdup_printf("%s/%s", finding->oracle, finding->condition);
	GString *actual = g_string_new(NULL);
	bool fresh;

	if (*function)
		g_string_append_printf(actual, "%s: ", function);
	g_string_append(actual, finding->message);
	if (times > 1)
		g_string_append_printf(actual, " (%zu times)", times);
	fresh = !run_finding(run, finding->oracle, finding->condition, function, finding->message);
	if (fresh && tell) {
		run_mismatch(run, place, subject, "nothing", actual->str);
		run_fail(run, RESULT_FAILED, "%s: %s", subject, actual->str);
		/* A host that warns in a loop does so at one place. */
		if (finding->stack && g_hash_table_add(stacks, finding->stack))
			record_block(run->recorder, RESULT_STACK, finding->stack);
	}
	g_string_free(actual, TRUE);
	g_free(subject);
	g_free(function);
	return fresh;
}

static char *finding_kind(const struct finding *finding)
{
	return g_strdup_printf("%s/%s %s", finding->oracle, finding->condition, finding->function);
}

static char *finding_key(const struct finding *finding)
{
	return g_strdup_printf("%s/%s %s: %s", finding->oracle, finding->condition,
			       finding->function, finding->message);
}

/* Findings that are not alike, of one step. */
struct telling {
	struct finding_times {
		const struct finding *finding;
		size_t times;
		bool first; /* of its kind */
	} * list;
	size_t num, told, left;
	GHashTable *stacks; /* that were told */
};

static void telling_create(struct run *run, bool closing, struct telling *telling)
{
	struct machine *machine = world_machine(run->world);
	size_t num = machine_num_findings(machine), i;
	GHashTable *kinds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	/* One more than the index of the first that is alike. */
	GHashTable *known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	*telling = (struct telling){
		.list = g_new0(struct finding_times, num - run->findings_seen),
		.stacks = g_hash_table_new(g_str_hash, g_str_equal),
	};
	for (i = run->findings_seen; i < num; i++) {
		const struct finding *finding = machine_finding(machine, i);
		char *key = finding_key(finding);
		size_t index = GPOINTER_TO_SIZE(g_hash_table_lookup(known, key));

		if (!index && !finding_allowed(run, finding, closing)) {
			index = ++telling->num;
			telling->list[index - 1].finding = finding;
			telling->list[index - 1].first =
				g_hash_table_add(kinds, finding_kind(finding));
			g_hash_table_insert(known, g_steal_pointer(&key), GSIZE_TO_POINTER(index));
		}
		if (index)
			telling->list[index - 1].times++;
		g_free(key);
	}
	g_hash_table_unref(known);
	g_hash_table_unref(kinds);
	run->findings_seen = num;
}

static void telling_clear(struct telling *telling)
{
	g_hash_table_unref(telling->stacks);
	g_free(telling->list);
}

/* Those that are the first of their kind, or all others. */
static void run_tell_findings(struct run *run, struct telling *telling, bool first)
{
	size_t i;

	for (i = 0; i < telling->num; i++) {
		const struct finding_times *at = &telling->list[i];
		bool tell = first || telling->told < MAX_TOLD;

		if (at->first != first ||
		    !run_judge_finding(run, at->finding, at->times, tell, telling->stacks))
			continue;
		if (tell)
			telling->told++;
		else
			telling->left++;
	}
}

/*
 * The first of each kind is told first, and always: a host that warns without end is to be seen to do so. The others
 * follow, up to a bound on all of them.
 */
static void run_check_findings(struct run *run, bool closing)
{
	struct telling telling;

	telling_create(run, closing, &telling);
	run_tell_findings(run, &telling, true);
	run_tell_findings(run, &telling, false);
	if (telling.left) {
		char *left = g_strdup_printf("%zu more", telling.left);

		run_mismatch(run, run->current ? run->current->place : run->plan->place, "findings",
			     "nothing", left);
		g_free(left);
	}
	telling_clear(&telling);
}

/* A fault that contradicts the state of the model makes the scenario meaningless. */
static void run_check_faults(struct run *run)
{
	if (!run->faults.refused)
		return;
	run_mismatch(run, run->faults.refused_fault->place, run->faults.refused_fault->title,
		     "a fault that can happen", run->faults.refused);
	run_fail(run, RESULT_INVALID, "fault %s: %s", run->faults.refused_fault->title,
		 run->faults.refused);
}

/* --- steps ------------------------------------------------------------------------------------------- */

static void run_send_events(struct run *run)
{
	if (!run->events || !run->events->len)
		return;
	record_events(run->recorder, run->events->data, run->events->len);
	g_byte_array_set_size(run->events, 0);
}

static void run_take_event(void *ctx, const struct trace_event *event)
{
	struct run *run = ctx;
	uint64_t granules[RMM_GRANULE_NUM_STATES];
	bool changed = false;
	unsigned int i;

	/* While the host boots there is no world to ask, and nothing is delegated. */
	if (event->kind == TRACE_RMI && run->world) {
		const struct rmm *rmm = machine_rmm(world_machine(run->world));

		for (i = 0; i < RMM_GRANULE_NUM_STATES; i++)
			granules[i] = rmm_inspect_count(rmm, (enum rmm_granule_state)i);
		changed = memcmp(granules, run->granules, sizeof(granules)) != 0;
		memcpy(run->granules, granules, sizeof(granules));
	}
	record_event_append(run->events, event, changed ? run->granules : NULL);
	/* Often enough that a crash loses little. */
	if (run->events->len >= EVENTS_CHUNK)
		run_send_events(run);
}

static void stream_flush(struct run *run, struct stream *stream,
			 void (*record)(struct recorder *recorder, const char *text, size_t size))
{
	if (!stream->file || fflush(stream->file))
		return;
	record(run->recorder, stream->text + stream->sent, stream->size - stream->sent);
	stream->sent = stream->size;
}

static void stream_close(struct stream *stream)
{
	if (stream->file)
		fclose(stream->file);
	free(stream->text);
}

static void run_flush(struct run *run)
{
	run_send_events(run);
	stream_flush(run, &run->trace_stream, record_trace);
	stream_flush(run, &run->log_stream, record_rmi_log);
}

static char *calls_text(const struct world *world)
{
	const char *const *names = rmi_command_names();
	GString *text = g_string_new(NULL);
	size_t i;

	for (i = 0; names[i]; i++) {
		uint64_t count = world_rmi_count(world, names[i]);

		if (count)
			g_string_append_printf(text, "%s%s %" PRIu64, text->len ? ", " : "",
					       names[i], count);
	}
	return g_string_free(text, FALSE);
}

/* The same for comparing: all of it, the answer on one line and each exit on one. */
static char *answer_text(const struct step_result *result)
{
	GString *text = expect_answer_begin(result);
	size_t i;

	if (result->value)
		g_string_append_printf(text, ", value 0x%" PRIx64, result->value);
	g_string_append_c(text, '\n');
	for (i = 0; i < result->num_exits; i++) {
		const struct step_exit *exit = &result->exits[i];
		const char *reason = step_exit_reason_name(exit->reason);

		g_string_append_printf(text, "exit %zu: %s gpa=0x%" PRIx64 " size=0x%" PRIx64,
				       i + 1, reason ? reason : "?", exit->gpa, exit->size);
		if (exit->data)
			g_string_append_printf(text, " data=0x%" PRIx64, exit->data);
		g_string_append_printf(text, "%s%s%s%s\n", exit->is_private ? " private" : "",
				       exit->is_write ? " write" : "", exit->err ? ", " : "",
				       exit->err ? errno_text(exit->err) : "");
	}
	return g_string_free(text, FALSE);
}

static void run_keep_step(struct run *run, const struct plan_step *step,
			  const struct step_result *result)
{
	bool compared = run->config->calls != CALLS_COUNTED;
	struct result_step kept = {.number = run->step};

	if (!run->config->keep_steps)
		return;
	if (step) {
		kept.place = step->place;
		kept.title =
			(char *)(uintptr_t)(step->text && step->kind == PLAN_NOTE ? step->text
										  : step->title);
		kept.name = (char *)(uintptr_t)step->name;
	} else {
		kept.place = run->plan->place;
		kept.title = (char *)(run->ended ? "at the end" : "at first");
		kept.number = run->ended ? 0 : run->step;
	}
	if (result)
		kept.outcome = compared ? answer_text(result) : expect_outcome_text(result);
	if (compared)
		kept.calls = call_order_take(&run->order);
	else if (result)
		kept.calls = calls_text(run->world);
	survey_take(run->world, true, &kept.survey);
	record_step_kept(run->recorder, &kept);
	g_free(kept.outcome);
	g_free(kept.calls);
	survey_clear(&kept.survey);
}

/* Success is what a step means when nothing else is said. */
static void run_check_success(struct run *run, const struct step_call *call)
{
	const struct plan_expects *expects = &run->current->expects;
	const struct step_result *result = &call->result;
	bool stopped_on_request =
		result->outcome == STEP_STOPPED && call->memory_fault == STEP_CONVERT_RETURN;
	char *actual;

	if (!expects->has_errno && !expects->has_outcome && !stopped_on_request &&
	    (result->outcome != STEP_OK || result->err)) {
		actual = expect_outcome_text(result);
		run_mismatch(run, run->current->place, "outcome", "ok", actual);
		run_fail_expectation(run, "outcome", "outcome: expected ok, found %s", actual);
		g_free(actual);
	}
	if (!expects->has_response && !expects->has_outcome && result->has_response &&
	    result->rejected) {
		run_mismatch(run, run->current->place, "response", "accept", "reject");
		run_fail_expectation(run, "response", "response: expected accept, found reject");
	}
}

/* Nothing can be said of the rest on this KVM build, unless something was found. */
static void run_skip(struct run *run, const char *reason)
{
	run_check_findings(run, false);
	run->skipped = !run->failed;
	run_fail(run, RESULT_SKIPPED, "%s", reason);
}

static uint64_t faults_fired(const struct run *run)
{
	uint64_t fired = 0;
	size_t i;

	for (i = 0; i < run->plan->num_faults; i++)
		fired += run->faults.states[i].fired;
	return fired;
}

/* An expectation means nothing on this KVM build. The run goes on, but what it would show is not shown. */
static void run_leave_out(struct run *run, const char *reason)
{
	if (!run->left_out)
		run->left_out = reason;
}

static bool run_applies(void *ctx, const struct plan_expect *item)
{
	struct run *run = ctx;

	if (run->result && run->result->elsewhere)
		run_leave_out(run, "something is expected of a step for which the KVM build's era "
				   "has no call");
	else if (world_is_behind(run->world) && !(run->result && run->result->here))
		run_leave_out(run,
			      "something is expected before the first KVM_RUN, which in the KVM "
			      "build's era does what earlier steps mean");
	else if (!world_measures_alike(run->world) && !strcmp(item->def->name, "rim"))
		run_leave_out(run, "the KVM build's era leaves the order of measured calls to the "
				   "host");
	else
		return true;
	return false;
}

static void run_call(struct run *run, const struct plan_step *step)
{
	struct step_call call = step->call;
	struct checker checker = {.world = run->world,
				  .realm = step->realm,
				  .result = &call.result,
				  .mismatch = run_expectation,
				  .applies = run_applies,
				  .ctx = run};
	uint64_t fired = faults_fired(run);
	char *error = NULL;
	int err;

	err = world_perform(run->world, &call, &error);
	run->num_calls += world_rmi_count(run->world, NULL);
	/* Another actor has failed meanwhile: one failure is enough to tell of. */
	if (run->failed)
		goto out;
	run->result = &call.result;
	if (err == -EDEADLK && run->num_known) {
		run_fail(run, RESULT_KNOWN, "the host did not come back from an earlier step");
	} else if (err == -EOPNOTSUPP) {
		run_skip(run, error ? error : errno_text(err));
	} else if (!err && call.result.elsewhere && step->expects.has_errno &&
		   !expect_names_errno(&step->expects, -call.result.err)) {
		run_skip(run, "an error is expected of a step for which the KVM build's era has no "
			      "call, or another call");
	} else if (!err && call.result.elsewhere && call.result.err && !step->expects.has_errno &&
		   faults_fired(run) != fired) {
		run_skip(run,
			 "a fault hits a call that does in the KVM build's era what several steps "
			 "mean");
	} else if (err) {
		run_fail(run, RESULT_ERROR, "the step cannot be carried out: %s",
			 error ? error : errno_text(err));
	} else {
		/* What is wrong in itself says more than the answers that it spoilt. */
		run_check_findings(run, false);
		run_check_success(run, &call);
		expect_check(&checker, &step->expects);
	}
	run_check_findings(run, false);
	run_check_faults(run);
	run_keep_step(run, step, err ? NULL : &call.result);
	if (run->in_team && run->failed && !run->skipped)
		run_explain(run);
out:
	run->result = NULL;
	free(error);
	step_result_clear(&call.result);
}

static void run_same_as(struct run *run, const struct plan_step *step)
{
	uint64_t digest = machine_hash(world_machine(run->world));
	char *expected, *actual;

	if (digest == run->digests[step->snapshot])
		return;
	expected = g_strdup_printf("the state of snapshot %s (digest %016" PRIx64 ")", step->text,
				   run->digests[step->snapshot]);
	actual = g_strdup_printf("another state (digest %016" PRIx64 ")", digest);
	run_mismatch(run, step->place, "same_as", expected, actual);
	run_fail_expectation(run, "same_as", "same_as: the state differs from snapshot %s",
			     step->text);
	g_free(expected);
	g_free(actual);
}

static void run_parallel(struct run *run, const struct plan_step *step);

static void run_steps(struct run *run, const struct plan_step *steps, size_t num)
{
	struct checker checker = {.world = run->world,
				  .mismatch = run_expectation,
				  .applies = run_applies,
				  .ctx = run};
	uint64_t round;
	size_t i;

	for (i = 0; i < num && !run->failed && !run->stopped; i++) {
		const struct plan_step *step = &steps[i];

		if (step->kind == PLAN_REPEAT) {
			for (round = 0; round < step->times && !run->failed && !run->stopped;
			     round++)
				run_steps(run, step->body, step->num_body);
			continue;
		}
		if (step->kind == PLAN_CALL && run->last_step + 1 == run->stop_before) {
			run->stopped = true;
			break;
		}
		run->current = step;
		/* Steps are numbered as in the trace: what only looks has the number of what it looks at. */
		if (step->kind == PLAN_CALL)
			run->step = ++run->last_step;
		run->faults.step = step->name;
		record_step_begin(run->watcher, run->step, step);
		switch (step->kind) {
		case PLAN_CALL:
			run_call(run, step);
			break;
		case PLAN_EXPECT:
			checker.realm = step->realm;
			expect_check(&checker, &step->expects);
			run_keep_step(run, step, NULL);
			break;
		case PLAN_SNAPSHOT:
			run->digests[step->snapshot] = machine_hash(world_machine(run->world));
			break;
		case PLAN_SAME_AS:
			run_same_as(run, step);
			if (run->failed)
				run_keep_step(run, step, NULL);
			break;
		case PLAN_NOTE:
			run_keep_step(run, step, NULL);
			break;
		case PLAN_PARALLEL:
			run_parallel(run, step);
			break;
		case PLAN_REPEAT:
			break;
		}
		if (!run->in_team)
			run_flush(run);
	}
}

/* --- parallel steps ---------------------------------------------------------------------------------- */

static void team_run(void *ctx, unsigned int actor)
{
	struct team *team = ctx;
	const struct plan_actor *plan = &team->plan->actors[actor];

	run_steps(team->run, plan->steps, plan->num_steps);
}

static void team_swap(struct team *team, unsigned int actor)
{
	const struct plan_step *current = team->run->current;
	const char *fault_step = team->run->faults.step;
	uint32_t step = team->run->step;

	team->run->current = team->actors[actor].current;
	team->run->step = team->actors[actor].step;
	team->actors[actor].current = current;
	team->actors[actor].step = step;
	team->run->faults.step = team->actors[actor].fault_step;
	team->actors[actor].fault_step = fault_step;
}

/* Turns that are over are told at once: the next one may end in a crash. */
static void team_enter(void *ctx, unsigned int actor)
{
	struct team *team = ctx;
	size_t num;
	const struct schedule_turn *turns = schedule_turns(team->schedule, &num);

	for (; team->turns_seen < num; team->turns_seen++) {
		const struct schedule_turn *over =
			team->turns_seen ? &turns[team->turns_seen - 1] : NULL;
		char *text = over ? turns_text(team->plan, over, 1) : NULL;

		if (text) {
			record_turn(team->run->watcher, text);
			g_string_append_printf(team->story, "%s %s: %s\n",
					       team->plan->actors[over->actor].name,
					       over->points ? "is preempted" : "stops",
					       parallel_place(team->parallel, over->actor));
		}
		g_free(text);
	}
	team_swap(team, actor);
}

static void team_leave(void *ctx, unsigned int actor)
{
	team_swap(ctx, actor);
}

static void team_free(void *data)
{
	struct team *team = data;

	parallel_destroy(team->parallel);
	g_string_free(team->story, TRUE);
	g_free(team->ran);
	g_free(team);
}

/* The actors of the parallel step that is met now; their stacks are kept from run to run. */
static struct team *team_get(struct run *run, const struct plan_parallel *plan)
{
	struct parallel_config config = {
		.num = plan->num_actors, .run = team_run, .enter = team_enter, .leave = team_leave};
	struct team *team;
	int err;

	if (run->num_met < run->teams->len)
		return run->teams->pdata[run->num_met];
	team = g_new0(struct team, 1);
	team->plan = plan;
	team->story = g_string_new(NULL);
	config.ctx = team;
	err = parallel_create(&config, &team->parallel);
	if (err) {
		run_fail(run, RESULT_ERROR, "the actors cannot be made: %s", errno_text(err));
		team_free(team);
		return NULL;
	}
	g_ptr_array_add(run->teams, team);
	return team;
}

/* What was run, so that it can be run again. */
static void team_note(struct team *team)
{
	size_t num;
	const struct schedule_turn *turns = schedule_turns(team->schedule, &num);
	char *list = turns_text(team->plan, turns, num);

	g_free(team->ran);
	team->ran = g_strdup_printf("schedule: [%s]\n%s", list, team->story->str);
	g_free(list);
}

static void explain_schedules(struct run *run)
{
	size_t i;

	for (i = 0; i < run->teams->len; i++) {
		const struct team *team = run->teams->pdata[i];

		if (team->ran)
			record_block(
				run->recorder,
				"the schedule (put it in place of `schedules:` to run it again)",
				team->ran);
	}
}

static struct schedule *explored_schedule(const struct plan_parallel *plan)
{
	switch (plan->kind) {
	case PLAN_SCHEDULES_ALL:
		return schedule_create_all(plan->preemptions);
	case PLAN_SCHEDULES_RANDOM:
		return schedule_create_random(plan->seed, plan->runs);
	case PLAN_SCHEDULE_TURNS:
		break;
	}
	return schedule_create_turns(plan->turns, plan->num_turns);
}

static void run_parallel(struct run *run, const struct plan_step *step)
{
	const struct plan_parallel *plan = step->parallel;
	struct team *team = team_get(run, plan);
	bool focused = run->num_met == run->focus && (run->schedule || run->exploring) &&
		       plan->kind != PLAN_SCHEDULE_TURNS;
	struct schedule *schedule = NULL;
	const struct plan_step *current = run->current;
	uint32_t number = run->step;
	char *error = NULL;
	int err;

	run->num_met++;
	if (!team)
		return;
	if (!focused) {
		schedule = schedule_create_turns(plan->turns, plan->num_turns);
	} else if (!run->schedule) {
		run->schedule = explored_schedule(plan);
		if (run->schedule && !schedule_next(run->schedule))
			focused = false;
	}
	team->run = run;
	team->schedule = focused ? run->schedule : schedule;
	team->turns_seen = 0;
	g_string_truncate(team->story, 0);
	memset(team->actors, 0, sizeof(team->actors));
	if (!team->schedule || (schedule && !schedule_next(schedule))) {
		run_fail(run, RESULT_ERROR, "the schedule cannot be made: out of memory");
		goto out;
	}
	record_turn(run->watcher, "");
	run->in_team = true;
	err = parallel_run(team->parallel, run->world, team->schedule, &error);
	run->in_team = false;
	if (err) {
		run->failed = false;
		run_fail(run,
			 plan->kind == PLAN_SCHEDULE_TURNS && err == -EINVAL ? RESULT_INVALID
									     : RESULT_ERROR,
			 "the parallel steps cannot be run: %s", error ? error : errno_text(err));
		free(error);
	}
	if (run->failed) {
		run->current = run->blamed ? run->blamed : current;
		run->step = run->blamed ? run->blamed_step : number;
		record_step_begin(run->watcher, run->step, run->current);
	} else {
		run->current = current;
		run->step = run->last_step;
		run_check_findings(run, false);
		run_check_faults(run);
		run_keep_step(run, step, NULL);
	}
	team_note(team);
out:
	schedule_destroy(schedule);
	team->schedule = NULL;
}

/* A fault that never came to pass would leave the scenario testing something else than it says. */
static void run_check_fired(struct run *run)
{
	size_t i;

	for (i = 0; i < run->plan->num_faults; i++) {
		const struct plan_fault *fault = &run->plan->faults[i];
		char *actual;

		if (run->faults.states[i].fired)
			continue;
		if (run->foreign) {
			run_leave_out(run, "this host makes no call that was to fail");
			continue;
		}
		actual = g_strdup_printf("%" PRIu64 " times", run->faults.states[i].seen);
		run_mismatch(run, fault->place, fault->title, "the fault happens", actual);
		run_fail_expectation(run, fault->title,
				     "the fault %s never happened: its point was reached %s",
				     fault->title, actual);
		g_free(actual);
	}
}

static bool run_start_trace(struct run *run)
{
	bool compared = run->config->keep_steps && run->config->calls != CALLS_COUNTED;

	if (!run->config->trace_kinds && !run->config->events && !run->follow && !compared)
		return true;
	run->trace = trace_create();
	if (!run->trace)
		return false;
	if (run->config->trace_kinds) {
		run->trace_stream.file =
			open_memstream(&run->trace_stream.text, &run->trace_stream.size);
		if (!run->trace_stream.file ||
		    trace_add_sink(run->trace, run->config->trace_kinds, trace_jsonl_sink,
				   run->trace_stream.file))
			return false;
	}
	if (run->follow && trace_add_sink(run->trace, TRACE_MASK_ALL, follow_event, run->follow))
		return false;
	if (compared) {
		call_order_init(&run->order, run->config->calls == CALLS_LISTED);
		if (trace_add_sink(run->trace, TRACE_MASK(TRACE_RMI), call_order_event,
				   &run->order))
			return false;
	}
	if (run->config->events) {
		run->events = g_byte_array_new();
		if (trace_add_sink(run->trace, EVENTS_MASK, run_take_event, run))
			return false;
	}
	return true;
}

static bool run_start(struct run *run)
{
	const struct plan *plan = run->plan;
	struct world_config config = {
		.realms = plan->realms,
		.num_realms = plan->num_realms,
		.seed = run->config->seed,
		.keep_calls = plan->keep_calls,
	};
	char *error = NULL;
	int err;

	if (!run_start_trace(run)) {
		run_fail(run, RESULT_ERROR, "the trace cannot be written: out of memory");
		return false;
	}
	if (run->config->rmi_log) {
		run->log_stream.file = open_memstream(&run->log_stream.text, &run->log_stream.size);
		if (!run->log_stream.file) {
			run_fail(run, RESULT_ERROR,
				 "the RMI calls cannot be logged: out of memory");
			return false;
		}
	}
	machine_config_init(&config.machine);
	plan_apply(plan, &config.machine);
	config.machine.dram.memfd = run->config->memfd;
	config.machine.kvm = run->config->module;
	config.machine.trace = run->trace;
	config.machine.rmi_log = run->log_stream.file;
	err = world_create(&config, &run->world, &error);
	if (err) {
		run_fail(run, RESULT_ERROR, "the machine cannot be made: %s",
			 error ? error : errno_text(err));
		run->world = NULL;
	}
	if (run->follow)
		run->follow->world = run->world;
	free(error);
	return !err;
}

/* The order matters: the machine writes to the trace until it is gone. */
static void run_end(struct run *run)
{
	struct world *world = run->world;

	/* No event may ask it any more. */
	run->world = NULL;
	if (run->follow)
		run->follow->world = NULL;
	world_destroy(world);
	run_flush(run);
	trace_destroy(run->trace);
	stream_close(&run->trace_stream);
	stream_close(&run->log_stream);
	if (run->events)
		g_byte_array_unref(run->events);
	call_order_clear(&run->order);
}

/*
 * Since v12 a mapping holds no reference on its page: what becomes of one that the RMM does not give up when it should
 * is not promised.
 */
static bool run_keeps_pages(const struct run *run)
{
	size_t i;

	for (i = 0; i < run->plan->num_faults && world_series(run->world) >= 12; i++) {
		const struct rmi_command *command = run->plan->faults[i].command;

		if (command && !strcmp(command->name, "DATA_DESTROY"))
			return false;
	}
	return true;
}

/* The plan from the beginning to the closing checks. */
static void run_perform(struct run *run)
{
	const struct plan *plan = run->plan;
	char *skip_reason = NULL, *reason;

	fault_injector_attach(&run->faults, world_machine(run->world));
	run_keep_step(run, NULL, NULL);
	run_check_findings(run, false);
	if (plan->own_host && run->foreign) {
		reason = g_strdup_printf("only rmesim's own host is judged by it: %s",
					 plan->own_host);
		run_skip(run, reason);
		g_free(reason);
	} else if (run->foreign && plan->num_realms && plan->machine.page_size != 4096 &&
		   !world_offers_realms(run->world)) {
		reason = g_strdup_printf("this host offers no Realms with pages of %uK",
					 plan->machine.page_size / 1024);
		run_skip(run, reason);
		g_free(reason);
	} else if (!run_keeps_pages(run)) {
		run_skip(
			run,
			"since v12 of the series a mapping holds no reference on its page, and the "
			"RMM is made to keep one");
	} else if (plan->since && world_series(run->world) &&
		   world_series(run->world) < strtoul(plan->since + 1, NULL, 10)) {
		reason = g_strdup_printf("the KVM build is of v%u of the series, and the "
					 "scenario is for %s and later",
					 world_series(run->world), plan->since);
		run_skip(run, reason);
		g_free(reason);
	} else {
		run_steps(run, plan->steps, plan->num_steps);
	}
	/* What is found before the first step is the boot's. */
	run->at_step = run->failed && run->current;
	if (run->skipped) {
		/* What was done up to there is torn down and judged like anything else. */
		skip_reason = run->reason;
		run->reason = NULL;
		run->failed = false;
	}
	if (run->failed)
		run_explain(run);
	else
		run->current = NULL;
	run->faults.step = PLAN_TEARDOWN_STEP;
	world_teardown(run->world, plan->allow_leaks);
	run->ended = true;
	if (run->config->calls != CALLS_COUNTED)
		run_keep_step(run, NULL, NULL);
	/* After a failure the end only repeats it. */
	if (!run->failed) {
		run_check_findings(run, true);
		run_check_faults(run);
		if (!run->skipped)
			run_check_fired(run);
		if (run->failed)
			run_explain(run);
	}
	if (run->skipped && !run->failed)
		run_fail(run, RESULT_SKIPPED, "%s", skip_reason);
	if (run->left_out && !run->failed)
		run_fail(run, RESULT_SKIPPED, "all else held, but %s", run->left_out);
	if (run->ways)
		record_block(run->recorder, RESULT_WAYS, run->ways->str);
	g_free(skip_reason);
}

static void run_init(struct run *run, const struct plan *plan, const struct run_config *config,
		     struct recorder *recorder)
{
	*run = (struct run){
		.plan = plan, .config = config, .recorder = recorder, .watcher = recorder};
	run->foreign = config->module && !config->exact && kvm_module_is_foreign(config->module);
	run->digests = g_new0(uint64_t, plan->num_snapshots + 1);
	run->teams = g_ptr_array_new_with_free_func(team_free);
	fault_injector_init(&run->faults, plan);
}

static void run_clear(struct run *run)
{
	fault_injector_clear(&run->faults);
	moment_clear(&run->after);
	g_ptr_array_unref(run->teams);
	g_free(run->digests);
	g_free(run->reason);
	if (run->ways)
		g_string_free(run->ways, TRUE);
}

/* Once more from the beginning, on a machine as new. */
static bool run_again(struct run *run)
{
	char *error = NULL;
	int err = world_reset(run->world, &error);

	fault_injector_clear(&run->faults);
	fault_injector_init(&run->faults, run->plan);
	run->step = run->last_step = 0;
	run->num_met = 0;
	run->findings_seen = 0;
	if (run->ways)
		g_string_free(run->ways, TRUE);
	run->ways = NULL;
	run->current = NULL;
	if (err)
		run_fail(run, RESULT_ERROR, "the machine cannot be reset: %s",
			 error ? error : errno_text(err));
	free(error);
	return !err;
}

/* A schedule that did not pass: of which parallel step, and its turns. */
struct found {
	bool failed;
	size_t focus;
	struct schedule_turn *turns;
	size_t num_turns;
};

/*
 * Runs the plan under every schedule, each time from the beginning: parallel step by parallel step, while the
 * others have their first one. Stops at the first run that does not pass.
 */
static void run_explore(struct run *run, struct found *found)
{
	const struct schedule_turn *turns;
	bool more;

	run->exploring = true;
	run_perform(run);
	do {
		more = run->schedule && !run->failed && schedule_next(run->schedule);
		if (!more && !run->failed) {
			/* On to the next parallel step; its first run makes its schedules. */
			run->num_schedules += run->schedule ? schedule_num_runs(run->schedule) : 0;
			schedule_destroy(run->schedule);
			run->schedule = NULL;
			more = ++run->focus < run->teams->len;
		}
		if (more && run_again(run))
			run_perform(run);
	} while (more && !run->failed);
	if (run->schedule)
		run->num_schedules += schedule_num_runs(run->schedule);
	found->failed = run->failed;
	if (run->failed && run->schedule) {
		turns = schedule_turns(run->schedule, &found->num_turns);
		found->turns = g_memdup2(turns, found->num_turns * sizeof(*turns));
		found->focus = run->focus;
	}
	schedule_destroy(run->schedule);
	run->schedule = NULL;
}

static int write_nothing(void *ctx, const void *data, size_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	return 0;
}

/*
 * What was before the step that failed: the same life once more, up to there. So runs that pass pay nothing
 * for it. A life too long to be lived twice stays unknown.
 */
static void look_before(const struct run *failed, struct moment *before)
{
	struct run_config config = {
		.seed = failed->config->seed, .memfd = -1, .module = failed->config->module};
	struct recorder recorder = {.write = write_nothing};
	struct run run;

	/* What came before several actors is not what came before this step. */
	if (!failed->step || failed->num_calls > MAX_CALLS_TWICE || failed->teams->len)
		return;
	run_init(&run, failed->plan, &config, &recorder);
	run.stop_before = failed->step;
	if (run_start(&run)) {
		fault_injector_attach(&run.faults, world_machine(run.world));
		run_steps(&run, run.plan->steps, run.plan->num_steps);
		if (run.stopped)
			moment_take(run.world, failed->realm,
				    failed->has_address ? &failed->address : NULL, before);
		world_teardown(run.world, true);
	}
	run_end(&run);
	run_clear(&run);
}

/* Which granules will back the page: the whole life once before, since a granule is delegated before it is known. */
static void look_ahead(const struct plan *plan, const struct run_config *asked,
		       struct follow *follow)
{
	struct run_config config = {.seed = asked->seed, .memfd = -1, .module = asked->module};
	struct recorder recorder = {.write = write_nothing};
	struct run run;

	run_init(&run, plan, &config, &recorder);
	run.follow = follow;
	if (run_start(&run)) {
		fault_injector_attach(&run.faults, world_machine(run.world));
		run_steps(&run, run.plan->steps, run.plan->num_steps);
		world_teardown(run.world, true);
	}
	run_end(&run);
	run_clear(&run);
}

/* The rest of the explanation. */
static void run_tell(const struct run *run, bool at_step)
{
	unsigned int around = run->config->verbose ? AROUND_VERBOSE : AROUND_INTERVALS;
	struct moment before = {0};

	if (!run->after.known)
		return;
	if (at_step)
		look_before(run, &before);
	if (run->has_address)
		explain_map(run->recorder, run->plan, run->realm, run->address, &before,
			    &run->after, around);
	explain_books(run->recorder, &before, &run->after, run->warns);
	moment_clear(&before);
}

/*
 * A plan with parallel steps is first explored, with nothing recorded but where it is; then the run that failed
 * is repeated, or the first one, and told. That it can be repeated is so proven each time.
 */
void plan_run(const struct plan *plan, const struct run_config *config, struct recorder *recorder)
{
	bool wanted = config->trace_kinds || config->rmi_log || config->events ||
		      config->keep_steps || config->follow;
	unsigned int num_calls = config->verbose ? LAST_CALLS_VERBOSE : LAST_CALLS;
	struct recorder silence = {.write = write_nothing};
	struct run_config quiet = *config;
	struct follow ahead, follow;
	struct found found = {0};
	uint64_t num_schedules = 0;
	size_t num_known = 0;
	struct run run;

	if (plan->num_explored) {
		quiet.trace_kinds = 0;
		quiet.rmi_log = quiet.events = quiet.keep_steps = false;
		quiet.follow = NULL;
		run_init(&run, plan, &quiet, &silence);
		run.watcher = recorder;
		if (run_start(&run)) {
			if (config->last_words)
				crash_watch(recorder, run.world, num_calls, run.events);
			run_explore(&run, &found);
		} else {
			found.failed = true;
		}
		if (config->last_words)
			crash_watch(NULL, NULL, 0, NULL);
		num_schedules = run.num_schedules;
		run_end(&run);
		num_known = run.num_known;
		if (!found.failed && !wanted && !num_known) {
			record_schedules(recorder, num_schedules);
			record_end(recorder, RESULT_PASSED, NULL, run.last_step, run.num_calls,
				   false);
			run_clear(&run);
			return;
		}
		run_clear(&run);
	}
	run_init(&run, plan, config, recorder);
	run.focus = found.focus;
	if (config->follow) {
		follow_init(&ahead, plan, config->follow, NULL, NULL);
		look_ahead(plan, config, &ahead);
		follow_init(&follow, plan, config->follow, recorder, ahead.granules);
		run.follow = &follow;
	}
	if (found.turns)
		run.schedule = schedule_create_turns(found.turns, found.num_turns);
	if (run.schedule && !schedule_next(run.schedule)) {
		run_fail(&run, RESULT_ERROR, "the schedule cannot be made");
	} else if (run_start(&run)) {
		if (config->last_words)
			crash_watch(recorder, run.world, num_calls, run.events);
		run_perform(&run);
	}
	num_known = MAX(num_known, run.num_known);
	if (!run.failed && !found.failed && num_known)
		run_fail(&run, RESULT_KNOWN, "%zu known finding%s", num_known,
			 num_known == 1 ? "" : "s");
	if (config->last_words)
		crash_watch(NULL, NULL, 0, NULL);
	/* run_end() first: what it still writes belongs to the record. */
	run_end(&run);
	run_tell(&run, run.at_step);
	if (run.failed)
		explain_schedules(&run);
	if (found.failed && !run.failed)
		run_fail(&run, RESULT_ERROR,
			 "what failed under one of %" PRIu64
			 " schedules passed when it was run again: it depends on something else",
			 num_schedules);
	if (plan->num_explored)
		record_schedules(recorder, num_schedules);
	record_end(recorder, run.failed ? run.status : RESULT_PASSED, run.reason, run.last_step,
		   run.num_calls, run.at_step);
	schedule_destroy(run.schedule);
	if (config->follow) {
		follow_clear(&ahead);
		follow_clear(&follow);
	}
	run_clear(&run);
	g_free(found.turns);
}
