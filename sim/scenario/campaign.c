/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include "crash_text.h"

#include <errno.h>
#include <sim/last_words.h>
#include <sim/pool.h>
#include <sim/stack.h>
#include <string.h>

#define STDERR_FIRST_LINES 40u
#define STDERR_LAST_LINES  10u

/* A run that finished before one that stands earlier in the order. */
struct pending {
	bool finished;
	struct result result;
};

struct campaign {
	const struct campaign_config *config;
	struct kvm_module **modules; /* of each plan */
	size_t *jobs;		     /* the run that each job of the pool is */
	size_t num_jobs;
	struct pending *runs;
	size_t num_runs;
	size_t next; /* the first run that was not handed on yet */
	size_t stop; /* no run behind this one is handed on */
};

uint64_t seed_derive(uint64_t seed, uint64_t index)
{
	uint64_t value = seed + index * 0x9e3779b97f4a7c15ull;

	if (!index)
		return seed;
	/* The finaliser of splitmix64: neighbouring seeds give unrelated ones. */
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ull;
	value = (value ^ value >> 27) * 0x94d049bb133111ebull;
	return value ^ value >> 31;
}

static struct result campaign_result(const struct campaign *campaign, size_t run)
{
	struct result result = {.plan = campaign->config->plans[run / campaign->config->repeat],
				.repetition = (unsigned int)(run % campaign->config->repeat)};

	result.seed = seed_derive(campaign->config->seed, result.repetition);
	return result;
}

static int write_output(void *ctx, const void *data, size_t size)
{
	return pool_child_write(ctx, data, size);
}

static struct run_config campaign_run_config(const struct campaign *campaign, size_t run,
					     uint64_t seed)
{
	return (struct run_config){
		.seed = seed,
		.module = campaign->modules[run / campaign->config->repeat],
		.trace_kinds = campaign->config->trace_kinds,
		.rmi_log = campaign->config->rmi_log,
		.events = campaign->config->events,
		.follow = campaign->config->follow,
		.keep_steps = campaign->config->keep_steps,
		.calls = campaign->config->calls,
		.verbose = campaign->config->verbose,
		.exact = campaign->config->exact,
		.known = campaign->config->known,
		.known_ctx = campaign->config->ctx,
	};
}

/* In the child. */
static int campaign_child(void *ctx, size_t job, struct pool_child *child)
{
	struct campaign *campaign = ctx;
	size_t run = campaign->jobs[job];
	struct result result = campaign_result(campaign, run);
	struct run_config config = campaign_run_config(campaign, run, result.seed);
	struct recorder recorder = {.write = write_output, .ctx = child};

	config.memfd = child->memfd;
	config.last_words = true;
	if (config.module)
		last_words_prepare(kvm_module_build(config.module));
	plan_run(result.plan, &config, &recorder);
	/* Children end without exit(), which is when a coverage runtime would write its counters. */
	if (config.module)
		kvm_module_build(config.module)->coverage_flush();
	return recorder.error ? 1 : 0;
}

static void result_add_block(struct result *result, const char *title, const char *text)
{
	result->blocks = g_renew(struct result_block, result->blocks, result->num_blocks + 1);
	result->blocks[result->num_blocks++] = (struct result_block){
		.title = g_strdup(title), .text = g_utf8_make_valid(text, -1)};
}

/* What the process printed: its beginning, where sanitizers say what is wrong, and its end. */
static void result_add_stderr(struct result *result, const char *text)
{
	char *plain = crash_text_without_stack(text), **lines = g_strsplit(plain, "\n", -1);
	unsigned int num = g_strv_length(lines), i;
	GString *kept = g_string_new(NULL);

	for (i = 0; i < num; i++) {
		if (i == STDERR_FIRST_LINES && num > STDERR_FIRST_LINES + STDERR_LAST_LINES) {
			i = num - STDERR_LAST_LINES;
			g_string_append(kept, "...\n");
		}
		g_string_append_printf(kept, "%s\n", lines[i]);
	}
	if (*plain)
		result_add_block(result, "what the process printed", kept->str);
	g_free(plain);
	g_string_free(kept, TRUE);
	g_strfreev(lines);
}

/*
 * Frames become lines of sources, which the runs' processes leave to us. A host that warns in a loop is thousands of
 * times in the same place.
 */
