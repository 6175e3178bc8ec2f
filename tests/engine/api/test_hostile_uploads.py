"""`/upload` with pictures that are built to hold up the process: it decodes none, and asks the decoder for few."""

import io
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from pytest_django import Settings

from tests.engine.conftest import Caller, picture
from tests.lib.hostile_pictures import build_jpeg_of_many_scans, build_png, deflate_zeros
from tests.pixel_decoding import record_decoding
from vanceweb.engine.models import Upload


@pytest.fixture
def deaf_decoder(settings: Settings, tmp_path: Path) -> Iterator[socket.socket]:
    """A decoder's socket on which nobody answers, so that each request stays in its queue."""
    settings.DECODER_SOCKET, settings.DECODER_QUEUE_SECONDS = tmp_path / "deaf", 0.2
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "deaf"))
        listener.listen()
        listener.setblocking(False)
        yield listener


def count_requests(listener: socket.socket) -> int:
    count = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_hundreds_of_scans_are_refused_without_a_decoder(alice: Caller, deaf_decoder: socket.socket) -> None:
    answer = alice.upload(build_jpeg_of_many_scans(400), "photo.jpg")
    assert (answer["code"], answer["msg"]) == (10012, "The JPG has more than 64 scans.")
    assert count_requests(deaf_decoder) == 0


def test_millions_of_rows_are_refused_without_a_decoder(alice: Caller, deaf_decoder: socket.socket) -> None:
    answer = alice.upload(build_png(1, 33_999_999, rows=deflate_zeros(68_000_000)))
    assert answer["code"] == 10012
    assert answer["msg"] == "The picture has 1 x 33999999 px; the limit of each side is 65500 px."
    assert count_requests(deaf_decoder) == 0


def test_a_busy_decoder_is_an_error_after_which_clients_try_again(alice: Caller, deaf_decoder: socket.socket) -> None:
    answer = alice.upload(picture())
    assert answer["code"] == 10010
    assert "Try again" in answer["msg"]
    assert (count_requests(deaf_decoder), Upload.objects.count()) == (1, 0)


def test_a_picture_that_decodes_too_slowly_exceeds_a_limit(alice: Caller, settings: Settings, tmp_path: Path) -> None:
    # A temporary decoder with a limit of its own.
    settings.DECODER_SOCKET, settings.DECODER_MEMORY_MB = tmp_path / "nobody", 128
    photo = io.BytesIO()
    Image.new("RGB", (6800, 5000)).save(photo, "PNG")
    answer = alice.upload(photo.getvalue())
    assert (answer["code"], answer["msg"]) == (10012, "The picture takes too much memory to decode.")


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_the_web_process_decodes_no_pixels(format: str, alice: Caller) -> None:
    content = picture(400, 300, format=format)
    with record_decoding() as decoded:
        assert alice.upload(content)["code"] == 200
        assert alice.upload(content[:-40])["code"] in (200, 10001)
        assert decoded == []
        # A contrast, which shows that decoding would be seen.
        with Image.open(io.BytesIO(content)) as image:
            image.load()
        assert decoded == [format]
