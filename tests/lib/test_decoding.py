"""Decoding in limited processes: hostile pictures, dying processes and garbage harm nobody else."""

import io
import os
import signal
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.conftest import make_picture_file
from tests.decoder_process import run_decoder, wait_for_decoder
from tests.lib.hostile_pictures import build_jpeg_of_many_scans, encode
from tests.ops.test_supervisor import WatchedSupervisor, wait_until
from vanceweb.lib.decoder import rendering
from vanceweb.lib.decoder.addresses import connect
from vanceweb.lib.decoder.protocol import receive_answer, receive_start, send_request
from vanceweb.lib.decoding import CHECKOUT, DecoderUnavailable, DecodingInterrupted, check_pixels, render_thumbnails
from vanceweb.lib.images import ImageTooCostly, NotAnImage
from vanceweb.ops.processes import build_decoder
from vanceweb.ops.supervisor import ProcessCommand

FORMATS = ("JPEG", "PNG")
SIDES = {"tile": 36, "preview": 160}
PHOTOS = Path(__file__).parents[1] / "photos"
REQUEST = {"action": "check", "options": {"formats": FORMATS}}


@pytest.fixture(autouse=True)
def own_socket(settings: Any, tmp_path: Path) -> Path:
    """A socket of the test's own, on which nothing listens yet."""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    settings.DECODER_SOCKET = tmp_path / "decoder" / "socket"
    # However busy the machine is, the limit of processor time comes first.
    settings.DECODER_WALL_FACTOR = 500
    return tmp_path / "decoder" / "socket"


@pytest.fixture(scope="module")
def slow_picture() -> bytes:
    """A picture that takes a decoder minutes of processor time."""
    return build_jpeg_of_many_scans(2000)


# Far more than a child needs before it decodes, and far less than the slow picture takes.
BUSY_TICKS = 15


def check(content: bytes) -> dict[str, Any]:
    return check_pixels(io.BytesIO(content), formats=FORMATS)


def check_small() -> None:
    assert check(make_picture_file(30, 20).getvalue())["width"] == 30


def find_children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def read_processor_ticks(pid: int) -> int:
    """Return the processor time that the process has used in its own code, in hundredths of a second."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])


def count_open_files(pid: int | str = "self") -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


@contextmanager
def run_in_thread(action: Callable[[], Any]) -> Iterator["Future[Any]"]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(action)


@contextmanager
def decode_in_child(decoder: int, content: bytes) -> Iterator[tuple["Future[Any]", int]]:
    """Check the picture in a thread; yield the result and the process id of the child that works on it."""
    with run_in_thread(lambda: check(content)) as result:
        wait_until(lambda: bool(find_children(decoder)), 60)
        (child,) = find_children(decoder)
        # A child that dies before it has accepted the request is replaced.
        wait_until(lambda: read_processor_ticks(child) >= BUSY_TICKS, 60)
        yield result, child


class TestAnswers:
    @pytest.mark.parametrize("is_running", [True, False], ids=["running", "temporary"])
    def test_facts_are_as_stored(self, is_running: bool) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        photo = make_picture_file(30, 20, format="JPEG", exif=exif).getvalue()
        expected = {"format": "JPEG", "mode": "RGB", "width": 30, "height": 20}
        if is_running:
            with run_decoder():
                assert check(photo) == expected
        else:
            assert check(photo) == expected

    @pytest.mark.parametrize("format", FORMATS)
    def test_a_truncated_picture_is_damaged(self, format: str) -> None:
        photo = encode(Image.effect_noise((200, 200), 80).convert("RGB"), format)
        with pytest.raises(NotAnImage, match=r"The image is damaged or incomplete\."):
            check(photo[:-500])

    def test_thumbnails_are_the_bytes_that_rendering_gives(self) -> None:
        with run_decoder():
            for path in sorted(PHOTOS.glob("*.[jp][pn]g")):
                with path.open("rb") as file:
                    rendered = render_thumbnails(file, sides=SIDES, formats=FORMATS, quality=82)
                    expected = rendering.render_thumbnails(
                        file, sides=SIDES, formats=FORMATS, quality=82, grant=lambda pixels: 2**40
                    )
                assert rendered == expected, path.name

    def test_the_file_can_be_read_on_and_what_was_just_written_is_decoded(self) -> None:
        content = encode(Image.effect_noise((300, 300), 80).convert("RGB"), "PNG")
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            file.read(5)
            assert check_pixels(file, formats=FORMATS)["width"] == 300  # type: ignore[arg-type]
            assert file.read() == content

    def test_the_picture_in_its_file_cant_be_changed_by_a_child(self) -> None:
        """The descriptor is passed as it is open: for writing, but a child can't make a file longer than nothing."""
        with run_decoder(), tempfile.TemporaryFile() as file:
            file.write(make_picture_file().getvalue())
            assert check_pixels(file, formats=FORMATS)["width"] == 24  # type: ignore[arg-type]
            assert os.fstat(file.fileno()).st_size == len(make_picture_file().getvalue())

    def test_the_socket_is_private_and_its_path_may_be_long(self, settings: Any, tmp_path: Path) -> None:
        settings.DECODER_SOCKET = tmp_path / ("a" * 120) / "decoder" / "socket"
        with run_decoder():
            check_small()
            assert stat.S_IMODE(settings.DECODER_SOCKET.stat().st_mode) == 0o600
            assert stat.S_IMODE(settings.DECODER_SOCKET.parent.stat().st_mode) == 0o700


