"""How much of the junk the masks of `worker mask` cover, and how much good area they lose.

    python benchmarks/masks.py --real empiar-10017 --seeds 21 22 --work folder --sheet masks.jpg

Truth: of a real data set its regions.json (film polygons and round objects; inside the valid area, without the objects
that could not be told), of simulated experiments what the simulator put on each pixel. Pixels of a data set are pooled.
Models: the general one, which judges each place by itself; the same fitted to the picks, which are the labelled boxes;
one of at most 10 labels a class from half of the micrographs, which is judged on the others, or on all where
each has given labels (the first column tells); it is left out where a class has too few labels for two halves.
"""
import argparse
import json
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import mrcfile
import numpy as np
from labelled import box_angstrom, drawn
from matplotlib.figure import Figure
from PIL import Image, ImageDraw
from worker.cli import main as worker
from worker.exchange.errors import InputError
from worker.exchange.masks import mask_stems
from worker.exchange.micrograph_reader import read_micrograph, read_size
from worker.exchange.tables import MICROGRAPH_COLUMNS, read_labels, read_micrographs, write_labels, write_rows
from worker.inference import junk_area
from worker.simulation import dataset

THRESHOLDS = 0.3, 0.5, 0.7, 0.9
SHOTS = 10
TEN = f'{SHOTS} labels a class'
MICROGRAPHS, SIZE, EMPTY = 4, 1024, 8      # of a simulated experiment


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--real', type=Path, nargs='*', default=[])
    parser.add_argument('--seeds', type=int, nargs='*', default=[])
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--sheet', type=Path)
    options = parser.parse_args()
    options.work.mkdir(exist_ok=True)
    print('| data | model | bad from | intersection over union | junk found | good area lost | s a micrograph |')
    print('|---|---|---|---|---|---|---|')
    for seed in options.seeds:
        folder = options.work / f'simulated {seed}'
        judge(folder.name, folder, simulated(folder, seed), options.work)
    for folder in options.real:
        judge(folder.name, folder, drawn_by_hand(folder), options.work)
        if options.sheet:
            sheet(options.sheet, folder, drawn_by_hand(folder), options.work)


def simulated(folder, seed):
    """{mic_id: (junk, counted)} of an experiment, which is made if it is not there."""
    path = folder / 'truth.npy'
    if not path.exists():
        scenes = []

        def remembered(*arguments):
            scenes.append(scene(*arguments))
            return scenes[-1]
        scene = dataset.simulate_scene
        with patch.object(dataset, 'simulate_scene', remembered):
            dataset.simulate(folder, MICROGRAPHS, SIZE, seed=seed, empty=EMPTY)
        np.save(path, np.array([scene.film | scene.ice for scene in scenes]))
    return {number: (junk, np.ones_like(junk)) for number, junk in enumerate(np.load(path), start=1)}


def drawn_by_hand(folder):
    """{mic_id: (junk, counted)} of a data set with regions."""
    truth = {}
    for mic_id, row in read_micrographs(folder / 'micrographs.csv').items():
        region = json.loads((folder / 'regions.json').read_text())[str(mic_id)]
        rows, columns = read_size(row.path)
        junk, counted = Image.new('1', (columns, rows)), Image.new('1', (columns, rows))
        for polygon in region['carbon_polygons']:
            ImageDraw.Draw(junk).polygon([tuple(point) for point in polygon], fill=1)
        ImageDraw.Draw(counted).rectangle(region['valid_xyxy'], fill=1)
        for image, objects, fill in ((junk, region['ice_objects'], 1), (counted, region['unsure_objects'], 0)):
            for x, y, radius in objects:
                ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
        truth[mic_id] = np.array(junk), np.array(counted)
    return truth


