#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# run.sh - what becomes of runs: exit codes, order, failures, repetition, colour. Runs on the double.
. "$(dirname "$0")/lib.sh"

scenario good '  - vmm.types:'
scenario bad '  - vmm.fail: {errno: 1}'
for how in crash abort hang exit finding warn leak error reject print; do
	scenario "$how" "  - vmm.break: {how: $how}"
done
cat >matrix.yaml <<'END'
scenario: matrix
about: several runs
matrix: {page_size: [4K, 16K, 64K]}
machine: {page_size: $page_size}
realm: {ipa_bits: 33}
steps:
  - vmm.types: {size: $page_size}
END

# Exit codes
expect 0 run good.yaml
says out 'ok      good'
says out '1 scenario, 1 run: 1 passed'
expect 1 run bad.yaml
expect 1 run good.yaml bad.yaml
# A path that the shell would take apart stands in quotes.
case $program in
*[!A-Za-z0-9_./=,:+%@-]*) shown="'$program'" ;;
*) shown=$program ;;
esac
for how in crash abort exit finding warn leak error reject; do
	expect 1 run $how.yaml
	says out "reproduce: $shown run $how.yaml --filter $how --seed 1"
done
expect 124 run hang.yaml --timeout 1
says out 'timed out; not reproducible as such'
expect 1 run hang.yaml bad.yaml --timeout 1
expect 0 run print.yaml
lacks out noise

# A KVM build of the user's: other page sizes are skipped, and nothing that ran is not success.
expect 0 run matrix.yaml
says out 'ok      matrix  (3 runs)'
expect 0 run matrix.yaml --kvm double-16k.so
says out '1 passed, 2 skipped'
says out 'skip    matrix[page_size=4K]: no KVM build with pages of 4K was given'
expect 77 run matrix.yaml --kvm double-16k.so --filter '*64K]'
expect 2 run good.yaml --kvm nothing.so
says err 'nothing.so: no such KVM build'
silent out
expect 0 run good.yaml --kvm double-4k.so --kvm x/double-4k.so
says out '1 the same, 0 different'
expect 2 run good.yaml --kvm double-4k.so --kvm x/double-4k.so --kvm y/double-4k.so
says err 'there are two builds'

# A hostile scenario says what was not looked at.
scenario hostile '  - vmm.break: {how: finding}' 'hostile: true'
expect 0 run hostile.yaml
says out 'ok      hostile  hostile: the host was not audited'
expect 0 run hostile.yaml --report tap=-
says out '# hostile: the host was not audited'

# What a failure says
expect 1 run bad.yaml
says out 'bad.yaml:7:5: step 2: vmm.fail errno=1'
says out '      7 |   - vmm.fail: {errno: 1}'
says out '    outcome  ok        error, EPERM'
expect 1 run crash.yaml
says out 'crashed: signal 11 (SIGSEGV)'
says out 'step 2: vmm.break how=crash'
expect 1 run abort.yaml
says out 'about to abort'
says out 'with a second line'
expect 1 run exit.yaml
says out 'the process ended early, with status 3'
expect 1 run leak.yaml
says out 'outside of any step'

# A process that dies still says what the last RMI calls were.
for how in crash abort; do
	# There the double has put the sanitizer's handler, and ours, aside.
	[ "$how" = crash ] && [ -n "${RMESIM_TEST_SANITIZED:-}" ] && continue
	scenario "$how-late" "  - guest.set_ripas: {base: 0x8000_0000, size: 8K, ripas: empty}
  - vmm.break: {how: $how}"
	expect 1 run "$how-late.yaml"
	says out 'last RMI calls before it died'
	says out 'DATA_DESTROY rd=0x1000 ipa=0x80001000 -> SUCCESS'
done

# The reproducer reproduces
expect 1 run bad.yaml matrix.yaml --seed 9
reproducer=$(sed -n 's/^  reproduce: //p' out)
last=$reproducer
(eval "$reproducer") >out 2>err
holds test $? = 1
says out '1 scenario, 1 run: 0 passed, 1 failed'
says out 'seed 9;'

# A name that is awkward for a shell
cat >"it's here.yaml" <<'END'
scenario: awkward
about: x
matrix: {v: ["a b", "$(x)'\"#*"]}
realm: {ipa_bits: 33}
steps:
  - vmm.types: {text: "x$v"}
  - vmm.fail: {errno: 1}
END
expect 1 run "it's here.yaml" --filter 'awkward*#*'
reproducer=$(sed -n 's/^  reproduce: //p' out)
(eval "$reproducer") >out 2>err
says out '1 failed'

# The order of the files, whatever the number of jobs
first=
for jobs in 1 2 7; do
	expect 1 run . -v -j $jobs --timeout 1
	sed -e 's/, [0-9]* jobs*$//' out >order.$jobs
	[ -n "$first" ] || first=order.$jobs
	holds cmp -s "$first" order.$jobs
done

# --fail-fast: what is before the first failure, the failure, and nothing behind it
expect 1 run good.yaml matrix.yaml bad.yaml crash.yaml print.yaml --fail-fast -j 3
says out 'ok      matrix  (3 runs)'
says out 'FAIL    bad'
lacks out CRASH
lacks out print
says out '2 not run after the first failure'
expect 0 run good.yaml matrix.yaml --fail-fast

# --repeat: other seeds, the first run keeps its own
expect 1 run bad.yaml --repeat 3 --seed 5
says out 'FAIL    bad (repetition 3)'
holds test "$(sed -n 's/.*--seed \([0-9]*\).*/\1/p' out | sort -u | wc -l)" = 3
says out '--filter bad --seed 5'
expect 0 run good.yaml --repeat 20
says out '20 runs: 20 passed'

# Colour: never in a file; on request; NO_COLOR only has a say on a terminal
expect 1 run bad.yaml
lacks out $'\033'
expect 1 run bad.yaml --color always
says out $'\033[1;31mFAIL'
NO_COLOR=1 expect 1 run bad.yaml --color always
says out $'\033[1;31mFAIL'
if script -qec true /dev/null >/dev/null 2>&1; then
	TERM=xterm script -qec "$shown run bad.yaml" /dev/null >out 2>err </dev/null
	says out $'\033[1;31mFAIL'
	NO_COLOR=1 TERM=xterm script -qec "$shown run bad.yaml" /dev/null >out 2>err </dev/null
	lacks out $'\033'
	TERM=dumb script -qec "$shown run bad.yaml" /dev/null >out 2>err </dev/null
	lacks out $'\033'
fi
printf 'scenario: x\nabout: \x1b[31m\n' >escape.yaml
expect 2 lint escape.yaml
lacks err $'\033'

# The first line names everything that decides the outcome
expect 0 run good.yaml --seed 77
holds grep -q '^rmesim [0-9.]* ([0-9a-z]*+*); port ABI 6, RMI ABI 1.0; .*; KVM double-4k.so (double, none); seed 77; ' \
	<(head -n 1 out)

# Output that cannot be written is not success
if [ -w /dev/full ]; then
	last='rmesim run good.yaml >/dev/full'
	"$program" run good.yaml >/dev/full 2>err
	holds test $? = 2
	last='rmesim list good.yaml >/dev/full'
	"$program" list good.yaml >/dev/full 2>err
	holds test $? = 2
fi

finish
