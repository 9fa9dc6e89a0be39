#!/usr/bin/env bash
# Runs every check of MPIChecks with mpirun on 1, 2 and 3 ranks, and all-reduces, broadcasts and all-gathers on 4 as well, and
# compares how each job ends.
#   Tests/run-mpi-checks.sh BUILD_DIR        for example .build/release
set -u -o pipefail

build=${1:?usage: Tests/run-mpi-checks.sh BUILD_DIR}
program=$build/MPIChecks

if ! command -v mpirun > /dev/null; then
    echo "mpirun is missing: install openmpi-bin" >&2
    exit 1
fi
if ! list=$("$program" --list); then
    echo "$program does not run: build it with swift build -c release --product MPIChecks" >&2
    exit 1
fi
if [ -z "$list" ]; then
    echo "$program lists no checks" >&2
    exit 1
fi

# Containers often run as root, which OpenMPI refuses without these.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
output=$(mktemp)
trap 'rm -f "$output"' EXIT
passed=0
failed=0

# What is wrong with a job that has ended; nothing if nothing is. Its output is in $output.
#   problem EXIT_CODE NAME EXPECTED_EXIT_CODE MESSAGE
problem() {
    if [ "$1" -eq 124 ] || { [ "$1" -eq 137 ] && [ "$3" -ne 137 ]; }; then
        echo "hangs"
    elif [ "$1" -ne "$3" ]; then
        echo "exit code $1, expected $3"
    elif [ "$3" -eq 0 ] && ! grep -aEq "^ok $2 [1-9][0-9]* checks$" "$output"; then
        echo "no line \"ok $2 N checks\" with N > 0"
    elif [ -n "$4" ] && [ "$(grep -aFc -- "$4" "$output")" -ne 1 ]; then
        echo "\"$4\" printed $(grep -aFc -- "$4" "$output") times, expected once"
    fi
}

# Runs a command, prints a line and counts it.
#   check LABEL NAME EXPECTED_EXIT_CODE MESSAGE COMMAND…
check() {
    local label=$1 name=$2 expected=$3 message=$4 begin=$SECONDS code=0 wrong
    shift 4
    timeout --kill-after 5 60 "$@" > "$output" 2>&1 < /dev/null || code=$?
    wrong=$(problem "$code" "$name" "$expected" "$message")
    if [ -z "$wrong" ]; then
        passed=$((passed + 1))
        echo "passed  $label, exit code $code, $((SECONDS - begin)) s"
    else
        failed=$((failed + 1))
        echo "FAILED  $label: $wrong"
        sed 's/^/        | /' "$output"
    fi
}

expected_count=0
host=$(hostname)
while read -r name code minimum variable message; do
    case $name in all-reduce-* | broadcast-* | all-gather-*) sizes="1 2 3 4" ;; *) sizes="1 2 3" ;; esac
    if [ "$variable" = - ]; then environment=(env); else environment=(env "$variable"); fi
    for ranks in $sizes; do
        [ "$ranks" -ge "$minimum" ] || continue
        expected_count=$((expected_count + 1))
        expected_message=${message//RANKS/$ranks}
        check "$name on $ranks" "$name" "$code" "${expected_message//HOST/$host}" \
            "${environment[@]}" mpirun --oversubscribe -n "$ranks" "$program" "$name"
    done
done <<< "$list"

# Two ways to start the program that are not mpirun: none at all, and that of another MPI library.
expected_count=$((expected_count + 2))
check "all-reduce-every-type without mpirun" all-reduce-every-type 0 "" "$program" all-reduce-every-type
check "all-reduce-every-type under another library's mpirun" all-reduce-every-type 64 \
    "the launcher started 2 ranks (PMI_SIZE is set), but MPI sees 1" \
    env PMI_SIZE=2 PMI_RANK=0 "$program" all-reduce-every-type

echo "MPI checks: $passed passed, $failed failed"
if [ $((passed + failed)) -ne "$expected_count" ] || [ "$passed" -eq 0 ]; then
    echo "$((passed + failed)) checks ran, expected $expected_count" >&2
    exit 1
fi
[ "$failed" -eq 0 ]
