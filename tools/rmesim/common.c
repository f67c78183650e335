/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm_fit.h"
#include "rmesim.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sim/kvm_note.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_PATH "scenarios"

static const char *name_of_program = "rmesim";
static char **arguments_of_program;

void program_set_arguments(char **arguments)
{
	arguments_of_program = arguments;
}

char **program_arguments(void)
{
	return arguments_of_program;
}

void program_set_name(const char *name)
{
	name_of_program = name;
}

const char *program_name(void)
{
	return name_of_program;
}

bool color_wanted(enum color_mode mode, FILE *stream)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (mode != COLOR_AUTO)
		return mode == COLOR_ALWAYS;
	return isatty(fileno(stream)) && !(no_color && *no_color) &&
	       !(term && !strcmp(term, "dumb"));
}

struct scenario_set *load_scenarios(const GPtrArray *paths, enum color_mode color)
{
	struct scenario_set *set = scenario_set_create();
	struct diagnostics *diagnostics = scenario_set_diagnostics(set);
	struct stat status;
	size_t errors;
	unsigned int i;

	if (!paths->len && stat(DEFAULT_PATH, &status)) {
		usage_error("no files given, and there is no %s/ here", DEFAULT_PATH);
		scenario_set_destroy(set);
		return NULL;
	}
	for (i = 0; i < paths->len; i++)
		scenario_set_add_path(set, paths->pdata[i]);
	if (!paths->len)
		scenario_set_add_path(set, DEFAULT_PATH);
	errors = diagnostics_count(diagnostics);
	if (!errors)
		return set;
	diagnostics_print(diagnostics, stderr, color_wanted(color, stderr));
	fprintf(stderr, "rmesim: %zu error%s\n", errors, errors == 1 ? "" : "s");
	scenario_set_destroy(set);
	return NULL;
}

bool glob_match(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			retry = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool any_match(const GPtrArray *patterns, const struct plan *plan)
{
	unsigned int i;

	for (i = 0; i < patterns->len; i++) {
		if (glob_match(patterns->pdata[i], plan->id) ||
		    glob_match(patterns->pdata[i], plan->name))
			return true;
	}
	return false;
}

static bool any_tag(const GPtrArray *tags, const struct plan *plan)
{
	unsigned int i;
	size_t j;

	for (i = 0; i < tags->len; i++) {
		for (j = 0; j < plan->num_tags; j++) {
			if (!strcmp(tags->pdata[i], plan->tags[j]))
				return true;
		}
	}
	return false;
}

/* Whether the options choose the plan, but for its level. */
static bool plan_matches(const struct plan *plan, const struct options *options)
{
	return !any_match(options->excludes, plan) &&
	       (!options->filters->len || any_match(options->filters, plan)) &&
	       (!options->tags->len || any_tag(options->tags, plan));
}

GPtrArray *select_plans(const struct scenario_set *set, const struct options *options)
{
	GPtrArray *plans = g_ptr_array_new();
	size_t i;

	for (i = 0; i < scenario_set_num_plans(set); i++) {
		const struct plan *plan = scenario_set_plan(set, i);

		if (plan->level <= options->level && plan_matches(plan, options))
			g_ptr_array_add(plans, (void *)(uintptr_t)plan);
	}
	return plans;
}

void say_none_selected(const struct scenario_set *set, const struct options *options)
{
	size_t num = scenario_set_num_plans(set), above = 0, i;
	enum plan_level lowest = PLAN_NUM_LEVELS;

	for (i = 0; i < num; i++) {
		const struct plan *plan = scenario_set_plan(set, i);

		if (!plan_matches(plan, options))
			continue;
		above++;
		lowest = MIN(lowest, plan->level);
	}
	if (above)
		usage_error("no scenario matches: %zu of %zu runs would, with --level %s", above,
			    num, plan_level_name(lowest));
	else
		usage_error("no scenario matches: none of %zu run%s; 'rmesim list' names them", num,
			    num == 1 ? "" : "s");
}

/* --- KVM builds -------------------------------------------------------------------------------------- */

#define LOADING_S 20u

static const uint32_t page_sizes[] = {4096, 16384, 65536};

struct kvm_builds {
	struct kvm_module *modules[G_N_ELEMENTS(page_sizes)];
	struct kvm_module *others[G_N_ELEMENTS(page_sizes)]; /* to compare them with */
	bool chosen;   /* by the user: others are not looked for */
	bool compared; /* two of a page size are welcome */
};

static int page_size_index(uint32_t page_size)
{
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(page_sizes); i++) {
		if (page_sizes[i] == page_size)
			return (int)i;
	}
	return -1;
}

