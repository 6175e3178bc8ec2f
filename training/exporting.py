"""Networks written as ONNX with weights in half precision.

Weights are stored as float16 and cast to float32 by the graph; ONNX Runtime folds the casts when the file is loaded.
The file is half as large, the arithmetic stays float32, which processors are faster at.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

OPSET = 17
SAMPLE_SIDE = 64  # px of the picture the graph is traced with
HALVED = "_half"  # what is added to the name of a weight kept in half precision
MEASURED = ("running_mean", "running_var")  # may lie outside half precision's range
SMALLEST_HALVED = 256  # values; biases and scales smaller than this stay in full precision


def export_onnx(
    network: nn.Module,
    path: Path,
    *,
    channels: int,
    outputs: tuple[str, ...] = ("result",),
    facts: Mapping[str, str] | None = None,
) -> None:
    """Writes the network: input `image` (1, channels, H, W), height and width free, weights halved.

    `facts` are kept in the file as its metadata. Weights keep their names and stay apart from their normalisation, so
    that a later run can begin with them (`weights_of`); ONNX Runtime joins the two when the file is loaded.
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
    helper.set_model_props(model, dict(facts or {}))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def halve_weights(model: onnx.ModelProto) -> None:
    """Stores each large float32 weight of the graph as float16, followed by a cast back. Changes the model given."""
    kept: list[onnx.TensorProto] = []
    casts: list[onnx.NodeProto] = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        counted = weight.name.endswith(MEASURED)
        if weight.data_type != TensorProto.FLOAT or values.size < SMALLEST_HALVED or counted:
            kept.append(weight)
            continue
        half = weight.name + HALVED
        kept.append(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [weight.name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)


def weights_of(path: Path, wanted: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights of an exported network by the names of `wanted`; counters, which are not exported, stay as they are.

    Raises ValueError where the file holds another network.
    """
    graph = onnx.load(path).graph
    held = {weight.name.removesuffix(HALVED): numpy_helper.to_array(weight) for weight in graph.initializer}
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
