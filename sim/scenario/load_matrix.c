/* SPDX-License-Identifier: BSD-3-Clause */
/* The matrix: its values, and putting them where their names stand. */
#include "loader.h"

#include "value.h"

#include <glib.h>
#include <string.h>

static bool is_matrix_character(char c)
{
	return g_ascii_islower(c) || g_ascii_isdigit(c) || c == '_';
}

static struct loader_variable *variable_find(struct loader *loader, const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < loader->num_variables; i++) {
		if (strlen(loader->variables[i].name) == length &&
		    !memcmp(loader->variables[i].name, name, length))
			return &loader->variables[i];
	}
	return NULL;
}

static void variable_unknown(struct loader *loader, const struct node *node, const char *name)
{
	const char *names[LOADER_MAX_VARIABLES + 1] = {NULL};
	size_t i;

	if (loader->broken_matrix)
		return;
	if (!loader->num_variables) {
		load_error(loader, node, "`%s`: the scenario has no matrix", name);
		return;
	}
	for (i = 0; i < loader->num_variables; i++)
		names[i] = loader->variables[i].name;
	load_unknown(loader, node, "name of the matrix", name, names);
}

/* "`$page_size` is this value here", before the other origins. */
static const struct origin *variable_origin(struct loader *loader,
					    const struct loader_variable *variable,
					    const struct origin *next)
{
	const struct node *value = variable->values[variable->chosen];

	return origin_create(loader->arena, value->place,
			     arena_format(loader->arena, "`$%s` is `%s` in this run",
					  variable->name, value->text),
			     next);
}

/* Where the names of the matrix in `text` have their values from. */
static const struct origin *text_origin(struct loader *loader, const char *text)
{
	const struct origin *origin = NULL;
	struct loader_variable *variable;
	size_t length;

	while ((text = strchr(text, '$'))) {
		text++;
		if (*text == '$') {
			text++;
			continue;
		}
		text += *text == '(';
		for (length = 0; is_matrix_character(text[length]); length++)
			;
		variable = variable_find(loader, text, length);
		if (variable)
			origin = variable_origin(loader, variable, origin);
	}
	return origin;
}

void load_note_matrix(struct loader *loader, const struct node *node)
{
	const struct origin *origin;

	if (loader->verbatim || node->kind != NODE_SCALAR)
		return;
	for (origin = text_origin(loader, node->text); origin; origin = origin->next)
		diagnostics_note(loader->diagnostics, origin->place, "%s", origin->text);
}

/* Replaces each $name, $(name) and $$ of a scalar. */
static const struct node *substitute(struct loader *loader, const struct node *node)
{
	GString *text = g_string_new(NULL);
	const char *at = node->text, *start;
	bool plain = node->plain, good = true;
	const struct origin *origin = node->origin;
	struct loader_variable *variable;
	struct node *result = NULL;
	size_t length;

	while (*at && good) {
		if (*at != '$') {
			g_string_append_c(text, *at++);
			continue;
		}
		start = at++;
		if (*at == '$') {
			g_string_append_c(text, *at++);
			continue;
		}
		if (*at == '(')
			at++;
		for (length = 0; is_matrix_character(at[length]); length++)
			;
		if (!length || (start[1] == '(' && at[length] != ')')) {
			load_error(loader, node,
				   "`$` begins a name of the matrix, as in $name or $(name); write "
				   "$$ for a "
				   "dollar sign");
			good = false;
			break;
		}
		variable = variable_find(loader, at, length);
		if (!variable) {
			char *name = g_strndup(at, length);

			variable_unknown(loader, node, name);
			g_free(name);
			good = false;
			break;
		}
		variable->used = true;
		g_string_append(text, variable->values[variable->chosen]->text);
		at += length + (start[1] == '(');
		if (start == node->text && !*at)
			plain = variable->values[variable->chosen]->plain;
		origin = variable_origin(loader, variable, origin);
	}
	if (good) {
		result = arena_alloc(loader->arena, sizeof(*result));
		*result = *node;
		result->text = arena_copy(loader->arena, text->str, text->len);
		result->plain = plain;
		result->origin = origin;
	}
	g_string_free(text, TRUE);
	return result;
}

/* {by: page_size, 4K: A, 16K: B}: the value for this run. Every value of the matrix has its own. */
static const struct node *choose(struct loader *loader, const struct node *node)
{
	const struct node *name = NULL, *result = NULL;
	struct loader_variable *variable;
	size_t i, j;
	bool good = true;

	for (i = 0; i < node->num; i++) {
		if (node->pairs[i].key->kind == NODE_SCALAR &&
		    !strcmp(node->pairs[i].key->text, "by")) {
			if (name) {
				load_error(loader, node->pairs[i].key, "duplicate key `by`");
				return NULL;
			}
			name = node->pairs[i].value;
		}
	}
	if (name->kind != NODE_SCALAR || !*name->text) {
		load_error(loader, name, "`by`: expected a name of the matrix, found %s",
			   node_describe(name, loader->arena));
		return NULL;
	}
	variable = variable_find(loader, name->text, strlen(name->text));
	if (!variable) {
		variable_unknown(loader, name, name->text);
		return NULL;
	}
	variable->used = true;
	for (i = 0; i < node->num; i++) {
		const struct node *key = node->pairs[i].key;

		if (node->pairs[i].value == name)
			continue;
		for (j = 0; j < variable->num_values; j++) {
			if (key->kind == NODE_SCALAR &&
			    !strcmp(key->text, variable->values[j]->text))
				break;
		}
		if (j == variable->num_values) {
			const char **names = arena_alloc(loader->arena, (j + 1) * sizeof(*names));

			while (j--)
				names[j] = variable->values[j]->text;
			load_unknown(loader, key, "value of that name in the matrix",
				     key->kind == NODE_SCALAR ? key->text : "", names);
			good = false;
		} else if (j == variable->chosen) {
			if (result) {
				load_error(loader, key, "duplicate key `%s`", key->text);
				good = false;
			}
			result = node->pairs[i].value;
		}
	}
	if (!result)
		load_error(loader, node, "`by: %s`: no value for `%s`", variable->name,
			   variable->values[variable->chosen]->text);
	return good ? result : NULL;
}

