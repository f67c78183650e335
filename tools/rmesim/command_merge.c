/* SPDX-License-Identifier: BSD-3-Clause */
/* command_merge.c - the reports of shards, put together to the report that one run would have written. */
#include "rmesim.h"

#include <inttypes.h>
#include <json-glib/json-glib.h>
#include <string.h>

#define RESULT_PREFIX "{\"type\":\"result\",\"number\":"

/* --- JSON Lines ---------------------------------------------------------------------------------------- */

/* The report of one shard. */
struct part {
	const char *path;
	char **lines;
	unsigned int num_lines;
	JsonObject *run, *summary;
	JsonParser *run_parser, *summary_parser;
	unsigned int index, total;
	unsigned int at; /* next line */
};

static void part_free(void *data)
{
	struct part *part = data;

	g_clear_object(&part->run_parser);
	g_clear_object(&part->summary_parser);
	g_strfreev(part->lines);
	g_free(part);
}

/* The object of a line, or NULL after a message. */
static JsonObject *line_parse(const struct part *part, unsigned int line, JsonParser **parser)
{
	GError *error = NULL;
	JsonNode *root;

	*parser = json_parser_new();
	if (!json_parser_load_from_data(*parser, part->lines[line], -1, &error)) {
		usage_error("%s:%u: not JSON: %s", part->path, line + 1, error->message);
		g_error_free(error);
		return NULL;
	}
	root = json_parser_get_root(*parser);
	if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
		usage_error("%s:%u: expected an object", part->path, line + 1);
		return NULL;
	}
	return json_node_get_object(root);
}

static bool is_type(JsonObject *object, const char *type)
{
	return !strcmp(json_object_get_string_member_with_default(object, "type", ""), type);
}

static struct part *part_read(const char *path, const char *text)
{
	struct part *part = g_new0(struct part, 1);
	JsonObject *shard;
	gint64 index, total;
	unsigned int i;

	part->path = path;
	part->lines = g_strsplit(text, "\n", -1);
	part->num_lines = g_strv_length(part->lines);
	while (part->num_lines && !*part->lines[part->num_lines - 1])
		part->num_lines--;
	if (part->num_lines < 2) {
		usage_error("%s: not a whole report: expected a first line and a summary", path);
		goto bad;
	}
	part->run = line_parse(part, 0, &part->run_parser);
	part->summary =
		part->run ? line_parse(part, part->num_lines - 1, &part->summary_parser) : NULL;
	if (!part->summary)
		goto bad;
	if (!is_type(part->run, "run") ||
	    strcmp(json_object_get_string_member_with_default(part->run, "format", ""),
		   "rmesim-results") ||
	    json_object_get_int_member_with_default(part->run, "version", 0) != 1) {
		usage_error("%s:1: expected the first line of a report of `rmesim run --report "
			    "jsonl=FILE`, version 1",
			    path);
		goto bad;
	}
	if (!is_type(part->summary, "summary")) {
		usage_error("%s:%u: the report is cut off: expected a summary as last line", path,
			    part->num_lines);
		goto bad;
	}
	shard = json_object_has_member(part->run, "shard")
			? json_object_get_object_member(part->run, "shard")
			: NULL;
	index = shard ? json_object_get_int_member_with_default(shard, "index", -1) : -1;
	total = shard ? json_object_get_int_member_with_default(shard, "total", 0) : 0;
	if (total < 1 || total > 100000 || index < 0 || index >= total) {
		usage_error("%s:1: `shard` makes no sense", path);
		goto bad;
	}
	part->index = (unsigned int)index;
	part->total = (unsigned int)total;
	for (i = 1; i < part->num_lines - 1; i++) {
		JsonParser *parser = NULL;
		JsonObject *object = line_parse(part, i, &parser);
		bool good = object && is_type(object, "result") &&
			    g_str_has_prefix(part->lines[i], RESULT_PREFIX);

		if (object && !good)
			usage_error("%s:%u: expected a result", path, i + 1);
		g_object_unref(parser);
		if (!good)
			goto bad;
	}
	part->at = 1;
	return part;
bad:
	part_free(part);
	return NULL;
}

