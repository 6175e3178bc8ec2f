"""Marked secrets are planted and everything is exercised: they are then nowhere to be read.

Searched are the log, every answer, the database, the audit log, the errors kept and the files of the site. Only
ciphertext and hashes may be there. A new kind of secret is one line in `plant_all`.
"""

import logging
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone

from tests.client.hostile_service import TOKEN, WAYS, HostileService, run_hostile_service
from tests.conftest import PASSWORD, as_actor
from tests.factories import make_result
from tests.jobs.conftest import JobDriver
from tests.jobs.test_hosted_service import run_until_ended
from tests.test_url_access import SHOWN_ONCE, fill_addresses
from vanceweb.accounts.services import create_reset_link
from vanceweb.api.models import Webhook
from vanceweb.engine.accounts import create_account
from vanceweb.gallery.link_services import create_link
from vanceweb.lib.call_slots import get_call_slots
from vanceweb.lib.error_records import ErrorRecordHandler
from vanceweb.lib.log_records import PlainFormatter, build_logging
from vanceweb.teams.api_tokens import create_api_token
from vanceweb.teams.audit import COMMAND
from vanceweb.teams.invitations import create_invitation
from vanceweb.teams.models import Role, Scope, User
from vanceweb.teams.services import create_user
from vanceweb.usage.history_sync import sync_next_history
from vanceweb.usage.models import HistorySync
from vanceweb.vault.connection_check import check_next_connection
from vanceweb.vault.models import Connection

# No secret: it must be found where secrets are searched, or the search finds nothing at all.
NAME = "Planted plan of alice"
WEBHOOK_SECRET = "whsec_planted5f0a71d1"
APP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CLIENT_SECRET = "planted-client-secret-5f0a71d2"
# The ways of a service to give back the token that it was sent.
ECHOES = [way for way in WAYS if "token" in way]
# What people type into forms, by the name of the field.
TYPED = {
    "token": "typed-token-5f0a71c2",
    "password": "typed-password-5f0a71c3",
    "old_password": "typed-password-5f0a71c4",
    "password1": "typed-password-5f0a71c5",
    "password2": "typed-password-5f0a71c5",
    "new_password1": "typed-password-5f0a71c6",
    "new_password2": "typed-password-5f0a71c6",
    "code": "typed-code-5f0a71c7",
}
# What the forms need besides that show a new secret once.
FIELDS_OF_NEW = {"team": "studio", "scopes": "read", "days": "7", "url": "https://192.0.2.1/", "events": "job.done"}
OTHER_FIELDS = {"name": NAME, "username": "alice", "login": "alice", "email": "a@b.example", "role": "member"}


LINK_LISTS = (
    "get t/<slug:team>/links/ of the owner",
    "post links/<uuid:link>/revoke/ of the owner",  # which leads there
    "post links/<uuid:link>/edit/ of the owner",
)


@dataclass
class Scene:
    """An installation with planted secrets, and everything that was seen of it."""

    owner: User
    hostile: HostileService
    secrets: dict[str, str]
    addresses: dict[str, str]
    # The pages that only their secret opens, by what the secret is.
    own_pages: dict[str, str]
    seen: dict[str, str] = field(default_factory=dict)
    # The only place of each secret that was made and shown.
    shown_once: dict[str, str] = field(default_factory=dict)

    def keep(self, place: str, response: Any) -> None:
        """Keep an answer with its headers."""
        body = b"".join(response) if response.streaming else response.content
        self.seen[place] = self.seen.get(place, "") + f"{dict(response.headers)} {body.decode('utf-8', 'replace')}"


def plant_links(owner: User) -> dict[str, str]:
    """Return the paths of pages that only their secret opens."""
    actor = as_actor(owner)
    _invitation, secret = create_invitation(actor=actor, role=Role.VIEWER, days=1)
    pictures = [make_result(owner)]
    shared, locked = (
        urlsplit(create_link(actor=actor, pictures=pictures, password=password).address).path
        for password in ("", "planted-password-5f0a71c8")
    )
    mona = create_user(username="moritz", password=PASSWORD)
    TOTP.activate(mona, APP_SECRET)
    Webhook.objects.create(**actor.own().to_fields(), name=NAME, url="http://127.0.0.1:9/", secret=WEBHOOK_SECRET)
    return {
        "an invitation": f"/invitations/{secret}/",
        "a share link": shared,
        "a share link with a password": locked,
        "a link for a new password": urlsplit(create_reset_link(user=mona, by=COMMAND)).path,
    }


