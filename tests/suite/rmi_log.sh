#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# rmi_log.sh - what `rmesim run --rmi-log` writes is the run: for every scenario given the replay of its log on
# the RMM alone gives the same x0..x4 for each call as the run had.
#
# Usage: rmi_log.sh RMESIM CHECKOUT PATH...      (PATH, below CHECKOUT, of scenarios)

set -u
export LC_ALL=C
usage='usage: rmi_log.sh RMESIM CHECKOUT PATH...'
rmesim=${1:?$usage}
cd "${2:?$usage}" || exit 2
: "${3:?$usage}"
shift 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
	printf 'FAILED: %s\n' "$*"
	failed=1
}

# The five words after each "#=", which `rmesim rmi` prints for each call. A call that stands in a comment
# cannot be replayed, and is not.
results() {
	awk '/^#[^=]/ { next } { at = index($0, "#= ") } at { $0 = substr($0, at + 3); print $1, $2, $3, $4, $5 }' "$1"
}

run() { "$rmesim" run "$@" --report tap=/dev/null </dev/null >/dev/null; }

run "$@" -j2 --rmi-log "$work/all.rmi" || fail "the run: exit status $?"
"$rmesim" rmi "$work/all.rmi" >"$work/replayed" || fail "the log cannot be replayed"
results "$work/all.rmi" >"$work/recorded"
cmp -s "$work/recorded" "$work/replayed" || {
	diff "$work/recorded" "$work/replayed" | head -10
	fail "the replay answers otherwise than the run"
}
printf '%s calls of %s scenarios are the same when they are replayed; %s scenarios cannot be replayed to the end\n' \
	"$(wc -l <"$work/recorded")" "$(grep -c '^# scenario' "$work/all.rmi")" "$(grep -c '^#!' "$work/all.rmi")"

# All of it is there: each call that the trace has; those that never reached the RMM are marked.
run scenarios/fault scenarios/scarce -j2 --trace "$work/part.jsonl" --rmi-log "$work/part.rmi" ||
	fail "a part of the suite: exit status $?"
traced=$(grep '"kind":"rmi"' "$work/part.jsonl" | grep -vc '"condition":"injected"')
recorded=$(results "$work/part.rmi" | wc -l)
[ "$recorded" = "$traced" ] && [ "$traced" -gt 10000 ] || fail "$traced calls in the trace, $recorded in the log"
injected=$(grep -c '"condition":"injected"' "$work/part.jsonl")
[ "$injected" = "$(grep -c '^# not a call of the RMM' "$work/part.rmi")" ] && [ "$injected" -gt 0 ] ||
	fail "$injected results were injected, the log marks others"

# Only several vCPUs at once can be beyond the form.
awk '/^# scenario/ { file = $4 } /^#!/ && file !~ /scenarios\/parallel\// { print file; bad = 1 } END { exit bad }' \
	"$work/all.rmi" || fail "these cannot be replayed, and have no parallel steps"

# The order is the suite's, whatever the number of jobs.
run scenarios/ripas -j1 --rmi-log "$work/one" || fail "one job"
run scenarios/ripas -j2 --rmi-log "$work/two" || fail "two jobs"
cmp "$work/one" "$work/two" || fail "the log depends on the number of jobs"

# A file that cannot be written is an error before anything runs; nothing is left of it.
"$rmesim" run scenarios/ripas --rmi-log "$work/none/x" </dev/null >/dev/null 2>"$work/err"
[ $? = 2 ] && grep -q "none/x" "$work/err" || fail "a log that cannot be written"
exit "$failed"
