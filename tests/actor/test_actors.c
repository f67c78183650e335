/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Actors under schedules: how many there are (counted here by going through all orders, without the scheduler),
 * planted races and deadlocks that have to be found, waiting, giving way, endlessness, and replay.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sim/actors.h>

#define STACK	  (64u << 10)
#define MAX_ORDER 64
#define MAX_SEEN  4096

struct play {
	struct actors *actors;
	unsigned int num;
	unsigned int points[4]; /* that each passes */
	char order[MAX_ORDER];	/* who did the pieces between points, in order */
	unsigned int length;
	/* A lock of the play's own. */
	bool held[2];
	unsigned int deadlocks, entered, left;
	int shared;
	bool flag;
};

static struct actors *make(struct play *play, unsigned int num,
			   void (*run)(void *ctx, unsigned int actor))
{
	struct actors_config config = {
		.num = num, .stack_size = STACK, .max_points = 10000, .ctx = play, .run = run};

	play->num = num;
	ck_assert_int_eq(actors_create(&config, &play->actors), 0);
	return play->actors;
}

static void piece(struct play *play, unsigned int actor)
{
	ck_assert_uint_lt(play->length, MAX_ORDER - 1);
	play->order[play->length++] = (char)('a' + actor);
	play->order[play->length] = '\0';
}

static void pieces(void *ctx, unsigned int actor)
{
	struct play *play = ctx;

	for (unsigned int i = 0; i < play->points[actor]; i++) {
		piece(play, actor);
		actors_point(play->actors);
	}
	piece(play, actor);
}

/* --- how many schedules there are -------------------------------------------------------------------- */

/*
 * Orders of the pieces that are left with at most `budget` preemptions, by choosing each next piece: to go to
 * another actor while the one before has pieces left is a preemption.
 */
static uint64_t orders(unsigned int *left, unsigned int num, int before, unsigned int budget)
{
	uint64_t sum = 0;
	bool any = false;

	for (unsigned int i = 0; i < num; i++) {
		bool costs = before >= 0 && (int)i != before && left[before];

		if (!left[i])
			continue;
		any = true;
		if (costs && !budget)
			continue;
		left[i]--;
		sum += orders(left, num, (int)i, budget - costs);
		left[i]++;
	}
	return any ? sum : 1;
}

static uint64_t run_all(struct play *play, struct actors *actors, unsigned int preemptions,
			char (*seen)[MAX_ORDER])
{
	struct schedule *schedule = schedule_create_all(preemptions);
	uint64_t num = 0;
	bool again = false;

	while (schedule_next(schedule)) {
		play->length = 0;
		ck_assert_int_eq(actors_run(actors, schedule), ACTORS_ENDED);
		ck_assert_uint_lt(num, MAX_SEEN);
		for (uint64_t i = 0; seen && i < num; i++)
			again |= !strcmp(seen[i], play->order);
		if (seen)
			memcpy(seen[num], play->order, MAX_ORDER);
		num++;
	}
	ck_assert(!again);
	ck_assert_uint_eq(num, schedule_num_runs(schedule));
	schedule_destroy(schedule);
	return num;
}

START_TEST(all_schedules_are_run_once)
{
	static const unsigned int points[][4] = {{0, 0},    {1, 1},    {2, 2},
						 {3, 1},    {4, 4},    {1, 1, 1},
						 {2, 1, 2}, {0, 3, 1}, {1, 1, 1, 1}};
	static const unsigned int nums[] = {2, 2, 2, 2, 2, 3, 3, 3, 4};
	static char seen[MAX_SEEN][MAX_ORDER];

	for (size_t i = 0; i < sizeof(nums) / sizeof(nums[0]); i++) {
		for (unsigned int preemptions = 0; preemptions <= 9;
		     preemptions += 1 + preemptions) {
			struct play play = {.shared = 0};
			struct actors *actors = make(&play, nums[i], pieces);
			unsigned int left[4];

			for (unsigned int a = 0; a < nums[i]; a++) {
				play.points[a] = points[i][a];
				left[a] = points[i][a] + 1;
			}
			ck_assert_uint_eq(run_all(&play, actors, preemptions, seen),
					  orders(left, nums[i], -1, preemptions));
			actors_destroy(actors);
		}
	}
}
END_TEST