static struct kvm_module *load_module(const char *path)
{
	struct kvm_module *module = NULL;
	char *error = NULL;
	int err = kvm_module_load(path, &module, &error);

	if (err) {
		usage_error("%s%s%s", error && strstr(error, path) ? "" : path,
			    error && strstr(error, path) ? "" : ": ",
			    error ? error : strerror(-err));
		module = NULL;
	}
	free(error);
	return module;
}

/*
 * Whether loading the file comes back: a process of its own tries it first. What a damaged file does to the dynamic
 * loader, or its maker's constructors to us, would otherwise end the program without a word.
 */
static bool survives_loading(const char *path)
{
	struct kvm_module *module;
	pid_t child = fork();
	int status = 0;

	if (child < 0) {
		usage_error("%s: no process can be started: %s", path, g_strerror(errno));
		return false;
	}
	if (!child) {
		int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

		/* The one that loads it next says what is wrong with it. */
		if (nothing >= 0) {
			dup2(nothing, STDOUT_FILENO);
			dup2(nothing, STDERR_FILENO);
		}
		signal(SIGALRM, SIG_DFL);
		alarm(LOADING_S);
		/* The texts that it is described by are its own. */
		if (!kvm_module_load(path, &module, NULL) &&
		    !(*kvm_module_build(module)->info.series &&
		      *kvm_module_build(module)->info.compiler))
			_exit(1);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return true;
	}
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		usage_error("%s: loading it does not end within %u s: it is damaged, or a "
			    "constructor in it does not come back",
			    path, LOADING_S);
	else
		usage_error("%s: loading it crashes%s%s: it is damaged, or a constructor in it is "
			    "wrong",
			    path, WIFSIGNALED(status) ? " with " : "",
			    WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "");
	return false;
}

static bool load_chosen(struct kvm_builds *builds, const char *path)
{
	struct kvm_module *module = survives_loading(path) ? load_module(path) : NULL;
	uint32_t page_size;
	int index;

	if (!module)
		return false;
	page_size = kvm_module_build(module)->info.page_size;
	index = page_size_index(page_size);
	if (index < 0 || builds->others[index] || (!builds->compared && builds->modules[index])) {
		usage_error(index < 0 ? "%s: pages of %u bytes are not supported"
			    : builds->compared
				    ? "%s: there are two builds with pages of %u bytes already"
				    : "%s: there is a build with pages of %u bytes already, and "
				      "only run compares two",
			    path, page_size);
		kvm_module_unload(module);
		return false;
	}
	if (builds->modules[index])
		builds->others[index] = module;
	else
		builds->modules[index] = module;
	return true;
}

struct kvm_builds *kvm_builds_load(const GPtrArray *files, const GPtrArray *plans, bool compared)
{
	struct kvm_builds *builds;
	bool good = true;
	unsigned int i;

	if (!kvm_fit(files, program_arguments()))
		return NULL;
	builds = g_new0(struct kvm_builds, 1);
	builds->chosen = files->len;
	builds->compared = compared;
	for (i = 0; i < files->len; i++) {
		if (!load_chosen(builds, files->pdata[i]))
			good = false;
	}
	for (i = 0; !files->len && i < plans->len; i++) {
		const struct plan *plan = plans->pdata[i];
		int index = page_size_index(plan->machine.page_size);
		char *path;

		if (plan->machine.no_kvm || builds->modules[index])
			continue;
		path = kvm_module_default_path(plan->machine.page_size);
		builds->modules[index] = path ? load_module(path) : NULL;
		free(path);
		if (!builds->modules[index]) {
			good = false;
			break;
		}
	}
	if (good)
		return builds;
	kvm_builds_unload(builds);
	return NULL;
}

