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
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=launch/threads.sh
. "$root/launch/threads.sh"
# shellcheck source=launch/jobs.sh
. "$root/launch/jobs.sh"
ballast_script=launch/local.sh
ballast_open_streams

usage() {
    echo "usage: launch/local.sh [-n RANKS] -- ballast COMMAND …" >&2 || true
    exit 64
}

ranks=$(ballast_cores)
while [ $# -gt 0 ]; do
    case $1 in
    -n) ranks=${2-}; shift $(($# > 1 ? 2 : 1)) ;;
    --) shift; break ;;
    *) usage ;;
    esac
done
ballast_is count "$ranks" || {
    ballast_say "-n takes a number of ranks, not '$(ballast_shown "$ranks")'"
    exit 64
}
case ${1:-} in '' | -*) usage ;; esac

ballast_divide_cores "$ranks"
if [ "$1" = ballast ]; then
    shift
    set -- "$root/.build/release/ballast" "$@"
fi
command -v -- "$1" >/dev/null || { ballast_say "$1 is missing; run: swift build -c release"; exit 64; }
ballast_saves='' ballast_ranks_here=1
ballast_note_terminal
if ballast_is_training "$@"; then ballast_saves=1; fi
ballast_trap_signals
# Only this machine, whatever batch system or default hostfile there is, and without ssh; as many slots as ranks, since
# OpenMPI by itself counts cores where a processor has two threads a core.
ballast_run_job mpirun -np "$ranks" --host "localhost:$ranks" --mca plm isolated --mca ras ^slurm,gridengine,tm,lsf \
    "${ballast_mpi_options[@]}" "$@"
