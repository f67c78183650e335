// SPDX-License-Identifier: BSD-3-Clause
#define OPENSSL_SUPPRESS_DEPRECATED
#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "calibrate.h"

#define PAGE	   4096u
#define HOT_ROUNDS 20000u
#define COLD_BYTES (256u << 20)
#define HASHES	   2000u
#define TOUCHES	   4096u
#define FORKS	   100u
#define ROUNDS	   5u

uint64_t bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t bench_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Keeps the compiler from dropping stores whose result nobody reads. */
static void publish(void *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
}

static int wipes_measure(struct bench_calibration *out)
{
	uint8_t *memory = mmap(NULL, COLD_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	uint64_t start;

	if (memory == MAP_FAILED)
		return -errno;
	start = bench_cpu_ns();
	for (unsigned int i = 0; i < HOT_ROUNDS; i++) {
		memset(memory, 0, PAGE);
		publish(memory);
	}
	out->wipe_hot_ns = (double)(bench_cpu_ns() - start) / HOT_ROUNDS;
	start = bench_cpu_ns();
	for (size_t at = 0; at < COLD_BYTES; at += PAGE) {
		memset(memory + at, 0, PAGE);
		publish(memory);
	}
	out->wipe_cold_ns = (double)(bench_cpu_ns() - start) / (COLD_BYTES / PAGE);
	munmap(memory, COLD_BYTES);
	return 0;
}

static double hash_time_ns(size_t size, unsigned int times)
{
	static uint8_t data[PAGE];
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA256_CTX context;
	const uint64_t start = bench_cpu_ns();

	for (unsigned int i = 0; i < times; i++) {
		SHA256_Init(&context);
		SHA256_Update(&context, data, size);
		SHA256_Final(digest, &context);
		data[0] = digest[0];
	}
	return (double)(bench_cpu_ns() - start) / times;
}

static void hash_measure(struct bench_calibration *out)
{
	out->sha256_4k_ns = hash_time_ns(PAGE, HASHES);
	out->sha256_256_ns = hash_time_ns(256, HASHES * 8);
}

static int touches_measure(struct bench_calibration *out)
{
	const size_t size = (size_t)TOUCHES * PAGE;
	const int fd = memfd_create("bench", MFD_CLOEXEC);
	uint8_t *first = MAP_FAILED, *second = MAP_FAILED;
	uint64_t start;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) != 0) {
		err = -errno;
		goto out;
	}
	first = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	second = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (first == MAP_FAILED || second == MAP_FAILED) {
		err = -errno;
		goto out;
	}
	start = bench_now_ns();
	for (size_t at = 0; at < size; at += PAGE)
		*(volatile uint8_t *)(first + at) = 1;
	out->memfd_touch_ns = (double)(bench_now_ns() - start) / TOUCHES;
	start = bench_now_ns();
	for (size_t at = 0; at < size; at += PAGE)
		*(volatile uint8_t *)(second + at) = 2;
	out->memfd_second_ns = (double)(bench_now_ns() - start) / TOUCHES;
out:
	if (first != MAP_FAILED)
		munmap(first, size);
	if (second != MAP_FAILED)
		munmap(second, size);
	close(fd);
	return err;
}

static int forks_measure(struct bench_calibration *out)
{
	const uint64_t start = bench_now_ns();

	for (unsigned int i = 0; i < FORKS; i++) {
		const pid_t child = fork();

		if (child < 0)
			return -errno;
		if (child == 0)
			_exit(0);
		while (waitpid(child, NULL, 0) < 0) {
			if (errno != EINTR)
				return -errno;
		}
	}
	out->fork_ns = (double)(bench_now_ns() - start) / FORKS;
	return 0;
}

static int measure_once(struct bench_calibration *out)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = wipes_measure(out);
	if (err)
		return err;
	hash_measure(out);
	err = touches_measure(out);
	return err ? err : forks_measure(out);
}

static void keep_smaller(double *best, double value)
{
	if (value < *best)
		*best = value;
}

int bench_calibrate(struct bench_calibration *out)
{
	int err = measure_once(out);

	for (unsigned int round = 1; round < ROUNDS && !err; round++) {
		struct bench_calibration once;

		err = measure_once(&once);
		if (err)
			break;
		keep_smaller(&out->wipe_hot_ns, once.wipe_hot_ns);
		keep_smaller(&out->wipe_cold_ns, once.wipe_cold_ns);
		keep_smaller(&out->sha256_4k_ns, once.sha256_4k_ns);
		keep_smaller(&out->sha256_256_ns, once.sha256_256_ns);
		keep_smaller(&out->memfd_touch_ns, once.memfd_touch_ns);
		keep_smaller(&out->memfd_second_ns, once.memfd_second_ns);
		keep_smaller(&out->fork_ns, once.fork_ns);
	}
	return err;
}

void bench_calibration_print(const struct bench_calibration *calibration, FILE *file)
{
	fprintf(file,
		"calibration: wipe 4 KiB hot %.0f ns, cold %.0f ns; SHA-256 of 4 KiB %.0f ns, of "
		"256 bytes "
		"%.0f ns; memfd page first touch %.0f ns, second view %.0f ns; fork and exit %.0f "
		"us\n",
		calibration->wipe_hot_ns, calibration->wipe_cold_ns, calibration->sha256_4k_ns,
		calibration->sha256_256_ns, calibration->memfd_touch_ns,
		calibration->memfd_second_ns, calibration->fork_ns / 1000);
}
