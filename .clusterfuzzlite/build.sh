#!/bin/bash -eu
# SPDX-License-Identifier: BSD-3-Clause
#
# build.sh - the fuzz targets for OSS-Fuzz and ClusterFuzzLite: $SRC/rmesim is built with $CC, $CFLAGS and
# $LIB_FUZZING_ENGINE, and $OUT gets all that the targets need where nothing else is installed.

source=$SRC/rmesim
build=${WORK:-$SRC/work}/rmesim
case ${SANITIZER:-address} in
address | undefined | memory) sanitize=${SANITIZER:-address} ;;
*) sanitize= ;;
esac

# The compiler there may know more warnings. Libraries are copied beside the targets, which look for them there, also for
# those that only other libraries need: RPATH, not RUNPATH. Engines are written in C++, so $CXX links.
cmake -S "$source" -B "$build" -G Ninja \
	-DCMAKE_BUILD_TYPE=RelWithDebInfo \
	-DCMAKE_C_COMPILER="$CC" -DCMAKE_C_FLAGS="${CFLAGS:-}" \
	-DCMAKE_BUILD_RPATH="\$ORIGIN/lib" -DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags \
	-DCMAKE_C_LINK_EXECUTABLE="$CXX ${CXXFLAGS:-} <CMAKE_C_LINK_FLAGS> <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>" \
	-DRMESIM_WERROR=OFF -DRMESIM_SANITIZE="$sanitize" \
	-DRMESIM_FUZZ=ON -DRMESIM_FUZZ_ENGINE="$LIB_FUZZING_ENGINE"
cmake --build "$build" --target fuzz_ripas fuzz_rmi fuzz_yaml kvm-4k

mkdir -p "$OUT/lib"
for target in ripas rmi yaml; do
	cp "$build/bin/fuzz_$target" "$OUT/"
	# Not the C library and its loader, which every image has.
	ldd "$build/bin/fuzz_$target" | awk '$3 ~ "^/" {print $3}' |
		grep -Ev '/(libc|libm|libdl|libpthread|librt|libgcc_s|libresolv)\.so' |
		xargs -r cp -L -t "$OUT/lib"
	printf '[libfuzzer]\nmax_len = 1024\n' >"$OUT/fuzz_$target.options"
	(cd "$source/tests/fuzz/$target" && python3 -m zipfile -c "$OUT/fuzz_${target}_seed_corpus.zip" ./*)
done
printf '[libfuzzer]\nmax_len = 4096\n' >"$OUT/fuzz_yaml.options"
cp "$source/tests/fuzz/yaml.dict" "$OUT/fuzz_yaml.dict"
# The KVM build, which fuzz_ripas loads.
cp "$build/lib/rmesim/kvm-4k.so" "$OUT/"
