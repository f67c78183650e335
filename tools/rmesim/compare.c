/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both builds run everything; of each step its answer, a digest of its RMI calls and the state after it are kept, so
 * that what is the same costs little. What is not runs again, in portions, with all calls listed, and the first step
 * that is not the same is shown. What the VMM and the guest do is the same for both.
 */
#include "compare.h"

#include <inttypes.h>
#include <rmm/inspect.h>
#include <string.h>

/* Scenarios that run again at once: their calls are kept in memory until they are compared. */
#define PORTION 16

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
		step->title = g_strdup(from->title ? from->title : "");
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

static int run_side(const struct options *options, void **plans, size_t num_plans,
		    enum calls_kept calls, struct side *side)
{
	struct campaign_config config = {
		.plans = (const struct plan *const *)plans,
		.num_plans = num_plans,
		.calls = calls,
		.repeat = options->repeat,
		.jobs = options->jobs,
		.timeout_ms = options->timeout_s * 1000,
		.seed = options->seed,
		.keep_steps = true,
		.in_process = options->in_process,
		.module = find_module,
		.done = keep_result,
		.ctx = side,
	};

	return campaign_run(&config, NULL);
}

/* A line, without its end; g_free(). */
static char *line_at(const char *text)
{
	return g_strndup(text, strcspn(text, "\n"));
}

static unsigned int count_lines(const char *text)
{
	unsigned int num = 0;

	for (; *text; text++)
		num += *text == '\n';
	return num;
}

static void print_side(const char *what, const char *side, const char *line, const char *count)
{
	char *text = line_at(line);

	printf("    %-9s  %-6s  %s%s%s\n", what, side, count, *line && *count ? ": " : "",
	       *line	? text
	       : *count ? ""
			: "none");
	g_free(text);
}

/* Texts of lines that differ: the first line that is not in both. Of calls also where it is, and the call before. */
static void print_difference(const char *what, const char *a, const char *b, bool numbered)
{
	char *count_a = g_strdup(""), *count_b = g_strdup("");
	const char *before = NULL, *start_a = a, *start_b = b;
	unsigned int number = 1;

	while (*a && *b) {
		size_t length_a = strcspn(a, "\n"), length_b = strcspn(b, "\n");

		if (length_a != length_b || strncmp(a, b, length_a))
			break;
		before = a;
		number++;
		a += length_a + (a[length_a] == '\n');
		b += length_b + (b[length_b] == '\n');
	}
	if (numbered) {
		g_free(count_a);
		g_free(count_b);
		count_a = g_strdup_printf(*a ? "call %u of %u" : "no call %u, only %u", number,
					  count_lines(start_a));
		count_b = g_strdup_printf(*b ? "call %u of %u" : "no call %u, only %u", number,
					  count_lines(start_b));
	}
	if (numbered && before)
		print_side(what, "both", before, "the call before");
	print_side(numbered && before ? "" : what, "first", a, count_a);
	print_side("", "second", b, count_b);
	g_free(count_a);
	g_free(count_b);
}

static void print_step(const struct kept_run *run, const struct kept_step *step, bool later)
{
	if (later)
		printf("  and later:\n");
	else
		printf("DIFF    %s\n", run->plan->id);
	printf("  %s:%u:%u: ", run->plan->place.source->path, step->place.line, step->place.column);
	if (step->number)
		printf("step %u: ", step->number);
	printf("%s\n", step->title);
}

/* What of a step may differ. */
enum { IN_ANSWER = 1, IN_CALLS = 2, IN_STATE = 4 };

