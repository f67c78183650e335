/* SPDX-License-Identifier: BSD-3-Clause */
/* scan.c - see scan.h. Each scan is written once, and compiled for every machine and for AVX2. */
#include "scan.h"

#define WORDS 512

typedef uint64_t words4 __attribute__((vector_size(32), may_alias));
#define VECTORS (WORDS / 4)

#define INLINE static inline __attribute__((always_inline))

/* As a macro: a function that takes vectors is called differently on different machines. */
#define ANY(v) (((v)[0] | (v)[1]) | ((v)[2] | (v)[3]))

INLINE void fill(uint64_t *words, uint64_t first, uint64_t stride)
{
	words4 *to = (words4 *)words;
	words4 a = {first, first + stride, first + 2 * stride, first + 3 * stride};
	words4 b = a + 4 * stride;

	/* Nearly all are filled with one value. */
	for (unsigned int i = 0; !stride && i < VECTORS; i++)
		to[i] = a;
	for (unsigned int i = 0; stride && i < VECTORS; i += 2) {
		to[i] = a;
		to[i + 1] = b;
		a += 8 * stride;
		b += 8 * stride;
	}
}

INLINE void wipe(void *memory, uint8_t eighths)
{
	const words4 zero = {0};

	for (unsigned int left = eighths; left; left &= left - 1) {
		words4 *to = (words4 *)memory + (unsigned int)__builtin_ctz(left) * (VECTORS / 8);

		for (unsigned int i = 0; i < VECTORS / 8; i++)
			to[i] = zero;
	}
}

INLINE bool is_filled(const uint64_t *words, uint64_t first, uint64_t stride)
{
	const words4 *from = (const words4 *)words;
	words4 a = {first, first + stride, first + 2 * stride, first + 3 * stride};
	words4 b = a + 4 * stride;

	/* Most tables that are not, are not soon. */
	for (unsigned int i = 0; !stride && i < VECTORS; i += VECTORS / 4) {
		words4 differs = {0}, more = {0};

		for (unsigned int j = i; j < i + VECTORS / 4; j += 4) {
			differs |= (from[j] ^ a) | (from[j + 1] ^ a);
			more |= (from[j + 2] ^ a) | (from[j + 3] ^ a);
		}
		differs |= more;
		if (ANY(differs))
			return false;
	}
	for (unsigned int i = 0; stride && i < VECTORS; i += VECTORS / 4) {
		words4 differs = {0}, more = {0};

		for (unsigned int j = i; j < i + VECTORS / 4; j += 2) {
			differs |= from[j] ^ a;
			more |= from[j + 1] ^ b;
			a += 8 * stride;
			b += 8 * stride;
		}
		differs |= more;
		if (ANY(differs))
			return false;
	}
	return true;
}

INLINE bool is_zero(const void *memory)
{
	const words4 *from = memory;
	words4 a = {0}, b = {0};

	for (unsigned int i = 0; i < VECTORS; i += 4) {
		a |= from[i] | from[i + 1];
		b |= from[i + 2] | from[i + 3];
	}
	a |= b;
	return !ANY(a);
}

typedef uint64_t words4_anywhere __attribute__((vector_size(32), aligned(8), may_alias));

INLINE bool is_same(const void *a, const void *b, unsigned int size)
{
	const words4_anywhere *x = a, *y = b, *const end = x + size / sizeof(*x);
	words4 differs = {0}, more = {0};

	for (; x + 1 < end; x += 2, y += 2) {
		differs |= x[0] ^ y[0];
		more |= x[1] ^ y[1];
	}
	if (x < end)
		differs |= x[0] ^ y[0];
	differs |= more;
	return !ANY(differs);
}

INLINE bool is_replaced(const uint64_t *words, const uint64_t *old, unsigned int num, uint64_t mask,
			uint64_t value, uint64_t *any)
{
	words4 differs = {0}, all = {0};
	uint64_t differ = 0, bits = 0;
	unsigned int i = 0;

	for (; i + 4 <= num; i += 4) {
		const words4 was = *(const words4_anywhere *)&old[i];

		differs |= *(const words4_anywhere *)&words[i] ^ ((was & ~mask) | value);
		all |= was;
	}
	for (; i < num; i++) {
		differ |= words[i] ^ ((old[i] & ~mask) | value);
		bits |= old[i];
	}
	*any |= bits | ANY(all);
	return !(differ | ANY(differs));
}

