/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and lines of places in KVM builds, from what the compiler left for debuggers (libdw of elfutils). */
#include <sim/stack.h>

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sim/kvm_note.h>

struct frames {
	struct stack_frame *items;
	size_t num;
};

/* The build that was looked at last: a stack is of one. */
struct object {
	char *path, *root;
	Dwfl *dwfl;
	Dwfl_Module *module;
	GElf_Addr bias;
};

static int no_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			const char *file, const char *link, GElf_Word crc, char **found)
{
	(void)module, (void)data, (void)name, (void)base, (void)file, (void)link, (void)crc;
	(void)found;
	return -1;
}

static void object_close(struct object *object)
{
	if (object->dwfl)
		dwfl_end(object->dwfl);
	free(object->path);
	free(object->root);
	*object = (struct object){0};
}

/* False if the file cannot be read: its frames have no names then. */
static bool object_open(struct object *object, const char *path)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = no_debuginfo,
		.section_address = dwfl_offline_section_address,
	};
	struct kvm_note note;

	if (object->path && !strcmp(object->path, path))
		return object->module;
	object_close(object);
	object->path = strdup(path);
	if (!kvm_note_read(path, &note, NULL)) {
		object->root = kvm_note_value(&note, "root", 0);
		kvm_note_clear(&note);
	}
	object->dwfl = dwfl_begin(&callbacks);
	if (object->dwfl)
		object->module = dwfl_report_offline(object->dwfl, path, path, -1);
	if (object->dwfl)
		dwfl_report_end(object->dwfl, NULL, NULL);
	if (object->module && !dwfl_module_getelf(object->module, &object->bias))
		object->module = NULL;
	return object->module;
}

/* Sources of rmesim are named as in its checkout, wherever that was. */
static const char *shorten(const struct object *object, const char *file)
{
	size_t length = object->root ? strlen(object->root) : 0;

	if (length && !strncmp(file, object->root, length))
		return file + length;
	return !strncmp(file, "./", 2) ? file + 2 : file;
}

/* The whole path of a file that is named as seen from where the compiler ran. NULL: out of memory. */
static char *whole_path(const struct object *object, Dwarf_Die *unit, const char *file)
{
	Dwarf_Attribute attribute;
	const char *directory = NULL;
	char *path = NULL, *shortened;

	if (unit && *file != '/' && dwarf_attr(unit, DW_AT_comp_dir, &attribute))
		directory = dwarf_formstring(&attribute);
	/* Builds of a checkout do not tell where it was, and name its files as seen from its root. */
	if (!directory || *directory != '/' || !strncmp(file, "sim/", strlen("sim/")))
		return strdup(shorten(object, file));
	if (asprintf(&path, "%s/%s", directory, file) < 0)
		return NULL;
	shortened = strdup(shorten(object, path));
	free(path);
	return shortened;
}

static void frame_add(struct frames *frames, const struct object *object, Dwarf_Die *unit,
		      const char *function, const char *file, unsigned int line)
{
	struct stack_frame *grown =
		realloc(frames->items, (frames->num + 1) * sizeof(*frames->items));

	if (!grown)
		return;
	frames->items = grown;
	frames->items[frames->num] = (struct stack_frame){
		.function = strdup(function ? function : ""),
		.file = file ? whole_path(object, unit, file) : strdup(""),
		.line = line,
	};
	if (frames->items[frames->num].function && frames->items[frames->num].file)
		frames->num++;
}

static unsigned int unsigned_attribute(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value = 0;

	if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &value))
		return 0;
	return (unsigned int)value;
}

