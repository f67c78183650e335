/* SPDX-License-Identifier: BSD-3-Clause */
#include "point.h"

#include <stdio.h>
#include <string.h>

#include "../scenario/fault.h"

/* Made when first asked for: each call of a life is looked up. */
static struct {
	bool made;
	const struct rmi_command *commands[POINT_MAX];
	bool environment[POINT_MAX];
	char names[POINT_MAX][40];
	int8_t by_fid
		[256]; /* by the last byte of the function identifier, which differs; 0: none */
} table;

static void table_make(void)
{
	const struct rmi_command *command;
	unsigned int point = PORT_NUM_FAULTS;
	size_t i;

	for (i = 0; (command = rmi_command_at(i)); i++) {
		if (!fault_statuses(command) || point == POINT_MAX)
			continue;
		table.commands[point] = command;
		table.environment[point] = fault_is_environment(command);
		snprintf(table.names[point], sizeof(table.names[point]), "rmi.%s", command->name);
		table.by_fid[command->fid & 0xff] = (int8_t)point++;
	}
	table.made = true;
}

const struct rmi_command *point_command(unsigned int point)
{
	if (!table.made)
		table_make();
	return point < POINT_MAX ? table.commands[point] : NULL;
}

int point_rmi(const struct rmi_command *command)
{
	int point;

	if (!table.made)
		table_make();
	point = table.by_fid[command->fid & 0xff];
	return point && table.commands[point] == command ? point : -1;
}

const char *point_name(unsigned int point)
{
	if (point < PORT_NUM_FAULTS)
		return port_fault_name(point);
	return point_command(point) ? table.names[point] : NULL;
}

int point_find(const char *name)
{
	const char *at;
	int point;

	for (point = 0; (at = point_name((unsigned int)point)); point++) {
		if (!strcmp(at, name))
			return point;
	}
	return -1;
}

bool point_is_environment(unsigned int point)
{
	return point < PORT_NUM_FAULTS || (point_command(point) && table.environment[point]);
}
