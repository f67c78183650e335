/* SPDX-License-Identifier: BSD-3-Clause */
#include "subject.h"

#include <errno.h>
#include <inttypes.h>
#include <rmm/rmi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "../scenario/fault.h"
#include "../scenario/turns_text.h"
#include "documented.h"
#include "point.h"

/* How many of the hits behind the first failure are tried as a second one. */
#define PAIR_DEPTH 8u

/* A point was reached. */
struct hit {
	uint8_t point;
	uint32_t step; /* index of the step; num_steps: after the last one */
	uint64_t nth;  /* time that this point was reached */
	bool aside;    /* in what only makes the threads of a race: of no step */
};
struct shot {
	size_t hit;
	uint8_t status;
	uint8_t second;
};
struct sys_return {
	const char *name;
	int64_t ret;
	int actor;
};

struct subject {
	const struct torture_config *config;
	const struct subject_output *output;
	struct life life;
	unsigned int schedule; /* the races' */
	/* The life without faults. */
	GArray *hits, *shots, *returns;
	struct life_answer *answers;
	struct survey *surveys; /* [i] before step i */
	/* The life at hand. */
	bool counting, armed;
	uint32_t step;
	const struct life_race *race;	  /* that is going on */
	uint32_t at[SCHEDULE_MAX_ACTORS]; /* the step of each actor in it */
	struct life_answer *given;	  /* what the steps answered */
	GString *turns;			  /* of the races so far, in words */
	uint64_t counts[POINT_MAX];
	size_t seq; /* hits so far */
	const struct shot *shot;
	unsigned int until_second; /* hits until the second failure; 0: there is none any more */
	bool fired, impossible;
	bool had_vm, ripas_waited; /* before the step */
	bool as_asked; /* the step failed, and pages are as the guest had asked all the same */
	size_t num_returns[SCHEDULE_MAX_ACTORS + 1]; /* of each actor; the first is LIFE_ALONE */
	bool waiting; /* for the system call to return in which the fault happened */
	bool waiting_second;
	struct sys_return fired_in, second_in;
	uint32_t fired_step;
	int fired_actor, second_actor;
	size_t fired_return;   /* its number among the system calls of its actor */
	uint64_t fired_points; /* bit of each point that failed */
	size_t num_findings;   /* of this life */
	size_t total_findings;
};

