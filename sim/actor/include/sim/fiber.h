/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fiber.h - a function on a stack of its own that can be left in the middle and gone on with later. All fibers
 * live in the thread that resumes them; nothing here is a thread of the operating system.
 *
 * Callee-saved registers of the ABI are kept over a switch; the floating-point environment (rounding mode,
 * exception masks) and the signal mask are not.
 */
#ifndef SIM_FIBER_H
#define SIM_FIBER_H

#include <stdbool.h>
#include <stddef.h>

struct fiber;
typedef void (*fiber_fn)(void *arg);

/*
 * fiber_create - a fiber that has not begun; `stack_size` bytes are rounded up to pages, and a page below them
 * faults. 0; -EINVAL (no function, or less than 16 KiB); -ENOMEM.
 */
int fiber_create(size_t stack_size, fiber_fn fn, void *arg, struct fiber **out);
/* fiber_restart - the fiber is as one that was just created; its stack is used again. It must not run. */
void fiber_restart(struct fiber *fiber, fiber_fn fn, void *arg);
/*
 * fiber_destroy - NULL is ignored; the fiber must not run. If it did not end, what stands on its stack is
 * dropped: nothing is unwound or released.
 */
void fiber_destroy(struct fiber *fiber);

/*
 * fiber_resume - run it from where it stands until it suspends itself or its function returns. It must neither
 * run nor have ended. A fiber may resume others.
 */
void fiber_resume(struct fiber *fiber);
/* fiber_suspend - called by the fiber itself: whoever resumed it goes on; returns when it is resumed again. */
void fiber_suspend(struct fiber *fiber);
/* fiber_ended - whether its function has returned. */
bool fiber_ended(const struct fiber *fiber);

#endif
