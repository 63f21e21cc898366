"""The networks and what they are trained with."""
import hashlib
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save_file
from worker.boxes.augmentation import augment, central, degrade
from worker.exchange.errors import InputError
from worker.network.device import choose_device
from worker.network.initial_weights import IMAGENET_SHA256, initial_extractor
from worker.network.networks import FeatureExtractor, MultiLossHead, extractor_state
from worker.training.recipes import PaperRecipe


@pytest.mark.parametrize('architecture', ['resnet18', 'resnet34', 'resnet50'])
def test_one_grey_channel_gives_what_torchvision_gives_for_three(architecture):
    torch.manual_seed(0)
    net = getattr(torchvision.models, architecture)(weights=None).eval()
    extractor = FeatureExtractor(architecture).eval()
    extractor.load_state_dict(extractor_state(net.state_dict()))
    grey = torch.randn(2, 1, 64, 64)
    net.fc = torch.nn.Identity()
    with torch.no_grad():
        maps = extractor(grey)
        torch.testing.assert_close(maps[-1].mean(dim=(2, 3)), net(grey.expand(-1, 3, -1, -1)), atol=1e-4, rtol=1e-4)
    assert [m.shape[1] for m in maps] == extractor.channels


def test_branches_compress_as_in_the_paper():
    head = MultiLossHead(512, 3, branches=3)
    inputs = [branch[-1].in_features for branch in head.branches]
    assert inputs == [512, 256, 128]
    kernels = [[layer.kernel_size for layer in branch if isinstance(layer, torch.nn.Conv2d)]
               for branch in head.branches]
    assert kernels == [[], [(1, 1)], [(1, 1), (1, 1)]]
    assert [logits.shape for logits in head([torch.rand(4, 512, 2, 2)])] == [(4, 3)] * 3
    for branch in head.branches:
        weights = branch[-1].weight.detach().flatten()
        bound = branch[-1].in_features ** -0.5
        assert weights.abs().max() <= bound and weights.std() == pytest.approx(bound / 3 ** 0.5, rel=0.1)


