"""The settings of a worker whose every job hangs in a call that takes time instead of processors."""

from vanceweb.settings import *  # noqa: F403

ENGINE_OPERATIONS = "tests.operations.HANGING_OPERATIONS"
