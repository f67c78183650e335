/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * granule.h - granules: what the RMM knows of each, where their memory is, and how Non-secure memory
 * is reached. Also struct rmm, because everything it holds is about granules.
 */
#ifndef MODEL_GRANULE_H
#define MODEL_GRANULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rmm/conditions.h>
#include <rmm/inspect.h>
#include <rmm/rmm.h>

#define GRANULE_SHIFT 12
#define GRANULE_MASK  (UINT64_C(4096) - 1)

/* No granule has this address; it ends the list of Realms. */
#define PA_NONE UINT64_MAX

/* All that is kept of a granule outside its own memory. All zero: UNDELEGATED, GPT_NS. */
struct granule {
	union {
		struct {
			uint8_t state : 4; /* enum rmm_granule_state */
			uint8_t gpt : 3;   /* enum rmm_gpt */
			uint8_t clean : 1; /* holds only zeros; kept only while gpt is REALM */
		};
		uint8_t state_gpt_clean;
	};
	uint8_t dirty; /* while it is not clean: bit of each eighth that may hold something else */
	uint16_t refcount;
};
_Static_assert(sizeof(struct granule) == 4, "this array is as long as DRAM has granules");
_Static_assert(RMM_GRANULE_NUM_STATES <= 16 && RMM_GPT_AAP < 8, "they fit");

#define GRANULE_DIRTY  0xff /* all of it */
#define GRANULE_EIGHTH (RMM_GRANULE_SIZE / 8)

/* granule_eighths - bits of those in which there is any of the `size` bytes at `offset`; `size` is not 0. */
static inline uint8_t granule_eighths(uint64_t offset, uint64_t size)
{
	const unsigned int first = (unsigned int)(offset / GRANULE_EIGHTH);
	const unsigned int last = (unsigned int)((offset + size - 1) / GRANULE_EIGHTH);

	return (uint8_t)((2u << last) - (1u << first));
}

/* granule_dirty - something is about to be written, in these eighths. */
static inline void granule_dirty(struct granule *granule, uint8_t eighths)
{
	granule->dirty |= eighths;
	granule->clean = false;
}

struct shadow;

struct bank {
	uint64_t base, size;
	uint8_t *view;
	struct granule *granules;
	struct shadow *shadows; /* the checker's, as many; NULL: invariants are off */
	/*
	 * One bit for each GRANULES_PER_CHUNK granules of which one was changed since the reset, and
	 * one bit for each word of those.
	 */
	uint64_t *touched;
	uint64_t *touched_words;
	bool delegable;
};
#define GRANULES_PER_CHUNK 64

static inline uint64_t bank_num_granules(const struct bank *bank)
{
	return bank->size >> GRANULE_SHIFT;
}

/* words_for_bits - how many 64-bit words hold `n` bits. */
static inline uint64_t words_for_bits(uint64_t n)
{
	return (n + 63) / 64;
}

/* bank_num_touched - how many words bank->touched has. */
static inline uint64_t bank_num_touched(const struct bank *bank)
{
	const uint64_t granules = bank_num_granules(bank);

	return words_for_bits((granules + GRANULES_PER_CHUNK - 1) / GRANULES_PER_CHUNK);
}

struct checker;

/*
 * Parameters that were measured, and their digest: what is hashed is 4 KiB, and the few values in it are mostly those
 * of the last Realm or REC. A reset does not change what a digest is.
 */
#define MEASURED_VALUES 10u
#define NUM_MEASURED	8u
struct measured {
	uint64_t kind; /* 0: nothing yet */
	uint64_t values[MEASURED_VALUES];
	uint8_t digest[64];
};

/*
 * Where the walk of an RTT_FOLD ended that found no table, for those that follow about the same parent: Hosts ask for
 * each table that there could be. It says where to read, and what was read on the way: as long as that is what is
 * read again, the walk ends there again, so that nobody need take care to forget it.
 */