def plant_all(owner: User, links: dict[str, str]) -> dict[str, str]:
    """Return the planted secrets by what they are."""
    owner.set_password("planted-password-5f0a71c1")
    owner.save()
    token = create_api_token(
        user=owner,
        team=as_actor(owner).team,
        name="Planted",
        scopes=list(Scope),
        lifetime=timedelta(days=1),
        by=COMMAND,
    )
    return {
        "an API token": token.text,
        "a webhook's secret": WEBHOOK_SECRET,
        "the secret of an authenticator app": APP_SECRET,
        "the secret of a provider": CLIENT_SECRET,
        "a share link's password": "planted-password-5f0a71c8",
        **{name: path.rstrip("/").rpartition("/")[2] for name, path in links.items()},
        "a connection's token": TOKEN,
        "an engine token": create_account(name="Planted", credits=1),
        "a password": "planted-password-5f0a71c1",
        "the key of sessions": str(settings.SECRET_KEY),
        "the key of the vault": str(settings.VAULT_KEYS[0]),
        "the key of engine tokens": str(settings.ENGINE_TOKEN_KEY),
        **{f"what was typed as {name}": value for name, value in TYPED.items()},
    }


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """The files of a log in all detail, as the site writes it, and of the errors that it keeps."""
    log, errors = tmp_path / "site.log", tmp_path / "errors.jsonl"
    lines = logging.FileHandler(log)
    lines.setFormatter(PlainFormatter(build_logging(level="DEBUG", errors=errors)["formatters"]["plain"]["format"]))
    root, handlers = logging.getLogger(), [lines, ErrorRecordHandler(errors)]
    level = root.level
    root.setLevel(logging.DEBUG)
    for handler in handlers:
        root.addHandler(handler)
    yield log, errors
    root.setLevel(level)
    for handler in handlers:
        root.removeHandler(handler)
    lines.close()


@pytest.fixture
def scene(transactional_db: None, alice: User, settings: Any) -> Iterator[Scene]:
    settings.CLIENT_ATTEMPTS, settings.JOB_MAX_SETBACKS = 1, 1
    get_call_slots.cache_clear()
    with run_hostile_service() as hostile:
        links = plant_links(alice)
        # A provider that can't be reached, with its page.
        server = {"server_url": hostile.base_url, "email_domains": []}
        app = {"provider_id": "planted", "name": "Planted", "client_id": "site", "secret": CLIENT_SECRET}
        settings.OIDC_APPS = [app | {"settings": server}]
        addresses = fill_addresses(alice) | {"login/with/planted/": "/login/with/planted/"}
        yield Scene(alice, hostile, plant_all(alice, links), addresses, links)
    get_call_slots.cache_clear()


def open_session(user: User | None) -> str:
    """Return the key of a new session of the user; empty for nobody."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return str(client.session.session_key) if user is not None else ""


def find_new_secret(answer: Any) -> str:
    shown = re.search(r"<pre[^>]*>(?:<code[^>]*>)?\s*([^\s<]{20,})", answer.content.decode())
    assert shown, answer.content.decode()
    return shown[1]


def ask_everything(scene: Scene, user: User | None, who: str, *, fails: bool = False) -> None:
    """Send each request of the table of URLs, with all that people type. What they change is undone."""
    session = open_session(user)
    for route, address in scene.addresses.items():
        # A page that writes nothing doesn't notice that it can't.
        for method in ("post",) if fails else ("get", "post"):
            client = Client(raise_request_exception=False)
            client.cookies[settings.SESSION_COOKIE_NAME] = session
            with transaction.atomic(), ExitStack() as stack:
                if fails:
                    stack.enter_context(connection.execute_wrapper(refuse_writes))
                ask: Callable[..., Any] = getattr(client, method)
                is_new = (method, route) in SHOWN_ONCE
                typed = {**OTHER_FIELDS, **TYPED, **(FIELDS_OF_NEW if is_new else {})} if method == "post" else None
                answer = ask(address, typed, follow=not fails)
                scene.keep(place := f"{method} {route} of {who}", answer)
                if is_new and user == scene.owner and not fails:
                    scene.secrets[f"the new secret of {route}"] = find_new_secret(answer)
                    scene.shown_once[f"the new secret of {route}"] = place
                transaction.set_rollback(True)


def ask_own_pages(scene: Scene, user: User | None) -> None:
    """Open each page by its secret, and try it with a wrong password."""
    session = open_session(user)
    for name, address in scene.own_pages.items():
        for method in ("get", "post"):
            client = Client(raise_request_exception=False)
            client.cookies[settings.SESSION_COOKIE_NAME] = session
            with transaction.atomic():
                ask: Callable[..., Any] = getattr(client, method)
                scene.keep(f"the own page of {name}", ask(address, dict(TYPED) if method == "post" else None))
                transaction.set_rollback(True)


def call_api(scene: Scene) -> None:
    """Make calls of the site's API with the planted token, and a wrong one beside it."""
    token = scene.secrets["an API token"]
    for address in ("me", "features", "pictures", "jobs", "jobs/nothing", "nothing"):
        for method in ("get", "post"):
            ask: Callable[..., Any] = getattr(Client(raise_request_exception=False), method)
            for sent in (token, f"{token}x"):
                answer = ask(f"/api/v1/{address}", headers={"Authorization": f"Bearer {sent}"})
                scene.keep(f"the call {method} {address}", answer)


