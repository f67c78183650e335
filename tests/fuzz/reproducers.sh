#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# reproducers.sh PROGRAM SOURCE-DIR BUILD-DIR [DEFECT...] - the scenarios of tools/canaries/reproducers: each passes as
# things are, and fails of a defect when that is planted. The former is asked of all, the latter of those named
# ("host/fold-missing"), or of all of them: "all", or, of two or more parts, the first: "1/2". Each says what is
# told of it then: `# tells: host-audit/vmids`, so that an oracle that went silent is noticed though others are not.
program=$(realpath "$1") source_dir=$(realpath "$2") build_dir=$(realpath "$3") || exit 2
shift 3
reproducers=$source_dir/tools/canaries/reproducers
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

"$program" run "$reproducers" >"$work/sound" 2>&1 || {
	echo "reproducers.sh: without any defect:"
	grep -v '^ok' "$work/sound"
	failed=1
}
# Each defect can still be planted.
for patch in "$source_dir"/tools/canaries/*/*.patch; do
	if ! patch -s -p1 -f --dry-run -d "$source_dir" <"$patch" >/dev/null 2>&1; then
		echo "reproducers.sh: $patch does not apply any more"
		failed=1
	fi
done
# Each defect has one.
for patch in "$source_dir"/tools/canaries/*/*.patch; do
	defect=${patch#"$source_dir"/tools/canaries/}
	[ -e "$reproducers/${defect%.patch}.yaml" ] || {
		echo "reproducers.sh: ${defect%.patch} has no scenario in $reproducers"
		failed=1
	}
done
[ "$*" != all ] || set -- 1/1
case $* in
[0-9]*/[0-9]*)
	part=${1%/*} parts=${1#*/}
	set -- $(cd "$reproducers" && find . -name '*.yaml' | sed 's,^\./,,; s,\.yaml$,,' | sort |
		awk -v part="$part" -v parts="$parts" 'NR % parts == part % parts')
	[ $# -gt 0 ] || { echo "reproducers.sh: part $part of $parts is empty" && failed=1; }
	;;
esac
for defect in "$@"; do
	mkdir -p "$work/bin"
	[ -e "$work/lib" ] || ln -s "$build_dir/lib" "$work/lib"
	case $defect in
	host/*)
		output=$work/planted-4k.so
		planted=("$program" run "$reproducers/$defect.yaml" --kvm "$output")
		;;
	*)
		output=$work/bin/rmesim
		planted=("$output" run "$reproducers/$defect.yaml")
		;;
	esac
	"$source_dir/tools/canaries/build" -q "$build_dir" "$source_dir/tools/canaries/$defect.patch" "$output" || exit 1
	"${planted[@]}" --timeout 20 >"$work/planted" 2>&1
	status=$?
	if [ $status != 1 ]; then
		echo "reproducers.sh: with $defect planted the status is $status, expected 1"
		cat "$work/planted"
		failed=1
	fi
	finding=$(sed -n 's/^# tells: //p' "$reproducers/$defect.yaml")
	# In the line of the scenario that fails, or among what was found beside that.
	if [ ! "$finding" ] || ! grep -q -E "^(FAIL +[^ ]+: $finding: | *$finding  *nothing  )" "$work/planted"; then
		echo "reproducers.sh: with $defect planted '$finding' is not told"
		head -n 20 "$work/planted" | cut -c 1-150
		failed=1
	fi
done
exit $failed
