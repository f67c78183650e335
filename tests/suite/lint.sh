#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# lint.sh - what every scenario file owes its readers, beyond what the loader demands; and that the table
# in docs/seed.md names files that are there.
#
# Usage: lint.sh CHECKOUT

set -u
cd "${1:?usage: lint.sh CHECKOUT}" || exit 2

mapfile -t files < <(find scenarios -name '*.yaml' | sort)
[ ${#files[@]} -gt 0 ] || {
	echo 'scenarios: there are no scenarios'
	exit 1
}

status=0
awk '
	function complain(line, text) { print file ":" line ": " text; errors++ }
	function finish() {
		if (file == "") return
		if (!named) complain(1, "scenario is not called " id ", as its path says")
		if (words < 5) complain(1, "about: does not say in words why the scenario exists")
		if (!tags) complain(1, "there are no tags")
		if (!level) complain(1, "there is no level")
		if (figures && !whys) complain(figures, "a figure is expected and no why: derives it")
	}
	FNR == 1 {
		finish()
		file = id = FILENAME
		sub(/^scenarios\//, "", id); sub(/\.yaml$/, "", id); gsub(/\//, ".", id)
		named = words = tags = level = figures = whys = about = 0
		if ($0 != "# SPDX-License-Identifier: BSD-3-Clause") complain(1, "the first line is not the licence")
	}
	/^[a-z]/ { about = /^about:/ }
	about { words += NF - (/^about:/ ? 1 : 0) }
	$0 == "scenario: " id { named = 1 }
	/^tags: \[[a-z]/ { tags = 1 }
	/^level: (smoke|regression|long)$/ { level = 1 }
	/why:/ { whys = 1 }
	/(pgtable_pages|GRANULE_DELEGATE|RTT_CREATE|RTT_FOLD): *[{1-9"]/ { if (!figures) figures = FNR }
	length > 130 { complain(FNR, "longer than 130 characters") }
	/\t/ { complain(FNR, "a tab") }
	/ $/ { complain(FNR, "a blank at the end") }
	END { finish(); exit errors > 0 }
' "${files[@]}" || status=1

# Each row names scenarios, and each of them is there.
rows=0
while IFS= read -r row; do
	rows=$((rows + 1))
	names=0
	# Words without blanks; a * in them stands for names and must match some.
	set -f
	for name in ${row//[,|]/ }; do
		case $name in
		*.yaml)
			names=$((names + 1))
			set +f
			compgen -G "scenarios/$name" >/dev/null || {
				echo "docs/seed.md: there is no scenarios/$name"
				status=1
			}
			set -f
			;;
		esac
	done
	set +f
	[ "$names" -gt 0 ] || {
		echo "docs/seed.md: no scenario in the row: $row"
		status=1
	}
done < <(grep -E '^\| [0-9]' docs/seed.md)
[ "$rows" -ge 10 ] || {
	echo "docs/seed.md: only $rows rows"
	status=1
}

printf '%d files, %d rows\n' "${#files[@]}" "$rows"
exit "$status"
