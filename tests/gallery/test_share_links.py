"""Share links: who makes them, what their page shows to anybody, and when it stops."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.conftest import as_actor
from tests.factories import make_job, make_private, make_result, make_upload
from vanceweb.gallery.link_queries import list_shown
from vanceweb.gallery.link_services import create_link, revoke_link
from vanceweb.gallery.models import Asset, SharedPicture, ShareLink
from vanceweb.gallery.services import delete_asset
from vanceweb.gallery.sweeps import ENDED_LINK_KEEP, remove_ended_links
from vanceweb.jobs.models import Job
from vanceweb.jobs.privacy import make_job_private
from vanceweb.teams.models import AuditAction, AuditEvent, Membership, Role, User, Via
from vanceweb.throttling.rates import parse_rates

SENTENCE = "This share link is wrong, has expired or was revoked"
SECRET = re.compile(r"/s/([\w-]{32,})/")


def share(user: User, *pictures: Asset, **options: Any) -> ShareLink:
    return create_link(actor=as_actor(user), pictures=pictures, **options)


def get_path(link: ShareLink) -> str:
    """Return the path of the link's page, as its address says."""
    return f"/s/{get_secret(link)}/"


def get_secret(link: ShareLink) -> str:
    found = SECRET.search(link.address)
    assert found
    return found[1]


def make_pair(user: User) -> tuple[Job, Asset]:
    """Return a done job and its result, which knows the picture that it was made from."""
    job = make_job(user)
    assert job.result is not None
    assert job.source is not None
    job.result.parent_uuid = job.source.uuid
    job.result.save()
    return job, job.result


