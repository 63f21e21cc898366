"""Protocol that splits picks into kept and rejected ones with a model, also while they are still being picked."""
import sqlite3
from contextlib import suppress
from datetime import datetime
from enum import Enum, auto

from pwem.objects import SetOfCoordinates
from pyworkflow.exceptions import PyworkflowException
from pyworkflow.protocol import params
from pyworkflow.utils import Message, cleanPath, cleanPattern

from .. import convert
from ..convert.shared_scores import shareName
from ..domain.corrections import CORRECTIONS, Corrections, onPicks
from ..domain.decision import expectedLines, numberText
from ..worker.exchange.errors import InputError
from ..worker.exchange.masks import junk_map
from ..worker.exchange.signals import CONTRASTS
from ..worker.exchange.tables import NEAR_JUNK
from .further_cuts import FurtherCuts
from .new_runs import LABELS_OF_RUN
from .parameters.keep_rule import KeepRule
from .parameters.run_model import RunModel
from .protocol_base import (
    ERROR_FILE,
    MODEL,
    REPORT,
    PickerOptimizerProtocol,
    boxAngstrom,
    countsText,
    failedLines,
    fileDigest,
    oneLineErrors,
)
from .streaming.prune_stream import PruneStream

FARTHEST = 100_000.0      # Å: more than any micrograph is wide
JUNK_MAPS = 'junk'      # in the extra folder: what counted as junk, where picks near it are rejected
NOVEL = 2.0      # from here on hardly any pick of a labelled kind is met (docs/recogniser.md)
BOX_TOLERANCE = 0.25      # relative difference of box sizes from which on the user is asked


class PickerOptimizerPruneOutputs(Enum):
    # All three are a SetOfCoordinates; members of one value would be one member.
    outputCoordinates = auto()
    rejectedCoordinates = auto()
    unscoredCoordinates = auto()


