/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * slab.c - kmalloc: objects of a few sizes, packed into pages; larger ones are runs of pages.
 *
 * A page of the slab begins with struct slab; each object is preceded by struct object, which says
 * whose it is and whether it is free. Neither is accessible to instrumented code. Freed objects are
 * reused last in, first out, and carry LINUX_POISON_OBJECT. A page whose objects are all free is
 * given back, except for one of each size.
 */
#include <asm/page.h>
#include <linux/bug.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

#define OBJECT_LIVE 0x4c495645u
#define OBJECT_FREE 0x46524545u
#define SLAB_MAGIC  0x534c4142u

struct object {
	u32 state;
	u32 site;
	u32 size; /* asked for */
	u32 next; /* while free: number of the next free object of this slab plus one */
};

struct slab {
	u32 magic;
	u16 size_class;
	u16 num_objects;
	u16 in_use;
	u16 fresh; /* objects from this number on were never handed out */
	u32 free;  /* number of the object that was freed last plus one */
	u32 next;  /* slabs of this size that are not full: frame index plus one */
	u32 previous;
	u64 reserved;
};
_Static_assert(sizeof(struct object) == 16 && sizeof(struct slab) == 32, "alignment of objects");

/*
 * Chosen so that little of a 4K page is left over. The larger ones only where two fit into a page.
 */
static const u16 class_size[] = {16,  32,  64,	 96,   128,  192,  256,	 384,
				 528, 992, 1328, 2016, 4064, 8160, 16352};
#define NUM_CLASSES   ARRAY_SIZE(class_size)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static struct {
	u32 partial[NUM_CLASSES]; /* first slab that is not full: frame index plus one */
	u32 empty[NUM_CLASSES];	  /* slabs among them without a live object */
	u64 num_objects;
} slabs;

void linux_slab_boot(void)
{
	memset(&slabs, 0, sizeof(slabs));
}

u64 linux_slab_count(void)
{
	return slabs.num_objects;
}

static struct slab *slab_of(u32 index_plus_one)
{
	return (struct slab *)(linux_memory.host_view + ((u64)(index_plus_one - 1) << PAGE_SHIFT));
}

static u32 slab_number(const struct slab *slab)
{
	return (u32)(((unsigned long)slab - linux_memory.host_view) >> PAGE_SHIFT) + 1;
}

static u32 class_stride(u32 cls)
{
	return (u32)sizeof(struct object) + class_size[cls];
}

static u32 class_capacity(u32 cls)
{
	return (u32)(PAGE_SIZE - sizeof(struct slab)) / class_stride(cls);
}

static struct object *slab_object(struct slab *slab, u32 cls, u32 number)
{
	return (struct object *)((u8 *)(slab + 1) + number * class_stride(cls));
}

/* The smallest class that holds `size`; NUM_CLASSES if only whole pages do. */
static u32 class_find(size_t size)
{
	u32 cls = 0;

	while (cls < NUM_CLASSES && class_size[cls] < size)
		cls++;
	if (cls < NUM_CLASSES && class_capacity(cls) < 2)
		cls = NUM_CLASSES;
	return cls;
}

static __no_asan void slab_link(struct slab *slab)
{
	u32 *head = &slabs.partial[slab->size_class];

	slab->previous = 0;
	slab->next = *head;
	if (*head)
		slab_of(*head)->previous = slab_number(slab);
	*head = slab_number(slab);
}

static __no_asan void slab_unlink(struct slab *slab)
{
	if (slab->next)
		slab_of(slab->next)->previous = slab->previous;
	if (slab->previous)
		slab_of(slab->previous)->next = slab->next;
	else
		slabs.partial[slab->size_class] = slab->next;
}

static __no_asan struct slab *slab_create(u32 cls, gfp_t gfp, const struct linux_site *site)
{
	struct page *page = linux_page_alloc(gfp & ~(__GFP_ZERO | __GFP_CLEAN), 0, PORT_FRAME_SLAB,
					     PORT_NUM_FAULTS, site);
	struct slab *slab;

	if (!page)
		return NULL;
	slab = (struct slab *)page_address(page);
	linux_asan_poison(slab, PAGE_SIZE);
	slab->magic = SLAB_MAGIC;
	slab->size_class = (u16)cls;
	slab->num_objects = (u16)class_capacity(cls);
	slab->in_use = 0;
	slab->fresh = 0;
	slab->free = 0;
	slab->reserved = 0;
	slab_link(slab);
	slabs.empty[cls]++;
	return slab;
}

