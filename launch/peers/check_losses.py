#!/usr/bin/env python3
"""Trains the peers and Ballast from equal weights on equal samples, and compares their losses step by step.

    check_losses.py BALLAST GOLDEN [--steps 3]

GOLDEN is Tests/Golden of this package: weights, samples and a configuration for each method. Ends with 1 where a loss
differs by more than a thousandth.
"""

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile

import torch

import methods
import networks
from step import Batch, Step

CASES = {
    "fine-tune": "fine-tune", "l2-sp": "l2-sp", "delta": "delta-feature-map",
    "delta-attention": "delta-attention-feature-map", "lwf": "lwf", "co-tuning": "co-tuning",
    "bi-tuning": "bi-tuning", "bss": "bss",
}
CHANGES = {"delta": {"trade_off": 0.0001}, "bi-tuning": {"queue_length": 4}}


def tensors(path):
    """The tensors of a .safetensors file of 32-bit floats and integers."""
    kinds = {"F32": torch.float32, "I32": torch.int32, "I64": torch.int64}
    with open(path, "rb") as file:
        contents = bytearray(file.read())
    length, = struct.unpack("<Q", contents[:8])
    found = {}
    for name, entry in json.loads(contents[8:8 + length]).items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            raw = torch.frombuffer(contents[begin:end], dtype=kinds[entry["dtype"]])
            found[name] = raw.reshape(entry["shape"]).clone()
    return found


def peer_losses(method, golden, steps, batch_size=8):
    weights = tensors(os.path.join(golden, "source.safetensors"))
    start = tensors(os.path.join(golden, "trajectory-initial-head.safetensors"))
    data = tensors(os.path.join(golden, "trajectory-data.safetensors"))
    body, features, taps = networks.make("resnet18", base_width=8)
    body.load_state_dict({name: value for name, value in weights.items() if not name.startswith("fc.")}, strict=True)
    classifier = networks.Classifier(body, features, len(start["head.bias"])).train()
    load(classifier.head, start["head.weight"], start["head.bias"])
    changes = dict(CHANGES.get(method, {}))
    if method in ("lwf", "co-tuning"):
        classifier.source_head = torch.nn.Linear(features, len(weights["fc.bias"]))
        load(classifier.source_head, weights["fc.weight"], weights["fc.bias"])
    if method == "bi-tuning":
        classifier.projector = torch.nn.Linear(features, len(start["projector.bias"]))
        load(classifier.projector, start["projector.weight"], start["projector.bias"])
        changes.update(queue_h=start["queue_h"], queue_z=start["queue_z"])
    if method == "delta-attention":
        changes["attention"] = tensors(os.path.join(golden, "trajectory-attention.safetensors"))
    step = Step(method, classifier, methods.Settings(method, taps, **changes), rate=0.01)
    labels = data["labels"].long()
    step.method.prepare(Batch(data["images"], None, labels), step.autocast)
    losses = []
    for number in range(steps):
        rows = slice(number * batch_size, (number + 1) * batch_size)
        batch = Batch(data["images"][rows], data["images_second_view"][rows], labels[rows])
        batch.positions = torch.arange(rows.start, rows.stop)
        losses.append(step(batch))
    return losses


def load(layer, weight, bias):
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)


def ballast_losses(ballast, case, golden, steps):
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "run")
        subprocess.run(
            [ballast, "train", "--config", os.path.join(golden, f"trajectory-{case}.yaml"), "--set",
             f"output={output}", f"training.steps-per-epoch={steps}"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(os.path.join(output, "metrics.jsonl")) as lines:
            events = [json.loads(line) for line in lines]
    return [(event["loss"], event["classification-loss"], event["penalty"])
            for event in events if event["event"] == "step"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ballast")
    parser.add_argument("golden")
    parser.add_argument("--steps", type=int, default=3)
    options = parser.parse_args()
    worst = 0.0
    print("| method | step | Ballast: loss, penalty | PyTorch: loss, penalty |\n| --- | --- | --- | --- |")
    for method, case in CASES.items():
        found = ballast_losses(options.ballast, case, options.golden, options.steps)
        expected = peer_losses(method, options.golden, options.steps)
        for number, (own, peer) in enumerate(zip(found, expected, strict=True), 1):
            print(f"| {method} | {number} | {own[0]:.6f}, {own[2]:.6g} | {peer[0]:.6f}, {peer[2]:.6g} |")
            worst = max(worst, abs(own[0] - peer[0]) / abs(peer[0]))
    print(f"\nlargest relative difference of a loss: {worst:.1e}")
    sys.exit(1 if worst > 1e-3 else 0)


if __name__ == "__main__":
    main()
