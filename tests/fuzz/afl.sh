#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# afl.sh - AFL++ takes the mutators that know steps and calls, and what they make is what a target takes. The targets are
# those of an ordinary build: nothing guides AFL++ here. Usage: afl.sh BUILD-DIR SOURCE-DIR
build_dir=$(realpath "$1") source_dir=$(realpath "$2") || exit 2
command -v afl-fuzz >/dev/null || { echo "afl.sh: there is no afl-fuzz here (Debian: afl++): nothing was tested"; exit 77; }
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

export AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1
export AFL_CUSTOM_MUTATOR_ONLY=1
for target in ripas rmi; do
	mkdir "$dir/$target"
	find "$source_dir/tests/fuzz/$target" -type f | sort | head -4 | xargs cp -t "$dir/$target"
	# What the target is given is kept for the test.
	cat >"$dir/keep-$target" <<END
#!/bin/sh
cp "\$1" "\$(mktemp "$dir/kept-$target/XXXXXX")"
exec "$build_dir/bin/replay_$target" "\$1" >/dev/null
END
	chmod +x "$dir/keep-$target"
	mkdir "$dir/kept-$target"
	AFL_CUSTOM_MUTATOR_LIBRARY=$build_dir/bin/afl_$target.so timeout 60 \
		afl-fuzz -n -s 7 -t 20000 -E 60 -i "$dir/$target" -o "$dir/out-$target" -- "$dir/keep-$target" @@ \
		>"$dir/log" 2>&1 || { tail -20 "$dir/log"; fail "afl-fuzz $target"; }
	num=$(sha1sum "$dir/kept-$target"/* | cut -d' ' -f1 | sort -u | wc -l)
	[ "$num" -ge 20 ] || fail "$target: $num different inputs, expected 20"
	[ -z "$(find "$dir/out-$target" -path '*crashes/id*')" ] || fail "$target: a crash"
done
# A call is five bytes: whoever changes bytes leaves other sizes behind.
odd=$(find "$dir/kept-rmi" -type f -printf '%s\n' | awk '$1 % 5 { n++ } END { print n + 0 }')
[ "$odd" = 0 ] || fail "rmi: $odd inputs are no whole calls"
exit 0
