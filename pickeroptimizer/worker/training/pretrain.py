"""Pretrains the feature extractor on the categories of many data sets."""
import time
from dataclasses import dataclass
from typing import Callable, Dict, List

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..boxes.augmentation import augment
from ..boxes.categories import Categories
from ..boxes.cropping import INPUT_SIZE
from ..network.device import Device
from ..network.networks import FeatureExtractor, pooled_features

MOMENTUM = 0.9
LOG_EVERY = 50


@dataclass(frozen=True)
class PretrainRecipe:
    """How to pretrain.

    within: a box competes among the classes of its own data set only, as it will when the network is used; so
    nothing is won by telling data sets apart. Otherwise all categories compete, as in the paper.
    all_stages: the features of all stages are classified, not the last feature map alone (the paper's branch 1).
    one_cycle: the learning rate rises and falls once; otherwise it falls to a tenth every 7 epochs (the paper).
    """
    epochs: int
    learning_rate: float
    batch_size: int
    within: bool
    all_stages: bool
    one_cycle: bool
    fields: int
    weight_decay: float


RECIPES = {'default': PretrainRecipe(epochs=12, learning_rate=0.02, batch_size=128, within=True, all_stages=True,
                                     one_cycle=True, fields=2, weight_decay=1e-4),
           'paper': PretrainRecipe(epochs=200, learning_rate=0.1, batch_size=256, within=False, all_stages=False,
                                   one_cycle=False, fields=1, weight_decay=0.0)}


def pretrain(categories: Categories, extractor: FeatureExtractor, recipe: PretrainRecipe, device: Device, seed: int,
             log: Callable[[str], None], watch: Callable[[dict], None] = lambda curve: None) -> FeatureExtractor:
    """Train `extractor` (in place) to name the category of a box; the classifier on top is thrown away.

    After each epoch `watch` is given the curve so far: {'loss': one a epoch, 'accuracy': one a epoch (0-1)}, both of
    the boxes as they were shown.

    An epoch shows every box once, at a random one of the first `recipe.fields` fields of view, flipped, turned and
    changed a little in contrast and brightness.
    """
    torch.manual_seed(seed)
    where = device.torch_device
    net = extractor.train().to(where, memory_format=torch.channels_last)
    number = len(categories.class_names)
    width = sum(net.channels) if recipe.all_stages else net.channels[-1]
    classifier = nn.Linear(width, len(categories.names) * number).to(where)
    optimiser = torch.optim.SGD([*net.parameters(), *classifier.parameters()], lr=recipe.learning_rate,
                                momentum=MOMENTUM, weight_decay=recipe.weight_decay)
    steps = -(-len(categories.pixels) // recipe.batch_size)
    schedule = (torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, total_steps=recipe.epochs * steps,
                                                    pct_start=0.1) if recipe.one_cycle else
                torch.optim.lr_scheduler.StepLR(optimiser, step_size=7 * steps, gamma=0.1))
    start, done = time.monotonic(), 0
    curve: Dict[str, List[float]] = {'loss': [], 'accuracy': []}
    for epoch in range(recipe.epochs):
        total, right = 0.0, 0
        for batch in torch.randperm(len(categories.pixels)).split(recipe.batch_size):
            views = _views(categories, batch, recipe.fields).to(where, memory_format=torch.channels_last)
            data_sets, classes = categories.data_sets[batch].to(where), categories.classes[batch].to(where)
            with device.autocast():
                maps = net(views)
            features = pooled_features(maps if recipe.all_stages else maps[-1:])
            logits = classifier(features)
            goal = data_sets * number + classes
            if recipe.within:
                logits = logits.reshape(len(batch), -1, number)[torch.arange(len(batch)), data_sets]
                goal = classes
            loss = F.cross_entropy(logits, goal)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(batch)
            right += int((logits.argmax(dim=1) == goal).sum())
            done += 1
            if done % LOG_EVERY == 0:
                left = (time.monotonic() - start) / done * (recipe.epochs * steps - done)
                log(f'step {done} of {recipe.epochs * steps}, {left / 60:.0f} min left')
        curve['loss'].append(total / len(categories.pixels))
        curve['accuracy'].append(right / len(categories.pixels))
        log(f'epoch {epoch + 1} of {recipe.epochs}: loss {curve["loss"][-1]:.4f}, accuracy {curve["accuracy"][-1]:.4f}')
        watch(curve)
    return net.eval()


def _views(categories: Categories, batch: Tensor, fields: int) -> Tensor:
    """Augmented boxes (n, 1, INPUT_SIZE, INPUT_SIZE)."""
    field = torch.randint(0, fields, (len(batch),))
    pixels = augment(categories.pixels[batch, field][:, None].float(), INPUT_SIZE)
    contrast = torch.exp(0.2 * torch.randn(len(batch), 1, 1, 1))
    brightness = 0.1 * torch.randn(len(batch), 1, 1, 1)
    return pixels * contrast + brightness
