"""The settings of a site in a process of its own, for tests of its jobs and not of their pixels."""

from vanceweb.settings import *  # noqa: F403

ENGINE_OPERATIONS = "tests.operations.TIMED_OPERATIONS"
