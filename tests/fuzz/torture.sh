#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# torture.sh - `rmesim torture` as a user types it.
source_dir=$(realpath "$2") build_dir=$(realpath "$3") || exit 2
. "$source_dir/tests/cli/lib.sh"

cat >one.yaml <<'END'
scenario: one
about: a page is touched and given back
realm: {ipa_bits: 33, slots: [{base: 0x8000_0000, size: 2M}]}
steps:
  - vmm.create_realm:
  - vmm.init_ripas: {base: 0x8000_0000, size: 2M}
  - vmm.create_vcpus:
  - vmm.activate:
  - guest.write: {ipa: 0x8000_0000, value: 1}
  - guest.set_ripas: {base: 0x8000_0000, size: 4K, ripas: empty}
END

# What fails, how often, and in which call: the table has a row for each; every point is named or listed.
expect 0 torture one.yaml
says out 'KVM_ARM_VCPU_FINALIZE                rmi.GRANULE_DELEGATE '
says out 'KVM_RUN                              gmem_page '
says out 'never reached: bitmap_alloc'
says out '1 run of scenarios tortured, 0 left out'
says out ', 0 findings'
cp out first
expect 0 torture one.yaml -j 3
holds cmp -s out first

# The first KVM_RUN takes one page from the guest_memfd and the realm has 17 granules for its REC.
expect 0 torture one.yaml --point gmem_page
says out ' 1 faulted runs'
expect 0 torture one.yaml --point gmem_page --nth 1
says out 'KVM_RUN                              gmem_page                       1         1         0         0'
expect 2 torture one.yaml --point gmem_page --nth 2
says err 'nothing failed'
expect 0 torture one.yaml --shallow 2 --point rmi.GRANULE_DELEGATE
says out ' 2 faulted runs'
expect 0 torture one.yaml --class rmm --point rmi.RTT_CREATE --nth 1
says out ' 2 faulted runs'
expect 0 torture one.yaml --class rmm --point rmi.RTT_CREATE --nth 1 --status ERROR_RTT
says out ' 1 faulted runs'
expect 0 torture one.yaml --pairs --point page_zalloc --nth 1
says out ' 8 faulted runs'

# Dropping the lock at every cond_resched of a step is one run, at each of them alone is many. The teardown walks
# the 512 pages of the slot, and drops it at least once for each.
expect 0 torture one.yaml --point resched
says out 'exit_group                           resched                         1         0         1         0'
expect 0 torture one.yaml --point resched --single
holds test "$(sed -n 's/^exit_group  *resched  *\([0-9]*\) .*/\1/p' out)" -ge 512
expect 0 torture one.yaml --point resched --single --nth 2
says out ' 1 faulted runs'
# The parts of a whole are the whole, and the first finding can be enough.
expect 0 torture one.yaml --shard 0/2
expect 77 torture one.yaml --shard 1/2

# The VMM fails to take away what the guest wants to be rid of, and so it is changed: what the guest asked for is no finding
# after an error, nor that the step does its work when it is tried again.
expect 0 torture "$source_dir/scenarios/ripas/no-consent-where-a-table-went.yaml" --point user_access
expect 0 torture "$source_dir/scenarios/ripas/backed-while-a-change-waits.yaml" --filter '*4K*' --point user_access

# A raw call that fails with and without the fault has reported it, done or not, with the errnos of the call that it is.
expect 0 torture "$source_dir/scenarios/ripas/completed-by-a-run-of-its-own.yaml"
says out 'KVM_RUN                              signal '
expect 0 torture "$source_dir/scenarios/scarce/populate-beyond-the-half.yaml" --point rmi.GRANULE_DELEGATE

# What overlaps fails, too: the page of a populate that must start again since a hole is punched there, ended by a
# signal. Both threads are in it under each schedule; that none is left out shows in the defect that only they show.
race=$source_dir/scenarios/parallel/populate-against-a-hole.yaml
expect 0 torture "$race"
says out 'fallocate(PUNCH_HOLE)                rmi.GRANULE_UNDELEGATE '
says out 'KVM_CAP_ARM_RME_POPULATE_REALM       signal '
cp out race
expect 0 torture "$race" -j 3
holds cmp -s out race
"$source_dir/tools/canaries/build" "$build_dir" \
	"$source_dir/tools/canaries/host/populate-signal-keeps-pages.patch" planted-4k.so || exit 2
expect 1 torture "$race" --kvm planted-4k.so
says out 'FINDING host-audit/gmem-refcount in KVM_CAP_ARM_RME_POPULATE_REALM'
says out 'fault: signal, hit 1, in KVM_CAP_ARM_RME_POPULATE_REALM'
again=$(sed -n 's/.* --filter [^ ]* \(.*\) --kvm .*/\1/p' out | head -n 1)
schedule=$(sed -n 's/.*how it is run: `\(.*\)` at line .*/\1/p' out | head -n 1)
# shellcheck disable=SC2086
expect 1 torture "$race" $again --kvm planted-4k.so
says out ' 1 faulted runs'
expect 0 torture "$race" $again
says out ' 1 faulted runs'
# As a scenario it fails in the same way, and only with the defect.
sed "s/schedules: .*/$schedule/; s/- vmm.populate:.*/&\n            expect: {errno: EINTR}/
	s/^steps:/faults: [{point: signal, nth: 1}]\n&/" "$race" >race.yaml
expect 1 run race.yaml --kvm planted-4k.so
says out 'host-audit/gmem-refcount'
lacks out 'expected EINTR'
# A scenario without `parallel:` has one schedule.
expect 0 torture one.yaml "$race" --schedule 2 --shallow 1
says out '1 run of scenarios tortured, 1 left out (faults of their own, hostile, without KVM, no such schedule)'
expect 2 torture "$race" --schedules 0
expect 2 torture "$race" --schedule first

# What cannot be tortured is counted, and nothing tortured is no success.
scenario faulty '  - vmm.create_realm:
    expect: {errno: ENOMEM}' 'faults: [{point: page_alloc, nth: 1}]'
expect 0 torture one.yaml faulty.yaml --shallow 1
says out '1 run of scenarios tortured, 1 left out'
expect 77 torture faulty.yaml
says err 'no scenario here can be tortured'

expect 2 torture one.yaml --point page_aloc
says err "there is no fault point 'page_aloc'"
expect 2 torture one.yaml --class both
expect 2 torture one.yaml --shallow 0
expect 2 torture one.yaml --status SUCCESS
expect 2 torture one.yaml --second 300
expect 2 torture missing.yaml
expect 2 torture one.yaml --filter nothing

finish