static __no_asan void *object_take(struct slab *slab, const struct linux_site *site)
{
	u32 cls = slab->size_class;
	struct object *object;
	u8 *payload;

	if (slab->in_use == 0)
		slabs.empty[cls]--;
	if (slab->free) {
		object = slab_object(slab, cls, slab->free - 1);
		payload = (u8 *)(object + 1);
		slab->free = object->next;
		linux_asan_unpoison(payload, class_size[cls]);
		if (object->state != OBJECT_FREE ||
		    memchr_inv(payload, LINUX_POISON_OBJECT, class_size[cls]))
			linux_report("write-after-free", site,
				     "an object of %u bytes was written while free",
				     class_size[cls]);
	} else {
		object = slab_object(slab, cls, slab->fresh++);
		payload = (u8 *)(object + 1);
		linux_asan_unpoison(payload, class_size[cls]);
	}
	if (++slab->in_use == slab->num_objects)
		slab_unlink(slab);
	return object;
}

static __no_asan void *object_alloc(u32 cls, size_t size, gfp_t gfp, const struct linux_site *site)
{
	struct slab *slab = slabs.partial[cls] ? slab_of(slabs.partial[cls]) : NULL;
	struct object *object;

	if (!slab)
		slab = slab_create(cls, gfp, site);
	if (!slab)
		return NULL;
	object = (struct object *)object_take(slab, site);
	object->state = OBJECT_LIVE;
	object->site = linux_site_number(site);
	object->size = (u32)size;
	object->next = 0;
	linux_asan_poison((u8 *)(object + 1) + size, class_size[cls] - size);
	return object + 1;
}

/* An object of whole pages: its size, never 0, is in the frame's `link`. */
static void *large_alloc(size_t size, gfp_t gfp, const struct linux_site *site)
{
	unsigned int order = (unsigned int)get_order(size);
	struct page *page;
	u8 *payload;

	if (size > linux_memory.size || size > 0xffffffffu)
		return NULL;
	page = linux_page_alloc(gfp & ~(__GFP_ZERO | __GFP_CLEAN), order, PORT_FRAME_SLAB,
				PORT_NUM_FAULTS, site);
	if (!page)
		return NULL;
	page->frame.link = (u32)size;
	payload = (u8 *)page_address(page);
	linux_asan_poison(payload + size, (PAGE_SIZE << order) - size);
	return payload;
}

void *linux_kmalloc(size_t size, gfp_t gfp, int point, const struct linux_site *site)
{
	u32 cls = class_find(size);
	void *payload;

	if (gfpflags_allow_blocking(gfp))
		linux_might_sleep("an allocation that may block", site);
	if (size == 0)
		return ZERO_SIZE_PTR;
	if (!(gfp & __GFP_NOFAIL) && linux_fault((enum port_fault)point, 0))
		return NULL;
	payload = cls < NUM_CLASSES ? object_alloc(cls, size, gfp, site)
				    : large_alloc(size, gfp, site);
	if (!payload)
		return NULL;
	if (gfp & __GFP_ZERO)
		memset(payload, 0, size);
	slabs.num_objects++;
	return payload;
}

/*
 * The object that `payload` is, or NULL with a report. *page is its page; a NULL *object means that
 * the object is whole pages.
 */
