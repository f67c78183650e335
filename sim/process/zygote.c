/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A zygote forks one child for each job and watches over it: reads what it says, kills it when it takes
 * too long or too much, and sees to it that nothing of it is left. It lives as long as its socket: when
 * the parent dies, by whatever signal, the socket closes and the zygote ends its child and itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "private.h"

#define STDERR_HEAD (128u << 10)
#define STDERR_TAIL (127u << 10)
/* Pages that earlier jobs of a memfd left behind as zeros; with more it is replaced. */
#define MEMFD_KEEP_BYTES (64ull << 20)
#define MEMORY_CHECK_MS	 10
#define STATUS_BROKEN	 127
/* For a job's last words after it took too long. */
#define GRACE_MS 2000

/* What the two functions write into the coverage files of a program that is built for it. */
extern void __gcov_dump(void) __attribute__((weak));
extern int __llvm_profile_write_file(void) __attribute__((weak));

struct buffer {
	uint8_t *data;
	size_t size, max;
};

/* The beginning and the end of a text of any length. */
struct excerpt {
	char head[STDERR_HEAD];
	char tail[STDERR_TAIL]; /* byte i of what follows the head is at i % STDERR_TAIL */
	uint64_t size;
};

static const int terminal_signals[] = {SIGINT, SIGQUIT, SIGHUP, SIGPIPE};
#define NUM_TERMINAL_SIGNALS (sizeof(terminal_signals) / sizeof(terminal_signals[0]))

struct zygote {
	const struct pool_config *config;
	int socket;
	int null;
	int memfd; /* -1: to be made */
	uint64_t memfd_baseline;
	/* Shared with the child: whether run() returned. */
	volatile uint32_t *returned;
	struct sigaction terminal_actions[NUM_TERMINAL_SIGNALS], child_action;
	sigset_t mask;
	struct excerpt text;
	struct buffer payload;
};

/* The job that runs. */
struct job {
	pid_t pid;
	int output, errors; /* read ends; -1 when closed by the other side */
	uint64_t start_us;
	uint64_t warned_us; /* when it was told that its time is over, 0: it was not */
	bool killed;
	enum pool_end killed_for;
	int err; /* why it is lost, -errno */
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int buffer_add(struct buffer *buffer, const uint8_t *data, size_t size)
{
	if (size > buffer->max - buffer->size) {
		size_t max = buffer->max ? buffer->max : 4096;
		uint8_t *grown;

		while (max - buffer->size < size)
			max *= 2;
		grown = realloc(buffer->data, max);
		if (!grown)
			return -ENOMEM;
		buffer->data = grown;
		buffer->max = max;
	}
	memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
	return 0;
}

static void excerpt_add(struct excerpt *excerpt, const char *data, size_t size)
{
	size_t first = 0;

	if (excerpt->size < STDERR_HEAD) {
		first = STDERR_HEAD - excerpt->size;
		first = first < size ? first : size;
		memcpy(excerpt->head + excerpt->size, data, first);
		excerpt->size += first;
	}
	for (size_t i = first; i < size; i++)
		excerpt->tail[(excerpt->size++ - STDERR_HEAD) % STDERR_TAIL] = data[i];
}

/* The excerpt as one text, to be freed; NULL: out of memory. */
static char *excerpt_text(const struct excerpt *excerpt, size_t *size)
{
	uint64_t head = excerpt->size < STDERR_HEAD ? excerpt->size : STDERR_HEAD;
	uint64_t rest = excerpt->size - head;
	uint64_t tail = rest < STDERR_TAIL ? rest : STDERR_TAIL;
	char *text = malloc(head + tail + 128);
	size_t at = head;

	if (!text)
		return NULL;
	memcpy(text, excerpt->head, head);
	if (rest > tail)
		at += (size_t)sprintf(text + at, "\n[%llu bytes left out]\n",
				      (unsigned long long)(rest - tail));
	for (uint64_t i = rest - tail; i < rest; i++)
		text[at++] = excerpt->tail[i % STDERR_TAIL];
	text[at] = 0;
	*size = at;
	return text;
}

static void on_child(int sig)
{
	(void)sig;
}

/* A terminal's signals are for the parent; what the child gets is what the parent had. */
static void signals_take(struct zygote *zygote)
{
	struct sigaction action = {.sa_handler = SIG_IGN};
	sigset_t child;

	for (size_t i = 0; i < NUM_TERMINAL_SIGNALS; i++)
		sigaction(terminal_signals[i], &action, &zygote->terminal_actions[i]);
	/* Blocked but for the wait, so that the end of a child is never missed. */
	action.sa_handler = on_child;
	sigaction(SIGCHLD, &action, &zygote->child_action);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &zygote->mask);
}

