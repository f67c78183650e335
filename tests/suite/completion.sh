#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# completion.sh - the manual page and the completions have every command and every option that --help has,
# and bash completes with them.
#
# Usage: completion.sh RMESIM CHECKOUT

set -u
rmesim=${1:?usage: completion.sh RMESIM CHECKOUT}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
status=0
complain() {
	echo "FAILED: $1"
	status=1
}

"$rmesim" docs man >page && "$rmesim" docs bash >bash.sh && "$rmesim" docs zsh >_rmesim || complain 'docs'
bash -n bash.sh || complain 'what is for bash is no bash'
if command -v zsh >/dev/null; then
	zsh -n _rmesim || complain 'what is for zsh is no zsh'
else
	echo 'SKIPPED: syntax of the completion for zsh: there is no zsh'
fi
if command -v man >/dev/null; then
	LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l page >plain 2>warnings </dev/null
	[ ! -s warnings ] || {
		cat warnings
		complain 'man does not like the page'
	}
fi

# shellcheck disable=SC1091
. ./bash.sh
# complete WORD...: what bash offers for the last word.
complete_words() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_rmesim
	printf '%s\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"}
}

commands=$("$rmesim" --help | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')
[ "$(wc -w <<<"$commands")" -ge 10 ] || complain "too few commands: $commands"
for command in $commands; do
	complete_words rmesim "" | grep -qx -e "$command" || complain "bash does not know $command"
	grep -q "^.SS \"rmesim $command[ \"]" page || complain "the page does not have $command"
	grep -q "'$command:" _rmesim || complain "zsh does not know $command"
	"$rmesim" "$command" --help >help </dev/null || complain "$command --help"
	grep -q '^examples:\|^example' help || [ "$command" = rmi ] || complain "$command --help has no examples"
	[ "$command" = rmi ] && continue
	for option in $(sed -n '/^options:/,/^$/s/^  \(-.,\|   \) \(--[a-z][a-z-]*\).*/\2/p' help | sort -u); do
		complete_words rmesim "$command" "$option" | grep -qx -e "$option" || complain "bash: $command $option"
		grep -qF -e "${option//-/\\-}" page || complain "the page: $command $option"
		grep -q -e "$option" _rmesim || complain "zsh: $command $option"
	done
done

# Values
[ "$(complete_words rmesim run --level s)" = smoke ] || complain 'bash: --level s'
[ "$(complete_words rmesim list --color = ne)" = never ] || complain 'bash: --color=ne'
complete_words rmesim run --report j | grep -qx junit= || complain 'bash: --report j'
[ "$(complete_words rmesim help sho)" = show ] || complain 'bash: help sho'
: >some-file.yaml
[ "$(complete_words rmesim lint some-f)" = some-file.yaml ] || complain 'bash: files'
exit "$status"
