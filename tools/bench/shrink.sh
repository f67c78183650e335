#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# shrink.sh [--steps N] BUILD-DIR [DEFECT...] - how long findings of N steps (200) take to be made small.
#
# For each planted defect of tools/canaries/host (without names: those below) the few steps that show it are spread
# over N steps of a VMM and a guest that go about something else, and `rmesim shrink` is to find them again.
# The bar: 30 seconds each, and at most two steps more than the fewest known.
set -u
steps=200
if [ "${1:-}" = --steps ]; then
	steps=$2
	shift 2
fi
[ $# -ge 1 ] || { echo "usage: $0 [--steps N] BUILD-DIR [DEFECT...]" >&2; exit 2; }
here=$(realpath "$(dirname "$0")")
build_dir=$(realpath "$1")
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# The steps that show a defect, in order, behind those that make the realm; one a line, at the places that the
# noise below leaves alone: the first 4 MiB of the slot.
core() {
	case $1 in
	unmap-one-page-less)
		echo '  - guest.write: {ipa: 0x8000_1000, value: 1}'
		echo '  - guest.set_ripas: {base: 0x8000_0000, size: 8K, ripas: empty}'
		;;
	empty-stays-mapped)
		echo '  - guest.write: {ipa: 0x8020_0000, size: 8K, value: 7}'
		echo '  - guest.set_ripas: {base: 0x8020_0000, size: 8K, ripas: empty}'
		echo '    on_memory_fault: stop'
		;;
	hole-keeps-last-page)
		echo '  - guest.write: {ipa: 0x8010_3000, value: 9}'
		echo '  - vmm.punch_hole: {base: 0x8010_0000, size: 16K}'
		;;
	private-half-always)
		echo '  - guest.write: {ipa: 0x8030_0000, value: 3}'
		echo '  - vmm.munmap: {base: 0x8030_0000, size: 4K}'
		;;
	shared-alias-stays)
		echo '  - vmm.set_attributes: {base: 0x8010_0000, size: 4K, to: shared}'
		echo '  - guest.write: {ipa: 0x1_8010_0000, value: 5}'
		echo '  - vmm.mmap: {base: 0x8010_0000, size: 4K}'
		echo '  - guest.read: {ipa: 0x1_8010_0000}'
		;;
	*) return 1 ;;
	esac
}

# Line by line: a step begins with its dash. Between two steps of the core there is as much noise as before and behind.
spread() {
	awk -v total="$steps" '
	function noise(n,    at) {
		at = sprintf("0x%x", 2147483648 + 8388608 + (n * 7919 % 1024) * 4096)
		if (n % 5 == 0) return "  - guest.write: {ipa: " at ", value: " n % 200 + 20 "}"
		if (n % 5 == 1) return "  - guest.read: {ipa: " at "}"
		if (n % 5 == 2) return "  - guest.get_ripas: {base: " at "}"
		if (n % 5 == 3) return "  - vmm.write: {base: " at ", size: 8K, value: " n % 10 "}"
		return "  - vmm.read: {base: " at ", size: 4K}"
	}
	/^  - / { num++ }
	{ text[num] = text[num] $0 "\n" }
	END {
		left = total - num - 4
		for (i = 1; i <= num + 1; i++) {
			for (; done < left * i / (num + 1); done++) print noise(done)
			if (i <= num) printf "%s", text[i]
		}
	}'
}

for defect in ${*:-unmap-one-page-less empty-stays-mapped hole-keeps-last-page \
	private-half-always shared-alias-stays}; do
	core "$defect" >"$work/core" || { echo "$0: $defect: no steps are known that show it" >&2; exit 2; }
	least=$((4 + $(grep -c '^  - ' "$work/core")))
	"$here/../canaries/build" "$build_dir" "$here/../canaries/host/$defect.patch" "$work/kvm-4k.so" || exit 2
	{
		echo "scenario: long"
		echo "about: $defect, among other things"
		echo "realm: {ipa_bits: 33, slots: [{base: 0x8000_0000, size: 16M}]}"
		echo "steps:"
		echo "  - vmm.create_realm:"
		echo "  - vmm.init_ripas: {base: 0x8000_0000, size: 16M}"
		echo "  - vmm.create_vcpus:"
		echo "  - vmm.activate:"
		spread <"$work/core"
	} >"$work/long.yaml"
	begin=$(date +%s%N)
	"$build_dir/bin/rmesim" shrink "$work/long.yaml" --kvm "$work/kvm-4k.so" -o "$work/small.yaml" 2>"$work/err" ||
		{ cat "$work/err" >&2; exit 2; }
	ms=$((($(date +%s%N) - begin) / 1000000))
	now=$(grep -c -E '^  - ' "$work/small.yaml")
	verdict=met
	if [ $ms -gt 30000 ] || [ "$now" -gt $((least + 2)) ]; then
		verdict=missed
		failed=1
	fi
	printf '%-24s %5d ms, %d steps of %d (fewest known: %d), %s; bar %s\n' "$defect" $ms "$now" "$steps" $least \
		"$(sed -n 's/.* in \([0-9]* attempts\).*/\1/p' "$work/err")" $verdict
done
exit $failed
