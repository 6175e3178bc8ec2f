"""Missing services: the tests that need one are skipped by name, or fail where services are required."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

NEEDS_POSTGRESQL = "tests/ops/test_database_copies.py::test_a_newer_database_on_postgresql_is_refused"
# Nothing listens on this port, and binding it takes privileges.
NOWHERE = "postgres://postgres@127.0.0.1:1"


@pytest.mark.parametrize(
    ("required", "code", "outcome"),
    [("", pytest.ExitCode.OK, "SKIPPED"), ("1", pytest.ExitCode.TESTS_FAILED, "FAILED")],
)
def test_a_test_without_its_service_is_skipped_by_name_or_fails(required: str, code: int, outcome: str) -> None:
    # The other run has its own data folder and database.
    own = {name: value for name, value in os.environ.items() if name not in ("DATA_DIR", "DATABASE_URL")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n0", NEEDS_POSTGRESQL],
        env=own | {"TEST_POSTGRES_URL": NOWHERE, "REQUIRE_SERVICES": required},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == code, run.stdout + run.stderr
    assert f"{outcome} {NEEDS_POSTGRESQL}" in run.stdout
    assert "no PostgreSQL at TEST_POSTGRES_URL" in run.stdout
