"""Export of networks as ONNX with weights in half precision, and reading of their weights.

The weights are stored as float16 and cast to float32 by the graph; ONNX Runtime folds the casts when it loads the file.
The file is half as large, and the arithmetic stays in float32, which is faster on processors.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

OPSET = 17
SAMPLE_SIDE = 64  # px of the picture that the graph is traced with
HALF_SUFFIX = "_half"  # of the names of weights in half precision
STATISTICS_SUFFIXES = ("running_mean", "running_var")  # may exceed the range of half precision
MIN_HALVED_SIZE = 256  # values; smaller biases and scales stay in full precision


def export_onnx(
    network: nn.Module,
    path: Path,
    *,
    channels: int,
    outputs: tuple[str, ...] = ("result",),
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write the network: input `image` (1, channels, H, W), height and width free, weights in half precision.

    `metadata` is stored in the file. Weights keep their names and are not merged with their normalisation, so that a
    later run can start from them (`read_weights`); ONNX Runtime merges the two when it loads the file.
    """
    sample = torch.zeros(1, channels, SAMPLE_SIDE, SAMPLE_SIDE)
    free = {"image": {2: "height", 3: "width"}} | {name: {2: "out_height", 3: "out_width"} for name in outputs}
    network = network.to(memory_format=torch.contiguous_format).eval()
    torch.onnx.export(
        network,
        (sample,),
        str(path),
        input_names=["image"],
        output_names=list(outputs),
        dynamic_axes=free,
        opset_version=OPSET,
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
        dynamo=False,
    )
    model = onnx.load(str(path))
    halve_weights(model)
    helper.set_model_props(model, dict(metadata or {}))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def halve_weights(model: onnx.ModelProto) -> None:
    """Store each large float32 weight of the graph as float16, followed by a cast back. Changes the model in place."""
    kept: list[onnx.TensorProto] = []
    casts: list[onnx.NodeProto] = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        is_statistics = weight.name.endswith(STATISTICS_SUFFIXES)
        if weight.data_type != TensorProto.FLOAT or values.size < MIN_HALVED_SIZE or is_statistics:
            kept.append(weight)
            continue
        half = weight.name + HALF_SUFFIX
        kept.append(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [weight.name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)


def read_weights(path: Path, wanted: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the weights of an exported network by the names in `wanted`. Counters, which are not exported, are kept.

    Raises ValueError if the file contains another network.
    """
    graph = onnx.load(path).graph
    held = {weight.name.removesuffix(HALF_SUFFIX): numpy_helper.to_array(weight) for weight in graph.initializer}
    held |= {  # equal weights are stored once
        node.output[0]: held[node.input[0]]
        for node in graph.node
        if node.op_type == "Identity" and node.input[0] in held
    }
    first = next(iter(wanted))
    prefix = next((name.removesuffix(first) for name in held if name.endswith(first)), "")
    weights: dict[str, torch.Tensor] = {}
    for name, value in wanted.items():
        stored = held.get(prefix + name)
        if stored is None and not value.dtype.is_floating_point:
            weights[name] = value
        elif stored is None or stored.shape != tuple(value.shape):
            raise ValueError(f"{path.name} holds another network: {name} does not fit.")
        else:
            weights[name] = torch.from_numpy(stored.astype(np.float32))
    return weights
