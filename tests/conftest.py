"""Fixtures for all tests."""

import fcntl
import gc
import io
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import hypothesis
import pytest
from django.conf import settings
from django.contrib.contenttypes.management import create_contenttypes
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import post_migrate
from django.test import Client
from PIL import Image

from tests.decoder_process import run_decoder
from tests.loopback_only import install_guard
from tests.object_store import ObjectStore, run_object_store
from tests.postgresql import create_database, use_database_in_all_threads
from vanceweb.ops.services import create_person, open_team, set_up_installation
from vanceweb.teams.access import Actor, find_home_actor
from vanceweb.teams.models import Role, User
from vanceweb.teams.services import create_user
from vanceweb.vault.models import Connection

install_guard()

# Functions whose tests together take close to a second or more, besides those marked at their definition.
SLOW_TESTS = frozenset(Path(__file__).with_name("slow_tests.txt").read_text("utf-8").split())

# Every run uses the same examples, so that a failure in CI can be repeated locally.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.load_profile("steady")

PASSWORD = "correct horse battery"

# Modules and thousands of tests stay until the end. Looking through them again and again for garbage took a tenth of
# the processor time, so the collector starts behind them, and then waits for more objects than its 700.
GARBAGE_THRESHOLDS = (10_000, 10, 10)
gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    gc.enable()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep the tests on PostgreSQL in one process of a distributed run, which migrates a database for them."""
    if "postgresql" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.xdist_group("postgresql"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        # Without its values, and without the group that a distributed run appends.
        if item.nodeid.split("[")[0].split("@")[0] in SLOW_TESTS:
            item.add_marker(pytest.mark.slow)


def make_picture_file(
    width: int = 24, height: int = 16, *, format: str = "PNG", mode: str = "RGB", **options: Any
) -> io.BytesIO:
    """Return a small picture with a gradient, as a file."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert(mode).save(file, format, **options)
    file.seek(0)
    return file


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Forget the failed sign-ins of earlier tests."""
    cache.clear()


@pytest.fixture(scope="session")
def decoder() -> Iterator[None]:
    """A running decoder, so that not every picture of a test starts one."""
    with run_decoder():
        yield


@pytest.fixture
def studio_files(settings: Any, tmp_path: Path, decoder: None) -> Path:
    """The site's media folder; all storages and temporary files are in the test's own folder."""
    temporary, media = tmp_path / "tmp", tmp_path / "media"
    temporary.mkdir(exist_ok=True)
    storages = {
        "default": settings.STORAGES["default"] | {"OPTIONS": {"location": media}},
        "engine": settings.STORAGES["engine"] | {"OPTIONS": {"location": tmp_path / "engine"}},
    }
    settings.STORAGES = settings.STORAGES | storages
    settings.FILE_UPLOAD_TEMP_DIR = temporary
    # No heartbeat during a test: the connection of its thread can't see the test's transaction.
    settings.LEASE_SECONDS, settings.LEASE_HEARTBEAT_SECONDS, settings.LEASE_LOOK_SECONDS = 300, 200, 200
    return media


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    """A real S3 server."""
    with run_object_store() as store:
        yield store


@pytest.fixture
def bucket(object_store: ObjectStore, settings: Any, studio_files: Path) -> ObjectStore:
    """The bucket in which all storages are, each test under its own prefix."""
    store = replace(object_store, prefix=f"tests/{uuid4().hex}")
    settings.STORAGES = settings.STORAGES | store.build_storages()
    return store


@pytest.fixture(params=["folder", "bucket"])
def every_storage(request: pytest.FixtureRequest, studio_files: Path) -> str:
    """Run the test with all files in folders, then with all files in a bucket."""
    kind: str = request.param
    if kind == "bucket":
        request.getfixturevalue("bucket")
    return kind


@pytest.fixture(scope="session")
def migrated_copy(request: pytest.FixtureRequest) -> Path:
    """The path of a migrated SQLite database without rows, which the processes of a distributed run share."""
    run = getattr(request.config, "workerinput", {}).get("testrunuid", os.getpid())
    return Path(settings.DATA_DIR, f"migrated-{run}.sqlite3")


@pytest.fixture(scope="session")
def migration_lock(migrated_copy: Path) -> Iterator[IO[str]]:
    """The lock of the process that migrates, until it is closed. Once it has stored its copy, the others use that."""
    with migrated_copy.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


@pytest.fixture(scope="session")
def django_db_keepdb(
    django_db_modify_db_settings: None, migration_lock: IO[str], migrated_copy: Path, django_db_keepdb: bool
) -> bool:
    """Whether the test database exists, as a copy of the one that another process has migrated."""
    if not migrated_copy.exists():
        return django_db_keepdb
    shutil.copyfile(migrated_copy, connection.settings_dict["TEST"]["NAME"])
    return True


@pytest.fixture(scope="session")
def django_db_setup(
    migration_lock: IO[str], migrated_copy: Path, django_db_setup: None, django_db_blocker: Any
) -> Path | None:
    """The path of a copy of the new test database, for `migrated_database`."""
    # Otherwise emptying the database after a test with transactions creates the rows of Django's permissions again,
    # which nothing uses: fifteen times the work of the emptying itself.
    assert post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    assert post_migrate.disconnect(create_contenttypes)
    database = connection.settings_dict
    # Without a test that needs the test database, there is none.
    is_migrated = connection.vendor == "sqlite" and str(database["NAME"]) == str(database["TEST"]["NAME"])
    if is_migrated and not migrated_copy.exists():
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(migrated_copy)])
    migration_lock.close()
    return migrated_copy if is_migrated else None


@pytest.fixture(scope="session")
def migrated_database(django_db_setup: Path | None) -> Path | None:
    """A migrated SQLite database without rows, to copy: the migrations take most of the first start of a site.

    None if the test run is on PostgreSQL, or none of its tests needs the test database.
    """
    return django_db_setup


@pytest.fixture(scope="session")
def migrated_postgresql(django_db_blocker: Any) -> Iterator[str]:
    """The URL of a migrated database on the PostgreSQL server, to copy: migrations take seconds."""
    with django_db_blocker.unblock(), create_database() as url:
        with use_database_in_all_threads(url):
            call_command("migrate", verbosity=0)
        yield url


@pytest.fixture
def postgresql(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """A new database on the PostgreSQL server as the default one. Ask for it before rows are created.

    It skips the test where the whole run is on PostgreSQL.
    """
    if connection.vendor == "postgresql":
        pytest.skip("this whole test run is on PostgreSQL already")
    migrated = request.getfixturevalue("migrated_postgresql")
    with django_db_blocker.unblock(), create_database(template=migrated) as url, use_database_in_all_threads(url):
        yield


@pytest.fixture
def alice(db: None, studio_files: Path) -> User:
    """The administrator of the installation, who owns the team."""
    return set_up_installation(username="alice", password=PASSWORD, team_name="Studio")


@pytest.fixture
def visitor(alice: User, client: Client) -> Client:
    """The browser of Alice, who is signed in."""
    client.force_login(alice)
    return client


@pytest.fixture
def bob(alice: User) -> User:
    """A member of Alice's team."""
    return create_person(actor=as_actor(alice), username="bob", password=PASSWORD)


