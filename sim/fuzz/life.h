/* SPDX-License-Identifier: BSD-3-Clause */
/* life.h - one machine that lives the steps of a plan again and again in this process, by reset. */
#ifndef FUZZ_LIFE_H
#define FUZZ_LIFE_H

#include <glib.h>
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
/* life_answer_text - in words; g_free(). */
char *life_answer_text(const struct life_answer *answer);

struct life {
	const struct plan_step **steps; /* those that act, repetitions written out */
	size_t num_steps;
	struct world *world;
	struct machine *machine;
	bool together; /* other steps are being performed, too: system calls are not only this one's */
};

/* life_steps - the steps of a plan that act, in order: const struct plan_step *. */
GPtrArray *life_steps(const struct plan *plan);
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
 * life_views_differ - the first protected IPA from *ipa on whose RIPAS in `now` is neither that in `a` nor that in `b`
 * (which may be NULL). Whether RAM is backed is not compared: a guest cannot tell, because a page of RAM that it
 * loses becomes DESTROYED. False: there is none.
 */
bool life_views_differ(const struct survey_realm *now, const struct survey_realm *a,
		       const struct survey_realm *b, uint64_t *ipa);

#endif
