"""What the Scipion tests have in common: the simulated data set's facts, and a project to try protocols in."""
import gc
import os
import threading
import time
from collections import namedtuple
from pathlib import Path

PIXEL_SIZE, BOX = 3.0, 60      # Å/px, px: boxes of 180 Å
# As nasty as Scipion's import lets them through: it takes spaces out (the project's own path has some).
NAMES = ['mic_1.mrc', "mic_'2'_$HOME_%s.mrc", 'mic_3,.mrc', 'mic_µ_"4"_`date`;.mrc', 'mic_5.mrc', 'mic_6.mrc']
BENCHMARKS = Path(__file__).resolve().parents[2] / 'benchmarks'

Row = namedtuple('Row', 'coord_id mic_id x y label')
Simulated = namedtuple('Simulated', 'folder rows')      # rows: the true class of every pick; mic_id counts NAMES


def items(coordinates):
    """{id: clone} of a set. It is closed, for an open one goes on showing a file that a later run has replaced."""
    found = {item.getObjId(): item.clone() for item in coordinates.iterItems()}
    coordinates.close()
    return found


def until(window, condition, seconds=20):
    """Let the window work until something is the case."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'it did not come to pass'
        window.update()
        time.sleep(0.002)
    window.update()


def update(project, run):
    """Read the state of a run from its file, as Scipion does.

    Scipion takes the time of the file after it has read it: what is written in between, it would not see until the
    file changes again. So that time is forgotten first.
    """
    run.lastUpdateTimeStamp.set(None)
    project._updateProtocol(run)


class Lab:
    """A Scipion project to try protocols in. Runs go in this process unless said otherwise: that is much faster."""

    def __init__(self, folder):
        import pyworkflow as pw
        from pyworkflow.project import Manager
        self.domain = pw.Config.getDomain()
        self.domain.getPlugins()
        self.protocols = self.domain.getProtocols()
        manager = Manager()
        os.makedirs(manager.PROJECTS, exist_ok=True)      # where it links to a project that lies elsewhere
        self.project = manager.createProject('pickeroptimizer', location=str(folder))
        os.chdir(self.project.getPath())

    def new(self, name, label='', **values):
        """A protocol by its class name; a value that is a tuple (protocol, output) becomes a pointer.

        A fine-tune that gets labels as sets, and is not told where its labels are from, takes these.
        """
        if name == 'ProtPickerOptimizerTrain' and any(key.endswith('Labels') for key in values):
            values.setdefault('labelSource', 0)
        pointers = {key: value for key, value in values.items() if isinstance(value, tuple)}
        protocol = self.project.newProtocol(self.protocols[name],
                                            **{k: v for k, v in values.items() if k not in pointers})
        for key, (source, output) in pointers.items():
            getattr(protocol, key).set(source)
            getattr(protocol, key).setExtended(output)
        protocol.setObjLabel(label or name)
        return protocol

    def run(self, protocol, separately=False):
        """Launch a protocol, whatever comes of it; `separately`: as a process of its own, as Scipion's window does."""
        if separately:
            self.project.launchProtocol(protocol, wait=True)
            return protocol
        import pyworkflow.protocol as pwprot
        import pyworkflow.utils as pwutils
        from pyworkflow.protocol.protocol import runProtocolMain
        protocol.setStatus(pwprot.STATUS_LAUNCHED)
        self.project._setupProtocol(protocol)
        protocol.makePathsAndClean()
        self.project.mapper.commit()
        pwutils.copyFile(self.project.dbPath, protocol.getDbPath())
        protocol.lastUpdateTimeStamp.set(pwutils.getFileLastModificationDate(protocol.getDbPath()))
        runProtocolMain(self.project.path, protocol.getDbPath(), protocol.getObjId())
        update(self.project, protocol)
        self.project.mapper.commit()
        return protocol

    def finished(self, protocol, **options):
        """Launch a protocol that is to finish."""
        assert protocol.validate() == []
        self.run(protocol, **options)
        assert protocol.isFinished(), protocol.getErrorMessage()
        return protocol

    def finishedBeside(self, protocol, feed):
        """Launch a protocol that is to finish while a function adds to its input in another thread."""
        gc.collect()      # or the windows of other tests end in that thread, which Tk does not allow
        feeder = threading.Thread(target=feed)
        feeder.start()
        self.run(protocol)
        feeder.join()
        assert protocol.isFinished(), protocol.getErrorMessage()
        return protocol

    def error(self, protocol):
        """Launch a protocol that is to fail; its error, without the frame that Scipion puts around it."""
        self.run(protocol)
        assert protocol.isFailed()
        return protocol.getErrorMessage().partition('Protocol failed: ')[2].replace('\x1b[0m', '').strip()

    def prune(self, picks, model, **values):
        """A prune protocol of the coordinates and the model of two runs; `other` is a run with micrographs."""
        if 'other' in values:
            values['otherMicrographs'] = (values.pop('other'), 'outputMicrographs')
        return self.new('ProtPickerOptimizerPrune', inputCoordinates=(picks, 'outputCoordinates'),
                        inputModel=(model, 'outputModel'), numberOfThreads=2, **values)

    def micrographs(self, folder, pixelSize=PIXEL_SIZE, **values):
        return self.finished(self.new('ProtImportMicrographs', filesPath=str(folder), filesPattern='*.mrc',
                                      samplingRate=pixelSize, voltage=300, **values))

    def coordinates(self, micrographs, rows, name, box=BOX, score=True, names=tuple(NAMES)):
        """Import `rows` as coordinates on imported micrographs; ids and `_topazScore` are ours.

        `names[mic_id - 1]` is the name of a row's micrograph.
        """
        path = self.coordinatesFile(micrographs, rows, name, box, score, names)
        return self.finished(self.new('ProtImportCoordinates', label=name, importFrom=5, filesPath=str(path),
                                      boxSize=box, inputMicrographs=(micrographs, 'outputMicrographs')))

    def coordinatesFile(self, micrographs, rows, name, box=BOX, score=True, names=tuple(NAMES)):
        """Write the file that `coordinates` imports, in the place of one of that name, and return its path."""
        from pwem.objects import Coordinate, SetOfCoordinates
        from pyworkflow.object import Float
        path = Path(self.project.getTmpPath(f'{name}.sqlite')).resolve()
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        byName = {m.getMicName(): m.clone() for m in micrographs.outputMicrographs.iterItems()}
        coordinates = SetOfCoordinates(filename=str(path))
        coordinates.setBoxSize(box)
        for row in rows:
            pick = Coordinate(x=row.x, y=row.y)
            pick.setObjId(row.coord_id)
            pick.setMicrograph(byName[names[row.mic_id - 1]])
            if score:
                pick._topazScore = Float(row.coord_id / 8)
            coordinates.append(pick)
        coordinates.write()
        coordinates.close()
        return path
