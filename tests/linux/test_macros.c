/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_macros.c - the forms of macros that out-of-tree sources rely on (types, evaluation,
 * constants).
 */
#include "test.h"

#include <asm/esr.h>
#include <asm/fpsimd.h>
#include <asm/kvm_pgtable.h>
#include <asm/sysreg.h>
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/string.h>

#define SAME_TYPE(a, b) _Static_assert(__builtin_types_compatible_p(__typeof__(a), b), #a)

SAME_TYPE((u64)0, unsigned long long);
SAME_TYPE((s64)0, long long);
SAME_TYPE((phys_addr_t)0, unsigned long long);
SAME_TYPE(PAGE_SIZE, unsigned long);
SAME_TYPE(BIT(3), unsigned long);
SAME_TYPE(BIT_ULL(3), unsigned long long);
SAME_TYPE(GENMASK(5, 2), unsigned long);
SAME_TYPE(SZ_2M, unsigned long);
SAME_TYPE(PHYS_ADDR_MAX, unsigned long long);
_Static_assert(PAGE_SIZE == 1ul << CONFIG_ARM64_PAGE_SHIFT, "page size");
_Static_assert(sizeof(struct page) == 16, "footprint");

/* Constant expressions where the language asks for them. */
static int page_size_name(unsigned long size)
{
	switch (size) {
	case PAGE_SIZE:
		return 1;
	case SZ_2M:
		return 2;
	}
	return 0;
}
static const u64 masks[PAGE_SHIFT - 11] = {GENMASK(63, 0)};

static int calls;

static int called(int value)
{
	calls++;
	return value;
}

START_TEST(bits_and_fields)
{
	volatile unsigned int zero = 0;
	volatile u64 field = 0;

	ck_assert_int_eq(page_size_name(PAGE_SIZE), 1);
	ck_assert(masks[0] == ~0ull);
	ck_assert(BIT(0) == 1 && BIT(63) == 1ul << 63);
	/* ia_bits - 1 where ia_bits is 0: the hardware's shift takes the number modulo 64. */
	ck_assert(BIT(zero - 1) == 1ul << 63);
	ck_assert(GENMASK(7, 4) == 0xf0 && GENMASK(63, 63) == 1ul << 63 && GENMASK(0, 0) == 1);
	ck_assert(FIELD_GET(GENMASK(15, 12), 0xabcdul) == 0xa);
	/* A value that is too large is cut: six bits into four. */
	ck_assert(FIELD_PREP(GENMASK(15, 12), 0x3ful) == 0xf000);
	ck_assert(FIELD_PREP(GENMASK(23, 20), 0x12ul) == 0x200000);
	field = GENMASK_ULL(35, 32);
	ck_assert(u64_get_bits(0xa500000000ull, field) == 5);
	field = BIT_ULL(63);
	ck_assert(u64_get_bits(~0ull, field) == 1);
	field = 0;
	ck_assert(u64_get_bits(~0ull, field) == 0);
	ck_assert(SYS_FIELD_GET(ID_AA64DFR0_EL1, BRPs, 0x0090f000ul) == 0xf);
	ck_assert(SYS_FIELD_GET(ID_AA64DFR0_EL1, WRPs, 0x0090f000ul) == 9);
	ck_assert(ID_AA64DFR0_EL1_CTX_CMPs == 0xf0000000ul);
}
END_TEST

START_TEST(alignment)
{
	u64 x = 0x200001;
	ssize_t size = 0x1000;
	int a = 0x1000;

	ck_assert(ALIGN(x, SZ_2M) == 0x400000);
	ck_assert(ALIGN(x - 1, SZ_2M) == 0x200000);
	ck_assert(ALIGN(x + 1, a) == 0x201000);
	ck_assert(ALIGN_DOWN(x, size) == 0x200000);
	ck_assert(!IS_ALIGNED(x, a) && IS_ALIGNED(x - 1, SZ_2M));
	/* The mask has the type of x: an int's would cut the upper half of an unsigned one. */
	ck_assert(ALIGN_DOWN(0xffff0000fff1ull, 0x1000u) == 0xffff0000f000ull);
	ck_assert(ALIGN(0xffff0000fff1ull, 0x1000u) == 0xffff00010000ull);
	SAME_TYPE(ALIGN(x, a), u64);
}
END_TEST

