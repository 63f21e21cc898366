"""The networks: a ResNet as feature extractor, and the heads that turn its feature maps into class scores.

The extractor sees one grey channel. For weights made on colour pictures, the first convolution's three input
channels are summed: the same result as showing the grey picture three times, at a third of the work.
"""
from typing import List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from torch import Tensor, nn

from .resnet import LAYOUTS, stem_and_stages

ARCHITECTURES = tuple(LAYOUTS)
THIRD_BRANCH_CHANNELS = 128
LEAST_PROBABILITY = 1e-12      # what a logarithm is taken of, and what is divided by
LEAST_SCALE = 0.1      # of a feature's s.d., as a share of the median one
PLAINLY_JUNK = 0.2     # probability of being a particle below which a pick does not tell what particles are like
LEAST_LEFT = 10        # picks whose median does


class FeatureExtractor(nn.Module):
    """A ResNet without its classifier: (n, 1, s, s) -> the feature maps of its four stages.

    ranges: of its maps, as activation_ranges.observe_ranges gives them, or None where they are not known.
    """

    def __init__(self, architecture: str):
        super().__init__()
        self.stem, self.stages, self.channels = stem_and_stages(architecture)
        self.ranges: Optional[List[Tuple[float, float]]] = None

    def forward(self, boxes: Tensor) -> List[Tensor]:
        """Boxes (n, 1, s, s) -> the maps of the four stages."""
        maps, x = [], self.stem(boxes)
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps

    def pooled(self, boxes: Tensor) -> Tensor:
        """Boxes (n, 1, s, s) -> the mean of every channel of every stage (n, sum of channels), float32."""
        return pooled_features(self(boxes))


def extractor_state(resnet_state: dict) -> dict:
    """Rename the state of a torchvision ResNet (with its classifier, three input channels) to FeatureExtractor's."""
    stem = {'conv1': '0', 'bn1': '1'}
    state = {}
    for name, tensor in resnet_state.items():
        top, rest = name.split('.', 1)
        if top == 'fc':
            continue
        if name == 'conv1.weight' and tensor.shape[1] == 3:
            tensor = tensor.sum(dim=1, keepdim=True)
        prefix = f'stem.{stem[top]}' if top in stem else f'stages.{int(top[-1]) - 1}'
        state[f'{prefix}.{rest}'] = tensor
    return state


def _branch(channels: Sequence[int], classes: int) -> nn.Sequential:
    """1x1 convolutions through `channels`, global average pooling, one fully connected layer."""
    layers: List[nn.Module] = []
    for before, after in zip(channels, channels[1:]):
        layers += [nn.Conv2d(before, after, kernel_size=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels[-1], classes))


