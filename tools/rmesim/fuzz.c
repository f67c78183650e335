/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include <errno.h>
#include <inttypes.h>
#include <sim/fuzz.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "campaign.h"
#include "rmesim.h"

/* What only these commands have. Options are parsed once. */
static struct fuzz_config config;
static const char *output;

static bool set_number(const char *name, const char *value, uint64_t max, uint64_t *out)
{
	char *end;

	*out = g_ascii_strtoull(value, &end, 10);
	if (g_ascii_isdigit(*value) && !*end && *out && *out <= max)
		return true;
	usage_error("--%s: expected a number from 1 to %" PRIu64 ", found '%s'", name, max, value);
	return false;
}

static bool set_runs(struct options *options, const char *value)
{
	(void)options;
	return set_number("runs", value, UINT64_C(1) << 60, &config.runs);
}

static bool set_time(struct options *options, const char *value)
{
	static const struct {
		char unit;
		unsigned int seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}};
	size_t length = strlen(value), i;
	char *digits = g_strdup(value), *end;
	uint64_t number;
	unsigned int factor = 1;
	bool good;

	(void)options;
	for (i = 0; length > 1 && i < G_N_ELEMENTS(units); i++) {
		if (value[length - 1] != units[i].unit)
			continue;
		factor = units[i].seconds;
		digits[length - 1] = '\0';
	}
	number = g_ascii_strtoull(digits, &end, 10);
	good = g_ascii_isdigit(*digits) && !*end && number && number <= 1000000;
	if (!good)
		usage_error("--time: expected a time such as 90, 90s, 10m or 2h, up to 1000000 of "
			    "them, found "
			    "'%s'",
			    value);
	config.time_s = good ? (unsigned int)number * factor : 0;
	g_free(digits);
	return good;
}

static bool set_first(struct options *options, const char *value)
{
	(void)options;
	if (!strcmp(value, "0")) {
		config.first = 0;
		return true;
	}
	return set_number("first", value, UINT64_C(1) << 60, &config.first);
}

static bool set_length(struct options *options, const char *value)
{
	uint64_t number;

	(void)options;
	if (!set_number("length", value, 200, &number))
		return false;
	config.steps = (unsigned int)number;
	return true;
}

static bool set_max_findings(struct options *options, const char *value)
{
	uint64_t number;

	(void)options;
	if (!set_number("max-findings", value, 1000000, &number))
		return false;
	config.max_findings = (unsigned int)number;
	return true;
}

static bool set_model(struct options *options, const char *value)
{
	(void)options;
	(void)value;
	config.model = true;
	return true;
}

static bool merge;

static bool set_merge(struct options *options, const char *value)
{
	(void)options;
	(void)value;
	merge = true;
	return true;
}

static bool set_output(struct options *options, const char *value)
{
	(void)options;
	output = value;
	return true;
}

static const struct option_def option_runs = {0, "runs", "N", "so many sequences (default 10000)",
					      set_runs};
static const struct option_def option_time = {
	0, "time", "T", "stop after that time: seconds, or with s, m or h behind it", set_time};
static const struct option_def option_first = {
	0, "first", "I", "begin with run I of the campaign (default 0)", set_first};
static const struct option_def option_length = {0, "length", "N",
						"steps of a sequence, with those that make the "
						"realm (default 16, for one machine in 4 150)",
						set_length};
static const struct option_def option_max_findings = {
	0, "max-findings", "N",
	"stop when so many distinct findings are known: which ones depends on -j",
	set_max_findings};
static const struct option_def option_model = {
	0, "model", NULL,
	"the RMM alone: sequences of 64 RMI calls; findings replay with rmesim rmi", set_model};
static const struct option_def option_merge = {
	0, "merge", NULL,
	"run nothing: put what other campaigns left in these directories into --output", set_merge};
static const struct option_def option_findings = {
	'o', "output", "DIR", "where findings go, a scenario each (default findings)", set_output};
static const struct option_def option_file = {
	'o', "output", "FILE", "where the small scenario goes (default: standard output)",
	set_output};

struct state {
	struct kvm_builds *builds;
	struct kvm_builds
		*sound; /* rmesim's own beside the user's; NULL: it is the one under test */
	struct campaign_watch watch;
	const char *directory;	 /* of what is found */
	bool made;		 /* it was not there before */
	unsigned int unfaithful; /* findings whose scenario does not replay them */
};

static struct kvm_module *find_module(void *ctx, uint32_t page_size, char **reason)
{
	const struct state *state = ctx;

	return kvm_builds_module(state->builds, page_size, reason);
}

