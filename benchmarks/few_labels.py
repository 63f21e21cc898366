"""What to expect of few or uneven labels, and of two classes: one Markdown table.

    PYTHONPATH=pickeroptimizer python benchmarks/few_labels.py --data FOLDER ... [--draws 10]

`self-reported` is the balanced macro-F1 that the cross-validation of the labels themselves gave, which is what a user
sees; `measured` is that on the other half of the data set. A class with fewer boxes gives all it has.
"""

import numpy as np
from labelled import CLASSES, FOLDS, default_recipe, judged, load, split, study_parser
from worker.exchange.classes import decide
from worker.training.cross_validation import cross_validate

# Labels of each of CLASSES; 0: the class is not labelled, and boxes of it are left out of the test.
COUNTS = ((3, 3, 3), (5, 5, 5), (10, 10, 10), (30, 30, 30), (30, 4, 11), (30, 3, 3), (30, 10, 0),
          (30, 0, 10))


def main():
    parser = study_parser(__doc__)
    options = parser.parse_args()
    recipe = default_recipe()
    print('| data | labels: particle / ice / carbon | measured, mean ± s.d. | worst | self-reported | junk removed | '
          'particles lost |')
    print('|---' * 7 + '|')
    for folder in options.data:
        samples = load(folder, recipe)
        embedded = recipe.embed(samples.pixels)
        there = [bool((samples.labels == name).any()) for name in CLASSES]
        for counts in dict.fromkeys(tuple(n * t for n, t in zip(row, there)) for row in COUNTS):
            if sum(map(bool, counts)) < 2:
                continue
            rows = [one(recipe, samples, embedded, counts, draw) for draw in range(options.draws)]
            told = [row[1] for row in rows if row[1] is not None]
            f1, removed, lost = (100 * np.array([row[0][key] for row in rows])
                                 for key in ('balanced_macro_f1', 'junk_removed', 'particles_lost'))
            print(f'| {folder.resolve().name} | {" / ".join(map(str, counts))} | {f1.mean():.1f} ± {f1.std():.1f} | '
                  f'{f1.min():.1f} | {100 * np.mean(told):.1f} ± {100 * np.std(told):.1f} | {removed.mean():.1f} | '
                  f'{lost.mean():.1f} |', flush=True)


def one(recipe, samples, embedded, counts, draw):
    """(figures on the other half, self-reported balanced macro-F1 or None) of one draw."""
    classes = [name for name, n in zip(CLASSES, counts) if n]
    used = np.flatnonzero(np.isin(samples.labels, classes))
    targets, mic_ids = np.array([classes.index(name) for name in samples.labels[used]]), samples.mic_ids[used]
    _, order, test = split(targets, mic_ids, draw)
    train = np.concatenate([order[targets[order] == t][:counts[CLASSES.index(name)]]
                            for t, name in enumerate(classes)])
    recipe = recipe.learning(classes)
    targets = np.array([recipe.classes.index(name) for name in samples.labels[used]])
    recogniser = recipe.fit(embedded[used[train]], targets[train], draw)
    validation = cross_validate(recipe, embedded[used[train]], targets[train], mic_ids[train], FOLDS, draw,
                                log=lambda line: None)
    return (judged(recipe, targets[test], decide(recipe.predict(recogniser, embedded[used[test]]))),
            validation.report(list(recipe.classes))['balanced_macro_f1'] if validation else None)


if __name__ == '__main__':
    main()
