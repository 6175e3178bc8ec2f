"""Correcting by hand which job a charge is for."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from tests.conftest import as_actor
from tests.factories import make_hosted_connection, make_private, make_upload
from tests.usage.charges import make_downloaded_job, make_row
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.teams.models import AuditAction, AuditEvent, User
from vanceweb.usage.corrections import correct_match
from vanceweb.usage.models import Match, UsageDay, UsageRecord
from vanceweb.usage.reconciliation import reconcile_history
from vanceweb.vault.models import Connection


@pytest.fixture
def plan(alice: User) -> Connection:
    return make_hosted_connection(alice, private_to_id=None, check_state="ok")


@pytest.fixture
def source(alice: User) -> Asset:
    return make_upload(alice, name="bride.png")


@pytest.fixture
def job(plan: Connection, source: Asset, bob: User) -> Job:
    """A job of Bob's."""
    return make_downloaded_job(bob, plan, source)


@pytest.fixture
def charge(plan: Connection, job: Job) -> UsageRecord:
    """A row some minutes after the job, which matching says isn't from here."""
    return make_row(plan, second=2000)


def get_address(charge: UsageRecord) -> str:
    return f"/charges/{charge.pk}/match/"


def test_an_admin_gives_a_charge_to_a_job(
    charge: UsageRecord, job: Job, alice: User, bob: User, client: Client
) -> None:
    client.force_login(alice)
    page = client.get(get_address(charge)).content.decode()
    assert "bride.png" in page
    assert f'value="{job.uuid}"' in page
    response = client.post(get_address(charge), {"job": str(job.uuid)})
    assert response["Location"] == "/t/studio/usage/history/"
    charge.refresh_from_db()
    assert (charge.match, charge.is_corrected) == (Match.MATCHED, True)
    assert (charge.job_uuid, charge.created_by, charge.feature) == (job.uuid, bob, "enlarge3")
    assert UsageDay.objects.get().person == bob
    event = AuditEvent.objects.get(action=AuditAction.CHARGE_CORRECTED)
    assert (event.person_name, event.target_id, event.details) == ("alice", str(charge.pk), {"state": "matched"})
    assert "bride.png" in client.get("/t/studio/usage/history/").content.decode()


def test_not_from_here_is_kept_by_later_matching(plan: Connection, job: Job, admin: User, client: Client) -> None:
    charge = make_row(plan)
    reconcile_history(connection_id=plan.pk)
    client.force_login(admin)
    assert client.post(get_address(charge), {"job": "none"}).status_code == 302
    reconcile_history(connection_id=plan.pk)
    charge.refresh_from_db()
    assert (charge.match, charge.job_uuid, charge.created_by) == (Match.FOREIGN, None, None)
    assert UsageDay.objects.get().is_foreign


def test_a_job_that_was_given_by_hand_is_not_matched_again(
    plan: Connection, charge: UsageRecord, job: Job, alice: User
) -> None:
    correct_match(actor=as_actor(alice), record=charge, job=job)
    near = make_row(plan)
    reconcile_history(connection_id=plan.pk)
    near.refresh_from_db()
    assert near.match == Match.FOREIGN


@pytest.mark.parametrize(("person", "status"), [("bob", 403), ("viewer", 403), ("charlie", 404), ("admin", 200)])
def test_only_who_sees_everybodys_rows_corrects_those_of_shared_connections(
    person: str, status: int, charge: UsageRecord, job: Job, client: Client, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(person))
    assert client.get(get_address(charge)).status_code == status
    posted = client.post(get_address(charge), {"job": str(job.uuid)}).status_code
    assert posted == (302 if status == 200 else status)
    charge.refresh_from_db()
    assert charge.is_corrected is (status == 200)
    link = get_address(charge) in client.get("/t/studio/usage/history/").content.decode()
    assert link is (status == 200)


def test_the_rows_of_a_private_connection_are_its_keepers(
    source: Asset, alice: User, bob: User, client: Client
) -> None:
    plan = make_hosted_connection(bob, check_state="ok")
    job = make_downloaded_job(bob, plan, source)
    charge = make_row(plan, second=2000)
    client.force_login(alice)
    assert client.get(get_address(charge)).status_code == 404
    client.force_login(bob)
    assert client.post(get_address(charge), {"job": str(job.uuid)}).status_code == 302


def test_private_jobs_of_others_are_neither_offered_nor_taken(
    charge: UsageRecord, job: Job, alice: User, bob: User, client: Client
) -> None:
    make_private(job, bob)
    client.force_login(alice)
    page = client.get(get_address(charge)).content.decode()
    assert str(job.uuid) not in page
    assert "bride.png" not in page
    response = client.post(get_address(charge), {"job": str(job.uuid)})
    assert response.status_code == 422
    charge.refresh_from_db()
    assert not charge.is_corrected


def test_a_private_picture_of_an_offered_job_is_not_named(
    charge: UsageRecord, job: Job, alice: User, bob: User, client: Client
) -> None:
    assert job.source is not None
    make_private(job.source, bob)
    client.force_login(alice)
    page = client.get(get_address(charge)).content.decode()
    assert str(job.uuid) in page
    assert "bride.png" not in page


@pytest.mark.parametrize("given", ["", "nonsense", "fd7af068-2a84-477c-bd9f-ff14a8b674dc"])
def test_a_form_without_an_offered_job_is_refused(given: str, charge: UsageRecord, alice: User, client: Client) -> None:
    client.force_login(alice)
    response = client.post(get_address(charge), {"job": given})
    assert response.status_code == 422
    charge.refresh_from_db()
    assert not charge.is_corrected


def test_the_service_asks_for_the_right_and_the_connection(
    charge: UsageRecord, job: Job, source: Asset, alice: User, bob: User, bundled: Connection
) -> None:
    with pytest.raises(PermissionDenied):
        correct_match(actor=as_actor(bob), record=charge, job=job)
    other = make_downloaded_job(alice, bundled, source)
    with pytest.raises(ValueError, match="another connection"):
        correct_match(actor=as_actor(alice), record=charge, job=other)


def test_a_charge_of_a_removed_connection_can_still_be_marked(
    charge: UsageRecord, plan: Connection, alice: User, client: Client
) -> None:
    plan.delete()
    client.force_login(alice)
    assert "No job that you can see" in client.get(get_address(charge)).content.decode()
    assert client.post(get_address(charge), {"job": "none"}).status_code == 302


def test_a_job_that_has_a_charge_says_so(
    plan: Connection, charge: UsageRecord, job: Job, alice: User, client: Client
) -> None:
    make_row(plan)
    reconcile_history(connection_id=plan.pk)
    client.force_login(alice)
    assert "has a charge already" in client.get(get_address(charge)).content.decode()
