/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/report.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct output {
	FILE *stream;
	char *path;	 /* where it will appear; NULL: it is written to directly */
	char *temporary; /* its name until then; NULL: it has none yet */
	bool standard;
};

/* A name beside `path` that nobody else uses. */
static char *temporary_name(const char *path)
{
	char *directory = g_path_get_dirname(path), *name = g_path_get_basename(path);
	char *temporary = g_strdup_printf("%s/.%s.%ld.tmp", directory, name, (long)getpid());

	g_free(directory);
	g_free(name);
	return temporary;
}

/* A file without a name vanishes with the process, however that ends. */
static int open_nameless(const char *path)
{
	char *directory = g_path_get_dirname(path);
	int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);

	g_free(directory);
	return fd;
}

int output_open(const char *path, struct output **out)
{
	struct output *output = g_new0(struct output, 1);
	struct stat status;
	int fd, err;

	if (!strcmp(path, "-")) {
		output->stream = stdout;
		output->standard = true;
		*out = output;
		return 0;
	}
	if (!stat(path, &status) && !S_ISREG(status.st_mode)) {
		fd = S_ISDIR(status.st_mode) ? -1 : open(path, O_WRONLY | O_CLOEXEC);
		if (S_ISDIR(status.st_mode))
			errno = EISDIR;
	} else {
		output->path = g_strdup(path);
		/* Renaming over it would not ask for that. */
		fd = !access(path, F_OK) && access(path, W_OK) ? -1 : open_nameless(path);
		if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
			output->temporary = temporary_name(path);
			fd = open(output->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				  0666);
		}
	}
	output->stream = fd < 0 ? NULL : fdopen(fd, "w");
	if (!output->stream) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		g_free(output->path);
		g_free(output->temporary);
		g_free(output);
		return err;
	}
	*out = output;
	return 0;
}

FILE *output_stream(struct output *output)
{
	return output->stream;
}

static void output_free(struct output *output)
{
	g_free(output->path);
	g_free(output->temporary);
	g_free(output);
}

int output_commit(struct output *output)
{
	char link[64];
	int err = 0;

	errno = 0;
	if (fflush(output->stream) || ferror(output->stream))
		err = errno ? -errno : -EIO;
	if (output->standard)
		goto out;
	if (!err && output->path && !output->temporary) {
		output->temporary = temporary_name(output->path);
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fileno(output->stream));
		/* Left by a process of this number that was killed just here. */
		unlink(output->temporary);
		if (linkat(AT_FDCWD, link, AT_FDCWD, output->temporary, AT_SYMLINK_FOLLOW))
			err = -errno;
	}
	if (fclose(output->stream) && !err)
		err = -errno;
	if (output->path && !err && rename(output->temporary, output->path))
		err = -errno;
	if (output->temporary && err)
		unlink(output->temporary);
out:
	output_free(output);
	return err;
}

void output_discard(struct output *output)
{
	if (!output)
		return;
	if (!output->standard)
		fclose(output->stream);
	if (output->temporary)
		unlink(output->temporary);
	output_free(output);
}
