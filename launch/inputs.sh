# shellcheck shell=bash
# What the launch scripts take from outside, checked before they use it: bash executes what it finds in arithmetic and
# in subscripts, and programs take what begins with - for an option. To be sourced; defines
#
#     ballast_open_streams           opens standard input, output and error where they are closed; a closed pipe
#                                    behind them no longer ends the script
#     ballast_say MESSAGE            a message of the script on standard error
#     ballast_shown TEXT             prints a text of any origin so that it can stand in a message
#     ballast_is KIND VALUE          whether a value is a count (1 to 99999), a number (0 to 99999) or seconds (0 to
#                                    99999.999)
#     ballast_need KIND NAME…        ends the script with 64 unless these variables are unset, empty or of that kind
#
# Needs ballast_script, the name for messages.

ballast_open_streams() {
    trap '' PIPE
    # In this order: what is opened next takes the lowest number that is free.
    [ -e /proc/$$/fd/0 ] || exec </dev/null
    [ -e /proc/$$/fd/1 ] || exec >/dev/null
    [ -e /proc/$$/fd/2 ] || exec 2>/dev/null
}

ballast_say() { echo "${ballast_script:?}: $1" >&2 || true; }

ballast_shown() {
    local LC_ALL=C text=${1:0:100}
    if [[ $text = *[[:cntrl:]]* ]]; then printf '%q' "$text"; else printf '%s' "$text"; fi
}

ballast_is() { # KIND VALUE
    case $1 in
    count) [[ $2 =~ ^[1-9][0-9]{0,4}$ ]] ;;
    number) [[ $2 =~ ^(0|[1-9][0-9]{0,4})$ ]] ;;
    seconds) [[ $2 =~ ^[0-9]{1,5}(\.[0-9]{1,3})?$ ]] ;;
    esac
}

ballast_need() { # KIND NAME…
    local kind=$1 name meaning
    case $kind in
    count) meaning="a number from 1 to 99999" ;;
    number) meaning="a number from 0 to 99999" ;;
    seconds) meaning="a number of seconds from 0 to 99999" ;;
    esac
    for name in "${@:2}"; do
        if [ -n "${!name:-}" ] && ! ballast_is "$kind" "${!name}"; then
            ballast_say "$name is '$(ballast_shown "${!name}")', expected $meaning"
            exit 64
        fi
    done
}
