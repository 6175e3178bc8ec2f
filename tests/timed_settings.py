"""The settings of a site in a process of its own, for tests of its jobs and not of their pixels."""

from tests.loopback_only import install_guard
from vanceweb.settings import *  # noqa: F403

install_guard()

ENGINE_OPERATIONS = "tests.operations.TIMED_OPERATIONS"
