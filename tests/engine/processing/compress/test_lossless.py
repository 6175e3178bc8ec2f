"""Programs that code a file again in a process of their own."""

import pytest

from vanceweb.engine.processing.compress.lossless import POLL_SECONDS, run_program
from vanceweb.engine.processing.image.progress import ignore_progress

LARGE = bytes(1_000_000)  # more than a pipe holds


def test_a_program_that_starts_slowly_still_gets_the_whole_file() -> None:
    """A first poll that ends before the program reads must not lose the rest of a file that no pipe can hold."""
    slow = f"import sys, time; time.sleep({3 * POLL_SECONDS}); sys.stdout.buffer.write(sys.stdin.buffer.read())"
    assert run_program(slow, (), LARGE, ignore_progress) == LARGE


@pytest.mark.parametrize("program", ["raise SystemExit(1)", "import os; os.abort()", "pass"])
def test_a_program_that_fails_gives_nothing(program: str) -> None:
    assert run_program(program, (), LARGE, ignore_progress) is None
