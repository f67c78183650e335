/* SPDX-License-Identifier: BSD-3-Clause */
#include "life.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A `repeat:` beyond this is cut: what it does shows in the first rounds. */
#define MAX_STEPS 4096u

bool life_answers_equal(const struct life_answer *a, const struct life_answer *b)
{
	return a->refused == b->refused && a->err == b->err && a->outcome == b->outcome &&
	       a->value == b->value && a->done == b->done && a->has_response == b->has_response &&
	       a->rejected == b->rejected;
}

bool life_answers_end(const struct life_answer *answers, unsigned int num)
{
	unsigned int i;

	for (i = 0; i < num && answers[i].implied != STEP_IMPLIED_IRQCHIP; i++)
		;
	return i < num;
}

char *life_answer_text(const struct life_answer *answer)
{
	if (answer->refused)
		return g_strdup_printf("not carried out: %s", g_strerror(-answer->refused));
	return g_strdup_printf(
		"%s%s%s, value 0x%" PRIx64 ", done 0x%" PRIx64 "%s",
		step_outcome_name(answer->outcome), answer->err ? ", " : "",
		answer->err ? g_strerror(-answer->err) : "", answer->value, answer->done,
		answer->has_response ? answer->rejected ? ", reject" : ", accept" : "");
}

static void steps_collect(GPtrArray *out, GArray *races, const struct plan_step *steps, size_t num);

static void race_collect(GPtrArray *out, GArray *races, const struct plan_step *step)
{
	struct life_race race = {.step = step, .first = out->len};
	unsigned int i;

	for (i = 0; i < step->parallel->num_actors; i++) {
		const struct plan_actor *actor = &step->parallel->actors[i];
		const unsigned int before = out->len;

		steps_collect(out, NULL, actor->steps, actor->num_steps);
		race.num[i] = out->len - before;
	}
	if (races && out->len > race.first)
		g_array_append_val(races, race);
}

static void steps_collect(GPtrArray *out, GArray *races, const struct plan_step *steps, size_t num)
{
	uint64_t round;
	size_t i;

	for (i = 0; i < num; i++) {
		for (round = 0;
		     steps[i].kind == PLAN_REPEAT && round < steps[i].times && out->len < MAX_STEPS;
		     round++)
			steps_collect(out, races, steps[i].body, steps[i].num_body);
		if (steps[i].kind == PLAN_CALL && out->len < MAX_STEPS)
			g_ptr_array_add(out, (void *)(uintptr_t)&steps[i]);
		else if (steps[i].kind == PLAN_PARALLEL)
			race_collect(out, races, &steps[i]);
	}
}

GPtrArray *life_steps(const struct plan *plan, GArray *races)
{
	GPtrArray *steps = g_ptr_array_new();

	steps_collect(steps, races, plan->steps, plan->num_steps);
	return steps;
}

size_t life_race_end(const struct life_race *race)
{
	size_t end = race->first;
	unsigned int i;

	for (i = 0; i < race->step->parallel->num_actors; i++)
		end += race->num[i];
	return end;
}

int life_create_world(struct life *life, const struct world_config *config, char **error)
{
	int err;

	*life = (struct life){.actor = LIFE_ALONE};
	err = world_create(config, &life->world, error);
	if (!err)
		life->machine = world_machine(life->world);
	return err;
}

int life_create(struct life *life, const struct plan *plan, struct kvm_module *module, int memfd,
		uint64_t seed, char **error)
{
	struct world_config config = {
		.realms = plan->realms, .num_realms = plan->num_realms, .seed = seed};
	GPtrArray *steps;
	GArray *races;
	int err;

	machine_config_init(&config.machine);
	plan_apply(plan, &config.machine);
	config.machine.dram.memfd = memfd;
	config.machine.kvm = module;
	err = life_create_world(life, &config, error);
	if (err)
		return err;
	races = g_array_new(FALSE, FALSE, sizeof(struct life_race));
	steps = life_steps(plan, races);
	life->num_races = races->len;
	life->races = (struct life_race *)(void *)g_array_free(races, FALSE);
	life->num_steps = steps->len;
	life->steps = (const struct plan_step **)g_ptr_array_free(steps, FALSE);
	return 0;
}

