#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# conditions.sh - the suite reaches the conditions that docs/condition-coverage.txt says it reaches: no fewer,
# and no more either, so that what is lost later is noticed.
#
# Usage: conditions.sh RMESIM CHECKOUT [--update]    --update writes the document instead of comparing

set -u
export LC_ALL=C
rmesim=${1:?usage: conditions.sh RMESIM CHECKOUT [--update]}
cd "${2:?usage: conditions.sh RMESIM CHECKOUT [--update]}" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
document=docs/condition-coverage.txt

"$rmesim" coverage --conditions scenarios >"$work/counts" </dev/null || {
	printf 'FAILED: rmesim coverage --conditions scenarios: exit status %s\n' "$?"
	exit 1
}
# How often is nobody's promise.
sed -E 's/^([A-Z_]+ +[a-z_0-9]+ +)[0-9]+$/\1reached/' "$work/counts" >"$work/reached"
if [ "${3-}" = --update ]; then
	{
		sed -n '/^#/p' "$document"
		cat "$work/reached"
	} >"$work/document" && cat "$work/document" >"$document"
	exit
fi
grep -v '^#' "$document" | diff -u - "$work/reached" || {
	printf 'FAILED: the suite reaches other conditions than %s says; if that is meant:\n' "$document"
	printf '  tests/suite/conditions.sh %s . --update\n' "$rmesim"
	exit 1
}

# The numbers are of the calls that were made: a Realm that is made and removed, by the RMM's rules.
cat >"$work/one.yaml" <<'END'
scenario: coverage.one
about: One Realm is made and nothing else.
realm: {ipa_bits: 33}
steps:
  - vmm.create_realm:
END
"$rmesim" coverage --conditions "$work/one.yaml" >"$work/one" || exit 1
for row in 'REALM_CREATE +success +1' 'REALM_DESTROY +success +1' 'REC_CREATE +success +never' \
	'REALM_ACTIVATE +rd_align +never'; do
	grep -qE "^$row\$" "$work/one" || {
		cat "$work/one"
		printf 'FAILED: of a Realm that is made and removed is expected: %s\n' "$row"
		exit 1
	}
done
"$rmesim" coverage "$work/one.yaml" >/dev/null 2>"$work/err"
[ $? = 2 ] && grep -q -- --conditions "$work/err" || {
	printf 'FAILED: coverage of nothing in particular is wrong usage\n'
	exit 1
}
