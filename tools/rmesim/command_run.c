/* SPDX-License-Identifier: BSD-3-Clause */
#include "baseline.h"
#include "compare.h"
#include "kvm_coverage.h"
#include "rmesim.h"

#include <errno.h>
#include <inttypes.h>
#include <sim/json.h>
#include <sim/trace.h>
#include <stdlib.h>
#include <string.h>

/* A report and the file that it goes to. */
struct sink {
	struct report *report;
	struct output *output;
	const char *path;
};

struct run {
	const struct options *options;
	GArray *sinks; /* struct sink; the first are those that were asked for */
	struct output *trace, *rmi_log;
	/* The summary for GitHub, until all is known; `summary_path` NULL: nobody wants it. */
	FILE *github;
	char *github_text;
	size_t github_size;
	const char *github_path;
	struct baseline *known, *written; /* NULL: nobody asks for it */
	struct kvm_builds *builds;
	struct report_summary summary;
	struct progress_line progress;
	const char *last_name; /* scenario of the last result */
};

static bool add_sink(struct run *run, const char *kind, const char *path)
{
	struct sink sink = {.path = path};
	struct report_options options = {.verbose = run->options->verbose};
	int err = output_open(path, &sink.output);

	if (!err && !strcmp(kind, "github") && run->github_path && !run->github) {
		run->github = open_memstream(&run->github_text, &run->github_size);
		options.summary = run->github;
	}
	if (err) {
		usage_error("%s: cannot write: %s", path, g_strerror(-err));
		return false;
	}
	if (!strcmp(path, "-"))
		options.color = !strcmp(kind, "text") && color_wanted(run->options->color, stdout);
	else
		options.color = !strcmp(kind, "text") && run->options->color == COLOR_ALWAYS;
	sink.report = report_create(kind, output_stream(sink.output), &options);
	g_array_append_val(run->sinks, sink);
	return true;
}

static bool open_output(const char *path, struct output **output)
{
	int err = output_open(path, output);

	if (err)
		usage_error("%s: cannot write: %s", path, g_strerror(-err));
	return !err;
}

static const char *path_words(const char *path)
{
	return strcmp(path, "-") ? path : "standard output";
}

/* Puts a file in place, or (`keep` false) leaves no trace of it. */
static bool close_output(const char *path, struct output *output, bool keep)
{
	int err = 0;

	if (keep && output)
		err = output_commit(output);
	else
		output_discard(output);
	if (err)
		usage_error("%s: cannot write: %s", path_words(path), g_strerror(-err));
	return !err;
}

/* Whether `path` is a file that the runs were read from. */
static bool is_input(const GPtrArray *plans, const char *path)
{
	const struct plan *plan;
	size_t i, j;

	for (i = 0; i < plans->len; i++) {
		plan = plans->pdata[i];
		/* All runs of a file have the same. */
		if (i && ((const struct plan *)plans->pdata[i - 1])->sources == plan->sources)
			continue;
		for (j = 0; j < plan->num_sources; j++) {
			if (output_same(plan->sources[j]->path, path))
				return true;
		}
	}
	return false;
}

/* Opens everything that will be written, before anything runs. */
static bool open_outputs(struct run *run, const GPtrArray *plans)
{
	const struct options *options = run->options;
	bool standard = (options->trace && !strcmp(options->trace, "-")) ||
			(options->rmi_log && !strcmp(options->rmi_log, "-"));
	GPtrArray *paths = g_ptr_array_new();
	bool good = true;
	unsigned int i, j;

	if (options->trace)
		g_ptr_array_add(paths, (void *)(uintptr_t)options->trace);
	if (options->rmi_log)
		g_ptr_array_add(paths, (void *)(uintptr_t)options->rmi_log);
	for (i = 0; i < options->reports->len; i++)
		g_ptr_array_add(paths, strchr(options->reports->pdata[i], '=') + 1);
	for (i = 0; i < paths->len; i++) {
		for (j = 0; j < i; j++) {
			if (!output_same(paths->pdata[i], paths->pdata[j]))
				continue;
			usage_error("two outputs go to '%s'", (const char *)paths->pdata[i]);
			good = false;
		}
		if (is_input(plans, paths->pdata[i])) {
			usage_error("'%s' would be written over: it is one of the scenarios",
				    (const char *)paths->pdata[i]);
			good = false;
		}
	}
	for (i = 0; good && i < options->reports->len; i++) {
		const char *report = options->reports->pdata[i], *path = strchr(report, '=') + 1;
		char *kind = g_strndup(report, (size_t)(path - report) - 1);

		standard |= !strcmp(path, "-") && !report_mixes(kind);
		good = add_sink(run, kind, path);
		g_free(kind);
	}
	if (good && !standard)
		good = add_sink(run, "text", "-");
	if (good && options->trace)
		good = open_output(options->trace, &run->trace);
	if (good && options->rmi_log)
		good = open_output(options->rmi_log, &run->rmi_log);
	g_ptr_array_unref(paths);
	return good;
}

