/* SPDX-License-Identifier: BSD-3-Clause */
/* `machine:`, `realm:` and `realms:`. */
#include "loader.h"

#include "value.h"

#include <glib.h>
#include <string.h>

static const char *const page_sizes[] = {"4K", "16K", "64K", NULL};

bool load_machine(struct loader *loader, const struct node *node, struct plan_machine *machine)
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

bool load_policy(struct loader *loader, const struct node *node, const char *of,
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
		if (load_bounded(loader, values[VCPUS], "vcpus", "realm", 0, 0, LOADER_MAX_VCPUS,
				 &number))
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
		if (!g_ascii_islower(*text) && !g_ascii_isdigit(*text) && *text != '_' &&
		    *text != '-')
			return false;
	}
	return true;
}

bool load_realms(struct loader *loader, const struct node *one, const struct node *many)
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
