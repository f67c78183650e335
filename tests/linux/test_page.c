/* SPDX-License-Identifier: BSD-3-Clause */
/* test_page.c - page frames: what is in them, who holds them, and what is reported. */
#include <stdio.h>

#include "test.h"

#include <asm/page.h>
#include <linux/highmem.h>
#include <linux/string.h>

#if LINUX_ASAN
#include <sanitizer/asan_interface.h>
#endif

#define POISON 0xaa

static bool page_is_filled(const void *va, int byte)
{
	return !memchr_inv(va, byte, PAGE_SIZE);
}

START_TEST(boot_refuses_what_does_not_fit)
{
	struct sim_port port = fake->port;

	port.abi_version++;
	ck_assert_int_eq(linux_boot(&port), -EINVAL);
	ck_assert_ptr_null(linux_port);
	port = fake->port;
	port.size--;
	ck_assert_int_eq(linux_boot(&port), -EINVAL);
	port = fake->port;
	port.dram_size += 1024;
	ck_assert_int_eq(linux_boot(&port), -EINVAL);
	ck_assert_int_eq(linux_boot(&fake->port), 0);
}
END_TEST

START_TEST(zeroed_or_garbage)
{
	void *zeroed = (void *)get_zeroed_page(GFP_KERNEL);
	void *raw = (void *)__get_free_page(GFP_KERNEL);

	ck_assert(page_is_filled(zeroed, 0));
	/* Fresh memory happens to be zero; a page that was not asked to be zeroed must not be. */
	ck_assert(page_is_filled(raw, POISON));
	memset(zeroed, 0x11, PAGE_SIZE);
	free_page((unsigned long)zeroed);
	ck_assert((void *)get_zeroed_page(GFP_ATOMIC) == zeroed);
	ck_assert(page_is_filled(zeroed, 0));
	memset(zeroed, 0x22, PAGE_SIZE);
	free_page((unsigned long)zeroed);
	ck_assert((void *)__get_free_page(GFP_KERNEL) == zeroed);
	ck_assert(page_is_filled(zeroed, POISON));
	free_page((unsigned long)zeroed);
	free_page((unsigned long)raw);
	free_page(0);
	ck_assert_int_eq(fake->num_warns, 0);
	test_nothing_left();
}
END_TEST

START_TEST(freed_memory_is_recognisable)
{
	u8 *va = (u8 *)get_zeroed_page(GFP_KERNEL);

	free_page((unsigned long)va);
#if LINUX_ASAN
	ck_assert(__asan_address_is_poisoned(va) && __asan_address_is_poisoned(va + PAGE_SIZE - 1));
	__asan_unpoison_memory_region(va, PAGE_SIZE);
#endif
	ck_assert(page_is_filled(va, POISON));
	va[123] = 1;
	ck_assert((u8 *)get_zeroed_page(GFP_KERNEL) == va);
	ck_assert_int_eq(fake_warned(fake, "write-after-free"), 1);
	ck_assert(page_is_filled(va, 0));
	free_page((unsigned long)va);
}
END_TEST

