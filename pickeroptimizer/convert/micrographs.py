"""A SetOfMicrographs: its names, its files, the table micrographs.csv."""
import os

from ..worker.exchange import tables
from ..worker.exchange.errors import InputError
from .set_files import reopen

MICROGRAPHS = 'micrographs.csv'


def micrographNames(micrographs):
    """Return {mic_id: name} of a SetOfMicrographs; a micrograph without a name bears that of its file."""
    micrographs = reopen(micrographs)
    names = {m.getObjId(): m.getMicName() or os.path.basename(m.getFileName()) for m in micrographs.iterItems()}
    micrographs.close()
    return names


def micrographFiles(micrographs):
    """Return {mic_id: path} of a SetOfMicrographs; `n@path` where micrographs are slices of a stack."""
    micrographs = reopen(micrographs)
    files = {m.getObjId(): _sliceName(m, m.getFileName()) for m in micrographs.iterItems()}
    micrographs.close()
    return files


def _sliceName(micrograph, path):
    return f'{micrograph.getIndex()}@{path}' if micrograph.getIndex() else path


def _relative(path, folder):
    return path if os.path.isabs(path) else os.path.relpath(path, folder)


def micrographRows(micrographs, folder, wanted, locate=_relative):
    """Yield the rows of micrographs.csv in `folder` for the ids in `wanted`.

    Files of the project are named relative to `folder`, so that the table still holds when the project moves; or as
    `locate` has it: a function (path, folder) -> path. Raises InputError for a name with a line break: the tables, of
    which only whole lines count while they grow, cannot hold it.
    """
    pixelSize = repr(float(micrographs.getSamplingRate()))
    micrographs = reopen(micrographs)
    try:
        for micrograph in micrographs.iterItems():
            if micrograph.getObjId() in wanted:
                path = _sliceName(micrograph, locate(micrograph.getFileName(), folder))
                if len(path.splitlines()) > 1:
                    raise InputError(f'{path!r}: there is a line break in the name of this micrograph: rename it.')
                yield micrograph.getObjId(), path, pixelSize
    finally:
        micrographs.close()


def writeMicrographs(micrographs, folder, wanted, locate=_relative, name=MICROGRAPHS):
    """Write the table of a name into `folder` for the ids in `wanted`; see micrographRows."""
    tables.write_rows(os.path.join(folder, name), tables.MICROGRAPH_COLUMNS,
                      micrographRows(micrographs, folder, wanted, locate))
