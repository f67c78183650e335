/* SPDX-License-Identifier: BSD-3-Clause */
/* Expectations about the state of the machine: what its RMM and its host hold at this moment. */
#include "expect.h"

#include "value.h"

#include <inttypes.h>
#include <string.h>

#define MAX_RANGES 1024u

/* --- a value for each page of some ranges of the IPA space ------------------------------------------- */

static const char *const ripas_names[] = {"empty", "ram", "destroyed", "none", NULL};
static const char *const hipas_names[] = {"unassigned",	   "assigned",	  "table",
					  "unassigned_ns", "assigned_ns", NULL};
_Static_assert(RMM_EMPTY == 0 && RMM_RAM == 1 && RMM_DESTROYED == 2 && RMM_RIPAS_NONE == 3,
	       "ripas_names is indexed by enum rmm_ripas");
_Static_assert(RMM_UNASSIGNED == 0 && RMM_ASSIGNED == 1 && RMM_TABLE == 2 &&
		       RMM_UNASSIGNED_NS == 3 && RMM_ASSIGNED_NS == 4,
	       "hipas_names is indexed by enum rmm_hipas");

static const struct shape page_range_shape = {SHAPE_RANGE, .wide = true};
static const struct shape byte_range_shape = {.kind = SHAPE_RANGE};
static const struct shape ripas_shape = {SHAPE_NAME, .names = ripas_names};
static const struct shape hipas_shape = {SHAPE_NAME, .names = hipas_names};
static const struct shape backed_shape = {.kind = SHAPE_BOOL};
static const struct shape level_shape = {SHAPE_NUMBER, .max = 3};
static const struct shape byte_shape = {SHAPE_NUMBER, .max = 0xff};

struct range_value {
	struct place place;
	uint64_t base, size;
	unsigned int value;
};
struct range_values {
	struct range_value *items;
	size_t num;
};

static bool ranges_load(struct loader *loader, const struct node *node, struct plan_expect *item)
{
	const char *name = item->def->name;
	const struct node *map = load_map(loader, node, name, "expect");
	struct range_values *values = arena_alloc(loader->arena, sizeof(*values));
	const struct shape *shape = &item->def->shape;
	bool pages = shape->key->wide, good = true;
	uint64_t number;
	size_t i, j;

	item->data = values;
	if (!map)
		return false;
	if (map->num < shape->min || map->num > shape->max) {
		load_error(loader, map, "`%s` of expect: expected 1 to %u ranges", name,
			   MAX_RANGES);
		return false;
	}
	values->items = arena_alloc(loader->arena, map->num * sizeof(*values->items));
	for (i = 0; i < map->num; i++) {
		const struct node *key = map->pairs[i].key;
		struct range_value *value = &values->items[values->num];

		value->place = key->place;
		if (load_shape(loader, map->pairs[i].value, shape->item, NULL, name, &number))
			value->value = (unsigned int)number;
		else
			good = false;
		if (!load_range(loader, key, NULL, name, pages ? RMM_GRANULE_SIZE : 1, &value->base,
				&value->size)) {
			good = false;
			continue;
		}
		if (pages && (value->base | value->size) % RMM_GRANULE_SIZE) {
			load_error(loader, key,
				   "%s: the range must begin and end at a multiple of 4K", name);
			good = false;
			continue;
		}
		for (j = 0; j < values->num; j++) {
			const struct range_value *other = &values->items[j];

			if (value->base - other->base < other->size ||
			    other->base - value->base < value->size) {
				load_error(loader, key, "%s: the range overlaps another one", name);
				diagnostics_note(loader->diagnostics, other->place, "this one");
				good = false;
				break;
			}
		}
		values->num++;
	}
	return good;
}

static char *range_subject(const char *name, const struct range_value *value)
{
	return g_strdup_printf("%s 0x%" PRIx64 "..0x%" PRIx64, name, value->base,
			       value->base + value->size);
}

