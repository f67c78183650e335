/* SPDX-License-Identifier: BSD-3-Clause */
/* turns_text.h - turns of a `parallel:` in words. */
#ifndef SCENARIO_TURNS_TEXT_H
#define SCENARIO_TURNS_TEXT_H

#include <sim/plan.h>

/* turns_text - "vcpu0*12, vmm": `num` turns as `schedule:` has them. g_free(). */
char *turns_text(const struct plan_parallel *plan, const struct schedule_turn *turns, size_t num);

#endif
