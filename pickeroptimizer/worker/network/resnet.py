"""Residual networks without their classifier (He et al., CVPR 2016, doi:10.1109/CVPR.2016.90), for one grey channel.

The layout and the names of the layers are those of torchvision, so that its weights fit. Its own classes are not used:
to load torchvision takes longer than torch itself, and every command would wait for it.
"""
from typing import Dict, List, Optional, Tuple, Type, Union

from torch import Tensor, nn

WIDTHS = 64, 128, 256, 512      # channels of the stages; bottlenecks give four times as many


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)


class _Block(nn.Module):
    """What both kinds have in common: a way around the convolutions."""
    expansion: int

    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__()
        outputs = width * self.expansion
        self.relu = nn.ReLU(inplace=True)
        self.downsample: Optional[nn.Sequential] = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(_convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    def _beside(self, x: Tensor) -> Tensor:
        return x if self.downsample is None else self.downsample(x)


class BasicBlock(_Block):
    """Two convolutions of 3 x 3 px."""
    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__(inputs, width, stride)
        self.conv1, self.bn1 = _convolution(inputs, width, 3, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = _convolution(width, width, 3), nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (n, inputs, h, w) -> (n, width, h / stride, w / stride)."""
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + self._beside(x))


class Bottleneck(_Block):
    """A convolution of 3 x 3 px between two of 1 px that lessen and raise the number of channels."""
    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__(inputs, width, stride)
        self.conv1, self.bn1 = _convolution(inputs, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = _convolution(width, width, 3, stride), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = _convolution(width, 4 * width, 1), nn.BatchNorm2d(4 * width)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (n, inputs, h, w) -> (n, 4 width, h / stride, w / stride)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.relu(self.bn3(self.conv3(y)) + self._beside(x))


LAYOUTS: Dict[str, Tuple[Type[Union[BasicBlock, Bottleneck]], Tuple[int, ...]]] = {
    'resnet18': (BasicBlock, (2, 2, 2, 2)),
    'resnet34': (BasicBlock, (3, 4, 6, 3)),
    'resnet50': (Bottleneck, (3, 4, 6, 3)),
}


def stem_and_stages(architecture: str) -> Tuple[nn.Sequential, nn.ModuleList, List[int]]:
    """Return the stem, the four stages and the channels of these, with random weights (of He et al., ICCV 2015)."""
    kind, numbers = LAYOUTS[architecture]
    stem = nn.Sequential(nn.Conv2d(1, WIDTHS[0], 7, 2, padding=3, bias=False), nn.BatchNorm2d(WIDTHS[0]),
                         nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, padding=1))
    stages, inputs = nn.ModuleList(), WIDTHS[0]
    for stage, (width, number) in enumerate(zip(WIDTHS, numbers)):
        blocks = []
        for block in range(number):
            blocks.append(kind(inputs, width, 2 if stage and not block else 1))
            inputs = width * kind.expansion
        stages.append(nn.Sequential(*blocks))
    for layer in (*stem.modules(), *stages.modules()):
        # Without memory there is nothing to fill, and torch loads its compiler, seconds, to find out.
        if isinstance(layer, nn.Conv2d) and not layer.weight.is_meta:
            nn.init.kaiming_normal_(layer.weight, mode='fan_out', nonlinearity='relu')
    return stem, stages, [width * kind.expansion for width in WIDTHS]