static void signals_give_back(const struct zygote *zygote)
{
	for (size_t i = 0; i < NUM_TERMINAL_SIGNALS; i++)
		sigaction(terminal_signals[i], &zygote->terminal_actions[i], NULL);
	sigaction(SIGCHLD, &zygote->child_action, NULL);
	/* A job's time is up: whatever handles the parent's own alarms knows nothing of it. */
	signal(SIGALRM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &zygote->mask, NULL);
}

static void child_main(const struct zygote *zygote, uint64_t number, pid_t parent, int output,
		       int errors)
{
	struct pool_child child = {.memfd = zygote->memfd, .slot = 0, .output = output};
	int code;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(STATUS_BROKEN);
	signals_give_back(zygote);
	close(zygote->socket);
	if (dup2(zygote->null, STDIN_FILENO) < 0 || dup2(errors, STDERR_FILENO) < 0)
		_exit(STATUS_BROKEN);
	close(errors);
	code = zygote->config->run(zygote->config->ctx, number, &child);
	fflush(NULL);
	if (__gcov_dump)
		__gcov_dump();
	if (__llvm_profile_write_file)
		__llvm_profile_write_file();
	if (code < 0 || code > 127) {
		fprintf(stderr, "a job returned %d, expected 0 to 127\n", code);
		_exit(STATUS_BROKEN);
	}
	*zygote->returned = 1;
	/* Not exit(): what the parent registered to do at its end is not for the child to do. */
	_exit(code);
}

static uint64_t memfd_bytes(int memfd)
{
	struct stat st;

	return fstat(memfd, &st) ? 0 : (uint64_t)st.st_blocks * 512;
}

static int memfd_ready(struct zygote *zygote)
{
	if (zygote->memfd < 0) {
		zygote->memfd = memfd_create("rmesim-dram", MFD_CLOEXEC);
		if (zygote->memfd < 0)
			return -errno;
	}
	zygote->memfd_baseline = memfd_bytes(zygote->memfd);
	return 0;
}

static int job_start(struct zygote *zygote, uint64_t number, struct job *job)
{
	int output[2] = {-1, -1}, errors[2] = {-1, -1};
	pid_t self = getpid();
	int err = memfd_ready(zygote);

	if (err)
		return err;
	if (pipe2(output, O_CLOEXEC) || pipe2(errors, O_CLOEXEC)) {
		err = -errno;
		goto out;
	}
	*zygote->returned = 0;
	job->start_us = now_us();
	job->pid = fork();
	if (job->pid < 0) {
		err = -errno;
		goto out;
	}
	if (!job->pid) {
		close(output[0]);
		close(errors[0]);
		child_main(zygote, number, self, output[1], errors[1]);
	}
	/* Both sides do it, so that it is done before either needs it. */
	setpgid(job->pid, job->pid);
	job->output = output[0];
	job->errors = errors[0];
	fcntl(job->output, F_SETFL, O_NONBLOCK);
	fcntl(job->errors, F_SETFL, O_NONBLOCK);
	output[0] = -1;
	errors[0] = -1;
out:
	close_fd(&output[0]);
	close_fd(&output[1]);
	close_fd(&errors[0]);
	close_fd(&errors[1]);
	return err;
}

static void job_kill(struct job *job, enum pool_end reason)
{
	if (job->killed)
		return;
	job->killed = true;
	job->killed_for = reason;
	kill(-job->pid, SIGKILL);
	kill(job->pid, SIGKILL);
}

static void job_lost(struct job *job, int err)
{
	if (!job->err)
		job->err = err;
	job_kill(job, POOL_LOST);
}

