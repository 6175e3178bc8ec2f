"""Pictures that a person makes private or shares again, with the jobs that made or use them; and the audit events."""

from uuid import uuid4

import pytest
from django.test import Client

from tests.conftest import as_actor
from tests.factories import make_charge, make_job, make_private, make_result, make_upload
from tests.jobs.conftest import JobDriver
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import delete_picture, store_sample
from vanceweb.jobs.models import Job
from vanceweb.jobs.picture_privacy import hide_picture, show_picture
from vanceweb.jobs.privacy import make_job_private, share_job
from vanceweb.jobs.services import delete_job
from vanceweb.jobs.sweeps import delete_unused_uploads
from vanceweb.teams.models import AuditAction, AuditEvent, TeamOwned, User

GONE, SHOWN = 404, 200


def set_privacy(user: User, picture: Asset, *, private: bool, **fields: str) -> tuple[int, bool]:
    """Post the change as the user. Return the status, and whether the picture is private."""
    client = Client()
    client.force_login(user)
    given = {"private": "1"} if private else {}
    status = client.post(f"/gallery/{picture.uuid}/privacy/", given | fields).status_code
    picture.refresh_from_db()
    return status, picture.is_private


def list_private(*rows: TeamOwned | None) -> list[bool]:
    found = []
    for row in rows:
        assert row is not None
        row.refresh_from_db()
        found.append(row.is_private)
    return found


def list_events() -> list[tuple[str, str]]:
    return list(
        AuditEvent.objects.filter(action__startswith="work.").order_by("pk").values_list("action", "target_name")
    )


@pytest.fixture
def bobs_job(bob: User) -> Job:
    return make_job(bob)


def test_a_picture_without_a_job_is_made_private_and_shared_again(bob: User) -> None:
    for picture in (make_upload(bob), make_result(bob)):
        assert set_privacy(bob, picture, private=True) == (302, True)
        assert set_privacy(bob, picture, private=False) == (302, False)


def test_a_result_takes_the_job_that_made_it_along(bob: User, bobs_job: Job) -> None:
    result = bobs_job.result
    assert result is not None
    assert set_privacy(bob, result, private=True) == (302, True)
    assert list_private(bobs_job, bobs_job.source) == [True, True]
    assert set_privacy(bob, result, private=False) == (302, False)
    assert list_private(bobs_job, bobs_job.source) == [False, False]


def test_only_the_person_who_made_a_picture_changes_its_privacy(
    alice: User, admin: User, viewer: User, charlie: User, bob: User
) -> None:
    picture = make_upload(bob)
    for person in (alice, admin, viewer):
        assert set_privacy(person, picture, private=True) == (403, False)
    assert set_privacy(charlie, picture, private=True) == (404, False)
    make_private(picture, bob)
    for person in (alice, admin, viewer, charlie):
        assert set_privacy(person, picture, private=False) == (404, True)


def test_a_sample_belongs_to_everybody(bob: User) -> None:
    sample = store_sample(actor=as_actor(bob), sample="cat")
    assert set_privacy(bob, sample, private=True) == (302, False)
    assert list_events() == []


def test_others_lose_a_private_picture_at_once_everywhere(alice: User, bob: User, client: Client) -> None:
    job = make_job(bob)
    result = job.result
    assert result is not None
    charge = make_charge(bob)
    type(charge).objects.filter(pk=charge.pk).update(job_uuid=job.uuid)
    addresses = [
        *(f"/gallery/{result.uuid}/{path}" for path in ("file/", "file/?download=1", "tile.webp", "preview.webp")),
        *(f"/jobs/{job.uuid}/{path}" for path in ("", "progress/")),
    ]
    client.force_login(alice)
    assert {client.get(address).status_code for address in addresses} == {SHOWN}
    known = {"If-None-Match": client.get(addresses[0])["ETag"]}
    assert set_privacy(bob, result, private=True) == (302, True)
    assert {client.get(address).status_code for address in addresses} == {GONE}
    assert client.get(addresses[0], headers=known).status_code == GONE
    assert client.get(addresses[0], headers={"Range": "bytes=0-3"}).status_code == GONE
    for listing in ("", "gallery/", "jobs/", "usage/"):
        page = client.get(f"/t/studio/{listing}").content.decode()
        assert [word for word in (str(result.uuid), str(job.uuid), "holiday") if word in page] == [], listing
    assert "Deleted or not visible to you" in client.get("/t/studio/usage/history/").content.decode()
    client.force_login(bob)
    assert {client.get(address).status_code for address in addresses} == {SHOWN}


def test_a_job_of_somebody_else_stays_without_the_picture_and_its_name(alice: User, bob: User, client: Client) -> None:
    picture = make_upload(bob, name="unreleased.png")
    job = make_job(alice, source=picture)
    charge = make_charge(alice)
    type(charge).objects.filter(pk=charge.pk).update(job_uuid=job.uuid)
    assert set_privacy(bob, picture, private=True) == (302, True)
    assert list_private(job, job.result) == [False, False]
    client.force_login(alice)
    for address in (
        f"/jobs/{job.uuid}/",
        f"/jobs/{job.uuid}/delete/",
        "/t/studio/jobs/",
        "/t/studio/",
        "/t/studio/usage/history/",
    ):
        page = client.get(address).content.decode()
        assert ("A private picture" in page, "unreleased" in page) == (True, False), address
    client.post(f"/jobs/{job.uuid}/delete/")
    assert "unreleased" not in client.get("/t/studio/jobs/").content.decode()
    assert Asset.objects.filter(pk=picture.pk).exists()


