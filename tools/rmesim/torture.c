/* SPDX-License-Identifier: BSD-3-Clause */
#include "torture.h"

#include <inttypes.h>
#include <sim/torture.h>
#include <stdlib.h>
#include <string.h>

#include "campaign.h"
#include "rmesim.h"

/* What only this command has. Options are parsed once. */
static struct torture_config config;
/* Of what is parallel, unless its schedule is given. */
#define SCHEDULES 4u

static bool set_count(const char *name, const char *value, uint64_t *out)
{
	char *end;

	*out = g_ascii_strtoull(value, &end, 10);
	if (g_ascii_isdigit(*value) && !*end && *out && *out < UINT32_MAX)
		return true;
	usage_error("--%s: expected a number from 1 on, found '%s'", name, value);
	return false;
}

static bool set_unsigned(const char *name, const char *value, unsigned int *out)
{
	uint64_t number;

	if (!set_count(name, value, &number))
		return false;
	*out = (unsigned int)number;
	return true;
}

static bool set_shallow(struct options *options, const char *value)
{
	(void)options;
	return set_count("shallow", value, &config.shallow);
}

static bool set_nth(struct options *options, const char *value)
{
	(void)options;
	return set_count("nth", value, &config.nth);
}

static bool set_second(struct options *options, const char *value)
{
	uint64_t number;

	(void)options;
	if (!set_count("second", value, &number))
		return false;
	if (number > UINT8_MAX) {
		usage_error("--second: expected a number up to %u, found '%s'", UINT8_MAX, value);
		return false;
	}
	config.second = (unsigned int)number;
	return true;
}

static bool set_single(struct options *options, const char *value)
{
	(void)options;
	(void)value;
	config.single = true;
	return true;
}

static bool set_max_findings(struct options *options, const char *value)
{
	(void)options;
	return set_unsigned("max-findings", value, &config.max_findings);
}

static bool set_schedules(struct options *options, const char *value)
{
	(void)options;
	return set_unsigned("schedules", value, &config.schedules);
}

static bool set_schedule(struct options *options, const char *value)
{
	(void)options;
	return set_unsigned("schedule", value, &config.schedule);
}

static bool set_pairs(struct options *options, const char *value)
{
	(void)options;
	(void)value;
	config.pairs = true;
	return true;
}

static bool set_class(struct options *options, const char *value)
{
	(void)options;
	config.rmm = !strcmp(value, "rmm");
	if (config.rmm || !strcmp(value, "environment"))
		return true;
	usage_error("--class: expected environment or rmm, found '%s'", value);
	return false;
}

static bool set_point(struct options *options, const char *value)
{
	(void)options;
	config.point = value;
	if (torture_point_known(value))
		return true;
	usage_error("--point: there is no fault point '%s': 'rmesim list --faults' prints all",
		    value);
	return false;
}

static bool set_status(struct options *options, const char *value)
{
	static const char *const names[] = {"ERROR_INPUT", "ERROR_REALM", "ERROR_REC", "ERROR_RTT"};
	unsigned int i;

	(void)options;
	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		if (!strcmp(names[i], value)) {
			config.status = names[i];
			return true;
		}
	}
	usage_error("--status: expected ERROR_INPUT, ERROR_REALM, ERROR_REC or ERROR_RTT, found "
		    "'%s'",
		    value);
	return false;
}

static const struct option_def option_shallow = {
	0, "shallow", "K", "of each point in each run only K hits, spread evenly", set_shallow};
static const struct option_def option_pairs = {
	0, "pairs", NULL, "fail a second hit too: each of the eight behind the first", set_pairs};
static const struct option_def option_class = {
	0, "class", "CLASS", "environment (default), or rmm: also what only a strange RMM answers",
	set_class};
static const struct option_def option_point = {0, "point", "NAME", "only this fault point",
					       set_point};
static const struct option_def option_nth = {0, "nth", "N", "only the Nth hit of each point",
					     set_nth};
static const struct option_def option_status = {0, "status", "STATUS",
						"only this status of RMI calls", set_status};
static const struct option_def option_second = {
	0, "second", "M", "with each hit fail the Mth behind it too", set_second};

static const struct option_def option_single = {
	0, "single", NULL, "drop the lock at one resched in a run, not at all of a step",
	set_single};
