#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# build.sh - rmesim kvm-build: whose files it takes, what it says of series and of missing names, and that it
# leaves the tree as it was.
#
# Usage: build.sh RMESIM CHECKOUT SANITIZE COMPILER
#   SANITIZE and COMPILER are what the program itself was built with, so that what is made here can be run.
. "$(dirname "$0")/../cli/lib.sh"
checkout=${2:?usage: build.sh RMESIM CHECKOUT SANITIZE COMPILER}
. "$checkout/tests/kvm_build/tree.sh"
# Quick to compile: what is tested here does not depend on it.
quick=(--cflag -O0)
same=()
[ -z "${3:-}" ] || same+=(--sanitize "$3")
same+=(--cc "${4:-gcc}")
rme=$work/tree/arch/arm64/kvm/rme.c
smoke=("$checkout/scenarios/ripas/guest-gives-back-2m.yaml" "$checkout/scenarios/teardown")

# Others build at the same time, and what is left behind here is counted.
export TMPDIR=$work/tmp
mkdir "$TMPDIR"

tree tree
find tree -type f -exec sha256sum {} + | sort >before

# The tree's files are built as they are, and nothing is written beside them.
expect 0 kvm-build --tree tree -o mine.so "${same[@]}"
says out 'mine.so: v10, pages of 4K'
says out "yours: $rme"
says out "yours: $work/tree/arch/arm64/include/asm/rmi_cmds.h"
find tree -type f -exec sha256sum {} + | sort >after
holds cmp before after
expect 0 kvm-info mine.so
says out 'series       v10'
says out 'UAPI era     C'
says out 'page size    4K'
says out "rme.c: $rme"
expect 0 kvm-info --json mine.so mine.so
holds jq -e --arg rme "$rme" 'length == 2 and (.[0] | .build == "mine.so" and .series == "v10" and .uapi_era == "C" and
	.page_size == 4096 and .files["rme.c"] == $rme and .coverage == null)' out
expect 2 kvm-info --json nowhere.so
expect 0 run "${smoke[@]}" --kvm mine.so
says out 'no KVM build with pages of 64K was given'

# Nothing of rmesim's own rme.c is in it: what is changed in the tree's happens.
sed -i 's/int kvm_rec_pre_enter(struct kvm_vcpu \*vcpu)$/&\n{\n\treturn -ENXIO;\n}\nint kvm_test_old(struct kvm_vcpu *vcpu);\nint kvm_test_old(struct kvm_vcpu *vcpu)/' "$rme"
expect 0 kvm-build --rme "$rme" --include tree/arch/arm64/include -o single.so --page-size 16K "${same[@]}" "${quick[@]}"
says out 'single.so: v10, pages of 16K'
expect 1 run "${smoke[0]}" --kvm single.so --filter '*16K*'
says out 'KVM_RUN answers -6, for which there is no reason'
says out 'error, ENXIO'
tree tree

# The postings refuse pages of another size than 4K. Such a host is asked for no Realms; or it is let past its check.
sed -i 's/^void kvm_init_rme(void)$/&\n{\n\tvoid test_init(void);\n\n\tif (PAGE_SIZE != SZ_4K)\n\t\treturn;\n\ttest_init();\n}\nvoid test_init(void);\nvoid test_init(void)/' "$rme"
expect 0 kvm-build --tree tree -o small.so --page-size 16K "${same[@]}" "${quick[@]}"
expect 77 run "${smoke[0]}" --kvm small.so --filter '*16K*'
says out 'skip    ripas.guest-gives-back-2m[page_size=16K]: this host offers no Realms with pages of 16K'
expect 0 kvm-build --tree tree -o small.so --page-size 16K --any-page-size "${same[@]}" "${quick[@]}"
expect 0 run "${smoke[0]}" --kvm small.so --filter '*16K*'
says out '1 passed'
tree tree
expect 2 kvm-build --tree tree -o small.so --any-page-size "${same[@]}"
says err "there is no PAGE_SIZE != SZ_4K in $rme"

