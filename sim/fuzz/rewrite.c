/* SPDX-License-Identifier: BSD-3-Clause */
/* rewrite.c - works on lines, as text.h finds them. */
#include "rewrite.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Preludes within preludes, and all that is written in lines: more is no scenario of anybody's. */
#define MAX_PRELUDES 64u

/* What a name begins with that a step got only so that a fault can name it. */
#define PLACEHOLDER "step "

#define SPACES(num) (int)(num), ""

/* The text of lines [first, end), with `extra` spaces before each, or so many less if it is negative. */
static void lines_append(GString *out, const GPtrArray *lines, unsigned int first, unsigned int end,
			 int extra)
{
	unsigned int i;

	for (i = first; i < end; i++) {
		const char *line = line_at(lines, i);
		unsigned int less = extra < 0 ? MIN((unsigned int)-extra, line_indent(line)) : 0;

		if (line_is_blank(line))
			g_string_append_c(out, '\n');
		else
			g_string_append_printf(out, "%*s%s\n", SPACES(MAX(extra, 0)), line + less);
	}
}

/* --- {} and [] as lines ------------------------------------------------------------------------------- */

/* What {} or [] holds: its elements, or NULL if `text` is not one of them, whole. */
static GPtrArray *elements_split(const char *text)
{
	GPtrArray *elements;
	const char *at = text + 1, *end;
	char *element;

	if (*text != '{' && *text != '[')
		return NULL;
	elements = g_ptr_array_new_with_free_func(g_free);
	for (;; at = end + 1) {
		end = element_end(at);
		if (!end)
			break;
		element = g_strstrip(g_strndup(at, (gsize)(end - at)));
		if (*element)
			g_ptr_array_add(elements, element);
		else
			g_free(element);
		if (*end != ',')
			break;
	}
	if (end && *end == (*text == '{' ? '}' : ']') && !end[1 + strspn(end + 1, " ")] &&
	    elements->len)
		return elements;
	g_ptr_array_unref(elements);
	return NULL;
}

/* The line behind {} or [] that begins in this one: its bracket may stand below its key. */
static unsigned int flow_end(const GPtrArray *lines, unsigned int line)
{
	unsigned int end = block_end(lines, line);
	const char *next = end < lines->len ? line_at(lines, end) : "";

	return end + (next[line_indent(next)] == ']' || next[line_indent(next)] == '}');
}

/* What begins in this line behind column `at`, in one line: a value may go on in the next ones. NULL: comments do, too. */
static char *block_flatten(const GPtrArray *lines, unsigned int line, const char *at)
{
	GString *text = g_string_new(at);
	unsigned int end = flow_end(lines, line), i;

	for (i = line + 1; i < end; i++) {
		const char *next = line_at(lines, i);

		g_string_append_printf(text, " %s", next + line_indent(next));
	}
	if (strchr(text->str, '#')) {
		g_string_free(text, TRUE);
		return NULL;
	}
	g_strchomp(text->str);
	return g_string_free(text, FALSE);
}

/* Elements as lines; those of a list get dashes, and a {} within it becomes lines too if it is a step. */
static void elements_append(GString *out, const GPtrArray *elements, unsigned int column, bool list,
			    bool whole)
{
	unsigned int i, j;

	for (i = 0; i < elements->len; i++) {
		const char *element = elements->pdata[i];
		GPtrArray *keys = list && whole && *element == '{' ? elements_split(element) : NULL;

		if (!keys) {
			g_string_append_printf(out, "%*s%s%s\n", SPACES(column), list ? "- " : "",
					       element);
			continue;
		}
		for (j = 0; j < keys->len; j++)
			g_string_append_printf(out, "%*s%s%s\n", SPACES(column), j ? "  " : "- ",
					       (const char *)keys->pdata[j]);
		g_ptr_array_unref(keys);
	}
}

