"""The main job on real micrographs, where they are: trained on one half of them, judged on the other."""
import csv
import os
from collections import Counter
from pathlib import Path

import pytest
from laboratory import Row, items

from pickeroptimizer.protocols.parameters.training_labels import LabelSource

CHECKOUT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get('PICKEROPTIMIZER_DATA', CHECKOUT.parent / 'shared' / 'data')) / 'empiar-10017'
CLASSES = ('particle', 'ice', 'carbon')


def balancedF1(truth, predicted):
    """Macro-F1 as if each class had the same number, and the natural one."""
    counts = Counter(zip(truth, predicted))
    totals = Counter(truth)
    scores = []
    for weigh in (True, False):
        share = {(t, p): n / totals[t] if weigh else n for (t, p), n in counts.items()}
        f1 = [2 * share.get((c, c), 0) / (sum(v for (t, _), v in share.items() if t == c)
                                          + sum(v for (_, p), v in share.items() if p == c)) for c in CLASSES]
        scores.append(sum(f1) / len(f1))
    return scores


@pytest.mark.skipif(not DATA.is_dir(), reason=f'no real micrographs in {DATA}; set PICKEROPTIMIZER_DATA')
def test_beta_galactosidase(lab, tmp_path):
    with open(DATA / 'micrographs.csv', newline='') as stream:
        table = list(csv.DictReader(stream))
    names = {int(row['mic_id']): Path(row['path']).name for row in table}
    pixelSize = float(table[0]['pixel_size'])
    with open(DATA / 'labels.csv', newline='') as stream:
        rows = [Row(int(r['coord_id']), int(r['mic_id']), float(r['x']), float(r['y']), r['label'])
                for r in csv.DictReader(stream)]
    path = tmp_path / 'labels.csv'
    with open(path, 'w', newline='') as stream:
        writer = csv.writer(stream)
        writer.writerow(['mic_name', 'x', 'y', 'label'])
        writer.writerows([names[r.mic_id], r.x, r.y, r.label] for r in rows if r.mic_id % 2)

    box = round(float((DATA / 'box_angstrom.txt').read_text()) / pixelSize)
    micrographs = lab.micrographs(DATA / 'micrographs', pixelSize)
    picks = lab.coordinates(micrographs, [r._replace(x=round(r.x), y=round(r.y)) for r in rows], 'real', box,
                            names=[names.get(i, '') for i in range(1, max(names) + 1)])
    model = lab.finished(lab.new('ProtPickerOptimizerTrain', inputCoordinates=(picks, 'outputCoordinates'),
                                 labelSource=LabelSource.FILE, labelsFile=str(path), shots=30, numberOfThreads=2))
    pruned = lab.finished(lab.prune(picks, model))

    counts = model.outputModel.getCounts()
    available = Counter(r.label for r in rows if r.mic_id % 2)
    assert counts == {name: min(30, available[name]) for name in CLASSES}
    kept, rejected = items(pruned.outputCoordinates), items(pruned.rejectedCoordinates)
    assert len(kept) + len(rejected) == len(rows)
    judged = [r for r in rows if not r.mic_id % 2]
    predicted = [{**kept, **rejected}[r.coord_id]._poClass.get() for r in judged]
    balanced, natural = balancedF1([r.label for r in judged], predicted)
    print(f'balanced macro-F1 {balanced:.3f}, natural {natural:.3f}')
    print('\n'.join(model.summary() + pruned.summary()))
    junk = [r.coord_id for r in judged if r.label != 'particle']
    particles = [r.coord_id for r in judged if r.label == 'particle']
    assert balanced > 0.9
    assert sum(i in rejected for i in junk) / len(junk) > 0.9
    assert sum(i in kept for i in particles) / len(particles) > 0.95
