#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# determinism.sh - the same scenarios with the same seed give the same trace, byte for byte.
#
# Usage: determinism.sh RMESIM CHECKOUT
#
# Compares two runs with address space randomisation, one without it where the
# system allows that, one from another directory with another environment, and one
# with each program in RMESIM_COMPARE (paths separated by colons; tools/check
# names the builds that it has just made).

set -u
rmesim=${1:?usage: determinism.sh RMESIM CHECKOUT}
checkout=${2:?usage: determinism.sh RMESIM CHECKOUT}
cd "$checkout" || exit 2

scenarios=(
	scenarios/boot/kvmtool-13-running.yaml
	scenarios/boot/qemu-09-running.yaml
	scenarios/reuse/side-by-side.yaml
	scenarios/block/freed-in-part-by-the-vmm.yaml
	scenarios/slots/removed-and-added-again.yaml
	scenarios/scarce/rec-create-retried.yaml
)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

failures=0
fail() {
	printf 'FAILED: %s\n' "$1"
	failures=$((failures + 1))
}

# trace NAME COMMAND...: runs COMMAND with the arguments that write the trace NAME.
trace() {
	local name=$1
	shift
	"$@" run --seed 7 --trace "$work/$name" "${scenarios[@]}" >"$work/$name.out" 2>&1 </dev/null || {
		tail -n 20 "$work/$name.out"
		fail "the run for $name exited with status $?"
	}
	[ -s "$work/$name" ] || fail "the trace of $name is empty"
}

same() { # name, in words
	cmp -s "$work/first" "$work/$1" && {
		printf 'same: %s\n' "$2"
		return
	}
	diff "$work/first" "$work/$1" | head -n 10
	fail "the trace differs: $2"
}

trace first "$rmesim"
printf 'trace: %s lines\n' "$(wc -l <"$work/first")"

trace again "$rmesim"
same again 'a second run'

if setarch -R true 2>/dev/null; then
	trace fixed setarch -R "$rmesim"
	same fixed 'without address space randomisation'
else
	printf 'not compared: setarch -R is not allowed here\n'
fi

trace crowded env -i PATH="$PATH" LANG=C PADDING="$(printf '%05000d' 0)" "$rmesim"
same crowded 'with another environment'

"$rmesim" run --seed 7 -j 3 --trace "$work/jobs" "${scenarios[@]}" >"$work/jobs.out" 2>&1 </dev/null ||
	fail 'the run with -j 3'
same jobs 'with three processes at once'

IFS=: read -r -a others <<<"${RMESIM_COMPARE:-}"
for other in "${others[@]}"; do
	[ "$other" -ef "$rmesim" ] && continue
	trace other "$other"
	same other "made by $other"
done

# A comparison that cannot fail would be worth nothing: another scenario gives another trace.
"$rmesim" run --seed 7 --trace "$work/unlike" scenarios/boot/vmm48-08-running.yaml >/dev/null 2>&1 </dev/null
cmp -s "$work/first" "$work/unlike" && fail 'two different scenarios give the same trace'

[ "$failures" = 0 ]
