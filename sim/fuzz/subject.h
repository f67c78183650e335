/* SPDX-License-Identifier: BSD-3-Clause */
/* subject.h - torturing one plan, in one process. */
#ifndef FUZZ_SUBJECT_H
#define FUZZ_SUBJECT_H

#include <sim/torture.h>

#include "life.h"

/* What the parent is told, line by line; fields are separated by tabs. */
struct subject_output {
	void (*line)(void *ctx, const char *text);
	void *ctx;
};

/*
 * subject_run - torture `plan` from shot `first` on, with each `parallel:` in its schedule number `schedule`; if that is
 * not 0, only what fails in a `parallel:`. Lines: "unsound WHY"; "shots N"; "hit POINT COUNT";
 * "begin INDEX POINT NTH STATUS SECOND STEP"; "end CALL RESULT", RESULT one of reported, otherwise, finding,
 * impossible; "turns TEXT", what was run before the next "finding ORACLE CONDITION FUNCTION CALL STEP MESSAGE"; "done".
 */
void subject_run(const struct torture_config *config, const struct plan *plan,
		 unsigned int schedule, struct kvm_module *module, int memfd, uint64_t first,
		 const struct subject_output *output);

#endif
