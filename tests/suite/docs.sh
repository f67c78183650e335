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

for name in rmm-commands; do
	"$rmesim" docs "$name" >"$work/$name.md" || {
		printf 'FAILED: rmesim docs %s\n' "$name"
		exit 1
	}
	diff -u "$checkout/docs/$name.md" "$work/$name.md" || {
		printf 'FAILED: docs/%s.md is not what the program prints: rmesim docs %s >docs/%s.md\n' \
			"$name" "$name" "$name"
		exit 1
	}
done

# Every command of the ABI headers is there, whatever the program's own table says.
while read -r name fid; do
	grep -qi "^0x${fid#0x}; " <(grep -A2 "^### $name\$" "$work/rmm-commands.md") || {
		printf 'FAILED: docs/rmm-commands.md does not have %s, %s\n' "$name" "$fid"
		exit 1
	}
done < <(sed -nE 's/^#define (RM?S?I_[A-Z_]+)[[:space:]]+(0x[cC]40001[0-9A-Fa-f]{2})u.*/\1 \2/p' \
	"$checkout"/model/include/rmm/r[ms]i.h | grep -vE '_FID_(FIRST|LAST) ')

"$rmesim" docs 2>/dev/null
[ $? = 2 ] || { printf 'FAILED: docs without a name is wrong usage\n'; exit 1; }
"$rmesim" docs nothing 2>"$work/err"
[ $? = 2 ] && grep -q rmm-commands "$work/err" || { printf 'FAILED: docs does not say which there are\n'; exit 1; }
