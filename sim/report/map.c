/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The map of a realm's IPA space in characters: one cell for a stretch of addresses, the slots' part of the
 * protected half and, where the host mapped something there, of its shared alias. A cell whose granules do
 * not agree is drawn as mixed; the list below the map is exact.
 */
#include "report.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#define ROW_CELLS     32u
#define MAX_SLOT_ROWS 8u  /* decides how much a cell stands for */
#define MAX_ROWS      24u /* of a whole map; then unchanged rows are left out */
#define MAX_LIST_ROWS 12u /* of the exact list, without -v */
#define TEXT_WIDTH    100u

enum cell {
	CELL_EMPTY,
	CELL_RAM,
	CELL_RAM_BACKED,
	CELL_EMPTY_BACKED,
	CELL_DESTROYED,
	CELL_DESTROYED_BACKED,
	CELL_SHARED,
	CELL_SHARED_BACKED,
	CELL_MIXED,
	CELL_NOTHING,
	CELL_NUM,
};

static const struct {
	const char *utf8, *ascii, *color, *legend;
} cells[CELL_NUM] = {
	[CELL_EMPTY] = {"·", ".", COLOR(true, "0;2"), "EMPTY"},
	[CELL_RAM] = {"░", "-", COLOR(true, "0;32"), "RAM"},
	[CELL_RAM_BACKED] = {"█", "#", COLOR(true, "0;32"), "RAM, backed"},
	[CELL_EMPTY_BACKED] = {"▒", "o", COLOR(true, "0;33"), "EMPTY, still backed"},
	[CELL_DESTROYED] = {"×", "x", COLOR(true, "0;31"), "DESTROYED"},
	[CELL_DESTROYED_BACKED] = {"▓", "X", COLOR(true, "0;31"), "DESTROYED, backed"},
	[CELL_SHARED] = {"·", ".", COLOR(true, "0;2"), "shared, not mapped"},
	[CELL_SHARED_BACKED] = {"■", "S", COLOR(true, "0;34"), "shared, mapped"},
	[CELL_MIXED] = {"▚", "%", COLOR(true, "0;35"), "several of these"},
	[CELL_NOTHING] = {" ", " ", COLOR(true, "0;0"), "no Realm"},
};

/* One row: the same addresses before and after. */
struct row {
	uint64_t base;
	enum cell before[ROW_CELLS], after[ROW_CELLS];
	unsigned int num_cells;
	bool changed;
};

struct map {
	const struct result *result;
	FILE *out;
	const struct map_options *options;
};

#define PAINT(map, code) COLOR((map)->options->color, code)

static const char *cell_color(const struct map *map, enum cell cell)
{
	return map->options->color ? cells[cell].color : "";
}

static enum cell interval_cell(const struct survey_interval *interval)
{
	bool backed = interval->hipas == RMM_ASSIGNED || interval->hipas == RMM_ASSIGNED_NS;

	if (interval->hipas == RMM_ASSIGNED_NS || interval->hipas == RMM_UNASSIGNED_NS)
		return backed ? CELL_SHARED_BACKED : CELL_SHARED;
	switch (interval->ripas) {
	case RMM_RAM:
		return backed ? CELL_RAM_BACKED : CELL_RAM;
	case RMM_DESTROYED:
		return backed ? CELL_DESTROYED_BACKED : CELL_DESTROYED;
	default:
		return backed ? CELL_EMPTY_BACKED : CELL_EMPTY;
	}
}

/* What [base, base + size) is: one state, or mixed. */
static enum cell range_cell(const struct survey_realm *realm, uint64_t base, uint64_t size)
{
	const struct survey_interval *interval = survey_find(realm, base), *end;
	enum cell cell;

	if (!interval)
		return CELL_NOTHING;
	cell = interval_cell(interval);
	end = realm->intervals + realm->num_intervals;
	for (interval++; interval < end && interval->base - base < size; interval++) {
		if (interval_cell(interval) != cell)
			return CELL_MIXED;
	}
	return cell;
}

/* Bytes of a cell: a power of two, so that cells begin where table entries do. */
static uint64_t cell_size(const struct world_realm *realm)
{
	uint64_t largest = 0, size = RMM_GRANULE_SIZE;
	size_t i;

	for (i = 0; i < realm->num_slots; i++)
		largest = MAX(largest, realm->slots[i].size);
	while (size * ROW_CELLS * MAX_SLOT_ROWS < largest && size < 1ull << 48)
		size *= 2;
	return size;
}

static bool any_shared(const struct survey_realm *realm, uint64_t base, uint64_t size)
{
	const struct survey_interval *interval = survey_find(realm, base), *end;

	end = realm->intervals + realm->num_intervals;
	for (; interval && interval < end && interval->base < base + size; interval++) {
		if (interval->hipas == RMM_ASSIGNED_NS)
			return true;
	}
	return false;
}

