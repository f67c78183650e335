#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# html.sh - the HTML page in a headless browser.
#
# Usage: html.sh RMESIM CHECKOUT
. "$(dirname "$0")/../cli/lib.sh"
checkout=${2:?usage: html.sh RMESIM CHECKOUT}

# A scenario of thousands of calls in a large space, with many steps.
cat >large.yaml <<'END'
scenario: large
about: many steps in a large space
machine: {memory: 256M}
realm: {ipa_bits: 48, slots: [{base: 0x8000_0000, size: 64G}]}
steps:
  - vmm.create_realm:
  - vmm.init_ripas: {base: 0x8000_0000, size: 64G}
  - vmm.create_vcpus:
  - vmm.activate:
  - guest.write: {ipa: 0x8000_0000, size: 16M, value: 1}
  - repeat:
      times: 400
      steps:
        - guest.write: {ipa: 0x9000_0000, size: 32K, value: 2}
        - guest.set_ripas: {base: 0x9000_0000, size: 32K, ripas: empty}
          on_memory_fault: stop
        - guest.set_ripas: {base: 0x9000_0000, size: 32K, ripas: ram}
          on_memory_fault: stop
END
# What a page must not take for its own.
cat >nasty.yaml <<'END'
scenario: nasty
about: "</p><script>document.title = 'broken out'</script>"
matrix: {v: ["</script><script>document.title = 'broken out'</script>", "<!--<script>", "a \" b\nc & ' \e[31m", "日本語 ]]>"]}
realm: {ipa_bits: 33}
steps:
  - note: "$v"
  - vmm.create_realm:
    name: "$v"
    expect: {errno: EPERM}
END
cat >realms.yaml <<'END'
scenario: two-realms
about: The failing step is about the second one.
realms:
  left: {ipa_bits: 33, slots: [{base: 0x8000_0000, size: 16M}]}
  right: {ipa_bits: 33, slots: [{base: 0x8000_0000, size: 16M}]}
steps:
  - {vmm.create_realm: , realm: left}
  - {vmm.create_realm: , realm: right}
  - {vmm.init_ripas: {base: 0x8000_0000, size: 8M}, realm: right}
  - {expect: {ripas: {0x8000_0000: empty}}, realm: right}
END
expect 0 run large.yaml --report html=large.html
expect 1 run "$checkout/scenarios/ripas/guest-gives-back-2m.yaml" "$checkout/examples" nasty.yaml realms.yaml -j 1 --report html=one.html
expect 1 run "$checkout/scenarios/ripas/guest-gives-back-2m.yaml" "$checkout/examples" nasty.yaml realms.yaml -j 3 --report html=two.html
holds cmp -s one.html two.html
# Nothing is fetched from anywhere.
lacks one.html 'http:'
lacks one.html 'https:'
holds test -z "$(grep -E '(src|href)="[^#]' one.html)"
# Ten times the calls are not ten times the page.
holds test "$(stat -c %s large.html)" -lt 3000000

if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null ||
	! /usr/bin/python3 -c 'import selenium' 2>/dev/null; then
	[ "$failures" = 0 ] || finish
	echo 'SKIPPED: chromium, chromium-driver and python3-selenium are not all installed; no browser has seen the page'
	exit 77
fi
last='html.py'
/usr/bin/python3 "$here/html.py" "$PWD/one.html" "$PWD/large.html" >out 2>err
holds test $? = 0
says out 'all as it should be'
finish
