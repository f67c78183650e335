/* SPDX-License-Identifier: BSD-3-Clause */
/* kvm_manifest.h - what a KVM build is made of, as the program's build or installation says it. */
#ifndef TOOLS_KVM_MANIFEST_H
#define TOOLS_KVM_MANIFEST_H

#include <glib.h>

struct kvm_manifest {
	char *root;	    /* directory that all paths below are in */
	GPtrArray *sources; /* of everything but the host side that is replaced */
	GPtrArray *includes;
	GPtrArray *compile, *link; /* options */
	char *exports;		   /* linker script */
};

/* kvm_manifest_load - NULL after printing why. */
struct kvm_manifest *kvm_manifest_load(void);
void kvm_manifest_free(struct kvm_manifest *manifest);
/* program_directory - of this program's file. NULL if the system does not tell. g_free(). */
char *program_directory(void);

#endif
