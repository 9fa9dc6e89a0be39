"""Networks of the race: torchvision's residual networks, and EfficientNet-Lite0 as timm names its layers."""

import torch
from torch import nn
from torch.nn import functional
from torchvision.models import resnet


def residual(name, base_width=64):
    """torchvision's network without its classifier; of another width the stages are made anew."""
    body = getattr(resnet, name)(weights=None)
    if base_width != 64:
        kind = type(body.layer1[0])
        counts = [len(getattr(body, f"layer{stage}")) for stage in range(1, 5)]
        body.inplanes = base_width
        body.conv1 = nn.Conv2d(3, base_width, 7, stride=2, padding=3, bias=False)
        body.bn1 = nn.BatchNorm2d(base_width)
        for stage, count in enumerate(counts):
            made = body._make_layer(kind, base_width << stage, count, stride=1 if stage == 0 else 2)
            setattr(body, f"layer{stage + 1}", made)
    features = (base_width << 3) * type(body.layer1[0]).expansion
    last = "conv3" if hasattr(body.layer1[0], "conv3") else "conv2"
    taps = [f"layer{stage}.{len(getattr(body, f'layer{stage}')) - 1}.{last}" for stage in range(1, 5)]
    body.fc = nn.Identity()
    return body, features, taps


class SameConvolution(nn.Conv2d):
    """A convolution with TensorFlow's padding: more at the end where the sum is odd."""

    def __init__(self, inputs, outputs, size, stride, groups=1):
        padding = (size - 1) // 2 if stride == 1 else 0
        super().__init__(inputs, outputs, size, stride, padding, groups=groups, bias=False)

    def forward(self, x):
        if self.stride[0] > 1:
            sides = []
            for extent, size, stride in zip(x.shape[:1:-1], self.kernel_size, self.stride):
                total = max((-(-extent // stride) - 1) * stride + size - extent, 0)
                sides += [total // 2, total - total // 2]
            x = functional.pad(x, sides)
        return super().forward(x)


class InvertedResidual(nn.Module):
    """1x1 to several times the channels, depthwise, 1x1 without activation; the first is left out at factor 1."""

    def __init__(self, inputs, outputs, size, stride, expansion):
        super().__init__()
        width = inputs * expansion
        self.steps = []

        def step(name, convolution, activation=True):
            number = len(self.steps) + 1
            setattr(self, name, convolution)
            setattr(self, f"bn{number}", nn.BatchNorm2d(convolution.out_channels, eps=1e-3))
            self.steps.append((name, f"bn{number}", activation))

        if expansion > 1:
            step("conv_pw", nn.Conv2d(inputs, width, 1, bias=False))
        step("conv_dw", SameConvolution(width, width, size, stride, groups=width))
        step("conv_pwl" if expansion > 1 else "conv_pw", nn.Conv2d(width, outputs, 1, bias=False), False)
        self.adds_input = stride == 1 and inputs == outputs

    def forward(self, x):
        y = x
        for convolution, normalization, activation in self.steps:
            y = getattr(self, normalization)(getattr(self, convolution)(y))
            if activation:
                y = functional.relu6(y, inplace=True)
        return x + y if self.adds_input else y


class EfficientNetLite0(nn.Module):
    """Tan and Le, ICML 2019; Liu, TensorFlow blog, 2020: no squeeze and excitation, ReLU6."""

    PLAN = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112),
            (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)]

    def __init__(self):
        super().__init__()
        self.conv_stem = SameConvolution(3, 32, 3, 2)
        self.bn1 = nn.BatchNorm2d(32, eps=1e-3)
        channels, stages = 32, []
        for count, size, stride, expansion, outputs in self.PLAN:
            blocks = []
            for index in range(count):
                blocks.append(InvertedResidual(channels, outputs, size, stride if index == 0 else 1, expansion))
                channels = outputs
            stages.append(nn.Sequential(*blocks))
        self.blocks = nn.Sequential(*stages)
        self.conv_head = nn.Conv2d(channels, 1280, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(1280, eps=1e-3)

    def forward(self, x):
        x = functional.relu6(self.bn1(self.conv_stem(x)), inplace=True)
        x = self.blocks(x)
        x = functional.relu6(self.bn2(self.conv_head(x)), inplace=True)
        return x.mean((2, 3))


def make(name, base_width=64):
    """A body that makes features [N, F] of images, F, and the layers whose maps DELTA compares."""
    if name == "efficientnet-lite0":
        last = ["conv_pw"] + ["conv_pwl"] * 6
        counts = [plan[0] for plan in EfficientNetLite0.PLAN]
        taps = [f"blocks.{stage}.{counts[stage] - 1}.{last[stage]}" for stage in range(7)]
        return EfficientNetLite0(), 1280, taps
    return residual({"resnext50-32x4d": "resnext50_32x4d", "wide-resnet50-2": "wide_resnet50_2"}.get(name, name),
                    base_width)


def fold_normalization(body, kept):
    """Folds batch normalization into the convolutions before it, but for those whose outputs are kept."""
    modules = list(body.named_modules())
    for (name, convolution), (other, normalization) in zip(modules, modules[1:]):
        # torchvision registers bn1 behind conv1, and what lies between them has no parameters.
        if not isinstance(convolution, nn.Conv2d) or not isinstance(normalization, nn.BatchNorm2d) or name in kept:
            continue
        folded = nn.utils.fusion.fuse_conv_bn_eval(convolution, normalization)
        replace(body, name, folded)
        replace(body, other, nn.Identity())
    return body


def replace(body, name, module):
    *path, last = name.split(".")
    setattr(body.get_submodule(".".join(path)), last, module)


class Observer:
    """The outputs of named layers in the last forward pass."""

    def __init__(self, body, names):
        self.maps = {}
        for name in names:
            body.get_submodule(name).register_forward_hook(
                lambda module, inputs, output, name=name: self.maps.__setitem__(name, output))

    def in_order(self, names):
        return [self.maps[name] for name in names]


class Classifier(nn.Module):
    """Features and the logits of a new head; with `source_head` and `projector` theirs as well."""

    def __init__(self, body, features, classes):
        super().__init__()
        self.body, self.features = body, features
        self.head = nn.Linear(features, classes)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)
        self.source_head = None
        self.projector = None

    def forward(self, images):
        features = self.body(images)
        source = self.source_head(features) if self.source_head is not None else None
        projection = self.projector(features) if self.projector is not None else None
        return features, self.head(features), source, projection
