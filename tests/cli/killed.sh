#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# killed.sh - a run that is killed at any moment leaves no half-written report, no child and no file, and
# nothing in the way of the next one.
. "$(dirname "$0")/lib.sh"
mkdir suite reports
for ((i = 0; i < 40; i++)); do
	scenario "s$i" '  - repeat: {times: 20, steps: [vmm.types: {number: 1}]}'
	mv "s$i.yaml" suite/
done
# Every kind of report at once; an old file of each name stays until the new one is whole.
kinds='text tap junit jsonl github perfetto html'
all=()
for kind in $kinds; do
	all+=(--report "$kind=reports/$kind")
done
all+=(--trace reports/trace --rmi-log reports/rmi)
untimed() { sed 's/ time="[^"]*"//' "$1"; }
begun=$(date +%s%N)
expect 0 run suite -j 2 "${all[@]}"
took=$((($(date +%s%N) - begun) / 1000000))
mkdir whole
mv reports/* whole/
[ "$(ls whole | wc -l)" = 9 ] || complain 'nine files were asked for'

rounds=0
killed=0
for part in 0 2 5 10 25 50 75 90 96 100; do
	for signal in KILL TERM INT; do
		last="rmesim run suite, SIG$signal after $part % of $took ms"
		rm -rf reports
		mkdir reports
		# Half of the rounds begin with old files.
		if [ $((rounds % 2)) = 1 ]; then
			for file in whole/*; do echo old >"reports/${file#whole/}"; done
		fi
		setsid "$program" run suite -j 2 "${all[@]}" >out 2>err </dev/null &
		pid=$!
		# Until then it is this shell, with this shell's trap, that would be killed.
		while [ "$(readlink "/proc/$pid/exe")" = "$(readlink "/proc/$$/exe")" ]; do :; done
		sleep "$(printf '%d.%03d' $((took * part / 100000)) $((took * part / 100 % 1000)))"
		kill -"$signal" "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		[ $? -gt 128 ] && killed=$((killed + 1))
		rounds=$((rounds + 1))
		# Children notice within moments that their parent is gone.
		for ((wait = 0; wait < 500; wait++)); do
			pgrep -s "$pid" >/dev/null || break
			sleep 0.01
		done
		holds test -z "$(pgrep -s "$pid")"
		for file in reports/* reports/.[!.]*; do
			[ -e "$file" ] || continue
			checks=$((checks + 1))
			name=${file#reports/}
			if [ ! -e "whole/$name" ]; then
				complain "left behind: $file"
			elif [ "$(cat "$file")" != old ] && ! cmp -s <(untimed "$file") <(untimed "whole/$name"); then
				complain "$file is neither the old one nor whole"
			fi
		done
	done
done
[ "$rounds" = 30 ] && [ "$killed" -ge 10 ] || complain "$killed of $rounds runs were killed"
# The next run finds nothing in its way.
expect 0 run suite -j 2 "${all[@]}"
for file in whole/*; do
	holds cmp <(untimed "$file") <(untimed "reports/${file#whole/}")
done

finish
