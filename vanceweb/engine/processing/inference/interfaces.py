"""What an ONNX network must look like from outside to do a piece of work, and whether a file does.

Weights that somebody brings carry any names; they are told by the number, order and shapes of inputs and outputs.
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
    """Shapes of the inputs and of the first outputs, in order; inputs beyond them must be single numbers.

    `probe`, where given, is what the inputs are tried with (zeros), and `gives` the shape that must come of it: for
    networks of free size the file alone doesn't tell their scale. A file of one fixed size is tried with that, and
    must give as many times as much. `or_else` is another interface that will do.
    """

    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    probe: tuple[tuple[int, ...], ...] = ()
    gives: tuple[int, ...] = ()
    or_else: "Interface | None" = None


def check_interface(session: onnxruntime.InferenceSession, interface: Interface) -> None:
    """Raise `UnusableWeights`, with what differs, unless the network has this interface or the one that will do."""
    try:
        _check_ports(session, interface)
    except UnusableWeights as error:
        if interface.or_else is None:
            raise
        try:
            check_interface(session, interface.or_else)
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
    for what, port, shape in ports:
        if port.type not in NUMBER_TYPES:
            raise UnusableWeights(f"{what} is of type {port.type}; expected: floating point numbers")
        if not _fits(port.shape, shape):
            raise UnusableWeights(f"{what} has the shape {_shown(port.shape)}; expected: {_shown(shape)}")
    if interface.probe:
        _probe(session, interface)


def run_session(
    session: onnxruntime.InferenceSession, arrays: Sequence[npt.NDArray[np.float32]], number: float = 1.0
) -> npt.NDArray[np.float32]:
    """The first output, as float32. Inputs beyond `arrays` are given `number`."""
    inputs = session.get_inputs()
    given = {port.name: array.astype(NUMBER_TYPES[port.type]) for port, array in zip(inputs, arrays, strict=False)}
    for port in inputs[len(arrays) :]:
        given[port.name] = np.full([1] * len(port.shape), number, dtype=NUMBER_TYPES[port.type])
    return np.asarray(session.run([session.get_outputs()[0].name], given)[0], dtype=np.float32)


def _probe(session: onnxruntime.InferenceSession, interface: Interface) -> None:
    tried = [
        tuple(own if isinstance(own, int) else side for own, side in zip(port.shape, shape, strict=True))
        for port, shape in zip(session.get_inputs(), interface.probe, strict=False)
    ]
    gives = tuple(
        size * own // side for size, own, side in zip(interface.gives, tried[0], interface.probe[0], strict=True)
    )
    try:
        result = run_session(session, [np.zeros(shape, dtype=np.float32) for shape in tried])
    except Exception as error:  # onnxruntime's own classes have no public base
        raise UnusableWeights(f"it does not run on {_shown(tried[0])}: {error}") from error
    if result.shape != gives:
        raise UnusableWeights(f"it makes {_shown(result.shape)} of {_shown(tried[0])}; expected: {_shown(gives)}")


def _fits(found: Sequence[object], wanted: Shape) -> bool:
    """A size that the file leaves open fits; a single number may also come as a list of one."""
    if not wanted:
        return len(found) <= 1
    return len(found) == len(wanted) and all(
        not isinstance(one, int) or other is None or one == other for one, other in zip(found, wanted, strict=True)
    )


def _shown(shape: Sequence[object]) -> str:
    return " x ".join(str(size) if isinstance(size, int) else "any" for size in shape) or "one number"
