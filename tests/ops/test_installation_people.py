"""Administrators deactivate, appoint, export and delete people; no team and no site loses its last head."""

import io
import json
import re
import zipfile
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.test import Client

from tests.conftest import PASSWORD, as_actor
from tests.factories import make_hosted_connection, make_job, make_private
from vanceweb.accounts.services import activate_person, deactivate_person
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.ops import views_installation_people
from vanceweb.ops.people import appoint_owner, delete_person, list_heirs
from vanceweb.ops.person_export import export_person
from vanceweb.ops.services import create_person
from vanceweb.teams.audit import SITE
from vanceweb.teams.memberships import MembershipRefused
from vanceweb.teams.models import AuditAction, AuditEvent, Membership, Role, Team, User
from vanceweb.teams.services import create_user, set_administrator
from vanceweb.vault.models import Connection


@pytest.fixture
def private_job(bob: User) -> Job:
    """A finished job of Bob's, private with its pictures."""
    job = make_job(bob)
    for row in (job, job.source, job.result):
        assert row is not None
        make_private(row, bob)
    return job


@pytest.fixture
def administrator(alice: User, client: Client) -> Client:
    """Alice's browser."""
    client.force_login(alice)
    return client


def test_a_deactivated_person_is_out_at_once_and_comes_back(administrator: Client, bob: User) -> None:
    browser = Client()
    browser.force_login(bob)
    assert browser.get("/t/studio/").status_code == 200
    response = administrator.post(f"/people/{bob.pk}/deactivate/", follow=True)
    assert "bob can't sign in any more." in response.content.decode().replace("&#x27;", "'")
    assert browser.get("/t/studio/").status_code == 302
    assert browser.post("/login/", {"login": "bob", "password": PASSWORD})["Location"] == "/login/inactive/"
    administrator.post(f"/people/{bob.pk}/activate/")
    bob.refresh_from_db()
    assert bob.is_active
    actions = AuditEvent.objects.filter(target_name="bob").order_by("pk").values_list("action", flat=True)
    assert list(actions)[-2:] == [AuditAction.PERSON_DEACTIVATED, AuditAction.PERSON_ACTIVATED]


def test_the_last_owner_of_a_team_and_the_last_administrator_stay(administrator: Client, alice: User, bob: User):
    with pytest.raises(ValidationError, match="alice is the only owner of Studio"):
        deactivate_person(user=alice, by=SITE)
    response = administrator.post(f"/people/{alice.pk}/deactivate/", follow=True)
    assert "Make somebody else an owner first" in response.content.decode()
    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    with pytest.raises(ValidationError, match="only administrator"):
        deactivate_person(user=alice, by=SITE)
    with pytest.raises(ValidationError, match="only administrator"):
        delete_person(user=alice, by=SITE)
    assert administrator.post(f"/people/{alice.pk}/dismiss/").status_code == 302
    alice.refresh_from_db()
    assert (alice.is_active, alice.is_administrator) == (True, True)


def test_administrators_make_and_unmake_each_other(administrator: Client, alice: User, bob: User) -> None:
    administrator.post(f"/people/{bob.pk}/appoint/")
    administrator.post(f"/people/{alice.pk}/dismiss/")
    assert [user.is_administrator for user in User.objects.order_by("username")] == [False, True]
    assert administrator.get("/people/").status_code == 403
    event = AuditEvent.objects.filter(action=AuditAction.ADMINISTRATOR_CHANGED).latest("pk")
    assert (event.person_name, event.target_name) == ("alice", "alice")
    set_administrator(user=alice, is_administrator=True)
    activate_person(user=alice, by=SITE)


def test_a_link_for_a_new_password_is_shown_once_and_works(administrator: Client, bob: User) -> None:
    page = administrator.post(f"/people/{bob.pk}/reset-link/").content.decode()
    found = re.search(r"<pre[^>]*>https?://[^/]+(/password/new/\S+?)</pre>", page)
    assert found
    assert Client().get(found[1], follow=True).status_code == 200
    assert AuditEvent.objects.latest("pk").action == AuditAction.RESET_LINK_CREATED


