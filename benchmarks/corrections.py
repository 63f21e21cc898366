"""What a round of corrections is worth, against as many more labels drawn at random: one Markdown table.

    PYTHONPATH=pickeroptimizer python benchmarks/corrections.py --data FOLDER ... [--shots 10] [--corrections 20]

The labelled boxes of one half of a data set are the picks, those of the other half judge. A model of --shots labels of
each class prunes the picks; then the true labels of some of the others are added, and it is trained again:
`corrected`: what a user does in the window, who goes through the least certain kept and the least certain rejected in
turn and gives those that are wrong their class, until there are --corrections of them or both galleries are at their
end; `answered`: as many of the least certain, right or wrong; `random`: as many at random. "at 1 % lost": by the
minimum probability that loses 1 % of the particles. Mean and s.d. of the draws, per cent.
"""
from itertools import chain, zip_longest

import numpy as np
from labelled import default_recipe, embedded_data_set, judged, split, study_parser
from worker.exchange.classes import decide

GALLERY = 60      # boxes that the window shows
WAYS = ('before', 'corrected', 'answered', 'random')
LOST = 0.01       # share of the particles
FIGURES = ('balanced_macro_f1', 'macro_f1', 'junk_removed', 'particles_lost', 'at_one_per_cent')


def main():
    parser = study_parser(__doc__)
    parser.add_argument('--shots', type=int, default=10)
    parser.add_argument('--corrections', type=int, default=20)
    options = parser.parse_args()
    base = default_recipe()
    print('| data | labels | balanced macro-F1 | macro-F1 | junk removed | particles lost | junk removed at 1 % lost |')
    print('|---' * 7 + '|')
    for folder in options.data:
        data_set = embedded_data_set(folder, base)
        draws = [one(*data_set, options, draw) for draw in range(options.draws)]
        for way in WAYS:
            values = 100 * np.array([[draw[way][key] for key in FIGURES] for draw in draws])
            number = np.mean([draw['labels'][way] for draw in draws])
            cells = ' | '.join(f'{column.mean():.1f} ± {column.std():.1f}' for column in values.T)
            print(f'| {folder.resolve().name} | {way} ({number:.1f}) | {cells} |', flush=True)


def one(recipe, samples, embedded, targets, options, draw):
    """{way: figures on the other half}, and in `labels` {way: how many labels it had}, of one draw."""
    _, order, test = split(targets, samples.mic_ids, draw)
    begun = np.concatenate([order[targets[order] == t][:options.shots] for t in np.unique(targets)])
    rest = order[~np.isin(order, begun)]
    probabilities = recipe.predict(recipe.fit(embedded[begun], targets[begun], draw), embedded[rest])
    ranked = least_certain(probabilities)
    wrong = ranked[decide(probabilities[ranked]) != targets[rest[ranked]]][:options.corrections]
    # Each way gets as many as there is to correct, or all would not be comparable.
    added = {'before': [], 'corrected': rest[wrong], 'answered': rest[ranked[:len(wrong)]], 'random': rest[:len(wrong)]}
    results = {'labels': {}}
    for way, rows in added.items():
        train = np.concatenate([begun, np.asarray(rows, dtype=int)])
        predicted = recipe.predict(recipe.fit(embedded[train], targets[train], draw), embedded[test])
        results[way] = judged(recipe, targets[test], decide(predicted))
        good, p = targets[test] == 0, predicted[:, 0]
        results[way]['at_one_per_cent'] = (p[~good] < np.quantile(p[good], LOST)).mean()
        results['labels'][way] = len(train)
    return results


def least_certain(probabilities):
    """Rows of the kept that are least and of the rejected that are most probably particles, in turn, as the galleries
    have them."""
    is_kept = decide(probabilities) == 0
    ranked = np.argsort(probabilities[:, 0])
    kept, rejected = ranked[is_kept[ranked]][:GALLERY], ranked[~is_kept[ranked]][::-1][:GALLERY]
    return np.array([row for row in chain(*zip_longest(kept, rejected)) if row is not None])


if __name__ == '__main__':
    main()
