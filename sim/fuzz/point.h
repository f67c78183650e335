/* SPDX-License-Identifier: BSD-3-Clause */
/* point.h - fault points by number: those of the port, then each RMI command. */
#ifndef FUZZ_POINT_H
#define FUZZ_POINT_H

#include <sim/port.h>
#include <sim/rmi_name.h>
#include <stdbool.h>

#define POINT_MAX 64u

/* point_rmi - the number of an RMI command; -1: it has none, because it cannot fail. */
int point_rmi(const struct rmi_command *command);
/* point_command - the command of a number, or NULL. */
const struct rmi_command *point_command(unsigned int point);
/* point_name - "page_alloc", "rmi.RTT_CREATE"; NULL past the last. */
const char *point_name(unsigned int point);
/* point_find - the number of that name, or -1. */
int point_find(const char *name);
/* point_is_environment - whether it fails on a correct RMM and kernel under bad luck alone. */
bool point_is_environment(unsigned int point);

#endif
