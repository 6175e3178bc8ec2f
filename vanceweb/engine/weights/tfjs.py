"""From a graph model of TensorFlow.js to ONNX, for one size of input: what it takes for the MAXIM extras.

Each operation of the graph becomes the ONNX operations that do the same. What depends on sizes alone is worked out by
ONNX Runtime afterwards, once, so that 43,000 nodes become a few thousand. Needs the package `onnx`
(requirements/extras.txt); TensorFlow itself is not needed.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from vanceweb.engine.weights.errors import WeightsError

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    onnx = None  # type: ignore[assignment]

OPSET, IR = 17, 8
TYPES = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
Array = npt.NDArray[Any]
Node = Mapping[str, Any]
Read = Callable[[str], bytes]  # a file of the package, by its name

# Operations that are the same in ONNX under this name.
SAME = {
    "Mul": "Mul", "AddV2": "Add", "Sub": "Sub", "RealDiv": "Div", "FloorDiv": "Div", "FloorMod": "Mod",
    "Maximum": "Max", "Minimum": "Min", "Tanh": "Tanh", "Abs": "Abs", "Neg": "Neg", "Exp": "Exp", "Floor": "Floor",
    "Sign": "Sign",
    "Reciprocal": "Reciprocal", "SelectV2": "Where", "GreaterEqual": "GreaterOrEqual", "LessEqual": "LessOrEqual",
    "Greater": "Greater", "Less": "Less", "LogicalAnd": "And", "Identity": "Identity", "Range": "Range",
}  # fmt: skip


def convert(read: Read, target: Path, side: int) -> None:
    """Write the model whose `model.json` and shards `read` gives to `target`, for `side` x `side` px.

    Raises `WeightsError` where `onnx` is missing or the graph holds an operation that is not known here.
    """
    if onnx is None:
        raise WeightsError(
            "This network has to be converted, which needs the package onnx: "
            ".venv/bin/python -m pip install --require-hashes -r requirements/extras.txt"
        )
    document = json.loads(read("model.json"))
    graph = _Graph(_constants(document["weightsManifest"], read), side)
    for node in _in_order(document["modelTopology"]["node"]):
        graph.add(node)
    rough = target.with_suffix(".rough.onnx")
    try:
        onnx.save(graph.model(document["signature"]), str(rough))
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(target)
        options.log_severity_level = 4
        onnxruntime.InferenceSession(str(rough), options, providers=["CPUExecutionProvider"])
    finally:
        rough.unlink(missing_ok=True)


def _constants(manifest: Sequence[Node], read: Read) -> dict[str, Array]:
    """The values of all constants, by their nodes' names."""
    values: dict[str, Array] = {}
    for group in manifest:
        content, place = b"".join(read(path) for path in group["paths"]), 0
        for entry in group["weights"]:
            kind = np.dtype(TYPES[entry["dtype"]])
            count = int(np.prod(entry["shape"], dtype=np.int64))
            flat = np.frombuffer(content, dtype=kind, count=count, offset=place)
            values[entry["name"]] = flat.reshape(entry["shape"])
            place += count * kind.itemsize
    return values


def _in_order(nodes: Sequence[Node]) -> Iterator[Node]:
    """Each node after those whose results it takes."""
    by_name = {node["name"]: node for node in nodes}
    done: set[str] = set()
    for last in nodes:
        waiting = [last["name"]]
        while waiting:
            name = waiting[-1]
            missing = [source for source in _sources(by_name[name]) if source not in done]
            if name in done or not missing:
                waiting.pop()
                if name not in done:
                    done.add(name)
                    yield by_name[name]
            else:
                waiting += missing


def _sources(node: Node) -> list[str]:
    return [source.removesuffix(":0") for source in node.get("input", []) if not source.startswith("^")]


