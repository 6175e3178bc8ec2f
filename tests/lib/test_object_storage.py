"""Files in a bucket of a real S3 server."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from tests.live_site import CHECKOUT, build_environment
from tests.object_store import BUCKET, ObjectStore
from vanceweb.lib.byte_ranges import ByteRange
from vanceweb.lib.object_storage import MAX_MEMORY_BYTES, PART_BYTES, ObjectStorage
from vanceweb.lib.stored_files import open_stored


@pytest.fixture
def storage(every_storage: str) -> Storage:
    return storages["default"]


def test_a_saved_file_is_listed_read_and_deleted(storage: Storage) -> None:
    name = storage.save("a/b/one.png", ContentFile(b"content"))
    assert name == "a/b/one.png"
    assert storage.listdir("a") == (["b"], [])
    assert storage.listdir("a/b") == ([], ["one.png"])
    assert (storage.exists(name), storage.size(name)) == (True, 7)
    with storage.open(name) as file:
        assert (file.read(3), file.read(), file.seek(0), file.read(1)) == (b"con", b"tent", 0, b"c")
    storage.delete(name)
    assert not storage.exists(name)


def test_a_missing_file_is_missing_at_once(storage: Storage) -> None:
    for read in (storage.open, storage.size, lambda name: open_stored(storage, name)):
        with pytest.raises(FileNotFoundError, match="No such file or directory") as missing:
            read("a/none.png")
        assert missing.value.strerror == "No such file or directory"
    assert not storage.exists("a/none.png")
    storage.delete("a/none.png")


@pytest.mark.parametrize("part", [None, ByteRange(0, 0), ByteRange(2, 5), ByteRange(9, 9)])
def test_a_part_is_read_in_small_steps(storage: Storage, part: ByteRange | None) -> None:
    storage.save("ten", ContentFile(b"0123456789"))
    file = open_stored(storage, "ten", part)
    content = b"".join(iter(lambda: file.read(2), b""))
    file.close()
    assert content == b"0123456789"[slice(part.first, part.last + 1) if part else slice(None)]


def test_an_empty_folder_has_no_files(bucket: ObjectStore) -> None:
    assert storages["default"].listdir("blobs/none") == ([], [])


def test_a_name_outside_the_prefix_is_refused(bucket: ObjectStore) -> None:
    with pytest.raises(Exception, match=r"denied|traversal"):
        storages["default"].open("../engine/uploads/1")


def test_objects_are_private_and_keep_no_public_access(bucket: ObjectStore) -> None:
    storages["default"].save("one.png", ContentFile(b"x"))
    acl = bucket.client.get_object_acl(Bucket=BUCKET, Key=f"{bucket.prefix}/media/one.png")
    assert [grant["Grantee"]["Type"] for grant in acl["Grants"]] == ["CanonicalUser"]


def test_a_second_save_under_a_name_replaces_the_first(bucket: ObjectStore) -> None:
    storage = storages["default"]
    assert [storage.save("one", ContentFile(content)) for content in (b"1", b"22")] == ["one", "one"]
    assert (storage.open("one").read(), bucket.list_keys()) == (b"22", ["media/one"])


# Prints the growth of the process's memory, in MB, while a large object passes through it in each way.
PASS_LARGE_OBJECT = """
import sys
from pathlib import Path
import django

django.setup()
from django.core.files import File
from django.core.files.storage import storages
from vanceweb.lib.stored_files import SEND_BLOCK, open_stored

storage = storages["default"]


def read_mb(field):
    return int(Path("/proc/self/status").read_text().partition(field + ":")[2].split()[0]) // 1024


def measure(action):
    action("small")
    # Resets the peak, which a process otherwise takes over from the one that started it.
    Path("/proc/self/clear_refs").write_text("5")
    before = read_mb("VmRSS")
    action("large")
    print(read_mb("VmHWM") - before)


def hold(name):
    storage.open(name).read()


def stream(name):
    with open_stored(storage, name) as file:
        while file.read(SEND_BLOCK):
            pass


def open_it(name):
    with storage.open(name) as file:
        while file.read(SEND_BLOCK):
            pass


