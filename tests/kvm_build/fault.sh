#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# fault.sh - faults in somebody's own rme.c are findings, with a stack in their file, and the run goes on.
#
# Usage: fault.sh RMESIM CHECKOUT SANITIZE COMPILER
. "$(dirname "$0")/../cli/lib.sh"
checkout=${2:?usage: fault.sh RMESIM CHECKOUT SANITIZE COMPILER}
. "$checkout/tests/kvm_build/tree.sh"
same=(--cc "${4:-gcc}" --cflag -O0)
[ -z "${3:-}" ] || same+=(--sanitize "$3")
shown=$checkout/scenarios/ripas/guest-gives-back-2m.yaml
tree tree
rme=$work/tree/arch/arm64/kvm/rme.c

# What the guest's fill decides: pre_enter is where all of them stand, so each is met in the step that runs a REC.
sed -i 's/^int kvm_rec_pre_enter(struct kvm_vcpu \*vcpu)$/int planted_read(volatile int *at);\nint planted_read(volatile int *at)\n{\n\treturn *at; \/* planted read *\/\n}\n\n&/' "$rme"
sed -i '/^int kvm_rec_pre_enter(struct kvm_vcpu \*vcpu)$/{n;s/^{$/{\n#ifdef PLANT_NULL\n\tif (planted_read(NULL))\n\t\treturn 0;\n#endif\n#ifdef PLANT_LOOP\n\tfor (volatile int x = 0; x >= 0; x = !x) \/* planted loop *\/\n\t\t;\n#endif\n#ifdef PLANT_WARN\n\tWARN_ON(vcpu); \/* planted warning *\/\n#endif\n#ifdef PLANT_BUG\n\tBUG_ON(vcpu); \/* planted bug *\/\n#endif\n#ifdef PLANT_LOCK\n\twrite_lock(\&vcpu->kvm->mmu_lock);\n\twrite_lock(\&vcpu->kvm->mmu_lock); \/* planted deadlock *\/\n#endif/}' "$rme"
# A scenario that runs a REC, and one that does not.
scenario harmless '' 'level: regression'
made() {
	expect 0 kvm-build --tree tree -o mine.so "${same[@]}" --cflag -DPLANT_"$1"
	[ "$1" = NULL ] || [ -e kept.so ] || cp mine.so kept.so
	expect 1 run "$shown" harmless.yaml --kvm mine.so
	says out 'ok      harmless'
	says out "$shown:27:5: step 5: guest.write"
}

made NULL
says out "planted_read"
says out "$rme:$(line "$rme" 'planted read')"
says out "kvm_rec_pre_enter"
says out 'CRASH   ripas.guest-gives-back-2m[page_size=4K]: crash/'

made LOOP
says out 'warn/endless-loop: kvm_rec_pre_enter'
says out '#0 kvm_rec_pre_enter'
says out "$rme:"
lacks out TIMEOUT
lacks out 'timed out'

made WARN
says out "warn/WARN: kvm_rec_pre_enter: $rme:$(line "$rme" 'planted warning'): vcpu"
says out "#0 kvm_rec_pre_enter  $rme:$(line "$rme" 'planted warning')"

made BUG
says out "crash/SIGABRT: kvm_rec_pre_enter ($rme:$(line "$rme" 'planted bug'))"

made LOCK
says out 'warn/lock-recursion'
says out "#0 kvm_rec_pre_enter  $rme:"

finish
