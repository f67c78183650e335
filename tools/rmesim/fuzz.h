/* SPDX-License-Identifier: BSD-3-Clause */
/* fuzz.h - the commands `fuzz` and `shrink`. */
#ifndef TOOLS_FUZZ_H
#define TOOLS_FUZZ_H

struct command;
struct options;
extern const struct command command_fuzz, command_shrink;

/* fuzz_merge - `fuzz --merge`: the files of the directories that `options` names, in `output`. The exit status. */
int fuzz_merge(const struct options *options, const char *output);

#endif