/* Everything that must be the same for reports to be parts of one run. */
static bool parts_agree(const GPtrArray *parts)
{
	static const char *const keys[] = {"rmesim", "kvm", "seed", "level"};
	const struct part *first = parts->pdata[0];
	const char **seen = g_new0(const char *, first->total);
	bool good = true;
	unsigned int i;
	size_t j;

	for (i = 0; i < parts->len; i++) {
		const struct part *part = parts->pdata[i];

		for (j = 0; j < G_N_ELEMENTS(keys); j++) {
			const char *ours =
				json_object_get_string_member_with_default(part->run, keys[j], "");
			const char *theirs =
				json_object_get_string_member_with_default(first->run, keys[j], "");

			/* Each shard names the KVM builds that it needed. */
			if (strcmp(keys[j], "kvm") && strcmp(ours, theirs)) {
				usage_error(
					"%s: another run than %s: `%s` is %s there, and %s here",
					part->path, first->path, keys[j], theirs, ours);
				good = false;
			}
		}
		if (part->total != first->total) {
			usage_error("%s is of %u shards, %s of %u", part->path, part->total,
				    first->path, first->total);
			good = false;
		} else if (first->total > 1 && seen[part->index]) {
			usage_error("%s and %s are both shard %u/%u", seen[part->index], part->path,
				    part->index, part->total);
			good = false;
		} else if (first->total > 1) {
			seen[part->index] = part->path;
		}
	}
	for (i = 0; good && first->total > 1 && i < first->total; i++) {
		if (!seen[i]) {
			usage_error("shard %u/%u is missing", i, first->total);
			good = false;
		}
	}
	g_free(seen);
	return good;
}

static int compare_parts(const void *a, const void *b)
{
	const struct part *one = *(const struct part *const *)a,
			  *other = *(const struct part *const *)b;

	return one->index < other->index ? -1 : one->index > other->index;
}

/* The text of `"id":"..."`, with its quotes; repetitions of a run have the same. */
static bool same_run(const char *line, const char *other)
{
	const char *id = strstr(line, "\"id\":"), *other_id = strstr(other, "\"id\":");
	const char *end = id ? strstr(id, ",\"scenario\":") : NULL;
	const char *other_end = other_id ? strstr(other_id, ",\"scenario\":") : NULL;

	return end && other_end && end - id == other_end - other_id &&
	       !strncmp(id, other_id, (size_t)(end - id));
}

/* Hands on the runs of one scenario and variant, with their number in the whole. */
static void part_take(struct part *part, GString *out, size_t *number)
{
	unsigned int first = part->at;

	while (part->at < part->num_lines - 1 &&
	       (part->at == first || same_run(part->lines[part->at], part->lines[first]))) {
		const char *line = part->lines[part->at++] + strlen(RESULT_PREFIX);

		g_string_append_printf(out, RESULT_PREFIX "%zu%s\n", ++*number,
				       line + strspn(line, "0123456789"));
	}
}

static gint64 parts_sum(const GPtrArray *parts, bool summary, const char *key)
{
	gint64 sum = 0;
	unsigned int i;

	for (i = 0; i < parts->len; i++) {
		const struct part *part = parts->pdata[i];

		sum += json_object_get_int_member_with_default(summary ? part->summary : part->run,
							       key, 0);
	}
	return sum;
}

/* The line of an object, as the report writes it: no blanks. */
static void put_object(GString *out, JsonObject *object)
{
	JsonNode *node = json_node_new(JSON_NODE_OBJECT);
	JsonGenerator *generator = json_generator_new();
	char *text;

	json_node_set_object(node, object);
	json_generator_set_root(generator, node);
	text = json_generator_to_data(generator, NULL);
	g_string_append_printf(out, "%s\n", text);
	g_free(text);
	json_node_unref(node);
	g_object_unref(generator);
}

/* "KVM a, b": each build once, in the order of page sizes that the shards have them in. */
static char *merged_kvm(const GPtrArray *parts)
{
	const char *longest = "";
	unsigned int i;

	for (i = 0; i < parts->len; i++) {
		const struct part *part = parts->pdata[i];
		const char *kvm = json_object_get_string_member_with_default(part->run, "kvm", "");

		if (strlen(kvm) > strlen(longest))
			longest = kvm;
	}
	return g_strdup(longest);
}

static void count_scenarios(const GString *lines, size_t *scenarios)
{
	char **all = g_strsplit(lines->str, "\n", -1);
	char *last = NULL;
	unsigned int i;

	*scenarios = 0;
	for (i = 0; all[i]; i++) {
		const char *at = strstr(all[i], "\"scenario\":"), *end;
		char *name;

		end = at ? strstr(at, ",\"variant\":") : NULL;
		if (!end)
			continue;
		name = g_strndup(at, (size_t)(end - at));
		if (!last || strcmp(last, name))
			++*scenarios;
		g_free(last);
		last = name;
	}
	g_free(last);
	g_strfreev(all);
}

