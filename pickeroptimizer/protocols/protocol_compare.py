"""Protocol that sets pruned sets side by side."""
import os
from collections import Counter
from enum import Enum, auto
from itertools import chain, count

from pwem.objects import SetOfCoordinates
from pyworkflow.object import Pointer, PointerList
from pyworkflow.protocol import params
from pyworkflow.utils import Message, cleanPath

from .. import convert
from ..comparison import Comparison, agreement, report
from ..comparison.analysis import Analysis
from ..comparison.describe import sentences
from ..comparison.tables import write_tables
from ..objects import PickerOptimizerComparison
from ..worker.exchange.errors import InputError
from .protocol_base import PickerOptimizerProtocol, oneLineErrors

AUTOMATIC = -1.0
SHARE_OF_BOX = 0.2          # of the box, as the tolerance
LARGEST = 1.0               # box: beyond, neighbours are taken for each other
MOST_METHODS = 60           # patterns are kept in the bits of a number
TABLES = 'tables'
PICKER = "picker's own score"


class PrunedSets(PointerList):
    """Pointers to sets, without those to nothing: what a template has of a plugin that is not installed.

    Scipion can neither show nor schedule a run with such a pointer.
    """

    def append(self, value):
        if not isinstance(value, Pointer) or value.hasValue():
            super().append(value)

    def __setattr__(self, name, value):
        if name.startswith(self.ITEM_PREFIX):      # from a database, which gives the pointer its value afterwards
            super().append(value)
        else:
            super().__setattr__(name, value)


class PickerOptimizerCompareOutputs(Enum):
    # The first is a PickerOptimizerComparison, the others are a SetOfCoordinates.
    outputComparison = auto()
    keptByAllCoordinates = auto()
    keptByMajorityCoordinates = auto()
    keptByOneCoordinates = auto()


# For each output of coordinates, which picks go into it.
CHOICES = {PickerOptimizerCompareOutputs.keptByAllCoordinates.name: agreement.kept_by_all,
           PickerOptimizerCompareOutputs.keptByMajorityCoordinates.name: agreement.kept_by_majority,
           PickerOptimizerCompareOutputs.keptByOneCoordinates.name: agreement.kept_by_one}


