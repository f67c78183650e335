/* SPDX-License-Identifier: BSD-3-Clause */
/* torture.h - the command `torture`. */
#ifndef TOOLS_TORTURE_H
#define TOOLS_TORTURE_H

struct command;
extern const struct command command_torture;

#endif
