/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/dram.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frame.h"
#include "sparse.h"

#if defined(__SANITIZE_ADDRESS__)
#define DRAM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DRAM_ASAN 1
#endif
#endif
#ifdef DRAM_ASAN
#include <sanitizer/asan_interface.h>
#else
#define DRAM_ASAN				     0
#define __asan_poison_memory_region(address, size)   ((void)(address), (void)(size))
#define __asan_unpoison_memory_region(address, size) ((void)(address), (void)(size))
#endif

/* Above libraries, heaps and shadow memory, below the stack: free under every layout that Linux makes. */
#define FRAMES_BASE    0x180000000000ull
#define FRAMES_STRIDE  (64ull << 30)
#define HOST_VIEW_BASE 0x200000000000ull
#define RMM_VIEW_BASE  0x300000000000ull
#define VIEW_STRIDE    (2ull << 40)

#define BANK_ALIGN   (2ull << 20)
#define GRANULE_SIZE 4096ull
#define MAX_PHYS     (1ull << 52)

/*
 * Zeroing in place is faster than giving pages back and faulting them in again, whatever their number;
 * pages are given back only so that one large run does not hold memory for ever.
 */
#define KEEP_BYTES (64ull << 20)

/*
 * So much of a memfd that was used before is mapped at a time, as much again as was so far within these bounds:
 * cheaper than one fault after the other.
 */
#define POPULATE_MIN_BYTES (512ull << 10)
#define POPULATE_MAX_BYTES (16ull << 20)

struct dram {
	struct dram_config config;
	bool owns_memfd;
	unsigned int page_shift;
	uint64_t num_frames;
	uint8_t *host_view;
	uint8_t *rmm_view;
	struct port_frame *frames;
	struct frame_pool pool;
	/* Frames that were written or protected without having been handed out. */
	struct sparse_set strays;
	/* Behind so many frames nothing was mapped ahead yet; UINT64_MAX: nothing more will be. */
	uint64_t populated;
};

