#!/usr/bin/env bash
# Runs jobs over 2 and 3 hosts, which are network namespaces of this machine (Tests/cluster/namespaces.sh), and
# compares how each ends. Needs root; without it, it says why nothing was run and counts nothing.
#   Tests/run-cluster-checks.sh BUILD_DIR        for example .build/release
# shellcheck source=Tests/harness.sh
. "$(dirname "$0")/harness.sh"
build=$(cd "${1:?usage: Tests/run-cluster-checks.sh BUILD_DIR}" && pwd) || exit
root=$(cd "$(dirname "$0")/.." && pwd)
namespaces=$root/Tests/cluster/namespaces.sh

[ "$(id -u)" = 0 ] || not_run Cluster "network namespaces need root"
{ command -v ip && command -v tc; } >/dev/null || not_run Cluster "ip and tc are missing: install iproute2"
{ command -v ssh && command -v dropbearkey && command -v rsync; } >/dev/null ||
    not_run Cluster "ssh, its server or rsync is missing: install openssh-client, dropbear-bin and rsync"

wait_for_namespaces "$0" "$build"

# shellcheck disable=SC2317 # The harness calls it.
cleanup_suite() { "$namespaces" down; }
begin_suite Cluster
"$namespaces" up 2 >"$output" 2>&1 || not_run Cluster "no namespaces can be made: $(tail -n 1 "$output")"
"$namespaces" run ballast1 -- true >"$output" 2>&1 || not_run Cluster "nothing runs in a namespace: $(tail -n 1 "$output")"

need_programs "$build/MPIChecks" "$build/ballast"
allow_mpi
list=$("$build/MPIChecks" --list) || exit

# Three hosts share the cores of one, which ranks that wait leave to others; and a lost host shall be seen within seconds
# here.
export BALLAST_RESTART_PAUSE=0
read -r -a options <<<"$("$namespaces" options)"
quick=(--mca mpi_yield_when_idle 1 --mca oob_tcp_keepalive_time 2 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3)
export BALLAST_MPI_OPTIONS="${options[*]} ${quick[*]}"

# Runs a command in the first namespace and judges it.
check_inside() { # LABEL EXIT_CODE MESSAGE COMMAND…
    check "$1" "$2" "$3" "$namespaces" run ballast1 -- "${@:4}"
}

# Whether two runs have the same losses but for rounding, and have any.
same_losses() {
    paste <(losses "$1") <(losses "$2") | awk '
        { difference = ($1 - $2) / $1; if (NF != 2 || difference > 1e-5 || difference < -1e-5) wrong = 1 }
        END { exit wrong || NR == 0 }'
}
losses() { grep '"event":"step"' "$1/metrics.jsonl" | sed 's/.*"loss":\([^,}]*\).*/\1/'; }

train=("$build/ballast" train --config "$root/Tests/Golden/trajectory-fine-tune.yaml" --set)
for hosts in 2 3; do
    "$namespaces" up "$hosts"
    "$namespaces" hostfile >"$work/hosts"
    cluster=("$root/launch/cluster.sh" --hostfile "$work/hosts" -n "$hosts")
    addresses=$(awk '{ print $1 ":1" }' "$work/hosts" | paste -sd ,)
    for name in all-reduce-same-bits all-gather-uneven rank-fails-alone; do
        read -r _ code _ _ message < <(grep "^$name " <<<"$list")
        check_inside "$name on $hosts hosts" "$code" "${message:-^ok $name [1-9][0-9]* checks$}" \
            mpirun "${options[@]}" --host "$addresses" -n "$hosts" "$build/MPIChecks" "$name"
    done
    check_inside "launch/cluster.sh on $hosts hosts" 0 "^ok all-reduce-same-bits [1-9][0-9]* checks$" \
        "${cluster[@]}" -- "$build/MPIChecks" all-reduce-same-bits

    if [ "$hosts" -eq 2 ]; then check_inside "training alone" 0 "^model: " "${train[@]}" "output=$work/alone"; fi
    check_inside "training on $hosts hosts" 0 "^model: " "${cluster[@]}" -- "${train[@]}" "output=$work/on-$hosts"
    verdict "losses on $hosts hosts are those of one rank alone" \
        "$(same_losses "$work/alone" "$work/on-$hosts" || echo "they differ")"
done

# Two ranks on each of two hosts: in two levels. Without room in /dev/shm for one of them, over all ranks.
"$namespaces" up 2
"$namespaces" hostfile 2 >"$work/hosts"
cluster=("$root/launch/cluster.sh" --hostfile "$work/hosts" -n 4)
check_inside "training in two levels" 0 "all-reduce in two levels: 2 hosts, 2 ranks of each send" \
    "${cluster[@]}" -- "${train[@]}" "output=$work/levels"
