"""The data types that this plugin adds to Scipion."""
import json

from pwem.objects import EMObject
from pyworkflow.object import CsvList, Float, Integer, String

from .comparison import Comparison
from .domain.pretraining_report import describeData, readReport
from .worker.exchange.model_header import read_header


class PickerOptimizerModel(EMObject):
    """A recogniser of particles and kinds of junk: one file, and what its header says of it.

    The box is in Å. The macro-F1 is the cross-validated one, None when the training did not cross-validate.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._path = String()
        self._classes = CsvList()
        self._boxAngstrom = Float()
        self._macroF1 = Float()
        self._counts = String()      # JSON: {class: number of labels it was trained with}

    @classmethod
    def fromFile(cls, path):
        """Describe the model file `path` (kept as given; inside a project it is relative to the project's folder).

        Raises InputError if the file is missing, damaged, no model, or of a newer format.
        """
        header = read_header(path)
        model = cls()
        model._path.set(path)
        model._classes.set(header['classes'])
        model._boxAngstrom.set(header['box_angstrom'])
        model._macroF1.set((header.get('cross_validation') or {}).get('macro_f1'))
        model._counts.set(json.dumps(header.get('counts') or {}))
        return model

    def getFileName(self):
        return self._path.get()

    def getFiles(self):
        return {self.getFileName()}

    def getHeader(self):
        """Return all that the model file says of itself. Raises InputError if the file cannot be read."""
        return read_header(self.getFileName())

    def getClasses(self):
        return list(self._classes)

    def getBoxAngstrom(self):
        return self._boxAngstrom.get()

    def getMacroF1(self):
        return self._macroF1.get()

    def getCounts(self):
        """Return {class: number of labels}; empty when the file does not say."""
        return json.loads(self._counts.get() or '{}')

    def __str__(self):
        if self._boxAngstrom.get() is None:
            return self.getClassName()
        counts = self.getCounts()
        parts = [' '.join([str(counts[c]), c]) if c in counts else c for c in self.getClasses()]
        f1 = self.getMacroF1()
        quality = 'not cross-validated' if f1 is None else f'macro-F1 {f1:.3f}'
        return f'{self.getClassName()} ({", ".join(parts)}; box {self.getBoxAngstrom():g} Å; {quality})'


class PickerOptimizerWeights(EMObject):
    """Starting weights that "pretrain" made: one file, and the report of how."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._path = String()
        self._report = String()      # JSON file: what they were trained on, and the curve
        self._trainedOn = String()

    @classmethod
    def fromFiles(cls, path, report):
        """Describe the weights `path` by the report (JSON). Inside a project both paths are relative to its folder.

        Raises InputError if the report cannot be read.
        """
        weights = cls()
        weights._path.set(path)
        weights._report.set(report)
        weights._trainedOn.set(describeData(readReport(report)))
        return weights

    def getFileName(self):
        return self._path.get()

    def getReport(self):
        """Return what they were trained on, and how. Raises InputError if the report cannot be read."""
        return readReport(self._report.get())

    def getFiles(self):
        return {self.getFileName(), self._report.get()}

    def getTrainedOn(self):
        """Return what they were trained on, in a few words."""
        return self._trainedOn.get()

    def __str__(self):
        return f'{self.getClassName()} ({self.getTrainedOn()})' if self.getTrainedOn() else self.getClassName()


class PickerOptimizerEvaluation(EMObject):
    """How variants of the training do on labels of one's own: a list of reports, and the best one in short.

    It is an output so that the result is seen in the tree of the project, and opened from there.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._path = String()
        self._best = String()
        self._shots = Integer()      # labels a class, the most that were tried
        self._f1 = Float()           # balanced macro-F1 of the best variant with these, mean of the draws

    @classmethod
    def fromResult(cls, path, best, shots, f1):
        """Describe a result. path: of the index of its reports; f1: balanced macro-F1 with `shots` labels a class."""
        evaluation = cls()
        evaluation._path.set(path)
        evaluation._best.set(best)
        evaluation._shots.set(shots)
        evaluation._f1.set(f1)
        return evaluation

    def getFileName(self):
        return self._path.get()

    def getBest(self):
        """Return the name of the best variant."""
        return self._best.get()

    def getF1(self):
        return self._f1.get()

    def __str__(self):
        if self._best.get() is None:
            return self.getClassName()
        return (f'{self.getClassName()} (best: {self._best}; balanced macro-F1 {self._f1.get():.3f} with '
                f'{self._shots} labels a class)')


class PickerOptimizerComparison(EMObject):
    """Pruned sets side by side: the folder with the comparison, and what it says in short."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._path = String()
        self._picks = Integer()
        self._methods = CsvList()
        self._disputed = Integer()      # picks that some methods kept and others rejected

    @classmethod
    def fromFolder(cls, folder, comparison, disputed):
        """Describe a comparison.Comparison saved in `folder`, a path relative to the project's folder."""
        result = cls()
        result._path.set(folder)
        result._picks.set(len(comparison))
        result._methods.set([method.name.replace(',', ' ') for method in comparison.methods
                             if not method.is_left_out])
        result._disputed.set(disputed)
        return result

    def getFolder(self):
        return self._path.get()

    def getComparison(self):
        """Return the comparison.Comparison. Raises InputError if its files cannot be read."""
        return Comparison.load(self.getFolder())

    def __str__(self):
        if self._picks.get() is None:
            return self.getClassName()
        return (f'{self.getClassName()} ({len(self._methods)} methods on {self._picks.get()} picks, '
                f'{self._disputed.get()} disputed)')
