"""The list of micrographs with what was kept and rejected on each."""
from ..widgets.micrograph_table import MicrographTable as Table
from .model import KEPT, REJECTED, rejectedShare

COLUMNS = (('kept', 58), ('rejected', 58), ('share', 70))      # name, px
DECIDED, LABELS = ('Kept', 'Rej.', 'Rej. %'), ('Part.', 'Junk', 'Junk %')      # headings


class MicrographTable(Table):
    """headings: DECIDED or LABELS."""

    def __init__(self, master, names, onSelect, headings):
        columns = [(name, heading, width) for (name, width), heading in zip(COLUMNS, headings)]
        super().__init__(master, names, columns, onSelect)

    def setCounts(self, counts):
        """Show the counts of model.PruneModel.counts."""
        for place, numbers in enumerate(counts.tolist()):
            kept, rejected, share = numbers[KEPT], sum(numbers[REJECTED]), rejectedShare(numbers)
            self.setValues(place, (kept, rejected, share),
                           (kept, rejected, '' if share is None else f'{100 * share:.1f}'))
