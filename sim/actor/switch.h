/* SPDX-License-Identifier: BSD-3-Clause */
/* switch.h - the few instructions that C has no words for. */
#ifndef SIM_ACTOR_SWITCH_H
#define SIM_ACTOR_SWITCH_H

/*
 * switch_stacks - save the callee-saved registers on this stack, store its stack pointer in *save, and go on
 * from `to`, which an earlier call saved or switch_prepare() made.
 */
void switch_stacks(void **save, void *to);
/* switch_prepare - a stack pointer for switch_stacks() at which `entry(arg)` begins; it must not return. */
void *switch_prepare(void *stack_top, void (*entry)(void *arg), void *arg);

#endif
