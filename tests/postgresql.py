"""The PostgreSQL server for tests that need one besides the database of the test run."""

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn
from urllib.parse import urlsplit

import dj_database_url
import psycopg
import pytest
from django.db import connections

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
def create_database(*, template: str = "") -> Iterator[str]:
    """Create a database, yield its URL and drop it afterwards. Skip or fail the test if no server answers.

    The database is empty, or a copy of the one at the URL `template`, to which nothing may be connected.
    """
    url = build_new_database_url()
    name = get_database_name(url)
    source = get_database_name(template) or "template1"
    with psycopg.connect(urlsplit(SERVER_URL)._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"'.encode())
        try:
            yield url
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def get_database_name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


@contextmanager
def use_database_in_all_threads(url: str) -> Iterator[None]:
    """Let this thread, and every thread that connects from now on, use another database as the default one."""
    configured, connected = connections.settings["default"], connections["default"]
    connections.settings["default"] = connections.configure_settings({"default": dj_database_url.parse(url)})["default"]
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"] = configured
        connections["default"] = connected
