"""Whoever leaves a team leaves shared work; private work goes where the person says, and no running job is lost."""

from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.test import Client

from tests.conftest import as_actor, get_bundled
from tests.factories import make_charge, make_hosted_connection, make_job, make_private, make_upload
from vanceweb.gallery.link_models import ShareLink
from vanceweb.gallery.models import Asset, Blob
from vanceweb.jobs.models import Job
from vanceweb.ops.departures import leave_team, remove_member
from vanceweb.ops.private_work import OWNED_MODELS, Fate
from vanceweb.teams.access import Actor
from vanceweb.teams.memberships import MembershipRefused
from vanceweb.teams.models import AuditAction, AuditEvent, Membership, Team, TeamOwned, User
from vanceweb.usage.models import UsageDay
from vanceweb.usage.sums import recompute_days
from vanceweb.vault.models import Connection


@pytest.fixture
def private_job(bob: User) -> Job:
    """A finished job of Bob's, private with its pictures."""
    job = make_job(bob)
    for row in (job, job.source, job.result):
        assert row is not None
        make_private(row, bob)
    return job


def get_membership(user: User) -> Membership:
    return Membership.objects.get(user=user)


def list_private(user: User) -> list[TeamOwned]:
    return [row for model in OWNED_MODELS for row in model._default_manager.filter(private_to=user)]


def test_every_kind_of_row_that_can_be_private_is_handled() -> None:
    owned = {model for model in apps.get_models() if issubclass(model, TeamOwned)}
    assert set(OWNED_MODELS) == owned


def test_shared_work_stays_with_the_name_of_its_maker(bob: User, alice: User, client: Client) -> None:
    job = make_job(bob)
    leave_team(actor=as_actor(bob), fate=Fate.DELETE)
    job.refresh_from_db()
    assert (job.created_by, job.private_to, job.state) == (bob, None, Job.State.DONE)
    client.force_login(bob)
    assert client.get(f"/jobs/{job.uuid}/").status_code == 404
    assert client.get("/t/studio/").status_code == 404
    client.force_login(alice)
    assert client.get(f"/jobs/{job.uuid}/").status_code == 200


def test_private_work_is_handed_over_and_stays_private(private_job: Job, alice: User, bob: User, admin: User) -> None:
    connection = make_hosted_connection(bob)
    leave_team(actor=as_actor(bob), fate=Fate.HAND_OVER, successor=admin)
    assert list_private(bob) == []
    assert len(list_private(admin)) == 4
    private_job.refresh_from_db()
    connection.refresh_from_db()
    assert (private_job.created_by, connection.created_by) == (admin, admin)
    assert not as_actor(alice).can_see(private_job)
    event = AuditEvent.objects.get(action=AuditAction.WORK_HANDED_OVER)
    assert (event.person_name, event.target_name, event.details) == ("bob", "admin", {"name": "bob", "count": "3"})


@pytest.mark.parametrize(("fate", "owners"), [(Fate.HAND_OVER, ["admin"]), (Fate.SHARE, [None]), (Fate.DELETE, [])])
def test_the_sums_of_charges_follow_private_work(fate: Fate, owners: list[str | None], bob: User, admin: User) -> None:
    charge = make_charge(bob)
    make_private(charge, bob)
    recompute_days(team_id=charge.team_id, days=[charge.day])
    leave_team(actor=as_actor(bob), fate=fate, successor=admin if fate == Fate.HAND_OVER else None)
    assert list(UsageDay.objects.values_list("private_to__username", flat=True)) == owners


def test_private_work_is_shared_but_no_connection(private_job: Job, bob: User, alice: User) -> None:
    make_hosted_connection(bob)
    leave_team(actor=as_actor(bob), fate=Fate.SHARE)
    private_job.refresh_from_db()
    assert (private_job.private_to, private_job.created_by) == (None, bob)
    assert as_actor(alice).can_see(private_job)
    assert list(Connection.objects.all()) == [get_bundled(alice)]