# shellcheck disable=SC2016 # The inner shells expand their arguments.
check_inside "training where shared memory is too small" 0 \
    "since the host of rank 2 gives no shared memory (/dev/shm has 0 MiB free; needed are" \
    "${cluster[@]}" -- sh -c '
        [ "$OMPI_COMM_WORLD_RANK" = 3 ] || exec "$@"
        exec unshare --mount sh -c "mount -t tmpfs -o size=64k none /dev/shm && exec \"\$@\"" - "$@"
        ' - "${train[@]}" "output=$work/small"
for name in levels small; do
    verdict "... $name: losses are those of one rank alone" \
        "$(same_losses "$work/alone" "$work/$name" || echo "they differ")"
done
check_inside "a rank killed while hosts exchange" 76 "mpirun ended with 137: a rank was killed" \
    "${cluster[@]}" -- "$build/MPIChecks" killed-while-crossing

# As users have it: ssh with keys, and nothing said to mpirun but the networks.
"$namespaces" up 2
"$namespaces" hostfile >"$work/hosts"
second=$(sed -n '2s/ .*//p' "$work/hosts")
mkdir -p "$work/local/.build"
client=$("$root/Tests/cluster/ssh.sh" "$work/ssh" "$work/local")
by_ssh=(env "BALLAST_MPI_OPTIONS=${options[*]:3} ${quick[*]}" "$root/launch/cluster.sh" --hostfile "$work/hosts" -n 2)
export OMPI_MCA_plm_rsh_agent=$client
check_inside "training by ssh on 2 hosts" 0 "^model: " "${by_ssh[@]}" -- "${train[@]}" "output=$work/by-ssh"
verdict "... losses are those of one rank alone" "$(same_losses "$work/alone" "$work/by-ssh" || echo "they differ")"
# What the second host has not: a checkout, its program, a configuration, data and weights.
cp -r "$root/launch" "$work/local/launch"
mkdir -p "$work/local/.build/release" "$work/local/some data"
cp "$build/ballast" "$work/local/.build/release/ballast"
for file in trajectory-data trajectory-initial-head source; do
    cp "$root/Tests/Golden/$file.safetensors" "$work/local/some data"
done
sed "s|: \([a-z-]*.safetensors\)|: some data/\1|" \
    "$root/Tests/Golden/trajectory-fine-tune.yaml" >"$work/local/run.yaml"
# shellcheck disable=SC2016 # The inner shell expands its arguments.
synced=(sh -c 'cd "$0" && exec "$@"' "$work/local" "${by_ssh[@]:0:2}" "$work/local/launch/cluster.sh" "${by_ssh[@]:3}")
own=(ballast train --config run.yaml --set "output=$work/synced")
check_inside "a host without the files" 64 "host $second has no $work/local" "${synced[@]}" -- "${own[@]}"
check_inside "--sync copies them" 0 "files differed and were copied: $work/local/" "${synced[@]}" --sync -- "${own[@]}"
verdict "... losses are those of one rank alone" "$(same_losses "$work/alone" "$work/synced" || echo "they differ")"
echo "# one more line" >>"$work/local/run.yaml"
check_inside "--sync copies what changed" 0 "host $second: 1 file differed and was copied: $work/local/run.yaml" \
    "${synced[@]}" --sync -- "${own[@]}" --dry-run
check_inside "--sync where nothing differs" 0 "host $second: nothing differed" "${synced[@]}" --sync -- "${own[@]}" --dry-run
OMPI_MCA_plm_rsh_agent="ssh -F $work/ssh/stranger"
check_inside "a key that the second host does not know" 76 "host $second does not answer: root@$second: Permission denied" \
    "${by_ssh[@]}" -- "$build/MPIChecks" all-reduce-same-bits
OMPI_MCA_plm_rsh_agent=$client
sed -i "/^$second /d" "$work/ssh/known_hosts"
check_inside "a host that the first one does not know" 76 "host $second does not answer: Host key verification failed" \
    "${by_ssh[@]}" -- "$build/MPIChecks" all-reduce-same-bits
unset OMPI_MCA_plm_rsh_agent

"$namespaces" up 3
"$namespaces" hostfile >"$work/hosts"
cluster=("$root/launch/cluster.sh" --hostfile "$work/hosts" -n 3)
# The second of three hosts leaves the network, first before a job and then during one.
"$namespaces" link ballast2 down
check_inside "a host that does not answer" 76 "does not answer" "${cluster[@]}" -- "$build/MPIChecks" all-reduce-same-bits
check_inside "a host left out" 0 "2 ranks instead of 3" \
    "${cluster[@]}" --drop-failed-host -- "$build/MPIChecks" all-reduce-same-bits
