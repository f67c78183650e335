/* SPDX-License-Identifier: BSD-3-Clause */
#include "document.h"

#include "source.h"

#include <glib.h>
#include <string.h>
#include <yaml.h>

struct frame {
	struct node *node;
	GPtrArray *children; /* of a mapping: key, value, key, value, ... */
	char *anchor;
};

struct parse {
	const struct source *source;
	struct arena *arena;
	struct diagnostics *diagnostics;
	GPtrArray *frames;   /* struct frame: collections that are open */
	GHashTable *anchors; /* name -> struct node; NULL while the node is open */
	unsigned int num_aliases;
	struct node *root;
	bool failed;
};

static void frame_free(void *data)
{
	struct frame *frame = data;

	g_ptr_array_unref(frame->children);
	g_free(frame->anchor);
	g_free(frame);
}

static struct place mark_place(const struct parse *parse, const yaml_mark_t *start,
			       const yaml_mark_t *end)
{
	struct place place = {
		.source = parse->source,
		.line = (unsigned int)start->line + 1,
		.column = (unsigned int)start->column + 1,
		.width = 1,
	};

	if (end && end->line == start->line && end->column > start->column)
		place.width = (unsigned int)(end->column - start->column);
	return place;
}

#define PARSE_FAIL(parse, place, ...)                                                              \
	do {                                                                                       \
		diagnostics_add((parse)->diagnostics, place, __VA_ARGS__);                         \
		(parse)->failed = true;                                                            \
	} while (0)

/* Puts a finished node where it belongs. Collections know the size and depth of what is below. */
static void parse_attach(struct parse *parse, struct node *node, struct place place)
{
	struct frame *frame;
	unsigned int depth;

	if (!parse->frames->len) {
		parse->root = node;
		return;
	}
	frame = parse->frames->pdata[parse->frames->len - 1];
	g_ptr_array_add(frame->children, node);
	frame->node->expanded += node->expanded;
	frame->node->depth = MAX(frame->node->depth, node->depth + 1);
	depth = parse->frames->len + node->depth;
	if (depth > DOCUMENT_MAX_DEPTH)
		PARSE_FAIL(parse, place, "nested too deeply: at most %u levels",
			   DOCUMENT_MAX_DEPTH);
	else if (frame->node->expanded > DOCUMENT_MAX_NODES)
		PARSE_FAIL(parse, place, "too large: at most %u values, with every alias followed",
			   DOCUMENT_MAX_NODES);
}

/* Notes an anchor whose node is still open: an alias to it would be endless. */
static void parse_anchor(struct parse *parse, const yaml_char_t *anchor, struct place place)
{
	const char *name = (const char *)anchor;

	if (!name)
		return;
	if (g_hash_table_contains(parse->anchors, name))
		PARSE_FAIL(parse, place, "anchor `&%s` is defined twice", name);
	else if (g_hash_table_size(parse->anchors) >= DOCUMENT_MAX_ANCHORS)
		PARSE_FAIL(parse, place, "too many anchors: at most %u", DOCUMENT_MAX_ANCHORS);
	else
		g_hash_table_insert(parse->anchors, g_strdup(name), NULL);
}

static void parse_tag(struct parse *parse, const yaml_char_t *tag, bool implicit,
		      struct place place)
{
	if (tag && !implicit)
		PARSE_FAIL(parse, place, "tags such as `%s` are not used in scenarios",
			   (const char *)tag);
}

static struct node *node_create(struct parse *parse, enum node_kind kind, struct place place)
{
	struct node *node = arena_alloc(parse->arena, sizeof(*node));

	node->kind = kind;
	node->place = place;
	node->expanded = 1;
	node->text = "";
	return node;
}

static void parse_scalar(struct parse *parse, const yaml_event_t *event, struct place place)
{
	struct node *node = node_create(parse, NODE_SCALAR, place);

	parse_tag(parse, event->data.scalar.tag,
		  event->data.scalar.plain_implicit || event->data.scalar.quoted_implicit, place);
	/* "\0" in a quoted scalar */
	if (memchr(event->data.scalar.value, 0, event->data.scalar.length))
		PARSE_FAIL(parse, place, "a NUL character is not allowed");
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = arena_copy(parse->arena, (const char *)event->data.scalar.value,
				event->data.scalar.length);
	if (event->data.scalar.anchor) {
		parse_anchor(parse, event->data.scalar.anchor, place);
		if (!parse->failed)
			g_hash_table_insert(parse->anchors,
					    g_strdup((const char *)event->data.scalar.anchor),
					    node);
	}
	parse_attach(parse, node, place);
}

/* An alias is a node of its own, so that what is wrong below it can say how it got there. */
static struct node *alias_create(struct parse *parse, const struct node *node, const char *name,
				 struct place place)
{
	struct node *alias = arena_alloc(parse->arena, sizeof(*alias));

	*alias = *node;
	alias->alias = arena_copy(parse->arena, name, strlen(name));
	alias->alias_place = place;
	return alias;
}

