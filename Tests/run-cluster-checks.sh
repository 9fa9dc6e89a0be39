#!/usr/bin/env bash
# Runs jobs over 2 and 3 hosts, which are network namespaces of this machine (Tests/cluster/namespaces.sh), and
# compares how each ends. Needs root; without it, it says why nothing was run and counts nothing.
#   Tests/run-cluster-checks.sh BUILD_DIR [GOLDEN_DIR]        for example .build/release Tests/Golden
set -u -o pipefail

build=$(cd "${1:?usage: Tests/run-cluster-checks.sh BUILD_DIR [GOLDEN_DIR]}" && pwd) || exit
root=$(cd "$(dirname "$0")/.." && pwd)
golden=${2:-$root/Tests/Golden}
namespaces=$root/Tests/cluster/namespaces.sh

not_run() {
    echo "Cluster checks are not run: $1"
    echo "Cluster checks: 0 passed, 0 failed"
    # Continuous integration as root is where they must run.
    if [ -n "${CI:-}" ] && [ "$(id -u)" = 0 ]; then exit 1; fi
    exit 0
}
[ "$(id -u)" = 0 ] || not_run "network namespaces need root"
{ command -v ip && command -v tc; } >/dev/null || not_run "ip and tc are missing: install iproute2"

# The names of the namespaces are the machine's: two such tests wait for one another.
if [ -z "${BALLAST_CLUSTER_CHECKS_ALONE:-}" ]; then
    export BALLAST_CLUSTER_CHECKS_ALONE=1
    exec flock --close --timeout 900 "${TMPDIR:-/tmp}/ballast-cluster-checks.lock" "$0" "$build" "$golden"
fi

temporary=$(mktemp -d)
output=$temporary/output
trap '"$namespaces" down; rm -rf "$temporary"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
"$namespaces" up 2 >"$output" 2>&1 || not_run "no namespaces can be made: $(tail -n 1 "$output")"
"$namespaces" run ballast1 -- true >"$output" 2>&1 || not_run "nothing runs in a namespace: $(tail -n 1 "$output")"

if ! list=$("$build/MPIChecks" --list) || [ ! -x "$build/ballast" ]; then
    echo "MPIChecks or ballast is missing in $build: build them with swift build -c release" >&2
    exit 1
fi

# Three hosts share the cores of one; and a lost host shall be seen within seconds here.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1 BALLAST_RESTART_PAUSE=0
read -r -a options <<<"$("$namespaces" options)"
quick=(--mca oob_tcp_keepalive_time 2 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3)
export BALLAST_MPI_OPTIONS="${options[*]} ${quick[*]}"
passed=0
failed=0

pass() { passed=$((passed + 1)); echo "passed  $1"; }
fail() { # LABEL REASON
    failed=$((failed + 1))
    echo "FAILED  $1: $2"
    sed 's/^/        | /' "$output"
}

# Runs a command in the first namespace; its exit code must be the expected one, its output must hold the message.
#   check LABEL EXPECTED_EXIT_CODE MESSAGE COMMAND…
check() {
    local label=$1 expected=$2 message=$3 begin=$SECONDS code=0
    shift 3
    timeout --kill-after 5 60 "$namespaces" run ballast1 -- "$@" >"$output" 2>&1 </dev/null || code=$?
    if [ "$code" -eq 124 ] || [ "$code" -eq 137 ]; then
        fail "$label" hangs
    elif [ "$code" -ne "$expected" ]; then
        fail "$label" "exit code $code, expected $expected"
    elif ! grep -aEq -- "$message" "$output"; then
        fail "$label" "no \"$message\" in its output"
    else
        pass "$label, exit code $code, $((SECONDS - begin)) s"
    fi
}

# Whether two runs have the same losses but for rounding, and have any.
same_losses() {
    paste <(losses "$1") <(losses "$2") | awk '
        { difference = ($1 - $2) / $1; if (NF != 2 || difference > 1e-5 || difference < -1e-5) wrong = 1 }
        END { exit wrong || NR == 0 }'
}
losses() { grep '"event":"step"' "$1/metrics.jsonl" | sed 's/.*"loss":\([^,}]*\).*/\1/'; }

