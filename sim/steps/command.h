/* SPDX-License-Identifier: BSD-3-Clause */
/* command.h - RMI commands by name. */
#ifndef SIM_STEPS_COMMAND_H
#define SIM_STEPS_COMMAND_H

#include <rmm/rmi.h>
#include <stdint.h>

/* Number of function identifiers in the range that RMI commands come from. */
#define COMMAND_NUM_FIDS 0x40u

/* Names of all commands, NULL terminated: "VERSION", "GRANULE_DELEGATE", ... */
extern const char *const command_names[];
/* command_fid - the function identifier of command_names[index]. */
uint32_t command_fid(unsigned int index);
/*
 * command_slot - where a function identifier counts: 0 .. COMMAND_NUM_FIDS - 1, or -1 if it is no
 * RMI one.
 */
static inline int command_slot(uint64_t fid)
{
	/* Bit 16 says that the caller holds no SVE state; no part of the identifier. */
	const uint64_t slot = (fid & ~(UINT64_C(1) << 16)) - RMI_FID_FIRST;

	return slot < COMMAND_NUM_FIDS ? (int)slot : -1;
}
/* command_slot_name - the command that counts there, or NULL. */
const char *command_slot_name(int slot);

#endif