/* Known without any program: n pieces and m pieces have (n + m)! / (n! m!) orders; without preemption 2. */
START_TEST(the_count_itself_is_right)
{
	unsigned int left[4] = {3, 3};

	ck_assert_uint_eq(orders(left, 2, -1, 99), 20);
	ck_assert_uint_eq(orders(left, 2, -1, 0), 2);
	/* Who begins; where it is left, after 1 or 2 of its pieces, if at all: then the other runs to its end. */
	ck_assert_uint_eq(orders(left, 2, -1, 1), 2 * (1 + 2));
}
END_TEST

/* --- a lock ------------------------------------------------------------------------------------------ */

static bool lock_is_free(void *arg)
{
	return !*(bool *)arg;
}

static void lock(struct play *play, unsigned int which)
{
	actors_point(play->actors);
	if (!actors_wait(play->actors, lock_is_free, &play->held[which], false)) {
		play->deadlocks++;
		return;
	}
	ck_assert(!play->held[which]);
	play->held[which] = true;
}

static void unlock(struct play *play, unsigned int which)
{
	play->held[which] = false;
}

static void locked_piece(void *ctx, unsigned int actor)
{
	struct play *play = ctx;

	lock(play, 0);
	ck_assert_uint_eq(play->entered, play->left);
	play->entered++;
	actors_point(play->actors);
	play->left++;
	unlock(play, 0);
	piece(play, actor);
}

/*
 * The same by other means. An actor is at: 0 its beginning, 1 its first point, 2 the lock (waiting), 3 its point
 * with the lock held, 4 its end.
 */
struct model {
	int at[2];
	int holder;
};

static uint64_t model_count(struct model model, int current, unsigned int budget);

static bool model_ready(const struct model *model, int actor)
{
	if (model->at[actor] == 4)
		return false;
	return model->at[actor] != 2 || model->holder < 0;
}

/* `actor` goes on to its next point, wait or end. */
static uint64_t model_step(struct model model, int actor, unsigned int budget)
{
	switch (model.at[actor]) {
	case 0:
		model.at[actor] = 1;
		break;
	case 1:
	case 2:
		if (model.holder >= 0) {
			model.at[actor] = 2;
			break;
		}
		model.holder = actor;
		model.at[actor] = 3;
		break;
	case 3:
		model.holder = -1;
		model.at[actor] = 4;
		break;
	}
	return model_count(model, actor, budget);
}

static uint64_t model_count(struct model model, int current, unsigned int budget)
{
	int other = 1 - current;
	bool stays = model.at[current] == 1 || model.at[current] == 3;

	if (model.at[0] == 4 && model.at[1] == 4)
		return 1;
	if (!stays)
		return model_step(model, other, budget);
	return model_step(model, current, budget) +
	       (budget && model_ready(&model, other) ? model_step(model, other, budget - 1) : 0);
}

START_TEST(waiting_is_no_choice)
{
	for (unsigned int preemptions = 0; preemptions <= 6; preemptions++) {
		struct play play = {.shared = 0};
		struct actors *actors = make(&play, 2, locked_piece);
		struct model model = {.holder = -1};

		ck_assert_uint_eq(run_all(&play, actors, preemptions, NULL),
				  model_step(model, 0, preemptions) +
					  model_step(model, 1, preemptions));
		ck_assert_uint_eq(play.deadlocks, 0);
		actors_destroy(actors);
	}
}
END_TEST

/* --- planted faults ---------------------------------------------------------------------------------- */

/* x = x + 1 with a point in the middle and no lock. */
static void lost_update(void *ctx, unsigned int actor)
{
	struct play *play = ctx;
	int value = play->shared;

	(void)actor;
	actors_point(play->actors);
	play->shared = value + 1;
}

