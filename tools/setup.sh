#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# setup.sh - install what is missing to build and test rmesim on Debian 12.
#
# Usage: tools/setup.sh [--run]
#
#   --run   only what it takes to build rmesim and run scenarios; tests want more
#
# Looks for each tool and library first and asks apt-get only for the packages
# of those that are not there, as root or through sudo. With everything in place
# it does nothing and needs no network. Exits 0 when all is there, 1 otherwise.

set -u

say() { printf 'setup: %s\n' "$*"; }
die() {
	printf 'setup: error: %s\n' "$*" >&2
	exit 1
}

# The packages whose tool, header or library is not there, one a line.
missing_packages() { # --run or nothing
	want cmake command -v cmake
	want ninja-build command -v ninja
	want gcc command -v gcc
	want libc6-dev has_header stdio.h
	want pkg-config command -v pkg-config
	want libglib2.0-dev has_library glib-2.0
	want libyaml-dev has_library yaml-0.1
	want libdw-dev has_library libdw # names the lines of a stack
	want libjson-glib-dev has_library json-glib-1.0
	want libssl-dev has_library libcrypto
	want check has_library check # which the build configures for, whatever is built
	[ "$1" != --run ] || return 0
	want clang command -v clang
	want libclang-rt-14-dev has_clang_runtime
	want llvm command -v llvm-symbolizer # names the lines in what a sanitizer reports
	want patch command -v patch # the canaries are patches
	want gdb command -v gdb # docs/bring-your-own-rme.md is followed in it
	want gcovr command -v gcovr # shows coverage of a kernel developer's rme.c
	want chromium command -v chromium # looks at the page of the HTML report
	want chromium-driver command -v chromedriver
	want python3-selenium has_selenium
	want python3-jsonschema /usr/bin/python3 -c 'import jsonschema' # of Debian's python3
	want python3-yaml /usr/bin/python3 -c 'import yaml'
	want afl++ command -v afl-fuzz # loads the mutators
	want parallel command -v parallel
	want man-db command -v man
	want zsh command -v zsh
	want jq command -v jq # reads the JSON that reports are made of
	want libxml2-utils command -v xmllint
	want dpkg-dev command -v dpkg-shlibdeps # with file, finds what the Debian package depends on
	want file command -v file
}

want() { # package, command that succeeds when it is there
	local package=$1
	shift
	"$@" >/dev/null 2>&1 || printf '%s\n' "$package"
}

has_library() { pkg-config --exists "$1"; }

# Of Debian's python3, whatever other is found first.
has_selenium() { /usr/bin/python3 -c 'import selenium'; }

has_header() { printf '#include <%s>\n' "$1" | gcc -E -x c -; }

# Debian's clang only recommends the package with the sanitizers' runtimes.
has_clang_runtime() {
	local runtimes=
	runtimes=$(clang -print-resource-dir)/lib/linux || return 1
	[ -n "$(find "$runtimes/" -name 'libclang_rt.asan-*.a' -print -quit)" ]
}

# Runs a command as root. Never waits for a password that nobody can type.
as_root() {
	local -a passed=(DEBIAN_FRONTEND=noninteractive)
	local name
	for name in http_proxy https_proxy no_proxy; do
		[ -z "${!name:-}" ] || passed+=("$name=${!name}")
	done
	if [ "$(id -u)" = 0 ]; then
		env "${passed[@]}" "$@"
	elif sudo -n true 2>/dev/null; then
		sudo -n env "${passed[@]}" "$@"
	else
		sudo env "${passed[@]}" "$@"
	fi
}

can_be_root() {
	[ "$(id -u)" = 0 ] && return 0
	command -v sudo >/dev/null || return 1
	sudo -n true 2>/dev/null || { : </dev/tty; } 2>/dev/null
}

main() {
	local -a packages=()
	local log='' status=0

	case "$#:${1:-}" in
	0: | 1:--run) ;;
	*) die "unknown arguments: $* (usage: tools/setup.sh [--run])" ;;
	esac
	mapfile -t packages < <(missing_packages "${1:-}")
	[ ${#packages[@]} -gt 0 ] || return 0

	say "missing: ${packages[*]}"
	command -v apt-get >/dev/null ||
		die "there is no apt-get here; install by hand what Debian calls: ${packages[*]}"
	can_be_root ||
		die "installing needs root or sudo; run as root: apt-get install ${packages[*]}"
	log=$(mktemp "${TMPDIR:-/tmp}/rmesim-setup.XXXXXX") || die "cannot make a temporary file"
	say "installing them with apt-get"
	# A stale or empty package list is the usual reason for a failure, but a
	# mirror that is down must not stop packages that are already downloaded.
	as_root apt-get -q -o DPkg::Lock::Timeout=300 update </dev/null >"$log" 2>&1 ||
		say "apt-get update failed; trying with the lists that are here"
	as_root apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends \
		install "${packages[@]}" </dev/null >>"$log" 2>&1 || status=$?
	if [ "$status" != 0 ]; then
		tail -n 20 "$log" >&2
		rm -f "$log"
		die "apt-get could not install them (exit status $status, its last lines are above)"
	fi
	rm -f "$log"
	mapfile -t packages < <(missing_packages "${1:-}")
	[ ${#packages[@]} = 0 ] || die "still missing after the installation: ${packages[*]}"
	say "done"
}

main "$@"
