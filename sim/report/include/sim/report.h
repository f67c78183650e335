/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report.h - what people and CI systems read of a campaign. Each kind of report is one row of a table; all
 * of them see the same results in the same order.
 */
#ifndef SIM_REPORT_H
#define SIM_REPORT_H

#include <sim/result.h>

/*
 * A file that is written aside and put in its place only when it is whole: a run that is killed leaves the
 * old file, or none. "-" is standard output; what is no regular file (a terminal, a FIFO) is written to
 * directly.
 */
struct output;
/* output_same - whether two paths are the same file, now or once there is one. */
bool output_same(const char *a, const char *b);
/* output_open - 0 or -errno. */
int output_open(const char *path, struct output **out);
FILE *output_stream(struct output *output);
/* output_commit - make the file appear under its name. 0 or -errno; the output is released either way. */
int output_commit(struct output *output);
/* output_discard - as if it had never been opened. NULL is ignored. */
void output_discard(struct output *output);

/* What is the same for all results of a campaign. */
struct report_run {
	const char *header;  /* first line of the run: version, builds, seed, configuration */
	const char *version; /* "rmesim 0.1.0 (...); port ABI 1, ..." */
	const char *kvm;     /* "KVM kvm-4k.so (v10, gcc 12.2.0)" */
	uint64_t seed;	     /* of the campaign */
	enum plan_level level;
	const char *program; /* how to call rmesim again */
	const char *
		options; /* that a reproducer needs beside file, filter and seed; "" or " --kvm x" */
	size_t num_runs; /* that are planned */
	/* This run is part `shard_index` (from 0) of `shard_total`; 0 of 1: all of it. */
	unsigned int shard_index, shard_total;
};
struct report_summary {
	size_t num_scenarios; /* that had at least one run */
	size_t counts[RESULT_NUM_STATUSES];
	size_t not_run;	     /* left out after the first failure */
	const char *aborted; /* why the campaign ended early, NULL: it did not */
};

struct report;
struct report_options {
	bool color, verbose;
	FILE *summary; /* kind github: where the summary for people goes; NULL: nowhere */
};
/* What a report wants to know of each run beside how it ended; each costs time and memory. */
enum report_need {
	REPORT_NEEDS_STEPS = 1,	 /* campaign_config.keep_steps */
	REPORT_NEEDS_EVENTS = 2, /* campaign_config.events */
};

/* report_kinds - names of all kinds, NULL terminated. */
const char *const *report_kinds(void);
/* report_create - a report of `kind` to `out`; NULL if there is no such kind. */
struct report *report_create(const char *kind, FILE *out, const struct report_options *options);
/* report_needs - enum report_need of the kind. */
unsigned int report_needs(const struct report *report);
/* report_mixes - whether lines of this kind may stand among those of others on standard output. */
bool report_mixes(const char *kind);
void report_begin(struct report *report, const struct report_run *run);
void report_result(struct report *report, const struct result *result);
void report_end(struct report *report, const struct report_summary *summary);
void report_destroy(struct report *report);

/*
 * failure_print - what stands behind result->reason, for people: the step and its line, expected and actual side by
 * side, the state around it, and the command that shows it again.
 */
void failure_print(const struct result *result, const struct report_run *run, FILE *out,
		   bool color);
/* reproducer_text - the command that shows this run again. g_free(). */
char *reproducer_text(const struct result *result, const struct report_run *run);
/* result_name - "ripas.split[page_size=4K]", with the repetition if it is not the first. g_free(). */
char *result_name(const struct result *result);

struct map_options {
	bool color, ascii, verbose;
};
/* map_print - the realms' maps before and after each step that was kept, for `rmesim show`. */
void map_print(const struct result *result, FILE *out, const struct map_options *options);
/* life_print - the life of the page that was followed, step by step, for `rmesim show --follow`. */
void life_print(const struct result *result, const struct follow_target *target, FILE *out,
		const struct map_options *options);

#endif
