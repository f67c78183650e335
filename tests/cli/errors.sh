#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# errors.sh - what a wrong file is told, to the letter: all errors of all files, each with its line, a caret,
# what was expected, and the places that the value came through. errors/NAME.txt has what NAME.yaml is told.
. "$(dirname "$0")/lib.sh"
golden=$(realpath "${2:?usage: $0 PROGRAM DIRECTORY}") || exit 2
cp -r "$golden"/. .

for file in *.yaml; do
	expect 2 lint --color never "$file"
	silent out
	# What is above this directory is none of the test's business.
	sed -i "s|; looked in preludes.*|; looked in preludes|" err
	holds diff -u "$golden/${file%.yaml}.txt" err
done
[ "$checks" -gt 10 ] || complain 'too few files'

# All files at once: the errors of each, in the order of the arguments.
expect 2 lint --color never several.yaml matrix-values.yaml alias.yaml
cp err all
for file in several matrix-values alias; do
	grep -v '^rmesim: ' "$golden/$file.txt"
done >wanted
printf 'rmesim: %d errors\n' "$(grep -c ': error: ' wanted)" >>wanted
holds diff -u wanted all

# A misspelt prelude; and one that stands where a symbolic link leads.
mkdir -p there/preludes/boot elsewhere
printf 'prelude: boot/small\nabout: x\nrealm: {ipa_bits: 33}\n' >there/preludes/boot/small.yaml
printf 'scenario: linked\nabout: x\nuse: boot/small\nsteps: [vmm.create_realm: ]\n' >there/linked.yaml
ln -s ../there/linked.yaml elsewhere/linked.yaml
expect 0 lint there/linked.yaml
expect 0 lint elsewhere/linked.yaml
sed 's,boot/small,boot/smal,' there/linked.yaml >there/misspelt.yaml
expect 2 lint there/misspelt.yaml
says err 'no prelude `boot/smal`: expected a file preludes/boot/smal.yaml here or further up; looked in there/preludes'
says err 'did you mean `boot/small`?'
# What a missing prelude would have brought is not missed once more.
printf 'realm: {vcpus: 1}\n' >>there/misspelt.yaml
expect 2 lint there/misspelt.yaml
says err 'rmesim: 1 error'

# A terminal gets colour, a file does not.
expect 2 lint --color always several.yaml
holds grep -q $'\033\\[31merror' err
expect 2 lint several.yaml
holds bash -c '! grep -q $'"'"'\033'"'"' err'

finish
