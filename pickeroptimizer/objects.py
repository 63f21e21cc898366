"""The data types that this plugin adds to Scipion."""
import json

from pwem.objects import EMObject
from pyworkflow.object import CsvList, Float, String

from .worker.modelheader import read_header


class PickerOptimizerModel(EMObject):
    """A recogniser of particle, ice and carbon: one file, and what its header says of it.

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

        Raises worker.errors.InputError if the file is missing, damaged, no model, or of a newer format.
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
        """All that the model file says of itself. Raises worker.errors.InputError if the file cannot be read."""
        return read_header(self.getFileName())

    def getClasses(self):
        return list(self._classes)

    def getBoxAngstrom(self):
        return self._boxAngstrom.get()

    def getMacroF1(self):
        return self._macroF1.get()

    def getCounts(self):
        """{class: number of labels}; empty when the file does not say."""
        return json.loads(self._counts.get() or '{}')

    def __str__(self):
        if self._boxAngstrom.get() is None:
            return self.getClassName()
        counts = self.getCounts()
        parts = [' '.join([str(counts[c]), c]) if c in counts else c for c in self.getClasses()]
        f1 = self.getMacroF1()
        quality = 'not cross-validated' if f1 is None else f'macro-F1 {f1:.3f}'
        return f'{self.getClassName()} ({", ".join(parts)}; box {self.getBoxAngstrom():g} Å; {quality})'
