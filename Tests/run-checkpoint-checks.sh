#!/usr/bin/env bash
# Kills a program that saves checkpoints, at random times and at every point where it matters, and looks at
# what is left: a good checkpoint, the newest or the one before, never half of one.
#   Tests/run-checkpoint-checks.sh BUILD_DIR        for example .build/release
# shellcheck source=Tests/harness.sh
. "$(dirname "$0")/harness.sh"
program=${1:?usage: Tests/run-checkpoint-checks.sh BUILD_DIR}/CheckpointTorture
need_programs "$program"
rounds=200
unset BALLAST_FAULTS
export OMP_NUM_THREADS=1
mounted=
# shellcheck disable=SC2317 # The harness calls it.
cleanup_suite() { [ -z "$mounted" ] || umount "$mounted"; }
begin_suite Checkpoint
shown=("$output" "$work/look")
passes_are_printed=''

# Runs the program and kills it after some seconds. What the shell says of that goes nowhere.
#   limited SECONDS ARGUMENT…
limited() {
    local seconds=$1
    shift
    { timeout --signal KILL "$seconds" "$program" "$@" >"$output" 2>&1; } 2>/dev/null
}

# Looks at a folder and sets newest, count and left_over; the output is in $work/look.
look() {
    newest=0 count=0 left_over=0
    "$program" check "$1" >"$work/look" 2>&1 || return
    read -r newest count left_over < <(sed -n 's/^newest \([0-9]*\) of \([0-9]*\), \([0-9]*\) left over$/\1 \2 \3/p' "$work/look")
}

# SIGKILL at random times. "saved N" came after step N was saved: so N is there, or what was being saved then.
folder=$work/random
RANDOM=2024
"$program" train "$folder" 1 >"$output" 2>&1
certain=1
interrupted=0
begin=$SECONDS
for ((round = 1; round <= rounds; round++)); do
    mode=() ahead=1
    # In the background a second one can be finished before the first one's line is printed.
    if ((round % 2)); then mode=(background) ahead=2; fi
    delay=$(printf '0.%03d' $((15 + RANDOM % 100)))
    limited "$delay" train "$folder" 100000 "${mode[@]}"
    code=$?
    saved=$(sed -n 's/^saved \([0-9]*\)$/\1/p' "$output" | tail -n 1)
    certain=${saved:-$certain}
    problem=
    if ! look "$folder"; then
        problem="no good checkpoint"
    elif [ "$code" -ne 137 ]; then
        problem="exit code $code before it was killed"
    elif [ "$newest" -lt "$certain" ] || [ "$newest" -gt $((certain + ahead)) ]; then
        problem="newest is $newest, and $certain was saved"
    fi
    [ "$left_over" -eq 0 ] || interrupted=$((interrupted + 1))
    [ "$newest" -eq 0 ] || certain=$newest
    verdict "round $round, killed after $delay s" "$problem"
done
echo "killed $rounds times in $((SECONDS - begin)) s, $interrupted times while something was being saved or removed, at step $certain"
: >"$output"
"$program" train "$folder" 1 >"$output" 2>&1
look "$folder"
verdict "after all kills" "$([ "$newest" -eq $((certain + 1)) ] && [ "$count" -eq 3 ] && [ "$left_over" -eq 0 ] \
    || echo "newest is $newest of $count, $left_over hidden folders are left")"
verdict "kills hit the saving" "$([ "$interrupted" -ge $((rounds / 20)) ] || echo "only $interrupted times")"

# One fault at step 3, after steps 1 and 2 were saved; then the same folder without the fault.
#   fault POINT KIND EXPECTED_CODE EXPECTED_NEWEST MESSAGE
fault() {
    local folder=$work/$1-$2 limit=20 code problem=
    [ "$2" != hang ] || limit=1.5
    BALLAST_FAULTS="step=3,rank=0,point=$1,kind=$2" limited "$limit" train "$folder" 3
    code=$?
    if ! look "$folder"; then
        problem="no good checkpoint"
    elif [ "$code" -ne "$3" ]; then
        problem="exit code $code, expected $3"
    elif [ "$newest" -ne "$4" ]; then
        problem="newest is $newest, expected $4"
    elif ! grep -aFq -- "$5" "$output"; then
        problem="no \"$5\""
    elif [ "$code" -ne 137 ] && [ "$left_over" -ne 0 ]; then
        problem="$left_over hidden folders are left"
    fi
    if [ -z "$problem" ]; then
        "$program" train "$folder" 2 >>"$output" 2>&1
        look "$folder"
        [ "$newest" -eq $(($4 + 2)) ] && [ "$left_over" -eq 0 ] \
            || problem="not cleaned up or not continued: newest $newest, $left_over hidden folders"
    fi
    verdict "$2 at $1" "$problem"
}

for point in forward backward inside-all-reduce optimizer before-write half-written before-fsync before-rename after-rename; do
    newest_then=2
    [ "$point" != after-rename ] || newest_then=3
    fault "$point" sigkill 137 "$newest_then" "saved 2"
    fault "$point" hang 137 "$newest_then" "saved 2"
    fault "$point" throw 70 "$newest_then" "injected fault at $point, step 3, rank 0"
done
for point in before-write half-written; do
    fault "$point" disk-full 74 2 "No space left on device"
    fault "$point" short-write 0 3 "saved 3"
done

# A disk that is really full, where this user may mount one; /dev/full otherwise is what the unit tests use.
mkdir "$work/small"
problem=
if mount -t tmpfs -o size=1m tmpfs "$work/small" 2>"$output"; then
    mounted=$work/small
    "$program" train "$work/small/checkpoints" 20 >"$output" 2>&1
    code=$?
    look "$work/small/checkpoints" || problem="no good checkpoint"
    [ "$code" -eq 74 ] || problem="exit code $code, expected 74"
    [ "$left_over" -eq 0 ] || problem="$left_over hidden folders are left"
    [ "$newest" -ge 1 ] || problem="no checkpoint before the disk was full"
    grep -aFq "No space left on device. Free space" "$output" || problem="the error does not say what to do"
else
    BALLAST_FAULTS="step=2,point=half-written,kind=disk-full" "$program" train "$work/small" 3 >"$output" 2>&1
    code=$?
    look "$work/small" && [ "$newest" -eq 1 ] && [ "$code" -eq 74 ] || problem="exit code $code, newest $newest"
fi
verdict "full disk" "$problem"

#   malformed VALUE MESSAGE
malformed() {
    : >"$work/look"
    BALLAST_FAULTS=$1 "$program" train "$work/malformed" 1 >"$output" 2>&1
    local code=$? problem
    problem=$(problem_of "$code" 64 "$2")
    [ ! -e "$work/malformed" ] || problem="it began"
    verdict "$1" "$problem"
}
malformed "step=3,point=forwards,kind=throw" "point=forwards is unknown; there are forward, backward"
malformed "step=3,point=forward,kind=disk-full" "disk-full is possible at before-write and half-written only"

# The rounds, two after them, the faults, the full disk and the malformed ones.
expect_checks $((rounds + 2 + 31 + 1 + 2))
end_suite
