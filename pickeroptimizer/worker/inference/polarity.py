"""Polarity: whether the particles of a run are dark where those that the model has learnt from were bright."""
from typing import Callable, Iterable, Iterator, List, Optional, Tuple

import numpy as np
import torch

from ..boxes import cropping
from ..boxes.contrast import contrast
from ..exchange.borders import why_outside
from ..exchange.errors import InputError
from ..exchange.micrograph_reader import read_micrograph
from ..exchange.model_header import ModelHeader
from ..exchange.signals import AS_MODEL, INVERTED
from .first_picks import first_picks
from .sources import MicrographPicks

ENOUGH = 100         # picks that tell the polarity of a run
LEAST = 20           # picks that tell anything
CLEAR = 0.5          # of the contrast of the model's particles: picks beside particles have some, too
ERRORS = 3.0         # standard errors by which the contrast of the model's particles has to differ from none


def is_inverted(header: ModelHeader, contrasts: np.ndarray) -> bool:
    """Return whether the contrasts of a run's picks (n) are clearly opposite to those of the model's particles.

    Most picks are particles, so their median is told. False where the model does not know its contrast, too.
    """
    known = header.get('particle_contrast')
    if known is None or len(contrasts) < LEAST:
        return False
    mean, error = known
    middle = float(np.median(contrasts))
    return abs(mean) > ERRORS * error and middle * mean < 0 and abs(middle) > CLEAR * abs(mean)


def decide(wanted: str, header: ModelHeader, groups: Iterable[Optional[MicrographPicks]],
           log: Callable[[str], None]) -> Tuple[bool, Iterator[Optional[MicrographPicks]]]:
    """Return (whether the micrographs are to be inverted, the groups of the picks, none of which is lost).

    wanted: one of signals.CONTRASTS; `model` looks at the first ENOUGH picks, the same ones whenever a run goes on.
    """
    if wanted != AS_MODEL:
        return wanted == INVERTED, iter(groups)
    if header.get('particle_contrast') is None:
        log('warning: the model does not know whether its particles were dark or bright: the contrast is left as it is')
        return False, iter(groups)
    contrasts: List[np.ndarray] = []

    def is_enough(group: MicrographPicks) -> bool:
        contrasts.append(_contrasts(group, header))
        return sum(map(len, contrasts)) >= ENOUGH

    _, groups = first_picks(groups, is_enough)
    inverted = is_inverted(header, np.concatenate(contrasts)[:ENOUGH]) if contrasts else False
    log(f'contrast: {"inverted, for it is opposite to the model" if inverted else "as that of the model"}')
    return inverted, groups


def _contrasts(group: MicrographPicks, header: ModelHeader) -> np.ndarray:
    row = group.micrograph
    try:
        image = read_micrograph(row.path)
        box = header['box_angstrom'] / row.pixel_size
        xy = group.xy[why_outside(image, group.xy, box) == ''].astype(np.float32)
        boxes = cropping.batches(image, xy, box, header['input_size'], header['fields'][:1], ENOUGH,
                                 torch.device('cpu'))
        parts = [contrast(pixels[:, 0]).numpy() for pixels in boxes]
    except InputError:      # it is told when the micrograph is scored
        return np.zeros(0)
    return np.concatenate(parts) if parts else np.zeros(0)
