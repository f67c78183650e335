#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# report.sh - files that a run writes: TAP, text, traces. Runs on the double.
. "$(dirname "$0")/lib.sh"

scenario good '  - vmm.types:'
scenario bad '  - vmm.fail: {errno: 1}'
scenario crash '  - vmm.break: {how: crash}'
cat >names.yaml <<'END'
scenario: names
about: x
matrix: {v: ["a # b", "c\\d", "ä\ne", "not ok 1", "# SKIP"]}
realm: {ipa_bits: 33}
steps:
  - vmm.types: {text: "x$v"}
  - vmm.fail: {errno: 1}
END
cat >matrix.yaml <<'END'
scenario: matrix
about: several runs
matrix: {page_size: [4K, 16K]}
machine: {page_size: $page_size}
realm: {ipa_bits: 33}
steps:
  - vmm.types: {size: $page_size}
END

# valid_tap FILE TESTS NOT_OK: a TAP stream, by the rules of the TAP specification.
valid_tap() {
	awk -v tests="$2" -v bad="$3" '
		NR == 1 { if ($0 != "TAP version 13") { print "no version"; wrong = 1 } next }
		/^#/ { next }
		/^1\.\./ { if (plan) { print "two plans"; wrong = 1 } plan = substr($0, 4) + 0; next }
		/^(not )?ok [0-9]+ - / {
			seen++
			number = $1 == "ok" ? $2 : $3
			if (number != seen) { print "number " number " at place " seen; wrong = 1 }
			if ($1 == "not") failed++
			next
		}
		/^Bail out!/ { bailed = 1; next }
		{ print "not TAP: " $0; wrong = 1 }
		END {
			if (plan != tests || (seen != plan && !bailed) || failed + 0 != bad) {
				print "plan " plan ", seen " seen ", failed " failed
				wrong = 1
			}
			exit wrong
		}' "$1"
}

expect 1 run good.yaml bad.yaml crash.yaml matrix.yaml names.yaml --report tap=- -j 3
silent err
holds valid_tap out 10 7
says out '# failed: outcome: expected ok, found error, EPERM'
says out 'ok 1 - good'
says out 'not ok 6 - names[v=a \# b]'
says out 'not ok 10 - names[v=\# SKIP]'
if command -v prove >/dev/null; then
	cp out suite.tap
	last='prove suite.tap'
	prove --exec cat suite.tap >out 2>err
	says out 'Failed 7/10 subtests'
fi
expect 0 run matrix.yaml --report tap=- --kvm double-4k.so
holds valid_tap out 2 0
says out 'ok 2 - matrix[page_size=16K] # SKIP no KVM build with pages of 16K was given'
expect 1 run bad.yaml good.yaml good.yaml matrix.yaml --report tap=- --fail-fast
holds valid_tap out 4 1
says out 'Bail out! stopped after the first failure'
# Standard output carries the report and nothing else, whatever goes wrong before.
expect 2 run nofile.yaml --report tap=-
silent out
says err 'cannot open'

# Several at once, beside the text on standard output
expect 1 run good.yaml bad.yaml --report tap=suite.tap --report text=suite.txt --trace suite.jsonl
says out 'FAIL    bad'
holds valid_tap suite.tap 2 1
holds cmp -s out suite.txt
says suite.jsonl '{"kind":"scenario","id":"good","file":"good.yaml","seed":"0x1"}'
says suite.jsonl '{"kind":"result","status":"failed"}'
holds test "$(grep -c '"kind":"step_begin"\|"kind":"step-begin"' suite.jsonl)" = 4
if command -v jq >/dev/null; then
	expect 1 run names.yaml --trace names.jsonl
	holds jq -e . names.jsonl >/dev/null
fi
expect 2 run good.yaml --report tap=same --report text=same
says err "two outputs go to 'same'"
expect 2 run good.yaml --report tap=- --trace -
expect 2 run good.yaml --report tap=no/such/dir
says err 'no/such/dir: cannot write'
silent out
expect 2 run good.yaml --trace .
says err '.: cannot write: Is a directory'
if [ -w /dev/full ]; then
	expect 2 run good.yaml --report tap=/dev/full
	says err '/dev/full: cannot write'
	expect 2 run good.yaml --trace /dev/full
fi
expect 0 run good.yaml --report tap=/dev/null

# The same run gives the same bytes, also with other jobs; runs are in the order of the files.
expect 1 run good.yaml bad.yaml matrix.yaml --trace one.jsonl -j 1
expect 1 run good.yaml bad.yaml matrix.yaml --trace two.jsonl -j 3
holds cmp -s one.jsonl two.jsonl
expect 1 run bad.yaml good.yaml matrix.yaml --trace three.jsonl
holds test "$(sed -n 's/.*"kind":"scenario","id":"\([a-z]*\).*/\1/p' three.jsonl | tr '\n' ' ')" = \
	'bad good matrix matrix '

# Crashed runs keep what they had traced.
expect 1 run crash.yaml --trace crash.jsonl
says crash.jsonl vmm.create_realm
says crash.jsonl '"status":"crashed"'

# A run that is killed leaves the old report and nothing beside it.
scenario hang '  - vmm.break: {how: hang}'
mkdir reports
echo old >reports/old.tap
for signal in KILL TERM HUP; do
	last="rmesim run hang.yaml, killed by $signal"
	"$program" run hang.yaml good.yaml --report tap=reports/old.tap --report text=reports/new.txt \
		--trace reports/new.jsonl >out 2>err </dev/null &
	pid=$!
	sleep 0.3
	kill -"$signal" $pid
	wait $pid 2>/dev/null
	holds test "$(ls -A reports | tr '\n' ' ')" = 'old.tap '
	holds test "$(cat reports/old.tap)" = old
done
expect 124 run hang.yaml --report tap=reports/old.tap --timeout 1
holds valid_tap reports/old.tap 1 1

finish
