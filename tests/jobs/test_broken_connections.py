"""A connection that doesn't work: it can't be chosen, submitted to or retried on, and its card says so."""

import re
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from django.utils import timezone

from tests.conftest import as_actor, get_bundled
from tests.factories import make_hosted_connection, make_job, make_private, make_upload
from tests.jobs.conftest import JobDriver
from tests.jobs.test_views_feature import build_picture
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.models import Asset
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import hold_job, release_job, retry_job, submit_job
from vanceweb.teams.models import User
from vanceweb.vault.connection_check import check_next_connection
from vanceweb.vault.models import Connection
from vanceweb.vault.queries import choose_default

FEATURE = "/t/studio/features/enlarge3/"
REASON = "The service does not accept the token."
BROKEN = {"check_state": Connection.CheckState.FAILED, "last_error": REASON}
WORKS = {"check_state": Connection.CheckState.OK}
SETTINGS = {"scale": "4", "suppress_noise": "10", "remove_blur": "20"}


@pytest.fixture
def broken(alice: User) -> Connection:
    return make_hosted_connection(alice, name="Old plan", **BROKEN)


def read(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def find_option(page: str, connection: Connection) -> str:
    """Return the attributes of the connection's option and its text."""
    found = re.search(rf'<option value="{connection.uuid}"([^>]*)>([^<]*)<', " ".join(page.split()))
    assert found is not None
    state = found[1].rpartition('"')[2].strip()
    return f"{state}|{found[2].strip()}"


def test_line_15_a_broken_connection_is_disabled_with_its_reason(
    visitor: Client, alice: User, broken: Connection
) -> None:
    page = read(visitor, FEATURE)
    assert find_option(page, broken).startswith("disabled|Old plan (doesn")
    assert find_option(page, get_bundled(alice)) == "selected|Bundled engine"
    assert f"Old plan doesn&#x27;t work. {REASON}" in page
    assert f'href="/t/studio/connections/#connection-{broken.uuid}"' in page


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_line_15_a_broken_connection_is_refused_and_what_was_entered_stays(
    visitor: Client, alice: User, broken: Connection, headers: dict[str, str]
) -> None:
    source = make_upload(alice)
    given = SETTINGS | {"connection": str(broken.uuid), "source": str(source.uuid)}
    response = visitor.post(FEATURE, given, headers=headers)
    page = " ".join(response.content.decode().split())
    assert response.status_code == 422
    assert f'<p class="field-error">Old plan doesn&#x27;t work. {REASON}</p>' in page
    assert f'name="source" value="{source.uuid}"' in page
    assert re.search(r'name="scale" value="4"[^>]*checked', page)
    assert find_option(page, get_bundled(alice)).startswith("selected|")
    assert not Job.objects.exists()


def test_line_15_a_refused_file_is_not_stored(visitor: Client, broken: Connection) -> None:
    visitor.post(FEATURE, SETTINGS | {"connection": str(broken.uuid), "picture": build_picture()})
    assert not Asset.objects.exists()


def test_line_15_the_default_is_a_connection_that_works(visitor: Client, alice: User, broken: Connection) -> None:
    Connection.objects.filter(pk=get_bundled(alice).pk).update(**BROKEN)
    checking = make_hosted_connection(alice, name="New plan")
    silent = make_hosted_connection(alice, name="Silent plan", last_error="It does not answer.", **WORKS)
    rows = list(Connection.objects.all())
    assert choose_default(rows) == checking
    works = make_hosted_connection(alice, name="Good plan", granted=77, used=0, **WORKS)
    assert choose_default([*rows, works]) == works
    assert choose_default([broken, silent]) == silent
    assert choose_default([broken]) is None
    page = read(visitor, FEATURE)
    assert find_option(page, works) == "selected|Good plan"
    assert "<strong data-balance-shown>77</strong> left" in page
    assert page.count(" selected") == 1


def test_line_15_the_samples_of_the_studio_run_on_a_connection_that_works(visitor: Client, alice: User) -> None:
    bundled = get_bundled(alice)
    Connection.objects.filter(pk=bundled.pk).update(**BROKEN)
    assert 'name="connection"' not in read(visitor, "/t/studio/")
    works = make_hosted_connection(alice, **WORKS)
    assert f'name="connection" value="{works.uuid}"' in read(visitor, "/t/studio/")


def test_line_15_running_again_leaves_a_broken_connection(visitor: Client, alice: User, broken: Connection) -> None:
    job = make_job(alice, connection=broken)
    page = read(visitor, f"{FEATURE}?from={job.uuid}")
    assert find_option(page, get_bundled(alice)).startswith("selected|")


def test_line_15_with_broken_connections_alone_nothing_is_chosen(visitor: Client, alice: User) -> None:
    bundled = get_bundled(alice)
    Connection.objects.filter(pk=bundled.pk).update(**BROKEN)
    assert " selected" not in read(visitor, FEATURE).split('name="connection"')[1].split("</select>")[0]
    response = visitor.post(FEATURE, SETTINGS | {"source": str(make_upload(alice).uuid)})
    assert response.status_code == 422
    assert "Choose a connection that works." in response.content.decode()


def test_line_15_no_service_takes_a_job_for_a_broken_connection(alice: User, broken: Connection) -> None:
    step = Step("denoise", {"auto_params": True})
    with pytest.raises(JobRefused, match=r"Old plan doesn't work\. The service does not accept"):
        submit_job(actor=as_actor(alice), connection=broken, source=make_upload(alice), steps=[step], output=Output())
    failed = make_job(alice, state=Job.State.FAILED, connection=broken)
    with pytest.raises(JobRefused, match="Old plan doesn't work"):
        retry_job(actor=as_actor(alice), job=failed)
    held = make_job(alice, state=Job.State.QUEUED, connection=broken)
    hold_job(job=held, reason="Wait.")
    with pytest.raises(JobRefused, match="Old plan doesn't work"):
        release_job(job=held)


def test_line_15_another_persons_broken_connection_is_not_told(
    client: Client, bob: User, alice: User, broken: Connection
) -> None:
    make_private(broken, alice)
    client.force_login(bob)
    assert "Old plan" not in read(client, FEATURE)


@pytest.mark.parametrize(
    ("fields", "chip", "text"),
    [
        ({}, "chip-moving", "Checking the token…"),
        (WORKS, "chip-good", "Works"),
        (WORKS | {"last_error": "x.example does not answer."}, "chip-bad", "Doesn't answer"),
        (BROKEN, "chip-bad", "Doesn't work"),
    ],
)
def test_line_15_the_badge_is_green_only_while_it_works(
    visitor: Client, alice: User, fields: dict[str, Any], chip: str, text: str
) -> None:
    connection = make_hosted_connection(alice, **fields)
    card = read(visitor, f"/connections/{connection.uuid}/check/")
    assert re.findall(r'class="chip (chip-\w+)"', card) == [chip]
    assert text in card
    assert str(fields.get("last_error", "")) in card


def test_line_15_nothing_green_says_that_a_token_is_being_tried(visitor: Client) -> None:
    """The message stays on the page after the card has turned red."""
    given = {"name": "Plan", "token": "fedcba9876543210", "base_url": ""}
    page = " ".join(visitor.post("/t/studio/connections/add/", given, follow=True).content.decode().split())
    toast = page.split('class="toast ')[1].split("</dialog>")[0]
    assert "Plan is stored." in toast
    assert "check" not in toast.split('role="status"')[1].split("</p>")[0]


@pytest.mark.django_db(transaction=True)
def test_line_15_a_check_that_ends_unexpectedly_is_no_longer_being_tried(alice: User, settings: Any) -> None:
    settings.BUNDLED_ENGINE_WSGI = "no.such.module"
    new = get_bundled(alice)
    Connection.objects.filter(pk=new.pk).update(check_state="checking", not_before=timezone.now())
    check_next_connection()
    new.refresh_from_db()
    assert (new.check_state, new.last_error.startswith("An unexpected error on this site")) == ("failed", True)
    assert new.not_before is not None, "it is tried again without anybody asking"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("base_url", ["http://name.invalid/web_api/v1", "http://127.0.0.1:9/web_api/v1"])
def test_line_15_and_21_a_new_connection_that_leads_nowhere_is_broken_with_a_sentence(
    alice: User, settings: Any, base_url: str
) -> None:
    settings.CLIENT_ATTEMPTS = 1
    added = make_hosted_connection(alice, not_before=timezone.now())
    Connection.objects.filter(pk=added.pk).update(base_url=base_url)
    check_next_connection()
    added.refresh_from_db()
    assert added.is_broken
    assert added.last_error.startswith(("The name name.invalid is not known", "127.0.0.1 does not accept connections"))
    assert "Errno" not in added.last_error


def test_line_22_a_job_with_a_wrong_vault_key_fails_and_its_connection_is_marked(
    driver: JobDriver, settings: Any
) -> None:
    job = driver.submit()
    settings.VAULT_KEYS = [Fernet.generate_key().decode()]
    driver.run_turn(job)
    assert job.state == Job.State.FAILED
    assert "can't be decrypted with this site's keys" in job.error
    check_next_connection()
    driver.connection.refresh_from_db()
    assert driver.connection.is_broken
    assert "can't be decrypted" in driver.connection.last_error


def test_line_15_a_job_whose_token_is_refused_marks_its_connection(driver: JobDriver) -> None:
    job = driver.submit()
    driver.connection.token = "no-such-token-at-all"
    driver.connection.save()
    driver.run_until(job, Job.State.HELD)
    check_next_connection()
    driver.connection.refresh_from_db()
    assert driver.connection.is_broken
