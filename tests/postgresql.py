"""The PostgreSQL server for tests that need one besides the database of the test run."""

import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection

SERVER_URL = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432")


def build_new_database_url() -> str:
    """Return the URL of a database that doesn't exist yet. Skip or fail the test if no server answers."""
    server = urlsplit(SERVER_URL)
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex((server.hostname or "127.0.0.1", server.port or 5432)) != 0:
            report_missing_service("no PostgreSQL at TEST_POSTGRES_URL or 127.0.0.1:5432")
    return server._replace(path=f"/vanceweb_{uuid.uuid4().hex[:12]}").geturl()


def report_missing_service(reason: str) -> NoReturn:
    """Skip the test, or fail it under REQUIRE_SERVICES=1, as in CI."""
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def create_database() -> Iterator[str]:
    """Create an empty database, yield its URL and drop it afterwards. Skip or fail the test if no server answers."""
    url = build_new_database_url()
    name = urlsplit(url).path.removeprefix("/")
    with psycopg.connect(urlsplit(SERVER_URL)._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield url
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def run_on_postgresql(tests: str, *, passes: int) -> None:
    """Run the tests in a separate test run on a new PostgreSQL database, and check that as many pass.

    Skip or fail the calling test if no server answers. Skip it if it runs on PostgreSQL already.
    """
    if connection.vendor == "postgresql":
        pytest.skip("this whole test run is on PostgreSQL already")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n0", tests],
        env=os.environ | {"DATABASE_URL": build_new_database_url()},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{passes} passed" in run.stdout
