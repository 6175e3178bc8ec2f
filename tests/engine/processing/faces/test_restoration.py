"""CodeFormer: faces restored by the network that set-up installs, and by networks that somebody brings."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from django.conf import settings

from tests.engine.processing.blurring import blur_gaussian
from tests.engine.processing.photos import add_noise, as_jpeg, compute_psnr, compute_ssim, load_photo
from tests.engine.processing.tiny_networks import write_tiny_network
from vanceweb.engine.processing.faces.detection import Face, find_faces
from vanceweb.engine.processing.faces.restoration import (
    CODEFORMER,
    FACE_RESTORATION,
    FACE_SIDE,
    FIDELITY,
    GFPGAN,
    INTERFACE,
    X4PLUS_FACES,
    FaceAlignment,
    enhance_faces,
)
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry

AROUND_FACE = (slice(8, 108), slice(64, 164))  # the astronaut's face at half its size


def load_portrait() -> Pixels:
    """Load 100 x 100 px with a face 50 px wide in the middle."""
    return np.asarray(cv2.resize(load_photo("astronaut.png"), (256, 256), interpolation=cv2.INTER_AREA))[AROUND_FACE]


def degrade(pixels: Pixels) -> Pixels:
    return as_jpeg(add_noise(blur_gaussian(pixels, 1.6), 4), 75)


def extract_structure(pixels: Pixels) -> npt.NDArray[np.float32]:
    """Extract structure a few px wide: finer than the colours kept from the picture, coarser than the square's loss."""
    fine, coarse = (cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), sigma) for sigma in (1.5, 4))
    return np.asarray(fine - coarse, dtype=np.float32)


def enhance(pixels: Pixels, networks: NetworkRegistry) -> Picture:
    return enhance_faces(Picture(pixels), {}, networks, lambda fraction: None)


@pytest.fixture
def folder(networks: NetworkRegistry, tmp_path: Path) -> Path:
    """A models directory with the face networks that set-up installs, to which more can be added."""
    for name in ("blazeface", "realesrgan"):
        (tmp_path / name).symlink_to(Path(settings.MODELS_DIR) / name)
    return tmp_path


@pytest.mark.slow
def test_a_blurry_face_comes_nearer_to_the_truth_and_the_rest_stays(networks: NetworkRegistry) -> None:
    truth = load_portrait()
    worn = degrade(truth)
    picture = enhance(worn, networks)
    face = (slice(25, 80), slice(22, 74))
    assert compute_ssim(picture.colours[face], truth[face]) > compute_ssim(worn[face], truth[face]) + 0.02
    assert (picture.colours[-8:] == worn[-8:]).all()
    assert X4PLUS_FACES.name in picture.made_by


def test_a_sharp_face_is_left_alone_and_a_note_says_so(networks: NetworkRegistry) -> None:
    picture = enhance(load_photo("astronaut.png")[:256, 96:352], networks)
    assert compute_psnr(picture.colours, load_photo("astronaut.png")[:256, 96:352]) > 50
    assert picture.notes == ("The faces are sharp already: they were left as they are.",)


def test_without_a_face_nothing_changes_and_a_note_says_so(networks: NetworkRegistry) -> None:
    picture = enhance(load_photo("coffee.png", side=128), networks)
    assert (picture.colours == load_photo("coffee.png", side=128)).all()
    assert picture.notes == ("No face was found; the picture was left as it is.",)


