#!/usr/bin/env bash
# Measures what saving costs training: one run that saves every second step and one that saves nothing, on random
# images.
#   Tests/measure-save.sh BUILD_DIR [NETWORK [RANKS [BATCH [STEPS]]]]      for example .build/release resnet50 2 8 12
# Prints the medians of seconds a step: without saves, in a step while a save is being written, in the steps
# between; of the seconds that training stands still for a save; and of the seconds that writing takes beside it.
set -euo pipefail

build=${1:?usage: Tests/measure-save.sh BUILD_DIR [NETWORK [RANKS [BATCH [STEPS]]]]}
network=${2:-resnet50} ranks=${3:-2} batch=${4:-8} steps=${5:-12}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# 64 grey images of 224 pixels with labels 0 to 7, in the format of MNIST.
count=64
{ printf '\x00\x00\x08\x03\x00\x00\x00\x40\x00\x00\x00\xe0\x00\x00\x00\xe0'; head -c $((count * 224 * 224)) /dev/urandom; } \
    > "$work/train-images-idx3-ubyte"
{ printf '\x00\x00\x08\x01\x00\x00\x00\x40'; for ((i = 0; i < count; i++)); do printf "\\x0$((i % 8))"; done; } \
    > "$work/train-labels-idx1-ubyte"
cat > "$work/run.yaml" <<END
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
    mpirun --oversubscribe -np "$ranks" "$build/ballast" train --config "$work/run.yaml" \
        --set "output=$work/$1" "checkpoint.every-steps=$2" > "$work/output" 2>&1 \
        || { cat "$work/output" >&2; exit 1; }
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
echo "$network, $ranks ranks, $OMP_NUM_THREADS threads, global batch $batch of 224 pixels, $steps steps; medians in seconds"
echo "a step of the run without saves      $(seconds none | median)"
echo "a step while a save is written       $(seconds save 1 | median)"
echo "a step after that                    $(seconds save 0 | median)"
echo "training stands still for a save     $(saves step-seconds | median)"
echo "writing beside the training          $(saves seconds | median)"
echo "bytes of a checkpoint                $(saves bytes | tail -n 1)"
