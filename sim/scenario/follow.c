/* SPDX-License-Identifier: BSD-3-Clause */
#include "follow.h"

#include "rmi_text.h"

#include <inttypes.h>
#include <string.h>

void follow_init(struct follow *follow, const struct plan *plan, const struct follow_target *target,
		 struct recorder *recorder, const GArray *granules)
{
	*follow = (struct follow){.plan = plan, .target = *target, .recorder = recorder};
	follow->granules = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	follow->states = g_ptr_array_new_with_free_func(g_free);
	if (granules)
		g_array_append_vals(follow->granules, granules->data, granules->len);
	else if (target->is_pa)
		g_array_append_val(follow->granules, target->address);
}

void follow_clear(struct follow *follow)
{
	g_array_unref(follow->granules);
	g_ptr_array_unref(follow->states);
}

/* The page in the protected half of a realm's space. */
static uint64_t protected_ipa(const struct follow *follow, size_t realm)
{
	return follow->target.address & ~(1ull << (follow->plan->realms[realm].ipa_bits - 1));
}

static bool holds(uint64_t base, uint64_t size, uint64_t address)
{
	return address >= base && address - base < size;
}

static bool is_granule(const struct follow *follow, uint64_t address)
{
	unsigned int i;

	for (i = 0; i < follow->granules->len; i++) {
		if (g_array_index(follow->granules, uint64_t, i) == address)
			return true;
	}
	return false;
}

/* --- states ------------------------------------------------------------------------------------------ */

/* The VMM learns of a new Realm when the system call returns; where there is but one, the RMM knows it before. */
static uint64_t find_rd(const struct follow *follow, size_t realm)
{
	uint64_t rd = world_rd(follow->world, (unsigned int)realm);

	if (!rd && follow->plan->num_realms == 1 &&
	    !rmm_inspect_realms(machine_rmm(world_machine(follow->world)), &rd, 1))
		rd = 0;
	return rd;
}

static char *entry_state(struct follow *follow, size_t realm, uint64_t ipa, bool shared)
{
	const struct rmm *rmm = machine_rmm(world_machine(follow->world));
	uint64_t rd = find_rd(follow, realm);
	GString *text = g_string_new(NULL);
	struct rmm_entry_view entry;

	if (follow->plan->num_realms > 1)
		g_string_append_printf(text, "%s: ", follow->plan->realms[realm].name);
	if (shared)
		g_string_append(text, "shared alias ");
	if (!rd || !rmm_inspect_entry(rmm, rd, ipa, 3, &entry)) {
		g_string_append(text, "no Realm");
		return g_string_free(text, FALSE);
	}
	if (entry.ripas != RMM_RIPAS_NONE)
		g_string_append_printf(text, "%s ", rmm_ripas_name(entry.ripas));
	g_string_append_printf(text, "%s level %d", rmm_hipas_name(entry.hipas), entry.level);
	if (entry.hipas == RMM_ASSIGNED || entry.hipas == RMM_ASSIGNED_NS) {
		uint64_t pa = entry.pa + (ipa & (entry.size - 1));

		g_string_append_printf(text, " pa=0x%" PRIx64, pa);
		if (!follow->recorder && !is_granule(follow, pa))
			g_array_append_val(follow->granules, pa);
	}
	return g_string_free(text, FALSE);
}

static char *granule_state(const struct follow *follow, uint64_t pa)
{
	const struct rmm *rmm = machine_rmm(world_machine(follow->world));
	struct rmm_granule_view view;

	if (!rmm_inspect_granule(rmm, pa, &view))
		return g_strdup_printf("0x%" PRIx64 " is no granule", pa);
	return g_strdup_printf("granule 0x%" PRIx64 " %s", pa, rmm_granule_state_name(view.state));
}

static void tell_state(struct follow *follow, unsigned int index, char *state, GString *changes)
{
	if (index == follow->states->len)
		g_ptr_array_add(follow->states, g_strdup(""));
	if (strcmp(follow->states->pdata[index], state)) {
		g_string_append_printf(changes, "%s%s", changes->len ? "; " : "", state);
		g_free(follow->states->pdata[index]);
		follow->states->pdata[index] = state;
	} else {
		g_free(state);
	}
}

/* What is not as it was told last; NULL: everything is. */
static char *changes_text(struct follow *follow)
{
	GString *changes = g_string_new(NULL);
	unsigned int index = 0, i;
	size_t realm;

	for (realm = 0; !follow->target.is_pa && realm < follow->plan->num_realms; realm++) {
		uint64_t bit = 1ull << (follow->plan->realms[realm].ipa_bits - 1);
		uint64_t ipa = protected_ipa(follow, realm);

		tell_state(follow, index++, entry_state(follow, realm, ipa, false), changes);
		tell_state(follow, index++, entry_state(follow, realm, ipa | bit, true), changes);
	}
	for (i = 0; follow->recorder && i < follow->granules->len; i++)
		tell_state(follow, index++,
			   granule_state(follow, g_array_index(follow->granules, uint64_t, i)),
			   changes);
	return g_string_free(changes, !changes->len);
}