@pytest.mark.parametrize(("name", "file", "numbers", "factor"), [
    (CODEFORMER.name, "faces/codeformer.onnx", ("float",), FIDELITY),
    (CODEFORMER.name, "faces/codeformer.onnx", ("double",), FIDELITY),
    (GFPGAN.name, "faces/gfpgan.onnx", (), 1.0),
])  # fmt: skip
def test_a_network_that_somebody_brings_is_used(
    folder: Path, name: str, file: str, numbers: tuple[str, ...], factor: float
) -> None:
    write_tiny_network(folder / file, INTERFACE, gain=-1.0, numbers=numbers)
    before = load_portrait()
    picture = enhance(before, NetworkRegistry(folder))
    assert picture.made_by == ("blazeface (opencv)", name)
    # The network negates its input (-1..1) times w: fine structure is inverted, coarse colours stay.
    (face,) = find_faces(before, NetworkRegistry(folder))
    x, y = (face.points[:4].mean(axis=0)).round().astype(int)
    inside = (slice(y - 12, y + 12), slice(x - 12, x + 12))
    fine = [extract_structure(pixels) for pixels in (before, picture.colours)]
    turned = np.polyfit(fine[0][inside].ravel(), fine[1][inside].ravel(), 1)[0]
    assert turned == pytest.approx(-factor, abs=0.2)
    assert (picture.colours[-8:] == before[-8:]).all()
    change = picture.colours[inside].mean(axis=(0, 1)) - before[inside].mean(axis=(0, 1))
    assert np.abs(change).max() < 25


@pytest.mark.parametrize(("file", "broken", "reason"), [
    ("faces/codeformer.onnx", True, "faces/codeformer.onnx cannot be used: it is damaged"),
    ("faces/gfpgan.onnx", False, "faces/gfpgan.onnx cannot be used: input in0 has the shape 1 x 3 x 256 x 256"),
])  # fmt: skip
def test_a_broken_or_mismatching_file_is_named_and_passed_over(
    folder: Path, file: str, broken: bool, reason: str
) -> None:
    small = Interface(inputs=((1, 3, 256, 256),), outputs=((1, 3, 256, 256),))
    write_tiny_network(folder / file, small)
    if broken:
        (folder / file).write_bytes(b"no network")
    networks = NetworkRegistry(folder)
    assert networks.choose(FACE_RESTORATION) is X4PLUS_FACES
    (state,) = [networks.get_usability(backend) for backend in FACE_RESTORATION.backends if file in backend.files]
    assert reason in state.reason


@pytest.mark.parametrize("angle", [-30, 0, 30])
def test_a_change_of_an_aligned_face_is_added_at_its_place(angle: float) -> None:
    pixels = load_photo("astronaut.png")
    alignment = FaceAlignment.estimate(build_face(angle))
    cut = alignment.cut(pixels)
    assert cut.shape == (FACE_SIDE, FACE_SIDE, 3)
    pixels = np.full((512, 512, 3), 100, dtype=np.uint8)
    changed = pixels.copy()
    alignment.add(changed, np.full((FACE_SIDE, FACE_SIDE, 3), 40, dtype=np.float32), 0.5)
    difference = changed.astype(int) - pixels
    assert difference[130, 224].tolist() == pytest.approx([20, 20, 20], abs=1)
    assert difference.min() >= 0
    assert np.abs(np.diff(difference, axis=0)).max() <= 3  # it fades out without an edge
    assert (difference[300:] == 0).all()


def test_a_face_may_reach_beyond_the_picture(networks: NetworkRegistry) -> None:
    picture = enhance(degrade(load_portrait())[26:80, 24:74], networks)
    assert picture.colours.shape == (54, 50, 3)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1)])
def test_a_picture_of_any_size_keeps_its_size(networks: NetworkRegistry, size: tuple[int, int]) -> None:
    pixels = np.full((*size, 3), 60, dtype=np.uint8)
    assert (enhance(pixels, networks).colours == pixels).all()


def build_face(angle: float) -> Face:
    """Build the astronaut's face, turned about the tip of the nose."""
    points = np.array([(203, 102), (246, 104), (224, 130), (222, 150), (180, 110), (265, 112)], dtype=np.float32)
    turn = cv2.getRotationMatrix2D((224, 130), angle, 1)
    return Face(173, 73, 276, 176, points=(points @ turn[:, :2].T + turn[:, 2]).astype(np.float32), score=0.9)
