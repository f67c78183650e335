/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vgic.c - an interrupt controller that exists: a GICv3 can be created, configured and initialised,
 * and vCPUs run only with one. It delivers no interrupts.
 */
#include <linux/file.h>
#include <linux/kvm_host.h>

#include "kvm_arm.h"
#include "kvm_mm.h"

#define VGIC_NR_IRQS_MIN 64u
#define VGIC_NR_IRQS_MAX 1024u
#define VGIC_BASE_ALIGN	 0x10000u

/* Whether a vCPU is inside a system call: its interrupt controller must not change under it. */
static bool any_vcpu_busy(struct kvm *kvm)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu (i, vcpu, kvm) {
		if (mutex_is_locked(&vcpu->mutex))
			return true;
	}
	return false;
}

static int vgic_create(struct kvm *kvm, u32 type)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;
	int ret = 0;

	mutex_lock(&kvm->arch.config_lock);
	if (any_vcpu_busy(kvm))
		ret = -EBUSY;
	else if (irqchip_in_kernel(kvm))
		ret = -EEXIST;
	kvm_for_each_vcpu (i, vcpu, kvm) {
		if (!ret && vcpu_has_run_once(vcpu))
			ret = -EBUSY;
	}
	if (!ret) {
		kvm->arch.vgic = (struct vgic_dist){
			.in_kernel = true,
			.vgic_model = type,
			.dist_base = INVALID_GPA,
			.redist_base = INVALID_GPA,
		};
	}
	mutex_unlock(&kvm->arch.config_lock);
	return ret;
}

int kvm_vgic_create_device(struct kvm *kvm, struct kvm_create_device *args)
{
	int fd, ret;

	/* The host has a GICv3 that does not speak GICv2. */
	if (args->type != KVM_DEV_TYPE_ARM_VGIC_V3)
		return -ENODEV;
	if (args->flags & KVM_CREATE_DEVICE_TEST)
		return 0;
	mutex_lock(&kvm->lock);
	ret = vgic_create(kvm, args->type);
	if (ret)
		goto out;
	kvm_get_kvm(kvm);
	fd = anon_inode_getfd(FILE_DEVICE, kvm);
	if (fd < 0) {
		kvm_put_kvm(kvm);
		kvm->arch.vgic.in_kernel = false;
		ret = fd;
		goto out;
	}
	args->fd = (u32)fd;
out:
	mutex_unlock(&kvm->lock);
	return ret;
}

/* Interrupts of vCPUs that come later could not be laid out any more. */
static int vgic_init(struct kvm *kvm)
{
	if (kvm->created_vcpus != atomic_read(&kvm->online_vcpus))
		return -EBUSY;
	if (!kvm->arch.vgic.nr_irqs)
		kvm->arch.vgic.nr_irqs = VGIC_NR_IRQS_MIN;
	kvm->arch.vgic.initialized = true;
	return 0;
}

int kvm_vgic_map_resources(struct kvm *kvm)
{
	if (!irqchip_in_kernel(kvm))
		return kvm_is_realm(kvm) ? -EOPNOTSUPP : 0;
	/* A GICv3 is initialised by the VMM or not at all. */
	return vgic_initialized(kvm) ? 0 : -EBUSY;
}

static int vgic_set_base(struct kvm *kvm, u64 attr, u64 base)
{
	const u32 ipa_bits = VTCR_EL2_IPA(kvm->arch.mmu.vtcr);
	u64 *where;

	switch (attr) {
	case KVM_VGIC_V3_ADDR_TYPE_DIST:
		where = &kvm->arch.vgic.dist_base;
		break;
	case KVM_VGIC_V3_ADDR_TYPE_REDIST:
		where = &kvm->arch.vgic.redist_base;
		break;
	default:
		return -ENODEV;
	}
	if (base >> ipa_bits)
		return -E2BIG;
	if (!IS_ALIGNED(base, VGIC_BASE_ALIGN))
		return -EINVAL;
	if (*where != INVALID_GPA)
		return -EEXIST;
	*where = base;
	return 0;
}

