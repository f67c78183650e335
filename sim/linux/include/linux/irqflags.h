/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupts are not modelled; a section with interrupts off must not sleep. */
#ifndef LINUX_IRQFLAGS_H
#define LINUX_IRQFLAGS_H

#include <linux/preempt.h>

#define local_irq_disable()      linux_preempt_count_add(1, LINUX_SITE())
#define local_irq_enable()       linux_preempt_count_add(-1, LINUX_SITE())
#define local_irq_save(flags)    ((flags) = 0, local_irq_disable())
#define local_irq_restore(flags) ((void)(flags), local_irq_enable())

#endif
