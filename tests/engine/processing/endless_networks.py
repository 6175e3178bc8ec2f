"""ONNX networks that practically never end, with the interface of the network that finds the subject of a picture."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SHAPE, RESULT = [1, 3, 320, 320], [1, 1, 320, 320]
OPSET, IR = 17, 8  # readable by any current ONNX Runtime
ROUNDS = 10**15
ZOOM, WINDOW = 10, 1601  # the pooling compares 2.6 million px for each of 10 million


def write_endless_loop(path: Path) -> Path:
    """Write a network of countless short nodes: it ends when ONNX Runtime is told to."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["on"], ["on_still"]), helper.make_node("Neg", ["before"], ["after"])],
        "round",
        [
            helper.make_tensor_value_info("number", TensorProto.INT64, []),
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, RESULT),
        ],
        [
            helper.make_tensor_value_info("on_still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, RESULT),
        ],
    )
    constants = {"rounds": np.array(ROUNDS, dtype=np.int64), "go": np.array(True)}
    nodes = [
        helper.make_node("ReduceMean", ["in"], ["grey"], axes=[1], keepdims=1),
        helper.make_node("Loop", ["rounds", "go", "grey"], ["out"], body=body),
    ]
    return _write(path, nodes, constants)


def write_endless_node(path: Path) -> Path:
    """Write a network with one node that takes hours: nothing stops it but the end of its process."""
    constants = {
        "larger": np.array([1, 1, ZOOM, ZOOM], dtype=np.float32),
        "smaller": np.array([1, 1, 1 / ZOOM, 1 / ZOOM], dtype=np.float32),
    }
    nodes = [
        helper.make_node("ReduceMean", ["in"], ["grey"], axes=[1], keepdims=1),
        helper.make_node("Resize", ["grey", "", "larger"], ["large"], mode="nearest"),
        helper.make_node(
            "MaxPool", ["large"], ["pooled"], kernel_shape=[WINDOW] * 2, pads=[WINDOW // 2] * 4, strides=[1, 1]
        ),
        helper.make_node("Resize", ["pooled", "", "smaller"], ["out"], mode="nearest"),
    ]
    return _write(path, nodes, constants)


def _write(path: Path, nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray]) -> Path:
    graph = helper.make_graph(
        nodes,
        "endless",
        [helper.make_tensor_value_info("in", TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, RESULT)],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    return path
