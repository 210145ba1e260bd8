#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The manual page: no warnings from groff, and every command and option of the help texts is in it.
#   test_man.sh VMETER SOURCE_ROOT
set -u
vmeter=$(readlink -f "$1")
page=$(readlink -f "$2")/docs/man/vmeter.1
command -v groff >/dev/null || exit 77
failed=0

fail() {
    echo "FAIL $*"
    failed=1
}

warnings=$(groff -man -ww -Tutf8 "$page" 2>&1 >/dev/null)
[ -z "$warnings" ] || fail "$warnings"
text=$(groff -man -Tascii -P-cbou -rLL=1000n "$page" 2>/dev/null)

version=$("$vmeter" --version)
grep -q "\"$version\"" "$page" || fail "the page is not of $version"

for command in $("$vmeter" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\).*/\1/p'); do
    section=$(sed -n "/^  *vmeter $command/,/^  *vmeter [a-z]* [A-Z[]/p" <<<"$text")
    [ -n "$section" ] || fail "no section for vmeter $command"
    for option in $("$vmeter" "$command" --help | sed -n 's/^  \(-[-a-z]*\).*/\1/p'); do
        [ "$option" = -h ] || grep -q -- "$option" <<<"$text" || fail "vmeter $command: $option is missing"
    done
done
# The other way round: no option that the program does not know.
known=$(for command in '' run serve ui lcd read map ports check conformance calibrate ctl; do
    # shellcheck disable=SC2086
    "$vmeter" $command --help
done | grep -o -- '--[a-z][-a-z]*' | sort -u)
while read -r option; do
    grep -qx -- "$option" <<<"$known" || fail "$option is in the page but not in --help"
done < <(grep -o -- '--[a-z][-a-z]*' <<<"$text" | sort -u)
exit $failed
