/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/pool.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "private.h"

/* How long a zygote may take to end after its socket was closed, until it is killed. */
#define END_WAIT_MS 10000
/* How often `stop` is looked at: a signal may come just before the wait, which then does not end of it. */
#define STOP_POLL_MS 200

struct slot {
	pid_t pid;
	int socket; /* -1: there is no zygote */
	bool busy;
	size_t job;
};

struct pool {
	const struct pool_config *config;
	struct slot *slots;
	struct pollfd *fds;
	size_t num_slots;
	size_t next_job;
	size_t num_busy;
	bool stopped;
};

static int slot_start(struct pool *pool, struct slot *slot)
{
	pid_t self = getpid();
	int sockets[2], err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	/* What is in the buffers of stdio is the parent's to write. */
	fflush(NULL);
	slot->pid = fork();
	if (slot->pid < 0) {
		err = -errno;
		close(sockets[0]);
		close(sockets[1]);
		return err;
	}
	if (!slot->pid) {
		/* Another zygote would not notice the end of the parent if this one held its socket. */
		close(sockets[0]);
		for (size_t i = 0; i < pool->num_slots; i++) {
			if (pool->slots[i].socket >= 0)
				close(pool->slots[i].socket);
		}
		zygote_main(pool->config, sockets[1], self);
	}
	close(sockets[1]);
	slot->socket = sockets[0];
	return 0;
}

/* The zygote ends its job and itself when its socket closes. */
static void slot_close(struct slot *slot)
{
	if (slot->socket >= 0)
		close(slot->socket);
	slot->socket = -1;
}

static void slot_wait(struct slot *slot)
{
	struct timespec pause = {.tv_nsec = 100000};
	int waited = 0;
	pid_t got;

	if (slot->pid <= 0)
		return;
	do {
		got = waitpid(slot->pid, NULL, WNOHANG);
		if (!got) {
			nanosleep(&pause, NULL);
			if (++waited == END_WAIT_MS * 10)
				kill(slot->pid, SIGKILL);
		}
	} while (!got || (got < 0 && errno == EINTR));
	slot->pid = 0;
}

/* MSG_NOSIGNAL: a zygote that died is an error here, not a signal. */
static int slot_send(const struct slot *slot, const struct job_request *request)
{
	ssize_t put;

	do {
		put = send(slot->socket, request, sizeof(*request), MSG_NOSIGNAL);
	} while (put < 0 && errno == EINTR);
	return put == sizeof(*request) ? 0 : -EPIPE;
}

static void report_done(struct pool *pool, struct slot *slot, const struct pool_result *result)
{
	slot->busy = false;
	pool->num_busy--;
	if (!pool->config->done(pool->config->ctx, slot->job, result))
		pool->stopped = true;
}

static void report_lost(struct pool *pool, struct slot *slot, int err)
{
	struct pool_result result = {
		.end = POOL_LOST, .code = err, .payload = (const uint8_t *)"", .stderr_text = ""};

	slot_close(slot);
	/* It may be alive, but of no more use. */
	if (slot->pid > 0)
		kill(slot->pid, SIGKILL);
	slot_wait(slot);
	report_done(pool, slot, &result);
}

static int slot_assign(struct pool *pool, struct slot *slot)
{
	struct job_request request = {.job = pool->next_job};

	if (slot->socket < 0) {
		int err = slot_start(pool, slot);

		if (err)
			return err;
	}
	slot->job = pool->next_job++;
	slot->busy = true;
	pool->num_busy++;
	if (slot_send(slot, &request))
		report_lost(pool, slot, -ECHILD);
	return 0;
}

/* One whole report: the zygote sends it in one go, and blocks on nothing else meanwhile. */
static int slot_read(struct slot *slot, struct job_report *report, uint8_t **payload, char **text)
{
	int err = io_read(slot->socket, report, sizeof(*report));

	if (err)
		return err;
	*payload = malloc(report->payload_size + 1);
	*text = malloc(report->stderr_size + 1);
	if (!*payload || !*text)
		return -ENOMEM;
	err = io_read(slot->socket, *payload, report->payload_size);
	if (!err)
		err = io_read(slot->socket, *text, report->stderr_size);
	(*text)[report->stderr_size] = 0;
	return err;
}

static void slot_receive(struct pool *pool, struct slot *slot)
{
	struct job_report report;
	uint8_t *payload = NULL;
	char *text = NULL;
	int err = slot_read(slot, &report, &payload, &text);

	if (err) {
		report_lost(pool, slot, err == -ENOMEM ? err : -ECHILD);
	} else {
		struct pool_result result = {
			.end = (enum pool_end)report.end,
			.code = report.code,
			.payload = payload,
			.payload_size = report.payload_size,
			.stderr_text = text,
			.stderr_size = report.stderr_size,
			.wall_us = report.wall_us,
		};

		report_done(pool, slot, &result);
	}
	free(payload);
	free(text);
}

static int pool_loop(struct pool *pool)
{
	const volatile sig_atomic_t *stop = pool->config->stop;

	for (;;) {
		if (stop && *stop)
			pool->stopped = true;
		for (size_t i = 0; i < pool->num_slots; i++) {
			struct slot *slot = &pool->slots[i];

			while (!pool->stopped && !slot->busy &&
			       pool->next_job < pool->config->num_jobs) {
				int err = slot_assign(pool, slot);

				if (err)
					return err;
			}
			pool->fds[i] = (struct pollfd){.fd = slot->busy ? slot->socket : -1,
						       .events = POLLIN};
		}
		if (pool->stopped || !pool->num_busy)
			return 0;
		if (poll(pool->fds, pool->num_slots, stop ? STOP_POLL_MS : -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		for (size_t i = 0; i < pool->num_slots && !pool->stopped; i++) {
			if (pool->fds[i].revents)
				slot_receive(pool, &pool->slots[i]);
		}
	}
}

int pool_run(const struct pool_config *config)
{
	struct pool pool = {.config = config};
	int err;

	if (!config->jobs || !config->run || !config->done)
		return -EINVAL;
	if (!config->num_jobs)
		return 0;
	pool.num_slots = config->jobs < config->num_jobs ? config->jobs : config->num_jobs;
	pool.slots = calloc(pool.num_slots, sizeof(*pool.slots));
	pool.fds = calloc(pool.num_slots, sizeof(*pool.fds));
	if (!pool.slots || !pool.fds) {
		err = -ENOMEM;
		goto out;
	}
	for (size_t i = 0; i < pool.num_slots; i++)
		pool.slots[i].socket = -1;
	err = pool_loop(&pool);
	for (size_t i = 0; i < pool.num_slots; i++)
		slot_close(&pool.slots[i]);
	for (size_t i = 0; i < pool.num_slots; i++)
		slot_wait(&pool.slots[i]);
out:
	free(pool.slots);
	free(pool.fds);
	return err;
}
