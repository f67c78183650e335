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
	says err '/dev/full: cannot write: No space left on device'
	expect 2 run good.yaml --trace /dev/full
	# Whatever is reported on, and in the middle of it too.
	for kind in text tap junit jsonl perfetto html; do
		expect 1 run good.yaml bad.yaml --report "$kind=/dev/full"
		says err '/dev/full: cannot write: No space left on device'
		checks=$((checks + 1))
		last="rmesim run good.yaml --report $kind=- >/dev/full"
		"$program" run good.yaml --report "$kind=-" >/dev/full 2>err
		[ $? = 2 ] || complain 'a full disk is no success'
		says err 'standard output: cannot write: No space left on device'
	done
fi
# One file by two names, and what is read, are not written over.
expect 2 run good.yaml --report tap=same --report text=./same
says err "two outputs go to './same'"
ln -s same other
echo old >same
expect 2 run good.yaml --report tap=same --trace other
says err "two outputs go to 'same'"
holds test "$(cat same)" = old
cp good.yaml kept
for path in good.yaml ./good.yaml "$PWD/good.yaml"; do
	expect 2 run good.yaml --report "tap=$path"
	says err "'$path' would be written over: it is one of the scenarios"
	holds cmp good.yaml kept
done
# A symbolic link stays one.
expect 0 run good.yaml --report tap=other
holds test -L other
says same 'ok 1 - good'
rm same
expect 0 run good.yaml --report tap=other
holds test -L other
says same 'ok 1 - good'
expect 2 run good.yaml --trace ''
says err 'cannot write: No such file or directory'
silent out
expect 0 run good.yaml --report tap=/dev/null

# The same run gives the same bytes, also with other jobs; runs are in the order of the files.
expect 1 run good.yaml bad.yaml matrix.yaml --trace one.jsonl -j 1
expect 1 run good.yaml bad.yaml matrix.yaml --trace two.jsonl -j 3
holds cmp -s one.jsonl two.jsonl
expect 1 run bad.yaml good.yaml matrix.yaml --trace three.jsonl
holds test "$(sed -n 's/.*"kind":"scenario","id":"\([a-z]*\).*/\1/p' three.jsonl | tr '\n' ' ')" = \
	'bad good matrix matrix '

# The page and the trace of a run that crashed show the step in which it did.
expect 1 run crash.yaml good.yaml --report html=crash.html --report perfetto=crash.json
says crash.html '"bad":1,"title":"vmm.break how=crash"'
# There the double puts the sanitizer's handler, and ours, aside.
[ -n "${RMESIM_TEST_SANITIZED:-}" ] || says crash.json 'FAILED: 2 vmm.break'
command -v jq >/dev/null && holds jq -e . crash.json >/dev/null

# Crashed runs keep what they had traced.
expect 1 run crash.yaml --trace crash.jsonl
says crash.jsonl vmm.create_realm
says crash.jsonl '"status":"crashed"'

# JSON Lines: each line is JSON; the run, the results in order, the summary; no byte differs between runs.
expect 1 run good.yaml bad.yaml crash.yaml matrix.yaml names.yaml --report jsonl=one.jsonl -j 3
expect 1 run good.yaml bad.yaml crash.yaml matrix.yaml names.yaml --report jsonl=two.jsonl -j 1
holds cmp -s one.jsonl two.jsonl
holds test "$(wc -l <one.jsonl)" = 12
# query FILTER: what jq finds in one.jsonl, on one line.
query() { jq -r "$1" one.jsonl | tr '\n' ' '; }
if command -v jq >/dev/null; then
	holds test "$(query .type)" = 'run result result result result result result result result result result summary '
	holds test "$(query 'select(.type == "run") | .format, .version, .planned, .seed')" = 'rmesim-results 1 10 1 '
	holds test "$(query 'select(.status) | .number')" = '1 2 3 4 5 6 7 8 9 10 '
	holds test "$(query 'select(.status) | .status')" = \
		'passed failed crashed passed passed failed failed failed failed failed '
	holds test "$(query 'select(.type == "summary") | .runs, .passed, .failed, .crashed, .not_run, .aborted')" = \
		'10 3 6 1 0 null '
	holds test "$(query 'select(.id == "bad") | .step.line, .step.column, .step.title, .mismatches[0].actual')" = \
		'7 5 vmm.fail errno=1 error, EPERM '
	holds test "$(jq -r 'select(.variant == "v=ä\ne") | .id' one.jsonl)" = $'names[v=ä\ne]'
	last=$(jq -r 'select(.variant == "v=ä\ne") | .reproduce' one.jsonl)
	(eval "$last") >out 2>err
	holds test $? = 1
	says out '1 scenario, 1 run: 0 passed, 1 failed'
