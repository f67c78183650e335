/* SPDX-License-Identifier: BSD-3-Clause */
#include "elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sim/port.h>

#include "error.h"

#if defined(__x86_64__)
#define ELF_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define ELF_MACHINE EM_AARCH64
#else
#error "which ELF machine is this?"
#endif

struct image {
	const uint8_t *data;
	uint64_t size;
	const Elf64_Ehdr *header;
	const Elf64_Phdr *phdrs;
	const Elf64_Shdr *shdrs;
};

/* `count` things of `size` bytes at `offset` of the file; NULL if the file does not hold them. */
static const void *image_at(const struct image *image, uint64_t offset, uint64_t count,
			    uint64_t size)
{
	if (offset > image->size || count > (image->size - offset) / size || offset % 8)
		return NULL;
	return image->data + offset;
}

static const char *image_string(const struct image *image, const Elf64_Shdr *strings, uint64_t at)
{
	const char *text;

	if (strings->sh_type != SHT_STRTAB || at >= strings->sh_size ||
	    strings->sh_offset > image->size || strings->sh_size > image->size - strings->sh_offset)
		return "";
	text = (const char *)image->data + strings->sh_offset + at;
	return memchr(text, 0, strings->sh_size - at) ? text : "";
}

static int image_check(struct image *image, const char *path, char **error)
{
	const Elf64_Ehdr *header = image_at(image, 0, 1, sizeof(*header));

	if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG))
		return error_set(error, -ENOEXEC, "%s: not an ELF file", path);
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != ELF_MACHINE ||
	    header->e_ident[EI_DATA] != ELFDATA2LSB)
		return error_set(error, -ENOEXEC, "%s: made for another machine", path);
	if (header->e_type != ET_DYN)
		return error_set(error, -ENOEXEC, "%s: not a shared object", path);
	image->header = header;
	image->phdrs = image_at(image, header->e_phoff, header->e_phnum, sizeof(*image->phdrs));
	image->shdrs = image_at(image, header->e_shoff, header->e_shnum, sizeof(*image->shdrs));
	if (!image->phdrs || !header->e_phnum || header->e_phentsize != sizeof(*image->phdrs) ||
	    !image->shdrs || !header->e_shnum || header->e_shentsize != sizeof(*image->shdrs) ||
	    header->e_shstrndx >= header->e_shnum)
		return error_set(error, -ENOEXEC, "%s: damaged: its headers leave the file", path);
	return 0;
}

