/* SPDX-License-Identifier: BSD-3-Clause */
/* fuzz.c - many sequences through the pool of processes, in chunks that share a machine by reset. */
#include <sim/fuzz.h>

#include <errno.h>
#include <inttypes.h>
#include <rmm/rmi.h>
#include <signal.h>
#include <sim/pool.h>
#include <sim/result.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "../scenario/fault.h"
#include "documented.h"
#include "point.h"
#include "sequence.h"

/* Runs that have the same shape of machine, and are done by one process. */
#define CHUNK	       128u
#define CHUNKS_A_ROUND 64u
#define MACHINE_MEMORY (UINT64_C(256) << 20)
#define DEFAULT_LENGTH 16u
#define SHAPE_SALT     UINT64_C(0x5ca1ab1e)
/* Stands for a newline in a line. */
#define NEWLINE "\x01"

struct task {
	uint64_t first, end;
	bool tell; /* say each answer: the run crashed before */
};

/* --- one run, in the child ---------------------------------------------------------------------------- */

struct runner {
	const struct fuzz_config *config;
	struct pool_child *child;
	struct sequence sequence;
	struct shape shape;
	struct world_realm realms[2];
	struct plan plan;
	struct life life;
	uint64_t counts[POINT_MAX];
	bool armed;	    /* not while the machine is made again */
	unsigned int fired; /* bit of each fault */
	uint64_t fired_points;
	struct life_answer answers[SEQUENCE_MAX_STEPS];
	GHashTable *keys, *transitions;
	uint64_t runs, steps, calls, failed_steps;
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

static bool reached(struct runner *runner, unsigned int point)
{
	uint64_t count = ++runner->counts[point];
	unsigned int i;
	bool fail = false;

	for (i = 0; runner->armed && i < runner->sequence.num_faults; i++) {
		if (runner->sequence.faults[i].point != point ||
		    runner->sequence.faults[i].nth != count)
			continue;
		runner->fired |= 1u << i;
		runner->fired_points |= 1ull << point;
		fail = true;
	}
	return fail;
}

static bool on_point(void *ctx, enum port_fault point, uint64_t address)
{
	(void)address;
	return reached(ctx, point);
}

static bool on_call(void *ctx, struct rmm_regs *regs)
{
	struct runner *runner = ctx;
	const struct rmi_command *command = rmi_command(regs->x[0]);
	int point = command ? point_rmi(command) : -1;

	return point >= 0 && reached(runner, (unsigned int)point) &&
	       fault_refuse(runner->life.machine, command, RMI_ERROR_INPUT, regs);
}

static void on_trace(void *ctx, const struct trace_event *event)
{
	struct runner *runner = ctx;
	uint64_t key = event->value[0] ^ (uint64_t)(uintptr_t)event->text << 16;

	runner->calls++;
	/* Labels are constants of the model: their address stands for them here, their text is sent. */
	if (g_hash_table_contains(runner->transitions, (void *)(uintptr_t)key))
		return;
	g_hash_table_add(runner->transitions, (void *)(uintptr_t)key);
	tell(runner, "seen\t%s %s\n", event->name ? event->name : "?",
	     event->text ? event->text : "success");
}

static bool finding_counts(const struct runner *runner, const struct finding *finding)
{
	unsigned int point;

	if (strcmp(finding->oracle, "warn") || strcmp(finding->condition, "WARN"))
		return true;
	for (point = 0; point < POINT_MAX; point++) {
		if (runner->fired_points & 1ull << point &&
		    documented_warn(finding->function, point))
			return false;
	}
	return true;
}

static void findings_tell(struct runner *runner, uint64_t run)
{
	size_t i;

	for (i = 0; i < machine_num_findings(runner->life.machine); i++) {
		const struct finding *finding = machine_finding(runner->life.machine, i);
		char *key, *yaml = NULL, *line, *message;

		if (!finding_counts(runner, finding))
			continue;
		key = g_strdup_printf("%s\t%s\t%s", finding->oracle, finding->condition,
				      *finding->function ? finding->function : "-");
		/* The others of this run mostly follow from the first. */
		if (g_hash_table_add(runner->keys, g_strdup(key))) {
			char *id = g_strdup_printf("fuzz.s%" PRIu64 ".r%" PRIu64,
						   runner->config->seed, run);
			char *about = g_strdup_printf(
				"Drawn by a fuzzer (seed %" PRIu64 ", run %" PRIu64
				"); it fails of %s/%s%s%s.",
				runner->config->seed, run, finding->oracle, finding->condition,
				*finding->function ? " in " : "", finding->function);

			yaml = sequence_yaml(&runner->sequence, runner->answers,
					     runner->sequence.num_steps, runner->fired, id, about);
			g_free(id);
			g_free(about);
		}
		message = g_strdelimit(g_strdup(finding->message), "\t\n", ' ');
		line = yaml ? g_strdelimit(yaml, "\n", *NEWLINE) : NULL;
		tell(runner, "finding\t%" PRIu64 "\t%s\t%s\t%s\n", run, key, message,
		     line ? line : "");
		g_free(yaml);
		g_free(message);
		g_free(key);
		break;
	}
}

static void guard_set(const struct runner *runner, bool on)
{
	struct itimerval timer = {
		.it_value = {.tv_sec = on ? runner->config->timeout_ms / 1000 : 0,
			     .tv_usec = on ? runner->config->timeout_ms % 1000 * 1000 : 0}};

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void run_one(struct runner *runner, uint64_t run, bool tell_answers)
{
	struct sequence *sequence = &runner->sequence;
	unsigned int i;

	sequence_draw(sequence, &runner->shape, seed_derive(runner->config->seed, run + 1),
		      runner->config->steps ? runner->config->steps : DEFAULT_LENGTH);
	memset(runner->counts, 0, sizeof(runner->counts));
	runner->fired = 0;
	runner->fired_points = 0;
	runner->armed = true;
	for (i = 0; i < sequence->num_steps; i++) {
		struct life_answer *answer = &runner->answers[i];

		life_perform_call(&runner->life, &sequence->steps[i], answer);
		runner->steps++;
		runner->failed_steps += answer->refused || answer->err;
		if (tell_answers)
			tell(runner, "answer\t%u\t%d\t%d\t%d\t%d\t%u\n", i, answer->refused,
			     answer->err, answer->outcome, answer->has_response && answer->rejected,
			     runner->fired);
	}
	world_teardown(runner->life.world, false);
	runner->armed = false;
	runner->runs++;
	if (machine_num_findings(runner->life.machine))
		findings_tell(runner, run);
}

static void runner_shape(struct runner *runner, uint64_t chunk)
{
	unsigned int i;

	shape_draw(&runner->shape, seed_derive(runner->config->seed ^ SHAPE_SALT, chunk + 1));
	for (i = 0; i < runner->shape.num_realms; i++)
		runner->realms[i] = (struct world_realm){
			.name = runner->shape.num_realms == 1 ? "realm"
				: i			      ? "r1"
							      : "r0",
			.ipa_bits = runner->shape.ipa_bits,
			.vcpus = runner->shape.vcpus,
			.slots = runner->shape.slots,
			.num_slots = runner->shape.num_slots,
		};
	runner->plan = (struct plan){
		.machine = {.memory = MACHINE_MEMORY,
			    .base = DRAM_DEFAULT_BASE,
			    .page_size = runner->shape.page_size},
		.realms = runner->realms,
		.num_realms = runner->shape.num_realms,
	};
}

static void chunk_run(const struct fuzz_config *config, const struct task *task,
		      struct pool_child *child)
{
	struct runner *runner = g_new0(struct runner, 1);
	char *error = NULL, *reason = NULL;
	struct kvm_module *module;
	struct trace *trace;
	uint64_t run;
	int err;

	runner->config = config;
	runner->child = child;
	runner->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	runner->transitions = g_hash_table_new(NULL, NULL);
	runner_shape(runner, task->first / CHUNK);
	module = config->module(config->ctx, runner->shape.page_size, &reason);
	if (!module) {
		tell(runner, "skip\ndone\n");
		g_free(reason);
		goto out;
	}
	err = life_create(&runner->life, &runner->plan, module, child->memfd, config->seed, &error);
	if (err) {
		tell(runner, "error\t%s\n", error ? error : g_strerror(-err));
		free(error);
		goto out;
	}
	machine_set_faults(runner->life.machine, on_point, on_call, runner);
	trace = machine_trace(runner->life.machine);
	if (trace_add_sink(trace, TRACE_MASK(TRACE_RMI), on_trace, runner)) {
		tell(runner, "error\tout of memory\n");
	} else {
		for (run = task->first; run < task->end; run++) {
			tell(runner, "begin\t%" PRIu64 "\n", run);
			guard_set(runner, true);
			run_one(runner, run, task->tell);
			if (life_reset(&runner->life)) {
				tell(runner, "error\tthe machine cannot be reset\n");
				break;
			}
			guard_set(runner, false);
		}
		trace_remove_sink(trace, on_trace, runner);
		tell(runner, "stat\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\ndone\n",
		     runner->runs, runner->steps, runner->calls, runner->failed_steps);
	}
	life_destroy(&runner->life);
out:
	g_hash_table_unref(runner->keys);
	g_hash_table_unref(runner->transitions);
	g_free(runner);
}

/* --- in the parent ------------------------------------------------------------------------------------ */

struct owned_report {
	struct fuzz_report report;
	GArray *findings; /* struct fuzz_finding, with strings of their own */
	GHashTable *keys, *seen;
	GStringChunk *texts;
	int err;
	bool skipped, ran;
};

struct fuzzing {
	const struct fuzz_config *config;
	struct owned_report *owned;
	GArray *tasks, *next; /* struct task: of this round, and left over for the next one */
	gint64 deadline;
};

static int child_run(void *ctx, size_t job, struct pool_child *child)
{
	struct fuzzing *fuzzing = ctx;

	chunk_run(fuzzing->config, &g_array_index(fuzzing->tasks, struct task, job), child);
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
	unsigned int num, fired;
};

static void crash_add(struct fuzzing *fuzzing, uint64_t run, const struct pool_result *result,
		      const struct told *told)
{
	const struct fuzz_config *config = fuzzing->config;
	bool hang = result->end == POOL_SIGNAL && result->code == SIGALRM;
	struct sequence *sequence = g_new0(struct sequence, 1);
	char *id = g_strdup_printf("fuzz.s%" PRIu64 ".r%" PRIu64, config->seed, run);
	char *about = g_strdup_printf("Drawn by a fuzzer (seed %" PRIu64 ", run %" PRIu64
				      "); the host %s.",
				      config->seed, run, hang ? "does not come back" : "crashes");
	const char *at = result->stderr_text ? strstr(result->stderr_text, "ERROR: ") : NULL;
	char *message, *yaml;
	struct shape shape;

	if (!at && result->stderr_text)
		at = strstr(result->stderr_text, "runtime error: ");
	message = hang ? g_strdup("it did not come back in time")
		  : at ? g_strndup(at, strcspn(at, "\n"))
		       : g_strdup_printf("signal or status %d", result->code);
	shape_draw(&shape, seed_derive(config->seed ^ SHAPE_SALT, run / CHUNK + 1));
	sequence_draw(sequence, &shape, seed_derive(config->seed, run + 1),
		      config->steps ? config->steps : DEFAULT_LENGTH);
	/* What comes behind the step of the crash plays no part. */
	sequence->num_steps = MIN(sequence->num_steps, told->num + 1);
	yaml = sequence_yaml(sequence, told->answers, told->num, (1u << sequence->num_faults) - 1,
			     id, about);
	finding_add(fuzzing, run, "process", hang ? "hang" : "crash", "-", message, yaml);
	g_free(sequence);
	g_free(id);
	g_free(about);
	g_free(message);
	g_free(yaml);
}

static void line_read(struct fuzzing *fuzzing, char **f, uint64_t *run, struct told *told,
		      bool *done)
{
	struct owned_report *owned = fuzzing->owned;
	unsigned int num = g_strv_length(f);

	if (!strcmp(f[0], "begin") && num == 2) {
		*run = g_ascii_strtoull(f[1], NULL, 10);
		told->num = 0;
	} else if (!strcmp(f[0], "answer") && num == 7 && told->num < SEQUENCE_MAX_STEPS) {
		struct life_answer *answer = &told->answers[told->num++];

		*answer = (struct life_answer){.refused = atoi(f[2]),
					       .err = atoi(f[3]),
					       .outcome = (enum step_outcome)atoi(f[4])};
		answer->has_response = answer->rejected = atoi(f[5]);
		told->fired = (unsigned int)atoi(f[6]);
	} else if (!strcmp(f[0], "finding") && num == 7) {
		finding_add(fuzzing, g_ascii_strtoull(f[1], NULL, 10), f[2], f[3], f[4], f[5],
			    f[6]);
	} else if (!strcmp(f[0], "seen") && num == 2) {
		g_hash_table_add(owned->seen, g_strdup(f[1]));
	} else if (!strcmp(f[0], "stat") && num == 5) {
		owned->report.runs += g_ascii_strtoull(f[1], NULL, 10);
		owned->report.steps += g_ascii_strtoull(f[2], NULL, 10);
		owned->report.calls += g_ascii_strtoull(f[3], NULL, 10);
		owned->report.failed_steps += g_ascii_strtoull(f[4], NULL, 10);
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
	owned->report.transitions = g_hash_table_size(owned->seen);
}

static bool child_done(void *ctx, size_t job, const struct pool_result *result)
{
	struct fuzzing *fuzzing = ctx;
	struct task task = g_array_index(fuzzing->tasks, struct task, job), rest;
	char *text = g_strndup((const char *)result->payload, result->payload_size);
	char **lines = g_strsplit(text, "\n", -1);
	struct told *told = g_new0(struct told, 1);
	uint64_t run = task.first;
	bool done = false;
	unsigned int i;

	for (i = 0; lines[i] && lines[i + 1]; i++) {
		char **fields = g_strsplit(lines[i], "\t", -1);

		if (fields[0])
			line_read(fuzzing, fields, &run, told, &done);
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
	g_free(told);
	g_strfreev(lines);
	g_free(text);
	report_update(fuzzing->owned);
	if (fuzzing->config->progress)
		fuzzing->config->progress(fuzzing->config->ctx, &fuzzing->owned->report);
	return !fuzzing->owned->err &&
	       (!fuzzing->deadline || g_get_monotonic_time() < fuzzing->deadline);
}

static int finding_compare(gconstpointer a, gconstpointer b)
{
	const struct fuzz_finding *x = a, *y = b;

	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	return strcmp(x->condition, y->condition);
}

/* Chunks end at multiples of CHUNK, so that their shapes do not depend on where the campaign begins. */
static void round_fill(struct fuzzing *fuzzing, uint64_t *next, uint64_t end)
{
	while (*next < end && fuzzing->next->len < CHUNKS_A_ROUND) {
		struct task task = {*next, MIN(end, (*next / CHUNK + 1) * CHUNK), false};

		g_array_append_val(fuzzing->next, task);
		*next = task.end;
	}
}

int fuzz_run(const struct fuzz_config *config, struct fuzz_report **report)
{
	struct owned_report *owned = g_new0(struct owned_report, 1);
	struct fuzzing fuzzing = {.config = config, .owned = owned};
	struct pool_config pool = {
		.jobs = config->jobs, .ctx = &fuzzing, .run = child_run, .done = child_done};
	uint64_t next = config->first;
	uint64_t end = config->runs ? config->first + config->runs : UINT64_MAX;
	int err = 0;

	owned->findings = g_array_new(FALSE, FALSE, sizeof(struct fuzz_finding));
	owned->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	owned->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
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
		err = pool_run(&pool);
		if (!err)
			err = owned->err;
		if (err || (fuzzing.deadline && g_get_monotonic_time() >= fuzzing.deadline))
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
	g_string_chunk_free(owned->texts);
	g_free(owned);
}
