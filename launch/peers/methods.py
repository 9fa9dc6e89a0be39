"""The methods of the race, from the papers' formulas: what each adds to the cross-entropy, and what it needs.

A method is made of a classifier. `term` gives its own term and the weight of it, as a part of the graph; `after`
adds the gradients of terms of parameters alone in closed form, which is faster than to differentiate them.
"""

import copy

import torch
import torch.distributed
from torch import nn
from torch.nn import functional

import networks


def world():
    return torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1


class FineTune:
    """Nothing but the cross-entropy."""

    weight_decay = 5e-4
    trade_off = 1.0

    def __init__(self, classifier, settings):
        self.classifier, self.settings = classifier, settings

    def prepare(self, batch, autocast):
        """Looks at the samples before the first step."""

    def term(self, output, batch):
        """The method's own term, in 32 bits, before its weight; None where there is none."""
        return None

    def after(self):
        """Adds gradients of parameter-only terms, and returns those terms: of the body, of the head."""
        return 0.0, 0.0

    def groups(self, rate):
        """Trained parameters: new layers at the rate, all else at a tenth of it."""
        slow = list(self.classifier.body.parameters())
        for module in [self.classifier.source_head, self.classifier.projector]:
            if module is not None:
                slow += [parameter for parameter in module.parameters() if parameter.requires_grad]
        return [{"params": slow, "lr": 0.1 * rate}, {"params": list(self.classifier.head.parameters()), "lr": rate}]


class HeadDecay(FineTune):
    """b/2 |v|^2 over the head takes the place of weight decay."""

    weight_decay = 0.0

    def after(self):
        head = list(self.classifier.head.parameters())
        with torch.no_grad():
            torch._foreach_add_([p.grad for p in head], head, alpha=self.settings.head_trade_off)
            value = sum(p.square().sum() for p in head) / 2
        return 0.0, self.settings.head_trade_off * float(value)


class L2SP(HeadDecay):
    """a/2 |w - w0|^2 over the body: Li, Grandvalet and Davoine, ICML 2018."""

    def __init__(self, classifier, settings):
        super().__init__(classifier, settings)
        self.trade_off = settings.trade_off
        self.parameters = list(classifier.body.parameters())
        self.start = [parameter.detach().clone() for parameter in self.parameters]

    def after(self):
        _, head = super().after()
        with torch.no_grad():
            moved = torch._foreach_sub(self.parameters, self.start)
            torch._foreach_add_([p.grad for p in self.parameters], moved, alpha=self.trade_off)
            value = sum(norm.double().square() for norm in torch._foreach_norm(moved)) / 2
        return float(value), head


class DELTA(HeadDecay):
    """The sum over layers of |FM - FM0|^2 / 2, by channel with attention: Li et al., ICLR 2019."""

    def __init__(self, classifier, settings):
        super().__init__(classifier, settings)
        self.trade_off = settings.trade_off
        self.taps = settings.taps
        source = copy.deepcopy(classifier.body).eval()
        for parameter in source.parameters():
            parameter.requires_grad_(False)
        self.source = networks.fold_normalization(source, kept=set(self.taps))
        self.seen = networks.Observer(classifier.body, self.taps)
        self.reference = networks.Observer(self.source, self.taps)
        self.attention = settings.attention

    def term(self, output, batch):
        with torch.no_grad():
            self.source(batch.images)
        total = 0.0
        for tap, map, reference in zip(
                self.taps, self.seen.in_order(self.taps), self.reference.in_order(self.taps)):
            difference = map.float() - reference.float()
            if self.attention is None:
                total = total + difference.square().sum() / 2
            else:
                factor = difference.shape[1] / (difference.shape[2] * difference.shape[3]) / 2
                total = total + factor * (difference.square().sum((0, 2, 3)) * self.attention[tap]).sum()
        # A sum over the batch: distributed training takes the mean of the processes.
        return total * world()


class LWF(FineTune):
    """KL from recorded responses of the old head at a temperature: Li and Hoiem, ECCV 2016."""

    def __init__(self, classifier, settings):
        super().__init__(classifier, settings)
        self.trade_off, self.temperature = settings.trade_off, settings.temperature
        for parameter in classifier.source_head.parameters():
            parameter.requires_grad_(False)

    def prepare(self, batch, autocast):
        was = self.classifier.training
        self.classifier.eval()
        with torch.no_grad(), autocast():
            logits = self.classifier(batch.images)[2].float()
        self.responses = functional.softmax(logits / self.temperature, dim=1)
        self.classifier.train(was)

    def term(self, output, batch):
        predicted = functional.log_softmax(output[2].float() / self.temperature, dim=1)
        return functional.kl_div(predicted, self.responses[batch.positions], reduction="batchmean")


class CoTuning(FineTune):
    """Cross-entropy of the old head with p(source class given label): You et al., NeurIPS 2020."""

    def __init__(self, classifier, settings):
        super().__init__(classifier, settings)
        self.trade_off = settings.trade_off

    def prepare(self, batch, autocast):
        was = self.classifier.training
        self.classifier.eval()
        with torch.no_grad(), autocast():
            probabilities = functional.softmax(self.classifier(batch.images)[2].float(), dim=1)
        rows = []
        for label in range(self.classifier.head.out_features):
            mine = probabilities[batch.labels == label]
            rows.append((mine if len(mine) > 0 else probabilities).mean(0))
        self.relationship = torch.stack(rows)
        self.classifier.train(was)

    def term(self, output, batch):
        predicted = functional.log_softmax(output[2].float(), dim=1)
        return -(self.relationship[batch.labels] * predicted).sum(1).mean()


