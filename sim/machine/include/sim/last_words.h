/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * last_words.h - what a process that is dying still says of the KVM build that it ran: where the host was, and the
 * build's coverage counters.
 */
#ifndef SIM_LAST_WORDS_H
#define SIM_LAST_WORDS_H

#include <sim/port.h>

/* What the lines begin with that last_words_say() prints. */
#define LAST_WORDS_STACK "rmesim-stack "

/* last_words_prepare - from now on it is `build` that the others are about. */
void last_words_prepare(const struct kvm_build *build);
/*
 * last_words_say - print the stack in the build on standard error, lines of stack_capture() behind
 * LAST_WORDS_STACK, and flush its counters. Does nothing the second time. For signal handlers: `context` is the
 * one of a handler with SA_SIGINFO.
 */
void last_words_say(const void *context);
/* last_words_flush - the counters alone, where somebody else has printed a stack. */
void last_words_flush(void);

#endif
