/* SPDX-License-Identifier: BSD-3-Clause */
/* kvm_series.h - which posting of KVM's Realm series some sources are from, by the names they use. */
#ifndef TOOLS_KVM_SERIES_H
#define TOOLS_KVM_SERIES_H

#include <glib.h>
#include <stdbool.h>

/* A file of the user's: `name` is what it takes the place of ("rme.c", "asm/kvm_rme.h"), or adds. */
struct kvm_file {
	char *name, *path;
};

struct kvm_series {
	unsigned int number; /* 3 to 14; 0: nothing tells it, or what does is at odds */
	bool sure;	     /* no other posting has all of these names */
	GString *
		evidence; /* the names that decided, one a line, "  v9 and later: NAME (file:line)" */
};

/*
 * kvm_series_detect - look at `files` (struct kvm_file). False if one cannot be read, after printing why. The
 * result is to be undone by kvm_series_clear().
 */
bool kvm_series_detect(const GPtrArray *files, struct kvm_series *out);
void kvm_series_clear(struct kvm_series *series);
/* kvm_series_supported - whether a KVM build can be made of a posting. */
bool kvm_series_supported(unsigned int number);
/* kvm_series_refusal - why not, in words; NULL for one that is supported. */
const char *kvm_series_refusal(unsigned int number);

#endif
