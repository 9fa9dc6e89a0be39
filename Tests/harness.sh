# shellcheck shell=bash
# What the suites in shell have in common. Each Tests/run-*.sh sources this file and then calls
#
#     begin_suite NAME                              makes the folder $work and the file $output in it
#     check LABEL EXIT_CODE MESSAGE COMMAND…        runs a command, and judges how it ends and what it prints
#     same LABEL VALUE EXPECTED                     two texts are equal
#     holds LABEL FILE TEXT                         a file holds a text
#     verdict LABEL PROBLEM                         what the suite found out for itself; no problem: passed
#     expect_checks COUNT                           fails unless so many were made: none is lost unseen
#     not_run NAME REASON                           ends a suite of which nothing can be run here
#     wait_for_namespaces                           of the suites that use Tests/cluster/namespaces.sh one runs at a time
#     end_suite                                     prints "NAME checks: N passed, N failed", and exits: 0 where
#                                                   something passed and nothing failed
#
# A MESSAGE that begins with ^ is an extended regular expression, another one a text; an empty one is not looked for.
# A failed check prints its label, the reason and the ends of the files in $shown. Settings, which a suite may change
# at any time:
unset CDPATH                 # cd would print where it went
time_limit=60                # seconds that a command may take before it counts as one that hangs
message_count=''             # how many lines must hold the MESSAGE; one or more where this is empty
passes_are_printed=1         # empty where a suite has too many
shown=()                     # files that a failed check shows; by default $output
# A suite with more to clean up than $work defines a function cleanup_suite.

begin_suite() { # NAME
    set -u -o pipefail
    suite_name=$1 passed=0 failed=0
    work=$(mktemp -d) || exit
    output=$work/output
    shown=("$output")
    : >"$output"
    trap end_of_suite EXIT
    trap 'exit 143' TERM
    trap 'exit 130' INT
}

not_run() { # NAME REASON
    echo "$1 checks are not run: $2"
    echo "$1 checks: 0 passed, 0 failed"
    # Continuous integration as root is where they must run.
    if [ -n "${CI:-}" ] && [ "$(id -u)" = 0 ]; then exit 1; fi
    exit 0
}

# The names of the namespaces are the machine's. Those who wait lock a file that is there, since one in a folder that all
# can write to could be a link of somebody else's. Starts the suite anew.
wait_for_namespaces() { # SUITE ARGUMENT…
    [ -z "${BALLAST_CLUSTER_CHECKS_ALONE:-}" ] || return 0
    export BALLAST_CLUSTER_CHECKS_ALONE=1
    exec flock --close --timeout 900 "$(command -v ip)" "$@"
}

end_of_suite() {
    # What a suite has just started in the background still has its traps, and may be sent a signal by then.
    [ "$BASHPID" = "$$" ] || return 0
    if declare -F cleanup_suite >/dev/null; then cleanup_suite; fi
    rm -rf "$work"
}

# Programs that the suite runs, as paths; what to build where one is missing.
need_programs() { # PROGRAM…
    local program
    for program in "$@"; do
        [ -x "$program" ] && continue
        echo "$program is missing: build it with swift build -c release --product $(basename "$program")" >&2
        exit 1
    done
}

# Jobs of several ranks with one thread each, as in containers, which run as root: OpenMPI refuses that otherwise.
allow_mpi() {
    if ! command -v mpirun >/dev/null; then
        echo "mpirun is missing: install openmpi-bin" >&2
        exit 1
    fi
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
}

verdict() { # LABEL PROBLEM
    if [ -z "$2" ]; then
        passed=$((passed + 1))
        if [ -n "$passes_are_printed" ]; then echo "passed  $1"; fi
        return
    fi
    failed=$((failed + 1))
    echo "FAILED  $1: $2"
    local file
    for file in "${shown[@]}"; do
        if [ -e "$file" ]; then tail -n 60 "$file" | sed 's/^/        | /'; fi
    done
}

same() { # LABEL VALUE EXPECTED
    if [ "$2" = "$3" ]; then verdict "$1" ""; else verdict "$1" "'$2', expected '$3'"; fi
}

holds() { # LABEL FILE TEXT
    if grep -aqF -- "$3" "$2"; then verdict "$1" ""; else verdict "$1" "no '$3' in $(basename "$2")"; fi
}

check() { # LABEL EXIT_CODE MESSAGE COMMAND…
    local label=$1 expected=$2 message=$3 begin=$SECONDS code=0 problem
    shift 3
    # What the shell itself says of a command that is killed goes nowhere.
    { timeout --kill-after 5 "$time_limit" "$@" >"$output" 2>&1 </dev/null || code=$?; } 2>/dev/null
    problem=$(problem_of "$code" "$expected" "$message")
    verdict "$label$([ -n "$problem" ] || echo ", exit code $code, $((SECONDS - begin)) s")" "$problem"
}

# What is wrong with a command that has ended and whose output is in $output; nothing if nothing is.
problem_of() { # EXIT_CODE EXPECTED_EXIT_CODE MESSAGE
    local count
    if [ "$1" -eq 124 ] || { [ "$1" -eq 137 ] && [ "$2" -ne 137 ]; }; then
        echo "hangs"
    elif [ "$1" -ne "$2" ]; then
        echo "exit code $1, expected $2"
    elif [ -n "$3" ]; then
        case $3 in
        ^*) count=$(grep -aEc -- "$3" "$output") ;;
        *) count=$(grep -aFc -- "$3" "$output") ;;
        esac
        if [ "$count" -eq 0 ] || [ "$count" -ne "${message_count:-$count}" ]; then
            echo "$count lines hold \"$3\", expected ${message_count:-one or more}"
        fi
    fi
}

expect_checks() { # COUNT
    local count=$((passed + failed))
    [ "$count" -eq "$1" ] || verdict "every check is made" "$count were made, expected $1"
}

end_suite() {
    local code=0
    if [ "$failed" -gt 0 ] || [ "$passed" -eq 0 ]; then code=1; fi
    echo "$suite_name checks: $passed passed, $failed failed"
    exit "$code"
}