def save(name):
    with open(f"{sys.argv[1]}/{name}", "rb") as file:
        storage.save(f"copy-of-{name}", File(file))


for action in (stream, open_it, save, hold):
    measure(action)
"""
LARGE_MB, PART_MB = 96, PART_BYTES // 1024 // 1024


def test_a_large_picture_passes_in_parts_and_never_fills_the_memory(bucket: ObjectStore, tmp_path: Path) -> None:
    for name, size in (("small", 1), ("large", LARGE_MB)):
        (tmp_path / name).write_bytes(bytes(size * 1024 * 1024))
        bucket.put(f"media/{name}", bytes(size * 1024 * 1024))
    (tmp_path / "data" / "tmp").mkdir(parents=True)
    run = subprocess.run(
        [sys.executable, "-c", PASS_LARGE_OBJECT, str(tmp_path)],
        env=build_environment(tmp_path / "data", STORAGE_URL=bucket.url),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert run.returncode == 0, run.stderr
    streamed, opened, saved, held = map(int, run.stdout.split())
    # A contrast, which shows that the test can fail.
    assert held > LARGE_MB - PART_MB
    assert (streamed < 8, opened < 3 * PART_MB, saved < 4 * PART_MB) == (True, True, True), run.stdout
    head = bucket.client.head_object(Bucket=BUCKET, Key=f"{bucket.prefix}/media/copy-of-large")
    # The number after the hyphen counts the parts.
    assert head["ContentLength"] == LARGE_MB * 1024 * 1024
    assert head["ETag"].strip('"').partition("-")[2] == str(LARGE_MB // PART_MB)


def test_an_open_object_is_a_temporary_file_unless_it_is_small(bucket: ObjectStore, settings: Any) -> None:
    bucket.put("media/one", b"1")
    settings.FILE_UPLOAD_TEMP_DIR = "/nonexistent"
    with storages["default"].open("one") as file:
        assert file.read() == b"1"
    bucket.put("media/large", bytes(MAX_MEMORY_BYTES + 1))
    with pytest.raises(OSError, match="no temporary file can be written to /nonexistent") as refused:
        storages["default"].open("large")
    # The object isn't missing.
    assert not isinstance(refused.value, FileNotFoundError)


def test_a_part_is_fetched_as_a_range(bucket: ObjectStore) -> None:
    storage = storages["default"]
    assert isinstance(storage, ObjectStorage)
    storage.save("ten", ContentFile(b"0123456789"))
    sent: list[tuple[str, Any]] = []
    events = storage.connection.meta.client.meta.events
    events.register("before-send.s3", lambda request, **_: sent.append((request.method, request.headers.get("Range"))))
    assert open_stored(storage, "ten", ByteRange(2, 5)).read() == b"2345"
    assert sent == [("GET", b"bytes=2-5")]


def test_several_threads_use_a_storage_at_the_same_time(bucket: ObjectStore) -> None:
    storage = storages["default"]
    assert isinstance(storage, ObjectStorage)
    storage.save("one", ContentFile(b"1"))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _number: storage.open("one").read(), range(24))) == [b"1"] * 24


class TestFaults:
    """Each is an OSError that names the service's code and no secret."""

    def make_storage(self, store: ObjectStore, **changes: Any) -> ObjectStorage:
        options = store.build_storages()["default"]["OPTIONS"] | changes
        return ObjectStorage(**options)

    def test_a_service_that_doesnt_answer(self, bucket: ObjectStore) -> None:
        storage = self.make_storage(bucket, endpoint_url="http://127.0.0.1:1")
        for action in (
            storage.open,
            storage.exists,
            storage.size,
            storage.delete,
            storage.listdir,
            storage.open_stream,
        ):
            with pytest.raises(OSError, match="object storage failed with EndpointConnectionError"):
                action("one")
        with pytest.raises(OSError, match="object storage failed with"):
            storage.save("one", ContentFile(b"1"))

    def test_a_bucket_that_isnt_there(self, bucket: ObjectStore) -> None:
        with pytest.raises(OSError, match="object storage answered NoSuchBucket"):
            self.make_storage(bucket, bucket_name="nowhere").check_bucket()
        self.make_storage(bucket).check_bucket()
