"""The list of micrographs with how many picks are kept and rejected on each."""
from ..outcomes import KEPT, countRejected
from ..widgets.micrograph_list import MicrographList
from .model import rejectedShare

COUNT_COLUMNS = (('kept', 58), ('rejected', 58), ('share', 70))      # name, px
HEADINGS_DECIDED, HEADINGS_OF_LABELS = ('Kept', 'Rej.', 'Rej. %'), ('Part.', 'Junk', 'Junk %')


class PrunedMicrographs(MicrographList):
    """headings: HEADINGS_DECIDED or HEADINGS_OF_LABELS."""

    def __init__(self, master, names, onSelect, headings):
        columns = [(name, heading, width) for (name, width), heading in zip(COUNT_COLUMNS, headings)]
        super().__init__(master, names, columns, onSelect)

    def setCounts(self, counts):
        """Show the counts of model.PruneModel.counts."""
        for place, numbers in enumerate(counts.tolist()):
            kept, rejected, share = numbers[KEPT], countRejected(numbers), rejectedShare(numbers)
            self.setValues(place, (kept, rejected, share),
                           (kept, rejected, '' if share is None else f'{100 * share:.1f}'))