START_TEST(clean_pages_stay_untouched)
{
	struct page *page = linux_page_alloc(GFP_KERNEL | __GFP_CLEAN, 0, PORT_FRAME_GMEM,
					     PORT_FAULT_GMEM_PAGE, LINUX_SITE());
	struct kvm_inspect books;
	u8 *va = (u8 *)page_address(page);

	ck_assert(page_is_clean(page));
	ck_assert_int_eq(page->frame.kind, PORT_FRAME_GMEM);
	linux_inspect(&books);
	ck_assert_int_eq(books.gmem_pages, 1);
	ck_assert_int_eq(books.kernel_pages, 0);
	ck_assert_uint_eq(fake->fault_asked[PORT_FAULT_GMEM_PAGE], 1);
	ck_assert_uint_eq(fake->fault_asked[PORT_FAULT_PAGE_ALLOC], 0);
	/* Clearing what is clean does nothing: planted bytes show whether it was written. */
	*va = 0x77;
	clear_highpage(page);
	ck_assert_int_eq(*va, 0x77);
	put_page(page);
	/* Nor does freeing it. */
	ck_assert(!(fake_frame(fake, FAKE_BASE)->flags & PORT_FRAME_DIRTY));
#if LINUX_ASAN
	__asan_unpoison_memory_region(va, PAGE_SIZE);
#endif
	ck_assert_int_eq(*va, 0x77);
	*va = 0;

	page = linux_page_alloc(GFP_KERNEL | __GFP_CLEAN, 0, PORT_FRAME_GMEM, PORT_FAULT_GMEM_PAGE,
				LINUX_SITE());
	page_mark_dirty(page);
	memset(page_address(page), 0x33, PAGE_SIZE);
	clear_highpage(page);
	ck_assert(page_is_filled(page_address(page), 0));
	memset(page_address(page), 0x33, PAGE_SIZE);
	put_page(page);
	/* Used memory is wiped for the next owner, and is known to be zero then. */
	page = linux_page_alloc(GFP_KERNEL | __GFP_CLEAN, 0, PORT_FRAME_USER, PORT_FAULT_USER_PAGE,
				LINUX_SITE());
	ck_assert(page_is_clean(page));
	ck_assert(page_is_filled(page_address(page), 0));
	put_page(page);
	ck_assert_int_eq(fake->num_warns, 0);
	test_nothing_left();
}
END_TEST

START_TEST(references)
{
	struct page *page = alloc_page(GFP_KERNEL);
	u64 out = fake->frames_out;

	ck_assert_int_eq(page_count(page), 1);
	get_page(page);
	ck_assert_int_eq(page_count(page), 2);
	__free_page(page);
	ck_assert_uint_eq(fake->frames_out, out);
	put_page(page);
	ck_assert_uint_eq(fake->frames_out, out - 1);
	ck_assert_int_eq(fake->num_warns, 0);

	put_page(page);
	ck_assert_int_eq(fake_warned(fake, "double-free"), 1);
	free_page((unsigned long)linux_memory.host_view);
	ck_assert_int_eq(fake_warned(fake, "double-free"), 2);
	get_page(page);
	ck_assert_int_eq(fake_warned(fake, "use-after-free"), 1);
	ck_assert_int_eq(page_count(page), 0);
	ck_assert_uint_eq(fake->frames_out, out - 1);
	test_nothing_left();
}
END_TEST

/* Pages are handed out last in, first out, but one whose memory failed never again. */
START_TEST(broken_memory)
{
	struct page *sound = alloc_page(GFP_KERNEL), *broken = alloc_page(GFP_KERNEL), *page;

	broken->frame.flags |= PORT_FRAME_BROKEN;
	put_page(sound);
	put_page(broken);
	page = alloc_page(GFP_KERNEL);
	ck_assert_ptr_eq(page, sound);
	sound = alloc_page(GFP_KERNEL);
	ck_assert_ptr_ne(sound, broken);
	put_page(page);
	put_page(sound);
	ck_assert_int_eq(fake->num_warns, 0);
}
END_TEST

