/* SPDX-License-Identifier: BSD-3-Clause */
/* `parallel:`: actors with steps of their own, and the schedules they run under. */
#include "loader.h"
#include "tables.h"

#include "value.h"

#include <glib.h>
#include <string.h>

#define VCPU_PREFIX "vcpu"

/* What drives a vCPU: two threads cannot be in its KVM_RUN at once, and its guest does one thing at a time. */
static bool call_drives(const struct step_call *call)
{
	return call->def->actor == STEP_ACTOR_GUEST || !strcmp(call->def->name, "vmm.run");
}

/* Marks the vCPUs that the steps drive, 16 bits of realm and 16 of index; `set` is a GHashTable of pointers. */
static void vcpus_collect(const struct plan_step *steps, size_t num, GHashTable *set)
{
	size_t i;

	for (i = 0; i < num; i++) {
		const struct plan_step *step = &steps[i];

		if (step->kind == PLAN_REPEAT)
			vcpus_collect(step->body, step->num_body, set);
		if (step->kind == PLAN_CALL && call_drives(&step->call))
			g_hash_table_add(set,
					 GUINT_TO_POINTER(step->realm << 16 | step->call.vcpu));
	}
}

/* No two actors drive the same vCPU. */
static bool check_vcpus(struct loader *loader, const struct node *map,
			const struct plan_parallel *parallel)
{
	GHashTable *seen = g_hash_table_new(NULL, NULL);
	bool good = true;
	unsigned int i;

	for (i = 0; i < parallel->num_actors && good; i++) {
		const struct plan_actor *actor = &parallel->actors[i];
		GHashTable *mine = g_hash_table_new(NULL, NULL);
		GHashTableIter iter;
		void *key;

		vcpus_collect(actor->steps, actor->num_steps, mine);
		g_hash_table_iter_init(&iter, mine);
		while (good && g_hash_table_iter_next(&iter, &key, NULL)) {
			if (g_hash_table_add(seen, key))
				continue;
			load_error(loader, map->pairs[i].key,
				   "`actors`: vCPU %u is driven by another actor already",
				   GPOINTER_TO_UINT(key) & 0xffff);
			good = false;
		}
		g_hash_table_unref(mine);
	}
	g_hash_table_unref(seen);
	return good;
}

/* The vCPU that an actor's steps are for unless they say otherwise: that of its name. */
static unsigned int actor_vcpu(const char *name)
{
	char *end;
	guint64 index;

	if (!g_str_has_prefix(name, VCPU_PREFIX) || !g_ascii_isdigit(name[strlen(VCPU_PREFIX)]))
		return 0;
	index = g_ascii_strtoull(name + strlen(VCPU_PREFIX), &end, 10);
	return *end || index >= LOADER_MAX_VCPUS ? 0 : (unsigned int)index;
}

static bool load_actors(struct loader *loader, const struct node *node, uint64_t factor,
			struct plan_parallel *parallel)
{
	const struct node *map = load_map(loader, node, "actors", "parallel");
	struct plan_actor *actors;
	bool good = true;
	size_t i, j;

	if (!map)
		return false;
	if (map->num < 2 || map->num > SCHEDULE_MAX_ACTORS) {
		load_error(loader, map, "`actors` of parallel: expected 2 to %u of them, found %zu",
			   SCHEDULE_MAX_ACTORS, map->num);
		return false;
	}
	actors = arena_alloc(loader->arena, map->num * sizeof(*actors));
	for (i = 0; i < map->num; i++) {
		const struct node *steps;

		actors[i].name = load_key(loader, map->pairs[i].key);
		if (!actors[i].name)
			return false;
		if (!g_regex_match_simple("^[a-z][a-z0-9_-]*$", actors[i].name, 0, 0)) {
			load_error(loader, map->pairs[i].key,
				   "an actor's name: expected lower-case letters, digits, - and _, "
				   "found `%s`",
				   actors[i].name);
			good = false;
		}
		for (j = 0; j < i; j++) {
			if (strcmp(actors[i].name, actors[j].name))
				continue;
			load_error(loader, map->pairs[i].key, "duplicate key `%s`", actors[i].name);
			diagnostics_note(loader->diagnostics, map->pairs[j].key->place,
					 "it stands here already");
			good = false;
		}
		loader->in_actor = true;
		loader->actor_vcpu = actor_vcpu(actors[i].name);
		actors[i].steps = NULL;
		actors[i].num_steps = 0;
		/* A thread that does nothing is one that others may give way to. */
		steps = load_list(loader, map->pairs[i].value, "steps", actors[i].name);
		if (!steps || (steps->num && !load_steps(loader, steps, actors[i].name, factor,
							 &actors[i].steps, &actors[i].num_steps)))
			good = false;
		loader->in_actor = false;
		loader->actor_vcpu = 0;
	}
	parallel->actors = actors;
	parallel->num_actors = (unsigned int)map->num;
	return good && check_vcpus(loader, map, parallel);
}