def test_private_work_is_deleted_with_its_files(
    private_job: Job, bob: User, alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    kept = make_upload(alice, name="kept.png", width=30)
    assert private_job.result is not None
    files = [private_job.result.blob.file]
    running = make_job(bob, state=Job.State.PROCESSING, source=private_job.source)
    make_private(running, bob)
    with django_capture_on_commit_callbacks(execute=True):
        leave_team(actor=as_actor(bob), fate=Fate.DELETE)
    assert list_private(bob) == []
    assert not Job.objects.exists()
    assert list(Asset.objects.all()) == [kept]
    assert list(Blob.objects.all()) == [kept.blob]
    assert not files[0].storage.exists(files[0].name)


@pytest.mark.parametrize("fate", [Fate.SHARE, Fate.DELETE])
def test_no_running_job_of_the_team_loses_its_connection(fate: Fate, bob: User, alice: User) -> None:
    connection = make_hosted_connection(bob)
    job = make_job(bob, state=Job.State.PROCESSING, connection=connection)
    with pytest.raises(MembershipRefused, match="1 job still needs something private of bob"):
        leave_team(actor=as_actor(bob), fate=fate)
    assert get_membership(bob)
    assert Connection.objects.filter(pk=connection.pk).exists()
    leave_team(actor=as_actor(bob), fate=Fate.HAND_OVER, successor=alice)
    job.refresh_from_db()
    # Only as Alice's may it still use what is private to her now.
    assert (job.state, job.connection, job.created_by) == (Job.State.PROCESSING, connection, alice)


def test_a_shared_connection_needs_a_successor(bob: User, alice: User, viewer: User) -> None:
    connection = make_hosted_connection(bob)
    Connection.objects.filter(pk=connection.pk).update(private_to=None, keeper=bob)
    for successor in (None, bob, viewer):
        with pytest.raises(MembershipRefused, match="Choose a successor"):
            leave_team(actor=as_actor(bob), fate=Fate.DELETE, successor=successor)
    leave_team(actor=as_actor(bob), fate=Fate.DELETE, successor=alice)
    connection.refresh_from_db()
    # Its maker stays: a keeper who didn't make it can't take it from the team.
    assert (connection.keeper, connection.created_by, connection.private_to) == (alice, bob, None)
    assert AuditEvent.objects.filter(action=AuditAction.CONNECTION_HANDED_OVER).count() == 1


def test_a_leaver_is_no_spender_when_they_return(bob: User, alice: User) -> None:
    connection = make_hosted_connection(alice)
    connection.spenders.add(bob, alice)
    leave_team(actor=as_actor(bob), fate=Fate.DELETE)
    assert list(connection.spenders.all()) == [alice]


@pytest.mark.parametrize("fate", list(Fate))
def test_share_links_to_private_pictures_end(fate: Fate, private_job: Job, bob: User, alice: User) -> None:
    link = ShareLink.objects.create(team=as_actor(bob).team, created_by=bob, private_to=bob, digest="1", secret="x")
    leave_team(actor=as_actor(bob), fate=fate, successor=alice)
    assert not ShareLink.objects.open().filter(pk=link.pk).exists()


def test_a_name_that_the_successor_has_is_changed(bob: User, alice: User) -> None:
    make_hosted_connection(alice)
    make_hosted_connection(bob)
    leave_team(actor=as_actor(bob), fate=Fate.HAND_OVER, successor=alice)
    names = Connection.objects.filter(private_to=alice).order_by("pk").values_list("name", flat=True)
    assert list(names) == ["Studio plan", "Studio plan of bob"]


def test_whoever_is_removed_loses_private_connections_and_nothing_is_shared(
    private_job: Job, bob: User, alice: User
) -> None:
    make_hosted_connection(bob)
    with pytest.raises(MembershipRefused):
        remove_member(actor=as_actor(alice), membership=get_membership(bob), fate=Fate.SHARE)
    remove_member(actor=as_actor(alice), membership=get_membership(bob), fate=Fate.HAND_OVER, successor=alice)
    assert len(list_private(alice)) == 3
    assert Connection.objects.count() == 1
    assert not Membership.objects.filter(user=bob).exists()


def test_a_refused_removal_changes_nothing(private_job: Job, bob: User, admin: User, alice: User) -> None:
    with pytest.raises(PermissionDenied):
        remove_member(actor=as_actor(bob), membership=get_membership(admin), fate=Fate.DELETE)
    with pytest.raises(MembershipRefused):
        leave_team(actor=as_actor(alice), fate=Fate.DELETE)
    assert len(list_private(bob)) == 3
    assert Membership.objects.filter(team__slug="studio").count() == 3


def test_rows_in_another_team_stay(private_job: Job, bob: User, charlie: User) -> None:
    elsewhere = Team.objects.get(slug="elsewhere")
    membership = Membership.objects.create(team=elsewhere, user=bob, role="member")
    leave_team(actor=Actor(bob, elsewhere, membership.role), fate=Fate.DELETE)  # type: ignore[arg-type]
    assert len(list_private(bob)) == 3


def test_the_page_says_the_numbers_before(private_job: Job, bob: User, alice: User, client: Client) -> None:
    connection = make_hosted_connection(bob)
    Connection.objects.filter(pk=connection.pk).update(private_to=None, keeper=bob)
    client.force_login(bob)
    page = " ".join(client.get("/t/studio/leave/").content.decode().split())
    assert "2 pictures" in page
    assert "1 job" in page
    assert "One shared connection needs a new keeper" in page
    response = client.post("/t/studio/leave/", {"fate": "hand_over"})
    assert response.status_code == 422
    assert "Choose who takes over." in response.content.decode()
    assert client.post("/t/studio/leave/", {"fate": "hand_over", "successor": alice.pk})["Location"] == "/"
    assert len(list_private(alice)) == 3


def test_the_page_of_a_person_without_private_work_only_asks(bob: User, client: Client) -> None:
    client.force_login(bob)
    assert 'name="fate"' not in client.get("/t/studio/leave/").content.decode()
    assert client.post("/t/studio/leave/")["Location"] == "/"
    assert not Membership.objects.filter(user=bob).exists()


def test_the_last_owner_reads_why_they_stay(alice: User, bob: User, client: Client) -> None:
    client.force_login(alice)
    assert "alice is the only owner of Studio." in client.get("/t/studio/leave/").content.decode()
    response = client.post("/t/studio/leave/")
    assert response.status_code == 422
    assert get_membership(alice)


def test_an_admin_removes_a_member_on_the_page(alice: User, bob: User, admin: User, client: Client) -> None:
    client.force_login(admin)
    own, others = get_membership(bob).pk, get_membership(alice).pk
    assert client.get(f"/t/studio/people/{others}/remove/").status_code == 403
    assert client.get(f"/t/studio/people/{own}/remove/").status_code == 200
    response = client.post(f"/t/studio/people/{own}/remove/", follow=True)
    assert "bob isn&#x27;t in the team any more." in response.content.decode()


def test_a_role_is_changed_on_the_page(alice: User, bob: User, client: Client) -> None:
    client.force_login(alice)
    path = f"/t/studio/people/{get_membership(bob).pk}/role/"
    assert client.post(path, {"role": "chief"}).status_code == 422
    response = client.post(path, {"role": "admin"}, follow=True)
    assert "bob has the role Admin now." in response.content.decode()
    response = client.post(f"/t/studio/people/{get_membership(alice).pk}/role/", {"role": "member"})
    assert response.status_code == 422
    assert "Make somebody else an owner first" in response.content.decode()
