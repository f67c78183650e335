#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# fuzz.sh - `rmesim fuzz` and `rmesim shrink` as a user types them, on a sound host and on a planted defect.
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

# A campaign can end with its first finding.
expect 1 fuzz --runs 100000 --seed 5 -j 1 --kvm planted-4k.so -o three --max-findings 1
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
# Who ends a campaign gets what it found; one that found nothing yet leaves nothing.
for seconds in 2 10 60; do
	ended 143 $seconds fuzz --time 1h --seed 9 -j 1 --kvm planted-4k.so -o four
	[ -d four ] && break
done
says out 'FINDING contract/'
holds test -s "four/$found.yaml"
for seconds in 1 10 60; do
	ended 143 $seconds torture "$source_dir/scenarios/ripas" -j 1
	grep -q '^KVM_.* page_alloc ' out && break
done
says out ' faulted runs, '

# A scenario of many steps, of which four and the failing one matter.
cat >long.yaml <<'END'
scenario: long
about: a page given back stays mapped
realm: {ipa_bits: 33, slots: [{base: 0x8000_0000, size: 4M}]}
steps:
  - vmm.create_realm:
  - vmm.init_ripas: {base: 0x8000_0000, size: 4M}
  - vmm.create_vcpus:
  - vmm.activate:
  - guest.write: {ipa: 0x8030_0000, value: 3}
  - guest.write: {ipa: 0x8000_3000, value: 2}
  - name: what matters
    guest.write: {ipa: 0x8000_1000, value: 1}
    expect:
      why: the step before it made the table; without that step it would be wrong
      rmi: {RTT_CREATE: 0}
  - guest.read: {ipa: 0x8030_0000}
  - guest.get_ripas: {base: 0x8030_0000}
  - vmm.write: {base: 0x8020_0000, size: 4K, value: 5}
  - guest.set_ripas: {base: 0x8000_0000, size: 8K, ripas: empty}
  - guest.read: {ipa: 0x8030_0000}
END
expect 1 shrink long.yaml
says err 'no run of it fails'
expect 0 shrink long.yaml --kvm planted-4k.so -o small.yaml
says err 'rmesim: 6 steps, 12 before'
says err 'contract/'
lacks small.yaml '0x8030_0000'
lacks small.yaml 'RTT_CREATE'
says small.yaml 'name: what matters'
says small.yaml 'Made small, it fails of contract/backed'
expect 1 run small.yaml --kvm planted-4k.so
expect 0 run small.yaml

# Of 200 steps, in loops, of two realms, with faults that happen and play no part, one run of four.
{
	cat <<'END'
scenario: hostile
about: "a page stays mapped: $name"
tags: [fuzz]
matrix: {page_size: [16K, 4K], cpus: [1, 2]}
machine: {page_size: $page_size, memory: 128M}
faults:
  - {point: gmem_page, nth: 5}
  - {point: user_page, nth: 2}
realms:
  a: {ipa_bits: 33, vcpus: $(cpus), slots: [{base: 0x8000_0000, size: 4M}]}
  b: {ipa_bits: 33, slots: [{base: 0x8000_0000, size: 4M}]}
steps:
  - vmm.create_realm: {}
    realm: a
END
	for realm in a b; do
		[ $realm = a ] || printf '  - vmm.create_realm:\n    realm: b\n'
		printf '  - %s\n    realm: '$realm'\n' 'vmm.init_ripas: {base: 0x8000_0000, size: 4M}' \
			vmm.create_vcpus: vmm.activate:
	done
	for i in $(seq 16 110); do
		printf '  # page %u\n  - guest.write: {ipa: 0x%x, value: 0x%x}\n    realm: a\n' \
			"$i" $((0x80000000 + i * 4096)) "$i"
		[ "$i" != 18 ] || printf '    expect: {errno: ENOMEM}\n'
		printf '  - guest.read: {ipa: 0x%x}\n    realm: b\n' $((0x80000000 + i * 4096))
	done
	cat <<'END'
  - repeat:
      times: 3
      steps:
        - guest.write: {ipa: 0x8000_1000, size: 4K, value: 7}
          realm: b
        - guest.get_ripas: {base: 0x8000_0000, size: 8K}
          realm: b
        - guest.set_ripas: {base: 0x8000_0000, size: 8K, ripas: empty}
          realm: b
        - guest.set_ripas: {base: 0x8000_0000, size: 8K, ripas: ram}
          realm: b
teardown: {allow: [warns]}
END
} >hostile.yaml
begin=$SECONDS
expect 0 shrink hostile.yaml --kvm planted-4k.so -o hostile.yaml
holds test $((SECONDS - begin)) -lt 30
says err 'rmesim: 6 steps, 199 before'
for word in matrix repeat page_size faults '  a:' '#' get_ripas; do
	lacks hostile.yaml "$word"