const struct node *load_resolve(struct loader *loader, const struct node *node)
{
	unsigned int depth;
	size_t i;

	if (loader->verbatim)
		return node;
	for (depth = 0; node && depth <= DOCUMENT_MAX_DEPTH; depth++) {
		if (node->kind == NODE_SCALAR)
			return strchr(node->text, '$') ? substitute(loader, node) : node;
		if (node->kind != NODE_MAPPING)
			return node;
		for (i = 0; i < node->num; i++) {
			if (node->pairs[i].key->kind == NODE_SCALAR &&
			    !strcmp(node->pairs[i].key->text, "by"))
				break;
		}
		if (i == node->num)
			return node;
		node = choose(loader, node);
	}
	return node;
}

static bool load_matrix_values(struct loader *loader, const struct node *node,
			       struct loader_variable *variable)
{
	const struct node *list = node->kind == NODE_SEQUENCE ? node : NULL;
	bool good = true;
	size_t i, j;

	if (!list || !list->num) {
		load_problem(loader, node, variable->name, "matrix", "expected a list of values");
		return false;
	}
	variable->values = arena_alloc(loader->arena, list->num * sizeof(*variable->values));
	for (i = 0; i < list->num; i++) {
		const struct node *item = list->items[i];
		const char *trap = NULL;

		if (item->kind != NODE_SCALAR || node_is_empty(item) || !*item->text) {
			load_problem(loader, item, variable->name, "matrix",
				     "expected a plain value");
			good = false;
			continue;
		}
		for (j = 0; j < i && strcmp(list->items[j]->text, item->text); j++)
			;
		if (j < i) {
			load_error(loader, item,
				   "`%s` of matrix: the value `%s` stands there twice",
				   variable->name, item->text);
			good = false;
			continue;
		}
		if (item->plain && strcmp(item->text, "true") && strcmp(item->text, "false"))
			trap = value_trap(item->text);
		if (trap && strcmp(trap, "a number")) {
			load_error(loader, item,
				   "`%s` of matrix: YAML 1.1 reads `%s` as %s: put it in quotes",
				   variable->name, item->text, trap);
			good = false;
			continue;
		}
		variable->values[variable->num_values++] = item;
	}
	return good;
}

bool load_matrix(struct loader *loader, const struct node *map)
{
	bool good = true;
	size_t i, j;

	if (map->kind != NODE_MAPPING || !map->num) {
		load_problem(loader, map, "matrix", NULL,
			     "expected a map of names and lists of values");
		return false;
	}
	for (i = 0; i < map->num; i++) {
		const struct node *key = map->pairs[i].key;
		struct loader_variable variable = {.place = key->place};

		if (loader->num_variables == LOADER_MAX_VARIABLES) {
			load_error(loader, key, "too many names in the matrix: at most %u",
				   LOADER_MAX_VARIABLES);
			return false;
		}
		if (key->kind != NODE_SCALAR || !g_ascii_islower(*key->text) ||
		    strspn(key->text, "abcdefghijklmnopqrstuvwxyz0123456789_") !=
			    strlen(key->text)) {
			load_error(loader, key,
				   "name of the matrix: expected a lower-case letter, then "
				   "letters, digits "
				   "and `_`, found %s",
				   node_describe(key, loader->arena));
			good = false;
			continue;
		}
		variable.name = key->text;
		for (j = 0; j < loader->num_variables; j++) {
			if (!strcmp(loader->variables[j].name, variable.name)) {
				load_error(loader, key, "duplicate key `%s`", variable.name);
				diagnostics_note(loader->diagnostics, loader->variables[j].place,
						 "it stands here already");
				good = false;
				break;
			}
		}
		if (j < loader->num_variables)
			continue;
		if (!load_matrix_values(loader, map->pairs[i].value, &variable))
			good = false;
		if (variable.num_values)
			loader->variables[loader->num_variables++] = variable;
	}
	return good;
}

/* The next combination, the last name running fastest. False after the last one. */
bool matrix_next(struct loader *loader)
{
	size_t i = loader->num_variables;

	while (i--) {
		struct loader_variable *variable = &loader->variables[i];

		if (++variable->chosen < variable->num_values)
			return true;
		variable->chosen = 0;
	}
	return false;
}
