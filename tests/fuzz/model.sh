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

# Of what several campaigns left the shortest finding of each kind is kept, and of equal inputs one.
mkdir a b
printf 'long: text\n' >a/contract-backed.yaml
printf 'short\n' >b/contract-backed.yaml
printf 'only\n' >b/rmm-I12.rmi
printf 'input' >a/id:000001
printf 'input' >b/other
expect 0 fuzz --merge a b -o all
says out 'all: 2 findings, 1 inputs; 2 more were there already'
holds cmp -s all/contract-backed.yaml b/contract-backed.yaml
holds cmp -s "all/$(printf input | sha1sum | cut -d' ' -f1)" a/id:000001
expect 0 fuzz --merge b a -o again
holds diff -r all again
# Into one of them, again and again.
expect 0 fuzz --merge all a b -o all
holds diff -r all again
mkdir empty
expect 2 fuzz --merge empty -o none
says err 'there is no file in these directories'
expect 2 fuzz --merge missing -o none
holds test ! -e none

finish
