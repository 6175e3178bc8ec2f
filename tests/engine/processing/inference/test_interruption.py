"""Interruption of running networks by another thread."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.engine.processing.endless_networks import write_endless_loop
from vanceweb.engine.processing.cutout.matting import U2NET
from vanceweb.engine.processing.enlarge.networks import SPAN
from vanceweb.engine.processing.faces.detection import BLAZEFACE, INPUT_SIDE
from vanceweb.engine.processing.inference.interruption import Interruption
from vanceweb.engine.processing.inference.registry import NetworkRegistry

TIMEOUT = 120  # seconds; generous, because other work may be using the processors


class Stop(Exception):
    pass


def run_in_thread(work: Callable[[], object], found: list[Exception]) -> threading.Thread:
    """Start the work and put its exception into `found`."""

    def run() -> None:
        try:
            work()
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("method", ["run", "run_all"])
def test_a_network_on_onnxruntime_ends_while_it_is_running(tmp_path: Path, method: str) -> None:
    write_endless_loop(tmp_path / U2NET.files[0])
    interruption = Interruption()
    session = NetworkRegistry(tmp_path).make_interruptible(interruption).load_onnx(U2NET)
    found: list[Exception] = []
    batch = np.zeros((1, 3, 320, 320), dtype=np.float32)
    thread = run_in_thread(lambda: getattr(session, method)(batch), found)
    thread.join(0.5)
    assert thread.is_alive()
    stop = Stop()
    interruption.request(stop)
    thread.join(TIMEOUT)
    assert found == [stop]


def test_a_network_on_ncnn_ends_after_its_layer(networks: NetworkRegistry) -> None:
    interruption, told = Interruption(), []

    def stop_in_the_middle(fraction: float) -> None:
        told.append(fraction)
        if fraction > 0.5:
            interruption.request(Stop())

    with pytest.raises(Stop):
        networks.make_interruptible(interruption).load_ncnn(SPAN[2]).run(
            np.zeros((3, 48, 48), dtype=np.float32), stop_in_the_middle
        )
    assert told[-2] <= 0.5 < told[-1] < 1


def test_an_exception_of_the_report_ends_a_network_on_ncnn_and_the_next_run_is_whole(networks: NetworkRegistry) -> None:
    session = networks.load_ncnn(SPAN[2])
    planes = np.random.default_rng(1).random((3, 48, 48), dtype=np.float32)
    whole = session.run(planes)

    def stop(fraction: float) -> None:
        raise Stop

    with pytest.raises(Stop):
        session.run(planes, stop)
    assert (session.run(planes) == whole).all()


def test_no_network_starts_after_the_request(networks: NetworkRegistry) -> None:
    interruption = Interruption()
    interruption.request(Stop())
    bound = networks.make_interruptible(interruption)
    with pytest.raises(Stop):
        bound.load_onnx(U2NET).run(np.zeros((1, 3, 320, 320), dtype=np.float32))
    with pytest.raises(Stop):
        bound.load_ncnn(SPAN[2]).run(np.zeros((3, 48, 48), dtype=np.float32))
    with pytest.raises(Stop):
        bound.load_tflite(BLAZEFACE.files[0]).run(np.zeros((1, 3, INPUT_SIDE, INPUT_SIDE), dtype=np.float32))


def test_an_interruption_ends_its_own_run_only(networks: NetworkRegistry) -> None:
    interruption = Interruption()
    stopped = networks.make_interruptible(interruption).load_ncnn(SPAN[2])
    interruption.request(Stop())
    planes = np.zeros((3, 48, 48), dtype=np.float32)
    assert networks.load_ncnn(SPAN[2]).run(planes).shape == (3, 32, 32)
    assert networks.make_interruptible(Interruption()).load_ncnn(SPAN[2]).run(planes).shape == (3, 32, 32)
    with pytest.raises(Stop):
        stopped.run(planes)


def test_the_first_request_counts() -> None:
    interruption, first = Interruption(), Stop()
    interruption.check()
    interruption.request(first)
    interruption.request(Stop())
    with pytest.raises(Stop) as stop:
        interruption.check()
    assert stop.value is first


def test_other_errors_of_a_network_are_its_own(tmp_path: Path) -> None:
    write_endless_loop(tmp_path / U2NET.files[0])
    session = NetworkRegistry(tmp_path).make_interruptible(Interruption()).load_onnx(U2NET)
    with pytest.raises(Exception, match="Got invalid dimensions"):
        session.run(np.zeros((1, 3, 64, 64), dtype=np.float32))
