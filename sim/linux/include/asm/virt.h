/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether Realms are available: set once by KVM's initialisation. The key is defined in arm.c. */
#ifndef ASM_VIRT_H
#define ASM_VIRT_H

#include <linux/jump_label.h>

#if CONFIG_KVM_RME_SERIES >= 12
DECLARE_STATIC_KEY_FALSE(kvm_rmi_is_available);
#define kvm_realm_key_enabled() static_branch_unlikely(&kvm_rmi_is_available)
#else
DECLARE_STATIC_KEY_FALSE(kvm_rme_is_available);
#define kvm_realm_key_enabled() static_branch_unlikely(&kvm_rme_is_available)
#endif

static inline bool is_kernel_in_hyp_mode(void)
{
	return true;
}

#endif