START_TEST(a_planted_race_is_found_and_replayed)
{
	struct play play = {.shared = 0};
	struct actors *actors = make(&play, 2, lost_update);
	struct schedule *schedule, *replay;
	uint64_t lost;
	size_t num;

	for (unsigned int preemptions = 0; preemptions <= 1; preemptions++) {
		schedule = schedule_create_all(preemptions);
		lost = 0;
		while (schedule_next(schedule)) {
			const struct schedule_turn *turns;

			play.shared = 0;
			ck_assert_int_eq(actors_run(actors, schedule), ACTORS_ENDED);
			if (play.shared == 2)
				continue;
			lost++;
			turns = schedule_turns(schedule, &num);
			ck_assert_uint_eq(num, 3);
			ck_assert_uint_eq(turns[0].points, 1);
			ck_assert_uint_eq(turns[1].actor, 1 - turns[0].actor);
			ck_assert_uint_eq(turns[1].points, 0);
			replay = schedule_create_turns(turns, num);
			ck_assert(schedule_next(replay));
			play.shared = 0;
			ck_assert_int_eq(actors_run(actors, replay), ACTORS_ENDED);
			ck_assert_int_eq(play.shared, 1);
			ck_assert(!schedule_next(replay));
			schedule_destroy(replay);
		}
		/* Either of them may be the one that is preempted. */
		ck_assert_uint_eq(lost, preemptions ? 2 : 0);
		schedule_destroy(schedule);
	}
	actors_destroy(actors);
}
END_TEST

/* Locks in opposite order. */
static void lock_both(void *ctx, unsigned int actor)
{
	struct play *play = ctx;

	lock(play, actor);
	lock(play, 1 - actor);
	unlock(play, 1 - actor);
	unlock(play, actor);
}

START_TEST(a_planted_deadlock_is_found_and_ends)
{
	for (unsigned int preemptions = 0; preemptions <= 1; preemptions++) {
		struct play play = {.shared = 0};
		struct actors *actors = make(&play, 2, lock_both);
		struct schedule *schedule = schedule_create_all(preemptions);
		unsigned int bad = 0;

		while (schedule_next(schedule)) {
			play.deadlocks = 0;
			play.held[0] = play.held[1] = false;
			ck_assert_int_eq(actors_run(actors, schedule), ACTORS_ENDED);
			bad += play.deadlocks != 0;
		}
		/* Each of the two is preempted once with its first lock held. */
		ck_assert_uint_eq(bad, preemptions ? 2 : 0);
		schedule_destroy(schedule);
		actors_destroy(actors);
	}
}
END_TEST

/* --- those who look again and again ------------------------------------------------------------------- */

static void looks_until_set(void *ctx, unsigned int actor)
{
	struct play *play = ctx;

	if (actor) {
		actors_point(play->actors);
		play->flag = true;
		actors_point(play->actors);
		return;
	}
	while (!play->flag)
		actors_yield(play->actors);
}

static void looks_without_yielding(void *ctx, unsigned int actor)
{
	struct play *play = ctx;

	if (actor) {
		play->flag = true;
		return;
	}
	while (!play->flag)
		actors_point(play->actors);
}

static void looks_for_ever(void *ctx, unsigned int actor)
{
	struct play *play = ctx;

	(void)actor;
	for (;;)
		actors_yield(play->actors);
}

START_TEST(who_looks_again_gives_way)
{
	struct play play = {.shared = 0};
	struct actors *actors = make(&play, 2, looks_until_set);
	struct schedule *schedule = schedule_create_all(2);

	while (schedule_next(schedule)) {
		play.flag = false;
		ck_assert_int_eq(actors_run(actors, schedule), ACTORS_ENDED);
		ck_assert_uint_lt(actors_num_points(actors), 20);
	}
	schedule_destroy(schedule);
	actors_destroy(actors);
}
END_TEST

/* The first one stands back behind its first piece, the others do theirs. */
static void first_stands_back(void *ctx, unsigned int actor)
{
	struct play *play = ctx;

	if (actor) {
		pieces(ctx, actor);
		return;
	}
	piece(play, actor);
	actors_stand_back(play->actors);
	piece(play, actor);
}

static void all_stand_back(void *ctx, unsigned int actor)
{
	struct play *play = ctx;

	piece(play, actor);
	actors_stand_back(play->actors);
	piece(play, actor);
}

