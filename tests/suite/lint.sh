#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# lint.sh - what every scenario file owes its readers, beyond what the loader demands.
#
# Usage: lint.sh CHECKOUT

set -u
cd "${1:?usage: lint.sh CHECKOUT}" || exit 2

errors=0
files=0
complain() { # place, message
	printf '%s: %s\n' "$1" "$2"
	errors=$((errors + 1))
}

while IFS= read -r file; do
	files=$((files + 1))
	id=${file#scenarios/}
	id=${id%.yaml}
	[ "$(head -n 1 "$file")" = '# SPDX-License-Identifier: BSD-3-Clause' ] ||
		complain "$file:1" "the first line is not the licence"
	grep -qx "scenario: ${id//\//.}" "$file" ||
		complain "$file" "scenario is not called ${id//\//.}, as its path says"
	# Reads on from `about:` to the next key: the words are on that line or below it.
	[ "$(awk '/^about:/ { on = 1; sub(/^about: *>?/, ""); print; next }
		/^[a-z]/ { on = 0 } on' "$file" | wc -w)" -ge 5 ] ||
		complain "$file" "about: does not say in words why the scenario exists"
	grep -q '^tags: \[[a-z]' "$file" || complain "$file" "there are no tags"
	grep -qE '^level: (smoke|regression|long)$' "$file" || complain "$file" "there is no level"
	if grep -qE '(pgtable_pages|GRANULE_DELEGATE|RTT_CREATE|RTT_FOLD): *\{?[^}]*[1-9]' "$file"; then
		grep -q 'why:' "$file" || complain "$file" "a figure is expected and no why: derives it"
	fi
	awk -v file="$file" 'length > 130 { print file ":" FNR ": longer than 130 characters"; bad = 1 }
		/\t/ { print file ":" FNR ": a tab"; bad = 1 }
		/[ ]$/ { print file ":" FNR ": a blank at the end"; bad = 1 }
		END { exit bad }' "$file" || errors=$((errors + 1))
done < <(find scenarios -name '*.yaml' | sort)
[ "$files" -gt 0 ] || complain scenarios "there are no scenarios"

# Each row of the seed's table names scenarios, and each of them is there.
rows=0
while IFS= read -r row; do
	rows=$((rows + 1))
	names=$(grep -oE '\b[a-z0-9-]+/[a-z0-9*-]+\.yaml' <<<"$row")
	[ -n "$names" ] || complain docs/seed.md "no scenario in the row: $row"
	for name in $names; do
		compgen -G "scenarios/$name" >/dev/null ||
			complain docs/seed.md "there is no scenarios/$name"
	done
done < <(grep -E '^\| [0-9]' docs/seed.md)
[ "$rows" -ge 10 ] || complain docs/seed.md "only $rows rows"

printf '%d files, %d rows, %d errors\n' "$files" "$rows" "$errors"
[ "$errors" = 0 ]
