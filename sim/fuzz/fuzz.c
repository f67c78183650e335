/* SPDX-License-Identifier: BSD-3-Clause */
/* fuzz.c - many sequences through the pool of processes, some thousands in each of them. */
#include <sim/fuzz.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sim/pool.h>
#include <sim/result.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "calls.h"
#include "trial.h"

/* Runs that have the same shape of machine, and at most how many of those one process does. */
#define SHAPE_RUNS    128u
#define MAX_SHAPES    32u
#define TASKS_A_ROUND 64u
#define SHAPE_SALT    UINT64_C(0x5ca1ab1e)
/* Of so many runs one is watched for state transitions. */
#define WATCH_ONE_IN 8u
/* Stands for a newline in a line. */
#define NEWLINE "\x01"

/* Runs over the model alone that one process does, and of how many the state counts in the end, too. */
#define MODEL_RUNS  4096u
#define MODEL_STATE 16u

struct task {
	uint64_t first, end;
	bool tell; /* say each answer: the run crashed before */
};

static void run_draw(const struct fuzz_config *config, uint64_t run, struct shape *shape,
		     struct sequence *sequence)
{
	shape_draw(shape, seed_derive(config->seed ^ SHAPE_SALT, run / SHAPE_RUNS + 1),
		   config->page_size);
	if (sequence)
		sequence_draw(sequence, shape, seed_derive(config->seed, run + 1),
			      config->steps ? config->steps : shape->length);
}

/* --- runs, in the child ------------------------------------------------------------------------------- */

struct runner {
	const struct fuzz_config *config;
	struct pool_child *child;
	struct sequence sequence;
	struct trial trial;
	struct fuzz_coverage coverage;
	unsigned int answers_told, transitions_told;
	volatile uint64_t *at; /* the run that it is in, for the parent */
	GHashTable *keys;
	uint64_t runs, steps, failed_steps, digest;
};