START_TEST(orders)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 2);
	u8 *exact;

	ck_assert_uint_eq(page_to_phys(page) % (4 * PAGE_SIZE), 0);
	ck_assert(page_is_filled((u8 *)page_address(page) + 3 * PAGE_SIZE, 0));
	/* A part of it has no reference of its own. */
	put_page(page + 1);
	ck_assert_int_eq(fake_warned(fake, "refcount-underflow"), 1);
	__free_pages(page, 1);
	ck_assert_int_eq(fake_warned(fake, "bad-order"), 1);
	test_nothing_left();
	fake_warns_clear(fake);

	exact = (u8 *)alloc_pages_exact(3 * PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	ck_assert_uint_eq(fake->frames_out, 3);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(page_count(virt_to_page(exact + i * PAGE_SIZE)), 1);
	/* Leaking one page of it: the others are freed. */
	get_page(virt_to_page(exact + PAGE_SIZE));
	free_pages_exact(exact, 3 * PAGE_SIZE);
	ck_assert_uint_eq(fake->frames_out, 1);
	ck_assert_int_eq(page_count(virt_to_page(exact + PAGE_SIZE)), 1);
	put_page(virt_to_page(exact + PAGE_SIZE));
	ck_assert_int_eq(fake->num_warns, 0);
	test_nothing_left();
	ck_assert_int_eq(get_order(1), 0);
	ck_assert_int_eq(get_order(PAGE_SIZE), 0);
	ck_assert_int_eq(get_order(PAGE_SIZE + 1), 1);
	ck_assert_int_eq(get_order(5 * PAGE_SIZE), 3);
}
END_TEST

START_TEST(conversions)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *va = page_address(page);
	phys_addr_t pa = page_to_phys(page);

	ck_assert(pa == virt_to_phys(va) && phys_to_virt(pa) == va && phys_to_page(pa) == page);
	ck_assert(pfn_to_page(page_to_pfn(page)) == page && page_to_pfn(page) == pa >> PAGE_SHIFT);
	ck_assert(virt_to_phys((u8 *)va + 5) == pa + 5 && virt_to_page((u8 *)va + 5) == page);
	ck_assert((u8 *)va - (u8 *)fake->port.host_view == (s64)(pa - FAKE_BASE));
	put_page(page);
	ck_assert_int_eq(fake->num_warns, 0);
}
END_TEST

START_TEST(addresses_that_are_no_memory)
{
	int local = 0;

	ck_assert(virt_to_phys(NULL) == 0);
	ck_assert(virt_to_phys(ERR_PTR(-ENOMEM)) == 0);
	ck_assert(virt_to_phys(&local) == 0);
	ck_assert_ptr_null(phys_to_virt(PHYS_ADDR_MAX));
	ck_assert_ptr_null(phys_to_virt(FAKE_BASE - 1));
	ck_assert_int_eq(fake_warned(fake, "bad-address"), 5);
	put_page(pfn_to_page(0));
	put_page(NULL);
	get_page(NULL);
	free_page((unsigned long)&local);
	clear_page(NULL);
	ck_assert_int_ge(fake_warned(fake, "bad-address"), 10);
	ck_assert_int_eq(fake->num_warns, fake_warned(fake, "bad-address"));
	ck_assert_uint_eq(fake->frames_out, 0);
}
END_TEST

START_TEST(granules_of_the_rmm)
{
	u8 *va = (u8 *)get_zeroed_page(GFP_KERNEL);
	phys_addr_t pa = virt_to_phys(va);
	struct page *other;

	*va = 0x55;
	fake_secure_set(fake, pa + PAGE_SIZE - 1, true);
	clear_page(va);
	ck_assert_int_eq(fake_warned(fake, "granule-protection"), 1);
	ck_assert_int_eq(*va, 0x55);
	ck_assert(!linux_host_access_ok(pa + PAGE_SIZE - 8, 8, "test", LINUX_SITE()));
	ck_assert_int_eq(fake_warned(fake, "granule-protection"), 2);
	/* The next page was never handed out. */
	ck_assert(!linux_host_access_ok(pa + PAGE_SIZE - 8, 16, "test", LINUX_SITE()));
	ck_assert_int_eq(fake_warned(fake, "use-after-free"), 1);
	ck_assert(!linux_host_access_ok(FAKE_BASE + TEST_DRAM_SIZE - 8, 16, "test", LINUX_SITE()));
	ck_assert_int_eq(fake_warned(fake, "bad-address"), 1);
#if PAGE_SHIFT > 12
	ck_assert(linux_host_access_ok(pa, 4096, "test", LINUX_SITE()));
#endif
	/* Never given back, never written. */
	free_page((unsigned long)va);
	ck_assert_int_eq(fake_warned(fake, "freed-delegated"), 1);
	ck_assert_int_eq(*va, 0x55);
	ck_assert_uint_eq(fake->frames_out, 1);
	ck_assert(fake_frame(fake, pa)->flags & PORT_FRAME_LEAKED);

	/* A free page that was delegated behind our back is passed over. */
	other = alloc_page(GFP_KERNEL);
	pa = page_to_phys(other);
	put_page(other);
	fake_secure_set(fake, pa, true);
	other = alloc_page(GFP_KERNEL);
	ck_assert_int_eq(fake_warned(fake, "allocated-delegated"), 1);
	ck_assert(page_to_phys(other) != pa);
	put_page(other);
}
END_TEST

