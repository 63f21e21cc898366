"""Protocol that unites the picks of several pickers, to be pruned in one go."""
from enum import Enum, auto

import numpy as np
from pwem.objects import Coordinate, SetOfCoordinates
from pyworkflow.exceptions import PyworkflowException
from pyworkflow.object import Float, Integer, Set, String
from pyworkflow.protocol import params
from pyworkflow.utils import Message, cleanPath, makePath

from .. import convert
from ..comparison.uniting import unite
from ..constants import PO_PICKER_COUNT, PO_PICKERS, PO_SCORE_OF
from ..worker.exchange.errors import InputError
from .protocol_base import PickerOptimizerProtocol, oneLineErrors

SHARE_OF_BOX = 0.25      # so near are picks of one particle: pickers differ by some px, neighbours by a box
LEAST_PICKERS = 2


class PickerOptimizerUniteOutputs(Enum):
    # Both are a SetOfCoordinates; members of one value would be one member.
    outputCoordinates = auto()
    consensusCoordinates = auto()


class ProtPickerOptimizerUnite(PickerOptimizerProtocol):
    """Unite the picks of several pickers on the same micrographs, so that one run prunes them all.

    Picks of different pickers that are near each other are one pick, at the place where the first of the pickers has
    it. Each says who picked it (_pickedBy, by the labels of their runs), how many did (_pickedByCount), and, where a
    picker gives scores, its score (_pickerScore1, _pickerScore2, ... in the order of the pickers; the summary tells
    which is which). Pruning keeps these attributes.

    consensusCoordinates are those that at least so many pickers picked: probably particles. They can be the particles
    that "label and train" begins with, beside labels of junk.
    """
    _label = 'unite pickers'
    _possibleOutputs = {output.name: SetOfCoordinates for output in PickerOptimizerUniteOutputs}

    # -------------------------- form ----------------------------------------
    def _defineParams(self, form):
        form.addSection(label=Message.LABEL_INPUT)
        form.addParam('inputSets', params.MultiPointerParam, pointerClass='SetOfCoordinates', important=True,
                      minNumObjects=2, label='Picks of several pickers',
                      help='Two sets or more, on micrographs of the same names. Positions and box of the outputs are '
                           'in px of the micrographs of the first.')
        form.addParam('distance', params.FloatParam, default=-1, expertLevel=params.LEVEL_ADVANCED,
                      label='Distance (px)',
                      help=f'Picks of different pickers that are nearer are one. -1: {SHARE_OF_BOX:g} of the box of '
                           f'the first set.')
        form.addParam('leastPickers', params.IntParam, default=LEAST_PICKERS, label='Consensus of',
                      validators=[params.GE(2, error='must be at least 2.')],
                      help='consensusCoordinates are the picks that at least so many pickers picked.')

    # -------------------------- steps ---------------------------------------
    def _insertAllSteps(self):
        keys = [convert.setKey(coordinates) for coordinates in self._sets()]
        self._insertFunctionStep(self.uniteStep, keys, self._distance(), self.leastPickers.get(), self._names(),
                                 needsGPU=False)

    def uniteStep(self, *key):
        """Unite the picks, and make both sets."""
        sets, names = self._sets(), self._names()
        micrographs = sets[0].getMicrographs()
        with oneLineErrors():
            found = [self._read(coordinates, micrographs) for coordinates in sets]
        united = unite([(micIds, xy) for micIds, xy, _ in found], self._distance())
        scores = [score for _, _, score in found]
        byId = {micrograph.getObjId(): micrograph.clone() for micrograph in micrographs.iterItems()}
        outputs = self._newCoordinatesLike(sets[0], ''), self._newCoordinatesLike(sets[0], 'Consensus')
        for number, (micId, (x, y), members) in enumerate(zip(united.mic_ids.tolist(), united.xy.tolist(),
                                                              united.members), start=1):
            pick = Coordinate(x=round(x), y=round(y))
            pick.setObjId(number)
            pick.setMicrograph(byId[micId])
            pickers = np.flatnonzero(members >= 0)
            setattr(pick, PO_PICKERS, String(', '.join(names[picker] for picker in pickers)))
            setattr(pick, PO_PICKER_COUNT, Integer(len(pickers)))
            for place, score in enumerate(scores):
                if score is not None:
                    value = float(score[members[place]]) if members[place] >= 0 else np.nan
                    setattr(pick, f'{PO_SCORE_OF}{place + 1}', Float(value if np.isfinite(value) else None))
            outputs[0].append(pick)
            if len(pickers) >= self.leastPickers.get():
                outputs[1].append(pick)
        for name, output in zip(self._possibleOutputs, outputs):
            output.setStreamState(Set.STREAM_CLOSED)
            if self._setOutput(name, output):
                for pointer in self.inputSets:
                    self._defineSourceRelation(pointer, output)
        self.summaryVar.set('\n'.join(self._describe(united, found, names)))

    def _read(self, coordinates, micrographs):
        """(mic_ids, centres in px of `micrographs`, scores or None) of a set; of picks on other micrographs none."""
        folder = self._getTmpPath('picks')
        cleanPath(folder)
        makePath(folder)
        tables = convert.GrowingTables(folder)
        tables.clear()
        tables.add(coordinates, micrographs)
        if not len(tables):
            raise PyworkflowException(f'None of the picks of {coordinates.getFileName()} is on a micrograph of the '
                                      f'first set: are they of the same micrographs?')
        ids, micIds, xy = tables.columns()
        columns = convert.readPicks(coordinates)
        _, score = convert.pickerScore(columns)
        return micIds, xy, None if score is None else score[np.searchsorted(columns['id'], ids)]

    # -------------------------- information ---------------------------------
    def _sets(self):
        return [pointer.get() for pointer in self.inputSets]

    def _names(self):
        """What the pickers are called: the labels of their runs, with a number where two are the same."""
        found = []
        for pointer in self.inputSets:
            run = pointer.getObjValue()
            name = run.getRunName() if hasattr(run, 'getRunName') else pointer.get().getObjLabel() or 'picker'
            name = name.replace(',', ' ')
            found.append(name if name not in found else f'{name} ({len(found) + 1})')
        return found

    def _distance(self):
        return self.distance.get() if self.distance.get() >= 0 else SHARE_OF_BOX * (self._sets()[0].getBoxSize() or 0)

    def _describe(self, united, found, names):
        counts = np.bincount(united.counts, minlength=len(names) + 1)
        lines = [f'*{len(united.mic_ids)}* places, of {sum(len(micIds) for micIds, _, _ in found)} picks of '
                 f'{len(names)} pickers; one if at most {self._distance():g} px apart.',
                 '   ' + ', '.join(f'{counts[number]} picked by {number}' for number in range(1, len(counts))) + '.']
        for place, (name, (micIds, _, score)) in enumerate(zip(names, found)):
            alone = int(((united.members[:, place] >= 0) & (united.counts == 1)).sum())
            scored = f'; its score is {PO_SCORE_OF}{place + 1}' if score is not None else ''
            lines.append(f'   {name}: {len(micIds)} picks, {alone} of them alone{scored}.')
        apart = set.intersection(*({*micIds.tolist()} for micIds, _, _ in found))
        every = {micId for micIds, _, _ in found for micId in micIds.tolist()}
        if len(apart) < len(every):
            lines.append(f'*{len(every) - len(apart)} of {len(every)} micrographs* have picks of some of the pickers '
                         f'alone: there is no consensus of all on these.')
        return lines

    def _validate(self):
        sets = [pointer.get() for pointer in self.inputSets]
        if len(sets) < 2 or None in sets:
            return ['Give two sets of coordinates or more.']
        if len({coordinates.getFileName() for coordinates in sets}) < len(sets):
            return ['The same set is given twice: take one out.']
        errors = [line for number, coordinates in enumerate(sets, start=1)
                  for line in self._checkCoordinates(coordinates, f'coordinates no. {number}')]
        if errors:
            return errors
        if any(coordinates.isStreamOpen() for coordinates in sets):
            errors.append('Picks still come: wait until the pickers are through.')
        if self._distance() <= 0:
            errors.append('The first set has no box size: give a distance in px.')
        if self.leastPickers.get() > len(sets):
            errors.append(f'A consensus of {self.leastPickers.get()} of {len(sets)} pickers there cannot be.')
        for coordinates in sets[1:]:
            try:
                convert.scaleBetween(coordinates.getMicrographs(), sets[0].getMicrographs())
            except InputError as error:
                errors.append(str(error))
        return errors

    def _summary(self):
        return self.summaryVar.get('').splitlines() or ['Not united yet.']

    def _methods(self):
        return [f'The picks of {len(self.inputSets)} pickers were united.'] if self.summaryVar.get() else []
