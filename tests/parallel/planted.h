/* SPDX-License-Identifier: BSD-3-Clause */
/* planted.h - a host that maps what it found before it had the lock, whatever was invalidated meanwhile. */
#include <linux/kvm_host.h>

#define mmu_invalidate_retry_gfn(kvm, seq, gfn) ((void)(kvm), (void)(seq), (void)(gfn), false)
