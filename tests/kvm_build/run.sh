#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# run.sh - runs of somebody's own builds: baselines, comparing, coverage, and builds that this program cannot load.
#
# Usage: run.sh RMESIM CHECKOUT SANITIZE COMPILER
. "$(dirname "$0")/../cli/lib.sh"
checkout=${2:?usage: run.sh RMESIM CHECKOUT SANITIZE COMPILER}
. "$checkout/tests/kvm_build/tree.sh"
compiler=${4:-gcc}
same=(--cc "$compiler" --cflag -O0)
[ -z "${3:-}" ] || same+=(--sanitize "$3")
shown=$checkout/scenarios/ripas/guest-gives-back-2m.yaml
tree tree
rme=$work/tree/arch/arm64/kvm/rme.c
scenario harmless '' 'level: regression'
expect 0 kvm-build --tree tree -o sound.so "${same[@]}" --coverage
sed -i '/^int kvm_rec_pre_enter(struct kvm_vcpu \*vcpu)$/{n;s/^{$/{\n\tWARN_ON(vcpu);/}' "$rme"
expect 0 kvm-build --tree tree -o warns.so "${same[@]}"

# A baseline knows findings by oracle, condition and function; what is new still fails.
expect 1 run "$shown" harmless.yaml --kvm warns.so
says out 'yours: rme.c rme-exit.c asm/kvm_rme.h asm/rmi_cmds.h asm/rmi_smc.h; ours: the rest'
expect 0 run "$shown" harmless.yaml --kvm warns.so --write-baseline known.json
says out 'known   ripas.guest-gives-back-2m[page_size=4K]'
holds jq -e '.findings == [{oracle: "warn", condition: "WARN", function: "kvm_rec_pre_enter",
	example: .findings[0].example}]' known.json
cp known.json before.json
expect 0 run "$shown" harmless.yaml --kvm warns.so --baseline known.json
says out 'known   ripas.guest-gives-back-2m[page_size=4K]'
says out '1 passed'
says out '1 known'
says err '1 of the 1 findings of known.json were found again'
holds cmp known.json before.json
expect 0 run "$shown" --kvm sound.so --baseline known.json
says err '0 of the 1 findings'
sed 's/kvm_rec_pre_enter/another_function/' known.json >other.json
expect 1 run "$shown" --kvm warns.so --baseline other.json
says out 'warn/WARN: kvm_rec_pre_enter'
# What an expectation found is known for its scenario only.
sed 's/DATA_CREATE_UNKNOWN: *[^,}]*/DATA_CREATE_UNKNOWN: 7/' "$shown" >wrong.yaml
expect 1 run wrong.yaml --kvm sound.so --exact
says out 'rmi.DATA_CREATE_UNKNOWN: expected 7'
expect 0 run wrong.yaml --kvm sound.so --exact --write-baseline wrong.json
holds jq -e '.findings[0] | .oracle == "expectation" and .function == "ripas.guest-gives-back-2m"' wrong.json
expect 0 run wrong.yaml --kvm sound.so --exact --baseline wrong.json
says out '1 known'
# How a host does what it promises is its own affair, and is told.
expect 0 run wrong.yaml --kvm sound.so
says out "in another way than rmesim's own host: wrong.yaml:"
says out 'rmi.DATA_CREATE_UNKNOWN: expected 7'
says out "1 passed (1 in another way than rmesim's own host)"
for text in '' '{' '[]' '{"rmesim_baseline": 2, "findings": []}' '{"rmesim_baseline": 1}' \
	'{"rmesim_baseline": 1, "findings": [{"oracle": "warn"}]}'; do
	printf '%s' "$text" >bad.json
	expect 2 run harmless.yaml --kvm sound.so --baseline bad.json
	holds test -s err
done
expect 2 run harmless.yaml --kvm sound.so --baseline nowhere.json
says err nowhere.json
expect 2 run harmless.yaml --kvm sound.so --write-baseline /nowhere/known.json
says err '/nowhere/known.json'

