/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * conditions.h - the commands of the RMM and their failure conditions, as data. The checks in the code
 * are compiled against these very tables: a check that is missing, or out of order, does not compile.
 * Documentation, coverage reports and oracles read the same tables.
 */
#ifndef RMM_CONDITIONS_H
#define RMM_CONDITIONS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* What bits 15:8 of X0 hold when the condition fails. */
enum rmm_condition_index {
	RMM_INDEX_ZERO,
	RMM_INDEX_ONE,
	RMM_INDEX_WALK,	  /* the level at which the walk ended */
	RMM_INDEX_LEVEL,  /* the level argument */
	RMM_INDEX_PARENT, /* the level argument minus one */
	RMM_INDEX_PAGE,	  /* 3 */
};

struct rmm_condition {
	const char *label; /* the specification's name, "rd_align" */
	const char *text;  /* when it fails, as a phrase */
	const char *
		after; /* labels that the specification orders before it, separated by spaces, or "" */
	uint8_t status; /* RMI_ERROR_*, or RSI_* for an RSI command */
	uint8_t index;	/* enum rmm_condition_index */
};

enum rmm_interface {
	RMM_INTERFACE_RMI,
	RMM_INTERFACE_RSI,
};

struct rmm_command {
	const char *name; /* without the prefix: "RTT_CREATE" */
	uint32_t fid;
	uint8_t interface;			/* enum rmm_interface */
	uint8_t inputs;				/* input registers, from x1 */
	uint8_t outputs;			/* output registers, from x1 */
	const struct rmm_condition *conditions; /* in the order in which they are checked */
	size_t num_conditions;
};

/* rmm_commands - the table of all commands, RMI first, each interface by ascending FID. */
const struct rmm_command *rmm_commands(size_t *num_commands);

/* rmm_command_by_fid - NULL if there is none with this function identifier. */
const struct rmm_command *rmm_command_by_fid(uint32_t fid);

/* rmm_command_by_name - by name without prefix, as in the table; NULL if there is none. */
const struct rmm_command *rmm_command_by_name(enum rmm_interface interface, const char *name);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
