"""The labels of a protocol that takes nothing but labels: one set that bears the classes, or one set a class.

Those of "label and train", which takes other picks, too, and has more sources of labels, are in training_labels.
"""
from contextlib import suppress
from enum import IntEnum

from pyworkflow.protocol import params

from ... import convert
from ...constants import PO_CLASS
from ...domain import labels as labelling
from ...worker.exchange.errors import InputError
from .label_sets import LabelSets


class LabelledSource(IntEnum):
    """Values of the parameter labelSource; projects keep the numbers."""
    LABELLED_SET = 0
    SET_A_CLASS = 1


class LabelledInput(LabelSets):
    """For a protocol that takes labels and no other picks: one set that bears the classes, or one set a class."""

    def _defineLabelledParams(self, form, purpose):
        form.addParam('labelSource', params.EnumParam, default=LabelledSource.LABELLED_SET.value, important=True,
                      choices=['labelled set', 'set a class'], display=params.EnumParam.DISPLAY_HLIST,
                      label='Labels from',
                      help='Labelled set: coordinates that bear their class, such as outputLabels of "label and '
                           'train".\nSet a class: one coordinate set for each class.')
        # It may be empty for Scipion's form; see run_model.
        form.addParam('inputLabels', params.PointerParam, pointerClass='SetOfCoordinates', important=True,
                      allowsNull=True, condition=f'labelSource=={LabelledSource.LABELLED_SET:d}',
                      label='Labelled coordinates',
                      help=f'Coordinates with a class, such as particle or ice, in their attribute {PO_CLASS}.')
        self._defineSetParams(form, f'labelSource=={LabelledSource.SET_A_CLASS:d}',
                              'The sets may stand on micrographs of the same names and of different pixel sizes; the '
                              'micrographs of the particles are used.')
        self._defineBoxParam(form, 'the labels', purpose)

    def getBoxCoordinates(self):
        """Return the coordinates whose micrographs and box size are used; None when they are not given yet."""
        return (self.inputLabels if self._isOneSet() else self.particleLabels).get()

    def _isOneSet(self):
        return self.labelSource.get() == LabelledSource.LABELLED_SET

    def _labelPointers(self):
        return [self.inputLabels] if self._isOneSet() else self._setPointers()

    def _labelsKey(self):
        """What a step that uses the labels depends on."""
        return convert.setKey(self.inputLabels.get()) if self._isOneSet() else self._setsKey()

    def _collectLabels(self):
        """The labels, each place once, in px of the micrographs of getBoxCoordinates(). Raises InputError."""
        coordinates = self.getBoxCoordinates()
        micrographs = coordinates.getMicrographs()
        if self._isOneSet():
            labels = convert.labelsFromClasses(coordinates)
        else:
            labels = [row for name, given in self._labelSets()
                      for row in convert.labelsFromSet(given, name, micrographs, 'the labelled particles')]
        labels = labelling.withoutRepeats(labels, convert.micrographNames(micrographs))
        labelling.checkClasses(labels)
        return labels

    def _validateLabelled(self):
        """(lines about the labels that can be known before the run, the labels if there are no such lines)."""
        if self.getBoxCoordinates() is None:
            missing = [] if self.inputLabels.hasValue() else ['Choose labelled coordinates.']
            return (missing if self._isOneSet() else self._validateSets()), []
        errors = (self._checkCoordinates(self.getBoxCoordinates(), 'labelled coordinates') if self._isOneSet() else
                  self._validateSets())
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
        if self._isOneSet() and coordinates is not None and convert.isScored(coordinates):
            return ['The classes of this set were given by "prune", not by a person: what comes out says how far a '
                    'training agrees with that model, not how far it is right.']
        if self._isOneSet() or self.getBoxCoordinates() is None:
            return []
        micrographs = self.getBoxCoordinates().getMicrographs()
        return self._elsewhereNotes(micrographs) + self._scaleNotes([given for _, given in self._labelSets()],
                                                                    micrographs)

    def _elsewhereNotes(self, micrographs):
        """Lines about labels that are left out, for the labelled particles do not have their micrographs."""
        notes = []
        with suppress(InputError):      # validation tells
            for name, given in self._labelSets():
                elsewhere = given.getSize() - len(convert.labelsFromSet(given, name, micrographs))
                if elsewhere:
                    notes.append(f'{elsewhere} of {given.getSize()} coordinates given for {name} are on micrographs '
                                 f'that the labelled particles do not have: they are left out.')
        return notes
