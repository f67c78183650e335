/* SPDX-License-Identifier: BSD-3-Clause */
/* rmi_text.h - RMI commands and calls in words. */
#ifndef SCENARIO_RMI_TEXT_H
#define SCENARIO_RMI_TEXT_H

#include <glib.h>
#include <sim/rmi_name.h>
#include <sim/step.h>

/* rmi_command_names - the names of all commands, NULL terminated. */
const char *const *rmi_command_names(void);
/* rmi_arg_register - the register (1..) of the argument `name`, 0 if the command has none of that name. */
unsigned int rmi_arg_register(const struct rmi_command *command, const char *name);
/*
 * rmi_call_print - one call in words: name, arguments, status, results that are defined with it, and the
 * condition that failed.
 */
void rmi_call_print(const struct world_rmi_call *call, GString *out);

#endif
