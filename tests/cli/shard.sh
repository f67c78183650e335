#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# shard.sh - parts of a suite, as Bazel, Kubernetes and people choose them, and putting their reports together.
. "$(dirname "$0")/lib.sh"
unset TEST_SHARD_INDEX TEST_TOTAL_SHARDS TEST_SHARD_STATUS_FILE JOB_COMPLETION_INDEX JOB_COMPLETIONS

mkdir suite
for name in a b c d e; do
	scenario "$name" '  - vmm.types: {number: $n}' 'matrix: {n: [1, 2, 3]}'
	mv "$name.yaml" suite/
done
scenario bad '  - vmm.types:
    expect: {errno: EPERM}'
mv bad.yaml suite/

# Wrong values
for bad in 1 1/ /2 2/2 3/2 -1/2 0/0 a/b 0/999999999 '0/2 ' 0x1/2 0/2/2; do
	expect 2 run --shard "$bad" suite
	says err '--shard: expected INDEX/TOTAL'
	silent out
done

# Every run is in exactly one shard, whatever the number of shards.
last="list suite"
"$program" list suite | awk '{print $1}' | sort >all
[ "$(wc -l <all)" = 16 ] || complain 'list does not list 16 runs'
for total in 1 2 3 7 16; do
	for ((i = 0; i < total; i++)); do
		"$program" list suite --shard "$i/$total" | awk '{print $1}'
	done | sort >parts
	holds cmp all parts
done

# More shards than runs: an empty one is not green.
expect 77 run --shard 16/17 suite
says err 'shard 16/17 has no run: only 16 were chosen'
silent out
expect 2 run --shard 0/2 --filter nothing suite
says err 'no scenario matches'

# The environment of Bazel, with its status file
export TEST_SHARD_INDEX=1 TEST_TOTAL_SHARDS=4 TEST_SHARD_STATUS_FILE=$work/status
expect 0 run suite --exclude bad --report jsonl=-
says out '"shard":{"index":1,"total":4}'
holds test -e status
cp out bazel
expect 0 run suite --exclude bad --shard 1/4 --report jsonl=-
holds cmp out bazel
rm status
expect 0 run suite --exclude bad --shard 2/4
says out 'shard 2/4'
TEST_SHARD_STATUS_FILE=$work/no/status expect 2 run suite
says err 'TEST_SHARD_STATUS_FILE'
TEST_SHARD_INDEX=4 expect 2 run suite
says err 'TEST_SHARD_INDEX=4, TEST_TOTAL_SHARDS=4'
silent out
unset TEST_TOTAL_SHARDS TEST_SHARD_STATUS_FILE
expect 2 run suite
says err 'TEST_SHARD_INDEX is set and TEST_TOTAL_SHARDS is not'
unset TEST_SHARD_INDEX

# The environment of a Kubernetes Indexed Job, which does not say how many there are
export JOB_COMPLETION_INDEX=2
expect 2 run suite
says err 'JOB_COMPLETION_INDEX is set, and nothing says of how many'
JOB_COMPLETIONS=3 expect 0 run suite --exclude bad
says out 'shard 2/3'
TEST_TOTAL_SHARDS=3 expect 0 run suite --exclude bad
says out 'shard 2/3'
JOB_COMPLETIONS=2 expect 2 run suite
expect 0 run suite --exclude bad --shard 0/1
unset JOB_COMPLETION_INDEX

# Merged, the parts are what one run says: to the byte in JSON Lines.
expect 1 run suite --repeat 2 --report jsonl=whole.jsonl --report junit=whole.xml
for i in 0 1 2; do
	"$program" run suite --repeat 2 --shard "$i/3" --report "jsonl=$i.jsonl" --report "junit=$i.xml" >/dev/null
done
expect 1 merge 2.jsonl 0.jsonl 1.jsonl
holds cmp out whole.jsonl
expect 1 merge --output merged.jsonl 0.jsonl 1.jsonl 2.jsonl
silent out
holds cmp merged.jsonl whole.jsonl
expect 1 merge 0.xml 1.xml 2.xml
counts() { sed -E 's/ (time|file|line)="[^"]*"//g' "$1" | grep -E '<testsuites?|<testcase|<failure' | sort; }
counts out >merged.counts
counts whole.xml >whole.counts
holds diff whole.counts merged.counts
if command -v xmllint >/dev/null; then
	holds xmllint --noout out
fi

# What is no complete set of shards of one run is refused, and nothing is written.
expect 2 merge 0.jsonl 2.jsonl
says err 'shard 1/3 is missing'
silent out
expect 2 merge 0.jsonl 1.jsonl 1.jsonl 2.jsonl
says err 'both shard 1/3'
"$program" run suite --shard 1/3 --seed 7 --report jsonl=seed.jsonl >/dev/null
expect 2 merge 0.jsonl seed.jsonl 2.jsonl
says err '`seed` is'
"$program" run suite --shard 1/4 --report jsonl=four.jsonl >/dev/null
expect 2 merge 0.jsonl four.jsonl 2.jsonl
says err 'of 4'
head -n 3 1.jsonl >cut.jsonl
expect 2 merge 0.jsonl cut.jsonl 2.jsonl
says err 'cut.jsonl:3: the report is cut off'
head -c 150 1.xml >cut.xml
expect 2 merge 0.xml cut.xml
says err 'cut.xml: not a JUnit report'
expect 2 merge 0.xml 1.jsonl
says err 'some files are JUnit'
expect 2 merge nowhere.jsonl
says err 'nowhere.jsonl'
expect 2 merge suite/a.yaml
says err 'suite/a.yaml'
expect 2 merge
says err 'expected the reports of shards'
: >empty
expect 2 merge empty
echo '{"type":"run"}' >short
expect 2 merge short
printf '\0\1' >binary
expect 2 merge binary
expect 2 merge 0.jsonl 1.jsonl 2.jsonl --output no/such/dir
holds test ! -e no

# All green merges green; the runs of several commands, none of them a shard, are put one behind the other.
expect 0 run suite/a.yaml --report jsonl=a.jsonl --report junit=a.xml
expect 0 run suite/b.yaml --report jsonl=b.jsonl --report junit=b.xml
expect 0 run suite/a.yaml suite/b.yaml --report jsonl=ab.jsonl
expect 0 merge a.jsonl b.jsonl
holds cmp out ab.jsonl
expect 0 merge a.xml b.xml
says out 'tests="6" failures="0"'

# A name with everything in it survives.
# shellcheck disable=SC2016
cat >names.yaml <<'END'
scenario: names
about: x
tags: [x]
matrix: {text: ["a \"b\" <c> & 'd'", "ä\n\tb"]}
realm: {ipa_bits: 33}
steps:
  - vmm.types: {text: $text}
    expect: {errno: EPERM}
END
expect 1 run names.yaml --report junit=names.xml
expect 1 merge names.xml
counts names.xml >whole.counts
counts out >merged.counts
holds diff whole.counts merged.counts

# A progress line is for terminals only, and gone at the end.
expect 0 run suite --exclude bad
silent err
if command -v script >/dev/null; then
	checks=$((checks + 1))
	TERM=xterm script -qec "$program run suite --exclude bad" typed >/dev/null
	grep -q '\[1/15\] 0 failed' typed || complain 'no progress on a terminal'
	TERM=dumb script -qec "$program run suite --exclude bad" typed >/dev/null
	! grep -q '\[1/15\]' typed || complain 'progress on a dumb terminal'
else
	echo 'SKIPPED: the progress line: there is no script(1)'
fi

finish