# Two builds: the first difference of each scenario, and where it is.
expect 0 run "$shown" harmless.yaml --kvm sound.so --kvm sound.so -v
says out 'same    ripas.guest-gives-back-2m[page_size=4K]'
says out 'skip    ripas.guest-gives-back-2m[page_size=64K]: there are no two KVM builds with pages of 64K'
says out '0 different'
expect 1 run "$shown" harmless.yaml --kvm sound.so --kvm warns.so
says out 'DIFF    ripas.guest-gives-back-2m[page_size=4K]'
says out 'second  failed: warn/WARN: kvm_rec_pre_enter'
says out '1 the same, 1 different'
says out "second KVM $work/warns.so"
sed -i 's/^\tWARN_ON(vcpu);/\treturn -ENXIO;/' "$rme"
expect 0 kvm-build --tree tree -o refuses.so "${same[@]}"
expect 1 run "$shown" --kvm sound.so --kvm refuses.so
says out "$shown:27:5: step 5: guest.write"
says out 'first   ok'
says out 'second  error, ENXIO'
says out 'RMI calls'
expect 77 run "$shown" --kvm sound.so --kvm warns.so --filter '*64K*'
# RMI calls are compared one by one: here as many of each command are made, in another order, or with another argument.
scenario shared '  - vmm.init_ripas: {base: 0x8000_0000, size: 16M}
  - vmm.create_vcpus:
  - vmm.activate:
  - vmm.set_attributes: {base: 0x8020_0000, size: 4K, to: shared}
  - guest.write: {ipa: 0x1_8020_0000, size: 4K, value: 0x11}' 'level: regression'
tree order
sed -i 's/mmu->pgd_phys + delegated)/mmu->pgd_phys + realm_pgd_size(kvm) - RMM_PAGE_SIZE - delegated)/' order/arch/arm64/kvm/rme.c
tree argument
# In a call that fails and is made again, so that nothing comes of it.
sed -i 's/RMM_RTT_MAX_LEVEL, desc);/RMM_RTT_MAX_LEVEL, attempts ? desc : desc ^ 0xc);/' argument/arch/arm64/kvm/rme.c
for other in order argument; do
	holds test -n "$(diff -q "$checkout/sim/kvm/rme.c" "$other/arch/arm64/kvm/rme.c")"
	expect 0 kvm-build --tree "$other" -o "$other.so" "${same[@]}"
	expect 0 run shared.yaml --kvm "$other.so"
	expect 1 run shared.yaml --kvm sound.so --kvm "$other.so"
	sed 1d out >"$other.out"
done
# Six calls: an entry, a try, a table delegated and created, the mapping, an entry. Granules in the order of their use: the
# RD, 8 root tables, parameters, the REC, 16 for it, parameters, the run page, and what is mapped.
says order.out 'at the end'
holds grep -q 'first   call [0-9]* of [0-9]*: GRANULE_UNDELEGATE addr=granule:2 -> SUCCESS' order.out
holds grep -q 'second  call [0-9]* of [0-9]*: GRANULE_UNDELEGATE addr=granule:9 -> SUCCESS' order.out
says order.out '1 different (1 in RMI calls alone)'
holds diff - argument.out <<'END'
DIFF    shared
  shared.yaml:11:5: step 6: guest.write ipa=0x1_8020_0000 size=4K value=0x11
    RMI calls  both    the call before: REC_ENTER rec=granule:11 run_ptr=granule:29 -> SUCCESS
               first   call 2 of 6: RTT_MAP_UNPROTECTED rd=granule:1 ipa=0x180200000 level=3 desc=granule:30+0xd8 -> RTT/2
               second  call 2 of 6: RTT_MAP_UNPROTECTED rd=granule:1 ipa=0x180200000 level=3 desc=granule:30+0xd4 -> RTT/2

1 run: 0 the same, 1 different (1 in RMI calls alone), 0 skipped
END
expect 2 run "$shown" --kvm sound.so --kvm sound.so --kvm sound.so
says err 'two builds with pages of 4096 bytes already'
expect 2 run "$shown" --kvm sound.so --kvm warns.so --report tap=-
says err 'of one'
# All skipped is not green.
expect 77 run "$shown" --kvm sound.so --filter '*64K*'

# In the program's own process, for a debugger, the same comes out, and a breakpoint in the user's file is met.
expect 1 run "$shown" harmless.yaml --kvm warns.so -j 1
sed 1d out >apart
expect 1 run "$shown" harmless.yaml --kvm warns.so --in-process
says out ', in this process'
sed 1d out >here.txt
holds diff apart here.txt
expect 0 run "$shown" --kvm sound.so --kvm sound.so --in-process
if command -v gdb >/dev/null && [ -z "${3:-}" ]; then
	# The commands of docs/bring-your-own-rme.md.
	sed -n '/^(gdb) /s///p' "$checkout/docs/bring-your-own-rme.md" >commands
	holds test "$(wc -l <commands)" -ge 5
	gdb -q -batch -x commands --args "$program" run "$shown" --filter '*4K*' --kvm ./sound.so --in-process >gdb.log 2>&1 </dev/null
	holds grep -q "realm_map_protected (.* at $rme:[0-9]*" gdb.log
	holds grep -q " at $checkout/sim/kvm/mmu.c:" gdb.log
