"""A picker's picks pruned and compared in a real Scipion project, from the tables that real_picks.py --tables writes.

    scipion3 python benchmarks/real_project.py --data empiar-10017 --tables FOLDER --score _topazScore --project NAME

Imports micrographs and picks (which bear the picker's score as --score), fine-tunes with the labels of the other half
of the micrographs, prunes, and compares: ours, what a 2D classification kept if there is classified.csv, and the
picker's own threshold. Prints the tables of the comparison and where its report is. The project stays.
"""
import argparse
import csv
import os
from pathlib import Path

from pwem.objects import Coordinate, SetOfCoordinates
from pyworkflow import Config
from pyworkflow.object import Float, Pointer, String
from workflow import launch, new_project, show

from pickeroptimizer.constants import PO_CLASS

FORMAT_SCIPION, LABELS_FROM_FILE = 5, 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--tables', type=Path, required=True)
    parser.add_argument('--score', required=True, help="attribute of the picker's score, such as _topazScore or "
                                                       "_rlnAutopickFigureOfMerit")
    parser.add_argument('--project', required=True)
    options = parser.parse_args()
    tables = options.tables.resolve()
    with open(options.data / 'micrographs.csv', newline='') as stream:
        micrograph = next(csv.DictReader(stream))
    pixel_size = float(micrograph['pixel_size'])
    box = round(float((options.data / 'box_angstrom.txt').read_text()) / pixel_size)
    folder = (options.data / micrograph['path']).resolve().parent
    project = new_project(options.project)

    micrographs = run(project, 'ProtImportMicrographs', 'micrographs', filesPath=str(folder), filesPattern='*.mrc',
                      samplingRate=pixel_size, voltage=300)
    sets = {}
    for name, label, attributes in (('picks', 'picks', {options.score: ('score', Float)}),
                                    ('truth', 'truth', {PO_CLASS: ('label', String)}),
                                    ('classified', '2D classification', {})):
        if (tables / f'{name}.csv').exists():
            path = project.getTmpPath(f'{name}.sqlite')
            write_set(path, tables / f'{name}.csv', micrographs.outputMicrographs, box, attributes)
            sets[name] = run(project, 'ProtImportCoordinates', label, importFrom=FORMAT_SCIPION, boxSize=box,
                             filesPath=os.path.abspath(path), inputMicrographs=(micrographs, 'outputMicrographs'))
    picks = sets['picks'], 'outputCoordinates'
    training = run(project, 'ProtPickerOptimizerTrain', 'fine-tune', inputCoordinates=picks,
                   labelSource=LABELS_FROM_FILE, labelsFile=str(tables / 'labels.csv'))
    pruning = run(project, 'ProtPickerOptimizerPrune', 'PickerOptimizer', inputCoordinates=picks,
                  inputModel=(training, 'outputModel'))
    pruned = [pruning] + [sets[name] for name in ('classified',) if name in sets]
    show(run(project, 'ProtPickerOptimizerCompare', 'comparison', inputCoordinates=picks,
             truth=(sets['truth'], 'outputCoordinates'), pickerScore=True,
             inputSets=[(source, 'outputCoordinates') for source in pruned]))


def run(project, name, label, **values):
    """Run a protocol by its class name and wait; tuples (run, output), and lists of them, become pointers."""
    pointers = {key: value for key, value in values.items() if isinstance(value, (tuple, list))}
    protocol = project.newProtocol(Config.getDomain().getProtocols()[name],
                                   **{key: value for key, value in values.items() if key not in pointers})
    protocol.setObjLabel(label)
    for key, value in pointers.items():
        if isinstance(value, list):
            for source, output in value:
                getattr(protocol, key).append(Pointer(source, extended=output))
        else:
            getattr(protocol, key).set(value[0])
            getattr(protocol, key).setExtended(value[1])
    launch(project, protocol)
    return protocol


def write_set(path, table, micrographs, box, attributes):
    """Write a table mic_name,x,y,... as a set of Scipion's own; attributes: {of a pick: (column, its type)}."""
    by_name = {micrograph.getMicName(): micrograph.clone() for micrograph in micrographs.iterItems()}
    coordinates = SetOfCoordinates(filename=path, indexes=['_micId'])
    coordinates.setBoxSize(box)
    with open(table, newline='') as stream:
        for row in csv.DictReader(stream):
            pick = Coordinate(x=float(row['x']), y=float(row['y']))
            pick.setMicrograph(by_name[row['mic_name']])
            for name, (column, kind) in attributes.items():
                setattr(pick, name, kind(row[column]))
            coordinates.append(pick)
    coordinates.write()
    coordinates.close()


if __name__ == '__main__':
    main()