static bool merge_jsonl(GPtrArray *parts, GString *out, struct report_summary *summary)
{
	struct part *first;
	GString *results;
	JsonObject *shard;
	size_t number = 0;
	unsigned int i;
	bool more = true;
	char *kvm;

	if (!parts_agree(parts))
		return false;
	g_ptr_array_sort(parts, compare_parts);
	first = parts->pdata[0];
	results = g_string_new(NULL);
	/* Run k of the whole is in shard k modulo their number. */
	while (first->total > 1 && more) {
		more = false;
		for (i = 0; i < parts->len; i++) {
			struct part *part = parts->pdata[i];

			part_take(part, results, &number);
			more |= part->at < part->num_lines - 1;
		}
	}
	for (i = 0; first->total == 1 && i < parts->len; i++) {
		struct part *part = parts->pdata[i];

		while (part->at < part->num_lines - 1)
			part_take(part, results, &number);
	}
	shard = json_object_new();
	json_object_set_int_member(shard, "index", 0);
	json_object_set_int_member(shard, "total", 1);
	json_object_set_object_member(first->run, "shard", shard);
	json_object_set_int_member(first->run, "planned", parts_sum(parts, false, "planned"));
	kvm = merged_kvm(parts);
	json_object_set_string_member(first->run, "kvm", kvm);
	g_free(kvm);
	count_scenarios(results, &summary->num_scenarios);
	for (i = 0; i < RESULT_NUM_STATUSES; i++) {
		const char *name = result_status_name((enum result_status)i);

		summary->counts[i] = (size_t)parts_sum(parts, true, name);
		json_object_set_int_member(first->summary, name, (gint64)summary->counts[i]);
	}
	summary->not_run = (size_t)parts_sum(parts, true, "not_run");
	json_object_set_int_member(first->summary, "not_run", (gint64)summary->not_run);
	json_object_set_int_member(first->summary, "runs", (gint64)number);
	json_object_set_int_member(first->summary, "scenarios", (gint64)summary->num_scenarios);
	for (i = 0; i < parts->len; i++) {
		struct part *part = parts->pdata[i];
		const char *aborted =
			json_object_get_string_member_with_default(part->summary, "aborted", NULL);

		if (aborted) {
			summary->aborted = part->path;
			json_object_set_string_member(first->summary, "aborted", aborted);
		}
	}
	put_object(out, first->run);
	g_string_append_len(out, results->str, (gssize)results->len);
	put_object(out, first->summary);
	g_string_free(results, TRUE);
	return true;
}

/* --- JUnit --------------------------------------------------------------------------------------------- */

static const char *const count_names[] = {"tests", "failures", "errors", "skipped"};
enum { COUNT_TESTS, COUNT_FAILURES, COUNT_ERRORS, COUNT_SKIPPED, NUM_COUNTS };

struct suite {
	char *name;
	GString *properties, *cases;
	uint64_t counts[NUM_COUNTS];
	double time;
};

struct junit {
	GPtrArray *suites; /* in the order of their first appearance */
	struct suite *suite;
	GString *out;	    /* where elements go; NULL: outside of a suite */
	unsigned int depth; /* of elements below the suite */
	bool fresh;	    /* the suite is new: its properties are kept */
	bool root;
	GString *dropped;
};

static void suite_free(void *data)
{
	struct suite *suite = data;

	g_free(suite->name);
	g_string_free(suite->properties, TRUE);
	g_string_free(suite->cases, TRUE);
	g_free(suite);
}

/* For an attribute (then line ends and tabs must survive) or for text. */
static void put_escaped(GString *out, const char *text, gsize length, bool attribute)
{
	gsize i;

	for (i = 0; i < length; i++) {
		switch (text[i]) {
		case '&':
			g_string_append(out, "&amp;");
			break;
		case '<':
			g_string_append(out, "&lt;");
			break;
		case '>':
			g_string_append(out, "&gt;");
			break;
		case '"':
			g_string_append(out, attribute ? "&quot;" : "\"");
			break;
		case '\r':
			g_string_append(out, "&#13;");
			break;
		case '\n':
			g_string_append(out, attribute ? "&#10;" : "\n");
			break;
		case '\t':
			g_string_append(out, attribute ? "&#9;" : "\t");
			break;
		default:
			g_string_append_c(out, text[i]);
			break;
		}
	}
}

static struct suite *suite_get(struct junit *junit, const char *name)
{
	struct suite *suite;
	unsigned int i;

	junit->fresh = false;
	for (i = 0; i < junit->suites->len; i++) {
		suite = junit->suites->pdata[i];
		if (!strcmp(suite->name, name))
			return suite;
	}
	suite = g_new0(struct suite, 1);
	suite->name = g_strdup(name);
	suite->properties = g_string_new(NULL);
	suite->cases = g_string_new(NULL);
	g_ptr_array_add(junit->suites, suite);
	junit->fresh = true;
	return suite;
}

