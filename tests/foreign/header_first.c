/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * header_first.c - each header that a posting includes can be the first one, comes twice and in any company:
 * the compiler includes it before this file (-include), and here are all. No name of the C library becomes a macro of ours.
 */
#ifdef ONLY_SMCCC
/* asm/rmi_smc.h includes nothing but linux/arm-smccc.h, and has these. */
_Static_assert(sizeof(u64) == 8 && sizeof(s64) == 8 && sizeof(u16) == 2 && sizeof(u8) == 1,
	       "integer types");
_Static_assert(BIT(1) == 2 && BIT_ULL(63) == 1ULL << 63 && GENMASK(7, 4) == 0xf0, "bit macros");
_Static_assert(ARM_SMCCC_CALL_VAL(ARM_SMCCC_FAST_CALL, ARM_SMCCC_SMC_64, ARM_SMCCC_OWNER_STANDARD,
				  0x150) == 0xC4000150,
	       "RMI_VERSION");
#endif

#include <linux/hugetlb.h>

#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>
#include <asm/rmi_cmds.h>
#include <asm/rmi_smc.h>
#include <asm/virt.h>
#include <kvm/arm_hypercalls.h>
#include <kvm/arm_psci.h>
#include <linux/arm-smccc.h>
#include <linux/kvm_host.h>
#include <uapi/linux/kvm.h>

#if defined(memcpy) || defined(memmove) || defined(memset) || defined(memcmp) ||                   \
	defined(strlen) || defined(strcmp) || defined(strncmp) || defined(strchr) ||               \
	defined(abs) || defined(printf) || defined(malloc) || defined(free) || defined(abort)
#error "a name of the C library is a macro"
#endif

_Static_assert(sizeof(struct kvm) > sizeof(struct kvm_arch), "complete");
