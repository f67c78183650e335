/* SPDX-License-Identifier: BSD-3-Clause */
/* Sections that must not sleep: "sleep-in-atomic" is reported for what would. */
#ifndef LINUX_PREEMPT_H
#define LINUX_PREEMPT_H

#include <sim/site.h>

void linux_preempt_count_add(int value, const struct linux_site *site);

#define preempt_disable() linux_preempt_count_add(1, LINUX_SITE())
#define preempt_enable()  linux_preempt_count_add(-1, LINUX_SITE())

#endif
