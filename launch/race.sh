#!/usr/bin/env bash
# The race against PyTorch on this machine, in turns: every method, float32 and bfloat16, one process of all threads and
# two of half of them. Prints a table of images a second, their ratios and peak memory, from medians over the turns.
#
#     launch/race.sh                                      everything: takes hours
#     launch/race.sh --networks resnet18 --methods "fine-tune delta" --turns 1 --steps 2
#     launch/race.sh --tllib PATH                         also against a checkout of Transfer-Learning-Library
#
#   --networks "NAME …"    resnet50 resnet18 efficientnet-lite0 (all three)
#   --methods "NAME …"     fine-tune l2-sp delta delta-attention lwf co-tuning bi-tuning bss (all)
#   --precisions "NAME …"  float32 bfloat16 (both)
#   --batch N              samples of all processes together (16)
#   --image-size N         rows and columns of an image (224)
#   --steps N              steps that are measured in a turn (10)
#   --turns N              turns (5)
#   --venv FOLDER          where PyTorch is or will be installed from PyPI (~/.cache/ballast/race)
#   --ballast FILE         the program, if it is not to be built
#   --results FILE         what was measured, a JSON object a line (runs/race.jsonl)
#   --no-check             do not compare losses with PyTorch's first
#
# The peer's program is in launch/peers. It is raced in the memory format that is faster on its plain step, with folded
# source networks, fused updates and an allocator that keeps its memory; first it is shown that its plain step is within
# 5 % of a bare loop over torchvision's network, and that its losses equal Ballast's. DELTA's attention is a factor a
# channel, so Ballast's step is that of delta with and without it; its attention is not learned here.
set -euo pipefail
usage() { sed -n '2,25s/^# \{0,1\}//p' "$0" >&2; exit 64; }
here=$PWD
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
# shellcheck source=launch/threads.sh
. "$root/launch/threads.sh"

networks='resnet50 resnet18 efficientnet-lite0'
methods='fine-tune l2-sp delta delta-attention lwf co-tuning bi-tuning bss'
precisions='float32 bfloat16'
batch=16 size=224 steps=10 turns=5 check=yes tllib='' ballast=''
venv=${XDG_CACHE_HOME:-$HOME/.cache}/ballast/race results=$PWD/runs/race.jsonl
while [ $# -gt 0 ]; do
    if [ "$1" = --no-check ]; then
        check=no
        shift
        continue
    fi
    [ $# -ge 2 ] || usage
    case "$1" in
    --networks) networks=$2 ;;
    --methods) methods=$2 ;;
    --precisions) precisions=$2 ;;
    --batch) batch=$2 ;;
    --image-size) size=$2 ;;
    --steps) steps=$2 ;;
    --turns) turns=$2 ;;
    --venv) venv=$(cd "$here" && realpath -m -- "$2") ;;
    --tllib) tllib=$(cd "$here" && realpath -- "$2") || exit 64 ;;
    --ballast) ballast=$(cd "$here" && realpath -e -- "$2") || exit 64 ;;
    --results) results=$(cd "$here" && realpath -m -- "$2") ;;
    *) usage ;;
    esac
    shift 2
done
for number in "$batch" "$size" "$steps" "$turns"; do
    [[ $number =~ ^[1-9][0-9]{0,4}$ ]] || usage
done
for word in $networks; do
    case "$word" in
    resnet18 | resnet34 | resnet50 | resnet101 | resnet152 | resnext50-32x4d | wide-resnet50-2 | efficientnet-lite0) ;;
    *) echo "no network of the race: $word" >&2; usage ;;
    esac
done
for word in $methods; do
    case "$word" in
    fine-tune | l2-sp | delta | delta-attention | lwf | co-tuning | bi-tuning | bss) ;;
    *) echo "no method of the race: $word" >&2; usage ;;
    esac
done
for word in $precisions; do
    case "$word" in
    float32 | bfloat16) ;;
    *) echo "no precision: $word" >&2; usage ;;
    esac
done
[ -z "$tllib" ] || [ -f "$tllib/tllib/regularization/delta.py" ] || {
    echo "$tllib is no checkout of Transfer-Learning-Library: it has no tllib/regularization/delta.py" >&2
    exit 64
}

if [ -z "$ballast" ]; then
    swift build -c release --product ballast
    ballast=$PWD/.build/release/ballast
fi
python=$venv/bin/python
if ! "$python" -c 'import torch, torchvision, tqdm, numpy' 2>/dev/null; then
    echo "installing PyTorch from PyPI in $venv" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" --quiet install torch torchvision tqdm numpy
fi
mkdir -p "$(dirname "$results")"
: >"$results"

cores=$(ballast_cores)
counts='1 2'
if [ "$cores" -lt 2 ] || [ "$batch" -lt 2 ]; then counts=1; fi
# An allocator that gives pages back in each step would cost PyTorch a third of its speed.
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=68719476736 MALLOC_TOP_PAD_=268435456
# One process has all cores, whatever the shell was told of threads; peer and own divide them for more.
ballast_divide_cores --anew 1 "$cores"

