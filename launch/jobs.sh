# shellcheck shell=bash
# How the launch scripts run mpirun to its end. To be sourced; defines
#
#     ballast_trap_signals                  from now on TERM, INT, HUP and USR1 to the script reach the job
#     ballast_run_job LINE…                 prints the line, runs it, and returns the code to end with
#     ballast_is_training COMMAND…          whether the command is `ballast train`, which saves when told to stop
#     ballast_export_options                fills the array export_options: what mpirun passes on to other hosts
#     ballast_note_terminal                 sets BALLAST_COLUMNS where a person reads messages on a terminal
#     ballast_pause SECONDS                 sleeps; returns 1 at once when the script gets a signal
#
# mpirun hands USR1 on to the ranks, after which `ballast train` saves and ends with 75. But after TERM and INT it
# kills them within seconds, and its option for more time, odls_base_sigkill_timeout, holds back the TERM itself
# and the end of every job that fails as well. So a training job gets USR1 first, whatever the script got, and TERM
# only after BALLAST_GRACE_SECONDS (120), or when the script gets TERM, INT or HUP again. What does not end within
# 10 s of TERM, or when the script is told a third time, is killed, mpirun and all that it started here.
#
# Of mpirun's own codes, those above 128 tell of a rank or a host that is gone: they become 76. A script that was
# told to stop ends with 75 where all is saved, else as programs do that end by the signal.
#
# Needs ballast_script, the name for messages, ballast_saves, not empty where the command saves when told, and
# ballast_ranks_here, not empty where ranks run on this machine.
# shellcheck source=launch/inputs.sh
. "${BASH_SOURCE[0]%/*}/inputs.sh"
# shellcheck source=launch/session.sh
. "${BASH_SOURCE[0]%/*}/session.sh"

ballast_job='' ballast_helpers=()
# The first signal to the script, how many came, and how many of these were not USR1.
ballast_told='' ballast_signals=0 ballast_stops=0

ballast_is_training() { [ "${1##*/}" = ballast ] && [ "${2:-}" = train ]; }

ballast_trap_signals() {
    ballast_need seconds BALLAST_GRACE_SECONDS
    # A pipe in which nothing comes.
    exec {ballast_silence}<> <(:)
    trap 'ballast_tell TERM' TERM
    trap 'ballast_tell INT' INT
    trap 'ballast_tell HUP' HUP
    trap 'ballast_tell USR1' USR1
}

ballast_tell() { # SIGNAL
    ballast_told=${ballast_told:-$1}
    ballast_signals=$((ballast_signals + 1))
    if [ "$1" != USR1 ]; then ballast_stops=$((ballast_stops + 1)); fi
    if [ -n "$ballast_job" ]; then ballast_pass_on "$1"; fi
}

# Tells the job what the script was told. A bare return would hand on what the wait that a signal ended returned.
ballast_pass_on() { # SIGNAL
    local grace=${BALLAST_GRACE_SECONDS:-120}
    if [ "$1" = USR1 ]; then
        kill -s USR1 "$ballast_job" 2>/dev/null || true
        return 0
    fi
    if [ -n "$ballast_saves" ] && [ "$ballast_stops" -eq 1 ]; then
        ballast_say "told to stop: the job saves and ends, within $grace s; a second signal ends it at once"
        kill -s USR1 "$ballast_job" 2>/dev/null || true
        ballast_help ballast_end_after "$grace" "the job did not end within $grace s: ending it"
    elif [ "$ballast_stops" -le 2 ]; then
        if [ -n "$ballast_saves" ]; then ballast_say "told to stop again: ending the job"; fi
        kill -s TERM "$ballast_job" 2>/dev/null || true
        ballast_help ballast_end_after 10 ''
    else
        ballast_kill "$ballast_job"
    fi
}

# Runs a function beside the job, until the job has ended. It must not outlive it, even where whoever started the script
# blocks signals, or kills it.
ballast_help() { # FUNCTION ARGUMENT…
    (
        trap '' HUP INT TERM USR1
        "$@"
    ) &
    ballast_helpers+=("$!")
    disown
}

# For what runs beside the job: sleeps without a process of its own, and ends all when the job has ended.
ballast_rest() { # SECONDS
    read -r -t "$1" -u "$ballast_silence" || true
    ballast_look "$ballast_job"
    case $ballast_state in '' | Z) exit 0 ;; esac
}

# Ends a job that does not end by itself: tells it where there is a message, and then kills it.
ballast_end_after() { # SECONDS MESSAGE
    ballast_rest "$1"
    if [ -n "$2" ]; then
        ballast_say "$2"
        kill -s TERM "$ballast_job" 2>/dev/null || true
        ballast_rest 10
    fi
    ballast_say "mpirun does not end: killing it"
    ballast_kill "$ballast_job"
}

ballast_pause() { # SECONDS
    local code=0 sleeping
    sleep "$1" >/dev/null 2>&1 &
    sleeping=$!
    wait "$sleeping" || code=1
    kill "$sleeping" 2>/dev/null || true
    return "$code"
}

# Sets ballast_state and ballast_session of a process, empty if it is gone.
ballast_look() { # PROCESS
    local line=''
    { read -r -d '' line <"/proc/$1/stat"; } 2>/dev/null || true
    # Behind the name, which can hold anything: state, parent, group and session.
    read -r ballast_state _ _ ballast_session _ <<<"${line##*) }"
}