static bool has_prefix(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static int add_counters(struct elf_info *info, uint64_t start, uint64_t size)
{
	struct elf_range *ranges;

	if (!size)
		return 0;
	ranges = realloc(info->counters, (info->num_counters + 1) * sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	info->counters = ranges;
	ranges[info->num_counters++] = (struct elf_range){start, start + size};
	return 0;
}

/* Defined symbols: the wanted one, and counters of gcov, which has no sections of its own. */
static int read_symbols(const struct image *image, const Elf64_Shdr *section, const char *wanted,
			struct elf_info *info)
{
	uint64_t count = section->sh_size / sizeof(Elf64_Sym);
	const Elf64_Sym *symbols = image_at(image, section->sh_offset, count, sizeof(*symbols));
	const Elf64_Shdr *strings;

	if (!symbols || section->sh_link >= image->header->e_shnum)
		return 0;
	strings = &image->shdrs[section->sh_link];
	for (uint64_t i = 0; i < count; i++) {
		const char *name = image_string(image, strings, symbols[i].st_name);
		bool defined = symbols[i].st_shndx != SHN_UNDEF;

		if (section->sh_type == SHT_DYNSYM && !strcmp(name, "__asan_init") &&
		    info->asan == KVM_ASAN_NONE)
			info->asan = KVM_ASAN_CLANG;
		if (section->sh_type == SHT_DYNSYM && defined && !strcmp(name, wanted))
			info->symbol_size = symbols[i].st_size;
		if (section->sh_type == SHT_SYMTAB && defined &&
		    (has_prefix(name, "__gcov") || has_prefix(name, "__llvm_gcov")) &&
		    ELF64_ST_TYPE(symbols[i].st_info) == STT_OBJECT) {
			int err = add_counters(info, symbols[i].st_value, symbols[i].st_size);

			if (err)
				return err;
		}
	}
	return 0;
}

/* gcc's AddressSanitizer is a library of its own; clang's is part of the program. */
static void read_needed(const struct image *image, const Elf64_Shdr *section, struct elf_info *info)
{
	uint64_t count = section->sh_size / sizeof(Elf64_Dyn);
	const Elf64_Dyn *entries = image_at(image, section->sh_offset, count, sizeof(*entries));

	if (!entries || section->sh_link >= image->header->e_shnum)
		return;
	for (uint64_t i = 0; i < count && entries[i].d_tag != DT_NULL; i++) {
		if (entries[i].d_tag == DT_NEEDED &&
		    has_prefix(image_string(image, &image->shdrs[section->sh_link],
					    entries[i].d_un.d_val),
			       "libasan.so"))
			info->asan = KVM_ASAN_GCC;
	}
}

/* The text of the build's note, if the section is one that holds nothing else. */
static int read_note(const struct image *image, const Elf64_Shdr *section, struct elf_info *info)
{
	static const char name[] = KVM_BUILD_NOTE_NAME;
	const size_t name_size = (sizeof(name) + 3) / 4 * 4;
	const Elf64_Nhdr *header;
	const char *text;

	if (info->note || section->sh_offset > image->size || section->sh_offset % 4 ||
	    section->sh_size > image->size - section->sh_offset ||
	    section->sh_size < sizeof(*header) + name_size)
		return 0;
	header = (const void *)(image->data + section->sh_offset);
	text = (const char *)(header + 1) + name_size;
	if (header->n_namesz != sizeof(name) || header->n_type != KVM_BUILD_NOTE_TYPE ||
	    memcmp(header + 1, name, sizeof(name)) ||
	    header->n_descsz > section->sh_size - sizeof(*header) - name_size)
		return 0;
	info->note = strndup(text, header->n_descsz);
	return info->note ? 0 : -ENOMEM;
}

static int range_compare(const void *a, const void *b)
{
	const struct elf_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int read_image(struct image *image, const char *path, const char *symbol,
		      struct elf_info *info, char **error)
{
	int err = image_check(image, path, error);

	if (err)
		return err;
	for (unsigned int i = 0; i < image->header->e_phnum; i++)
		info->has_tls = info->has_tls ||
				(image->phdrs[i].p_type == PT_TLS && image->phdrs[i].p_memsz);
	for (unsigned int i = 0; i < image->header->e_shnum && !err; i++) {
		const Elf64_Shdr *section = &image->shdrs[i];
		const char *name = image_string(image, &image->shdrs[image->header->e_shstrndx],
						section->sh_name);

		if (section->sh_type == SHT_DYNSYM || section->sh_type == SHT_SYMTAB)
			err = read_symbols(image, section, symbol, info);
		else if (section->sh_type == SHT_DYNAMIC)
			read_needed(image, section, info);
		else if (!strcmp(name, KVM_BUILD_NOTE_SECTION))
			err = read_note(image, section, info);
		else if (section->sh_flags & SHF_WRITE &&
			 (has_prefix(name, "__llvm_prf_") || has_prefix(name, "__sancov_")))
			err = add_counters(info, section->sh_addr, section->sh_size);
	}
	if (err)
		return error_set(error, err, "%s: %s", path, strerror(-err));
	if (info->num_counters)
		qsort(info->counters, info->num_counters, sizeof(*info->counters), range_compare);
	return 0;
}

int elf_read(const char *path, const char *symbol, struct elf_info *info, char **error)
{
	struct image image = {0};
	struct stat st;
	void *map = MAP_FAILED;
	int fd, err = 0;

	memset(info, 0, sizeof(*info));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		err = -errno;
		return error_set(error, err, "%s: %s", path, strerror(-err));
	}
	if (fstat(fd, &st))
		err = -errno;
	if (err || !S_ISREG(st.st_mode)) {
		err = error_set(error, err ? err : -ENOEXEC, "%s: %s", path,
				err ? strerror(-err) : "not a file");
		goto out;
	}
	if (!st.st_size) {
		err = error_set(error, -ENOEXEC, "%s: not an ELF file: it is empty", path);
		goto out;
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		err = -errno;
		error_set(error, err, "%s: %s", path, strerror(-err));
		goto out;
	}
	image.data = map;
	image.size = (uint64_t)st.st_size;
	err = read_image(&image, path, symbol, info, error);
	if (err)
		elf_info_clear(info);
out:
	if (map != MAP_FAILED)
		munmap(map, (size_t)st.st_size);
	close(fd);
	return err;
}

void elf_info_clear(struct elf_info *info)
{
	free(info->counters);
	info->counters = NULL;
	info->num_counters = 0;
	free(info->note);
	info->note = NULL;
}
