"""Wizards: buttons beside a parameter that fill it in."""
from pyworkflow.wizard import Wizard

from .protocols import ProtPickerOptimizerTrain


class PickerOptimizerBoxSizeWizard(Wizard):
    """Fills in the box size of the input coordinates."""
    _targets = [(ProtPickerOptimizerTrain, ['boxSize'])]

    def show(self, form, *params):
        coordinates = form.protocol.inputCoordinates.get()
        if coordinates is None:
            form.showWarning('Select the input coordinates first.')
        elif not coordinates.getBoxSize():
            form.showWarning('The input coordinates have no box size.')
        else:
            form.setVar('boxSize', coordinates.getBoxSize())
