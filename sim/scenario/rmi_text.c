/* SPDX-License-Identifier: BSD-3-Clause */
#include "rmi_text.h"

#include <inttypes.h>
#include <rmm/rmi.h>
#include <string.h>

const char *const *rmi_command_names(void)
{
	static const char *names[64];
	const struct rmi_command *command;
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(names) - 1 && (command = rmi_command_at(i)); i++)
		names[i] = command->name;
	return names;
}

unsigned int rmi_arg_register(const struct rmi_command *command, const char *name)
{
	unsigned int i;

	for (i = 0; i < command->num_args; i++) {
		if (!strcmp(command->args[i], name))
			return i + 1;
	}
	return 0;
}

static void value_print(const char *name, uint64_t value, GString *out)
{
	/* Levels and PSCI statuses are signed, and small numbers read better without a prefix. */
	if ((int64_t)value < 10 && (int64_t)value > -10)
		g_string_append_printf(out, " %s=%" PRId64, name, (int64_t)value);
	else
		g_string_append_printf(out, " %s=0x%" PRIx64, name, value);
}

void rmi_call_print(const struct world_rmi_call *call, GString *out)
{
	const struct rmi_command *command = rmi_command(call->x[0]);
	char text[RMI_RESULT_TEXT_SIZE];
	unsigned int i;

	if (!command) {
		g_string_append_printf(out, "unknown fid=0x%" PRIx64 " -> %s", call->x[0],
				       rmi_result_text(call->out[0], text));
		return;
	}
	g_string_append(out, command->name);
	for (i = 0; i < command->num_args; i++)
		value_print(command->args[i], call->x[i + 1], out);
	g_string_append_printf(out, " -> %s", rmi_result_text(call->out[0], text));
	for (i = 0; i < command->num_outs; i++) {
		bool defined = call->out[0] == RMI_SUCCESS || command->fid == RMI_VERSION ||
			       (RMI_RETURN_STATUS(call->out[0]) == RMI_ERROR_RTT &&
				!strcmp(command->outs[i], "top"));

		if (defined)
			value_print(command->outs[i], call->out[i + 1], out);
	}
	if (call->condition)
		g_string_append_printf(out, " [%s]", call->condition);
}
