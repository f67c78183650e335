/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of the program under test: all that do not need the model itself. */
#include "rmesim.h"

const struct command *const command_table[] = {&command_run, &command_list, &command_show,
					       &command_lint, &command_schema, &command_merge};
const size_t command_table_size = G_N_ELEMENTS(command_table);