class _Graph:
    """The ONNX graph as it grows; a node's result goes by the node's name."""

    def __init__(self, constants: Mapping[str, Array], side: int) -> None:
        self._constants, self._side = constants, side
        self._nodes: list[Any] = []
        self._values: list[Any] = []
        self._inputs: list[Any] = []

    def add(self, node: Node) -> None:
        """Add what does the node's work."""
        name, operation, sources = node["name"], node["op"], _sources(node)
        if operation == "Const":
            self._values.append(numpy_helper.from_array(np.array(self._constants[name]), name))
        elif operation == "Placeholder":
            self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, self._side, self._side, 3]))
        elif operation in SAME:
            self._emit(SAME[operation], sources, name)
        else:
            special = getattr(self, f"_{operation.lower()}", None)
            if special is None:
                raise WeightsError(f"The network holds an operation that can't be converted: {operation}.")
            special(name, sources, node.get("attr", {}))

    def model(self, signature: Node) -> Any:
        """The whole model, its outputs named by the signature."""
        outputs = [entry["name"].removesuffix(":0") for entry in signature["outputs"].values()]
        shape = [1, self._side, self._side, 3]
        ports = [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape) for output in outputs]
        graph = helper.make_graph(self._nodes, "converted", self._inputs, ports, self._values)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)

    def _emit(self, operation: str, sources: Sequence[str], name: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(operation, list(sources), [name], **attributes))
        return name

    def _value(self, name: str, value: Sequence[int]) -> str:
        self._values.append(numpy_helper.from_array(np.array(value, dtype=np.int64), name))
        return name

    def _long(self, source: str, name: str) -> str:
        """`source` as the 64-bit numbers that ONNX wants for shapes and axes."""
        return self._emit("Cast", [source], f"{name}:long:{source}", to=TensorProto.INT64)

    def _square(self, name: str, sources: Sequence[str], attr: Node) -> None:
        self._emit("Mul", [sources[0], sources[0]], name)

    def _rsqrt(self, name: str, sources: Sequence[str], attr: Node) -> None:
        self._emit("Reciprocal", [self._emit("Sqrt", sources, f"{name}:root")], name)

    def _notequal(self, name: str, sources: Sequence[str], attr: Node) -> None:
        self._emit("Not", [self._emit("Equal", sources, f"{name}:equal")], name)

    def _reshape(self, name: str, sources: Sequence[str], attr: Node) -> None:
        self._emit("Reshape", [sources[0], self._long(sources[1], name)], name)

    def _broadcastto(self, name: str, sources: Sequence[str], attr: Node) -> None:
        self._emit("Expand", [sources[0], self._long(sources[1], name)], name)

    def _sum(self, name: str, sources: Sequence[str], attr: Node) -> None:
        keep = int(attr["keep_dims"]["b"])
        self._emit("ReduceSum", [sources[0], self._value(f"{name}:axes", self._axes(sources[1]))], name, keepdims=keep)

    def _transpose(self, name: str, sources: Sequence[str], attr: Node) -> None:
        self._emit("Transpose", sources[:1], name, perm=self._axes(sources[1]))

    def _expanddims(self, name: str, sources: Sequence[str], attr: Node) -> None:
        self._emit("Unsqueeze", [sources[0], self._value(f"{name}:axes", self._axes(sources[1]))], name)

    def _squeeze(self, name: str, sources: Sequence[str], attr: Node) -> None:
        axes = [int(axis) for axis in attr["squeeze_dims"]["list"]["i"]]
        self._emit("Squeeze", [sources[0], self._value(f"{name}:axes", axes)], name)

    def _concatv2(self, name: str, sources: Sequence[str], attr: Node) -> None:
        self._emit("Concat", sources[:-1], name, axis=self._axes(sources[-1])[0])

    def _gatherv2(self, name: str, sources: Sequence[str], attr: Node) -> None:
        self._emit("Gather", sources[:2], name, axis=self._axes(sources[2])[0])

    def _pack(self, name: str, sources: Sequence[str], attr: Node) -> None:
        axes = self._value(f"{name}:axes", [int(attr["axis"]["i"])])
        parts = [self._emit("Unsqueeze", [source, axes], f"{name}:{n}") for n, source in enumerate(sources)]
        self._emit("Concat", parts, name, axis=int(attr["axis"]["i"]))

    def _stridedslice(self, name: str, sources: Sequence[str], attr: Node) -> None:
        """With neither open ends nor new axes; an index gives up its axis."""
        data, *bounds = sources
        begin, end, steps = (self._long(bound, f"{name}:{n}") for n, bound in enumerate(bounds))
        axes = self._value(f"{name}:axes", range(len(self._constants[bounds[0]])))
        if not int(attr["shrink_axis_mask"]["i"]):
            self._emit("Slice", [data, begin, end, axes, steps], name)
            return
        part = self._emit("Slice", [data, begin, end, axes, steps], f"{name}:part")
        self._emit("Squeeze", [part, self._value(f"{name}:gone", [0])], name)

    def _shape(self, name: str, sources: Sequence[str], attr: Node) -> None:
        self._emit("Cast", [self._emit("Shape", sources, f"{name}:long")], name, to=TensorProto.INT32)

    def _cast(self, name: str, sources: Sequence[str], attr: Node) -> None:
        kind = {"DT_FLOAT": TensorProto.FLOAT, "DT_INT32": TensorProto.INT32}[attr["DstT"]["type"]]
        self._emit("Cast", sources, name, to=kind)

    def _einsum(self, name: str, sources: Sequence[str], attr: Node) -> None:
        self._emit("Einsum", sources, name, equation=base64.b64decode(attr["equation"]["s"]).decode())

    def _conv2d(self, name: str, sources: Sequence[str], attr: Node) -> None:
        self._convolved("Conv", name, sources, attr)

    def _conv2dbackpropinput(self, name: str, sources: Sequence[str], attr: Node) -> None:
        _size, kernel, data = sources
        self._convolved("ConvTranspose", name, [data, kernel], attr)

    def _convolved(self, operation: str, name: str, sources: Sequence[str], attr: Node) -> None:
        """TensorFlow keeps channels last and kernels as height x width x in x out (transposed ones: out x in)."""
        data = self._emit("Transpose", [sources[0]], f"{name}:planes", perm=[0, 3, 1, 2])
        kernel = self._emit("Transpose", [sources[1]], f"{name}:kernel", perm=[3, 2, 0, 1])
        strides = [int(step) for step in attr["strides"]["list"]["i"]][1:3]
        same = base64.b64decode(attr["padding"]["s"]) == b"SAME"
        made = self._emit(operation, [data, kernel], f"{name}:made", strides=strides,
                          auto_pad="SAME_UPPER" if same else "VALID")  # fmt: skip
        self._emit("Transpose", [made], name, perm=[0, 2, 3, 1])

    def _axes(self, source: str) -> list[int]:
        return [int(axis) for axis in np.ravel(self._constants[source])]
