/* SPDX-License-Identifier: BSD-3-Clause */
/* torture.c - many subjects through the pool of processes; a crash or a hang costs one shot. */
#include <sim/torture.h>

#include <errno.h>
#include <signal.h>
#include <sim/pool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "point.h"
#include "subject.h"

struct task {
	const struct plan *plan;
	unsigned int schedule; /* of what is `parallel:` */
	bool first;	       /* of its plan */
	struct kvm_module *module;
	uint64_t next; /* shot to go on with */
	bool done;
	GPtrArray *steps; /* const struct plan_step *, as in struct life */
};

/* The shot whose lines are being read. */
struct reading {
	struct task *task;
	bool begun, ended;
	uint64_t index;
	struct torture_shot shot;
	const char *turns;
	uint32_t step;
};

struct campaign {
	const struct torture_config *config;
	GArray *tasks;
	size_t num_done;
	size_t *jobs; /* the task of each job of this round */
	size_t num_jobs;
	struct torture_report *report;
	GArray *findings, *cells;
	GHashTable *keys; /* of a finding -> its index + 1 */
	GStringChunk *texts;
	uint64_t reached[POINT_MAX];
};

static struct task *task_of(const struct campaign *campaign, size_t job)
{
	return &g_array_index(campaign->tasks, struct task, campaign->jobs[job]);
}

/* --- in the child ------------------------------------------------------------------------------------ */

static void write_line(void *ctx, const char *text)
{
	struct pool_child *child = ctx;

	/* A parent that cannot be told is gone. */
	if (pool_child_write(child, text, strlen(text)) || pool_child_write(child, "\n", 1))
		_exit(1);
}

static int child_run(void *ctx, size_t job, struct pool_child *child)
{
	struct campaign *campaign = ctx;
	const struct task *task = task_of(campaign, job);
	const struct subject_output output = {write_line, child};

	subject_run(campaign->config, task->plan, task->schedule, task->module, child->memfd,
		    task->next, &output);
	return 0;
}

/* --- in the parent ----------------------------------------------------------------------------------- */

static const char *keep(struct campaign *campaign, const char *text)
{
	return g_string_chunk_insert_const(campaign->texts, text);
}

static void finding_add(struct campaign *campaign, const struct reading *reading,
			const char *oracle, const char *condition, const char *function,
			const char *call, const char *message)
{
	struct torture_finding finding = {
		.plan = reading->task->plan,
		.shot = reading->shot,
		.schedule = reading->task->schedule,
		.turns = reading->turns ? reading->turns : "",
		.oracle = keep(campaign, oracle),
		.condition = keep(campaign, condition),
		.function = keep(campaign, strcmp(function, "-") ? function : ""),
		.call = keep(campaign, strcmp(call, "-") ? call : ""),
		.message = keep(campaign, message),
		.step = "teardown",
		.place = reading->task->plan->place,
		.count = 1,
	};
	char *key = g_strdup_printf("%s\t%s\t%s\t%s\t%s\t%s", oracle, condition, function, call,
				    reading->shot.point, reading->shot.status);
	size_t index = GPOINTER_TO_SIZE(g_hash_table_lookup(campaign->keys, key));

	if (index) {
		g_array_index(campaign->findings, struct torture_finding, index - 1).count++;
		g_free(key);
		return;
	}
	if (reading->step < reading->task->steps->len) {
		const struct plan_step *step = reading->task->steps->pdata[reading->step];

		finding.place = step->place;
		finding.step = step->title;
	}
	g_array_append_val(campaign->findings, finding);
	g_hash_table_insert(campaign->keys, key, GSIZE_TO_POINTER(campaign->findings->len));
}

static struct torture_cell *cell_find(struct campaign *campaign, const char *call,
				      const char *point)
{
	struct torture_cell cell = {.call = call, .point = point};
	unsigned int i;

	for (i = 0; i < campaign->cells->len; i++) {
		struct torture_cell *at = &g_array_index(campaign->cells, struct torture_cell, i);

		if (at->call == call && at->point == point)
			return at;
	}
	g_array_append_val(campaign->cells, cell);
	return &g_array_index(campaign->cells, struct torture_cell, campaign->cells->len - 1);
}

static void shot_end(struct campaign *campaign, struct reading *reading, const char *call,
		     const char *result)
{
	struct torture_cell *cell;

	reading->ended = true;
	if (!strcmp(result, "impossible")) {
		campaign->report->impossible++;
		return;
	}
	cell = cell_find(campaign, keep(campaign, strcmp(call, "-") ? call : "(none)"),
			 reading->shot.point);
	campaign->report->runs++;
	cell->runs++;
	if (!strcmp(result, "reported"))
		cell->reported++;
	else if (!strcmp(result, "otherwise"))
		cell->otherwise++;
	else
		cell->findings++;
}

