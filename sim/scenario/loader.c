/* SPDX-License-Identifier: BSD-3-Clause */
/* A whole scenario: one plan for each combination of the matrix. */
#include "loader.h"
#include "tables.h"
#include "value.h"

#include <glib.h>
#include <string.h>

static bool load_tags(struct loader *loader, const struct node *node)
{
	const struct node *list = load_list(loader, node, "tags", NULL);
	const char **tags;
	bool good = true;
	size_t i;

	if (!list)
		return false;
	tags = arena_alloc(loader->arena, (list->num + 1) * sizeof(*tags));
	for (i = 0; i < list->num; i++) {
		tags[i] = "";
		if (!load_text(loader, list->items[i], NULL, "a tag", &tags[i])) {
			good = false;
		} else if (!value_is_joined(tags[i], '.')) {
			load_error(loader, list->items[i],
				   "a tag: expected lower-case letters, digits, `.` and `-`, found "
				   "`%s`",
				   tags[i]);
			good = false;
		}
	}
	loader->plan->tags = tags;
	loader->plan->num_tags = list->num;
	return good;
}

static bool load_teardown(struct loader *loader, const struct node *node)
{
	const struct key_def *allow = &teardown_keys[TEARDOWN_ALLOW];
	const struct node *values[LOADER_MAX_KEYS], *map, *list;
	uint64_t index;
	bool good = true;
	size_t i;

	map = load_map(loader, node, "teardown", NULL);
	if (!map || !load_keys(loader, map, "teardown", teardown_keys, values))
		return false;
	list = load_list(loader, values[TEARDOWN_ALLOW], allow->name, "teardown");
	if (!list)
		return false;
	for (i = 0; i < list->num; i++) {
		if (!load_shape(loader, list->items[i], allow->shape.item, allow->name, "teardown",
				&index))
			good = false;
		else if (index == ALLOW_LEAKS)
			loader->plan->allow_leaks = true;
		else
			loader->plan->allow_warns = true;
	}
	return good;
}

static bool load_faults(struct loader *loader, const struct node *node)
{
	const struct node *list = load_list(loader, node, "faults", NULL);
	struct plan_fault *faults;
	bool good = true;
	size_t i;

	if (!list)
		return false;
	faults = arena_alloc(loader->arena, list->num * sizeof(*faults));
	for (i = 0; i < list->num && !loader_full(loader); i++) {
		if (!fault_load(loader, list->items[i], &faults[i]))
			good = false;
	}
	loader->plan->faults = faults;
	loader->plan->num_faults = list->num;
	return good;
}

/* "page_size=4K,vcpus=2" */
static const char *variant_text(struct loader *loader)
{
	GString *text = g_string_new(NULL);
	char *result;
	size_t i;

	for (i = 0; i < loader->num_variables; i++)
		g_string_append_printf(
			text, "%s%s=%s", i ? "," : "", loader->variables[i].name,
			loader->variables[i].values[loader->variables[i].chosen]->text);
	result = arena_copy(loader->arena, text->str, text->len);
	g_string_free(text, TRUE);
	return result;
}

/* One plan: the file with the values that the variables have now. */
static bool load_plan(struct loader *loader, const struct node **values, bool good)
{
	struct plan *plan = loader->plan;
	uint64_t number;

	plan->place = (struct place){.source = loader->source, .line = 1, .column = 1, .width = 1};
	/* What belongs to all runs alike. */
	loader->verbatim = true;
	plan->name = plan->about = "";
	plan->level = PLAN_REGRESSION;
	plan->variant = variant_text(loader);
	if (values[TOP_SCENARIO]) {
		plan->place = values[TOP_SCENARIO]->place;
		if (!load_text(loader, values[TOP_SCENARIO], "scenario", NULL, &plan->name)) {
			good = false;
		} else if (!value_is_joined(plan->name, '.')) {
			load_error(loader, values[TOP_SCENARIO],
				   "`scenario`: expected a dotted name of lower-case letters, "
				   "digits and "
				   "`-`, such as ripas.guest-gives-back, found `%s`",
				   plan->name);
			good = false;
		}
	}
	plan->id = *plan->variant ? arena_format(loader->arena, "%s[%s]", plan->name, plan->variant)
				  : plan->name;
	if (values[TOP_ABOUT] && !load_text(loader, values[TOP_ABOUT], "about", NULL, &plan->about))
		good = false;
	if (values[TOP_TAGS] && !load_tags(loader, values[TOP_TAGS]))
		good = false;
	if (values[TOP_LEVEL]) {
		if (load_key_value(loader, values[TOP_LEVEL], &scenario_keys[TOP_LEVEL], NULL,
				   &number))
			plan->level = (enum plan_level)number;
		else
			good = false;
	}
	if (values[TOP_OWN_HOST] &&
	    !load_text(loader, values[TOP_OWN_HOST], "own_host", NULL, &plan->own_host))
		good = false;
	if (values[TOP_SINCE]) {
		if (load_key_value(loader, values[TOP_SINCE], &scenario_keys[TOP_SINCE], NULL,
				   &number))
			plan->since = scenario_keys[TOP_SINCE].shape.names[number];
		else
			good = false;
	}
	loader->verbatim = false;
	if (values[TOP_HOSTILE]) {
		if (load_key_value(loader, values[TOP_HOSTILE], &scenario_keys[TOP_HOSTILE], NULL,
				   &number))
			plan->hostile = number;
		else
			good = false;
	}
	if (values[TOP_TEARDOWN] && !load_teardown(loader, values[TOP_TEARDOWN]))
		good = false;
	if (!load_machine(loader, values[TOP_MACHINE], &plan->machine))
		good = false;
	if (!load_realms(loader, values[TOP_REALM], values[TOP_REALMS]))
		good = false;
	if (values[TOP_FAULTS] && !load_faults(loader, values[TOP_FAULTS]))
		good = false;
	if (values[TOP_STEPS] &&
	    !load_steps(loader, values[TOP_STEPS], NULL, 1, &plan->steps, &plan->num_steps))
		good = false;
	plan->num_snapshots = (unsigned int)loader->num_snapshots;
	return good && fault_steps_exist(loader);
}