def refuse_writes(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Break the database for every write but that of a session."""
    if sql.startswith(("INSERT", "UPDATE", "DELETE")) and "django_session" not in sql:
        raise OperationalError("database is broken on purpose")
    return execute(sql, params, many, context)


def call_service_that_echoes(scene: Scene, driver: JobDriver) -> None:
    """Check the token, read the history and run a job, while the service gives the token back in all ways."""
    driver.connection = Connection.objects.create(
        **driver.actor.own().to_fields(), name=NAME, service=Connection.Service.OTHER, base_url=scene.hostile.base_url,
        token=TOKEN, check_state=Connection.CheckState.OK,
    )  # fmt: skip
    HistorySync.objects.create(connection=driver.connection)
    source, long_ago = driver.upload(), timezone.now() - timedelta(hours=1)
    own = Connection.objects.filter(pk=driver.connection.pk)
    Connection.objects.exclude(pk=driver.connection.pk).update(not_before=None)
    for way in ECHOES:
        scene.hostile.way = WAYS[way]
        own.update(not_before=long_ago, check_state="ok")
        check_next_connection()
        own.update(check_state="ok", not_before=None)
        HistorySync.objects.update(not_before=long_ago)
        sync_next_history()
        run_until_ended(driver, driver.submit(source=source))
    assert len(scene.hostile.server.requests) >= 3 * len(ECHOES)


def dump_database() -> str:
    """Return every column of every table as it is stored."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        return "\n".join(connection.connection.iterdump())
    texts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            texts += map(str, cursor.fetchall())
    return "\n".join(texts)


def read_files(folder: Path) -> str:
    return "".join(path.read_bytes().decode("latin-1") for path in sorted(folder.rglob("*")) if path.is_file())


def is_allowed(secret: str, place: str) -> bool:
    """Return whether the place is the page that the secret opens, or the list that tells editors their share links."""
    return place == f"the own page of {secret}" or (secret.startswith("a share link") and place in LINK_LISTS)


def find_secrets(secrets: dict[str, str], places: dict[str, str], shown_once: dict[str, str]) -> list[str]:
    """Return which secret was found where, as it is, as in addresses or in base64."""
    found = []
    for place, text in places.items():
        lowered = text.lower()
        for name, secret in secrets.items():
            if is_allowed(name, place) or shown_once.get(name) == place:
                continue
            forms = (secret, quote(secret, safe=""), b64encode(secret.encode()).decode().rstrip("="))
            if any(form.lower() in lowered for form in forms):
                found.append(f"{name} in {place}")
    return found


def test_no_planted_secret_is_to_be_read_anywhere(
    scene: Scene, charlie: User, kept: tuple[Path, Path], studio_files: Path, bundled: Connection
) -> None:
    call_service_that_echoes(scene, JobDriver(scene.owner, bundled, studio_files))
    for who, user in {"nobody": None, "a stranger": charlie, "the owner": scene.owner}.items():
        ask_everything(scene, user, who)
    ask_everything(scene, scene.owner, "the owner of a broken database", fails=True)
    for visitor in (None, charlie):
        ask_own_pages(scene, visitor)
    call_api(scene)
    log, errors = kept
    places = scene.seen | {
        "the log": log.read_text(),
        "the errors kept": errors.read_text(),
        "the database": dump_database(),
        "the files": read_files(studio_files),
    }
    assert find_secrets(scene.secrets, places, scene.shown_once)[:20] == []
    assert len(scene.shown_once) == len(SHOWN_ONCE)
    # The search would have found them.
    assert {NAME in places["the database"], NAME in places["get t/<slug:team>/connections/ of the owner"]} == {True}
    assert "database is broken on purpose" in places["the log"]
    assert "OperationalError" in places["the errors kept"]
    assert find_secrets({"a": "hidden"}, {"b": "x HIDDEN y", "c": "aGlkZGVu", "d": ""}, {}) == ["a in b", "a in c"]