START_TEST(faults_and_exhaustion)
{
	struct page *page;
	u64 taken = 0;

	fake->fault_in[PORT_FAULT_PAGE_ALLOC] = 2;
	page = alloc_page(GFP_KERNEL);
	ck_assert_ptr_nonnull(page);
	ck_assert_ptr_null(alloc_page(GFP_KERNEL));
	put_page(page);
	fake->fault_in[PORT_FAULT_PAGE_ZALLOC] = 1;
	page = alloc_page(GFP_KERNEL);
	ck_assert_ptr_nonnull(page);
	put_page(page);
	ck_assert_uint_eq(get_zeroed_page(GFP_KERNEL), 0);

	fake->port.event_mask = 0;
	while (alloc_page(GFP_KERNEL))
		taken++;
	ck_assert_uint_eq(taken, TEST_DRAM_SIZE / PAGE_SIZE);
	ck_assert_int_eq(fake->num_warns, 0);
}
END_TEST

START_TEST(sites_and_events)
{
	struct page *page;
	char place[200];

	fake->num_events = 0;
	page = alloc_page(GFP_KERNEL);
	snprintf(place, sizeof(place), "sites_and_events_fn %s:%d", __FILE__, __LINE__ - 1);
	ck_assert_str_eq(linux_site_name(page->frame.site), place);
	ck_assert_ptr_null(linux_site_name(0));
	ck_assert_ptr_null(linux_site_name(0xffffffff));
	ck_assert_int_eq(fake->num_events, 1);
	ck_assert_int_eq(fake->events[0].kind, PORT_EVENT_PAGE_ALLOC);
	ck_assert_uint_eq(fake->events[0].a, page_to_phys(page));
	ck_assert_uint_eq(fake->events[0].b, 0);
	ck_assert_str_eq(fake->events[0].text, "sites_and_events_fn");
	put_page(page);
	ck_assert_int_eq(fake->events[1].kind, PORT_EVENT_PAGE_FREE);
	ck_assert_uint_eq(fake->events[1].a, FAKE_BASE);
	fake->port.event_mask = 1u << PORT_EVENT_PAGE_FREE;
	put_page(alloc_page(GFP_KERNEL));
	ck_assert_int_eq(fake->num_events, 3);
}
END_TEST

void page_tests(Suite *suite)
{
	TCase *tcase = test_case(suite, "page");

	tcase_add_test(tcase, boot_refuses_what_does_not_fit);
	tcase_add_test(tcase, zeroed_or_garbage);
	tcase_add_test(tcase, freed_memory_is_recognisable);
	tcase_add_test(tcase, clean_pages_stay_untouched);
	tcase_add_test(tcase, references);
	tcase_add_test(tcase, broken_memory);
	tcase_add_test(tcase, orders);
	tcase_add_test(tcase, conversions);
	tcase_add_test(tcase, addresses_that_are_no_memory);
	tcase_add_test(tcase, granules_of_the_rmm);
	tcase_add_test(tcase, faults_and_exhaustion);
	tcase_add_test(tcase, sites_and_events);
}
