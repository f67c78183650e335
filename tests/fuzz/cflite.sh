#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# cflite.sh - .clusterfuzzlite/build.sh with the clang of this machine in place of OSS-Fuzz's image. What it leaves in $OUT is run
# where nothing else of the build is: each target takes its seed corpus, and some inputs of its own making.
# Usage: cflite.sh SOURCE-DIR
source_dir=$(realpath "$1") || exit 2
command -v clang >/dev/null || { echo "cflite.sh: there is no clang here: nothing was tested"; exit 77; }
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

export SRC=$dir/src WORK=$dir/work OUT=$dir/out
export CC=clang CXX=clang++ SANITIZER=address LIB_FUZZING_ENGINE=-fsanitize=fuzzer
export CFLAGS="-O1 -fno-omit-frame-pointer -gline-tables-only -fsanitize=address -fsanitize=fuzzer-no-link"
export CXXFLAGS=$CFLAGS
mkdir -p "$SRC" "$WORK" "$OUT"
ln -s "$source_dir" "$SRC/rmesim"
"$source_dir/.clusterfuzzlite/build.sh" >"$dir/log" 2>&1 || { tail -30 "$dir/log"; fail "build.sh"; }
rm -rf "$WORK"

export ASAN_OPTIONS=detect_leaks=0
for target in ripas rmi yaml; do
	mkdir "$dir/$target"
	python3 -m zipfile -e "$OUT/fuzz_${target}_seed_corpus.zip" "$dir/$target" || fail "$target: corpus"
	[ "$(ls "$dir/$target" | wc -l)" = "$(ls "$source_dir/tests/fuzz/$target" | wc -l)" ] || fail "$target: corpus"
	(cd / && "$OUT/fuzz_$target" -runs=300 -max_len=1024 "$dir/$target") >"$dir/log" 2>&1 ||
		{ tail -20 "$dir/log"; fail "fuzz_$target"; }
	grep -q 'DONE' "$dir/log" || fail "fuzz_$target did not run to its end"
done
# What libraries need that targets need is found beside them, too.
for target in ripas rmi yaml; do
	readelf -d "$OUT/fuzz_$target" | grep -q 'RPATH.*\$ORIGIN/lib' || fail "$target: libraries of libraries are not found"
	(cd / && LD_TRACE_LOADED_OBJECTS=1 "$OUT/fuzz_$target") | awk '$3 ~ "^/" {print $3}' |
		grep -Ev "^$OUT/lib/|/(libc|libm|libdl|libpthread|librt|libgcc_s|libresolv|ld-linux[^/]*)\.so" &&
		fail "$target: libraries that an image may lack"
done
# Both what runs and what it loads count coverage.
(cd / && "$OUT/fuzz_ripas" -runs=1) 2>&1 | grep -q 'Loaded 2 modules' || fail "the KVM build counts no coverage"
[ -s "$OUT/fuzz_yaml.dict" ] || fail "no dictionary"