/* The text with what stands behind the key of that line as lines of its own, or NULL. */
static char *line_expand(const GPtrArray *lines, unsigned int line, bool whole)
{
	const char *text = line_at(lines, line), *colon = strchr(text + key_column(text), ':');
	unsigned int column = key_column(text) + 2;
	char *value = colon && colon[1] == ' '
			      ? block_flatten(lines, line, colon + 1 + strspn(colon + 1, " "))
			      : NULL;
	GPtrArray *elements = value ? elements_split(value) : NULL;
	char *result = NULL;

	if (elements) {
		GString *out = g_string_new(NULL);

		lines_append(out, lines, 0, line, 0);
		g_string_append_printf(out, "%.*s\n", (int)(colon + 1 - text), text);
		elements_append(out, elements, column, *value == '[', whole);
		lines_append(out, lines, flow_end(lines, line), lines->len, 0);
		result = g_string_free(out, FALSE);
		g_ptr_array_unref(elements);
	}
	g_free(value);
	return result;
}

/* The line of the key that the block of `line` belongs to, or lines->len. */
static unsigned int line_parent(const GPtrArray *lines, unsigned int line)
{
	unsigned int column = key_column(line_at(lines, line)), i;

	for (i = line; i-- > 0;) {
		const char *text = line_at(lines, i);

		if (!line_is_silent(text) && key_column(text) < column &&
		    block_end(lines, i) > line)
			return i;
	}
	return lines->len;
}

char *rewrite_expand(const char *text)
{
	static const char *const keys[] = {"steps",  "repeat", "parallel", "actors",
					   "faults", "realms", "matrix"};
	const bool actors = strstr(text, "actors:");
	char *now = g_strdup(text);
	bool more = true;

	while (more) {
		GPtrArray *lines = lines_split(now);
		char *next = NULL;
		unsigned int i, j;

		for (i = 0; i < lines->len && !next; i++) {
			const char *line = line_at(lines, i);
			unsigned int parent;

			for (j = 0; j < G_N_ELEMENTS(keys) && !next; j++) {
				if (line_key(line, keys[j], NULL))
					next = line_expand(lines, i, j == 0);
			}
			parent = next || !actors || !strpbrk(line, "[{") ? lines->len
									 : line_parent(lines, i);
			if (parent < lines->len && line_key(line_at(lines, parent), "actors", NULL))
				next = line_expand(lines, i, true);
		}
		more = next;
		if (next) {
			g_free(now);
			now = next;
		}
		g_ptr_array_unref(lines);
	}
	if (strcmp(now, text))
		return now;
	g_free(now);
	return NULL;
}

/* --- preludes ----------------------------------------------------------------------------------------- */

/* The line of this key among those that stand directly below `parent` (lines->len: in the scenario), or lines->len. */
static unsigned int child_line(const GPtrArray *lines, unsigned int parent, const char *key)
{
	unsigned int i = parent < lines->len ? parent + 1 : 0;
	unsigned int end = parent < lines->len ? block_end(lines, parent) : lines->len;

	for (; i < end; i = block_end(lines, i)) {
		if (!line_is_silent(line_at(lines, i)) && !line_is_item(line_at(lines, i)) &&
		    line_key(line_at(lines, i), key, NULL))
			return i;
	}
	return lines->len;
}

/* The name of the first key in a line. g_free(). */
static char *line_name(const char *line)
{
	line += key_column(line);
	return g_strndup(line, strcspn(line, ":"));
}

static bool line_has_value(const char *line)
{
	const char *colon = strchr(line, ':');

	return colon && colon[1 + strspn(colon + 1, " ")] &&
	       colon[1 + strspn(colon + 1, " ")] != '#';
}

/*
 * What stands below two keys of the same name, in one: what `over` has hides what `under` has, maps are merged key by key,
 * lists one behind the other. Both are blocks; `out` gets lines that are indented by `indent`.
 */
