"""Checks of network interfaces, with loaded files of matching and different interfaces."""

from pathlib import Path

import numpy as np
import pytest

from tests.engine.processing.tiny_networks import write_tiny_network
from vanceweb.engine.processing.errors import UnusableWeights
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.sessions import OnnxSession

ANY = Interface(((1, 3, None, None),), ((1, 3, None, None),))
TWICE = Interface(((1, 3, None, None),), ((1, 3, None, None),), probe=((1, 3, 16, 24),), result=(1, 3, 32, 48))
FACE = Interface(((1, 3, 64, 64),), ((1, 3, 64, 64),))
HOLE = Interface(((1, 3, 64, 64), (1, 1, 64, 64)), ((1, 3, 64, 64),))
COLOUR = Interface(((1, 1, 32, 32),), ((1, 2, 32, 32),))
LAST = Interface(((1, None, None, 3),), ((1, None, None, 3),))
POINTS = Interface(((1, 3, 32, 32),), ((1, 10), (1, 1, 32, 32)))


def make_noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).random(shape, dtype=np.float32)


@pytest.mark.parametrize("interface", [ANY, TWICE, FACE, HOLE, COLOUR, LAST, POINTS])
@pytest.mark.parametrize("element", ["float", "float16"])
def test_a_network_of_the_interface_fits_and_runs(tmp_path: Path, interface: Interface, element: str) -> None:
    session = OnnxSession(write_tiny_network(tmp_path / "a" / "n.onnx", interface, element=element), 1, interface)
    given = [make_noise(*(size or 20 for size in shape)) for shape in interface.inputs]
    result = session.run(*given)
    assert result.dtype == np.float32
    assert result.shape == tuple(size or 20 * (2 if interface is TWICE else 1) for size in interface.outputs[0])


def test_the_network_computes_its_result(tmp_path: Path) -> None:
    session = OnnxSession(write_tiny_network(tmp_path / "n.onnx", TWICE, gain=-1, bias=1), 1, TWICE)
    given = make_noise(1, 3, 16, 24)
    assert np.allclose(session.run(given), 1 - given.repeat(2, axis=2).repeat(2, axis=3), atol=1e-6)


@pytest.mark.parametrize("kind", ["float", "double"])
def test_a_further_input_is_set_to_the_number(tmp_path: Path, kind: str) -> None:
    session = OnnxSession(write_tiny_network(tmp_path / "n.onnx", FACE, numbers=[kind]), 1, FACE)
    given = make_noise(1, 3, 64, 64)
    assert np.allclose(session.run(given), given)
    assert np.allclose(session.run(given, number=0.25), given / 4)


@pytest.mark.parametrize(
    ("made", "wanted", "reason"),
    [
        (FACE, HOLE, "it has 1 inputs and 1 outputs; expected: 2 and 1"),
        (FACE, POINTS, "it has 1 inputs and 1 outputs; expected: 1 and 2"),
        (FACE, COLOUR, "input in0 has the shape 1 x 3 x 64 x 64; expected: 1 x 1 x 32 x 32"),
        (Interface(((1, 1, 32, 32),), ((1, 1, 32, 32),)), COLOUR,
         "output out0 has the shape 1 x 1 x 32 x 32; expected: 1 x 2 x 32 x 32"),
        (HOLE, FACE, "input in1 has the shape 1 x 1 x 64 x 64; expected: one number"),
        (FACE, LAST, "input in0 has the shape 1 x 3 x 64 x 64; expected: 1 x any x any x 3"),
        (ANY, TWICE, "it returns 1 x 3 x 16 x 24 for 1 x 3 x 16 x 24; expected: 1 x 3 x 32 x 48"),
        (FACE, TWICE, "it returns 1 x 3 x 64 x 64 for 1 x 3 x 64 x 64; expected: 1 x 3 x 128 x 128"),
    ],
)  # fmt: skip
def test_a_different_interface_is_refused_with_the_difference(
    tmp_path: Path, made: Interface, wanted: Interface, reason: str
) -> None:
    path = write_tiny_network(tmp_path / "n.onnx", made)
    with pytest.raises(UnusableWeights) as told:
        OnnxSession(path, 1, wanted)
    assert str(told.value) == reason


def test_integers_are_refused(tmp_path: Path) -> None:
    path = write_tiny_network(tmp_path / "n.onnx", FACE, element="uint8")
    with pytest.raises(
        UnusableWeights, match=r"input in0 is of type tensor\(uint8\); expected: floating point numbers"
    ):
        OnnxSession(path, 1, FACE)


def test_open_sizes_in_the_file_fit_any(tmp_path: Path) -> None:
    session = OnnxSession(write_tiny_network(tmp_path / "n.onnx", ANY), 1, FACE)
    assert session.size == (None, None)
    assert OnnxSession(write_tiny_network(tmp_path / "m.onnx", FACE), 1, ANY).size == (64, 64)


def test_a_network_that_fails_on_its_probe_is_refused(tmp_path: Path) -> None:
    inputs = ((1, 3, None, None), (1, 1, None, None))
    joining = write_tiny_network(tmp_path / "n.onnx", Interface(inputs, ANY.outputs))
    wanted = Interface(inputs, ANY.outputs, probe=((1, 3, 16, 24), (1, 1, 8, 8)), result=(1, 3, 16, 24))
    with pytest.raises(UnusableWeights, match="it does not run on 1 x 3 x 16 x 24"):
        OnnxSession(joining, 1, wanted)


def test_a_network_of_fixed_size_is_tried_with_its_size(tmp_path: Path) -> None:
    wanted = Interface(ANY.inputs, ANY.outputs, probe=((1, 3, 16, 24),), result=(1, 3, 16, 24))
    assert OnnxSession(write_tiny_network(tmp_path / "n.onnx", FACE), 1, wanted).size == (64, 64)


def test_all_outputs_and_metadata_can_be_read(tmp_path: Path) -> None:
    session = OnnxSession(write_tiny_network(tmp_path / "n.onnx", POINTS, metadata={"made for": "tests"}), 1, POINTS)
    given = make_noise(1, 3, 32, 32)
    points, plane = session.run_all(given)
    assert session.metadata == {"made for": "tests"}
    assert points.shape == (1, 10)
    assert points == pytest.approx(float(given.mean()), abs=1e-5)
    assert np.allclose(plane[0, 0], given[0, 0])
