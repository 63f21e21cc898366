"""Labelled coordinates, as the protocols that learn from them ask for them."""
from pyworkflow.protocol import params

from ... import convert
from ...constants import PO_CLASS
from ...domain import labels as labelling
from ...worker.exchange.errors import InputError
from ...worker.exchange.tables import CLASSES, CoordinateRow
from ..protocol_base import boxAngstrom

SETS = tuple(f'{name}Labels' for name in CLASSES)      # parameters, one a class
FROM_LABELLED, FROM_SETS = range(2)
EMPTY_FIELDS = 'empty the fields that are not meant, which Scipion fills by itself from the run that is selected.'


class LabelSets:
    """For a protocol that takes one coordinate set a class, and the size of their boxes."""

    @staticmethod
    def _defineSetParams(form, condition, whose):
        """One set a class. `whose`: the pixel size and the names that the sets go by, in words."""
        for name, parameter, what in zip(CLASSES, SETS, (
                'good particles', 'ice crystals, dirt, aggregates and other high-contrast junk',
                'carbon or gold film and its edge')):
            form.addParam(parameter, params.PointerParam, pointerClass='SetOfCoordinates', allowsNull=True,
                          condition=condition, label=f'Labels of {name}',
                          help=f'Coordinates on {what}. {whose} Particles are needed, and ice or carbon or both.')

    @staticmethod
    def _defineBoxParam(form, whose, purpose):
        form.addParam('boxSize', params.IntParam, default=-1, allowsPointers=True, label='Box size (px)',
                      help=f'Side of the box that is looked at, in px of the micrographs of {whose}; about 1.5 times '
                           f'the particle. -1: the box size of {whose}. {purpose}')

    def _labelSets(self):
        """(class, SetOfCoordinates) of the sets that were given."""
        sets = ((name, getattr(self, parameter).get()) for name, parameter in zip(CLASSES, SETS))
        return [(name, coordinates) for name, coordinates in sets if coordinates is not None]

    def _setPointers(self):
        return [pointer for pointer in (getattr(self, name) for name in SETS) if pointer.get() is not None]

    def _setsKey(self):
        """What a step that uses the sets depends on."""
        return [[name, coordinates.getFileName(), coordinates.getSize()] for name, coordinates in self._labelSets()]

    def _checkSets(self):
        """Lines about the sets themselves."""
        classes = {}
        for name, coordinates in self._labelSets():
            classes.setdefault(coordinates.getFileName(), []).append(name)
        same = [f'{" and ".join(names)} are given the same set: {EMPTY_FIELDS}' for names in classes.values()
                if len(names) > 1]
        return same or [line for name, coordinates in self._labelSets()
                for line in self._checkCoordinates(coordinates, f'coordinates given for {name}')]

    def _validateSets(self):
        """Lines about the sets themselves, and about the classes that they are for."""
        errors = self._checkSets()
        if errors:
            return errors
        try:
            labelling.checkClasses([CoordinateRow(None, 0, 0, 0, name) for name, _ in self._labelSets()])
        except InputError as error:
            return [str(error)]
        return []

    def _boxAngstrom(self):
        """The box in Å; None when neither the parameter nor the coordinates give one."""
        coordinates = self.getBoxCoordinates()
        if self.boxSize.get() > 0:
            return self.boxSize.get() * coordinates.getMicrographs().getSamplingRate()
        return boxAngstrom(coordinates)


class LabelledInput(LabelSets):
    """For a protocol that takes labels and no other picks: one set that bears the classes, or one set a class."""

    def _defineLabelledParams(self, form, purpose):
        form.addParam('labelSource', params.EnumParam, default=FROM_LABELLED, important=True,
                      choices=['labelled set', 'set a class'], display=params.EnumParam.DISPLAY_HLIST,
                      label='Labels from',
                      help='Labelled set: coordinates that bear their class, such as outputLabels of "fine-tune".\n'
                           'Set a class: one coordinate set for each class.')
        form.addParam('inputLabels', params.PointerParam, pointerClass='SetOfCoordinates', important=True,
                      condition=f'labelSource=={FROM_LABELLED}', label='Labelled coordinates',
                      help=f'Coordinates with a class, particle, ice or carbon, in their attribute {PO_CLASS}.')
        self._defineSetParams(form, f'labelSource=={FROM_SETS}',
                              'The sets may stand on micrographs of the same names and of different pixel sizes; the '
                              'micrographs of the particles are used.')
        self._defineBoxParam(form, 'the labels', purpose)

    def getBoxCoordinates(self):
        """The coordinates whose micrographs and box size are used; None when they are not given yet."""
        return (self.inputLabels if self.labelSource.get() == FROM_LABELLED else getattr(self, SETS[0])).get()

    def _labelPointers(self):
        return [self.inputLabels] if self.labelSource.get() == FROM_LABELLED else self._setPointers()

    def _labelsKey(self):
        """What a step that uses the labels depends on."""
        if self.labelSource.get() == FROM_SETS:
            return self._setsKey()
        return [self.inputLabels.get().getFileName(), self.inputLabels.get().getSize()]

    def _collectLabels(self):
        """The labels, each place once, in px of the micrographs of getBoxCoordinates(). Raises InputError."""
        coordinates = self.getBoxCoordinates()
        micrographs = coordinates.getMicrographs()
        if self.labelSource.get() == FROM_LABELLED:
            labels = convert.labelsFromClasses(coordinates)
        else:
            labels = [row for name, given in self._labelSets()
                      for row in convert.labelsFromSet(given, name, micrographs, 'the labelled particles')]
        labels = labelling.withoutRepeats(labels, convert.micrographNames(micrographs))
        labelling.checkClasses(labels)
        return labels

    def _validateLabelled(self):
        """(lines about the labels that can be known before the run, the labels if there are no such lines)."""
        if self.getBoxCoordinates() is None:      # Scipion itself asks for a labelled set
            return ([] if self.labelSource.get() == FROM_LABELLED else self._validateSets()), []
        errors = (self._validateSets() if self.labelSource.get() == FROM_SETS else
                  self._checkCoordinates(self.getBoxCoordinates(), 'labelled coordinates'))
        if not errors and not self._boxAngstrom():
            errors = ['The labels have no box size: give one in "Box size (px)".']
        if errors:
            return errors, []
        try:
            return [], self._collectLabels()
        except InputError as error:
            return [str(error)], []

    def _labelWarnings(self):
        coordinates = self.inputLabels.get()
        if self.labelSource.get() == FROM_LABELLED and coordinates is not None and convert.isScored(coordinates):
            return ['The classes of this set were given by "prune", not by a person: what comes out says how far a '
                    'training agrees with that model, not how far it is right.']
        return []
