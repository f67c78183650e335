/* SPDX-License-Identifier: BSD-3-Clause */
#include "documented.h"

#include <errno.h>
#include <string.h>

/* One bit for each kind of failure: a row holds for any of its bits. */
#define MEMORY                                                                                     \
	(1ull << PORT_FAULT_PAGE_ALLOC | 1ull << PORT_FAULT_PAGE_ZALLOC |                          \
	 1ull << PORT_FAULT_CACHE_TOPUP | 1ull << PORT_FAULT_KMALLOC |                             \
	 1ull << PORT_FAULT_BITMAP_ALLOC | 1ull << PORT_FAULT_GMEM_PAGE)
#define TABLE_PAGE  (1ull << PORT_FAULT_PAGE_ZALLOC)
#define NODE	    (1ull << PORT_FAULT_KMALLOC)
#define USER_PAGE   (1ull << PORT_FAULT_USER_PAGE)
#define USER_ACCESS (1ull << PORT_FAULT_USER_ACCESS)
#define SIGNAL	    (1ull << PORT_FAULT_SIGNAL)
/* Bits of RMI commands, which have no constant: see bits_of(). */
#define DELEGATE   (1ull << 62)
#define UNDELEGATE (1ull << 63)
#define ANY_RMI	   (1ull << 61) /* of class rmm */

static uint64_t bits_of(unsigned int point)
{
	const struct rmi_command *command;

	if (point < PORT_NUM_FAULTS)
		return 1ull << point;
	command = point_command(point);
	if (!strcmp(command->name, "GRANULE_DELEGATE"))
		return DELEGATE;
	if (!strcmp(command->name, "GRANULE_UNDELEGATE"))
		return UNDELEGATE;
	return ANY_RMI;
}

/*
 * Errors of a system call. The section is that of kvm-rme.md; rows for any call are the kernel's rule that no
 * memory is -ENOMEM and a pointer that cannot be read -EFAULT, which rows for the call replace.
 */
static const struct {
	const char *call; /* NULL: any */
	uint64_t points;
	int error;
} errors[] = {
	{NULL, MEMORY, ENOMEM},
	{NULL, USER_ACCESS | USER_PAGE, EFAULT},
	{"KVM_RUN", SIGNAL, EINTR},
	/* A page of the VMM that cannot be had, for whatever reason, is a bad address (hva_to_pfn). */
	{"KVM_RUN", NODE, EFAULT},
	{"KVM_RUN", NODE, ENOMEM},
	{"KVM_CAP_ARM_RME_POPULATE_REALM", NODE, EFAULT},
	{"KVM_CAP_ARM_RME_POPULATE_REALM", NODE, ENOMEM},
	/* 3: a page is started again while others take memory; that ends with a signal, as all that is tried again does. */
	{"KVM_CAP_ARM_RME_POPULATE_REALM", SIGNAL, EINTR},
	/* The kernel: MADV_COLLAPSE that finds no page to collapse into. */
	{"madvise", USER_PAGE, ENOMEM},
	{"load", NODE, EFAULT},
	{"store", NODE, EFAULT},
	/* 6: the tables of a shared mapping. */
	{"KVM_RUN", TABLE_PAGE, ENXIO},
	{"KVM_RUN", TABLE_PAGE, ENOMEM},
	/* 6: the granule itself; 5: that of a table gives PHYS_ADDR_MAX, hence -ENOMEM. */
	{"KVM_RUN", DELEGATE, ENXIO},
	{"KVM_RUN", DELEGATE, ENOMEM},
	/* 4, 9. */
	{"KVM_CAP_ARM_RME_CREATE_REALM", DELEGATE, ENXIO},
	{"KVM_ARM_VCPU_FINALIZE", DELEGATE, ENXIO},
	/* 3, 5: a table. */
	{"KVM_CAP_ARM_RME_INIT_RIPAS_REALM", DELEGATE, ENOMEM},
	/* 3: "create the page (error -ENXIO)", whatever it was that failed. */
	{"KVM_CAP_ARM_RME_POPULATE_REALM", TABLE_PAGE | DELEGATE, ENXIO},
	/* What an RMM says that should not: -ENXIO, as 3 to 10 have it; -EINVAL from 3, 5 and 10. */
	{NULL, ANY_RMI | DELEGATE, ENXIO},
	{NULL, ANY_RMI, EINVAL},
	{NULL, ANY_RMI, ENOMEM},
	{NULL, ANY_RMI, EFAULT},
	{NULL, UNDELEGATE, ENXIO},
};

/*
 * Every function that gives a granule back says so when the RMM refuses (5, 6, 8, 9, 11). That other RMI calls
 * fail is a WARN wherever the facts say "other": 5, 8, 9, 10, 11.
 */
