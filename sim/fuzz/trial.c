/* SPDX-License-Identifier: BSD-3-Clause */
#include "trial.h"

#include <rmm/rmi.h>
#include <stdlib.h>
#include <string.h>

#include "../scenario/fault.h"
#include "documented.h"

/* Enough for the largest sequence; what is not touched costs nothing. */
#define MACHINE_MEMORY (UINT64_C(256) << 20)

/* --- faults, and what is counted ---------------------------------------------------------------------- */

static bool reached(struct trial *trial, unsigned int point)
{
	const struct sequence *sequence = trial->sequence;
	uint64_t count = ++trial->counts[point];
	bool fail = false;
	unsigned int i;

	/* Without its threads there is no race. */
	for (i = 0; trial->armed && !life_makes_threads(&trial->life) && i < sequence->num_faults;
	     i++) {
		if (sequence->faults[i].point != point || sequence->faults[i].nth != count)
			continue;
		trial->fired |= 1u << i;
		fail = true;
	}
	return fail;
}

static bool on_point(void *ctx, enum port_fault point, uint64_t address)
{
	struct trial *trial = ctx;

	(void)address;
	if (!reached(trial, point))
		return false;
	trial->fired_points |= 1ull << point;
	return true;
}

static bool on_call(void *ctx, struct rmm_regs *regs)
{
	struct trial *trial = ctx;
	const struct rmi_command *command = rmi_command(regs->x[0]);
	int point = command ? point_rmi(command) : -1;
	unsigned int fired = trial->fired;

	if (point >= 0 && reached(trial, (unsigned int)point)) {
		if (fault_refuse(trial->life.machine, command, RMI_ERROR_INPUT, regs)) {
			trial->fired_points |= 1ull << point;
			return true;
		}
		trial->fired = fired;
	}
	if (trial->race)
		return false;
	fuzz_coverage_before(trial->coverage, machine_rmm(trial->life.machine), regs->x);
	return false;
}

static void on_trace(void *ctx, const struct trace_event *event)
{
	struct trial *trial = ctx;

	/* Calls within others are not one after the other. */
	if (trial->race)
		return;
	fuzz_coverage_after(trial->coverage, machine_rmm(trial->life.machine), event->value,
			    event->result[0], event->text);
}

/* --- findings ----------------------------------------------------------------------------------------- */

static bool is_warn(const struct finding *finding)
{
	return !strcmp(finding->oracle, "warn") && !strcmp(finding->condition, "WARN");
}

static bool finding_counts(const struct trial *trial, const struct finding *finding)
{
	unsigned int point;

	/* Somebody else made calls behind the host's back: all that is left to judge is the RMM. */
	if (trial->sequence->hostile)
		return !strcmp(finding->oracle, "rmm");
	if (!is_warn(finding))
		return true;
	for (point = 0; point < POINT_MAX; point++) {
		if (trial->fired_points & 1ull << point &&
		    documented_warn(finding->function, point))
			return false;
	}
	return true;
}

/*
 * WARNs from number `first` on and before `end`, if each of them is documented: a scenario counts all of a step, and so
 * would hide another.
 */
static unsigned int documented_warns(const struct trial *trial, size_t first, size_t end)
{
	unsigned int warns = 0;
	size_t i;

	for (i = first; i < end; i++) {
		const struct finding *finding = machine_finding(trial->life.machine, i);

		if (!is_warn(finding))
			continue;
		if (finding_counts(trial, finding))
			return 0;
		warns++;
	}
	return warns;
}

void trial_outcome(struct trial *trial, struct sequence_outcome *outcome)
{
	size_t seen = 0;
	unsigned int i;

	/* In a hostile scenario a WARN is no finding anyway. */
	for (i = 0; i < trial->num_answers; i++) {
		trial->warns[i] = trial->sequence->hostile
					  ? 0
					  : documented_warns(trial, seen, trial->found[i]);
		seen = trial->found[i];
	}
	*outcome = (struct sequence_outcome){
		.answers = trial->answers,
		.warns = trial->warns,
		.num = trial->num_answers,
		.fired = trial->fired,
		.closing_warns =
			!trial->sequence->hostile &&
			documented_warns(trial, seen, machine_num_findings(trial->life.machine)),
	};
	for (i = 0; i < SEQUENCE_MAX_RACES; i++) {
		outcome->turns[i] = trial->turns[i];
		outcome->num_turns[i] = trial->num_turns[i];
	}
}

