#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# planted.sh - each defect of planted.h is found by the checker that is there for it, at a line of the host's own
# source; a host without any is found sound.
#
# Usage: planted.sh RMESIM DIRECTORY KVM-BUILD PATTERN-BUILD ZERO-BUILD

set -u
export LC_ALL=C
usage='usage: planted.sh RMESIM DIRECTORY KVM-BUILD PATTERN-BUILD ZERO-BUILD'
rmesim=${1:?$usage}
life=${2:?$usage}/life.yaml
kvm=${3:?$usage} pattern=${4:?$usage} zero=${5:?$usage}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0

# run BUILD PAGE_SIZE DEFECT: the scenario's exit status, its output in $work/out
run() {
	local filter=(--filter "*page_size=$2*")
	[ "${life##*/}" = life.yaml ] || filter=()
	RMESIM_PLANTED=$3 "$rmesim" run "$life" --kvm "$1" "${filter[@]}" --color never -v \
		</dev/null >"$work/out" 2>&1
}

# found BUILD PAGE_SIZE DEFECT REGEX: the defect fails the scenario, with a finding like that
found() {
	run "$1" "$2" "$3"
	local status=$?
	[ "$status" = 1 ] && grep -q -E -e "$4" "$work/out" && return
	cat "$work/out"
	printf 'FAILED: %s in %s: exit status %s, expected 1 and a line like: %s\n' "$3" "${1##*/}" "$status" "$4"
	failed=1
}

for build in "$kvm 4K" "$pattern 16K" "$zero 16K"; do
	# shellcheck disable=SC2086
	run $build nothing && continue
	cat "$work/out"
	printf 'FAILED: nothing is planted in %s\n' "$build"
	failed=1
done

# What is planted, which rule speaks, and where: function, file and line.
while read -r defect rule where; do
	found "$kvm" 4K "$defect" "$rule: $where:[0-9]+: "
done <<-'EOF'
	lock-kept               warn/lock-held-at-return  realm_init_sve_param: sim/kvm/rme\.c
	lock-taken-twice        warn/lock-recursion       realm_populate_page: sim/kvm/rme\.c
	lock-dropped-twice      warn/lock-imbalance       realm_populate_page: sim/kvm/rme\.c
	lock-order              warn/lock-order           kvm_create_rec: sim/kvm/rme\.c
	lock-dropped            warn/lock-dropped         realm_resched: sim/kvm/rme\.c
	srcu-kept               warn/lock-held-at-return  kvm_populate_realm: sim/kvm/rme\.c
	srcu-dropped-twice      warn/srcu-imbalance       kvm_populate_realm: sim/kvm/rme\.c
	allocation-sleeps       warn/sleep-in-atomic      alloc_delegated_granule: sim/kvm/rme\.c
	user-access-under-lock  warn/sleep-in-atomic      realm_populate_page: sim/kvm/rme\.c
	cache-drained           warn/WARN                 alloc_delegated_granule: sim/kvm/rme\.c
	page-freed-twice        warn/double-free          kvm_create_realm: sim/kvm/rme\.c
	page-used-after-free    warn/use-after-free       kvm_create_realm: sim/kvm/rme\.c
	refcount-below-zero     warn/refcount-underflow   alloc_rec_aux: sim/kvm/rme\.c
	accounted-after-free    warn/use-after-free       free_rtt: sim/kvm/rme\.c
	accounted-another       warn/wrong-owner          alloc_rtt: sim/kvm/rme\.c
	rmm-page-cleared        warn/granule-protection   realm_destroy_private_granule: sim/kvm/rme\.c
EOF

# The audit speaks at the first RMI call that is made without it, before the host's own assertion is reached.
found "$kvm" 4K lock-not-taken 'host-audit/mmu-lock: KVM_RUN: RTT_SET_RIPAS at 0x80200000: kvm->mmu_lock is not held for writing'

# What stays too long has no line that is wrong: the audit names the memory.
found "$kvm" 4K page-leaked 'host-audit/gmem-refcount'
found "$kvm" 4K undelegate-forgotten 'host-audit/left-delegated'

# Hosts that do not come back.
found "$kvm" 4K endless-call 'liveness/endless-call'
found "$kvm" 4K crash 'crash/.*planted_end'

# What the host does before the first step counts, too.
found "$kvm" 4K boot-warns 'warn/WARN: kvm_init_rme: sim/kvm/rme\.c:[0-9]+: '

# A part of a host page that stays mapped after the guest gave it back.
for build in "$kvm 4K" "$zero 16K"; do
	# shellcheck disable=SC2086
	found $build granule-kept 'contract/backed.* is backed, and it is not the guest'
done

# Steps that overlap in time, and behind them: what one of them alone was for, and what all orders have in common.
life=${life%/*}/race.yaml
run "$kvm" 4K nothing || { cat "$work/out"; echo 'FAILED: nothing is planted in the race'; failed=1; }
found "$kvm" 4K granule-kept 'contract/backed.*IPA 0x80401000\.\..* is backed, and it is not the guest'
found "$kvm" 4K retry-not-asked 'contract/access.*the guest accessed IPA 0x80200000, which the VMM took away from it'
life=${life%/*}/life.yaml

# A store to a page that is free: sanitizers see the store itself, other builds find the page changed when it is taken.
found "$kvm" 4K page-written-after-free \
	'warn/write-after-free: .*: page 0x[0-9a-f]+ was written|crash/.*sim/kvm/rme\.c:[0-9]+'

# What a function never wrote is large in one build and 0 in the other: pages are skipped, or a check says no.
found "$pattern" 16K output-not-written 'contract/backed.*IPA 0x80210000\.\..* is backed, and it is not the guest'
found "$zero" 16K output-not-written 'warn/WARN: realm_destroy_private_granule: sim/kvm/rme\.c:[0-9]+: '
exit "$failed"
