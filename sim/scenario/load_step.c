/* SPDX-License-Identifier: BSD-3-Clause */
/* `steps:`: rows of the step table, and what stands beside them. */
#include "loader.h"
#include "tables.h"

#include "value.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

/* The error about a step or key that there is not. Returns the key that it was meant to be, KEY_NUM if none. */
static size_t unknown_step(struct loader *loader, const struct node *key, const char *text)
{
	const struct step_def *def;
	const char *nearest;
	GPtrArray *names;
	size_t i;

	if (loader_full(loader))
		return KEY_NUM;
	names = g_ptr_array_new();
	for (i = 0; (def = step_at(i)); i++)
		g_ptr_array_add(names, (void *)(uintptr_t)def->name);
	for (i = 0; i < KEY_NUM; i++)
		g_ptr_array_add(names, (void *)(uintptr_t)step_item_keys[i].name);
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
	for (i = 0; i < KEY_NUM && nearest != step_item_keys[i].name; i++)
		;
	return i;
}

static bool load_argument(struct loader *loader, const struct step_def *def,
			  const struct key_def *key, const struct node *node,
			  struct step_value *value)
{
	if (key->shape.kind == SHAPE_TEXT
		    ? !load_text(loader, node, key->name, def->name, &value->string)
		    : !load_key_value(loader, node, key, def->name, &value->number))
		return false;
	value->given = true;
	return true;
}

