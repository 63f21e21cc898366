"""Masks: where a micrograph shows junk that covers an area, from boxes on a grid all over it."""
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from ..exchange.errors import InputError
from ..exchange.masks import MASK_COLUMNS, MASKS, is_whole, mask_stems, read_mask, read_shares, write_mrc
from ..exchange.micrograph_reader import about_all, read_size
from ..exchange.model_header import ModelHeader
from ..exchange.tables import MicrographRow, write_rows
from ..network.device import Device
from ..network.networks import Recogniser
from .junk_area import BAD_FROM, STEP, Grid, bad_share, per_pixel
from .predictors import Scorer
from .prefetching import prefetch_and_predict
from .sources import MicrographPicks

SETTINGS = 'settings.txt'      # in the folder of the masks: what they depend on


class MaskSettings(NamedTuple):
    """What masks depend on.

    step: between the centres of boxes, in boxes; binning: px of a micrograph for one of its mask, along each side;
    inverted: show the model the opposite contrast; digest: of all else.
    """

    step: float = STEP
    binning: int = 1
    inverted: bool = False
    digest: str = ''


def make_masks(micrographs: Mapping[int, MicrographRow], recogniser: Recogniser, header: ModelHeader, folder: Path,
               devices: Sequence[Device], settings: MaskSettings, batch_size: int,
               log: Callable[[str], None]) -> Dict[str, Any]:
    """Write the masks of micrographs, their maps of class probabilities and the table of them; return the report.

    Masks that an earlier run with the same settings has left in `folder` are kept. A micrograph that cannot be read is
    told and left out. Raises InputError if none can be read.
    """
    start = time.monotonic()
    run = _Run(micrographs, header, folder, settings, log)
    run.forget_others()
    scorers = [Scorer(recogniser, header, device, batch_size, log, settings.inverted)
               for device in devices for _ in range(device.streams)]
    for group, predicted in prefetch_and_predict(run.todo(), scorers, run.filled.append):
        try:
            run.write(group.micrograph, *predicted.result())
        except InputError as error:
            run.fail(group.micrograph, error)
    if not run.usable:
        raise InputError(f'none of the {len(run.failed)} micrographs can be read; the first: '
                         f'{run.failed[0]["reason"]}')
    write_rows(folder / MASKS, MASK_COLUMNS, [(mic_id, run.mask(mic_id).name, f'{run.usable[mic_id]:.4f}')
                                              for mic_id in micrographs if mic_id in run.usable])
    return {'micrographs': len(micrographs), 'made': len(run.usable) - run.kept, 'kept': run.kept,
            'boxes': run.boxes, 'usable': round(float(np.mean(list(run.usable.values()))), 4),
            'failed_micrographs': run.failed, 'classes': list(header['classes']), 'warnings': about_all(run.filled),
            'device': ' and '.join(device.name for device in devices),
            'seconds': round(time.monotonic() - start, 2)}


class _Run:
    """What has been made so far: the usable share by micrograph, and the micrographs that failed."""

    def __init__(self, micrographs: Mapping[int, MicrographRow], header: ModelHeader, folder: Path,
                 settings: MaskSettings, log: Callable[[str], None]):
        self.usable: Dict[int, float] = {}
        self.failed: List[Dict[str, Any]] = []
        self.filled: List[str] = []
        self.kept = self.boxes = 0
        self._micrographs, self._header, self._folder = micrographs, header, folder
        self._settings, self._log = settings, log
        self._stems = mask_stems(micrographs)
        self._sizes: Dict[int, Tuple[int, int]] = {}
        self._shares: Dict[int, Tuple[str, float]] = {}      # of an earlier run

    def mask(self, mic_id: int) -> Path:
        """The file of a mask."""
        return self._folder / f'{self._stems[mic_id]}_mask.mrc'

    def forget_others(self) -> None:
        """Remove the masks that were made with other settings."""
        told = self._folder / SETTINGS
        text = repr((BAD_FROM, *self._settings, self._header['box_angstrom']))
        with suppress(FileNotFoundError):
            if told.read_text(encoding='utf-8') == text:
                with suppress(InputError):
                    self._shares = read_shares(self._folder)
                return
        for mic_id in self._micrographs:
            self.mask(mic_id).unlink(missing_ok=True)
        told.write_text(text, encoding='utf-8')

    def todo(self) -> Iterator[MicrographPicks]:
        """Yield the grids of the micrographs that have no mask yet."""
        for mic_id, row in self._micrographs.items():
            try:
                self._sizes[mic_id] = read_size(row.path)
            except InputError as error:
                self.fail(row, error)
                continue
            if is_whole(self.mask(mic_id), self._mask_size(mic_id)):
                self.usable[mic_id] = self._kept_share(mic_id)
                self.kept += 1
                continue
            xy = self._grid(row).xy
            yield MicrographPicks(row, np.arange(len(xy)), xy)

    def write(self, row: MicrographRow, outside: np.ndarray, numbers: np.ndarray) -> None:
        """Write the map and the mask of a micrograph, the mask last."""
        grid, classes = self._grid(row), self._header['classes']
        probabilities = grid.probabilities(outside, numbers, classes)
        rows, columns = self._sizes[row.mic_id]
        write_mrc(self._folder / f'{self._stems[row.mic_id]}_classes.mrcs', np.moveaxis(probabilities, -1, 0).copy(),
                  (row.pixel_size * columns / len(grid.x), row.pixel_size * rows / len(grid.y)))
        bad = per_pixel(bad_share(probabilities, classes), self._mask_size(row.mic_id))
        mask = (bad >= BAD_FROM).astype(np.int8)
        write_mrc(self.mask(row.mic_id), mask, (row.pixel_size * columns / mask.shape[1],
                                                row.pixel_size * rows / mask.shape[0]))
        self.usable[row.mic_id] = 1 - float(mask.mean())
        self.boxes += len(numbers)
        self._log(f'micrograph {row.mic_id}: {100 * self.usable[row.mic_id]:.0f} % of the area is usable '
                  f'({len(self.usable)} of {len(self._micrographs)})')

    def fail(self, row: MicrographRow, error: InputError) -> None:
        """Tell of a micrograph that has no mask."""
        reason = ' '.join(str(error).split())
        self.failed.append({'mic_id': row.mic_id, 'path': str(row.path), 'reason': reason})
        self._log(f'warning: micrograph {row.mic_id} has no mask: {reason}')

    def _kept_share(self, mic_id):
        """By the table where it is there: while micrographs come, all masks would be read again and again."""
        name, usable = self._shares.get(mic_id, ('', 0.0))
        return usable if name == self.mask(mic_id).name else 1 - float(read_mask(self.mask(mic_id)).mean())

    def _grid(self, row):
        return Grid.over(self._sizes[row.mic_id], self._settings.step * self._header['box_angstrom'] / row.pixel_size)

    def _mask_size(self, mic_id):
        rows, columns = self._sizes[mic_id]
        return -(-rows // self._settings.binning), -(-columns // self._settings.binning)