START_TEST(who_stands_back_waits_for_all)
{
	struct play play = {.points = {0, 3, 2}};
	struct actors *actors = make(&play, 3, first_stands_back);
	struct schedule *schedule = schedule_create_all(2);

	while (schedule_next(schedule)) {
		play.length = 0;
		ck_assert_int_eq(actors_run(actors, schedule), ACTORS_ENDED);
		ck_assert_uint_eq(play.length, 9);
		ck_assert_int_eq(play.order[8], 'a');
	}
	schedule_destroy(schedule);
	actors_destroy(actors);
	/* If nobody else is left to go on, all of them do. */
	play = (struct play){.shared = 0};
	actors = make(&play, 2, all_stand_back);
	schedule = schedule_create_all(1);
	while (schedule_next(schedule)) {
		play.length = 0;
		ck_assert_int_eq(actors_run(actors, schedule), ACTORS_ENDED);
		ck_assert_uint_eq(play.length, 4);
	}
	schedule_destroy(schedule);
	actors_destroy(actors);
}
END_TEST

START_TEST(who_does_not_has_to_after_a_while)
{
	struct play play = {.shared = 0};
	struct actors_config config = {.num = 2,
				       .stack_size = STACK,
				       .max_points = 10000,
				       .max_turn = 100,
				       .ctx = &play,
				       .run = looks_without_yielding};
	struct schedule *schedule = schedule_create_all(0);
	uint64_t most = 0;

	ck_assert_int_eq(actors_create(&config, &play.actors), 0);
	while (schedule_next(schedule)) {
		play.flag = false;
		ck_assert_int_eq(actors_run(play.actors, schedule), ACTORS_ENDED);
		if (actors_num_points(play.actors) > most)
			most = actors_num_points(play.actors);
	}
	ck_assert_uint_eq(most, 100);
	ck_assert_uint_eq(schedule_num_runs(schedule), 2);
	schedule_destroy(schedule);
	actors_destroy(play.actors);
}
END_TEST

START_TEST(endless_actors_end)
{
	struct play play = {.shared = 0};
	struct actors *actors = make(&play, 2, looks_for_ever);
	struct schedule *schedule = schedule_create_random(1, 3);

	while (schedule_next(schedule)) {
		ck_assert_int_eq(actors_run(actors, schedule), ACTORS_ENDLESS);
		ck_assert_uint_eq(actors_num_points(actors), 10001);
	}
	schedule_destroy(schedule);
	actors_destroy(actors);
}
END_TEST

/* --- waiting in vain ---------------------------------------------------------------------------------- */

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static void waits_in_vain(void *ctx, unsigned int actor)
{
	struct play *play = ctx;

	ck_assert(!actors_wait(play->actors, never, NULL, actor == 1));
	piece(play, actor);
}

START_TEST(who_waits_in_vain_is_told_and_first_who_can_do_without)
{
	struct play play = {.shared = 0};
	struct actors *actors = make(&play, 3, waits_in_vain);

	/* Whoever begins: 1 waits optionally, then by number. */
	ck_assert_uint_eq(run_all(&play, actors, 2, NULL), 6);
	ck_assert_str_eq(play.order, "bac");
	actors_destroy(actors);
}
END_TEST

/* --- giving something up to be preempted --------------------------------------------------------------- */

static void drops_if_asked(void *ctx, unsigned int actor)
{
	struct play *play = ctx;

	lock(play, 0);
	for (int i = 0; i < 2; i++) {
		piece(play, actor);
		if (!actors_ask(play->actors))
			continue;
		unlock(play, 0);
		/* Does not count: it has said that it gives way. */
		actors_point(play->actors);
		actors_give_way(play->actors);
		lock(play, 0);
	}
	unlock(play, 0);
}

