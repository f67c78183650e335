/* SPDX-License-Identifier: BSD-3-Clause */
/* `steps:`: rows of the step table, and what stands beside them. */
#include "loader.h"

#include "value.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

enum step_key {
	KEY_NAME,
	KEY_WHY,
	KEY_REALM,
	KEY_VCPU,
	KEY_POLICY,
	KEY_HOSTILE,
	KEY_EXPECT,
	KEY_NOTE,
	KEY_REPEAT,
	KEY_SNAPSHOT,
	KEY_SAME_AS,
	KEY_PARALLEL,
	KEY_NUM,
};
static const char *const step_keys[] = {
	[KEY_NAME] = "name",
	[KEY_WHY] = "why",
	[KEY_REALM] = "realm",
	[KEY_VCPU] = "vcpu",
	[KEY_POLICY] = "on_memory_fault",
	[KEY_HOSTILE] = "hostile",
	[KEY_EXPECT] = "expect",
	[KEY_NOTE] = "note",
	[KEY_REPEAT] = "repeat",
	[KEY_SNAPSHOT] = "snapshot",
	[KEY_SAME_AS] = "same_as",
	[KEY_PARALLEL] = "parallel",
	[KEY_NUM] = NULL,
};

static void unknown_step(struct loader *loader, const struct node *key, const char *text)
{
	const struct step_def *def;
	const char *nearest;
	GPtrArray *names;
	size_t i;

	if (loader_full(loader))
		return;
	names = g_ptr_array_new();
	for (i = 0; (def = step_at(i)); i++)
		g_ptr_array_add(names, (void *)(uintptr_t)def->name);
	for (i = 0; i < KEY_NUM; i++)
		g_ptr_array_add(names, (void *)(uintptr_t)step_keys[i]);
	g_ptr_array_add(names, NULL);
	nearest = name_nearest(text, (const char *const *)names->pdata);
	if (nearest)
		load_error(loader, key, "unknown step or key `%s`: did you mean `%s`?", text,
			   nearest);
	else
		load_error(loader, key,
			   "unknown step or key `%s`: `rmesim list --steps` prints all of them",
			   text);
	g_ptr_array_unref(names);
}

static bool load_argument(struct loader *loader, const struct step_def *def,
			  const struct step_param *param, const struct node *node,
			  struct step_value *value)
{
	bool bounded = param->min || param->max;
	uint64_t max = param->max ? param->max : UINT64_MAX;
	unsigned int index;
	bool boolean;

	switch (param->type) {
	case STEP_ADDRESS:
	case STEP_SIZE:
	case STEP_NUMBER: {
		unsigned int flags = param->type != STEP_NUMBER ? VALUE_UNIT
				     : bounded			? 0
								: VALUE_NEGATIVE;

		if (bounded ? !load_bounded(loader, node, param->name, def->name, flags, param->min,
					    max, &value->number)
			    : !load_number(loader, node, param->name, def->name, flags,
					   &value->number))
			return false;
		break;
	}
	case STEP_BOOL:
		if (!load_bool(loader, node, param->name, def->name, &boolean))
			return false;
		value->number = boolean;
		break;
	case STEP_ENUM:
		if (!load_name(loader, node, param->name, def->name, param->names, &index))
			return false;
		value->number = index;
		break;
	case STEP_STRING:
		if (!load_text(loader, node, param->name, def->name, &value->string))
			return false;
		break;
	}
	value->given = true;
	return true;
}

