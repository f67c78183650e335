/* SPDX-License-Identifier: BSD-3-Clause */
/* Scalars, lists and maps of a scenario, with an error at the node for whatever they should not be. */
#include "loader.h"
#include "tables.h"

#include "value.h"

#include <glib.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

bool loader_full(const struct loader *loader)
{
	return diagnostics_count(loader->diagnostics) - loader->errors_before >=
	       DOCUMENT_MAX_ERRORS;
}

void load_error(struct loader *loader, const struct node *node, const char *format, ...)
{
	const struct origin *origin;
	va_list args;
	char *text;

	/* loader_load() says that there were more. */
	if (loader_full(loader))
		return;
	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	diagnostics_add(loader->diagnostics, node->place, "%s", text);
	load_note_matrix(loader, node);
	for (origin = node->origin; origin; origin = origin->next)
		diagnostics_note(loader->diagnostics, origin->place, "%s", origin->text);
	g_free(text);
}

const char *format_size(struct arena *arena, uint64_t size)
{
	static const char units[] = "TGMK";
	unsigned int i;

	for (i = 0; i < 4; i++) {
		unsigned int shift = 40 - 10 * i;

		if (size && !(size & ((1ull << shift) - 1)))
			return arena_format(arena, "%" PRIu64 "%c", size >> shift, units[i]);
	}
	return arena_format(arena, size < 10000 ? "%" PRIu64 : "0x%" PRIx64, size);
}

/* "`size` of guest.write" */
static const char *describe_key(struct loader *loader, const char *key, const char *of)
{
	if (!key)
		return of;
	return of ? arena_format(loader->arena, "`%s` of %s", key, of)
		  : arena_format(loader->arena, "`%s`", key);
}

bool load_problem(struct loader *loader, const struct node *node, const char *key, const char *of,
		  const char *problem)
{
	load_error(loader, node, "%s: %s, found %s", describe_key(loader, key, of), problem,
		   node_describe(node, loader->arena));
	return false;
}

bool load_number(struct loader *loader, const struct node *node, const char *key, const char *of,
		 unsigned int flags, uint64_t *out)
{
	const char *problem;

	node = load_resolve(loader, node);
	if (!node)
		return false;
	if (node->kind != NODE_SCALAR || node_is_empty(node))
		return load_problem(loader, node, key, of,
				    flags & VALUE_UNIT
					    ? "expected a number such as 4096, 4K or 0x8000_0000"
					    : "expected a number such as 12 or 0xff");
	/* A size such as 4K is text for every YAML reader, so quotes say nothing there. */
	if (!node->plain && !(flags & VALUE_UNIT))
		return load_problem(loader, node, key, of, "expected a number without quotes");
	problem = value_parse_number(node->text, flags, out);
	return problem ? load_problem(loader, node, key, of, problem) : true;
}

bool load_bounded(struct loader *loader, const struct node *node, const char *key, const char *of,
		  unsigned int flags, uint64_t min, uint64_t max, uint64_t *out)
{
	if (!load_number(loader, node, key, of, flags, out))
		return false;
	if (*out >= min && *out <= max)
		return true;
	if (flags & VALUE_UNIT)
		load_error(loader, node, "%s: must be between %s and %s",
			   describe_key(loader, key, of), format_size(loader->arena, min),
			   format_size(loader->arena, max));
	else
		load_error(loader, node, "%s: must be between %" PRIu64 " and %" PRIu64,
			   describe_key(loader, key, of), min, max);
	return false;
}

bool load_bool(struct loader *loader, const struct node *node, const char *key, const char *of,
	       bool *out)
{
	const char *problem;

	node = load_resolve(loader, node);
	if (!node)
		return false;
	if (node->kind != NODE_SCALAR || !node->plain)
		return load_problem(loader, node, key, of, "expected true or false");
	problem = value_parse_bool(node->text, out);
	return problem ? load_problem(loader, node, key, of, problem) : true;
}