def test_ones_own_job_that_waits_goes_on_with_the_private_picture(driver: JobDriver) -> None:
    source = driver.upload()
    job = driver.submit(source=source)
    hide_picture(actor=driver.actor, picture=source)
    assert driver.run_turn(job).state == Job.State.PROCESSING
    assert list_private(job, source) == [True, True]


def test_the_page_of_a_job_offers_the_change_to_its_person_and_returns_there(
    alice: User, bob: User, bobs_job: Job, client: Client
) -> None:
    source = bobs_job.source
    assert source is not None
    action = f'action="/gallery/{source.uuid}/privacy/"'
    client.force_login(alice)
    assert action not in client.get(f"/jobs/{bobs_job.uuid}/").content.decode()
    client.force_login(bob)
    assert action in client.get(f"/jobs/{bobs_job.uuid}/").content.decode()
    answer = client.post(f"/gallery/{source.uuid}/privacy/", {"private": "1", "job": str(bobs_job.uuid)})
    assert answer["Location"] == f"/jobs/{bobs_job.uuid}/"
    assert "Share the source" in client.get(answer["Location"]).content.decode()


def test_a_job_that_runs_can_be_made_private(bob: User, client: Client) -> None:
    job = make_job(bob, state=Job.State.QUEUED)
    client.force_login(bob)
    assert f'action="/jobs/{job.uuid}/privacy/"' in client.get(f"/jobs/{job.uuid}/").content.decode()


def test_a_tile_offers_the_change_to_its_person_only(alice: User, bob: User, client: Client) -> None:
    picture = make_result(bob)
    for person, offered in ((bob, True), (alice, False)):
        client.force_login(person)
        page = client.get("/t/studio/gallery/?person=bob").content.decode()
        assert (f'action="/gallery/{picture.uuid}/privacy/"' in page) is offered
    client.force_login(bob)
    client.get("/t/studio/gallery/?person=me")
    answer = client.post(f"/gallery/{picture.uuid}/privacy/", {"private": "1"})
    assert answer["Location"] == "/t/studio/gallery/?person=me"


class TestEvents:
    """The audit log tells each change once, and no name of a private picture."""

    def test_a_job_made_private_and_shared(self, bob: User, bobs_job: Job) -> None:
        actor = as_actor(bob)
        for _ in range(2):
            make_job_private(actor=actor, job=bobs_job)
        hidden = [(AuditAction.JOB_MADE_PRIVATE, ""), *[(AuditAction.PICTURE_MADE_PRIVATE, "")] * 2]
        assert list_events() == hidden
        for _ in range(2):
            share_job(actor=actor, job=bobs_job)
        shown = [(AuditAction.JOB_SHARED, str(bobs_job)), *[(AuditAction.PICTURE_SHARED, "holiday.png")] * 2]
        assert list_events() == hidden + shown
        event = AuditEvent.objects.get(action=AuditAction.JOB_SHARED)
        assert (event.person_name, event.team_name, event.target_id) == ("bob", "Studio", str(bobs_job.uuid))

    def test_a_picture_made_private_and_shared(self, bob: User) -> None:
        picture = make_upload(bob)
        for _ in range(2):
            hide_picture(actor=as_actor(bob), picture=picture)
        for _ in range(2):
            show_picture(actor=as_actor(bob), picture=picture)
        assert list_events() == [
            (AuditAction.PICTURE_MADE_PRIVATE, ""),
            (AuditAction.PICTURE_SHARED, "holiday.png"),
        ]

    def test_a_deleted_job_and_its_pictures(self, bob: User, bobs_job: Job) -> None:
        delete_job(actor=as_actor(bob), job=bobs_job)
        assert list_events() == [
            (AuditAction.JOB_DELETED, str(bobs_job)),
            *[(AuditAction.PICTURE_DELETED, "holiday.png")] * 2,
        ]

    def test_a_deleted_private_job_and_picture_are_not_named(self, bob: User, bobs_job: Job) -> None:
        make_private(bobs_job, bob)
        assert bobs_job.result is not None
        make_private(bobs_job.result, bob)
        delete_picture(actor=as_actor(bob), picture=bobs_job.result)
        delete_job(actor=as_actor(bob), job=bobs_job)
        assert list_events()[:2] == [(AuditAction.PICTURE_DELETED, ""), (AuditAction.JOB_DELETED, "")]

    def test_a_picture_deleted_twice_or_by_the_sweeper(self, bob: User) -> None:
        picture = make_upload(bob)
        for _ in range(2):
            delete_picture(actor=as_actor(bob), picture=picture)
        Asset.objects.filter(pk=make_upload(bob).pk).update(created_at="2020-01-01T00:00:00Z", root_uuid=uuid4())
        delete_unused_uploads()
        assert not Asset.objects.exists()
        assert list_events() == [(AuditAction.PICTURE_DELETED, "holiday.png")]

    def test_who_deletes_in_the_browser_is_told_with_their_address(self, bob: User, client: Client) -> None:
        client.force_login(bob)
        client.post(f"/gallery/{make_result(bob).uuid}/delete/")
        event = AuditEvent.objects.get(action=AuditAction.PICTURE_DELETED)
        assert (event.person_name, event.address, event.via) == ("bob", "127.0.0.1", "session")
