"""Learns from the labelled boxes of one data set: boxes in, one model file and a report out."""
import time
from typing import Any, Callable, Dict, List, Sequence

import numpy as np
import torch

from ..boxes.contrast import contrast
from ..boxes.labelled import check_classes, crop_labels
from ..exchange.classes import PARTICLE, decide, ordered
from ..exchange.files import PathLike
from ..exchange.micrograph_reader import about_all
from ..exchange.tables import CoordinateRow, MicrographRow
from ..network.model_file import save_model
from .cross_validation import BY_BOX, cross_validate
from .metrics import figures
from .recipes import Recipe

FEW_BOXES = 10
WORSE = 0.02         # of the balanced macro-F1: less says nothing
MUCH_LOST = 0.5      # of the labelled particles: a model that prunes so many is of no use


def finetune(micrographs: Dict[int, MicrographRow], labels: Sequence[CoordinateRow], box_angstrom: float,
             output: PathLike, recipe: Recipe, architecture: str, size: int, folds: int, seed: int,
             log: Callable[[str], None]) -> Dict[str, Any]:
    """Train `recipe` on labelled boxes of `box_angstrom` Å, write the model to `output`, return the report.

    `size` is the network's input in px; `folds` = 0 leaves out the cross-validation. The same seed on the same
    machine gives the same file. Raises InputError where the labels do not allow to learn anything.
    """
    start = time.monotonic()
    check_classes(recipe.learning(ordered(str(label.label) for label in labels)).classes)
    boxes = crop_labels(micrographs, labels, box_angstrom, size, recipe.fields, recipe.margin)
    for warning in boxes.warnings:
        log(f'warning: {warning}')
    counts = boxes.counts()
    recipe = recipe.learning(list(counts))
    check_classes(recipe.classes)
    classes = list(recipe.classes)
    log('labelled boxes: ' + ', '.join(f'{n} {c}' for c, n in counts.items()))
    embedded = recipe.embed(boxes.pixels)
    targets = np.array([classes.index(label) for label in boxes.labels])
    drawn = np.array([row.random for row in boxes.rows])
    validation = cross_validate(recipe, embedded, targets, boxes.mic_ids, folds, seed, log, drawn) if folds else None
    crossed = validation.report(classes) if validation else None
    if crossed:
        log(f'cross-validation by {crossed["split"]}: macro-F1 {crossed["macro_f1"]:.3f}, balanced '
            f'{crossed["balanced_macro_f1"]:.3f}, calibration error {crossed["calibration_error"]:.3f}')
    known = recipe.without_labels(embedded)
    names = np.array(classes)
    before = None if known is None else figures(names[targets], names[decide(known)], classes, list(counts))
    if before:
        log(f'without labels, the same boxes would have a balanced macro-F1 of {before["balanced_macro_f1"]:.3f}')
    curve: List[float] = []

    def epoch_done(epoch: int, epochs: int, loss: float) -> None:
        curve.append(round(loss, 6))
        log(f'epoch {epoch} of {epochs}: loss {loss:.4f}')

    recogniser = recipe.fit(embedded, targets, seed, epoch_done)
    if validation:
        recogniser.temperature.fill_(validation.temperature)
    header = {'architecture': architecture, 'classes': classes, 'box_angstrom': box_angstrom, 'input_size': size,
              'fields': list(recipe.fields), 'normalisation': 'median-iqr', 'recipe': recipe.name, **recipe.header(),
              'references': len(recogniser.references), 'ranges': recogniser.extractor.ranges, 'seed': seed,
              'counts': counts, 'particle_contrast': _particle_contrast(boxes, recipe.margin),
              'cross_validation': crossed, 'without_labels': before, 'loss_curve': curve, 'device': recipe.device.name,
              'warnings': _warnings(counts, folds, crossed, before)}
    for warning in header['warnings']:
        log(f'warning: {warning}')
    save_model(output, recogniser, header)
    seconds = round(time.monotonic() - start, 2)
    log(f'model written to {output} after {seconds:.1f} s')
    return {**header, 'seconds': seconds, 'failed_micrographs': boxes.failed_micrographs,
            'warnings': about_all(boxes.filled) + header['warnings'], 'dropped_labels': boxes.dropped,
            'labels': _checked_labels(boxes, validation, classes)}


def _checked_labels(boxes, validation, classes):
    """Each label with the class and the probability of its own class that the cross-validation gives it."""
    if validation is None:
        return []
    own = validation.probabilities[range(len(boxes.rows)), validation.targets]
    says = decide(validation.probabilities)
    return [{'mic_id': row.mic_id, 'x': row.x, 'y': row.y, 'label': row.label, 'predicted': classes[said],
             'probability': round(float(p), 4)}
            for row, p, said, judged in zip(boxes.rows, own, says, validation.judged) if judged]


def _particle_contrast(boxes, margin):
    """(mean, standard error) of the contrast of the boxes labelled particle, see boxes.contrast; None without any."""
    values = contrast(boxes.pixels[torch.from_numpy(boxes.labels == PARTICLE), 0], margin).numpy()
    if not len(values):
        return None
    return round(float(values.mean()), 6), round(float(values.std() / len(values) ** 0.5), 6)


def _warnings(counts, folds, crossed, before):
    lines = []
    # A class of one label counts in what is known before alone.
    if crossed and before and min(counts.values()) > 1 and (
            crossed['balanced_macro_f1'] < before['balanced_macro_f1'] - WORSE):
        lines.append(f'with these labels the model is worse at them than the general model without any: '
                     f'{crossed["balanced_macro_f1"]:.3f} for {before["balanced_macro_f1"]:.3f}, each class counted '
                     f'the same. Take back what you doubt, label more of the classes with few, or prune with the '
                     f'general model.')
    if PARTICLE not in counts:
        lines.append('no box is labelled particle: with labels of junk alone, particles are taken for it. Label some.')
    lines += [f'only {n} box{"es are" if n > 1 else " is"} labelled {c}; {FEW_BOXES} or more make the model steadier.'
             for c, n in counts.items() if n < FEW_BOXES]
    if folds and crossed is None:
        lines.append('no cross-validation: particles and some junk need two labelled boxes each at least.')
    elif crossed and crossed['split'] == BY_BOX:
        lines.append('the labels of some class come from one micrograph, so the cross-validation is by box and '
                     'flatters; label that class on other micrographs too.')
    if crossed:
        single = [c for c, n in counts.items() if n == 1]
        if single:
            lines.append(f'the figures of the cross-validation are without {", ".join(single)}: one labelled box '
                         f'cannot be left out and judged.')
        if crossed['particles_lost'] > MUCH_LOST:
            lines.append(f'the cross-validation loses {100 * crossed["particles_lost"]:.0f} % of the boxes labelled '
                         f'particle: look for wrong labels, and give kinds of junk that look alike one name.')
    return lines