/* Other steps of the job may have written to that file: it is added to, in one piece. */
static bool append_summary(struct run *run, bool keep)
{
	FILE *file = NULL;
	bool good = true;

	if (!run->github)
		return true;
	good = !fclose(run->github);
	if (keep && good) {
		file = fopen(run->github_path, "ae");
		good = file &&
		       fwrite(run->github_text, 1, run->github_size, file) == run->github_size;
		if (file && fclose(file))
			good = false;
	}
	if (!good)
		usage_error("%s: cannot write: %s", run->github_path, g_strerror(errno));
	free(run->github_text);
	return good;
}

/* Puts all files in place, or (`keep` false) leaves no trace of them. */
static bool close_outputs(struct run *run, bool keep)
{
	bool good = append_summary(run, keep);
	unsigned int i;

	for (i = 0; i < run->sinks->len; i++) {
		struct sink *sink = &g_array_index(run->sinks, struct sink, i);

		report_destroy(sink->report);
		good &= close_output(sink->path, sink->output, keep);
	}
	good &= close_output(run->options->trace, run->trace, keep);
	good &= close_output(run->options->rmi_log, run->rmi_log, keep);
	g_array_unref(run->sinks);
	return good;
}

static void write_trace(const struct run *run, const struct result *result)
{
	FILE *out = output_stream(run->trace);

	fputs("{\"kind\":\"scenario\",\"id\":", out);
	json_put_string(out, result->plan->id);
	fputs(",\"file\":", out);
	json_put_string(out, result->plan->place.source->path);
	fprintf(out, ",\"seed\":\"0x%" PRIx64 "\"}\n", result->seed);
	if (result->trace_size)
		fwrite(result->trace, 1, result->trace_size, out);
	/* A process that died may have left half a line. */
	if (result->trace_size && result->trace[result->trace_size - 1] != '\n')
		fputc('\n', out);
	fprintf(out, "{\"kind\":\"result\",\"status\":\"%s\"}\n",
		result_status_name(result->status));
}

/* Each scenario begins with .reset, so that any part of the file can be replayed alone. */
static void write_rmi_log(const struct run *run, const struct result *result)
{
	FILE *out = output_stream(run->rmi_log);

	fprintf(out, "# scenario %s (%s), seed 0x%" PRIx64 "\n", result->plan->id,
		result->plan->place.source->path, result->seed);
	if (result->rmi_log_size)
		fwrite(result->rmi_log, 1, result->rmi_log_size, out);
	if (result->rmi_log_size && result->rmi_log[result->rmi_log_size - 1] != '\n')
		fputc('\n', out);
	fprintf(out, "# result %s\n", result_status_name(result->status));
}

static void take_result(void *ctx, const struct result *result)
{
	struct run *run = ctx;
	unsigned int i;

	progress_clear(&run->progress);
	run->summary.counts[result->status]++;
	if (run->known)
		baseline_see(run->known, result);
	if (run->written)
		baseline_add(run->written, result);
	if (!run->last_name || strcmp(run->last_name, result->plan->name))
		run->summary.num_scenarios++;
	run->last_name = result->plan->name;
	for (i = 0; i < run->sinks->len; i++)
		report_result(g_array_index(run->sinks, struct sink, i).report, result);
	if (run->trace)
		write_trace(run, result);
	if (run->rmi_log)
		write_rmi_log(run, result);
	run->progress.done++;
	run->progress.failed += result->status != RESULT_PASSED &&
				result->status != RESULT_SKIPPED && result->status != RESULT_KNOWN;
	progress_show(&run->progress, result->plan->id);
}

