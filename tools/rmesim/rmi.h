/* SPDX-License-Identifier: BSD-3-Clause */
/* rmi.h - `rmesim rmi`: replays a text file of RMI calls on the model alone. */
#ifndef TOOLS_RMI_H
#define TOOLS_RMI_H

/*
 * replay_command - `rmesim rmi [-v] FILE|-`. argv[0] is "rmi". Prints one line a call on standard output and
 * returns the exit code: 0, or 2 after a message on standard error that names the place.
 */
int replay_command(int argc, char **argv);

#endif
