#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# reproducers.sh PROGRAM SOURCE-DIR BUILD-DIR [DEFECT...] - the scenarios of tools/canaries/reproducers: each passes as
# things are, and fails of a defect when that is planted. The former is asked of all, the latter of those named
# ("host/fold-missing"), or of all of them: "all". What is told of it must have what `# tells: FINDING` in the scenario
# names, if there is such a line.
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
if [ "$*" = all ]; then
	set -- $(cd "$reproducers" && find . -name '*.yaml' | sed 's,^\./,,; s,\.yaml$,,' | sort)
fi
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
	"$source_dir/tools/canaries/build" "$build_dir" "$source_dir/tools/canaries/$defect.patch" "$output" || exit 1
	"${planted[@]}" --timeout 20 >"$work/planted" 2>&1
	status=$?
	if [ $status != 1 ]; then
		echo "reproducers.sh: with $defect planted the status is $status, expected 1"
		cat "$work/planted"
		failed=1
	fi
	while read -r finding; do
		grep -q "^ *$finding  *nothing  " "$work/planted" && continue
		echo "reproducers.sh: with $defect planted $finding is not told"
		cut -c 1-150 "$work/planted"
		failed=1
	done < <(sed -n 's/^# tells: //p' "$reproducers/$defect.yaml")
done
exit $failed
