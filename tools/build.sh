# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# build.sh - what tools/demo and tools/check share. Sourced, not run.
# After it the current directory is the root of the checkout.

set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

cores=$(nproc)
# What to build; all of it if there is nothing in here.
targets=()

# Configures and builds quietly in directory $1; the rest goes to the configuring
# cmake. What the build says is kept in $1/build.log and shown if it fails.
build_quietly() {
	local dir=$1 log=$1/build.log
	shift
	printf 'building %s\n' "$dir"
	mkdir -p "$dir" || return 1
	if ! { cmake "$@" && cmake --build "$dir" --parallel "$cores" ${targets[0]:+--target "${targets[@]}"}; } \
		</dev/null >"$log" 2>&1; then
		# The first compiler error says more than the last line of ninja.
		grep -m 20 -E -A 3 'error:|Error at|FAILED:' "$log" >&2 || tail -n 20 "$log" >&2
		printf 'error: the build of %s failed; all it said is in %s\n' "$dir" "$log" >&2
		return 1
	fi
}

# Builds preset $1 of CMakePresets.json in its directory, build/<preset>; the rest goes to the configuring cmake.
build_preset() { build_quietly "build/$1" --preset "$@"; }