/* What an entry has for the expectation `name`, and in words. */
static unsigned int entry_value(const char *name, const struct rmm_entry_view *entry,
				const char **text)
{
	static const char *const levels[] = {"-1", "0", "1", "2", "3"};

	if (!strcmp(name, "ripas")) {
		*text = ripas_names[entry->ripas];
		return entry->ripas;
	}
	if (!strcmp(name, "hipas")) {
		*text = hipas_names[entry->hipas];
		return entry->hipas;
	}
	if (!strcmp(name, "backed")) {
		bool backed = entry->hipas == RMM_ASSIGNED || entry->hipas == RMM_ASSIGNED_NS;

		*text = backed ? "true" : "false";
		return backed;
	}
	*text = levels[entry->level + 1];
	return (unsigned int)entry->level;
}

static char *expected_value(const char *name, unsigned int value)
{
	if (!strcmp(name, "ripas"))
		return g_strdup(ripas_names[value]);
	if (!strcmp(name, "hipas"))
		return g_strdup(hipas_names[value]);
	if (!strcmp(name, "backed"))
		return g_strdup(value ? "true" : "false");
	return g_strdup_printf("%u", value);
}

/* Goes from entry to entry, so that a large range costs what it is made of. */
static void ranges_check(const struct checker *checker, const struct plan_expect *item)
{
	const struct range_values *values = item->data;
	const char *name = item->def->name, *text;
	const struct rmm *rmm = machine_rmm(world_machine(checker->world));
	uint64_t rd = world_rd(checker->world, checker->realm), at;
	struct rmm_entry_view entry;
	size_t i;

	for (i = 0; i < values->num; i++) {
		const struct range_value *value = &values->items[i];
		uint64_t left = value->size, step;

		for (at = value->base; left; at += step, left -= step) {
			if (!rd || !rmm_inspect_entry(rmm, rd, at, 3, &entry)) {
				expect_mismatch_at(checker, item, range_subject(name, value),
						   expected_value(name, value->value),
						   g_strdup(rd ? "outside the IPA space"
							       : "the realm does not exist"),
						   at);
				break;
			}
			if (entry_value(name, &entry, &text) != value->value) {
				expect_mismatch_at(checker, item, range_subject(name, value),
						   expected_value(name, value->value),
						   g_strdup_printf("%s at 0x%" PRIx64, text, at),
						   at);
				break;
			}
			step = MIN(left, entry.ipa + entry.size - at);
		}
	}
}

static void contents_check(const struct checker *checker, const struct plan_expect *item)
{
	const struct range_values *values = item->data;
	const struct rmm *rmm = machine_rmm(world_machine(checker->world));
	uint64_t rd = world_rd(checker->world, checker->realm), at;
	struct rmm_entry_view entry;
	uint8_t page[RMM_GRANULE_SIZE];
	size_t i;

	for (i = 0; i < values->num; i++) {
		const struct range_value *value = &values->items[i];
		uint64_t left = value->size, step, j;
		char *actual = NULL;

		for (at = value->base; left && !actual; at += step, left -= step) {
			step = MIN(left, RMM_GRANULE_SIZE - at % RMM_GRANULE_SIZE);
			if (!rd || !rmm_inspect_entry(rmm, rd, at, 3, &entry)) {
				actual = g_strdup(rd ? "outside the IPA space"
						     : "the realm does not exist");
				break;
			}
			if (entry.hipas != RMM_ASSIGNED && entry.hipas != RMM_ASSIGNED_NS) {
				actual = g_strdup_printf("not backed at 0x%" PRIx64, at);
				break;
			}
			if (!rmm_inspect_read(rmm, entry.pa + (at - entry.ipa), page, step)) {
				actual = g_strdup_printf("no memory behind 0x%" PRIx64, at);
				break;
			}
			for (j = 0; j < step && page[j] == value->value; j++)
				;
			if (j < step) {
				at += j;
				actual = g_strdup_printf("0x%02x at 0x%" PRIx64, page[j], at);
				break;
			}
		}
		if (actual)
			expect_mismatch_at(checker, item, range_subject("contents", value),
					   g_strdup_printf("0x%02x", value->value), actual, at);
	}
}

/* --- counts ------------------------------------------------------------------------------------------ */

struct granule_counts {
	bool given[RMM_GRANULE_NUM_STATES];
	struct plan_count counts[RMM_GRANULE_NUM_STATES];
};

