/* SPDX-License-Identifier: BSD-3-Clause */
/* replay.c - feeds files, and all files of directories, to a fuzz target. For compilers without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t num_files;

static int replay_file(const char *path)
{
	FILE *in = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0, got;
	int err = -1;

	if (!in)
		goto out;
	for (;;) {
		uint8_t *more = realloc(data, size + 65536);

		if (!more)
			goto out;
		data = more;
		got = fread(data + size, 1, 65536, in);
		if (!got)
			break;
		size += got;
	}
	if (!ferror(in)) {
		LLVMFuzzerTestOneInput(data, size);
		num_files++;
		err = 0;
	}
out:
	if (err)
		perror(path);
	if (in)
		fclose(in);
	free(data);
	return err;
}

static int replay(const char *path)
{
	struct dirent *entry;
	struct stat status;
	DIR *directory;
	int err = 0;

	if (stat(path, &status) || !S_ISDIR(status.st_mode))
		return replay_file(path);
	directory = opendir(path);
	if (!directory) {
		perror(path);
		return -1;
	}
	while (!err && (entry = readdir(directory))) {
		char name[4096];

		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) >= (int)sizeof(name))
			err = -1;
		else
			err = replay(name);
	}
	closedir(directory);
	return err;
}

int main(int argc, char **argv)
{
	int i, err = 0;

	for (i = 1; i < argc; i++)
		err |= replay(argv[i]);
	printf("%zu files\n", num_files);
	return err || !num_files;
}
