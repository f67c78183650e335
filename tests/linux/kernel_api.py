#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""kernel_api.py CHECKOUT - each name of kernel-api.txt is used by what is compiled for each posting that has it.

Used means: it stands in the code (not in a comment, a string or a directive) that the preprocessor leaves of the
file for that posting. The compiler and the linker see to the rest, since these files are built:

  function, type, constant, header   series.c, which is compiled for all and linked into the modules of tests/foreign
  field                              series.c, as MEMBER(struct, member, type)
  uapi                               uapi_series.c
  export                             the tree of that posting in tests/foreign

And sim/linux defines none of the names that the file set defines itself, and ships no header of its names.
"""
import functools
import pathlib
import re
import subprocess
import sys

POSTINGS = [5, 6, 7, 8, 9, 10, 12]
OWN_HEADERS = ["asm/kvm_rme.h", "asm/kvm_rmi.h", "asm/rmi_cmds.h", "asm/rmi_smc.h"]
OWN_MACROS = re.compile(r"(RMM|RME|SMC_RMI|RMI|REC)_\w+|__ASM_(KVM_RM[EI]|RM[EI]_(SMC|CMDS))_H")
OWN_TYPES = re.compile(r"\b(?:struct|enum) (realm_params|rec_params|rec_enter|rec_exit|rec_run|rtt_entry|realm|"
                       r"realm_rec|realm_state|rmi_ripas)\s*\{")
LIBC = ["memcpy", "memset", "memcmp", "memmove", "strlen", "strcmp", "strncmp", "strchr", "abs"]

failures = []


def fail(text):
    failures.append(text)
    print(f"kernel_api: {text}")


def code(text):
    """Without comments, strings and directives."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r'"(\\.|[^"\\\n])*"', '""', text)
    text = text.replace("\\\n", " ")
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))


def names(text):
    return set(re.findall(r"[A-Za-z_]\w*", text))


@functools.lru_cache(maxsize=None)
def run_preprocessor(path, *options):
    done = subprocess.run(["gcc", "-E", *options, str(path)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"kernel_api: {path} is not preprocessed:\n{done.stderr}")
    return done.stdout


def preprocess(path, options, *mode):
    return run_preprocessor(path, *mode, *options)


def own_part(path, options):
    """What is left of the file itself, with its macros not expanded; and what it includes itself."""
    lines, inside = [], False
    for line in preprocess(path, options, "-fdirectives-only").split("\n"):
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            inside = pathlib.Path(marker.group(1)) == path
        elif inside:
            lines.append(line)
    return code("\n".join(lines))


def check(root):
    tests = root / "tests" / "linux"
    linux = root / "sim" / "linux" / "include"
    include = ["-I", str(linux), "-I", str(root / "sim" / "port" / "include")]
    entries = []
    for number, line in enumerate((tests / "kernel-api.txt").read_text().split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        match = re.fullmatch(r"(function|type|constant|header|field|uapi|export) (\S+) (\d+) (\d+)", line)
        if not match or not 5 <= int(match[3]) <= int(match[4]) <= 12:
            sys.exit(f"kernel-api.txt:{number}: expected kind, name, first and last posting")
        entries.append((number, match[1], match[2], int(match[3]), int(match[4])))
    for header in OWN_HEADERS:
        if (linux / header).exists():
            fail(f"sim/linux ships {header}, which a tree brings")

    for posting in POSTINGS:
        host = tests / ("host12" if posting == 12 else "host")
        options = ["-I", str(host), *include, f"-DCONFIG_KVM_RME_SERIES={posting}", "-DCONFIG_ARM64_PAGE_SHIFT=14",
                   "-std=gnu11", "-D_GNU_SOURCE"]
        series = own_part(tests / "series.c", options)
        uapi = own_part(tests / "uapi_series.c", [f"-DTEST_SERIES={posting}", "-I", str(root)])
        tree = root / "tests" / "foreign" / f"v{posting}" / "arch" / "arm64"
        sources = sorted(tree.glob("kvm/*.c"))
        tree_options = ["-I", str(tree / "include"), *options[2:]]
        # What the trees' own files say, without what they include of sim/linux.
        export = "".join(own_part(source, tree_options) for source in sources)
        own = [*sorted((tree / "include" / "asm").glob("*.h")),
               *sorted((tests.parent / "foreign" / "common").iterdir())]
        for header in own:
            export += code(header.read_text())
        included = set()
        for source, given in [*((source, tree_options) for source in sources), (tests / "series.c", options)]:
            text = preprocess(source, given, "-fdirectives-only")
            included |= set(re.findall(r'^# \d+ "' + re.escape(str(linux)) + r'/([^"]*)" 1', text, re.M))
        members = set(re.findall(r"\bMEMBER\(struct (\w+), ([\w.]+),", series))
        series, uapi, export = names(series), names(uapi), names(export)
        for number, kind, name, first, last in entries:
            if not first <= posting <= last:
                continue
            if kind == "header":
                used = name in included
            elif kind == "field":
                used = tuple(name.split(".", 1)) in members
            elif kind == "uapi":
                used = name in uapi
            elif kind == "export":
                used = name in export
            else:
                used = name in series
            if not used:
                fail(f"kernel-api.txt:{number}: v{posting}: {kind} {name} is not used")

        for line in preprocess(tests / "series.c", options, "-dM").split("\n"):
            match = re.match(r"#define (\w+)", line)
            if match and match[1] in LIBC:
                fail(f"v{posting}: sim/linux has a macro {match[1]}, which is the C library's function")
    # What the file set defines itself.
    for header in sorted(linux.rglob("*.h")) + [root / "sim" / "kvm" / "series.h"]:
        text = header.read_text()
        for name in re.findall(r"^\s*#\s*define\s+(\w+)", text, re.M):
            if OWN_MACROS.fullmatch(name):
                fail(f"{header.relative_to(root)} defines {name}, which a tree's headers may define")
        for name in OWN_TYPES.findall(code(text)):
            fail(f"{header.relative_to(root)} defines {name}, which a tree's headers define")


check(pathlib.Path(sys.argv[1]).resolve())
sys.exit(1 if failures else 0)
