/* SPDX-License-Identifier: BSD-3-Clause */
/* rmesim.h - the command line: commands, their options, and what several of them share. */
#ifndef TOOLS_RMESIM_H
#define TOOLS_RMESIM_H

#include <glib.h>
#include <sim/plan.h>
#include <sim/report.h>

enum exit_code {
	EXIT_PASSED = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,	   /* or invalid input */
	EXIT_SKIPPED = 77, /* all of them */
	EXIT_TIMED_OUT = 124,
};

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Values of the options of kvm-build. */
struct build_options {
	const char *tree, *rme, *rme_exit, *uapi, *output, *cc, *sanitize; /* NULL: not given */
	GPtrArray *includes, *adds, *cflags;
	unsigned int page_shift;
	unsigned int series; /* 0: as the sources tell */
	bool coverage;
	bool any_page_size;
	bool dry_run;
};

/* Part `index` (from 0) of `total`; 0 of 1: all of it. */
struct shard {
	unsigned int index, total;
};

/* Values of all options that any command has. */
struct options {
	GPtrArray *paths; /* arguments that are no options */
	GPtrArray *filters, *excludes, *tags;
	GPtrArray *reports; /* KIND=FILE */
	GPtrArray *kvm;	    /* files */
	enum plan_level level;
	unsigned int jobs;
	uint64_t seed;
	unsigned int timeout_s;
	unsigned int repeat;
	struct shard shard;
	bool has_shard;
	const char *output;
	const char *follow; /* show: an address */
	const char *trace;
	const char *rmi_log;
	enum color_mode color;
	bool fail_fast, in_process, exact, json, verbose, ascii, help;
	const char *baseline, *write_baseline, *coverage_html; /* NULL: not given */
	bool steps, faults, expectations, conditions;
	struct build_options build;
};

struct option_def {
	char letter;	      /* 0: none */
	const char *name;     /* without the dashes */
	const char *argument; /* what the value is called in the help; NULL: it takes none */
	const char *help;
	/* Stores the value; false after printing why it is wrong. */
	bool (*set)(struct options *options, const char *value);
};

struct command {
	const char *name, *arguments, *summary, *examples;
	const struct option_def *const *options; /* NULL terminated */
	int (*run)(const struct command *command, struct options *options);
	/* Takes the arguments as they are, instead of `run`; `options` is for the manual then. */
	int (*raw)(int argc, char **argv);
};

/* commands.c: those that this program has. */
extern const struct command *const command_table[];
extern const size_t command_table_size;
extern const struct command command_run, command_list, command_show, command_lint,
	command_kvm_build, command_kvm_info, command_merge, command_schema;

/* The options, for the commands' tables. */
extern const struct option_def option_filter, option_exclude, option_tag, option_level, option_jobs,
	option_seed, option_timeout, option_repeat, option_trace, option_rmi_log, option_report,
	option_kvm, option_kvm_compared, option_baseline, option_write_baseline,
	option_coverage_html, option_follow, option_exact, option_json, option_fail_fast,
	option_in_process, option_verbose, option_color, option_ascii, option_steps, option_faults,
	option_expectations, option_conditions, option_help, option_shard, option_merge_output;

/* option_words - values that a shell offers for an option, NULL terminated; NULL: none in particular. */
const char *const *option_words(const struct option_def *option);

void options_init(struct options *options);
void options_clear(struct options *options);
/* options_parse - false after printing what is wrong. argv[0] is the command's name. */
bool options_parse(const struct command *command, int argc, char **argv, struct options *options);
void command_help(const struct command *command, FILE *out);
/* usage_error - "rmesim: error: ..." on standard error. */
void usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* program_arguments - all arguments of this program, as main() got them. */
char **program_arguments(void);
void program_set_arguments(char **arguments);
/* program_name - how this program was called. */
const char *program_name(void);
void program_set_name(const char *name);
/* version_print - version, commit, ABIs and build. */
void version_print(FILE *out);
/* version_line - the same in a few words. g_free(). */
char *version_line(void);

/* color_wanted - whether `stream` gets colour. */
bool color_wanted(enum color_mode mode, FILE *stream);
/*
 * load_scenarios - load `paths`, or `scenarios` of the current directory when there are none. NULL after
 * printing all errors.
 */
struct scenario_set *load_scenarios(const GPtrArray *paths, enum color_mode color);
/* glob_match - `*` is any text, `?` any character; all else is itself. */
bool glob_match(const char *pattern, const char *text);
/* select_plans - the plans that the options choose, in order. */
GPtrArray *select_plans(const struct scenario_set *set, const struct options *options);
/* say_none_selected - the error where select_plans() found none. */
void say_none_selected(const struct scenario_set *set, const struct options *options);

/* shard_parse - "2/8"; false if it is none. */
bool shard_parse(const char *text, struct shard *shard);
/*
 * shard_from_environment - what Bazel or a Kubernetes Indexed Job say, if they say something; false after
 * printing what is wrong. Bazel's status file is touched.
 */
bool shard_from_environment(struct shard *shard);
/* shard_select - leaves every total-th plan, so that each shard has something of everything. */
void shard_select(struct shard shard, GPtrArray *plans);

/* A line on a terminal that says how far a run is. */
struct progress_line {
	bool wanted;
	size_t width; /* of what stands there now, in bytes; 0: nothing */
	size_t done, total, failed;
};
/* progress_wanted - whether standard error is a terminal that can erase a line. */
bool progress_wanted(void);
void progress_clear(struct progress_line *progress);
void progress_show(struct progress_line *progress, const char *name);

/* The KVM builds of a run, by page size. */
struct kvm_builds;
/*
 * kvm_builds_load - those that `plans` need; NULL after printing what is wrong. `compared`: a page size may have two.
 */
struct kvm_builds *kvm_builds_load(const GPtrArray *files, const GPtrArray *plans, bool compared);
void kvm_builds_unload(struct kvm_builds *builds);
/* kvm_builds_second - whether a page size has two builds, which are to be compared. */
bool kvm_builds_second(const struct kvm_builds *builds);
/* kvm_builds_other - as kvm_builds_module(), of the second ones. */
struct kvm_module *kvm_builds_other(void *ctx, uint32_t page_size, char **reason);
/* kvm_builds_module - as campaign_config.module; `ctx` is the struct kvm_builds. */
struct kvm_module *kvm_builds_module(void *ctx, uint32_t page_size, char **reason);
/* kvm_builds_text - "KVM kvm-4k.so (v10, gcc 12.2.0)", of the first or of the second ones. g_free(). */
char *kvm_builds_text(const struct kvm_builds *builds, bool second);
/* kvm_options - the `--kvm` options again, for a reproducer. g_free(). */
char *kvm_options(const struct options *options);
/* exit_code - of a campaign with these results. */
int exit_code(const struct report_summary *summary);

#endif
