/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/report.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STREAM_BUFFER 65536u

struct output {
	FILE *stream;
	int fd;
	int err;	 /* 0, or why writing failed first: the stream only remembers that it did */
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

/* The name that a file has behind symbolic links, which stay; the last may lead to where nothing is yet. */
static char *final_name(const char *path)
{
	char *real = realpath(path, NULL), *link, *directory, *name;

	if (real) {
		name = g_strdup(real);
		free(real);
		return name;
	}
	link = g_file_read_link(path, NULL);
	if (!link)
		return g_strdup(path);
	directory = g_path_get_dirname(path);
	name = g_path_is_absolute(link) ? g_strdup(link) : g_build_filename(directory, link, NULL);
	g_free(directory);
	g_free(link);
	return name;
}

bool output_same(const char *a, const char *b)
{
	struct stat left, right;
	char *directories[2], *names[2];
	bool same;

	if (!strcmp(a, b))
		return true;
	if (!strcmp(a, "-") || !strcmp(b, "-"))
		return false;
	if (!stat(a, &left) && !stat(b, &right))
		return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
	/* There is none yet: the same name in the same directory. */
	directories[0] = g_path_get_dirname(a);
	directories[1] = g_path_get_dirname(b);
	names[0] = g_path_get_basename(a);
	names[1] = g_path_get_basename(b);
	same = !strcmp(names[0], names[1]) && !stat(directories[0], &left) &&
	       !stat(directories[1], &right) && left.st_dev == right.st_dev &&
	       left.st_ino == right.st_ino;
	g_free(directories[0]);
	g_free(directories[1]);
	g_free(names[0]);
	g_free(names[1]);
	return same;
}

static ssize_t stream_write(void *cookie, const char *data, size_t size)
{
	struct output *output = cookie;
	size_t done = 0;
	ssize_t got;

	while (done < size) {
		got = write(output->fd, data + done, size - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			if (!output->err)
				output->err = -errno;
			return 0;
		}
		done += (size_t)got;
	}
	return (ssize_t)size;
}

static FILE *stream_open(struct output *output)
{
	static const cookie_io_functions_t functions = {.write = stream_write};
	FILE *stream = fopencookie(output, "w", functions);

	if (stream && isatty(output->fd))
		setvbuf(stream, NULL, _IOLBF, BUFSIZ);
	else if (stream)
		setvbuf(stream, NULL, _IOFBF, STREAM_BUFFER);
	return stream;
}

int output_open(const char *path, struct output **out)
{
	struct output *output = g_new0(struct output, 1);
	struct stat status;
	int fd, err;

	if (!*path) {
		g_free(output);
		return -ENOENT;
	}

	if (!strcmp(path, "-")) {
		/* What was printed before stands before. */
		fflush(stdout);
		fd = STDOUT_FILENO;
		output->standard = true;
	} else if (!stat(path, &status) && !S_ISREG(status.st_mode)) {
		fd = S_ISDIR(status.st_mode) ? -1 : open(path, O_WRONLY | O_CLOEXEC);
		if (S_ISDIR(status.st_mode))
			errno = EISDIR;
	} else {
		output->path = final_name(path);
		/* Renaming over it would not ask for that. */
		fd = !access(path, F_OK) && access(path, W_OK) ? -1 : open_nameless(output->path);
		if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
			output->temporary = temporary_name(output->path);
			fd = open(output->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				  0666);
		}
	}
	output->fd = fd;
	output->stream = fd < 0 ? NULL : stream_open(output);
	if (!output->stream) {
		err = -errno;
		if (fd >= 0 && !output->standard)
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

/*
 * Gives a nameless file its name. Where an old one has it, there is no way around a name in between; that it
 * stays there takes a SIGKILL just here.
 */
static int output_link(struct output *output)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", output->fd);
	if (!linkat(AT_FDCWD, link, AT_FDCWD, output->path, AT_SYMLINK_FOLLOW))
		return 0;
	if (errno != EEXIST)
		return -errno;
	output->temporary = temporary_name(output->path);
	/* Left by a process of this number that was killed just here. */
	unlink(output->temporary);
	return linkat(AT_FDCWD, link, AT_FDCWD, output->temporary, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

int output_commit(struct output *output)
{
	sigset_t all, before;
	int err;

	fclose(output->stream);
	err = output->err;
	if (output->standard)
		goto out;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	if (!err && output->path && !output->temporary)
		err = output_link(output);
	if (close(output->fd) && !err)
		err = -errno;
	if (output->temporary && !err && rename(output->temporary, output->path))
		err = -errno;
	if (output->temporary && err)
		unlink(output->temporary);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
out:
	output_free(output);
	return err;
}

void output_discard(struct output *output)
{
	if (!output)
		return;
	fclose(output->stream);
	if (!output->standard)
		close(output->fd);
	if (output->temporary)
		unlink(output->temporary);
	output_free(output);
}
