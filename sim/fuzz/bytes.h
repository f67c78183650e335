/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bytes.h - a sequence as bytes, and any bytes as a sequence, for engines that know nothing but bytes:
 *
 *   shape, number of faults, then for each fault its point and when (nth - 1);
 *   then steps: row; realm (bit 0), vCPU (1-2), what the VMM does about a memory fault (3-4), which actor of a race
 *   performs it (5-6; 0: nobody overlaps with it), and whether it begins one (7); if so the seed of its schedule (two
 *   bytes, the lower first); which parameters are given (two bytes, the lower first); for each of these how many bytes
 *   its value has (0 to 8), and the value, lowest byte first.
 *
 * What a number does not fit is taken modulo; a step that is cut off at the end is left out; a race ends before a step
 * whose actor does not come next, and one that does not fit (sequence_race_fits()) is steps one after the other. Machines have 4 KiB pages.
 */
#ifndef FUZZ_BYTES_H
#define FUZZ_BYTES_H

#include "sequence.h"

/* Shapes that a byte tells apart; the last ones have two realms or block mappings. */
#define BYTES_SHAPES	8u
#define BYTES_MAX_STEPS 48u

/* bytes_shape - the shape that some bytes ask for; bytes_shape_number - its number. */
unsigned int bytes_shape_number(const uint8_t *data, size_t size);
void bytes_shape(unsigned int number, struct shape *shape);
/* bytes_read - the sequence; `shape` is that of its number, and outlives it. */
void bytes_read(const uint8_t *data, size_t size, const struct shape *shape,
		struct sequence *sequence);
/* bytes_write - the bytes of a sequence on shape `number`; steps that do not fit into `max` bytes are left out. */
size_t bytes_write(const struct sequence *sequence, unsigned int number, uint8_t *out, size_t max);
/* bytes_draw - the bytes of a sequence that `seed` decides. */
size_t bytes_draw(uint64_t seed, uint8_t *out, size_t max);
/* bytes_mutate - change, add, leave out or move steps, faults and races; the new size, at most `max`. */
size_t bytes_mutate(uint8_t *data, size_t size, size_t max, uint64_t seed);
/* bytes_cross - the first steps of one and the last of another, on the machine of the first. */
size_t bytes_cross(const uint8_t *a, size_t size_a, const uint8_t *b, size_t size_b, uint8_t *out,
		   size_t max, uint64_t seed);

#endif