INLINE unsigned int other(const uint64_t *words, unsigned int from, unsigned int num, uint64_t mask,
			  uint64_t value)
{
	unsigned int i = from;

	for (; i < num && i % 4; i++) {
		if ((words[i] ^ value) & mask)
			return i;
	}
	for (; i + 32 <= num; i += 32) {
		const words4_anywhere *at = (const words4_anywhere *)&words[i];
		words4 differs = {0}, more = {0};

		for (unsigned int j = 0; j < 8; j += 2) {
			differs |= at[j] ^ value;
			more |= at[j + 1] ^ value;
		}
		differs = (differs | more) & mask;
		if (ANY(differs))
			break;
	}
	for (; i + 4 <= num; i += 4) {
		const words4 differs = (*(const words4_anywhere *)&words[i] ^ value) & mask;

		if (ANY(differs))
			break;
	}
	for (; i < num; i++) {
		if ((words[i] ^ value) & mask)
			return i;
	}
	return num;
}

/* One to one, and 0 to 0. */
INLINE uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return x ^ (x >> 32);
}

INLINE uint64_t digest(const void *memory)
{
	const words4 *from = memory;
	words4 a = {0}, b = {0}, c = {0}, d = {0};

	for (unsigned int i = 0; i < VECTORS; i += 2) {
		a += from[i];
		b += a;
		c += from[i + 1] ^ (from[i + 1] << 7);
		d += c;
	}
	uint64_t h;

	h = mix(a[0] + a[1] * 3 + a[2] * 5 + a[3] * 7);
	h = mix(h + b[0] + b[1] * 3 + b[2] * 5 + b[3] * 7);
	h = mix(h + c[0] + c[1] * 3 + c[2] * 5 + c[3] * 7);
	return mix(h + d[0] + d[1] * 3 + d[2] * 5 + d[3] * 7);
}

#ifdef __x86_64__
#define AVX2	   __attribute__((target("avx2")))
#define HAS_AVX2() __builtin_cpu_supports("avx2")

AVX2 static void fill_avx2(uint64_t *words, uint64_t first, uint64_t stride)
{
	fill(words, first, stride);
}

AVX2 static void wipe_avx2(void *memory, uint8_t eighths)
{
	wipe(memory, eighths);
}

AVX2 static bool is_filled_avx2(const uint64_t *words, uint64_t first, uint64_t stride)
{
	return is_filled(words, first, stride);
}

AVX2 static bool is_zero_avx2(const void *memory)
{
	return is_zero(memory);
}

AVX2 static bool is_same_avx2(const void *a, const void *b, unsigned int size)
{
	return is_same(a, b, size);
}

AVX2 static bool is_replaced_avx2(const uint64_t *words, const uint64_t *old, unsigned int num,
				  uint64_t mask, uint64_t value, uint64_t *any)
{
	return is_replaced(words, old, num, mask, value, any);
}

AVX2 static unsigned int other_avx2(const uint64_t *words, unsigned int from, unsigned int num,
				    uint64_t mask, uint64_t value)
{
	return other(words, from, num, mask, value);
}

AVX2 static uint64_t digest_avx2(const void *memory)
{
	return digest(memory);
}

#define DISPATCH(scan, ...) (HAS_AVX2() ? scan##_avx2(__VA_ARGS__) : scan(__VA_ARGS__))
#else
#define DISPATCH(scan, ...) scan(__VA_ARGS__)
#endif

void scan_fill(uint64_t *words, uint64_t first, uint64_t stride)
{
	DISPATCH(fill, words, first, stride);
}

void scan_wipe(void *memory, uint8_t eighths)
{
	DISPATCH(wipe, memory, eighths);
}

bool scan_is_filled(const uint64_t *words, uint64_t first, uint64_t stride)
{
	return DISPATCH(is_filled, words, first, stride);
}

bool scan_is_zero(const void *memory)
{
	return DISPATCH(is_zero, memory);
}

bool scan_is_same(const void *a, const void *b, unsigned int size)
{
	return DISPATCH(is_same, a, b, size);
}

bool scan_is_replaced(const uint64_t *words, const uint64_t *old, unsigned int num, uint64_t mask,
		      uint64_t value, uint64_t *any)
{
	return DISPATCH(is_replaced, words, old, num, mask, value, any);
}

unsigned int scan_other(const uint64_t *words, unsigned int from, unsigned int num, uint64_t mask,
			uint64_t value)
{
	return DISPATCH(other, words, from, num, mask, value);
}

uint64_t scan_digest(const void *memory)
{
	return DISPATCH(digest, memory);
}
