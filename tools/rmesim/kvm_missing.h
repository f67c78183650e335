/* SPDX-License-Identifier: BSD-3-Clause */
/* kvm_missing.h - names that sources use and nobody provides, out of what compilers and linkers say. */
#ifndef TOOLS_KVM_MISSING_H
#define TOOLS_KVM_MISSING_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

struct kvm_missing;
struct kvm_missing *kvm_missing_create(void);
void kvm_missing_destroy(struct kvm_missing *missing);
/*
 * kvm_missing_read - take note of the names that `text`, a compiler's or linker's messages in English, says are
 * missing, and keep its other errors. Symbols of sanitizers' and coverage's runtimes are no names.
 */
void kvm_missing_read(struct kvm_missing *missing, const char *text);
/* kvm_missing_count - names that are missing; *others: errors about other things. */
size_t kvm_missing_count(const struct kvm_missing *missing, size_t *others);
/*
 * kvm_missing_print - each name, where it is used and how to add it, then the other errors. `headers` are the
 * directories that the build's own headers are in.
 */
void kvm_missing_print(const struct kvm_missing *missing, const GPtrArray *headers, FILE *out);

#endif
