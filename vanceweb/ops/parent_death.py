"""Processes that die with their parent, however the parent ends.

Orphaned workers would keep taking jobs, and an orphaned web server would keep the port. On Linux, a process can ask for
a signal when its parent dies (PR_SET_PDEATHSIG, prctl(2)). The request survives exec but not fork, so each process
makes its own. As a program, `python parent_death.py PARENT COMMAND…` makes the request for the parent process id PARENT
and then executes COMMAND.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


class ParentGone(Exception):
    """The parent ended before the request was made."""


def die_with_parent(parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel to send `number` to this process when its parent ends. Raise ParentGone when it already has.

    `parent` is the process id by which the caller knows its parent. The signal is bound to the parent's thread that
    started this process, so that thread must stay alive. Without prctl (on systems other than Linux), do nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:
        raise ParentGone


def main(arguments: list[str]) -> None:
    """Make this process die with the parent in the first argument, then execute the command in the others."""
    try:
        die_with_parent(int(arguments[0]))
    except ParentGone:
        sys.exit(1)
    os.execvp(arguments[1], arguments[1:])  # noqa: S606 - a list of arguments, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
