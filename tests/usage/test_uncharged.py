"""Jobs that are done but not charged yet."""

from datetime import timedelta

import pytest
from django.test import Client

from tests.conftest import as_actor
from tests.factories import make_hosted_connection, make_private, make_upload
from tests.usage.charges import MORNING, make_downloaded_job, make_row
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User
from vanceweb.usage.reconciliation import reconcile_history
from vanceweb.usage.uncharged import find_uncharged_jobs, list_uncharged_jobs
from vanceweb.vault.models import Connection


@pytest.fixture
def plan(alice: User) -> Connection:
    return make_hosted_connection(alice, private_to_id=None, check_state="ok")


@pytest.fixture
def source(alice: User) -> Asset:
    return make_upload(alice, name="bride.png")


def test_a_job_without_a_row_is_listed_until_its_row_comes(
    plan: Connection, source: Asset, alice: User, client: Client
) -> None:
    job = make_downloaded_job(alice, plan, source)
    client.force_login(alice)
    page = client.get("/t/studio/usage/history/").content.decode()
    assert "1 job is not charged yet" in page
    assert f"/jobs/{job.uuid}/" in page
    make_row(plan)
    reconcile_history(connection_id=plan.pk)
    assert "not charged yet" not in client.get("/t/studio/usage/history/").content.decode()


def test_only_done_jobs_of_the_last_days_that_the_person_sees(
    plan: Connection, source: Asset, alice: User, bob: User, charlie: User
) -> None:
    shown = make_downloaded_job(bob, plan, source)
    make_downloaded_job(bob, plan, source, state=Job.State.DOWNLOADING)
    make_downloaded_job(bob, plan, source, downloaded_at=MORNING - timedelta(days=8))
    make_downloaded_job(bob, plan, source, downloaded_at=None)
    private = make_downloaded_job(bob, plan, source, second=1)
    make_private(private, bob)
    found = {person: list(find_uncharged_jobs(as_actor(person))) for person in (alice, bob, charlie)}
    assert found == {alice: [shown], bob: [private, shown], charlie: []}


def test_a_private_picture_is_not_named(plan: Connection, source: Asset, alice: User, bob: User) -> None:
    make_downloaded_job(bob, plan, source)
    make_private(source, alice)
    assert [job.source_name for job in list_uncharged_jobs(as_actor(bob))] == ["A private picture"]
