/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * schema.c - the JSON Schema (draft-07) of scenario files, from the tables of the language. What a schema
 * cannot say is listed in tests/suite/schema-cannot.txt, with the reason.
 */
#include "loader.h"
#include "rmi_text.h"
#include "tables.h"

#include <inttypes.h>
#include <json-glib/json-glib.h>
#include <string.h>

/* Numbers as YAML leaves them text: with `_`, or with a unit. Quotes say nothing about those. */
#define DIGITS	      "(0x[0-9a-fA-F]+(_[0-9a-fA-F]+)*|(0|[1-9][0-9]*)(_[0-9]+)*)"
#define SPLIT_DIGITS  "(0x[0-9a-fA-F]+(_[0-9a-fA-F]+)+|[1-9][0-9]*(_[0-9]+)+)"
#define UNIT	      "[KMGT]?"
#define COMPARISON    "(>=|<=|==|!=|>|<)? *"
#define RANGE_PATTERN "^" DIGITS UNIT "(\\+|\\.\\.)" DIGITS UNIT "$"
#define LONE_PATTERN  "^" DIGITS UNIT "((\\+|\\.\\.)" DIGITS UNIT ")?$"
/* A name of the matrix, in a text that is more than that. */
#define VARIABLE_PATTERN "\\$"
/* Words that YAML 1.1 takes for something else. */
#define NO_TRAP "^(?!([yYnN]|[yY][eE][sS]|[nN][oO]|[oO][nN]|[oO][fF][fF]|~)$)[\\s\\S]"

static JsonObject *shape_schema(const struct shape *shape);

static JsonObject *object_new(const char *type)
{
	JsonObject *object = json_object_new();

	if (type)
		json_object_set_string_member(object, "type", type);
	return object;
}

static JsonObject *reference(const char *name)
{
	JsonObject *object = json_object_new();
	char *path = g_strdup_printf("#/definitions/%s", name);

	json_object_set_string_member(object, "$ref", path);
	g_free(path);
	return object;
}

static JsonObject *text_schema(const char *pattern)
{
	JsonObject *object = object_new("string");

	json_object_set_string_member(object, "pattern", pattern);
	return object;
}

static JsonObject *names_schema(const char *const *names)
{
	JsonObject *object = json_object_new();
	JsonArray *array = json_array_new();

	for (; *names; names++)
		json_array_add_string_element(array, *names);
	json_object_set_array_member(object, "enum", array);
	return object;
}

/* An exact bound; what does not fit in 63 bits is only exact as a power of two. */
static void set_bound(JsonObject *object, const char *name, uint64_t value)
{
	if (value <= INT64_MAX)
		json_object_set_int_member(object, name, (gint64)value);
}

static JsonObject *number_schema(const struct shape *shape)
{
	JsonObject *object = object_new("integer");

	if (!shape->negative)
		set_bound(object, "minimum", shape->min);
	if (shape->max && shape->max <= INT64_MAX)
		set_bound(object, "maximum", shape->max);
	else
		json_object_set_double_member(object, "exclusiveMaximum", 18446744073709551616.0);
	if (shape->multiple)
		set_bound(object, "multipleOf", shape->multiple);
	return object;
}

static void any_add(JsonObject *object, JsonObject *choice)
{
	if (!json_object_has_member(object, "anyOf"))
		json_object_set_array_member(object, "anyOf", json_array_new());
	json_array_add_object_element(json_object_get_array_member(object, "anyOf"), choice);
}

/* What may stand for any value that the matrix is applied to. */
static void any_add_matrix(JsonObject *object)
{
	any_add(object, reference("variable"));
	any_add(object, reference("by"));
}

