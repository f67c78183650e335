/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kvm-build: makes a KVM build of somebody's own host sources. They are compiled as they are, together with
 * the rest of sim/kvm and sim/linux; nothing is written where they stand.
 */
#include "rmesim.h"

#include "kvm_manifest.h"
#include "kvm_missing.h"
#include "kvm_series.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sim/kvm_note.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIMIZE "-O2"

extern char **environ;

/* One run of the compiler. */
struct task {
	GPtrArray *arguments; /* NULL terminated */
	char *log;	      /* what it prints */
	pid_t pid;	      /* 0: does not run */
	int status;
};

struct build {
	const struct options *options;
	struct kvm_manifest *manifest;
	const char *compiler;
	bool clang;
	bool asan, ubsan;
	unsigned int page_shift;
	struct kvm_series series;
	GPtrArray *sources;  /* struct kvm_file: what is the user's, to be compiled */
	GPtrArray *headers;  /* struct kvm_file */
	GPtrArray *prefixes; /* headers that come before each of the user's sources */
	GPtrArray *includes; /* directories that come before ours */
	GPtrArray *ours;     /* directories of our headers */
	char *temporary;     /* directory of this build */
	char *coverage;	     /* directory of what gcov needs, NULL: none */
	char *output;
	GPtrArray *tasks, *objects;
	struct kvm_missing *missing;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	interrupted = number;
}

static void kvm_file_free(void *data)
{
	struct kvm_file *file = data;

	g_free(file->name);
	g_free(file->path);
	g_free(file);
}

static void add_file(GPtrArray *files, const char *name, const char *path)
{
	struct kvm_file *file = g_new0(struct kvm_file, 1);

	file->name = g_strdup(name);
	file->path = g_canonicalize_filename(path, NULL);
	g_ptr_array_add(files, file);
}

static bool is_file(const char *path)
{
	return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

/* --- whose files ------------------------------------------------------------------------------------- */

/*
 * The file that the user names, or the one of these two names in `directory`. NULL after printing why, or if
 * there is neither. g_free().
 */
static char *find_one(const char *directory, const char *first, const char *second, bool *both)
{
	char *a = g_build_filename(directory, first, NULL);
	char *b = g_build_filename(directory, second, NULL);

	*both = is_file(a) && is_file(b);
	if (is_file(a)) {
		g_free(b);
		return a;
	}
	g_free(a);
	if (is_file(b))
		return b;
	g_free(b);
	return NULL;
}

static bool find_source(struct build *build, const char *option, const char *given,
			const char *directory, const char *first, const char *second)
{
	bool both = false;
	char *path, *name;

	if (given) {
		if (!is_file(given)) {
			usage_error("kvm-build: --%s: no such file: %s", option, given);
			return false;
		}
		path = g_strdup(given);
	} else {
		path = directory ? find_one(directory, first, second, &both) : NULL;
	}
	if (!path || both) {
		usage_error(both ? "kvm-build: %s has both %s and %s: choose one with --%s"
				 : "kvm-build: %s has neither %s nor %s: give it with --%s",
			    directory ? directory : "no directory", first, second, option);
		g_free(path);
		return false;
	}
	name = g_path_get_basename(path);
	add_file(build->sources, name, path);
	g_free(name);
	g_free(path);
	return true;
}

/* Directories that a header can be in: those that were given, then the tree's. */
static char *find_header(const struct build *build, const char *first, const char *second,
			 const char **name)
{
	const struct build_options *options = &build->options->build;
	GPtrArray *directories = g_ptr_array_new_with_free_func(g_free);
	char *found = NULL;
	unsigned int i;

	for (i = 0; i < options->includes->len; i++)
		g_ptr_array_add(directories, g_strdup(options->includes->pdata[i]));
	if (options->tree)
		g_ptr_array_add(directories,
				g_build_filename(options->tree, "arch/arm64/include", NULL));
	for (i = 0; i < directories->len && !found; i++) {
		bool both;

		found = find_one(directories->pdata[i], first, second ? second : first, &both);
	}
	if (found)
		*name = g_str_has_suffix(found, first) ? first : second;
	g_ptr_array_unref(directories);
	return found;
}

static bool find_headers(struct build *build)
{
	static const char *const names[][2] = {{"asm/kvm_rme.h", "asm/kvm_rmi.h"},
					       {"asm/rmi_cmds.h", NULL},
					       {"asm/rmi_smc.h", NULL}};
	bool good = true;
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *name = names[i][0];
		char *path = find_header(build, names[i][0], names[i][1], &name);

		if (path) {
			add_file(build->headers, name, path);
		} else {
			usage_error("kvm-build: %s%s%s is in none of the directories: give the one "
				    "that it is in with --include",
				    names[i][0], names[i][1] ? " or " : "",
				    names[i][1] ? names[i][1] : "");
			good = false;
		}
		g_free(path);
	}
	return good;
}

/* A kernel's own include directory: its other headers would take the place of ours. */
static bool is_kernel_include(const char *directory)
{
	static const char *const names[] = {"asm/kvm_host.h", "linux/kvm_host.h"};
	bool found = false;
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		char *path = g_build_filename(directory, names[i], NULL);

		found |= is_file(path);
		g_free(path);
	}
	return found;
}