const struct finding *trial_finding(const struct trial *trial)
{
	size_t i;

	for (i = 0; i < machine_num_findings(trial->life.machine); i++) {
		const struct finding *finding = machine_finding(trial->life.machine, i);

		if (finding_counts(trial, finding))
			return finding;
	}
	return NULL;
}

/* Asked before the closing, in which a refusal may come, too. */
static bool leaks_allowed(const struct trial *trial)
{
	const struct sequence *sequence = trial->sequence;
	unsigned int i;

	for (i = 0; i < sequence->num_faults; i++) {
		if (documented_leaks(sequence->faults[i].point))
			return true;
	}
	return false;
}

/* --- lives -------------------------------------------------------------------------------------------- */

static void config_fill(const struct trial *trial, struct kvm_module *module, int memfd,
			uint64_t seed, struct world_config *config)
{
	const struct shape *shape = &trial->shape;

	*config = (struct world_config){
		.realms = trial->realms, .num_realms = shape->num_realms, .seed = seed};
	machine_config_init(&config->machine);
	config->machine.dram.size = MACHINE_MEMORY;
	config->machine.dram.memfd = memfd;
	config->machine.dram.page_size = shape->page_size;
	config->machine.dram.quarantine = shape->quarantine;
	config->machine.boot.block_mappings = shape->blocks;
	config->machine.boot.gmem_huge = shape->blocks;
	config->machine.rmm.rec_aux = shape->rec_aux;
	config->machine.kvm = module;
}

int trial_create(struct trial *trial, const struct shape *shape, struct kvm_module *module,
		 int memfd, uint64_t seed, struct fuzz_coverage *coverage, char **error)
{
	struct world_config config;
	struct trace *trace;
	unsigned int i;
	int err;

	memset(trial, 0, sizeof(*trial));
	trial->shape = *shape;
	trial->coverage = coverage;
	for (i = 0; i < shape->num_realms; i++)
		trial->realms[i] = (struct world_realm){
			.name = shape->num_realms == 1 ? "realm"
				: i		       ? "r1"
						       : "r0",
			.ipa_bits = shape->ipa_bits,
			.vcpus = shape->vcpus,
			.slots = trial->shape.slots,
			.num_slots = shape->num_slots,
		};
	config_fill(trial, module, memfd, seed, &config);
	err = life_create_world(&trial->life, &config, error);
	if (err)
		return err;
	trace = machine_trace(trial->life.machine);
	err = trace_add_sink(trace, TRACE_MASK(TRACE_RMI), on_trace, trial);
	if (err)
		life_destroy(&trial->life);
	else
		/* A call that fails again reaches nothing new. */
		trace_set_answers(trace, on_trace, trial, 1u << TRACE_DONE | 1u << TRACE_FAILED);
	return err;
}

static void turns_clear(struct trial *trial)
{
	unsigned int i;

	for (i = 0; i < SEQUENCE_MAX_RACES; i++) {
		g_clear_pointer(&trial->turns[i], g_free);
		trial->num_turns[i] = 0;
	}
}

void trial_destroy(struct trial *trial)
{
	if (!trial->life.world)
		return;
	trace_remove_sink(machine_trace(trial->life.machine), on_trace, trial);
	turns_clear(trial);
	life_destroy(&trial->life);
}

/* Most sequences have no faults: then nobody counts what could fail. */
static void faults_arm(struct trial *trial, const struct sequence *sequence)
{
	const int fold = point_rmi(rmi_command(RMI_RTT_FOLD));
	bool calls = trial->coverage->watch, folds = false;
	uint32_t points = 0;
	unsigned int i;

	for (i = 0; i < sequence->num_faults; i++) {
		if (sequence->faults[i].point < PORT_NUM_FAULTS)
			points |= 1u << sequence->faults[i].point;
		else
			calls = true;
		folds |= (int)sequence->faults[i].point == fold;
	}
	machine_set_faults(trial->life.machine, on_point, calls ? on_call : NULL, trial);
	/* Coverage asks nothing before them. */
	if (!folds)
		machine_set_rmi_except(trial->life.machine, RMI_RTT_FOLD);
	machine_set_fault_mask(trial->life.machine, points);
}

