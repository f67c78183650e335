/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * calibrate.h - timing for benchmarks, and a few figures of the machine itself that are printed beside
 * every result, so that results of different machines can be compared by ratio.
 */
#ifndef BENCH_CALIBRATE_H
#define BENCH_CALIBRATE_H

#include <stdint.h>
#include <stdio.h>

/* bench_now_ns - monotonic time in nanoseconds. */
uint64_t bench_now_ns(void);

/* bench_cpu_ns - processor time of this process in nanoseconds: other work on the machine counts less. */
uint64_t bench_cpu_ns(void);

struct bench_calibration {
	double wipe_hot_ns;	/* memset of 4 KiB that is in the cache */
	double wipe_cold_ns;	/* memset of 4 KiB that is not */
	double sha256_4k_ns;	/* SHA-256 of 4 KiB with the library that the model uses */
	double sha256_256_ns;	/* of 256 bytes: what each measured call hashes at least */
	double memfd_touch_ns;	/* first touch of a page of a memfd */
	double memfd_second_ns; /* first touch of it through a second mapping */
	double fork_ns;		/* fork, exit and wait of this process */
};

/*
 * bench_calibrate - measures all of it several times in about a second and keeps the best of each, because
 * anything else is noise of the machine. 0 or -errno.
 */
int bench_calibrate(struct bench_calibration *out);
void bench_calibration_print(const struct bench_calibration *calibration, FILE *file);

#endif
