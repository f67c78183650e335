#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# shrink.sh - `rmesim shrink` as a user types it: what is left of a failing scenario, whatever it fails of, and inputs
# that nothing can be made of.
# Usage: shrink.sh PROGRAM SOURCE-DIR BUILD-DIR KVM-BUILD RACY-BUILD [SANITIZERS], with the KVM builds of tests/checkers
# and tests/parallel
sanitize=${6:-}
source_dir=$(realpath "$2") build_dir=$(realpath "$3") kvm=$(realpath "$4") racy=$(realpath "$5") || exit 2
. "$source_dir/tests/cli/lib.sh"

"$source_dir/tools/canaries/build" "$build_dir" "$source_dir/tools/canaries/host/unmap-one-page-less.patch" \
	planted-4k.so 2>build.err || { cat build.err; exit 1; }

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
says err "on rmesim's own host it passes"
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
[ "$sanitize" ] || holds test $((SECONDS - begin)) -lt 30
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
says out 'expect: {errno: EPERM}'
for word in matrix by: note: tags ' {}'; do
	lacks out "$word"
done
expect 2 shrink which.yaml --filter 'which[cpus=2,unlike=b]' --filter which
says err 'expected one --filter'
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

# What a host does to a process: it dies, it waits for what does not come, it asks without end. Each is found where a page
# is taken from the guest, and what is left fails of the same.
# ends NUM: of so many more steps.
ends() {
	cat <<'END'
scenario: ends
about: the host goes wrong where it takes a page from the guest.
realm: {ipa_bits: 33, slots: [{base: 0x8000_0000, size: 1M}, {base: 0x9000_0000, size: 4K}]}

steps:
  - vmm.create_realm:
  - vmm.init_ripas: {base: 0x8000_0000, size: 1M}
  - vmm.create_vcpus:
  - vmm.activate:

END
	for i in $(seq "$1"); do
		printf '  - guest.write: {ipa: 0x%x, value: %u}\n\n' $((0x80080000 + i * 4096)) "$i"
	done
	cat <<'END'
  - guest.set_ripas: {base: 0x8008_0000, size: 256K, ripas: empty}
    expect: {errno: none}
  - guest.read: {ipa: 0x8008_0000}
    expect: {outcome: sea}
END
}
# ended DEFECT NUM STATUS WORDS REPORT: made small, and run again.
ended() {
	export RMESIM_PLANTED=$1
	ends "$2" >ends.yaml
	expect 0 shrink ends.yaml --kvm "$kvm" --timeout 2 -o small.yaml
	says err "it fails of: $4"
	says err "on rmesim's own host it passes"
	says small.yaml "Made small, it fails of"
	# Closing takes the page, so that a page that is there is enough.
	holds test "$(grep -c '^  - ' small.yaml)" -le 5
	lacks small.yaml 0x9000_0000
	holds test -z "$(sed -n '/^steps:/,$p' small.yaml | grep '^$')"
	expect "$3" run small.yaml --kvm "$kvm" --timeout 2
	says out "$5"
	unset RMESIM_PLANTED
	expect 0 run small.yaml --kvm "$kvm"
}
# A million RMI calls each time, which sanitizers make long.
[ "$sanitize" ] || ended endless-call 0 1 'liveness/endless-call in ' 'liveness/endless-call'
ended blocked 2 124 'a timeout' 'TIMEOUT ends: '
ended crash 100 1 crash/ 'CRASH   ends: crash/'
says small.yaml planted_end
# What is small already stays as it is.
cp small.yaml again.yaml
RMESIM_PLANTED=crash expect 0 shrink again.yaml --kvm "$kvm" -o again.yaml
holds cmp -s small.yaml again.yaml
# What fails once, and then no more; and what fails again, but not in the end.
mkdir 1
RMESIM_PLANTED=crash-rarely expect 1 shrink ends.yaml --kvm "$kvm" -o gone.yaml
says err 'ends.yaml: it does not fail in the same way each time'
holds test ! -e 1 -a ! -e gone.yaml
mkdir 1 2 3
RMESIM_PLANTED=crash-rarely expect 1 shrink ends.yaml --kvm "$kvm" -o gone.yaml
says err 'ends.yaml: it does not fail in the same way each time'
holds test ! -e 3 -a ! -e gone.yaml

# A race: what holds where there is none goes on to hold there, so that the VMM's part stays, too.
cat >race.yaml <<'END'
scenario: race
about: a page that the VMM made shared meanwhile is mapped all the same.
use: boot/plain
realm: {vcpus: 2, on_memory_fault: return}
steps:
  - guest.read: {ipa: 0x8040_0000}
  - name: step 2
    parallel: {schedules: {all: true, preemptions: 1}, actors: {
      vcpu0: [{guest.write: {ipa: 0x8020_0000, value: 1}, on_memory_fault: return}],
      vcpu1: [guest.get_ripas: {base: 0x8030_0000}],
      vmm: [vmm.create_irqchip: {kind: none}, vmm.set_attributes: {base: 0x8020_0000, size: 64K, to: shared}]}}
  - expect: {backed: {0x8020_0000+64K: false}}
END
expect 0 run race.yaml
expect 0 shrink race.yaml --kvm "$racy" -o small.yaml
says err 'rmesim: 5 steps, 7 before'
for step in actors: '    - guest.write' '    - vmm.set_attributes' '  - vmm.activate:'; do
	says small.yaml "$step"
