"""Fine-tune with a few labels and prune, on simulated micrographs, whose truth is known."""
import csv
import os
import subprocess
from collections import Counter, namedtuple

from pwem.objects import Coordinate, SetOfCoordinates
from pwem.protocols import ProtImportCoordinates, ProtImportMicrographs
from pyworkflow.tests import BaseTest, setupTestProject

from .. import Plugin
from ..protocols import ProtPickerOptimizerPrune, ProtPickerOptimizerTrain
from ..protocols.parameters.training_labels import LabelSource

PIXEL_SIZE, BOX = 3.0, 60      # Å/px, px
LABELLED = (1, 2)              # micrographs, of three; the labels are on these
SHOTS = 10                     # labels of each class, at most
LEAST_F1 = 0.9                 # macro-F1; 1.0 was measured
MOST_WRONG = 0.05              # share of the picks on the third micrograph; 1 of 90 was measured
SEED = 5                       # a simulated experiment with enough of each class on all three

Pick = namedtuple('Pick', 'id micrograph x y label')      # number of the micrograph; px; the true class


class TestPickerOptimizer(BaseTest):
    """A model from labels on two micrographs, and how it prunes the third."""

    @classmethod
    def setUpClass(cls):
        """Simulate three micrographs with picks, import them, train, and prune."""
        lacking = Plugin.validateWorker()
        if lacking:
            raise AssertionError('\n'.join(lacking))
        setupTestProject(cls)
        files, cls.truth = cls._simulate()
        micrographs = cls._launch(ProtImportMicrographs, filesPath=os.path.dirname(files[1]), filesPattern='*.mrc',
                                  samplingRate=PIXEL_SIZE, voltage=300).outputMicrographs
        cls.picks = cls._launch(ProtImportCoordinates, importFrom=ProtImportCoordinates.IMPORT_FROM_SCIPION,
                                filesPath=cls._writeCoordinates(micrographs, files), boxSize=BOX,
                                inputMicrographs=micrographs).outputCoordinates
        cls.training = cls._launch(ProtPickerOptimizerTrain, inputCoordinates=cls.picks, labelSource=LabelSource.FILE,
                                   labelsFile=cls._writeLabels(files), shots=SHOTS, folds=3)
        cls.pruning = cls._launch(ProtPickerOptimizerPrune, inputCoordinates=cls.picks,
                                  inputModel=cls.training.outputModel)

    @classmethod
    def _simulate(cls):
        """({number of a micrograph: path}, Picks)."""
        folder = os.path.abspath(cls.proj.getTmpPath('simulated'))
        subprocess.run(f'{Plugin.getWorkerProgram()} simulate --output simulated --micrographs 3 --size 640 '
                       f'--pixel-size {PIXEL_SIZE} --box-angstrom {BOX * PIXEL_SIZE} --seed {SEED}',
                       shell=True, check=True, cwd=os.path.dirname(folder), env=Plugin.getWorkerEnviron())
        files = {int(row['mic_id']): os.path.join(folder, row['path'])
                 for row in _rows(os.path.join(folder, 'micrographs.csv'))}
        return files, [Pick(int(row['coord_id']), int(row['mic_id']), round(float(row['x'])), round(float(row['y'])),
                            row['label']) for row in _rows(os.path.join(folder, 'labels.csv'))]

    @classmethod
    def _writeCoordinates(cls, micrographs, files):
        """Write the picks as a set that can be imported, with their ids; return its path."""
        path = os.path.abspath(cls.proj.getTmpPath('picks.sqlite'))
        byName = {micrograph.getMicName(): micrograph.clone() for micrograph in micrographs}
        coordinates = SetOfCoordinates(filename=path)
        coordinates.setBoxSize(BOX)
        for pick in cls.truth:
            coordinate = Coordinate(x=pick.x, y=pick.y)
            coordinate.setObjId(pick.id)
            coordinate.setMicrograph(byName[os.path.basename(files[pick.micrograph])])
            coordinates.append(coordinate)
        coordinates.write()
        coordinates.close()
        return path

    @classmethod
    def _writeLabels(cls, files):
        """Write the true classes on the labelled micrographs as a labels file; return its path."""
        path = os.path.abspath(cls.proj.getTmpPath('labels.csv'))
        with open(path, 'w', newline='', encoding='utf-8') as stream:
            writer = csv.writer(stream)
            writer.writerow(['mic_name', 'x', 'y', 'label'])
            writer.writerows([os.path.basename(files[pick.micrograph]), pick.x, pick.y, pick.label]
                             for pick in cls.truth if pick.micrograph in LABELLED)
        return path

    @classmethod
    def _launch(cls, protocol, **values):
        return cls.launchProtocol(cls.newProtocol(protocol, **values))

    def testTheModel(self):
        """It has the labels that it was given, as many of each class as were asked for or are there."""
        there = Counter(pick.label for pick in self.truth if pick.micrograph in LABELLED)
        counts = {name: min(number, SHOTS) for name, number in there.items()}
        model = self.training.outputModel
        self.assertEqual(model.getCounts(), counts)
        self.assertEqual(model.getBoxAngstrom(), BOX * PIXEL_SIZE)
        self.assertGreater(model.getMacroF1(), LEAST_F1)
        self.assertSetSize(self.training.outputLabels, sum(counts.values()))

    def testEveryPickIsKeptOrRejected(self):
        """Each comes out once, with its id, and the kept ones are those that were taken for particles."""
        kept, rejected = _classes(self.pruning.outputCoordinates), _classes(self.pruning.rejectedCoordinates)
        self.assertEqual(len(kept) + len(rejected), self.picks.getSize())
        self.assertEqual(kept.keys() | rejected.keys(), {pick.id for pick in self.truth})
        self.assertEqual(set(kept.values()), {'particle'})
        self.assertNotIn('particle', rejected.values())

    def testTheClassesAreRight(self):
        """Few are wrong where there was no label."""
        classes = {**_classes(self.pruning.outputCoordinates), **_classes(self.pruning.rejectedCoordinates)}
        unseen = [pick for pick in self.truth if pick.micrograph not in LABELLED]
        wrong = [pick for pick in unseen if classes[pick.id] != pick.label]
        self.assertLessEqual(len(wrong) / len(unseen), MOST_WRONG, wrong)


def _rows(path):
    with open(path, newline='', encoding='utf-8') as stream:
        return list(csv.DictReader(stream))


def _classes(coordinates):
    """{id: class}, as pruning gave it."""
    return {pick.getObjId(): pick._poClass.get() for pick in coordinates}