class MultiLossHead(nn.Module):
    """The paper's classifier (section 2.1.3): branches with the same task and increasing compression.

    Branch 1 pools the last feature map; branch 2 halves its channels first; branch 3 (the paper's section 3.4.2.2)
    goes down to 128 channels in two steps. Every fully connected layer starts from a uniform distribution.
    """

    def __init__(self, channels: int, classes: int, branches: int = 2):
        super().__init__()
        ways = ((channels,), (channels, channels // 2), (channels, channels // 2, THIRD_BRANCH_CHANNELS))
        self.branches = nn.ModuleList(_branch(way, classes) for way in ways[:branches])
        for branch in self.branches:
            layer = branch[-1]
            bound = layer.in_features ** -0.5
            nn.init.uniform_(layer.weight, -bound, bound)
            nn.init.uniform_(layer.bias, -bound, bound)

    def forward(self, maps: List[Tensor]) -> List[Tensor]:
        """Return the logits (n, classes) of each branch."""
        return [branch(maps[-1]) for branch in self.branches]


def pooled_features(maps: List[Tensor]) -> Tensor:
    """Describe a box by the mean of every channel of every stage: (n, sum of channels), float32."""
    return torch.cat([m.float().mean(dim=(2, 3)) for m in maps], dim=1)


def tempered(probabilities: Tensor, temperature: Union[float, Tensor]) -> Tensor:
    """Make probabilities (n, classes) sharper (temperature < 1) or blunter (> 1); keeps their precision.

    First those of the particle and of all junk together, then those of the kinds of junk among themselves. At a
    temperature over all classes at once, many kinds that resemble each other would outweigh a particle that is more
    probable than all of them.
    """
    logs = probabilities.clamp(min=LEAST_PROBABILITY).log()
    kinds = logs[:, 1:]
    pair = (torch.stack([logs[:, 0], kinds.logsumexp(dim=1)], dim=1) / temperature).softmax(dim=1)
    return torch.cat([pair[:, :1], pair[:, 1:] * (kinds / temperature).softmax(dim=1)], dim=1)


class Recogniser(nn.Module):
    """A feature extractor and whatever turns its features into probabilities.

    Also the temperature that makes these mean what they say, and the features of labelled boxes, which tell how new a
    box is.
    width: number of features; references: number of labelled boxes that are remembered.
    """

    def __init__(self, extractor: FeatureExtractor, width: int, references: int):
        super().__init__()
        self.extractor = extractor
        self.register_buffer('temperature', torch.ones(()))
        self.register_buffer('mean', torch.zeros(width))
        self.register_buffer('scale', torch.ones(width))
        self.register_buffer('references', torch.zeros(references, width))
        self.register_buffer('spacing', torch.ones(()))

    def standardise_by(self, features: Tensor) -> None:
        """Take mean and s.d. of features (n, width) as those of every box.

        A feature that hardly varies among a few labelled boxes may vary a lot elsewhere; LEAST_SCALE bounds what it
        can come to then.
        """
        scale = features.std(dim=0)
        self.mean.copy_(features.mean(dim=0))
        self.scale.copy_(scale.clamp(min=max(LEAST_SCALE * float(scale.median()), LEAST_PROBABILITY)))

    def remember(self, features: Tensor) -> None:
        """Keep the features of labelled boxes (n, width), as many of them as there is room for, to tell new ones."""
        chosen = torch.linspace(0, len(features) - 1, len(self.references)).round().long()
        self.references.copy_(self.standardised(features[chosen]).half())      # as the model file will hold them
        apart = torch.cdist(self.references, self.references).fill_diagonal_(torch.inf).min(dim=1).values.median()
        # One box has no neighbour: what standardised features are apart that have nothing to do with each other.
        usual = apart if torch.isfinite(apart) else torch.tensor((2.0 * features.shape[1]) ** 0.5)
        self.spacing.copy_(usual.clamp(min=LEAST_PROBABILITY))

    def judge(self, boxes: Tensor) -> Tuple[Tensor, Tensor]:
        """Boxes (n, fields, s, s) -> probabilities (n, classes) and novelty (n), float32.

        Novelty is the distance to the nearest labelled box, in units of what is usual between labelled boxes and
        their nearest: about 1 for what was labelled; far above 1 for what no label resembles.
        """
        described, probabilities = self.describe(boxes)
        with torch.autocast(described.device.type, enabled=False):
            distances = torch.cdist(self.standardised(described), self.references)
            return probabilities, distances.min(dim=1).values / self.spacing

    def standardised(self, features: Tensor) -> Tensor:
        """Return features (n, width) standardised by the mean and the s.d. that were taken."""
        return (features - self.mean) / self.scale


class MultiLossRecogniser(Recogniser):
    """The paper's network: one field of view, last feature map, the mean of the branches' probabilities."""

    def __init__(self, extractor: FeatureExtractor, classes: int, branches: int = 2, references: int = 0):
        super().__init__(extractor, extractor.channels[-1], references)
        self.head = MultiLossHead(extractor.channels[-1], classes, branches)

    def forward(self, boxes: Tensor) -> List[Tensor]:
        """Boxes (n, 1, s, s) -> the logits (n, classes) of each branch."""
        return self.head(self.extractor(boxes))

    def describe(self, boxes: Tensor) -> Tuple[Tensor, Tensor]:
        """(n, 1, s, s) -> the pooled last feature map (n, width) and the probabilities (n, classes), float32."""
        maps = self.extractor(boxes)
        branches = torch.stack([logits.float().softmax(dim=1) for logits in self.head(maps)])
        return pooled_features(maps[-1:]), tempered(branches.mean(dim=0), self.temperature)


class LinearRecogniser(Recogniser):
    """Frozen features of all stages, for every field of view, and one linear layer on their standardised values."""

    def __init__(self, extractor: FeatureExtractor, classes: int, fields: int, references: int = 0):
        width = sum(extractor.channels) * fields
        super().__init__(extractor, width, references)
        self.linear = nn.Linear(width, classes)

    def features(self, boxes: Tensor) -> Tensor:
        """(n, fields, s, s) -> (n, fields * sum of channels), float32."""
        n, fields, size, _ = boxes.shape
        return self.extractor.pooled(boxes.reshape(n * fields, 1, size, size)).reshape(n, -1)

    def classify(self, features: Tensor) -> Tensor:
        """(n, width) -> probabilities (n, classes)."""
        with torch.autocast(features.device.type, enabled=False):
            return tempered(self.linear(self.standardised(features)).softmax(dim=1), self.temperature)

    def describe(self, boxes: Tensor) -> Tuple[Tensor, Tensor]:
        """(n, fields, s, s) -> the features (n, width) and the probabilities (n, classes), float32."""
        features = self.features(boxes)
        return features, self.classify(features)


def typical(features: np.ndarray, particle: np.ndarray) -> np.ndarray:
    """Return the median (width) of features (n, width) of picks that are not plainly junk.

    particle: how probably each is a particle by itself (n). If hardly any are left, it is the median of all.
    """
    left = particle >= PLAINLY_JUNK
    return np.median(features[left] if left.sum() >= LEAST_LEFT else features, axis=0)


class GeneralRecogniser(LinearRecogniser):
    """What is known before a box is labelled: two linear classifiers of the same features, fitted to many experiments.

    `linear` looks at a box by itself. `among` also looks at how it differs from the median of the picks of its run that
    are not plainly junk, most of which are particles, by `beside`. Where the two disagree, it cannot be told without
    labels.
    """

    def __init__(self, extractor: FeatureExtractor, classes: int, fields: int, references: int = 0):
        super().__init__(extractor, classes, fields, references)
        width = self.linear.in_features
        self.among = nn.Linear(width, classes)
        self.beside = nn.Linear(width, classes, bias=False)

    def adapted(self, features: Tensor) -> LinearRecogniser:
        """Return the recogniser for the run whose picks, or a sample of them, have these features (n, width)."""
        recogniser = self.by_itself()
        with torch.no_grad():
            standard = self.standardised(features)
            particle = self.linear(standard).softmax(dim=1)[:, 0]
            median = torch.from_numpy(typical(standard.numpy(), particle.numpy()))
            recogniser.linear.weight.copy_(self.among.weight + self.beside.weight)
            recogniser.linear.bias.copy_(self.among.bias - self.beside.weight @ median)
        return recogniser

    def by_itself(self) -> LinearRecogniser:
        """Return the recogniser that looks at each box by itself."""
        fields = self.linear.in_features // sum(self.extractor.channels)
        recogniser = LinearRecogniser(self.extractor, self.linear.out_features, fields, len(self.references))
        own = self.state_dict()
        recogniser.load_state_dict({name: own[name] for name in recogniser.state_dict()})
        return recogniser.eval()