static bool take_includes(struct build *build)
{
	const GPtrArray *includes = build->options->build.includes;
	bool good = true;
	unsigned int i;

	for (i = 0; i < includes->len; i++) {
		const char *directory = includes->pdata[i];

		if (!g_file_test(directory, G_FILE_TEST_IS_DIR)) {
			usage_error("kvm-build: --include: no such directory: %s", directory);
			good = false;
		} else if (!is_kernel_include(directory)) {
			g_ptr_array_add(build->includes, g_canonicalize_filename(directory, NULL));
		}
	}
	return good;
}

/* --add [NAME.h=]FILE */
static bool take_additions(struct build *build)
{
	const GPtrArray *adds = build->options->build.adds;
	bool good = true;
	unsigned int i;

	for (i = 0; i < adds->len; i++) {
		const char *text = adds->pdata[i], *equals = strchr(text, '='), *path = text;
		char *name = NULL;

		if (equals && equals - text > 2 && !strncmp(equals - 2, ".h", 2)) {
			name = g_strndup(text, (size_t)(equals - text));
			path = equals + 1;
		}
		if (!is_file(path)) {
			usage_error("kvm-build: --add: no such file: %s", path);
			good = false;
		} else if (name && (g_path_is_absolute(name) || strstr(name, ".."))) {
			usage_error("kvm-build: --add: expected a name as in #include <NAME>, "
				    "found '%s'",
				    name);
			good = false;
		} else if (name) {
			add_file(build->headers, name, path);
		} else if (g_str_has_suffix(path, ".c")) {
			name = g_path_get_basename(path);
			add_file(build->sources, name, path);
		} else if (g_str_has_suffix(path, ".h")) {
			name = g_path_get_basename(path);
			add_file(build->prefixes, name, path);
		} else {
			usage_error(
				"kvm-build: --add: expected FILE.c, FILE.h or NAME.h=FILE, found "
				"'%s'",
				text);
			good = false;
		}
		g_free(name);
	}
	return good;
}

/* Headers of the user's UAPI, which take the place of ours. */
static bool take_uapi(struct build *build)
{
	const char *directory = build->options->build.uapi;
	static const char *const names[] = {"linux/kvm.h", "asm/kvm.h"};
	unsigned int i;

	for (i = 0; directory && i < G_N_ELEMENTS(names); i++) {
		char *path = g_build_filename(directory, names[i], NULL);
		char *name = i ? g_strdup(names[i]) : g_strdup_printf("uapi/%s", names[i]);

		if (is_file(path)) {
			add_file(build->headers, name, path);
		} else if (!i) {
			usage_error("kvm-build: --uapi: %s has no %s", directory, names[i]);
			g_free(path);
			g_free(name);
			return false;
		}
		g_free(path);
		g_free(name);
	}
	return true;
}

/* Paths go into #include lines and into the note, which have no way to quote these. */
static bool check_paths(const GPtrArray *files)
{
	unsigned int i;

	for (i = 0; i < files->len; i++) {
		const struct kvm_file *file = files->pdata[i];
		const char *at;

		if (!g_utf8_validate(file->path, -1, NULL)) {
			char *shown = g_utf8_make_valid(file->path, -1);

			usage_error("kvm-build: a path that is not UTF-8 cannot be used: %s",
				    shown);
			g_free(shown);
			return false;
		}
		for (at = file->path; *at; at++) {
			if (*at == '"' || *at == '\\' || (unsigned char)*at < 0x20 || *at == 0x7f) {
				usage_error(
					"kvm-build: a path with a quote, a backslash or a control "
					"character cannot be used: %s",
					file->path);
				return false;
			}
		}
	}
	return true;
}

static bool find_files(struct build *build)
{
	const struct build_options *options = &build->options->build;
	char *directory = NULL;
	bool good;

	if (!options->tree && !options->rme) {
		usage_error("kvm-build: expected --tree DIR, or --rme FILE with --include DIR");
		return false;
	}
	if (options->tree && !g_file_test(options->tree, G_FILE_TEST_IS_DIR)) {
		usage_error("kvm-build: --tree: no such directory: %s", options->tree);
		return false;
	}
	if (options->tree)
		directory = g_build_filename(options->tree, "arch/arm64/kvm", NULL);
	good = find_source(build, "rme", options->rme, directory, "rme.c", "rmi.c");
	if (options->rme) {
		g_free(directory);
		directory = g_path_get_dirname(options->rme);
	}
	good &= find_source(build, "rme-exit", options->rme_exit, directory, "rme-exit.c",
			    "rmi-exit.c");
	g_free(directory);
	good &= take_includes(build);
	good &= find_headers(build);
	good &= take_uapi(build);
	good &= take_additions(build);
	return good && check_paths(build->sources) && check_paths(build->headers) &&
	       check_paths(build->prefixes);
}

/* --- which series ------------------------------------------------------------------------------------ */

static bool choose_series(struct build *build)
{
	const struct build_options *options = &build->options->build;
	GPtrArray *files = g_ptr_array_new();
	const char *refusal;
	unsigned int i;
	bool good;

	for (i = 0; i < build->sources->len; i++)
		g_ptr_array_add(files, build->sources->pdata[i]);
	for (i = 0; i < build->headers->len; i++) {
		if (g_str_has_prefix(((struct kvm_file *)build->headers->pdata[i])->name, "asm/"))
			g_ptr_array_add(files, build->headers->pdata[i]);
	}
	good = kvm_series_detect(files, &build->series);
	g_ptr_array_unref(files);
	if (!good)
		return false;
	if (options->series) {
		build->series.number = options->series;
		build->series.sure = true;
		return true;
	}
	if (!build->series.number) {
		usage_error(
			"kvm-build: %s: choose it with --series",
			build->series.evidence->len
				? "these names belong to different postings of the series"
				: "nothing in the sources tells which posting of the series they "
				  "are from");
		fputs(build->series.evidence->str, stderr);
		return false;
	}
	refusal = kvm_series_refusal(build->series.number);
	if (refusal) {
		usage_error("kvm-build: these sources are from v%u%s of the series, which %s; "
			    "supported are v5 to v10 and v12",
			    build->series.number, build->series.number >= 13 ? " or later" : "",
			    refusal);
		fputs(build->series.evidence->str, stderr);
		return false;
	}
	return true;
}