def test_initial_weights_from_files(tmp_path):
    net = torchvision.models.resnet18(weights=None)
    save_file(net.state_dict(), tmp_path / 'torchvision.safetensors')
    extractor = initial_extractor(str(tmp_path / 'torchvision.safetensors'))
    torch.testing.assert_close(extractor.stem[0].weight, net.conv1.weight.sum(1, keepdim=True))
    save_file({k: v.half() if v.is_floating_point() else v for k, v in extractor.state_dict().items()},
              tmp_path / 'own.safetensors')
    again = initial_extractor(str(tmp_path / 'own.safetensors'))
    assert again.stem[0].weight.dtype == torch.float32
    with pytest.raises(InputError, match='not the weights of a resnet34'):
        initial_extractor(str(tmp_path / 'own.safetensors'), 'resnet34')
    with pytest.raises(InputError, match='no such file of initial weights'):
        initial_extractor(str(tmp_path / 'none.safetensors'))
    (tmp_path / 'text.safetensors').write_text('nothing')
    with pytest.raises(InputError, match='no readable .safetensors file'):
        initial_extractor(str(tmp_path / 'text.safetensors'))


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A file of weights at an address, in the place of torchvision's; torch's folder of downloads is tmp_path/hub."""
    path = tmp_path / 'resnet18-published.pth'
    net = torchvision.models.resnet18(weights=None)
    torch.save(net.state_dict(), path)
    version = SimpleNamespace(IMAGENET1K_V1=SimpleNamespace(url=path.as_uri()))
    monkeypatch.setattr(torchvision.models, 'get_model_weights', lambda architecture: version)
    monkeypatch.setitem(IMAGENET_SHA256, 'resnet18', hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
    return SimpleNamespace(path=path, net=net, cached=tmp_path / 'hub' / 'checkpoints' / path.name)


def test_downloaded_weights_are_those_that_torchvision_publishes(published):
    extractor = initial_extractor('imagenet')
    torch.testing.assert_close(extractor.stem[0].weight, published.net.conv1.weight.sum(1, keepdim=True))
    published.path.unlink()
    initial_extractor('imagenet')      # the file that is there already
    published.cached.write_bytes(published.cached.read_bytes()[:-1] + b'x')
    with pytest.raises(InputError, match=f'{published.path.name}: these are not the weights of ImageNet'):
        initial_extractor('imagenet')
    published.cached.unlink()
    with pytest.raises(InputError, match='could not be downloaded'):
        initial_extractor('imagenet')


def test_a_download_of_something_else_is_not_kept(published):
    published.path.write_bytes(published.path.read_bytes()[:-1] + b'x')
    with pytest.raises(InputError, match='could not be downloaded .*hash'):
        initial_extractor('imagenet')
    assert not published.cached.exists()


def test_augmentation_turns_flips_and_keeps_the_scale():
    torch.manual_seed(0)
    rows, columns = torch.meshgrid(torch.linspace(-1, 1, 91), torch.linspace(-1, 1, 91), indexing='ij')
    disc = ((rows ** 2 + columns ** 2) < 0.25).float()[None, None].repeat(32, 1, 1, 1)
    views, centre = augment(disc, 64), central(disc, 64)
    torch.testing.assert_close(views.mean(dim=(1, 2, 3)), centre.mean(dim=(1, 2, 3)), atol=0.01, rtol=0)
    wedge = (columns > 0).float()[None, None].repeat(32, 1, 1, 1)
    assert augment(wedge, 64)[:, 0, 0, 0].std() > 0.3, 'the corner is bright in some views and dark in others'


def test_shifts_and_zooms():
    rows, columns = torch.meshgrid(torch.linspace(-1, 1, 91), torch.linspace(-1, 1, 91), indexing='ij')
    disc = ((rows ** 2 + columns ** 2) < 0.1).float()[None, None].repeat(200, 1, 1, 1)
    torch.manual_seed(0)
    areas = augment(disc, 64, zoom=0.15).mean(dim=(1, 2, 3))
    assert 0.2 < areas.log().std() < 0.4, 'twice that of the size'
    places = torch.linspace(-0.5, 0.5, 64)
    moved = augment(disc, 64, shift=0.05)[:, 0]
    centres = (moved * places).sum(dim=(1, 2)) / moved.sum(dim=(1, 2))
    assert 0.03 < centres.std() < 0.07


def test_degraded_boxes_keep_the_grey_values_of_their_micrograph():
    torch.manual_seed(0)
    boxes = torch.randn(400, 1, 64, 64)
    worse = degrade(boxes)
    spreads = worse.std(dim=(1, 2, 3))
    assert worse.shape == boxes.shape and torch.isfinite(worse).all()
    assert (spreads > 0.9).float().mean() > 0.6 and spreads.max() < 1.1
    assert (worse == boxes).flatten(1).all(dim=1).any(), 'some are left as they are'
    assert min(len(box.unique()) for box in worse) < 200, 'some have few grey values'


def test_fine_tuning_of_the_paper_learns_and_repeats_itself():
    rng = np.random.default_rng(0)
    targets = np.repeat([0, 1], 12)
    pixels = torch.from_numpy(rng.normal(size=(24, 1, 46, 46)).astype(np.float32))
    pixels[targets == 1, :, 15:31, 15:31] -= 4
    device = choose_device('cpu')
    torch.manual_seed(0)
    recipe = PaperRecipe(FeatureExtractor('resnet18'), device, epochs=4, loss_weights=(0.6, 0.4), size=32)
    recipe = recipe.learning(['particle', 'ice'])
    losses = []
    one = recipe.fit(pixels, targets, 5, lambda epoch, epochs, loss: losses.append(loss))
    assert losses[-1] < 0.5 * losses[0]
    two = recipe.fit(pixels, targets, 5)
    np.testing.assert_array_equal(recipe.predict(one, pixels), recipe.predict(two, pixels))
    assert (recipe.predict(one, pixels).argmax(1) == targets).mean() > 0.9
