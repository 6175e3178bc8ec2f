"""The pages of single charges: whose they are, their orders in both directions, and the search."""

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest
from django.http import Http404
from pytest_django import DjangoAssertNumQueries

from tests.conftest import as_actor, get_bundled
from tests.factories import make_charge, make_job, make_private, make_upload
from tests.usage.random_charges import get_local_day, make_random_charges
from vanceweb.teams.access import Actor
from vanceweb.teams.models import User
from vanceweb.usage import record_search
from vanceweb.usage.figures.filters import Filters, UsageScope
from vanceweb.usage.figures.periods import Period
from vanceweb.usage.models import UsageRecord
from vanceweb.usage.record_search import RecordPage, RecordSort, find_records, get_records_page

pytestmark = pytest.mark.django_db


def read_forwards(actor: Actor, rows: Any, **options: Any) -> list[UsageRecord]:
    found: list[UsageRecord] = []
    cursor: str | None = ""
    while cursor is not None:
        page = get_records_page(actor, rows, after=cursor, **options)
        found += page.rows
        cursor = page.next
    return found


def read_backwards(actor: Actor, rows: Any, **options: Any) -> list[UsageRecord]:
    page = get_records_page(actor, rows, last=True, **options)
    found = page.rows
    while page.previous is not None:
        page = get_records_page(actor, rows, before=page.previous, **options)
        found = page.rows + found
    return found


@pytest.fixture
def rows(alice: User, bob: User, admin: User) -> list[UsageRecord]:
    rows = make_random_charges(Random(1), [alice, bob, admin], 60)
    for row in rows:
        # Many are equal, so the key has to tell them apart.
        row.points = round(row.points)
    UsageRecord.objects.bulk_update(rows, ["points"])
    return rows


@pytest.mark.parametrize("sort", RecordSort)
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_every_order_is_read_in_both_directions(
    sort: RecordSort, limit: int, rows: list[UsageRecord], alice: User
) -> None:
    actor = as_actor(alice)
    shared = [row for row in rows if row.private_to_id is None and row.withdrawn_at is None]
    expected = sorted(shared, key=lambda row: (getattr(row, sort.field), row.pk), reverse=sort.is_descending)
    assert read_forwards(actor, find_records(actor), sort=sort, limit=limit) == expected
    assert read_backwards(actor, find_records(actor), sort=sort, limit=limit) == expected


@pytest.mark.usefixtures("postgresql")
def test_every_order_is_read_in_both_directions_on_postgresql(
    transactional_db: None, request: pytest.FixtureRequest
) -> None:
    stored = request.getfixturevalue("rows")
    for sort in RecordSort:
        test_every_order_is_read_in_both_directions(sort, 7, stored, request.getfixturevalue("alice"))
    actor = as_actor(request.getfixturevalue("alice"))
    assert get_records_page(actor, find_records(actor), limit=9, search=".PNG").rows
    assert not get_records_page(actor, find_records(actor), limit=9, search="zebra").rows


def test_pages_know_their_neighbours(rows: list[UsageRecord], alice: User) -> None:
    actor = as_actor(alice)
    first = get_records_page(actor, find_records(actor), limit=5)
    assert first.previous is None
    second = get_records_page(actor, find_records(actor), limit=5, after=first.next or "")
    assert get_records_page(actor, find_records(actor), limit=5, before=second.previous or "").rows == first.rows
    last = get_records_page(actor, find_records(actor), limit=5, last=True)
    assert last.next is None
    assert len(last.rows) == 5


def test_everybody_sees_what_they_may(rows: list[UsageRecord], alice: User, bob: User, viewer: User) -> None:
    counted = [row for row in rows if row.withdrawn_at is None]
    expected = {
        alice: [row for row in counted if row.private_to_id is None],
        bob: [row for row in counted if row.private_to_id is None and row.created_by_id == bob.pk],
        viewer: [],
    }
    for user, own in expected.items():
        assert set(find_records(as_actor(user))) == set(own)
    private = Filters(scope=UsageScope.PRIVATE)
    assert set(find_records(as_actor(bob), private)) == {row for row in counted if row.private_to_id == bob.pk}
    assert not find_records(as_actor(alice), private)


