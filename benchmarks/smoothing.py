"""How much smoothing of the targets a calibration bears: one Markdown table.

    PYTHONPATH=pickeroptimizer python benchmarks/smoothing.py --data FOLDER ... [--draws 10] [--shots 10 30]

A row for each SMOOTHING of worker/training/calibration.py. `error` is the calibration error on the other half of the
data set; `told` the one that the cross-validation of the labels gives, which is what a user sees; `all right at 0.9` is
what becomes of a probability of 0.9 where that many boxes of three classes all are right.
"""

import numpy as np
from labelled import FOLDS, default_recipe, drawn, embedded_data_set, study_parser
from worker.training import calibration
from worker.training.calibration import calibrated, expected_calibration_error, fit_temperature
from worker.training.cross_validation import cross_validate

SMOOTHINGS = 0.0, 0.5, 1.0, 2.0


def main():
    parser = study_parser(__doc__)
    parser.add_argument('--shots', type=int, nargs='+', default=[10, 30])
    options = parser.parse_args()
    base = default_recipe()
    print('| data | labels a class | smoothing | error, mean ± s.d. (worst) | told | all right at 0.9 |')
    print('|---' * 6 + '|')
    for folder in options.data:
        data = embedded_data_set(folder, base)
        for shots in options.shots:
            for smoothing in SMOOTHINGS:
                calibration.SMOOTHING = smoothing
                rows = np.array([one(*data, draw, shots) for draw in range(options.draws)]) * 100
                error, told = rows.T
                print(f'| {folder.resolve().name} | {shots} | {smoothing:g} | {error.mean():.1f} ± {error.std():.1f} '
                      f'({error.max():.1f}) | {told.mean():.1f} ± {told.std():.1f} | {all_right(shots):.3f} |',
                      flush=True)


def one(recipe, boxes, embedded, targets, draw, shots):
    """(calibration error on the other half, the one that the cross-validation tells) of one draw."""
    train, test = drawn(targets, boxes.mic_ids, draw, shots)
    recogniser = recipe.fit(embedded[train], targets[train], draw)
    validation = cross_validate(recipe, embedded[train], targets[train], boxes.mic_ids[train], FOLDS, draw,
                                log=lambda line: None)
    recogniser.temperature.fill_(validation.temperature)
    return (expected_calibration_error(recipe.predict(recogniser, embedded[test]), targets[test]),
            expected_calibration_error(validation.probabilities, validation.targets))


def all_right(shots):
    """What 0.9 becomes where `shots` boxes of each of three classes are all right."""
    targets = np.repeat(np.arange(3), shots)
    probabilities = np.full((len(targets), 3), 0.05)
    probabilities[np.arange(len(targets)), targets] = 0.9
    return calibrated(probabilities, fit_temperature(probabilities, targets)).max()


if __name__ == '__main__':
    main()
