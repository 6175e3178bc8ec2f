"""crease_repair: damage is found and filled in, with vanceweb's own methods and with networks that a user brings."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings

from tests.engine.processing.damage import DARK, LIGHT, add_damage
from tests.engine.processing.photos import COLOUR_PHOTOS, compute_psnr, load_photo
from tests.engine.processing.sweeps import mark_slow
from tests.engine.processing.tiny_networks import write_tiny_network
from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.backends import Slot
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.repair.crease_repair import repair
from vanceweb.engine.processing.repair.damage_detection import DAMAGE, LINES_AND_SPECKS, SCRATCHES, find_damage
from vanceweb.engine.processing.repair.inpainting import FREQUENCY_SELECTIVE, INPAINTING, LAMA, inpaint

NOTHING_FOUND = "No scratches or spots were found; the picture was left as it is."
SIDE = 224
FINDER, PAINTER = SCRATCHES.interface, LAMA.interface


def choose_damage_tone(pixels: Pixels) -> int:
    """Return a tone of damage that is visible on this photo."""
    return LIGHT if pixels.mean() < 150 else DARK


def repair_photo(pixels: Pixels, networks: NetworkRegistry) -> Picture:
    return repair(Picture(pixels), {}, networks, lambda fraction: None)


def inpaint_holes(pixels: Pixels, mask: Mask, networks: NetworkRegistry) -> tuple[Pixels, str]:
    return inpaint(pixels, mask, networks, lambda fraction: None)


@pytest.fixture
def without_networks(tmp_path: Path) -> NetworkRegistry:
    """Only methods without weights: a broken file takes the place of the network that comes with vanceweb."""
    (tmp_path / "scratches.onnx").write_bytes(b"no network")
    return NetworkRegistry(tmp_path, settings.ENGINE_MODEL_THREADS)


@pytest.mark.slow
def test_scratches_folds_and_dust_are_removed(networks: NetworkRegistry) -> None:
    gains = []
    for seed, name in enumerate(COLOUR_PHOTOS):
        truth = load_photo(name, side=SIDE)
        worn, _ = add_damage(truth, seed, choose_damage_tone(truth))
        gains.append(compute_psnr(repair_photo(worn, networks).colours, truth) - compute_psnr(worn, truth))
    assert np.mean(gains) >= 9, gains
    assert min(gains) >= 4, gains


@pytest.mark.slow
def test_photos_without_damage_are_nearly_left_alone(networks: NetworkRegistry) -> None:
    likeness = [
        min(compute_psnr(repair_photo(load_photo(name, side=SIDE), networks).colours, load_photo(name, side=SIDE)), 60)
        for name in COLOUR_PHOTOS
    ]
    assert np.mean(likeness) >= 42, likeness
    assert min(likeness) >= 35, likeness


@pytest.mark.slow
def test_damage_is_found_without_a_network(without_networks: NetworkRegistry) -> None:
    gains = []
    for seed, name in enumerate(COLOUR_PHOTOS):
        truth = load_photo(name, side=SIDE)
        worn, _ = add_damage(truth, seed, choose_damage_tone(truth))
        picture = repair_photo(worn, without_networks)
        assert LINES_AND_SPECKS.name in picture.made_by
        gains.append(compute_psnr(picture.colours, truth) - compute_psnr(worn, truth))
    assert np.mean(gains) >= 4, gains


@pytest.mark.parametrize("angle", [*range(0, 180, 30), *mark_slow(*range(15, 180, 30))])
def test_a_scratch_is_found_whichever_way_it_runs(without_networks: NetworkRegistry, angle: int) -> None:
    pixels = np.full((160, 160, 3), 120, dtype=np.uint8)
    y, x = np.mgrid[:160, :160] - 80.0
    across = np.abs(x * np.sin(np.radians(angle)) - y * np.cos(np.radians(angle)))
    scratch = (across < 1) & (np.hypot(x, y) < 60)
    pixels[scratch] = 220
    mask, _ = find_damage(pixels, without_networks, lambda fraction: None)
    assert (mask[scratch] > 0).mean() > 0.9
    assert np.count_nonzero(mask) < 5 * np.count_nonzero(scratch)


def test_an_object_cut_off_by_the_end_of_the_picture_is_no_scratch(without_networks: NetworkRegistry) -> None:
    pixels = np.full((160, 160, 3), 90, dtype=np.uint8)
    pixels[:, :3] = 230
    mask, _ = find_damage(pixels, without_networks, lambda fraction: None)
    assert not mask.any()


def test_a_plain_picture_is_left_as_it_is_and_a_note_says_so(networks: NetworkRegistry) -> None:
    plain = np.full((90, 70, 3), 130, dtype=np.uint8)
    picture = repair_photo(plain, networks)
    assert (picture.colours == plain).all()
    assert picture.notes == (NOTHING_FOUND,)


def test_nothing_but_the_damage_is_touched(without_networks: NetworkRegistry) -> None:
    truth = load_photo("chelsea.png", side=160)
    worn, mask = add_damage(truth, 1)
    made, name = inpaint_holes(worn, mask, without_networks)
    assert name == FREQUENCY_SELECTIVE.name
    assert (made[mask == 0] == worn[mask == 0]).all()
    assert compute_psnr(made, truth) > compute_psnr(worn, truth) + 10


def test_a_mask_of_the_whole_picture_is_filled_too(without_networks: NetworkRegistry) -> None:
    pixels = load_photo("coffee.png", side=64)
    made, _ = inpaint_holes(pixels, np.full((64, 64), 255, dtype=np.uint8), without_networks)
    assert made.shape == pixels.shape


@pytest.mark.parametrize("scale", [1, 255])
def test_lama_is_used_if_installed_whatever_its_range(tmp_path: Path, scale: int) -> None:
    assert PAINTER is not None
    write_tiny_network(tmp_path / "inpaint/lama.onnx", PAINTER, gain=0, bias=0.5 * scale)
    pixels = np.full((420, 900, 3), 30, dtype=np.uint8)
    mask = np.zeros((420, 900), dtype=np.uint8)
    mask[10:14, 5:400] = mask[300:420, 880:] = 255
    made, name = inpaint_holes(pixels, mask, NetworkRegistry(tmp_path))
    assert name == LAMA.name
    assert (np.abs(made[mask > 0].astype(int) - 128) <= 1).all()
    assert (made[mask == 0] == 30).all()


def test_a_network_for_scratches_is_used_if_installed(tmp_path: Path) -> None:
    assert FINDER is not None
    write_tiny_network(tmp_path / "scratches.onnx", FINDER)  # its probability of damage is the brightness
    pixels = np.zeros((70, 1100, 3), dtype=np.uint8)
    pixels[30:34, 100:1000] = 255
    mask, name = find_damage(pixels, NetworkRegistry(tmp_path), lambda fraction: None)
    assert name == SCRATCHES.name
    assert (mask[31:33, 102:998] == 255).all()
    assert not mask[:24].any()
    assert not mask[40:].any()


@pytest.mark.parametrize("slot", [DAMAGE, INPAINTING], ids=lambda slot: slot.name)
def test_a_mismatching_file_is_skipped_and_named(tmp_path: Path, slot: Slot[Any]) -> None:
    first, last = slot.backends
    wrong = Interface(inputs=((1, 3, 320, 320),), outputs=((1, 1, 320, 320),))
    write_tiny_network(tmp_path / first.files[0], wrong)
    networks = NetworkRegistry(tmp_path)
    assert networks.choose(slot) == last
    reason = networks.get_usability(first).reason
    assert reason.startswith(f"{first.files[0]} cannot be used: ")
    assert "1 x 3 x 320 x 320" in reason or "expected: 2 and 1" in reason


@pytest.mark.parametrize("slot", [DAMAGE, INPAINTING], ids=lambda slot: slot.name)
def test_a_broken_file_is_skipped_and_named(tmp_path: Path, slot: Slot[Any]) -> None:
    first, last = slot.backends
    (tmp_path / first.files[0]).parent.mkdir(exist_ok=True)
    (tmp_path / first.files[0]).write_bytes(b"no network")
    networks = NetworkRegistry(tmp_path)
    assert networks.choose(slot) == last
    reason = networks.get_usability(first).reason
    assert reason == f"{first.files[0]} cannot be used: it is damaged or not an ONNX file."


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (90, 1), (7, 5), (40, 33)])
def test_a_picture_of_any_size_keeps_it(networks: NetworkRegistry, size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert repair_photo(pixels, networks).colours.shape == pixels.shape
    made, _ = inpaint_holes(pixels, np.full(size, 255, dtype=np.uint8), networks)
    assert made.shape == pixels.shape
