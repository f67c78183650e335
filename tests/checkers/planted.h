/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * planted.h - comes before rme.c and mmu.c and plants one defect in them: the one that RMESIM_PLANTED names. They
 * are macros, so that what finds them names the line of the host's own source.
 */
#include <linux/kvm_host.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <asm/rmi_cmds.h>

#include "series.h"

char *getenv(const char *name);
int pause(void);
int rmdir(const char *path);

static inline bool planted(const char *name)
{
	const char *chosen = getenv("RMESIM_PLANTED");

	return chosen && !strcmp(chosen, name);
}

/* -- locks -- */

#undef mutex_unlock
#define mutex_unlock(l)                                                                            \
	(planted("lock-kept") ? (void)0 :                                                          \
				linux_lock_release(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE()))

#undef write_lock
#define write_lock(l)                                                                              \
	({                                                                                         \
		if (!planted("lock-not-taken"))                                                    \
			linux_lock_acquire(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE());            \
		if (planted("lock-taken-twice"))                                                   \
			linux_lock_acquire(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE());            \
	})

#undef write_unlock
#define write_unlock(l)                                                                            \
	({                                                                                         \
		if (!planted("lock-not-taken"))                                                    \
			linux_lock_release(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE());            \
		if (planted("lock-dropped-twice"))                                                 \
			linux_lock_release(&(l)->base, LINUX_LOCK_WRITE, LINUX_SITE());            \
	})

/* A vCPU's mutex is held here; creating a realm takes that of its vCPUs within the VM's lock. */
#define kvm_vcpu_get_mpidr_aff(vcpu)                                                               \
	({                                                                                         \
		if (planted("lock-order")) {                                                       \
			mutex_lock(&(vcpu)->kvm->lock);                                            \
			mutex_unlock(&(vcpu)->kvm->lock);                                          \
		}                                                                                  \
		kvm_vcpu_get_mpidr_aff(vcpu);                                                      \
	})

#define series_unmap_range(kvm, start, size, private, may_block)                                   \
	series_unmap_range(kvm, start, size, private, (may_block) || planted("lock-dropped"))

#undef srcu_read_unlock
#define srcu_read_unlock(s, idx)                                                                   \
	({                                                                                         \
		if (!planted("srcu-kept"))                                                         \
			linux_srcu_read_unlock(s, idx, LINUX_SITE());                              \
		if (planted("srcu-dropped-twice"))                                                 \
			linux_srcu_read_unlock(s, idx, LINUX_SITE());                              \
	})

/* -- sleeping -- */

enum { PLANTED_GFP_ATOMIC = GFP_ATOMIC };
#undef GFP_ATOMIC
#define GFP_ATOMIC (planted("allocation-sleeps") ? GFP_KERNEL : (gfp_t)PLANTED_GFP_ATOMIC)

/* mmu_lock is held here. */
#define mmu_invalidate_retry_gfn(kvm, seq, gfn)                                                    \
	({                                                                                         \
		char planted_byte;                                                                 \
                                                                                                   \
		if (planted("user-access-under-lock") &&                                           \
		    copy_from_user(&planted_byte, NULL, sizeof(planted_byte)))                     \
			pr_debug("nothing there\n");                                               \
		mmu_invalidate_retry_gfn(kvm, seq, gfn) && !planted("retry-not-asked");             \
	})

/* -- memory -- */

#undef kvm_mmu_topup_memory_cache
#define kvm_mmu_topup_memory_cache(mc, min)                                                        \
	(planted("cache-drained") ?                                                                \
		 0 :                                                                               \
		 linux_cache_topup(mc, KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE, min, LINUX_SITE()))
#define kvm_mmu_memory_cache_nr_free_objects(mc)                                                   \
	(planted("cache-drained") ? 1 : kvm_mmu_memory_cache_nr_free_objects(mc))

#undef free_page
#define free_page(va)                                                                              \
	({                                                                                         \
		const unsigned long planted_va = (unsigned long)(va);                                             \
                                                                                                   \
		if (!planted("page-leaked"))                                                       \
			free_pages(planted_va, 0);                                                 \
		if (planted("page-freed-twice"))                                                   \
			free_pages(planted_va, 0);                                                 \
		if (planted("page-used-after-free") && planted_va)                                 \
			get_page(virt_to_page(planted_va));                                        \
		if (planted("page-written-after-free") && planted_va)                              \
			*(volatile char *)planted_va = 0;                                          \
	})

#undef alloc_page
#define alloc_page(gfp)                                                                            \
	({                                                                                         \
		if (planted("refcount-below-zero")) {                                              \
			struct page *planted_pair = alloc_pages(gfp, 1);                           \
                                                                                                   \
			if (planted_pair) {                                                        \
				put_page(planted_pair + 1);                                        \
				__free_pages(planted_pair, 1);                                     \
			}                                                                          \
		}                                                                                  \
		alloc_pages(gfp, 0);                                                               \
	})

#undef kvm_account_pgtable_pages
#define kvm_account_pgtable_pages(virt, nr)                                                        \
	({                                                                                         \
		if (planted("accounted-after-free") && (nr) < 0)                                   \
			free_pages((unsigned long)(virt), 0);                                      \
		linux_account_pgtable(planted("accounted-another") ? (void *)current->mm :  \
									    (virt),                \
				      nr, LINUX_SITE());                                           \
	})

/* -- the boot -- */

#define rmi_features(index, out) (planted("boot-warns") ? 1 : rmi_features(index, out))

/* -- the RMM's memory -- */

#define rmi_granule_undelegate(pa)                                                                 \
	({                                                                                         \
		if (planted("rmm-page-cleared"))                                                   \
			clear_page(phys_to_virt(pa));                                              \
		planted("undelegate-forgotten") ? 0 : rmi_granule_undelegate(pa);                  \
	})

/*
 * A host that goes wrong altogether where it takes a page from the guest: it crashes, waits for what does not come, asks
 * without end. Or that does so only as often as there are directories 1, 2, 3 to be removed: then it fails no more.
 */
static inline void planted_end(void)
{
	unsigned long planted_out;

	if (planted("crash") || (planted("crash-rarely") && (!rmdir("1") || !rmdir("2") || !rmdir("3"))))
		*(volatile int *)NULL = 0;
	if (planted("blocked"))
		pause();
	while (planted("endless-call"))
		(rmi_features)(0, &planted_out);
}

/*
 * A wrapper that once says nothing of `top` where the call failed: the caller reads what it never wrote. Or one
 * that says that every second granule is not mapped.
 */
#define rmi_data_destroy(rd, ipa, data, top)                                                       \
	({                                                                                         \
		static bool planted_once;                                                          \
		const unsigned long planted_ipa = (ipa);                                           \
		unsigned long planted_data = 0, planted_top = planted_ipa + RMM_PAGE_SIZE;         \
		int planted_ret;                                                                   \
                                                                                                   \
		planted_end();                                                                     \
		if (planted("granule-kept") && (planted_ipa & RMM_PAGE_SIZE))                      \
			planted_ret = RMI_ERROR_RTT | RMM_RTT_MAX_LEVEL << 8;                      \
		else                                                                               \
			planted_ret = rmi_data_destroy(rd, planted_ipa, &planted_data,             \
						       &planted_top);                              \
		if (planted_ret && !planted_once && planted("output-not-written")) {               \
			planted_once = true;                                                       \
		} else {                                                                           \
			*(data) = planted_data;                                                    \
			*(top) = planted_top;                                                      \
		}                                                                                  \
		planted_ret;                                                                       \
	})