static void suite_begin(struct junit *junit, const char **names, const char **values,
			GError **error)
{
	const char *name = NULL;
	struct suite *suite;
	unsigned int i, j;

	for (i = 0; names[i]; i++) {
		if (!strcmp(names[i], "name"))
			name = values[i];
	}
	if (!name) {
		g_set_error_literal(error, G_MARKUP_ERROR, G_MARKUP_ERROR_MISSING_ATTRIBUTE,
				    "a testsuite has no name");
		return;
	}
	suite = suite_get(junit, name);
	for (i = 0; names[i]; i++) {
		for (j = 0; j < NUM_COUNTS; j++) {
			if (!strcmp(names[i], count_names[j]))
				suite->counts[j] += g_ascii_strtoull(values[i], NULL, 10);
		}
		if (!strcmp(names[i], "time"))
			suite->time += g_ascii_strtod(values[i], NULL);
	}
	junit->suite = suite;
	junit->depth = 0;
	junit->out = NULL;
}

static void junit_start(GMarkupParseContext *context, const char *element, const char **names,
			const char **values, void *data, GError **error)
{
	struct junit *junit = data;
	unsigned int i;

	(void)context;
	if (!junit->suite) {
		if (!strcmp(element, "testsuite") && junit->root) {
			suite_begin(junit, names, values, error);
		} else if (!strcmp(element, "testsuites") && !junit->root) {
			junit->root = true;
		} else {
			g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_UNKNOWN_ELEMENT,
				    "expected testsuites with testsuite in it, found %s", element);
		}
		return;
	}
	if (!junit->depth++) {
		if (!strcmp(element, "testcase"))
			junit->out = junit->suite->cases;
		else
			junit->out = junit->fresh ? junit->suite->properties : junit->dropped;
		g_string_append(junit->out, "    ");
	}
	g_string_append_printf(junit->out, "<%s", element);
	for (i = 0; names[i]; i++) {
		g_string_append_printf(junit->out, " %s=\"", names[i]);
		put_escaped(junit->out, values[i], strlen(values[i]), true);
		g_string_append_c(junit->out, '"');
	}
	g_string_append_c(junit->out, '>');
}

static void junit_end(GMarkupParseContext *context, const char *element, void *data, GError **error)
{
	struct junit *junit = data;

	(void)context;
	(void)error;
	if (!junit->suite)
		return;
	if (!junit->depth) {
		junit->suite = NULL;
		junit->out = NULL;
		return;
	}
	/* <skipped></skipped> is written short, as it was. */
	if (junit->out->str[junit->out->len - 1] == '>' && g_str_has_suffix(junit->out->str, ">") &&
	    strrchr(junit->out->str, '<')[1] != '/' &&
	    g_str_has_prefix(strrchr(junit->out->str, '<') + 1, element)) {
		g_string_truncate(junit->out, junit->out->len - 1);
		g_string_append(junit->out, "/>");
	} else {
		g_string_append_printf(junit->out, "</%s>", element);
	}
	if (!--junit->depth) {
		g_string_append_c(junit->out, '\n');
		junit->out = NULL;
	}
}

static void junit_text(GMarkupParseContext *context, const char *text, gsize length, void *data,
		       GError **error)
{
	struct junit *junit = data;

	(void)context;
	(void)error;
	if (junit->out)
		put_escaped(junit->out, text, length, false);
}

static bool junit_read(struct junit *junit, const char *path, const char *text, size_t size)
{
	static const GMarkupParser parser = {
		.start_element = junit_start, .end_element = junit_end, .text = junit_text};
	GMarkupParseContext *context =
		g_markup_parse_context_new(&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, junit, NULL);
	GError *error = NULL;
	bool good;

	junit->root = false;
	junit->suite = NULL;
	good = g_markup_parse_context_parse(context, text, (gssize)size, &error) &&
	       g_markup_parse_context_end_parse(context, &error);
	if (!good) {
		usage_error("%s: not a JUnit report: %s", path, error->message);
		g_error_free(error);
	}
	g_markup_parse_context_free(context);
	return good;
}

static void put_counts(GString *out, const char *name, const uint64_t *counts, double time)
{
	unsigned int i;

	g_string_append(out, " name=\"");
	put_escaped(out, name, strlen(name), true);
	g_string_append_c(out, '"');
	for (i = 0; i < NUM_COUNTS; i++)
		g_string_append_printf(out, " %s=\"%" PRIu64 "\"", count_names[i], counts[i]);
	g_string_append_printf(out, " time=\"%.6f\"", time);
}