static bool load_arguments(struct loader *loader, const struct node *node, struct plan_step *step)
{
	const struct step_def *def = step->call.def;
	const char *names[STEP_MAX_PARAMS + 1] = {NULL};
	const struct node *values[LOADER_MAX_KEYS], *map;
	struct node nothing = {.kind = NODE_MAPPING, .place = step->place};
	GString *title = g_string_new(def->name);
	uint64_t required = 0;
	bool good;
	size_t i;

	for (i = 0; i < def->num_params; i++) {
		names[i] = def->params[i].name;
		if (def->params[i].required)
			required |= 1ull << i;
	}
	map = load_resolve(loader, node);
	if (map && node_is_empty(map))
		map = &nothing;
	else if (map)
		map = load_map(loader, map, NULL, def->name);
	good = map != NULL;
	if (map && !def->num_params && map->num) {
		load_error(loader, map, "%s takes no parameters", def->name);
		good = false;
	} else if (map) {
		good = load_keys(loader, map, def->name, names, required, values);
		for (i = 0; i < def->num_params; i++) {
			if (!values[i])
				continue;
			if (load_argument(loader, def, &def->params[i], values[i],
					  &step->call.args[i]))
				g_string_append_printf(title, " %s=%s", names[i],
						       load_resolve(loader, values[i])->text);
			else
				good = false;
		}
	}
	step->title = arena_copy(loader->arena, title->str, title->len);
	g_string_free(title, TRUE);
	return good;
}

static bool load_call(struct loader *loader, const struct node *key, const struct node *value,
		      const struct step_def *def, const struct node **keys, struct plan_step *step)
{
	const struct plan *plan = loader->plan;
	uint64_t number;
	bool good = true, hostile;

	step->kind = PLAN_CALL;
	step_call_init(&step->call, def);
	step->call.realm = step->realm;
	if (plan->num_realms)
		step->call.memory_fault = loader->realm_policies[step->realm];
	if (!load_arguments(loader, value, step))
		good = false;
	if (keys[KEY_VCPU]) {
		if (load_bounded(loader, keys[KEY_VCPU], "vcpu", def->name, 0, 0,
				 LOADER_MAX_VCPUS - 1, &number))
			step->call.vcpu = (unsigned int)number;
		else
			good = false;
	}
	if (keys[KEY_POLICY] &&
	    !load_policy(loader, keys[KEY_POLICY], def->name, &step->call.memory_fault))
		good = false;
	if (keys[KEY_HOSTILE]) {
		if (load_bool(loader, keys[KEY_HOSTILE], "hostile", def->name, &hostile))
			loader->plan->hostile |= hostile;
		else
			good = false;
	}
	if (def->actor == STEP_ACTOR_VMM && plan->machine.no_kvm) {
		load_error(loader, key, "%s needs a KVM build, and the machine says `kvm: none`",
			   def->name);
		good = false;
	}
	if (def->actor != STEP_ACTOR_RMM && !plan->num_realms) {
		load_error(loader, key, "%s needs a realm, and the scenario has none", def->name);
		good = false;
	}
	if (def->hostile && !plan->machine.no_kvm && !plan->hostile) {
		load_error(loader, key,
			   "%s goes behind the host's back: it needs `hostile: true`, or a machine "
			   "with "
			   "`kvm: none`",
			   def->name);
		good = false;
	}
	return good;
}

static bool load_repeat(struct loader *loader, const struct node *node, uint64_t factor,
			struct plan_step *step)
{
	enum { TIMES, STEPS };
	static const char *const keys[] = {"times", "steps", NULL};
	const struct node *values[LOADER_MAX_KEYS],
		*map = load_map(loader, node, "repeat", "a step");
	bool good;

	step->kind = PLAN_REPEAT;
	step->title = "repeat";
	if (!map)
		return false;
	good = load_keys(loader, map, "repeat", keys, 1u << TIMES | 1u << STEPS, values);
	step->times = 1;
	if (values[TIMES] && !load_bounded(loader, values[TIMES], "times", "repeat", 0, 1,
					   LOADER_MAX_STEPS, &step->times))
		good = false;
	if (good)
		step->title = arena_format(loader->arena, "repeat times=%" PRIu64, step->times);
	if (values[STEPS] && !load_steps(loader, values[STEPS], "repeat", factor * step->times,
					 &step->body, &step->num_body))
		good = false;
	return good;
}

