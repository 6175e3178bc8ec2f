"""Log-in and log-out, lock-out, password, the owner's set-up link, adding users."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.conftest import PASSWORD
from vanceweb.ops import setup_link
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

NEW = "tin whistle orchard"


@pytest.fixture
def data_dir(settings: Any, tmp_path: Path, studio_files: Path) -> Path:
    """Return a data folder for this test's set-up link."""
    settings.DATA_DIR = tmp_path
    return tmp_path


def test_log_in_and_out(alice: User, client: Client) -> None:
    assert client.get("/gallery/")["Location"] == "/login/?next=/gallery/"
    given = {"username": "alice", "password": PASSWORD, "next": "/gallery/"}
    assert client.post("/login/", given)["Location"] == "/gallery/"
    assert client.get("/gallery/").status_code == 200
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/gallery/").status_code == 302


def test_log_in_leads_to_no_other_site(alice: User, client: Client) -> None:
    given = {"username": "alice", "password": PASSWORD, "next": "https://elsewhere.example/"}
    assert client.post("/login/", given)["Location"] == "/"


def test_a_failed_log_in_doesnt_say_which_value_was_wrong(alice: User, client: Client) -> None:
    wrong = [client.post("/login/", {"username": name, "password": "wrong"}) for name in ("alice", "nobody")]
    sentences = [str(response.context["form"].non_field_errors()) for response in wrong]
    assert sentences[0] == sentences[1] != ""


def test_too_many_wrong_passwords_lock_the_log_in(alice: User, client: Client, settings: Any) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        response = client.post("/login/", {"username": "alice", "password": "wrong"})
    assert response.status_code == 429
    assert "Too many wrong passwords" in response.content.decode()
    assert client.post("/login/", {"username": "alice", "password": PASSWORD}).status_code == 429


def test_an_empty_installation_says_where_to_begin(db: None, client: Client) -> None:
    assert "set-up link" in client.get("/login/").content.decode()


def test_the_password_is_changed(alice: User, client: Client) -> None:
    client.force_login(alice)
    given = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert "Your password is changed." in client.post("/password/", given, follow=True).content.decode()
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_a_weak_password_is_refused(alice: User, client: Client) -> None:
    client.force_login(alice)
    given = {"old_password": PASSWORD, "new_password1": "12345", "new_password2": "12345"}
    assert client.post("/password/", given).status_code == 422


def test_the_set_up_link_makes_the_owner_and_works_once(db: None, data_dir: Path, client: Client) -> None:
    address = f"/setup/{setup_link.create_secret()}/"
    assert client.get(address).status_code == 200
    given = {"username": "alice", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post(address, given)["Location"] == "/"
    owner = User.objects.get()
    assert owner.is_owner
    assert Connection.objects.get(owner=owner).is_bundled
    assert client.get("/").status_code == 200
    assert client.get(address).status_code == 404
    assert Client().post(address, given | {"username": "mallory"}).status_code == 404
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"username": "alice", "password1": PASSWORD, "password2": NEW}, "The two passwords differ."),
        ({"username": "alice", "password1": "short", "password2": "short"}, "too short"),
        ({"username": "a b", "password1": PASSWORD, "password2": PASSWORD}, "valid username"),
    ],
)
def test_a_mistake_leaves_the_set_up_link_open(
    db: None, data_dir: Path, client: Client, given: dict[str, str], sentence: str
) -> None:
    address = f"/setup/{setup_link.create_secret()}/"
    response = client.post(address, given)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert client.get(address).status_code == 200
    assert not User.objects.exists()


def test_the_owner_adds_a_person(alice: User, client: Client) -> None:
    client.force_login(alice)
    given = {"username": "dora", "password1": NEW, "password2": NEW}
    assert "dora can log in now" in client.post("/people/add/", given, follow=True).content.decode()
    dora = User.objects.get(username="dora")
    assert not dora.is_owner
    assert Connection.objects.filter(owner=dora, service="bundled").exists()


def test_a_taken_name_is_reported(alice: User, client: Client) -> None:
    client.force_login(alice)
    response = client.post("/people/add/", {"username": "alice", "password1": NEW, "password2": NEW})
    assert response.status_code == 422
    assert "already exists" in response.content.decode()


def test_only_the_owner_may_add_people(bob: User, client: Client) -> None:
    client.force_login(bob)
    assert client.get("/people/").status_code == 403
    assert client.post("/people/add/", {"username": "x"}).status_code == 403
    assert 'href="/people/"' not in client.get("/").content.decode()