static bool load_schedules(struct loader *loader, const struct node *node,
			   struct plan_parallel *parallel)
{
	const struct node *values[LOADER_MAX_KEYS], *map;
	uint64_t numbers[SCHEDULES_NUM] = {0};
	bool good = true;
	size_t i;

	map = load_map(loader, node, "schedules", "parallel");
	if (!map || !load_keys(loader, map, "schedules", schedules_keys, values))
		return false;
	for (i = 0; i < SCHEDULES_NUM; i++) {
		if (values[i] && !load_key_value(loader, values[i], &schedules_keys[i], "schedules",
						 &numbers[i]))
			good = false;
	}
	if (!good)
		return false;
	if (numbers[SCHEDULES_ALL] ? !values[SCHEDULES_PREEMPTIONS] || values[SCHEDULES_SEED] ||
					     values[SCHEDULES_RUNS]
				   : !values[SCHEDULES_SEED] || !values[SCHEDULES_RUNS] ||
					     values[SCHEDULES_PREEMPTIONS]) {
		load_error(loader, map,
			   "`schedules` of parallel: expected either `all: true` and "
			   "`preemptions`, or `seed` and `runs`");
		return false;
	}
	parallel->kind = numbers[SCHEDULES_ALL] ? PLAN_SCHEDULES_ALL : PLAN_SCHEDULES_RANDOM;
	parallel->preemptions = (unsigned int)numbers[SCHEDULES_PREEMPTIONS];
	parallel->seed = numbers[SCHEDULES_SEED];
	parallel->runs = numbers[SCHEDULES_RUNS];
	loader->plan->num_explored++;
	return true;
}

/* "vcpu0*12": it passes 12 points; "vcpu0": it runs until it ends or waits. */
static bool load_turn(struct loader *loader, const struct node *node,
		      const struct plan_parallel *parallel, struct schedule_turn *turn)
{
	const char *text, *star;
	char *end = NULL;
	unsigned int i;

	if (!load_text(loader, node, "schedule", "parallel", &text))
		return false;
	star = strchr(text, '*');
	for (i = 0; i < parallel->num_actors; i++) {
		const char *name = parallel->actors[i].name;

		if (star ? strlen(name) == (size_t)(star - text) &&
				    !memcmp(name, text, (size_t)(star - text))
			 : !strcmp(name, text))
			break;
	}
	turn->actor = i;
	turn->points = 0;
	if (star && g_ascii_isdigit(star[1]))
		turn->points = g_ascii_strtoull(star + 1, &end, 10);
	if (i < parallel->num_actors && (!star || (end && !*end && turn->points)))
		return true;
	return load_problem(loader, node, "schedule", "parallel",
			    "expected an actor's name, or NAME*POINTS");
}

static bool load_schedule(struct loader *loader, const struct node *node,
			  struct plan_parallel *parallel)
{
	const struct node *list = load_list(loader, node, "schedule", "parallel");
	struct schedule_turn *turns;
	bool good = true;
	size_t i;

	if (!list)
		return false;
	turns = arena_alloc(loader->arena, (list->num + 1) * sizeof(*turns));
	for (i = 0; i < list->num; i++) {
		if (!load_turn(loader, list->items[i], parallel, &turns[i]))
			good = false;
	}
	parallel->kind = PLAN_SCHEDULE_TURNS;
	parallel->turns = turns;
	parallel->num_turns = list->num;
	return good;
}

bool load_parallel(struct loader *loader, const struct node *node, uint64_t factor,
		   struct plan_step *step)
{
	struct plan_parallel *parallel = arena_alloc(loader->arena, sizeof(*parallel));
	const struct node *values[LOADER_MAX_KEYS],
		*map = load_map(loader, node, "parallel", "a step");
	const char *title = "parallel";
	unsigned int i;
	bool good;

	step->kind = PLAN_PARALLEL;
	step->title = title;
	step->parallel = parallel;
	if (!map)
		return false;
	good = load_keys(loader, map, "parallel", parallel_keys, values);
	if (!values[PARALLEL_ACTORS])
		return false;
	if (!load_actors(loader, values[PARALLEL_ACTORS], factor, parallel))
		return false;
	if (!values[PARALLEL_SCHEDULES] == !values[PARALLEL_SCHEDULE]) {
		load_error(loader, map, "parallel: expected either `schedules` or `schedule`");
		return false;
	}
	if (values[PARALLEL_SCHEDULES])
		good &= load_schedules(loader, values[PARALLEL_SCHEDULES], parallel);
	else
		good &= load_schedule(loader, values[PARALLEL_SCHEDULE], parallel);
	for (i = 0; i < parallel->num_actors; i++)
		title = arena_format(loader->arena, "%s%s %s", title, i ? "," : "",
				     parallel->actors[i].name);
	step->title = title;
	return good;
}