static void line_read(struct campaign *campaign, struct reading *reading, char **f)
{
	unsigned int num = g_strv_length(f);
	int point;

	if (!strcmp(f[0], "hit") && num == 3) {
		point = point_find(f[1]);
		if (point >= 0)
			campaign->reached[point] += g_ascii_strtoull(f[2], NULL, 10);
	} else if (!strcmp(f[0], "begin") && num == 7) {
		reading->begun = true;
		reading->ended = false;
		reading->turns = NULL;
		reading->index = g_ascii_strtoull(f[1], NULL, 10);
		reading->shot = (struct torture_shot){
			.point = keep(campaign, f[2]),
			.nth = g_ascii_strtoull(f[3], NULL, 10),
			.status = keep(campaign, strcmp(f[4], "-") ? f[4] : ""),
			.second = (unsigned int)g_ascii_strtoull(f[5], NULL, 10),
		};
		reading->step = (uint32_t)g_ascii_strtoull(f[6], NULL, 10);
	} else if (!strcmp(f[0], "turns") && num == 2) {
		reading->turns = keep(campaign, f[1]);
	} else if (!strcmp(f[0], "finding") && num == 7 && reading->begun) {
		reading->step = (uint32_t)g_ascii_strtoull(f[5], NULL, 10);
		finding_add(campaign, reading, f[1], f[2], f[3], f[4], f[6]);
	} else if (!strcmp(f[0], "end") && num == 3 && reading->begun) {
		shot_end(campaign, reading, f[1], f[2]);
	} else if (!strcmp(f[0], "unsound") && num == 2) {
		campaign->report->num_unsound++;
		reading->task->done = true;
		reading->shot = (struct torture_shot){.point = "", .status = ""};
		reading->step = UINT32_MAX;
		finding_add(campaign, reading, "torture", "unsound", "-", "-", f[1]);
	} else if (!strcmp(f[0], "done")) {
		reading->task->done = true;
	}
}

/* The first line of what a sanitizer or assert said, or the signal. */
static char *death_text(const struct pool_result *result)
{
	char **lines = g_strsplit(result->stderr_text ? result->stderr_text : "", "\n", -1);
	char *text = NULL;
	unsigned int i;

	for (i = 0; lines[i] && !text; i++) {
		if (strstr(lines[i], "ERROR: ") || strstr(lines[i], "runtime error: "))
			text = g_strdup(lines[i]);
	}
	g_strfreev(lines);
	if (text)
		return text;
	if (result->end == POOL_SIGNAL)
		return g_strdup_printf("the process died of signal %d (%s)", result->code,
				       g_strsignal(result->code));
	return g_strdup_printf("the process ended early, with status %d", result->code);
}

/* A scenario that fails without any fault says nothing of the others. */
static bool is_enough(const struct campaign *campaign)
{
	unsigned int i, num = 0;

	for (i = 0; i < campaign->findings->len; i++)
		num += !!*g_array_index(campaign->findings, struct torture_finding, i).shot.point;
	return campaign->config->max_findings && num >= campaign->config->max_findings;
}

static bool child_done(void *ctx, size_t job, const struct pool_result *result)
{
	struct campaign *campaign = ctx;
	struct task *task = task_of(campaign, job);
	struct reading reading = {.task = task, .ended = true};
	char *text = g_strndup((const char *)result->payload, result->payload_size);
	char **lines = g_strsplit(text, "\n", -1);
	unsigned int i;

	/* What stands behind the last newline was cut off. */
	for (i = 0; lines[i] && lines[i + 1]; i++) {
		char **fields = g_strsplit(lines[i], "\t", -1);

		if (fields[0])
			line_read(campaign, &reading, fields);
		g_strfreev(fields);
	}
	g_strfreev(lines);
	g_free(text);
	if (!task->done) {
		bool hang = result->end == POOL_SIGNAL && result->code == SIGALRM;
		char *death = hang ? g_strdup("it did not come back in time") : death_text(result);

		if (!reading.begun) {
			reading.shot = (struct torture_shot){.point = "", .status = ""};
			reading.step = UINT32_MAX;
			campaign->report->num_unsound++;
			task->done = true;
		} else {
			task->next = reading.index + 1;
		}
		finding_add(campaign, &reading, "torture", hang ? "hang" : "crash", "-", "-",
			    death);
		if (reading.begun)
			shot_end(campaign, &reading, "-", "finding");
		g_free(death);
	}
	campaign->num_done += task->done && task->first;
	if (campaign->config->progress)
		campaign->config->progress(campaign->config->ctx, campaign->num_done,
					   campaign->report->runs, campaign->findings->len);
	return !is_enough(campaign);
}

static int cell_compare(gconstpointer a, gconstpointer b)
{
	const struct torture_cell *x = a, *y = b;
	int order = strcmp(x->call, y->call);

	return order ? order : point_find(x->point) - point_find(y->point);
}

