/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of rmesim. */
#include "coverage.h"
#include "docs.h"
#include "rmesim.h"
#include "rmi.h"
#include "torture.h"

static const struct command command_rmi = {
	.name = "rmi",
	.summary = "Replays RMI calls from a text file on the model alone.",
	.raw = replay_command,
};

const struct command *const command_table[] = {&command_run,  &command_list,	 &command_show,
					       &command_lint, &command_coverage, &command_docs,
					       &command_rmi,  &command_torture,
					       &command_kvm_build, &command_kvm_info};
const size_t command_table_size = G_N_ELEMENTS(command_table);
