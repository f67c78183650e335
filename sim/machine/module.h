/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_MACHINE_MODULE_H
#define SIM_MACHINE_MODULE_H

#include <sim/machine.h>

/* kvm_module_take - one machine uses it from now on; false: another one does. */
bool kvm_module_take(struct kvm_module *module);
void kvm_module_give_back(struct kvm_module *module);
/* kvm_module_restore - its writable segments as they were when it was loaded. */
void kvm_module_restore(const struct kvm_module *module);

#endif
