# shellcheck shell=bash
# How the launch scripts run mpirun to its end. To be sourced; defines
#
#     ballast_trap_signals                  from now on TERM, INT, HUP and USR1 to the script reach the job
#     ballast_run_job LINE…                 prints the line, runs it, and returns the code to end with
#     ballast_is_training COMMAND…          whether the command is `ballast train`, which saves when told to stop
#     ballast_export_options                fills the array export_options: what mpirun passes on to other hosts
#
# mpirun hands USR1 on to the ranks, after which `ballast train` saves and ends with 75. But after TERM and INT it
# kills them within seconds, and its option for more time, odls_base_sigkill_timeout, holds back the TERM itself
# and the end of every job that fails as well. So a training job gets USR1 first, whatever the script got, and TERM
# only after BALLAST_GRACE_SECONDS (120), or when the script gets TERM, INT or HUP again.
#
# Of mpirun's own codes, those above 128 tell of a rank or a host that is gone: they become 76. A script that was
# told to stop ends with 75 where all is saved, else as programs do that end by the signal.
#
# Needs ballast_script, the name for messages, and ballast_saves, not empty where the command saves when told.

ballast_job='' ballast_timer=''
# The first signal to the script, how many came, and how many of these were not USR1.
ballast_told='' ballast_signals=0 ballast_stops=0

# shellcheck disable=SC2154
ballast_say() { echo "$ballast_script: $1" >&2; }

ballast_is_training() { [ "$(basename "$1")" = ballast ] && [ "${2:-}" = train ]; }

ballast_trap_signals() {
    local signal
    # shellcheck disable=SC2064
    for signal in TERM INT HUP USR1; do trap "ballast_tell $signal" "$signal"; done
}

ballast_tell() { # SIGNAL
    ballast_told=${ballast_told:-$1}
    ballast_signals=$((ballast_signals + 1))
    if [ "$1" != USR1 ]; then ballast_stops=$((ballast_stops + 1)); fi
    if [ -n "$ballast_job" ]; then ballast_pass_on "$1"; fi
}

# Tells the job what the script was told.
ballast_pass_on() { # SIGNAL
    local signal=$1
    if [ "$signal" = HUP ]; then signal=TERM; fi
    if [ "$signal" != USR1 ] && [ -n "$ballast_saves" ]; then
        if [ "$ballast_stops" -gt 1 ]; then
            ballast_say "told to stop again: ending the job"
        else
            ballast_say "told to stop: the job saves and ends, within ${BALLAST_GRACE_SECONDS:-120} s; a second signal ends it at once"
            signal=USR1
            ballast_limit_time "$ballast_job" &
            ballast_timer=$!
        fi
    fi
    kill -s "$signal" "$ballast_job" 2>/dev/null || true
}

# Ends a job that does not end by itself.
ballast_limit_time() { # PROCESS
    local sleeping
    trap '' HUP INT USR1
    trap 'kill "$sleeping" 2>/dev/null; exit' TERM
    sleep "${BALLAST_GRACE_SECONDS:-120}" >/dev/null 2>&1 &
    sleeping=$!
    wait "$sleeping"
    ballast_say "the job did not end within ${BALLAST_GRACE_SECONDS:-120} s: ending it"
    kill -s TERM "$1" 2>/dev/null
}

ballast_run_job() {
    local code heard
    printf '%s' "OMP_NUM_THREADS=$OMP_NUM_THREADS OPENBLAS_NUM_THREADS=$OPENBLAS_NUM_THREADS" >&2
    printf ' %q' "$@" >&2
    echo >&2
    # In a session of its own, so that Ctrl-C reaches it once, through the script: a second one would make mpirun
    # leave its ranks behind. If the script itself is killed, mpirun gets TERM. What a script starts in the
    # background would else be deaf to INT.
    setsid setpriv --pdeathsig TERM env --default-signal=INT "$@" </dev/null &
    ballast_job=$!
    # A signal may have come just before there was a job.
    if [ -n "$ballast_told" ]; then ballast_pass_on "$ballast_told"; fi
    while :; do
        heard=$ballast_signals code=0
        wait "$ballast_job" || code=$?
        # A signal to the script ends the wait but not the job.
        [ "$heard" -ne "$ballast_signals" ] || break
    done
    ballast_job=
    if [ -n "$ballast_timer" ]; then kill "$ballast_timer" 2>/dev/null || true; fi
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

ballast_export_options() {
    local name
    export_options=(-x OMP_NUM_THREADS -x OPENBLAS_NUM_THREADS)
    for name in LD_LIBRARY_PATH BALLAST_STALL_SECONDS BALLAST_FAULTS; do
        if [ -n "${!name:-}" ]; then export_options+=(-x "$name"); fi
    done
}
