/* SPDX-License-Identifier: BSD-3-Clause */
/* slab.h - kmalloc and its like, over page frames of simulated DRAM. */
#ifndef LINUX_SLAB_H
#define LINUX_SLAB_H

#include <linux/cleanup.h>
#include <linux/gfp.h>
#include <linux/overflow.h>
#include <linux/types.h>
#include <sim/port.h>

/*
 * linux_kmalloc - memory of at least `size` bytes, 16-byte aligned, zeroed with __GFP_ZERO and else
 * not; the fault point `point` is asked. NULL if there is none. Size 0 gives ZERO_SIZE_PTR.
 */
void *linux_kmalloc(size_t size, gfp_t gfp, int point, const struct linux_site *site);
void linux_kfree(const void *object, const struct linux_site *site);
void *linux_krealloc(const void *object, size_t size, gfp_t gfp, const struct linux_site *site);
void *linux_kmemdup(const void *source, size_t size, gfp_t gfp, const struct linux_site *site);
/* ksize - the bytes that the object was asked to hold. */
size_t ksize(const void *object);

#define ZERO_SIZE_PTR           ((void *)16)
#define ZERO_OR_NULL_PTR(p)     ((unsigned long)(p) <= (unsigned long)ZERO_SIZE_PTR)

#define __LINUX_KMALLOC(size, gfp) linux_kmalloc(size, gfp, PORT_FAULT_KMALLOC, LINUX_SITE())
#define kmalloc(size, gfp)            __LINUX_KMALLOC(size, gfp)
#define kzalloc(size, gfp)            __LINUX_KMALLOC(size, (gfp) | __GFP_ZERO)
#define kmalloc_array(n, size, gfp)   __LINUX_KMALLOC(size_mul(n, size), gfp)
#define kcalloc(n, size, gfp)         __LINUX_KMALLOC(size_mul(n, size), (gfp) | __GFP_ZERO)
#define kvmalloc(size, gfp)           __LINUX_KMALLOC(size, gfp)
#define kvzalloc(size, gfp)           __LINUX_KMALLOC(size, (gfp) | __GFP_ZERO)
#define kvmalloc_array(n, size, gfp)  __LINUX_KMALLOC(size_mul(n, size), gfp)
#define kvcalloc(n, size, gfp)        __LINUX_KMALLOC(size_mul(n, size), (gfp) | __GFP_ZERO)
#define krealloc(p, size, gfp)        linux_krealloc(p, size, gfp, LINUX_SITE())
#define kmemdup(p, size, gfp)         linux_kmemdup(p, size, gfp, LINUX_SITE())
#define kfree(p)                      linux_kfree(p, LINUX_SITE())
#define kvfree(p)                     linux_kfree(p, LINUX_SITE())
#define kfree_sensitive(p)            linux_kfree(p, LINUX_SITE())

DEFINE_FREE(kfree, void *, if (!IS_ERR_OR_NULL(_T)) kfree(_T))
DEFINE_FREE(kvfree, void *, if (!IS_ERR_OR_NULL(_T)) kvfree(_T))

#endif