bool load_text(struct loader *loader, const struct node *node, const char *key, const char *of,
	       const char **out)
{
	const char *trap;

	node = load_resolve(loader, node);
	if (!node)
		return false;
	if (node->kind != NODE_SCALAR || node_is_empty(node) || !*node->text)
		return load_problem(loader, node, key, of, "expected text");
	trap = node->plain ? value_trap(node->text) : NULL;
	if (trap) {
		load_error(loader, node,
			   "%s: expected text, and YAML 1.1 reads `%s` as %s: put it in quotes",
			   describe_key(loader, key, of), node->text, trap);
		return false;
	}
	*out = node->text;
	return true;
}

static void unknown_error(struct loader *loader, const struct node *node, const char *what,
			  const char *text, const char *const *names, const char *nearest)
{
	GString *list;
	size_t i;

	if (loader_full(loader))
		return;
	list = g_string_new(NULL);
	for (i = 0; names[i] && i < 24; i++)
		g_string_append_printf(list, "%s%s", i ? ", " : "", names[i]);
	if (names[i])
		g_string_append(list, ", ...");
	if (nearest)
		load_error(loader, node, "unknown %s `%s`: did you mean `%s`? (one of: %s)", what,
			   text, nearest, list->str);
	else
		load_error(loader, node, "unknown %s `%s`: expected one of: %s", what, text,
			   list->str);
	g_string_free(list, TRUE);
}

void load_unknown(struct loader *loader, const struct node *node, const char *what,
		  const char *text, const char *const *names)
{
	if (!loader_full(loader))
		unknown_error(loader, node, what, text, names, name_nearest(text, names));
}

bool load_name(struct loader *loader, const struct node *node, const char *key, const char *of,
	       const char *const *names, unsigned int *out)
{
	unsigned int i;

	node = load_resolve(loader, node);
	if (!node)
		return false;
	if (node->kind != NODE_SCALAR || node_is_empty(node)) {
		char *joined = g_strjoinv(", ", (char **)(uintptr_t)names);
		char *problem = g_strdup_printf("expected one of: %s", joined);

		load_problem(loader, node, key, of, problem);
		g_free(problem);
		g_free(joined);
		return false;
	}
	for (i = 0; names[i]; i++) {
		if (!strcmp(names[i], node->text)) {
			*out = i;
			return true;
		}
	}
	load_unknown(loader, node,
		     arena_format(loader->arena, "value of %s", describe_key(loader, key, of)),
		     node->text, names);
	return false;
}

unsigned int shape_flags(const struct shape *shape)
{
	return (shape->unit ? VALUE_UNIT : 0) | (shape->negative ? VALUE_NEGATIVE : 0);
}

const char *const *shape_names(const struct shape *shape)
{
	return shape->list_names ? shape->list_names() : shape->names;
}

bool load_shape(struct loader *loader, const struct node *node, const struct shape *shape,
		const char *key, const char *of, uint64_t *out)
{
	uint64_t max = shape->max ? shape->max : UINT64_MAX;
	unsigned int index;
	bool boolean, good;

	switch (shape->kind) {
	case SHAPE_BOOL:
		good = load_bool(loader, node, key, of, &boolean);
		if (good)
			*out = boolean;
		return good;
	case SHAPE_NAME:
		good = load_name(loader, node, key, of, shape_names(shape), &index);
		if (good)
			*out = index;
		return good;
	default:
		g_assert(shape->kind == SHAPE_NUMBER);
		break;
	}
	if (!shape->min && !shape->max)
		good = load_number(loader, node, key, of, shape_flags(shape), out);
	else
		good = load_bounded(loader, node, key, of, shape_flags(shape), shape->min, max,
				    out);
	if (good && shape->multiple && *out % shape->multiple) {
		load_error(loader, node, "%s: must be a multiple of %s",
			   describe_key(loader, key, of),
			   format_size(loader->arena, shape->multiple));
		good = false;
	}
	return good;
}

bool load_key_value(struct loader *loader, const struct node *node, const struct key_def *def,
		    const char *of, uint64_t *out)
{
	return load_shape(loader, node, &def->shape, def->name, of, out);
}