def test_a_second_factor_is_reset(administrator: Client, bob: User) -> None:
    Authenticator.objects.create(user=bob, type=Authenticator.Type.RECOVERY_CODES, data={})
    administrator.post(f"/people/{bob.pk}/reset-two-factor/")
    assert not Authenticator.objects.exists()
    assert AuditEvent.objects.latest("pk").action == AuditAction.TWO_FACTOR_RESET


def test_an_unknown_act_is_not_found(administrator: Client, bob: User) -> None:
    assert administrator.post(f"/people/{bob.pk}/promote/").status_code == 404
    assert administrator.post("/people/0/deactivate/").status_code == 404


def test_a_team_gets_another_owner_before_its_only_one_goes(administrator: Client, charlie: User, bob: User) -> None:
    team = Team.objects.get(slug="elsewhere")
    membership = Membership.objects.create(team=team, user=bob, role=Role.MEMBER)
    assert "Another owner for Elsewhere" in administrator.get(f"/people/{charlie.pk}/").content.decode()
    other = Membership.objects.get(user=bob, team__slug="studio").pk
    for wrong in (other, "", "x", 10**30):
        assert administrator.post(f"/people/{charlie.pk}/owner/", {"membership": wrong}).status_code == 404
    administrator.post(f"/people/{charlie.pk}/owner/", {"membership": membership.pk})
    membership.refresh_from_db()
    assert membership.role == Role.OWNER
    with pytest.raises(MembershipRefused, match="several owners"):
        appoint_owner(membership=membership, by=SITE)
    deactivate_person(user=charlie, by=SITE)
    event = AuditEvent.objects.filter(action=AuditAction.ROLE_CHANGED).latest("pk")
    assert (event.person_name, event.team_name, event.details["role"]) == ("alice", "Elsewhere", "owner")


def test_the_list_is_searched_and_paged_by_name(
    administrator: Client, bob: User, charlie: User, monkeypatch: Any, django_assert_num_queries: Any
) -> None:
    User.objects.filter(pk=bob.pk).update(email="robert@example.com")
    page = administrator.get("/people/?q=ROBERT").content.decode()
    assert (f"/people/{bob.pk}/" in page, "charlie" in page) == (True, False)
    assert "Nobody found" in administrator.get("/people/?q=zz").content.decode()
    assert administrator.get("/people/", {"q": "x" * 300}).status_code == 404
    monkeypatch.setattr(views_installation_people, "PAGE_ROWS", 2)
    shown = administrator.get("/people/")
    assert [user.username for user in shown.context["people"]] == ["alice", "bob"]
    assert "?after=bob" in shown.content.decode()
    with django_assert_num_queries(6) as queries:
        shown = administrator.get("/people/?after=bob")
    assert [user.username for user in shown.context["people"]] == ["charlie"]
    monkeypatch.setattr(views_installation_people, "PAGE_ROWS", 50)
    with django_assert_num_queries(len(queries)):
        administrator.get("/people/")


def read_archive(user: User) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(export_person(user=user, by=SITE))))


def test_the_export_has_the_account_the_work_and_the_files(private_job: Job, bob: User, alice: User) -> None:
    make_job(alice)
    make_hosted_connection(bob)
    archive = read_archive(bob)
    assert archive.testzip() is None
    account = json.loads(archive.read("account.json"))
    assert (account["name"], account["teams"][0]["slug"], account["teams"][0]["role"]) == ("bob", "studio", "member")
    (job,) = json.loads(archive.read("jobs.json"))
    assert (job["id"], job["is_private"]) == (str(private_job.uuid), True)
    pictures = json.loads(archive.read("pictures.json"))
    assert len(pictures) == 2
    for picture in pictures:
        asset = Asset.objects.get(uuid=picture["id"])
        assert archive.read(picture["file"]) == asset.file.read()
    assert set(archive.namelist()) == {"account.json", "jobs.json", "pictures.json", *(p["file"] for p in pictures)}
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"0123456789abcdef" not in everything
    assert bob.password.encode() not in everything


