#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# follow.sh - the life of one page, against what the steps mean and the order that the RMM's commands have.
#
# Usage: follow.sh RMESIM CHECKOUT
. "$(dirname "$0")/../cli/lib.sh"

running life <<'END'
  - guest.write: {ipa: 0x8020_0000, size: 8K, value: 1}
  - guest.write: {ipa: 0x8040_0000, size: 8K, value: 1}
  - guest.set_ripas: {base: 0x8020_0000, size: 8K, ripas: empty}
    on_memory_fault: stop
END

# follow ADDRESS: its life, without colour, in the file life.
follow() {
	expect 0 show life.yaml --color never --ascii --follow "$1"
	sed -n '/^the life of/,$p' out >life
}
# in_order TEXT...: these stand in the file life in this order.
in_order() {
	checks=$((checks + 1))
	awk 'BEGIN { for (i = 1; i < ARGC; i++) want[i] = ARGV[i]; num = ARGC - 1; ARGC = 1; at = 1 }
		at <= num && index($0, want[at]) { at++ }
		END { if (at <= num) { print "missing: " want[at]; exit 1 } }' "$@" <life || complain "not in this order: $*"
}

follow 0x8020_1234
says life 'the life of IPA 0x80201000'
in_order ' 1  vmm.create_realm' 'REALM_CREATE' '=> EMPTY UNASSIGNED level 2' '=> shared alias UNASSIGNED_NS level 2' \
	' 2  vmm.init_ripas' 'RTT_INIT_RIPAS' '=> RAM UNASSIGNED level 2' \
	' 5  guest.write' 'GRANULE_DELEGATE' 'DELEGATED' 'DATA_CREATE_UNKNOWN' '=> RAM ASSIGNED level 3 pa=' ' DATA' \
	'guest write ipa=0x80200000' \
	' 7  guest.set_ripas' 'DATA_DESTROY' 'DELEGATED' 'GRANULE_UNDELEGATE' 'UNDELEGATED' \
	'the end' 'REALM_DESTROY' '=> no Realm'
# What does not concern it does not stand there.
lacks life 'guest write ipa=0x80400000'
lacks life ' 6  guest.write'
lacks life 'ipa=0x80200000 -> SUCCESS data='
says out 'passed: 7 steps'

# The shared alias of the page is the same page's life.
mv life first
follow 0x1_8020_1000
tail -n +2 first >one
tail -n +2 life >two
holds cmp -s one two

# The granule that backed it has the same story from the other side.
pa=$(sed -n 's/.*RAM ASSIGNED level 3 pa=\(0x[0-9a-f]*\).*/\1/p' first)
follow "$pa"
says life "the life of the granule at $pa"
in_order ' 5  guest.write' 'page_alloc' "GRANULE_DELEGATE addr=$pa -> SUCCESS" "=> granule $pa DELEGATED" \
	"data=$pa ipa=0x80201000 -> SUCCESS" "=> granule $pa DATA" ' 7  guest.set_ripas' \
	"DATA_DESTROY rd=" "=> granule $pa DELEGATED" "GRANULE_UNDELEGATE addr=$pa" "=> granule $pa UNDELEGATED" 'page_free'
mv life one
follow "pa:$pa"
holds cmp -s one life

# A page that nobody touches
follow 0x80f0_0000
lacks life 'guest write'
says life '=> RAM UNASSIGNED level 2'

for bad in x 0x 0xzz 12q pa: ipa:x ram:0x80000000 0xffffffffffffffffff; do
	expect 2 show life.yaml --follow "$bad"
	says err '--follow: expected an address'
	silent out
done
expect 2 show life.yaml --follow 0x10_0000_0000_0000
says err 'is neither in'
expect 2 show life.yaml --follow pa:0x8020_0000
says err 'is neither in'
# 40 bits of IPA space hold DRAM's addresses too.
sed 's/ipa_bits: 33/ipa_bits: 40/' life.yaml >wide.yaml
expect 2 show wide.yaml --follow "$pa"
says err "write ipa:$pa or pa:$pa"
expect 0 show wide.yaml --follow "pa:$pa"
expect 0 show wide.yaml --follow "ipa:$pa"

finish