/* The names of the states in lower case, by state. */
static const char *const *granule_names(void)
{
	static char texts[RMM_GRANULE_NUM_STATES][32];
	static const char *names[RMM_GRANULE_NUM_STATES + 1];
	unsigned int i, j;

	for (i = 0; i < RMM_GRANULE_NUM_STATES; i++) {
		const char *name = rmm_granule_state_name((enum rmm_granule_state)i);

		for (j = 0; name[j] && j < sizeof(texts[i]) - 1; j++)
			texts[i][j] = g_ascii_tolower(name[j]);
		names[i] = texts[i];
	}
	return names;
}
static const struct shape granule_shape = {SHAPE_NAME, .list_names = granule_names};
static const struct shape count_shape = {.kind = SHAPE_COUNT};

static bool granules_load(struct loader *loader, const struct node *node, struct plan_expect *item)
{
	const struct node *map = load_map(loader, node, "granules", "expect");
	struct granule_counts *counts = arena_alloc(loader->arena, sizeof(*counts));
	const struct node *values[LOADER_MAX_KEYS];
	struct key_def keys[RMM_GRANULE_NUM_STATES + 1] = {{.name = NULL}};
	const char *const *names = granule_names();
	bool good;
	unsigned int i;

	item->data = counts;
	if (!map)
		return false;
	for (i = 0; i < RMM_GRANULE_NUM_STATES; i++)
		keys[i] = (struct key_def){.name = names[i], .shape = count_shape};
	good = load_keys(loader, map, "granules", keys, values);
	for (i = 0; i < RMM_GRANULE_NUM_STATES; i++) {
		counts->given[i] = values[i] != NULL;
		if (values[i] &&
		    !load_count(loader, values[i], names[i], "granules", 0, &counts->counts[i]))
			good = false;
	}
	return good;
}

static void granules_check(const struct checker *checker, const struct plan_expect *item)
{
	const struct granule_counts *counts = item->data;
	const struct rmm *rmm = machine_rmm(world_machine(checker->world));
	unsigned int i;

	for (i = 0; i < RMM_GRANULE_NUM_STATES; i++) {
		uint64_t actual;

		if (!counts->given[i])
			continue;
		actual = rmm_inspect_count(rmm, (enum rmm_granule_state)i);
		if (!plan_count_holds(counts->counts[i], actual))
			expect_mismatch(
				checker, item, g_strdup_printf("granules.%s", granule_names()[i]),
				count_text(counts->counts[i]), g_strdup_printf("%" PRIu64, actual));
	}
}

static bool host_count_load(struct loader *loader, const struct node *node,
			    struct plan_expect *item)
{
	struct plan_count *count = arena_alloc(loader->arena, sizeof(*count));

	item->data = count;
	if (loader->plan->machine.no_kvm) {
		load_error(loader, node, "`%s` needs a KVM build, and the machine says `kvm: none`",
			   item->def->name);
		return false;
	}
	return load_count(loader, node, item->def->name, "expect", 0, count);
}

static void host_count_check(const struct checker *checker, const struct plan_expect *item)
{
	const struct plan_count *count = item->data;
	const struct kvm_build *kvm = machine_kvm(world_machine(checker->world));
	const char *name = item->def->name;
	struct kvm_inspect inspect = {0};
	int64_t actual;

	kvm->inspect(&inspect);
	if (!strcmp(name, "pgtable_pages"))
		actual = world_accounts_tables(checker->world)
				 ? inspect.pgtable_pages
				 : (int64_t)world_num_tables(checker->world);
	else if (!strcmp(name, "gmem_pages"))
		actual = (int64_t)inspect.gmem_pages;
	else
		actual = (int64_t)inspect.user_pages;
	/* Books that went below zero agree with no count. */
	if (actual < 0 || !plan_count_holds(*count, (uint64_t)actual))
		expect_mismatch(checker, item, g_strdup(name), count_text(*count),
				g_strdup_printf("%" PRId64, actual));
}

/* --- the Realm Initial Measurement ------------------------------------------------------------------- */

struct digest {
	uint8_t bytes[64];
	size_t num;
};

static char *digest_text(const uint8_t *bytes, size_t num)
{
	GString *text = g_string_new(NULL);
	size_t i;

	for (i = 0; i < num; i++)
		g_string_append_printf(text, "%02x", bytes[i]);
	return g_string_free(text, FALSE);
}

