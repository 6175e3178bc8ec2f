"""Every contract test is asked of the engine twice: in this process, and of gunicorn over real HTTP."""

import io
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.utils.module_loading import import_string
from pytest_django import DjangoDbBlocker

from tests.contract.installation import ALLOWED_WEBHOOK_HOST, PATIENCE, Installation, running_installation
from tests.contract.jobs import QUICK
from tests.contract.pictures import photo
from tests.contract.receiver import Receiver, receiver
from tests.contract.service import Service
from vanceweb.client import IN_PROCESS_BASE_URL, build_in_process_session

Account = Callable[..., str]


def pytest_itemcollected(item: pytest.Item) -> None:
    """One installation serves them all, so they stay together when the tests are spread over processes."""
    item.add_marker(pytest.mark.xdist_group("contract"))


@pytest.fixture(scope="package")
def installation(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Installation]:
    with running_installation(tmp_path_factory.mktemp("contract")) as running:
        yield running


@pytest.fixture(scope="package")
def refusing_receiver(installation: Installation, django_db_blocker: DjangoDbBlocker) -> Iterator[Receiver]:
    """A receiver that answers 500 to the webhook of a job that was started before every test."""
    with django_db_blocker.unblock(), installation.database_of_this_thread():
        token = create_account()
    with receiver(500) as refusing, requests.Session() as session:
        client = Service(installation.base_url, session).client(token)
        uid = client.upload(io.BytesIO(photo()), name="cat.png").uid
        client.transform(uid, QUICK, webhook=refusing.url())
        yield refusing


@pytest.fixture
def database(installation: Installation, django_db_blocker: DjangoDbBlocker, settings: Any) -> Iterator[None]:
    settings.ENGINE_PATIENCE = PATIENCE
    settings.ENGINE_WEBHOOK_ALLOWED_HOSTS = [ALLOWED_WEBHOOK_HOST]
    with django_db_blocker.unblock(), installation.database_of_this_thread():
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
    """The token of a new account with so many credits, made by the operator's command."""
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
