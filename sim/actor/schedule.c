/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/schedule.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What can be chosen at one point, and what was. The first choice is the one that preempts nobody. */
struct decision {
	uint8_t num, chosen;
};

enum schedule_kind { SCHEDULE_ALL, SCHEDULE_RANDOM, SCHEDULE_TURNS };

struct schedule {
	enum schedule_kind kind;
	bool out_of_memory;
	uint64_t num_runs;

	/* SCHEDULE_ALL: the path through the tree of decisions, depth first. */
	unsigned int max_preemptions, preemptions;
	struct decision *decisions;
	size_t num_decisions, max_decisions;
	size_t depth; /* decisions of this run so far */

	/* SCHEDULE_RANDOM */
	uint64_t seed, runs, state;
	unsigned int rarity; /* one point in so many preempts */

	/* SCHEDULE_TURNS */
	struct schedule_turn *given;
	size_t num_given, next_given;
	bool bends;   /* what does not fit is no misfit */
	bool dropped; /* the turn is over; who is next is said at the next forced point */
	char misfit[128];

	/* What happened. */
	struct schedule_turn *turns;
	size_t num_turns, max_turns;
	uint64_t points; /* of the turn that is going on */
};

static struct schedule *schedule_create(enum schedule_kind kind)
{
	struct schedule *schedule = calloc(1, sizeof(*schedule));

	if (schedule)
		schedule->kind = kind;
	return schedule;
}

struct schedule *schedule_create_all(unsigned int preemptions)
{
	struct schedule *schedule = schedule_create(SCHEDULE_ALL);

	if (schedule)
		schedule->max_preemptions = preemptions;
	return schedule;
}

struct schedule *schedule_create_random(uint64_t seed, uint64_t runs)
{
	struct schedule *schedule = schedule_create(SCHEDULE_RANDOM);

	if (schedule) {
		schedule->seed = seed;
		schedule->runs = runs;
	}
	return schedule;
}

struct schedule *schedule_create_turns(const struct schedule_turn *turns, size_t num)
{
	struct schedule *schedule = schedule_create(SCHEDULE_TURNS);

	if (!schedule)
		return NULL;
	schedule->given = calloc(num + 1, sizeof(*turns));
	if (!schedule->given) {
		free(schedule);
		return NULL;
	}
	if (num)
		memcpy(schedule->given, turns, num * sizeof(*turns));
	schedule->num_given = num;
	return schedule;
}

void schedule_bend(struct schedule *schedule)
{
	schedule->bends = true;
}

void schedule_destroy(struct schedule *schedule)
{
	if (!schedule)
		return;
	free(schedule->decisions);
	free(schedule->given);
	free(schedule->turns);
	free(schedule);
}

/* The finaliser of splitmix64 over a counter: neighbouring runs and seeds give unrelated numbers. */
static uint64_t random_next(uint64_t *state)
{
	uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);

	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

/* The next path of the tree, if there is one. */
static bool path_advance(struct schedule *schedule)
{
	while (schedule->num_decisions) {
		struct decision *last = &schedule->decisions[schedule->num_decisions - 1];

		if (last->chosen + 1u < last->num) {
			last->chosen++;
			return true;
		}
		schedule->num_decisions--;
	}
	return false;
}

bool schedule_next(struct schedule *schedule)
{
	static const unsigned int rarities[] = {2, 4, 8, 16, 32, 64};
	bool more = !schedule->num_runs;

	switch (schedule->kind) {
	case SCHEDULE_ALL:
		more = more || path_advance(schedule);
		break;
	case SCHEDULE_RANDOM:
		more = schedule->num_runs < schedule->runs;
		schedule->state = schedule->seed;
		schedule->state = random_next(&schedule->state) ^ schedule->num_runs;
		schedule->rarity = rarities[random_next(&schedule->state) %
					    (sizeof(rarities) / sizeof(rarities[0]))];
		break;
	case SCHEDULE_TURNS:
		break;
	}
	if (!more)
		return false;
	schedule->num_runs++;
	schedule->depth = 0;
	schedule->preemptions = 0;
	schedule->num_turns = 0;
	schedule->points = 0;
	schedule->next_given = 0;
	schedule->dropped = false;
	schedule->misfit[0] = '\0';
	return true;
}

uint64_t schedule_num_runs(const struct schedule *schedule)
{
	return schedule->num_runs;
}

const struct schedule_turn *schedule_turns(const struct schedule *schedule, size_t *num)
{
	*num = schedule->num_turns;
	return schedule->turns;
}

const char *schedule_misfit(const struct schedule *schedule)
{
	if (schedule->out_of_memory)
		return "there was no memory for it";
	return schedule->misfit[0] ? schedule->misfit : NULL;
}

/* --- deciding ---------------------------------------------------------------------------------------- */

