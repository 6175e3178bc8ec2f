"""A real file system of a few kilobytes, which tests fill up or make read-only."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest


@dataclass
class SmallDisk:
    """A disk in memory. It is mounted in a namespace of its own, whose files others reach through /proc."""

    path: Path
    shell: "subprocess.Popen[str]"
    mount_point: Path

    def fill(self) -> None:
        """Take all of the free space."""
        with (self.path / "filler").open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        # The rest of the last page.
        assert os.statvfs(self.path).f_bavail == 0

    def make_room(self) -> None:
        (self.path / "filler").unlink()

    def set_read_only(self, read_only: bool) -> None:
        self.run(f"mount -o remount,{'ro' if read_only else 'rw'} {self.mount_point}")

    def run(self, command: str) -> None:
        """Run the command in the namespace."""
        stdin, stdout = _get_pipes(self.shell)
        stdin.write(f"{command} >/dev/null 2>&1 && echo done || echo failed\n")
        stdin.flush()
        assert stdout.readline() == "done\n", command


def _get_pipes(shell: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    assert shell.stdin
    assert shell.stdout
    return shell.stdin, shell.stdout


@contextlib.contextmanager
def run_small_disk(mount_point: Path, *, kilobytes: int) -> Iterator[SmallDisk]:
    """Mount the disk while the block runs. Skip the test where this user can't mount one."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare isn't installed")
    mount_point.mkdir()
    command = [unshare, "--map-root-user", "--mount", "sh"]
    shell = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    disk = SmallDisk(Path(f"/proc/{shell.pid}/root{mount_point}"), shell, mount_point)
    try:
        try:
            disk.run(f"mount -t tmpfs -o size={kilobytes}k tmpfs {mount_point}")
        except (AssertionError, BrokenPipeError):
            pytest.skip("this user can't mount a file system")
        yield disk
    finally:
        shell.kill()
        shell.communicate()