static __no_asan struct page *object_find(const void *payload, struct object **object,
					  const char *what, const struct linux_site *site)
{
	u64 offset = (unsigned long)payload - linux_memory.host_view;
	unsigned long in_page = offset_in_page(payload);
	struct slab *slab = (struct slab *)((unsigned long)payload & PAGE_MASK);
	struct page *page;

	*object = NULL;
	if (offset >= linux_memory.size) {
		linux_bad_virt(payload, site);
		return NULL;
	}
	page = &linux_memory.mem_map[offset >> PAGE_SHIFT];
	if (page->frame.kind == PORT_FRAME_FREE || page->frame.kind == PORT_FRAME_QUARANTINE) {
		linux_report(what, site, "an object in a page that is free already");
		return NULL;
	}
	if (page->frame.kind == PORT_FRAME_SLAB && !in_page && page->frame.link)
		return page;
	if (page->frame.kind == PORT_FRAME_SLAB && in_page && slab->magic == SLAB_MAGIC &&
	    slab->size_class < NUM_CLASSES && in_page >= sizeof(*slab) + sizeof(**object) &&
	    (in_page - sizeof(*slab) - sizeof(**object)) % class_stride(slab->size_class) == 0) {
		*object = (struct object *)payload - 1;
		if ((*object)->state == OBJECT_LIVE)
			return page;
		if ((*object)->state == OBJECT_FREE) {
			linux_report(what, site, "an object of %u bytes that is free already",
				     class_size[slab->size_class]);
			return NULL;
		}
		linux_report("slab-corruption", site,
			     "what precedes an object of %u bytes was overwritten",
			     class_size[slab->size_class]);
		return NULL;
	}
	linux_report("bad-free", site, "not an object that kmalloc gave");
	return NULL;
}

static __no_asan void object_free(struct object *object, const struct linux_site *site)
{
	struct slab *slab = (struct slab *)((unsigned long)object & PAGE_MASK);
	u32 cls = slab->size_class;
	u32 number = (u32)((u8 *)object - (u8 *)(slab + 1)) / class_stride(cls);
	u8 *payload = (u8 *)(object + 1);

	linux_asan_unpoison(payload, class_size[cls]);
	memset(payload, LINUX_POISON_OBJECT, class_size[cls]);
	linux_asan_poison(payload, class_size[cls]);
	object->state = OBJECT_FREE;
	object->next = slab->free;
	slab->free = number + 1;
	if (slab->in_use-- == slab->num_objects)
		slab_link(slab);
	if (slab->in_use)
		return;
	if (slabs.empty[cls]) {
		slab_unlink(slab);
		linux_asan_unpoison(slab, PAGE_SIZE);
		linux_page_put(&linux_memory.mem_map[slab_number(slab) - 1], site);
		return;
	}
	slabs.empty[cls]++;
}

/* Bytes of an object, or of a payload that has pages of its own. */
static __no_asan size_t payload_size(const struct object *object, const struct page *page)
{
	return object ? object->size : page->frame.link;
}

void linux_kfree(const void *payload, const struct linux_site *site)
{
	struct object *object;
	struct page *page;

	if (ZERO_OR_NULL_PTR(payload))
		return;
	page = object_find(payload, &object, "double-free", site);
	if (!page)
		return;
	linux_locks_check_freed(payload, payload_size(object, page), site);
	slabs.num_objects--;
	if (object) {
		object_free(object, site);
		return;
	}
	linux_asan_unpoison(payload, PAGE_SIZE << page->frame.order);
	linux_page_put(page, site);
}

static __no_asan size_t object_size(const void *payload, const struct linux_site *site)
{
	struct object *object;
	struct page *page;

	if (ZERO_OR_NULL_PTR(payload))
		return 0;
	page = object_find(payload, &object, "use-after-free", site);
	if (!page)
		return 0;
	return payload_size(object, page);
}

size_t ksize(const void *payload)
{
	return object_size(payload, LINUX_SITE());
}

void *linux_krealloc(const void *payload, size_t size, gfp_t gfp, const struct linux_site *site)
{
	size_t old_size = object_size(payload, site);
	void *copy;

	if (size == 0) {
		linux_kfree(payload, site);
		return ZERO_SIZE_PTR;
	}
	copy = linux_kmalloc(size, gfp, PORT_FAULT_KMALLOC, site);
	if (!copy)
		return NULL;
	if (old_size)
		memcpy(copy, payload, old_size < size ? old_size : size);
	linux_kfree(payload, site);
	return copy;
}

void *linux_kmemdup(const void *source, size_t size, gfp_t gfp, const struct linux_site *site)
{
	void *copy = linux_kmalloc(size, gfp, PORT_FAULT_KMALLOC, site);

	if (copy && size)
		memcpy(copy, source, size);
	return copy;
}