static struct kvm_module *find_sound(void *ctx, uint32_t page_size, char **reason)
{
	const struct state *state = ctx;

	return kvm_builds_module(state->sound, page_size, reason);
}

static void show_progress(void *ctx, const struct fuzz_report *report)
{
	struct state *state = ctx;

	campaign_show(&state->watch,
		      "%" PRIu64 " runs, %.0f a second, %" PRIu64 "/%" PRIu64
		      " conditions, %" PRIu64 " state transitions, %zu findings",
		      report->runs, (double)report->runs / campaign_seconds(&state->watch),
		      report->conditions, report->all_conditions, report->transitions,
		      report->num_findings);
}

/* Before anything is run: an hour's findings are not to be lost because they cannot be written. */
static bool directory_open(struct state *state)
{
	state->directory = output ? output : "findings";
	state->made = !g_file_test(state->directory, G_FILE_TEST_EXISTS);
	if (g_mkdir_with_parents(state->directory, 0777)) {
		usage_error("--output: %s: %s", state->directory, g_strerror(errno));
		return false;
	}
	if (access(state->directory, W_OK | X_OK)) {
		usage_error("--output: %s: %s", state->directory, g_strerror(errno));
		return false;
	}
	return true;
}

/* A campaign that finds nothing leaves nothing: it goes if it is empty. */
static void directory_close(const struct state *state)
{
	if (state->made && rmdir(state->directory) && errno != ENOTEMPTY && errno != EEXIST)
		usage_error("--output: %s: %s", state->directory, g_strerror(errno));
}

/* Written aside, then put in place. */
static bool write_file(const char *path, const char *text)
{
	GError *error = NULL;

	if (g_file_set_contents(path, text, -1, &error))
		return true;
	usage_error("%s", error->message);
	g_error_free(error);
	return false;
}

/* Whether a file could be put there: said before anything is run. */
static bool output_check(const char *path)
{
	char *directory = g_path_get_dirname(path);
	int err = 0;

	if (g_file_test(path, G_FILE_TEST_IS_DIR))
		err = EISDIR;
	else if (g_file_test(directory, G_FILE_TEST_EXISTS) &&
		 !g_file_test(directory, G_FILE_TEST_IS_DIR))
		err = ENOTDIR;
	else if (access(directory, W_OK))
		err = errno;
	if (err)
		usage_error("--output: %s: %s", path, g_strerror(err));
	g_free(directory);
	return !err;
}

/* A file is put in place of what was there, also behind a link; anything else, such as /dev/stdout, is written to. */
static bool write_output(const char *path, const char *text)
{
	char *real = realpath(path, NULL);
	struct stat entry;
	FILE *file;
	bool good;

	if (!real || stat(real, &entry) || S_ISREG(entry.st_mode)) {
		good = write_file(real ? real : path, text);
		free(real);
		return good;
	}
	free(real);
	file = fopen(path, "w");
	good = file && fputs(text, file) >= 0;
	if (file)
		good &= !fclose(file);
	if (!good)
		usage_error("--output: %s: %s", path, g_strerror(errno));
	return good;
}

/* What a run of the saved scenario must fail of. g_free(). */
static char *finding_failure(const struct fuzz_finding *finding)
{
	if (!strcmp(finding->oracle, "process"))
		return g_strdup(!strcmp(finding->condition, "hang") ? "timeout" : "crashed");
	/* A run looks its function up in the stack. */
	if (!*finding->function || !strcmp(finding->condition, "endless-loop"))
		return g_strdup_printf("%s/%s", finding->oracle, finding->condition);
	return g_strdup_printf("%s/%s in %s", finding->oracle, finding->condition,
			       finding->function);
}

/*
 * Each finding replays: that is promised, and so a scenario that does not fail of what it was saved for is a
 * defect of this program, of which nobody is to learn by chance.
 */
static void complain(struct state *state, const char *path, const char *failure)
{
	printf("  DEFECT OF RMESIM: %s fails of something else: %s\n", path, failure);
	fprintf(stderr, "rmesim: error: %s does not replay its finding\n", path);
	state->unfaithful++;
}