static JsonObject *scalar_schema(const struct shape *shape)
{
	JsonObject *object = json_object_new();
	const char *sign = shape->negative ? "-?" : "";
	uint64_t step;
	char *pattern;

	switch (shape->kind) {
	case SHAPE_NUMBER:
		any_add(object, number_schema(shape));
		pattern = g_strdup_printf("^%s%s%s$", sign, shape->unit ? DIGITS : SPLIT_DIGITS,
					  shape->unit ? UNIT : "");
		any_add(object, text_schema(pattern));
		g_free(pattern);
		break;
	case SHAPE_COUNT:
		any_add(object, number_schema(shape));
		pattern = g_strdup_printf("^%s%s%s%s$", COMPARISON, sign, DIGITS,
					  shape->unit ? UNIT : "");
		any_add(object, text_schema(pattern));
		g_free(pattern);
		break;
	case SHAPE_BOOL:
		any_add(object, object_new("boolean"));
		break;
	case SHAPE_NAME:
		any_add(object, names_schema(shape_names(shape)));
		break;
	case SHAPE_RANGE:
		if (shape->wide)
			any_add(object, object_new("integer"));
		any_add(object, text_schema(shape->wide ? LONE_PATTERN : RANGE_PATTERN));
		break;
	case SHAPE_BYTES:
		step = shape->multiple ? shape->multiple : 1;
		pattern = g_strdup_printf("^([0-9a-fA-F]{%" PRIu64 "}){%" PRIu64 ",%" PRIu64 "}$",
					  2 * step, shape->min / step, shape->max / step);
		any_add(object, text_schema(pattern));
		g_free(pattern);
		break;
	case SHAPE_VALUE:
		any_add(object, text_schema("^[\\s\\S]"));
		any_add(object, object_new("number"));
		any_add(object, object_new("boolean"));
		break;
	default:
		any_add(object, text_schema(shape->pattern ? shape->pattern : NO_TRAP));
		break;
	}
	if (!shape->fixed)
		any_add_matrix(object);
	return object;
}

/* Shapes that so many keys have that they are written once. */
static const struct {
	const char *name;
	struct shape shape;
} shared_shapes[] = {
	{"number", {.kind = SHAPE_NUMBER}},
	{"signed_number", {.kind = SHAPE_NUMBER, .negative = true}},
	{"size", {.kind = SHAPE_NUMBER, .unit = true}},
	{"signed_size", {.kind = SHAPE_NUMBER, .unit = true, .negative = true}},
	{"count", {.kind = SHAPE_COUNT}},
	{"boolean", {.kind = SHAPE_BOOL}},
	{"text", {.kind = SHAPE_TEXT}},
};

/* The name of the definition that says the same as `shape`, or NULL. */
static const char *shared_name(const struct shape *shape)
{
	size_t i;

	if (shape->fixed || shape->min || shape->max || shape->multiple || shape->pattern)
		return NULL;
	for (i = 0; i < G_N_ELEMENTS(shared_shapes); i++) {
		const struct shape *shared = &shared_shapes[i].shape;

		if (shared->kind == shape->kind && shared->unit == shape->unit &&
		    shared->negative == shape->negative)
			return shared_shapes[i].name;
	}
	return NULL;
}

/* Either {by: ...}, or what the rest of the schema says. Editors stay precise: no alternatives. */
static JsonObject *unless_by(JsonObject *otherwise, bool fixed)
{
	JsonObject *object, *condition;
	JsonArray *required;

	if (fixed)
		return otherwise;
	object = json_object_new();
	condition = object_new("object");
	required = json_array_new();
	json_array_add_string_element(required, "by");
	json_object_set_array_member(condition, "required", required);
	json_object_set_object_member(object, "if", condition);
	json_object_set_object_member(object, "then", reference("by"));
	json_object_set_object_member(object, "else", otherwise);
	return object;
}

static void set_description(JsonObject *object, const struct key_def *key)
{
	char *text;

	if (!key->help)
		return;
	text = key->fallback ? g_strdup_printf("%s Default: %s.", key->help, key->fallback)
			     : g_strdup(key->help);
	json_object_set_string_member(object, "description", text);
	g_free(text);
}

/* A key's schema, with its description. */
static JsonObject *key_schema(const struct key_def *key)
{
	JsonObject *object = json_object_new(), *shape = shape_schema(&key->shape);
	GList *members = json_object_get_members(shape), *member;

	set_description(object, key);
	/* Beside a reference nothing else would count. */
	if (json_object_has_member(shape, "$ref")) {
		json_object_set_array_member(object, "allOf", json_array_new());
		json_array_add_object_element(json_object_get_array_member(object, "allOf"), shape);
		return object;
	}
	for (member = members; member; member = member->next)
		json_object_set_member(object, member->data,
				       json_object_dup_member(shape, member->data));
	g_list_free(members);
	json_object_unref(shape);
	return object;
}

