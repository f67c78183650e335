#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# hostile.sh - odd paths, names that collide, files that are no builds: what works does, and the rest is told.
#
# Usage: hostile.sh RMESIM CHECKOUT SANITIZE COMPILER
. "$(dirname "$0")/../cli/lib.sh"
checkout=${2:?usage: hostile.sh RMESIM CHECKOUT SANITIZE COMPILER}
. "$checkout/tests/kvm_build/tree.sh"
same=(--cc "${4:-gcc}" --cflag -O0)
[ -z "${3:-}" ] || same+=(--sanitize "$3")
scenario harmless '' 'level: regression'

# Paths that a shell, a printf format or a list would stumble over; relative, through a symbolic link, not writable.
# The tree has helpers of names that rmesim's own files have, too: static ones are nobody's affair.
odd="it's 100%s \$HOME *;|& a=b:c,d"
mkdir "$odd"
tree "$odd/-tree"
names='slab_alloc page_alloc realm_address_is_private realm_read_entry series_unmap_range host_has_sve user_mem_abort
	private_memslot_fault vcpu_run_once new_slots report reset inspect'
for name in $names; do
	printf 'static __attribute__((unused)) int %s(void)\n{\n\treturn 0;\n}\n' "$name"
done >>"$odd/-tree/arch/arm64/kvm/rme-exit.c"
ln -s "$odd" link
chmod -R a-w "$odd"
mkdir below
cd below || exit 2
expect 0 kvm-build --tree ../link/-tree -o "../p%s 'q'.so" "${same[@]}"
cp out err ..
cd .. || exit 2
says out "yours: $work/link/-tree/arch/arm64/kvm/rme.c"
expect 0 run harmless.yaml --kvm "below/../p%s 'q'.so"
says out '1 passed'
expect 0 kvm-info --json "p%s 'q'.so"
holds jq -e --arg file "$work/link/-tree/arch/arm64/kvm/rme.c" '.[0].files["rme.c"] == $file' out
chmod -R u+w "$odd"
tree $'caf\xe9'
expect 2 kvm-build --tree $'caf\xe9' -o mine.so "${same[@]}"
says err 'a path that is not UTF-8'
tree $'two\nlines'
expect 2 kvm-build --tree $'two\nlines' -o mine.so "${same[@]}"
says err 'a control character cannot be used'

# What is no regular file is not replaced.
tree tree
rme=$work/tree/arch/arm64/kvm/rme.c
mkfifo pipe
expect 2 kvm-build --tree tree -o pipe "${same[@]}"
says err 'pipe is not a regular file'
holds test -p pipe
ln -s pipe to-pipe
expect 2 kvm-build --tree tree -o to-pipe "${same[@]}"
says err 'to-pipe is not a regular file'

# A file that cannot be read leaves no doubt, and a wrong line of C its place.
rm "$rme"
ln -s /nowhere "$rme"
expect 2 kvm-build --tree tree -o mine.so
says err 'has neither rme.c nor rmi.c'
tree tree
sed -i '100i int x = ;' "$rme"
expect 2 kvm-build --tree tree -o mine.so "${same[@]}"
says err "$rme:100:9: error: expected expression"
PATH=/nowhere expect 2 kvm-build --tree tree -o mine.so
says err 'gcc cannot be run'
holds test ! -e mine.so

# A name that is not static and that rmesim's files have too: where both are.
tree tree
printf 'int mm_alloc(void);\nint mm_alloc(void)\n{\n\treturn 0;\n}\n' >>"$rme"
expect 2 kvm-build --tree tree -o mine.so "${same[@]}"
says err 'mm_alloc is defined twice, at '
says err "and at $rme:"
says err 'make yours static'
holds test "$(grep -c 'defined twice' err)" = 1
lacks err 'ld returned'

# Files that are no builds, and builds that do harm when they are loaded.
expect 2 run harmless.yaml --kvm pipe
says err 'pipe: not a file'
expect 2 run harmless.yaml --kvm .
says err 'not a file'
expect 2 run harmless.yaml --kvm harmless.yaml
says err 'not an ELF file'
for size in 0 1 64 1000 20000; do
	head -c $size "p%s 'q'.so" >cut.so
	expect 2 run harmless.yaml --kvm cut.so
	says err cut.so
	expect 2 kvm-info cut.so
done
printf '__attribute__((constructor)) static void harm(void)\n{\n\t*(volatile int *)16 = 1;\n}\n' >harm.c
tree tree
expect 0 kvm-build --tree tree -o harm.so --add harm.c "${same[@]}"
expect 2 run harmless.yaml --kvm harm.so
says err 'harm.so: loading it crashes'
silent out

finish