static void blocks_merge(GString *out, const GPtrArray *under, unsigned int u,
			 const GPtrArray *over, unsigned int o, unsigned int indent)
{
	unsigned int under_end = block_end(under, u), over_end = block_end(over, o), i;
	int under_shift = (int)indent - (int)line_indent(line_at(under, u));
	int over_shift = (int)indent - (int)line_indent(line_at(over, o));
	bool list = o + 1 < over_end && line_is_item(line_at(over, o + 1));

	if (line_has_value(line_at(over, o)) || line_has_value(line_at(under, u))) {
		lines_append(out, over, o, over_end, over_shift);
		return;
	}
	lines_append(out, over, o, o + 1, over_shift);
	if (list) {
		lines_append(out, under, u + 1, under_end, under_shift);
		lines_append(out, over, o + 1, over_end, over_shift);
		return;
	}
	for (i = u + 1; i < under_end; i = block_end(under, i)) {
		char *name = line_name(line_at(under, i));

		if (child_line(over, o, name) == over->len)
			lines_append(out, under, i, block_end(under, i), under_shift);
		g_free(name);
	}
	for (i = o + 1; i < over_end; i = block_end(over, i)) {
		char *name = line_name(line_at(over, i));
		unsigned int same = child_line(under, u, name);

		if (same < under->len)
			blocks_merge(
				out, under, same, over, i,
				(unsigned int)((int)line_indent(line_at(over, i)) + over_shift));
		else
			lines_append(out, over, i, block_end(over, i), over_shift);
		g_free(name);
	}
}

/* The text with all of machine and realms in lines, so that they can be merged. */
static char *text_unfold(const char *text)
{
	static const char *const keys[] = {"machine", "rmm", "realm", "realms", "slots", "steps"};
	char *now = g_strdup(text);
	unsigned int i = 0, j;

	for (;;) {
		GPtrArray *lines = lines_split(now);
		char *next = NULL;

		for (; i < lines->len && !next; i++) {
			unsigned int parent = line_parent(lines, i);
			bool realm = parent < lines->len &&
				     line_key(line_at(lines, parent), "realms", NULL);

			for (j = 0; j < G_N_ELEMENTS(keys) && !next; j++) {
				/* A step has a key `realm` too, which holds nothing. */
				if (line_key(line_at(lines, i), keys[j], NULL) || realm)
					next = line_expand(lines, i, j == 5);
			}
		}
		g_ptr_array_unref(lines);
		if (!next)
			return now;
		g_free(now);
		now = next;
	}
}

/*
 * The lines of machine, realms and steps of the scenario's `over` and the prelude's `under` in place of that key's line of
 * either.
 */
static void key_merge(GString *out, const GPtrArray *under, const GPtrArray *over, const char *key)
{
	unsigned int u = key_line(under, key), o = key_line(over, key);

	if (u < under->len && o < over->len)
		blocks_merge(out, under, u, over, o, 0);
	else if (u < under->len)
		lines_append(out, under, u, block_end(under, u), 0);
	else if (o < over->len)
		lines_append(out, over, o, block_end(over, o), 0);
}

/* The scenario with the prelude that its `use:` names, whose machine and realms hold where it says nothing else. */
static char *prelude_merge(const char *prelude, const char *scenario)
{
	static const char *const keys[] = {"machine", "realm", "realms", "steps"};
	char *unfolded[] = {text_unfold(prelude), text_unfold(scenario)};
	GPtrArray *under = lines_split(unfolded[0]), *over = lines_split(unfolded[1]);
	GString *out = g_string_new(NULL);
	unsigned int i, j;

	for (i = 0; i < over->len; i = block_end(over, i)) {
		bool merged = line_key(line_at(over, i), "use", NULL);

		for (j = 0; j < G_N_ELEMENTS(keys); j++)
			merged |= line_key(line_at(over, i), keys[j], NULL);
		if (!merged)
			lines_append(out, over, i, block_end(over, i), 0);
	}
	for (j = 0; j < G_N_ELEMENTS(keys); j++)
		key_merge(out, under, over, keys[j]);
	g_ptr_array_unref(under);
	g_ptr_array_unref(over);
	g_free(unfolded[0]);
	g_free(unfolded[1]);
	return g_string_free(out, FALSE);
}

