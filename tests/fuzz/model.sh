#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# model.sh - `rmesim fuzz --model` and `rmesim rmi --check` as a user types them. Usage: model.sh PROGRAM SOURCE-DIR
source_dir=$(realpath "$2") || exit 2
. "$source_dir/tests/cli/lib.sh"

# The same answers and states, whatever the number of processes; 5000 runs are more than one process does.
expect 0 fuzz --model --runs 5000 --seed 5 -j 1
says out '5000 runs, 320000 steps'
says out ', 0 findings'
cp out alone
expect 0 fuzz --model --runs 5000 --seed 5 -j 2
holds cmp -s out alone
# Another part of the campaign is another campaign.
expect 0 fuzz --model --runs 5000 --seed 6 -j 2
holds test "$(head -1 out)" != "$(head -1 alone)"

# A sound RMM has nothing to show.
expect 0 rmi --check "$source_dir/tests/rmi/ripas.rmi"
lacks out 'does not hold'

finish
