/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_PROCESS_PRIVATE_H
#define SIM_PROCESS_PRIVATE_H

#include <sim/pool.h>

/* What the parent asks a zygote for. Only one job at a time. */
struct job_request {
	uint64_t job;
};

/* What the zygote answers; the payload and the text of stderr follow. */
struct job_report {
	uint64_t job;
	uint32_t end; /* enum pool_end */
	int32_t code;
	uint64_t payload_size;
	uint64_t stderr_size;
	uint64_t wall_us;
};

/*
 * zygote_main - serve requests from `socket` until it is closed; never returns. `parent` is the process
 * that made the zygote.
 */
void zygote_main(const struct pool_config *config, int socket, int parent)
	__attribute__((noreturn));

/* io_read, io_write - all of `size` bytes. 0, or -errno; -EPIPE when the other end is closed. */
int io_read(int fd, void *data, size_t size);
int io_write(int fd, const void *data, size_t size);

#endif