static bool load_arguments(struct loader *loader, const struct node *node, struct plan_step *step)
{
	const struct step_def *def = step->call.def;
	struct key_def keys[STEP_MAX_PARAMS + 1] = {{.name = NULL}};
	const struct node *values[LOADER_MAX_KEYS], *map;
	struct node nothing = {.kind = NODE_MAPPING, .place = step->place};
	GString *title = g_string_new(def->name);
	bool good;
	size_t i;

	for (i = 0; i < def->num_params; i++)
		keys[i] = language_param(&def->params[i], NULL, 0);
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
		good = load_keys(loader, map, def->name, keys, values);
		for (i = 0; i < def->num_params; i++) {
			if (!values[i])
				continue;
			if (load_argument(loader, def, &keys[i], values[i], &step->call.args[i]))
				g_string_append_printf(title, " %s=%s", keys[i].name,
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
	bool good = true;

	step->kind = PLAN_CALL;
	step_call_init(&step->call, def);
	step->call.realm = step->realm;
	if (plan->num_realms)
		step->call.memory_fault = loader->realm_policies[step->realm];
	if (!load_arguments(loader, value, step))
		good = false;
	step->call.vcpu = loader->actor_vcpu;
	if (keys[KEY_VCPU]) {
		if (load_key_value(loader, keys[KEY_VCPU], &step_item_keys[KEY_VCPU], def->name,
				   &number))
			step->call.vcpu = (unsigned int)number;
		else
			good = false;
	}
	if (keys[KEY_POLICY] &&
	    !load_policy(loader, keys[KEY_POLICY], def->name, &step->call.memory_fault))
		good = false;
	if (keys[KEY_HOSTILE]) {
		if (load_key_value(loader, keys[KEY_HOSTILE], &step_item_keys[KEY_HOSTILE],
				   def->name, &number))
			loader->plan->hostile |= number != 0;
		else
			good = false;
	}
	if (loader->in_actor && !strcmp(def->name, "vmm.create_vcpus")) {
		load_error(loader, key,
			   "%s cannot stand among an actor's steps: their vCPUs are there before",
			   def->name);
		good = false;
	}
	if (def->actor == STEP_ACTOR_VMM && plan->machine.no_kvm) {
		load_error(loader, key, "%s needs a KVM build, and the machine says `kvm: none`",
			   def->name);
		good = false;
	}
	if (def->actor != STEP_ACTOR_RMM && !plan->num_realms) {
		if (!loader->broken_use)
			load_error(loader, key, "%s needs a realm, and the scenario has none",
				   def->name);
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
	const struct node *values[LOADER_MAX_KEYS],
		*map = load_map(loader, node, "repeat", "a step");
	bool good;

	step->kind = PLAN_REPEAT;
	step->title = "repeat";
	if (!map)
		return false;
	good = load_keys(loader, map, "repeat", repeat_keys, values);
	step->times = 1;
	if (values[REPEAT_TIMES] &&
	    !load_key_value(loader, values[REPEAT_TIMES], &repeat_keys[REPEAT_TIMES], "repeat",
			    &step->times)) {
		step->times = 1;
		good = false;
	}
	if (good)
		step->title = arena_format(loader->arena, "repeat times=%" PRIu64, step->times);
	if (values[REPEAT_STEPS] && !load_steps(loader, values[REPEAT_STEPS], "repeat",
						factor * step->times, &step->body, &step->num_body))
		good = false;
	return good;
}

/* The steps of a prelude, which is a `repeat` that happens once. */
static bool load_step_use(struct loader *loader, const struct node *node, uint64_t factor,
			  struct plan_step *step)
{
	const struct loader_use *use = load_use(loader, node);

	step->kind = PLAN_REPEAT;
	step->times = 1;
	step->title = "use";
	if (!use)
		return false;
	step->title = arena_format(loader->arena, "use %s", node->text);
	if (!use->values[PRELUDE_STEPS]) {
		load_error(loader, node, "`use`: prelude `%s` has no steps", node->text);
		return false;
	}
	return load_steps(loader, use->values[PRELUDE_STEPS], "a prelude", factor, &step->body,
			  &step->num_body);
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

/* Which keys may stand beside `what`, the key that says what the step is (KEY_NUM: an action). */
static bool step_check_keys(struct loader *loader, const struct node **key_nodes,
			    enum step_beside beside, size_t what, const char *words)
{
	bool good = true;
	size_t i;

	for (i = 0; i < KEY_NUM; i++) {
		if (key_nodes[i] && i != what && !(language_beside(i) & beside)) {
			load_error(loader, key_nodes[i], "`%s` cannot stand beside %s",
				   step_item_keys[i].name, words);
			good = false;
		}
	}
	return good;
}

/* The title with the realm and vCPU that the step is about, where there are several. */
static const char *actor_title(struct loader *loader, const struct plan_step *step, bool vcpu)
{
	const char *title = step->title ? step->title : "";

	if (vcpu)
		title = arena_format(loader->arena, "%s vcpu=%u", title, step->call.vcpu);
	if (loader->plan->num_realms > 1)
		title = arena_format(loader->arena, "%s realm=%s", title,
				     loader->realm_names[step->realm]);
	return title;
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

/* The map that a step is. */
static const struct node *load_step_map(struct loader *loader, const struct node *node)
{
	node = load_resolve(loader, node);
	if (node && node->kind == NODE_SCALAR && step_find(node->text)) {
		load_error(loader, node, "a step: a `:` is missing behind `%s`", node->text);
		return NULL;
	}
	return node ? load_map(loader, node, NULL, "a step") : NULL;
}

static bool is_param(const struct step_def *def, const char *text)
{
	size_t i;

	for (i = 0; i < def->num_params && strcmp(def->params[i].name, text); i++)
		;
	return i < def->num_params;
}

static bool is_expectation(const char *text)
{
	struct key_def key;
	bool state;
	size_t i;

	for (i = 0; language_expect(i, &key, &state); i++) {
		if (!strcmp(key.name, text))
			return true;
	}
	return false;
}

/*
 * What stands in a step and belongs elsewhere, or is misspelt: an error each. The loading goes on as if it were
 * right: parameters that stand beside the action become its value, a misspelt key is the one that it was meant
 * to be. texts[i] is the key of the map's pair i where it is unknown.
 */
static void load_misplaced(struct loader *loader, const struct node *map, const char *const *texts,
			   const struct step_def *action, const struct node **action_value,
			   const struct node **keys, const struct node **key_nodes)
{
	struct node *params = arena_alloc(loader->arena, sizeof(*params));
	size_t i, meant;

	*params = *map;
	params->pairs = arena_alloc(loader->arena, map->num * sizeof(*params->pairs));
	params->num = 0;
	for (i = 0; i < map->num; i++) {
		const struct node *key = map->pairs[i].key;

		if (!texts[i])
			continue;
		if (action && is_param(action, texts[i])) {
			load_error(loader, key,
				   "`%s` is a parameter of %s: indent it more than the step",
				   texts[i], action->name);
			params->pairs[params->num++] = map->pairs[i];
		} else if (is_expectation(texts[i])) {
			load_error(loader, key, "`%s` is an expectation: it stands below `expect:`",
				   texts[i]);
		} else {
			meant = unknown_step(loader, key, texts[i]);
			if (meant < KEY_NUM && !keys[meant]) {
				keys[meant] = map->pairs[i].value;
				key_nodes[meant] = key;
			}
		}
	}
	if (params->num && node_is_empty(*action_value))
		*action_value = params;
}

static bool load_step(struct loader *loader, const struct node *node, uint64_t factor,
		      struct plan_step *step)
{
	const struct node *map = load_step_map(loader, node);
	const struct node *keys[KEY_NUM] = {NULL}, *key_nodes[KEY_NUM] = {NULL};
	const struct node *action_key = NULL, *action_value = NULL;
	const struct step_def *action = NULL;
	const char **unknown = NULL;
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
		for (j = 0; j < KEY_NUM && strcmp(step_item_keys[j].name, text); j++)
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
			if (!unknown)
				unknown = arena_alloc(loader->arena, map->num * sizeof(*unknown));
			unknown[i] = text;
			good = false;
		} else if (keys[j]) {
			load_duplicate(loader, key, text, key_nodes[j]);
			good = false;
		} else {
			keys[j] = map->pairs[i].value;
			key_nodes[j] = key;
		}
	}
	if (unknown)
		load_misplaced(loader, map, unknown, action, &action_value, keys, key_nodes);
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
		if (!step_check_keys(loader, key_nodes, BESIDE_ACTION, KEY_NUM, action->name))
			good = false;
		if (!load_call(loader, action_key, action_value, action, keys, step))
			good = false;
		if (keys[KEY_EXPECT] &&
		    !expect_load(loader, keys[KEY_EXPECT], true, step->realm, &step->expects))
			good = false;
		step->title = actor_title(loader, step, keys[KEY_VCPU] != NULL);
	} else if (loader->in_actor &&
		   (keys[KEY_PARALLEL] || keys[KEY_SNAPSHOT] || keys[KEY_SAME_AS])) {
		index = keys[KEY_PARALLEL]   ? KEY_PARALLEL
			: keys[KEY_SNAPSHOT] ? KEY_SNAPSHOT
					     : KEY_SAME_AS;
		load_error(loader, key_nodes[index], "`%s` cannot stand among an actor's steps",
			   step_item_keys[index].name);
		good = false;
	} else if (keys[KEY_PARALLEL]) {
		step->place = key_nodes[KEY_PARALLEL]->place;
		if (!step_check_keys(loader, key_nodes, BESIDE_CONTROL, KEY_PARALLEL,
				     "`parallel`") ||
		    !load_parallel(loader, keys[KEY_PARALLEL], factor, step))
			good = false;
	} else if (keys[KEY_USE]) {
		step->place = key_nodes[KEY_USE]->place;
		if (!step_check_keys(loader, key_nodes, BESIDE_CONTROL, KEY_USE, "`use`") ||
		    !load_step_use(loader, keys[KEY_USE], factor, step))
			good = false;
	} else if (keys[KEY_REPEAT]) {
		step->place = key_nodes[KEY_REPEAT]->place;
		if (!step_check_keys(loader, key_nodes, BESIDE_CONTROL, KEY_REPEAT, "`repeat`") ||
		    !load_repeat(loader, keys[KEY_REPEAT], factor, step))
			good = false;
	} else if (keys[KEY_SNAPSHOT] || keys[KEY_SAME_AS]) {
		index = keys[KEY_SNAPSHOT] ? KEY_SNAPSHOT : KEY_SAME_AS;
		step->place = key_nodes[index]->place;
		if (!step_check_keys(loader, key_nodes, BESIDE_CONTROL, index,
				     step_item_keys[index].name) ||
		    !load_snapshot(loader, keys[index], index == KEY_SNAPSHOT, step))
			good = false;
	} else if (keys[KEY_EXPECT]) {
		step->place = key_nodes[KEY_EXPECT]->place;
		step->kind = PLAN_EXPECT;
		if (!step_check_keys(loader, key_nodes, BESIDE_EXPECT, KEY_EXPECT, "`expect`") ||
		    !expect_load(loader, keys[KEY_EXPECT], false, step->realm, &step->expects))
			good = false;
		step->title = expect_title(loader, &step->expects);
		step->title = actor_title(loader, step, false);
	} else if (keys[KEY_NOTE]) {
		step->place = key_nodes[KEY_NOTE]->place;
		step->kind = PLAN_NOTE;
		step->title = "note";
		if (!step_check_keys(loader, key_nodes, BESIDE_CONTROL, KEY_NOTE, "`note`"))
			good = false;
	} else if (good) {
		load_error(loader, map,
			   "a step that does nothing: expected a step such as vmm.activate, or "
			   "expect, note, repeat, parallel, snapshot, same_as, use");
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