def judge(name, folder, truth, work):
    """Print the rows of a data set."""
    box = ('--box-angstrom', box_angstrom(folder))
    ways = [('general', ('--model', 'general', *box), list(truth))]
    with suppress(InputError):      # too few labels of a class for two halves
        model, judged = ten_labels(folder, work / f'{name} ten')
        ways.append((TEN, ('--model', model), judged))
    ways.append(('general, fitted to the picks',
                 ('--model', 'general', *box, '--coordinates', folder / 'labels.csv'), list(truth)))
    for way, arguments, of in ways:
        output = work / f'{name} {way}'
        seconds = made(folder, output, arguments, of)
        bad = {mic_id: fine(folder, output, mic_id) for mic_id in of}
        for threshold in THRESHOLDS:
            both = lost = junk_area = good_area = 0
            for mic_id in of:
                junk, counted = truth[mic_id]
                said = bad[mic_id] >= threshold
                both += (said & junk & counted).sum()
                lost += (said & ~junk & counted).sum()
                junk_area += (junk & counted).sum()
                good_area += (~junk & counted).sum()
            print(f'| {name} ({len(of)} of {len(truth)} micrographs) | {way} | {threshold:g} | '
                  f'{both / max(1, junk_area + lost):.2f} | {100 * both / max(1, junk_area):.0f} % | '
                  f'{100 * lost / max(1, good_area):.1f} % | {seconds:.1f} |', flush=True)


def made(folder, output, arguments, of):
    """Seconds a micrograph that the masks of some micrographs took."""
    report, table = (output.with_name(f'{output.name}.{kind}') for kind in ('json', 'csv'))
    if not report.exists():
        rows = read_micrographs(folder / 'micrographs.csv')
        write_rows(table, MICROGRAPH_COLUMNS, [(mic_id, rows[mic_id].path.resolve(), rows[mic_id].pixel_size)
                                               for mic_id in of])
        run('mask', '--micrographs', table, *arguments, '--output', output, '--report', report)
    told = json.loads(report.read_text())
    return told['seconds'] / max(1, told['made'])


def fine(folder, output, mic_id):
    """Probability of junk that covers an area, for each pixel of a micrograph."""
    micrographs = read_micrographs(folder / 'micrographs.csv')
    with mrcfile.open(output / f'{mask_stems(micrographs)[mic_id]}_classes.mrcs') as file:
        probabilities = np.moveaxis(file.data, 0, -1)
    classes = json.loads(output.with_name(f'{output.name}.json').read_text())['classes']
    return junk_area.per_pixel(junk_area.bad_share(probabilities, classes), read_size(micrographs[mic_id].path))


def ten_labels(folder, work):
    """(model file, mic_ids of the micrographs that it has seen no label of)."""
    work.mkdir(exist_ok=True)
    labels = np.array(read_labels(folder / 'labels.csv'))
    names = sorted({row.label for row in labels})
    train, _ = drawn(np.array([names.index(row.label) for row in labels]),
                        np.array([row.mic_id for row in labels]), 0, SHOTS)
    write_labels(work / 'labels.csv', labels[train])
    model = work / 'model.safetensors'
    if not model.exists():
        run('finetune', '--micrographs', folder / 'micrographs.csv', '--labels', work / 'labels.csv', '--box-angstrom',
            box_angstrom(folder), '--output', model)
    every = {row.mic_id for row in labels}
    return model, sorted(every - {row.mic_id for row in labels[train]} or every)


def run(*arguments):
    """Run a command of the worker; its log goes to no one."""
    with patch('worker.cli.arguments.print', create=True):
        code = worker([str(argument) for argument in arguments])
    if code:
        raise SystemExit(code)


def sheet(path, folder, truth, work):
    """Draw the three micrographs with most junk: alone with the truth's outline, and with the masks of two models."""
    _, judged = ten_labels(folder, work / f'{folder.name} ten')
    chosen = sorted(judged, key=lambda mic_id: -truth[mic_id][0].sum())[:3]
    figure = Figure(figsize=(12, 12.5), layout='constrained')
    micrographs = read_micrographs(folder / 'micrographs.csv')
    for axes, mic_id in zip(figure.subplots(len(chosen), 3, squeeze=False), chosen):
        image = read_micrograph(micrographs[mic_id].path)
        for panel, way in zip(axes, (None, 'general', TEN)):
            panel.imshow(image, cmap='gray', vmin=np.percentile(image, 1), vmax=np.percentile(image, 99))
            panel.contour(truth[mic_id][0], levels=[0.5], colors='#56B4E9', linewidths=1.5)
            if way:
                said = fine(folder, work / f'{folder.name} {way}', mic_id) >= junk_area.BAD_FROM
                panel.imshow(np.ma.masked_equal(said, 0), cmap='autumn', alpha=0.35)
            panel.set_title(f'{mic_id}: {way or "as drawn by hand"}')
            panel.set_axis_off()
    figure.savefig(path, dpi=75, pil_kwargs={'quality': 75})


if __name__ == '__main__':
    main()
