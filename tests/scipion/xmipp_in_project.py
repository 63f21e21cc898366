"""A project with the Python code of Xmipp's plugin, but without Xmipp; a program of its own.

Arguments: the folder of the micrographs, a set of picks, a JSON file with their true classes, [name, x, y, class] each.
Prints what came of each run of the template "prune_three_ways" (see `facts`), the name of MicrographCleaner's output,
how MicrographCleaner is refused, and then, for sets like those of MicrographCleaner and Deep Consensus, how the
comparison took them.
"""
import json
import sys
import tempfile

import numpy as np
from laboratory import PIXEL_SIZE, Lab
from test_templates import facts  # which knows where the benchmarks are
from workflow import check, fill_template, load_template
from xmipp_like import likeCleaner, likeConsensus, pointer

BOX = 144      # px: Deep Consensus takes none below 128 px


def main(micrographs, picks, classes):
    lab = Lab(tempfile.mkdtemp())
    rows = fill_template('prune_three_ways', micrographs=micrographs, pixel_size=PIXEL_SIZE, picks=picks,
                         picks_format=5, box_size=BOX)
    runs = load_template(lab.project, rows)
    cleaner, consensus, comparison = runs['cleaner'], runs['consensus'], runs['comparison']
    loaded = facts(rows, runs), cleaner.getOutputName()

    lab.finished(runs['micrographs'])
    lab.finished(runs['picks'])
    try:
        check(cleaner)
    except SystemExit as refusal:
        loaded = *loaded, str(refusal)
    with open(classes, encoding='utf-8') as stream:
        truth = {(name, x, y): label for name, x, y, label in json.load(stream)}
    whole = lab.project.copyProtocol(cleaner)
    whole.threshold.set(-1)
    lab.project.saveProtocol(whole)
    rng = np.random.default_rng(1)
    likeCleaner(cleaner, truth, rng)
    likeCleaner(whole, truth, rng)
    likeConsensus(consensus, truth, rng)
    comparison.inputSets.clear()
    for run, name in ((cleaner, cleaner.getOutputName()), (whole, whole.getOutputName()),
                      (consensus, 'outputCoordinates'), (consensus, 'outputParticles')):
        comparison.inputSets.append(pointer(run, name))
    comparison.pictures.set(0)
    lab.finished(comparison)
    result = comparison.getComparison()
    print(json.dumps([*loaded, [
        [method.score_name, int(method.kept.sum()), getattr(*end).getSize(), method.unmatched + method.elsewhere,
         int(method.covered.sum()), int(np.isfinite(method.scores).sum()), ' '.join(method.notes)]
        for method, end in zip(result.methods, ((p.getObjValue(), p.getExtended()) for p in comparison.inputSets))]]))


if __name__ == '__main__':
    main(*sys.argv[1:])