done
for word in use: vcpu1 irqchip get_ripas 'name:' ' vcpus'; do
	lacks small.yaml "$word"
done
expect 1 run small.yaml --kvm "$racy"
says out 'contract/access: the guest accessed IPA 0x80200000, which the VMM took away from it'
expect 0 run small.yaml
# What happens without a race has no actors.
cat >plain.yaml <<'END'
scenario: plain
about: it takes one actor
realms:
  r: {ipa_bits: 33, vcpus: 3, slots: [{base: 0x8000_0000, size: 16M}]}
steps:
  - use: boot/plain
  - repeat: {times: 2, steps: [guest.get_ripas: {base: 0x8000_1000}]}
  - parallel:
      schedules: {all: true, preemptions: 1}
      actors:
        vmm: [{vmm.check_extension: }]
        vcpu0: [guest.write: {ipa: 0x8000_1000, value: 9}, {guest.read: {ipa: 0x8000_1000}, expect: {value: 5}}]
END
expect 0 shrink plain.yaml -o small.yaml
says err 'rmesim: 6 steps, 6 before'
says err 'value: expected 5, found 9 in guest.read'
for word in use: parallel repeat ' vcpu' realms; do
	lacks small.yaml "$word"
done
says small.yaml '{base: 0x8000_0000, size: '
expect 1 run small.yaml
# An actor's steps go on to be for its vCPU, which nobody has switched on.
sed 's/vcpu0:/vcpu2:/' plain.yaml >off.yaml
expect 0 shrink off.yaml -o small.yaml
says err 'rmesim: 4 steps, 6 before'
says small.yaml '    vcpu: 1'
says small.yaml ' vcpus: 2'
expect 1 run small.yaml
says out 'expected ok, found stopped'

# Inputs that nothing can be made of.
expect 2 shrink
expect 2 shrink missing.yaml
says err 'missing.yaml: error: cannot open: No such file or directory'
expect 2 shrink .
says err '.: is a directory, expected a file with one scenario'
expect 2 shrink long.yaml which.yaml
says err 'expected one file, found 2'
mkfifo pipe
expect 2 shrink pipe
says err 'pipe'
expect 2 shrink /dev/zero
says err 'too large'
sed 's/^      schedules:.*/      schedule: [vmm*1000, vcpu0]/' plain.yaml >odd.yaml
expect 2 run odd.yaml
expect 2 shrink odd.yaml
says err 'it asks for something impossible'
printf 'scenario: x\n' >bad.yaml
expect 2 shrink bad.yaml
says err "bad.yaml:1:1: error: "
printf 'scenario: x\nabout: flow\nrealm: {ipa_bits: 33}\nsteps: [vmm.create_realm: {},\n  {vmm.activate: }, {vmm.activate: }]\n' \
	>flow.yaml
expect 0 shrink flow.yaml
says err '1 step, 3 before'
says out '  - vmm.activate:'
sed 's/realm: {},/& # a comment/' flow.yaml >comment.yaml
expect 2 shrink comment.yaml
says err 'each with a dash'
# Where it cannot be written, or would not be a scenario, is said before anything is run.
expect 2 shrink long.yaml -o .
says err '--output: .: Is a directory'
expect 2 shrink long.yaml -o nowhere/small.yaml
says err 'nowhere/small.yaml: No such file or directory'
expect 2 shrink long.yaml -o flow.yaml/small.yaml
says err 'flow.yaml/small.yaml: Not a directory'
expect 2 shrink long.yaml --kvm planted-4k.so -o /proc/small.yaml
says err '/proc/small.yaml'
# Behind a link stands the file that is replaced; what is no file is written to.
cp which.yaml target.yaml
ln -s target.yaml link.yaml
expect 0 shrink link.yaml -o link.yaml
holds test -L link.yaml
says target.yaml 'expect: {errno: EPERM}'
expect 0 shrink which.yaml -o /dev/stdout
says out 'expect: {errno: EPERM}'
expect 2 shrink which.yaml -o /dev/full
says err '/dev/full: No space left on device'
# Whoever ends it gets what is the smallest until then, and no less; the program dies of the signal.
ends 60 >ends.yaml
for seconds in 2 10; do
	last="rmesim shrink, ended after $seconds seconds"
	RMESIM_PLANTED=blocked "$program" shrink ends.yaml --kvm "$kvm" --timeout 1 -o early.yaml >out 2>err </dev/null &
	pid=$!
	sleep "$seconds"
	holds test ! -e early.yaml
	kill -TERM $pid
	wait $pid
	[ $? = 143 ] || complain 'it did not die of the signal'
	[ -e early.yaml ] && break
done
says err 'ended early (Terminated)'
holds test -z "$(find . -name 'early.yaml?*')"
RMESIM_PLANTED=blocked expect 124 run early.yaml --kvm "$kvm" --timeout 1
mkdir -p with/preludes
printf 'prelude: own\nabout: a realm\nrealm: {ipa_bits: 33}\n' >with/preludes/own.yaml
printf 'scenario: x\nabout: own prelude\nuse: own\nsteps:\n  - vmm.create_realm:\n  - vmm.activate:\n  - vmm.activate:\n' \
	>with/use.yaml
expect 2 shrink with/use.yaml -o small.yaml
says err 'no prelude `own`'
expect 0 shrink with/use.yaml -o with/small.yaml
expect 1 run with/small.yaml

finish
