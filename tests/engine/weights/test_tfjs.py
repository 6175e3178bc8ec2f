"""Graph models of TensorFlow.js become ONNX networks that compute the same."""

import base64
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pytest

from vanceweb.engine.weights.errors import WeightsError
from vanceweb.engine.weights.manifest import WeightFile
from vanceweb.engine.weights.stamps import Stamps
from vanceweb.engine.weights.tarballs import CONVERTED_SIDE, extract
from vanceweb.engine.weights.tfjs import convert

SIDE = 8


class Model:
    """A graph model as TensorFlow.js keeps it: nodes in a list, constants in shards."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = [{"name": "xs", "op": "Placeholder"}]
        self.weights: list[dict[str, Any]] = []
        self.content = b""

    def constant(self, name: str, value: Any, kind: str = "float32") -> str:
        array = np.array(value, dtype=kind)
        self.nodes.append({"name": name, "op": "Const"})
        self.weights.append({"name": name, "shape": list(array.shape), "dtype": kind})
        self.content += array.tobytes()
        return name

    def node(self, name: str, operation: str, *sources: str, **attributes: Any) -> str:
        self.nodes.append({"name": name, "op": operation, "input": list(sources), "attr": attributes})
        return name

    def files(self, output: str) -> dict[str, bytes]:
        half = len(self.content) // 2
        shards = {"a.bin": self.content[:half], "b.bin": self.content[half:]}
        document = {
            "signature": {"outputs": {"output_0": {"name": f"{output}:0"}}},
            # A model's list need not be in the order of the work.
            "modelTopology": {"node": self.nodes[::-1]},
            "weightsManifest": [{"paths": list(shards), "weights": self.weights}],
        }
        return {"model.json": json.dumps(document).encode(), **shards}


def text(value: str) -> dict[str, str]:
    return {"s": base64.b64encode(value.encode()).decode()}


def run(files: dict[str, bytes], folder: Path, given: np.ndarray) -> np.ndarray:
    convert(files.__getitem__, folder / "n.onnx", SIDE)
    assert [path.name for path in folder.glob("*.onnx")] == ["n.onnx"]
    session = onnxruntime.InferenceSession(str(folder / "n.onnx"), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"xs": given})[0])


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(3).random((1, SIDE, SIDE, 3), dtype=np.float32)


def test_convolutions_keep_channels_and_kernels_in_their_places(tmp_path: Path, picture: np.ndarray) -> None:
    kernel = np.random.default_rng(4).normal(size=(3, 3)).astype(np.float32)
    model = Model()
    # Each channel by itself, through the same kernel.
    weights = model.constant("weights", kernel[:, :, None, None] * np.eye(3, dtype=np.float32))
    strides = {"list": {"i": ["1", "1", "1", "1"]}}
    model.node("out", "Conv2D", "xs", weights, strides=strides, padding=text("SAME"))
    expected = cv2.filter2D(picture[0], -1, kernel, borderType=cv2.BORDER_CONSTANT)
    assert np.allclose(run(model.files("out"), tmp_path, picture)[0], expected, atol=1e-4)


def test_transposed_convolutions_enlarge(tmp_path: Path, picture: np.ndarray) -> None:
    model = Model()
    small = model.node("small", "StridedSlice", "xs", model.constant("begin", [0, 0, 0, 0], "int32"),
                       model.constant("end", [1, SIDE, SIDE, 3], "int32"),
                       model.constant("steps", [1, 2, 2, 1], "int32"), shrink_axis_mask={"i": "0"})  # fmt: skip
    # Turns the channels round: out x in is told from in x out.
    turned = np.roll(np.eye(3, dtype=np.float32), 1, axis=0)
    weights = model.constant("weights", np.ones((2, 2, 1, 1), dtype=np.float32) * turned)
    model.node("out", "Conv2DBackpropInput", model.constant("size", [1, SIDE, SIDE, 3], "int32"), weights, small,
               strides={"list": {"i": ["1", "2", "2", "1"]}}, padding=text("VALID"))  # fmt: skip
    expected = np.roll(picture[:, ::2, ::2], 1, axis=3).repeat(2, axis=1).repeat(2, axis=2)
    assert np.allclose(run(model.files("out"), tmp_path, picture), expected, atol=1e-5)


def test_sizes_worked_out_in_the_graph_and_what_is_done_with_them(tmp_path: Path, picture: np.ndarray) -> None:
    model = Model()
    one, zero = model.constant("one", [1], "int32"), model.constant("zero", [0], "int32")
    height = model.node("height", "StridedSlice", model.node("shape", "Shape", "xs"), one,
                        model.constant("two", [2], "int32"), one, shrink_axis_mask={"i": "1"})  # fmt: skip
    single, three = model.constant("single", 1, "int32"), model.constant("three", 3, "int32")
    full = model.node("full", "Pack", single, height, height, three, axis={"i": "0"})
    mean = model.node("sum", "Sum", "xs", model.constant("axes", [1, 2], "int32"), keep_dims={"b": False})
    spread = model.node("spread", "BroadcastTo", model.node("wide", "Reshape", mean, model.node(
        "four", "Pack", single, single, single, three, axis={"i": "0"})), full)  # fmt: skip
    mixed = model.node("mixed", "Einsum", spread, model.constant("mix", 2 * np.eye(3)), equation=text("abcg,gf->abcf"))
    root = model.node("root", "Rsqrt", model.node("square", "Square", mixed))
    late = model.node("late", "GreaterEqual", "xs", model.constant("half", 0.5))
    model.node("out", "SelectV2", late, root, "xs")
    assert zero
    total = picture.sum(axis=(1, 2), keepdims=True)
    expected = np.where(picture >= 0.5, 1 / (2 * total), picture)
    assert np.allclose(run(model.files("out"), tmp_path, picture), expected, atol=1e-5)


def test_an_operation_that_is_not_known_is_named(tmp_path: Path) -> None:
    model = Model()
    model.node("out", "Sort", "xs")
    with pytest.raises(WeightsError, match="can't be converted: Sort"):
        convert(model.files("out").__getitem__, tmp_path / "n.onnx", SIDE)


def test_a_package_s_model_is_converted_as_it_is_taken_out(tmp_path: Path) -> None:
    model = Model()
    model.node("out", "Neg", "xs")
    with tarfile.open(tmp_path / "t.tgz", "w:gz") as archive:
        for name, content in model.files("out").items():
            member = tarfile.TarInfo(f"package/models/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    file = WeightFile("models/model.json", "tiny/n.onnx", converted=True)
    (tmp_path / "tiny").mkdir()
    assert not Stamps(tmp_path).holds(file)
    extract(tmp_path / "t.tgz", file, tmp_path / "tiny" / "n.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "tiny" / "n.onnx"), providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == [1, CONVERTED_SIDE, CONVERTED_SIDE, 3]
    Stamps(tmp_path).add(file)
    assert Stamps(tmp_path).holds(file)
    (tmp_path / "tiny" / "n.onnx").write_bytes(b"another")
    assert not Stamps(tmp_path).holds(file)