static JsonObject *map_schema(const struct key_def *keys)
{
	JsonObject *object = object_new("object"), *properties = json_object_new();
	JsonArray *required = json_array_new();

	for (; keys->name; keys++) {
		json_object_set_object_member(properties, keys->name, key_schema(keys));
		if (keys->required)
			json_array_add_string_element(required, keys->name);
	}
	json_object_set_object_member(object, "properties", properties);
	if (json_array_get_length(required))
		json_object_set_array_member(object, "required", required);
	else
		json_array_unref(required);
	json_object_set_boolean_member(object, "additionalProperties", FALSE);
	return object;
}

static JsonObject *table_schema(const struct shape *shape)
{
	JsonObject *object = object_new("object"), *names = json_object_new();

	/* Keys that are one of a few names are offered by editors. */
	if (shape->key->kind == SHAPE_NAME) {
		const char *const *name;

		for (name = shape_names(shape->key); *name; name++)
			json_object_set_object_member(names, *name, shape_schema(shape->item));
		json_object_set_object_member(object, "properties", names);
		names = json_object_new();
		json_object_set_object_member(names, VARIABLE_PATTERN, shape_schema(shape->item));
	} else {
		const char *pattern = shape->key->pattern;

		if (shape->key->kind == SHAPE_RANGE)
			pattern = shape->key->wide ? LONE_PATTERN : RANGE_PATTERN;
		json_object_set_object_member(names, pattern, shape_schema(shape->item));
		if (!shape->fixed)
			json_object_set_object_member(names, VARIABLE_PATTERN,
						      shape_schema(shape->item));
	}
	json_object_set_object_member(object, "patternProperties", names);
	json_object_set_boolean_member(object, "additionalProperties", FALSE);
	if (shape->min)
		set_bound(object, "minProperties", shape->min);
	if (shape->max)
		set_bound(object, "maxProperties", shape->max);
	return object;
}

static JsonObject *rmi_call_schema(void)
{
	JsonObject *object = json_object_new(), *calls = object_new("object");
	JsonObject *properties = json_object_new();
	const char *const *names = rmi_command_names();
	size_t i;
	unsigned int j;

	any_add(object, names_schema(names));
	for (i = 0; names[i]; i++) {
		const struct rmi_command *command = rmi_command_by_name(names[i]);
		struct key_def keys[G_N_ELEMENTS(command->args) + 1] = {{.name = NULL}};

		for (j = 0; j < command->num_args; j++)
			keys[j] = rmi_argument_key(command, j);
		json_object_set_object_member(properties, names[i], map_schema(keys));
	}
	json_object_set_object_member(calls, "properties", properties);
	json_object_set_boolean_member(calls, "additionalProperties", FALSE);
	json_object_set_int_member(calls, "minProperties", 1);
	json_object_set_int_member(calls, "maxProperties", 1);
	any_add(object, calls);
	any_add_matrix(object);
	return object;
}

static JsonObject *list_schema(JsonObject *item, uint64_t min)
{
	JsonObject *object = object_new("array");

	json_object_set_object_member(object, "items", item);
	if (min)
		set_bound(object, "minItems", min);
	return object;
}

static JsonObject *shape_schema(const struct shape *shape)
{
	JsonObject *object;
	size_t i;

	switch (shape->kind) {
	case SHAPE_LIST:
		return unless_by(list_schema(shape_schema(shape->item), shape->min), shape->fixed);
	case SHAPE_MAP:
		return unless_by(map_schema(shape->keys), shape->fixed);
	case SHAPE_TABLE:
		return unless_by(table_schema(shape), shape->fixed);
	case SHAPE_EITHER:
		object = json_object_new();
		for (i = 0; shape->any[i]; i++)
			any_add(object, shape_schema(shape->any[i]));
		return object;
	case SHAPE_STEPS:
		return shape->min ? reference("steps")
				  : unless_by(list_schema(reference("step"), 0), false);
	case SHAPE_EXPECT:
		return reference("expect");
	case SHAPE_RMI_CALL:
		return rmi_call_schema();
	default:
		return shared_name(shape) ? reference(shared_name(shape)) : scalar_schema(shape);
	}
}

/* --- steps --------------------------------------------------------------------------------------------- */

