"""Novelty: what nothing labelled resembles is told, whatever class it is taken for."""
import numpy as np
import pytest
import torch
from worker.boxes.labelled import crop_labels
from worker.exchange import tables
from worker.network.device import choose_device
from worker.network.initial_weights import initial_extractor
from worker.network.networks import FeatureExtractor, LinearRecogniser
from worker.training.recipes import DefaultRecipe, PaperRecipe


def test_a_feature_that_hardly_varied_does_not_make_everything_new():
    torch.manual_seed(0)
    recogniser = LinearRecogniser(FeatureExtractor('resnet18'), 2, 1, references=20)
    features = torch.randn(20, recogniser.mean.numel())
    features[:, 0] = 1e-9 * features[:, 0]
    recogniser.standardise_by(features)
    assert recogniser.scale.min() > 0.05


@pytest.mark.parametrize('recipe, least', [(DefaultRecipe, 0.85), (PaperRecipe, 0.6)])
def test_a_kind_of_junk_without_labels_is_new(data_set, recipe, least):
    recipe = recipe(initial_extractor('default'), choose_device('cpu')).learning(['particle', 'carbon'])
    if isinstance(recipe, PaperRecipe):
        recipe.epochs = 3
    labels = tables.read_labels(data_set.labels)
    particles, junk = ([row for row in labels if (row.label == 'particle') is wanted] for wanted in (True, False))
    samples = crop_labels(tables.read_micrographs(data_set.micrographs), particles[::8] + junk, data_set.box_angstrom,
                          64, recipe.fields)
    known = np.flatnonzero(samples.labels != 'ice')
    learnt, others = known[::2], known[1::2]
    if isinstance(recipe, PaperRecipe):
        wide = crop_labels(tables.read_micrographs(data_set.micrographs), samples.rows, data_set.box_angstrom, 64,
                               recipe.fields, recipe.margin)
        recogniser = recipe.fit(wide.pixels[learnt], (samples.labels[learnt] == 'carbon').astype(int), seed=0)
    else:
        recogniser = recipe.fit(recipe.embed(samples.pixels[learnt]), (samples.labels[learnt] == 'carbon').astype(int),
                                seed=0)
    with torch.no_grad():
        of_ice, of_others = (recogniser.judge(samples.pixels[rows])[1]
                             for rows in (np.flatnonzero(samples.labels == 'ice'), others))
    above = (of_ice[:, None] > of_others[None]).float().mean()
    assert above > least, 'area under the curve of ice against what was labelled'
    assert 0.5 < of_others.median() < 2
