"""What the 8 bits of the CPU's network cost: the recipe `default` with them and without, on the same draws.

    PYTHONPATH=pickeroptimizer python benchmarks/eight_bits.py --data FOLDER ... [--draws 10] [--shots 10 20 30]
        [--init FILE]

Draws and figures are those of recogniser.py, but as prune does it: the ranges of the maps come from the boxes of a
draw that are learnt from and from no other (`evaluate` lets boxes of the whole data set show them, to look at each but
once). Prints the mean of both ways and the mean of their differences, draw by draw, with its standard error, in per
cent.
"""
import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from labelled import FOLDS, drawn, load
from worker.network.device import choose_device
from worker.network.fast import for_inference
from worker.network.initial_weights import initial_extractor
from worker.training.cross_validation import fit_calibrated
from worker.training.metrics import figures
from worker.training.recipes import BATCH, DefaultRecipe

FIGURES = ('balanced_macro_f1', 'macro_f1')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, nargs='+', required=True)
    parser.add_argument('--draws', type=int, default=10)
    parser.add_argument('--shots', type=int, nargs='+', default=[10, 20, 30])
    parser.add_argument('--init', default='default')
    options = parser.parse_args()
    device = choose_device('cpu')
    if not device.compiled:
        sys.exit('OpenVINO is not installed: prune does not use 8 bits.')
    extractor = initial_extractor(options.init).eval()
    recipes = [DefaultRecipe(extractor, way) for way in (device, replace(device, compiled=False))]
    print('| data | shots | ' + ' | '.join(f'{name}, {way}' for name in (f.replace('_', ' ') for f in FIGURES)
                                           for way in ('8 bits', 'without', 'difference')) + ' |')
    print('|---' * (2 + 3 * len(FIGURES)) + '|')
    for folder in options.data:
        samples = load(folder, recipes[0])
        for shots in options.shots:
            eight, without = ([judged(samples, recipe, shots, draw) for draw in range(options.draws)]
                              for recipe in recipes)
            cells = []
            for figure in FIGURES:
                ways = [np.array([100 * row[figure] for row in rows]) for rows in (eight, without)]
                differences = ways[0] - ways[1]
                cells += [*(f'{way.mean():.2f}' for way in ways),
                          f'{differences.mean():+.2f} ± {differences.std(ddof=1) / len(differences) ** 0.5:.2f}']
            print(f'| {folder.resolve().name} | {shots} | ' + ' | '.join(cells) + ' |', flush=True)


def judged(samples, recipe, shots, draw):
    """The figures of one draw: learnt from its boxes alone, judged by the frozen recogniser that prune would use."""
    recipe = recipe.learning(list(samples.counts()))
    classes = recipe.classes
    targets = np.array([classes.index(label) for label in samples.labels])
    train, test = drawn(targets, samples.mic_ids, draw, shots)
    recogniser = for_inference(fit_calibrated(recipe, recipe.embed(samples.pixels[train]), targets[train],
                                       samples.mic_ids[train], FOLDS, draw), samples.pixels.shape[-1], recipe.device)
    with torch.no_grad(), recipe.device.autocast():
        says = torch.cat([recogniser.judge(part)[0] for part in samples.pixels[test].split(BATCH)]).argmax(dim=1)
    names = np.array(classes)
    return figures(names[targets[test]], names[says.numpy()], classes)


if __name__ == '__main__':
    main()