# Kills a job and what it started on this machine; mpirun last, since its end ends what this one may run in.
ballast_kill() { # SESSION
    local process
    for process in /proc/[0-9]*; do
        process=${process#/proc/}
        ballast_look "$process"
        if [ "$ballast_session" = "$1" ] && [ "$process" != "$1" ]; then kill -s KILL "$process" 2>/dev/null || true; fi
    done
    kill -s KILL "$1" 2>/dev/null || true
}

# Whether mpirun does not see that its ranks here have ended: all are zombies, and it is not busy writing. Never, where
# the kernel lists no children.
ballast_hangs() { # PROCESS
    local children child place='' states=''
    read -r -d '' -a children < <(cat /proc/"$1"/task/*/children 2>/dev/null) || true
    for child in "${children[@]}"; do
        ballast_look "$child"
        states+=$ballast_state
    done
    [[ $states =~ ^Z+$ ]] || return 1
    { read -r -d '' place <"/proc/$1/wchan"; } 2>/dev/null || true
    [[ $place != *write* ]]
}

# Ends mpirun when it hangs for 20 s, as it does where session files stop halfway.
ballast_watch() {
    local hung=0
    while [ "$hung" -lt 4 ]; do
        ballast_rest 5
        if ballast_hangs "$ballast_job"; then hung=$((hung + 1)); else hung=0; fi
    done
    ballast_say "mpirun does not see that its ranks have ended, most often because it had no room for session files: killing it"
    ballast_kill "$ballast_job"
}

ballast_run_job() {
    local code heard trouble
    if ! command -v mpirun >/dev/null; then
        ballast_say "mpirun is missing; run: launch/install.sh"
        return 64
    fi
    trouble=$(ballast_session_trouble)
    if [ -n "$trouble" ]; then
        ballast_say "$trouble"
        return 76
    fi
    # The job has not begun.
    if [ -n "$ballast_told" ]; then return $((128 + $(kill -l "$ballast_told"))); fi
    {
        printf '%s' "OMP_NUM_THREADS=$OMP_NUM_THREADS OPENBLAS_NUM_THREADS=$OPENBLAS_NUM_THREADS"
        printf ' %q' "$@"
        echo
    } >&2 || true
    # In a session of its own, so that Ctrl-C reaches it once, through the script: a second one would make mpirun
    # leave its ranks behind. If the script itself is killed, mpirun gets TERM. What a script starts in the
    # background would else be deaf to INT, and to PIPE, which this one ignores.
    setsid setpriv --pdeathsig TERM env --default-signal=INT,PIPE "$@" </dev/null {ballast_silence}>&- &
    ballast_job=$!
    # A signal may have come just before there was a job.
    if [ -n "$ballast_told" ]; then ballast_pass_on "$ballast_told"; fi
    if [ -n "$ballast_ranks_here" ]; then ballast_help ballast_watch; fi
    while :; do
        heard=$ballast_signals code=0
        wait "$ballast_job" || code=$?
        # A signal to the script ends the wait but not the job.
        [ "$heard" -ne "$ballast_signals" ] || break
    done
    ballast_job=
    if [ ${#ballast_helpers[@]} -gt 0 ]; then kill -s KILL "${ballast_helpers[@]}" 2>/dev/null || true; fi
    ballast_helpers=()
    ballast_code "$code"
}

# Returns what to end with where mpirun ended with CODE.
ballast_code() {
    local meaning name
    # After TERM mpirun itself ends with 1.
    if [ -n "$ballast_told" ] && { [ "$1" -eq 1 ] || [ "$1" -gt 128 ]; }; then
        return $((128 + $(kill -l "$ballast_told")))
    fi
    [ "$1" -gt 128 ] || return "$1"
    case $1 in
    205) meaning="a host, or the network to it, is gone" ;;
    255) meaning="a host could not be reached, or mpirun failed there" ;;
    137) meaning="a rank was killed (SIGKILL), most often because memory ran out; or mpirun itself was, after a stall reported above" ;;
    *)
        if name=$(kill -l $(($1 - 128)) 2>/dev/null); then meaning="a rank was ended by SIG$name"; else meaning="mpirun failed"; fi
        ;;
    esac
    ballast_say "mpirun ended with $1: $meaning; ending with 76"
    return 76
}

# mpirun gives the ranks a pipe. By this rank 0 knows that progress can be one line that renews itself.
ballast_note_terminal() {
    local size=''
    unset BALLAST_COLUMNS
    if [ "${TERM:-dumb}" != dumb ] && [ -t 2 ] && size=$(stty size <&2 2>/dev/null); then
        export BALLAST_COLUMNS=${size#* }
    fi
}

ballast_export_options() {
    local name
    export_options=(-x OMP_NUM_THREADS -x OPENBLAS_NUM_THREADS)
    for name in LD_LIBRARY_PATH BALLAST_STALL_SECONDS BALLAST_FAULTS BALLAST_COLUMNS OPENBLAS_CORETYPE \
        DNNL_MAX_CPU_ISA; do
        if [ -n "${!name:-}" ]; then export_options+=(-x "$name"); fi
    done
}
