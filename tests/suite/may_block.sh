#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# may_block.sh - an unmap that may block gives mmu_lock up on its way, one within a RIPAS change does not.
#
# Usage: may_block.sh RMESIM CHECKOUT
#
# The answer of both is the same (the scenarios say so); only the trace shows the lock.

set -u
rmesim=${1:?usage: may_block.sh RMESIM CHECKOUT}
cd "${2:?usage: may_block.sh RMESIM CHECKOUT}" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

# drops SCENARIO STEP FIRST LAST: how often mmu_lock was dropped in the step of that
# name between the first RMI call FIRST and the last call LAST.
drops() {
	"$rmesim" run "scenarios/unmap/$1.yaml" --filter '*page_size=4K*' --trace "$work/trace" >"$work/out" 2>&1 \
		</dev/null || {
		cat "$work/out" >&2
		return 1
	}
	awk -v step="$2" -v first="\"name\":\"$3\"" -v last="\"name\":\"$4\"" '
		index($0, "\"kind\":\"step_begin\"") { on = index($0, "\"text\":\"" step "\"") > 0 }
		!on { next }
		index($0, first) { begun = 1 }
		!begun { next }
		index($0, "\"name\":\"lock\"") && index($0, "\"text\":\"kvm->mmu_lock\"") &&
			index($0, "\"values\":[\"0x0\"") { pending++ }
		index($0, last) { drops += pending; pending = 0; seen++ }
		END { if (!seen) exit 1; print drops + 0 }' "$work/trace" || {
		printf 'the trace of %s has no %s in %s\n' "$1" "$4" "$2" >&2
		return 1
	}
}

change=$(drops ripas-change-does-not-block guest.set_ripas RTT_SET_RIPAS DATA_DESTROY) || exit 1
attribute=$(drops long-unmap-may-block vmm.set_attributes DATA_DESTROY DATA_DESTROY) || exit 1
printf 'mmu_lock was dropped %s times within the RIPAS change, %s times within the attribute change\n' \
	"$change" "$attribute"
# 128 KiB are 32 pages of 4 KiB; somebody waits for the lock after each of them.
[ "$change" = 0 ] && [ "$attribute" -ge 16 ]
