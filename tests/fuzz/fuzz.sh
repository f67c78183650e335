#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# fuzz.sh - `rmesim fuzz` as a user types it, on a sound host and on planted defects.
# Usage: fuzz.sh PROGRAM SOURCE-DIR BUILD-DIR
source_dir=$(realpath "$2") build_dir=$(realpath "$3") || exit 2
. "$source_dir/tests/cli/lib.sh"

# plant DEFECT MODULE: a KVM build with one of the host's canaries.
plant() {
	"$source_dir/tools/canaries/build" "$build_dir" "$source_dir/tools/canaries/host/$1.patch" "$PWD/$2" \
		2>build.err || { cat build.err; exit 1; }
}

# The sound host: nothing is found, and what is counted does not depend on the number of processes.
expect 0 fuzz --runs 384 --seed 5 -j 1
says out '384 runs, '
says out ', 0 findings'
cp out alone
expect 0 fuzz --runs 384 --seed 5 -j 3
holds cmp -s out alone
holds test ! -e findings
# Any part of a campaign can be run alone.
expect 0 fuzz --runs 2 --seed 5 --first 127 --length 40
says out '2 runs, '

# A host that leaves the last page of a range mapped: the contract finds it, and what is saved replays it.
plant unmap-one-page-less planted-4k.so
expect 1 fuzz --runs 256 --seed 9 -j 1 --kvm planted-4k.so -o one
says out 'FINDING contract/'
says out 'reproduce: '
found=$(cd one && ls contract-*.yaml | head -n 1)
found=${found%.yaml}
holds test -s "one/$found.yaml"
expect 1 run "one/$found.yaml" --kvm planted-4k.so
says out "contract/${found#contract-}"
expect 0 run "one/$found.yaml"
expect 1 fuzz --runs 256 --seed 9 -j 2 --kvm planted-4k.so -o two
holds diff -r one two
# A host that frees a table although the RMM kept it: WARNs that belong to the refusal are expected by what is saved, which
# fails of what nobody documented.
plant table-kept-but-freed kept-4k.so
expect 1 fuzz --runs 600 --seed 1 -j 2 --kvm kept-4k.so -o kept
says out 'FINDING warn/freed-delegated in free_rtt'
lacks out 'DEFECT OF RMESIM'
holds grep -q -e 'warns: ' -e 'allow: .*warns' kept/warn-freed-delegated-free_rtt.yaml
expect 1 run kept/warn-freed-delegated-free_rtt.yaml --kvm kept-4k.so
says out 'warn/freed-delegated: free_rtt'
lacks out 'FAIL    warn/WARN'
expect 0 run kept/warn-freed-delegated-free_rtt.yaml

# A fault that does not ask whether its page was taken away meanwhile: only a race shows it, and what is saved names the turns
# that do, which is what any number of processes finds.
plant fault-never-retries race-4k.so
expect 1 fuzz --runs 1024 --seed 2 -j 2 --kvm race-4k.so -o race --max-findings 1
says out 'FINDING '
lacks out 'DEFECT OF RMESIM'
raced=$(cd race && ls -- *.yaml | head -n 1)
holds grep -q 'schedule: \[a[0-2]' "race/$raced"
expect 1 run "race/$raced" --kvm race-4k.so
expect 0 run "race/$raced"

# A campaign can end with its first finding.
expect 1 fuzz --runs 100000 --seed 9 -j 1 --kvm planted-4k.so -o three --max-findings 1
says out 'FINDING contract/'
expect 2 fuzz --max-findings 0

# Where nothing can be written is said before anything is run, and what says nothing about such a campaign is refused.
touch file
expect 2 fuzz --time 1h -o file
says err '--output: file: '
expect 2 fuzz --time 1h -o file/below
says err '--output: file/below: '
expect 2 fuzz --time 5x
says err "such as 90, 90s, 10m or 2h, up to 1000000 of them, found '5x'"
expect 2 fuzz --model --length 5
says err 'takes no --length'
expect 2 fuzz --model --kvm planted-4k.so
says err 'takes no --kvm'
expect 2 fuzz --runs 8 --kvm planted-4k.so --kvm planted-4k.so
says err 'planted-4k.so: there is a build with pages of 4096 bytes already, and only run compares two'

# ended STATUS SECONDS ARGUMENT...: the program, ended by SIGTERM after a while, dies of it.
ended() {
	local wanted=$1 seconds=$2 pid status
	shift 2
	last="rmesim $*, ended after $seconds seconds"
	"$program" "$@" >out 2>err </dev/null &
	pid=$!
	sleep "$seconds"
	kill -TERM $pid
	wait $pid
	status=$?
	checks=$((checks + 1))
	[ "$status" = "$wanted" ] || complain "status $status, expected $wanted"
	says err 'ended early (Terminated)'
}
# Who ends a campaign gets what it found; one that found nothing yet leaves nothing. This defect shows in one way, so that not
# much has to be made small.
for seconds in 2 10 60; do
	ended 143 $seconds fuzz --time 1h --seed 1 -j 1 --kvm kept-4k.so -o four
	[ -d four ] && break
done
says out 'FINDING warn/freed-delegated in free_rtt'
holds test -s four/warn-freed-delegated-free_rtt.yaml
for seconds in 1 10 60; do
	ended 143 $seconds torture "$source_dir/scenarios/ripas" -j 1
	grep -q '^KVM_.* page_alloc ' out && break
done
says out ' faulted runs, '

expect 2 fuzz --runs 0
expect 2 fuzz --time 1x
expect 2 fuzz some.yaml
finish