/* Which of the parts asked for are not the same, 0: none; that is printed, if it is to be. */
static unsigned int compare_steps(const struct kept_run *run, const struct kept_step *a,
				  const struct kept_step *b, unsigned int asked, bool print)
{
	char *exits_a = strchr(a->outcome, '\n'), *exits_b = strchr(b->outcome, '\n');
	char *answer_a = line_at(a->outcome), *answer_b = line_at(b->outcome);
	const struct {
		unsigned int part;
		const char *name, *a, *b;
	} parts[] = {{IN_ANSWER, "outcome", answer_a, answer_b},
		     {IN_ANSWER, "exits", exits_a ? exits_a + 1 : "", exits_b ? exits_b + 1 : ""},
		     {IN_CALLS, "RMI calls", a->calls, b->calls},
		     {IN_STATE, "state", a->state, b->state}};
	unsigned int differ = 0, i;

	for (i = 0; i < G_N_ELEMENTS(parts); i++) {
		if (!(parts[i].part & asked) || !strcmp(parts[i].a, parts[i].b))
			continue;
		if (!differ && print)
			print_step(run, a, !(asked & IN_CALLS));
		differ |= parts[i].part;
		if (print)
			print_difference(parts[i].name, parts[i].a, parts[i].b,
					 parts[i].part == IN_CALLS);
	}
	g_free(answer_a);
	g_free(answer_b);
	return differ;
}

/*
 * What of the runs is not the same, 0: nothing. The first step that differs is printed, if it is to be; where only its
 * RMI calls do, the first one with another answer or state behind it is, too.
 */
