#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
#
# schema.py - an independent validator, driven by the JSON Schema alone, agrees with rmesim's loader on every
# scenario, every prelude, and every file of the corpus of bad ones.
#
# Usage: schema.py RMESIM DOUBLE CHECKOUT
#
# RMESIM is the program, DOUBLE the one with the unit tests' steps (the bad files use those). Files are read
# as an editor reads them: YAML 1.2's core schema, keys as text. tests/suite/schema-cannot.txt lists the bad
# files that a schema cannot tell, with the reason; a file on it that the schema does refuse is an error too.
# Exits 0 if they agree, 1 if not, 77 without python3-jsonschema or python3-yaml.

import json
import pathlib
import re
import subprocess
import sys

try:
    import jsonschema
    import yaml
except ImportError as error:
    print(f"SKIPPED: {error}: install python3-jsonschema and python3-yaml")
    sys.exit(77)

program, double, checkout = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])


class Unreadable(Exception):
    pass


class Loader(yaml.SafeLoader):
    """YAML 1.2's core schema: what `yes` or `0x8000_0000` is there, and not in YAML 1.1."""


Loader.yaml_implicit_resolvers = {}
CORE = [
    ("null", r"^(?:null|Null|NULL|~|)$", ["n", "N", "~", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    ("float", r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
     list("-+0123456789.")),
]
for tag, pattern, first in CORE:
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)


def construct_int(loader, node):
    text = node.value
    base = 16 if text.startswith("0x") else 8 if text.startswith("0o") else 10
    return int(text[2:] if base != 10 else text, base)


def construct_map(loader, node, deep=False):
    result = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise Unreadable("a key that is no scalar")
        if key.value in result:
            raise Unreadable(f"duplicate key {key.value}")
        result[key.value] = loader.construct_object(value, deep=True)
    return result


Loader.add_constructor("tag:yaml.org,2002:int", construct_int)
Loader.add_constructor("tag:yaml.org,2002:map", construct_map)


def read(path):
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader)
    except (yaml.YAMLError, UnicodeError, Unreadable, RecursionError, ValueError) as error:
        raise Unreadable(str(error)) from error


def validator(*command):
    schema = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


failures = 0


def complain(path, text):
    global failures
    failures += 1
    print(f"FAILED: {path}: {text}")


def first_error(checker, document):
    for error in checker.iter_errors(document):
        while error.context:
            error = max(error.context, key=lambda sub: len(sub.absolute_path))
        return f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
    return None


counts = {"good": 0, "bad": 0, "cannot": 0}

# What the loader takes, the schema takes.
good = [(validator(program, "schema"), sorted((checkout / "scenarios").rglob("*.yaml"))
         + sorted((checkout / "examples").rglob("*.yaml"))),
        (validator(program, "schema", "prelude"), sorted((checkout / "preludes").rglob("*.yaml")))]
for checker, paths in good:
    if not paths:
        complain(checkout, "no files")
    for path in paths:
        counts["good"] += 1
        error = first_error(checker, read(path))
        if error:
            complain(path, f"the loader takes it, the schema does not: {error}")

# What the loader refuses, the schema refuses, unless it is known why not.
cannot = {}
for line in (checkout / "tests/suite/schema-cannot.txt").read_text().splitlines():
    if line and not line.startswith("#"):
        name, _, reason = line.partition(": ")
        if not reason.strip():
            complain("schema-cannot.txt", f"{name} has no reason")
        cannot[name] = reason
checker = validator(double, "schema")
paths = sorted((checkout / "tests/scenario/bad").glob("*.yaml")) + sorted(
    (checkout / "tests/scenario/one").glob("*.yaml")) + sorted((checkout / "tests/cli/errors").glob("*.yaml"))
# All of them in one go: each has an error or a note in its own lines. Several have the same name.
said = subprocess.run([double, "lint", "--color", "never", *paths], capture_output=True).stderr.decode()
refused = {line.split(":")[0] for line in said.splitlines()
           if (": error: " in line or ": note: " in line) and "duplicate scenario id" not in line}
for path in paths:
    counts["bad"] += 1
    if str(path) not in refused:
        complain(path, "the loader takes it")
    try:
        error = first_error(checker, read(path))
    except Unreadable as unreadable:
        error = str(unreadable)
    if error is None and path.stem not in cannot:
        complain(path, "the loader refuses it, the schema does not, and schema-cannot.txt does not say why")
    elif error is not None and path.stem in cannot:
        complain(path, f"is on schema-cannot.txt, but the schema refuses it: {error}")
    counts["cannot"] += path.stem in cannot
for name in set(cannot) - {path.stem for path in paths}:
    complain("schema-cannot.txt", f"there is no {name}.yaml")

print(f"{counts['good']} sound files, {counts['bad']} bad ones, {counts['cannot']} of them beyond a schema")
sys.exit(1 if failures or not counts["bad"] else 0)