bool load_count(struct loader *loader, const struct node *node, const char *key, const char *of,
		unsigned int flags, struct plan_count *out)
{
	const char *problem;

	node = load_resolve(loader, node);
	if (!node)
		return false;
	if (node->kind != NODE_SCALAR || node_is_empty(node))
		return load_problem(loader, node, key, of,
				    "expected a number or a comparison such as \">=1\"");
	problem = value_parse_count(node->text, flags, out);
	return problem ? load_problem(loader, node, key, of, problem) : true;
}

bool load_range(struct loader *loader, const struct node *node, const char *key, const char *of,
		uint64_t lone, uint64_t *base, uint64_t *size)
{
	const char *problem;

	node = load_resolve(loader, node);
	if (!node)
		return false;
	if (node->kind != NODE_SCALAR || node_is_empty(node))
		return load_problem(
			loader, node, key, of,
			"expected a range BASE+SIZE or BASE..END, such as 0x8000_0000+2M");
	problem = value_parse_range(node->text, lone, base, size);
	return problem ? load_problem(loader, node, key, of, problem) : true;
}

bool load_bytes(struct loader *loader, const struct node *node, const char *key, const char *of,
		uint8_t *bytes, size_t max, size_t *num)
{
	const char *problem;

	node = load_resolve(loader, node);
	if (!node)
		return false;
	/* Digits alone would be a number, and could lose zeros on the way. */
	if (node->kind != NODE_SCALAR || (node->plain && value_trap(node->text)))
		return load_problem(loader, node, key, of, "expected hexadecimal digits in quotes");
	problem = value_parse_bytes(node->text, bytes, max, num);
	return problem ? load_problem(loader, node, key, of, problem) : true;
}

const struct node *load_map(struct loader *loader, const struct node *node, const char *key,
			    const char *of)
{
	node = load_resolve(loader, node);
	if (node && node->kind != NODE_MAPPING) {
		load_problem(loader, node, key, of, "expected a map of keys and values");
		return NULL;
	}
	return node;
}

const struct node *load_list(struct loader *loader, const struct node *node, const char *key,
			     const char *of)
{
	node = load_resolve(loader, node);
	if (node && node->kind != NODE_SEQUENCE) {
		load_problem(loader, node, key, of, "expected a list");
		return NULL;
	}
	return node;
}

const char *load_key(struct loader *loader, const struct node *key)
{
	key = load_resolve(loader, key);
	if (!key)
		return NULL;
	if (key->kind != NODE_SCALAR || node_is_empty(key)) {
		load_error(loader, key, "expected a name as key, found %s",
			   node_describe(key, loader->arena));
		return NULL;
	}
	if (key->plain && !strcmp(key->text, "<<")) {
		load_error(loader, key,
			   "merge keys `<<` are not used in scenarios: an alias stands for a "
			   "whole value");
		return NULL;
	}
	return key->text;
}

void load_duplicate(struct loader *loader, const struct node *key, const char *text,
		    const struct node *first)
{
	load_error(loader, key, "duplicate key `%s`", text);
	diagnostics_note(loader->diagnostics, first->place, "it stands here already");
}

/* Which map has a key of this name, or NULL: a key may be right and stand in the wrong place. */
static const char *key_home(const char *text)
{
	static const struct {
		const struct key_def *defs;
		const char *of;
	} maps[] = {
		{machine_keys, "machine"},     {realm_keys, "realm"},
		{slot_keys, "a slot"},	       {step_item_keys, "a step"},
		{scenario_keys, "a scenario"}, {rmm_keys, "machine's rmm"},
		{schedules_keys, "schedules"}, {fault_keys, "a fault"},
	};
	size_t i, j;

	for (i = 0; i < G_N_ELEMENTS(maps); i++) {
		for (j = 0; maps[i].defs[j].name; j++) {
			if (!strcmp(maps[i].defs[j].name, text))
				return maps[i].of;
		}
	}
	return NULL;
}

/*
 * The error about a pair whose key is none of `names`. If it was meant to be one that does not stand in the map,
 * that one's index, so that nobody misses it; otherwise -1. *reads: its value is looked at too. `missing`: the
 * one key that must be there and is not, where this pair is the only unknown one (otherwise -1).
 */
