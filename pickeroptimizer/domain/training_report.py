"""The report of a training, as `worker finetune` writes it, in words: its figures, and the labels to look at again."""
from typing import Any, List, Mapping, Sequence

from ..worker.exchange.classes import PARTICLE

SUSPICIOUS = 0.1      # probability of a label's own class below which it is worth another look
SHOWN = 5


def qualityLines(header: Mapping[str, Any]) -> List[str]:
    """Return lines with the cross-validated figures of a report or a model's header, and the confusion matrix."""
    crossed = header.get('cross_validation')
    if not crossed:
        return ['Not cross-validated.']
    lines = [f'Cross-validated (by {crossed["split"]}, {crossed["folds"]} folds): macro-F1 '
             f'*{crossed["macro_f1"]:.3f}*, {crossed["balanced_macro_f1"]:.3f} with each class counted the same; '
             f'accuracy {crossed["accuracy"]:.3f}; the probabilities are off by '
             f'{100 * crossed["calibration_error"]:.1f} %.',
             *(['Calibrated with the particles that were drawn at random; those that were chosen to be hard stand for '
                'none.'] if crossed.get('particles') == 'random' else []),
             *_beforeLines(header), 'What the labels were taken for (confusion matrix):']
    # In words: Scipion's window has no font in which columns would stand below each other.
    for name, row in zip(header['classes'], crossed['confusion']):
        if sum(row):      # of what is known without labels there are none to judge by
            lines.append(f'   {sum(row)} {name}: ' + ', '.join(f'{n} {taken}'
                                                              for n, taken in zip(row, header['classes'])))
    return lines


def _beforeLines(header):
    """What the labels add over what is known without any."""
    before = header.get('without_labels')
    if not before:
        return []
    after = header['cross_validation']
    parts = [f'macro-F1 with each class counted the same {after["balanced_macro_f1"]:.3f} '
             f'({before["balanced_macro_f1"]:.3f})']
    counts = header.get('counts') or {}
    particles = counts.get(PARTICLE, 0)
    for key, what in (('junk_removed', f'of the {sum(counts.values()) - particles} boxes of junk removed'),
                      ('particles_lost', f'of the {particles} particles lost')):
        if before.get(key) is not None and after.get(key) is not None:
            parts.append(f'{100 * after[key]:.0f} % ({100 * before[key]:.0f} %) {what}')
    return [f'With the labels, and in brackets without any, on the same labelled boxes: {"; ".join(parts)}.']


def suspiciousLines(labels: Sequence[Mapping[str, Any]], names: Mapping[int, str]) -> List[str]:
    """Return lines about the labels that the others contradict most, [] if there are none.

    labels: those of a report, as dicts of mic_id, x, y (px), label, predicted and probability, of the label's own
    class; names: {mic_id: name of the micrograph}.
    """
    suspicious = sorted((row for row in labels if row['probability'] < SUSPICIOUS), key=lambda row: row['probability'])
    if not suspicious:
        return []
    lines = [f'*Look again* at {len(suspicious)} labels that the others contradict (in outputLabels, '
             f'_poLabelProbability is below {SUSPICIOUS:g}):']
    lines += [f'   {row["label"]} at ({row["x"]:g}, {row["y"]:g}) of {names.get(row["mic_id"], row["mic_id"])}: '
              f'more like {row["predicted"]}' for row in suspicious[:SHOWN]]
    if len(suspicious) > SHOWN:
        lines.append(f'   and {len(suspicious) - SHOWN} more')
    return lines
