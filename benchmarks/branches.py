"""Which output of the paper's network should decide: one Markdown table.

    PYTHONPATH=pickeroptimizer python benchmarks/branches.py --data FOLDER ... [--init default] [--draws 5]
        [--shots 10 30]

Balanced macro-F1 in per cent, mean ± s.d. (worst draw), of the same trained networks, judged by the probabilities of
one branch or by the mean of several.
"""
import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from labelled import drawn, load
from worker.boxes.augmentation import central
from worker.network.device import choose_device
from worker.network.initial_weights import initial_extractor
from worker.training.metrics import figures
from worker.training.recipes import PaperRecipe

LOSSES = {'two losses': (0.5, 0.5), 'three losses': (0.4, 0.3, 0.3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, nargs='+', required=True)
    parser.add_argument('--init', default='default')
    parser.add_argument('--draws', type=int, default=5)
    parser.add_argument('--shots', type=int, nargs='+', default=[10, 30])
    options = parser.parse_args()
    print('| data | shots | network | output | balanced macro-F1 |')
    print('|---' * 5 + '|')
    for folder in options.data:
        for title, weights in LOSSES.items():
            recipe = PaperRecipe(initial_extractor(options.init), choose_device('auto'), loss_weights=weights)
            samples = load(folder, recipe)
            for shots in options.shots:
                for output, f1 in study(recipe, samples, shots, options.draws).items():
                    print(f'| {folder.resolve().name} | {shots} | {title} | {output} | {100 * np.mean(f1):.1f} ± '
                          f'{100 * np.std(f1):.1f} ({100 * min(f1):.1f}) |', flush=True)


def study(recipe, samples, shots, draws):
    """{output: balanced macro-F1 of each draw}."""
    classes = list(samples.counts())
    recipe = recipe.learning(classes)
    targets = np.array([classes.index(label) for label in samples.labels])
    results = defaultdict(list)
    for draw in range(draws):
        train, test = drawn(targets, samples.mic_ids, draw, shots)
        recogniser = recipe.fit(samples.pixels[train], targets[train], draw)
        with torch.no_grad():
            logits = [recogniser(part.to(recipe.device.torch_device))
                      for part in central(samples.pixels[test], recipe.size).split(256)]
        branches = [torch.cat(parts).softmax(dim=1).cpu().numpy() for parts in zip(*logits)]
        outputs = {f'branch {number}': says for number, says in enumerate(branches, start=1)}
        outputs['mean of the probabilities'] = np.mean(branches, axis=0)
        for name, says in outputs.items():
            results[name].append(figures(samples.labels[test], np.array(classes)[says.argmax(axis=1)],
                                         classes)['balanced_macro_f1'])
    return results


if __name__ == '__main__':
    main()