# A build that fails says why and leaves what was there.
cp mine.so kept.so
printf '%s\n' 'int kvm_test(struct kvm *kvm);' 'int kvm_test(struct kvm *kvm)' '{' \
	'	kvm->arch.no_such_member = KVM_NO_SUCH_NAME;' '	return kvm_no_such_call(kvm);' '}' \
	'static struct no_such_thing thing;' >>"$rme"
for cc in gcc clang; do
	expect 2 kvm-build --tree tree -o mine.so --cc $cc
	silent out
	says err "member no_such_member of struct kvm_arch"
	says err "used at $rme:$(line "$rme" no_such_member)"
	says err 'sim/linux/include/asm/kvm_host.h, add the member, and give the copy: --add asm/kvm_host.h=COPY'
	says err "name KVM_NO_SUCH_NAME"
	says err 'function kvm_no_such_call()'
	says err "used at $rme:$(line "$rme" 'kvm_no_such_call(kvm)')"
	says err '--add FILE.h --add FILE.c'
done
holds cmp mine.so kept.so

# What is declared and nowhere defined is found by the linker, whatever the runtime leaves open.
tree tree
printf '%s\n' 'int kvm_no_such_symbol(void);' 'int kvm_test(void);' 'int kvm_test(void)' '{' \
	'	return kvm_no_such_symbol();' '}' >>"$rme"
expect 2 kvm-build --tree tree -o mine.so "${same[@]}" "${quick[@]}"
says err 'function kvm_no_such_symbol()'
says err "used at $rme:$(line "$rme" 'return kvm_no_such_symbol')"
lacks err __asan
lacks err __ubsan

# ... and is added by a source; a header by its name, or before everything.
sed -i '0,/^#include/s//#include <asm\/kvm_extra.h>\n#include/' "$rme"
sed -i 's/return kvm_no_such_symbol/return EXTRA + PREFIX + kvm_no_such_symbol/' "$rme"
expect 2 kvm-build --tree tree -o mine.so
says err 'header asm/kvm_extra.h'
says err '--add asm/kvm_extra.h=FILE'
printf 'int kvm_no_such_symbol(void);\nint kvm_no_such_symbol(void)\n{\n\treturn PREFIX;\n}\n' >extra.c
printf '#define EXTRA 1\n' >extra.h
printf '#define PREFIX 1\n' >prefix.h
expect 0 kvm-build --tree tree -o added.so --add extra.c --add asm/kvm_extra.h=extra.h --add prefix.h "${same[@]}" "${quick[@]}"
says out "yours: $work/extra.c"
expect 0 kvm-info added.so
says out "asm/kvm_extra.h: $work/extra.h"

# The UAPI of the user's own kernel takes the place of rmesim's.
tree tree
mkdir -p uapi/linux
cp "$checkout/sim/linux/include/uapi/linux/types.h" uapi/linux
{ cat "$checkout/sim/linux/include/uapi/linux/kvm.h" && printf '#define KVM_CAP_OF_MY_OWN 999\n'; } >uapi/linux/kvm.h
printf '_Static_assert(KVM_CAP_OF_MY_OWN == 999, "mine");\n' >>"$rme"
expect 2 kvm-build --tree tree -o uapi.so "${same[@]}"
says err 'name KVM_CAP_OF_MY_OWN'
expect 0 kvm-build --tree tree -o uapi.so --uapi uapi "${same[@]}" "${quick[@]}"
says out "yours: $work/uapi/linux/kvm.h"
expect 0 run "${smoke[0]}" --kvm uapi.so --filter '*4K*'
expect 2 kvm-build --tree tree -o uapi.so --uapi tree "${same[@]}"
says err '--uapi: tree has no linux/kvm.h'