/* Which of `num` choices this path of the tree takes. */
static unsigned int path_choose(struct schedule *schedule, unsigned int num)
{
	if (num == 1)
		return 0;
	if (schedule->depth == schedule->num_decisions) {
		if (schedule->num_decisions == schedule->max_decisions) {
			size_t max = schedule->max_decisions ? 2 * schedule->max_decisions : 256;
			struct decision *grown = realloc(schedule->decisions, max * sizeof(*grown));

			if (!grown) {
				schedule->out_of_memory = true;
				return 0;
			}
			schedule->decisions = grown;
			schedule->max_decisions = max;
		}
		schedule->decisions[schedule->num_decisions++] = (struct decision){(uint8_t)num, 0};
	}
	if (schedule->decisions[schedule->depth].num != num && !schedule->misfit[0])
		snprintf(schedule->misfit, sizeof(schedule->misfit),
			 "decision %zu has %u outcomes where it had %u: the actors are not "
			 "deterministic",
			 schedule->depth + 1, num, schedule->decisions[schedule->depth].num);
	return schedule->decisions[schedule->depth++].chosen;
}

/* The turn is over: `preempted` at this point, or because it cannot go on. */
static void turn_begin(struct schedule *schedule, bool preempted, unsigned int actor)
{
	if (schedule->num_turns)
		schedule->turns[schedule->num_turns - 1].points = preempted ? schedule->points : 0;
	if (schedule->num_turns == schedule->max_turns) {
		size_t max = schedule->max_turns ? 2 * schedule->max_turns : 16;
		struct schedule_turn *grown = realloc(schedule->turns, max * sizeof(*grown));

		if (!grown) {
			schedule->out_of_memory = true;
			return;
		}
		schedule->turns = grown;
		schedule->max_turns = max;
	}
	schedule->turns[schedule->num_turns++] = (struct schedule_turn){.actor = actor};
	schedule->points = 0;
}

static unsigned int nth_actor(uint32_t set, unsigned int index)
{
	while (index--)
		set &= set - 1;
	return (unsigned int)__builtin_ctz(set);
}

/* Whether the turn that was given is over at this point. */
static bool given_over(const struct schedule *schedule)
{
	const struct schedule_turn *turn;

	if (!schedule->next_given || schedule->next_given > schedule->num_given)
		return false;
	turn = &schedule->given[schedule->next_given - 1];
	return turn->points && turn->points == schedule->points;
}

/* The actor of the next turn that was given, or the first of `set`. */
static unsigned int given_next(struct schedule *schedule, bool preempted, uint32_t set)
{
	const struct schedule_turn *turn;

	if (!preempted && schedule->next_given && schedule->next_given <= schedule->num_given &&
	    schedule->given[schedule->next_given - 1].points && !schedule->bends &&
	    !schedule->misfit[0])
		snprintf(schedule->misfit, sizeof(schedule->misfit),
			 "turn %zu: the actor stops after %llu points already, not %llu",
			 schedule->next_given, (unsigned long long)schedule->points,
			 (unsigned long long)schedule->given[schedule->next_given - 1].points);
	if (schedule->next_given >= schedule->num_given) {
		schedule->next_given = schedule->num_given + 1;
		return nth_actor(set, 0);
	}
	turn = &schedule->given[schedule->next_given++];
	if (turn->actor < 32 && set & 1u << turn->actor)
		return turn->actor;
	if (!schedule->bends && !schedule->misfit[0])
		snprintf(schedule->misfit, sizeof(schedule->misfit),
			 "turn %zu: that actor cannot go on there", schedule->next_given);
	return nth_actor(set, 0);
}

static unsigned int pick_forced(struct schedule *schedule, uint32_t others)
{
	const bool preempted = schedule->dropped;
	const unsigned int num = (unsigned int)__builtin_popcount(others);
	unsigned int next = 0;

	schedule->dropped = false;
	switch (schedule->kind) {
	case SCHEDULE_ALL:
		next = nth_actor(others, path_choose(schedule, num));
		break;
	case SCHEDULE_RANDOM:
		next = nth_actor(others, (unsigned int)(random_next(&schedule->state) % num));
		break;
	case SCHEDULE_TURNS:
		next = given_next(schedule, preempted, others);
		break;
	}
	turn_begin(schedule, preempted, next);
	return next;
}

/* Whether one is preempted here, among `num` others; *which of them. */
static bool preempt(struct schedule *schedule, unsigned int num, unsigned int *which)
{
	unsigned int choice;

	*which = 0;
	switch (schedule->kind) {
	case SCHEDULE_ALL:
		if (schedule->preemptions == schedule->max_preemptions)
			return false;
		choice = path_choose(schedule, num + 1);
		if (!choice)
			return false;
		schedule->preemptions++;
		*which = choice - 1;
		return true;
	case SCHEDULE_RANDOM:
		if (random_next(&schedule->state) % schedule->rarity)
			return false;
		*which = (unsigned int)(random_next(&schedule->state) % num);
		return true;
	case SCHEDULE_TURNS:
		return given_over(schedule);
	}
	return false;
}

unsigned int schedule_pick(struct schedule *schedule, bool forced, unsigned int current,
			   uint32_t others)
{
	unsigned int which, next;

	if (forced)
		return pick_forced(schedule, others);
	schedule->points++;
	if (!preempt(schedule, (unsigned int)__builtin_popcount(others), &which))
		return current;
	next = schedule->kind == SCHEDULE_TURNS ? given_next(schedule, true, others)
						: nth_actor(others, which);
	turn_begin(schedule, true, next);
	return next;
}

bool schedule_ask(struct schedule *schedule)
{
	unsigned int which;

	schedule->points++;
	schedule->dropped = preempt(schedule, 1, &which);
	return schedule->dropped;
}

void schedule_pass(struct schedule *schedule)
{
	schedule->points++;
}
