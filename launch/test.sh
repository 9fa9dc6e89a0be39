#!/usr/bin/env bash
# Installs what is missing, builds and runs every test: format, unit tests, programs over 1, 2 and 3 ranks, the
# launch scripts, kills in the middle of saving, and as root jobs over 2 and 3 hosts.
# The last line counts all suites together: "N passed, N failed".
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit

launch/install.sh || exit
swift format lint --strict --recursive Package.swift Sources Tests || {
    echo "style: run 'swift format --in-place --recursive Package.swift Sources Tests'" >&2
    exit 1
}
swift build -c release --build-tests --explicit-target-dependency-import-check error || exit
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT

swift test -c release --skip-build 2>&1 | tee "$log/unit"
unit_status=${PIPESTATUS[0]}
OMP_NUM_THREADS=1 Tests/run-mpi-checks.sh .build/release 2>&1 | tee "$log/mpi"
mpi_status=${PIPESTATUS[0]}
Tests/run-launch-checks.sh 2>&1 | tee "$log/launch"
launch_status=${PIPESTATUS[0]}
Tests/run-cluster-checks.sh .build/release 2>&1 | tee "$log/cluster"
cluster_status=${PIPESTATUS[0]}

Tests/run-checkpoint-checks.sh .build/release 2>&1 | tee "$log/checkpoint"
checkpoint_status=${PIPESTATUS[0]}

# Swift Testing ends with "Test run with N tests in M suites passed" or "… failed … with K issues".
unit_total=$(sed -n 's/.*Test run with \([0-9]*\) tests\{0,1\}.*/\1/p' "$log/unit" | tail -n 1)
unit_failed=$(grep -cE '^.{1,5}Test .* failed after ' "$log/unit")
# The others end with "MPI checks: N passed, N failed" and the like.
counts() { # NAME FILE
    sed -n "s/^$1 checks: \([0-9]*\) passed, \([0-9]*\) failed\$/\1 \2/p" "$log/$2" | tail -n 1
}
read -r mpi_passed mpi_failed < <(counts MPI mpi)
read -r launch_passed launch_failed < <(counts Launch launch)
read -r cluster_passed cluster_failed < <(counts Cluster cluster)
read -r checkpoint_passed checkpoint_failed < <(counts Checkpoint checkpoint)
passed=$((${unit_total:-0} - unit_failed + ${mpi_passed:-0} + ${launch_passed:-0} + ${cluster_passed:-0}))
passed=$((passed + ${checkpoint_passed:-0}))
failed=$((unit_failed + ${mpi_failed:-0} + ${launch_failed:-0} + ${cluster_failed:-0} + ${checkpoint_failed:-0}))
status=0
# Without root the checks over several hosts say that they are not run, and count nothing.
for suite_status in "$unit_status" "$mpi_status" "$launch_status" "$cluster_status" "$checkpoint_status"; do
    [ "$suite_status" -eq 0 ] || status=1
done
for suite_total in "${unit_total:-0}" "${mpi_passed:-0}" "${launch_passed:-0}" "${checkpoint_passed:-0}"; do
    [ "$suite_total" -ne 0 ] || status=1
done
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
if grep -qiE 'skipped' "$log"/*; then
    echo "tests were skipped: each must run" >&2
    status=1
fi
echo "$passed passed, $failed failed"
exit "$status"