/* Makes a finding small, which is saved as it was drawn. False: it could not be written. */
static bool save_scenario(struct state *state, const struct fuzz_finding *finding, const char *path,
			  const struct options *options)
{
	char *failure = finding_failure(finding), *found = NULL, *kvm = kvm_options(options);
	struct shrink_config shrink = {.timeout_ms = options->timeout_s * 1000,
				       .seed = options->seed,
				       .failure = failure,
				       .module = find_module,
				       .sound = state->sound ? find_sound : NULL,
				       .ctx = state};
	struct shrink_result small = {0};
	int err = shrink_text(path, finding->yaml, &shrink, &small);
	bool good = err || write_file(path, small.text);

	if (!err)
		printf("  %u steps, %u before it was made small\n", small.steps_after,
		       small.steps_before);
	if (good && !shrink_check(path, &shrink, &found)) {
		/* What was drawn is worth more than what was made of it. */
		good = write_file(path, finding->yaml);
		complain(state, path, found);
	} else if (good) {
		printf("  reproduce: %s run %s%s\n", program_name(), path, kvm);
	}
	g_free(small.text);
	g_free(small.failure);
	g_free(failure);
	g_free(found);
	g_free(kvm);
	return good;
}

/* Where a finding is saved. g_free(). */
static char *finding_path(const struct state *state, const struct fuzz_finding *finding)
{
	char *name = g_strdup_printf("%s-%s%s%s.%s", finding->oracle, finding->condition,
				     *finding->function ? "-" : "", finding->function,
				     config.model ? "rmi" : "yaml");
	char *path;

	g_strcanon(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", '-');
	path = g_build_filename(state->directory, name, NULL);
	g_free(name);
	return path;
}

/* Tells of a finding that is saved, and makes it small. False: it could not be written. */
static bool tell_finding(struct state *state, const struct fuzz_finding *finding,
			 const struct options *options)
{
	char *kvm = kvm_options(options), *path = finding_path(state, finding);
	bool good = true;

	printf("FINDING %s/%s%s%s: %s\n", finding->oracle, finding->condition,
	       *finding->function ? " in " : "", finding->function, finding->message);
	printf("  run %" PRIu64 "; shown by %" PRIu64 " run%s\n", finding->run, finding->count,
	       finding->count == 1 ? "" : "s");
	if (config.model)
		printf("  reproduce: %s rmi --check -v %s\n", program_name(), path);
	else
		good = save_scenario(state, finding, path, options);
	printf("  from the seed: %s fuzz%s --seed %" PRIu64 " --first %" PRIu64 " --runs 1%s\n",
	       program_name(), config.model ? " --model" : "", options->seed, finding->run, kvm);
	fflush(stdout);
	g_free(path);
	g_free(kvm);
	return good;
}

static int fuzz_report(struct state *state, const struct fuzz_report *report,
		       const struct options *options)
{
	bool good = true;
	size_t i;

	/* All of them before any is made small, which takes its time: whoever ends that has them. */
	for (i = 0; good && i < report->num_findings; i++) {
		char *path = finding_path(state, &report->findings[i]);

		good = write_file(path, report->findings[i].yaml);
		g_free(path);
	}
	for (i = 0; good && i < report->num_findings; i++)
		good = tell_finding(state, &report->findings[i], options);
	if (state->unfaithful)
		printf("%u of the findings do not replay as saved: DEFECT OF RMESIM\n",
		       state->unfaithful);
	if (config.model)
		printf("digest %016" PRIx64 "\n", report->digest);
	printf("%" PRIu64 " runs, %" PRIu64 " steps (%" PRIu64 " of them failed), %" PRIu64
	       " RMI calls\n%" PRIu64 " of %" PRIu64 " failure conditions, %" PRIu64
	       " answers (command and condition), %" PRIu64 " state transitions, %zu finding%s\n",
	       report->runs, report->steps, report->failed_steps, report->calls, report->conditions,
	       report->all_conditions, report->answers, report->transitions, report->num_findings,
	       report->num_findings == 1 ? "" : "s");
	if (!good)
		return EXIT_USAGE;
	return report->num_findings ? EXIT_FAILED : EXIT_PASSED;
}

/* The KVM builds of all page sizes, those of `files` among them. NULL after printing what is wrong. */
static struct kvm_builds *builds_load(const GPtrArray *files)
{
	static struct plan plans[3] = {{.machine = {.page_size = 4096}},
				       {.machine = {.page_size = 16384}},
				       {.machine = {.page_size = 65536}}};
	GPtrArray *list = g_ptr_array_new();
	struct kvm_builds *builds;
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(plans); i++)
		g_ptr_array_add(list, &plans[i]);
	builds = kvm_builds_load(files, list, false);
	g_ptr_array_unref(list);
	return builds;
}