class BiTuning(FineTune):
    """Contrastive terms on projections and on classifiers, with queues of keys: Zhong et al., arXiv 2011.06182."""

    def __init__(self, classifier, settings):
        super().__init__(classifier, settings)
        self.trade_off = settings.trade_off
        self.temperature, self.momentum = settings.temperature, settings.key_momentum
        self.length = settings.queue_length
        self.key = copy.deepcopy(classifier)
        for parameter in self.key.parameters():
            parameter.requires_grad_(False)
        self.classes = classifier.head.out_features
        self.queue_h = settings.queue_h
        self.queue_z = settings.queue_z
        if self.queue_h is None:
            draw = torch.Generator().manual_seed(0)
            for name, size in [("queue_h", classifier.features + 1), ("queue_z", classifier.projector.out_features)]:
                queue = torch.randn(size, self.classes, self.length, generator=draw)
                setattr(self, name, functional.normalize(queue, dim=0))
        self.next = [0] * self.classes
        self.pairs = list(zip(self.key.parameters(), classifier.parameters()))

    def encoded(self, output):
        features, _, _, projection = output
        features = features.float()
        ones = torch.ones(len(features), 1)
        return functional.normalize(torch.cat([features, ones], 1), dim=1), functional.normalize(
            projection.float(), dim=1)

    def contrast(self, own, queue, labels):
        """KL to equal shares of the own key and the keys of the class, for `[N]` and `[N, K, length]` similarities."""
        rows = torch.cat([own[:, None], queue.flatten(1)], 1) / self.temperature
        predicted = functional.log_softmax(rows, dim=1)
        share = 1 / (self.length + 1)
        same = functional.one_hot(labels, self.classes).repeat_interleave(self.length, dim=1)
        target = torch.cat([torch.ones(len(own), 1), same], 1) * share
        return functional.kl_div(predicted, target, reduction="batchmean")

    def term(self, output, batch):
        h, z = self.encoded(output)
        with torch.no_grad():
            keys, queries = [key for key, _ in self.pairs], [query for _, query in self.pairs]
            torch._foreach_mul_(keys, self.momentum)
            torch._foreach_add_(keys, queries, alpha=1 - self.momentum)
            key_h, key_z = self.encoded(self.key(batch.second_view))
        before = self.queue_z.clone()
        on_z = self.contrast((z * key_z).sum(1), torch.einsum("nd,dkl->nkl", z, before), batch.labels)
        self.enqueue(key_h, key_z, batch.labels)
        head = self.classifier.head
        columns = functional.normalize(
            torch.cat([head.weight.detach(), head.bias.detach()[:, None]], 1), dim=1)[batch.labels]
        on_y = self.contrast(
            (h * columns).sum(1), torch.einsum("nf,fkl->nkl", columns, self.queue_h), batch.labels)
        return on_z + on_y

    def enqueue(self, h, z, labels):
        if world() > 1:
            h, z, labels = (gathered(values) for values in (h, z, labels))
        for row, label in enumerate(labels.tolist()):
            place = self.next[label]
            self.queue_h[:, label, place] = h[row]
            self.queue_z[:, label, place] = z[row]
            self.next[label] = (place + 1) % self.length


def gathered(values):
    parts = [torch.empty_like(values) for _ in range(world())]
    torch.distributed.all_gather(parts, values.contiguous())
    return torch.cat(parts)


class BSS(FineTune):
    """The smallest squared singular values of the features: Chen et al., NeurIPS 2019."""

    def __init__(self, classifier, settings):
        super().__init__(classifier, settings)
        self.trade_off, self.count = settings.trade_off, settings.singular_values

    def term(self, output, batch):
        return torch.linalg.svdvals(output[0].float())[-self.count:].square().sum()


KINDS = {
    "fine-tune": FineTune, "l2-sp": L2SP, "delta": DELTA, "delta-attention": DELTA, "lwf": LWF,
    "co-tuning": CoTuning, "bi-tuning": BiTuning, "bss": BSS,
}


class Settings:
    """Defaults of the reference library; what a method does not know it does not read."""

    TRADE_OFFS = {"l2-sp": 0.01, "delta": 0.01, "delta-attention": 0.01, "lwf": 4.0, "co-tuning": 2.3,
                  "bi-tuning": 1.0, "bss": 0.001}

    def __init__(self, method, taps, **changes):
        self.trade_off = self.TRADE_OFFS.get(method, 1.0)
        self.head_trade_off = 0.01
        self.taps, self.attention = taps, None
        self.temperature = 3.0 if method == "lwf" else 0.07
        self.key_momentum, self.queue_length, self.projection = 0.999, 40, 128
        self.queue_h = self.queue_z = None
        self.singular_values = 1
        self.__dict__.update(changes)


def make(method, classifier, settings, source_classes=1000):
    """The method on a classifier, with the layers that it needs in it; those that are there stay."""
    if method in ("lwf", "co-tuning") and classifier.source_head is None:
        classifier.source_head = nn.Linear(classifier.features, source_classes)
    if method == "bi-tuning" and classifier.projector is None:
        classifier.projector = nn.Linear(classifier.features, settings.projection)
    if method == "delta-attention" and settings.attention is None:
        settings.attention = {
            tap: torch.full((classifier.body.get_submodule(tap).out_channels,),
                            1 / classifier.body.get_submodule(tap).out_channels)
            for tap in settings.taps}
    return KINDS[method](classifier, settings)
