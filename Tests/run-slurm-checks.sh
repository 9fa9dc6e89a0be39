#!/usr/bin/env bash
# Runs jobs of launch/slurm.sbatch under a real Slurm whose nodes are network namespaces of this machine
# (Tests/cluster/slurm.sh), and compares how each ends. Needs root; without it, it says why nothing was run and counts
# nothing.
#   Tests/run-slurm-checks.sh BUILD_DIR        for example .build/release; jobs run .build/release of this checkout
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

# The names of the namespaces are the machine's: two such tests wait for one another.
if [ -z "${BALLAST_CLUSTER_CHECKS_ALONE:-}" ]; then
    export BALLAST_CLUSTER_CHECKS_ALONE=1
    exec flock --close --timeout 900 "${TMPDIR:-/tmp}/ballast-cluster-checks.lock" "$0" "$build"
fi

# shellcheck disable=SC2317 # The harness calls it.
cleanup_suite() { "$slurm" down "$work/slurm"; }
begin_suite Slurm
need_programs "$build/ballast"
allow_mpi
"$slurm" up "$work/slurm" 2 >"$output" 2>&1 || not_run "Slurm does not start: $(tail -n 1 "$output")"
in_slurm() { "$slurm" run "$work/slurm" -- "$@"; }

subnet=${BALLAST_TEST_SUBNET:-10.77.0}.0/24
export BALLAST_MPI_OPTIONS="--mca btl self,tcp --mca btl_tcp_if_include $subnet --mca oob_tcp_if_include $subnet"
export BALLAST_STALL_SECONDS=10
train=(train --config "$root/Tests/Golden/trajectory-fine-tune.yaml" --set training.steps-per-epoch=60)

# Submits the template; its options come before "--", those of the run behind it. Prints the job's number.
submit() { # NAME OPTION… -- SETTING…
    local name=$1 options=()
    shift
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    in_slurm sbatch --parsable --chdir "$root" --nodes=2 --ntasks-per-node=1 --cpus-per-task=1 --time=5 \
        --job-name="$name" --output="$work/$name.log" "${options[@]}" "$root/launch/slurm.sbatch" \
        "${train[@]}" "output=$work/$name" "$@"
}
state() { in_slurm scontrol show job "$1" 2>/dev/null | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p'; }
# Waits until a command succeeds, at most 40 seconds.
wait_until() { # COMMAND…
    local try
    for ((try = 0; try < 200; try++)); do
        if "$@"; then return; fi
        sleep 0.2
    done
    return 1
}
has_steps() { grep -q '"event":"step"' "$work/$1/metrics.jsonl" 2>/dev/null; }
has_ended() { case $(state "$1") in COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL) ;; *) return 1 ;; esac }
model() { sha256sum <"$work/$1/model.safetensors"; }
losses() { grep '"event":"step"' "$1/metrics.jsonl" | sed 's/.*"loss":\([^,}]*\).*/\1/'; }
same_losses() {
    paste <(losses "$1") <(losses "$2") | awk '
        { difference = ($1 - $2) / $1; if (NF != 2 || difference > 1e-4 || difference < -1e-4) wrong = 1 }
        END { exit wrong || NR == 0 }'
}

# A job that was sent a signal, or lost a node, has gone on and ended well.
ended_well() { # NAME NUMBER MESSAGE
    wait_until has_ended "$2"
    cp "$work/$1.log" "$output" 2>/dev/null || : >"$output"
    same "$1: the job's end" "$(state "$2")" COMPLETED
    holds "$1: its log" "$output" "$3"
}

number=$(submit undisturbed --)
ended_well undisturbed "$number" "2 ranks of 1 threads"
check "undisturbed: both nodes" 0 "" test "$(grep -c '"event":"step"' "$work/undisturbed/metrics.jsonl")" -eq 60

number=$(submit signalled --)
wait_until has_steps signalled
in_slurm scancel --signal=USR1 --batch "$number"
ended_well signalled "$number" "stopped by a signal after step"
holds "signalled: goes on" "$output" "goes on after step"
same "signalled: the model of the undisturbed run" "$(model signalled)" "$(model undisturbed)"

number=$(submit preempted --)
wait_until has_steps preempted
in_slurm sbatch --parsable --partition=urgent --nodes=2 --time=1 --output=/dev/null --wrap "sleep 1" >/dev/null
ended_well preempted "$number" "stopped by a signal after step"
holds "preempted: goes on" "$output" "goes on after step"
same "preempted: the model of the undisturbed run" "$(model preempted)" "$(model undisturbed)"

number=$(submit limited --time=1 --signal=B:USR1@50 -- training.steps-per-epoch=200)
ended_well limited "$number" "stopped by a signal after step"

number=$(submit shrunk --nodes=1-2 --)
wait_until has_steps shrunk
"$namespaces" link ballast2 down
in_slurm scontrol update nodename=ballast2 state=down reason=test
ended_well shrunk "$number" "1 ranks of 1 threads"
verdict "shrunk: losses of the undisturbed run" "$(same_losses "$work/shrunk" "$work/undisturbed" || echo "they differ")"
end_suite
