/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stack.h - where in the sources of a KVM build the host was. A stack is taken as places in the file of the
 * build, which is quick and needs no memory of its own; names and lines are looked up by whoever reports it.
 */
#ifndef SIM_STACK_H
#define SIM_STACK_H

#include <stddef.h>
#include <sim/port.h>

/* One frame, innermost first. Functions that were inlined have frames of their own. */
struct stack_frame {
	char *function; /* "" if it is not known */
	char *file;	/* as the compiler was given it; "" if it is not known */
	unsigned int line;
};

/* stack_prepare - what stack_capture() would otherwise do at its first use, which may be in a signal handler. */
void stack_prepare(void);
/*
 * stack_capture - the frames of this thread that lie in the file of `build`, as lines "HEXADECIMAL PATH" of at
 * most `size` - 1 bytes in `text`. `exact` is a program counter that is not a return address: of the
 * instruction that a signal came from; NULL: there is none. Returns the number of frames. Needs no memory.
 */
size_t stack_capture(const struct kvm_build *build, const void *exact, char *text, size_t size);

/*
 * stack_resolve - the frames of such lines, without those in front of them that are sim/linux's own: who called
 * it is what is asked for. Lines that are none are passed by. Returns how many; *out is to be released with
 * stack_frames_free().
 */
size_t stack_resolve(const char *text, struct stack_frame **out);
void stack_frames_free(struct stack_frame *frames, size_t num);
/* stack_text - the frames for people, a line for each; to be freed with free(). NULL: there are none. */
char *stack_text(const struct stack_frame *frames, size_t num);

#endif
