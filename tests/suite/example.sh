#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# example.sh - the failing example in README.md still fails, and prints what README says it prints.
#
# Usage: example.sh RMESIM CHECKOUT

set -u
rmesim=${1:?usage: example.sh RMESIM CHECKOUT}
cd "${2:?usage: example.sh RMESIM CHECKOUT}" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

"$rmesim" run examples/converted-too-early.yaml >"$work/output" 2>&1 </dev/null
status=$?
[ "$status" = 1 ] || {
	cat "$work/output"
	printf 'FAILED: exit status %s, a failing scenario gives 1\n' "$status"
	exit 1
}

# The first line names version, commit and builds; the path of the program is the caller's; where the host
# allocates, and how much beside the Realm's memory, is nobody's promise.
stable() {
	sed -E -e '/^rmesim [0-9]/d' -e "s#reproduce: .*bin/rmesim'? #reproduce: rmesim #" \
		-e 's/\<(rd|rec|data|addr|run_ptr)=0x[0-9a-f]+/\1=*/g' \
		-e 's/\<0x[0-9a-f]+\[/*[/g' -e 's/\<pa=0x[0-9a-f]+/pa=*/g' \
		-e 's/(user_pages|kernel_pages|slab_objects|files) [0-9]+( \([-+][0-9]+\))?/\1 */g'
}

# The block behind the one line that runs the example.
awk '/^\$ .*run examples\/converted-too-early\.yaml$/ { on = 1; next } /^```/ { on = 0 } on' README.md |
	stable >"$work/readme"
stable <"$work/output" >"$work/actual"
[ -s "$work/readme" ] || {
	printf 'FAILED: README.md does not show the example\n'
	exit 1
}
diff -u "$work/readme" "$work/actual" || {
	printf 'FAILED: README.md shows another output than the program gives\n'
	exit 1
}
