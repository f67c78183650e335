/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmu_notifier.h - who else maps an address space, and is told before pages leave it. Like files,
 * notifiers are known by kind, since they live in simulated DRAM.
 */
#ifndef LINUX_MMU_NOTIFIER_H
#define LINUX_MMU_NOTIFIER_H

#include <linux/types.h>

struct mm_struct;
struct mmu_notifier;

enum mmu_notifier_kind {
	MMU_NOTIFIER_KVM,
	MMU_NOTIFIER_NUM_KINDS,
};

struct mmu_notifier_range {
	struct mm_struct *mm;
	unsigned long start;
	unsigned long end;
	bool blockable;
};

struct mmu_notifier_ops {
	/*
	 * invalidate_range_start - no mapping of the range may be left on return, or made until
	 * _end.
	 */
	int (*invalidate_range_start)(struct mmu_notifier *mn,
				      const struct mmu_notifier_range *range);
	void (*invalidate_range_end)(struct mmu_notifier *mn,
				     const struct mmu_notifier_range *range);
	/*
	 * clear_flush_young - whether something of [start, end) was used since the last time that
	 * this was asked. Such pages are not reclaimed.
	 */
	int (*clear_flush_young)(struct mmu_notifier *mn, struct mm_struct *mm, unsigned long start,
				 unsigned long end);
	/* release - the address space goes away. */
	void (*release)(struct mmu_notifier *mn, struct mm_struct *mm);
};

struct mmu_notifier {
	u32 kind;	 /* enum mmu_notifier_kind */
	bool registered; /* still in its mm's list */
	struct mm_struct *mm;
	struct mmu_notifier *next;
};

/* mmu_notifier_ops_table - by kind. The program that links sim/linux defines it. */
extern const struct mmu_notifier_ops *const mmu_notifier_ops_table[MMU_NOTIFIER_NUM_KINDS];

/*
 * mmu_notifier_register - tell `mn`, whose kind is set, about mm from now on. Keeps a reference. 0
 * or -errno.
 */
int mmu_notifier_register(struct mmu_notifier *mn, struct mm_struct *mm);
/* mmu_notifier_unregister - the opposite. Calls release() if the mm still lives. */
void mmu_notifier_unregister(struct mmu_notifier *mn, struct mm_struct *mm);

void mmu_notifier_invalidate_range_start(const struct mmu_notifier_range *range);
void mmu_notifier_invalidate_range_end(const struct mmu_notifier_range *range);
/* mmu_notifier_clear_flush_young - whether any notifier says that the range was used. */
bool mmu_notifier_clear_flush_young(struct mm_struct *mm, unsigned long start, unsigned long end);
/* mmu_notifier_release - the address space exits: every notifier is told once, and forgotten. */
void mmu_notifier_release(struct mm_struct *mm);

#endif