static int finding_compare(gconstpointer a, gconstpointer b)
{
	const struct torture_finding *x = a, *y = b;
	int order = strcmp(x->condition, y->condition);

	if (!order)
		order = strcmp(x->function, y->function);
	if (!order)
		order = strcmp(x->call, y->call);
	if (!order)
		order = strcmp(x->shot.point, y->shot.point);
	return order ? order : strcmp(x->shot.status, y->shot.status);
}

static bool is_subject(const struct plan *plan)
{
	return !plan->num_faults && !plan->hostile && !plan->machine.no_kvm;
}

/* A task for each schedule. */
static void tasks_add(struct campaign *campaign, const struct plan *plan)
{
	const struct torture_config *config = campaign->config;
	const unsigned int num = plan->num_explored ? config->schedules : 1;
	const unsigned int first = config->schedule ? config->schedule - 1 : 0;
	struct task task = {.plan = plan, .schedule = first, .first = true};
	char *reason = NULL;

	if (is_subject(plan) && first < num)
		task.module = config->module(config->ctx, plan->machine.page_size, &reason);
	if (!task.module) {
		g_free(reason);
		campaign->report->num_skipped++;
		return;
	}
	campaign->report->num_plans++;
	do {
		task.steps = life_steps(plan, NULL);
		g_array_append_val(campaign->tasks, task);
		task.first = false;
		task.schedule++;
	} while (!config->schedule && task.schedule < num);
}

static int rounds_run(struct campaign *campaign)
{
	const volatile sig_atomic_t *stop = campaign->config->stop;
	struct pool_config pool = {.jobs = campaign->config->jobs,
				   .stop = stop,
				   .ctx = campaign,
				   .run = child_run,
				   .done = child_done};
	size_t i;
	int err = 0;

	do {
		campaign->num_jobs = 0;
		for (i = 0; i < campaign->tasks->len; i++) {
			if (!g_array_index(campaign->tasks, struct task, i).done)
				campaign->jobs[campaign->num_jobs++] = i;
		}
		pool.num_jobs = campaign->num_jobs;
		if (campaign->num_jobs)
			err = pool_run(&pool);
	} while (!err && campaign->num_jobs && !is_enough(campaign) && !(stop && *stop));
	return err;
}

static void report_finish(struct campaign *campaign)
{
	struct torture_report *report = campaign->report;
	GPtrArray *unreached = g_ptr_array_new();
	unsigned int point;

	for (point = 0; point_name(point); point++) {
		if (!campaign->reached[point] &&
		    (campaign->config->rmm || point_is_environment(point)))
			g_ptr_array_add(unreached, (void *)(uintptr_t)point_name(point));
	}
	g_ptr_array_add(unreached, NULL);
	report->unreached = (const char **)g_ptr_array_free(unreached, FALSE);
	g_array_sort(campaign->cells, cell_compare);
	g_array_sort(campaign->findings, finding_compare);
	report->num_cells = campaign->cells->len;
	report->cells = (void *)g_array_free(campaign->cells, FALSE);
	report->num_findings = campaign->findings->len;
	report->findings = (void *)g_array_free(campaign->findings, FALSE);
}

struct owned_report {
	struct torture_report report;
	GStringChunk *texts;
};

int torture_run(const struct torture_config *config, struct torture_report **out)
{
	struct owned_report *owned = g_new0(struct owned_report, 1);
	struct campaign campaign = {
		.config = config,
		.report = &owned->report,
		.tasks = g_array_new(FALSE, FALSE, sizeof(struct task)),
		.findings = g_array_new(FALSE, FALSE, sizeof(struct torture_finding)),
		.cells = g_array_new(FALSE, FALSE, sizeof(struct torture_cell)),
		.keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.texts = g_string_chunk_new(4096),
	};
	size_t i;
	int err;

	owned->texts = campaign.texts;
	for (i = 0; i < config->num_plans; i++)
		tasks_add(&campaign, config->plans[i]);
	campaign.jobs = g_new0(size_t, campaign.tasks->len + 1);
	err = rounds_run(&campaign);
	report_finish(&campaign);
	for (i = 0; i < campaign.tasks->len; i++)
		g_ptr_array_unref(g_array_index(campaign.tasks, struct task, i).steps);
	g_array_unref(campaign.tasks);
	g_free(campaign.jobs);
	g_hash_table_unref(campaign.keys);
	if (err)
		torture_report_free(campaign.report);
	else
		*out = campaign.report;
	return err;
}

void torture_report_free(struct torture_report *report)
{
	struct owned_report *owned = (struct owned_report *)report;

	if (!report)
		return;
	g_free(report->findings);
	g_free(report->cells);
	g_free(report->unreached);
	g_string_chunk_free(owned->texts);
	g_free(owned);
}

bool torture_point_known(const char *name)
{
	return point_find(name) >= 0;
}
