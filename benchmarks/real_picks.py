"""Ours against 2D classification, and both in sequence (use cases 1 and 3 of the paper), on one picker's picks.

    PYTHONPATH=pickeroptimizer python benchmarks/real_picks.py --data empiar-10017 --picks picks.csv
        [--classes classes.csv --choice choice.csv] [--pictures FOLDER --show ID ...] [--shots 30] [--draws 10]
        [--empty 20]

Run it with the worker's Python. The data set is that of published_picks.py; --picks: a table coord_id,mic_id,x,y (see
relion/pick.py and topaz_picks.py). --classes: coord_id,class (relion/classify.py); --choice: class,particles,keep,why,
what somebody decided who looked at the averages.

Each draw learns from labels on a random half of the micrographs and judges by the picks on the other half; what the
classification kept is judged by the same picks. A pick counts as
  junk: on ice or film, by the rule of picked.py;
  particle: not junk, and within a quarter of a box of a particle that people marked;
  elsewhere: on bare ice away from all these: empty, or a particle that people left out. No loss and no gain is counted;
  what picked.py leaves out as a matter of opinion is in no column.
--empty: with so many labels of the class `empty`, too, as a user gives them who looks through the boxes and labels
those that show nothing: of the picks elsewhere on the learnt half, a box or more from every marked particle, the
tenth whose middle is the least darker (or brighter) than its surroundings, as the particles are.
Prints a Markdown table, mean and s.d. over the draws, and what is in each class. --pictures: panels of the micrographs
--show.
"""
import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from class_choice import kept_by_classes, read_choice, read_classes
from labelled import FOLDS, box_angstrom, default_recipe, drawn, embedded_data_set
from panels import save_panels
from picked import true_label
from picker_thresholds import read_scores
from published_picks import JUNK, TRUE, UNKNOWN, describe
from worker.boxes.contrast import contrast
from worker.boxes.labelled import crop_labels
from worker.exchange.classes import PARTICLE, decide
from worker.exchange.tables import CoordinateRow, read_coordinates, read_micrographs, write_rows
from worker.training.cross_validation import fit_calibrated

ELSEWHERE = 'elsewhere'
PLACE = ('mic_name', 'x', 'y')
SHOWN_AS = {TRUE: PARTICLE, JUNK: 'other'}
LEAST_CONTRAST = 0.1      # of the picks elsewhere: those that look empty
OURS, CLASSES_2D, BOTH = 'ours', '2D classification', '2D classification, then ours'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--picks', type=Path, required=True)
    parser.add_argument('--classes', type=Path)
    parser.add_argument('--choice', type=Path)
    parser.add_argument('--pictures', type=Path, help='folder for the pictures')
    parser.add_argument('--show', type=int, nargs='+', default=[], metavar='ID', help='micrographs to draw')
    parser.add_argument('--tables', type=Path, help='folder for tables for real_project.py, of the draw with most '
                                                         'junk among what is judged')
    parser.add_argument('--shots', type=int, default=30)
    parser.add_argument('--draws', type=int, default=10)
    parser.add_argument('--empty', type=int, default=0, help='labels of empty boxes (%(default)s)')
    options = parser.parse_args()
    recipe, samples, embedded, targets = embedded_data_set(options.data, default_recipe())
    features, truth, mic_ids, ids = describe(options.data, options.picks, recipe, samples)
    places = {pick.coord_id: (pick.x, pick.y) for pick in read_coordinates(options.picks)}
    xy = np.array([places[i] for i in ids.tolist()])
    truth = with_elsewhere(truth, xy, mic_ids, options.data)
    classified = None
    if options.classes:
        by_id = kept_by_classes(options.classes, options.choice)
        classified = np.array([by_id[i] for i in ids.tolist()])
    empty = Empty(options.data, recipe, samples, xy, mic_ids, truth) if options.empty else None
    draws, halves, shown = [], [], {}
    for draw in range(options.draws):
        train, test = drawn(targets, samples.mic_ids, draw, options.shots)
        recogniser = fit_calibrated(recipe, embedded[train], targets[train], samples.mic_ids[train], FOLDS, draw)
        judged = np.isin(mic_ids, samples.mic_ids[test])
        kept = {OURS: decide(recipe.predict(recogniser, features)) == 0}
        if empty is not None:
            recogniser = empty.fitted(embedded[train], targets[train], samples.mic_ids[train], options.empty, draw)
            kept[f'{OURS}, {options.empty} empty boxes labelled'] = decide(recipe.predict(recogniser, features)) == 0
        if classified is not None:
            kept.update({CLASSES_2D: classified, BOTH: kept[OURS] & classified})
        draws.append({name: figures(by[judged], truth[judged]) for name, by in kept.items()})
        shown.update({mic_id: kept for mic_id in np.unique(mic_ids[judged]) if mic_id not in shown})
        halves.append((train, judged))
    print_table(draws, truth)
    if options.classes:
        print_classes(options, ids, truth)
    if options.tables:
        train, judged = max(halves, key=lambda half: (truth[half[1]] == JUNK).sum())
        write_tables(options, [samples.rows[i] for i in train], ids[judged], xy[judged], mic_ids[judged],
                     truth[judged], None if classified is None else classified[judged])
    for mic_id in options.show:
        here = mic_ids == mic_id
        methods = {'picks': np.ones(here.sum(), dtype=bool), **{name: by[here] for name, by in shown[mic_id].items()}}
        save_panels(options.pictures / f'{options.picks.stem}-{mic_id}.jpg', options.data, mic_id, xy[here], methods)