static int key_unknown(struct loader *loader, const struct node *key, const char *text,
		       const char *of, const char *const *names, const struct node **keys,
		       int missing, bool *reads)
{
	const char *absent[LOADER_MAX_KEYS + 1] = {NULL}, *nearest, *home, *colon;
	size_t num = 0, j;
	int meant = -1;

	for (j = 0; names[j]; j++) {
		if (!keys[j])
			absent[num++] = names[j];
	}
	colon = key->kind == NODE_SCALAR && key->plain ? strchr(text, ':') : NULL;
	for (j = 0; colon && names[j]; j++) {
		if (strlen(names[j]) == (size_t)(colon - text) &&
		    !strncmp(names[j], text, (size_t)(colon - text))) {
			load_error(loader, key,
				   "unknown key of %s `%s`: a space is missing behind the `:`", of,
				   text);
			*reads = false;
			return (int)j;
		}
	}
	nearest = name_nearest(text, absent);
	for (j = 0; nearest && names[j]; j++) {
		if (names[j] == nearest)
			meant = (int)j;
	}
	if (!nearest)
		nearest = name_nearest(text, names);
	home = nearest ? NULL : key_home(text);
	*reads = meant >= 0;
	if (missing >= 0 && !nearest && !home) {
		/* Mostly one mistake: another word for the same. */
		load_error(loader, key, "unknown key of %s `%s`, and key `%s` is missing", of, text,
			   names[missing]);
		meant = missing;
	} else if (home && strcmp(home, of))
		load_error(loader, key, "unknown key of %s `%s`: it is a key of %s", of, text,
			   home);
	else
		unknown_error(loader, key, arena_format(loader->arena, "key of %s", of), text,
			      names, nearest);
	return meant;
}

bool load_keys(struct loader *loader, const struct node *map, const char *of,
	       const struct key_def *defs, const struct node **values)
{
	const struct node *keys[LOADER_MAX_KEYS] = {NULL};
	const char *names[LOADER_MAX_KEYS + 1] = {NULL}, **unknown = NULL;
	/* Not known because of another error. */
	bool good = true, merged = loader->broken_use && defs == realm_keys;
	size_t num_unknown = 0, i, j;
	int missing = -1;

	for (j = 0; defs[j].name; j++) {
		values[j] = NULL;
		names[j] = defs[j].name;
	}
	for (i = 0; i < map->num; i++) {
		const struct node *key = map->pairs[i].key;
		const char *text = load_key(loader, key);

		if (!text) {
			good = false;
			continue;
		}
		for (j = 0; names[j] && strcmp(names[j], text); j++)
			;
		if (!names[j]) {
			if (!unknown)
				unknown = arena_alloc(loader->arena, map->num * sizeof(*unknown));
			unknown[i] = text;
			num_unknown++;
		} else if (keys[j]) {
			load_duplicate(loader, key, text, keys[j]);
			good = false;
		} else {
			keys[j] = key;
			values[j] = map->pairs[i].value;
		}
	}
	for (j = 0; unknown && names[j]; j++) {
		if (defs[j].required && !keys[j])
			missing = missing == -1 ? (int)j : -2;
	}
	/* What a misspelt key was meant to be depends on which are there. */
	for (i = 0; unknown && i < map->num; i++) {
		const struct node *key = map->pairs[i].key;
		bool reads;
		int meant;

		if (!unknown[i])
			continue;
		good = false;
		meant = key_unknown(loader, key, unknown[i], of, names, keys,
				    num_unknown == 1 ? missing : -1, &reads);
		if (meant >= 0 && !keys[meant]) {
			keys[meant] = key;
			if (reads)
				values[meant] = map->pairs[i].value;
		}
	}
	for (j = 0; names[j]; j++) {
		if (defs[j].required && !keys[j] && !merged) {
			load_error(loader, map, "%s: key `%s` is missing", of, names[j]);
			good = false;
		}
	}
	return good;
}
