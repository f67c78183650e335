#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# installed.sh - the example in docs/using-librmm.md, built with the installed library and nothing else.
#
# Usage: installed.sh BUILD CHECKOUT VERSION    with CMAKE, CC, NM, SANITIZE in the environment

set -u
export LC_ALL=C
build=${1:?usage: installed.sh BUILD CHECKOUT VERSION}
checkout=${2:?usage: installed.sh BUILD CHECKOUT VERSION}
version=${3:?usage: installed.sh BUILD CHECKOUT VERSION}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

fail() {
	printf 'FAILED: %s\n' "$1"
	exit 1
}

DESTDIR='' "$CMAKE" --install "$build" --component librmm --prefix "$work/there" >"$work/log" 2>&1 || {
	cat "$work/log"
	fail 'librmm cannot be installed'
}
# The tree is moved after it was installed: nothing in it may name where it was.
mv "$work/there" "$work/here" || exit 2
pc=$(find "$work/here" -name rmm.pc)
[ -n "$pc" ] || fail 'no rmm.pc was installed'
# The library's own file is found first; libcrypto's is where the system has it.
export PKG_CONFIG_PATH=${pc%/*}${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
[ "$(pkg-config --modversion rmm)" = "$version" ] || fail "rmm.pc is not of version $version"
libdir=$(realpath "$(pkg-config --variable=libdir rmm)") || exit 2

# The lines of the first block of the given kind after a heading or a line.
block() {
	awk -v after="$1" -v fence="$2" '
		$0 == after { armed = 1; next }
		armed && !on && $0 == fence { on = 1; next }
		on && /^```/ { exit }
		on' "$checkout/docs/using-librmm.md"
}
block '## An example' '```c' >"$work/example.c"
block 'It prints' '```' >"$work/expected"
[ -s "$work/example.c" ] || fail 'docs/using-librmm.md has no example'
[ -s "$work/expected" ] || fail 'docs/using-librmm.md does not say what the example prints'

# Nothing is said about the memory of this program, so that it may lie at its own virtual address as well.
sed 's/^#define BASE .*/#define BASE ((uint64_t)(uintptr_t)memory)/' "$work/example.c" >"$work/own.c"
cmp -s "$work/example.c" "$work/own.c" && fail 'the example has no line "#define BASE ..."'

read -ra flags <<<"-std=c11 -Wall -Wextra -Werror ${SANITIZE:+-fsanitize=$SANITIZE} $(pkg-config --cflags rmm)"
read -ra shared <<<"$(pkg-config --libs rmm)"
read -ra static <<<"$(pkg-config --static --libs rmm | sed 's/-lrmm/-l:librmm.a/')"

# try NAME SOURCE LIBRARY...
try() {
	local name=$1 source=$2
	shift 2
	"$CC" "${flags[@]}" "$source" "$@" -o "$work/$name" || fail "$name: cannot be built"
	LD_LIBRARY_PATH=$libdir "$work/$name" >"$work/$name.out" 2>"$work/$name.err" || {
		cat "$work/$name.out" "$work/$name.err"
		fail "$name: fails"
	}
	diff -u "$work/expected" "$work/$name.out" || fail "$name: prints something else"
}
try shared "$work/example.c" "${shared[@]}"
try static "$work/example.c" "${static[@]}"
try own "$work/own.c" "${shared[@]}"

loaded() {
	LD_LIBRARY_PATH=$libdir ldd "$work/$1" | awk '$1 == "librmm.so.'"${version%%.*}"'" { print $3 }'
}
[ "$(realpath "$(loaded shared)")" = "$libdir/librmm.so.$version" ] ||
	fail 'the shared program does not load the library that was installed'
[ -z "$(loaded static)" ] || fail 'the static program needs the shared library'

# What the headers declare is what the library exports.
cat >"$work/all.c" <<END
#include <rmm/conditions.h>
#include <rmm/inspect.h>
#include <rmm/invariant.h>
#include <rmm/rmi.h>
#include <rmm/rmm.h>
#include <rmm/rsi.h>
#include <rmm/version.h>
#include <stdio.h>
int main(void)
{
	puts(rmm_version());
	return 0;
}
END
printf '%s\n' "$version" >"$work/expected"
try all "$work/all.c" "${shared[@]}"
"$CC" "${flags[@]}" -E "$work/all.c" | awk '/^# [0-9]+ "/ { on = /rmm\/[a-z]+\.h"/; next } on' |
	grep -oE '\<rmm_[a-z0-9_]+\(' | tr -d '(' | sort -u >"$work/declared"
"$NM" -D --defined-only "$libdir/librmm.so" | awk '{ print $3 }' | grep -vE '^__(odr_)?(asan|ubsan)_' |
	sort -u >"$work/exported"
diff -u "$work/declared" "$work/exported" || fail 'the library exports (+) what no header declares, or not (-) what one does'
