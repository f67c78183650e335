/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON Lines, as docs/reports.md describes them: one line for the campaign, one for each run, one at the
 * end. Nothing in them depends on the machine, the hour or the number of jobs.
 */
#include "report.h"

#include <glib.h>
#include <inttypes.h>
#include <sim/json.h>
#include <string.h>

#define FORMAT_NAME    "rmesim-results"
#define FORMAT_VERSION 1

static void put_key(FILE *out, const char *key, const char *text)
{
	fprintf(out, ",\"%s\":", key);
	json_put_text(out, text);
}

static void jsonl_begin(struct report *report)
{
	const struct report_run *run = &report->run;
	FILE *out = report->out;

	fprintf(out, "{\"type\":\"run\",\"format\":\"%s\",\"version\":%d", FORMAT_NAME,
		FORMAT_VERSION);
	put_key(out, "rmesim", run->version);
	put_key(out, "kvm", run->kvm);
	fprintf(out, ",\"seed\":\"%" PRIu64 "\",\"level\":\"%s\"", run->seed,
		plan_level_name(run->level));
	fprintf(out, ",\"shard\":{\"index\":%u,\"total\":%u},\"planned\":%zu}\n", run->shard_index,
		run->shard_total, run->num_runs);
}

static void put_step(FILE *out, const struct result *result)
{
	fprintf(out, ",\"step\":{\"number\":%u,\"line\":%u,\"column\":%u", result->step,
		result->place.line, result->place.column);
	put_key(out, "title", result->step_title);
	put_key(out, "name", result->step_name);
	fputc('}', out);
}

static void put_failure(const struct report *report, const struct result *result)
{
	char *command = reproducer_text(result, &report->run);
	FILE *out = report->out;
	size_t i;

	if (result->has_place)
		put_step(out, result);
	else
		fputs(",\"step\":null", out);
	put_key(out, "why", result->why);
	fputs(",\"mismatches\":[", out);
	for (i = 0; i < result->num_mismatches; i++) {
		const struct result_mismatch *mismatch = &result->mismatches[i];

		fprintf(out, "%s{\"line\":%u,\"column\":%u", i ? "," : "", mismatch->place.line,
			mismatch->place.column);
		put_key(out, "subject", mismatch->subject);
		put_key(out, "expected", mismatch->expected);
		put_key(out, "actual", mismatch->actual);
		fputc('}', out);
	}
	fputs("],\"blocks\":[", out);
	for (i = 0; i < result->num_blocks; i++) {
		fprintf(out, "%s{\"title\":", i ? "," : "");
		json_put_text(out, result->blocks[i].title);
		put_key(out, "text", result->blocks[i].text);
		fputc('}', out);
	}
	fputc(']', out);
	put_key(out, "reproduce", command);
	g_free(command);
}

static void jsonl_result(struct report *report, const struct result *result)
{
	const struct plan *plan = result->plan;
	FILE *out = report->out;
	size_t i;

	fprintf(out, "{\"type\":\"result\",\"number\":%zu", report->num_results);
	put_key(out, "id", plan->id);
	put_key(out, "scenario", plan->name);
	put_key(out, "variant", plan->variant);
	fprintf(out, ",\"repetition\":%u,\"seed\":\"%" PRIu64 "\",\"level\":\"%s\",\"tags\":[",
		result->repetition, result->seed, plan_level_name(plan->level));
	for (i = 0; i < plan->num_tags; i++) {
		if (i)
			fputc(',', out);
		json_put_string(out, plan->tags[i]);
	}
	fputc(']', out);
	put_key(out, "file", plan->place.source->path);
	fprintf(out, ",\"line\":%u,\"hostile\":%s", plan->place.line,
		plan->hostile ? "true" : "false");
	fprintf(out, ",\"status\":\"%s\",\"steps\":%u,\"rmi_calls\":%" PRIu64,
		result_status_name(result->status), result->num_steps, result->num_calls);
	if (result->num_schedules)
		fprintf(out, ",\"schedules\":%" PRIu64, result->num_schedules);
	put_key(out, "reason", result->status == RESULT_PASSED ? NULL : result_reason(result));
	if (result_is_bad(result))
		put_failure(report, result);
	fputs("}\n", out);
}

static void jsonl_end(struct report *report, const struct report_summary *summary)
{
	FILE *out = report->out;
	unsigned int i;

	fprintf(out, "{\"type\":\"summary\",\"scenarios\":%zu,\"runs\":%zu", summary->num_scenarios,
		report->num_results);
	for (i = 0; i < RESULT_NUM_STATUSES; i++)
		fprintf(out, ",\"%s\":%zu", result_status_name((enum result_status)i),
			summary->counts[i]);
	fprintf(out, ",\"not_run\":%zu", summary->not_run);
	put_key(out, "aborted", summary->aborted);
	fputs("}\n", out);
}

const struct report_def report_jsonl = {
	.kind = "jsonl",
	.begin = jsonl_begin,
	.result = jsonl_result,
	.end = jsonl_end,
};