static void tell(struct runner *runner, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void tell(struct runner *runner, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	if (pool_child_write(runner->child, text, strlen(text)))
		_exit(1);
	g_free(text);
}

static void coverage_tell(struct runner *runner)
{
	const struct fuzz_coverage *coverage = &runner->coverage;

	for (; runner->answers_told < coverage->num_answers; runner->answers_told++) {
		const char *label = coverage->answers[runner->answers_told].label;

		tell(runner, "seen\t%s %s\n",
		     fuzz_coverage_command(coverage->answers[runner->answers_told].slot),
		     label ? label : "success");
	}
	for (; runner->transitions_told < coverage->num_transitions; runner->transitions_told++)
		tell(runner, "state\t%u\n", coverage->transitions[runner->transitions_told]);
}

static void finding_tell(struct runner *runner, uint64_t run, const struct finding *finding)
{
	struct trial *trial = &runner->trial;
	struct sequence_outcome outcome;
	uint64_t seed = runner->config->seed;
	char *key = g_strdup_printf("%s\t%s\t%s", finding->oracle, finding->condition,
				    *finding->function ? finding->function : "-");
	char *message = g_strdelimit(g_strdup(finding->message), "\t\n", ' ');
	char *yaml = NULL;

	/* The others of this run mostly follow from the first. */
	if (g_hash_table_add(runner->keys, g_strdup(key))) {
		char *id = g_strdup_printf("fuzz.s%" PRIu64 ".r%" PRIu64, seed, run);
		char *about = g_strdup_printf("Drawn by a fuzzer (seed %" PRIu64 ", run %" PRIu64
					      "); it fails of %s/%s%s%s.",
					      seed, run, finding->oracle, finding->condition,
					      *finding->function ? " in " : "", finding->function);

		trial_outcome(trial, &outcome);
		yaml = sequence_yaml(trial->sequence, &outcome, id, about);
		g_strdelimit(yaml, "\n", *NEWLINE);
		g_free(id);
		g_free(about);
	}
	tell(runner, "finding\t%" PRIu64 "\t%s\t%s\t%s\n", run, key, message, yaml ? yaml : "");
	g_free(yaml);
	g_free(message);
	g_free(key);
}

static void tell_answer(void *ctx, unsigned int step)
{
	struct runner *runner = ctx;
	struct trial *trial = &runner->trial;
	const struct life_answer *answer = &trial->answers[step];
	struct sequence_outcome outcome;

	trial_outcome(trial, &outcome);
	tell(runner, "answer\t%u\t%d\t%d\t%d\t%d\t%u\t%d\t%u\t%d\n", step, answer->refused,
	     answer->err, answer->outcome, answer->has_response && answer->rejected, trial->fired,
	     (int)answer->implied, outcome.warns[step], answer->implied_err);
}

static void guard_set(const struct runner *runner, bool on)
{
	struct itimerval timer = {
		.it_value = {.tv_sec = on ? runner->config->timeout_ms / 1000 : 0,
			     .tv_usec = on ? runner->config->timeout_ms % 1000 * 1000 : 0}};

	setitimer(ITIMER_REAL, &timer, NULL);
}

static bool run_one(struct runner *runner, uint64_t run)
{
	struct trial *trial = &runner->trial;
	const struct finding *finding;

	*runner->at = run;
	guard_set(runner, true);
	run_draw(runner->config, run, &trial->shape, &runner->sequence);
	runner->coverage.watch = run % WATCH_ONE_IN == 0;
	if (trial_run(trial, &runner->sequence)) {
		tell(runner, "error\tthe machine cannot be reset\n");
		return false;
	}
	finding = trial_finding(trial);
	if (finding)
		finding_tell(runner, run, finding);
	guard_set(runner, false);
	coverage_tell(runner);
	return true;
}

/* Runs [run, end) of one shape. False: there is no going on. */
static bool shape_run(struct runner *runner, uint64_t run, uint64_t end, bool tell_answers)
{
	const struct fuzz_config *config = runner->config;
	char *error = NULL, *reason = NULL;
	struct kvm_module *module;
	struct shape shape;
	bool good = true;
	int err;

	run_draw(config, run, &shape, NULL);
	module = config->module(config->ctx, shape.page_size, &reason);
	if (!module) {
		tell(runner, "skip\n");
		g_free(reason);
		return true;
	}
	err = trial_create(&runner->trial, &shape, module, runner->child->memfd, config->seed,
			   &runner->coverage, &error);
	if (err) {
		tell(runner, "error\t%s\n", error ? error : g_strerror(-err));
		free(error);
		return false;
	}
	if (tell_answers) {
		runner->trial.answered = tell_answer;
		runner->trial.answered_ctx = runner;
	}
	for (; run < end && good; run++)
		good = run_one(runner, run);
	runner->runs += runner->trial.runs;
	runner->steps += runner->trial.steps;
	runner->failed_steps += runner->trial.failed_steps;
	trial_destroy(&runner->trial);
	return good;
}

/* --- runs over the model alone ------------------------------------------------------------------------ */

/* Tells what a log of calls says, as it comes: a call that does not come back is half a line. */
static ssize_t log_write(void *ctx, const char *text, size_t size)
{
	struct runner *runner = ctx;
	char *piece = g_strdelimit(g_strndup(text, size), "\n", *NEWLINE);

	tell(runner, "rmi\t%s\n", g_strdelimit(piece, "\t", ' '));
	g_free(piece);
	return (ssize_t)size;
}

static void model_finding_tell(struct runner *runner, struct calls_bench *bench, uint64_t run,
			       struct call_op *ops, const struct calls_result *found)
{
	struct calls_result again;
	char *text = NULL, *message;
	size_t size = 0, num;
	FILE *log;

	if (!g_hash_table_add(runner->keys, g_strdup(found->label))) {
		tell(runner, "finding\t%" PRIu64 "\trmm\t%s\t-\t-\t\n", run, found->label);
		return;
	}
	num = calls_shrink(bench, ops, CALLS_USUAL, found->label);
	log = open_memstream(&text, &size);
	if (!log) {
		tell(runner, "error\tout of memory\n");
		return;
	}
	fprintf(log,
		"# SPDX-License-Identifier: BSD-3-Clause\n"
		"# Drawn by a fuzzer (seed %" PRIu64 ", run %" PRIu64
		"); invariant %s does not hold: rmesim rmi --check\n",
		runner->config->seed, run, found->label);
	calls_run(bench, ops, num, false, NULL, log, &again);
	fclose(log);
	message = g_strdelimit(g_strdup(found->text), "\t\n", ' ');
	g_strdelimit(g_strdelimit(text, "\t", ' '), "\n", *NEWLINE);
	tell(runner, "finding\t%" PRIu64 "\trmm\t%s\t-\t%s\t%s\n", run, found->label, message,
	     text);
	g_free(message);
	free(text);
}

static bool model_run(struct runner *runner, const struct task *task)
{
	static const cookie_io_functions_t io = {.write = log_write};
	struct call_op ops[CALLS_USUAL];
	struct calls_result result;
	struct calls_bench *bench;
	FILE *log = NULL;
	uint64_t run;

	if (calls_create(&bench)) {
		tell(runner, "error\tout of memory\n");
		return false;
	}
	if (task->tell) {
		log = fopencookie(runner, "w", io);
		if (log)
			setvbuf(log, NULL, _IONBF, 0);
		calls_announce(bench);
	}
	for (run = task->first; run < task->end; run++) {
		*runner->at = run;
		if ((run - task->first) % 1024 == 0)
			guard_set(runner, true);
		runner->coverage.watch = run % (8 * WATCH_ONE_IN) == 0;
		calls_draw_run(bench, seed_derive(runner->config->seed, run + 1), ops, CALLS_USUAL,
			       run % MODEL_STATE == 0, &runner->coverage, log, &result);
		runner->runs++;
		runner->steps += CALLS_USUAL;
		runner->failed_steps += CALLS_USUAL - result.succeeded;
		/* A sum, because runs end in no order of theirs. */
		runner->digest += result.digest;
		if (*result.label)
			model_finding_tell(runner, bench, run, ops, &result);
	}
	guard_set(runner, false);
	coverage_tell(runner);
	if (log)
		fclose(log);
	calls_destroy(bench);
	return true;
}

static void task_run(const struct fuzz_config *config, const struct task *task,
		     volatile uint64_t *at, struct pool_child *child)
{
	struct runner *runner = g_new0(struct runner, 1);
	uint64_t run = task->first, end;
	bool good = true;

	runner->config = config;
	runner->child = child;
	runner->at = at;
	if (config->model) {
		runner->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		good = model_run(runner, task);
		goto out;
	}
	runner->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (; run < task->end && good; run = end) {
		end = MIN(task->end, (run / SHAPE_RUNS + 1) * SHAPE_RUNS);
		good = shape_run(runner, run, end, task->tell);
	}
out:
	if (good)
		tell(runner,
		     "stat\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
		     "\ndone\n",
		     runner->runs, runner->steps, runner->coverage.calls, runner->failed_steps,
		     runner->digest);
	g_hash_table_unref(runner->keys);
	g_free(runner);
}

/* --- in the parent ------------------------------------------------------------------------------------ */

struct owned_report {
	struct fuzz_report report;
	GArray *findings; /* struct fuzz_finding, with strings of their own */
	GHashTable *keys, *seen, *states;
	GStringChunk *texts;
	unsigned int num_conditions;
	int err;
	bool skipped, ran;
};

struct fuzzing {
	const struct fuzz_config *config;
	struct owned_report *owned;
	GArray *tasks, *next; /* struct task: of this round, and left over for the next one */
	uint64_t *at; /* shared with the children: the run that each task of this round is in */
	gint64 deadline;
};

static int child_run(void *ctx, size_t job, struct pool_child *child)
{
	struct fuzzing *fuzzing = ctx;

	task_run(fuzzing->config, &g_array_index(fuzzing->tasks, struct task, job),
		 &fuzzing->at[job], child);
	return 0;
}

/* The finding of the lowest run stands for all of its kind, whichever came first. */
static void finding_add(struct fuzzing *fuzzing, uint64_t run, const char *oracle,
			const char *condition, const char *function, const char *message,
			const char *yaml)
{
	struct owned_report *owned = fuzzing->owned;
	char *key = g_strdup_printf("%s\t%s\t%s", oracle, condition, function);
	size_t index = GPOINTER_TO_SIZE(g_hash_table_lookup(owned->keys, key));
	struct fuzz_finding fresh = {.run = UINT64_MAX}, *finding;

	if (!index) {
		fresh.oracle = g_string_chunk_insert(owned->texts, oracle);
		fresh.condition = g_string_chunk_insert(owned->texts, condition);
		fresh.function =
			g_string_chunk_insert(owned->texts, strcmp(function, "-") ? function : "");
		fresh.message = fresh.yaml = "";
		g_array_append_val(owned->findings, fresh);
		index = owned->findings->len;
		g_hash_table_insert(owned->keys, g_strdup(key), GSIZE_TO_POINTER(index));
	}
	g_free(key);
	finding = &g_array_index(owned->findings, struct fuzz_finding, index - 1);
	finding->count++;
	if (run < finding->run) {
		finding->run = run;
		finding->message = g_string_chunk_insert(owned->texts, message);
		if (yaml && *yaml) {
			char *text = g_strdelimit(g_strdup(yaml), NEWLINE, '\n');

			finding->yaml = g_string_chunk_insert(owned->texts, text);
			g_free(text);
		}
	}
}

/* What a run that crashed had answered until then. */
struct told {
	struct life_answer answers[SEQUENCE_MAX_STEPS];
	unsigned int warns[SEQUENCE_MAX_STEPS];
	unsigned int num, fired;
	GString *rmi; /* or the calls that it had made */
};

/* The calls that were told, and behind them the one that did not come back: "#? CALL". */
static char *crash_calls(const struct fuzzing *fuzzing, uint64_t run, bool hang,
			 const struct told *told)
{
	char **lines = g_strsplit(told->rmi->str, "\n", -1);
	const char *announced = NULL;
	GString *text = g_string_new(NULL);
	unsigned int i;

	g_string_printf(text,
			"# SPDX-License-Identifier: BSD-3-Clause\n"
			"# Drawn by a fuzzer (seed %" PRIu64 ", run %" PRIu64
			"); the RMM %s: rmesim rmi\n",
			fuzzing->config->seed, run, hang ? "does not come back" : "crashes");
	for (i = 0; lines[i]; i++) {
		if (g_str_has_prefix(lines[i], "#? "))
			announced = lines[i] + 3;
		else if (*lines[i])
			g_string_append_printf(text, "%s\n", lines[i]);
	}
	if (announced)
		g_string_append_printf(text, "%s\n", announced);
	g_strfreev(lines);
	return g_string_free(text, FALSE);
}

static void crash_add(struct fuzzing *fuzzing, uint64_t run, const struct pool_result *result,
		      const struct told *told)
{
	const struct fuzz_config *config = fuzzing->config;
	bool hang = result->end == POOL_SIGNAL && result->code == SIGALRM;
	struct sequence *sequence;
	struct sequence_outcome outcome;
	char *id = g_strdup_printf("fuzz.s%" PRIu64 ".r%" PRIu64, config->seed, run);
	char *about = g_strdup_printf("Drawn by a fuzzer (seed %" PRIu64 ", run %" PRIu64
				      "); the host %s.",
				      config->seed, run, hang ? "does not come back" : "crashes");
	const char *at = result->stderr_text ? strstr(result->stderr_text, "ERROR: ") : NULL;
	const struct race *race;
	char *message, *yaml;
	struct shape shape;

	if (!at && result->stderr_text)
		at = strstr(result->stderr_text, "runtime error: ");
	message = hang ? g_strdup("it did not come back in time")
		  : at ? g_strndup(at, strcspn(at, "\n"))
		       : g_strdup_printf("signal or status %d", result->code);
	if (config->model) {
		yaml = crash_calls(fuzzing, run, hang, told);
		finding_add(fuzzing, run, "process", hang ? "hang" : "crash", "-", message, yaml);
		g_free(yaml);
		goto out;
	}
	sequence = g_new0(struct sequence, 1);
	run_draw(config, run, &shape, sequence);
	/* What comes behind the step of the crash plays no part. */
	race = sequence_race(sequence, told->num);
	sequence->num_steps = MIN(sequence->num_steps,
				  race ? race->first + race_steps(race) : told->num + 1);
	outcome = (struct sequence_outcome){.answers = told->answers,
					    .warns = told->warns,
					    .num = told->num,
					    .fired = (1u << sequence->num_faults) - 1};
	yaml = sequence_yaml(sequence, &outcome, id, about);
	finding_add(fuzzing, run, "process", hang ? "hang" : "crash", "-", message, yaml);
	g_free(sequence);
	g_free(yaml);
out:
	g_free(id);
	g_free(about);
	g_free(message);
}

static void line_read(struct fuzzing *fuzzing, char **f, struct told *told, bool *done)
{
	struct owned_report *owned = fuzzing->owned;
	unsigned int num = g_strv_length(f);

	if (!strcmp(f[0], "rmi") && num == 2) {
		g_string_append(told->rmi, g_strdelimit(f[1], NEWLINE, '\n'));
	} else if (!strcmp(f[0], "answer") && num == 10 && told->num < SEQUENCE_MAX_STEPS) {
		struct life_answer *answer = &told->answers[told->num];

		*answer = (struct life_answer){.refused = atoi(f[2]),
					       .err = atoi(f[3]),
					       .outcome = (enum step_outcome)atoi(f[4])};
		answer->has_response = answer->rejected = atoi(f[5]);
		told->fired = (unsigned int)atoi(f[6]);
		answer->implied = (enum step_implied)atoi(f[7]);
		answer->implied_err = atoi(f[9]);
		told->warns[told->num++] = (unsigned int)atoi(f[8]);
	} else if (!strcmp(f[0], "finding") && num == 7) {
		finding_add(fuzzing, g_ascii_strtoull(f[1], NULL, 10), f[2], f[3], f[4], f[5],
			    f[6]);
	} else if (!strcmp(f[0], "seen") && num == 2) {
		owned->num_conditions += !g_str_has_suffix(f[1], " success") &&
					 !g_hash_table_contains(owned->seen, f[1]);
		g_hash_table_add(owned->seen, g_strdup(f[1]));
	} else if (!strcmp(f[0], "state") && num == 2) {
		g_hash_table_add(owned->states, g_strdup(f[1]));
	} else if (!strcmp(f[0], "stat") && num == 6) {
		owned->report.runs += g_ascii_strtoull(f[1], NULL, 10);
		owned->report.steps += g_ascii_strtoull(f[2], NULL, 10);
		owned->report.calls += g_ascii_strtoull(f[3], NULL, 10);
		owned->report.failed_steps += g_ascii_strtoull(f[4], NULL, 10);
		owned->report.digest += g_ascii_strtoull(f[5], NULL, 10);
		owned->ran = true;
	} else if (!strcmp(f[0], "error") && num == 2) {
		owned->err = -EIO;
		fprintf(stderr, "rmesim: error: %s\n", f[1]);
	} else if (!strcmp(f[0], "skip")) {
		owned->skipped = true;
	} else if (!strcmp(f[0], "done")) {
		*done = true;
	}
}

static void report_update(struct owned_report *owned)
{
	owned->report.findings = (struct fuzz_finding *)(void *)owned->findings->data;
	owned->report.num_findings = owned->findings->len;
	owned->report.transitions = g_hash_table_size(owned->states);
	owned->report.answers = g_hash_table_size(owned->seen);
	owned->report.conditions = owned->num_conditions;
}

static bool is_enough(const struct fuzzing *fuzzing)
{
	return fuzzing->config->max_findings &&
	       fuzzing->owned->findings->len >= fuzzing->config->max_findings;
}

static bool is_over(const struct fuzzing *fuzzing)
{
	return (fuzzing->config->stop && *fuzzing->config->stop) ||
	       (fuzzing->deadline && g_get_monotonic_time() >= fuzzing->deadline);
}

static bool child_done(void *ctx, size_t job, const struct pool_result *result)
{
	struct fuzzing *fuzzing = ctx;
	struct task task = g_array_index(fuzzing->tasks, struct task, job), rest;
	char *text = g_strndup((const char *)result->payload, result->payload_size);
	char **lines = g_strsplit(text, "\n", -1);
	struct told *told = g_new0(struct told, 1);
	uint64_t run = MAX(fuzzing->at[job], task.first);
	bool done = false;
	unsigned int i;

	told->rmi = g_string_new(NULL);
	for (i = 0; lines[i] && lines[i + 1]; i++) {
		char **fields = g_strsplit(lines[i], "\t", -1);

		if (fields[0])
			line_read(fuzzing, fields, told, &done);
		g_strfreev(fields);
	}
	if (!done && task.tell) {
		crash_add(fuzzing, run, result, told);
		fuzzing->owned->report.runs++;
	} else if (!done && !fuzzing->owned->err) {
		/* Once more, to be told how far it came; and what comes behind it. */
		rest = (struct task){run, run + 1, true};
		g_array_append_val(fuzzing->next, rest);
		fuzzing->owned->report.runs += run - task.first;
		rest = (struct task){run + 1, task.end, false};
		if (rest.first < rest.end)
			g_array_append_val(fuzzing->next, rest);
	}
	g_string_free(told->rmi, TRUE);
	g_free(told);
	g_strfreev(lines);
	g_free(text);
	report_update(fuzzing->owned);
	if (fuzzing->config->progress)
		fuzzing->config->progress(fuzzing->config->ctx, &fuzzing->owned->report);
	return !fuzzing->owned->err && !is_enough(fuzzing) && !is_over(fuzzing);
}

static int finding_compare(gconstpointer a, gconstpointer b)
{
	const struct fuzz_finding *x = a, *y = b;

	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	return strcmp(x->condition, y->condition);
}

/*
 * Tasks end where shapes do. They grow while all goes well, so that there is something to tell soon, and the
 * processes cost little in the end.
 */
static void round_fill(struct fuzzing *fuzzing, uint64_t *next, uint64_t end)
{
	const uint64_t done = *next - fuzzing->config->first;
	uint64_t shapes = done / SHAPE_RUNS / TASKS_A_ROUND;

	shapes = MIN(MAX(shapes, 1), MAX_SHAPES);
	while (*next < end && fuzzing->next->len < TASKS_A_ROUND) {
		struct task task = {*next, MIN(end, (*next / SHAPE_RUNS + shapes) * SHAPE_RUNS),
				    false};

		g_array_append_val(fuzzing->next, task);
		*next = task.end;
	}
}

int fuzz_run(const struct fuzz_config *config, struct fuzz_report **report)
{
	struct owned_report *owned = g_new0(struct owned_report, 1);
	struct fuzzing fuzzing = {.config = config, .owned = owned};
	struct pool_config pool = {.jobs = config->jobs,
				   .stop = config->stop,
				   .ctx = &fuzzing,
				   .run = child_run,
				   .done = child_done};
	uint64_t next = config->first;
	uint64_t end = config->runs ? config->first + config->runs : UINT64_MAX;
	int err = 0;

	owned->findings = g_array_new(FALSE, FALSE, sizeof(struct fuzz_finding));
	owned->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	owned->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	owned->states = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	owned->report.all_conditions = fuzz_coverage_conditions();
	owned->texts = g_string_chunk_new(4096);
	fuzzing.tasks = g_array_new(FALSE, FALSE, sizeof(struct task));
	fuzzing.next = g_array_new(FALSE, FALSE, sizeof(struct task));
	if (config->time_s)
		fuzzing.deadline = g_get_monotonic_time() + (gint64)config->time_s * 1000000;
	for (;;) {
		GArray *swap = fuzzing.tasks;

		round_fill(&fuzzing, &next, end);
		if (!fuzzing.next->len)
			break;
		fuzzing.tasks = fuzzing.next;
		fuzzing.next = swap;
		g_array_set_size(fuzzing.next, 0);
		pool.num_jobs = fuzzing.tasks->len;
		fuzzing.at = mmap(NULL, fuzzing.tasks->len * sizeof(*fuzzing.at),
				  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (fuzzing.at == MAP_FAILED) {
			err = -errno;
			break;
		}
		err = pool_run(&pool);
		munmap(fuzzing.at, fuzzing.tasks->len * sizeof(*fuzzing.at));
		if (!err)
			err = owned->err;
		if (err || is_enough(&fuzzing) || is_over(&fuzzing))
			break;
	}
	g_array_unref(fuzzing.tasks);
	g_array_unref(fuzzing.next);
	if (!err && owned->skipped && !owned->ran)
		err = -ENOENT;
	g_array_sort(owned->findings, finding_compare);
	report_update(owned);
	if (err)
		fuzz_report_free(&owned->report);
	else
		*report = &owned->report;
	return err;
}

void fuzz_report_free(struct fuzz_report *report)
{
	struct owned_report *owned = (struct owned_report *)report;

	if (!report)
		return;
	g_array_unref(owned->findings);
	g_hash_table_unref(owned->keys);
	g_hash_table_unref(owned->seen);
	g_hash_table_unref(owned->states);
	g_string_chunk_free(owned->texts);
	g_free(owned);
}
