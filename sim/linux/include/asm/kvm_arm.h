/* SPDX-License-Identifier: BSD-3-Clause */
#include <asm/esr.h>
#include <asm/kvm_pgtable.h>
#include <asm/sysreg.h>
