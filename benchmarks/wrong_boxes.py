"""A sheet of the boxes that the default recipe gets wrong most often, to be looked at.

    PYTHONPATH=pickeroptimizer python benchmarks/wrong_boxes.py --data FOLDER --output PNG [--shots 30] [--draws 10]

--shots 0: the general model, which sees all boxes as the picks of one run.

Each box is shown with its surroundings (twice its width), grey values as the network gets them; the caption says what
it is labelled, what it was taken for, in how many of the draws that judged it, and its micrograph and place.
"""
import argparse
from collections import Counter, defaultdict
from pathlib import Path

from labelled import default_recipe, drawn, embedded_data_set
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from worker.exchange.classes import decide
from worker.network.model_file import GENERAL_MODEL, load_model

ACROSS, SIZE = 6, 64


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--output', type=Path, required=True)
    parser.add_argument('--shots', type=int, default=30)
    parser.add_argument('--draws', type=int, default=10)
    parser.add_argument('--most', type=int, default=24)
    options = parser.parse_args()
    recipe, samples, embedded, targets = embedded_data_set(options.data, default_recipe())
    judged, taken = Counter(), defaultdict(Counter)
    draws = options.draws if options.shots else 1
    for draw in range(draws):
        for i, says in judge(options, recipe, samples, embedded, targets, draw):
            judged[i] += 1
            if says != targets[i]:
                taken[i][recipe.classes[says]] += 1
    wrong = sorted(taken, key=lambda i: -sum(taken[i].values()) / judged[i])
    shown = [i for i in wrong if 2 * sum(taken[i].values()) > min(draws, 2)][:options.most]
    print(f'{len(judged)} boxes judged in {draws} draws; {len(wrong)} wrong at least once, '
          f'{sum(2 * sum(taken[i].values()) > judged[i] for i in wrong)} in most of the draws that judged them')
    draw_sheet(options.output, samples, shown, judged, taken)


def judge(options, recipe, samples, embedded, targets, draw):
    """Yield (number of a box that is judged, the class that it is taken for)."""
    if options.shots:
        train, test = drawn(targets, samples.mic_ids, draw, options.shots)
        recogniser = recipe.fit(embedded[train], targets[train], draw)
    else:
        general, header = load_model(GENERAL_MODEL)
        assert tuple(header['classes']) == recipe.classes
        recogniser, test = general.adapted(embedded[:, 0]), range(len(targets))
    return zip(test, decide(recipe.predict(recogniser, embedded[list(test)])))


def draw_sheet(path, samples, shown, judged, taken):
    """Write the picture."""
    rows = -(-len(shown) // ACROSS)
    figure = Figure(figsize=(2.1 * ACROSS, 2.5 * rows), dpi=80, layout='constrained')
    for axes in figure.subplots(rows, ACROSS, squeeze=False).flat:
        axes.set_axis_off()
    for axes, i in zip(figure.axes, shown):
        row = samples.rows[i]
        axes.imshow(samples.pixels[i, 1], cmap='gray', vmin=-4, vmax=4)
        axes.add_patch(Rectangle((SIZE / 4 - 0.5, SIZE / 4 - 0.5), SIZE / 2, SIZE / 2, fill=False, color='#E69F00'))
        says, number = taken[i].most_common(1)[0]
        place = f'{row.mic_id} ({row.x:.0f}, {row.y:.0f})'
        axes.set_title(f'{row.label}, taken for {says}\n{number} of {judged[i]}; {place}', fontsize='small')
    figure.savefig(path)


if __name__ == '__main__':
    main()
