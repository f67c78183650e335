/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * replay.c - feeds files, and all files of directories, to a fuzz target: in their order, backwards, and each twice. What
 * an input does must not depend on those before it, so its digest is the same every time.
 *
 *   replay_TARGET FILE|DIRECTORY...
 *   replay_TARGET --seeds N DIRECTORY   writes N inputs of the target's own, to begin a corpus with
 *   replay_TARGET                       under AFL++, and built by its compiler: inputs from there
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target.h"

#define SEED_SIZE 4096u

struct input {
	char *path;
	uint8_t *data;
	size_t size;
	uint64_t digest;
};

static struct input *inputs;
static size_t num_inputs;

static int input_add(const char *path)
{
	FILE *in = fopen(path, "rb");
	struct input *grown = realloc(inputs, (num_inputs + 1) * sizeof(*inputs));
	struct input *input;
	int err = -1;

	if (grown)
		inputs = grown;
	if (!in || !grown)
		goto out;
	input = &inputs[num_inputs];
	*input = (struct input){.path = strdup(path)};
	for (;;) {
		uint8_t *more = realloc(input->data, input->size + 65536);
		size_t got;

		if (!more || !input->path)
			goto out;
		input->data = more;
		got = fread(input->data + input->size, 1, 65536, in);
		if (!got)
			break;
		input->size += got;
	}
	if (!ferror(in)) {
		num_inputs++;
		err = 0;
	}
out:
	if (err)
		perror(path);
	if (in)
		fclose(in);
	return err;
}

static int path_add(const char *path)
{
	struct dirent **entries;
	struct stat status;
	int num, i, err = 0;

	if (stat(path, &status) || !S_ISDIR(status.st_mode))
		return input_add(path);
	num = scandir(path, &entries, NULL, alphasort);
	if (num < 0) {
		perror(path);
		return -1;
	}
	for (i = 0; i < num; i++) {
		char name[4096];

		if (entries[i]->d_name[0] != '.') {
			if (snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name) >=
			    (int)sizeof(name))
				err = -1;
			else
				err |= path_add(name);
		}
		free(entries[i]);
	}
	free(entries);
	return err;
}

/* Feeds one input, and compares with the first time. */
static int feed(struct input *input, bool first)
{
	uint64_t digest;

	/* Shown should the target abort. */
	fflush(stdout);
	LLVMFuzzerTestOneInput(input->data, input->size);
	digest = target_digest();
	if (first)
		input->digest = digest;
	if (digest == input->digest)
		return 0;
	printf("%s: digest %016" PRIx64 ", at first %016" PRIx64 "\n", input->path, digest,
	       input->digest);
	return 1;
}

static int replay_all(void)
{
	uint64_t digest = 0;
	size_t i;
	int err = 0;

	for (i = 0; i < num_inputs; i++) {
		err |= feed(&inputs[i], true);
		digest = digest * 31 + inputs[i].digest;
	}
	for (i = num_inputs; i-- > 0;)
		err |= feed(&inputs[i], false);
	for (i = 0; i < num_inputs; i++)
		err |= feed(&inputs[i], false) | feed(&inputs[i], false);
	printf("%zu files, digest %016" PRIx64 "\n", num_inputs, digest);
	return err || !num_inputs;
}

static int seeds_write(uint64_t num, const char *directory)
{
	uint8_t data[SEED_SIZE];
	uint64_t seed;

	for (seed = 0; seed < num; seed++) {
		size_t size = target_seed(seed, data, sizeof(data));
		char name[4096];
		FILE *out;

		snprintf(name, sizeof(name), "%s/seed-%04" PRIu64, directory, seed);
		out = size ? fopen(name, "wb") : NULL;
		if (!out || fwrite(data, 1, size, out) != size || fclose(out)) {
			perror(name);
			return 1;
		}
	}
	return 0;
}

#ifdef __AFL_HAVE_MANUAL_CONTROL
__AFL_FUZZ_INIT();

/* AFL++'s loop: one process, many inputs; it starts again now and then, and after a crash. */
static int afl_loop(void)
{
	const uint8_t *data;

	__AFL_INIT();
	data = __AFL_FUZZ_TESTCASE_BUF;
	while (__AFL_LOOP(100000))
		LLVMFuzzerTestOneInput(data, (size_t)__AFL_FUZZ_TESTCASE_LEN);
	return 0;
}
#endif

int main(int argc, char **argv)
{
	int i, err = 0;

	LLVMFuzzerInitialize(&argc, &argv);
#ifdef __AFL_HAVE_MANUAL_CONTROL
	if (argc == 1)
		return afl_loop();
#endif
	if (argc == 4 && !strcmp(argv[1], "--seeds"))
		return seeds_write(strtoull(argv[2], NULL, 10), argv[3]);
	for (i = 1; i < argc; i++)
		err |= path_add(argv[i]);
	return replay_all() | (err != 0);
}
