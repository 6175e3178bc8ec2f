"""The update of an installation of version 0.1: nothing is lost, and nothing is shown to anybody else."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.live_site import build_environment, build_manage_command
from tests.postgresql import create_database
from tests.upgrade.version_0_1 import (
    HOSTED_TOKEN,
    PASSWORD,
    VAULT_KEY,
    Rows,
    copy_to_postgresql,
    create_sqlite_database,
    read_old_rows,
    use_database,
)
from vanceweb import settings as product
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.ops.preparation import migrate_database
from vanceweb.ops.services import ensure_team_connections
from vanceweb.teams.access import Actor, filter_visible, find_home_actor
from vanceweb.teams.models import Role, Team, TeamOwned, User
from vanceweb.vault.models import Connection

pytestmark = pytest.mark.xdist_group("upgrade")


def compute_offset(zone: str) -> int:
    """Return the minutes that clocks in a zone, which never change, are ahead of UTC."""
    offset = datetime(2025, 1, 1, tzinfo=ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return offset // timedelta(minutes=1)


# Values of version 0.1 whose names are no longer attributes of their row.
SUCCESSORS: dict[str, Callable[[Any], Any]] = {
    "owner_id": attrgetter("created_by_id"),
    "params": lambda job: job.steps["steps"][0]["params"],
    "control_images": lambda job: [[guide["picture"], guide["kind"]] for guide in job.steps["steps"][0]["guides"]],
    "thumbnails_asked_at": attrgetter("blob.woken_at"),
    "thumbnail_attempts": attrgetter("blob.attempts"),
    "asked_at": attrgetter("woken_at"),
    "zone_shift_minutes": lambda connection: -compute_offset(connection.time_zone),
}
# An ended job is never due.
FORGOTTEN = {("jobs.job", "not_before", state) for state in ("done", "failed", "cancelled")}
# Rows that the update adds, besides Django's own: the team's connection to the bundled engine, with its credits.
ADDED = {"vault.connection": 1, "engine.account": 1, "engine.ledgerentry": 1}
TEAM_OWNED = ["vault.connection", "gallery.asset", "jobs.job", "usage.usagerecord"]


@dataclass
class Upgrade:
    """An updated installation, the rows it had before, and what the update printed."""

    url: str
    folder: Path
    before: Rows
    output: str


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def upgrade(request: Any, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Upgrade]:
    """Update an installation of version 0.1 as `make setup` does."""
    folder = tmp_path_factory.mktemp("installation")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        stack.enter_context(django_db_blocker.unblock())
        patch.setattr("django.conf.settings.VAULT_KEYS", [VAULT_KEY])
        url = filled = create_sqlite_database(folder / "vanceweb.sqlite3")
        if request.param == "postgresql":
            url = stack.enter_context(create_database())
            copy_to_postgresql(filled, url)
        with use_database(url):
            before = read_old_rows()
        run = run_prepare(folder, url)
        assert run.returncode == 0, run.stderr
        yield Upgrade(url, folder, before, run.stdout)


def run_prepare(folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        build_manage_command("prepare"),
        env=build_environment(folder, DATABASE_URL=url, VAULT_KEYS=VAULT_KEY, COLLECT_STATIC="false"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def installation(upgrade: Upgrade, settings: Any, django_db_blocker: Any) -> Iterator[Upgrade]:
    """The updated installation, with its database as the current one."""
    settings.VAULT_KEYS = [VAULT_KEY]
    with django_db_blocker.unblock(), use_database(upgrade.url):
        yield upgrade


def get_actor_of(username: str) -> Actor:
    actor = find_home_actor(User.objects.get(username=username))
    assert actor is not None
    return actor


def test_every_row_is_still_there_with_every_value(installation):
    assert [len(installation.before[label]) for label in TEAM_OWNED] == [3, 9, 8, 6]
    for label, rows in installation.before.items():
        after = apps.get_model(label)._base_manager.in_bulk()
        assert rows.keys() <= after.keys(), label
        for key, values in rows.items():
            for name, value in values.items():
                if (label, name, after[key].state if label == "jobs.job" else "") in FORGOTTEN:
                    continue
                read = attrgetter(name) if hasattr(after[key], name) else SUCCESSORS[name]
                assert read(after[key]) == value, f"{name} of {label} {key}"
        if label.split(".")[0] not in ("auth", "contenttypes"):
            assert len(after) - len(rows) == ADDED.get(label, 0), label


def test_results_have_the_feature_of_their_job(installation):
    jobs = Job.objects.exclude(result=None).select_related("result")
    assert {job.result.feature for job in jobs} == {job.feature for job in jobs}
    assert all(job.result.feature == job.feature == job.parsed_steps[-1].module for job in jobs)
    assert not Asset.objects.filter(job_of=None).exclude(feature="").exists()


def test_every_picture_has_a_blob_of_its_own(installation):
    for asset in Asset.objects.all():
        assert (asset.blob.assets.get(), asset.blob.references) == (asset, 1)


def test_results_say_what_they_come_from_if_it_is_still_there(installation):
    jobs = Job.objects.exclude(result=None).select_related("source", "result")
    roots = [follow_to_root(job) for job in jobs]
    assert [job.result.backend for job in jobs] == [job.backend for job in jobs]
    assert [job.result.root_uuid for job in jobs] == [job.root_uuid for job in jobs] == roots
    parents = [job.source.uuid if job.source else None for job in jobs]
    assert [job.result.parent_uuid for job in jobs] == [job.source_uuid for job in jobs] == parents
    assert None in roots
    assert any(root != parent for root, parent in zip(roots, parents, strict=True))


def follow_to_root(job: Job) -> UUID | None:
    """Return the id of the first picture of the job's chain, found through the jobs that made its sources."""
    if job.source is None:
        return None
    maker = Job.objects.filter(result=job.source).first()
    return (maker and follow_to_root(maker)) or job.source.uuid


