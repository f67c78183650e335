#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# perfetto.sh - the trace that Perfetto reads, against the format's rules and against other accounts of the run.
#
# Usage: perfetto.sh RMESIM CHECKOUT
. "$(dirname "$0")/../cli/lib.sh"
checkout=${2:?usage: perfetto.sh RMESIM CHECKOUT}
command -v python3 >/dev/null || { echo 'SKIPPED: there is no python3'; exit 77; }

expect 1 run "$checkout/examples" --report perfetto=one.json --trace one.jsonl
holds python3 "$here/nesting.py" one.json one.jsonl
expect 1 run "$checkout/examples" --report perfetto=two.json
holds cmp -s one.json two.json

# Many runs at once, several vCPUs and Realms; the same bytes whatever the number of jobs.
expect 0 run "$checkout/scenarios/rec" --exclude "*64K*" -j 1 \
	--report perfetto=one.json --trace one.jsonl
holds python3 "$here/nesting.py" one.json one.jsonl
expect 0 run "$checkout/scenarios/rec" --exclude "*64K*" -j 3 \
	--report perfetto=two.json
holds cmp -s one.json two.json

# Faults: of the environment, where no page is found, and of the RMM, which answers otherwise.
expect 0 run "$checkout"/scenarios/scarce/realm-{no-memory-for-the-rd,refused}.yaml \
	--report perfetto=one.json --trace one.jsonl
holds python3 "$here/nesting.py" one.json one.jsonl
says one.json '"args":{"text":"fault page_alloc"}'
holds grep -q '"name":"fault","ts":[0-9]*,"s":"t","args":{"text":"REALM_CREATE .*injected' one.json

# A name that must be escaped
cat >nasty.yaml <<'END'
scenario: nasty
about: x
matrix: {v: ["a \" b", "c\nd", "日本語"]}
realm: {ipa_bits: 33}
steps:
  - note: "$v"
  - vmm.create_realm:
    expect: {errno: EPERM}
END
expect 1 run nasty.yaml --report perfetto=one.json --trace one.jsonl
holds python3 "$here/nesting.py" one.json one.jsonl
says one.json 'FAILED: 1 vmm.create_realm'
says one.json '日本語'

finish
