/* SPDX-License-Identifier: BSD-3-Clause */
#include "coverage.h"

#include <rmm/conditions.h>
#include <rmm/rmi.h>
#include <string.h>

/* What a call is about: the RTT entry of the IPA in a register, or the granule in x1. */
enum subject_kind { SUBJECT_NONE, SUBJECT_GRANULE, SUBJECT_X2, SUBJECT_X3 };

static const uint8_t subjects[COVERAGE_SLOTS] = {
	[COVERAGE_SLOT(RMI_GRANULE_DELEGATE)] = SUBJECT_GRANULE,
	[COVERAGE_SLOT(RMI_GRANULE_UNDELEGATE)] = SUBJECT_GRANULE,
	[COVERAGE_SLOT(RMI_REALM_CREATE)] = SUBJECT_GRANULE,
	[COVERAGE_SLOT(RMI_REALM_DESTROY)] = SUBJECT_GRANULE,
	[COVERAGE_SLOT(RMI_REC_DESTROY)] = SUBJECT_GRANULE,
	[COVERAGE_SLOT(RMI_DATA_CREATE)] = SUBJECT_X3,
	[COVERAGE_SLOT(RMI_DATA_CREATE_UNKNOWN)] = SUBJECT_X3,
	[COVERAGE_SLOT(RMI_DATA_DESTROY)] = SUBJECT_X2,
	[COVERAGE_SLOT(RMI_RTT_CREATE)] = SUBJECT_X3,
	[COVERAGE_SLOT(RMI_RTT_DESTROY)] = SUBJECT_X2,
	[COVERAGE_SLOT(RMI_RTT_FOLD)] = SUBJECT_X2,
	[COVERAGE_SLOT(RMI_RTT_INIT_RIPAS)] = SUBJECT_X2,
	[COVERAGE_SLOT(RMI_RTT_SET_RIPAS)] = SUBJECT_X3,
	[COVERAGE_SLOT(RMI_RTT_MAP_UNPROTECTED)] = SUBJECT_X2,
	[COVERAGE_SLOT(RMI_RTT_UNMAP_UNPROTECTED)] = SUBJECT_X2,
};

/* 0: nothing there; else the state of the granule, or of the entry and its RIPAS. */
static unsigned int state_of(const struct rmm *rmm, const uint64_t *x)
{
	enum subject_kind kind = subjects[COVERAGE_SLOT(x[0])];
	struct rmm_granule_view granule;
	struct rmm_entry_view entry;

	if (kind == SUBJECT_GRANULE)
		return rmm_inspect_granule(rmm, x[1], &granule) ? 1 + granule.state : 0;
	if (kind == SUBJECT_NONE ||
	    !rmm_inspect_entry(rmm, x[1], kind == SUBJECT_X2 ? x[2] : x[3], 3, &entry))
		return 0;
	if (entry.hipas == RMM_UNASSIGNED || entry.hipas == RMM_ASSIGNED)
		return 1 + (entry.hipas == RMM_ASSIGNED) * 3u + entry.ripas % 3u;
	return 7 + (unsigned int)entry.hipas;
}

/*
 * Whether what a call is about stays as it was: tables come and go unseen, which the checker sees to. Most calls are this
 * one, and fail.
 */
static bool is_unseen(const uint64_t *x)
{
	return COVERAGE_SLOT(x[0]) == COVERAGE_SLOT(RMI_RTT_FOLD);
}

void fuzz_coverage_watch(struct fuzz_coverage *coverage, const struct rmm *rmm, const uint64_t *x)
{
	if (!is_unseen(x))
		coverage->before = state_of(rmm, x);
}

static void transition_add(struct fuzz_coverage *coverage, const struct rmm *rmm, const uint64_t *x)
{
	const unsigned int after = state_of(rmm, x);
	const unsigned int before = is_unseen(x) ? after : coverage->before;
	const unsigned int index =
		((unsigned int)COVERAGE_SLOT(x[0]) * COVERAGE_STATES + before) * COVERAGE_STATES +
		after;

	if (coverage->seen[index / 64] & 1ull << index % 64)
		return;
	coverage->seen[index / 64] |= 1ull << index % 64;
	coverage->transitions[coverage->num_transitions++] = (uint16_t)index;
}

static void answer_add(struct fuzz_coverage *coverage, unsigned int slot, const char *label)
{
	if (coverage->num_answers == COVERAGE_MAX_ANSWERS)
		return;
	coverage->answers[coverage->num_answers].slot = (uint8_t)slot;
	coverage->answers[coverage->num_answers++].label = label;
}

void fuzz_coverage_note(struct fuzz_coverage *coverage, const struct rmm *rmm, const uint64_t *x,
			uint64_t result, const char *label)
{
	unsigned int slot = (unsigned int)COVERAGE_SLOT(x[0]), i;

	if (!fuzz_coverage_command(slot))
		return;
	if (!label) {
		if (result == RMI_SUCCESS && !coverage->success[slot]) {
			coverage->success[slot] = true;
			answer_add(coverage, slot, NULL);
		}
		if (coverage->watch && result == RMI_SUCCESS && subjects[slot])
			transition_add(coverage, rmm, x);
		return;
	}
	coverage->last[slot] = label;
	/* Labels are constants of the model: their address stands for them. */
	for (i = 0; i < coverage->num_labels[slot]; i++) {
		if (coverage->labels[slot][i] == label)
			return;
	}
	if (i == sizeof(coverage->labels[slot]) / sizeof(label) || !strcmp(label, "injected"))
		return;
	coverage->labels[slot][i] = label;
	coverage->num_labels[slot]++;
	answer_add(coverage, slot, label);
}

const char *fuzz_coverage_command(unsigned int slot)
{
	static struct {
		bool made;
		const char *of[COVERAGE_SLOTS];
	} names;

	if (!names.made) {
		const struct rmm_command *commands;
		size_t num, i;

		commands = rmm_commands(&num);
		for (i = 0; i < num; i++) {
			if (commands[i].interface == RMM_INTERFACE_RMI)
				names.of[COVERAGE_SLOT(commands[i].fid)] = commands[i].name;
		}
		names.made = true;
	}
	return slot < COVERAGE_SLOTS ? names.of[slot] : NULL;
}

unsigned int fuzz_coverage_conditions(void)
{
	const struct rmm_command *commands;
	unsigned int count = 0;
	size_t num, i;

	commands = rmm_commands(&num);
	for (i = 0; i < num; i++) {
		if (commands[i].interface == RMM_INTERFACE_RMI)
			count += (unsigned int)commands[i].num_conditions;
	}
	return count;
}
