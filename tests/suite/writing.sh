#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# writing.sh - the scenario of docs/writing-scenarios.md passes as it stands there, and with its matrix.
#
# Usage: writing.sh RMESIM CHECKOUT

set -u
rmesim=${1:?usage: writing.sh RMESIM CHECKOUT}
checkout=${2:?usage: writing.sh RMESIM CHECKOUT}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
ln -s "$checkout/preludes" "$work/preludes"

# The Nth block of YAML.
block() {
	awk -v wanted="$1" '/^```yaml$/ { inside = ++n == wanted; next } /^```$/ { inside = 0 } inside' \
		"$checkout/docs/writing-scenarios.md"
}
block 1 >"$work/first.yaml"
{
	block 2
	block 1 | sed 's/^scenario: .*/&-everywhere/'
} >"$work/everywhere.yaml"
[ -s "$work/first.yaml" ] || {
	echo 'FAILED: there is no scenario in docs/writing-scenarios.md'
	exit 1
}
"$rmesim" run "$work/first.yaml" "$work/everywhere.yaml" >"$work/out" 2>&1 && grep -q '2 scenarios, 4 runs: 4 passed' "$work/out" || {
	cat "$work/out"
	echo 'FAILED: the scenario of docs/writing-scenarios.md does not pass'
	exit 1
}
