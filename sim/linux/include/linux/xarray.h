/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xarray.h - an array of pointers indexed by unsigned long: a radix tree of 64 entries a node,
 * whose nodes are slab objects in simulated DRAM.
 *
 * A range that holds one and the same entry can be a single slot high up in the tree:
 * xa_store_range() stores that way, and xa_load_extent() walks it that way, so that attributes of a
 * terabyte cost a few nodes. Unlike in the kernel, such a range is not tied together: xa_store() of
 * one index in it changes that one alone.
 */
#ifndef LINUX_XARRAY_H
#define LINUX_XARRAY_H

#include <linux/gfp.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#define XA_CHUNK_SHIFT 6
#define XA_CHUNK_SIZE  (1UL << XA_CHUNK_SHIFT)

struct xarray {
	spinlock_t xa_lock; /* for users that take it; the functions below do not */
	u32 height;         /* levels of nodes below head; 0: head is the entry of index 0 */
	void *head;
};

#define XARRAY_INIT(name, flags)                                                                   \
	{.xa_lock = __SPIN_LOCK_UNLOCKED(name.xa_lock), .height = 0, .head = NULL}
#define DEFINE_XARRAY(name) struct xarray name = XARRAY_INIT(name, 0)
#define XA_FLAGS_ACCOUNT 0

#define xa_init_flags(xa, flags)                                                                   \
	do {                                                                                       \
		spin_lock_init(&(xa)->xa_lock);                                                    \
		(xa)->height = 0;                                                                  \
		(xa)->head = NULL;                                                                 \
	} while (0)
#define xa_init(xa) xa_init_flags(xa, 0)

/* Integers as entries; a pointer entry must be 4-byte aligned. */
static inline void *xa_mk_value(unsigned long v)
{
	return (void *)((v << 1) | 1);
}

static inline unsigned long xa_to_value(const void *entry)
{
	return (unsigned long)entry >> 1;
}

static inline bool xa_is_value(const void *entry)
{
	return (unsigned long)entry & 1;
}

/* An entry that stands for -errno: only ever returned, never stored. */
static inline bool xa_is_err(const void *entry)
{
	return ((unsigned long)entry & 3) == 2 &&
	       (unsigned long)entry >= (unsigned long)(-4095L * 4 + 2);
}

static inline int xa_err(const void *entry)
{
	return xa_is_err(entry) ? (int)((long)entry >> 2) : 0;
}

void *xa_load(const struct xarray *xa, unsigned long index);

/*
 * xa_load_extent - as xa_load(); *last is an index at or above `index` up to which all entries are
 * the same. Not as far as possible, but over whole absent or uniform subtrees at once.
 */
void *xa_load_extent(const struct xarray *xa, unsigned long index, unsigned long *last);

void *linux_xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp,
		     const struct linux_site *site);
void *linux_xa_store_range(struct xarray *xa, unsigned long first, unsigned long last, void *entry,
			   gfp_t gfp, const struct linux_site *site);
int linux_xa_reserve(struct xarray *xa, unsigned long index, gfp_t gfp,
		     const struct linux_site *site);

/* xa_store - the entry that was there (NULL: none), or an xa_err() entry: then nothing changed. */
#define xa_store(xa, index, entry, gfp) linux_xa_store(xa, index, entry, gfp, LINUX_SITE())
/* xa_store_range - of [first, last]: NULL, or an xa_err() entry: then nothing changed. */
#define xa_store_range(xa, first, last, entry, gfp)                                                \
	linux_xa_store_range(xa, first, last, entry, gfp, LINUX_SITE())
/* xa_reserve - make sure that a later xa_store() of this index needs no memory: 0 or -ENOMEM. */
#define xa_reserve(xa, index, gfp) linux_xa_reserve(xa, index, gfp, LINUX_SITE())
/* xa_release - undo xa_reserve() if nothing was stored. */
void xa_release(struct xarray *xa, unsigned long index);
/* xa_insert - 0; -EBUSY if there is an entry; -ENOMEM. */
#define xa_insert(xa, index, entry, gfp)                                                           \
	(xa_load(xa, index) ? -EBUSY : xa_err(xa_store(xa, index, entry, gfp)))

/*
 * xa_erase - the entry that was there. Needs memory only if it cuts a uniform range: see
 * xa_store().
 */
void *xa_erase(struct xarray *xa, unsigned long index);
/* xa_destroy - all entries are gone and all nodes freed. */
void xa_destroy(struct xarray *xa);
bool xa_empty(const struct xarray *xa);

/* xa_find - the first entry at or above *index and not above `last`; sets *index. NULL if none. */
void *xa_find(const struct xarray *xa, unsigned long *index, unsigned long last);
/* xa_find_after - the same above *index. */
void *xa_find_after(const struct xarray *xa, unsigned long *index, unsigned long last);

#define xa_for_each_range(xa, index, entry, start, last)                                           \
	for ((index) = (start), (entry) = xa_find(xa, &(index), last); (entry);                    \
	     (entry) = xa_find_after(xa, &(index), last))
#define xa_for_each_start(xa, index, entry, start)                                                 \
	xa_for_each_range(xa, index, entry, start, ~0UL)
#define xa_for_each(xa, index, entry) xa_for_each_start(xa, index, entry, 0)

#define xa_lock(xa)   spin_lock(&(xa)->xa_lock)
#define xa_unlock(xa) spin_unlock(&(xa)->xa_lock)

#endif
