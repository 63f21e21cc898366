"""Protocol that tells where the junk is on micrographs, and sets those apart that have little usable area."""
import os
import sqlite3
import time
from enum import Enum, auto

import numpy as np
from pwem.objects import SetOfMicrographs
from pyworkflow.exceptions import PyworkflowException
from pyworkflow.object import Set
from pyworkflow.protocol import params
from pyworkflow.utils import Message, makePath

from .. import convert
from ..convert.masks import readMasks, withMask
from ..worker.exchange.errors import InputError
from .parameters.run_model import ModelSource, RunModel
from .protocol_base import (
    MODEL,
    REPORT,
    PickerOptimizerProtocol,
    WorkerStopped,
    boxAngstrom,
    failedLines,
    fileDigest,
    oneLineErrors,
)
from .streaming.producer import ENDED, Producer

MASKS_FOLDER = 'masks'
LEAST = 50.0                    # per cent
BINS = (0, 25, 50, 75, 90, 100)      # per cent, of the shares in the summary
PRODUCER_S = 30.0               # so long after the last micrographs it is asked whether their run goes on
WORST = 5                       # micrographs that the summary names


class PickerOptimizerMaskOutputs(Enum):
    # Both are a SetOfMicrographs; members of one value would be one member.
    outputMicrographs = auto()
    discardedMicrographs = auto()


