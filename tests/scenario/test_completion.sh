#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bash completion: what is offered at places of a command line.
#   test_completion.sh VMETER SOURCE_ROOT
set -u
vmeter=$(readlink -f "$1")
root=$(readlink -f "$2")
failed=0

# shellcheck source=/dev/null
source "$root/scripts/completion/vmeter.bash"

# offers WORD... : what the completion gives at the end of this command line, sorted, in one line.
offers() {
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _vmeter
    printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | paste -sd ' ' -
}

same() {
    local wanted=$1 got
    shift
    got=$(offers "$@")
    if [ "$got" != "$wanted" ]; then
        echo "FAIL '$*': offers '$got', expected '$wanted'"
        failed=1
    fi
}

# has WORD COMMAND_LINE...: WORD is among the offers.
has() {
    local wanted=$1 got
    shift
    got=$(offers "$@")
    case " $got " in
    *" $wanted "*) ;;
    *)
        echo "FAIL '$*': offers '$got', '$wanted' is missing"
        failed=1
        ;;
    esac
}

complete -p vmeter | grep -q -- '-F _vmeter' || { echo "FAIL: not registered"; failed=1; }

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/cases"
touch "$dir/one.json" "$dir/two words.json" "$dir/table.csv" "$dir/port"
cd "$dir" || exit 1

same '--help --version calibrate check conformance ctl lcd map merge ports read run serve ui' vmeter ''
same 'conformance' vmeter co
same '--calibrate' vmeter conformance --c
same 'one.json' vmeter calibrate --front-end o
same '' vmeter conformance ''
same 'read run' vmeter r
same 'serve' vmeter se
same '--csv --csv-columns --csv-every' vmeter run --c
same '--meters-csv' vmeter run --m
same '1 2 4 8' vmeter run --threads ''
same '-q' vmeter run x.json -q
same '--capture --control' vmeter serve --c
same '--help --json' vmeter ports --
same '127.0.0.1:' vmeter serve --modbus-rtu-tcp ''
same '--baud --help --json --parity --unit' vmeter read ./m --
same '--csv --help --json --md' vmeter map --
same '--help' vmeter check --
same '--help' vmeter ctl --h
same 'even none odd' vmeter read ./m --parity ''
same 'none' vmeter read ./m --parity n
same 'even none odd' vmeter read ./m --parity =
same 'odd' vmeter read ./m --parity = o
same '1 10 3600 60 max' vmeter serve --speed ''
same 'max' vmeter serve --speed m
same '19200' vmeter read ./m --baud 19
has 9600 vmeter read ./m --baud ''
same 'cases/ one.json two words.json' vmeter run ''
same 'one.json' vmeter check o
same 'one.json' vmeter run -v o
same 'one.json' vmeter serve o
same 'one.json' vmeter ui o
same '--size' vmeter ui --si
same 'cases/ one.json port table.csv two words.json' vmeter read ''
same 'port' vmeter ctl p
same '' vmeter ctl port ''
same 'table.csv' vmeter run one.json --csv t
same 'cases/' vmeter run --junit ''
same '15m' vmeter run --csv-every 15
same '2' vmeter run cases --jobs 2
same '1/4' vmeter run cases --shard 1/4
same 'one.json' vmeter merge o
same 'one.json' vmeter run one.json o
same 'map merge' vmeter m
has meter.ct_ratio= vmeter run one.json --set meter.
same '' vmeter run one.json --set duration = ''
same '' vmeter run one.json --set duration =
same '' vmeter nosuch ''
same 'l1_voltage' "$vmeter" run one.json --csv-columns l1_volt
same 'tariff,l2_current tariff,l2_current_direction' "$vmeter" run one.json --csv-columns tariff,l2_curr

# Each option of the help texts is offered, and nothing else.
for command in run merge serve ui lcd read map check conformance calibrate ctl; do
    wanted=$("$vmeter" "$command" --help | sed -n 's/^  \(-[hqv], \)\{0,1\}\(-[-a-z]*\).*/\2/p' | LC_ALL=C sort |
        paste -sd ' ' -)
    got=$(offers vmeter "$command" x -)
    if [ "$got" != "$wanted" ]; then
        echo "FAIL vmeter $command: offers '$got', --help has '$wanted'"
        failed=1
    fi
done
wanted=$("$vmeter" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\).*/\1/p' | LC_ALL=C sort | paste -sd ' ' -)
got=$(offers vmeter '' | tr ' ' '\n' | grep -v '^-' | paste -sd ' ' -)
if [ "$got" != "$wanted" ]; then
    echo "FAIL: offers the commands '$got', --help has '$wanted'"
    failed=1
fi
exit $failed
