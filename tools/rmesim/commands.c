/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of rmesim. */
#include "coverage.h"
#include "docs.h"
#include "fuzz.h"
#include "rmesim.h"
#include "rmi.h"
#include "torture.h"

static const struct option_def *const rmi_options[] = {&option_verbose, &option_help, NULL};

static const struct command command_rmi = {
	.name = "rmi",
	.arguments = "FILE|-",
	.summary = "Replays RMI calls from a text file on the model alone.",
	.examples = "  rmesim rmi -v tests/rmi/ripas.rmi\n"
		    "  rmesim rmi calls.rmi >ours && diff ours theirs\n",
	.options = rmi_options,
	.raw = replay_command,
};

const struct command *const command_table[] = {
	&command_run,
	&command_list,
	&command_show,
	&command_lint,
	&command_torture,
	&command_fuzz,
	&command_shrink,
	&command_coverage,
	&command_rmi,
	&command_merge,
	&command_kvm_build,
	&command_kvm_info,
	&command_docs,
	&command_schema,
};
const size_t command_table_size = G_N_ELEMENTS(command_table);
