"""Ideas for the default recipe, each a change of one thing in it: one Markdown table.

    PYTHONPATH=pickeroptimizer python benchmarks/ideas.py --data FOLDER ... --output FOLDER [--imagenet FILE]
        [--experiments 12] [--draws 5] [--shots 10 30]

Balanced macro-F1 in per cent, mean (worst draw). The first column is a mean over simulated experiments that are not
among those of the pretraining: choices are made by it. Real data sets (folders as for recogniser.py) stand beside it.
At most --most boxes a class of a data set are used. Results are kept in --output.
"""
import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from worker.boxes import cropping
from worker.boxes.augmentation import orientations
from worker.exchange.classes import KNOWN
from worker.exchange.errors import InputError
from worker.exchange.micrograph_reader import read_micrograph
from worker.exchange.splits import AT_RANDOM, BY_MICROGRAPH, halves
from worker.exchange.tables import read_labels, read_micrographs
from worker.network.device import choose_device
from worker.network.initial_weights import initial_extractor
from worker.network.networks import LEAST_SCALE
from worker.simulation.categories import simulate_experiment
from worker.training.metrics import figures

SEED = 1000          # of the simulated experiments; the pretraining's is 1
BATCH = 256


@dataclass(frozen=True)
class Idea:
    """How boxes become features, and what is learnt from these. The defaults are the default recipe's."""
    weights: str = 'default'
    fields: tuple = (1.0, 2.0)
    size: int = 64
    normalisation: str = 'micrograph'
    stages: tuple = (0, 1, 2, 3)
    middle: bool = False      # average the middle of each map, too
    turned_to_learn: bool = True
    judged_in: int = 1      # orientations of 8: as it is, turned by a quarter, ...
    classifier: str = 'logistic 100'
    self_training: bool = False

    def features_key(self):
        """What the stored features depend on."""
        middle = '-middle' if self.middle else ''
        return f'{self.weights}-{self.fields}-{self.size}-{self.normalisation}{middle}'.replace('/', '_')


IDEAS = {
    'default recipe': {},
    'ImageNet weights': {'weights': 'imagenet'},
    'box alone': {'fields': (1.0,)}, 'twice the box alone': {'fields': (2.0,)},
    'box and 1.5 times': {'fields': (1.0, 1.5)}, 'box and 3 times': {'fields': (1.0, 3.0)},
    '1.5 and 3 times': {'fields': (1.5, 3.0)}, 'box, 1.5 and 3 times': {'fields': (1.0, 1.5, 3.0)},
    '96 px': {'size': 96}, '48 px': {'size': 48},
    '1.75 times alone': {'fields': (1.75,)},
    '1.75 times alone, maps averaged over all and over the middle': {'fields': (1.75,), 'middle': True},
    'statistics of the file\'s pixels': {'normalisation': 'file'}, 'each box by itself': {'normalisation': 'box'},
    'squashed (asinh)': {'normalisation': 'asinh'},
    'last stage alone': {'stages': (3,)}, 'stages 1-3': {'stages': (0, 1, 2)}, 'stages 2-4': {'stages': (1, 2, 3)},
    'learnt from one orientation': {'turned_to_learn': False},
    'judged in eight orientations (8 times the work)': {'judged_in': 8},
    'judged in two orientations (twice the work)': {'judged_in': 2},
    'judged in four orientations (4 times the work)': {'judged_in': 4},
    'box, 2 and 3 times': {'fields': (1.0, 2.0, 3.0)},
    '1/C 10': {'classifier': 'logistic 10'}, '1/C 30': {'classifier': 'logistic 30'},
    '1/C 300': {'classifier': 'logistic 300'}, '1/C 1000': {'classifier': 'logistic 1000'},
    'discriminant analysis (shrunk, 50 components)': {'classifier': 'lda'},
    'nearest class mean': {'classifier': 'centroid'}, 'nearest labelled box': {'classifier': 'neighbour'},
    'self-training on the picks': {'self_training': True},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, nargs='+', required=True)
    parser.add_argument('--output', type=Path, required=True)
    parser.add_argument('--imagenet', default='imagenet')
    parser.add_argument('--experiments', type=int, default=12)
    parser.add_argument('--draws', type=int, default=5)
    parser.add_argument('--shots', type=int, nargs='+', default=[10, 30])
    parser.add_argument('--most', type=int, default=60)
    parser.add_argument('--ideas', nargs='+', choices=IDEAS, default=list(IDEAS))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    sets = {f'simulated {i}': simulated(i, options.most) for i in range(options.experiments)}
    sets.update({folder.resolve().name: real(folder, options.most) for folder in options.data})
    names = ['simulated', *(folder.resolve().name for folder in options.data)]
    print(f'| idea | {" | ".join(f"{name}, {shots}" for name in names for shots in options.shots)} |')
    print('|---' * (1 + len(names) * len(options.shots)) + '|')
    for title in options.ideas:
        results = remembered(options.output / f'result-{title.replace("/", "_")}.json',
                             lambda title=title: study(Idea(**IDEAS[title]), sets, options))
        cells = []
        for name in names:
            for shots in options.shots:
                draws = np.array([f1 for key, rows in results.items() if key.startswith(name)
                                  for f1 in rows.get(str(shots), [])])
                cells.append(f'{100 * draws.mean():.1f} ({100 * draws.min():.1f})')
        print(f'| {title} | {" | ".join(cells)} |', flush=True)


