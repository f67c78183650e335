/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * double.h - a stand-in for the machine and the steps, so that the loader, the runner and the command line
 * can be tested against answers that the test decides, crashes and hangs included. It keeps a table of
 * pages, not page tables, and knows nothing of KVM or the RMM.
 */
#ifndef TEST_DOUBLE_H
#define TEST_DOUBLE_H

#include <sim/step.h>

/* One realm: all of its pages that can be anything but empty lie in this window. */
#define DOUBLE_BASE  0x80000000ull
#define DOUBLE_SIZE  (32ull << 20)
#define DOUBLE_BLOCK (2ull << 20)

/* What the KVM build is: 10 at first. */
struct double_build {
	unsigned int series;
	bool no_realms;	  /* KVM offers none */
	bool foreign;	  /* kvm_module_is_foreign() */
	bool behind;	  /* world_is_behind() */
	bool elsewhere;	  /* each step's result says so */
	bool unsupported; /* guest.read cannot be done */
};
extern struct double_build double_build;

#endif
