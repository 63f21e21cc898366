"""A Scipion project with micrographs, their picks and a model, in a folder of its own: for the benchmarks of prune."""
import csv
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'tests' / 'scipion'))

from laboratory import Lab, Row
from picking import Picker

PIXEL_SIZE, BOX_ANGSTROM = 3.0, 180.0
BOX = round(BOX_ANGSTROM / PIXEL_SIZE)


class Facility:
    """project: the Lab. rows: the picks of all micrographs, in their order; names: of these."""

    def __init__(self, folder, model, micrographs, side, seed=0):
        """model: a model file; None where there is none yet. side: of the simulated micrographs, px."""
        from pickeroptimizer import Plugin
        folder = Path(folder).resolve()
        self.project = Lab(folder / 'project')
        subprocess.run(f'{Plugin.getWorkerProgram()} simulate --output simulated --micrographs {micrographs} '
                       f'--size {side} --pixel-size {PIXEL_SIZE} --box-angstrom {BOX_ANGSTROM} --seed {seed}',
                       shell=True, check=True, cwd=folder, env=Plugin.getWorkerEnviron(), stdout=subprocess.DEVNULL)
        table = {int(row['mic_id']): Path(row['path']) for row in _table(folder / 'simulated' / 'micrographs.csv')}
        self.names = tuple(table[micId].name for micId in sorted(table))
        self.rows = [Row(int(row['coord_id']), int(row['mic_id']), round(float(row['x'])), round(float(row['y'])),
                         row['label']) for row in _table(folder / 'simulated' / 'labels.csv')]
        self.micrographs = self.project.micrographs(folder / 'simulated' / table[min(table)].parent, PIXEL_SIZE)
        self.model = model and self.project.finished(self.project.new('ProtPickerOptimizerImportModel',
                                                                      modelFile=str(Path(model).resolve())))

    def picks(self, name, around=1):
        """A run whose output is all picks; `around`: so many for one, a px apart."""
        rows = [Row(around * row.coord_id + step, row.mic_id, row.x + step, row.y, row.label)
                for row in self.rows for step in range(around)] if around > 1 else self.rows
        return self.project.coordinates(self.micrographs, rows, name, box=BOX, names=self.names)

    def picker(self, name):
        """A Picker that has picked nothing yet."""
        return Picker(self.project, self.micrographs, self.rows[:1], self.names, BOX, name)

    def byMicrograph(self):
        """The rows, a list for each micrograph."""
        parts = {}
        for row in self.rows:
            parts.setdefault(row.mic_id, []).append(row)
        return list(parts.values())


def _table(path):
    with open(path, newline='', encoding='utf-8') as stream:
        return list(csv.DictReader(stream))