static JsonObject *requires(const char *name)
{
	JsonObject *object = json_object_new();
	JsonArray *array = json_array_new();

	json_array_add_string_element(array, name);
	json_object_set_array_member(object, "required", array);
	return object;
}

static JsonObject *params_schema(const struct step_def *def)
{
	struct key_def keys[STEP_MAX_PARAMS + 1] = {{.name = NULL}};
	char fallbacks[STEP_MAX_PARAMS][32];
	JsonObject *object, *result;
	bool required = false;
	JsonArray *types;
	size_t i;

	for (i = 0; i < def->num_params; i++) {
		keys[i] = language_param(&def->params[i], fallbacks[i], sizeof(fallbacks[i]));
		required |= keys[i].required;
	}
	object = map_schema(keys);
	if (!required) {
		types = json_array_new();
		json_array_add_string_element(types, "object");
		json_array_add_string_element(types, "null");
		json_object_set_array_member(object, "type", types);
	}
	result = unless_by(object, false);
	json_object_set_string_member(result, "description", def->help);
	return result;
}

/* The keys that may stand beside what the step is, with that one. */
static JsonObject *beside_schema(unsigned int beside, const char *what)
{
	JsonObject *object = json_object_new();
	JsonArray *names = json_array_new();
	size_t i;

	json_array_add_string_element(names, what);
	for (i = 0; step_item_keys[i].name; i++) {
		if (strcmp(step_item_keys[i].name, what) && (language_beside(i) & beside))
			json_array_add_string_element(names, step_item_keys[i].name);
	}
	json_object_set_array_member(object, "enum", names);
	return object;
}

static JsonObject *kind_schema(unsigned int beside, const char *what)
{
	JsonObject *object = requires(what);

	json_object_set_object_member(object, "propertyNames", beside_schema(beside, what));
	return object;
}

/* `expect` alone looks at the state, and has no answer to compare. */
static JsonObject *state_names_schema(void)
{
	JsonObject *object = json_object_new();
	JsonArray *names = json_array_new();
	struct key_def key;
	bool state;
	size_t i;

	for (i = 0; language_expect(i, &key, &state); i++) {
		if (state)
			json_array_add_string_element(names, key.name);
	}
	json_array_add_string_element(names, "why");
	json_array_add_string_element(names, "by");
	json_object_set_array_member(object, "enum", names);
	return object;
}

static JsonObject *step_schema(void)
{
	JsonObject *object = object_new("object"), *properties = json_object_new();
	JsonObject *alone, *expect, *narrowed, *nothing;
	JsonArray *one = json_array_new();
	const struct step_def *def;
	size_t i;

	for (i = 0; step_item_keys[i].name; i++)
		json_object_set_object_member(properties, step_item_keys[i].name,
					      key_schema(&step_item_keys[i]));
	for (i = 0; (def = step_at(i)); i++) {
		json_object_set_object_member(properties, def->name, params_schema(def));
		json_array_add_object_element(one, kind_schema(BESIDE_ACTION, def->name));
	}
	for (i = 0; step_item_keys[i].name; i++) {
		if (!language_beside(i))
			json_array_add_object_element(
				one, kind_schema(BESIDE_CONTROL, step_item_keys[i].name));
	}
	/* `expect` and `note` are steps of their own only where nothing else is. */
	alone = kind_schema(BESIDE_EXPECT, "expect");
	expect = json_object_new();
	narrowed = json_object_new();
	json_object_set_object_member(narrowed, "propertyNames", state_names_schema());
	/* `why` alone compares nothing. */
	nothing = requires("why");
	json_object_set_int_member(nothing, "maxProperties", 1);
	json_object_set_object_member(narrowed, "not", nothing);
	json_object_set_object_member(expect, "expect", narrowed);
	json_object_set_object_member(alone, "properties", expect);
	json_array_add_object_element(one, alone);
	alone = requires("note");
	{
		JsonObject *names = json_object_new();
		JsonArray *allowed = json_array_new();

		json_array_add_string_element(allowed, "note");
		json_array_add_string_element(allowed, "name");
		json_array_add_string_element(allowed, "why");
		json_object_set_array_member(names, "enum", allowed);
		json_object_set_object_member(alone, "propertyNames", names);
	}
	json_array_add_object_element(one, alone);
	json_object_set_object_member(object, "properties", properties);
	json_object_set_boolean_member(object, "additionalProperties", FALSE);
	json_object_set_array_member(object, "oneOf", one);
	return unless_by(object, false);
}

