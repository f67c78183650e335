/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of the machine's RMM: one row each, from the key in a scenario to the member of rmm_config. */
#include "loader.h"

#include <glib.h>
#include <string.h>

struct rmm_option {
	const char *name;
	size_t offset, size;
	bool boolean;
	uint64_t min, max;
};

#define NUMBER(name, member, low, high)                                                            \
	{                                                                                          \
		name, offsetof(struct rmm_config, member),                                         \
			sizeof(((struct rmm_config *)0)->member), false, low, high                 \
	}
#define BOOLEAN(name, member)                                                                      \
	{                                                                                          \
		name, offsetof(struct rmm_config, member),                                         \
			sizeof(((struct rmm_config *)0)->member), true, 0, 1                       \
	}

static const struct rmm_option options[] = {
	NUMBER("s2sz", s2sz, 32, 52),
	NUMBER("min_ipa_width", min_ipa_width, 32, 52),
	BOOLEAN("lpa2", lpa2),
	BOOLEAN("sve", sve),
	NUMBER("sve_vl", sve_vl, 0, 15),
	NUMBER("num_bps", num_bps, 0, 63),
	NUMBER("num_wps", num_wps, 0, 63),
	BOOLEAN("pmu", pmu),
	NUMBER("pmu_num_ctrs", pmu_num_ctrs, 0, 31),
	BOOLEAN("hash_sha_256", hash_sha_256),
	BOOLEAN("hash_sha_512", hash_sha_512),
	NUMBER("gicv3_num_lrs", gicv3_num_lrs, 0, 15),
	NUMBER("max_recs_order", max_recs_order, 0, 15),
	NUMBER("vmid_bits", vmid_bits, 8, 16),
	NUMBER("rec_aux", rec_aux, 0, 16),
	NUMBER("wipe_pattern", wipe_pattern, 0, UINT64_MAX),
};

#define VMID_BITS_NAME "vmid_bits"

static const struct {
	const char *name;
	uint64_t bit;
} quirks[] = {
	{"Q1", RMM_TFRMM_Q1},	{"Q2", RMM_TFRMM_Q2},	{"Q3", RMM_TFRMM_Q3},
	{"Q4b", RMM_TFRMM_Q4B}, {"Q5", RMM_TFRMM_Q5},	{"Q6", RMM_TFRMM_Q6},
	{"Q7", RMM_TFRMM_Q7},	{"Q14", RMM_TFRMM_Q14}, {"Q17", RMM_TFRMM_Q17},
	{"Q23", RMM_TFRMM_Q23},
};

/* Three keys are no single number: the version, the list of quirks, and how much is checked. */
enum { KEY_ABI = G_N_ELEMENTS(options), KEY_TFRMM, KEY_INVARIANTS, NUM_KEYS };

static bool load_quirks(struct loader *loader, const struct node *node, uint64_t *out)
{
	const struct node *list = load_list(loader, node, "tfrmm", "rmm");
	const char *names[G_N_ELEMENTS(quirks) + 1] = {NULL};
	unsigned int index;
	bool good = true;
	size_t i;

	if (!list)
		return false;
	for (i = 0; i < G_N_ELEMENTS(quirks); i++)
		names[i] = quirks[i].name;
	*out = 0;
	for (i = 0; i < list->num; i++) {
		if (load_name(loader, list->items[i], NULL, "tfrmm", names, &index))
			*out |= quirks[index].bit;
		else
			good = false;
	}
	return good;
}

