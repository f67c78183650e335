/* SPDX-License-Identifier: BSD-3-Clause */
/* The least that a tree's asm/kvm_rme.h brings, for tests of what surrounds it. */
#ifndef __ASM_KVM_RME_H
#define __ASM_KVM_RME_H

enum realm_state {
	REALM_STATE_NONE,
	REALM_STATE_NEW,
	REALM_STATE_ACTIVE,
	REALM_STATE_DYING,
	REALM_STATE_DEAD
};

struct realm {
	enum realm_state state;
	void *rd;
	unsigned int ia_bits;
};

struct realm_rec {
	unsigned long mpidr;
	void *run;
};

#endif