static void add_rows(GArray *rows, const struct survey_realm *before,
		     const struct survey_realm *after, uint64_t base, uint64_t size, uint64_t step)
{
	uint64_t at = base & ~(step - 1), end = base + size;

	while (at < end) {
		struct row row = {.base = at};

		for (; row.num_cells < ROW_CELLS && at < end; row.num_cells++, at += step) {
			unsigned int i = row.num_cells;

			row.before[i] = range_cell(before, at, step);
			row.after[i] = range_cell(after, at, step);
			if (row.before[i] != row.after[i])
				row.changed = true;
		}
		g_array_append_val(rows, row);
	}
}

/* The rows of all slots, then of those parts of the shared half where something is or was mapped. */
static GArray *map_rows(const struct world_realm *config, const struct survey_realm *before,
			const struct survey_realm *after)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct row));
	uint8_t width = MAX(before->ipa_width, after->ipa_width);
	uint64_t step = cell_size(config);
	size_t i;

	for (i = 0; i < config->num_slots; i++)
		add_rows(rows, before, after, config->slots[i].base, config->slots[i].size, step);
	for (i = 0; width && i < config->num_slots; i++) {
		const struct world_slot *slot = &config->slots[i];
		uint64_t base = slot->base | 1ull << (width - 1);

		if (any_shared(before, base, slot->size) || any_shared(after, base, slot->size))
			add_rows(rows, before, after, base, slot->size, step);
	}
	return rows;
}

static void print_cells(const struct map *map, const enum cell *row, unsigned int num)
{
	const char *last = NULL;
	unsigned int i;

	for (i = 0; i < ROW_CELLS; i++) {
		enum cell cell = i < num ? row[i] : CELL_NOTHING;

		if (map->options->color && last != cells[cell].color) {
			fputs(cells[cell].color, map->out);
			last = cells[cell].color;
		}
		fputs(map->options->ascii ? cells[cell].ascii : cells[cell].utf8, map->out);
	}
	fputs(COLOR_RESET(map->options->color), map->out);
}

static void print_row(const struct map *map, const struct row *row)
{
	const char *arrow = !row->changed ? " " : map->options->ascii ? ">" : "→";

	fprintf(map->out, " %s0x%08" PRIx64 "%s  ", PAINT(map, "2"), row->base, PAINT(map, "0"));
	print_cells(map, row->before, row->num_cells);
	fprintf(map->out, " %s%s%s ", PAINT(map, "1"), arrow, PAINT(map, "0"));
	print_cells(map, row->after, row->num_cells);
	fputc('\n', map->out);
}

static void print_rows(const struct map *map, const GArray *rows)
{
	bool fold = rows->len > MAX_ROWS && !map->options->verbose;
	unsigned int i, left_out = 0;

	for (i = 0; i < rows->len; i++) {
		const struct row *row = &g_array_index(rows, struct row, i);

		if (fold && !row->changed) {
			left_out++;
		} else {
			if (left_out)
				fprintf(map->out, "  %s(%u rows unchanged)%s\n", PAINT(map, "2"),
					left_out, PAINT(map, "0"));
			left_out = 0;
			print_row(map, row);
		}
	}
	if (left_out)
		fprintf(map->out, "  %s(%u rows unchanged)%s\n", PAINT(map, "2"), left_out,
			PAINT(map, "0"));
}

static bool same_interval(const struct survey_interval *a, const struct survey_interval *b)
{
	return a && b && a->base == b->base && a->size == b->size && a->hipas == b->hipas &&
	       a->ripas == b->ripas && a->level == b->level;
}

/* Whether all of `interval` was in the same state within `old`. */
static bool same_state(const struct survey_interval *interval, const struct survey_interval *old)
{
	return old && interval->hipas == old->hipas && interval->ripas == old->ripas &&
	       interval->level == old->level && interval->base - old->base < old->size &&
	       interval->size <= old->size - (interval->base - old->base);
}

/* Worth a line: anything but the emptiness that every realm begins with. */
static bool is_content(const struct survey_interval *interval)
{
	enum cell cell = interval_cell(interval);

	return cell != CELL_EMPTY && cell != CELL_SHARED;
}

/*
 * The exact state after the step. What is new is marked; emptiness is listed only where it took the place
 * of something.
 */