/* Those of the user's, and rmesim's own beside them. False after printing what is wrong. */
static bool state_load(struct state *state, const struct options *options)
{
	GPtrArray *none = g_ptr_array_new();

	state->builds = builds_load(options->kvm);
	if (state->builds && options->kvm->len)
		state->sound = builds_load(none);
	g_ptr_array_unref(none);
	return state->builds && (state->sound || !options->kvm->len);
}

static void state_unload(struct state *state)
{
	if (state->sound)
		kvm_builds_unload(state->sound);
	if (state->builds)
		kvm_builds_unload(state->builds);
}

/* The only page size that there is a KVM build for; 0: there are several, or none. */
static uint32_t only_page_size(struct state *state)
{
	static const uint32_t sizes[] = {4096, 16384, 65536};
	uint32_t only = 0;
	unsigned int found = 0, i;

	for (i = 0; i < G_N_ELEMENTS(sizes); i++) {
		char *reason = NULL;

		if (find_module(state, sizes[i], &reason)) {
			only = sizes[i];
			found++;
		}
		g_free(reason);
	}
	return found == 1 ? only : 0;
}

static int fuzz(const struct command *command, struct options *options)
{
	struct state state = {0};
	struct fuzz_report *report;
	int err, status;

	if (merge)
		return fuzz_merge(options, output ? output : "findings");
	if (options->paths->len) {
		usage_error("%s: takes no files without --merge, found '%s'", command->name,
			    (const char *)options->paths->pdata[0]);
		return EXIT_USAGE;
	}
	if (config.model && (config.steps || options->kvm->len)) {
		usage_error(
			"fuzz --model: takes no --%s: its sequences are 64 RMI calls, and nobody's "
			"host makes them",
			config.steps ? "length" : "kvm");
		return EXIT_USAGE;
	}
	if (!state_load(&state, options) || !directory_open(&state)) {
		state_unload(&state);
		return EXIT_USAGE;
	}
	if (!config.runs && !config.time_s)
		config.runs = 10000;
	config.page_size = only_page_size(&state);
	config.seed = options->seed;
	config.jobs = options->jobs;
	config.timeout_ms = options->timeout_s * 1000;
	config.module = find_module;
	config.progress = show_progress;
	config.ctx = &state;
	config.stop = campaign_begin(&state.watch);
	err = fuzz_run(&config, &report);
	/* Signals count as usual while findings are made small: each is saved as it was drawn, before. */
	campaign_end(&state.watch);
	if (err) {
		usage_error("nothing could be run: %s", g_strerror(-err));
		status = EXIT_USAGE;
	} else {
		status = fuzz_report(&state, report, options);
		fuzz_report_free(report);
	}
	directory_close(&state);
	state_unload(&state);
	return campaign_status(status);
}

static const char *shrink_problem(int err)
{
	switch (err) {
	case -ENODATA:
		return "no run of it fails";
	case -EINVAL:
		return "it asks for something impossible, as `rmesim run` says";
	case -EAGAIN:
		return "it does not fail in the same way each time, so that nothing can be made of "
		       "it";
	case -ENOENT:
		return "no run of it has the name that --filter gives";
	case -ENOTSUP:
		return "cannot be made small: its steps are not written as lines below `steps:`, "
		       "each with a dash";
	default:
		return g_strerror(-err);
	}
}

static void show_attempts(void *ctx, unsigned int attempts)
{
	struct state *state = ctx;

	campaign_show(&state->watch, "%u attempts", attempts);
}

static int shrink_file(struct state *state, const char *path, const char *text,
		       const struct options *options)
{
	struct shrink_config shrink = {.timeout_ms = options->timeout_s * 1000,
				       .seed = options->seed,
				       .progress = show_attempts,
				       .module = find_module,
				       .sound = state->sound ? find_sound : NULL,
				       .ctx = state};
	struct shrink_result small;
	int err, status = EXIT_PASSED;

	if (options->filters->len)
		shrink.id = options->filters->pdata[0];
	shrink.stop = campaign_begin(&state->watch);
	err = shrink_text(path, text, &shrink, &small);
	campaign_end(&state->watch);
	if (err) {
		usage_error("%s: %s", path, shrink_problem(err));
		return campaign_status(err == -ENODATA || err == -EAGAIN ? EXIT_FAILED
									 : EXIT_USAGE);
	}
	if (!output)
		fputs(small.text, stdout);
	else if (!write_output(output, small.text))
		status = EXIT_USAGE;
	fprintf(stderr, "rmesim: %u step%s, %u before, in %u attempts; it fails of: %s%s\n",
		small.steps_after, small.steps_after == 1 ? "" : "s", small.steps_before,
		small.attempts, small.failure,
		small.sound ? "; on rmesim's own host it passes" : "");
	g_free(small.text);
	g_free(small.failure);
	return campaign_status(status);
}