"$namespaces" link ballast2 up

mark=$work/started
(
    for _ in {1..150}; do [ ! -e "$mark" ] || break; sleep 0.2; done
    sleep 1
    "$namespaces" link ballast2 down
) &
# shellcheck disable=SC2016 # The inner shell expands its arguments.
check_inside "a host lost during a job, and a new start without it" 0 "restart 1 of 1" \
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
# shellcheck disable=SC2317 # once_begun calls it.
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
    check_inside "stall on the second of 3 hosts: ${fault##*/}" 76 "$stall_message" \
        "${cluster[@]}" -- "$build/MPIChecks" stall-forever
    wait
done
"$namespaces" up 3
: >"$output"
once_begun stop_rank ballast1 &
check_inside "stall on the first of 3 hosts: stop_rank ballast1" 76 "on host ballast1 gives no sign of life for 3 s" \
    "${cluster[@]}" -- "$build/MPIChecks" stall-forever
wait
unset BALLAST_STALL_SECONDS

# What launch/cluster.sh does with signals, and with a rank that is killed.
"$namespaces" link ballast2 up
(
    for _ in {1..250}; do
        if grep -q '"event":"step"' "$work/stopped/metrics.jsonl" 2>/dev/null; then break; fi
        sleep 0.2
    done
    kill -s TERM "$(cat "$work/process")"
) &
# shellcheck disable=SC2016 # The inner shell expands its arguments.
check_inside "TERM to launch/cluster.sh" 75 "^.*stopped by a signal after step [0-9]+, which is saved" \
    sh -c 'echo $$ >"$0"; exec "$@"' "$work/process" \
    "${cluster[@]}" --restarts 3 -- "${train[@]}" "output=$work/stopped" training.steps-per-epoch=1000000
wait
# shellcheck disable=SC2016 # The inner shell expands its arguments.
check_inside "a rank is killed, and the job started again" 0 "mpirun ended with 137: a rank was killed" \
    "${cluster[@]}" --restarts 1 -- sh -c '
        if [ "$OMPI_COMM_WORLD_RANK" = 1 ] && [ ! -e "$0" ]; then
            touch "$0"
            export BALLAST_FAULTS=step=4,point=backward,kind=sigkill
        fi
        exec "$@"' "$work/killed" "${train[@]}" "output=$work/resumed" checkpoint.every-steps=2
label="losses after a new start are those of one rank alone"
if ! grep -aq "goes on after step 2" "$output"; then
    verdict "$label" "the run did not go on after step 2"
else
    verdict "$label" "$(same_losses "$work/alone" "$work/resumed" || echo "they differ")"
fi

# Two hosts go one after the other, and the first comes back when the second goes: each start takes who answers.
"$namespaces" up 3
longer=("${train[@]}" training.steps-per-epoch=12)
check_inside "twelve steps alone" 0 "^model: " "${longer[@]}" "output=$work/undisturbed"
# shellcheck disable=SC2016 # The inner shell expands its arguments.
check_inside "two hosts go, and one comes back" 0 "restart 2 of 3" \
    "${cluster[@]}" --restarts 3 --drop-failed-host -- sh -c '
        namespaces=$1 folder=$2
        shift 2
        # A host that goes: its rank stops in a step, and then its cable is pulled, once.
        case $(hostname) in
        ballast3) step=4 ;;
        ballast2) step=9 ;;
        *) exec "$@" ;;
        esac
        if { [ "$step" = 9 ] && [ ! -e "$folder/gone-4" ]; } || [ -e "$folder/gone-$step" ]; then exec "$@"; fi
        export BALLAST_FAULTS="step=$step,point=backward,kind=hang"
        (
            until grep -q "\"step\":$((step - 1))[,}]" "$folder/fewer/metrics.jsonl"; do sleep 0.2; done 2>/dev/null
            touch "$folder/gone-$step"
            if [ "$step" = 9 ]; then "$namespaces" link ballast3 up; fi
            "$namespaces" link "$(hostname)" down
        ) >/dev/null 2>&1 &
        exec "$@"' - "$namespaces" "$work" "${longer[@]}" "output=$work/fewer" checkpoint.every-steps=2
for words in "host [0-9.]*[.]3 does not answer" "host [0-9.]*[.]2 does not answer" "goes on after step [23]" \
    "goes on after step [678]"; do
    verdict "... it says: $words" "$(grep -aqE -e "$words" "$output" || echo "it does not")"
done
verdict "... losses are those of one rank alone" \
    "$(same_losses "$work/undisturbed" "$work/fewer" || echo "they differ")"

expect_checks 43
end_suite
