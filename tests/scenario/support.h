/* SPDX-License-Identifier: BSD-3-Clause */
/* support.h - what several tests of the scenario language share. */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <sim/plan.h>

/* Check has a suite_create() of its own, so sets of scenarios are called sets here too. */

/* set_from_text - a set with the one scenario `text`, under the path "t.yaml". */
struct scenario_set *set_from_text(const char *text);
/* set_from_steps - the same, with a valid scenario and a realm before `steps` (a block of list items). */
struct scenario_set *set_from_steps(const char *steps);
/* diagnostics_text - everything that diagnostics_print() says. To be freed with free(). */
char *diagnostics_text(struct scenario_set *set);
/* only_plan - the only plan of a set without errors; the test fails otherwise. */
const struct plan *only_plan(struct scenario_set *set);

#endif
