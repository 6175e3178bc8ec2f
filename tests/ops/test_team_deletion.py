"""A deleted team is closed at once, can be kept for a week, and then goes with its files."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from tests.conftest import PASSWORD, as_actor, get_bundled
from tests.factories import make_charge, make_hosted_connection, make_job, make_private
from vanceweb.gallery.models import Asset, Blob
from vanceweb.jobs.models import Job
from vanceweb.ops import team_deletion
from vanceweb.ops.services import create_person
from vanceweb.ops.team_deletion import close_team, delete_overdue_teams, keep_team
from vanceweb.teams.access import Actor, get_owner_of_closed_or_404
from vanceweb.teams.models import AuditAction, AuditEvent, Membership, Role, Team, User
from vanceweb.usage.models import UsageRecord
from vanceweb.vault.models import Connection


def as_owner_of_closed(user: User) -> Actor:
    return get_owner_of_closed_or_404(user, "studio")


def let_grace_end() -> None:
    Team.objects.exclude(deleted_at=None).update(delete_after=timezone.now())


def test_only_owners_delete_a_team(alice: User, admin: User) -> None:
    with pytest.raises(PermissionDenied):
        close_team(actor=as_actor(admin))
    close_team(actor=as_actor(alice))
    team = Team.objects.get()
    assert team.is_closed
    assert team.delete_after is not None
    assert timedelta(days=6) < team.delete_after - timezone.now() <= timedelta(days=7)


def test_a_closed_team_is_missing_for_all_but_its_owners(alice: User, bob: User, admin: User, client: Client) -> None:
    olivia = create_person(actor=as_actor(alice), username="olivia", password=PASSWORD, role=Role.OWNER)
    job = make_job(alice)
    close_team(actor=as_actor(alice))
    for user in (bob, admin):
        client.force_login(user)
        for path in ("/t/studio/", "/t/studio/closed/", f"/jobs/{job.uuid}/", f"/gallery/{job.result.uuid}/file/"):  # type: ignore[union-attr]
            assert client.get(path).status_code == 404, path
        assert "You aren't in a team yet" in client.get("/").content.decode()
    for user in (alice, olivia):
        client.force_login(user)
        assert client.get("/")["Location"] == "/t/studio/closed/"
        assert client.get("/t/studio/jobs/")["Location"] == "/t/studio/closed/"
        assert "Studio is closed" in client.get("/t/studio/closed/").content.decode()
        assert client.get(f"/jobs/{job.uuid}/").status_code == 404


def test_an_owner_keeps_the_team_and_everything_is_as_before(alice: User, bob: User, client: Client) -> None:
    job = make_job(bob)
    client.force_login(alice)
    assert client.post("/t/studio/delete/")["Location"] == "/t/studio/closed/"
    assert client.post("/t/studio/closed/")["Location"] == "/t/studio/"
    client.force_login(bob)
    assert client.get(f"/jobs/{job.uuid}/").status_code == 200
    assert not Team.objects.get().is_closed
    actions = AuditEvent.objects.order_by("-pk").values_list("action", flat=True)
    assert list(actions)[:2] == [AuditAction.TEAM_DELETION_CANCELLED, AuditAction.TEAM_DELETION_REQUESTED]


def test_unfinished_jobs_are_cancelled(alice: User) -> None:
    jobs = [make_job(alice, state=state) for state in (Job.State.QUEUED, Job.State.PROCESSING, Job.State.HELD)]
    close_team(actor=as_actor(alice))
    assert {Job.objects.get(pk=job.pk).state for job in jobs} == {Job.State.CANCELLED}


def test_the_page_says_before_what_goes(alice: User, bob: User, client: Client) -> None:
    make_job(alice)
    make_job(alice, state=Job.State.PROCESSING)
    client.force_login(alice)
    page = " ".join(client.get("/t/studio/delete/").content.decode().split())
    assert "none of its 2 people" in page
    assert "The job that hasn&#x27;t ended is cancelled." in page or "The job that hasn't ended is cancelled." in page
    assert "3 pictures are deleted for good" in page


@pytest.mark.django_db(transaction=True)
def test_after_its_grace_a_team_goes_with_all_it_has(alice: User, bob: User, charlie: User, studio_files: Path) -> None:
    make_private(make_job(bob), bob)
    make_charge(alice)
    make_hosted_connection(bob)
    other = make_job(charlie)
    Asset.objects.filter(pk=other.source_id).update(name="other.png")
    close_team(actor=as_actor(alice))
    delete_overdue_teams()
    assert Team.objects.count() == 2
    let_grace_end()
    assert not keep_team(actor=as_owner_of_closed(alice))
    delete_overdue_teams()
    assert [team.slug for team in Team.objects.all()] == ["elsewhere"]
    assert list(Job.objects.all()) == [other]
    assert set(Asset.objects.values_list("pk", flat=True)) == {other.source_id, other.result_id}
    assert list(Connection.objects.all()) == [get_bundled(charlie)]
    assert not UsageRecord.objects.exists()
    assert list(Membership.objects.values_list("user__username", flat=True)) == ["charlie"]
    assert {user.username for user in User.objects.all()} == {"alice", "bob", "charlie"}
    # The bytes of the two teams' equal pictures are shared: those of the other team stay.
    assert {blob.references for blob in Blob.objects.all()} == {1}
    stored = {path.relative_to(studio_files) for path in studio_files.rglob("*.png")}
    assert stored == {Path(str(blob.file.name)) for blob in Blob.objects.all()}
    event = AuditEvent.objects.get(action=AuditAction.TEAM_DELETED)
    assert (event.team_name, event.target_name) == ("Studio", "Studio")


def test_a_large_team_takes_several_rounds(alice: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(team_deletion, "PICTURE_BATCH", 1)
    make_job(alice)
    close_team(actor=as_actor(alice))
    let_grace_end()
    delete_overdue_teams()
    assert (Asset.objects.count(), Team.objects.count()) == (1, 1)
    delete_overdue_teams()
    assert (Asset.objects.count(), Team.objects.count()) == (0, 0)
