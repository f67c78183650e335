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
	int memfd;           /* from dram_memfd_create(), all zeros; -1: one is made and owned */
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
 * used again, and all sanitizer poison is removed. NULL is ignored.
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
/* dram_num_touched - frames [0, n) have been handed out since the last reset. */
uint64_t dram_num_touched(const struct dram *dram);
/* dram_num_free - frames that dram_frame_alloc(.., 0) could still hand out. */
uint64_t dram_num_free(const struct dram *dram);

/* As struct sim_port describes them. Never-used frames lowest first, freed ones last in, first out. */
int64_t dram_frame_alloc(struct dram *dram, unsigned int order);
void dram_frame_free(struct dram *dram, uint64_t index, unsigned int order);

/* dram_is_clean - true if the granule at physical address `pa` is known to hold zeros. */
bool dram_is_clean(const struct dram *dram, uint64_t pa);
/* dram_mark_dirty - the granule at `pa` may be written from now on. */
void dram_mark_dirty(struct dram *dram, uint64_t pa);

/*
 * dram_protect - the granule at `pa` left (or came back to) the Non-secure PAS. In sanitizer builds host
 * code that touches it from now on is reported with its own stack.
 */
void dram_protect(struct dram *dram, uint64_t pa, bool protect);

/*
 * dram_hash - a 64-bit digest of all touched frames: their table entries, and the contents of those that
 * are not clean and Non-secure (`skip` says which granules belong to the RMM; NULL: none).
 */
uint64_t dram_hash(const struct dram *dram, bool (*skip)(void *ctx, uint64_t pa), void *ctx);

#endif
