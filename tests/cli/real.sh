#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# real.sh - the program itself: the scenario that README and demo show, against what the facts say of it.
#
# Usage: real.sh RMESIM CHECKOUT
. "$(dirname "$0")/lib.sh"
checkout=${2:?usage: real.sh RMESIM CHECKOUT}
shown=$checkout/scenarios/ripas/guest-gives-back-2m.yaml

expect 0 run "$shown" -v
says out 'ok      ripas.guest-gives-back-2m[page_size=4K]'
says out 'ok      ripas.guest-gives-back-2m[page_size=64K]'
says out '1 scenario, 3 runs: 3 passed'

# 2 MiB are 512 granules; each is destroyed, undelegated and gone from the map, and its table with them.
expect 0 show "$shown" --ascii --color never
says out 'DATA_DESTROY 512'
says out ' 0x80200000  ################################ > ................................'
says out '    0x80000000..0x80200000  RAM       UNASSIGNED    level 2, 1 x 2M'
says out '  * 0x80200000..0x80400000  EMPTY     UNASSIGNED    level 2, 1 x 2M'
says out 'DATA 0 (-512)'
says out 'page-table pages 0 (-1)'

# The shared alias is drawn where something is mapped there: 192K are three cells, of which one goes again.
expect 0 show "$checkout/scenarios/shared/one-page-of-many.yaml" --ascii --color never
says out ' 0x180200000  ................................ > SSS.............................'
says out ' 0x180200000  SSS............................. > S.S.............................'
says out '  * 0x180210000..0x180220000  -         UNASSIGNED_NS level 3, 16 x 4K'

# The vocabulary is the step table's.
expect 0 list --steps
for step in vmm.init_ripas guest.set_ripas vmm.set_attributes rmm.smc; do
	says out "$step"
done
expect 2 run "$shown" --kvm "$shown"
silent out
holds test -s err

# A file far from any preludes/ uses those that belong to the program; one that is not there is the only error.
cat >away.yaml <<'END'
scenario: away
about: x
use: boot/plain
steps: [guest.write: {ipa: 0x8020_0000, value: 1}]
END
expect 0 lint away.yaml
sed -i 's/plain/plian/' away.yaml
expect 2 lint away.yaml
says err 'no prelude `boot/plian`'
says err 'rmesim: 1 error'

finish
