#!/usr/bin/env bash
# A cluster on one machine: network namespaces ballast1, ballast2, … joined by a bridge, each with a network card
# (eth0), an address and a host name of its own. Needs root and iproute2.
#
#     namespaces.sh up N                  makes N of them (1 to 99), after removing what an earlier run left
#     namespaces.sh down                  ends what runs in them and removes them; does nothing without them
#     namespaces.sh shape RATE|none       limits what each sends, for example 1gbit
#     namespaces.sh link NAME up|down     plugs a network cable in or out
#     namespaces.sh run NAME -- COMMAND   runs a command inside; mpirun belongs into ballast1
#     namespaces.sh options               prints the options that mpirun needs
#     namespaces.sh hostfile [SLOTS]      prints a hostfile
#
# Addresses are 10.77.0.1, 10.77.0.2, …; BALLAST_TEST_SUBNET=10.78.0 would make them 10.78.0.1, …
set -euo pipefail
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
subnet=${BALLAST_TEST_SUBNET:-10.77.0}
bridge=ballast-bridge
[[ $subnet =~ ^[0-9]{1,3}(\.[0-9]{1,3}){2}$ ]] || { echo "BALLAST_TEST_SUBNET is ${subnet@Q}, expected three numbers as in 10.77.0" >&2; exit 64; }

usage() { sed -n '2,/^set/s/^#\( \|$\)//p' "$0" >&2; exit 64; }
is_name() { [[ $1 =~ ^ballast[1-9][0-9]?$ ]]; }
is_count() { [[ $1 =~ ^[1-9][0-9]?$ ]]; }
names() { ip netns list | sed -n 's/^\(ballast[0-9][0-9]*\)\( .*\)\{0,1\}$/\1/p' | sort -V; }
# The end of a cable that lies on the bridge; names of network cards are short.
plug() { echo "ballast-plug${1#ballast}"; }

down() {
    local name
    for name in $(names); do
        # A stopped process dies of nothing less.
        ip netns pids "$name" | xargs -r kill -KILL 2>/dev/null || true
        ip link delete "$(plug "$name")" 2>/dev/null || true
        ip netns delete "$name"
    done
    if [ -e "/sys/class/net/$bridge" ]; then ip link delete "$bridge"; fi
}

up() { # COUNT
    local number name
    down
    ip link add "$bridge" type bridge
    ip link set "$bridge" up
    for ((number = 1; number <= $1; number++)); do
        name=ballast$number
        ip netns add "$name"
        ip link add "$(plug "$name")" type veth peer name eth0 netns "$name"
        ip link set "$(plug "$name")" master "$bridge" up
        ip -n "$name" link set lo up
        ip -n "$name" address add "$subnet.$number/24" dev eth0
        ip -n "$name" link set eth0 up
    done
}

shape() { # RATE
    local name
    for name in $(names); do
        tc -n "$name" qdisc delete dev eth0 root 2>/dev/null || true
        if [ "$1" != none ]; then
            tc -n "$name" qdisc add dev eth0 root tbf rate "$1" burst 512kb latency 50ms
        fi
    done
}

hostfile() { # SLOTS
    local name
    for name in $(names); do echo "$subnet.${name#ballast} slots=$1"; done
}

case ${1:-} in
up) is_count "${2:-}" || usage; up "$2" ;;
down) down ;;
shape) [[ ${2:-} =~ ^[a-z0-9]+$ ]] || usage; shape "$2" ;;
link)
    { is_name "${2:-}" && [[ ${3:-} =~ ^(up|down)$ ]]; } || usage
    ip -n "$2" link set eth0 "$3"
    ;;
run)
    { [ $# -gt 3 ] && is_name "$2" && [ "$3" = -- ]; } || usage
    name=$2
    shift 3
    # shellcheck disable=SC2016 # The inner shell expands its arguments.
    exec ip netns exec "$name" unshare --uts -- bash -c 'hostname "$0" && exec "$@"' "$name" "$@"
    ;;
options)
    # btl: shared memory would go around the network cards.
    echo "--mca plm_rsh_agent $here/agent.sh --mca btl self,tcp" \
        "--mca btl_tcp_if_include $subnet.0/24 --mca oob_tcp_if_include $subnet.0/24"
    ;;
hostfile) is_count "${2:-1}" || usage; hostfile "${2:-1}" ;;
*) usage ;;
esac