class TestLimits:
    def test_processor_time_is_limited_and_others_are_served_meanwhile(
        self, settings: Any, slow_picture: bytes
    ) -> None:
        settings.DECODER_SECONDS = 1
        with run_decoder() as decoder, decode_in_child(decoder.pid, slow_picture) as (result, _child):
            check_small()
            with pytest.raises(ImageTooCostly, match="too long to decode"):
                result.result()
            check_small()
            assert decoder.poll() is None

    def test_memory_is_limited(self, settings: Any) -> None:
        settings.DECODER_MEMORY_MB = 128
        flat = Image.new("RGB", (6800, 5000))
        with run_decoder():
            for content in (encode(flat, "PNG"), encode(flat, "JPEG", progressive=True)):
                with pytest.raises(ImageTooCostly, match="too much memory"):
                    check(content)
                check_small()

    def test_a_temporary_decoder_has_the_same_limits(self, settings: Any, slow_picture: bytes) -> None:
        settings.DECODER_SECONDS = 1
        with pytest.raises(ImageTooCostly, match="too long to decode"):
            check(slow_picture)

    def test_pictures_that_come_at_once_wait_for_their_turn(self, settings: Any, tmp_path: Path) -> None:
        settings.DECODER_PROCESSES, settings.DECODER_QUEUE_SECONDS = 1, 120
        photo = (PHOTOS / "coffee.png").read_bytes()
        most = 0
        with run_decoder() as decoder, ThreadPoolExecutor(8) as pool:
            results = [pool.submit(check, photo) for _ in range(16)]
            while not all(result.done() for result in results):
                most = max(most, len(find_children(decoder.pid)))
                time.sleep(0.001)
            assert {result.result()["format"] for result in results} == {"PNG"}
        assert most == 1

    def test_a_busy_decoder_is_not_the_pictures_fault(self, settings: Any, slow_picture: bytes) -> None:
        settings.DECODER_PROCESSES, settings.DECODER_QUEUE_SECONDS = 1, 0.3
        with run_decoder() as decoder, decode_in_child(decoder.pid, slow_picture) as (result, child):
            with pytest.raises(DecoderUnavailable, match="Try again") as caught:
                check_small()
            assert not isinstance(caught.value, DecodingInterrupted)
            os.kill(child, signal.SIGKILL)
            with pytest.raises(DecodingInterrupted):
                result.result()

    def test_a_full_queue_is_not_the_pictures_fault(self, settings: Any, own_socket: Path) -> None:
        settings.DECODER_QUEUE_SECONDS = 0.3
        own_socket.parent.mkdir()
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.bind(str(own_socket))
            deaf.listen(0)
            waiting = []
            with suppress(BlockingIOError):
                while True:
                    waiting.append(connect(own_socket))
            with pytest.raises(DecoderUnavailable):
                check_small()
            for connection in waiting:
                connection.close()


