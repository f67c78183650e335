#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# install.sh - what `cmake --install` puts in place runs there, also moved, and the Debian package has the same.
#
# Usage: install.sh RMESIM CHECKOUT      (RMESIM in BUILD/bin)

set -u
rmesim=${1:?usage: install.sh RMESIM CHECKOUT}
build=$(dirname "$(dirname "$rmesim")")
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
status=0
complain() {
	echo "FAILED: $1"
	status=1
}

# works PREFIX: the tree is whole and runs.
works() {
	local prefix=$1 file
	for file in bin/rmesim lib/rmesim/kvm-4k.so lib/rmesim/kvm-16k.so lib/rmesim/kvm-64k.so \
		share/man/man1/rmesim.1 share/bash-completion/completions/rmesim \
		share/zsh/vendor-completions/_rmesim share/rmesim/schema/scenario.schema.json \
		share/rmesim/preludes/boot/kvmtool.yaml share/doc/rmesim/copyright \
		share/doc/rmesim/docs/scenario-reference.md share/rmesim/kvm-build/manifest; do
		[ -s "$prefix/$file" ] || complain "$prefix has no $file"
	done
	"$prefix/bin/rmesim" --version >out 2>&1 && grep -q '^commit ' out && grep -q 'ABI' out ||
		complain "$prefix/bin/rmesim --version"
	# A scenario of somebody's own, elsewhere, uses an installed prelude.
	cat >mine.yaml <<-'END'
		scenario: mine
		about: x
		use: boot/plain
		matrix: {page_size: [4K, 16K, 64K]}
		machine: {page_size: $page_size}
		steps: [guest.write: {ipa: 0x8020_0000, value: 1}]
	END
	"$prefix/bin/rmesim" run mine.yaml "$prefix/share/rmesim/scenarios/measurement" >out 2>&1 &&
		grep -qE ' runs: [0-9]+ passed$' out || {
		cat out
		complain "$prefix/bin/rmesim run"
	}
}

cmake --install "$build" --prefix "$work/first" >log 2>&1 || {
	tail -5 log
	complain 'cmake --install'
}
works "$work/first"
mv first moved
works "$work/moved"

if command -v dpkg-deb >/dev/null; then
	cpack --config "$build/CPackConfig.cmake" -B "$work/deb" >log 2>&1 || {
		tail -5 log
		complain 'cpack'
	}
	package=$(echo "$work"/deb/rmesim_*.deb)
	dpkg-deb --info "$package" >info || complain 'no Debian package'
	grep -q 'Depends:.*libglib2.0-0' info || complain 'the package depends on nothing'
	dpkg-deb -x "$package" root
	works "$work/root/usr"
	find root -perm /022 ! -type l | grep . && complain 'files that others may write'
else
	echo 'SKIPPED in part: there is no dpkg-deb'
fi
exit "$status"
