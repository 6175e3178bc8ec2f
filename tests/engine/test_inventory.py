"""The list of backends, for various contents of the models directory."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from tests.engine.processing.tiny_networks import write_tiny_network
from vanceweb.catalogue.features import ALL_FEATURES
from vanceweb.engine.inventory import BackendStatus, list_backends
from vanceweb.engine.processing.cutout.matting import ISNET, U2NET
from vanceweb.engine.processing.inference.backends import Backend
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.slots import BACKENDS


def install_tiny_network(folder: Path, backend: Backend[Any]) -> Path:
    assert backend.interface
    return write_tiny_network(folder / backend.files[0], backend.interface)


def find_row(networks: NetworkRegistry, backend: Backend[Any]) -> BackendStatus:
    return next(row for row in list_backends(networks) if row.backend == backend.name)


def test_every_backend_is_listed_once_in_the_catalogues_order(tmp_path: Path) -> None:
    rows = list_backends(NetworkRegistry(tmp_path))
    assert sorted(row.backend for row in rows) == sorted(backend.name for backend in BACKENDS)
    order = [feature.title for feature in ALL_FEATURES]
    places = [order.index(row.features[0]) for row in rows]
    assert places == sorted(places)


def test_the_states(tmp_path: Path) -> None:
    networks = NetworkRegistry(tmp_path)
    assert find_row(networks, U2NET).state == "not installed"
    install_tiny_network(tmp_path, U2NET)
    assert find_row(networks, U2NET).state == "in use"
    preferred = install_tiny_network(tmp_path, ISNET)
    assert (find_row(networks, ISNET).state, find_row(networks, U2NET).state) == ("in use", "ready")
    preferred.write_bytes(b"no network any more")
    spoilt = find_row(networks, ISNET)
    assert (spoilt.state, find_row(networks, U2NET).state) == ("unusable", "in use")
    assert spoilt.reason == "isnet/isnet.onnx cannot be used: it is damaged or not an ONNX file."


@pytest.fixture
def models_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.MODELS_DIR = tmp_path
    install_tiny_network(tmp_path, U2NET)
    (tmp_path / "isnet").mkdir()
    (tmp_path / ISNET.files[0]).write_bytes(b"not a network")
    return tmp_path


def run_models_command(*arguments: str) -> str:
    output = io.StringIO()
    call_command("models", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_prints_features_files_licences_and_states(models_dir: Path) -> None:
    lines = run_models_command().splitlines()
    assert str(models_dir) in lines[0]
    heading = lines.index("Remove background, Colourise with words: subject")
    isnet, reason, u2net = lines[heading + 1 : heading + 4]
    assert isnet.split() == ["unusable", "isnet", "(onnxruntime)", "isnet/isnet.onnx", "MIT"]
    assert reason.strip() == "isnet/isnet.onnx cannot be used: it is damaged or not an ONNX file."
    assert u2net.split() == ["in", "use", "u2net", "(onnxruntime)", "u2net/u2net.onnx", "Apache-2.0"]


def test_the_command_prints_json(models_dir: Path) -> None:
    rows = {row["backend"]: row for row in json.loads(run_models_command("--json"))}
    assert rows[U2NET.name]["state"] == "in use"
    assert rows[U2NET.name]["files"] == ["u2net/u2net.onnx"]
    assert rows[ISNET.name]["reason"].endswith("it is damaged or not an ONNX file.")
    assert set(rows) == {backend.name for backend in BACKENDS}
