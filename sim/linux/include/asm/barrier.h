/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory barriers. All actors share one OS thread, so that keeping the compiler from reordering is
 * enough.
 */
#ifndef ASM_BARRIER_H
#define ASM_BARRIER_H

#include <linux/compiler.h>

#define smp_mb()  barrier()
#define smp_rmb() barrier()
#define smp_wmb() barrier()

#endif