class ProtPickerOptimizerPrune(RunModel, KeepRule, FurtherCuts, PickerOptimizerProtocol):
    """Split picked coordinates into particles, which are kept, and junk of whatever kinds the model knows, rejected.

    Every output coordinate is the one of the input, with its id and all its attributes, and has some more: the
    probability of each class of the model, such as _poParticle, _poIce or, of "gold edge", _poGoldEdge; _poClass, which
    is particle from a probability of 0.5 on, and the likeliest kind of junk otherwise; and _poNovelty, how far it is
    from anything that was labelled (about 1 is usual, above 2 it resembles no label). A pick whose centre is not
    inside its micrograph, or in the blank or repeated border that it may have, is rejected as "outside"; one that looks
    like a particle but is too near to film or ice, where that is asked for, as "near junk". Picks of a micrograph that
    cannot be read are neither kept nor rejected: they come out as unscoredCoordinates. Kept and rejected coordinates
    are always given, empty if there are none, so that a scheduled workflow goes on.

    The input may still be growing: what comes is pruned within half a minute, and the outputs grow with it until the
    input is closed. A run that was stopped or killed goes on where it was when it is continued.

    To decide otherwise, change the decision and continue this run: nothing is scored again. Or press "Analyze results":
    the window shows what each decision keeps, makes sets of it as further outputs of this run, and takes corrections.
    """
    _label = 'prune coordinates'
    _possibleOutputs = {output.name: SetOfCoordinates for output in PickerOptimizerPruneOutputs}
    OUTPUT_FILES = dict(zip((output.name for output in PickerOptimizerPruneOutputs),      # what their names end with
                            ('Kept', 'Rejected', 'Unscored')))
    BY_HAND = CORRECTIONS, LABELS_OF_RUN.format('*')

    @classmethod
    def worksInStreaming(cls):
        # One step that lasts as long as the input grows: with steps for the arrivals (ProtStreamingBase) each would
        # wait for Scipion's executor, and start a worker.
        return True

    # -------------------------- form ----------------------------------------
    def _defineParams(self, form):
        form.addSection(label=Message.LABEL_INPUT)
        self._defineGpuParams(form)
        form.addParam('inputCoordinates', params.PointerParam, pointerClass='SetOfCoordinates', important=True,
                      label='Input coordinates', help='The picks to prune, from any picker.')
        self._defineModelParams(form)
        form.addParam('otherMicrographs', params.PointerParam, pointerClass='SetOfMicrographs', allowsNull=True,
                      expertLevel=params.LEVEL_ADVANCED, label='Other micrographs',
                      help='Look at these micrographs instead of those that the coordinates were picked on: for '
                           'instance ones that are not denoised, or of another pixel size. They are found by their '
                           'names; positions are scaled for looking, the outputs keep the positions of the input.')
        form.addParam('contrast', params.EnumParam, default=0, expertLevel=params.LEVEL_ADVANCED,
                      choices=['as it is', 'as the model', 'inverted'], label='Contrast',
                      help='Of the micrographs. As it is: they are looked at as they are; if their particles are '
                           'bright where those that the model learnt from were dark, the summary warns.\n'
                           'As the model: they are looked at inverted in that case.\nInverted: in any case.\n'
                           'The files stay as they are.')
        self._defineDecisionParams(form)
        form.addParam('junkWithin', params.FloatParam, default=0,
                      validators=[params.Range(0., FARTHEST, error=f'must be a distance in Å from 0 (off) to '
                                                                   f'{FARTHEST:g}.')],
                      label='Reject within (Å) of junk',
                      help='Picks whose centre is as near as this to junk that covers an area, such as film or ice, '
                           'are rejected, too, even where they look like particles: their class is then "near '
                           'junk", and no cut keeps them. 0: off, each pick is judged by itself.\n'
                           'The model tells where such junk is: it looks at boxes all over each micrograph, as "mask '
                           'micrographs" does, which takes seconds more for each. It also costs particles: '
                           'docs/masks.md tells how many, and what they buy.\n'
                           'Change it and continue the run: all is scored anew.')
        self._defineCutParams(form)
        form.addParam('batchSize', params.IntParam, default=0, expertLevel=params.LEVEL_ADVANCED,
                      validators=[params.GE(0, error='must not be negative.')], label='Boxes at a time',
                      help='How many boxes go through the network at a time; 0: chosen by the program. Lower it if '
                           'the memory of the GPU does not suffice.')
        form.addSection(label='Streaming')
        form.addParam('streamingSleepOnWait', params.IntParam, default=10,
                      validators=[params.GE(1, error='must be at least 1.')], label='Sleep when waiting (secs)',
                      help='While the input grows: seconds between two looks for new picks, and between two updates of '
                           'the outputs.')
        form.addParam('jobs', params.IntParam, default=1, expertLevel=params.LEVEL_ADVANCED,
                      validators=[params.GE(1, error='must be at least 1.')], label='Jobs',
                      help='How many jobs share the picks that are there when the run is launched, with "Queue for '
                           'jobs" on as many nodes as the queue gives them (without a queue they are processes of this '
                           'machine, which gain nothing). Each has the threads of this form. The scores are the same, '
                           'to the last bit; the outputs come when all jobs are through.')
        self._defineThreadsParams(form)

    # -------------------------- steps ---------------------------------------
    def _insertAllSteps(self):
        # A run that is continued repeats the steps whose arguments have changed.
        coordinates = self.inputCoordinates.get()
        convert.refresh(coordinates)
        picks, job = self._picksKey(coordinates), self._job()
        self._insertFunctionStep(self.pruneStep, job, picks, *self.getDecision(), needsGPU=True)
        for cut in self._cuts():
            self._insertFunctionStep(self.cutStep, cut.text, job, picks, self._correctionsKey(cut), needsGPU=False)

    @staticmethod
    def _picksKey(coordinates):
        """Of the picks. An open input may have grown since, or still grow: that is another launch each time."""
        return str(datetime.now()) if coordinates.isStreamOpen() else convert.setKey(coordinates)

    def _job(self):
        """What the scores depend on beside the picks. Those that could not be scored are tried again in each launch."""
        model = self.modelFile()
        again = str(datetime.now()) if self._unscoredSize() else ''
        return [convert.setKey(self.otherMicrographs.get()), '' if self.usesGeneralModel() else model,
                fileDigest(model), self.contrastName(), again, self.modelBox(),
                *([self.junkDistance()] if self.junkDistance() else [])]      # as before there was such a distance

    def _unscoredSize(self):
        unscored = getattr(self, PickerOptimizerPruneOutputs.unscoredCoordinates.name, None)
        return 0 if unscored is None else unscored.getSize()

    def pruneStep(self, job, picks, mode, wanted):
        """Score the picks and split them, until the input is closed."""
        before = set()
        with suppress(InputError):      # it is told at the end
            before = set(self.corrections().read())
        try:
            with oneLineErrors():
                stream = PruneStream(self, mode, wanted, NOVEL, None if isinstance(picks, str) else picks[:2])
                stream.prune()
        except (OSError, sqlite3.Error) as error:
            raise PyworkflowException(f'The files of the run or of its input cannot be read or written ({error}). '
                                      f'Mend that and continue the run.') from error
        self.summaryVar.set('\n'.join([*self._describe(stream), *self._describeCorrections(before)]))

    # What PruneStream and GrowingOutputs need of a run

    def lookedAt(self):
        """Return the SetOfMicrographs that is looked at."""
        return self.lookedAtPointer().get()

    def lookedAtPointer(self):
        if self.otherMicrographs.get() is not None:
            return self.otherMicrographs
        return self.inputCoordinates.get().getMicrographs(asPointer=True)

    def checkPixelSizes(self):
        """Raise InputError if the micrographs, of which there are some now, have none."""
        for micrographs in (self.inputCoordinates.get().getMicrographs(), self.lookedAt()):
            for line in self._checkMicrographs(micrographs, 'micrographs'):
                raise InputError(line)

    def contrastName(self):
        """Return how the contrast is looked at, one of signals.CONTRASTS."""
        return CONTRASTS[self.contrast.get()]

    def junkDistance(self):
        """Return within how many Å of junk picks are rejected, 0 for off; runs of earlier versions have none."""
        return float(self.junkWithin.get(0))

    def junkMap(self, micId):
        """Return the path of what counted as junk on one of `lookedAt`, or of what would be that."""
        return str(junk_map(self._getExtraPath(JUNK_MAPS), micId))

    def takeUpScores(self):
        """Let the worker go on with what is scored; returns the path of the table that it goes on with."""
        return convert.takeUpScores(self._getExtraPath(), self.modelFile(), self.contrastName(), self.modelBox(),
                                    self.junkDistance())

    @staticmethod
    def reportName(rows):
        """Return the name of the worker's report on a range of rows, or on all of them (None)."""
        return REPORT if rows is None else f'report_{rows.start}_{rows.stop}.json'

    def workerJob(self, feed, rows=None):
        """Return a function that runs the worker, from whatever thread; it follows the file `feed` of this folder.

        rows: a range of rows that alone are scored, into a table of their own; None for all.
        """
        if rows is None:
            cleanPattern(self._getExtraPath(f'*.{ERROR_FILE}'))
            cleanPath(self._getExtraPath(REPORT))
            self.takeUpScores()
        output = convert.SCORES if rows is None else shareName(rows)
        arguments = ['--micrographs', convert.MICROGRAPHS, '--coordinates', convert.COORDINATES, '--model', MODEL,
                     '--output', output, '--report', self.reportName(rows), '--follow', feed,
                     '--contrast', self.contrastName()]
        if rows is not None:
            arguments += ['--rows', f'{rows.start}:{rows.stop}']
        if self.usesGeneralModel():
            arguments += ['--box-angstrom', repr(self.modelBox())]
        if self.junkDistance():
            arguments += ['--junk-distance', repr(self.junkDistance()), '--junk-maps', JUNK_MAPS]
        if self.batchSize.get() > 0:
            arguments += ['--batch-size', str(self.batchSize.get())]
        # The line of a worker of an earlier launch, which may still be about to end, is not taken for that of ours.
        which = feed if rows is None else f'{feed}.{rows.start}'
        return self._workerJob('prune', arguments, errorFile=f'{which}.{ERROR_FILE}')

    def outputPath(self, name):
        """Return the file of an output."""
        return self._getPath(f'coordinates{self.OUTPUT_FILES[name]}.sqlite')

    def newOutput(self, name):
        """Return an empty set for an output, in the place of what was there."""
        return self._newCoordinatesLike(self.inputCoordinates.get(), self.OUTPUT_FILES[name])

    def openedOutput(self, name):
        """Return the set of an output as an earlier launch left it."""
        coordinates = SetOfCoordinates(filename=self.outputPath(name), indexes=['_micId'])
        coordinates.copyInfo(self.inputCoordinates.get())
        return coordinates

    def relateToInputs(self, coordinates):
        self._defineSourceRelation(self.inputCoordinates, coordinates)
        if self.runModel() is not None:
            self._defineSourceRelation(self.inputModel, coordinates)

    def tellProgress(self, kept, rejected, unscored, given):
        """Say in the summary how far the run is."""
        text = f'So far: kept *{kept}*, rejected {rejected}' + (f', not scored {unscored}' if unscored else '')
        self.summaryVar.set(f'{text}, of {given} picks that have come.')
        self._store(self.summaryVar)

    def tellShared(self, done, given, jobs):
        """Say in the summary how far the jobs are that score side by side."""
        self.summaryVar.set(f'So far: {done} of {given} picks are scored, by {jobs} jobs; the outputs come when these '
                            f'are through.')
        self._store(self.summaryVar)

    def corrections(self):
        """Return the Corrections of this run's picks."""
        return Corrections(self._getExtraPath())

    def getCorrections(self):
        """Return {coord_id: tables.CoordinateRow} of the picks of the input as it is. Raises InputError if they cannot
        be read."""
        corrections, coordinates = self.corrections().read(), self.inputCoordinates.get()
        if not corrections or coordinates is None:
            return {}
        picks = convert.readPicks(coordinates)
        return onPicks(corrections, picks['id'], picks['_micId'], picks['_x'], picks['_y'])

    def _describeCorrections(self, before):
        """Lines about the corrections; before: the ids of those that were there when the run was launched."""
        try:
            there = self.getCorrections()
            lost = len(self.corrections().read()) - len(there)
        except InputError as error:
            return [f'The corrections cannot be read: {error}']
        lines = self._takenUp(len(before & there.keys()), 'correction')
        if lost:
            lines.append(f'*{lost} corrections* are of picks that the input does not have: they are left aside in '
                         f'{self._getExtraPath(CORRECTIONS)}.')
        return lines

    def _describe(self, stream):
        kept, rejected = (convert.countClasses(getattr(self, name)) for name in list(self.OUTPUT_FILES)[:2])
        total = sum(kept.values()) + sum(rejected.values())
        share = f' ({100 * sum(kept.values()) / total:.1f} %)' if total else ''
        rule = ('that are more probably a particle than junk' if stream.minimum is None else
                'for not even the surest are sure enough' if stream.minimum > 1 else
                f'with a particle probability of {numberText(stream.minimum)} or more')
        lines = [f'Kept *{sum(kept.values())}* of {total} picks{share} {rule}.',
                 f'   kept: {countsText(kept)}', f'   rejected: {countsText(rejected)}',
                 *expectedLines(*self.getDecision(), stream.minimum, stream.shares),
                 *self._describeNearJunk(rejected.get(NEAR_JUNK, 0))]
        if convert.isLabelled(self.inputCoordinates.get()):
            lines.append('*Warning*: the input coordinates are labels, not picks.')
        if stream.scaleNote:
            lines.append(f'*Warning*: {stream.scaleNote}')
        if stream.ending:
            lines.append(f'*Only what had come is pruned*: the run of the input {stream.ending} and left it open. When '
                         f'it has gone on, continue this run.')
        lines += self._describeGeneral(stream.report)
        if not kept:
            lines.append('*No pick was kept*: outputCoordinates is an empty set.')
        if stream.novel:
            known = 'box that the general model knows' if self.usesGeneralModel() else 'labelled box'
            lines.append(f'*{stream.novel}* of the picks resemble no {known}, whatever class they were given '
                         f'(_poNovelty above {NOVEL:g}): Analyze results shows them as "most novel". If they are many, '
                         f'label some.')
        if stream.report is not None:
            lines += [f'*Warning*: {line}' for line in stream.report.get('warnings', ())]
            if stream.report.get('inverted'):
                lines.append('The micrographs were looked at with inverted contrast.')
            if stream.report.get('in_border'):
                lines.append(f'*{stream.report["in_border"]}* of those outside lie in the blank or repeated border of '
                             f'their micrograph.')
            lines += self._describeUnscored(stream.report)
            if stream.shared is not None:
                lines.append(f'{stream.shared.picks} picks were scored by {stream.shared.jobs} jobs side by side in '
                             f'{stream.shared.seconds:.0f} s.')
            if stream.report['boxes_per_second']:      # not where all was scored before
                lines.append(f'{stream.report["device"]}: {stream.report["boxes_per_second"]:.0f} boxes per second, '
                             f'{stream.report["seconds"]:.0f} s.')
        return lines

    def _describeNearJunk(self, number):
        """Lines about picks that junk is too near to; number: of those that look like particles."""
        if not self.junkDistance():
            return []
        return [f'*{number}* of the rejected look like particles, but lie within {self.junkDistance():g} Å of junk '
                f'({NEAR_JUNK}). What is expected of a cut is said of the picks farther away.']

    def _describeGeneral(self, report):
        """Lines about what the general model is, and how sure it is of these picks."""
        if not self.usesGeneralModel():
            return []
        facts = (report or {}).get('general', {})
        lines = ['The *general model* was used, which has seen no label of yours, and simulated experiments alone.']
        if 'unsure' in facts:
            lines.append(f'   Of {facts["picks"]} picks that it looked at first, {100 * facts["among"]:.0f} % look '
                         f'like particles beside the others; *{100 * facts["unsure"]:.0f} %* it would judge otherwise '
                         f'by themselves, {100 * facts["novel"]:.0f} % resemble nothing that it knows.')
        return [*lines, '   Label a few boxes of each class with "label and train": it starts from this model, and '
                        'every label helps.']

    def _describeUnscored(self, report):
        size = self._unscoredSize()
        if not size:
            return []
        micrographs = convert.countMicrographs(self.unscoredCoordinates)
        lines = [f'*Not scored*: {size} picks, for want of {micrographs} of the micrographs (unscoredCoordinates). '
                 f'Continue this run when they can be read:']
        lines += failedLines(report['failed_micrographs'], convert.micrographNames(self.lookedAt()))
        absent = micrographs - len(report['failed_micrographs'])
        return lines + ([f'   {absent} not among the micrographs'] if absent > 0 else [])

    # -------------------------- information ---------------------------------
    def _validate(self):
        coordinates, other = self.inputCoordinates.get(), self.otherMicrographs.get()
        if coordinates is None or (self.runModel() is None and not self.usesGeneralModel()):
            return self._validateChosen()      # Scipion itself asks for the coordinates
        errors = self._validateWorker() + self._checkCoordinates(coordinates, 'input coordinates')
        if other is not None:
            errors += self._checkMicrographs(other, 'other micrographs')
        errors = errors or self._validateModel()
        try:
            self._cuts()
        except InputError as error:
            errors.append(str(error))
        return errors or self._validateMicrographs(coordinates, other)

    @staticmethod
    def _validateMicrographs(coordinates, other):
        """Lines about picks that are on none of the micrographs, or not clearly on one."""
        micrographs = coordinates.getMicrographs() if other is None else other
        try:
            counts = convert.countPicks(coordinates, micrographs)
            convert.scaleBetween(coordinates.getMicrographs(), micrographs)
        except InputError as error:
            return [str(error)]
        if counts or micrographs.isStreamOpen() or coordinates.isStreamOpen():
            return []
        return ['None of the input coordinates is on one of the micrographs.' if other is None else
                'None of the other micrographs has the name of a micrograph of the input coordinates.']

    def _warnings(self):
        coordinates, model = self.inputCoordinates.get(), self.runModel()
        warnings = self._gpuWarnings()
        if self.jobs.get() > 1 and not self.useQueueForSteps():
            warnings.append(f'{self.jobs.get()} jobs without "Queue for jobs" share the processors of this machine, '
                            f'which gains nothing.')
        if coordinates is None or coordinates.getMicrographs() is None:
            return warnings      # validation tells
        if convert.isLabelled(coordinates):      # Scipion fills them in where "label and train" is selected
            warnings.append(f'The input coordinates are labels, not picks. To prune the picks, choose '
                            f'{self._labelledPicks()}; go on only if the labels themselves are to be pruned.')
        box = boxAngstrom(coordinates)
        own = model and model.getBoxAngstrom()
        if box and own and abs(box / own - 1) > BOX_TOLERANCE:
            warnings.append(f'The boxes of the coordinates are {box:.0f} Å wide, those that the model was trained with '
                            f'{own:.0f} Å: it looks at the latter. Is it a model of this sample?')
        return warnings + self._scaleNotes(coordinates, self.lookedAt())

    @staticmethod
    def _scaleNotes(coordinates, micrographs):
        """Lines where pixel sizes and widths of the micrographs disagree; validation tells what cannot be."""
        with suppress(InputError):
            return [note for note in (convert.scaleBetween(coordinates.getMicrographs(), micrographs).note,) if note]
        return []

    def _labelledPicks(self):
        """The picks that the model was labelled on, in words."""
        owner = None if self.usesGeneralModel() else self.inputModel.getObjValue()
        if owner is not None and owner is self.inputModel.get() and owner.getObjParentId():
            owner = self.getProject().getProtocol(owner.getObjParentId())
        pointer = getattr(owner, 'inputCoordinates', None)
        if pointer is None or not hasattr(pointer.getObjValue(), 'getRunName'):
            return 'the output of a picker'
        return f'{pointer.getExtended()} of "{pointer.getObjValue().getRunName()}", which the model was labelled on'

    def _summary(self):
        lines = self.summaryVar.get('').splitlines() or ['Not pruned yet.']
        with suppress(InputError):      # validation tells
            lines += self._leftOutputs([*self.OUTPUT_FILES, *self._cutOutputs()])
        return lines

    def _methods(self):
        if not self.summaryVar.get():
            return []
        general = ' and its general model, without labels' if self.usesGeneralModel() else ''
        near = f', and farther than {self.junkDistance():g} Å from film and the like' if self.junkDistance() else ''
        return [f'The coordinates {self.getObjectTag("inputCoordinates")} were pruned with PickerOptimizer '
                f'[Li2022pickeroptimizer]{general}: kept were those {self._decisionInWords()}{near}.']
