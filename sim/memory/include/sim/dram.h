/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dram.h - simulated DRAM: one memfd seen through two mappings, and its page frames.
 *
 * The host view is where host code reads and writes; the RMM view is the RMM's. Both are at fixed virtual
 * addresses (one pair a slot), so that pointers stored in DRAM are the same in every run. A frame is
 * *touched* if it was handed out since the last reset, and *clean* until host code may have written to
 * it; memory that is clean is neither read nor written, so that the memfd keeps a hole there.
 */
#ifndef SIM_DRAM_H
#define SIM_DRAM_H

#include <sim/port.h>

struct dram;

#define DRAM_NUM_SLOTS 8u
#define DRAM_MAX_SIZE (1ull << 40)
#define DRAM_DEFAULT_BASE 0x800000000ull
#define DRAM_DEFAULT_SIZE (64ull << 20)

struct dram_config {
	uint64_t base;       /* physical, 2 MiB aligned, not 0 */
	uint64_t size;       /* bytes, a multiple of 2 MiB, at most DRAM_MAX_SIZE */
	uint32_t page_size;  /* of a frame: 4096, 16384 or 65536 */
	unsigned int slot;   /* which pair of fixed addresses, below DRAM_NUM_SLOTS */
	uint32_t quarantine; /* frames that wait after being freed before they are handed out again */
	int memfd;           /* all zeros, grows to `size` if it is smaller; -1: one is made and owned */
};

/* dram_memfd_create - an empty memfd for dram_config.memfd; a descriptor or -errno. */
int dram_memfd_create(void);

/*
 * dram_create - map DRAM into this process. Returns 0; -EINVAL (a field out of range); -EBUSY (the slot's
 * addresses are taken); -ENOMEM and other -errno of the system. Must come after fork(): the mapping is
 * shared and a memfd belongs to one process at a time.
 */
int dram_create(const struct dram_config *config, struct dram **out);

/*
 * dram_destroy - unmap. Touched memory is zeroed first (as dram_reset() does) so that the memfd can be
 * used again, unless the memfd is owned and goes away; sanitizer poison is removed. NULL is ignored.
 */
void dram_destroy(struct dram *dram);

/*
 * dram_reset - every frame free and clean again, in the order of a new DRAM, at the cost of the frames
 * that were touched. The RMM must have been reset before: memory it still protects is unprotected here.
 */
void dram_reset(struct dram *dram);

uint64_t dram_base(const struct dram *dram);
uint64_t dram_size(const struct dram *dram);
uint32_t dram_page_size(const struct dram *dram);
uint8_t *dram_host_view(const struct dram *dram);
uint8_t *dram_rmm_view(const struct dram *dram);
struct port_frame *dram_frames(const struct dram *dram);
/* dram_num_touched - no frame with this index or a higher one was handed out since the last reset. */
uint64_t dram_num_touched(const struct dram *dram);
/* dram_num_free - frames that dram_frame_alloc(.., 0) could still hand out. */
uint64_t dram_num_free(const struct dram *dram);

/*
 * dram_frame_alloc - 2^order frames, aligned to their number; the index of the first, or -1. In this order:
 * the block of that order that was freed last; the lowest run that was never handed out (so frames that
 * were skipped to align a block come before all later ones); part of the larger block freed last; what
 * waits in quarantine longest; the lowest aligned run of frames that were freed in smaller blocks. Their
 * `kind`, `link` and the `order` of all but the first are 0, `refcount` is 0; `flags` tells whether a frame
 * is clean, and `site` is what it was.
 */
int64_t dram_frame_alloc(struct dram *dram, unsigned int order);
/*
 * dram_frame_free - give 2^order frames back, which need not have been handed out as one block. Returns 0;
 * -EINVAL and nothing changes if `index` is not a multiple of 2^order, or if one of the frames is outside
 * DRAM, not handed out, or has a refcount other than 0.
 */
int dram_frame_free(struct dram *dram, uint64_t index, unsigned int order);

/*
 * dram_is_clean - true if the granule at physical address `pa` is known to hold zeros. All granules of a
 * frame are clean or none is. Host code that writes to a frame sets PORT_FRAME_DIRTY or calls
 * dram_mark_dirty() before.
 */
bool dram_is_clean(const struct dram *dram, uint64_t pa);
/* dram_mark_dirty - the granule at `pa` may be written from now on. Outside DRAM nothing happens. */
void dram_mark_dirty(struct dram *dram, uint64_t pa);

/*
 * dram_protect - the granule at `pa` left (or came back to) the Non-secure PAS. In sanitizer builds host
 * code that touches it from now on is reported with its own stack.
 */
void dram_protect(struct dram *dram, uint64_t pa, bool protect);

/*
 * dram_hash - a 64-bit digest of the order in which frames will be handed out and of all touched frames:
 * their table entries without `site` (which depends on the compiler), and the contents of those that are
 * not clean, without the granules for which `skip` returns true because they are the RMM's (NULL: none).
 */
uint64_t dram_hash(const struct dram *dram, bool (*skip)(void *ctx, uint64_t pa), void *ctx);

#endif
