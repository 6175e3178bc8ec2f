"""The interface that an ONNX network must have for a piece of work, and its check.

Names in weights that somebody brings are arbitrary; only the number, order and shapes of inputs and outputs count.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnxruntime

from vanceweb.engine.processing.errors import UnusableWeights

Shape = tuple[int | None, ...]  # None: any size
NUMBER_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}


@dataclass(frozen=True)
class Interface:
    """Shapes of the inputs and of the first outputs, in order; further inputs must be single numbers.

    `probe`, if given, holds the shapes of a trial run on zeros, and `result` the shape of its first output: the
    scale of a network of free size isn't stored in its file. A network of fixed size is tried with that size and must
    have the same scale. `alternative` is another acceptable interface.
    """

    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    probe: tuple[tuple[int, ...], ...] = ()
    result: tuple[int, ...] = ()
    alternative: "Interface | None" = None


def check_interface(session: onnxruntime.InferenceSession, interface: Interface) -> None:
    """Raise `UnusableWeights`, with the difference, unless the network has this interface or its alternative."""
    try:
        _check_ports(session, interface)
    except UnusableWeights as error:
        if interface.alternative is None:
            raise
        try:
            check_interface(session, interface.alternative)
        except UnusableWeights:
            raise error from None


def _check_ports(session: onnxruntime.InferenceSession, interface: Interface) -> None:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) < len(interface.inputs) or len(outputs) < len(interface.outputs):
        raise UnusableWeights(
            f"it has {len(inputs)} inputs and {len(outputs)} outputs; expected: {len(interface.inputs)} and "
            f"{len(interface.outputs)}"
        )
    ports = [
        *((f"input {port.name}", port, shape) for port, shape in zip(inputs, interface.inputs, strict=False)),
        *((f"output {port.name}", port, shape) for port, shape in zip(outputs, interface.outputs, strict=False)),
        *((f"input {port.name}", port, ()) for port in inputs[len(interface.inputs) :]),
    ]
    for name, port, shape in ports:
        if port.type not in NUMBER_TYPES:
            raise UnusableWeights(f"{name} is of type {port.type}; expected: floating point numbers")
        if not _is_compatible(port.shape, shape):
            raise UnusableWeights(f"{name} has the shape {_format_shape(port.shape)}; expected: {_format_shape(shape)}")
    if interface.probe:
        _run_probe(session, interface)


def run_session(
    session: onnxruntime.InferenceSession,
    arrays: Sequence[npt.NDArray[np.float32]],
    number: float = 1.0,
    options: onnxruntime.RunOptions | None = None,
) -> npt.NDArray[np.float32]:
    """Run the network and return its first output as float32. Inputs beyond `arrays` are set to `number`."""
    inputs = session.get_inputs()
    given = {port.name: array.astype(NUMBER_TYPES[port.type]) for port, array in zip(inputs, arrays, strict=False)}
    for port in inputs[len(arrays) :]:
        given[port.name] = np.full([1] * len(port.shape), number, dtype=NUMBER_TYPES[port.type])
    return np.asarray(session.run([session.get_outputs()[0].name], given, options)[0], dtype=np.float32)


def _run_probe(session: onnxruntime.InferenceSession, interface: Interface) -> None:
    tried = [
        tuple(own if isinstance(own, int) else side for own, side in zip(port.shape, shape, strict=True))
        for port, shape in zip(session.get_inputs(), interface.probe, strict=False)
    ]
    expected = tuple(
        size * own // side for size, own, side in zip(interface.result, tried[0], interface.probe[0], strict=True)
    )
    try:
        result = run_session(session, [np.zeros(shape, dtype=np.float32) for shape in tried])
    except Exception as error:  # onnxruntime's own classes have no public base
        raise UnusableWeights(f"it does not run on {_format_shape(tried[0])}: {error}") from error
    if result.shape != expected:
        raise UnusableWeights(
            f"it returns {_format_shape(result.shape)} for {_format_shape(tried[0])}; "
            f"expected: {_format_shape(expected)}"
        )


def _is_compatible(found: Sequence[object], wanted: Shape) -> bool:
    """Return whether the shapes agree. Sizes that the file leaves open fit any; a number may also be a list of one."""
    if not wanted:
        return len(found) <= 1
    return len(found) == len(wanted) and all(
        not isinstance(one, int) or other is None or one == other for one, other in zip(found, wanted, strict=True)
    )


def _format_shape(shape: Sequence[object]) -> str:
    return " x ".join(str(size) if isinstance(size, int) else "any" for size in shape) or "one number"
