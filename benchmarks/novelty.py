"""Is junk of a kind that nobody labelled told by its novelty? One Markdown table.

    PYTHONPATH=pickeroptimizer python benchmarks/novelty.py --data FOLDER ... [--shots 20] [--draws 10]

One class of junk is left without labels; the recogniser knows the others. Then each box of the other half is judged:
the area under the ROC curve of the left-out class against all others, by novelty and, for comparison, by how unsure
the recogniser is (1 - the highest probability). Median novelty of both kinds, and the share of either above 2.
"""

import numpy as np
import torch
from labelled import default_recipe, embedded_data_set, split, study_parser
from sklearn.metrics import roc_auc_score
from worker.exchange.classes import PARTICLE

HIGH = 2.0


def main():
    parser = study_parser(__doc__)
    parser.add_argument('--shots', type=int, default=20)
    options = parser.parse_args()
    base = default_recipe(from_nothing=True)
    print('| data | without labels | area, novelty | area, unsureness | median novelty: labelled kinds / left out | '
          'above 2, %: labelled kinds / left out |')
    print('|---' * 6 + '|')
    for folder in options.data:
        recipe, samples, embedded, targets = embedded_data_set(folder, base)
        for left_out in recipe.classes[1:] if len(recipe.classes) > 2 else ():
            rows = np.array([one(recipe, samples, embedded, targets, left_out, draw, options.shots)
                             for draw in range(options.draws)])
            novelty, unsure, known, new, known_high, new_high = rows.mean(axis=0)
            print(f'| {folder.resolve().name} | {left_out} | {novelty:.3f} ± {rows[:, 0].std():.3f} | {unsure:.3f} | '
                  f'{known:.1f} / {new:.1f} | {100 * known_high:.1f} / {100 * new_high:.1f} |', flush=True)


def one(recipe, samples, embedded, targets, left_out, draw, shots):
    """The figures of one draw."""
    _, order, test = split(targets, samples.mic_ids, draw)
    known = [name for name in recipe.classes if name != left_out]
    train = np.concatenate([order[samples.labels[order] == name][:shots] for name in known])
    recipe = recipe.learning([PARTICLE, 'junk'])
    recogniser = recipe.fit(embedded[train], (samples.labels[train] != PARTICLE).astype(int), draw)
    with torch.no_grad():
        novelty = torch.cat([recogniser.judge(part)[1] for part in samples.pixels[test].split(256)]).numpy()
    unsure = 1 - recipe.predict(recogniser, embedded[test]).max(axis=1)
    new = samples.labels[test] == left_out
    return (roc_auc_score(new, novelty), roc_auc_score(new, unsure), np.median(novelty[~new]), np.median(novelty[new]),
            (novelty[~new] > HIGH).mean(), (novelty[new] > HIGH).mean())


if __name__ == '__main__':
    main()
