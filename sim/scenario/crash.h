/* SPDX-License-Identifier: BSD-3-Clause */
/* crash.h - the last words of a process that dies: the RMI calls that came before. */
#ifndef SCENARIO_CRASH_H
#define SCENARIO_CRASH_H

#include "record.h"

/*
 * crash_watch - from now on, when this process dies by a signal of its own making or a sanitizer ends it,
 * the last `max` RMI calls of `world` are recorded first, and `events` (may be NULL) that record_events() has
 * not had yet; last_words_say() is called; then it dies as it would have. NULL: no longer.
 * For a process that runs one plan at a time and has no other use for these signals.
 */
void crash_watch(struct recorder *recorder, const struct world *world, size_t max,
		 const GByteArray *events);

#endif
