/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * frame.h - which page frames are free. All state is in the frame table and in this structure, so that
 * it is a function of the history of calls alone.
 *
 * Of struct port_frame the allocator owns `reserved` (enum frame_state in its low bits) at all times, and
 * `link`, `order` and `kind` of frames that are not handed out.
 */
#ifndef SIM_MEMORY_FRAME_H
#define SIM_MEMORY_FRAME_H

#include <sim/port.h>

#define FRAME_NUM_ORDERS 32u

enum frame_state {
	FRAME_FRESH,       /* never handed out */
	FRAME_HELD,        /* handed out */
	FRAME_FREE,        /* in a block on a free list */
	FRAME_QUARANTINED, /* in a block that waits */
};
#define FRAME_STATE_MASK 0x3u
/* A granule of the frame has been protected. Sanitizer builds only; not part of any digest. */
#define FRAME_PROTECTED 0x80u

struct frame_pool {
	struct port_frame *frames;
	uint32_t num_frames;
	/*
	 * Frames below `bump` were handed out, or skipped to align a block. Skipped frames form at most one
	 * block of each order, aligned to its size, and their addresses ascend with their orders: a skip
	 * only happens when no skipped block is large enough, and then starts at a multiple of a size
	 * larger than all of these.
	 */
	uint32_t bump;
	uint32_t hole[FRAME_NUM_ORDERS]; /* first frame of the skipped block, valid if its bit is set */
	uint32_t hole_mask;
	/* Lists are linked by index + 1; 0 ends them. */
	uint32_t free_head[FRAME_NUM_ORDERS];
	uint32_t free_mask; /* orders whose list is not empty */
	uint32_t quarantine_head, quarantine_tail;
	uint32_t quarantine_frames, quarantine_limit;
	uint64_t num_free;
};

void frame_pool_init(struct frame_pool *pool, struct port_frame *frames, uint32_t num_frames,
		     uint32_t quarantine_limit);
/* frame_pool_alloc - index of the first of 2^order frames, aligned to their number; -1: there are none. */
int64_t frame_pool_alloc(struct frame_pool *pool, unsigned int order);
/* frame_pool_free - false, and nothing changes, unless all 2^order frames are held with refcount 0. */
bool frame_pool_free(struct frame_pool *pool, uint64_t index, unsigned int order);

static inline enum frame_state frame_state(const struct port_frame *frame)
{
	return (enum frame_state)(frame->reserved & FRAME_STATE_MASK);
}

#endif