def log_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def assert_missing(path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 404
    assert SENTENCE in answer.content.decode()


def list_addresses(page: str) -> list[str]:
    return [address for address in re.findall(r'(?:src|href)="(/[^"]*)"', page) if not address.startswith("/static/")]


def test_anybody_with_the_address_sees_the_picture_and_the_one_before(alice: User, client: Client) -> None:
    _job, result = make_pair(alice)
    path = get_path(share(alice, result, title="For the printer"))
    answer = client.get(path)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "For the printer" in page
    assert f'src="{path}1/after.webp"' in page
    assert f'src="{path}1/before.webp"' in page
    for part in ("after", "before"):
        preview = client.get(f"{path}1/{part}.webp")
        assert (preview.status_code, preview["Content-Type"]) == (200, "image/webp")


def test_the_page_shows_nothing_else_of_the_team_and_leads_nowhere_else(alice: User, client: Client) -> None:
    job, result = make_pair(alice)
    link = share(alice, result, shows_originals=True)
    path = get_path(link)
    page = client.get(path).content.decode()
    assert list_addresses(page)
    assert all(address.startswith(path) for address in list_addresses(page))
    for hidden in ("alice", "Studio", as_actor(alice).team.slug + "/", *map(str, (job.uuid, result.uuid, link.uuid))):
        assert hidden not in page
    assert "<form" not in page
    assert "csrf" not in page


def test_the_page_is_for_no_search_engine_and_tells_no_other_site_its_address(alice: User, client: Client) -> None:
    path = get_path(share(alice, make_result(alice), shows_originals=True))
    for address in (path, f"{path}1/after.webp", f"{path}1/after/file/", "/s/unknown/"):
        answer = client.get(address)
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer["Cache-Control"]
    assert '<meta name="robots" content="noindex, nofollow">' in client.get(path).content.decode()


def test_originals_are_sent_only_by_links_that_show_them(alice: User, client: Client) -> None:
    _job, result = make_pair(alice)
    preview, original = share(alice, result), share(alice, result, shows_originals=True)
    assert client.get(f"{get_path(preview)}1/after/file/").status_code == 404
    assert "/file/" not in client.get(get_path(preview)).content.decode()
    sent = client.get(f"{get_path(original)}1/after/file/")
    assert sent.status_code == 200
    assert sent["Content-Disposition"].startswith("attachment")
    assert b"".join(sent.streaming_content) == result.file.read()
    assert str(result.sha256) not in sent["ETag"]


def test_views_and_downloads_are_counted(alice: User, client: Client) -> None:
    link = share(alice, make_result(alice), shows_originals=True)
    path = get_path(link)
    for _ in range(3):
        client.get(path)
    client.head(path)
    file = f"{path}1/after/file/"
    etag = client.get(file)["ETag"]
    client.get(file, headers={"If-None-Match": etag})
    client.get(file, headers={"Range": "bytes=1-5"})
    client.head(file)
    link.refresh_from_db()
    assert (link.views, link.downloads) == (3, 1)
    assert link.viewed_at is not None


@pytest.mark.parametrize("path", ["/s/unknown/", "/s/unknown/1/after.webp", "/s/unknown/1/after/file/"])
@pytest.mark.django_db
def test_an_unknown_address_says_one_sentence(path: str) -> None:
    assert_missing(path)


def test_a_link_shows_no_number_and_no_part_that_it_does_not_have(alice: User) -> None:
    path = get_path(share(alice, make_result(alice), shows_originals=True))
    for rest in ("2/after.webp", "0/after/file/", "1/before.webp", "1/original.webp", "1/before/file/"):
        assert_missing(f"{path}{rest}")


def test_an_expired_or_revoked_link_shows_nothing(alice: User) -> None:
    result = make_result(alice)
    expired, revoked = share(alice, result, lasts=timedelta(days=1)), share(alice, result)
    ShareLink.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    revoke_link(actor=as_actor(alice), link=revoked)
    for link in (expired, revoked):
        assert_missing(get_path(link))
        assert_missing(f"{get_path(link)}1/after.webp")


def test_a_picture_that_became_private_or_was_deleted_is_gone_from_the_page(alice: User, client: Client) -> None:
    private, deleted, kept = (make_result(alice, name=f"{name}.png") for name in ("private", "deleted", "kept"))
    path = get_path(share(alice, private, deleted, kept))
    make_private(private, alice)
    delete_asset(asset=deleted)
    page = client.get(path).content.decode()
    assert [number for number in (1, 2, 3) if f"{path}{number}/after.webp" in page] == [3]
    assert_missing(f"{path}1/after.webp")
    delete_asset(asset=kept)
    assert_missing(path)


def test_a_job_that_became_private_is_gone_and_a_source_that_became_private_hides_only_itself(
    alice: User, client: Client
) -> None:
    job, result = make_pair(alice)
    path = get_path(share(alice, result))
    assert job.source is not None
    make_private(job.source, alice)
    assert "/before.webp" not in client.get(path).content.decode()
    assert_missing(f"{path}1/before.webp")
    make_job_private(actor=as_actor(alice), job=job)
    assert_missing(path)


def test_a_link_ends_with_its_team(alice: User) -> None:
    path = get_path(share(alice, make_result(alice)))
    as_actor(alice).team.delete()
    assert_missing(path)


def test_a_link_shows_nothing_while_its_team_waits_for_its_deletion(alice: User) -> None:
    link = ShareLink.objects.get(pk=share(alice, make_result(alice)).pk)
    assert list_shown(link)
    vars(link.team)["deleted_at"] = timezone.now()
    assert list_shown(link) == []


def test_a_link_of_the_team_lives_on_when_its_maker_leaves(bob: User, client: Client) -> None:
    path = get_path(share(bob, make_result(bob)))
    Membership.objects.filter(user=bob).delete()
    bob.is_active = False
    bob.save()
    assert client.get(path).status_code == 200


def test_a_link_to_private_pictures_is_its_persons_and_ends_with_them(alice: User, bob: User, client: Client) -> None:
    picture = make_result(bob)
    make_private(picture, bob)
    link = share(bob, picture)
    assert link.private_to == bob
    assert client.get(get_path(link)).status_code == 200
    assert str(link.uuid) not in log_in(alice).get("/t/studio/links/").content.decode()
    assert log_in(alice).post(f"/links/{link.uuid}/revoke/").status_code == 404
    Membership.objects.filter(user=bob).delete()
    assert_missing(get_path(link))


@pytest.mark.parametrize(
    ("role", "own", "allowed"),
    [
        (Role.VIEWER, True, False),
        (Role.MEMBER, True, True),
        (Role.MEMBER, False, False),
        (Role.ADMIN, False, True),
        (Role.OWNER, False, True),
    ],
)
def test_makers_and_editors_share(role: Role, own: bool, allowed: bool, alice: User, bob: User) -> None:
    picture = make_result(bob if own else alice)
    bob.memberships.update(role=role)
    if allowed:
        assert share(bob, picture).created_by == bob
    else:
        with pytest.raises(PermissionDenied):
            share(bob, picture)


def test_nobody_shares_private_pictures_of_others_or_pictures_of_other_teams(
    alice: User, bob: User, charlie: User
) -> None:
    private, foreign, own = make_result(bob), make_result(charlie), make_result(alice)
    make_private(private, bob)
    for picture in (private, foreign):
        with pytest.raises(PermissionDenied):
            share(alice, own, picture)
    client = log_in(alice)
    form = {"picture": [str(private.uuid), str(foreign.uuid)], "days": "30"}
    assert client.post("/t/studio/links/add/", form).status_code == 422
    client.post("/t/studio/links/add/", form | {"picture": [*form["picture"], str(own.uuid)]})
    assert [row.picture for row in SharedPicture.objects.all()] == [own]


def test_a_private_picture_before_is_not_shared_by_others(alice: User, bob: User, client: Client) -> None:
    job, result = make_pair(bob)
    assert job.source is not None
    make_private(job.source, bob)
    link = share(alice, result)
    assert (link.private_to, link.pictures.get().before) == (None, None)


def test_a_password_is_asked_before_anything_is_shown(alice: User, client: Client) -> None:
    _job, result = make_pair(alice)
    link = share(alice, result, title="Unreleased", password="open sesame", shows_originals=True)
    path = get_path(link)
    page = client.get(path).content.decode()
    assert "Enter the password" in page
    assert "Unreleased" not in page
    for rest in ("1/after.webp", "1/before.webp", "1/after/file/"):
        assert client.get(path + rest).status_code == 404
    refused = client.post(path, {"password": "open barley"})
    assert refused.status_code == 422
    assert "This password is wrong." in refused.content.decode()
    assert client.post(path, {"password": "open sesame"}).status_code == 302
    assert "Unreleased" in client.get(path).content.decode()
    assert client.get(f"{path}1/after/file/").status_code == 200
    # Only this browser may.
    assert "Enter the password" in Client().get(path).content.decode()
    link.refresh_from_db()
    assert link.views == 1


def test_the_password_opens_its_own_link_only_and_only_while_it_is_that(alice: User, client: Client) -> None:
    result = make_result(alice)
    link, other = (share(alice, result, password="open sesame") for _ in range(2))
    client.post(get_path(link), {"password": "open sesame"})
    cookie = client.cookies["unlocked"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (get_path(link), True, "Lax")
    # Django's client sends each cookie to every path.
    assert "Enter the password" in client.get(get_path(other)).content.decode()
    ShareLink.objects.filter(pk=link.pk).update(password=make_password("another one"))
    assert "Enter the password" in client.get(get_path(link)).content.decode()


def test_wrong_passwords_are_recorded_and_throttled(alice: User, settings: Any) -> None:
    settings.THROTTLES = settings.THROTTLES | {"share-password": parse_rates("", "2/15 minutes by account and address")}
    link = share(alice, make_result(alice), password="open sesame")
    path, client = get_path(link), Client(REMOTE_ADDR="198.51.100.7")
    assert [client.post(path, {"password": "wrong word"}).status_code for _ in range(2)] == [422, 422]
    refused = client.post(path, {"password": "open sesame"})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 900
    assert "Too many wrong passwords" in refused.content.decode()
    # Somebody else still gets in.
    assert Client(REMOTE_ADDR="203.0.113.9").post(path, {"password": "open sesame"}).status_code == 302
    events = AuditEvent.objects.filter(action=AuditAction.SHARE_LINK_PASSWORD_FAILED)
    found = {(event.via, event.address, event.target_id, event.team_pk, event.person_pk) for event in events}
    assert found == {(Via.SHARE_LINK, "198.51.100.7", str(link.uuid), link.team_id, None)}
    assert events.count() == 2


def test_making_and_revoking_are_recorded_without_the_secret(alice: User) -> None:
    link = share(alice, make_result(alice), lasts=timedelta(days=7), password="open sesame")
    for _ in range(2):
        revoke_link(actor=as_actor(alice), link=link)
    events = list(AuditEvent.objects.filter(action__startswith="link.").order_by("pk"))
    assert [event.action for event in events] == [AuditAction.SHARE_LINK_CREATED, AuditAction.SHARE_LINK_REVOKED]
    assert {event.person_name for event in events} == {"alice"}
    assert get_secret(link) not in str([event.__dict__ for event in events])


def test_the_secret_is_long_and_stored_neither_in_clear_nor_in_the_log(
    alice: User, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    link = share(alice, make_result(alice), password="open sesame")
    secret = get_secret(link)
    # 6 bits for each character.
    assert len(secret) * 6 >= 128
    stored = str(ShareLink.objects.filter(pk=link.pk).values())
    assert secret not in stored
    assert "open sesame" not in stored
    client.get(f"/s/{secret}/1/after.webp")
    client.post(f"/s/{secret}/", {"password": "wrong word"})
    assert secret not in caplog.text


def test_a_visitor_changes_nothing(alice: User, client: Client) -> None:
    path = get_path(share(alice, make_result(alice)))
    before = list(Asset.objects.values())
    assert client.post(path, {"password": "anything"}).status_code == 302
    for method in ("put", "patch", "delete"):
        assert getattr(client, method)(path).status_code == 405
        assert getattr(client, method)(f"{path}1/after.webp").status_code == 405
    assert list(Asset.objects.values()) == before
    assert not client.cookies


def test_a_form_makes_a_link_with_what_was_chosen(alice: User) -> None:
    _job, result = make_pair(alice)
    other, client = make_result(alice), log_in(alice)
    form = client.get(f"/t/studio/links/add/?picture={result.uuid}").content.decode()
    assert f'value="{result.uuid}" checked' in " ".join(form.split())
    assert str(other.uuid) in form
    values = {"picture": [str(result.uuid), str(other.uuid)], "title": "Both", "days": "never", "originals": "on"}
    answer = client.post("/t/studio/links/add/", values)
    link = ShareLink.objects.get()
    assert answer["Location"] == f"/t/studio/links/#link-{link.uuid}"
    assert (link.title, link.expires_at, link.shows_originals, link.password) == ("Both", None, True, "")
    assert [row.picture for row in link.pictures.all()] == [result, other]
    assert link.address in client.get("/t/studio/links/").content.decode()


def test_a_link_expires_after_thirty_days_unless_somebody_says_otherwise(alice: User) -> None:
    form = log_in(alice).get(f"/t/studio/links/add/?picture={make_result(alice).uuid}").context["form"]
    assert form["days"].value() == "30"


def test_a_refused_form_keeps_what_was_typed(alice: User) -> None:
    result = make_result(alice)
    values = {"picture": [str(result.uuid)], "title": "Kept", "days": "7", "password": "short"}
    answer = log_in(alice).post("/t/studio/links/add/", values)
    page = " ".join(answer.content.decode().split())
    assert answer.status_code == 422
    assert 'value="Kept"' in page
    assert '<option value="7" selected>' in page
    assert f'value="{result.uuid}" checked' in page
    assert not ShareLink.objects.exists()


def test_a_link_is_changed_and_keeps_its_address_and_what_nobody_chose_anew(alice: User, client: Client) -> None:
    link = share(alice, make_result(alice), title="Old", lasts=timedelta(days=1), password="open sesame")
    path, before = get_path(link), link.expires_at
    assert log_in(alice).post(f"/links/{link.uuid}/edit/", {"title": "New", "originals": "on"}).status_code == 302
    link.refresh_from_db()
    assert (link.title, link.shows_originals, link.expires_at, get_path(link)) == ("New", True, before, path)
    assert link.is_password("open sesame")
    log_in(alice).post(f"/links/{link.uuid}/edit/", {"days": "never", "no_password": "on"})
    link.refresh_from_db()
    assert (link.title, link.shows_originals, link.expires_at, link.password) == ("", False, None, "")
    assert client.get(path).status_code == 200
    assert AuditEvent.objects.filter(action=AuditAction.SHARE_LINK_CHANGED).count() == 2


def test_a_new_password_is_asked_of_whoever_gave_the_old_one(alice: User, client: Client) -> None:
    link = share(alice, make_result(alice), password="open sesame")
    client.post(get_path(link), {"password": "open sesame"})
    refused = log_in(alice).post(f"/links/{link.uuid}/edit/", {"password": "short"})
    assert refused.status_code == 422
    log_in(alice).post(f"/links/{link.uuid}/edit/", {"password": "open barley"})
    assert "Enter the password" in client.get(get_path(link)).content.decode()
    assert client.post(get_path(link), {"password": "open barley"}).status_code == 302


def test_an_expired_link_can_be_given_more_time_and_a_revoked_one_cannot_be_revived(alice: User) -> None:
    expired, revoked = (share(alice, make_result(alice)) for _ in range(2))
    ShareLink.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    revoke_link(actor=as_actor(alice), link=revoked)
    for link in (expired, revoked):
        log_in(alice).post(f"/links/{link.uuid}/edit/", {"days": "7"})
    assert Client().get(get_path(expired)).status_code == 200
    assert_missing(get_path(revoked))


def test_the_list_gives_the_address_to_editors_only(alice: User, bob: User, viewer: User) -> None:
    link = share(alice, make_result(alice), title="Alice's choice")
    for user, may in ((alice, True), (bob, False), (viewer, False)):
        page = log_in(user).get("/t/studio/links/").content.decode()
        assert "Alice&#x27;s choice" in page
        assert (get_secret(link) in page) is may
        assert (f"/links/{link.uuid}/revoke/" in page) is may
    assert log_in(viewer).get("/t/studio/links/add/").status_code == 403


def test_the_list_takes_the_same_queries_for_any_number_of_links(
    alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = log_in(alice)
    for count in (1, 6):
        for _ in range(count):
            share(alice, make_upload(alice))
        with django_assert_max_num_queries(6):
            client.get("/t/studio/links/")


def test_the_page_takes_the_same_queries_for_any_number_of_pictures(
    alice: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 5):
        path = get_path(share(alice, *(make_pair(alice)[1] for _ in range(count))))
        # The link, its pictures, and the view.
        with django_assert_num_queries(3):
            client.get(path)


def test_a_link_still_works_if_its_address_cannot_be_decrypted(alice: User, client: Client, settings: Any) -> None:
    link = share(alice, make_result(alice))
    path = get_path(link)
    settings.VAULT_KEYS = ["not-a-key"]
    assert client.get(path).status_code == 200
    assert "can&#x27;t be shown" in log_in(alice).get("/t/studio/links/").content.decode().replace("'", "&#x27;")


def test_links_that_ended_long_ago_are_removed_with_the_pictures_kept(alice: User) -> None:
    result, now = make_result(alice), timezone.now()
    long_ago, recently = now - ENDED_LINK_KEEP - timedelta(hours=1), now - timedelta(days=1)
    links = {name: share(alice, result, title=name) for name in ("expired", "revoked", "ended", "open")}
    ShareLink.objects.filter(pk=links["expired"].pk).update(expires_at=long_ago)
    ShareLink.objects.filter(pk=links["revoked"].pk).update(revoked_at=long_ago)
    ShareLink.objects.filter(pk=links["ended"].pk).update(expires_at=recently)
    remove_ended_links()
    assert set(ShareLink.objects.values_list("title", flat=True)) == {"ended", "open"}
    assert Asset.objects.filter(pk=result.pk).exists()