static unsigned int compare_runs(const struct kept_run *a, const struct kept_run *b, bool print)
{
	unsigned int asked = IN_ANSWER | IN_CALLS | IN_STATE, differ = 0, i;

	for (i = 0; i < MIN(a->steps->len, b->steps->len); i++) {
		const struct kept_step *step = a->steps->pdata[i], *other = b->steps->pdata[i];

		/* One of the runs has ended before the other. */
		if (step->number != other->number || strcmp(step->title, other->title))
			break;
		differ |= compare_steps(a, step, other, asked, print);
		if (differ & ~(unsigned int)IN_CALLS || (differ && !print))
			return differ;
		if (differ)
			asked &= ~(unsigned int)IN_CALLS;
	}
	if (a->status == b->status && a->steps->len == b->steps->len &&
	    !strcmp(a->reason, b->reason))
		return differ;
	if (!print)
		return differ | IN_ANSWER;
	if (differ)
		printf("  and later:\n");
	else
		printf("DIFF    %s\n", a->plan->id);
	printf("  %s\n", *a->end ? a->end : *b->end ? b->end : "all steps are the same");
	printf("    %-9s  first   %s%s%s\n    %-9s  second  %s%s%s\n", "end",
	       result_status_name(a->status), *a->reason ? ": " : "", a->reason, "",
	       result_status_name(b->status), *b->reason ? ": " : "", b->reason);
	return differ | IN_ANSWER;
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

/* All that is known of both builds. */
struct comparison {
	const struct options *options;
	struct side first, second;
	size_t same, different, skipped;
	size_t in_calls; /* different in RMI calls alone */
};

static int run_both(struct comparison *comparison, void **plans, size_t num_plans,
		    enum calls_kept calls)
{
	int err;

	g_ptr_array_set_size(comparison->first.runs, 0);
	g_ptr_array_set_size(comparison->second.runs, 0);
	err = run_side(comparison->options, plans, num_plans, calls, &comparison->first);
	return err ? err
		   : run_side(comparison->options, plans, num_plans, calls, &comparison->second);
}

/* Runs the plans again and prints what differs. */
static int show_portion(struct comparison *comparison, void **plans, size_t num_plans)
{
	const struct options *options = comparison->options;
	int err = run_both(comparison, plans, num_plans, CALLS_LISTED);
	unsigned int i;

	for (i = 0; !err && i < comparison->first.runs->len; i++) {
		const struct kept_run *run = comparison->first.runs->pdata[i];
		unsigned int differ = compare_runs(run, comparison->second.runs->pdata[i], true);

		if (!differ && options->verbose)
			printf("same    %s\n", run->plan->id);
		comparison->same += !differ;
		comparison->different += differ != 0;
		comparison->in_calls += differ == IN_CALLS;
	}
	return err;
}

/* Why there is nothing to compare, NULL: there is. A build in whose era a scenario cannot be carried out says nothing. */
static const char *skip_reason(const struct comparison *comparison, unsigned int index,
			       const char **who)
{
	const struct kept_run *first = comparison->first.runs->pdata[index],
			      *second = comparison->second.runs->pdata[index];

	*who = "";
	if (first->status == RESULT_SKIPPED && second->status == RESULT_SKIPPED)
		return first->reason;
	*who = first->status == RESULT_SKIPPED ? "the first build: " : "the second build: ";
	if (first->status == RESULT_SKIPPED)
		return first->reason;
	return second->status == RESULT_SKIPPED ? second->reason : NULL;
}

/* What is the same, and what was skipped, is told at once; the plans of the rest are put in `differing`. */
static void tell_same(struct comparison *comparison, GPtrArray *differing)
{
	const unsigned int repeat = comparison->options->repeat;
	unsigned int i, first;

	for (first = 0; first < comparison->first.runs->len; first += repeat) {
		const struct kept_run *run = comparison->first.runs->pdata[first];
		const char *who, *reason = skip_reason(comparison, first, &who);
		bool same = true;

		if (reason) {
			printf("skip    %s: %s%s\n", run->plan->id, who, reason);
			comparison->skipped += repeat;
			continue;
		}
		for (i = first; same && i < first + repeat; i++)
			same = !compare_runs(comparison->first.runs->pdata[i],
					     comparison->second.runs->pdata[i], false);
		if (!same) {
			g_ptr_array_add(differing, (void *)(uintptr_t)run->plan);
			continue;
		}
		for (i = 0; comparison->options->verbose && i < repeat; i++)
			printf("same    %s\n", run->plan->id);
		comparison->same += repeat;
	}
}

int compare_builds(const struct options *options, const GPtrArray *plans, struct kvm_builds *builds)
{
	struct comparison comparison = {.options = options,
					.first = {.builds = builds},
					.second = {.builds = builds, .second = true}};
	GPtrArray *differing = g_ptr_array_new();
	int status = EXIT_USAGE, err;
	char *version, *text, *other;
	unsigned int i;

	comparison.first.runs = g_ptr_array_new_with_free_func(kept_run_free);
	comparison.second.runs = g_ptr_array_new_with_free_func(kept_run_free);
	if (!comparable(options))
		goto out;
	version = version_line();
	text = kvm_builds_text(builds, false);
	other = kvm_builds_text(builds, true);
	printf("%s; first %s; second %s; seed %" PRIu64 "\n", version, text, other, options->seed);
	g_free(other);
	g_free(version);
	g_free(text);
	err = run_both(&comparison, plans->pdata, plans->len, CALLS_DIGESTED);
	if (!err)
		tell_same(&comparison, differing);
	for (i = 0; !err && i < differing->len; i += PORTION)
		err = show_portion(&comparison, differing->pdata + i,
				   MIN(PORTION, differing->len - i));
	if (err) {
		usage_error("processes cannot be started: %s", g_strerror(-err));
		goto out;
	}
	printf("\n%zu run%s: %zu the same, %zu different (%zu in RMI calls alone), %zu skipped\n",
	       comparison.same + comparison.different + comparison.skipped,
	       comparison.same + comparison.different + comparison.skipped == 1 ? "" : "s",
	       comparison.same, comparison.different, comparison.in_calls, comparison.skipped);
	status = comparison.different ? EXIT_FAILED : comparison.same ? EXIT_PASSED : EXIT_SKIPPED;
out:
	g_ptr_array_unref(differing);
	g_ptr_array_unref(comparison.first.runs);
	g_ptr_array_unref(comparison.second.runs);
	return status;
}