@pytest.fixture
def admin(alice: User) -> User:
    """An admin of Alice's team, who doesn't administer the installation."""
    return create_person(actor=as_actor(alice), username="admin", password=PASSWORD, role=Role.ADMIN)


@pytest.fixture
def viewer(alice: User) -> User:
    """A viewer of Alice's team, who sees its rows and changes nothing."""
    return create_person(actor=as_actor(alice), username="viewer", password=PASSWORD, role=Role.VIEWER)


@pytest.fixture
def charlie(db: None, studio_files: Path) -> User:
    """A stranger, who owns another team."""
    user = create_user(username="charlie", password=PASSWORD)
    open_team(name="Elsewhere", owner=user)
    return user


@pytest.fixture
def bundled(alice: User) -> Connection:
    """The team's connection to the engine that really runs, in this process.

    A test that calls it asks for `transactional_db`: a WSGI call closes connections that are inside a transaction.
    """
    return get_bundled(alice)


def as_actor(user: User) -> Actor:
    """Return the user as an actor in their first team."""
    actor = find_home_actor(user)
    assert actor is not None
    return actor


def get_bundled(user: User) -> Connection:
    """Return the shared connection to the bundled engine of the user's first team."""
    return Connection.objects.get(team=as_actor(user).team, service="bundled", private_to=None)
