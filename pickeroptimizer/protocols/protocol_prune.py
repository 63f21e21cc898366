"""Protocol that splits picks into kept and rejected ones with a model."""
import re
from enum import Enum, auto
from itertools import chain, count

from pwem.objects import SetOfCoordinates
from pyworkflow.protocol import params
from pyworkflow.utils import Message, cleanPath

from .. import Plugin, convert, decision
from ..corrections import Corrections
from ..decision import MINIMUM, MOST_PROBABLE, PURITY, RULES, SHARE
from ..worker.errors import InputError
from ..worker.modelheader import read_header
from .protocol_base import (MODEL, REPORT, PickerOptimizerProtocol, boxAngstrom, countsText, failedLines,
                            oneLineErrors)

CUT_OUTPUTS = 'kept', 'rejected'      # what the names of further outputs begin with
NOVEL = 2.0      # from here on hardly any pick of a labelled kind is met (docs/recogniser.md)
BOX_TOLERANCE = 0.25      # relative difference of box sizes from which on the user is asked


class PickerOptimizerPruneOutputs(Enum):
    # All three are a SetOfCoordinates; members of one value would be one member.
    outputCoordinates = auto()
    rejectedCoordinates = auto()
    unscoredCoordinates = auto()


class ProtPickerOptimizerPrune(PickerOptimizerProtocol):
    """Split picked coordinates into particles, which are kept, and ice, carbon and other junk, rejected.

    Every output coordinate is the one of the input, with its id and all its attributes, and has five more: the
    probabilities _poParticle, _poIce and _poCarbon; _poClass, the most probable class; and _poNovelty, how far it is
    from anything that was labelled (about 1 is usual, above 2 it resembles no label). A pick whose centre is not
    inside its micrograph is rejected as "outside". Picks of a micrograph that cannot be read are neither kept nor
    rejected: they come out as unscoredCoordinates. Kept and rejected coordinates are always given, empty if there are
    none, so that a scheduled workflow goes on.

    To decide otherwise, change the decision and continue this run: nothing is scored again. Or press "Analyze results":
    the window shows what each decision keeps, makes sets of it as further outputs of this run, and takes corrections.
    """
    _label = 'prune coordinates'
    _possibleOutputs = {output.name: SetOfCoordinates for output in PickerOptimizerPruneOutputs}

    # -------------------------- form ----------------------------------------
    def _defineParams(self, form):
        form.addSection(label=Message.LABEL_INPUT)
        self._defineGpuParams(form)
        form.addParam('inputCoordinates', params.PointerParam, pointerClass='SetOfCoordinates', important=True,
                      label='Input coordinates', help='The picks to prune, from any picker.')
        form.addParam('inputModel', params.PointerParam, pointerClass='PickerOptimizerModel', important=True,
                      label='Model', help='From "fine-tune" or "import model". Its box size in Å is used, whatever the '
                                          'pixel size of the micrographs.')
        form.addParam('otherMicrographs', params.PointerParam, pointerClass='SetOfMicrographs', allowsNull=True,
                      expertLevel=params.LEVEL_ADVANCED, label='Other micrographs',
                      help='Look at these micrographs instead of those that the coordinates were picked on: for '
                           'instance ones that are not denoised, or of another pixel size. They are found by their '
                           'names; positions are scaled for looking, the outputs keep the positions of the input.')
        form.addParam('decision', params.EnumParam, default=MOST_PROBABLE, label='Keep by', choices=list(RULES),
                      help='Most probable class: keep what is more likely a particle than any kind of junk.\n'
                           'Minimum particle probability: keep what is a particle with at least this probability.\n'
                           'Share of the particles: keep at least so many of the true particles, and as little else '
                           'as that allows.\n'
                           'Share of junk: keep as much as possible with at most so much junk among it.\n'
                           'Change it and continue the run: the scores are used again.')
        form.addParam('minProbability', params.FloatParam, default=0.5, condition=f'decision=={MINIMUM}',
                      validators=[params.Range(0., 1., error='must lie between 0 and 1.')],
                      label='Minimum particle probability',
                      help='Higher: purer and fewer. Continue the run after a change: the scores are used again.')
        form.addParam('keptParticles', params.FloatParam, default=95, condition=f'decision=={SHARE}',
                      validators=[params.Range(1., 99.9, error='must lie between 1 and 99.9.')],
                      label='Keep of the particles (%)',
                      help='At least so many per cent of the particles are kept, as far as the labelled ones tell: '
                           'the cut is taken from what the cross-validation of the model said of them. 30 labelled '
                           'particles can promise 96 %, 100 can promise 99 %.')
        form.addParam('keptJunk', params.FloatParam, default=2, condition=f'decision=={PURITY}',
                      validators=[params.Range(0.01, 99., error='must lie between 0.01 and 99.')],
                      label='Junk among the kept (%)',
                      help='At most so many per cent of the kept picks are junk, as the probabilities have it. They do '
                           'not know that most picks are particles, so the kept ones are usually purer.')
        form.addParam('batchSize', params.IntParam, default=0, expertLevel=params.LEVEL_ADVANCED,
                      validators=[params.GE(0, error='must not be negative.')], label='Boxes at a time',
                      help='How many boxes go through the network at a time; 0: chosen by the program. Lower it if '
                           'the memory of the GPU does not suffice.')
        self._defineThreadsParams(form)

    # -------------------------- steps ---------------------------------------
    def _insertAllSteps(self):
        # A run that is continued repeats the steps whose arguments have changed: other inputs mean all of them,
        # another decision the last one alone.
        job = self._job()
        self._insertFunctionStep(self.convertStep, job, needsGPU=False)
        self._insertFunctionStep(self.scoreStep, job, needsGPU=True)
        self._insertFunctionStep(self.createOutputStep, job, *self.getDecision(), needsGPU=False)

    def _job(self):
        """What the scores depend on."""
        coordinates, other = self.inputCoordinates.get(), self.otherMicrographs.get()
        return [coordinates.getFileName(), coordinates.getSize(), self.inputModel.get().getFileName(),
                '' if other is None else other.getFileName()]

    def convertStep(self, job):
        """Write the worker's tables; scores of other inputs are of no more use."""
        extra = self._getExtraPath()
        cleanPath(self._getExtraPath(convert.SCORES), self._getExtraPath(REPORT))
        coordinates, micrographs = self.inputCoordinates.get(), self._micrographs()
        micIds, scale = convert.correspondence(coordinates.getMicrographs(), micrographs)
        with oneLineErrors():
            used = convert.writeCoordinates(coordinates, extra, micIds, scale)
            if not used:
                raise InputError('None of the coordinates is on one of the micrographs.')
            convert.writeMicrographs(micrographs, extra, used)
        self._linkIntoExtra(self.inputModel.get().getFileName(), MODEL)

    def scoreStep(self, job):
        """Score all picks. After a failure the worker goes on with the micrographs that are missing."""
        arguments = ['--micrographs', convert.MICROGRAPHS, '--coordinates', convert.COORDINATES, '--model', MODEL,
                     '--output', convert.SCORES, '--report', REPORT]
        if self.batchSize.get() > 0:
            arguments += ['--batch-size', str(self.batchSize.get())]
        self._runWorker('prune', arguments)

    def createOutputStep(self, job, mode, wanted):
        """Split the picks by their scores."""
        coordinates = self.inputCoordinates.get()
        outputs = PickerOptimizerPruneOutputs
        with oneLineErrors():
            scores = convert.Scores(self._getExtraPath(convert.SCORES))
            minimum = self._minimum(mode, wanted, scores)
        kept = self._newCoordinates('Kept')
        rejected = self._newCoordinates('Rejected')
        unscored = None
        if scores.countUnscored(coordinates.getSize()) or self.hasAttribute(outputs.unscoredCoordinates.name):
            unscored = self._newCoordinates('Unscored')
        counts = convert.splitCoordinates(coordinates, scores, minimum, kept, rejected, unscored)
        for output, itemSet in zip(outputs, (kept, rejected, unscored)):
            if itemSet is not None and self._setOutput(output.name, itemSet):
                self._defineSourceRelation(self.inputCoordinates, itemSet)
                self._defineSourceRelation(self.inputModel, itemSet)
        self.summaryVar.set('\n'.join(self._describe(minimum, *counts, scores.countNovel(NOVEL))))

    def createCoordinates(self, mode, wanted, corrected=None):
        """Split the picks by another decision into two further outputs; return these, (kept, rejected).

        mode, wanted: see decision.minimumFor. corrected: {coord_id: class} of picks that a user has given another
        class. The outputs' names say what was decided. Nothing is scored; the other outputs stay as they are. Raises
        InputError where the run is in progress, has no scores, or cannot decide so.
        """
        if self.isActive():
            raise InputError('The run is in progress: wait for its end.')
        scores = convert.Scores(self._getExtraPath(convert.SCORES))
        minimum = self._minimum(mode, wanted, scores)
        cut = self._newCutName(mode, wanted)
        outputs = {f'{what}{cut}': self._newCoordinates(f'{what.capitalize()}{cut}') for what in CUT_OUTPUTS}
        convert.splitCoordinates(self.inputCoordinates.get(), scores, minimum, *outputs.values(), corrected=corrected)
        how = decision.describe(mode, wanted) + (f', {len(corrected)} corrected by hand' if corrected else '')
        for what, coordinates in zip(CUT_OUTPUTS, outputs.values()):
            coordinates.setObjComment(f'{what} by {how}')
        self._defineOutputs(**outputs)
        for coordinates in outputs.values():
            self._defineSourceRelation(self.inputCoordinates, coordinates)
            self._defineSourceRelation(self.inputModel, coordinates)
        self._store()
        return tuple(outputs.items())

    def _newCutName(self, mode, wanted):
        """What the outputs of a decision are called after `kept` or `rejected`; no output is called so yet."""
        number = '' if wanted is None else re.sub(r'\W', '_', f'{wanted:g}')
        name = {MOST_PROBABLE: 'MostProbable', MINIMUM: 'Min', SHARE: 'Share', PURITY: 'MaxJunk'}[mode] + number
        names = chain((name,), (f'{name}_no{i}' for i in count(2)))
        return next(name for name in names if not any(self.hasAttribute(f'{what}{name}') for what in CUT_OUTPUTS))

    def getDecision(self):
        """(mode, wanted) of the form; see decision.minimumFor."""
        wanted = {MOST_PROBABLE: None, MINIMUM: self.minProbability.get(), SHARE: self.keptParticles.get(),
                  PURITY: self.keptJunk.get()}
        return self.decision.get(), wanted[self.decision.get()]

    def corrections(self):
        """The Corrections of this run's picks."""
        return Corrections(self._getExtraPath())

    def getCorrections(self):
        """{coord_id: worker.tables.CoordinateRow}. Raises InputError if they cannot be read."""
        return self.corrections().read()

    def _newCoordinates(self, suffix):
        """An empty SetOfCoordinates with the box and the micrographs of the input."""
        coordinates = self._createSetOfCoordinates(self.inputCoordinates.get().getMicrographs(asPointer=True), suffix)
        coordinates.copyInfo(self.inputCoordinates.get())
        return coordinates

    def _describe(self, minimum, kept, rejected, unscored, novel):
        report = self._readReport()
        names = convert.micrographNames(self._micrographs())
        total = sum(kept.values()) + sum(rejected.values())
        share = f' ({100 * sum(kept.values()) / total:.1f} %)' if total else ''
        rule = ('by the most probable class' if minimum is None else
                f'with a particle probability of {minimum:g} or more')
        lines = [f'Kept *{sum(kept.values())}* of {total} picks{share} {rule}.',
                 f'   kept: {countsText(kept)}', f'   rejected: {countsText(rejected)}']
        if not kept:
            lines.append('*No pick was kept*: outputCoordinates is an empty set.')
        if novel:
            lines.append(f'*{novel}* of the picks resemble no labelled box, whatever class they were given (_poNovelty '
                         f'above {NOVEL:g}): Analyze results shows them as "most novel". If they are many, label some.')
        if unscored:
            lines.append(f'*Not scored*: {sum(unscored.values())} picks, for want of {len(unscored)} of the '
                         f'micrographs (unscoredCoordinates). Restart the run when they can be read:')
            lines += failedLines(report['failed_micrographs'], names)
            absent = len(unscored) - len(report['failed_micrographs'])
            if absent > 0:
                lines.append(f'   {absent} not among the micrographs')
        lines.append(f'{report["device"]}: {report["boxes_per_second"]:.0f} boxes per second, '
                     f'{report["seconds"]:.0f} s.')
        return lines

    # -------------------------- information ---------------------------------
    def _validate(self):
        coordinates, model, other = self.inputCoordinates.get(), self.inputModel.get(), self.otherMicrographs.get()
        if coordinates is None or model is None:
            return []      # Scipion itself asks for them
        errors = Plugin.validateWorker() + self._checkCoordinates(coordinates, 'input coordinates')
        if other is not None:
            errors += self._checkMicrographs(other, 'other micrographs')
        try:
            header = read_header(model.getFileName())
            if self.decision.get() == SHARE:
                decision.minimumForShare(header, self.keptParticles.get() / 100)
        except InputError as error:
            errors.append(str(error))
        if not errors and other is not None and not convert.matchMicrographs(
                convert.micrographNames(coordinates.getMicrographs()), convert.micrographNames(other)):
            errors.append('None of the other micrographs has the name of a micrograph of the input coordinates.')
        return errors

    def _warnings(self):
        coordinates, model = self.inputCoordinates.get(), self.inputModel.get()
        warnings = self._gpuWarnings()
        box = boxAngstrom(coordinates)
        if box and abs(box / model.getBoxAngstrom() - 1) > BOX_TOLERANCE:
            warnings.append(f'The boxes of the coordinates are {box:.0f} Å wide, those that the model was trained with '
                            f'{model.getBoxAngstrom():.0f} Å: it looks at the latter. Is it a model of this sample?')
        return warnings

    def _summary(self):
        return self.summaryVar.get('').splitlines() or ['Not pruned yet.']

    def _methods(self):
        if not self.summaryVar.get():
            return []
        how = {MOST_PROBABLE: 'whose most probable class is particle',
               MINIMUM: f'whose particle probability is at least {self.minProbability.get():g}',
               SHARE: f'above the cut that keeps {self.keptParticles.get():g} % of the labelled particles',
               PURITY: f'above the cut with {self.keptJunk.get():g} % of junk expected'}[self.decision.get()]
        return [f'The coordinates {self.getObjectTag("inputCoordinates")} were pruned with PickerOptimizer '
                f'[Li2022pickeroptimizer]: kept were those {how}.']

    # -------------------------- utilities -----------------------------------
    def _minimum(self, mode, wanted, scores):
        """The least particle probability of a kept pick; None when the most probable class decides."""
        header = self.inputModel.get().getHeader() if mode == SHARE else None
        return decision.minimumFor(mode, wanted, header, scores.particleProbabilities())

    def _micrographs(self):
        """The SetOfMicrographs that is looked at."""
        other = self.otherMicrographs.get()
        return self.inputCoordinates.get().getMicrographs() if other is None else other
