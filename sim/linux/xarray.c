/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xarray.c - the radix tree behind struct xarray.
 *
 * A slot at level n covers 64^n indices; xarray.head is a slot at level xarray.height. A slot holds
 * NULL, a node (64 slots of the level below), or an entry, which then is that of every index that
 * it covers. So storing a range touches two paths of nodes however long it is, and a change inside
 * it makes the nodes it needs. Everything that needs memory counts it first and takes it all before
 * it changes anything.
 */
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "internal.h"

struct xa_node {
	u32 count; /* slots that are not NULL */
	u32 reserved;
	void *slots[XA_CHUNK_SIZE];
};

/* Internal entries have the low bits 10: nodes, and this one, which xa_reserve() leaves. */
#define ZERO_ENTRY ((void *)1030)

static inline bool is_node(const void *slot)
{
	return ((unsigned long)slot & 3) == 2 && slot != ZERO_ENTRY;
}

static inline struct xa_node *to_node(const void *slot)
{
	return (struct xa_node *)((unsigned long)slot - 2);
}

static inline void *from_node(struct xa_node *node)
{
	return (void *)((unsigned long)node + 2);
}

static inline void *mk_err(int error)
{
	return (void *)((unsigned long)(long)error << 2 | 2);
}

static inline void *visible(void *entry)
{
	return entry == ZERO_ENTRY ? NULL : entry;
}

/* The highest index, relative to its first, that a slot of this level covers. */
static inline unsigned long level_max(u32 level)
{
	return level * XA_CHUNK_SHIFT >= BITS_PER_LONG ? ~0UL
						       : (1UL << (level * XA_CHUNK_SHIFT)) - 1;
}

static inline unsigned long slot_offset(unsigned long index, u32 level)
{
	return (index >> (level * XA_CHUNK_SHIFT)) & (XA_CHUNK_SIZE - 1);
}

/* -- reading -- */

void *xa_load_extent(const struct xarray *xa, unsigned long index, unsigned long *last)
{
	u32 level = xa->height;
	void *slot = xa->head;

	if (!slot || index > level_max(level)) {
		*last = ~0UL;
		return NULL;
	}
	while (is_node(slot))
		slot = to_node(slot)->slots[slot_offset(index, --level)];
	*last = index | level_max(level);
	return visible(slot);
}

void *xa_load(const struct xarray *xa, unsigned long index)
{
	unsigned long last;

	return xa_load_extent(xa, index, &last);
}

void *xa_find(const struct xarray *xa, unsigned long *index, unsigned long last)
{
	unsigned long at = *index;

	while (at <= last) {
		unsigned long end;
		void *entry = xa_load_extent(xa, at, &end);

		if (entry) {
			*index = at;
			return entry;
		}
		if (end >= last)
			break;
		at = end + 1;
	}
	return NULL;
}

void *xa_find_after(const struct xarray *xa, unsigned long *index, unsigned long last)
{
	unsigned long next = *index + 1;
	void *entry;

	if (!next)
		return NULL;
	entry = xa_find(xa, &next, last);
	if (entry)
		*index = next;
	return entry;
}

bool xa_empty(const struct xarray *xa)
{
	return !xa->head;
}

/* -- writing -- */

/*
 * A change: `entry` for all of [first, last]. With `split`, nodes are made down to the very index.
 */
struct change {
	void *entry;
	bool split;
	struct xa_node *spare; /* nodes taken beforehand, linked by slots[0] */
};

/*
 * The part of [first, last] inside the slot of the level below number `at`, relative to that slot.
 */
static inline void child_range(unsigned long at, unsigned long first, unsigned long last, u32 level,
			       unsigned long *child_first, unsigned long *child_last)
{
	*child_first = slot_offset(first, level) == at ? first & level_max(level) : 0;
	*child_last = slot_offset(last, level) == at ? last & level_max(level) : level_max(level);
}

static inline bool covers(unsigned long first, unsigned long last, u32 level)
{
	return first == 0 && last == level_max(level);
}

