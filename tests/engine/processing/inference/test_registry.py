"""Which networks are chosen, loaded and kept: tiny ones of the real interfaces lie in a models directory."""

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
from vanceweb.engine.processing.inference import registry as loading
from vanceweb.engine.processing.inference.backends import Backend
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import LARGE_NETWORK_SIZE, NetworkRegistry
from vanceweb.engine.processing.pipeline import process_file

PREFERRED, LAST = ISNET, U2NET


def put(folder: Path, backend: Backend[Any], **made: object) -> Path:
    """A tiny network of the backend's interface, where its file belongs."""
    assert backend.interface
    return write_tiny_network(folder / backend.files[0], backend.interface, **made)  # type: ignore[arg-type]


def cut_out(networks: NetworkRegistry, folder: Path) -> str:
    """The backend that made a cut-out just now."""
    source = save_picture(make_halves(), folder / "p.png")
    return process_file(
        source, folder / "r", [Step("matting")], Output(), networks=networks, report=lambda fraction: None
    ).backend


def test_the_preferred_of_two_is_used(tmp_path: Path) -> None:
    put(tmp_path, LAST)
    put(tmp_path, PREFERRED)
    assert NetworkRegistry(tmp_path).choose(SUBJECT) == PREFERRED


def test_without_any_file_the_remedy_is_named(tmp_path: Path) -> None:
    networks = NetworkRegistry(tmp_path)
    with pytest.raises(WeightsMissing, match=r"u2net/u2net\.onnx are not installed; run: manage\.py install_models"):
        networks.choose(SUBJECT)
    assert networks.get_usability(LAST).usable is False


def spoilt(folder: Path) -> None:
    (folder / PREFERRED.files[0]).write_bytes(b"not a network" * 100)


def cut_short(folder: Path) -> None:
    path = put(folder, PREFERRED, ballast=5000)
    path.write_bytes(path.read_bytes()[:-2000])


def of_another_size(folder: Path) -> None:
    square = (1, 3, 512, 512)
    write_tiny_network(folder / PREFERRED.files[0], Interface((square,), ((1, 1, 512, 512),)))


def of_whole_numbers(folder: Path) -> None:
    put(folder, PREFERRED, element="uint8")


def a_folder(folder: Path) -> None:
    (folder / PREFERRED.files[0]).mkdir()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (spoilt, "it is damaged or not an ONNX file"),
        (cut_short, "it is damaged or not an ONNX file"),
        (of_another_size, "input in0 has the shape 1 x 3 x 512 x 512; expected: 1 x 3 x 1024 x 1024"),
        (of_whole_numbers, "input in0 is of type tensor(uint8); expected: floating point numbers"),
        (a_folder, "it is damaged or not an ONNX file"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_explained_and_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: object, reason: str
) -> None:
    put(tmp_path, LAST)
    (tmp_path / PREFERRED.files[0]).parent.mkdir()
    spoil(tmp_path)  # type: ignore[operator]
    networks = NetworkRegistry(tmp_path)
    state = networks.get_usability(PREFERRED)
    assert (state.usable, state.reason) == (False, f"isnet/isnet.onnx cannot be used: {reason}.")
    assert cut_out(networks, tmp_path) == U2NET.name
    assert cut_out(networks, tmp_path) == U2NET.name
    assert [record.getMessage() for record in caplog.records] == [state.reason]


def test_a_single_number_more_is_no_fault(tmp_path: Path) -> None:
    put(tmp_path, PREFERRED, numbers=["double"])
    assert cut_out(NetworkRegistry(tmp_path), tmp_path) == ISNET.name


def test_a_file_dropped_in_is_used_by_the_next_picture(tmp_path: Path) -> None:
    put(tmp_path, LAST)
    networks = NetworkRegistry(tmp_path)
    assert cut_out(networks, tmp_path) == U2NET.name
    path = put(tmp_path, PREFERRED)
    assert cut_out(networks, tmp_path) == ISNET.name
    path.unlink()
    assert cut_out(networks, tmp_path) == U2NET.name


def test_a_file_put_right_is_used_and_a_replaced_one_loaded_again(tmp_path: Path) -> None:
    put(tmp_path, LAST)
    path = put(tmp_path, PREFERRED, element="uint8")
    networks = NetworkRegistry(tmp_path)
    assert networks.choose(SUBJECT) == LAST
    put(tmp_path, PREFERRED)
    os.utime(path, ns=(1, 1))
    assert networks.choose(SUBJECT) == PREFERRED
    given = np.ones((1, 3, 1024, 1024), dtype=np.float32)
    assert networks.load_onnx(PREFERRED).run(given).max() == 1
    put(tmp_path, PREFERRED, gain=5)
    os.utime(path, ns=(2, 2))
    assert networks.load_onnx(PREFERRED).run(given).max() == 5


def test_a_network_is_loaded_once(tmp_path: Path) -> None:
    put(tmp_path, LAST)
    networks = NetworkRegistry(tmp_path)
    assert networks.choose(SUBJECT) == LAST
    assert networks.load_onnx(LAST) is networks.load_onnx(LAST)


@pytest.mark.parametrize("at_once", [1, 2])
def test_large_networks_are_kept_loaded_only_so_many_at_a_time(tmp_path: Path, at_once: int) -> None:
    for backend in (PREFERRED, LAST):
        put(tmp_path, backend, ballast=LARGE_NETWORK_SIZE)
    networks = NetworkRegistry(tmp_path, large_at_once=at_once)
    first, second = networks.load_onnx(PREFERRED), networks.load_onnx(LAST)
    assert networks.load_onnx(LAST) is second
    assert (networks.load_onnx(PREFERRED) is first) == (at_once == 2)


def test_small_networks_stay_beside_a_large_one(tmp_path: Path) -> None:
    put(tmp_path, PREFERRED, ballast=LARGE_NETWORK_SIZE)
    put(tmp_path, LAST)
    networks = NetworkRegistry(tmp_path)
    small, large = networks.load_onnx(LAST), networks.load_onnx(PREFERRED)
    assert networks.load_onnx(LAST) is small
    assert networks.load_onnx(PREFERRED) is large


def test_networks_that_the_repository_holds_are_found_without_installing(tmp_path: Path) -> None:
    held = [path for path in loading.SHIPPED_FOLDER.rglob("*") if path.is_file()]
    networks = NetworkRegistry(tmp_path)
    for path in held:
        assert networks.find(str(path.relative_to(loading.SHIPPED_FOLDER))) == path
    assert networks.find("there/is.none") is None


def test_a_file_in_the_models_directory_goes_before_the_repository_s(tmp_path: Path) -> None:
    for path in (path for path in loading.SHIPPED_FOLDER.rglob("*") if path.is_file()):
        name = path.relative_to(loading.SHIPPED_FOLDER)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
        assert NetworkRegistry(tmp_path).find(str(name)) == tmp_path / name