static void say(struct subject *subject, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void say(struct subject *subject, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	subject->output->line(subject->output->ctx, text);
	g_free(text);
}

static char *field(const char *text)
{
	return g_strdelimit(g_strdup(text && *text ? text : "-"), "\t\n\r", ' ');
}

/* --- points are reached ------------------------------------------------------------------------------ */

/*
 * A lock that is dropped where nobody else wants it changes nothing for what comes behind it: one life drops it
 * at every hit of a step. A number of the caller's means one hit, and so does a pair.
 */
static bool is_grouped(const struct torture_config *config, unsigned int point)
{
	return point == PORT_FAULT_RESCHED && !config->pairs && !config->second && !config->single;
}

/* Counts a hit; true if it is to fail. */
static bool reach(struct subject *subject, unsigned int point)
{
	bool fail = false;

	if (subject->counting) {
		struct hit hit = {(uint8_t)point, subject->step, ++subject->counts[point],
				  life_makes_threads(&subject->life)};

		g_array_append_val(subject->hits, hit);
		return false;
	}
	if (!subject->armed)
		return false;
	if (subject->fired && is_grouped(subject->config, point) &&
	    g_array_index(subject->hits, struct hit, subject->shot->hit).point == point)
		fail = true;
	else if (subject->fired)
		fail = subject->until_second && !--subject->until_second;
	else
		fail = subject->seq++ == subject->shot->hit;
	return fail;
}

static void fire(struct subject *subject, unsigned int point)
{
	subject->fired_points |= 1ull << point;
	if (subject->fired) {
		subject->waiting_second = true;
		subject->second_actor = subject->life.actor;
		return;
	}
	subject->fired = true;
	subject->until_second = subject->shot->second;
	subject->waiting = true;
	subject->fired_step = subject->step;
	subject->fired_actor = subject->life.actor;
	subject->fired_return = subject->num_returns[subject->life.actor + 1];
}

static bool on_point(void *ctx, enum port_fault point, uint64_t address)
{
	struct subject *subject = ctx;

	(void)address;
	if (!reach(subject, point))
		return false;
	fire(subject, point);
	return true;
}

static bool on_call(void *ctx, struct rmm_regs *regs)
{
	struct subject *subject = ctx;
	const struct rmi_command *command = rmi_command(regs->x[0]);
	int point = command ? point_rmi(command) : -1;
	struct rmm_granule_view granule;
	bool first = !subject->fired;
	uint8_t status;

	if (point < 0 || (!subject->config->rmm && !point_is_environment((unsigned int)point)))
		return false;
	if (!reach(subject, (unsigned int)point))
		return false;
	status = first ? subject->shot->status : RMI_ERROR_INPUT;
	/* What is no memory cannot be in use elsewhere. */
	if ((point_is_environment((unsigned int)point) &&
	     !rmm_inspect_granule(machine_rmm(subject->life.machine), regs->x[1], &granule)) ||
	    !fault_refuse(subject->life.machine, command, status, regs)) {
		if (first)
			subject->impossible = true;
		return false;
	}
	fire(subject, (unsigned int)point);
	return true;
}

static void on_return(void *ctx, const struct trace_event *event)
{
	struct subject *subject = ctx;
	struct sys_return returned = {event->name, (int64_t)event->result[0], subject->life.actor};

	if (subject->counting)
		g_array_append_val(subject->returns, returned);
	if (subject->waiting && subject->fired_actor == subject->life.actor) {
		subject->waiting = false;
		subject->fired_in = returned;
	}
	if (subject->waiting_second && subject->second_actor == subject->life.actor) {
		subject->waiting_second = false;
		subject->second_in = returned;
	}
	subject->num_returns[subject->life.actor + 1]++;
}

/* --- findings ---------------------------------------------------------------------------------------- */

static const struct plan_step *step_of(const struct subject *subject)
{
	return subject->step < subject->life.num_steps ? subject->life.steps[subject->step] : NULL;
}

static void find(struct subject *subject, const char *oracle, const char *condition,
		 const char *function, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
static void find(struct subject *subject, const char *oracle, const char *condition,
		 const char *function, const char *format, ...)
{
	char *fields[4];
	va_list args;
	char *text;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	fields[0] = field(oracle);
	fields[1] = field(condition);
	fields[2] = field(function);
	fields[3] = field(text);
	if (*subject->turns->str)
		say(subject, "turns\t%s", subject->turns->str);
	say(subject, "finding\t%s\t%s\t%s\t%s\t%u\t%s", fields[0], fields[1], fields[2],
	    subject->fired_in.name ? subject->fired_in.name : "-", subject->step, fields[3]);
	for (unsigned int i = 0; i < G_N_ELEMENTS(fields); i++)
		g_free(fields[i]);
	g_free(text);
	subject->num_findings++;
	subject->total_findings++;
}

static bool kept_is_documented(const struct subject *subject);

/*
 * A block that stays mapped under a hole has left the page cache, whose reference the host audit misses.
 */
static bool block_is_kept(const struct subject *subject, const struct finding *finding)
{
	return subject->fired && subject->step < subject->life.num_steps &&
	       !strcmp(finding->oracle, "host-audit") &&
	       !strcmp(finding->condition, "gmem-refcount") && kept_is_documented(subject);
}

static bool warn_is_documented(const struct subject *subject, const struct finding *finding)
{
	unsigned int point;

	if (strcmp(finding->oracle, "warn") || strcmp(finding->condition, "WARN"))
		return false;
	for (point = 0; point < POINT_MAX; point++) {
		if (subject->fired_points & 1ull << point &&
		    documented_warn(finding->function, point))
			return true;
	}
	return false;
}

/* What the oracles of the machine found since number `*seen`. */
static void take_findings(struct subject *subject, size_t *seen)
{
	for (; *seen < machine_num_findings(subject->life.machine); ++*seen) {
		const struct finding *finding = machine_finding(subject->life.machine, *seen);

		if (!warn_is_documented(subject, finding) && !block_is_kept(subject, finding))
			find(subject, finding->oracle, finding->condition, finding->function, "%s",
			     finding->message);
	}
}

/* --- judging ----------------------------------------------------------------------------------------- */

static bool errno_is_documented(const struct subject *subject)
{
	unsigned int point;

	for (point = 0; point < POINT_MAX; point++) {
		if (subject->fired_points & 1ull << point &&
		    documented_errno(subject->fired_in.name, point, (int)-subject->fired_in.ret))
			return true;
	}
	return false;
}

static bool retry_is_documented(const struct subject *subject, int error)
{
	const char *name = subject->life.steps[subject->step]->call.def->name;
	unsigned int point;

	for (point = 0; point < POINT_MAX; point++) {
		if (subject->fired_points & 1ull << point &&
		    (documented_retry(name, subject->fired_in.name, point, error) ||
		     documented_retry(name, subject->second_in.name, point, error)))
			return true;
	}
	return false;
}

static bool kept_is_documented(const struct subject *subject)
{
	unsigned int point;

	for (point = 0; point < POINT_MAX; point++) {
		if (subject->fired_points & 1ull << point &&
		    documented_kept(subject->life.steps[subject->step]->call.def->name, point))
			return true;
	}
	return false;
}

static bool is_strange(const struct subject *subject)
{
	unsigned int point;

	for (point = 0; point < POINT_MAX; point++) {
		if (subject->fired_points & 1ull << point && documented_strange(point))
			return true;
	}
	return false;
}

/* Asked before the fault of a teardown happens, too. */
static bool leaks_allowed(const struct subject *subject)
{
	const struct shot *shot = subject->shot;

	return shot->second ||
	       documented_leaks(g_array_index(subject->hits, struct hit, shot->hit).point);
}

/* What the call in which the fault happened returned without it; NULL: it was not made. */
static const struct sys_return *return_without(const struct subject *subject)
{
	size_t nth = 0, i;

	for (i = 0; i < subject->returns->len; i++) {
		const struct sys_return *at =
			&g_array_index(subject->returns, struct sys_return, i);

		if (at->actor == subject->fired_actor && nth++ == subject->fired_return)
			return at;
	}
	return NULL;
}

/* True if the call in which the fault happened told its caller of an error. */
static bool judge_return(struct subject *subject)
{
	const struct sys_return *in = &subject->fired_in, *was;

	/* With a signal the guest's program ends, too: it says nothing of an error. */
	if (!in->name || in->ret >= 0 || (in->ret == -EINTR && !strcmp(in->name, "KVM_RUN")))
		return false;
	was = return_without(subject);
	if (was && was->ret == in->ret)
		return true;
	if (!errno_is_documented(subject))
		find(subject, "torture", "errno", in->name, "%s returned -%d (%s)", in->name,
		     (int)-in->ret, g_strerror((int)-in->ret));
	return true;
}

static uint64_t arg_of(const struct step_call *call, const char *name)
{
	return call->args[step_param_find(call->def, name)].number;
}

/*
 * Whether a guest that asks for another RIPAS may find a page so after the step failed. Its answer to an exit can be what
 * fails, and what it asked for can have been done by then; or, with a second failure, what comes first of it: the VMM
 * gives up the page's memory, which destroys a page of RAM. What is DESTROYED stays, unless a change from before the step
 * is made first.
 */
static bool is_asked(const struct subject *subject, size_t realm,
		     const struct survey_interval *before, const struct survey_interval *now,
		     uint64_t ipa)
{
	const struct step_call *call = &step_of(subject)->call;
	uint64_t asked;

	if (strcmp(call->def->name, "guest.set_ripas") != 0 || call->realm != realm ||
	    ipa - arg_of(call, "base") >= arg_of(call, "size") ||
	    (before->ripas == RMM_DESTROYED && !subject->ripas_waited))
		return false;
	asked = arg_of(call, "ripas");
	return now->ripas == asked ||
	       (subject->shot->second && asked == RMM_EMPTY && now->ripas == RMM_DESTROYED);
}

static bool judge_views(struct subject *subject, const char *condition, const struct survey *a,
			const struct survey *b, const char *what)
{
	struct survey now;
	bool sound = true;
	size_t r;

	survey_take(subject->life.world, true, &now);
	for (r = 0; r < now.num_realms && sound; r++) {
		const struct survey_interval *found = NULL, *before = NULL;
		uint64_t ipa = 0;

		while (life_views_differ(&now.realms[r], &a->realms[r], b ? &b->realms[r] : NULL,
					 &ipa)) {
			found = survey_find(&now.realms[r], ipa);
			before = survey_find(&a->realms[r], ipa);
			if (strcmp(condition, "changed") != 0 ||
			    !is_asked(subject, r, before, found, ipa))
				break;
			subject->as_asked = true;
			ipa = MIN(found->base + found->size, before->base + before->size);
			found = NULL;
		}
		if (!found)
			continue;
		find(subject, "torture", condition, step_of(subject)->call.def->name,
		     "%s, IPA 0x%" PRIx64 " is %s %s, not %s %s", what, ipa,
		     rmm_ripas_name((enum rmm_ripas)found->ripas),
		     rmm_hipas_name((enum rmm_hipas)found->hipas),
		     rmm_ripas_name((enum rmm_ripas)before->ripas),
		     rmm_hipas_name((enum rmm_hipas)before->hipas));
		sound = false;
	}
	survey_clear(&now);
	return sound;
}

static void perform_by_name(struct subject *subject, const char *name)
{
	struct life_answer answer;
	struct step_call call;

	step_call_init(&call, step_find(name));
	call.realm = step_of(subject)->call.realm;
	life_perform_call(&subject->life, &call, &answer);
}

/*
 * A VM that was made in part, by vmm.create_vm or because a step implied it: a VMM closes it and makes
 * another one.
 */
static void retry_prepare(struct subject *subject, const struct life_answer *answer)
{
	const struct step_call *call = &step_of(subject)->call;
	bool creates = !strcmp(call->def->name, "vmm.create_vm");

	if (subject->had_vm || (!creates && !answer->refused) ||
	    world_vm_fd(subject->life.world, call->realm) < 0)
		return;
	perform_by_name(subject, "vmm.close");
	if (!creates)
		perform_by_name(subject, "vmm.create_vm");
}

/* Whether an answer says the same as the one without faults. How far a step came may differ. */
static bool retry_succeeded(const struct life_answer *again, const struct life_answer *was)
{
	return again->refused == was->refused && again->err == was->err &&
	       again->outcome == was->outcome;
}

static void judge_retry(struct subject *subject, const struct life_answer *first)
{
	const struct life_answer *was = &subject->answers[subject->step];
	const char *name = step_of(subject)->call.def->name;
	struct life_answer again;
	char *expected, *actual;

	retry_prepare(subject, first);
	life_perform(&subject->life, subject->step, &again);
	if (retry_succeeded(&again, was)) {
		if (!retry_is_documented(subject, 0) && !kept_is_documented(subject))
			judge_views(subject, "retry-state", &subject->surveys[subject->step + 1],
				    NULL, "after the step was tried again");
		return;
	}
	if (retry_is_documented(subject, -again.err))
		return;
	/* Nothing is left to do. */
	if (subject->as_asked && !again.refused && !again.err && again.outcome == STEP_OK)
		return;
	expected = life_answer_text(was);
	actual = life_answer_text(&again);
	find(subject, "torture", "retry", name, "tried again, %s answers %s, expected %s", name,
	     actual, expected);
	g_free(expected);
	g_free(actual);
}

/* What the guest sees after the step, and what comes of trying it again. */
static void judge_answer(struct subject *subject, const struct life_answer *answer)
{
	const struct survey *before = &subject->surveys[subject->step];

	/* What fails in any case has done by then what it does, or has failed before. */
	if (life_answers_equal(answer, &subject->answers[subject->step]))
		judge_views(subject, "changed", before + 1,
			    kept_is_documented(subject) || answer->err ? before : NULL,
			    "the step answered as without the fault");
	else if (judge_views(subject, "changed", before, before + 1, "after the error"))
		judge_retry(subject, answer);
}

/*
 * A step that overlapped with others. What they do to its memory is for the contract to judge; but memory can be had again,
 * and there is no signal any more.
 */
static void judge_race(struct subject *subject)
{
	const struct life_answer *was = &subject->answers[subject->step],
				 *first = &subject->given[subject->step];
	const char *name = step_of(subject)->call.def->name;
	struct life_answer again;
	char *actual;

	if (life_answers_equal(first, was) || (!first->err && !first->refused))
		return;
	life_perform(&subject->life, subject->step, &again);
	if ((again.err != -ENOMEM && again.err != -EINTR) || again.err == was->err ||
	    retry_is_documented(subject, -again.err))
		return;
	actual = life_answer_text(&again);
	find(subject, "torture", "retry", name, "tried again after the race, %s answers %s", name,
	     actual);
	g_free(actual);
}

/* --- steps that overlap ------------------------------------------------------------------------------ */

static void race_enter(void *ctx, unsigned int actor)
{
	struct subject *subject = ctx;

	subject->step = subject->at[actor];
}

static void race_run(void *ctx, unsigned int actor)
{
	struct subject *subject = ctx;
	size_t i;

	for (i = 0; i < subject->race->num[actor]; i++) {
		subject->step = subject->at[actor];
		life_perform(&subject->life, subject->step, &subject->given[subject->step]);
		if (i + 1 < subject->race->num[actor])
			subject->at[actor]++;
	}
}

/*
 * Number 0 is the one that is given, or the first of those that the scenario is run under; others are drawn. With a
 * failure in it turns may end early.
 */
static struct schedule *race_schedule(const struct plan_parallel *plan, unsigned int number)
{
	struct schedule *schedule = NULL;
	unsigned int i;
	bool more = true;

	if (plan->kind == PLAN_SCHEDULE_TURNS) {
		schedule = schedule_create_turns(plan->turns, plan->num_turns);
		if (schedule)
			schedule_bend(schedule);
		number = 0;
	} else if (plan->kind == PLAN_SCHEDULES_ALL && !number) {
		schedule = schedule_create_all(plan->preemptions);
	} else {
		schedule = schedule_create_random(plan->seed, UINT64_MAX);
	}
	for (i = 0; schedule && more && i <= number; i++)
		more = schedule_next(schedule);
	if (more)
		return schedule;
	schedule_destroy(schedule);
	return NULL;
}

/* False: there is no memory for its actors. */
static bool race_perform(struct subject *subject, const struct life_race *race)
{
	const struct plan_parallel *plan = race->step->parallel;
	const struct parallel_config config = {
		.num = plan->num_actors, .ctx = subject, .run = race_run, .enter = race_enter};
	struct schedule *schedule = race_schedule(plan, subject->schedule);
	const struct schedule_turn *turns;
	uint32_t at = (uint32_t)race->first;
	unsigned int i;
	size_t num;
	char *text;
	bool good;

	for (i = 0; i < plan->num_actors; i++) {
		subject->at[i] = at;
		at += (uint32_t)race->num[i];
	}
	subject->race = race;
	good = schedule && !life_together(&subject->life, &config, schedule);
	subject->race = NULL;
	if (schedule) {
		turns = schedule_turns(schedule, &num);
		text = turns_text(plan, turns, num);
		g_string_append_printf(subject->turns, "%s`schedule: [%s]` at line %u",
				       *subject->turns->str ? ", " : "", text,
				       race->step->place.line);
		g_free(text);
	}
	schedule_destroy(schedule);
	return good;
}

/* The race that a step is in, or NULL. */
static const struct life_race *race_of(const struct subject *subject, size_t step)
{
	size_t i;

	for (i = 0; i < subject->life.num_races; i++) {
		const struct life_race *race = &subject->life.races[i];

		if (step >= race->first && step < life_race_end(race))
			return race;
	}
	return NULL;
}

/* Performs what begins with step `index`; returns the index behind it. */
static size_t subject_perform(struct subject *subject, size_t index)
{
	const struct life_race *race = race_of(subject, index);

	subject->step = (uint32_t)index;
	if (!race) {
		life_perform(&subject->life, index, &subject->given[index]);
		return index + 1;
	}
	if (!race_perform(subject, race))
		find(subject, "torture", "race", NULL,
		     "the actors cannot be run: out of memory");
	return life_race_end(race);
}

/* --- lives with a failure ---------------------------------------------------------------------------- */

static void subject_shoot(struct subject *subject, const struct shot *shot)
{
	const struct life *life = &subject->life;
	bool reported = false;
	size_t seen = 0, next;

	subject->shot = shot;
	subject->armed = true;
	subject->fired = subject->impossible = subject->waiting = false;
	subject->seq = 0;
	subject->until_second = 0;
	memset(subject->num_returns, 0, sizeof(subject->num_returns));
	memset(subject->given, 0, life->num_steps * sizeof(*subject->given));
	g_string_truncate(subject->turns, 0);
	subject->as_asked = false;
	subject->fired_points = 0;
	subject->waiting_second = false;
	subject->fired_in = subject->second_in = (struct sys_return){0};
	subject->num_findings = 0;
	subject->step = 0;
	for (next = 0; next < life->num_steps; subject->step = (uint32_t)next) {
		subject->had_vm = world_vm_fd(life->world, step_of(subject)->call.realm) >= 0;
		subject->ripas_waited =
			world_ripas_waits(life->world, step_of(subject)->call.realm);
		next = subject_perform(subject, next);
		if (subject->fired || subject->impossible)
			break;
	}
	if (subject->fired) {
		subject->armed = false;
		subject->step = subject->fired_step;
		reported = judge_return(subject);
		take_findings(subject, &seen);
		if (!subject->num_findings && !is_strange(subject)) {
			if (race_of(subject, subject->step))
				judge_race(subject);
			else
				judge_answer(subject, &subject->given[subject->step]);
		}
		take_findings(subject, &seen);
	}
	if (!subject->impossible) {
		world_teardown(subject->life.world, leaks_allowed(subject));
		if (!subject->num_findings) {
			if (subject->step == life->num_steps)
				reported = judge_return(subject);
			take_findings(subject, &seen);
		}
		if (!subject->fired)
			find(subject, "torture", "lost-fault", NULL,
			     "the point was not reached again: the run is not deterministic");
	}
	say(subject, "end\t%s\t%s", subject->fired_in.name ? subject->fired_in.name : "-",
	    subject->impossible	    ? "impossible"
	    : subject->num_findings ? "finding"
	    : reported		    ? "reported"
				    : "otherwise");
	subject->armed = false;
}

/* --- the life without faults, and what to try ------------------------------------------------------- */

/* False: the plan is no subject, and why was said. */
static bool subject_count(struct subject *subject)
{
	struct life *life = &subject->life;
	size_t i, next;

	subject->answers = g_new0(struct life_answer, life->num_steps + 1);
	subject->surveys = g_new0(struct survey, life->num_steps + 2);
	subject->counting = true;
	subject->given = subject->answers;
	survey_take(life->world, true, &subject->surveys[0]);
	for (i = 0; i < life->num_steps; i = next) {
		next = subject_perform(subject, i);
		survey_take(life->world, true, &subject->surveys[next]);
	}
	subject->given = g_new0(struct life_answer, life->num_steps + 1);
	subject->step = (uint32_t)life->num_steps;
	world_teardown(life->world, false);
	subject->counting = false;
	if (machine_num_findings(life->machine)) {
		char *text = field(machine_finding(life->machine, 0)->message);

		say(subject, "unsound\t%s", text);
		g_free(text);
		return false;
	}
	return true;
}

static bool status_wanted(const struct subject *subject, unsigned int status)
{
	static const char *const names[] = {[RMI_ERROR_INPUT] = "ERROR_INPUT",
					    [RMI_ERROR_REALM] = "ERROR_REALM",
					    [RMI_ERROR_REC] = "ERROR_REC",
					    [RMI_ERROR_RTT] = "ERROR_RTT"};

	return !subject->config->status || !strcmp(subject->config->status, names[status]);
}

static void shots_add(struct subject *subject, size_t index, uint8_t status)
{
	const struct torture_config *config = subject->config;
	struct shot shot = {index, status, (uint8_t)config->second};
	unsigned int second;

	if (!config->pairs || config->second) {
		g_array_append_val(subject->shots, shot);
		return;
	}
	for (second = 1; second <= PAIR_DEPTH; second++) {
		shot.second = (uint8_t)second;
		g_array_append_val(subject->shots, shot);
	}
}

/* Of `count` hits the `nth` (from 1) is one of `samples` that are spread evenly, the ends among them. */
static bool is_sample(uint64_t nth, uint64_t count, uint64_t samples)
{
	uint64_t i;

	if (!samples || count <= samples)
		return true;
	for (i = 0; i < samples; i++) {
		uint64_t at = samples == 1 ? 0 : i * (count - 1) / (samples - 1);

		if (nth == at + 1)
			return true;
	}
	return false;
}

/* Whether hit `index` fails together with an earlier one of the same step. */
static bool hit_is_taken_along(const struct subject *subject, size_t index, const uint32_t *steps)
{
	const struct hit *hit = &g_array_index(subject->hits, struct hit, index);

	return is_grouped(subject->config, hit->point) && steps[hit->point] == hit->step + 1;
}

/* What stands before and behind the races is the same under each schedule. */
static bool is_aimed(const struct subject *subject, const struct hit *hit)
{
	return !hit->aside && (!subject->schedule || race_of(subject, hit->step));
}

static void subject_aim(struct subject *subject)
{
	const struct torture_config *config = subject->config;
	int only = config->point ? point_find(config->point) : -1;
	uint32_t steps[POINT_MAX] = {0}; /* of the last hit of each point, + 1 */
	uint64_t counts[POINT_MAX] = {0}, nth[POINT_MAX] = {0};
	size_t i;

	for (i = 0; i < subject->hits->len; i++) {
		const struct hit *hit = &g_array_index(subject->hits, struct hit, i);

		counts[hit->point] +=
			!hit_is_taken_along(subject, i, steps) && is_aimed(subject, hit);
		steps[hit->point] = hit->step + 1;
	}
	memset(steps, 0, sizeof(steps));
	for (i = 0; i < subject->hits->len; i++) {
		const struct hit *hit = &g_array_index(subject->hits, struct hit, i);
		bool along = hit_is_taken_along(subject, i, steps);
		unsigned int status, statuses;

		steps[hit->point] = hit->step + 1;
		if (along || (only >= 0 && hit->point != only) || !is_aimed(subject, hit))
			continue;
		nth[hit->point]++;
		if (config->nth ? hit->nth != config->nth
				: !is_sample(nth[hit->point], counts[hit->point], config->shallow))
			continue;
		if (hit->point < PORT_NUM_FAULTS) {
			shots_add(subject, i, 0);
			continue;
		}
		statuses = config->rmm ? fault_statuses(point_command(hit->point))
				       : 1u << RMI_ERROR_INPUT;
		for (status = RMI_ERROR_INPUT; status <= RMI_ERROR_RTT; status++) {
			if (statuses & 1u << status && status_wanted(subject, status))
				shots_add(subject, i, (uint8_t)status);
		}
	}
}

static void guard_set(const struct subject *subject, bool on)
{
	struct itimerval timer = {
		.it_value = {.tv_sec = on ? subject->config->timeout_ms / 1000 : 0,
			     .tv_usec = on ? subject->config->timeout_ms % 1000 * 1000 : 0}};

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Of findings that may be the same: the parent knows better, and runs no other plan once it has enough. */
static bool is_enough(const struct subject *subject)
{
	return subject->config->max_findings == 1 && subject->total_findings;
}

static void subject_torture(struct subject *subject, uint64_t first)
{
	static const char *const status_names[] = {"-", "ERROR_INPUT", "ERROR_REALM", "ERROR_REC",
						   "ERROR_RTT"};
	unsigned int point;
	size_t i;

	subject_aim(subject);
	say(subject, "shots\t%u", subject->shots->len);
	for (point = 0; point < POINT_MAX && !first; point++) {
		if (subject->counts[point])
			say(subject, "hit\t%s\t%" PRIu64, point_name(point),
			    subject->counts[point]);
	}
	for (i = first; i < subject->shots->len && !is_enough(subject); i++) {
		const struct shot *shot = &g_array_index(subject->shots, struct shot, i);
		const struct hit *hit = &g_array_index(subject->hits, struct hit, shot->hit);

		say(subject, "begin\t%zu\t%s\t%" PRIu64 "\t%s\t%u\t%u", i, point_name(hit->point),
		    hit->nth, status_names[shot->status], shot->second, hit->step);
		if (life_reset(&subject->life)) {
			find(subject, "torture", "reset", NULL, "the machine cannot be reset");
			return;
		}
		guard_set(subject, true);
		subject_shoot(subject, shot);
		guard_set(subject, false);
	}
	say(subject, "done");
}

void subject_run(const struct torture_config *config, const struct plan *plan,
		 unsigned int schedule, struct kvm_module *module, int memfd, uint64_t first,
		 const struct subject_output *output)
{
	struct subject subject = {.config = config, .output = output, .schedule = schedule};
	struct trace *trace;
	char *error = NULL;
	size_t i;
	int err = life_create(&subject.life, plan, module, memfd, config->seed, &error);

	if (err) {
		char *text = field(error ? error : g_strerror(-err));

		say(&subject, "unsound\t%s", text);
		g_free(text);
		free(error);
		return;
	}
	subject.hits = g_array_new(FALSE, FALSE, sizeof(struct hit));
	subject.shots = g_array_new(FALSE, FALSE, sizeof(struct shot));
	subject.returns = g_array_new(FALSE, FALSE, sizeof(struct sys_return));
	subject.turns = g_string_new(NULL);
	machine_set_faults(subject.life.machine, on_point, on_call, &subject);
	trace = machine_trace(subject.life.machine);
	if (trace_add_sink(trace, TRACE_MASK(TRACE_SYSCALL), on_return, &subject)) {
		say(&subject, "unsound\tout of memory");
	} else {
		guard_set(&subject, true);
		if (subject_count(&subject)) {
			guard_set(&subject, false);
			subject_torture(&subject, first);
		}
		guard_set(&subject, false);
		trace_remove_sink(trace, on_return, &subject);
	}
	for (i = 0; subject.surveys && i <= subject.life.num_steps; i++)
		survey_clear(&subject.surveys[i]);
	g_free(subject.surveys);
	if (subject.given != subject.answers)
		g_free(subject.given);
	g_free(subject.answers);
	g_string_free(subject.turns, TRUE);
	g_array_unref(subject.hits);
	g_array_unref(subject.shots);
	g_array_unref(subject.returns);
	life_destroy(&subject.life);
}