void kvm_builds_unload(struct kvm_builds *builds)
{
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(page_sizes); i++) {
		if (builds->modules[i])
			kvm_module_unload(builds->modules[i]);
		if (builds->others[i])
			kvm_module_unload(builds->others[i]);
	}
	g_free(builds);
}

struct kvm_module *kvm_builds_module(void *ctx, uint32_t page_size, char **reason)
{
	const struct kvm_builds *builds = ctx;
	struct kvm_module *module = builds->modules[page_size_index(page_size)];

	if (!module)
		*reason = g_strdup_printf("no KVM build with pages of %uK was given",
					  page_size / 1024);
	return module;
}

bool kvm_builds_second(const struct kvm_builds *builds)
{
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(page_sizes); i++) {
		if (builds->others[i])
			return true;
	}
	return false;
}

struct kvm_module *kvm_builds_other(void *ctx, uint32_t page_size, char **reason)
{
	const struct kvm_builds *builds = ctx;
	struct kvm_module *module = builds->others[page_size_index(page_size)];

	if (!module)
		*reason = g_strdup_printf("there are no two KVM builds with pages of %uK",
					  page_size / 1024);
	return module;
}

/* ", yours: rme.c rme-exit.c": what the build has of its maker's. */
static void append_files(GString *text, const char *path)
{
	struct kvm_note note;
	char *value;
	size_t i;

	if (kvm_note_read(path, &note, NULL))
		return;
	for (i = 0; (value = kvm_note_value(&note, "file", i)); i++) {
		g_string_append_printf(text, "%s%.*s",
				       i ? " " : "; yours: ", (int)strcspn(value, "="), value);
		free(value);
	}
	if (i)
		g_string_append(text, "; ours: the rest");
	kvm_note_clear(&note);
}

char *kvm_builds_text(const struct kvm_builds *builds, bool second)
{
	struct kvm_module *const *modules = second ? builds->others : builds->modules;
	GString *text = g_string_new(NULL);
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(page_sizes); i++) {
		const struct kvm_build_info *info;
		char *name;

		if (!modules[i])
			continue;
		info = &kvm_module_build(modules[i])->info;
		name = builds->chosen ? g_strdup(kvm_module_path(modules[i]))
				      : g_path_get_basename(kvm_module_path(modules[i]));
		g_string_append_printf(text, "%s%s (%s, %s", text->len ? ", " : "KVM ", name,
				       info->series, info->compiler);
		append_files(text, kvm_module_path(modules[i]));
		g_string_append_c(text, ')');
		g_free(name);
	}
	if (!text->len)
		g_string_append(text, "no KVM");
	return g_string_free(text, FALSE);
}

char *kvm_options(const struct options *options)
{
	GString *text = g_string_new(NULL);
	unsigned int i;

	for (i = 0; i < options->kvm->len; i++) {
		char *quoted = g_shell_quote(options->kvm->pdata[i]);

		g_string_append_printf(text, " --kvm %s", quoted);
		g_free(quoted);
	}
	return g_string_free(text, FALSE);
}

int exit_code(const struct report_summary *summary)
{
	const size_t *counts = summary->counts;

	if (counts[RESULT_FAILED] || counts[RESULT_ERROR] || counts[RESULT_CRASHED])
		return EXIT_FAILED;
	if (counts[RESULT_INVALID])
		return EXIT_USAGE;
	if (counts[RESULT_TIMEOUT])
		return EXIT_TIMED_OUT;
	if (counts[RESULT_PASSED] || counts[RESULT_KNOWN])
		return EXIT_PASSED;
	return counts[RESULT_SKIPPED] ? EXIT_SKIPPED : EXIT_USAGE;
}
