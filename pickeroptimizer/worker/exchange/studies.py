"""The variants of a recipe that are compared with each other, as arguments of `worker evaluate`. Needs no torch.

The ablations are those of the paper's section 3.4: no pretraining at all, ImageNet alone, ImageNet and cryo-EM
categories (the shipped weights), and the last with a single loss. The grids are those of its section 3.4.2.2.
"""
from typing import Dict, List, Sequence, Tuple


def _paper(init: str, weights: Sequence[float] = (0.5, 0.5)) -> List[str]:
    return ['--recipe', 'paper', '--init', init, '--loss-weights', *map(str, weights)]


def _grid(weights: Sequence[Tuple[float, ...]]) -> Dict[str, List[str]]:
    return {'paper ' + ' : '.join(map(str, row)): _paper('default', row) for row in weights}


STUDIES: Dict[str, Dict[str, List[str]]] = {
    'recipes': {
        'default': ['--recipe', 'default', '--folds', '5'],
        'default, ImageNet': ['--recipe', 'default', '--folds', '5', '--init', 'imagenet'],
        'paper': _paper('default'),
        'paper, ImageNet': _paper('imagenet')},
    'ablations': {
        'PO-NoPre': _paper('scratch'),
        'PO-Pre': _paper('imagenet'),
        'PO': _paper('default'),
        'PO-NoMultiLoss': _paper('default', (1.0,))},
    'two losses': _grid([(0.1, 0.9), (0.3, 0.7), (0.5, 0.5), (0.7, 0.3), (0.9, 0.1)]),
    'three losses': _grid([(0.2, 0.2, 0.6), (0.2, 0.6, 0.2), (0.6, 0.2, 0.2), (0.4, 0.3, 0.3), (0.3, 0.4, 0.3),
                           (0.3, 0.3, 0.4)])}