static void plans_append(struct loader_plans *plans, struct plan *plan)
{
	if (plans->num == plans->room) {
		plans->room = plans->room ? 2 * plans->room : 64;
		plans->items = g_renew(struct plan *, plans->items, plans->room);
	}
	plans->items[plans->num++] = plan;
}

/* Which preludes a file has used is known only when all its plans were made. */
static void plans_set_sources(struct loader *loader, struct loader_plans *plans, size_t first)
{
	const struct source *const *sources = arena_array(loader->arena, loader->sources->pdata,
							  loader->sources->len, sizeof(*sources));
	size_t i;

	for (i = first; i < plans->num; i++) {
		plans->items[i]->sources = sources;
		plans->items[i]->num_sources = loader->sources->len;
	}
}

/* Puts what the file's prelude has under what the file has itself. */
static bool load_prelude(struct loader *loader, const struct node **values)
{
	static const struct {
		enum top_key key;
		enum prelude_key under;
	} keys[] = {{TOP_MACHINE, PRELUDE_MACHINE},
		    {TOP_REALM, PRELUDE_REALM},
		    {TOP_REALMS, PRELUDE_REALMS},
		    {TOP_STEPS, PRELUDE_STEPS}};
	const struct loader_use *use = load_use(loader, values[TOP_USE]);
	size_t i;

	for (i = 0; use && i < G_N_ELEMENTS(keys); i++)
		values[keys[i].key] =
			use_merge(loader, use->values[keys[i].under], values[keys[i].key]);
	return use != NULL;
}

void loader_load(const struct source *source, struct node *root, struct arena *arena,
		 struct diagnostics *diagnostics, struct prelude_library *preludes,
		 struct loader_plans *plans)
{
	struct loader loader = {
		.preludes = preludes,
		.arena = arena,
		.diagnostics = diagnostics,
		.source = source,
		.errors_before = diagnostics_count(diagnostics),
	};
	const struct node *values[LOADER_MAX_KEYS],
		*map = load_map(&loader, root, NULL, "a scenario");
	size_t before = plans->num, combinations = 1, i;
	bool good = true;

	if (!map)
		return;
	good = load_keys(&loader, map, "a scenario", scenario_keys, values);
	loader.uses = g_ptr_array_new_with_free_func(g_free);
	loader.sources = g_ptr_array_new();
	g_ptr_array_add(loader.sources, (void *)(uintptr_t)source);
	if (values[TOP_USE] && !load_prelude(&loader, values)) {
		loader.broken_use = true;
		good = false;
	}
	if (values[TOP_MATRIX] && !load_matrix(&loader, values[TOP_MATRIX])) {
		loader.broken_matrix = true;
		good = false;
	}
	for (i = 0; i < loader.num_variables && combinations <= LOADER_MAX_WORK; i++)
		combinations *= loader.variables[i].num_values;
	if (combinations > LOADER_MAX_PLANS ||
	    combinations * (root->expanded + loader.num_inserted) > LOADER_MAX_WORK) {
		load_error(&loader, values[TOP_MATRIX],
			   "the matrix gives %s%zu runs, too many for a file of this size: at "
			   "most %zu",
			   combinations > LOADER_MAX_WORK ? "more than " : "",
			   MIN(combinations, LOADER_MAX_WORK),
			   MIN(LOADER_MAX_PLANS,
			       LOADER_MAX_WORK / (root->expanded + loader.num_inserted)));
		goto out;
	}
	do {
		loader.plan = arena_alloc(arena, sizeof(*loader.plan));
		loader.num_snapshots = 0;
		loader.num_steps = 0;
		if (load_plan(&loader, values, good))
			plans_append(plans, loader.plan);
		else
			good = false;
	} while (!loader_full(&loader) && matrix_next(&loader));
	for (i = 0; good && i < loader.num_variables; i++) {
		if (loader.variables[i].used)
			continue;
		diagnostics_add(diagnostics, loader.variables[i].place,
				"`%s` of matrix is not used: its runs would all be the same",
				loader.variables[i].name);
		good = false;
	}
	if (loader_full(&loader))
		diagnostics_add(diagnostics, root->place,
				"too many errors in this file: the rest was not looked at");
	/* A plan of a file with any error would not be what its author meant. */
	if (!good || diagnostics_count(diagnostics) != loader.errors_before)
		plans->num = before;
	plans_set_sources(&loader, plans, before);
out:
	g_ptr_array_unref(loader.sources);
	g_ptr_array_unref(loader.uses);
	g_free(loader.snapshots);
}