/* A baseline that is written has all that is found, so that what stands behind it is found, too. */
static bool is_known(void *ctx, const char *oracle, const char *condition, const char *function)
{
	const struct run *run = ctx;

	return run->written ||
	       (run->known && baseline_has(run->known, oracle, condition, function));
}

/* What was known and is not found any more may be mended, or was not run. */
static void say_baseline(const struct run *run)
{
	size_t all, seen;

	if (run->written)
		fprintf(stderr, "rmesim: %zu findings written to %s\n",
			baseline_count(run->written), run->options->write_baseline);
	if (!run->known)
		return;
	all = baseline_count(run->known);
	seen = baseline_count_seen(run->known);
	fprintf(stderr, "rmesim: %zu of the %zu findings of %s were found again\n", seen, all,
		run->options->baseline);
}

static struct kvm_module *find_module(void *ctx, uint32_t page_size, char **reason)
{
	const struct run *run = ctx;

	return kvm_builds_module(run->builds, page_size, reason);
}

static char *header_text(const struct run *run)
{
	const struct options *options = run->options;
	char *version = version_line(), *kvm = kvm_builds_text(run->builds, false), *text, *shard,
	     *jobs;

	shard = options->shard.total > 1 ? g_strdup_printf(", shard %u/%u", options->shard.index,
							   options->shard.total)
					 : g_strdup("");
	if (options->in_process)
		jobs = g_strdup("in this process");
	else
		jobs = g_strdup_printf("timeout %u s, %u job%s", options->timeout_s, options->jobs,
				       options->jobs == 1 ? "" : "s");
	text = g_strdup_printf("%s; %s; seed %" PRIu64 "; level %s, %s%s", version, kvm,
			       options->seed, plan_level_name(options->level), jobs, shard);
	g_free(jobs);
	g_free(shard);
	g_free(version);
	g_free(kvm);
	return text;
}

/* What any of the reports wants to know beside the results. */
static unsigned int needs(const struct run *run)
{
	unsigned int all = 0, i;

	for (i = 0; i < run->sinks->len; i++)
		all |= report_needs(g_array_index(run->sinks, struct sink, i).report);
	return all;
}

static int run_plans(struct run *run, const GPtrArray *plans)
{
	const struct options *options = run->options;
	struct campaign_config config = {
		.plans = (const struct plan *const *)plans->pdata,
		.num_plans = plans->len,
		.repeat = options->repeat,
		.jobs = options->jobs,
		.timeout_ms = options->timeout_s * 1000,
		.seed = options->seed,
		.fail_fast = options->fail_fast,
		.in_process = options->in_process,
		.exact = options->exact,
		.trace_kinds = run->trace ? TRACE_MASK_ALL : 0,
		.rmi_log = run->rmi_log != NULL,
		.events = needs(run) & REPORT_NEEDS_EVENTS,
		.keep_steps = needs(run) & REPORT_NEEDS_STEPS,
		.verbose = options->verbose,
		.known = run->known || run->written ? is_known : NULL,
		.module = find_module,
		.done = take_result,
		.ctx = run,
	};
	char *header = header_text(run), *extra = kvm_options(options);
	char *version = version_line(), *kvm = kvm_builds_text(run->builds, false);
	struct report_run info = {.header = header,
				  .version = version,
				  .kvm = kvm,
				  .seed = options->seed,
				  .level = options->level,
				  .shard_index = options->shard.index,
				  .shard_total = options->shard.total,
				  .program = program_name(),
				  .options = extra,
				  .num_runs = (size_t)plans->len * options->repeat};
	char *aborted = NULL;
	unsigned int i;
	int err;

	for (i = 0; i < run->sinks->len; i++)
		report_begin(g_array_index(run->sinks, struct sink, i).report, &info);
	run->progress = (struct progress_line){.wanted = progress_wanted(), .total = info.num_runs};
	err = campaign_run(&config, &run->summary.not_run);
	progress_clear(&run->progress);
	if (err) {
		aborted = g_strdup_printf("processes cannot be started: %s", g_strerror(-err));
		run->summary.aborted = aborted;
		usage_error("%s", aborted);
	}
	for (i = 0; i < run->sinks->len; i++)
		report_end(g_array_index(run->sinks, struct sink, i).report, &run->summary);
	run->summary.aborted = NULL;
	g_free(aborted);
	g_free(header);
	g_free(extra);
	g_free(version);
	g_free(kvm);
	return err ? EXIT_USAGE : exit_code(&run->summary);
}

