#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# vocabulary.sh - the suite uses every step, every expectation and every exit reason that can happen, and
# provokes every errno of errnos.txt.
#
# Usage: vocabulary.sh RMESIM CHECKOUT

set -u
rmesim=${1:?usage: vocabulary.sh RMESIM CHECKOUT}
checkout=${2:?usage: vocabulary.sh RMESIM CHECKOUT}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$checkout" || exit 2
status=0
complain() {
	echo "FAILED: $1"
	status=1
}
used() { grep -rqE "$1" scenarios preludes; }

steps=$("$rmesim" list --steps | grep -oE '^(vmm|guest|rmm)\.[a-z_0-9]+')
expectations=$("$rmesim" list --expectations | awk '{print $1}')
[ "$(wc -w <<<"$steps")" -ge 50 ] && [ "$(wc -w <<<"$expectations")" -ge 15 ] || complain 'the lists are too short'
for step in $steps; do
	used "^ *(- )?([a-z_]+: .*)?[ {\[-]*${step/./\\.}:" || complain "no scenario has a step $step"
done
for expectation in $expectations; do
	used "(^|[ {])$expectation:" || complain "no scenario expects $expectation"
done
# Exit reasons that KVM gives a Realm's vCPU; the others of KVM's list belong to other architectures, to
# debugging, or to events that the model's guest cannot cause.
for reason in memory_fault mmio system_event hypercall shutdown internal_error; do
	used "reason: $reason" || complain "no scenario sees the exit $reason"
done

# Only what expects an errno or lets something fail can provoke one.
mapfile -t files < <(grep -rlE 'errno:|faults:|exits:' scenarios --include='*.yaml')
"$rmesim" run "${files[@]}" --report "text=$work/text" --trace - |
	sed -nE 's/.*"kind":"syscall","name":"([^"]*)".*"result":"-(E[A-Z0-9]*)".*/\1 \2/p' | sort -u >"$work/seen"
[ "${PIPESTATUS[0]}" = 0 ] || {
	cat "$work/text"
	complain 'the suite fails'
}
rows=0
while read -r call name rest; do
	[ -n "$call" ] || continue
	rows=$((rows + 1))
	[ -n "$rest" ] || complain "errnos.txt: $call $name has no words"
	grep -qx "$call $name" "$work/seen" || complain "no scenario provokes $name of $call: $rest"
done < <(sed 's/^#.*//' tests/suite/errnos.txt)
[ "$rows" -ge 20 ] || complain 'errnos.txt is too short'
exit "$status"
