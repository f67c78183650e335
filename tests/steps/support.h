/* SPDX-License-Identifier: BSD-3-Clause */
/* support.h - steps in one line. */
#ifndef TESTS_STEPS_SUPPORT_H
#define TESTS_STEPS_SUPPORT_H

#include <check.h>
#include <sim/step.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_kvm.h"

struct arg {
	const char *name;
	uint64_t number;
};

#define ARGS(...) ((const struct arg[]){__VA_ARGS__, {NULL, 0}})
#define NO_ARGS	  ((const struct arg[]){{NULL, 0}})

static inline void call_prepare(struct step_call *call, const char *name, const struct arg *args)
{
	const struct step_def *def = step_find(name);

	ck_assert_msg(def, "no step %s", name);
	step_call_init(call, def);
	for (; args->name; args++) {
		int index = step_param_find(def, args->name);

		ck_assert_msg(index >= 0, "%s has no parameter %s", name, args->name);
		call->args[index].given = true;
		call->args[index].number = args->number;
	}
}

static inline void call_text(struct step_call *call, const char *name, const char *text)
{
	int index = step_param_find(call->def, name);

	ck_assert_int_ge(index, 0);
	call->args[index].given = true;
	call->args[index].string = text;
}

/* Performs it; it must be possible to carry out. */
static inline void call_perform(struct world *world, struct step_call *call)
{
	char *error = NULL;
	int err = world_perform(world, call, &error);

	ck_assert_msg(!err, "%s: %d %s", call->def->name, err, error ? error : "");
}

/* A step with its result; exits are dropped. */
static inline struct step_result step_on(struct world *world, unsigned int vcpu, const char *name,
					 const struct arg *args)
{
	struct step_call call;
	struct step_result result;

	call_prepare(&call, name, args);
	call.vcpu = vcpu;
	call_perform(world, &call);
	result = call.result;
	step_result_clear(&call.result);
	result.exits = NULL;
	return result;
}

static inline struct step_result step(struct world *world, const char *name, const struct arg *args)
{
	return step_on(world, 0, name, args);
}

/* As step(), and it succeeds. */
static inline struct step_result step_ok(struct world *world, const char *name,
					 const struct arg *args)
{
	struct step_result result = step(world, name, args);

	ck_assert_msg(result.outcome == STEP_OK && !result.err, "%s: %s, error %d", name,
		      step_outcome_name(result.outcome), result.err);
	return result;
}

/* No oracle found anything. */
static inline void assert_clean(struct world *world)
{
	const struct machine *machine = world_machine(world);

	for (size_t i = 0; i < machine_num_findings(machine); i++) {
		const struct finding *finding = machine_finding(machine, i);

		fprintf(stderr, "%s/%s (%s): %s\n", finding->oracle, finding->condition,
			finding->function, finding->message);
	}
	ck_assert_uint_eq(machine_num_findings(machine), 0);
}

static inline bool was_found(struct world *world, const char *oracle, const char *condition)
{
	const struct machine *machine = world_machine(world);

	for (size_t i = 0; i < machine_num_findings(machine); i++) {
		const struct finding *finding = machine_finding(machine, i);

		if (!strcmp(finding->oracle, oracle) && !strcmp(finding->condition, condition))
			return true;
	}
	return false;
}

/* RMI calls of each step that worlds keep from now on. */
static size_t world_keep_calls = 64;

/* A world over the build at `path` (NULL: none) with the realms given. */
static inline struct world *world_over(const char *path, const struct world_realm *realms,
				       size_t num_realms, struct kvm_module **module)
{
	struct world_config config = {
		.realms = realms, .num_realms = num_realms, .keep_calls = world_keep_calls};
	struct world *world;
	char *error = NULL;
	int err;

	machine_config_init(&config.machine);
	*module = NULL;
	if (path) {
		err = kvm_module_load(path, module, &error);
		ck_assert_msg(!err, "%s", error ? error : path);
		config.machine.kvm = *module;
	}
	err = world_create(&config, &world, &error);
	ck_assert_msg(!err, "%s", error ? error : "");
	return world;
}

static inline void world_done(struct world *world, struct kvm_module *module)
{
	world_destroy(world);
	if (module)
		kvm_module_unload(module);
}

#endif
