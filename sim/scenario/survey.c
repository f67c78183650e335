/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/survey.h>

#include <glib.h>

/* The tables on the way to `leaf` that were not passed before. */
static void tables_take(const struct rmm *rmm, uint64_t rd, const struct rmm_realm_view *view,
			const struct rmm_entry_view *leaf, uint64_t current[4], GArray *tables)
{
	struct rmm_entry_view entry = *leaf;
	int level;

	if (current[leaf->level] == leaf->table || tables->len >= SURVEY_MAX_TABLES)
		return;
	for (level = view->rtt_level_start; level <= leaf->level; level++) {
		uint64_t reach = 1ull << (39 - 9 * level + 9);
		struct survey_table table = {.level = (int8_t)level,
					     .base = leaf->ipa & ~(reach - 1)};

		if (level < leaf->level && !rmm_inspect_entry(rmm, rd, leaf->ipa, level, &entry))
			return;
		table.pa = level < leaf->level ? entry.table : leaf->table;
		if (current[level] == table.pa)
			continue;
		current[level] = table.pa;
		g_array_append_val(tables, table);
	}
}

static void realm_take(const struct rmm *rmm, uint64_t rd, struct survey_realm *realm)
{
	GArray *intervals = g_array_new(FALSE, FALSE, sizeof(struct survey_interval));
	GArray *tables = g_array_new(FALSE, FALSE, sizeof(struct survey_table));
	struct rmm_realm_view view;
	struct rmm_entry_view entry;
	uint64_t at = 0, end, run_end, current[4] = {1, 1, 1, 1}; /* no table is there */

	if (rd && rmm_inspect_realm(rmm, rd, &view)) {
		realm->exists = true;
		realm->state = (uint8_t)view.state;
		realm->ipa_width = view.ipa_width;
		realm->level_start = view.rtt_level_start;
		end = 1ull << view.ipa_width;
		while (at < end && rmm_inspect_run(rmm, rd, at, 3, &entry, &run_end)) {
			struct survey_interval next = {.base = entry.ipa,
						       .size = run_end - entry.ipa,
						       .hipas = (uint8_t)entry.hipas,
						       .ripas = (uint8_t)entry.ripas,
						       .level = entry.level};
			struct survey_interval *last = NULL;

			tables_take(rmm, rd, &view, &entry, current, tables);
			if (intervals->len)
				last = &g_array_index(intervals, struct survey_interval,
						      intervals->len - 1);
			if (last && last->hipas == next.hipas && last->ripas == next.ripas &&
			    last->level == next.level) {
				last->size += next.size;
			} else if (intervals->len == SURVEY_MAX_INTERVALS) {
				realm->cut = true;
				break;
			} else {
				g_array_append_val(intervals, next);
			}
			at = run_end;
		}
	}
	realm->num_tables = tables->len;
	realm->tables = (struct survey_table *)(void *)g_array_free(tables, FALSE);
	realm->num_intervals = intervals->len;
	realm->intervals = (struct survey_interval *)(void *)g_array_free(intervals, FALSE);
}

void survey_take(struct world *world, bool whole, struct survey *out)
{
	struct machine *machine = world_machine(world);
	const struct rmm *rmm = machine_rmm(machine);
	const struct kvm_build *kvm = machine_kvm(machine);
	size_t i;

	*out = (struct survey){.num_realms = world_num_realms(world)};
	out->realms = g_new0(struct survey_realm, out->num_realms + 1);
	for (i = 0; whole && i < out->num_realms; i++)
		realm_take(rmm, world_rd(world, (unsigned int)i), &out->realms[i]);
	for (i = 0; i < RMM_GRANULE_NUM_STATES; i++)
		out->granules[i] = rmm_inspect_count(rmm, (enum rmm_granule_state)i);
	out->has_host = kvm != NULL;
	if (kvm)
		kvm->inspect(&out->host);
}

void survey_clear(struct survey *survey)
{
	size_t i;

	for (i = 0; i < survey->num_realms; i++) {
		g_free(survey->realms[i].intervals);
		g_free(survey->realms[i].tables);
	}
	g_free(survey->realms);
	*survey = (struct survey){0};
}

const struct survey_interval *survey_find(const struct survey_realm *realm, uint64_t ipa)
{
	size_t low = 0, high = realm->num_intervals;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct survey_interval *interval = &realm->intervals[middle];

		if (ipa < interval->base)
			high = middle;
		else if (ipa - interval->base >= interval->size)
			low = middle + 1;
		else
			return interval;
	}
	return NULL;
}
