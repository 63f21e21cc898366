"""The labelled boxes of a data set, cut out of its micrographs."""
from collections import defaultdict
from dataclasses import dataclass
from typing import Collection, Dict, List, Sequence

import numpy as np
import torch
from torch import Tensor

from ..exchange.borders import why_outside
from ..exchange.classes import PARTICLE, checked_classes, count_by_class
from ..exchange.errors import InputError
from ..exchange.micrograph_reader import read_micrograph
from ..exchange.tables import IN_BORDER, OFF_MICROGRAPH, CoordinateRow, MicrographRow
from . import cropping

# Labels that are left out: where they lie, by the reason.
LEFT_OUT = {OFF_MICROGRAPH: 'outside', IN_BORDER: 'in the blank or repeated border of'}


@dataclass(frozen=True)
class LabelledBoxes:
    """Labelled boxes, and what was left out.

    rows: of the table (n); pixels: (n, fields, side, side), normalised; labels: class names (n); mic_ids: ids of their
    micrographs (n); failed_micrographs: dicts of mic_id, path, reason; dropped: labels that were left out, on those,
    outside their micrograph or in its border; warnings: lines about these, and about what was
    filled in; filled: the latter alone.
    """
    rows: List[CoordinateRow]
    pixels: Tensor
    labels: np.ndarray
    mic_ids: np.ndarray
    failed_micrographs: List[dict]
    dropped: int
    warnings: List[str]
    filled: List[str]

    def counts(self) -> Dict[str, int]:
        """Return the number of boxes of each class that occurs, in the order of the classes."""
        return count_by_class(self.labels.tolist())


def crop_labels(micrographs: Dict[int, MicrographRow], labels: Sequence[CoordinateRow], box_angstrom: float,
                size: int, fields: Sequence[float], margin: float = 1.0) -> LabelledBoxes:
    """Read every micrograph that has labels, once, and crop its labelled boxes.

    A box is `box_angstrom` Å wide and becomes `size` px; `margin` widens field and picture alike, to leave room for
    rotations. Micrographs that cannot be read are reported and their labels dropped; so are labels outside their
    micrograph or in its border. Raises InputError for a label of an unknown micrograph, and if no label is left.
    """
    by_micrograph = defaultdict(list)
    for label in labels:
        if label.mic_id not in micrographs:
            raise InputError(f'label at x={label.x:g}, y={label.y:g}: no micrograph has the id {label.mic_id}.')
        by_micrograph[label.mic_id].append(label)
    side = int(np.ceil(size * margin))
    rows: List[CoordinateRow] = []
    pixels: List[Tensor] = []
    failed: List[dict] = []
    warnings: List[str] = []
    filled: List[str] = []
    dropped = 0
    for mic_id, wanted in by_micrograph.items():
        row = micrographs[mic_id]
        box = box_angstrom / row.pixel_size
        try:
            image = read_micrograph(row.path, warn=filled.append)
            levels = cropping.levels(torch.from_numpy(image), box, size, fields)
        except InputError as error:
            failed.append({'mic_id': mic_id, 'path': str(row.path), 'reason': str(error)})
            warnings.append(f'micrograph {mic_id} is left out: {error}')
            dropped += len(wanted)
            continue
        xy = np.array([(label.x, label.y) for label in wanted], dtype=np.float32)
        outside = why_outside(image, xy, box)
        for reason, where in LEFT_OUT.items():
            lost = np.flatnonzero(outside == reason)
            if len(lost):
                first = wanted[lost[0]]
                warnings.append(f'{len(lost)} labels {where} micrograph {mic_id} are left out; the first is '
                                f'"{first.label}" at x={first.x:g}, y={first.y:g} ({row.path}, {image.shape[1]} x '
                                f'{image.shape[0]} px).')
                dropped += len(lost)
        wanted, xy = [label for label, reason in zip(wanted, outside) if not reason], xy[outside == '']
        if not wanted:
            continue
        centres = torch.from_numpy(xy)
        width = box * side / size
        pixels.append(torch.cat([cropping.crop(level, centres, width * field, side)
                                 for level, field in zip(levels, fields)], dim=1))
        rows += wanted
    if not pixels:
        raise InputError(f'none of the {len(by_micrograph)} labelled micrographs can be used; the first: '
                         f'{failed[0]["reason"]}' if failed else warnings[0] if warnings else 'there are no labels.')
    return LabelledBoxes(rows, torch.cat(pixels), np.array([row.label for row in rows]),
                         np.array([row.mic_id for row in rows]), failed, dropped, filled + warnings, filled)


def check_classes(present: Collection[str]) -> None:
    """Raise InputError if nothing can be learnt from these classes.

    It takes particles and a kind of junk, and no more kinds, and none more alike, than a model can have.
    """
    if PARTICLE not in present:
        raise InputError('no box is labelled particle; label some particles and at least one kind of junk.')
    if len(present) < 2:
        raise InputError('all labels are of the class particle; label some junk too (ice, carbon, empty, ...).')
    checked_classes(present)
