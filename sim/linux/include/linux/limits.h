/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits of the kernel; also asked for by the C library's <limits.h>. */
#ifndef LINUX_LIMITS_H
#define LINUX_LIMITS_H

#define NR_OPEN        1024
#define NGROUPS_MAX    65536
#define ARG_MAX        131072
#define LINK_MAX       127
#define MAX_CANON      255
#define MAX_INPUT      255
#define NAME_MAX       255
#define PATH_MAX       4096
#define PIPE_BUF       4096
#define XATTR_NAME_MAX 255
#define XATTR_SIZE_MAX 65536
#define XATTR_LIST_MAX 65536
#define RTSIG_MAX      32

#ifndef ULONG_MAX
#define ULONG_MAX (~0UL)
#endif
#ifndef LONG_MAX
#define LONG_MAX ((long)(~0UL >> 1))
#endif
#ifndef INT_MAX
#define INT_MAX ((int)(~0U >> 1))
#endif
#ifndef UINT_MAX
#define UINT_MAX (~0U)
#endif
#ifndef U64_MAX
#define U64_MAX (~0ULL)
#define U32_MAX (~0U)
#define U16_MAX 0xffff
#define U8_MAX  0xff
#endif

#endif
