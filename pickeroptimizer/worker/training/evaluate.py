"""How well does a recipe do with few labels? Repeated draws of training boxes from a fully labelled data set."""
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence

import numpy as np
import torch
from joblib import Parallel, delayed
from torch import Tensor

from ..boxes.labelled import LabelledBoxes, check_classes
from ..exchange.classes import decide
from ..exchange.errors import InputError
from ..exchange.files import PathLike, replacing
from ..exchange.splits import halves
from .calibration import expected_calibration_error
from .cross_validation import fit_calibrated
from .metrics import figures
from .recipes import Recipe

SUMMARISED = ('balanced_macro_f1', 'macro_f1', 'accuracy', 'junk_removed', 'particles_lost', 'calibration_error')
SMALL_IS_GOOD = ('particles_lost', 'calibration_error')


def evaluate(boxes: LabelledBoxes, recipe: Recipe, shots: Sequence[int], draws: int, split: str, folds: int, seed: int,
             output: PathLike, log: Callable[[str], None], processes: int = 1) -> Dict[str, Any]:
    """Fit `recipe` to `shots` boxes a class, `draws` times each, and judge on the boxes of the other half.

    split: `micrograph` (no micrograph on both sides) or `random` (boxes, as the paper). A class with fewer boxes on
    the training side gives all it has. Each draw uses the same split for all shots. `folds` > 0 calibrates each fit
    by a cross-validation. `processes` fits go on at a time. Results are written to `output` (JSON) after each fit; a
    later call with the same arguments continues there. Raises InputError where there are no particles, or nothing else,
    and where no split leaves every class on both sides.
    """
    output, shots = Path(output), list(dict.fromkeys(shots))
    check_classes(boxes.counts())
    for warning in boxes.warnings:
        log(f'warning: {warning}')
    settings = {'recipe': recipe.name, **recipe.header(), 'split': split, 'folds': folds, 'seed': seed,
                'counts': boxes.counts(), 'weights': _digest(recipe.extractor.state_dict().values()),
                'boxes': _digest([boxes.pixels, torch.from_numpy(boxes.mic_ids)])}
    asked = {(number, draw) for number in shots for draw in range(draws)}
    earlier = _earlier(output, settings, log)
    results = [result for result in earlier if (result['shots'], result['draw']) in asked]
    if len(results) < len(earlier):
        log(f'{len(earlier) - len(results)} results of an earlier call are left out: they are not asked for now')
    labelled = list(boxes.counts())
    recipe = recipe.learning(labelled)
    classes = list(recipe.classes)
    targets = np.array([classes.index(label) for label in boxes.labels])
    have = {(r['shots'], r['draw']) for r in results}
    tasks = []
    for draw in range(draws):
        order, test = halves(targets, boxes.mic_ids, split, np.random.default_rng([seed, draw]))
        for number in shots:
            train = np.concatenate([order[targets[order] == t][:number] for t in range(len(classes))])
            if (number, draw) not in have:
                tasks.append((number, draw, train, test))
    if tasks:
        log(f'{len(boxes.labels)} boxes; {len(tasks)} trainings to do')
        threads = max(1, torch.get_num_threads() // processes)
        job = _Job(recipe, recipe.embed(boxes.pixels), targets, boxes.mic_ids, labelled, folds, seed, threads)
        pool = Parallel(processes, return_as='generator_unordered', mmap_mode='r')
        for result in pool(delayed(job)(*task) for task in tasks):
            results.append(result)
            results.sort(key=lambda r: (r['draw'], r['shots']))
            _write(output, {'settings': settings, 'draws': results})      # the summary comes when all draws are there
            log(f'{len(results) - len(have)} of {len(tasks)}: draw {result["draw"] + 1}, {result["shots"]} shots: '
                f'balanced macro-F1 {result["balanced_macro_f1"]:.3f}')
    report = {'settings': settings, 'summary': summarise(results), 'draws': results}
    _write(output, report)
    return report


@dataclass(frozen=True)
class _Job:
    """What every draw has in common; called with a draw, it fits and judges. Crosses to other processes."""
    recipe: Recipe
    embedded: Tensor
    targets: np.ndarray
    mic_ids: np.ndarray
    labelled: List[str]
    folds: int
    seed: int
    threads: int

    def __call__(self, number: int, draw: int, train: np.ndarray, test: np.ndarray) -> Dict[str, Any]:
        torch.set_num_threads(self.threads)      # a new process starts with its own idea of it
        recogniser = fit_calibrated(self.recipe, self.embedded[train], self.targets[train], self.mic_ids[train],
                                    self.folds, self.seed + draw)
        probabilities = self.recipe.predict(recogniser, self.embedded[test])
        names = np.array(self.recipe.classes)
        counts = np.bincount(self.targets[train], minlength=len(names)).tolist()
        return {'shots': number, 'draw': draw, 'trained_on': counts,
                **figures(names[self.targets[test]], names[decide(probabilities)], self.recipe.classes, self.labelled),
                'calibration_error': expected_calibration_error(probabilities, self.targets[test])}


def summarise(results: Sequence[dict]) -> Dict[str, Dict[str, Any]]:
    """Return {shots: summary} over draws.

    A summary has {mean, sd, worst} of each figure, {class: {precision, recall, f1: {mean, sd}}} under `per_class`, and
    the confusion matrix of all draws together.
    """
    summary: Dict[str, Dict[str, Any]] = {}
    for number in sorted({r['shots'] for r in results}):
        mine = [r for r in results if r['shots'] == number]
        row: Dict[str, Any] = {'draws': len(mine), 'confusion': np.sum([r['confusion'] for r in mine], axis=0).tolist()}
        for key in SUMMARISED:
            values = [r[key] for r in mine]
            row[key] = {**_spread(values), 'worst': (max if key in SMALL_IS_GOOD else min)(values)}
        row['per_class'] = {name: {key: _spread([r['per_class'][name][key] for r in mine]) for key in figures_of}
                            for name, figures_of in mine[0]['per_class'].items()}
        summary[str(number)] = row
    return summary


def _spread(values):
    return {'mean': float(np.mean(values)), 'sd': float(np.std(values))}


def markdown(summary: Dict[str, Dict[str, Any]]) -> str:
    """Return the summary as two Markdown tables in per cent: mean ± s.d. (worst) of all figures, then by class."""
    lines = ['| shots | draws | ' + ' | '.join(key.replace('_', ' ') for key in SUMMARISED) + ' |',
             '|---' * (len(SUMMARISED) + 2) + '|']
    for number, row in summary.items():
        cells = [f'{100 * row[k]["mean"]:.1f} ± {100 * row[k]["sd"]:.1f} ({100 * row[k]["worst"]:.1f})'
                 for k in SUMMARISED]
        lines.append(f'| {number} | {row["draws"]} | ' + ' | '.join(cells) + ' |')
    lines += ['', '| shots | class | precision | recall | F1 (balanced) |', '|---' * 5 + '|']
    for number, row in summary.items():
        for name, values in row['per_class'].items():
            cells = [f'{100 * v["mean"]:.1f} ± {100 * v["sd"]:.1f}' for v in values.values()]
            lines.append(f'| {number} | {name} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def _digest(tensors):
    """Of weights or of boxes: results of other ones are not continued."""
    total = hashlib.sha256()
    for tensor in tensors:
        total.update(np.ascontiguousarray(tensor.cpu().numpy()).data)
    return total.hexdigest()[:16]


def _earlier(output, settings, log):
    """The draws of an earlier call with the same settings. Results of others are put aside."""
    if not output.exists():
        return []
    try:
        earlier = json.loads(output.read_text(encoding='utf-8'))
        draws, same = list(earlier['draws']), earlier['settings'] == settings
    except (ValueError, KeyError, TypeError):
        raise InputError(f'{output}: exists and is no result of evaluate; choose another name.') from None
    if same:
        return draws
    aside = output.with_name(f'{output.name}.old')
    os.replace(output, aside)
    log(f'{output} has results of other data or settings: they are kept as {aside.name}')
    return []


def _write(output, report):
    with replacing(output, encoding='utf-8') as stream:
        stream.write(json.dumps(report, indent=1) + '\n')
