/* SPDX-License-Identifier: BSD-3-Clause */
#include "bytes.h"

#include <string.h>

#include "point.h"

/* What a step is of a race. */
struct tag {
	uint8_t actor; /* from 1; 0: of none */
	bool begins;
	uint16_t seed; /* if it begins one */
};
/* A sequence that is being changed: what races there are is said by the tags. */
struct draft {
	struct sequence sequence;
	struct tag tags[SEQUENCE_MAX_STEPS];
};

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

/* --- races as tags ------------------------------------------------------------------------------------ */

static void tags_make(const struct sequence *sequence, struct tag *tags)
{
	unsigned int i, actor, k;

	memset(tags, 0, SEQUENCE_MAX_STEPS * sizeof(*tags));
	for (i = 0; i < sequence->num_races; i++) {
		const struct race *race = &sequence->races[i];
		struct tag *tag = &tags[race->first];

		tag->begins = true;
		tag->seed = (uint16_t)race->seed;
		for (actor = 0; actor < race->num_actors; actor++) {
			for (k = 0; k < race->num[actor]; k++)
				tag++->actor = (uint8_t)(actor + 1);
		}
	}
}

static void races_make(struct sequence *sequence, const struct tag *tags)
{
	struct race *race = NULL;
	unsigned int i;

	sequence->num_races = 0;
	for (i = 0; i < sequence->num_steps; i++) {
		const struct tag *tag = &tags[i];

		if (tag->begins) {
			race = NULL;
			if (sequence->num_races < SEQUENCE_MAX_RACES)
				race = &sequence->races[sequence->num_races++];
			if (race)
				*race = (struct race){.first = i, .seed = tag->seed};
		}
		if (race && tag->actor == race->num_actors + 1 &&
		    race->num_actors < RACE_MAX_ACTORS)
			race->num[race->num_actors++] = 1;
		else if (race && tag->actor && tag->actor == race->num_actors &&
			 race->num[tag->actor - 1] < RACE_MAX_STEPS)
			race->num[tag->actor - 1]++;
		else
			race = NULL;
	}
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

static void read_step(struct reader *reader, const struct shape *shape, struct step_call *call,
		      struct tag *tag)
{
	const struct step_def *def = sequence_row(next(reader) % num_rows());
	unsigned int who = next(reader), given;
	size_t i;

	*tag = (struct tag){.actor = who >> 5 & 3, .begins = who >> 7};
	if (tag->begins) {
		tag->seed = next(reader);
		tag->seed |= (uint16_t)(next(reader) << 8);
	}
	given = next(reader);
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

static void draft_read(const uint8_t *data, size_t size, const struct shape *shape,
		       struct sequence *sequence, struct tag *tags)
{
	struct reader reader = {data, size, 0};

	sequence->shape = shape;
	sequence->num_steps = 0;
	sequence->num_faults = sequence->num_races = 0;
	next(&reader);
	read_faults(&reader, sequence);
	for (; has(&reader, 4) && sequence->num_steps < BYTES_MAX_STEPS; sequence->num_steps++)
		read_step(&reader, shape, &sequence->steps[sequence->num_steps],
			  &tags[sequence->num_steps]);
	races_make(sequence, tags);
	sequence_settle(sequence);
}

void bytes_read(const uint8_t *data, size_t size, const struct shape *shape,
		struct sequence *sequence)
{
	struct tag tags[BYTES_MAX_STEPS];

	draft_read(data, size, shape, sequence, tags);
}

/* --- writing ------------------------------------------------------------------------------------------ */

static size_t write_step(const struct step_call *call, const struct tag *tag, uint8_t *out)
{
	unsigned int given = 0;
	size_t at = 0, i;

	for (i = 0; i < call->def->num_params && i < STEP_MAX_PARAMS; i++)
		given |= (unsigned int)call->args[i].given << i;
	out[at++] = (uint8_t)sequence_row_of(call->def);
	out[at++] =
		(uint8_t)(call->realm | call->vcpu << 1 | (unsigned int)call->memory_fault << 3 |
			  (unsigned int)tag->actor << 5 | (unsigned int)tag->begins << 7);
	if (tag->begins) {
		out[at++] = (uint8_t)tag->seed;
		out[at++] = (uint8_t)(tag->seed >> 8);
	}
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
	uint8_t step[6 + 9 * STEP_MAX_PARAMS];
	struct tag tags[SEQUENCE_MAX_STEPS];
	size_t at = 0, size;
	unsigned int i;

	tags_make(sequence, tags);
	if (max < 2 + 2 * SEQUENCE_MAX_FAULTS)
		return 0;
	out[at++] = (uint8_t)number;
	out[at++] = (uint8_t)sequence->num_faults;
	for (i = 0; i < sequence->num_faults; i++) {
		out[at++] = (uint8_t)sequence->faults[i].point;
		out[at++] = (uint8_t)(sequence->faults[i].nth - 1);
	}
	for (i = 0; i < sequence->num_steps; i++, at += size) {
		size = write_step(&sequence->steps[i], &tags[i], step);
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

/* Makes room for a step at `at`, which is in no race. */
static struct step_call *step_insert(struct draft *draft, unsigned int at)
{
	struct step_call *steps = draft->sequence.steps;
	const unsigned int num = draft->sequence.num_steps++;

	memmove(&steps[at + 1], &steps[at], (num - at) * sizeof(*steps));
	memmove(&draft->tags[at + 1], &draft->tags[at], (num - at) * sizeof(*draft->tags));
	draft->tags[at] = (struct tag){0};
	return &steps[at];
}

static void step_remove(struct draft *draft, unsigned int at)
{
	struct step_call *steps = draft->sequence.steps;
	const unsigned int num = --draft->sequence.num_steps;

	memmove(&steps[at], &steps[at + 1], (num - at) * sizeof(*steps));
	memmove(&draft->tags[at], &draft->tags[at + 1], (num - at) * sizeof(*draft->tags));
}

static void mutate_step(struct dice *dice, struct draft *draft)
{
	struct sequence *sequence = &draft->sequence;
	struct step_call *steps = sequence->steps, call;
	unsigned int num = sequence->num_steps, at = num ? (unsigned int)dice_below(dice, num) : 0;
	unsigned int to = num ? (unsigned int)dice_below(dice, num) : 0;
	size_t param;

	switch (dice_below(dice, 8)) {
	case 0: /* one more */
	case 1:
		if (num == BYTES_MAX_STEPS)
			return;
		sequence_draw_step(dice, sequence->shape,
				   (unsigned int)dice_below(dice, num_rows()),
				   step_insert(draft, at));
		return;
	case 2: /* one less */
		if (num >= 2)
			step_remove(draft, at);
		return;
	case 3: /* one twice */
		if (!num || num == BYTES_MAX_STEPS)
			return;
		call = steps[at];
		*step_insert(draft, to) = call;
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

static void mutate_races(struct dice *dice, struct draft *draft)
{
	struct sequence *sequence = &draft->sequence;
	const unsigned int num = sequence->num_steps;
	unsigned int at;

	races_make(sequence, draft->tags);
	if (sequence->num_races && !dice_one_in(dice, 3)) {
		/* Another schedule, or none. */
		at = (unsigned int)dice_below(dice, sequence->num_races);
		if (dice_one_in(dice, 6))
			sequence->races[at] = sequence->races[--sequence->num_races];
		else
			sequence->races[at].seed = dice_next(dice);
		tags_make(sequence, draft->tags);
	} else if (sequence->num_races < SEQUENCE_MAX_RACES && dice_one_in(dice, 2) &&
		   num + RACE_MAX_ACTORS * RACE_MAX_STEPS <= BYTES_MAX_STEPS) {
		sequence_draw_race(dice, sequence);
		tags_make(sequence, draft->tags);
	} else if (num >= 2) {
		/* Two that stand one behind the other. */
		at = (unsigned int)dice_below(dice, num - 1);
		draft->tags[at] = (struct tag){1, true, (uint16_t)dice_next(dice)};
		draft->tags[at + 1] = (struct tag){.actor = 2};
	}
}

size_t bytes_mutate(uint8_t *data, size_t size, size_t max, uint64_t seed)
{
	static struct draft draft;
	struct dice dice = {seed};
	unsigned int number = bytes_shape_number(data, size), changes;
	struct shape shape;

	if (dice_one_in(&dice, 64))
		number = (unsigned int)dice_below(&dice, BYTES_SHAPES);
	bytes_shape(number, &shape);
	if (dice_one_in(&dice, 128))
		return bytes_draw(seed, data, max);
	draft_read(data, size, &shape, &draft.sequence, draft.tags);
	for (changes = 1 + (unsigned int)dice_below(&dice, 4); changes; changes--) {
		if (dice_one_in(&dice, 8))
			mutate_faults(&dice, &draft.sequence);
		else if (dice_one_in(&dice, 8))
			mutate_races(&dice, &draft);
		else
			mutate_step(&dice, &draft);
	}
	races_make(&draft.sequence, draft.tags);
	sequence_settle(&draft.sequence);
	return bytes_write(&draft.sequence, number, data, max);
}

size_t bytes_cross(const uint8_t *a, size_t size_a, const uint8_t *b, size_t size_b, uint8_t *out,
		   size_t max, uint64_t seed)
{
	static struct draft head, tail;
	struct dice dice = {seed};
	unsigned int number = bytes_shape_number(a, size_a), from;
	struct shape shape;

	bytes_shape(number, &shape);
	draft_read(a, size_a, &shape, &head.sequence, head.tags);
	draft_read(b, size_b, &shape, &tail.sequence, tail.tags);
	head.sequence.num_steps = (unsigned int)dice_below(&dice, head.sequence.num_steps + 1);
	for (from = (unsigned int)dice_below(&dice, tail.sequence.num_steps + 1);
	     from < tail.sequence.num_steps && head.sequence.num_steps < BYTES_MAX_STEPS; from++) {
		head.tags[head.sequence.num_steps] = tail.tags[from];
		head.sequence.steps[head.sequence.num_steps++] = tail.sequence.steps[from];
	}
	races_make(&head.sequence, head.tags);
	sequence_settle(&head.sequence);
	return bytes_write(&head.sequence, number, out, max);
}
