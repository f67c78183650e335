/* SPDX-License-Identifier: BSD-3-Clause */
/* sequence.c - a sequence that was drawn, as a scenario. */
#include "sequence.h"

#include <errno.h>
#include <inttypes.h>

#include "documented.h"
#include "point.h"

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)

static void yaml_size(GString *out, uint64_t size)
{
	if (size && size % MIB == 0)
		g_string_append_printf(out, "%" PRIu64 "M", size / MIB);
	else if (size && size % KIB == 0)
		g_string_append_printf(out, "%" PRIu64 "K", size / KIB);
	else
		g_string_append_printf(out, "%" PRIu64, size);
}

/* NULL: the language has no name for it that is needed here. */
static const char *errno_name(int err)
{
	static const struct {
		int number;
		const char *name;
	} errnos[] = {
		{EPERM, "EPERM"},   {ENOENT, "ENOENT"},		{EINTR, "EINTR"},
		{EIO, "EIO"},	    {ENXIO, "ENXIO"},		{E2BIG, "E2BIG"},
		{EBADF, "EBADF"},   {EAGAIN, "EAGAIN"},		{ENOMEM, "ENOMEM"},
		{EFAULT, "EFAULT"}, {EBUSY, "EBUSY"},		{EEXIST, "EEXIST"},
		{ENODEV, "ENODEV"}, {EINVAL, "EINVAL"},		{ENOSPC, "ENOSPC"},
		{ENOTTY, "ENOTTY"}, {EOPNOTSUPP, "EOPNOTSUPP"},
	};
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(errnos); i++) {
		if (errnos[i].number == -err)
			return errnos[i].name;
	}
	return NULL;
}

static void yaml_expect(GString *out, const struct life_answer *answer, unsigned int warns,
			const char *indent)
{
	const char *name = answer->err ? errno_name(answer->err) : NULL;
	const char *comma = "";

	if (!name && answer->outcome == STEP_OK && !answer->rejected && !warns)
		return;
	g_string_append_printf(out, "%s  expect: {", indent);
	if (name)
		g_string_append_printf(out, "errno: %s", name);
	else if (answer->outcome != STEP_OK)
		g_string_append_printf(out, "outcome: %s", step_outcome_name(answer->outcome));
	else if (answer->has_response && answer->rejected)
		g_string_append(out, "response: reject");
	if (warns) {
		comma = out->str[out->len - 1] == '{' ? "" : ", ";
		g_string_append_printf(out, "%swarns: %u", comma, warns);
	}
	g_string_append(out, "}\n");
}

static void yaml_step(GString *out, const struct sequence *sequence, const struct step_call *call,
		      const char *indent)
{
	static const char *const policies[] = {[STEP_CONVERT_KVMTOOL] = NULL,
					       [STEP_CONVERT_QEMU] = "{convert: qemu}",
					       [STEP_CONVERT_STOP] = "stop",
					       [STEP_CONVERT_RETURN] = "return"};
	bool first = true;
	size_t i;

	g_string_append_printf(out, "%s- %s:", indent, call->def->name);
	for (i = 0; i < call->def->num_params; i++) {
		const struct step_param *param = &call->def->params[i];
		uint64_t number = call->args[i].number;

		if (!call->args[i].given)
			continue;
		g_string_append_printf(out, "%s%s: ", first ? " {" : ", ", param->name);
		first = false;
		if (param->type == STEP_STRING)
			g_string_append_printf(out, "\"%s\"", call->args[i].string);
		else if (param->type == STEP_ENUM)
			g_string_append(out, param->names[number]);
		else if (param->type == STEP_BOOL)
			g_string_append(out, number ? "true" : "false");
		else if (param->type == STEP_SIZE)
			yaml_size(out, number);
		else
			g_string_append_printf(out, "0x%" PRIx64, number);
	}
	g_string_append(out, first ? "\n" : "}\n");
	if (sequence->shape->num_realms > 1)
		g_string_append_printf(out, "%s  realm: r%u\n", indent, call->realm);
	if (call->vcpu)
		g_string_append_printf(out, "%s  vcpu: %u\n", indent, call->vcpu);
	if (policies[call->memory_fault] && call->def->actor == STEP_ACTOR_GUEST)
		g_string_append_printf(out, "%s  on_memory_fault: %s\n", indent,
				       policies[call->memory_fault]);
}

