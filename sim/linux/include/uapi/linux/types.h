/* SPDX-License-Identifier: BSD-3-Clause */
/* The fixed-width types of the user ABI. 64-bit ones are long long, as on arm64. */
#ifndef UAPI_LINUX_TYPES_H
#define UAPI_LINUX_TYPES_H

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef signed short __s16;
typedef unsigned int __u32;
typedef signed int __s32;
typedef unsigned long long __u64;
typedef signed long long __s64;

#endif
