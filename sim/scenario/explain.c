/* SPDX-License-Identifier: BSD-3-Clause */
#include "explain.h"

#include "rmi_text.h"

#include <inttypes.h>
#include <string.h>

static char *walk_text(struct world *world, unsigned int realm, uint64_t address)
{
	const struct rmm *rmm = machine_rmm(world_machine(world));
	uint64_t rd = world_rd(world, realm);
	GString *text = g_string_new(NULL);
	struct rmm_realm_view view;
	struct rmm_entry_view entry;
	int level;

	if (!rd || !rmm_inspect_realm(rmm, rd, &view)) {
		g_string_append(text, "no Realm");
		return g_string_free(text, FALSE);
	}
	for (level = view.rtt_level_start; level <= 3; level++) {
		if (!rmm_inspect_entry(rmm, rd, address, level, &entry))
			break;
		g_string_append_printf(text, "%slevel %d 0x%" PRIx64 "[%" PRIu64 "] %s",
				       text->len ? " > " : "", entry.level, entry.table,
				       (address >> (39 - 9 * entry.level)) & 511,
				       rmm_hipas_name(entry.hipas));
		if (entry.hipas == RMM_TABLE)
			continue;
		if (entry.ripas != RMM_RIPAS_NONE)
			g_string_append_printf(text, " %s", rmm_ripas_name(entry.ripas));
		if (entry.hipas == RMM_ASSIGNED || entry.hipas == RMM_ASSIGNED_NS)
			g_string_append_printf(text, " pa=0x%" PRIx64, entry.pa);
		break;
	}
	return g_string_free(text, FALSE);
}

void moment_take(struct world *world, unsigned int realm, const uint64_t *address,
		 struct moment *moment)
{
	survey_take(world, address != NULL, &moment->survey);
	if (address)
		moment->walk = walk_text(world, realm, *address);
	moment->known = true;
}

void moment_clear(struct moment *moment)
{
	survey_clear(&moment->survey);
	g_free(moment->walk);
	*moment = (struct moment){0};
}

void explain_calls(struct recorder *recorder, const struct world *world, size_t max)
{
	struct world_rmi_call *calls = g_new0(struct world_rmi_call, max);
	GString *text = g_string_new(NULL);
	size_t num, i;

	num = world_last_calls(world, calls, max);
	for (i = 0; i < num; i++) {
		rmi_call_print(&calls[i], text);
		g_string_append_c(text, '\n');
	}
	if (num)
		record_block(recorder, "last RMI calls", text->str);
	g_string_free(text, TRUE);
	g_free(calls);
}

/* --- the map ----------------------------------------------------------------------------------------- */

static void state_print(const struct survey_interval *interval, char text[64])
{
	if (!interval)
		snprintf(text, 64, "no Realm");
	else
		snprintf(text, 64, "%-9s %-13s level %d",
			 interval->ripas == RMM_RIPAS_NONE
				 ? "-"
				 : rmm_ripas_name((enum rmm_ripas)interval->ripas),
			 rmm_hipas_name((enum rmm_hipas)interval->hipas), interval->level);
}

/* The end of the stretch from `at` on which neither map changes. */
static uint64_t stretch_end(const struct survey_realm *before, const struct survey_realm *after,
			    uint64_t at, uint64_t end)
{
	const struct survey_interval *old = before ? survey_find(before, at) : NULL;
	const struct survey_interval *new = survey_find(after, at);

	if (old)
		end = MIN(end, old->base + old->size);
	if (new)
		end = MIN(end, new->base + new->size);
	return end;
}

