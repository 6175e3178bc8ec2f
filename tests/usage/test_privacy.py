"""Charges of private jobs and of shared connections: the team sees person, feature and credits, no private name."""

import pytest
from django.test import Client

from tests.conftest import as_actor
from tests.factories import make_charge, make_hosted_connection, make_job, make_upload
from vanceweb.jobs.models import Job
from vanceweb.jobs.privacy import make_job_private
from vanceweb.jobs.services import delete_job
from vanceweb.teams.models import User
from vanceweb.usage.job_names import find_job_uuid
from vanceweb.usage.models import UsageRecord
from vanceweb.usage.services import share_connection
from vanceweb.vault.models import Connection


@pytest.fixture
def charge(bob: User) -> UsageRecord:
    """A charge on the team's connection for a private job of Bob's."""
    job = make_job(bob, source=make_upload(bob, name="secret bride.png"))
    make_job_private(actor=as_actor(bob), job=job)
    record = make_charge(bob)
    record.job_uuid, record.info = job.uuid, f"{job.uuid.hex}-enlarge3.png"
    record.save()
    return record


def get_usage_page(client: Client, user: User, **query: str) -> str:
    client.force_login(user)
    return client.get("/t/studio/usage/history/", query).content.decode()


def test_the_team_sees_who_spent_what_on_a_private_job_but_no_name(
    charge: UsageRecord, alice: User, client: Client
) -> None:
    page = get_usage_page(client, alice)
    assert "secret bride" not in page
    assert str(charge.job_uuid) not in page
    assert charge.info not in page
    assert "Deleted or not visible to you" in page
    assert ">bob<" in page
    assert "Enlarge" in page


def test_the_person_sees_the_name(charge: UsageRecord, bob: User, client: Client) -> None:
    page = get_usage_page(client, bob)
    assert "secret bride.png" in page
    assert f"/jobs/{charge.job_uuid}/" in page


def test_the_person_is_not_told_that_their_own_deleted_job_is_only_hidden(
    charge: UsageRecord, bob: User, client: Client
) -> None:
    delete_job(actor=as_actor(bob), job=Job.objects.get(uuid=charge.job_uuid))
    assert "Deleted or not visible to you" in get_usage_page(client, bob)


def test_a_name_tells_its_job() -> None:
    job_uuid = find_job_uuid("0f8fad5bd9cb469fa16570867728950e-denoise.jpg")
    assert str(job_uuid) == "0f8fad5b-d9cb-469f-a165-70867728950e"
    assert find_job_uuid("denoise_SwJes_0.jpg.jpg") is None


@pytest.fixture
def shared_past(bob: User) -> Connection:
    """A private connection of Bob's with a charge."""
    connection = make_hosted_connection(bob)
    charge = make_charge(bob)
    UsageRecord.objects.filter(pk=charge.pk).update(connection=connection, private_to=bob, info="old name.png")
    return connection


@pytest.mark.parametrize("show_history", [True, False])
def test_sharing_a_connection_shows_its_past_only_if_asked(
    shared_past: Connection, show_history: bool, alice: User, bob: User, client: Client
) -> None:
    assert "old name.png" not in get_usage_page(client, alice)
    share_connection(actor=as_actor(bob), connection=shared_past, show_history=show_history)
    assert ("old name.png" in get_usage_page(client, alice)) is show_history
    assert "old name.png" in get_usage_page(client, bob, scope="" if show_history else "private")
