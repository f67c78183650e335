#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# replay.sh RMESIM NAME: replays NAME.rmi from a file and from a pipe; both must print NAME.expected.
set -eu
rmesim=$1 name=$2
out=$(mktemp)
trap 'rm -f "$out"' EXIT
"$rmesim" rmi "$name.rmi" >"$out"
diff -u "$name.expected" "$out"
"$rmesim" rmi - <"$name.rmi" >"$out"
diff -u "$name.expected" "$out"