START_TEST(a_lock_is_given_up_where_the_schedule_says_so)
{
	struct play play = {.shared = 0};
	struct actors *actors = make(&play, 2, drops_if_asked);
	struct schedule *schedule = schedule_create_all(1);
	bool seen[3] = {false, false, false};

	while (schedule_next(schedule)) {
		const struct schedule_turn *turns;
		struct schedule *replay;
		char order[MAX_ORDER];
		size_t num;

		play.length = 0;
		ck_assert_int_eq(actors_run(actors, schedule), ACTORS_ENDED);
		seen[0] |= !strcmp(play.order, "aabb");
		seen[1] |= !strcmp(play.order, "abba");
		seen[2] |= !strcmp(play.order, "abab");
		strcpy(order, play.order);
		turns = schedule_turns(schedule, &num);
		replay = schedule_create_turns(turns, num);
		ck_assert(schedule_next(replay));
		play.length = 0;
		ck_assert_int_eq(actors_run(actors, replay), ACTORS_ENDED);
		ck_assert_str_eq(order, play.order);
		schedule_destroy(replay);
	}
	/* Given up once between the pieces: the other one's both pieces fit in. Twice costs two preemptions. */
	ck_assert(seen[0] && seen[1] && !seen[2]);
	ck_assert_uint_eq(play.deadlocks, 0);
	schedule_destroy(schedule);
	actors_destroy(actors);
}
END_TEST

/* --- schedules ---------------------------------------------------------------------------------------- */

START_TEST(turns_that_do_not_fit_are_said_to_be_so)
{
	static const struct schedule_turn late[] = {{0, 7}, {1, 0}}, nobody[] = {{0, 0}, {5, 0}};
	static const struct schedule_turn few[] = {{1, 1}};
	struct play play = {.points = {2, 2}};
	struct actors *actors = make(&play, 2, pieces);
	struct schedule *schedule = schedule_create_turns(late, 2);

	ck_assert(schedule_next(schedule));
	ck_assert_int_eq(actors_run(actors, schedule), ACTORS_MISFIT);
	ck_assert_str_eq(schedule_misfit(schedule),
			 "turn 1: the actor stops after 2 points already, not 7");
	schedule_destroy(schedule);
	schedule = schedule_create_turns(nobody, 2);
	play.length = 0;
	ck_assert(schedule_next(schedule));
	ck_assert_int_eq(actors_run(actors, schedule), ACTORS_MISFIT);
	ck_assert_str_eq(schedule_misfit(schedule), "turn 2: that actor cannot go on there");
	schedule_destroy(schedule);
	/* Behind the last turn nobody is preempted; the first who can goes on. */
	schedule = schedule_create_turns(few, 1);
	play.length = 0;
	ck_assert(schedule_next(schedule));
	ck_assert_int_eq(actors_run(actors, schedule), ACTORS_ENDED);
	ck_assert_ptr_null(schedule_misfit(schedule));
	ck_assert_str_eq(play.order, "baaabb");
	schedule_destroy(schedule);
	actors_destroy(actors);
}
END_TEST

START_TEST(turns_that_do_not_fit_can_be_bent)
{
	static const struct schedule_turn late[] = {{0, 7}, {1, 0}},
					  nobody[] = {{1, 2}, {5, 0}, {1, 0}};
	static const struct {
		const struct schedule_turn *turns;
		size_t num;
		const char *order;
	} cases[] = {{late, 2, "aaabbb"}, {nobody, 3, "bbaaab"}};
	struct play play = {.points = {2, 2}};
	struct actors *actors = make(&play, 2, pieces);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct schedule *schedule = schedule_create_turns(cases[i].turns, cases[i].num);

		schedule_bend(schedule);
		play.length = 0;
		ck_assert(schedule_next(schedule));
		ck_assert_int_eq(actors_run(actors, schedule), ACTORS_ENDED);
		ck_assert_ptr_null(schedule_misfit(schedule));
		ck_assert_str_eq(play.order, cases[i].order);
		schedule_destroy(schedule);
	}
	actors_destroy(actors);
}
END_TEST

