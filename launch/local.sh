#!/usr/bin/env bash
# Runs a command of Ballast on several ranks of this machine:
#
#     launch/local.sh -n 2 -- ballast train --config run.yaml
#
# Without -n there is one rank for each core. `ballast` is the release build of this checkout.
#
# TERM, INT (Ctrl-C) and USR1 make `ballast train` save and end with 75, within BALLAST_GRACE_SECONDS (120);
# launch/jobs.sh says how, and what other codes there are.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=launch/threads.sh
. "$root/launch/threads.sh"
# shellcheck source=launch/jobs.sh
. "$root/launch/jobs.sh"
ballast_script=launch/local.sh

ranks=$(ballast_cores)
while [ $# -gt 0 ]; do
    case $1 in
    -n) ranks=${2-}; shift $(($# > 1 ? 2 : 1)) ;;
    --) shift; break ;;
    *) echo "usage: launch/local.sh [-n RANKS] -- ballast COMMAND …" >&2; exit 64 ;;
    esac
done
case $ranks in '' | *[!0-9]* | 0*) echo "launch/local.sh: -n takes a number of ranks, not '$ranks'" >&2; exit 64 ;; esac
[ $# -gt 0 ] || { echo "usage: launch/local.sh [-n RANKS] -- ballast COMMAND …" >&2; exit 64; }

ballast_divide_cores "$ranks"
if [ "$1" = ballast ]; then
    shift
    set -- "$root/.build/release/ballast" "$@"
fi
[ -x "$1" ] || command -v "$1" >/dev/null || { echo "launch/local.sh: $1 is missing; run: swift build -c release" >&2; exit 64; }
ballast_saves=''
if ballast_is_training "$@"; then ballast_saves=1; fi
ballast_trap_signals
ballast_run_job mpirun -np "$ranks" "${ballast_mpi_options[@]}" "$@"