def test_an_export_is_sent_in_pieces_and_noted(
    administrator: Client, private_job: Job, bob: User, studio_files: Any
) -> None:
    assert private_job.result is not None
    private_job.result.file.storage.delete(private_job.result.file.name)
    response = administrator.post(f"/people/{bob.pk}/export/")
    assert response.streaming
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response)))  # type: ignore[arg-type]
    # A file that is lost is left out.
    assert len(archive.namelist()) == 4
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.person_name, event.target_name) == (AuditAction.PERSON_EXPORTED, "alice", "bob")


def test_deletion_keeps_shared_work_without_a_name(administrator: Client, private_job: Job, bob: User) -> None:
    shared = make_job(bob)
    connection = make_hosted_connection(bob)
    Connection.objects.filter(pk=connection.pk).update(private_to=None, keeper=bob)
    page = " ".join(administrator.get(f"/people/{bob.pk}/delete/").content.decode().split())
    assert "2 private pictures, 1 private job" in page
    assert "One shared connection gets another keeper." in page
    assert administrator.post(f"/people/{bob.pk}/delete/")["Location"] == "/people/"
    assert not User.objects.filter(username="bob").exists()
    assert list(Job.objects.all()) == [shared]
    shared.refresh_from_db()
    connection.refresh_from_db()
    assert shared.created_by is None
    assert (connection.keeper, connection.created_by) == (User.objects.get(username="alice"), None)
    assert Asset.objects.count() == 2
    event = AuditEvent.objects.filter(action=AuditAction.PERSON_DELETED).get()
    assert (event.person_name, event.target_name) == ("alice", "bob")


def test_private_work_of_a_deleted_person_goes_to_an_heir(
    private_job: Job, alice: User, bob: User, admin: User
) -> None:
    make_hosted_connection(bob)
    viewer = create_person(actor=as_actor(alice), username="vera", password=PASSWORD, role=Role.VIEWER)
    assert list(list_heirs(bob)) == [admin, alice]
    with pytest.raises(MembershipRefused, match="Choose a successor"):
        delete_person(user=bob, by=SITE, heir=viewer)
    delete_person(user=bob, by=SITE, heir=admin)
    private_job.refresh_from_db()
    assert (private_job.private_to, private_job.created_by) == (admin, admin)
    assert not Connection.objects.filter(name="Studio plan").exists()


def test_an_heir_can_take_over_in_every_team(private_job: Job, alice: User, bob: User, charlie: User) -> None:
    elsewhere = Team.objects.get(slug="elsewhere")
    Membership.objects.create(team=elsewhere, user=bob, role=Role.MEMBER)
    job = make_job(bob)
    Job.objects.filter(pk=job.pk).update(team=elsewhere, private_to=bob)
    assert list(list_heirs(bob)) == []
    Membership.objects.create(team=elsewhere, user=alice, role=Role.MEMBER)
    assert list(list_heirs(bob)) == [alice]


def test_a_team_of_one_goes_with_its_person(charlie: User, alice: User) -> None:
    make_job(charlie, state=Job.State.PROCESSING)
    delete_person(user=charlie, by=SITE)
    team = Team.objects.get(slug="elsewhere")
    assert team.is_closed
    assert Job.objects.get().state == Job.State.CANCELLED


def test_the_only_owner_of_others_is_not_deleted(administrator: Client, charlie: User, bob: User) -> None:
    Membership.objects.create(team=Team.objects.get(slug="elsewhere"), user=bob, role=Role.MEMBER)
    response = administrator.post(f"/people/{charlie.pk}/delete/")
    assert response.status_code == 422
    assert "charlie is the only owner of Elsewhere" in response.content.decode()
    assert User.objects.filter(pk=charlie.pk).exists()


def test_a_person_without_a_team_is_deleted(alice: User) -> None:
    delete_person(user=create_user(username="tess", password=PASSWORD), by=SITE)
    assert not User.objects.filter(username="tess").exists()
