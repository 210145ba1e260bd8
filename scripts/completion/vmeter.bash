# SPDX-License-Identifier: MIT
# Bash completion for vmeter. Use it with
#   source scripts/completion/vmeter.bash
# or install it as vmeter in the folder of your bash-completion package.
# Needs nothing but bash; file names with blanks are quoted where bash can do that.

# Files whose name ends in $2 (empty: all) and folders that begin with $1, into COMPREPLY.
_vmeter_files() {
    local name
    while IFS= read -r name; do
        if [[ -d $name ]]; then
            COMPREPLY+=("$name/")
        elif [[ $name == *"$2" && $name != *.schema.json ]]; then
            COMPREPLY+=("$name")
        fi
    done < <(compgen -f -- "$1")
    # Go on in a folder without a blank behind it.
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then
        compopt -o nospace 2>/dev/null
    fi
    compopt -o filenames 2>/dev/null
}

_vmeter_words() {
    local word
    while IFS= read -r word; do
        COMPREPLY+=("$word")
    done < <(compgen -W "$2" -- "$1")
}

# Names of registers behind the last comma of $1.
_vmeter_names() {
    local before='' names
    [[ $1 == *,* ]] && before=${1%,*},
    names=$("${COMP_WORDS[0]}" map --csv 2>/dev/null |
        awk -F, 'NR > 1 && $3 != "reserved" && $3 != "not_in_use" {print $3}')
    _vmeter_words "${1##*,}" "$names"
    COMPREPLY=("${COMPREPLY[@]/#/$before}")
    compopt -o nospace 2>/dev/null
}

# The argument of an option; false if the option takes none.
_vmeter_argument() {
    local command=$1 option=$2 current=$3
    case $command:$option in
    run:--csv-columns) _vmeter_names "$current" ;;
    run:--csv-every) _vmeter_words "$current" '1s 10s 1m 15m 1h' ;;
    run:--report | merge:--report) _vmeter_files "$current" .json ;;
    run:--junit | merge:--junit) _vmeter_files "$current" .xml ;;
    run:--histogram | merge:--histogram) _vmeter_files "$current" .svg ;;
    run:--shard) _vmeter_words "$current" '1/2 1/4 1/8' ;;
    run:--run) _vmeter_words "$current" '1' ;;
    run:--csv | run:--meters-csv) _vmeter_files "$current" .csv ;;
    run:--threads) _vmeter_words "$current" '1 2 4 8' ;;
    run:--pulses) _vmeter_files "$current" .vcd ;;
    run:--nvm | serve:--nvm | ui:--nvm) _vmeter_files "$current" '' ;;
    lcd:--png) _vmeter_files "$current" .png ;;
    lcd:--at) _vmeter_words "$current" '1s 10s 1m 15m 1h' ;;
    run:--set | serve:--set | ui:--set | lcd:--set)
        _vmeter_words "$current" 'duration= seed= ct= grid.voltage= grid.frequency= load.L1.current= load.L2.current=
            load.L3.current= meter.ct_ratio= meter.combination_code= meter.tariff= meter.modbus_id= meter.modbus_baud=
            meter.modbus_parity= meter.mbus_address= meter.mbus_id= meter.mbus_baud='
        compopt -o nospace 2>/dev/null
        ;;
    serve:--modbus | serve:--modbus-port | serve:--mbus | serve:--mbus-port | serve:--control | \
        ui:--modbus | ui:--modbus-port | ui:--mbus | ui:--mbus-port | ui:--control) _vmeter_files "$current" '' ;;
    serve:--*-tcp | ui:--*-tcp) _vmeter_words "$current" '127.0.0.1:' ;;
    serve:--capture | ui:--capture) _vmeter_files "$current" .pcapng ;;
    serve:--app | ui:--app) _vmeter_words "$current" '127.0.0.1: 0.0.0.0:' ;;
    serve:--record | ui:--record) _vmeter_files "$current" .json ;;
    ui:--size) _vmeter_words "$current" '1 1.5 2 3' ;;
    serve:--speed | ui:--speed) _vmeter_words "$current" 'max 1 10 60 3600' ;;
    conformance:--report | calibrate:--report | conformance:--front-end | calibrate:--front-end) _vmeter_files "$current" .json ;;
    conformance:--plot) _vmeter_files "$current" .svg ;;
    conformance:--nvm | calibrate:--nvm) _vmeter_files "$current" '' ;;
    conformance:--rows) _vmeter_words "$current" 'A S N C R T I Q E' ;;
    run:--jobs | conformance:--jobs) _vmeter_words "$current" '1 2 4 8' ;;
    read:--baud) _vmeter_words "$current" '300 600 1200 2400 4800 9600 19200 38400 57600 115200' ;;
    read:--parity) _vmeter_words "$current" 'even none odd' ;;
    read:--unit) _vmeter_words "$current" '1' ;;
    *) return 1 ;;
    esac
    return 0
}

_vmeter() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _vmeter_words "$current" 'run merge serve ui lcd read map ports check calibrate conformance ctl --help --version'
        return
    fi
    # "=" is a word of its own on a command line: --speed=max is --speed, =, max.
    if [[ $previous == = ]] && ((COMP_CWORD > 2)); then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
        [[ ${COMP_WORDS[COMP_CWORD - 3]} == --set ]] && return
    elif [[ $current == = ]]; then
        current=
        [[ ${COMP_WORDS[COMP_CWORD - 2]} == --set ]] && return
    fi
    _vmeter_argument "$command" "$previous" "$current" && return
    if [[ $current == -* ]]; then
        case $command in
        run) _vmeter_words "$current" '--report --junit --csv --csv-every --csv-columns --meters-csv --pulses --nvm --threads --set --no-jump --jobs --shard --histogram --run -q -v --help' ;;
        merge) _vmeter_words "$current" '--report --junit --histogram -q -v --help' ;;
        serve) _vmeter_words "$current" '--modbus --modbus-port --modbus-tcp --modbus-rtu-tcp --mbus --mbus-tcp --mbus-port --line-timing --capture --app --control --record --speed --nvm --set -v --help' ;;
        ui) _vmeter_words "$current" '--size --modbus --modbus-port --modbus-tcp --modbus-rtu-tcp --mbus --mbus-tcp --mbus-port --line-timing --capture --app --control --record --speed --nvm --set -v --help' ;;
        lcd) _vmeter_words "$current" '--at --text --png --front --scale --meter --set --help' ;;
        read) _vmeter_words "$current" '--unit --baud --parity --json --help' ;;
        ports) _vmeter_words "$current" '--json --help' ;;
        map) _vmeter_words "$current" '--csv --json --md --help' ;;
        conformance) _vmeter_words "$current" '--report --plot --front-end --calibrate --nvm --rows --jobs -q --help' ;;
        calibrate) _vmeter_words "$current" '--front-end --nvm --report --help' ;;
        check | ctl) _vmeter_words "$current" '--help' ;;
        esac
        return
    fi
    case $command in
    run | merge | serve | ui | lcd | check) _vmeter_files "$current" .json ;;
    read) _vmeter_files "$current" '' ;;
    ctl)
        if ((COMP_CWORD == 2)); then
            _vmeter_files "$current" ''
        fi
        ;;
    esac
}

complete -F _vmeter vmeter
