#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# canary.sh - a race that was planted in the host is found by a parallel scenario, not without preemptions, and
# the schedule that is printed finds it again. The host without it passes the same.
#
# Usage: canary.sh RMESIM CHECKOUT RACY_BUILD

set -u
export LC_ALL=C
rmesim=${1:?usage: canary.sh RMESIM CHECKOUT RACY_BUILD}
racy=${3:?usage: canary.sh RMESIM CHECKOUT RACY_BUILD}
cd "${2:?usage: canary.sh RMESIM CHECKOUT RACY_BUILD}" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0

# run NAME STATUS BUILD...: the exit status of the scenario $work/NAME.yaml
run() {
	local name=$1 expected=$2
	shift 2
	"$rmesim" run "$work/$name.yaml" "$@" --filter '*[page_size=4K]' </dev/null >"$work/$name.out" 2>&1
	local status=$?
	[ "$status" = "$expected" ] && return
	cat "$work/$name.out"
	printf 'FAILED: %s %s: exit status %s, expected %s\n' "$name" "$*" "$status" "$expected"
	failed=1
}

original=scenarios/parallel/fault-against-conversion.yaml
cp "$original" "$work/all.yaml"
sed 's/preemptions: 1/preemptions: 0/' "$original" >"$work/none.yaml"
run all 0
run none 0 --kvm "$racy"
run all 1 --kvm "$racy"

schedule=$(sed -n 's/^ *schedule: \(\[.*\]\)$/\1/p' "$work/all.out")
[ -n "$schedule" ] || { cat "$work/all.out"; printf 'FAILED: no schedule is printed\n'; exit 1; }
printf 'found under the schedule %s\n' "$schedule"
sed "s/schedules: {all: true, preemptions: 1}/schedule: $schedule/" "$original" >"$work/again.yaml"
grep -q "schedule: \[" "$work/again.yaml" || exit 2
run again 1 --kvm "$racy"
# The same failure: what is said of it, and the RMI calls that led to it.
for name in all again; do
	sed -n '/^FAIL/s/^FAIL *[^ ]* //p; /last RMI calls/,/the schedule/p' "$work/$name.out" >"$work/$name.said"
done
diff "$work/all.said" "$work/again.said" || { printf 'FAILED: the replay failed in another way\n'; failed=1; }
# A schedule that does not fit is wrong input, and says where.
sed "s/schedules: {all: true, preemptions: 1}/schedule: [vcpu0*100000, vmm]/" "$original" >"$work/misfit.yaml"
run misfit 2
grep -q 'turn 1: the actor stops after' "$work/misfit.out" || { cat "$work/misfit.out"; failed=1; }
exit "$failed"
