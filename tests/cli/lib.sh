# SPDX-License-Identifier: BSD-3-Clause
# lib.sh - sourced by the tests of the command line. Each check says what it looked at when it fails.
#
# Usage: . lib.sh "$@"    with the program under test as first argument

set -u
program=$(realpath "${1:?usage: $0 PROGRAM}") || exit 2
here=$(realpath "$(dirname "$0")") || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
unset NO_COLOR LC_ALL LC_CTYPE LANG
checks=0
failures=0

complain() {
	printf 'FAILED: %s\n' "$1"
	printf '  command: %s\n' "$last"
	sed 's/^/  out: /' out | head -n 30
	sed 's/^/  err: /' err | head -n 30
	failures=$((failures + 1))
}

# expect STATUS ARGUMENT...: the program ends with that status. Leaves its output in out and err.
expect() {
	local wanted=$1 status
	shift
	last="rmesim $*"
	"$program" "$@" >out 2>err </dev/null
	status=$?
	checks=$((checks + 1))
	[ "$status" = "$wanted" ] || complain "status $status, expected $wanted"
}

# says FILE TEXT, silent FILE: what a file (out, err, ...) has.
says() {
	checks=$((checks + 1))
	grep -qF -e "$2" "$1" || complain "$1 does not say: $2"
}
lacks() {
	checks=$((checks + 1))
	grep -qF -e "$2" "$1" && complain "$1 says: $2"
}
silent() {
	checks=$((checks + 1))
	[ -s "$1" ] && complain "$1 is not empty"
}
# holds COMMAND...: any other condition.
holds() {
	checks=$((checks + 1))
	"$@" || complain "not so: $*"
}

# scenario NAME STEPS [LINES]: writes NAME.yaml with these steps.
scenario() {
	cat >"$1.yaml" <<END
scenario: $1
about: a test
${3:-tags: [x]}
realm: {ipa_bits: 33, slots: [{base: 0x8000_0000, size: 16M}]}
steps:
  - vmm.create_realm:
$2
END
}

# running NAME: writes NAME.yaml with the steps that it reads, in a Realm that runs.
running() {
	scenario "$1" "  - vmm.init_ripas: {base: 0x8000_0000, size: 16M}
  - vmm.create_vcpus:
  - vmm.activate:
$(cat)"
}

finish() {
	printf '%d checks, %d failed\n' "$checks" "$failures"
	[ "$failures" = 0 ] && [ "$checks" -gt 0 ]
	exit
}
