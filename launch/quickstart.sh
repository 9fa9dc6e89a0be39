#!/usr/bin/env bash
# The main job on a fresh machine: installs what is missing, builds, then with two ranks pretrains a small
# ResNet on six classes of Fashion-MNIST and fine-tunes it on the other four, with 25 labelled images a class, by
# every method.
set -euo pipefail
[ $# -eq 0 ] || { echo "usage: launch/quickstart.sh" >&2; exit 64; }
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"

launch/install.sh
swift build -c release --product ballast

began=$SECONDS
runs=runs/quickstart
mkdir -p "$runs"
train() { # name, recipe, settings …
    local name=$1 recipe=$2
    shift 2
    echo "--- $name" >&2
    launch/local.sh -n 2 -- ballast train --config "launch/recipes/fashion-mnist-$recipe.yaml" \
        --set "output=../../$runs/$name" "$@" 2>&1 | tee "$runs/$name.log" >&2
}
accuracy() { sed -n 's/^test: accuracy \([0-9.]* %\).*/\1/p' "$runs/$1.log" | tail -n 1; }

# The data set numbers its classes; here are their names.
relationship() {
    sed -n 's/^class \([0-9]\) looks like /  \1 looks like /p' "$runs/co-tuning.log" | awk '
        BEGIN { split("T-shirt,trouser,pullover,dress,coat,sandal,shirt,sneaker,bag,ankle-boot", names, ",") }
        { for (i = 1; i <= NF; i++) if ($i ~ /^[0-9]$/ && $(i + 1) !~ /^%/) $i = names[$i + 1]; print "  " $0 }'
}

train source source
train scratch target --set network.weights=null
train fine-tune target
train l2-sp target --set 'method={name: l2-sp, trade-off: 0.1}'
# DELTA's term is a sum over the batch, not a mean: on maps this small its default weight of 0.01 is too much.
train delta target --set 'method={name: delta, trade-off: 0.001}'
train lwf target --set 'method={name: lwf}'
train co-tuning target --set 'method={name: co-tuning}'
train bi-tuning target --set 'method={name: bi-tuning}'
train bss target --set 'method={name: bss}'

cat <<END

Fashion-MNIST, accuracy on the whole test split of each task; 2 ranks, $((SECONDS - began)) s

source task, 6 classes, 3,000 images a class      $(accuracy source)
target task, 4 classes, 25 images a class
  from scratch                                    $(accuracy scratch)
  plain fine-tuning                               $(accuracy fine-tune)
  L2-SP                                           $(accuracy l2-sp)
  DELTA                                           $(accuracy delta)
  LWF                                             $(accuracy lwf)
  Co-Tuning                                       $(accuracy co-tuning)
  Bi-Tuning                                       $(accuracy bi-tuning)
  BSS                                             $(accuracy bss)

Co-Tuning's relationship of target and source classes
$(relationship)

models: $runs/METHOD/model.safetensors
try:    .build/release/ballast evaluate --model $runs/l2-sp \\
            --data /usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz
END
