/* SPDX-License-Identifier: BSD-3-Clause */
/* kvm_mm.h - what the files of sim/kvm share beside linux/kvm_host.h and asm/kvm_rme.h. */
#ifndef KVM_MM_H
#define KVM_MM_H

#include <linux/fs.h>
#include <linux/kvm_host.h>
#include <sim/port.h>

/* How this host was booted. Constant afterwards. */
extern struct kvm_boot_config kvm_boot_config;

/* kvm_gmem_create - KVM_CREATE_GUEST_MEMFD: a descriptor, -EINVAL, -EMFILE or -ENOMEM. */
int kvm_gmem_create(struct kvm *kvm, const struct kvm_create_guest_memfd *args);
/*
 * kvm_gmem_memory_failure - hardware reports that the memory behind bytes [offset, offset + len) of a guest_memfd
 * is broken, whole pages: the guest loses those that exist, and kvm_gmem_get_pfn() gives -EHWPOISON for them until
 * the VMM punches a hole there. 0; -ENOENT if there is no page; -EINVAL for another file or a part of a page.
 */
long kvm_gmem_memory_failure(struct file *file, loff_t offset, loff_t len);
/*
 * kvm_gmem_bind - give the slot the part of guest_memfd `fd` that begins at `offset` bytes. -EBADF
 * (no such descriptor); -EINVAL (no guest_memfd, another VM's, not inside the file, or in use by
 * another slot); -ENOMEM.
 */
int kvm_gmem_bind(struct kvm *kvm, struct kvm_memory_slot *slot, unsigned int fd, loff_t offset);
/* kvm_gmem_unbind - the slot goes. slots_lock is held, or nobody else has the VM. */
void kvm_gmem_unbind(struct kvm_memory_slot *slot);

/*
 * kvm_mmu_unmap_gfn_range - unmap a range that is part of an invalidation. mmu_lock is held for
 * write.
 */
bool kvm_mmu_unmap_gfn_range(struct kvm *kvm, struct kvm_gfn_range *range);

extern const struct file_operations kvm_dev_fops;
extern const struct file_operations kvm_vm_fops;
extern const struct file_operations kvm_vcpu_fops;
extern const struct file_operations kvm_device_fops;
extern const struct file_operations kvm_gmem_fops;
extern const struct mmu_notifier_ops kvm_mmu_notifier_ops;

/* kvm_init - once, when the kernel starts: 0 or -errno. */
int kvm_init(void);
/* kvm_nr_vms - VMs that exist. */
u32 kvm_nr_vms(void);

#endif
