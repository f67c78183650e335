/* SPDX-License-Identifier: BSD-3-Clause */
/* conditions.c - the tables of command.h as data. */
#include <string.h>
#include "command.h"

#define ROW(label, status, index, after, text) {#label, text, after, status, RMM_INDEX_##index},
#define TABLE(command, interface, name, inputs, outputs)                                           \
	const struct rmm_condition conditions_##command[] = {CONDITIONS_##command(ROW)};
#define NO_TABLE(command, interface, name, inputs, outputs)

RMI_COMMANDS(TABLE, NO_TABLE)
RSI_COMMANDS(TABLE, NO_TABLE)

#define COMMAND(command, interface, name, inputs, outputs)                                         \
	[COMMAND_##command] = {                                                                    \
		#name,                                                                             \
		interface##_##name,                                                                \
		RMM_INTERFACE_##interface,                                                         \
		inputs,                                                                            \
		outputs,                                                                           \
		conditions_##command,                                                              \
		sizeof(conditions_##command) / sizeof(conditions_##command[0]),                    \
	},
#define COMMAND_NO_TABLE(command, interface, name, inputs, outputs)                                \
	[COMMAND_##command] = {                                                                    \
		#name, interface##_##name, RMM_INTERFACE_##interface, inputs, outputs, NULL, 0,    \
	},

const struct rmm_command commands[NUM_COMMANDS] = {RMI_COMMANDS(COMMAND, COMMAND_NO_TABLE)
							   RSI_COMMANDS(COMMAND, COMMAND_NO_TABLE)};

const struct rmm_command *rmm_commands(size_t *num_commands)
{
	*num_commands = NUM_COMMANDS;
	return commands;
}

const struct rmm_command *rmm_command_by_fid(uint32_t fid)
{
	for (size_t i = 0; i < NUM_COMMANDS; i++) {
		if (commands[i].fid == fid)
			return &commands[i];
	}
	return NULL;
}

const struct rmm_command *rmm_command_by_name(enum rmm_interface interface, const char *name)
{
	for (size_t i = 0; i < NUM_COMMANDS; i++) {
		if (commands[i].interface == interface && !strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}