static void parse_alias(struct parse *parse, const yaml_event_t *event, struct place place)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct node *node = g_hash_table_lookup(parse->anchors, name);

	if (++parse->num_aliases > DOCUMENT_MAX_ALIASES)
		PARSE_FAIL(parse, place, "too many aliases: at most %u", DOCUMENT_MAX_ALIASES);
	else if (node)
		parse_attach(parse, alias_create(parse, node, name, place), place);
	else if (g_hash_table_contains(parse->anchors, name))
		PARSE_FAIL(parse, place, "alias `*%s` stands inside what it names", name);
	else
		PARSE_FAIL(parse, place, "alias `*%s`: no anchor `&%s` stands before it", name,
			   name);
}

static void parse_begin(struct parse *parse, enum node_kind kind, const yaml_char_t *anchor,
			const yaml_char_t *tag, bool implicit, struct place place)
{
	struct frame *frame;

	parse_tag(parse, tag, implicit, place);
	parse_anchor(parse, anchor, place);
	if (parse->frames->len >= DOCUMENT_MAX_DEPTH)
		PARSE_FAIL(parse, place, "nested too deeply: at most %u levels",
			   DOCUMENT_MAX_DEPTH);
	if (parse->failed)
		return;
	frame = g_new0(struct frame, 1);
	frame->node = node_create(parse, kind, place);
	frame->node->depth = 1;
	frame->children = g_ptr_array_new();
	frame->anchor = g_strdup((const char *)anchor);
	g_ptr_array_add(parse->frames, frame);
}

static void parse_end(struct parse *parse)
{
	struct frame *frame = g_ptr_array_steal_index(parse->frames, parse->frames->len - 1);
	struct node *node = frame->node;
	void **children = frame->children->pdata;
	size_t i, num = frame->children->len;

	if (node->kind == NODE_SEQUENCE) {
		node->items = arena_array(parse->arena, children, num, sizeof(*children));
		node->num = num;
	} else {
		node->num = num / 2;
		node->pairs = arena_alloc(parse->arena, node->num * sizeof(*node->pairs));
		for (i = 0; i < node->num; i++) {
			node->pairs[i].key = children[2 * i];
			node->pairs[i].value = children[2 * i + 1];
		}
	}
	if (frame->anchor)
		g_hash_table_insert(parse->anchors, g_strdup(frame->anchor), node);
	parse_attach(parse, node, node->place);
	frame_free(frame);
}

/* True: the stream goes on. */
static bool parse_event(struct parse *parse, const yaml_event_t *event)
{
	struct place place = mark_place(parse, &event->start_mark, &event->end_mark);
	struct place start = mark_place(parse, &event->start_mark, NULL);

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (parse->root)
			PARSE_FAIL(
				parse, start,
				"a second document begins here: expected one scenario in a file");
		break;
	case YAML_ALIAS_EVENT:
		parse_alias(parse, event, place);
		break;
	case YAML_SCALAR_EVENT:
		parse_scalar(parse, event, place);
		break;
	case YAML_SEQUENCE_START_EVENT:
		parse_begin(parse, NODE_SEQUENCE, event->data.sequence_start.anchor,
			    event->data.sequence_start.tag, event->data.sequence_start.implicit,
			    start);
		break;
	case YAML_MAPPING_START_EVENT:
		parse_begin(parse, NODE_MAPPING, event->data.mapping_start.anchor,
			    event->data.mapping_start.tag, event->data.mapping_start.implicit,
			    start);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		parse_end(parse);
		break;
	default:
		break;
	}
	return event->type != YAML_STREAM_END_EVENT && !parse->failed;
}

/* What mostly stands behind the words of the YAML parser; NULL: they say it themselves. */
static const char *syntax_hint(const char *problem)
{
	static const struct {
		const char *problem, *hint;
	} hints[] = {
		{"mapping values are not allowed in this context",
		 "a `:` stands in text without quotes, or the line above wants a `:` at its end"},
		{"did not find expected key",
		 "the line is indented differently from its neighbours"},
		{"did not find expected '-' indicator",
		 "the line is indented differently from its neighbours"},
		{"did not find expected ',' or '}'", "a `,` is missing, or the `}`"},
		{"did not find expected ',' or ']'", "a `,` is missing, or the `]`"},
		{"found character that cannot start any token",
		 "text that begins so must stand in quotes"},
		{"found unexpected end of stream", "a quote is not closed"},
		{"could not find expected ':'", "a `:` is missing"},
	};
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(hints); i++) {
		if (!strcmp(problem, hints[i].problem))
			return hints[i].hint;
	}
	return NULL;
}

static bool place_has_tab(struct place place)
{
	const struct source *source = place.source;
	size_t at;

	if (!place.line || place.line > source->num_lines)
		return false;
	at = source->lines[place.line - 1];
	return at < source->size && place.column == 1 && source->text[at] == '\t';
}