for hosts in 2 3; do
    "$namespaces" up "$hosts"
    "$namespaces" hostfile >"$temporary/hosts"
    cluster=("$root/launch/cluster.sh" --hostfile "$temporary/hosts" -n "$hosts")
    addresses=$(awk '{ print $1 ":1" }' "$temporary/hosts" | paste -sd ,)
    for name in sum-same-bits gather-uneven rank-fails-alone; do
        read -r _ code _ _ message < <(grep "^$name " <<<"$list")
        check "$name on $hosts hosts" "$code" "${message:-^ok $name [1-9][0-9]* checks$}" \
            mpirun "${options[@]}" --host "$addresses" -n "$hosts" "$build/MPIChecks" "$name"
    done
    check "launch/cluster.sh on $hosts hosts" 0 "^ok sum-same-bits [1-9][0-9]* checks$" \
        "${cluster[@]}" -- "$build/MPIChecks" sum-same-bits

    if [ -e "$golden/trajectory-fine-tune.yaml" ]; then
        train=("$build/ballast" train --config "$golden/trajectory-fine-tune.yaml" --set)
        if [ "$hosts" -eq 2 ]; then
            check "training alone" 0 "^model: " "${train[@]}" "output=$temporary/alone"
        fi
        check "training on $hosts hosts" 0 "^model: " "${cluster[@]}" -- "${train[@]}" "output=$temporary/on-$hosts"
        label="losses on $hosts hosts are those of one rank alone"
        if same_losses "$temporary/alone" "$temporary/on-$hosts"; then pass "$label"; else fail "$label" "they differ"; fi
    else
        echo "Training over $hosts hosts is not run: $golden/trajectory-fine-tune.yaml is missing"
    fi
done

# Three hosts are up; the second one leaves the network, first before a job and then during one.
"$namespaces" link ballast2 down
check "a host that does not answer" 76 "does not answer" "${cluster[@]}" -- "$build/MPIChecks" sum-same-bits
check "a host left out" 0 "2 ranks instead of 3" \
    "${cluster[@]}" --drop-failed-host -- "$build/MPIChecks" sum-same-bits
"$namespaces" link ballast2 up

mark=$temporary/started
(
    for _ in {1..150}; do [ ! -e "$mark" ] || break; sleep 0.2; done
    sleep 1
    "$namespaces" link ballast2 down
) &
# shellcheck disable=SC2016
check "a host lost during a job, and a new start without it" 0 "start 1 of 1 again" \
    "${cluster[@]}" --restarts 1 --drop-failed-host -- sh -c '[ -e "$0" ] || { touch "$0"; sleep 50; }' "$mark"
wait

# Waits until a job has printed that it has begun, and then runs a command.
once_begun() {
    for _ in {1..150}; do
        if grep -aq '^begun' "$output"; then break; fi
        sleep 0.2
    done
    sleep 1
    "$@"
}
# Stops the rank in a namespace; mpirun's daemon there goes on.
stop_rank() { # NAME
    local process
    for process in $(ip netns pids "$1"); do
        if [ "$(cat "/proc/$process/comm")" = MPIChecks ]; then kill -s STOP "$process"; fi
    done
}

# Ranks that stall are found out by the others; mpirun, which would wait for a daemon behind the broken link, ends too.
export BALLAST_STALL_SECONDS=3
stall_message="on host ballast2 gives no sign of life for 3 s"
for fault in "stop_rank ballast2" "$namespaces link ballast2 down"; do
    "$namespaces" up 3
    : >"$output"
    read -r -a fault_command <<<"$fault"
    once_begun "${fault_command[@]}" &
    check "stall on the second of 3 hosts: ${fault##*/}" 76 "$stall_message" \
        "${cluster[@]}" -- "$build/MPIChecks" stall-forever
    wait
done
"$namespaces" up 3
: >"$output"
once_begun stop_rank ballast1 &
check "stall on the first of 3 hosts: stop_rank ballast1" 76 "on host ballast1 gives no sign of life for 3 s" \
    "${cluster[@]}" -- "$build/MPIChecks" stall-forever
wait
unset BALLAST_STALL_SECONDS

# What launch/cluster.sh does with signals, and with a rank that is killed.
"$namespaces" link ballast2 up
if [ -e "$golden/trajectory-fine-tune.yaml" ]; then
    (
        for _ in {1..250}; do
            if grep -q '"event":"step"' "$temporary/stopped/metrics.jsonl" 2>/dev/null; then break; fi
            sleep 0.2
        done
        kill -s TERM "$(cat "$temporary/process")"
    ) &
    # shellcheck disable=SC2016
    check "TERM to launch/cluster.sh" 75 "stopped by a signal after step [0-9]+, which is saved" \
        sh -c 'echo $$ >"$0"; exec "$@"' "$temporary/process" \
        "${cluster[@]}" --restarts 3 -- "${train[@]}" "output=$temporary/stopped" training.steps-per-epoch=1000000
    wait
    # shellcheck disable=SC2016
    check "a rank is killed, and the job started again" 0 "mpirun ended with 137: a rank was killed" \
        "${cluster[@]}" --restarts 1 -- sh -c '
            if [ "$OMPI_COMM_WORLD_RANK" = 1 ] && [ ! -e "$0" ]; then
                touch "$0"
                export BALLAST_FAULTS=step=4,point=backward,kind=sigkill
            fi
            exec "$@"' "$temporary/killed" "${train[@]}" "output=$temporary/resumed" checkpoint.every-steps=2
    label="losses after a new start are those of one rank alone"
    if grep -aq "goes on after step 2" "$output" && same_losses "$temporary/alone" "$temporary/resumed"; then
        pass "$label"
    else
        fail "$label" "they differ"
    fi
fi

echo "Cluster checks: $passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
