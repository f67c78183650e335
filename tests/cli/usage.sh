#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# usage.sh - commands, options and files as people mistype them.
. "$(dirname "$0")/lib.sh"

scenario good '  - vmm.types:'

expect 2
says err 'usage: rmesim COMMAND'
silent out
expect 0 --help
says out 'exit codes: 0 all passed'
expect 0 help
expect 0 --version
says out 'port ABI 6, RMI ABI 1.0'
says out 'commit '
for command in run list show lint; do
	expect 0 "$command" --help
	says out "usage: rmesim $command"
	says out 'examples:'
	silent err
	expect 0 help "$command"
	says out "usage: rmesim $command"
done

expect 2 rnu
says err "did you mean 'run'?"
expect 2 frobnicate
says err "unknown command 'frobnicate'"
expect 2 --frobnicate
expect 2 help frobnicate
expect 2 run --fliter x good.yaml
says err "did you mean '--filter'?"
silent out
expect 2 run --filter
says err '--filter needs a value'
expect 2 run -x good.yaml
says err "unknown option '-x'"
expect 2 run --fail-fast=yes good.yaml
says err 'takes no value'
for bad in '--jobs 0' '--jobs x' '-j 1.5' '-j -1' '--jobs 99999' '--seed x' '--seed -1' '--seed 0x' '--timeout 0' \
	'--timeout 1s' '--repeat 0' '--level high' '--color blue' '--report tap' '--report xml=f' '--report tap=' \
	'--seed 18446744073709551616'; do
	# shellcheck disable=SC2086
	expect 2 run $bad good.yaml
	says err "rmesim: error: --"
	silent out
done
expect 0 run --seed 0xffffffffffffffff -j1 --level=smoke --level regression good.yaml
expect 0 run -- good.yaml

# Files
expect 2 run nofile.yaml
says err 'nofile.yaml: error: cannot open: No such file or directory'
silent out
mkdir empty
expect 2 run empty
says err 'no *.yaml file in this directory'
expect 2 run
says err 'no files given, and there is no scenarios/ here'
expect 2 run good.yaml nofile.yaml
silent out
if [ "$(id -u)" != 0 ]; then
	cp good.yaml closed.yaml
	chmod 0 closed.yaml
	expect 2 run closed.yaml
	says err 'Permission denied'
	rm -f closed.yaml
fi
ln -s nowhere dangling.yaml
expect 2 run .
says err './dangling.yaml: error: cannot open'
rm dangling.yaml
mkdir dir.yaml
expect 2 lint dir.yaml
rmdir dir.yaml

# Directories: recursively, by name, hidden ones and other files not; a file twice is one file.
mkdir -p tree/b tree/a tree/.hidden
for at in tree/b/one tree/a/two tree/zero tree/.hidden/three; do
	(cd "${at%/*}" && scenario "${at##*/}" '  - vmm.types:')
done
echo 'not yaml: [' >tree/readme.txt
ln -s .. tree/a/up
expect 0 list tree
holds test "$(awk '{ print $1 }' out | tr '\n' ' ')" = 'two one zero '
expect 0 list tree/zero.yaml tree ./tree/zero.yaml
holds test "$(awk '{ print $1 }' out | tr '\n' ' ')" = 'zero two one '
cp tree/zero.yaml tree/copy.yaml
expect 2 list tree
says err 'duplicate scenario id `zero`'
rm tree/copy.yaml
mkdir scenarios
cp good.yaml scenarios
expect 0 run
says out 'ok      good'

# Errors of all files at once
printf 'scenario: x\nabuot: y\n' >bad1.yaml
printf 'steps: [\n' >bad2.yaml
expect 2 lint bad1.yaml bad2.yaml nofile.yaml good.yaml
says err 'nofile.yaml: error: cannot open'
says err 'bad1.yaml:2:1: error: unknown key of a scenario `abuot`'
says err 'bad2.yaml:2:1: error: not valid YAML'
says err 'rmesim: 5 errors'
silent out
expect 0 lint good.yaml tree
says out '4 files, 4 runs, no errors'

# Choosing
expect 0 list tree --filter 'o*'
holds test "$(awk '{ print $1 }' out)" = one
expect 0 list tree --filter one --filter two --exclude 'tw?'
holds test "$(awk '{ print $1 }' out)" = one
expect 2 list tree --filter nothing
says err 'no scenario matches'
expect 2 run tree --filter nothing
says err "no scenario matches: none of 3 runs; 'rmesim list' names them"
silent out
scenario tagged '  - vmm.types:' 'tags: [special]'
expect 0 list tree tagged.yaml --tag special
holds test "$(awk '{ print $1 }' out)" = tagged
scenario slow '  - vmm.types:' 'level: long'
# Whoever forgot the level is told.
expect 2 run slow.yaml tree --filter slow
says err 'no scenario matches: 1 of 4 runs would, with --level long'
expect 2 list slow.yaml tree --filter 'z*' --shard 1/2
says err 'shard 1/2 has no run: only 1 was chosen'
expect 2 run slow.yaml
expect 0 run slow.yaml --level long
expect 0 list slow.yaml good.yaml --level long -v
says out 'a test'

# Words
expect 0 list --steps
says out 'guest.write'
expect 0 list --faults
says out 'rmi.GRANULE_UNDELEGATE       environment, rmm'
expect 0 list --expectations
says out 'hipas'

finish