static void resolve_stacks(struct result *result)
{
	GHashTable *known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	size_t i;

	for (i = 0; i < result->num_blocks; i++) {
		struct result_block *block = &result->blocks[i];
		char *text;

		if (g_strcmp0(block->title, RESULT_STACK) || !block->text)
			continue;
		text = g_hash_table_lookup(known, block->text);
		if (!text) {
			text = crash_text_resolve(block->text);
			if (!text)
				continue;
			g_hash_table_insert(known, g_strdup(block->text), text);
		}
		g_free(block->text);
		block->text = g_strdup(text);
	}
	g_hash_table_unref(known);
}

/* A process that died is a finding, and where the host was then is its place. */
static void result_add_crash(struct campaign *campaign, const struct pool_result *from,
			     struct result *result)
{
	const struct campaign_config *config = campaign->config;
	struct crash_text crash;
	struct result_finding *finding;

	crash_text_read(from->stderr_text, from->end == POOL_SIGNAL ? from->code : 0, &crash);
	if (crash.stack)
		result_add_block(result, RESULT_STACK, crash.stack);
	if (from->end == POOL_TIMEOUT) {
		if (crash.place) {
			char *reason = g_strdup_printf("%s; the host was in %s (%s)",
						       result->reason, crash.function, crash.place);

			g_free(result->reason);
			result->reason = reason;
		}
		crash_text_clear(&crash);
		return;
	}
	result->findings =
		g_renew(struct result_finding, result->findings, result->num_findings + 1);
	finding = &result->findings[result->num_findings++];
	*finding = (struct result_finding){
		.oracle = g_strdup("crash"),
		.condition = g_strdup(crash.condition ? crash.condition : "exit"),
		.function = g_strdup(crash.function ? crash.function : ""),
		.message = g_strdup(result->reason),
	};
	if (crash.place) {
		char *reason = g_strdup_printf("crash/%s: %s (%s)", finding->condition,
					       finding->function, crash.place);

		g_free(result->reason);
		result->reason = reason;
	} else if (crash.condition && from->end != POOL_SIGNAL) {
		char *reason = g_strdup_printf("crash/%s: %s", crash.condition, result->reason);

		g_free(result->reason);
		result->reason = reason;
	}
	finding->known = config->known && config->known(config->ctx, finding->oracle,
							finding->condition, finding->function);
	if (finding->known)
		result->status = RESULT_KNOWN;
	crash_text_clear(&crash);
}

static void result_from_pool(struct campaign *campaign, const struct pool_result *from,
			     struct result *result)
{
	bool whole =
		record_read(from->payload, from->payload_size, result->plan->place.source, result);
	char *text;

	resolve_stacks(result);
	if (from->end == POOL_EXITED && whole && !from->code)
		return;
	g_free(result->reason);
	result->status = RESULT_CRASHED;
	switch (from->end) {
	case POOL_EXITED:
	case POOL_QUIT:
		result->reason =
			g_strdup_printf("the process ended early, with status %d", from->code);
		break;
	case POOL_SIGNAL:
		result->reason =
			g_strdup_printf("crashed: signal %d (SIG%s)", from->code,
					sigabbrev_np(from->code) ? sigabbrev_np(from->code) : "?");
		break;
	case POOL_TIMEOUT:
		result->status = RESULT_TIMEOUT;
		result->reason =
			g_strdup("timed out; not reproducible as such: it depends on this machine");
		break;
	case POOL_MEMORY:
		result->reason = g_strdup("used more memory than allowed");
		break;
	case POOL_LOST:
		result->status = RESULT_ERROR;
		result->reason =
			g_strdup_printf("no process could be started: %s", strerror(-from->code));
		break;
	}
	if (result->schedule && *result->schedule) {
		text = g_strdup_printf("schedule: [%s]\n", result->schedule);
		result_add_block(result, "the schedule that it ended in", text);
		g_free(text);
	}
	if (from->end == POOL_QUIT || from->end == POOL_SIGNAL || from->end == POOL_TIMEOUT)
		result_add_crash(campaign, from, result);
	result_add_stderr(result, from->stderr_text);
}

static bool result_is_bad(const struct result *result)
{
	return result->status != RESULT_PASSED && result->status != RESULT_SKIPPED &&
	       result->status != RESULT_KNOWN;
}

