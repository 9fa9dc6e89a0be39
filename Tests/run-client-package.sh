#!/usr/bin/env bash
# Builds Tests/ClientPackage, a package of its own that knows Ballast only as the product BallastKit, as other
# packages would; and runs its program `client`, alone and on two ranks. It must print "ok N checks", once for all ranks.
#   Tests/run-client-package.sh
# shellcheck source=Tests/harness.sh
. "$(dirname "$0")/harness.sh"
cd "$(dirname "$0")/.." || exit
package=Tests/ClientPackage
if [ ! -e "$package/Package.swift" ]; then
    echo "$package/Package.swift is missing" >&2
    exit 1
fi
allow_mpi
begin_suite Client
# Not in .build itself: the plans of two root packages would replace one another.
build=(swift build --package-path "$package" --scratch-path .build/client)
time_limit=1500
check "the package builds" 0 "" "${build[@]}"
time_limit=120 message_count=1
program=$("${build[@]}" --show-bin-path)/client
check "the program alone" 0 "^ok [1-9][0-9]* checks$" "$program"
check "the program on 2 ranks" 0 "^ok [1-9][0-9]* checks$" mpirun --oversubscribe -np 2 "$program"
expect_checks 3
end_suite
