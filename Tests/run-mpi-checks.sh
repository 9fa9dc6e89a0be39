#!/usr/bin/env bash
# Runs every check of MPIChecks with mpirun on 1, 2 and 3 ranks, and all-reduces, broadcasts and all-gathers on 4 as
# well, and compares how each job ends.
#   Tests/run-mpi-checks.sh BUILD_DIR        for example .build/release
# shellcheck source=Tests/harness.sh
. "$(dirname "$0")/harness.sh"
program=${1:?usage: Tests/run-mpi-checks.sh BUILD_DIR}/MPIChecks
need_programs "$program"
allow_mpi
begin_suite MPI
# Other suites run beside this one.
time_limit=180
if ! list=$("$program" --list) || [ -z "$list" ]; then
    echo "$program lists no checks" >&2
    exit 1
fi
# Each rank could print what one is to print for all.
message_count=1

# A job that ends with 0 prints how many assertions held on every rank: more than none.
check_job() { # LABEL NAME EXIT_CODE MESSAGE COMMAND…
    local label=$1 name=$2 code=$3 message=$4
    shift 4
    if [ "$code" -eq 0 ]; then message="^ok $name [1-9][0-9]* checks$"; fi
    check "$label" "$code" "$message" "$@"
}

# Without the setting, mpirun takes a second of rest after each job that fails.
start=(mpirun --oversubscribe --mca odls_base_sigkill_timeout 0)
count=0
host=$(hostname)
while read -r name code minimum variable message; do
    case $name in all-reduce-* | broadcast-* | all-gather-*) sizes="1 2 3 4" ;; *) sizes="1 2 3" ;; esac
    if [ "$variable" = - ]; then environment=(env); else environment=(env "$variable"); fi
    for ranks in $sizes; do
        [ "$ranks" -ge "$minimum" ] || continue
        count=$((count + 1))
        here=${message//RANKS/$ranks}
        check_job "$name on $ranks" "$name" "$code" "${here//HOST/$host}" \
            "${environment[@]}" "${start[@]}" -n "$ranks" "$program" "$name"
    done
done <<<"$list"

# Two ways to start the program that are not mpirun: none at all, and that of another MPI library.
name=all-reduce-every-type
check_job "$name without mpirun" "$name" 0 "" "$program" "$name"
check_job "$name under another library's mpirun" "$name" 64 \
    "the launcher started 2 ranks (PMI_SIZE is set), but MPI sees 1" \
    env PMI_SIZE=2 PMI_RANK=0 "$program" "$name"
expect_checks $((count + 2))
end_suite
