/* SPDX-License-Identifier: BSD-3-Clause */
#include "baseline.h"

#include "rmesim.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define FORMAT 1

struct entry {
	char *oracle, *condition, *function, *example;
	bool seen;
};

struct baseline {
	GHashTable *entries; /* by key: struct entry */
};

static void entry_free(void *data)
{
	struct entry *entry = data;

	g_free(entry->oracle);
	g_free(entry->condition);
	g_free(entry->function);
	g_free(entry->example);
	g_free(entry);
}

/* What none of the three has in it stands between them. */
static char *make_key(const char *oracle, const char *condition, const char *function)
{
	return g_strdup_printf("%s\n%s\n%s", oracle, condition, function);
}

struct baseline *baseline_create(void)
{
	struct baseline *baseline = g_new0(struct baseline, 1);

	baseline->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
	return baseline;
}

void baseline_free(struct baseline *baseline)
{
	if (!baseline)
		return;
	g_hash_table_unref(baseline->entries);
	g_free(baseline);
}

static void add_entry(struct baseline *baseline, const char *oracle, const char *condition,
		      const char *function, const char *example)
{
	char *key = make_key(oracle, condition, function);
	struct entry *entry;

	if (g_hash_table_contains(baseline->entries, key)) {
		g_free(key);
		return;
	}
	entry = g_new0(struct entry, 1);
	entry->oracle = g_strdup(oracle);
	entry->condition = g_strdup(condition);
	entry->function = g_strdup(function);
	entry->example = g_strdup(example);
	g_hash_table_insert(baseline->entries, key, entry);
}

static const char *get_string(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);

	if (!node || !JSON_NODE_HOLDS_VALUE(node) ||
	    json_node_get_value_type(node) != G_TYPE_STRING)
		return NULL;
	return json_node_get_string(node);
}

static bool read_entry(struct baseline *baseline, const char *path, unsigned int index,
		       JsonNode *node)
{
	static const char *const names[] = {"oracle", "condition", "function"};
	JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
	const char *values[G_N_ELEMENTS(names)];
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		values[i] = object ? get_string(object, names[i]) : NULL;
		if (!values[i]) {
			usage_error("%s: findings[%u]: expected an object with the text \"%s\"",
				    path, index, names[i]);
			return false;
		}
	}
	add_entry(baseline, values[0], values[1], values[2], get_string(object, "example"));
	return true;
}

static bool read_root(struct baseline *baseline, const char *path, JsonNode *root)
{
	JsonObject *object =
		root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
	JsonNode *version = object ? json_object_get_member(object, "rmesim_baseline") : NULL;
	JsonNode *list = object ? json_object_get_member(object, "findings") : NULL;
	JsonArray *findings;
	bool good = true;
	unsigned int i;

	if (!version || !JSON_NODE_HOLDS_VALUE(version) ||
	    json_node_get_value_type(version) != G_TYPE_INT64 ||
	    json_node_get_int(version) != FORMAT) {
		usage_error("%s: not a baseline: expected an object with \"rmesim_baseline\": %d",
			    path, FORMAT);
		return false;
	}
	if (!list || !JSON_NODE_HOLDS_ARRAY(list)) {
		usage_error("%s: expected a list \"findings\"", path);
		return false;
	}
	findings = json_node_get_array(list);
	for (i = 0; i < json_array_get_length(findings); i++)
		good &= read_entry(baseline, path, i, json_array_get_element(findings, i));
	return good;
}

struct baseline *baseline_load(const char *path)
{
	struct baseline *baseline = baseline_create();
	JsonParser *parser = json_parser_new();
	GError *error = NULL;
	bool good;

	good = json_parser_load_from_file(parser, path, &error);
	if (!good) {
		usage_error("--baseline: %s", error->message);
		g_error_free(error);
	} else {
		good = read_root(baseline, path, json_parser_get_root(parser));
	}
	g_object_unref(parser);
	if (good)
		return baseline;
	baseline_free(baseline);
	return NULL;
}

bool baseline_has(const struct baseline *baseline, const char *oracle, const char *condition,
		  const char *function)
{
	char *key = make_key(oracle, condition, function);
	bool found = g_hash_table_contains(baseline->entries, key);

	g_free(key);
	return found;
}

static const char *text(const char *text_or_null)
{
	return text_or_null ? text_or_null : "";
}

void baseline_add(struct baseline *baseline, const struct result *result)
{
	size_t i;

	for (i = 0; i < result->num_findings; i++) {
		const struct result_finding *finding = &result->findings[i];
		char *example = g_strdup_printf("%s: %s", result->plan->id, text(finding->message));

		add_entry(baseline, text(finding->oracle), text(finding->condition),
			  text(finding->function), example);
		g_free(example);
	}
}

void baseline_see(struct baseline *baseline, const struct result *result)
{
	size_t i;

	for (i = 0; i < result->num_findings; i++) {
		const struct result_finding *finding = &result->findings[i];
		char *key = make_key(text(finding->oracle), text(finding->condition),
				     text(finding->function));
		struct entry *entry = g_hash_table_lookup(baseline->entries, key);

		if (entry)
			entry->seen = true;
		g_free(key);
	}
}

size_t baseline_count(const struct baseline *baseline)
{
	return g_hash_table_size(baseline->entries);
}

size_t baseline_count_seen(const struct baseline *baseline)
{
	GHashTableIter iter;
	size_t count = 0;
	void *entry;

	g_hash_table_iter_init(&iter, baseline->entries);
	while (g_hash_table_iter_next(&iter, NULL, &entry))
		count += ((struct entry *)entry)->seen;
	return count;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void build_entry(JsonBuilder *builder, const struct entry *entry)
{
	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "oracle");
	json_builder_add_string_value(builder, entry->oracle);
	json_builder_set_member_name(builder, "condition");
	json_builder_add_string_value(builder, entry->condition);
	json_builder_set_member_name(builder, "function");
	json_builder_add_string_value(builder, entry->function);
	json_builder_set_member_name(builder, "example");
	json_builder_add_string_value(builder, text(entry->example));
	json_builder_end_object(builder);
}

bool baseline_write(const struct baseline *baseline, const char *path)
{
	JsonBuilder *builder = json_builder_new();
	GList *keys = g_list_sort(g_hash_table_get_keys(baseline->entries), compare_keys), *key;
	struct output *output = NULL;
	JsonNode *root;
	char *json;
	int err;

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "rmesim_baseline");
	json_builder_add_int_value(builder, FORMAT);
	json_builder_set_member_name(builder, "findings");
	json_builder_begin_array(builder);
	for (key = keys; key; key = key->next)
		build_entry(builder, g_hash_table_lookup(baseline->entries, key->data));
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	json = json_to_string(root, TRUE);
	err = output_open(path, &output);
	if (!err) {
		fprintf(output_stream(output), "%s\n", json);
		err = output_commit(output);
	}
	if (err)
		usage_error("%s: cannot write: %s", path, g_strerror(-err));
	g_free(json);
	json_node_unref(root);
	g_object_unref(builder);
	g_list_free(keys);
	return !err;
}
