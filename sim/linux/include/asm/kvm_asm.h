/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ASM_KVM_ASM_H
#define ASM_KVM_ASM_H

#define ARM_EXCEPTION_IRQ  0
#define ARM_EXCEPTION_TRAP 2

#endif