static JsonObject *expect_schema(void)
{
	static const struct key_def why = {"why",
					   "The fact that the expectation rests on.",
					   false,
					   NULL,
					   {.kind = SHAPE_TEXT}};
	JsonObject *object = object_new("object"), *properties = json_object_new();
	struct key_def key;
	bool state;
	size_t i;

	for (i = 0; language_expect(i, &key, &state); i++)
		json_object_set_object_member(properties, key.name, key_schema(&key));
	json_object_set_object_member(properties, why.name, key_schema(&why));
	json_object_set_object_member(object, "properties", properties);
	json_object_set_int_member(object, "minProperties", 1);
	json_object_set_boolean_member(object, "additionalProperties", FALSE);
	return unless_by(object, false);
}

/* --- the whole ----------------------------------------------------------------------------------------- */

static JsonObject *definitions(void)
{
	JsonObject *object = json_object_new(), *by = object_new("object"), *name;
	JsonObject *variable = text_schema(VARIABLE_PATTERN), *properties = json_object_new();
	JsonArray *required = json_array_new();
	size_t i;

	json_object_set_string_member(variable, "description",
				      "A name of the matrix: `$name` or `$(name)`.");
	json_object_set_object_member(object, "variable", variable);
	json_object_set_string_member(by, "description",
				      "A value for each value of a name of the matrix: {by: "
				      "page_size, 4K: 16, 16K: 4, 64K: 1}.");
	name = object_new("string");
	json_object_set_string_member(name, "description", "The name of the matrix.");
	json_object_set_object_member(properties, "by", name);
	json_object_set_object_member(by, "properties", properties);
	json_array_add_string_element(required, "by");
	json_object_set_array_member(by, "required", required);
	json_object_set_int_member(by, "minProperties", 2);
	json_object_set_object_member(object, "by", by);
	for (i = 0; i < G_N_ELEMENTS(shared_shapes); i++)
		json_object_set_object_member(object, shared_shapes[i].name,
					      scalar_schema(&shared_shapes[i].shape));
	json_object_set_object_member(object, "steps",
				      unless_by(list_schema(reference("step"), 1), false));
	json_object_set_object_member(object, "step", step_schema());
	json_object_set_object_member(object, "expect", expect_schema());
	return object;
}

/* "$schema" and the like first, then what `map` has. */
static JsonObject *document_schema(const char *title, const struct key_def *keys)
{
	JsonObject *object = json_object_new(), *map = map_schema(keys), *not_both;
	GList *members = json_object_get_members(map), *member;
	JsonArray *both = json_array_new();

	json_object_set_string_member(object, "$schema", "http://json-schema.org/draft-07/schema#");
	json_object_set_string_member(object, "title", title);
	json_object_set_string_member(
		object, "description",
		"Made by `rmesim schema` from the tables that the program reads files by.");
	for (member = members; member; member = member->next)
		json_object_set_member(object, member->data,
				       json_object_dup_member(map, member->data));
	g_list_free(members);
	json_object_unref(map);
	json_array_add_string_element(both, "realm");
	json_array_add_string_element(both, "realms");
	not_both = json_object_new();
	json_object_set_array_member(not_both, "required", both);
	json_object_set_object_member(object, "not", not_both);
	json_object_set_object_member(object, "definitions", definitions());
	return object;
}

char *schema_text(bool prelude)
{
	JsonObject *object = prelude ? document_schema("A prelude of rmesim", prelude_keys)
				     : document_schema("A scenario of rmesim", scenario_keys);
	JsonGenerator *generator = json_generator_new();
	JsonNode *node = json_node_new(JSON_NODE_OBJECT);
	char *json, *text;

	json_node_take_object(node, object);
	json_generator_set_root(generator, node);
	json_generator_set_pretty(generator, TRUE);
	json_generator_set_indent(generator, 1);
	json_generator_set_indent_char(generator, '\t');
	json = json_generator_to_data(generator, NULL);
	text = g_strconcat(json, "\n", NULL);
	g_free(json);
	json_node_unref(node);
	g_object_unref(generator);
	return text;
}