/* The steps of a prelude, in the place of the one that uses it. NULL: there are none. */
static char *prelude_insert(const char *prelude, const GPtrArray *over, unsigned int line)
{
	char *unfolded = text_unfold(prelude);
	GPtrArray *under = lines_split(unfolded);
	GArray *steps = steps_find(under);
	char *result = NULL;

	if (steps->len) {
		unsigned int first = g_array_index(steps, unsigned int, 0);
		unsigned int end = g_array_index(steps, unsigned int, steps->len - 1);
		GString *out = g_string_new(NULL);

		lines_append(out, over, 0, line, 0);
		lines_append(out, under, first, end,
			     (int)line_indent(line_at(over, line)) -
				     (int)line_indent(line_at(under, first)));
		lines_append(out, over, block_end(over, line), over->len, 0);
		result = g_string_free(out, FALSE);
	}
	g_array_unref(steps);
	g_ptr_array_unref(under);
	g_free(unfolded);
	return result;
}

/* The text with one `use:` less, or NULL. */
static char *use_replace(const char *text, char *(*find)(void *ctx, const char *name), void *ctx)
{
	GPtrArray *lines = lines_split(text);
	unsigned int top = key_line(lines, "use"), line = top;
	char *name = NULL, *prelude = NULL, *result = NULL;
	const char *value = "";

	if (top == lines->len) {
		line = 0;
		while (line < lines->len && !(line_is_item(line_at(lines, line)) &&
					      line_key(line_at(lines, line), "use", NULL)))
			line++;
	}
	if (line < lines->len && line_key(line_at(lines, line), "use", &value)) {
		name = g_strndup(value, strcspn(value, " #"));
		prelude = find(ctx, name);
	}
	if (prelude)
		result = line == top ? prelude_merge(prelude, text)
				     : prelude_insert(prelude, lines, line);
	g_ptr_array_unref(lines);
	g_free(prelude);
	g_free(name);
	return result;
}

char *rewrite_inline(const char *text, char *(*find)(void *ctx, const char *name), void *ctx)
{
	char *now = NULL, *next = use_replace(text, find, ctx);
	unsigned int i;

	for (i = 0; next && i < MAX_PRELUDES; i++) {
		g_free(now);
		now = next;
		next = use_replace(now, find, ctx);
	}
	g_free(next);
	return now;
}

/* --- steps within steps ------------------------------------------------------------------------------- */

/* The lines of the list below a key, moved to `column`. */
static void list_append(GString *out, const GPtrArray *lines, unsigned int key, unsigned int column)
{
	unsigned int first = key + 1, end = block_end(lines, key);

	while (first < end && line_is_silent(line_at(lines, first)))
		first++;
	if (first < end)
		lines_append(out, lines, first, end,
			     (int)column - (int)line_indent(line_at(lines, first)));
}

/* child_line() of a key that may be behind a dash. */
static unsigned int inner_line(const GPtrArray *lines, unsigned int key, const char *name)
{
	unsigned int column = key_column(line_at(lines, key)), i;

	for (i = key + 1; i < lines->len; i++) {
		if (line_is_silent(line_at(lines, i)))
			continue;
		if (line_indent(line_at(lines, i)) <= column)
			break;
		if (line_key(line_at(lines, i), name, NULL))
			return i;
	}
	return lines->len;
}

char *rewrite_unrepeat(const GPtrArray *lines, unsigned int line)
{
	unsigned int key = step_key(lines, line, "repeat");
	unsigned int steps = key < lines->len ? inner_line(lines, key, "steps") : key;
	GString *out;

	if (steps == lines->len)
		return NULL;
	out = g_string_new(NULL);
	lines_append(out, lines, 0, line, 0);
	list_append(out, lines, steps, line_indent(line_at(lines, line)));
	lines_append(out, lines, block_end(lines, line), lines->len, 0);
	return g_string_free(out, FALSE);
}

