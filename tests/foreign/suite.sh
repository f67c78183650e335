#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# suite.sh RMESIM PASSES MODULE... - runs all scenarios on somebody's own host side: nothing may fail, every run that
# is skipped says why, and at least PASSES runs pass.
set -u
rmesim=$1 passes=$2
shift 2
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

first=yes
for module in "$@"; do
	[ "$first" ] && set --
	first=
	set -- "$@" --kvm "$module"
done
"$rmesim" run -j 2 "$@" scenarios >"$log" 2>&1
status=$?
grep -E '^(FAIL|ERROR|TIMEOUT|CRASH|INVALID)' "$log"
tail -n 1 "$log"
[ $status -eq 0 ] || { echo "suite.sh: exit status $status" >&2; exit 1; }
if grep '^skip' "$log" | grep -qvE ': .{20}'; then
	echo "suite.sh: a run is skipped without a reason" >&2
	exit 1
fi
passed=$(sed -n '$s/.* runs*: \([0-9]*\) passed.*/\1/p' "$log")
[ "${passed:-0}" -ge "$passes" ] || { echo "suite.sh: ${passed:-0} runs passed, expected $passes" >&2; exit 1; }
