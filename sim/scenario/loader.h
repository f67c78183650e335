/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * loader.h - from a document to plans. Every load_*() function takes a node as it stands in the file,
 * applies the matrix to it, and either fills its result and returns true, or adds an error at the node and
 * returns false. `key` and `of` name the node in messages: "`size` of guest.write".
 */
#ifndef SCENARIO_LOADER_H
#define SCENARIO_LOADER_H

#include "arena.h"
#include "document.h"

#include <glib.h>
#include <sim/language.h>
#include <sim/plan.h>

#define LOADER_MAX_VARIABLES 8u
#define LOADER_MAX_PLANS     1024u    /* runs of one file */
#define LOADER_MAX_WORK	     1000000u /* runs times values of a file */
#define LOADER_MAX_STEPS     100000u  /* steps that a run performs, repeats counted */
#define LOADER_MAX_KEYS	     32u
#define LOADER_MAX_VCPUS     512u /* KVM_MAX_VCPUS of arm64 */

struct loader_variable {
	const char *name;
	struct place place;
	const struct node **values;
	size_t num_values;
	size_t chosen;
	bool used;
};

/* Where preludes come from; see prelude.h. */
struct prelude_library;

/* A prelude as it was inserted at one place. */
struct loader_use {
	const struct node *at;			    /* what names it */
	const struct node *values[LOADER_MAX_KEYS]; /* by prelude_keys; of those that it uses too */
	bool good;
};

struct loader {
	struct prelude_library *preludes; /* NULL: there are none */
	GPtrArray *uses;		  /* struct loader_use */
	GPtrArray *sources;		  /* const struct source: the file and its preludes */
	size_t num_inserted;		  /* nodes of preludes */
	struct arena *arena;
	struct diagnostics *diagnostics;
	const struct source *source;
	size_t errors_before;
	struct loader_variable variables[LOADER_MAX_VARIABLES];
	size_t num_variables;
	bool broken_matrix; /* names may be missing because of an error that was reported */
	bool broken_use; /* what a prelude would bring is missing because of an error that was reported */
	bool verbatim;	   /* the matrix is not applied: `$` is an ordinary character */
	struct plan *plan; /* that is being filled */
	const char *const *realm_names; /* NULL terminated */
	const enum step_memory_fault *realm_policies;
	const char **snapshots;
	size_t num_snapshots;
	uint64_t num_steps;	 /* that the plan performs */
	bool in_actor;		 /* the steps are those of an actor of `parallel` */
	unsigned int actor_vcpu; /* the vCPU that a step is for unless it says otherwise */
};

/*
 * loader_load - all plans of a document, appended to `plans` (struct plan *). Nothing is appended if the
 * file has any error.
 */
struct loader_plans {
	struct plan **items;
	size_t num, room;
};
void loader_load(const struct source *source, struct node *root, struct arena *arena,
		 struct diagnostics *diagnostics, struct prelude_library *preludes,
		 struct loader_plans *plans);