class ProtPickerOptimizerCompare(PickerOptimizerProtocol):
    """Compare what several ways of pruning made of the same picks.

    Any number of pruned sets are held against the picks before pruning: those of "prune coordinates",
    MicrographCleaner, Deep Consensus or any other protocol; particles, and 2D classes of which only the good ones are
    left, too. Picks are joined by micrograph and position, one to one, never by id. With a labelled set as the truth,
    the result says how much junk each method removed, how many particles it lost, and what other thresholds of its
    score would have done.

    Press "Analyze results" to see the same micrograph side by side. The folder extra of the run has a report that any
    browser shows (report.html), and its tables as CSV files (tables).
    """
    _label = 'compare pruned sets'
    _possibleOutputs = {PickerOptimizerCompareOutputs.outputComparison.name: PickerOptimizerComparison,
                        **dict.fromkeys(CHOICES, SetOfCoordinates)}

    # -------------------------- form ----------------------------------------
    def _defineParams(self, form):
        form.addSection(label=Message.LABEL_INPUT)
        form.addParam('inputCoordinates', params.PointerParam, pointerClass='SetOfCoordinates', important=True,
                      label='Picks before pruning', help='What all the methods were given to prune.')
        pruned = form.addParam(
            'inputSets', params.MultiPointerParam, important=True, minNumObjects=1,
            pointerClass='SetOfCoordinates,SetOfParticles,SetOfClasses2D', label='Pruned sets',
            help='What each method kept. All that is in a set counts as kept; of 2D classes, give those that '
            'were found good. A method is called by the label of its run.\n'
            'A score that the picks bear is found by itself: of this plugin, MicrographCleaner, Deep '
            'Consensus, crYOLO, Topaz, or RELION. Scores of rejected picks are taken from the other '
            'outputs of the same run, such as rejectedCoordinates or outputCoordinates_Full.')
        pruned.paramClass = PrunedSets
        form.addParam('truth', params.PointerParam, pointerClass='SetOfCoordinates', allowsNull=True,
                      label='Ground truth', help='Optional: labelled picks, with a class in the attribute _poClass, '
                                                 'such as outputLabels of "label and train". Those labels were trained '
                                                 'on, so they flatter that model: labels of other micrographs are '
                                                 'fair.')
        form.addParam('scoreNames', params.StringParam, default='', label='Score',
                      help='Empty: the scores are found by themselves, see the pruned sets. Or the name of an '
                           'attribute of the picks that is to be their score, such as _score; the button lists those '
                           'that there are. Higher must mean more of a particle; with a minus before the name, lower '
                           'does. Of several names, with blanks between, each set takes the first that it has; sets '
                           'that have none of them are scored as if the field were empty.')
        form.addParam('pickerScore', params.BooleanParam, default=False, label="Compare the picker's own score",
                      help='Show what a stricter threshold of the picker would have done, if the picks bear its score.')
        form.addParam('tolerance', params.FloatParam, default=AUTOMATIC, expertLevel=params.LEVEL_ADVANCED,
                      label='Tolerance (px)',
                      help=f'How far a pick of a pruned set may be from its pick before pruning, in px of the '
                           f'latter. -1: {SHARE_OF_BOX:g} of the box. 0: positions must be the very same; some '
                           f'protocols cut fractions off.')
        form.addSection(label='Results')
        form.addParam('keptByAll', params.BooleanParam, default=False, label='Make a set: kept by all',
                      help='Picks before pruning that all methods kept. Methods count only on micrographs that they '
                           'were given. Coordinates keep their ids and attributes.')
        form.addParam('keptByMajority', params.BooleanParam, default=False, label='Make a set: kept by the majority',
                      help='Picks that more than half of the methods kept.')
        form.addParam('keptByOne', params.BooleanParam, default=False, label='Make a set: kept by one alone',
                      help='Picks that exactly one of the methods kept.')
        form.addParam('pictures', params.IntParam, default=4, label='Micrographs in the report',
                      validators=[params.GE(0, error='must not be negative.')],
                      help='So many are shown in report.html: those where the methods differ most.')

    # -------------------------- steps ---------------------------------------
    def _insertAllSteps(self):
        # A continued run repeats the steps whose arguments have changed.
        job = self._job()
        self._insertFunctionStep(self.joinStep, job, needsGPU=False)
        self._insertFunctionStep(self.reportStep, job, self.pictures.get(), needsGPU=False)
        self._insertFunctionStep(self.createOutputStep, job, self._choices(), needsGPU=False)

    def _job(self):
        """What the comparison depends on."""
        sets = self.inputCoordinates.get(), self.truth.get(), *self._sets(), *self._siblings()
        return [*map(self._key, sets), self._names(), self.scoreNames.get(), self.pickerScore.get(), self._tolerance()]

    @staticmethod
    def _key(itemSet):
        try:
            return convert.setKey(itemSet)
        except InputError:      # the methods of sets that cannot be read are left out
            return [itemSet.getFileName()]

    def joinStep(self, job):
        """Join all sets to the picks before pruning."""
        tolerance = self._tolerance()
        with oneLineErrors():
            self.info('Reading the picks before pruning')
            reference = convert.Reference.read(self.inputCoordinates.get(),
                                               convert.namedScores(self.scoreNames.get()))
            methods = []
            for pointer, name in zip(self.inputSets, self._names()):
                self.info(f'Joining {name}')
                method = convert.readMethod(pointer, name, reference, tolerance,
                                            lambda done, total: self.info(f'   {done} of {total} micrographs'))
                self.info(f'   left out: {method.notes[0]}' if method.is_left_out else
                          f'   {int(method.kept.sum())} of {len(reference.ids)} kept; '
                          f'{method.unmatched + method.elsewhere} are no reference picks')
                methods.append(method)
            self._checkSomeLeft(methods)
            comparison = convert.makeComparison(reference, self._nameOf(self.inputCoordinates), methods, tolerance)
            if self.pickerScore.get():
                own = convert.ownScores(PICKER, reference)
                if own is None:
                    comparison.notes.append("The picks before pruning have no score of the picker.")
                else:
                    methods.append(own)
            if self.truth.get() is not None:
                comparison.classes, comparison.truth, notes = convert.readTruth(self.truth.get(), reference, tolerance)
                comparison.notes += notes
                for pointer, method in zip(self.inputSets, methods):
                    if method.decides:
                        convert.noteUnknownClasses(pointer.get(), method, comparison.classes)
        comparison.save(self._getExtraPath())

    @staticmethod
    def _checkSomeLeft(methods):
        """Raise InputError if none of the methods could be compared."""
        if all(method.is_left_out for method in methods):
            first = methods[0]
            others = f' The others: see the log ({len(methods) - 1}).' if len(methods) > 1 else ''
            raise InputError(f'None of the pruned sets can be compared with these picks. {first.name}: '
                             f'{first.notes[0]}{others}')

    def reportStep(self, job, pictures):
        """Write the tables and the report."""
        comparison = self.getComparison()
        folder = self._getExtraPath(TABLES)
        cleanPath(folder)
        os.makedirs(folder)
        self.info('Computing tables and confidence intervals')
        analysis = Analysis.of(comparison)
        write_tables(analysis, folder)
        self.info('Writing the report')
        report.write(self._getExtraPath(report.REPORT_FILE), analysis, pictures)
        self.summaryVar.set('\n'.join(sentences(analysis)))

    def createOutputStep(self, job, choices):
        """Register the comparison and the sets that are asked for."""
        comparison = self.getComparison()
        disputed = int(agreement.per_micrograph(comparison).disputed.sum())
        output = PickerOptimizerComparison.fromFolder(self._getExtraPath(), comparison, disputed)
        self._relate(PickerOptimizerCompareOutputs.outputComparison.name, output)
        for name in choices:
            coordinates = self._newCoordinatesLike(self.inputCoordinates.get(), name)
            convert.copyChosen(self.inputCoordinates.get(), CHOICES[name](comparison), coordinates)
            self._relate(name, coordinates)

    def _relate(self, name, output):
        if self._setOutput(name, output):
            for pointer in (self.inputCoordinates, *self.inputSets):
                self._defineSourceRelation(pointer, getattr(self, name))

    # -------------------------- information ---------------------------------
    def getComparison(self):
        """Return the comparison.Comparison of the run. Raises InputError if it has not finished or is damaged."""
        return Comparison.load(self._getExtraPath())

    def _validate(self):
        coordinates, sets = self.inputCoordinates.get(), self._sets()
        if coordinates is None or not sets:
            return []      # Scipion itself asks for them
        errors = self._checkCoordinates(coordinates, 'picks before pruning')
        for itemSet, name in zip(sets, self._names()):
            if itemSet is None:
                errors.append(f'{name}: this set is not there (any more): take it out of the list.')
            elif isinstance(itemSet, SetOfCoordinates) and itemSet.getMicrographs() is None:
                errors.append(f'{name}: its coordinates are not linked to micrographs.')
        if len(sets) > MOST_METHODS:
            errors.append(f'There are {len(sets)} pruned sets; at most {MOST_METHODS} can be compared.')
        truth = self.truth.get()
        if truth is not None:
            errors += self._checkCoordinates(truth, 'ground truth') or convert.checkTruth(truth)
        if not errors:
            errors += convert.checkNamedScores(convert.namedScores(self.scoreNames.get()), self.getScoredSets())
        if not errors and not (coordinates.getBoxSize() or 0) > 0:
            errors.append('The picks before pruning have no box size: import them again with one.')
        return errors or self._validateTolerance(coordinates.getBoxSize())

    def _validateTolerance(self, box):
        tolerance = self.tolerance.get()
        if tolerance is None or not (tolerance >= 0 or tolerance == AUTOMATIC):
            return [f'The tolerance must be -1 (a fifth of the box), 0 (the very same positions) or a number of px, '
                    f'not {tolerance}.']
        if tolerance > LARGEST * box:
            return [f'A tolerance of {tolerance:g} px is more than a box ({box} px): neighbours would be taken for '
                    f'each other.']
        return []

    def _warnings(self):
        lines = []
        picks, sets = self.inputCoordinates.get(), [given for given in self._sets() if given is not None]
        files = Counter(itemSet.getFileName() for itemSet in sets)
        if any(count > 1 for count in files.values()):
            lines.append('A pruned set is given more than once: it will agree with itself.')
        if picks is not None and picks.getFileName() in files:
            lines.append('The picks before pruning are also given as a pruned set: as a method that keeps everything.')
        if self.tolerance.get() == 0:
            lines.append('With a tolerance of 0, only picks at the very same positions are joined: MicrographCleaner '
                         'and extraction cut fractions off.')
        truth = self.truth.get()
        if truth is not None and convert.isScored(truth):
            lines.append('The classes of the ground truth were given by "prune coordinates", not by a person. If '
                         'Scipion has filled that field in, empty it.')
        if any(itemSet.isStreamOpen() for itemSet in (picks, *sets) if itemSet is not None):
            lines.append('Some of the sets are still growing: compared is what they hold when the run begins.')
        return lines

    def _summary(self):
        lines = self.summaryVar.get('').splitlines() or ['Not compared yet.']
        return lines + self._leftOutputs(self._choices())

    def _methods(self):
        if not self.summaryVar.get():
            return []
        return [f'What {", ".join(self._names())} kept of the coordinates {self.getObjectTag("inputCoordinates")} was '
                f'compared by the optimal one-to-one assignment of positions within {self._tolerance():g} px, with '
                f'95 % intervals by resampling micrographs.']

    # -------------------------- utilities -----------------------------------
    def getScoredSets(self):
        """Return the sets whose picks may bear a score: those before pruning and the pruned ones that are there."""
        return [itemSet for itemSet in (self.inputCoordinates.get(), *self._sets()) if itemSet is not None]

    def _sets(self):
        return [pointer.get() for pointer in self.inputSets]

    def _siblings(self):
        """The coordinates of the runs of the pruned sets: what was rejected, and its scores, comes from these."""
        runs = {run.getObjId(): run for run in (pointer.getObjValue() for pointer in self.inputSets)
                if hasattr(run, 'iterOutputAttributes')}
        return [output for run in runs.values() for _, output in run.iterOutputAttributes(SetOfCoordinates)]

    def _names(self):
        """The names of the methods: labels of runs, with the id where several runs bear one, with the output where a
        run comes more than once, and numbered if need be."""
        pointers = list(self.inputSets)
        labels = [self._nameOf(pointer) for pointer in pointers]
        ids = [None if pointer.getObjValue() is None else pointer.getObjValue().getObjId() for pointer in pointers]
        runs = Counter(label for label, _ in set(zip(labels, ids)))
        labels = [f'{label} (id {objId})' if runs[label] > 1 else label for label, objId in zip(labels, ids)]
        times = Counter(labels)
        names = []
        for label, pointer in zip(labels, pointers):
            name = f'{label}, {pointer.getExtended()}' if times[label] > 1 and pointer.getExtended() else label
            numbered = chain((name,), (f'{name} ({number})' for number in count(2)))
            names.append(next(one for one in numbered if one not in (PICKER, *names)))
        return names

    @staticmethod
    def _nameOf(pointer):
        owner = pointer.getObjValue()
        if owner is None:
            return 'missing set'
        return ' '.join((owner.getRunName() if hasattr(owner, 'getRunName') else owner.getNameId()).split())

    def _tolerance(self):
        """px of the picks before pruning."""
        tolerance = self.tolerance.get()
        return SHARE_OF_BOX * self.inputCoordinates.get().getBoxSize() if tolerance == AUTOMATIC else tolerance

    def _choices(self):
        """Names of the sets of coordinates that are asked for."""
        wanted = self.keptByAll.get(), self.keptByMajority.get(), self.keptByOne.get()
        return [name for name, want in zip(CHOICES, wanted) if want]
