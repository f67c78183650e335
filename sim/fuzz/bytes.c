/* SPDX-License-Identifier: BSD-3-Clause */
#include "bytes.h"

#include <string.h>

#include "point.h"

struct reader {
	const uint8_t *data;
	size_t size, at;
};

static bool has(const struct reader *reader, size_t num)
{
	return reader->size - reader->at >= num;
}

/* The next byte; 0 behind the end. */
static uint8_t next(struct reader *reader)
{
	return reader->at < reader->size ? reader->data[reader->at++] : 0;
}

static unsigned int num_rows(void)
{
	static unsigned int num;

	while (sequence_row(num))
		num++;
	return num;
}

unsigned int bytes_shape_number(const uint8_t *data, size_t size)
{
	return size ? data[0] % BYTES_SHAPES : 0;
}

void bytes_shape(unsigned int number, struct shape *shape)
{
	uint64_t seed = number * UINT64_C(0x10001);

	/* The first that has what the number stands for: it is the same for ever. */
	do {
		shape_draw(shape, ++seed, 4096);
	} while (shape->blocks != (number == BYTES_SHAPES - 1) ||
		 shape->big != (number == BYTES_SHAPES - 1) || shape->ipa_bits > 36 ||
		 shape->ipa_bits < 35 || (shape->num_realms > 1) != (number == BYTES_SHAPES - 2) ||
		 (shape->vcpus > 1) != (number % 3 == 2));
}

/* --- reading ------------------------------------------------------------------------------------------ */

static bool point_allowed(unsigned int point)
{
	return point < PORT_NUM_FAULTS || (point_name(point) && point_is_environment(point));
}

static void read_faults(struct reader *reader, struct sequence *sequence)
{
	unsigned int num = next(reader) % (SEQUENCE_MAX_FAULTS + 1);

	for (; num && has(reader, 2); num--) {
		unsigned int point = next(reader) % POINT_MAX;
		uint64_t nth = 1 + (uint64_t)next(reader);

		if (!point_allowed(point))
			point %= PORT_NUM_FAULTS;
		sequence->faults[sequence->num_faults].point = point;
		sequence->faults[sequence->num_faults++].nth = nth;
	}
}

static uint64_t read_number(struct reader *reader)
{
	unsigned int num = next(reader) % 9, i;
	uint64_t number = 0;

	for (i = 0; i < num; i++)
		number |= (uint64_t)next(reader) << 8 * i;
	return number;
}

static void read_step(struct reader *reader, const struct shape *shape, struct step_call *call)
{
	const struct step_def *def = sequence_row(next(reader) % num_rows());
	unsigned int who = next(reader), given = next(reader);
	size_t i;

	given |= (unsigned int)next(reader) << 8;
	step_call_init(call, def);
	call->realm = (who & 1) % shape->num_realms;
	call->vcpu = (who >> 1 & 3) % shape->vcpus;
	call->memory_fault = (enum step_memory_fault)(who >> 3 & 3);
	for (i = 0; i < def->num_params; i++) {
		if (given & 1u << i || def->params[i].required) {
			call->args[i].given = true;
			call->args[i].number = read_number(reader);
		}
	}
}

void bytes_read(const uint8_t *data, size_t size, const struct shape *shape,
		struct sequence *sequence)
{
	struct reader reader = {data, size, 0};

	sequence->shape = shape;
	sequence->num_steps = 0;
	sequence->num_faults = sequence->num_races = 0;
	next(&reader);
	read_faults(&reader, sequence);
	while (has(&reader, 4) && sequence->num_steps < BYTES_MAX_STEPS)
		read_step(&reader, shape, &sequence->steps[sequence->num_steps++]);
	sequence_settle(sequence);
}

/* --- writing ------------------------------------------------------------------------------------------ */

static size_t write_step(const struct step_call *call, uint8_t *out)
{
	unsigned int given = 0;
	size_t at = 0, i;

	for (i = 0; i < call->def->num_params && i < STEP_MAX_PARAMS; i++)
		given |= (unsigned int)call->args[i].given << i;
	out[at++] = (uint8_t)sequence_row_of(call->def);
	out[at++] =
		(uint8_t)(call->realm | call->vcpu << 1 | (unsigned int)call->memory_fault << 3);
	out[at++] = (uint8_t)given;
	out[at++] = (uint8_t)(given >> 8);
	for (i = 0; i < call->def->num_params; i++) {
		uint64_t number = call->args[i].number;
		size_t length = at++;

		if (!call->args[i].given) {
			at--;
			continue;
		}
		for (; number; number >>= 8)
			out[at++] = (uint8_t)number;
		out[length] = (uint8_t)(at - length - 1);
	}
	return at;
}