START_TEST(arguments_are_evaluated_once)
{
	u32 a = 1, b = 2;

	calls = 0;
	ck_assert_int_eq(min(called(3), 5), 3);
	ck_assert_int_eq(calls, 1);
	ck_assert(min(a++, b) == 1 && a == 2);
	ck_assert(max(min(a, b), 7u) == 7);

	calls = 0;
	ck_assert_int_eq(WARN_ON(called(0)), 0);
	ck_assert_int_eq(calls, 1);
	ck_assert_int_eq(fake_warned(fake, "WARN"), 0);
	calls = 0;
	ck_assert_int_eq(WARN_ON(called(4)), 1);
	ck_assert_int_eq(calls, 1);
	ck_assert_int_eq(fake_warned(fake, "WARN"), 1);
	for (int i = 0; i < 3; i++) {
		calls = 0;
		ck_assert_int_eq(WARN(called(2), "level %d", 3), 1);
		ck_assert_int_eq(WARN_RATELIMIT(called(2), "%s", "again"), 1);
		ck_assert_int_eq(WARN_ONCE(called(2), "once"), 1);
		ck_assert_int_eq(WARN_ON_ONCE(called(2)), 1);
		ck_assert_int_eq(calls, 4);
	}
	/* One, then three of WARN and three of WARN_RATELIMIT, and two for all three turns. */
	ck_assert_int_eq(fake_warned(fake, "WARN"), 1 + 3 + 3 + 2);
	WARN(1, "a statement");
	ck_assert_int_eq(fake_warned(fake, "WARN"), 10);

	calls = 0;
	BUG_ON(called(0));
	ck_assert_int_eq(calls, 1);
}
END_TEST

START_TEST(warn_names_its_place)
{
	int line = __LINE__ + 1;
	WARN_ON(line > 0);
	ck_assert_str_eq(fake->warns[0].message, "line > 0");
	ck_assert_int_eq(fake->warns[0].line, line);
	ck_assert_str_eq(fake->warns[0].function, "warn_names_its_place_fn");
	ck_assert_ptr_nonnull(strstr(fake->warns[0].file, "tests/linux/test_macros.c"));
	WARN(1, "at %#llx of %s\n", 0x1000ull, "here");
	ck_assert_str_eq(fake->warns[1].message, "at 0x1000 of here\n");
}
END_TEST

static DEFINE_STATIC_KEY_FALSE(key);

static struct mutex guarded;

static int guard_user(bool early)
{
	guard(mutex)(&guarded);

	if (early)
		return mutex_is_locked(&guarded);
	ck_assert(mutex_is_locked(&guarded));
	return 2;
}

START_TEST(scopes_and_keys)
{
	void *object __free(kfree) = NULL;
	void *kept;

	mutex_init(&guarded);
	ck_assert_int_eq(guard_user(true), 1);
	ck_assert(!mutex_is_locked(&guarded));
	ck_assert_int_eq(guard_user(false), 2);
	ck_assert(!mutex_is_locked(&guarded));
	scoped_guard(mutex, &guarded) ck_assert(mutex_is_locked(&guarded));
	ck_assert(!mutex_is_locked(&guarded));
	{
		void *inner __free(kfree) = kmalloc(64, GFP_KERNEL);

		ck_assert_ptr_nonnull(inner);
	}
	{
		void *inner __free(kfree) = kmalloc(64, GFP_KERNEL);

		kept = no_free_ptr(inner);
	}
	ck_assert_ptr_nonnull(kept);
	kfree(kept);
	ck_assert_ptr_null(object);
	ck_assert_int_eq(fake->num_warns, 0);

	ck_assert(!static_branch_unlikely(&key));
	static_branch_enable(&key);
	ck_assert(static_branch_unlikely(&key));
	static_branch_disable(&key);
	test_nothing_left();
}
END_TEST