/* One after the other: what is known of a step when it ends. */
static void step_run(struct trial *trial, unsigned int index)
{
	struct life_answer *answer = &trial->answers[index];

	life_perform_call(&trial->life, &trial->sequence->steps[index], answer);
	trial->found[index] = machine_num_findings(trial->life.machine);
	trial->failed_steps += answer->refused || answer->err;
}

static void actor_run(void *ctx, unsigned int actor)
{
	struct trial *trial = ctx;
	unsigned int index = trial->race->first, i;

	for (i = 0; i < actor; i++)
		index += trial->race->num[i];
	for (i = 0; i < trial->race->num[actor]; i++)
		step_run(trial, index + i);
}

/* All steps of a race, in the order that its seed gives. False: there was no memory for its actors. */
static bool race_run(struct trial *trial, const struct race *race)
{
	const size_t number = (size_t)(race - trial->sequence->races);
	const struct parallel_config config = {
		.num = race->num_actors, .ctx = trial, .run = actor_run};
	struct schedule *schedule = schedule_create_random(race->seed, 1);
	const struct schedule_turn *turns;
	unsigned int i;
	bool good;

	/* Those that the end of the host left out. */
	for (i = race->first; i < race->first + race_steps(race); i++) {
		trial->answers[i] = (struct life_answer){.refused = -EDEADLK};
		trial->found[i] = machine_num_findings(trial->life.machine);
	}
	trial->race = race;
	good = schedule && schedule_next(schedule) &&
	       !life_together(&trial->life, &config, schedule);
	trial->race = NULL;
	if (good) {
		turns = schedule_turns(schedule, &trial->num_turns[number]);
		trial->turns[number] =
			g_memdup2(turns, trial->num_turns[number] * sizeof(*turns));
	}
	schedule_destroy(schedule);
	/* What was found meanwhile is nobody's alone. */
	trial->found[race->first + race_steps(race) - 1] =
		machine_num_findings(trial->life.machine);
	return good;
}

int trial_run(struct trial *trial, const struct sequence *sequence)
{
	struct fuzz_coverage *coverage = trial->coverage;
	const struct machine *machine = trial->life.machine;
	const uint64_t calls = coverage->calls,
		       first = trial->used ? 0 : machine_num_calls(machine);
	int err = trial->used ? life_reset(&trial->life) : 0;

	if (err)
		return err;
	trial->used = true;
	trial->sequence = sequence;
	turns_clear(trial);
	memset(trial->counts, 0, sizeof(trial->counts));
	trial->fired = 0;
	trial->fired_points = 0;
	trial->armed = true;
	faults_arm(trial, sequence);
	for (trial->num_answers = 0; trial->num_answers < sequence->num_steps;) {
		const struct race *race = sequence_race(sequence, trial->num_answers);
		const unsigned int begin = trial->num_answers, num = race ? race_steps(race) : 1;
		unsigned int i;

		if (race && !race_run(trial, race))
			return -ENOMEM;
		if (!race)
			step_run(trial, begin);
		trial->num_answers += num;
		for (i = begin; i < begin + num && trial->answered; i++)
			trial->answered(trial->answered_ctx, i);
		if (life_answers_end(&trial->answers[begin], num))
			break;
	}
	world_teardown(trial->life.world, leaks_allowed(trial));
	trial->armed = false;
	/* Not all of them were seen. */
	coverage->calls = calls + machine_num_calls(machine) - first;
	trial->runs++;
	trial->steps += sequence->num_steps;
	return 0;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

uint64_t trial_hash(const struct trial *trial)
{
	uint64_t hash = machine_hash(trial->life.machine);
	unsigned int i;

	for (i = 0; i < trial->num_answers; i++) {
		const struct life_answer *answer = &trial->answers[i];

		hash = mix(hash, (uint64_t)(uint32_t)answer->refused << 32 | (uint32_t)answer->err);
		hash = mix(hash, (uint64_t)answer->outcome << 2 |
					 (uint64_t)answer->has_response << 1 | answer->rejected);
		hash = mix(mix(hash, answer->value), answer->done);
	}
	return hash;
}
