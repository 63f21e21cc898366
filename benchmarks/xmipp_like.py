"""The whole way of a comparison with sets LIKE those of MicrographCleaner and Deep Consensus. Needs no Xmipp.

    .scipion/scipion3 python benchmarks/xmipp_like.py [--project NAME] [--micrographs 6] [--size 1200] [--seed 1]

THESE ARE NOT RESULTS OF MICROGRAPHCLEANER OR DEEP CONSENSUS. Neither looks at a micrograph here: their scores are drawn
at random, by the true class that the simulator knows, so the figures say nothing about either method. What is true to
them is the form of their sets, as the code of scipion-em-xmipp makes it, so that the comparison is seen to take them.

Makes a project from the template "prune_three_ways" on simulated micrographs and runs it: import, fine-tune, prune and
compare for real. In the place of the programs of Xmipp, files are written as they would have written them, and the
protocols of Xmipp make their sets of these with their own code:
- MicrographCleaner: a .pos file for each micrograph with a surviving pick, with goodRegionScore. A micrograph that is
  masked for the most part keeps all its picks with the score -1; one without survivors has no file. Ids are new,
  attributes of the input are lost. A second run does not cut (threshold -1): there, MicrographCleaner writes a nan for
  a box off the micrograph, which the protocol reads as 0.
- Deep Consensus: particles in px of micrographs on which the box has 128 px, with zScoreDeepLearning1. Positions are
  whole px of those, scaled back; ids are new; the coordinates have no micrograph's name, only its id.
Needs `python3 tools/bootstrap.py --tests`, which brings the Python code of Xmipp's plugin.
"""
import argparse
import os
import sys
from pathlib import Path

import numpy as np

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(CHECKOUT / 'tools'), str(CHECKOUT / 'demo')]

from bootstrap import XMIPP, XMIPP_STUBS  # noqa: E402
from data import read_truth, simulate, write_labels, write_picks  # noqa: E402

BOX_ANGSTROM, PIXEL_SIZE = 180, 1.25      # 144 px: Deep Consensus takes no boxes below 128 px
# Ranges in which the scores are drawn, by the true class. They stand for nothing.
CLEANER_SCORES = {'particle': (0.7, 1), 'ice': (0.5, 1), 'carbon': (0, 0.9)}
CONSENSUS_SCORES = {'particle': (0.3, 1), 'ice': (0, 0.8), 'carbon': (0, 0.7)}
MASKED = -1.0      # MicrographCleaner's score for the picks of a micrograph that it passes over
FORMAT_SCIPION, LABELS_FROM_FILE = 5, 1
POS_HEADER = """\
# XMIPP_STAR_1 *
#
data_header
loop_
 _pickingMicrographState
Auto
data_particles
loop_
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--project', default='XmippLike', help='name of the project that is made (%(default)s)')
    parser.add_argument('--micrographs', type=int, default=6, help='how many are simulated (%(default)s)')
    parser.add_argument('--size', type=int, default=1200, help='their side, px (%(default)s)')
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_args()
    addXmipp()
    from workflow import fill_template, launch, load_template, new_project, show
    project = new_project(options.project)
    folder = Path('simulated').resolve()
    simulate(folder, ['--micrographs', str(options.micrographs), '--size', str(options.size), '--pixel-size',
                      str(PIXEL_SIZE), '--box-angstrom', str(BOX_ANGSTROM), '--seed', str(options.seed)])
    truth, names = read_truth(folder)
    box = round(BOX_ANGSTROM / PIXEL_SIZE)

    runs = load_template(project, fill_template(
        'prune_three_ways', micrographs=folder / 'micrographs', pixel_size=PIXEL_SIZE, picks=folder / 'picks.sqlite',
        picks_format=FORMAT_SCIPION, box_size=box))
    launch(project, runs['micrographs'])
    write_picks(folder / 'picks.sqlite', runs['micrographs'].outputMicrographs, truth, box)
    write_labels(folder / 'to-learn-from.csv', truth, names[::2])
    runs['fine-tune'].labelSource.set(LABELS_FROM_FILE)
    runs['fine-tune'].labelsFile.set(str(folder / 'to-learn-from.csv'))
    for name in ('picks', 'fine-tune', 'prune'):
        launch(project, runs[name])

    rng = np.random.default_rng(options.seed)
    whole = project.copyProtocol(runs['cleaner'])
    whole.threshold.set(-1)
    project.saveProtocol(whole)
    for run, label in ((runs['cleaner'], 'like MicrographCleaner'), (whole, 'like MicrographCleaner, not cut')):
        run.setObjLabel(label)
        likeCleaner(run, truth, rng)
    runs['consensus'].setObjLabel('like Deep Consensus')
    likeConsensus(runs['consensus'], truth, rng)
    runs['comparison'].inputSets.append(pointer(whole, whole.getOutputName()))
    runs['comparison'].pictures.set(2)
    launch(project, runs['comparison'])
    print('\nThe sets "like ..." are drawn at random: they are NOT results of MicrographCleaner or Deep Consensus.')
    show(runs['comparison'])


def addXmipp():
    """Let this process and those that it starts find the Python code of Xmipp's plugin."""
    if not XMIPP.is_dir():
        sys.exit('The Python code of the plugin of Xmipp is not there; run: python3 tools/bootstrap.py --tests')
    paths = [str(XMIPP), str(XMIPP_STUBS)]
    sys.path[:0] = paths
    os.environ['PYTHONPATH'] = os.pathsep.join(paths)


