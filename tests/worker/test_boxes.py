"""Boxes: the right place, scale and contrast, at any pixel size and up to the border."""
import numpy as np
import pytest
import torch
from worker.boxes import cropping
from worker.exchange.borders import inside
from worker.exchange.errors import InputError


def _spot(shape, x, y, sigma):
    rows, columns = np.mgrid[:shape[0], :shape[1]]
    spot = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma ** 2))
    noise = np.random.default_rng(0).normal(0, 0.05, shape)
    return torch.from_numpy((spot + noise).astype(np.float32))


@pytest.mark.parametrize('box', [20, 64, 150])
@pytest.mark.parametrize('field', [1.0, 2.0])
def test_a_spot_is_in_the_middle_of_its_box(box, field):
    image = _spot((300, 420), 200.5, 120.25, box / 8)
    level = cropping.levels(image, box, 64, [field])[0]
    picture = cropping.crop(level, torch.tensor([[200.5, 120.25]]), box * field, 64)[0, 0].clamp(min=0) ** 2
    at = torch.arange(64.)
    centre = (picture.sum(0) * at).sum() / picture.sum(), (picture.sum(1) * at).sum() / picture.sum()
    assert centre == pytest.approx((31.5, 31.5), abs=0.7)


def test_the_same_field_at_another_pixel_size_looks_the_same():
    fine = _spot((512, 512), 250, 260, 20)
    coarse = fine.reshape(256, 2, 256, 2).mean(dim=(1, 3))
    one = cropping.crop(cropping.levels(fine, 128, 64, [1])[0], torch.tensor([[250., 260.]]), 128, 64)
    two = cropping.crop(cropping.levels(coarse, 64, 64, [1])[0], torch.tensor([[124.75, 129.75]]), 64, 64)
    assert np.corrcoef(one.flatten(), two.flatten())[0, 1] > 0.95
    assert one.max() == pytest.approx(float(two.max()), rel=0.15)


def test_brightness_and_contrast_of_the_file_do_not_matter():
    image = _spot((256, 256), 100, 100, 9)
    xy = torch.tensor([[100., 100.]])
    one, two = (cropping.crop(cropping.levels(i, 50, 48, [1])[0], xy, 50, 48) for i in (image, image * 130 - 4000))
    torch.testing.assert_close(one, two, atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize('x, y', [(0, 0), (99, 0), (0, 79), (99, 79), (50, 0)])
def test_at_the_border_the_micrograph_is_reflected(x, y):
    image = torch.from_numpy(np.random.default_rng(0).normal(size=(80, 100)).astype(np.float32))
    level = cropping.levels(image, 40, 40, [1])[0]
    assert level.step_x == level.step_y == 1
    box = cropping.crop(level, torch.tensor([[float(x), float(y)]]), 40, 40)[0, 0]
    padded = np.pad(level.pixels[0, 0].numpy(), 60, mode='symmetric')
    # A box of even width has its centre between two pixels: sample there.
    shifted = padded[60 + y - 20:60 + y + 21, 60 + x - 20:60 + x + 21]
    expected = (shifted[1:, 1:] + shifted[1:, :-1] + shifted[:-1, 1:] + shifted[:-1, :-1]) / 4
    np.testing.assert_allclose(box.numpy(), expected, atol=1e-4)


def test_quarter_turn_of_the_sampling_grid():
    image = torch.from_numpy(np.random.default_rng(0).normal(size=(128, 128)).astype(np.float32))
    level = cropping.levels(image, 32, 32, [1])[0]
    xy = torch.tensor([[60., 70.]])
    plain = cropping.crop(level, xy, 32, 32)
    turned = cropping.crop(level, xy, 32, 32, angles=torch.tensor([np.pi / 2], dtype=torch.float32))
    torch.testing.assert_close(turned, torch.rot90(plain, 1, (2, 3)), atol=1e-4, rtol=0)


def test_hot_pixels_and_a_blank_border_do_not_spoil_the_scale():
    image = _spot((256, 256), 100, 100, 9)
    hot = image.clone()
    hot[5, 7] = 1e9
    blank = image.clone()
    blank[:, :160] = 0
    for bad in (hot, blank):
        pixels = cropping.levels(bad, 64, 64, [1])[0].pixels
        assert torch.isfinite(pixels).all() and pixels.abs().max() <= cropping.CLIP
    assert cropping.levels(hot, 64, 64, [1])[0].pixels.std() == pytest.approx(
        float(cropping.levels(image, 64, 64, [1])[0].pixels.std()), rel=0.2)


def test_a_box_of_an_impossible_size_is_refused():
    with pytest.raises(InputError, match='larger than the micrograph'):
        cropping.levels(torch.rand(50, 400), 51, 64, [1])
    with pytest.raises(InputError, match='too small'):
        cropping.levels(torch.rand(50, 400), 0.5, 64, [1])


def test_inside():
    xy = np.array([[0, 0], [-0.4, 5], [-1, 5], [9.4, 4.4], [10, 4], [5, 5]], dtype=np.float32)
    assert inside(xy, rows=5, columns=10).tolist() == [True, False, False, True, False, False]
