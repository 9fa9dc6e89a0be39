#!/usr/bin/env bash
# Runs jobs of launch/slurm.sbatch under a real Slurm whose nodes are network namespaces of this machine
# (Tests/cluster/slurm.sh), and compares how each ends. Needs root; without it, it says why nothing was run and counts
# nothing.
#   Tests/run-slurm-checks.sh BUILD_DIR        for example .build/release
# shellcheck source=Tests/harness.sh
. "$(dirname "$0")/harness.sh"
build=$(cd "${1:?usage: Tests/run-slurm-checks.sh BUILD_DIR}" && pwd) || exit
root=$(cd "$(dirname "$0")/.." && pwd)
slurm=$root/Tests/cluster/slurm.sh
namespaces=$root/Tests/cluster/namespaces.sh

not_run() {
    echo "Slurm checks are not run: $1"
    echo "Slurm checks: 0 passed, 0 failed"
    # Continuous integration as root is where they must run.
    if [ -n "${CI:-}" ] && [ "$(id -u)" = 0 ]; then exit 1; fi
    exit 0
}
[ "$(id -u)" = 0 ] || not_run "network namespaces need root"
for program in ip slurmctld slurmd munged sbatch srun; do
    command -v "$program" >/dev/null || not_run "$program is missing: install iproute2, slurm-wlm and munge"
done

# The names of the namespaces are the machine's: two such tests wait for one another, on the file that run-cluster-checks.sh
# locks too.
if [ -z "${BALLAST_CLUSTER_CHECKS_ALONE:-}" ]; then
    export BALLAST_CLUSTER_CHECKS_ALONE=1
    exec flock --close --timeout 900 "$(command -v ip)" "$0" "$build"
fi

# shellcheck disable=SC2317 # The harness calls it.
cleanup_suite() { "$slurm" down "$work/slurm"; }
begin_suite Slurm
need_programs "$build/ballast"
allow_mpi
"$slurm" up "$work/slurm" 6 >"$output" 2>&1 || not_run "Slurm does not start: $(tail -n 1 "$output")"
in_slurm() { "$slurm" run "$work/slurm" -- "$@"; }

# A checkout whose build is the one to test.
export BALLAST_ROOT=$work/checkout
mkdir -p "$BALLAST_ROOT/.build"
ln -s "$root/launch" "$BALLAST_ROOT/launch"
ln -s "$build" "$BALLAST_ROOT/.build/release"
subnet=${BALLAST_TEST_SUBNET:-10.77.0}.0/24
export OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=$subnet OMPI_MCA_oob_tcp_if_include=$subnet
# All jobs share the cores of this machine.
export OMPI_MCA_mpi_yield_when_idle=1
steps=300
train=(train --config "$root/Tests/Golden/trajectory-fine-tune.yaml" --set "training.steps-per-epoch=$steps")

# Submits the template, for two nodes; its options come before "--", settings of the run behind it. Sets number[NAME].
declare -A number
submit() { # NAME NODES OPTION… -- SETTING…
    local name=$1 options=("--nodelist=$2")
    shift 2
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    number[$name]=$(in_slurm sbatch --parsable --nodes=2 --ntasks-per-node=1 --cpus-per-task=1 --time=5 \
        --job-name="$name" --output="$work/$name.log" "${options[@]}" "$root/launch/slurm.sbatch" \
        "${train[@]}" "output=$work/$name" "$@")
}
state() { in_slurm scontrol show job "${number[$1]}" 2>/dev/null | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p'; }
# Waits until a command succeeds, at most a minute.
wait_until() { # COMMAND…
    local limit=$((SECONDS + 60))
    until "$@"; do
        [ "$SECONDS" -lt "$limit" ] || return 1
        sleep 0.2
    done
}
has_event() { grep -q "\"event\":\"$2\"" "$work/$1/metrics.jsonl" 2>/dev/null; }
has_ended() { case $(state "$1") in COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL) ;; *) return 1 ;; esac }
goes_on() { grep -q "goes on after step" "$work/$1.log"; }
model() { sha256sum <"$work/$1/model.safetensors"; }
losses() { grep '"event":"step"' "$work/$1/metrics.jsonl" | sed 's/.*"loss":\([^,}]*\).*/\1/' | head -n "$steps"; }
# How often a job has ended, and with what, first to last.
codes() { sed -n "s/^JobId=${number[$1]} .* JobState=\([A-Z_]*\) .* ExitCode=\([0-9:]*\) .*/\1 \2/p" "$work/slurm/ended" | paste -sd ,; }