static void junit_write(const struct junit *junit, GString *out, struct report_summary *summary)
{
	uint64_t counts[NUM_COUNTS] = {0};
	double time = 0;
	unsigned int i, j;

	for (i = 0; i < junit->suites->len; i++) {
		const struct suite *suite = junit->suites->pdata[i];

		for (j = 0; j < NUM_COUNTS; j++)
			counts[j] += suite->counts[j];
		time += suite->time;
	}
	g_string_append(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	put_counts(out, "rmesim", counts, time);
	g_string_append(out, ">\n");
	for (i = 0; i < junit->suites->len; i++) {
		const struct suite *suite = junit->suites->pdata[i];

		g_string_append(out, "  <testsuite");
		put_counts(out, suite->name, suite->counts, suite->time);
		g_string_append_printf(out, ">\n%s%s  </testsuite>\n", suite->properties->str,
				       suite->cases->str);
	}
	g_string_append(out, "</testsuites>\n");
	summary->counts[RESULT_FAILED] = counts[COUNT_FAILURES];
	summary->counts[RESULT_ERROR] = counts[COUNT_ERRORS];
	summary->counts[RESULT_SKIPPED] = counts[COUNT_SKIPPED];
	summary->counts[RESULT_PASSED] = counts[COUNT_TESTS] - counts[COUNT_FAILURES] -
					 counts[COUNT_ERRORS] - counts[COUNT_SKIPPED];
}

/* --- the command --------------------------------------------------------------------------------------- */

static bool write_output(const char *path, const GString *text)
{
	struct output *output;
	int err = output_open(path, &output);

	if (!err) {
		fwrite(text->str, 1, text->len, output_stream(output));
		err = output_commit(output);
	}
	if (err)
		usage_error("%s: cannot write: %s", path, g_strerror(-err));
	return !err;
}

static int merge(const struct command *command, struct options *options)
{
	GPtrArray *parts = g_ptr_array_new_with_free_func(part_free);
	struct junit junit = {.suites = g_ptr_array_new_with_free_func(suite_free),
			      .dropped = g_string_new(NULL)};
	struct report_summary summary = {0};
	GString *out = g_string_new(NULL);
	unsigned int i, num_junit = 0;
	bool good = options->paths->len > 0;

	if (!good)
		usage_error("%s: expected the reports of shards: see 'rmesim %s --help'",
			    command->name, command->name);
	for (i = 0; i < options->paths->len; i++) {
		const char *path = options->paths->pdata[i];
		GError *error = NULL;
		char *text = NULL;
		struct part *part;
		gsize size;

		if (!g_file_get_contents(path, &text, &size, &error)) {
			usage_error("%s", error->message);
			g_error_free(error);
			good = false;
		} else if (text[strspn(text, " \t\r\n")] == '<') {
			num_junit++;
			good = junit_read(&junit, path, text, size) && good;
		} else if (strlen(text) != size || !g_utf8_validate(text, (gssize)size, NULL)) {
			usage_error("%s: neither JSON Lines nor JUnit: not UTF-8 text", path);
			good = false;
		} else {
			part = part_read(path, text);
			good = part && good;
			if (part)
				g_ptr_array_add(parts, part);
		}
		g_free(text);
	}
	if (good && num_junit && parts->len) {
		usage_error("%s: some files are JUnit and some are JSON Lines", command->name);
		good = false;
	}
	if (good && num_junit)
		junit_write(&junit, out, &summary);
	else if (good)
		good = merge_jsonl(parts, out, &summary);
	if (good)
		good = write_output(options->output ? options->output : "-", out);
	if (good && summary.aborted)
		usage_error("%s: the run was aborted", summary.aborted);
	good = good && !summary.aborted;
	g_string_free(out, TRUE);
	g_string_free(junit.dropped, TRUE);
	g_ptr_array_unref(junit.suites);
	g_ptr_array_unref(parts);
	return good ? exit_code(&summary) : EXIT_USAGE;
}

static const struct option_def *const merge_options[] = {&option_merge_output, &option_help, NULL};

const struct command command_merge = {
	.name = "merge",
	.arguments = "FILES...",
	.summary =
		"Puts the reports of shards together, JSON Lines or JUnit.\n\n"
		"The result is what one run would have written, and so is the exit code. Of JSON "
		"Lines, a shard that is missing,\n"
		"that is there twice or that was cut off is an error.",
	.examples = "  rmesim merge shard-*.jsonl --output suite.jsonl\n"
		    "  rmesim merge shard-*.xml >suite.xml\n",
	.options = merge_options,
	.run = merge,
};
