#!/usr/bin/env python3
"""Medians over the turns of a race, each side at its best of one process or two, as a table.

    table.py RESULTS.jsonl

A line of the file is what `ballast benchmark --json` or step.py prints, with `side` (ballast, pytorch or tllib),
`race-method` and `race-precision` added.
"""

import json
import statistics
import sys

GIB = 1 << 30


def best(results, side, network, method, precision):
    """Images a second and bytes of all processes of the fastest way; nil where there is none."""
    ways = {}
    for result in results:
        if (result["side"], result["network"], result["race-method"], result["race-precision"]) == (
                side, network, method, precision):
            ways.setdefault(result["ranks"], []).append(result)
    found = [
        (statistics.median(r["images-per-second"] for r in runs),
         ranks * statistics.median(r["peak-memory-bytes"] for r in runs), ranks)
        for ranks, runs in ways.items()]
    return max(found, default=None)


def shown(found):
    return "-" if found is None else f"{found[0]:.1f} ({found[2]}), {found[1] / GIB:.2f} GiB"


def ratio(own, other):
    return "-" if own is None or other is None else f"{own[0] / other[0]:.2f}"


def main():
    with open(sys.argv[1]) as lines:
        results = [json.loads(line) for line in lines]
    cases = list(dict.fromkeys((r["network"], r["race-method"], r["race-precision"]) for r in results))
    has_library = any(r["side"] == "tllib" for r in results)
    header = ["network", "method", "precision", "Ballast", "PyTorch", "ratio"]
    header += ["TLlib", "ratio"] if has_library else []
    print("Images a second (processes), and the memory of all processes at their peak.\n")
    print(f"| {' | '.join(header)} |")
    print(f"| {' | '.join('---' for _ in header)} |")
    for network, method, precision in cases:
        own, peer, library = (best(results, side, network, method, precision)
                              for side in ("ballast", "pytorch", "tllib"))
        row = [network, method, precision, shown(own), shown(peer), ratio(own, peer)]
        row += [shown(library), ratio(own, library)] if has_library else []
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