static void yaml_realm(GString *out, const struct shape *shape, const char *indent)
{
	size_t i;

	g_string_append_printf(out, "%sipa_bits: %u\n%svcpus: %u\n%sslots:\n", indent,
			       shape->ipa_bits, indent, shape->vcpus, indent);
	for (i = 0; i < shape->num_slots; i++) {
		g_string_append_printf(out, "%s  - {base: 0x%" PRIx64 ", size: ", indent,
				       shape->slots[i].base);
		yaml_size(out, shape->slots[i].size);
		g_string_append(out, "}\n");
	}
}

/* Whether a fault that happened may cost pages for good. */
static bool leaks(const struct sequence *sequence, unsigned int fired)
{
	unsigned int i;

	for (i = 0; i < sequence->num_faults; i++) {
		if (fired & 1u << i && documented_leaks(sequence->faults[i].point))
			return true;
	}
	return false;
}

static void yaml_machine(GString *out, const struct sequence *sequence,
			 const struct sequence_outcome *outcome)
{
	const struct shape *shape = sequence->shape;
	bool leaked = leaks(sequence, outcome->fired);

	if (sequence->hostile)
		g_string_append(out, "hostile: true\n");
	if (leaked || outcome->closing_warns)
		g_string_append_printf(out, "teardown: {allow: [%s%s%s]}\n", leaked ? "leaks" : "",
				       leaked && outcome->closing_warns ? ", " : "",
				       outcome->closing_warns ? "warns" : "");
	g_string_append_printf(out, "machine:\n  memory: 256M\n  page_size: %uK\n",
			       shape->page_size / 1024);
	if (shape->quarantine)
		g_string_append_printf(out, "  quarantine: %u\n", shape->quarantine);
	if (shape->blocks)
		g_string_append(out, "  block_mappings: true\n  gmem_huge: true\n");
	g_string_append_printf(out, "  rmm: {rec_aux: %u}\n", shape->rec_aux);
}

/* What a step implied that was then not carried out. */
static void yaml_implied(GString *out, const struct sequence *sequence,
			 const struct step_call *call, const struct life_answer *answer,
			 const char *indent)
{
	const char *name = errno_name(answer->implied_err);

	g_string_append_printf(out, "%s- %s\n", indent,
			       answer->implied == STEP_IMPLIED_VM
				       ? "vmm.create_vm:"
				       : "vmm.create_irqchip: {init: now}");
	if (sequence->shape->num_realms > 1)
		g_string_append_printf(out, "%s  realm: r%u\n", indent, call->realm);
	if (name)
		g_string_append_printf(out, "%s  expect: {errno: %s}\n", indent, name);
}

/* Whether nothing stands for a step. */
static bool is_left_out(const struct sequence_outcome *outcome, unsigned int step)
{
	return step < outcome->num && outcome->answers[step].refused &&
	       !outcome->answers[step].implied;
}

/* A step that was carried out, or of which nothing is known, and what it answered; or what it came to. */
static void yaml_performed(GString *out, const struct sequence *sequence,
			   const struct sequence_outcome *outcome, unsigned int step,
			   const char *indent)
{
	const struct step_call *call = &sequence->steps[step];
	const struct life_answer *answer = step < outcome->num ? &outcome->answers[step] : NULL;

	if (is_left_out(outcome, step))
		return;
	if (answer && answer->refused) {
		yaml_implied(out, sequence, call, answer, indent);
		return;
	}
	yaml_step(out, sequence, call, indent);
	/* A host that was left in the middle has answered nothing. */
	if (answer && answer->err != -EDEADLK)
		yaml_expect(out, answer, outcome->warns ? outcome->warns[step] : 0, indent);
}