# Series: told by names, not by what comments and strings say; v13 and later are refused.
tree tree
printf '/* RMI_RTT_DATA_MAP, kvm_init_rmi */\nstatic const char *const text __attribute__((unused)) = "rmi_sro_free";\n' >>"$rme"
expect 2 kvm-build --tree tree -o mine.so --cc false
says err 'false is not gcc or clang'
printf '#define SMC_RMI_RTT_DATA_MAP 1\n' >>tree/arch/arm64/include/asm/rmi_smc.h
expect 2 kvm-build --tree tree -o mine.so
says err 'different postings'
says err 'v13 and later: SMC_RMI_RTT_DATA_MAP'
says err 'v12 and before: rmi_data_create'
# (names of v13, as a file of it would have them)
mkdir -p v13/arch/arm64/kvm v13/arch/arm64/include/asm
printf 'int kvm_init_rmi(void) { rmi_granule_range_delegate(0, 1); return rmi_rtt_data_map(0, 0, 1); }\n' \
	>v13/arch/arm64/kvm/rmi.c
printf 'int kvm_rec_pre_enter(void);\n' >v13/arch/arm64/kvm/rmi-exit.c
touch v13/arch/arm64/include/asm/{kvm_rmi,rmi_cmds,rmi_smc}.h
expect 2 kvm-build --tree v13 -o mine.so
says err 'v13 or later of the series, which speaks RMM ABI 2.0'
says err 'rtt_data_map'
expect 2 kvm-build --tree tree -o mine.so --series v13
says err 'speaks RMM ABI 2.0'
printf 'int handle_rme_exit(void);\n' >v13/arch/arm64/kvm/rmi-exit.c
printf 'int kvm_init_rme(void);\n' >v13/arch/arm64/kvm/rmi.c
expect 2 kvm-build --tree v13 -o mine.so
says err 'is older than v5'
printf '\n' | tee v13/arch/arm64/kvm/rmi.c >v13/arch/arm64/kvm/rmi-exit.c
expect 2 kvm-build --tree v13 -o mine.so
says err 'nothing in the sources tells'

# Wrong use
tree tree
expect 2 kvm-build -o mine.so
says err 'expected --tree DIR, or --rme FILE'
expect 2 kvm-build --tree tree
says err '--output is needed'
expect 2 kvm-build --tree nowhere -o mine.so
says err 'no such directory: nowhere'
expect 2 kvm-build --tree v13/arch -o mine.so
says err 'has neither rme.c nor rmi.c'
expect 2 kvm-build --rme "$rme" -o mine.so
says err 'asm/kvm_rme.h or asm/kvm_rmi.h is in none of the directories'
says err 'asm/rmi_smc.h is in none'
touch tree/arch/arm64/kvm/rmi.c
expect 2 kvm-build --tree tree -o mine.so
says err 'has both rme.c and rmi.c'
rm tree/arch/arm64/kvm/rmi.c
expect 2 kvm-build --tree tree -o "$rme"
says err 'is one of the sources'
expect 2 kvm-build --tree tree -o tree
says err 'is a directory'
expect 2 kvm-build --tree tree -o nowhere/mine.so
says err 'cannot be written'
expect 2 kvm-build --tree tree -o mine.so --page-size 8K
says err 'expected 4K, 16K or 64K'
expect 2 kvm-build --tree tree -o mine.so --sanitize memory
says err 'expected address, undefined'
expect 2 kvm-build --tree tree -o mine.so --cc /nowhere/cc
says err '/nowhere/cc cannot be run'
expect 2 kvm-build --tree tree -o mine.so --add nowhere.c
says err 'no such file: nowhere.c'
expect 2 kvm-build --tree tree -o mine.so --add ../x.h=extra.h
says err 'as in #include'
expect 2 kvm-build tree -o mine.so
says err "found 'tree'"
expect 2 kvm-info nowhere.so
says err 'nowhere.so: No such file'
expect 2 kvm-info extra.c
says err 'not an ELF file'
expect 2 kvm-info
says err 'expected a KVM build'
holds test -z "$(find "$TMPDIR" -maxdepth 1 -name 'rmesim-kvm-build-*')"

finish
