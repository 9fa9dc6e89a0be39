"""A training step with the classes of the reference library, as its examples write the loop.

Its own copies of torchvision's networks do not load with recent versions of torchvision, so the classifiers are given
torchvision's network itself, whose last feature map the library pools.
"""

import copy
import os
import sys
import types

import torch
from torch import nn
from torch.nn import functional


class Body(nn.Module):
    """A network up to its last feature map, with the attributes that the library asks for."""

    def __init__(self, body, features):
        super().__init__()
        self.body, self.out_features = body, features
        if hasattr(body, "avgpool"):
            body.avgpool = nn.Identity()
        else:
            raise SystemExit("the reference library has residual networks only")

    def forward(self, x):
        b = self.body
        x = b.maxpool(b.relu(b.bn1(b.conv1(x))))
        return b.layer4(b.layer3(b.layer2(b.layer1(x))))


def use(checkout):
    """Makes the library's modules importable without all that the package itself imports."""
    package = types.ModuleType("tllib")
    package.__path__ = [os.path.join(checkout, "tllib")]
    sys.modules["tllib"] = package


def make(options, body, features, taps, batch, autocast, optimizer_of):
    if options.processes > 1:
        raise SystemExit("the reference library trains in one process")
    use(options.tllib)
    from tllib.modules.classifier import Classifier
    from tllib.regularization import bi_tuning, bss, co_tuning, delta, lwf

    classes, method, rate = min(options.batch, 10), options.method, 0.0001
    last = torch.channels_last if options.memory_format == "channels-last" else torch.contiguous_format
    backbone = Body(body, features).to(memory_format=last)
    weight_decay = 0.0 if method in ("l2-sp", "delta", "delta-attention") else 5e-4
    state = types.SimpleNamespace(model=None)

    def trained(model):
        state.model = model.train()
        return model

    if method in ("lwf", "co-tuning"):
        module = co_tuning if method == "co-tuning" else lwf
        model = trained(module.Classifier(backbone, classes, head_source=nn.Linear(features, 1000)))
        with torch.no_grad():
            pooled = model.pool_layer(backbone.eval()(batch.images))
            given = functional.softmax(model.head_source(pooled), dim=1)
        backbone.train()
        co_loss = co_tuning.CoTuningLoss()

        def objective():
            source, target = model(batch.images)
            loss = functional.cross_entropy(target, batch.labels)
            if method == "co-tuning":
                return loss + 2.3 * co_loss(source, given)
            return loss + 4 * functional.kl_div(
                functional.log_softmax(source / 3, dim=1), given, reduction="batchmean")
    elif method == "bi-tuning":
        query = bi_tuning.Classifier(backbone, classes)
        key = bi_tuning.Classifier(copy.deepcopy(backbone), classes)
        both = bi_tuning.BiTuning(query, key, classes).train()
        trained(query)

        def objective():
            y, on_z, on_y, target = both(batch.images, batch.second_view, batch.labels)
            return functional.cross_entropy(y, batch.labels) + functional.kl_div(
                on_z, target, reduction="batchmean") + functional.kl_div(on_y, target, reduction="batchmean")
    else:
        model = trained(Classifier(backbone, classes))
        source = copy.deepcopy(backbone).eval()
        for parameter in source.parameters():
            parameter.requires_grad_(False)
        shrinkage = bss.BatchSpectralShrinkage()
        start, decay = delta.SPRegularization(source, backbone), delta.L2Regularization(model.head)
        layers = ["body." + tap for tap in taps]
        seen = delta.IntermediateLayerGetter(backbone, layers)
        reference = delta.IntermediateLayerGetter(source, layers)
        distance = delta.BehavioralRegularization()
        if method == "delta-attention":
            widths = [backbone.get_submodule(layer).out_channels for layer in layers]
            distance = delta.AttentionBehavioralRegularization([torch.full((w,), 1 / w) for w in widths])

        def objective():
            if method.startswith("delta"):
                with torch.no_grad():
                    expected, _ = reference(batch.images)
                found, map = seen(batch.images)
                y = model.head(model.pool_layer(map))
                loss = functional.cross_entropy(y, batch.labels)
                return loss + 0.01 * distance(expected, found) + 0.01 * decay()
            y, f = model(batch.images)
            loss = functional.cross_entropy(y, batch.labels)
            if method == "l2-sp":
                return loss + 0.01 * start() + 0.01 * decay()
            return loss + 0.001 * shrinkage(f) if method == "bss" else loss

    groups = [dict(group, params=list(group["params"])) for group in state.model.get_parameters(rate)]
    groups = [group for group in groups if group["params"]]
    optimizer = optimizer_of(groups, weight_decay, rate)

    def step(_):
        optimizer.zero_grad(set_to_none=True)
        with autocast():
            loss = objective()
        loss.backward()
        optimizer.step()
        return float(loss.detach()), 0.0, 0.0

    return step
