"""One coordinate set for each class, and the size of the boxes: the parameters of all protocols that take labels.

Which labels a protocol takes beside these, labelled_input and training_labels say.
"""
from contextlib import suppress

from pyworkflow.protocol import params

from ... import convert
from ...domain import labels as labelling
from ...worker.exchange.errors import InputError
from ...worker.exchange.tables import CLASSES, CoordinateRow
from ..protocol_base import boxAngstrom

SETS = tuple(f'{name}Labels' for name in CLASSES)      # parameters, one a class
AUTOMATIC_BOX = -1
EMPTY_FIELDS = 'empty the fields that are not meant, which Scipion fills by itself from the run that is selected.'


class BoxOrAutomatic(params.Conditional):
    """Refuses what is no size of a box, and would silently be taken for "that of the picks"."""

    def __init__(self):
        super().__init__(f'must be a number of px, or {AUTOMATIC_BOX} for that of the coordinates.')

    def _condition(self, value):
        return value > 0 or value == AUTOMATIC_BOX


class LabelSets:
    """For a protocol that takes one coordinate set a class, and the size of their boxes.

    It has a method getBoxCoordinates, which returns the coordinates whose micrographs and box size are used.
    """

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
        form.addParam('boxSize', params.IntParam, default=AUTOMATIC_BOX, allowsPointers=True,
                      label='Box size (px)', validators=[BoxOrAutomatic()],
                      help=f'Side of the box that is looked at, in px of the micrographs of {whose}; about 1.5 times '
                           f'the particle. {AUTOMATIC_BOX}: the box size of {whose}. {purpose}')

    def _labelSets(self):
        """(class, SetOfCoordinates) of the sets that were given."""
        sets = ((name, getattr(self, parameter).get()) for name, parameter in zip(CLASSES, SETS))
        return [(name, coordinates) for name, coordinates in sets if coordinates is not None]

    def _setPointers(self):
        parameters = dict(zip(CLASSES, SETS))
        return [getattr(self, parameters[name]) for name, _ in self._labelSets()]

    @staticmethod
    def _scaleNotes(sets, micrographs):
        """Lines where pixel sizes and widths disagree between the micrographs of labels and those that are used."""
        notes = []
        for own in (coordinates.getMicrographs() for coordinates in sets):
            if own is not None and micrographs is not None:
                with suppress(InputError):      # validation tells what cannot be
                    notes.append(convert.scaleBetween(own, micrographs).note)
        return [note for note in dict.fromkeys(notes) if note]

    def _setsKey(self):
        """What a step that uses the sets depends on."""
        return [[name, convert.setKey(coordinates)] for name, coordinates in self._labelSets()]

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
