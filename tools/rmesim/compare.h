/* SPDX-License-Identifier: BSD-3-Clause */
/* compare.h - two KVM builds, scenario by scenario: the first difference of each. */
#ifndef TOOLS_COMPARE_H
#define TOOLS_COMPARE_H

#include "rmesim.h"

/*
 * compare_builds - run the plans on both builds of their page size, and print where they first differ. Returns the
 * exit code: passed if they never do, failed if they do, skipped if nothing could be compared.
 */
int compare_builds(const struct options *options, const GPtrArray *plans,
		   struct kvm_builds *builds);

#endif