static int vgic_set_nr_irqs(struct kvm *kvm, u32 nr_irqs)
{
	if (nr_irqs < VGIC_NR_IRQS_MIN || nr_irqs > VGIC_NR_IRQS_MAX || nr_irqs & 31)
		return -EINVAL;
	if (vgic_initialized(kvm) || kvm->arch.vgic.nr_irqs)
		return -EBUSY;
	kvm->arch.vgic.nr_irqs = nr_irqs;
	return 0;
}

static int vgic_set_attr(struct kvm *kvm, const struct kvm_device_attr *attr, u64 value)
{
	int ret;

	mutex_lock(&kvm->lock);
	mutex_lock(&kvm->arch.config_lock);
	if (any_vcpu_busy(kvm))
		ret = -EBUSY;
	else if (attr->group == KVM_DEV_ARM_VGIC_GRP_ADDR)
		ret = vgic_set_base(kvm, attr->attr, value);
	else if (attr->group == KVM_DEV_ARM_VGIC_GRP_NR_IRQS)
		ret = vgic_set_nr_irqs(kvm, (u32)value);
	else
		ret = vgic_init(kvm);
	mutex_unlock(&kvm->arch.config_lock);
	mutex_unlock(&kvm->lock);
	return ret;
}

/* Bytes that the attribute's value has in user memory; -ENXIO if there is no such attribute. */
static int vgic_attr_size(const struct kvm_device_attr *attr)
{
	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		return attr->attr == KVM_VGIC_V3_ADDR_TYPE_DIST ||
				       attr->attr == KVM_VGIC_V3_ADDR_TYPE_REDIST
			       ? (int)sizeof(u64)
			       : -ENXIO;
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		return (int)sizeof(u32);
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		return attr->attr == KVM_DEV_ARM_VGIC_CTRL_INIT ? 0 : -ENXIO;
	default:
		return -ENXIO;
	}
}

static long vgic_get_attr(struct kvm *kvm, const struct kvm_device_attr *attr, int size)
{
	u64 value = kvm->arch.vgic.nr_irqs;

	if (!size)
		return -ENXIO;
	if (attr->group == KVM_DEV_ARM_VGIC_GRP_ADDR)
		value = attr->attr == KVM_VGIC_V3_ADDR_TYPE_DIST ? kvm->arch.vgic.dist_base
								 : kvm->arch.vgic.redist_base;
	return copy_to_user((void __user *)attr->addr, &value, (size_t)size) ? -EFAULT : 0;
}

static long kvm_device_ioctl(struct file *file, unsigned int ioctl, unsigned long arg)
{
	struct kvm *kvm = file->private_data;
	struct kvm_device_attr attr;
	u64 value = 0;
	int size;

	if (kvm->mm != current->mm || kvm->vm_dead)
		return -EIO;
	if (ioctl != KVM_SET_DEVICE_ATTR && ioctl != KVM_GET_DEVICE_ATTR &&
	    ioctl != KVM_HAS_DEVICE_ATTR)
		return -ENOTTY;
	if (copy_from_user(&attr, (void __user *)arg, sizeof(attr)))
		return -EFAULT;
	size = vgic_attr_size(&attr);
	if (size < 0 || ioctl == KVM_HAS_DEVICE_ATTR)
		return size < 0 ? size : 0;
	if (ioctl == KVM_GET_DEVICE_ATTR)
		return vgic_get_attr(kvm, &attr, size);
	if (size && copy_from_user(&value, (void __user *)attr.addr, (size_t)size))
		return -EFAULT;
	return vgic_set_attr(kvm, &attr, value);
}

static void kvm_device_release(struct file *file)
{
	kvm_put_kvm(file->private_data);
}

const struct file_operations kvm_device_fops = {
	.unlocked_ioctl = kvm_device_ioctl,
	.release = kvm_device_release,
};
