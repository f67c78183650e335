/* SPDX-License-Identifier: BSD-3-Clause */
/* rmi_name.h - RMI calls in words: names of commands, their registers, and results. */
#ifndef SIM_RMI_NAME_H
#define SIM_RMI_NAME_H

#include <stddef.h>
#include <stdint.h>

struct rmi_command {
	uint32_t fid;
	const char *name;       /* "RTT_CREATE" */
	unsigned int num_args;  /* inputs, x1 first */
	unsigned int num_outs;  /* outputs, x1 first; x0 is the return code */
	const char *args[6];    /* as the specification names them: "rd", "ipa", ... */
	const char *outs[4];
};

/* By function identifier less the lowest one; one that is no command has no name. */
#define RMI_COMMAND_SLOTS 64u
#define RMI_COMMAND_FIRST UINT64_C(0xc4000150)
extern const struct rmi_command rmi_commands[RMI_COMMAND_SLOTS];
/* rmi_command - the command of a function identifier, whatever its SVE hint (bit 16); NULL: none. */
static inline const struct rmi_command *rmi_command(uint64_t fid)
{
	const uint64_t slot = (fid & ~(UINT64_C(1) << 16)) - RMI_COMMAND_FIRST;

	return slot < RMI_COMMAND_SLOTS && rmi_commands[slot].name ? &rmi_commands[slot] : NULL;
}
/* rmi_command_slot - a number of `command`, below RMI_COMMAND_SLOTS and its own. */
static inline unsigned int rmi_command_slot(const struct rmi_command *command)
{
	/* Identifiers of commands differ in their last six bits. */
	return command->fid % RMI_COMMAND_SLOTS;
}
/* rmi_command_by_name - by "RTT_CREATE" or "RMI_RTT_CREATE"; NULL: there is none. */
const struct rmi_command *rmi_command_by_name(const char *name);
/* rmi_command_at - each command once, by ascending function identifier; NULL past the last. */
const struct rmi_command *rmi_command_at(size_t index);

#define RMI_RESULT_TEXT_SIZE 24
/*
 * rmi_result_text - a return code (x0) in words: "SUCCESS", "INPUT", "REALM/0", "REC", "RTT/2"; the index
 * is shown for REALM and RTT (that of level -1 is "RTT/-1") and wherever it is not 0. "NOT_SUPPORTED" for
 * -1; a hex number for anything that is no return code. Returns `text`.
 */
const char *rmi_result_text(uint64_t code, char text[RMI_RESULT_TEXT_SIZE]);

#endif
