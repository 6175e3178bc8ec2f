"""The team's lists, narrowed to one person's rows: in the gallery, among the jobs and in the history."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4

import pytest
from django.test import Client

from tests.factories import make_charge, make_job, make_private, make_result
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.teams.models import Membership, User
from vanceweb.usage.models import UsageRecord

LISTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "gallery": ("assets", make_result),
    "jobs": ("jobs", make_job),
    "usage/history": ("rows", make_charge),
}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def visitor(alice: User, bob: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def read_rows(client: Client, listing: str, **query: str) -> list[Any]:
    response = client.get(f"/t/studio/{listing}/", query)
    assert response.status_code == 200
    return list(response.context[LISTS[listing][0]])


@pytest.mark.parametrize("listing", LISTS)
def test_a_list_shows_everybodys_rows_with_their_persons_and_one_click_leads_to_ones_own(
    listing: str, visitor: Client, alice: User, bob: User
) -> None:
    make = LISTS[listing][1]
    mine, bobs = make(alice), make(bob)
    html = visitor.get(f"/t/studio/{listing}/").content.decode()
    assert re.findall(r'class="avatar-name">(alice|bob)<', html.split('id="person-menu"')[1]) == ["bob", "bob", "alice"]
    assert f'href="/t/studio/{listing}/?person=me"' in html
    assert (read_rows(visitor, listing), read_rows(visitor, listing, person="me")) == ([bobs, mine], [mine])
    shown = visitor.get(f"/t/studio/{listing}/?person=me").content.decode()
    assert f'<a href="/t/studio/{listing}/?person=me" aria-current="true">' in shown
    assert f'<a href="/t/studio/{listing}/?">' in shown


@pytest.mark.parametrize("listing", LISTS)
def test_a_list_shows_the_rows_of_a_colleague_by_name_or_id_without_private_ones(
    listing: str, visitor: Client, alice: User, bob: User
) -> None:
    make = LISTS[listing][1]
    make(alice)
    bobs, hidden = make(bob), make(bob)
    make_private(hidden, bob)
    assert read_rows(visitor, listing, person="bob") == read_rows(visitor, listing, person=str(bob.pk)) == [bobs]


@pytest.mark.parametrize("listing", LISTS)
def test_somebody_who_left_is_found_by_their_rows_and_a_stranger_looks_like_nobody(
    listing: str, visitor: Client, bob: User, charlie: User
) -> None:
    bobs = LISTS[listing][1](bob)
    Membership.objects.filter(user=bob).delete()
    assert read_rows(visitor, listing, person="bob") == [bobs]
    answers = [
        visitor.get(f"/t/studio/{listing}/", {"person": value})
        for value in ("charlie", str(charlie.pk), "nobody", "0", "9" * 40, "²", "a\0b")
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}


@pytest.mark.parametrize("listing", LISTS)
def test_a_row_of_a_deleted_person_says_so(listing: str, visitor: Client, bob: User) -> None:
    LISTS[listing][1](bob)
    UsageRecord.objects.update(job_uuid=uuid4())
    bob.delete()
    assert "Deleted person" in visitor.get(f"/t/studio/{listing}/").content.decode()


def test_a_charge_that_nobody_here_caused_has_no_person(visitor: Client, bob: User) -> None:
    make_charge(bob)
    UsageRecord.objects.update(created_by=None)
    assert "Deleted person" not in visitor.get("/t/studio/usage/history/").content.decode()


@pytest.mark.parametrize("listing", LISTS)
def test_older_rows_keep_the_filter(listing: str, visitor: Client, alice: User, bob: User, settings: Any) -> None:
    settings.GALLERY_PAGE_TILES = settings.JOBS_PAGE_ROWS = settings.USAGE_PAGE_ROWS = 1
    rows: list[Any] = []
    for _ in range(3):
        LISTS[listing][1](alice)
        rows.insert(0, LISTS[listing][1](bob))
    address, seen = f"/t/studio/{listing}/?person=bob", []
    while address:
        response = visitor.get(address)
        seen += response.context[LISTS[listing][0]]
        older = re.findall(r'href="([^"]*after=[^"]*)"', response.content.decode())
        address = urljoin(address, unescape(older[-1])) if older else ""
    assert seen == rows


def test_a_poll_of_the_jobs_and_the_way_back_keep_the_filter(visitor: Client, alice: User, bob: User) -> None:
    make_job(alice, state=Job.State.QUEUED)
    job = make_job(bob, state=Job.State.QUEUED)
    page = visitor.get("/t/studio/jobs/?person=bob")
    assert 'hx-get="/t/studio/jobs/?person=bob"' in page.content.decode()
    key = re.findall(r'data-key="(\w+)"', page.content.decode())[0]
    unchanged = visitor.get("/t/studio/jobs/?person=bob", headers=HTMX | {"X-Rows": key})
    assert unchanged.status_code == 204
    Job.objects.filter(pk=job.pk).update(state=Job.State.CANCELLED)
    assert visitor.post(f"/jobs/{job.uuid}/delete/")["Location"] == "/t/studio/jobs/?person=bob"


def test_a_refresh_of_the_usage_keeps_the_filter(visitor: Client) -> None:
    page = visitor.get("/t/studio/usage/?person=me&after=").content.decode()
    action = re.findall(r'action="(/t/studio/usage/refresh/[^"]*)"', page)[0]
    assert visitor.post(action)["Location"] == "/t/studio/usage/?person=me"


def test_a_page_whose_rows_are_gone_leads_to_the_first_one_of_the_filter(visitor: Client, bob: User) -> None:
    after = "2020-01-01T00:00:00+00:00_1"
    for listing in ("gallery", "jobs"):
        response = visitor.get(f"/t/studio/{listing}/", {"after": after, "person": "bob"})
        assert response["Location"] == f"/t/studio/{listing}/?person=bob"


def test_the_gallery_is_searched_by_name_tool_and_person_at_once(visitor: Client, alice: User, bob: User) -> None:
    found, *others = [make_result(person, name=name) for person in (bob, alice) for name in ("Bride 1.png", "100%.png")]
    Asset.objects.filter(pk__in=[found.pk, others[0].pk]).update(feature="matting")
    assert read_rows(visitor, "gallery", q=" BRIDE ", feature="matting", person="bob") == [found]
    assert read_rows(visitor, "gallery", q="%") == [others[2], others[0]]
    html = visitor.get("/t/studio/gallery/?q=nothing&person=bob").content.decode()
    assert "No pictures match" in html
    assert 'value="nothing"' in html
    assert '<input type="hidden" name="person" value="bob">' in html
    assert visitor.get("/t/studio/gallery/", {"q": "a\0b"}).status_code == 200


def test_someone_alone_in_a_team_is_not_asked_whose_rows_they_want(alice: User, client: Client) -> None:
    client.force_login(alice)
    make_result(alice)
    assert "person-filter" not in client.get("/t/studio/gallery/").content.decode()
