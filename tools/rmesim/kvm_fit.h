/* SPDX-License-Identifier: BSD-3-Clause */
/* kvm_fit.h - the rmesim that can load given KVM builds: sanitizers' runtimes do not mix in one process. */
#ifndef TOOLS_KVM_FIT_H
#define TOOLS_KVM_FIT_H

#include <glib.h>
#include <stdbool.h>

/*
 * kvm_fit - see to it that this program has the AddressSanitizer of the builds in `files`, or none if they have
 * none: if not, it becomes the one that does, with the same arguments. Does not return then. False after
 * printing why there is none. Files that are no KVM builds are left to whoever loads them.
 */
bool kvm_fit(const GPtrArray *files, char **arguments);

#endif
