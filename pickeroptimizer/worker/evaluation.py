"""How well does a recipe do with few labels? Repeated draws of training boxes from a fully labelled data set."""
import hashlib
import json
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from .calibration import expected_calibration_error
from .crossvalidation import cross_validate
from .errors import InputError
from .files import replacing
from .metrics import figures
from .samples import Samples

BY_MICROGRAPH, AT_RANDOM = 'micrograph', 'random'
ATTEMPTS = 1000
LEAST = 4          # boxes of each class on either side of a split
SUMMARISED = ('balanced_macro_f1', 'macro_f1', 'accuracy', 'junk_removed', 'particles_lost', 'calibration_error')


def evaluate(samples: Samples, recipe, shots: Sequence[int], draws: int, split: str, folds: int, seed: int,
             output, log: Callable[[str], None]) -> dict:
    """Fit `recipe` to `shots` boxes a class, `draws` times each, and judge on the boxes of the other half.

    split: `micrograph` (no micrograph on both sides) or `random` (boxes, as the paper). A class with fewer boxes on
    the training side gives all it has. Each draw uses the same split for all shots. `folds` > 0 calibrates each fit
    by a cross-validation. Results are written to `output` (JSON) after each fit; a later call with the same
    arguments continues there. Raises InputError where no split leaves every class on both sides.
    """
    output = Path(output)
    settings = {'recipe': recipe.name, **recipe.header(), 'weights': _fingerprint(recipe.extractor), 'split': split,
                'folds': folds, 'seed': seed, 'counts': samples.counts()}
    results = _earlier(output, settings)
    classes = list(samples.counts())
    targets = np.array([classes.index(label) for label in samples.labels])
    embedded = recipe.embed(samples.pixels)
    have = {(r['shots'], r['draw']) for r in results}
    for draw in range(draws):
        order, test = _draw(targets, samples.mic_ids, split, np.random.default_rng([seed, draw]))
        for number in shots:
            if (number, draw) in have:
                continue
            train = np.concatenate([order[targets[order] == t][:number] for t in range(len(classes))])
            recogniser = _fit(recipe, embedded[train], targets[train], samples.mic_ids[train], folds, seed + draw)
            probabilities = recipe.predict(recogniser, embedded[test])
            result = {'shots': number, 'draw': draw, 'trained_on': np.bincount(targets[train]).tolist(),
                      **figures(samples.labels[test], np.array(classes)[probabilities.argmax(axis=1)], classes),
                      'calibration_error': expected_calibration_error(probabilities, targets[test])}
            results.append(result)
            _write(output, {'settings': settings, 'draws': results})
            log(f'draw {draw + 1} of {draws}, {number} shots: balanced macro-F1 {result["balanced_macro_f1"]:.3f}')
    report = {'settings': settings, 'summary': summarise(results), 'draws': results}
    _write(output, report)
    return report


def summarise(results: Sequence[dict]) -> dict:
    """{shots: {figure: {mean, sd, worst}}} over draws."""
    summary = {}
    for number in sorted({r['shots'] for r in results}):
        mine = [r for r in results if r['shots'] == number]
        summary[str(number)] = {'draws': len(mine)}
        for key in SUMMARISED:
            values = np.array([r[key] for r in mine], dtype=float)
            worst = values.max() if key in ('particles_lost', 'calibration_error') else values.min()
            summary[str(number)][key] = {'mean': float(values.mean()), 'sd': float(values.std()),
                                         'worst': float(worst)}
    return summary


def markdown(summary: dict) -> str:
    """The summary as a Markdown table: mean ± s.d. (worst), in per cent."""
    lines = ['| shots | draws | ' + ' | '.join(key.replace('_', ' ') for key in SUMMARISED) + ' |',
             '|---' * (len(SUMMARISED) + 2) + '|']
    for number, row in summary.items():
        cells = [f'{100 * row[k]["mean"]:.1f} ± {100 * row[k]["sd"]:.1f} ({100 * row[k]["worst"]:.1f})'
                 for k in SUMMARISED]
        lines.append(f'| {number} | {row["draws"]} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def _fit(recipe, embedded, targets, mic_ids, folds, seed):
    """A recogniser of these boxes, calibrated if `folds` > 0."""
    recogniser = recipe.fit(embedded, targets, seed)
    if folds:
        validation = cross_validate(recipe, embedded, targets, mic_ids, folds, seed, log=lambda line: None)
        if validation:
            recogniser.temperature.fill_(validation.temperature)
    return recogniser


def _fingerprint(extractor):
    """Of the initial weights: results of other ones are not continued."""
    total = hashlib.sha256()
    for tensor in extractor.state_dict().values():
        total.update(tensor.cpu().numpy().tobytes())
    return total.hexdigest()[:16]


def _draw(targets, mic_ids, split, rng):
    """Indices that may be trained on, in random order, and those to judge on."""
    classes = set(targets)
    for _ in range(ATTEMPTS):
        train = np.zeros(len(targets), dtype=bool)
        if split == BY_MICROGRAPH:
            chosen = rng.permutation(np.unique(mic_ids))
            train = np.isin(mic_ids, chosen[:len(chosen) // 2])
        else:
            for t in classes:
                members = rng.permutation(np.flatnonzero(targets == t))
                train[members[:len(members) // 2]] = True
        if all(min((targets[train] == t).sum(), (targets[~train] == t).sum()) >= LEAST for t in classes):
            return rng.permutation(np.flatnonzero(train)), np.flatnonzero(~train)
    raise InputError(f'no split by {split} leaves {LEAST} boxes of each class on both sides; label more, or use '
                     f'--split random.')


def _earlier(output, settings):
    """The draws of an earlier call with the same settings."""
    if not output.exists():
        return []
    try:
        earlier = json.loads(output.read_text(encoding='utf-8'))
        return list(earlier['draws']) if earlier['settings'] == settings else []
    except (ValueError, KeyError, TypeError):
        raise InputError(f'{output}: exists and is no result of evaluate; choose another name.') from None


def _write(output, report):
    with replacing(output, encoding='utf-8') as stream:
        stream.write(json.dumps(report, indent=1) + '\n')
