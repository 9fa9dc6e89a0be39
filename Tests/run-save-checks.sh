#!/usr/bin/env bash
# Measures what saving costs training: one run that saves every second step and one that saves nothing, on random
# images. Writing goes on beside the next step; that training waits for it counts as a failure.
#   Tests/run-save-checks.sh BUILD_DIR [NETWORK [RANKS [BATCH [STEPS]]]]      for example .build/release resnet50 2 8 12
# Prints the medians of seconds a step: without saves, in a step while a save is being written, in the steps
# between; of the seconds that training stands still for a save; and of the seconds that writing takes beside it.
# shellcheck source=Tests/harness.sh
. "$(dirname "$0")/harness.sh"
ballast=${1:?usage: Tests/run-save-checks.sh BUILD_DIR [NETWORK [RANKS [BATCH [STEPS]]]]}/ballast
network=${2:-resnet50} ranks=${3:-2} batch=${4:-8} steps=${5:-12}
for number in "$ranks" "$batch" "$steps"; do
    [[ $number =~ ^[1-9][0-9]{0,4}$ ]] || { echo "'$number' is not a number of ranks, images or steps" >&2; exit 64; }
done
[[ $network =~ ^[a-z0-9-]+$ ]] || { echo "'$network' is no network" >&2; exit 64; }
need_programs "$ballast"
allow_mpi
begin_suite Save
time_limit=900

# 64 grey images of 224 pixels with labels 0 to 7, in the format of MNIST.
count=64
{ printf '\x00\x00\x08\x03\x00\x00\x00\x40\x00\x00\x00\xe0\x00\x00\x00\xe0'; head -c $((count * 224 * 224)) /dev/urandom; } \
    >"$work/train-images-idx3-ubyte"
{ printf '\x00\x00\x08\x01\x00\x00\x00\x40'; for ((i = 0; i < count; i++)); do printf '%b' "\\x0$((i % 8))"; done; } \
    >"$work/train-labels-idx1-ubyte"
cat >"$work/run.yaml" <<END
method: {name: fine-tune}
network: {name: $network}
data: {train: train-images-idx3-ubyte, validation: none, train-transform: none}
optimizer: {name: sgd, learning-rate: 0.0001}
schedule: {name: constant}
training: {epochs: 1, steps-per-epoch: $steps, global-batch: $batch}
output: run
END

#   train NAME EVERY_STEPS
train() {
    check "$network with checkpoint.every-steps $2" 0 "^model: " \
        mpirun --oversubscribe -np "$ranks" "$ballast" train --config "$work/run.yaml" \
        --set "output=$work/$1" "checkpoint.every-steps=$2"
}

median() { sort -g | awk '{ v[NR] = $1 } END { if (NR) printf "%.3f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2; else printf "none" }'; }

# Seconds of the steps of a run from the third on; of all, of odd or of even ones.
#   seconds NAME [REMAINDER]
seconds() {
    sed -n 's/.*"event":"step".*"images-per-second":\([0-9.e+-]*\).*"step":\([0-9]*\).*/\2 \1/p' "$work/$1/metrics.jsonl" \
        | awk -v batch="$batch" -v part="${2:-}" '$1 > 2 && (part == "" || $1 % 2 == part) { print batch / $2 }'
}

# A number of each checkpoint but the first, which asks the system for memory.
#   saves KEY
saves() {
    sed -n 's/.*"event":"checkpoint".*/&/p' "$work/save/metrics.jsonl" | tail -n +2 \
        | sed -n "s/.*\"$1\":\([0-9.e+-]*\).*/\1/p"
}

train none null
train save 2
step=$(seconds none | median) pause=$(saves step-seconds | median)
cat <<TABLE
$network, $ranks ranks, $OMP_NUM_THREADS threads, global batch $batch of 224 pixels, $steps steps; medians in seconds
a step of the run without saves      $step
a step while a save is written       $(seconds save 1 | median)
a step after that                    $(seconds save 0 | median)
training stands still for a save     $pause
writing beside the training          $(saves seconds | median)
bytes of a checkpoint                $(saves bytes | tail -n 1)
TABLE
# The copy of the state takes a few hundredths of a step; a write and its fsync take longer than this.
same "training stands still for less than a tenth of a step" \
    "$(awk -v pause="$pause" -v step="$step" 'BEGIN { print pause != "none" && pause < step / 10 ? "yes" : "no" }')" yes
expect_checks 3
end_suite
