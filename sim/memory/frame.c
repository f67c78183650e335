/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"

#include <string.h>

void frame_pool_init(struct frame_pool *pool, struct port_frame *frames, uint32_t num_frames,
		     uint32_t quarantine_limit)
{
	memset(pool, 0, sizeof(*pool));
	pool->frames = frames;
	pool->num_frames = num_frames;
	pool->quarantine_limit = quarantine_limit;
	pool->num_free = num_frames;
}

static inline void frame_set_state(struct port_frame *frame, enum frame_state state)
{
	frame->reserved = (uint8_t)((frame->reserved & ~FRAME_STATE_MASK) | state);
}

static inline void free_push(struct frame_pool *pool, uint32_t index, unsigned int order)
{
	struct port_frame *frame = &pool->frames[index];

	frame->order = (uint8_t)order;
	frame->link = pool->free_head[order];
	pool->free_head[order] = index + 1;
	pool->free_mask |= 1u << order;
}

static inline uint32_t free_pop(struct frame_pool *pool, unsigned int order)
{
	uint32_t index = pool->free_head[order] - 1;

	pool->free_head[order] = pool->frames[index].link;
	if (!pool->free_head[order])
		pool->free_mask &= ~(1u << order);
	return index;
}

/* The orders of `mask` that are at least `order`. */
static inline uint32_t orders_from(uint32_t mask, unsigned int order)
{
	return mask & (~0u << order);
}

static void hole_add(struct frame_pool *pool, uint32_t index, unsigned int order)
{
	pool->hole[order] = index;
	pool->hole_mask |= 1u << order;
}

/* The lowest run of frames that were never handed out. */
static int64_t fresh_take(struct frame_pool *pool, unsigned int order)
{
	uint64_t size = 1ull << order;
	uint32_t fit = orders_from(pool->hole_mask, order);
	uint64_t index;

	if (fit) {
		unsigned int from = (unsigned int)__builtin_ctz(fit);

		index = pool->hole[from];
		pool->hole_mask &= ~(1u << from);
		for (unsigned int i = order; i < from; i++)
			hole_add(pool, (uint32_t)(index + (1ull << i)), i);
		return (int64_t)index;
	}
	index = (pool->bump + size - 1) & ~(size - 1);
	if (index + size > pool->num_frames)
		return -1;
	while (pool->bump < index) {
		unsigned int skipped = (unsigned int)__builtin_ctz(pool->bump);

		hole_add(pool, pool->bump, skipped);
		pool->bump += 1u << skipped;
	}
	pool->bump = (uint32_t)(index + size);
	return (int64_t)index;
}

/* The most recently freed block of the smallest larger order; what is left of it stays free. */
static int64_t free_split(struct frame_pool *pool, unsigned int order)
{
	uint32_t fit = orders_from(pool->free_mask, order);
	unsigned int from;
	uint32_t index;

	if (!fit)
		return -1;
	from = (unsigned int)__builtin_ctz(fit);
	index = free_pop(pool, from);
	while (from > order) {
		from--;
		free_push(pool, index + (1u << from), from);
	}
	return index;
}

/*
 * Number of free frames in the block at `index`, which is below `bump` and starts a block if it is free;
 * 0 if it is not. Only called when every free block is smaller than the run looked for, and therefore
 * inside it or disjoint from it.
 */
static uint32_t free_block_size(const struct frame_pool *pool, uint32_t index)
{
	const struct port_frame *frame = &pool->frames[index];
	uint32_t mask = pool->hole_mask;

	if (frame_state(frame) == FRAME_FREE)
		return 1u << frame->order;
	if (frame_state(frame) != FRAME_FRESH)
		return 0;
	while (mask) {
		unsigned int order = (unsigned int)__builtin_ctz(mask);

		if (pool->hole[order] == index)
			return 1u << order;
		mask &= mask - 1;
	}
	return 0;
}

static void unlink_run(struct frame_pool *pool, uint32_t first, uint64_t end)
{
	uint32_t mask = pool->free_mask;

	while (mask) {
		unsigned int order = (unsigned int)__builtin_ctz(mask);
		uint32_t *link = &pool->free_head[order];

		while (*link) {
			uint32_t index = *link - 1;

			if (index >= first && index < end)
				*link = pool->frames[index].link;
			else
				link = &pool->frames[index].link;
		}
		if (!pool->free_head[order])
			pool->free_mask &= ~(1u << order);
		mask &= mask - 1;
	}
	mask = pool->hole_mask;
	while (mask) {
		unsigned int order = (unsigned int)__builtin_ctz(mask);

		if (pool->hole[order] >= first && pool->hole[order] < end)
			pool->hole_mask &= ~(1u << order);
		mask &= mask - 1;
	}
	if (end > pool->bump)
		pool->bump = (uint32_t)end;
}

