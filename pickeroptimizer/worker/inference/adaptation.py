"""What a run's own picks tell a general recogniser, which nobody has given labels."""
from contextlib import suppress
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional

import numpy as np
import torch

from ..exchange.classes import is_particle
from ..exchange.errors import InputError
from ..exchange.model_header import ModelHeader
from ..network.device import Device
from ..network.networks import GeneralRecogniser, LinearRecogniser
from .first_picks import first_picks
from .predictors import Embedder
from .prefetching import prefetch_and_predict
from .sources import MicrographPicks

PICKS = 480          # that are looked at before any is scored,
MOST_EACH = 60       # so many on each micrograph at the most
LEAST = 30           # picks whose median tells anything
UNSURE = 0.15        # share of the picks that the two ways of looking judge differently, from which on it is said
NOVEL = 2.0          # from here on hardly any box of a known kind is met
MOSTLY = 0.5         # share of the picks that are novel from which on, or particles below which, it is said
KNOWN_WAY = ('Label three or more boxes of each class with "label and train": it starts from what the general model '
             'knows, and every label helps.')


class Adapted(NamedTuple):
    """A recogniser for one run, the groups of its picks, and what is to be said of it: lines, and facts for reports."""
    recogniser: LinearRecogniser
    groups: Iterator[Optional[MicrographPicks]]
    warnings: List[str]
    facts: Dict[str, Any]


def adapt(general: GeneralRecogniser, header: ModelHeader, groups: Iterable[Optional[MicrographPicks]], device: Device,
          inverted: bool, log: Callable[[str], None]) -> Adapted:
    """Look at the first picks of a run, and fit a general recogniser to them.

    header: with the box of the picks. The same picks are looked at whenever the run goes on.
    """
    number = 0

    def is_enough(group: MicrographPicks) -> bool:
        nonlocal number
        number += min(len(group.ids), MOST_EACH)
        return number >= PICKS

    log(f'general model: looking at the first picks, {PICKS} if there are so many')
    seen, groups = first_picks(groups, is_enough)
    by_itself = general.by_itself()
    features = _features(by_itself, header, seen, device, inverted, log)
    if len(features) < LEAST:
        line = (f'{len(features)} picks are too few to tell what most of them are like: each is judged by itself. '
                f'{KNOWN_WAY}')
        return Adapted(by_itself, groups, [line], {'picks': len(features)})
    among = general.adapted(features)
    alone, beside = (is_particle(recogniser.classify(features)[:, 0].detach().numpy())
                     for recogniser in (by_itself, among))
    unsure = float((alone != beside).mean())
    distances = torch.cdist(general.standardised(features), general.references).min(dim=1).values / general.spacing
    novel = float((distances > NOVEL).float().mean())
    warnings = []
    if unsure > UNSURE:
        warnings.append(f'the general model cannot tell these picks: by themselves {100 * alone.mean():.0f} % of them '
                        f'look like particles, beside each other {100 * beside.mean():.0f} %, and '
                        f'{100 * unsure:.0f} % are judged differently. {KNOWN_WAY}')
    if beside.mean() < MOSTLY:
        warnings.append(f'only {100 * beside.mean():.0f} % of the picks look like particles to the general model: most '
                        f'of them are junk, or images of a kind that it does not know, such as negative stain. Look at '
                        f'some of the rejected ones before you trust it. {KNOWN_WAY}')
    if novel > MOSTLY:
        warnings.append(f'{100 * novel:.0f} % of the picks resemble nothing that the general model knows (single '
                        f'particles in vitreous ice): do not trust what it says of them. {KNOWN_WAY}')
    log(f'general model: {100 * beside.mean():.0f} % of {len(features)} picks look like particles; '
        f'{100 * unsure:.0f} % are judged differently by themselves')
    return Adapted(among, groups, warnings, {'picks': len(features), 'by_itself': round(float(alone.mean()), 4),
                                             'among': round(float(beside.mean()), 4), 'unsure': round(unsure, 4),
                                             'novel': round(novel, 4)})


def _features(recogniser, header, groups, device, inverted, log):
    """Features (n, width) of the first picks, as far as their micrographs can be read."""
    embedder = Embedder(recogniser, header['box_angstrom'], header['input_size'], header['fields'], device, 0, log,
                        inverted)
    some = [group.some(np.linspace(0, len(group.ids) - 1, min(MOST_EACH, len(group.ids))).round().astype(int))
            for group in groups]
    parts = [torch.zeros(0, recogniser.linear.in_features)]
    for _, predicted in prefetch_and_predict(some, [embedder]):
        with suppress(InputError):      # it is told when the micrograph is scored
            _, described = predicted.result()
            if len(described):
                parts.append(torch.from_numpy(described[:, :-1]))
    return torch.cat(parts)
