# shellcheck shell=bash
# Which hosts there are, whether they answer, and how many ranks each takes. To be sourced. The array
# host_names holds the hosts in the order of the file; the tables below go by name. Names become arguments of ssh and
# mpirun and keys of these tables, so they hold nothing that any of these could misread.
# shellcheck source=launch/inputs.sh
. "${BASH_SOURCE[0]%/*}/inputs.sh"
# shellcheck source=launch/threads.sh
. "${BASH_SOURCE[0]%/*}/threads.sh"
# shellcheck source=launch/session.sh
. "${BASH_SOURCE[0]%/*}/session.sh"
host_names=()
declare -A host_slots=() host_cores=() host_trouble=() host_ranks=() host_process=() host_here=()

# Reads a hostfile of OpenMPI, "host slots=N" a line: fills host_names and host_slots. A host without slots
# takes as many ranks as it has cores, as in OpenMPI; a host named twice has the slots of both lines. Line ends of
# Windows and a byte order mark in front are taken.
#   read_hostfile FILE     fails with a message on standard error
read_hostfile() {
    # Letters are those of ASCII, and lengths count bytes.
    local LC_ALL=C contents lines line number=0 file
    file=$(ballast_shown "$1")
    [ ! -d "$1" ] || { echo "$file is a folder, not a hostfile" >&2; return 1; }
    # Bash drops bytes of zero; so they become others that are as wrong.
    contents=$(
        timeout 10 head -c 1048577 -- "$1" 2>/dev/null | tr '\0' '\1'
        exit "${PIPESTATUS[0]}"
    ) || { echo "$file cannot be read within 10 s" >&2; return 1; }
    if [ ${#contents} -gt 1048576 ]; then
        echo "$file is larger than 1 MiB: no hostfile" >&2
        return 1
    fi
    case $contents in $'\xff\xfe'* | $'\xfe\xff'*) echo "$file is UTF-16: save it as plain text, UTF-8" >&2; return 1 ;; esac
    mapfile -t lines < <(printf '%s\n' "${contents#$'\xef\xbb\xbf'}")
    for line in "${lines[@]}"; do
        number=$((number + 1))
        read_host "${line%$'\r'}" || { echo "$file:$number: $host_problem" >&2; return 1; }
    done
}

# Reads one line of a hostfile; fails with host_problem.
read_host() { # LINE
    local line=${1%%#*} fields field host slots='' most=''
    if [ ${#line} -gt 1000 ]; then host_problem="a line of ${#line} bytes"; return 1; fi
    while [[ $line = *[$' \t']=* ]]; do line=${line//[$' \t']=/=}; done
    while [[ $line = *=[$' \t']* ]]; do line=${line//=[$' \t']/=}; done
    read -r -a fields <<<"$line"
    [ ${#fields[@]} -gt 0 ] || return 0
    host=${fields[0]}
    check_host_name "$host" || return 1
    for field in "${fields[@]:1}"; do
        case $field in
        slots=* | cpu=* | count=*)
            slots=${field#*=}
            check_slots "$field" "$slots" || return 1 ;;
        max_slots=* | max-slots=* | slots_max=* | slots-max=*)
            most=${field#*=}
            check_slots "$field" "$most" || return 1 ;;
        *)
            host_problem="'$(ballast_shown "$field")' is not understood; a line is: host slots=N"
            case $field in
            slot=* | slots:* | np=* | ppn=* | cpus=*) host_problem+=", so: $host slots=${field#*[=:]}" ;;
            user=* | username=* | user_name=* | user-name=*) host_problem+=", and the user stands before the host: ${field#*=}@$host" ;;
            *[!0-9]*) ;;
            *) host_problem+=", so: $host slots=$field" ;;
            esac
            host_problem=${host_problem:0:400}
            return 1 ;;
        esac
    done
    if [ -n "$most" ] && [ "${slots:-0}" -gt "$most" ]; then
        host_problem="slots=$slots is more than the $most that the same line allows"
        return 1
    fi
    if [ -z "${host_slots[$host]+set}" ]; then
        if [ ${#host_names[@]} -eq 4096 ]; then host_problem="more than 4096 hosts"; return 1; fi
        host_names+=("$host")
        host_slots[$host]=$slots
    elif [ -n "$slots" ]; then
        host_slots[$host]=$((${host_slots[$host]:-0} + slots))
    fi
}

check_host_name() { # NAME
    if [[ ! $1 =~ ^[A-Za-z0-9._:@][A-Za-z0-9._:@-]*$ ]] || [[ $1 = *@-* ]] || [ ${#1} -gt 255 ]; then
        host_problem="'$(ballast_shown "$1")' is no host name: letters, digits and . _ - : @ are allowed, and no - at the beginning"
        return 1
    fi
    # mpirun would take what stands behind the first colon for slots.
    case $1 in
    *:*:*) host_problem="'$(ballast_shown "$1")' is an IPv6 address, which OpenMPI does not take; a name for it does, from /etc/hosts for example" ;;
    *:*) host_problem="'$(ballast_shown "$1")' is not understood; a line is: host slots=N, so: ${1%%:*} slots=${1#*:}" ;;
    *@*@* | @* | *@) host_problem="'$(ballast_shown "$1")' is no host name: it is user@host" ;;
    *) return 0 ;;
    esac
    return 1
}

check_slots() { # FIELD VALUE
    if [[ ! $2 =~ ^[1-9][0-9]{0,5}$ ]]; then
        host_problem="'$(ballast_shown "$1")' is not a number of slots from 1 to 999999"
        return 1
    fi
}

# Whether a host is this machine, which mpirun reaches without its agent.
is_this_machine() {
    local address
    case $1 in localhost | "$(hostname)" | "$(hostname -s)") return 0 ;; esac
    address=$(timeout 3 getent hosts "$1" | awk '{ print $1; exit }')
    case ${address:-$1} in 127.* | ::1) return 0 ;; esac
    [[ " $(hostname -I) " = *" ${address:-$1} "* ]]
}

# What a host says about itself: how many cores are ours, or what it lacks.
#   report_host FOLDER PROGRAM
report_host() {
    local path trouble
    for path in "$1" "$2"; do
        [ -x "$path" ] || { echo "missing $path"; return; }
    done
    trouble=$(ballast_session_trouble)
    if [ -n "$trouble" ]; then echo "session $trouble"; else echo "cores $(ballast_cores)"; fi
}

# Asks one host; notes in FILE.here that it is this machine, and in FILE.errors what its agent complains of.
#   ask_host FILE QUESTION HOST AGENT…
ask_host() {
    local file=$1 question=$2 host=$3 agent=("${@:4}" "$3")
    if is_this_machine "$host"; then
        agent=()
        : >"$file.here"
    fi
    # The question goes in as text: no shell in between can misread its quotes.
    timeout --kill-after 1 5 "${agent[@]}" bash -s <<<"$question" >"$file" 2>"$file.errors"
}

# Asks all hosts at once, as mpirun will reach them, to report: fills host_cores, host_here with those that are this
# machine, or host_trouble with what is wrong. Without slots in the file, slots are cores.
#   ask_hosts FOLDER PROGRAM AGENT…
ask_hosts() {
    local folder=$1 program=$2 answers host answer question code trouble number=0
    shift 2
    question=$(
        declare -f ballast_cores ballast_write ballast_session_trouble report_host
        printf 'report_host %q %q\n' "$folder" "$program"
    )
    answers=$(mktemp -d 2>/dev/null) || return 1
    for host in "${host_names[@]}"; do
        number=$((number + 1))
        # Answers have numbers: a name could lead out of the folder.
        ask_host "$answers/$number" "$question" "$host" "$@" &
        host_process[$host]=$!
    done
    number=0
    for host in "${host_names[@]}"; do
        number=$((number + 1))
        code=0
        wait "${host_process[$host]}" || code=$?
        # Not unset, which would expand the name once more.
        host_cores[$host]='' host_trouble[$host]='' host_here[$host]=''
        # shellcheck disable=SC2034 # launch/cluster.sh reads it.
        if [ -e "$answers/$number.here" ]; then host_here[$host]=1; fi
        # A login can print a greeting before the answer.
        answer=$(LC_ALL=C sed -n -E 's/^(cores [1-9][0-9]{0,5}|(missing|session) [^[:cntrl:]]{1,500})$/\1/p' "$answers/$number" 2>/dev/null | tail -n 1)
        case $answer in
        cores*) host_cores[$host]=${answer#cores } ;;
        missing*) host_trouble[$host]="has no ${answer#missing }" ;;
        session*) host_trouble[$host]="cannot run a job: ${answer#session }" ;;
        *)
            # ssh ends with 255 where it reaches no host, and says last why.
            host_trouble[$host]="does not answer within 5 s"
            if [ "$code" -eq 255 ]; then
                trouble=$(tail -n 1 -- "$answers/$number.errors" 2>/dev/null | tr -d '\0\r')
                host_trouble[$host]="does not answer${trouble:+: $(ballast_shown "$trouble")}"
            fi ;;
        esac
        if [ -z "${host_slots[$host]}" ]; then host_slots[$host]=${host_cores[$host]:-}; fi
    done
    rm -rf -- "$answers"
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