/* Steps of an actor that is called after a vCPU are for that one: they say so now. */
static void actor_append(GString *out, const GPtrArray *lines, unsigned int actor,
			 unsigned int column)
{
	GString *text = g_string_new(NULL);
	char *name = line_name(line_at(lines, actor));
	GPtrArray *steps;
	unsigned int i, end;

	list_append(text, lines, actor, column);
	steps = lines_split(text->str);
	for (i = 0; i < steps->len; i = end) {
		const char *first = line_at(steps, i), *dot = strchr(first, '.');

		end = block_end(steps, i);
		lines_append(out, steps, i, end, 0);
		/* An action has a name with a dot. */
		if (g_str_has_prefix(name, "vcpu") && strcmp(name, "vcpu0") && dot &&
		    step_key(steps, i, "vcpu") == steps->len)
			g_string_append_printf(out, "%*svcpu: %s\n", SPACES(column + 2),
					       name + strlen("vcpu"));
	}
	g_ptr_array_unref(steps);
	g_string_free(text, TRUE);
	g_free(name);
}

char *rewrite_unparallel(const GPtrArray *lines, unsigned int line, unsigned int way)
{
	unsigned int key = step_key(lines, line, "parallel");
	unsigned int actors = key < lines->len ? inner_line(lines, key, "actors") : key;
	GArray *list = g_array_new(FALSE, FALSE, sizeof(unsigned int));
	char *result = NULL;
	unsigned int i, end;

	end = actors < lines->len ? block_end(lines, actors) : 0;
	for (i = actors + 1; i < end; i = block_end(lines, i)) {
		if (!line_is_silent(line_at(lines, i)))
			g_array_append_val(list, i);
	}
	if (list->len && way < list->len + 2) {
		GString *out = g_string_new(NULL);

		lines_append(out, lines, 0, line, 0);
		for (i = 0; i < list->len; i++) {
			unsigned int index = way == list->len + 1 ? list->len - 1 - i : i;

			if (way >= list->len || way == i)
				actor_append(out, lines, g_array_index(list, unsigned int, index),
					     line_indent(line_at(lines, line)));
		}
		lines_append(out, lines, block_end(lines, line), lines->len, 0);
		result = g_string_free(out, FALSE);
	}
	g_array_unref(list);
	return result;
}

/* --- the matrix --------------------------------------------------------------------------------------- */

char *rewrite_narrow(const char *text, const char *variant)
{
	GPtrArray *lines = lines_split(text);
	unsigned int matrix = key_line(lines, "matrix"), i;
	unsigned int end = matrix < lines->len ? block_end(lines, matrix) : lines->len;
	char **settings = g_strsplit(variant, ",", -1), **setting;
	GString *out = g_string_new(NULL);

	for (i = 0; i < lines->len; i++) {
		char *name = NULL;
		size_t length = 0;

		if (i > matrix && i < end && !line_is_silent(line_at(lines, i)))
			name = line_name(line_at(lines, i));
		for (setting = settings; name && *setting; setting++) {
			length = strlen(name);
			if (!strncmp(*setting, name, length) && (*setting)[length] == '=')
				break;
		}
		if (name && *setting) {
			g_string_append_printf(out, "%*s%s: [%s]\n",
					       SPACES(line_indent(line_at(lines, i))), name,
					       *setting + length + 1);
			i = block_end(lines, i) - 1;
		} else {
			g_string_append_printf(out, "%s\n", line_at(lines, i));
		}
		g_free(name);
	}
	g_strfreev(settings);
	g_ptr_array_unref(lines);
	return g_string_free(out, FALSE);
}

/* Takes the text. Where the pattern matches, `words` stand. */
static char *pattern_replace(char *text, const char *pattern, const char *words)
{
	GRegex *regex = g_regex_new(pattern, 0, 0, NULL);
	char *result = regex ? g_regex_replace_literal(regex, text, -1, 0, words, 0, NULL) : NULL;

	if (regex)
		g_regex_unref(regex);
	if (!result)
		return text;
	g_free(text);
	return result;
}