static void print_list(const struct map *map, const struct survey_realm *before,
		       const struct survey_realm *after)
{
	static const char *const entry_sizes[] = {"256T", "512G", "1G", "2M",
						  "4K"}; /* from level -1 */
	unsigned int printed = 0, left_out = 0;
	size_t i;

	for (i = 0; i < after->num_intervals; i++) {
		const struct survey_interval *interval = &after->intervals[i];
		const struct survey_interval *old = survey_find(before, interval->base);
		bool fresh = !same_state(interval, old);
		enum cell cell = interval_cell(interval);
		bool was_content = old && is_content(old);

		if (!is_content(interval) && !(fresh && was_content))
			continue;
		if (!map->options->verbose && printed >= MAX_LIST_ROWS) {
			left_out++;
			continue;
		}
		printed++;
		fprintf(map->out,
			"  %s%c%s 0x%08" PRIx64 "..0x%08" PRIx64
			"  %s%-9s %-13s%s level %d, %" PRIu64 " %s %s\n",
			PAINT(map, "1"), fresh ? '*' : ' ', PAINT(map, "0"), interval->base,
			interval->base + interval->size, cell_color(map, cell),
			interval->ripas == RMM_RIPAS_NONE
				? "-"
				: rmm_ripas_name((enum rmm_ripas)interval->ripas),
			rmm_hipas_name((enum rmm_hipas)interval->hipas), PAINT(map, "0"),
			interval->level, interval->size >> (39 - 9 * interval->level),
			map->options->ascii ? "x" : "×", entry_sizes[interval->level + 1]);
	}
	if (left_out)
		fprintf(map->out, "    %s(and %u more: -v lists all)%s\n", PAINT(map, "2"),
			left_out, PAINT(map, "0"));
}

static void print_count(const struct map *map, const char *name, int64_t before, int64_t after,
			bool *first)
{
	if (!before && !after)
		return;
	fprintf(map->out, "%s%s %" PRId64, *first ? "" : "  ", name, after);
	if (after != before)
		fprintf(map->out, " %s(%+" PRId64 ")%s", PAINT(map, "1"), after - before,
			PAINT(map, "0"));
	*first = false;
}

static void print_counts(const struct map *map, const struct survey *before,
			 const struct survey *after)
{
	bool first = true;
	unsigned int i;

	fputs("  granules  ", map->out);
	for (i = RMM_GRANULE_DELEGATED; i < RMM_GRANULE_NUM_STATES; i++)
		print_count(map, rmm_granule_state_name((enum rmm_granule_state)i),
			    (int64_t)before->granules[i], (int64_t)after->granules[i], &first);
	fputs(first ? "all the host's\n" : "\n", map->out);
	if (!after->has_host)
		return;
	first = true;
	fputs("  host      ", map->out);
	print_count(map, "page-table pages", before->host.pgtable_pages, after->host.pgtable_pages,
		    &first);
	print_count(map, "guest_memfd pages", (int64_t)before->host.gmem_pages,
		    (int64_t)after->host.gmem_pages, &first);
	print_count(map, "user pages", (int64_t)before->host.user_pages,
		    (int64_t)after->host.user_pages, &first);
	fputs(first ? "no pages in use\n" : "\n", map->out);
}

static bool same_realm(const struct survey_realm *a, const struct survey_realm *b)
{
	size_t i;

	if (a->exists != b->exists || a->num_intervals != b->num_intervals)
		return false;
	for (i = 0; i < a->num_intervals; i++) {
		if (!same_interval(&a->intervals[i], &b->intervals[i]))
			return false;
	}
	return true;
}

static bool same_counts(const struct survey *a, const struct survey *b)
{
	return !memcmp(a->granules, b->granules, sizeof(a->granules)) &&
	       a->host.pgtable_pages == b->host.pgtable_pages &&
	       a->host.gmem_pages == b->host.gmem_pages && a->host.user_pages == b->host.user_pages;
}

/* Words, broken into lines that begin with `indent`; each but the last has `behind` behind it. */
static void print_words(const struct map *map, const char *indent, char **words, const char *behind)
{
	size_t column = 0, i;

	for (i = 0; words[i]; i++) {
		size_t length = (size_t)g_utf8_strlen(words[i], -1) + strlen(behind);

		if (!length)
			continue;
		if (column && column + 1 + length > TEXT_WIDTH) {
			fputc('\n', map->out);
			column = 0;
		}
		if (!column) {
			fputs(indent, map->out);
			column = strlen(indent);
		} else {
			fputc(' ', map->out);
			column++;
		}
		fputs(words[i], map->out);
		if (words[i + 1])
			fputs(behind, map->out);
		column += length;
	}
	fputc('\n', map->out);
}

static void print_wrapped(const struct map *map, const char *indent, const char *text)
{
	char **words = g_strsplit_set(text, " \n", -1);

	print_words(map, indent, words, "");
	g_strfreev(words);
}