def remembered(path, compute):
    """What `compute` gives, or what it gave in an earlier run."""
    if not path.exists():
        path.write_text(json.dumps(compute()))
    return json.loads(path.read_text())


def study(idea, sets, options):
    """{data set: {shots: balanced macro-F1 of each draw}}."""
    idea_weights = options.imagenet if idea.weights == 'imagenet' else idea.weights
    extractor = initial_extractor(idea_weights)
    results = {}
    for name, micrographs in sets.items():
        path = options.output / f'{name}-{idea.features_key()}.npz'
        if not path.exists():
            np.savez(path, **describe(micrographs, extractor, idea))
        results[name] = judge(idea, np.load(path), extractor.channels, options)
    return results


def describe(micrographs, extractor, idea):
    """Features (n, 8 orientations, fields, channels) of a data set's boxes, float16, with labels and micrographs.

    The middle of the maps counts as another field.
    """
    device = choose_device('auto')
    extractor = extractor.eval().to(device.torch_device, memory_format=torch.channels_last)
    features, labels, mic_ids = [], [], []
    for number, (image, box, picks) in enumerate(micrographs):
        pixels = crops(image, box, torch.tensor([pick[:2] for pick in picks], dtype=torch.float32), idea)
        n, fields, size, _ = pixels.shape
        views = []
        with torch.no_grad(), device.autocast():
            for turned in orientations(pixels):
                flat = turned.reshape(n * fields, 1, size, size).to(device.torch_device)
                pooled = [averages(extractor(flat[i:i + BATCH]), idea.middle) for i in range(0, len(flat), BATCH)]
                views.append(torch.cat(pooled).reshape(n, fields * (1 + idea.middle), -1))
        features.append(torch.stack(views, dim=1).half().numpy())
        labels += [pick[2] for pick in picks]
        mic_ids += [number] * n
    return {'features': np.concatenate(features), 'labels': np.array(labels), 'mic_ids': np.array(mic_ids)}