static void parse_syntax_error(struct parse *parse, const yaml_parser_t *parser)
{
	const char *problem = parser->problem ? parser->problem : "cannot be understood";
	struct place place = mark_place(parse, &parser->problem_mark, NULL);
	const char *hint;

	if (parser->error == YAML_READER_ERROR)
		place = source_offset_place(parse->source, parser->problem_offset);
	hint = place_has_tab(place) ? "a tab: indent with spaces" : syntax_hint(problem);
	PARSE_FAIL(parse, place, "not valid YAML: %s%s%s%s%s", problem, parser->context ? ", " : "",
		   parser->context ? parser->context : "", hint ? "; most likely " : "",
		   hint ? hint : "");
	if (parser->context && parser->context_mark.line != parser->problem_mark.line)
		diagnostics_note(parse->diagnostics, mark_place(parse, &parser->context_mark, NULL),
				 "it began here");
}

struct node *document_parse(const struct source *source, struct arena *arena,
			    struct diagnostics *diagnostics)
{
	struct parse parse = {.source = source, .arena = arena, .diagnostics = diagnostics};
	yaml_parser_t parser;
	yaml_event_t event;
	bool more = true;

	if (!source_check_text(source, diagnostics))
		return NULL;
	parse.frames = g_ptr_array_new_with_free_func(frame_free);
	parse.anchors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (!yaml_parser_initialize(&parser))
		g_error("out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)source->text, source->size);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	while (more) {
		if (!yaml_parser_parse(&parser, &event)) {
			parse_syntax_error(&parse, &parser);
			break;
		}
		more = parse_event(&parse, &event);
		yaml_event_delete(&event);
	}
	if (!parse.failed && (!parse.root || node_is_empty(parse.root))) {
		struct place whole = {.source = source};

		PARSE_FAIL(&parse, whole, "the file is empty: expected a scenario");
	}
	yaml_parser_delete(&parser);
	g_hash_table_unref(parse.anchors);
	g_ptr_array_unref(parse.frames);
	if (parse.failed)
		return NULL;
	/* Only now is it known that all aliases together are not too much. */
	return parse.num_aliases ? node_copy(arena, parse.root, NULL) : parse.root;
}

/* `origin` with `last` at its outer end. */
static const struct origin *origin_append(struct arena *arena, const struct origin *origin,
					  const struct origin *last)
{
	if (!origin)
		return last;
	return origin_create(arena, origin->place, origin->text,
			     origin_append(arena, origin->next, last));
}

struct copying {
	struct arena *arena;
	const struct origin *last;
	/* Neighbours mostly have the same origin. */
	const struct origin *before, *after;
};

static struct node *copy_tree(struct copying *copying, const struct node *node)
{
	struct node *copy = arena_alloc(copying->arena, sizeof(*copy));
	struct copying below;
	size_t i;

	*copy = *node;
	if (!copying->after || copying->before != node->origin) {
		copying->before = node->origin;
		copying->after = origin_append(copying->arena, node->origin, copying->last);
	}
	copy->origin = copying->after;
	if (node->alias) {
		const char *text = arena_format(copying->arena,
						"used here, through the alias `*%s`", node->alias);

		below = (struct copying){
			.arena = copying->arena,
			.last = origin_create(copying->arena, node->alias_place, text,
					      copying->last),
		};
		copy->alias = NULL;
		copy->origin = below.last;
		copying = &below;
	}
	if (node->kind == NODE_SEQUENCE) {
		copy->items = arena_alloc(copying->arena, node->num * sizeof(*copy->items));
		for (i = 0; i < node->num; i++)
			copy->items[i] = copy_tree(copying, node->items[i]);
	} else if (node->kind == NODE_MAPPING) {
		copy->pairs = arena_alloc(copying->arena, node->num * sizeof(*copy->pairs));
		for (i = 0; i < node->num; i++) {
			copy->pairs[i].key = copy_tree(copying, node->pairs[i].key);
			copy->pairs[i].value = copy_tree(copying, node->pairs[i].value);
		}
	}
	return copy;
}

struct node *node_copy(struct arena *arena, const struct node *node, const struct origin *last)
{
	struct copying copying = {.arena = arena, .last = last};

	return copy_tree(&copying, node);
}

const struct origin *origin_create(struct arena *arena, struct place place, const char *text,
				   const struct origin *next)
{
	struct origin *origin = arena_alloc(arena, sizeof(*origin));

	*origin = (struct origin){.place = place, .text = text, .next = next};
	return origin;
}

bool node_is_empty(const struct node *node)
{
	return node->kind == NODE_SCALAR && node->plain &&
	       (!*node->text || !strcmp(node->text, "~") || !strcmp(node->text, "null"));
}

const char *node_describe(const struct node *node, struct arena *arena)
{
	if (node->kind == NODE_SEQUENCE)
		return node->num ? "a list" : "an empty list";
	if (node->kind == NODE_MAPPING)
		return node->num ? "a map" : "an empty map";
	if (node_is_empty(node))
		return "nothing";
	if (strlen(node->text) > 40)
		return arena_format(
			arena, "the text `%.*s...`",
			(int)(g_utf8_offset_to_pointer(node->text,
						       MIN(32, g_utf8_strlen(node->text, -1))) -
			      node->text),
			node->text);
	return arena_format(arena, node->plain ? "`%s`" : "the text \"%s\"", node->text);
}
