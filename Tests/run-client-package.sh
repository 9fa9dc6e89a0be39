#!/usr/bin/env bash
# Runs the program `client` of Tests/ClientPackage, which uses the library as other packages would, alone and on two
# ranks. It must print "ok N checks", once for all ranks. The articles, whose example it holds, are built without a warning.
#   Tests/run-client-package.sh BUILD_DIR      as the main package builds it, which shows it what is public alone
#   Tests/run-client-package.sh                builds it as the package that it is, which knows only the product BallastKit
# shellcheck source=Tests/harness.sh
. "$(dirname "$0")/harness.sh"
build=${1:-}
[ -z "$build" ] || build=$(realpath -- "$build")
cd "$(dirname "$0")/.." || exit
package=Tests/ClientPackage
if [ ! -e "$package/Package.swift" ]; then
    echo "$package/Package.swift is missing" >&2
    exit 1
fi
allow_mpi
begin_suite Client
count=4
if [ -z "$build" ]; then
    # Not in .build itself: the plans of two root packages would replace one another.
    command=(swift build --package-path "$package" --scratch-path .build/client)
    time_limit=1500
    check "the package builds" 0 "" "${command[@]}"
    build=$("${command[@]}" --show-bin-path)
    count=5
fi
need_programs "$build/client"
time_limit=120 message_count=1
check "the program alone" 0 "^ok [1-9][0-9]* checks$" "$build/client"
check "the program on 2 ranks" 0 "^ok [1-9][0-9]* checks$" mpirun --oversubscribe -np 2 "$build/client"
article=Sources/Training/Documentation.docc/UsingTheLibrary.md
same "the example that is compiled is the article's" \
    "$(sed -n '/^\x60\x60\x60swift$/,/^\x60\x60\x60$/p' "$article" | sed '1d;$d')" "$(cat "$package/Sources/client/ArticleExample.swift")"
check "the articles have no warning" 0 "" launch/documentation.sh "$work/documentation"
expect_checks "$count"
end_suite
