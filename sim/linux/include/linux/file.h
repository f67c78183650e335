/* SPDX-License-Identifier: BSD-3-Clause */
/* file.h - a process's table of file descriptors. Descriptors 0 to 2 are not handed out. */
#ifndef LINUX_FILE_H
#define LINUX_FILE_H

#include <linux/fs.h>

#define FILES_FIRST_FD	 3u
#define FILES_MAX_FDS	 65536u
#define FILES_INITIAL_FD 16u

struct files_struct {
	u32 max_fds;
	u32 next_fd;	  /* no descriptor below it is free */
	struct file **fd; /* NULL: free, FILE_RESERVED: get_unused_fd() took it */
	struct file *initial[FILES_INITIAL_FD];
};

/* files_alloc - an empty table, or NULL. */
struct files_struct *files_alloc(void);
/* files_free - close everything in ascending order of descriptors, and free the table. */
void files_free(struct files_struct *files);

/* get_unused_fd - reserve the lowest free descriptor of `current`: it, -EMFILE or -ENOMEM. */
int get_unused_fd(void);
/* put_unused_fd - give a reserved descriptor back. */
void put_unused_fd(int fd);
/* fd_install - make a reserved descriptor refer to `file`, whose reference it takes over. */
void fd_install(int fd, struct file *file);

/*
 * anon_inode_getfd - a new file under a new descriptor: it, or -errno; private_data is then unused.
 */
int anon_inode_getfd(enum file_kind kind, void *private_data);

/* files_lookup - the file that `fd` refers to in a table, or NULL. Takes no reference. */
struct file *files_lookup(const struct files_struct *files, int fd);
/* fget - the file that `fd` of `current` refers to, with a reference to drop by fput(), or NULL. */
struct file *fget(int fd);
/* close_fd - close(2): 0 or -EBADF. */
int close_fd(int fd);

#endif
