#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test:
#
#     launch/test.sh            what takes minutes: at most 20 on two cores
#     launch/test.sh --all      the same, and what takes longer: at most 90
#
# Tests/README.md says what each suite is and how to run one. Suites that mostly wait run beside others; what each
# prints is printed whole. The last line counts all suites together: "N passed, N failed". As root, jobs over several
# hosts, and of Slurm, are among them; else their suites say that they are not run.
set -uo pipefail
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root" || exit

case "$*" in
'') all='' ;;
--all) all=1 ;;
*) echo "usage: launch/test.sh [--all]" >&2; exit 64 ;;
esac

launch/install.sh || exit
logs=$(mktemp -d) || exit
passed=0 failed=0
lanes=()    # processes that run suites beside this one
awaited=()  # the suites that they were given and that are not judged yet

# shellcheck disable=SC2317 # The trap calls it.
clean_up() {
    [ ${#lanes[@]} -eq 0 ] || kill "${lanes[@]}" 2>/dev/null
    wait
    rm -rf "$logs"
}
trap clean_up EXIT

# Adds up what a suite counted, a command whose last line is "NAME checks: N passed, N failed".
judge() { # LOG CODE SECONDS SUITE
    local suite_passed='' suite_failed=''
    read -r suite_passed suite_failed < <(
        sed -n 's/^.* checks: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$1" | tail -n 1)
    passed=$((passed + ${suite_passed:-0}))
    failed=$((failed + ${suite_failed:-0}))
    if [ "$2" -ne 0 ] && [ "${suite_failed:-0}" -eq 0 ]; then
        failed=$((failed + 1))
        echo "FAILED  $4 ended with $2, and no check says why"
    fi
    if grep -qi 'skipped' "$1"; then
        failed=$((failed + 1))
        echo "FAILED  $4: tests were skipped, but each must run"
    fi
    echo "--- $4: $3 s"
}

# Runs a suite.
suite() { # COMMAND…
    local began=$SECONDS code
    echo "--- $*"
    "$@" 2>&1 | tee "$logs/here"
    code=${PIPESTATUS[0]}
    judge "$logs/here" "$code" $((SECONDS - began)) "$*"
    print_ended
}

# Runs suites, one after the other, beside what follows.
beside() { # SUITE…, each a command as one text
    local first=${#awaited[@]}
    awaited+=("$@")
    run_lane "$first" &
    lanes+=($!)
}

# Runs the awaited suites from one on; a file that ends in .end says how each ended.
run_lane() { # FIRST
    local index began code job='' command
    trap '[ -z "$job" ] || kill "$job"; wait; exit 143' TERM
    for ((index = $1; index < ${#awaited[@]}; index++)); do
        read -r -a command <<<"${awaited[index]}"
        began=$SECONDS code=0
        # A shell ignores INT in what it starts in the background; env undoes that.
        env --default-signal=INT,QUIT "${command[@]}" >"$logs/$index" 2>&1 &
        job=$!
        wait "$job" || code=$?
        echo "$code $((SECONDS - began))" >"$logs/$index.new"
        mv "$logs/$index.new" "$logs/$index.end"
    done
}

# Prints and judges the suites that have ended beside this process.
print_ended() {
    local index code seconds
    for index in "${!awaited[@]}"; do
        if [ -z "${awaited[index]}" ] || [ ! -e "$logs/$index.end" ]; then continue; fi
        read -r code seconds <"$logs/$index.end"
        echo "--- ${awaited[index]}"
        cat "$logs/$index"
        judge "$logs/$index" "$code" "$seconds" "${awaited[index]}"
        awaited[index]=''
    done
}

# Waits for all suites that run beside this process.
join() {
    local lane index
    for lane in "${lanes[@]}"; do
        wait "$lane"
        print_ended
    done
    for index in "${!awaited[@]}"; do
        [ -n "${awaited[index]}" ] || continue
        failed=$((failed + 1))
        echo "FAILED  ${awaited[index]} did not come to its end"
    done
    lanes=()
}

# What only tests need, and style, need no build. The build comes first where there is not enough of the processor for
# all.
beside "launch/install.sh --tests" "nice -n 10 Tests/run-style-checks.sh"
swift build -c release --build-tests --explicit-target-dependency-import-check error || exit
join
# These wait for most of their time, some for seconds that must not become many: they run with unit tests, which
# take as much of the processor as is left.
beside "Tests/run-mpi-checks.sh .build/release" "Tests/run-cluster-checks.sh .build/release" \
    "Tests/run-slurm-checks.sh .build/release"
beside Tests/run-launch-checks.sh "Tests/run-checkpoint-checks.sh .build/release" \
    "Tests/run-report-checks.sh .build/release" "Tests/run-client-package.sh .build/release"
suite Tests/run-unit-tests.sh release
join
if [ -n "$all" ]; then
    # Every fault for the method with the most state, and for each method kills in a step and around a save.
    suite Tests/run-fault-table.sh .build/release bi-tuning
    suite env FAULT_POINTS="backward half-written before-rename" FAULT_KINDS=sigkill \
        Tests/run-fault-table.sh .build/release
    suite Tests/run-save-checks.sh .build/release
    suite Tests/run-client-package.sh
    launch/install.sh --photos && suite Tests/run-export-checks.sh .build/release
    suite Tests/run-hostfile-fuzz.sh
    suite .build/release/ReaderFuzz
    suite env BALLAST_FUZZ_CASES=5000 Tests/run-unit-tests.sh release HostileCheckpointTests
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