class TestDeaths:
    @pytest.mark.parametrize(("number", "error"), [(signal.SIGKILL, DecodingInterrupted), (signal.SIGSEGV, NotAnImage)])
    def test_a_child_that_is_killed_or_crashes_ends_one_request(
        self, number: int, error: type[Exception], slow_picture: bytes
    ) -> None:
        with run_decoder() as decoder, decode_in_child(decoder.pid, slow_picture) as (result, child):
            os.kill(child, number)
            with pytest.raises(error):
                result.result()
            check_small()
            assert decoder.poll() is None

    def test_a_child_that_hangs_is_killed(self, settings: Any, slow_picture: bytes) -> None:
        settings.DECODER_SECONDS, settings.DECODER_WALL_FACTOR = 2, 1
        with run_decoder() as decoder, decode_in_child(decoder.pid, slow_picture) as (result, child):
            os.kill(child, signal.SIGSTOP)
            with pytest.raises(DecodingInterrupted):
                result.result()
            assert not find_children(decoder.pid)
            check_small()

    def test_a_killed_decoder_is_replaced_and_its_place_taken_meanwhile(self, own_socket: Path) -> None:
        with run_decoder() as decoder:
            decoder.kill()
            decoder.wait()
            check_small()
            with run_decoder() as another:
                check_small()
                assert another.poll() is None

    def test_the_supervisor_restarts_a_decoder_that_died(self, own_socket: Path) -> None:
        os.chdir(CHECKOUT)
        watched = WatchedSupervisor(ProcessCommand("decoder", build_decoder()))

        def kill_it_once() -> None:
            wait_for_decoder(own_socket)
            (first,) = watched.get_pids()
            os.kill(first, signal.SIGKILL)
            wait_until(lambda: watched.get_pids() not in ([], [first]), 60)
            wait_for_decoder(own_socket)
            check_small()

        watched.run(kill_it_once)
        assert "The decoder process was killed by SIGKILL; restarting it" in watched.output.getvalue()

    def test_a_stopped_decoder_kills_its_children(self, slow_picture: bytes) -> None:
        with run_decoder() as decoder, decode_in_child(decoder.pid, slow_picture) as (result, child):
            decoder.terminate()
            assert decoder.wait(60) == 0
            with pytest.raises(DecoderUnavailable):
                result.result()
            wait_until(lambda: not Path(f"/proc/{child}").exists() or "Z" in read_state(child), 60)

    def test_the_child_of_a_client_that_disappears_is_killed(
        self, own_socket: Path, tmp_path: Path, slow_picture: bytes
    ) -> None:
        picture = tmp_path / "slow.jpg"
        picture.write_bytes(slow_picture)
        with run_decoder() as decoder:
            with connect(own_socket) as connection, picture.open("rb") as file:
                send_request(connection, REQUEST, file.fileno())
                receive_start(connection, 60)
                assert find_children(decoder.pid)
            wait_until(lambda: not find_children(decoder.pid), 60)
            check_small()

    def test_a_temporary_decoder_ends_with_its_request(self) -> None:
        check_small()
        with pytest.raises(NotAnImage):
            check(encode(Image.effect_noise((90, 90), 80), "PNG")[:-500])
        lines = [Path(f"/proc/{child}/cmdline").read_bytes() for child in find_children(os.getpid())]
        # The decoder of all tests may be running.
        assert not [line for line in lines if b"--connection" in line]


