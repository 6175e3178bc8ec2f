"""The history of charges: search, filters, order, pages, and whose charges somebody sees."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.factories import make_charge, make_job, make_private, make_upload
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User
from vanceweb.usage.models import Match, UsageRecord
from vanceweb.usage.sums import recompute_days

HISTORY = "/t/studio/usage/history/"


@pytest.fixture
def visitor(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def make_charge_of_job(user: User, **fields: Any) -> UsageRecord:
    job = make_job(user, source=make_upload(user, name=fields.pop("name", "sunset.png")))
    charge = make_charge(user, minutes_ago=fields.pop("minutes_ago", 0))
    values = {"job_uuid": job.uuid, "match": Match.MATCHED, "info": f"{job.uuid.hex}_x2.png"} | fields
    UsageRecord.objects.filter(pk=charge.pk).update(**values)
    charge.refresh_from_db()
    return charge


def find(client: Client, **query: str) -> list[UsageRecord]:
    response = client.get(HISTORY, query)
    assert response.status_code == 200
    return list(response.context["rows"])


def test_an_empty_history_says_so(visitor: Client) -> None:
    assert "Nothing spent yet" in visitor.get(HISTORY).content.decode()
    assert "No such charges" in visitor.get(HISTORY, {"q": "sunset"}).content.decode()


def test_a_row_shows_the_pictures_own_name_and_its_state(visitor: Client, alice: User) -> None:
    matched = make_charge_of_job(alice)
    make_charge_of_job(alice, match=Match.DOUBTFUL, minutes_ago=1, name="doubtful.png")
    make_charge(alice, minutes_ago=2)
    page = visitor.get(HISTORY).content.decode()
    assert matched.info not in page
    assert f'href="/jobs/{matched.job_uuid}/">sunset.png</a>' in page
    assert [state in page for state in ("Matched", "Doubtful", "Not from here")] == [True] * 3


def test_filters_and_search_find_what_they_say(visitor: Client, alice: User, bob: User) -> None:
    sunset = make_charge_of_job(alice, feature="denoise", points=3)
    lake = make_charge_of_job(bob, name="lake.png", minutes_ago=3 * 24 * 60)
    foreign = make_charge(alice, minutes_ago=5 * 24 * 60)
    recompute_days(team_id=lake.team_id, days=[row.day for row in (sunset, lake, foreign)])
    assert find(visitor, q="SUNset") == find(visitor, feature="denoise") == [sunset]
    assert find(visitor, q="holiday") == find(visitor, match="foreign") == [foreign]
    assert find(visitor, person="bob", q="lake") == [lake]
    assert find(visitor, to=lake.day.isoformat()) == [lake, foreign]
    assert find(visitor, **{"from": lake.day.isoformat()}) == [sunset, lake]
    assert find(visitor, sort="oldest") == [foreign, lake, sunset]
    assert find(visitor, sort="most")[0] == sunset
    assert find(visitor, connection=str(sunset.connection.uuid)) == [sunset, lake, foreign]  # type: ignore[union-attr]


def test_pages_lead_on_and_back_in_every_order(visitor: Client, alice: User, settings: Any) -> None:
    settings.USAGE_PAGE_ROWS = 2
    rows = [make_charge(alice, minutes_ago=minutes) for minutes in range(5)]
    for sort in ("", "oldest", "most", "least"):
        seen, after = [], ""
        while True:
            response = visitor.get(HISTORY, {"sort": sort, "after": after})
            seen += response.context["rows"]
            after = response.context["page"].next
            if after is None:
                break
        assert sorted(row.pk for row in seen) == sorted(row.pk for row in rows)
    last = visitor.get(HISTORY, {"last": "1"})
    assert last.context["rows"] == rows[3:]
    before = visitor.get(HISTORY, {"before": last.context["page"].previous})
    assert before.context["rows"] == rows[1:3]
    assert visitor.get(HISTORY, {"after": "nonsense"}).status_code == 404


@pytest.mark.parametrize(
    "query",
    [{"from": "yesterday"}, {"from": "2026-02-01", "to": "2026-01-01"}, {"sort": "mood"}, {"connection": "x"}],
)
def test_an_invalid_filter_finds_nothing_and_says_why(query: dict[str, str], visitor: Client, alice: User) -> None:
    make_charge(alice)
    response = visitor.get(HISTORY, query)
    assert (response.status_code, response.context["rows"]) == (422, [])
    assert 'class="field-error"' in response.content.decode() or "first day" in response.content.decode()


def test_members_see_their_own_charges_and_admins_everybodys(
    alice: User, bob: User, viewer: User, charlie: User, client: Client
) -> None:
    mine, bobs = make_charge_of_job(alice), make_charge_of_job(bob, minutes_ago=1)
    hidden = make_charge(bob, minutes_ago=2)
    make_private(hidden, bob)
    for person, shared, private in ((alice, [mine, bobs], []), (bob, [bobs], [hidden]), (viewer, [], [])):
        client.force_login(person)
        assert (find(client), find(client, scope="private")) == (shared, private)
    assert client.get(HISTORY, {"person": "alice"}).status_code == 403
    client.force_login(charlie)
    assert client.get(HISTORY).status_code == 404


def test_a_private_jobs_picture_has_no_name_and_isnt_found_by_it(visitor: Client, alice: User, bob: User) -> None:
    charge = make_charge_of_job(bob, name="surprise.png", info="surprise_x2.png")
    job = charge.job_uuid
    make_private(Job.objects.get(uuid=job), bob)
    page = visitor.get(HISTORY).content.decode()
    assert "Deleted or not visible to you" in page
    assert "surprise" not in page
    assert find(visitor, q="surprise") == []


def test_the_page_takes_few_queries(
    visitor: Client, alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for minutes in range(6):
        make_charge_of_job((alice, bob)[minutes % 2], minutes_ago=minutes)
    # session, user, membership, features, connections, rows, jobs, exports, private connections, people, refused tokens
    with django_assert_num_queries(12):
        visitor.get(HISTORY)