static const struct {
	const char *function; /* NULL: any */
	uint64_t points;
} warns[] = {
	{NULL, UNDELEGATE},
	{NULL, ANY_RMI},
};

/*
 * What a step leaves behind when it fails, so that trying again cannot succeed, or ends otherwise. Error 0: it
 * succeeds, with pages that are not as they would have been.
 */
#define ANY_ANSWER -1
static const struct {
	const char *step; /* NULL: any */
	const char *call; /* in which it failed; NULL: any */
	uint64_t points;
	int error;
} leftovers[] = {
	/* 3: partial population is not undone, and a page that is there cannot be created again. */
	{"vmm.populate", NULL, ~0ull, ENXIO},
	/* 4: a PGD that the RMM keeps is leaked with its stage 2, and there is no room for the roots. */
	{"vmm.create_realm", NULL, UNDELEGATE, EINVAL},
	/* 6: a granule that the RMM keeps stays in its guest_memfd, and cannot be delegated once more. */
	{NULL, "KVM_RUN", UNDELEGATE, ENXIO},
	/* The kernel: the slot is there, and a slot with a guest_memfd cannot be changed. */
	{"vmm.add_slot", "KVM_SET_MEMORY_ATTRIBUTES", ~0ull, EINVAL},
	/* A step without a number takes the next one, and two slots do not overlap. */
	{"vmm.add_slot", "KVM_SET_MEMORY_ATTRIBUTES", ~0ull, EEXIST},
	/* 10: the next KVM_RUN completes the MMIO, because nobody said that it is an abort. */
	{NULL, "KVM_SET_VCPU_EVENTS", ~0ull, ANY_ANSWER},
	/* The kernel: when the answer cannot be copied out the device stays, and a second is -EEXIST. */
	{NULL, "KVM_CREATE_DEVICE", USER_ACCESS, ANY_ANSWER},
};

/* 8: a block that cannot be unfolded for want of a table stays mapped, and the walk goes on. */
static const struct {
	const char *step;
	uint64_t points;
} kept[] = {
	{"vmm.punch_hole", TABLE_PAGE | DELEGATE | ANY_RMI},
	{"vmm.memory_failure", TABLE_PAGE | DELEGATE | ANY_RMI},
	{"vmm.set_attributes", TABLE_PAGE | DELEGATE | ANY_RMI},
	{"vmm.remove_slot", TABLE_PAGE | DELEGATE | ANY_RMI},
	{"vmm.close", TABLE_PAGE | DELEGATE | ANY_RMI},
	{"guest.set_ripas", TABLE_PAGE | DELEGATE | ANY_RMI},
};

bool documented_errno(const char *call, unsigned int point, int error)
{
	uint64_t bits = bits_of(point);
	bool own = false, any = false;

	/* Section 15: from v12 on it is a call of its own, which does the same. */
	if (!strcmp(call, "KVM_ARM_RMI_POPULATE"))
		call = "KVM_CAP_ARM_RME_POPULATE_REALM";

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (!(errors[i].points & bits))
			continue;
		if (!errors[i].call) {
			any |= errors[i].error == error;
		} else if (!strcmp(errors[i].call, call)) {
			own = true;
			if (errors[i].error == error)
				return true;
		}
	}
	return !own && any;
}

bool documented_warn(const char *function, unsigned int point)
{
	uint64_t bits = bits_of(point);

	for (size_t i = 0; i < sizeof(warns) / sizeof(warns[0]); i++) {
		if ((!warns[i].function || !strcmp(warns[i].function, function)) &&
		    warns[i].points & bits)
			return true;
	}
	return false;
}

bool documented_retry(const char *step, const char *call, unsigned int point, int error)
{
	uint64_t bits = bits_of(point);

	for (size_t i = 0; i < sizeof(leftovers) / sizeof(leftovers[0]); i++) {
		if ((!leftovers[i].step || !strcmp(leftovers[i].step, step)) &&
		    (!leftovers[i].call || (call && !strcmp(leftovers[i].call, call))) &&
		    leftovers[i].points & bits &&
		    (leftovers[i].error == error || leftovers[i].error == ANY_ANSWER))
			return true;
	}
	return false;
}

bool documented_kept(const char *step, unsigned int point)
{
	uint64_t bits = bits_of(point);

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (!strcmp(kept[i].step, step) && kept[i].points & bits)
			return true;
	}
	return false;
}

bool documented_strange(unsigned int point)
{
	return bits_of(point) & ANY_RMI;
}

bool documented_leaks(unsigned int point)
{
	return bits_of(point) & (UNDELEGATE | ANY_RMI);
}
