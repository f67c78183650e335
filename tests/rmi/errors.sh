#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# errors.sh RMESIM: what cannot be read is an error with its place, exit code 2, and nothing after it runs.
set -u
rmesim=$1
failures=0
out=$(mktemp)
err=$(mktemp)
trap 'rm -f "$out" "$out.rmi" "$err"' EXIT

# expect INPUT PATTERN [LINES]: exit code 2, PATTERN on standard error, LINES lines of results.
expect() {
	printf "$1" | "$rmesim" rmi - >"$out" 2>"$err"
	code=$?
	if [ $code -ne 2 ] || ! grep -q -- "$2" "$err" || [ "$(wc -l <"$out")" -ne "${3:-0}" ]; then
		echo "input '$1': exit code $code, expected 2 and '$2'; it said:"
		cat "$out" "$err"
		failures=$((failures + 1))
	fi
}

expect 'NO_SUCH_CALL 1\n' '<stdin>:1:1: error: .NO_SUCH_CALL'
expect 'VERSION 10000\nVERSION xyz\nVERSION 10000\n' '<stdin>:2:9: error: .xyz. is not a number' 1
expect 'VERSION 0x10000\n' '<stdin>:1:9: error'
expect 'VERSION 1 2 3 4 5 6 7\n' '<stdin>:1:21: error: too many arguments'
expect 'VERSION 11111111111111111\n' '<stdin>:1:9: error'
expect '.nothing\n' '<stdin>:1:1: error: ..nothing'
expect '  .w64 0 1\n' '<stdin>:1:8: error: 0+8 is not all in DRAM'
expect 'GRANULE_DELEGATE 100000000\n.w64 100000000 1\n' '2:6: error: the granule at 100000000 is not Non-secure' 1
expect 'GRANULE_DELEGATE 100001000\n.fill 100000000 1001 1\n' '2:7: error: the granule at 100001000' 1
expect 'GRANULE_DELEGATE 100000000\n.r64 100000000\n' '2:6: error: the granule at 100000000' 1
expect '.w8 100000000 100\n' '1:15: error: 100 does not fit into a byte'
expect 'VERSION\n.dram 0 1000\n' '2:1: error: .dram must come before' 1
expect 'VERSION\n.platform s2sz=28\n' '2:1: error: .platform must come before' 1
expect '.dram 1 1000\n' '1:7: error: DRAM is a range of whole granules'
expect '.dram fffffffffe000 3000\n' '1:7: error: DRAM is a range of whole granules'
expect '.platform s3sz=28\n' '1:11: error: there is no platform setting'
expect '.platform s2sz=100\n' '1:16: error: .s2sz. is at most ff'
expect '.platform s2sz\n' '1:11: error: expected KEY=VALUE'
expect '.platform s2sz=ff\nVERSION\n' '2:1: error: the platform'
expect '.realm jump 1\n' '1:8: error: .jump.: expected rsi'
expect '.realm rmi NOPE\n' '1:12: error: .NOPE'
expect '.realm read\n' '1:8: error: .read. needs at least 1'
expect '.realm read 0 0\n' '1:15: error: an access has 1 to 1000 bytes'
expect '.realm write 0 1 1001\n' '1:18: error: an access has 1 to 1000 bytes'
expect '.realm write 0 1 8 9\n' '1:20: error: too many arguments'
expect '.realm w64 100000000\n' '1:8: error: .w64. needs at least 2 arguments'
expect '.realm fill 100000000 8 100\n' '1:25: error: 100 does not fit into a byte'
expect '.gpt 100000001 root\n' '1:6: error: 100000001 is not the address of an UNDELEGATED granule'
expect '.gpt 100000000 realm\n' '1:16: error: .realm.: expected ns, secure, root or aap'
expect 'GRANULE_DELEGATE 100000000\n.gpt 100000000 root\n' '2:6: error: 100000000 is not the address of an UNDELEGATED' 1
expect '.gran 100000001\n' '1:7: error: 100000001 is not the address of a granule'

"$rmesim" rmi >"$out" 2>"$err"
[ $? -eq 2 ] && grep -q 'a FILE is expected' "$err" || { echo "no FILE: wrong answer"; failures=$((failures + 1)); }
"$rmesim" rmi /does/not/exist >"$out" 2>"$err"
[ $? -eq 2 ] && grep -q '/does/not/exist: error: cannot open' "$err" || { echo "no such file: wrong answer"; failures=$((failures + 1)); }
"$rmesim" rmi / >"$out" 2>"$err"
[ $? -eq 2 ] && grep -q 'cannot read' "$err" || { echo "a directory: wrong answer"; failures=$((failures + 1)); }
"$rmesim" rmi --help >"$out" 2>"$err"
[ $? -eq 0 ] && grep -q '^Usage: rmesim rmi' "$out" || { echo "--help: wrong answer"; failures=$((failures + 1)); }
# A granule on one line, by words and by bytes: "ADDR v...".
{
	printf '.w64 100000000'
	seq 1 512 | xargs printf ' %x'
	printf '\n.w8 100001000'
	seq 1 4096 | awk '{ printf " %x", $1 % 256 }'
	printf '\n.r64 100000ff8 2\n.r64 100001ff8\n'
} | "$rmesim" rmi - >"$out" 2>"$err"
[ $? -eq 0 ] && [ "$(tr '\n' ' ' <"$out")" = '200 807060504030201 fffefdfcfbfaf9 ' ] || {
	echo "a granule on one line: wrong answer"
	cat "$out" "$err"
	failures=$((failures + 1))
}
# As many RECs as fit run at once, each entered while the one before runs: one too many is an error.
awk 'BEGIN {
	base = 268435456
	print ".dram 10000000 1000000\n.platform rec_aux=0"
	for (i = 0; i < 526; i++)
		printf "GRANULE_DELEGATE %x\n", base + 1048576 + i * 4096
	printf ".w64 %x 0 20\n.w8 %x 1\n.w8 %x 1\n.w64 %x %x 2 4\n", base, base + 24, base + 32, base + 2056, base + 1048576
	printf "REALM_CREATE %x %x\n", base + 1064960, base
	printf ".w64 %x 1\n", base + 4096
	for (i = 0; i < 513; i++) {
		printf ".w64 %x %x\n", base + 4352, i % 16 + 256 * int(i / 16)
		printf "REC_CREATE %x %x %x\n", base + 1064960, base + 1069056 + i * 4096, base + 4096
	}
	printf "REALM_ACTIVATE %x\n", base + 1064960
	for (i = 1; i < 513; i++)
		printf ".realm rmi REC_ENTER %x %x\n", base + 1069056 + i * 4096, base + 8192
	printf "REC_ENTER %x %x\n", base + 1069056, base + 8192
}' >"$out.rmi"
"$rmesim" rmi "$out.rmi" >"$out" 2>"$err"
[ $? -eq 2 ] && grep -q ":2073:8: error: more than 512 RECs" "$err" && ! grep -qv '^0 0 0 0 0$' "$out" || {
	echo "many RECs: wrong answer"
	sort "$out" "$err" | uniq -c | tail -5
	failures=$((failures + 1))
}
# A line that never ends is refused, not read to the end of memory.
head -c 1000000 /dev/zero | tr '\0' 'a' | "$rmesim" rmi - >"$out" 2>"$err"
[ $? -eq 2 ] && grep -q '<stdin>:1:1: error: the line is longer' "$err" || { echo "long line: wrong answer"; failures=$((failures + 1)); }

[ $failures -eq 0 ]
