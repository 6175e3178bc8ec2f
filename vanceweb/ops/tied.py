"""A process that does not outlive its parent, however the parent ends.

Orphaned workers would go on taking jobs, and an orphaned web server would keep the port. Linux sends a signal of our
choice to a child when its parent dies (PR_SET_PDEATHSIG, prctl(2)); it survives exec but not fork, so each process
asks for it itself. As a program, `python tied.py PARENT COMMAND…` ties itself to the process PARENT and becomes
COMMAND.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


class ParentGone(Exception):
    """The parent ended before the tie was made."""


def tie_to_parent(parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Has the kernel send `number` to this process once its parent ends.

    `parent` is the process id the caller knows its parent by: it may have ended before we could ask. The tie is to the
    parent's thread that started us, so children must be started by a thread that stays. Where there is no prctl
    (another system than Linux), nothing happens. Raises ParentGone.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:
        raise ParentGone


def main(arguments: list[str]) -> None:
    """Ties this process to the parent given first and becomes the command given after it."""
    try:
        tie_to_parent(int(arguments[0]))
    except ParentGone:
        sys.exit(1)
    os.execvp(arguments[1], arguments[1:])  # noqa: S606 - a list of arguments, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