typedef uint64_t word_of_any __attribute__((may_alias));
#define FOLDED_WALK_LEVELS 2u /* above the parent */
struct folded_walk {
	uint64_t rd;
	int64_t level;
	unsigned int shift; /* of what the parent describes, all of which is in the IPA space; never 0 */
	uint64_t block;	    /* its IPA >> shift; FOLDED_WALK_NONE: there is none */
	const struct granule *granule; /* of the RD */
	const word_of_any *descriptor; /* the RD's first words: all that says where walks begin */
	uint64_t descriptor_read[2];
	const uint64_t *above[FOLDED_WALK_LEVELS]; /* entries that lead to the parent; itself where there are fewer */
	uint64_t above_read[FOLDED_WALK_LEVELS];
	const uint64_t *entries; /* of the parent */
	const struct rmm_condition *condition;
};
#define FOLDED_WALK_NONE UINT64_MAX /* what no register, shifted, is: each has any value that the Host likes */

struct rmm {
	struct checker *checker; /* NULL: invariants are off */
	struct bank *banks;	 /* by ascending base */
	struct bank *banks_end;
	struct rmm_config config; /* its `banks` is NULL */
	uint64_t feature_0;
	uint64_t num_granules;
	uint64_t count[RMM_GRANULE_NUM_STATES]; /* UNDELEGATED is not counted */
	uint64_t first_realm; /* PA of the RD with the lowest address, or PA_NONE */
	struct last_call {
		const struct rmm_command *command;
		const struct rmm_condition *condition;
	} last_call, last_realm_call;
	struct folded_walk folded_walk;
	struct measured measured[NUM_MEASURED];
	unsigned int next_measured;
};

static inline bool rmm_follows_tfrmm(const struct rmm *rmm, uint64_t item)
{
	return (rmm->config.tfrmm & item) != 0;
}

static inline bool granule_aligned(uint64_t pa)
{
	return (pa & GRANULE_MASK) == 0;
}

/* bank_find - the bank that holds physical address `pa`, or NULL. */
static inline struct bank *bank_find(const struct rmm *rmm, uint64_t pa)
{
	for (struct bank *bank = rmm->banks; bank < rmm->banks_end; bank++) {
		if (pa - bank->base < bank->size)
			return bank;
	}
	return NULL;
}

/* granule_find - what is known of the granule that holds `pa`, or NULL if no bank has it. */
static inline struct granule *granule_find(const struct rmm *rmm, uint64_t pa)
{
	const struct bank *bank = bank_find(rmm, pa);

	return bank ? &bank->granules[(pa - bank->base) >> GRANULE_SHIFT] : NULL;
}

/* granule_find_delegable - as granule_find(), but NULL too if the Host may not delegate it. */
static inline struct granule *granule_find_delegable(const struct rmm *rmm, uint64_t pa)
{
	const struct bank *bank = bank_find(rmm, pa);

	return bank && bank->delegable ? &bank->granules[(pa - bank->base) >> GRANULE_SHIFT] : NULL;
}

/* granule_find_named - as granule_find_delegable(), and its memory; `memory` is left alone if there is none. */
static inline struct granule *granule_find_named(const struct rmm *rmm, uint64_t pa, void **memory)
{
	const struct bank *bank = bank_find(rmm, pa);

	if (!bank || !bank->delegable)
		return NULL;
	*memory = bank->view + (pa - bank->base);
	return &bank->granules[(pa - bank->base) >> GRANULE_SHIFT];
}

/* granule_in_state - `pa` is granule aligned and delegable, and in `state`. */
static inline bool granule_in_state(const struct rmm *rmm, uint64_t pa,
				    enum rmm_granule_state state)
{
	const struct granule *granule = granule_find_delegable(rmm, pa);

	return granule_aligned(pa) && granule && granule->state == state;
}

/* granule_memory - the memory at `pa`, which a bank holds. */
static inline void *granule_memory(const struct rmm *rmm, uint64_t pa)
{
	const struct bank *bank = bank_find(rmm, pa);

	return bank->view + (pa - bank->base);
}

static inline void granule_set_state(struct rmm *rmm, struct granule *granule,
				     enum rmm_granule_state state)
{
	rmm->count[granule->state]--;
	rmm->count[state]++;
	granule->state = state;
}

/*
 * granule_take - a DELEGATED granule becomes `state` and its memory is about to be written, in these
 * eighths. Returns its memory.
 */
void *granule_take(struct rmm *rmm, uint64_t pa, enum rmm_granule_state state, uint8_t eighths);

/*
 * granule_release - a used granule becomes DELEGATED. Its content is wiped unless it is known to be
 * zero and that is how wiped memory looks; its reference count is zero afterwards.
 */
void granule_release(struct rmm *rmm, uint64_t pa);