static const struct option_def option_schedules = {
	0, "schedules", "N", "run what is parallel under N schedules (default 4)", set_schedules};
static const struct option_def option_schedule = {0, "schedule", "I", "only under the Ith of them",
						  set_schedule};
static const struct option_def option_max_findings = {
	0, "max-findings", "N", "stop when so many distinct findings are known", set_max_findings};

struct progress {
	struct kvm_builds *builds;
	size_t num_plans;
	struct campaign_watch watch;
};

static struct kvm_module *find_module(void *ctx, uint32_t page_size, char **reason)
{
	const struct progress *progress = ctx;

	return kvm_builds_module(progress->builds, page_size, reason);
}

static void show_progress(void *ctx, size_t plans_done, uint64_t runs, size_t findings)
{
	struct progress *progress = ctx;

	campaign_show(&progress->watch,
		      "%zu of %zu scenarios, %" PRIu64 " faulted runs, %.0f a minute, %zu findings",
		      plans_done, progress->num_plans, runs,
		      (double)runs * 60 / campaign_seconds(&progress->watch), findings);
}

static void print_finding(const struct torture_finding *finding, const struct options *options)
{
	const struct torture_shot *shot = &finding->shot;
	char *kvm = kvm_options(options), *path = g_shell_quote(finding->plan->place.source->path);
	char *id = g_shell_quote(finding->plan->id);
	bool rmi = *shot->status;

	printf("FINDING %s/%s%s%s: %s\n", finding->oracle, finding->condition,
	       *finding->function ? " in " : "", finding->function, finding->message);
	printf("  %s:%u:%u: %s: %s\n", finding->place.source->path, finding->place.line,
	       finding->place.column, finding->plan->id, finding->step);
	if (*shot->point) {
		printf("  fault: %s, hit %" PRIu64 "%s%s%s%s\n", shot->point, shot->nth,
		       rmi ? ", " : "", shot->status, *finding->call ? ", in " : "", finding->call);
		if (shot->second)
			printf("  and the hit %u behind it\n", shot->second);
		printf("  reproduce: %s torture %s --filter %s --point %s --nth %" PRIu64,
		       program_name(), path, id, shot->point, shot->nth);
		if (rmi)
			printf(" --status %s%s", shot->status, config.rmm ? " --class rmm" : "");
		if (shot->second)
			printf(" --second %u", shot->second);
		if (config.single)
			printf(" --single");
		if (finding->plan->num_explored)
			printf(" --schedule %u", finding->schedule + 1);
		printf("%s\n", kvm);
		printf("  as a scenario: add `faults: [{point: %s, nth: %" PRIu64, shot->point,
		       shot->nth);
		if (config.rmm && rmi)
			printf(", status: %s, class: rmm", shot->status);
		printf("}]`\n");
		if (*finding->turns)
			printf("  and in place of what says how it is run: %s\n", finding->turns);
	}
	printf("  shown by %" PRIu64 " run%s\n", finding->count, finding->count == 1 ? "" : "s");
	g_free(kvm);
	g_free(path);
	g_free(id);
}

static void print_report(const struct torture_report *report, const struct options *options)
{
	size_t i;

	for (i = 0; i < report->num_findings; i++)
		print_finding(&report->findings[i], options);
	printf("%-36s %-24s %8s %9s %9s %9s\n", "call in which it failed", "fault point", "runs",
	       "reported", "otherwise", "findings");
	for (i = 0; i < report->num_cells; i++) {
		const struct torture_cell *cell = &report->cells[i];

		printf("%-36s %-24s %8" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n",
		       cell->call, cell->point, cell->runs, cell->reported, cell->otherwise,
		       cell->findings);
	}
	if (*report->unreached && !config.point) {
		printf("never reached:");
		for (i = 0; report->unreached[i]; i++)
			printf(" %s", report->unreached[i]);
		putchar('\n');
	}
	printf("%zu run%s of scenarios tortured, %zu left out (faults of their own, hostile, "
	       "without KVM%s), %" PRIu64 " faulted runs, %" PRIu64 " impossible, %zu finding%s\n",
	       report->num_plans, report->num_plans == 1 ? "" : "s", report->num_skipped,
	       config.schedule ? ", no such schedule" : "", report->runs, report->impossible,
	       report->num_findings, report->num_findings == 1 ? "" : "s");
}

