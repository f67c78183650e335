/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both builds run everything; of each step its answer, the number of RMI calls of each kind and the state after it
 * are kept as text, and the first that is not the same is shown. What the VMM and the guest do is the same for both.
 */
#include "compare.h"

#include <inttypes.h>
#include <rmm/inspect.h>
#include <string.h>

struct kept_step {
	uint32_t number;
	struct place place;
	char *title, *outcome, *calls, *state;
};

/* What became of one run. */
struct kept_run {
	const struct plan *plan;
	unsigned int repetition;
	uint64_t seed;
	enum result_status status;
	char *reason;
	char *end; /* "file:line:column: step 5: ...", where it did not go on; "" if it passed */
	GPtrArray *steps; /* struct kept_step */
};

struct side {
	struct kvm_builds *builds;
	bool second;
	GPtrArray *runs; /* struct kept_run, in the order of the plans */
};

static void kept_step_free(void *data)
{
	struct kept_step *step = data;

	g_free(step->title);
	g_free(step->outcome);
	g_free(step->calls);
	g_free(step->state);
	g_free(step);
}

static void kept_run_free(void *data)
{
	struct kept_run *run = data;

	g_free(run->reason);
	g_free(run->end);
	g_ptr_array_unref(run->steps);
	g_free(run);
}

/*
 * The state for people, in lines that can be compared one by one. Of the host only what it owes to the RMM and to
 * the guest: how many objects it has for itself is its own affair.
 */
static char *state_text(const struct survey *survey)
{
	GString *text = g_string_new(NULL);
	size_t i, j;

	for (i = 0; i < survey->num_realms; i++) {
		const struct survey_realm *realm = &survey->realms[i];

		if (!realm->exists)
			continue;
		g_string_append_printf(text, "realm %zu: state %u\n", i, realm->state);
		for (j = 0; j < realm->num_intervals; j++) {
			const struct survey_interval *interval = &realm->intervals[j];
			bool none = interval->ripas == RMM_RIPAS_NONE;

			g_string_append_printf(
				text,
				"realm %zu: 0x%010" PRIx64 "..0x%010" PRIx64 " %s %s level %d\n", i,
				interval->base, interval->base + interval->size,
				none ? "-" : rmm_ripas_name((enum rmm_ripas)interval->ripas),
				rmm_hipas_name((enum rmm_hipas)interval->hipas), interval->level);
		}
	}
	for (i = RMM_GRANULE_DELEGATED; i < RMM_GRANULE_NUM_STATES; i++)
		g_string_append_printf(text, "granules %s: %" PRIu64 "\n",
				       rmm_granule_state_name((enum rmm_granule_state)i),
				       survey->granules[i]);
	if (survey->has_host)
		g_string_append_printf(text,
				       "host: pgtable_pages %" PRId64 ", gmem_pages %" PRIu64
				       ", user_pages %" PRIu64 ", locks held %u\n",
				       survey->host.pgtable_pages, survey->host.gmem_pages,
				       survey->host.user_pages, survey->host.locks_held);
	return g_string_free(text, FALSE);
}

static void keep_result(void *ctx, const struct result *result)
{
	struct side *side = ctx;
	struct kept_run *run = g_new0(struct kept_run, 1);
	size_t i;

	run->plan = result->plan;
	run->repetition = result->repetition;
	run->seed = result->seed;
	run->status = result->status;
	run->reason = g_strdup(result->reason ? result->reason : "");
	if (result->has_place)
		run->end =
			g_strdup_printf("%s:%u:%u: step %u: %s", result->plan->place.source->path,
					result->place.line, result->place.column, result->step,
					result->step_title ? result->step_title : "");
	else
		run->end = g_strdup("");
	run->steps = g_ptr_array_new_with_free_func(kept_step_free);
	for (i = 0; i < result->num_steps_kept; i++) {
		const struct result_step *from = &result->steps[i];
		struct kept_step *step = g_new0(struct kept_step, 1);

		step->number = from->number;
		step->place = from->place;
		step->title = g_strdup(from->title);
		step->outcome = g_strdup(from->outcome ? from->outcome : "");
		step->calls = g_strdup(from->calls ? from->calls : "");
		step->state = state_text(&from->survey);
		g_ptr_array_add(run->steps, step);
	}
	g_ptr_array_add(side->runs, run);
}

static struct kvm_module *find_module(void *ctx, uint32_t page_size, char **reason)
{
	const struct side *side = ctx;
	struct kvm_module *other = kvm_builds_other(side->builds, page_size, reason);

	/* Without a second build there is nothing to run the first one for. */
	if (!other || side->second)
		return other;
	return kvm_builds_module(side->builds, page_size, reason);
}

