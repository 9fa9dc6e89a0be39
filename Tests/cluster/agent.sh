#!/usr/bin/env bash
# Stands in for ssh between the namespaces of namespaces.sh: agent.sh ADDRESS COMMAND…
# The words of the command are joined and read by a shell, as ssh does; a host without a network does not answer.
set -euo pipefail
name=ballast${1##*.}
shift
ip -n "$name" link show eth0 up 2>/dev/null | grep -q eth0 || {
    echo "agent.sh: $name does not answer" >&2
    exit 255
}
exec "$(dirname -- "$0")/namespaces.sh" run "$name" -- bash -c "$*"
