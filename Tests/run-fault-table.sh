#!/usr/bin/env bash
# Ends jobs of two ranks at each point of a step and of saving, in each way, for each method, resumes them and
# compares the final model with that of a run that nothing disturbed, bit for bit.
#   Tests/run-fault-table.sh BUILD_DIR [METHOD…]      for example .build/release l2-sp; all methods take long
# Prints one line for each method, point, kind and rank: the exit code, the newest checkpoint then, the step that
# the resumed run began after. Then a table of points and kinds in Markdown. FAULT_POINTS and FAULT_KINDS choose a
# part.
# Last, for each method, rank 0 is killed at random times, ten in all, some of them in the passes over the data
# before the first step and in evaluation; a run that comes to its end between two kills begins again.
# shellcheck source=Tests/harness.sh
. "$(dirname "$0")/harness.sh"
build=${1:?usage: Tests/run-fault-table.sh BUILD_DIR [METHOD…]}
shift
golden=$(cd "$(dirname "$0")/Golden" && pwd)
ballast=$(cd "$build" && pwd)/ballast
need_programs "$ballast"
allow_mpi
begin_suite Fault
methods=("$@")
if [ ${#methods[@]} -eq 0 ]; then
    for file in "$golden"/trajectory-*.yaml; do
        name=$(basename "$file" .yaml)
        methods+=("${name#trajectory-}")
    done
fi
in_step=(forward backward inside-all-reduce optimizer)
in_saving=(before-write half-written before-fsync before-rename after-rename)
read -r -a points <<< "${FAULT_POINTS:-${in_step[*]} ${in_saving[*]}}"
read -r -a kinds <<< "${FAULT_KINDS:-sigkill throw hang disk-full short-write}"
# The fault comes in this step of six; each step is saved.
step=4

unset BALLAST_FAULTS
export BALLAST_STALL_SECONDS=2
shown=("$work/first-output" "$output")
declare -A outcomes counts

#   job FOLDER ARGUMENT…      a run of two ranks; what does not end within a minute is killed: exit code 137
job() {
    local folder=$1
    shift
    { timeout --signal KILL 60 mpirun --oversubscribe --bind-to none --mca odls_base_sigkill_timeout 0 -np 2 \
        "$ballast" train --config "$golden/trajectory-$method.yaml" --set "output=$folder" \
        checkpoint.every-steps=1 checkpoint.on-failure=stop checkpoint.timeout-seconds=2 "$@" \
        >"$output" 2>&1; } 2>/dev/null
}

#   newest FOLDER      step of the newest checkpoint that has its name; 0 for none
newest() {
    local name
    name=$(find "$1/checkpoints" -maxdepth 1 -regex '.*/step-[0-9]*' -printf '%f\n' 2>/dev/null | sort | tail -n 1)
    echo $((10#${name#step-} + 0))
}

contains() { # WORD WORD…
    local word=$1
    shift
    [[ " $* " == *" $word "* ]]
}

# What a job with a fault must end with: rank 1 writes nothing, a hang and a full disk are noticed, and writes
# that take fewer bytes do no harm.
#   expected POINT KIND RANK
expected() {
    if contains "$1" "${in_saving[@]}" && [ "$3" -eq 1 ]; then
        echo 0
    elif contains "$1" "${in_saving[@]}"; then
        case $2 in sigkill) echo 137 ;; short-write) echo 0 ;; throw) echo 70 ;; *) echo 74 ;; esac
    else
        case $2 in sigkill) echo 137 ;; throw) echo 70 ;; *) echo 76 ;; esac
    fi
}

#   fault POINT KIND RANK
fault() {
    local point=$1 kind=$2 rank=$3 folder=$work/run code code_wanted at_end after_step=- problem=
    rm -rf "$folder"
    BALLAST_FAULTS="step=$step,rank=$rank,point=$point,kind=$kind" job "$folder"
    code=$?
    cp "$output" "$work/first-output"
    code_wanted=$(expected "$point" "$kind" "$rank")
    at_end=$(newest "$folder")
    if [ "$code" -ne "$code_wanted" ]; then
        problem="exit code $code, expected $code_wanted"
    elif [ "$code" -eq 0 ] && ! cmp -s "$folder/model.safetensors" "$work/undisturbed/model.safetensors"; then
        problem="the fault that did no harm changed the model"
    else
        job "$folder" || problem="resumed with exit code $?"
        after_step=$(sed -n 's/^goes on after step \([0-9]*\)$/\1/p' "$output")
        after_step=${after_step:--}
        if [ -z "$problem" ]; then
            cmp -s "$folder/model.safetensors" "$work/undisturbed/model.safetensors" || problem="another model"
        fi
        [ "$after_step" != - ] || problem=${problem:-it began anew}
        # No more than the step with the fault and the one that was being saved may be lost.
        [ "$at_end" -ge $((step - 2)) ] || problem=${problem:-the newest checkpoint was $at_end}
    fi
    verdict "$(printf '%-28s %-14s %-12s rank %d  exit %3d  newest %s  resumed after %s' "$method" "$point" "$kind" \
        "$rank" "$code" "$at_end" "$after_step")" "$problem"
    counts["$point $kind"]=$((${counts["$point $kind"]:-0} + 1))
    if [ -z "$problem" ]; then outcomes["$point $kind same"]=$((${outcomes["$point $kind same"]:-0} + 1)); fi
    # shellcheck disable=SC2086 # Each code is a word.
    contains "$code" ${outcomes["$point $kind codes"]:-} || outcomes["$point $kind codes"]+=" $code"
}

