#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# model.sh - `rmesim fuzz --model` and `rmesim rmi --check` as a user types them, on a sound RMM and on two with a planted
# defect. Usage: model.sh PROGRAM SOURCE-DIR BUILD-DIR
source_dir=$(realpath "$2") build_dir=$(realpath "$3") || exit 2
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

# plant PATCH: the program has that defect from now on.
sound=$program
plant() {
	mkdir -p planted/bin
	ln -sfn "$build_dir/lib" planted/lib
	"$source_dir/tools/canaries/build" "$build_dir" "$1" "$PWD/planted/bin/rmesim" 2>build.err ||
		{ cat build.err; exit 1; }
	program=$PWD/planted/bin/rmesim
}

# An RMM that leaves EMPTY where a table was: the finding is the same with any -j, and its file replays it.
plant "$source_dir/tools/canaries/model/rtt-destroy-makes-empty.patch"
expect 1 fuzz --model --runs 5000 --seed 5 -j 1 -o one
says out 'FINDING rmm/T6'
expect 1 fuzz --model --runs 5000 --seed 5 -j 2 -o two
holds diff -r one two
holds test "$(grep -vc '^[.#]' one/rmm-T6.rmi)" -le 8
expect 1 rmi --check one/rmm-T6.rmi
says out 'invariant T6 does not hold'
program=$sound
expect 0 rmi --check one/rmm-T6.rmi

# One that ends the process: that costs the run in which it does, and the calls up to it are saved.
plant "$source_dir/tests/fuzz/model-crash.patch"
expect 1 fuzz --model --runs 60 --seed 1 -j 1 -o crash
says out 'FINDING process/crash'
says out '60 runs, '
says crash/process-crash.rmi 'RTT_DESTROY'
last="rmesim rmi crash/process-crash.rmi"
{ "$program" rmi crash/process-crash.rmi >out 2>err; } 2>/dev/null
holds test $? -gt 1
program=$sound
expect 0 rmi --check crash/process-crash.rmi

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