def likeCleaner(run, truth, rng):
    """Give an XmippProtDeepMicrographScreen its output; truth: {(micrograph's name, x, y): class}.

    As if the first micrograph were masked for the most part and nothing survived on the last one.
    """
    begin(run)
    run._insertInitialSteps()
    picks = byMicrograph(run.inputCoordinates.get())
    micrographs = [micrograph.clone() for micrograph in run.inputCoordinates.get().getMicrographs().iterItems()]
    cuts = run.threshold.get() > 0
    for place, micrograph in enumerate(micrographs):
        here = picks.get(micrograph.getObjId(), [])
        run._convertCoordinates(micrograph, here)
        scores = drawn(here, CLEANER_SCORES, truth, rng)
        if not cuts:
            scores[:1] = np.nan      # a box that is off the mask
        elif place == 0:
            scores[:] = MASKED
        elif place == len(micrographs) - 1:
            scores[:] = 0
        kept = scores == MASKED if cuts and place == 0 else scores > run.threshold.get()
        if not cuts:
            kept[:] = True
        if kept.any():
            target = Path(run._getExtraPath('outputCoords'), Path(run._getMicPos(micrograph)).name)
            write_pos(target, ('itemId', 'enabled', 'xcoor', 'ycoor', 'cost', 'micrographId', 'goodRegionScore'),
                      [(pick.getObjId(), 1, *pick.getPosition(), 1, micrograph.getObjId(), f'{score:.6f}')
                       for pick, score, good in zip(here, scores, kept) if good])
    from pyworkflow.object import Set
    run._updateOutputCoordSet(micrographs, Set.STREAM_CLOSED)
    end(run)


def likeConsensus(run, truth, rng):
    """Give an XmippProtScreenDeepConsensus its outputs; truth: {(micrograph's name, x, y): class}."""
    from pwem import emlib
    begin(run)
    run._insertAllSteps()      # for what it sets up beside
    union = run._getExtraPath(run.CONSENSUS_COOR_PATH_TEMPLATE % 'OR')
    os.makedirs(union)
    coordinates = run.inputCoordinates[0].get()
    run.inSamplingRate = coordinates.getMicrographs().getSamplingRate()
    factor = run._getDownFactor()
    picks = byMicrograph(coordinates)
    particles = emlib.MetaData()
    for micrograph in coordinates.getMicrographs().iterItems():
        here = picks.get(micrograph.getObjId(), [])
        stem = Path(micrograph.getFileName()).stem
        write_pos(Path(union, f'{stem}.pos'), ('xcoor', 'ycoor', 'micrographId'),
                  [(*pick.getPosition(), micrograph.getObjId()) for pick in here])
        for number, (pick, score) in enumerate(zip(here, drawn(here, CONSENSUS_SCORES, truth, rng)), start=1):
            row = particles.addObject()
            particles.setValue(emlib.MDL_ENABLED, 1, row)
            particles.setValue(emlib.MDL_XCOOR, int(pick.getX() / factor), row)
            particles.setValue(emlib.MDL_YCOOR, int(pick.getY() / factor), row)
            particles.setValue(emlib.MDL_MICROGRAPH_ID, micrograph.getObjId(), row)
            particles.setValue(emlib.MDL_IMAGE, f'{number:06d}@{run._getExtraPath(stem)}.mrcs', row)
            particles.setValue(emlib.MDL_ZSCORE_DEEPLEARNING1, float(score), row)
    particles.write(run._getPath(run.PARTICLES_TEMPLATE.format('_partial')))
    run.uploadTrainedParam('trainingPass', '')      # as with the pretrained network
    run.createOutputStep(closeStream=True)
    end(run)


def begin(run):
    """Make the folders of a run that is not launched."""
    run.makePathsAndClean()


def end(run):
    """Take a run for finished."""
    run.setStatus('finished')
    run.getProject()._storeProtocol(run)


def byMicrograph(coordinates):
    """{mic_id: its picks}."""
    picks = {}
    for pick in coordinates.iterItems():
        picks.setdefault(pick.getMicId(), []).append(pick.clone())
    return picks


def drawn(picks, ranges, truth, rng):
    """A score for each pick, at random in the range of its true class."""
    return np.array([rng.uniform(*ranges[truth[(pick.getMicName(), *pick.getPosition())]]) for pick in picks])


def write_pos(path, columns, rows):
    """Write a file of Xmipp's own format for coordinates."""
    with open(path, 'w') as stream:
        stream.write(POS_HEADER + ''.join(f' _{name}\n' for name in columns))
        stream.writelines('\t'.join(map(str, row)) + '\n' for row in rows)


def pointer(run, name):
    from pyworkflow.object import Pointer
    return Pointer(run, extended=name)


if __name__ == '__main__':
    main()
