"""Pretrains the feature extractor on the categories of many data sets."""
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable, Dict, List, Optional

import torch
import torch.nn.functional as F
from torch import nn

from ..boxes.augmentation import SHIFT, ZOOM, augment, degrade
from ..boxes.categories import Categories
from ..boxes.cropping import INPUT_SIZE
from ..network.device import Device
from ..network.networks import FeatureExtractor, pooled_features
from .checkpoints import Checkpoint

MOMENTUM = 0.9
LOG_EVERY = 50


@dataclass(frozen=True)
class PretrainRecipe:
    """How to pretrain.

    within: a box competes among the classes of its own data set only, as it will when the network is used; so
    nothing is won by telling data sets apart. Otherwise all categories compete, as in the paper.
    general: weight of a second loss, of one classifier that names the class whatever the data set; 0: there is none.
    all_stages: the features of all stages are classified, not the last feature map alone (the paper's branch 1).
    one_cycle: the learning rate rises and falls once; otherwise it falls to a tenth every 7 epochs (the paper).
    degraded: boxes are shifted, zoomed, blurred, made noisy and coarse, too.
    """
    epochs: int
    learning_rate: float
    batch_size: int
    within: bool
    general: float
    all_stages: bool
    one_cycle: bool
    degraded: bool
    fields: int
    weight_decay: float


RECIPES = {'default': PretrainRecipe(epochs=12, learning_rate=0.02, batch_size=128, within=True, general=1.0,
                                     all_stages=True, one_cycle=True, degraded=True, fields=2, weight_decay=1e-4),
           'paper': PretrainRecipe(epochs=200, learning_rate=0.1, batch_size=256, within=False, general=0.0,
                                   all_stages=False, one_cycle=False, degraded=False, fields=1, weight_decay=0.0)}


def pretrain(categories: Categories, extractor: FeatureExtractor, recipe: PretrainRecipe, device: Device, seed: int,
             log: Callable[[str], None], watch: Callable[[dict], None] = lambda curve: None,
             checkpoint: Optional[Path] = None) -> FeatureExtractor:
    """Train `extractor` (in place) to name the category of a box; the classifiers on top are thrown away.

    After each epoch `watch` is given the curve so far: {'loss': one a epoch, 'accuracy': one a epoch (0-1)}, both of
    the boxes as they were shown.

    An epoch shows every box once, at a random one of the first `recipe.fields` fields of view, flipped, turned and
    changed as the recipe says. checkpoint: a file in which a run that was stopped goes on; the result is the same.
    """
    where = device.torch_device
    torch.manual_seed(seed)
    net = extractor.train().to(where, memory_format=torch.channels_last)
    task = _Task(categories, recipe, sum(net.channels) if recipe.all_stages else net.channels[-1]).to(where)
    parameters = [*net.parameters(), *task.parameters()]
    optimiser = torch.optim.SGD(parameters, lr=recipe.learning_rate, momentum=MOMENTUM,
                                weight_decay=recipe.weight_decay)
    steps = -(-len(categories.pixels) // recipe.batch_size)
    total_steps = recipe.epochs * steps
    schedule = (torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, total_steps=total_steps,
                                                    pct_start=0.1) if recipe.one_cycle else
                torch.optim.lr_scheduler.StepLR(optimiser, step_size=7 * steps, gamma=0.1))
    curve: Dict[str, List[float]] = {'loss': [], 'accuracy': []}
    sums = {'loss': 0.0, 'right': 0.0}
    saved = Checkpoint(checkpoint, {**asdict(recipe), 'seed': seed, 'data_sets': categories.counts()})
    first = saved.restore(nn.ModuleDict({'net': net, 'task': task}), optimiser, schedule, curve, sums)
    if first:
        log(f'going on after step {first} of {total_steps}, where an earlier run was stopped')
    start = time.monotonic()
    for step in range(first, total_steps):
        epoch, number = divmod(step, steps)
        order = torch.randperm(len(categories.pixels), generator=torch.Generator().manual_seed(seed + epoch))
        batch = order[number * recipe.batch_size:(number + 1) * recipe.batch_size]
        torch.manual_seed(seed * total_steps + step)      # what is drawn does not depend on where a run was stopped
        views, fields = _views(categories, batch, recipe)
        with device.autocast():
            maps = net(views.to(where, memory_format=torch.channels_last))
        features = pooled_features(maps if recipe.all_stages else maps[-1:])
        loss, right = task(features, categories.data_sets[batch].to(where), categories.classes[batch].to(where),
                           fields.to(where))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        sums['loss'] += float(loss.detach()) * len(batch)
        sums['right'] += right
        if number == steps - 1:
            curve['loss'].append(sums['loss'] / len(categories.pixels))
            curve['accuracy'].append(sums['right'] / len(categories.pixels))
            sums.update(loss=0.0, right=0.0)
            log(f'epoch {epoch + 1} of {recipe.epochs}: loss {curve["loss"][-1]:.4f}, accuracy '
                f'{curve["accuracy"][-1]:.4f}')
            watch(curve)
        if (step + 1) % LOG_EVERY == 0:
            left = (time.monotonic() - start) / (step + 1 - first) * (total_steps - step - 1)
            log(f'step {step + 1} of {total_steps}, {left / 60:.0f} min left')
        saved.keep(step + 1, nn.ModuleDict({'net': net, 'task': task}), optimiser, curve, sums)
    saved.remove()
    return net.eval()


class _Task(nn.Module):
    """The classifiers of a pretraining: that of the categories, and that of the classes of all data sets."""

    def __init__(self, categories: Categories, recipe: PretrainRecipe, width: int):
        super().__init__()
        self.recipe, self.number = recipe, len(categories.class_names)
        self.categories = nn.Linear(width, len(categories.names) * self.number)
        self.general = nn.Linear(width, recipe.fields * self.number) if recipe.general else None

    def forward(self, features, data_sets, classes, fields):
        """Return the loss, and how many boxes are right, by the classifier of the categories."""
        logits, goal, each = self.categories(features), data_sets * self.number + classes, torch.arange(len(features))
        if self.recipe.within:
            logits, goal = logits.reshape(len(features), -1, self.number)[each, data_sets], classes
        loss = F.cross_entropy(logits, goal)
        if self.general is not None:
            named = self.general(features).reshape(len(features), -1, self.number)[each, fields]
            loss = (loss + self.recipe.general * F.cross_entropy(named, classes)) / (1 + self.recipe.general)
        return loss, int((logits.argmax(dim=1) == goal).sum())


def _views(categories, batch, recipe):
    """Changed boxes (n, 1, INPUT_SIZE, INPUT_SIZE), and which field of view each has (n)."""
    field = torch.randint(0, recipe.fields, (len(batch),))
    pixels = categories.pixels[batch, field][:, None].float()
    pixels = (degrade(augment(pixels, INPUT_SIZE, SHIFT, ZOOM)) if recipe.degraded else augment(pixels, INPUT_SIZE))
    contrast = torch.exp(0.2 * torch.randn(len(batch), 1, 1, 1))
    brightness = 0.1 * torch.randn(len(batch), 1, 1, 1)
    return pixels * contrast + brightness, field