/* Its turns as they were taken; or, when they are not known, the seed that gives them. */
static void yaml_schedule(GString *out, const struct race *race,
			  const struct sequence_outcome *outcome, size_t number)
{
	const char *comma = "";
	size_t i;

	if (!outcome->num_turns[number]) {
		g_string_append_printf(
			out, "      schedules: {seed: 0x%" PRIx64 ", runs: 1}\n", race->seed);
		return;
	}
	g_string_append(out, "      schedule: [");
	for (i = 0; i < outcome->num_turns[number]; i++) {
		const struct schedule_turn *turn = &outcome->turns[number][i];

		g_string_append_printf(out, "%sa%u", comma, turn->actor);
		if (turn->points)
			g_string_append_printf(out, "*%" PRIu64, turn->points);
		comma = ", ";
	}
	g_string_append(out, "]\n");
}

/* One of whose steps nothing is left ends in its first turn, which others gave way for: it stays, with no steps. */
static void yaml_race(GString *out, const struct sequence *sequence, const struct race *race,
		      const struct sequence_outcome *outcome)
{
	unsigned int step = race->first, acting = 0, actor, i;
	bool acts[RACE_MAX_ACTORS] = {false};

	for (actor = 0; actor < race->num_actors; actor++) {
		for (i = 0; i < race->num[actor]; i++, step++)
			acts[actor] |= !is_left_out(outcome, step);
		acting += acts[actor];
	}
	step = race->first;
	if (acting > 1) {
		g_string_append(out, "  - parallel:\n");
		yaml_schedule(out, race, outcome, (size_t)(race - sequence->races));
		g_string_append(out, "      actors:\n");
	}
	for (actor = 0; actor < race->num_actors; actor++) {
		if (acting > 1)
			g_string_append_printf(out, "        a%u:%s\n", actor,
					       acts[actor] ? "" : " []");
		for (i = 0; i < race->num[actor]; i++, step++)
			yaml_performed(out, sequence, outcome, step,
				       acting > 1 ? "          " : "  ");
	}
}

char *sequence_yaml(const struct sequence *sequence, const struct sequence_outcome *outcome,
		    const char *id, const char *about)
{
	const struct shape *shape = sequence->shape;
	const unsigned int fired = outcome->fired;
	GString *out = g_string_new(NULL);
	unsigned int i, num;

	g_string_append_printf(
		out, "# SPDX-License-Identifier: BSD-3-Clause\nscenario: %s\nabout: >\n  %s\n", id,
		about);
	yaml_machine(out, sequence, outcome);
	if (shape->num_realms == 1) {
		g_string_append(out, "realm:\n");
		yaml_realm(out, shape, "  ");
	} else {
		g_string_append(out, "realms:\n");
		for (i = 0; i < shape->num_realms; i++) {
			g_string_append_printf(out, "  r%u:\n", i);
			yaml_realm(out, shape, "    ");
		}
	}
	if (fired) {
		g_string_append(out, "faults:\n");
		for (i = 0; i < sequence->num_faults; i++) {
			if (fired & 1u << i)
				g_string_append_printf(out, "  - {point: %s, nth: %" PRIu64 "}\n",
						       point_name(sequence->faults[i].point),
						       sequence->faults[i].nth);
		}
	}
	g_string_append(out, "steps:\n");
	for (i = 0; i < sequence->num_steps; i += num) {
		const struct race *race = sequence_race(sequence, i);

		num = race ? race_steps(race) : 1;
		if (race)
			yaml_race(out, sequence, race, outcome);
		else
			yaml_performed(out, sequence, outcome, i, "  ");
		if (i + num <= outcome->num && life_answers_end(&outcome->answers[i], num))
			break;
	}
	return g_string_free(out, FALSE);
}