static void campaign_finish(struct campaign *campaign, size_t run, struct result *result)
{
	campaign->runs[run].finished = true;
	campaign->runs[run].result = *result;
	if (campaign->config->fail_fast && result_is_bad(result))
		campaign->stop = MIN(campaign->stop, run);
	/* Hand on whatever is in order now. */
	while (campaign->next < campaign->num_runs && campaign->next <= campaign->stop &&
	       campaign->runs[campaign->next].finished) {
		struct result *next = &campaign->runs[campaign->next++].result;

		campaign->config->done(campaign->config->ctx, next);
		result_clear(next);
	}
}

static bool campaign_done(void *ctx, size_t job, const struct pool_result *from)
{
	struct campaign *campaign = ctx;
	size_t run = campaign->jobs[job];
	struct result result = campaign_result(campaign, run);

	result_from_pool(campaign, from, &result);
	result.wall_us = from->wall_us;
	campaign_finish(campaign, run, &result);
	return campaign->next <= campaign->stop;
}

static int write_bytes(void *ctx, const void *data, size_t size)
{
	g_byte_array_append(ctx, data, (unsigned int)size);
	return 0;
}

static void campaign_run_here(struct campaign *campaign)
{
	size_t job;
	bool more = true;

	for (job = 0; more && job < campaign->num_jobs; job++) {
		size_t run = campaign->jobs[job];
		struct result result = campaign_result(campaign, run);
		struct run_config config = campaign_run_config(campaign, run, result.seed);
		GByteArray *bytes = g_byte_array_new();
		struct recorder recorder = {.write = write_bytes, .ctx = bytes};
		struct pool_result from = {.end = POOL_EXITED, .stderr_text = ""};

		config.memfd = -1;
		plan_run(result.plan, &config, &recorder);
		if (config.module)
			kvm_module_build(config.module)->coverage_flush();
		from.payload = bytes->data;
		from.payload_size = bytes->len;
		from.code = recorder.error ? 1 : 0;
		more = campaign_done(campaign, job, &from);
		g_byte_array_unref(bytes);
	}
}

/* Runs that need no process: the KVM build that they ask for is not there. */
static void campaign_skip(struct campaign *campaign, size_t plan, const char *reason)
{
	size_t i;

	for (i = 0; i < campaign->config->repeat; i++) {
		size_t run = plan * campaign->config->repeat + i;
		struct result result = campaign_result(campaign, run);

		result.status = RESULT_SKIPPED;
		result.reason = g_strdup(reason);
		campaign_finish(campaign, run, &result);
	}
}

int campaign_run(const struct campaign_config *config, size_t *not_run)
{
	struct campaign campaign = {.config = config,
				    .num_runs = config->num_plans * config->repeat};
	struct pool_config pool = {
		.jobs = config->jobs,
		.timeout_ms = config->timeout_ms,
		.ctx = &campaign,
		.run = campaign_child,
		.done = campaign_done,
	};
	size_t i, j;
	int err = 0;

	campaign.stop = campaign.num_runs;
	campaign.runs = g_new0(struct pending, campaign.num_runs + 1);
	campaign.jobs = g_new0(size_t, campaign.num_runs + 1);
	campaign.modules = g_new0(struct kvm_module *, config->num_plans + 1);
	for (i = 0; i < config->num_plans; i++) {
		const struct plan_machine *machine = &config->plans[i]->machine;
		char *reason = NULL;

		if (!machine->no_kvm) {
			campaign.modules[i] =
				config->module(config->ctx, machine->page_size, &reason);
			if (!campaign.modules[i]) {
				campaign_skip(&campaign, i, reason);
				g_free(reason);
				continue;
			}
		}
		for (j = 0; j < config->repeat; j++)
			campaign.jobs[campaign.num_jobs++] = i * config->repeat + j;
	}
	pool.num_jobs = campaign.num_jobs;
	/* Once for all processes. */
	stack_prepare();
	if (config->in_process)
		campaign_run_here(&campaign);
	else if (campaign.num_jobs)
		err = pool_run(&pool);
	if (not_run)
		*not_run = campaign.num_runs - campaign.next;
	for (i = campaign.next; i < campaign.num_runs; i++)
		result_clear(&campaign.runs[i].result);
	g_free(campaign.runs);
	g_free(campaign.jobs);
	g_free(campaign.modules);
	return err;
}