START_TEST(constants)
{
	/* A 4K, 40-bit stage 2 has three levels with two concatenated roots. */
	u64 vtcr = 64 - 40;
	u64 esr = (0x24ull << 26) | (1ull << 24) | (17ull << 16) | (1ull << 6);

	ck_assert(PTE_S2_MEMATTR(MT_S2_FWB_NORMAL) == 6ul << 2);
	ck_assert((PTE_S2_MEMATTR(MT_S2_FWB_NORMAL) | KVM_PTE_LEAF_ATTR_LO_S2_S2AP_R |
		   KVM_PTE_LEAF_ATTR_LO_S2_S2AP_W) == 0xd8);
	ck_assert(VTCR_EL2_IPA(vtcr) == 40);
#if PAGE_SHIFT == 12
	ck_assert_int_eq(stage2_pgtable_levels(40), 3);
	ck_assert_uint_eq(kvm_pgtable_stage2_pgd_size(vtcr), 2 * 4096);
	/* 33 bits: two levels cover 30, eight roots. 48 bits: four levels and one root. */
	ck_assert_uint_eq(kvm_pgtable_stage2_pgd_size(64 - 33), 8 * 4096);
	ck_assert_uint_eq(kvm_pgtable_stage2_pgd_size(64 - 48), 4096);
#else
	ck_assert_int_eq(stage2_pgtable_levels(40), 2);
	ck_assert_uint_eq(kvm_pgtable_stage2_pgd_size(vtcr), 65536);
	ck_assert_uint_eq(kvm_pgtable_stage2_pgd_size(64 - 43), 2 * 65536);
#endif
	ck_assert(ESR_ELx_EC(esr) == 0x24 && ESR_ELx_EC_DABT_LOW == 0x24);
	ck_assert(ESR_ELx_EC_SYS64 == 0x18 && ESR_ELx_EC_IABT_LOW == 0x20 &&
		  ESR_ELx_EC_MAX == 0x3f);
	ck_assert(HPFAR_EL2_NS == 1ul << 63);
	ck_assert_int_eq(SYS_ID_AA64DFR0_EL1, 0x180500);
	ck_assert_int_eq(SYS_ID_AA64PFR0_EL1, 0x180400);
	ck_assert(INVALID_HWID == ~0ul);
	ck_assert_int_eq(
		cpuid_feature_extract_unsigned_field(read_sanitised_ftr_reg(SYS_ID_AA64PFR0_EL1),
						     ID_AA64PFR0_EL1_RME_SHIFT),
		1);
	ck_assert_int_eq(ID_AA64PFR0_EL1_RME_SHIFT, 52);
	ck_assert(sve_vl_from_vq(4) == 64 && sve_vq_from_vl(256) == 16);
	ck_assert_int_eq(FOLL_WRITE, 1);
	ck_assert_int_eq(GFP_ATOMIC & __GFP_DIRECT_RECLAIM, 0);
	ck_assert_int_eq(GFP_KERNEL & (__GFP_ZERO | __GFP_ACCOUNT), 0);
	ck_assert_int_eq(GFP_KERNEL_ACCOUNT, GFP_KERNEL | __GFP_ACCOUNT);
	ck_assert(u64_to_user_ptr(0x1234567890ull) == (void *)0x1234567890ul);
	ck_assert_int_eq(ARRAY_SIZE(masks), PAGE_SHIFT - 11);
	/* The seven that the C library knows under other numbers nowhere. */
	ck_assert_int_eq(EHWPOISON, 133);
	ck_assert_int_eq(EOPNOTSUPP, 95);
}
END_TEST

START_TEST(errors_in_pointers)
{
	ck_assert(IS_ERR(ERR_PTR(-ENOMEM)) && PTR_ERR(ERR_PTR(-ENOMEM)) == -12);
	ck_assert(!IS_ERR(NULL) && IS_ERR_OR_NULL(NULL));
	ck_assert(IS_ERR(ERR_PTR(-4095)) && !IS_ERR((void *)-4096l));
	ck_assert_int_eq(PTR_ERR_OR_ZERO(&calls), 0);
}
END_TEST

START_TEST(lists)
{
	struct item {
		int value;
		struct list_head link;
	} items[3], *item, *next;
	LIST_HEAD(head);
	int sum = 0;

	ck_assert(list_empty(&head));
	for (int i = 0; i < 3; i++) {
		items[i].value = i + 1;
		list_add_tail(&items[i].link, &head);
	}
	list_for_each_entry (item, &head, link)
		sum = sum * 10 + item->value;
	ck_assert_int_eq(sum, 123);
	list_move(&items[2].link, &head);
	ck_assert_int_eq(list_first_entry(&head, struct item, link)->value, 3);
	list_for_each_entry_safe (item, next, &head, link)
		list_del(&item->link);
	ck_assert(list_empty(&head));
}
END_TEST

START_TEST(searching_bytes)
{
	static u8 bytes[320];
	u32 wrong = 0;

	memset(bytes, 0xaa, sizeof(bytes));
	for (u32 size = 0; size <= 300; size++) {
		u8 *start = bytes + size % 9;

		wrong += memchr_inv(start, 0xaa, size) != NULL;
		for (u32 bad = 0; bad < size; bad += 1 + bad / 16) {
			start[bad] = 0xab;
			wrong += memchr_inv(start, 0xaa, size) != start + bad;
			start[bad] = 0xaa;
		}
		/* What lies behind does not count. */
		start[size] = 0;
		wrong += memchr_inv(start, 0xaa, size) != NULL;
		start[size] = 0xaa;
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

void macro_tests(Suite *suite)
{
	TCase *tcase = test_case(suite, "macros");

	tcase_add_test(tcase, bits_and_fields);
	tcase_add_test(tcase, alignment);
	tcase_add_test(tcase, arguments_are_evaluated_once);
	tcase_add_test(tcase, warn_names_its_place);
	tcase_add_test(tcase, scopes_and_keys);
	tcase_add_test(tcase, constants);
	tcase_add_test(tcase, errors_in_pointers);
	tcase_add_test(tcase, lists);
	tcase_add_test(tcase, searching_bytes);
}
