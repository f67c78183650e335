#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# show.sh - the map, checked against what the double's pages are by construction. 16M in 256 cells: 64K each.
. "$(dirname "$0")/lib.sh"

scenario life '
  - vmm.init_ripas: {base: 0x8000_0000, size: 16M}
  - guest.write: {ipa: 0x8020_0000, size: 1M}
  - guest.write: {ipa: 0x8060_0000, size: 4K}
  - {name: given back, guest.set_ripas: {base: 0x8020_0000, size: 512K, ripas: empty}}
  - guest.read: {ipa: 0x8000_0000}'

row() { # ADDRESS BEFORE AFTER [ARROW]
	says out " $1  $2 ${4:-" "} $3"
}
dots=................................
rams=--------------------------------

expect 0 show life.yaml --ascii
says out 'a character is 64K of IPA space, a row 2048K'
# RAM comes
row 0x80000000 "$dots" "$rams" '>'
row 0x80e00000 "$dots" "$rams" '>'
says out '  * 0x80000000..0x81000000  RAM       UNASSIGNED    level 2, 8 x 2M'
# one megabyte is written: 16 cells
row 0x80200000 "$rams" '################----------------' '>'
says out '  * 0x80200000..0x80300000  RAM       ASSIGNED      level 3, 256 x 4K'
says out 'granules  DATA 256 (+256)  RTT 1 (+1)'
# a single page makes its cell mixed, and the list is exact
row 0x80600000 "$rams" '%-------------------------------' '>'
says out '  * 0x80600000..0x80601000  RAM       ASSIGNED      level 3, 1 x 4K'
# half of it goes
says out '(given back)'
row 0x80200000 '################----------------' '........########----------------' '>'
row 0x80400000 "$rams" "$rams"
says out '  * 0x80200000..0x80280000  EMPTY     UNASSIGNED    level 3, 128 x 4K'
says out '    0x80280000..0x80300000  RAM       ASSIGNED      level 3, 128 x 4K'
holds test "$(grep -c 'the map is unchanged' out)" = 1
says out 'realm     33-bit IPA space, protected below 0x100000000; slots 0x80000000..0x81000000'
says out 'legend    --- RAM                 ### RAM, backed         ... EMPTY'
lacks out '0x180000000'
says out 'passed: 6 steps, 386 RMI calls; everything was given back'
lacks out '░'
lacks out $'\033'

expect 0 show life.yaml
says out '████████████████░░░░░░░░░░░░░░░░'
LANG=de_DE.ISO-8859-1 expect 0 show life.yaml
lacks out '█'
expect 0 show life.yaml --color always
says out $'\033[0;32m████████'

# By name, and which of several
mkdir scenarios
cat >scenarios/m.yaml <<'END'
scenario: theme.matrix
about: several runs
level: long
matrix: {page_size: [4K, 16K]}
machine: {page_size: $page_size}
realm: {ipa_bits: 33}
steps:
  - vmm.create_realm:
  - vmm.types: {size: $page_size}
END
expect 0 show theme.matrix
says out 'scenario  theme.matrix[page_size=4K]'
says out 'This was the first of 2 runs that match'
expect 0 show 'theme.matrix[page_size=16K]' scenarios
says out 'scenario  theme.matrix[page_size=16K]'
lacks out 'This was the first'
expect 2 show nothing.like-it
says err 'no scenario matches'
expect 2 show nofile.yaml
says err 'cannot open'
expect 2 show

# A failure is drawn up to where it happened, and explained.
scenario bad '  - vmm.fail: {errno: 1}'
expect 1 show bad.yaml
says out 'failed: outcome: expected ok, found error, EPERM'
says out '--filter bad'
scenario crash '  - vmm.break: {how: crash}'
expect 1 show crash.yaml
says out ' 1  vmm.create_realm'
says out 'crashed: signal 11'

finish