# Three epochs with evaluation and one checkpoint beside the best, killed again and again; then to the end.
random_kills() {
    local folder=$work/run reference=$work/undisturbed-random round rank kills=0 code=137 problem=
    local settings=(training.epochs=3 training.steps-per-epoch=2 checkpoint.keep=1
        "data.validation=$golden/trajectory-data.safetensors")
    rm -rf "$folder" "$reference"
    job "$reference" "${settings[@]}" || problem="undisturbed with exit code $?"
    for ((round = 1; round <= 200 && kills < 10; round++)); do
        [ "$code" -eq 137 ] || rm -rf "$folder"
        job "$folder" "${settings[@]}" &
        # Whoever holds the lock is rank 0; what a killed one left there names a process that is gone.
        rank=
        while kill -0 $! 2>/dev/null; do
            rank=$(sed -n 's/^process \([0-9]*\) .*/\1/p' "$folder/.lock" 2>/dev/null)
            [ -z "$rank" ] || ! grep -aFq -- "output=$folder" "/proc/$rank/cmdline" 2>/dev/null || break
            sleep 0.01
        done
        sleep "0.$(printf '%03d' $((RANDOM % 400)))"
        if [ -n "$rank" ] && kill -KILL "$rank" 2>/dev/null; then kills=$((kills + 1)); fi
        code=0
        wait $! || code=$?
        if [ "$code" -ne 137 ] && [ -z "$problem" ]; then
            [ "$code" -eq 0 ] || problem="ended with exit code $code"
            cmp -s "$folder/model.safetensors" "$reference/model.safetensors" || problem="${problem:-another model}"
        fi
    done
    if [ -z "$problem" ] && [ "$code" -eq 137 ]; then
        code=0
        job "$folder" "${settings[@]}" || code=$?
    fi
    if [ -n "$problem" ]; then
        :
    elif [ "$code" -ne 0 ]; then
        problem="ended with exit code $code"
    elif [ "$kills" -lt 10 ]; then
        problem="killed $kills times only"
    elif ! cmp -s "$folder/model.safetensors" "$reference/model.safetensors"; then
        problem="another model"
    elif [ "$(events "$folder")" != "$(events "$reference")" ]; then
        problem="metrics.jsonl has other events"
    fi
    verdict "$(printf '%-28s killed %d times at random times' "$method" "$kills")" "$problem"
}

# Losses of all steps and evaluations, and the last line's best step.
events() {
    sed -n '/"event":"\(step\|evaluation\)"/s/.*\("loss":[0-9.e+-]*\).*\("step":[0-9]*\).*/\2 \1/p; s/.*"best-step"/best-step/p' \
        "$1/metrics.jsonl" | sed 's/,.*//'
}

RANDOM=2025
began=$SECONDS
for method in "${methods[@]}"; do
    rm -rf "$work/undisturbed"
    if ! job "$work/undisturbed"; then
        echo "$method cannot be run undisturbed:" >&2
        sed 's/^/        | /' "$output" >&2
        exit 1
    fi
    for point in "${points[@]}"; do
        for kind in "${kinds[@]}"; do
            # A disk can be full, and a write short, only where something is written afterwards.
            case $kind in
                disk-full | short-write) contains "$point" before-write half-written || continue ;;
            esac
            for rank in 0 1; do fault "$point" "$kind" "$rank"; done
        done
    done
    random_kills
done

echo
echo "Same bits after resume, of all methods (${#methods[@]}) on ranks 0 and 1; in brackets the exit codes before."
echo
printf '| point |'
printf ' %s |' "${kinds[@]}"
printf '\n| --- |'
printf ' --- |%.0s' "${kinds[@]}"
echo
for point in "${points[@]}"; do
    printf '| %s |' "$point"
    for kind in "${kinds[@]}"; do
        if [ -n "${counts["$point $kind"]:-}" ]; then
            codes=${outcomes["$point $kind codes"]# }
            printf ' %d of %d (%s) |' "${outcomes["$point $kind same"]:-0}" "${counts["$point $kind"]}" "${codes// /, }"
        else
            printf ' |'
        fi
    done
    echo
done
echo
echo "$((SECONDS - began)) s"
end_suite
