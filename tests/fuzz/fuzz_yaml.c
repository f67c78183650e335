/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_yaml.c - any bytes as a scenario file: they give plans or errors, never neither, and both can be
 * printed. With libFuzzer, or with replay.c as an ordinary test.
 */
#include "target.h"

#include <sim/plan.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t digest;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "not so: %s\n", #condition);                               \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scenario_set *set = scenario_set_create();
	struct diagnostics *diagnostics = scenario_set_diagnostics(set);
	char *text = NULL;
	size_t length = 0, i;
	FILE *out;

	scenario_set_add_text(set, "fuzz.yaml", (const char *)data, size);
	/* A file with errors gives no plan at all. */
	CHECK((diagnostics_count(diagnostics) == 0) == (scenario_set_num_plans(set) > 0));
	for (i = 0; i < scenario_set_num_plans(set); i++) {
		const struct plan *plan = scenario_set_plan(set, i);
		struct machine_config config;

		CHECK(plan->id && plan->num_steps);
		machine_config_init(&config);
		plan_apply(plan, &config);
	}
	out = open_memstream(&text, &length);
	CHECK(out);
	diagnostics_print(diagnostics, out, true);
	fclose(out);
	for (i = 0, digest = scenario_set_num_plans(set); i < length; i++)
		digest = (digest ^ (uint8_t)text[i]) * 0x100000001b3;
	CHECK((length > 0) == (diagnostics_count(diagnostics) > 0));
	free(text);
	scenario_set_destroy(set);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

uint64_t target_digest(void)
{
	return digest;
}

size_t target_seed(uint64_t seed, uint8_t *out, size_t max_size)
{
	(void)seed;
	(void)out;
	(void)max_size;
	return 0;
}