# Each prints one JSON object.
peer() { # PROCESSES FORMAT NETWORK METHOD PRECISION [OPTION…]
    local processes=$1 format=$2 network=$3 method=$4 precision=$5
    shift 5
    (
        ballast_divide_cores --anew "$processes" "$cores"
        "$python" launch/peers/step.py --processes "$processes" \
            --memory-format "$format" --network "$network" --method "$method" --precision "$precision" \
            --batch $((batch / processes)) --image-size "$size" --steps "$steps" --threads "$cores" "$@"
    )
}
own() { # PROCESSES NETWORK METHOD PRECISION [OPTION…]
    local program=("$ballast" benchmark --network "$2" --method "${3%-attention}" --batch $((batch / $1))
        --image-size "$size" --steps "$steps" --json "${@:5}")
    if [ "$has_precision" = yes ]; then program+=(--precision "$4"); fi
    (
        ballast_divide_cores --anew "$1" "$cores"
        if [ "$1" -gt 1 ]; then program=(mpirun "${ballast_mpi_options[@]}" -np "$1" "${program[@]}"); fi
        "${program[@]}"
    )
}
has_precision=no
if "$ballast" benchmark --help | grep -q -e --precision; then has_precision=yes; fi

failed() { echo "left out: $1, $network, $method, $precision in $2 process(es) ended with an error" >&2; } # SIDE PROCESSES
note() { # SIDE METHOD PRECISION, with the object on standard input; a way that failed is told of and left out
    "$python" -c 'import json, sys
text = sys.stdin.read()
if text.strip():
    keys = ("side", "race-method", "race-precision")
    print(json.dumps(dict(json.loads(text.strip().splitlines()[-1]), **dict(zip(keys, sys.argv[1:])))))' "$@" >>"$results"
}

if [ "$check" = yes ]; then
    echo "losses from equal weights on equal samples" >&2
    "$python" launch/peers/check_losses.py "$ballast" Tests/Golden
    echo
fi

# The faster memory format of the plain step, and how that compares with a bare loop.
declare -A format
plain=$(mktemp)
trap 'rm -f "$plain" "$plain.json"' EXIT
echo "| network | precision | PyTorch's plain step: channels-last, contiguous | bare loop | plain / bare |"
echo "| --- | --- | --- | --- | --- |"
for network in $networks; do
    for precision in $precisions; do
        rates=() bare=()
        for candidate in channels-last contiguous; do
            : >"$plain"
            # In turns, so that what else the machine does meets both.
            for ((turn = 0; turn < 3; turn++)); do
                for method in fine-tune bare; do peer 1 "$candidate" "$network" "$method" "$precision" >>"$plain"; done
            done
            for method in fine-tune bare; do
                "$python" -c 'import json, statistics, sys
print(statistics.median(r["images-per-second"] for r in map(json.loads, open(sys.argv[1])) if r["method"] == sys.argv[2]))' \
                    "$plain" "$method" >"$plain.rate"
                if [ "$method" = bare ]; then bare+=("$(cat "$plain.rate")"); else rates+=("$(cat "$plain.rate")"); fi
                rm -f "$plain.rate"
            done
        done
        # The better of the two by the bare loop.
        best=$(awk -v a="${bare[0]}" -v b="${bare[1]}" 'BEGIN { print (a >= b) ? 0 : 1 }')
        if [ "$best" = 0 ]; then format[$network-$precision]=channels-last; else format[$network-$precision]=contiguous; fi
        awk -v n="$network" -v p="$precision" -v a="${rates[0]}" -v b="${rates[1]}" -v r="${rates[$best]}" \
            -v bare="${bare[$best]}" 'BEGIN {
                printf "| %s | %s | %.1f, %.1f | %.1f | %.3f%s |\n", n, p, a, b, bare, r / bare,
                    (r < 0.95 * bare) ? ": more than 5 % slower, the race is not fair" : "" }'
    done
done
echo

for ((turn = 1; turn <= turns; turn++)); do
    for network in $networks; do
        for method in $methods; do
            for precision in $precisions; do
                echo "turn $turn of $turns: $network, $method, $precision" >&2
                way=${format[$network-$precision]}
                for count in $counts; do
                    if [ "$precision" = float32 ] || [ "$has_precision" = yes ]; then
                        { own "$count" "$network" "$method" "$precision" || failed Ballast "$count"; } |
                            note ballast "$method" "$precision"
                    fi
                    { peer "$count" "$way" "$network" "$method" "$precision" || failed PyTorch "$count"; } |
                        note pytorch "$method" "$precision"
                done
                if [ -n "$tllib" ] && [[ $network == resnet* ]]; then
                    { peer 1 "$way" "$network" "$method" "$precision" --tllib "$tllib" || failed TLlib 1; } |
                        note tllib "$method" "$precision"
                fi
            done
        done
    done
done
[ "$has_precision" = yes ] || echo "this ballast has no --precision: it ran in float32 only" >&2
"$python" launch/peers/table.py "$results"

echo
echo "| network | precision | seconds of Ballast's step | convolutions | forward, GFLOP/s | input gradient | weight gradient | matrix product |"
echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
for network in $networks; do
    for precision in $precisions; do
        [ "$precision" = float32 ] || [ "$has_precision" = yes ] || continue
        own 1 "$network" fine-tune "$precision" --profile "$plain.json" >"$plain"
        "$python" launch/peers/convolutions.py "$plain.json" "$network" "$precision" "$batch" "$size"
    done
done