int dram_memfd_create(void)
{
	int fd = memfd_create("rmesim-dram", MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int map_fixed(uint64_t address, uint64_t size, int flags, int fd, void **out)
{
	void *map = mmap((void *)(uintptr_t)address, size, PROT_READ | PROT_WRITE,
			 flags | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, 0);

	if (map == MAP_FAILED)
		return errno == EEXIST ? -EBUSY : -errno;
	if ((uintptr_t)map != address) {
		/* Kernels that do not know MAP_FIXED_NOREPLACE take the address as a hint. */
		munmap(map, size);
		return -EBUSY;
	}
	/* Huge pages would make one touched granule cost 2 MiB; cores hold a terabyte of holes otherwise. */
	madvise(map, size, MADV_NOHUGEPAGE);
	madvise(map, size, MADV_DONTDUMP);
	*out = map;
	return 0;
}

static int config_check(const struct dram_config *config)
{
	if (!config->base || config->base % BANK_ALIGN || config->base >= MAX_PHYS)
		return -EINVAL;
	if (!config->size || config->size % BANK_ALIGN || config->size > DRAM_MAX_SIZE ||
	    config->size > MAX_PHYS - config->base)
		return -EINVAL;
	if (config->page_size != 4096 && config->page_size != 16384 && config->page_size != 65536)
		return -EINVAL;
	if (config->slot >= DRAM_NUM_SLOTS || config->memfd < -1)
		return -EINVAL;
	return 0;
}

/* The memfd is as large as the DRAM; a smaller one grows. */
static int memfd_prepare(struct dram *dram)
{
	struct stat st;

	if (dram->config.memfd < 0) {
		int fd = dram_memfd_create();

		if (fd < 0)
			return fd;
		dram->config.memfd = fd;
		dram->owns_memfd = true;
	}
	if (fstat(dram->config.memfd, &st))
		return -errno;
	if ((uint64_t)st.st_size < dram->config.size &&
	    ftruncate(dram->config.memfd, (off_t)dram->config.size))
		return -errno;
	return 0;
}

/*
 * Frames are handed out lowest first, so that what the memfd has in front of the last one is what will be
 * touched. Where the kernel does not know how, pages come when they are touched.
 */
static void populate(struct dram *dram)
{
	uint64_t start = dram->populated << dram->page_shift;
	uint64_t size = start > POPULATE_MIN_BYTES ? start : POPULATE_MIN_BYTES, i, j;
	unsigned char present[POPULATE_MAX_BYTES / GRANULE_SIZE];

	if (size > POPULATE_MAX_BYTES)
		size = POPULATE_MAX_BYTES;
	if (size > dram->config.size - start)
		size = dram->config.size - start;
	dram->populated = UINT64_MAX;
#ifdef MADV_POPULATE_READ
	if (!size || mincore(dram->host_view + start, size, present))
		return;
	for (i = 0; i < size / GRANULE_SIZE; i = j) {
		uint64_t at = start + i * GRANULE_SIZE;

		for (j = i + 1; j < size / GRANULE_SIZE && (present[j] & 1) == (present[i] & 1);
		     j++)
			;
		/* Holes stay: to map one would fill it. */
		if (!(present[i] & 1))
			continue;
		if (madvise(dram->host_view + at, (j - i) * GRANULE_SIZE, MADV_POPULATE_READ) ||
		    madvise(dram->rmm_view + at, (j - i) * GRANULE_SIZE, MADV_POPULATE_READ))
			return;
		dram->populated = (start + size) >> dram->page_shift;
	}
#else
	(void)present;
	(void)i;
	(void)j;
#endif
}

static void unmap_all(struct dram *dram)
{
	if (dram->host_view)
		munmap(dram->host_view, dram->config.size);
	if (dram->rmm_view)
		munmap(dram->rmm_view, dram->config.size);
	if (dram->frames)
		munmap(dram->frames, dram->num_frames * sizeof(struct port_frame));
	sparse_destroy(&dram->strays);
	if (dram->owns_memfd)
		close(dram->config.memfd);
	free(dram);
}

int dram_create(const struct dram_config *config, struct dram **out)
{
	int err = config_check(config);
	struct dram *dram;
	void *map = NULL;

	if (err)
		return err;
	dram = calloc(1, sizeof(*dram));
	if (!dram)
		return -ENOMEM;
	dram->config = *config;
	dram->page_shift = (unsigned int)__builtin_ctz(config->page_size);
	dram->num_frames = config->size >> dram->page_shift;
	err = memfd_prepare(dram);
	if (err)
		goto fail;
	err = map_fixed(FRAMES_BASE + config->slot * FRAMES_STRIDE,
			dram->num_frames * sizeof(struct port_frame), MAP_PRIVATE | MAP_ANONYMOUS,
			-1, &map);
	if (err)
		goto fail;
	dram->frames = map;
	err = map_fixed(HOST_VIEW_BASE + config->slot * VIEW_STRIDE, config->size, MAP_SHARED,
			dram->config.memfd, &map);
	if (err)
		goto fail;
	dram->host_view = map;
	err = map_fixed(RMM_VIEW_BASE + config->slot * VIEW_STRIDE, config->size, MAP_SHARED,
			dram->config.memfd, &map);
	if (err)
		goto fail;
	dram->rmm_view = map;
	if (dram->owns_memfd)
		dram->populated = UINT64_MAX;
	else
		populate(dram);
	err = sparse_init(&dram->strays, dram->num_frames);
	if (err)
		goto fail;
	frame_pool_init(&dram->pool, dram->frames, (uint32_t)dram->num_frames, config->quarantine);
	*out = dram;
	return 0;

fail:
	unmap_all(dram);
	return err;
}

/* First frame at or after `index` that may differ from a new one; UINT64_MAX: there is none. */
static uint64_t touched_next(const struct dram *dram, uint64_t index)
{
	return index < dram->pool.bump ? index : sparse_next(&dram->strays, index);
}

/* Every touched frame: host code poisons what it frees, beside what dram_protect() does. */
static void unprotect_all(struct dram *dram)
{
	if (!DRAM_ASAN)
		return;
	for (uint64_t i = touched_next(dram, 0); i != UINT64_MAX; i = touched_next(dram, i + 1)) {
		__asan_unpoison_memory_region(dram->host_view + (i << dram->page_shift),
					      dram->config.page_size);
		dram->frames[i].reserved &= (uint8_t)~FRAME_PROTECTED;
	}
}

/* Gives the memory of the whole memfd back if it has become much. False: it is still there. */
static bool wipe_by_punch(struct dram *dram)
{
	struct stat st;
	int err;

	if (fstat(dram->config.memfd, &st) || (uint64_t)st.st_blocks * 512 <= KEEP_BYTES)
		return false;
	do {
		err = fallocate(dram->config.memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				(off_t)dram->config.size);
	} while (err && errno == EINTR);
	return !err;
}

static void wipe_by_writing(struct dram *dram)
{
	uint64_t first = UINT64_MAX, next = 0;

	for (uint64_t i = touched_next(dram, 0); i != UINT64_MAX; i = touched_next(dram, i + 1)) {
		if (!(dram->frames[i].flags & PORT_FRAME_DIRTY))
			continue;
		if (first != UINT64_MAX && i != next) {
			memset(dram->host_view + (first << dram->page_shift), 0,
			       (next - first) << dram->page_shift);
			first = UINT64_MAX;
		}
		if (first == UINT64_MAX)
			first = i;
		next = i + 1;
	}
	if (first != UINT64_MAX)
		memset(dram->host_view + (first << dram->page_shift), 0,
		       (next - first) << dram->page_shift);
}

static void frames_clear(struct dram *dram)
{
	uint64_t size = dram->pool.bump * sizeof(struct port_frame);
	uint64_t i;

	if (size <= KEEP_BYTES / 64 || madvise(dram->frames, size, MADV_DONTNEED))
		memset(dram->frames, 0, size);
	while ((i = sparse_next(&dram->strays, 0)) != UINT64_MAX) {
		memset(&dram->frames[i], 0, sizeof(dram->frames[i]));
		sparse_remove(&dram->strays, i);
	}
}

static void wipe(struct dram *dram)
{
	unprotect_all(dram);
	if (!wipe_by_punch(dram))
		wipe_by_writing(dram);
}

void dram_reset(struct dram *dram)
{
	wipe(dram);
	frames_clear(dram);
	frame_pool_init(&dram->pool, dram->frames, (uint32_t)dram->num_frames,
			dram->config.quarantine);
}

void dram_destroy(struct dram *dram)
{
	if (!dram)
		return;
	if (dram->owns_memfd)
		unprotect_all(dram);
	else
		wipe(dram);
	unmap_all(dram);
}

uint64_t dram_base(const struct dram *dram)
{
	return dram->config.base;
}

uint64_t dram_size(const struct dram *dram)
{
	return dram->config.size;
}

uint32_t dram_page_size(const struct dram *dram)
{
	return dram->config.page_size;
}

uint8_t *dram_host_view(const struct dram *dram)
{
	return dram->host_view;
}

uint8_t *dram_rmm_view(const struct dram *dram)
{
	return dram->rmm_view;
}

struct port_frame *dram_frames(const struct dram *dram)
{
	return dram->frames;
}

uint64_t dram_num_touched(const struct dram *dram)
{
	return dram->pool.bump;
}

uint64_t dram_num_free(const struct dram *dram)
{
	return dram->pool.num_free;
}

int64_t dram_frame_alloc(struct dram *dram, unsigned int order)
{
	if (dram->pool.bump >= dram->populated)
		populate(dram);
	return frame_pool_alloc(&dram->pool, order);
}

int dram_frame_free(struct dram *dram, uint64_t index, unsigned int order)
{
	return frame_pool_free(&dram->pool, index, order) ? 0 : -EINVAL;
}

static inline bool contains(const struct dram *dram, uint64_t pa)
{
	return pa - dram->config.base < dram->config.size;
}

bool dram_is_clean(const struct dram *dram, uint64_t pa)
{
	if (!contains(dram, pa))
		return false;
	return !(dram->frames[(pa - dram->config.base) >> dram->page_shift].flags &
		 PORT_FRAME_DIRTY);
}

/* The frame of `pa`, which reset and digests visit from now on. */
static struct port_frame *frame_touch(struct dram *dram, uint64_t pa)
{
	uint64_t index = (pa - dram->config.base) >> dram->page_shift;

	if (frame_state(&dram->frames[index]) == FRAME_FRESH)
		sparse_add(&dram->strays, index);
	return &dram->frames[index];
}

void dram_mark_dirty(struct dram *dram, uint64_t pa)
{
	if (contains(dram, pa))
		frame_touch(dram, pa)->flags |= PORT_FRAME_DIRTY;
}

void dram_protect(struct dram *dram, uint64_t pa, bool protect)
{
	struct port_frame *frame;
	uint8_t *granule;

	if (!DRAM_ASAN || !contains(dram, pa))
		return;
	granule = dram->host_view + ((pa - dram->config.base) & ~(GRANULE_SIZE - 1));
	frame = frame_touch(dram, pa);
	if (protect) {
		__asan_poison_memory_region(granule, GRANULE_SIZE);
		frame->reserved |= FRAME_PROTECTED;
		return;
	}
	__asan_unpoison_memory_region(granule, GRANULE_SIZE);
	/* Other granules of a larger frame may still be protected. */
	if (dram->config.page_size == GRANULE_SIZE)
		frame->reserved &= (uint8_t)~FRAME_PROTECTED;
}

static inline uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ (hash >> 32);
}

static uint64_t granule_hash(const uint8_t *granule)
{
	const uint64_t *words = (const uint64_t *)granule;
	uint64_t lane[4] = {1, 2, 3, 4};

	for (size_t i = 0; i < GRANULE_SIZE / 8; i += 4) {
		lane[0] = mix(lane[0], words[i]);
		lane[1] = mix(lane[1], words[i + 1]);
		lane[2] = mix(lane[2], words[i + 2]);
		lane[3] = mix(lane[3], words[i + 3]);
	}
	return mix(mix(mix(lane[0], lane[1]), lane[2]), lane[3]);
}

static uint64_t pool_hash(const struct frame_pool *pool)
{
	uint64_t hash = mix(0, pool->bump);

	hash = mix(hash, pool->hole_mask);
	for (unsigned int i = 0; i < FRAME_NUM_ORDERS; i++) {
		if (pool->hole_mask & 1u << i)
			hash = mix(hash, pool->hole[i]);
		hash = mix(hash, pool->free_head[i]);
	}
	return mix(mix(hash, pool->quarantine_head), pool->quarantine_tail);
}

uint64_t dram_hash(const struct dram *dram, bool (*skip)(void *ctx, uint64_t pa), void *ctx)
{
	uint64_t hash = pool_hash(&dram->pool);

	for (uint64_t i = touched_next(dram, 0); i != UINT64_MAX; i = touched_next(dram, i + 1)) {
		const struct port_frame *frame = &dram->frames[i];
		uint64_t offset = i << dram->page_shift;

		/* A stray that is only protected is unknown to builds without sanitizers. */
		if (i >= dram->pool.bump && !(frame->flags & PORT_FRAME_DIRTY))
			continue;
		hash = mix(hash, i);
		/* Not `site`: where a build keeps its records of source lines depends on its compiler. */
		hash = mix(hash, (uint64_t)(uint32_t)frame->refcount << 32 | frame->link);
		hash = mix(hash, (uint64_t)frame->kind << 24 | (uint64_t)frame->order << 16 |
					 (uint64_t)frame->flags << 8 |
					 (frame->reserved & FRAME_STATE_MASK));
		if (!(frame->flags & PORT_FRAME_DIRTY))
			continue;
		for (uint64_t at = offset; at < offset + dram->config.page_size;
		     at += GRANULE_SIZE) {
			/* The host view may be protected. */
			if (!skip || !skip(ctx, dram->config.base + at))
				hash = mix(hash, granule_hash(dram->rmm_view + at));
		}
	}
	return hash;
}