static int run(const struct command *command, struct options *options)
{
	struct run state = {.options = options, .github_path = getenv("GITHUB_STEP_SUMMARY")};
	struct scenario_set *set = load_scenarios(options->paths, options->color);
	GPtrArray *plans = set ? select_plans(set, options) : NULL;
	int status = EXIT_USAGE;
	unsigned int num_selected;

	(void)command;
	if (!set)
		return EXIT_USAGE;
	if (!plans->len) {
		say_none_selected(set, options);
		goto out;
	}
	if (!options->has_shard && !shard_from_environment(&options->shard))
		goto out;
	num_selected = plans->len;
	shard_select(options->shard, plans);
	if (!plans->len) {
		usage_error("shard %u/%u has no run: only %u %s chosen", options->shard.index,
			    options->shard.total, num_selected, num_selected == 1 ? "was" : "were");
		status = EXIT_SKIPPED;
		goto out;
	}
	state.builds = kvm_builds_load(options->kvm, plans, true);
	if (!state.builds)
		goto out;
	if (kvm_builds_second(state.builds)) {
		status = compare_builds(options, plans, state.builds);
		kvm_builds_unload(state.builds);
		goto out;
	}
	if (options->baseline) {
		state.known = baseline_load(options->baseline);
		if (!state.known) {
			kvm_builds_unload(state.builds);
			goto out;
		}
	}
	if (options->write_baseline)
		state.written = baseline_create();
	if (options->coverage_html && !kvm_coverage_begin(options)) {
		kvm_builds_unload(state.builds);
		goto out;
	}
	state.sinks = g_array_new(FALSE, TRUE, sizeof(struct sink));
	if (open_outputs(&state, plans)) {
		status = run_plans(&state, plans);
		if (!close_outputs(&state, true) && status == EXIT_PASSED)
			status = EXIT_USAGE;
		if (state.written && !baseline_write(state.written, options->write_baseline))
			status = EXIT_USAGE;
		say_baseline(&state);
		if (options->coverage_html && !kvm_coverage_end(options) && status == EXIT_PASSED)
			status = EXIT_USAGE;
	} else {
		close_outputs(&state, false);
	}
	kvm_builds_unload(state.builds);
out:
	baseline_free(state.known);
	baseline_free(state.written);
	g_ptr_array_unref(plans);
	scenario_set_destroy(set);
	return status;
}

static const struct option_def *const run_options[] = {
	&option_filter,
	&option_exclude,
	&option_tag,
	&option_level,
	&option_shard,
	&option_jobs,
	&option_seed,
	&option_timeout,
	&option_repeat,
	&option_exact,
	&option_fail_fast,
	&option_in_process,
	&option_report,
	&option_trace,
	&option_rmi_log,
	&option_kvm_compared,
	&option_baseline,
	&option_write_baseline,
	&option_coverage_html,
	&option_color,
	&option_verbose,
	&option_help,
	NULL,
};

const struct command command_run = {
	.name = "run",
	.arguments = "[FILES|DIRECTORIES]...",
	.summary = "Runs scenarios, each in a process of its own.\n\n"
		   "Directories are searched for *.yaml; without any argument, scenarios/ is run.",
	.examples = "  rmesim run scenarios/\n"
		    "  rmesim run scenarios/ripas --filter 'ripas.*[page_size=16K]' -j 4\n"
		    "  rmesim run scenarios/ --report tap=- | tee suite.tap\n"
		    "  rmesim run scenarios/ --report junit=suite.xml --report jsonl=suite.jsonl\n"
		    "  rmesim run one.yaml --report html=one.html --report perfetto=one.json\n"
		    "  rmesim run one.yaml --seed 7 --trace one.jsonl\n"
		    "  rmesim run one.yaml --rmi-log one.rmi && rmesim rmi -v one.rmi\n"
		    "  rmesim run scenarios/ --kvm ./mine-4k.so --fail-fast\n"
		    "  rmesim run scenarios/ --kvm before.so --kvm after.so\n"
		    "  rmesim run scenarios/ --kvm ./mine-4k.so --baseline known.json\n",
	.options = run_options,
	.run = run,
};