class ProtPickerOptimizerMask(RunModel, PickerOptimizerProtocol):
    """Tell where the junk is on micrographs: a mask for each, and the share of its area that is usable.

    A mask (extra/masks/NAME_mask.mrc) is 1 where the micrograph is bad and 0 where it is good, as those of
    MicrographCleaner are, for pickers and programs that can be told where not to look. NAME_classes.mrcs beside it has
    the probability of each class on a grid of half boxes, and masks.csv the shares.

    outputMicrographs are the micrographs of which enough is usable, discardedMicrographs the others; each bears its
    share in _poUsable, per cent, and the file of its mask in _poMask. "Analyze results" shows the masks on the
    micrographs, and makes sets by other shares.

    The micrographs may still be coming: what comes is masked within half a minute, and the outputs grow. A run that was
    stopped or killed goes on where it was when it is continued.
    """
    _label = 'mask micrographs'
    _possibleOutputs = {output.name: SetOfMicrographs for output in PickerOptimizerMaskOutputs}

    @classmethod
    def worksInStreaming(cls):
        return True      # one step that lasts as long as the input grows

    # -------------------------- form ----------------------------------------
    def _defineParams(self, form):
        form.addSection(label=Message.LABEL_INPUT)
        self._defineGpuParams(form)
        form.addParam('inputMicrographs', params.PointerParam, pointerClass='SetOfMicrographs', important=True,
                      label='Input micrographs')
        self._defineModelParams(form)
        general = f'modelSource=={ModelSource.GENERAL:d}'
        form.addParam('inputCoordinates', params.PointerParam, pointerClass='SetOfCoordinates', allowsNull=True,
                      condition=general, label='Picks to go by',
                      help='Picks on these micrographs: the general model is fitted to them, and their box is used. '
                           'Without any, it judges each place by itself.')
        form.addParam('boxSize', params.FloatParam, default=0, condition=general, label='Box (Å)',
                      validators=[params.GE(0, error='must not be negative.')],
                      help='About 1.5 times the particle. 0: the box of the picks.')
        form.addParam('leastUsable', params.FloatParam, default=LEAST, label='Least usable share (%)',
                      validators=[params.Range(0., 100., error='must lie between 0 and 100.')],
                      help='Micrographs of which less is usable go into discardedMicrographs. Change it and continue '
                           'the run: the masks are used again.')
        form.addParam('binning', params.IntParam, default=1, expertLevel=params.LEVEL_ADVANCED, label='Binning',
                      validators=[params.GE(1, error='must be at least 1.')],
                      help='Px of a micrograph for one of its mask; 1: a mask is as large as its micrograph.')
        form.addSection(label='Streaming')
        form.addParam('streamingSleepOnWait', params.IntParam, default=10,
                      validators=[params.GE(1, error='must be at least 1.')], label='Sleep when waiting (secs)',
                      help='While the input grows: seconds between two looks for new micrographs.')
        self._defineThreadsParams(form)

    def modelBox(self):
        if not self.usesGeneralModel():
            return None
        coordinates = self.inputCoordinates.get()
        return self.boxSize.get() or (float(boxAngstrom(coordinates) or 0) if coordinates is not None else 0)

    # -------------------------- steps ---------------------------------------
    def _insertAllSteps(self):
        micrographs = self.inputMicrographs.get()
        convert.refresh(micrographs)
        key = str(time.time()) if micrographs.isStreamOpen() else convert.setKey(micrographs)
        self._insertFunctionStep(self.maskStep, key, fileDigest(self.modelFile()), self.modelBox(), self.binning.get(),
                                 convert.setKey(self.inputCoordinates.get()), self.leastUsable.get(), needsGPU=True)

    def maskStep(self, *key):
        """Mask the micrographs and set the bad ones apart, until the input is closed."""
        makePath(self._getExtraPath(MASKS_FOLDER))
        self._linkIntoExtra(self.modelFile(), MODEL)
        self._outputs, self._ending = {}, ''
        with oneLineErrors():
            self._fitTo()
            try:
                self._follow()
            except (OSError, sqlite3.Error) as error:
                raise PyworkflowException(f'The files of the run or of its input cannot be read or written ({error}). '
                                          f'Mend that and continue the run.') from error
        self.summaryVar.set('\n'.join(self._describe()))

    def _fitTo(self):
        """Write the picks that the general model is fitted to; they stay the same while micrographs come."""
        picks = self.inputCoordinates.get() if self.usesGeneralModel() else None
        if picks is not None:
            tables = convert.GrowingTables(self._getTmpPath())
            makePath(self._getTmpPath())
            tables.clear()
            tables.add(picks, self.inputMicrographs.get())
            os.replace(self._getTmpPath(convert.COORDINATES), self._getExtraPath(convert.COORDINATES))

    def _follow(self):
        done, arrived = 0, time.monotonic()
        while True:
            micrographs = self.inputMicrographs.get()
            convert.refresh(micrographs)
            isOpen = micrographs.isStreamOpen()      # asked before they are read: what comes in between is found next
            names = convert.micrographNames(micrographs)
            if len(names) > done:
                self.info(f'{len(names) - done} new micrographs, {len(names)} in all.')
                self._mask(names, isOpen)
                done, arrived = len(names), time.monotonic()
                self._update(Set.STREAM_OPEN)
            if isOpen and time.monotonic() - arrived >= PRODUCER_S:
                self._ending = Producer(self.inputMicrographs, self.getProject()).ending()
                arrived = time.monotonic()
            if not isOpen or self._ending:
                self._update(Set.STREAM_CLOSED)
                return
            time.sleep(self.streamingSleepOnWait.get())

    def _mask(self, names, isOpen):
        convert.writeMicrographs(self.inputMicrographs.get(), self._getExtraPath(), names.keys())
        arguments = ['--micrographs', convert.MICROGRAPHS, '--model', MODEL, '--output', MASKS_FOLDER,
                     '--report', REPORT, '--binning', str(self.binning.get())]
        if self.usesGeneralModel():
            arguments += ['--box-angstrom', repr(float(self.modelBox()))]
            if self.inputCoordinates.get() is not None:
                arguments += ['--coordinates', convert.COORDINATES]
        try:
            self._runWorker('mask', arguments)
        except WorkerStopped as error:
            if not isOpen:
                raise
            self.warning(f'{error} It is tried again when more micrographs come.')

    def _update(self, state):
        """Put the micrographs that have a mask and are not in the outputs yet into these."""
        if not self._outputs:
            for name, suffix in zip(self._possibleOutputs, ('', 'Discarded')):
                self._outputs[name] = self._createSetOfMicrographs(suffix)
                self._outputs[name].copyInfo(self.inputMicrographs.get())
            self._written = set()
        masks = readMasks(self._getExtraPath(MASKS_FOLDER))
        kept, discarded = self._outputs.values()
        for itemSet in self._outputs.values():
            itemSet.enableAppend()
        for micrograph in self.inputMicrographs.get().iterItems():
            micId = micrograph.getObjId()
            if micId in masks and micId not in self._written:
                isKept = 100 * masks[micId].usable >= self.leastUsable.get()
                (kept if isKept else discarded).append(withMask(micrograph, masks[micId]))
                self._written.add(micId)
        for name, itemSet in self._outputs.items():
            isNew = not self.hasAttribute(name)
            self._updateOutputSet(name, itemSet, state)
            if isNew:
                self._defineSourceRelation(self.inputMicrographs, itemSet)
            itemSet.close()
        self.summaryVar.set(f'So far: {kept.getSize()} micrographs kept, {discarded.getSize()} discarded.')
        self._store(self.summaryVar)

    def getMasks(self):
        """Return {mic_id: Mask} of the run so far. Raises InputError if their table is damaged."""
        return readMasks(self._getExtraPath(MASKS_FOLDER))

    def createMicrographs(self, least):
        """Make sets of the micrographs of which at least so many per cent are usable, and of the others.

        Returns [(name, SetOfMicrographs)]. Raises InputError while the run goes on.
        """
        if self.isActive():
            raise InputError('The run is in progress: wait for its end.')
        text, masks = f'{least:g}'.replace('.', '_'), self.getMasks()
        names = f'usable{text}Micrographs', f'discarded{text}Micrographs'
        sets = [self._createSetOfMicrographs(name) for name in names]
        for itemSet in sets:
            itemSet.copyInfo(self.inputMicrographs.get())
        for micrograph in self.inputMicrographs.get().iterItems():
            mask = masks.get(micrograph.getObjId())
            if mask is not None:
                sets[100 * mask.usable < least].append(withMask(micrograph, mask))
        for name, itemSet in zip(names, sets):
            if self._setOutput(name, itemSet):
                self._defineSourceRelation(self.inputMicrographs, itemSet)
        self._store()
        return [(name, getattr(self, name)) for name in names]

    # -------------------------- information ---------------------------------
    def _describe(self):
        masks, names = self.getMasks(), convert.micrographNames(self.inputMicrographs.get())
        kept, discarded = (getattr(self, name).getSize() for name in self._possibleOutputs)
        usable = 100 * np.array([mask.usable for mask in masks.values()])
        lines = [f'*{kept}* micrographs kept, *{discarded}* discarded (less than {self.leastUsable.get():g} % usable); '
                 f'{usable.mean() if len(usable) else 0:.0f} % of the area is usable.']
        counts, _ = np.histogram(usable, BINS)
        lines.append('Usable share: ' + ', '.join(f'{low:.0f} to {high:.0f} %: {count}' for low, high, count in zip(
            BINS, BINS[1:], counts.tolist()) if count))
        worst = sorted(masks, key=lambda micId: masks[micId].usable)[:WORST]
        lines.append('The least: ' + ', '.join(f'{names.get(micId, micId)} {100 * masks[micId].usable:.0f} %'
                                               for micId in worst))
        if self._ending and self._ending != ENDED:
            lines.append(f'*Only what had come is masked*: the run of the input {self._ending} and left it open.')
        report = self._readReport()
        lines += [f'*Warning*: {line}' for line in report['warnings']]
        if report['failed_micrographs']:
            lines.append('*Without a mask*, and in neither output:')
            lines += failedLines(report['failed_micrographs'], names)
        return lines

    def _validate(self):
        micrographs = self.inputMicrographs.get()
        if micrographs is None or (self.runModel() is None and not self.usesGeneralModel()):
            return self._validateChosen()      # Scipion itself asks for the micrographs
        errors = self._validateWorker() + self._checkMicrographs(micrographs, 'input micrographs')
        return errors or self._validateModel() or self._validateSize(micrographs)

    def _validateModel(self):
        if self.usesGeneralModel():
            return [] if self.modelBox() > 0 else ['The general model has to be told the box: give it in "Box (Å)", or '
                                                   'picks that have one.']
        try:
            box = self.readModelHeader()['box_angstrom']
        except InputError as error:
            return [str(error)]
        return [] if box else [f'{self.modelFile()} is a general model: choose "general" in "Model from".']

    def _validateSize(self, micrographs):
        """A line where micrographs are smaller than a box."""
        dimensions = micrographs.getDim() if micrographs.getSize() else None
        box = (self.modelBox() or self.readModelHeader()['box_angstrom']) / (micrographs.getSamplingRate() or 1)
        if dimensions and min(dimensions[:2]) < box:
            return [f'The micrographs ({dimensions[0]} x {dimensions[1]} px) are smaller than a box ({box:.0f} px).']
        return []

    def _warnings(self):
        return self._gpuWarnings()

    def _summary(self):
        return self.summaryVar.get('').splitlines() or ['No masks yet.']

    def _methods(self):
        if not self.summaryVar.get():
            return []
        return [f'Micrographs were masked with PickerOptimizer [Li2022pickeroptimizer]; those with less than '
                f'{self.leastUsable.get():g} % of usable area were discarded.']