static inline bool is_unchanged(const struct change *change, void *slot)
{
	return !is_node(slot) && slot == change->entry && !change->split;
}

/* Nodes that writing [first, last] below a slot takes. Only its two ends can need any. */
static u32 nodes_needed(const struct change *change, void *slot, u32 level, unsigned long first,
			unsigned long last)
{
	unsigned long ends[2], child_first, child_last;
	u32 needed;

	if (covers(first, last, level) || is_unchanged(change, slot))
		return 0;
	needed = is_node(slot) ? 0 : 1;
	level--;
	ends[0] = slot_offset(first, level);
	ends[1] = slot_offset(last, level);
	for (u32 i = 0; i < (ends[0] == ends[1] ? 1 : 2); i++) {
		child_range(ends[i], first, last, level, &child_first, &child_last);
		needed += nodes_needed(change, is_node(slot) ? to_node(slot)->slots[ends[i]] : slot,
				       level, child_first, child_last);
	}
	return needed;
}

static void nodes_free(void *slot)
{
	if (!is_node(slot))
		return;
	for (u32 i = 0; i < XA_CHUNK_SIZE; i++)
		nodes_free(to_node(slot)->slots[i]);
	kfree(to_node(slot));
}

static struct xa_node *node_make(struct change *change, void *fill)
{
	struct xa_node *node = change->spare;

	change->spare = (struct xa_node *)node->slots[0];
	node->count = fill ? XA_CHUNK_SIZE : 0;
	node->reserved = 0;
	for (u32 i = 0; i < XA_CHUNK_SIZE; i++)
		node->slots[i] = fill;
	return node;
}

/* A node that says nothing, or the same everywhere, becomes a plain slot again. */
static void *node_simplify(struct xa_node *node, bool join)
{
	void *slot = node->slots[0];

	if (node->count && (!join || is_node(slot)))
		return from_node(node);
	for (u32 i = 1; node->count && i < XA_CHUNK_SIZE; i++)
		if (node->slots[i] != slot)
			return from_node(node);
	kfree(node);
	return slot;
}

static void *slot_write(struct change *change, void *slot, u32 level, unsigned long first,
			unsigned long last)
{
	unsigned long end, child_first, child_last;
	struct xa_node *node;

	if (covers(first, last, level)) {
		nodes_free(slot);
		return change->entry;
	}
	if (is_unchanged(change, slot))
		return slot;
	node = is_node(slot) ? to_node(slot) : node_make(change, slot);
	level--;
	end = slot_offset(last, level);
	for (unsigned long at = slot_offset(first, level); at <= end; at++) {
		void *old = node->slots[at];

		child_range(at, first, last, level, &child_first, &child_last);
		node->slots[at] = slot_write(change, old, level, child_first, child_last);
		node->count = node->count - (old != NULL) + (node->slots[at] != NULL);
	}
	return node_simplify(node, first != last && !change->split);
}

static bool spare_take(struct change *change, u32 count, gfp_t gfp, const struct linux_site *site)
{
	for (; count; count--) {
		struct xa_node *node = (struct xa_node *)linux_kmalloc(sizeof(*node), gfp,
								       PORT_FAULT_KMALLOC, site);

		if (!node) {
			while (change->spare) {
				node = change->spare;
				change->spare = (struct xa_node *)node->slots[0];
				kfree(node);
			}
			return false;
		}
		node->slots[0] = change->spare;
		change->spare = node;
	}
	return true;
}

/* The least height at which the tree covers `index`. */
static u32 height_for(const struct xarray *xa, unsigned long index)
{
	u32 height = xa->height;

	while (index > level_max(height))
		height++;
	return height;
}

/* Writes [first, last]: 0, or -ENOMEM and nothing changed. */
static int range_write(struct xarray *xa, unsigned long first, unsigned long last,
		       struct change *change, gfp_t gfp, const struct linux_site *site)
{
	u32 height = height_for(xa, last);
	u32 grow = xa->head ? height - xa->height : 0;
	unsigned long old_max = level_max(xa->height);
	u32 needed;

