/* SPDX-License-Identifier: BSD-3-Clause */
/* fuzz.h - the commands `fuzz` and `shrink`. */
#ifndef TOOLS_FUZZ_H
#define TOOLS_FUZZ_H

struct command;
extern const struct command command_fuzz, command_shrink;

#endif
