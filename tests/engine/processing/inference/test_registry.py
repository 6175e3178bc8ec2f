"""Choice, loading and unloading of networks, tested with tiny networks of the real interfaces."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.processing.picture_files import make_halves, save_picture
from tests.engine.processing.tiny_networks import write_tiny_network
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.engine.processing.cutout.matting import ISNET, SUBJECT, U2NET
from vanceweb.engine.processing.errors import WeightsMissing
from vanceweb.engine.processing.inference import registry
from vanceweb.engine.processing.inference.backends import Backend
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import LARGE_NETWORK_SIZE, NetworkRegistry
from vanceweb.engine.processing.pipeline import process_file

PREFERRED, LAST = ISNET, U2NET


def write_network(folder: Path, backend: Backend[Any], **made: object) -> Path:
    """Write a tiny network of the backend's interface to the place of its file."""
    assert backend.interface
    return write_tiny_network(folder / backend.files[0], backend.interface, **made)  # type: ignore[arg-type]


def get_cut_out_backend(networks: NetworkRegistry, folder: Path) -> str:
    """Cut out a picture and return the name of the backend that did it."""
    source = save_picture(make_halves(), folder / "p.png")
    return process_file(
        source, folder / "r", [Step("matting")], Output(), networks=networks, report=lambda fraction: None
    ).backend


def test_the_preferred_of_two_backends_is_used(tmp_path: Path) -> None:
    write_network(tmp_path, LAST)
    write_network(tmp_path, PREFERRED)
    assert NetworkRegistry(tmp_path).choose(SUBJECT) == PREFERRED


def test_without_any_file_the_remedy_is_named(tmp_path: Path) -> None:
    networks = NetworkRegistry(tmp_path)
    with pytest.raises(WeightsMissing, match=r"u2net/u2net\.onnx are not installed; run: manage\.py install_models"):
        networks.choose(SUBJECT)
    assert networks.get_usability(LAST).usable is False


def write_garbage(folder: Path) -> None:
    (folder / PREFERRED.files[0]).write_bytes(b"not a network" * 100)


def truncate_network(folder: Path) -> None:
    path = write_network(folder, PREFERRED, ballast=5000)
    path.write_bytes(path.read_bytes()[:-2000])


def write_network_of_another_size(folder: Path) -> None:
    square = (1, 3, 512, 512)
    write_tiny_network(folder / PREFERRED.files[0], Interface((square,), ((1, 1, 512, 512),)))


def write_integer_network(folder: Path) -> None:
    write_network(folder, PREFERRED, element="uint8")


def make_folder_instead(folder: Path) -> None:
    (folder / PREFERRED.files[0]).mkdir()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (write_garbage, "it is damaged or not an ONNX file"),
        (truncate_network, "it is damaged or not an ONNX file"),
        (write_network_of_another_size, "input in0 has the shape 1 x 3 x 512 x 512; expected: 1 x 3 x 1024 x 1024"),
        (write_integer_network, "input in0 is of type tensor(uint8); expected: floating point numbers"),
        (make_folder_instead, "it is damaged or not an ONNX file"),
    ],
)
def test_an_unusable_file_is_logged_with_the_reason_and_skipped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: object, reason: str
) -> None:
    write_network(tmp_path, LAST)
    (tmp_path / PREFERRED.files[0]).parent.mkdir()
    spoil(tmp_path)  # type: ignore[operator]
    networks = NetworkRegistry(tmp_path)
    state = networks.get_usability(PREFERRED)
    assert (state.usable, state.reason) == (False, f"isnet/isnet.onnx cannot be used: {reason}.")
    assert get_cut_out_backend(networks, tmp_path) == U2NET.name
    assert get_cut_out_backend(networks, tmp_path) == U2NET.name
    assert [record.getMessage() for record in caplog.records] == [state.reason]


def test_one_more_single_number_is_accepted(tmp_path: Path) -> None:
    write_network(tmp_path, PREFERRED, numbers=["double"])
    assert get_cut_out_backend(NetworkRegistry(tmp_path), tmp_path) == ISNET.name


def test_an_added_file_is_used_for_the_next_picture(tmp_path: Path) -> None:
    write_network(tmp_path, LAST)
    networks = NetworkRegistry(tmp_path)
    assert get_cut_out_backend(networks, tmp_path) == U2NET.name
    path = write_network(tmp_path, PREFERRED)
    assert get_cut_out_backend(networks, tmp_path) == ISNET.name
    path.unlink()
    assert get_cut_out_backend(networks, tmp_path) == U2NET.name


def test_a_corrected_file_is_used_and_a_replaced_one_reloaded(tmp_path: Path) -> None:
    write_network(tmp_path, LAST)
    path = write_network(tmp_path, PREFERRED, element="uint8")
    networks = NetworkRegistry(tmp_path)
    assert networks.choose(SUBJECT) == LAST
    write_network(tmp_path, PREFERRED)
    os.utime(path, ns=(1, 1))
    assert networks.choose(SUBJECT) == PREFERRED
    given = np.ones((1, 3, 1024, 1024), dtype=np.float32)
    assert networks.load_onnx(PREFERRED).run(given).max() == 1
    write_network(tmp_path, PREFERRED, gain=5)
    os.utime(path, ns=(2, 2))
    assert networks.load_onnx(PREFERRED).run(given).max() == 5


def test_a_network_is_loaded_once(tmp_path: Path) -> None:
    write_network(tmp_path, LAST)
    networks = NetworkRegistry(tmp_path)
    assert networks.choose(SUBJECT) == LAST
    assert networks.load_onnx(LAST) is networks.load_onnx(LAST)


@pytest.mark.parametrize("at_once", [1, 2])
def test_the_number_of_loaded_large_networks_is_limited(tmp_path: Path, at_once: int) -> None:
    for backend in (PREFERRED, LAST):
        write_network(tmp_path, backend, ballast=LARGE_NETWORK_SIZE)
    networks = NetworkRegistry(tmp_path, large_at_once=at_once)
    first, second = networks.load_onnx(PREFERRED), networks.load_onnx(LAST)
    assert networks.load_onnx(LAST) is second
    assert (networks.load_onnx(PREFERRED) is first) == (at_once == 2)


def test_small_networks_stay_beside_a_large_one(tmp_path: Path) -> None:
    write_network(tmp_path, PREFERRED, ballast=LARGE_NETWORK_SIZE)
    write_network(tmp_path, LAST)
    networks = NetworkRegistry(tmp_path)
    small, large = networks.load_onnx(LAST), networks.load_onnx(PREFERRED)
    assert networks.load_onnx(LAST) is small
    assert networks.load_onnx(PREFERRED) is large


def test_shipped_networks_are_found_without_installation(tmp_path: Path) -> None:
    shipped = [path for path in registry.SHIPPED_FOLDER.rglob("*") if path.is_file()]
    networks = NetworkRegistry(tmp_path)
    for path in shipped:
        assert networks.find(str(path.relative_to(registry.SHIPPED_FOLDER))) == path
    assert networks.find("there/is.none") is None


def test_a_file_in_the_models_directory_precedes_a_shipped_one(tmp_path: Path) -> None:
    for path in (path for path in registry.SHIPPED_FOLDER.rglob("*") if path.is_file()):
        name = path.relative_to(registry.SHIPPED_FOLDER)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
        assert NetworkRegistry(tmp_path).find(str(name)) == tmp_path / name