fi

# JUnit: valid by the schema, whatever names and messages hold; times are all that differs between runs.
cat >nasty.yaml <<'END'
scenario: nasty
about: x
matrix: {v: ["a \" <b> & 'c'", "]]>", "\e[31m\x01\x7f", "two\nlines\r\t", "日本語 \u0085 \uFFFD", "%0A::error::,:"]}
realm: {ipa_bits: 33}
steps:
  - vmm.types: {text: "$v"}
    name: "$v"
    why: "$v"
  - vmm.fail: {errno: 1}
    name: "$v"
    why: "$v"
END
expect 1 run good.yaml bad.yaml crash.yaml nasty.yaml matrix.yaml --kvm double-4k.so --report junit=one.xml \
	--report jsonl=one.jsonl --report tap=one.tap
holds valid_tap one.tap 11 8
schema=$(realpath "$here/junit.xsd")
if command -v xmllint >/dev/null; then
	holds xmllint --noout --schema "$schema" one.xml 2>/dev/null
	# count XPATH: in the report.
	count() { xmllint --xpath "count($1)" one.xml; }
	holds test "$(count '//testcase')" = 11
	holds test "$(count '//failure')" = 7
	holds test "$(count '//error[@type="crashed"]')" = 1
	holds test "$(count '//skipped')" = 1
	holds test "$(xmllint --xpath 'string(/testsuites/@tests)' one.xml)" = 11
	holds test "$(xmllint --xpath 'string(//testsuite[@name="nasty"]/@failures)' one.xml)" = 6
	holds test "$(xmllint --xpath 'string(//testcase[@classname="bad"]/@line)' one.xml)" = 7
	holds test "$(xmllint --xpath "string(//testcase[contains(@name, 'a \"')]/@name)" one.xml)" = \
		"nasty[v=a \" <b> & 'c']"
fi
expect 1 run good.yaml bad.yaml crash.yaml nasty.yaml matrix.yaml --kvm double-4k.so --report junit=two.xml -j 1
sed 's/ time="[^"]*"//' one.xml >one.untimed
sed 's/ time="[^"]*"//' two.xml >two.untimed
holds cmp -s one.untimed two.untimed
command -v jq >/dev/null && holds test "$(jq -r 'select(.variant == "v=]]>") | .why' one.jsonl)" = ']]>'

# Nothing that a terminal would obey reaches it, whoever wrote it.
expect 1 run nasty.yaml
lacks out $'\033'
says out '(␛[31m␁␡)'

# GitHub: annotations among the text, at most ten of them; properties and messages cannot break out.
expect 1 run bad.yaml nasty.yaml --report github=-
says out '::error file=bad.yaml,line=7,col=5,title=bad::failed: outcome: expected ok, found error, EPERM%0Areproduce: '
says out 'title=nasty[v=%250A%3A%3Aerror%3A%3A%2C%3A]::failed'
says out '7 runs: 0 passed, 7 failed'
holds test "$(grep -c '^::' out)" = 7
for i in 1 2 3; do sed "s/^scenario: nasty/scenario: nasty$i/" nasty.yaml >"nasty$i.yaml"; done
last='GITHUB_STEP_SUMMARY=summary.md rmesim run'
echo 'earlier' >summary.md
GITHUB_STEP_SUMMARY=$PWD/summary.md expect 1 run bad.yaml nasty?.yaml good.yaml --report github=marks.txt
holds test "$(grep -c '^::error' marks.txt)" = 10
says marks.txt '::notice title=rmesim::9 more of 20 runs did not pass'
says summary.md earlier
says summary.md '### rmesim: 1 of 20 runs passed'
holds test "$(grep -c '^| failed' summary.md)" = 19
if [ -w /dev/full ]; then
	GITHUB_STEP_SUMMARY=/dev/full expect 2 run good.yaml --report github=marks.txt
	says err '/dev/full: cannot write'
fi

# A run that is killed leaves the old report and nothing beside it.
scenario hang '  - vmm.break: {how: hang}'
mkdir reports
echo old >reports/old.tap
for signal in KILL TERM HUP; do
	last="rmesim run hang.yaml, killed by $signal"
	"$program" run hang.yaml good.yaml --report tap=reports/old.tap --report text=reports/new.txt \
		--report junit=reports/new.xml --report html=reports/new.html --report perfetto=reports/new.json \
		--report github=reports/marks --report jsonl=reports/results.jsonl --trace reports/new.jsonl >out 2>err </dev/null &
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
