/* SPDX-License-Identifier: BSD-3-Clause */
/* file.c - open files and tables of descriptors. */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/* In a table: get_unused_fd() handed the descriptor out, fd_install() has not come yet. */
#define FILE_RESERVED ((struct file *)1UL)

static u32 live_files;

void files_boot(void)
{
	live_files = 0;
}

u32 nr_files(void)
{
	return live_files;
}

struct file *alloc_file(enum file_kind kind, void *private_data)
{
	struct file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return NULL;
	file->f_kind = kind;
	file->f_count = 1;
	file->private_data = private_data;
	live_files++;
	return file;
}

struct file *get_file(struct file *file)
{
	file->f_count++;
	return file;
}

static void file_end(struct file *file)
{
	const struct file_operations *ops;

	ops = file_operations(file);
	if (ops->release)
		ops->release(file);
	live_files--;
	kfree(file);
}

/* As in the kernel a file ends when its last user leaves: not under the locks that one holds. */
void fput(struct file *file)
{
	if (!file || --file->f_count)
		return;
	if (!current->num_held) {
		file_end(file);
		return;
	}
	file->f_next = current->files_left;
	current->files_left = file;
}

void linux_files_end(void)
{
	struct file *file;

	while ((file = current->files_left)) {
		current->files_left = file->f_next;
		file_end(file);
	}
}

long vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	const struct file_operations *ops = file_operations(file);

	if (offset < 0 || len <= 0)
		return -EINVAL;
	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if ((mode & FALLOC_FL_PUNCH_HOLE) && !(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if (offset > INT64_MAX - len)
		return -EFBIG;
	if (!ops->fallocate)
		return -ENODEV;
	return ops->fallocate(file, mode, offset, len);
}

struct files_struct *files_alloc(void)
{
	struct files_struct *files = kzalloc(sizeof(*files), GFP_KERNEL);

	if (!files)
		return NULL;
	files->max_fds = FILES_INITIAL_FD;
	files->next_fd = FILES_FIRST_FD;
	files->fd = files->initial;
	return files;
}

void files_free(struct files_struct *files)
{
	u32 fd;

	for (fd = 0; fd < files->max_fds; fd++) {
		struct file *file = files->fd[fd];

		files->fd[fd] = NULL;
		if (file && !WARN_ON(file == FILE_RESERVED))
			fput(file);
	}
	if (files->fd != files->initial)
		kfree(files->fd);
	kfree(files);
}

/* Makes room for twice as many descriptors. */
static int files_expand(struct files_struct *files)
{
	u32 max_fds = files->max_fds * 2;
	struct file **fd;

	if (max_fds > FILES_MAX_FDS)
		return -EMFILE;
	fd = kzalloc(max_fds * sizeof(*fd), GFP_KERNEL);
	if (!fd)
		return -ENOMEM;
	memcpy(fd, files->fd, files->max_fds * sizeof(*fd));
	if (files->fd != files->initial)
		kfree(files->fd);
	files->fd = fd;
	files->max_fds = max_fds;
	return 0;
}

int get_unused_fd(void)
{
	struct files_struct *files = current->files;
	u32 fd = files->next_fd;
	int ret;

	while (fd < files->max_fds && files->fd[fd])
		fd++;
	if (fd == files->max_fds) {
		ret = files_expand(files);
		if (ret)
			return ret;
	}
	files->fd[fd] = FILE_RESERVED;
	files->next_fd = fd + 1;
	return (int)fd;
}

void put_unused_fd(int fd)
{
	struct files_struct *files = current->files;

	if (WARN_ON(files->fd[fd] != FILE_RESERVED))
		return;
	files->fd[fd] = NULL;
	if ((u32)fd < files->next_fd)
		files->next_fd = (u32)fd;
}

void fd_install(int fd, struct file *file)
{
	struct files_struct *files = current->files;

	WARN_ON(files->fd[fd] != FILE_RESERVED);
	files->fd[fd] = file;
}

int anon_inode_getfd(enum file_kind kind, void *private_data)
{
	struct file *file;
	int fd = get_unused_fd();

	if (fd < 0)
		return fd;
	file = alloc_file(kind, private_data);
	if (!file) {
		put_unused_fd(fd);
		return -ENOMEM;
	}
	fd_install(fd, file);
	return fd;
}

struct file *files_lookup(const struct files_struct *files, int fd)
{
	struct file *file;

	if (fd < 0 || (u32)fd >= files->max_fds)
		return NULL;
	file = files->fd[fd];
	return file == FILE_RESERVED ? NULL : file;
}

struct file *fget(int fd)
{
	struct file *file = files_lookup(current->files, fd);

	return file ? get_file(file) : NULL;
}

int close_fd(int fd)
{
	struct files_struct *files = current->files;
	struct file *file = files_lookup(files, fd);

	if (!file)
		return -EBADF;
	files->fd[fd] = NULL;
	if ((u32)fd < files->next_fd)
		files->next_fd = (u32)fd;
	fput(file);
	return 0;
}