START_TEST(random_schedules_depend_on_seed_and_number_alone)
{
	static char seen[3][50][MAX_ORDER];
	unsigned int different = 0, others = 0;

	for (unsigned int round = 0; round < 3; round++) {
		struct play play = {.points = {8, 8, 8}};
		struct actors *actors = make(&play, 3, pieces);
		struct schedule *schedule = schedule_create_random(round == 2 ? 8 : 7, 50);

		for (unsigned int i = 0; schedule_next(schedule); i++) {
			play.length = 0;
			ck_assert_int_eq(actors_run(actors, schedule), ACTORS_ENDED);
			memcpy(seen[round][i], play.order, MAX_ORDER);
		}
		ck_assert_uint_eq(schedule_num_runs(schedule), 50);
		schedule_destroy(schedule);
		actors_destroy(actors);
	}
	for (unsigned int i = 0; i < 50; i++) {
		ck_assert_str_eq(seen[0][i], seen[1][i]);
		others += strcmp(seen[0][i], seen[2][i]) != 0;
		different += strcmp(seen[0][i], seen[0][0]) != 0;
	}
	ck_assert_uint_gt(different, 25);
	ck_assert_uint_gt(others, 25);
}
END_TEST

static void stops_all(void *ctx, unsigned int actor)
{
	struct play *play = ctx;

	actors_point(play->actors);
	if (actor)
		actors_stop(play->actors);
}

START_TEST(one_can_stop_all)
{
	struct play play = {.shared = 0};
	struct actors *actors = make(&play, 2, stops_all);
	struct schedule *schedule = schedule_create_all(1);

	while (schedule_next(schedule))
		ck_assert_int_eq(actors_run(actors, schedule), ACTORS_STOPPED);
	schedule_destroy(schedule);
	actors_destroy(actors);
}
END_TEST

static void tell_enter(void *ctx, unsigned int actor)
{
	struct play *play = ctx;

	ck_assert_uint_eq(play->entered++, play->left);
	play->shared = (int)actor;
}

static void tell_leave(void *ctx, unsigned int actor)
{
	struct play *play = ctx;

	ck_assert_uint_eq(play->entered, ++play->left);
	ck_assert_int_eq(play->shared, (int)actor);
}

static void knows_who_it_is(void *ctx, unsigned int actor)
{
	struct play *play = ctx;

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(play->shared, (int)actor);
		ck_assert_uint_eq(actors_current(play->actors), actor);
		actors_point(play->actors);
	}
}

START_TEST(each_change_is_told)
{
	struct play play = {.shared = 0};
	struct actors_config config = {.num = 3,
				       .stack_size = STACK,
				       .ctx = &play,
				       .run = knows_who_it_is,
				       .enter = tell_enter,
				       .leave = tell_leave};
	struct schedule *schedule = schedule_create_all(2);

	ck_assert_int_eq(actors_create(&config, &play.actors), 0);
	while (schedule_next(schedule))
		ck_assert_int_eq(actors_run(play.actors, schedule), ACTORS_ENDED);
	ck_assert_uint_gt(play.entered, 100);
	schedule_destroy(schedule);
	actors_destroy(play.actors);
	config.num = SCHEDULE_MAX_ACTORS + 1;
	ck_assert_int_eq(actors_create(&config, &play.actors), -EINVAL);
	config.num = 0;
	ck_assert_int_eq(actors_create(&config, &play.actors), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("actors");
	TCase *tcase = tcase_create("actors");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, the_count_itself_is_right);
	tcase_add_test(tcase, all_schedules_are_run_once);
	tcase_add_test(tcase, waiting_is_no_choice);
	tcase_add_test(tcase, a_planted_race_is_found_and_replayed);
	tcase_add_test(tcase, a_planted_deadlock_is_found_and_ends);
	tcase_add_test(tcase, who_looks_again_gives_way);
	tcase_add_test(tcase, who_stands_back_waits_for_all);
	tcase_add_test(tcase, who_does_not_has_to_after_a_while);
	tcase_add_test(tcase, endless_actors_end);
	tcase_add_test(tcase, who_waits_in_vain_is_told_and_first_who_can_do_without);
	tcase_add_test(tcase, a_lock_is_given_up_where_the_schedule_says_so);
	tcase_add_test(tcase, turns_that_do_not_fit_are_said_to_be_so);
	tcase_add_test(tcase, turns_that_do_not_fit_can_be_bent);
	tcase_add_test(tcase, random_schedules_depend_on_seed_and_number_alone);
	tcase_add_test(tcase, one_can_stop_all);
	tcase_add_test(tcase, each_change_is_told);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
