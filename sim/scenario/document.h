/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * document.h - a YAML document as a tree of nodes with exact places. Parsing stops at limits that no honest
 * file reaches, so that hostile ones cost little.
 */
#ifndef SCENARIO_DOCUMENT_H
#define SCENARIO_DOCUMENT_H

#include "arena.h"

#include <sim/diagnostic.h>

#define DOCUMENT_MAX_DEPTH   32u     /* collections inside each other, aliases followed */
#define DOCUMENT_MAX_NODES   100000u /* nodes, aliases followed */
#define DOCUMENT_MAX_ANCHORS 200u
#define DOCUMENT_MAX_ALIASES 1000u
#define DOCUMENT_MAX_ERRORS  200u /* of one file; the rest is not looked for */

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING };

struct node_pair {
	struct node *key, *value;
};

/* How a value got to where it is used, when it does not stand there itself: an alias, a matrix, a prelude. */
struct origin {
	struct place place;
	const char *text;	   /* a note, without a full stop */
	const struct origin *next; /* further out; NULL: none */
};

/* A node is never changed after it was read. */
struct node {
	enum node_kind kind;
	struct place place;	     /* where it stands in a file */
	const struct origin *origin; /* NULL: it stands where it is used */
	const char *alias;	  /* while a file is read: the name of the alias that this is ... */
	struct place alias_place; /* ... and where it stands */
	bool plain;		  /* a scalar without quotes: `yes` is not "yes" */
	const char *text;	  /* of a scalar, NUL terminated, holds no other NUL */
	struct node **items;	  /* of a sequence */
	struct node_pair *pairs;  /* of a mapping, in the file's order */
	size_t num;		  /* items or pairs */
	unsigned int depth;	  /* collections below and including it */
	unsigned int expanded;	  /* nodes below and including it, aliases followed */
};

/*
 * document_parse - the only document of `source`. NULL after adding at least one error: not UTF-8, not
 * YAML, empty, more than one document, a tag, a limit.
 */
struct node *document_parse(const struct source *source, struct arena *arena,
			    struct diagnostics *diagnostics);

/*
 * node_copy - the tree below `node`, each node with `last` behind its own origins. It costs node->expanded
 * nodes.
 */
struct node *node_copy(struct arena *arena, const struct node *node, const struct origin *last);
/* origin_create - an origin with others (or NULL) further out. */
const struct origin *origin_create(struct arena *arena, struct place place, const char *text,
				   const struct origin *next);
/* node_describe - what a node is, for messages: "a list", "a map", "the text `abc`", "nothing". */
const char *node_describe(const struct node *node, struct arena *arena);
/* node_is_empty - nothing stands there (or the plain words `null` or `~`). */
bool node_is_empty(const struct node *node);

#endif
