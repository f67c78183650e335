/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of the machine's RMM: one row each, from the key in a scenario to the member of rmm_config. */
#include "loader.h"
#include "tables.h"

#include <glib.h>
#include <string.h>

static const char *const quirk_names[] = {"Q1", "Q2",  "Q3",  "Q4b", "Q5", "Q6",
					  "Q7", "Q14", "Q17", "Q23", NULL};
static const uint64_t quirk_bits[] = {
	RMM_TFRMM_Q1, RMM_TFRMM_Q2, RMM_TFRMM_Q3,  RMM_TFRMM_Q4B, RMM_TFRMM_Q5,
	RMM_TFRMM_Q6, RMM_TFRMM_Q7, RMM_TFRMM_Q14, RMM_TFRMM_Q17, RMM_TFRMM_Q23,
};
_Static_assert(G_N_ELEMENTS(quirk_names) == G_N_ELEMENTS(quirk_bits) + 1, "one bit a quirk");
static const char *const abi_names[] = {[MACHINE_RMI_1_0] = "1.0",
					[MACHINE_RMI_2_0] = "2.0",
					[MACHINE_RMI_NONE] = "none",
					NULL};
static const char *const level_names[] = {
	[RMM_INVARIANTS_OFF] = "off",
	[RMM_INVARIANTS_STEP] = "step",
	[RMM_INVARIANTS_FULL] = "full",
	NULL,
};
static const struct shape quirk_shape = {SHAPE_NAME, .names = quirk_names};

enum rmm_option {
	OPTION_S2SZ,
	OPTION_MIN_IPA_WIDTH,
	OPTION_LPA2,
	OPTION_SVE,
	OPTION_SVE_VL,
	OPTION_NUM_BPS,
	OPTION_NUM_WPS,
	OPTION_PMU,
	OPTION_PMU_NUM_CTRS,
	OPTION_HASH_SHA_256,
	OPTION_HASH_SHA_512,
	OPTION_GICV3_NUM_LRS,
	OPTION_MAX_RECS_ORDER,
	OPTION_VMID_BITS,
	OPTION_REC_AUX,
	OPTION_WIPE_PATTERN,
	/* Three keys are no single number: the version, the list of quirks, and how much is checked. */
	OPTION_ABI,
	OPTION_TFRMM,
	OPTION_INVARIANTS,
	OPTION_NUM,
};

#define NUMBER(key, low, high, text)                                                               \
	{                                                                                          \
		key, text, false, NULL,                                                            \
		{                                                                                  \
			SHAPE_NUMBER, .min = low, .max = high                                      \
		}                                                                                  \
	}
#define BOOLEAN(key, text)                                                                         \
	{                                                                                          \
		key, text, false, NULL,                                                            \
		{                                                                                  \
			.kind = SHAPE_BOOL                                                         \
		}                                                                                  \
	}

const struct key_def rmm_keys[] = {
	[OPTION_S2SZ] = NUMBER("s2sz", 32, 52, "Widest IPA space of a realm, in bits."),
	[OPTION_MIN_IPA_WIDTH] =
		NUMBER("min_ipa_width", 32, 52, "Narrowest IPA space of a realm, in bits."),
	[OPTION_LPA2] = BOOLEAN("lpa2", "Whether LPA2 is offered."),
	[OPTION_SVE] = BOOLEAN("sve", "Whether SVE is offered."),
	[OPTION_SVE_VL] = NUMBER("sve_vl", 0, 15, "Longest SVE vector, in 128 bits, less one."),
	[OPTION_NUM_BPS] = NUMBER("num_bps", 0, 63, "Breakpoints, less one."),
	[OPTION_NUM_WPS] = NUMBER("num_wps", 0, 63, "Watchpoints, less one."),
	[OPTION_PMU] = BOOLEAN("pmu", "Whether a PMU is offered."),
	[OPTION_PMU_NUM_CTRS] = NUMBER("pmu_num_ctrs", 0, 31, "Counters of the PMU."),
	[OPTION_HASH_SHA_256] = BOOLEAN("hash_sha_256", "Whether SHA-256 is offered."),
	[OPTION_HASH_SHA_512] = BOOLEAN("hash_sha_512", "Whether SHA-512 is offered."),
	[OPTION_GICV3_NUM_LRS] = NUMBER("gicv3_num_lrs", 0, 15, "List registers, less one."),
	[OPTION_MAX_RECS_ORDER] =
		NUMBER("max_recs_order", 0, 15, "RECs of a realm, as a power of two, less one."),
	[OPTION_VMID_BITS] = {"vmid_bits",
			      "Width of VMIDs in bits: 8 or 16.",
			      false,
			      NULL,
			      {SHAPE_NUMBER, .min = 8, .max = 16, .multiple = 8}},
	[OPTION_REC_AUX] = NUMBER("rec_aux", 0, 16, "Auxiliary granules that a REC needs."),
	[OPTION_WIPE_PATTERN] =
		NUMBER("wipe_pattern", 0, UINT64_MAX,
		       "What granules are wiped with when a realm gives them back."),
	[OPTION_ABI] = {"abi",
			"Version of the RMI; text, so in quotes. Of 2.0 there is only the refusal "
			"to speak 1.0; `none`: there is no RMM.",
			false,
			"\"1.0\"",
			{SHAPE_NAME, .names = abi_names}},
	[OPTION_TFRMM] = {"tfrmm",
			  "Where it does as TF-RMM does, and not as the specification.",
			  false,
			  "none",
			  {SHAPE_LIST, .item = &quirk_shape}},
	[OPTION_INVARIANTS] = {"invariants",
			       "How much the RMM's invariants are checked: off, after each call, "
			       "or all of its memory after each call.",
			       false,
			       NULL,
			       {SHAPE_NAME, .names = level_names}},
	[OPTION_NUM] = {.name = NULL},
};

