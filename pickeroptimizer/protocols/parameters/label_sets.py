"""Coordinate sets for the classes, and the size of the boxes: the parameters of all protocols that take labels.

Which labels a protocol takes beside these, labelled_input and training_labels say.
"""
from collections import Counter
from contextlib import suppress

from pyworkflow.protocol import params

from ... import convert
from ...domain import labels as labelling
from ...worker.exchange.classes import PARTICLE, class_name
from ...worker.exchange.errors import InputError
from ...worker.exchange.tables import CoordinateRow
from ..protocol_base import boxAngstrom

# Classes with a field of their own: what that is called, and what goes into it.
FIELDS = {PARTICLE: ('particleLabels', 'good particles'),
          'ice': ('iceLabels', 'ice crystals, dirt and other high-contrast junk'),
          'carbon': ('carbonLabels', 'carbon or gold film and its edge')}
AUTOMATIC_BOX = -1
EMPTY_FIELDS = 'empty the fields that are not meant, which Scipion fills by itself from the run that is selected.'


class BoxOrAutomatic(params.Conditional):
    """Refuses what is no size of a box, and would silently be taken for "that of the picks"."""

    def __init__(self):
        super().__init__(f'must be a number of px, or {AUTOMATIC_BOX} for that of the coordinates.')

    def _condition(self, value):
        return value > 0 or value == AUTOMATIC_BOX


def namesIn(parameter):
    """Return the names that a String holds, with commas between, as the user has written them."""
    return [name.strip() for name in parameter.get('').split(',') if name.strip()]


class LabelSets:
    """For a protocol that takes coordinate sets of a class each, and the size of their boxes.

    It has a method getBoxCoordinates, which returns the coordinates whose micrographs and box size are used.
    """

    @staticmethod
    def _defineSetParams(form, condition, whose):
        """The sets. `whose`: the pixel size and the names that the sets go by, in words."""
        for name, (parameter, what) in FIELDS.items():
            form.addParam(parameter, params.PointerParam, pointerClass='SetOfCoordinates', allowsNull=True,
                          condition=condition, label=f'Labels of {name}',
                          help=f'Coordinates on {what}. {whose} Particles are needed, and some kind of junk.')
        form.addParam('otherLabels', params.MultiPointerParam, pointerClass='SetOfCoordinates', allowsNull=True,
                      minNumObjects=0, condition=condition, label='Labels of other classes',
                      help='Coordinates on other kinds of junk, a set for each: empty boxes, aggregates, gold edges or '
                           'whatever a class of its own is wanted for. Their names go into the next field.')
        form.addParam('otherClasses', params.StringParam, default='', condition=condition, label='Their classes',
                      help='The name of the class of each set above, in their order, with commas between: for '
                           'instance "empty, aggregate, gold edge". Letters, digits, space, - and _; small and '
                           'capital letters are the same.')

    def emptyLabelSets(self):
        """Take all sets out of the form."""
        for parameter, _ in FIELDS.values():
            getattr(self, parameter).set(None)
        self.otherLabels.clear()
        self.otherClasses.set('')

    @staticmethod
    def _defineBoxParam(form, whose, purpose):
        form.addParam('boxSize', params.IntParam, default=AUTOMATIC_BOX, allowsPointers=True,
                      label='Box size (px)', validators=[BoxOrAutomatic()],
                      help=f'Side of the box that is looked at, in px of the micrographs of {whose}; about 1.5 '
                           f'to 2 times the particle; the wizard shows it on picks. {AUTOMATIC_BOX}: the box '
                           f'size of {whose}. {purpose}')

    def _givenSets(self):
        """(class, pointer to a SetOfCoordinates) of the sets that were given; validation tells of names that are none.
        """
        own = [(name, getattr(self, parameter)) for name, (parameter, _) in FIELDS.items()]
        return [(name, pointer) for name, pointer in (*own, *zip(self._otherNames(), self._otherPointers()))
                if pointer.get() is not None]

    def _otherPointers(self):
        return list(self.otherLabels)

    def _otherNames(self):
        names = []
        for text in namesIn(self.otherClasses):
            try:
                names.append(class_name(text))
            except InputError:
                names.append(text)
        return names

    def _labelSets(self):
        """(class, SetOfCoordinates) of the sets that were given."""
        return [(name, pointer.get()) for name, pointer in self._givenSets()]

    def _setPointers(self):
        return [pointer for _, pointer in self._givenSets()]

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
        return self._checkOthers() or same or [
            line for name, coordinates in self._labelSets()
            for line in self._checkCoordinates(coordinates, f'coordinates given for {name}')]

    def _checkOthers(self):
        """Lines about the sets of other classes and their names."""
        names, pointers = self._otherNames(), self._otherPointers()
        if len(names) != len(pointers):
            return [f'"Their classes" names {len(names)} classes ({", ".join(names) or "none"}), and there are '
                    f'{len(pointers)} sets of other classes: give one name for each, with commas between; or '
                    f'{EMPTY_FIELDS}']
        errors = []
        for name, pointer in zip(names, pointers):
            try:
                class_name(name)
            except InputError as error:
                errors.append(f'"Their classes": {error}')
            if pointer.get() is None:
                errors.append(f'The set given for {name} is not there (any more): take it out of the list.')
        if PARTICLE in names:
            errors.append(f'"Their classes": labels of the class {PARTICLE} go into their own field.')
        repeated = [name for name, times in Counter(name for name, _ in self._givenSets()).items() if times > 1]
        return errors + [f'There is more than one set for the class {name}: join them, or give one another name.'
                         for name in repeated if name != PARTICLE]

    def _validateSets(self):
        """Lines about the sets themselves, and about the classes that they are for."""
        errors = self._checkSets()
        if errors:
            return errors
        try:
            labelling.checkClasses([CoordinateRow(None, 0, 0, 0, name) for name, _ in self._labelSets()],
                                   self.knownClasses())
        except InputError as error:
            return [str(error)]
        return []

    def _boxAngstrom(self):
        """The box in Å; None when neither the parameter nor the coordinates give one."""
        coordinates = self.getBoxCoordinates()
        if self.boxSize.get() > 0:
            return self.boxSize.get() * coordinates.getMicrographs().getSamplingRate()
        return boxAngstrom(coordinates)