def test_filters_and_the_period_narrow(rows: list[UsageRecord], alice: User, bob: User) -> None:
    actor = as_actor(alice)
    period = Period(date(2026, 3, 29), date(2026, 10, 26))
    bundled = get_bundled(alice)
    filters = Filters(feature="denoise", person=bob, connections=(bundled.uuid,))
    expected = {
        row
        for row in rows
        if row.withdrawn_at is None
        and (row.feature, row.created_by_id, row.connection_id) == ("denoise", bob.pk, bundled.pk)
    }
    assert set(find_records(actor, filters)) == expected
    shared = {row for row in rows if row.withdrawn_at is None and row.private_to_id is None}
    inside = {row for row in shared if period.start <= get_local_day(row, actor.team.time_zone) < period.end}
    assert set(find_records(actor, period=period)) == inside


@pytest.mark.parametrize(
    "cursor",
    ["x", "_1", "2026-01-01_1", "2026-01-01T00:00:00+00:00_-1", "2026-01-01T00:00:00+00:00_9223372036854775808",
     "0001-01-01T00:00:00+14:00_1", "2026-01-01T00:00:00+00:00\0_1", "1.000_1"],
)  # fmt: skip
def test_other_cursors_of_times_are_not_found(cursor: str, alice: User) -> None:
    actor = as_actor(alice)
    with pytest.raises(Http404):
        get_records_page(actor, find_records(actor), limit=5, after=cursor)


@pytest.mark.parametrize("cursor", ["NaN_1", "Infinity_1", "1E+9_1", "0.0001_1", f"{'9' * 40}_1", "_1", "١_1"])
def test_other_cursors_of_credits_are_not_found(cursor: str, alice: User) -> None:
    actor = as_actor(alice)
    with pytest.raises(Http404):
        get_records_page(actor, find_records(actor), limit=5, sort=RecordSort.MOST, after=cursor)


def search(user: User, text: str, **options: Any) -> RecordPage:
    actor = as_actor(user)
    return get_records_page(actor, find_records(actor), limit=5, search=text, **options)


def test_the_search_looks_in_pictures_texts_and_people(alice: User, bob: User) -> None:
    named, texted, persons = make_charge(alice), make_charge(alice), make_charge(bob)
    job = make_job(alice, source=make_upload(alice, name="Sunset over Bath.png"))
    UsageRecord.objects.filter(pk=named.pk).update(job_uuid=job.uuid, info=f"{job.uuid.hex}.png")
    UsageRecord.objects.filter(pk=texted.pk).update(info="foreign 100%_sure.png")
    assert search(alice, "sunset").rows == [named]
    assert search(alice, "sunset").rows[0].shown_job == job
    assert search(alice, "100%_s").rows == [texted]
    assert search(alice, "BOB").rows == [persons]
    assert search(alice, "zebra").rows == []


def test_the_search_finds_no_name_that_the_page_hides(alice: User, bob: User) -> None:
    charge = make_charge(bob)
    job = make_job(bob, source=make_upload(bob, name="Secret.png"))
    UsageRecord.objects.filter(pk=charge.pk).update(job_uuid=job.uuid, info="secret_x2.png")
    assert search(alice, "secret").rows == [charge]
    make_private(job, bob)
    assert search(alice, "secret").rows == []
    assert search(bob, "secret").rows == [charge]


def test_a_search_goes_on_where_it_has_looked(alice: User, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_search, "SEARCHED_ROWS", 10)
    charges = [make_charge(alice, minutes_ago=number) for number in range(35)]
    wanted = [charges[place].pk for place in (3, 20, 34)]
    UsageRecord.objects.filter(pk__in=wanted).update(info="needle.png")
    first = search(alice, "needle")
    assert [row.pk for row in first.rows] == wanted[:1]
    assert first.searches_on
    second = search(alice, "needle", after=first.next)
    assert second.rows[0].pk == wanted[1] if second.rows else second.searches_on
    actor = as_actor(alice)
    for read in (read_forwards, read_backwards):
        assert [row.pk for row in read(actor, find_records(actor), search="needle", limit=5)] == wanted
    assert not search(alice, "needle", last=True, before="").next


def iterate_options() -> Iterator[dict[str, Any]]:
    yield {}
    yield {"last": True}
    yield {"sort": RecordSort.LEAST}


def test_a_page_takes_three_queries_at_most(
    rows: list[UsageRecord], alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    actor = as_actor(alice)
    for options in iterate_options():
        with django_assert_num_queries(2):
            page = get_records_page(actor, find_records(actor), limit=20, **options)
            assert all(row.created_by is None or row.created_by.username for row in page.rows)
    charge = make_charge(alice)
    job = make_job(alice, source=None)
    UsageRecord.objects.filter(pk=charge.pk).update(job_uuid=job.uuid, info="needle.png")
    with django_assert_num_queries(3):
        assert get_records_page(actor, find_records(actor), limit=100, search="needle").rows == [charge]
