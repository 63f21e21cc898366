"""Further outputs of a prune run: its picks, split by other decisions than that of the form."""
import os
from dataclasses import replace

import numpy as np
from pyworkflow.protocol import params

from .. import convert
from ..domain import decision
from ..domain.corrections import CORRECTIONS
from ..domain.cuts import Cut, readCuts
from ..domain.decision import ESTIMATED
from ..domain.shares import RunShares
from ..worker.exchange.errors import InputError
from .protocol_base import fileDigest, oneLineErrors

CUT_OUTPUTS = 'kept', 'rejected'      # what the names of further outputs begin with


class FurtherCuts:
    """For the protocol that prunes: sets by other decisions, from the scores that it has."""

    @staticmethod
    def _defineCutParams(form):
        form.addParam('furtherCuts', params.StringParam, default='', expertLevel=params.LEVEL_ADVANCED,
                      label='Further cuts',
                      help='Sets by other decisions, as further outputs: for instance "min 0.6, share 95, junk 2, '
                           'class" makes keptMin0_6, rejectedMin0_6, keptShare95 and so on. "corrected" behind one '
                           'lets the corrections of "Analyze results" go into it; "no2" makes a second one.\n'
                           'The button "Create coordinates" there adds its cut, so that the same sets are made by a '
                           'copy of this run, and where the workflow is imported.')

    def _cuts(self):
        """Raises InputError for a text that is not understood."""
        try:
            return readCuts(self.furtherCuts.get(''))
        except InputError as error:
            raise InputError(f'Further cuts: {error}') from None

    def _cutOutputs(self):
        """The names of the outputs of the cuts. Raises InputError as _cuts does."""
        return [f'{what}{cut.name}' for cut in self._cuts() for what in CUT_OUTPUTS]

    def _correctionsKey(self, cut):
        """What the sets of a cut depend on beside the scores."""
        return fileDigest(self._getExtraPath(CORRECTIONS)) if cut.corrected else ''

    def cutStep(self, text, *key):
        """Make the sets of a cut."""
        with oneLineErrors():
            cut, = readCuts(text)
            self._split(cut, {coordId: row.label for coordId, row in self.getCorrections().items()}
                        if cut.corrected else None)

    def createCoordinates(self, mode, wanted, corrected=None):
        """Split the picks by another decision into two further outputs; return these, (kept, rejected).

        mode, wanted: see decision.minimumFor. corrected: {coord_id: class} of picks that a user has given another
        class. The outputs' names say what was decided. Nothing is scored; the other outputs stay as they are. The cut
        is among the further cuts of the form from then on. Raises InputError where the run is in progress, has no
        scores, or cannot decide so.
        """
        if self.isActive():
            raise InputError('The run is in progress: wait for its end.')
        if not os.path.exists(self._getExtraPath(convert.SCORES)):
            raise InputError('The run has no scores: continue it first.')
        cuts = self._cuts()
        cut = Cut(mode, wanted, 1, bool(corrected))
        while cut.name in {other.name for other in cuts} or any(self.hasAttribute(f'{what}{cut.name}')
                                                                for what in CUT_OUTPUTS):
            cut = replace(cut, number=cut.number + 1)
        outputs = self._split(cut, corrected)
        self.furtherCuts.set(', '.join(other.text for other in (*cuts, cut)))
        self._store()
        return outputs

    def _split(self, cut, corrected):
        """Define the outputs of a cut, or put new content into them."""
        path = self._getExtraPath(convert.SCORES)
        if os.path.exists(path):
            scores = convert.readScores(path)
        else:      # there are none for no picks
            scores = convert.Scores.unreadable(self.readModelHeader()['classes'], np.zeros(0, np.int64))
        shares = RunShares(scores.particleProbabilities(), self.readModelHeader()) \
            if cut.rule in ESTIMATED else None
        minimum = decision.minimumFor(cut.rule, cut.wanted, shares)
        coordinates = self.inputCoordinates.get()
        outputs = {f'{what}{cut.name}': self._newCoordinatesLike(coordinates, f'{what.capitalize()}{cut.name}')
                   for what in CUT_OUTPUTS}
        convert.splitCoordinates(coordinates, scores, minimum, *outputs.values(), corrected=corrected,
                                 nearJunk=self.junkDistance() > 0)
        how = decision.describe(cut.rule, cut.wanted) + (f', {len(corrected)} corrected by hand' if corrected else '')
        for (name, output), what in zip(outputs.items(), CUT_OUTPUTS):
            output.setObjComment(f'{what} by {how}')
            if self._setOutput(name, output):
                self.relateToInputs(output)
        return tuple((name, getattr(self, name)) for name in outputs)