else
	printf 'SKIPPED: gdb is not installed, or the program has a sanitizer\n'
fi

# Coverage of the user's files, also of a run that died.
if command -v gcovr >/dev/null && { [ "${compiler##*/}" != clang ] || command -v llvm-cov >/dev/null; }; then
	expect 0 run "$shown" --kvm sound.so --coverage-html pages
	holds test -s pages/index.html
	holds test -n "$(find pages -name '*rme.c.*.html')"
	lacks pages/index.html mmu.c
	expect 2 run "$shown" --kvm warns.so --coverage-html pages
	says err 'was not made by kvm-build --coverage'
	# What ran before a crash, and before what hangs until the time is up, was counted.
	for end in crash hang; do
		tree dying
		dying=$work/dying/arch/arm64/kvm/rme.c
		case $end in
		crash) what='*(volatile int *)NULL = 1;' ends=1 ;;
		hang) what='sleep(1000);' ends=124 ;;
		esac
		# In a function that comes back, and behind a branch: compilers count what is left, not what is entered.
		sed -i '/^int kvm_rec_pre_enter(struct kvm_vcpu \*vcpu)$/{s/^/static void planted(struct kvm_vcpu *vcpu)\n{\n\tvcpu->vcpu_id += 0; \/* planted_before *\/\n}\n\n/;n;s/^{$/{\n\tunsigned int sleep(unsigned int seconds);\n\n\tplanted(vcpu);\n\t'"$what"'\n\tif (vcpu->kvm)\n\t\tvcpu->vcpu_id += 0; \/* planted_behind *\/\n/}' "$dying"
		expect 0 kvm-build --tree dying -o dying.so "${same[@]}" --coverage
		rm -rf pages
		expect $ends run "$shown" --filter '*4K*' --kvm dying.so --coverage-html pages --timeout 3
		page=$(find pages -name '*rme.c.*.html')
		covered() { grep -B4 planted_"$1" "$page" | grep -o 'coveredLine\|uncoveredLine' | tail -n 1; }
		holds test "$(covered before)" = coveredLine
		holds test "$(covered behind)" = uncoveredLine
	done
else
	printf 'SKIPPED: coverage: gcovr, or llvm-cov, is not installed\n'
fi

# A build for a sanitizer's runtime that this program lacks: it becomes the one that has it, or says how to make it.
cp "$program" "$work/rmesim"
if [ -z "${3:-}" ]; then
	expect 0 kvm-build --tree tree -o asan.so --cc gcc --sanitize address --cflag -O0
	expect 0 kvm-info asan.so
	says out "gcc's AddressSanitizer"
	mkdir -p here/bin here/lib/rmesim/asan-gcc/bin
	cp "$program" here/bin/rmesim
	program=$work/here/bin/rmesim
	# What stands beside an installation is another one, and not called.
	mkdir -p beside/bin
	printf 'int main(void) { return 43; }\n' >beside.c
	gcc -fsanitize=address beside.c -o beside/bin/rmesim 2>gcc.log
	expect 2 run "$shown" --kvm asan.so
	says err "asan.so was built with gcc's AddressSanitizer, this rmesim with no AddressSanitizer"
	says err "$work/here/lib/rmesim/asan-gcc/bin/rmesim is not there"
	says err "tools/install $work/here gcc"
	# One that fits is called with the same arguments.
	printf '#include <stdio.h>\nint main(int n, char **v) { for (int i = 1; i < n; i++) puts(v[i]); return 42; }\n' >fit.c
	if gcc -fsanitize=address fit.c -o here/lib/rmesim/asan-gcc/bin/rmesim 2>gcc.log; then
		expect 42 run "$shown" --kvm asan.so --seed 7
		holds test "$(tr '\n' ' ' <out)" = "run $shown --kvm asan.so --seed 7 "
	fi
	expect 2 run "$shown" --kvm asan.so --kvm "$work/sound.so"
	says err 'one run cannot have both'
fi

finish
