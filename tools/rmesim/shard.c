/* SPDX-License-Identifier: BSD-3-Clause */
/* shard.c - which part of the runs is meant: from --shard, or from what CI systems put into the environment. */
#include "rmesim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_SHARDS 100000u

/* Decimal digits and nothing else, below `max`. */
static bool parse_part(const char *text, size_t length, unsigned int max, unsigned int *out)
{
	unsigned int value = 0;
	size_t i;

	if (!length || length > 6)
		return false;
	for (i = 0; i < length; i++) {
		if (!g_ascii_isdigit(text[i]))
			return false;
		value = value * 10 + (unsigned int)(text[i] - '0');
	}
	*out = value;
	return value < max;
}

bool shard_parse(const char *text, struct shard *shard)
{
	const char *slash = strchr(text, '/');

	return slash && parse_part(slash + 1, strlen(slash + 1), MAX_SHARDS + 1, &shard->total) &&
	       shard->total &&
	       parse_part(text, (size_t)(slash - text), shard->total, &shard->index);
}

/* A variable that is set and not empty. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* Bazel takes it for granted that whoever does not touch this file runs everything. */
static bool touch_status_file(void)
{
	const char *path = variable("TEST_SHARD_STATUS_FILE");
	int fd;

	if (!path)
		return true;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || futimens(fd, NULL)) {
		usage_error("TEST_SHARD_STATUS_FILE: %s: %s", path, g_strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	close(fd);
	return true;
}

bool shard_from_environment(struct shard *shard)
{
	const char *index_name = "TEST_SHARD_INDEX", *total_name = "TEST_TOTAL_SHARDS";
	const char *index = variable(index_name), *total = variable(total_name);
	char *text;
	bool good;

	if (!index && variable("JOB_COMPLETION_INDEX")) {
		index_name = "JOB_COMPLETION_INDEX";
		index = variable(index_name);
		if (!total) {
			total_name = "JOB_COMPLETIONS";
			total = variable(total_name);
		}
		/* Kubernetes tells no pod how many there are. To run everything in each would hide that. */
		if (!total) {
			usage_error(
				"JOB_COMPLETION_INDEX is set, and nothing says of how many: set "
				"JOB_COMPLETIONS or TEST_TOTAL_SHARDS, or use --shard");
			return false;
		}
	}
	if (!index && !total)
		return true;
	if (!index || !total) {
		usage_error("%s is set and %s is not", index ? index_name : total_name,
			    index ? total_name : index_name);
		return false;
	}
	text = g_strdup_printf("%s/%s", index, total);
	good = shard_parse(text, shard);
	g_free(text);
	if (!good) {
		usage_error(
			"%s=%s, %s=%s: expected an index from 0 and a number of shards above it",
			index_name, index, total_name, total);
		return false;
	}
	return touch_status_file();
}

void shard_select(struct shard shard, GPtrArray *plans)
{
	unsigned int i, kept = 0;

	for (i = 0; i < plans->len; i++) {
		if (i % shard.total == shard.index)
			plans->pdata[kept++] = plans->pdata[i];
	}
	g_ptr_array_set_size(plans, (int)kept);
}
