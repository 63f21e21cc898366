"""Further outputs of a prune run: its picks, split by other decisions than that of the form."""
import re
from itertools import chain, count

from .. import convert
from ..domain import decision
from ..domain.decision import MINIMUM, MOST_PROBABLE, PURITY, SHARE
from ..worker.exchange.errors import InputError

CUT_OUTPUTS = 'kept', 'rejected'      # what the names of further outputs begin with


class FurtherCuts:
    """For the protocol that has pruned: sets by other decisions, from the scores that it has."""

    def createCoordinates(self, mode, wanted, corrected=None):
        """Split the picks by another decision into two further outputs; return these, (kept, rejected).

        mode, wanted: see decision.minimumFor. corrected: {coord_id: class} of picks that a user has given another
        class. The outputs' names say what was decided. Nothing is scored; the other outputs stay as they are. Raises
        InputError where the run is in progress, has no scores, or cannot decide so.
        """
        if self.isActive():
            raise InputError('The run is in progress: wait for its end.')
        scores = convert.readScores(self._getExtraPath(convert.SCORES))
        header = self.inputModel.get().getHeader() if mode == SHARE else None
        minimum = decision.minimumFor(mode, wanted, header, scores.particleProbabilities())
        cut = self._newCutName(mode, wanted)
        coordinates = self.inputCoordinates.get()
        outputs = {f'{what}{cut}': self._newCoordinatesLike(coordinates, f'{what.capitalize()}{cut}')
                   for what in CUT_OUTPUTS}
        convert.splitCoordinates(coordinates, scores, minimum, *outputs.values(), corrected=corrected)
        how = decision.describe(mode, wanted) + (f', {len(corrected)} corrected by hand' if corrected else '')
        for what, coordinates in zip(CUT_OUTPUTS, outputs.values()):
            coordinates.setObjComment(f'{what} by {how}')
        self._defineOutputs(**outputs)
        for coordinates in outputs.values():
            self.relateToInputs(coordinates)
        self._store()
        return tuple(outputs.items())

    def _newCutName(self, mode, wanted):
        """What the outputs of a decision are called after `kept` or `rejected`; no output is called so yet."""
        number = '' if wanted is None else re.sub(r'\W', '_', f'{wanted:g}')
        name = {MOST_PROBABLE: 'MostProbable', MINIMUM: 'Min', SHARE: 'Share', PURITY: 'MaxJunk'}[mode] + number
        names = chain((name,), (f'{name}_no{i}' for i in count(2)))
        return next(name for name in names if not any(self.hasAttribute(f'{what}{name}') for what in CUT_OUTPUTS))