/* Whether all is right. Otherwise what is wrong was printed, and `why` it matters. */
static bool set_is_sound(struct scenario_set *set, const char *path, const char *why,
			 enum color_mode color)
{
	if (!diagnostics_count(scenario_set_diagnostics(set)))
		return true;
	diagnostics_print(scenario_set_diagnostics(set), stderr, color_wanted(color, stderr));
	usage_error("%s: %s", path, why);
	return false;
}

/* The text of the scenario in that file, or NULL after printing what is wrong. g_free(). */
static char *scenario_read(const char *path, enum color_mode color)
{
	struct scenario_set *set;
	char *text = NULL;

	if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
		usage_error("%s: is a directory, expected a file with one scenario", path);
		return NULL;
	}
	set = scenario_set_create();
	scenario_set_add_path(set, path);
	if (set_is_sound(set, path, "it does not load", color)) {
		/* Its own file comes before those of preludes. */
		if (scenario_set_num_plans(set))
			text = g_strdup(scenario_set_plan(set, 0)->sources[0]->text);
		else
			usage_error("%s: there is no scenario in it", path);
	}
	scenario_set_destroy(set);
	return text;
}

/* Whether it is a scenario if it stands there. Otherwise what is wrong was printed. */
static bool text_loads(const char *path, const char *text, enum color_mode color)
{
	struct scenario_set *set = scenario_set_create();
	bool good;

	scenario_set_add_text(set, path, text, strlen(text));
	good = set_is_sound(set, path,
			    "--output: it would not load there, where preludes are looked for",
			    color);
	scenario_set_destroy(set);
	return good;
}

static int shrink(const struct command *command, struct options *options)
{
	struct state state = {0};
	char *text = NULL;
	int status = EXIT_USAGE;

	if (options->paths->len != 1) {
		usage_error("%s: expected one file, found %u", command->name, options->paths->len);
		return EXIT_USAGE;
	}
	if (options->filters->len > 1) {
		usage_error("%s: expected one --filter, the id of the run that is meant, found %u",
			    command->name, options->filters->len);
		return EXIT_USAGE;
	}
	if (output && !output_check(output))
		return EXIT_USAGE;
	text = scenario_read(options->paths->pdata[0], options->color);
	if (text && (!output || text_loads(output, text, options->color)) &&
	    state_load(&state, options))
		status = shrink_file(&state, options->paths->pdata[0], text, options);
	state_unload(&state);
	g_free(text);
	return status;
}

static const struct option_def *const fuzz_options[] = {
	&option_runs,	      &option_time,  &option_seed,  &option_first, &option_length,
	&option_max_findings, &option_model, &option_merge, &option_jobs,  &option_findings,
	&option_timeout,      &option_kvm,   &option_help,  NULL,
};

const struct command command_fuzz = {
	.name = "fuzz",
	.arguments = "[--merge DIR...]",
	.summary = "Runs sequences of steps that nobody wrote, judged by the oracles alone.\n\n"
		   "Run I is decided by the seed and I: what is found does not depend on -j. Each "
		   "distinct finding\n"
		   "is made small and saved once, as a scenario that replays it.",
	.examples = "  rmesim fuzz --runs 100000 -j 2\n"
		    "  rmesim fuzz --time 10m --seed 7 --kvm ./mine-4k.so -o mine\n"
		    "  rmesim fuzz --seed 7 --first 4711 --runs 1\n"
		    "  rmesim fuzz --model --runs 1000000\n"
		    "  rmesim fuzz --merge host1/findings host2/findings -o all\n",
	.options = fuzz_options,
	.run = fuzz,
};

static const struct option_def *const shrink_options[] = {
	&option_file, &option_filter, &option_seed, &option_timeout,
	&option_kvm,  &option_help,   NULL,
};

const struct command command_shrink = {
	.name = "shrink",
	.arguments = "FILE",
	.summary =
		"Makes a failing scenario small, as long as it fails in the same way.\n\n"
		"The steps behind the failure go, then chunks of them, single ones, keys and "
		"arguments; and numbers become\n"
		"simple. --filter names the run by its whole id; without it the first that fails "
		"is meant. With --kvm\n"
		"it goes on to pass on rmesim's own host, if it does. Whoever ends it early gets "
		"the smallest so far.",
	.examples = "  rmesim shrink failing.yaml -o small.yaml\n",
	.options = shrink_options,
	.run = shrink,
};
