/* SPDX-License-Identifier: BSD-3-Clause */
/* life.h - one machine that lives the steps of a plan again and again in this process, by reset. */
#ifndef FUZZ_LIFE_H
#define FUZZ_LIFE_H

#include <glib.h>
#include <sim/parallel.h>
#include <sim/plan.h>
#include <sim/survey.h>

/* What a step answered. */
struct life_answer {
	int refused;		   /* 0, or why world_perform() could not carry it out: -errno */
	enum step_implied implied; /* this was made first, or tried: -errno */
	int implied_err;
	int err;
	enum step_outcome outcome;
	uint64_t value, done;
	bool has_response, rejected;
};
/* life_answers_equal - `done` and `value` count. */
bool life_answers_equal(const struct life_answer *a, const struct life_answer *b);
/*
 * life_answers_end - whether one of them says that no step may follow: the irqchip that it implies could not be made.
 * Each would try it again, which a scenario has no step for.
 */
bool life_answers_end(const struct life_answer *answers, unsigned int num);
/* life_answer_text - in words; g_free(). */
char *life_answer_text(const struct life_answer *answer);

/* A `parallel:` that was met: the steps of its first actor from `first` on, then those of the next. */
struct life_race {
	const struct plan_step *step; /* the `parallel:` itself */
	size_t first;
	size_t num[SCHEDULE_MAX_ACTORS]; /* steps of each actor */
};
/* life_race_end - the index behind the last step of its actors. */
size_t life_race_end(const struct life_race *race);

/* life.actor where nobody's step overlaps with others, or their threads are only being made. */
#define LIFE_ALONE (-1)

struct life {
	/* Those that act, repetitions and actors written out. */
	const struct plan_step **steps;
	size_t num_steps;
	struct life_race *races; /* in the order of their steps */
	size_t num_races;
	struct world *world;
	struct machine *machine;
	/* While several steps are performed together: by whom, and who runs. */
	const struct parallel_config *together;
	int actor;
	struct parallel *teams[SCHEDULE_MAX_ACTORS + 1]; /* by number of actors */
};

/*
 * life_steps - the steps of a plan that act, in order: const struct plan_step *; `races`: struct life_race is added for
 * each `parallel:`, or NULL.
 */
GPtrArray *life_steps(const struct plan *plan, GArray *races);
/*
 * life_create - a world for `plan`, nothing performed yet; `memfd` as in dram_config. 0, or -errno with
 * *error in words (free()).
 */
int life_create(struct life *life, const struct plan *plan, struct kvm_module *module, int memfd,
		uint64_t seed, char **error);
/* life_create_world - the same for a world without a plan: only life_perform_call() is for it. */
int life_create_world(struct life *life, const struct world_config *config, char **error);
void life_destroy(struct life *life);
/* life_reset - back to the beginning. 0 or -errno. */
int life_reset(struct life *life);
/*
 * life_perform - performs step `index` as it stands in the plan. One that is refused although it made system calls
 * is a finding: steps/refused-step-acted.
 */
void life_perform(struct life *life, size_t index, struct life_answer *answer);
/* life_perform_call - the same for a call of the caller's; it is copied. */
void life_perform_call(struct life *life, const struct step_call *call, struct life_answer *answer);

/*
 * life_together - performs what the actors of `config` do, as `schedule` decides (which was made ready by schedule_next()).
 * 0; -ENOMEM; or what parallel_run() returns.
 */
int life_together(struct life *life, const struct parallel_config *config,
		  struct schedule *schedule);

/* life_makes_threads - whether what happens now belongs to no step: threads are made for those that overlap. */
static inline bool life_makes_threads(const struct life *life)
{
	return life->together && life->actor == LIFE_ALONE;
}

/*
 * life_views_differ - the first protected IPA from *ipa on whose RIPAS in `now` is neither that in `a` nor that in `b`
 * (which may be NULL). Whether RAM is backed is not compared: a guest cannot tell, because a page of RAM that it
 * loses becomes DESTROYED. False: there is none.
 */
bool life_views_differ(const struct survey_realm *now, const struct survey_realm *a,
		       const struct survey_realm *b, uint64_t *ipa);

#endif