/* --- running the compiler ---------------------------------------------------------------------------- */

static GPtrArray *arguments_create(const struct build *build)
{
	GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(arguments, g_strdup(build->compiler));
	return arguments;
}

static void add_argument(GPtrArray *arguments, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void add_argument(GPtrArray *arguments, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(arguments, g_strdup_vprintf(format, args));
	va_end(args);
}

static struct task *add_task(struct build *build, GPtrArray *arguments)
{
	struct task *task = g_new0(struct task, 1);

	g_ptr_array_add(arguments, NULL);
	task->arguments = arguments;
	task->log = g_strdup_printf("%s/log-%u", build->temporary, build->tasks->len);
	g_ptr_array_add(build->tasks, task);
	return task;
}

static void task_free(void *data)
{
	struct task *task = data;

	g_ptr_array_unref(task->arguments);
	g_free(task->log);
	g_free(task);
}

/* The environment of the compiler: its messages are read, so they are in English. */
static char **compiler_environment(void)
{
	char **variables = g_strdupv(environ);

	variables = g_environ_setenv(variables, "LC_ALL", "C", TRUE);
	variables = g_environ_unsetenv(variables, "GCC_COLORS");
	return variables;
}

static int task_start(struct task *task, char **variables)
{
	posix_spawn_file_actions_t actions;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return err;
	err = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
	if (!err)
		err = posix_spawn_file_actions_addopen(&actions, 1, task->log,
						       O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, 1, 2);
	if (!err)
		err = posix_spawnp(&task->pid, task->arguments->pdata[0], &actions, NULL,
				   (char **)task->arguments->pdata, variables);
	if (err)
		task->pid = 0;
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

/* Waits for one of tasks[first..end) to end. */
static void wait_any(GPtrArray *tasks, unsigned int first, unsigned int end)
{
	int status = 0;
	pid_t pid = waitpid(-1, &status, 0);
	unsigned int i;

	for (i = first; i < end; i++) {
		struct task *task = tasks->pdata[i];

		if (pid > 0 && task->pid == pid) {
			task->pid = 0;
			task->status = status;
		}
		if (pid < 0 && interrupted && task->pid)
			kill(task->pid, SIGTERM);
	}
}

static unsigned int count_running(const GPtrArray *tasks, unsigned int first, unsigned int end)
{
	unsigned int count = 0, i;

	for (i = first; i < end; i++)
		count += ((struct task *)tasks->pdata[i])->pid != 0;
	return count;
}

static void print_command(const struct task *task)
{
	char *line = g_strjoinv(" ", (char **)task->arguments->pdata);

	fprintf(stderr, "%s\n", line);
	g_free(line);
}

/* Runs the tasks from `first` on, as many at once as there are processors. */
static bool run_tasks(struct build *build, unsigned int first)
{
	char **variables = compiler_environment();
	unsigned int jobs = MAX(1, g_get_num_processors()), i;
	bool good = true;

	for (i = first; i < build->tasks->len && good && !interrupted; i++) {
		struct task *task = build->tasks->pdata[i];
		int err;

		while (count_running(build->tasks, first, i) >= jobs)
			wait_any(build->tasks, first, i);
		if (build->options->verbose)
			print_command(task);
		err = task_start(task, variables);
		if (err) {
			usage_error("kvm-build: %s cannot be run: %s", build->compiler,
				    g_strerror(err));
			good = false;
		}
	}
	while (count_running(build->tasks, first, build->tasks->len))
		wait_any(build->tasks, first, build->tasks->len);
	g_strfreev(variables);
	return good && !interrupted;
}

/* What the tasks from `first` on said. False if one of them failed. */
static bool read_logs(struct build *build, unsigned int first)
{
	bool good = true;
	unsigned int i;

	for (i = first; i < build->tasks->len; i++) {
		struct task *task = build->tasks->pdata[i];
		char *text = NULL;

		if (!g_file_get_contents(task->log, &text, NULL, NULL))
			text = g_strdup("");
		kvm_missing_read(build->missing, text);
		good &= !task->status;
		if (build->options->verbose)
			fputs(text, stderr);
		g_free(text);
	}
	return good;
}

/* Prints why a build failed, in the words that help. */
static void report_failure(const struct build *build, const char *doing)
{
	size_t others, names = kvm_missing_count(build->missing, &others);
	unsigned int i;

	if (interrupted) {
		usage_error("kvm-build: interrupted");
		return;
	}
	if (names)
		usage_error("kvm-build: %zu name%s that the sources use %s missing%s", names,
			    names == 1 ? "" : "s", names == 1 ? "is" : "are",
			    others ? ", and there are other errors" : "");
	else
		usage_error("kvm-build: %s failed", doing);
	kvm_missing_print(build->missing, build->ours, stderr);
	if (names || others)
		return;
	/* Nothing that is understood: then all that was said. */
	for (i = 0; i < build->tasks->len; i++) {
		const struct task *task = build->tasks->pdata[i];
		char *text = NULL;

		if (task->status && g_file_get_contents(task->log, &text, NULL, NULL))
			fputs(text, stderr);
		g_free(text);
	}
}

/* --- what is compiled -------------------------------------------------------------------------------- */

static bool probe_compiler(struct build *build)
{
	GPtrArray *arguments = arguments_create(build);
	struct task *task;
	char *text = NULL;

	add_argument(arguments, "-dM");
	add_argument(arguments, "-E");
	add_argument(arguments, "-x");
	add_argument(arguments, "c");
	add_argument(arguments, "/dev/null");
	task = add_task(build, arguments);
	if (!run_tasks(build, build->tasks->len - 1))
		return false;
	if (task->status || !g_file_get_contents(task->log, &text, NULL, NULL) ||
	    !strstr(text, "#define __GNUC__ ")) {
		usage_error("kvm-build: %s is not gcc or clang", build->compiler);
		g_free(text);
		return false;
	}
	build->clang = strstr(text, "#define __clang__ ") != NULL;
	g_free(text);
	if (build->ubsan && !build->asan && build->clang) {
		usage_error("kvm-build: --sanitize undefined: clang's runtime for it comes with "
			    "address: give address,undefined");
		return false;
	}
	return true;
}

static bool write_file(const char *path, const char *text)
{
	char *directory = g_path_get_dirname(path);
	GError *error = NULL;
	bool good = !g_mkdir_with_parents(directory, 0700);

	if (!good)
		usage_error("kvm-build: %s: %s", directory, g_strerror(errno));
	else
		good = g_file_set_contents(path, text, -1, &error);
	if (error) {
		usage_error("kvm-build: %s", error->message);
		g_error_free(error);
	}
	g_free(directory);
	return good;
}

/*
 * Each header of the user's is reached through a file of its name that includes it: so no other header of its
 * directory takes the place of ours, and messages still name the user's file.
 */
static bool write_wrappers(const struct build *build)
{
	bool good = true;
	unsigned int i;

	for (i = 0; i < build->headers->len && good; i++) {
		const struct kvm_file *file = build->headers->pdata[i];
		char *path = g_build_filename(build->temporary, "include", file->name, NULL);
		char *text = g_strdup_printf("#include \"%s\"\n", file->path);

		good = write_file(path, text);
		g_free(text);
		g_free(path);
	}
	return good;
}

static void note_line(GString *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note_line(GString *text, const char *format, ...)
{
	va_list args;
	char *line, *quoted;

	va_start(args, format);
	line = g_strdup_vprintf(format, args);
	va_end(args);
	quoted = g_strescape(line, NULL);
	g_string_append_printf(text, "\t\"%s\\n\" \\\n", quoted);
	g_free(quoted);
	g_free(line);
}

static void note_files(GString *text, const GPtrArray *files)
{
	unsigned int i;

	for (i = 0; i < files->len; i++) {
		const struct kvm_file *file = files->pdata[i];

		note_line(text, "file=%s=%s", file->name, file->path);
	}
}

static bool write_note(const struct build *build)
{
	const struct build_options *options = &build->options->build;
	GString *text = g_string_new("#define KVM_BUILD_FILES \\\n");
	char *path = g_build_filename(build->temporary, "note.h", NULL);
	bool good;

	note_line(text, "root=%s/", build->manifest->root);
	if (options->tree) {
		char *tree = g_canonicalize_filename(options->tree, NULL);

		note_line(text, "tree=%s", tree);
		g_free(tree);
	}
	if (build->coverage)
		note_line(text, "coverage=%s", build->coverage);
	note_files(text, build->sources);
	note_files(text, build->headers);
	note_files(text, build->prefixes);
	g_string_append(text, "\t\"\"\n");
	good = write_file(path, text->str);
	g_string_free(text, TRUE);
	g_free(path);
	return good;
}

static void add_compile(struct build *build, const char *source, bool theirs)
{
	const struct build_options *options = &build->options->build;
	const struct kvm_manifest *manifest = build->manifest;
	GPtrArray *arguments = arguments_create(build);
	char *base = g_path_get_basename(source), *object;
	unsigned int i;

	base[strlen(base) - 2] = '\0';
	if (theirs && build->coverage)
		object = g_strdup_printf("%s/%s.o", build->coverage, base);
	else
		object = g_strdup_printf("%s/%u-%s.o", build->temporary, build->objects->len, base);
	g_free(base);
	add_argument(arguments, "-std=gnu11");
	add_argument(arguments, OPTIMIZE);
	add_argument(arguments, "-fno-omit-frame-pointer");
	for (i = 0; i < manifest->compile->len; i++)
		add_argument(arguments, "%s", (const char *)manifest->compile->pdata[i]);
	add_argument(arguments, "-D_GNU_SOURCE");
	add_argument(arguments, "-DCONFIG_ARM64_PAGE_SHIFT=%u", build->page_shift);
	add_argument(arguments, "-DCONFIG_KVM_RME_SERIES=%u", build->series.number);
	add_argument(arguments, "-DKVM_BUILD_FILES_HEADER=\"%s/note.h\"", build->temporary);
	if (build->asan || build->ubsan) {
		add_argument(arguments, "-fsanitize=%s%s%s", build->asan ? "address" : "",
			     build->asan && build->ubsan ? "," : "",
			     build->ubsan ? "undefined" : "");
		add_argument(arguments, "-fno-sanitize-recover=all");
	}
	if (build->ubsan)
		add_argument(arguments, "-DKVM_BUILD_WITH_UBSAN");
	add_argument(arguments, "-Werror=implicit-function-declaration");
	add_argument(arguments, "-Werror=implicit-int");
	add_argument(arguments, "-fmacro-prefix-map=%s/=", manifest->root);
	add_argument(arguments, "-fdiagnostics-color=never");
	if (theirs && build->options->build.any_page_size) {
		char *directory =
			g_path_get_dirname(((struct kvm_file *)build->sources->pdata[0])->path);

		/* Where a copy's own #include "..." are. */
		add_argument(arguments, "-iquote");
		add_argument(arguments, "%s", directory);
		g_free(directory);
	}
	add_argument(arguments, "-I%s/include", build->temporary);
	for (i = 0; i < build->includes->len; i++)
		add_argument(arguments, "-I%s", (const char *)build->includes->pdata[i]);
	for (i = 0; i < build->ours->len; i++)
		add_argument(arguments, "-I%s", (const char *)build->ours->pdata[i]);
	for (i = 0; theirs && i < build->prefixes->len; i++) {
		add_argument(arguments, "-include");
		add_argument(arguments, "%s", ((struct kvm_file *)build->prefixes->pdata[i])->path);
	}
	if (theirs)
		add_argument(arguments, "-fsanitize-coverage=trace-pc");
	/* A kernel's own code is compiled so, and may rely on it. */
	if (theirs) {
		add_argument(arguments, "-fno-strict-overflow");
		add_argument(arguments, "-fno-delete-null-pointer-checks");
	}
	/* Before version 18 it takes a declaration behind a case label, which v9 has, only so. */
	if (theirs && build->clang)
		add_argument(arguments, "-fms-extensions");
	if (theirs && build->coverage)
		add_argument(arguments, "--coverage");
	for (i = 0; i < options->cflags->len; i++)
		add_argument(arguments, "%s", (const char *)options->cflags->pdata[i]);
	add_argument(arguments, "-c");
	add_argument(arguments, "%s", source);
	add_argument(arguments, "-o");
	add_argument(arguments, "%s", object);
	g_ptr_array_add(build->objects, object);
	add_task(build, arguments);
}

/* Our sources, those of a directory as one: that takes a third of the time. */
static bool add_ours(struct build *build)
{
	const GPtrArray *sources = build->manifest->sources;
	GHashTable *texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GPtrArray *names = g_ptr_array_new();
	bool good = true;
	unsigned int i;

	for (i = 0; i < sources->len; i++) {
		char *directory = g_path_get_dirname(sources->pdata[i]);
		GString *text;

		g_strdelimit(directory, "/", '-');
		text = g_hash_table_lookup(texts, directory);
		if (!text) {
			text = g_string_new(NULL);
			g_hash_table_insert(texts, directory, text);
			g_ptr_array_add(names, directory);
		} else {
			g_free(directory);
		}
		g_string_append_printf(text, "#include \"%s/%s\"\n", build->manifest->root,
				       (const char *)sources->pdata[i]);
	}
	for (i = 0; i < names->len; i++) {
		GString *text = g_hash_table_lookup(texts, names->pdata[i]);
		char *path =
			g_strdup_printf("%s/%s.c", build->temporary, (const char *)names->pdata[i]);

		good = good && write_file(path, text->str);
		if (good)
			add_compile(build, path, false);
		g_string_free(text, TRUE);
		g_free(path);
	}
	g_ptr_array_unref(names);
	g_hash_table_unref(texts);
	return good;
}

/*
 * A copy of rme.c that does not refuse pages of another size than 4K: its own check is always false. Messages and
 * stacks still name the file itself. NULL after printing why not; g_free().
 */
static char *without_page_check(struct build *build, const char *source)
{
	char *text = NULL, *free_text = NULL, *whole = NULL, *path = NULL;
	char *name = g_path_get_basename(source);
	GError *error = NULL;
	GRegex *check = g_regex_new("\\bPAGE_SIZE\\s*!=\\s*SZ_4K\\b", 0, 0, NULL);

	if (!g_file_get_contents(source, &text, NULL, &error)) {
		usage_error("kvm-build: %s", error->message);
		g_error_free(error);
	} else if (!g_regex_match(check, text, 0, NULL)) {
		usage_error("kvm-build: --any-page-size: there is no PAGE_SIZE != SZ_4K in %s",
			    source);
	} else {
		free_text = g_regex_replace_literal(check, text, -1, 0, "0 /* any */", 0, NULL);
		whole = g_strdup_printf("#line 1 \"%s\"\n%s", source, free_text);
		path = g_build_filename(build->temporary, name, NULL);
		if (!write_file(path, whole)) {
			g_free(path);
			path = NULL;
		}
	}
	g_regex_unref(check);
	g_free(whole);
	g_free(free_text);
	g_free(text);
	g_free(name);
	return path;
}

static bool compile(struct build *build)
{
	unsigned int first = build->tasks->len, i;

	/* What is most likely to fail comes first, and alone. */
	for (i = 0; i < build->sources->len; i++) {
		const char *source = ((struct kvm_file *)build->sources->pdata[i])->path;
		char *copy = NULL;

		/* The first one is rme.c. */
		if (!i && build->options->build.any_page_size) {
			copy = without_page_check(build, source);
			if (!copy)
				return false;
		}
		add_compile(build, copy ? copy : source, true);
		g_free(copy);
	}
	if (!run_tasks(build, first) || !read_logs(build, first)) {
		report_failure(build, "compiling");
		return false;
	}
	first = build->tasks->len;
	if (!add_ours(build))
		return false;
	if (run_tasks(build, first) && read_logs(build, first))
		return true;
	report_failure(build, "compiling");
	return false;
}

static bool link_objects(struct build *build, const char *output)
{
	const struct kvm_manifest *manifest = build->manifest;
	GPtrArray *arguments = arguments_create(build);
	unsigned int first = build->tasks->len, i;

	add_argument(arguments, "-shared");
	for (i = 0; i < build->objects->len; i++)
		add_argument(arguments, "%s", (const char *)build->objects->pdata[i]);
	for (i = 0; i < manifest->link->len; i++)
		add_argument(arguments, "%s", (const char *)manifest->link->pdata[i]);
	add_argument(arguments, "-Wl,--version-script=%s/%s", manifest->root, manifest->exports);
	/* What a sanitizer's runtime has comes with the program: so these are warnings, and are read. */
	add_argument(arguments, "-Wl,-z,defs,--warn-unresolved-symbols");
	if (build->asan || build->ubsan)
		add_argument(arguments, "-fsanitize=%s%s%s", build->asan ? "address" : "",
			     build->asan && build->ubsan ? "," : "",
			     build->ubsan ? "undefined" : "");
	if (build->coverage) {
		add_argument(arguments, "--coverage");
		/* Only what is asked for is taken from the runtime, and the port's flush asks softly. */
		add_argument(arguments, "-Wl,-u,__gcov_dump,-u,__gcov_reset");
	}
	add_argument(arguments, "-o");
	add_argument(arguments, "%s", output);
	add_task(build, arguments);
	if (run_tasks(build, first) && read_logs(build, first) &&
	    !kvm_missing_count(build->missing, NULL))
		return true;
	report_failure(build, "linking");
	return false;
}

/* --- the command ------------------------------------------------------------------------------------- */

static void remove_tree(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		char *entry = g_build_filename(path, name, NULL);

		if (g_file_test(entry, G_FILE_TEST_IS_DIR) &&
		    !g_file_test(entry, G_FILE_TEST_IS_SYMLINK))
			remove_tree(entry);
		else
			g_unlink(entry);
		g_free(entry);
	}
	if (dir)
		g_dir_close(dir);
	g_rmdir(path);
}

static bool parse_sanitizers(struct build *build)
{
	const char *text = build->options->build.sanitize;
	char **names = g_strsplit(text ? text : "", ",", -1);
	bool good = true;
	unsigned int i;

	for (i = 0; names[i]; i++) {
		if (!strcmp(names[i], "address")) {
			build->asan = true;
		} else if (!strcmp(names[i], "undefined")) {
			build->ubsan = true;
		} else {
			usage_error(
				"kvm-build: --sanitize: expected address, undefined, or both with "
				"a comma, found '%s'",
				text);
			good = false;
			break;
		}
	}
	g_strfreev(names);
	return good;
}

static bool check_output(const struct build *build)
{
	const GPtrArray *const lists[] = {build->sources, build->headers, build->prefixes};
	GStatBuf there;
	unsigned int i, j;

	/* What is made takes the place of what is there, which must not be a device or somebody's pipe. */
	if (!g_stat(build->output, &there) && !S_ISREG(there.st_mode)) {
		usage_error("kvm-build: --output: %s is %s", build->output,
			    S_ISDIR(there.st_mode) ? "a directory" : "not a regular file");
		return false;
	}
	for (i = 0; i < G_N_ELEMENTS(lists); i++) {
		for (j = 0; j < lists[i]->len; j++) {
			const struct kvm_file *file = lists[i]->pdata[j];

			if (!strcmp(file->path, build->output)) {
				usage_error("kvm-build: --output: %s is one of the sources",
					    build->output);
				return false;
			}
		}
	}
	return true;
}

static bool prepare_directories(struct build *build)
{
	GError *error = NULL;

	build->temporary = g_dir_make_tmp("rmesim-kvm-build-XXXXXX", &error);
	if (!build->temporary) {
		usage_error("kvm-build: %s", error->message);
		g_error_free(error);
	}
	return build->temporary != NULL;
}

/* The counters of a build are read beside its notes, which the compiler writes beside its objects. */
static bool prepare_coverage(struct build *build)
{
	if (!build->options->build.coverage)
		return true;
	build->coverage = g_strdup_printf("%s.coverage", build->output);
	remove_tree(build->coverage);
	if (!g_mkdir(build->coverage, 0777))
		return true;
	usage_error("kvm-build: %s: %s", build->coverage, g_strerror(errno));
	return false;
}

static void describe(const struct build *build)
{
	const bool dry = build->options->build.dry_run;
	unsigned int i;

	printf("%s%sv%u, pages of %uK, %s by %s%s%s%s\n", dry ? "" : build->options->build.output,
	       dry ? "" : ": ", build->series.number, 1u << (build->page_shift - 10),
	       dry ? "to be made" : "made", build->compiler, build->asan ? ", address" : "",
	       build->ubsan ? ", undefined" : "", build->coverage ? ", coverage" : "");
	for (i = 0; i < build->sources->len; i++)
		printf("  yours: %s\n", ((struct kvm_file *)build->sources->pdata[i])->path);
	for (i = 0; i < build->headers->len; i++)
		printf("  yours: %s\n", ((struct kvm_file *)build->headers->pdata[i])->path);
	for (i = 0; i < build->prefixes->len; i++)
		printf("  yours: %s\n", ((struct kvm_file *)build->prefixes->pdata[i])->path);
	printf("  ours:  the rest, from %s\n", build->manifest->root);
	if (!build->series.sure)
		printf("the sources could be from several postings of the series; v%u is taken, "
		       "--series chooses another\n",
		       build->series.number);
	if (dry || build->options->verbose)
		printf("names that told the series:\n%s", build->series.evidence->str);
}

static bool build_run(struct build *build)
{
	char *aside = NULL, *error = NULL;
	struct kvm_note note = {0};
	bool good = false;
	int fd, err;

	if (!find_files(build) || (build->output && !check_output(build)) || !choose_series(build))
		return false;
	build->manifest = kvm_manifest_load();
	if (!build->manifest)
		return false;
	if (build->options->build.dry_run) {
		describe(build);
		return true;
	}
	if (!prepare_directories(build))
		return false;
	for (unsigned int i = 0; i < build->manifest->includes->len; i++)
		g_ptr_array_add(build->ours,
				g_build_filename(build->manifest->root,
						 build->manifest->includes->pdata[i], NULL));
	if (!probe_compiler(build) || !prepare_coverage(build) || !write_wrappers(build) ||
	    !write_note(build))
		return false;
	aside = g_strdup_printf("%s.XXXXXX", build->output);
	fd = g_mkstemp_full(aside, O_RDWR | O_CLOEXEC, 0777);
	if (fd < 0) {
		usage_error("kvm-build: %s cannot be written: %s", build->output,
			    g_strerror(errno));
		g_free(aside);
		return false;
	}
	close(fd);
	if (compile(build) && link_objects(build, aside)) {
		err = kvm_note_read(aside, &note, &error);
		if (err)
			usage_error("kvm-build: what was made is no KVM build: %s", error);
		else if (g_rename(aside, build->output))
			usage_error("kvm-build: %s cannot be written: %s", build->output,
				    g_strerror(errno));
		else
			good = true;
	}
	if (good)
		describe(build);
	else
		g_unlink(aside);
	free(error);
	kvm_note_clear(&note);
	g_free(aside);
	return good;
}

static int run(const struct command *command, struct options *options)
{
	struct build build = {.options = options, .compiler = options->build.cc};
	struct sigaction action = {.sa_handler = on_interrupt};
	bool good = false;

	(void)command;
	if (options->paths->len) {
		usage_error("kvm-build: takes no arguments but options, found '%s'",
			    (const char *)options->paths->pdata[0]);
		return EXIT_USAGE;
	}
	if (!options->build.output && !options->build.dry_run) {
		usage_error("kvm-build: --output is needed: the file to make, mine.so for example");
		return EXIT_USAGE;
	}
	build.page_shift = options->build.page_shift;
	if (options->build.output)
		build.output = g_canonicalize_filename(options->build.output, NULL);
	build.sources = g_ptr_array_new_with_free_func(kvm_file_free);
	build.headers = g_ptr_array_new_with_free_func(kvm_file_free);
	build.prefixes = g_ptr_array_new_with_free_func(kvm_file_free);
	build.includes = g_ptr_array_new_with_free_func(g_free);
	build.ours = g_ptr_array_new_with_free_func(g_free);
	build.tasks = g_ptr_array_new_with_free_func(task_free);
	build.objects = g_ptr_array_new_with_free_func(g_free);
	build.missing = kvm_missing_create();
	/* The temporary directory goes, whoever ends this. */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	if (parse_sanitizers(&build))
		good = build_run(&build);
	if (!good && build.coverage)
		remove_tree(build.coverage);
	if (build.temporary)
		remove_tree(build.temporary);
	if (build.manifest)
		kvm_manifest_free(build.manifest);
	kvm_series_clear(&build.series);
	kvm_missing_destroy(build.missing);
	g_ptr_array_unref(build.sources);
	g_ptr_array_unref(build.headers);
	g_ptr_array_unref(build.prefixes);
	g_ptr_array_unref(build.includes);
	g_ptr_array_unref(build.ours);
	g_ptr_array_unref(build.tasks);
	g_ptr_array_unref(build.objects);
	g_free(build.temporary);
	g_free(build.coverage);
	g_free(build.output);
	if (interrupted)
		return 128 + interrupted;
	return good ? EXIT_PASSED : EXIT_USAGE;
}

/* --- options ----------------------------------------------------------------------------------------- */

static bool set_tree(struct options *options, const char *value)
{
	options->build.tree = value;
	return true;
}

static bool set_rme(struct options *options, const char *value)
{
	options->build.rme = value;
	return true;
}

static bool set_rme_exit(struct options *options, const char *value)
{
	options->build.rme_exit = value;
	return true;
}

static bool set_include(struct options *options, const char *value)
{
	g_ptr_array_add(options->build.includes, g_strdup(value));
	return true;
}

static bool set_add(struct options *options, const char *value)
{
	g_ptr_array_add(options->build.adds, g_strdup(value));
	return true;
}

static bool set_uapi(struct options *options, const char *value)
{
	options->build.uapi = value;
	return true;
}

static bool set_output(struct options *options, const char *value)
{
	options->build.output = value;
	return true;
}

static bool set_page_size(struct options *options, const char *value)
{
	static const struct {
		const char *text;
		unsigned int shift;
	} sizes[] = {{"4K", 12}, {"16K", 14}, {"64K", 16}};
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(sizes); i++) {
		if (!g_ascii_strcasecmp(sizes[i].text, value)) {
			options->build.page_shift = sizes[i].shift;
			return true;
		}
	}
	usage_error("--page-size: expected 4K, 16K or 64K, found '%s'", value);
	return false;
}

static bool set_series(struct options *options, const char *value)
{
	const char *digits = value + (*value == 'v');
	unsigned int number = 0;

	if (*digits && strspn(digits, "0123456789") == strlen(digits) && strlen(digits) < 4)
		number = (unsigned int)strtoul(digits, NULL, 10);
	if (kvm_series_supported(number)) {
		options->build.series = number;
		return true;
	}
	if (number >= 13)
		usage_error("--series: v%u %s; expected v5 to v10 or v12", number,
			    kvm_series_refusal(number));
	else
		usage_error("--series: expected v5 to v10 or v12, found '%s'", value);
	return false;
}

static bool set_cc(struct options *options, const char *value)
{
	options->build.cc = value;
	return true;
}

static bool set_sanitize(struct options *options, const char *value)
{
	options->build.sanitize = value;
	return true;
}

static bool set_coverage(struct options *options, const char *value)
{
	(void)value;
	options->build.coverage = true;
	return true;
}

static bool set_any_page_size(struct options *options, const char *value)
{
	(void)value;
	options->build.any_page_size = true;
	return true;
}

static bool set_dry_run(struct options *options, const char *value)
{
	(void)value;
	options->build.dry_run = true;
	return true;
}

static bool set_cflag(struct options *options, const char *value)
{
	g_ptr_array_add(options->build.cflags, g_strdup(value));
	return true;
}

static const struct option_def option_tree = {
	0, "tree", "DIR", "a kernel tree with the Realm series: its files are taken by their names",
	set_tree};
static const struct option_def option_rme = {
	0, "rme", "FILE", "rme.c or rmi.c, instead of the tree's, or without a tree", set_rme};
static const struct option_def option_rme_exit = {
	0, "rme-exit", "FILE", "rme-exit.c or rmi-exit.c (default: beside the one before)",
	set_rme_exit};
static const struct option_def option_include = {
	0, "include", "DIR",
	"has asm/kvm_rme.h (or kvm_rmi.h), asm/rmi_cmds.h, asm/rmi_smc.h; others of its headers "
	"come before rmesim's, unless it is a kernel's; several are fine",
	set_include};
static const struct option_def option_add = {
	0, "add", "FILE",
	"one more file: FILE.c is compiled too, FILE.h comes before each of your sources, "
	"NAME.h=FILE is what #include <NAME.h> finds; several are fine",
	set_add};
static const struct option_def option_uapi = {
	0, "uapi", "DIR", "linux/kvm.h, and asm/kvm.h if it is there, in place of rmesim's",
	set_uapi};
static const struct option_def option_output = {'o', "output", "FILE", "the KVM build to make",
						set_output};
static const struct option_def option_page_size = {0, "page-size", "SIZE",
						   "4K (default), 16K or 64K", set_page_size};
static const struct option_def option_series = {
	0, "series", "VERSION", "v5 to v10 or v12, if the sources do not tell, or tell wrong",
	set_series};
static const struct option_def option_cc = {0, "cc", "COMPILER", "gcc (default) or clang", set_cc};
static const struct option_def option_sanitize = {
	0, "sanitize", "LIST", "address, undefined, or address,undefined", set_sanitize};
static const struct option_def option_coverage = {
	0, "coverage", NULL, "count lines of your files, for `rmesim run --coverage-html`",
	set_coverage};
static const struct option_def option_cflag = {
	0, "cflag", "FLAG", "one more option for the compiler; several are fine", set_cflag};
static const struct option_def option_any_page_size = {
	0, "any-page-size", NULL,
	"compile rme.c as if its own check PAGE_SIZE != SZ_4K were false: the postings refuse "
	"other pages",
	set_any_page_size};
static const struct option_def option_dry_run = {
	0, "dry-run", NULL, "only say which files would be taken, and which posting they are from",
	set_dry_run};

static const struct option_def *const kvm_build_options[] = {
	&option_tree,	 &option_rme,		&option_rme_exit,
	&option_include, &option_add,		&option_uapi,
	&option_output,	 &option_page_size,	&option_series,
	&option_cc,	 &option_sanitize,	&option_coverage,
	&option_cflag,	 &option_any_page_size, &option_dry_run,
	&option_verbose, &option_help,		NULL,
};

const struct command command_kvm_build = {
	.name = "kvm-build",
	.arguments = "--tree DIR -o FILE",
	.summary = "Makes a KVM build of your own host sources, to be tested with run --kvm.\n\n"
		   "rme.c, rme-exit.c and their headers are compiled as they are, in place of "
		   "rmesim's; nothing is\nwritten into your tree.",
	.examples = "  rmesim kvm-build --tree ~/linux -o mine.so\n"
		    "  rmesim kvm-build --tree ~/linux -o mine-asan.so --page-size 64K --cc clang "
		    "--sanitize address,undefined\n"
		    "  rmesim kvm-build --rme rme.c --include include -o mine.so --series v9\n"
		    "  rmesim run scenarios/ --kvm ./mine.so\n",
	.options = kvm_build_options,
	.run = run,
};
