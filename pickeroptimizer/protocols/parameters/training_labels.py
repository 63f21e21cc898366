"""The labels of fine-tune: one set a class, a file, a set that bears the classes, or labels given interactively.

How labels are given interactively says interactive_labels; here they are one source among the others.
"""
from enum import IntEnum

from pyworkflow.protocol import params

from ... import convert
from ...constants import PO_CLASS
from ...domain import labels as labelling
from ...worker.exchange.classes import KNOWN, checked_classes, ordered
from ...worker.exchange.errors import InputError
from ..protocol_base import fileDigest
from .label_sets import EMPTY_FIELDS, FIELDS, LabelSets, namesIn


class LabelSource(IntEnum):
    """Values of the parameter labelSource; projects and templates keep the numbers."""
    COORDINATE_SETS = 0
    FILE = 1
    INTERACTIVE = 2
    LABELLED_SET = 3


class TrainingLabels(LabelSets):
    """For a protocol with inputCoordinates, on whose micrographs the labels are, and with registered labels."""

    def _defineLabelParams(self, form):
        sets, interactive, one = LabelSource.COORDINATE_SETS, LabelSource.INTERACTIVE, LabelSource.LABELLED_SET
        begin = f'labelSource=={interactive:d} and beginWithLabels'
        form.addParam('labelSource', params.EnumParam, default=interactive.value, important=True,
                      choices=['coordinate sets', 'file', 'label now', 'labelled set'],
                      display=params.EnumParam.DISPLAY_HLIST, label='Labels from',
                      help='Label now: the run looks at some of the picks, which takes seconds, and waits; "Analyze '
                           'results" then opens the window to label in.\n'
                           'For labels that you have already: coordinate sets, one set for each class; file, a table '
                           'of labelled places; '
                           'labelled set, coordinates that bear their class, such as outputLabels of another run.')
        form.addParam('beginWithLabels', params.BooleanParam, default=False, condition=f'labelSource=={interactive:d}',
                      label='Begin with labels that you have',
                      help='Yes: give them as sets; the window opens with them.')
        form.addParam('inputLabels', params.PointerParam, pointerClass='SetOfCoordinates', allowsNull=True,
                      condition=f'labelSource=={one:d} or ({begin})', label='Labelled coordinates',
                      help=f'Coordinates with a class, such as particle or ice, in their attribute {PO_CLASS}, on '
                           f'micrographs of the same names as those of the picks.')
        self._defineSetParams(form, f'labelSource=={sets:d} or ({begin})',
                              'They may be a subset of the picks or picked apart, and may stand on micrographs of the '
                              'same names and another pixel size.')
        form.addParam('labelsFile', params.FileParam, condition=f'labelSource=={LabelSource.FILE:d}',
                      label='Labels file',
                      help='A CSV file with the header "mic_name,x,y,label": the name of the micrograph as Scipion '
                           'shows it (or a column mic_id with its id), the centre of the box in px of the micrographs '
                           'of the picks (row 0 at the top), and the class: particle, or junk of any name, such as '
                           'ice, carbon, empty or gold edge. Other columns are ignored.')
        form.addParam('classes', params.StringParam, default=', '.join(KNOWN),
                      condition=f'labelSource=={interactive:d}', label='Classes that the window offers',
                      help='Particle and up to eight kinds of junk, with commas between: also names of your own, such '
                           'as "gold edge". Not all of them need labels: a model learns those that have some.')
        form.addParam('shots', params.IntParam, default=0, label='Labels per class',
                      validators=[params.GE(0, error='must not be negative.')],
                      help='Use at most so many labels of each class, drawn at random with the seed. 0: all of them.')

    def getBoxCoordinates(self):
        """Return the coordinates whose box size is used; None when they are not given yet."""
        return self.inputCoordinates.get()

    def getClasses(self):
        """Return the classes that the labelling window offers, in their order. Raises InputError for names that cannot
        be used."""
        return checked_classes(namesIn(self.classes))

    def offerClasses(self, names):
        """Let the window offer further classes. Raises InputError as getClasses does."""
        self.classes.set(', '.join(ordered({*self.getClasses(), *names})))

    def _takes(self, *sources):
        return self.labelSource.get() in sources

    # Scipion fills every field of a new form from the run that is selected, which is that of the picks: as labels to
    # begin with, they are not meant.

    def _givenSets(self):
        if not self._takes(LabelSource.INTERACTIVE):
            return super()._givenSets()
        return [(name, given) for name, given in super()._givenSets() if not self._isPicks(given.get())
                ] if self.beginWithLabels else []

    def _otherPointers(self):
        begin = self._takes(LabelSource.INTERACTIVE)
        return [given for given in super()._otherPointers()
                if not (begin and given.get() is not None and self._isPicks(given.get()))]

    def _labelledSet(self):
        """The set that bears the classes, None if there is none or it is not used."""
        labelled, begin = self.inputLabels.get(), self._takes(LabelSource.INTERACTIVE) and self.beginWithLabels.get()
        if labelled is None or (begin and self._isPicks(labelled)):
            return None
        return labelled if begin or self._takes(LabelSource.LABELLED_SET) else None

    def _isPicks(self, coordinates):
        picks = self.inputCoordinates.get()
        return picks is not None and coordinates.getFileName() == picks.getFileName()

    def _labelPointers(self):
        """Pointers to the sets that the labels come from."""
        sets = self._setPointers() if self._takes(LabelSource.COORDINATE_SETS, LabelSource.INTERACTIVE) else []
        return sets + ([self.inputLabels] if self._labelledSet() is not None else [])

    # What the labels are

    def _collectLabels(self):
        """The labels of whatever source, in px of the micrographs of the picks. Raises InputError."""
        if self._takes(LabelSource.FILE):
            micrographs = self.inputCoordinates.get().getMicrographs()
            return labelling.readLabelsFile(self.labelsFile.get(), convert.micrographNames(micrographs))
        if self._takes(LabelSource.INTERACTIVE):
            labels = self.getRegisteredLabels()
            labelling.checkOffered((row.label for row in labels), self.getClasses())      # it may have been changed
            return labels
        return self._labelsOfSets() if self._takes(LabelSource.COORDINATE_SETS) else self._labelsOfClasses()

    def _labelsOfSets(self):
        micrographs = self.inputCoordinates.get().getMicrographs()
        return [row for name, coordinates in self._labelSets()
                for row in convert.labelsFromSet(coordinates, name, micrographs)]

    def _labelsOfClasses(self):
        labelled = self._labelledSet()
        micrographs = self.inputCoordinates.get().getMicrographs()
        return [] if labelled is None else convert.labelsFromClasses(labelled, micrographs)

    def _countElsewhere(self):
        """How many labels of sets are on micrographs that the picks do not have."""
        if self._takes(LabelSource.COORDINATE_SETS):
            return sum(coordinates.getSize() for _, coordinates in self._labelSets()) - len(self._labelsOfSets())
        if self._takes(LabelSource.LABELLED_SET):
            return len(convert.labelsFromClasses(self._labelledSet())) - len(self._labelsOfClasses())
        return 0

    # What steps depend on

    def _labelsKey(self):
        if self._takes(LabelSource.FILE):
            given = [fileDigest(self.labelsFile.get())]
        elif self._takes(LabelSource.INTERACTIVE):
            given = [self._registeredKey()]
        else:
            given = (self._setsKey() if self._takes(LabelSource.COORDINATE_SETS) else
                     convert.setKey(self._labelledSet()))
        return [self.labelSource.get(), given, self.shots.get(), self.seed.get(), self._picksKey()]

    def _picksKey(self):
        return convert.setKey(self.inputCoordinates.get())

    # What is wrong with them

    def _validateLabels(self):
        """Lines about labels that can be known before the run."""
        if self._takes(LabelSource.COORDINATE_SETS):
            return self._validateSets()
        if self._takes(LabelSource.FILE) and not self.labelsFile.get():
            return ['Choose a labels file.']
        if self._takes(LabelSource.LABELLED_SET) and self.inputLabels.get() is None:
            return ['Choose the labelled coordinates.']
        interactive = self._takes(LabelSource.INTERACTIVE)
        errors = self._checkSets() if interactive else []
        if self._labelledSet() is not None:
            errors += self._checkCoordinates(self._labelledSet(), 'labelled coordinates')
        if errors:
            return errors
        if interactive:
            return self._validateUnused() or self._validateOffered()
        try:
            labelling.checkClasses(self._collectLabels(), self.knownClasses())
        except InputError as error:
            return [str(error)]
        return []

    def _validateUnused(self):
        """A line about labels that are given and that "label now" does not begin with.

        Where all fields hold the same set, Scipion has filled them in.
        """
        given = [pointer for _, pointer in super()._givenSets()] + [self.inputLabels]
        files = [pointer.get().getFileName() for pointer in given if pointer.get() is not None]
        filledIn = len(files) > len(FIELDS) and len(set(files)) == 1
        if self.beginWithLabels or filledIn or not {*files} - {self.inputCoordinates.get().getFileName()}:
            return []
        return ['Labels are given as sets, and "label now" would not use them: choose "Yes" in "Begin with labels that '
                f'you have" or "coordinate sets" or "labelled set" in "Labels from", or {EMPTY_FIELDS}']

    def _validateOffered(self):
        """Lines about the classes that the window offers, and the labels to begin with."""
        try:
            classes = self.getClasses()
        except InputError as error:
            return [f'Classes that the window offers: {error}']
        try:
            given = [name for name, _ in self._labelSets()] + [row.label for row in self._labelsOfClasses()]
            labelling.checkOffered(given, classes)
        except InputError as error:
            return [f'{error} Or {EMPTY_FIELDS}']
        return []

    def _labelWarnings(self):
        """Questions about the labels. The picks are there, and linked to micrographs."""
        warnings = []
        labelled = self._labelledSet()
        if labelled is not None and convert.isScored(labelled):
            warnings.append('The classes of the labelled coordinates were given by "prune", not by a person: a model '
                            'learns from them what another one has learnt, its errors included.')
        if not self._takes(LabelSource.INTERACTIVE) and not self._validateLabels():
            counts = labelling.countByClass(self._collectLabels())
            warnings += labelling.fewLines(counts) + labelling.alikeLines(counts)
        return warnings + self._labelScaleNotes()

    def _labelScaleNotes(self):
        labelled = self._labelledSet()
        sets = [coordinates for _, coordinates in self._labelSets()] if self._takes(
            LabelSource.COORDINATE_SETS, LabelSource.INTERACTIVE) else []
        return self._scaleNotes(sets + ([] if labelled is None else [labelled]),
                                self.inputCoordinates.get().getMicrographs())