	if (!change->entry && last > old_max) {
		/* What is beyond the tree is NULL already. */
		if (!xa->head || first > old_max)
			return 0;
		last = old_max;
		height = xa->height;
		grow = 0;
	}
	if (grow) {
		/* The old tree becomes slot 0 of a chain of new nodes. */
		unsigned long low_last = last < old_max ? last : old_max;

		needed = grow;
		if (first <= old_max)
			needed += nodes_needed(change, xa->head, xa->height, first, low_last);
		for (u32 level = xa->height; level < height; level++) {
			/*
			 * Beside slot 0, the parts of the range in this chain node's other slots.
			 */
			unsigned long from =
				first > level_max(level) ? first : level_max(level) + 1;
			unsigned long to =
				last < level_max(level + 1) ? last : level_max(level + 1);
			unsigned long child_first, child_last, at[2];

			if (from > to)
				continue;
			at[0] = slot_offset(from, level);
			at[1] = slot_offset(to, level);
			for (u32 i = 0; i < (at[0] == at[1] ? 1 : 2); i++) {
				child_range(at[i], from, to, level, &child_first, &child_last);
				needed +=
					nodes_needed(change, NULL, level, child_first, child_last);
			}
		}
	} else {
		needed = nodes_needed(change, xa->head, height, first, last);
	}
	if (!spare_take(change, needed, gfp, site))
		return -ENOMEM;
	for (; grow; grow--) {
		struct xa_node *node = node_make(change, NULL);

		node->slots[0] = xa->head;
		node->count = 1;
		xa->head = from_node(node);
	}
	xa->height = height;
	xa->head = slot_write(change, xa->head, height, first, last);
	if (!xa->head)
		xa->height = 0;
	return 0;
}

void *linux_xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp,
		     const struct linux_site *site)
{
	struct change change = {.entry = entry};
	void *slot = xa->head;
	void *old;

	/* Where the leaf node exists and stays, nothing else changes. */
	if (index <= level_max(xa->height) && is_node(slot)) {
		u32 level = xa->height;

		while (level > 1 && is_node(slot))
			slot = to_node(slot)->slots[slot_offset(index, --level)];
		if (level == 1 && is_node(slot) && (entry || to_node(slot)->count > 1)) {
			struct xa_node *node = to_node(slot);
			void **leaf = &node->slots[slot_offset(index, 0)];

			old = *leaf;
			node->count = node->count - (old != NULL) + (entry != NULL);
			*leaf = entry;
			return visible(old);
		}
	}
	old = xa_load(xa, index);
	return range_write(xa, index, index, &change, gfp, site) ? mk_err(-ENOMEM) : old;
}

void *linux_xa_store_range(struct xarray *xa, unsigned long first, unsigned long last, void *entry,
			   gfp_t gfp, const struct linux_site *site)
{
	struct change change = {.entry = entry};

	if (first > last)
		return mk_err(-EINVAL);
	return range_write(xa, first, last, &change, gfp, site) ? mk_err(-ENOMEM) : NULL;
}

int linux_xa_reserve(struct xarray *xa, unsigned long index, gfp_t gfp,
		     const struct linux_site *site)
{
	void *old = xa_load(xa, index);
	struct change change = {.entry = old ? old : ZERO_ENTRY, .split = true};

	return range_write(xa, index, index, &change, gfp, site);
}

void xa_release(struct xarray *xa, unsigned long index)
{
	if (!xa_load(xa, index))
		(void)xa_erase(xa, index);
}

void *xa_erase(struct xarray *xa, unsigned long index)
{
	return linux_xa_store(xa, index, NULL, GFP_ATOMIC, LINUX_SITE());
}

void xa_destroy(struct xarray *xa)
{
	nodes_free(xa->head);
	xa->head = NULL;
	xa->height = 0;
}
