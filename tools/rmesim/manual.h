/* SPDX-License-Identifier: BSD-3-Clause */
/* manual.h - the manual page and the shells' completions, from the table of commands. */
#ifndef TOOLS_MANUAL_H
#define TOOLS_MANUAL_H

/* manual_print_* - on standard output: a page for man(1), completion for bash, completion for zsh. */
void manual_print_man(void);
void manual_print_bash(void);
void manual_print_zsh(void);

#endif