def test_everybody_is_in_the_first_team(installation):
    alice, bob = get_actor_of("alice"), get_actor_of("bob")
    assert alice.team == bob.team == Team.objects.get()
    assert (alice.role, alice.user.is_administrator) == (Role.OWNER, True)
    assert (bob.role, bob.user.is_administrator) == (Role.MEMBER, False)


def test_passwords_are_still_valid(installation, settings):
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS
    assert all(user.check_password(PASSWORD) for user in User.objects.all())


@pytest.mark.parametrize("label", TEAM_OWNED)
def test_rows_belong_to_the_team_and_are_private_to_their_person(installation, label):
    rows: dict[int, TeamOwned] = apps.get_model(label)._base_manager.in_bulk()
    team = Team.objects.get()
    for key, old in installation.before[label].items():
        assert (rows[key].team_id, rows[key].private_to_id) == (team.pk, old["owner_id"])


@pytest.mark.parametrize("label", TEAM_OWNED)
@pytest.mark.parametrize("username", ["alice", "bob"])
def test_everybody_sees_their_own_rows_and_no_others(installation, label, username):
    actor = get_actor_of(username)
    old = {key for key, row in installation.before[label].items() if row["owner_id"] == actor.user.pk}
    visible = filter_visible(apps.get_model(label)._base_manager.all(), actor)
    assert old
    assert {row.pk for row in visible if row.is_private} == old
    assert [row for row in visible if not row.is_private] == list(
        Connection.objects.filter(private_to=None) if label == "vault.connection" else []
    )


PAGES = {
    "gallery": ("beach-denoise.jpg", "party-img2anime.png"),
    "jobs": ("beach-denoise.jpg", "party.png"),
    "usage-history": ("beach copy-matting.jpg", "gone-compress.png"),
    "connections": ("107b", "6789"),
}


@pytest.mark.parametrize("url_name", PAGES)
def test_pages_show_the_rows_to_their_person_only(installation, url_name):
    of_alice, of_bob = PAGES[url_name]
    # Charges of private connections stand apart; other pages have no such parameter.
    path = reverse(url_name, args=[Team.objects.get().slug], query={"scope": "private"})
    shown = {name: open_as(name, path) for name in ("alice", "bob")}
    assert of_alice in shown["alice"].text
    assert of_bob not in shown["alice"].text
    assert of_bob in shown["bob"].text
    assert of_alice not in shown["bob"].text


def test_a_job_opens_for_its_person_only(installation):
    for job in Job.objects.select_related("created_by"):
        statuses = {name: open_as(name, reverse("job", args=[job.uuid])).status_code for name in ("alice", "bob")}
        stranger = "bob" if job.created_by.username == "alice" else "alice"
        assert statuses == {job.created_by.username: 200, stranger: 404}


def open_as(username: str, path: str) -> Any:
    client = Client()
    client.force_login(User.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
    return client.get(path)


def test_tokens_can_be_decrypted(installation):
    assert Connection.objects.get(name="Agency plan").token.open() == HOSTED_TOKEN


def test_the_team_gets_one_shared_connection(installation):
    ensure_team_connections()
    shared = Connection.objects.get(private_to=None)
    assert (shared.service, shared.team) == (Connection.Service.BUNDLED, Team.objects.get())


def test_nothing_is_left_to_migrate(installation):
    lines: list[str] = []
    migrate_database(lines.append)
    assert lines == []
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_names_and_addresses_of_failed_log_ins_are_gone(installation):
    assert [name for name in connection.introspection.table_names() if name.startswith("axes")] == []


def test_everybody_keeps_their_username_and_is_asked_for_an_address(installation, settings):
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS
    assert not EmailAddress.objects.exists()
    answer = Client().post("/login/", {"login": "alice", "password": PASSWORD})
    assert answer["Location"].startswith("/account/email/?next=")


def test_sqlite_is_copied_before_the_update(upgrade, tmp_path):
    copies = [file.name for file in upgrade.folder.glob("*.before-*")]
    if not upgrade.url.startswith("sqlite"):
        assert copies == []
        return
    create_sqlite_database(tmp_path / "original.sqlite3")
    # The name says which update came next.
    assert [name.startswith("vanceweb.sqlite3.before-") for name in copies] == [True]
    copy = upgrade.folder / copies[0]
    assert f"Copied the database to {copy}." in upgrade.output.splitlines()
    with closing(sqlite3.connect(copy)) as kept, closing(sqlite3.connect(tmp_path / "original.sqlite3")) as original:
        assert list(kept.iterdump()) == list(original.iterdump())
    assert os.listdir(upgrade.folder).count(f"{copy.name}-wal") == 0