size_t bytes_write(const struct sequence *sequence, unsigned int number, uint8_t *out, size_t max)
{
	uint8_t step[4 + 9 * STEP_MAX_PARAMS];
	size_t at = 0, size;
	unsigned int i;

	if (max < 2 + 2 * SEQUENCE_MAX_FAULTS)
		return 0;
	out[at++] = (uint8_t)number;
	out[at++] = (uint8_t)sequence->num_faults;
	for (i = 0; i < sequence->num_faults; i++) {
		out[at++] = (uint8_t)sequence->faults[i].point;
		out[at++] = (uint8_t)(sequence->faults[i].nth - 1);
	}
	for (i = 0; i < sequence->num_steps; i++, at += size) {
		size = write_step(&sequence->steps[i], step);
		if (size > max - at)
			break;
		memcpy(out + at, step, size);
	}
	return at;
}

size_t bytes_draw(uint64_t seed, uint8_t *out, size_t max)
{
	static struct sequence sequence;
	struct shape shape;

	bytes_shape(seed % BYTES_SHAPES, &shape);
	sequence_draw(&sequence, &shape, seed, 16);
	return bytes_write(&sequence, seed % BYTES_SHAPES, out, max);
}

/* --- changing ----------------------------------------------------------------------------------------- */

static void mutate_step(struct dice *dice, struct sequence *sequence)
{
	struct step_call *steps = sequence->steps, call;
	unsigned int num = sequence->num_steps, at = num ? (unsigned int)dice_below(dice, num) : 0;
	unsigned int to = num ? (unsigned int)dice_below(dice, num) : 0;
	size_t param;

	switch (dice_below(dice, 8)) {
	case 0: /* one more */
	case 1:
		if (num == BYTES_MAX_STEPS)
			return;
		memmove(&steps[at + 1], &steps[at], (num - at) * sizeof(*steps));
		sequence_draw_step(dice, sequence->shape,
				   (unsigned int)dice_below(dice, num_rows()), &steps[at]);
		sequence->num_steps++;
		return;
	case 2: /* one less */
		if (num < 2)
			return;
		memmove(&steps[at], &steps[at + 1], (num - at - 1) * sizeof(*steps));
		sequence->num_steps--;
		return;
	case 3: /* one twice */
		if (!num || num == BYTES_MAX_STEPS)
			return;
		call = steps[at];
		memmove(&steps[to + 1], &steps[to], (num - to) * sizeof(*steps));
		steps[to] = call;
		sequence->num_steps++;
		return;
	case 4: /* two change places */
		if (!num)
			return;
		call = steps[at];
		steps[at] = steps[to];
		steps[to] = call;
		return;
	default: /* other arguments for one: all of them, or one */
		if (!num)
			return;
		sequence_draw_step(dice, sequence->shape, sequence_row_of(steps[at].def), &call);
		if (call.def->num_params && !dice_one_in(dice, 4)) {
			param = dice_below(dice, call.def->num_params);
			steps[at].args[param] = call.args[param];
		} else {
			steps[at] = call;
		}
		return;
	}
}

static void mutate_faults(struct dice *dice, struct sequence *sequence)
{
	if (sequence->num_faults == SEQUENCE_MAX_FAULTS || dice_one_in(dice, 3))
		sequence->num_faults = 0;
	else
		sequence_draw_fault(dice, sequence);
}

size_t bytes_mutate(uint8_t *data, size_t size, size_t max, uint64_t seed)
{
	static struct sequence sequence;
	struct dice dice = {seed};
	unsigned int number = bytes_shape_number(data, size), changes;
	struct shape shape;

	if (dice_one_in(&dice, 64))
		number = (unsigned int)dice_below(&dice, BYTES_SHAPES);
	bytes_shape(number, &shape);
	if (dice_one_in(&dice, 128))
		return bytes_draw(seed, data, max);
	bytes_read(data, size, &shape, &sequence);
	for (changes = 1 + (unsigned int)dice_below(&dice, 4); changes; changes--) {
		if (dice_one_in(&dice, 8))
			mutate_faults(&dice, &sequence);
		else
			mutate_step(&dice, &sequence);
	}
	sequence_settle(&sequence);
	return bytes_write(&sequence, number, data, max);
}

size_t bytes_cross(const uint8_t *a, size_t size_a, const uint8_t *b, size_t size_b, uint8_t *out,
		   size_t max, uint64_t seed)
{
	static struct sequence head, tail;
	struct dice dice = {seed};
	unsigned int number = bytes_shape_number(a, size_a), from;
	struct shape shape;

	bytes_shape(number, &shape);
	bytes_read(a, size_a, &shape, &head);
	bytes_read(b, size_b, &shape, &tail);
	head.num_steps = (unsigned int)dice_below(&dice, head.num_steps + 1);
	for (from = (unsigned int)dice_below(&dice, tail.num_steps + 1);
	     from < tail.num_steps && head.num_steps < BYTES_MAX_STEPS; from++)
		head.steps[head.num_steps++] = tail.steps[from];
	sequence_settle(&head);
	return bytes_write(&head, number, out, max);
}