/* --- who touches it ---------------------------------------------------------------------------------- */

/* Whether [base, base + size) of the space of `rd` holds the page or its alias. */
static bool ipa_concerned(const struct follow *follow, uint64_t rd, uint64_t base, uint64_t size)
{
	size_t realm;

	for (realm = 0; !follow->target.is_pa && realm < follow->plan->num_realms; realm++) {
		uint64_t bit = 1ull << (follow->plan->realms[realm].ipa_bits - 1);
		uint64_t ipa = protected_ipa(follow, realm);

		if ((!rd || !follow->world || find_rd(follow, realm) == rd) &&
		    (holds(base, size, ipa) || holds(base, size, ipa | bit)))
			return true;
	}
	return false;
}

static uint64_t entry_size(int64_t level)
{
	return level < 0 ? UINT64_MAX : 1ull << (39 - 9 * MIN(level, 3));
}

static bool rmi_concerned(const struct follow *follow, const struct trace_event *event)
{
	const struct rmi_command *command = rmi_command(event->value[0]);
	unsigned int ipa, level, base, i;
	uint64_t rd = event->value[1], size = RMM_GRANULE_SIZE;

	if (!command)
		return false;
	for (i = 0; i < command->num_args; i++) {
		const char *name = command->args[i];

		if (strcmp(name, "ipa") && strcmp(name, "level") && strcmp(name, "base") &&
		    strcmp(name, "top") && is_granule(follow, event->value[i + 1]))
			return true;
	}
	for (i = 0; i < command->num_outs; i++) {
		const char *name = command->outs[i];

		if ((!strcmp(name, "data") || !strcmp(name, "rtt")) &&
		    is_granule(follow, event->result[i + 1]))
			return true;
	}
	base = rmi_arg_register(command, "base");
	if (base)
		return ipa_concerned(follow, rd, event->value[base],
				     event->value[rmi_arg_register(command, "top")] -
					     event->value[base]);
	ipa = rmi_arg_register(command, "ipa");
	level = rmi_arg_register(command, "level");
	if (!ipa)
		return false;
	if (level) {
		/* What makes or takes away a table is about all that the table translates. */
		bool table = rmi_arg_register(command, "rtt") ||
			     !strcmp(command->name, "RTT_DESTROY") ||
			     !strcmp(command->name, "RTT_FOLD");

		size = entry_size((int64_t)event->value[level] - (table ? 1 : 0));
	}
	return ipa_concerned(follow, rd, event->value[ipa] & ~(size - 1), size);
}

static bool host_concerned(const struct follow *follow, const struct trace_event *event)
{
	uint64_t page = machine_page_size(world_machine(follow->world)), base, size;
	unsigned int i;

	switch ((enum port_event_kind)event->value[0]) {
	case PORT_EVENT_PAGE_ALLOC:
	case PORT_EVENT_PAGE_FREE:
		base = event->value[1];
		size = page << MIN(event->value[2], 20);
		for (i = 0; i < follow->granules->len; i++) {
			if (holds(base, size, g_array_index(follow->granules, uint64_t, i)))
				return true;
		}
		return false;
	case PORT_EVENT_INVALIDATE:
		return ipa_concerned(follow, 0, event->value[1] * page,
				     (event->value[2] - event->value[1]) * page);
	default:
		return false;
	}
}

static bool is_concerned(const struct follow *follow, const struct trace_event *event)
{
	switch (event->kind) {
	case TRACE_RMI:
		return rmi_concerned(follow, event);
	case TRACE_REALM:
		return ipa_concerned(follow, 0, event->value[0], MAX(event->value[1], 1));
	case TRACE_EXIT:
		return event->value[2] &&
		       ipa_concerned(follow, 0, event->value[1], event->value[2]);
	case TRACE_HOST:
		return host_concerned(follow, event);
	case TRACE_FAULT:
	case TRACE_WARN:
	case TRACE_FINDING:
		return true;
	default:
		return false;
	}
}

void follow_event(void *ctx, const struct trace_event *event)
{
	struct follow *follow = ctx;
	struct trace_event copy = *event;
	char *changes;

	if (!follow->world)
		return;
	/* What comes behind the last step is numbered like it. */
	if (follow->between && event->step && event->kind != TRACE_STEP_BEGIN)
		copy.step = FOLLOW_END;
	if (event->kind == TRACE_STEP_BEGIN || event->kind == TRACE_STEP_END)
		follow->between = event->kind == TRACE_STEP_END;
	changes = changes_text(follow);
	if (follow->recorder && (changes || is_concerned(follow, event)))
		record_life(follow->recorder, &copy, changes);
	g_free(changes);
}
