#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# install.sh - each kind of rmesim has its own place below a prefix, and is called for the KVM builds that need it.
#
# Usage: install.sh RMESIM CHECKOUT SANITIZE COMPILER LONG     (RMESIM in BUILD/bin)
#   LONG is ON to build and install all kinds, as docs/bring-your-own-rme.md says.
. "$(dirname "$0")/../cli/lib.sh"
checkout=${2:?usage: install.sh RMESIM CHECKOUT SANITIZE COMPILER LONG}
. "$checkout/tests/kvm_build/tree.sh"
build=$(dirname "$(dirname "$program")")
cat >mine.yaml <<'END'
scenario: mine
about: elsewhere, with a prelude that is installed
use: boot/plain
steps: [guest.write: {ipa: 0x8020_0000, value: 1}]
END

# The build that is tested: a sanitizer's leaves the place of the plain one alone.
case ${3:-} in
*address*) kind=lib/rmesim/asan-$(case ${4##*/} in *clang*) echo clang ;; *) echo gcc ;; esac)/ ;;
*) kind= ;;
esac
holds cmake --install "$build" --prefix "$work/one" >log 2>&1
program=$work/one/${kind}bin/rmesim
holds test -x "$program"
if [ "$kind" ]; then
	for place in bin lib/librmm.a lib/rmesim/kvm-4k.so; do
		holds test ! -e "one/$place"
	done
fi
expect 0 run mine.yaml
says out '1 passed'

if [ "${5:-OFF}" != ON ]; then
	finish
fi

# All of them, by one command.
tree tree
holds "$checkout/tools/install" "$work/all" plain gcc >log 2>&1
program=$work/all/bin/rmesim
for cc in gcc clang; do
	expect 0 kvm-build --tree tree -o $cc.so --cc $cc --sanitize address,undefined --cflag -O0
done
expect 0 kvm-build --tree tree -o plain.so --cflag -O0
expect 0 run mine.yaml --kvm plain.so
says out 'plain build'
expect 0 run mine.yaml --kvm gcc.so
says out 'sanitizers address'
says out "KVM $work/gcc.so"
expect 2 run mine.yaml --kvm clang.so
says err "$work/all/lib/rmesim/asan-clang/bin/rmesim is not there"
says err "tools/install $work/all clang"
holds "$checkout/tools/install" "$work/all" clang >log 2>&1
expect 0 run mine.yaml --kvm clang.so
says out 'sanitizers address'
# And each becomes the others.
for from in asan-gcc asan-clang; do
	program=$work/all/lib/rmesim/$from/bin/rmesim
	for module in plain gcc clang; do
		expect 0 run mine.yaml --kvm $module.so
		says out '1 passed'
	done
done
expect 2 run mine.yaml --kvm gcc.so --kvm clang.so
says err 'one run cannot have both'

finish