/* Takes the text. `$name` and `$(name)` are the value; "$$" is a dollar sign. */
static char *name_replace(char *text, const char *name, const char *value)
{
	char *pattern =
		g_strdup_printf("(?<!\\$)(?:\\$\\$)*\\K\\$(\\(%s\\)|%s(?![a-z0-9_]))", name, name);
	char *result = pattern_replace(text, pattern, value);

	g_free(pattern);
	return result;
}

/* Takes the text. What `{by: NAME, ...}` says of the value stands in its place; the choice begins at `offset`. */
static char *choice_replace(char *text, size_t offset, const char *value)
{
	GPtrArray *elements;
	const char *end = text + offset + 1, *chosen = NULL;
	char *choice, *result;
	unsigned int i;

	/* One that goes on in the next line is left as it is. */
	for (end = element_end(end); end && *end == ',';)
		end = element_end(end + 1);
	if (!end)
		return text;
	choice = g_strndup(text + offset, (gsize)(end + 1 - text) - offset);
	elements = elements_split(choice);
	for (i = 1; elements && i < elements->len; i++) {
		const char *element = elements->pdata[i];
		size_t length = strlen(value);

		if (!strncmp(element, value, length) && element[length] == ':')
			chosen = element + length + 1 + strspn(element + length + 1, " ");
	}
	result = chosen ? g_strdup_printf("%.*s%s%s", (int)offset, text, chosen, end + 1)
			: g_strdup(text);
	if (elements)
		g_ptr_array_unref(elements);
	g_free(choice);
	g_free(text);
	return result;
}

char *rewrite_unname(const char *text, const char *setting)
{
	GPtrArray *lines = lines_split(text);
	unsigned int matrix = key_line(lines, "matrix"), first, end;
	const char *equals = strchr(setting, '=');
	char *name, *by, *result;
	size_t at;

	if (matrix == lines->len || !equals) {
		g_ptr_array_unref(lines);
		return NULL;
	}
	name = g_strndup(setting, (gsize)(equals - setting));
	first = child_line(lines, matrix, name);
	end = first < lines->len ? block_end(lines, first) : first;
	/* The last one. */
	if (first == matrix + 1 && end == block_end(lines, matrix))
		first = matrix;
	result = name_replace(lines_join(lines, first, end), name, equals + 1);
	by = g_strdup_printf("{by: %s,", name);
	for (at = 0; strstr(result + at, by); at++) {
		at = (size_t)(strstr(result + at, by) - result);
		result = choice_replace(result, at, equals + 1);
	}
	g_free(by);
	g_free(name);
	g_ptr_array_unref(lines);
	return result;
}

/* --- what says nothing -------------------------------------------------------------------------------- */

char *rewrite_one_realm(const char *text)
{
	GPtrArray *lines = lines_split(text);
	unsigned int realms = key_line(lines, "realms");
	unsigned int one = realms + 1, end, value_at;
	GString *out;

	if (realms == lines->len || one >= lines->len ||
	    block_end(lines, one) != block_end(lines, realms)) {
		g_ptr_array_unref(lines);
		return NULL;
	}
	end = block_end(lines, one);
	value_at = (unsigned int)strcspn(line_at(lines, one), ":");
	out = g_string_new(NULL);
	lines_append(out, lines, 0, realms, 0);
	g_string_append_printf(out, "realm%s\n", line_at(lines, one) + value_at);
	lines_append(out, lines, one + 1, end, -(int)line_indent(line_at(lines, one)));
	lines_append(out, lines, end, lines->len, 0);
	g_ptr_array_unref(lines);
	return g_string_free(out, FALSE);
}

/* The number of a name that says only that: "step 4"; 0: it says more. */
static guint64 name_number(const char *name)
{
	char *end = NULL;
	guint64 number = 0;

	if (g_str_has_prefix(name, PLACEHOLDER) && g_ascii_isdigit(name[strlen(PLACEHOLDER)]))
		number = g_ascii_strtoull(name + strlen(PLACEHOLDER), &end, 10);
	return end && !*end ? number : 0;
}