class TestGarbage:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"GET / HTTP/1.1\r\n\r\n",
            b"\xff\xff\xff\xff" + b"x" * 100_000,
            b"\0\0\0\2[]",
            b"\0\0\0\2{}",
            b"\0\0\0\7not json",
            b'\0\0\0\x23{"action": "delete", "options": {}}',
        ],
    )
    @pytest.mark.parametrize("has_file", [True, False])
    def test_garbage_is_not_answered_and_others_are_served(
        self, own_socket: Path, content: bytes, has_file: bool
    ) -> None:
        with run_decoder() as decoder:
            opened = count_open_files(decoder.pid)
            with connect(own_socket) as connection, tempfile.TemporaryFile() as file:
                connection.settimeout(60)
                if has_file and content:
                    socket.send_fds(connection, [content[:1000]], [file.fileno()])
                elif content:
                    connection.sendall(content[:1000])
                connection.shutdown(socket.SHUT_WR)
                received = b""
                while block := read_block(connection):
                    received += block
                assert received == b"+"
            check_small()
            wait_until(lambda: count_open_files(decoder.pid) == opened, 60)

    @pytest.mark.parametrize("options", [{}, {"formats": 7}, {"formats": FORMATS, "unknown": 1}])
    def test_a_request_with_wrong_options_ends_without_a_verdict(self, own_socket: Path, options: Any) -> None:
        with run_decoder(), connect(own_socket) as connection, tempfile.TemporaryFile() as file:
            send_request(connection, {"action": "check", "options": options}, file.fileno())
            receive_start(connection, 60)
            with pytest.raises(Exception, match=r"not a message|Connection reset"):
                receive_answer(connection, 60)
            check_small()

    @pytest.mark.parametrize(
        "answer",
        [b"", b"+", b"-", b"+\0\0\0\5", b"+\0\0\0\2[]", b'+\0\0\0\x11{"outcome": "ok"}more', b"+" + b"\xff" * 999],
    )
    def test_a_garbled_answer_is_no_verdict_on_the_picture(
        self, settings: Any, own_socket: Path, answer: bytes
    ) -> None:
        settings.DECODER_QUEUE_SECONDS = 0.5
        own_socket.parent.mkdir()
        with socket.socket(socket.AF_UNIX) as garbler:
            garbler.bind(str(own_socket))
            garbler.listen()
            with run_in_thread(lambda: check(make_picture_file().getvalue())) as result:
                connection, _address = garbler.accept()
                connection.sendall(answer)
                connection.close()
                with pytest.raises(DecoderUnavailable):
                    result.result()


def read_block(connection: socket.socket) -> bytes:
    try:
        return connection.recv(4096)
    except ConnectionResetError:
        return b""


def read_state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def test_no_file_descriptors_are_left_open(settings: Any) -> None:
    settings.DECODER_MEMORY_MB = 128
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (90, 90, 3), np.uint8))
    damaged, huge = encode(noise, "PNG")[:9000], encode(Image.new("RGB", (6800, 5000)), "PNG", compress_level=1)
    with run_decoder() as decoder:
        check_small()
        before = count_open_files(), count_open_files(decoder.pid)
        for _ in range(10):
            check_small()
            with pytest.raises(NotAnImage):
                check(damaged)
            with pytest.raises(ImageTooCostly):
                render_thumbnails(io.BytesIO(huge), sides=SIDES, formats=FORMATS, quality=82)
        wait_until(lambda: (count_open_files(), count_open_files(decoder.pid)) == before, 60)


def test_threads_that_check_at_the_same_time_get_their_own_answers() -> None:
    sizes = [(20 + number, 10) for number in range(12)]
    start = threading.Barrier(4)

    def check_size(size: tuple[int, int]) -> tuple[int, int]:
        start.wait(60)
        facts = check(make_picture_file(*size).getvalue())
        return facts["width"], facts["height"]

    with run_decoder(), ThreadPoolExecutor(4) as pool:
        assert list(pool.map(check_size, sizes)) == sizes