void life_destroy(struct life *life)
{
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(life->teams); i++)
		parallel_destroy(life->teams[i]);
	world_destroy(life->world);
	g_free(life->steps);
	g_free(life->races);
	*life = (struct life){0};
}

int life_reset(struct life *life)
{
	char *error = NULL;
	int err = world_reset(life->world, &error);

	free(error);
	return err;
}

void life_perform_call(struct life *life, const struct step_call *from, struct life_answer *answer)
{
	struct step_call call = *from;
	uint64_t syscalls = world_num_syscalls(life->world);
	char *error = NULL;

	*answer = (struct life_answer){.refused = world_perform(life->world, &call, &error)};
	answer->implied = call.result.implied;
	answer->implied_err = call.result.implied_err;
	/* It is carried out or does nothing, but for what it implies: a scenario could not say what it did. */
	if (answer->refused && !answer->implied && !life->together && world_num_syscalls(life->world) != syscalls)
		machine_report(life->machine, "steps", "refused-step-acted", call.def->name,
			       "it made system calls and was then not carried out: %s",
			       error ? error : g_strerror(-answer->refused));
	if (!answer->refused) {
		answer->err = call.result.err;
		answer->outcome = call.result.outcome;
		answer->value = call.result.value;
		answer->done = call.result.done;
		answer->has_response = call.result.has_response;
		answer->rejected = call.result.rejected;
	}
	free(error);
	step_result_clear(&call.result);
}

void life_perform(struct life *life, size_t index, struct life_answer *answer)
{
	life_perform_call(life, &life->steps[index]->call, answer);
}

static void together_run(void *ctx, unsigned int actor)
{
	const struct life *life = ctx;

	life->together->run(life->together->ctx, actor);
}

static void together_enter(void *ctx, unsigned int actor)
{
	struct life *life = ctx;

	life->actor = (int)actor;
	if (life->together->enter)
		life->together->enter(life->together->ctx, actor);
}

static void together_leave(void *ctx, unsigned int actor)
{
	struct life *life = ctx;

	if (life->together->leave)
		life->together->leave(life->together->ctx, actor);
	life->actor = LIFE_ALONE;
}

int life_together(struct life *life, const struct parallel_config *config,
		  struct schedule *schedule)
{
	const struct parallel_config team = {.num = config->num,
					     .ctx = life,
					     .run = together_run,
					     .enter = together_enter,
					     .leave = together_leave};
	int err = 0;

	/* Their stacks are kept from one to the next. */
	if (!life->teams[config->num])
		err = parallel_create(&team, &life->teams[config->num]);
	if (err)
		return err;
	life->together = config;
	err = parallel_run(life->teams[config->num], life->world, schedule, NULL);
	life->together = NULL;
	return err;
}

struct cursor {
	const struct survey_realm *realm;
	size_t index;
};

/* The interval that holds `ipa`; addresses only go up. NULL: the realm is not there. */
static const struct survey_interval *cursor_at(struct cursor *cursor, uint64_t ipa)
{
	if (!cursor->realm || !cursor->realm->exists)
		return NULL;
	while (cursor->index < cursor->realm->num_intervals) {
		const struct survey_interval *at = &cursor->realm->intervals[cursor->index];

		if (ipa - at->base < at->size)
			return at;
		cursor->index++;
	}
	return NULL;
}

bool life_views_differ(const struct survey_realm *now, const struct survey_realm *a,
		       const struct survey_realm *b, uint64_t *ipa)
{
	struct cursor cursors[3] = {{now, 0}, {a, 0}, {b, 0}};
	uint64_t at = *ipa, end;

	/* A realm that comes or goes shows in the answer of the step. */
	if (!now->exists || !a->exists)
		return false;
	end = 1ull << (now->ipa_width - 1);
	while (at < end) {
		const struct survey_interval *found[3];
		uint64_t next = end;
		unsigned int i;

		for (i = 0; i < G_N_ELEMENTS(found); i++) {
			found[i] = cursor_at(&cursors[i], at);
			if (found[i])
				next = MIN(next, found[i]->base + found[i]->size);
		}
		if (!found[0] || !found[1])
			return false;
		if (found[0]->ripas != found[1]->ripas &&
		    !(found[2] && found[0]->ripas == found[2]->ripas)) {
			*ipa = at;
			return true;
		}
		at = next;
	}
	return false;
}
