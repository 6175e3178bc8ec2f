"""ONNX networks of a few bytes with a given interface, in place of weights that somebody brings.

Their results are easy to predict and always the same. Output channel c is `gain` times input channel c, plus `bias`,
times each single number given. Input channels are counted over all inputs; if there are more output channels, counting
starts again from the first. The result is enlarged by repeating px, or resized to the output's size.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from vanceweb.engine.processing.inference.interfaces import Interface, Shape

TYPES = {"float": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "double": TensorProto.DOUBLE,
         "uint8": TensorProto.UINT8}  # fmt: skip
OPSET, IR = 17, 8  # readable by any current ONNX Runtime


def write_tiny_network(
    path: Path,
    interface: Interface,
    *,
    scale: int | None = None,
    gain: float = 1.0,
    bias: float = 0.0,
    numbers: Sequence[str] = (),
    element: str = "float",
    metadata: Mapping[str, str] | None = None,
    ballast: int = 0,
) -> Path:
    """Write a network of `interface` to `path`, create its folder, and return the path.

    Inputs have four axes, with the channels second or, if only the last axis is short, last. Outputs without four axes
    are filled with the mean. `scale` defaults to the scale of the interface's probe, else 1. `numbers` lists the types
    (keys of `TYPES`) of further inputs that hold one number; `element` is the type of all others. `metadata` is
    written into the file, and `ballast` bytes of unused weights make it as large as a real one.
    """
    if scale is None:
        scale = _get_probe_scale(interface)
    nodes, constants = [], [numpy_helper.from_array(np.zeros(ballast, dtype=np.uint8), "ballast")] if ballast else []
    inputs = [_build_port(f"in{number}", element, shape) for number, shape in enumerate(interface.inputs)]
    nodes += [node for number, shape in enumerate(interface.inputs) for node in _build_planes(number, shape)]
    planes = [f"planes{number}" for number in range(len(interface.inputs))]
    nodes.append(helper.make_node("Concat", planes, ["all"], axis=1))
    nodes.append(helper.make_node("Mul", ["all", "gain"], ["gained"]))
    nodes.append(helper.make_node("Add", ["gained", "bias"], ["mixed"]))
    constants += [_build_constant("gain", [gain]), _build_constant("bias", [bias])]
    last = "mixed"
    for number, kind in enumerate(numbers):
        inputs.append(_build_port(f"number{number}", kind, ()))
        nodes.append(helper.make_node("Cast", [f"number{number}"], [f"factor{number}"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", [last, f"factor{number}"], [f"times{number}"]))
        last = f"times{number}"
    given = sum(_count_channels(shape) for shape in interface.inputs)
    for number, shape in enumerate(interface.outputs):
        more, fixed = _build_output(number, shape, last, given, scale)
        nodes += [*more, helper.make_node("Cast", [f"made{number}"], [f"out{number}"], to=TYPES[element])]
        constants += fixed
    outputs = [_build_port(f"out{number}", element, shape) for number, shape in enumerate(interface.outputs)]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    helper.set_model_props(model, dict(metadata or {}))
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    return path


def _get_probe_scale(interface: Interface) -> int:
    """Return the scale of the interface's probe, 1 without a probe."""
    if not interface.result:
        return 1
    height = interface.probe[0][_get_height_axis(interface.inputs[0])]
    return interface.result[_get_height_axis(interface.outputs[0])] // height


def _build_output(
    number: int, shape: Shape, source: str, given: int, scale: int
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Return the nodes and constants that turn `source`, `given` channels, into `made<number>` of this shape."""
    name = f"made{number}"
    if len(shape) != 4:
        nodes = [helper.make_node("ReduceMean", [source], [f"mean{number}"], keepdims=0),
                 helper.make_node("Expand", [f"mean{number}", f"shape{number}"], [name])]  # fmt: skip
        return nodes, [_build_constant(f"shape{number}", [size or 1 for size in shape], np.int64)]
    chosen = [channel % given for channel in range(_count_channels(shape))]
    nodes = [helper.make_node("Gather", [source, f"channels{number}"], [f"chosen{number}"], axis=1)]
    constants = [_build_constant(f"channels{number}", chosen, np.int64)]
    sides = shape[1:3] if _has_channels_last(shape) else shape[2:4]
    if None in sides:
        constants.append(_build_constant(f"scales{number}", [1, 1, scale, scale]))
        sizes = ["", f"scales{number}"]
    else:
        constants.append(_build_constant(f"sizes{number}", [1, len(chosen), *sides], np.int64))
        sizes = ["", "", f"sizes{number}"]
    nodes.append(
        helper.make_node("Resize", [f"chosen{number}", *sizes], [f"sized{number}"], mode="nearest",
                         coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    )  # fmt: skip
    order = [0, 2, 3, 1] if _has_channels_last(shape) else [0, 1, 2, 3]
    nodes.append(helper.make_node("Transpose", [f"sized{number}"], [name], perm=order))
    return nodes, constants


def _build_planes(number: int, shape: Shape) -> list[onnx.NodeProto]:
    """Return the nodes that convert an input to `planes<number>`: float32 with its channels second."""
    order = [0, 3, 1, 2] if _has_channels_last(shape) else [0, 1, 2, 3]
    return [
        helper.make_node("Cast", [f"in{number}"], [f"cast{number}"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", [f"cast{number}"], [f"planes{number}"], perm=order),
    ]


def _build_port(name: str, element: str, shape: Shape) -> onnx.ValueInfoProto:
    sizes = [f"{name}_{axis}" if size is None else size for axis, size in enumerate(shape)]
    return helper.make_tensor_value_info(name, TYPES[element], sizes)


def _build_constant(name: str, values: Sequence[float | None], kind: type = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, dtype=kind), name)


def _has_channels_last(shape: Shape) -> bool:
    return shape[3] is not None and shape[3] <= 4 and not (shape[1] is not None and shape[1] <= 4)


def _count_channels(shape: Shape) -> int:
    channels = shape[3] if _has_channels_last(shape) else shape[1]
    if channels is None:
        raise ValueError(f"{shape} leaves the number of channels open")
    return channels


def _get_height_axis(shape: Shape) -> int:
    """Return the index of the axis that holds the height."""
    return 1 if _has_channels_last(shape) else 2