static bool rim_load(struct loader *loader, const struct node *node, struct plan_expect *item)
{
	struct digest *digest = arena_alloc(loader->arena, sizeof(*digest));

	item->data = digest;
	if (!load_bytes(loader, node, "rim", "expect", digest->bytes, sizeof(digest->bytes),
			&digest->num))
		return false;
	if (digest->num != 32 && digest->num != 64) {
		load_error(loader, node,
			   "`rim` of expect: expected 64 (SHA-256) or 128 (SHA-512) digits");
		return false;
	}
	return true;
}

static void rim_check(const struct checker *checker, const struct plan_expect *item)
{
	const struct digest *digest = item->data;
	uint64_t rd = world_rd(checker->world, checker->realm);
	struct rmm_realm_view view;
	size_t num;

	if (!rd || !rmm_inspect_realm(machine_rmm(world_machine(checker->world)), rd, &view)) {
		expect_mismatch(checker, item, g_strdup("rim"),
				digest_text(digest->bytes, digest->num),
				g_strdup("the realm does not exist"));
		return;
	}
	num = view.hash_algo == 0 ? 32 : 64;
	if (num != digest->num || memcmp(view.measurements[0], digest->bytes, num))
		expect_mismatch(checker, item, g_strdup("rim"),
				digest_text(digest->bytes, digest->num),
				digest_text(view.measurements[0], num));
}

#define RANGES(range, value)                                                                       \
	{                                                                                          \
		SHAPE_TABLE, .min = 1, .max = MAX_RANGES, .key = &(range), .item = &(value)        \
	}

const struct expect_def expect_state_defs[] = {
	{.name = "ripas",
	 .help = "RIPAS of every granule of each range: empty, ram, destroyed; none where there is "
		 "none.",
	 .state = true,
	 .realm = true,
	 .shape = RANGES(page_range_shape, ripas_shape),
	 .load = ranges_load,
	 .check = ranges_check},
	{.name = "hipas",
	 .help = "HIPAS of every granule of each range.",
	 .state = true,
	 .realm = true,
	 .shape = RANGES(page_range_shape, hipas_shape),
	 .load = ranges_load,
	 .check = ranges_check},
	{.name = "backed",
	 .help = "Whether every granule of each range has memory behind it (HIPAS ASSIGNED or "
		 "ASSIGNED_NS).",
	 .state = true,
	 .realm = true,
	 .shape = RANGES(page_range_shape, backed_shape),
	 .load = ranges_load,
	 .check = ranges_check},
	{.name = "level",
	 .help = "RTT level at which the walk for every granule of each range ends.",
	 .way = true,
	 .state = true,
	 .realm = true,
	 .shape = RANGES(page_range_shape, level_shape),
	 .load = ranges_load,
	 .check = ranges_check},
	{.name = "contents",
	 .help = "The byte that all of each range holds.",
	 .state = true,
	 .realm = true,
	 .shape = RANGES(byte_range_shape, byte_shape),
	 .load = ranges_load,
	 .check = contents_check},
	{.name = "rim",
	 .help = "The Realm Initial Measurement, in hexadecimal.",
	 .state = true,
	 .realm = true,
	 .shape = {SHAPE_BYTES, .min = 32, .max = 64, .multiple = 32},
	 .load = rim_load,
	 .check = rim_check},
	{.name = "granules",
	 .help = "How many granules of the machine are in each state named.",
	 .state = true,
	 .shape = {SHAPE_TABLE, .key = &granule_shape, .item = &count_shape},
	 .load = granules_load,
	 .check = granules_check},
	{.name = "pgtable_pages",
	 .help = "Page-table pages that the host accounts for; before v9 of the series, which "
		 "accounts "
		 "not all, the tables that there are.",
	 .way = true,
	 .state = true,
	 .shape = {.kind = SHAPE_COUNT},
	 .load = host_count_load,
	 .check = host_count_check},
	{.name = "gmem_pages",
	 .help = "Host pages in guest_memfds.",
	 .state = true,
	 .shape = {.kind = SHAPE_COUNT},
	 .load = host_count_load,
	 .check = host_count_check},
	{.name = "user_pages",
	 .help = "Anonymous host pages of VMM processes.",
	 .state = true,
	 .shape = {.kind = SHAPE_COUNT},
	 .load = host_count_load,
	 .check = host_count_check},
};
const size_t expect_num_state_defs = G_N_ELEMENTS(expect_state_defs);
