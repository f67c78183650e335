/* SPDX-License-Identifier: BSD-3-Clause */
#include "command.h"

#include <stddef.h>
#include <rmm/rmi.h>

#define COMMANDS(X)                                                                                \
	X(VERSION)                                                                                 \
	X(GRANULE_DELEGATE)                                                                        \
	X(GRANULE_UNDELEGATE)                                                                      \
	X(DATA_CREATE)                                                                             \
	X(DATA_CREATE_UNKNOWN)                                                                     \
	X(DATA_DESTROY)                                                                            \
	X(REALM_ACTIVATE)                                                                          \
	X(REALM_CREATE)                                                                            \
	X(REALM_DESTROY)                                                                           \
	X(REC_CREATE)                                                                              \
	X(REC_DESTROY)                                                                             \
	X(REC_ENTER)                                                                               \
	X(RTT_CREATE)                                                                              \
	X(RTT_DESTROY)                                                                             \
	X(RTT_MAP_UNPROTECTED)                                                                     \
	X(RTT_READ_ENTRY)                                                                          \
	X(RTT_UNMAP_UNPROTECTED)                                                                   \
	X(PSCI_COMPLETE)                                                                           \
	X(FEATURES)                                                                                \
	X(RTT_FOLD)                                                                                \
	X(REC_AUX_COUNT)                                                                           \
	X(RTT_INIT_RIPAS)                                                                          \
	X(RTT_SET_RIPAS)

#define COMMAND_NAME(name) #name,
#define COMMAND_FID(name)  RMI_##name,
#define COMMAND_SLOT(name) [RMI_##name - RMI_FID_FIRST] = #name,

const char *const command_names[] = {COMMANDS(COMMAND_NAME) NULL};
static const uint32_t fids[] = {COMMANDS(COMMAND_FID)};
static const char *const slot_names[COMMAND_NUM_FIDS] = {COMMANDS(COMMAND_SLOT)};
_Static_assert(RMI_FID_LAST - RMI_FID_FIRST + 1 == COMMAND_NUM_FIDS,
	       "one slot a function identifier");

uint32_t command_fid(unsigned int index)
{
	return fids[index];
}

const char *command_slot_name(int slot)
{
	return slot >= 0 ? slot_names[slot] : NULL;
}