class Empty:
    """Boxes among the picks that a user would call empty, and recognisers that learn some of them."""

    def __init__(self, data, recipe, samples, xy, mic_ids, truth):
        sizes = {row.mic_id: row.pixel_size for row in read_micrographs(data / 'micrographs.csv').values()}
        rows = [CoordinateRow(None, int(mic_ids[i]), *map(float, xy[i]), 'empty')
                for i in np.flatnonzero(truth == ELSEWHERE)]
        marked = {mic_id: np.array([(row.x, row.y) for row in samples.rows
                                    if row.mic_id == mic_id and row.label == PARTICLE]) for mic_id in sizes}
        rows = [row for row in rows if np.hypot(*(marked[row.mic_id] - (row.x, row.y)).T).min()
                > box_angstrom(data) / sizes[row.mic_id]]
        boxes = crop_labels(read_micrographs(data / 'micrographs.csv'), rows, box_angstrom(data), 64, recipe.fields,
                            recipe.margin)
        sign = np.sign(contrast(samples.pixels[samples.labels == PARTICLE, 0], recipe.margin).mean().item())
        values = sign * contrast(boxes.pixels[:, 0], recipe.margin).numpy()
        chosen = np.argsort(values)[:int(len(values) * LEAST_CONTRAST)]
        self.recipe, self.mic_ids = recipe, boxes.mic_ids[chosen]
        self.embedded = recipe.embed(boxes.pixels[chosen])
        print(f'{len(rows)} picks elsewhere are a box or more from every marked particle; {len(chosen)} of them look '
              f'empty')

    def fitted(self, embedded, targets, mic_ids, number, seed):
        """A recogniser that learns `number` of the empty boxes on the micrographs `mic_ids`, too."""
        mine = np.random.default_rng(seed).permutation(np.flatnonzero(np.isin(self.mic_ids, mic_ids)))[:number]
        return fit_calibrated(self.recipe, torch.cat([embedded, self.embedded[mine]]),
                              np.append(targets, np.full(len(mine), self.recipe.classes.index('empty'))),
                              np.append(mic_ids, self.mic_ids[mine]), FOLDS, seed)


def with_elsewhere(truth, xy, mic_ids, data):
    """`truth` of published_picks with those told apart that are UNKNOWN only because no particle was marked there."""
    regions = json.loads((data / 'regions.json').read_text())
    sizes = {row.mic_id: row.pixel_size for row in read_micrographs(data / 'micrographs.csv').values()}
    width = box_angstrom(data)
    told = truth.astype(object)
    for i in np.flatnonzero(truth == UNKNOWN):
        if true_label(*xy[i], width / sizes[mic_ids[i]], regions[str(mic_ids[i])]) == PARTICLE:
            told[i] = ELSEWHERE
    return told


def write_tables(options, labels, ids, xy, mic_ids, truth, classified):
    """Write what real_project.py makes sets of: labels.csv of one half of the micrographs, and of the picks on the
    other half picks.csv, truth.csv (where it is known), and classified.csv (what the classification kept)."""
    names = {row.mic_id: row.path.name for row in read_micrographs(options.data / 'micrographs.csv').values()}
    places = [(names[mic_id], *map(float, place)) for mic_id, place in zip(mic_ids, xy)]
    score = read_scores(options.picks)
    write_rows(options.tables / 'labels.csv', (*PLACE, 'label'),
               [(names[row.mic_id], row.x, row.y, row.label) for row in labels])
    write_rows(options.tables / 'picks.csv', (*PLACE, 'score'),
               [(*place, score[i]) for place, i in zip(places, ids.tolist())])
    write_rows(options.tables / 'truth.csv', (*PLACE, 'label'),
               [(*place, SHOWN_AS[told]) for place, told in zip(places, truth) if told in SHOWN_AS])
    if classified is not None:
        write_rows(options.tables / 'classified.csv', PLACE, [place for place, kept in zip(places, classified) if kept])


def figures(kept, truth):
    """Per cent taken away of (junk, particles, elsewhere, all), nan where there are none."""
    parts = [truth == JUNK, truth == TRUE, truth == ELSEWHERE, np.ones(len(truth), dtype=bool)]
    return [100 * (~kept[part]).mean() if part.any() else np.nan for part in parts]


def print_table(draws, truth):
    count = Counter(truth)
    print(f'{len(truth)} picks: {count[JUNK]} junk, {count[TRUE]} particles, {count[ELSEWHERE]} elsewhere, '
          f'{count[UNKNOWN]} a matter of opinion\n')
    print('| method | junk removed, % | particles lost, % | removed elsewhere, % | of all picks, % |')
    print('|---' * 5 + '|')
    for name in draws[0]:
        values = np.array([draw[name] for draw in draws])
        cells = ' | '.join(f'{column.mean():.1f} ± {column.std():.1f}' for column in values.T)
        print(f'| {name} | {cells} |')


def print_classes(options, ids, truth):
    """What is in each class, the one with the largest share of marked particles first."""
    number, choice = read_classes(options.classes), read_choice(options.choice)
    of_picks = np.array([number[i] for i in ids.tolist()])
    rows = [(key, truth[of_picks == key]) for key in choice]
    print('\n| class | kept | picks | junk | particles | elsewhere |\n' + '|---' * 6 + '|')
    for key, told in sorted(rows, key=lambda row: (row[1] == TRUE).mean(), reverse=True):
        counts = ' | '.join(str((told == kind).sum()) for kind in (JUNK, TRUE, ELSEWHERE))
        print(f'| {key} | {choice[key]["keep"]} | {len(told)} | {counts} |')


if __name__ == '__main__':
    main()
