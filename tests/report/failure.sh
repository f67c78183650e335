#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# failure.sh - what a failure tells of the state before the step and after, against what the steps mean.
#
# Usage: failure.sh RMESIM CHECKOUT
. "$(dirname "$0")/../cli/lib.sh"

# The guest writes 64K, which is 16 pages and a table for them; giving back the 2M around them frees all.
# What is expected is about other addresses than the step's.
running given-back <<'END'
  - guest.write: {ipa: 0x8000_0000, size: 64K, value: 1}
  - guest.set_ripas: {base: 0x8000_0000, size: 2M, ripas: empty}
    on_memory_fault: stop
  - expect:
      hipas: {0x8000_8000+4K: assigned}
      granules: {data: 16}
END
expect 1 run given-back.yaml
says out 'around 0x80008000 of realm'
says out '> 0x0080000000..0x0080010000  RAM       ASSIGNED      level 3   EMPTY     UNASSIGNED    level 2'
says out '  0x0080010000..0x0080200000  RAM       UNASSIGNED    level 3   EMPTY     UNASSIGNED    level 2'
says out '  0x0080200000..0x0081000000  RAM       UNASSIGNED    level 2'
holds grep -qE 'walk before .* TABLE > level 3 0x[0-9a-f]+\[8\] ASSIGNED RAM pa=0x[0-9a-f]+$' out
holds grep -qE 'walk after +level 2 0x[0-9a-f]+\[0\] UNASSIGNED EMPTY$' out
holds grep -qE 'granules .*DATA 0 \(-16\), RTT 8 \(-1\)$' out
says out 'pgtable_pages 0 (-1)'
says out 'locks     0 held; WARNs 0'
says out 'reproduce: '
# It fits on a screen; -v says more.
holds test "$(wc -l <out)" -le 40
mv out short
expect 1 run given-back.yaml -v
holds test "$(wc -l <out)" -gt "$(wc -l <short)"
says out "DATA_CREATE_UNKNOWN"

# The first step has nothing before it that could be drawn.
cat >first.yaml <<'END'
scenario: first
about: x
realm: {ipa_bits: 33, slots: [{base: 0x8000_0000, size: 16M}]}
steps:
  - vmm.create_realm:
    expect: {errno: EPERM}
END
expect 1 run first.yaml
says out 'granules  RD 1 (+1)'
lacks out 'walk before'

# The same words, whatever the number of runs beside it; with an injected fault the second look has it too.
cat >fault.yaml <<'END'
scenario: fault
about: x
realm: {ipa_bits: 33, slots: [{base: 0x8000_0000, size: 16M}]}
faults:
  - {point: rmi.GRANULE_DELEGATE, nth: 40}
steps:
  - vmm.create_realm:
  - vmm.init_ripas: {base: 0x8000_0000, size: 16M}
  - vmm.init_ripas: {base: 0x8000_0000, size: 16M}
    expect: {errno: EPERM}
END
expect 1 run fault.yaml
# An RD, and 8 tables at level 2 for 2^33 bytes.
says out 'injected faults until then'
says out '    rmi.GRANULE_DELEGATE nth=40 status=ERROR_INPUT: reached 9 times, has not happened'
expect 1 run fault.yaml given-back.yaml first.yaml -j 1
tail -n +2 out >one
expect 1 run fault.yaml given-back.yaml first.yaml -j 3
tail -n +2 out >two
holds cmp -s one two

# An expected outcome that is not so says what came back.
running policy <<'END'
  - guest.set_ripas: {base: 0x8020_0000, size: 4K, ripas: empty}
    on_memory_fault: return
    expect: {outcome: sea}
END
expect 1 run policy.yaml
says out 'outcome: expected sea, found stopped; exit memory_fault gpa=0x80200000 size=0x1000'

finish