static bool load_snapshot(struct loader *loader, const struct node *node, bool take,
			  struct plan_step *step)
{
	const char *key = take ? "snapshot" : "same_as";
	size_t i;

	step->kind = take ? PLAN_SNAPSHOT : PLAN_SAME_AS;
	if (!load_text(loader, node, key, "a step", &step->text))
		return false;
	step->title = arena_format(loader->arena, "%s %s", key, step->text);
	for (i = 0; i < loader->num_snapshots; i++) {
		if (!strcmp(loader->snapshots[i], step->text))
			break;
	}
	step->snapshot = (unsigned int)i;
	if (i < loader->num_snapshots)
		return true;
	if (!take) {
		load_error(loader, node, "`same_as`: no `snapshot: %s` stands before it",
			   step->text);
		return false;
	}
	loader->snapshots = g_renew(const char *, loader->snapshots, i + 1);
	loader->snapshots[i] = step->text;
	loader->num_snapshots = i + 1;
	return true;
}

/* Which keys may stand beside the key that says what the step is. */
static bool step_check_keys(struct loader *loader, const struct node **key_nodes,
			    unsigned int allowed, const char *what)
{
	unsigned int i;
	bool good = true;

	for (i = 0; i < KEY_NUM; i++) {
		if (key_nodes[i] && !(allowed & 1u << i)) {
			load_error(loader, key_nodes[i], "`%s` cannot stand beside %s",
				   step_keys[i], what);
			good = false;
		}
	}
	return good;
}

/* "expect ripas, backed" */
static const char *expect_title(struct loader *loader, const struct plan_expects *expects)
{
	const char *title = "expect";
	size_t i;

	for (i = 0; i < expects->num; i++)
		title = arena_format(loader->arena, "%s%s %s", title, i ? "," : "",
				     expect_name(&expects->items[i]));
	return title;
}

static bool load_step(struct loader *loader, const struct node *node, uint64_t factor,
		      struct plan_step *step)
{
	const unsigned int words = 1u << KEY_NAME | 1u << KEY_WHY | 1u << KEY_NOTE;
	const struct node *map = load_map(loader, node, NULL, "a step");
	const struct node *keys[KEY_NUM] = {NULL}, *key_nodes[KEY_NUM] = {NULL};
	const struct node *action_key = NULL, *action_value = NULL;
	const struct step_def *action = NULL;
	unsigned int index;
	bool good = true;
	size_t i, j;

	if (!map)
		return false;
	step->place = map->place;
	for (i = 0; i < map->num; i++) {
		const struct node *key = map->pairs[i].key;
		const char *text = load_key(loader, key);
		const struct step_def *def;

		if (!text) {
			good = false;
			continue;
		}
		for (j = 0; j < KEY_NUM && strcmp(step_keys[j], text); j++)
			;
		def = j == KEY_NUM ? step_find(text) : NULL;
		if (def && !action_key) {
			action = def;
			action_key = key;
			action_value = map->pairs[i].value;
		} else if (def) {
			load_error(loader, key,
				   "a second step `%s` in one item: begin a new item with `-`",
				   text);
			diagnostics_note(loader->diagnostics, action_key->place, "the first one");
			good = false;
		} else if (j == KEY_NUM) {
			unknown_step(loader, key, text);
			good = false;
		} else if (keys[j]) {
			load_error(loader, key, "duplicate key `%s`", text);
			diagnostics_note(loader->diagnostics, key_nodes[j]->place,
					 "it stands here already");
			good = false;
		} else {
			keys[j] = map->pairs[i].value;
			key_nodes[j] = key;
		}
	}
	if (keys[KEY_NAME] && !load_text(loader, keys[KEY_NAME], "name", "a step", &step->name))
		good = false;
	if (keys[KEY_WHY] && !load_text(loader, keys[KEY_WHY], "why", "a step", &step->why))
		good = false;
	if (keys[KEY_NOTE] && !load_text(loader, keys[KEY_NOTE], "note", "a step", &step->text))
		good = false;
	if (keys[KEY_REALM]) {
		if (load_name(loader, keys[KEY_REALM], "realm", "a step", loader->realm_names,
			      &index))
			step->realm = index;
		else
			good = false;
	}
	loader->num_steps += factor;
	if (loader->num_steps > LOADER_MAX_STEPS) {
		load_error(loader, map, "too many steps: at most %u in a run, repeats counted",
			   LOADER_MAX_STEPS);
		return false;
	}