/* The text with another number behind each "KEY: step NUMBER". Takes the text. */
static char *number_replace(char *text, const char *key, guint64 number, unsigned int now)
{
	char *pattern = g_strdup_printf("(?<=%s: " PLACEHOLDER ")%" G_GUINT64_FORMAT "(?![0-9])",
					key, number);
	char *words = g_strdup_printf("%u", now);
	char *result = pattern_replace(text, pattern, words);

	g_free(words);
	g_free(pattern);
	return result;
}

/* The text of the lines without the name in that one, of a step that begins in `step`. */
static char *name_drop(const GPtrArray *lines, unsigned int step, unsigned int name)
{
	const char *first = line_at(lines, step);
	unsigned int next = name + 1;
	GString *out;

	if (name != step)
		return lines_join(lines, name, name + 1);
	while (next < lines->len && line_is_silent(line_at(lines, next)))
		next++;
	if (next == lines->len || line_indent(line_at(lines, next)) != key_column(first))
		return NULL;
	out = g_string_new(NULL);
	lines_append(out, lines, 0, step, 0);
	g_string_append_printf(out, "%.*s%s\n", (int)key_column(first), first,
			       line_at(lines, next) + key_column(first));
	lines_append(out, lines, next + 1, lines->len, 0);
	return g_string_free(out, FALSE);
}

/* The next step whose name is to change: it goes, or has the number of its place. NULL: none is. */
static char *name_rewrite(const char *text)
{
	GPtrArray *lines = lines_split(text);
	GArray *steps = steps_find(lines);
	char *result = NULL;
	unsigned int i;

	for (i = 0; i + 1 < steps->len && !result; i++) {
		unsigned int step = g_array_index(steps, unsigned int, i);
		unsigned int name = step_key(lines, step, "name");
		const char *value = "";
		guint64 number;
		char *used;

		if (name < lines->len)
			line_key(line_at(lines, name), "name", &value);
		number = name_number(value);
		if (!number)
			continue;
		used = g_strdup_printf("step: %s(?![0-9])", value);
		if (!g_regex_match_simple(used, text, 0, 0))
			result = name_drop(lines, step, name);
		else if (number != i + 1)
			result = number_replace(
				number_replace(g_strdup(text), "name", number, i + 1), "step",
				number, i + 1);
		g_free(used);
	}
	g_array_unref(steps);
	g_ptr_array_unref(lines);
	return result;
}

char *rewrite_names(const char *text)
{
	char *now = NULL, *next = name_rewrite(text);

	while (next) {
		g_free(now);
		now = next;
		next = name_rewrite(now);
	}
	return now;
}

char *rewrite_tidy(const char *text)
{
	GPtrArray *lines = lines_split(text);
	unsigned int about = key_line(lines, "about"), i;
	unsigned int about_end = about < lines->len ? block_end(lines, about) : about;
	GString *out = g_string_new(NULL);

	for (i = 0; i < lines->len; i++) {
		const char *line = line_at(lines, i);
		unsigned int next = i;

		while (next < lines->len && line_is_blank(line_at(lines, next)))
			next++;
		/* Within a text of several paragraphs it stays, and between keys of the scenario, once. */
		if (next == i || (i > about && i < about_end)) {
			const char *colon = strchr(line, ':');
			/* An action, whose name has a dot, needs no arguments. */
			bool empty = colon && !strcmp(colon, ": {}") &&
				     memchr(line, '.', (size_t)(colon - line));

			g_string_append_printf(out, "%.*s\n",
					       (int)(strlen(line) - (empty ? strlen(" {}") : 0)),
					       line);
			continue;
		}
		if (out->len && next < lines->len && !line_indent(line_at(lines, next)) &&
		    !line_is_item(line_at(lines, next)))
			g_string_append_c(out, '\n');
		i = next - 1;
	}
	g_ptr_array_unref(lines);
	return g_string_free(out, FALSE);
}