/*
 * The lowest aligned run all of whose frames are free, whatever blocks they were freed in. Costs a walk
 * of the table, and comes last for that reason.
 */
static int64_t run_take(struct frame_pool *pool, unsigned int order)
{
	uint64_t size = 1ull << order;

	for (uint64_t first = 0; first < pool->bump && first + size <= pool->num_frames;
	     first += size) {
		uint64_t at = first;

		while (at < first + size && at < pool->bump) {
			uint32_t block = free_block_size(pool, (uint32_t)at);

			if (!block)
				break;
			at += block;
		}
		if (at == first + size || (at < first + size && at == pool->bump)) {
			unlink_run(pool, (uint32_t)first, first + size);
			return (int64_t)first;
		}
	}
	return -1;
}

static void block_set_state(struct frame_pool *pool, uint32_t index, unsigned int order,
			    enum frame_state state, enum port_frame_kind kind)
{
	for (uint32_t i = 0; i < 1u << order; i++) {
		struct port_frame *frame = &pool->frames[index + i];

		frame_set_state(frame, state);
		frame->kind = (uint8_t)kind;
		frame->order = 0;
		frame->link = 0;
	}
}

/* Lets the block that waits longest become free. */
static void quarantine_release(struct frame_pool *pool)
{
	uint32_t index = pool->quarantine_head - 1;
	unsigned int order = pool->frames[index].order;

	pool->quarantine_head = pool->frames[index].link;
	if (!pool->quarantine_head)
		pool->quarantine_tail = 0;
	pool->quarantine_frames -= 1u << order;
	block_set_state(pool, index, order, FRAME_FREE, PORT_FRAME_FREE);
	free_push(pool, index, order);
}

static void quarantine_add(struct frame_pool *pool, uint32_t index, unsigned int order)
{
	block_set_state(pool, index, order, FRAME_QUARANTINED, PORT_FRAME_QUARANTINE);
	pool->frames[index].order = (uint8_t)order;
	if (pool->quarantine_tail)
		pool->frames[pool->quarantine_tail - 1].link = index + 1;
	else
		pool->quarantine_head = index + 1;
	pool->quarantine_tail = index + 1;
	pool->quarantine_frames += 1u << order;
	while (pool->quarantine_frames > pool->quarantine_limit)
		quarantine_release(pool);
}

static int64_t take(struct frame_pool *pool, unsigned int order)
{
	int64_t index;

	if (pool->free_head[order])
		return free_pop(pool, order);
	index = fresh_take(pool, order);
	if (index < 0)
		index = free_split(pool, order);
	/* A quarantine delays reuse; it does not make memory run out. */
	while (index < 0 && pool->quarantine_head) {
		quarantine_release(pool);
		index = free_split(pool, order);
	}
	if (index < 0 && order > 0)
		index = run_take(pool, order);
	return index;
}

int64_t frame_pool_alloc(struct frame_pool *pool, unsigned int order)
{
	int64_t index;

	if (order >= FRAME_NUM_ORDERS || pool->num_free < 1ull << order)
		return -1;
	index = take(pool, order);
	if (index < 0)
		return -1;
	block_set_state(pool, (uint32_t)index, order, FRAME_HELD, PORT_FRAME_FREE);
	pool->frames[index].order = (uint8_t)order;
	pool->num_free -= 1ull << order;
	return index;
}

bool frame_pool_free(struct frame_pool *pool, uint64_t index, unsigned int order)
{
	uint64_t size;

	if (order >= FRAME_NUM_ORDERS)
		return false;
	size = 1ull << order;
	if (index & (size - 1) || index >= pool->num_frames || size > pool->num_frames - index)
		return false;
	for (uint64_t i = 0; i < size; i++) {
		const struct port_frame *frame = &pool->frames[index + i];

		if (frame_state(frame) != FRAME_HELD || frame->refcount)
			return false;
	}
	for (uint64_t i = 0; i < size; i++)
		pool->frames[index + i].flags &= (uint8_t) ~(PORT_FRAME_LEAKED | PORT_FRAME_UNCACHED);
	pool->num_free += size;
	if (pool->quarantine_limit) {
		quarantine_add(pool, (uint32_t)index, order);
	} else {
		block_set_state(pool, (uint32_t)index, order, FRAME_FREE, PORT_FRAME_FREE);
		free_push(pool, (uint32_t)index, order);
	}
	return true;
}
