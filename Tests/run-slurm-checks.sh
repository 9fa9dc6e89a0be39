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

[ "$(id -u)" = 0 ] || not_run Slurm "network namespaces need root"
for program in ip slurmctld slurmd munged sbatch srun; do
    command -v "$program" >/dev/null || not_run Slurm "$program is missing: install iproute2, slurm-wlm and munge"
done

wait_for_namespaces "$0" "$build"

# shellcheck disable=SC2317 # The harness calls it.
cleanup_suite() { "$slurm" down "$work/slurm"; }
begin_suite Slurm
need_programs "$build/ballast"
allow_mpi
"$slurm" up "$work/slurm" 6 >"$output" 2>&1 || not_run Slurm "Slurm does not start: $(tail -n 1 "$output")"
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
steps=100
train=(train --config "$root/Tests/Golden/trajectory-fine-tune.yaml" --set "training.steps-per-epoch=$steps")

# What users make of the template: jobs of two nodes with a rank each, and of one or two nodes with two ranks each.
on_two() { sed '/^#SBATCH --\(nodes\|ntasks-per-node\|cpus-per-task\)/d; 1a #SBATCH '"$1" "$root/launch/slurm.sbatch"; }
on_two "--nodes=2 --ntasks-per-node=1 --cpus-per-task=1" >"$work/fixed.sbatch"
on_two "--nodes=1-2 --mincpus=2" >"$work/range.sbatch"

# Submits a template; options come before "--", settings of the run behind it. Sets number[NAME].
declare -A number
submit() { # NAME TEMPLATE OPTION… -- SETTING…
    local name=$1 template=$2.sbatch options=()
    shift 2
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    number[$name]=$(in_slurm sbatch --parsable --time=5 --job-name="$name" --output="$work/$name.log" \
        "${options[@]}" "$work/$template" \
        "${train[@]}" "output=$work/$name" "$@")
}
# What Slurm says of a job, such as its JobState.
field() { # NAME FIELD
    in_slurm scontrol show job "${number[$1]}" 2>/dev/null | sed -n "s/.*\<$2=\([A-Z0-9_]*\).*/\1/p"
}
# What the script of a job ended with, at each of its starts.
codes() { # NAME
    sed -n "s/.*\[${number[$1]}\.batch\] task 0 .* exited with exit code \([0-9]*\).*/\1/p" \
        "$work"/slurm/slurmd-*.log | paste -sd ,
}
# shellcheck disable=SC2317 # wait_until calls these.
{
    has_event() { grep -q "\"event\":\"$2\"" "$work/$1/metrics.jsonl" 2>/dev/null; }
    has_ended() { case $(field "$1" JobState) in COMPLETED | FAILED | CANCELLED | TIMEOUT) ;; *) return 1 ;; esac }
    was_restarted() { [ "$(field "$1" Restarts)" -gt 0 ]; }
}
# Waits until a command succeeds, at most a minute.
wait_until() { # COMMAND…
    local limit=$((SECONDS + 60))
    until "$@"; do
        [ "$SECONDS" -lt "$limit" ] || return 1
        sleep 0.2
    done
}
model() { sha256sum <"$work/$1/model.safetensors"; }
losses() { grep '"event":"step"' "$work/$1/metrics.jsonl" | sed 's/.*"loss":\([^,}]*\).*/\1/'; }

# A job has come to its end, by way of these codes, a pattern.
ended() { # NAME CODES MESSAGE…
    local name=$1 message codes
    wait_until has_ended "$name"
    cp "$work/$name.log" "$output" 2>/dev/null || : >"$output"
    same "$name: the job's end" "$(field "$name" JobState)" COMPLETED
    codes=$(codes "$name")
    # shellcheck disable=SC2053 # A pattern.
    verdict "$name: codes of its script: $codes" "$([[ $codes = $2 ]] || echo "expected $2")"
    for message in "${@:3}"; do holds "$name: its log" "$output" "$message"; done
}
same_model() { same "$1: the model of the undisturbed run" "$(model "$1")" "$(model undisturbed)"; }

# All lie side by side: the first pair of nodes has whole jobs beside one another; a job that is preempted and one that
# loses a node have a pair each. The controller looks at time limits every 30 s: the signal comes then.
submit undisturbed fixed '--nodelist=ballast[1-2]' --
submit signalled fixed '--nodelist=ballast[1-2]' --
submit preempted fixed '--nodelist=ballast[3-4]' --
BALLAST_RANKS_PER_NODE=2 submit shrunk range '--exclude=ballast[1-4]' -- checkpoint.every-steps=5
submit limited fixed '--nodelist=ballast[1-2]' --begin=now+10 --time=1 --signal=B:USR1@20 -- \
    training.steps-per-epoch=1000000
wait_until has_event signalled step
in_slurm scancel --signal=USR1 --batch "${number[signalled]}"
wait_until has_event preempted step
in_slurm sbatch --partition=urgent --exclusive '--nodelist=ballast[3-4]' --time=1 --output=/dev/null \
    --wrap true >/dev/null
wait_until has_event shrunk checkpoint
in_slurm scontrol update nodename=ballast6 state=down reason=test

direct=("$slurm" run "$work/slurm" -- srun --nodes=2 --ntasks=2 '--nodelist=ballast[1-2]' --time=5)
time_limit=120
check "srun --mpi=pmix" 0 "^model: " \
    "${direct[@]}" --mpi=pmix "$build/ballast" "${train[@]}" "output=$work/direct"
check "srun --mpi=none" 64 "does not tell MPI of one another" \
    "${direct[@]}" --mpi=none "$build/ballast" "${train[@]}" "output=$work/none"

ended undisturbed 0 "2 ranks of 1 thread"
same "undisturbed: steps" "$(losses undisturbed | wc -l)" "$steps"
same_model direct
ended signalled 75,0 "stopped by a signal after step" "goes on after step"
same_model signalled
ended preempted 75,0 "stopped by a signal after step" "goes on after step"
same_model preempted
# What mpirun ends with when its daemons are killed is a matter of chance.
ended shrunk '*,0' "4 ranks of 1 thread" "all-reduce in two levels: 2 hosts, 2 ranks of each send" \
    "goes on after step" "2 ranks of 1 thread"
# Other sums, of which later steps make more.
verdict "shrunk: losses of the undisturbed run" "$(paste <(losses shrunk) <(losses undisturbed) | awk -v steps="$steps" '
    { difference = ($1 - $2) / $2; if (difference < 0) difference = -difference }
    NR <= 50 && difference > worst { worst = difference; at = NR }
    END { if (worst > 0.01 || NF != 2 || NR != steps) print NR " steps, of 50 step " at " differs most: by " worst }')"

verdict "limited: goes back into the queue" "$(wait_until was_restarted limited || echo "it does not")"
cp "$work/limited.log" "$output" 2>/dev/null || : >"$output"
# It may have begun again since, and reached the limit again.
codes=$(codes limited)
verdict "limited: codes of its script: $codes" "$([[ $codes =~ ^75(,75)*$ ]] || echo "expected 75")"
holds "limited: its log" "$output" "stopped by a signal after step"
expect_checks 27
end_suite
