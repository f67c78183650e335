#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# docs.sh - the documents that the program makes are in docs/ as it makes them today.
#
# Usage: docs.sh RMESIM CHECKOUT

set -u
rmesim=${1:?usage: docs.sh RMESIM CHECKOUT}
checkout=${2:?usage: docs.sh RMESIM CHECKOUT}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

# same FILE COMMAND...: the file is what the program prints.
same() {
	local file=$1
	shift
	"$rmesim" "$@" >"$work/made" || {
		printf 'FAILED: rmesim %s\n' "$*"
		exit 1
	}
	diff -u "$checkout/$file" "$work/made" || {
		printf 'FAILED: %s is not what the program prints: rmesim %s >%s\n' "$file" "$*" "$file"
		exit 1
	}
}
same docs/rmm-commands.md docs rmm-commands
same docs/scenario-reference.md docs
same schema/scenario.schema.json schema
same schema/prelude.schema.json schema prelude

# Every step of the manual is there with an example that the loader takes, whatever it would answer.
grep -c '^- \(vmm\|guest\|rmm\)\.' "$checkout/docs/scenario-reference.md" >"$work/count"
[ "$(cat "$work/count")" = "$("$rmesim" list --steps | grep -cE '^(vmm|guest|rmm)\.')" ] || {
	printf 'FAILED: the manual has %s examples of steps\n' "$(cat "$work/count")"
	exit 1
}
{
	printf 'scenario: examples\nabout: of the manual\nhostile: true\nrealm: {ipa_bits: 33}\nsteps:\n'
	grep '^- \(vmm\|guest\|rmm\)\.' "$checkout/docs/scenario-reference.md" | sed 's/^/  /'
} >"$work/examples.yaml"
"$rmesim" lint "$work/examples.yaml" >/dev/null || {
	printf 'FAILED: an example of the manual is wrong\n'
	exit 1
}

# Every command of the ABI headers is there, whatever the program's own table says.
while read -r name fid; do
	grep -qi "^0x${fid#0x}; " <(grep -A2 "^### $name\$" "$checkout/docs/rmm-commands.md") || {
		printf 'FAILED: docs/rmm-commands.md does not have %s, %s\n' "$name" "$fid"
		exit 1
	}
done < <(sed -nE 's/^#define (RM?S?I_[A-Z_]+)[[:space:]]+(0x[cC]40001[0-9A-Fa-f]{2})u.*/\1 \2/p' \
	"$checkout"/model/include/rmm/r[ms]i.h | grep -vE '_FID_(FIRST|LAST) ')

"$rmesim" docs nothing 2>"$work/err"
[ $? = 2 ] && grep -q rmm-commands "$work/err" || { printf 'FAILED: docs does not say which there are\n'; exit 1; }
"$rmesim" docs man bash 2>/dev/null
[ $? = 2 ] || { printf 'FAILED: docs takes one name\n'; exit 1; }
