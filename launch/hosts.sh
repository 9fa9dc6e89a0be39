# shellcheck shell=bash
# Which hosts there are, whether they answer, and how many ranks each takes. To be sourced; needs
# launch/threads.sh. The array host_names holds the hosts in the order of the file; the tables below go by name.
host_names=()
declare -A host_slots=() host_cores=() host_trouble=() host_ranks=() host_process=()

# Reads a hostfile of OpenMPI, "host slots=N" a line: fills host_names and host_slots. A host without slots
# takes as many ranks as it has cores, as in OpenMPI; a host named twice has the slots of both lines. Names become
# arguments of ssh and mpirun and keys of the tables here, so they hold nothing that any of these could misread.
#   read_hostfile FILE     fails with a message on standard error
read_hostfile() {
    # Letters are those of ASCII.
    local line number=0 host field slots fields LC_ALL=C
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        read -r -a fields <<<"$(sed 's/#.*//; s/ *= */=/g' <<<"$line")"
        [ ${#fields[@]} -gt 0 ] || continue
        host=${fields[0]}
        if [[ ! $host =~ ^[A-Za-z0-9._:@][A-Za-z0-9._:@-]*$ ]]; then
            echo "$1:$number: '$host' is no host name: letters, digits and . _ - : @ are allowed, and no - at the beginning" >&2
            return 1
        fi
        slots=
        for field in "${fields[@]:1}"; do
            case $field in
            slots=*[!0-9]* | slots= | slots=0* | slots=???????*) echo "$1:$number: '$field' is not a number of slots from 1 to 999999" >&2; return 1 ;;
            slots=*) slots=${field#slots=} ;;
            max_slots=* | max-slots=*) ;;
            *) echo "$1:$number: '$field' is not understood; a line is: host slots=N" >&2; return 1 ;;
            esac
        done
        if [ -z "${host_slots[$host]+set}" ]; then
            host_names+=("$host")
            host_slots[$host]=$slots
        elif [ -n "$slots" ]; then
            host_slots[$host]=$((${host_slots[$host]:-0} + slots))
        fi
    done <"$1"
}

# Whether a host is this machine, which mpirun reaches without its agent.
is_this_machine() {
    local address
    case $1 in localhost | "$(hostname)" | "$(hostname -s)") return 0 ;; esac
    address=$(getent hosts "$1" | awk '{ print $1; exit }')
    case ${address:-$1} in 127.* | ::1) return 0 ;; esac
    [[ " $(hostname -I) " = *" ${address:-$1} "* ]]
}

# What a host says about itself: how many cores are ours, or what it lacks.
#   report_host FOLDER PROGRAM
report_host() {
    local path
    for path in "$1" "$2"; do
        [ -x "$path" ] || { echo "missing $path"; return; }
    done
    echo "cores $(ballast_cores)"
}

# Asks all hosts at once, as mpirun will reach them, to report: fills host_cores, or host_trouble with what is
# wrong. Without slots in the file, slots are cores.
#   ask_hosts FOLDER PROGRAM AGENT…
ask_hosts() {
    local folder=$1 program=$2 answers host answer question number=0
    shift 2
    question=$(
        declare -f ballast_cores report_host
        printf 'report_host %q %q\n' "$folder" "$program"
    )
    answers=$(mktemp -d)
    for host in "${host_names[@]}"; do
        local agent=("$@" "$host")
        if is_this_machine "$host"; then agent=(); fi
        number=$((number + 1))
        # The question goes in as text: no shell in between can misread its quotes. Answers have numbers: a name
        # could lead out of the folder.
        timeout --kill-after 1 5 "${agent[@]}" bash -s <<<"$question" >"$answers/$number" 2>/dev/null &
        host_process[$host]=$!
    done
    number=0
    for host in "${host_names[@]}"; do
        number=$((number + 1))
        wait "${host_process[$host]}" || true
        # Not unset, which would expand the name once more.
        host_cores[$host]='' host_trouble[$host]=''
        # A login can print a greeting before the answer.
        answer=$(sed -n -E 's/^(cores [1-9][0-9]{0,5}|missing .*)$/\1/p' "$answers/$number" | tail -n 1)
        case $answer in
        cores*) host_cores[$host]=${answer#cores } ;;
        missing*) host_trouble[$host]="has no ${answer#missing }" ;;
        *) host_trouble[$host]="does not answer within 5 s" ;;
        esac
        if [ -z "${host_slots[$host]}" ]; then host_slots[$host]=${host_cores[$host]:-}; fi
    done
    rm -rf "$answers"
}

# How many ranks fit on the hosts that have no trouble.
slots_in_all() {
    local host sum=0
    for host in "${host_names[@]}"; do
        if [ -z "${host_trouble[$host]:-}" ]; then sum=$((sum + ${host_slots[$host]:-0})); fi
    done
    echo "$sum"
}

# Deals ranks to the hosts without trouble, one each in turn while they have slots: fills host_ranks. Evenly
# rather than filling one host after another, because every rank waits for the host with most of them.
#   spread_ranks RANKS
spread_ranks() {
    local left=$1 host dealt
    host_ranks=()
    while [ "$left" -gt 0 ]; do
        dealt=0
        for host in "${host_names[@]}"; do
            if [ "$left" -eq 0 ]; then break; fi
            if [ -n "${host_trouble[$host]:-}" ] || [ "${host_ranks[$host]:-0}" -ge "${host_slots[$host]:-0}" ]; then
                continue
            fi
            host_ranks[$host]=$((${host_ranks[$host]:-0} + 1))
            left=$((left - 1))
            dealt=1
        done
        [ "$dealt" -eq 1 ] || return 1
    done
}