	if (action) {
		step->place = action_key->place;
		if (!step_check_keys(loader, key_nodes,
				     words | 1u << KEY_REALM | 1u << KEY_VCPU | 1u << KEY_POLICY |
					     1u << KEY_HOSTILE | 1u << KEY_EXPECT,
				     action->name))
			good = false;
		if (!load_call(loader, action_key, action_value, action, keys, step))
			good = false;
		if (keys[KEY_EXPECT] &&
		    !expect_load(loader, keys[KEY_EXPECT], true, step->realm, &step->expects))
			good = false;
	} else if (keys[KEY_PARALLEL]) {
		load_error(loader, key_nodes[KEY_PARALLEL],
			   "`parallel` steps are not supported yet");
		good = false;
	} else if (keys[KEY_REPEAT]) {
		step->place = key_nodes[KEY_REPEAT]->place;
		if (!step_check_keys(loader, key_nodes, words | 1u << KEY_REPEAT, "`repeat`") ||
		    !load_repeat(loader, keys[KEY_REPEAT], factor, step))
			good = false;
	} else if (keys[KEY_SNAPSHOT] || keys[KEY_SAME_AS]) {
		index = keys[KEY_SNAPSHOT] ? KEY_SNAPSHOT : KEY_SAME_AS;
		step->place = key_nodes[index]->place;
		if (!step_check_keys(loader, key_nodes, words | 1u << index, step_keys[index]) ||
		    !load_snapshot(loader, keys[index], index == KEY_SNAPSHOT, step))
			good = false;
	} else if (keys[KEY_EXPECT]) {
		step->place = key_nodes[KEY_EXPECT]->place;
		step->kind = PLAN_EXPECT;
		if (!step_check_keys(loader, key_nodes, words | 1u << KEY_EXPECT | 1u << KEY_REALM,
				     "`expect`") ||
		    !expect_load(loader, keys[KEY_EXPECT], false, step->realm, &step->expects))
			good = false;
		step->title = expect_title(loader, &step->expects);
	} else if (keys[KEY_NOTE]) {
		step->place = key_nodes[KEY_NOTE]->place;
		step->kind = PLAN_NOTE;
		step->title = "note";
		if (!step_check_keys(loader, key_nodes, words, "`note`"))
			good = false;
	} else if (good) {
		load_error(loader, map,
			   "a step that does nothing: expected a step such as vmm.activate, or "
			   "expect, note, repeat, snapshot, same_as");
		good = false;
	}
	return good;
}

bool load_steps(struct loader *loader, const struct node *node, const char *of, uint64_t factor,
		const struct plan_step **steps, size_t *num)
{
	const struct node *list = load_list(loader, node, "steps", of);
	struct plan_step *array;
	bool good = true;
	size_t i;

	if (!list)
		return false;
	if (!list->num) {
		load_error(loader, list, "`steps` is empty: expected at least one step");
		return false;
	}
	array = arena_alloc(loader->arena, list->num * sizeof(*array));
	for (i = 0; i < list->num && !loader_full(loader); i++) {
		if (!load_step(loader, list->items[i], factor, &array[i]))
			good = false;
		if (loader->num_steps > LOADER_MAX_STEPS)
			return false;
	}
	*steps = array;
	*num = list->num;
	return good;
}
