#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# lives.sh - what a thousand short scenarios cost beyond their processes.
#
# Usage: lives.sh [RMESIM]      (default: build/release/bin/rmesim)
#
# CPU seconds, user and system, of 1000 runs in 1000 processes: of one that does nothing, of one that makes a
# realm and activates it, and of one whose guest also writes 64 KiB. The target is under 1 s beyond the first.

set -eu
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rmesim=$(realpath "${1:-$checkout/build/release/bin/rmesim}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
ln -s "$checkout/preludes" preludes

cat >nothing.yaml <<'END'
scenario: nothing
about: a process that does nothing
machine: {kvm: none, memory: 2M}
steps: [note: nothing]
END
cat >made.yaml <<'END'
scenario: made
about: a realm that is made, activated and closed
realm: {ipa_bits: 33, slots: [{base: 0x8000_0000, size: 2M}]}
steps: [vmm.create_realm: , vmm.create_vcpus: , vmm.activate: ]
END
cat >lived.yaml <<'END'
scenario: lived
about: a realm whose guest does something
use: boot/plain
steps: [guest.write: {ipa: 0x8020_0000, size: 64K, value: 0x11}]
END

TIMEFORMAT='%U %S'
for name in nothing made lived; do
	times=$({ time "$rmesim" run "$name.yaml" --repeat 1000 -j1 --report text=out >/dev/null 2>&1; } 2>&1)
	awk -v name="$name" '{printf "%-8s %.2f s CPU (user %.2f, system %.2f)\n", name, $1 + $2, $1, $2}' <<<"$times"
	grep -q '1000 passed' out
done
