import stat
import threading
from pathlib import Path

import pytest

from vanceweb.lib.key_files import (
    KeyFileMissing,
    generate_fernet_key,
    generate_key,
    read_on_first_use,
    read_or_create_key,
)


def test_a_key_is_generated_once_and_then_read(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret_key"
    first = read_or_create_key(path, generate_key)
    assert read_or_create_key(path, generate_key) == first
    assert len(first) >= 64


def test_only_the_owner_can_read_a_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "vault_keys"
    read_or_create_key(path, generate_fernet_key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_key_that_is_created_later_is_read_when_it_is_used(tmp_path: Path) -> None:
    path = tmp_path / "vault_keys"
    keys = read_on_first_use(path, str.split)
    with pytest.raises(KeyFileMissing, match=r"vault_keys is missing\. Run `manage\.py prepare` first"):
        len(keys)
    assert not path.exists()
    first = read_or_create_key(path, generate_fernet_key)
    assert [*keys] == [first]
    path.write_text("another")
    assert [*keys] == [first]


def test_concurrent_callers_get_one_key_and_leave_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    seen: set[str] = set()
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        seen.add(read_or_create_key(path, generate_key))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]
