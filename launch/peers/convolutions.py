#!/usr/bin/env python3
"""Where a step of Ballast goes, and how far its convolutions are from what the processor can multiply.

    convolutions.py TRACE.json NETWORK PRECISION BATCH IMAGE-SIZE [--layers]

TRACE.json is what `ballast benchmark --profile` wrote in one process. The peak is that of a matrix product of 2048 rows
and columns in the same precision on as many threads, measured here. Prints a row of a table; with --layers one for
convolutions of each shape.
"""

import argparse
import collections
import json
import statistics
import time

import torch

import networks


def convolutions(name, batch, size):
    """Shapes and operations of each convolution, by its name."""
    network = networks.make(name)[0]
    found = {}

    def watch(layer_name):
        def hook(layer, inputs, output):
            shape = (tuple(inputs[0].shape[1:]), tuple(output.shape[1:]), layer.kernel_size[0], layer.stride[0],
                     layer.groups)
            found[layer_name] = (shape, 2 * output.numel() * layer.weight[0].numel())
        return hook

    for layer_name, layer in network.named_modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(watch(layer_name))
    with torch.no_grad():
        network(torch.zeros(batch, 3, size, size))
    return found


def peak(precision):
    """Operations a second of a large matrix product."""
    kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
    left, right = (torch.randn(2048, 2048).to(kind) for _ in range(2))
    seconds = []
    for _ in range(8):
        start = time.perf_counter()
        left @ right
        seconds.append(time.perf_counter() - start)
    return 2 * 2048**3 / min(seconds)


def seconds_of_layers(events, names):
    """Medians of forward pass, input gradient and weight gradient of each layer. The first layer has no input gradient."""
    found = {}
    for name in names:
        forward = [e["dur"] for e in events if e["name"] == name and e["cat"] == "forward"]
        backward = [e["dur"] for e in events if e["name"] == name and e["cat"] == "backward"]
        # The gradient of the weights is postponed behind that of the input.
        first, second = (statistics.median(part) * 1e-6 for part in (backward[0::2], backward[1::2]))
        found[name] = (statistics.median(forward) * 1e-6, first, second)
    return found


def rate(operations, seconds):
    return f"{operations / seconds / 1e9:.0f}" if seconds > 1e-9 else "-"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("trace")
    parser.add_argument("network")
    parser.add_argument("precision")
    parser.add_argument("batch", type=int)
    parser.add_argument("size", type=int)
    parser.add_argument("--layers", action="store_true")
    given = parser.parse_args()
    with open(given.trace) as lines:
        events = sorted((e for e in json.load(lines)["traceEvents"] if e["ph"] == "X"), key=lambda e: e["ts"])
    step = statistics.median(e["dur"] for e in events if e["cat"] == "step") * 1e-6
    known = convolutions(given.network, given.batch, given.size)
    seconds = seconds_of_layers(events, known)
    first = next(iter(known))
    seconds[first] = (seconds[first][0], 0.0, sum(seconds[first][1:]))
    limit = peak(given.precision)
    if given.layers:
        print("| input | output | kernel | layers | forward, GFLOP/s | input gradient | weight gradient |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        kinds = collections.defaultdict(list)
        for name, (shape, _) in known.items():
            kinds[shape].append(name)
        for (source, target, size, stride, groups), names in kinds.items():
            operations = sum(known[name][1] for name in names)
            parts = (sum(seconds[name][part] for name in names) for part in range(3))
            kernel = f"{size}×{size}" + (f"/{stride}" if stride > 1 else "") + (f", {groups} groups" if groups > 1 else "")
            print(f"| {'×'.join(map(str, source))} | {'×'.join(map(str, target))} | {kernel} | {len(names)} | "
                  f"{' | '.join(rate(operations, part) for part in parts)} |")
        return
    operations = sum(count for _, count in known.values())
    forward, inputs, weights = (sum(part) for part in zip(*seconds.values()))
    share = (forward + inputs + weights) / step
    print(f"| {given.network} | {given.precision} | {step:.3f} | {100 * share:.0f} % | {rate(operations, forward)} | "
          f"{rate(operations - known[first][1], inputs)} | {rate(operations, weights)} | {limit / 1e9:.0f} |")


if __name__ == "__main__":
    main()
