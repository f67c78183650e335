/* SPDX-License-Identifier: BSD-3-Clause */
/* What a report of AddressSanitizer does not know: whose granule it was that host code touched. */
#include "private.h"

#if defined(__SANITIZE_ADDRESS__)
#define MACHINE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MACHINE_ASAN 1
#endif
#endif

#ifdef MACHINE_ASAN
#include <inttypes.h>
#include <sanitizer/asan_interface.h>
#include <stdio.h>

#include <sim/rmi_name.h>

/* Reports end the process; a walk of realms that never ends would keep it. */
#define MAX_ENTRIES (1u << 22)
#define MAX_REALMS  64u

static struct machine *machines[DRAM_NUM_SLOTS];

/* The realm whose tables, or whose data, the granule is. */
static bool find_owner(const struct machine *machine, uint64_t pa, struct rmm_entry_view *entry,
		       uint64_t *owner)
{
	uint64_t rds[MAX_REALMS];
	size_t count = rmm_inspect_realms(machine->rmm, rds, MAX_REALMS);
	unsigned int visited = 0;

	for (size_t i = 0; i < count && i < MAX_REALMS; i++) {
		struct rmm_realm_view realm;
		uint64_t ipa = 0;

		if (!rmm_inspect_realm(machine->rmm, rds[i], &realm))
			continue;
		*owner = rds[i];
		while (ipa < 1ull << realm.ipa_width && visited++ < MAX_ENTRIES &&
		       rmm_inspect_entry(machine->rmm, rds[i], ipa, 3, entry)) {
			if (entry->table == pa ||
			    (entry->hipas == RMM_ASSIGNED && pa - entry->pa < entry->size))
				return true;
			ipa = entry->ipa + entry->size;
		}
	}
	return false;
}

static void print_owner(const struct machine *machine, uint64_t pa)
{
	struct rmm_granule_view view;
	struct rmm_entry_view entry;
	struct rmm_rec_view rec;
	uint64_t owner;

	if (!rmm_inspect_granule(machine->rmm, pa, &view))
		return;
	fprintf(stderr,
		"The granule is at physical address 0x%" PRIx64 ", which the RMM has in state %s",
		pa, rmm_granule_state_name(view.state));
	if (view.state == RMM_GRANULE_REC && rmm_inspect_rec(machine->rmm, pa, &rec))
		fprintf(stderr, ", of the realm with RD 0x%" PRIx64, rec.owner);
	else if (view.state == RMM_GRANULE_DATA && find_owner(machine, pa, &entry, &owner))
		fprintf(stderr, ", mapped at IPA 0x%" PRIx64 " of the realm with RD 0x%" PRIx64,
			entry.ipa + (pa - entry.pa), owner);
	else if (view.state == RMM_GRANULE_RTT && find_owner(machine, pa, &entry, &owner))
		fprintf(stderr, ", for IPA 0x%" PRIx64 " of the realm with RD 0x%" PRIx64,
			entry.ipa, owner);
	fputs(".\n", stderr);
}

static void print_frame(const struct machine *machine, uint64_t pa)
{
	uint64_t index = (pa - dram_base(machine->dram)) / dram_page_size(machine->dram);
	const struct port_frame *frame = &dram_frames(machine->dram)[index];
	const char *site = machine->build ? machine->build->site_name(frame->site) : NULL;

	fprintf(stderr, "Its page has %d references, kind %u%s%s.\n", frame->refcount, frame->kind,
		site ? ", allocated by " : "", site ? site : "");
}

/* Calls that a report shows. */
#define NUM_CALLS 8u

static void print_calls(const struct machine *machine)
{
	const struct trace_event *call;

	fprintf(stderr, "The last RMI calls, in step %" PRIu32 ":\n", trace_step(machine->trace));
	for (uint64_t back = NUM_CALLS; back-- > 0;) {
		const struct rmi_command *command;
		char result[RMI_RESULT_TEXT_SIZE];

		call = machine_last_call(machine, back);
		if (!call)
			continue;
		command = rmi_command(call->value[0]);

		if (command)
			fprintf(stderr, "  %s", command->name);
		else
			fprintf(stderr, "  0x%" PRIx64, call->value[0]);
		for (unsigned int arg = 0; arg < (command ? command->num_args : 6); arg++)
			fprintf(stderr, " 0x%" PRIx64, call->value[arg + 1]);
		fprintf(stderr, " = %s%s%s\n", rmi_result_text(call->result[0], result),
			call->text ? " " : "", call->text ? call->text : "");
	}
}

static void report_done(const char *report)
{
	uintptr_t address = (uintptr_t)__asan_get_report_address();

	(void)report;
	for (unsigned int i = 0; i < DRAM_NUM_SLOTS; i++) {
		const struct machine *machine = machines[i];
		uintptr_t offset;

		if (!machine)
			continue;
		offset = address - (uintptr_t)dram_host_view(machine->dram);
		if (offset < dram_size(machine->dram)) {
			uint64_t pa = dram_base(machine->dram) +
				      (offset & ~(uintptr_t)(RMM_GRANULE_SIZE - 1));

			fputs("Host code touched memory that is not the Host's.\n", stderr);
			print_owner(machine, pa);
			print_frame(machine, pa);
			print_calls(machine);
		}
	}
}

void machine_asan_register(struct machine *machine)
{
	machines[machine->config.dram.slot] = machine;
	__asan_set_error_report_callback(report_done);
}

void machine_asan_unregister(struct machine *machine)
{
	unsigned int slot = machine->config.dram.slot;

	/* A machine that failed to start may ask for a slot that is another's, or none. */
	if (slot < DRAM_NUM_SLOTS && machines[slot] == machine)
		machines[slot] = NULL;
}

#else

void machine_asan_register(struct machine *machine)
{
	(void)machine;
}

void machine_asan_unregister(struct machine *machine)
{
	(void)machine;
}

#endif
