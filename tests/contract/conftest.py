"""Fixtures that run every contract test twice: in this process, and against the web server over real HTTP."""

import io
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.utils.module_loading import import_string
from pytest_django import DjangoDbBlocker

from tests.contract.installation import ALLOWED_WEBHOOK_HOST, TRANSFORM_WAIT_SECONDS, Installation, run_installation
from tests.contract.jconfigs import QUICK
from tests.contract.pictures import make_photo
from tests.contract.receiver import Receiver, run_receiver
from tests.contract.service import Service
from vanceweb.client import IN_PROCESS_BASE_URL, build_in_process_session

Account = Callable[..., str]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep these tests in one process when tests are distributed: they share one installation."""
    item.add_marker(pytest.mark.xdist_group("contract"))


@pytest.fixture(scope="package")
def installation(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker, migrated_database: Path | None
) -> Iterator[Installation]:
    with run_installation(tmp_path_factory.mktemp("contract"), migrated_database) as running:
        yield running


@pytest.fixture(scope="package")
def refusing_receiver(installation: Installation, django_db_blocker: DjangoDbBlocker) -> Iterator[Receiver]:
    """A receiver that responds with 500 to the webhook of a job started before all tests."""
    with django_db_blocker.unblock(), installation.use_database_in_this_thread():
        token = create_account()
    with run_receiver(500) as refusing, requests.Session() as session:
        client = Service(installation.base_url, session).build_client(token)
        uid = client.upload(io.BytesIO(make_photo()), name="cat.png").uid
        client.transform(uid, QUICK, webhook=refusing.url)
        yield refusing


@pytest.fixture
def database(installation: Installation, django_db_blocker: DjangoDbBlocker, settings: Any) -> Iterator[None]:
    settings.ENGINE_PATIENCE = TRANSFORM_WAIT_SECONDS
    settings.ENGINE_WEBHOOK_ALLOWED_HOSTS = [ALLOWED_WEBHOOK_HOST]
    with django_db_blocker.unblock(), installation.use_database_in_this_thread():
        yield


@pytest.fixture(params=["in process", "http"])
def service(
    request: pytest.FixtureRequest,
    installation: Installation,
    refusing_receiver: Receiver,
    database: None,
    settings: Any,
) -> Iterator[Service]:
    if request.param == "in process":
        session = build_in_process_session(import_string(settings.BUNDLED_ENGINE_WSGI))
        base_url = IN_PROCESS_BASE_URL
    else:
        session, base_url = requests.Session(), installation.base_url
    with session:
        yield Service(base_url, session)


def create_account(credits: str = "10") -> str:
    """Create an account with the operator's command and return its token."""
    out = io.StringIO()
    call_command("create_engine_account", f"contract-{secrets.token_hex(6)}", credits=credits, stdout=out)
    token = out.getvalue()
    assert token == token.strip() + "\n", "the command prints nothing but the token"
    return token.strip()


@pytest.fixture
def make_account(database: None) -> Account:
    return create_account


@pytest.fixture
def token(make_account: Account) -> str:
    return make_account()
