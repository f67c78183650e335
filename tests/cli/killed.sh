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
expect 0 run suite -j 3 --report jsonl=reports/old.jsonl --report junit=reports/old.xml
lines=$(wc -l <reports/old.jsonl)


rounds=0
for signal in KILL TERM INT; do
	for delay in 0 0.002 0.005 0.01 0.02 0.04 0.08 0.15; do
		last="rmesim run suite, SIG$signal after $delay s"
		rm -f reports/new.*
		setsid "$program" run suite -j 3 --report jsonl=reports/new.jsonl --report junit=reports/new.xml \
			>out 2>err </dev/null &
		pid=$!
		# Until then it is this shell, with this shell's trap, that would be killed.
		while [ "$(readlink "/proc/$pid/exe")" = "$(readlink "/proc/$$/exe")" ]; do :; done
		sleep "$delay"
		kill -"$signal" "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		rounds=$((rounds + 1))
		# Children notice within moments that their parent is gone.
		for ((wait = 0; wait < 100; wait++)); do
			pgrep -s "$pid" >/dev/null || break
			sleep 0.05
		done
		holds test -z "$(pgrep -s "$pid")"
		# Either there is no report, or it is whole.
		if [ -e reports/new.jsonl ]; then
			holds test "$(wc -l <reports/new.jsonl)" = "$lines"
			holds grep -q '"type":"summary"' reports/new.jsonl
		fi
		if [ -e reports/new.xml ]; then
			holds grep -q '</testsuites>' reports/new.xml
		fi
		checks=$((checks + 1))
		left=$(find reports -mindepth 1 ! -name 'old.*' ! -name 'new.jsonl' ! -name 'new.xml')
		[ -z "$left" ] || complain "left behind: $left"
	done
done
[ "$rounds" = 24 ] || complain 'too few rounds'
expect 0 run suite -j 3 --report jsonl=reports/new.jsonl
holds cmp reports/new.jsonl reports/old.jsonl

finish
