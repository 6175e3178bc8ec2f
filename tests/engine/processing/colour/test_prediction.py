"""Colour by weights that somebody brings: a models directory with tiny networks of the real interfaces."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.engine.processing.lab import compute_lightness_difference, measure_chroma, measure_hue, to_grey, to_lab
from tests.engine.processing.photos import load_photo
from tests.engine.processing.tiny_networks import write_tiny_network
from vanceweb.engine.processing.colour.colourisation import colourise
from vanceweb.engine.processing.colour.prediction import (
    COLOURISATION,
    COLOURISER,
    DDCOLOR,
    DEOLDIFY,
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
)
from vanceweb.engine.processing.colour.recolouring import recolour
from vanceweb.engine.processing.enlarge.drawings import ESRGAN
from vanceweb.engine.processing.errors import ProcessingError
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.inference.backends import Backend
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry

GREY = to_grey(load_photo("china.jpg", side=160))


def write_network(
    path: Path, weights: list[list[float]], shift: list[float], *, side: int | str = 256, most: float = 1e9
) -> None:
    """Write a network: each px's channels times `weights` (outputs x 3), plus `shift`, clipped to `most`."""
    kernel = np.array(weights, dtype=np.float32)[:, :, None, None]
    nodes = [
        helper.make_node("Conv", ["input", "kernel", "shift"], ["mixed"]),
        helper.make_node("Clip", ["mixed", "least", "most"], ["output"]),
    ]
    fixed = {"kernel": kernel, "shift": np.array(shift, dtype=np.float32),
             "least": np.array(-most, dtype=np.float32), "most": np.array(most, dtype=np.float32)}  # fmt: skip
    height, width = (side, side) if isinstance(side, int) else ("height", "width")
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, height, width])
        for name, channels in (("input", 3), ("output", len(weights)))
    ]
    graph = helper.make_graph(
        nodes, "colour", ports[:1], ports[1:], [numpy_helper.from_array(value, name) for name, value in fixed.items()]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


def colourise_grey(networks: NetworkRegistry, factor: int = 30) -> Picture:
    return colourise(Picture(GREY, grey=True), {"render_factor": factor}, networks, lambda fraction: None)


@pytest.mark.parametrize("side", [256, 512, "any"])
def test_ddcolor_gets_grey_of_0_to_1_and_returns_ab(tmp_path: Path, side: int | str) -> None:
    # a is -30 where it is black and -10 where it is white, b is always 20.
    write_network(tmp_path / DDCOLOR.files[0], [[0, 20, 0], [0, 0, 0]], [-30, 20], side=side)
    result = colourise_grey(NetworkRegistry(tmp_path))
    assert result.made_by == (DDCOLOR.name,)
    assert compute_lightness_difference(result.colours, GREY) < 0.8
    a, b = (float(np.median(to_lab(result.colours)[:, :, plane])) for plane in (1, 2))
    assert -25 < a < -8
    assert 15 < b < 22
    sky, trees = result.colours[5:30, 100:150], result.colours[130:155, 5:60]
    assert to_lab(sky)[:, :, 1].mean() > to_lab(trees)[:, :, 1].mean() + 4


@pytest.mark.parametrize("side", [256, "any"])
@pytest.mark.parametrize("normalised", [False, True])
def test_only_the_colours_of_deoldify_are_taken(tmp_path: Path, side: int | str, normalised: bool) -> None:
    """For exports with levels of 0..255 in and out, and for those of the bare network, whose output stays within 3."""
    # Its output is darker than its input, with more red and less blue.
    gain, path = (0.7, 0.5, 0.3), tmp_path / DEOLDIFY.files[0]
    shift = (np.array(gain) - 1) * IMAGENET_MEAN / IMAGENET_DEVIATION
    write_network(
        path,
        np.diag(gain).tolist(),
        shift.tolist() if normalised else [0, 0, 0],
        side=side,
        most=3 if normalised else 255,
    )
    result = colourise_grey(NetworkRegistry(tmp_path))
    assert result.made_by == (DEOLDIFY.name,)
    assert compute_lightness_difference(result.colours, GREY) < 0.8
    assert measure_chroma(result.colours) > 15
    assert 50 < measure_hue(result.colours) < 80


def test_the_preferred_network_is_used(tmp_path: Path) -> None:
    networks = NetworkRegistry(tmp_path)
    assert networks.choose(COLOURISATION) is COLOURISER
    write_network(tmp_path / DEOLDIFY.files[0], np.eye(3).tolist(), [0, 0, 0])
    assert networks.choose(COLOURISATION) is DEOLDIFY
    write_network(tmp_path / DDCOLOR.files[0], [[0, 0, 0]] * 2, [0, 0])
    assert networks.choose(COLOURISATION) is DDCOLOR


def test_words_steer_a_network_without_bins(tmp_path: Path) -> None:
    write_network(tmp_path / DDCOLOR.files[0], [[0, 0, 0], [0, 0, 0]], [-20, 20])
    params = {"prompt": "blue on the left", "negative_prompt": "green on the right"}
    result = recolour(Picture(GREY, grey=True), params, NetworkRegistry(tmp_path), lambda fraction: None)
    assert result.made_by == (DDCOLOR.name, "colour words")
    assert 235 < measure_hue(result.colours[60:, :50]) < 290
    assert measure_chroma(result.colours[60:, 110:]) < 5


@pytest.mark.parametrize(
    ("backend", "made", "reason"),
    [
        (DDCOLOR, Interface(((1, 3, 64, 64),), ((1, 3, 64, 64),)),
         "output out0 has the shape 1 x 3 x 64 x 64; expected: 1 x 2 x any x any"),
        (DEOLDIFY, Interface(((1, 1, 64, 64),), ((1, 2, 64, 64),)),
         "input in0 has the shape 1 x 1 x 64 x 64; expected: 1 x 3 x any x any"),
        (DEOLDIFY, ESRGAN.interface,
         "it returns 1 x 3 x 256 x 256 for 1 x 3 x 64 x 64; expected: 1 x 3 x 64 x 64"),
        (DEOLDIFY, None, "it is damaged or not an ONNX file"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_named_and_passed_over(
    tmp_path: Path, backend: Backend[Any], made: Interface | None, reason: str
) -> None:
    path = tmp_path / backend.files[0]
    if made is None:
        path.parent.mkdir()
        path.write_bytes(b"not a network" * 100)
    else:
        write_tiny_network(path, made)
    networks = NetworkRegistry(tmp_path)
    assert networks.get_usability(backend).reason == f"{backend.files[0]} cannot be used: {reason}."
    assert networks.choose(COLOURISATION) is COLOURISER


def test_a_colouriser_without_bins_is_refused_with_a_sentence(tmp_path: Path) -> None:
    shipped = Interface(((1, 1, None, None),), ((1, 2, None, None), (1, 175, None, None)))
    write_tiny_network(tmp_path / COLOURISER.files[0], shipped)
    with pytest.raises(ProcessingError, match="doesn't say which colours its bins stand for"):
        colourise_grey(NetworkRegistry(tmp_path))


def test_outputs_that_are_not_numbers_are_refused_with_a_sentence(tmp_path: Path) -> None:
    write_network(tmp_path / DDCOLOR.files[0], [[0, 0, 0], [0, 0, 0]], [float("nan"), 0])
    with pytest.raises(ProcessingError, match="returned no colours"):
        colourise_grey(NetworkRegistry(tmp_path))