/* Takes what is there; the descriptor becomes -1 at its end. */
static void read_output(struct zygote *zygote, struct job *job)
{
	uint64_t limit = zygote->config->max_memory_bytes;
	uint8_t data[65536];
	ssize_t got;

	while (job->output >= 0) {
		got = read(job->output, data, sizeof(data));
		if (got > 0) {
			int err = buffer_add(&zygote->payload, data, (size_t)got);

			if (err)
				job_lost(job, err);
			if (limit && zygote->payload.size > limit)
				job_kill(job, POOL_MEMORY);
			/* What a killed child left in the pipe is little; what it goes on to write is not. */
			if (err || (limit && zygote->payload.size > limit))
				close_fd(&job->output);
		} else if (!got || (errno != EAGAIN && errno != EINTR)) {
			close_fd(&job->output);
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

static void read_errors(struct zygote *zygote, struct job *job)
{
	char data[16384];
	ssize_t got;

	while (job->errors >= 0) {
		got = read(job->errors, data, sizeof(data));
		if (got > 0)
			excerpt_add(&zygote->text, data, (size_t)got);
		else if (!got || (errno != EAGAIN && errno != EINTR))
			close_fd(&job->errors);
		else if (errno == EAGAIN)
			return;
	}
}

/* Private memory that is resident. The memfd's pages are shared, and may be mapped more than once. */
static uint64_t private_bytes(pid_t pid)
{
	unsigned long size, resident, shared;
	uint64_t bytes = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%lu %lu %lu", &size, &resident, &shared) == 3 && resident > shared)
		bytes = (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
	fclose(file);
	return bytes;
}

static void check_memory(const struct zygote *zygote, struct job *job)
{
	uint64_t blocks = memfd_bytes(zygote->memfd), used = private_bytes(job->pid);

	if (blocks > zygote->memfd_baseline)
		used += blocks - zygote->memfd_baseline;
	if (used > zygote->config->max_memory_bytes)
		job_kill(job, POOL_MEMORY);
}

/* False if the kernel does not tell who they are. */
static bool kill_children(pid_t self)
{
	unsigned int child;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)self, (int)self);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fscanf(file, "%u", &child) == 1)
		kill((pid_t)child, SIGKILL);
	fclose(file);
	return true;
}

/*
 * Ends whatever the job's process, which is a zombie now, left behind: its process group, and what went
 * to groups of its own, which as orphans have become children of the zygote.
 */
static int job_reap(struct job *job)
{
	int status = 0;
	pid_t got;

	kill(-job->pid, SIGKILL);
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	for (;;) {
		got = waitpid(-1, NULL, WNOHANG);
		if (got < 0 && errno != EINTR)
			return status;
		if (!got) {
			struct timespec pause = {.tv_nsec = 200000};

			if (!kill_children(getpid()))
				return status;
			nanosleep(&pause, NULL);
		}
	}
}

static bool job_ended(const struct job *job)
{
	siginfo_t info = {0};

	/* Not reaped yet: as long as it is a zombie nobody else can have its number. */
	return !waitid(P_PID, (id_t)job->pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid;
}

/* Milliseconds to wait at most, -1 for ever. */
static int wait_ms(const struct zygote *zygote, const struct job *job, uint64_t now)
{
	int64_t wait = -1;

	if (job->killed)
		return -1;
	if (zygote->config->timeout_ms) {
		uint64_t end = job->warned_us
				       ? job->warned_us + GRACE_MS * 1000ull
				       : job->start_us + zygote->config->timeout_ms * 1000ull;

		wait = end > now ? (int64_t)((end - now + 999) / 1000) : 0;
	}
	if (zygote->config->max_memory_bytes && (wait < 0 || wait > MEMORY_CHECK_MS))
		wait = MEMORY_CHECK_MS;
	return wait > 1 << 30 ? 1 << 30 : (int)wait;
}

static void parent_is_gone(struct job *job)
{
	job_kill(job, POOL_LOST);
	job_reap(job);
	_exit(0);
}

static void job_watch(struct zygote *zygote, struct job *job)
{
	uint64_t checked = job->start_us;

	while (!job_ended(job)) {
		struct pollfd fds[] = {
			{.fd = zygote->socket, .events = POLLIN},
			{.fd = job->output, .events = POLLIN},
			{.fd = job->errors, .events = POLLIN},
		};
		uint64_t now = now_us();
		int wait = wait_ms(zygote, job, now);
		struct timespec timeout = {.tv_sec = wait / 1000,
					   .tv_nsec = wait % 1000 * 1000000l};

		/* Also ends when a child does. */
		if (ppoll(fds, 3, wait < 0 ? NULL : &timeout, &zygote->mask) > 0 && fds[0].revents)
			parent_is_gone(job);
		read_output(zygote, job);
		read_errors(zygote, job);
		now = now_us();
		if (zygote->config->max_memory_bytes && now - checked >= MEMORY_CHECK_MS * 1000) {
			check_memory(zygote, job);
			checked = now;
		}
		if (zygote->config->timeout_ms && !job->warned_us &&
		    now >= job->start_us + zygote->config->timeout_ms * 1000ull &&
		    !job_ended(job)) {
			/* It can say where it was. */
			job->warned_us = now;
			kill(job->pid, SIGALRM);
		} else if (job->warned_us && now >= job->warned_us + GRACE_MS * 1000ull) {
			job_kill(job, POOL_TIMEOUT);
		}
	}
}

static void job_result(const struct zygote *zygote, const struct job *job, int status,
		       struct job_report *report)
{
	if (job->warned_us && (!job->killed || job->killed_for == POOL_TIMEOUT)) {
		report->end = POOL_TIMEOUT;
		report->code = SIGKILL;
	} else if (job->killed) {
		report->end = job->killed_for;
		report->code = job->killed_for == POOL_LOST ? job->err : SIGKILL;
	} else if (WIFSIGNALED(status)) {
		report->end = POOL_SIGNAL;
		report->code = WTERMSIG(status);
	} else {
		report->end = *zygote->returned ? POOL_EXITED : POOL_QUIT;
		report->code = WEXITSTATUS(status);
	}
}

static int job_run(struct zygote *zygote, uint64_t number)
{
	struct job job = {.pid = -1, .output = -1, .errors = -1};
	struct job_report report = {.job = number, .end = POOL_LOST};
	size_t text_size = 0;
	char *text = NULL;
	int err;

	zygote->payload.size = 0;
	zygote->text.size = 0;
	err = job_start(zygote, number, &job);
	if (err) {
		report.code = err;
	} else {
		int status;

		job_watch(zygote, &job);
		status = job_reap(&job);
		report.wall_us = now_us() - job.start_us;
		read_output(zygote, &job);
		read_errors(zygote, &job);
		job_result(zygote, &job, status, &report);
	}
	close_fd(&job.output);
	close_fd(&job.errors);
	if (report.end != POOL_EXITED || memfd_bytes(zygote->memfd) > MEMFD_KEEP_BYTES)
		close_fd(&zygote->memfd);
	text = excerpt_text(&zygote->text, &text_size);
	if (!text && report.end != POOL_LOST) {
		report.end = POOL_LOST;
		report.code = -ENOMEM;
	}
	report.payload_size = zygote->payload.size;
	report.stderr_size = text_size;
	err = io_write(zygote->socket, &report, sizeof(report));
	if (!err)
		err = io_write(zygote->socket, zygote->payload.data, zygote->payload.size);
	if (!err)
		err = io_write(zygote->socket, text, text_size);
	free(text);
	if (zygote->payload.max > 1 << 20) {
		free(zygote->payload.data);
		zygote->payload = (struct buffer){0};
	}
	return err;
}

void zygote_main(const struct pool_config *config, int socket, int parent)
{
	struct zygote *zygote = calloc(1, sizeof(*zygote));
	struct job_request request;

	/* While prepare() works nobody looks at the socket. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || !zygote)
		_exit(1);
	zygote->config = config;
	zygote->socket = socket;
	zygote->memfd = -1;
	zygote->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	zygote->returned = mmap(NULL, sizeof(*zygote->returned), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (zygote->null < 0 || zygote->returned == MAP_FAILED)
		_exit(1);
	if (config->prepare)
		config->prepare(config->ctx);
	/* What prepare() printed is not for each child to print again. */
	fflush(NULL);
	signals_take(zygote);
	/* Orphans of a job come to the zygote, which ends them. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* From now on the socket tells; a signal would leave a job's own children alive. */
	prctl(PR_SET_PDEATHSIG, 0);
	while (!io_read(socket, &request, sizeof(request)) && !job_run(zygote, request.job))
		;
	_exit(0);
}
