"""What it costs to divide junk into more kinds, and which weights and decision bear it: one Markdown table.

    PYTHONPATH=pickeroptimizer python benchmarks/kinds.py --data FOLDER ... [--draws 10] [--shots 10 30]

Each draw fits the same boxes twice: with the classes of the data set, and with each kind of junk divided in two by
k-means on the features, as a user does who names junk by its looks. Weights: `equal` for each class; or particles so
much against all junk together (particle 1 : junk J), which its kinds share. Decision: the most probable class, or the
particle against all junk together (`together`). Balanced macro-F1 is over the classes of the data set.
"""

import numpy as np
from labelled import default_recipe, drawn, embedded_data_set, judged, study_parser
from sklearn.cluster import KMeans
from worker.exchange.classes import PARTICLE, decide
from worker.training import recipes


def equal(targets):
    """Every class weighs the same."""
    return len(targets) / (targets.max() + 1) / np.bincount(targets)


def junk_against_particle(junk):
    """Particles weigh 1, all junk together `junk`."""
    def weights(targets):
        counts = np.bincount(targets)
        shares = np.r_[1.0, np.full(len(counts) - 1, junk / (len(counts) - 1))]
        return len(targets) * shares / shares.sum() / counts
    return weights


AT_MOST_TWO = recipes.class_weights      # what the recipe has, until it is given others
VARIANTS = {'equal, most probable': (equal, lambda p: p.argmax(axis=1)), 'equal, together': (equal, decide),
            '1 : at most 2, together': (AT_MOST_TWO, decide),
            '1 : at most 2, most probable': (AT_MOST_TWO, lambda p: p.argmax(axis=1)),
            '1 : 1, together': (junk_against_particle(1), decide)}


def main():
    parser = study_parser(__doc__)
    parser.add_argument('--shots', type=int, nargs='+', default=[10, 30])
    options = parser.parse_args()
    base = default_recipe(from_nothing=True)
    print('| data | labels a class | weights and decision | kinds of junk | balanced macro-F1, mean ± s.d. (worst) | '
          'junk removed | particles lost (worst) |')
    print('|---' * 7 + '|')
    for folder in options.data:
        recipe, boxes, embedded, targets = embedded_data_set(folder, base)
        for shots in options.shots:
            rows = {}
            for draw in range(options.draws):
                train, test = drawn(targets, boxes.mic_ids, draw, shots)
                divided, parents = divide(embedded[train], targets[train])
                for name, (weights, decision) in VARIANTS.items():
                    recipes.class_weights = weights
                    for goal, parent in ((targets[train], np.arange(len(recipe.classes))), (divided, parents)):
                        learner = recipe.learning([PARTICLE, *(f'junk {i}' for i in range(1, len(parent)))])
                        recogniser = learner.fit(embedded[train], goal, draw)
                        said = parent[decision(learner.predict(recogniser, embedded[test]))]
                        result = judged(recipe, targets[test], said)
                        rows.setdefault((name, len(parent) - 1), []).append(
                            [result[key] for key in ('balanced_macro_f1', 'junk_removed', 'particles_lost')])
            for (name, kinds), values in rows.items():
                f1, removed, lost = 100 * np.array(values).T
                print(f'| {folder.resolve().name} | {shots} | {name} | {kinds} | {f1.mean():.1f} ± {f1.std():.1f} '
                      f'({f1.min():.1f}) | {removed.mean():.1f} ± {removed.std():.1f} | {lost.mean():.1f} ± '
                      f'{lost.std():.1f} ({lost.max():.1f}) |', flush=True)


def divide(embedded, targets):
    """(class numbers with each kind of junk divided in two, the number of the class that each of these is of)."""
    divided, parents = targets.copy(), [0]
    for kind in range(1, targets.max() + 1):
        mine = np.flatnonzero(targets == kind)
        parts = KMeans(2, n_init=5, random_state=0).fit_predict(embedded[mine, 0].numpy())
        divided[mine] = len(parents) + parts
        parents += [kind, kind]
    return divided, np.array(parents)


if __name__ == '__main__':
    main()
