#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# input.sh - files that nobody writes on purpose: huge, deep, binary, special. Always a message and 2.
. "$(dirname "$0")/lib.sh"

# refused TEXT: lint refuses bad.yaml with this message, quickly and in little memory.
refused() {
	last="rmesim lint bad.yaml ($1)"
	(
		# Sanitizers reserve terabytes of addresses.
		[ -n "${RMESIM_TEST_SANITIZED:-}" ] || ulimit -v 1000000
		timeout 20 "$program" lint bad.yaml >out 2>err </dev/null
	)
	status=$?
	holds test $status = 2
	says err "$1"
	silent out
}

head -c 100000000 /dev/zero | tr '\0' '[' >bad.yaml
refused 'the file is too large'
head -c 4000000 /dev/zero | tr '\0' '[' >bad.yaml
refused 'nested too deeply'
head -c 4000000 /dev/zero | tr '\0' '{' >bad.yaml
refused 'nested too deeply'
yes -- '- ' | tr -d '\n' | head -c 4000000 >bad.yaml
refused 'error:'
yes ' ' | awk '{ printf "%*s-\n", NR, "" }' | head -c 4000000 >bad.yaml
refused 'nested too deeply'
head -c 4000000 /dev/zero | tr '\0' 'a' >bad.yaml
refused 'expected a map of keys and values'
{ printf 'scenario: "'; head -c 4000000 /dev/zero | tr '\0' 'a'; printf '"\n'; } >bad.yaml
refused 'error:'
yes 'a: 1' | head -c 40000 >bad.yaml
refused 'too many errors'
{ echo 'scenario: a'; echo 'steps:'; yes '  - frobnicate:' | head -n 30000; } >bad.yaml
refused 'too many errors'
{ echo 'scenario: a'; echo 'steps:'; yes '  - note: x' | head -n 60000; } >bad.yaml
refused 'too large'
for i in $(seq 300); do echo "a$i: &a$i x"; done >bad.yaml
refused 'too many anchors'
{ echo 'a: &a x'; for i in $(seq 1100); do echo "b$i: *a"; done; } >bad.yaml
refused 'too many aliases'
# Whatever comes behind a byte that no text has.
{ printf '\377'; head -c 3000000 /dev/urandom; } >bad.yaml
refused 'bad.yaml:1:1:'
head -c 100000 /dev/zero >bad.yaml
refused 'control character 0x00'
cp "$program" bad.yaml 2>/dev/null && truncate -s 1000000 bad.yaml && refused 'expected UTF-8 text'
rm bad.yaml
mkfifo bad.yaml
refused 'the file is empty'
rm bad.yaml
expect 2 lint /dev/zero
expect 2 lint /dev/null
says err 'the file is empty'

finish