void explain_map(struct recorder *recorder, const struct plan *plan, unsigned int realm,
		 uint64_t address, const struct moment *before, const struct moment *after,
		 unsigned int around)
{
	const struct survey_realm *new, *old = NULL;
	const struct survey_interval *found;
	uint64_t at, end, next;
	size_t index, first, last;
	GString *text;
	char *title;

	if (realm >= after->survey.num_realms)
		return;
	new = &after->survey.realms[realm];
	found = survey_find(new, address);
	if (!found)
		return;
	if (before->known && realm < before->survey.num_realms)
		old = &before->survey.realms[realm];
	index = (size_t)(found - new->intervals);
	first = index > around ? index - around : 0;
	last = MIN(index + around, new->num_intervals - 1);
	at = new->intervals[first].base;
	end = new->intervals[last].base + new->intervals[last].size;
	text = g_string_new(NULL);
	g_string_append_printf(text, "  %-26s  %-34s%s\n", "", old ? "before" : "",
			       old ? "after" : "");
	for (; at < end; at = next) {
		char old_text[64], new_text[64];
		bool same;

		next = stretch_end(old, new, at, end);
		state_print(old ? survey_find(old, at) : NULL, old_text);
		state_print(survey_find(new, at), new_text);
		same = !old || !strcmp(old_text, new_text);
		g_string_append_printf(text, "%c 0x%010" PRIx64 "..0x%010" PRIx64 "  ",
				       address >= at && address < next ? '>' : ' ', at, next);
		if (same)
			g_string_append_printf(text, "%s\n", new_text);
		else
			g_string_append_printf(text, "%-33s %s\n", old_text, new_text);
	}
	if (old)
		g_string_append_printf(text, "walk before  %s\n", before->walk);
	g_string_append_printf(text, "walk after   %s\n", after->walk);
	title = g_strdup_printf("RIPAS, HIPAS and tables around 0x%" PRIx64 " of %s", address,
				plan->realms[realm].name);
	record_block(recorder, title, text->str);
	g_free(title);
	g_string_free(text, TRUE);
}

/* --- the books --------------------------------------------------------------------------------------- */

struct books {
	GString *text;
	bool has_before;
	const char *separator;
};

static void book_add(struct books *books, const char *name, int64_t before, int64_t after)
{
	if (!books->has_before)
		before = after;
	g_string_append_printf(books->text, "%s%s %" PRId64, books->separator, name, after);
	if (before != after)
		g_string_append_printf(books->text, " (%+" PRId64 ")", after - before);
	books->separator = ", ";
}

void explain_books(struct recorder *recorder, const struct moment *before,
		   const struct moment *after, unsigned int warns)
{
	struct books books = {
		.text = g_string_new("granules  "), .has_before = before->known, .separator = ""};
	const struct kvm_inspect *old = &before->survey.host, *new = &after->survey.host;
	unsigned int i;

	for (i = RMM_GRANULE_DELEGATED; i < RMM_GRANULE_NUM_STATES; i++) {
		if (after->survey.granules[i] || (before->known && before->survey.granules[i]))
			book_add(&books, rmm_granule_state_name((enum rmm_granule_state)i),
				 (int64_t)before->survey.granules[i],
				 (int64_t)after->survey.granules[i]);
	}
	g_string_append(books.text, *books.separator ? "\n" : "all the host's\n");
	if (after->survey.has_host) {
		g_string_append(books.text, "host      ");
		books.separator = "";
		book_add(&books, "pgtable_pages", old->pgtable_pages, new->pgtable_pages);
		book_add(&books, "gmem_pages", (int64_t)old->gmem_pages, (int64_t) new->gmem_pages);
		book_add(&books, "user_pages", (int64_t)old->user_pages, (int64_t) new->user_pages);
		book_add(&books, "kernel_pages", (int64_t)old->kernel_pages,
			 (int64_t) new->kernel_pages);
		book_add(&books, "slab_objects", (int64_t)old->slab_objects,
			 (int64_t) new->slab_objects);
		book_add(&books, "files", old->files, new->files);
		book_add(&books, "VMs", old->vms, new->vms);
		g_string_append_printf(books.text, "\nlocks     %u held; WARNs %u\n",
				       new->locks_held, warns);
	}
	record_block(recorder,
		     before->known ? "the machine after the step (and what the step changed)"
				   : "the machine",
		     books.text->str);
	g_string_free(books.text, TRUE);
}