/* The function that the address is in, and those that it was inlined into. */
static void add_scopes(struct frames *frames, const struct object *object, Dwarf_Die *unit,
		       Dwarf_Addr address, const char *file, unsigned int line)
{
	Dwarf_Die *scopes = NULL, *chain = NULL;
	int num = unit ? dwarf_getscopes(unit, address, &scopes) : 0, first = 0;
	size_t before = frames->num, num_files = 0;
	Dwarf_Files *files = NULL;

	while (first < num && dwarf_tag(&scopes[first]) != DW_TAG_inlined_subroutine &&
	       dwarf_tag(&scopes[first]) != DW_TAG_subprogram)
		first++;
	num = first < num ? dwarf_getscopes_die(&scopes[first], &chain) : 0;
	if (num > 0 && dwarf_getsrcfiles(unit, &files, &num_files))
		files = NULL;
	for (int i = 0; i < num; i++) {
		int tag = dwarf_tag(&chain[i]);

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
			continue;
		frame_add(frames, object, unit, dwarf_diename(&chain[i]), file, line);
		if (tag == DW_TAG_subprogram)
			break;
		line = unsigned_attribute(&chain[i], DW_AT_call_line);
		file = files ? dwarf_filesrc(files, unsigned_attribute(&chain[i], DW_AT_call_file),
					     NULL, NULL)
			     : NULL;
	}
	if (frames->num == before)
		frame_add(frames, object, unit, NULL, file, line);
	free(scopes);
	free(chain);
}

/* The unit of an address; clang writes no table of them, so that each has to be asked. */
static Dwarf_Die *find_unit(const struct object *object, Dwarf_Addr address, Dwarf_Addr *bias)
{
	Dwarf_Die *unit = dwfl_module_addrdie(object->module, address, bias);

	if (unit)
		return unit;
	while ((unit = dwfl_module_nextcu(object->module, unit, bias))) {
		if (dwarf_haspc(unit, address - *bias) == 1)
			return unit;
	}
	return NULL;
}

static void add_address(struct frames *frames, const struct object *object, uint64_t offset)
{
	Dwarf_Addr address = object->bias + offset, unit_bias = 0;
	Dwarf_Die *unit = find_unit(object, address, &unit_bias);
	Dwarf_Line *line = unit ? dwarf_getsrc_die(unit, address - unit_bias) : NULL;
	const char *file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	int number = 0;

	if (line && dwarf_lineno(line, &number))
		number = 0;
	add_scopes(frames, object, unit, address - unit_bias, file, (unsigned int)number);
}

/* The runtime reports on behalf of who called it. */
static bool is_runtime(const struct stack_frame *frame)
{
	return !strncmp(frame->file, "sim/linux/", strlen("sim/linux/"));
}

size_t stack_resolve(const char *text, struct stack_frame **out)
{
	struct frames frames = {0};
	struct object object = {0};
	size_t skip = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = strndup(text, length), *end = NULL;
		unsigned long long offset = line ? strtoull(line, &end, 16) : 0;

		if (line && end != line && *end == ' ' && object_open(&object, end + 1))
			add_address(&frames, &object, offset);
		free(line);
		text += length + (text[length] == '\n');
	}
	object_close(&object);
	while (skip < frames.num && is_runtime(&frames.items[skip]))
		skip++;
	/* A fault in the runtime itself. */
	if (skip == frames.num)
		skip = 0;
	for (size_t i = 0; i < skip; i++) {
		free(frames.items[i].function);
		free(frames.items[i].file);
	}
	frames.num -= skip;
	if (frames.num)
		memmove(frames.items, frames.items + skip, frames.num * sizeof(*frames.items));
	*out = frames.items;
	return frames.num;
}

void stack_frames_free(struct stack_frame *frames, size_t num)
{
	for (size_t i = 0; i < num; i++) {
		free(frames[i].function);
		free(frames[i].file);
	}
	free(frames);
}

char *stack_text(const struct stack_frame *frames, size_t num)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = num ? open_memstream(&text, &size) : NULL;

	for (size_t i = 0; out && i < num; i++)
		fprintf(out, "#%zu %s%s%s:%u\n", i, *frames[i].function ? frames[i].function : "?",
			"  ", *frames[i].file ? frames[i].file : "?", frames[i].line);
	if (out && fclose(out)) {
		free(text);
		text = NULL;
	}
	return text;
}