void load_error(struct loader *loader, const struct node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* loader_full - so many errors that no more are added. */
bool loader_full(const struct loader *loader);
/* load_problem - "`key` of OF: PROBLEM, found ..."; always false. */
bool load_problem(struct loader *loader, const struct node *node, const char *key, const char *of,
		  const char *problem);
/* load_resolve - the node with the matrix applied; NULL after an error. */
const struct node *load_resolve(struct loader *loader, const struct node *node);

bool load_number(struct loader *loader, const struct node *node, const char *key, const char *of,
		 unsigned int flags, uint64_t *out);
/* load_bounded - a number within [min, max]. */
bool load_bounded(struct loader *loader, const struct node *node, const char *key, const char *of,
		  unsigned int flags, uint64_t min, uint64_t max, uint64_t *out);
bool load_bool(struct loader *loader, const struct node *node, const char *key, const char *of,
	       bool *out);
/* load_text - text that no YAML reader takes for something else; not empty. */
bool load_text(struct loader *loader, const struct node *node, const char *key, const char *of,
	       const char **out);
/* load_name - the index of one of `names` (NULL terminated). */
bool load_name(struct loader *loader, const struct node *node, const char *key, const char *of,
	       const char *const *names, unsigned int *out);
/*
 * load_shape - a number, a boolean or a name as `shape` describes it: the number, 0 or 1, or the name's
 * index. load_key_value() is the same for the key `def`.
 */
bool load_shape(struct loader *loader, const struct node *node, const struct shape *shape,
		const char *key, const char *of, uint64_t *out);
bool load_key_value(struct loader *loader, const struct node *node, const struct key_def *def,
		    const char *of, uint64_t *out);
/* shape_flags - VALUE_UNIT and VALUE_NEGATIVE as the shape of a number has them. */
unsigned int shape_flags(const struct shape *shape);
bool load_count(struct loader *loader, const struct node *node, const char *key, const char *of,
		unsigned int flags, struct plan_count *out);
bool load_range(struct loader *loader, const struct node *node, const char *key, const char *of,
		uint64_t lone, uint64_t *base, uint64_t *size);
bool load_bytes(struct loader *loader, const struct node *node, const char *key, const char *of,
		uint8_t *bytes, size_t max, size_t *num);

/*
 * load_map, load_list - the node as a map or as a list, NULL after an error. Pairs and items are as they
 * stand in the file. A map's keys are scalars; load_key() gives their text.
 */
const struct node *load_map(struct loader *loader, const struct node *node, const char *key,
			    const char *of);
const struct node *load_list(struct loader *loader, const struct node *node, const char *key,
			     const char *of);
/* load_key - the text of a map's key with the matrix applied, NULL after an error. */
const char *load_key(struct loader *loader, const struct node *key);
/*
 * load_keys - sorts the pairs of a map by the key's index in `keys` into values[], NULL where a key is
 * absent. Unknown, repeated and missing keys are errors; false if there was one.
 */
bool load_keys(struct loader *loader, const struct node *map, const char *of,
	       const struct key_def *keys, const struct node **values);
/* load_duplicate - the error about a key that stood at `first` already. */
void load_duplicate(struct loader *loader, const struct node *key, const char *text,
		    const struct node *first);
/* load_unknown - the error about a name that is none of `names`. */
void load_unknown(struct loader *loader, const struct node *node, const char *what,
		  const char *text, const char *const *names);

/* load_matrix.c: `matrix:`; and the next combination of its values, false after the last one. */
bool load_matrix(struct loader *loader, const struct node *map);
bool matrix_next(struct loader *loader);
/* load_note_matrix - adds to the last error where the names of the matrix in `node` have their values. */
void load_note_matrix(struct loader *loader, const struct node *node);
/*
 * load_use.c: the prelude that `node` names, as it stands here: its keys and those of the preludes that it
 * uses itself. NULL after an error. The same node gives the same prelude again.
 */
const struct loader_use *load_use(struct loader *loader, const struct node *node);
/*
 * use_merge - the key's value where a prelude has `under` and the file that uses it has `over` (either may
 * be NULL): maps key by key, lists one behind the other, and otherwise what the file has.
 */
const struct node *use_merge(struct loader *loader, const struct node *under,
			     const struct node *over);
/* load_machine.c; `node`, `one` and `many` may be NULL. */
bool load_machine(struct loader *loader, const struct node *node, struct plan_machine *machine);
bool load_realms(struct loader *loader, const struct node *one, const struct node *many);
bool load_policy(struct loader *loader, const struct node *node, const char *of,
		 enum step_memory_fault *policy);
/* load_step.c: a list of steps, each of which the plan performs `factor` times. */
bool load_steps(struct loader *loader, const struct node *node, const char *of, uint64_t factor,
		const struct plan_step **steps, size_t *num);
/* load_parallel.c: `parallel:` of a step. */
bool load_parallel(struct loader *loader, const struct node *node, uint64_t factor,
		   struct plan_step *step);
/* expect.c: the expectations of a step (`result`), or of a step that only looks at the state. */
bool expect_load(struct loader *loader, const struct node *node, bool result, unsigned int realm,
		 struct plan_expects *out);
/* expect_name - the key of an expectation. */
const char *expect_name(const struct plan_expect *item);
/* fault.c: one item of `faults:`. */
/* fault_steps_exist - reports each fault of the plan whose `step:` names none of its steps. */
bool fault_steps_exist(struct loader *loader);
bool fault_load(struct loader *loader, const struct node *node, struct plan_fault *out);
/* rmm_option.c: `rmm:` of a machine. */
bool rmm_option_load(struct loader *loader, const struct node *node, struct plan_machine *machine);

/* format_size - "2M", "4K", "100", "0x1001": the shortest exact form. Into the arena. */
const char *format_size(struct arena *arena, uint64_t size);

#endif