def averages(maps, middle):
    """Maps of all stages -> the means of their channels (n, channels), or (n, 2, channels) with those of the middle."""
    whole = torch.cat([m.float().mean(dim=(2, 3)) for m in maps], dim=1).cpu()
    if not middle:
        return whole
    margins = [m.shape[-1] // 4 for m in maps]
    return torch.stack((whole, torch.cat([m[..., k:m.shape[-1] - k, k:m.shape[-1] - k].float().mean(dim=(2, 3))
                                          for m, k in zip(maps, margins)], dim=1).cpu()), dim=1)


def crops(image, box, xy, idea):
    """Boxes (n, fields, size, size), normalised as the idea has it."""
    image = torch.from_numpy(image)
    levels = cropping.levels(image, box, idea.size, idea.fields)
    if idea.normalisation == 'file':
        levels = [replace(level, pixels=by_file(level, image)) for level in levels]
    pixels = torch.cat([cropping.crop(level, xy, box * field, idea.size)
                        for level, field in zip(levels, idea.fields)], 1)
    if idea.normalisation == 'asinh':
        return torch.asinh(pixels)
    if idea.normalisation == 'box':
        return (pixels - pixels.mean(dim=(2, 3), keepdim=True)) / pixels.std(dim=(2, 3), keepdim=True).clamp(min=1e-6)
    return pixels


def by_file(level, image):
    """A level's pixels, normalised by median and interquartile range of the file's own pixels."""
    low, median, high = np.percentile(image.numpy()[::3, ::3], (25, 50, 75))
    pixels = F.interpolate(image[None, None], level.pixels.shape[-2:], mode='bilinear', antialias=True)
    return (pixels - median) / max((high - low) / cropping.IQR_OF_NORMAL, 1e-6)


def judge(idea, stored, channels, options):
    """{shots: balanced macro-F1 of each draw}, from what `describe` gave."""
    features, labels, mic_ids = stored['features'], stored['labels'], stored['mic_ids']
    starts = np.cumsum([0, *channels])
    columns = np.concatenate([np.arange(starts[s], starts[s + 1]) for s in idea.stages])
    features = features[..., columns].reshape(*features.shape[:2], -1).astype(np.float32)
    classes = [c for c in KNOWN if c in labels]
    targets = np.array([classes.index(label) for label in labels])
    results = {}
    for draw in range(options.draws):
        try:
            order, test = halves(targets, mic_ids, BY_MICROGRAPH, np.random.default_rng([0, draw]))
        except InputError:
            order, test = halves(targets, mic_ids, AT_RANDOM, np.random.default_rng([0, draw]))
        for shots in options.shots:
            train = np.concatenate([order[targets[order] == t][:shots] for t in range(len(classes))])
            predicted = predict(idea, features[train], targets[train], features[test])
            f1 = figures(labels[test], np.array(classes)[predicted], classes)['balanced_macro_f1']
            results.setdefault(str(shots), []).append(f1)
    return results


def predict(idea, learnt, targets, judged):
    """Class numbers of `judged`; both are features (n, 8, width)."""
    views = learnt.shape[1] if idea.turned_to_learn else 1
    x, y = learnt[:, :views].reshape(-1, learnt.shape[-1]), np.repeat(targets, views)
    scale = x.std(axis=0)
    scale = np.maximum(scale, LEAST_SCALE * np.median(scale))
    mean, test = x.mean(axis=0), judged[:, :idea.judged_in]
    x, test = (x - mean) / scale, (test - mean) / scale
    model = classifier(idea.classifier, views).fit(x, y)
    if not hasattr(model, 'predict_proba'):
        return model.predict(test[:, 0])
    probabilities = np.mean([model.predict_proba(test[:, i]) for i in range(test.shape[1])], axis=0)
    if idea.self_training:
        sure = probabilities.max(axis=1) > 0.9
        x, y = np.concatenate((x, test[sure, 0])), np.concatenate((y, probabilities[sure].argmax(axis=1)))
        probabilities = classifier(idea.classifier, views).fit(x, y).predict_proba(test[:, 0])
    return probabilities.argmax(axis=1)


def classifier(name, views):
    """A scikit-learn classifier by the name that an idea gives it."""
    if name.startswith('logistic'):
        return LogisticRegression(C=1 / float(name.split()[1]) / views, class_weight='balanced', max_iter=1000)
    return {'lda': make_pipeline(PCA(50, random_state=0), LinearDiscriminantAnalysis(solver='lsqr', shrinkage='auto')),
            'centroid': NearestCentroid(), 'neighbour': KNeighborsClassifier(1)}[name]


def simulated(number, most):
    """[(image, box in px, [(x, y, class)])] of a simulated experiment."""
    return [(image, box_angstrom / pixel_size, picks)
            for image, pixel_size, box_angstrom, picks in simulate_experiment(number, SEED, boxes=most) if picks]


def real(folder, most):
    """The same of a labelled data set, boxes drawn at random."""
    box_angstrom = float((folder / 'box_angstrom.txt').read_text())
    labels, rng = read_labels(folder / 'labels.csv'), np.random.default_rng(0)
    chosen = [labels[i] for name in KNOWN
              for i in rng.permutation([i for i, label in enumerate(labels) if label.label == name])[:most]]
    found = []
    for row in read_micrographs(folder / 'micrographs.csv').values():
        picks = [(label.x, label.y, label.label) for label in chosen if label.mic_id == row.mic_id]
        if picks:
            found.append((read_micrograph(row.path), box_angstrom / row.pixel_size, picks))
    return found


if __name__ == '__main__':
    main()