/* granule_wipe_word - what wiping with `pattern` (not 0) leaves in the eight bytes at `pa`. */
static inline uint64_t granule_wipe_word(uint64_t pattern, uint64_t pa)
{
	uint64_t x = pattern ^ pa;

	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return x ^ (x >> 32);
}

/* granule_wipe - nothing of what was in the granule can be found there afterwards. */
void granule_wipe(struct rmm *rmm, uint64_t pa, struct granule *granule);

/*
 * granule_read, granule_write - copy from or to a granule that the RMM owns, within one granule. Memory
 * that is known to be zero is not read. granule_write() writes zeros if `data` is NULL.
 */
void granule_read(const struct rmm *rmm, uint64_t pa, void *data, size_t size);
void granule_write(struct rmm *rmm, uint64_t pa, const void *data, size_t size);

/* granule_touch - take note that the state or GPT entry of the granule at `pa` is about to change. */
void granule_touch(struct bank *bank, uint64_t pa);

/*
 * bank_next_touched - the first granule number from `index` on, in a chunk that was touched since the
 * reset; the number of the bank's granules if there is none.
 */
uint64_t bank_next_touched(const struct bank *bank, uint64_t index);

/* bank_each_chunk - these chunks: `num` granules from the number `first` on. They begin at chunks. */
#define bank_each_chunk(bank, first, num)                                                          \
	for (uint64_t first = bank_next_touched(bank, 0), num;                                     \
	     (num = bank_chunk_size(bank, first)) > 0;                                             \
	     first = bank_next_touched(bank, first + GRANULES_PER_CHUNK))

/* bank_chunk_size - how many granules the chunk has that begins at number `first`; 0 behind the last one. */
static inline uint64_t bank_chunk_size(const struct bank *bank, uint64_t first)
{
	const uint64_t end = bank_num_granules(bank);

	if (first >= end)
		return 0;
	return end - first < GRANULES_PER_CHUNK ? end - first : GRANULES_PER_CHUNK;
}

/* bank_each_touched - all granules of these chunks, by their numbers `i`; they begin at chunks. */
#define bank_each_touched(bank, i)                                                                 \
	for (uint64_t i = bank_next_touched(bank, 0), i##_end = bank_num_granules(bank);           \
	     i < i##_end; i = ++i % GRANULES_PER_CHUNK ? i : bank_next_touched(bank, i))

/* ns_permits - the GPT lets the Non-secure PAS access `pa`, and a bank holds it. */
static inline bool ns_permits(const struct rmm *rmm, uint64_t pa)
{
	const struct granule *granule = granule_find(rmm, pa);

	return granule && (granule->gpt == RMM_GPT_NS || granule->gpt == RMM_GPT_AAP);
}

/* ns_faults - an access to Non-secure memory at `pa` takes a Granule Protection Fault. */
static inline bool ns_faults(const struct rmm *rmm, uint64_t pa, bool write)
{
	if (!ns_permits(rmm, pa))
		return true;
	return rmm->config.platform.ns_fault &&
	       rmm->config.platform.ns_fault(rmm->config.platform.ctx, pa & ~GRANULE_MASK, write);
}

/* ns_clean - the platform knows that the Non-secure granule at `pa` holds only zeros. */
static inline bool ns_clean(const struct rmm *rmm, uint64_t pa)
{
	return rmm->config.platform.is_clean &&
	       rmm->config.platform.is_clean(rmm->config.platform.ctx, pa & ~GRANULE_MASK);
}

/* A granule of zeros. */
extern const uint8_t zero_granule[RMM_GRANULE_SIZE];

/*
 * ns_view - the content of the Non-secure granule at `pa`, after ns_faults() said that it can be read. It is the
 * Host's, who may write to it at any time: what is needed of it is copied, once, and then checked.
 */
static inline const void *ns_view(const struct rmm *rmm, uint64_t pa)
{
	return ns_clean(rmm, pa) ? zero_granule : granule_memory(rmm, pa);
}

/*
 * ns_read, ns_write - copy from or to Non-secure memory within one granule, after ns_faults() said
 * that it can be done. ns_write() writes zeros if `data` is NULL.
 */
void ns_read(const struct rmm *rmm, uint64_t pa, void *data, size_t size);
void ns_write(struct rmm *rmm, uint64_t pa, const void *data, size_t size);

#endif
