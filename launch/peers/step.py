#!/usr/bin/env python3
"""Measures a training step of PyTorch with a method, as `ballast benchmark` does, and prints one JSON object.

Random images, one batch a process, used again and again. With several processes each has an equal part of the
threads, and gradients are averaged by DistributedDataParallel over gloo.
"""

import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import torch
import torch.distributed
from torch.nn import functional

import methods
import networks


class Batch:
    """What a step is given."""

    def __init__(self, images, second_view, labels):
        self.images, self.second_view, self.labels = images, second_view, labels
        self.positions = torch.arange(len(labels))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", default="resnet50")
    parser.add_argument("--method", default="fine-tune", choices=[*methods.KINDS, "bare"])
    parser.add_argument("--batch", type=int, default=8, help="samples a process")
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--memory-format", default="channels-last", choices=["channels-last", "contiguous"])
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of all processes together")
    parser.add_argument("--tllib", help="a checkout of Transfer-Learning-Library, whose methods are measured")
    return parser.parse_args()


def format_of(options):
    return torch.channels_last if options.memory_format == "channels-last" else torch.contiguous_format


def random_batch(options, rank):
    draw = torch.Generator().manual_seed(rank)
    shape = (options.batch, 3, options.image_size, options.image_size)
    images, second = (torch.rand(shape, generator=draw) * 2 - 1 for _ in range(2))
    labels = torch.arange(options.batch) % min(options.batch, 10)
    return Batch(images.to(memory_format=format_of(options)), second.to(memory_format=format_of(options)), labels)


def autocast_of(precision):
    if precision == "float32":
        return contextlib.nullcontext
    return lambda: torch.autocast("cpu", dtype=torch.bfloat16)


def optimizer_of(groups, weight_decay, rate):
    settings = dict(lr=rate, momentum=0.9, nesterov=True, weight_decay=weight_decay)
    try:
        return torch.optim.SGD(groups, fused=True, **settings)
    except (RuntimeError, TypeError, ValueError):
        return torch.optim.SGD(groups, foreach=True, **settings)


class Step:
    """One step of a method, from the forward pass to the update."""

    def __init__(self, method, classifier, settings, precision="float32", rate=0.0001):
        self.method = methods.make(method, classifier, settings)
        self.classifier, self.autocast = classifier, autocast_of(precision)
        self.optimizer = optimizer_of(self.method.groups(rate), self.method.weight_decay, rate)
        self.model = classifier
        if methods.world() > 1:
            self.model = torch.nn.parallel.DistributedDataParallel(classifier, gradient_as_bucket_view=True)

    def __call__(self, batch):
        """Trains, and returns the whole loss, the cross-entropy and the method's own term."""
        with self.autocast():
            output = self.model(batch.images)
            classification = functional.cross_entropy(output[1].float(), batch.labels)
            term = self.method.term(output, batch)
        loss = classification if term is None else classification + self.method.trade_off * term
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        body, head = self.method.after()
        self.optimizer.step()
        own = (0.0 if term is None else float(term.detach())) + body
        return float(loss.detach()) + self.method.trade_off * body + head, float(classification.detach()), own


def bare_step(options):
    """A loop as everybody writes it: torchvision's network, cross-entropy, SGD, and nothing else."""
    body, features, _ = networks.make(options.network)
    classes = min(options.batch, 10)
    model = torch.nn.Sequential(body, torch.nn.Linear(features, classes)).train()
    model = model.to(memory_format=format_of(options))
    optimizer = optimizer_of(model.parameters(), 5e-4, 0.0001)
    autocast = autocast_of(options.precision)

    def step(batch):
        optimizer.zero_grad(set_to_none=True)
        with autocast():
            loss = functional.cross_entropy(model(batch.images), batch.labels)
        loss.backward()
        optimizer.step()
        return float(loss.detach()), 0.0, 0.0

    return step


def peer_step(options, batch):
    torch.manual_seed(0)
    body, features, taps = networks.make(options.network)
    # Before anything is made of its parameters: copies, and buckets of gradients, have their strides.
    classifier = networks.Classifier(body, features, min(options.batch, 10)).to(memory_format=format_of(options))
    settings = methods.Settings(options.method, taps)
    if options.tllib:
        import tllib_step
        return tllib_step.make(options, body, features, taps, batch, autocast_of(options.precision), optimizer_of)
    step = Step(options.method, classifier.train(), settings, options.precision)
    step.method.prepare(batch, step.autocast)
    return step


def measure(options, rank):
    torch.set_num_threads(max(options.threads // options.processes, 1))
    batch = random_batch(options, rank)
    step = bare_step(options) if options.method == "bare" else peer_step(options, batch)
    for _ in range(options.warm_up):
        first = step(batch)
    seconds = []
    for _ in range(options.steps):
        if methods.world() > 1:
            torch.distributed.barrier()
        began = time.perf_counter()
        step(batch)
        seconds.append(time.perf_counter() - began)
    peak = torch.tensor([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024])
    if methods.world() > 1:
        torch.distributed.all_reduce(peak, op=torch.distributed.ReduceOp.MAX)
    if rank == 0:
        median = statistics.median(seconds)
        print(json.dumps({
            "network": options.network, "method": options.method, "precision": options.precision,
            "memory-format": options.memory_format, "ranks": options.processes, "local-batch": options.batch,
            "step-seconds": median, "images-per-second": options.processes * options.batch / median,
            "peak-memory-bytes": int(peak), "loss": first[0]}))


def main():
    options = arguments()
    if options.processes == 1:
        return measure(options, 0)
    rank = os.environ.get("RACE_RANK")
    if rank is not None:
        torch.distributed.init_process_group(
            "gloo", init_method="file://" + os.environ["RACE_MEETING"], rank=int(rank),
            world_size=options.processes)
        measure(options, int(rank))
        return torch.distributed.destroy_process_group()
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, RACE_MEETING=os.path.join(folder, "meeting"),
                           OMP_NUM_THREADS=str(max(options.threads // options.processes, 1)))
        started = [subprocess.Popen([sys.executable] + sys.argv, env=dict(environment, RACE_RANK=str(rank)))
                   for rank in range(options.processes)]
        codes = [process.wait() for process in started]
    sys.exit(max(codes, key=abs))


if __name__ == "__main__":
    main()