done
says hostile.yaml 'a page stays mapped: $name. Made small, it fails of contract/backed.'
expect 1 run hostile.yaml --kvm planted-4k.so
says out 'FAIL    hostile: contract/backed'
expect 0 run hostile.yaml
# The run that is meant; and standard output.
cat >which.yaml <<'END'
scenario: which
about: two of four fail
matrix: {cpus: [1, 2], unlike: [a, b]}
realm: {ipa_bits: 33}
steps:
  - note: $unlike
  - vmm.create_vcpus: {count: $cpus, finalize: false}
    expect: {errno: {by: cpus, 1: none, 2: EPERM}}
END
expect 1 shrink which.yaml --filter 'which[cpus=1,unlike=b]'
says err 'no run of it fails'
expect 0 shrink which.yaml --filter 'which[cpus=2,unlike=b]'
says out 'errno: {by: cpus'
says out 'unlike: [b]'
expect 2 shrink which.yaml --filter which
says err 'no run of it has the name'

# What fails of an expectation goes on to fail of that one: with the same found, in the same kind of step.
cat >expectation.yaml <<'END'
scenario: expectation
about: it expects too much
realm: {ipa_bits: 33, slots: [{base: 0x8000_0000, size: 4M}]}
faults: [{point: gmem_page, nth: 3}]
steps:
  - vmm.create_realm:
  - vmm.init_ripas: {base: 0x8000_0000, size: 4M}
  - vmm.create_vcpus:
  - vmm.activate:
  - guest.write: {ipa: 0x8010_0000, value: 5}
  - guest.write: {ipa: 0x8000_1000, value: 6}
  - guest.write: {ipa: 0x8010_2000, value: 7}
    expect: {errno: EPERM}
  - guest.read: {ipa: 0x8000_1000}
END
expect 0 shrink expectation.yaml -o small.yaml
says err '5 steps, 8 before'
says err 'errno: expected EPERM, found ENOMEM'
says small.yaml 'nth: 1'
says small.yaml 'errno: EPERM'
sed -i 's/errno: EPERM/errno: ENOMEM/; $s/$/\n    expect: {value: 3}/' expectation.yaml
expect 0 shrink expectation.yaml -o small.yaml
says err 'value: expected 3, found 6 in guest.read'
says small.yaml 'value: 6}'

expect 2 fuzz --runs 0
expect 2 fuzz --time 1x
expect 2 fuzz some.yaml
expect 2 shrink
expect 2 shrink missing.yaml
printf 'scenario: x\n' >bad.yaml
expect 2 shrink bad.yaml
says err "bad.yaml:1:1: error: "
printf 'scenario: x\nabout: flow\nrealm: {ipa_bits: 33}\nsteps: [{vmm.activate: }]\n' >flow.yaml
expect 2 shrink flow.yaml
says err 'each with a dash'
# Where it cannot be written, or would not be a scenario, is said before anything is run.
expect 2 shrink long.yaml -o .
says err '--output: .: Is a directory'
expect 2 shrink long.yaml -o nowhere/small.yaml
says err 'nowhere/small.yaml: No such file or directory'
expect 2 shrink long.yaml -o flow.yaml/small.yaml
says err 'flow.yaml/small.yaml: Not a directory'
mkdir -p with/preludes
printf 'prelude: own\nabout: a realm\nrealm: {ipa_bits: 33}\n' >with/preludes/own.yaml
printf 'scenario: x\nabout: own prelude\nuse: own\nsteps:\n  - vmm.create_realm:\n  - vmm.activate:\n  - vmm.activate:\n' \
	>with/use.yaml
expect 2 shrink with/use.yaml -o small.yaml
says err 'no prelude `own`'
expect 0 shrink with/use.yaml -o with/small.yaml
expect 1 run with/small.yaml

finish
