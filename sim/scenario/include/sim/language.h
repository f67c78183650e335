/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * language.h - what a scenario file may say, as tables: the keys of each map, and the shape of what stands
 * behind them. The loader reads files by these tables, and the JSON Schema and the reference manual are
 * printed from them: there is no other list of keys, names or bounds.
 */
#ifndef SIM_LANGUAGE_H
#define SIM_LANGUAGE_H

#include <sim/step.h>

#define LANGUAGE_MAX_NAMES 160u

enum shape_kind {
	SHAPE_NUMBER,
	SHAPE_BOOL,
	SHAPE_NAME,	/* one of `names` */
	SHAPE_TEXT,	/* any text, or what `pattern` allows */
	SHAPE_VALUE,	/* any scalar */
	SHAPE_COUNT,	/* a number or a comparison */
	SHAPE_BYTES,	/* hexadecimal digits in pairs; `min` to `max` bytes */
	SHAPE_RANGE,	/* BASE+SIZE or BASE..END */
	SHAPE_LIST,	/* of `item`; at least `min` of them */
	SHAPE_MAP,	/* the keys of `keys` and no others */
	SHAPE_TABLE,	/* keys of the shape `key`, each with an `item`; at least `min` of them */
	SHAPE_EITHER,	/* one of `any` */
	SHAPE_STEPS,	/* a list of at least `min` steps, which is 0 or 1 */
	SHAPE_EXPECT,	/* what stands behind `expect:` */
	SHAPE_RMI_CALL, /* an RMI command, alone or with some of its arguments */
};

struct shape {
	enum shape_kind kind;
	bool unit;		  /* of numbers: K, M, G or T may follow */
	bool negative;		  /* of numbers: a minus may stand before it */
	bool fixed;		  /* the matrix is not applied: what belongs to all runs alike */
	bool wide;		  /* of ranges: pages, so that a lone address is its granule */
	uint64_t min, max;	  /* both 0: no bound */
	uint64_t multiple;	  /* of numbers; 0: any */
	const char *const *names; /* NULL terminated */
	const char *const *(*list_names)(void); /* the same, where they come from elsewhere */
	const char *
		pattern; /* of texts: a regular expression, for the schema; the loader has its own check */
	const struct shape *key, *item;
	const struct key_def *keys;	/* ends with a name that is NULL */
	const struct shape *const *any; /* NULL terminated */
};

struct key_def {
	const char *name;
	const char *help; /* one sentence, with the unit */
	bool required;
	const char *fallback; /* what holds without it, in words; NULL: nothing to say */
	struct shape shape;
};

/* shape_names - the names of a SHAPE_NAME, NULL terminated. */
const char *const *shape_names(const struct shape *shape);

/*
 * language_param - a parameter of a step as a key. `fallback` is a buffer that the key's text may be in.
 */
struct key_def language_param(const struct step_param *param, char *fallback, size_t size);

/* The tables that a file begins with. Each ends with a name that is NULL. */
extern const struct key_def scenario_keys[];  /* of a scenario */
extern const struct key_def prelude_keys[];   /* of a prelude */
extern const struct key_def step_item_keys[]; /* of a step, beside its action */

/* What a key of a step may stand beside. */
enum step_beside {
	BESIDE_ACTION = 1u << 0,  /* a row of the step table */
	BESIDE_EXPECT = 1u << 1,  /* `expect` alone */
	BESIDE_CONTROL = 1u << 2, /* repeat, snapshot, same_as, parallel, use, note */
};
/* language_beside - where key `index` of step_item_keys may stand; 0: it is what the step does. */
unsigned int language_beside(size_t index);

/* language_expect - the expectation at `index` as a key; false past the end. *state: about the machine. */
bool language_expect(size_t index, struct key_def *key, bool *state);

/*
 * schema_text - the JSON Schema (draft-07) of scenarios, or of preludes. reference_text - the reference
 * manual, as Markdown. To be freed with g_free().
 */
char *schema_text(bool prelude);
char *reference_text(void);

#endif
