/* SPDX-License-Identifier: BSD-3-Clause */
/* `machine:`, `realm:` and `realms:`. */
#include "loader.h"
#include "tables.h"

#include <glib.h>
#include <string.h>

bool load_machine(struct loader *loader, const struct node *node, struct plan_machine *machine)
{
	const struct node *values[LOADER_MAX_KEYS], *map;
	uint64_t numbers[MACHINE_NUM] = {0};
	bool good;
	size_t i;

	machine->memory = DRAM_DEFAULT_SIZE;
	machine->base = DRAM_DEFAULT_BASE;
	machine->page_size = 4096;
	if (!node)
		return true;
	map = load_map(loader, node, "machine", NULL);
	if (!map)
		return false;
	good = load_keys(loader, map, "machine", machine_keys, values);
	for (i = 0; i < MACHINE_NUM; i++) {
		if (!values[i] || i == MACHINE_RMM)
			continue;
		if (!load_key_value(loader, values[i], &machine_keys[i], "machine", &numbers[i])) {
			values[i] = NULL;
			good = false;
		}
	}
	if (values[MACHINE_MEMORY])
		machine->memory = numbers[MACHINE_MEMORY];
	if (values[MACHINE_BASE])
		machine->base = numbers[MACHINE_BASE];
	if (values[MACHINE_PAGE_SIZE])
		machine->page_size = 4096u << (2 * numbers[MACHINE_PAGE_SIZE]);
	machine->quarantine = (uint32_t)numbers[MACHINE_QUARANTINE];
	machine->no_kvm = values[MACHINE_KVM] != NULL;
	machine->block_mappings = numbers[MACHINE_BLOCK_MAPPINGS];
	machine->gmem_huge = numbers[MACHINE_GMEM_HUGE];
	if (values[MACHINE_RMM] && !rmm_option_load(loader, values[MACHINE_RMM], machine))
		good = false;
	return good;
}

bool load_policy(struct loader *loader, const struct node *node, const char *of,
		 enum step_memory_fault *policy)
{
	static const enum step_memory_fault policies[] = {
		[POLICY_CONVERT] = STEP_CONVERT_KVMTOOL,
		[POLICY_STOP] = STEP_CONVERT_STOP,
		[POLICY_RETURN] = STEP_CONVERT_RETURN,
	};
	const struct node *resolved = load_resolve(loader, node), *values[LOADER_MAX_KEYS];
	uint64_t index;

	if (!resolved)
		return false;
	if (resolved->kind == NODE_MAPPING) {
		if (!load_keys(loader, resolved, "on_memory_fault", policy_keys, values) ||
		    !load_key_value(loader, values[0], &policy_keys[0], "on_memory_fault", &index))
			return false;
		*policy = index ? STEP_CONVERT_QEMU : STEP_CONVERT_KVMTOOL;
		return true;
	}
	if (!load_shape(loader, resolved, &policy_name_shape, "on_memory_fault", of, &index))
		return false;
	*policy = policies[index];
	return true;
}

static bool load_slot(struct loader *loader, const struct node *node, struct world_slot *slot)
{
	const struct node *values[LOADER_MAX_KEYS], *map = load_map(loader, node, NULL, "a slot");
	uint64_t numbers[SLOT_NUM] = {[SLOT_GMEM] = 1};
	bool good;
	size_t i;

	if (!map)
		return false;
	good = load_keys(loader, map, "a slot", slot_keys, values);
	for (i = 0; i < SLOT_NUM; i++) {
		if (values[i] &&
		    !load_key_value(loader, values[i], &slot_keys[i], "a slot", &numbers[i]))
			good = false;
	}
	slot->base = numbers[SLOT_BASE];
	slot->size = numbers[SLOT_SIZE];
	slot->gmem_offset = numbers[SLOT_GMEM_OFFSET];
	slot->readonly = numbers[SLOT_READONLY];
	slot->no_gmem = !numbers[SLOT_GMEM];
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
	const struct node *values[LOADER_MAX_KEYS], *map = load_map(loader, node, NULL, "realm");
	uint64_t numbers[REALM_NUM] = {[REALM_VCPUS] = 1};
	bool good;
	size_t num, i;

	realm->vcpus = 1;
	*policy = STEP_CONVERT_KVMTOOL;
	if (!map)
		return false;
	good = load_keys(loader, map, "realm", realm_keys, values);
	for (i = 0; i < REALM_NUM; i++) {
		if (!values[i] || i == REALM_RPV || i == REALM_SLOTS || i == REALM_POLICY)
			continue;
		if (!load_key_value(loader, values[i], &realm_keys[i], "realm", &numbers[i]))
			good = false;
	}
	realm->ipa_bits = (uint8_t)numbers[REALM_IPA_BITS];
	realm->hash_algo = (uint8_t)numbers[REALM_HASH];
	realm->vcpus = (unsigned int)numbers[REALM_VCPUS];
	realm->shared_at_first = numbers[REALM_ATTRIBUTES] == 1;
	realm->has_rpv = values[REALM_RPV] != NULL;
	if (values[REALM_RPV] && !load_bytes(loader, values[REALM_RPV], "rpv", "realm", realm->rpv,
					     sizeof(realm->rpv), &num))
		good = false;
	if (values[REALM_SLOTS] && !load_slots(loader, values[REALM_SLOTS], realm))
		good = false;
	if (values[REALM_POLICY] && !load_policy(loader, values[REALM_POLICY], "realm", policy))
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
				load_duplicate(loader, map->pairs[i].key, name, map->pairs[j].key);
				good = false;
			}
		}
		if (!load_realm(loader, map->pairs[i].value, &realms[i], &policies[i]))
			good = false;
	}
	return good;
}
