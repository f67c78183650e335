/* SPDX-License-Identifier: BSD-3-Clause */
/* `use:`: preludes, as they stand where they are used. */
#include "loader.h"
#include "prelude.h"
#include "tables.h"
#include "value.h"

#include <glib.h>
#include <string.h>

/* Through how many places `node` was reached, and whether one of them is in `source`. */
static unsigned int use_depth(const struct node *node, const struct source *source, bool *inside)
{
	const struct origin *origin;
	unsigned int depth = 0;

	*inside = node->place.source == source;
	for (origin = node->origin; origin; origin = origin->next) {
		if (origin->place.source == source)
			*inside = true;
		depth++;
	}
	return depth;
}

static struct node *node_create(struct loader *loader, enum node_kind kind, const struct node *like,
				size_t num)
{
	struct node *node = arena_alloc(loader->arena, sizeof(*node));

	*node = *like;
	node->kind = kind;
	node->num = num;
	if (kind == NODE_SEQUENCE)
		node->items = arena_alloc(loader->arena, num * sizeof(*node->items));
	else
		node->pairs = arena_alloc(loader->arena, num * sizeof(*node->pairs));
	return node;
}

static bool has_key(const struct node *map, const struct node *key)
{
	size_t i;

	for (i = 0; i < map->num; i++) {
		if (map->pairs[i].key->kind == NODE_SCALAR && key->kind == NODE_SCALAR &&
		    !strcmp(map->pairs[i].key->text, key->text))
			return true;
	}
	return false;
}

static bool is_choice(const struct node *map)
{
	const struct node by = {.kind = NODE_SCALAR, .text = "by"};

	return has_key(map, &by);
}

const struct node *use_merge(struct loader *loader, const struct node *under,
			     const struct node *over)
{
	struct node *result;
	size_t i, num = 0;

	if (!under || !over)
		return over ? over : under;
	if (under->kind != over->kind || over->kind == NODE_SCALAR)
		return over;
	result = node_create(loader, over->kind, over, under->num + over->num);
	if (over->kind == NODE_SEQUENCE) {
		for (i = 0; i < under->num; i++)
			result->items[i] = under->items[i];
		for (i = 0; i < over->num; i++)
			result->items[under->num + i] = over->items[i];
		return result;
	}
	/* A choice by the matrix has no keys of its own. */
	if (is_choice(under) || is_choice(over))
		return over;
	for (i = 0; i < under->num; i++) {
		if (!has_key(over, under->pairs[i].key))
			result->pairs[num++] = under->pairs[i];
	}
	for (i = 0; i < over->num; i++)
		result->pairs[num++] = over->pairs[i];
	result->num = num;
	return result;
}

static void note_source(struct loader *loader, const struct source *source)
{
	if (!g_ptr_array_find(loader->sources, source, NULL))
		g_ptr_array_add(loader->sources, (void *)(uintptr_t)source);
}

/* The tree of the prelude that `node` names, as a copy that remembers who uses it. */
static struct node *use_read(struct loader *loader, const struct node *node, const char *name)
{
	const struct prelude *prelude;
	char *searched = NULL;
	bool inside;

	if (!loader->preludes) {
		load_error(loader, node, "`use`: there are no preludes here");
		return NULL;
	}
	prelude = prelude_find(loader->preludes, node->place.source, name, &searched);
	if (!prelude) {
		load_error(
			loader, node,
			"`use`: no prelude `%s`: expected a file %s/%s.yaml here or further up%s",
			name, PRELUDE_DIRECTORY, name, searched);
		g_free(searched);
		return NULL;
	}
	if (!prelude->root) {
		load_error(loader, node, "`use`: prelude `%s` cannot be read", name);
		return NULL;
	}
	if (use_depth(node, prelude->source, &inside) >= PRELUDE_MAX_DEPTH || inside) {
		load_error(loader, node,
			   inside ? "`use`: prelude `%s` would use itself"
				  : "`use`: prelude `%s` is reached through too many others",
			   name);
		return NULL;
	}
	loader->num_inserted += prelude->root->expanded;
	if (loader->num_inserted > DOCUMENT_MAX_NODES) {
		load_error(loader, node,
			   "`use`: too large: at most %u values, with every prelude inserted",
			   DOCUMENT_MAX_NODES);
		return NULL;
	}
	note_source(loader, prelude->source);
	return node_copy(
		loader->arena, prelude->root,
		origin_create(loader->arena, node->place,
			      arena_format(loader->arena, "prelude `%s` is used here", name),
			      node->origin));
}

static bool use_load(struct loader *loader, const struct node *node, struct loader_use *use)
{
	const char *name, *own;
	const struct node *map;
	const struct loader_use *inner;
	struct node *root;
	bool good;
	unsigned int i;

	if (!load_text(loader, node, "use", NULL, &name))
		return false;
	/* No such name leads out of a directory. */
	if (!value_is_joined(name, '/')) {
		load_error(loader, node,
			   "`use`: expected the name of a prelude such as boot/kvmtool, found `%s`",
			   name);
		return false;
	}
	root = use_read(loader, node, name);
	map = root ? load_map(loader, root, NULL, "a prelude") : NULL;
	if (!map)
		return false;
	good = load_keys(loader, map, "a prelude", prelude_keys, use->values);
	if (use->values[PRELUDE_NAME]) {
		if (!load_text(loader, use->values[PRELUDE_NAME], "prelude", NULL, &own)) {
			good = false;
		} else if (strcmp(own, name)) {
			load_error(loader, use->values[PRELUDE_NAME],
				   "`prelude`: expected the name of the file, `%s`, found `%s`",
				   name, own);
			good = false;
		}
	}
	if (use->values[PRELUDE_ABOUT] &&
	    !load_text(loader, use->values[PRELUDE_ABOUT], "about", NULL, &own))
		good = false;
	if (!use->values[PRELUDE_USE])
		return good;
	inner = load_use(loader, use->values[PRELUDE_USE]);
	if (!inner)
		return false;
	for (i = PRELUDE_MACHINE; i <= PRELUDE_STEPS; i++)
		use->values[i] = use_merge(loader, inner->values[i], use->values[i]);
	return good;
}

const struct loader_use *load_use(struct loader *loader, const struct node *node)
{
	struct loader_use *use;
	bool verbatim = loader->verbatim;
	unsigned int i;

	for (i = 0; i < loader->uses->len; i++) {
		use = loader->uses->pdata[i];
		if (use->at == node)
			return use->good ? use : NULL;
	}
	use = g_new0(struct loader_use, 1);
	use->at = node;
	g_ptr_array_add(loader->uses, use);
	/* Which prelude is used is the same in all runs. */
	loader->verbatim = true;
	use->good = use_load(loader, node, use);
	loader->verbatim = verbatim;
	return use->good ? use : NULL;
}
