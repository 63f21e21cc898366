"""A laboratory's library of labelled data sets: a folder with one folder for each.

A data set is a folder with the files in DATA_SET, which `worker categories` reads.
"""
import filecmp
import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager
from typing import Dict, Iterator, List

from ..worker.exchange.errors import InputError
from ..worker.exchange.files import PathLike
from ..worker.exchange.tables import read_micrographs
from .file_stamps import stampOf

DATA_SET = ('micrographs.csv', 'labels.csv', 'box_angstrom.txt')


def isDataSet(folder: PathLike) -> bool:
    """Return whether a folder has all the files of a data set."""
    return all(os.path.isfile(os.path.join(folder, name)) for name in DATA_SET)


def dataSets(library: str) -> List[str]:
    """Return the data sets in a library, folders, by name; or the library alone, if it is a data set itself.

    A link to a folder goes by the name of that folder, for the worker does. Raises InputError if there are none, or two
    of one name.
    """
    if isDataSet(library):
        return [os.path.abspath(library)]
    try:
        folders = sorted(entry.path for entry in os.scandir(library) if not entry.name.startswith('.'))
    except OSError as error:
        raise InputError(f'{library}: cannot be read as a library of data sets ({error.strerror}).') from None
    found = [os.path.abspath(folder) for folder in folders if isDataSet(folder)]
    if not found:
        raise InputError(f'{library}: no data set in it; a data set is a folder with {", ".join(DATA_SET)}.')
    named: Dict[str, str] = {}
    for folder in found:
        first = named.setdefault(dataSetName(folder), folder)
        if first != folder:
            raise InputError(f'{first} and {folder}: both are the data set "{dataSetName(folder)}", so that neither '
                             f'could be left out alone: take one out of the library, or rename its folder.')
    return found


def dataSetName(folder: PathLike) -> str:
    """Return what a data set is called in reports, and where it is to be left out."""
    return os.path.basename(os.path.realpath(folder))


def checkName(library: str, name: str) -> str:
    """Return the folder that a data set may be written to. Raises InputError if the name or library cannot be used."""
    if not os.path.isdir(library):
        raise InputError(f'{library or "The library"}: no such folder; make it first.')
    if not name or name.startswith('.') or os.path.basename(name) != name or not name.isprintable():
        raise InputError(f'"{name}" cannot be the name of a data set: give the plain name of a folder.')
    return os.path.join(library, name)


def micrographsDigest(folder: str) -> str:
    """Return a digest of the sizes and times of the micrographs of a data set. Raises InputError without its table."""
    stamps = [stampOf(row.path) for row in read_micrographs(os.path.join(folder, DATA_SET[0])).values()]
    return hashlib.sha256(repr(stamps).encode('utf-8')).hexdigest()[:20]


@contextmanager
def addingDataSet(library: str, name: str) -> Iterator[str]:
    """Give a folder to write a new data set into; it becomes part of the library when the block ends, and only then.

    Nothing is ever overwritten: InputError if there is something else of that name. What is there already with the
    same content stays as it is, so that a writing that was broken off at its end can be repeated.
    """
    target = checkName(library, name)
    folder = tempfile.mkdtemp(prefix='.adding-', dir=library)
    try:
        yield folder
        if _isSame(folder, target):
            return
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(folder, 0o777 & ~umask)      # it was made for its owner alone
        if os.path.lexists(target):
            raise InputError(f'{target}: there is something of this name already, and nothing is overwritten; give '
                             f'another name.')
        os.rename(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _isSame(folder: str, target: str) -> bool:
    return isDataSet(target) and not any(filecmp.cmpfiles(folder, target, DATA_SET, shallow=False)[1:])