bool rmm_option_load(struct loader *loader, const struct node *node, struct plan_machine *machine)
{
	static const char *const abis[] = {"1.0", NULL};
	static const char *const levels[] = {
		[RMM_INVARIANTS_OFF] = "off",
		[RMM_INVARIANTS_STEP] = "step",
		[RMM_INVARIANTS_FULL] = "full",
		NULL,
	};
	const struct node *values[LOADER_MAX_KEYS], *map = load_map(loader, node, "rmm", "machine");
	const char *names[NUM_KEYS + 1] = {NULL};
	uint64_t number;
	unsigned int i, index;
	bool good, boolean;

	if (!map)
		return false;
	for (i = 0; i < G_N_ELEMENTS(options); i++)
		names[i] = options[i].name;
	names[KEY_ABI] = "abi";
	names[KEY_TFRMM] = "tfrmm";
	names[KEY_INVARIANTS] = "invariants";
	good = load_keys(loader, map, "rmm", names, 0, values);
	machine->rmm = arena_alloc(loader->arena, NUM_KEYS * sizeof(*machine->rmm));
	if (values[KEY_ABI]) {
		const struct node *abi = load_resolve(loader, values[KEY_ABI]);

		if (abi && abi->kind == NODE_SCALAR && abi->plain) {
			load_error(loader, abi,
				   "`abi` of rmm: a version is text: put it in quotes");
			good = false;
		} else if (!load_name(loader, values[KEY_ABI], "abi", "rmm", abis, &index)) {
			good = false;
		}
	}
	for (i = 0; i < G_N_ELEMENTS(options); i++) {
		const struct rmm_option *option = &options[i];

		if (!values[i])
			continue;
		if (option->boolean) {
			if (!load_bool(loader, values[i], option->name, "rmm", &boolean)) {
				good = false;
				continue;
			}
			number = boolean;
		} else if (!load_bounded(loader, values[i], option->name, "rmm", 0, option->min,
					 option->max, &number)) {
			good = false;
			continue;
		}
		if (!strcmp(option->name, VMID_BITS_NAME) && number != 8 && number != 16) {
			load_error(loader, values[i], "`vmid_bits` of rmm: must be 8 or 16");
			good = false;
			continue;
		}
		machine->rmm[machine->num_rmm++] =
			(struct plan_rmm_value){.field = i, .value = number};
	}
	if (values[KEY_TFRMM]) {
		if (load_quirks(loader, values[KEY_TFRMM], &number))
			machine->rmm[machine->num_rmm++] =
				(struct plan_rmm_value){.field = KEY_TFRMM, .value = number};
		else
			good = false;
	}
	if (values[KEY_INVARIANTS]) {
		if (load_name(loader, values[KEY_INVARIANTS], "invariants", "rmm", levels, &index))
			machine->rmm[machine->num_rmm++] =
				(struct plan_rmm_value){.field = KEY_INVARIANTS, .value = index};
		else
			good = false;
	}
	return good;
}

static void member_set(struct rmm_config *config, const struct rmm_option *option, uint64_t value)
{
	void *member = (char *)config + option->offset;
	uint8_t byte = (uint8_t)value;
	bool boolean = value != 0;

	if (option->boolean)
		memcpy(member, &boolean, sizeof(boolean));
	else if (option->size == sizeof(byte))
		memcpy(member, &byte, sizeof(byte));
	else
		memcpy(member, &value, sizeof(value));
}

void plan_apply(const struct plan *plan, struct machine_config *config)
{
	const struct plan_machine *machine = &plan->machine;
	size_t i;

	config->dram.size = machine->memory;
	config->dram.base = machine->base;
	config->dram.page_size = machine->page_size;
	config->dram.quarantine = machine->quarantine;
	config->boot.block_mappings = machine->block_mappings;
	config->boot.gmem_huge = machine->gmem_huge;
	for (i = 0; i < machine->num_rmm; i++) {
		const struct plan_rmm_value *value = &machine->rmm[i];

		if (value->field == KEY_TFRMM)
			config->rmm.tfrmm = value->value;
		else if (value->field == KEY_INVARIANTS)
			config->rmm.invariants = (uint8_t)value->value;
		else
			member_set(&config->rmm, &options[value->field], value->value);
	}
	/* The VMIDs that the platform has are the same for both sides. */
	config->boot.vmid_bits = config->rmm.vmid_bits;
}