static void print_realm(const struct map *map, size_t index, const struct survey *before,
			const struct survey *after)
{
	const struct world_realm *config = &map->result->plan->realms[index];
	const struct survey_realm *old = &before->realms[index], *new = &after->realms[index];
	GArray *rows = map_rows(config, old, new);

	if (map->result->plan->num_realms > 1)
		fprintf(map->out, "  %s%s%s\n", PAINT(map, "1"), config->name, PAINT(map, "0"));
	if (rows->len) {
		fprintf(map->out, " %s%-10s  %-*s   %s%s\n", PAINT(map, "2"), "", (int)ROW_CELLS,
			old->exists ? "before" : "before (no Realm)",
			new->exists ? "after" : "after (no Realm)", PAINT(map, "0"));
		print_rows(map, rows);
	}
	print_list(map, old, new);
	g_array_unref(rows);
}

static void print_step(const struct map *map, const struct result_step *previous,
		       const struct result_step *step)
{
	const struct survey *before = &previous->survey, *after = &step->survey;
	bool changed = false;
	size_t i;

	if (step->outcome)
		fprintf(map->out, "\n%s%2u  %s%s", PAINT(map, "1"), step->number,
			step->title ? step->title : "", PAINT(map, "0"));
	else
		fprintf(map->out, "  %s%s%s", PAINT(map, "36"), step->title ? step->title : "",
			PAINT(map, "0"));
	if (step->name)
		fprintf(map->out, "  (%s)", step->name);
	fputc('\n', map->out);
	if (step->outcome)
		fprintf(map->out, "  %s%s%s\n",
			!strncmp(step->outcome, "ok", 2) ? PAINT(map, "32") : PAINT(map, "33"),
			step->outcome, PAINT(map, "0"));
	if (step->calls && *step->calls) {
		char *line = g_strdup_printf("RMI: %s", step->calls);

		/* A call and how often it was made stay on one line. */
		char **calls = g_strsplit(line, ", ", -1);

		print_words(map, "  ", calls, ",");
		g_strfreev(calls);
		g_free(line);
	}
	for (i = 0; i < after->num_realms && i < before->num_realms; i++) {
		if (same_realm(&before->realms[i], &after->realms[i]))
			continue;
		print_realm(map, i, before, after);
		changed = true;
	}
	if (changed || !same_counts(before, after))
		print_counts(map, before, after);
	else if (step->outcome)
		fprintf(map->out, "  %sthe map is unchanged%s\n", PAINT(map, "2"), PAINT(map, "0"));
}

static void print_legend(const struct map *map)
{
	static const enum cell order[] = {
		CELL_RAM,	CELL_RAM_BACKED,       CELL_EMPTY,	   CELL_EMPTY_BACKED,
		CELL_DESTROYED, CELL_DESTROYED_BACKED, CELL_SHARED_BACKED, CELL_MIXED};
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(order); i++) {
		enum cell cell = order[i];
		const char *glyph = map->options->ascii ? cells[cell].ascii : cells[cell].utf8;

		if (i % 4 == 0)
			fputs(i ? "\n          " : "legend    ", map->out);
		fprintf(map->out, "%s%s%s%s%s %-20s", cell_color(map, cell), glyph, glyph, glyph,
			PAINT(map, "0"), cells[cell].legend);
	}
	fputc('\n', map->out);
}

/* The protected half is the lower one. A width that KVM refuses has none. */
static uint64_t protected_size(uint8_t ipa_bits)
{
	return ipa_bits && ipa_bits <= 64 ? (uint64_t)1 << (ipa_bits - 1) : 0;
}

static void print_head(const struct map *map)
{
	const struct plan *plan = map->result->plan;
	size_t i, j;

	fprintf(map->out, "scenario  %s%s%s\n", PAINT(map, "1"), plan->id, PAINT(map, "0"));
	print_wrapped(map, "          ", plan->about);
	fprintf(map->out, "file      %s\n", plan->place.source->path);
	for (i = 0; i < plan->num_realms; i++) {
		const struct world_realm *realm = &plan->realms[i];

		fprintf(map->out, "%-10s%u-bit IPA space, protected below 0x%" PRIx64 "; slots",
			i || plan->num_realms > 1 ? realm->name : "realm", realm->ipa_bits,
			protected_size(realm->ipa_bits));
		for (j = 0; j < realm->num_slots; j++)
			fprintf(map->out, "%s 0x%" PRIx64 "..0x%" PRIx64, j ? "," : "",
				realm->slots[j].base, realm->slots[j].base + realm->slots[j].size);
		fprintf(map->out,
			"%s\n          a character is %" PRIu64 "K of IPA space, a row %" PRIu64
			"K\n",
			realm->num_slots ? "" : " none", cell_size(realm) >> 10,
			cell_size(realm) * ROW_CELLS >> 10);
	}
	print_legend(map);
}

void map_print(const struct result *result, FILE *out, const struct map_options *options)
{
	struct map map = {.result = result, .out = out, .options = options};
	size_t i;

	print_head(&map);
	for (i = 1; i < result->num_steps_kept; i++)
		print_step(&map, &result->steps[i - 1], &result->steps[i]);
}
