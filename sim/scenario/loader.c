/* SPDX-License-Identifier: BSD-3-Clause */
#include "loader.h"

#include "value.h"

#include <glib.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

void load_error(struct loader *loader, const struct node *node, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	diagnostics_add(loader->diagnostics, node->place, "%s", text);
	g_free(text);
}

static bool loader_full(const struct loader *loader)
{
	return diagnostics_count(loader->diagnostics) - loader->errors_before >=
	       DOCUMENT_MAX_ERRORS;
}

const char *format_size(struct arena *arena, uint64_t size)
{
	static const char units[] = "TGMK";
	unsigned int i;

	for (i = 0; i < 4; i++) {
		unsigned int shift = 40 - 10 * i;

		if (size && !(size & ((1ull << shift) - 1)))
			return arena_format(arena, "%" PRIu64 "%c", size >> shift, units[i]);
	}
	return arena_format(arena, size < 10000 ? "%" PRIu64 : "0x%" PRIx64, size);
}

/* --- the matrix ------------------------------------------------------------------------------------- */

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

static bool is_name_character(char c)
{
	return g_ascii_islower(c) || g_ascii_isdigit(c) || c == '_';
}

/* Replaces each $name, $(name) and $$ of a scalar. */
static const struct node *substitute(struct loader *loader, const struct node *node)
{
	GString *text = g_string_new(NULL);
	const char *at = node->text, *start;
	bool plain = node->plain, good = true;
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
		for (length = 0; is_name_character(at[length]); length++)
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
	}
	if (good) {
		result = arena_alloc(loader->arena, sizeof(*result));
		*result = *node;
		result->text = arena_copy(loader->arena, text->str, text->len);
		result->plain = plain;
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

/* --- scalars ---------------------------------------------------------------------------------------- */

/* "`size` of guest.write" */
static const char *describe_key(struct loader *loader, const char *key, const char *of)
{
	if (!key)
		return of;
	return of ? arena_format(loader->arena, "`%s` of %s", key, of)
		  : arena_format(loader->arena, "`%s`", key);
}

static bool load_problem(struct loader *loader, const struct node *node, const char *key,
			 const char *of, const char *problem)
{
	load_error(loader, node, "%s: %s, found %s", describe_key(loader, key, of), problem,
		   node_describe(node, loader->arena));
	return false;
}

bool load_number(struct loader *loader, const struct node *node, const char *key, const char *of,
		 unsigned int flags, uint64_t *out)
{
	const char *problem;

	node = load_resolve(loader, node);
	if (!node)
		return false;
	if (node->kind != NODE_SCALAR || node_is_empty(node))
		return load_problem(loader, node, key, of,
				    flags & VALUE_UNIT
					    ? "expected a number such as 4096, 4K or 0x8000_0000"
					    : "expected a number such as 12 or 0xff");
	/* A size such as 4K is text for every YAML reader, so quotes say nothing there. */
	if (!node->plain && !(flags & VALUE_UNIT))
		return load_problem(loader, node, key, of, "expected a number without quotes");
	problem = value_parse_number(node->text, flags, out);
	return problem ? load_problem(loader, node, key, of, problem) : true;
}

bool load_bounded(struct loader *loader, const struct node *node, const char *key, const char *of,
		  unsigned int flags, uint64_t min, uint64_t max, uint64_t *out)
{
	if (!load_number(loader, node, key, of, flags, out))
		return false;
	if (*out >= min && *out <= max)
		return true;
	if (flags & VALUE_UNIT)
		load_error(loader, node, "%s: must be between %s and %s",
			   describe_key(loader, key, of), format_size(loader->arena, min),
			   format_size(loader->arena, max));
	else
		load_error(loader, node, "%s: must be between %" PRIu64 " and %" PRIu64,
			   describe_key(loader, key, of), min, max);
	return false;
}

bool load_bool(struct loader *loader, const struct node *node, const char *key, const char *of,
	       bool *out)
{
	const char *problem;

	node = load_resolve(loader, node);
	if (!node)
		return false;
	if (node->kind != NODE_SCALAR || !node->plain)
		return load_problem(loader, node, key, of, "expected true or false");
	problem = value_parse_bool(node->text, out);
	return problem ? load_problem(loader, node, key, of, problem) : true;
}

bool load_text(struct loader *loader, const struct node *node, const char *key, const char *of,
	       const char **out)
{
	const char *trap;

	node = load_resolve(loader, node);
	if (!node)
		return false;
	if (node->kind != NODE_SCALAR || node_is_empty(node) || !*node->text)
		return load_problem(loader, node, key, of, "expected text");
	trap = node->plain ? value_trap(node->text) : NULL;
	if (trap) {
		load_error(loader, node,
			   "%s: expected text, and YAML 1.1 reads `%s` as %s: put it in quotes",
			   describe_key(loader, key, of), node->text, trap);
		return false;
	}
	*out = node->text;
	return true;
}

void load_unknown(struct loader *loader, const struct node *node, const char *what,
		  const char *text, const char *const *names)
{
	const char *nearest = name_nearest(text, names);
	GString *list = g_string_new(NULL);
	size_t i;

	for (i = 0; names[i] && i < 24; i++)
		g_string_append_printf(list, "%s%s", i ? ", " : "", names[i]);
	if (names[i])
		g_string_append(list, ", ...");
	if (nearest)
		load_error(loader, node, "unknown %s `%s`: did you mean `%s`? (one of: %s)", what,
			   text, nearest, list->str);
	else
		load_error(loader, node, "unknown %s `%s`: expected one of: %s", what, text,
			   list->str);
	g_string_free(list, TRUE);
}

bool load_name(struct loader *loader, const struct node *node, const char *key, const char *of,
	       const char *const *names, unsigned int *out)
{
	unsigned int i;

	node = load_resolve(loader, node);
	if (!node)
		return false;
	if (node->kind != NODE_SCALAR || node_is_empty(node)) {
		char *joined = g_strjoinv(", ", (char **)(uintptr_t)names);
		char *problem = g_strdup_printf("expected one of: %s", joined);

		load_problem(loader, node, key, of, problem);
		g_free(problem);
		g_free(joined);
		return false;
	}
	for (i = 0; names[i]; i++) {
		if (!strcmp(names[i], node->text)) {
			*out = i;
			return true;
		}
	}
	load_unknown(loader, node,
		     arena_format(loader->arena, "value of %s", describe_key(loader, key, of)),
		     node->text, names);
	return false;
}

bool load_count(struct loader *loader, const struct node *node, const char *key, const char *of,
		unsigned int flags, struct plan_count *out)
{
	const char *problem;

	node = load_resolve(loader, node);
	if (!node)
		return false;
	if (node->kind != NODE_SCALAR || node_is_empty(node))
		return load_problem(loader, node, key, of,
				    "expected a number or a comparison such as \">=1\"");
	problem = value_parse_count(node->text, flags, out);
	return problem ? load_problem(loader, node, key, of, problem) : true;
}

bool load_range(struct loader *loader, const struct node *node, const char *key, const char *of,
		uint64_t lone, uint64_t *base, uint64_t *size)
{
	const char *problem;

	node = load_resolve(loader, node);
	if (!node)
		return false;
	if (node->kind != NODE_SCALAR || node_is_empty(node))
		return load_problem(
			loader, node, key, of,
			"expected a range BASE+SIZE or BASE..END, such as 0x8000_0000+2M");
	problem = value_parse_range(node->text, lone, base, size);
	return problem ? load_problem(loader, node, key, of, problem) : true;
}

bool load_bytes(struct loader *loader, const struct node *node, const char *key, const char *of,
		uint8_t *bytes, size_t max, size_t *num)
{
	const char *problem;

	node = load_resolve(loader, node);
	if (!node)
		return false;
	/* Digits alone would be a number, and could lose zeros on the way. */
	if (node->kind != NODE_SCALAR || (node->plain && value_trap(node->text)))
		return load_problem(loader, node, key, of, "expected hexadecimal digits in quotes");
	problem = value_parse_bytes(node->text, bytes, max, num);
	return problem ? load_problem(loader, node, key, of, problem) : true;
}

/* --- collections ------------------------------------------------------------------------------------ */

const struct node *load_map(struct loader *loader, const struct node *node, const char *key,
			    const char *of)
{
	node = load_resolve(loader, node);
	if (node && node->kind != NODE_MAPPING) {
		load_problem(loader, node, key, of, "expected a map of keys and values");
		return NULL;
	}
	return node;
}

const struct node *load_list(struct loader *loader, const struct node *node, const char *key,
			     const char *of)
{
	node = load_resolve(loader, node);
	if (node && node->kind != NODE_SEQUENCE) {
		load_problem(loader, node, key, of, "expected a list");
		return NULL;
	}
	return node;
}

const char *load_key(struct loader *loader, const struct node *key)
{
	key = load_resolve(loader, key);
	if (!key)
		return NULL;
	if (key->kind != NODE_SCALAR || node_is_empty(key)) {
		load_error(loader, key, "expected a name as key, found %s",
			   node_describe(key, loader->arena));
		return NULL;
	}
	if (key->plain && !strcmp(key->text, "<<")) {
		load_error(loader, key,
			   "merge keys `<<` are not used in scenarios: an alias stands for a "
			   "whole value");
		return NULL;
	}
	return key->text;
}

bool load_keys(struct loader *loader, const struct node *map, const char *of,
	       const char *const *names, uint64_t required, const struct node **values)
{
	const struct node *keys[LOADER_MAX_KEYS] = {NULL};
	bool good = true;
	size_t i, j;

	for (j = 0; names[j]; j++)
		values[j] = NULL;
	for (i = 0; i < map->num; i++) {
		const struct node *key = map->pairs[i].key;
		const char *text = load_key(loader, key);

		if (!text) {
			good = false;
			continue;
		}
		for (j = 0; names[j] && strcmp(names[j], text); j++)
			;
		if (!names[j]) {
			load_unknown(loader, key, arena_format(loader->arena, "key of %s", of),
				     text, names);
			good = false;
		} else if (keys[j]) {
			load_error(loader, key, "duplicate key `%s`", text);
			diagnostics_note(loader->diagnostics, keys[j]->place,
					 "it stands here already");
			good = false;
		} else {
			keys[j] = key;
			values[j] = map->pairs[i].value;
		}
	}
	for (j = 0; names[j]; j++) {
		if ((required & 1ull << j) && !keys[j]) {
			load_error(loader, map, "%s: key `%s` is missing", of, names[j]);
			good = false;
		}
	}
	return good;
}

/* KVM_MAX_VCPUS of arm64. */
#define MAX_VCPUS 512u

/* --- the machine and its realms --------------------------------------------------------------------- */

static const char *const page_sizes[] = {"4K", "16K", "64K", NULL};

static bool load_machine(struct loader *loader, const struct node *node,
			 struct plan_machine *machine)
{
	enum { MEMORY, PAGE_SIZE, BASE, QUARANTINE, RMM, KVM, BLOCK_MAPPINGS, GMEM_HUGE };
	static const char *const keys[] = {"memory",	     "page_size", "base",
					   "quarantine",     "rmm",	  "kvm",
					   "block_mappings", "gmem_huge", NULL};
	static const char *const kvm_names[] = {"none", NULL};
	const struct node *values[LOADER_MAX_KEYS], *map;
	uint64_t number;
	unsigned int index;
	bool good;

	machine->memory = DRAM_DEFAULT_SIZE;
	machine->base = DRAM_DEFAULT_BASE;
	machine->page_size = 4096;
	if (!node)
		return true;
	map = load_map(loader, node, "machine", NULL);
	if (!map)
		return false;
	good = load_keys(loader, map, "machine", keys, 0, values);
	if (values[MEMORY]) {
		if (!load_bounded(loader, values[MEMORY], "memory", "machine", VALUE_UNIT,
				  2ull << 20, DRAM_MAX_SIZE, &machine->memory)) {
			good = false;
		} else if (machine->memory % (2ull << 20)) {
			load_error(loader, values[MEMORY],
				   "`memory` of machine: must be a multiple of 2M");
			good = false;
		}
	}
	if (values[BASE]) {
		if (!load_bounded(loader, values[BASE], "base", "machine", VALUE_UNIT, 2ull << 20,
				  (1ull << 48) - DRAM_MAX_SIZE, &machine->base)) {
			good = false;
		} else if (machine->base % (2ull << 20)) {
			load_error(loader, values[BASE],
				   "`base` of machine: must be a multiple of 2M");
			good = false;
		}
	}
	if (values[PAGE_SIZE]) {
		if (load_name(loader, values[PAGE_SIZE], "page_size", "machine", page_sizes,
			      &index))
			machine->page_size = 4096u << (2 * index);
		else
			good = false;
	}
	if (values[QUARANTINE]) {
		if (load_bounded(loader, values[QUARANTINE], "quarantine", "machine", 0, 0,
				 UINT32_MAX, &number))
			machine->quarantine = (uint32_t)number;
		else
			good = false;
	}
	if (values[KVM]) {
		if (load_name(loader, values[KVM], "kvm", "machine", kvm_names, &index))
			machine->no_kvm = index == 0;
		else
			good = false;
	}
	if (values[BLOCK_MAPPINGS] && !load_bool(loader, values[BLOCK_MAPPINGS], "block_mappings",
						 "machine", &machine->block_mappings))
		good = false;
	if (values[GMEM_HUGE] &&
	    !load_bool(loader, values[GMEM_HUGE], "gmem_huge", "machine", &machine->gmem_huge))
		good = false;
	if (values[RMM] && !rmm_option_load(loader, values[RMM], machine))
		good = false;
	return good;
}

static bool load_policy(struct loader *loader, const struct node *node, const char *of,
			enum step_memory_fault *policy)
{
	static const char *const names[] = {"convert", "stop", "return", NULL};
	static const enum step_memory_fault policies[] = {STEP_CONVERT_KVMTOOL, STEP_CONVERT_STOP,
							  STEP_CONVERT_RETURN};
	static const char *const keys[] = {"convert", NULL}, *const orders[] = {"kvmtool", "qemu",
										NULL};
	const struct node *resolved = load_resolve(loader, node), *values[LOADER_MAX_KEYS];
	unsigned int index;

	if (!resolved)
		return false;
	if (resolved->kind == NODE_MAPPING) {
		if (!load_keys(loader, resolved, "on_memory_fault", keys, 1, values) ||
		    !load_name(loader, values[0], "convert", "on_memory_fault", orders, &index))
			return false;
		*policy = index ? STEP_CONVERT_QEMU : STEP_CONVERT_KVMTOOL;
		return true;
	}
	if (!load_name(loader, resolved, "on_memory_fault", of, names, &index))
		return false;
	*policy = policies[index];
	return true;
}

static bool load_slot(struct loader *loader, const struct node *node, struct world_slot *slot)
{
	enum { BASE, SIZE, GMEM, GMEM_OFFSET, READONLY };
	static const char *const keys[] = {"base", "size", "gmem", "gmem_offset", "readonly", NULL};
	const struct node *values[LOADER_MAX_KEYS], *map = load_map(loader, node, NULL, "a slot");
	bool good, gmem = true;

	if (!map)
		return false;
	good = load_keys(loader, map, "a slot", keys, 1u << BASE | 1u << SIZE, values);
	if (values[BASE] &&
	    !load_number(loader, values[BASE], "base", "a slot", VALUE_UNIT, &slot->base))
		good = false;
	if (values[SIZE] &&
	    !load_number(loader, values[SIZE], "size", "a slot", VALUE_UNIT, &slot->size))
		good = false;
	if (values[GMEM_OFFSET] && !load_number(loader, values[GMEM_OFFSET], "gmem_offset",
						"a slot", VALUE_UNIT, &slot->gmem_offset))
		good = false;
	if (values[READONLY] &&
	    !load_bool(loader, values[READONLY], "readonly", "a slot", &slot->readonly))
		good = false;
	if (values[GMEM] && !load_bool(loader, values[GMEM], "gmem", "a slot", &gmem))
		good = false;
	slot->no_gmem = !gmem;
	if (good && slot->size && slot->size - 1 > UINT64_MAX - slot->base) {
		load_error(loader, map, "a slot: base and size reach beyond 2^64");
		good = false;
	}
	return good;
}

static bool load_slots(struct loader *loader, const struct node *node, struct world_realm *realm)
{
	const struct node *list = load_list(loader, node, "slots", "realm");
	struct world_slot *slots;
	bool good = true;
	size_t i;

	if (!list)
		return false;
	slots = arena_alloc(loader->arena, list->num * sizeof(*slots));
	for (i = 0; i < list->num; i++) {
		if (!load_slot(loader, list->items[i], &slots[i]))
			good = false;
	}
	realm->slots = slots;
	realm->num_slots = list->num;
	return good;
}

static bool load_realm(struct loader *loader, const struct node *node, struct world_realm *realm,
		       enum step_memory_fault *policy)
{
	enum { IPA_BITS, HASH, RPV, VCPUS, SLOTS, ATTRIBUTES, POLICY };
	static const char *const keys[] = {
		"ipa_bits", "hash", "rpv", "vcpus", "slots", "attributes", "on_memory_fault", NULL};
	static const char *const hashes[] = {"sha256", "sha512", NULL};
	static const char *const attributes[] = {"private", "shared", NULL};
	const struct node *values[LOADER_MAX_KEYS], *map = load_map(loader, node, NULL, "realm");
	uint64_t number;
	unsigned int index;
	size_t num;
	bool good;

	realm->vcpus = 1;
	*policy = STEP_CONVERT_KVMTOOL;
	if (!map)
		return false;
	good = load_keys(loader, map, "realm", keys, 1u << IPA_BITS, values);
	if (values[IPA_BITS]) {
		if (load_bounded(loader, values[IPA_BITS], "ipa_bits", "realm", 0, 0, 255, &number))
			realm->ipa_bits = (uint8_t)number;
		else
			good = false;
	}
	if (values[HASH]) {
		if (load_name(loader, values[HASH], "hash", "realm", hashes, &index))
			realm->hash_algo = (uint8_t)index;
		else
			good = false;
	}
	if (values[RPV]) {
		realm->has_rpv = true;
		if (!load_bytes(loader, values[RPV], "rpv", "realm", realm->rpv, sizeof(realm->rpv),
				&num))
			good = false;
	}
	if (values[VCPUS]) {
		if (load_bounded(loader, values[VCPUS], "vcpus", "realm", 0, 0, MAX_VCPUS, &number))
			realm->vcpus = (unsigned int)number;
		else
			good = false;
	}
	if (values[ATTRIBUTES]) {
		if (load_name(loader, values[ATTRIBUTES], "attributes", "realm", attributes,
			      &index))
			realm->shared_at_first = index == 1;
		else
			good = false;
	}
	if (values[SLOTS] && !load_slots(loader, values[SLOTS], realm))
		good = false;
	if (values[POLICY] && !load_policy(loader, values[POLICY], "realm", policy))
		good = false;
	return good;
}

static bool is_identifier(const char *text)
{
	if (!g_ascii_islower(*text))
		return false;
	for (; *text; text++) {
		if (!is_name_character(*text) && *text != '-')
			return false;
	}
	return true;
}

static bool load_realms(struct loader *loader, const struct node *one, const struct node *many)
{
	struct plan *plan = loader->plan;
	const struct node *map = many ? load_map(loader, many, "realms", NULL) : NULL;
	size_t num = one ? 1 : map ? map->num : 0, i, j;
	enum step_memory_fault *policies =
		arena_alloc(loader->arena, (num + 1) * sizeof(*policies));
	struct world_realm *realms = arena_alloc(loader->arena, (num + 1) * sizeof(*realms));
	const char **names = arena_alloc(loader->arena, (num + 1) * sizeof(*names));
	bool good = true;

	loader->realm_names = names;
	loader->realm_policies = policies;
	plan->realms = realms;
	plan->num_realms = num;
	if (one) {
		names[0] = realms[0].name = "realm";
		if (!load_realm(loader, one, &realms[0], &policies[0]))
			good = false;
		if (many) {
			load_error(loader, many, "`realm` and `realms` exclude each other");
			return false;
		}
		return good;
	}
	if (many && !map)
		return false;
	for (i = 0; i < num; i++) {
		const char *name = load_key(loader, map->pairs[i].key);

		names[i] = name ? name : "";
		realms[i].name = names[i];
		if (!name) {
			good = false;
		} else if (!is_identifier(name)) {
			load_error(loader, map->pairs[i].key,
				   "name of a realm: expected a lower-case letter, then letters, "
				   "digits, "
				   "`-` and `_`, found `%s`",
				   name);
			good = false;
		}
		for (j = 0; j < i; j++) {
			if (name && !strcmp(names[j], name)) {
				load_error(loader, map->pairs[i].key, "duplicate key `%s`", name);
				diagnostics_note(loader->diagnostics, map->pairs[j].key->place,
						 "it stands here already");
				good = false;
			}
		}
		if (!load_realm(loader, map->pairs[i].value, &realms[i], &policies[i]))
			good = false;
	}
	return good;
}

/* --- steps ------------------------------------------------------------------------------------------ */

enum step_key {
	KEY_NAME,
	KEY_WHY,
	KEY_REALM,
	KEY_VCPU,
	KEY_POLICY,
	KEY_HOSTILE,
	KEY_EXPECT,
	KEY_NOTE,
	KEY_REPEAT,
	KEY_SNAPSHOT,
	KEY_SAME_AS,
	KEY_PARALLEL,
	KEY_NUM,
};
static const char *const step_keys[] = {
	[KEY_NAME] = "name",
	[KEY_WHY] = "why",
	[KEY_REALM] = "realm",
	[KEY_VCPU] = "vcpu",
	[KEY_POLICY] = "on_memory_fault",
	[KEY_HOSTILE] = "hostile",
	[KEY_EXPECT] = "expect",
	[KEY_NOTE] = "note",
	[KEY_REPEAT] = "repeat",
	[KEY_SNAPSHOT] = "snapshot",
	[KEY_SAME_AS] = "same_as",
	[KEY_PARALLEL] = "parallel",
	[KEY_NUM] = NULL,
};

static bool load_steps(struct loader *loader, const struct node *node, const char *of,
		       uint64_t factor, const struct plan_step **steps, size_t *num);

static void unknown_step(struct loader *loader, const struct node *key, const char *text)
{
	GPtrArray *names = g_ptr_array_new();
	const struct step_def *def;
	const char *nearest;
	size_t i;

	for (i = 0; (def = step_at(i)); i++)
		g_ptr_array_add(names, (void *)(uintptr_t)def->name);
	for (i = 0; i < KEY_NUM; i++)
		g_ptr_array_add(names, (void *)(uintptr_t)step_keys[i]);
	g_ptr_array_add(names, NULL);
	nearest = name_nearest(text, (const char *const *)names->pdata);
	if (nearest)
		load_error(loader, key, "unknown step or key `%s`: did you mean `%s`?", text,
			   nearest);
	else
		load_error(loader, key,
			   "unknown step or key `%s`: `rmesim list --steps` prints all of them",
			   text);
	g_ptr_array_unref(names);
}

static bool load_argument(struct loader *loader, const struct step_def *def,
			  const struct step_param *param, const struct node *node,
			  struct step_value *value)
{
	bool bounded = param->min || param->max;
	uint64_t max = param->max ? param->max : UINT64_MAX;
	unsigned int index;
	bool boolean;

	switch (param->type) {
	case STEP_ADDRESS:
	case STEP_SIZE:
	case STEP_NUMBER: {
		unsigned int flags = param->type != STEP_NUMBER ? VALUE_UNIT
				     : bounded			? 0
								: VALUE_NEGATIVE;

		if (bounded ? !load_bounded(loader, node, param->name, def->name, flags, param->min,
					    max, &value->number)
			    : !load_number(loader, node, param->name, def->name, flags,
					   &value->number))
			return false;
		break;
	}
	case STEP_BOOL:
		if (!load_bool(loader, node, param->name, def->name, &boolean))
			return false;
		value->number = boolean;
		break;
	case STEP_ENUM:
		if (!load_name(loader, node, param->name, def->name, param->names, &index))
			return false;
		value->number = index;
		break;
	case STEP_STRING:
		if (!load_text(loader, node, param->name, def->name, &value->string))
			return false;
		break;
	}
	value->given = true;
	return true;
}

static bool load_arguments(struct loader *loader, const struct node *node, struct plan_step *step)
{
	const struct step_def *def = step->call.def;
	const char *names[STEP_MAX_PARAMS + 1] = {NULL};
	const struct node *values[LOADER_MAX_KEYS], *map;
	struct node nothing = {.kind = NODE_MAPPING, .place = step->place};
	GString *title = g_string_new(def->name);
	uint64_t required = 0;
	bool good;
	size_t i;

	for (i = 0; i < def->num_params; i++) {
		names[i] = def->params[i].name;
		if (def->params[i].required)
			required |= 1ull << i;
	}
	map = load_resolve(loader, node);
	if (map && node_is_empty(map))
		map = &nothing;
	else if (map)
		map = load_map(loader, map, NULL, def->name);
	good = map != NULL;
	if (map && !def->num_params && map->num) {
		load_error(loader, map, "%s takes no parameters", def->name);
		good = false;
	} else if (map) {
		good = load_keys(loader, map, def->name, names, required, values);
		for (i = 0; i < def->num_params; i++) {
			if (!values[i])
				continue;
			if (load_argument(loader, def, &def->params[i], values[i],
					  &step->call.args[i]))
				g_string_append_printf(title, " %s=%s", names[i],
						       load_resolve(loader, values[i])->text);
			else
				good = false;
		}
	}
	step->title = arena_copy(loader->arena, title->str, title->len);
	g_string_free(title, TRUE);
	return good;
}

static bool load_call(struct loader *loader, const struct node *key, const struct node *value,
		      const struct step_def *def, const struct node **keys, struct plan_step *step)
{
	const struct plan *plan = loader->plan;
	uint64_t number;
	bool good = true, hostile;

	step->kind = PLAN_CALL;
	step_call_init(&step->call, def);
	step->call.realm = step->realm;
	if (plan->num_realms)
		step->call.memory_fault = loader->realm_policies[step->realm];
	if (!load_arguments(loader, value, step))
		good = false;
	if (keys[KEY_VCPU]) {
		if (load_bounded(loader, keys[KEY_VCPU], "vcpu", def->name, 0, 0, MAX_VCPUS - 1, &number))
			step->call.vcpu = (unsigned int)number;
		else
			good = false;
	}
	if (keys[KEY_POLICY] &&
	    !load_policy(loader, keys[KEY_POLICY], def->name, &step->call.memory_fault))
		good = false;
	if (keys[KEY_HOSTILE]) {
		if (load_bool(loader, keys[KEY_HOSTILE], "hostile", def->name, &hostile))
			loader->plan->hostile |= hostile;
		else
			good = false;
	}
	if (def->actor == STEP_ACTOR_VMM && plan->machine.no_kvm) {
		load_error(loader, key, "%s needs a KVM build, and the machine says `kvm: none`",
			   def->name);
		good = false;
	}
	if (def->actor != STEP_ACTOR_RMM && !plan->num_realms) {
		load_error(loader, key, "%s needs a realm, and the scenario has none", def->name);
		good = false;
	}
	if (def->hostile && !plan->machine.no_kvm && !plan->hostile) {
		load_error(loader, key,
			   "%s goes behind the host's back: it needs `hostile: true`, or a machine "
			   "with "
			   "`kvm: none`",
			   def->name);
		good = false;
	}
	return good;
}

static bool load_repeat(struct loader *loader, const struct node *node, uint64_t factor,
			struct plan_step *step)
{
	enum { TIMES, STEPS };
	static const char *const keys[] = {"times", "steps", NULL};
	const struct node *values[LOADER_MAX_KEYS],
		*map = load_map(loader, node, "repeat", "a step");
	bool good;

	step->kind = PLAN_REPEAT;
	step->title = "repeat";
	if (!map)
		return false;
	good = load_keys(loader, map, "repeat", keys, 1u << TIMES | 1u << STEPS, values);
	step->times = 1;
	if (values[TIMES] && !load_bounded(loader, values[TIMES], "times", "repeat", 0, 1,
					   LOADER_MAX_STEPS, &step->times))
		good = false;
	if (good)
		step->title = arena_format(loader->arena, "repeat times=%" PRIu64, step->times);
	if (values[STEPS] && !load_steps(loader, values[STEPS], "repeat", factor * step->times,
					 &step->body, &step->num_body))
		good = false;
	return good;
}

static bool load_snapshot(struct loader *loader, const struct node *node, bool take,
			  struct plan_step *step)
{
	const char *key = take ? "snapshot" : "same_as";
	size_t i;

	step->kind = take ? PLAN_SNAPSHOT : PLAN_SAME_AS;
	if (!load_text(loader, node, key, "a step", &step->text))
		return false;
	step->title = arena_format(loader->arena, "%s %s", key, step->text);
	for (i = 0; i < loader->num_snapshots; i++) {
		if (!strcmp(loader->snapshots[i], step->text))
			break;
	}
	step->snapshot = (unsigned int)i;
	if (i < loader->num_snapshots)
		return true;
	if (!take) {
		load_error(loader, node, "`same_as`: no `snapshot: %s` stands before it",
			   step->text);
		return false;
	}
	loader->snapshots = g_renew(const char *, loader->snapshots, i + 1);
	loader->snapshots[i] = step->text;
	loader->num_snapshots = i + 1;
	return true;
}

/* Which keys may stand beside the key that says what the step is. */
static bool step_check_keys(struct loader *loader, const struct node **key_nodes,
			    unsigned int allowed, const char *what)
{
	unsigned int i;
	bool good = true;

	for (i = 0; i < KEY_NUM; i++) {
		if (key_nodes[i] && !(allowed & 1u << i)) {
			load_error(loader, key_nodes[i], "`%s` cannot stand beside %s",
				   step_keys[i], what);
			good = false;
		}
	}
	return good;
}

/* "expect ripas, backed" */
static const char *expect_title(struct loader *loader, const struct plan_expects *expects)
{
	const char *title = "expect";
	size_t i;

	for (i = 0; i < expects->num; i++)
		title = arena_format(loader->arena, "%s%s %s", title, i ? "," : "",
				     expect_name(&expects->items[i]));
	return title;
}

static bool load_step(struct loader *loader, const struct node *node, uint64_t factor,
		      struct plan_step *step)
{
	const unsigned int words = 1u << KEY_NAME | 1u << KEY_WHY | 1u << KEY_NOTE;
	const struct node *map = load_map(loader, node, NULL, "a step");
	const struct node *keys[KEY_NUM] = {NULL}, *key_nodes[KEY_NUM] = {NULL};
	const struct node *action_key = NULL, *action_value = NULL;
	const struct step_def *action = NULL;
	unsigned int index;
	bool good = true;
	size_t i, j;

	if (!map)
		return false;
	step->place = map->place;
	for (i = 0; i < map->num; i++) {
		const struct node *key = map->pairs[i].key;
		const char *text = load_key(loader, key);
		const struct step_def *def;

		if (!text) {
			good = false;
			continue;
		}
		for (j = 0; j < KEY_NUM && strcmp(step_keys[j], text); j++)
			;
		def = j == KEY_NUM ? step_find(text) : NULL;
		if (def && !action_key) {
			action = def;
			action_key = key;
			action_value = map->pairs[i].value;
		} else if (def) {
			load_error(loader, key,
				   "a second step `%s` in one item: begin a new item with `-`",
				   text);
			diagnostics_note(loader->diagnostics, action_key->place, "the first one");
			good = false;
		} else if (j == KEY_NUM) {
			unknown_step(loader, key, text);
			good = false;
		} else if (keys[j]) {
			load_error(loader, key, "duplicate key `%s`", text);
			diagnostics_note(loader->diagnostics, key_nodes[j]->place,
					 "it stands here already");
			good = false;
		} else {
			keys[j] = map->pairs[i].value;
			key_nodes[j] = key;
		}
	}
	if (keys[KEY_NAME] && !load_text(loader, keys[KEY_NAME], "name", "a step", &step->name))
		good = false;
	if (keys[KEY_WHY] && !load_text(loader, keys[KEY_WHY], "why", "a step", &step->why))
		good = false;
	if (keys[KEY_NOTE] && !load_text(loader, keys[KEY_NOTE], "note", "a step", &step->text))
		good = false;
	if (keys[KEY_REALM]) {
		if (load_name(loader, keys[KEY_REALM], "realm", "a step", loader->realm_names,
			      &index))
			step->realm = index;
		else
			good = false;
	}
	loader->num_steps += factor;
	if (loader->num_steps > LOADER_MAX_STEPS) {
		load_error(loader, map, "too many steps: at most %u in a run, repeats counted",
			   LOADER_MAX_STEPS);
		return false;
	}

	if (action) {
		step->place = action_key->place;
		if (!step_check_keys(loader, key_nodes,
				     words | 1u << KEY_REALM | 1u << KEY_VCPU | 1u << KEY_POLICY |
					     1u << KEY_HOSTILE | 1u << KEY_EXPECT,
				     action->name))
			good = false;
		if (!load_call(loader, action_key, action_value, action, keys, step))
			good = false;
		if (keys[KEY_EXPECT] &&
		    !expect_load(loader, keys[KEY_EXPECT], true, step->realm, &step->expects))
			good = false;
	} else if (keys[KEY_PARALLEL]) {
		load_error(loader, key_nodes[KEY_PARALLEL],
			   "`parallel` steps are not supported yet");
		good = false;
	} else if (keys[KEY_REPEAT]) {
		step->place = key_nodes[KEY_REPEAT]->place;
		if (!step_check_keys(loader, key_nodes, words | 1u << KEY_REPEAT, "`repeat`") ||
		    !load_repeat(loader, keys[KEY_REPEAT], factor, step))
			good = false;
	} else if (keys[KEY_SNAPSHOT] || keys[KEY_SAME_AS]) {
		index = keys[KEY_SNAPSHOT] ? KEY_SNAPSHOT : KEY_SAME_AS;
		step->place = key_nodes[index]->place;
		if (!step_check_keys(loader, key_nodes, words | 1u << index, step_keys[index]) ||
		    !load_snapshot(loader, keys[index], index == KEY_SNAPSHOT, step))
			good = false;
	} else if (keys[KEY_EXPECT]) {
		step->place = key_nodes[KEY_EXPECT]->place;
		step->kind = PLAN_EXPECT;
		if (!step_check_keys(loader, key_nodes, words | 1u << KEY_EXPECT | 1u << KEY_REALM,
				     "`expect`") ||
		    !expect_load(loader, keys[KEY_EXPECT], false, step->realm, &step->expects))
			good = false;
		step->title = expect_title(loader, &step->expects);
	} else if (keys[KEY_NOTE]) {
		step->place = key_nodes[KEY_NOTE]->place;
		step->kind = PLAN_NOTE;
		step->title = "note";
		if (!step_check_keys(loader, key_nodes, words, "`note`"))
			good = false;
	} else if (good) {
		load_error(loader, map,
			   "a step that does nothing: expected a step such as vmm.activate, or "
			   "expect, note, repeat, snapshot, same_as");
		good = false;
	}
	return good;
}

static bool load_steps(struct loader *loader, const struct node *node, const char *of,
		       uint64_t factor, const struct plan_step **steps, size_t *num)
{
	const struct node *list = load_list(loader, node, "steps", of);
	struct plan_step *array;
	bool good = true;
	size_t i;

	if (!list)
		return false;
	if (!list->num) {
		load_error(loader, list, "`steps` is empty: expected at least one step");
		return false;
	}
	array = arena_alloc(loader->arena, list->num * sizeof(*array));
	for (i = 0; i < list->num && !loader_full(loader); i++) {
		if (!load_step(loader, list->items[i], factor, &array[i]))
			good = false;
		if (loader->num_steps > LOADER_MAX_STEPS)
			return false;
	}
	*steps = array;
	*num = list->num;
	return good;
}

/* --- the scenario ----------------------------------------------------------------------------------- */

enum top_key {
	TOP_SCENARIO,
	TOP_ABOUT,
	TOP_TAGS,
	TOP_LEVEL,
	TOP_MATRIX,
	TOP_MACHINE,
	TOP_REALM,
	TOP_REALMS,
	TOP_STEPS,
	TOP_FAULTS,
	TOP_TEARDOWN,
	TOP_HOSTILE,
	TOP_NUM,
};
static const char *const top_keys[] = {
	[TOP_SCENARIO] = "scenario",
	[TOP_ABOUT] = "about",
	[TOP_TAGS] = "tags",
	[TOP_LEVEL] = "level",
	[TOP_MATRIX] = "matrix",
	[TOP_MACHINE] = "machine",
	[TOP_REALM] = "realm",
	[TOP_REALMS] = "realms",
	[TOP_STEPS] = "steps",
	[TOP_FAULTS] = "faults",
	[TOP_TEARDOWN] = "teardown",
	[TOP_HOSTILE] = "hostile",
	[TOP_NUM] = NULL,
};
static const char *const level_names[] = {"smoke", "regression", "long", NULL};

const char *plan_level_name(enum plan_level level)
{
	return level_names[level];
}

/* Dotted: parts of [a-z0-9-], none empty. */
static bool is_dotted(const char *text)
{
	bool part = false;

	for (; *text; text++) {
		if (*text == '.') {
			if (!part)
				return false;
			part = false;
		} else if (g_ascii_islower(*text) || g_ascii_isdigit(*text) || *text == '-') {
			part = true;
		} else {
			return false;
		}
	}
	return part;
}

static bool load_tags(struct loader *loader, const struct node *node)
{
	const struct node *list = load_list(loader, node, "tags", NULL);
	const char **tags;
	bool good = true;
	size_t i;

	if (!list)
		return false;
	tags = arena_alloc(loader->arena, (list->num + 1) * sizeof(*tags));
	for (i = 0; i < list->num; i++) {
		tags[i] = "";
		if (!load_text(loader, list->items[i], NULL, "a tag", &tags[i])) {
			good = false;
		} else if (!is_dotted(tags[i])) {
			load_error(loader, list->items[i],
				   "a tag: expected lower-case letters, digits, `.` and `-`, found "
				   "`%s`",
				   tags[i]);
			good = false;
		}
	}
	loader->plan->tags = tags;
	loader->plan->num_tags = list->num;
	return good;
}

static bool load_teardown(struct loader *loader, const struct node *node)
{
	enum { ALLOW_LEAKS, ALLOW_WARNS };
	static const char *const keys[] = {"allow", NULL}, *const names[] = {"leaks", "warns",
									     NULL};
	const struct node *values[LOADER_MAX_KEYS], *map, *list;
	unsigned int index;
	bool good = true;
	size_t i;

	map = load_map(loader, node, "teardown", NULL);
	if (!map || !load_keys(loader, map, "teardown", keys, 1, values))
		return false;
	list = load_list(loader, values[0], "allow", "teardown");
	if (!list)
		return false;
	for (i = 0; i < list->num; i++) {
		if (!load_name(loader, list->items[i], "allow", "teardown", names, &index))
			good = false;
		else if (index == ALLOW_LEAKS)
			loader->plan->allow_leaks = true;
		else
			loader->plan->allow_warns = true;
	}
	return good;
}

static bool load_faults(struct loader *loader, const struct node *node)
{
	const struct node *list = load_list(loader, node, "faults", NULL);
	struct plan_fault *faults;
	bool good = true;
	size_t i;

	if (!list)
		return false;
	faults = arena_alloc(loader->arena, list->num * sizeof(*faults));
	for (i = 0; i < list->num && !loader_full(loader); i++) {
		if (!fault_load(loader, list->items[i], &faults[i]))
			good = false;
	}
	loader->plan->faults = faults;
	loader->plan->num_faults = list->num;
	return good;
}

/* "page_size=4K,vcpus=2" */
static const char *variant_text(struct loader *loader)
{
	GString *text = g_string_new(NULL);
	char *result;
	size_t i;

	for (i = 0; i < loader->num_variables; i++)
		g_string_append_printf(
			text, "%s%s=%s", i ? "," : "", loader->variables[i].name,
			loader->variables[i].values[loader->variables[i].chosen]->text);
	result = arena_copy(loader->arena, text->str, text->len);
	g_string_free(text, TRUE);
	return result;
}

/* One plan: the file with the values that the variables have now. */
static bool load_plan(struct loader *loader, const struct node **values, bool good)
{
	struct plan *plan = loader->plan;
	unsigned int index;

	plan->place = (struct place){.source = loader->source, .line = 1, .column = 1, .width = 1};
	/* What belongs to all runs alike. */
	loader->verbatim = true;
	plan->name = plan->about = "";
	plan->level = PLAN_REGRESSION;
	plan->variant = variant_text(loader);
	if (values[TOP_SCENARIO]) {
		plan->place = values[TOP_SCENARIO]->place;
		if (!load_text(loader, values[TOP_SCENARIO], "scenario", NULL, &plan->name)) {
			good = false;
		} else if (!is_dotted(plan->name)) {
			load_error(loader, values[TOP_SCENARIO],
				   "`scenario`: expected a dotted name of lower-case letters, "
				   "digits and "
				   "`-`, such as ripas.guest-gives-back, found `%s`",
				   plan->name);
			good = false;
		}
	}
	plan->id = *plan->variant ? arena_format(loader->arena, "%s[%s]", plan->name, plan->variant)
				  : plan->name;
	if (values[TOP_ABOUT] && !load_text(loader, values[TOP_ABOUT], "about", NULL, &plan->about))
		good = false;
	if (values[TOP_TAGS] && !load_tags(loader, values[TOP_TAGS]))
		good = false;
	if (values[TOP_LEVEL]) {
		if (load_name(loader, values[TOP_LEVEL], "level", NULL, level_names, &index))
			plan->level = (enum plan_level)index;
		else
			good = false;
	}
	loader->verbatim = false;
	if (values[TOP_HOSTILE] &&
	    !load_bool(loader, values[TOP_HOSTILE], "hostile", NULL, &plan->hostile))
		good = false;
	if (values[TOP_TEARDOWN] && !load_teardown(loader, values[TOP_TEARDOWN]))
		good = false;
	if (!load_machine(loader, values[TOP_MACHINE], &plan->machine))
		good = false;
	if (!load_realms(loader, values[TOP_REALM], values[TOP_REALMS]))
		good = false;
	if (values[TOP_FAULTS] && !load_faults(loader, values[TOP_FAULTS]))
		good = false;
	if (values[TOP_STEPS] &&
	    !load_steps(loader, values[TOP_STEPS], NULL, 1, &plan->steps, &plan->num_steps))
		good = false;
	plan->num_snapshots = (unsigned int)loader->num_snapshots;
	return good;
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

static bool load_matrix(struct loader *loader, const struct node *map)
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
static bool matrix_next(struct loader *loader)
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

static void plans_append(struct loader_plans *plans, struct plan *plan)
{
	if (plans->num == plans->room) {
		plans->room = plans->room ? 2 * plans->room : 64;
		plans->items = g_renew(struct plan *, plans->items, plans->room);
	}
	plans->items[plans->num++] = plan;
}

void loader_load(const struct source *source, struct node *root, struct arena *arena,
		 struct diagnostics *diagnostics, struct loader_plans *plans)
{
	const uint64_t required = 1u << TOP_SCENARIO | 1u << TOP_ABOUT | 1u << TOP_STEPS;
	struct loader loader = {
		.arena = arena,
		.diagnostics = diagnostics,
		.source = source,
		.errors_before = diagnostics_count(diagnostics),
	};
	const struct node *values[LOADER_MAX_KEYS],
		*map = load_map(&loader, root, NULL, "a scenario");
	size_t before = plans->num, combinations = 1, i;
	bool good = true;

	if (!map)
		return;
	good = load_keys(&loader, map, "a scenario", top_keys, required, values);
	if (values[TOP_MATRIX] && !load_matrix(&loader, values[TOP_MATRIX])) {
		loader.broken_matrix = true;
		good = false;
	}
	for (i = 0; i < loader.num_variables && combinations <= LOADER_MAX_WORK; i++)
		combinations *= loader.variables[i].num_values;
	if (combinations > LOADER_MAX_PLANS || combinations * root->expanded > LOADER_MAX_WORK) {
		load_error(&loader, values[TOP_MATRIX],
			   "the matrix gives too many runs (%zu) for a file of this size",
			   combinations);
		return;
	}
	do {
		loader.plan = arena_alloc(arena, sizeof(*loader.plan));
		loader.num_snapshots = 0;
		loader.num_steps = 0;
		if (load_plan(&loader, values, good))
			plans_append(plans, loader.plan);
		else
			good = false;
	} while (!loader_full(&loader) && matrix_next(&loader));
	for (i = 0; good && i < loader.num_variables; i++) {
		if (loader.variables[i].used)
			continue;
		diagnostics_add(diagnostics, loader.variables[i].place,
				"`%s` of matrix is not used: its runs would all be the same",
				loader.variables[i].name);
		good = false;
	}
	if (loader_full(&loader))
		diagnostics_add(diagnostics, root->place,
				"too many errors in this file: the rest was not looked at");
	if (!good)
		plans->num = before;
	g_free(loader.snapshots);
}