static int torture_plans(struct progress *progress, const GPtrArray *plans,
			 const struct options *options)
{
	struct torture_report *report;
	bool ended;
	int err, status;

	if (!config.schedules)
		config.schedules = MAX(SCHEDULES, config.schedule);
	config.plans = (const struct plan *const *)plans->pdata;
	config.num_plans = plans->len;
	config.jobs = options->jobs;
	config.timeout_ms = options->timeout_s * 1000;
	config.seed = options->seed;
	config.module = find_module;
	config.progress = show_progress;
	config.ctx = progress;
	config.stop = campaign_begin(&progress->watch);
	err = torture_run(&config, &report);
	ended = campaign_end(&progress->watch);
	if (err) {
		usage_error("processes cannot be started: %s", g_strerror(-err));
		return EXIT_USAGE;
	}
	print_report(report, options);
	status = report->num_findings ? EXIT_FAILED : EXIT_PASSED;
	if (!report->num_plans) {
		usage_error("no scenario here can be tortured");
		status = EXIT_SKIPPED;
	} else if (!report->runs && !report->num_findings && !ended) {
		usage_error("nothing failed: no run comes to such a point");
		status = EXIT_USAGE;
	}
	torture_report_free(report);
	return campaign_status(status);
}

static int torture(const struct command *command, struct options *options)
{
	struct progress progress = {0};
	struct scenario_set *set = load_scenarios(options->paths, options->color);
	GPtrArray *plans = set ? select_plans(set, options) : NULL;
	unsigned int num_selected;
	int status = EXIT_USAGE;

	(void)command;
	if (!set)
		return EXIT_USAGE;
	if (!options->has_shard && !shard_from_environment(&options->shard))
		goto out;
	if (!plans->len) {
		say_none_selected(set, options);
		goto out;
	}
	num_selected = plans->len;
	shard_select(options->shard, plans);
	progress.num_plans = plans->len;
	if (!plans->len) {
		usage_error("shard %u/%u has no run: only %u %s chosen", options->shard.index,
			    options->shard.total, num_selected, num_selected == 1 ? "was" : "were");
		status = EXIT_SKIPPED;
		goto out;
	}
	progress.builds = kvm_builds_load(options->kvm, plans, false);
	if (!progress.builds)
		goto out;
	status = torture_plans(&progress, plans, options);
	kvm_builds_unload(progress.builds);
out:
	g_ptr_array_unref(plans);
	scenario_set_destroy(set);
	return status;
}

static const struct option_def *const torture_options[] = {
	&option_shallow,  &option_pairs,  &option_class,  &option_point,	&option_nth,
	&option_status,	  &option_second, &option_single, &option_max_findings, &option_schedules,
	&option_schedule, &option_shard,  &option_filter, &option_exclude,	&option_tag,
	&option_level,	  &option_jobs,	  &option_seed,	  &option_timeout,	&option_kvm,
	&option_color,	  &option_help,	  NULL,
};

const struct command command_torture = {
	.name = "torture",
	.arguments = "[FILES|DIRECTORIES]...",
	.summary =
		"Runs scenarios again and again, each time with one thing failing.\n\n"
		"A first run counts how often each fault point is reached; then each hit of each "
		"point fails\n"
		"in a run of its own. The call in which it fails must report an error that the "
		"facts allow, or\n"
		"do its work another way; without WARN, crash, hang or lock held; what the guest "
		"owns stays; the\n"
		"step succeeds when it is tried again; and the VM can be torn down with nothing "
		"lost.\n"
		"Expectations of the scenarios are not looked at.",
	.examples = "  rmesim torture scenarios/ -j 2                 # all of it\n"
		    "  rmesim torture scenarios/ --shard 3/8 -j 1     # the fourth eighth of it\n"
		    "  rmesim torture scenarios/ --shallow 3          # a sample\n"
		    "  rmesim torture scenarios/ripas --class rmm --pairs --shallow 2\n"
		    "  rmesim torture one.yaml --point page_zalloc --nth 3\n",
	.options = torture_options,
	.run = torture,
};
