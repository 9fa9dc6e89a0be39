#!/usr/bin/env bash
# The main job on a fresh machine: installs what is missing, builds, then with two ranks pretrains a small
# ResNet on six classes of Fashion-MNIST and adapts it to the other four with 25 labelled images a class.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

launch/install.sh
swift build -c release --product ballast

began=$SECONDS
mkdir -p runs/quickstart
train() { # recipe
    echo "--- $1" >&2
    launch/local.sh -n 2 -- ballast train --config "launch/recipes/fashion-mnist-$1.yaml" | tee "runs/quickstart/$1.log" >&2
}
accuracy() { sed -n 's/^test: accuracy \([0-9.]* %\).*/\1/p' "runs/quickstart/$1.log"; }

for recipe in source scratch fine-tune l2-sp; do train "$recipe"; done

cat <<END

Fashion-MNIST, whole test split of each task, 2 ranks, $((SECONDS - began)) s

source task, 6 classes, 3,000 images a class           $(accuracy source)
target task, 4 classes, 25 images a class
  from scratch                                         $(accuracy scratch)
  plain fine-tuning                                    $(accuracy fine-tune)
  L2-SP                                                $(accuracy l2-sp)

model: runs/quickstart/l2-sp/model.safetensors
try:   .build/release/ballast evaluate --model runs/quickstart/l2-sp \\
           --data /usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz
END