static int run_side(const struct options *options, const GPtrArray *plans, struct side *side)
{
	struct campaign_config config = {
		.plans = (const struct plan *const *)plans->pdata,
		.num_plans = plans->len,
		.repeat = options->repeat,
		.jobs = options->jobs,
		.timeout_ms = options->timeout_s * 1000,
		.seed = options->seed,
		.keep_steps = true,
		.module = find_module,
		.done = keep_result,
		.ctx = side,
	};

	return campaign_run(&config, NULL);
}

/* The first line that is not in both. g_free(). */
static void first_line(const char *a, const char *b, char **line_a, char **line_b)
{
	while (*a && *b) {
		size_t length_a = strcspn(a, "\n"), length_b = strcspn(b, "\n");

		if (length_a != length_b || strncmp(a, b, length_a))
			break;
		a += length_a + (a[length_a] == '\n');
		b += length_b + (b[length_b] == '\n');
	}
	*line_a = *a ? g_strndup(a, strcspn(a, "\n")) : g_strdup("nothing more");
	*line_b = *b ? g_strndup(b, strcspn(b, "\n")) : g_strdup("nothing more");
}

static void print_difference(const char *what, const char *a, const char *b)
{
	char *line_a, *line_b;

	first_line(a, b, &line_a, &line_b);
	printf("    %-9s  first   %s\n    %-9s  second  %s\n", what, *line_a ? line_a : "none", "",
	       *line_b ? line_b : "none");
	g_free(line_a);
	g_free(line_b);
}

/* True if the step is the same; else what differs was printed. */
static bool compare_steps(const struct kept_run *run, const struct kept_step *a,
			  const struct kept_step *b)
{
	const struct {
		const char *name, *a, *b;
	} parts[] = {{"outcome", a->outcome, b->outcome},
		     {"RMI calls", a->calls, b->calls},
		     {"state", a->state, b->state}};
	bool same = true;
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(parts); i++) {
		if (!strcmp(parts[i].a, parts[i].b))
			continue;
		if (same)
			printf("DIFF    %s\n  %s:%u:%u: step %u: %s\n", run->plan->id,
			       run->plan->place.source->path, a->place.line, a->place.column,
			       a->number, a->title ? a->title : "");
		same = false;
		print_difference(parts[i].name, parts[i].a, parts[i].b);
	}
	return same;
}

static bool compare_runs(const struct kept_run *a, const struct kept_run *b)
{
	unsigned int i;

	for (i = 0; i < MIN(a->steps->len, b->steps->len); i++) {
		if (!compare_steps(a, a->steps->pdata[i], b->steps->pdata[i]))
			return false;
	}
	if (a->status == b->status && a->steps->len == b->steps->len &&
	    !strcmp(a->reason, b->reason))
		return true;
	printf("DIFF    %s\n  %s\n", a->plan->id,
	       *a->end	 ? a->end
	       : *b->end ? b->end
			 : "all steps are the same");
	printf("    %-9s  first   %s: %s\n    %-9s  second  %s: %s\n", "end",
	       result_status_name(a->status), a->reason, "", result_status_name(b->status),
	       b->reason);
	return false;
}

static bool comparable(const struct options *options)
{
	if (!options->reports->len && !options->trace && !options->baseline &&
	    !options->write_baseline && !options->coverage_html)
		return true;
	usage_error("run: two KVM builds of one page size are compared; reports, traces, baselines "
		    "and coverage are of one");
	return false;
}

int compare_builds(const struct options *options, const GPtrArray *plans, struct kvm_builds *builds)
{
	struct side first = {.builds = builds}, second = {.builds = builds, .second = true};
	size_t same = 0, different = 0, skipped = 0;
	int status = EXIT_USAGE, err;
	char *version, *text;
	unsigned int i;

	if (!comparable(options))
		return EXIT_USAGE;
	first.runs = g_ptr_array_new_with_free_func(kept_run_free);
	second.runs = g_ptr_array_new_with_free_func(kept_run_free);
	version = version_line();
	text = kvm_builds_text(builds);
	printf("%s; first %s; seed %" PRIu64 "\n", version, text, options->seed);
	g_free(version);
	g_free(text);
	err = run_side(options, plans, &first);
	if (!err)
		err = run_side(options, plans, &second);
	if (err) {
		usage_error("processes cannot be started: %s", g_strerror(-err));
		goto out;
	}
	for (i = 0; i < first.runs->len; i++) {
		const struct kept_run *run = first.runs->pdata[i];

		if (run->status == RESULT_SKIPPED) {
			printf("skip    %s: %s\n", run->plan->id, run->reason);
			skipped++;
		} else if (compare_runs(run, second.runs->pdata[i])) {
			if (options->verbose)
				printf("same    %s\n", run->plan->id);
			same++;
		} else {
			different++;
		}
	}
	printf("\n%zu runs: %zu the same, %zu different, %zu skipped\n", same + different + skipped,
	       same, different, skipped);
	status = different ? EXIT_FAILED : same ? EXIT_PASSED : EXIT_SKIPPED;
out:
	g_ptr_array_unref(first.runs);
	g_ptr_array_unref(second.runs);
	return status;
}