#define MEMBER(name)                                                                               \
	{                                                                                          \
		offsetof(struct rmm_config, name), sizeof(((struct rmm_config *)0)->name)          \
	}
static const struct {
	size_t offset, size;
} members[OPTION_ABI] = {
	[OPTION_S2SZ] = MEMBER(s2sz),
	[OPTION_MIN_IPA_WIDTH] = MEMBER(min_ipa_width),
	[OPTION_LPA2] = MEMBER(lpa2),
	[OPTION_SVE] = MEMBER(sve),
	[OPTION_SVE_VL] = MEMBER(sve_vl),
	[OPTION_NUM_BPS] = MEMBER(num_bps),
	[OPTION_NUM_WPS] = MEMBER(num_wps),
	[OPTION_PMU] = MEMBER(pmu),
	[OPTION_PMU_NUM_CTRS] = MEMBER(pmu_num_ctrs),
	[OPTION_HASH_SHA_256] = MEMBER(hash_sha_256),
	[OPTION_HASH_SHA_512] = MEMBER(hash_sha_512),
	[OPTION_GICV3_NUM_LRS] = MEMBER(gicv3_num_lrs),
	[OPTION_MAX_RECS_ORDER] = MEMBER(max_recs_order),
	[OPTION_VMID_BITS] = MEMBER(vmid_bits),
	[OPTION_REC_AUX] = MEMBER(rec_aux),
	[OPTION_WIPE_PATTERN] = MEMBER(wipe_pattern),
};

static bool load_quirks(struct loader *loader, const struct node *node, uint64_t *out)
{
	const struct node *list = load_list(loader, node, "tfrmm", "rmm");
	uint64_t index;
	bool good = true;
	size_t i;

	if (!list)
		return false;
	*out = 0;
	for (i = 0; i < list->num; i++) {
		if (load_shape(loader, list->items[i], &quirk_shape, NULL, "tfrmm", &index))
			*out |= quirk_bits[index];
		else
			good = false;
	}
	return good;
}

static bool load_option(struct loader *loader, const struct node *node, enum rmm_option option,
			uint64_t *number)
{
	const struct node *resolved;

	if (option == OPTION_TFRMM)
		return load_quirks(loader, node, number);
	if (option == OPTION_ABI) {
		resolved = load_resolve(loader, node);
		if (resolved && resolved->kind == NODE_SCALAR && resolved->plain &&
		    strcmp(resolved->text, abi_names[MACHINE_RMI_NONE]) != 0) {
			load_error(loader, resolved,
				   "`abi` of rmm: a version is text: put it in quotes");
			return false;
		}
	}
	return load_key_value(loader, node, &rmm_keys[option], "rmm", number);
}

bool rmm_option_load(struct loader *loader, const struct node *node, struct plan_machine *machine)
{
	const struct node *values[LOADER_MAX_KEYS], *map = load_map(loader, node, "rmm", "machine");
	uint64_t number;
	unsigned int i;
	bool good;

	if (!map)
		return false;
	good = load_keys(loader, map, "rmm", rmm_keys, values);
	machine->rmm = arena_alloc(loader->arena, OPTION_NUM * sizeof(*machine->rmm));
	for (i = 0; i < OPTION_NUM; i++) {
		if (!values[i])
			continue;
		if (!load_option(loader, values[i], (enum rmm_option)i, &number))
			good = false;
		else
			machine->rmm[machine->num_rmm++] =
				(struct plan_rmm_value){.field = i, .value = number};
	}
	return good;
}

static void member_set(struct rmm_config *config, unsigned int option, uint64_t value)
{
	void *member = (char *)config + members[option].offset;
	uint8_t byte = (uint8_t)value;
	bool boolean = value != 0;

	if (rmm_keys[option].shape.kind == SHAPE_BOOL)
		memcpy(member, &boolean, sizeof(boolean));
	else if (members[option].size == sizeof(byte))
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

		if (value->field == OPTION_ABI)
			config->rmi = (enum machine_rmi)value->value;
		else if (value->field == OPTION_TFRMM)
			config->rmm.tfrmm = value->value;
		else if (value->field == OPTION_INVARIANTS)
			config->rmm.invariants = (uint8_t)value->value;
		else
			member_set(&config->rmm, value->field, value->value);
	}
	/* The VMIDs that the platform has are the same for both sides. */
	config->boot.vmid_bits = config->rmm.vmid_bits;
}
